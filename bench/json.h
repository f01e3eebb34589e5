/* SPDX-License-Identifier: Apache-2.0 */
/* Result rows from JSON; record.h has the other way. */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "record.h"

/* Reads a row, which must be cleared in the end.  Members that are not known are
 * ignored.  False, with `result` untouched, when it is not a row: a word that is
 * not known, a text that is too long, a wrong type, as many samples as were not
 * counted. */
bool record_result_from_json(const json_t *row, struct hcb_result *result);
/* A string of any bytes; what is not UTF-8 is shown as '?'. */
json_t *json_words(const char *text);

#endif
