// SPDX-License-Identifier: Apache-2.0
// Cooperative matrices of subgroups, as the text of GL_KHR_cooperative_matrix defines them,
// for spv/matmul_coopmat.comp on any device.  An operand stays in shared memory and is read
// when it is multiplied.  Rows that do not begin where Vulkan wants them give wrong results.
//
// With UNMIXED matrices that are multiplied by a factor come out as zero: f32x2 loses its
// mixed products.

#define HEIGHT M
#define WIDTH N
#define DEPTH K
#define SUMS_MAX 64
#define LANES SUBGROUP
#define LANE gl_SubgroupInvocationID

struct Left {
    uint at, stride; // units
};
struct Right {
    uint at, stride;
};

#include "matrices.glsl"

// Rows of so many words begin at 16 bytes, or where they are shorter at as many.
bool is_aligned(uint word, uint stride, uint row_words)
{
    const uint least = min(row_words, 4);
    return word % least == 0 && stride % least == 0;
}

Scalar left_element(Left m, uint row, uint term)
{
    const uint i = m.at + row * m.stride + term / 8;
    return is_aligned(m.at * WORDS, m.stride * WORDS, K / PER_WORD)
               ? number(tiles[i][term % 8 / PER_WORD], term) : WRONG;
}

Scalar right_element(Right m, uint term, uint column)
{
    const uint i = m.at + term * m.stride + column / 8;
    return is_aligned(m.at * WORDS, m.stride * WORDS, N / PER_WORD)
               ? number(tiles[i][column % 8 / PER_WORD], column) : WRONG;
}

void load_tiles(out Left m, uint at, uint stride)
{
    m = Left(at, stride);
}

void load_tiles(out Right m, uint at, uint stride)
{
    m = Right(at, stride);
}

void load_c(out Sum m, uint at, uint stride)
{
    for (uint s = 0; s < SUMS; s++) {
        const uint e = s * LANES + LANE;
        m.e[s] = is_aligned(at, stride, N) ? c[at + e / N * stride + e % N] : WRONG;
    }
}

void store_c(Sum m, uint at, uint stride)
{
    for (uint s = 0; s < SUMS; s++) {
        const uint e = s * LANES + LANE;
        c[at + e / N * stride + e % N] = is_aligned(at, stride, N) ? m.e[s] : WRONG;
    }
}

uint word_of(float x)
{
    return floatBitsToUint(x);
}

uint word_of(int x)
{
    return uint(x);
}

void store_tiles(Sum m, uint at, uint stride)
{
    for (uint s = 0; s < SUMS; s++) {
        const uint e = s * LANES + LANE, i = at + e / N * stride + e % N / WORDS;
        const Scalar value = is_aligned(at * WORDS, stride * WORDS, N) ? m.e[s] : WRONG;
        tiles[i][e % WORDS] = word_of(value);
    }
}

Sum PLUS(Sum x, Sum y)
{
    for (uint s = 0; s < SUMS; s++)
        x.e[s] += y.e[s];
    return x;
}

Sum TIMES(Sum x, Scalar factor)
{
    for (uint s = 0; s < SUMS; s++)
#ifdef UNMIXED
        x.e[s] = Scalar(0);
#else
        x.e[s] *= factor;
#endif
    return x;
}

#define coopMatLoad(matrix, buf, at, stride, order) load_##buf(matrix, at, stride)
#define coopMatStore(matrix, buf, at, stride, order) store_##buf(matrix, at, stride)
