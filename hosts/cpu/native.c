/* SPDX-License-Identifier: Apache-2.0 */
/* impl native: our own code for what a CBLAS does not have, for reductions where
 * there is no CBLAS, and for what says how fast the machine is.  Which vector extension runs is the device's level. */
#include "config.h"

#include "cpu.h"

static uint64_t scratch_bytes(const struct cpu_device *device, const struct hcb_case *c)
{
    return c->op == HCB_OP_MATMUL ? hcbi_cpu_matmul_bytes_scratch(&device->level->bytes, &c->shape)
                                  : 0;
}

static bool is_reduction(enum hcb_op op)
{
    return op == HCB_OP_SUM || op == HCB_OP_DOT;
}

static void prepare(struct cpu_plan *plan)
{
    const struct cpu_vector_level *level = cpu_device_of(plan)->level;
    const struct hcb_case *c = &plan->base.task;
    if (!is_reduction(c->op))
        return;
    plan->piece = level->reduce[c->sum][c->op == HCB_OP_DOT][c->precision];
    const unsigned sums = hcbi_cpu_sums_in_f64(c) ? level->sums_f64 : level->sums_f32;
    plan->base.info.depth = hcbi_cpu_reduce_depth(c, c->sum == HCB_SUM_NEUMAIER ? sums / 2 : sums);
}

static enum hcb_status launch(struct cpu_plan *plan)
{
    const struct cpu_device *device = cpu_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    if (c->op == HCB_OP_MATMUL)
        hcbi_cpu_matmul_bytes(device->pool, &device->level->bytes, &c->shape, plan->inputs[0],
                              plan->inputs[1], plan->scratch, plan->output);
    else if (is_reduction(c->op))
        hcbi_cpu_reduce(plan);
    else
        hcbi_cpu_elementwise(plan);
    return HCB_OK;
}

const struct cpu_impl hcbi_cpu_native = {
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .launch = launch,
};
