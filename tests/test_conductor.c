/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that run together: turns, rounds, and what is compared with what.  In this
 * process, on the CPU and on the null platform. */
#include "config.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/conductor.h"
#include "measure/memory.h"
#include "measure/roofline.h"
#include "suite.h"

enum { ROWS = 4 };

static struct options options;
static struct record record;
static struct device_record devices[3];
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

static bool is_warned(const struct hcb_result *row, const char *words)
{
    for (size_t i = 0; row->warnings[i] != NULL; i++)
        if (strstr(row->warnings[i], words) != NULL)
            return true;
    return false;
}

/* A row on each of `count` synthetic devices; the first is the baseline. */
static void run_models(const char *models, struct hcb_result *results, size_t count)
{
    setenv("HCBENCH_NULL", models, 1);
    options.max_time_s = 10;
    options.max_runs = 100;
    for (size_t i = 0; i < count; i++) {
        snprintf(devices[i].info.id, sizeof devices[i].info.id, "null:%zu", i);
        strcpy(devices[i].info.platform, "null");
        strcpy(devices[i].info.target, i == 0 ? "baseline" : "");
        hcb_result_init(&results[i], devices[i].info.id,
                        &(struct hcb_case){HCB_OP_SUM, HCB_IMPL_NATIVE, HCB_PRECISION_F32, {1, 100, 1}});
    }
    record.device_count = record.result_count = count;
    record.results = results;
    struct conductor *conductor = conductor_open(&record, count);
    ck_assert_ptr_nonnull(conductor);
    conductor_run(conductor, results, count);
    conductor_close(conductor);
    for (size_t i = 1; i < count; i++)
        ck_assert_str_eq(results[i].baseline, "null:0/native");
}

/* A baseline that has long enough samples goes on beside a row that has not, with blocks
 * as large.  On clocks that stand still but for the model's times. */
START_TEST(baselines_weigh_as_much)
{
    static struct hcb_result pair[2];
    run_models("model:host:launch=1e-3,model:launch=1e-3:noise=0.5", pair, 2);
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

/* The second device needs fewer rounds than the third, for which a baseline that changes
 * its speed goes on.  A reader who divides the medians of the second gets another speedup,
 * and is told why. */
START_TEST(speedups_of_fewer_rounds_are_told)
{
    static const char *const drifts[] = {"0", "0.5"};
    static struct hcb_result trio[3];
    char models[160];
    snprintf(models, sizeof models,
             "model:host:launch=1e-3:drift=%s:period=0.4,model:launch=1e-3,model:launch=1e-3:noise=0.5",
             drifts[_i]);
    run_models(models, trio, 3);
    ck_assert_uint_eq(count_rounds(&trio[1].wall), HCB_RATIO_ROUNDS_MIN);
    ck_assert_uint_gt(count_rounds(&trio[2].wall), HCB_RATIO_ROUNDS_MIN);
    const double quotient = trio[0].kernel.summary.median / trio[1].kernel.summary.median;
    ck_assert((fabs(quotient / trio[1].speedup_kernel.ratio - 1) > 0.1) == (_i == 1));
    ck_assert(is_warned(&trio[1], "is of the 6 rounds beside null:0/native") == (_i == 1));
    ck_assert(!is_warned(&trio[2], "rounds beside"));
    for (size_t i = 0; i < 3; i++)
        hcb_result_clear(&trio[i]);
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

/* Where none was measured before, the peak is when a row is fast enough to need it.
 * Operands out of the cache make the model's peak far slower than the row. */
START_TEST(peaks_are_measured_on_demand)
{
    static const struct {
        enum command command;
        enum preset preset;
        enum roofline roofline;
        const char *spill;
        enum hcb_status status;
    } cases[] = {{COMMAND_RUN, PRESET_QUICK, ROOFLINE_AUTO, "1e6", HCB_ERROR},
                 {COMMAND_BREAKEVEN, PRESET_DEFAULT, ROOFLINE_AUTO, "1e6", HCB_ERROR},
                 {COMMAND_RUN, PRESET_QUICK, ROOFLINE_OFF, "1e6", HCB_OK},
                 {COMMAND_RUN, PRESET_QUICK, ROOFLINE_AUTO, "1", HCB_OK}};
    static struct hcb_result row, slow;
    char models[160];
    snprintf(models, sizeof models, "model:host:launch=1e-3,model:launch=1e-8:cache=5e5:spill=%s",
             cases[_i].spill);
    setenv("HCBENCH_NULL", models, 1);
    options.command = cases[_i].command;
    options.preset = cases[_i].preset;
    options.roofline = cases[_i].roofline;
    strcpy(devices[1].info.id, "null:1");
    devices[1].info.type = HCB_DEVICE_ACCELERATOR;
    hcb_result_init(&row, "null:1",
                    &(struct hcb_case){HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {128, 128, 128}});
    hcb_result_init(&slow, "null:1",
                    &(struct hcb_case){HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {2, 2, 2}});
    record.results = &row;
    record.result_count = 1;
    struct conductor *conductor = conductor_open(&record, 2);
    ck_assert_ptr_nonnull(conductor);
    conductor_run(conductor, &slow, 1);
    conductor_run(conductor, &row, 1);
    conductor_close(conductor);
    ck_assert_int_eq(slow.status, HCB_OK);
    ck_assert_msg(row.status == cases[_i].status, "%s", row.reason);
    ck_assert((strstr(row.reason, "that multiply-adds reach on this device: a clock is wrong") != NULL) ==
              (row.status == HCB_ERROR));
    ck_assert_uint_eq(record.roofline_count, 0); /* no view shows it */
    hcb_result_clear(&row);
    hcb_result_clear(&slow);
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

/* One verification of a sum of 100 numbers at a time, besides the rows' own memory. */
static const double verification = 4 << 20;

static bool share_a_round(const struct hcb_result *a, const struct hcb_result *b)
{
    return hcb_clock_common_rounds(&a->wall, &b->wall) > 0;
}

/* What does not fit into memory together runs apart, and says so. */
START_TEST(rows_apart_are_told)
{
    /* 204 bytes for a device's first row, 4 for its second; 80 % may be used. */
    record.environment.memory_bytes = (uint64_t)((verification + 300) / 0.8);
    run_rows();
    ck_assert(share_a_round(&rows[0], &rows[1]) && share_a_round(&rows[2], &rows[3]));
    ck_assert(is_warned(&rows[2], "not measured beside cpu:0/native"));
    ck_assert(is_warned(&rows[3], "not measured beside cpu:0/native"));
    ck_assert(!is_warned(&rows[1], "not measured beside"));
    ck_assert(rows[3].speedup_kernel.ratio > 0);
}
END_TEST

/* The plans of one device, too, where only one fits; a null device's says how much
 * scratch memory each takes of the device's, or of the host's where it lives there. */
START_TEST(plans_that_do_not_fit_run_apart)
{
    static const struct {
        bool host_memory;
        double memory; /* of the host or else of the device, in plans */
        bool together;
    } cases[] = {{false, 1.9, false}, {false, 2.1, true}, {true, 1.9, false}, {true, 2.1, true}};
    const double scratch = 1e6, wanted = cases[_i].memory * scratch / 0.8;
    setenv("HCBENCH_NULL", "model:scratch=1e6", 1);
    devices[1].info.host_memory = cases[_i].host_memory;
    if (cases[_i].host_memory)
        record.environment.memory_bytes = (uint64_t)(verification / 0.8 + wanted);
    else
        devices[1].info.memory_bytes = (uint64_t)wanted;
    run_rows();
    ck_assert_int_eq(share_a_round(&rows[2], &rows[3]), cases[_i].together);
    ck_assert(share_a_round(&rows[0], &rows[2])); /* the first is never alone */
}
END_TEST

/* With the parameters that they will have: a tile of 16 takes twice the table's memory. */
START_TEST(plans_take_memory_by_their_parameters)
{
    setenv("HCBENCH_NULL", "model:scratch=1e6:tuned=8", 1);
    devices[1].info.memory_bytes = (uint64_t)((_i == 0 ? 3e6 : 4.1e6) / 0.8);
    strcpy(rows[2].parameters, "tile=16 unroll=2");
    strcpy(rows[3].parameters, "tile=16 unroll=2");
    run_rows();
    ck_assert_int_eq(share_a_round(&rows[2], &rows[3]), _i == 1);
}
END_TEST

/* A row that does not fit even alone says what it needs, and nothing is allocated. */
START_TEST(rows_that_do_not_fit_are_refused)
{
    setenv("HCBENCH_NULL", "model:scratch=1e12", 1);
    devices[1].info.host_memory = true;
    record.environment.memory_bytes = UINT64_C(1) << 33;
    struct conductor *conductor = conductor_open(&record, ROWS);
    ck_assert_ptr_nonnull(conductor);
    conductor_run(conductor, rows, ROWS);
    conductor_close(conductor);
    ck_assert_int_eq(rows[0].status, HCB_OK);
    for (size_t i = 2; i < ROWS; i++) {
        ck_assert_int_eq(rows[i].status, HCB_UNSUPPORTED);
        ck_assert_msg(strstr(rows[i].reason, "sum bf16f32 100 needs 931 GiB of this machine's "
                                             "memory, which has 8 GiB") != NULL,
                      "%s", rows[i].reason);
        ck_assert(isnan(rows[i].setup_s));
    }
}
END_TEST

/* Inputs once per worker, outputs and scratch memory per plan, all of it twice where the
 * device lives in the host's memory; what is finished needs none. */
START_TEST(memory_counts_all_that_is_alive)
{
    static const struct hcb_case product = {
        HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {100, 200, 300}};
    static const struct hcb_case upload = {
        HCB_OP_UPLOAD, HCB_IMPL_PAGEABLE, HCB_PRECISION_F32, {1, 1000, 1}};
    const double a_and_b = 100 * 300 * 4 + 300 * 200 * 4, c = 100 * 200 * 4;
    const double of_verify = (4 << 20) + 300 * 8;
    struct hcb_device_info cpu = {.id = "cpu:0", .host_memory = true}, gpu = {.id = "opencl:0"};
    struct actor actors[] = {{.info = &cpu}, {.info = &gpu}, {.info = &gpu}};
    static struct hcb_result results[4];
    struct row list[4];
    for (size_t i = 0; i < 4; i++) {
        hcb_result_init(&results[i], "", &product);
        list[i] = (struct row){.result = &results[i], .scratch_bytes = 1000};
    }
    list[0].actor = &actors[0];
    list[1].actor = list[2].actor = &actors[1];
    list[3].actor = &actors[2]; /* a second worker of that device */
    ck_assert_double_eq(memory_host_bytes(list, 1), of_verify + 2 * (a_and_b + c) + 1000);
    ck_assert_double_eq(memory_host_bytes(list + 1, 1), of_verify + a_and_b + c);
    ck_assert_double_eq(memory_host_bytes(list + 1, 2), of_verify + a_and_b + 2 * c);
    ck_assert_double_eq(memory_host_bytes(list + 1, 3), of_verify + 2 * a_and_b + 3 * c);
    struct session session = {.memory_bytes = 0};
    ck_assert_uint_eq(memory_fit(&session, list, 4), 4); /* nothing is known */
    gpu.memory_bytes = (uint64_t)((a_and_b + 2 * c + 2001) / 0.8);
    ck_assert_uint_eq(memory_fit(&session, list, 4), 3);
    gpu.memory_bytes = (uint64_t)((2 * a_and_b + 3 * c + 3001) / 0.8);
    ck_assert_uint_eq(memory_fit(&session, list, 4), 4);
    /* The same card behind another API. */
    struct hcb_device_info api = {.id = "vulkan:0", .pci = "0000:01:00.0"};
    memcpy(gpu.pci, api.pci, sizeof gpu.pci);
    api.memory_bytes = gpu.memory_bytes;
    actors[2].info = &api;
    ck_assert_uint_eq(memory_fit(&session, list, 4), 4);
    gpu.memory_bytes = api.memory_bytes = api.memory_bytes - 10;
    ck_assert_uint_eq(memory_fit(&session, list, 4), 3);
    list[2].phase = FINISHED;
    ck_assert_double_eq(memory_host_bytes(list + 1, 3), of_verify + 2 * a_and_b + 2 * c);
    /* An upload has memory of its own besides x and z. */
    results[0].task = upload;
    list[0].actor = &actors[1];
    list[0].scratch_bytes = 0;
    ck_assert_double_eq(memory_host_bytes(list, 1), (4 << 20) + 3 * 4000);
}
END_TEST

/* After Ctrl-C nothing is counted that was not before. */
START_TEST(roundings_are_counted_once)
{
    struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F16F32, {1, 10000, 1}};
    struct roundings roundings = {.count = 0};
    struct hcb_rounding first, again;
    c.scale = -24;
    ck_assert(roundings_find(&roundings, &c, HCB_FILL_UNIFORM, 1, &first));
    ck_assert_double_gt(first.underflowed, 0);
    link_catch_signals();
    ck_assert_int_eq(raise(SIGINT), 0);
    c.op = HCB_OP_DOT; /* whose x is the same */
    c.impl = HCB_IMPL_REF;
    c.sum = HCB_SUM_F64;
    ck_assert(roundings_find(&roundings, &c, HCB_FILL_UNIFORM, 1, &again));
    ck_assert_double_eq(again.underflowed, first.underflowed);
    ck_assert_double_eq(again.rel_error, first.rel_error);
    const struct hcb_case same = c;
    c.scale = -23;
    ck_assert(!roundings_find(&roundings, &c, HCB_FILL_UNIFORM, 1, &again));
    c = same;
    c.shape.n = UINT64_C(1) << 40; /* it would take hours */
    ck_assert(!roundings_find(&roundings, &c, HCB_FILL_UNIFORM, 1, &again));
    c = same;
    c.precision = HCB_PRECISION_BF16F32;
    ck_assert(!roundings_find(&roundings, &c, HCB_FILL_UNIFORM, 1, &again));
    ck_assert(!roundings_find(&roundings, &same, HCB_FILL_NORMAL, 1, &again));
    ck_assert(!roundings_find(&roundings, &same, HCB_FILL_UNIFORM, 2, &again));
    roundings_clear(&roundings);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("conductor");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, rows_take_turns);
    tcase_add_test(tests, baselines_weigh_as_much);
    tcase_add_loop_test(tests, speedups_of_fewer_rounds_are_told, 0, 2);
    tcase_add_test(tests, speedups_have_intervals);
    tcase_add_test(tests, rows_against_themselves);
    tcase_add_test(tests, conductors_go_on);
    tcase_add_test(tests, failures_stay_alone);
    tcase_add_test(tests, impossible_rates_are_errors);
    tcase_add_loop_test(tests, peaks_are_measured_on_demand, 0, 4);
    tcase_add_loop_test(tests, roofs_get_another_chance, 0, 2);
    tcase_add_test(tests, rows_apart_are_told);
    tcase_add_loop_test(tests, plans_that_do_not_fit_run_apart, 0, 4);
    tcase_add_loop_test(tests, plans_take_memory_by_their_parameters, 0, 2);
    tcase_add_test(tests, rows_that_do_not_fit_are_refused);
    tcase_add_test(tests, memory_counts_all_that_is_alive);
    tcase_add_test(tests, roundings_are_counted_once);
    return suite_run("conductor", tests);
}
