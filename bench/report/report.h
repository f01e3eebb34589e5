/* SPDX-License-Identifier: Apache-2.0 */
/* Result files as one HTML page that needs nothing else. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "report/sheet.h"

/* Reads options->files and writes options->output, and the plots into
 * options->plots.  Returns the exit status, after one line on stderr for what is not
 * as it was asked for.  A page without plots, because there is no gnuplot, is one. */
int report(const struct options *options);

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
