/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of many rows, said once: reasons, notes and warnings, each with the
 * rows that it is about. */
#ifndef BENCH_NOTES_H
#define BENCH_NOTES_H

#include "page.h"

/* Prints everything of the record that the tables do not. */
void notes_print(const struct record *record, struct page *page);

#endif
