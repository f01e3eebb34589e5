/* SPDX-License-Identifier: Apache-2.0 */
/* Two records side by side: which rows belong together, a verdict for each, and what
 * the reader must know to believe it.  Reads and writes nothing. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include "compare/change.h"
#include "record.h"

/* A row of either record, or the same row of both. */
struct comparison_row {
    const struct hcb_result *base, *now; /* NULL: not in that record */
    enum verdict verdict;                /* by status, else that of `time` */
    const char *clock;                   /* of `time`: "kernel", "wall"; "" without */
    struct change time, end_to_end;      /* end_to_end.exists may be false */
    char reason[HCB_REASON_SIZE + 32];
};

/* A line for the reader. */
struct comparison_note {
    const char *kind; /* "differs", "warning", "note" */
    char *text;       /* malloc'ed */
};

struct comparison {
    const struct record *base, *now;
    double threshold; /* percent */
    struct comparison_row *rows; /* in the order of `now`, then what is gone */
    size_t row_count;
    int *counterparts; /* of each device of `base`: index in `now`, or -1 */
    size_t counts[VERDICT_COUNT], end_to_end_counts[VERDICT_COUNT];
    size_t left_out; /* rows that neither file measured */
    struct comparison_row **controls; /* of the clock that is being judged, by case */
    size_t control_count;
    struct run_noise control[2]; /* of the control rows' ratios, time and end to end */
    struct comparison_note *notes;
    size_t note_count;
};

/* Compares.  The records must outlive the comparison.  False when memory is short;
 * compare_clear accepts it all the same.
 *
 * Devices belong together by hardware and driver, else by id and name, else by name and
 * driver, else when they are the only ones of one driver and type on one host, always on
 * one platform.  What computes on the processor does so only when that is the same. */
bool compare_records(const struct record *base, const struct record *now, double threshold,
                     struct comparison *comparison);
void compare_clear(struct comparison *comparison);

/* Exit status of the program: EXIT_BAD_ROW when something is slower, by either clock,
 * or broken, when `strict` and something is gone, or when no row is in both. */
int compare_exit_status(const struct comparison *comparison, bool strict);

/* False when the records have no row that ran in both. */
bool compare_has_common_row(const struct comparison *comparison);
/* True when a row is `ok` in both. */
bool compare_is_timed(const struct comparison_row *row);
/* Is a device of `base` the same hardware as one of `now`?  By UUID, else on one host by PCI
 * address; what computes on the processor is other hardware on another one. */
enum hardware { HARDWARE_UNKNOWN, HARDWARE_SAME, HARDWARE_OTHER };
enum hardware compare_hardware(const struct comparison *comparison, const struct hcb_device_info *base,
                               const struct hcb_device_info *now);
/* Finds the counterparts; false when memory is short. */
bool compare_devices(struct comparison *comparison);
/* The id in `now` of a device of `base`; NULL: it is not there. */
const char *compare_counterpart(const struct comparison *comparison, const char *id);
/* Adds a note, printf style; false when memory is short. */
bool compare_note(struct comparison *comparison, const char *kind, const char *format, ...)
    HCB_PRINTF(3, 4);
/* Notes on what differs besides the times: environment, drivers, kernels, errors
 * (differences.c). */
bool compare_differences(struct comparison *comparison);

/* Views: see record.h. */
bool compare_print(const struct comparison *comparison, const struct options *options);
bool compare_write_json(const struct comparison *comparison, const char *path);
bool compare_write_csv(const struct comparison *comparison, const char *path);

#endif
