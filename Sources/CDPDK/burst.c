#define _GNU_SOURCE
#include "cdpdk.h"
#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* memif, as of DPDK 22.11, unmaps the memory it shares with its peer as soon as the peer is gone, on DPDK's interrupt thread, whatever
 * a worker that was in the middle of a burst (or put aside by the kernel in the middle of one) still reads in it: the process dies. So
 * every burst is marked, and that thread unmaps nothing until each has ended; the driver has called the port unconnected by then, so
 * that the next burst touches nothing. */

/* A power of two. Queues beyond share marks, which only makes the wait less sure. */
#define MARKED_QUEUES 64
#define LONGEST_BURST_MS 1000

/* One cache line each, written by the queue's thread. */
static struct {
    volatile uint8_t is_running;
} __rte_cache_aligned bursts[RTE_MAX_ETHPORTS][MARKED_QUEUES];

uint16_t dpdk_receive(uint16_t port, uint16_t queue, struct packet_buffer **burst, uint16_t count) {
    volatile uint8_t *mark = &bursts[port][queue % MARKED_QUEUES].is_running;
    *mark = 1;
    uint16_t received = rte_eth_rx_burst(port, queue, (struct rte_mbuf **)burst, count);
    *mark = 0;
    return received;
}

uint16_t dpdk_transmit(uint16_t port, uint16_t queue, struct packet_buffer **burst, uint16_t count) {
    volatile uint8_t *mark = &bursts[port][queue % MARKED_QUEUES].is_running;
    *mark = 1;
    uint16_t sent = rte_eth_tx_burst(port, queue, (struct rte_mbuf **)burst, count);
    *mark = 0;
    return sent;
}

static void sleep_a_millisecond(void) {
    struct timespec millisecond = {.tv_nsec = 1000000};
    nanosleep(&millisecond, NULL);
}

static void await_bursts(void) {
    /* No mark needs as long to leave a core's store buffer. */
    sleep_a_millisecond();
    for (unsigned port = 0; port < RTE_MAX_ETHPORTS; port++)
        for (unsigned queue = 0; queue < MARKED_QUEUES; queue++)
            for (unsigned waited = 0; bursts[port][queue].is_running && waited < LONGEST_BURST_MS; waited++) sleep_a_millisecond();
}

/* In the place of the C library's, for the drivers too. */
int munmap(void *address, size_t length) {
    if (rte_thread_is_intr()) await_bursts();
    return (int)syscall(SYS_munmap, address, length);
}
