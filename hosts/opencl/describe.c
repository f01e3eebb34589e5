/* SPDX-License-Identifier: Apache-2.0 */
/* What a driver says of a device.  A query that fails leaves its field empty. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opencl.h"

/* From the OpenCL registry; older headers lack them. */
#define DEVICE_HALF_FP_CONFIG 0x1033
#define DEVICE_UUID_KHR 0x106A
#define DEVICE_SUB_GROUP_SIZES_INTEL 0x4108
#define DEVICE_PCI_BUS_ID_NV 0x4008
#define DEVICE_PCI_SLOT_ID_NV 0x4009
#define DEVICE_PCI_DOMAIN_ID_NV 0x400A
#define DEVICE_TOPOLOGY_AMD 0x4037
#define DEVICE_PCI_BUS_INFO_KHR 0x410F

/* Drivers by the beginning of their platform's name. */
static const struct driver {
    const char *platform, *name;
    bool software; /* runs on the CPU, whatever its devices claim to be */
} drivers[] = {
    {"Portable Computing Language", "PoCL", false},
    {"Intel(R) OpenCL Graphics", "Intel Compute Runtime", false},
    {"Intel(R) OpenCL HD Graphics", "Intel Compute Runtime", false},
    {"Intel(R) FPGA Emulation", "Intel FPGA Emulator", true},
    {"Intel(R) OpenCL", "Intel CPU Runtime", false},
    {"NVIDIA CUDA", "NVIDIA", false},
    {"AMD Accelerated Parallel Processing", "AMD", false},
    {"rusticl", "rusticl", false},
    {"Clover", "Clover", false},
    {"Oclgrind", "Oclgrind", true},
};

static bool read_device(cl_device_id device, cl_device_info what, void *value, size_t size)
{
    size_t written = 0;
    return clGetDeviceInfo(device, what, size, value, &written) == CL_SUCCESS && written == size;
}

/* The text of a query, malloc'ed and without blanks at its ends; NULL if there
 * is none. */
static char *read_text(cl_device_id device, cl_device_info what)
{
    size_t size = 0;
    if (clGetDeviceInfo(device, what, 0, NULL, &size) != CL_SUCCESS || size == 0)
        return NULL;
    char *text = calloc(1, size + 1);
    if (text == NULL || clGetDeviceInfo(device, what, size, text, NULL) != CL_SUCCESS) {
        free(text);
        return NULL;
    }
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ')
        text[--length] = '\0';
    const size_t blanks = strspn(text, " ");
    memmove(text, text + blanks, length + 1 - blanks);
    return text;
}

static void copy_text(cl_device_id device, cl_device_info what, char *out, size_t size)
{
    char *text = read_text(device, what);
    if (text != NULL)
        snprintf(out, size, "%s", text);
    free(text);
}

bool hcbi_opencl_has_extension(cl_device_id device, const char *extension)
{
    const size_t length = strlen(extension);
    bool found = false;
    char *list = read_text(device, CL_DEVICE_EXTENSIONS);
    for (const char *word = list; word != NULL && *word != '\0' && !found;) {
        const size_t end = strcspn(word, " ");
        found = end == length && strncmp(word, extension, length) == 0;
        word += end + strspn(word + end, " ");
    }
    free(list);
    return found;
}

static const struct driver *find_driver(const char *platform_name)
{
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++)
        if (strncmp(platform_name, drivers[i].platform, strlen(drivers[i].platform)) == 0)
            return &drivers[i];
    return NULL;
}

static void describe_driver(const struct opencl_entry *entry, struct hcb_device_info *info)
{
    cl_device_type type = 0;
    char platform_name[96] = "", version[sizeof info->api_version + 64] = "";
    clGetPlatformInfo(entry->platform, CL_PLATFORM_NAME, sizeof platform_name - 1, platform_name,
                      NULL);
    const struct driver *driver = find_driver(platform_name);
    snprintf(info->driver, sizeof info->driver, "%s",
             driver != NULL ? driver->name : platform_name);
    copy_text(entry->device, CL_DRIVER_VERSION, info->driver_version, sizeof info->driver_version);
    /* "OpenCL 3.0 vendor's words" */
    copy_text(entry->device, CL_DEVICE_VERSION, version, sizeof version);
    const size_t first = strcspn(version, " ");
    const size_t second =
        first + (version[first] == ' ' ? 1 + strcspn(version + first + 1, " ") : 0);
    snprintf(info->api_version, sizeof info->api_version, "%.*s", (int)second, version);

    read_device(entry->device, CL_DEVICE_TYPE, &type, sizeof type);
    info->type = type & CL_DEVICE_TYPE_GPU   ? HCB_DEVICE_GPU
                 : type & CL_DEVICE_TYPE_CPU ? HCB_DEVICE_CPU
                                             : HCB_DEVICE_ACCELERATOR;
    info->software = info->type == HCB_DEVICE_CPU || (driver != NULL && driver->software) ||
                     hcbi_is_software_name(info->name);
}

/* PoCL names its device "cpu-CPU-MODEL" or "pthread-CPU-MODEL", and ends its
 * version with "pthread-TRIPLE-CPU"; CPU may hold a dash, MODEL and TRIPLE are
 * what the other text lacks. */
static void describe_pocl_target(cl_device_id device, struct hcb_device_info *info)
{
    const char *const name = strchr(info->name, '-');
    char *version = read_text(device, CL_DEVICE_VERSION);
    if (name != NULL && version != NULL)
        for (const char *dash = strchr(version, '-'); dash != NULL; dash = strchr(dash + 1, '-')) {
            const size_t length = strlen(dash + 1);
            if (length > 0 && strncmp(name + 1, dash + 1, length) == 0 && name[1 + length] == '-') {
                snprintf(info->target, sizeof info->target, "%s", dash + 1);
                break;
            }
        }
    free(version);
}

static void describe_pci(cl_device_id device, struct hcb_device_info *info)
{
    struct {
        cl_uint domain, bus, device, function;
    } khr = {0};
    struct {
        cl_uint type;
        cl_uchar unused[17], bus, device, function;
    } amd = {0};
    cl_uint bus = 0, slot = 0, domain = 0;
    if (hcbi_opencl_has_extension(device, "cl_khr_pci_bus_info") &&
        read_device(device, DEVICE_PCI_BUS_INFO_KHR, &khr, sizeof khr)) {
        snprintf(info->pci, sizeof info->pci, "%04x:%02x:%02x.%x", khr.domain & 0xffff,
                 khr.bus & 0xff, khr.device & 0xff, khr.function & 0xf);
    } else if (hcbi_opencl_has_extension(device, "cl_nv_device_attribute_query") &&
               read_device(device, DEVICE_PCI_BUS_ID_NV, &bus, sizeof bus) &&
               read_device(device, DEVICE_PCI_SLOT_ID_NV, &slot, sizeof slot)) {
        read_device(device, DEVICE_PCI_DOMAIN_ID_NV, &domain, sizeof domain);
        snprintf(info->pci, sizeof info->pci, "%04x:%02x:%02x.%x", domain & 0xffff, bus & 0xff,
                 slot >> 3 & 0x1f, slot & 7);
    } else if (hcbi_opencl_has_extension(device, "cl_amd_device_attribute_query") &&
               read_device(device, DEVICE_TOPOLOGY_AMD, &amd, sizeof amd) && amd.type == 1) {
        snprintf(info->pci, sizeof info->pci, "0000:%02x:%02x.%x", amd.bus, amd.device,
                 amd.function & 0xf);
    }
}

static void describe_uuid(cl_device_id device, struct hcb_device_info *info)
{
    unsigned char uuid[16];
    if (hcbi_opencl_has_extension(device, "cl_khr_device_uuid") &&
        read_device(device, DEVICE_UUID_KHR, uuid, sizeof uuid))
        for (size_t i = 0; i < sizeof uuid; i++)
            snprintf(info->uuid + 2 * i, sizeof info->uuid - 2 * i, "%02x", uuid[i]);
}

void hcbi_opencl_describe(const struct opencl_entry *entry, struct hcb_device_info *info)
{
    cl_uint units = 0;
    cl_ulong bytes = 0;
    copy_text(entry->device, CL_DEVICE_NAME, info->name, sizeof info->name);
    copy_text(entry->device, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    describe_driver(entry, info);
    if (strcmp(info->driver, "PoCL") == 0)
        describe_pocl_target(entry->device, info);
    describe_pci(entry->device, info);
    describe_uuid(entry->device, info);
    if (read_device(entry->device, CL_DEVICE_MAX_COMPUTE_UNITS, &units, sizeof units))
        info->compute_units = units;
    if (read_device(entry->device, CL_DEVICE_GLOBAL_MEM_SIZE, &bytes, sizeof bytes))
        info->memory_bytes = bytes;
    if (read_device(entry->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, &bytes, sizeof bytes))
        info->max_buffer_bytes = bytes;
    if (info->software)
        info->cache_bytes = hcbi_host_cache();
    else if (read_device(entry->device, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, &bytes, sizeof bytes))
        info->cache_bytes = bytes;
}

static unsigned least_sub_group(cl_device_id device)
{
    size_t sizes[8] = {0}, bytes = 0;
    unsigned least = 0;
    if (!hcbi_opencl_has_extension(device, "cl_intel_required_subgroup_size") ||
        clGetDeviceInfo(device, DEVICE_SUB_GROUP_SIZES_INTEL, sizeof sizes, sizes, &bytes) !=
            CL_SUCCESS)
        return 0;
    for (size_t i = 0; i < bytes / sizeof *sizes; i++)
        if (least == 0 || sizes[i] < least)
            least = (unsigned)sizes[i];
    return least;
}

void hcbi_opencl_read_arithmetic(struct opencl_device *device)
{
    static const struct {
        enum hcb_type type;
        cl_device_info query;
    } formats[] = {{HCB_TYPE_F64, CL_DEVICE_DOUBLE_FP_CONFIG},
                   {HCB_TYPE_F32, CL_DEVICE_SINGLE_FP_CONFIG},
                   {HCB_TYPE_F16, DEVICE_HALF_FP_CONFIG}};
    const char *asked_bits =
        getenv("HCBENCH_VECTOR_BITS"); /* to test each register tile anywhere */
    cl_uint lanes = 0;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        cl_device_fp_config config = 0;
        if (read_device(device->id, formats[i].query, &config, sizeof config))
            device->fma[formats[i].type] = (config & CL_FP_FMA) != 0;
    }
    read_device(device->id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, &lanes, sizeof lanes);
    if (asked_bits != NULL)
        lanes = (cl_uint)strtoul(asked_bits, NULL, 10) / 32;
    device->vector_bits = lanes >= 16 ? 512 : lanes >= 8 ? 256 : 128;
    cl_ulong local_bytes = 0;
    if (read_device(device->id, CL_DEVICE_LOCAL_MEM_SIZE, &local_bytes, sizeof local_bytes))
        device->local_bytes = local_bytes;
    device->sub_group = least_sub_group(device->id);
}
