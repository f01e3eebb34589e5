/* SPDX-License-Identifier: Apache-2.0 */
/* The order of sizes: what one curve needs is measured for the others too where
 * that helps them. */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "breakeven/search.h"

/* A contender while the search goes on. */
struct contender {
    uint64_t limit; /* the largest size that can still be measured; 0: none */
    uint64_t last_n;
    double last_s; /* of one launch at last_n */
    bool short_of_memory;
};

struct search {
    const struct search_rules *rules;
    size_t count;
    search_measure *measure;
    void *context;
    struct contender *contenders;
    struct contender baseline;
    struct search_result *results;
    bool *wanted;
    struct search_outcome *outcomes;
    bool stopped;
};

const char *search_clock_name(unsigned clock)
{
    static const char *const names[] = {
        [CLOCK_KERNEL] = "kernel", [CLOCK_END_TO_END] = "end_to_end"};
    return clock < CLOCK_COUNT ? names[clock] : NULL;
}

/* Will a launch of size n take too long?  A guess from the last size. */
static bool is_too_slow(const struct search *search, const struct contender *contender, uint64_t n)
{
    if (contender->last_n == 0 || n <= contender->last_n)
        return false;
    const double growth = pow((double)n / (double)contender->last_n, search->rules->exponent);
    return contender->last_s * growth > search->rules->longest_s;
}

static void note_time(struct contender *contender, uint64_t n, double seconds)
{
    if (n <= contender->last_n || !isfinite(seconds))
        return;
    contender->last_n = n;
    contender->last_s = seconds;
}

static void add_points(struct contender *contender, struct search_result *result, uint64_t n,
                       const struct search_outcome *outcome)
{
    for (unsigned clock = 0; clock < CLOCK_COUNT; clock++) {
        struct curve *curve = &result->curves[clock];
        if (!(outcome->ratios[clock].ratio > 0)) {
            if (curve->count > 0)
                contender->limit = 0; /* or the search would ask for this size again */
        } else if (!curve_has(curve, n)) {
            contender->short_of_memory |= !curve_add(curve, n, outcome->ratios[clock]);
        }
    }
}

/* Measures size n for those that are wanted and can. */
static void visit(struct search *search, uint64_t n)
{
    double baseline_s = (double)NAN;
    bool any = false;
    for (size_t i = 0; i < search->count; i++) {
        search->wanted[i] = search->wanted[i] && n <= search->contenders[i].limit;
        search->outcomes[i] = (struct search_outcome){0};
        any = any || search->wanted[i];
    }
    if (!any)
        return;
    if (!search->measure(search->context, n, search->wanted, search->outcomes, &baseline_s)) {
        search->stopped = true;
        return;
    }
    note_time(&search->baseline, n, baseline_s);
    for (size_t i = 0; i < search->count; i++) {
        const struct search_outcome *outcome = &search->outcomes[i];
        struct contender *contender = &search->contenders[i];
        if (!search->wanted[i])
            continue;
        if (outcome->measured) {
            add_points(contender, &search->results[i], n, outcome);
            note_time(contender, n, outcome->seconds);
        } else if (isfinite(baseline_s)) {
            contender->limit = outcome->goes_on ? n - 1 : 0;
        }
        if (!isfinite(baseline_s) && contender->limit >= n)
            contender->limit = n - 1;
    }
}

static void sweep(struct search *search)
{
    const struct size_grid *grid = &search->rules->grid;
    uint64_t last = 0;
    for (double size = (double)grid->low; !search->stopped; size *= search->rules->coarse) {
        uint64_t n = grid_snap(grid, size);
        /* No last step much shorter than the others. */
        if (size * sqrt(search->rules->coarse) > (double)grid->high)
            n = grid->high;
        if (n == last)
            break;
        const bool all_slow = is_too_slow(search, &search->baseline, n);
        for (size_t i = 0; i < search->count; i++) {
            const bool slow = all_slow || is_too_slow(search, &search->contenders[i], n);
            search->results[i].too_slow |= slow;
            search->wanted[i] = !slow;
        }
        visit(search, n);
        last = n;
    }
}

/* What contender i would like to measure next; 0: nothing. */
static uint64_t wish_of(const struct search *search, size_t i)
{
    struct search_result *result = &search->results[i];
    struct size_grid grid = search->rules->grid;
    if (result->curves[CLOCK_KERNEL].count > 0)
        grid.high = result->curves[CLOCK_KERNEL].points[result->curves[CLOCK_KERNEL].count - 1].n;
    if (grid.high > search->contenders[i].limit)
        grid.high = search->contenders[i].limit;
    for (unsigned clock = 0; clock < CLOCK_COUNT && grid.high >= grid.low; clock++) {
        result->findings[clock] = curve_judge(&result->curves[clock]);
        const uint64_t n = curve_wish(&result->curves[clock], &result->findings[clock], &grid,
                                      &search->rules->crossing);
        if (n != 0)
            return n;
    }
    return 0;
}

/* Contenders take the lead in turn; whoever wishes for nearly the same size comes
 * along. */
static bool refine(struct search *search, size_t *turn)
{
    const double alike = 0.04; /* of logarithms */
    uint64_t n = 0;
    for (size_t i = 0; i < search->count && n == 0; i++) {
        *turn = (*turn + 1) % search->count;
        n = wish_of(search, *turn);
    }
    if (n == 0)
        return false;
    for (size_t i = 0; i < search->count; i++) {
        const uint64_t other = i == *turn ? n : wish_of(search, i);
        search->wanted[i] = other != 0 && fabs(log((double)other / (double)n)) <= alike;
    }
    visit(search, n);
    return true;
}

static bool make_room(struct search *search)
{
    search->contenders = calloc(search->count + 1, sizeof *search->contenders);
    search->wanted = calloc(search->count + 1, sizeof *search->wanted);
    search->outcomes = calloc(search->count + 1, sizeof *search->outcomes);
    if (search->contenders == NULL || search->wanted == NULL || search->outcomes == NULL)
        return false;
    for (size_t i = 0; i < search->count; i++)
        search->contenders[i].limit = search->rules->grid.high;
    return true;
}

bool search_run(const struct search_rules *rules, size_t count, search_measure *measure,
                void *context, struct search_result *results)
{
    struct search search = {
        .rules = rules, .count = count, .measure = measure, .context = context, .results = results};
    size_t turn = 0;
    bool good = make_room(&search);
    if (good && count > 0)
        sweep(&search);
    for (unsigned i = 0; i < rules->sizes && good && count > 0 && !search.stopped; i++)
        if (!refine(&search, &turn))
            break;
    for (size_t i = 0; i < count && good; i++) {
        good = !search.contenders[i].short_of_memory;
        for (unsigned clock = 0; clock < CLOCK_COUNT; clock++)
            results[i].findings[clock] = curve_judge(&results[i].curves[clock]);
    }
    free(search.contenders);
    free(search.wanted);
    free(search.outcomes);
    return good;
}
