/* SPDX-License-Identifier: Apache-2.0 */
/* Which tile a workgroup computes as one cooperative matrix, from what drivers list, and
 * how much a dispatch does. */
#include "config.h"

#include "suite.h"
#include "tiles.h"

enum { F16 = 2, I8 = 1, UNITS = 132, LISTED_MAX = 2 };

static const struct choice {
    struct workgroup_matrices listed[LISTED_MAX]; /* those of 0 invocations are none */
    uint32_t most;
    size_t size;
    struct hcb_shape shape;
    uint64_t units;
    struct workgroup_tile tile; /* of 0 invocations: none */
} choices[] = {
    /* Large matrices get the largest tile; steps have 128 bytes. */
    {{{32, 32, 16, 128}, {32, 32, 16, 256}}, 1024, F16, {4096, 4096, 4096}, UNITS, {256, 128, 256, 64}},
    {{{32, 32, 32, 128}, {32, 32, 32, 256}}, 1024, I8, {4096, 4096, 4096}, UNITS, {256, 128, 256, 128}},
    /* So do others as long as all units have work, then smaller ones: 136, 128 and 128 tiles. */
    {{{16, 16, 16, 256}, {16, 16, 16, 128}}, 0, F16, {2176, 2048, 9}, UNITS, {256, 128, 256, 64}},
    {{{16, 16, 16, 256}, {16, 16, 16, 128}}, 0, F16, {2048, 2048, 9}, UNITS, {256, 128, 128, 64}},
    {{{16, 16, 16, 256}, {16, 16, 16, 128}}, 0, F16, {2048, 1024, 9}, UNITS, {128, 64, 64, 64}},
    {{{16, 16, 16, 256}, {16, 16, 16, 128}}, 0, F16, {100, 200, 1}, UNITS, {128, 64, 64, 64}},
    {{{16, 16, 16, 256}}, 0, F16, {100, 200, 1}, UNITS, {256, 64, 64, 64}},
    /* Edges count as tiles. */
    {{{16, 16, 16, 256}}, 0, F16, {129, 257, 1}, 4, {256, 128, 256, 64}},
    {{{16, 16, 16, 256}}, 0, F16, {129, 257, 1}, 5, {256, 128, 128, 64}},
    /* What is not listed is not taken: invocations, granularity, extents. */
    {{{16, 16, 16, 128}}, 0, F16, {4096, 4096, 4096}, UNITS, {128, 128, 128, 64}},
    {{{16, 256, 16, 256}}, 0, F16, {16, 16, 16}, UNITS, {256, 128, 256, 64}},
    {{{128, 16, 16, 128}}, 0, F16, {16, 16, 16}, UNITS, {128, 128, 128, 64}},
    {{{16, 16, 16, 256}}, 128, F16, {4096, 4096, 4096}, UNITS, {256, 128, 128, 64}},
    {{{16, 16, 128, 256}}, 0, I8, {100, 100, 16}, UNITS, {256, 64, 64, 128}},
    {{{16, 16, 128, 256}}, 0, F16, {4096, 4096, 4096}, UNITS, {0, 0, 0, 0}},
    {{{48, 16, 16, 256}}, 0, F16, {4096, 4096, 4096}, UNITS, {0, 0, 0, 0}},
    {{{16, 48, 16, 256}}, 0, F16, {4096, 4096, 4096}, UNITS, {0, 0, 0, 0}},
    {{{16, 16, 16, 256}}, 32, F16, {4096, 4096, 4096}, UNITS, {0, 0, 0, 0}},
    {{{16, 16, 16, 64}}, 0, F16, {4096, 4096, 4096}, UNITS, {0, 0, 0, 0}},
    {{{0, 0, 0, 256}}, 0, F16, {4096, 4096, 4096}, UNITS, {0, 0, 0, 0}},
    {{{0}}, 0, F16, {4096, 4096, 4096}, UNITS, {0, 0, 0, 0}},
};
enum { CHOICE_COUNT = sizeof choices / sizeof *choices };

START_TEST(tiles_are_chosen)
{
    const struct choice *c = &choices[_i];
    struct workgroup_tile tile = {0, 0, 0, 0};
    size_t count = 0;
    while (count < LISTED_MAX && c->listed[count].invocations != 0)
        count++;
    ck_assert_int_eq(hcbi_vulkan_workgroup_tile(c->listed, count, c->most, c->size, &c->shape,
                                                c->units, &tile),
                     c->tile.invocations != 0);
    ck_assert_uint_eq(tile.invocations, c->tile.invocations);
    ck_assert_uint_eq(tile.rows, c->tile.rows);
    ck_assert_uint_eq(tile.columns, c->tile.columns);
    ck_assert_uint_eq(tile.step, c->tile.step);
}
END_TEST

/* A second of a slow unit; a matrix of 8192 x 8192 in one dispatch on a large GPU. */
START_TEST(dispatches_grow_with_the_device)
{
    ck_assert_uint_eq(hcbi_vulkan_dispatch_work(0), UINT64_C(1) << 37);
    ck_assert_uint_eq(hcbi_vulkan_dispatch_work(8), UINT64_C(1) << 37);
    ck_assert_uint_eq(hcbi_vulkan_dispatch_work(16), UINT64_C(1) << 38);
    ck_assert_uint_ge(hcbi_vulkan_dispatch_work(UNITS), UINT64_C(8192) * 8192 * 8192);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("tiles");
    tcase_add_loop_test(tests, tiles_are_chosen, 0, CHOICE_COUNT);
    tcase_add_test(tests, dispatches_grow_with_the_device);
    return suite_run("tiles", tests);
}
