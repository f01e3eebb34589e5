/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that say how fast the machine is: copy, triad, launch and peak, shared by the
 * threads.  The inner loops are those of the device's level. */
#include "config.h"

#include <string.h>

#include "cpu.h"

enum { TRIAD_STEP = 1 << 12, COPY_STEP = 1 << 14 }; /* elements of a step */
/* Steps worth the wake-up of threads. */
enum { WORTH = 8 };
/* Outputs of this size are in no cache when they are read again. */
static const uint64_t past_caches_bytes = UINT64_C(1) << 25;

static size_t size_of(const struct cpu_plan *plan, unsigned operand)
{
    return hcb_type_size(hcb_operand_type(&plan->base.task, operand));
}

static uint64_t end_of(const struct cpu_plan *plan, size_t end, uint64_t step)
{
    const uint64_t n = plan->base.task.shape.n;
    return end * step < n ? end * step : n;
}

static void copy_steps(void *argument, size_t first, size_t end)
{
    struct cpu_plan *plan = argument;
    const size_t size = size_of(plan, 0);
    const uint64_t start = (uint64_t)first * COPY_STEP, limit = end_of(plan, end, COPY_STEP);
    memcpy((char *)plan->output + start * size, (const char *)plan->inputs[0] + start * size,
           (size_t)(limit - start) * size);
}

static void triad_steps(void *argument, size_t first, size_t end)
{
    struct cpu_plan *plan = argument;
    const struct hcb_case *c = &plan->base.task;
    const uint64_t start = (uint64_t)first * TRIAD_STEP, limit = end_of(plan, end, TRIAD_STEP);
    const size_t size = size_of(plan, 0);
    cpu_device_of(plan)->level->triad[c->precision](
        (const char *)plan->inputs[0] + start * size, (const char *)plan->inputs[1] + start * size,
        (char *)plan->output + start * size_of(plan, 2), (size_t)(limit - start),
        hcb_operand_bytes(c, 2) >= past_caches_bytes);
}

static void peak_steps(void *argument, size_t first, size_t end)
{
    struct cpu_plan *plan = argument;
    const struct hcb_case *c = &plan->base.task;
    const uint64_t start = (uint64_t)first * CPU_PEAK_RUN, limit = end_of(plan, end, CPU_PEAK_RUN);
    const size_t size = size_of(plan, 0);
    double factor, term;
    hcbi_peak_round(&factor, &term);
    cpu_device_of(plan)->level->peak[c->precision](
        (const char *)plan->inputs[0] + start * size, (char *)plan->output + start * size,
        (size_t)(limit - start), factor, term);
}

/* Every thread takes part, and one of them has something to do. */
static void launch_step(void *argument, size_t first, size_t end)
{
    struct cpu_plan *plan = argument;
    (void)end;
    if (first == 0)
        memcpy(plan->output, plan->inputs[0], size_of(plan, 0));
}

void hcbi_cpu_elementwise(struct cpu_plan *plan)
{
    struct cpu_pool *pool = cpu_device_of(plan)->pool;
    const uint64_t n = plan->base.task.shape.n;
    switch (plan->base.task.op) {
    case HCB_OP_COPY:
        hcbi_cpu_pool_run(pool, (size_t)((n + COPY_STEP - 1) / COPY_STEP), WORTH, copy_steps, plan);
        break;
    case HCB_OP_TRIAD:
        hcbi_cpu_pool_run(pool, (size_t)((n + TRIAD_STEP - 1) / TRIAD_STEP), WORTH, triad_steps,
                          plan);
        break;
    case HCB_OP_PEAK:
        hcbi_cpu_pool_run(pool, (size_t)((n + CPU_PEAK_RUN - 1) / CPU_PEAK_RUN), 2, peak_steps,
                          plan);
        break;
    default: /* launch */
        hcbi_cpu_pool_run(pool, hcbi_cpu_pool_threads(pool), 1, launch_step, plan);
    }
}
