// SPDX-License-Identifier: Apache-2.0
// What emulated cooperative matrices of both scopes share.  The file that includes this has
// Left and Right; HEIGHT, WIDTH and DEPTH are the extents of a multiplication, and LANES
// invocations, of which this is number LANE, have the sums of a matrix among them, SUMS_MAX
// each at most.
//
// With SPOILED all sums come out wrong.

const Scalar WRONG = Scalar(12345);
const uint SUMS = HEIGHT * WIDTH / LANES; // of an invocation

struct Sum {
    Scalar e[SUMS_MAX];
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

Scalar left_element(Left m, uint row, uint term);
Scalar right_element(Right m, uint term, uint column);

// Four terms a turn, as some drivers allow few.
Sum coopMatMulAdd(Left left, Right right, Sum sum)
{
    for (uint s = 0; s < SUMS; s++) {
        const uint i = (s * LANES + LANE) / WIDTH, j = (s * LANES + LANE) % WIDTH;
        Scalar value = sum.e[s];
        for (uint l = 0; l < DEPTH; l += 4) {
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

#define Sum(zero) zero_sum()
