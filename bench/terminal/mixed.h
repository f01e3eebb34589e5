/* SPDX-License-Identifier: Apache-2.0 */
/* What 16-bit inputs gain and cost, as a table. */
#ifndef BENCH_TERMINAL_MIXED_H
#define BENCH_TERMINAL_MIXED_H

#include "terminal/page.h"

/* Nothing when no device has rows both with 16-bit inputs and in f32. */
void mixed_print(const struct record *record, struct page *page);

#endif
