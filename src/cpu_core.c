/* SPDX-License-Identifier: Apache-2.0 */
/* Which of OpenBLAS's core types this processor can execute.  Knows nothing of how
 * they are tried. */
#include "config.h"

#if defined __aarch64__ && defined __linux__
#include <sys/auxv.h>
#endif

#include <strings.h>

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
    SVE = 1 << 6,
    SSE4_1 = 1 << 7,
    SSE4A = 1 << 8,
    FMA4 = 1 << 9
};

/* OpenBLAS's core types, the likely fastest first.  Those that are not tried differ
 * from one that is in cache sizes only, or are slower wherever they run. */
static const struct core {
    const char *name;
    unsigned needs;
    bool tried;
} cores[] = {
#if defined __x86_64__ || defined __i386__
    {"SAPPHIRERAPIDS", AVX512 | AVX512_BF16, true},
    {"SKYLAKEX", AVX512, true},
    {"COOPERLAKE", AVX512 | AVX512_BF16, true},
    {"ZEN", AVX2, true},
    {"HASWELL", AVX2, true},
    {"EXCAVATOR", AVX2 | FMA4, false},
    {"STEAMROLLER", AVX | FMA4, false},
    {"PILEDRIVER", AVX | FMA4, false},
    {"BULLDOZER", AVX | FMA4, false},
    {"SANDYBRIDGE", AVX, true},
    {"NEHALEM", SSE4_2, true},
    {"PENRYN", SSE4_1, false},
    {"DUNNINGTON", SSE4_1, false},
    {"CORE2", SSSE3, true},
    {"ATOM", SSSE3, false},
    {"NANO", SSSE3, false},
    {"BOBCAT", SSSE3 | SSE4A, false},
    {"BARCELONA", SSE4A, false},
    {"OPTERON_SSE3", ANY, false},
    {"OPTERON", ANY, false},
    {"ATHLON", ANY, false},
    {"PRESCOTT", ANY, true},
#elif defined __aarch64__
    {"NEOVERSEV1", SVE, true},
    {"NEOVERSEN2", SVE, true},
    {"A64FX", SVE, true},
    {"ARMV8SVE", SVE, true},
    {"NEOVERSEN1", ANY, true},
    {"THUNDERX3T110", ANY, false},
    {"THUNDERX2T99", ANY, true},
    {"THUNDERX", ANY, false},
    {"TSV110", ANY, false},
    {"EMAG8180", ANY, false},
    {"FALKOR", ANY, false},
    {"CORTEXA73", ANY, false},
    {"CORTEXA72", ANY, false},
    {"CORTEXA55", ANY, false},
    {"CORTEXA53", ANY, false},
    {"CORTEXA57", ANY, true},
    {"ARMV8", ANY, true},
#endif
    {NULL, ANY, false},
};

static unsigned features(void)
{
    unsigned found = ANY;
#if defined __x86_64__ || defined __i386__
#define HAS(name) (__builtin_cpu_supports(name) != 0)
    found |= HAS("ssse3") ? SSSE3 : ANY;
    found |= HAS("sse4.1") ? SSE4_1 : ANY;
    found |= HAS("sse4a") ? SSE4A : ANY;
    found |= HAS("fma4") ? FMA4 : ANY;
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
        if (core->tried && (core->needs & ~found) == 0 && index-- == 0)
            return core->name;
    return NULL;
}

const char *hcb_blas_core_obstacle(const char *name)
{
    const struct core *core = cores;
    if (core->name == NULL)
        return NULL;
    while (core->name != NULL && strcasecmp(core->name, name) != 0)
        core++;
    if (core->name == NULL)
        return "OpenBLAS has no core type of that name";
    return (core->needs & ~features()) != 0 ? "this processor lacks instructions that it uses" : NULL;
}
