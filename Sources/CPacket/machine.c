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
    if (core < 0 || core >= CPU_SETSIZE) return EINVAL;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

int allowed_cores(int *cores, int most) {
    cpu_set_t set;
    int count = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
    for (int core = 0; core < CPU_SETSIZE && count < most; core++)
        if (CPU_ISSET(core, &set)) cores[count++] = core;
    return count;
}

int avoid_cores(const int *cores, int count) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return errno;
    for (int index = 0; index < count; index++)
        if (cores[index] >= 0 && cores[index] < CPU_SETSIZE) CPU_CLR(cores[index], &set);
    if (CPU_COUNT(&set) == 0) return 0;
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
