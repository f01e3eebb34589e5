/* SPDX-License-Identifier: Apache-2.0 */
/* Synthetic devices of the null platform: times follow from the model and the
 * seed, and results are right. */
#include "config.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hcbench.h"
#include "suite.h"

static struct hcb_ctx *ctx;
static struct hcb_device *device;
static struct hcb_queue *queue;
static struct hcb_buffer *buffers[HCB_OPERANDS_MAX];
static struct hcb_plan *plan;
static void *inputs[HCB_INPUTS_MAX];

static const struct hcb_case task = {
    HCB_OP_MATMUL, HCB_IMPL_NATIVE, HCB_PRECISION_F32, {20, 30, 40}};

static void setup(void)
{
    unsetenv("HCBENCH_NULL_CLOCK");
    ctx = hcb_ctx_new();
    ck_assert_ptr_nonnull(ctx);
}

static void close_device(void)
{
    hcb_plan_free(plan);
    for (unsigned i = 0; i < HCB_OPERANDS_MAX; i++)
        hcb_buffer_free(buffers[i]);
    for (unsigned i = 0; i < HCB_INPUTS_MAX; i++)
        free(inputs[i]);
    hcb_queue_free(queue);
    hcb_device_close(device);
    memset(buffers, 0, sizeof buffers);
    memset(inputs, 0, sizeof inputs);
    plan = NULL;
    queue = NULL;
    device = NULL;
}

static void teardown(void)
{
    close_device();
    hcb_ctx_free(ctx);
}

static void fill(uint64_t seed)
{
    for (unsigned i = 0; i < 2; i++) {
        hcb_fill_operand(&task, i, HCB_FILL_UNIFORM, seed, 0, hcb_operand_elements(&task, i),
                         inputs[i]);
        ck_assert_int_eq(
            (int)hcb_buffer_upload(queue, buffers[i], 0, inputs[i], hcb_operand_bytes(&task, i)),
            (int)HCB_OK);
    }
}

/* The null platform with these devices, and number `index` of them with a plan. */
static void open_device(const char *behaviour, const char *id)
{
    setenv("HCBENCH_NULL", behaviour, 1);
    ck_assert_int_eq((int)hcb_device_open(ctx, id, &device), (int)HCB_OK);
    ck_assert_int_eq((int)hcb_queue_new(device, &queue), (int)HCB_OK);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq((int)hcb_buffer_new(device, hcb_operand_bytes(&task, i), &buffers[i]),
                         (int)HCB_OK);
    for (unsigned i = 0; i < 2; i++)
        inputs[i] = malloc(hcb_operand_bytes(&task, i));
    fill(1);
    ck_assert_int_eq((int)hcb_plan_new(queue, &task, buffers, &plan), (int)HCB_OK);
}

static uint64_t run_ns(uint32_t launches)
{
    struct hcb_timing timing;
    ck_assert_int_eq((int)hcb_plan_run(plan, launches, &timing), (int)HCB_OK);
    ck_assert(timing.host_valid && timing.device_valid);
    ck_assert_uint_eq(timing.host_ns, timing.device_ns);
    return timing.host_ns;
}

static uint64_t download_ns(void)
{
    float output[20 * 30];
    const uint64_t start = hcb_device_now_ns(device);
    ck_assert_int_eq((int)hcb_buffer_download(queue, buffers[2], 0, output, sizeof output),
                     (int)HCB_OK);
    return hcb_device_now_ns(device) - start;
}

/* 48000 operations, 2600 numbers of 4 bytes. */
START_TEST(times_follow_from_the_model)
{
    open_device(
        "model:launch=1e-3:flops=48e3:bytes=10.4e3:setup=5:copy=2:upload=1600:download=2400",
        "null:0");
    /* Two inputs of 3200 and 4800 bytes, and the plan. */
    ck_assert_uint_eq(hcb_device_now_ns(device), (uint64_t)((2 + 2) + (2 + 3) + 5) * 1000000000);
    ck_assert_uint_eq(run_ns(1), 2001000000);
    ck_assert_uint_eq(run_ns(10), 20010000000);
    ck_assert_uint_eq(hcb_device_now_ns(device), 14000000000 + 22011000000);
    ck_assert_uint_eq(download_ns(), 3000000000);
    ck_assert_int_eq((int)hcb_device_info(device)->type, (int)HCB_DEVICE_ACCELERATOR);
    ck_assert(!hcb_device_info(device)->host_memory);
}
END_TEST

static enum hcb_status plan_with(const char *parameters)
{
    hcb_plan_free(plan);
    plan = NULL;
    return hcb_plan_new_with(queue, &task, buffers, parameters, &plan);
}

/* 1.25 for each step of a tile. */
START_TEST(times_follow_from_parameters)
{
    struct hcb_parameters parameters;
    open_device("model:launch=1:tuned=32:refuse=4:wrong=2", "null:0");
    ck_assert_int_eq((int)hcb_device_parameters(device, &task, &parameters), (int)HCB_OK);
    ck_assert_uint_eq(parameters.count, 2);
    ck_assert_str_eq(hcb_plan_info(plan)->parameters, "tile=8 unroll=2");
    ck_assert_str_eq(hcb_plan_info(plan)->tuning, "table");
    ck_assert_uint_eq(run_ns(1), 1562500000);
    ck_assert_int_eq((int)plan_with("tile=32"), (int)HCB_OK);
    ck_assert_str_eq(hcb_plan_info(plan)->parameters, "tile=32 unroll=2");
    ck_assert_str_eq(hcb_plan_info(plan)->tuning, "tuned");
    ck_assert_uint_eq(run_ns(1), 1000000000);
    ck_assert_int_eq((int)plan_with("unroll=4 tile=64"), (int)HCB_OK);
    ck_assert_uint_eq(run_ns(1), 1250000000);
    ck_assert_int_eq((int)plan_with("tile=4"), (int)HCB_UNSUPPORTED);
    ck_assert_str_eq(hcb_error(ctx), "a tile of 4 does not fit");
    ck_assert_int_eq((int)plan_with("tile=5"), (int)HCB_UNSUPPORTED);
    ck_assert_str_eq(hcb_error(ctx), "the kernels of null:0/native take no parameters 'tile=5'");
    close_device();
    open_device("model:launch=1", "null:0");
    ck_assert_int_eq((int)hcb_device_parameters(device, &task, &parameters), (int)HCB_OK);
    ck_assert_uint_eq(parameters.count, 0);
    ck_assert_str_eq(hcb_plan_info(plan)->tuning, "");
    ck_assert_int_eq((int)plan_with("tile=8"), (int)HCB_UNSUPPORTED);
}
END_TEST

START_TEST(parameters_are_text)
{
    const struct hcb_parameters list = {
        .list = {{"rows", 6, {4, 6, 8}, 3}, {"block_k", 256, {128, 256}, 2}}, .count = 2};
    static const char *const bad[] = {"rows=5",   "row=6",         "rows",        "rows=",
                                      "rows=6x",  "rows=6,rows=8", "rows=4 rows=4", "=4",
                                      "rows=-4",  "rows=+4",       "rows==4",     "block_k=128 rows=7",
                                      "rows=18446744073709551620"};
    uint64_t values[HCB_PARAMETERS_MAX] = {1, 2};
    char text[HCB_PARAMETERS_SIZE];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(!hcb_parameters_read(&list, bad[i], values), "%s", bad[i]);
        ck_assert_uint_eq(values[0], 1);
        ck_assert_uint_eq(values[1], 2);
    }
    ck_assert(hcb_parameters_read(&list, " block_k=128", values));
    ck_assert_str_eq(hcb_parameters_text(&list, values, text), "rows=6 block_k=128");
    ck_assert(hcb_parameters_read(&list, "", values));
    ck_assert_str_eq(hcb_parameters_text(&list, values, text), "rows=6 block_k=256");
}
END_TEST

/* 2 rows + width^2 of 16 + block_k. */
START_TEST(limits_hold_for_values_together)
{
    const struct hcb_parameters list = {
        .list = {{"rows", 4, {4, 8}, 2}, {"width", 2, {2, 4}, 2}, {"block_k", 1, {1, 100}, 2}},
        .count = 3,
        .limits = {{"columns", .sum = {{1, {0, 1}}}, .most = {4, {0}}},
                   {"registers", .sum = {{2, {1}}, {1, {0, 2}}}, .most = {16, {0}}},
                   {"terms", .sum = {{1, {0, 0, 1}}}, .most = {10, {1, 1}}}},
        .limit_count = 3};
    static const struct {
        uint64_t values[HCB_PARAMETERS_MAX];
        const char *beyond;
    } cases[] = {
        {{4, 2, 1}, NULL},         {{6, 2, 1}, NULL},       {{7, 2, 1}, "registers"},
        {{4, 3, 1}, "registers"},  {{1, 5, 1}, "columns"},  {{4, 2, 80}, NULL},
        {{4, 2, 81}, "terms"},     {{UINT64_MAX, 4, 1}, "registers"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hcb_limit *limit = hcb_parameters_beyond(&list, cases[i].values);
        ck_assert_msg((limit == NULL) == (cases[i].beyond == NULL), "%zu", i);
        if (limit != NULL)
            ck_assert_str_eq(limit->name, cases[i].beyond);
    }
    open_device("model:launch=1:tuned=32:limit=32", "null:0");
    ck_assert_int_eq((int)plan_with("tile=32 unroll=1"), (int)HCB_OK);
    ck_assert_int_eq((int)plan_with("tile=32"), (int)HCB_UNSUPPORTED);
    ck_assert_str_eq(hcb_error(ctx), "null:0 has too few registers for tile=32");
}
END_TEST

/* Scratch memory goes by the tile, and must fit beside the operands. */
START_TEST(plans_fit_with_their_parameters)
{
    open_device("model:tuned=8:scratch=3e8", "null:0");
    ck_assert_uint_eq(hcb_device_scratch_bytes(device, &task, NULL), 300000000);
    ck_assert_uint_eq(hcb_device_scratch_bytes(device, &task, "tile=16"), 600000000);
    ck_assert_uint_eq(hcb_device_scratch_bytes(device, &task, "tile=17"), 300000000);
    ck_assert_int_eq((int)plan_with("tile=16"), (int)HCB_OK);
    ck_assert_int_eq((int)plan_with("tile=32"), (int)HCB_UNSUPPORTED);
    ck_assert_msg(strstr(hcb_error(ctx), "needs 1.1 GiB of scratch memory, null:0 has ") != NULL,
                  "%s", hcb_error(ctx));
}
END_TEST

START_TEST(the_host_copies_nothing)
{
    open_device("ok,model:host:launch=1:copy=2:upload=1:download=1:cache=10400:spill=3:setup=0",
                "null:1");
    ck_assert_uint_eq(hcb_device_now_ns(device), 0);
    ck_assert_uint_eq(run_ns(1), 1000000000); /* just fits the cache */
    ck_assert_uint_eq(download_ns(), 0);
    ck_assert_int_eq((int)hcb_device_info(device)->type, (int)HCB_DEVICE_CPU);
    ck_assert(hcb_device_info(device)->host_memory);
    close_device();
    hcb_ctx_free(ctx);
    ctx = hcb_ctx_new();
    open_device("model:host:launch=1:cache=10399:spill=3", "null:0");
    ck_assert_uint_eq(run_ns(1), 3000000000);
}
END_TEST

/* The result is that of the inputs at hand, also after they have changed. */
START_TEST(results_are_right)
{
    float output[20 * 30], right[20 * 30];
    open_device("model:noise=0.1", "null:0");
    for (uint64_t seed = 1; seed <= 3; seed++) {
        fill(seed);
        hcb_poison(HCB_TYPE_F32, output, 600);
        ck_assert_int_eq((int)hcb_buffer_upload(queue, buffers[2], 0, output, sizeof output),
                         (int)HCB_OK);
        run_ns(5);
        ck_assert_int_eq((int)hcb_buffer_download(queue, buffers[2], 0, output, sizeof output),
                         (int)HCB_OK);
        ck_assert_int_eq((int)hcb_reference(&task, (const void *const *)inputs, right),
                         (int)HCB_OK);
        for (int i = 0; i < 600; i++)
            ck_assert_float_eq_tol(output[i], right[i], 1e-5F);
    }
}
END_TEST

/* 400 windows of one second: median and spread of the logarithms, and the share of
 * those that are at least 1.4 times too long. */
static void measure(const char *behaviour, const char *id, double *median, double *spread,
                    double *late)
{
    double logs[400];
    unsigned count = 0;
    open_device(behaviour, id);
    for (int i = 0; i < 400; i++) {
        logs[i] = log((double)run_ns(1) * 1e-9);
        count += logs[i] > log(1.4);
    }
    const struct hcb_summary summary = hcb_summarize(logs, 400);
    *median = summary.median;
    *spread = (summary.q3 - summary.q1) / 1.349; /* a normal distribution's standard deviation */
    *late = count / 400.0;
    close_device();
    hcb_ctx_free(ctx);
    ctx = hcb_ctx_new();
}

START_TEST(noise_is_as_asked)
{
    double median, spread, late, other;
    measure("model:launch=1:noise=0.1:outliers=0.1:seed=5", "null:0", &median, &spread, &late);
    ck_assert_double_eq_tol(median, 0.01, 0.03);
    ck_assert_double_eq_tol(spread, 0.11, 0.03);
    ck_assert_double_eq_tol(late, 0.1, 0.05);
    measure("model:launch=1:noise=0.1:outliers=0.1:seed=5", "null:0", &other, &spread, &late);
    ck_assert_double_eq(median, other);
    measure("model:launch=1:noise=0.1:outliers=0.1:seed=6", "null:0", &other, &spread, &late);
    ck_assert_double_ne(median, other);
    /* Another device of the seed has noise of its own. */
    measure("ok,model:launch=1:noise=0.1:outliers=0.1:seed=5", "null:1", &other, &spread, &late);
    ck_assert_double_ne(median, other);
}
END_TEST

/* Without noise what is left is the drift, and all devices see the same. */
START_TEST(drift_is_shared)
{
    uint64_t first[50];
    open_device("model:launch=0.1:drift=0.05:period=2:seed=5:setup=0", "null:0");
    double low = 1, high = 0, jump = 0;
    for (int i = 0; i < 50; i++) {
        first[i] = run_ns(1);
        const double s = (double)first[i] * 1e-9;
        low = fmin(low, s);
        high = fmax(high, s);
        if (i > 0)
            jump = fmax(jump, fabs(log((double)first[i] / (double)first[i - 1])));
    }
    ck_assert_double_gt(high, 1.03 * low);
    ck_assert_double_lt(jump, 0.03); /* slow */
    close_device();
    hcb_ctx_free(ctx);
    ctx = hcb_ctx_new();
    open_device("ok,model:launch=0.1:drift=0.05:period=2:seed=5:setup=0", "null:1");
    for (int i = 0; i < 50; i++)
        ck_assert_uint_eq(run_ns(1), first[i]);
}
END_TEST

START_TEST(one_clock_for_all)
{
    char path[] = "hcbench-clock.XXXXXX"; /* in the build folder */
    const int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    setenv("HCBENCH_NULL_CLOCK", path, 1);
    open_device("model:launch=1:setup=0,model:launch=2:setup=0", "null:0");
    struct hcb_device *other;
    ck_assert_int_eq((int)hcb_device_open(ctx, "null:1", &other), (int)HCB_OK);
    run_ns(3);
    ck_assert_uint_eq(hcb_device_now_ns(other), 3000000000);
    hcb_device_close(other);
    unlink(path);
}
END_TEST

START_TEST(wrong_words)
{
    static const char *const wrong[] = {"model:speed=1", "model:launch=x", "model:launch=-1",
                                        "model:launch",  "model:",         "model:launch=1e999",
                                        "model:host=1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        setenv("HCBENCH_NULL", wrong[i], 1);
        ck_assert_int_eq((int)hcb_device_open(ctx, "null:0", &device), (int)HCB_ERROR);
        ck_assert_msg(strstr(hcb_error(ctx), "a model has no '") != NULL, "%s: %s", wrong[i],
                      hcb_error(ctx));
        hcb_ctx_free(ctx);
        ctx = hcb_ctx_new();
    }
    setenv("HCBENCH_NULL", "model", 1);
    setenv("HCBENCH_NULL_CLOCK", "/nonexistent/clock", 1);
    ck_assert_int_eq((int)hcb_device_open(ctx, "null:0", &device), (int)HCB_ERROR);
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "/nonexistent/clock"));
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("model");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, times_follow_from_the_model);
    tcase_add_test(tests, times_follow_from_parameters);
    tcase_add_test(tests, parameters_are_text);
    tcase_add_test(tests, limits_hold_for_values_together);
    tcase_add_test(tests, plans_fit_with_their_parameters);
    tcase_add_test(tests, the_host_copies_nothing);
    tcase_add_test(tests, results_are_right);
    tcase_add_test(tests, noise_is_as_asked);
    tcase_add_test(tests, drift_is_shared);
    tcase_add_test(tests, one_clock_for_all);
    tcase_add_test(tests, wrong_words);
    return suite_run("model", tests);
}
