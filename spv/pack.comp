// SPDX-License-Identifier: Apache-2.0
// For CPU drivers: copies a block of a row-major matrix into column panels of `panel` columns,
// in the accumulator's type and padded with zeros, so that matmul_cpu.comp needs no
// bounds checks and reads whole vectors only:
//
//     element (r, c) goes to ((c / panel) * all_rows + r) * panel + c % panel
//
// Of f32x2 the high halves are packed so, and behind all of them the low ones.
//
// One invocation copies four columns of up to ROWS rows: four, since panels consist of such
// vectors, and its neighbours the next ones; rows, since each workgroup costs such drivers time.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "operand.glsl"
#if defined F32X2
#include "halves.glsl"
#endif

layout(local_size_x_id = 0) in;
const uint ROWS = 16;

OPERAND(source, 0)
layout(std430, binding = 2) writeonly restrict buffer Target { Vector target[]; };

layout(push_constant) uniform Constants {
    uint offset, stride;    // of the block in the source, in elements
    uint rows, columns;     // in the source
    uint padded_columns;    // in the target, a multiple of 4
    uint first_row;         // of this block in the target
    uint target_rows;       // to be written, at least `rows`
    uint all_rows, panel;   // of the target
};

Vector read(uint row, uint column)
{
    const uint i = offset + row * stride + column;
    Vector v = Vector(0);
    if (row >= rows || column >= columns)
        return v;
    if (((offset | stride) & 3) == 0 && column + 4 <= columns)
        return source_group(i / 4);
    v.x = source_element(i);
    if (column + 1 < columns)
        v.y = source_element(i + 1);
    if (column + 2 < columns)
        v.z = source_element(i + 2);
    if (column + 3 < columns)
        v.w = source_element(i + 3);
    return v;
}

void main()
{
    const uint column = 4 * gl_GlobalInvocationID.x;
    if (column >= padded_columns)
        return;
    const uint first = ROWS * gl_WorkGroupID.y;
    const uint past = min(first + ROWS, target_rows);
    for (uint row = first; row < past; row++) {
        const uint panel_row = column / panel * all_rows + first_row + row;
        const uint i = (panel_row * panel + column % panel) / 4;
        const Vector value = read(row, column);
#if defined F32X2
        const Vector high = rounded_to_half(value);
        target[i] = high;
        target[i + all_rows * padded_columns / 4] = low_half(value, high);
#else
        target[i] = value;
#endif
    }
}
