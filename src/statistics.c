/* SPDX-License-Identifier: Apache-2.0 */
/* Order statistics of samples.  Definitions are in hcbench.h. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hcbench.h"

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double p)
{
    const double position = (double)(n - 1) * p;
    const size_t below = (size_t)position;
    const double fraction = position - (double)below;
    if (below + 1 >= n)
        return sorted[n - 1];
    return sorted[below] + fraction * (sorted[below + 1] - sorted[below]);
}

/* The number of the k smallest samples that a 95 % interval of the median may
 * leave out: the largest k with P(Binomial(n, 1/2) < k) <= 0.025. */
static size_t tail_count(size_t n)
{
    double log_term = -(double)n * log(2), below = 0;
    for (size_t k = 0; k < n / 2; k++) {
        below += exp(log_term); /* P(X <= k) */
        if (below > 0.025)
            return k;
        log_term += log((double)(n - k) / (double)(k + 1));
    }
    return n / 2;
}

struct hcb_summary hcb_summarize(const double *samples, size_t n)
{
    struct hcb_summary summary = {.median = NAN,
                                  .q1 = NAN,
                                  .q3 = NAN,
                                  .min = NAN,
                                  .ci95_low = NAN,
                                  .ci95_high = NAN,
                                  .n = 0};
    double *sorted = n > 0 ? malloc(n * sizeof *sorted) : NULL;
    if (sorted == NULL)
        return summary;
    memcpy(sorted, samples, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_numbers);
    summary.n = n;
    summary.median = quantile(sorted, n, 0.5);
    summary.q1 = quantile(sorted, n, 0.25);
    summary.q3 = quantile(sorted, n, 0.75);
    summary.min = sorted[0];
    const size_t tail = tail_count(n);
    if (tail >= 1) {
        summary.ci95_low = sorted[tail - 1];
        summary.ci95_high = sorted[n - tail];
    }
    free(sorted);
    return summary;
}
