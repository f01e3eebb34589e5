/* SPDX-License-Identifier: Apache-2.0 */
/* `hcbench tune`: which parameters of our own kernels are the fastest on a device. */
#ifndef BENCH_TUNE_H
#define BENCH_TUNE_H

#include "record.h"
#include "terminal/page.h"
#include "tune/search.h"

enum tune_end {
    TUNE_KEPT,      /* parameters that are proven to be faster are in the store */
    TUNE_TABLE,     /* none are: those of the table stay */
    TUNE_STOPPED,   /* before it was decided: by the user, or no time was left */
    TUNE_FAILED     /* the table's own parameters failed, or the store */
};

/* What a point did in a contest. */
struct tune_candidate {
    uint64_t values[HCB_PARAMETERS_MAX];
    enum hcb_status status;
    char reason[HCB_REASON_SIZE];
    struct hcb_summary time;  /* of a launch, seconds */
    struct hcb_ratio speedup; /* over the first of the contest; NaN where it is unknown */
};

/* Points that took turns; the first is the best so far, in the last contest the table. */
struct tune_contest {
    bool is_last;
    size_t count;
    struct tune_candidate candidates[TUNE_CONTENDERS_MAX];
};

/* What came of the search for one case. */
struct tune_case {
    const struct hcb_result *row; /* device and case; the record's */
    struct hcb_parameters parameters;
    enum tune_end end;
    char reason[HCB_REASON_SIZE]; /* why it ended so */
    double table_s, best_s;       /* median of a launch; NaN: not measured, or the table's */
    struct hcb_ratio speedup;     /* of the best over the table; NaN: none looked better */
    uint64_t values[HCB_PARAMETERS_MAX]; /* of the best */
    long tried;      /* besides the table */
    unsigned failed; /* of those: wrong, crashed, refused ... */
    struct tune_contest *contests; /* malloc'ed */
    size_t contest_count;
};

/* Searches on the record's devices, keeps what is faster, and writes what the options ask
 * for: a file, a table.  Returns an exit status. */
int tune_run(struct record *record);

/* Views.  hcbench-result(5) describes the file. */
bool tune_write_json(const struct record *record, const struct tune_case *cases, size_t count,
                     const char *path);
void tune_print(const struct record *record, const struct tune_case *cases, size_t count,
                struct page *page);

#endif
