#include "cdpdk.h"
#include <errno.h>
#include <rte_dev.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_errno.h>
#include <rte_ring.h>
#include <stdio.h>
#include <string.h>

int dpdk_create_ring_port(const char *name, unsigned queues, unsigned depth, int socket) {
    struct rte_ring *rings[RTE_PMD_RING_MAX_RX_RINGS];
    unsigned node = socket < 0 ? 0 : (unsigned)socket;
    if (queues > RTE_PMD_RING_MAX_RX_RINGS) return -EINVAL;
    for (unsigned queue = 0; queue < queues; queue++) {
        char ring[RTE_RING_NAMESIZE];
        snprintf(ring, sizeof ring, "%s_%u", name, queue);
        rings[queue] = rte_ring_create(ring, depth, (int)node, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
        if (rings[queue] == NULL) return -rte_errno;
    }
    int port = rte_eth_from_rings(name, rings, queues, rings, queues, node);
    return port < 0 ? -rte_errno : port;
}

int dpdk_start_port(uint16_t port, uint16_t queues, uint16_t rxd, uint16_t txd, void *const *pools) {
    struct rte_eth_conf configuration;
    memset(&configuration, 0, sizeof configuration);
    int result = rte_eth_dev_configure(port, queues, queues, &configuration);
    int socket = rte_eth_dev_socket_id(port);
    for (uint16_t queue = 0; result == 0 && queue < queues; queue++) {
        result = rte_eth_rx_queue_setup(port, queue, rxd, (unsigned)socket, NULL, pools[queue]);
        if (result == 0) result = rte_eth_tx_queue_setup(port, queue, txd, (unsigned)socket, NULL);
    }
    return result == 0 ? rte_eth_dev_start(port) : result;
}

int dpdk_attach(const char *device) {
    char name[RTE_ETH_NAME_MAX_LEN];
    uint16_t port;
    int result = rte_dev_probe(device);
    if (result != 0) return result < 0 ? result : -result;
    size_t length = strcspn(device, ",");
    if (length >= sizeof name) return -ENAMETOOLONG;
    memcpy(name, device, length);
    name[length] = 0;
    result = rte_eth_dev_get_port_by_name(name, &port);
    return result != 0 ? result : port;
}

uint64_t dpdk_port_mac(uint16_t port) {
    struct rte_ether_addr address;
    uint64_t value = 0;
    if (rte_eth_macaddr_get(port, &address) != 0) return 0;
    for (int octet = 0; octet < RTE_ETHER_ADDR_LEN; octet++) value = value << 8 | address.addr_bytes[octet];
    return value;
}

void dpdk_stop_port(uint16_t port) {
    rte_eth_dev_stop(port);
    rte_eth_dev_close(port);
}

int dpdk_port_socket(uint16_t port) { return rte_eth_dev_socket_id(port); }

int dpdk_port_statistics(uint16_t port, struct dpdk_port_statistics *statistics) {
    struct rte_eth_stats theirs;
    int result = rte_eth_stats_get(port, &theirs);
    if (result != 0) return result;
    statistics->received = theirs.ipackets;
    statistics->sent = theirs.opackets;
    statistics->received_bytes = theirs.ibytes;
    statistics->sent_bytes = theirs.obytes;
    statistics->missed = theirs.imissed;
    statistics->receive_errors = theirs.ierrors;
    statistics->transmit_errors = theirs.oerrors;
    statistics->no_buffer = theirs.rx_nombuf;
    return 0;
}

uint16_t dpdk_receive(uint16_t port, uint16_t queue, struct packet_buffer **burst, uint16_t count) {
    return rte_eth_rx_burst(port, queue, (struct rte_mbuf **)burst, count);
}

uint16_t dpdk_transmit(uint16_t port, uint16_t queue, struct packet_buffer **burst, uint16_t count) {
    return rte_eth_tx_burst(port, queue, (struct rte_mbuf **)burst, count);
}

int dpdk_allocate(void *pool, struct packet_buffer **buffers, unsigned count) {
    return rte_pktmbuf_alloc_bulk(pool, (struct rte_mbuf **)buffers, count);
}

void dpdk_free(struct packet_buffer **buffers, unsigned count) {
    rte_pktmbuf_free_bulk((struct rte_mbuf **)buffers, count);
}
