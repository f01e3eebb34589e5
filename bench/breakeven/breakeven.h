/* SPDX-License-Identifier: Apache-2.0 */
/* `hcbench breakeven`: from which size on a device is faster than the CPU. */
#ifndef BENCH_BREAKEVEN_H
#define BENCH_BREAKEVEN_H

#include <jansson.h>
#include <stdio.h>

#include "files/json.h"
#include "files/output.h"
#include "record.h"
#include "terminal/page.h"

/* Measures what the search wants, on the record's devices, and fills in the
 * record's results and break-evens.  Returns an exit status, after one line on
 * stderr when there is nothing to compare. */
int breakeven_run(struct record *record);

/* Views. */
void breakeven_print(const struct record *record, struct page *page);
void breakeven_write_csv(const struct record *record, struct output *output);
/* What a size and its interval cannot say: several crossings, a reason; nothing when
 * they say all. */
void breakeven_say(FILE *out, const struct breakeven *breakeven);
/* NULL when memory is short. */
json_t *breakeven_json(const struct record *record);

/* The other way: the array `breakeven` of a result file, which may be absent.  False
 * with a flaw. */
bool breakeven_take(const json_t *document, struct record *record, struct flaw *flaw);

#endif
