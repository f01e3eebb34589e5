/* SPDX-License-Identifier: Apache-2.0 */
/* A line for each of pairs.h: speed, memory and error side by side. */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "numbers.h"
#include "pairs.h"
#include "terminal/grid.h"
#include "terminal/mixed.h"

enum column {
    WHAT,
    SHAPE,
    DEVICE,
    IMPL,
    IMPL_F32,
    SPEED,
    INTERVAL,
    SAVED,
    BOUND_RATIO,
    BOUND_RATIO_F32,
    ERROR,
    ERROR_F32,
    ROUNDING,
    COLUMN_COUNT
};

static void add_error(struct grid *grid, enum column column, double error)
{
    char text[NUMBER_SIZE];
    if (isfinite(error))
        grid_cell(grid, column, PAINT_NONE, "%s", number_rounded(error, 2, text));
}

static void add_pair(struct grid *grid, const struct record *record, const struct mixed *pair)
{
    const struct hcb_case *task = &pair->row->task;
    char text[96], other[NUMBER_SIZE];
    grid_line(grid);
    grid_cell(grid, WHAT, PAINT_NONE, "%s %s", hcb_op_name(task->op), hcb_kind_text(task, text, sizeof text));
    grid_cell(grid, SHAPE, PAINT_NONE, "%s", hcb_shape_text(task, text, sizeof text));
    grid_cell(grid, DEVICE, PAINT_NONE, "%s%s", pair->row->device,
              record_software_mark(record, pair->row->device));
    grid_cell(grid, IMPL, PAINT_NONE, "%s", hcb_impl_name(task->impl));
    grid_cell(grid, IMPL_F32, PAINT_NONE, "%s", hcb_impl_name(pair->f32->task.impl));
    if (isfinite(pair->speed.ratio))
        grid_cell(grid, SPEED, pair->speed.ci95_low > 1 ? PAINT_GOOD : PAINT_NONE, "%s",
                  number_rounded(pair->speed.ratio, 3, text));
    if (isfinite(pair->speed.ci95_low))
        grid_cell(grid, INTERVAL, PAINT_FAINT, "%s-%s", number_rounded(pair->speed.ci95_low, 3, text),
                  number_rounded(pair->speed.ci95_high, 3, other));
    if (pair->saved_bytes > 0)
        grid_cell(grid, SAVED, PAINT_NONE, "%s", number_bytes(pair->saved_bytes, text));
    add_error(grid, BOUND_RATIO, pair->row->error.bound_ratio);
    add_error(grid, BOUND_RATIO_F32, pair->f32->error.bound_ratio);
    add_error(grid, ERROR, pair->row->error.rel_frobenius);
    add_error(grid, ERROR_F32, pair->f32->error.rel_frobenius);
    add_error(grid, ROUNDING, pair->rounding);
}

void mixed_print(const struct record *record, struct page *page)
{
    static const struct grid_column columns[COLUMN_COUNT] = {
        [WHAT] = {"", false, 0},
        [SHAPE] = {"shape", true, 0},
        [DEVICE] = {"device", false, 0},
        [IMPL] = {"impl", false, 0},
        [IMPL_F32] = {"of f32", false, 3},
        [SPEED] = {"x", true, 0},
        [INTERVAL] = {"95 %", true, 1},
        [SAVED] = {"saved", true, 0},
        [BOUND_RATIO] = {"err/bound", true, 2},
        [BOUND_RATIO_F32] = {"of f32", true, 2},
        [ERROR] = {"error", true, 0},
        [ERROR_F32] = {"of f32", true, 0},
        [ROUNDING] = {"rounding", true, 0},
    };
    struct mixed *pairs;
    size_t count;
    if (!mixed_find(record, &pairs, &count)) {
        page->failed = true;
        return;
    }
    if (count > 0) {
        struct grid *grid = grid_new(columns, COLUMN_COUNT);
        for (size_t i = 0; i < count; i++)
            add_pair(grid, record, &pairs[i]);
        fputc('\n', page->out);
        page_line(page, PAINT_TITLE, MIXED_TITLE ", x: times as fast, unpaired");
        page_wrap(page, 0, MIXED_LEGEND);
        grid_print(grid, page);
    }
    free(pairs);
}
