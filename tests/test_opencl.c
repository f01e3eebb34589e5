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
static bool must_run(const struct kernels *k, enum hcb_precision precision)
{
    if (precision == HCB_PRECISION_F16)
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
                              (outcome == CHECK_UNSUPPORTED && !must_run(k, precision)),
                          "%s, %s: %s", devices[d].id, k->name, text);
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

/* The files of the kernels that a case runs. */
static void kernels_of(struct hcb_device *device, const struct hcb_case *c, char *files,
                       size_t size)
{
    struct hcb_buffer *operands[HCB_OPERANDS_MAX] = {NULL};
    struct hcb_queue *queue = NULL;
    struct hcb_plan *plan = NULL;
    ck_assert_int_eq(hcb_queue_new(device, &queue), HCB_OK);
    for (unsigned i = 0; i < hcb_op_operands(c->op); i++)
        ck_assert_int_eq(hcb_buffer_new(device, hcb_operand_bytes(c, i), &operands[i]), HCB_OK);
    ck_assert_msg(hcb_plan_new(queue, c, operands, &plan) == HCB_OK, "%s", hcb_error(ctx));
    snprintf(files, size, "%s", hcb_plan_info(plan)->kernels);
    hcb_plan_free(plan);
    for (unsigned i = 0; i < hcb_op_operands(c->op); i++)
        hcb_buffer_free(operands[i]);
    hcb_queue_free(queue);
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
    struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, cases[_i].shape};
    char files[96];
    setenv("HCBENCH_KERNEL_CLASS", "cpu", 1);
    struct hcb_device *device = open_device(devices[0].id);
    kernels_of(device, &c, files, sizeof files);
    ck_assert_str_eq(files, cases[_i].kernels);
    hcb_device_close(device);
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

START_TEST(tuned_clblast_is_for_cpu_drivers_so_far)
{
    const struct hcb_case c = {
        HCB_OP_MATMUL, HCB_IMPL_CLBLAST_TUNED, HCB_PRECISION_F32, {600, 520, 550}};
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    struct hcb_device *device = open_device(devices[0].id);
    ck_assert_int_eq(hcb_device_supports(device, &c), HCB_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), "class of device"));
    hcb_device_close(device);
}
END_TEST
#endif

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

static Suite *suite(void)
{
    Suite *s = suite_create("opencl");
    TCase *kernels_case = tcase_create("kernels"), *rest = tcase_create("errors and devices");
    tcase_add_checked_fixture(kernels_case, set_up, tear_down);
    tcase_set_timeout(kernels_case, 300);
    tcase_add_loop_test(kernels_case, all_shapes_are_right, 0, KERNELS_COUNT * HCB_PRECISION_COUNT);
    tcase_add_loop_test(kernels_case, extras_are_right, 0, KERNELS_COUNT * HCB_PRECISION_COUNT);
    tcase_add_loop_test(kernels_case, passes_over_k_add_up, 0, 2);
    tcase_add_loop_test(kernels_case, a_small_extent_takes_the_thin_kernels, 0, 12);
    tcase_add_loop_test(kernels_case, a_large_c_is_written_whole, 0, 9);
#ifdef HAVE_CLBLAST
    tcase_add_loop_test(kernels_case, a_process_runs_clblast_one_way, 0, 4);
    tcase_add_test(kernels_case, tuned_clblast_is_for_cpu_drivers_so_far);
#endif
    suite_add_tcase(s, kernels_case);
    tcase_add_checked_fixture(rest, set_up, tear_down);
    tcase_set_timeout(rest, 300);
    tcase_add_test(rest, scratch_that_does_not_fit_is_refused);
    tcase_add_test(rest, impls_say_what_they_lack);
    tcase_add_test(rest, native_errors_have_names);
    tcase_add_test(rest, a_broken_kernel_is_an_error_with_its_line);
    tcase_add_test(rest, a_second_shape_does_not_compile);
    tcase_add_test(rest, devices_are_described);
    suite_add_tcase(s, rest);
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
