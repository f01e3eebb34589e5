/* SPDX-License-Identifier: Apache-2.0 */
/* The Vulkan platform: every kernel on every device, windows, long sums, staging,
 * its errors and what it says of devices.  Only the children that Check forks
 * touch a driver. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matmul.h"
#include "platform.h"
#include "platform_checks.h"

static struct hcb_ctx *ctx;
static const struct hcb_device_info *devices;
static size_t device_count;

static enum hcb_status find_devices(void)
{
    const int platform = hcb_word(hcb_platform_name, "vulkan");
    ck_assert_int_ge(platform, 0);
    return hcb_platform_devices(ctx, (unsigned)platform, &devices, &device_count);
}

static void set_up(void)
{
    unsetenv("HCBENCH_KERNEL_CLASS");
    unsetenv("HCBENCH_VULKAN_LEAST_LIMITS");
    unsetenv("HCBENCH_VULKAN_MAX_RANGE");
    unsetenv("HCBENCH_VULKAN_STAGING");
    ctx = hcb_ctx_new();
    ck_assert_ptr_nonnull(ctx);
    ck_assert_int_eq(hcb_ctx_set_kernel_dir(ctx, getenv("HCBENCH_KERNEL_DIR")), HCB_OK);
    ck_assert_msg(find_devices() == HCB_OK, "%s", hcb_error(ctx));
}

static void tear_down(void)
{
    hcb_ctx_free(ctx);
}

static struct hcb_device *open_device(const char *id)
{
    struct hcb_device *device = NULL;
    ck_assert_msg(hcb_device_open(ctx, id, &device) == HCB_OK, "%s", hcb_error(ctx));
    return device;
}

static const char *const classes[] = {"cpu", "gpu"};
enum { CLASS_COUNT = 2 };

/* ------------------------------------------------------------- all the kernels */

static void check_all_shapes(enum hcb_impl impl, enum hcb_precision precision, bool must_run)
{
    char text[512];
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        for (unsigned op = 0; op < HCB_OP_COUNT && !hcb_op_is_extra(op); op++) {
            const enum check_outcome outcome =
                check_shapes(ctx, device, (enum hcb_op)op, impl, precision, text, sizeof text);
            const bool is_for_op = precision != HCB_PRECISION_F32X2 || op == HCB_OP_MATMUL;
            ck_assert_msg(outcome == CHECK_PASSED ||
                              (outcome == CHECK_UNSUPPORTED && !(must_run && is_for_op)),
                          "%s: %s", devices[d].id, text);
        }
        hcb_device_close(device);
    }
}

/* llvmpipe has what f64 and f16 need; another device need not. */
START_TEST(tiles_are_right)
{
    const enum hcb_precision precision = (enum hcb_precision)(_i % HCB_PRECISION_COUNT);
    setenv("HCBENCH_KERNEL_CLASS", classes[_i / HCB_PRECISION_COUNT], 1);
    check_all_shapes(HCB_IMPL_TILE, precision,
                     (precision != HCB_PRECISION_F64 && precision != HCB_PRECISION_F16) ||
                         strcmp(devices[0].driver, "llvmpipe") == 0);
}
END_TEST

static void check_all_halves(enum hcb_impl impl)
{
    char text[512];
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        const enum check_outcome outcome = check_halves(ctx, device, impl, text, sizeof text);
        ck_assert_msg(outcome == CHECK_PASSED ||
                          (outcome == CHECK_UNSUPPORTED && impl == HCB_IMPL_COOPMAT),
                      "%s: %s", devices[d].id, text);
        hcb_device_close(device);
    }
}

START_TEST(halves_are_right_in_every_bit)
{
    setenv("HCBENCH_KERNEL_CLASS", classes[_i], 1);
    check_all_halves(HCB_IMPL_TILE);
}
END_TEST

START_TEST(halves_in_matrices_are_right_in_every_bit)
{
    check_all_halves(HCB_IMPL_COOPMAT);
}
END_TEST

/* Sums that are compensated, or in f64, with windows of 256 KiB as well. */
START_TEST(variants_are_right)
{
    const enum hcb_precision precision = (enum hcb_precision)(_i % HCB_PRECISION_COUNT);
    char text[512] = "";
    setenv("HCBENCH_KERNEL_CLASS", classes[_i / HCB_PRECISION_COUNT], 1);
    for (unsigned windows = 0; windows < 2; windows++) {
        setenv("HCBENCH_VULKAN_MAX_RANGE", windows ? "262144" : "", 1);
        for (size_t d = 0; d < device_count; d++) {
            struct hcb_device *device = open_device(devices[d].id);
            for (unsigned sum = HCB_SUM_NEUMAIER; sum < HCB_SUM_COUNT; sum++) {
                const bool exists = precision != HCB_PRECISION_I8I32 &&
                                    precision != HCB_PRECISION_F32X2 &&
                                    !(sum == HCB_SUM_F64 && precision == HCB_PRECISION_F64);
                const enum check_outcome outcome = check_variant(
                    ctx, device, HCB_IMPL_TILE, precision, (enum hcb_sum)sum, text, sizeof text);
                ck_assert_msg(outcome == (exists ? CHECK_PASSED : CHECK_UNSUPPORTED) ||
                                  (outcome == CHECK_UNSUPPORTED &&
                                   strcmp(devices[d].driver, "llvmpipe") != 0),
                              "%s %s: %s", devices[d].id, hcb_sum_name(sum), text);
            }
            hcb_device_close(device);
        }
    }
}
END_TEST

START_TEST(extras_are_right)
{
    static const unsigned least[HCB_PRECISION_COUNT] = {5, 8, 5, 1, 1, 1},
                          llvmpipe[HCB_PRECISION_COUNT] = {8, 8, 8, 1, 1, 1};
    const enum hcb_precision precision = (enum hcb_precision)(_i % HCB_PRECISION_COUNT);
    char text[512] = "";
    unsigned passed;
    setenv("HCBENCH_KERNEL_CLASS", classes[_i / HCB_PRECISION_COUNT], 1);
    setenv("HCBENCH_VULKAN_STAGING", _i < HCB_PRECISION_COUNT ? "0" : "1", 1);
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        ck_assert_msg(check_extras(ctx, device, precision, &passed, text, sizeof text) !=
                          CHECK_FAILED,
                      "%s: %s", devices[d].id, text);
        ck_assert_msg(passed >= (strcmp(devices[d].driver, "llvmpipe") == 0 ? llvmpipe
                                                                           : least)[precision],
                      "%s: %u pairs, %s", devices[d].id, passed, text);
        hcb_device_close(device);
    }
}
END_TEST

START_TEST(cooperative_matrices_are_right_or_say_why_not)
{
    check_all_shapes(HCB_IMPL_COOPMAT, (enum hcb_precision)_i, false);
}
END_TEST

/* ----------------------------------------------------- windows and long sums */

static void check_cases(const struct hcb_case *cases, size_t count)
{
    char text[512];
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        for (size_t i = 0; i < count; i++)
            ck_assert_msg(check_case(ctx, device, &cases[i], text, sizeof text) != CHECK_FAILED,
                          "%s: %s", devices[d].id, text);
        hcb_device_close(device);
    }
}

/* Several windows of terms and of columns, several splits, and passes whose last block is a
 * part. */
START_TEST(parameters_give_right_results)
{
    static const struct {
        const char *class;
        struct hcb_case task;
        unsigned choices; /* 0: points alone */
    } cases[] = {
        {"cpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {70, 1101, 1100}}, 13},
        {"cpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {70, 1101, 1100}}, 0},
        {"cpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32X2, {70, 1101, 1100}}, 0},
        {"cpu", {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 300001, 1}}, 10},
        {"cpu", {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_BF16F32, {1, 300001, 1}}, 0},
        {"gpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {77, 101, 70}}, 17},
        {"gpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F64, {77, 101, 70}}, 0},
        {"gpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {300, 33, 31}}, 0},
        {"gpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32X2, {77, 101, 70}}, 0},
        {"gpu", {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {1, 300001, 1}}, 0},
        {"gpu", {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 300001, 1}}, 12},
    };
    const struct hcb_case c = cases[_i].task;
    struct hcb_parameters parameters;
    char text[512] = "";
    unsigned passed;
    setenv("HCBENCH_KERNEL_CLASS", cases[_i].class, 1);
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        ck_assert_int_eq(hcb_device_parameters(device, &c, &parameters), HCB_OK);
        if (parameters.count > 0 && cases[_i].choices > 0) {
            ck_assert_msg(check_choices(ctx, device, &c, &passed, text, sizeof text) == CHECK_PASSED,
                          "%s: %s", devices[d].id, text);
            ck_assert_uint_ge(passed, cases[_i].choices);
        }
        ck_assert_msg(check_points(ctx, device, &c, text, sizeof text) == CHECK_PASSED, "%s: %s",
                      devices[d].id, text);
        hcb_device_close(device);
    }
}
END_TEST

/* With 256 KiB to be seen at once, these operands need windows in each direction,
 * and single rows of the last do not fit.  Processors run the GPUs' kernels slowly. */
START_TEST(windows_cover_the_operands)
{
    static const struct hcb_shape shapes[] = {
        {260, 270, 300}, {17, 9001, 5}, {9003, 17, 5}, {17, 7, 20001}, {1, 280001, 1}};
    const enum hcb_precision precision = (enum hcb_precision)(_i % HCB_PRECISION_COUNT);
    const bool is_gpu = _i >= HCB_PRECISION_COUNT;
    const size_t shape_count =
        sizeof shapes / sizeof *shapes - (is_gpu && precision != HCB_PRECISION_F32);
    struct hcb_case cases[10];
    size_t count = 0;
    for (; count < shape_count; count++)
        cases[count] = (struct hcb_case){HCB_OP_MATMUL, HCB_IMPL_TILE, precision, shapes[count]};
    cases[count++] = (struct hcb_case){HCB_OP_SUM, HCB_IMPL_TILE, precision, {1, 600001, 1}};
    cases[count++] = (struct hcb_case){HCB_OP_DOT, HCB_IMPL_TILE, precision, {1, 600001, 1}};
    cases[count++] = (struct hcb_case){HCB_OP_TRIAD, HCB_IMPL_TILE, precision, {1, 300001, 1}};
    if ((hcb_platform_offers((unsigned)hcb_word(hcb_platform_name, "vulkan"), HCB_OP_PEAK,
                             HCB_IMPL_TILE, HCB_SUM_PLAIN) >> precision & 1) != 0)
        cases[count++] = (struct hcb_case){HCB_OP_PEAK, HCB_IMPL_TILE, precision, {1, 66001, 1}};
    setenv("HCBENCH_KERNEL_CLASS", classes[_i / HCB_PRECISION_COUNT], 1);
    setenv("HCBENCH_VULKAN_MAX_RANGE", "1", 1);
    check_cases(cases, count);
}
END_TEST

/* 256 MiB, twice what llvmpipe lets a shader see. */
START_TEST(a_vector_is_larger_than_a_binding)
{
    static const struct hcb_case cases[] = {
        {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, (1 << 26) + 3, 1}}};
    check_cases(cases, 1);
}
END_TEST

/* Mesa 22's llvmpipe stops all loops of an invocation after 65,535 turns in total,
 * without an error.  The longest has more turns than that even at 8 terms each. */
START_TEST(long_sums_are_complete)
{
    static const struct hcb_case cases[] = {
        {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {1, (1 << 24) + 1, 1}},
        {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, (1 << 24) + 1, 1}},
        {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_BF16F32, {1, (1 << 24) + 1, 1}},
        /* Processors run the GPUs' kernels slowly: the products are for their own. */
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {3, 5, 70000}},
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32X2, {3, 5, 70000}},
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {2, 3, 200000}},
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F16, {1, 1, 1100001}},
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {70, 65, 20000}},
    };
    const bool is_gpu = _i == 1;
    setenv("HCBENCH_KERNEL_CLASS", classes[_i], 1);
    check_cases(cases, sizeof cases / sizeof *cases - (is_gpu ? 5 : 0));
}
END_TEST

/* The GPUs' loop takes 16 terms and 17 turns a step, more than 65,535 turns even where
 * several workgroups share the terms.  The least limits make for the smallest tile. */
START_TEST(long_sums_of_gpus_are_complete)
{
    static const struct hcb_case cases[] = {
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 1, 250001}}};
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    setenv("HCBENCH_VULKAN_LEAST_LIMITS", "1", 1);
    check_cases(cases, 1);
}
END_TEST

/* Large tiles of whole vectors and not, of several steps, more than a band of them, and
 * terms that workgroups share; with the device's limits, and with the least for two
 * sizes of numbers. */
START_TEST(gpu_tiles_are_right)
{
    static const struct hcb_shape shapes[] = {
        {132, 260, 36}, {130, 129, 35}, {1030, 130, 3}, {8, 12, 1028}, {3, 5, 1027}};
    static const enum hcb_precision least[] = {HCB_PRECISION_F32, HCB_PRECISION_F64};
    const bool is_least = _i >= HCB_PRECISION_COUNT;
    const enum hcb_precision precision =
        is_least ? least[_i - HCB_PRECISION_COUNT] : (enum hcb_precision)_i;
    struct hcb_case cases[sizeof shapes / sizeof *shapes];
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        cases[i] = (struct hcb_case){HCB_OP_MATMUL, HCB_IMPL_TILE, precision, shapes[i]};
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    setenv("HCBENCH_VULKAN_LEAST_LIMITS", is_least ? "1" : "0", 1);
    check_cases(cases, sizeof cases / sizeof *cases);
}
END_TEST

START_TEST(copies_through_staging_are_whole)
{
    /* An operand above 32 MiB takes several pieces. */
    static const struct hcb_case cases[] = {
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {65, 129, 33}},
        {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, (9 << 20) + 5, 1}},
    };
    setenv("HCBENCH_VULKAN_STAGING", "1", 1);
    check_cases(cases, sizeof cases / sizeof *cases);
}
END_TEST

/* A plan with buffers of its own that were filled with uniform numbers. */
struct job {
    struct hcb_device *device;
    struct hcb_queue *queue;
    struct hcb_buffer *operands[HCB_OPERANDS_MAX];
    struct hcb_plan *plan;
};

static enum hcb_status job_open_with(struct job *job, const struct hcb_case *c,
                                     const char *parameters)
{
    *job = (struct job){.device = open_device(devices[0].id)};
    ck_assert_int_eq(hcb_queue_new(job->device, &job->queue), HCB_OK);
    for (unsigned i = 0; i < hcb_op_operands(c->op); i++) {
        const uint64_t bytes = hcb_operand_bytes(c, i);
        void *data = malloc(bytes);
        ck_assert_ptr_nonnull(data);
        hcb_fill_operand(c, i, HCB_FILL_UNIFORM, 7, 0, hcb_operand_elements(c, i), data);
        ck_assert_int_eq(hcb_buffer_new(job->device, bytes, &job->operands[i]), HCB_OK);
        ck_assert_int_eq(hcb_buffer_upload(job->queue, job->operands[i], 0, data, bytes), HCB_OK);
        free(data);
    }
    return hcb_plan_new_with(job->queue, c, job->operands, parameters, &job->plan);
}

static enum hcb_status job_open(struct job *job, const struct hcb_case *c)
{
    return job_open_with(job, c, NULL);
}

static void job_close(struct job *job)
{
    hcb_plan_free(job->plan);
    for (unsigned i = 0; i < HCB_OPERANDS_MAX; i++)
        hcb_buffer_free(job->operands[i]);
    hcb_queue_free(job->queue);
    hcb_device_close(job->device);
}

/* The bytes of a sum of 4 MiB; lavapipe has one heap, which is the device's. */
static uint64_t bytes_of_sum(void)
{
    const struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 1 << 20, 1}};
    struct job job;
    ck_assert_int_eq(job_open(&job, &c), HCB_OK);
    const uint64_t bytes = hcb_plan_device_bytes(job.plan);
    ck_assert_uint_ge(hcb_device_peak_bytes(job.device), bytes);
    ck_assert_uint_ge(bytes, hcb_case_bytes(&c) + hcb_plan_info(job.plan)->scratch_bytes);
    job_close(&job);
    return bytes;
}

START_TEST(staging_is_memory_of_the_device)
{
    const uint64_t without = bytes_of_sum();
    setenv("HCBENCH_VULKAN_STAGING", "1", 1);
    ck_assert_uint_eq(bytes_of_sum(), without + (UINT64_C(32) << 20));
}
END_TEST

static float sum_with_range(const char *range)
{
    const struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 700001, 1}};
    struct job job;
    struct hcb_timing timing;
    float result;
    setenv("HCBENCH_VULKAN_MAX_RANGE", range, 1);
    ck_assert_int_eq(job_open(&job, &c), HCB_OK);
    ck_assert_int_eq(hcb_plan_run(job.plan, 1, &timing), HCB_OK);
    ck_assert_int_eq(hcb_buffer_download(job.queue, job.operands[1], 0, &result, sizeof result),
                     HCB_OK);
    job_close(&job);
    return result;
}

/* On a device with the least limits: 128 invocations of a workgroup, as the parameters and the
 * depth of a block tell. */
START_TEST(sums_fit_into_small_workgroups)
{
    static const struct hcb_case cases[] = {
        {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 70001, 1}},
        {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_F16F32, {1, 70001, 1}},
        {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F64, {1, 70001, 1}, HCB_SUM_NEUMAIER},
        {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F16, {1, 70001, 1}},
    };
    static const enum hcb_precision precisions[] = {HCB_PRECISION_F32, HCB_PRECISION_F16};
    struct job job;
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    setenv("HCBENCH_VULKAN_LEAST_LIMITS", "1", 1);
    check_cases(cases, sizeof cases / sizeof *cases);
    for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++) {
        const struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_TILE, precisions[i], {1, 1 << 14, 1}};
        if (job_open(&job, &c) == HCB_OK) {
            const struct hcb_plan_info *info = hcb_plan_info(job.plan);
            ck_assert_uint_eq(info->depth, (1 << 14) / (16 * 128) + 4 + 7);
            ck_assert_str_eq(info->parameters, i == 0 ? "block=16384 lanes=128" : "");
        } else {
            ck_assert_uint_eq(c.precision, HCB_PRECISION_F16);
        }
        job_close(&job);
    }
}
END_TEST

/* 1027 terms in parts of 24. */
START_TEST(splits_are_told_as_they_are)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {3, 5, 1027}};
    struct job job;
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    ck_assert_int_eq(job_open_with(&job, &c, "lanes=8 blocks=1 step=8 splits=64"), HCB_OK);
    ck_assert_str_eq(hcb_plan_info(job.plan)->parameters,
                     "lanes=8 blocks=1 step=8 band=8 splits=43");
    job_close(&job);
}
END_TEST

START_TEST(the_tree_of_a_sum_ignores_windows)
{
    setenv("HCBENCH_KERNEL_CLASS", classes[_i], 1);
    const float windows = sum_with_range("262144"), whole = sum_with_range("");
    ck_assert_mem_eq(&windows, &whole, sizeof whole);
}
END_TEST

/* Many launches are split into batches; every batch counts. */
START_TEST(launches_are_timed)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {9, 9, 9}};
    struct job job;
    struct hcb_timing one, many;
    ck_assert_int_eq(job_open(&job, &c), HCB_OK);
    ck_assert_int_eq(hcb_plan_run(job.plan, 1, &one), HCB_OK);
    ck_assert_int_eq(hcb_plan_run(job.plan, 10000, &many), HCB_OK);
    job_close(&job);
    ck_assert(one.host_valid && many.host_valid);
    ck_assert_uint_gt(many.host_ns, one.host_ns);
    if (many.device_valid) {
        ck_assert_uint_gt(many.device_ns, one.device_ns);
        ck_assert_uint_le(many.device_ns, many.host_ns);
    }
}
END_TEST

/* ------------------------------------------------------------ turns of loops */

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

/* Turns of all loops of an invocation of matmul_coopmat.comp that has `terms`. */
static uint64_t turns_of_matrices(const char *variant, const uint32_t *s, uint64_t terms)
{
    const uint64_t invocations = s[0], subgroup = s[1], m = s[2], n = s[3], k = s[4], down = s[5],
                   across = s[6], rows = m * down * s[7], columns = n * across * s[8], step = s[9];
    const uint64_t pieces = strcmp(variant, ".f32x2.spv") == 0   ? 8 /* that make eight elements */
                            : strcmp(variant, ".i8i32.spv") == 0 ? 2
                                                                 : 4;
    const uint64_t loads = divide_up(rows * step / 8, invocations) +
                           divide_up(columns * step / 8, invocations);
    const uint64_t read_and_keep = loads * (1 + pieces) + loads;
    const uint64_t multiply = step / k * (1 + down + across * (1 + down));
    return down * across + read_and_keep + divide_up(terms, step) * (1 + read_and_keep + multiply) +
           down * across * (1 + m * n / subgroup);
}

/* Of whichever kernel a step runs, where none of its loops is unrolled. */
static uint64_t turns_of(const struct vulkan_step *step)
{
    const char *name = step->pipeline->module->name, *variant = strchr(name, '.');
    const uint32_t *s = step->pipeline->specialization.values, *p = step->constants;
    const uint64_t terms = p[10] < p[2] ? p[10] : p[2]; /* of a workgroup of a GPU's product */
    const size_t length = strcspn(name, ".");
    uint64_t tree = 0;
    if (strncmp(name, "matmul_cpu", length) == 0)
        return p[0] / 8;
    if (strncmp(name, "matmul_gpu", length) == 0)
        return 4 * s[2] * s[3] / s[1] + divide_up(terms, s[3]) * (1 + s[3] + 4 * s[2] * s[3] / s[1]);
    if (strncmp(name, "matmul_coopmat", length) == 0)
        return turns_of_matrices(variant, s, terms);
    if (strncmp(name, "matmul_workgroup", length) == 0)
        return divide_up(terms, s[3]);
    if (strncmp(name, "matmul_add", length) == 0)
        return p[1];
    if (strncmp(name, "pack", length) == 0)
        return 16;
    if (strncmp(name, "sum_cpu", length) == 0 || strncmp(name, "dot_cpu", length) == 0)
        return s[1] / 16 / p[2];
    while (s[0] >> tree > 1)
        tree++;
    if (strncmp(name, "sum_gpu", length) == 0 || strncmp(name, "dot_gpu", length) == 0)
        return s[1] / 16 / s[0] + tree;
    ck_abort_msg("nobody counts the turns of %s", name);
    return UINT64_MAX;
}

static void check_turns(const struct hcb_case *c, const char *parameters)
{
    struct job job;
    const enum hcb_status status = job_open_with(&job, c, parameters);
    ck_assert_msg(status == HCB_OK || status == HCB_UNSUPPORTED, "%s", hcb_error(ctx));
    const struct vulkan_plan *plan = (const struct vulkan_plan *)job.plan;
    for (size_t i = 0; status == HCB_OK && i < plan->step_count; i++)
        ck_assert_msg(turns_of(&plan->steps[i]) <= VULKAN_TURNS_MAX, "%s: step %zu of %s %s: %llu turns",
                      devices[0].id, i, plan->steps[i].pipeline->module->name, parameters,
                      (unsigned long long)turns_of(&plan->steps[i]));
    job_close(&job);
}

enum { LONG = 2000001 }; /* terms, for which each kernel would take too many */

/* Mesa 22's llvmpipe alone shows a loop that takes too many turns, and the sums above are too
 * short for some tiles.  Nothing runs here. */
START_TEST(loops_are_short)
{
    static const struct {
        const char *class, *parameters;
        enum hcb_op op;
        enum hcb_precision precision;
    } cases[] = {
        {"cpu", "", HCB_OP_MATMUL, HCB_PRECISION_F32},
        {"cpu", "", HCB_OP_MATMUL, HCB_PRECISION_F32X2},
        {"cpu", "", HCB_OP_MATMUL, HCB_PRECISION_I8I32},
        {"gpu", "", HCB_OP_MATMUL, HCB_PRECISION_F32},
        {"gpu", "splits=1", HCB_OP_MATMUL, HCB_PRECISION_F32},
        {"gpu", "splits=1", HCB_OP_MATMUL, HCB_PRECISION_F64},
        {"gpu", "splits=1", HCB_OP_MATMUL, HCB_PRECISION_F32X2},
        {"gpu", "lanes=8 blocks=1 step=8 splits=1", HCB_OP_MATMUL, HCB_PRECISION_F32},
        {"gpu", "lanes=8 blocks=1 step=32 splits=1", HCB_OP_MATMUL, HCB_PRECISION_F32},
        {"gpu", "lanes=8 blocks=2 step=16 splits=1", HCB_OP_MATMUL, HCB_PRECISION_I8I32},
        {"gpu", "lanes=16 blocks=1 step=16 splits=1", HCB_OP_MATMUL, HCB_PRECISION_BF16F32},
        {"cpu", "block=131072 lanes=1", HCB_OP_SUM, HCB_PRECISION_F32},
        {"cpu", "", HCB_OP_DOT, HCB_PRECISION_F16},
        {"gpu", "block=262144 lanes=64", HCB_OP_SUM, HCB_PRECISION_F32},
        {"gpu", "", HCB_OP_DOT, HCB_PRECISION_F16},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hcb_case c = {cases[i].op, HCB_IMPL_TILE, cases[i].precision, {1, LONG, 1}};
        if (c.op == HCB_OP_MATMUL)
            c.shape = (struct hcb_shape){1, 1, LONG};
        setenv("HCBENCH_KERNEL_CLASS", cases[i].class, 1);
        check_turns(&c, cases[i].parameters);
    }
}
END_TEST

START_TEST(loops_of_matrices_are_short)
{
    const struct hcb_case c = {
        HCB_OP_MATMUL, HCB_IMPL_COOPMAT, (enum hcb_precision)_i, {1, 1, LONG}};
    check_turns(&c, "");
}
END_TEST

/* --------------------------------------------------------- reasons and errors */

START_TEST(reasons_name_what_is_missing)
{
    static const struct {
        struct hcb_case task;
        const char *word;
    } cases[] = {
        {{HCB_OP_SUM, HCB_IMPL_COOPMAT, HCB_PRECISION_F16F32, {1, 5, 1}}, "sum"},
        {{HCB_OP_MATMUL, HCB_IMPL_COOPMAT, HCB_PRECISION_F64, {5, 5, 5}}, "f64"},
        {{HCB_OP_MATMUL, HCB_IMPL_OPENBLAS, HCB_PRECISION_F32, {5, 5, 5}}, "openblas"},
        {{HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {1 << 20, 1 << 20, 1 << 20}}, "needs"},
    };
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            ck_assert_int_eq(hcb_device_supports(device, &cases[i].task), HCB_UNSUPPORTED);
            ck_assert_msg(strstr(hcb_error(ctx), cases[i].word) != NULL, "%s", hcb_error(ctx));
        }
        hcb_device_close(device);
    }
}
END_TEST

START_TEST(scratch_that_does_not_fit_is_refused)
{
    setenv("HCBENCH_KERNEL_CLASS", "cpu", 1);
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        /* The operands leave less than a megabyte. */
        struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {0, 8192, 8192}};
        const uint64_t b = 8192 * 8192 * 4, row = 2 * 8192 * 4;
        c.shape.m = (devices[d].memory_bytes - b) / row;
        if (c.shape.m * 8192 * 4 <= devices[d].max_buffer_bytes) {
            ck_assert_int_eq(hcb_device_supports(device, &c), HCB_UNSUPPORTED);
            ck_assert_msg(strstr(hcb_error(ctx), "scratch memory") != NULL, "%s", hcb_error(ctx));
            ck_assert_ptr_nonnull(strstr(hcb_error(ctx), devices[d].id));
        }
        hcb_device_close(device);
    }
}
END_TEST

START_TEST(native_errors_have_names)
{
    struct hcb_device *device = open_device(devices[0].id);
    struct hcb_buffer *buffer = NULL;
    if (devices[0].software) { /* a GPU's driver may let it pass */
        ck_assert_int_eq(hcb_buffer_new(device, UINT64_C(1) << 46, &buffer), HCB_ERROR);
        ck_assert_ptr_null(buffer);
        ck_assert_msg(strstr(hcb_error(ctx), "VK_ERROR_OUT_OF_DEVICE_MEMORY (-2) from vk") != NULL,
                      "%s", hcb_error(ctx));
        ck_assert_ptr_nonnull(strstr(hcb_error(ctx), devices[0].id));
    }
    hcb_device_close(device);
}
END_TEST

/* Sets a variable and returns a copy of what it held, for put_back(). */
static char *replace(const char *variable, const char *value)
{
    const char *old = getenv(variable);
    char *copy = old != NULL ? strdup(old) : NULL;
    setenv(variable, value, 1);
    return copy;
}

static void put_back(const char *variable, char *value)
{
    if (value != NULL)
        setenv(variable, value, 1);
    else
        unsetenv(variable);
    free(value);
}

START_TEST(no_driver_is_a_reason)
{
    char *old = replace("VK_ICD_FILENAMES", "/nonexistent.json");
    char *newer = replace("VK_DRIVER_FILES", "/nonexistent.json");
    hcb_ctx_free(ctx);
    ctx = hcb_ctx_new();
    const enum hcb_status status = find_devices();
    put_back("VK_ICD_FILENAMES", old);
    put_back("VK_DRIVER_FILES", newer);
    ck_assert_int_eq(status, HCB_UNSUPPORTED);
    ck_assert_msg(strstr(hcb_error(ctx), "no Vulkan driver is installed") != NULL, "%s",
                  hcb_error(ctx));
}
END_TEST

/* What a file in a kernel folder may hold instead of SPIR-V. */
static const struct broken_kernel {
    const void *data;
    size_t size;
} broken_kernels[] = {
    {"#version 450\n", 13},                                     /* GLSL; not whole words */
    {"#version 450 core\nx\n", 20},                             /* whole words */
    {"\3\2\43\7\0\0\1\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 24},  /* an instruction of no words */
    {"\3\2\43\7\0\0\1\0\0\0\0\0\1\0\0\0\0\0\0\0\21\0\2\0", 24}, /* cut in an instruction */
    {"", 0},
};
enum { BROKEN_COUNT = sizeof broken_kernels / sizeof *broken_kernels };

START_TEST(a_broken_kernel_is_named)
{
    const struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 10, 1}};
    const char *build = getenv("builddir");
    char folder[512], path[600];
    struct job job;
    snprintf(folder, sizeof folder, "%s/tests/shaders.%ld", build != NULL ? build : ".",
             (long)getpid());
    snprintf(path, sizeof path, "%s/sum_cpu.f32.spv", folder);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(broken_kernels[_i].data, 1, broken_kernels[_i].size, file),
                      broken_kernels[_i].size);
    ck_assert_int_eq(fclose(file), 0);
    setenv("HCBENCH_KERNEL_CLASS", "cpu", 1);
    ck_assert_int_eq(hcb_ctx_set_kernel_dir(ctx, folder), HCB_OK);
    const enum hcb_status status = job_open(&job, &c);
    job_close(&job);
    unlink(path);
    rmdir(folder);
    ck_assert_int_eq(status, HCB_ERROR);
    ck_assert_msg(strstr(hcb_error(ctx), "sum_cpu.f32.spv is not a whole SPIR-V module") != NULL,
                  "%s", hcb_error(ctx));
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "sum f32 10"));
}
END_TEST

START_TEST(plans_name_their_kernels)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_BF16F32, {3, 4, 5}};
    struct hcb_parameters parameters;
    struct job job;
    setenv("HCBENCH_KERNEL_CLASS", "cpu", 1);
    ck_assert_int_eq(job_open(&job, &c), HCB_OK);
    const struct hcb_plan_info *info = hcb_plan_info(job.plan);
    ck_assert_str_eq(info->kernels, "pack.bf16f32.spv matmul_cpu.f32.spv");
    ck_assert_uint_eq(strlen(info->kernel_sha256), 64);
    ck_assert_uint_gt(info->scratch_bytes, 0);
    ck_assert_uint_eq(info->depth, 5);
    ck_assert_int_eq(hcb_device_parameters(job.device, &c, &parameters), HCB_OK);
    if (parameters.count > 0)
        ck_assert_str_eq(parameters.kernel_sha256, info->kernel_sha256);
    job_close(&job);
}
END_TEST

/* With one file and with several: passes, splits, and sums in other ways. */
START_TEST(parameters_are_those_of_the_kernels)
{
    static const struct hcb_case cases[] = {
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {30, 40, 50}},
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_BF16F32, {3, 4, 5000}},
        {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 100, 1}},
        {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 100000, 1}},
        {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {1, 100000, 1}},
        {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_F16F32, {1, 100000, 1}, HCB_SUM_NEUMAIER},
        {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 100000, 1}, HCB_SUM_F64},
        {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 100, 1}, HCB_SUM_F64},
    };
    setenv("HCBENCH_KERNEL_CLASS", _i == 0 ? "cpu" : "gpu", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hcb_parameters parameters;
        struct job job;
        ck_assert_int_eq(job_open(&job, &cases[i]), HCB_OK);
        ck_assert_int_eq(hcb_device_parameters(job.device, &cases[i], &parameters), HCB_OK);
        ck_assert_uint_gt(parameters.count, 0);
        ck_assert_str_eq(parameters.kernel_sha256, hcb_plan_info(job.plan)->kernel_sha256);
        ck_assert_str_eq(hcb_plan_info(job.plan)->tuning, "table");
        job_close(&job);
    }
}
END_TEST

/* Tuned parameters are void when any kernel changes that a choice would use. */
static void check_kernels(const struct hcb_case *c, const char *const choices[2], const char *kernels)
{
    struct hcb_parameters parameters;
    struct job job;
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(job_open_with(&job, c, choices[i]), HCB_OK);
        ck_assert_int_eq(hcb_device_parameters(job.device, c, &parameters), HCB_OK);
        ck_assert_str_eq(hcb_plan_info(job.plan)->parameters, choices[i]);
        ck_assert_str_eq(hcb_plan_info(job.plan)->kernels, kernels);
        ck_assert_str_eq(hcb_plan_info(job.plan)->kernel_sha256, parameters.kernel_sha256);
        job_close(&job);
    }
}

START_TEST(every_choice_has_the_same_kernels)
{
    static const char *const choices[] = {"lanes=8 blocks=1 step=8 band=8 splits=1",
                                          "lanes=8 blocks=1 step=8 band=8 splits=4"};
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {30, 40, 500}};
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    check_kernels(&c, choices, "matmul_gpu.f32.spv matmul_add.f32.spv");
}
END_TEST

/* On a device that has either; without splits and with them. */
START_TEST(either_kind_of_matrices_has_the_same_kernels)
{
    static const char *const choices[] = {"workgroup=0", "workgroup=1"};
    struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_COOPMAT, HCB_PRECISION_F16F32, {30, 40, 50}};
    struct hcb_parameters parameters = {.count = 0};
    struct hcb_device *device = open_device(devices[0].id);
    if (hcb_device_supports(device, &c) == HCB_OK)
        ck_assert_int_eq(hcb_device_parameters(device, &c, &parameters), HCB_OK);
    hcb_device_close(device);
    for (; parameters.count > 0 && c.shape.k < 1000; c.shape.k += 900)
        check_kernels(&c, choices,
                      "matmul_coopmat.f16f32.spv matmul_workgroup.f16f32.spv matmul_add.f32.spv");
}
END_TEST

/* A kernel folder in which the f16f32 kernel of a family is the one for bytes, which takes
 * halves for bytes. */
static void swap_kernel(const char *family, char folder[512], char path[600])
{
    const char *build = getenv("builddir");
    char name[64];
    void *kernel;
    size_t size;
    snprintf(name, sizeof name, "%s.i8i32.spv", family);
    ck_assert_int_eq(hcbi_kernel_load(ctx, hcbi_spv_kernels, name, &kernel, &size), HCB_OK);
    snprintf(folder, 512, "%s/tests/shaders.%ld", build != NULL ? build : ".", (long)getpid());
    snprintf(path, 600, "%s/%s.f16f32.spv", folder, family);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(kernel, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    free(kernel);
    ck_assert_int_eq(hcb_ctx_set_kernel_dir(ctx, folder), HCB_OK);
}

static void remove_folder(const char *folder, const char *path)
{
    unlink(path);
    rmdir(folder);
}

/* Runs the self-test of cooperative matrices on the tiles that every device has, `times`
 * over; what it counts as is none of the device's memory. */
static enum hcb_status self_test(unsigned times, size_t *tested)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F16F32, {20, 30, 40}};
    struct hcb_device *device = open_device(devices[0].id);
    struct hcb_queue *queue;
    enum hcb_status status = HCB_OK;
    ck_assert_int_eq(hcb_queue_new(device, &queue), HCB_OK);
    struct vulkan_plan plan = {.base = {.queue = queue, .task = c}};
    const struct tile_kernel kernel = hcbi_vulkan_tile_kernel((struct vulkan_device *)device, &c);
    for (unsigned i = 0; i < times; i++)
        status = hcbi_vulkan_test_kernel(&plan, &kernel);
    *tested = ((struct vulkan_device *)device)->tested_count;
    ck_assert_uint_eq(hcb_device_peak_bytes(device), queue->held_bytes);
    hcb_queue_free(queue);
    hcb_device_close(device);
    return status;
}

START_TEST(self_tests_run_once)
{
    size_t tested;
    ck_assert_msg(self_test(1, &tested) == HCB_OK, "%s", hcb_error(ctx));
    ck_assert_uint_eq(tested, 1);
    ck_assert_int_eq(self_test(2, &tested), HCB_OK);
    ck_assert_uint_eq(tested, 1);
}
END_TEST

START_TEST(self_tests_refuse_wrong_kernels)
{
    char folder[512], path[600];
    size_t tested;
    swap_kernel("matmul_gpu", folder, path);
    const enum hcb_status status = self_test(2, &tested);
    remove_folder(folder, path);
    ck_assert_int_eq(status, HCB_WRONG);
    ck_assert_uint_eq(tested, 0);
    ck_assert_msg(strncmp(hcb_error(ctx), "a product of", 12) == 0, "%s", hcb_error(ctx));
}
END_TEST

/* Few drivers of processors have cooperative matrices: Mesa 26's, not Mesa 25's. */
START_TEST(wrong_matrices_are_refused)
{
    const struct hcb_case c = {
        HCB_OP_MATMUL, HCB_IMPL_COOPMAT, HCB_PRECISION_F16F32, {20, 30, 40}};
    char folder[512], path[600];
    struct job job;
    struct hcb_device *device = open_device(devices[0].id);
    const bool is_supported = hcb_device_supports(device, &c) == HCB_OK;
    hcb_device_close(device);
    if (!is_supported) {
        printf("rows of wrong matrices are not tested: %s\n", hcb_error(ctx));
        return;
    }
    ck_assert_int_eq(job_open(&job, &c), HCB_OK);
    ck_assert_msg(strncmp(hcb_plan_info(job.plan)->note, "cooperative matrices", 20) == 0, "%s",
                  hcb_plan_info(job.plan)->note);
    job_close(&job);
    swap_kernel("matmul_coopmat", folder, path);
    const enum hcb_status status = job_open(&job, &c);
    job_close(&job);
    remove_folder(folder, path);
    ck_assert_int_eq(status, HCB_UNSUPPORTED);
    ck_assert_msg(strstr(hcb_error(ctx), "failed its self-test: a product of") != NULL, "%s",
                  hcb_error(ctx));
}
END_TEST

/* --------------------------------------------------------------- description */

START_TEST(devices_are_described)
{
    for (size_t d = 0; d < device_count; d++) {
        const struct hcb_device_info *info = &devices[d];
        ck_assert_str_ne(info->name, "");
        ck_assert_str_ne(info->vendor, "");
        ck_assert_str_ne(info->driver_version, "");
        ck_assert_int_eq(strncmp(info->api_version, "Vulkan 1.", 9), 0);
        ck_assert_uint_eq(strlen(info->uuid), 32);
        ck_assert_uint_gt(info->memory_bytes, 0);
        ck_assert_uint_gt(info->max_buffer_bytes, 0);
        if (info->software)
            ck_assert_uint_eq(info->cache_bytes, hcbi_host_cache());
        if (strcmp(info->driver, "llvmpipe") == 0) {
            ck_assert(info->software);
            ck_assert_int_eq(info->type, HCB_DEVICE_CPU);
            ck_assert_str_eq(info->vendor, "Mesa");
            ck_assert_int_eq(strncmp(info->target, "LLVM ", 5), 0);
            ck_assert_uint_gt(info->compute_units, 0);
        }
    }
}
END_TEST

/* ----------------------------------------------------------------- the suite */

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tests = tcase_create(name);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return tests;
}

static Suite *make_suite(void)
{
    Suite *suite = suite_create("vulkan");
    TCase *kernels = add_case(suite, "kernels"), *parameters = add_case(suite, "parameters"),
          *sweeps = add_case(suite, "sweeps"),
          *halves = add_case(suite, "f32x2"), *matrices = add_case(suite, "matrices"),
          *choice = add_case(suite, "choice of matrices"), *rest = add_case(suite, "errors and devices");
    tcase_add_loop_test(kernels, tiles_are_right, 0, CLASS_COUNT * HCB_PRECISION_COUNT);
    tcase_add_loop_test(halves, halves_are_right_in_every_bit, 0, CLASS_COUNT);
    tcase_add_loop_test(kernels, variants_are_right, 0, CLASS_COUNT * HCB_PRECISION_COUNT);
    tcase_add_loop_test(kernels, extras_are_right, 0, CLASS_COUNT * HCB_PRECISION_COUNT);
    tcase_add_loop_test(kernels, cooperative_matrices_are_right_or_say_why_not, 0,
                        HCB_PRECISION_COUNT);
    tcase_add_test(matrices, halves_in_matrices_are_right_in_every_bit);
    tcase_add_loop_test(matrices, loops_of_matrices_are_short, 0, HCB_PRECISION_COUNT);
    tcase_add_test(matrices, wrong_matrices_are_refused);
    tcase_add_test(choice, either_kind_of_matrices_has_the_same_kernels);
    tcase_set_tags(sweeps, "sweep");
    tcase_add_loop_test(sweeps, parameters_give_right_results, 0, 11);
    tcase_add_test(parameters, plans_name_their_kernels);
    tcase_add_loop_test(parameters, parameters_are_those_of_the_kernels, 0, 2);
    tcase_add_loop_test(kernels, windows_cover_the_operands, 0, CLASS_COUNT * HCB_PRECISION_COUNT);
    tcase_add_test(kernels, a_vector_is_larger_than_a_binding);
    tcase_add_loop_test(kernels, long_sums_are_complete, 0, CLASS_COUNT);
    tcase_add_test(kernels, long_sums_of_gpus_are_complete);
    tcase_add_loop_test(kernels, gpu_tiles_are_right, 0, HCB_PRECISION_COUNT + 2);
    tcase_add_test(kernels, copies_through_staging_are_whole);
    tcase_add_test(kernels, staging_is_memory_of_the_device);
    tcase_add_test(parameters, every_choice_has_the_same_kernels);
    tcase_add_test(parameters, splits_are_told_as_they_are);
    tcase_add_test(kernels, sums_fit_into_small_workgroups);
    tcase_add_loop_test(kernels, the_tree_of_a_sum_ignores_windows, 0, CLASS_COUNT);
    tcase_add_test(kernels, launches_are_timed);
    tcase_add_test(parameters, loops_are_short);
    tcase_add_test(rest, reasons_name_what_is_missing);
    tcase_add_test(rest, scratch_that_does_not_fit_is_refused);
    tcase_add_test(rest, native_errors_have_names);
    tcase_add_test(rest, no_driver_is_a_reason);
    tcase_add_loop_test(rest, a_broken_kernel_is_named, 0, BROKEN_COUNT);
    tcase_add_test(rest, self_tests_run_once);
    tcase_add_test(rest, self_tests_refuse_wrong_kernels);
    tcase_add_test(rest, devices_are_described);
    return suite;
}

int main(void)
{
    if (!check_platform_present("vulkan"))
        return 77;
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_ENV);
    const int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? 0 : 1;
}
