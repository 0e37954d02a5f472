/* How far apart two cores are. A virtual machine's cores may share a cache at one time and nothing nearer than memory at another. */
#pragma once

/* Ticks that a cache line takes from one core to the other and back, each having written it: the mean of 100,000 trips (10 to 40 ms).
 * Negative: a core cannot be used. */
double line_round_trip(int core, int other);
