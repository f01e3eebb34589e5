/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, queues, buffers and plans: checks arguments, keeps count of memory,
 * names the device and the case in errors, and calls the platform. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "transfer.h"

/* Adds the device, and the case if there is one, to the text of an error.  The
 * reason of HCB_UNSUPPORTED stands as it is. */
static enum hcb_status located(struct hcb_device *device, const struct hcb_case *c, enum hcb_status status)
{
    if (status == HCB_ERROR) {
        char text[128];
        hcbi_fail_where(device->ctx, device->info.id);
        if (c != NULL)
            hcbi_fail_where(device->ctx, hcb_case_text(c, text, sizeof text));
    }
    return status;
}

static void hold(struct hcb_device *device, uint64_t bytes)
{
    device->held_bytes += bytes;
    if (device->held_bytes > device->peak_bytes)
        device->peak_bytes = device->held_bytes;
}

/* ----------------------------------------------------------------- devices */

static bool split_id(const char *id, unsigned *platform, size_t *index)
{
    const char *colon = strchr(id, ':');
    char *end;
    if (colon == NULL || colon[1] < '0' || colon[1] > '9')
        return false;
    unsigned long long number = strtoull(colon + 1, &end, 10);
    for (*platform = 0; hcb_platform_name(*platform) != NULL; ++*platform) {
        const char *name = hcb_platform_name(*platform);
        if (strlen(name) == (size_t)(colon - id) && strncmp(name, id, strlen(name)) == 0) {
            *index = (size_t)number;
            return *end == '\0';
        }
    }
    return false;
}

enum hcb_status hcb_device_open(struct hcb_ctx *ctx, const char *id, struct hcb_device **out)
{
    unsigned platform;
    size_t index, count;
    const struct hcb_device_info *infos;
    if (!split_id(id, &platform, &index))
        return hcbi_fail(ctx, HCB_ERROR, "'%s' is not a device id such as 'opencl:0'", id);
    enum hcb_status status = hcb_platform_devices(ctx, platform, &infos, &count);
    if (status != HCB_OK)
        return status;
    if (index >= count)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "there is no device %s; %s has %zu", id,
                         hcb_platform_name(platform), count);
    const struct hcb_platform_ops *ops = hcbi_platforms[platform].ops;
    struct hcb_device *device = calloc(1, ops->device_size);
    if (device == NULL)
        return hcbi_fail_memory(ctx, ops->device_size);
    device->ops = ops;
    device->ctx = ctx;
    device->platform = ctx->platforms[platform].platform;
    device->index = index;
    device->info = infos[index];
    status = located(device, NULL, ops->device_open(device));
    if (status != HCB_OK) {
        hcb_device_close(device);
        return status;
    }
    *out = device;
    return HCB_OK;
}

void hcb_device_close(struct hcb_device *device)
{
    if (device != NULL)
        device->ops->device_close(device);
    free(device);
}

const struct hcb_device_info *hcb_device_info(const struct hcb_device *device)
{
    return &device->info;
}

uint64_t hcb_device_peak_bytes(const struct hcb_device *device)
{
    return device->peak_bytes;
}

/* Which sums have another way than the plain one. */
static enum hcb_status check_variant(struct hcb_device *device, const struct hcb_case *c)
{
    const char *variant = hcb_sum_name(c->sum);
    if (c->precision == HCB_PRECISION_I8I32)
        return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "sums of integers are exact as they are");
    if ((device->ops->variants[c->impl] >> c->precision & 1) == 0)
        return hcbi_fail(device->ctx, HCB_UNSUPPORTED,
                         "%s adds up in its own way; %s sums are for hcbench's own kernels",
                         hcb_impl_name(c->impl), variant);
    if (c->sum == HCB_SUM_F64 && c->precision == HCB_PRECISION_F64)
        return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "plain f64 sums are in f64 already");
    return HCB_OK;
}

enum hcb_status hcb_device_supports(struct hcb_device *device, const struct hcb_case *c)
{
    char text[128], needs[32], has[32];
    const struct hcb_device_info *info = &device->info;
    if (!hcb_case_check(c))
        return hcbi_fail(device->ctx, HCB_ERROR, "the shape of a %s is empty or too large",
                         hcb_op_name(c->op));
    if (c->sum != HCB_SUM_PLAIN && hcb_op_adds_up(c->op)) {
        const enum hcb_status status = check_variant(device, c);
        if (status != HCB_OK)
            return status;
    }
    if ((hcbi_offers(device->ops, c->op, c->impl, c->sum) >> c->precision & 1) == 0)
        return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "%s/%s has no %s %s", info->platform,
                         hcb_impl_name(c->impl), hcb_precision_name(c->precision), hcb_op_name(c->op));
    hcb_case_text(c, text, sizeof text);
    const uint64_t bytes = hcb_case_bytes(c);
    if (info->memory_bytes != 0 && bytes > info->memory_bytes)
        return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "%s needs %s, %s has %s", text,
                         hcbi_bytes_text(bytes, needs, sizeof needs), info->id,
                         hcbi_bytes_text(info->memory_bytes, has, sizeof has));
    for (unsigned i = 0; i < hcb_op_operands(c->op); i++) {
        const uint64_t one = hcb_operand_bytes(c, i);
        if (info->max_buffer_bytes != 0 && one > info->max_buffer_bytes)
            return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "%s needs one buffer of %s, %s allows %s",
                             text, hcbi_bytes_text(one, needs, sizeof needs), info->id,
                             hcbi_bytes_text(info->max_buffer_bytes, has, sizeof has));
    }
    return hcbi_is_transfer(c->op) ? hcbi_transfer_supports(device, c)
                                   : device->ops->supports(device, c);
}

uint64_t hcb_device_now_ns(const struct hcb_device *device)
{
    return device->ops->now_ns != NULL ? device->ops->now_ns(device) : hcbi_now_ns();
}

/* ------------------------------------------------------- queues and buffers */

enum hcb_status hcb_queue_new(struct hcb_device *device, struct hcb_queue **out)
{
    struct hcb_queue *queue = calloc(1, device->ops->queue_size);
    if (queue == NULL)
        return hcbi_fail_memory(device->ctx, device->ops->queue_size);
    queue->device = device;
    enum hcb_status status = located(device, NULL, device->ops->queue_new(queue));
    if (status != HCB_OK) {
        hcb_queue_free(queue);
        return status;
    }
    *out = queue;
    return HCB_OK;
}

void hcb_queue_free(struct hcb_queue *queue)
{
    if (queue != NULL) {
        queue->device->held_bytes -= queue->held_bytes;
        queue->device->ops->queue_free(queue);
    }
    free(queue);
}

enum hcb_status hcb_buffer_new(struct hcb_device *device, uint64_t bytes, struct hcb_buffer **out)
{
    if (bytes == 0)
        return located(device, NULL, hcbi_fail(device->ctx, HCB_ERROR, "a buffer of 0 bytes"));
    struct hcb_buffer *buffer = calloc(1, device->ops->buffer_size);
    if (buffer == NULL)
        return hcbi_fail_memory(device->ctx, device->ops->buffer_size);
    buffer->device = device;
    buffer->bytes = buffer->held_bytes = bytes;
    enum hcb_status status = located(device, NULL, device->ops->buffer_new(buffer));
    if (status != HCB_OK) {
        device->ops->buffer_free(buffer);
        free(buffer);
        return status;
    }
    hold(device, buffer->held_bytes);
    *out = buffer;
    return HCB_OK;
}

void hcb_buffer_free(struct hcb_buffer *buffer)
{
    if (buffer == NULL)
        return;
    buffer->device->held_bytes -= buffer->held_bytes;
    buffer->device->ops->buffer_free(buffer);
    free(buffer);
}

void hcbi_queue_hold(struct hcb_queue *queue, uint64_t bytes)
{
    queue->held_bytes += bytes;
    hold(queue->device, bytes);
}

static enum hcb_status check_range(const struct hcb_queue *queue, const struct hcb_buffer *buffer,
                                   uint64_t offset, uint64_t bytes)
{
    if (offset > buffer->bytes || bytes > buffer->bytes - offset)
        return hcbi_fail(queue->device->ctx, HCB_ERROR, "a copy outside of a buffer of %llu bytes",
                         (unsigned long long)buffer->bytes);
    return HCB_OK;
}

enum hcb_status hcb_buffer_upload(struct hcb_queue *queue, struct hcb_buffer *buffer, uint64_t offset,
                                  const void *data, uint64_t bytes)
{
    enum hcb_status status = check_range(queue, buffer, offset, bytes);
    if (status == HCB_OK && bytes > 0)
        status = queue->device->ops->upload(queue, buffer, offset, data, bytes);
    return located(queue->device, NULL, status);
}

enum hcb_status hcb_buffer_download(struct hcb_queue *queue, struct hcb_buffer *buffer,
                                    uint64_t offset, void *data, uint64_t bytes)
{
    enum hcb_status status = check_range(queue, buffer, offset, bytes);
    if (status == HCB_OK && bytes > 0)
        status = queue->device->ops->download(queue, buffer, offset, data, bytes);
    return located(queue->device, NULL, status);
}

/* ------------------------------------------------------------------- plans */

enum hcb_status hcb_device_parameters(struct hcb_device *device, const struct hcb_case *c,
                                      struct hcb_parameters *parameters)
{
    *parameters = (struct hcb_parameters){.count = 0};
    return device->ops->parameters == NULL || hcbi_is_transfer(c->op)
               ? HCB_OK
               : located(device, c, device->ops->parameters(device, c, parameters));
}

/* What a text says of a case's parameters; NULL or "": the table. */
static enum hcb_status read_values(struct hcb_device *device, const struct hcb_case *c,
                                   const char *text, struct hcb_parameters *parameters,
                                   uint64_t values[HCB_PARAMETERS_MAX])
{
    const bool asked = text != NULL && text[0] != '\0';
    enum hcb_status status = hcb_device_parameters(device, c, parameters);
    if (status != HCB_OK)
        return status;
    if (!hcb_parameters_read(parameters, asked ? text : "", values))
        return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "the kernels of %s/%s take no parameters '%.100s'",
                         device->info.id, hcb_impl_name(c->impl), text);
    const struct hcb_limit *limit = hcb_parameters_beyond(parameters, values);
    return limit == NULL
               ? HCB_OK
               : hcbi_fail(device->ctx, HCB_UNSUPPORTED, "%s has too few %s for %.100s", device->info.id,
                           limit->name, asked ? text : "the table's parameters");
}

static uint64_t scratch_of(struct hcb_device *device, const struct hcb_case *c, const uint64_t *values)
{
    return device->ops->scratch == NULL || hcbi_is_transfer(c->op)
               ? 0
               : device->ops->scratch(device, c, values);
}

uint64_t hcb_device_scratch_bytes(struct hcb_device *device, const struct hcb_case *c,
                                  const char *text)
{
    struct hcb_parameters parameters;
    uint64_t values[HCB_PARAMETERS_MAX];
    return read_values(device, c, text, &parameters, values) == HCB_OK ||
                   read_values(device, c, NULL, &parameters, values) == HCB_OK
               ? scratch_of(device, c, values)
               : 0;
}

/* With the plan's values; `supports` knew the table's. */
static enum hcb_status check_scratch(const struct hcb_plan *plan)
{
    struct hcb_device *device = plan->queue->device;
    const uint64_t memory = device->info.memory_bytes, operands = hcb_case_bytes(&plan->task),
                   bytes = scratch_of(device, &plan->task, plan->values);
    char text[128], needs[32], has[32];
    if (memory == 0 || operands > memory || bytes <= memory - operands)
        return HCB_OK;
    return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "%s needs %s of scratch memory, %s has %s left",
                     hcb_case_text(&plan->task, text, sizeof text),
                     hcbi_bytes_text(bytes, needs, sizeof needs), device->info.id,
                     hcbi_bytes_text(memory - operands, has, sizeof has));
}

/* Fills in the plan's values, and how they came to be. */
static enum hcb_status choose_values(struct hcb_plan *plan, const char *text,
                                     struct hcb_parameters *parameters)
{
    struct hcb_plan_info *info = &plan->info;
    const bool asked = text != NULL && text[0] != '\0';
    enum hcb_status status =
        read_values(plan->queue->device, &plan->task, text, parameters, plan->values);
    if (status == HCB_OK)
        status = check_scratch(plan);
    if (status != HCB_OK)
        return status;
    if (parameters->count > 0)
        snprintf(info->tuning, sizeof info->tuning, "%s", asked ? "tuned" : "table");
    else if (plan->task.impl == HCB_IMPL_OPENBLAS || plan->task.impl == HCB_IMPL_CLBLAST)
        snprintf(info->tuning, sizeof info->tuning, "stock");
    return HCB_OK;
}

enum hcb_status hcb_plan_new(struct hcb_queue *queue, const struct hcb_case *c,
                             struct hcb_buffer *const operands[HCB_OPERANDS_MAX],
                             struct hcb_plan **out)
{
    return hcb_plan_new_with(queue, c, operands, NULL, out);
}

enum hcb_status hcb_plan_new_with(struct hcb_queue *queue, const struct hcb_case *c,
                                  struct hcb_buffer *const operands[HCB_OPERANDS_MAX],
                                  const char *parameters, struct hcb_plan **out)
{
    struct hcb_device *device = queue->device;
    struct hcb_parameters known;
    enum hcb_status status = located(device, c, hcb_device_supports(device, c));
    if (status != HCB_OK)
        return status;
    struct hcb_plan *plan = calloc(1, device->ops->plan_size);
    if (plan == NULL)
        return hcbi_fail_memory(device->ctx, device->ops->plan_size);
    plan->queue = queue;
    plan->task = *c;
    for (unsigned i = 0; i < hcb_op_operands(c->op) && status == HCB_OK; i++) {
        plan->operands[i] = operands[i];
        if (operands[i]->bytes != hcb_operand_bytes(c, i))
            status = hcbi_fail(device->ctx, HCB_ERROR, "operand %u has %llu bytes, not %llu", i,
                               (unsigned long long)operands[i]->bytes,
                               (unsigned long long)hcb_operand_bytes(c, i));
    }
    if (status == HCB_OK)
        status = choose_values(plan, parameters, &known);
    if (status == HCB_OK)
        status = hcbi_is_transfer(c->op) ? hcbi_transfer_new(plan) : device->ops->plan_new(plan);
    hold(device, plan->info.scratch_bytes);
    if (located(device, c, status) != HCB_OK) {
        hcb_plan_free(plan);
        return status;
    }
    if (known.count > 0)
        hcb_parameters_text(&known, plan->values, plan->info.parameters); /* that were taken */
    *out = plan;
    return HCB_OK;
}

void hcb_plan_free(struct hcb_plan *plan)
{
    if (plan == NULL)
        return;
    plan->queue->device->held_bytes -= plan->info.scratch_bytes;
    if (hcbi_is_transfer(plan->task.op))
        hcbi_transfer_free(plan);
    else
        plan->queue->device->ops->plan_free(plan);
    free(plan);
}

const struct hcb_plan_info *hcb_plan_info(const struct hcb_plan *plan)
{
    return &plan->info;
}

uint64_t hcb_plan_device_bytes(const struct hcb_plan *plan)
{
    uint64_t bytes = plan->info.scratch_bytes + plan->queue->held_bytes;
    for (unsigned i = 0; i < hcb_op_operands(plan->task.op); i++)
        bytes += plan->operands[i]->held_bytes;
    return bytes;
}

/* Each launch by itself: its time is what counts. */
static enum hcb_status run_one_by_one(struct hcb_plan *plan, uint32_t launches,
                                      struct hcb_timing *timing)
{
    *timing = (struct hcb_timing){.host_valid = true, .device_valid = true};
    for (uint32_t i = 0; i < launches; i++) {
        struct hcb_timing one = {0};
        enum hcb_status status = plan->queue->device->ops->plan_run(plan, 1, &one);
        if (status != HCB_OK)
            return status;
        timing->host_ns += one.host_ns;
        timing->device_ns += one.device_ns;
        timing->host_valid &= one.host_valid;
        timing->device_valid &= one.device_valid;
    }
    return HCB_OK;
}

static enum hcb_status run(struct hcb_plan *plan, uint32_t launches, struct hcb_timing *timing)
{
    if (hcbi_is_transfer(plan->task.op))
        return hcbi_transfer_run(plan, launches, timing);
    if (plan->task.op == HCB_OP_LAUNCH)
        return run_one_by_one(plan, launches, timing);
    return plan->queue->device->ops->plan_run(plan, launches, timing);
}

/* What no device can have needed: more than the host waited for, with some room for
 * two clocks that do not agree.  An end before the start is a very large time. */
static enum hcb_status check_times(struct hcb_device *device, const struct hcb_timing *timing)
{
    const uint64_t room_ns = 1000 * 1000 + timing->host_ns / 10;
    if (!timing->device_valid || !timing->host_valid || timing->device_ns <= timing->host_ns + room_ns)
        return HCB_OK;
    return hcbi_fail(device->ctx, HCB_ERROR,
                     "the device's clock says %.3g s where the host waited for %.3g s",
                     (double)timing->device_ns * 1e-9, (double)timing->host_ns * 1e-9);
}

enum hcb_status hcb_plan_run(struct hcb_plan *plan, uint32_t launches, struct hcb_timing *timing)
{
    struct hcb_device *device = plan->queue->device;
    struct hcb_timing measured = {0};
    if (launches == 0)
        return located(device, &plan->task, hcbi_fail(device->ctx, HCB_ERROR, "0 launches"));
    enum hcb_status status = run(plan, launches, &measured);
    if (status == HCB_OK)
        status = check_times(device, &measured);
    if (located(device, &plan->task, status) == HCB_OK)
        *timing = measured;
    return status;
}
