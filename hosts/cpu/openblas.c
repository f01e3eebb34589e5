/* SPDX-License-Identifier: Apache-2.0 */
/* impl openblas: whatever CBLAS the program is linked with.  Inputs of 16 bits
 * are converted to f32 in every launch, since no CBLAS takes them. */
#include "config.h"

#include <limits.h>
#include <stdio.h>

#include "cpu.h"

#ifdef HAVE_CBLAS

#include <cblas.h>

/* ------------------------------------------------------- pieces of a vector */

/* Lengths are of type int, which a piece of 2^41 elements' vector exceeds. */
enum { RUN = 1 << 20 };

#define PIECE(name, element, longest, call)                                                        \
    static struct cpu_sum name(const void *first, const void *second, size_t count)                \
    {                                                                                              \
        const element *x = first, *y = second;                                                     \
        double total = 0;                                                                          \
        for (size_t done = 0; done < count; done += (longest)) {                                   \
            const int run = count - done < (longest) ? (int)(count - done) : (longest);            \
            total += (double)(call);                                                               \
        }                                                                                          \
        (void)y;                                                                                   \
        return (struct cpu_sum){total, 0};                                                         \
    }

PIECE(dot_f64, double, RUN, cblas_ddot(run, x + done, 1, y + done, 1))
PIECE(dot_f32, float, RUN, cblas_sdot(run, x + done, 1, y + done, 1))

/* A sum is a dot product with ones that stay in the cache ... */
enum { ONES = 2048 };
#define ONE4 1, 1, 1, 1
#define ONE32 ONE4, ONE4, ONE4, ONE4, ONE4, ONE4, ONE4, ONE4
#define ONE256 ONE32, ONE32, ONE32, ONE32, ONE32, ONE32, ONE32, ONE32
#define ONE2048 ONE256, ONE256, ONE256, ONE256, ONE256, ONE256, ONE256, ONE256
static const double ones_f64[ONES] = {ONE2048};
static const float ones_f32[ONES] = {ONE2048};
PIECE(dot_ones_f64, double, ONES, cblas_ddot(run, x + done, 1, ones_f64, 1))
PIECE(dot_ones_f32, float, ONES, cblas_sdot(run, x + done, 1, ones_f32, 1))

/* ... or, since CBLAS itself has none, an extension of OpenBLAS. */
#ifdef HAVE_CBLAS_SSUM
PIECE(sum_f64, double, RUN, cblas_dsum(run, x + done, 1))
PIECE(sum_f32, float, RUN, cblas_ssum(run, x + done, 1))
#else
#define sum_f64 NULL
#define sum_f32 NULL
#endif

/* The extension is not trusted: OpenBLAS 0.3.21 adds up absolute values on
 * SkylakeX and Cooperlake cores.  Adds small integers of both signs, at every
 * alignment, with every remainder. */
static bool adds_correctly(cpu_reduction *sum, enum hcb_type type)
{
    enum { LENGTHS = 300, OFFSETS = 16 };
    double numbers[LENGTHS + OFFSETS]; /* memory of either type */
    const size_t size = hcb_type_size(type);
    if (sum == NULL)
        return false;
    for (int i = 0; i < LENGTHS + OFFSETS; i++)
        hcb_type_store(type, numbers, (uint64_t)i, i * 37 % 101 - 60);
    for (int offset = 0; offset < OFFSETS; offset++) {
        int exact = 0;
        for (int length = 1; length <= LENGTHS; length++) {
            exact += (offset + length - 1) * 37 % 101 - 60;
            if (sum((const char *)numbers + (size_t)offset * size, NULL, (size_t)length).high != exact)
                return false;
        }
    }
    return true;
}

/* --------------------------------------------------------------- conversion */

/* What the threads convert: the first input, then the second. */
struct conversion {
    cpu_conversion *convert;
    const uint16_t *from[HCB_INPUTS_MAX];
    float *to[HCB_INPUTS_MAX];
    uint64_t count[HCB_INPUTS_MAX];
};

enum { CONVERSION_STEP = 1 << 13 }; /* elements */
/* Steps worth the wake-up of threads. */
enum { CONVERSION_WORTH = 32 };

static uint64_t steps(uint64_t count)
{
    return (count + CONVERSION_STEP - 1) / CONVERSION_STEP;
}

static void convert_steps(void *argument, size_t first, size_t end)
{
    const struct conversion *job = argument;
    const uint64_t before = steps(job->count[0]);
    for (size_t i = first; i < end; i++) {
        const unsigned input = i >= before;
        const uint64_t start = (input ? i - before : i) * CONVERSION_STEP;
        const uint64_t left = job->count[input] - start;
        job->convert(job->from[input] + start, job->to[input] + start,
                     left < CONVERSION_STEP ? (size_t)left : CONVERSION_STEP);
    }
}

static void convert_inputs(struct cpu_plan *plan, const float *converted[HCB_INPUTS_MAX])
{
    const struct cpu_device *device = cpu_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    struct conversion job = {.convert = c->precision == HCB_PRECISION_F16F32
                                            ? device->level->f16_to_f32
                                            : device->level->bf16_to_f32};
    float *to = plan->scratch;
    for (unsigned i = 0; i < HCB_INPUTS_MAX; i++) {
        job.from[i] = plan->inputs[i];
        job.count[i] = hcb_operand_elements(c, i);
        converted[i] = job.to[i] = to;
        to += job.count[i];
    }
    hcbi_cpu_pool_run(device->pool, (size_t)(steps(job.count[0]) + steps(job.count[1])),
                      CONVERSION_WORTH, convert_steps, &job);
}

/* ------------------------------------------------------------------ matmul */

static void sgemm(const struct hcb_shape *shape, const float *a, const float *b, float *c)
{
    const int m = (int)shape->m, n = (int)shape->n, k = (int)shape->k;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n);
}

static void dgemm(const struct hcb_shape *shape, const double *a, const double *b, double *c)
{
    const int m = (int)shape->m, n = (int)shape->n, k = (int)shape->k;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n);
}

static void matmul(struct cpu_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    const float *converted[HCB_INPUTS_MAX];
    switch (c->precision) {
    case HCB_PRECISION_F64:
        dgemm(&c->shape, plan->inputs[0], plan->inputs[1], plan->output);
        break;
    case HCB_PRECISION_F32:
    case HCB_PRECISION_F32X2:
        sgemm(&c->shape, plan->inputs[0], plan->inputs[1], plan->output);
        break;
    default:
        convert_inputs(plan, converted);
        sgemm(&c->shape, converted[0], converted[1], plan->output);
    }
}

/* -------------------------------------------------------------------- impl */

static bool is_16_bit(const struct hcb_case *c)
{
    return c->precision == HCB_PRECISION_F16F32 || c->precision == HCB_PRECISION_BF16F32;
}

static enum hcb_status supports(struct hcb_device *device, const struct hcb_case *c)
{
    const struct hcb_shape *s = &c->shape;
    if (c->op == HCB_OP_MATMUL && (s->m > INT_MAX || s->n > INT_MAX || s->k > INT_MAX))
        return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "CBLAS takes extents of at most %d",
                         INT_MAX);
    return HCB_OK;
}

static uint64_t scratch_bytes(const struct cpu_device *device, const struct hcb_case *c)
{
    (void)device;
    return is_16_bit(c) ? sizeof(float) * (hcb_operand_elements(c, 0) + hcb_operand_elements(c, 1))
                        : 0;
}

static void prepare_reduction(struct cpu_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    struct hcb_plan_info *info = &plan->base.info;
    const bool f64 = c->precision == HCB_PRECISION_F64;
    const char letter = f64 ? 'd' : 's';
    const unsigned threads = hcbi_cpu_pool_threads(cpu_device_of(plan)->pool);
    const char *call = "dot";
    if (c->op == HCB_OP_DOT) {
        plan->piece = f64 ? dot_f64 : dot_f32;
    } else if (adds_correctly(f64 ? sum_f64 : sum_f32, hcb_operand_type(c, 0))) {
        plan->piece = f64 ? sum_f64 : sum_f32;
        call = "sum";
    } else {
        plan->piece = f64 ? dot_ones_f64 : dot_ones_f32;
        call = "dot with cached ones";
    }
    snprintf(info->note, sizeof info->note, "cblas_%c%s on pieces of the vector, %u threads",
             letter, call, threads);
    info->depth = hcbi_cpu_reduce_depth(c, 1);
}

static void prepare(struct cpu_plan *plan)
{
    if (plan->base.task.op != HCB_OP_MATMUL)
        prepare_reduction(plan);
    else if (is_16_bit(&plan->base.task))
        snprintf(plan->base.info.note, sizeof plan->base.info.note,
                 "16-bit inputs are converted to f32 for sgemm; the conversion is timed");
    else if (plan->base.task.precision == HCB_PRECISION_F32X2)
        snprintf(plan->base.info.note, sizeof plan->base.info.note,
                 "plain sgemm of the same operands: a CPU gains nothing from halves");
}

/* Many libraries run level 1 on one thread, so our threads share the pieces and
 * the library must not start its own in each of them. */
static void begin(struct cpu_plan *plan)
{
    const struct cpu_device *device = cpu_device_of(plan);
    const bool shared = plan->base.task.op != HCB_OP_MATMUL;
    hcbi_cpu_blas_threads(&device->blas, shared ? 1 : hcbi_cpu_pool_threads(device->pool));
}

static enum hcb_status launch(struct cpu_plan *plan)
{
    if (plan->base.task.op == HCB_OP_MATMUL)
        matmul(plan);
    else
        hcbi_cpu_reduce(plan);
    return HCB_OK;
}

const struct cpu_impl hcbi_cpu_openblas = {
    .supports = supports,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .begin = begin,
    .launch = launch,
};

#else

static enum hcb_status supports(struct hcb_device *device, const struct hcb_case *c)
{
    (void)c;
    return hcbi_fail(device->ctx, HCB_UNSUPPORTED, "built without a CBLAS");
}

const struct cpu_impl hcbi_cpu_openblas = {.supports = supports};

#endif
