/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product for CPU drivers, which run work-items on vector units: A and
 * B are packed into panels, then each work-item owns a block of rows of one
 * column panel and keeps a ROWS x 2 WIDTH tile in registers.  Local size 1, no
 * barrier, no local memory: such drivers spill what lives across a barrier.
 *
 * -DROWS          rows of a register tile and of a panel of A: 2 to 14, even
 * -DWIDTH=16|8|4|2  lanes of a vector; a panel of B has 2 WIDTH columns
 * -DBLOCK_K       terms for which a panel of B stays in the first-level cache, for int8
 *                 256 at most
 * -DPACK_K, -DPACK_PANELS  terms and panels of B per work-item of pack_b
 *
 * A panel of A holds, term by term, ROWS elements of a column; a panel of B 2
 * WIDTH elements of a row.  What lies outside of the matrix is zero.  f32x2 is split where
 * it is packed: the lower halves of each term lie behind its high ones, in f32 as these.
 * Sums of mixed products have accumulators of their own, so ROWS is half of that of f32;
 * all arithmetic is that of f32, three multiply-adds for one.  int8 is
 * computed in f32: 256 products below 2^14 stay below 2^24, so every sum within a
 * block is exact; blocks are added as integers.  The values come from the table in
 * hosts/opencl/matmul_cpu.c, or from `hcbench tune`. */
#define COLUMNS (2 * WIDTH)
typedef VECTOR(COMPUTED, WIDTH) vector;

#define ROWS_2(X) X(0) X(1)
#define ROWS_4(X) ROWS_2(X) X(2) X(3)
#define ROWS_6(X) ROWS_4(X) X(4) X(5)
#define ROWS_8(X) ROWS_6(X) X(6) X(7)
#define ROWS_10(X) ROWS_8(X) X(8) X(9)
#define ROWS_12(X) ROWS_10(X) X(10) X(11)
#define ROWS_14(X) ROWS_12(X) X(12) X(13)
#define EACH_ROW(X) PASTE(ROWS_, ROWS)(X)

/* Writes a number, or its halves, `next` elements apart. */
#ifdef PRECISION_F32X2
#define PACK(x, out, next)                                                                         \
    {                                                                                              \
        (out)[0] = half_of(x, 0);                                                                  \
        (out)[next] = half_of(x, 1);                                                               \
    }
#else
#define PACK(x, out, next) (out)[0] = x;
#endif

#define PACK_ROW(r) PACK(LOAD_ONE(in + r * k + l), out + l * PLANES * ROWS + r, ROWS)

/* Work-item (p, b): panel p of A, terms [b BLOCK_K, (b + 1) BLOCK_K) of `count`,
 * which begin at term `first` of the k of the matrix. */
__kernel void pack_a(__global const STORED *restrict a, ulong m, ulong k, ulong first, ulong count,
                     __global COMPUTED *restrict packed)
{
    const ulong row = get_global_id(0) * ROWS;
    const ulong begin = get_global_id(1) * BLOCK_K, end = min(begin + BLOCK_K, count);
    const ulong rows = min((ulong)ROWS, m - row);
    __global const STORED *in = a + row * k + first;
    __global COMPUTED *out = packed + row * count * PLANES;
    if (rows == ROWS) {
        for (ulong l = begin; l < end; l++) {
            EACH_ROW(PACK_ROW)
        }
        return;
    }
    for (ulong l = begin; l < end; l++)
        for (ulong r = 0; r < ROWS; r++)
            PACK(r < rows ? LOAD_ONE(in + r * k + l) : (COMPUTED)0, out + l * PLANES * ROWS + r, ROWS)
}

/* Work-item (g, b): PACK_PANELS panels of B from g PACK_PANELS on, PACK_K terms. */
__kernel void pack_b(__global const STORED *restrict b, ulong n, ulong first, ulong count,
                     __global COMPUTED *restrict packed)
{
    const ulong panels = (n + COLUMNS - 1) / COLUMNS;
    const ulong last = min((get_global_id(0) + 1) * PACK_PANELS, panels);
    const ulong begin = get_global_id(1) * PACK_K, end = min(begin + PACK_K, count);
    for (ulong panel = get_global_id(0) * PACK_PANELS; panel < last; panel++) {
        const ulong columns = min((ulong)COLUMNS, n - panel * COLUMNS);
        for (ulong l = begin; l < end; l++) {
            __global const STORED *in = b + (first + l) * n + panel * COLUMNS;
            __global COMPUTED *out = packed + (panel * count + l) * PLANES * COLUMNS;
            if (PLANES == 1 && columns == COLUMNS) {
                PASTE(vstore, WIDTH)(LOAD(WIDTH, in), 0, out);
                PASTE(vstore, WIDTH)(LOAD(WIDTH, in + WIDTH), 1, out);
            } else {
                for (ulong j = 0; j < COLUMNS; j++)
                    PACK(j < columns ? LOAD_ONE(in + j) : (COMPUTED)0, out + j, COLUMNS)
            }
        }
    }
}

#ifdef PRECISION_F32X2
#define CLEAR(r) vector left##r = 0, right##r = 0, left_low##r = 0, right_low##r = 0;
#define STEP(r)                                                                                    \
    {                                                                                              \
        const vector x = (vector)(a[r]), x_low = (vector)(a[ROWS + r]);                            \
        left##r = MULTIPLY_ADD(x, b_left, left##r);                                                \
        right##r = MULTIPLY_ADD(x, b_right, right##r);                                             \
        left_low##r = MULTIPLY_ADD(x, b_left_low, left_low##r);                                    \
        right_low##r = MULTIPLY_ADD(x, b_right_low, right_low##r);                                 \
        left_low##r = MULTIPLY_ADD(x_low, b_left, left_low##r);                                    \
        right_low##r = MULTIPLY_ADD(x_low, b_right, right_low##r);                                 \
    }
#define FINISH(r)                                                                                  \
    left##r = MULTIPLY_ADD(left_low##r, (vector)(LOW_UNIT), left##r);                              \
    right##r = MULTIPLY_ADD(right_low##r, (vector)(LOW_UNIT), right##r);
#else
#define CLEAR(r) vector left##r = 0, right##r = 0;
#define FINISH(r)
#define STEP(r)                                                                                    \
    {                                                                                              \
        const vector x = (vector)(a[r]);                                                           \
        left##r = MULTIPLY_ADD(x, b_left, left##r);                                                \
        right##r = MULTIPLY_ADD(x, b_right, right##r);                                             \
    }
#endif
#define STORE_HALF(r, side, index)                                                                 \
    {                                                                                              \
        VECTOR(RESULT, WIDTH) x = CONVERT(RESULT, WIDTH, side##r);                                 \
        if (add)                                                                                   \
            x += PASTE(vload, WIDTH)(index, c + r * n);                                            \
        PASTE(vstore, WIDTH)(x, index, c + r * n);                                                 \
    }
#define STORE(r)                                                                                   \
    if (r < rows) {                                                                                \
        STORE_HALF(r, left, 0)                                                                     \
        STORE_HALF(r, right, 1)                                                                    \
    }
#define STORE_EDGE(r)                                                                              \
    PASTE(vstore, WIDTH)(CONVERT(RESULT, WIDTH, left##r), 0, tile + r * COLUMNS);                  \
    PASTE(vstore, WIDTH)(CONVERT(RESULT, WIDTH, right##r), 1, tile + r * COLUMNS);

/* C tile (+)= panel of A times panel of B over `length` terms.  No `restrict` here:
 * once inlined, Oclgrind does not understand it. */
static void multiply_tile(__global const COMPUTED *a, __global const COMPUTED *b, int length,
                          __global RESULT *c, ulong n, int rows, int columns, int add)
{
    EACH_ROW(CLEAR)
    for (int l = 0; l < length; l++) {
        const vector b_left = PASTE(vload, WIDTH)(0, b), b_right = PASTE(vload, WIDTH)(1, b);
#ifdef PRECISION_F32X2
        const vector b_left_low = PASTE(vload, WIDTH)(2, b);
        const vector b_right_low = PASTE(vload, WIDTH)(3, b);
#endif
        EACH_ROW(STEP)
        a += PLANES * ROWS;
        b += PLANES * COLUMNS;
    }
    EACH_ROW(FINISH)
    if (columns == COLUMNS) {
        EACH_ROW(STORE)
        return;
    }
    RESULT tile[ROWS * COLUMNS];
    EACH_ROW(STORE_EDGE)
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            c[i * n + j] = tile[i * COLUMNS + j] + (add ? c[i * n + j] : (RESULT)0);
}

/* Work-item (q, g): column panel q, rows [g item_rows, (g + 1) item_rows), a multiple of
 * ROWS.  With `add`, C holds the sum over earlier terms. */
__kernel void multiply(__global const COMPUTED *restrict a, __global const COMPUTED *restrict b,
                       __global RESULT *restrict c, ulong m, ulong n, ulong count, ulong item_rows,
                       int add)
{
    const ulong column = get_global_id(0) * COLUMNS;
    const ulong begin = get_global_id(1) * item_rows, end = min(begin + item_rows, m);
    const int columns = (int)min((ulong)COLUMNS, n - column);
    for (ulong first = 0; first < count; first += BLOCK_K) {
        const int length = (int)min((ulong)BLOCK_K, count - first);
        for (ulong row = begin; row < end; row += ROWS)
            multiply_tile(a + (row * count + first * ROWS) * PLANES,
                          b + (column * count + first * COLUMNS) * PLANES, length,
                          c + row * n + column, n, (int)min((ulong)ROWS, m - row), columns,
                          add || first > 0);
    }
}
