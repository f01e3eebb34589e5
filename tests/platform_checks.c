/* SPDX-License-Identifier: Apache-2.0 */
/* The generic part of the platforms' tests; see platform_checks.h. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform_checks.h"

const struct hcb_shape check_matmul_shapes[] = {
    {1, 1, 1},     {1, 17, 1},    {15, 31, 17},  {33, 1, 31},   {64, 64, 64},  {127, 65, 129},
    {1, 129, 257}, {257, 129, 1}, {1000, 3, 70}, {5, 1100, 67}, {129, 130, 1}, {97, 96, 600},
    /* One extent is small, with rests and several parts of each cut. */
    {3, 2725, 400}, {2, 3, 40001}, {70, 1, 1003}, {100, 2087, 3},  {9, 170, 1301}, {41, 31, 1111},
    {16, 1796, 67},
};
const size_t check_matmul_shape_count = sizeof check_matmul_shapes / sizeof *check_matmul_shapes;

const uint64_t check_vector_lengths[] = {1, 2, 15, 127, 1000, 65537, 1 << 20 | 1};
const size_t check_vector_length_count = sizeof check_vector_lengths / sizeof *check_vector_lengths;

static const uint64_t seed = 20;

/* Thousands of operations per element take their time. */
enum { PEAK_LONGEST = 1000 };

static int probe(const char *platform)
{
    const struct hcb_device_info *devices;
    size_t count;
    struct hcb_ctx *ctx = hcb_ctx_new();
    const int number = hcb_word(hcb_platform_name, platform);
    if (ctx == NULL || number < 0)
        return 1;
    enum hcb_status status = hcb_platform_devices(ctx, (unsigned)number, &devices, &count);
    if (status != HCB_OK)
        printf("%s: %s\n", platform, hcb_error(ctx));
    hcb_ctx_free(ctx);
    return status != HCB_OK;
}

bool check_platform_present(const char *platform)
{
    int status = 1;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        const int answer = probe(platform);
        fflush(NULL);
        _exit(answer);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* A case on a device with its operands in host memory. */
struct trial {
    struct hcb_ctx *ctx;
    const struct hcb_case *task;
    unsigned last; /* the output's number */
    struct hcb_queue *queue;
    struct hcb_buffer *buffers[HCB_OPERANDS_MAX];
    struct hcb_plan *plan;
    const char *parameters; /* NULL: those of the table */
    void *host[HCB_OPERANDS_MAX];
    void *again; /* the output of a second run */
    char *text;
    size_t text_size;
};

static enum check_outcome failed(struct trial *t, const char *what, const char *reason)
{
    char name[128];
    hcb_case_text(t->task, name, sizeof name);
    snprintf(t->text, t->text_size, "%s %s: %s: %s", name, hcb_impl_name(t->task->impl), what,
             reason);
    return CHECK_FAILED;
}

static void trial_clear(struct trial *t)
{
    hcb_plan_free(t->plan);
    for (unsigned i = 0; i < HCB_OPERANDS_MAX; i++) {
        hcb_buffer_free(t->buffers[i]);
        free(t->host[i]);
    }
    hcb_queue_free(t->queue);
    free(t->again);
}

static enum check_outcome trial_prepare(struct trial *t, struct hcb_device *device)
{
    if (hcb_queue_new(device, &t->queue) != HCB_OK)
        return failed(t, "queue", hcb_error(t->ctx));
    for (unsigned i = 0; i <= t->last; i++) {
        const uint64_t bytes = hcb_operand_bytes(t->task, i);
        t->host[i] = calloc(1, bytes);
        if (t->host[i] == NULL)
            return failed(t, "host", "out of memory");
        if (hcb_buffer_new(device, bytes, &t->buffers[i]) != HCB_OK)
            return failed(t, "buffer", hcb_error(t->ctx));
        /* A plan may run once when it is made; nothing then reads what was never written. */
        if (hcb_buffer_upload(t->queue, t->buffers[i], 0, t->host[i], bytes) != HCB_OK)
            return failed(t, "upload", hcb_error(t->ctx));
    }
    t->again = malloc(hcb_operand_bytes(t->task, t->last));
    if (t->again == NULL)
        return failed(t, "host", "out of memory");
    const enum hcb_status status =
        hcb_plan_new_with(t->queue, t->task, t->buffers, t->parameters, &t->plan);
    if (status == HCB_UNSUPPORTED && t->parameters != NULL && hcb_error(t->ctx)[0] != '\0') {
        snprintf(t->text, t->text_size, "%s", hcb_error(t->ctx));
        return CHECK_UNSUPPORTED;
    }
    if (status != HCB_OK)
        return failed(t, "plan", hcb_error(t->ctx));
    return CHECK_PASSED;
}

/* Runs on a poisoned output and fetches what the device wrote. */
static enum check_outcome trial_run(struct trial *t, uint32_t launches, void *output)
{
    const uint64_t bytes = hcb_operand_bytes(t->task, t->last);
    struct hcb_timing timing;
    hcb_poison(hcb_operand_type(t->task, t->last), output, hcb_operand_elements(t->task, t->last));
    if (hcb_buffer_upload(t->queue, t->buffers[t->last], 0, output, bytes) != HCB_OK)
        return failed(t, "upload", hcb_error(t->ctx));
    if (hcb_plan_run(t->plan, launches, &timing) != HCB_OK)
        return failed(t, "run", hcb_error(t->ctx));
    if (!timing.host_valid || timing.host_ns == 0)
        return failed(t, "run", "no host time");
    if (timing.device_valid && timing.device_ns == 0)
        return failed(t, "run", "a device time of 0");
    if (hcb_buffer_download(t->queue, t->buffers[t->last], 0, output, bytes) != HCB_OK)
        return failed(t, "download", hcb_error(t->ctx));
    return CHECK_PASSED;
}

static enum check_outcome trial_verify(struct trial *t, enum hcb_fill fill)
{
    const void *inputs[HCB_INPUTS_MAX] = {t->host[0], t->last > 1 ? t->host[1] : NULL};
    const struct hcb_plan_info *info = hcb_plan_info(t->plan);
    const struct hcb_verify_options options = {.exact = fill == HCB_FILL_INTEGER,
                                               .depth = info->depth,
                                               .roundoff_factor = info->roundoff_factor,
                                               .seed = seed};
    struct hcb_verdict verdict;
    if (hcb_verify(t->task, inputs, t->host[t->last], &options, &verdict) != HCB_OK)
        return failed(t, hcb_fill_name(fill), verdict.reason);
    return CHECK_PASSED;
}

/* Makes the terms of a sum eight times as large, and each the opposite of another far
 * away but for a few in the middle, so that what is left is of the size of rounding
 * errors. */
static void cancel(struct trial *t)
{
    const enum hcb_type type = hcb_operand_type(t->task, 0);
    const uint64_t n = t->task->shape.n;
    for (uint64_t i = 0; i + 2 < n / 2; i++) {
        const double term = 8 * hcb_type_load(type, t->host[0], i);
        hcb_type_store(type, t->host[0], i, term);
        hcb_type_store(type, t->host[0], n - 1 - i, -term);
        if (t->last > 1)
            hcb_type_store(type, t->host[1], n - 1 - i, hcb_type_load(type, t->host[1], i));
    }
}

static enum check_outcome trial_fill(struct trial *t, enum hcb_fill fill, bool cancels)
{
    const uint64_t bytes = hcb_operand_bytes(t->task, t->last);
    enum check_outcome outcome;
    for (unsigned i = 0; i < t->last; i++)
        hcb_fill_operand(t->task, i, fill, seed, 0, hcb_operand_elements(t->task, i), t->host[i]);
    if (cancels)
        cancel(t);
    for (unsigned i = 0; i < t->last; i++) {
        if (hcb_buffer_upload(t->queue, t->buffers[i], 0, t->host[i],
                              hcb_operand_bytes(t->task, i)) != HCB_OK)
            return failed(t, "upload", hcb_error(t->ctx));
    }
    outcome = trial_run(t, 1, t->host[t->last]);
    if (outcome == CHECK_PASSED)
        outcome = trial_verify(t, fill);
    if (outcome == CHECK_PASSED)
        outcome = trial_run(t, 2, t->again);
    if (outcome == CHECK_PASSED && memcmp(t->host[t->last], t->again, bytes) != 0)
        return failed(t, hcb_fill_name(fill), "a second run gives other bits");
    return outcome;
}

enum check_outcome check_case_with(struct hcb_ctx *ctx, struct hcb_device *device,
                                   const struct hcb_case *c, const char *parameters, char *text,
                                   size_t size)
{
    struct trial t = {.ctx = ctx,
                      .task = c,
                      .last = hcb_op_operands(c->op) - 1,
                      .parameters = parameters,
                      .text = text,
                      .text_size = size};
    enum hcb_status status = hcb_device_supports(device, c);
    if (status == HCB_UNSUPPORTED && hcb_error(ctx)[0] != '\0') {
        snprintf(text, size, "%s", hcb_error(ctx));
        return CHECK_UNSUPPORTED;
    }
    if (status != HCB_OK)
        return failed(&t, "supports", hcb_error(ctx)[0] != '\0' ? hcb_error(ctx) : "no reason");
    enum check_outcome outcome = trial_prepare(&t, device);
    if (outcome == CHECK_PASSED)
        outcome = trial_fill(&t, HCB_FILL_INTEGER, false);
    if (outcome == CHECK_PASSED)
        outcome = trial_fill(&t, HCB_FILL_UNIFORM, false);
    if (outcome == CHECK_PASSED && c->sum != HCB_SUM_PLAIN)
        outcome = trial_fill(&t, HCB_FILL_UNIFORM, true);
    trial_clear(&t);
    return outcome;
}

enum check_outcome check_case(struct hcb_ctx *ctx, struct hcb_device *device,
                              const struct hcb_case *c, char *text, size_t size)
{
    return check_case_with(ctx, device, c, NULL, text, size);
}

/* Full tiles and edges; and where the number is that no half holds. */
enum { SPLIT_SIZE = 150, TOO_LARGE_ROW = 5, TOO_LARGE_COLUMN = 140 };

static void fill_splits(const struct hcb_case *c, float *numbers)
{
    static const float edges[] = {65504, 65505.5F, 65519.996F, -65519.996F, 0x1p-13F,  0x1.fffffep-14F,
                                  0x1p-14F, 0x1.555556p-15F, 0x1.000002p-25F, 0x1p-25F, 0x1.8p-35F,
                                  0x1.8p-36F, 0x1p-36F, 0x1p-40F, 0x1.004002p0F, -0x1.00600ap0F};
    enum { EDGES = sizeof edges / sizeof *edges, COUNT = SPLIT_SIZE * SPLIT_SIZE };
    hcb_fill_operand(c, 0, HCB_FILL_UNIFORM, seed, 0, COUNT, numbers);
    for (int i = 0; i < COUNT; i++)
        numbers[i] = i % 37 < EDGES && i % 11 == 0 ? edges[i % 37] : ldexpf(numbers[i], i % 37 - 21);
    numbers[TOO_LARGE_ROW * SPLIT_SIZE + TOO_LARGE_COLUMN] = 65520;
}

static double both_halves(double x)
{
    const double high = (double)hcb_f16_to_f32(hcb_f16_from_f64(x));
    return high + 0x1p-11 * (double)hcb_f16_to_f32(hcb_f16_from_f64(0x1p11 * (x - high)));
}

static enum check_outcome compare_halves(struct trial *t, unsigned operand)
{
    const float *numbers = t->host[operand], *output = t->host[2];
    char what[120];
    for (int i = 0; i < SPLIT_SIZE * SPLIT_SIZE; i++) {
        const bool is_lost = operand == 0 ? i / SPLIT_SIZE == TOO_LARGE_ROW
                                          : i % SPLIT_SIZE == TOO_LARGE_COLUMN;
        const double right = both_halves((double)numbers[i]), got = (double)output[i];
        if (is_lost ? isfinite(got) : got != right) {
            snprintf(what, sizeof what, "operand %u, [%d,%d] of %a is %a, right is %a", operand,
                     i / SPLIT_SIZE, i % SPLIT_SIZE, (double)numbers[i], got, is_lost ? NAN : right);
            return failed(t, "halves", what);
        }
    }
    return CHECK_PASSED;
}

/* The numbers are operand 0 or 1, the identity is the other one. */
static enum check_outcome split_operand(struct trial *t, unsigned operand)
{
    float *identity = t->host[1 - operand];
    const uint64_t bytes = hcb_operand_bytes(t->task, 0);
    fill_splits(t->task, t->host[operand]);
    memset(identity, 0, bytes);
    for (int i = 0; i < SPLIT_SIZE; i++)
        identity[i * SPLIT_SIZE + i] = 1;
    for (unsigned i = 0; i < 2; i++)
        if (hcb_buffer_upload(t->queue, t->buffers[i], 0, t->host[i], bytes) != HCB_OK)
            return failed(t, "upload", hcb_error(t->ctx));
    const enum check_outcome outcome = trial_run(t, 1, t->host[2]);
    return outcome == CHECK_PASSED ? compare_halves(t, operand) : outcome;
}

enum check_outcome check_halves(struct hcb_ctx *ctx, struct hcb_device *device, enum hcb_impl impl,
                                char *text, size_t size)
{
    const struct hcb_case c = {HCB_OP_MATMUL, impl, HCB_PRECISION_F32X2,
                               {SPLIT_SIZE, SPLIT_SIZE, SPLIT_SIZE}};
    struct trial t = {.ctx = ctx, .task = &c, .last = 2, .text = text, .text_size = size};
    snprintf(text, size, "%s", "");
    if (hcb_device_supports(device, &c) != HCB_OK) {
        snprintf(text, size, "%s", hcb_error(ctx));
        return CHECK_UNSUPPORTED;
    }
    enum check_outcome outcome = trial_prepare(&t, device);
    for (unsigned operand = 0; operand < 2 && outcome == CHECK_PASSED; operand++)
        outcome = split_operand(&t, operand);
    trial_clear(&t);
    return outcome;
}

/* A point within the limits, another for each number; the table's when none is found. */
static void draw_point(const struct hcb_parameters *parameters, uint64_t number, uint64_t *values)
{
    for (unsigned tries = 0; tries < 100; tries++) {
        for (size_t i = 0; i < parameters->count; i++) {
            number = number * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            values[i] = parameters->list[i].choices[(number >> 33) % parameters->list[i].count];
        }
        if (hcb_parameters_beyond(parameters, values) == NULL)
            return;
    }
    hcb_parameters_read(parameters, "", values);
}

static enum check_outcome check_with(struct hcb_ctx *ctx, struct hcb_device *device,
                                     const struct hcb_case *c, const char *word, char *text,
                                     size_t size)
{
    const enum check_outcome outcome = check_case_with(ctx, device, c, word, text, size);
    const size_t used = strlen(text);
    if (outcome == CHECK_FAILED)
        snprintf(text + used, size - used, " (%s)", word);
    return outcome;
}

static bool find_parameters(struct hcb_ctx *ctx, struct hcb_device *device, const struct hcb_case *c,
                            struct hcb_parameters *parameters, char *text, size_t size)
{
    const bool found = hcb_device_supports(device, c) == HCB_OK &&
                       hcb_device_parameters(device, c, parameters) == HCB_OK;
    if (!found)
        snprintf(text, size, "%s", hcb_error(ctx));
    return found;
}

enum check_outcome check_choices(struct hcb_ctx *ctx, struct hcb_device *device,
                                 const struct hcb_case *c, unsigned *passed, char *text, size_t size)
{
    struct hcb_parameters parameters;
    char word[HCB_PARAMETERS_SIZE];
    *passed = 0;
    if (!find_parameters(ctx, device, c, &parameters, text, size))
        return CHECK_FAILED;
    for (size_t i = 0; i < parameters.count; i++)
        for (size_t j = 0; j < parameters.list[i].count; j++) {
            snprintf(word, sizeof word, "%s=%llu", parameters.list[i].name,
                     (unsigned long long)parameters.list[i].choices[j]);
            const enum check_outcome outcome = check_with(ctx, device, c, word, text, size);
            if (outcome == CHECK_FAILED)
                return outcome;
            *passed += outcome == CHECK_PASSED;
        }
    return CHECK_PASSED;
}

enum check_outcome check_points(struct hcb_ctx *ctx, struct hcb_device *device,
                                const struct hcb_case *c, char *text, size_t size)
{
    enum { POINTS = 5 };
    struct hcb_parameters parameters;
    uint64_t values[HCB_PARAMETERS_MAX];
    char word[HCB_PARAMETERS_SIZE];
    if (!find_parameters(ctx, device, c, &parameters, text, size))
        return CHECK_FAILED;
    for (uint64_t number = 1; number <= POINTS && parameters.count > 0; number++) {
        draw_point(&parameters, number, values);
        hcb_parameters_text(&parameters, values, word);
        if (check_with(ctx, device, c, word, text, size) == CHECK_FAILED)
            return CHECK_FAILED;
    }
    return CHECK_PASSED;
}

enum check_outcome check_shapes(struct hcb_ctx *ctx, struct hcb_device *device, enum hcb_op op,
                                enum hcb_impl impl, enum hcb_precision precision, char *text,
                                size_t size)
{
    const bool is_matmul = op == HCB_OP_MATMUL;
    const size_t count = is_matmul ? check_matmul_shape_count : check_vector_length_count;
    enum check_outcome all = CHECK_UNSUPPORTED;
    for (size_t i = 0; i < count; i++) {
        struct hcb_case c = {.op = op, .impl = impl, .precision = precision};
        if ((hcb_op_rank(op) == 0 && i > 0) ||
            (op == HCB_OP_PEAK && check_vector_lengths[i] > PEAK_LONGEST))
            break;
        c.shape =
            is_matmul ? check_matmul_shapes[i] : (struct hcb_shape){1, check_vector_lengths[i], 1};
        const enum check_outcome outcome = check_case(ctx, device, &c, text, size);
        if (outcome == CHECK_FAILED)
            return outcome;
        if (outcome == CHECK_PASSED)
            all = outcome;
    }
    return all;
}

enum check_outcome check_variant(struct hcb_ctx *ctx, struct hcb_device *device,
                                 enum hcb_impl impl, enum hcb_precision precision,
                                 enum hcb_sum sum, char *text, size_t size)
{
    enum check_outcome all = CHECK_UNSUPPORTED;
    for (size_t i = 0; i < 2 * check_vector_length_count; i++) {
        const struct hcb_case c = {.op = i % 2 ? HCB_OP_DOT : HCB_OP_SUM,
                                   .impl = impl,
                                   .precision = precision,
                                   .shape = {1, check_vector_lengths[i / 2], 1},
                                   .sum = sum};
        const enum check_outcome outcome = check_case(ctx, device, &c, text, size);
        if (outcome == CHECK_FAILED)
            return outcome;
        if (outcome == CHECK_PASSED)
            all = outcome;
    }
    return all;
}

enum check_outcome check_peak_rounds(struct hcb_ctx *ctx, struct hcb_device *device,
                                     enum hcb_impl impl, enum hcb_precision precision, char *text,
                                     size_t size)
{
    const struct hcb_case c = {HCB_OP_PEAK, impl, precision, {1, 1001, 1}};
    struct trial t = {.ctx = ctx, .task = &c, .last = 1, .text = text, .text_size = size};
    if (hcb_device_supports(device, &c) == HCB_UNSUPPORTED)
        return CHECK_UNSUPPORTED;
    setenv("HCBENCH_PEAK_COUNT", "1", 1);
    enum check_outcome outcome = trial_prepare(&t, device);
    if (outcome == CHECK_PASSED)
        outcome = trial_run(&t, 1, t.host[1]);
    for (uint64_t i = 0; i < c.shape.n && outcome == CHECK_PASSED; i++)
        if (hcb_type_load(hcb_operand_type(&c, 1), t.host[1], i) != HCB_PEAK_ROUNDS)
            outcome = failed(&t, "peak", "not as many multiply-adds as are counted");
    unsetenv("HCBENCH_PEAK_COUNT");
    trial_clear(&t);
    return outcome;
}

/* The ops that say what a device can do, and who does them. */
static const struct {
    enum hcb_op op;
    enum hcb_impl impl;
} extras[] = {
    {HCB_OP_UPLOAD, HCB_IMPL_PAGEABLE},   {HCB_OP_UPLOAD, HCB_IMPL_PINNED},
    {HCB_OP_DOWNLOAD, HCB_IMPL_PAGEABLE}, {HCB_OP_DOWNLOAD, HCB_IMPL_PINNED},
    {HCB_OP_COPY, HCB_IMPL_DRIVER},       {HCB_OP_TRIAD, HCB_IMPL_TILE},
    {HCB_OP_LAUNCH, HCB_IMPL_TILE},       {HCB_OP_PEAK, HCB_IMPL_TILE},
};

enum check_outcome check_extras(struct hcb_ctx *ctx, struct hcb_device *device,
                                enum hcb_precision precision, unsigned *passed, char *text,
                                size_t size)
{
    *passed = 0;
    for (size_t i = 0; i < sizeof extras / sizeof *extras; i++) {
        const enum check_outcome outcome =
            check_shapes(ctx, device, extras[i].op, extras[i].impl, precision, text, size);
        if (outcome == CHECK_FAILED)
            return outcome;
        *passed += outcome == CHECK_PASSED;
    }
    return check_peak_rounds(ctx, device, HCB_IMPL_TILE, precision, text, size);
}
