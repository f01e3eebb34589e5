/* SPDX-License-Identifier: Apache-2.0 */
/* Makes sure that the CPU baseline is a fair one. */
#ifndef BENCH_FAIR_CPU_H
#define BENCH_FAIR_CPU_H

#include "measure/link.h"
#include "record.h"

/* What the CPU's worker has in its environment besides ours; `list` is for
 * link_options and points into the structure. */
struct cpu_variables {
    char core[96];    /* "OPENBLAS_CORETYPE=NAME", or "" */
    char threads[48]; /* "OPENBLAS_NUM_THREADS=N" */
    const char *list[4];
};

/* Decides how the BLAS behind the CPU device is run, and notes in the record what
 * was detected, what is used and how they compare.
 *
 * An OpenBLAS that does not know the processor falls back to kernels several times
 * too slow.  So a run tries the core types that the processor can execute, each in
 * a worker of its own, in rounds of a short matmul, and takes another than the
 * detected one when that is proven to be faster (fair_choice.h).  What the user chose
 * (options->cpu_core, or OPENBLAS_CORETYPE) is taken without a trial, and reported on
 * stderr when the library took another.  There is no trial without isolation, for
 * `verify`, when no row uses the BLAS, or when the BLAS has no core types. */
void settle_cpu(struct record *record, const struct link_options *how,
                struct cpu_variables *variables);

#endif
