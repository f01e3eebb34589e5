/* SPDX-License-Identifier: Apache-2.0 */
/* Makes sure that the CPU baseline is a fair one. */
#ifndef BENCH_FAIR_CPU_H
#define BENCH_FAIR_CPU_H

#include "link.h"
#include "record.h"

/* An OpenBLAS that does not know the processor falls back to kernels several
 * times too slow.  Tries the core types that the processor can execute, each in
 * a worker of its own, with a short matmul; writes "OPENBLAS_CORETYPE=NAME" to
 * `variable` when a core type other than the detected one is faster, else "".
 * Notes in the record what was detected and how it compares.  Does nothing
 * without a CPU device, when the BLAS names no core type, or when the user has
 * set OPENBLAS_CORETYPE. */
void choose_blas_core(struct record *record, const struct link_options *how, char *variable, size_t size);

#endif
