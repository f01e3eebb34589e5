/* SPDX-License-Identifier: Apache-2.0 */
/* Platforms, devices, buffers and plans through the null platform: ids, counts,
 * limits, and what the user reads when a step fails. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "context.h"
#include "suite.h"

static struct hcb_ctx *ctx;
static struct hcb_device *device;
static struct hcb_queue *queue;
static struct hcb_buffer *buffers[HCB_OPERANDS_MAX];
static struct hcb_plan *plan;

static struct hcb_case product(uint64_t m, uint64_t n, uint64_t k)
{
    return (struct hcb_case){HCB_OP_MATMUL, HCB_IMPL_NATIVE, HCB_PRECISION_F32, {m, n, k}};
}

static void set_up(void)
{
    unsetenv("HCBENCH_NULL");
    ctx = hcb_ctx_new();
    ck_assert_ptr_nonnull(ctx);
    device = NULL;
    queue = NULL;
    plan = NULL;
    memset(buffers, 0, sizeof buffers);
}

static void tear_down(void)
{
    hcb_plan_free(plan);
    for (size_t i = 0; i < HCB_OPERANDS_MAX; i++)
        hcb_buffer_free(buffers[i]);
    hcb_queue_free(queue);
    hcb_device_close(device);
    hcb_ctx_free(ctx);
    unsetenv("HCBENCH_NULL");
}

static void expect_error(enum hcb_status got, enum hcb_status status, const char *text)
{
    ck_assert_int_eq((int)got, (int)status);
    ck_assert_str_eq(hcb_error(ctx), text);
}

static unsigned platform(const char *name)
{
    const int number = hcb_word(hcb_platform_name, name);
    ck_assert_int_ge(number, 0);
    return (unsigned)number;
}

static void open_null(const char *behaviour)
{
    setenv("HCBENCH_NULL", behaviour, 1);
    ck_assert_int_eq((int)hcb_device_open(ctx, "null:0", &device), (int)HCB_OK);
    ck_assert_int_eq((int)hcb_queue_new(device, &queue), (int)HCB_OK);
}

/* Uploads integers, makes a plan. */
static enum hcb_status prepare(const struct hcb_case *c)
{
    enum hcb_status status = HCB_OK;
    for (unsigned i = 0; i < hcb_op_operands(c->op) && status == HCB_OK; i++) {
        const uint64_t bytes = hcb_operand_bytes(c, i);
        void *data = malloc(bytes);
        ck_assert_ptr_nonnull(data);
        if (i + 1 < hcb_op_operands(c->op))
            hcb_fill_operand(c, i, HCB_FILL_INTEGER, 1, 0, hcb_operand_elements(c, i), data);
        else
            hcb_poison(hcb_operand_type(c, i), data, hcb_operand_elements(c, i));
        status = hcb_buffer_new(device, bytes, &buffers[i]);
        if (status == HCB_OK)
            status = hcb_buffer_upload(queue, buffers[i], 0, data, bytes);
        free(data);
    }
    return status == HCB_OK ? hcb_plan_new(queue, c, buffers, &plan) : status;
}

/* --------------------------------------------------------------- platforms */

START_TEST(platforms)
{
    static const char *const names[] = {"cpu", "opencl", "vulkan", "null"};
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_str_eq(hcb_platform_name(i), names[i]);
        ck_assert(hcb_platform_is_test(i) == (i == 3));
    }
    ck_assert_ptr_null(hcb_platform_name(4));
    ck_assert(!hcb_platform_is_test(4));
    ck_assert_uint_eq(hcb_platform_offers(4, HCB_OP_SUM, HCB_IMPL_REF, HCB_SUM_PLAIN), 0);
    ck_assert_uint_eq(hcb_platform_offers(platform("cpu"), HCB_OP_COUNT, HCB_IMPL_REF, HCB_SUM_PLAIN), 0);
    ck_assert_uint_eq(hcb_platform_offers(platform("cpu"), HCB_OP_SUM, HCB_IMPL_COUNT, HCB_SUM_PLAIN), 0);
    ck_assert_uint_eq(hcb_platform_offers(platform("cpu"), HCB_OP_SUM, HCB_IMPL_CLBLAST, HCB_SUM_PLAIN), 0);
    ck_assert_uint_ne(hcb_platform_offers(platform("null"), HCB_OP_SUM, HCB_IMPL_NATIVE, HCB_SUM_PLAIN), 0);
    ck_assert_uint_eq(hcb_platform_offers(platform("cpu"), HCB_OP_MATMUL, HCB_IMPL_NATIVE, HCB_SUM_PLAIN),
                      1u << HCB_PRECISION_I8I32);
    /* Only sums and dot products of our own kernels have variants. */
    ck_assert_uint_eq(hcb_platform_offers(platform("null"), HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_SUM_F64), 0);
    ck_assert_uint_eq(hcb_platform_offers(platform("null"), HCB_OP_SUM, HCB_IMPL_TILE, HCB_SUM_COUNT), 0);
    ck_assert_uint_eq(hcb_platform_offers(platform("cpu"), HCB_OP_DOT, HCB_IMPL_OPENBLAS, HCB_SUM_NEUMAIER), 0);
    ck_assert_uint_eq(hcb_platform_offers(platform("null"), HCB_OP_SUM, HCB_IMPL_TILE, HCB_SUM_F64) >>
                          HCB_PRECISION_F64 & 1, 0);
    ck_assert(hcb_platform_offers(platform("cpu"), HCB_OP_SUM, HCB_IMPL_NATIVE, HCB_SUM_NEUMAIER) >>
                  HCB_PRECISION_F32 & 1);
    ck_assert_str_eq(hcb_error(ctx), "");
}
END_TEST

START_TEST(devices_of_null)
{
    const struct hcb_device_info *devices = NULL;
    size_t count = 0;
    setenv("HCBENCH_NULL", "ok,wrong,fail-run", 1);
    ck_assert_int_eq((int)hcb_platform_devices(ctx, platform("null"), &devices, &count), (int)HCB_OK);
    ck_assert_uint_eq(count, 3);
    for (size_t i = 0; i < count; i++) {
        char id[32];
        snprintf(id, sizeof id, "null:%zu", i);
        ck_assert_str_eq(devices[i].id, id);
        ck_assert_str_eq(devices[i].platform, "null");
    }
    ck_assert_str_eq(devices[1].name, "null device (wrong)");
    /* Asked once: the answer stays. */
    setenv("HCBENCH_NULL", "ok", 1);
    ck_assert_int_eq((int)hcb_platform_devices(ctx, platform("null"), &devices, &count), (int)HCB_OK);
    ck_assert_uint_eq(count, 3);
}
END_TEST

START_TEST(no_device)
{
    const struct hcb_device_info *devices = NULL;
    size_t count = 77;
    for (int again = 0; again < 2; again++) { /* the reason is remembered */
        expect_error(hcb_platform_devices(ctx, platform("null"), &devices, &count), HCB_UNSUPPORTED,
                     "HCBENCH_NULL names no device");
        ck_assert(devices == NULL && count == 77);
        hcb_device_open(ctx, "nonsense", &device);
    }
    expect_error(hcb_platform_devices(ctx, 99, &devices, &count), HCB_ERROR,
                 "there is no platform number 99");
}
END_TEST

START_TEST(platform_not_built)
{
    const struct hcb_device_info *devices = NULL;
    size_t count = 77;
    for (unsigned i = 0; hcb_platform_name(i) != NULL; i++) {
        char text[64];
        if (hcb_platform_offers(i, HCB_OP_SUM, HCB_IMPL_TILE, HCB_SUM_PLAIN) != 0 ||
            hcb_platform_offers(i, HCB_OP_SUM, HCB_IMPL_REF, HCB_SUM_PLAIN) != 0)
            continue;
        snprintf(text, sizeof text, "this hcbench was built without %s", hcb_platform_name(i));
        expect_error(hcb_platform_devices(ctx, i, &devices, &count), HCB_UNSUPPORTED, text);
    }
}
END_TEST

START_TEST(ids)
{
    static const struct {
        const char *id, *text;
        enum hcb_status status;
    } rows[] = {
        {"null:2", "there is no device null:2; null has 2", HCB_UNSUPPORTED},
        {"null:18446744073709551616", "there is no device null:18446744073709551616; null has 2",
         HCB_UNSUPPORTED},
        {"null", "'null' is not a device id such as 'opencl:0'", HCB_ERROR},
        {"null:", "'null:' is not a device id such as 'opencl:0'", HCB_ERROR},
        {"null:x", "'null:x' is not a device id such as 'opencl:0'", HCB_ERROR},
        {"null:-1", "'null:-1' is not a device id such as 'opencl:0'", HCB_ERROR},
        {"null: 1", "'null: 1' is not a device id such as 'opencl:0'", HCB_ERROR},
        {"null:1x", "'null:1x' is not a device id such as 'opencl:0'", HCB_ERROR},
        {"nul:0", "'nul:0' is not a device id such as 'opencl:0'", HCB_ERROR},
        {"nulls:0", "'nulls:0' is not a device id such as 'opencl:0'", HCB_ERROR},
        {"", "'' is not a device id such as 'opencl:0'", HCB_ERROR},
        {":0", "':0' is not a device id such as 'opencl:0'", HCB_ERROR},
    };
    setenv("HCBENCH_NULL", "ok,ok", 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expect_error(hcb_device_open(ctx, rows[i].id, &device), rows[i].status, rows[i].text);
        ck_assert_ptr_null(device);
    }
    ck_assert_int_eq((int)hcb_device_open(ctx, "null:1", &device), (int)HCB_OK);
    ck_assert_str_eq(hcb_device_info(device)->id, "null:1");
}
END_TEST

/* ------------------------------------------------------------------ limits */

START_TEST(refusals_in_words)
{
    open_null("ok"); /* 1 GiB of memory, buffers of 512 MiB */
    struct hcb_case c = product(65536, 65536, 65536);
    c.precision = HCB_PRECISION_F64;
    expect_error(hcb_device_supports(device, &c), HCB_UNSUPPORTED,
                 "matmul f64 65536x65536x65536 needs 96 GiB, null:0 has 1 GiB");
    c = (struct hcb_case){HCB_OP_SUM, HCB_IMPL_NATIVE, HCB_PRECISION_F32, {1, 200 << 20, 1}};
    expect_error(hcb_device_supports(device, &c), HCB_UNSUPPORTED,
                 "sum f32 209715200 needs one buffer of 800 MiB, null:0 allows 512 MiB");
    c = product(1, 1, 1);
    c.impl = HCB_IMPL_CLBLAST;
    expect_error(hcb_device_supports(device, &c), HCB_UNSUPPORTED, "null/clblast has no f32 matmul");
    c = product(0, 1, 1);
    expect_error(hcb_device_supports(device, &c), HCB_ERROR, "the shape of a matmul is empty or too large");
    c = product(1, 1, 1);
    ck_assert_int_eq((int)hcb_device_supports(device, &c), (int)HCB_OK);
    ck_assert_uint_eq(hcb_device_peak_bytes(device), 0);
}
END_TEST

START_TEST(plans_are_checked)
{
    open_null("ok");
    struct hcb_case c = product(2, 2, 2), other = product(2, 3, 2);
    ck_assert_int_eq((int)prepare(&c), (int)HCB_OK);
    struct hcb_plan *second = NULL;
    expect_error(hcb_plan_new(queue, &other, buffers, &second), HCB_ERROR,
                 "operand 1 has 16 bytes, not 24, null:0, matmul f32 2x3x2");
    other = product(1 << 15, 1 << 15, 1);
    expect_error(hcb_plan_new(queue, &other, buffers, &second), HCB_UNSUPPORTED,
                 "matmul f32 32768x32768x1 needs 4.0 GiB, null:0 has 1 GiB");
    ck_assert_ptr_null(second);
    struct hcb_timing timing = {.host_ns = 77};
    expect_error(hcb_plan_run(plan, 0, &timing), HCB_ERROR, "0 launches, null:0, matmul f32 2x2x2");
    ck_assert_uint_eq(timing.host_ns, 77);
    ck_assert_int_eq((int)hcb_plan_run(plan, 2, &timing), (int)HCB_OK);
    ck_assert(timing.host_valid && timing.device_valid);
}
END_TEST

START_TEST(copies_stay_inside)
{
    enum { SIZE = 100 };
    static const struct {
        uint64_t offset, bytes;
        bool inside;
    } rows[] = {{0, SIZE, true},       {SIZE, 0, true},    {99, 1, true},          {0, 0, true},
                {0, SIZE + 1, false},  {SIZE, 1, false},   {SIZE + 1, 0, false},   {1, SIZE, false},
                {UINT64_MAX, 2, false}, {2, UINT64_MAX, false}};
    char data[SIZE + 1], back[SIZE];
    open_null("ok");
    ck_assert_int_eq((int)hcb_buffer_new(device, SIZE, &buffers[0]), (int)HCB_OK);
    memset(data, 'd', sizeof data);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const enum hcb_status up =
            hcb_buffer_upload(queue, buffers[0], rows[i].offset, data, rows[i].bytes);
        const enum hcb_status down =
            hcb_buffer_download(queue, buffers[0], rows[i].offset, data, rows[i].bytes);
        ck_assert_msg((up == HCB_OK) == rows[i].inside && up == down, "row %zu", i);
        if (!rows[i].inside)
            expect_error(up, HCB_ERROR, "a copy outside of a buffer of 100 bytes, null:0");
    }
    ck_assert_int_eq((int)hcb_buffer_upload(queue, buffers[0], 50, "middle", 6), (int)HCB_OK);
    ck_assert_int_eq((int)hcb_buffer_download(queue, buffers[0], 0, back, SIZE), (int)HCB_OK);
    ck_assert_mem_eq(back + 49, "dmiddled", 8);
    expect_error(hcb_buffer_new(device, 0, &buffers[1]), HCB_ERROR, "a buffer of 0 bytes, null:0");
    ck_assert_ptr_null(buffers[1]);
}
END_TEST

START_TEST(peak_bytes)
{
    struct hcb_buffer *more = NULL;
    open_null("ok");
    ck_assert_int_eq((int)hcb_buffer_new(device, 1000, &buffers[0]), (int)HCB_OK);
    ck_assert_int_eq((int)hcb_buffer_new(device, 500, &more), (int)HCB_OK);
    ck_assert_uint_eq(hcb_device_peak_bytes(device), 1500);
    hcb_buffer_free(more);
    ck_assert_int_eq((int)hcb_buffer_new(device, 400, &buffers[1]), (int)HCB_OK);
    ck_assert_uint_eq(hcb_device_peak_bytes(device), 1500);
    ck_assert_int_eq((int)hcb_buffer_new(device, 200, &buffers[2]), (int)HCB_OK);
    ck_assert_uint_eq(hcb_device_peak_bytes(device), 1600);
}
END_TEST

/* A plan has its operands and what its queue copies through, not its neighbours'. */
START_TEST(bytes_of_a_plan)
{
    const struct hcb_case c = product(4, 5, 6);
    struct hcb_buffer *other = NULL;
    open_null("ok");
    ck_assert_int_eq((int)prepare(&c), (int)HCB_OK);
    ck_assert_int_eq((int)hcb_buffer_new(device, 5000, &other), (int)HCB_OK);
    const uint64_t operands = 4 * (4 * 6 + 6 * 5 + 4 * 5);
    ck_assert_uint_eq(hcb_plan_device_bytes(plan), operands);
    hcbi_queue_hold(queue, 700);
    hcbi_queue_hold(queue, 11);
    ck_assert_uint_eq(hcb_plan_device_bytes(plan), operands + 711);
    plan->info.scratch_bytes = 3;
    ck_assert_uint_eq(hcb_plan_device_bytes(plan), operands + 714);
    plan->info.scratch_bytes = 0;
    ck_assert_uint_eq(hcb_device_peak_bytes(device), operands + 5711);
    hcb_buffer_free(other);
    ck_assert_uint_eq(device->held_bytes, operands + 711);
    hcb_plan_free(plan);
    plan = NULL;
    hcb_queue_free(queue);
    queue = NULL;
    ck_assert_uint_eq(device->held_bytes, operands);
}
END_TEST

/* What was not given was not held. */
START_TEST(failed_buffers_are_not_held)
{
    open_null("fail-buffer");
    ck_assert_int_eq((int)hcb_buffer_new(device, 1000, &buffers[0]), (int)HCB_ERROR);
    ck_assert_uint_eq(hcb_device_peak_bytes(device), 0);
}
END_TEST

START_TEST(freeing_nothing)
{
    hcb_plan_free(NULL);
    hcb_buffer_free(NULL);
    hcb_queue_free(NULL);
    hcb_device_close(NULL);
    hcb_ctx_free(NULL);
}
END_TEST

/* ------------------------------------------------------------- misbehaviour */

/* Each step that can fail, and the whole line that the user reads. */
static const struct {
    const char *behaviour, *text;
} faults[] = {
    {"fail-describe", "NULL_FAILURE (-5) from describe, null:0"},
    {"fail-open", "NULL_FAILURE (-5) from open, null:0"},
    {"fail-queue", "NULL_FAILURE (-5) from queue, null:0"},
    {"fail-buffer", "NULL_FAILURE (-5) from buffer, null:0"},
    {"fail-upload", "NULL_FAILURE (-5) from upload, null:0"},
    {"fail-plan", "NULL_FAILURE (-5) from plan, null:0, matmul f32 1x1x1"},
    {"fail-run", "NULL_FAILURE (-5) from run, null:0, matmul f32 1x1x1"},
    {"fail-download", "NULL_FAILURE (-5) from download, null:0"},
};

START_TEST(faults_at_each_step)
{
    const struct hcb_case c = product(1, 1, 1);
    struct hcb_timing timing = {.host_ns = 77};
    float result = 0;
    setenv("HCBENCH_NULL", faults[_i].behaviour, 1);
    enum hcb_status status = hcb_device_open(ctx, "null:0", &device);
    if (status == HCB_OK)
        status = hcb_queue_new(device, &queue);
    if (status == HCB_OK)
        status = prepare(&c);
    if (status == HCB_OK)
        status = hcb_plan_run(plan, 1, &timing);
    if (status == HCB_OK)
        status = hcb_buffer_download(queue, buffers[2], 0, &result, sizeof result);
    expect_error(status, HCB_ERROR, faults[_i].text);
    ck_assert(strstr(faults[_i].text, "download") != NULL || timing.host_ns == 77);
}
END_TEST

static bool is_transfer(enum hcb_op op)
{
    return op == HCB_OP_UPLOAD || op == HCB_OP_DOWNLOAD;
}

/* Runs a case on a null device and verifies the result. */
static enum hcb_status verified(const char *behaviour, enum hcb_op op)
{
    const struct hcb_case c = {op, is_transfer(op) ? HCB_IMPL_PAGEABLE : HCB_IMPL_NATIVE,
                               HCB_PRECISION_F32,
                               op == HCB_OP_MATMUL   ? (struct hcb_shape){5, 7, 3}
                               : op == HCB_OP_LAUNCH ? (struct hcb_shape){1, 1, 1}
                                                     : (struct hcb_shape){1, 100, 1}};
    const unsigned last = hcb_op_operands(op) - 1;
    struct hcb_timing timing;
    struct hcb_verdict verdict;
    void *host[HCB_OPERANDS_MAX] = {NULL};
    open_null(behaviour);
    ck_assert_int_eq((int)prepare(&c), (int)HCB_OK);
    ck_assert_int_eq((int)hcb_plan_run(plan, 3, &timing), (int)HCB_OK);
    for (unsigned i = 0; i <= last; i++) {
        const uint64_t bytes = hcb_operand_bytes(&c, i);
        host[i] = malloc(bytes);
        ck_assert_ptr_nonnull(host[i]);
        ck_assert_int_eq((int)hcb_buffer_download(queue, buffers[i], 0, host[i], bytes), (int)HCB_OK);
    }
    hcb_verify(&c, (const void *[]){host[0], host[1]}, host[last],
               &(struct hcb_verify_options){.exact = true}, &verdict);
    for (unsigned i = 0; i <= last; i++)
        free(host[i]);
    return verdict.status;
}

START_TEST(null_computes)
{
    ck_assert_int_eq((int)verified("ok", (enum hcb_op)_i), (int)HCB_OK);
}
END_TEST

/* The core makes transfers of the platform's copies, which null does right; see
 * below. */
START_TEST(null_is_wrong)
{
    if (is_transfer((enum hcb_op)_i))
        return;
    ck_assert_int_eq((int)verified("wrong", (enum hcb_op)_i), (int)HCB_WRONG);
}
END_TEST

START_TEST(null_leaves_output_unwritten)
{
    if (is_transfer((enum hcb_op)_i))
        return;
    ck_assert_int_eq((int)verified("unwritten", (enum hcb_op)_i), (int)HCB_WRONG);
}
END_TEST

/* --------------------------------------------------- transfers and launches */

static unsigned uploads, downloads, runs, most_launches;

static enum hcb_status count_upload(struct hcb_queue *q, struct hcb_buffer *buffer, uint64_t offset,
                                    const void *data, uint64_t bytes)
{
    uploads++;
    return hcbi_null_ops.upload(q, buffer, offset, data, bytes);
}

static enum hcb_status count_download(struct hcb_queue *q, struct hcb_buffer *buffer,
                                      uint64_t offset, void *data, uint64_t bytes)
{
    downloads++;
    return hcbi_null_ops.download(q, buffer, offset, data, bytes);
}

/* Succeed and leave the last byte alone. */
static enum hcb_status short_upload(struct hcb_queue *q, struct hcb_buffer *buffer, uint64_t offset,
                                    const void *data, uint64_t bytes)
{
    return hcbi_null_ops.upload(q, buffer, offset, data, bytes - 1);
}

static enum hcb_status short_download(struct hcb_queue *q, struct hcb_buffer *buffer,
                                      uint64_t offset, void *data, uint64_t bytes)
{
    return hcbi_null_ops.download(q, buffer, offset, data, bytes - 1);
}

static enum hcb_status count_run(struct hcb_plan *p, uint32_t launches, struct hcb_timing *timing)
{
    runs++;
    most_launches = launches > most_launches ? launches : most_launches;
    timing->host_ns = 1000;
    timing->device_ns = 10;
    timing->host_valid = true;
    timing->device_valid = runs != 3 || plan->task.op != HCB_OP_LAUNCH;
    return p->task.op == HCB_OP_LAUNCH ? HCB_OK : HCB_ERROR;
}

/* A case of 17 integers on a null device whose callbacks are `ops`, the output
 * poisoned; the plan is made and nothing is run. */
static void prepare_on(struct hcb_platform_ops *ops, enum hcb_op op, enum hcb_impl impl)
{
    const struct hcb_case c = {op, impl, HCB_PRECISION_F32, {1, op == HCB_OP_LAUNCH ? 1 : 17, 1}};
    open_null("ok");
    ck_assert_int_eq((int)prepare(&c), (int)HCB_OK);
    device->ops = ops;
    uploads = downloads = runs = most_launches = 0;
}

static enum hcb_status verdict_of(struct hcb_verdict *verdict)
{
    float x[17], z[17];
    hcbi_null_ops.download(queue, buffers[0], 0, x, sizeof x);
    hcbi_null_ops.download(queue, buffers[1], 0, z, sizeof z);
    return hcb_verify(&plan->task, (const void *[]){x, NULL}, z,
                      &(struct hcb_verify_options){.exact = true}, verdict);
}

START_TEST(transfers_are_copies_by_the_host_clock)
{
    const enum hcb_op op = _i == 0 ? HCB_OP_UPLOAD : HCB_OP_DOWNLOAD;
    static struct hcb_platform_ops ops; /* outlives the device */
    struct hcb_timing timing;
    struct hcb_verdict verdict;
    ops = hcbi_null_ops;
    ops.upload = count_upload;
    ops.download = count_download;
    ops.plan_run = count_run;
    prepare_on(&ops, op, HCB_IMPL_PAGEABLE);
    ck_assert_int_eq((int)hcb_plan_run(plan, 5, &timing), (int)HCB_OK);
    ck_assert_uint_eq(uploads, op == HCB_OP_UPLOAD ? 5 : 1);
    ck_assert_uint_eq(downloads, op == HCB_OP_UPLOAD ? 1 : 5);
    ck_assert_uint_eq(runs, 0);
    ck_assert(timing.host_valid && !timing.device_valid && timing.host_ns > 0);
    ck_assert_int_eq((int)verdict_of(&verdict), (int)HCB_OK);
}
END_TEST

/* A timed copy that is not whole is seen in the output, also the second time. */
START_TEST(short_transfers_are_wrong)
{
    const enum hcb_op op = _i == 0 ? HCB_OP_UPLOAD : HCB_OP_DOWNLOAD;
    static struct hcb_platform_ops ops, good; /* outlive the device */
    struct hcb_timing timing;
    struct hcb_verdict verdict;
    ops = good = hcbi_null_ops;
    if (op == HCB_OP_UPLOAD)
        ops.upload = short_upload;
    else
        ops.download = short_download;
    prepare_on(&good, op, HCB_IMPL_PAGEABLE);
    for (int run = 0; run < 2; run++) {
        float poison[17];
        hcb_poison(HCB_TYPE_F32, poison, 17);
        hcbi_null_ops.upload(queue, buffers[1], 0, poison, sizeof poison);
        device->ops = run == 0 ? &good : &ops;
        ck_assert_int_eq((int)hcb_plan_run(plan, 2, &timing), (int)HCB_OK);
        ck_assert_int_eq((int)verdict_of(&verdict), (int)(run == 0 ? HCB_OK : HCB_WRONG));
    }
}
END_TEST

START_TEST(null_has_no_pinned_memory)
{
    const struct hcb_case c = {HCB_OP_UPLOAD, HCB_IMPL_PINNED, HCB_PRECISION_F32, {1, 9, 1}};
    open_null("ok");
    expect_error(hcb_device_supports(device, &c), HCB_UNSUPPORTED,
                 "null provides no pinned host memory");
}
END_TEST

START_TEST(launches_are_waited_for_one_by_one)
{
    static struct hcb_platform_ops ops; /* outlives the device */
    struct hcb_timing timing;
    ops = hcbi_null_ops;
    ops.plan_run = count_run;
    prepare_on(&ops, HCB_OP_LAUNCH, HCB_IMPL_NATIVE);
    ck_assert_int_eq((int)hcb_plan_run(plan, 2, &timing), (int)HCB_OK);
    ck_assert_uint_eq(runs, 2);
    ck_assert_uint_eq(most_launches, 1);
    ck_assert_uint_eq(timing.host_ns, 2000);
    ck_assert_uint_eq(timing.device_ns, 20);
    ck_assert(timing.host_valid && timing.device_valid);
    /* One launch without a device time leaves none of the sum. */
    ck_assert_int_eq((int)hcb_plan_run(plan, 2, &timing), (int)HCB_OK);
    ck_assert(timing.host_valid && !timing.device_valid);
}
END_TEST

/* A driver's text becomes one line and is cut where the room ends. */
START_TEST(error_texts)
{
    char longer[2000];
    memset(longer, 'e', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    expect_error(hcbi_fail(ctx, HCB_ERROR, "build failed:\nline %d\r\tend", 2), HCB_ERROR,
                 "build failed: line 2  end");
    expect_error(hcbi_fail(ctx, HCB_ERROR, "again: %s", hcb_error(ctx)), HCB_ERROR,
                 "again: build failed: line 2  end");
    hcbi_fail(ctx, HCB_ERROR, "%s", longer);
    hcbi_fail_where(ctx, "null:0");
    ck_assert_uint_lt(strlen(hcb_error(ctx)), sizeof ctx->error);
    expect_error(hcbi_fail_memory(ctx, UINT64_C(3) << 29), HCB_ERROR, "out of memory (1.5 GiB)");
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("registry");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, platforms);
    tcase_add_test(tests, devices_of_null);
    tcase_add_test(tests, no_device);
    tcase_add_test(tests, platform_not_built);
    tcase_add_test(tests, ids);
    tcase_add_test(tests, refusals_in_words);
    tcase_add_test(tests, plans_are_checked);
    tcase_add_test(tests, copies_stay_inside);
    tcase_add_test(tests, peak_bytes);
    tcase_add_test(tests, bytes_of_a_plan);
    tcase_add_test(tests, failed_buffers_are_not_held);
    tcase_add_test(tests, freeing_nothing);
    tcase_add_loop_test(tests, faults_at_each_step, 0, sizeof faults / sizeof *faults);
    tcase_add_loop_test(tests, null_computes, 0, HCB_OP_COUNT);
    tcase_add_loop_test(tests, null_is_wrong, 0, HCB_OP_COUNT);
    tcase_add_loop_test(tests, null_leaves_output_unwritten, 0, HCB_OP_COUNT);
    tcase_add_loop_test(tests, transfers_are_copies_by_the_host_clock, 0, 2);
    tcase_add_loop_test(tests, short_transfers_are_wrong, 0, 2);
    tcase_add_test(tests, null_has_no_pinned_memory);
    tcase_add_test(tests, launches_are_waited_for_one_by_one);
    tcase_add_test(tests, error_texts);
    return suite_run("registry", tests);
}
