/* SPDX-License-Identifier: Apache-2.0 */
/* A platform without hardware, for tests: it computes with the reference and
 * misbehaves on request.
 *
 * HCBENCH_NULL in the environment lists the behaviour of each device, separated
 * by commas: "ok", "wrong" (one element is off), "unwritten" (the output is left
 * alone), "backwards" and "stopped" (the device's clock ends before it starts, or
 * stands), or ACTION-STEP with ACTION one of fail, crash, hang, sleep and STEP
 * one of describe, open, queue, buffer, upload, plan, run, download.  Plans of
 * impl `tile` are always well behaved, so that a device has a good neighbour to
 * each bad row.
 *
 * "model:NAME=NUMBER:..." is a synthetic device: its results are right, and its
 * times are computed, not spent.  A launch takes
 *
 *     launch + operations / flops + operand bytes / bytes    [s]
 *
 * `spill` times that when the operands have more than `cache` bytes, and a copy
 * copy + bytes / upload, or download.  `setup` seconds are for a plan.  What is not
 * named is 0 and costs nothing, but launch=1e-6, setup=1e-3.  Each window and copy
 * is exp(noise x) times that, x standard normal, and a share `outliers` of them 1.5
 * to 4 times longer still; `drift` is the size of a slow change, a new value each
 * `period` (1) seconds, that all devices of one `seed` share.
 *
 * With `tuned` a launch has two parameters, `tile` and `unroll`, with 8 and 2 in the
 * table.  It takes 1.25^d times as long, d steps of `tile` from the value of `tuned`, and
 * the same for any `tile` when that is 0; `unroll` changes nothing.  A `tile` that
 * `wrong`, `crash`, `hang` or `fail` names does that when it is launched, and one of
 * `refuse` (which is unsupported) or `break` (an error) when the plan is made.  `limit` is
 * what tile x unroll may be at most.
 *
 * The device has `memory` bytes (1 GiB), and a plan says that it takes `scratch` of them
 * besides the operands, or as many for each 8 of its `tile`, which it does not.
 *
 * The word `host` makes
 * the device play the CPU that the others are compared with: it computes in the
 * host's memory, and copies cost nothing.  Its clock stands still but for these
 * times; HCBENCH_NULL_CLOCK names a file for the clock, so that the processes of a
 * run have one together. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

enum { BEHAVIOUR_SIZE = 512 };

struct null_device {
    struct hcb_device base;
    struct null_model model;
    struct null_clock clock;
    uint64_t draws; /* random numbers used */
};

struct null_buffer {
    struct hcb_buffer base;
    void *data;
    uint64_t version; /* counts changes by uploads */
};

/* A model's launches have one result for as long as the inputs stay. */
struct null_plan {
    struct hcb_plan base;
    void *result; /* NULL: not computed yet */
    uint64_t versions[HCB_INPUTS_MAX];
};

/* Copies the behaviour of device `index`; false past the last. */
static bool behaviour(size_t index, char *word, size_t size)
{
    const char *list = getenv("HCBENCH_NULL");
    for (; list != NULL && *list != '\0'; index--) {
        const size_t length = strcspn(list, ",");
        if (index == 0) {
            snprintf(word, size, "%.*s", (int)length, list);
            return true;
        }
        list += length + (list[length] == ',');
    }
    return false;
}

/* Does what the device is told to do at this step. */
static enum hcb_status step(struct hcb_ctx *ctx, size_t index, const char *name)
{
    char word[BEHAVIOUR_SIZE];
    if (!behaviour(index, word, sizeof word))
        return HCB_OK;
    char *dash = strchr(word, '-');
    if (dash == NULL || strcmp(dash + 1, name) != 0)
        return HCB_OK;
    *dash = '\0';
    if (strcmp(word, "fail") == 0)
        return hcbi_fail_native(ctx, HCB_ERROR, name, -5, "NULL_FAILURE");
    if (strcmp(word, "crash") == 0)
        raise(SIGSEGV);
    if (strcmp(word, "hang") == 0)
        for (;;)
            pause();
    if (strcmp(word, "sleep") == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    return HCB_OK;
}

static enum hcb_status device_step(struct hcb_device *device, const char *name)
{
    return step(device->ctx, device->index, name);
}

static enum hcb_status null_platform_open(struct hcb_platform *platform, size_t *count)
{
    char word[BEHAVIOUR_SIZE];
    for (*count = 0; behaviour(*count, word, sizeof word); ++*count)
        ;
    if (*count == 0)
        return hcbi_fail(platform->ctx, HCB_UNSUPPORTED, "HCBENCH_NULL names no device");
    return HCB_OK;
}

static void null_platform_close(struct hcb_platform *platform)
{
    (void)platform;
}

static enum hcb_status null_device_describe(struct hcb_platform *platform, size_t index,
                                            struct hcb_device_info *info)
{
    char word[BEHAVIOUR_SIZE], wrong[BEHAVIOUR_SIZE];
    struct null_model model;
    behaviour(index, word, sizeof word);
    hcbi_null_model_read(word, &model, wrong, sizeof wrong);
    snprintf(info->name, sizeof info->name, "null device (%.100s)", word);
    snprintf(info->vendor, sizeof info->vendor, "hcbench");
    snprintf(info->driver, sizeof info->driver, "null");
    snprintf(info->driver_version, sizeof info->driver_version, "%s", hcb_version());
    info->type = model.on && !model.host ? HCB_DEVICE_ACCELERATOR : HCB_DEVICE_CPU;
    info->host_memory = !model.on || model.host;
    snprintf(info->target, sizeof info->target, "%s", model.host ? "baseline" : "");
    info->compute_units = 1;
    info->memory_bytes = model.memory > 0 ? (uint64_t)model.memory : UINT64_C(1) << 30;
    info->max_buffer_bytes = UINT64_C(1) << 29;
    return step(platform->ctx, index, "describe");
}

static struct null_device *device_of(struct hcb_device *base)
{
    return (struct null_device *)base;
}

static enum hcb_status null_device_open(struct hcb_device *base)
{
    struct null_device *device = device_of(base);
    char word[BEHAVIOUR_SIZE] = "", wrong[BEHAVIOUR_SIZE];
    behaviour(base->index, word, sizeof word);
    if (!hcbi_null_model_read(word, &device->model, wrong, sizeof wrong))
        return hcbi_fail(base->ctx, HCB_ERROR, "HCBENCH_NULL: a model has no '%.60s'", wrong);
    enum hcb_status status = HCB_OK;
    if (device->model.on)
        status = hcbi_null_clock_open(base->ctx, &device->clock);
    return status == HCB_OK ? device_step(base, "open") : status;
}

static void null_device_close(struct hcb_device *base)
{
    hcbi_null_clock_close(&device_of(base)->clock);
}

static uint64_t null_now_ns(const struct hcb_device *base)
{
    const struct null_device *device = (const struct null_device *)base;
    return device->model.on ? *device->clock.ns : hcbi_now_ns();
}

/* Moves the clock by `s` seconds and what noise makes of them; returns the
 * nanoseconds. */
static uint64_t spend(struct null_device *device, double s)
{
    const double now_s = (double)*device->clock.ns * 1e-9;
    const double factor =
        hcbi_null_model_factor(&device->model, device->base.index, device->draws++, now_s);
    const uint64_t ns = (uint64_t)(s * factor * 1e9 + 0.5);
    *device->clock.ns += ns;
    return ns;
}

/* A copy between host and device, where there is a way to go. */
static void spend_copy(struct hcb_device *base, double rate, uint64_t bytes)
{
    struct null_device *device = device_of(base);
    if (device->model.on && !device->model.host)
        spend(device, hcbi_null_model_copy_s(&device->model, rate, bytes));
}

static enum hcb_status null_supports(struct hcb_device *device, const struct hcb_case *c)
{
    (void)device;
    (void)c;
    return HCB_OK;
}

static uint64_t null_scratch(struct hcb_device *device, const struct hcb_case *c,
                             const uint64_t *values)
{
    (void)c;
    return hcbi_null_model_scratch(&device_of(device)->model, values);
}

static enum hcb_status null_parameters(struct hcb_device *device, const struct hcb_case *c,
                                       struct hcb_parameters *parameters)
{
    (void)c;
    hcbi_null_model_parameters(&device_of(device)->model, parameters);
    return HCB_OK;
}

static enum hcb_status null_queue_new(struct hcb_queue *queue)
{
    return device_step(queue->device, "queue");
}

static void null_queue_free(struct hcb_queue *queue)
{
    (void)queue;
}

static enum hcb_status null_buffer_new(struct hcb_buffer *base)
{
    struct null_buffer *buffer = (struct null_buffer *)base;
    buffer->data = calloc(1, base->bytes); /* an upload compares */
    if (buffer->data == NULL)
        return hcbi_fail_memory(base->device->ctx, base->bytes);
    return device_step(base->device, "buffer");
}

static void null_buffer_free(struct hcb_buffer *base)
{
    free(((struct null_buffer *)base)->data);
}

static enum hcb_status null_upload(struct hcb_queue *queue, struct hcb_buffer *base, uint64_t offset,
                                   const void *data, uint64_t bytes)
{
    struct null_buffer *buffer = (struct null_buffer *)base;
    if (memcmp((char *)buffer->data + offset, data, bytes) != 0)
        buffer->version++;
    memcpy((char *)buffer->data + offset, data, bytes);
    spend_copy(base->device, device_of(base->device)->model.upload, bytes);
    return device_step(queue->device, "upload");
}

static enum hcb_status null_download(struct hcb_queue *queue, struct hcb_buffer *base,
                                     uint64_t offset, void *data, uint64_t bytes)
{
    memcpy(data, (const char *)((struct null_buffer *)base)->data + offset, bytes);
    spend_copy(base->device, device_of(base->device)->model.download, bytes);
    return device_step(queue->device, "download");
}

static bool misbehaves(const struct hcb_plan *plan)
{
    return plan->task.impl == HCB_IMPL_NATIVE;
}

static bool is_tile(const struct hcb_plan *plan, double tile)
{
    return tile > 0 && (double)plan->values[NULL_TILE] == tile;
}

/* What a candidate of a search does that is no good. */
static void misbehave(const struct hcb_plan *plan, const struct null_model *model)
{
    if (is_tile(plan, model->crash))
        raise(SIGSEGV);
    while (is_tile(plan, model->hang))
        pause();
}

static enum hcb_status null_plan_new(struct hcb_plan *plan)
{
    struct null_device *device = device_of(plan->queue->device);
    plan->info.scratch_bytes = hcbi_null_model_scratch(&device->model, plan->values);
    if (device->model.on)
        spend(device, device->model.setup_s);
    if (is_tile(plan, device->model.refuse))
        return hcbi_fail(plan->queue->device->ctx, HCB_UNSUPPORTED, "a tile of %g does not fit",
                         device->model.refuse);
    if (is_tile(plan, device->model.breaks))
        return hcbi_fail(plan->queue->device->ctx, HCB_ERROR, "a tile of %g does not compile",
                         device->model.breaks);
    return misbehaves(plan) ? device_step(plan->queue->device, "plan") : HCB_OK;
}

static void null_plan_free(struct hcb_plan *plan)
{
    free(((struct null_plan *)plan)->result);
}

static enum hcb_status launch(struct hcb_plan *plan)
{
    const unsigned last = hcb_op_operands(plan->task.op) - 1;
    const enum hcb_type type = hcb_operand_type(&plan->task, last);
    const uint64_t elements = hcb_operand_elements(&plan->task, last);
    const void *inputs[HCB_INPUTS_MAX] = {((struct null_buffer *)plan->operands[0])->data,
                                          ((struct null_buffer *)plan->operands[last - 1])->data};
    void *output = ((struct null_buffer *)plan->operands[last])->data;
    char word[BEHAVIOUR_SIZE] = "ok";

    if (misbehaves(plan))
        behaviour(plan->queue->device->index, word, sizeof word);
    if (strcmp(word, "unwritten") == 0)
        return HCB_OK;
    if (hcb_reference(&plan->task, inputs, output) != HCB_OK)
        return hcbi_fail(plan->queue->device->ctx, HCB_ERROR, "out of memory in the reference");
    if (strcmp(word, "wrong") == 0)
        hcb_type_store(type, output, elements - 1, hcb_type_load(type, output, elements - 1) + 1);
    return misbehaves(plan) ? device_step(plan->queue->device, "run") : HCB_OK;
}

/* Computes the result unless that of these inputs is at hand. */
static enum hcb_status find_result(struct null_plan *plan, const void *const inputs[HCB_INPUTS_MAX],
                                   uint64_t bytes)
{
    const struct hcb_case *task = &plan->base.task;
    bool same = plan->result != NULL;
    for (unsigned i = 0; i + 1 < hcb_op_operands(task->op); i++) {
        const uint64_t version = ((struct null_buffer *)plan->base.operands[i])->version;
        same = same && plan->versions[i] == version;
        plan->versions[i] = version;
    }
    if (same)
        return HCB_OK;
    free(plan->result);
    plan->result = malloc(bytes);
    if (plan->result != NULL && hcbi_null_compute(task, inputs, plan->result) == HCB_OK)
        return HCB_OK;
    free(plan->result);
    plan->result = NULL;
    return hcbi_fail_memory(plan->base.queue->device->ctx, bytes);
}

static enum hcb_status run_model(struct null_plan *plan, uint32_t launches, struct hcb_timing *timing)
{
    const struct hcb_case *task = &plan->base.task;
    const unsigned last = hcb_op_operands(task->op) - 1;
    const uint64_t bytes = hcb_operand_bytes(task, last);
    const void *inputs[HCB_INPUTS_MAX] = {((struct null_buffer *)plan->base.operands[0])->data,
                                          ((struct null_buffer *)plan->base.operands[last - 1])->data};
    struct null_device *device = device_of(plan->base.queue->device);
    misbehave(&plan->base, &device->model);
    if (is_tile(&plan->base, device->model.fail))
        return hcbi_fail(plan->base.queue->device->ctx, HCB_ERROR, "a tile of %g has no resources",
                         device->model.fail);
    enum hcb_status status = find_result(plan, inputs, bytes);
    if (status != HCB_OK)
        return status;
    void *output = ((struct null_buffer *)plan->base.operands[last])->data;
    memcpy(output, plan->result, bytes);
    if (is_tile(&plan->base, device->model.wrong)) {
        const enum hcb_type type = hcb_operand_type(task, last);
        hcb_type_store(type, output, 0, hcb_type_load(type, output, 0) + 1);
    }
    timing->host_ns = timing->device_ns =
        spend(device, launches * hcbi_null_model_launch_s(&device->model, task) *
                          hcbi_null_model_detour(&device->model, plan->base.values));
    timing->host_valid = timing->device_valid = true;
    return HCB_OK;
}

static enum hcb_status null_plan_run(struct hcb_plan *plan, uint32_t launches, struct hcb_timing *timing)
{
    if (device_of(plan->queue->device)->model.on)
        return run_model((struct null_plan *)plan, launches, timing);
    const uint64_t start = hcbi_now_ns();
    char word[BEHAVIOUR_SIZE] = "ok";
    for (uint32_t i = 0; i < launches; i++) {
        enum hcb_status status = launch(plan);
        if (status != HCB_OK)
            return status;
    }
    timing->host_ns = timing->device_ns = hcbi_now_ns() - start;
    timing->host_valid = timing->device_valid = true;
    if (misbehaves(plan))
        behaviour(plan->queue->device->index, word, sizeof word);
    if (strcmp(word, "backwards") == 0)
        timing->device_ns = -timing->device_ns;
    if (strcmp(word, "stopped") == 0)
        timing->device_ns = 0;
    return HCB_OK;
}

#define COMPUTED                                                                                   \
    {                                                                                              \
        [HCB_OP_MATMUL] = HCBI_EVERY_PRECISION, [HCB_OP_SUM] = HCBI_EVERY_FORMAT,               \
        [HCB_OP_DOT] = HCBI_EVERY_FORMAT, [HCB_OP_COPY] = HCBI_EVERY_FORMAT,                 \
        [HCB_OP_TRIAD] = HCBI_EVERY_FORMAT, [HCB_OP_LAUNCH] = HCBI_EVERY_FORMAT,             \
        [HCB_OP_PEAK] = HCBI_EVERY_FORMAT                                                       \
    }
#define COPIED                                                                                     \
    {                                                                                              \
        [HCB_OP_UPLOAD] = HCBI_COPIED, [HCB_OP_DOWNLOAD] = HCBI_COPIED                             \
    }

const struct hcb_platform_ops hcbi_null_ops = {
    .name = "null",
    .offers = {[HCB_IMPL_NATIVE] = COMPUTED, [HCB_IMPL_TILE] = COMPUTED,
               [HCB_IMPL_PAGEABLE] = COPIED, [HCB_IMPL_PINNED] = COPIED},
    .variants = {[HCB_IMPL_NATIVE] = HCBI_INEXACT, [HCB_IMPL_TILE] = HCBI_INEXACT},
    .platform_size = sizeof(struct hcb_platform),
    .device_size = sizeof(struct null_device),
    .queue_size = sizeof(struct hcb_queue),
    .buffer_size = sizeof(struct null_buffer),
    .plan_size = sizeof(struct null_plan),
    .platform_open = null_platform_open,
    .platform_close = null_platform_close,
    .device_describe = null_device_describe,
    .device_open = null_device_open,
    .device_close = null_device_close,
    .supports = null_supports,
    .scratch = null_scratch,
    .parameters = null_parameters,
    .queue_new = null_queue_new,
    .queue_free = null_queue_free,
    .buffer_new = null_buffer_new,
    .buffer_free = null_buffer_free,
    .upload = null_upload,
    .download = null_download,
    .plan_new = null_plan_new,
    .plan_free = null_plan_free,
    .plan_run = null_plan_run,
    .now_ns = null_now_ns,
};
