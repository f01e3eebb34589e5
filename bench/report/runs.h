/* SPDX-License-Identifier: Apache-2.0 */
/* The records of several files side by side: what each file is called, which rows
 * belong into one table or plot, and who is drawn how.  Prints nothing. */
#ifndef BENCH_RUNS_H
#define BENCH_RUNS_H

#include "record.h"

/* One file. */
struct run {
    struct record record;
    const char *path;
    char *label; /* its host, else its name, so that no two are alike */
};

/* One device and impl of one file: a line in a plot, the same in all of them. */
struct series {
    size_t run;
    const struct hcb_result *row; /* the first one */
    bool is_baseline;
    unsigned color; /* 0: of the baseline; the same device and impl in each file */
    unsigned mark;  /* another one for each series, as long as there are any */
    char label[160]; /* "opencl:0/tile", with record_software_mark; the file's before it where there are several */
};

struct runs {
    struct run *list;
    size_t count;
    struct series *series;
    size_t series_count;
};

/* A row with its file and its series. */
struct entry {
    const struct hcb_result *row;
    size_t run, series;
};

/* What the figures of a table are. */
enum measure { MEASURE_GFLOPS, MEASURE_GBPS, MEASURE_SECONDS };

/* Rows of one kind, by size, then file. */
struct group {
    struct hcb_case kind;
    enum measure measure;
    struct entry *entries;
    size_t count;
};

enum { RUN_COLORS = 8, RUN_MARKS = 10 };

/* Reads the files; false after one line on stderr. */
bool runs_read(struct runs *runs, char *const *paths, size_t count);
void runs_clear(struct runs *runs);
/* Names the files and makes the series; runs_read does it.  False when memory is
 * short. */
bool runs_prepare(struct runs *runs);

/* NULL when the file has no such row. */
const struct series *runs_find_series(const struct runs *runs, size_t run, const char *device,
                                      enum hcb_impl impl);
/* The rows of a kind; none: count is 0.  False when memory is short. */
bool runs_group(const struct runs *runs, const struct hcb_case *kind, struct group *group);
/* The groups of all kinds of an op; returns how many, 0 when memory is short. */
size_t runs_groups(const struct runs *runs, enum hcb_op op, struct group groups[RECORD_KINDS_MAX]);
void group_clear(struct group *group);
/* The row over which a row's speedups are; NULL when one of the two is not ok, and no
 * speedup may be shown then. */
const struct hcb_result *group_baseline(const struct group *group, const struct entry *entry);

/* A number of a row by its name in the result file; NaN when it was not measured,
 * or when this version has no such number. */
double row_number(const struct hcb_result *row, const char *name);
/* The text likewise; "" for none. */
const char *row_text(const struct hcb_result *row, const char *name);
/* Is it ok and does it have a clock? */
bool row_is_measured(const struct hcb_result *row);
/* The extent that plots have on their axis: elements, or for a matmul the cube
 * root of MNK, which is N where all three are. */
double row_size(const struct hcb_result *row);
bool row_is_cube(const struct hcb_result *row);
/* "1024" for a cube and for vectors, else "640x480x320", as --size takes it.  Returns
 * `text`. */
char *row_size_text(const struct hcb_result *row, char *text, size_t size);
/* Median of a clock with its interval as rates (or seconds); NaN for what there is
 * not. */
struct rate {
    double middle, low, high;
};
struct rate row_rate(const struct hcb_result *row, enum measure measure, bool end_to_end);

/* Of an op's groups: that of the first that has rows. */
enum measure groups_measure(const struct group *groups, size_t count);

/* "GFLOP/s", "GB/s", "s" */
const char *measure_unit(enum measure measure);

/* What multiply-adds and memory of a device reach at most; NaN for what was not
 * measured. */
struct roof {
    double peak_gflops[HCB_PRECISION_COUNT], bandwidth_gbps;
};
struct roof run_roof(const struct run *run, const char *device);

#endif
