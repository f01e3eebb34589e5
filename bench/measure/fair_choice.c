/* SPDX-License-Identifier: Apache-2.0 */
/* Which core type to use; see fair_choice.h. */
#include "config.h"

#include <math.h>

#include "measure/fair_choice.h"

static const double better_by = 1.05;

/* Another program may slow launches to a third for some rounds, of one side as it
 * happens: fewer rounds than these decide only what is beyond that. */
enum { ROUNDS_MIN = 8 };
static const double at_once_by = 4;

/* From a 95 % interval to 1 - 0.05 / 63, by quantiles of the normal distribution:
 * three candidates, and looks after the 4th to the 24th round. */
static const double stretch = 3.355 / 1.960;

enum verdict { NO_BETTER, BETTER, OPEN };

bool fair_add(struct hcb_clock_result *clock, uint32_t round, const double *seconds, size_t count)
{
    double best = (double)INFINITY;
    for (size_t i = 0; i < count; i++)
        best = fmin(best, seconds[i]);
    return isfinite(best) && hcb_clock_add(clock, round, &best, 1);
}

/* Is `a` proven to be faster than `b`? */
static enum verdict compare(const struct hcb_clock_result *a, const struct hcb_clock_result *b)
{
    if (a->summary.n == 0)
        return NO_BETTER;
    if (b->summary.n == 0)
        return BETTER;
    const struct hcb_ratio ratio = hcb_clock_ratio(b, a, true, 1);
    const bool early = hcb_clock_common_rounds(a, b) < ROUNDS_MIN;
    const double low = ratio.ratio * pow(ratio.ci95_low / ratio.ratio, stretch),
                 high = ratio.ratio * pow(ratio.ci95_high / ratio.ratio, stretch);
    if (low > (early ? at_once_by : better_by))
        return BETTER;
    return high < (early ? 1 / at_once_by : better_by) ? NO_BETTER : OPEN; /* NaN: open */
}

struct fair_choice fair_choose(const struct hcb_clock_result *clocks, size_t count)
{
    struct fair_choice choice = {0, 0};
    for (size_t i = 1; i < count; i++) {
        const enum verdict verdict = compare(&clocks[i], &clocks[choice.used]);
        if (verdict == OPEN)
            choice.wanted |= 1u << choice.used | 1u << i;
        if (verdict == BETTER)
            choice.used = i;
    }
    return choice;
}
