/* SPDX-License-Identifier: Apache-2.0 */
/* The levels of vector.h: what each vector extension does differently, and which
 * ones this processor has.  The program itself is built for the least processor. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#if defined __x86_64__ || defined __i386__
#define ON_X86 1
#include <cpuid.h>
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

#include "vector.h"

#define FOUR(X) X(0) X(1) X(2) X(3)
#define SIX(X) FOUR(X) X(4) X(5)
#define EIGHT(X) SIX(X) X(6) X(7)
#define TWELVE(X) EIGHT(X) X(8) X(9) X(10) X(11)

/* The vector at p, which need not be aligned nor be declared as one. */
#define LOAD_AS(vector, p) (((const struct unaligned_##vector *)(const void *)(p))->value)
#define UNALIGNED(vector)                                                                          \
    struct unaligned_##vector {                                                                    \
        vector value;                                                                              \
    } __attribute__((packed, may_alias));

/* Any processor that the compiler knows: vectors of 16 bytes. */
#define LEVEL(name) name##_portable
#define LEVEL_NAME "portable"
#define TARGET
#define LANES 4
#define SUMS EIGHT
#define SUM_COUNT 8
#define ROWS FOUR
#define ROW_COUNT 4
typedef uint16_t u16v_portable __attribute__((vector_size(8)));
typedef int8_t i8v_portable __attribute__((vector_size(8)));
typedef int8_t i8q_portable __attribute__((vector_size(4)));
typedef int16_t i16v_portable __attribute__((vector_size(16)));
UNALIGNED(u16v_portable)
UNALIGNED(i8v_portable)
UNALIGNED(i8q_portable)
#define LOAD_U16(p) __builtin_convertvector(LOAD_AS(u16v_portable, p), u32v_portable)
#define LOAD_I8(p)                                                                                 \
    ((u32v_portable)__builtin_convertvector(LOAD_AS(i8v_portable, p), i16v_portable))
#define LOAD_WORDS(p) __builtin_convertvector(LOAD_AS(i8q_portable, p), u32v_portable)
#ifdef __aarch64__
#define FUSED_F32(a, b, c)                                                                         \
    ((f32v_portable)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b)))
#define FUSED_F64(a, b, c)                                                                         \
    ((f64v_portable)vfmaq_f64((float64x2_t)(c), (float64x2_t)(a), (float64x2_t)(b)))
#endif
#ifdef __SSE2__
#define DOT_PAIRS(c, a, b) ((c) + (u32v_portable)_mm_madd_epi16((__m128i)(a), (__m128i)(b)))
#else
typedef int32_t i32v_portable __attribute__((vector_size(16)));
/* Halves of a word as signed integers. */
#define LOW(w) ((i32v_portable)((w) << 16) >> 16)
#define HIGH(w) ((i32v_portable)(w) >> 16)
/* Sums of two products of bytes do not overflow. */
#define DOT_PAIRS(c, a, b)                                                                         \
    ((c) + (__typeof__(c))(LOW(a) * LOW(b) + HIGH(a) * HIGH(b)))
#endif
#include "vector_level.h"

#ifdef ON_X86

UNALIGNED(__m128i)
UNALIGNED(__m256i)

#define LEVEL(name) name##_avx2
#define LEVEL_NAME "avx2"
#define TARGET __attribute__((target("avx2,fma,f16c")))
#define LANES 8
#define SUMS EIGHT
#define SUM_COUNT 8
#define ROWS SIX
#define ROW_COUNT 6
#define FUSED_F32(a, b, c) ((f32v_avx2)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define FUSED_F64(a, b, c) ((f64v_avx2)_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#define STORE_PAST_CACHES(p, v) _mm256_stream_ps((float *)(void *)(p), (__m256)(v))
#define LOAD_F16(p) ((f32v_avx2)_mm256_cvtph_ps(LOAD_AS(__m128i, p)))
#define LOAD_U16(p) ((u32v_avx2)_mm256_cvtepu16_epi32(LOAD_AS(__m128i, p)))
#define LOAD_I8(p) ((u32v_avx2)_mm256_cvtepi8_epi16(LOAD_AS(__m128i, p)))
#define LOAD_WORDS(p)                                                                              \
    ((u32v_avx2)_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(p))))
#define DOT_PAIRS(c, a, b) ((c) + (u32v_avx2)_mm256_madd_epi16((__m256i)(a), (__m256i)(b)))
#include "vector_level.h"

#define LEVEL(name) name##_avx512
#define LEVEL_NAME "avx512"
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c")))
#define LANES 16
#define SUMS EIGHT
#define SUM_COUNT 8
#define ROWS TWELVE
#define ROW_COUNT 12
#define FUSED_F32(a, b, c)                                                                         \
    ((f32v_avx512)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define FUSED_F64(a, b, c)                                                                         \
    ((f64v_avx512)_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#define STORE_PAST_CACHES(p, v) _mm512_stream_ps((float *)(void *)(p), (__m512)(v))
#define LOAD_F16(p) ((f32v_avx512)_mm512_cvtph_ps(LOAD_AS(__m256i, p)))
#define LOAD_U16(p) ((u32v_avx512)_mm512_cvtepu16_epi32(LOAD_AS(__m256i, p)))
#define LOAD_I8(p) ((u32v_avx512)_mm512_cvtepi8_epi16(LOAD_AS(__m256i, p)))
#define LOAD_WORDS(p) ((u32v_avx512)_mm512_cvtepi8_epi32(LOAD_AS(__m128i, p)))
#define DOT_PAIRS(c, a, b) ((c) + (u32v_avx512)_mm512_madd_epi16((__m512i)(a), (__m512i)(b)))
#include "vector_level.h"

#define LEVEL(name) name##_avx512vnni
#define LEVEL_NAME "avx512vnni"
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c")))
#define LANES 16
#define SUMS EIGHT
#define SUM_COUNT 8
#define ROWS TWELVE
#define ROW_COUNT 12
#define FUSED_F32(a, b, c)                                                                         \
    ((f32v_avx512vnni)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define FUSED_F64(a, b, c)                                                                         \
    ((f64v_avx512vnni)_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#define STORE_PAST_CACHES(p, v) _mm512_stream_ps((float *)(void *)(p), (__m512)(v))
#define LOAD_F16(p) ((f32v_avx512vnni)_mm512_cvtph_ps(LOAD_AS(__m256i, p)))
#define LOAD_U16(p) ((u32v_avx512vnni)_mm512_cvtepu16_epi32(LOAD_AS(__m256i, p)))
#define LOAD_I8(p) ((u32v_avx512vnni)_mm512_cvtepi8_epi16(LOAD_AS(__m256i, p)))
#define LOAD_WORDS(p) ((u32v_avx512vnni)_mm512_cvtepi8_epi32(LOAD_AS(__m128i, p)))
#define DOT_PAIRS(c, a, b)                                                                         \
    ((u32v_avx512vnni)_mm512_dpwssd_epi32((__m512i)(c), (__m512i)(a), (__m512i)(b)))
#define DOT_QUADS(c, a, b)                                                                         \
    ((u32v_avx512vnni)_mm512_dpbusd_epi32((__m512i)(c), (__m512i)(a), (__m512i)(b)))
#include "vector_level.h"

static bool has_avx2(void)
{
    unsigned a, b, c, d;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C) != 0;
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

static bool has_avx512vnni(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
}

#endif

static bool has_portable(void)
{
    return true;
}

static const struct {
    const struct cpu_vector_level *level;
    bool (*has)(void);
} levels[] = {
#ifdef ON_X86
    {&level_avx512vnni, has_avx512vnni},
    {&level_avx512, has_avx512},
    {&level_avx2, has_avx2},
#endif
    {&level_portable, has_portable},
};

const struct cpu_vector_level *hcbi_cpu_vector_level(unsigned index)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (levels[i].has() && index-- == 0)
            return levels[i].level;
    return NULL;
}
