/* SPDX-License-Identifier: Apache-2.0 */
/* impl native: our own code for what a CBLAS does not have, and for reductions
 * where there is no CBLAS.  Which vector extension runs is the device's level. */
#include "config.h"

#include "cpu.h"

#ifdef HAVE_CBLAS
enum { WITH_CBLAS = 1 };
#else
enum { WITH_CBLAS = 0 };
#endif

/* Whose work a precision is. */
static const enum { NOBODY, BLAS, OURS } owner[2][HCB_PRECISION_COUNT] = {
    /* matmul */
    {[HCB_PRECISION_F64] = BLAS,
     [HCB_PRECISION_F32] = BLAS,
     [HCB_PRECISION_F16F32] = BLAS,
     [HCB_PRECISION_BF16F32] = BLAS,
     [HCB_PRECISION_I8I32] = OURS},
    /* sum and dot */
    {[HCB_PRECISION_F64] = BLAS,
     [HCB_PRECISION_F32] = BLAS,
     [HCB_PRECISION_F16F32] = OURS,
     [HCB_PRECISION_BF16F32] = OURS,
     [HCB_PRECISION_I8I32] = OURS},
};

static enum hcb_status supports(struct hcb_device *device, const struct hcb_case *c)
{
    const char *op = hcb_op_name(c->op), *precision = hcb_precision_name(c->precision);
    switch (owner[c->op != HCB_OP_MATMUL][c->precision]) {
    case OURS:
        return HCB_OK;
    case BLAS:
        if (WITH_CBLAS)
            return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "cpu/native leaves %s %s to openblas",
                             precision, op);
        if (c->op != HCB_OP_MATMUL)
            return HCB_OK;
        return hcbi_fail(device->ctx, HCB_UNSUPPORTED,
                         "cpu/native has no %s matmul, and this is built without a CBLAS", precision);
    default:
        return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "cpu/native has no half-precision sums");
    }
}

static uint64_t scratch_bytes(const struct cpu_device *device, const struct hcb_case *c)
{
    return c->op == HCB_OP_MATMUL ? hcbi_cpu_matmul_bytes_scratch(&device->level->bytes, &c->shape) : 0;
}

static void prepare(struct cpu_plan *plan)
{
    const struct cpu_vector_level *level = cpu_device_of(plan)->level;
    const struct hcb_case *c = &plan->base.task;
    if (c->op == HCB_OP_MATMUL)
        return;
    plan->piece = level->reduce[c->op == HCB_OP_DOT][c->precision];
    plan->base.info.depth = hcbi_cpu_reduce_depth(
        c, c->precision == HCB_PRECISION_F64 ? level->sums_f64 : level->sums_f32);
}

static enum hcb_status launch(struct cpu_plan *plan)
{
    const struct cpu_device *device = cpu_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    if (c->op == HCB_OP_MATMUL)
        hcbi_cpu_matmul_bytes(device->pool, &device->level->bytes, &c->shape, plan->inputs[0],
                              plan->inputs[1], plan->scratch, plan->output);
    else
        hcbi_cpu_reduce(plan);
    return HCB_OK;
}

const struct cpu_impl hcbi_cpu_native = {
    .supports = supports,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .launch = launch,
};
