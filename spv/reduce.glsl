// SPDX-License-Identifier: Apache-2.0
// What the reductions share.  The macro DOT chooses the dot product, else it is a
// sum.  A block is BLOCK elements, always reduced in the same order: the tree is a
// function of the number of elements alone.
#include "operand.glsl"

const uint BLOCK = 16384;

OPERAND(x, 0)
#ifdef DOT
OPERAND(y, 1)
#endif
layout(std430, binding = 2) writeonly restrict buffer Result { Scalar result[]; };

#ifdef DOT
#define GROUP(i) (x_group(i) * y_group(i))
#define ELEMENT(i) (x_element(i) * y_element(i))
#define ACCUMULATE(sum, i) sum = MULTIPLY_ADD(x_group(i), y_group(i), sum)
#else
#define ELEMENT(i) x_element(i)
#define ACCUMULATE(sum, i) sum += x_group(i)
#endif

// A group of which the elements from `count` on are missing.
Vector partial_group(uint i, uint count)
{
    Vector v = Vector(0);
    if (4 * i < count)
        v.x = ELEMENT(4 * i);
    if (4 * i + 1 < count)
        v.y = ELEMENT(4 * i + 1);
    if (4 * i + 2 < count)
        v.z = ELEMENT(4 * i + 2);
    if (4 * i + 3 < count)
        v.w = ELEMENT(4 * i + 3);
    return v;
}

// Adds the groups first, first + step, ... of `turns` * 4 groups in four chains.
Scalar chains(uint first, uint step, uint turns, bool whole, uint count)
{
    precise Vector sum0 = Vector(0), sum1 = Vector(0), sum2 = Vector(0), sum3 = Vector(0);
    uint i = first;
    if (whole) {
        for (uint turn = 0; turn < turns; turn++, i += 4 * step) {
            ACCUMULATE(sum0, i);
            ACCUMULATE(sum1, i + step);
            ACCUMULATE(sum2, i + 2 * step);
            ACCUMULATE(sum3, i + 3 * step);
        }
    } else {
        for (uint turn = 0; turn < turns; turn++, i += 4 * step) {
            sum0 += partial_group(i, count);
            sum1 += partial_group(i + step, count);
            sum2 += partial_group(i + 2 * step, count);
            sum3 += partial_group(i + 3 * step, count);
        }
    }
    precise const Vector sum = (sum0 + sum1) + (sum2 + sum3);
    precise const Scalar all = (sum.x + sum.y) + (sum.z + sum.w);
    return all;
}
