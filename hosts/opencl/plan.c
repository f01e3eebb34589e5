/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: a list of kernels, or calls of a library, enqueued, waited for and
 * timed.  Knows no op. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "opencl.h"

/* Launches between two points where the host waits for the device, so that a
 * queue does not grow without bound. */
enum { LAUNCHES_AHEAD = 256 };

static struct hcb_ctx *context_of(const struct opencl_plan *plan)
{
    return plan->base.queue->device->ctx;
}

static cl_command_queue queue_of(const struct opencl_plan *plan)
{
    return ((struct opencl_queue *)plan->base.queue)->handle;
}

static void release_event(cl_event *event)
{
    if (*event != NULL)
        clReleaseEvent(*event);
    *event = NULL;
}

/* ------------------------------------------------------------- preparation */

enum hcb_status hcbi_opencl_scratch(struct opencl_plan *plan, uint64_t bytes, cl_mem *memory)
{
    cl_int code;
    *memory =
        clCreateBuffer(opencl_device_of(plan)->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    if (code != CL_SUCCESS)
        return hcbi_opencl_fail(context_of(plan), "clCreateBuffer", code);
    plan->scratch[plan->scratch_count++] = *memory;
    plan->base.info.scratch_bytes += bytes;
    return HCB_OK;
}

enum hcb_status hcbi_opencl_add_step(struct opencl_plan *plan, const struct opencl_program *program,
                                     const char *kernel, const struct opencl_range *range,
                                     const struct opencl_argument *arguments, cl_uint count)
{
    cl_int code;
    struct opencl_step *steps = realloc(plan->steps, (plan->step_count + 1) * sizeof *steps);
    if (steps == NULL)
        return hcbi_fail_memory(context_of(plan), (plan->step_count + 1) * sizeof *steps);
    plan->steps = steps;
    struct opencl_step *step = &steps[plan->step_count];
    *step = (struct opencl_step){.range = *range};
    step->kernel = clCreateKernel(program->handle, kernel, &code);
    if (code != CL_SUCCESS)
        return hcbi_opencl_fail(context_of(plan), "clCreateKernel", code);
    plan->step_count++;
    for (cl_uint i = 0; i < count; i++) {
        code = clSetKernelArg(step->kernel, i, arguments[i].size, arguments[i].value);
        if (code != CL_SUCCESS)
            return hcbi_opencl_fail(context_of(plan), "clSetKernelArg", code);
    }
    const struct hcbi_blob files[] = {{"types.cl", program->types, program->types_size},
                                      {program->file, program->text, program->text_size}};
    hcbi_plan_kernels(&plan->base, files, sizeof files / sizeof *files);
    return HCB_OK;
}

/* A launch of a plan that is made of steps. */
static enum hcb_status launch_steps(struct opencl_plan *plan, cl_event *first, cl_event *last)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct opencl_step *step = &plan->steps[i];
        const bool begins = i == 0 && first != NULL,
                   ends = i + 1 == plan->step_count && last != NULL;
        cl_event event = NULL;
        cl_int code =
            clEnqueueNDRangeKernel(queue_of(plan), step->kernel, 2, NULL, step->range.global,
                                   step->range.local, 0, NULL, begins || ends ? &event : NULL);
        if (code != CL_SUCCESS)
            return hcbi_opencl_fail(context_of(plan), "clEnqueueNDRangeKernel", code);
        if (begins && ends)
            clRetainEvent(event);
        if (begins)
            *first = event;
        if (ends)
            *last = event;
    }
    return HCB_OK;
}

/* Drivers compile at the first launch, PoCL among them; so that is part of the
 * setup. */
static enum hcb_status warm_up(struct opencl_plan *plan)
{
    enum hcb_status status = plan->launch(plan, NULL, NULL);
    if (status != HCB_OK)
        return status;
    cl_int code = clFinish(queue_of(plan));
    return code == CL_SUCCESS ? HCB_OK : hcbi_opencl_fail(context_of(plan), "clFinish", code);
}

enum hcb_status hcbi_opencl_parameters(struct hcb_device *base, const struct hcb_case *c,
                                       struct hcb_parameters *parameters)
{
    const struct opencl_device *device = (const struct opencl_device *)base;
    const struct opencl_method *method = hcbi_opencl_method(device, c);
    const char *files[] = {"types.cl", NULL};
    if (method->parameters != NULL)
        files[1] = method->parameters(device, c, parameters);
    return parameters->count == 0 || files[1] == NULL
               ? HCB_OK
               : hcbi_kernels_load_hash(base->ctx, hcbi_cl_kernels, files, 2, parameters->kernel_sha256);
}

enum hcb_status hcbi_opencl_plan_new(struct hcb_plan *base)
{
    struct opencl_plan *plan = (struct opencl_plan *)base;
    plan->launch = launch_steps;
    enum hcb_status status = hcbi_opencl_method(opencl_device_of(plan), &base->task)->prepare(plan);
    return status == HCB_OK ? warm_up(plan) : status;
}

void hcbi_opencl_plan_free(struct hcb_plan *base)
{
    struct opencl_plan *plan = (struct opencl_plan *)base;
    clFinish(queue_of(plan));
    for (size_t i = 0; i < plan->step_count; i++)
        clReleaseKernel(plan->steps[i].kernel);
    for (size_t i = 0; i < plan->scratch_count; i++)
        clReleaseMemObject(plan->scratch[i]);
    free(plan->steps);
}

/* ----------------------------------------------------------------- running */

static enum hcb_status wait_for(struct opencl_plan *plan, cl_event *event)
{
    cl_int code = *event != NULL ? clWaitForEvents(1, event) : CL_SUCCESS;
    release_event(event);
    return code == CL_SUCCESS ? HCB_OK
                              : hcbi_opencl_fail(context_of(plan), "clWaitForEvents", code);
}

/* Enqueues all launches and waits; `first` and `last` are events of the ends. */
static enum hcb_status launch_all(struct opencl_plan *plan, uint32_t launches, cl_event *first,
                                  cl_event *last)
{
    cl_event pace[2] = {NULL, NULL}; /* the older one has to end before more is enqueued */
    enum hcb_status status = HCB_OK;
    for (uint32_t i = 0; i < launches && status == HCB_OK; i++) {
        const bool ends = i + 1 == launches, pauses = !ends && (i + 1) % LAUNCHES_AHEAD == 0;
        cl_event event = NULL;
        status = plan->launch(plan, i == 0 ? first : NULL, ends || pauses ? &event : NULL);
        if (ends) {
            *last = event;
        } else if (pauses && status == HCB_OK) {
            clFlush(queue_of(plan));
            status = wait_for(plan, &pace[0]);
            pace[0] = pace[1];
            pace[1] = event;
        }
    }
    cl_int code = clFinish(queue_of(plan));
    if (status == HCB_OK && code != CL_SUCCESS)
        status = hcbi_opencl_fail(context_of(plan), "clFinish", code);
    release_event(&pace[0]);
    release_event(&pace[1]);
    return status;
}

static cl_ulong stamp(cl_event event, cl_profiling_info which)
{
    cl_ulong time = 0;
    if (clGetEventProfilingInfo(event, which, sizeof time, &time, NULL) != CL_SUCCESS)
        return 0;
    return time;
}

/* A kernel may have failed although every call succeeded. */
static enum hcb_status check_executed(struct opencl_plan *plan, cl_event event)
{
    cl_int state = CL_COMPLETE;
    clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL);
    return state >= 0 ? HCB_OK : hcbi_opencl_fail(context_of(plan), "the kernel", state);
}

enum hcb_status hcbi_opencl_plan_run(struct hcb_plan *base, uint32_t launches,
                                     struct hcb_timing *timing)
{
    struct opencl_plan *plan = (struct opencl_plan *)base;
    cl_event first = NULL, last = NULL;
    const uint64_t begin = hcbi_now_ns();
    enum hcb_status status = launch_all(plan, launches, &first, &last);
    timing->host_ns = hcbi_now_ns() - begin;
    timing->host_valid = true;
    if (status == HCB_OK)
        status = check_executed(plan, last);
    if (status == HCB_OK) {
        const cl_ulong start = stamp(first, CL_PROFILING_COMMAND_START);
        const cl_ulong end = stamp(last, CL_PROFILING_COMMAND_END);
        timing->device_valid = start != 0 && end != 0;
        timing->device_ns = timing->device_valid ? end - start : 0; /* wraps when impossible */
    }
    release_event(&first);
    release_event(&last);
    return status;
}
