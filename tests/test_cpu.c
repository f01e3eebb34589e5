/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU platform: every op, impl, precision and awkward shape against the
 * reference, the inner loops at each level that this processor can execute, and
 * the threads.
 *
 * Started as "test_cpu --blas" it checks the BLAS only: once per core type, which
 * OpenBLAS reads from the environment when it is loaded. */
#include "config.h"

#include <check.h>
#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>
#endif
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cpu.h"
#include "platform_checks.h"

#ifdef HAVE_CBLAS
enum { WITH_CBLAS = 1 };
#else
enum { WITH_CBLAS = 0 };
#endif

/* Besides those of platform_checks.c: more terms than a block has, more rows and
 * columns than a panel, more elements than CPU_PIECES_MAX least pieces. */
static const struct hcb_shape matmul_shapes[] = {
    {13, 33, 1025}, {5, 7, 4099}, {12, 32, 4}, {400, 300, 700}};
static const uint64_t lengths[] = {63, 64, 65, 16384, 16385, 20000003};

/* --------------------------------------------------------------- one device */

struct rig {
    struct hcb_ctx *ctx;
    struct hcb_device *device;
    struct hcb_queue *queue;
};

static void rig_open(struct rig *rig)
{
    ck_assert_ptr_nonnull(rig->ctx = hcb_ctx_new());
    ck_assert_msg(hcb_device_open(rig->ctx, "cpu:0", &rig->device) == HCB_OK, "%s",
                  hcb_error(rig->ctx));
    ck_assert_int_eq(hcb_queue_new(rig->device, &rig->queue), HCB_OK);
}

static void rig_close(struct rig *rig)
{
    hcb_queue_free(rig->queue);
    hcb_device_close(rig->device);
    hcb_ctx_free(rig->ctx);
}

static void use_level(struct rig *rig, const struct cpu_vector_level *level)
{
    ((struct cpu_device *)rig->device)->level = level;
}

static void use_threads(struct rig *rig, unsigned threads)
{
    struct cpu_device *device = (struct cpu_device *)rig->device;
    hcbi_cpu_pool_free(device->pool);
    ck_assert_ptr_nonnull(device->pool = hcbi_cpu_pool_new(threads));
}

/* ----------------------------------------------------------------- one case */

struct run {
    struct hcb_case task;
    void *host[HCB_OPERANDS_MAX];
    struct hcb_buffer *buffers[HCB_OPERANDS_MAX];
    struct hcb_plan *plan;
    unsigned last; /* the output */
};

static void run_open(struct rig *rig, struct run *run, const struct hcb_case *c, enum hcb_fill fill)
{
    *run = (struct run){.task = *c, .last = hcb_op_operands(c->op) - 1};
    for (unsigned i = 0; i <= run->last; i++) {
        const uint64_t bytes = hcb_operand_bytes(c, i);
        ck_assert_ptr_nonnull(run->host[i] = malloc(bytes));
        ck_assert_int_eq(hcb_buffer_new(rig->device, bytes, &run->buffers[i]), HCB_OK);
        if (i == run->last)
            continue;
        hcb_fill_operand(c, i, fill, 7, 0, hcb_operand_elements(c, i), run->host[i]);
        ck_assert_int_eq(hcb_buffer_upload(rig->queue, run->buffers[i], 0, run->host[i], bytes),
                         HCB_OK);
    }
    ck_assert_msg(hcb_plan_new(rig->queue, c, run->buffers, &run->plan) == HCB_OK, "%s",
                  hcb_error(rig->ctx));
}

static void run_close(struct run *run)
{
    hcb_plan_free(run->plan);
    for (unsigned i = 0; i <= run->last; i++) {
        hcb_buffer_free(run->buffers[i]);
        free(run->host[i]);
    }
}

/* Poisons the output, launches, and fetches the output to host[last]. */
static void run_launch(struct rig *rig, struct run *run, uint32_t launches)
{
    const uint64_t bytes = hcb_operand_bytes(&run->task, run->last);
    void *output = run->host[run->last];
    struct hcb_timing timing = {0};
    hcb_poison(hcb_operand_type(&run->task, run->last), output,
               hcb_operand_elements(&run->task, run->last));
    ck_assert_int_eq(hcb_buffer_upload(rig->queue, run->buffers[run->last], 0, output, bytes),
                     HCB_OK);
    ck_assert_msg(hcb_plan_run(run->plan, launches, &timing) == HCB_OK, "%s", hcb_error(rig->ctx));
    ck_assert(timing.host_valid && timing.device_valid);
    ck_assert_int_eq(hcb_buffer_download(rig->queue, run->buffers[run->last], 0, output, bytes),
                     HCB_OK);
}

static void check_one(struct rig *rig, const struct hcb_case *c)
{
    char text[512] = "";
    const enum check_outcome outcome = check_case(rig->ctx, rig->device, c, text, sizeof text);
    ck_assert_msg(outcome == CHECK_PASSED, "%s", text);
}

/* Those of platform_checks.c, and ours up to a length. */
static void check_all_shapes(struct rig *rig, enum hcb_op op, enum hcb_impl impl,
                             enum hcb_precision precision, uint64_t longest)
{
    struct hcb_case c = {.op = op, .impl = impl, .precision = precision};
    char text[512] = "";
    const enum check_outcome outcome =
        check_shapes(rig->ctx, rig->device, op, impl, precision, text, sizeof text);
    ck_assert_msg(outcome == CHECK_PASSED, "%s", text);
    for (size_t i = 0; op == HCB_OP_MATMUL && i < sizeof matmul_shapes / sizeof *matmul_shapes;
         i++) {
        c.shape = matmul_shapes[i];
        check_one(rig, &c);
    }
    for (size_t i = 0; hcb_op_rank(op) == 1 && i < sizeof lengths / sizeof *lengths; i++) {
        c.shape = (struct hcb_shape){1, lengths[i], 1};
        if (lengths[i] <= (op == HCB_OP_PEAK ? 16385 : longest))
            check_one(rig, &c);
    }
}

/* ------------------------------------------------------------ what must run */

static bool is_float(enum hcb_precision precision)
{
    return precision == HCB_PRECISION_F64 || precision == HCB_PRECISION_F32;
}

static bool is_mixed(enum hcb_precision precision)
{
    return precision == HCB_PRECISION_F16F32 || precision == HCB_PRECISION_BF16F32;
}

/* The table of what the platform has, said once more. */
static bool expected(enum hcb_op op, enum hcb_impl impl, enum hcb_precision precision)
{
    const bool is_copied = is_float(precision) || precision == HCB_PRECISION_F16;
    switch (op) {
    case HCB_OP_UPLOAD:
    case HCB_OP_DOWNLOAD: return false;
    case HCB_OP_COPY:
    case HCB_OP_LAUNCH: return impl == HCB_IMPL_NATIVE && is_copied;
    case HCB_OP_TRIAD:
        return impl == HCB_IMPL_NATIVE && (is_float(precision) || is_mixed(precision));
    case HCB_OP_PEAK: return impl == HCB_IMPL_NATIVE && is_float(precision);
    default: break;
    }
    if (precision == HCB_PRECISION_F32X2)
        return op == HCB_OP_MATMUL &&
               (impl == HCB_IMPL_REF || (impl == HCB_IMPL_OPENBLAS && WITH_CBLAS));
    if (impl == HCB_IMPL_REF)
        return true;
    if (impl == HCB_IMPL_OPENBLAS)
        return WITH_CBLAS && (is_float(precision) || (is_mixed(precision) && op == HCB_OP_MATMUL));
    if (precision == HCB_PRECISION_I8I32)
        return true;
    return op != HCB_OP_MATMUL && (is_mixed(precision) || (!WITH_CBLAS && is_float(precision)));
}

static void check_cell(struct rig *rig, enum hcb_op op, enum hcb_impl impl,
                       enum hcb_precision precision)
{
    const struct hcb_case c = {op, impl, precision, {1, 1, 1}};
    const enum hcb_status status = hcb_device_supports(rig->device, &c);
    ck_assert_msg(status == (expected(op, impl, precision) ? HCB_OK : HCB_UNSUPPORTED),
                  "%s %s %s: %s", hcb_op_name(op), hcb_impl_name(impl),
                  hcb_precision_name(precision), hcb_status_name(status));
    if (status == HCB_OK)
        check_all_shapes(rig, op, impl, precision, impl == HCB_IMPL_REF ? 65537 : UINT64_MAX);
    else
        ck_assert_msg(strlen(hcb_error(rig->ctx)) > 10, "no reason");
}

static const enum hcb_impl cpu_impls[] = {HCB_IMPL_OPENBLAS, HCB_IMPL_NATIVE, HCB_IMPL_REF};

START_TEST(every_cell)
{
    struct rig rig;
    rig_open(&rig);
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
            check_cell(&rig, op, cpu_impls[_i], precision);
    rig_close(&rig);
}
END_TEST

/* ------------------------------------------------------------- the same bits */

static void check_same_bits(struct rig *rig, const struct hcb_case *c)
{
    static const unsigned threads[] = {1, 2, 3, 8};
    struct run run;
    run_open(rig, &run, c, HCB_FILL_NORMAL);
    const uint64_t bytes = hcb_operand_bytes(c, run.last);
    void *first = malloc(bytes);
    ck_assert_ptr_nonnull(first);
    run_launch(rig, &run, 1);
    memcpy(first, run.host[run.last], bytes);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        use_threads(rig, threads[i]);
        run_launch(rig, &run, 3);
        ck_assert_msg(memcmp(first, run.host[run.last], bytes) == 0, "%u threads give other bits",
                      threads[i]);
    }
    free(first);
    run_close(&run);
}

START_TEST(same_bits_for_any_threads)
{
    struct rig rig;
    rig_open(&rig);
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
            if (expected(op, HCB_IMPL_NATIVE, precision)) {
                struct hcb_case c = {.op = op, .impl = HCB_IMPL_NATIVE, .precision = precision};
                c.shape = op == HCB_OP_MATMUL   ? (struct hcb_shape){100, 90, 300}
                          : op == HCB_OP_LAUNCH ? (struct hcb_shape){1, 1, 1}
                          : op == HCB_OP_PEAK   ? (struct hcb_shape){1, 3001, 1}
                                                : (struct hcb_shape){1, 300001, 1};
                check_same_bits(&rig, &c);
            }
    for (unsigned sum = HCB_SUM_NEUMAIER; sum < HCB_SUM_COUNT; sum++)
        check_same_bits(&rig, &(struct hcb_case){HCB_OP_DOT, HCB_IMPL_NATIVE, HCB_PRECISION_F32,
                                                 {1, 300001, 1}, (enum hcb_sum)sum});
    rig_close(&rig);
}
END_TEST

/* ------------------------------------------------------------------- levels */

/* `check` at each level that this processor can execute. */
static void at_each_level(void (*check)(const struct cpu_vector_level *level))
{
    unsigned count = 0;
    for (const struct cpu_vector_level *level; (level = hcbi_cpu_vector_level(count)) != NULL;
         count++)
        check(level);
    ck_assert_uint_ge(count, 1);
    ck_assert_str_eq(hcbi_cpu_vector_level(count - 1)->name, "portable");
}

static void check_native_level(const struct cpu_vector_level *level)
{
    struct rig rig;
    rig_open(&rig);
    use_level(&rig, level);
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
            for (size_t i = 0; i < 2; i++)
                if (expected(op, cpu_impls[i], precision) &&
                    (!is_float(precision) || hcb_op_is_extra(op)))
                    check_all_shapes(&rig, op, cpu_impls[i], precision, 65537);
    for (unsigned precision = HCB_PRECISION_F64; precision <= HCB_PRECISION_F32; precision++) {
        char text[512] = "";
        ck_assert_msg(check_peak_rounds(rig.ctx, rig.device, HCB_IMPL_NATIVE, precision, text,
                                        sizeof text) == CHECK_PASSED,
                      "%s: %s", level->name, text);
    }
    rig_close(&rig);
}

START_TEST(native_at_each_level)
{
    at_each_level(check_native_level);
}
END_TEST

/* Small integers, so that any order of additions gives the same; every remainder
 * of a vector, every alignment of elements. */
static void check_reductions_of(const struct cpu_vector_level *level, unsigned sum_kind, bool dot,
                                enum hcb_precision precision)
{
    enum { LENGTH = 600, OFFSETS = 9 };
    const struct hcb_case c = {.op = HCB_OP_DOT, .precision = precision, .shape = {1, LENGTH, 1}};
    const enum hcb_type type = hcb_operand_type(&c, 0);
    const size_t size = hcb_type_size(type);
    double x[LENGTH + OFFSETS], y[LENGTH + OFFSETS]; /* memory of any type */
    for (uint64_t i = 0; i < LENGTH + OFFSETS; i++) {
        hcb_type_store(type, x, i, (double)(i * 7 % 23) - 9);
        hcb_type_store(type, y, i, (double)(i * 5 % 17) - 8);
    }
    for (size_t offset = 0; offset < OFFSETS; offset++) {
        double sum = 0;
        for (size_t n = 0; n < LENGTH; n++) {
            const struct cpu_sum parts = level->reduce[sum_kind][dot][precision](
                (char *)x + offset * size, dot ? (char *)y + offset * size : NULL, n);
            const double result = parts.high + parts.low;
            ck_assert_msg(result == sum, "%s %s %s of %zu: %g, not %g", level->name,
                          dot ? "dot" : "sum", hcb_precision_name(precision), n, result, sum);
            sum +=
                hcb_type_load(type, x, offset + n) * (dot ? hcb_type_load(type, y, offset + n) : 1);
        }
    }
}

/* Sums that are compensated, or in f64. */
static void check_variants(const struct cpu_vector_level *level)
{
    struct rig rig;
    rig_open(&rig);
    use_level(&rig, level);
    for (unsigned sum = HCB_SUM_NEUMAIER; sum < HCB_SUM_COUNT; sum++)
        for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++) {
            const bool exists = precision != HCB_PRECISION_F16 && precision != HCB_PRECISION_I8I32 &&
                                precision != HCB_PRECISION_F32X2 &&
                                !(sum == HCB_SUM_F64 && precision == HCB_PRECISION_F64);
            char text[512] = "";
            const enum check_outcome outcome =
                check_variant(rig.ctx, rig.device, HCB_IMPL_NATIVE, (enum hcb_precision)precision,
                              (enum hcb_sum)sum, text, sizeof text);
            ck_assert_msg(outcome == (exists ? CHECK_PASSED : CHECK_UNSUPPORTED), "%s %s: %s",
                          level->name, hcb_sum_name(sum), text);
        }
    rig_close(&rig);
}

START_TEST(variants_at_each_level)
{
    at_each_level(check_variants);
}
END_TEST

/* A library does not say how it adds up, and the reference adds up in one way. */
START_TEST(variants_are_for_our_own_code)
{
    static const enum hcb_impl others[] = {HCB_IMPL_REF, HCB_IMPL_OPENBLAS};
    struct rig rig;
    rig_open(&rig);
    for (size_t i = 0; i < 1 + WITH_CBLAS; i++) {
        const struct hcb_case c = {
            HCB_OP_DOT, others[i], HCB_PRECISION_F32, {1, 9, 1}, HCB_SUM_NEUMAIER};
        ck_assert_int_eq(hcb_device_supports(rig.device, &c), HCB_UNSUPPORTED);
        ck_assert_msg(strstr(hcb_error(rig.ctx), "adds up in its own way") != NULL, "%s",
                      hcb_error(rig.ctx));
    }
    rig_close(&rig);
}
END_TEST

static void check_reductions(const struct cpu_vector_level *level)
{
    static const unsigned none[HCB_SUM_COUNT] = {
        HCBI_F16 | HCBI_F32X2, HCBI_F16 | HCBI_F32X2 | HCBI_I8I32,
        HCBI_F16 | HCBI_F32X2 | HCBI_I8I32 | HCBI_F64};
    for (unsigned sum = 0; sum < HCB_SUM_COUNT; sum++)
        for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
            for (unsigned dot = 0; dot < 2; dot++)
                if (level->reduce[sum][dot][precision] != NULL)
                    check_reductions_of(level, sum, dot, precision);
                else
                    ck_assert(none[sum] >> precision & 1);
}

START_TEST(reductions_at_each_level)
{
    at_each_level(check_reductions);
}
END_TEST

static bool same_float(float a, float b)
{
    return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0;
}

static void check_conversions(const struct cpu_vector_level *level)
{
    enum { PATTERNS = 65536 };
    static uint16_t from[PATTERNS];
    static float to[PATTERNS + 1];
    for (unsigned i = 0; i < PATTERNS; i++)
        from[i] = (uint16_t)i;
    level->f16_to_f32(from, to, PATTERNS);
    for (unsigned i = 0; i < PATTERNS; i++)
        ck_assert_msg(same_float(to[i], hcb_f16_to_f32(from[i])), "%s f16 %04x", level->name, i);
    level->bf16_to_f32(from, to, PATTERNS);
    for (unsigned i = 0; i < PATTERNS; i++)
        ck_assert_msg(same_float(to[i], hcb_bf16_to_f32(from[i])), "%s bf16 %04x", level->name, i);
    for (size_t count = 0; count < 70; count++) { /* not one element too many */
        to[count] = -1;
        level->f16_to_f32(from + 0x3c00, to, count);
        ck_assert(to[count] == -1);
        ck_assert(count == 0 || to[count - 1] == hcb_f16_to_f32((uint16_t)(0x3bff + count)));
    }
}

START_TEST(conversions_at_each_level)
{
    at_each_level(check_conversions);
}
END_TEST

/* Extreme bytes: the largest sums that one step of the inner loop can meet. */
static void check_extreme_bytes(const struct cpu_vector_level *level)
{
    static const int8_t extremes[] = {-128, 127};
    const struct hcb_shape shape = {14, 35, 2051};
    struct cpu_pool *pool = hcbi_cpu_pool_new(2);
    int8_t *a = malloc(14 * 2051), *b = malloc(2051 * 35);
    int32_t *c = malloc(14 * 35 * sizeof *c);
    void *scratch = malloc(hcbi_cpu_matmul_bytes_scratch(&level->bytes, &shape));
    ck_assert(pool != NULL && a != NULL && b != NULL && c != NULL && scratch != NULL);
    for (unsigned i = 0; i < 4; i++) {
        memset(a, extremes[i / 2], 14 * 2051);
        memset(b, extremes[i % 2], 2051 * 35);
        hcbi_cpu_matmul_bytes(pool, &level->bytes, &shape, a, b, scratch, c);
        for (unsigned j = 0; j < 14 * 35; j++)
            ck_assert_msg(c[j] == 2051 * extremes[i / 2] * extremes[i % 2], "%s element %u: %d",
                          level->name, j, c[j]);
    }
    free(scratch);
    free(c);
    free(b);
    free(a);
    hcbi_cpu_pool_free(pool);
}

START_TEST(extreme_bytes_at_each_level)
{
    at_each_level(check_extreme_bytes);
}
END_TEST

/* -------------------------------------------------------------------- pieces */

START_TEST(pieces_cover_the_vector)
{
    for (uint64_t n = 1; n < UINT64_MAX / 8; n = n * 5 / 3 + 1) {
        const uint64_t length = hcbi_cpu_piece_length(n), pieces = (n - 1) / length + 1;
        ck_assert_uint_le(pieces, CPU_PIECES_MAX);
        ck_assert(pieces == 1 || n > 1 << 14); /* a piece is worth a call */
    }
}
END_TEST

/* ------------------------------------------------------------------- threads */

enum { STEPS_MAX = 1000 };

struct visits {
    atomic_int count[STEPS_MAX];
    atomic_int calls;
};

static void visit(void *argument, size_t first, size_t end)
{
    struct visits *visits = argument;
    atomic_fetch_add(&visits->calls, 1);
    for (size_t i = first; i < end; i++)
        atomic_fetch_add(&visits->count[i], 1);
}

START_TEST(pool_visits_each_step_once)
{
    static const unsigned threads[] = {1, 2, 7};
    static const size_t counts[] = {0, 1, 2, 6, 7, 8, 100, STEPS_MAX};
    struct cpu_pool *pool = hcbi_cpu_pool_new(threads[_i]);
    ck_assert_uint_eq(hcbi_cpu_pool_threads(pool), threads[_i]);
    for (unsigned round = 0; round < 200; round++) {
        const size_t count = counts[round % (sizeof counts / sizeof *counts)];
        struct visits visits = {0};
        hcbi_cpu_pool_run(pool, count, 1, visit, &visits);
        for (size_t i = 0; i < STEPS_MAX; i++)
            ck_assert_int_eq(atomic_load(&visits.count[i]), i < count);
        if (round % 50 == 0) /* long enough for the threads to fall asleep */
            usleep(2000);
    }
    hcbi_cpu_pool_free(pool);
}
END_TEST

/* However many threads there are: what waking them costs does not depend on it. */
START_TEST(pool_keeps_small_loops_in_one_thread)
{
    static const unsigned threads[] = {2, 7};
    for (unsigned i = 0; i < sizeof threads / sizeof *threads; i++) {
        struct cpu_pool *pool = hcbi_cpu_pool_new(threads[i]);
        struct visits small = {0}, large = {0};
        hcbi_cpu_pool_run(pool, 19, 20, visit, &small);
        hcbi_cpu_pool_run(pool, 20, 20, visit, &large);
        ck_assert_int_eq(atomic_load(&small.calls), 1);
        ck_assert_int_eq(atomic_load(&large.calls), (int)threads[i]);
        hcbi_cpu_pool_free(pool);
    }
    hcbi_cpu_pool_free(NULL);
}
END_TEST

/* -------------------------------------------------------------------- device */

START_TEST(device_says_what_it_is)
{
    struct rig rig;
    rig_open(&rig);
    const struct hcb_device_info *info = hcb_device_info(rig.device);
    ck_assert_str_eq(info->id, "cpu:0");
    ck_assert_str_ne(info->name, "");
    ck_assert_str_ne(info->driver, "");
    if (!WITH_CBLAS || strcmp(info->driver, "OpenBLAS") == 0)
        ck_assert_str_ne(info->target, "");
    ck_assert_int_eq(strcmp(info->driver, "none") != 0, WITH_CBLAS);
    ck_assert_str_eq(info->api_version, WITH_CBLAS ? "CBLAS" : "");
    ck_assert_uint_eq(info->compute_units, hcbi_host_threads());
    ck_assert_uint_gt(info->memory_bytes, 0);
    ck_assert_uint_eq(info->cache_bytes, hcbi_host_cache());
    ck_assert(info->host_memory && !info->software);
    if (strcmp(info->driver, "OpenBLAS") == 0)
        ck_assert_msg(info->driver_version[0] >= '0' && info->driver_version[0] <= '9', "%s",
                      info->driver_version);
    rig_close(&rig);
}
END_TEST

#ifdef HAVE_SCHED_GETAFFINITY
START_TEST(threads_follow_affinity)
{
    cpu_set_t old, one;
    struct rig rig;
    size_t cpu = 0;
    ck_assert_int_eq(sched_getaffinity(0, sizeof old, &old), 0);
    while (!CPU_ISSET(cpu, &old))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    rig_open(&rig);
    ck_assert_uint_eq(hcb_device_info(rig.device)->compute_units, 1);
    ck_assert_uint_eq(hcbi_cpu_pool_threads(((struct cpu_device *)rig.device)->pool), 1);
    rig_close(&rig);
    ck_assert_int_eq(sched_setaffinity(0, sizeof old, &old), 0);
}
END_TEST
#endif

START_TEST(copies_of_any_range)
{
    enum { BYTES = 3 * (1 << 18) + 12345, START = 7 };
    struct hcb_buffer *buffer;
    struct rig rig;
    uint8_t *data = malloc(BYTES), *back = calloc(1, BYTES);
    rig_open(&rig);
    ck_assert(data != NULL && back != NULL);
    for (size_t i = 0; i < BYTES; i++)
        data[i] = (uint8_t)(i * 31 >> 3);
    ck_assert_int_eq(hcb_buffer_new(rig.device, BYTES + START, &buffer), HCB_OK);
    ck_assert_int_eq(hcb_buffer_upload(rig.queue, buffer, START, data, BYTES), HCB_OK);
    ck_assert_int_eq(hcb_buffer_download(rig.queue, buffer, START, back, BYTES), HCB_OK);
    ck_assert_mem_eq(data, back, BYTES);
    ck_assert_int_eq(hcb_buffer_download(rig.queue, buffer, START + 1000, back, 3), HCB_OK);
    ck_assert_mem_eq(data + 1000, back, 3);
    hcb_buffer_free(buffer);
    rig_close(&rig);
    free(back);
    free(data);
}
END_TEST

START_TEST(scratch_memory_counts)
{
    const struct hcb_case bytes = {
        HCB_OP_MATMUL, HCB_IMPL_NATIVE, HCB_PRECISION_I8I32, {64, 64, 6400}};
    struct rig rig;
    struct run run;
    rig_open(&rig);
    run_open(&rig, &run, &bytes, HCB_FILL_UNIFORM);
    ck_assert_uint_ge(hcb_plan_info(run.plan)->scratch_bytes, 2 * 64 * 6400);
    run_close(&run);
    ck_assert_uint_ge(hcb_device_peak_bytes(rig.device), 4 * 64 * 6400);
    rig.device->info.memory_bytes = hcb_case_bytes(&bytes) + 1000;
    ck_assert_int_eq(hcb_device_supports(rig.device, &bytes), HCB_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(hcb_error(rig.ctx), "scratch memory"));
    rig_close(&rig);
}
END_TEST

#ifdef HAVE_CBLAS
START_TEST(blas_extents_are_ints)
{
    struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_OPENBLAS, HCB_PRECISION_F32, {1, INT_MAX, 1}};
    struct rig rig;
    rig_open(&rig);
    rig.device->info.memory_bytes = rig.device->info.max_buffer_bytes = 0;
    ck_assert_int_eq(hcb_device_supports(rig.device, &c), HCB_OK);
    c.shape.n++;
    ck_assert_int_eq(hcb_device_supports(rig.device, &c), HCB_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(hcb_error(rig.ctx), "extents"));
    c.op = HCB_OP_DOT; /* a vector is cut into pieces */
    ck_assert_int_eq(hcb_device_supports(rig.device, &c), HCB_OK);
    rig_close(&rig);
}
END_TEST

START_TEST(rows_say_how)
{
    struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_OPENBLAS, HCB_PRECISION_BF16F32, {8, 8, 8}};
    struct rig rig;
    struct run run;
    rig_open(&rig);
    run_open(&rig, &run, &c, HCB_FILL_UNIFORM);
    ck_assert_str_eq(hcb_plan_info(run.plan)->tuning, "stock");
    ck_assert_str_eq(hcb_plan_info(run.plan)->parameters, "");
    ck_assert_str_eq(hcb_plan_info(run.plan)->note,
                     "16-bit inputs are converted to f32 for sgemm; the conversion is timed");
    run_close(&run);
    c.precision = HCB_PRECISION_F32X2;
    run_open(&rig, &run, &c, HCB_FILL_UNIFORM);
    ck_assert_ptr_nonnull(strstr(hcb_plan_info(run.plan)->note, "plain sgemm"));
    ck_assert_uint_eq(hcb_plan_info(run.plan)->scratch_bytes, 0);
    run_close(&run);
    c = (struct hcb_case){HCB_OP_SUM, HCB_IMPL_OPENBLAS, HCB_PRECISION_F32, {1, 100, 1}};
    run_open(&rig, &run, &c, HCB_FILL_UNIFORM);
    ck_assert_ptr_nonnull(strstr(hcb_plan_info(run.plan)->note, "cblas_s"));
    run_close(&run);
    rig_close(&rig);
}
END_TEST

/* ---------------------------------------------------------------- core types */

START_TEST(blas_cases)
{
    struct rig rig;
    rig_open(&rig);
    for (unsigned op = 0; op < HCB_OP_COUNT && !hcb_op_is_extra(op); op++) {
        check_all_shapes(&rig, op, HCB_IMPL_OPENBLAS, HCB_PRECISION_F32, 65537);
        check_all_shapes(&rig, op, HCB_IMPL_OPENBLAS, HCB_PRECISION_F64, 65537);
    }
    rig_close(&rig);
}
END_TEST

static void run_with_core(const char *core)
{
    int status;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        setenv("OPENBLAS_CORETYPE", core, 1);
        execl("/proc/self/exe", "test_cpu", "--blas", (char *)NULL);
        _exit(127);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "core type %s: wait status %#x",
                  core, (unsigned)status);
}

START_TEST(core_candidates_run)
{
    if (access("/proc/self/exe", X_OK) != 0)
        return;
    for (unsigned i = 0; hcb_blas_core_candidate(i) != NULL; i++)
        run_with_core(hcb_blas_core_candidate(i));
}
END_TEST
#endif

START_TEST(core_candidates_are_a_list)
{
    unsigned count = 0;
    for (; hcb_blas_core_candidate(count) != NULL; count++)
        for (unsigned i = 0; i < count; i++)
            ck_assert_str_ne(hcb_blas_core_candidate(i), hcb_blas_core_candidate(count));
#if defined __x86_64__ || defined __aarch64__
    ck_assert_uint_ge(count, 1);
#endif
    ck_assert_ptr_null(hcb_blas_core_candidate(count + 1));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("cpu");
    TCase *t = tcase_create("cpu");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, every_cell, 0, sizeof cpu_impls / sizeof *cpu_impls);
    tcase_add_test(t, same_bits_for_any_threads);
    tcase_add_test(t, native_at_each_level);
    tcase_add_test(t, reductions_at_each_level);
    tcase_add_test(t, variants_at_each_level);
    tcase_add_test(t, variants_are_for_our_own_code);
    tcase_add_test(t, conversions_at_each_level);
    tcase_add_test(t, extreme_bytes_at_each_level);
    tcase_add_test(t, pieces_cover_the_vector);
    tcase_add_loop_test(t, pool_visits_each_step_once, 0, 3);
    tcase_add_test(t, pool_keeps_small_loops_in_one_thread);
    tcase_add_test(t, device_says_what_it_is);
    tcase_add_test(t, copies_of_any_range);
    tcase_add_test(t, scratch_memory_counts);
    tcase_add_test(t, core_candidates_are_a_list);
#ifdef HAVE_SCHED_GETAFFINITY
    tcase_add_test(t, threads_follow_affinity);
#endif
#ifdef HAVE_CBLAS
    tcase_add_test(t, blas_extents_are_ints);
    tcase_add_test(t, rows_say_how);
    tcase_add_test(t, core_candidates_run);
#endif
    suite_add_tcase(s, t);
    return s;
}

static int run_suite(Suite *s, enum fork_status fork_status)
{
    SRunner *runner = srunner_create(s);
    srunner_set_fork_status(runner, fork_status);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
#ifdef HAVE_CBLAS
    if (argc > 1 && strcmp(argv[1], "--blas") == 0) {
        Suite *s = suite_create("blas");
        TCase *t = tcase_create("blas");
        tcase_add_test(t, blas_cases);
        suite_add_tcase(s, t);
        return run_suite(s, CK_NOFORK);
    }
#else
    (void)argc;
    (void)argv;
#endif
    return run_suite(suite(), CK_FORK_GETENV);
}
