/* SPDX-License-Identifier: Apache-2.0 */
/* Which cases a device can run, and the reasons why not. */
#include "config.h"

#include <stdlib.h>

#include "opencl.h"

uint64_t hcbi_opencl_room(const struct opencl_device *device, const struct hcb_case *c)
{
    const uint64_t memory = device->base.info.memory_bytes;
    return memory == 0 ? UINT64_MAX : memory - hcb_case_bytes(c);
}

enum hcb_status hcbi_opencl_no_room(const struct opencl_device *device, const struct hcb_case *c,
                                    uint64_t bytes)
{
    const struct hcb_device_info *info = &device->base.info;
    char text[128], needs[32], has[32];
    return hcbi_fail(
        device->base.ctx, HCB_UNSUPPORTED, "%s needs %s of scratch memory, %s has %s left",
        hcb_case_text(c, text, sizeof text), hcbi_bytes_text(bytes, needs, sizeof needs), info->id,
        hcbi_bytes_text(hcbi_opencl_room(device, c), has, sizeof has));
}

const struct opencl_method *hcbi_opencl_method(const struct opencl_device *device,
                                               const struct hcb_case *c)
{
    static const struct opencl_method *const own[HCB_OP_COUNT] = {
        [HCB_OP_SUM] = &hcbi_opencl_reduce,         [HCB_OP_DOT] = &hcbi_opencl_reduce,
        [HCB_OP_COPY] = &hcbi_opencl_copy,          [HCB_OP_TRIAD] = &hcbi_opencl_elementwise,
        [HCB_OP_LAUNCH] = &hcbi_opencl_elementwise, [HCB_OP_PEAK] = &hcbi_opencl_elementwise};
    if (c->impl == HCB_IMPL_CLBLAST || c->impl == HCB_IMPL_CLBLAST_TUNED)
        return &hcbi_opencl_clblast;
    if (c->impl == HCB_IMPL_COOPMAT)
        return &hcbi_opencl_matmul_units;
    if (c->op != HCB_OP_MATMUL)
        return own[c->op];
    if (!device->cpu_kernels)
        return &hcbi_opencl_matmul_gpu;
    /* Halves are made where operands are packed, which thin kernels do not do. */
    return c->precision != HCB_PRECISION_F32X2 && hcbi_opencl_is_thin(&c->shape)
               ? &hcbi_opencl_matmul_thin
               : &hcbi_opencl_matmul_cpu;
}

/* The formats in which a case computes, beyond what every OpenCL device has. */
static enum hcb_status check_formats(const struct opencl_device *device, const struct hcb_case *c)
{
    static const char *const extensions[HCB_PRECISION_COUNT] = {
        [HCB_PRECISION_F64] = "cl_khr_fp64", [HCB_PRECISION_F16] = "cl_khr_fp16"};
    const char *extension = c->op == HCB_OP_COPY ? NULL : extensions[c->precision];
    if (extension == NULL && c->sum == HCB_SUM_F64)
        extension = "cl_khr_fp64";
    if (extension != NULL && !hcbi_opencl_has_extension(device->id, extension))
        return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED, "%s lacks %s", device->base.info.driver,
                         extension);
    return HCB_OK;
}

/* All items lie in the first dimension.  HCBENCH_GROUP_ITEMS=N in the environment lowers it,
 * for tests. */
uint64_t hcbi_opencl_most_items(const struct opencl_device *device)
{
    const char *asked = getenv("HCBENCH_GROUP_ITEMS");
    size_t most = 0, sizes[16] = {0};
    clGetDeviceInfo(device->id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof most, &most, NULL);
    clGetDeviceInfo(device->id, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof sizes, sizes, NULL);
    if (sizes[0] > 0 && sizes[0] < most)
        most = sizes[0];
    return asked != NULL ? strtoull(asked, NULL, 10) : most;
}

size_t hcbi_opencl_items(const struct opencl_device *device, size_t wanted)
{
    const uint64_t most = hcbi_opencl_most_items(device);
    size_t items = 1;
    while (2 * items <= wanted && 2 * items <= most)
        items *= 2;
    return items;
}

enum hcb_status hcbi_opencl_supports(struct hcb_device *base, const struct hcb_case *c)
{
    const struct opencl_device *device = (const struct opencl_device *)base;
    const enum hcb_status status = check_formats(device, c);
    return status == HCB_OK ? hcbi_opencl_method(device, c)->supports(device, c) : status;
}

uint64_t hcbi_opencl_scratch_bytes(struct hcb_device *base, const struct hcb_case *c,
                                   const uint64_t *values)
{
    const struct opencl_device *device = (const struct opencl_device *)base;
    const struct opencl_method *method = hcbi_opencl_method(device, c);
    return method->scratch != NULL ? method->scratch(device, c, values) : 0;
}
