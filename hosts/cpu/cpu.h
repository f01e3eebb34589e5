/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: the device, the plan, and how an impl
 * joins in. */
#ifndef HCB_CPU_H
#define HCB_CPU_H

#include "platform.h"
#include "pool.h"
#include "vector.h"

/* How the CBLAS is told its number of threads; both NULL when it cannot be. */
struct cpu_blas {
    void (*set_threads_int)(int);
    void (*set_threads_long)(long);
};

struct cpu_device {
    struct hcb_device base;
    struct cpu_blas blas;
    struct cpu_pool *pool;
    const struct cpu_vector_level *level;
};

/* A reduction is cut into at most this many pieces. */
enum { CPU_PIECES_MAX = 1024 };

struct cpu_plan {
    struct hcb_plan base;
    const void *inputs[HCB_INPUTS_MAX]; /* NULL where the op has one */
    void *output;
    void *scratch;        /* info.scratch_bytes */
    cpu_reduction *piece; /* of a reduction */
    struct cpu_sum partial[CPU_PIECES_MAX];
};

/* Who computes a case.  All but launch may be NULL. */
struct cpu_impl {
    /* HCB_OK, or HCB_UNSUPPORTED with the reason. */
    enum hcb_status (*supports)(struct hcb_device *device, const struct hcb_case *c);
    /* Memory besides the operands. */
    uint64_t (*scratch_bytes)(const struct cpu_device *device, const struct hcb_case *c);
    /* Fills in info and what launch reads. */
    void (*prepare)(struct cpu_plan *plan);
    /* Before the launches of one run; not timed. */
    void (*begin)(struct cpu_plan *plan);
    enum hcb_status (*launch)(struct cpu_plan *plan);
};

extern const struct cpu_impl hcbi_cpu_openblas, hcbi_cpu_native;

static inline const struct cpu_device *cpu_device_of(const struct cpu_plan *plan)
{
    return (const struct cpu_device *)plan->base.queue->device;
}

/* ---------------------------------------------------------------- openblas */

/* Driver, version, target and threads of the CBLAS behind this build; without one,
 * "none" and the level of our own code.  info->compute_units are known. */
void hcbi_cpu_blas_describe(struct hcb_device_info *info);
void hcbi_cpu_blas_open(struct cpu_blas *blas);
/* Lets the library use this many threads, where it can be told. */
void hcbi_cpu_blas_threads(const struct cpu_blas *blas, unsigned threads);

/* -------------------------------------------------------------- reductions */

/* Cuts n elements into pieces of equal length, the last one shorter; a function
 * of n alone, so that every run and every number of threads gives the same
 * bits. */
uint64_t hcbi_cpu_piece_length(uint64_t n);
/* The plan's op over its pieces; info.depth for `sums` independent sums. */
void hcbi_cpu_reduce(struct cpu_plan *plan);
/* Are its terms added in f64? */
bool hcbi_cpu_sums_in_f64(const struct hcb_case *c);
uint64_t hcbi_cpu_reduce_depth(const struct hcb_case *c, unsigned sums);

/* ------------------------------------------------------------- elementwise */

/* copy, triad, launch and peak. */
void hcbi_cpu_elementwise(struct cpu_plan *plan);

/* ---------------------------------------------------------- matmul of bytes */

/* Memory that hcbi_cpu_matmul_bytes needs, aligned to 64 bytes. */
uint64_t hcbi_cpu_matmul_bytes_scratch(const struct cpu_byte_kernel *kernel,
                                       const struct hcb_shape *shape);
void hcbi_cpu_matmul_bytes(struct cpu_pool *pool, const struct cpu_byte_kernel *kernel,
                           const struct hcb_shape *shape, const int8_t *a, const int8_t *b,
                           void *scratch, int32_t *c);

#endif
