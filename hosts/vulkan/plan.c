/* SPDX-License-Identifier: Apache-2.0 */
/* A launch as a list of dispatches: how it is bound, recorded, run and timed.
 * Knows nothing of what the dispatches compute. */
#include "config.h"

#include <stdlib.h>

#include "vulkan.h"

enum {
    BATCH_MAX = 4096,      /* command buffers in one submission */
    PIECE_STEPS_MAX = 4096 /* dispatches in one command buffer */
};
static const double piece_work_max = 0x1p37;
/* Watchdogs end a submission after a few seconds. */
static const double batch_ns_max = 0.5e9;

/* ------------------------------------------------------------- building it */

enum hcb_status hcbi_vulkan_scratch(struct vulkan_plan *plan, uint64_t bytes,
                                    const struct vulkan_memory **memory)
{
    for (size_t i = 0; i < VULKAN_SCRATCH_MAX; i++)
        if (plan->scratch[i].size == 0) {
            *memory = &plan->scratch[i];
            enum hcb_status status = hcbi_vulkan_memory_new(vulkan_device_of(plan), bytes,
                                                            VULKAN_SCRATCH, &plan->scratch[i]);
            plan->base.info.scratch_bytes += plan->scratch[i].device_bytes;
            return status;
        }
    return hcbi_fail(plan->base.queue->device->ctx, HCB_ERROR, "too many scratch buffers");
}

uint32_t hcbi_vulkan_bind(const struct vulkan_plan *plan, struct vulkan_binding *binding,
                          const struct vulkan_memory *memory, uint64_t first, uint64_t count,
                          size_t size)
{
    const uint64_t alignment = vulkan_device_of(plan)->alignment;
    const uint64_t start = first * size / alignment * alignment;
    binding->buffer = memory->buffer;
    binding->offset = start;
    binding->range = vulkan_round_up((first + count) * size, alignment) - start;
    return (uint32_t)((first * size - start) / size);
}

uint32_t hcbi_vulkan_bind_texels(const struct vulkan_plan *plan, struct vulkan_texels *texels,
                                 const struct vulkan_memory *memory, uint64_t first, uint64_t count,
                                 enum hcb_type type)
{
    /* spv/operand.glsl makes numbers of bf16 and f64 itself. */
    static const VkFormat formats[HCB_TYPE_COUNT] = {
        [HCB_TYPE_F64] = VK_FORMAT_R32G32B32A32_UINT,   [HCB_TYPE_F32] = VK_FORMAT_R32G32B32A32_SFLOAT,
        [HCB_TYPE_F16] = VK_FORMAT_R16G16B16A16_SFLOAT, [HCB_TYPE_BF16] = VK_FORMAT_R16G16B16A16_UINT,
        [HCB_TYPE_I8] = VK_FORMAT_R8G8B8A8_SINT,        [HCB_TYPE_I32] = VK_FORMAT_R32G32B32A32_SINT};
    struct vulkan_binding part;
    const uint32_t index =
        hcbi_vulkan_bind(plan, &part, memory, first, count, hcb_type_size(type));
    *texels = (struct vulkan_texels){part.buffer, formats[type], part.offset, part.range};
    return index;
}

enum hcb_status hcbi_vulkan_add_step(struct vulkan_plan *plan, const struct vulkan_step *step)
{
    if (plan->step_count == plan->step_room) {
        const size_t room = plan->step_room == 0 ? 16 : 2 * plan->step_room;
        struct vulkan_step *larger = realloc(plan->steps, room * sizeof *larger);
        if (larger == NULL)
            return hcbi_fail_memory(plan->base.queue->device->ctx, room * sizeof *larger);
        plan->steps = larger;
        plan->step_room = room;
    }
    plan->steps[plan->step_count++] = *step;
    return HCB_OK;
}

/* --------------------------------------------------------------- recording */

static enum hcb_status make_descriptor_pool(struct vulkan_plan *plan)
{
    struct vulkan_device *device = vulkan_device_of(plan);
    const uint32_t sets = (uint32_t)plan->step_count;
    const VkDescriptorPoolSize sizes[] = {
        {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, sets * VULKAN_BINDINGS_MAX},
        {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, sets * VULKAN_TEXELS_MAX}};
    const VkDescriptorPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                             .maxSets = sets,
                                             .poolSizeCount = sizeof sizes / sizeof *sizes,
                                             .pPoolSizes = sizes};
    return hcbi_vulkan_check(
        device->base.ctx, vkCreateDescriptorPool(device->handle, &info, NULL, &plan->descriptors),
        "vkCreateDescriptorPool");
}

static enum hcb_status make_view(struct vulkan_plan *plan, const struct vulkan_texels *texels)
{
    struct vulkan_device *device = vulkan_device_of(plan);
    const VkBufferViewCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                                         .buffer = texels->buffer,
                                         .format = texels->format,
                                         .offset = texels->offset,
                                         .range = texels->range};
    enum hcb_status status = hcbi_vulkan_check(
        device->base.ctx,
        vkCreateBufferView(device->handle, &info, NULL, &plan->views[plan->view_count]),
        "vkCreateBufferView");
    plan->view_count += status == HCB_OK;
    return status;
}

static enum hcb_status make_set(struct vulkan_plan *plan, const struct vulkan_step *step,
                                VkDescriptorSet *set)
{
    struct vulkan_device *device = vulkan_device_of(plan);
    VkDescriptorBufferInfo infos[VULKAN_BINDINGS_MAX];
    VkWriteDescriptorSet writes[VULKAN_BINDINGS_MAX + VULKAN_TEXELS_MAX];
    uint32_t count = 0;
    const VkDescriptorSetAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = plan->descriptors,
        .descriptorSetCount = 1,
        .pSetLayouts = &device->set_layout};
    enum hcb_status status = hcbi_vulkan_check(
        device->base.ctx, vkAllocateDescriptorSets(device->handle, &allocate, set),
        "vkAllocateDescriptorSets");
    if (status != HCB_OK)
        return status;
    for (uint32_t i = 0; i < VULKAN_BINDINGS_MAX; i++) {
        const struct vulkan_binding *binding = &step->bindings[i];
        if (binding->buffer == VK_NULL_HANDLE)
            continue;
        infos[count] = (VkDescriptorBufferInfo){binding->buffer, binding->offset, binding->range};
        writes[count] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                               .dstSet = *set,
                                               .dstBinding = i,
                                               .descriptorCount = 1,
                                               .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                               .pBufferInfo = &infos[count]};
        count++;
    }
    for (uint32_t i = 0; i < VULKAN_TEXELS_MAX && status == HCB_OK; i++) {
        if (step->texels[i].buffer == VK_NULL_HANDLE)
            continue;
        status = make_view(plan, &step->texels[i]);
        writes[count++] =
            (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                   .dstSet = *set,
                                   .dstBinding = VULKAN_BINDINGS_MAX + i,
                                   .descriptorCount = 1,
                                   .descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
                                   .pTexelBufferView = &plan->views[plan->view_count - 1]};
    }
    if (status == HCB_OK)
        vkUpdateDescriptorSets(device->handle, count, writes, 0, NULL);
    return status;
}

/* A copy waits for all before it. */
static void record_copy(VkCommandBuffer commands, const struct vulkan_step *step)
{
    const VkBufferCopy region = {.size = step->copy.bytes};
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT};
    vkCmdPipelineBarrier(commands,
                         VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &barrier, 0, NULL, 0, NULL);
    vkCmdCopyBuffer(commands, step->copy.from, step->copy.to, 1, &region);
}

/* A dispatch waits for all before it. */
static void record_dispatch(const struct vulkan_device *device, VkCommandBuffer commands,
                        const struct vulkan_step *step, VkDescriptorSet set,
                        const uint32_t groups[3])
{
    const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                                     .dstAccessMask =
                                         VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT};
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                         VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &barrier, 0, NULL, 0, NULL);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, step->pipeline->handle);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, device->layout, 0, 1, &set, 0,
                            NULL);
    vkCmdPushConstants(commands, device->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                       sizeof step->constants, step->constants);
    vkCmdDispatch(commands, groups[0], groups[1], groups[2]);
}

static void record_step(const struct vulkan_device *device, VkCommandBuffer commands,
                        const struct vulkan_step *step, VkDescriptorSet set)
{
    if (step->pipeline == NULL)
        record_copy(commands, step);
    else
        record_dispatch(device, commands, step, set, step->groups);
}

static enum hcb_status start_commands(struct vulkan_plan *plan, VkCommandBuffer *commands)
{
    struct vulkan_device *device = vulkan_device_of(plan);
    const VkCommandBufferAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = ((struct vulkan_queue *)plan->base.queue)->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1};
    /* One submission holds a command buffer once per launch. */
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
    enum hcb_status status = hcbi_vulkan_check(
        device->base.ctx, vkAllocateCommandBuffers(device->handle, &allocate, commands),
        "vkAllocateCommandBuffers");
    if (status == HCB_OK)
        status = hcbi_vulkan_check(device->base.ctx, vkBeginCommandBuffer(*commands, &begin),
                                   "vkBeginCommandBuffer");
    return status;
}

static size_t piece_end(const struct vulkan_plan *plan, size_t first, double *work)
{
    size_t i = first;
    *work = 0;
    while (i < plan->step_count && i - first < PIECE_STEPS_MAX &&
           (i == first || *work + plan->steps[i].work <= piece_work_max))
        *work += plan->steps[i++].work;
    return i;
}

static enum hcb_status record_pieces(struct vulkan_plan *plan, const VkDescriptorSet *sets)
{
    struct vulkan_device *device = vulkan_device_of(plan);
    for (size_t i = 0; i < plan->step_count;) {
        struct vulkan_piece *piece = &plan->pieces[plan->piece_count];
        enum hcb_status status = start_commands(plan, &piece->commands);
        plan->piece_count++;
        if (status != HCB_OK)
            return status;
        const size_t end = piece_end(plan, i, &piece->work);
        for (; i < end; i++)
            record_step(device, piece->commands, &plan->steps[i], sets[i]);
        status = hcbi_vulkan_check(device->base.ctx, vkEndCommandBuffer(piece->commands),
                                   "vkEndCommandBuffer");
        if (status != HCB_OK)
            return status;
    }
    return HCB_OK;
}

static size_t first_use(const struct vulkan_plan *plan, const struct vulkan_pipeline *pipeline)
{
    size_t i = 0;
    while (i < plan->step_count && plan->steps[i].pipeline != pipeline)
        i++;
    return i;
}

/* Dispatches one workgroup with each pipeline of the plan, because some drivers
 * compile at the first dispatch. */
static enum hcb_status warm_up(struct vulkan_plan *plan, const VkDescriptorSet *sets)
{
    struct vulkan_device *device = vulkan_device_of(plan);
    struct vulkan_queue *queue = (struct vulkan_queue *)plan->base.queue;
    const uint32_t one_group[3] = {1, 1, 1};
    VkCommandBuffer commands[3] = {queue->begin, VK_NULL_HANDLE, queue->end};
    enum hcb_status status = start_commands(plan, &commands[1]);
    if (status == HCB_OK) {
        for (const struct vulkan_pipeline *p = device->pipelines; p != NULL; p = p->next) {
            const size_t i = first_use(plan, p);
            if (i < plan->step_count)
                record_dispatch(device, commands[1], &plan->steps[i], sets[i], one_group);
        }
        status = hcbi_vulkan_check(device->base.ctx, vkEndCommandBuffer(commands[1]),
                                   "vkEndCommandBuffer");
    }
    if (status == HCB_OK)
        status = hcbi_vulkan_submit(queue, commands, 3);
    if (commands[1] != VK_NULL_HANDLE)
        vkFreeCommandBuffers(device->handle, queue->pool, 1, &commands[1]);
    return status;
}

enum hcb_status hcbi_vulkan_record(struct vulkan_plan *plan)
{
    struct hcb_ctx *ctx = plan->base.queue->device->ctx;
    VkDescriptorSet *sets = calloc(plan->step_count, sizeof *sets);
    plan->pieces = calloc(plan->step_count, sizeof *plan->pieces);
    plan->views = calloc(plan->step_count * VULKAN_TEXELS_MAX, sizeof *plan->views);
    enum hcb_status status = sets == NULL || plan->pieces == NULL || plan->views == NULL
                                 ? hcbi_fail_memory(ctx, plan->step_count * sizeof *plan->pieces)
                                 : make_descriptor_pool(plan);
    for (size_t i = 0; i < plan->step_count && status == HCB_OK; i++)
        status = make_set(plan, &plan->steps[i], &sets[i]);
    if (status == HCB_OK)
        status = warm_up(plan, sets);
    if (status == HCB_OK)
        status = record_pieces(plan, sets);
    free(sets);
    return status;
}

static void note_kernels(struct vulkan_plan *plan)
{
    struct hcbi_blob files[VULKAN_MODULES_MAX];
    if (plan->module_count == 0)
        return;
    for (size_t i = 0; i < plan->module_count; i++)
        files[i] = (struct hcbi_blob){plan->modules[i]->name, plan->modules[i]->data,
                                      plan->modules[i]->size};
    hcbi_plan_kernels(&plan->base, files, plan->module_count);
}

enum hcb_status hcbi_vulkan_parameters(struct hcb_device *base, const struct hcb_case *c,
                                       struct hcb_parameters *parameters)
{
    const struct vulkan_device *device = (const struct vulkan_device *)base;
    const struct vulkan_method *method = hcbi_vulkan_method(device, c);
    return method->parameters == NULL ? HCB_OK : method->parameters(device, c, parameters);
}

enum hcb_status hcbi_vulkan_plan_new(struct hcb_plan *base)
{
    struct vulkan_plan *plan = (struct vulkan_plan *)base;
    enum hcb_status status = hcbi_vulkan_method(vulkan_device_of(plan), &base->task)->prepare(plan);
    if (status == HCB_OK)
        status = hcbi_vulkan_record(plan);
    if (status == HCB_OK)
        note_kernels(plan);
    return status;
}

void hcbi_vulkan_plan_free(struct hcb_plan *base)
{
    struct vulkan_plan *plan = (struct vulkan_plan *)base;
    struct vulkan_device *device = vulkan_device_of(plan);
    const struct vulkan_queue *queue = (const struct vulkan_queue *)base->queue;
    for (size_t i = 0; i < plan->piece_count; i++)
        if (plan->pieces[i].commands != VK_NULL_HANDLE)
            vkFreeCommandBuffers(device->handle, queue->pool, 1, &plan->pieces[i].commands);
    vkDestroyDescriptorPool(device->handle, plan->descriptors, NULL);
    for (size_t i = 0; i < plan->view_count; i++)
        vkDestroyBufferView(device->handle, plan->views[i], NULL);
    for (size_t i = 0; i < VULKAN_SCRATCH_MAX; i++)
        hcbi_vulkan_memory_free(device, &plan->scratch[i]);
    free(plan->views);
    free(plan->pieces);
    free(plan->steps);
}

/* ----------------------------------------------------------------- running */

/* Collects pieces from number `first` of `total` on, as many as the time of the
 * last batch allows; the first batch of a plan has one. */
static uint32_t fill_batch(const struct vulkan_plan *plan, uint64_t first, uint64_t total,
                           VkCommandBuffer commands[BATCH_MAX], double *work)
{
    uint32_t count = 0;
    *work = 0;
    while (count < BATCH_MAX - 2 && first + count < total) {
        const struct vulkan_piece *piece = &plan->pieces[(first + count) % plan->piece_count];
        if (count > 0 &&
            (plan->ns_per_work <= 0 || (*work + piece->work) * plan->ns_per_work > batch_ns_max))
            break;
        *work += piece->work;
        commands[1 + count++] = piece->commands;
    }
    return count;
}

enum hcb_status hcbi_vulkan_plan_run(struct hcb_plan *base, uint32_t launches,
                                     struct hcb_timing *timing)
{
    struct vulkan_plan *plan = (struct vulkan_plan *)base;
    struct vulkan_queue *queue = (struct vulkan_queue *)base->queue;
    const uint64_t total = (uint64_t)launches * plan->piece_count;
    VkCommandBuffer commands[BATCH_MAX];
    uint64_t done = 0, device_ns = 0;
    commands[0] = queue->begin;
    const uint64_t start = hcbi_now_ns();
    while (done < total) {
        double work;
        const uint32_t count = fill_batch(plan, done, total, commands, &work);
        commands[1 + count] = queue->end;
        const uint64_t batch_start = hcbi_now_ns();
        enum hcb_status status = hcbi_vulkan_submit(queue, commands, count + 2);
        if (status != HCB_OK)
            return status;
        device_ns += hcbi_vulkan_elapsed_ns(queue);
        plan->ns_per_work = (double)(hcbi_now_ns() - batch_start) / work;
        done += count;
    }
    timing->host_ns = hcbi_now_ns() - start;
    timing->host_valid = true;
    timing->device_ns = device_ns;
    timing->device_valid = queue->timestamps != VK_NULL_HANDLE;
    return HCB_OK;
}
