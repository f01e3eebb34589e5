/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "measure/memory.h"
#include "measure/silicon.h"

/* Of what there is, for rows that run together; for one alone. */
static const double share_together = 0.8, share_alone = 0.9;

/* Numbers that hcb_verify gathers, besides one per row and column of a matrix. */
static const double verify_bytes = 4 << 20;

/* Does the device live in this machine's memory? */
static bool is_shared(const struct row *row)
{
    return row->actor->info->software || row->actor->info->host_memory;
}

/* A card has one memory, whatever the APIs that reach it. */
static bool same_memory(const struct row *a, const struct row *b)
{
    const struct hcb_device_info *one = a->actor->info, *other = b->actor->info;
    return strcmp(one->id, other->id) == 0 ||
           (!is_shared(a) && !is_shared(b) && same_hardware(one, other));
}

static bool is_first_of_worker(const struct row *rows, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (rows[i].phase != FINISHED && rows[i].actor == rows[index].actor)
            return false;
    return true;
}

/* What a row adds to those before it, on the host's side and on the device's. */
static double operand_bytes(const struct row *rows, size_t index)
{
    const struct hcb_case *task = &rows[index].result->task;
    const unsigned last = hcb_op_operands(task->op) - 1;
    double bytes = (double)hcb_operand_bytes(task, last);
    for (unsigned i = 0; i < last && is_first_of_worker(rows, index); i++)
        bytes += (double)hcb_operand_bytes(task, i);
    return bytes;
}

/* Uploads and downloads are between a buffer and memory of their own. */
static double transfer_bytes(const struct hcb_case *task)
{
    return task->op == HCB_OP_UPLOAD || task->op == HCB_OP_DOWNLOAD
               ? (double)hcb_operand_bytes(task, 0)
               : 0;
}

double memory_host_bytes(const struct row *rows, size_t count)
{
    const struct hcb_case *task = &rows[0].result->task;
    double bytes = verify_bytes;
    if (hcb_op_rank(task->op) == 3)
        bytes += ((double)task->shape.m + (double)task->shape.n) * sizeof(double);
    for (size_t i = 0; i < count; i++)
        if (rows[i].phase != FINISHED)
            bytes += operand_bytes(rows, i) + transfer_bytes(&rows[i].result->task) +
                     (is_shared(&rows[i]) ? operand_bytes(rows, i) + rows[i].scratch_bytes : 0);
    return bytes;
}

/* Of the device of `row`, in all of its workers. */
static double device_bytes(const struct row *rows, size_t count, const struct row *row)
{
    double bytes = 0;
    for (size_t i = 0; i < count; i++)
        if (rows[i].phase != FINISHED && same_memory(&rows[i], row))
            bytes += operand_bytes(rows, i) + rows[i].scratch_bytes;
    return bytes;
}

static bool fits(double bytes, double share, double memory)
{
    return memory <= 0 || bytes <= share * memory; /* 0: unknown */
}

enum hcb_status memory_check(const struct session *session, const struct row *row, char *reason)
{
    const double bytes = memory_host_bytes(row, 1);
    char text[128];
    if (fits(bytes, share_alone, session->memory_bytes))
        return HCB_OK;
    snprintf(reason, HCB_REASON_SIZE,
             "%s needs %.3g GiB of this machine's memory, which has %.3g GiB",
             hcb_case_text(&row->result->task, text, sizeof text), bytes * 0x1p-30,
             session->memory_bytes * 0x1p-30);
    return HCB_UNSUPPORTED;
}

size_t memory_fit(const struct session *session, const struct row *rows, size_t count)
{
    size_t fitting = 1;
    while (fitting < count &&
           fits(memory_host_bytes(rows, fitting + 1), share_together, session->memory_bytes) &&
           fits(device_bytes(rows, fitting + 1, &rows[fitting]), share_together,
                (double)rows[fitting].actor->info->memory_bytes))
        fitting++;
    return fitting;
}
