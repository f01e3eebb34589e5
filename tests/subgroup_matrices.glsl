// SPDX-License-Identifier: Apache-2.0
// Cooperative matrices of subgroups, as the text of GL_KHR_cooperative_matrix defines them,
// for spv/matmul_coopmat.comp on any device.  An operand stays in shared memory and is read
// when it is multiplied.  Rows that do not begin where Vulkan wants them give wrong results.
//
// With SPOILED all sums come out wrong.
// With UNMIXED matrices that are multiplied by a factor come out as zero: f32x2 loses its
// mixed products.

struct Left {
    uint at, stride; // units
};
struct Right {
    uint at, stride;
};

const Scalar WRONG = Scalar(12345);
const uint SUMS = M * N / SUBGROUP; // of an invocation

struct Sum {
    Scalar e[64]; // GLSL copies no array whose length is a constant of the host
};

Sum zero_sum()
{
    Sum sum;
    for (uint s = 0; s < SUMS; s++)
        sum.e[s] = Scalar(0);
    return sum;
}

#ifdef I8I32
const uint PER_WORD = 4;
#else
const uint PER_WORD = 2;
#endif

// Element i of words, of which this has it.
Scalar number(uint word, uint i)
{
    const uint e = i % PER_WORD;
#if defined I8I32
    return bitfieldExtract(int(word), int(8 * e), 8);
#elif defined BF16F32
    return uintBitsToFloat(word >> 16 * e << 16);
#else
    return unpackHalf2x16(word)[e];
#endif
}

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

// Four terms a turn, as some drivers allow few.
Sum coopMatMulAdd(Left left, Right right, Sum sum)
{
    for (uint s = 0; s < SUMS; s++) {
        const uint i = (s * SUBGROUP + gl_SubgroupInvocationID) / N, j = (s * SUBGROUP + gl_SubgroupInvocationID) % N;
        Scalar value = sum.e[s];
        for (uint l = 0; l < K; l += 4) {
            value += left_element(left, i, l) * right_element(right, l, j);
            value += left_element(left, i, l + 1) * right_element(right, l + 1, j);
            value += left_element(left, i, l + 2) * right_element(right, l + 2, j);
            value += left_element(left, i, l + 3) * right_element(right, l + 3, j);
        }
#ifdef SPOILED
        value += Scalar(1);
#endif
        sum.e[s] = value;
    }
    return sum;
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
        const uint e = s * SUBGROUP + gl_SubgroupInvocationID;
        m.e[s] = is_aligned(at, stride, N) ? c[at + e / N * stride + e % N] : WRONG;
    }
}

void store_c(Sum m, uint at, uint stride)
{
    for (uint s = 0; s < SUMS; s++) {
        const uint e = s * SUBGROUP + gl_SubgroupInvocationID;
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
        const uint e = s * SUBGROUP + gl_SubgroupInvocationID, i = at + e / N * stride + e % N / WORDS;
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
#define Sum(zero) zero_sum()
