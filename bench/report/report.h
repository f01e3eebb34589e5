/* SPDX-License-Identifier: Apache-2.0 */
/* Result files as one HTML page that needs nothing else. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "numbers.h"
#include "report/html.h"
#include "report/plots.h"

/* Reads options->files and writes options->output, and the plots into
 * options->plots.  Returns the exit status, after one line on stderr for what is not
 * as it was asked for.  A page without plots, because there is no gnuplot, is one. */
int report(const struct options *options);

/* A page in the making; what follows is shared by the files that write it. */
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

/* Is the device faster than the CPU?  A list and a table for each file. */
void report_answer(struct sheet *sheet);
/* From which size on it is, where that was searched for. */
void report_breakevens(struct sheet *sheet);
/* A section for each op with plots and tables. */
void report_ops(struct sheet *sheet);

/* How near to what the hardware can do: a plot and a line for each device. */
void report_roofs(struct sheet *sheet);
/* Rows that failed, with their reasons; nothing when all is well. */
bool report_has_failures(const struct runs *runs);
void report_failures(struct sheet *sheet);
/* Warnings, notes, and what is unsupported. */
void report_notes(struct sheet *sheet);
/* Devices and what they can do, machines, commands, kernels. */
void report_machines(struct sheet *sheet);

/* report.css, made during the build */
extern const char report_css[];

#endif
