// SPDX-License-Identifier: Apache-2.0
// Cooperative matrices of a whole workgroup with tensor layouts, as the text of
// GL_NV_cooperative_matrix2 defines them, for spv/matmul_workgroup.comp on any device.
// An operand stays where it lies and is read when it is multiplied; a sum is spread over
// the invocations.  What the text leaves undefined or forbids gives wrong results.
//
// With SPOILED all sums come out wrong.

const Scalar WRONG = Scalar(12345);
const uint SUMS = ROWS * COLUMNS / INVOCATIONS;

struct Layout {
    uvec2 dimension, stride, span;
    ivec2 offset;
    bool clamps;
};
struct Left {
    Layout place;
    uint unit;
};
struct Right {
    Layout place;
    uint unit;
};
struct Sum {
    bool none;
};
Scalar sums[SUMS]; // of the only matrix of them

#define Inside Layout
#define Clamped Layout
#define NEW_INSIDE Layout(uvec2(0), uvec2(0), uvec2(0), ivec2(0), false)
#define NEW_CLAMPED Layout(uvec2(0), uvec2(0), uvec2(0), ivec2(0), true)

Layout setTensorLayoutDimensionNV(Layout t, uint height, uint width)
{
    return Layout(uvec2(height, width), uvec2(width, 1), uvec2(height, width), ivec2(0), t.clamps);
}

Layout setTensorLayoutStrideNV(Layout t, uint rows, uint columns)
{
    t.stride = uvec2(rows, columns);
    return t;
}

Layout sliceTensorLayoutNV(Layout t, int row, uint height, int column, uint width)
{
    t.offset += ivec2(row, column);
    t.span = uvec2(height, width);
    return t;
}

bool is_canonical(Layout t)
{
    return t.stride.y == 1 && (t.stride.x >= t.dimension.y || t.dimension.x == 1);
}

// Where element (row, column) of a matrix of `width` columns lies; false: nowhere.
bool find_element(Layout t, uint row, uint column, uint width, out uint at)
{
    const uint i = row * width + column;
    const ivec2 place = ivec2(i / t.span.y % t.span.x, i % t.span.y) + t.offset;
    at = place.x * t.stride.x + place.y * t.stride.y;
    return all(greaterThanEqual(place, ivec2(0))) && all(lessThan(place, ivec2(t.dimension)));
}

Scalar number(uvec4 unit, uint e)
{
#if defined I8I32
    return bitfieldExtract(int(unit[e / 4]), int(8 * (e % 4)), 8);
#elif defined BF16F32
    return uintBitsToFloat(unit[e / 2] >> 16 * (e % 2) << 16);
#else
    return unpackHalf2x16(unit[e / 2])[e % 2];
#endif
}

#define OPERAND(name, type, buf, width) \
    Scalar name(type m, uint row, uint column) \
    { \
        uint at; \
        if (!is_canonical(m.place)) \
            return WRONG; \
        if (!find_element(m.place, row, column, width, at)) \
            return m.place.clamps ? Scalar(0) : WRONG; \
        return number(buf[m.unit + at / UNIT], at % UNIT); \
    }
OPERAND(left_element, Left, a, STEP)
OPERAND(right_element, Right, b, COLUMNS)

void load(out Left m, uint unit, Layout t)
{
    m = Left(t, unit);
}

void load(out Right m, uint unit, Layout t)
{
    m = Right(t, unit);
}

void load(out Sum m, uint first, Layout t)
{
    m = Sum(false);
    for (uint s = 0; s < SUMS; s++) {
        const uint e = s * INVOCATIONS + gl_LocalInvocationID.x;
        uint at;
        sums[s] = t.clamps ? Scalar(0) : WRONG;
        if (find_element(t, e / COLUMNS, e % COLUMNS, COLUMNS, at))
            sums[s] = first % 4 == 0 && is_canonical(t) ? c[first + at] : WRONG;
    }
}

void store(uint first, Layout t)
{
    for (uint s = 0; s < SUMS; s++) {
        const uint e = s * INVOCATIONS + gl_LocalInvocationID.x;
        uint at;
        if (find_element(t, e / COLUMNS, e % COLUMNS, COLUMNS, at))
            c[first + at] = first % 4 == 0 && is_canonical(t) ? sums[s] : WRONG;
        else if (!t.clamps)
            c[0] = WRONG;
    }
}

Sum cleared()
{
    for (uint s = 0; s < SUMS; s++)
        sums[s] = Scalar(0);
    return Sum(false);
}

// Four terms a turn, as some drivers allow few.
Sum coopMatMulAdd(Left left, Right right, Sum sum)
{
    for (uint s = 0; s < SUMS; s++) {
        const uint e = s * INVOCATIONS + gl_LocalInvocationID.x;
        const uint i = e / COLUMNS, j = e % COLUMNS;
        Scalar value = sums[s];
        for (uint l = 0; l < STEP; l += 4) {
            value += left_element(left, i, l) * right_element(right, l, j);
            value += left_element(left, i, l + 1) * right_element(right, l + 1, j);
            value += left_element(left, i, l + 2) * right_element(right, l + 2, j);
            value += left_element(left, i, l + 3) * right_element(right, l + 3, j);
        }
#ifdef SPOILED
        value += Scalar(1);
#endif
        sums[s] = value;
    }
    return sum;
}

#define Sum(zero) cleared()
#define coopMatLoadTensorNV(matrix, buf, first, t) load(matrix, first, t)
#define coopMatStoreTensorNV(matrix, buf, first, t) store(first, t)
