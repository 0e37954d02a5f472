#define _GNU_SOURCE
/* Interrupt sources of one's own are one still. */
#define ALLOW_EXPERIMENTAL_API
#include "cdpdk.h"
#include <arpa/inet.h>
#include <errno.h>
#include <rte_dev.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <rte_mbuf.h>
#include <rte_errno.h>
#include <rte_interrupts.h>
#include <rte_ring.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

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

int dpdk_create_ring_pair(const char *name, unsigned depth, int socket, uint16_t ports[2]) {
    struct rte_ring *rings[2];
    unsigned node = socket < 0 ? 0 : (unsigned)socket;
    for (unsigned end = 0; end < 2; end++) {
        char ring[RTE_RING_NAMESIZE];
        snprintf(ring, sizeof ring, "%s_%u", name, end);
        rings[end] = rte_ring_create(ring, depth, (int)node, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
        if (rings[end] == NULL) return -rte_errno;
    }
    for (unsigned end = 0; end < 2; end++) {
        char device[RTE_ETH_NAME_MAX_LEN];
        snprintf(device, sizeof device, "%s_end%u", name, end);
        int port = rte_eth_from_rings(device, &rings[end], 1, &rings[1 - end], 1, node);
        if (port < 0) return -rte_errno;
        ports[end] = (uint16_t)port;
    }
    return 0;
}

static uint8_t checksums(const struct rte_eth_dev_info *info) {
    uint8_t can = 0;
    if (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) can |= DPDK_RECEIVED_IPV4;
    if (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_TCP_CKSUM) can |= DPDK_RECEIVED_TCP;
    if (info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) can |= DPDK_SENT_IPV4;
    if (info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_TCP_CKSUM) can |= DPDK_SENT_TCP;
    return can;
}

/* As rte_eth_dev_configure reckons: a driver names the longest frame, the largest MTU or both. */
static uint16_t largest_mtu(const struct rte_eth_dev_info *info) {
    uint32_t overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
    if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu) overhead = info->max_rx_pktlen - info->max_mtu;
    uint32_t carried = info->max_rx_pktlen > overhead ? info->max_rx_pktlen - overhead : 0;
    return (uint16_t)RTE_MIN(carried, info->max_mtu);
}

int dpdk_describe_port(uint16_t port, struct dpdk_port_description *description) {
    struct rte_eth_dev_info info;
    int result = rte_eth_dev_info_get(port, &info);
    if (result != 0) return result;
    memset(description, 0, sizeof *description);
    snprintf(description->driver, sizeof description->driver, "%s", info.driver_name);
    description->receive_queues = info.max_rx_queues;
    description->transmit_queues = info.max_tx_queues;
    description->table_size = info.reta_size;
    description->key_size = info.hash_key_size;
    description->checksums = checksums(&info);
    description->largest_mtu = largest_mtu(&info);
    description->hashes_tcp = (info.flow_type_rss_offloads & RTE_ETH_RSS_NONFRAG_IPV4_TCP) != 0;
    return 0;
}

/* A port that cannot filter by VLAN lets all through. */
static uint64_t vlan_filter(uint16_t port, uint16_t vlan) {
    struct rte_eth_dev_info info;
    if (vlan == 0 || rte_eth_dev_info_get(port, &info) != 0) return 0;
    return info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
}

int dpdk_start_port(uint16_t port, const struct dpdk_port_request *request, void *const *pools) {
    struct rte_eth_conf configuration;
    uint16_t queues = request->queues, rxd = request->rxd, txd = request->txd;
    uint64_t filter = vlan_filter(port, request->vlan);
    memset(&configuration, 0, sizeof configuration);
    configuration.rxmode.mtu = request->mtu;
    configuration.rxmode.offloads = filter;
    if (request->checksums & DPDK_RECEIVED_IPV4) configuration.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
    if (request->checksums & DPDK_RECEIVED_TCP) configuration.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
    if (request->checksums & DPDK_SENT_IPV4) configuration.txmode.offloads |= RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
    if (request->checksums & DPDK_SENT_TCP) configuration.txmode.offloads |= RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
    if (request->spread) {
        configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        configuration.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_NONFRAG_IPV4_TCP;
    }
    int result = rte_eth_dev_configure(port, queues, queues, &configuration);
    if (result == 0) result = rte_eth_dev_adjust_nb_rx_tx_desc(port, &rxd, &txd);
    /* A driver that leaves it to its caller. */
    if (result == -ENOTSUP) result = 0;
    int socket = rte_eth_dev_socket_id(port);
    for (uint16_t queue = 0; result == 0 && queue < queues; queue++) {
        result = rte_eth_rx_queue_setup(port, queue, rxd, (unsigned)socket, NULL, pools[queue]);
        if (result == 0) result = rte_eth_tx_queue_setup(port, queue, txd, (unsigned)socket, NULL);
    }
    if (result == 0) result = rte_eth_dev_start(port);
    if (result == 0 && filter != 0) result = rte_eth_dev_vlan_filter(port, request->vlan, 1);
    return result;
}

int dpdk_link_is_up(uint16_t port) {
    struct rte_eth_link link;
    memset(&link, 0, sizeof link);
    int result = rte_eth_link_get_nowait(port, &link);
    return result == 0 ? link.link_status == RTE_ETH_LINK_UP : result;
}

int dpdk_read_hash(uint16_t port, uint8_t *key, uint8_t key_size, uint16_t *table, uint16_t table_size) {
    struct rte_eth_rss_conf hash = {.rss_key = key, .rss_key_len = key_size};
    struct rte_eth_rss_reta_entry64 groups[RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE];
    if (table_size > RTE_ETH_RSS_RETA_SIZE_512) return -E2BIG;
    int result = rte_eth_dev_rss_hash_conf_get(port, &hash);
    if (result != 0) return result;
    if ((hash.rss_hf & RTE_ETH_RSS_NONFRAG_IPV4_TCP) == 0) return -ENOTSUP;
    memset(groups, 0, sizeof groups);
    for (unsigned group = 0; group * RTE_ETH_RETA_GROUP_SIZE < table_size; group++) groups[group].mask = ~0ull;
    result = rte_eth_dev_rss_reta_query(port, groups, table_size);
    if (result != 0) return result;
    for (unsigned entry = 0; entry < table_size; entry++)
        table[entry] = groups[entry / RTE_ETH_RETA_GROUP_SIZE].reta[entry % RTE_ETH_RETA_GROUP_SIZE];
    return 0;
}

int dpdk_create_rule(uint16_t port, const struct dpdk_rule *rule, char *reason, size_t size) {
    struct rte_flow_attr attributes = {.ingress = 1};
    struct rte_flow_item_ipv4 address = {.hdr.dst_addr = htonl(rule->address)};
    struct rte_flow_item_ipv4 address_mask = {.hdr.dst_addr = htonl(rule->address_mask)};
    struct rte_flow_item_tcp tcp = {.hdr.dst_port = htons(rule->port)};
    struct rte_flow_item_tcp tcp_mask = {.hdr.dst_port = htons(rule->port_mask)};
    int by_address = rule->address_mask != 0, by_port = rule->port_mask != 0;
    struct rte_flow_item pattern[] = {
        {.type = RTE_FLOW_ITEM_TYPE_ETH},
        {.type = RTE_FLOW_ITEM_TYPE_IPV4, .spec = by_address ? &address : NULL, .mask = by_address ? &address_mask : NULL},
        {.type = RTE_FLOW_ITEM_TYPE_TCP, .spec = by_port ? &tcp : NULL, .mask = by_port ? &tcp_mask : NULL},
        {.type = RTE_FLOW_ITEM_TYPE_END},
    };
    struct rte_flow_action_queue queue = {.index = rule->queue};
    struct rte_flow_action actions[] = {
        {.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &queue},
        {.type = RTE_FLOW_ACTION_TYPE_END},
    };
    struct rte_flow_error error = {.message = NULL};
    if (rte_flow_create(port, &attributes, pattern, actions, &error) != NULL) return 0;
    int result = rte_errno == 0 ? -ENOTSUP : -rte_errno;
    snprintf(reason, size, "%s", error.message == NULL ? strerror(-result) : error.message);
    return result;
}

void dpdk_remove_rules(uint16_t port) {
    struct rte_flow_error error;
    rte_flow_flush(port, &error);
}

int dpdk_attach(const char *device) {
    char name[RTE_ETH_NAME_MAX_LEN];
    uint16_t port;
    int result = rte_dev_probe(device);
    if (result != 0) return result < 0 ? result : -ENODEV;
    size_t length = strcspn(device, ",");
    if (length >= sizeof name) return -ENAMETOOLONG;
    memcpy(name, device, length);
    name[length] = 0;
    result = rte_eth_dev_get_port_by_name(name, &port);
    return result != 0 ? result : port;
}

int dpdk_find_port(const char *device) {
    uint16_t port;
    int result = rte_eth_dev_get_port_by_name(device, &port);
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

static sem_t held;

static void stay(void *argument) {
    (void)argument;
    sem_post(&held);
    for (;;) pause();
}

void dpdk_hold_interrupts(void) {
    static int is_held;
    if (is_held) return;
    is_held = 1;
    sem_init(&held, 0, 0);
    /* A source of our own: DPDK waits for its own ones in the end. */
    struct rte_intr_handle *source = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
    int event = eventfd(1, EFD_CLOEXEC);
    if (source == NULL || event < 0 || rte_intr_fd_set(source, event) != 0 || rte_intr_type_set(source, RTE_INTR_HANDLE_EXT) != 0) return;
    if (rte_intr_callback_register(source, stay, NULL) == 0)
        while (sem_wait(&held) != 0) continue;
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

int dpdk_allocate(void *pool, struct packet_buffer **buffers, unsigned count) {
    return rte_pktmbuf_alloc_bulk(pool, (struct rte_mbuf **)buffers, count);
}

void dpdk_free(struct packet_buffer **buffers, unsigned count) {
    rte_pktmbuf_free_bulk((struct rte_mbuf **)buffers, count);
}
