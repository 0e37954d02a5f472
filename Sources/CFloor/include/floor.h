/* What `make bench` divides the programs' figures by: loops that do nothing with the same frames but build, read and send them. Each is there
 * with DPDK's own calls for what DPDK has calls for, as anyone would write it who begins, and as lean as it can be: the least that a core can
 * spend on them. The leanest forwarder is in Entry/ProxyBenchmark.swift. */
#pragma once
#include <stdint.h>

enum floor_style {
    /* A buffer of the pool for each frame: taken 32 at a time, given back a burst at a time; checksums by rte_ipv4_cksum and rte_ipv4_udptcp_cksum. */
    FLOOR_PLAIN,
    /* An answer takes the buffer of the frame that it answers; the checksums' loops are unrolled for each of the seven frames' sizes. */
    FLOOR_LEAN
};

struct floor_result {
    uint64_t connections; /* closed by both ends */
    uint64_t frames;
    uint64_t ticks;       /* first SYN to last close */
};

/* The bare loop: both ends of the reference connection, over a ring device. Opens and answers `connections` connections, `open` of them at a
 * time (at most 4,096), on the calling thread, which owns the port's queue 0. The frames' addresses and the server's port 80 are constant;
 * client ports follow each other. 0; -1: no packet buffer; -2: the wire did not take a frame; -3: a frame was lost or was not the one
 * expected. */
int floor_run(
    uint16_t port, void *_Nonnull pool, uint64_t connections, uint32_t open, enum floor_style style, struct floor_result *_Nonnull result);

/* The bare forwarder between a client and a server, by DPDK's own calls. Addresses and ports are in network order. */
struct forwarder {
    uint16_t port;
    uint8_t mac[6], other_mac[6];
    uint32_t own, client, server;
    uint16_t own_port, server_port;
    /* What each connection's client has added to the server's sequence numbers, by the client's port. */
    uint32_t *_Nonnull deltas;
    uint64_t forwarded, dropped;
};

/* Receives once, at most 64 frames, verifies both checksums of each, rewrites addresses, ports, numbers and checksums (RFC 1624), and sends. The
 * client's port is kept. What is not IPv4 with TCP, what has a wrong sum and what the wire does not take is dropped. Returns
 * how many frames were received. */
unsigned forwarder_turn(struct forwarder *_Nonnull forwarder);
