/* SPDX-License-Identifier: Apache-2.0 */
/* What the sections of a report are written with: tables, numbers, plots. */
#ifndef BENCH_SHEET_H
#define BENCH_SHEET_H

#include "numbers.h"
#include "report/html.h"
#include "report/plots.h"

/* A page in the making. */
struct sheet {
    struct html html;
    const struct runs *runs;
    const struct plots *plots;
    bool failed; /* memory was short */
};

/* A column of a table; numbers are on the right. */
struct head_cell {
    const char *text;
    bool number;
};

/* A table in a box of its own, in which it scrolls where it is too wide: first come
 * the row's name and what answers, which then fit a phone.  `label` names the box for
 * screen readers. */
void sheet_begin_table(struct sheet *sheet, const char *label, const struct head_cell *cells,
                       size_t count);
void sheet_end_table(struct sheet *sheet);
/* A line that heads the rows below it, across all `count` columns. */
void sheet_group(struct sheet *sheet, size_t count, const char *text);
void sheet_cell(struct sheet *sheet, const char *text);
/* Rounded, with the unit if any; empty for NaN. */
void sheet_number(struct sheet *sheet, double value, int digits, const char *unit);
/* A speedup, rounded.  Returns `text`. */
char *ratio_text(double ratio, char text[NUMBER_SIZE]);
/* A cell with a speedup and its interval. */
void sheet_ratio(struct sheet *sheet, const struct hcb_ratio *ratio);
/* Median time in a cell; empty for NaN. */
void sheet_seconds(struct sheet *sheet, double seconds);
/* A plot with legend and title; nothing when it was not drawn. */
void sheet_plot(struct sheet *sheet, const struct plot *plot);

#endif
