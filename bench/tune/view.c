/* SPDX-License-Identifier: Apache-2.0 */
/* What a search for parameters found, as a table. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "numbers.h"
#include "terminal/devices.h"
#include "terminal/grid.h"
#include "tune/tune.h"

enum column { OP, PRECISION, SIZE, DEVICE, IMPL, TABLE, BEST, RATIO, INTERVAL, TRIED, RESULT, COLUMN_COUNT };

static const char *unit_of(const struct hcb_case *c)
{
    return hcb_op_rank(c->op) == 3 ? "GFLOP/s" : "GB/s";
}

static void add_rate(struct grid *grid, enum column column, const struct hcb_case *c, double seconds)
{
    char rate[NUMBER_SIZE];
    const double work = hcb_op_rank(c->op) == 3 ? hcb_case_flops(c) : (double)hcb_case_traffic(c);
    if (isfinite(seconds))
        grid_cell(grid, column, PAINT_NONE, "%s %s", number_rounded(work / seconds * 1e-9, 4, rate),
                  unit_of(c));
}

/* Those that differ from the table: "rows=14 block_k=512". */
static void changed(const struct tune_case *result, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < result->parameters.count; i++) {
        const struct hcb_parameter *parameter = &result->parameters.list[i];
        const size_t used = strlen(text);
        if (result->values[i] != parameter->table)
            snprintf(text + used, size - used, "%s%s=%" PRIu64 " (%" PRIu64 ")", used > 0 ? " " : "",
                     parameter->name, result->values[i], parameter->table);
    }
}

static void add_result(struct grid *grid, const struct tune_case *result)
{
    char text[2 * HCB_PARAMETERS_SIZE], reason[HCB_REASON_SIZE];
    changed(result, text, sizeof text);
    if (result->end == TUNE_KEPT)
        grid_cell(grid, RESULT, PAINT_GOOD, "tuned: %s", text);
    else if (result->end == TUNE_TABLE && isfinite(result->speedup.ratio))
        grid_cell(grid, RESULT, PAINT_NONE, "table: not enough with %s", text);
    else if (result->end == TUNE_TABLE)
        grid_cell(grid, RESULT, PAINT_NONE, "table");
    else
        grid_cell(grid, RESULT, result->end == TUNE_FAILED ? PAINT_BAD : PAINT_FAINT, "%s%s",
                  result->end == TUNE_FAILED ? "failed: " : "",
                  page_clip(result->reason, reason, sizeof reason));
}

static void add_case(struct grid *grid, const struct tune_case *result)
{
    char shape[72];
    const struct hcb_case *c = &result->row->task;
    grid_line(grid);
    grid_cell(grid, OP, PAINT_NONE, "%s", hcb_op_name(c->op));
    grid_cell(grid, PRECISION, PAINT_NONE, "%s", hcb_precision_name(c->precision));
    grid_cell(grid, SIZE, PAINT_NONE, "%s", hcb_shape_text(c, shape, sizeof shape));
    grid_cell(grid, DEVICE, PAINT_NONE, "%s", result->row->device);
    grid_cell(grid, IMPL, PAINT_NONE, "%s", hcb_impl_name(c->impl));
    add_rate(grid, TABLE, c, result->table_s);
    add_rate(grid, BEST, c, result->best_s);
    if (isfinite(result->speedup.ratio))
        grid_cell(grid, RATIO, PAINT_NONE, "%.2f", result->speedup.ratio);
    if (isfinite(result->speedup.ci95_low))
        grid_cell(grid, INTERVAL, PAINT_FAINT, "%.2f-%.2f", result->speedup.ci95_low,
                  result->speedup.ci95_high);
    if (result->tried > 0 && result->failed > 0)
        grid_cell(grid, TRIED, PAINT_NONE, "%ld, %u failed", result->tried, result->failed);
    else if (result->tried > 0)
        grid_cell(grid, TRIED, PAINT_NONE, "%ld", result->tried);
    add_result(grid, result);
}

void tune_print(const struct record *record, const struct tune_case *cases, size_t count,
                struct page *page)
{
    static const struct grid_column columns[COLUMN_COUNT] = {
        [OP] = {"op", false, 0},          [PRECISION] = {"precision", false, 0},
        [SIZE] = {"size", false, 1},      [DEVICE] = {"device", false, 0},
        [IMPL] = {"impl", false, 2},      [TABLE] = {"table", true, 0},
        [BEST] = {"best", true, 0},       [RATIO] = {"x", true, 0},
        [INTERVAL] = {"95 %", false, 1},  [TRIED] = {"tried", true, 2},
        [RESULT] = {"result", false, 0},
    };
    devices_print(record, page);
    if (count == 0)
        return;
    struct grid *grid = grid_new(columns, COLUMN_COUNT);
    for (size_t i = 0; i < count; i++)
        add_case(grid, &cases[i]);
    fputc('\n', page->out);
    grid_print(grid, page);
}
