// SPDX-License-Identifier: Apache-2.0
// One pass of a sum or dot product for drivers that run invocations on a
// processor's vector units: `lanes` neighbouring invocations share a block and
// write one result each.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "reduce.glsl"

layout(local_size_x_id = 0) in;

void main()
{
    const uint block = gl_GlobalInvocationID.x / lanes, lane = gl_GlobalInvocationID.x % lanes;
    if (block * BLOCK >= count)
        return;
    const bool whole = (block + 1) * BLOCK <= count;
    Sum sum, low;
    chains(block * (BLOCK / 4) + lane, lanes, whole ? BLOCK / 16 / lanes : turns, whole, sum, low);
    finish(gl_GlobalInvocationID.x, sum, low);
}
