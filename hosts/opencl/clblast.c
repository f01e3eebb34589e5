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

/* Parameters of the library's kernel for large matrices, by class of device; found by
 * trying.  On CPU drivers a work-group is one work-item without local memory, and its
 * tile fills 16 registers of 256 bits.  All parameters have to be given. */
enum { PARAMETERS = 16 };
static const char *const parameter_names[PARAMETERS] = {
    "GEMMK", "KREG",  "KWG", "KWI", "MDIMA", "MDIMC", "MWG", "NDIMB",
    "NDIMC", "NWG", "SA",  "SB",  "STRM",  "STRN",  "VWM", "VWN"};
static const struct parameters {
    bool cpu;
    enum hcb_precision precision;
    CLBlastPrecision name;
    size_t values[PARAMETERS];
} parameters[] = {
    {true,
     HCB_PRECISION_F32,
     CLBlastPrecisionSingle,
     {0, 1, 32, 2, 1, 1, 32, 1, 1, 4, 0, 0, 0, 0, 8, 1}},
    {true,
     HCB_PRECISION_F64,
     CLBlastPrecisionDouble,
     {0, 1, 32, 2, 1, 1, 16, 1, 1, 4, 0, 0, 0, 0, 4, 1}},
};

/* Smaller products take a kernel that these parameters do not reach. */
static const char *const least_name = "XGEMM_MIN_INDIRECT_SIZE";
static const size_t least_size = 128;

static const struct parameters *parameters_of(const struct opencl_device *device,
                                              const struct hcb_case *c)
{
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        if (parameters[i].cpu == device->cpu_kernels && parameters[i].precision == c->precision)
            return &parameters[i];
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

/* Tells the parameters that are not 0. */
static void tell_parameters(const struct parameters *p, struct hcb_plan_info *info)
{
    size_t used = 0;
    for (size_t i = 0; i < PARAMETERS && used < sizeof info->parameters; i++)
        if (p->values[i] != 0)
            used += (size_t)snprintf(info->parameters + used, sizeof info->parameters - used, "%s%s=%zu",
                                     used > 0 ? " " : "", parameter_names[i], p->values[i]);
    snprintf(info->tuning, sizeof info->tuning, "table");
    snprintf(info->note, sizeof info->note, "CLBlast's Xgemm from %zu on, with parameters of ours", least_size);
}

static enum hcb_status set_parameters(struct opencl_plan *plan)
{
    const struct opencl_device *device = opencl_device_of(plan);
    const struct parameters *p = parameters_of(device, &plan->base.task);
    const char *names[PARAMETERS], *least = least_name; /* the library takes them without const */
    memcpy(names, parameter_names, sizeof names);
    CLBlastStatusCode code =
        CLBlastOverrideParameters(device->id, "Xgemm", p->name, PARAMETERS, names, p->values);
    if (code == CLBlastSuccess)
        code = CLBlastOverrideParameters(device->id, "GemmRoutine", p->name, 1, &least,
                                         &least_size);
    if (code != CLBlastSuccess)
        return hcbi_opencl_fail(device->base.ctx, "CLBlastOverrideParameters", (cl_int)code);
    tell_parameters(p, &plan->base.info);
    return HCB_OK;
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
    (void)values;
    return c->op == HCB_OP_MATMUL && find_temporary(device, c, &bytes) == HCB_OK ? bytes : 0;
}

static enum hcb_status check_room(const struct opencl_device *device, const struct hcb_case *c)
{
    const uint64_t most = device->base.info.max_buffer_bytes;
    size_t bytes = 0;
    enum hcb_status status = find_temporary(device, c, &bytes);
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
    if (c->impl == HCB_IMPL_CLBLAST_TUNED && parameters_of(device, c) == NULL)
        return hcbi_fail(ctx, HCB_UNSUPPORTED,
                         "there are no parameters of CLBlast for this class of device");
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

void hcbi_opencl_clblast_forget(void)
{
}
#endif

const struct opencl_method hcbi_opencl_clblast = {
    .supports = supports, .scratch = scratch, .prepare = prepare};
