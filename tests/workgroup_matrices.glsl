// SPDX-License-Identifier: Apache-2.0
// Cooperative matrices of a whole workgroup with tensor layouts, as the text of
// GL_NV_cooperative_matrix2 defines them, for spv/matmul_workgroup.comp on any device.
// An operand stays where it lies and is read when it is multiplied.  What the text leaves
// undefined or forbids gives wrong results.

#define HEIGHT ROWS
#define WIDTH COLUMNS
#define DEPTH STEP
#define SUMS_MAX 128
#define LANES INVOCATIONS
#define LANE gl_LocalInvocationID.x

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

#include "matrices.glsl"

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

#define OPERAND(name, type, buf, width) \
    Scalar name(type m, uint row, uint column) \
    { \
        uint at; \
        if (!is_canonical(m.place)) \
            return WRONG; \
        if (!find_element(m.place, row, column, width, at)) \
            return m.place.clamps ? Scalar(0) : WRONG; \
        return number(buf[m.unit + at / UNIT][at % UNIT / PER_WORD], at); \
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
    for (uint s = 0; s < SUMS; s++) {
        const uint e = s * LANES + LANE;
        uint at;
        m.e[s] = t.clamps ? Scalar(0) : WRONG;
        if (find_element(t, e / WIDTH, e % WIDTH, WIDTH, at))
            m.e[s] = first % 4 == 0 && is_canonical(t) ? c[first + at] : WRONG;
    }
}

void store(Sum m, uint first, Layout t)
{
    for (uint s = 0; s < SUMS; s++) {
        const uint e = s * LANES + LANE;
        uint at;
        if (find_element(t, e / WIDTH, e % WIDTH, WIDTH, at))
            c[first + at] = first % 4 == 0 && is_canonical(t) ? m.e[s] : WRONG;
        else if (!t.clamps)
            c[0] = WRONG;
    }
}

#define coopMatLoadTensorNV(matrix, buf, first, t) load(matrix, first, t)
#define coopMatStoreTensorNV(matrix, buf, first, t) store(matrix, first, t)
