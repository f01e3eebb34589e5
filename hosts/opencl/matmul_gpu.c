/* SPDX-License-Identifier: Apache-2.0 */
/* Our own matrix product for GPUs: chooses the parameters of cl/matmul_gpu.cl and lists
 * the launch. */
#include "config.h"

#include <stdio.h>

#include "opencl.h"

static enum hcb_status prepare(struct opencl_plan *plan)
{
    enum { SIDE = 16, TILE = 64 }; /* as in matmul_gpu.cl */
    static const char *const macros[HCB_PRECISION_COUNT] = {
        [HCB_PRECISION_F64] = "F64",         [HCB_PRECISION_F32] = "F32",
        [HCB_PRECISION_F16] = "F16",         [HCB_PRECISION_F16F32] = "F16F32",
        [HCB_PRECISION_BF16F32] = "BF16F32", [HCB_PRECISION_I8I32] = "I8I32"};
    struct opencl_device *device = opencl_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    const cl_ulong m = c->shape.m, n = c->shape.n, k = c->shape.k;
    const struct opencl_range range = {
        {opencl_divide_up(n, TILE) * SIDE, opencl_divide_up(m, TILE) * SIDE}, {SIDE, SIDE}};
    const struct opencl_argument arguments[] = {{sizeof(cl_mem), opencl_operand(plan, 0)},
                                                {sizeof(cl_mem), opencl_operand(plan, 1)},
                                                {sizeof(cl_mem), opencl_operand(plan, 2)},
                                                {sizeof m, &m},
                                                {sizeof n, &n},
                                                {sizeof k, &k}};
    const struct opencl_program *program;
    char options[192];
    opencl_count_roundings(plan, hcb_operand_type(c, 2));
    snprintf(options, sizeof options, "-cl-std=CL1.2 -DPRECISION_%s%s", macros[c->precision],
             device->fma[hcb_operand_type(c, 2)] ? " -DHAVE_FMA" : "");
    enum hcb_status status = hcbi_opencl_program(device, "matmul_gpu.cl", options, &program);
    if (status != HCB_OK)
        return status;
    return hcbi_opencl_add_step(plan, program, "multiply", &range, arguments,
                                sizeof arguments / sizeof *arguments);
}

static enum hcb_status supports(const struct opencl_device *device, const struct hcb_case *c)
{
    (void)device, (void)c;
    return HCB_OK;
}

const struct opencl_method hcbi_opencl_matmul_gpu = {.supports = supports, .prepare = prepare};
