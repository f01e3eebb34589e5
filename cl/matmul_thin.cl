/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products of which one extent is small, for CPU drivers.  The largest operand
 * is read or written once, in order, and decides the time; packing it would move it
 * twice more.  Local size 1, no barrier: see matmul_cpu.cl.
 *
 *   few_rows     m is small: B goes by, rows of C stay in the first-level cache
 *   few_columns  n is small: A goes by, B (transposed) stays
 *   few_terms    k is small: C goes by, rows of B stay
 *
 * -DWIDTH=16|8|4  lanes of a vector
 * -DKEPT          elements of C or B that a work-item of few_rows or few_terms keeps
 * -DMOST_COLUMNS  the largest n of few_columns
 * -DELEMENT       unsigned integer as large as a stored element
 * -DSTREAM        few_terms writes around the caches: C is larger than they are, and
 *                 its rows begin and end with cache lines
 *
 * The first two kernels may be given a part of the terms per work-item; then
 * their output is a matrix of partial sums per part, which add_parts adds up.
 * int8 is computed in int32.  Vectors at an edge overlap the ones before them, so
 * there is no scalar code for columns; n is at least WIDTH where that is done. */
typedef VECTOR(COMPUTED, WIDTH) vector;
#define GET(pointer) PASTE(vload, WIDTH)(0, pointer)
#define PUT(x, pointer) PASTE(vstore, WIDTH)(x, 0, pointer)

/* Columns of a strip; the last one takes what is left, if that is below a vector. */
static ulong strip_columns(ulong n, ulong strip)
{
    const ulong left = n - get_global_id(0) * strip;
    return left < strip + WIDTH ? left : strip;
}

/* x[0..3] times four rows of B, added to `sum`. */
#define ADD_FOUR(x, sum)                                                                           \
    MULTIPLY_ADD(                                                                                  \
        (vector)(x[3]), b3,                                                                        \
        MULTIPLY_ADD((vector)(x[2]), b2,                                                           \
                     MULTIPLY_ADD((vector)(x[1]), b1, MULTIPLY_ADD((vector)(x[0]), b0, sum))))

/* Four terms of one row of C, or with `two` of the next one as well; a row of A is
 * `k` long, one of `sums` `slots`. */
static void add_terms(__global const STORED *a, ulong k, __global const STORED *b, ulong n,
                      ulong columns, COMPUTED *sums, ulong slots, int two)
{
    const ulong last = columns - WIDTH;
    COMPUTED x[4], y[4];
    for (int l = 0; l < 4; l++) {
        x[l] = LOAD_ONE(a + l);
        y[l] = two ? LOAD_ONE(a + k + l) : (COMPUTED)0;
    }
    for (ulong j = 0; j < columns; j += WIDTH) {
        __global const STORED *in = b + min(j, last);
        const vector b0 = LOAD(WIDTH, in), b1 = LOAD(WIDTH, in + n);
        const vector b2 = LOAD(WIDTH, in + 2 * n), b3 = LOAD(WIDTH, in + 3 * n);
        PUT(ADD_FOUR(x, GET(sums + j)), sums + j);
        if (two)
            PUT(ADD_FOUR(y, GET(sums + slots + j)), sums + slots + j);
    }
}

static void add_term(__global const STORED *a, __global const STORED *b, ulong columns,
                     COMPUTED *sums)
{
    const vector x = (vector)(LOAD_ONE(a));
    for (ulong j = 0; j < columns; j += WIDTH)
        PUT(MULTIPLY_ADD(x, LOAD(WIDTH, b + min(j, columns - WIDTH)), GET(sums + j)), sums + j);
}

/* Work-item (s, g): columns from s strip on, terms [g length, (g + 1) length). */
__kernel void few_rows(__global const STORED *restrict a, __global const STORED *restrict b,
                       __global RESULT *restrict c, ulong m, ulong n, ulong k, ulong strip,
                       ulong length)
{
    COMPUTED sums[KEPT];
    const ulong first = get_global_id(0) * strip, columns = strip_columns(n, strip);
    const ulong slots = (columns + WIDTH - 1) / WIDTH * WIDTH; /* of `sums`, per row */
    const ulong begin = get_global_id(1) * length, end = min(begin + length, k);
    __global RESULT *out = c + get_global_id(1) * m * n + first;
    for (ulong e = 0; e < m * slots; e += WIDTH)
        PUT((vector)(0), sums + e);
    ulong l = begin;
    for (; l + 4 <= end; l += 4) {
        __global const STORED *in = b + l * n + first;
        ulong i = 0;
        for (; i + 2 <= m; i += 2)
            add_terms(a + i * k + l, k, in, n, columns, sums + i * slots, slots, 1);
        if (i < m)
            add_terms(a + i * k + l, k, in, n, columns, sums + i * slots, slots, 0);
    }
    for (; l < end; l++)
        for (ulong i = 0; i < m; i++)
            add_term(a + i * k + l, b + l * n + first, columns, sums + i * slots);
    for (ulong i = 0; i < m; i++)
        for (ulong j = 0; j < columns; j += WIDTH)
            PUT(GET(sums + i * slots + j), out + i * n + min(j, columns - WIDTH));
}

/* Transposes B, whatever its elements are: work-item g does `length` terms. */
__kernel void transpose(__global const ELEMENT *restrict b, __global ELEMENT *restrict transposed,
                        ulong n, ulong k, ulong length)
{
    const ulong begin = get_global_id(0) * length, end = min(begin + length, k);
    for (ulong j = 0; j < n; j++)
        for (ulong l = begin; l < end; l++)
            transposed[j * k + l] = b[l * n + j];
}

static COMPUTED sum_of(vector x)
{
    COMPUTED lanes[WIDTH], sum = 0;
    PUT(x, lanes);
    for (int i = 0; i < WIDTH; i++)
        sum += lanes[i];
    return sum;
}

/* Sums of four rows of A times two rows of the transposed B, by lanes. */
#define EACH_SUM(X) X(0, 0) X(0, 1) X(1, 0) X(1, 1) X(2, 0) X(2, 1) X(3, 0) X(3, 1)
#define LOAD_SUM(r, s) vector sum##r##s = sums[r][s];
#define ADD_PRODUCT(r, s) sum##r##s = MULTIPLY_ADD(x##r, y##s, sum##r##s);
#define STORE_SUM(r, s) sums[r][s] = sum##r##s;

static void add_products(__global const STORED *const *a, __global const STORED *const *b,
                         ulong begin, ulong end, vector (*sums)[2])
{
    __global const STORED *a0 = a[0], *a1 = a[1], *a2 = a[2], *a3 = a[3], *b0 = b[0], *b1 = b[1];
    EACH_SUM(LOAD_SUM)
    for (ulong l = begin; l + WIDTH <= end; l += WIDTH) {
        const vector y0 = LOAD(WIDTH, b0 + l), y1 = LOAD(WIDTH, b1 + l);
        const vector x0 = LOAD(WIDTH, a0 + l), x1 = LOAD(WIDTH, a1 + l);
        const vector x2 = LOAD(WIDTH, a2 + l), x3 = LOAD(WIDTH, a3 + l);
        EACH_SUM(ADD_PRODUCT)
    }
    EACH_SUM(STORE_SUM)
}

/* Work-item (p, g): rows [p piece, (p + 1) piece), terms [g length, (g + 1) length)
 * in blocks for which four rows of A stay in the first-level cache.  Rows and
 * columns beyond the edge repeat the last one. */
__kernel void few_columns(__global const STORED *restrict a, __global const STORED *restrict b,
                          __global RESULT *restrict c, ulong m, ulong n, ulong k, ulong piece,
                          ulong length)
{
    const ulong block = n > 2 ? 1024 : length;
    const ulong begin = get_global_id(1) * length, end = min(begin + length, k);
    const ulong whole = begin + (end - begin) / WIDTH * WIDTH;
    const ulong row_end = min((get_global_id(0) + 1) * piece, m);
    vector sums[(MOST_COLUMNS + 1) / 2][4][2];
    for (ulong row = get_global_id(0) * piece; row < row_end; row += 4) {
        __global RESULT *out = c + get_global_id(1) * m * n + row * n;
        __global const STORED *rows[4];
        for (ulong r = 0; r < 4; r++)
            rows[r] = a + min(row + r, m - 1) * k;
        for (ulong j = 0; j < n; j += 2)
            for (int r = 0; r < 4; r++)
                sums[j / 2][r][0] = sums[j / 2][r][1] = 0;
        for (ulong l = begin; l < whole; l += block)
            for (ulong j = 0; j < n; j += 2) {
                __global const STORED *columns[2] = {b + j * k, b + min(j + 1, n - 1) * k};
                add_products(rows, columns, l, min(l + block, whole), sums[j / 2]);
            }
        for (ulong r = 0; r < 4 && row + r < row_end; r++)
            for (ulong j = 0; j < n; j++) {
                COMPUTED sum = sum_of(sums[j / 2][r][j % 2]);
                for (ulong l = whole; l < end; l++)
                    sum = MULTIPLY_ADD(LOAD_ONE(rows[r] + l), LOAD_ONE(b + j * k + l), sum);
                out[r * n + j] = sum;
            }
    }
}

#if defined STREAM && defined __has_builtin
#if __has_builtin(__builtin_nontemporal_store)
#define PUT_OUT(x, pointer) __builtin_nontemporal_store(x, (__global vector *)(pointer))
#endif
#endif
#ifndef PUT_OUT
#define PUT_OUT(x, pointer) PUT(x, pointer)
#endif

/* A vector of a row of C from a row of A and a strip of B, whose rows are `stride`
 * apart; then four side by side. */
static vector one_vector(__global const STORED *a, const COMPUTED *b, ulong stride, ulong k)
{
    vector sum = (vector)(LOAD_ONE(a)) * GET(b);
    for (ulong l = 1; l < k; l++)
        sum = MULTIPLY_ADD((vector)(LOAD_ONE(a + l)), GET(b + l * stride), sum);
    return sum;
}

static void four_vectors(__global const STORED *a, const COMPUTED *b, ulong stride, ulong k,
                         __global RESULT *out)
{
    const vector x = (vector)(LOAD_ONE(a));
    vector sum0 = x * GET(b), sum1 = x * GET(b + WIDTH);
    vector sum2 = x * GET(b + 2 * WIDTH), sum3 = x * GET(b + 3 * WIDTH);
    for (ulong l = 1; l < k; l++) {
        const vector y = (vector)(LOAD_ONE(a + l));
        const COMPUTED *in = b + l * stride;
        sum0 = MULTIPLY_ADD(y, GET(in), sum0);
        sum1 = MULTIPLY_ADD(y, GET(in + WIDTH), sum1);
        sum2 = MULTIPLY_ADD(y, GET(in + 2 * WIDTH), sum2);
        sum3 = MULTIPLY_ADD(y, GET(in + 3 * WIDTH), sum3);
    }
    PUT_OUT(sum0, out);
    PUT_OUT(sum1, out + WIDTH);
    PUT_OUT(sum2, out + 2 * WIDTH);
    PUT_OUT(sum3, out + 3 * WIDTH);
}

/* Work-item (s, g): columns from s strip on, rows [g length, (g + 1) length).  The
 * strip of B is copied, as rows of B that lie a power of two apart would displace
 * each other in the cache. */
__kernel void few_terms(__global const STORED *restrict a, __global const STORED *restrict b,
                        __global RESULT *restrict c, ulong m, ulong n, ulong k, ulong strip,
                        ulong length)
{
    COMPUTED kept[KEPT];
    const ulong first = get_global_id(0) * strip, columns = strip_columns(n, strip);
    const ulong row_end = min((get_global_id(1) + 1) * length, m), last = columns - WIDTH;
    for (ulong l = 0; l < k; l++)
        for (ulong j = 0; j < columns; j += WIDTH)
            PUT(LOAD(WIDTH, b + l * n + first + min(j, last)), kept + l * columns + min(j, last));
    for (ulong row = get_global_id(1) * length; row < row_end; row++) {
        __global const STORED *x = a + row * k;
        __global RESULT *out = c + row * n + first;
        ulong j = 0;
        for (; j + 4 * WIDTH <= columns; j += 4 * WIDTH)
            four_vectors(x, kept + j, columns, k, out + j);
        for (; j < columns; j += WIDTH)
            PUT_OUT(one_vector(x, kept + min(j, last), columns, k), out + min(j, last));
    }
}

/* Work-item g: `length` elements of C, each the sum over `parts`. */
__kernel void add_parts(__global const RESULT *restrict in, __global RESULT *restrict c,
                        ulong count, ulong parts, ulong length)
{
    const ulong begin = get_global_id(0) * length, end = min(begin + length, count);
    ulong e = begin;
    for (; e + WIDTH <= end; e += WIDTH) {
        vector sum = GET(in + e);
        for (ulong p = 1; p < parts; p++)
            sum += GET(in + p * count + e);
        PUT(sum, c + e);
    }
    for (; e < end; e++) {
        RESULT sum = in[e];
        for (ulong p = 1; p < parts; p++)
            sum += in[p * count + e];
        c[e] = sum;
    }
}
