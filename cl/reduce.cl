/* SPDX-License-Identifier: Apache-2.0 */
/* One pass of a reduction: chunk g of the input, `length` elements long, becomes
 * one partial sum.  Later passes are sums of partial sums.  The order of the
 * additions depends on n and length alone.
 *
 * -DOP_DOT  the terms are x[i] y[i]; else x[i]
 *
 * The chains of additions behind a partial sum are counted in reduce.c. */
#ifdef OP_DOT
#define INPUTS __global const STORED *restrict x, __global const STORED *restrict y
#define ADD(width, i, sum) MULTIPLY_ADD(LOAD(width, x + (i)), LOAD(width, y + (i)), sum)
#define ADD_ONE(i, sum) MULTIPLY_ADD(LOAD_ONE(x + (i)), LOAD_ONE(y + (i)), sum)
#else
#define INPUTS __global const STORED *restrict x
#define ADD(width, i, sum) (LOAD(width, x + (i)) + (sum))
#define ADD_ONE(i, sum) (LOAD_ONE(x + (i)) + (sum))
#endif

/* For CPU drivers: one work-item per chunk, eight vectors of 16 lanes. */
#define LANES 16
#define SUMS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define STEP (8 * LANES)
#define CLEAR(s) VECTOR(RESULT, LANES) sum##s = 0;
#define ACCUMULATE(s) sum##s = ADD(16, i + s * LANES, sum##s);

__kernel void reduce_cpu(INPUTS, ulong n, ulong length, __global RESULT *restrict partial)
{
    const ulong begin = get_global_id(0) * length, end = min(begin + length, n);
    ulong i = begin;
    SUMS(CLEAR)
    for (; i + STEP <= end; i += STEP) {
        SUMS(ACCUMULATE)
    }
    for (; i + LANES <= end; i += LANES)
        sum0 = ADD(16, i, sum0);
    RESULT rest = 0;
    for (; i < end; i++)
        rest = ADD_ONE(i, rest);
    sum0 = ((sum0 + sum1) + (sum2 + sum3)) + ((sum4 + sum5) + (sum6 + sum7));
    const VECTOR(RESULT, 8) eight = sum0.lo + sum0.hi;
    const VECTOR(RESULT, 4) four = eight.lo + eight.hi;
    const VECTOR(RESULT, 2) two = four.lo + four.hi;
    partial[get_global_id(0)] = two.x + two.y + rest;
}

/* For GPUs: one work-group per chunk, each item four vectors of 4 lanes; then a
 * tree in local memory. */
#define GROUP 256
#define ITEM_STEP 16

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
reduce_gpu(INPUTS, ulong n, ulong length, __global RESULT *restrict partial)
{
    __local RESULT tree[GROUP];
    const uint item = get_local_id(0);
    const ulong begin = get_group_id(0) * length, end = min(begin + length, n);
    const ulong whole = begin + (end - begin) / (GROUP * ITEM_STEP) * (GROUP * ITEM_STEP);
    VECTOR(RESULT, 4) sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    for (ulong i = begin + item * 4; i < whole; i += GROUP * ITEM_STEP) {
        sum0 = ADD(4, i, sum0);
        sum1 = ADD(4, i + GROUP * 4, sum1);
        sum2 = ADD(4, i + GROUP * 8, sum2);
        sum3 = ADD(4, i + GROUP * 12, sum3);
    }
    sum0 = (sum0 + sum1) + (sum2 + sum3);
    RESULT sum = (sum0.x + sum0.y) + (sum0.z + sum0.w);
    for (ulong i = whole + item; i < end; i += GROUP)
        sum = ADD_ONE(i, sum);
    tree[item] = sum;
    for (uint half_size = GROUP / 2; half_size > 0; half_size /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_size)
            tree[item] += tree[item + half_size];
    }
    if (item == 0)
        partial[get_group_id(0)] = tree[0];
}
