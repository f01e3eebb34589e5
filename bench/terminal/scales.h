/* SPDX-License-Identifier: Apache-2.0 */
/* What scaling does to 16-bit operands, as a table. */
#ifndef BENCH_TERMINAL_SCALES_H
#define BENCH_TERMINAL_SCALES_H

#include "terminal/page.h"

/* A line for each precision and scale; nothing without rows of --scale. */
void scales_print(const struct record *record, struct page *page);

#endif
