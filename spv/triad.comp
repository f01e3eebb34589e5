// SPDX-License-Identifier: Apache-2.0
// z = x + 3 y on a window of `count` elements, for CPU drivers and GPUs alike: memory decides
// the time, so neighbours read and write neighbouring groups of four.  An invocation computes
// `TURNS` of them: the host asks for many on CPU drivers, to which a workgroup is a task of
// its own, and on GPUs for few.  Buffers end at whole groups, so the last one may be computed
// as well.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "operand.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint TURNS = 1;

OPERAND(x, 0)
OPERAND(y, 1)
layout(std430, binding = 2) writeonly restrict buffer Result { Vector z[]; };

layout(push_constant) uniform Constants {
    uint count;
};

void main()
{
    const uint groups = (count + 3) / 4, lanes = gl_WorkGroupSize.x;
    const uint first = gl_WorkGroupID.x * lanes * TURNS + gl_LocalInvocationID.x;
    for (uint turn = 0; turn < TURNS; turn++) {
        const uint i = first + turn * lanes;
        if (i < groups)
            z[i] = MULTIPLY_ADD(Vector(3), y_group(i), x_group(i));
    }
}
