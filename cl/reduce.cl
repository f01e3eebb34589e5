/* SPDX-License-Identifier: Apache-2.0 */
/* One pass of a reduction: chunk g of the input, `length` elements long, becomes
 * one partial sum.  Later passes are sums of partial sums.  Memory decides the time, if there
 * are enough additions that do not wait for each other:
 * - reduce_cpu, for CPU drivers: a work-item adds a chunk in vectors that stay in registers.
 *   Local size 1, no barrier: see matmul_cpu.cl;
 * - reduce_gpu, for GPUs: a work-group adds a chunk, so that neighbours read neighbouring
 *   vectors, and joins its sums by a tree in local memory.
 * The order of the additions depends on n, length and GROUP alone, so there are no atomics.
 *
 * -DOP_DOT         the terms are x[i] y[i]; else x[i]
 * -DSUM_NEUMAIER   compensated: what the additions and the products lose is added up
 *                  beside the sum (TwoSum of Knuth and TwoProduct; Sum2 and Dot2 of Ogita,
 *                  Rump, Oishi, SIAM J. Sci. Comput. 26(6), 2005).  Of several chunks
 *                  each becomes two elements, the sum and what it lost, that the next
 *                  pass adds up alike
 * -DEXACT_PRODUCTS the accumulator holds the products of two inputs
 * -DACCUMULATED=T  the type of sums, RESULT unless told
 * -DGROUP=N        items of a work-group for GPUs, a power of two, 256 unless told
 * -DOUTPUT=T       the type that is written, ACCUMULATED unless told; -DSTORE_HALF: half
 *
 * The chains of additions behind a partial sum are counted in reduce.c. */
#ifndef ACCUMULATED
#define ACCUMULATED RESULT
#define WIDEN(width, v) (v)
#define WIDEN_ONE(v) (v)
#else
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define WIDEN(width, v) CONVERT(ACCUMULATED, width, v)
#define WIDEN_ONE(v) ((ACCUMULATED)(v))
#endif
#ifndef OUTPUT
#define OUTPUT ACCUMULATED
#endif
#ifdef STORE_HALF
#define STORE(value, pointer) vstore_half(value, 0, pointer)
#else
#define STORE(value, pointer) (*(pointer) = (OUTPUT)(value))
#endif
#define GET(width, pointer) WIDEN(width, LOAD(width, pointer))
#define GET_ONE(pointer) WIDEN_ONE(LOAD_ONE(pointer))

/* How an accumulator `sum` of type T comes to be and grows:
 *
 * CLEAR(T, sum)         declares it
 * ADD(T, sum, term)     adds a term
 * MULTIPLY(T, sum, a, b)  adds a product
 * JOIN(T, sum, other)   adds another accumulator
 * FOLD(T, sum, wide)    declares the sum of both halves of one
 * FINISH(sum, g, is_only)  writes partial sum g */
#ifdef SUM_NEUMAIER
/* A product that is contracted with an addition is not the one whose error is added. */
#pragma OPENCL FP_CONTRACT OFF
#define CLEAR(T, sum) T sum = 0, sum##_low = 0
#define ADD(T, sum, term)                                                                          \
    do {                                                                                           \
        const T term_ = term, total_ = sum + term_, back_ = total_ - sum;                          \
        sum##_low += (sum - (total_ - back_)) + (term_ - back_);                                   \
        sum = total_;                                                                              \
    } while (0)
#ifdef EXACT_PRODUCTS
#define MULTIPLY(T, sum, a, b) ADD(T, sum, (a) * (b))
#else
#define MULTIPLY(T, sum, a, b)                                                                     \
    do {                                                                                           \
        const T a_ = a, b_ = b, product_ = a_ * b_;                                                \
        sum##_low += fma(a_, b_, -product_);                                                       \
        ADD(T, sum, product_);                                                                     \
    } while (0)
#endif
#define JOIN(T, sum, other)                                                                        \
    do {                                                                                           \
        sum##_low += other##_low;                                                                  \
        ADD(T, sum, other);                                                                        \
    } while (0)
#define FOLD(T, sum, wide)                                                                         \
    T sum = wide.lo, sum##_low = wide##_low.lo + wide##_low.hi;                                    \
    ADD(T, sum, wide.hi)
#define FINISH(sum, g, is_only)                                                                    \
    do {                                                                                           \
        if (is_only) {                                                                             \
            partial[0] = sum + sum##_low;                                                          \
        } else {                                                                                   \
            partial[2 * (g)] = sum;                                                                \
            partial[2 * (g) + 1] = sum##_low;                                                      \
        }                                                                                          \
    } while (0)
#else
#define CLEAR(T, sum) T sum = 0
#define ADD(T, sum, term) sum = (term) + sum
#define MULTIPLY(T, sum, a, b) sum = MULTIPLY_ADD(a, b, sum)
#define JOIN(T, sum, other) sum += other
#define FOLD(T, sum, wide) const T sum = wide.lo + wide.hi
#define FINISH(sum, g, is_only) STORE(sum, partial + (g))
#endif

#ifdef OP_DOT
#define INPUTS __global const STORED *restrict x, __global const STORED *restrict y
#define TAKE(width, sum, i)                                                                        \
    MULTIPLY(VECTOR(ACCUMULATED, width), sum, GET(width, x + (i)), GET(width, y + (i)))
#define TAKE_ONE(sum, i) MULTIPLY(ACCUMULATED, sum, GET_ONE(x + (i)), GET_ONE(y + (i)))
#else
#define INPUTS __global const STORED *restrict x
#define TAKE(width, sum, i) ADD(VECTOR(ACCUMULATED, width), sum, GET(width, x + (i)))
#define TAKE_ONE(sum, i) ADD(ACCUMULATED, sum, GET_ONE(x + (i)))
#endif

/* For CPU drivers: one work-item per chunk, eight vectors of 16 lanes; four where a
 * sum takes two registers or wide ones. */
#define LANES 16
#define CLEAR_VECTOR(s) CLEAR(VECTOR(ACCUMULATED, LANES), sum##s);
#define TAKE_VECTOR(s) TAKE(16, sum##s, i + s * LANES);
#define JOIN_VECTORS(s, t) JOIN(VECTOR(ACCUMULATED, LANES), sum##s, sum##t);
#ifdef FOUR_SUMS
#define SUMS(X) X(0) X(1) X(2) X(3)
#define STEP (4 * LANES)
#define JOIN_SUMS JOIN_VECTORS(0, 1) JOIN_VECTORS(2, 3) JOIN_VECTORS(0, 2)
#else
#define SUMS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define STEP (8 * LANES)
#define JOIN_SUMS                                                                                  \
    JOIN_VECTORS(0, 1) JOIN_VECTORS(2, 3) JOIN_VECTORS(4, 5) JOIN_VECTORS(6, 7)                    \
    JOIN_VECTORS(0, 2) JOIN_VECTORS(4, 6) JOIN_VECTORS(0, 4)
#endif

__kernel void reduce_cpu(INPUTS, ulong n, ulong length, __global OUTPUT *restrict partial)
{
    const ulong begin = get_global_id(0) * length, end = min(begin + length, n);
    ulong i = begin;
    SUMS(CLEAR_VECTOR)
    for (; i + STEP <= end; i += STEP) {
        SUMS(TAKE_VECTOR)
    }
    for (; i + LANES <= end; i += LANES)
        TAKE(16, sum0, i);
    CLEAR(ACCUMULATED, rest);
    for (; i < end; i++)
        TAKE_ONE(rest, i);
    JOIN_SUMS
    FOLD(VECTOR(ACCUMULATED, 8), eight, sum0);
    FOLD(VECTOR(ACCUMULATED, 4), four, eight);
    FOLD(VECTOR(ACCUMULATED, 2), two, four);
    FOLD(ACCUMULATED, one, two);
    JOIN(ACCUMULATED, rest, one);
    FINISH(rest, get_global_id(0), n <= length);
}

/* For GPUs: one work-group of GROUP items, a power of 2, per chunk.  In a step each item adds
 * 16 elements to as many sums; it reads 16 bytes at a time, its neighbour the next ones.
 * Then a tree in local memory. */
#ifndef GROUP
#define GROUP 256
#endif
#define ITEM_STEP 16
#define STEPS ((WIDE + 3) / 4) /* at a time: 64 bytes of an operand are on their way */

static VECTOR(COMPUTED, ITEM_STEP) step_at(__global const STORED *first)
{
    union {
        VECTOR(COMPUTED, WIDE) loads[ITEM_STEP / WIDE];
        VECTOR(COMPUTED, ITEM_STEP) all;
    } elements;
#pragma unroll
    for (uint i = 0; i < ITEM_STEP / WIDE; i++)
        elements.loads[i] = LOAD_WIDE(first + i * GROUP * WIDE);
    return elements.all;
}

#define GET_STEP(pointer) WIDEN(ITEM_STEP, step_at(pointer))
#ifdef OP_DOT
#define TAKE_STEP(sum, i)                                                                          \
    MULTIPLY(VECTOR(ACCUMULATED, ITEM_STEP), sum, GET_STEP(x + (i)), GET_STEP(y + (i)))
#else
#define TAKE_STEP(sum, i) ADD(VECTOR(ACCUMULATED, ITEM_STEP), sum, GET_STEP(x + (i)))
#endif

#ifdef SUM_NEUMAIER
#define SHARE(sum) (tree[item] = sum, tree_low[item] = sum##_low)
#define SHARED(sum, place) const ACCUMULATED sum = tree[place], sum##_low = tree_low[place]
#else
#define SHARE(sum) (tree[item] = sum)
#define SHARED(sum, place) const ACCUMULATED sum = tree[place]
#endif

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
reduce_gpu(INPUTS, ulong n, ulong length, __global OUTPUT *restrict partial)
{
    __local ACCUMULATED tree[GROUP];
#ifdef SUM_NEUMAIER
    __local ACCUMULATED tree_low[GROUP];
#endif
    const uint item = get_local_id(0);
    const ulong begin = get_group_id(0) * length, end = min(begin + length, n);
    const ulong whole = begin + (end - begin) / (GROUP * ITEM_STEP) * (GROUP * ITEM_STEP);
    CLEAR(VECTOR(ACCUMULATED, ITEM_STEP), sixteen);
    ulong i = begin + item * WIDE;
#pragma unroll 1
    for (; i + (STEPS - 1) * GROUP * ITEM_STEP < whole; i += STEPS * GROUP * ITEM_STEP) {
#pragma unroll
        for (uint step = 0; step < STEPS; step++)
            TAKE_STEP(sixteen, i + step * GROUP * ITEM_STEP);
    }
#if STEPS > 1
    for (; i < whole; i += GROUP * ITEM_STEP)
        TAKE_STEP(sixteen, i);
#endif
    FOLD(VECTOR(ACCUMULATED, 8), eight, sixteen);
    FOLD(VECTOR(ACCUMULATED, 4), four, eight);
    FOLD(VECTOR(ACCUMULATED, 2), two, four);
    FOLD(ACCUMULATED, one, two);
    CLEAR(ACCUMULATED, sum);
    JOIN(ACCUMULATED, sum, one);
    for (i = whole + item; i < end; i += GROUP)
        TAKE_ONE(sum, i);
    SHARE(sum);
    for (uint half_size = GROUP / 2; half_size > 0; half_size /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_size) {
            SHARED(other, item + half_size);
            JOIN(ACCUMULATED, sum, other);
            SHARE(sum);
        }
    }
    if (item == 0)
        FINISH(sum, get_group_id(0), n <= length);
}
