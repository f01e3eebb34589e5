/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product for GPUs without help of matrix units.  A work-group computes a tile
 * of C, 128 x 128 where there is work enough for that, in steps of DEPTH terms; a
 * work-item holds blocks of 4 x 4 elements.  The shape follows from what limits a GPU:
 * - 8 x 8 elements per item make 64 multiply-adds of 16 numbers that are read from
 *   local memory, as vectors of 4; fewer and local memory is the limit;
 * - the next step's numbers travel from global memory to registers while this step is
 *   computed, then into the other half of local memory: one barrier per step;
 * - of 32 neighbouring items 8 lie side by side and 4 below each other, so that they
 *   share what they read; rows of local memory are padded against bank conflicts;
 * - work-groups walk through bands of SUPER tiles, whose operands stay in a cache;
 * - numbers of f32x2 are split on their way to local memory, where high and low halves lie
 *   in planes, as f32; sums of mixed products have registers of their own, so an item
 *   holds one block.  This shows the arithmetic; the speed is in matrix units;
 * - with few tiles for many processors, K is cut into parts that other groups compute;
 *   `add_parts` adds the parts in order, so the bits are the same in every run.
 *
 * -DITEMS_DOWN, -DITEMS_ACROSS    work-items of a group; multiples of 4 and 8
 * -DBLOCKS_DOWN, -DBLOCKS_ACROSS  blocks of 4 x 4 elements per item
 * -DDEPTH    terms per step
 * -DWIDTH    elements per load from global memory, a power of 2 up to 8
 * -DSUPER    tiles per band
 * -DEDGE     what loads and stores must check: 0, nothing, as every tile is full;
 *            1, vectors, as K and N are multiples of WIDTH and 4; 2, elements
 * -DSUB_GROUP  size of sub-groups that the device is asked for; its registers per
 *            item depend on that (Intel) */
#define ITEMS (ITEMS_DOWN * ITEMS_ACROSS)
#define ROWS (4 * ITEMS_DOWN * BLOCKS_DOWN)
#define COLUMNS (4 * ITEMS_ACROSS * BLOCKS_ACROSS)
#define PAD 4
#define PIECES_A (ROWS * DEPTH / WIDTH / ITEMS)
#define PIECES_B (COLUMNS * DEPTH / WIDTH / ITEMS)
#if ITEMS_DOWN % 4 != 0 || ITEMS_ACROSS % 8 != 0 || DEPTH % WIDTH != 0 || COLUMNS % WIDTH != 0 ||  \
    PIECES_A * WIDTH * ITEMS != ROWS * DEPTH || PIECES_B * WIDTH * ITEMS != COLUMNS * DEPTH
#error a step must be loaded by vectors, as many for each work-item
#endif
#if WIDTH > 4
#define CHUNK 4
#else
#define CHUNK WIDTH
#endif
#if WIDTH == 1 /* there are no vectors of one */
#define SOME(type, width) type
#else
#define SOME(type, width) VECTOR(type, width)
#endif
#define FOUR VECTOR(COMPUTED, 4)
#define FOUR_RESULTS VECTOR(RESULT, 4)

/* Numbers as they are stored; without cl_khr_fp16 there are no variables of type half. */
#if defined PRECISION_F16F32
#define RAW ushort
#define WIDEN(raw, plane) vload_half(0, (const half *)&(raw))
#elif defined PRECISION_BF16F32
#define RAW ushort
#define WIDEN(raw, plane) as_float((uint)(raw) << 16)
#elif defined PRECISION_F32X2
#define RAW STORED
#define WIDEN(raw, plane) half_of(raw, plane)
#else
#define RAW STORED
#define WIDEN(raw, plane) ((COMPUTED)(raw))
#endif

/* What an item loads at a time, and the same as it lies in local memory. */
union piece {
    SOME(RAW, WIDTH) all;
    RAW each[WIDTH];
};
union wide_piece {
    SOME(COMPUTED, CHUNK) chunks[WIDTH / CHUNK];
    COMPUTED each[WIDTH];
};

/* No `restrict` below: once inlined, Oclgrind does not understand it.
 * `rows` and `columns` are left in the matrix from `source` on. */
static union piece load_piece(__global const RAW *source, ulong stride, uint row, uint column,
                              ulong rows, ulong columns)
{
    union piece piece;
    __global const RAW *first = source + row * stride + column;
#if EDGE == 0
    piece.all = *(__global const SOME(RAW, WIDTH) *)first;
#elif EDGE == 1
    piece.all = 0;
    if (row < rows && column < columns)
        piece.all = *(__global const SOME(RAW, WIDTH) *)first;
#else
#pragma unroll
    for (uint e = 0; e < WIDTH; e++) {
        piece.each[e] = 0;
        if (row < rows && column + e < columns)
            piece.each[e] = first[e];
    }
#endif
    return piece;
}

static union wide_piece widen(union piece piece, uint plane)
{
    union wide_piece wide;
#pragma unroll
    for (uint e = 0; e < WIDTH; e++)
        wide.each[e] = WIDEN(piece.each[e], plane);
    return wide;
}

/* Terms become rows: a slice of A is turned around, one of B lies as it is. */
static void store_plane(const union piece *pieces_a, const union piece *pieces_b, uint item,
                        uint plane, __local COMPUTED *slice_a, __local COMPUTED *slice_b)
{
#pragma unroll
    for (uint p = 0; p < PIECES_A; p++) {
        const uint q = item + p * ITEMS, row = q / (DEPTH / WIDTH),
                   term = q % (DEPTH / WIDTH) * WIDTH;
        const union wide_piece wide = widen(pieces_a[p], plane);
#pragma unroll
        for (uint e = 0; e < WIDTH; e++)
            slice_a[(term + e) * (ROWS + PAD) + row] = wide.each[e];
    }
#pragma unroll
    for (uint p = 0; p < PIECES_B; p++) {
        const uint q = item + p * ITEMS, term = q / (COLUMNS / WIDTH),
                   column = q % (COLUMNS / WIDTH) * WIDTH;
        const union wide_piece wide = widen(pieces_b[p], plane);
#pragma unroll
        for (uint e = 0; e < WIDTH / CHUNK; e++)
            *(__local SOME(COMPUTED, CHUNK) *)(slice_b + term * (COLUMNS + PAD) + column +
                                                 e * CHUNK) = wide.chunks[e];
    }
}

static void store_slices(const union piece *pieces_a, const union piece *pieces_b, uint item,
                         __local COMPUTED *slices_a, __local COMPUTED *slices_b)
{
#pragma unroll
    for (uint plane = 0; plane < PLANES; plane++)
        store_plane(pieces_a, pieces_b, item, plane, slices_a + plane * DEPTH * (ROWS + PAD),
                    slices_b + plane * DEPTH * (COLUMNS + PAD));
}

static void store_four(__global RESULT *c, ulong row, ulong column, ulong m, ulong n,
                       FOUR_RESULTS values)
{
    __global RESULT *target = c + row * n + column;
#if EDGE == 0
    *(__global FOUR_RESULTS *)target = values;
#elif EDGE == 1
    if (row < m && column < n)
        *(__global FOUR_RESULTS *)target = values;
#else
    const union {
        FOUR_RESULTS all;
        RESULT each[4];
    } four = {values};
    for (uint e = 0; e < 4; e++)
        if (row < m && column + e < n)
            target[e] = four.each[e];
#endif
}

#define ADD_PRODUCT(sum, one, four) (sum = MULTIPLY_ADD((FOUR)(one), four, sum))

/* Part get_group_id(1) of K, `length` terms long, a multiple of DEPTH, goes into the
 * matrix of that number behind `c`. */
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#ifdef SUB_GROUP
__attribute__((intel_reqd_sub_group_size(SUB_GROUP)))
#endif
void multiply(__global const RAW *restrict a, __global const RAW *restrict b,
              __global RESULT *restrict c, ulong m, ulong n, ulong k, ulong length)
{
    __local FOUR slices_a[2][PLANES * DEPTH][(ROWS + PAD) / 4],
        slices_b[2][PLANES * DEPTH][(COLUMNS + PAD) / 4];
    union piece pieces_a[PIECES_A], pieces_b[PIECES_B];
    FOUR_RESULTS sums[PLANES][4 * BLOCKS_DOWN][BLOCKS_ACROSS]; /* of high halves, and mixed */
    const uint item = get_local_id(0), cluster = item / 32;
    const uint x = item % 8 + cluster % (ITEMS_ACROSS / 8) * 8;
    const uint y = item / 8 % 4 + cluster / (ITEMS_ACROSS / 8) * 4;
    const ulong2 tile =
        tile_of(get_group_id(0), SUPER, (m + ROWS - 1) / ROWS, (n + COLUMNS - 1) / COLUMNS);
    const ulong row = tile.x * ROWS, column = tile.y * COLUMNS;
    const ulong begin = get_group_id(1) * length;
    const ulong steps = (min(length, k - begin) + DEPTH - 1) / DEPTH;
    uint half_in_use = 0;

#pragma unroll
    for (uint i = 0; i < PLANES * 4 * BLOCKS_DOWN; i++)
#pragma unroll
        for (uint j = 0; j < BLOCKS_ACROSS; j++)
            sums[i % PLANES][i / PLANES][j] = 0;
    /* In each turn the numbers of the next step are loaded. */
    for (ulong step = 0; step <= steps; step++) {
        const ulong next = begin + step * DEPTH;
        if (step < steps) {
#pragma unroll
            for (uint p = 0; p < PIECES_A; p++) {
                const uint q = item + p * ITEMS;
                pieces_a[p] = load_piece(a + row * k + next, k, q / (DEPTH / WIDTH),
                                         q % (DEPTH / WIDTH) * WIDTH, m - row, k - next);
            }
#pragma unroll
            for (uint p = 0; p < PIECES_B; p++) {
                const uint q = item + p * ITEMS;
                pieces_b[p] = load_piece(b + next * n + column, n, q / (COLUMNS / WIDTH),
                                         q % (COLUMNS / WIDTH) * WIDTH, k - next, n - column);
            }
        }
        if (step > 0) {
#pragma unroll
            for (uint l = 0; l < DEPTH; l++) {
                union {
                    FOUR four[BLOCKS_DOWN];
                    COMPUTED each[4 * BLOCKS_DOWN];
                } left[PLANES];
                FOUR right[PLANES][BLOCKS_ACROSS];
#pragma unroll
                for (uint p = 0; p < PLANES; p++) {
#pragma unroll
                    for (uint i = 0; i < BLOCKS_DOWN; i++)
                        left[p].four[i] = slices_a[half_in_use][p * DEPTH + l][y + i * ITEMS_DOWN];
#pragma unroll
                    for (uint j = 0; j < BLOCKS_ACROSS; j++)
                        right[p][j] = slices_b[half_in_use][p * DEPTH + l][x + j * ITEMS_ACROSS];
                }
#pragma unroll
                for (uint i = 0; i < 4 * BLOCKS_DOWN; i++)
#pragma unroll
                    for (uint j = 0; j < BLOCKS_ACROSS; j++) {
                        ADD_PRODUCT(sums[0][i][j], left[0].each[i], right[0][j]);
#ifdef PRECISION_F32X2
                        ADD_PRODUCT(sums[1][i][j], left[0].each[i], right[1][j]);
                        ADD_PRODUCT(sums[1][i][j], left[1].each[i], right[0][j]);
#endif
                    }
            }
            half_in_use ^= 1;
        }
        if (step < steps)
            store_slices(pieces_a, pieces_b, item, (__local COMPUTED *)slices_a[half_in_use],
                         (__local COMPUTED *)slices_b[half_in_use]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#ifdef PRECISION_F32X2
#pragma unroll
    for (uint i = 0; i < 4 * BLOCKS_DOWN; i++)
#pragma unroll
        for (uint j = 0; j < BLOCKS_ACROSS; j++)
            ADD_PRODUCT(sums[0][i][j], LOW_UNIT, sums[1][i][j]);
#endif
    c += get_group_id(1) * m * n;
#pragma unroll
    for (uint i = 0; i < 4 * BLOCKS_DOWN; i++)
#pragma unroll
        for (uint j = 0; j < BLOCKS_ACROSS; j++)
            store_four(c, row + (i / 4 * ITEMS_DOWN + y) * 4 + i % 4,
                       column + (j * ITEMS_ACROSS + x) * 4, m, n, sums[0][i][j]);
}

/* C is the sum of `count` matrices of `elements`, from the first to the last. */
__kernel void add_parts(__global const RESULT *restrict parts, __global RESULT *restrict c,
                        ulong elements, uint count)
{
    const ulong e = get_global_id(0);
    if (e >= elements)
        return;
    RESULT sum = parts[e];
    for (uint p = 1; p < count; p++)
        sum += parts[p * elements + e];
    c[e] = sum;
}
