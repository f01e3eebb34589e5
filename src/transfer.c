/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of upload and download, for every platform: copies between the device and
 * host memory that is the plan's own.  Knows no API. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "transfer.h"

/* The host's side of the copies: ordinary memory, or the API's. */
struct hcbi_transfer {
    void *memory;          /* pageable; NULL when pinned */
    struct hcb_host *host; /* pinned; NULL when pageable */
};

/* Alignment of ordinary memory, so that a driver need not copy its ends apart. */
enum { PAGE = 4096 };

bool hcbi_is_transfer(enum hcb_op op)
{
    return op == HCB_OP_UPLOAD || op == HCB_OP_DOWNLOAD;
}

static const struct hcb_platform_ops *ops_of(const struct hcb_plan *plan)
{
    return plan->queue->device->ops;
}

enum hcb_status hcbi_transfer_supports(struct hcb_device *device, const struct hcb_case *c)
{
    if (c->impl == HCB_IMPL_PINNED && device->ops->host_size == 0)
        return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "%s provides no pinned host memory",
                         device->ops->name);
    return HCB_OK;
}

static enum hcb_status host_new(struct hcb_plan *plan, uint64_t bytes)
{
    struct hcb_host *host = calloc(1, ops_of(plan)->host_size);
    if (host == NULL)
        return hcbi_fail_memory(plan->queue->device->ctx, ops_of(plan)->host_size);
    host->queue = plan->queue;
    host->bytes = bytes;
    plan->transfer->host = host;
    return ops_of(plan)->host_new(host);
}

enum hcb_status hcbi_transfer_new(struct hcb_plan *plan)
{
    const uint64_t bytes = plan->operands[0]->bytes;
    plan->transfer = calloc(1, sizeof *plan->transfer);
    if (plan->transfer == NULL)
        return hcbi_fail_memory(plan->queue->device->ctx, sizeof *plan->transfer);
    if (plan->task.impl == HCB_IMPL_PINNED)
        return host_new(plan, bytes);
    if (posix_memalign(&plan->transfer->memory, PAGE, bytes) != 0) {
        plan->transfer->memory = NULL;
        return hcbi_fail_memory(plan->queue->device->ctx, bytes);
    }
    return HCB_OK;
}

void hcbi_transfer_free(struct hcb_plan *plan)
{
    if (plan->transfer == NULL)
        return;
    if (plan->transfer->host != NULL)
        ops_of(plan)->host_free(plan->transfer->host);
    free(plan->transfer->host);
    free(plan->transfer->memory);
    free(plan->transfer);
}

static enum hcb_status upload(struct hcb_plan *plan, unsigned operand)
{
    struct hcb_buffer *buffer = plan->operands[operand];
    if (plan->transfer->host != NULL)
        return ops_of(plan)->host_upload(plan->transfer->host, buffer);
    return ops_of(plan)->upload(plan->queue, buffer, 0, plan->transfer->memory, buffer->bytes);
}

static enum hcb_status download(struct hcb_plan *plan, unsigned operand)
{
    struct hcb_buffer *buffer = plan->operands[operand];
    if (plan->transfer->host != NULL)
        return ops_of(plan)->host_download(plan->transfer->host, buffer);
    return ops_of(plan)->download(plan->queue, buffer, 0, plan->transfer->memory, buffer->bytes);
}

static enum hcb_status timed(struct hcb_plan *plan, uint32_t launches, struct hcb_timing *timing,
                             enum hcb_status (*copy)(struct hcb_plan *plan, unsigned operand),
                             unsigned operand)
{
    enum hcb_status status = HCB_OK;
    const uint64_t start = hcbi_now_ns();
    for (uint32_t i = 0; i < launches && status == HCB_OK; i++)
        status = copy(plan, operand);
    timing->host_ns = hcbi_now_ns() - start;
    timing->host_valid = true;
    return status;
}

/* Operand 0, host memory, operand 1: the bytes that the output is judged by are
 * those that the timed copies moved. */
enum hcb_status hcbi_transfer_run(struct hcb_plan *plan, uint32_t launches,
                                  struct hcb_timing *timing)
{
    const struct hcbi_transfer *transfer = plan->transfer;
    /* Nothing of an earlier run is left there, and every page is present. */
    memset(transfer->host != NULL ? transfer->host->data : transfer->memory, 0xff,
           plan->operands[0]->bytes);
    if (plan->task.op == HCB_OP_UPLOAD) {
        enum hcb_status status = download(plan, 0);
        return status == HCB_OK ? timed(plan, launches, timing, upload, 1) : status;
    }
    enum hcb_status status = timed(plan, launches, timing, download, 0);
    return status == HCB_OK ? upload(plan, 1) : status;
}
