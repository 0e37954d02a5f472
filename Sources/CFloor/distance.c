/* Two threads write a line in turn, each when it has seen what the other wrote. */
#define _GNU_SOURCE
#include "distance.h"
#include "packet_buffer.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { TRIPS = 100000, LINES_APART = 128 };

struct end {
    atomic_uint *line;
    int core;
    /* What this end writes first; the other end has written one less. */
    unsigned first;
    int failure;
    uint64_t ticks;
};

static void *run_end(void *argument) {
    struct end *end = argument;
    end->failure = pin_thread(end->core);
    uint64_t begin = 0;
    for (unsigned trip = 0; trip <= TRIPS; trip++) {
        unsigned number = end->first + 2 * trip;
        while (atomic_load(end->line) != number - 1) {}
        /* The first waits for the other thread's start. */
        if (trip == 1) begin = tick_counter();
        atomic_store(end->line, number);
    }
    end->ticks = tick_counter() - begin;
    return NULL;
}

double line_round_trip(int core, int other) {
    _Alignas(LINES_APART) atomic_uint lines[LINES_APART / sizeof(atomic_uint)] = {0};
    struct end near = {.line = lines, .core = core, .first = 1}, far = {.line = lines, .core = other, .first = 2};
    cpu_set_t allowed;
    pthread_t thread;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || pthread_create(&thread, NULL, run_end, &far) != 0) return -1;
    run_end(&near);
    pthread_join(thread, NULL);
    sched_setaffinity(0, sizeof allowed, &allowed);
    return near.failure == 0 && far.failure == 0 ? (double)near.ticks / TRIPS : -1;
}
