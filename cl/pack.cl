/* SPDX-License-Identifier: Apache-2.0 */
/* For GPUs: copies a matrix into one that is padded with zeros to whole tiles, for the
 * kernels on matrix units, which check nothing.  A work-group of 256 items moves a block
 * of 32 x 32 elements, so that reads and writes are of whole rows of a block also where
 * it is turned around in local memory on the way.
 *
 * -DELEMENT           an integer as large as an element; float with PRECISION_F32X2
 * -DTURNED            the target is the transpose
 * -DPRECISION_F32X2   numbers become halves of 16 bits, of each UNIT terms the high ones and
 *                     then the low ones, in the room that the numbers had
 * -DTERMS_DOWN        then: terms are the rows of the target, not its columns */
#define BLOCK 32
#define ITEMS 256
#define UNIT 16

#ifdef PRECISION_F32X2
#define PACKED half
static void put(__global half *target, ulong stride, ulong row, ulong column, float value)
{
#ifdef TERMS_DOWN
    const ulong place = (row / UNIT * 2 * UNIT + row % UNIT) * stride + column;
    const ulong to_low = UNIT * stride;
#else
    const ulong place = row * stride + column / UNIT * 2 * UNIT + column % UNIT;
    const ulong to_low = UNIT;
#endif
    vstore_half(half_of(value, 0), place, target);
    vstore_half(half_of(value, 1), place + to_low, target);
}
#else
#define PACKED ELEMENT
static void put(__global ELEMENT *target, ulong stride, ulong row, ulong column, ELEMENT value)
{
    target[row * stride + column] = value;
}
#endif

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
pack(__global const ELEMENT *restrict source, __global PACKED *restrict target, ulong rows,
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
        put(target, target_stride, first_column + i, first_row + x, block[x][i]);
#else
        put(target, target_stride, first_row + i, first_column + x, block[i][x]);
#endif
    }
}
