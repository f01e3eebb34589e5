/* SPDX-License-Identifier: Apache-2.0 */
/* One level of vector.c, which includes this file once per vector extension.  It
 * knows no extension but through these macros, which it undefines:
 *
 *   LEVEL(name)   name with the level's suffix
 *   LEVEL_NAME    the level's name as text
 *   TARGET        function attribute that allows the extension
 *   LANES         32-bit elements of a vector
 *   SUMS(X)       X(0) .. for each accumulator of a reduction
 *   SUM_COUNT     how many those are
 *   ROWS(X)       X(0) .. for each row of a tile
 *   ROW_COUNT     how many those are
 *   FUSED_F32(a, b, c), FUSED_F64(a, b, c)  a b + c with one rounding; optional, both
 *                 or none
 *   STORE_PAST_CACHES(p, v)  stores the vector v of f32, p aligned to it; optional
 *   LOAD_F16(p)   LANES 16-bit floats as a vector of f32; optional
 *   LOAD_U16(p)   LANES 16-bit integers, each widened to 32 bits
 *   LOAD_I8(p)    2 LANES bytes, each widened to 16 bits with its sign
 *   LOAD_WORDS(p) LANES bytes, each widened to 32 bits with its sign
 *   DOT_PAIRS(c, a, b)   c + a.low b.low + a.high b.high, 16-bit halves
 *   DOT_QUADS(c, a, b)   c + the sum of four products of unsigned bytes of a and
 *                        signed bytes of b; not defined where there is none
 */

typedef uint32_t LEVEL(u32v) __attribute__((vector_size(4 * LANES)));
typedef float LEVEL(f32v) __attribute__((vector_size(4 * LANES)));
typedef float LEVEL(f32h) __attribute__((vector_size(2 * LANES)));
typedef double LEVEL(f64v) __attribute__((vector_size(4 * LANES)));

/* ------------------------------------------------------- runs of elements */

#define LOADER(type, vector, element)                                                              \
    static inline TARGET LEVEL(vector) LEVEL(load_##type)(const element *p)                        \
    {                                                                                              \
        LEVEL(vector) value;                                                                       \
        memcpy(&value, p, sizeof value);                                                           \
        return value;                                                                              \
    }

LOADER(f64, f64v, double)
LOADER(f32, f32v, float)
LOADER(u32, u32v, uint32_t)
#undef LOADER

static inline TARGET LEVEL(f32v) LEVEL(load_bf16)(const uint16_t *p)
{
    return (LEVEL(f32v))(LOAD_U16(p) << 16);
}

static inline TARGET LEVEL(f32v) LEVEL(load_f16)(const uint16_t *p)
{
#ifdef LOAD_F16
    return LOAD_F16(p);
#else
    /* The bits, moved into place, are the value times 2^-112, subnormals too. */
    const LEVEL(u32v) bits = LOAD_U16(p);
    const LEVEL(f32v) value = (LEVEL(f32v))((bits & 0x7fff) << 13) * 0x1p112f;
    const LEVEL(u32v) not_finite = (LEVEL(u32v))((bits & 0x7c00) == 0x7c00) & 0x7f800000;
    return (LEVEL(f32v))((LEVEL(u32v))value | not_finite | (bits & 0x8000) << 16);
#endif
}

/* -------------------------------------------------------------- reductions */

_Static_assert(SUM_COUNT == 8, "FOUR steps take half of the sums, or two each");

/* STEPS adds `length` elements.  The last ones are copied to a run of zeros.  The few
 * independent sums are added in f64. */
#define REDUCTION(name, element, vector, length, STEPS, total)                                     \
    static TARGET struct cpu_sum LEVEL(name)(const void *first, const void *second, size_t count)  \
    {                                                                                              \
        enum { RUN = (length) };                                                                   \
        const element *x = first, *y = second;                                                     \
        element last_x[RUN] = {0}, last_y[RUN] = {0};                                              \
        LEVEL(vector) sums[SUM_COUNT] = {0};                                                       \
        const size_t whole = count - count % RUN;                                                  \
        for (size_t i = 0; i < whole; i += RUN) {                                                  \
            STEPS                                                                                  \
        }                                                                                          \
        if (count > whole) {                                                                       \
            memcpy(last_x, x + whole, (count - whole) * sizeof *x);                                \
            if (y != NULL)                                                                         \
                memcpy(last_y, y + whole, (count - whole) * sizeof *y);                            \
            x = last_x;                                                                            \
            y = last_y;                                                                            \
            const size_t i = 0;                                                                    \
            STEPS                                                                                  \
        }                                                                                          \
        return LEVEL(total)(sums);                                                                 \
    }

#define TOTAL(vector, element, result)                                                             \
    static inline TARGET struct cpu_sum LEVEL(total_##vector)(const LEVEL(vector) * sums)          \
    {                                                                                              \
        element lanes[SUM_COUNT * sizeof *sums / sizeof(element)];                                 \
        result total = 0;                                                                          \
        memcpy(lanes, sums, sizeof lanes);                                                         \
        for (size_t lane = 0; lane < sizeof lanes / sizeof *lanes; lane++)                         \
            total += lanes[lane];                                                                  \
        return (struct cpu_sum){RESULT_##result(total), 0};                                        \
    }
#define RESULT_double(total) (total)
#define RESULT_uint32_t(total) ((double)(int32_t)(total))

TOTAL(f64v, double, double)
TOTAL(f32v, float, double)
TOTAL(u32v, uint32_t, uint32_t)
#undef TOTAL
#undef RESULT_double
#undef RESULT_uint32_t

/* Sums and what they lost alike. */
static inline TARGET struct cpu_sum LEVEL(total_exactly)(const LEVEL(f64v) * sums)
{
    double lanes[SUM_COUNT * LANES / 2];
    struct cpu_sum total = {0, 0};
    memcpy(lanes, sums, sizeof lanes);
    for (size_t lane = 0; lane < sizeof lanes / sizeof *lanes; lane++)
        cpu_add_exactly(&total, lanes[lane]);
    return total;
}

/* a b - product, exactly (Dekker with Veltkamp's splitting, where there is no fma). */
#ifdef FUSED_F32
#define LOST(type, vector, splitter, FUSED)                                                        \
    static inline TARGET LEVEL(vector)                                                             \
        LEVEL(lost_##type)(LEVEL(vector) a, LEVEL(vector) b, LEVEL(vector) product)                \
    {                                                                                              \
        return FUSED(a, b, -product);                                                              \
    }
#else
#define LOST(type, vector, splitter, FUSED)                                                        \
    static inline TARGET LEVEL(vector)                                                             \
        LEVEL(lost_##type)(LEVEL(vector) a, LEVEL(vector) b, LEVEL(vector) product)                \
    {                                                                                              \
        const LEVEL(vector) big_a = a * splitter, big_b = b * splitter;                            \
        const LEVEL(vector) high_a = big_a - (big_a - a), high_b = big_b - (big_b - b);            \
        const LEVEL(vector) low_a = a - high_a, low_b = b - high_b;                                \
        return ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b;    \
    }
#endif
LOST(f32, f32v, (0x1p12f + 1), FUSED_F32)
LOST(f64, f64v, (0x1p27 + 1), FUSED_F64)
#undef LOST

/* One half of a vector of f32 as f64. */
static inline TARGET LEVEL(f64v) LEVEL(widen)(LEVEL(f32v) values, size_t half)
{
    LEVEL(f32h) part;
    memcpy(&part, (const char *)&values + half * sizeof part, sizeof part);
    return __builtin_convertvector(part, LEVEL(f64v));
}

#define AT(p, j, lanes) ((p) + i + (size_t)(j) * (lanes))
#define SUM_F64(j) sums[j] += LEVEL(load_f64)(AT(x, j, LANES / 2));
#define SUM_F32(j) sums[j] += LEVEL(load_f32)(AT(x, j, LANES));
#define SUM_F16(j) sums[j] += LEVEL(load_f16)(AT(x, j, LANES));
#define SUM_BF16(j) sums[j] += LEVEL(load_bf16)(AT(x, j, LANES));
#define SUM_I8(j) sums[j] = DOT_PAIRS(sums[j], LOAD_I8(AT(x, j, 2 * LANES)), ones);
#define DOT_F64(j)                                                                                 \
    sums[j] += LEVEL(load_f64)(AT(x, j, LANES / 2)) * LEVEL(load_f64)(AT(y, j, LANES / 2));
#define DOT_F32(j) sums[j] += LEVEL(load_f32)(AT(x, j, LANES)) * LEVEL(load_f32)(AT(y, j, LANES));
#define DOT_F16(j) sums[j] += LEVEL(load_f16)(AT(x, j, LANES)) * LEVEL(load_f16)(AT(y, j, LANES));
#define DOT_BF16(j)                                                                                \
    sums[j] += LEVEL(load_bf16)(AT(x, j, LANES)) * LEVEL(load_bf16)(AT(y, j, LANES));
#define DOT_I8(j)                                                                                  \
    sums[j] = DOT_PAIRS(sums[j], LOAD_I8(AT(x, j, 2 * LANES)), LOAD_I8(AT(y, j, 2 * LANES)));
#define ones ((LEVEL(u32v)){0} + 0x10001)

/* Sum j of four, and four behind it what it has lost. */
#define COMPENSATE(vector, j, term)                                                                \
    {                                                                                              \
        const LEVEL(vector) t = term, total = sums[j] + t, back = total - sums[j];                 \
        sums[(j) + 4] += (sums[j] - (total - back)) + (t - back);                                  \
        sums[j] = total;                                                                           \
    }
#define SUM_F64_EXACTLY(j) COMPENSATE(f64v, j, LEVEL(load_f64)(AT(x, j, LANES / 2)))
#define SUM_F32_EXACTLY(j) COMPENSATE(f32v, j, LEVEL(load_f32)(AT(x, j, LANES)))
#define SUM_F16_EXACTLY(j) COMPENSATE(f32v, j, LEVEL(load_f16)(AT(x, j, LANES)))
#define SUM_BF16_EXACTLY(j) COMPENSATE(f32v, j, LEVEL(load_bf16)(AT(x, j, LANES)))
#define DOT_EXACTLY(type, vector, lanes, j)                                                        \
    {                                                                                              \
        const LEVEL(vector) a = LEVEL(load_##type)(AT(x, j, lanes));                               \
        const LEVEL(vector) b = LEVEL(load_##type)(AT(y, j, lanes)), product = a * b;              \
        sums[(j) + 4] += LEVEL(lost_##type)(a, b, product);                                        \
        COMPENSATE(vector, j, product)                                                             \
    }
#define DOT_F64_EXACTLY(j) DOT_EXACTLY(f64, f64v, LANES / 2, j)
#define DOT_F32_EXACTLY(j) DOT_EXACTLY(f32, f32v, LANES, j)
/* f32 holds products of 16-bit floats. */
#define DOT_F16_EXACTLY(j)                                                                         \
    COMPENSATE(f32v, j, LEVEL(load_f16)(AT(x, j, LANES)) * LEVEL(load_f16)(AT(y, j, LANES)))
#define DOT_BF16_EXACTLY(j)                                                                        \
    COMPENSATE(f32v, j, LEVEL(load_bf16)(AT(x, j, LANES)) * LEVEL(load_bf16)(AT(y, j, LANES)))

/* f64 holds products of f32. */
#define SUM_WIDE(type, j)                                                                          \
    {                                                                                              \
        const LEVEL(f32v) a = LEVEL(load_##type)(AT(x, j, LANES));                                 \
        sums[2 * (j)] += LEVEL(widen)(a, 0);                                                       \
        sums[2 * (j) + 1] += LEVEL(widen)(a, 1);                                                   \
    }
#define DOT_WIDE(type, j)                                                                          \
    {                                                                                              \
        const LEVEL(f32v) a = LEVEL(load_##type)(AT(x, j, LANES));                                 \
        const LEVEL(f32v) b = LEVEL(load_##type)(AT(y, j, LANES));                                 \
        sums[2 * (j)] += LEVEL(widen)(a, 0) * LEVEL(widen)(b, 0);                                  \
        sums[2 * (j) + 1] += LEVEL(widen)(a, 1) * LEVEL(widen)(b, 1);                              \
    }
#define SUM_F32_WIDE(j) SUM_WIDE(f32, j)
#define SUM_F16_WIDE(j) SUM_WIDE(f16, j)
#define SUM_BF16_WIDE(j) SUM_WIDE(bf16, j)
#define DOT_F32_WIDE(j) DOT_WIDE(f32, j)
#define DOT_F16_WIDE(j) DOT_WIDE(f16, j)
#define DOT_BF16_WIDE(j) DOT_WIDE(bf16, j)

enum { LEVEL(RUN) = LANES * SUM_COUNT };
REDUCTION(sum_f64, double, f64v, LEVEL(RUN) / 2, SUMS(SUM_F64), total_f64v)
REDUCTION(sum_f32, float, f32v, LEVEL(RUN), SUMS(SUM_F32), total_f32v)
REDUCTION(sum_f16, uint16_t, f32v, LEVEL(RUN), SUMS(SUM_F16), total_f32v)
REDUCTION(sum_bf16, uint16_t, f32v, LEVEL(RUN), SUMS(SUM_BF16), total_f32v)
REDUCTION(sum_i8, int8_t, u32v, 2 * LEVEL(RUN), SUMS(SUM_I8), total_u32v)
REDUCTION(dot_f64, double, f64v, LEVEL(RUN) / 2, SUMS(DOT_F64), total_f64v)
REDUCTION(dot_f32, float, f32v, LEVEL(RUN), SUMS(DOT_F32), total_f32v)
REDUCTION(dot_f16, uint16_t, f32v, LEVEL(RUN), SUMS(DOT_F16), total_f32v)
REDUCTION(dot_bf16, uint16_t, f32v, LEVEL(RUN), SUMS(DOT_BF16), total_f32v)
REDUCTION(dot_i8, int8_t, u32v, 2 * LEVEL(RUN), SUMS(DOT_I8), total_u32v)

REDUCTION(sum_f64_exactly, double, f64v, LEVEL(RUN) / 4, FOUR(SUM_F64_EXACTLY), total_exactly)
REDUCTION(sum_f32_exactly, float, f32v, LEVEL(RUN) / 2, FOUR(SUM_F32_EXACTLY), total_f32v)
REDUCTION(sum_f16_exactly, uint16_t, f32v, LEVEL(RUN) / 2, FOUR(SUM_F16_EXACTLY), total_f32v)
REDUCTION(sum_bf16_exactly, uint16_t, f32v, LEVEL(RUN) / 2, FOUR(SUM_BF16_EXACTLY), total_f32v)
REDUCTION(dot_f64_exactly, double, f64v, LEVEL(RUN) / 4, FOUR(DOT_F64_EXACTLY), total_exactly)
REDUCTION(dot_f32_exactly, float, f32v, LEVEL(RUN) / 2, FOUR(DOT_F32_EXACTLY), total_f32v)
REDUCTION(dot_f16_exactly, uint16_t, f32v, LEVEL(RUN) / 2, FOUR(DOT_F16_EXACTLY), total_f32v)
REDUCTION(dot_bf16_exactly, uint16_t, f32v, LEVEL(RUN) / 2, FOUR(DOT_BF16_EXACTLY), total_f32v)

REDUCTION(sum_f32_wide, float, f64v, LEVEL(RUN) / 2, FOUR(SUM_F32_WIDE), total_f64v)
REDUCTION(sum_f16_wide, uint16_t, f64v, LEVEL(RUN) / 2, FOUR(SUM_F16_WIDE), total_f64v)
REDUCTION(sum_bf16_wide, uint16_t, f64v, LEVEL(RUN) / 2, FOUR(SUM_BF16_WIDE), total_f64v)
REDUCTION(dot_f32_wide, float, f64v, LEVEL(RUN) / 2, FOUR(DOT_F32_WIDE), total_f64v)
REDUCTION(dot_f16_wide, uint16_t, f64v, LEVEL(RUN) / 2, FOUR(DOT_F16_WIDE), total_f64v)
REDUCTION(dot_bf16_wide, uint16_t, f64v, LEVEL(RUN) / 2, FOUR(DOT_BF16_WIDE), total_f64v)

#undef REDUCTION
#undef AT
#undef COMPENSATE
#undef DOT_EXACTLY
#undef SUM_WIDE
#undef DOT_WIDE
#undef SUM_F64
#undef SUM_F32
#undef SUM_F16
#undef SUM_BF16
#undef SUM_I8
#undef DOT_F64
#undef DOT_F32
#undef DOT_F16
#undef DOT_BF16
#undef DOT_I8
#undef SUM_F64_EXACTLY
#undef SUM_F32_EXACTLY
#undef SUM_F16_EXACTLY
#undef SUM_BF16_EXACTLY
#undef DOT_F64_EXACTLY
#undef DOT_F32_EXACTLY
#undef DOT_F16_EXACTLY
#undef DOT_BF16_EXACTLY
#undef SUM_F32_WIDE
#undef SUM_F16_WIDE
#undef SUM_BF16_WIDE
#undef DOT_F32_WIDE
#undef DOT_F16_WIDE
#undef DOT_BF16_WIDE
#undef ones

/* ------------------------------------------------------------- conversions */

#define CONVERSION(type)                                                                           \
    static TARGET void LEVEL(type##_to_f32)(const uint16_t *from, float *to, size_t count)         \
    {                                                                                              \
        const size_t whole = count - count % LANES;                                                \
        for (size_t i = 0; i < whole; i += LANES) {                                                \
            const LEVEL(f32v) values = LEVEL(load_##type)(from + i);                               \
            memcpy(to + i, &values, sizeof values);                                                \
        }                                                                                          \
        if (count > whole) {                                                                       \
            uint16_t last[LANES] = {0};                                                            \
            memcpy(last, from + whole, (count - whole) * sizeof *from);                            \
            const LEVEL(f32v) values = LEVEL(load_##type)(last);                                   \
            memcpy(to + whole, &values, (count - whole) * sizeof *to);                             \
        }                                                                                          \
    }
CONVERSION(f16)
CONVERSION(bf16)
#undef CONVERSION

/* ------------------------------------------------------------------- triad */

#ifdef STORE_PAST_CACHES
#define STREAM(p, v) STORE_PAST_CACHES(p, (LEVEL(f32v))(v))
#else
#define STREAM(p, v) memcpy(p, &(v), sizeof(v))
#endif
#define TRIAD(name, element, result, vector)                                                       \
    static TARGET void LEVEL(triad_##name)(const void *first, const void *second, void *out,       \
                                           size_t count, bool past_caches)                         \
    {                                                                                              \
        enum { STEP = sizeof(LEVEL(vector)) / sizeof(result) };                                    \
        const element *x = first, *y = second;                                                     \
        result *z = out;                                                                           \
        element last_x[STEP] = {0}, last_y[STEP] = {0};                                            \
        const size_t whole = count - count % STEP;                                                 \
        for (size_t i = 0; i < whole && past_caches; i += STEP) {                                  \
            const LEVEL(vector) sum = LEVEL(load_##name)(x + i) + 3 * LEVEL(load_##name)(y + i);   \
            STREAM(z + i, sum);                                                                    \
        }                                                                                          \
        for (size_t i = 0; i < whole && !past_caches; i += STEP) {                                 \
            const LEVEL(vector) sum = LEVEL(load_##name)(x + i) + 3 * LEVEL(load_##name)(y + i);   \
            memcpy(z + i, &sum, sizeof sum);                                                       \
        }                                                                                          \
        if (count > whole) {                                                                       \
            memcpy(last_x, x + whole, (count - whole) * sizeof *x);                                \
            memcpy(last_y, y + whole, (count - whole) * sizeof *y);                                \
            const LEVEL(vector) sum = LEVEL(load_##name)(last_x) + 3 * LEVEL(load_##name)(last_y); \
            memcpy(z + whole, &sum, (count - whole) * sizeof *z);                                  \
        }                                                                                          \
    }
TRIAD(f64, double, double, f64v)
TRIAD(f32, float, float, f32v)
TRIAD(f16, uint16_t, float, f32v)
TRIAD(bf16, uint16_t, float, f32v)
#undef TRIAD
#undef STREAM

/* -------------------------------------------------------------------- peak */

/* Two units with a latency of four or five cycles need ten chains; twelve and the
 * two factors fit into 16 registers. */
#define BEGIN(j)                                                                                   \
    vector chain##j;                                                                               \
    memcpy(&chain##j, run + (j)*STEP, sizeof chain##j);
#define ROUND(j) chain##j = MULTIPLY_ADD(chain##j, a, c);
#define END(j) memcpy(run + (j)*STEP, &chain##j, sizeof chain##j);
#define PEAK(name, element)                                                                        \
    static TARGET void LEVEL(peak_##name)(const void *first, void *out, size_t count,              \
                                          double factor, double term)                              \
    {                                                                                              \
        typedef LEVEL(name##v) vector;                                                             \
        enum { STEP = sizeof(vector) / sizeof(element), RUN = 12 * STEP };                         \
        const element *x = first;                                                                  \
        element *z = out;                                                                          \
        const vector a = (vector){0} + (element)factor, c = (vector){0} + (element)term;           \
        for (size_t i = 0; i < count; i += RUN) {                                                  \
            const size_t length = count - i < RUN ? count - i : RUN;                               \
            element run[RUN] = {0};                                                                \
            memcpy(run, x + i, length * sizeof *run);                                              \
            TWELVE(BEGIN)                                                                          \
            for (unsigned round = 0; round < HCB_PEAK_ROUNDS; round++) {                           \
                TWELVE(ROUND)                                                                      \
            }                                                                                      \
            TWELVE(END)                                                                            \
            memcpy(z + i, run, length * sizeof *run);                                              \
        }                                                                                          \
    }
#ifdef FUSED_F32
#define MULTIPLY_ADD FUSED_F64
PEAK(f64, double)
#undef MULTIPLY_ADD
#define MULTIPLY_ADD FUSED_F32
PEAK(f32, float)
#else
#define MULTIPLY_ADD(x, y, z) ((x) * (y) + (z))
PEAK(f64, double)
PEAK(f32, float)
#endif
#undef MULTIPLY_ADD
#undef PEAK
#undef BEGIN
#undef ROUND
#undef END

/* --------------------------------------------------------- matmul of bytes */

#ifdef DOT_QUADS
/* A is packed with 128 added, so that its bytes are unsigned; the sums of a
 * column of B start from what that adds to them. */
enum { LEVEL(GROUP) = 4, LEVEL(OFFSET) = 128 };
#define DOT_WORDS DOT_QUADS
#else
enum { LEVEL(GROUP) = 2, LEVEL(OFFSET) = 0 };
#define DOT_WORDS DOT_PAIRS
#endif
enum { LEVEL(COLUMNS) = 2 * LANES, LEVEL(BITS) = 32 / LEVEL(GROUP) };

/* The word of `terms` consecutive bytes, `stride` apart, at most a group. */
static inline TARGET uint32_t LEVEL(pack)(const int8_t *p, size_t stride, size_t terms,
                                          uint32_t offset)
{
    const uint32_t mask = LEVEL(GROUP) == 4 ? 0xff : 0xffff;
    uint32_t word = 0;
    for (size_t t = 0; t < terms; t++)
        word |= (((uint32_t)p[t * stride] + offset) & mask) << t * LEVEL(BITS);
    return word;
}

/* The word of a whole group of neighbours. */
static inline TARGET uint32_t LEVEL(pack_whole)(const int8_t *p)
{
    const uint32_t mask = LEVEL(GROUP) == 4 ? 0xff : 0xffff;
#define BYTE(t) (((uint32_t)p[t] + LEVEL(OFFSET)) & mask) << (t)*LEVEL(BITS)
#ifdef DOT_QUADS
    return BYTE(0) | BYTE(1) | BYTE(2) | BYTE(3);
#else
    return BYTE(0) | BYTE(1);
#endif
#undef BYTE
}

static TARGET void LEVEL(pack_a)(const int8_t *a, size_t stride, size_t extent, size_t terms,
                                 uint32_t *panel)
{
    const size_t whole = terms / LEVEL(GROUP), rest = terms % LEVEL(GROUP);
    if (extent < ROW_COUNT)
        memset(panel, 0, (whole + (rest > 0)) * ROW_COUNT * sizeof *panel);
    for (size_t r = 0; r < ROW_COUNT && r < extent; r++) {
        const int8_t *row = a + r * stride;
        for (size_t g = 0; g < whole; g++)
            panel[g * ROW_COUNT + r] = LEVEL(pack_whole)(row + g * LEVEL(GROUP));
        if (rest > 0)
            panel[whole * ROW_COUNT + r] =
                LEVEL(pack)(row + whole * LEVEL(GROUP), 1, rest, LEVEL(OFFSET));
    }
}

/* One group of terms of a panel that has them all, and the columns' sums. */
static inline TARGET void LEVEL(pack_b_whole)(const int8_t *b, size_t stride, uint32_t *words,
                                              uint32_t *start)
{
    const uint32_t mask = LEVEL(GROUP) == 4 ? 0xff : 0xffff;
    for (size_t j = 0; j < LEVEL(COLUMNS); j += LANES) {
        LEVEL(u32v) word = {0}, sum = {0};
        for (unsigned t = 0; t < LEVEL(GROUP); t++) {
            const LEVEL(u32v) wide = LOAD_WORDS(b + t * stride + j);
            word |= (wide & mask) << t * LEVEL(BITS);
            sum += wide;
        }
        memcpy(words + j, &word, sizeof word);
        sum = LEVEL(load_u32)(start + j) - sum * LEVEL(OFFSET);
        memcpy(start + j, &sum, sizeof sum);
    }
}

/* The same where columns or terms are missing. */
static TARGET void LEVEL(pack_b_part)(const int8_t *b, size_t stride, size_t columns, size_t terms,
                                      uint32_t *words, uint32_t *start)
{
    memset(words, 0, LEVEL(COLUMNS) * sizeof *words);
    for (size_t j = 0; j < columns; j++) {
        words[j] = LEVEL(pack)(b + j, stride, terms, 0);
        for (size_t t = 0; t < terms; t++)
            start[j] -= LEVEL(OFFSET) * (uint32_t)b[t * stride + j];
    }
}

static TARGET void LEVEL(pack_b)(const int8_t *b, size_t stride, size_t extent, size_t terms,
                                 uint32_t *panel, uint32_t *start)
{
    const size_t columns = extent < LEVEL(COLUMNS) ? extent : LEVEL(COLUMNS);
    memset(start, 0, LEVEL(COLUMNS) * sizeof *start);
    for (; terms >= LEVEL(GROUP); terms -= LEVEL(GROUP)) {
        if (columns == LEVEL(COLUMNS))
            LEVEL(pack_b_whole)(b, stride, panel, start);
        else
            LEVEL(pack_b_part)(b, stride, columns, LEVEL(GROUP), panel, start);
        b += LEVEL(GROUP) * stride;
        panel += LEVEL(COLUMNS);
    }
    if (terms > 0)
        LEVEL(pack_b_part)(b, stride, columns, terms, panel, start);
}

static TARGET void LEVEL(tile)(size_t groups, const uint32_t *a, const uint32_t *b,
                               const uint32_t *start, uint32_t *out)
{
    const LEVEL(u32v) zero = {0};
    const LEVEL(u32v) start0 = start != NULL ? LEVEL(load_u32)(start) : zero;
    const LEVEL(u32v) start1 = start != NULL ? LEVEL(load_u32)(start + LANES) : zero;
#define BEGIN(r) LEVEL(u32v) left##r = start0, right##r = start1;
    ROWS(BEGIN)
#undef BEGIN
    for (size_t g = 0; g < groups; g++, a += ROW_COUNT, b += 2 * LANES) {
        const LEVEL(u32v) b0 = LEVEL(load_u32)(b), b1 = LEVEL(load_u32)(b + LANES);
#define STEP(r)                                                                                    \
    {                                                                                              \
        const LEVEL(u32v) word = zero + a[r];                                                      \
        left##r = DOT_WORDS(left##r, word, b0);                                                    \
        right##r = DOT_WORDS(right##r, word, b1);                                                  \
    }
        ROWS(STEP)
#undef STEP
    }
#define END(r)                                                                                     \
    memcpy(out + (r)*2 * LANES, &left##r, sizeof left##r);                                         \
    memcpy(out + ((r)*2 + 1) * LANES, &right##r, sizeof right##r);
    ROWS(END)
#undef END
}

static const struct cpu_vector_level LEVEL(level) = {
    .name = LEVEL_NAME,
    .sums_f64 = SUM_COUNT * LANES / 2,
    .sums_f32 = SUM_COUNT * LANES,
    .reduce = {[HCB_SUM_PLAIN] = {{[HCB_PRECISION_F64] = LEVEL(sum_f64),
                                   [HCB_PRECISION_F32] = LEVEL(sum_f32),
                                   [HCB_PRECISION_F16F32] = LEVEL(sum_f16),
                                   [HCB_PRECISION_BF16F32] = LEVEL(sum_bf16),
                                   [HCB_PRECISION_I8I32] = LEVEL(sum_i8)},
                                  {[HCB_PRECISION_F64] = LEVEL(dot_f64),
                                   [HCB_PRECISION_F32] = LEVEL(dot_f32),
                                   [HCB_PRECISION_F16F32] = LEVEL(dot_f16),
                                   [HCB_PRECISION_BF16F32] = LEVEL(dot_bf16),
                                   [HCB_PRECISION_I8I32] = LEVEL(dot_i8)}},
               [HCB_SUM_NEUMAIER] = {{[HCB_PRECISION_F64] = LEVEL(sum_f64_exactly),
                                      [HCB_PRECISION_F32] = LEVEL(sum_f32_exactly),
                                      [HCB_PRECISION_F16F32] = LEVEL(sum_f16_exactly),
                                      [HCB_PRECISION_BF16F32] = LEVEL(sum_bf16_exactly)},
                                     {[HCB_PRECISION_F64] = LEVEL(dot_f64_exactly),
                                      [HCB_PRECISION_F32] = LEVEL(dot_f32_exactly),
                                      [HCB_PRECISION_F16F32] = LEVEL(dot_f16_exactly),
                                      [HCB_PRECISION_BF16F32] = LEVEL(dot_bf16_exactly)}},
               [HCB_SUM_F64] = {{[HCB_PRECISION_F32] = LEVEL(sum_f32_wide),
                                 [HCB_PRECISION_F16F32] = LEVEL(sum_f16_wide),
                                 [HCB_PRECISION_BF16F32] = LEVEL(sum_bf16_wide)},
                                {[HCB_PRECISION_F32] = LEVEL(dot_f32_wide),
                                 [HCB_PRECISION_F16F32] = LEVEL(dot_f16_wide),
                                 [HCB_PRECISION_BF16F32] = LEVEL(dot_bf16_wide)}}},
    .f16_to_f32 = LEVEL(f16_to_f32),
    .bf16_to_f32 = LEVEL(bf16_to_f32),
    .triad = {[HCB_PRECISION_F64] = LEVEL(triad_f64),
              [HCB_PRECISION_F32] = LEVEL(triad_f32),
              [HCB_PRECISION_F16F32] = LEVEL(triad_f16),
              [HCB_PRECISION_BF16F32] = LEVEL(triad_bf16)},
    .peak = {[HCB_PRECISION_F64] = LEVEL(peak_f64), [HCB_PRECISION_F32] = LEVEL(peak_f32)},
    .bytes = {.rows = ROW_COUNT,
              .columns = LEVEL(COLUMNS),
              .group = LEVEL(GROUP),
              .pack_a = LEVEL(pack_a),
              .pack_b = LEVEL(pack_b),
              .tile = LEVEL(tile)},
};

#undef LEVEL
#undef LEVEL_NAME
#undef TARGET
#undef LANES
#undef SUMS
#undef SUM_COUNT
#undef ROWS
#undef ROW_COUNT
#undef FUSED_F32
#undef FUSED_F64
#undef STORE_PAST_CACHES
#undef LOAD_F16
#undef LOAD_U16
#undef LOAD_I8
#undef LOAD_WORDS
#undef DOT_PAIRS
#undef DOT_QUADS
#undef DOT_WORDS
