/* SPDX-License-Identifier: Apache-2.0 */
/* Which of OpenBLAS's core types this processor can execute.  Knows nothing of how
 * they are tried. */
#include "config.h"

#if defined __aarch64__ && defined __linux__
#include <sys/auxv.h>
#endif

#include "hcbench.h"

/* Instruction sets that a core type's code uses. */
enum {
    ANY = 0,
    SSSE3 = 1 << 0,
    SSE4_2 = 1 << 1,
    AVX = 1 << 2,
    AVX2 = 1 << 3,   /* with FMA */
    AVX512 = 1 << 4, /* F, BW, CD, DQ and VL */
    AVX512_BF16 = 1 << 5,
    SVE = 1 << 6
};

struct core {
    const char *name;
    unsigned needs;
};

/* Those of other processors of the same make that differ in cache sizes only, or
 * that need what no other maker has (FMA4), are left out. */
static const struct core cores[] = {
#if defined __x86_64__ || defined __i386__
    {"SAPPHIRERAPIDS", AVX512 | AVX512_BF16},
    {"SKYLAKEX", AVX512},
    {"COOPERLAKE", AVX512 | AVX512_BF16},
    {"ZEN", AVX2},
    {"HASWELL", AVX2},
    {"SANDYBRIDGE", AVX},
    {"NEHALEM", SSE4_2},
    {"CORE2", SSSE3},
    {"PRESCOTT", ANY},
#elif defined __aarch64__
    {"NEOVERSEV1", SVE}, {"NEOVERSEN2", SVE},   {"A64FX", SVE},     {"ARMV8SVE", SVE},
    {"NEOVERSEN1", ANY}, {"THUNDERX2T99", ANY}, {"CORTEXA57", ANY}, {"ARMV8", ANY},
#endif
    {NULL, ANY},
};

static unsigned features(void)
{
    unsigned found = ANY;
#if defined __x86_64__ || defined __i386__
#define HAS(name) (__builtin_cpu_supports(name) != 0)
    found |= HAS("ssse3") ? SSSE3 : ANY;
    found |= HAS("sse4.2") ? SSE4_2 : ANY;
    found |= HAS("avx") ? AVX : ANY;
    found |= HAS("avx2") && HAS("fma") ? AVX2 : ANY;
    found |=
        HAS("avx512f") && HAS("avx512bw") && HAS("avx512cd") && HAS("avx512dq") && HAS("avx512vl")
            ? AVX512
            : ANY;
    found |= HAS("avx512bf16") ? AVX512_BF16 : ANY;
#elif defined __aarch64__ && defined __linux__ && defined HWCAP_SVE
    found |= (getauxval(AT_HWCAP) & HWCAP_SVE) != 0 ? SVE : ANY;
#endif
    return found;
}

const char *hcb_blas_core_candidate(unsigned index)
{
    const unsigned found = features();
    for (const struct core *core = cores; core->name != NULL; core++)
        if ((core->needs & ~found) == 0 && index-- == 0)
            return core->name;
    return NULL;
}
