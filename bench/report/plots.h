/* SPDX-License-Identifier: Apache-2.0 */
/* The plots of a report: for each the data with a header that names units, the
 * gnuplot commands, a legend, and, once drawn, SVG for the page. */
#ifndef BENCH_PLOTS_H
#define BENCH_PLOTS_H

#include "report/draw.h"
#include "report/runs.h"

enum plot_kind { PLOT_RATE, PLOT_END_TO_END, PLOT_SPLIT, PLOT_ERROR, PLOT_ROOFLINE };
/* How a plot stands in the page: beside others, or on a phone. */
enum plot_form { PLOT_WIDE, PLOT_NARROW, PLOT_FORM_COUNT };

enum key_kind { KEY_LINE, KEY_POINT, KEY_AREA, KEY_ROOF, KEY_BREAK_EVEN };
struct key {
    enum key_kind kind;
    unsigned color, mark;
    char *label;
};

struct plot {
    enum plot_kind kind;
    enum hcb_op op;
    struct hcb_case rows; /* of rates and splits: the kind */
    size_t run, device;           /* rooflines */
    char name[64];    /* of its files, without ending */
    char title[128];
    unsigned height;  /* of the wide form; pixels */
    unsigned left_out; /* lines that would be too many */
    const char *note; /* what the caption says besides the title; NULL: nothing */
    char *data, *script;
    struct key *keys;
    size_t key_count;
    char *svg[PLOT_FORM_COUNT]; /* what goes between <svg> and </svg>; NULL: not drawn */
};

struct plots {
    struct plot *list;
    size_t count;
    bool failed;              /* memory was short, or a file could not be written */
    char reason[DRAW_REASON]; /* why some are not drawn; "" when all are */
};

enum { PLOT_WIDTH = 420, PLOT_WIDTH_NARROW = 330 };

/* Makes all plots that the runs have data for and has gnuplot draw them.
 * `directory`: data, scripts, SVG and PNG are written there as well, one line on
 * stderr for what cannot be; NULL for none.  `timeout_s` is for each plot. */
void plots_make(struct plots *plots, const struct runs *runs, const char *directory,
                double timeout_s);
void plots_clear(struct plots *plots);

/* Height of a form. */
unsigned plot_height(const struct plot *plot, enum plot_form form);
/* The sign of a series in legends, a character of UTF-8. */
const char *plot_mark(unsigned mark);

#endif
