/* SPDX-License-Identifier: Apache-2.0 */
/* Writes result files that no machine measured, for tests of what reads them: the
 * same at each call.
 *
 *     make_result plain|hostile|small|impls|alike|cached|empty FILE
 *
 * plain: three devices, ops, precisions, sizes, warnings, failures, long names.
 * hostile: the same with texts that are markup, commands and formats.  small: one
 * case.  impls: two impls of which each is faster by one clock, a device as fast as the
 * CPU, and larger sizes at which one side failed.  alike: one impl, and on another device
 * five that are as fast, just enough to be faster than the CPU by 95 % each.  cached: a sum whose operands are in
 * the cache.  empty: no row. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/roofline.h"
#include "record.h"

enum { DEVICES = 4, ROWS_MAX = 512, ROUNDS = 8, BREAKEVENS_MAX = 16 };

static const char *const plain_texts[] = {
    "Example Processor 9000 with a rather long marketing name @ 3.50GHz",
    "Example Accelerator X1000 80GB PCIe, engineering sample of the second stepping",
    "pthread-example-processor-9000-avx512", "Example GPU", "example-host"};
static const char *const hostile_texts[] = {
    "<script>document.title='owned'</script><!--",
    "\"><img src=http://192.0.2.1/x onerror=\"document.title='owned'\">`touch $OWNED`",
    "]]></svg><svg onload=alert(1)>&lt;&#60;{/Symbol a}_^@\\n%s%n",
    "'; system(\"touch $OWNED\"); print '",
    ("<b>`touch $OWNED`'\"; system(\"touch $OWNED\") #\n"
     "system('touch $OWNED')")};

/* The record has these in the end, and frees them. */
static struct device_record *devices;
static struct hcb_result *rows;
static size_t row_count;
static struct breakeven *breakevens;
static size_t breakeven_count;
static const char *const *texts = plain_texts;

/* A device that does `peak` GFLOP/s or GB/s at most, and half of that at `half`. */
struct model {
    const char *device;
    enum hcb_impl matmul, vector;
    double peak, half, gbps, half_elements, transfer_gbps;
    double overhead; /* of a pass, in launches; below 0: a launch alone is longer */
};
static const struct model models[] = {
    {"cpu:0", HCB_IMPL_OPENBLAS, HCB_IMPL_NATIVE, 800, 100, 60, 3e4, 0, 0},
    {"opencl:0", HCB_IMPL_CLBLAST, HCB_IMPL_TILE, 12000, 900, 900, 4e6, 12, 0.5},
    {"opencl:1", HCB_IMPL_TILE, HCB_IMPL_TILE, 500, 150, 40, 1e5, 8, 0.25},
    {"vulkan:0", HCB_IMPL_TILE, HCB_IMPL_TILE, 9000, 700, 850, 5e6, 10, -0.5},
};

/* Numbers in [0, 1) that are the same everywhere. */
static uint32_t noise_state = 12345;
static double noise(void)
{
    noise_state = noise_state * 1664525u + 1013904223u;
    return (double)(noise_state >> 8) / (1 << 24);
}

static void measure(struct hcb_clock_result *clock, double seconds, double spread)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const double samples[] = {seconds * (1 + spread * (noise() - 0.5)),
                                  seconds * (1 + spread * (noise() - 0.5))};
        if (!hcb_clock_add(clock, round, samples, 2))
            exit(1);
    }
}

static struct hcb_result *add(const struct model *model, enum hcb_op op, enum hcb_precision precision,
                              struct hcb_shape shape)
{
    const struct hcb_case task = {op, op == HCB_OP_MATMUL ? model->matmul : model->vector, precision, shape};
    struct hcb_result *row = &rows[row_count++];
    hcb_result_init(row, model->device, &task);
    return row;
}

static double precision_factor(enum hcb_precision precision)
{
    return precision == HCB_PRECISION_F64 ? 0.5 : precision == HCB_PRECISION_F32 ? 1 : 1.7;
}

/* What one launch takes, without the driver's part. */
static double launch_seconds(const struct model *model, const struct hcb_case *task)
{
    const double n = (double)task->shape.n, factor = precision_factor(task->precision);
    if (task->op == HCB_OP_MATMUL)
        return hcb_case_flops(task) / (model->peak * factor * 1e9) * (1 + model->half / n);
    if (task->op == HCB_OP_PEAK)
        return hcb_case_flops(task) / (model->peak * factor * 1.2e9);
    return (double)hcb_case_bytes(task) / (model->gbps * 1e9) * (1 + model->half_elements / n);
}

static void fill_in(struct hcb_result *row, const struct model *model)
{
    const double seconds = launch_seconds(model, &row->task), bytes = (double)hcb_case_bytes(&row->task);
    double whole = seconds;
    row->status = HCB_OK;
    measure(&row->kernel, seconds, 0.06);
    measure(&row->wall, seconds * 1.02, 0.06);
    row->setup_s = 0.125;
    if (model->transfer_gbps > 0) {
        row->upload_s = 1e-5 + bytes * 0.66 / (model->transfer_gbps * 1e9);
        row->download_s = 1e-5 + bytes * 0.33 / (model->transfer_gbps * 1e9);
        row->watts = 287;
        row->energy_j = row->watts * seconds;
        whole += row->upload_s + row->download_s + seconds * model->overhead;
        snprintf(row->kernels, sizeof row->kernels, "matmul_gpu.cl");
        memset(row->kernel_sha256, 'a', 64);
    }
    measure(&row->end_to_end, whole, 0.1);
    hcb_result_rates(row);
    row->error.max_abs = 1e-6;
    row->error.max_rel = 1e-6;
    row->error.rel_frobenius = row->task.precision == HCB_PRECISION_I8I32 ? 0
                               : row->task.precision == HCB_PRECISION_F64 ? 3e-16
                               : row->task.precision == HCB_PRECISION_F32 ? 2e-7
                                                                          : 4e-4;
    row->error.max_ulp = 3;
    row->error.limit = hcb_error_limit(&row->task, 0);
    row->error.bound_ratio = fmin(1.25, row->error.limit);
    row->error.checked = 4096;
}

static void add_case(enum hcb_op op, enum hcb_precision precision, struct hcb_shape shape)
{
    const struct hcb_result *baseline = NULL;
    for (size_t i = 0; i < DEVICES; i++) {
        struct hcb_result *row = add(&models[i], op, precision, shape);
        fill_in(row, &models[i]);
        if (baseline == NULL)
            baseline = row;
        else
            hcb_result_compare(row, baseline, true, 1);
        if (row_count % 3 == 0)
            hcb_result_warn(row, "the 95 %% interval of the median is +-%.1f %% after 16 samples",
                            2 + noise());
        if (row_count % 17 == 0)
            hcb_result_warn(row, "%s", texts[1]);
    }
}

static void add_bad(const struct model *model, enum hcb_precision precision, enum hcb_status status,
                    const char *reason)
{
    struct hcb_result *row = add(model, HCB_OP_MATMUL, precision, (struct hcb_shape){4096, 4096, 4096});
    row->status = status;
    snprintf(row->reason, sizeof row->reason, "%s", reason);
}

static void add_all(void)
{
    static const enum hcb_precision precisions[] = {HCB_PRECISION_F64, HCB_PRECISION_F32,
                                                    HCB_PRECISION_F16F32, HCB_PRECISION_I8I32};
    for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++)
        for (uint64_t n = 64; n <= 2048; n *= 2)
            add_case(HCB_OP_MATMUL, precisions[i], (struct hcb_shape){n, n, n});
    add_case(HCB_OP_MATMUL, HCB_PRECISION_F32, (struct hcb_shape){4096, 64, 123456});
    for (uint64_t n = 4096; n <= UINT64_C(1) << 26; n *= 16)
        add_case(HCB_OP_SUM, HCB_PRECISION_F32, (struct hcb_shape){1, n, 1});
    add_case(HCB_OP_DOT, HCB_PRECISION_F32, (struct hcb_shape){1, 65536, 1});
    add_bad(&models[1], HCB_PRECISION_F32, HCB_WRONG, "element (17, 4) is 1.5, not 2.25");
    add_bad(&models[2], HCB_PRECISION_F32, HCB_CRASHED, "SIGSEGV in the step 'sample'");
    add_bad(&models[3], HCB_PRECISION_F32, HCB_ERROR, texts[3]);
    add_bad(&models[3], HCB_PRECISION_F16, HCB_UNSUPPORTED, "the driver has no 16-bit floats");
}

static void *several(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        exit(1);
    return memory;
}

static void add_impls(void)
{
    static const struct model list[] = {
        {"cpu:0", HCB_IMPL_OPENBLAS, HCB_IMPL_NATIVE, 800, 100, 60, 3e4, 0, 0},
        {"opencl:0", HCB_IMPL_CLBLAST, HCB_IMPL_TILE, 9000, 100, 60, 3e4, 1, 0},
        {"opencl:0", HCB_IMPL_TILE, HCB_IMPL_TILE, 6000, 100, 60, 3e4, 1000, 0},
        {"opencl:1", HCB_IMPL_TILE, HCB_IMPL_TILE, 800, 100, 60, 3e4, 0, 0}};
    static const uint64_t sizes[] = {256, 512, 1024}; /* all is well in the first only */
    for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++) {
        const uint64_t n = sizes[size];
        struct hcb_result *baseline = NULL;
        for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
            struct hcb_result *row = add(&list[i], HCB_OP_MATMUL, HCB_PRECISION_F32, (struct hcb_shape){n, n, n});
            fill_in(row, &list[i]);
            if (i == 0)
                baseline = row;
            if ((n == 512 && i > 0) || (n == 1024 && i == 0)) {
                row->status = HCB_WRONG;
                hcb_result_withdraw(row);
            } else if (i > 0 && baseline->status == HCB_OK) {
                hcb_result_compare(row, baseline, true, 1);
            }
        }
    }
}

static void add_alike(void)
{
    static const enum hcb_impl impls[] = {HCB_IMPL_TILE, HCB_IMPL_TILE, HCB_IMPL_NATIVE, HCB_IMPL_REF,
                                          HCB_IMPL_COOPMAT, HCB_IMPL_CLBLAST};
    const struct hcb_shape shape = {256, 256, 256};
    struct model model = {"opencl:0", HCB_IMPL_TILE, HCB_IMPL_TILE, 800, 100, 60, 3e4, 0, 0};
    struct hcb_result *baseline = add(&models[0], HCB_OP_MATMUL, HCB_PRECISION_F32, shape);
    fill_in(baseline, &models[0]);
    const uint32_t state = noise_state;
    for (size_t i = 0; i < sizeof impls / sizeof *impls;) {
        struct hcb_result *row = add(&model, HCB_OP_MATMUL, HCB_PRECISION_F32, shape);
        row->task.impl = impls[i];
        noise_state = state;
        fill_in(row, &model);
        hcb_result_compare(row, baseline, true, 1);
        if (row->speedup_end_to_end.ci95_low > 1) {
            i++;
            model.device = "vulkan:0";
        } else {
            hcb_result_clear(row);
            row_count--;
            model.peak *= 1.001;
        }
    }
}

static void add_roof(struct record *record, size_t device, enum hcb_op op, enum hcb_precision precision)
{
    const struct hcb_case task = {op, device == 0 ? HCB_IMPL_NATIVE : HCB_IMPL_TILE, precision,
                                  {1, 1 << 23, 1}};
    struct hcb_result *row = &record->roofline[record->roofline_count++];
    hcb_result_init(row, models[device].device, &task);
    fill_in(row, &models[device]);
}

/* Of memory, and of compute with doubles and floats alone. */
static void add_roofs(struct record *record)
{
    record->roofline = several(DEVICES * 3, sizeof *record->roofline);
    for (size_t i = 0; i < DEVICES; i++) {
        add_roof(record, i, HCB_OP_PEAK, HCB_PRECISION_F64);
        add_roof(record, i, HCB_OP_PEAK, HCB_PRECISION_F32);
        add_roof(record, i, HCB_OP_TRIAD, HCB_PRECISION_F32);
        devices[i].info.cache_bytes = UINT64_C(1) << 25;
    }
    record->result_count = row_count;
    roofline_rate_all(record);
}

/* From the cubes or vectors of an op, as `hcbench breakeven` would find it. */
static void find_breakeven(const struct model *model, enum hcb_op op, enum search_clock clock)
{
    struct breakeven *breakeven = &breakevens[breakeven_count++];
    for (size_t i = 0; i < row_count; i++) {
        const struct hcb_result *row = &rows[i];
        const bool cube = op != HCB_OP_MATMUL || row->task.shape.m == row->task.shape.k;
        if (row->status != HCB_OK || row->task.op != op || row->task.precision != HCB_PRECISION_F32 ||
            !cube || strcmp(row->device, model->device) != 0)
            continue;
        breakeven->task = row->task;
        snprintf(breakeven->baseline, sizeof breakeven->baseline, "%s", row->baseline);
        curve_add(&breakeven->curve, row->task.shape.n,
                  clock == CLOCK_KERNEL ? row->speedup_kernel : row->speedup_end_to_end);
    }
    snprintf(breakeven->device, sizeof breakeven->device, "%s", model->device);
    breakeven->clock = clock;
    breakeven->finding = curve_judge(&breakeven->curve);
    for (size_t i = 0; i < breakeven->finding.count; i++) {
        struct crossing *crossing = &breakeven->finding.crossings[i];
        crossing->size = round(crossing->size);
        crossing->ci95_low = floor(crossing->ci95_low);
        crossing->ci95_high = ceil(crossing->ci95_high);
    }
}

static void find_breakevens(void)
{
    for (int op = HCB_OP_MATMUL; op <= HCB_OP_SUM; op++)
        for (size_t i = 1; i < DEVICES; i++)
            for (int clock = 0; clock < CLOCK_COUNT; clock++)
                find_breakeven(&models[i], (enum hcb_op)op, (enum search_clock)clock);
}

static void fill_devices(void)
{
    static const char *const drivers[] = {"OpenBLAS", "Example OpenCL", "PoCL", "Example Vulkan"};
    for (size_t i = 0; i < DEVICES; i++) {
        struct hcb_device_info *info = &devices[i].info;
        snprintf(info->id, sizeof info->id, "%s", models[i].device);
        snprintf(info->platform, sizeof info->platform, "%.*s", (int)strcspn(info->id, ":"), info->id);
        snprintf(info->name, sizeof info->name, "%s", texts[i]);
        snprintf(info->driver, sizeof info->driver, "%s", drivers[i]);
        snprintf(info->driver_version, sizeof info->driver_version, "1.%zu", i);
        info->type = i == 1 || i == 3 ? HCB_DEVICE_GPU : HCB_DEVICE_CPU;
        info->software = i == 2;
        info->compute_units = 16;
        info->memory_bytes = UINT64_C(64) << 30;
    }
    snprintf(devices[1].same_as[0], sizeof devices[1].same_as[0], "vulkan:0");
    snprintf(devices[3].same_as[0], sizeof devices[3].same_as[0], "opencl:0");
}

static void begin(struct record *record, struct options *options)
{
    char *arguments[] = {(char *)"hcbench", (char *)"--json", (char *)texts[1], NULL};
    *options = (struct options){.seed = 1, .fill = HCB_FILL_UNIFORM};
    if (!record_begin(record, 3, arguments, options))
        exit(1);
    snprintf(record->version, sizeof record->version, "0.0.0");
    snprintf(record->started, sizeof record->started, "2025-01-02T03:04:05Z");
    record->environment = (struct hcb_environment){.cpu_cores = 16, .cpu_threads = 16};
    snprintf(record->environment.host, sizeof record->environment.host, "%s", texts[4]);
    snprintf(record->environment.os, sizeof record->environment.os, "Example Linux 1");
    snprintf(record->environment.kernel, sizeof record->environment.kernel, "Linux 6.1");
    snprintf(record->environment.cpu_model, sizeof record->environment.cpu_model, "%s", texts[0]);
    record->blas_fair_ratio = 0.19;
    snprintf(record->blas_core_detected, sizeof record->blas_core_detected, "Prescott");
    record->devices = devices;
    record->device_count = DEVICES;
    record->results = rows;
    record->breakevens = breakevens;
}

int main(int argc, char **argv)
{
    struct record record;
    struct options options;
    if (argc != 3) {
        fputs("Usage: make_result plain|hostile|small|impls|alike|cached|empty FILE\n", stderr);
        return 2;
    }
    if (strcmp(argv[1], "hostile") == 0)
        texts = hostile_texts;
    devices = several(DEVICES, sizeof *devices);
    rows = several(ROWS_MAX, sizeof *rows);
    breakevens = several(BREAKEVENS_MAX, sizeof *breakevens);
    fill_devices();
    begin(&record, &options);
    if (strcmp(argv[1], "small") == 0)
        add_case(HCB_OP_MATMUL, HCB_PRECISION_F32, (struct hcb_shape){256, 256, 256});
    else if (strcmp(argv[1], "impls") == 0)
        add_impls();
    else if (strcmp(argv[1], "alike") == 0)
        add_alike();
    else if (strcmp(argv[1], "cached") == 0) {
        add_case(HCB_OP_SUM, HCB_PRECISION_F32, (struct hcb_shape){1, 65536, 1});
        add_roofs(&record);
    } else if (strcmp(argv[1], "empty") != 0) {
        add_all();
        add_roofs(&record);
        find_breakevens();
    }
    record.breakeven_count = breakeven_count;
    record.result_count = row_count;
    const bool written = record_write_json(&record, argv[2]);
    record_clear(&record);
    return written ? 0 : 1;
}
