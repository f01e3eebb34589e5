/* SPDX-License-Identifier: Apache-2.0 */
/* What the result file says besides its rows: tables for the writer, the reader and
 * the test of hcbench-result(5).  Rows are hcb_result_field's. */
#ifndef BENCH_SCHEMA_H
#define BENCH_SCHEMA_H

#include "files/members.h"
#include "record.h"

#define RESULT_FORMAT "hcbench-result"
#define JOURNAL_FORMAT "hcbench-journal"
enum { FORMAT_VERSION = 1 };

/* environment.blas: what the cpu device tells of its library, and what was found out
 * about it. */
struct blas_facts {
    char name[96], version[160], core_detected[64], core_used[64];
    char core_chosen_by[24]; /* schema_core_choice */
    char core_asked[64];
    uint32_t cores_tried;
    char core_trial[16]; /* schema_undecided, or "" */
    double fair_ratio;
    uint32_t threads;
};

/* Of struct hcb_environment. */
extern const struct member schema_environment[], schema_cpu[];
/* Of struct sampling_limits. */
extern const struct member schema_sampling[];
/* Of struct blas_facts. */
extern const struct member schema_blas[];
/* Of struct absence, without its status. */
extern const struct member schema_absence[];

/* What core_trial says of a trial that proved nothing. */
extern const char schema_undecided[];
/* The words for enum core_choice; "" when nobody chose, NULL past the end. */
const char *schema_core_choice(unsigned choice);

/* What the record knows of the BLAS; false when there is none. */
bool schema_blas_facts(const struct record *record, struct blas_facts *facts);

#endif
