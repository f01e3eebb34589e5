/* SPDX-License-Identifier: Apache-2.0 */
/* Which core type to use, from rounds in which they took turns.  Knows times alone. */
#ifndef BENCH_FAIR_CHOICE_H
#define BENCH_FAIR_CHOICE_H

#include <hcbench.h>

enum {
    FAIR_TYPES_MAX = 4, /* the detected one and three candidates */
    FAIR_ROUNDS_MAX = 24
};

/* Adds what a core type did in a round, `count` launches in seconds: the fastest
 * stands for them, as others on the machine only make one slower.  False when memory
 * is short. */
bool fair_add(struct hcb_clock_result *clock, uint32_t round, const double *seconds, size_t count);

struct fair_choice {
    size_t used;     /* index of the core type to use, as far as is known */
    unsigned wanted; /* who must take another round, as bits 1 << index; 0: decided */
};

/* Chooses among `count` core types, at most FAIR_TYPES_MAX, from what fair_add
 * collected.  Number 0 is the detected one; the others are in the order of preference.
 * A clock without samples is of one that does not run.
 *
 * One after the other replaces the one in use when it is proven to be more than 5 %
 * faster: the interval of their ratio over common rounds (hcb_clock_ratio) lies above
 * 1.05.  The interval is wider than one of 95 %, for there are several candidates and a
 * look after each round (Bonferroni).  The two take further rounds while 1.05 lies in
 * it, eight at least unless one is several times slower. */
struct fair_choice fair_choose(const struct hcb_clock_result *clocks, size_t count);

#endif
