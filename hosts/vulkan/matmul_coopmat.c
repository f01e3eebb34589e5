/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products with cooperative matrices: those of a whole workgroup where the driver
 * lists them, else those of subgroups and which tile they make; whether the device's are
 * to be used, and a self-test, without which none is. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matmul.h"

enum {
    MATRIX_INVOCATIONS = 256,
    SUMS_MAX = 128, /* registers of an invocation */
    UNIT = 8        /* elements that are read at once */
};

/* What matmul_coopmat.comp is specialised for, in the order of its constants. */
struct matrix_tile {
    uint32_t invocations, subgroup_size, m, n, k, down, across, grid_down, grid_across, step;
};

static uint32_t matrix_rows(const struct matrix_tile *tile)
{
    return tile->m * tile->down * tile->grid_down;
}

static uint32_t matrix_columns(const struct matrix_tile *tile)
{
    return tile->n * tile->across * tile->grid_across;
}

/* What the kernel has of each number in shared memory: itself, or the two halves of f32x2. */
struct inputs {
    uint32_t planes, size; /* bytes in a plane */
};

static struct inputs inputs_of(const struct hcb_case *c)
{
    const uint32_t size = (uint32_t)hcb_type_size(hcb_operand_type(c, MATRIX_A));
    return c->precision == HCB_PRECISION_F32X2 ? (struct inputs){2, size / 2}
                                               : (struct inputs){1, size};
}

/* Two buffers with tiles of A and B, where matrices of C go later. */
static bool fits_shared(const struct vulkan_device *device, const struct matrix_tile *tile,
                        struct inputs inputs)
{
    enum { PADDING = 16 };
    const uint64_t tiles =
        2 * inputs.planes *
        ((uint64_t)matrix_rows(tile) * (tile->step * inputs.size + PADDING) +
         (uint64_t)tile->step * (matrix_columns(tile) * inputs.size + PADDING));
    const uint64_t stages = (uint64_t)tile->grid_down * tile->grid_across * tile->m * tile->n * 4;
    return tiles <= device->limits.maxComputeSharedMemorySize && stages <= tiles;
}

/* Squarish, for a power of two. */
static void choose_grid(struct matrix_tile *tile, uint32_t subgroups)
{
    tile->grid_down = 1;
    while (4 * tile->grid_down * tile->grid_down <= subgroups)
        tile->grid_down *= 2;
    tile->grid_across = subgroups / tile->grid_down;
}

/* The most terms per step that are worth it and fit; 64 bytes make whole cache lines. */
static bool choose_step(const struct vulkan_device *device, struct matrix_tile *tile,
                        struct inputs inputs)
{
    for (uint32_t bytes = 64; bytes >= 16; bytes /= 2) {
        tile->step = bytes / inputs.size;
        if (tile->step % tile->k == 0 && fits_shared(device, tile, inputs))
            return true;
    }
    return false;
}

/* The largest tile of a subgroup whose sums fit into registers, or a smaller one where it
 * gives some compute units none.  False when none fits. */
static bool choose_matrix_tile(const struct vulkan_device *device, const struct hcb_case *c,
                               struct matrix_tile *chosen)
{
    static const struct {
        uint32_t rows, columns;
    } sizes[] = {{64, 64}, {64, 32}, {32, 32}, {32, 16}, {16, 16}};
    const struct vulkan_matrix_shape *shape = &device->shapes[c->precision];
    const uint32_t width = device->subgroup_size;
    const uint32_t most = (uint32_t)vulkan_min(MATRIX_INVOCATIONS,
                                               device->limits.maxComputeWorkGroupInvocations);
    bool found = false;
    if (width == 0 || most < width)
        return false;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct matrix_tile tile = {.invocations = most / width * width,
                                   .subgroup_size = width,
                                   .m = shape->m,
                                   .n = shape->n,
                                   .k = shape->k,
                                   .down = sizes[i].rows / shape->m,
                                   .across = sizes[i].columns / shape->n};
        choose_grid(&tile, tile.invocations / width);
        if (sizes[i].rows % shape->m != 0 || sizes[i].columns % shape->n != 0 ||
            sizes[i].rows * sizes[i].columns > SUMS_MAX * width ||
            !choose_step(device, &tile, inputs_of(c)))
            continue;
        *chosen = tile;
        found = true;
        if (hcbi_vulkan_tiles(&c->shape, matrix_rows(&tile), matrix_columns(&tile)) >=
            hcbi_vulkan_units(device))
            break;
    }
    return found;
}

/* Turns of the kernel's loops per step, where none is unrolled; `size` is that of an element
 * in memory, and f32 is read element by element as others are word by word. */
static uint32_t turns_of(const struct matrix_tile *t, size_t size)
{
    const uint32_t invocations = t->invocations * UNIT;
    const uint32_t loads =
        (uint32_t)(vulkan_divide_up(matrix_rows(t) * t->step, invocations) +
                   vulkan_divide_up(matrix_columns(t) * t->step, invocations));
    const uint32_t words = UNIT * (uint32_t)size / 4;
    return 1 + loads * (2 + words) +
           t->step / t->k * (1 + t->down + t->across * (1 + t->down));
}

static struct tile_kernel matrix_kernel(const struct hcb_case *c, const struct matrix_tile *tile)
{
    const uint32_t turns = turns_of(tile, hcb_type_size(hcb_operand_type(c, MATRIX_A)));
    /* Those before and behind the steps. */
    const uint32_t others =
        turns + tile->down * tile->across * (2 + tile->m * tile->n / tile->subgroup_size + 1);
    struct tile_kernel kernel = {
        .family = "matmul_coopmat",
        .specialization = {.count = 11, .subgroup_size = tile->subgroup_size},
        .aligned_constant = 10,
        .alignment = UNIT,
        .rows = matrix_rows(tile),
        .columns = matrix_columns(tile),
        .step = tile->step,
        .most_terms = (VULKAN_TURNS_MAX - others) / turns * tile->step};
    memcpy(kernel.specialization.values, tile, sizeof *tile);
    return kernel;
}

/* Why matrix units are not used although the driver lists them, or NULL.  Before Xe2,
 * whose subgroups have 16 invocations or more, Intel's are slower than its other units;
 * AMD's own driver is fast on RDNA 3 and its successors, which add up products of mixed
 * signs in hardware. */
static const char *policy(const struct vulkan_device *device)
{
    const bool is_intel = device->driver == VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA ||
                          device->driver == VK_DRIVER_ID_INTEL_PROPRIETARY_WINDOWS;
    if (is_intel && device->min_subgroup_size < 16)
        return "Intel's matrix units before Xe2 are slower than its tiles";
    if (device->driver == VK_DRIVER_ID_AMD_PROPRIETARY && !device->mixed_dot_product)
        return "AMD's proprietary driver is slow with matrix units before RDNA 3";
    return NULL;
}

static enum hcb_status supports_subgroups(const struct vulkan_device *device,
                                          const struct hcb_case *c)
{
    struct hcb_ctx *ctx = device->base.ctx;
    const char *name = device->base.info.name;
    const struct vulkan_matrix_shape *shape = &device->shapes[c->precision];
    struct matrix_tile tile;
    char module[64];
    snprintf(module, sizeof module, "matmul_coopmat.%s.spv", hcb_precision_name(c->precision));
    if (!hcbi_vulkan_has_module(device, module))
        return HCB_UNSUPPORTED; /* it said why */
    if (shape->m == 0)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "%s lists no cooperative matrix for %s", name,
                         hcb_precision_name(c->precision));
    if (!device->features.full_subgroups ||
        (!device->features.subgroup_size_control &&
         device->min_subgroup_size != device->max_subgroup_size))
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "%s cannot fix the size of subgroups", name);
    if (!choose_matrix_tile(device, c, &tile))
        return hcbi_fail(ctx, HCB_UNSUPPORTED,
                         "%s has too little memory in a workgroup for its %ux%ux%u matrices",
                         name, (unsigned)shape->m, (unsigned)shape->n, (unsigned)shape->k);
    struct tile_kernel kernel = matrix_kernel(c, &tile);
    return hcbi_vulkan_check_tiles(device, c, &kernel);
}

/* Nobody knows which is faster on every device: where it can have either kernel, that is
 * a parameter. */
static bool has_choice(const struct vulkan_device *device, const struct hcb_case *c)
{
    struct tile_kernel kernel;
    return hcbi_vulkan_workgroup_kernel(device, c, &kernel) &&
           supports_subgroups(device, c) == HCB_OK;
}

/* What either may run. */
static const char *const families[] = {"matmul_coopmat", "matmul_workgroup", "matmul_add"};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

static enum hcb_status find_parameters(const struct vulkan_device *device, const struct hcb_case *c,
                                       struct hcb_parameters *parameters)
{
    static const struct hcb_parameter choice = {"workgroup", 1, {0, 1}, 2};
    if (!has_choice(device, c))
        return HCB_OK;
    parameters->list[0] = choice;
    parameters->count = 1;
    return hcbi_vulkan_families_hash(device, c, families, FAMILY_COUNT, parameters->kernel_sha256);
}

static enum hcb_status supports_coopmat(const struct vulkan_device *device,
                                        const struct hcb_case *c)
{
    struct hcb_ctx *ctx = device->base.ctx;
    const char *name = device->base.info.name;
    struct tile_kernel kernel;
    if (policy(device) != NULL)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "%s: %s", name, policy(device));
    if (device->api < VK_API_VERSION_1_3)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "%s lacks Vulkan 1.3", name);
    return hcbi_vulkan_workgroup_kernel(device, c, &kernel) ? HCB_OK
                                                            : supports_subgroups(device, c);
}

/* Element i of an operand of the self-test, chosen so that all sums are exact.  Of f32x2 one
 * factor of each product is a multiple of 2049, which needs both halves. */
static double trial_number(const struct hcb_case *c, unsigned operand, uint64_t i)
{
    const uint64_t term = operand == MATRIX_A ? i % c->shape.k : i / c->shape.n;
    const bool is_wide = c->precision == HCB_PRECISION_F32X2 && term % 2 == operand;
    return ((double)(i * (5 + 6 * operand) % 13 % 7) - 3) * (is_wide ? 2049 : 1);
}

static bool is_product(const struct hcb_case *c, const void *output)
{
    const struct hcb_shape *s = &c->shape;
    for (uint64_t i = 0; i < s->m; i++)
        for (uint64_t j = 0; j < s->n; j++) {
            double sum = 0;
            for (uint64_t l = 0; l < s->k; l++)
                sum += trial_number(c, MATRIX_A, i * s->k + l) *
                       trial_number(c, MATRIX_B, l * s->n + j);
            if (hcb_type_load(hcb_operand_type(c, MATRIX_C), output, i * s->n + j) != sum)
                return false;
        }
    return true;
}

/* Makes and runs the plan of a trial, whose operands come from `data`, which then has the
 * result.  The core does not know of their buffers, and so does not count them. */
static enum hcb_status run_trial(struct vulkan_plan *trial, struct tile_kernel *kernel,
                                 struct vulkan_buffer buffers[HCB_OPERANDS_MAX], void *data)
{
    struct hcb_plan *plan = &trial->base;
    const struct hcb_case *c = &plan->task;
    const uint64_t c_bytes = hcb_operand_bytes(c, MATRIX_C);
    struct hcb_timing timing;
    enum hcb_status status = HCB_OK;
    for (unsigned i = 0; i <= MATRIX_C && status == HCB_OK; i++) {
        const uint64_t bytes = hcb_operand_bytes(c, i), elements = hcb_operand_elements(c, i);
        for (uint64_t e = 0; e < elements; e++)
            hcb_type_store(hcb_operand_type(c, i), data, e, trial_number(c, i, e));
        plan->operands[i] = &buffers[i].base;
        buffers[i].base = (struct hcb_buffer){.device = plan->queue->device, .bytes = bytes};
        status = hcbi_vulkan_buffer_new(plan->operands[i]);
        if (status == HCB_OK)
            status = hcb_buffer_upload(plan->queue, plan->operands[i], 0, data, bytes);
    }
    if (status == HCB_OK)
        status = hcbi_vulkan_prepare_tiles(trial, kernel);
    if (status == HCB_OK)
        status = hcbi_vulkan_record(trial);
    if (status == HCB_OK)
        status = hcbi_vulkan_plan_run(plan, 1, &timing);
    return status == HCB_OK
               ? hcb_buffer_download(plan->queue, plan->operands[MATRIX_C], 0, data, c_bytes)
               : status;
}

/* Runs a kernel on a small product of integers, which no unit may get wrong. */
static enum hcb_status try_product(struct vulkan_plan *plan, struct tile_kernel kernel,
                                   struct hcb_shape shape)
{
    struct hcb_ctx *ctx = plan->base.queue->device->ctx;
    struct vulkan_plan trial = {.base = {.queue = plan->base.queue, .task = plan->base.task}};
    struct vulkan_buffer buffers[HCB_OPERANDS_MAX] = {0};
    const struct hcb_case *c = &trial.base.task;
    trial.base.task.shape = shape;
    void *data = malloc(hcb_case_bytes(c)); /* more than any operand */
    enum hcb_status status = data == NULL ? hcbi_fail_memory(ctx, hcb_case_bytes(c))
                                          : run_trial(&trial, &kernel, buffers, data);
    if (status == HCB_OK && !is_product(c, data))
        status = hcbi_fail(ctx, HCB_WRONG, "a product of %llux%llux%llu is wrong",
                           (unsigned long long)shape.m, (unsigned long long)shape.n,
                           (unsigned long long)shape.k);
    hcbi_vulkan_plan_free(&trial.base);
    for (unsigned i = 0; i <= MATRIX_C; i++)
        if (trial.base.operands[i] != NULL)
            hcbi_vulkan_buffer_free(trial.base.operands[i]);
    free(data);
    return status;
}

static bool is_tested(const struct vulkan_device *device, const struct vulkan_tested *wanted)
{
    for (size_t i = 0; i < device->tested_count; i++) {
        const struct vulkan_tested *known = &device->tested[i];
        if (strcmp(known->family, wanted->family) == 0 && known->precision == wanted->precision &&
            memcmp(&known->specialization, &wanted->specialization,
                   sizeof wanted->specialization) == 0)
            return true;
    }
    return false;
}

/* One tile of whole units, and four of which parts are missing. */
enum hcb_status hcbi_vulkan_test_kernel(struct vulkan_plan *plan, const struct tile_kernel *kernel)
{
    struct vulkan_device *device = vulkan_device_of(plan);
    const struct vulkan_tested test = {kernel->family, plan->base.task.precision,
                                       kernel->specialization};
    const struct hcb_shape whole = {kernel->rows, kernel->columns, 2 * (uint64_t)kernel->step};
    const struct hcb_shape parts = {kernel->rows + 3, kernel->columns + 5,
                                    2 * (uint64_t)kernel->step + 1};
    if (is_tested(device, &test))
        return HCB_OK;
    enum hcb_status status = try_product(plan, *kernel, whole);
    if (status == HCB_OK)
        status = try_product(plan, *kernel, parts);
    if (status == HCB_OK && device->tested_count < VULKAN_TESTED_MAX)
        device->tested[device->tested_count++] = test;
    return status;
}

/* Tests a kernel; why it is not to be used goes to `why`, "" if it is. */
static bool is_right(struct vulkan_plan *plan, const struct tile_kernel *kernel, char *why,
                     size_t size)
{
    const bool right = hcbi_vulkan_test_kernel(plan, kernel) == HCB_OK;
    snprintf(why, size, "%s%s%.120s", right ? "" : kernel->family,
             right ? "" : " failed its self-test: ",
             right ? "" : hcb_error(plan->base.queue->device->ctx));
    return right;
}

static enum hcb_status prepare_coopmat(struct vulkan_plan *plan)
{
    struct vulkan_device *device = vulkan_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    char *note = plan->base.info.note, first[HCB_REASON_SIZE] = "", second[HCB_REASON_SIZE] = "";
    struct tile_kernel kernel;
    struct matrix_tile tile;
    const bool choice = has_choice(device, c);
    const enum hcb_status status =
        hcbi_vulkan_families_note(plan, families, choice ? FAMILY_COUNT : 0);
    if (status != HCB_OK)
        return status;
    if ((!choice || plan->base.values[0] == 1) && hcbi_vulkan_workgroup_kernel(device, c, &kernel) &&
        is_right(plan, &kernel, first, sizeof first)) {
        snprintf(note, HCB_REASON_SIZE, "cooperative matrices of a workgroup, %ux%ux%u",
                 (unsigned)kernel.rows, (unsigned)kernel.columns, (unsigned)kernel.step);
        return hcbi_vulkan_prepare_tiles(plan, &kernel);
    }
    if (supports_subgroups(device, c) != HCB_OK)
        return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED, "%s", first);
    if (choice)
        plan->base.values[0] = 0; /* what runs, whatever was asked for */
    choose_matrix_tile(device, c, &tile);
    kernel = matrix_kernel(c, &tile);
    if (!is_right(plan, &kernel, second, sizeof second))
        return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED, "%s%s%s", second,
                         first[0] != '\0' ? "; " : "", first);
    snprintf(note, HCB_REASON_SIZE, "cooperative matrices of %ux%ux%u%s%.200s", (unsigned)tile.m,
             (unsigned)tile.n, (unsigned)tile.k, first[0] != '\0' ? "; " : "", first);
    return hcbi_vulkan_prepare_tiles(plan, &kernel);
}

/* Of whichever kernel needs more. */
static uint64_t scratch_of_coopmat(const struct vulkan_device *device, const struct hcb_case *c,
                                   const uint64_t *values)
{
    struct tile_kernel kernel = {0};
    struct matrix_tile tile;
    (void)values; /* either may take the other's place */
    const uint64_t of_workgroup =
        hcbi_vulkan_workgroup_kernel(device, c, &kernel) ? kernel.part_bytes : 0;
    if (supports_subgroups(device, c) != HCB_OK)
        return of_workgroup;
    choose_matrix_tile(device, c, &tile);
    kernel = matrix_kernel(c, &tile);
    hcbi_vulkan_check_tiles(device, c, &kernel); /* which fills in the rest */
    return kernel.part_bytes > of_workgroup ? kernel.part_bytes : of_workgroup;
}

const struct vulkan_method hcbi_vulkan_coopmat = {.supports = supports_coopmat,
                                                  .parameters = find_parameters,
                                                  .scratch = scratch_of_coopmat,
                                                  .prepare = prepare_coopmat};
