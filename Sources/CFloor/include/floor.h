/* The bare loop: the least that one core can spend on the reference connection, both ends of it, over a ring device. `make bench` divides
 * trafficengine's figure by this one. */
#pragma once
#include <stdint.h>

struct floor_result {
    uint64_t connections; /* closed by both ends */
    uint64_t frames;
    uint64_t ticks;       /* first SYN to last close */
};

/* Opens and answers `connections` connections, `open` of them at a time (at most 4,096), on the calling thread, which owns the port's
 * queue 0. The frames' addresses and the server's port 80 are constant; client ports follow each other. 0; -1: no packet buffer;
 * -2: the wire did not take a frame; -3: a frame was lost or was not the one expected. */
int floor_run(
    uint16_t port, void *_Nonnull pool, uint64_t connections, uint32_t open, struct floor_result *_Nonnull result);
