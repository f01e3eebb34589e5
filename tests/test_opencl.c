/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenCL platform: every kernel on every device, its errors and what it says
 * of devices.  Only the children that Check forks touch a driver. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform.h"
#include "platform_checks.h"

static struct hcb_ctx *ctx;
static const struct hcb_device_info *devices;
static size_t device_count;

static void set_up(void)
{
    const int platform = hcb_word(hcb_platform_name, "opencl");
    unsetenv("HCBENCH_KERNEL_CLASS");
    unsetenv("HCBENCH_VECTOR_BITS");
    unsetenv("HCBENCH_GROUP_ITEMS");
    unsetenv("HCBENCH_KERNEL_ITEMS");
    unsetenv("HCBENCH_MATRIX_UNITS");
    ctx = hcb_ctx_new();
    ck_assert_ptr_nonnull(ctx);
    ck_assert_int_ge(platform, 0);
    ck_assert_msg(hcb_platform_devices(ctx, (unsigned)platform, &devices, &device_count) == HCB_OK,
                  "%s", hcb_error(ctx));
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

/* --------------------------------------------------------------- the kernels */

static const struct kernels {
    const char *name;
    enum hcb_impl impl;
    const char *kernel_class, *vector_bits; /* NULL: the device's own */
} kernels[] = {
    {"tile, 512-bit vectors", HCB_IMPL_TILE, "cpu", "512"},
    {"tile, 256-bit vectors", HCB_IMPL_TILE, "cpu", "256"},
    {"tile, 128-bit vectors", HCB_IMPL_TILE, "cpu", "128"},
    {"tile, GPU", HCB_IMPL_TILE, "gpu", NULL},
    {"clblast", HCB_IMPL_CLBLAST, NULL, NULL},
};
enum { KERNELS_COUNT = sizeof kernels / sizeof *kernels };

static void choose_kernels(const struct kernels *k)
{
    if (k->kernel_class != NULL)
        setenv("HCBENCH_KERNEL_CLASS", k->kernel_class, 1);
    if (k->vector_bits != NULL)
        setenv("HCBENCH_VECTOR_BITS", k->vector_bits, 1);
}

/* What must run on a device with f64 and is never `unsupported`. */
static bool must_run(const struct kernels *k, enum hcb_op op, enum hcb_precision precision)
{
    if (precision == HCB_PRECISION_F16 ||
        (precision == HCB_PRECISION_F32X2 && op != HCB_OP_MATMUL))
        return false;
#ifdef HAVE_CLBLAST
    if (k->impl == HCB_IMPL_CLBLAST)
        return precision == HCB_PRECISION_F64 || precision == HCB_PRECISION_F32;
#endif
    return k->impl == HCB_IMPL_TILE;
}

START_TEST(all_shapes_are_right)
{
    const struct kernels *k = &kernels[_i / HCB_PRECISION_COUNT];
    const enum hcb_precision precision = (enum hcb_precision)(_i % HCB_PRECISION_COUNT);
    char text[512];
    choose_kernels(k);
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        for (unsigned op = 0; op < HCB_OP_COUNT && !hcb_op_is_extra(op); op++) {
            const enum check_outcome outcome =
                check_shapes(ctx, device, (enum hcb_op)op, k->impl, precision, text, sizeof text);
            ck_assert_msg(outcome == CHECK_PASSED ||
                              (outcome == CHECK_UNSUPPORTED &&
                               !must_run(k, (enum hcb_op)op, precision)),
                          "%s, %s: %s", devices[d].id, k->name, text);
        }
        hcb_device_close(device);
    }
}
END_TEST

/* Sums that are compensated, or in f64. */
START_TEST(variants_are_right)
{
    const struct kernels *k = &kernels[_i / HCB_PRECISION_COUNT];
    const enum hcb_precision precision = (enum hcb_precision)(_i % HCB_PRECISION_COUNT);
    char text[512] = "";
    if (k->vector_bits != NULL && strcmp(k->vector_bits, "512") != 0)
        return; /* for matmul */
    choose_kernels(k);
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        for (unsigned sum = HCB_SUM_NEUMAIER; sum < HCB_SUM_COUNT; sum++) {
            const bool exists = k->impl == HCB_IMPL_TILE && precision != HCB_PRECISION_I8I32 &&
                                precision != HCB_PRECISION_F32X2 &&
                                !(sum == HCB_SUM_F64 && precision == HCB_PRECISION_F64);
            const enum check_outcome outcome = check_variant(ctx, device, k->impl, precision,
                                                             (enum hcb_sum)sum, text, sizeof text);
            ck_assert_msg(outcome == (exists ? CHECK_PASSED : CHECK_UNSUPPORTED) ||
                              (outcome == CHECK_UNSUPPORTED && !must_run(k, HCB_OP_SUM, precision)),
                          "%s, %s, %s: %s", devices[d].id, k->name, hcb_sum_name(sum), text);
            if (k->impl == HCB_IMPL_CLBLAST && precision <= HCB_PRECISION_F32)
                ck_assert_msg(strstr(text, "clblast adds up in its own way") != NULL, "%s", text);
        }
        hcb_device_close(device);
    }
}
END_TEST

/* f16: without arithmetic on it, five pairs only copy. */
START_TEST(extras_are_right)
{
    static const unsigned least[HCB_PRECISION_COUNT] = {8, 8, 5, 1, 1, 1};
    const struct kernels *k = &kernels[_i / HCB_PRECISION_COUNT];
    const enum hcb_precision precision = (enum hcb_precision)(_i % HCB_PRECISION_COUNT);
    char text[512] = "";
    unsigned passed;
    choose_kernels(k);
    for (size_t d = 0; d < device_count && k->impl == HCB_IMPL_TILE; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        ck_assert_msg(check_extras(ctx, device, precision, &passed, text, sizeof text) !=
                          CHECK_FAILED,
                      "%s, %s: %s", devices[d].id, k->name, text);
        ck_assert_msg(passed >= least[precision], "%s: %u pairs, %s", devices[d].id, passed, text);
        hcb_device_close(device);
    }
}
END_TEST

/* Packed matrices above 256 MiB: C is the sum of several passes. */
START_TEST(passes_over_k_add_up)
{
    static const struct hcb_case cases[] = {
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {1 << 19, 33, 140}},
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F16F32, {17, 1 << 19, 140}},
    };
    char text[512];
    setenv("HCBENCH_KERNEL_CLASS", "cpu", 1);
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        const enum check_outcome outcome = check_case(ctx, device, &cases[_i], text, sizeof text);
        ck_assert_msg(outcome != CHECK_FAILED, "%s: %s", devices[d].id, text);
        hcb_device_close(device);
    }
}
END_TEST

/* What the plan of a case on kernels of that class says. */
static struct hcb_plan_info plan_info_with(const char *class, const char *id,
                                           const struct hcb_case *c, const char *parameters)
{
    struct hcb_buffer *operands[HCB_OPERANDS_MAX] = {NULL};
    struct hcb_queue *queue = NULL;
    struct hcb_plan *plan = NULL;
    setenv("HCBENCH_KERNEL_CLASS", class, 1);
    struct hcb_device *device = open_device(id);
    ck_assert_int_eq(hcb_queue_new(device, &queue), HCB_OK);
    for (unsigned i = 0; i < hcb_op_operands(c->op); i++)
        ck_assert_int_eq(hcb_buffer_new(device, hcb_operand_bytes(c, i), &operands[i]), HCB_OK);
    ck_assert_msg(hcb_plan_new_with(queue, c, operands, parameters, &plan) == HCB_OK, "%s",
                  hcb_error(ctx));
    const struct hcb_plan_info info = *hcb_plan_info(plan);
    hcb_plan_free(plan);
    for (unsigned i = 0; i < hcb_op_operands(c->op); i++)
        hcb_buffer_free(operands[i]);
    hcb_queue_free(queue);
    hcb_device_close(device);
    return info;
}

static struct hcb_plan_info plan_info(const char *class, const char *id, const struct hcb_case *c)
{
    return plan_info_with(class, id, c, NULL);
}

/* On CPU drivers the sizes alone decide whether the matrices are packed. */
START_TEST(a_small_extent_takes_the_thin_kernels)
{
    static const struct {
        struct hcb_shape shape;
        const char *kernels;
    } cases[] = {
        {{1, 64, 64}, "types.cl matmul_thin.cl"},    {{16, 100, 100}, "types.cl matmul_thin.cl"},
        {{17, 100, 100}, "types.cl matmul_cpu.cl"},  {{1, 63, 200}, "types.cl matmul_cpu.cl"},
        {{100, 1, 100}, "types.cl matmul_thin.cl"},  {{100, 32, 100}, "types.cl matmul_thin.cl"},
        {{100, 33, 100}, "types.cl matmul_cpu.cl"},  {{100, 100, 1}, "types.cl matmul_thin.cl"},
        {{100, 100, 9}, "types.cl matmul_cpu.cl"},   {{1, 1, 64}, "types.cl matmul_thin.cl"},
        {{64, 1, 1}, "types.cl matmul_cpu.cl"},      {{1, 64, 1}, "types.cl matmul_thin.cl"},
    };
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, cases[_i].shape};
    ck_assert_str_eq(plan_info("cpu", devices[0].id, &c).kernels, cases[_i].kernels);
}
END_TEST

/* A C above 32 MiB, whose rows are whole cache lines or not. */
START_TEST(a_large_c_is_written_whole)
{
    static const struct hcb_case cases[] = {
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {2100, 4112, 2}},
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {2100, 4099, 2}},
        {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F64, {1030, 4104, 1}},
    };
    static const char *const bits[] = {"512", "256", "128"};
    char text[512];
    setenv("HCBENCH_KERNEL_CLASS", "cpu", 1);
    setenv("HCBENCH_VECTOR_BITS", bits[_i % 3], 1);
    struct hcb_device *device = open_device(devices[0].id);
    const enum check_outcome outcome = check_case(ctx, device, &cases[_i / 3], text, sizeof text);
    ck_assert_msg(outcome == CHECK_PASSED, "%s", text);
    hcb_device_close(device);
}
END_TEST

/* Each geometry of the kernel for GPUs: tiles of both sizes, steps of both lengths, K
 * in one part and in more; with full tiles, with whole vectors, and element by element. */
#define LARGE "blocks_down=2 blocks_across=2"
#define SMALL "blocks_down=1 blocks_across=1"
static const struct geometry {
    const char *tile;
    enum hcb_precision precision;
} geometries[] = {
    {LARGE " depth=16 parts=1", HCB_PRECISION_F32},
    {LARGE " depth=8 parts=2", HCB_PRECISION_F32},
    {SMALL " depth=16 parts=4", HCB_PRECISION_F32},
    {SMALL " depth=8 parts=1", HCB_PRECISION_F32},
    {SMALL " depth=8 parts=2", HCB_PRECISION_F64},
    {SMALL " depth=16 parts=2", HCB_PRECISION_F64},
    {LARGE " depth=16 parts=2", HCB_PRECISION_F16F32},
    {LARGE " depth=8 parts=1", HCB_PRECISION_BF16F32},
    {LARGE " depth=16 parts=2", HCB_PRECISION_I8I32},
    {SMALL " depth=8 parts=1", HCB_PRECISION_I8I32},
    {SMALL " depth=16 parts=2", HCB_PRECISION_F32X2},
    {SMALL " depth=8 parts=1", HCB_PRECISION_F32X2},
    /* An item loads one element of each operand in a step. */
    {SMALL " items_down=8 items_across=32 depth=8", HCB_PRECISION_F32},
    {SMALL " items_down=32 items_across=8 depth=8", HCB_PRECISION_F16F32},
};

START_TEST(every_geometry_is_right)
{
    static const struct hcb_shape shapes[] = {
        {128, 128, 16}, {256, 128, 96},  {128, 128, 20}, {129, 136, 40}, {127, 33, 17},
        {15, 129, 31},  {1, 17, 33},     {31, 1, 129},   {129, 130, 1},  {33, 127, 15},
        {600, 70, 20},  {1100, 130, 5},  {3, 1000, 70},  {17, 15, 257},
    };
    const struct geometry *g = &geometries[_i];
    char text[512];
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, g->precision, shapes[s]};
            ck_assert_msg(check_case_with(ctx, device, &c, g->tile, text, sizeof text) ==
                              CHECK_PASSED,
                          "%s, %s: %s", devices[d].id, g->tile, text);
        }
        hcb_device_close(device);
    }
}
END_TEST

static struct hcb_plan_info gpu_plan_info(const char *id, struct hcb_shape shape,
                                          const char *parameters)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, shape};
    return plan_info_with("gpu", id, &c, parameters);
}

START_TEST(parts_of_k_have_their_depth_and_memory)
{
    for (size_t d = 0; d < device_count; d++) {
        const uint64_t units = devices[d].compute_units;
        struct hcb_plan_info info =
            gpu_plan_info(devices[d].id, (struct hcb_shape){5, 7, 100}, NULL);
        ck_assert_uint_eq(info.scratch_bytes, 0); /* too short for parts */
        ck_assert_uint_eq(info.depth, 0);
        info = gpu_plan_info(devices[d].id, (struct hcb_shape){5, 7, 1 << 16}, NULL);
        ck_assert_uint_eq(info.scratch_bytes > 0, units > 1);
        info = gpu_plan_info(devices[d].id, (struct hcb_shape){5, 7, 100}, "depth=16 parts=4");
        ck_assert_uint_eq(info.scratch_bytes, 4 * 5 * 7 * 4);
        ck_assert_uint_eq(info.depth, 32 + 3); /* 100 terms in parts of 32 */
        info = gpu_plan_info(devices[d].id, (struct hcb_shape){5, 7, 100}, "depth=16 parts=64");
        ck_assert_uint_eq(info.scratch_bytes, 7 * 5 * 7 * 4); /* no more steps */
        ck_assert_ptr_nonnull(strstr(info.parameters, " parts=7"));
    }
}
END_TEST

#ifdef HAVE_CLBLAST
/* Its parameters are the process's, so rows with others than its own never share one
 * with rows that say that they have its own. */
START_TEST(a_process_runs_clblast_one_way)
{
    static const enum hcb_impl impls[] = {HCB_IMPL_CLBLAST, HCB_IMPL_CLBLAST_TUNED};
    const enum hcb_precision precision = _i % 2 == 0 ? HCB_PRECISION_F32 : HCB_PRECISION_F64;
    struct hcb_case c = {HCB_OP_MATMUL, impls[_i / 2], precision, {150, 180, 160}};
    char text[512];
    setenv("HCBENCH_KERNEL_CLASS", "cpu", 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_msg(check_case(ctx, device, &c, text, sizeof text) == CHECK_PASSED, "%s", text);
    ck_assert_msg(check_case(ctx, device, &c, text, sizeof text) == CHECK_PASSED, "%s", text);
    c.impl = impls[1 - _i / 2];
    ck_assert_int_eq(check_case(ctx, device, &c, text, sizeof text), CHECK_FAILED);
    ck_assert_msg(strstr(text, "parameters in this process") != NULL, "%s", text);
    hcb_device_close(device);
}
END_TEST

/* With edges, in the kernel for large matrices. */
#define INDIRECT "XGEMM_MIN_INDIRECT_SIZE=0"

START_TEST(tuned_clblast_is_right_on_gpus)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_CLBLAST_TUNED,
                               _i == 0 ? HCB_PRECISION_F32 : HCB_PRECISION_F64, {130, 70, 60}};
    char text[512];
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_msg(check_case_with(ctx, device, &c, INDIRECT, text, sizeof text) == CHECK_PASSED, "%s", text);
    hcb_device_close(device);
}
END_TEST

/* With the parameters of another plan, the buffer of the first one would be too small.  It
 * has the size that the device was asked for, as far as it is needed. */
START_TEST(plans_of_clblast_keep_their_parameters)
{
    static const char *const texts[] = {INDIRECT, "MWG=128 " INDIRECT};
    enum { PLANS = sizeof texts / sizeof *texts };
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_CLBLAST_TUNED, HCB_PRECISION_F32, {33, 5, 40}};
    struct hcb_buffer *operands[HCB_OPERANDS_MAX] = {NULL};
    struct hcb_queue *queue;
    struct hcb_plan *plans[PLANS] = {NULL};
    struct hcb_timing timing;
    setenv("HCBENCH_KERNEL_CLASS", "cpu", 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(hcb_queue_new(device, &queue), HCB_OK);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(hcb_buffer_new(device, hcb_operand_bytes(&c, i), &operands[i]), HCB_OK);
    for (int i = 0; i < PLANS; i++)
        ck_assert_msg(hcb_plan_new_with(queue, &c, operands, texts[i], &plans[i]) == HCB_OK, "%s", hcb_error(ctx));
    for (int i = 0; i < PLANS; i++) {
        const struct hcb_plan_info *info = hcb_plan_info(plans[i]);
        ck_assert_msg(hcb_plan_run(plans[i], 2, &timing) == HCB_OK, "%s", hcb_error(ctx));
        ck_assert_uint_eq(info->scratch_bytes, hcb_device_scratch_bytes(device, &c, texts[i]));
        ck_assert_str_eq(info->tuning, "tuned");
    }
    ck_assert_uint_eq(hcb_plan_info(plans[0])->scratch_bytes, (64 * 64 + 64 * 8 + 64 * 8) * 4);
    ck_assert_uint_eq(hcb_plan_info(plans[1])->scratch_bytes, (128 * 64 + 64 * 8 + 128 * 8) * 4);
    ck_assert_uint_eq(hcb_device_scratch_bytes(device, &c, ""), 0); /* the kernel for small matrices */
    for (int i = 0; i < PLANS; i++)
        hcb_plan_free(plans[i]);
    for (unsigned i = 0; i < 3; i++)
        hcb_buffer_free(operands[i]);
    hcb_queue_free(queue);
    hcb_device_close(device);
}
END_TEST

static uint64_t value_of(const struct hcb_parameters *parameters, const uint64_t *values, const char *name)
{
    for (size_t i = 0; i < parameters->count; i++)
        if (strcmp(parameters->list[i].name, name) == 0)
            return values[i];
    ck_abort_msg("no %s", name);
}

/* What CLBlast's kernel asks of a side of the tile. */
static bool side_is_valid(uint64_t tile, uint64_t items, uint64_t width, bool is_local, uint64_t loaders,
                          uint64_t group, uint64_t terms)
{
    return tile % (items * width) == 0 &&
           (!is_local || (group % loaders == 0 && tile % (loaders * width) == 0 &&
                          terms % (group / loaders) == 0));
}

/* What is within the limits, and nothing else, is what the kernel can be made with. */
START_TEST(limits_of_clblast_are_its_kernels)
{
    enum { POINTS = 100000 };
    static const enum hcb_precision precisions[] = {HCB_PRECISION_F32, HCB_PRECISION_F64, HCB_PRECISION_F16};
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_CLBLAST_TUNED, precisions[_i / 2], {500, 500, 500}};
    struct hcb_parameters p;
    uint64_t values[HCB_PARAMETERS_MAX], draw = 1;
    unsigned valid = 0;
    setenv("HCBENCH_KERNEL_CLASS", _i % 2 == 0 ? "cpu" : "gpu", 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(hcb_device_parameters(device, &c, &p), HCB_OK);
    ck_assert_str_eq(p.limits[1].name, "bytes of local memory");
    ck_assert_str_eq(p.list[9].name, "SA");
    ck_assert_uint_eq(p.list[9].count, _i % 2 == 0 ? 1 : 2); /* no local memory on CPU drivers */
    p.limits[0].most.factor = 256;
    p.limits[1].most.factor = 32768;
    p.limits[2].most.factor = 512;
    const uint64_t bytes = hcb_type_size(hcb_operand_type(&c, 0));
    for (unsigned n = 0; n < POINTS; n++) {
        for (size_t i = 0; i < p.count; i++) {
            draw = draw * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            values[i] = p.list[i].choices[(draw >> 33) % p.list[i].count];
        }
#define VALUE(name) value_of(&p, values, name)
        const uint64_t group = VALUE("MDIMC") * VALUE("NDIMC"), mwg = VALUE("MWG"), nwg = VALUE("NWG"),
                       kwg = VALUE("KWG"), local = kwg * (VALUE("SA") * mwg + VALUE("SB") * nwg);
        const bool is_valid =
            group <= 256 && local * bytes <= 32768 && mwg * nwg * bytes <= 512 * group &&
            kwg % VALUE("KWI") == 0 &&
            side_is_valid(mwg, VALUE("MDIMC"), VALUE("VWM"), VALUE("SA") != 0, VALUE("MDIMA"), group, kwg) &&
            side_is_valid(nwg, VALUE("NDIMC"), VALUE("VWN"), VALUE("SB") != 0, VALUE("NDIMB"), group, kwg);
#undef VALUE
        char text[HCB_PARAMETERS_SIZE];
        const struct hcb_limit *limit = hcb_parameters_beyond(&p, values);
        ck_assert_msg((limit == NULL) == is_valid, "%s: %s", hcb_parameters_text(&p, values, text),
                      limit != NULL ? limit->name : "no limit");
        valid += is_valid;
    }
    ck_assert_uint_gt(valid, 100);
    hcb_device_close(device);
}
END_TEST

/* A set for smaller groups where the device has no room for the usual one. */
START_TEST(tuned_clblast_fits_into_small_groups)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_CLBLAST_TUNED, HCB_PRECISION_F32, {500, 500, 500}};
    struct hcb_parameters p;
    uint64_t values[HCB_PARAMETERS_MAX];
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    setenv("HCBENCH_GROUP_ITEMS", "64", 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(hcb_device_supports(device, &c), HCB_OK);
    ck_assert_int_eq(hcb_device_parameters(device, &c, &p), HCB_OK);
    ck_assert(hcb_parameters_read(&p, "", values));
    ck_assert_uint_le(value_of(&p, values, "MDIMC") * value_of(&p, values, "NDIMC"), 64);
    ck_assert_ptr_null(hcb_parameters_beyond(&p, values));
    setenv("HCBENCH_GROUP_ITEMS", "16", 1);
    ck_assert_int_eq(hcb_device_supports(device, &c), HCB_UNSUPPORTED);
    ck_assert_str_eq(hcb_error(ctx), "opencl:0 has too few items of a work-group for CLBlast's kernel");
    hcb_device_close(device);
}
END_TEST
#endif

/* -------------------------------------------------------- small work-groups */

/* Items that the device and its compiled kernels allow, and what sums take. */
static const struct {
    const char *device, *kernel;
    uint64_t taken, levels; /* of the tree */
} groups[] = {{"256", "256", 256, 8}, {"100", "256", 64, 6}, {"1024", "32", 32, 5},
              {"256", "33", 32, 5},   {"1", "1", 1, 0}};
enum { GROUPS_COUNT = sizeof groups / sizeof *groups };

static void allow_items(int group)
{
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    setenv("HCBENCH_GROUP_ITEMS", groups[group].device, 1);
    setenv("HCBENCH_KERNEL_ITEMS", groups[group].kernel, 1);
}

START_TEST(sums_fit_into_small_groups)
{
    static const struct hcb_case cases[] = {
        {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 70001, 1}},
        {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_F16F32, {1, 12345, 1}},
        {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {1, 12345, 1}},
        {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 70001, 1}, .sum = HCB_SUM_NEUMAIER},
        {HCB_OP_TRIAD, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 5001, 1}},
        {HCB_OP_PEAK, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 101, 1}},
    };
    char text[512];
    allow_items(_i);
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            ck_assert_msg(check_case(ctx, device, &cases[i], text, sizeof text) == CHECK_PASSED,
                          "%s, %s items: %s", devices[d].id, groups[_i].device, text);
        hcb_device_close(device);
    }
}
END_TEST

/* The depth tells to how many items a chunk was dealt: 16 elements to each in a step, what
 * is left over, vectors, and a tree. */
START_TEST(small_groups_have_their_depth)
{
    const struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 8192, 1}};
    struct hcb_queue *queue;
    struct hcb_buffer *operands[HCB_OPERANDS_MAX] = {NULL};
    struct hcb_plan *plan = NULL;
    allow_items(_i);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(hcb_queue_new(device, &queue), HCB_OK);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(hcb_buffer_new(device, hcb_operand_bytes(&c, i), &operands[i]), HCB_OK);
    ck_assert_msg(hcb_plan_new(queue, &c, operands, &plan) == HCB_OK, "%s", hcb_error(ctx));
    ck_assert_uint_eq(hcb_plan_info(plan)->depth,
                      8192 / (16 * groups[_i].taken) + 16 + 2 + 2 + groups[_i].levels);
    hcb_plan_free(plan);
    hcb_buffer_free(operands[0]);
    hcb_buffer_free(operands[1]);
    hcb_queue_free(queue);
    hcb_device_close(device);
}
END_TEST

/* What the device allows limits the choices.  What its kernels allow lowers the table's items,
 * which the plan tells, and refuses others; more chunks take more memory. */
START_TEST(items_are_a_choice_within_limits)
{
    const struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 1 << 20, 1}};
    struct hcb_plan_info info;
    setenv("HCBENCH_GROUP_ITEMS", "128", 1);
    setenv("HCBENCH_KERNEL_ITEMS", "64", 1);
    info = plan_info("gpu", devices[0].id, &c);
    ck_assert_str_eq(info.parameters, "chunk=8192 chunks=2048 items=64");
    info = plan_info_with("gpu", devices[0].id, &c, "chunk=4096 items=128");
    ck_assert_str_eq(info.parameters, "chunk=4096 chunks=2048 items=64");
    info = plan_info_with("gpu", devices[0].id, &c, "chunk=4096 items=64");
    ck_assert_str_eq(info.parameters, "chunk=4096 chunks=2048 items=64");
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_uint_eq(hcb_device_scratch_bytes(device, &c, NULL), 2 * 128 * 4);
    ck_assert_uint_eq(hcb_device_scratch_bytes(device, &c, "chunk=4096 items=64"), 2 * 256 * 4);
    struct hcb_parameters parameters;
    uint64_t values[HCB_PARAMETERS_MAX];
    ck_assert_int_eq(hcb_device_parameters(device, &c, &parameters), HCB_OK);
    ck_assert(hcb_parameters_read(&parameters, "items=256", values));
    const struct hcb_limit *limit = hcb_parameters_beyond(&parameters, values);
    ck_assert(limit != NULL && strcmp(limit->name, "items of a work-group") == 0);
    setenv("HCBENCH_KERNEL_ITEMS", "32", 1);
    struct hcb_queue *queue;
    struct hcb_buffer *operands[HCB_OPERANDS_MAX] = {NULL};
    struct hcb_plan *plan = NULL;
    ck_assert_int_eq(hcb_queue_new(device, &queue), HCB_OK);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(hcb_buffer_new(device, hcb_operand_bytes(&c, i), &operands[i]), HCB_OK);
    ck_assert_int_eq(hcb_plan_new_with(queue, &c, operands, "items=64", &plan), HCB_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "reduce_gpu as compiled for opencl:0 allows for "
                                                 "32 items of a work-group, not 64"));
    hcb_buffer_free(operands[0]);
    hcb_buffer_free(operands[1]);
    hcb_queue_free(queue);
    hcb_device_close(device);
}
END_TEST

/* Items that the device and the compiled kernel allow, and what the table takes; with parts
 * that are added. */
START_TEST(products_fit_into_small_groups)
{
    static const struct {
        const char *device, *kernel, *taken;
    } fits[] = {{"256", "256", "items_down=16 items_across=16 "},
                {"128", "256", "items_down=8 items_across=16 "},
                {"1024", "100", "items_down=8 items_across=8 "},
                {"100", "32", "items_down=4 items_across=8 "}};
    static const enum hcb_precision precisions[] = {HCB_PRECISION_F32, HCB_PRECISION_F16F32};
    char text[512];
    setenv("HCBENCH_GROUP_ITEMS", fits[_i].device, 1);
    setenv("HCBENCH_KERNEL_ITEMS", fits[_i].kernel, 1);
    for (size_t p = 0; p < sizeof precisions / sizeof *precisions; p++) {
        const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, precisions[p], {70, 133, 1000}};
        const struct hcb_plan_info info = plan_info_with("gpu", devices[0].id, &c, "parts=2");
        ck_assert_msg(strncmp(info.parameters, fits[_i].taken, strlen(fits[_i].taken)) == 0, "%s",
                      info.parameters);
        struct hcb_device *device = open_device(devices[0].id);
        ck_assert_msg(
            check_case_with(ctx, device, &c, "parts=2", text, sizeof text) == CHECK_PASSED, "%s",
            text);
        hcb_device_close(device);
    }
}
END_TEST

static enum hcb_status plan_product(struct hcb_device *device, enum hcb_precision precision,
                                    const char *parameters, struct hcb_plan_info *info)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, precision, {8, 8, 8}};
    struct hcb_queue *queue;
    struct hcb_buffer *buffers[HCB_OPERANDS_MAX] = {0};
    struct hcb_plan *plan = NULL;
    ck_assert_int_eq(hcb_queue_new(device, &queue), HCB_OK);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(hcb_buffer_new(device, hcb_operand_bytes(&c, i), &buffers[i]), HCB_OK);
    const enum hcb_status status = hcb_plan_new_with(queue, &c, buffers, parameters, &plan);
    if (status == HCB_OK)
        *info = *hcb_plan_info(plan);
    hcb_plan_free(plan);
    for (unsigned i = 0; i < 3; i++)
        hcb_buffer_free(buffers[i]);
    hcb_queue_free(queue);
    return status;
}

START_TEST(groups_that_are_too_large_are_refused)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {8, 8, 8}};
    struct hcb_plan_info info;
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    setenv("HCBENCH_KERNEL_ITEMS", "64", 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(plan_product(device, HCB_PRECISION_F32, "items_across=8", &info),
                     HCB_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "multiply as compiled for opencl:0 allows for 64 "
                                                 "items of a work-group, not 128"));
    setenv("HCBENCH_KERNEL_ITEMS", "31", 1);
    ck_assert_int_eq(plan_product(device, HCB_PRECISION_F32, NULL, &info), HCB_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "31 items of a work-group, not 32"));
    setenv("HCBENCH_GROUP_ITEMS", "31", 1);
    ck_assert_int_eq(hcb_device_supports(device, &c), HCB_UNSUPPORTED);
    ck_assert_str_eq(hcb_error(ctx), "opencl:0 has too few items of a work-group for the kernel");
    hcb_device_close(device);
}
END_TEST

/* -------------------------------------------------------------------- reasons */

START_TEST(scratch_that_does_not_fit_is_refused)
{
    setenv("HCBENCH_KERNEL_CLASS", "cpu", 1);
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        /* C fills the largest buffer; A in f32, a little longer, does not fit. */
        struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {1, 1, 1}};
        c.shape.m = devices[d].max_buffer_bytes / 4;
        if (c.shape.m % 12 != 0) {
            ck_assert_int_eq(hcb_device_supports(device, &c), HCB_UNSUPPORTED);
            ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "needs"));
            ck_assert_ptr_nonnull(strstr(hcb_error(ctx), devices[d].id));
        }
        hcb_device_close(device);
    }
}
END_TEST

/* Rows, columns and terms that no choice divides, and several blocks or parts of terms.
 * On GPUs 1024 items would need chunks longer than the table's. */
START_TEST(parameters_give_right_results)
{
    static const struct {
        const char *class;
        struct hcb_case task;
        unsigned choices; /* 0: points alone */
    } cases[] = {
        {"cpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {77, 101, 1100}}, 33},
        {"cpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {77, 101, 600}}, 0},
        {"cpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32X2, {77, 101, 600}}, 0},
        {"cpu", {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, (1 << 20) + 77, 1}}, 14},
        {"cpu", {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F16F32, {1, (1 << 20) + 77, 1}}, 0},
        {"gpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {77, 101, 70}}, 29},
        {"gpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F64, {77, 101, 70}}, 0},
        {"gpu", {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32X2, {77, 101, 70}}, 0},
        {"gpu", {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, (1 << 20) + 77, 1}}, 15},
        {"gpu", {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {1, (1 << 20) + 77, 1}}, 0},
    };
    char text[512] = "";
    unsigned passed;
    setenv("HCBENCH_KERNEL_CLASS", cases[_i].class, 1);
    setenv("HCBENCH_VECTOR_BITS", "512", 1); /* enough registers for each of them */
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        if (cases[_i].choices > 0) {
            ck_assert_msg(check_choices(ctx, device, &cases[_i].task, &passed, text, sizeof text) ==
                              CHECK_PASSED, "%s: %s", devices[d].id, text);
            ck_assert_uint_eq(passed, cases[_i].choices);
        }
        ck_assert_msg(check_points(ctx, device, &cases[_i].task, text, sizeof text) == CHECK_PASSED,
                      "%s: %s", devices[d].id, text);
        hcb_device_close(device);
    }
}
END_TEST

/* Sums of int8 in f32 are exact for 256 terms only, and tiles must fit registers. */
START_TEST(parameters_that_do_not_fit_are_refused)
{
    struct hcb_plan_info info;
    setenv("HCBENCH_KERNEL_CLASS", "cpu", 1);
    setenv("HCBENCH_VECTOR_BITS", "256", 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(plan_product(device, HCB_PRECISION_F32, NULL, &info), HCB_OK);
    ck_assert_str_eq(info.parameters,
                     "rows=6 width=8 block_k=256 item_panels=1 pack_k=16 pack_panels=16");
    ck_assert_str_eq(info.tuning, "table");
    ck_assert_int_eq(plan_product(device, HCB_PRECISION_F32, "rows=4 block_k=512", &info), HCB_OK);
    ck_assert_str_eq(info.parameters,
                     "rows=4 width=8 block_k=512 item_panels=1 pack_k=16 pack_panels=16");
    ck_assert_str_eq(info.tuning, "tuned");
    ck_assert_int_eq(plan_product(device, HCB_PRECISION_F32, "rows=14", &info), HCB_UNSUPPORTED);
    ck_assert_str_eq(hcb_error(ctx), "opencl:0 has too few vector registers for rows=14");
    ck_assert_int_eq(plan_product(device, HCB_PRECISION_F32, "width=16", &info), HCB_UNSUPPORTED);
    ck_assert_int_eq(plan_product(device, HCB_PRECISION_I8I32, "block_k=256", &info), HCB_OK);
    ck_assert_int_eq(plan_product(device, HCB_PRECISION_I8I32, "block_k=384", &info),
                     HCB_UNSUPPORTED);
    ck_assert_str_eq(hcb_error(ctx),
                     "the kernels of opencl:0/tile take no parameters 'block_k=384'");
    /* many panels for a work-item where there is work enough for all processors */
    struct hcb_parameters large;
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {4096, 4096, 512}};
    ck_assert_int_eq(hcb_device_parameters(device, &c, &large), HCB_OK);
    ck_assert_str_eq(large.list[3].name, "item_panels");
    ck_assert_uint_eq(large.list[3].table, 32);
    hcb_device_close(device);
}
END_TEST

/* Limits are the device's, and what keeps them is not refused. */
START_TEST(limits_of_tiles_are_the_devices)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {500, 500, 500}};
    struct hcb_parameters parameters;
    struct hcb_plan_info info;
    uint64_t values[HCB_PARAMETERS_MAX];
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(hcb_device_parameters(device, &c, &parameters), HCB_OK);
    ck_assert_uint_eq(parameters.limit_count, 3);
    ck_assert_str_eq(parameters.limits[1].name, "bytes of local memory");
    ck_assert(hcb_parameters_read(&parameters, "blocks_down=2 blocks_across=2 depth=16", values));
    parameters.limits[1].most.factor = 2 * 16 * (132 + 132) * 4; /* two steps of both tiles */
    ck_assert_ptr_null(hcb_parameters_beyond(&parameters, values));
    parameters.limits[1].most.factor--;
    ck_assert_ptr_eq(hcb_parameters_beyond(&parameters, values), &parameters.limits[1]);
    ck_assert_int_eq(
        plan_product(device, HCB_PRECISION_F32, "blocks_down=4 blocks_across=2", &info), HCB_OK);
    ck_assert_int_eq(
        plan_product(device, HCB_PRECISION_F32, "blocks_down=4 blocks_across=4", &info),
        HCB_UNSUPPORTED);
    ck_assert_str_eq(hcb_error(ctx),
                     "opencl:0 has too few registers for blocks_down=4 blocks_across=4");
    hcb_device_close(device);
}
END_TEST

/* The hash is that of the plan. */
START_TEST(parameters_are_those_of_the_kernels)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {8, 8, 8}};
    struct hcb_parameters parameters;
    struct hcb_plan_info info;
    setenv("HCBENCH_KERNEL_CLASS", _i == 0 ? "cpu" : "gpu", 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(hcb_device_parameters(device, &c, &parameters), HCB_OK);
    ck_assert_int_eq(plan_product(device, HCB_PRECISION_F32, "", &info), HCB_OK);
    ck_assert_str_eq(parameters.kernel_sha256, info.kernel_sha256);
    ck_assert_uint_eq(strlen(parameters.kernel_sha256), 64);
    for (size_t i = 0; i < parameters.count; i++) {
        const struct hcb_parameter *p = &parameters.list[i];
        bool found = false;
        for (size_t j = 0; j < p->count; j++) {
            ck_assert(j == 0 || p->choices[j - 1] < p->choices[j]);
            found |= p->choices[j] == p->table;
        }
        ck_assert_msg(found, "%s", p->name);
    }
    hcb_device_close(device);
}
END_TEST

START_TEST(impls_say_what_they_lack)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_CLBLAST, HCB_PRECISION_BF16F32, {1, 1, 1}};
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(hcb_device_supports(device, &c), HCB_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "clblast"));
    hcb_device_close(device);
}
END_TEST

START_TEST(native_errors_have_names)
{
    struct hcb_device *device = open_device(devices[0].id);
    struct hcb_buffer *buffer = NULL;
    ck_assert_int_eq(hcb_buffer_new(device, UINT64_MAX / 2, &buffer), HCB_ERROR);
    ck_assert_ptr_null(buffer);
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "CL_"));
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "from clCreateBuffer, opencl:0"));
    hcb_device_close(device);
}
END_TEST

/* ------------------------------------------------------------ kernel folders */

/* A folder for kernel files below the build folder. */
static void make_folder(char *path, size_t size)
{
    const char *build = getenv("builddir");
    snprintf(path, size, "%s/tests/kernels.%ld", build != NULL ? build : ".", (long)getpid());
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_folder(const char *folder, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
    rmdir(folder);
}

static enum hcb_status plan_sum(struct hcb_device *device, uint64_t n)
{
    const struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, n, 1}};
    struct hcb_buffer *operands[HCB_OPERANDS_MAX] = {NULL};
    struct hcb_queue *queue = NULL;
    struct hcb_plan *plan = NULL;
    ck_assert_int_eq(hcb_queue_new(device, &queue), HCB_OK);
    ck_assert_int_eq(hcb_buffer_new(device, n * 4, &operands[0]), HCB_OK);
    ck_assert_int_eq(hcb_buffer_new(device, 4, &operands[1]), HCB_OK);
    enum hcb_status status = hcb_plan_new(queue, &c, operands, &plan);
    if (status == HCB_OK) {
        ck_assert_str_eq(hcb_plan_info(plan)->kernels, "types.cl reduce.cl");
        ck_assert_uint_eq(strlen(hcb_plan_info(plan)->kernel_sha256), 64);
    }
    hcb_plan_free(plan);
    hcb_buffer_free(operands[0]);
    hcb_buffer_free(operands[1]);
    hcb_queue_free(queue);
    return status;
}

START_TEST(a_broken_kernel_is_an_error_with_its_line)
{
    char folder[512];
    make_folder(folder, sizeof folder);
    /* LeakSanitizer does not survive a PoCL whose first build has failed. */
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(plan_sum(device, 10), HCB_OK);
    hcb_device_close(device);
    write_file(folder, "reduce.cl", "__kernel void reduce_cpu(\n this is no kernel\n");
    ck_assert_int_eq(hcb_ctx_set_kernel_dir(ctx, folder), HCB_OK);
    device = open_device(devices[0].id);
    const enum hcb_status status = plan_sum(device, 10);
    hcb_device_close(device);
    remove_folder(folder, "reduce.cl");
    ck_assert_int_eq(status, HCB_ERROR);
    ck_assert_msg(strstr(hcb_error(ctx), "(-11) from clBuildProgram, reduce.cl: ") != NULL, "%s",
                  hcb_error(ctx));
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "error"));
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "opencl:0, sum f32 10"));
}
END_TEST

/* A shape of a kernel that was compiled before does not read its file again. */
START_TEST(a_second_shape_does_not_compile)
{
    char folder[512];
    make_folder(folder, sizeof folder);
    ck_assert_int_eq(hcb_ctx_set_kernel_dir(ctx, folder), HCB_OK);
    struct hcb_device *device = open_device(devices[0].id);
    const enum hcb_status first = plan_sum(device, 10);
    write_file(folder, "reduce.cl", "this is no kernel\n");
    const enum hcb_status second = plan_sum(device, 100);
    hcb_device_close(device);
    device = open_device(devices[0].id);
    const enum hcb_status third = plan_sum(device, 10);
    hcb_device_close(device);
    remove_folder(folder, "reduce.cl");
    ck_assert_int_eq(first, HCB_OK);
    ck_assert_int_eq(second, HCB_OK);
    ck_assert_int_eq(third, HCB_ERROR);
}
END_TEST

/* -------------------------------------------------------------- matrix units */

static char *read_text(const char *folder, const char *name)
{
    char path[600], *text = calloc(1, 1 << 16);
    ck_assert_ptr_nonnull(text);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    const size_t length = fread(text, 1, (1 << 16) - 1, file);
    ck_assert_uint_gt(length, 0);
    ck_assert_uint_lt(length, (1 << 16) - 1);
    fclose(file);
    return text;
}

static char *read_source(const char *name)
{
    const char *source = getenv("srcdir");
    return read_text(source != NULL ? source : "..", name);
}

/* f32x2 as the product of the high halves alone. */
static const char *const without_mixed_products = "#undef LOW_UNIT\n#define LOW_UNIT 0.0f\n";

/* They are seen to be missing by the exact check, at any number of terms. */
START_TEST(f32x2_without_mixed_products_is_wrong)
{
    static const char *const files[] = {"matmul_cpu.cl", "matmul_gpu.cl"};
    const struct hcb_case c = {
        HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32X2, {9, 70, _i / 2 == 0 ? 33 : 20000}};
    char folder[512], name[64], text[512] = "";
    snprintf(name, sizeof name, "cl/%s", files[_i % 2]);
    char *kernel = read_source(name);
    char *wrong = malloc(strlen(without_mixed_products) + strlen(kernel) + 1);
    ck_assert_ptr_nonnull(wrong);
    sprintf(wrong, "%s%s", without_mixed_products, kernel);
    make_folder(folder, sizeof folder);
    write_file(folder, files[_i % 2], wrong);
    free(kernel);
    free(wrong);
    setenv("HCBENCH_KERNEL_CLASS", _i % 2 == 0 ? "cpu" : "gpu", 1);
    ck_assert_int_eq(hcb_ctx_set_kernel_dir(ctx, folder), HCB_OK);
    struct hcb_device *device = open_device(devices[0].id);
    const enum check_outcome outcome = check_case(ctx, device, &c, text, sizeof text);
    hcb_device_close(device);
    remove_folder(folder, files[_i % 2]);
    ck_assert_int_eq(outcome, CHECK_FAILED);
    ck_assert_msg(strstr(text, "integer: exact check") != NULL, "%s", text);
}
END_TEST

START_TEST(halves_are_right_in_every_bit)
{
    char text[512];
    setenv("HCBENCH_KERNEL_CLASS", _i == 0 ? "cpu" : "gpu", 1);
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        ck_assert_msg(check_halves(ctx, device, HCB_IMPL_TILE, text, sizeof text) == CHECK_PASSED,
                      "%s: %s", devices[d].id, text);
        hcb_device_close(device);
    }
}
END_TEST

/* A kernel folder in which the instructions of the units are OpenCL C. */
static void emulate_units(const char *folder, const char *file, const char *first_lines,
                          const char *more)
{
    char name[64], *kernel, *units = read_source("tests/matrix_units.cl");
    snprintf(name, sizeof name, "cl/%s", file);
    kernel = read_source(name);
    char *text = malloc(strlen(first_lines) + strlen(more) + strlen(units) + strlen(kernel) + 1);
    ck_assert_ptr_nonnull(text);
    sprintf(text, "%s%s%s%s", first_lines, more, units, kernel);
    write_file(folder, file, text);
    ck_assert_int_eq(hcb_ctx_set_kernel_dir(ctx, folder), HCB_OK);
    free(text);
    free(kernel);
    free(units);
}

static const struct unit_kernel {
    const char *name, *file, *first_line; /* name: HCBENCH_MATRIX_UNITS */
    enum hcb_precision precision;
} unit_kernels[] = {
#define EACH_PRECISION(...)                                                                        \
    {__VA_ARGS__, HCB_PRECISION_F16F32}, {__VA_ARGS__, HCB_PRECISION_BF16F32},                     \
        {__VA_ARGS__, HCB_PRECISION_I8I32}
    EACH_PRECISION("nvidia", "matmul_ptx.cl", ""),
    EACH_PRECISION("amd", "matmul_units.cl", "#define EMULATED RDNA\n"),
    EACH_PRECISION("amd", "matmul_units.cl", "#define EMULATED CDNA\n"),
    EACH_PRECISION("amd", "matmul_units.cl", "#define EMULATED CDNA\n#define __gfx942__\n"),
    EACH_PRECISION("intel", "matmul_units.cl", "#define EMULATED INTEL\n#define SUB_GROUP 8\n"),
    EACH_PRECISION("intel", "matmul_units.cl", "#define EMULATED INTEL\n#define SUB_GROUP 16\n"),
    {"nvidia", "matmul_ptx.cl", "", HCB_PRECISION_F32X2},
};
enum { UNIT_KERNELS_COUNT = sizeof unit_kernels / sizeof *unit_kernels };

/* Full tiles of operands as they are, and padded ones; for the kernel that knows edges also
 * operands of which both or one begin their rows at 16 bytes. */
START_TEST(kernels_on_matrix_units_are_right)
{
    static const struct hcb_shape shapes[] = {
        {128, 256, 64}, {129, 127, 33}, {129, 144, 80}, {7, 127, 144}, {130, 16, 33},
    };
    const struct unit_kernel *k = &unit_kernels[_i];
    const size_t count = strcmp(k->name, "nvidia") == 0 ? sizeof shapes / sizeof *shapes : 2;
    char folder[512], text[512];
    make_folder(folder, sizeof folder);
    setenv("HCBENCH_MATRIX_UNITS", k->name, 1);
    emulate_units(folder, k->file, k->first_line, "");
    struct hcb_device *device = open_device(devices[0].id);
    for (size_t s = 0; s < count; s++) {
        const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_COOPMAT, k->precision, shapes[s]};
        const enum check_outcome outcome = check_case(ctx, device, &c, text, sizeof text);
        ck_assert_msg(outcome == CHECK_PASSED, "%s: %s", k->name, text);
    }
    hcb_device_close(device);
    remove_folder(folder, k->file);
}
END_TEST

/* Extents that no choice divides, and several steps of any length. */
START_TEST(parameters_of_units_give_right_results)
{
    static const struct {
        unsigned kernel;
        unsigned choices; /* at least that many fit into any device; 0: points alone */
    } cases[] = {{0, 14}, {2, 0}, {UNIT_KERNELS_COUNT - 1, 0}, {3, 8}, {8, 0}, {12, 0}};
    const struct unit_kernel *k = &unit_kernels[cases[_i].kernel];
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_COOPMAT, k->precision, {70, 136, 100}};
    char folder[512], text[512] = "";
    unsigned passed;
    make_folder(folder, sizeof folder);
    setenv("HCBENCH_MATRIX_UNITS", k->name, 1);
    emulate_units(folder, k->file, k->first_line, "");
    struct hcb_device *device = open_device(devices[0].id);
    if (cases[_i].choices > 0) {
        ck_assert_msg(check_choices(ctx, device, &c, &passed, text, sizeof text) == CHECK_PASSED,
                      "%s: %s", k->name, text);
        ck_assert_uint_ge(passed, cases[_i].choices);
    }
    ck_assert_msg(check_points(ctx, device, &c, text, sizeof text) == CHECK_PASSED, "%s: %s",
                  k->name, text);
    hcb_device_close(device);
    remove_folder(folder, k->file);
}
END_TEST

/* What tiles take on a GPU of NVIDIA and of AMD. */
START_TEST(parameters_of_units_keep_limits)
{
    static const struct {
        unsigned kernel, limit;
        const char *fits, *beyond;
        uint64_t most; /* 0: the kernel's own */
    } cases[] = {
        {0, 1, "rows=128 columns=128 step=64 stages=3", "rows=128 columns=128 step=64 stages=4", 49152},
        {0, 1, "rows=128 columns=256 step=32 stages=4", "rows=128 columns=256 step=64 stages=3", 49152},
        {0, 2, "rows=128 columns=256 step=32", "rows=256 columns=256 step=32", 0},
        {3, 0, "rows=64 columns=256", "rows=128 columns=256", 256 * 64},
        {3, 1, "rows=128 columns=256", "rows=256 columns=256", 65536},
    };
    const struct unit_kernel *k = &unit_kernels[cases[_i].kernel];
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_COOPMAT, k->precision, {128, 128, 128}};
    struct hcb_parameters parameters;
    uint64_t values[HCB_PARAMETERS_MAX];
    setenv("HCBENCH_MATRIX_UNITS", k->name, 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(hcb_device_parameters(device, &c, &parameters), HCB_OK);
    hcb_device_close(device);
    struct hcb_limit limit = parameters.limits[cases[_i].limit];
    if (cases[_i].most != 0)
        limit.most.factor = cases[_i].most;
    parameters.limits[0] = limit;
    parameters.limit_count = 1;
    ck_assert(hcb_parameters_read(&parameters, cases[_i].fits, values));
    ck_assert_ptr_null(hcb_parameters_beyond(&parameters, values));
    ck_assert(hcb_parameters_read(&parameters, cases[_i].beyond, values));
    ck_assert_ptr_nonnull(hcb_parameters_beyond(&parameters, values));
}
END_TEST

/* In the kernel itself, not in what stands before it. */
static void change_kernel(const char *folder, const char *file, const char *from, const char *to)
{
    char *text = read_text(folder, file), *kernel = strstr(text, "__kernel");
    ck_assert_ptr_nonnull(kernel);
    char *place = strstr(kernel, from), *changed = malloc(strlen(text) + strlen(to) + 1);
    ck_assert_msg(place != NULL, "%s", from);
    ck_assert_ptr_nonnull(changed);
    sprintf(changed, "%.*s%s%s", (int)(place - text), text, to, place + strlen(from));
    write_file(folder, file, changed);
    free(changed);
    free(text);
}

/* The plan for which units in the folder miscalculate is refused before it is made. */
static void refuses_units(const struct unit_kernel *k, const char *folder, const char *reason)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_COOPMAT, k->precision, {16, 16, 16}};
    struct hcb_buffer *operands[HCB_OPERANDS_MAX] = {NULL};
    struct hcb_queue *queue = NULL;
    struct hcb_plan *plan = NULL;
    setenv("HCBENCH_MATRIX_UNITS", k->name, 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(hcb_queue_new(device, &queue), HCB_OK);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(hcb_buffer_new(device, hcb_operand_bytes(&c, i), &operands[i]), HCB_OK);
    const enum hcb_status status = hcb_plan_new(queue, &c, operands, &plan);
    for (unsigned i = 0; i < 3; i++)
        hcb_buffer_free(operands[i]);
    hcb_queue_free(queue);
    hcb_device_close(device);
    remove_folder(folder, k->file);
    ck_assert_int_eq(status, HCB_UNSUPPORTED);
    ck_assert_ptr_null(plan);
    ck_assert_msg(strstr(hcb_error(ctx), reason) != NULL, "%s", hcb_error(ctx));
}

/* One precision of each kernel. */
START_TEST(wrong_matrix_units_are_refused)
{
    const struct unit_kernel *k = &unit_kernels[3 * _i];
    char folder[512];
    make_folder(folder, sizeof folder);
    emulate_units(folder, k->file, k->first_line, "#define SPOILED\n");
    refuses_units(k, folder, "failed its self-test: element [");
}
END_TEST

START_TEST(units_are_refused_where_groups_do_not_fit)
{
    const struct unit_kernel *k = &unit_kernels[0];
    char folder[512];
    make_folder(folder, sizeof folder);
    emulate_units(folder, k->file, k->first_line, "");
    setenv("HCBENCH_KERNEL_ITEMS", "127", 1);
    refuses_units(k, folder,
                  "multiply as compiled for opencl:0 allows for 127 items of a work-group, not 128");
}
END_TEST

/* One after the other, each with zeros in place of A's half. */
START_TEST(units_need_all_products_of_halves)
{
    static const char *const products[][2] = {
        {"left[0][i], right[1][j], part", "(uint4)(0), right[1][j], part"},
        {"left[1][i], right[0][j], part", "(uint4)(0), right[0][j], part"},
        {"left[0][i], right[0][j], part", "(uint4)(0), right[0][j], part"}};
    const struct unit_kernel *k = &unit_kernels[UNIT_KERNELS_COUNT - 1];
    char folder[512];
    make_folder(folder, sizeof folder);
    emulate_units(folder, k->file, k->first_line, "");
    change_kernel(folder, k->file, products[_i][0], products[_i][1]);
    refuses_units(k, folder, "failed its self-test: element [");
}
END_TEST

/* Copies that are read before they were waited for, or before other items have waited, that
 * no wait covers, or that begin while their target is read. */
START_TEST(units_need_waits_and_barriers)
{
#define WAIT(others) "        WAIT_FOR_COPIES(STAGES - " #others ");\n"
#define BARRIER "        barrier(CLK_LOCAL_MEM_FENCE);\n"
#define COPIES                                                                                     \
    "if (step + STAGES - 1 < steps)\n"                                                             \
    "begin_copies(stages[freed], a, b, a_stride, b_stride, rows, columns, bytes, item);\n"         \
    "end_copies();\n"
#define END "                end_copies();\n"
    static const char *const changes[][4] = {
        {WAIT(2), WAIT(1), "", ""},
        {WAIT(2), "", "", ""},
        {BARRIER, "", "", ""},
        {WAIT(2) BARRIER, BARRIER WAIT(2), "", ""},
        {END, "", "", ""},
        {WAIT(2) BARRIER, COPIES WAIT(1) BARRIER, "if (first == 0)", "if (false)"},
    };
    const struct unit_kernel *k = &unit_kernels[0];
    const char *const *change = changes[_i];
    char folder[512];
    make_folder(folder, sizeof folder);
    emulate_units(folder, k->file, k->first_line, "");
    change_kernel(folder, k->file, change[0], change[1]);
    change_kernel(folder, k->file, change[2], change[3]);
    refuses_units(k, folder, "failed its self-test: element [");
}
END_TEST

/* Both halves of both padded operands; 16 terms, and two more steps. */
START_TEST(units_count_memory_and_depth_of_halves)
{
    const struct hcb_case c = {
        HCB_OP_MATMUL, HCB_IMPL_COOPMAT, HCB_PRECISION_F32X2, {129, 127, 33}};
    const struct unit_kernel *k = &unit_kernels[UNIT_KERNELS_COUNT - 1];
    char folder[512];
    make_folder(folder, sizeof folder);
    setenv("HCBENCH_MATRIX_UNITS", k->name, 1);
    emulate_units(folder, k->file, k->first_line, "");
    const struct hcb_plan_info info = plan_info_with("gpu", devices[0].id, &c, NULL);
    struct hcb_device *device = open_device(devices[0].id);
    const uint64_t bytes = hcb_device_scratch_bytes(device, &c, NULL);
    hcb_device_close(device);
    remove_folder(folder, k->file);
    ck_assert_uint_eq(info.scratch_bytes, (256 + 128) * 64 * 4);
    ck_assert_uint_eq(bytes, info.scratch_bytes);
    ck_assert_uint_eq(info.depth, 16 + 2);
}
END_TEST

START_TEST(some_matrix_units_do_not_compute_with_halves)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_COOPMAT, HCB_PRECISION_F32X2, {16, 16, 16}};
    setenv("HCBENCH_MATRIX_UNITS", _i == 0 ? "amd" : "intel", 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(hcb_device_supports(device, &c), HCB_UNSUPPORTED);
    ck_assert_str_eq(hcb_error(ctx), "matmul_units.cl does not compute in f32x2 yet");
    hcb_device_close(device);
}
END_TEST

START_TEST(devices_without_matrix_units_say_so)
{
    const struct hcb_case c = {
        HCB_OP_MATMUL, HCB_IMPL_COOPMAT, HCB_PRECISION_F16F32, {16, 16, 16}};
    for (size_t d = 0; d < device_count; d++) {
        struct hcb_device *device = open_device(devices[d].id);
        if (devices[d].software) {
            ck_assert_int_eq(hcb_device_supports(device, &c), HCB_UNSUPPORTED);
            ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "no matrix units"));
        }
        hcb_device_close(device);
    }
}
END_TEST

/* --------------------------------------------------------------- description */

START_TEST(devices_are_described)
{
    for (size_t d = 0; d < device_count; d++) {
        const struct hcb_device_info *info = &devices[d];
        ck_assert_str_ne(info->name, "");
        ck_assert_str_ne(info->driver, "");
        ck_assert_str_ne(info->driver_version, "");
        ck_assert_int_eq(strncmp(info->api_version, "OpenCL ", 7), 0);
        ck_assert_ptr_null(strchr(info->api_version + 7, ' '));
        ck_assert_uint_gt(info->compute_units, 0);
        ck_assert_uint_gt(info->memory_bytes, 0);
        ck_assert_uint_gt(info->max_buffer_bytes, 0);
        if (info->software)
            ck_assert_uint_eq(info->cache_bytes, hcbi_host_cache());
        ck_assert(!info->host_memory);
        if (info->type == HCB_DEVICE_CPU)
            ck_assert(info->software);
        if (strcmp(info->driver, "PoCL") == 0 && info->type == HCB_DEVICE_CPU)
            ck_assert_str_ne(info->target, "");
    }
}
END_TEST

/* ----------------------------------------------------------------- the suite */

static TCase *new_case(Suite *s, const char *name)
{
    TCase *tests = tcase_create(name);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(s, tests);
    return tests;
}

static Suite *suite(void)
{
    Suite *s = suite_create("opencl");
    TCase *kernels_case = new_case(s, "kernels");
    tcase_add_loop_test(kernels_case, all_shapes_are_right, 0, KERNELS_COUNT * HCB_PRECISION_COUNT);
    tcase_add_loop_test(kernels_case, variants_are_right, 0, KERNELS_COUNT * HCB_PRECISION_COUNT);
    tcase_add_loop_test(kernels_case, extras_are_right, 0, KERNELS_COUNT * HCB_PRECISION_COUNT);
    tcase_add_loop_test(kernels_case, passes_over_k_add_up, 0, 2);
    tcase_add_loop_test(kernels_case, a_small_extent_takes_the_thin_kernels, 0, 12);
    tcase_add_loop_test(kernels_case, a_large_c_is_written_whole, 0, 9);
#ifdef HAVE_CLBLAST
    TCase *clblast = new_case(s, "clblast");
    tcase_add_loop_test(clblast, a_process_runs_clblast_one_way, 0, 4);
    tcase_add_loop_test(clblast, tuned_clblast_is_right_on_gpus, 0, 2);
    tcase_add_test(clblast, plans_of_clblast_keep_their_parameters);
    tcase_add_loop_test(clblast, limits_of_clblast_are_its_kernels, 0, 6);
    tcase_add_test(clblast, tuned_clblast_fits_into_small_groups);
#endif
    TCase *parameters = new_case(s, "parameters");
    tcase_add_test(parameters, parameters_that_do_not_fit_are_refused);
    tcase_add_test(parameters, limits_of_tiles_are_the_devices);
    tcase_add_loop_test(parameters, parameters_are_those_of_the_kernels, 0, 2);
    TCase *sweeps = new_case(s, "sweeps");
    tcase_set_tags(sweeps, "sweep");
    tcase_add_loop_test(sweeps, parameters_give_right_results, 0, 10);
    TCase *unit_sweeps = new_case(s, "sweeps of matrix units");
    tcase_set_tags(unit_sweeps, "sweep");
    tcase_add_loop_test(unit_sweeps, parameters_of_units_give_right_results, 0, 6);
    TCase *tiles = new_case(s, "tiles for GPUs");
    tcase_add_loop_test(tiles, every_geometry_is_right, 0, sizeof geometries / sizeof *geometries);
    tcase_add_test(tiles, parts_of_k_have_their_depth_and_memory);
    TCase *halves = new_case(s, "f32x2");
    tcase_add_loop_test(halves, halves_are_right_in_every_bit, 0, 2);
    tcase_add_loop_test(halves, f32x2_without_mixed_products_is_wrong, 0, 4);
    TCase *groups_case = new_case(s, "small groups");
    tcase_add_loop_test(groups_case, sums_fit_into_small_groups, 0, GROUPS_COUNT);
    tcase_add_loop_test(groups_case, small_groups_have_their_depth, 0, GROUPS_COUNT);
    tcase_add_test(groups_case, items_are_a_choice_within_limits);
    tcase_add_loop_test(groups_case, products_fit_into_small_groups, 0, 4);
    tcase_add_test(groups_case, groups_that_are_too_large_are_refused);
    TCase *units = new_case(s, "matrix units");
    tcase_add_loop_test(units, kernels_on_matrix_units_are_right, 0, UNIT_KERNELS_COUNT);
    tcase_add_loop_test(units, wrong_matrix_units_are_refused, 0, (UNIT_KERNELS_COUNT + 2) / 3);
    tcase_add_test(units, units_are_refused_where_groups_do_not_fit);
    tcase_add_loop_test(units, units_need_all_products_of_halves, 0, 3);
    tcase_add_loop_test(units, units_need_waits_and_barriers, 0, 6);
    tcase_add_loop_test(units, parameters_of_units_keep_limits, 0, 5);
    tcase_add_test(units, units_count_memory_and_depth_of_halves);
    tcase_add_loop_test(units, some_matrix_units_do_not_compute_with_halves, 0, 2);
    tcase_add_test(units, devices_without_matrix_units_say_so);
    TCase *rest = new_case(s, "errors and devices");
    tcase_add_test(rest, scratch_that_does_not_fit_is_refused);
    tcase_add_test(rest, impls_say_what_they_lack);
    tcase_add_test(rest, native_errors_have_names);
    tcase_add_test(rest, a_broken_kernel_is_an_error_with_its_line);
    tcase_add_test(rest, a_second_shape_does_not_compile);
    tcase_add_test(rest, devices_are_described);
    return s;
}

/* In a sanitizer build, LeakSanitizer's tracer dies of PoCL's threads now and
 * then; addresses are still checked. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

int main(void)
{
    if (!check_platform_present("opencl"))
        return 77;
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_ENV);
    const int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? 0 : 1;
}
