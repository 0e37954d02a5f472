#define _GNU_SOURCE
#include "packet_buffer.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

_Static_assert(sizeof(struct packet_buffer) == 128, "packet_buffer is two cache lines, as rte_mbuf");

int pin_thread(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

uint64_t allowed_cores(void) {
    cpu_set_t set;
    uint64_t mask = 0;
    /* The process' main thread, which is never pinned, tells what the process was allowed at its start. */
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    for (int core = 0; core < 64; core++)
        if (CPU_ISSET(core, &set)) mask |= 1ull << core;
    return mask;
}

int avoid_cores(uint64_t mask) {
    uint64_t left = allowed_cores() & ~mask;
    cpu_set_t set;
    if (left == 0) return 0;
    CPU_ZERO(&set);
    for (int core = 0; core < 64; core++)
        if (left >> core & 1) CPU_SET(core, &set);
    return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

static uint64_t monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double measure_tick_rate(int milliseconds) {
    struct timespec pause = {milliseconds / 1000, (milliseconds % 1000) * 1000000l};
    uint64_t from = monotonic_nanoseconds(), ticks = tick_counter();
    nanosleep(&pause, NULL);
    uint64_t to = monotonic_nanoseconds();
    return (double)(tick_counter() - ticks) * 1e9 / (double)(to - from);
}

void *allocate_table(size_t bytes) {
    void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED) return NULL;
    madvise(table, bytes, MADV_HUGEPAGE); /* a hint: tables work without */
    return table;
}

void release_table(void *table, size_t bytes) { munmap(table, bytes); }
