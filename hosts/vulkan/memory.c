/* SPDX-License-Identifier: Apache-2.0 */
/* Vulkan buffers, the choice of their memory, and copies from and to the host. */
#include "config.h"

#include <string.h>

#include "vulkan.h"

/* What staging holds at most; larger copies are made in pieces. */
static const uint64_t staging_bytes = UINT64_C(32) << 20;

/* Properties of memory in the order of preference; a last entry of 0 takes any.  */
enum { CHOICES_MAX = 4 };
static const VkMemoryPropertyFlags seen_by_host[CHOICES_MAX] = {
    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
        VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT,
    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
};
static const VkMemoryPropertyFlags device_local[CHOICES_MAX] = {
    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
};
static const VkMemoryPropertyFlags staging[CHOICES_MAX] = {
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT |
        VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT,
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT,
};

/* Every driver has memory that is both visible and coherent. */
static const VkMemoryPropertyFlags pinned[CHOICES_MAX] = {
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT |
        VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
};

/* Memory that serves other purposes or is slow. */
static const VkMemoryPropertyFlags avoided = VK_MEMORY_PROPERTY_PROTECTED_BIT |
                                             VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT |
                                             VK_MEMORY_PROPERTY_DEVICE_UNCACHED_BIT_AMD;

static uint32_t choose_type(const struct vulkan_device *device, uint32_t allowed,
                            const VkMemoryPropertyFlags choices[CHOICES_MAX])
{
    for (size_t choice = 0; choice < CHOICES_MAX; choice++)
        for (uint32_t i = 0; i < device->memory.memoryTypeCount; i++) {
            const VkMemoryPropertyFlags flags = device->memory.memoryTypes[i].propertyFlags;
            if ((allowed >> i & 1) != 0 && (flags & avoided) == 0 &&
                (flags & choices[choice]) == choices[choice])
                return i;
        }
    return UINT32_MAX;
}

static enum hcb_status allocate(struct vulkan_device *device, enum vulkan_use use,
                                struct vulkan_memory *memory)
{
    struct hcb_ctx *ctx = device->base.ctx;
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(device->handle, memory->buffer, &needs);
    const bool host_sees =
        use == VULKAN_STAGING || use == VULKAN_PINNED || (use == VULKAN_OPERAND && device->maps_buffers);
    const uint32_t type = choose_type(device, needs.memoryTypeBits,
                                      use == VULKAN_STAGING ? staging
                                      : use == VULKAN_PINNED ? pinned
                                      : host_sees           ? seen_by_host
                                                            : device_local);
    if (type == UINT32_MAX)
        return hcbi_fail(ctx, HCB_ERROR, "the Vulkan driver has no memory for a buffer");
    const VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                       .allocationSize = needs.size,
                                       .memoryTypeIndex = type};
    enum hcb_status status = hcbi_vulkan_check(
        ctx, vkAllocateMemory(device->handle, &info, NULL, &memory->handle), "vkAllocateMemory");
    if (status == HCB_OK)
        status = hcbi_vulkan_check(
            ctx, vkBindBufferMemory(device->handle, memory->buffer, memory->handle, 0),
            "vkBindBufferMemory");
    const VkMemoryPropertyFlags flags = device->memory.memoryTypes[type].propertyFlags;
    const uint32_t heap = device->memory.memoryTypes[type].heapIndex;
    const bool local =
        (device->memory.memoryHeaps[heap].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0;
    memory->device_bytes = local ? needs.size : 0;
    memory->coherent = (flags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT) != 0;
    if (status == HCB_OK && host_sees && (flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) != 0)
        status = hcbi_vulkan_check(
            ctx, vkMapMemory(device->handle, memory->handle, 0, VK_WHOLE_SIZE, 0, &memory->mapped),
            "vkMapMemory");
    return status;
}

enum hcb_status hcbi_vulkan_memory_new(struct vulkan_device *device, uint64_t bytes,
                                       enum vulkan_use use, struct vulkan_memory *memory)
{
    memory->size = vulkan_round_up(bytes, device->alignment);
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = memory->size,
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                 (use == VULKAN_STAGING || use == VULKAN_PINNED
                      ? 0
                      : VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT),
    };
    enum hcb_status status = hcbi_vulkan_check(
        device->base.ctx, vkCreateBuffer(device->handle, &info, NULL, &memory->buffer),
        "vkCreateBuffer");
    return status == HCB_OK ? allocate(device, use, memory) : status;
}

void hcbi_vulkan_memory_free(struct vulkan_device *device, struct vulkan_memory *memory)
{
    vkDestroyBuffer(device->handle, memory->buffer, NULL);
    vkFreeMemory(device->handle, memory->handle, NULL);
    *memory = (struct vulkan_memory){0};
}

enum hcb_status hcbi_vulkan_buffer_new(struct hcb_buffer *base)
{
    struct vulkan_memory *memory = &((struct vulkan_buffer *)base)->memory;
    enum hcb_status status = hcbi_vulkan_memory_new((struct vulkan_device *)base->device,
                                                    base->bytes, VULKAN_OPERAND, memory);
    base->held_bytes = memory->device_bytes;
    return status;
}

void hcbi_vulkan_buffer_free(struct hcb_buffer *base)
{
    hcbi_vulkan_memory_free((struct vulkan_device *)base->device,
                            &((struct vulkan_buffer *)base)->memory);
}

/* -------------------------------------------------------------------- copies */

static enum hcb_status write_mapped(struct vulkan_device *device,
                                    const struct vulkan_memory *memory, uint64_t offset,
                                    const void *data, uint64_t bytes)
{
    memcpy((char *)memory->mapped + offset, data, bytes);
    if (memory->coherent)
        return HCB_OK;
    const VkMappedMemoryRange range = {.sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE,
                                       .memory = memory->handle,
                                       .size = VK_WHOLE_SIZE};
    return hcbi_vulkan_check(device->base.ctx, vkFlushMappedMemoryRanges(device->handle, 1, &range),
                             "vkFlushMappedMemoryRanges");
}

static enum hcb_status read_mapped(struct vulkan_device *device, const struct vulkan_memory *memory,
                                   uint64_t offset, void *data, uint64_t bytes)
{
    const VkMappedMemoryRange range = {.sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE,
                                       .memory = memory->handle,
                                       .size = VK_WHOLE_SIZE};
    enum hcb_status status = HCB_OK;
    if (!memory->coherent)
        status = hcbi_vulkan_check(device->base.ctx,
                                   vkInvalidateMappedMemoryRanges(device->handle, 1, &range),
                                   "vkInvalidateMappedMemoryRanges");
    if (status == HCB_OK)
        memcpy(data, (const char *)memory->mapped + offset, bytes);
    return status;
}

static enum hcb_status need_staging(struct vulkan_queue *queue)
{
    struct vulkan_device *device = (struct vulkan_device *)queue->base.device;
    if (queue->staging.mapped != NULL)
        return HCB_OK;
    enum hcb_status status =
        hcbi_vulkan_memory_new(device, staging_bytes, VULKAN_STAGING, &queue->staging);
    if (status == HCB_OK)
        hcbi_queue_hold(&queue->base, queue->staging.device_bytes);
    else
        hcbi_vulkan_memory_free(device, &queue->staging);
    return status;
}

/* One copy between buffers, complete at return. */
static enum hcb_status copy(struct vulkan_queue *queue, VkBuffer from, uint64_t from_offset,
                            VkBuffer to, uint64_t to_offset, uint64_t bytes)
{
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    const VkBufferCopy region = {.srcOffset = from_offset, .dstOffset = to_offset, .size = bytes};
    const VkMemoryBarrier before = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask =
            VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT | VK_ACCESS_HOST_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT};
    const VkMemoryBarrier after = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                   .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                   .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    struct hcb_ctx *ctx = queue->base.device->ctx;
    enum hcb_status status =
        hcbi_vulkan_check(ctx, vkBeginCommandBuffer(queue->copy, &begin), "vkBeginCommandBuffer");
    if (status != HCB_OK)
        return status;
    vkCmdPipelineBarrier(queue->copy,
                         VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT |
                             VK_PIPELINE_STAGE_HOST_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &before, 0, NULL, 0, NULL);
    vkCmdCopyBuffer(queue->copy, from, to, 1, &region);
    vkCmdPipelineBarrier(queue->copy, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0,
                         1, &after, 0, NULL, 0, NULL);
    status = hcbi_vulkan_check(ctx, vkEndCommandBuffer(queue->copy), "vkEndCommandBuffer");
    return status == HCB_OK ? hcbi_vulkan_submit(queue, &queue->copy, 1) : status;
}

enum hcb_status hcbi_vulkan_upload(struct hcb_queue *base, struct hcb_buffer *buffer,
                                   uint64_t offset, const void *data, uint64_t bytes)
{
    struct vulkan_queue *queue = (struct vulkan_queue *)base;
    struct vulkan_device *device = (struct vulkan_device *)base->device;
    const struct vulkan_memory *memory = &((const struct vulkan_buffer *)buffer)->memory;
    if (memory->mapped != NULL)
        return write_mapped(device, memory, offset, data, bytes);
    enum hcb_status status = need_staging(queue);
    for (uint64_t done = 0; done < bytes && status == HCB_OK; done += staging_bytes) {
        const uint64_t piece = vulkan_min(bytes - done, staging_bytes);
        status = write_mapped(device, &queue->staging, 0, (const char *)data + done, piece);
        if (status == HCB_OK)
            status = copy(queue, queue->staging.buffer, 0, memory->buffer, offset + done, piece);
    }
    return status;
}

enum hcb_status hcbi_vulkan_download(struct hcb_queue *base, struct hcb_buffer *buffer,
                                     uint64_t offset, void *data, uint64_t bytes)
{
    struct vulkan_queue *queue = (struct vulkan_queue *)base;
    struct vulkan_device *device = (struct vulkan_device *)base->device;
    const struct vulkan_memory *memory = &((const struct vulkan_buffer *)buffer)->memory;
    if (memory->mapped != NULL)
        return read_mapped(device, memory, offset, data, bytes);
    enum hcb_status status = need_staging(queue);
    for (uint64_t done = 0; done < bytes && status == HCB_OK; done += staging_bytes) {
        const uint64_t piece = vulkan_min(bytes - done, staging_bytes);
        status = copy(queue, memory->buffer, offset + done, queue->staging.buffer, 0, piece);
        if (status == HCB_OK)
            status = read_mapped(device, &queue->staging, 0, (char *)data + done, piece);
    }
    return status;
}

/* ------------------------------------------------------------- pinned memory */

enum hcb_status hcbi_vulkan_host_new(struct hcb_host *base)
{
    struct vulkan_host *host = (struct vulkan_host *)base;
    enum hcb_status status =
        hcbi_vulkan_memory_new((struct vulkan_device *)base->queue->device, base->bytes,
                               VULKAN_PINNED, &host->memory);
    base->data = host->memory.mapped;
    return status;
}

void hcbi_vulkan_host_free(struct hcb_host *base)
{
    hcbi_vulkan_memory_free((struct vulkan_device *)base->queue->device,
                            &((struct vulkan_host *)base)->memory);
}

enum hcb_status hcbi_vulkan_host_upload(struct hcb_host *host, struct hcb_buffer *buffer)
{
    return copy((struct vulkan_queue *)host->queue, ((struct vulkan_host *)host)->memory.buffer, 0,
                ((struct vulkan_buffer *)buffer)->memory.buffer, 0, host->bytes);
}

enum hcb_status hcbi_vulkan_host_download(struct hcb_host *host, struct hcb_buffer *buffer)
{
    return copy((struct vulkan_queue *)host->queue, ((struct vulkan_buffer *)buffer)->memory.buffer,
                0, ((struct vulkan_host *)host)->memory.buffer, 0, host->bytes);
}
