/* SPDX-License-Identifier: Apache-2.0 */
/* The processor itself as a platform with one device. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"

struct cpu_buffer {
    struct hcb_buffer base;
    void *data;
};

static enum hcb_status cpu_platform_open(struct hcb_platform *platform, size_t *count)
{
    (void)platform;
    *count = 1;
    return HCB_OK;
}

static void cpu_platform_close(struct hcb_platform *platform)
{
    (void)platform;
}

static enum hcb_status cpu_device_describe(struct hcb_platform *platform, size_t index,
                                           struct hcb_device_info *info)
{
    struct hcb_environment environment;
    (void)platform;
    (void)index;
    hcb_environment_read(&environment);
    snprintf(info->name, sizeof info->name, "%s", environment.cpu_model);
    info->type = HCB_DEVICE_CPU;
    info->host_memory = true;
    info->compute_units = environment.cpu_threads;
    info->memory_bytes = hcbi_host_memory();
    info->max_buffer_bytes = info->memory_bytes;
    return HCB_OK;
}

static enum hcb_status cpu_device_open(struct hcb_device *device)
{
    (void)device;
    return HCB_OK;
}

static void cpu_device_close(struct hcb_device *device)
{
    (void)device;
}

static enum hcb_status cpu_supports(struct hcb_device *device, const struct hcb_case *c)
{
    (void)device;
    (void)c;
    return HCB_OK;
}

static enum hcb_status cpu_queue_new(struct hcb_queue *queue)
{
    (void)queue;
    return HCB_OK;
}

static void cpu_queue_free(struct hcb_queue *queue)
{
    (void)queue;
}

static enum hcb_status cpu_buffer_new(struct hcb_buffer *base)
{
    struct cpu_buffer *buffer = (struct cpu_buffer *)base;
    if (posix_memalign(&buffer->data, 64, base->bytes) != 0)
        return hcbi_fail_memory(base->device->ctx, base->bytes);
    return HCB_OK;
}

static void cpu_buffer_free(struct hcb_buffer *base)
{
    free(((struct cpu_buffer *)base)->data);
}

static enum hcb_status cpu_upload(struct hcb_queue *queue, struct hcb_buffer *base, uint64_t offset,
                                  const void *data, uint64_t bytes)
{
    (void)queue;
    memcpy((char *)((struct cpu_buffer *)base)->data + offset, data, bytes);
    return HCB_OK;
}

static enum hcb_status cpu_download(struct hcb_queue *queue, struct hcb_buffer *base, uint64_t offset,
                                    void *data, uint64_t bytes)
{
    (void)queue;
    memcpy(data, (const char *)((struct cpu_buffer *)base)->data + offset, bytes);
    return HCB_OK;
}

static enum hcb_status cpu_plan_new(struct hcb_plan *plan)
{
    (void)plan;
    return HCB_OK;
}

static void cpu_plan_free(struct hcb_plan *plan)
{
    (void)plan;
}

static enum hcb_status cpu_plan_run(struct hcb_plan *plan, uint32_t launches, struct hcb_timing *timing)
{
    const unsigned last = hcb_op_operands(plan->task.op) - 1;
    const void *inputs[HCB_INPUTS_MAX] = {((struct cpu_buffer *)plan->operands[0])->data,
                                          ((struct cpu_buffer *)plan->operands[last - 1])->data};
    const uint64_t start = hcbi_now_ns();
    for (uint32_t i = 0; i < launches; i++)
        if (hcb_reference(&plan->task, inputs, ((struct cpu_buffer *)plan->operands[last])->data) != HCB_OK)
            return hcbi_fail(plan->queue->device->ctx, HCB_ERROR, "out of memory in the reference");
    timing->host_ns = timing->device_ns = hcbi_now_ns() - start;
    timing->host_valid = timing->device_valid = true;
    return HCB_OK;
}

const struct hcb_platform_ops hcbi_cpu_ops = {
    .name = "cpu",
    .impls = 1u << HCB_IMPL_OPENBLAS | 1u << HCB_IMPL_NATIVE | 1u << HCB_IMPL_REF,
    .platform_size = sizeof(struct hcb_platform),
    .device_size = sizeof(struct hcb_device),
    .queue_size = sizeof(struct hcb_queue),
    .buffer_size = sizeof(struct cpu_buffer),
    .plan_size = sizeof(struct hcb_plan),
    .platform_open = cpu_platform_open,
    .platform_close = cpu_platform_close,
    .device_describe = cpu_device_describe,
    .device_open = cpu_device_open,
    .device_close = cpu_device_close,
    .supports = cpu_supports,
    .queue_new = cpu_queue_new,
    .queue_free = cpu_queue_free,
    .buffer_new = cpu_buffer_new,
    .buffer_free = cpu_buffer_free,
    .upload = cpu_upload,
    .download = cpu_download,
    .plan_new = cpu_plan_new,
    .plan_free = cpu_plan_free,
    .plan_run = cpu_plan_run,
};
