/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles kernel files, each set of options once per device.  Knows no op. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opencl.h"

static void program_free(struct opencl_program *program)
{
    if (program->handle != NULL)
        clReleaseProgram(program->handle);
    free(program->types);
    free(program->text);
    free(program);
}

void hcbi_opencl_programs_free(struct opencl_device *device)
{
    while (device->programs != NULL) {
        struct opencl_program *program = device->programs;
        device->programs = program->next;
        program_free(program);
    }
}

/* The first line of a build log that holds "error", else the first one. */
static const char *telling_line(char *log)
{
    char *best = NULL;
    for (char *line = strtok(log, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
        if (strstr(line, "error") != NULL)
            return line;
        if (best == NULL && line[strspn(line, " \t")] != '\0')
            best = line;
    }
    return best != NULL ? best : "the build log is empty";
}

static enum hcb_status fail_build(struct opencl_device *device,
                                  const struct opencl_program *program, cl_int code)
{
    struct hcb_ctx *ctx = device->base.ctx;
    size_t size = 0;
    clGetProgramBuildInfo(program->handle, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    char *log = calloc(1, size + 1);
    if (log == NULL)
        return hcbi_fail_memory(ctx, size + 1);
    clGetProgramBuildInfo(program->handle, device->id, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    hcbi_fail(ctx, HCB_ERROR, "%s (%d) from clBuildProgram, %s: %.200s",
              hcbi_opencl_error_name(code), code, program->file, telling_line(log));
    free(log);
    return HCB_ERROR;
}

/* types.cl, then the file; its lines keep their numbers. */
static enum hcb_status build(struct opencl_device *device, struct opencl_program *program)
{
    struct hcb_ctx *ctx = device->base.ctx;
    char line[64];
    cl_int code;
    enum hcb_status status =
        hcbi_kernel_load(ctx, hcbi_cl_kernels, "types.cl", &program->types, &program->types_size);
    if (status == HCB_OK)
        status = hcbi_kernel_load(ctx, hcbi_cl_kernels, program->file, &program->text,
                                  &program->text_size);
    if (status != HCB_OK)
        return status;
    snprintf(line, sizeof line, "\n#line 1 \"%s\"\n", program->file);
    const char *parts[] = {program->types, line, program->text};
    const size_t sizes[] = {program->types_size, strlen(line), program->text_size};
    program->handle = clCreateProgramWithSource(device->context, 3, parts, sizes, &code);
    if (code != CL_SUCCESS)
        return hcbi_opencl_fail(ctx, "clCreateProgramWithSource", code);
    code = clBuildProgram(program->handle, 1, &device->id, program->options, NULL, NULL);
    return code == CL_SUCCESS ? HCB_OK : fail_build(device, program, code);
}

enum hcb_status hcbi_opencl_program(struct opencl_device *device, const char *file,
                                    const char *options, const struct opencl_program **out)
{
    struct opencl_program *program;
    for (program = device->programs; program != NULL; program = program->next)
        if (strcmp(program->file, file) == 0 && strcmp(program->options, options) == 0) {
            *out = program;
            return HCB_OK;
        }
    program = calloc(1, sizeof *program);
    if (program == NULL)
        return hcbi_fail_memory(device->base.ctx, sizeof *program);
    snprintf(program->file, sizeof program->file, "%s", file);
    snprintf(program->options, sizeof program->options, "%s", options);
    enum hcb_status status = build(device, program);
    if (status != HCB_OK) {
        program_free(program);
        return status;
    }
    program->next = device->programs;
    device->programs = program;
    *out = program;
    return HCB_OK;
}

/* HCBENCH_KERNEL_ITEMS=N in the environment lowers it, for tests. */
uint64_t hcbi_opencl_kernel_items(const struct opencl_device *device,
                                  const struct opencl_program *program, const char *kernel)
{
    const char *asked = getenv("HCBENCH_KERNEL_ITEMS");
    size_t most = 0;
    cl_kernel handle = clCreateKernel(program->handle, kernel, NULL);
    if (handle != NULL) {
        clGetKernelWorkGroupInfo(handle, device->id, CL_KERNEL_WORK_GROUP_SIZE, sizeof most, &most,
                                 NULL);
        clReleaseKernel(handle);
    }
    if (asked != NULL)
        return strtoull(asked, NULL, 10);
    return most > 0 ? most : UINT64_MAX;
}

enum hcb_status hcbi_opencl_too_many_items(const struct opencl_device *device, const char *kernel,
                                           uint64_t items, uint64_t allowed)
{
    return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED,
                     "%s as compiled for %s allows for %" PRIu64
                     " items of a work-group, not %" PRIu64,
                     kernel, device->base.info.id, allowed, items);
}
