/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenCL platform: its devices, queues and buffers, and its table of
 * callbacks.  Knows no op. */
#include "config.h"

#include <stdlib.h>

#include "opencl.h"

/* ----------------------------------------------------------------- devices */

/* A device that could run our kernels. */
static bool usable(cl_device_id device)
{
    cl_bool available = CL_FALSE, compiler = CL_FALSE;
    clGetDeviceInfo(device, CL_DEVICE_AVAILABLE, sizeof available, &available, NULL);
    clGetDeviceInfo(device, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL);
    return available && compiler;
}

/* Appends the devices of one driver; a driver that fails has none. */
static enum hcb_status add_devices(struct opencl_platform *platform, cl_platform_id driver)
{
    cl_uint count = 0;
    if (clGetDeviceIDs(driver, CL_DEVICE_TYPE_ALL, 0, NULL, &count) != CL_SUCCESS || count == 0)
        return HCB_OK;
    cl_device_id *ids = calloc(count, sizeof(cl_device_id));
    struct opencl_entry *entries =
        realloc(platform->entries, (platform->count + count) * sizeof *entries);
    if (entries != NULL)
        platform->entries = entries;
    if (ids == NULL || entries == NULL) {
        free(ids);
        return hcbi_fail_memory(platform->base.ctx, count * sizeof *entries);
    }
    if (clGetDeviceIDs(driver, CL_DEVICE_TYPE_ALL, count, ids, NULL) == CL_SUCCESS)
        for (cl_uint i = 0; i < count; i++)
            if (usable(ids[i]))
                entries[platform->count++] = (struct opencl_entry){driver, ids[i]};
    free(ids);
    return HCB_OK;
}

static enum hcb_status opencl_platform_open(struct hcb_platform *base, size_t *count)
{
    struct opencl_platform *platform = (struct opencl_platform *)base;
    cl_uint driver_count = 0;
    enum hcb_status status = HCB_OK;
    cl_int code = clGetPlatformIDs(0, NULL, &driver_count);
    if (code == CL_PLATFORM_NOT_FOUND_KHR || (code == CL_SUCCESS && driver_count == 0))
        return hcbi_fail(base->ctx, HCB_UNSUPPORTED, "no OpenCL driver is installed");
    if (code != CL_SUCCESS)
        return hcbi_opencl_fail(base->ctx, "clGetPlatformIDs", code);
    cl_platform_id *drivers = calloc(driver_count, sizeof(cl_platform_id));
    if (drivers == NULL)
        return hcbi_fail_memory(base->ctx, driver_count * sizeof(cl_platform_id));
    code = clGetPlatformIDs(driver_count, drivers, NULL);
    if (code != CL_SUCCESS)
        status = hcbi_opencl_fail(base->ctx, "clGetPlatformIDs", code);
    for (cl_uint i = 0; i < driver_count && status == HCB_OK; i++)
        status = add_devices(platform, drivers[i]);
    free(drivers);
    *count = platform->count;
    return status;
}

static void opencl_platform_close(struct hcb_platform *base)
{
    free(((struct opencl_platform *)base)->entries);
}

static enum hcb_status opencl_device_describe(struct hcb_platform *base, size_t index,
                                              struct hcb_device_info *info)
{
    hcbi_opencl_describe(&((struct opencl_platform *)base)->entries[index], info);
    return HCB_OK;
}

static enum hcb_status opencl_device_open(struct hcb_device *base)
{
    struct opencl_device *device = (struct opencl_device *)base;
    const struct opencl_entry *entry =
        &((struct opencl_platform *)base->platform)->entries[base->index];
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                                (cl_context_properties)entry->platform, 0};
    cl_int code;
    device->id = entry->device;
    device->cpu_kernels = hcbi_wants_cpu_kernels(&base->info);
    hcbi_opencl_read_arithmetic(device);
    device->context = clCreateContext(properties, 1, &device->id, NULL, NULL, &code);
    return code == CL_SUCCESS ? HCB_OK : hcbi_opencl_fail(base->ctx, "clCreateContext", code);
}

static void opencl_device_close(struct hcb_device *base)
{
    struct opencl_device *device = (struct opencl_device *)base;
    if (device->used_clblast)
        hcbi_opencl_clblast_forget();
    hcbi_opencl_programs_free(device);
    if (device->context != NULL)
        clReleaseContext(device->context);
}

/* ------------------------------------------------------- queues and buffers */

static enum hcb_status opencl_queue_new(struct hcb_queue *base)
{
    const struct opencl_device *device = (const struct opencl_device *)base->device;
    cl_int code;
    ((struct opencl_queue *)base)->handle =
        clCreateCommandQueue(device->context, device->id, CL_QUEUE_PROFILING_ENABLE, &code);
    return code == CL_SUCCESS ? HCB_OK
                              : hcbi_opencl_fail(base->device->ctx, "clCreateCommandQueue", code);
}

static void opencl_queue_free(struct hcb_queue *base)
{
    cl_command_queue handle = ((struct opencl_queue *)base)->handle;
    if (handle != NULL)
        clReleaseCommandQueue(handle);
}

static enum hcb_status opencl_buffer_new(struct hcb_buffer *base)
{
    const struct opencl_device *device = (const struct opencl_device *)base->device;
    cl_int code;
    ((struct opencl_buffer *)base)->handle =
        clCreateBuffer(device->context, CL_MEM_READ_WRITE, base->bytes, NULL, &code);
    return code == CL_SUCCESS ? HCB_OK
                              : hcbi_opencl_fail(base->device->ctx, "clCreateBuffer", code);
}

static void opencl_buffer_free(struct hcb_buffer *base)
{
    cl_mem handle = ((struct opencl_buffer *)base)->handle;
    if (handle != NULL)
        clReleaseMemObject(handle);
}

static enum hcb_status opencl_upload(struct hcb_queue *queue, struct hcb_buffer *base,
                                     uint64_t offset, const void *data, uint64_t bytes)
{
    cl_int code = clEnqueueWriteBuffer(((struct opencl_queue *)queue)->handle,
                                       ((struct opencl_buffer *)base)->handle, CL_TRUE, offset,
                                       bytes, data, 0, NULL, NULL);
    return code == CL_SUCCESS ? HCB_OK
                              : hcbi_opencl_fail(queue->device->ctx, "clEnqueueWriteBuffer", code);
}

static enum hcb_status opencl_download(struct hcb_queue *queue, struct hcb_buffer *base,
                                       uint64_t offset, void *data, uint64_t bytes)
{
    cl_int code = clEnqueueReadBuffer(((struct opencl_queue *)queue)->handle,
                                      ((struct opencl_buffer *)base)->handle, CL_TRUE, offset,
                                      bytes, data, 0, NULL, NULL);
    return code == CL_SUCCESS ? HCB_OK
                              : hcbi_opencl_fail(queue->device->ctx, "clEnqueueReadBuffer", code);
}

/* --------------------------------------------------------------- pinned memory */

/* What vendors recommend for the fastest copies: memory that the driver allocates on
 * the host's side, mapped, and copied from and to by ordinary calls. */
static enum hcb_status opencl_host_new(struct hcb_host *base)
{
    struct opencl_host *host = (struct opencl_host *)base;
    const struct opencl_device *device = (const struct opencl_device *)base->queue->device;
    cl_int code;
    host->handle = clCreateBuffer(device->context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR,
                                  base->bytes, NULL, &code);
    if (code != CL_SUCCESS)
        return hcbi_opencl_fail(device->base.ctx, "clCreateBuffer", code);
    base->data = clEnqueueMapBuffer(((struct opencl_queue *)base->queue)->handle, host->handle,
                                    CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, base->bytes, 0, NULL,
                                    NULL, &code);
    return code == CL_SUCCESS ? HCB_OK
                              : hcbi_opencl_fail(device->base.ctx, "clEnqueueMapBuffer", code);
}

static void opencl_host_free(struct hcb_host *base)
{
    struct opencl_host *host = (struct opencl_host *)base;
    cl_command_queue queue = ((struct opencl_queue *)base->queue)->handle;
    if (base->data != NULL) {
        clEnqueueUnmapMemObject(queue, host->handle, base->data, 0, NULL, NULL);
        clFinish(queue);
    }
    if (host->handle != NULL)
        clReleaseMemObject(host->handle);
}

static enum hcb_status opencl_host_upload(struct hcb_host *host, struct hcb_buffer *buffer)
{
    return opencl_upload(host->queue, buffer, 0, host->data, host->bytes);
}

static enum hcb_status opencl_host_download(struct hcb_host *host, struct hcb_buffer *buffer)
{
    return opencl_download(host->queue, buffer, 0, host->data, host->bytes);
}

const struct hcb_platform_ops hcbi_opencl_ops = {
    .name = "opencl",
    .offers = {[HCB_IMPL_TILE] = {[HCB_OP_MATMUL] = HCBI_EVERY_PRECISION,
                                  [HCB_OP_SUM] = HCBI_EVERY_FORMAT,
                                  [HCB_OP_DOT] = HCBI_EVERY_FORMAT,
                                  [HCB_OP_TRIAD] = HCBI_EVERY_FORMAT,
                                  [HCB_OP_LAUNCH] = HCBI_COPIED,
                                  [HCB_OP_PEAK] = HCBI_F64 | HCBI_F32 | HCBI_F16},
               [HCB_IMPL_CLBLAST] = {[HCB_OP_MATMUL] = HCBI_F64 | HCBI_F32 | HCBI_F16,
                                     [HCB_OP_SUM] = HCBI_F64 | HCBI_F32 | HCBI_F16,
                                     [HCB_OP_DOT] = HCBI_F64 | HCBI_F32 | HCBI_F16},
               [HCB_IMPL_COOPMAT] = {[HCB_OP_MATMUL] =
                                         HCBI_F16F32 | HCBI_BF16F32 | HCBI_I8I32 | HCBI_F32X2},
               [HCB_IMPL_CLBLAST_TUNED] = {[HCB_OP_MATMUL] = HCBI_F64 | HCBI_F32 | HCBI_F16},
               [HCB_IMPL_DRIVER] = {[HCB_OP_COPY] = HCBI_COPIED},
               [HCB_IMPL_PAGEABLE] = {[HCB_OP_UPLOAD] = HCBI_COPIED,
                                      [HCB_OP_DOWNLOAD] = HCBI_COPIED},
               [HCB_IMPL_PINNED] = {[HCB_OP_UPLOAD] = HCBI_COPIED,
                                    [HCB_OP_DOWNLOAD] = HCBI_COPIED}},
    .variants = {[HCB_IMPL_TILE] = HCBI_INEXACT},
    .platform_size = sizeof(struct opencl_platform),
    .device_size = sizeof(struct opencl_device),
    .queue_size = sizeof(struct opencl_queue),
    .buffer_size = sizeof(struct opencl_buffer),
    .plan_size = sizeof(struct opencl_plan),
    .host_size = sizeof(struct opencl_host),
    .platform_open = opencl_platform_open,
    .platform_close = opencl_platform_close,
    .device_describe = opencl_device_describe,
    .device_open = opencl_device_open,
    .device_close = opencl_device_close,
    .supports = hcbi_opencl_supports,
    .scratch = hcbi_opencl_scratch_bytes,
    .parameters = hcbi_opencl_parameters,
    .queue_new = opencl_queue_new,
    .queue_free = opencl_queue_free,
    .buffer_new = opencl_buffer_new,
    .buffer_free = opencl_buffer_free,
    .upload = opencl_upload,
    .download = opencl_download,
    .host_new = opencl_host_new,
    .host_free = opencl_host_free,
    .host_upload = opencl_host_upload,
    .host_download = opencl_host_download,
    .plan_new = hcbi_opencl_plan_new,
    .plan_free = hcbi_opencl_plan_free,
    .plan_run = hcbi_opencl_plan_run,
};
