/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product on the tensor cores of NVIDIA, from compute capability 8.0 on, through
 * inline PTX, as OpenCL C has no words for them.  16-bit inputs with f32 sums, or int8
 * with int32, or f32x2.  Its shape follows from what feeds these units:
 * - each warp computes 64 x 64 elements, so that a number that is read from local memory
 *   goes into 64 products; a work-group of 4 warps 128 x 128, so that two of them share a
 *   processor's registers and one computes while the other waits;
 * - cp.async copies 16 bytes at a time from global to local memory past the registers,
 *   STAGES - 1 steps ahead, with one barrier per step;
 * - a step is some bytes of each row of A: of 64, 32 terms of 16 bits or 64 of 8.  16-byte
 *   chunks are swapped within rows (XOR), so that ldmatrix, which reads one chunk of 8 rows
 *   at a time, meets each bank once;
 * - the units want the terms of a column together.  ldmatrix turns B around on its way
 *   for 16-bit numbers; for int8 it cannot, and the host's pass turns B before.
 *
 * Numbers of f32x2 come as halves of 16 bits: 64 bytes are 16 terms, the first 32 of a row of
 * A (16 rows of B) their high halves and the rest the low ones.  The units cut off what does
 * not fit into a sum instead of rounding it, which long sums would suffer from.  So they
 * begin each 16 terms at zero, and what these give is added outside, where f32 rounds to
 * nearest, as Ootomo and Yokota do (see hcbench.h); for a second set of 128 sums per item, of
 * the mixed products, there are no registers.
 *
 * 16-byte copies want rows that begin at 16 bytes; operands whose rows do not are padded
 * with zeros to whole tiles and steps (cl/pack.cl).  Others stay where they are: with
 * EDGE, copies from outside of them give zeros.  Without, nothing but the stores of C is
 * checked.  f32x2 is packed always, as that is where halves are made.
 *
 * -DROWS, -DCOLUMNS  of a tile of C, multiples of 64
 * -DSTEP             bytes of a row of A per step: 32, for f32x2 64, or a multiple
 * -DSTAGES           steps in local memory, at least 2
 * -DSUPER            tiles per band, see types.cl
 * -DEDGE             tiles and steps need not lie inside of the operands
 *
 * A test defines HAVE_UNITS and brings the functions below as it computes them itself. */
#define WARP_ROWS 64
#define WARP_COLUMNS 64
#define WARPS_ACROSS (COLUMNS / WARP_COLUMNS)
#define ITEMS (ROWS / WARP_ROWS * WARPS_ACROSS * 32)
#define CHUNK 16                     /* bytes */
#define UNIT 32                      /* bytes of a row of A per instruction */
#define DOWN (WARP_ROWS / 16)        /* instructions by 16 rows and 8 columns */
#define ACROSS (WARP_COLUMNS / 8)
#define A_CHUNKS (ROWS * STEP / CHUNK) /* of a step */
#define B_CHUNKS (COLUMNS * STEP / CHUNK)
#define STAGE_CHUNKS (A_CHUNKS + B_CHUNKS)
#define A_WIDTH (STEP / CHUNK)       /* chunks of a row */
#ifdef PRECISION_I8I32
#define B_WIDTH A_WIDTH
#else
#define B_WIDTH (COLUMNS * 2 / CHUNK)
#endif
#define ACCUMULATOR VECTOR(RESULT, 4)

#ifndef HAVE_UNITS
#define UNROLL _Pragma("unroll")
#define UNITS_STORAGE
static uint local_address(__local const void *pointer)
{
    return (uint)(size_t)pointer;
}

static void copy_async(__local uint4 *target, __global const uchar *source)
{
    __asm__ volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(local_address(target)),
                     "l"(source)
                     : "memory");
}

static void copy_async_or_zero(__local uint4 *target, __global const uchar *source, bool is_inside)
{
    __asm__ volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(local_address(target)),
                     "l"(source), "r"(is_inside ? CHUNK : 0)
                     : "memory");
}

static void end_copies(void)
{
    __asm__ volatile("cp.async.commit_group;" ::: "memory");
}

/* Waits for all but the `others` youngest groups of copies of this item. */
#define WAIT_FOR_COPIES(others)                                                                    \
    __asm__ volatile("cp.async.wait_group %0;" ::"n"(others) : "memory")

/* Four matrices of 8 rows of 16 bytes; lane l names row l % 8 of matrix l / 8. */
static uint4 load_matrices(__local const uint4 *row)
{
    uint4 r;
    __asm__ volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(r.x), "=r"(r.y), "=r"(r.z), "=r"(r.w)
                     : "r"(local_address(row))
                     : "memory");
    return r;
}

static uint4 load_turned_matrices(__local const uint4 *row)
{
    uint4 r;
    __asm__ volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(r.x), "=r"(r.y), "=r"(r.z), "=r"(r.w)
                     : "r"(local_address(row))
                     : "memory");
    return r;
}

#if defined PRECISION_I8I32
#define MMA "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32"
#define IN_OUT(x) "+r"(x)
#elif defined PRECISION_BF16F32
#define MMA "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"
#define IN_OUT(x) "+f"(x)
#else
#define MMA "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"
#define IN_OUT(x) "+f"(x)
#endif

/* sum += left right, 16 x 8 elements of 32 bytes of terms */
static ACCUMULATOR multiply_add(uint4 left, uint2 right, ACCUMULATOR sum)
{
    __asm__ volatile(MMA " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : IN_OUT(sum.x), IN_OUT(sum.y), IN_OUT(sum.z), IN_OUT(sum.w)
                     : "r"(left.x), "r"(left.y), "r"(left.z), "r"(left.w), "r"(right.x),
                       "r"(right.y));
    return sum;
}
#endif

/* Where chunk `chunk` of row `row` lies, in rows of `width` chunks: 8 chunks meet each bank. */
static uint place(uint row, uint chunk, uint width)
{
    const uint swapped = width < 8 ? width : 8;
    return row * width + (chunk ^ (row * swapped / 8 % swapped));
}

#ifdef EDGE
#define COPY(target, source, is_inside) copy_async_or_zero(target, source, is_inside)
#else
#define COPY(target, source, is_inside) copy_async(target, source)
#endif

/* Strides are in bytes; `a` and `b` are the item's first chunks of the step, in whose tile
 * `rows`, `columns` and `bytes` of the terms are left. */
static void begin_copies(__local uint4 *stage, __global const uchar *a, __global const uchar *b,
                         ulong a_stride, ulong b_stride, ulong rows, ulong columns, ulong bytes,
                         uint item)
{
    __local uint4 *stage_b = stage + A_CHUNKS;
    UNROLL
    for (uint p = 0; p < A_CHUNKS / ITEMS; p++) {
        const uint row = item / A_WIDTH + p * (ITEMS / A_WIDTH), chunk = item % A_WIDTH;
        COPY(stage + place(row, chunk, A_WIDTH), a, row < rows && chunk * CHUNK < bytes);
        a += ITEMS / A_WIDTH * a_stride;
    }
    UNROLL
    for (uint p = 0; p < B_CHUNKS / ITEMS; p++) {
        const uint row = item / B_WIDTH + p * (ITEMS / B_WIDTH), chunk = item % B_WIDTH;
#ifdef PRECISION_I8I32
        const bool is_inside = row < columns && chunk * CHUNK < bytes;
#else
        const bool is_inside =
            row * sizeof(ushort) < bytes && chunk * CHUNK < columns * sizeof(ushort);
#endif
        COPY(stage_b + place(row, chunk, B_WIDTH), b, is_inside);
        b += ITEMS / B_WIDTH * b_stride;
    }
}

/* Lane l of an instruction holds two neighbours of row l / 4 and of the eighth below. */
static void store_two(__global RESULT *c, ulong row, ulong column, ulong m, ulong n,
                      VECTOR(RESULT, 2) values)
{
    __global RESULT *target = c + row * n + column;
    if (row >= m || column >= n)
        return;
    if (n % 2 == 0) {
        *(__global VECTOR(RESULT, 2) *)target = values;
    } else {
        target[0] = values.x;
        if (column + 1 < n)
            target[1] = values.y;
    }
}

/* `k_bytes`: of the terms of a row; strides in bytes.  B lies as k x n, int8 as n x k. */
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
multiply(__global const uchar *restrict a, __global const uchar *restrict b,
         __global RESULT *restrict c, ulong m, ulong n, ulong k_bytes, ulong a_stride,
         ulong b_stride)
{
    const uint steps = (uint)((k_bytes + STEP - 1) / STEP);
    __local uint4 stages[STAGES][STAGE_CHUNKS];
    UNITS_STORAGE
    ACCUMULATOR sums[DOWN][ACROSS];
    const uint item = get_local_id(0), lane = item % 32, warp = item / 32;
    const uint first_row = warp / WARPS_ACROSS * WARP_ROWS,
               first_column = warp % WARPS_ACROSS * WARP_COLUMNS;
    const ulong2 tile =
        tile_of(get_group_id(0), SUPER, (m + ROWS - 1) / ROWS, (n + COLUMNS - 1) / COLUMNS);
#ifdef PRECISION_I8I32
    const ulong b_step = STEP;
    b += tile.y * COLUMNS * b_stride;
#else
    const ulong b_step = STEP / sizeof(ushort) * b_stride;
    b += tile.y * COLUMNS * sizeof(ushort);
#endif
    a += (tile.x * ROWS + item / A_WIDTH) * a_stride + item % A_WIDTH * CHUNK;
    b += item / B_WIDTH * b_stride + item % B_WIDTH * CHUNK;
    const ulong rows = m - tile.x * ROWS, columns = n - tile.y * COLUMNS;

    UNROLL
    for (uint i = 0; i < DOWN; i++) {
        UNROLL
        for (uint j = 0; j < ACROSS; j++)
            sums[i][j] = 0;
    }
    ulong bytes = k_bytes; /* of terms that are not copied yet; wraps behind the last step */
    for (uint stage = 0; stage < STAGES - 1; stage++) {
        if (stage < steps)
            begin_copies(stages[stage], a, b, a_stride, b_stride, rows, columns, bytes, item);
        end_copies();
        a += STEP;
        b += b_step;
        bytes -= STEP;
    }
    uint used = 0, freed = STAGES - 1;
    for (uint step = 0; step < steps; step++) {
        WAIT_FOR_COPIES(STAGES - 2);
        barrier(CLK_LOCAL_MEM_FENCE);
        __local const uint4 *stage = stages[used], *stage_b = stage + A_CHUNKS;
        UNROLL
        for (uint first = 0; first < STEP / UNIT; first += PLANES) {
            uint4 left[PLANES][DOWN];
            uint2 right[PLANES][ACROSS];
            UNROLL
            for (uint plane = 0; plane < PLANES; plane++) {
                const uint unit = first + plane;
                UNROLL
                for (uint i = 0; i < DOWN; i++)
                    left[plane][i] = load_matrices(
                        stage + place(first_row + i * 16 + lane % 16, unit * 2 + lane / 16, A_WIDTH));
                UNROLL
                for (uint j = 0; j < ACROSS; j += 2) {
#ifdef PRECISION_I8I32
                    const uint4 both = load_matrices(
                        stage_b + place(first_column + j * 8 + lane / 16 * 8 + lane % 8,
                                        unit * 2 + lane / 8 % 2, B_WIDTH));
#else
                    const uint4 both = load_turned_matrices(
                        stage_b + place(unit * 16 + lane % 16, first_column / 8 + j + lane / 16,
                                        B_WIDTH));
#endif
                    right[plane][j] = both.xy;
                    right[plane][j + 1] = both.zw;
                }
            }
            /* Into the stage that was computed before the barrier, while the units' first numbers
             * are on their way. */
            if (first == 0) {
                if (step + STAGES - 1 < steps)
                    begin_copies(stages[freed], a, b, a_stride, b_stride, rows, columns, bytes,
                                 item);
                end_copies();
            }
            UNROLL
            for (uint i = 0; i < DOWN; i++) {
                UNROLL
                for (uint j = 0; j < ACROSS; j++) {
#ifdef PRECISION_F32X2
                    ACCUMULATOR part = 0;
                    part = multiply_add(left[0][i], right[1][j], part);
                    part = multiply_add(left[1][i], right[0][j], part) * LOW_UNIT;
                    sums[i][j] += multiply_add(left[0][i], right[0][j], part);
#else
                    sums[i][j] = multiply_add(left[0][i], right[0][j], sums[i][j]);
#endif
                }
            }
        }
        a += STEP;
        b += b_step;
        bytes -= STEP;
        freed = used;
        used = used + 1 == STAGES ? 0 : used + 1;
    }

    UNROLL
    for (uint i = 0; i < DOWN; i++) {
        UNROLL
        for (uint j = 0; j < ACROSS; j++) {
            const ulong row = tile.x * ROWS + first_row + i * 16 + lane / 4;
            const ulong column = tile.y * COLUMNS + first_column + j * 8 + lane % 4 * 2;
            store_two(c, row, column, m, n, sums[i][j].xy);
            store_two(c, row + 8, column, m, n, sums[i][j].zw);
        }
    }
}
