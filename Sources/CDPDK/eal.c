#include "cdpdk.h"
#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What DPDK says meanwhile. */
static char *said;
static size_t said_length;
static FILE *said_stream;

int dpdk_begin_log(void) {
    said_stream = open_memstream(&said, &said_length);
    return said_stream == NULL ? -1 : rte_openlog_stream(said_stream);
}

void dpdk_end_log(char *log, size_t size) {
    rte_openlog_stream(NULL);
    if (said_stream != NULL) fclose(said_stream);
    said_stream = NULL;
    snprintf(log, size, "%s", said == NULL ? "" : said);
    free(said);
    said = NULL;
}

int dpdk_start(int argc, char *const *argv) {
    /* rte_eal_init permutes argv. */
    char **copy = calloc((size_t)argc + 1, sizeof *copy);
    if (copy == NULL) return -1;
    memcpy(copy, argv, (size_t)argc * sizeof *copy);
    int result = rte_eal_init(argc, copy);
    free(copy);
    rte_log_set_global_level(RTE_LOG_ERR);
    return result < 0 ? -1 : 0;
}

void dpdk_stop(void) { rte_eal_cleanup(); }

const char *dpdk_runtime_directory(void) { return rte_eal_get_runtime_dir(); }

const char *dpdk_version(void) { return rte_version(); }

int dpdk_core_socket(int core) {
    char path[96];
    for (int node = 0; node < 8; node++) {
        snprintf(path, sizeof path, "/sys/devices/system/node/node%d/cpu%d", node, core);
        FILE *file = fopen(path, "r");
        if (file != NULL) {
            fclose(file);
            return node;
        }
    }
    return -1;
}

int dpdk_register_thread(void) { return rte_thread_register() == 0 ? 0 : rte_errno; }

void dpdk_unregister_thread(void) { rte_thread_unregister(); }

/* Buffers that each thread keeps of a pool. Without them a pool is a ring, which hands out what was used longest ago: of a large one that is in
 * no cache any more. A small one is there as a whole, and is spared what DPDK sets up for that: 12 KiB for each of 128 threads. */
#define KEPT_BY_THREAD 256u
#define SMALL_POOL 4096u

/* As rte_pktmbuf_pool_create, but without huge pages the buffers lie one behind the other all the same. DPDK would give each a page of its
 * own, so that none lies in two; the AF_XDP driver of 22.11 does not reckon with that and tells the kernel of too little memory. */
void *dpdk_create_pool(const char *name, unsigned count, uint16_t octets, int socket) {
    struct rte_pktmbuf_pool_private room = {.mbuf_data_room_size = octets};
    unsigned flags = rte_eal_has_hugepages() ? 0 : RTE_MEMPOOL_F_NO_IOVA_CONTIG;
    unsigned kept = count < SMALL_POOL ? 0 : KEPT_BY_THREAD;
    struct rte_mempool *pool = rte_mempool_create_empty(
        name, count, sizeof(struct rte_mbuf) + octets, kept, sizeof room, socket < 0 ? SOCKET_ID_ANY : socket, flags);
    if (pool == NULL) return NULL;
    if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL) != 0) goto failed;
    rte_pktmbuf_pool_init(pool, &room);
    if (rte_mempool_populate_default(pool) < 0) goto failed;
    rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
    return pool;
failed:
    rte_mempool_free(pool);
    return NULL;
}

unsigned dpdk_pool_available(const void *pool) { return rte_mempool_avail_count(pool); }
