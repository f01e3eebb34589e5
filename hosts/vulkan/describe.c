/* SPDX-License-Identifier: Apache-2.0 */
/* What a Vulkan driver says of a device, without opening it. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vulkan.h"

/* PCI vendors, and VkVendorId of drivers without hardware. */
static const struct vendor {
    uint32_t id;
    const char *name;
} vendors[] = {
    {0x1002, "AMD"},      {0x1010, "Imagination"},   {0x106B, "Apple"},    {0x10DE, "NVIDIA"},
    {0x13B5, "Arm"},      {0x144D, "Samsung"},       {0x14E4, "Broadcom"}, {0x1AE0, "Google"},
    {0x1AF4, "Red Hat"},  {0x1ED5, "Moore Threads"}, {0x5143, "Qualcomm"}, {0x8086, "Intel"},
    {0x10001, "Vivante"}, {0x10002, "VeriSilicon"},  {0x10003, "Kazan"},   {0x10004, "Codeplay"},
    {0x10005, "Mesa"},    {0x10006, "PoCL"},
};

bool hcbi_vulkan_has_extension(VkPhysicalDevice physical, const char *name)
{
    uint32_t count = 0;
    bool found = false;
    vkEnumerateDeviceExtensionProperties(physical, NULL, &count, NULL);
    VkExtensionProperties *list = calloc(count + 1u, sizeof *list);
    if (list == NULL)
        return false;
    vkEnumerateDeviceExtensionProperties(physical, NULL, &count, list);
    for (uint32_t i = 0; i < count && !found; i++)
        found = strcmp(list[i].extensionName, name) == 0;
    free(list);
    return found;
}

uint32_t hcbi_vulkan_api(const struct vulkan_platform *platform, VkPhysicalDevice physical)
{
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(physical, &properties);
    return properties.apiVersion < platform->api ? properties.apiVersion : platform->api;
}

uint32_t hcbi_vulkan_queue_family(VkPhysicalDevice physical, uint32_t *bits)
{
    VkQueueFamilyProperties families[32];
    uint32_t count = sizeof families / sizeof *families, best = UINT32_MAX;
    *bits = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, families);
    for (uint32_t i = 0; i < count; i++)
        if ((families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) != 0 && families[i].queueCount > 0 &&
            (best == UINT32_MAX || (*bits == 0 && families[i].timestampValidBits != 0))) {
            best = i;
            *bits = families[i].timestampValidBits;
        }
    return best;
}

/* The properties that are asked for, as one chain. */
struct properties {
    VkPhysicalDeviceProperties2 core;
    VkPhysicalDeviceIDProperties id;
    VkPhysicalDeviceMaintenance3Properties allocation;
    VkPhysicalDeviceDriverProperties driver;
    VkPhysicalDeviceMaintenance4Properties buffer;
    VkPhysicalDevicePCIBusInfoPropertiesEXT pci;
    VkPhysicalDeviceShaderSMBuiltinsPropertiesNV nvidia;
    VkPhysicalDeviceShaderCorePropertiesAMD amd;
};

static void chain(struct properties *p, void *link)
{
    VkBaseOutStructure *structure = link;
    structure->pNext = p->core.pNext;
    p->core.pNext = structure;
}

static void read_properties(VkPhysicalDevice physical, uint32_t api, struct properties *p)
{
    *p = (struct properties){
        .core.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .id.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
        .allocation.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES,
        .driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
        .buffer.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES,
        .pci.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT,
        .nvidia.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV,
        .amd.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD,
    };
    const struct {
        void *link;
        uint32_t core; /* version that has it without an extension */
        const char *extension;
    } links[] = {
        {&p->id, VK_API_VERSION_1_1, NULL},
        {&p->allocation, VK_API_VERSION_1_1, NULL},
        {&p->driver, VK_API_VERSION_1_2, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME},
        {&p->buffer, VK_API_VERSION_1_3, VK_KHR_MAINTENANCE_4_EXTENSION_NAME},
        {&p->pci, UINT32_MAX, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME},
        {&p->nvidia, UINT32_MAX, VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME},
        {&p->amd, UINT32_MAX, VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME},
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (api >= links[i].core || hcbi_vulkan_has_extension(physical, links[i].extension))
            chain(p, links[i].link);
    vkGetPhysicalDeviceProperties2(physical, &p->core);
}

static void describe_memory(VkPhysicalDevice physical, const struct properties *p,
                            struct hcb_device_info *info)
{
    VkPhysicalDeviceMemoryProperties memory;
    uint64_t sum = 0, largest = 0;
    vkGetPhysicalDeviceMemoryProperties(physical, &memory);
    for (uint32_t i = 0; i < memory.memoryHeapCount; i++) {
        const VkMemoryHeap *heap = &memory.memoryHeaps[i];
        if (heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
            sum += heap->size;
        if (heap->size > largest)
            largest = heap->size;
    }
    info->memory_bytes = info->software || sum == 0 ? largest : sum;
    info->cache_bytes = info->software ? hcbi_host_cache() : 0; /* there is no query */
    info->max_buffer_bytes = p->allocation.maxMemoryAllocationSize;
    if (p->buffer.maxBufferSize != 0)
        info->max_buffer_bytes = vulkan_min(info->max_buffer_bytes, p->buffer.maxBufferSize);
    info->max_buffer_bytes &= ~UINT64_C(0xfff); /* buffers are rounded up */
}

/* Cuts what does not fit. */
static void copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%.*s", (int)size - 1, from);
}

static void describe_driver(const struct properties *p, struct hcb_device_info *info)
{
    const VkPhysicalDeviceProperties *core = &p->core.properties;
    copy_text(info->driver, sizeof info->driver, p->driver.driverName);
    copy_text(info->driver_version, sizeof info->driver_version, p->driver.driverInfo);
    if (info->driver_version[0] == '\0')
        snprintf(info->driver_version, sizeof info->driver_version, "0x%x",
                 (unsigned)core->driverVersion);
    snprintf(info->api_version, sizeof info->api_version, "Vulkan %u.%u.%u",
             VK_API_VERSION_MAJOR(core->apiVersion), VK_API_VERSION_MINOR(core->apiVersion),
             VK_API_VERSION_PATCH(core->apiVersion));
    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++)
        if (vendors[i].id == core->vendorID)
            snprintf(info->vendor, sizeof info->vendor, "%s", vendors[i].name);
    if (info->vendor[0] == '\0')
        snprintf(info->vendor, sizeof info->vendor, "0x%x", (unsigned)core->vendorID);
}

/* llvmpipe writes its target into the device's name: "llvmpipe (LLVM 15.0.6, 256
 * bits)". */
static void describe_target(struct hcb_device_info *info)
{
    const char *open = strchr(info->name, '('), *close = strrchr(info->name, ')');
    if (info->software && open != NULL && close != NULL && open < close)
        snprintf(info->target, sizeof info->target, "%.*s", (int)(close - open - 1), open + 1);
}

static uint32_t compute_units(const struct properties *p, const struct hcb_device_info *info)
{
    if (info->software)
        return hcbi_host_threads();
    if (p->nvidia.shaderSMCount != 0)
        return p->nvidia.shaderSMCount;
    return p->amd.shaderEngineCount * p->amd.shaderArraysPerEngineCount *
           p->amd.computeUnitsPerShaderArray;
}

enum hcb_status hcbi_vulkan_describe(struct hcb_platform *base, size_t index,
                                     struct hcb_device_info *info)
{
    const struct vulkan_platform *platform = (const struct vulkan_platform *)base;
    const VkPhysicalDevice physical = platform->devices[index];
    struct properties p;
    read_properties(physical, hcbi_vulkan_api(platform, physical), &p);
    const VkPhysicalDeviceProperties *core = &p.core.properties;

    copy_text(info->name, sizeof info->name, core->deviceName);
    info->software = core->deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU ||
                     hcbi_is_software_name(core->deviceName);
    info->type = info->software ? HCB_DEVICE_CPU : HCB_DEVICE_GPU;
    describe_driver(&p, info);
    describe_target(info);
    describe_memory(physical, &p, info);
    info->compute_units = compute_units(&p, info);
    for (size_t i = 0; i < VK_UUID_SIZE; i++)
        snprintf(info->uuid + 2 * i, sizeof info->uuid - 2 * i, "%02x", p.id.deviceUUID[i]);
    if (hcbi_vulkan_has_extension(physical, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME))
        snprintf(info->pci, sizeof info->pci, "%04x:%02x:%02x.%x",
                 (unsigned)p.pci.pciDomain & 0xffff, (unsigned)p.pci.pciBus & 0xff,
                 (unsigned)p.pci.pciDevice & 0xff, (unsigned)p.pci.pciFunction & 0xf);
    return HCB_OK;
}
