/* SPDX-License-Identifier: Apache-2.0 */
/* The record for people: devices, a table per op and precision, notes.  Only
 * shows what the record holds; computes no metric but the spread. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "breakeven/breakeven.h"
#include "numbers.h"
#include "terminal/devices.h"
#include "terminal/grid.h"
#include "terminal/mixed.h"
#include "terminal/notes.h"
#include "terminal/page.h"
#include "terminal/scales.h"

static bool has_rate(const struct hcb_summary *summary)
{
    return summary->n > 0 && isfinite(summary->median);
}

/* The clock that the figures of a row come from: kernel, else wall. */
static const struct hcb_summary *main_clock(const struct hcb_result *row)
{
    return has_rate(&row->kernel.summary) ? &row->kernel.summary : &row->wall.summary;
}

static enum paint status_paint(enum hcb_status status)
{
    switch (status) {
    case HCB_OK: return PAINT_GOOD;
    case HCB_UNSUPPORTED:
    case HCB_SKIPPED: return PAINT_FAINT;
    default: return PAINT_BAD;
    }
}

/* Rows that only the notes speak of. */
static bool is_left_out(const struct hcb_result *row)
{
    return row->status == HCB_UNSUPPORTED || row->status == HCB_SKIPPED;
}

static const char software_legend[] = "*: a software driver that computes on this CPU, not a GPU.";

/* --------------------------------------------------------------------- columns */

enum column {
    SHAPE,
    DEVICE,
    IMPL,
    CLOCK,
    MEDIAN,
    SPREAD,
    LATENCY,
    RATE,
    ROOF,
    END_TO_END,
    SPEEDUP,
    SPEEDUP_INTERVAL,
    SPEEDUP_END_TO_END,
    SPEEDUP_END_TO_END_INTERVAL,
    AGAINST,
    ERROR,
    STATUS,
    COLUMN_COUNT
};
_Static_assert((int)COLUMN_COUNT <= (int)GRID_COLUMNS_MAX, "the grid has room for all columns");

/* What a table needs besides its rows. */
struct look {
    const struct record *record;
    const char *baseline; /* of the first row that has one; "" without */
    bool one_baseline;    /* no row has another */
    bool kernel_only;     /* no figure comes from the wall clock */
};

static struct look look_at(const struct record *record, const struct hcb_result *rows, size_t count)
{
    struct look look = {
        .record = record, .baseline = "", .one_baseline = true, .kernel_only = true};
    for (size_t i = 0; i < count; i++) {
        if (rows[i].baseline[0] != '\0' && look.baseline[0] == '\0')
            look.baseline = rows[i].baseline;
        look.one_baseline &=
            rows[i].baseline[0] == '\0' || strcmp(rows[i].baseline, look.baseline) == 0;
        look.kernel_only &=
            !has_rate(main_clock(&rows[i])) || main_clock(&rows[i]) == &rows[i].kernel.summary;
    }
    return look;
}

static bool any_software(const struct record *record)
{
    for (size_t i = 0; i < record->result_count; i++)
        if (!is_left_out(&record->results[i]) &&
            *record_software_mark(record, record->results[i].device) != '\0')
            return true;
    return false;
}

static void add_number(struct grid *grid, enum column column, double value, int digits)
{
    char text[NUMBER_SIZE];
    if (isfinite(value))
        grid_cell(grid, column, PAINT_NONE, "%s", number_rounded(value, digits, text));
}

/* The ratio in one column and its interval, "0.84-0.88", in the next; green when
 * it is above 1 beyond doubt. */
static void add_speedup(struct grid *grid, enum column column, const struct hcb_ratio *speedup)
{
    char text[NUMBER_SIZE], low[NUMBER_SIZE], high[NUMBER_SIZE];
    const int digits = speedup->ratio < 1 ? 2 : 3;
    if (isfinite(speedup->ratio))
        grid_cell(grid, column, speedup->ci95_low > 1 ? PAINT_GOOD : PAINT_NONE, "%s",
                  number_rounded(speedup->ratio, digits, text));
    if (isfinite(speedup->ci95_low) && isfinite(speedup->ci95_high))
        grid_cell(grid, column + 1, PAINT_FAINT, "%s-%s",
                  number_rounded(speedup->ci95_low, digits, low),
                  number_rounded(speedup->ci95_high, digits, high));
}

static void add_clocks(struct grid *grid, const struct hcb_result *row, const struct look *look)
{
    const struct hcb_summary *clock = main_clock(row), *whole = &row->end_to_end.summary;
    char text[NUMBER_SIZE];
    if (has_rate(clock)) {
        if (!look->kernel_only)
            grid_cell(grid, CLOCK, PAINT_NONE, "%s",
                      clock == &row->kernel.summary ? "kernel" : "wall");
        grid_cell(grid, MEDIAN, PAINT_NONE, "%s", number_seconds(clock->median, text));
        if (clock->n > 1 && clock->median > 0)
            grid_cell(grid, SPREAD, PAINT_NONE, "%.1f%%",
                      (clock->q3 - clock->q1) / clock->median * 100);
    }
    if (has_rate(whole))
        grid_cell(grid, END_TO_END, PAINT_NONE, "%s", number_seconds(whole->median, text));
}

/* What a launch costs the host; its time on the device is the median. */
static void add_latency(struct grid *grid, const struct hcb_result *row)
{
    char text[NUMBER_SIZE];
    if (row->task.op == HCB_OP_LAUNCH && has_rate(&row->wall.summary))
        grid_cell(grid, LATENCY, PAINT_NONE, "%s", number_seconds(row->wall.summary.median, text));
}

/* GFLOP/s, not GB/s? */
static bool counts_operations(const struct hcb_case *task)
{
    return hcb_op_rank(task->op) == 3 || hcb_case_traffic(task) == 0;
}

static void add_roof(struct grid *grid, const struct hcb_result *row)
{
    if (isfinite(row->roofline_share))
        grid_cell(grid, ROOF, PAINT_NONE, "%.0f%% %s", row->roofline_share * 100,
                  row->roofline_bound);
    else if (row->roofline_bound[0] != '\0')
        grid_cell(grid, ROOF, PAINT_NONE, "%s", row->roofline_bound);
}

/* `same_shape`: the line above says the shape. */
static void add_result(struct grid *grid, const struct hcb_result *row, const struct look *look,
                       bool same_shape)
{
    char shape[72], reason[HCB_REASON_SIZE];
    grid_line(grid);
    grid_cell(grid, SHAPE, PAINT_NONE, "%s",
              same_shape ? "" : hcb_shape_text(&row->task, shape, sizeof shape));
    grid_cell(grid, DEVICE, PAINT_NONE, "%s%s", row->device,
              record_software_mark(look->record, row->device));
    grid_cell(grid, IMPL, PAINT_NONE, "%s", hcb_impl_name(row->task.impl));
    add_clocks(grid, row, look);
    add_latency(grid, row);
    add_number(grid, RATE, counts_operations(&row->task) ? row->gflops : row->gbps, 4);
    add_roof(grid, row);
    add_speedup(grid, SPEEDUP, &row->speedup_kernel);
    add_speedup(grid, SPEEDUP_END_TO_END, &row->speedup_end_to_end);
    if (!look->one_baseline)
        grid_cell(grid, AGAINST, PAINT_NONE, "%s", row->baseline);
    add_number(grid, ERROR, row->error.bound_ratio, 2);
    grid_cell(grid, STATUS, status_paint(row->status), "%s%s%s", hcb_status_name(row->status),
              row->reason[0] != '\0' ? ": " : "", page_clip(row->reason, reason, sizeof reason));
}

static bool same_shape(const struct hcb_result *a, const struct hcb_result *b)
{
    return a->task.shape.m == b->task.shape.m && a->task.shape.n == b->task.shape.n &&
           a->task.shape.k == b->task.shape.k && a->task.scale == b->task.scale;
}

static void print_title(struct page *page, const struct hcb_case *task, const struct look *look)
{
    char text[160], kind[32];
    snprintf(text, sizeof text, "%s %s%s%s%s", hcb_op_name(task->op),
             hcb_kind_text(task, kind, sizeof kind),
             look->baseline[0] != '\0' ? ", x: times as fast as " : "",
             look->one_baseline ? look->baseline : "the row named under 'against'",
             look->baseline[0] != '\0' ? ", with its 95 % interval" : "");
    fputc('\n', page->out);
    page_line(page, PAINT_TITLE, text);
}

/* Rows of one kind. */
static void print_table(const struct record *record, const struct hcb_result *rows, size_t count,
                        struct page *page)
{
    const struct grid_column columns[COLUMN_COUNT] = {
        [SHAPE] = {"shape", true, 0},
        [DEVICE] = {"device", false, 0},
        [IMPL] = {"impl", false, 0},
        [CLOCK] = {"clock", false, 0},
        [MEDIAN] = {"median", true, 0},
        [SPREAD] = {"spread", true, 3},
        [LATENCY] = {"latency", true, 0},
        [RATE] = {counts_operations(&rows->task) ? "GFLOP/s" : "GB/s", true, 0},
        [ROOF] = {"of roof", true, 3},
        [END_TO_END] = {"e2e", true, 2},
        [SPEEDUP] = {"x", true, 0},
        [SPEEDUP_INTERVAL] = {"95 %", true, 4},
        [SPEEDUP_END_TO_END] = {"x e2e", true, 0},
        [SPEEDUP_END_TO_END_INTERVAL] = {"95 %", true, 1},
        [AGAINST] = {"against", false, 0},
        [ERROR] = {"err/bound", true, 0},
        [STATUS] = {"status", false, 0},
    };
    const struct look look = look_at(record, rows, count);
    const struct hcb_result *above = NULL;
    struct grid *grid = NULL;
    for (size_t i = 0; i < count; i++) {
        if (is_left_out(&rows[i]))
            continue;
        if (grid == NULL) {
            print_title(page, &rows->task, &look);
            grid = grid_new(columns, COLUMN_COUNT);
            page->failed |= grid == NULL;
        }
        add_result(grid, &rows[i], &look, above != NULL && same_shape(above, &rows[i]));
        above = &rows[i];
    }
    if (grid != NULL)
        grid_print(grid, page);
}

/* ----------------------------------------------------------------------- verify */

/* Rows of one device and impl. */
struct tally {
    const struct hcb_result *first;
    size_t counts[HCB_STATUS_COUNT];
    const struct hcb_result *worst; /* nearest to its limit, or farthest beyond */
};

static double of_limit(const struct hcb_result *row)
{
    return row->error.bound_ratio / row->error.limit;
}

static void count_row(struct tally *tally, const struct hcb_result *row)
{
    tally->counts[row->status]++;
    if (isfinite(of_limit(row)) && (tally->worst == NULL || of_limit(row) > of_limit(tally->worst)))
        tally->worst = row;
}

static struct tally *find_tally(struct tally *tallies, size_t *count, const struct hcb_result *row)
{
    for (size_t i = 0; i < *count; i++)
        if (tallies[i].first->task.impl == row->task.impl &&
            strcmp(tallies[i].first->device, row->device) == 0)
            return &tallies[i];
    tallies[*count] = (struct tally){.first = row};
    return &tallies[(*count)++];
}

static void add_tally(const struct record *record, struct grid *grid, const struct tally *tally)
{
    char text[112], ratio[NUMBER_SIZE];
    grid_line(grid);
    grid_cell(grid, 0, PAINT_NONE, "%s%s", tally->first->device,
              record_software_mark(record, tally->first->device));
    grid_cell(grid, 1, PAINT_NONE, "%s", hcb_impl_name(tally->first->task.impl));
    for (unsigned status = 0; status < HCB_STATUS_COUNT; status++)
        if (tally->counts[status] > 0)
            grid_cell(grid, 2 + status, status_paint((enum hcb_status)status), "%zu",
                      tally->counts[status]);
    if (tally->worst == NULL)
        return;
    grid_cell(grid, 2 + HCB_STATUS_COUNT, PAINT_NONE, "%s",
              number_rounded(tally->worst->error.bound_ratio, 2, ratio));
    grid_cell(grid, 3 + HCB_STATUS_COUNT, PAINT_NONE, "%s",
              number_rounded(tally->worst->error.limit, 2, ratio));
    grid_cell(grid, 4 + HCB_STATUS_COUNT, PAINT_NONE, "%s",
              hcb_case_text(&tally->worst->task, text, sizeof text));
}

static void print_tallies(const struct record *record, struct page *page)
{
    struct grid_column columns[5 + HCB_STATUS_COUNT] = {{"device", false, 0}, {"impl", false, 0}};
    struct tally *tallies = calloc(record->result_count, sizeof *tallies);
    size_t count = 0;
    if (tallies == NULL) {
        page->failed = true;
        return;
    }
    for (unsigned status = 0; status < HCB_STATUS_COUNT; status++)
        columns[2 + status] = (struct grid_column){hcb_status_name(status), true, 0};
    columns[2 + HCB_STATUS_COUNT] = (struct grid_column){"worst err/bound", true, 0};
    columns[3 + HCB_STATUS_COUNT] = (struct grid_column){"limit", true, 0};
    columns[4 + HCB_STATUS_COUNT] = (struct grid_column){"in", false, 0};
    for (size_t i = 0; i < record->result_count; i++)
        count_row(find_tally(tallies, &count, &record->results[i]), &record->results[i]);
    struct grid *grid = grid_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < count; i++)
        add_tally(record, grid, &tallies[i]);
    fputc('\n', page->out);
    grid_print(grid, page);
    if (any_software(record))
        page_wrap(page, 0, software_legend);
    free(tallies);
}

static void print_bad_rows(const struct hcb_result *rows, size_t count, struct page *page)
{
    char text[160], line[2 * HCB_REASON_SIZE], reason[HCB_REASON_SIZE];
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        const struct hcb_result *row = &rows[i];
        if (row->status == HCB_OK || is_left_out(row))
            continue;
        if (!any)
            fputc('\n', page->out);
        any = true;
        snprintf(line, sizeof line, "%s %s/%s %s: %s", hcb_status_name(row->status), row->device,
                 hcb_impl_name(row->task.impl), hcb_case_text(&row->task, text, sizeof text),
                 page_clip(row->reason, reason, sizeof reason));
        page_line(page, PAINT_BAD, line);
    }
}

/* --------------------------------------------------------------------- roofs */

static const struct hcb_result *find_roof(const struct record *record, const char *device,
                                          enum hcb_op op, unsigned precision)
{
    for (size_t i = 0; i < record->roofline_count; i++) {
        const struct hcb_result *row = &record->roofline[i];
        if (row->task.op == op && row->task.precision == precision &&
            strcmp(row->device, device) == 0)
            return row;
    }
    return NULL;
}

/* The rate, or why there is none. */
static void add_roof_cell(struct grid *grid, size_t column, double rate, const struct hcb_result *row)
{
    char text[NUMBER_SIZE];
    if (isfinite(rate) && rate > 0)
        grid_cell(grid, column, PAINT_NONE, "%s", number_rounded(rate, 4, text));
    else if (row != NULL && row->status != HCB_OK && !is_left_out(row))
        grid_cell(grid, column, status_paint(row->status), "%s", hcb_status_name(row->status));
}

/* Devices with what they reach at most. */
static void print_roofs(const struct record *record, struct page *page)
{
    static const char title[] = "roofline: GFLOP/s of multiply-adds by precision, GB/s of memory";
    struct grid_column columns[2 + HCB_PRECISION_COUNT] = {{"device", false, 0}};
    if (record->roofline_count == 0)
        return;
    for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
        columns[1 + precision] = (struct grid_column){hcb_precision_name(precision), true, 0};
    columns[1 + HCB_PRECISION_COUNT] = (struct grid_column){"GB/s", true, 0};
    struct grid *grid = grid_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < record->device_count; i++) {
        const char *id = record->devices[i].info.id;
        grid_line(grid);
        grid_cell(grid, 0, PAINT_NONE, "%s", id);
        for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
            add_roof_cell(grid, 1 + precision, record->devices[i].peak_gflops[precision],
                          find_roof(record, id, HCB_OP_PEAK, precision));
        add_roof_cell(grid, 1 + HCB_PRECISION_COUNT, record->devices[i].bandwidth_gbps,
                      find_roof(record, id, HCB_OP_TRIAD, HCB_PRECISION_F32));
    }
    fputc('\n', page->out);
    page_line(page, PAINT_TITLE, title);
    grid_print(grid, page);
}

/* ------------------------------------------------------------------- the record */

static bool same_table(const struct hcb_result *a, const struct hcb_result *b)
{
    return record_same_kind(&a->task, &b->task);
}

static bool has_tables(const struct record *record)
{
    for (size_t i = 0; i < record->result_count; i++)
        if (!is_left_out(&record->results[i]))
            return true;
    return false;
}

static void print_tables(const struct record *record, struct page *page)
{
    static const char legend[] =
        "Medians of the device's clock with the data resident, or of the host's where there is "
        "none; "
        "spread: middle half of the samples; e2e: upload, one launch, download; err/bound: largest "
        "error in units of its rounding bound.";
    if (has_tables(record)) {
        fputc('\n', page->out);
        page_wrap(page, 0, legend);
        if (any_software(record))
            page_wrap(page, 0, software_legend);
    }
    for (size_t first = 0, end; first < record->result_count; first = end) {
        for (end = first + 1; end < record->result_count; end++)
            if (!same_table(&record->results[first], &record->results[end]))
                break;
        print_table(record, &record->results[first], end - first, page);
    }
}

/* "48 rows: 45 ok, 3 unsupported" */
static void print_totals(const struct record *record, struct page *page)
{
    size_t counts[HCB_STATUS_COUNT] = {0};
    const char *between = ": ";
    for (size_t i = 0; i < record->result_count; i++)
        counts[record->results[i].status]++;
    fprintf(page->out, "\n%zu row%s", record->result_count, record->result_count == 1 ? "" : "s");
    for (unsigned status = 0; status < HCB_STATUS_COUNT; status++)
        if (counts[status] > 0) {
            const enum paint paint = status_paint((enum hcb_status)status);
            fprintf(page->out, "%s%s%zu %s%s", between, page_paint(page, paint), counts[status],
                    hcb_status_name(status), page_plain(page, paint));
            between = ", ";
        }
    fputc('\n', page->out);
}

void record_print_on(const struct record *record, struct page *page)
{
    devices_print(record, page);
    if (record->result_count > 0 && record->options->command == COMMAND_VERIFY) {
        print_tallies(record, page);
        scales_print(record, page);
        print_bad_rows(record->results, record->result_count, page);
    } else if (record->breakeven_count > 0) {
        breakeven_print(record, page);
        print_bad_rows(record->results, record->result_count, page);
    } else {
        print_tables(record, page);
        mixed_print(record, page);
        scales_print(record, page);
        print_roofs(record, page);
        print_bad_rows(record->roofline, record->roofline_count, page);
    }
    notes_print(record, page);
    print_totals(record, page);
}

bool record_print(const struct record *record)
{
    struct page page = page_on_stdout(record->options);
    record_print_on(record, &page);
    return page_end(&page);
}
