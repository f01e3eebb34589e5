/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of each precision and scale together: shares of the scaled operands' elements,
 * and the largest errors. */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "numbers.h"
#include "terminal/grid.h"
#include "terminal/scales.h"

enum column { PRECISION, SCALE, OVERFLOW, UNDERFLOW, SUBNORMAL, INPUT_ERROR, BOUND_RATIO, COLUMN_COUNT };

struct total {
    enum hcb_precision precision;
    int scale;
    double elements, overflowed, underflowed, subnormal, rel_error, bound_ratio;
};

static struct total *find_total(struct total *totals, size_t *count, const struct hcb_case *task)
{
    for (size_t i = 0; i < *count; i++)
        if (totals[i].precision == task->precision && totals[i].scale == task->scale)
            return &totals[i];
    totals[*count] = (struct total){.precision = task->precision,
                                    .scale = task->scale,
                                    .rel_error = (double)NAN,
                                    .bound_ratio = (double)NAN};
    return &totals[(*count)++];
}

static void add_row(struct total *total, const struct hcb_result *row)
{
    total->elements += (double)hcb_operand_elements(&row->task, 0);
    total->overflowed += row->scaled.overflowed;
    total->underflowed += row->scaled.underflowed;
    total->subnormal += row->scaled.subnormal;
    total->rel_error = fmax(total->rel_error, row->scaled.rel_error);
    if (row->status == HCB_OK)
        total->bound_ratio = fmax(total->bound_ratio, row->error.bound_ratio);
}

static void add_share(struct grid *grid, enum column column, double part, double whole)
{
    char text[NUMBER_SIZE];
    if (part > 0)
        grid_cell(grid, column, PAINT_NONE, "%s%%", number_rounded(part / whole * 100, 2, text));
    else
        grid_cell(grid, column, PAINT_FAINT, "0");
}

static void add_number(struct grid *grid, enum column column, double value)
{
    char text[NUMBER_SIZE];
    if (isfinite(value))
        grid_cell(grid, column, PAINT_NONE, "%s", number_rounded(value, 2, text));
}

static void add_total(struct grid *grid, const struct total *total)
{
    grid_line(grid);
    grid_cell(grid, PRECISION, PAINT_NONE, "%s", hcb_precision_name(total->precision));
    grid_cell(grid, SCALE, PAINT_NONE, "2^%d", total->scale);
    add_share(grid, OVERFLOW, total->overflowed, total->elements);
    add_share(grid, UNDERFLOW, total->underflowed, total->elements);
    add_share(grid, SUBNORMAL, total->subnormal, total->elements);
    add_number(grid, INPUT_ERROR, total->rel_error);
    add_number(grid, BOUND_RATIO, total->bound_ratio);
}

void scales_print(const struct record *record, struct page *page)
{
    static const struct grid_column columns[COLUMN_COUNT] = {
        [PRECISION] = {"precision", false, 0}, [SCALE] = {"scale", true, 0},
        [OVERFLOW] = {"overflow", true, 0},    [UNDERFLOW] = {"underflow", true, 0},
        [SUBNORMAL] = {"subnormal", true, 0},  [INPUT_ERROR] = {"input error", true, 0},
        [BOUND_RATIO] = {"err/bound", true, 0},
    };
    struct total *totals = calloc(record->result_count + 1, sizeof *totals);
    size_t count = 0;
    page->failed |= totals == NULL;
    for (size_t i = 0; i < record->result_count && totals != NULL; i++)
        if (isfinite(record->results[i].scaled.overflowed))
            add_row(find_total(totals, &count, &record->results[i].task), &record->results[i]);
    if (count > 0) {
        struct grid *grid = grid_new(columns, COLUMN_COUNT);
        for (size_t i = 0; i < count; i++)
            add_total(grid, &totals[i]);
        fputc('\n', page->out);
        page_line(page, PAINT_TITLE, "scaled operands: shares of the elements, and the largest errors");
        page_wrap(page, 0,
                  "overflow: to infinity, and the row is not run; underflow: to zero; input error: of the "
                  "operand rounded to 16 bits, or to the halves of f32x2, relative to f64; err/bound: of "
                  "the result, on rounded operands, of f32x2 on those in f32.");
        grid_print(grid, page);
    }
    free(totals);
}
