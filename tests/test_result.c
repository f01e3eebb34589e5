/* SPDX-License-Identifier: Apache-2.0 */
/* The result record: what is absent, what the table of fields covers, and the
 * arithmetic on clocks. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hcbench.h"
#include "suite.h"

static const struct hcb_case matmul = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {4, 5, 6}};
static const struct hcb_case sum = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 1000, 1}};

static const struct hcb_field *field(const char *name)
{
    for (unsigned i = 0; hcb_result_field(i) != NULL; i++)
        if (strcmp(hcb_result_field(i)->name, name) == 0)
            return hcb_result_field(i);
    ck_abort_msg("no field %s", name);
    return NULL;
}

static bool has(const struct hcb_result *result, const char *name)
{
    return hcb_result_has(result, field(name));
}

START_TEST(names_are_unique)
{
    for (unsigned i = 0; hcb_result_field(i) != NULL; i++)
        for (unsigned j = 0; j < i; j++)
            ck_assert_str_ne(hcb_result_field(i)->name, hcb_result_field(j)->name);
}
END_TEST

/* Each byte of the record belongs to one field, but for the verdict's status and
 * reason, which the row has itself, and the holes that alignment leaves. */
START_TEST(every_member_once)
{
    unsigned char owners[sizeof(struct hcb_result)] = {0};
    for (unsigned i = 0; hcb_result_field(i) != NULL; i++) {
        const struct hcb_field *f = hcb_result_field(i);
        for (size_t byte = f->offset; byte < f->offset + f->size; byte++)
            ck_assert_msg(owners[byte]++ == 0, "%s overlaps another field", f->name);
    }
    memset(owners + offsetof(struct hcb_result, error.status), 1, sizeof(enum hcb_status));
    memset(owners + offsetof(struct hcb_result, error.reason), 1, HCB_REASON_SIZE);
    for (size_t byte = 0, hole = 0; byte < sizeof owners; byte++) {
        hole = owners[byte] ? 0 : hole + 1;
        ck_assert_msg(hole < sizeof(double), "no field covers byte %zu", byte);
    }
}
END_TEST

START_TEST(kinds_fit_members)
{
    for (unsigned i = 0; hcb_result_field(i) != NULL; i++) {
        const struct hcb_field *f = hcb_result_field(i);
        ck_assert_int_eq(f->kind == HCB_FIELD_WORD, f->word != NULL);
        ck_assert_int_eq(f->kind == HCB_FIELD_SAMPLES || f->kind == HCB_FIELD_ROUNDS, f->count_offset != 0);
        if (f->kind == HCB_FIELD_NUMBER || f->kind == HCB_FIELD_COUNT)
            ck_assert_uint_eq(f->size, sizeof(double));
        if (f->kind == HCB_FIELD_EXTENT)
            ck_assert_uint_eq(f->size, sizeof(uint64_t));
        if (f->kind == HCB_FIELD_SIZE)
            ck_assert_uint_eq(f->size, sizeof(size_t));
    }
    ck_assert_ptr_null(hcb_result_field((unsigned)-1));
}
END_TEST

/* A fresh row has its case and its status, and nothing else. */
START_TEST(absent_at_first)
{
    static const char *const present[] = {"device",  "platform", "op",      "impl",   "precision",
                                          "shape.m", "shape.n",  "shape.k", "status"};
    struct hcb_result r;
    memset(&r, 0x55, sizeof r);
    hcb_result_init(&r, "opencl:1", &matmul);
    ck_assert_str_eq(r.device, "opencl:1");
    ck_assert_str_eq(r.platform, "opencl");
    ck_assert_int_eq((int)r.status, (int)HCB_SKIPPED);
    for (unsigned i = 0; hcb_result_field(i) != NULL; i++) {
        const struct hcb_field *f = hcb_result_field(i);
        bool expected = false;
        for (size_t p = 0; p < sizeof present / sizeof *present; p++)
            expected = expected || strcmp(f->name, present[p]) == 0;
        ck_assert_msg(hcb_result_has(&r, f) == expected, "%s is %s", f->name,
                      expected ? "absent" : "present");
    }
    hcb_result_clear(&r);
    hcb_result_init(&r, "cpu:0", &sum);
    ck_assert(has(&r, "shape.n") && !has(&r, "shape.m") && !has(&r, "shape.k"));
    hcb_result_clear(&r);
}
END_TEST

START_TEST(infinite_is_absent)
{
    struct hcb_result r;
    hcb_result_init(&r, "cpu:0", &sum);
    r.gbps = HUGE_VAL;
    ck_assert(!has(&r, "gbps"));
    r.gbps = 0;
    ck_assert(has(&r, "gbps"));
    snprintf(r.reason, sizeof r.reason, "because");
    ck_assert(has(&r, "reason"));
    hcb_result_clear(&r);
}
END_TEST

START_TEST(clocks_collect_samples)
{
    struct hcb_result r;
    const double first[] = {3, 1, 2}, second[] = {5, 4};
    hcb_result_init(&r, "cpu:0", &sum);
    ck_assert(hcb_clock_add(&r.wall, 0, first, 0));
    ck_assert_uint_eq(r.wall.summary.n, 0);
    ck_assert(hcb_clock_add(&r.wall, 0, first, 3));
    ck_assert_double_eq(r.wall.summary.median, 2);
    ck_assert(hcb_clock_add(&r.wall, 0, second, 2));
    ck_assert_double_eq(r.wall.summary.median, 3);
    ck_assert_uint_eq(r.wall.summary.n, 5);
    ck_assert_mem_eq(r.wall.samples, first, sizeof first);
    ck_assert_mem_eq(r.wall.samples + 3, second, sizeof second);
    ck_assert(has(&r, "wall.samples_s") && has(&r, "wall.n") && has(&r, "wall.median_s"));
    ck_assert(!has(&r, "wall.ci95_s.0") && !has(&r, "kernel.n"));
    ck_assert_uint_eq(*(const size_t *)((const char *)&r + field("wall.samples_s")->count_offset), 5);
    hcb_result_clear(&r);
}
END_TEST

START_TEST(rates)
{
    struct hcb_result r;
    const double slow = 2e-6, fast = 1e-6, zero = 0;
    hcb_result_init(&r, "cpu:0", &sum);
    hcb_result_rates(&r);
    ck_assert_double_eq(r.flops, 1000);
    ck_assert_double_eq(r.bytes, 4004);
    ck_assert(!has(&r, "gflops") && !has(&r, "gbps"));
    hcb_clock_add(&r.wall, 0, &slow, 1);
    hcb_result_rates(&r);
    ck_assert_double_eq_tol(r.gflops, 0.5, 1e-12);
    ck_assert_double_eq_tol(r.gbps, 2.002, 1e-12);
    hcb_clock_add(&r.kernel, 0, &fast, 1); /* the device's clock comes first */
    hcb_result_rates(&r);
    ck_assert_double_eq_tol(r.gflops, 1, 1e-12);
    hcb_result_clear(&r);
    hcb_result_init(&r, "cpu:0", &sum);
    hcb_clock_add(&r.kernel, 0, &zero, 1);
    hcb_result_rates(&r);
    ck_assert(isnan(r.gflops) && isnan(r.gbps)); /* and not infinite */
    hcb_result_clear(&r);
}
END_TEST

START_TEST(warnings)
{
    struct hcb_result r;
    hcb_result_init(&r, "cpu:0", &sum);
    ck_assert(!has(&r, "warnings"));
    for (int i = 0; i < 20; i++)
        hcb_result_warn(&r, "number %d of %s", i, "many");
    ck_assert(has(&r, "warnings"));
    ck_assert_str_eq(r.warnings[0], "number 0 of many");
    ck_assert_ptr_null(r.warnings[sizeof r.warnings / sizeof *r.warnings - 1]);
    hcb_result_clear(&r);
}
END_TEST

START_TEST(speedups)
{
    struct hcb_result r, baseline;
    const double one = 1, four = 4, six = 6;
    hcb_result_init(&r, "opencl:0", &matmul);
    hcb_result_init(&baseline, "cpu:0", &matmul);
    baseline.task.impl = HCB_IMPL_OPENBLAS;
    hcb_clock_add(&r.kernel, 0, &one, 1);
    hcb_clock_add(&r.end_to_end, 0, &four, 1);
    hcb_clock_add(&baseline.kernel, 0, &four, 1);
    hcb_clock_add(&baseline.end_to_end, 0, &six, 1);
    hcb_result_compare(&r, &baseline, true, 1); /* not ok: nothing is done */
    ck_assert(!has(&r, "speedup.baseline") && !has(&r, "speedup.kernel.ratio"));
    r.status = HCB_OK;
    hcb_result_compare(&r, &baseline, true, 1);
    ck_assert(!has(&r, "speedup.baseline"));
    baseline.status = HCB_OK;
    hcb_result_compare(&r, &baseline, true, 1);
    ck_assert_str_eq(r.baseline, "cpu:0/openblas");
    ck_assert_double_eq(r.speedup_kernel.ratio, 4);
    ck_assert_double_eq(r.speedup_end_to_end.ratio, 1.5);
    hcb_result_clear(&r);
    hcb_result_clear(&baseline);
}
END_TEST

/* A clock that the baseline lacks gives no ratio. */
START_TEST(speedup_of_nothing)
{
    struct hcb_result r, baseline;
    const double one = 1;
    hcb_result_init(&r, "opencl:0", &matmul);
    hcb_result_init(&baseline, "cpu:0", &matmul);
    r.status = baseline.status = HCB_OK;
    hcb_clock_add(&r.kernel, 0, &one, 1);
    hcb_result_compare(&r, &baseline, true, 1);
    ck_assert(!has(&r, "speedup.kernel.ratio") && !has(&r, "speedup.end_to_end.ratio"));
    hcb_result_clear(&r);
    hcb_result_clear(&baseline);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("result");
    tcase_add_test(tests, names_are_unique);
    tcase_add_test(tests, every_member_once);
    tcase_add_test(tests, kinds_fit_members);
    tcase_add_test(tests, absent_at_first);
    tcase_add_test(tests, infinite_is_absent);
    tcase_add_test(tests, clocks_collect_samples);
    tcase_add_test(tests, rates);
    tcase_add_test(tests, warnings);
    tcase_add_test(tests, speedups);
    tcase_add_test(tests, speedup_of_nothing);
    return suite_run("result", tests);
}
