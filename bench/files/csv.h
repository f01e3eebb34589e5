/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of CSV, RFC 4180. */
#ifndef BENCH_CSV_H
#define BENCH_CSV_H

#include "files/output.h"

/* A text, quoted where it must be. */
void csv_text(struct output *output, const char *text);
/* A number, exactly; nothing when it is not finite. */
void csv_number(struct output *output, double number);

#endif
