/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>

#include "measure/link.h"
#include "measure/roundings.h"

/* What the numbers of an operand depend on, and what became of them. */
struct counted_operand {
    enum hcb_type type;
    uint64_t elements, seed;
    enum hcb_fill fill;
    int scale;
    struct hcb_rounding rounding;
};

void roundings_clear(struct roundings *roundings)
{
    free(roundings->list);
    *roundings = (struct roundings){.count = 0};
}

static bool is_same(const struct counted_operand *a, const struct counted_operand *b)
{
    return a->type == b->type && a->elements == b->elements && a->seed == b->seed &&
           a->fill == b->fill && a->scale == b->scale;
}

static void keep(struct roundings *roundings, const struct counted_operand *operand)
{
    struct counted_operand *larger =
        realloc(roundings->list, (roundings->count + 1) * sizeof *larger);
    if (larger == NULL)
        return; /* it will be counted again */
    roundings->list = larger;
    larger[roundings->count++] = *operand;
}

bool roundings_find(struct roundings *roundings, const struct hcb_case *task, enum hcb_fill fill,
                    uint64_t seed, struct hcb_rounding *rounding)
{
    struct counted_operand operand = {.type = hcb_operand_type(task, 0),
                                      .elements = hcb_operand_elements(task, 0),
                                      .seed = seed,
                                      .fill = fill,
                                      .scale = task->scale};
    for (size_t i = 0; i < roundings->count; i++)
        if (is_same(&roundings->list[i], &operand)) {
            *rounding = roundings->list[i].rounding;
            return true;
        }
    operand.rounding = hcb_fill_rounding(task, fill, seed, link_interrupted);
    if (link_interrupted() != 0)
        return false;
    keep(roundings, &operand);
    *rounding = operand.rounding;
    return true;
}
