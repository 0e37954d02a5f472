/* rte_ipv4_udptcp_cksum_verify is one still. */
#define ALLOW_EXPERIMENTAL_API
#include "floor.h"
#include "cdpdk.h"
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>
#include <string.h>

enum { BURST = 64, HEADERS = 54 };

/* What a checksum becomes when 16 bits that it covers become others: RFC 1624, equation 3, its sum not yet folded. */
static inline uint32_t changed16(uint32_t total, uint16_t old, uint16_t new) { return total + (uint16_t)~old + new; }

static inline uint32_t changed32(uint32_t total, uint32_t old, uint32_t new) {
    return changed16(changed16(total, (uint16_t)old, (uint16_t)new), (uint16_t)(old >> 16), (uint16_t)(new >> 16));
}

static inline uint16_t folded(uint32_t total) {
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    return (uint16_t)~total;
}

/* All in network order. */
struct rewriting {
    uint32_t source, destination, sequence, acknowledgment;
    uint16_t source_port, destination_port;
};

static inline void rewrite(struct rte_ipv4_hdr *ip, struct rte_tcp_hdr *tcp, const struct rewriting *new) {
    uint32_t addresses = changed32(changed32(0, ip->src_addr, new->source), ip->dst_addr, new->destination);
    uint32_t total = (uint16_t)~tcp->cksum + addresses;
    total = changed16(changed16(total, tcp->src_port, new->source_port), tcp->dst_port, new->destination_port);
    total = changed32(changed32(total, tcp->sent_seq, new->sequence), tcp->recv_ack, new->acknowledgment);
    ip->hdr_checksum = folded((uint16_t)~ip->hdr_checksum + addresses);
    ip->src_addr = new->source;
    ip->dst_addr = new->destination;
    tcp->src_port = new->source_port;
    tcp->dst_port = new->destination_port;
    tcp->sent_seq = new->sequence;
    tcp->recv_ack = new->acknowledgment;
    tcp->cksum = folded(total);
}

static inline int forward(const struct forwarder *forwarder, struct rte_mbuf *buffer) {
    struct rte_ether_hdr *ethernet = rte_pktmbuf_mtod(buffer, struct rte_ether_hdr *);
    struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ethernet + 1);
    struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(ip + 1);
    if (rte_pktmbuf_data_len(buffer) < HEADERS || ethernet->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4)) return 0;
    if (ip->version_ihl != RTE_IPV4_VHL_DEF || ip->next_proto_id != IPPROTO_TCP) return 0;
    if (rte_be_to_cpu_16(ip->total_length) > rte_pktmbuf_data_len(buffer) - sizeof *ethernet) return 0;
    if (rte_ipv4_cksum(ip) != 0 || rte_ipv4_udptcp_cksum_verify(ip, tcp) != 0) return 0;

    int from_server = ip->src_addr == forwarder->server;
    uint16_t client_port = from_server ? tcp->dst_port : tcp->src_port;
    uint32_t delta = forwarder->deltas[rte_be_to_cpu_16(client_port)];
    uint32_t sequence = rte_be_to_cpu_32(tcp->sent_seq), acknowledgment = rte_be_to_cpu_32(tcp->recv_ack);
    struct rewriting new = {
        .source = forwarder->own,
        .destination = from_server ? forwarder->client : forwarder->server,
        .source_port = from_server ? forwarder->own_port : client_port,
        .destination_port = from_server ? client_port : forwarder->server_port,
        .sequence = rte_cpu_to_be_32(from_server ? sequence + delta : sequence),
        .acknowledgment = rte_cpu_to_be_32(from_server || !(tcp->tcp_flags & RTE_TCP_ACK_FLAG) ? acknowledgment : acknowledgment - delta),
    };
    rewrite(ip, tcp, &new);
    memcpy(&ethernet->dst_addr, forwarder->other_mac, 6);
    memcpy(&ethernet->src_addr, forwarder->mac, 6);
    return 1;
}

unsigned forwarder_turn(struct forwarder *forwarder) {
    struct packet_buffer *burst[BURST], *dropped[BURST];
    unsigned count = dpdk_receive(forwarder->port, 0, burst, BURST), kept = 0, refused = 0;
    for (unsigned index = 0; index < count; index++) {
        if (index + 4 < count) prefetch_line(packet_data(burst[index + 4]));
        if (forward(forwarder, (struct rte_mbuf *)burst[index]))
            burst[kept++] = burst[index];
        else
            dropped[refused++] = burst[index];
    }
    unsigned sent = kept > 0 ? dpdk_transmit(forwarder->port, 0, burst, (uint16_t)kept) : 0;
    if (sent < kept) dpdk_free(burst + sent, kept - sent);
    if (refused > 0) dpdk_free(dropped, refused);
    forwarder->forwarded += sent;
    forwarder->dropped += refused + (kept - sent);
    return count;
}
