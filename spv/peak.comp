// SPDX-License-Identifier: Apache-2.0
// Every element of a window of `count` goes ROUNDS times through
// factor * element + term; the compiler knows neither of the two.  For CPU drivers and GPUs
// alike: an invocation has four chains of four elements, 16 multiply-adds that do not wait for
// each other.  That covers their latency, be an invocation a lane of a vector or one of
// a GPU's many.  Buffers end at whole groups of four.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "operand.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint ROUNDS = 4; // a multiple of 4

OPERAND(x, 0)
layout(std430, binding = 2) writeonly restrict buffer Result { Vector z[]; };

layout(push_constant) uniform Constants {
    uint count;
    float factor, term;
};

#define ROUND \
    chain0 = MULTIPLY_ADD(chain0, a, c); \
    chain1 = MULTIPLY_ADD(chain1, a, c); \
    chain2 = MULTIPLY_ADD(chain2, a, c); \
    chain3 = MULTIPLY_ADD(chain3, a, c);

void main()
{
    const uint groups = (count + 3) / 4, lanes = gl_WorkGroupSize.x;
    const uint i = gl_WorkGroupID.x * lanes * 4 + gl_LocalInvocationID.x;
    const Vector a = Vector(factor), c = Vector(term);
    Vector chain0 = Vector(0), chain1 = Vector(0), chain2 = Vector(0), chain3 = Vector(0);
    if (i < groups)
        chain0 = x_group(i);
    if (i + lanes < groups)
        chain1 = x_group(i + lanes);
    if (i + 2 * lanes < groups)
        chain2 = x_group(i + 2 * lanes);
    if (i + 3 * lanes < groups)
        chain3 = x_group(i + 3 * lanes);
    for (uint round = 0; round < ROUNDS; round += 4) {
        ROUND
        ROUND
        ROUND
        ROUND
    }
    if (i < groups)
        z[i] = chain0;
    if (i + lanes < groups)
        z[i + lanes] = chain1;
    if (i + 2 * lanes < groups)
        z[i + 2 * lanes] = chain2;
    if (i + 3 * lanes < groups)
        z[i + 3 * lanes] = chain3;
}
