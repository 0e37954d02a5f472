#include "cdpdk.h"
#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <rte_version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int dpdk_start(int argc, char *const *argv, char *log, size_t size) {
    /* What DPDK says while it starts is shown only when it fails. */
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL) return -1;
    rte_openlog_stream(stream);
    /* rte_eal_init permutes argv. */
    char **copy = calloc((size_t)argc + 1, sizeof *copy);
    if (copy == NULL) return -1;
    memcpy(copy, argv, (size_t)argc * sizeof *copy);
    int result = rte_eal_init(argc, copy);
    rte_openlog_stream(NULL);
    fclose(stream);
    free(copy);
    snprintf(log, size, "%s", text == NULL ? "" : text);
    free(text);
    rte_log_set_global_level(RTE_LOG_ERR);
    return result < 0 ? -1 : 0;
}

void dpdk_stop(void) { rte_eal_cleanup(); }

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

void *dpdk_create_pool(const char *name, unsigned count, int socket) {
    return rte_pktmbuf_pool_create(name, count, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, socket < 0 ? SOCKET_ID_ANY : socket);
}

unsigned dpdk_pool_available(const void *pool) { return rte_mempool_avail_count(pool); }
