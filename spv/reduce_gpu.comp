// SPDX-License-Identifier: Apache-2.0
// One pass of a sum or dot product for GPUs: a workgroup reduces one block, in
// four chains per invocation and then a tree in shared memory.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "reduce.glsl"

const uint LANES = 256;
layout(local_size_x = 256) in;

layout(push_constant) uniform Constants {
    uint count;        // elements
    uint first_result; // offset
};

shared Scalar sums[LANES];

void main()
{
    const uint block = gl_WorkGroupID.x, lane = gl_LocalInvocationID.x;
    const bool whole = (block + 1) * BLOCK <= count;
    sums[lane] = chains(block * (BLOCK / 4) + lane, LANES, BLOCK / 16 / LANES, whole, count);
    barrier();
    for (uint half_lanes = LANES / 2; half_lanes > 0; half_lanes /= 2) {
        if (lane < half_lanes)
            sums[lane] += sums[lane + half_lanes];
        barrier();
    }
    if (lane == 0)
        result[first_result + block] = sums[0];
}
