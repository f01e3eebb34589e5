/* SPDX-License-Identifier: Apache-2.0 */
/* Submission to a Vulkan queue, and the timestamps around a batch. */
#include "config.h"

#include "vulkan.h"

enum { STAMP_BEGIN, STAMP_END, STAMP_COUNT };

static enum hcb_status start_recording(struct hcb_ctx *ctx, VkCommandBuffer commands)
{
    const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    return hcbi_vulkan_check(ctx, vkBeginCommandBuffer(commands, &info), "vkBeginCommandBuffer");
}

/* Everything before the batch is complete and visible when its clock starts. */
static enum hcb_status record_begin(struct vulkan_queue *queue)
{
    struct hcb_ctx *ctx = queue->base.device->ctx;
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask =
            VK_ACCESS_HOST_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT | VK_ACCESS_SHADER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                         VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT};
    enum hcb_status status = start_recording(ctx, queue->begin);
    if (status != HCB_OK)
        return status;
    vkCmdPipelineBarrier(queue->begin,
                         VK_PIPELINE_STAGE_HOST_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT |
                             VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                         VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &barrier, 0, NULL, 0, NULL);
    if (queue->timestamps != VK_NULL_HANDLE) {
        vkCmdResetQueryPool(queue->begin, queue->timestamps, 0, STAMP_COUNT);
        vkCmdWriteTimestamp(queue->begin, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queue->timestamps,
                            STAMP_BEGIN);
    }
    return hcbi_vulkan_check(ctx, vkEndCommandBuffer(queue->begin), "vkEndCommandBuffer");
}

static enum hcb_status record_end(struct vulkan_queue *queue)
{
    struct hcb_ctx *ctx = queue->base.device->ctx;
    const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask =
                                         VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                                     .dstAccessMask =
                                         VK_ACCESS_HOST_READ_BIT | VK_ACCESS_TRANSFER_READ_BIT};
    enum hcb_status status = start_recording(ctx, queue->end);
    if (status != HCB_OK)
        return status;
    vkCmdPipelineBarrier(queue->end,
                         VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_PIPELINE_STAGE_HOST_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1,
                         &barrier, 0, NULL, 0, NULL);
    if (queue->timestamps != VK_NULL_HANDLE)
        vkCmdWriteTimestamp(queue->end, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queue->timestamps,
                            STAMP_END);
    return hcbi_vulkan_check(ctx, vkEndCommandBuffer(queue->end), "vkEndCommandBuffer");
}

static enum hcb_status make_timestamps(struct vulkan_queue *queue)
{
    const struct vulkan_device *device = (const struct vulkan_device *)queue->base.device;
    const VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                        .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = STAMP_COUNT};
    if (device->timestamp_mask == 0)
        return HCB_OK;
    return hcbi_vulkan_check(device->base.ctx,
                             vkCreateQueryPool(device->handle, &info, NULL, &queue->timestamps),
                             "vkCreateQueryPool");
}

enum hcb_status hcbi_vulkan_queue_new(struct hcb_queue *base)
{
    struct vulkan_queue *queue = (struct vulkan_queue *)base;
    struct vulkan_device *device = (struct vulkan_device *)base->device;
    struct hcb_ctx *ctx = device->base.ctx;
    VkCommandBuffer buffers[3];
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                          .queueFamilyIndex = device->family};
    enum hcb_status status = hcbi_vulkan_check(
        ctx, vkCreateFence(device->handle, &fence, NULL, &queue->fence), "vkCreateFence");
    if (status == HCB_OK)
        status =
            hcbi_vulkan_check(ctx, vkCreateCommandPool(device->handle, &pool, NULL, &queue->pool),
                              "vkCreateCommandPool");
    if (status == HCB_OK)
        status = make_timestamps(queue);
    if (status != HCB_OK)
        return status;
    const VkCommandBufferAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = queue->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 3};
    status = hcbi_vulkan_check(ctx, vkAllocateCommandBuffers(device->handle, &allocate, buffers),
                               "vkAllocateCommandBuffers");
    if (status != HCB_OK)
        return status;
    queue->begin = buffers[0];
    queue->end = buffers[1];
    queue->copy = buffers[2];
    status = record_begin(queue);
    return status == HCB_OK ? record_end(queue) : status;
}

void hcbi_vulkan_queue_free(struct hcb_queue *base)
{
    struct vulkan_queue *queue = (struct vulkan_queue *)base;
    struct vulkan_device *device = (struct vulkan_device *)base->device;
    hcbi_vulkan_memory_free(device, &queue->staging);
    vkDestroyQueryPool(device->handle, queue->timestamps, NULL);
    vkDestroyCommandPool(device->handle, queue->pool, NULL);
    vkDestroyFence(device->handle, queue->fence, NULL);
}

enum hcb_status hcbi_vulkan_submit(struct vulkan_queue *queue, const VkCommandBuffer *commands,
                                   uint32_t count)
{
    struct vulkan_device *device = (struct vulkan_device *)queue->base.device;
    struct hcb_ctx *ctx = device->base.ctx;
    const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .commandBufferCount = count,
                               .pCommandBuffers = commands};
    enum hcb_status status =
        hcbi_vulkan_check(ctx, vkResetFences(device->handle, 1, &queue->fence), "vkResetFences");
    if (status == HCB_OK)
        status = hcbi_vulkan_check(ctx, vkQueueSubmit(device->queue, 1, &info, queue->fence),
                                   "vkQueueSubmit");
    if (status == HCB_OK)
        status = hcbi_vulkan_check(
            ctx, vkWaitForFences(device->handle, 1, &queue->fence, VK_TRUE, UINT64_MAX),
            "vkWaitForFences");
    return status;
}

uint64_t hcbi_vulkan_elapsed_ns(const struct vulkan_queue *queue)
{
    const struct vulkan_device *device = (const struct vulkan_device *)queue->base.device;
    uint64_t stamps[STAMP_COUNT];
    if (queue->timestamps == VK_NULL_HANDLE ||
        vkGetQueryPoolResults(device->handle, queue->timestamps, 0, STAMP_COUNT, sizeof stamps,
                              stamps, sizeof *stamps, VK_QUERY_RESULT_64_BIT) != VK_SUCCESS)
        return 0;
    const uint64_t ticks = (stamps[STAMP_END] - stamps[STAMP_BEGIN]) & device->timestamp_mask;
    return (uint64_t)((double)ticks * (double)device->limits.timestampPeriod);
}
