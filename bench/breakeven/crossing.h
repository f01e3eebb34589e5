/* SPDX-License-Identifier: Apache-2.0 */
/* Where a curve of noisy ratios crosses 1: the answer, its interval, and which size
 * would tell more.  Knows no device and measures nothing; the method is in
 * doc/measurement.md, "Break-even". */
#ifndef BENCH_CROSSING_H
#define BENCH_CROSSING_H

#include <hcbench.h>

/* One measured size. */
struct curve_point {
    uint64_t n;
    struct hcb_ratio ratio; /* the CPU's time over the device's: above 1 the device is faster */
};

/* Points of one curve, by size. */
struct curve {
    struct curve_point *points; /* malloc'ed */
    size_t count;
};
/* Adds a point of a size that is not there yet; false when memory is short. */
bool curve_add(struct curve *curve, uint64_t n, struct hcb_ratio ratio);
bool curve_has(const struct curve *curve, uint64_t n);
void curve_clear(struct curve *curve);

enum answer {
    ANSWER_UNCLEAR, /* none of the others is certain */
    ANSWER_CROSSES, /* slower below the crossing, faster above */
    ANSWER_NEVER,   /* slower at every size */
    ANSWER_ALWAYS,  /* faster at every size */
    ANSWER_UNTIL,   /* faster below the crossing, slower above */
    ANSWER_SEVERAL  /* crosses more than once */
};
/* "unclear", "crosses", ...; NULL past the end. */
const char *answer_name(unsigned answer);

struct crossing {
    bool upward;   /* slower below, faster above */
    bool repeated; /* crosses several times, too close together to tell apart */
    double size, ci95_low, ci95_high; /* the estimate lies in the interval */
    uint64_t from, to; /* the nearest measured sizes of which the side is certain */
};

enum { CROSSINGS_MAX = 8, FINDING_REASON_SIZE = 200 };

struct finding {
    enum answer answer;
    struct crossing crossings[CROSSINGS_MAX]; /* by size */
    size_t count;
    uint64_t low, high; /* sizes measured; 0: none */
    char reason[FINDING_REASON_SIZE]; /* of ANSWER_UNCLEAR and what else must be known; "" */
};

struct finding curve_judge(const struct curve *curve);

/* Which sizes may be measured. */
struct size_grid {
    uint64_t low, high;
    uint64_t step; /* sizes are multiples of this, or of an eighth of themselves */
};
/* The nearest size of the grid. */
uint64_t grid_snap(const struct size_grid *grid, double size);

/* How much is enough. */
struct crossing_rules {
    unsigned fewest, most; /* points next to a crossing */
    double width;          /* upper over lower end of an interval */
};
/* The size that tells most about the crossings; 0: enough is known, or no size is
 * left. */
uint64_t curve_wish(const struct curve *curve, const struct finding *finding,
                    const struct size_grid *grid, const struct crossing_rules *rules);

#endif
