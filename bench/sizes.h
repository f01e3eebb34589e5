/* SPDX-License-Identifier: Apache-2.0 */
/* The list of sizes that --size takes. */
#ifndef BENCH_SIZES_H
#define BENCH_SIZES_H

#include "options.h"

enum { SIZES_MAX = 1000 };

/* Reads "256,1024", "256-4096*2" (times 2), "512-2048+512" (plus 512), "MxNxK"
 * and mixtures.  A size that is there twice counts once.  On success `*sizes` is
 * malloc'ed; else `why` says in words what is wrong and what would be right. */
bool sizes_read(const char *list, struct size_request **sizes, size_t *count, char *why,
                size_t why_size);

#endif
