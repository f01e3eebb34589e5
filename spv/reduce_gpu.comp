// SPDX-License-Identifier: Apache-2.0
// One pass of a sum or dot product for GPUs: a workgroup reduces one block.  Memory decides the
// time, so an invocation reads 16 bytes at a time, its neighbours the next ones, and adds in four
// chains that do not wait for each other.  A tree in shared memory joins what they have; atomics
// would add in another order each time.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "reduce.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 256; // a power of 2

shared Sum sums[LANES];
#ifdef NEUMAIER
shared Sum lows[LANES];
#define LOW(lane) lows[lane]
#else
#define LOW(lane) Sum(0)
#endif

void share(uint lane, Sum sum, Sum low)
{
    sums[lane] = sum;
#ifdef NEUMAIER
    lows[lane] = low;
#endif
}

void main()
{
    const uint block = gl_WorkGroupID.x, lane = gl_LocalInvocationID.x;
    const bool whole = (block + 1) * BLOCK <= count;
    Sum sum, low;
    chains(block * (BLOCK / (4 * SPAN)) + lane, LANES, BLOCK / 16 / LANES, whole, sum, low);
    share(lane, sum, low);
    barrier();
    for (uint half_lanes = LANES / 2; half_lanes > 0; half_lanes /= 2) {
        if (lane < half_lanes) {
            join(sum, low, sums[lane + half_lanes], LOW(lane + half_lanes));
            share(lane, sum, low);
        }
        barrier();
    }
    if (lane == 0)
        finish(block, sum, low);
}
