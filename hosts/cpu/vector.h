/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops, compiled once per vector extension; the processor's best is
 * chosen at run time.  Knows no plans and no threads. */
#ifndef HCB_CPU_VECTOR_H
#define HCB_CPU_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcbench.h"

/* high + low; low is for sums that f64 does not hold. */
struct cpu_sum {
    double high, low;
};

/* The sum of x[i], or of x[i] y[i], over `count` elements, in the accumulator's
 * format or as the variant has it; an integer wraps modulo 2^32.  A sum ignores y. */
typedef struct cpu_sum cpu_reduction(const void *x, const void *y, size_t count);

/* sum += term, and sum->low the rounding error of that (Knuth's TwoSum). */
static inline void cpu_add_exactly(struct cpu_sum *sum, double term)
{
    const double total = sum->high + term, back = total - sum->high;
    sum->low += (sum->high - (total - back)) + (term - back);
    sum->high = total;
}

/* 16-bit floats to f32. */
typedef void cpu_conversion(const uint16_t *from, float *to, size_t count);

/* z[i] = x[i] + 3 y[i] in the type of z.  With `past_caches` z is written to memory
 * without being read into the caches first, where the processor can. */
typedef void cpu_triad(const void *x, const void *y, void *z, size_t count, bool past_caches);

/* HCB_PEAK_ROUNDS times acc = factor acc + term on each element, in as many
 * independent chains as keep the multiply-add units busy. */
typedef void cpu_peak(const void *x, void *z, size_t count, double factor, double term);
enum { CPU_PEAK_RUN = 192 }; /* elements at a time, a multiple for every level */

/* The matmul of bytes works on 32-bit words of `group` consecutive terms: two
 * 16-bit or four 8-bit integers.  A tile is `rows` x `columns` elements of the
 * output.  Everything is unsigned, modulo 2^32.
 *
 * pack_a and pack_b write one panel: word [g][r] of `rows` rows of A (each
 * `stride` bytes after the other), word [g][j] of `columns` columns of B.  Rows
 * and columns past `extent`, and terms past `terms`, count as zeros.  pack_b also
 * writes what the sum of column j must start from to start[j].
 *
 * tile: out[r][j] = start[j] + sum over g < groups of a[g][r] . b[g][j]; a NULL
 * start is zeros. */
struct cpu_byte_kernel {
    unsigned rows, columns, group;
    void (*pack_a)(const int8_t *a, size_t stride, size_t extent, size_t terms, uint32_t *panel);
    void (*pack_b)(const int8_t *b, size_t stride, size_t extent, size_t terms, uint32_t *panel,
                   uint32_t *start);
    void (*tile)(size_t groups, const uint32_t *a, const uint32_t *b, const uint32_t *start,
                 uint32_t *out);
};

enum { CPU_TILE_WORDS_MAX = 12 * 32 }; /* of the largest rows x columns */

struct cpu_vector_level {
    const char *name;
    /* Independent sums in a reduction, by their format; half as many where they are
     * compensated. */
    unsigned sums_f64, sums_f32;
    /* [variant][dot][precision]; NULL where there is none */
    cpu_reduction *reduce[HCB_SUM_COUNT][2][HCB_PRECISION_COUNT];
    cpu_conversion *f16_to_f32, *bf16_to_f32;
    /* By precision; NULL where there is none. */
    cpu_triad *triad[HCB_PRECISION_COUNT];
    cpu_peak *peak[HCB_PRECISION_COUNT];
    struct cpu_byte_kernel bytes;
};

/* The levels that this processor can execute, best first; NULL past the end. */
const struct cpu_vector_level *hcbi_cpu_vector_level(unsigned index);

#endif
