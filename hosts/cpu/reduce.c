/* SPDX-License-Identifier: Apache-2.0 */
/* Sums and dot products in pieces, whoever adds up a piece. */
#include "config.h"

#include "cpu.h"

/* Elements of a piece at least: a few microseconds. */
enum { PIECE_MIN = 1 << 14, PIECE_STEP = 1 << 10 };
/* Pieces worth the wake-up of threads. */
enum { WORTH = 8 };

uint64_t hcbi_cpu_piece_length(uint64_t n)
{
    const uint64_t even = n / CPU_PIECES_MAX + (n % CPU_PIECES_MAX != 0);
    return even <= PIECE_MIN ? PIECE_MIN : (even + PIECE_STEP - 1) / PIECE_STEP * PIECE_STEP;
}

static void add_pieces(void *argument, size_t first, size_t end)
{
    struct cpu_plan *plan = argument;
    const struct hcb_case *c = &plan->base.task;
    const uint64_t length = hcbi_cpu_piece_length(c->shape.n);
    const size_t size = hcb_type_size(hcb_operand_type(c, 0));
    const char *x = plan->inputs[0], *y = plan->inputs[1];
    for (size_t i = first; i < end; i++) {
        const uint64_t start = i * length, left = c->shape.n - start;
        plan->partial[i] = plan->piece(x + start * size, y != NULL ? y + start * size : NULL,
                                       (size_t)(left < length ? left : length));
    }
}

/* The pieces' results are added in f64, in order.  That is exact for integers, of which
 * the lowest 32 bits are kept. */
static double add_partials(const struct cpu_plan *plan, size_t pieces)
{
    struct cpu_sum total = {0, 0};
    if (plan->base.task.sum == HCB_SUM_NEUMAIER) {
        for (size_t i = 0; i < pieces; i++) {
            cpu_add_exactly(&total, plan->partial[i].high);
            total.low += plan->partial[i].low;
        }
        return total.high + total.low;
    }
    for (size_t i = 0; i < pieces; i++)
        total.high += plan->partial[i].high;
    return total.high;
}

void hcbi_cpu_reduce(struct cpu_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    const uint64_t length = hcbi_cpu_piece_length(c->shape.n);
    const size_t pieces = (size_t)((c->shape.n + length - 1) / length);
    hcbi_cpu_pool_run(cpu_device_of(plan)->pool, pieces, WORTH, add_pieces, plan);
    const double total = add_partials(plan, pieces);
    switch (c->precision) {
    case HCB_PRECISION_F64:
        *(double *)plan->output = total;
        break;
    case HCB_PRECISION_I8I32:
        *(int32_t *)plan->output = (int32_t)(uint32_t)(int64_t)total;
        break;
    default:
        *(float *)plan->output = (float)total;
    }
}

bool hcbi_cpu_sums_in_f64(const struct hcb_case *c)
{
    return c->precision == HCB_PRECISION_F64 || c->sum == HCB_SUM_F64;
}

/* Within a piece each independent sum is one chain; those, and then the pieces,
 * are added in f64, whose roundings count where the chains are in f64. */
uint64_t hcbi_cpu_reduce_depth(const struct hcb_case *c, unsigned sums)
{
    const uint64_t n = c->shape.n, length = hcbi_cpu_piece_length(n);
    const uint64_t chain = ((n < length ? n : length) + sums - 1) / sums;
    const uint64_t rest = (n < sums ? n : sums) + (n + length - 1) / length;
    return chain + (c->op == HCB_OP_DOT) + (hcbi_cpu_sums_in_f64(c) ? rest : 0);
}
