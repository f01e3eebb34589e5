/* SPDX-License-Identifier: Apache-2.0 */
/* One line on a terminal that says what is going on. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <hcbench.h>
#include <stdbool.h>

/* Nothing is shown when `wanted` is false or stderr is no terminal. */
void progress_begin(bool wanted, size_t rows);
/* `done` rows are finished, and `result` is being worked on. */
void progress_show(size_t done, const struct hcb_result *result, const char *phase);
void progress_end(void);

#endif
