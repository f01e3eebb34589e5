/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the pairs. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pairs.h"

static double time_of(const struct hcb_result *row)
{
    const struct hcb_summary *clock = &hcb_result_clock(row)->summary;
    return row->status == HCB_OK && clock->n > 0 ? clock->median : 0;
}

/* The fastest row of a case on a device; NULL without one, or where it does not compute in the
 * case's precision. */
static const struct hcb_result *fastest(const struct record *record, const char *device,
                                        const struct hcb_case *task)
{
    const struct hcb_result *best = NULL;
    for (size_t i = 0; i < record->result_count; i++) {
        const struct hcb_result *row = &record->results[i];
        if (time_of(row) > 0 && !record_stands_in(&row->task) &&
            record_same_case(&row->task, task) && strcmp(row->device, device) == 0 &&
            (best == NULL || time_of(row) < time_of(best)))
            best = row;
    }
    return best;
}

static bool same_clock(const struct hcb_result *a, const struct hcb_result *b)
{
    return (hcb_result_clock(a) == &a->kernel) == (hcb_result_clock(b) == &b->kernel);
}

/* Few elements tell two digits of it. */
static double rounding_of(const struct record *record, const struct hcb_case *task)
{
    const uint64_t elements = hcb_operand_elements(task, 0), enough = 1 << 14;
    const struct hcb_case operand = {
        .op = HCB_OP_SUM,
        .impl = HCB_IMPL_REF,
        .precision =
            task->precision == HCB_PRECISION_F32X2 ? HCB_PRECISION_F16F32 : task->precision,
        .shape = {1, elements < enough ? elements : enough, 1},
        .scale = task->scale};
    if (record->fill != HCB_FILL_UNIFORM && record->fill != HCB_FILL_NORMAL)
        return (double)NAN;
    return hcb_fill_rounding(&operand, record->fill, record->seed, NULL).rel_error;
}

/* The pair that `row` is the faster half of; false without one. */
static bool pair_of(const struct record *record, const struct hcb_result *row, struct mixed *pair)
{
    struct hcb_case in_f32 = row->task;
    in_f32.precision = HCB_PRECISION_F32;
    in_f32.scale = 0;
    if (!hcb_precision_scales(row->task.precision) || fastest(record, row->device, &row->task) != row)
        return false;
    const struct hcb_result *f32 = fastest(record, row->device, &in_f32);
    if (f32 == NULL || !same_clock(row, f32))
        return false;
    *pair = (struct mixed){
        .row = row,
        .f32 = f32,
        .speed = hcb_clock_ratio(hcb_result_clock(f32), hcb_result_clock(row), false, record->seed),
        .saved_bytes = (double)(hcb_case_bytes(&f32->task) - hcb_case_bytes(&row->task)),
        .rounding = rounding_of(record, &row->task)};
    return true;
}

bool mixed_find(const struct record *record, struct mixed **list, size_t *count)
{
    struct mixed *pairs = calloc(record->result_count + 1, sizeof *pairs);
    size_t found = 0;
    if (pairs == NULL)
        return false;
    for (size_t i = 0; i < record->result_count; i++)
        found += pair_of(record, &record->results[i], &pairs[found]);
    *list = pairs;
    *count = found;
    return true;
}
