/* SPDX-License-Identifier: Apache-2.0 */
/* Multiplies two matrices on the device that the command line names, checks the
 * product and prints the time:  multiply [DEVICE [IMPL]] */
#include <hcbench.h>
#include <stdio.h>
#include <stdlib.h>

static void check(struct hcb_ctx *ctx, enum hcb_status status)
{
    if (status == HCB_OK)
        return;
    fprintf(stderr, "multiply: %s: %s\n", hcb_status_name(status), hcb_error(ctx));
    exit(status == HCB_UNSUPPORTED ? 77 : 1);
}

int main(int argc, char **argv)
{
    const char *id = argc > 1 ? argv[1] : "cpu:0";
    const char *impl_name = argc > 2 ? argv[2] : "ref";
    int impl = hcb_word(hcb_impl_name, impl_name);
    if (impl < 0) {
        fprintf(stderr, "multiply: there is no impl '%s'\n", impl_name);
        return 2;
    }
    struct hcb_case task = {.op = HCB_OP_MATMUL,
                            .impl = (enum hcb_impl)impl,
                            .precision = HCB_PRECISION_F32,
                            .shape = {200, 300, 100}};
    struct hcb_ctx *ctx = hcb_ctx_new();
    struct hcb_device *device;
    struct hcb_queue *queue;
    struct hcb_buffer *buffers[HCB_OPERANDS_MAX];
    struct hcb_plan *plan;
    struct hcb_timing timing;
    void *host[HCB_OPERANDS_MAX]; /* A, B, C */

    if (ctx == NULL)
        return 1;
    check(ctx, hcb_device_open(ctx, id, &device));
    check(ctx, hcb_queue_new(device, &queue));
    for (unsigned i = 0; i < HCB_OPERANDS_MAX; i++) {
        host[i] = malloc(hcb_operand_bytes(&task, i));
        hcb_fill_operand(&task, i, HCB_FILL_UNIFORM, 1, 0, hcb_operand_elements(&task, i), host[i]);
        check(ctx, hcb_buffer_new(device, hcb_operand_bytes(&task, i), &buffers[i]));
        check(ctx, hcb_buffer_upload(queue, buffers[i], 0, host[i], hcb_operand_bytes(&task, i)));
    }
    check(ctx, hcb_plan_new(queue, &task, buffers, &plan));
    check(ctx, hcb_plan_run(plan, 10, &timing));
    check(ctx, hcb_buffer_download(queue, buffers[2], 0, host[2], hcb_operand_bytes(&task, 2)));

    struct hcb_verify_options options = {.depth = hcb_plan_info(plan)->depth,
                                         .roundoff_factor = hcb_plan_info(plan)->roundoff_factor};
    struct hcb_verdict verdict;
    const void *const inputs[HCB_INPUTS_MAX] = {host[0], host[1]};
    hcb_verify(&task, inputs, host[2], &options, &verdict);
    printf("%s: %s, %.3g ms per product, error %.2g of the bound\n", hcb_device_info(device)->name,
           hcb_status_name(verdict.status), (double)timing.host_ns * 1e-7, verdict.bound_ratio);

    hcb_plan_free(plan);
    for (unsigned i = 0; i < HCB_OPERANDS_MAX; i++) {
        hcb_buffer_free(buffers[i]);
        free(host[i]);
    }
    hcb_queue_free(queue);
    hcb_device_close(device);
    hcb_ctx_free(ctx);
    return verdict.status == HCB_OK ? 0 : 1;
}
