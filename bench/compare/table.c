/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison for people: a table per op and precision of the rows that are not
 * the same, lines on what else differs, and a count of the verdicts. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compare/compare.h"
#include "numbers.h"
#include "terminal/grid.h"
#include "terminal/page.h"

enum column {
    SHAPE,
    DEVICE,
    IMPL,
    CLOCK,
    BASE,
    NEW,
    SPEED,
    INTERVAL,
    VERDICT,
    END_TO_END,
    END_TO_END_INTERVAL,
    END_TO_END_VERDICT,
    REASON,
    COLUMN_COUNT
};

static enum paint verdict_paint(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_FASTER:
    case VERDICT_FIXED: return PAINT_GOOD;
    case VERDICT_SLOWER:
    case VERDICT_BROKEN: return PAINT_BAD;
    case VERDICT_SAME:
    case VERDICT_UNCLEAR: return PAINT_FAINT;
    default: return PAINT_NONE;
    }
}

/* The row that a table shows: that of NEW, else that of BASE. */
static const struct hcb_result *shown(const struct comparison_row *row)
{
    return row->now != NULL ? row->now : row->base;
}

static bool is_worth_a_line(const struct comparison_row *row)
{
    return row->verdict != VERDICT_SAME ||
           (row->end_to_end.exists && (row->end_to_end.verdict == VERDICT_SLOWER ||
                                       row->end_to_end.verdict == VERDICT_FASTER));
}

/* ----------------------------------------------------------------------- a table */

static void add_seconds(struct grid *grid, enum column column, double seconds)
{
    char text[NUMBER_SIZE];
    if (isfinite(seconds))
        grid_cell(grid, column, PAINT_NONE, "%s", number_seconds(seconds, text));
}

/* Three decimals from 0.2 on, so that a percent shows. */
static const char *ratio_text(double ratio, char *text)
{
    return number_rounded(ratio, ratio >= 1 ? 4 : 3, text);
}

/* Ratio, interval and verdict in `column` and the two behind it. */
static void add_change(struct grid *grid, enum column column, const struct change *change,
                       enum verdict verdict)
{
    char ratio[NUMBER_SIZE], low[NUMBER_SIZE], high[NUMBER_SIZE];
    const enum paint paint = verdict_paint(verdict);
    if (isfinite(change->speed.ratio))
        grid_cell(grid, column, paint, "%s", ratio_text(change->speed.ratio, ratio));
    if (isfinite(change->speed.ci95_low))
        grid_cell(grid, column + 1, PAINT_NONE, "%s..%s", ratio_text(change->speed.ci95_low, low),
                  ratio_text(change->speed.ci95_high, high));
    grid_cell(grid, column + 2, paint, "%s", verdict_name(verdict));
}

static double own_time(const struct hcb_result *row)
{
    const struct hcb_summary *clock = &hcb_result_clock(row)->summary;
    return clock->n > 0 ? clock->median : (double)NAN;
}

static void add_row(struct grid *grid, const struct comparison_row *row, bool same_shape)
{
    const struct hcb_result *result = shown(row);
    char shape[72], reason[HCB_REASON_SIZE + 32];
    grid_line(grid);
    grid_cell(grid, SHAPE, PAINT_NONE, "%s",
              same_shape ? "" : hcb_shape_text(&result->task, shape, sizeof shape));
    grid_cell(grid, DEVICE, PAINT_NONE, "%s", result->device);
    grid_cell(grid, IMPL, PAINT_NONE, "%s", hcb_impl_name(result->task.impl));
    if (strcmp(row->clock, "wall") == 0)
        grid_cell(grid, CLOCK, PAINT_NONE, "%s", row->clock);
    if (compare_is_timed(row)) {
        add_seconds(grid, BASE, row->time.base_s);
        add_seconds(grid, NEW, row->time.new_s);
        add_change(grid, SPEED, &row->time, row->verdict);
        if (row->end_to_end.exists)
            add_change(grid, END_TO_END, &row->end_to_end, row->end_to_end.verdict);
    } else {
        if (row->base != NULL)
            add_seconds(grid, BASE, own_time(row->base));
        if (row->now != NULL)
            add_seconds(grid, NEW, own_time(row->now));
        grid_cell(grid, VERDICT, verdict_paint(row->verdict), "%s", verdict_name(row->verdict));
    }
    grid_cell(grid, REASON, PAINT_NONE, "%s", page_clip(row->reason, reason, sizeof reason));
}

static bool same_shape(const struct hcb_result *a, const struct hcb_result *b)
{
    return a->task.shape.m == b->task.shape.m && a->task.shape.n == b->task.shape.n &&
           a->task.shape.k == b->task.shape.k && a->task.scale == b->task.scale;
}

/* Rows of one kind. */
static void print_table(const struct comparison *c, const struct hcb_case *kind, bool all,
                        struct page *page)
{
    static const struct grid_column columns[COLUMN_COUNT] = {
        [SHAPE] = {"shape", true, 0},     [DEVICE] = {"device", false, 0},
        [IMPL] = {"impl", false, 0},      [CLOCK] = {"clock", false, 0},
        [BASE] = {"base", true, 2},       [NEW] = {"new", true, 2},
        [SPEED] = {"x", true, 0},         [INTERVAL] = {"95 % interval", false, 1},
        [VERDICT] = {"verdict", false, 0}, [END_TO_END] = {"x e2e", true, 0},
        [END_TO_END_INTERVAL] = {"95 % interval", false, 1},
        [END_TO_END_VERDICT] = {"e2e", false, 0}, [REASON] = {"", false, 0},
    };
    const struct hcb_result *above = NULL;
    struct grid *grid = NULL;
    char title[96], text[32];
    for (size_t i = 0; i < c->row_count; i++) {
        const struct comparison_row *row = &c->rows[i];
        if (!record_same_kind(&shown(row)->task, kind) || !(all || is_worth_a_line(row)))
            continue;
        if (grid == NULL) {
            snprintf(title, sizeof title, "%s %s", hcb_op_name(kind->op),
                     hcb_kind_text(kind, text, sizeof text));
            fputc('\n', page->out);
            page_line(page, PAINT_TITLE, title);
            grid = grid_new(columns, COLUMN_COUNT);
            page->failed |= grid == NULL;
        }
        add_row(grid, row, above != NULL && same_shape(above, shown(row)));
        above = shown(row);
    }
    if (grid != NULL)
        grid_print(grid, page);
}

/* ------------------------------------------------------------- around the tables */

static void print_head(const struct comparison *c, const struct options *options, struct page *page)
{
    static const char legend[] =
        "x: NEW is so many times as fast as BASE, by the device's clock with the data resident; "
        "e2e: upload, one launch, download.";
    const struct record *records[] = {c->base, c->now};
    for (size_t i = 0; i < 2; i++) {
        char file[200], started[40], host[140], version[40];
        fprintf(page->out, "%s  %s: %s, %s, hcbench %s, %zu row%s\n", i == 0 ? "BASE" : "NEW ",
                page_clip(options->files[i], file, sizeof file),
                page_clip(records[i]->started, started, sizeof started),
                page_clip(records[i]->environment.host, host, sizeof host),
                page_clip(records[i]->version, version, sizeof version), records[i]->result_count,
                records[i]->result_count == 1 ? "" : "s");
    }
    fputc('\n', page->out);
    page_wrap(page, 0, legend);
}

static void print_notes(const struct comparison *c, struct page *page)
{
    char line[1100];
    for (size_t i = 0; i < c->note_count; i++) {
        if (i == 0)
            fputc('\n', page->out);
        snprintf(line, sizeof line, "%s: %s", c->notes[i].kind, c->notes[i].text);
        page_wrap(page, 4, line);
    }
}

/* "120 rows: 110 same, 4 faster" */
static void print_counts(const char *what, const size_t *counts, size_t total, struct page *page)
{
    const char *between = ": ";
    fprintf(page->out, "%s%zu row%s", what, total, total == 1 ? "" : "s");
    for (unsigned verdict = 0; verdict < VERDICT_COUNT; verdict++)
        if (counts[verdict] > 0) {
            const enum paint paint = verdict_paint((enum verdict)verdict);
            fprintf(page->out, "%s%s%zu %s%s", between, page_paint(page, paint), counts[verdict],
                    verdict_name(verdict), page_plain(page, paint));
            between = ", ";
        }
    fputc('\n', page->out);
}

bool compare_print(const struct comparison *comparison, const struct options *options)
{
    struct page page = page_on_stdout(options);
    struct hcb_case kind;
    size_t end_to_end = 0;
    print_head(comparison, options, &page);
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        for (unsigned i = 0; record_kind((enum hcb_op)op, i, &kind); i++)
            print_table(comparison, &kind, options->all, &page);
    print_notes(comparison, &page);
    fputc('\n', page.out);
    for (unsigned verdict = 0; verdict < VERDICT_COUNT; verdict++)
        end_to_end += comparison->end_to_end_counts[verdict];
    if (end_to_end > 0)
        print_counts("end to end, ", comparison->end_to_end_counts, end_to_end, &page);
    print_counts("", comparison->counts, comparison->row_count, &page);
    return page_end(&page);
}
