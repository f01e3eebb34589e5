/* SPDX-License-Identifier: Apache-2.0 */
/* Joules per launch from a counter, or from power readings, that are taken while
 * one plan runs without a pause.  Pure arithmetic: knows no device and no clock.
 *
 * Counters move in steps: about every ms (RAPL) to every 100 ms (NVML).  A
 * difference is therefore taken from one step to another, never from the start to
 * the end of a run, and over METER_STEPS of them.  It is late by at most the time
 * between two readings. */
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include <stdbool.h>

enum { METER_STEPS = 10 };

/* Seconds: the least and the most between the first and the last step, the part
 * of a run without a counter that is dropped because drivers report averages of
 * the last second, and when a run is given up. */
#define METER_LEAST_S 0.1
#define METER_MOST_S 2.0
#define METER_DROPPED_S 1.0
#define METER_END_S 5.0
/* Such a run is over by then, but for the window that it ends with: readings may
 * be up to 2 s apart. */
#define METER_LONGEST_S (METER_END_S + 2.0)

struct meter_point {
    double s, joules, launches;
};

struct meter {
    struct meter_point start, first, last; /* `first`, `last`: steps, or power readings */
    double seen_joules, watts_sum;
    unsigned steps, readings;
    bool counts; /* there is a counter */
};

/* Begins at time `s` with a reading of the counter, NaN when there is none. */
void meter_begin(struct meter *meter, double s, double joules);
/* Adds what was read at time `s` after `launches` in all; NaN: not read.  True
 * when it is enough. */
bool meter_add(struct meter *meter, double s, double launches, double joules, double watts);
/* Joules per launch and mean watts; false when too little was seen. */
bool meter_end(const struct meter *meter, double *joules, double *watts);

#endif
