/* SPDX-License-Identifier: Apache-2.0 */
/* What the library costs: a bare loop of cblas_sgemm beside cpu:0's openblas
 * matmul f32, window by window in one process, on the same inputs.  The ratio is the
 * median of those of neighbouring windows; OPENBLAS_CORETYPE chooses the core type.
 *
 *     cblas_baseline [N]      matrices of N x N, 1024 unless given
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cblas.h>

#include "hcbench.h"

enum { WINDOWS = 31 };
static const double window_s = 0.1;

struct bench {
    struct hcb_ctx *ctx;
    struct hcb_device *device;
    struct hcb_queue *queue;
    struct hcb_buffer *buffers[HCB_OPERANDS_MAX];
    struct hcb_plan *plan;
    struct hcb_case task;
    float *operands[HCB_OPERANDS_MAX]; /* of the bare loop */
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static enum hcb_status make_operand(struct bench *b, unsigned i)
{
    const uint64_t bytes = hcb_operand_bytes(&b->task, i),
                   count = hcb_operand_elements(&b->task, i);
    void *data;
    if (posix_memalign(&data, 64, bytes) != 0)
        return HCB_ERROR;
    b->operands[i] = data;
    hcb_fill_operand(&b->task, i, HCB_FILL_UNIFORM, 1, 0, count, data);
    const enum hcb_status status = hcb_buffer_new(b->device, bytes, &b->buffers[i]);
    return status == HCB_OK ? hcb_buffer_upload(b->queue, b->buffers[i], 0, data, bytes) : status;
}

static enum hcb_status prepare(struct bench *b)
{
    if ((b->ctx = hcb_ctx_new()) == NULL)
        return HCB_ERROR;
    enum hcb_status status = hcb_device_open(b->ctx, "cpu:0", &b->device);
    if (status == HCB_OK)
        status = hcb_queue_new(b->device, &b->queue);
    for (unsigned i = 0; i < HCB_OPERANDS_MAX && status == HCB_OK; i++)
        status = make_operand(b, i);
    return status == HCB_OK ? hcb_plan_new(b->queue, &b->task, b->buffers, &b->plan) : status;
}

static void release(struct bench *b)
{
    hcb_plan_free(b->plan);
    for (unsigned i = 0; i < HCB_OPERANDS_MAX; i++) {
        hcb_buffer_free(b->buffers[i]);
        free(b->operands[i]);
    }
    hcb_queue_free(b->queue);
    hcb_device_close(b->device);
    hcb_ctx_free(b->ctx);
}

/* Seconds per launch of a window. */
static double bare_window(const struct bench *b, unsigned launches)
{
    const int n = (int)b->task.shape.n;
    const double start = now_s();
    for (unsigned i = 0; i < launches; i++)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, b->operands[0], n,
                    b->operands[1], n, 0, b->operands[2], n);
    return (now_s() - start) / launches;
}

static double library_window(const struct bench *b, unsigned launches)
{
    struct hcb_timing timing;
    if (hcb_plan_run(b->plan, launches, &timing) != HCB_OK)
        return 0;
    return 1e-9 * (double)timing.host_ns / launches;
}

/* A window that computes something else measures nothing. */
static bool verify(const struct bench *b, const void *result)
{
    const void *const inputs[HCB_INPUTS_MAX] = {b->operands[0], b->operands[1]};
    struct hcb_verdict verdict;
    return hcb_verify(&b->task, inputs, result, &(struct hcb_verify_options){0}, &verdict) ==
           HCB_OK;
}

static bool verify_both(const struct bench *b)
{
    const uint64_t bytes = hcb_operand_bytes(&b->task, 2);
    const bool bare = verify(b, b->operands[2]);
    return bare &&
           hcb_buffer_download(b->queue, b->buffers[2], 0, b->operands[2], bytes) == HCB_OK &&
           verify(b, b->operands[2]);
}

/* False when the library certainly costs more than 3 %. */
static bool compare(const struct bench *b)
{
    const struct hcb_device_info *info = hcb_device_info(b->device);
    const double one = bare_window(b, 1), flops = hcb_case_flops(&b->task);
    const unsigned launches = one < window_s ? (unsigned)(window_s / one) + 1 : 1;
    double bare[WINDOWS], library[WINDOWS], ratios[WINDOWS];
    for (unsigned i = 0; i < WINDOWS; i++) { /* who goes first alternates too */
        if (i % 2 == 0)
            bare[i] = bare_window(b, launches);
        library[i] = library_window(b, launches);
        if (i % 2 != 0)
            bare[i] = bare_window(b, launches);
        ratios[i] = bare[i] / library[i]; /* of windows side by side */
    }
    const struct hcb_summary ratio = hcb_summarize(ratios, WINDOWS);
    const double bare_s = hcb_summarize(bare, WINDOWS).median;
    const double library_s = hcb_summarize(library, WINDOWS).median;
    printf("%s %s, core type %s, %u threads, sgemm %llu, %u windows of %u launches\n", info->driver,
           info->driver_version, info->target, (unsigned)info->blas_threads,
           (unsigned long long)b->task.shape.n, (unsigned)WINDOWS, launches);
    printf("bare cblas_sgemm   %8.1f GFLOP/s\n", flops / bare_s * 1e-9);
    printf("cpu:0/openblas     %8.1f GFLOP/s\n", flops / library_s * 1e-9);
    printf("ratio              %8.3f, quartiles %.3f to %.3f, 95 %% interval %.3f to %.3f\n",
           ratio.median, ratio.q1, ratio.q3, ratio.ci95_low, ratio.ci95_high);
    return !(ratio.ci95_high < 0.97);
}

int main(int argc, char **argv)
{
    const unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1024;
    struct bench b = {.task = {.op = HCB_OP_MATMUL,
                               .impl = HCB_IMPL_OPENBLAS,
                               .precision = HCB_PRECISION_F32,
                               .shape = {n, n, n}}};
    int status = EXIT_FAILURE;
    if (n == 0 || n > INT_MAX || argc > 2) {
        fprintf(stderr, "usage: cblas_baseline [N]\n");
        return 2;
    }
    if (prepare(&b) != HCB_OK) {
        fprintf(stderr, "cblas_baseline: %s\n", b.ctx != NULL ? hcb_error(b.ctx) : "out of memory");
    } else {
        const bool good = compare(&b), right = verify_both(&b);
        status = good && right ? EXIT_SUCCESS : EXIT_FAILURE;
        if (!right)
            fprintf(stderr, "cblas_baseline: a result is wrong\n");
    }
    release(&b);
    return status;
}
