/* SPDX-License-Identifier: Apache-2.0 */
/* Shader modules and compute pipelines, each made once per device. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vulkan.h"

/* SPIR-V's header has 5 words; each instruction after it says how many words it
 * has in the upper half of its first.  Drivers trust both. */
static bool is_spirv(const void *data, size_t size)
{
    const size_t words = size / sizeof(uint32_t);
    size_t at = 5;
    uint32_t word;
    if (size % sizeof word != 0 || words < 5)
        return false;
    memcpy(&word, data, sizeof word);
    if (word != UINT32_C(0x07230203))
        return false;
    while (at < words) {
        memcpy(&word, (const char *)data + at * sizeof word, sizeof word);
        if (word >> 16 == 0)
            return false;
        at += word >> 16;
    }
    return at == words;
}

static enum hcb_status load_module(struct vulkan_device *device, struct vulkan_module *module)
{
    struct hcb_ctx *ctx = device->base.ctx;
    enum hcb_status status =
        hcbi_kernel_load(ctx, hcbi_spv_kernels, module->name, &module->data, &module->size);
    if (status != HCB_OK)
        return status;
    if (!is_spirv(module->data, module->size))
        return hcbi_fail(ctx, HCB_ERROR,
                         "kernel %s is not a whole SPIR-V module in this machine's byte order",
                         module->name);
    const VkShaderModuleCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                           .codeSize = module->size,
                                           .pCode = module->data};
    return hcbi_vulkan_check(ctx,
                             vkCreateShaderModule(device->handle, &info, NULL, &module->handle),
                             "vkCreateShaderModule");
}

static enum hcb_status find_module(struct vulkan_device *device, const char *name,
                                   const struct vulkan_module **out)
{
    struct vulkan_module *module;
    for (module = device->modules; module != NULL; module = module->next)
        if (strcmp(module->name, name) == 0) {
            *out = module;
            return HCB_OK;
        }
    module = calloc(1, sizeof *module);
    if (module == NULL)
        return hcbi_fail_memory(device->base.ctx, sizeof *module);
    snprintf(module->name, sizeof module->name, "%s", name);
    enum hcb_status status = load_module(device, module);
    if (status != HCB_OK) {
        free(module->data);
        free(module);
        return status;
    }
    module->next = device->modules;
    device->modules = module;
    *out = module;
    return HCB_OK;
}

static enum hcb_status make_pipeline(struct vulkan_device *device, struct vulkan_pipeline *pipeline)
{
    const struct vulkan_specialization *chosen = &pipeline->specialization;
    VkSpecializationMapEntry entries[VULKAN_SPECIALIZATION_MAX];
    for (uint32_t i = 0; i < chosen->count; i++)
        entries[i] = (VkSpecializationMapEntry){i, i * (uint32_t)sizeof *chosen->values,
                                                sizeof *chosen->values};
    const VkSpecializationInfo specialization = {.mapEntryCount = chosen->count,
                                                 .pMapEntries = entries,
                                                 .dataSize = chosen->count * sizeof *chosen->values,
                                                 .pData = chosen->values};
    const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
        .requiredSubgroupSize = chosen->subgroup_size};
    const bool demands = chosen->subgroup_size != 0;
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .pNext = demands && device->features.subgroup_size_control ? &subgroup : NULL,
                  .flags = demands && device->features.full_subgroups
                               ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT
                               : 0,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = pipeline->module->handle,
                  .pName = "main",
                  .pSpecializationInfo = &specialization},
        .layout = device->layout};
    return hcbi_vulkan_check(
        device->base.ctx,
        vkCreateComputePipelines(device->handle, VK_NULL_HANDLE, 1, &info, NULL, &pipeline->handle),
        "vkCreateComputePipelines");
}

static enum hcb_status find_pipeline(struct vulkan_device *device,
                                     const struct vulkan_module *module,
                                     const struct vulkan_specialization *specialization,
                                     const struct vulkan_pipeline **out)
{
    struct vulkan_pipeline *pipeline;
    for (pipeline = device->pipelines; pipeline != NULL; pipeline = pipeline->next)
        if (pipeline->module == module &&
            memcmp(&pipeline->specialization, specialization, sizeof *specialization) == 0) {
            *out = pipeline;
            return HCB_OK;
        }
    pipeline = calloc(1, sizeof *pipeline);
    if (pipeline == NULL)
        return hcbi_fail_memory(device->base.ctx, sizeof *pipeline);
    pipeline->module = module;
    pipeline->specialization = *specialization;
    enum hcb_status status = make_pipeline(device, pipeline);
    if (status != HCB_OK) {
        free(pipeline);
        return status;
    }
    pipeline->next = device->pipelines;
    device->pipelines = pipeline;
    *out = pipeline;
    return HCB_OK;
}

/* Each file once, in the order of use. */
static void note_module(struct vulkan_plan *plan, const struct vulkan_module *module)
{
    for (size_t i = 0; i < plan->module_count; i++)
        if (plan->modules[i] == module)
            return;
    if (plan->module_count < VULKAN_MODULES_MAX)
        plan->modules[plan->module_count++] = module;
}

static enum hcb_status use_module(struct vulkan_plan *plan, const char *family, const char *variant,
                                  const struct vulkan_module **out)
{
    char name[sizeof (*out)->name];
    snprintf(name, sizeof name, "%s.%s.spv", family, variant);
    enum hcb_status status = find_module(vulkan_device_of(plan), name, out);
    if (status == HCB_OK)
        note_module(plan, *out);
    return status;
}

enum hcb_status hcbi_vulkan_pipeline(struct vulkan_plan *plan, const char *family,
                                     const char *variant,
                                     const struct vulkan_specialization *specialization,
                                     const struct vulkan_pipeline **pipeline)
{
    const struct vulkan_module *module;
    enum hcb_status status = use_module(plan, family, variant, &module);
    return status == HCB_OK
               ? find_pipeline(vulkan_device_of(plan), module, specialization, pipeline)
               : status;
}

enum hcb_status hcbi_vulkan_note(struct vulkan_plan *plan, const char *family, const char *variant)
{
    const struct vulkan_module *module;
    return use_module(plan, family, variant, &module);
}

bool hcbi_vulkan_has_module(const struct vulkan_device *device, const char *name)
{
    void *data;
    size_t size;
    if (hcbi_kernel_load(device->base.ctx, hcbi_spv_kernels, name, &data, &size) != HCB_OK)
        return false;
    free(data);
    return true;
}

void hcbi_vulkan_pipelines_free(struct vulkan_device *device)
{
    while (device->pipelines != NULL) {
        struct vulkan_pipeline *pipeline = device->pipelines;
        device->pipelines = pipeline->next;
        vkDestroyPipeline(device->handle, pipeline->handle, NULL);
        free(pipeline);
    }
    while (device->modules != NULL) {
        struct vulkan_module *module = device->modules;
        device->modules = module->next;
        vkDestroyShaderModule(device->handle, module->handle, NULL);
        free(module->data);
        free(module);
    }
}
