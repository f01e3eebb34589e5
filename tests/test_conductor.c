/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that run together: turns, rounds, and what is compared with what.  In this
 * process, on the CPU and on the null platform. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/conductor.h"
#include "measure/roofline.h"
#include "suite.h"

enum { ROWS = 4 };

static struct options options;
static struct record record;
static struct device_record devices[2];
static struct hcb_result rows[ROWS + 1];

/* cpu:0/native, cpu:0/ref, null:0/native, null:0/tile: sum of 100 numbers. */
static void begin(void)
{
    static const struct {
        const char *device;
        enum hcb_impl impl;
    } who[ROWS] = {{"cpu:0", HCB_IMPL_NATIVE}, {"cpu:0", HCB_IMPL_REF}, {"null:0", HCB_IMPL_NATIVE}, {"null:0", HCB_IMPL_TILE}};
    setenv("HCBENCH_NULL", "ok", 1);
    options = (struct options){.command = COMMAND_RUN, .preset = PRESET_QUICK, .warmup = 1, .min_runs = 5,
                               .max_runs = 20, .min_time_s = 0.001, .max_time_s = 0.002, .ci_percent = 5,
                               .timeout_s = 60, .seed = 1, .journal = NULL};
    record = (struct record){.options = &options, .devices = devices, .device_count = 2,
                             .results = rows, .result_count = ROWS, .blas_fair_ratio = (double)NAN};
    hcb_environment_read(&record.environment);
    memset(devices, 0, sizeof devices);
    strcpy(devices[0].info.id, "cpu:0");
    strcpy(devices[0].info.platform, "cpu");
    devices[0].info.type = HCB_DEVICE_CPU;
    strcpy(devices[1].info.id, "null:0");
    strcpy(devices[1].info.platform, "null");
    devices[1].info.type = HCB_DEVICE_CPU;
    for (size_t i = 0; i < ROWS; i++)
        hcb_result_init(&rows[i], who[i].device,
                        &(struct hcb_case){HCB_OP_SUM, who[i].impl, HCB_PRECISION_BF16F32, {1, 100, 1}});
}

static void end(void)
{
    for (size_t i = 0; i < ROWS; i++)
        hcb_result_clear(&rows[i]);
}

static void run_rows(void)
{
    struct conductor *conductor = conductor_open(&record, ROWS);
    ck_assert_ptr_nonnull(conductor);
    conductor_run(conductor, rows, ROWS);
    conductor_close(conductor);
    for (size_t i = 0; i < ROWS; i++)
        ck_assert_msg(rows[i].status == HCB_OK, "%s/%s: %s", rows[i].device,
                      hcb_impl_name(rows[i].task.impl), rows[i].reason);
}

static unsigned count_rounds(const struct hcb_clock_result *clock)
{
    unsigned count = 0;
    for (size_t i = 0; i < clock->summary.n; i++)
        count += i == 0 || clock->rounds[i] != clock->rounds[i - 1];
    return count;
}

static bool has_round(const struct hcb_clock_result *clock, uint32_t round)
{
    for (size_t i = 0; i < clock->summary.n; i++)
        if (clock->rounds[i] == round)
            return true;
    return false;
}

static void check_ratio(const struct hcb_ratio *ratio)
{
    ck_assert(ratio->ratio > 0);
    ck_assert(ratio->ci95_low > 0 && ratio->ci95_low <= ratio->ratio && ratio->ratio <= ratio->ci95_high);
}

/* Enough rounds for an interval, in each the baseline beside the row. */
START_TEST(rows_take_turns)
{
    run_rows();
    for (size_t i = 0; i < ROWS; i++) {
        ck_assert_uint_ge(count_rounds(&rows[i].wall), HCB_RATIO_ROUNDS_MIN);
        ck_assert_uint_ge(count_rounds(&rows[i].end_to_end), HCB_RATIO_ROUNDS_MIN);
        ck_assert(rows[i].launches >= 1 && rows[i].setup_s > 0);
        for (size_t j = 0; j < rows[i].wall.summary.n; j++)
            ck_assert(has_round(&rows[0].wall, rows[i].wall.rounds[j]));
        for (size_t j = 0; j < rows[i].end_to_end.summary.n; j++)
            ck_assert(has_round(&rows[0].end_to_end, rows[i].end_to_end.rounds[j]));
    }
}
END_TEST

static size_t windows_in(const struct hcb_clock_result *clock, uint32_t round)
{
    size_t count = 0;
    for (size_t i = 0; i < clock->summary.n; i++)
        count += clock->rounds[i] == round;
    return count;
}

/* A baseline that has long enough samples goes on beside a row that has not, with blocks
 * as large.  On clocks that stand still but for the model's times. */
START_TEST(baselines_weigh_as_much)
{
    static struct hcb_result pair[2];
    setenv("HCBENCH_NULL", "model:host:launch=1e-3,model:launch=1e-3:noise=0.5", 1);
    options.max_time_s = 10;
    options.max_runs = 100;
    for (size_t i = 0; i < 2; i++) {
        snprintf(devices[i].info.id, sizeof devices[i].info.id, "null:%zu", i);
        strcpy(devices[i].info.platform, "null");
        strcpy(devices[i].info.target, i == 0 ? "baseline" : "");
        hcb_result_init(&pair[i], devices[i].info.id,
                        &(struct hcb_case){HCB_OP_SUM, HCB_IMPL_NATIVE, HCB_PRECISION_F32, {1, 100, 1}});
    }
    record.results = pair;
    record.result_count = 2;
    struct conductor *conductor = conductor_open(&record, 2);
    ck_assert_ptr_nonnull(conductor);
    conductor_run(conductor, pair, 2);
    conductor_close(conductor);
    ck_assert_str_eq(pair[1].baseline, "null:0/native");
    ck_assert_uint_eq(pair[1].wall.summary.n, 100);
    ck_assert_uint_eq(pair[0].wall.summary.n, 100);
    for (size_t i = 0; i < pair[1].wall.summary.n; i++) {
        const uint32_t round = pair[1].wall.rounds[i];
        ck_assert_uint_eq(windows_in(&pair[1].wall, round), 5);
        ck_assert_uint_eq(windows_in(&pair[0].wall, round), 5);
    }
    for (size_t i = 0; i < 2; i++)
        hcb_result_clear(&pair[i]);
}
END_TEST

START_TEST(speedups_have_intervals)
{
    run_rows();
    ck_assert_str_eq(rows[0].baseline, "");
    ck_assert(isnan(rows[0].speedup_kernel.ratio));
    for (size_t i = 1; i < ROWS; i++) {
        ck_assert_str_eq(rows[i].baseline, "cpu:0/native");
        check_ratio(&rows[i].speedup_kernel);
        check_ratio(&rows[i].speedup_end_to_end);
    }
}
END_TEST

START_TEST(rows_against_themselves)
{
    options.against_itself = true;
    run_rows();
    for (size_t i = 0; i < ROWS; i++) {
        char self[sizeof rows[i].baseline];
        snprintf(self, sizeof self, "%.23s/%.10s", rows[i].device, hcb_impl_name(rows[i].task.impl));
        ck_assert_str_eq(rows[i].baseline, self);
        check_ratio(&rows[i].speedup_kernel);
        check_ratio(&rows[i].speedup_end_to_end);
        ck_assert(rows[i].speedup_kernel.ratio != 1); /* a second series, not the same one */
    }
}
END_TEST

/* Rows may be thought of on the way. */
START_TEST(conductors_go_on)
{
    struct hcb_result *more = &rows[record.result_count++];
    struct conductor *conductor = conductor_open(&record, 0);
    ck_assert_ptr_nonnull(conductor);
    conductor_run(conductor, rows, ROWS);
    hcb_result_init(more, "cpu:0",
                    &(struct hcb_case){HCB_OP_DOT, HCB_IMPL_NATIVE, HCB_PRECISION_F16F32, {1, 7, 1}});
    conductor_run(conductor, more, 1);
    conductor_close(conductor);
    ck_assert_int_eq(rows[3].status, HCB_OK);
    ck_assert_int_eq(more->status, HCB_OK);
    ck_assert_str_eq(more->baseline, "");
    hcb_result_clear(more);
}
END_TEST

/* One row's failure leaves the others comparable. */
START_TEST(failures_stay_alone)
{
    setenv("HCBENCH_NULL", "wrong", 1);
    struct conductor *conductor = conductor_open(&record, ROWS);
    ck_assert_ptr_nonnull(conductor);
    conductor_run(conductor, rows, ROWS);
    conductor_close(conductor);
    ck_assert_int_eq(rows[2].status, HCB_WRONG);
    ck_assert(isnan(rows[2].speedup_kernel.ratio));
    ck_assert_int_eq(rows[3].status, HCB_OK);
    check_ratio(&rows[3].speedup_kernel);
}
END_TEST

/* Faster than the device's measured peak is no number. */
START_TEST(impossible_rates_are_errors)
{
    devices[1].peak_gflops[HCB_PRECISION_F32] = 1e-9;
    struct conductor *conductor = conductor_open(&record, ROWS);
    ck_assert_ptr_nonnull(conductor);
    conductor_run(conductor, rows, ROWS);
    conductor_close(conductor);
    ck_assert_int_eq(rows[0].status, HCB_OK);
    ck_assert_int_eq(rows[2].status, HCB_ERROR);
    ck_assert_ptr_nonnull(strstr(rows[2].reason, "is above the 1e-09 that multiply-adds reach"));
    ck_assert(isnan(rows[2].speedup_kernel.ratio));
    /* Nor does the row keep others. */
    ck_assert(isnan(rows[2].gflops) && isnan(rows[2].gbps) && isnan(rows[2].roofline_share));
    ck_assert(rows[2].kernel.samples == NULL && rows[2].wall.summary.n == 0 && rows[2].end_to_end.summary.n == 0);
    ck_assert(isfinite(rows[2].error.bound_ratio) && isfinite(rows[2].setup_s));
}
END_TEST

/* A roof that was measured badly is measured again, before a row is refused for it. */
START_TEST(roofs_get_another_chance)
{
    static const struct {
        const char *model;
        uint64_t elements; /* of the peak */
        enum hcb_status status;
    } cases[] = {{"model:host:launch=1e-6,model:launch=1e-6:flops=1e12", 4096, HCB_OK},
                 {"model:host:launch=1e-6,model:launch=1e-2", 64, HCB_ERROR}};
    static struct hcb_result roof, row;
    const double slow = 1;
    setenv("HCBENCH_NULL", cases[_i].model, 1);
    strcpy(devices[1].info.id, "null:1");
    hcb_result_init(&roof, "null:1",
                    &(struct hcb_case){HCB_OP_PEAK, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, cases[_i].elements, 1}});
    roof.status = HCB_OK;
    ck_assert(hcb_clock_add(&roof.wall, 0, &slow, 1));
    hcb_result_rates(&roof);
    hcb_result_init(&row, "null:1",
                    &(struct hcb_case){HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 1 << 20, 1}});
    record.results = &row;
    record.result_count = 1;
    record.roofline = &roof;
    record.roofline_count = 1;
    roofline_gather(&record);
    struct conductor *conductor = conductor_open(&record, 1);
    ck_assert_ptr_nonnull(conductor);
    conductor_run(conductor, &row, 1);
    conductor_close(conductor);
    ck_assert_msg(row.status == cases[_i].status, "%s", row.reason);
    ck_assert(devices[1].peak_gflops[HCB_PRECISION_F32] > 1e-2); /* from 3e-4 */
    hcb_result_clear(&row);
    hcb_result_clear(&roof);
}
END_TEST

static bool is_warned(const struct hcb_result *row, const char *words)
{
    for (size_t i = 0; row->warnings[i] != NULL; i++)
        if (strstr(row->warnings[i], words) != NULL)
            return true;
    return false;
}

/* What does not fit into memory together runs apart, and says so. */
START_TEST(rows_apart_are_told)
{
    record.environment.memory_bytes = 500; /* 204 bytes for each device, of which 80 % may be used */
    run_rows();
    ck_assert(is_warned(&rows[2], "not measured beside cpu:0/native"));
    ck_assert(is_warned(&rows[3], "not measured beside cpu:0/native"));
    ck_assert(!is_warned(&rows[1], "not measured beside"));
    ck_assert(rows[3].speedup_kernel.ratio > 0);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("conductor");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, rows_take_turns);
    tcase_add_test(tests, baselines_weigh_as_much);
    tcase_add_test(tests, speedups_have_intervals);
    tcase_add_test(tests, rows_against_themselves);
    tcase_add_test(tests, conductors_go_on);
    tcase_add_test(tests, failures_stay_alone);
    tcase_add_test(tests, impossible_rates_are_errors);
    tcase_add_loop_test(tests, roofs_get_another_chance, 0, 2);
    tcase_add_test(tests, rows_apart_are_told);
    return suite_run("conductor", tests);
}
