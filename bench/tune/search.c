/* SPDX-License-Identifier: Apache-2.0 */
/* The search for parameters; see search.h. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tune/search.h"

/* Less is not worth a step: it is within what single contests scatter. */
static const double step_by = 1.02;

struct search {
    const struct hcb_parameters *parameters;
    struct tune_point *tried;
    size_t count;
    bool short_of_memory;
};

static bool same(const struct search *search, const struct tune_point *a, const struct tune_point *b)
{
    return memcmp(a->values, b->values, search->parameters->count * sizeof *a->values) == 0;
}

static bool was_tried(const struct search *search, const struct tune_point *point)
{
    for (size_t i = 0; i < search->count; i++)
        if (same(search, &search->tried[i], point))
            return true;
    return false;
}

static void note_tried(struct search *search, const struct tune_point *point)
{
    struct tune_point *larger = realloc(search->tried, (search->count + 1) * sizeof *larger);
    search->short_of_memory |= larger == NULL;
    if (larger == NULL)
        return;
    search->tried = larger;
    larger[search->count++] = *point;
}

static size_t index_of(const struct hcb_parameter *parameter, uint64_t value)
{
    size_t i = 0;
    while (i < parameter->count && parameter->choices[i] != value)
        i++;
    return i;
}

/* Moves a point by `steps` choices of a parameter; false when there is none, or the point
 * was tried or is beyond a limit. */
static bool move(const struct search *search, struct tune_point *point, size_t parameter, long steps)
{
    const struct hcb_parameter *p = &search->parameters->list[parameter];
    const long to = (long)index_of(p, point->values[parameter]) + steps;
    if (to < 0 || to >= (long)p->count)
        return false;
    point->values[parameter] = p->choices[to];
    return !was_tried(search, point) && hcb_parameters_beyond(search->parameters, point->values) == NULL;
}

/* The next points to try around `best`, the nearest first.  Returns how many. */
static size_t neighbours(struct search *search, const struct tune_point *best,
                         struct tune_point *points, size_t most)
{
    size_t count = 0;
    for (long steps = 1; steps < HCB_CHOICES_MAX; steps++)
        for (size_t i = 0; i < search->parameters->count; i++)
            for (int sign = 1; sign >= -1 && count < most; sign -= 2) {
                points[count] = *best;
                if (!move(search, &points[count], i, sign * steps))
                    continue;
                note_tried(search, &points[count]);
                count++;
            }
    return count;
}

/* The best so far against others; the winner becomes points[0]. */
static bool compete(tune_hold *hold, void *context, struct tune_point *points, size_t count)
{
    double speedups[TUNE_CONTENDERS_MAX];
    size_t best = 0;
    if (!hold(context, points, count, speedups))
        return false;
    for (size_t i = 1; i < count; i++)
        if (speedups[i] > step_by && (best == 0 || speedups[i] > speedups[best]))
            best = i;
    points[0] = points[best];
    return true;
}

long tune_search(const struct hcb_parameters *parameters, const struct tune_point *first,
                 tune_hold *hold, void *context, struct tune_point *best)
{
    struct search search = {.parameters = parameters};
    struct tune_point points[TUNE_CONTENDERS_MAX];
    memset(points, 0, sizeof points);
    for (size_t i = 0; i < parameters->count; i++)
        points[0].values[i] = parameters->list[i].table;
    note_tried(&search, &points[0]);
    bool goes_on = true;
    if (first != NULL && !was_tried(&search, first)) {
        points[1] = *first;
        note_tried(&search, first);
        goes_on = compete(hold, context, points, 2);
    }
    while (goes_on && !search.short_of_memory) {
        const size_t others = neighbours(&search, &points[0], points + 1, TUNE_CONTENDERS_MAX - 1);
        goes_on = others > 0 && compete(hold, context, points, others + 1);
    }
    *best = points[0];
    free(search.tried);
    return search.short_of_memory ? -1 : (long)search.count - 1;
}
