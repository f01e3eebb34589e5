/* SPDX-License-Identifier: Apache-2.0 */
/* One clock of one row, measured twice: how much faster is the second, and is that
 * more than chance?  Knows no file and no device. */
#ifndef BENCH_CHANGE_H
#define BENCH_CHANGE_H

#include <hcbench.h>

enum verdict {
    VERDICT_SAME,
    VERDICT_FASTER,
    VERDICT_SLOWER,
    VERDICT_UNCLEAR,
    VERDICT_NEW,
    VERDICT_GONE,
    VERDICT_BROKEN,
    VERDICT_FIXED,
    VERDICT_COUNT
};
/* "same", ...; NULL past the end. */
const char *verdict_name(unsigned verdict);

/* Standard deviation of the logarithm of a median from run to run that is always
 * reckoned with. */
#define CHANGE_RUN_LEAST 0.005

struct change {
    bool exists;            /* at least one side has the clock */
    double base_s, new_s;   /* medians; NaN: not measured */
    struct hcb_ratio speed; /* base_s / new_s: above 1 is faster; NaN: unknown */
    double all_low, all_high; /* its interval when all rows are to hold at once */
    enum verdict verdict;   /* same, faster, slower or unclear */
    const char *reason;     /* why it is unclear, "" */
    /* What change_judge needs, of the logarithm of the ratio. */
    bool identical;         /* the same samples */
    double log_speed;       /* NaN: no ratio */
    double below, above;    /* how far the 95 % interval within the runs reaches; NaN: none */
    unsigned degrees;       /* of freedom of these */
    double drift;           /* variance between quarters of a run beyond that of independent samples,
                             * may be negative, NaN: unknown */
};

/* Everything but the interval and the verdict.  The interval within the runs is
 * hcb_clock_ratio's.  The same clocks give the same numbers. */
struct change change_measure(const struct hcb_clock_result *base, const struct hcb_clock_result *now);

/* How far the logarithm of a ratio is off from run to run. */
struct run_noise {
    double sd;        /* standard deviation; NaN: unknown */
    unsigned degrees; /* of freedom, of the numbers that it was estimated from; 0: it is known */
};

/* Half the width of its 95 % interval; NaN: unknown. */
double change_noise_reach(const struct run_noise *noise);

/* What one needs to know to judge a change. */
struct judgement {
    double threshold; /* percent */
    size_t changes;   /* how many are judged in all */
    struct run_noise run;
    double machine;   /* logarithm of the speed ratio of code that did not change, measured next
                       * to this; 0: not known to have moved */
};
/* Fills in interval and verdict.  s is the speed ratio and T the threshold:
 *   slower   the 95 % interval is below 1 / (1 + T), and one that is wide enough for
 *            all changes at once (Bonferroni) is below 1;
 *   faster   likewise above 1 + T and above 1;
 *   same     the 95 % interval is between the two;
 *   unclear  else.
 * Both intervals include the variation from run to run, and what the machine did. */
void change_judge(struct change *change, const struct judgement *judgement);

/* Of n numbers, which are rearranged; NaN for none. */
double change_median(double *numbers, size_t n);
/* The t with P(|T| > t) = `outside`, not below 1e-9, for Student's distribution with
 * `degrees` of freedom; 0: the normal distribution. */
double change_quantile(double outside, unsigned degrees);
/* The scale Qn of numbers, the standard deviation of normal ones: a quantile of the
 * distances between any two, which needs no middle and bears with nearly half of the
 * numbers lying elsewhere (Rousseeuw and Croux, "Alternatives to the median absolute
 * deviation", JASA 88(424), 1993).  Its standard error is added, so that few numbers
 * do not promise too much.  Distances count within a group only; `groups` may
 * be NULL.  Of many numbers some stand for all.  NaN for fewer than
 * CHANGE_SCALE_LEAST distances, or when memory is short. */
enum { CHANGE_SCALE_LEAST = 15 }; /* between six numbers */
double change_scale(const double *numbers, const unsigned *groups, size_t n);
/* Standard error of the logarithm of Qn of n normal numbers. */
double change_scale_error(size_t n);

#endif
