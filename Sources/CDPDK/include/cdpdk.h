/* The part of DPDK that tcpengine uses, behind a header that needs no DPDK headers. Nothing else in the project names rte_*. */
#pragma once
#include "packet_buffer.h"
#include <stddef.h>
#include <stdint.h>

/* Starts the environment abstraction layer. 0, or -1 with what DPDK logged in `log` (cut to `size` octets). Once per process. */
int dpdk_start(int argc, char *_Nullable const *_Nonnull argv, char *_Nonnull log, size_t size);
/* Stops it and gives everything back. */
void dpdk_stop(void);
/* "DPDK 22.11.11" */
const char *_Nonnull dpdk_version(void);
/* The NUMA node of a core as the kernel numbers it; -1: unknown. */
int dpdk_core_socket(int core);
/* Lets the calling thread use DPDK's per-core caches. 0, or an errno value. */
int dpdk_register_thread(void);
void dpdk_unregister_thread(void);

/* A pool of `count` packet buffers on a NUMA node, used by one thread. NULL: no memory. */
void *_Nullable dpdk_create_pool(const char *_Nonnull name, unsigned count, int socket);
/* Buffers of the pool that are free. */
unsigned dpdk_pool_available(const void *_Nonnull pool);

/* A ring device of `queues` queues of `depth` frames (a power of two) each: queue i receives what is transmitted on queue i, which one
 * thread only uses. The port's number, or -errno. */
int dpdk_create_ring_port(const char *_Nonnull name, unsigned queues, unsigned depth, int socket);
/* Makes a virtual device, "driver_name,key=value,...", and says which port it is. The port's number, or -errno. */
int dpdk_attach(const char *_Nonnull device);
/* The port's MAC address, its first octet highest. */
uint64_t dpdk_port_mac(uint16_t port);
/* Configures and starts a port with as many queue pairs as pools. 0, or -errno. */
int dpdk_start_port(uint16_t port, uint16_t queues, uint16_t rxd, uint16_t txd, void *_Nonnull const *_Nonnull pools);
void dpdk_stop_port(uint16_t port);
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
