/* The part of DPDK that tcpengine uses, behind a header that needs no DPDK headers. Nothing else in the programs names rte_*. */
#pragma once
#include "packet_buffer.h"
#include <stddef.h>
#include <stdint.h>

/* From here on what DPDK logs is kept, until `dpdk_end_log` puts it into `log` (cut to `size` octets) and lets DPDK log as before. */
int dpdk_begin_log(void);
void dpdk_end_log(char *_Nonnull log, size_t size);
/* Starts the environment abstraction layer. 0 or -1. Once per process. */
int dpdk_start(int argc, char *_Nullable const *_Nonnull argv);
/* The folder with the files of this process' shared configuration. */
const char *_Nonnull dpdk_runtime_directory(void);
/* Stops it and gives everything back. */
void dpdk_stop(void);
/* "DPDK 22.11.11" */
const char *_Nonnull dpdk_version(void);
/* The NUMA node of a core as the kernel numbers it; -1: unknown. */
int dpdk_core_socket(int core);
/* Lets the calling thread use DPDK's per-core caches. 0, or an errno value. */
int dpdk_register_thread(void);
void dpdk_unregister_thread(void);

/* A pool of `count` packet buffers of `octets` of room, headroom included, on a NUMA node, used by one thread. NULL: no memory. */
void *_Nullable dpdk_create_pool(const char *_Nonnull name, unsigned count, uint16_t octets, int socket);
/* Buffers of the pool that are free. */
unsigned dpdk_pool_available(const void *_Nonnull pool);

/* A ring device of `queues` queues of `depth` frames (a power of two) each: queue i receives what is transmitted on queue i, which one
 * thread only uses. The port's number, or -errno. */
int dpdk_create_ring_port(const char *_Nonnull name, unsigned queues, unsigned depth, int socket);
/* Two ring devices of one queue each: what either transmits the other receives. 0, or a negative errno value. */
int dpdk_create_ring_pair(const char *_Nonnull name, unsigned depth, int socket, uint16_t ports[_Nonnull 2]);
/* Makes a virtual device, "driver_name,key=value,...", and says which port it is. The port's number, or -errno. */
int dpdk_attach(const char *_Nonnull device);
/* The port's MAC address, its first octet highest. */
uint64_t dpdk_port_mac(uint16_t port);
/* The port of a device that was there when DPDK started. The port's number, or -errno. */
int dpdk_find_port(const char *_Nonnull device);

/* Checksums that a port verifies in what it receives, and computes in what it sends. */
enum {
    DPDK_RECEIVED_IPV4 = 1,
    DPDK_RECEIVED_TCP = 2,
    DPDK_SENT_IPV4 = 4,
    DPDK_SENT_TCP = 8,
};

/* What a port can do. */
struct dpdk_port_description {
    char driver[64];
    uint16_t receive_queues, transmit_queues;
    /* Entries of the redirection table and octets of the key of receive-side scaling; 0: none. */
    uint16_t table_size;
    uint8_t key_size;
    /* It can spread by addresses and ports of TCP over IPv4. */
    uint8_t hashes_tcp;
    /* The checksums it can verify and compute. */
    uint8_t checksums;
    /* The largest MTU it can be set to. */
    uint16_t largest_mtu;
};
int dpdk_describe_port(uint16_t port, struct dpdk_port_description *_Nonnull description);
/* What a port is to do. */
struct dpdk_port_request {
    /* Queue pairs, and the frames that each takes. */
    uint16_t queues, rxd, txd;
    /* Spread what is received by the hash of addresses and ports. */
    uint8_t spread;
    /* Of what it can. */
    uint8_t checksums;
    /* 0: as it is. */
    uint16_t mtu;
    /* The VLAN to let through, for a port that filters by it; 0: none. */
    uint16_t vlan;
};
/* Configures and starts a port, a pool to a queue pair. 0, or -errno. */
int dpdk_start_port(uint16_t port, const struct dpdk_port_request *_Nonnull request, void *_Nonnull const *_Nonnull pools);
/* 1 or 0, or -errno. */
int dpdk_link_is_up(uint16_t port);
/* Reads the key and the redirection table that the port spreads TCP over IPv4 by. 0, or -errno. */
int dpdk_read_hash(
    uint16_t port, uint8_t *_Nonnull key, uint8_t key_size, uint16_t *_Nonnull table, uint16_t table_size);

/* TCP over IPv4 whose destination address and port are these under the masks goes to a queue; a mask of 0: any. */
struct dpdk_rule {
    uint32_t address, address_mask;
    uint16_t port, port_mask;
    uint16_t queue;
};
/* 0, or -errno with the driver's reason. */
int dpdk_create_rule(uint16_t port, const struct dpdk_rule *_Nonnull rule, char *_Nonnull reason, size_t size);
void dpdk_remove_rules(uint16_t port);

void dpdk_stop_port(uint16_t port);
/* DPDK's interrupt thread stays where it is from now on, until the process ends: for a driver that closes its queues there when its peer leaves,
 * without looking whether they are being closed already, and leaves the thread with what it has freed (memif, as of DPDK 22.11). */
void dpdk_hold_interrupts(void);
int dpdk_port_socket(uint16_t port);

struct dpdk_port_statistics {
    uint64_t received, sent, received_bytes, sent_bytes, missed, receive_errors, transmit_errors, no_buffer;
};
int dpdk_port_statistics(uint16_t port, struct dpdk_port_statistics *_Nonnull statistics);

PACKET_PATH uint16_t dpdk_receive(
    uint16_t port, uint16_t queue, struct packet_buffer *_Nonnull *_Nonnull burst, uint16_t count);
PACKET_PATH uint16_t dpdk_transmit(
    uint16_t port, uint16_t queue, struct packet_buffer *_Nonnull *_Nonnull burst, uint16_t count);
/* Takes `count` buffers from the pool: 0, or -ENOENT and none. */
PACKET_PATH int dpdk_allocate(void *_Nonnull pool, struct packet_buffer *_Nonnull *_Nonnull buffers, unsigned count);
PACKET_PATH void dpdk_free(struct packet_buffer *_Nonnull *_Nonnull buffers, unsigned count);
