/* SPDX-License-Identifier: Apache-2.0 */
/* CLBlast on OpenCL.  The only file that knows the library. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "opencl.h"

#ifdef HAVE_CLBLAST

#include <clblast_c.h>

/* Failures seen of a driver's versions, [first, last] compared as texts up to the
 * length given; NULL leaves an end open. */
static const struct quirk {
    const char *driver, *first_version, *last_version;
    enum hcb_op op;
    enum hcb_precision precision;
    const char *reason;
} quirks[] = {{.driver = NULL}};

static bool in_range(const char *version, const char *first, const char *last)
{
    return (first == NULL || strncmp(version, first, strlen(first)) >= 0) &&
           (last == NULL || strncmp(version, last, strlen(last)) <= 0);
}

static const char *quirk_of(const struct hcb_device_info *info, const struct hcb_case *c)
{
    for (const struct quirk *quirk = quirks; quirk->driver != NULL; quirk++)
        if (strcmp(quirk->driver, info->driver) == 0 && quirk->op == c->op &&
            quirk->precision == c->precision &&
            in_range(info->driver_version, quirk->first_version, quirk->last_version))
            return quirk->reason;
    return NULL;
}

/* Its kernels count elements with int, and step past the end of a vector. */
static bool fits_in_int(const struct hcb_case *c)
{
    for (unsigned i = 0; i < hcb_op_operands(c->op); i++)
        if (hcb_operand_elements(c, i) > INT32_MAX / 2)
            return false;
    return true;
}

/* The routines by precision; NULL where there is none.  `sum` adds up the
 * elements, not their magnitudes.  The products take their scalars in different
 * types, so they are in call_gemm(). */
static const struct routines {
    const char *gemm_name, *sum_name, *dot_name;
    CLBlastStatusCode (*gemm_bytes)(CLBlastLayout, CLBlastTranspose, CLBlastTranspose, size_t m,
                                    size_t n, size_t k, size_t a_offset, size_t a_stride,
                                    size_t b_offset, size_t b_stride, size_t c_offset,
                                    size_t c_stride, cl_command_queue *, size_t *bytes);
    CLBlastStatusCode (*sum)(size_t n, cl_mem r, size_t r_offset, cl_mem x, size_t x_offset,
                             size_t x_step, cl_command_queue *, cl_event *);
    CLBlastStatusCode (*dot)(size_t n, cl_mem r, size_t r_offset, cl_mem x, size_t x_offset,
                             size_t x_step, cl_mem y, size_t y_offset, size_t y_step,
                             cl_command_queue *, cl_event *);
} routines[HCB_PRECISION_COUNT] = {
    [HCB_PRECISION_F64] = {"CLBlastDgemm", "CLBlastDsum", "CLBlastDdot", CLBlastDGemmTempBufferSize,
                           CLBlastDsum, CLBlastDdot},
    [HCB_PRECISION_F32] = {"CLBlastSgemm", "CLBlastSsum", "CLBlastSdot", CLBlastSGemmTempBufferSize,
                           CLBlastSsum, CLBlastSdot},
    [HCB_PRECISION_F16] = {"CLBlastHgemm", "CLBlastHsum", "CLBlastHdot", CLBlastHGemmTempBufferSize,
                           CLBlastHsum, CLBlastHdot},
};

/* Bytes that a matrix product needs besides its operands. */
static cl_int temporary_bytes(const struct hcb_case *c, cl_command_queue queue, size_t *bytes)
{
    const struct hcb_shape *s = &c->shape;
    *bytes = 0;
    return (cl_int)routines[c->precision].gemm_bytes(CLBlastLayoutRowMajor, CLBlastTransposeNo,
                                                     CLBlastTransposeNo, s->m, s->n, s->k, 0, s->k,
                                                     0, s->n, 0, s->n, &queue, bytes);
}

/* ------------------------------------------------------------------ parameters */

/* Parameters of the library's kernel 0 for large matrices, in the order of the plan's values,
 * and the size below which another kernel runs, which they do not reach. */
enum {
    MWG,
    NWG,
    KWG,
    MDIMC,
    NDIMC,
    MDIMA,
    NDIMB,
    VWM,
    VWN,
    SA,
    SB,
    STRM,
    STRN,
    KWI,
    MIN_SIZE,
    PARAMETER_COUNT,
    XGEMM_COUNT = MIN_SIZE
};

/* All but switches and the size are powers of 2, so that what is at most another divides it. */
static const struct hcb_parameter usual[PARAMETER_COUNT] = {
    [MWG] = {"MWG", 0, {8, 16, 32, 64, 128, 256}, 6},
    [NWG] = {"NWG", 0, {4, 8, 16, 32, 64, 128, 256}, 7},
    [KWG] = {"KWG", 0, {8, 16, 32, 64}, 4},
    [MDIMC] = {"MDIMC", 0, {4, 8, 16, 32}, 4},
    [NDIMC] = {"NDIMC", 0, {4, 8, 16, 32}, 4},
    [MDIMA] = {"MDIMA", 0, {4, 8, 16, 32}, 4},
    [NDIMB] = {"NDIMB", 0, {4, 8, 16, 32}, 4},
    [VWM] = {"VWM", 0, {1, 2, 4, 8, 16}, 5},
    [VWN] = {"VWN", 0, {1, 2, 4, 8, 16}, 5},
    [SA] = {"SA", 0, {0, 1}, 2},
    [SB] = {"SB", 0, {0, 1}, 2},
    [STRM] = {"STRM", 0, {0, 1}, 2},
    [STRN] = {"STRN", 0, {0, 1}, 2},
    [KWI] = {"KWI", 0, {1, 2, 4, 8}, 4},
    [MIN_SIZE] = {"XGEMM_MIN_INDIRECT_SIZE", 0, {0, 65536}, 2},
};

#define AMD "cl_amd_device_attribute_query"
#define INTEL "cl_intel_required_subgroup_size"

static const CLBlastPrecision precisions[HCB_PRECISION_COUNT] = {
    [HCB_PRECISION_F64] = CLBlastPrecisionDouble,
    [HCB_PRECISION_F32] = CLBlastPrecisionSingle,
    [HCB_PRECISION_F16] = CLBlastPrecisionHalf,
};

/* By class of device, in the order of preference: the first one that keeps the limits.  Those of
 * CPU drivers were found by trying in f64 and f32, and f16 follows f32: a work-group is one
 * work-item without local memory, and its tile fills 16 registers of 256 bits.  Those of GPUs are
 * the library's own for one of the class: on a GPU that it does not know, such as an H100, 1.6 has
 * a tile of 16 by 32. */
static const struct set {
    bool cpu;
    const char *extension; /* NULL: any */
    enum hcb_precision precision;
    unsigned short values[PARAMETER_COUNT];
} sets[] = {
    {true, NULL, HCB_PRECISION_F64, {16, 4, 32, 1, 1, 1, 1, 4, 1, 0, 0, 0, 0, 2, 128}},
    {true, NULL, HCB_PRECISION_F32, {32, 4, 32, 1, 1, 1, 1, 8, 1, 0, 0, 0, 0, 2, 128}},
    {true, NULL, HCB_PRECISION_F16, {32, 4, 32, 1, 1, 1, 1, 8, 1, 0, 0, 0, 0, 2, 128}},
    /* MI50, and RX 7900 XTX for f16 */
    {false, AMD, HCB_PRECISION_F64, {64, 64, 32, 32, 8, 32, 8, 2, 4, 1, 1, 0, 0, 2, 512}},
    {false, AMD, HCB_PRECISION_F32, {64, 64, 32, 16, 16, 16, 16, 4, 4, 1, 1, 0, 0, 2, 640}},
    {false, AMD, HCB_PRECISION_F16, {64, 64, 32, 8, 16, 8, 16, 4, 4, 1, 1, 0, 0, 2, 448}},
    /* Intel as such, Iris Xe, Arc A770 */
    {false, INTEL, HCB_PRECISION_F64, {16, 64, 32, 8, 8, 8, 8, 1, 4, 0, 0, 0, 0, 2, 576}},
    {false, INTEL, HCB_PRECISION_F32, {64, 64, 16, 8, 8, 8, 16, 1, 2, 1, 1, 0, 1, 2, 576}},
    {false, INTEL, HCB_PRECISION_F16, {64, 64, 32, 16, 16, 16, 16, 2, 4, 1, 1, 0, 0, 2, 1024}},
    /* A100, RTX 3080, and RX 7900 XTX, as there is no f16 of NVIDIA */
    {false, NULL, HCB_PRECISION_F64, {64, 32, 32, 32, 8, 32, 8, 2, 2, 1, 1, 0, 0, 2, 1600}},
    {false, NULL, HCB_PRECISION_F32, {64, 128, 32, 8, 16, 8, 32, 2, 2, 1, 1, 1, 1, 2, 1024}},
    {false, NULL, HCB_PRECISION_F16, {64, 64, 32, 8, 16, 8, 16, 4, 4, 1, 1, 0, 0, 2, 448}},
    /* Small groups, no local memory: any device */
    {false, NULL, HCB_PRECISION_F64, {16, 64, 32, 8, 8, 8, 8, 1, 4, 0, 0, 0, 0, 2, 896}},
    {false, NULL, HCB_PRECISION_F32, {16, 64, 32, 8, 8, 8, 8, 1, 4, 0, 0, 0, 0, 2, 896}},
    {false, NULL, HCB_PRECISION_F16, {16, 64, 32, 8, 8, 8, 8, 1, 4, 0, 0, 0, 0, 2, 320}},
};

/* Bytes of the sums of an item, in registers: 128 of 4 bytes, or 32 vectors of 512 bits. */
enum { SUMS_MAX = 512, SUMS_MAX_CPU = 2048 };

/* On CPU drivers local memory is memory. */
static bool is_cpu_parameter(size_t i)
{
    return i != SA && i != SB && i != MDIMA && i != NDIMB;
}

static bool is_of_class(const struct opencl_device *device, const struct set *set)
{
    return set->cpu == device->cpu_kernels &&
           (set->extension == NULL || hcbi_opencl_has_extension(device->id, set->extension));
}

/* What the kernel needs of its parameters, and what the device has for a group and an item. */
static void list_limits(const struct opencl_device *device, const struct hcb_case *c,
                        struct hcb_parameters *parameters)
{
    const uint64_t bytes = hcb_type_size(hcb_operand_type(c, 0));
    const struct hcb_limit limits[] = {
        {"items of a work-group",
         .sum = {{1, {[MDIMC] = 1, [NDIMC] = 1}}},
         .most = {hcbi_opencl_most_items(device), {0}}},
        {"bytes of local memory",
         .sum = {{bytes, {[SA] = 1, [KWG] = 1, [MWG] = 1}}, {bytes, {[SB] = 1, [KWG] = 1, [NWG] = 1}}},
         .most = {device->local_bytes, {0}}},
        {"registers",
         .sum = {{bytes, {[MWG] = 1, [NWG] = 1}}},
         .most = {device->cpu_kernels ? SUMS_MAX_CPU : SUMS_MAX, {[MDIMC] = 1, [NDIMC] = 1}}},
        {"rows", .sum = {{1, {[MDIMC] = 1, [VWM] = 1}}}, .most = {1, {[MWG] = 1}}},
        {"columns", .sum = {{1, {[NDIMC] = 1, [VWN] = 1}}}, .most = {1, {[NWG] = 1}}},
        /* All items load A, MDIMA next to each other; the same of B. */
        {"rows to load", .sum = {{1, {[SA] = 1, [MDIMA] = 1, [VWM] = 1}}}, .most = {1, {[MWG] = 1}}},
        {"columns to load", .sum = {{1, {[SB] = 1, [NDIMB] = 1, [VWN] = 1}}}, .most = {1, {[NWG] = 1}}},
        {"terms of A to load",
         .sum = {{1, {[SA] = 1, [MDIMC] = 1, [NDIMC] = 1}}},
         .most = {1, {[KWG] = 1, [MDIMA] = 1}}},
        {"terms of B to load",
         .sum = {{1, {[SB] = 1, [MDIMC] = 1, [NDIMC] = 1}}},
         .most = {1, {[KWG] = 1, [NDIMB] = 1}}},
        {"items to load A",
         .sum = {{1, {[SA] = 1, [MDIMA] = 1}}},
         .most = {1, {[MDIMC] = 1, [NDIMC] = 1}}},
        {"items to load B",
         .sum = {{1, {[SB] = 1, [NDIMB] = 1}}},
         .most = {1, {[MDIMC] = 1, [NDIMC] = 1}}}};
    memcpy(parameters->limits, limits, sizeof limits);
    parameters->limit_count = sizeof limits / sizeof *limits;
}

/* The first set of the device's class that keeps the limits.  Returns the limit that its last
 * set does not keep, or NULL. */
static const struct hcb_limit *list_table(const struct opencl_device *device, const struct hcb_case *c,
                                          struct hcb_parameters *parameters)
{
    const struct hcb_limit *beyond = NULL;
    memcpy(parameters->list, usual, sizeof usual);
    parameters->count = PARAMETER_COUNT;
    list_limits(device, c, parameters);
    for (const struct set *set = sets; set < sets + sizeof sets / sizeof *sets; set++) {
        uint64_t values[HCB_PARAMETERS_MAX] = {0};
        if (set->precision != c->precision || !is_of_class(device, set))
            continue;
        for (size_t i = 0; i < PARAMETER_COUNT; i++)
            parameters->list[i].table = values[i] = set->values[i];
        beyond = hcb_parameters_beyond(parameters, values);
        if (beyond == NULL)
            break;
    }
    for (size_t i = 0; i < PARAMETER_COUNT; i++)
        hcbi_parameter_settle(&parameters->list[i],
                              device->cpu_kernels && !is_cpu_parameter(i) ? 0 : UINT64_MAX);
    return beyond;
}

static const char *list_parameters(const struct opencl_device *device, const struct hcb_case *c,
                                   struct hcb_parameters *parameters)
{
    if (c->impl == HCB_IMPL_CLBLAST_TUNED)
        list_table(device, c, parameters);
    return NULL;
}

/* The library keeps parameters per process and cannot tell a C program the ones that it
 * came with, so a process runs it either as it comes or with ours. */
static enum { UNUSED, STOCK, TUNED } process_runs;

static enum hcb_status claim_process(struct opencl_plan *plan)
{
    const bool tuned = plan->base.task.impl == HCB_IMPL_CLBLAST_TUNED;
    const int wanted = tuned ? TUNED : STOCK;
    if (process_runs != UNUSED && (int)process_runs != wanted)
        return hcbi_fail(opencl_device_of(plan)->base.ctx, HCB_UNSUPPORTED,
                         "CLBlast runs with %s parameters in this process",
                         tuned ? "its own" : "other");
    process_runs = tuned ? TUNED : STOCK;
    return HCB_OK;
}

/* Sets the plan's parameters, unless they are set.  What was compiled with others stays. */
static enum hcb_status set_parameters(struct opencl_plan *plan)
{
    static struct {
        cl_device_id device;
        uint64_t values[HCB_PARAMETERS_MAX];
    } set[HCB_PRECISION_COUNT];
    enum { KERNEL = XGEMM_COUNT, KREG, ALL_COUNT };
    const struct opencl_device *device = opencl_device_of(plan);
    const enum hcb_precision precision = plan->base.task.precision;
    const char *names[ALL_COUNT] = {[KERNEL] = "GEMMK", [KREG] = "KREG"}, *size_name = usual[MIN_SIZE].name;
    size_t values[ALL_COUNT] = {[KERNEL] = 0, [KREG] = 1}, size = plan->base.values[MIN_SIZE];
    if (set[precision].device == device->id &&
        memcmp(set[precision].values, plan->base.values, sizeof plan->base.values) == 0)
        return HCB_OK;
    for (size_t i = 0; i < XGEMM_COUNT; i++) {
        names[i] = usual[i].name;
        values[i] = plan->base.values[i];
    }
    set[precision].device = NULL;
    CLBlastStatusCode code = CLBlastOverrideParameters(
        device->id, "Xgemm", precisions[precision], ALL_COUNT, names, values);
    if (code == CLBlastSuccess)
        code = CLBlastOverrideParameters(device->id, "GemmRoutine", precisions[precision], 1,
                                         &size_name, &size);
    if (code != CLBlastSuccess)
        return hcbi_opencl_fail(device->base.ctx, "CLBlastOverrideParameters", (cl_int)code);
    set[precision].device = device->id;
    memcpy(set[precision].values, plan->base.values, sizeof plan->base.values);
    return HCB_OK;
}

/* Smaller products take the kernel for small matrices. */
static bool is_small(const struct hcb_case *c, const uint64_t *values)
{
    const double size = (double)values[MIN_SIZE];
    return (double)c->shape.m * (double)c->shape.n * (double)c->shape.k < size * size * size;
}

static uint64_t padded(uint64_t extent, uint64_t tile)
{
    return opencl_divide_up(extent, tile) * tile;
}

/* Of A and C, which are transposed and padded, and of B, which is padded only. */
static uint64_t tuned_scratch(const struct hcb_case *c, const uint64_t *values)
{
    const uint64_t m = padded(c->shape.m, values[MWG]), n = padded(c->shape.n, values[NWG]),
                   k = padded(c->shape.k, values[KWG]);
    const bool pads_b = n != c->shape.n || k != c->shape.k;
    const uint64_t elements = is_small(c, values) ? 0 : m * k + (pads_b ? k * n : 0) + m * n;
    return elements * hcb_type_size(hcb_operand_type(c, 0));
}

/* -------------------------------------------------------------------- support */

static enum hcb_status find_temporary(const struct opencl_device *device, const struct hcb_case *c,
                                      size_t *bytes)
{
    struct hcb_ctx *ctx = device->base.ctx;
    cl_int code;
    cl_command_queue queue = clCreateCommandQueue(device->context, device->id, 0, &code);
    if (code != CL_SUCCESS)
        return hcbi_opencl_fail(ctx, "clCreateCommandQueue", code);
    code = temporary_bytes(c, queue, bytes);
    clReleaseCommandQueue(queue);
    return code == CL_SUCCESS
               ? HCB_OK
               : hcbi_fail_native(ctx, HCB_UNSUPPORTED, "CLBlast's temporary buffer size", code,
                                  hcbi_opencl_error_name(code));
}

static uint64_t scratch(const struct opencl_device *device, const struct hcb_case *c,
                        const uint64_t *values)
{
    size_t bytes = 0;
    if (c->impl == HCB_IMPL_CLBLAST_TUNED)
        return tuned_scratch(c, values);
    return c->op == HCB_OP_MATMUL && find_temporary(device, c, &bytes) == HCB_OK ? bytes : 0;
}

/* What the table's parameters take. */
static enum hcb_status find_tuned_temporary(const struct opencl_device *device, const struct hcb_case *c,
                                            size_t *bytes)
{
    struct hcb_parameters parameters = {.count = 0};
    uint64_t values[HCB_PARAMETERS_MAX];
    const struct hcb_limit *limit = list_table(device, c, &parameters);
    hcb_parameters_read(&parameters, "", values);
    *bytes = tuned_scratch(c, values);
    return limit == NULL ? HCB_OK
                         : hcbi_fail(device->base.ctx, HCB_UNSUPPORTED, "%s has too few %s for CLBlast's kernel",
                                     device->base.info.id, limit->name);
}

static enum hcb_status check_room(const struct opencl_device *device, const struct hcb_case *c)
{
    const uint64_t most = device->base.info.max_buffer_bytes;
    size_t bytes = 0;
    enum hcb_status status = c->impl == HCB_IMPL_CLBLAST_TUNED ? find_tuned_temporary(device, c, &bytes)
                                                               : find_temporary(device, c, &bytes);
    if (status != HCB_OK)
        return status;
    if (bytes > hcbi_opencl_room(device, c) || (most != 0 && bytes > most))
        return hcbi_opencl_no_room(device, c, bytes);
    return HCB_OK;
}

static enum hcb_status supports(const struct opencl_device *device, const struct hcb_case *c)
{
    struct hcb_ctx *ctx = device->base.ctx;
    if (!fits_in_int(c))
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "CLBlast counts elements with 32 bits");
    const char *reason = quirk_of(&device->base.info, c);
    if (reason != NULL)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "%s", reason);
    return c->op == HCB_OP_MATMUL ? check_room(device, c) : HCB_OK;
}

/* --------------------------------------------------------------------- run */

static CLBlastStatusCode call_gemm(struct opencl_plan *plan, cl_command_queue queue)
{
    static const cl_half half_one = 0x3c00;
    const struct hcb_shape *s = &plan->base.task.shape;
    const CLBlastLayout layout = CLBlastLayoutRowMajor;
    const CLBlastTranspose as_is = CLBlastTransposeNo;
    const cl_mem a = *opencl_operand(plan, 0), b = *opencl_operand(plan, 1),
                 temporary = plan->scratch[0];
    cl_mem c = *opencl_operand(plan, 2);
    switch (plan->base.task.precision) {
    case HCB_PRECISION_F64:
        return CLBlastDgemmWithTempBuffer(layout, as_is, as_is, s->m, s->n, s->k, 1, a, 0, s->k, b,
                                          0, s->n, 0, c, 0, s->n, &queue, NULL, temporary);
    case HCB_PRECISION_F32:
        return CLBlastSgemmWithTempBuffer(layout, as_is, as_is, s->m, s->n, s->k, 1, a, 0, s->k, b,
                                          0, s->n, 0, c, 0, s->n, &queue, NULL, temporary);
    case HCB_PRECISION_F16:
        return CLBlastHgemmWithTempBuffer(layout, as_is, as_is, s->m, s->n, s->k, half_one, a, 0,
                                          s->k, b, 0, s->n, 0, c, 0, s->n, &queue, NULL, temporary);
    default:
        return CLBlastNotImplemented;
    }
}

/* Enqueues one call; `name` receives the routine's. */
static cl_int call(struct opencl_plan *plan, cl_command_queue queue, const char **name)
{
    const struct hcb_case *c = &plan->base.task;
    const struct routines *r = &routines[c->precision];
    const size_t n = c->shape.n;
    const cl_mem x = *opencl_operand(plan, 0), y = *opencl_operand(plan, 1);
    switch (c->op) {
    case HCB_OP_MATMUL:
        *name = r->gemm_name;
        return (cl_int)call_gemm(plan, queue);
    case HCB_OP_SUM:
        *name = r->sum_name;
        return (cl_int)r->sum(n, y, 0, x, 0, 1, &queue, NULL);
    case HCB_OP_DOT:
        *name = r->dot_name;
        return (cl_int)r->dot(n, *opencl_operand(plan, 2), 0, x, 0, 1, y, 0, 1, &queue, NULL);
    default:
        return CLBlastNotImplemented;
    }
}

/* A call is several kernels, of which the library shows the last at most; so
 * markers stand before and after. */
static enum hcb_status launch(struct opencl_plan *plan, cl_event *first, cl_event *last)
{
    struct hcb_ctx *ctx = plan->base.queue->device->ctx;
    cl_command_queue queue = ((struct opencl_queue *)plan->base.queue)->handle;
    const char *name = NULL;
    if (plan->base.task.impl == HCB_IMPL_CLBLAST_TUNED) {
        enum hcb_status status = set_parameters(plan);
        if (status != HCB_OK)
            return status;
    }
    cl_int code = first != NULL ? clEnqueueMarkerWithWaitList(queue, 0, NULL, first) : CL_SUCCESS;
    if (code != CL_SUCCESS)
        return hcbi_opencl_fail(ctx, "clEnqueueMarkerWithWaitList", code);
    code = call(plan, queue, &name);
    if (code != CL_SUCCESS)
        return hcbi_opencl_fail(ctx, name, code);
    code = last != NULL ? clEnqueueMarkerWithWaitList(queue, 0, NULL, last) : CL_SUCCESS;
    return code == CL_SUCCESS ? HCB_OK : hcbi_opencl_fail(ctx, "clEnqueueMarkerWithWaitList", code);
}

static enum hcb_status prepare(struct opencl_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    struct opencl_device *device = opencl_device_of(plan);
    size_t bytes = 0;
    cl_mem temporary;
    enum hcb_status status = claim_process(plan);
    if (status == HCB_OK && c->impl == HCB_IMPL_CLBLAST_TUNED)
        status = set_parameters(plan);
    if (status != HCB_OK)
        return status;
    plan->launch = launch;
    device->used_clblast = true;
    if (c->op != HCB_OP_SUM) /* its kernels multiply and add, fused or not as the driver likes */
        plan->base.info.roundoff_factor = 2;
    if (c->op != HCB_OP_MATMUL)
        return HCB_OK;
    if (c->impl == HCB_IMPL_CLBLAST_TUNED && is_small(c, plan->base.values))
        snprintf(plan->base.info.note, sizeof plan->base.info.note,
                 "CLBlast's kernel for small matrices, which has parameters of its own");
    cl_int code = temporary_bytes(c, ((struct opencl_queue *)plan->base.queue)->handle, &bytes);
    if (code != CL_SUCCESS)
        return hcbi_opencl_fail(device->base.ctx, "CLBlast's temporary buffer size", code);
    return bytes > 0 ? hcbi_opencl_scratch(plan, bytes, &temporary) : HCB_OK;
}

void hcbi_opencl_clblast_forget(void)
{
    CLBlastClearCache();
}
#else

static enum hcb_status supports(const struct opencl_device *device, const struct hcb_case *c)
{
    (void)c;
    return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED, "built without CLBlast");
}

static enum hcb_status prepare(struct opencl_plan *plan)
{
    return supports(opencl_device_of(plan), &plan->base.task);
}

static uint64_t scratch(const struct opencl_device *device, const struct hcb_case *c,
                        const uint64_t *values)
{
    (void)device;
    (void)c;
    (void)values;
    return 0;
}

static const char *list_parameters(const struct opencl_device *device, const struct hcb_case *c,
                                   struct hcb_parameters *parameters)
{
    (void)device;
    (void)c;
    (void)parameters;
    return NULL;
}

void hcbi_opencl_clblast_forget(void)
{
}
#endif

const struct opencl_method hcbi_opencl_clblast = {
    .supports = supports, .scratch = scratch, .parameters = list_parameters, .prepare = prepare};
