/* SPDX-License-Identifier: Apache-2.0 */
/* How far this process's resident memory rises in parts of its life.  Linux alone
 * can begin a new high-water mark; elsewhere nothing is known. */
#ifndef BENCH_RESIDENT_H
#define BENCH_RESIDENT_H

#include <stdbool.h>

/* The sum of several stretches between begin and end, all bytes.  Zeroed at first. */
struct resident {
    double at_begin; /* resident when a stretch began */
    double kept;     /* what earlier stretches left behind */
    double peak;     /* the most above the beginning */
    bool unknown;    /* a stretch could not be measured */
};

void resident_begin(struct resident *resident);
void resident_end(struct resident *resident);
/* Gives freed memory back to the system, so that it does not hide what is
 * allocated next. */
void resident_trim(void);

#endif
