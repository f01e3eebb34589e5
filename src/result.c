/* SPDX-License-Identifier: Apache-2.0 */
/* The result record: one row, and the table that describes its members. */
#include "config.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hcbench.h"

#define MEMBER(member)                                                                             \
    .offset = offsetof(struct hcb_result, member), .size = sizeof((struct hcb_result *)0)->member
#define TEXT(name_, member) {.name = name_, .kind = HCB_FIELD_TEXT, MEMBER(member)}
#define WORD(name_, member, word_)                                                                 \
    {.name = name_, .kind = HCB_FIELD_WORD, MEMBER(member), .word = word_}
#define EXTENT(name_, member) {.name = name_, .kind = HCB_FIELD_EXTENT, MEMBER(member)}
#define NUMBER(name_, member) {.name = name_, .kind = HCB_FIELD_NUMBER, MEMBER(member)}
#define COUNT(name_, member) {.name = name_, .kind = HCB_FIELD_COUNT, MEMBER(member)}
/* clang-format off */
#define CLOCK(name_, member)                                                                       \
    NUMBER(name_ ".median_s", member.summary.median),                                              \
    NUMBER(name_ ".q1_s", member.summary.q1),                                                      \
    NUMBER(name_ ".q3_s", member.summary.q3),                                                      \
    NUMBER(name_ ".min_s", member.summary.min),                                                    \
    NUMBER(name_ ".ci95_s.0", member.summary.ci95_low),                                            \
    NUMBER(name_ ".ci95_s.1", member.summary.ci95_high),                                           \
    {.name = name_ ".n", .kind = HCB_FIELD_SIZE, MEMBER(member.summary.n)},                        \
    {.name = name_ ".samples_s", .kind = HCB_FIELD_SAMPLES, MEMBER(member.samples),                \
     .count_offset = offsetof(struct hcb_result, member.summary.n)},                               \
    {.name = name_ ".rounds", .kind = HCB_FIELD_ROUNDS, MEMBER(member.rounds),                     \
     .count_offset = offsetof(struct hcb_result, member.summary.n)}
#define READING(name_, member, least_)                                                             \
    {.name = name_, .kind = HCB_FIELD_NUMBER, MEMBER(member), .least = least_}
#define READINGS(name_, unit, member, least_)                                                      \
    READING(name_ "." unit, member.median, least_),                                                \
    READING(name_ ".min_" unit, member.min, least_),                                               \
    READING(name_ ".max_" unit, member.max, least_),                                               \
    {.name = name_ ".n", .kind = HCB_FIELD_SIZE, MEMBER(member.n)},                                \
    {.name = name_ ".samples_" unit, .kind = HCB_FIELD_SAMPLES, MEMBER(member.samples),            \
     .count_offset = offsetof(struct hcb_result, member.n), .least = least_}
#define RATIO(name_, member)                                                                       \
    NUMBER(name_ ".ratio", member.ratio), NUMBER(name_ ".ci95.0", member.ci95_low),                \
    NUMBER(name_ ".ci95.1", member.ci95_high)
/* clang-format on */

static const struct hcb_field fields[] = {
    TEXT("device", device),
    TEXT("platform", platform),
    WORD("op", task.op, hcb_op_name),
    WORD("impl", task.impl, hcb_impl_name),
    WORD("precision", task.precision, hcb_precision_name),
    WORD("sum", task.sum, hcb_sum_name),
    EXTENT("shape.m", task.shape.m),
    EXTENT("shape.n", task.shape.n),
    EXTENT("shape.k", task.shape.k),
    {.name = "scale.exponent", .kind = HCB_FIELD_SCALE, MEMBER(task.scale)},
    COUNT("scale.overflowed", scaled.overflowed),
    COUNT("scale.underflowed", scaled.underflowed),
    COUNT("scale.subnormal", scaled.subnormal),
    NUMBER("scale.rel_error", scaled.rel_error),
    WORD("status", status, hcb_status_name),
    TEXT("reason", reason),
    CLOCK("kernel", kernel),
    CLOCK("wall", wall),
    CLOCK("end_to_end", end_to_end),
    COUNT("launches", launches),
    NUMBER("setup_s", setup_s),
    NUMBER("upload_s", upload_s),
    NUMBER("download_s", download_s),
    COUNT("flops", flops),
    COUNT("bytes", bytes),
    NUMBER("gflops", gflops),
    NUMBER("gbps", gbps),
    NUMBER("roofline.share", roofline_share),
    TEXT("roofline.bound", roofline_bound),
    NUMBER("error.max_abs", error.max_abs),
    NUMBER("error.max_rel", error.max_rel),
    NUMBER("error.rel_frobenius", error.rel_frobenius),
    NUMBER("error.max_ulp", error.max_ulp),
    NUMBER("error.bound_ratio", error.bound_ratio),
    NUMBER("error.limit", error.limit),
    COUNT("error.checked", error.checked),
    TEXT("speedup.baseline", baseline),
    RATIO("speedup.kernel", speedup_kernel),
    RATIO("speedup.end_to_end", speedup_end_to_end),
    COUNT("memory.device_peak_bytes", device_peak_bytes),
    COUNT("memory.host_peak_bytes", host_peak_bytes),
    NUMBER("power.energy_j", energy_j),
    NUMBER("power.watts", watts),
    NUMBER("power.gflop_per_j", gflop_per_j),
    TEXT("power.source", power_source),
    READINGS("clock", "mhz", clock_mhz, 0),
    READINGS("temperature", "c", temperature_c, -273.15), /* absolute zero */
    TEXT("throttled", throttled),
    TEXT("kernels", kernels),
    TEXT("kernel_sha256", kernel_sha256),
    TEXT("tuning", tuning),
    TEXT("parameters", parameters),
    TEXT("note", note),
    {.name = "warnings", .kind = HCB_FIELD_LINES, MEMBER(warnings)},
};

const struct hcb_field *hcb_result_field(unsigned index)
{
    return index < sizeof fields / sizeof *fields ? &fields[index] : NULL;
}

bool hcb_result_has(const struct hcb_result *result, const struct hcb_field *field)
{
    const void *member = (const char *)result + field->offset;
    switch (field->kind) {
    case HCB_FIELD_TEXT: return *(const char *)member != '\0';
    case HCB_FIELD_WORD:
        return field->offset != offsetof(struct hcb_result, task.sum) || result->task.sum != HCB_SUM_PLAIN;
    case HCB_FIELD_EXTENT:
        return hcb_op_rank(result->task.op) == 3 || field->offset == offsetof(struct hcb_result, task.shape.n);
    case HCB_FIELD_SCALE: return *(const int *)member != 0 || isfinite(result->scaled.overflowed);
    case HCB_FIELD_NUMBER:
    case HCB_FIELD_COUNT: return isfinite(*(const double *)member);
    case HCB_FIELD_SIZE: return *(const size_t *)member > 0;
    case HCB_FIELD_SAMPLES: return *(double *const *)member != NULL;
    case HCB_FIELD_ROUNDS: return *(uint32_t *const *)member != NULL;
    case HCB_FIELD_LINES: return *(char *const *)member != NULL;
    }
    return false;
}

void hcb_result_init(struct hcb_result *result, const char *device, const struct hcb_case *c)
{
    memset(result, 0, sizeof *result);
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].kind == HCB_FIELD_NUMBER || fields[i].kind == HCB_FIELD_COUNT)
            *(double *)((char *)result + fields[i].offset) = NAN;
    snprintf(result->device, sizeof result->device, "%s", device);
    snprintf(result->platform, sizeof result->platform, "%.*s", (int)strcspn(device, ":"), device);
    result->task = *c;
    result->status = HCB_SKIPPED;
}

void hcb_result_clear(struct hcb_result *result)
{
    hcb_clock_clear(&result->kernel);
    hcb_clock_clear(&result->wall);
    hcb_clock_clear(&result->end_to_end);
    free(result->clock_mhz.samples);
    free(result->temperature_c.samples);
    for (size_t i = 0; i < sizeof result->warnings / sizeof *result->warnings; i++)
        free(result->warnings[i]);
    memset(result, 0, sizeof *result);
}

const struct hcb_clock_result *hcb_result_clock(const struct hcb_result *result)
{
    return result->kernel.summary.n > 0 ? &result->kernel : &result->wall;
}

void hcb_result_rates(struct hcb_result *result)
{
    const struct hcb_summary *best = &hcb_result_clock(result)->summary;
    const double flops = hcb_case_flops(&result->task);
    const double bytes = (double)hcb_case_traffic(&result->task);
    result->flops = flops > 0 ? flops : (double)NAN;
    result->bytes = bytes > 0 ? bytes : (double)NAN;
    if (best->n > 0 && best->median > 0) {
        result->gflops = result->flops / best->median * 1e-9;
        result->gbps = result->bytes / best->median * 1e-9;
    }
    if (result->energy_j > 0)
        result->gflop_per_j = result->flops / result->energy_j * 1e-9;
}

bool hcb_readings_add(struct hcb_readings *readings, double value)
{
    double *larger = realloc(readings->samples, (readings->n + 1) * sizeof *larger);
    if (larger == NULL)
        return false;
    readings->samples = larger;
    larger[readings->n++] = value;
    readings->median = hcb_summarize(larger, readings->n).median;
    readings->min = fmin(readings->min, value);
    readings->max = fmax(readings->max, value);
    return true;
}

static bool is_kept(const struct hcb_field *field)
{
    static const char *const kept[] = {"setup_s", "flops", "bytes", "scale.", "error.", "memory."};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (strncmp(field->name, kept[i], strlen(kept[i])) == 0)
            return true;
    return false;
}

void hcb_result_withdraw(struct hcb_result *result)
{
    hcb_clock_clear(&result->kernel);
    hcb_clock_clear(&result->wall);
    hcb_clock_clear(&result->end_to_end);
    free(result->clock_mhz.samples);
    free(result->temperature_c.samples);
    memset(&result->clock_mhz, 0, sizeof result->clock_mhz);
    memset(&result->temperature_c, 0, sizeof result->temperature_c);
    result->roofline_bound[0] = result->power_source[0] = result->throttled[0] = '\0';
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++)
        if ((fields[i].kind == HCB_FIELD_NUMBER || fields[i].kind == HCB_FIELD_COUNT) && !is_kept(&fields[i]))
            *(double *)((char *)result + fields[i].offset) = NAN;
}

void hcb_result_warn(struct hcb_result *result, const char *format, ...)
{
    const size_t room = sizeof result->warnings / sizeof *result->warnings - 1;
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < room; i++)
        if (result->warnings[i] == NULL) {
            result->warnings[i] = strdup(text);
            return;
        }
}

void hcb_result_compare(struct hcb_result *result, const struct hcb_result *baseline, bool paired,
                        uint64_t seed)
{
    if (result->status != HCB_OK || baseline->status != HCB_OK)
        return;
    snprintf(result->baseline, sizeof result->baseline, "%s/%s", baseline->device,
             hcb_impl_name(baseline->task.impl));
    result->speedup_kernel =
        hcb_clock_ratio(hcb_result_clock(baseline), hcb_result_clock(result), paired, seed);
    result->speedup_end_to_end =
        hcb_clock_ratio(&baseline->end_to_end, &result->end_to_end, paired, seed);
}
