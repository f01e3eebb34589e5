/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that say how fast the device is: copy by the API's command; triad, launch and
 * peak by the kernels in cl/elementwise.cl. */
#include "config.h"

#include <stdio.h>

#include "opencl.h"

enum { GROUP = 256, TRIAD_SHORTEST = 1 << 12, TRIAD_ITEMS = 1 << 10, TRIAD_GPU_BYTES = 16 };

static enum hcb_status supports(const struct opencl_device *device, const struct hcb_case *c)
{
    (void)device;
    (void)c;
    return HCB_OK;
}

/* -------------------------------------------------------------------- copy */

static enum hcb_status launch_copy(struct opencl_plan *plan, cl_event *first, cl_event *last)
{
    cl_event event = NULL;
    cl_int code = clEnqueueCopyBuffer(((struct opencl_queue *)plan->base.queue)->handle,
                                      *opencl_operand(plan, 0), *opencl_operand(plan, 1), 0, 0,
                                      plan->base.operands[0]->bytes, 0, NULL,
                                      first != NULL || last != NULL ? &event : NULL);
    if (code != CL_SUCCESS)
        return hcbi_opencl_fail(plan->base.queue->device->ctx, "clEnqueueCopyBuffer", code);
    if (first != NULL && last != NULL)
        clRetainEvent(event);
    if (first != NULL)
        *first = event;
    if (last != NULL)
        *last = event;
    return HCB_OK;
}

static enum hcb_status prepare_copy(struct opencl_plan *plan)
{
    plan->launch = launch_copy;
    return HCB_OK;
}

const struct opencl_method hcbi_opencl_copy = {.supports = supports, .prepare = prepare_copy};

/* -------------------------------------------------- triad, launch and peak */

/* Chains that keep a processor's units busy, of vectors as wide as its registers;
 * a GPU has many work-items for that. */
struct chains {
    unsigned count, width;
};

static struct chains chains_of(const struct opencl_device *device, const struct hcb_case *c)
{
    const unsigned bits = 8 * (unsigned)hcb_type_size(hcb_operand_type(c, 1));
    const unsigned lanes = device->vector_bits / bits;
    if (!device->cpu_kernels)
        return (struct chains){4, 4};
    return (struct chains){12, lanes > 16 ? 16 : lanes < 2 ? 2 : lanes};
}

static enum hcb_status find_program(struct opencl_plan *plan, const struct opencl_program **program)
{
    static const char *const names[HCB_PRECISION_COUNT] = {
        [HCB_PRECISION_F64] = "F64",         [HCB_PRECISION_F32] = "F32",
        [HCB_PRECISION_F16] = "F16",         [HCB_PRECISION_F16F32] = "F16F32",
        [HCB_PRECISION_BF16F32] = "BF16F32", [HCB_PRECISION_I8I32] = "I8I32"};
    struct opencl_device *device = opencl_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    const struct chains chains = chains_of(device, c);
    const bool fma = device->fma[hcb_operand_type(c, hcb_op_operands(c->op) - 1)];
    char options[128], peak[64] = "";
    if (c->op == HCB_OP_PEAK)
        snprintf(peak, sizeof peak, " -DCHAINS=%u -DWIDTH=%u -DROUNDS=%d", chains.count,
                 chains.width, HCB_PEAK_ROUNDS);
    snprintf(options, sizeof options, "-cl-std=CL1.2 -DPRECISION_%s%s%s", names[c->precision],
             fma ? " -DHAVE_FMA" : "", peak);
    return hcbi_opencl_program(device, "elementwise.cl", options, program);
}

static enum hcb_status add_triad(struct opencl_plan *plan, const struct opencl_program *program)
{
    const cl_ulong n = plan->base.task.shape.n;
    const cl_ulong even = opencl_divide_up(opencl_divide_up(n, TRIAD_ITEMS), 16) * 16;
    const cl_ulong length = even > TRIAD_SHORTEST ? even : TRIAD_SHORTEST;
    const struct opencl_device *device = opencl_device_of(plan);
    const bool cpu = device->cpu_kernels;
    const size_t size = hcb_type_size(hcb_operand_type(&plan->base.task, 0));
    const size_t items = opencl_divide_up(n, cpu ? length : TRIAD_GPU_BYTES / size);
    const size_t group = cpu ? 1 : hcbi_opencl_items(device, GROUP);
    const struct opencl_range range = {{opencl_divide_up(items, group) * group, 1}, {group, 1}};
    const struct opencl_argument arguments[] = {{sizeof(cl_mem), opencl_operand(plan, 0)},
                                                {sizeof(cl_mem), opencl_operand(plan, 1)},
                                                {sizeof(cl_mem), opencl_operand(plan, 2)},
                                                {sizeof n, &n},
                                                {sizeof length, &length}};
    return hcbi_opencl_add_step(plan, program, cpu ? "triad_cpu" : "triad_gpu", &range, arguments,
                                cpu ? 5 : 4);
}

static enum hcb_status add_launch(struct opencl_plan *plan, const struct opencl_program *program)
{
    const struct opencl_range range = {{1, 1}, {1, 1}};
    const struct opencl_argument arguments[] = {{sizeof(cl_mem), opencl_operand(plan, 0)},
                                                {sizeof(cl_mem), opencl_operand(plan, 1)}};
    return hcbi_opencl_add_step(plan, program, "launch", &range, arguments, 2);
}

static enum hcb_status add_peak(struct opencl_plan *plan, const struct opencl_program *program)
{
    const struct opencl_device *device = opencl_device_of(plan);
    const struct chains chains = chains_of(device, &plan->base.task);
    const cl_ulong n = plan->base.task.shape.n;
    const size_t items = opencl_divide_up(n, (uint64_t)chains.count * chains.width);
    const size_t group = device->cpu_kernels ? 1 : hcbi_opencl_items(device, GROUP);
    const struct opencl_range range = {{opencl_divide_up(items, group) * group, 1}, {group, 1}};
    double factor, term;
    hcbi_peak_round(&factor, &term);
    const cl_float a = (cl_float)factor, b = (cl_float)term;
    const struct opencl_argument arguments[] = {{sizeof(cl_mem), opencl_operand(plan, 0)},
                                                {sizeof(cl_mem), opencl_operand(plan, 1)},
                                                {sizeof n, &n},
                                                {sizeof a, &a},
                                                {sizeof b, &b}};
    return hcbi_opencl_add_step(plan, program, "peak", &range, arguments, 5);
}

static enum hcb_status prepare(struct opencl_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    const struct opencl_program *program;
    enum hcb_status status = find_program(plan, &program);
    if (status != HCB_OK)
        return status;
    plan->base.info.roundoff_factor = 2; /* fused or not as the driver likes */
    return c->op == HCB_OP_TRIAD    ? add_triad(plan, program)
           : c->op == HCB_OP_LAUNCH ? add_launch(plan, program)
                                    : add_peak(plan, program);
}

const struct opencl_method hcbi_opencl_elementwise = {.supports = supports, .prepare = prepare};
