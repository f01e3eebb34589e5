/* SPDX-License-Identifier: Apache-2.0 */
/* run_case DEVICE IMPL PRECISION OP[.SUM][=SHAPE[ PARAMETERS]]...: runs and verifies cases
 * through the public interface, for tools that watch a program.  Without a shape, all
 * awkward ones; parameters as hcb_plan_new_with takes them.  Exit status 0: right; 1: wrong; 2: usage; 77: nothing ran. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "platform_checks.h"

static bool parse_shape(const char *text, struct hcb_shape *shape)
{
    char rest = ' ';
    *shape = (struct hcb_shape){1, 1, 1};
    if (text[strspn(text, "0123456789")] == 'x')
        return sscanf(text, "%" SCNu64 "x%" SCNu64 "x%" SCNu64 "%c", &shape->m, &shape->n,
                      &shape->k, &rest) >= 3 && rest == ' ';
    return sscanf(text, "%" SCNu64 "%c", &shape->n, &rest) >= 1 && rest == ' ';
}

static enum check_outcome run_word(struct hcb_ctx *ctx, struct hcb_device *device,
                                   enum hcb_impl impl, enum hcb_precision precision,
                                   const char *word, char *text, size_t size)
{
    char op_name[16], sum_name[16] = "plain";
    const size_t length = strcspn(word, "="), op_length = strcspn(word, ".=");
    struct hcb_case c = {.impl = impl, .precision = precision};
    snprintf(op_name, sizeof op_name, "%.*s", (int)op_length, word);
    if (op_length < length)
        snprintf(sum_name, sizeof sum_name, "%.*s", (int)(length - op_length - 1), word + op_length + 1);
    const int op = hcb_word(hcb_op_name, op_name), sum = hcb_word(hcb_sum_name, sum_name);
    snprintf(text, size, "'%s' is not an op, op.sum or op=shape", word);
    if (op < 0 || sum < 0)
        return CHECK_FAILED;
    c.op = (enum hcb_op)op;
    c.sum = (enum hcb_sum)sum;
    if (word[length] == '\0' && sum != HCB_SUM_PLAIN)
        return check_variant(ctx, device, impl, precision, c.sum, text, size);
    if (word[length] == '\0')
        return check_shapes(ctx, device, c.op, impl, precision, text, size);
    if (!parse_shape(word + length + 1, &c.shape))
        return CHECK_FAILED;
    return check_case_with(ctx, device, &c, strchr(word, ' '), text, size);
}

static int run_words(struct hcb_ctx *ctx, struct hcb_device *device, int impl, int precision,
                     char **words)
{
    static const char *const names[] = {"ok", "unsupported", "FAILED"};
    int exit_status = 77;
    for (; *words != NULL; words++) {
        char text[512] = "";
        enum check_outcome outcome =
            run_word(ctx, device, (enum hcb_impl)impl, (enum hcb_precision)precision, *words, text,
                     sizeof text);
        printf("%s %s %s: %s%s%s\n", hcb_impl_name((unsigned)impl),
               hcb_precision_name((unsigned)precision), *words, names[outcome],
               outcome == CHECK_PASSED ? "" : ", ", outcome == CHECK_PASSED ? "" : text);
        if (outcome == CHECK_FAILED)
            return 1;
        if (outcome == CHECK_PASSED)
            exit_status = 0;
    }
    return exit_status;
}

int main(int argc, char **argv)
{
    const int impl = argc > 4 ? hcb_word(hcb_impl_name, argv[2]) : -1;
    const int precision = argc > 4 ? hcb_word(hcb_precision_name, argv[3]) : -1;
    struct hcb_device *device = NULL;
    int exit_status = 77;
    if (impl < 0 || precision < 0) {
        fprintf(stderr, "usage: run_case DEVICE IMPL PRECISION OP[.SUM][=SHAPE[ PARAMETERS]]...\n");
        return 2;
    }
    struct hcb_ctx *ctx = hcb_ctx_new();
    if (ctx == NULL || hcb_device_open(ctx, argv[1], &device) != HCB_OK)
        fprintf(stderr, "run_case: %s\n", ctx != NULL ? hcb_error(ctx) : "out of memory");
    else
        exit_status = run_words(ctx, device, impl, precision, argv + 4);
    hcb_device_close(device);
    hcb_ctx_free(ctx);
    return exit_status;
}
