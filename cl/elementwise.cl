/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that say how fast the device is, with a kernel per class where that matters.
 * - triad, for memory: on CPU drivers few work-items go through long stretches, as threads do
 *   best; on GPUs neighbours read and write neighbouring vectors;
 * - launch, for what a launch costs: one element, on CPU drivers and GPUs;
 * - peak, for arithmetic: chains in registers that do not wait for each other.  On CPU drivers
 *   12 vectors as wide as registers, which two units with a latency of four turns need; on
 *   GPUs 4, as they have other work-items to go on with.
 *
 * -DCHAINS  independent chains of multiply-adds in a work-item of `peak`, 4 or 12
 * -DWIDTH   elements of a vector in `peak`
 * -DROUNDS  multiply-adds in a chain */

/* z = x + 3 y for CPU drivers: work-item g computes `length` elements. */
__kernel void triad_cpu(__global const STORED *restrict x, __global const STORED *restrict y,
                        __global RESULT *restrict z, ulong n, ulong length)
{
    const VECTOR(COMPUTED, 16) three = 3;
    const ulong begin = get_global_id(0) * length, end = min(begin + length, n);
    ulong i = begin;
    for (; i + 16 <= end; i += 16)
        vstore16(CONVERT(RESULT, 16, MULTIPLY_ADD(three, LOAD(16, y + i), LOAD(16, x + i))), 0,
                 z + i);
    for (; i < end; i++)
        z[i] = MULTIPLY_ADD((COMPUTED)3, LOAD_ONE(y + i), LOAD_ONE(x + i));
}

/* For GPUs: a work-item computes as many elements as it reads at a time, 16 bytes. */
__kernel void triad_gpu(__global const STORED *restrict x, __global const STORED *restrict y,
                        __global RESULT *restrict z, ulong n)
{
    const VECTOR(COMPUTED, WIDE) three = 3;
    ulong i = get_global_id(0) * WIDE;
    if (i + WIDE <= n)
        *(__global VECTOR(RESULT, WIDE) *)(z + i) =
            CONVERT(RESULT, WIDE, MULTIPLY_ADD(three, LOAD_WIDE(y + i), LOAD_WIDE(x + i)));
    else
        for (; i < n; i++)
            z[i] = MULTIPLY_ADD((COMPUTED)3, LOAD_ONE(y + i), LOAD_ONE(x + i));
}

__kernel void launch(__global const STORED *restrict x, __global RESULT *restrict z)
{
    z[0] = LOAD_ONE(x);
}

#ifdef CHAINS
#if CHAINS == 12
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#else
#define EACH(X) X(0) X(1) X(2) X(3)
#endif
#define DECLARE(j) VECTOR(RESULT, WIDTH) chain##j;
#define FETCH(j) chain##j = PASTE(vload, WIDTH)(j, x + begin);
#define FETCH_PART(j) chain##j = PASTE(vload, WIDTH)(j, part);
#define ROUND(j) chain##j = MULTIPLY_ADD(chain##j, a, c);
#define STORE(j) PASTE(vstore, WIDTH)(chain##j, j, z + begin);
#define STORE_PART(j) PASTE(vstore, WIDTH)(chain##j, j, part);

/* Every element goes ROUNDS times through factor * element + term; the compiler
 * knows neither of the two. */
__kernel void peak(__global const RESULT *restrict x, __global RESULT *restrict z, ulong n,
                   float factor, float term)
{
    const ulong begin = get_global_id(0) * (CHAINS * WIDTH);
    const VECTOR(RESULT, WIDTH) a = (RESULT)factor, c = (RESULT)term;
    const bool is_whole = begin + CHAINS * WIDTH <= n;
    RESULT part[CHAINS * WIDTH];
    EACH(DECLARE)
    if (begin >= n)
        return;
    if (is_whole) {
        EACH(FETCH)
    } else {
        for (int j = 0; j < CHAINS * WIDTH; j++)
            part[j] = begin + j < n ? x[begin + j] : (RESULT)0;
        EACH(FETCH_PART)
    }
    for (int round = 0; round < ROUNDS; round++) {
        EACH(ROUND)
    }
    if (is_whole) {
        EACH(STORE)
        return;
    }
    EACH(STORE_PART)
    for (int j = 0; begin + j < n; j++)
        z[begin + j] = part[j];
}
#endif
