/* SPDX-License-Identifier: Apache-2.0 */
/* The processor itself as a platform with one device.  Buffers, plans and clocks;
 * what is computed, and how, is up to the impls. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined __x86_64__ || defined __i386__
#include <cpuid.h>
#endif

#include "cpu.h"

struct cpu_buffer {
    struct hcb_buffer base;
    void *data;
};

/* --------------------------------------------------------------- reference */

static enum hcb_status reference_launch(struct cpu_plan *plan)
{
    if (hcb_reference(&plan->base.task, plan->inputs, plan->output) != HCB_OK)
        return hcbi_fail(plan->base.queue->device->ctx, HCB_ERROR,
                         "out of memory in the reference");
    return HCB_OK;
}

static const struct cpu_impl reference = {.launch = reference_launch};

static const struct cpu_impl *const impls[HCB_IMPL_COUNT] = {
    [HCB_IMPL_OPENBLAS] = &hcbi_cpu_openblas,
    [HCB_IMPL_NATIVE] = &hcbi_cpu_native,
    [HCB_IMPL_REF] = &reference,
};

/* ------------------------------------------------------ platform and device */

static enum hcb_status cpu_platform_open(struct hcb_platform *platform, size_t *count)
{
    (void)platform;
    *count = 1;
    return HCB_OK;
}

static void cpu_platform_close(struct hcb_platform *platform)
{
    (void)platform;
}

/* The twelve letters that the processor gives, or who they stand for. */
static void describe_vendor(char *vendor, size_t size)
{
#if defined __x86_64__ || defined __i386__
    static const char *const names[][2] = {{"GenuineIntel", "Intel"},
                                           {"AuthenticAMD", "AMD"},
                                           {"HygonGenuine", "Hygon"},
                                           {"CentaurHauls", "VIA"}};
    unsigned a, words[3]; /* in the order ebx, edx, ecx */
    char id[13] = "";
    if (!__get_cpuid(0, &a, &words[0], &words[2], &words[1]))
        return;
    memcpy(id, words, sizeof words);
    snprintf(vendor, size, "%s", id);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(id, names[i][0]) == 0)
            snprintf(vendor, size, "%s", names[i][1]);
#else
    (void)vendor;
    (void)size;
#endif
}

static enum hcb_status cpu_device_describe(struct hcb_platform *platform, size_t index,
                                           struct hcb_device_info *info)
{
    struct hcb_environment environment;
    (void)platform;
    (void)index;
    hcb_environment_read(&environment);
    snprintf(info->name, sizeof info->name, "%s",
             environment.cpu_model[0] != '\0' ? environment.cpu_model : "unknown processor");
    describe_vendor(info->vendor, sizeof info->vendor);
    info->compute_units = environment.cpu_threads;
    hcbi_cpu_blas_describe(info);
    info->type = HCB_DEVICE_CPU;
    info->host_memory = true;
    info->memory_bytes = hcbi_host_memory();
    info->max_buffer_bytes = info->memory_bytes;
    info->cache_bytes = hcbi_host_cache();
    return HCB_OK;
}

static enum hcb_status cpu_device_open(struct hcb_device *base)
{
    struct cpu_device *device = (struct cpu_device *)base;
    device->level = hcbi_cpu_vector_level(0);
    device->pool = hcbi_cpu_pool_new(hcbi_cpu_threads());
    if (device->pool == NULL)
        return hcbi_fail(base->ctx, HCB_ERROR, "out of memory for threads");
    hcbi_cpu_blas_open(&device->blas);
    hcbi_cpu_blas_threads(&device->blas, hcbi_cpu_pool_threads(device->pool));
    return HCB_OK;
}

static void cpu_device_close(struct hcb_device *base)
{
    hcbi_cpu_pool_free(((struct cpu_device *)base)->pool);
}

static uint64_t scratch_bytes(const struct cpu_device *device, const struct hcb_case *c)
{
    const struct cpu_impl *impl = impls[c->impl];
    return impl->scratch_bytes != NULL ? impl->scratch_bytes(device, c) : 0;
}

static enum hcb_status cpu_supports(struct hcb_device *base, const struct hcb_case *c)
{
    const struct cpu_impl *impl = impls[c->impl];
    char text[128], needs[32], has[32];
    enum hcb_status status = impl->supports != NULL ? impl->supports(base, c) : HCB_OK;
    if (status != HCB_OK)
        return status;
    const uint64_t memory = base->info.memory_bytes;
    const uint64_t bytes = hcb_case_bytes(c) + scratch_bytes((const struct cpu_device *)base, c);
    if (memory != 0 && bytes > memory)
        return hcbi_fail(
            base->ctx, HCB_UNSUPPORTED, "%s needs %s with its scratch memory, %s has %s",
            hcb_case_text(c, text, sizeof text), hcbi_bytes_text(bytes, needs, sizeof needs),
            base->info.id, hcbi_bytes_text(memory, has, sizeof has));
    return HCB_OK;
}

static uint64_t cpu_scratch(struct hcb_device *device, const struct hcb_case *c,
                            const uint64_t *values)
{
    (void)values;
    return scratch_bytes((const struct cpu_device *)device, c);
}

static enum hcb_status cpu_queue_new(struct hcb_queue *queue)
{
    (void)queue;
    return HCB_OK;
}

static void cpu_queue_free(struct hcb_queue *queue)
{
    (void)queue;
}

/* ----------------------------------------------------------------- buffers */

enum { CACHE_LINE = 64, COPY_STEP = 1 << 18 /* bytes */ };

/* A copy, or with `from` NULL the first touch of new memory. */
struct copy {
    char *to;
    const char *from;
    uint64_t bytes;
};

static void copy_steps(void *argument, size_t first, size_t end)
{
    const struct copy *copy = argument;
    const uint64_t start = (uint64_t)first * COPY_STEP, limit = (uint64_t)end * COPY_STEP;
    const size_t bytes = (size_t)((limit < copy->bytes ? limit : copy->bytes) - start);
    if (copy->from != NULL)
        memcpy(copy->to + start, copy->from + start, bytes);
    else
        memset(copy->to + start, 0, bytes);
}

static void copy_with_all_threads(struct hcb_device *device, void *to, const void *from,
                                  uint64_t bytes)
{
    struct copy copy = {.to = to, .from = from, .bytes = bytes};
    hcbi_cpu_pool_run(((struct cpu_device *)device)->pool,
                      (size_t)((bytes + COPY_STEP - 1) / COPY_STEP), 2, copy_steps, &copy);
}

/* Memory lies near the processor that writes it first, which is the one that
 * reads it in a reduction. */
static void *allocate(struct hcb_device *device, uint64_t bytes)
{
    void *data;
    if (posix_memalign(&data, CACHE_LINE, bytes) != 0)
        return NULL;
    copy_with_all_threads(device, data, NULL, bytes);
    return data;
}

static enum hcb_status cpu_buffer_new(struct hcb_buffer *base)
{
    struct cpu_buffer *buffer = (struct cpu_buffer *)base;
    buffer->data = allocate(base->device, base->bytes);
    return buffer->data != NULL ? HCB_OK : hcbi_fail_memory(base->device->ctx, base->bytes);
}

static void cpu_buffer_free(struct hcb_buffer *base)
{
    free(((struct cpu_buffer *)base)->data);
}

static enum hcb_status cpu_upload(struct hcb_queue *queue, struct hcb_buffer *buffer,
                                  uint64_t offset, const void *data, uint64_t bytes)
{
    copy_with_all_threads(queue->device, (char *)((struct cpu_buffer *)buffer)->data + offset, data,
                          bytes);
    return HCB_OK;
}

static enum hcb_status cpu_download(struct hcb_queue *queue, struct hcb_buffer *buffer,
                                    uint64_t offset, void *data, uint64_t bytes)
{
    copy_with_all_threads(queue->device, data,
                          (const char *)((struct cpu_buffer *)buffer)->data + offset, bytes);
    return HCB_OK;
}

/* ------------------------------------------------------------------- plans */

/* The host's clock is the device's too. */
static enum hcb_status cpu_plan_run(struct hcb_plan *base, uint32_t launches,
                                    struct hcb_timing *timing)
{
    struct cpu_plan *plan = (struct cpu_plan *)base;
    const struct cpu_impl *impl = impls[base->task.impl];
    if (impl->begin != NULL)
        impl->begin(plan);
    const uint64_t start = hcbi_now_ns();
    for (uint32_t i = 0; i < launches; i++) {
        const enum hcb_status status = impl->launch(plan);
        if (status != HCB_OK)
            return status;
    }
    timing->host_ns = timing->device_ns = hcbi_now_ns() - start;
    timing->host_valid = timing->device_valid = true;
    return HCB_OK;
}

/* Runs the plan once: a BLAS makes its threads and its buffers at the first call,
 * and the reference, which has neither, is too slow for that. */
static enum hcb_status cpu_plan_new(struct hcb_plan *base)
{
    struct cpu_plan *plan = (struct cpu_plan *)base;
    const struct cpu_impl *impl = impls[base->task.impl];
    const uint64_t scratch = scratch_bytes(cpu_device_of(plan), &base->task);
    const unsigned last = hcb_op_operands(base->task.op) - 1;
    struct hcb_timing timing;
    if (scratch > 0 && (plan->scratch = allocate(base->queue->device, scratch)) == NULL)
        return hcbi_fail_memory(base->queue->device->ctx, scratch);
    base->info.scratch_bytes = scratch;
    for (unsigned i = 0; i < last; i++)
        plan->inputs[i] = ((struct cpu_buffer *)base->operands[i])->data;
    plan->output = ((struct cpu_buffer *)base->operands[last])->data;
    if (impl->prepare != NULL)
        impl->prepare(plan);
    return impl == &reference ? HCB_OK : cpu_plan_run(base, 1, &timing);
}

static void cpu_plan_free(struct hcb_plan *base)
{
    free(((struct cpu_plan *)base)->scratch);
}

/* What a BLAS does it does better; where there is none, our code stands in. */
#ifdef HAVE_CBLAS
#define NATIVE_SUMS (HCBI_F16F32 | HCBI_BF16F32 | HCBI_I8I32)
#else
#define NATIVE_SUMS (HCBI_F64 | HCBI_F32 | HCBI_F16F32 | HCBI_BF16F32 | HCBI_I8I32)
#endif

const struct hcb_platform_ops hcbi_cpu_ops = {
    .name = "cpu",
    .offers =
        {
            [HCB_IMPL_OPENBLAS] = {[HCB_OP_MATMUL] =
                                       HCBI_F64 | HCBI_F32 | HCBI_F16F32 | HCBI_BF16F32 | HCBI_F32X2,
                                   [HCB_OP_SUM] = HCBI_F64 | HCBI_F32,
                                   [HCB_OP_DOT] = HCBI_F64 | HCBI_F32},
            [HCB_IMPL_NATIVE] = {[HCB_OP_MATMUL] = HCBI_I8I32,
                                 [HCB_OP_SUM] = NATIVE_SUMS,
                                 [HCB_OP_DOT] = NATIVE_SUMS,
                                 [HCB_OP_COPY] = HCBI_COPIED,
                                 [HCB_OP_TRIAD] =
                                     HCBI_F64 | HCBI_F32 | HCBI_F16F32 | HCBI_BF16F32,
                                 [HCB_OP_LAUNCH] = HCBI_COPIED,
                                 [HCB_OP_PEAK] = HCBI_F64 | HCBI_F32},
            [HCB_IMPL_REF] = {HCBI_EVERY_PRECISION, HCBI_EVERY_FORMAT, HCBI_EVERY_FORMAT},
        },
    .variants = {[HCB_IMPL_NATIVE] = HCBI_INEXACT & ~HCBI_F16},
    .platform_size = sizeof(struct hcb_platform),
    .device_size = sizeof(struct cpu_device),
    .queue_size = sizeof(struct hcb_queue),
    .buffer_size = sizeof(struct cpu_buffer),
    .plan_size = sizeof(struct cpu_plan),
    .platform_open = cpu_platform_open,
    .platform_close = cpu_platform_close,
    .device_describe = cpu_device_describe,
    .device_open = cpu_device_open,
    .device_close = cpu_device_close,
    .supports = cpu_supports,
    .scratch = cpu_scratch,
    .queue_new = cpu_queue_new,
    .queue_free = cpu_queue_free,
    .buffer_new = cpu_buffer_new,
    .buffer_free = cpu_buffer_free,
    .upload = cpu_upload,
    .download = cpu_download,
    .plan_new = cpu_plan_new,
    .plan_free = cpu_plan_free,
    .plan_run = cpu_plan_run,
};
