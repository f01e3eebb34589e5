/* SPDX-License-Identifier: Apache-2.0 */
/* Roofs: which rows measure them, and each row's share of the nearer one. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "measure/roofline.h"
#include "suite.h"

static struct options options;
static struct device_record devices[2];
static struct record record;

static void set_up(void)
{
    options = (struct options){.command = COMMAND_RUN, .precisions = 1u << HCB_PRECISION_F32};
    memset(devices, 0, sizeof devices);
    devices[0].info = (struct hcb_device_info){.id = "cpu:0", .platform = "cpu", .type = HCB_DEVICE_CPU};
    devices[1].info = (struct hcb_device_info){.id = "null:0", .platform = "null", .type = HCB_DEVICE_CPU};
    record = (struct record){.options = &options, .devices = devices, .device_count = 2};
}

static void tear_down(void)
{
    for (size_t i = 0; i < record.roofline_count; i++)
        hcb_result_clear(&record.roofline[i]);
    free(record.roofline);
}

static struct hcb_result *find(const char *device, enum hcb_op op, enum hcb_precision precision)
{
    for (size_t i = 0; i < record.roofline_count; i++) {
        struct hcb_result *row = &record.roofline[i];
        if (row->task.op == op && row->task.precision == precision && strcmp(row->device, device) == 0)
            return row;
    }
    return NULL;
}

/* The accumulators of the precisions, a triad and a copy; no integers. */
START_TEST(rows_are_those_that_are_needed)
{
    options.precisions = 1u << HCB_PRECISION_F64 | 1u << HCB_PRECISION_BF16F32 | 1u << HCB_PRECISION_I8I32;
    ck_assert(roofline_make_rows(&record));
    ck_assert_uint_eq(record.roofline_count, 4);
    ck_assert_ptr_nonnull(find("cpu:0", HCB_OP_PEAK, HCB_PRECISION_F64));
    ck_assert_ptr_nonnull(find("cpu:0", HCB_OP_PEAK, HCB_PRECISION_F32));
    const struct hcb_result *triad = find("cpu:0", HCB_OP_TRIAD, HCB_PRECISION_F32);
    ck_assert_ptr_nonnull(triad);
    ck_assert_int_eq(triad->task.impl, HCB_IMPL_NATIVE);
    ck_assert_ptr_nonnull(find("cpu:0", HCB_OP_COPY, HCB_PRECISION_F32));
    ck_assert_uint_ge(hcb_case_bytes(&triad->task), 32 << 20);
}
END_TEST

START_TEST(rows_are_made_when_they_are_wanted)
{
    static const struct {
        enum command command;
        enum preset preset;
        enum roofline roofline;
        size_t rows;
    } cases[] = {{COMMAND_RUN, PRESET_DEFAULT, ROOFLINE_AUTO, 3},
                 {COMMAND_RUN, PRESET_FULL, ROOFLINE_AUTO, 3},
                 {COMMAND_RUN, PRESET_QUICK, ROOFLINE_AUTO, 0},
                 {COMMAND_RUN, PRESET_QUICK, ROOFLINE_ON, 6}, /* the test platform too */
                 {COMMAND_RUN, PRESET_DEFAULT, ROOFLINE_OFF, 0},
                 {COMMAND_VERIFY, PRESET_DEFAULT, ROOFLINE_AUTO, 0}};
    options.command = cases[_i].command;
    options.preset = cases[_i].preset;
    options.roofline = cases[_i].roofline;
    ck_assert(roofline_make_rows(&record));
    ck_assert_uint_eq(record.roofline_count, cases[_i].rows);
}
END_TEST

START_TEST(looks_are_for_fast_rows)
{
    static const struct {
        enum hcb_impl impl;
        enum hcb_precision precision;
        double gflops, wall; /* times the kernel clock */
        double peak;
        enum roofline roofline;
        bool needs;
    } cases[] = {{HCB_IMPL_TILE, HCB_PRECISION_F32, 2, 1.3, 0, ROOFLINE_AUTO, true},
                 {HCB_IMPL_TILE, HCB_PRECISION_BF16F32, 2, 1.3, 0, ROOFLINE_AUTO, true},
                 {HCB_IMPL_TILE, HCB_PRECISION_F32, 2, 1.2, 0, ROOFLINE_AUTO, false},
                 {HCB_IMPL_TILE, HCB_PRECISION_F32, 2e5, 1.2, 0, ROOFLINE_AUTO, true},
                 {HCB_IMPL_TILE, HCB_PRECISION_F32, 0.5, 1.3, 0, ROOFLINE_AUTO, false},
                 {HCB_IMPL_TILE, HCB_PRECISION_F32, 2, 1.3, 1, ROOFLINE_AUTO, false},
                 {HCB_IMPL_TILE, HCB_PRECISION_F32, 2, 1.3, 0, ROOFLINE_OFF, false},
                 {HCB_IMPL_COOPMAT, HCB_PRECISION_F32, 2, 1.3, 0, ROOFLINE_AUTO, false},
                 {HCB_IMPL_TILE, HCB_PRECISION_I8I32, 2, 1.3, 0, ROOFLINE_AUTO, false}};
    const double launch_s = 1e-3;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hcb_result row;
        const double wall_s = launch_s * cases[i].wall;
        hcb_result_init(&row, "cpu:0",
                        &(struct hcb_case){HCB_OP_MATMUL, cases[i].impl, cases[i].precision, {9, 9, 9}});
        ck_assert(hcb_clock_add(&row.kernel, 0, &launch_s, 1) && hcb_clock_add(&row.wall, 0, &wall_s, 1));
        row.gflops = cases[i].gflops;
        options.roofline = cases[i].roofline;
        devices[0].peak_gflops[HCB_PRECISION_F32] = cases[i].peak;
        ck_assert_msg(roofline_needs_look(&record, &row) == cases[i].needs, "case %zu", i);
        hcb_result_clear(&row);
    }
}
END_TEST

/* All drivers of the hardware, whose best roof counts. */
START_TEST(looks_are_at_one_hardware)
{
    static struct hcb_result row;
    hcb_result_init(&row, "null:0", &(struct hcb_case){HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F16F32, {1, 9, 1}});
    devices[1].info.type = HCB_DEVICE_GPU;
    ck_assert(roofline_add_looks(&record, &row));
    ck_assert_uint_eq(record.roofline_count, 1);
    ck_assert_ptr_eq(find("null:0", HCB_OP_PEAK, HCB_PRECISION_F32), &record.roofline[0]);
    ck_assert_uint_eq(record.roofline[0].task.shape.n, 1 << 22); /* a run's has 2^24 */
    tear_down();
    record.roofline = NULL;
    record.roofline_count = 0;
    strcpy(devices[0].same_as[0], "null:0");
    strcpy(devices[1].same_as[0], "cpu:0");
    ck_assert(roofline_add_looks(&record, &row));
    ck_assert_uint_eq(record.roofline_count, 2);
    ck_assert_ptr_nonnull(find("cpu:0", HCB_OP_PEAK, HCB_PRECISION_F32));
    hcb_result_clear(&row);
}
END_TEST

/* The made-up caches are of a common processor, one with eight large ones, and a card. */
START_TEST(vectors_are_in_no_cache)
{
    static const uint64_t mib = UINT64_C(1) << 20, gib = UINT64_C(1) << 30;
    static const struct {
        struct hcb_device_info info;
        uint64_t cache, least, most; /* elements */
    } rows[] = {
        {{.type = HCB_DEVICE_CPU, .memory_bytes = UINT64_C(64) << 30}, 0, 1 << 23, 1 << 23},
        {{.type = HCB_DEVICE_CPU, .memory_bytes = UINT64_C(64) << 30}, 16 << 20, 33 << 18, 33 << 18},
        {{.type = HCB_DEVICE_CPU, .memory_bytes = UINT64_C(64) << 30}, 768 << 20, 384 << 20, 385 << 20},
        {{.type = HCB_DEVICE_GPU, .software = true}, 768 << 20, 384 << 20, 385 << 20},
        /* bounded by memory, and by a buffer */
        {{.type = HCB_DEVICE_CPU, .memory_bytes = UINT64_C(6) << 30}, 768 << 20, 64 << 20, 64 << 20},
        {{.type = HCB_DEVICE_CPU, .max_buffer_bytes = 128 << 20}, 768 << 20, 32 << 20, 32 << 20},
        {{.type = HCB_DEVICE_CPU, .memory_bytes = 256 << 20}, 768 << 20, 1 << 23, 1 << 23},
        {{.type = HCB_DEVICE_GPU, .memory_bytes = UINT64_C(80) << 30}, 50 << 20, 1 << 25, 1 << 25},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const uint64_t elements = roofline_vector_elements(&rows[i].info, rows[i].cache);
        ck_assert_msg(elements >= rows[i].least && elements <= rows[i].most, "row %zu: %llu", i,
                      (unsigned long long)elements);
    }
    devices[0].info.cache_bytes = 96 * mib;
    devices[0].info.memory_bytes = 16 * gib;
    ck_assert(roofline_make_rows(&record));
    const struct hcb_result *triad = find("cpu:0", HCB_OP_TRIAD, HCB_PRECISION_F32),
                            *copy = find("cpu:0", HCB_OP_COPY, HCB_PRECISION_F32);
    ck_assert_uint_ge(hcb_case_bytes(&copy->task), 4 * 96 * mib);
    ck_assert_uint_ge(hcb_case_bytes(&triad->task), 4 * 96 * mib);
    ck_assert_uint_lt(hcb_case_bytes(&triad->task), 7 * 96 * mib);
}
END_TEST

/* Failed rows leave what was not measured absent. */
/* The fastest of two samples gives this rate; the median does not. */
static void measure(struct hcb_result *row, double rate)
{
    row->flops = row->bytes = 1e6;
    const double best = 1e6 / (rate * 1e9), samples[] = {3 * best, best};
    ck_assert(hcb_clock_add(&row->kernel, 0, samples, 2));
}

START_TEST(figures_come_from_good_rows)
{
    devices[0].bandwidth_gbps = (double)NAN;
    ck_assert(roofline_make_rows(&record));
    struct hcb_result *peak = find("cpu:0", HCB_OP_PEAK, HCB_PRECISION_F32),
                      *triad = find("cpu:0", HCB_OP_TRIAD, HCB_PRECISION_F32),
                      *copy = find("cpu:0", HCB_OP_COPY, HCB_PRECISION_F32);
    peak->status = HCB_OK;
    measure(peak, 100);
    triad->status = HCB_WRONG;
    measure(triad, 20);
    roofline_gather(&record);
    ck_assert_double_eq_tol(devices[0].peak_gflops[HCB_PRECISION_F32], 100, 1e-9);
    ck_assert_double_nan(devices[0].bandwidth_gbps);
    triad->status = HCB_OK;
    roofline_gather(&record);
    ck_assert_double_eq_tol(devices[0].bandwidth_gbps, 20, 1e-9);
    copy->status = HCB_OK; /* the better one of both */
    measure(copy, 25);
    roofline_gather(&record);
    ck_assert_double_eq_tol(devices[0].bandwidth_gbps, 25, 1e-9);
}
END_TEST

/* Two drivers of one hardware have the better roof of both. */
START_TEST(roofs_belong_to_hardware)
{
    snprintf(devices[0].same_as[0], sizeof devices[0].same_as[0], "null:0");
    snprintf(devices[1].same_as[0], sizeof devices[1].same_as[0], "cpu:0");
    ck_assert(roofline_make_rows(&record));
    struct hcb_result *fast = find("cpu:0", HCB_OP_PEAK, HCB_PRECISION_F32),
                      *slow = find("cpu:0", HCB_OP_TRIAD, HCB_PRECISION_F32);
    fast->task.op = HCB_OP_TRIAD; /* as another driver would measure it */
    snprintf(fast->device, sizeof fast->device, "null:0");
    fast->status = slow->status = HCB_OK;
    measure(fast, 20);
    measure(slow, 2);
    roofline_gather(&record);
    for (int i = 0; i < 2; i++)
        ck_assert_double_eq_tol(devices[i].bandwidth_gbps, 20, 1e-9);
}
END_TEST

/* A peak that is measured again may only rise. */
START_TEST(peaks_are_improved)
{
    struct hcb_result again;
    ck_assert(roofline_make_rows(&record));
    struct hcb_result *peak = find("cpu:0", HCB_OP_PEAK, HCB_PRECISION_F32);
    peak->status = HCB_OK;
    measure(peak, 100);
    for (int rate = 50; rate <= 200; rate += 150) {
        hcb_result_init(&again, peak->device, &peak->task);
        again.status = HCB_OK;
        measure(&again, rate);
        roofline_improve(peak, &again);
        roofline_gather(&record);
        ck_assert_double_eq_tol(devices[0].peak_gflops[HCB_PRECISION_F32], rate < 100 ? 100 : rate, 1e-9);
    }
    hcb_result_init(&again, peak->device, &peak->task);
    again.status = HCB_WRONG;
    measure(&again, 1000);
    roofline_improve(peak, &again);
    roofline_gather(&record);
    ck_assert_double_eq_tol(devices[0].peak_gflops[HCB_PRECISION_F32], 200, 1e-9);
    ck_assert_ptr_eq(roofline_row(&record, peak, false), peak);
}
END_TEST

/* 100 GFLOP/s and 20 GB/s. */
static struct hcb_result rated(enum hcb_op op, enum hcb_impl impl, enum hcb_precision precision,
                               struct hcb_shape shape, double seconds)
{
    struct hcb_result row;
    const struct hcb_case c = {op, impl, precision, shape};
    devices[0].peak_gflops[HCB_PRECISION_F32] = 100;
    devices[0].bandwidth_gbps = 20;
    hcb_result_init(&row, "cpu:0", &c);
    row.status = HCB_OK;
    row.kernel.summary.n = 1;
    row.kernel.summary.median = seconds;
    hcb_result_rates(&row);
    roofline_rate(&record, &row);
    return row;
}

START_TEST(share_of_the_nearer_roof)
{
    /* 2^31 operations, far more than bytes: half of what 100 GFLOP/s would take. */
    struct hcb_result row = rated(HCB_OP_MATMUL, HCB_IMPL_OPENBLAS, HCB_PRECISION_F32,
                                  (struct hcb_shape){1024, 1024, 1024}, 0x1p31 / 50e9);
    ck_assert_double_eq_tol(row.roofline_share, 0.5, 1e-12);
    ck_assert_str_eq(row.roofline_bound, "compute");
    /* A long thin product moves more than it computes: 4 (2n + n n) bytes with k = 1. */
    row = rated(HCB_OP_MATMUL, HCB_IMPL_OPENBLAS, HCB_PRECISION_F32, (struct hcb_shape){1000, 1000, 1},
                4.008e6 / 5e9);
    ck_assert_double_eq_tol(row.roofline_share, 0.25, 1e-12);
    ck_assert_str_eq(row.roofline_bound, "memory");
    row = rated(HCB_OP_SUM, HCB_IMPL_NATIVE, HCB_PRECISION_F32, (struct hcb_shape){1, 999999, 1}, 4e6 / 40e9);
    ck_assert_double_eq_tol(row.roofline_share, 2, 1e-12); /* from a cache */
    ck_assert_str_eq(row.roofline_bound, "memory");
}
END_TEST

/* Operands that fit together into the cache are not held against memory. */
START_TEST(a_cache_has_no_roof)
{
    const struct hcb_shape vector = {1, 999999, 1}, thin = {1000, 1000, 1};
    const uint64_t sum_bytes = 4 * 1000000, thin_bytes = 4008000;
    struct hcb_result row;
    for (int same = 0; same < 2; same++) { /* its own driver tells, or another */
        struct hcb_device_info *who = same ? &devices[1].info : &devices[0].info;
        devices[0].info.cache_bytes = 0;
        snprintf(devices[0].same_as[0], sizeof devices[0].same_as[0], "null:0");
        who->cache_bytes = sum_bytes;
        row = rated(HCB_OP_SUM, HCB_IMPL_NATIVE, HCB_PRECISION_F32, vector, 1e-4);
        ck_assert_str_eq(row.roofline_bound, "cache");
        ck_assert_double_nan(row.roofline_share);
        who->cache_bytes = sum_bytes - 1;
        row = rated(HCB_OP_SUM, HCB_IMPL_NATIVE, HCB_PRECISION_F32, vector, 1e-4);
        ck_assert_str_eq(row.roofline_bound, "memory");
        ck_assert_double_eq_tol(row.roofline_share, 2, 1e-9);
        who->cache_bytes = thin_bytes;
        row = rated(HCB_OP_MATMUL, HCB_IMPL_OPENBLAS, HCB_PRECISION_F32, thin, 1e-3);
        ck_assert_str_eq(row.roofline_bound, "compute");
        ck_assert_double_eq_tol(row.roofline_share, 0.02, 1e-9); /* 2 of 100 GFLOP/s */
        who->cache_bytes = thin_bytes - 1;
        row = rated(HCB_OP_MATMUL, HCB_IMPL_OPENBLAS, HCB_PRECISION_F32, thin, 1e-3);
        ck_assert_str_eq(row.roofline_bound, "memory");
    }
    /* Without roofs nothing is said. */
    devices[0].info.cache_bytes = sum_bytes;
    row = rated(HCB_OP_SUM, HCB_IMPL_NATIVE, HCB_PRECISION_F32, vector, 1e-4);
    row.roofline_bound[0] = '\0';
    devices[0].bandwidth_gbps = (double)NAN;
    roofline_rate(&record, &row);
    ck_assert_str_eq(row.roofline_bound, "");
}
END_TEST

/* What no cache can hold is held against memory; the row that reached it may be
 * measured again. */
START_TEST(memory_is_a_ceiling_of_large_vectors)
{
    static const struct {
        enum hcb_op op;
        uint64_t elements, cache;
        bool has_ceiling;
    } cases[] = {{HCB_OP_SUM, 1 << 28, 0, true},
                 {HCB_OP_SUM, 1 << 27, 0, false},
                 {HCB_OP_SUM, 1 << 28, 256 << 20, true},
                 {HCB_OP_SUM, 1 << 28, 257 << 20, false},
                 {HCB_OP_DOT, 1 << 27, 0, true},
                 {HCB_OP_MATMUL, 1 << 14, 0, false}};
    struct hcb_result row;
    const uint64_t n = cases[_i].elements;
    ck_assert(roofline_make_rows(&record));
    struct hcb_result *triad = find("cpu:0", HCB_OP_TRIAD, HCB_PRECISION_F32),
                      *copy = find("cpu:0", HCB_OP_COPY, HCB_PRECISION_F32);
    triad->gbps = 20;
    copy->gbps = 25;
    devices[0].info.cache_bytes = cases[_i].cache;
    devices[0].bandwidth_gbps = 25;
    const uint64_t rows = hcb_op_rank(cases[_i].op) == 3 ? n : 1;
    hcb_result_init(&row, "cpu:0",
                    &(struct hcb_case){cases[_i].op, HCB_IMPL_NATIVE, HCB_PRECISION_F32, {rows, n, rows}});
    ck_assert(isfinite(roofline_memory_gbps(&record, &row)) == cases[_i].has_ceiling);
    ck_assert_ptr_eq(roofline_row(&record, &row, true), copy);
    hcb_result_clear(&row);
}
END_TEST

/* The peak of vectors is none for matrix units and integers. */
START_TEST(no_share_without_a_ceiling)
{
    static const struct {
        enum hcb_op op;
        enum hcb_impl impl;
        enum hcb_precision precision;
        bool has_share, has_peak;
    } cases[] = {{HCB_OP_MATMUL, HCB_IMPL_COOPMAT, HCB_PRECISION_F16F32, false, false},
                 {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F16F32, true, true},
                 {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F64, false, false},
                 {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_I8I32, false, false},
                 {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_I8I32, true, false},
                 {HCB_OP_TRIAD, HCB_IMPL_TILE, HCB_PRECISION_F32, false, true}};
    const struct hcb_shape cube = {64, 64, 64}, vector = {1, 64, 1};
    const struct hcb_result row =
        rated(cases[_i].op, cases[_i].impl, cases[_i].precision,
              hcb_op_rank(cases[_i].op) == 3 ? cube : vector, 1e-6);
    ck_assert(isfinite(row.roofline_share) == cases[_i].has_share);
    ck_assert((row.roofline_bound[0] != '\0') == cases[_i].has_share);
    ck_assert(isfinite(roofline_peak_gflops(&record, &row)) == cases[_i].has_peak);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("roofline");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, rows_are_those_that_are_needed);
    tcase_add_loop_test(tests, rows_are_made_when_they_are_wanted, 0, 6);
    tcase_add_test(tests, looks_are_for_fast_rows);
    tcase_add_test(tests, looks_are_at_one_hardware);
    tcase_add_test(tests, figures_come_from_good_rows);
    tcase_add_test(tests, roofs_belong_to_hardware);
    tcase_add_test(tests, peaks_are_improved);
    tcase_add_test(tests, share_of_the_nearer_roof);
    tcase_add_test(tests, vectors_are_in_no_cache);
    tcase_add_test(tests, a_cache_has_no_roof);
    tcase_add_loop_test(tests, memory_is_a_ceiling_of_large_vectors, 0, 6);
    tcase_add_loop_test(tests, no_share_without_a_ceiling, 0, 6);
    return suite_run("roofline", tests);
}
