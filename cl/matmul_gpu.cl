/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product for GPUs: a work-group of 16 x 16 items computes a 64 x 64 tile
 * of C from slices of A and B in local memory; an item holds 4 x 4 elements, 16
 * rows and 16 columns apart.  Outside of the matrices the nearest element is
 * loaded and zero is used, without a branch, so any shape works. */
#define SIDE 16
#define EACH 4
#define TILE (SIDE * EACH)
#define DEPTH 16
#define PAD 1 /* so that a column of a slice lies in different banks */

/* No `restrict` here: once inlined, Oclgrind does not understand it. */
static void load_slices(__global const STORED *a, __global const STORED *b, ulong m, ulong n,
                        ulong k, ulong first, __local COMPUTED (*slice_a)[TILE + PAD],
                        __local COMPUTED (*slice_b)[TILE + PAD])
{
    const uint item = get_local_id(1) * SIDE + get_local_id(0);
    const ulong row = get_group_id(1) * TILE, column = get_group_id(0) * TILE;
    for (uint e = item; e < TILE * DEPTH; e += SIDE * SIDE) {
        const uint i = e / DEPTH, l = e % DEPTH;
        const COMPUTED x = LOAD_ONE(a + min(row + i, m - 1) * k + min(first + l, k - 1));
        slice_a[l][i] = row + i < m && first + l < k ? x : (COMPUTED)0;
    }
    for (uint e = item; e < TILE * DEPTH; e += SIDE * SIDE) {
        const uint l = e / TILE, j = e % TILE;
        const COMPUTED x = LOAD_ONE(b + min(first + l, k - 1) * n + min(column + j, n - 1));
        slice_b[l][j] = column + j < n && first + l < k ? x : (COMPUTED)0;
    }
}

__kernel __attribute__((reqd_work_group_size(SIDE, SIDE, 1))) void
multiply(__global const STORED *restrict a, __global const STORED *restrict b,
         __global RESULT *restrict c, ulong m, ulong n, ulong k)
{
    __local COMPUTED slice_a[DEPTH][TILE + PAD], slice_b[DEPTH][TILE + PAD];
    const uint x = get_local_id(0), y = get_local_id(1);
    RESULT sum[EACH][EACH];

    for (int i = 0; i < EACH; i++)
        for (int j = 0; j < EACH; j++)
            sum[i][j] = 0;
    for (ulong first = 0; first < k; first += DEPTH) {
        load_slices(a, b, m, n, k, first, slice_a, slice_b);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int l = 0; l < DEPTH; l++) {
            COMPUTED left[EACH], right[EACH];
            for (int i = 0; i < EACH; i++) {
                left[i] = slice_a[l][y + i * SIDE];
                right[i] = slice_b[l][x + i * SIDE];
            }
            for (int i = 0; i < EACH; i++)
                for (int j = 0; j < EACH; j++)
                    sum[i][j] = MULTIPLY_ADD(left[i], right[j], sum[i][j]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    for (int i = 0; i < EACH; i++)
        for (int j = 0; j < EACH; j++) {
            const ulong row = get_group_id(1) * TILE + y + i * SIDE;
            const ulong column = get_group_id(0) * TILE + x + j * SIDE;
            if (row < m && column < n)
                c[row * n + column] = sum[i][j];
        }
}
