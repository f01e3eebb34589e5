/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product on the matrix units of AMD (WMMA of RDNA 3, MFMA of CDNA) and Intel
 * (XMX), with the words that their compilers have in OpenCL C.  16-bit inputs with f32
 * sums, or int8 with int32.  (NVIDIA has none; see matmul_ptx.cl.)
 *
 * A work-group computes a tile, each item 64 elements, in steps of 64 bytes of each row.
 * The units differ in who holds what, and that is all that the sections below say; the
 * rest is the same for all:
 * - all of them want the terms of a row of A, and of a column of B, together, so B comes
 *   turned around (cl/pack.cl) and both lie in local memory alike, each row padded by 16
 *   bytes against bank conflicts;
 * - the next step travels from global memory to registers while this one is computed,
 *   then into the other half of local memory, with one barrier per step.
 *
 * Operands are padded with zeros to whole tiles and steps; nothing but the stores of C is
 * checked.
 *
 * -DROWS, -DCOLUMNS  of a tile of C, multiples of 64
 * -DSUPER            tiles per band, see types.cl
 * -DSUB_GROUP        the device is Intel's and has sub-groups of this size, 8 or 16
 *
 * A test names the units with -DEMULATED=RDNA, CDNA or INTEL and brings `multiply_add`,
 * by the macro EMULATED_MULTIPLY_ADD and local memory for it by UNITS_STORAGE. */
#define RDNA 1
#define CDNA 2
#define INTEL 3
#if defined __gfx940__ || defined __gfx941__ || defined __gfx942__ || defined __gfx950__
#define CDNA_3
#endif

#if defined EMULATED
#define UNITS EMULATED
#elif defined SUB_GROUP
#define UNITS INTEL
#elif defined __GFX11__
#define UNITS RDNA
#elif (defined __gfx908__ && !defined PRECISION_BF16F32) || defined __gfx90a__ || defined CDNA_3
#define UNITS CDNA
#else
#error this compiler has no words for matrix units of this device
#endif
#ifndef UNITS_STORAGE
#define UNITS_STORAGE
#endif

#define ITEMS (ROWS * COLUMNS / 64)
#define STEP 64                          /* bytes of a row per step */
#define ROW_CHUNKS (STEP / 16 + 1)       /* 16-byte chunks, the last one padding */
#define ROW_BYTES (ROW_CHUNKS * 16)
#define CHUNKS_EACH ((ROWS + COLUMNS) * STEP / 16 / ITEMS)
#define WAVE_ROWS (DOWN * UNIT_ROWS)     /* of C, by a wave or sub-group */
#define WAVE_COLUMNS (ACROSS * UNIT_COLUMNS)
#define SUMS VECTOR(RESULT, ELEMENTS)

/* ------------------------------------------------------------ AMD RDNA 3 */
#if UNITS == RDNA
/* Lanes l and l + 16 both hold row l of A and column l of B; element e of lane l is in row
 * 2 e + l / 16 and column l % 16. */
#define WAVE 32
#define UNIT_ROWS 16
#define UNIT_COLUMNS 16
#define UNIT_BYTES (16 * sizeof(STORED)) /* of a row, per instruction */
#define DOWN 4
#define ACROSS 2
#define ELEMENTS 8
#ifdef PRECISION_I8I32
#define LEFT uint4
#define LOAD_FRAGMENT(p) (*(__local const uint4 *)(p))
#else
#define LEFT uint8
#define LOAD_FRAGMENT(p) ((uint8)(*(__local const uint4 *)(p), *(__local const uint4 *)((p) + 16)))
#endif
#define RIGHT LEFT
#define LOAD_LEFT(rows, lane) LOAD_FRAGMENT((rows) + (lane) % 16 * ROW_BYTES)
#define LOAD_RIGHT(columns, lane) LOAD_FRAGMENT((columns) + (lane) % 16 * ROW_BYTES)
#define ROW_OF(e, lane) ((e) * 2 + (lane) / 16)
#define COLUMN_OF(lane) ((lane) % 16)

#ifndef EMULATED
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
static SUMS multiply_add(LEFT left, RIGHT right, SUMS sums)
{
#if defined PRECISION_I8I32
    return __builtin_amdgcn_wmma_i32_16x16x16_iu8_w32(true, as_int4(left), true, as_int4(right),
                                                      sums, false);
#elif defined PRECISION_BF16F32
    return __builtin_amdgcn_wmma_f32_16x16x16_bf16_w32(as_short16(left), as_short16(right), sums);
#else
    return __builtin_amdgcn_wmma_f32_16x16x16_f16_w32(as_half16(left), as_half16(right), sums);
#endif
}
#endif

/* -------------------------------------------------------------- AMD CDNA */
#elif UNITS == CDNA
/* Lane l holds half of the terms, the second one from l = 32 on, of row l % 32 of A and of
 * column l % 32 of B; element e of lane l is in row 8 (e / 4) + 4 (l / 32) + e % 4 and column
 * l % 32.  CDNA 3 has twice as many terms of int8. */
#define WAVE 64
#define UNIT_ROWS 32
#define UNIT_COLUMNS 32
#define UNIT_BYTES (2 * sizeof(LEFT))
#define DOWN 2
#define ACROSS 2
#define ELEMENTS 16
#if defined PRECISION_I8I32 && !defined CDNA_3
#define LEFT uint
#else
#define LEFT uint2
#endif
#define RIGHT LEFT
#define LOAD_LEFT(rows, lane)                                                                      \
    (*(__local const LEFT *)((rows) + (lane) % 32 * ROW_BYTES + (lane) / 32 * sizeof(LEFT)))
#define LOAD_RIGHT(columns, lane) LOAD_LEFT(columns, lane)
#define ROW_OF(e, lane) ((e) / 4 * 8 + (lane) / 32 * 4 + (e) % 4)
#define COLUMN_OF(lane) ((lane) % 32)

#ifndef EMULATED
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
static SUMS multiply_add(LEFT left, RIGHT right, SUMS sums)
{
#if defined PRECISION_I8I32 && defined CDNA_3
    return __builtin_amdgcn_mfma_i32_32x32x16_i8(as_long(left), as_long(right), sums, 0, 0, 0);
#elif defined PRECISION_I8I32
    return __builtin_amdgcn_mfma_i32_32x32x8i8(as_int(left), as_int(right), sums, 0, 0, 0);
#elif defined PRECISION_BF16F32
    return __builtin_amdgcn_mfma_f32_32x32x8bf16_1k(as_short4(left), as_short4(right), sums, 0, 0,
                                                    0);
#else
    return __builtin_amdgcn_mfma_f32_32x32x8f16(as_half4(left), as_half4(right), sums, 0, 0, 0);
#endif
}
#endif

/* ----------------------------------------------------------------- Intel */
#else
/* Item l of a sub-group holds 4 or 2 bytes of each of 8 rows of A, and 32 bytes of column l
 * of B; element e of item l is in row e and column l. */
#define WAVE SUB_GROUP
#define UNIT_ROWS 8
#define UNIT_COLUMNS SUB_GROUP
#define UNIT_BYTES 32
#define DOWN 4
#define ACROSS 2
#define ELEMENTS 8
#if SUB_GROUP == 8
#define PART uint
#define LEFT uint8
#define AS_LEFT as_int8
#else
#define PART ushort
#define LEFT ushort8
#define AS_LEFT as_short8
#endif
#define RIGHT uint8
#define PART_OF(rows, lane, e) ((__local const PART *)((rows) + (e) * ROW_BYTES))[lane]
#define LOAD_LEFT(rows, lane)                                                                      \
    ((LEFT)(PART_OF(rows, lane, 0), PART_OF(rows, lane, 1), PART_OF(rows, lane, 2),                \
            PART_OF(rows, lane, 3), PART_OF(rows, lane, 4), PART_OF(rows, lane, 5),                \
            PART_OF(rows, lane, 6), PART_OF(rows, lane, 7)))
#define LOAD_RIGHT(columns, lane)                                                                  \
    ((uint8)(*(__local const uint4 *)((columns) + (lane) * ROW_BYTES),                             \
             *(__local const uint4 *)((columns) + (lane) * ROW_BYTES + 16)))
#define ROW_OF(e, lane) (e)
#define COLUMN_OF(lane) (lane)

#ifndef EMULATED
#pragma OPENCL EXTENSION cl_intel_subgroups : enable
static SUMS multiply_add(LEFT left, RIGHT right, SUMS sums)
{
#if defined PRECISION_I8I32
    return intel_sub_group_i8_i8_matrix_mad_k32(AS_LEFT(left), as_int8(right), sums);
#elif defined PRECISION_BF16F32
    return intel_sub_group_bf16_bf16_matrix_mad_k16(AS_LEFT(left), as_int8(right), sums);
#else
    return intel_sub_group_f16_f16_matrix_mad_k16(AS_LEFT(left), as_int8(right), sums);
#endif
}
#endif
#endif

/* ---------------------------------------------------------------- for all */
#ifdef EMULATED
EMULATED_MULTIPLY_ADD
#endif

/* Rows of A, then columns of B; strides are in bytes. */
static void load_chunks(__global const uchar *a, __global const uchar *b, ulong a_stride,
                        ulong b_stride, uint item, uint4 *chunks)
{
#pragma unroll
    for (uint p = 0; p < CHUNKS_EACH; p++) {
        const uint q = item + p * ITEMS, row = q / 4, chunk = q % 4;
        __global const uchar *source =
            row < ROWS ? a + row * a_stride : b + (row - ROWS) * b_stride;
        chunks[p] = *(__global const uint4 *)(source + chunk * 16);
    }
}

static void store_chunks(const uint4 *chunks, uint item, __local uint4 *rows)
{
#pragma unroll
    for (uint p = 0; p < CHUNKS_EACH; p++) {
        const uint q = item + p * ITEMS;
        rows[q / 4 * ROW_CHUNKS + q % 4] = chunks[p];
    }
}

/* `k_bytes`: of the terms of a row; A lies as m x k, B as n x k. */
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#ifdef SUB_GROUP
#ifndef EMULATED
__attribute__((intel_reqd_sub_group_size(SUB_GROUP)))
#endif
#endif
void multiply(__global const uchar *restrict a, __global const uchar *restrict b,
              __global RESULT *restrict c, ulong m, ulong n, ulong k_bytes, ulong a_stride,
              ulong b_stride)
{
    const ulong steps = (k_bytes + STEP - 1) / STEP;
    __local uint4 halves[2][(ROWS + COLUMNS) * ROW_CHUNKS];
    UNITS_STORAGE
    union {
        SUMS all;
        RESULT each[ELEMENTS];
    } sums[DOWN][ACROSS];
    uint4 chunks[CHUNKS_EACH];
    const uint item = get_local_id(0), lane = item % WAVE, wave = item / WAVE;
    const uint first_row = wave / (COLUMNS / WAVE_COLUMNS) * WAVE_ROWS;
    const uint first_column = wave % (COLUMNS / WAVE_COLUMNS) * WAVE_COLUMNS;
    const ulong2 tile =
        tile_of(get_group_id(0), SUPER, (m + ROWS - 1) / ROWS, (n + COLUMNS - 1) / COLUMNS);
    uint half_in_use = 0;
    a += tile.x * ROWS * a_stride;
    b += tile.y * COLUMNS * b_stride;

#pragma unroll
    for (uint i = 0; i < DOWN; i++)
#pragma unroll
        for (uint j = 0; j < ACROSS; j++)
            sums[i][j].all = 0;
    load_chunks(a, b, a_stride, b_stride, item, chunks);
    store_chunks(chunks, item, halves[0]);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (ulong step = 1; step <= steps; step++) {
        __local const uchar *rows = (__local const uchar *)halves[half_in_use],
                            *columns = rows + ROWS * ROW_BYTES;
        if (step < steps)
            load_chunks(a + step * STEP, b + step * STEP, a_stride, b_stride, item, chunks);
#pragma unroll
        for (uint byte = 0; byte < STEP; byte += UNIT_BYTES) {
            RIGHT right[ACROSS];
#pragma unroll
            for (uint j = 0; j < ACROSS; j++)
                right[j] = LOAD_RIGHT(
                    columns + (first_column + j * UNIT_COLUMNS) * ROW_BYTES + byte, lane);
#pragma unroll
            for (uint i = 0; i < DOWN; i++) {
                const LEFT left =
                    LOAD_LEFT(rows + (first_row + i * UNIT_ROWS) * ROW_BYTES + byte, lane);
#pragma unroll
                for (uint j = 0; j < ACROSS; j++)
                    sums[i][j].all = multiply_add(left, right[j], sums[i][j].all);
            }
        }
        half_in_use ^= 1;
        if (step < steps)
            store_chunks(chunks, item, halves[half_in_use]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#pragma unroll
    for (uint i = 0; i < DOWN; i++)
#pragma unroll
        for (uint j = 0; j < ACROSS; j++)
#pragma unroll
            for (uint e = 0; e < ELEMENTS; e++) {
                const ulong row =
                    tile.x * ROWS + first_row + i * UNIT_ROWS + (uint)ROW_OF(e, lane);
                const ulong column =
                    tile.y * COLUMNS + first_column + j * UNIT_COLUMNS + COLUMN_OF(lane);
                if (row < m && column < n)
                    c[row * n + column] = sums[i][j].each[e];
            }
}
