/* SPDX-License-Identifier: Apache-2.0 */
/* Result rows and records from JSON; record.h has the other way. */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "files/members.h"
#include "record.h"

/* What is wrong with a document, and where: "results.3.kernel.n". */
struct flaw {
    char path[160], what[240];
};

/* Notes a flaw, printf style, and returns false.  Does nothing when `flaw` is
 * NULL. */
bool flaw_note(struct flaw *flaw, const char *path, const char *format, ...) HCB_PRINTF(3, 4);
/* The flaw is within `name` or, with `index` >= 0, an element of it.  Returns
 * false. */
bool flaw_within(struct flaw *flaw, const char *name, long index);

/* A figure as a file has it, what it must be, and its name. */
struct claim {
    const char *name;
    double said, right;
};
/* Are all figures what they must be, but for the rounding of another compiler or
 * processor?  NaN is an absent one.  `within` comes before the names.  False with a
 * flaw. */
bool claims_hold(const char *within, const struct claim *claims, size_t count, struct flaw *flaw);

/* Writes a document as a file, "-" for stdout, and drops the reference to it; NULL means
 * that there was no memory for it.  False after one line on stderr. */
bool json_write(json_t *document, const char *path);

/* Is the format_version of a result file or journal one that is read here? */
bool record_take_version(const json_t *document, struct flaw *flaw);

/* Reads a row, which must be cleared in the end.  Members that are not known are
 * ignored.  False, with `result` untouched and `flaw` (may be NULL) filled in, when
 * it is not a row: a word that is not known, a text that is too long, a wrong type,
 * a number that cannot be, figures that do not follow from others of the row. */
bool record_result_from_json(const json_t *row, struct hcb_result *result, struct flaw *flaw);

/* The members beside `devices`, `absent_platforms` and `results`: what a run is. */
bool record_add_head(const struct record *record, json_t *document);
/* {"energy": SOURCE, ..., "unreadable": TEXT}; NULL when nobody asked. */
json_t *record_sensors_json(const struct device_sensors *sensors);
/* Adds the devices and platforms without any. */
bool record_add_devices(const struct record *record, json_t *document);

/* The other way.  The record gets what could be read; false with a flaw. */
bool record_take_head(const json_t *document, struct record *record, struct flaw *flaw);
bool record_take_devices(const json_t *document, struct record *record, struct flaw *flaw);
/* From such an object, or NULL; the flaw's path is within it. */
bool record_take_sensors(const json_t *object, struct device_sensors *sensors, struct flaw *flaw);
bool record_take_results(const json_t *document, struct record *record, struct flaw *flaw);
/* Takes `roofline`, the rows that measured the roofs; they replace those that are
 * there. */
bool record_take_roofs(const json_t *document, struct record *record, struct flaw *flaw);
/* Appends a row, which must be of one of the record's devices. */
bool record_take_result(const json_t *row, struct record *record, struct flaw *flaw);

#endif
