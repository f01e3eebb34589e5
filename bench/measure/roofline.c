/* SPDX-License-Identifier: Apache-2.0 */
/* Roofs of the devices; see roofline.h.  The rows are run by the conductor like any
 * other. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/roofline.h"

/* Elements: some milliseconds of multiply-adds; vectors that are in no cache. */
static const uint64_t peak_elements[] = {1 << 17, 1 << 24}; /* CPUs, hardware GPUs */
static const uint64_t vector_elements[] = {1 << 23, 1 << 25}; /* at least */
static const uint64_t look_elements = 1 << 22;                /* at most, of a short look at a peak */

/* GFLOP/s that need no look: fewer than any device reaches, and what few reach by a clock
 * that another one confirms. */
static const double modest_gflops = 1, confirmed_gflops = 1e5;

/* The peak that a precision is held against, by its accumulator; the integers have
 * none. */
static const int accumulators[HCB_PRECISION_COUNT] = {
    [HCB_PRECISION_F64] = HCB_PRECISION_F64,    [HCB_PRECISION_F32] = HCB_PRECISION_F32,
    [HCB_PRECISION_F16] = HCB_PRECISION_F16,    [HCB_PRECISION_F16F32] = HCB_PRECISION_F32,
    [HCB_PRECISION_BF16F32] = HCB_PRECISION_F32, [HCB_PRECISION_I8I32] = -1,
    [HCB_PRECISION_F32X2] = HCB_PRECISION_F32};

/* Absent numbers may be NaN or, in records made by hand, 0. */
static bool is_known(double number)
{
    return isfinite(number) && number > 0;
}

static bool is_wanted(const struct options *options)
{
    return options->command == COMMAND_RUN &&
           (options->roofline == ROOFLINE_ON ||
            (options->roofline == ROOFLINE_AUTO && options->preset != PRESET_QUICK));
}

/* Bytes of the device's last-level cache; Vulkan does not tell, but another driver of
 * the same hardware may.  0: unknown. */
static uint64_t cache_of(const struct record *record, const struct device_record *device)
{
    uint64_t bytes = device->info.cache_bytes;
    for (size_t i = 0; i < RECORD_SAME_MAX && device->same_as[i][0] != '\0' && bytes == 0; i++) {
        const struct device_record *same = record_device(record, device->same_as[i]);
        bytes = same != NULL ? same->info.cache_bytes : 0;
    }
    return bytes;
}

/* -------------------------------------------------------------------- the rows */

uint64_t roofline_vector_elements(const struct hcb_device_info *info, uint64_t cache_bytes)
{
    const bool is_hardware = info->type != HCB_DEVICE_CPU && !info->software;
    const uint64_t least = vector_elements[is_hardware], step = 1 << 20,
                   array = 2 * cache_bytes / step * step + step; /* bytes */
    uint64_t most = info->memory_bytes != 0 ? info->memory_bytes / 24 : array;
    if (info->max_buffer_bytes != 0 && info->max_buffer_bytes < most)
        most = info->max_buffer_bytes;
    const uint64_t wanted = (array < most ? array : most) / sizeof(float);
    return wanted > least ? wanted : least;
}

static bool add_row(struct record *record, const struct device_record *device, enum hcb_op op,
                    enum hcb_precision precision)
{
    const struct hcb_device_info *info = &device->info;
    const int platform = hcb_word(hcb_platform_name, info->platform);
    const bool is_hardware = info->type != HCB_DEVICE_CPU && !info->software;
    struct hcb_case task = {.op = op, .precision = precision, .shape = {1, 1, 1}};
    unsigned impl = 0;
    if (platform < 0)
        return true;
    while (impl < HCB_IMPL_COUNT &&
           (hcb_platform_offers((unsigned)platform, op, impl, HCB_SUM_PLAIN) >> precision & 1) == 0)
        impl++;
    if (impl == HCB_IMPL_COUNT)
        return true;
    task.impl = (enum hcb_impl)impl;
    task.shape.n = op == HCB_OP_PEAK ? peak_elements[is_hardware]
                                     : roofline_vector_elements(info, cache_of(record, device));
    struct hcb_result *larger =
        realloc(record->roofline, (record->roofline_count + 1) * sizeof *larger);
    if (larger == NULL) {
        fprintf(stderr, "hcbench: out of memory for the rows\n");
        return false;
    }
    record->roofline = larger;
    hcb_result_init(&larger[record->roofline_count++], info->id, &task);
    return true;
}

/* Test platforms are as slow as the reference. */
static bool is_measured(const struct record *record, size_t device)
{
    const int platform = hcb_word(hcb_platform_name, record->devices[device].info.platform);
    return platform >= 0 && (record->options->roofline == ROOFLINE_ON ||
                             !hcb_platform_is_test((unsigned)platform));
}

bool roofline_make_rows(struct record *record)
{
    unsigned peaks = 0;
    bool good = true;
    if (!is_wanted(record->options))
        return true;
    for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
        if ((record->options->precisions >> precision & 1) != 0 && accumulators[precision] >= 0)
            peaks |= 1u << accumulators[precision];
    for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
        for (size_t i = 0; i < record->device_count && good; i++)
            if ((peaks >> precision & 1) != 0 && is_measured(record, i))
                good = add_row(record, &record->devices[i], HCB_OP_PEAK,
                               (enum hcb_precision)precision);
    for (size_t i = 0; i < record->device_count && good; i++)
        if (is_measured(record, i))
            good = add_row(record, &record->devices[i], HCB_OP_TRIAD, HCB_PRECISION_F32) &&
                   add_row(record, &record->devices[i], HCB_OP_COPY, HCB_PRECISION_F32);
    return good;
}

/* By a row's own clock it is not much faster than by the host's, which sees all of it. */
static bool is_confirmed(const struct hcb_result *result)
{
    return result->wall.summary.n > 0 &&
           result->wall.summary.median <= 1.25 * hcb_result_clock(result)->summary.median;
}

bool roofline_needs_look(const struct record *record, const struct hcb_result *result)
{
    const struct device_record *device = record_device(record, result->device);
    return record->options->roofline != ROOFLINE_OFF && device != NULL &&
           accumulators[result->task.precision] >= 0 && result->task.impl != HCB_IMPL_COOPMAT &&
           !is_known(device->peak_gflops[accumulators[result->task.precision]]) &&
           roofline_row(record, result, false) == NULL &&
           result->gflops > (is_confirmed(result) ? confirmed_gflops : modest_gflops);
}

static bool is_same(const struct device_record *device, const char *id)
{
    bool same = strcmp(device->info.id, id) == 0;
    for (size_t i = 0; i < RECORD_SAME_MAX && device->same_as[i][0] != '\0'; i++)
        same |= strcmp(device->same_as[i], id) == 0;
    return same;
}

bool roofline_add_looks(struct record *looks, const struct hcb_result *result)
{
    const enum hcb_precision precision = (enum hcb_precision)accumulators[result->task.precision];
    const size_t first = looks->roofline_count;
    bool good = true;
    for (size_t i = 0; i < looks->device_count && good; i++)
        if (is_same(&looks->devices[i], result->device))
            good = add_row(looks, &looks->devices[i], HCB_OP_PEAK, precision);
    for (size_t i = first; i < looks->roofline_count; i++)
        if (looks->roofline[i].task.shape.n > look_elements)
            looks->roofline[i].task.shape.n = look_elements;
    return good;
}

struct options roofline_options(const struct options *options)
{
    struct options brief = *options;
    brief.preset = PRESET_QUICK;
    brief.warmup = 1;
    brief.min_runs = 5;
    brief.max_runs = 20;
    brief.min_time_s = 0;
    brief.max_time_s = 0.2;
    brief.ci_percent = 0;
    brief.against_itself = false;
    brief.fill = HCB_FILL_UNIFORM;
    return brief;
}

/* ------------------------------------------------------------------ the figures */

/* A roof belongs to the hardware: the best that any driver reaches on it. */
static void join_roofs(const struct record *record, struct device_record *device)
{
    for (size_t i = 0; i < RECORD_SAME_MAX && device->same_as[i][0] != '\0'; i++) {
        const struct device_record *same = record_device(record, device->same_as[i]);
        if (same == NULL)
            continue;
        for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
            device->peak_gflops[precision] =
                fmax(device->peak_gflops[precision], same->peak_gflops[precision]);
        device->bandwidth_gbps = fmax(device->bandwidth_gbps, same->bandwidth_gbps);
    }
}

void roofline_gather(struct record *record)
{
    for (size_t i = 0; i < record->device_count; i++) {
        for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
            record->devices[i].peak_gflops[precision] = (double)NAN;
        record->devices[i].bandwidth_gbps = (double)NAN;
    }
    for (size_t i = 0; i < record->roofline_count; i++) {
        const struct hcb_result *row = &record->roofline[i];
        struct device_record *device = record_device(record, row->device);
        if (row->status != HCB_OK || device == NULL)
            continue;
        /* A roof is what is reached at best. */
        const double best = hcb_result_clock(row)->summary.min;
        if (row->task.op == HCB_OP_PEAK)
            device->peak_gflops[row->task.precision] = row->flops / best * 1e-9;
        else
            device->bandwidth_gbps = fmax(device->bandwidth_gbps, row->bytes / best * 1e-9);
    }
    for (size_t i = 0; i < record->device_count; i++)
        join_roofs(record, &record->devices[i]);
}

double roofline_peak_gflops(const struct record *record, const struct hcb_result *result)
{
    const struct device_record *device = record_device(record, result->device);
    const int accumulator = accumulators[result->task.precision];
    if (device == NULL || accumulator < 0 || result->task.impl == HCB_IMPL_COOPMAT ||
        !is_known(device->peak_gflops[accumulator]))
        return (double)NAN;
    return device->peak_gflops[accumulator];
}

double roofline_memory_gbps(const struct record *record, const struct hcb_result *result)
{
    static const uint64_t largest_cache = 1 << 30;
    const struct device_record *device = record_device(record, result->device);
    const uint64_t bytes = hcb_case_bytes(&result->task);
    const bool is_of_memory = hcb_op_rank(result->task.op) != 3 && bytes >= largest_cache &&
                              device != NULL && bytes / 4 >= cache_of(record, device);
    return is_of_memory && is_known(device->bandwidth_gbps) ? device->bandwidth_gbps : (double)NAN;
}

struct hcb_result *roofline_row(const struct record *record, const struct hcb_result *result,
                                bool of_memory)
{
    struct hcb_result *best = NULL;
    for (size_t i = 0; i < record->roofline_count; i++) {
        struct hcb_result *row = &record->roofline[i];
        const bool is_peak = row->task.op == HCB_OP_PEAK;
        if (strcmp(row->device, result->device) != 0 || is_peak == of_memory ||
            (is_peak && (int)row->task.precision != accumulators[result->task.precision]))
            continue;
        if (best == NULL || isnan(best->gbps) || row->gbps > best->gbps)
            best = row;
    }
    return best;
}

void roofline_improve(struct hcb_result *row, struct hcb_result *again)
{
    const struct hcb_clock_result *now = hcb_result_clock(again), *then = hcb_result_clock(row);
    struct hcb_result worse = *again;
    if (again->status == HCB_OK && now->summary.n > 0 &&
        (then->summary.n == 0 || now->summary.min < then->summary.min)) {
        worse = *row;
        *row = *again;
    }
    hcb_result_clear(&worse);
    *again = (struct hcb_result){0};
}

/* Without a peak only vectors have a nearer roof that is known: their one or two
 * operations per element are fewer than any device can do in the time of a load.
 * Operands that fit into the cache stay there from launch to launch. */
void roofline_rate(const struct record *record, struct hcb_result *result)
{
    const struct device_record *device = record_device(record, result->device);
    const double peak = roofline_peak_gflops(record, result);
    result->roofline_share = (double)NAN;
    result->roofline_bound[0] = '\0';
    if (device == NULL || hcb_op_is_extra(result->task.op) || !is_known(device->bandwidth_gbps) ||
        !is_known(result->gflops) || (!is_known(peak) && hcb_op_rank(result->task.op) == 3))
        return;
    const bool is_cached = hcb_case_bytes(&result->task) <= cache_of(record, device);
    if (is_cached && hcb_op_rank(result->task.op) != 3) {
        result->roofline_share = (double)NAN;
        snprintf(result->roofline_bound, sizeof result->roofline_bound, "cache");
        return;
    }
    const double by_memory =
        is_cached ? (double)INFINITY : result->flops / result->bytes * device->bandwidth_gbps;
    const bool is_compute = is_known(peak) && peak <= by_memory;
    result->roofline_share = result->gflops / (is_compute ? peak : by_memory);
    snprintf(result->roofline_bound, sizeof result->roofline_bound, "%s",
             is_compute ? "compute" : "memory");
}

void roofline_rate_all(struct record *record)
{
    roofline_gather(record);
    for (size_t i = 0; i < record->result_count; i++)
        roofline_rate(record, &record->results[i]);
}
