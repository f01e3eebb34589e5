/* SPDX-License-Identifier: Apache-2.0 */
/* For GPUs: copies a matrix into one that is padded with zeros to whole tiles, for the
 * kernels on matrix units, which check nothing.  A work-group of 256 items moves a block
 * of 32 x 32 elements, so that reads and writes are of whole rows of a block also where
 * it is turned around in local memory on the way.
 *
 * -DELEMENT  an integer as large as an element
 * -DTURNED   the target is the transpose */
#define BLOCK 32
#define ITEMS 256

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
pack(__global const ELEMENT *restrict source, __global ELEMENT *restrict target, ulong rows,
     ulong columns, ulong target_stride)
{
    __local ELEMENT block[BLOCK][BLOCK + 1];
    const uint x = get_local_id(0) % BLOCK, y = get_local_id(0) / BLOCK;
    const ulong first_row = get_group_id(1) * BLOCK, first_column = get_group_id(0) * BLOCK;
    for (uint i = y; i < BLOCK; i += ITEMS / BLOCK) {
        const ulong row = first_row + i, column = first_column + x;
        ELEMENT value = 0;
        if (row < rows && column < columns)
            value = source[row * columns + column];
        block[i][x] = value;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint i = y; i < BLOCK; i += ITEMS / BLOCK) {
#ifdef TURNED
        target[(first_column + i) * target_stride + first_row + x] = block[x][i];
#else
        target[(first_row + i) * target_stride + first_column + x] = block[i][x];
#endif
    }
}
