/* SPDX-License-Identifier: Apache-2.0 */
/* hcbench compare: which rows belong together, verdicts, differences, files, and how
 * often made-up runs of identical code are called slower. */
#include "config.h"

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "compare/compare.h"
#include "suite.h"

/* ------------------------------------------------------------------ two records */

enum { BASE, NEW, ROWS_MAX = 120 };

static struct record records[2];
static struct device_record devices[2][3];
static struct hcb_result results[2][ROWS_MAX];
static struct comparison comparison;

static void name_device(struct hcb_device_info *info, const char *id, const char *name, const char *driver,
                        enum hcb_device_type type, bool software)
{
    *info = (struct hcb_device_info){.type = type, .software = software, .compute_units = 2};
    snprintf(info->id, sizeof info->id, "%s", id);
    snprintf(info->platform, sizeof info->platform, "%.*s", (int)strcspn(id, ":"), id);
    snprintf(info->name, sizeof info->name, "%s", name);
    snprintf(info->driver, sizeof info->driver, "%s", driver);
    snprintf(info->driver_version, sizeof info->driver_version, "1.0");
}

/* A CPU with a BLAS, a software driver on it, and a GPU. */
static void set_up(void)
{
    memset(devices, 0, sizeof devices);
    for (int i = BASE; i <= NEW; i++) {
        records[i] = (struct record){.seed = 1, .blas_fair_ratio = 1, .devices = devices[i],
                                     .device_count = 3, .results = results[i]};
        snprintf(records[i].version, sizeof records[i].version, "0.1.0");
        snprintf(records[i].started, sizeof records[i].started, "2025-01-02T03:04:05Z");
        snprintf(records[i].environment.cpu_model, sizeof records[i].environment.cpu_model, "Example");
        name_device(&devices[i][0].info, "cpu:0", "Example", "OpenBLAS", HCB_DEVICE_CPU, false);
        name_device(&devices[i][1].info, "opencl:0", "pthread-Example", "PoCL", HCB_DEVICE_CPU, true);
        name_device(&devices[i][2].info, "vulkan:0", "Example GPU", "example", HCB_DEVICE_GPU, false);
    }
    comparison = (struct comparison){0};
}

static void tear_down(void)
{
    compare_clear(&comparison);
    for (int i = BASE; i <= NEW; i++)
        for (size_t j = 0; j < records[i].result_count; j++)
            hcb_result_clear(&results[i][j]);
}

static struct hcb_result *add(int record, const char *device, enum hcb_impl impl, uint64_t size)
{
    struct hcb_result *row = &results[record][records[record].result_count++];
    ck_assert_uint_le(records[record].result_count, ROWS_MAX);
    hcb_result_init(row, device, &(struct hcb_case){HCB_OP_MATMUL, impl, HCB_PRECISION_F32,
                                                    {size, size, size}});
    row->status = HCB_OK;
    return row;
}

/* Six rounds of two samples each, `noise` apart. */
static void add_samples(struct hcb_clock_result *clock, double median, double noise)
{
    static const double steps[] = {-1, 1, 0.5, -0.5, 0.2, -0.2};
    for (uint32_t round = 0; round < 6; round++) {
        const double samples[] = {median * (1 + noise * steps[round]), median * (1 - noise * steps[round])};
        ck_assert(hcb_clock_add(clock, round, samples, 2));
    }
}

static struct hcb_result *add_timed(int record, const char *device, uint64_t size, double median)
{
    struct hcb_result *row = add(record, device, HCB_IMPL_TILE, size);
    add_samples(&row->kernel, median, 0.001);
    add_samples(&row->end_to_end, 2 * median, 0.001);
    hcb_result_rates(row);
    return row;
}

static const struct comparison *compare(double threshold)
{
    compare_clear(&comparison);
    ck_assert(compare_records(&records[BASE], &records[NEW], threshold, &comparison));
    return &comparison;
}

static void verdict_is(const struct comparison_row *row, enum verdict verdict)
{
    ck_assert_str_eq(verdict_name(row->verdict), verdict_name(verdict));
}

/* The first note of that kind with that text in it. */
static const char *find_note(const char *kind, const char *text)
{
    for (size_t i = 0; i < comparison.note_count; i++)
        if (strcmp(comparison.notes[i].kind, kind) == 0 && strstr(comparison.notes[i].text, text) != NULL)
            return comparison.notes[i].text;
    return NULL;
}

static void has_note(const char *kind, const char *text)
{
    ck_assert_msg(find_note(kind, text) != NULL, "no %s: %s", kind, text);
}

static void has_no_note(const char *kind, const char *text)
{
    const char *note = find_note(kind, text);
    ck_assert_msg(note == NULL, "%s: %s", kind, note);
}

/* ---------------------------------------------------------------------- verdicts */

static const struct {
    double speed, threshold;
    enum verdict verdict;
} speeds[] = {
    {1, 5, VERDICT_SAME},     {1.02, 5, VERDICT_SAME},     {1 / 1.02, 5, VERDICT_SAME},
    {1.1, 5, VERDICT_FASTER}, {1 / 1.1, 5, VERDICT_SLOWER}, {0.9, 5, VERDICT_SLOWER},
    {3, 5, VERDICT_FASTER},   {0.1, 5, VERDICT_SLOWER},    {1.05, 5, VERDICT_UNCLEAR},
    {1 / 1.05, 5, VERDICT_UNCLEAR}, {0.9, 20, VERDICT_SAME}, {0.83, 20, VERDICT_UNCLEAR},
    {0.97, 0, VERDICT_SLOWER}, {1.03, 0, VERDICT_FASTER},  {1.001, 0, VERDICT_UNCLEAR},
};

START_TEST(speed_and_verdict)
{
    add_timed(BASE, "vulkan:0", 256, 1e-3);
    add_timed(NEW, "vulkan:0", 256, 1e-3 / speeds[_i].speed);
    const struct comparison_row *row = compare(speeds[_i].threshold)->rows;
    ck_assert_msg(row->verdict == speeds[_i].verdict, "%s at %g", verdict_name(row->verdict),
                  speeds[_i].speed);
    ck_assert_int_eq(row->end_to_end.verdict, speeds[_i].verdict);
    ck_assert_double_eq_tol(row->time.speed.ratio, speeds[_i].speed, 1e-3 * speeds[_i].speed);
    ck_assert(row->time.speed.ci95_low <= row->time.speed.ratio);
    ck_assert(row->time.speed.ci95_high >= row->time.speed.ratio);
    ck_assert(row->time.all_low <= row->time.speed.ci95_low);
    ck_assert_int_eq(compare_exit_status(&comparison, false),
                     speeds[_i].verdict == VERDICT_SLOWER ? EXIT_BAD_ROW : EXIT_DONE);
}
END_TEST

/* Never narrower than what runs always vary by. */
START_TEST(interval_has_the_least_variation)
{
    add_timed(BASE, "vulkan:0", 256, 1e-3);
    add_timed(NEW, "vulkan:0", 256, 1e-3 * 1.0001);
    const struct hcb_ratio speed = compare(5)->rows[0].time.speed;
    ck_assert_double_ge(speed.ci95_high / speed.ci95_low, exp(2 * 1.9599 * sqrt(2) * CHANGE_RUN_LEAST));
}
END_TEST

START_TEST(noise_is_unclear)
{
    add_samples(&add(BASE, "vulkan:0", HCB_IMPL_TILE, 256)->kernel, 1e-3, 0.3);
    add_samples(&add(NEW, "vulkan:0", HCB_IMPL_TILE, 256)->kernel, 1.1e-3, 0.3);
    verdict_is(&compare(5)->rows[0], VERDICT_UNCLEAR);
}
END_TEST

/* Medians of the quarters that are apart say that another run would be too. */
START_TEST(drift_within_a_run_widens)
{
    for (int i = BASE; i <= NEW; i++)
        for (uint64_t size = 1; size <= 8; size++) {
            struct hcb_result *row = add(i, "vulkan:0", HCB_IMPL_TILE, size);
            for (uint32_t round = 0; round < 12; round++) {
                const double s = 1e-3 * (i == NEW ? 1.08 : 1) * (1 + 0.015 * (round / 3)) *
                                 (1 + 1e-4 * (double)size);
                ck_assert(hcb_clock_add(&row->kernel, round, (double[]){s, s, s}, 3));
            }
        }
    compare(5);
    for (size_t i = 0; i < comparison.row_count; i++)
        verdict_is(&comparison.rows[i], VERDICT_UNCLEAR);
}
END_TEST

/* From a millisecond to `now_s`, without noise to speak of. */
static struct change quiet_change(double now_s)
{
    struct hcb_clock_result base = {0}, now = {0};
    add_samples(&base, 1e-3, 0.001);
    add_samples(&now, now_s, 0.001);
    const struct change change = change_measure(&base, &now);
    hcb_clock_clear(&base);
    hcb_clock_clear(&now);
    return change;
}

/* One slow row among many: chance must be ruled out for all at once. */
START_TEST(many_rows_need_more)
{
    struct judgement judgement = {.threshold = 5, .changes = 1, .run = {0.04, 0}};
    struct change change = quiet_change(1.14e-3);
    change_judge(&change, &judgement);
    ck_assert_int_eq(change.verdict, VERDICT_SLOWER);
    judgement.changes = 200;
    change_judge(&change, &judgement);
    ck_assert_int_eq(change.verdict, VERDICT_UNCLEAR);
    ck_assert_str_ne(change.reason, "");
}
END_TEST

/* A variation that was estimated from few numbers may be larger than it looks. */
START_TEST(estimated_variation_needs_more)
{
    struct judgement judgement = {.threshold = 5, .changes = 20, .run = {0.02, 0}};
    struct change change = quiet_change(1.12e-3);
    change_judge(&change, &judgement);
    ck_assert_int_eq(change.verdict, VERDICT_SLOWER);
    const struct hcb_ratio known = change.speed;
    judgement.run.degrees = 4;
    change_judge(&change, &judgement);
    ck_assert_int_eq(change.verdict, VERDICT_UNCLEAR);
    /* 2.78 standard deviations instead of 1.96 */
    ck_assert_double_gt(log(change.speed.ci95_high / change.speed.ci95_low),
                        1.35 * log(known.ci95_high / known.ci95_low));
}
END_TEST

/* Statuses of a row in BASE and NEW (HCB_STATUS_COUNT: not there) and the verdict;
 * VERDICT_COUNT: left out. */
static const struct {
    unsigned base, now, verdict;
} statuses[] = {
    {HCB_OK, HCB_WRONG, VERDICT_BROKEN},       {HCB_OK, HCB_ERROR, VERDICT_BROKEN},
    {HCB_OK, HCB_CRASHED, VERDICT_BROKEN},     {HCB_OK, HCB_TIMEOUT, VERDICT_BROKEN},
    {HCB_UNSUPPORTED, HCB_WRONG, VERDICT_BROKEN}, {HCB_STATUS_COUNT, HCB_CRASHED, VERDICT_BROKEN},
    {HCB_WRONG, HCB_OK, VERDICT_FIXED},        {HCB_TIMEOUT, HCB_OK, VERDICT_FIXED},
    {HCB_WRONG, HCB_WRONG, VERDICT_SAME},      {HCB_ERROR, HCB_TIMEOUT, VERDICT_SAME},
    {HCB_OK, HCB_UNSUPPORTED, VERDICT_GONE},   {HCB_OK, HCB_SKIPPED, VERDICT_GONE},
    {HCB_OK, HCB_STATUS_COUNT, VERDICT_GONE},  {HCB_WRONG, HCB_STATUS_COUNT, VERDICT_GONE},
    {HCB_STATUS_COUNT, HCB_OK, VERDICT_NEW},   {HCB_UNSUPPORTED, HCB_OK, VERDICT_NEW},
    {HCB_SKIPPED, HCB_OK, VERDICT_NEW},        {HCB_UNSUPPORTED, HCB_SKIPPED, VERDICT_COUNT},
    {HCB_UNSUPPORTED, HCB_STATUS_COUNT, VERDICT_COUNT}, {HCB_OK, HCB_OK, VERDICT_SAME},
};

START_TEST(status_and_verdict)
{
    const unsigned wanted[] = {statuses[_i].base, statuses[_i].now};
    add_timed(BASE, "vulkan:0", 512, 1e-3); /* so that there is something to compare */
    add_timed(NEW, "vulkan:0", 512, 1e-3);
    for (int i = BASE; i <= NEW; i++)
        if (wanted[i] < HCB_STATUS_COUNT) {
            struct hcb_result *row = wanted[i] == HCB_OK ? add_timed(i, "vulkan:0", 256, 1e-3)
                                                         : add(i, "vulkan:0", HCB_IMPL_TILE, 256);
            row->status = (enum hcb_status)wanted[i];
        }
    compare(5);
    if (statuses[_i].verdict == VERDICT_COUNT) {
        ck_assert_uint_eq(comparison.row_count, 1);
        has_note("note", "1 row was measured in neither");
        return;
    }
    ck_assert_uint_eq(comparison.row_count, 2);
    verdict_is(&comparison.rows[1], (enum verdict)statuses[_i].verdict);
    ck_assert_uint_eq(comparison.counts[VERDICT_SAME] + comparison.counts[statuses[_i].verdict],
                      statuses[_i].verdict == VERDICT_SAME ? 4 : 2);
    ck_assert_int_eq(compare_exit_status(&comparison, false),
                     statuses[_i].verdict == VERDICT_BROKEN ? EXIT_BAD_ROW : EXIT_DONE);
    ck_assert_int_eq(compare_exit_status(&comparison, true),
                     statuses[_i].verdict == VERDICT_BROKEN || statuses[_i].verdict == VERDICT_GONE
                         ? EXIT_BAD_ROW : EXIT_DONE);
}
END_TEST

START_TEST(reasons)
{
    struct hcb_result *row = add(NEW, "vulkan:0", HCB_IMPL_TILE, 256);
    add_timed(BASE, "vulkan:0", 256, 1e-3);
    row->status = HCB_CRASHED;
    snprintf(row->reason, sizeof row->reason, "signal 11 in prepare");
    ck_assert_str_eq(compare(5)->rows[0].reason, "crashed: signal 11 in prepare");
}
END_TEST

/* Nothing measured in both is no success. */
START_TEST(nothing_in_common)
{
    add_timed(BASE, "vulkan:0", 256, 1e-3);
    add_timed(NEW, "vulkan:0", 512, 1e-3);
    ck_assert(!compare_has_common_row(compare(5)));
    ck_assert_int_eq(compare_exit_status(&comparison, false), EXIT_BAD_ROW);
}
END_TEST

/* The same samples are the same, however noisy, few or low the threshold. */
START_TEST(identical_samples)
{
    for (int i = BASE; i <= NEW; i++) {
        add_samples(&add(i, "vulkan:0", HCB_IMPL_TILE, 256)->kernel, 1e-3, 0.5);
        ck_assert(hcb_clock_add(&add(i, "vulkan:0", HCB_IMPL_TILE, 512)->kernel, 0, (double[]){1e-3}, 1));
    }
    compare(0);
    verdict_is(&comparison.rows[0], VERDICT_SAME);
    verdict_is(&comparison.rows[1], VERDICT_SAME);
    ck_assert(comparison.rows[0].time.speed.ci95_low == 1 && comparison.rows[0].time.speed.ci95_high == 1);
    has_note("note", "the same samples");
}
END_TEST

START_TEST(rows_of_verify_have_no_time)
{
    add(BASE, "vulkan:0", HCB_IMPL_TILE, 256);
    add(NEW, "vulkan:0", HCB_IMPL_TILE, 256);
    verdict_is(&compare(5)->rows[0], VERDICT_SAME);
    ck_assert(!comparison.rows[0].time.exists && !comparison.rows[0].end_to_end.exists);
}
END_TEST

/* ------------------------------------------------------------------------ clocks */

START_TEST(clocks_must_be_the_same)
{
    struct hcb_result *base = add(BASE, "vulkan:0", HCB_IMPL_TILE, 256),
                      *now = add(NEW, "vulkan:0", HCB_IMPL_TILE, 256);
    add_samples(&base->kernel, 1e-3, 0.001);
    add_samples(&base->wall, 2e-3, 0.001);
    add_samples(&now->wall, 2e-3, 0.0011);
    verdict_is(&compare(5)->rows[0], VERDICT_SAME);
    ck_assert_str_eq(comparison.rows[0].clock, "wall");
    ck_assert_ptr_nonnull(strstr(comparison.rows[0].reason, "NEW has no kernel time"));
    hcb_clock_clear(&base->wall);
    verdict_is(&compare(5)->rows[0], VERDICT_UNCLEAR);
    ck_assert_str_eq(comparison.rows[0].reason, "NEW has no time");
    ck_assert_int_eq(compare_exit_status(&comparison, false), EXIT_DONE);
}
END_TEST

START_TEST(few_samples_are_unclear)
{
    for (int i = BASE; i <= NEW; i++)
        ck_assert(hcb_clock_add(&add(i, "vulkan:0", HCB_IMPL_TILE, 256)->kernel, 0,
                                (double[]){1e-3 * (1 + i), 1.001e-3 * (1 + i), 1.002e-3 * (1 + i)}, 3));
    verdict_is(&compare(5)->rows[0], VERDICT_UNCLEAR);
    ck_assert_str_eq(comparison.rows[0].reason, "too few rounds for an interval");
}
END_TEST

/* However many samples they have. */
START_TEST(few_rounds_are_unclear)
{
    for (int i = BASE; i <= NEW; i++) {
        struct hcb_result *row = add(i, "vulkan:0", HCB_IMPL_TILE, 256);
        add_samples(&row->kernel, 1e-3 * (1 + i), 0.001);
        for (size_t j = 0; j < row->kernel.summary.n; j++)
            row->kernel.rounds[j] /= 2;
    }
    verdict_is(&compare(5)->rows[0], VERDICT_UNCLEAR);
    ck_assert_str_eq(comparison.rows[0].reason, "too few rounds for an interval");
    for (int i = BASE; i <= NEW; i++) { /* nor samples */
        free(results[i][0].kernel.rounds);
        free(results[i][0].kernel.samples);
        results[i][0].kernel.rounds = NULL;
        results[i][0].kernel.samples = NULL;
    }
    verdict_is(&compare(5)->rows[0], VERDICT_UNCLEAR);
}
END_TEST

START_TEST(end_to_end_alone_counts)
{
    struct hcb_result *row = add_timed(BASE, "vulkan:0", 256, 1e-3);
    row = add_timed(NEW, "vulkan:0", 256, 1e-3);
    hcb_clock_clear(&row->end_to_end);
    add_samples(&row->end_to_end, 3e-3, 0.001);
    verdict_is(&compare(5)->rows[0], VERDICT_SAME);
    ck_assert_int_eq(comparison.rows[0].end_to_end.verdict, VERDICT_SLOWER);
    ck_assert_uint_eq(comparison.end_to_end_counts[VERDICT_SLOWER], 1);
    ck_assert_int_eq(compare_exit_status(&comparison, false), EXIT_BAD_ROW);
}
END_TEST

/* ----------------------------------------------------------------------- devices */

static struct hcb_device_info *info(int record, int index)
{
    return &devices[record][index].info;
}

static void swap_ids(int record, int a, int b)
{
    char id[sizeof info(0, 0)->id];
    memcpy(id, info(record, a)->id, sizeof id);
    memcpy(info(record, a)->id, info(record, b)->id, sizeof id);
    memcpy(info(record, b)->id, id, sizeof id);
}

/* Two GPUs that only PCI address or UUID tells apart. */
START_TEST(devices_are_matched_by_hardware)
{
    for (int i = BASE; i <= NEW; i++) {
        name_device(info(i, 1), "vulkan:1", "Example GPU", "example", HCB_DEVICE_GPU, false);
        for (int j = 1; j <= 2; j++)
            snprintf(_i == 0 ? info(i, j)->pci : info(i, j)->uuid, sizeof info(i, j)->pci, "address %d", j);
    }
    swap_ids(NEW, 1, 2);
    add_timed(BASE, "vulkan:0", 256, 1e-3);
    add_timed(BASE, "vulkan:1", 256, 5e-3);
    add_timed(NEW, "vulkan:0", 256, 5.0001e-3);
    add_timed(NEW, "vulkan:1", 256, 1.0001e-3);
    compare(5);
    ck_assert_uint_eq(comparison.counts[VERDICT_SAME], 2);
    has_note("note", "vulkan:0 of BASE is vulkan:1 of NEW");
    has_note("note", "vulkan:1 of BASE is vulkan:0 of NEW");
    /* The same id and name, but other hardware. */
    snprintf(_i == 0 ? info(NEW, 1)->pci : info(NEW, 1)->uuid, sizeof info(NEW, 1)->pci, "address 3");
    compare(5);
    ck_assert_uint_eq(comparison.counts[VERDICT_GONE], 1);
    ck_assert_uint_eq(comparison.counts[VERDICT_NEW], 1);
}
END_TEST

START_TEST(devices_are_matched_by_name)
{
    name_device(info(BASE, 1), "vulkan:1", "Other GPU", "example", HCB_DEVICE_GPU, false);
    name_device(info(NEW, 1), "vulkan:0", "Other GPU", "example", HCB_DEVICE_GPU, false);
    snprintf(info(NEW, 2)->id, sizeof info(NEW, 2)->id, "vulkan:1");
    add_timed(BASE, "vulkan:0", 256, 1e-3);
    add_timed(NEW, "vulkan:1", 256, 1.0001e-3);
    add_timed(NEW, "vulkan:0", 256, 3e-3);
    compare(5);
    ck_assert_uint_eq(comparison.counts[VERDICT_SAME], 1);
    ck_assert_uint_eq(comparison.counts[VERDICT_NEW], 1);
    ck_assert_str_eq(comparison.rows[0].base->device, "vulkan:0");
    has_note("note", "vulkan:0 of BASE is vulkan:1 of NEW");
}
END_TEST

START_TEST(other_devices_are_gone)
{
    name_device(info(NEW, 2), "vulkan:0", "Another GPU", "another", HCB_DEVICE_GPU, false);
    add_timed(BASE, "vulkan:0", 256, 1e-3);
    add_timed(NEW, "vulkan:0", 256, 1e-3);
    compare(5);
    verdict_is(&comparison.rows[0], VERDICT_NEW);
    verdict_is(&comparison.rows[1], VERDICT_GONE);
    ck_assert_str_eq(comparison.rows[1].reason, "NEW has no such device");
    has_note("note", "vulkan:0 of BASE is not in NEW: Example GPU");
    has_note("note", "vulkan:0 of NEW is not in BASE: Another GPU");
}
END_TEST

/* A driver's new version may name its device anew. */
START_TEST(a_renamed_device_is_the_same)
{
    snprintf(info(NEW, 1)->name, sizeof info(NEW, 1)->name, "cpu-Example");
    snprintf(info(NEW, 1)->driver_version, sizeof info(NEW, 1)->driver_version, "2.0");
    add_timed(BASE, "opencl:0", 256, 1e-3);
    add_timed(NEW, "opencl:0", 256, 1.0001e-3);
    verdict_is(&compare(5)->rows[0], VERDICT_SAME);
    has_note("differs", "name of opencl:0: pthread-Example in BASE, cpu-Example in NEW");
    has_note("differs", "driver of opencl:0: PoCL 1.0 in BASE, PoCL 2.0 in NEW");
    /* But not on another processor. */
    snprintf(records[NEW].environment.cpu_model, sizeof records[NEW].environment.cpu_model, "Other");
    ck_assert_uint_eq(compare(5)->counts[VERDICT_GONE], 1);
}
END_TEST

START_TEST(another_processor_is_another_device)
{
    snprintf(info(NEW, 0)->name, sizeof info(NEW, 0)->name, "Other");
    add_timed(BASE, "cpu:0", 256, 1e-3);
    add_timed(NEW, "cpu:0", 256, 1e-3);
    ck_assert_uint_eq(compare(5)->counts[VERDICT_GONE], 1);
}
END_TEST

/* A software driver may have the same name and make up the same UUID on any. */
START_TEST(a_driver_on_another_processor_is_another_device)
{
    static const char *const ids[] = {"cpu:0", "opencl:0", "vulkan:0"};
    for (int i = BASE; i <= NEW; i++) {
        name_device(info(i, 2), "vulkan:0", "llvmpipe (LLVM 15.0.6, 256 bits)", "llvmpipe", HCB_DEVICE_CPU,
                    true);
        snprintf(info(i, 2)->uuid, sizeof info(i, 2)->uuid, "6d657361");
        for (int j = 0; j < 3; j++)
            add_timed(i, ids[j], 256, 1e-3);
    }
    snprintf(records[NEW].environment.host, sizeof records[NEW].environment.host, "other");
    ck_assert_uint_eq(compare(5)->counts[VERDICT_SAME], 3);
    snprintf(records[NEW].environment.cpu_model, sizeof records[NEW].environment.cpu_model, "Other");
    ck_assert_uint_eq(compare(5)->counts[VERDICT_GONE], 3);
    ck_assert_uint_eq(compare(5)->counts[VERDICT_NEW], 3);
}
END_TEST

/* Hosts, PCI addresses and UUIDs in BASE and NEW; the verdict of a row of the GPU, and
 * what is said of its hardware. */
static const struct {
    const char *hosts[2], *slots[2], *uuids[2], *names[2];
    bool matched;
    const char *kind, *said;
} cards[] = {
    {{"a", "a"}, {"1", "1"}, {"x", "x"}, {"G", "G"}, true, "", ""},
    {{"a", "a"}, {"1", "1"}, {"", ""}, {"G", "G"}, true, "", ""},
    /* Moved. */
    {{"a", "a"}, {"1", "2"}, {"x", "x"}, {"G", "G"}, true, "", ""},
    {{"a", "b"}, {"1", "2"}, {"x", "x"}, {"G", "G"}, true, "", ""},
    /* Replaced, by one of its model and by another. */
    {{"a", "a"}, {"1", "1"}, {"x", "y"}, {"G", "G"}, true, "differs",
     "UUID of vulkan:0, which is other hardware of the same name: x in BASE, y in NEW"},
    {{"a", "a"}, {"1", "1"}, {"x", "y"}, {"G", "H"}, false, "", ""},
    /* Beside it. */
    {{"a", "a"}, {"1", "2"}, {"x", "y"}, {"G", "G"}, false, "", ""},
    {{"a", "a"}, {"1", "2"}, {"", ""}, {"G", "G"}, false, "", ""},
    {{"a", "a"}, {"", ""}, {"x", "y"}, {"G", "G"}, false, "", ""},
    /* On another host, where slots mean nothing. */
    {{"a", "b"}, {"1", "1"}, {"x", "y"}, {"G", "G"}, true, "differs", "x in BASE, y in NEW"},
    {{"a", "b"}, {"1", "2"}, {"x", "y"}, {"G", "G"}, true, "differs", "x in BASE, y in NEW"},
    {{"a", "b"}, {"1", "1"}, {"", ""}, {"G", "G"}, true, "note", "vulkan:0 is of another host"},
    {{"a", "b"}, {"1", "2"}, {"", ""}, {"G", "G"}, true, "note", "vulkan:0 is of another host"},
    {{"a", "b"}, {"1", "1"}, {"", ""}, {"G", "H"}, false, "", ""},
    {{"a", "b"}, {"1", "1"}, {"x", "x"}, {"G", "H"}, false, "", ""},
    /* A new name from the driver. */
    {{"a", "a"}, {"1", "1"}, {"x", "x"}, {"G", "H"}, true, "", ""},
    {{"a", "a"}, {"", ""}, {"", ""}, {"G", "H"}, true, "", ""},
};

START_TEST(cards_and_hosts)
{
    for (int i = BASE; i <= NEW; i++) {
        snprintf(records[i].environment.host, sizeof records[i].environment.host, "%s", cards[_i].hosts[i]);
        snprintf(info(i, 2)->pci, sizeof info(i, 2)->pci, "%s", cards[_i].slots[i]);
        snprintf(info(i, 2)->uuid, sizeof info(i, 2)->uuid, "%s", cards[_i].uuids[i]);
        snprintf(info(i, 2)->name, sizeof info(i, 2)->name, "%s", cards[_i].names[i]);
        add_timed(i, "vulkan:0", 256, 1e-3);
    }
    verdict_is(&compare(5)->rows[0], cards[_i].matched ? VERDICT_SAME : VERDICT_NEW);
    ck_assert_uint_eq(comparison.counts[VERDICT_GONE], !cards[_i].matched);
    if (cards[_i].said[0] != '\0') {
        has_note(cards[_i].kind, cards[_i].said);
    } else {
        has_no_note("differs", "UUID");
        has_no_note("note", "another host");
    }
}
END_TEST

/* Rows that only differ in one word are not the same row. */
START_TEST(rows_need_the_same_case)
{
    add_timed(BASE, "vulkan:0", 256, 1e-3);
    add_timed(NEW, "vulkan:0", 256, 1e-3)->task.impl = HCB_IMPL_COOPMAT;
    add_timed(NEW, "vulkan:0", 256, 1e-3)->task.precision = HCB_PRECISION_F16;
    add_timed(NEW, "vulkan:0", 256, 1e-3)->task.op = HCB_OP_DOT;
    add_timed(NEW, "vulkan:0", 256, 1e-3)->task.shape.k = 255;
    add_timed(NEW, "opencl:0", 256, 1e-3);
    compare(5);
    ck_assert_uint_eq(comparison.counts[VERDICT_NEW], 5);
    ck_assert_uint_eq(comparison.counts[VERDICT_GONE], 1);
}
END_TEST

/* The n-th row of a case belongs to the n-th of the same, wherever they are; tables keep
 * the order of NEW. */
START_TEST(rows_are_found_in_any_order)
{
    const uint64_t sizes = 40;
    for (uint64_t i = 1; i <= sizes; i++)
        for (int record = BASE; record <= NEW; record++) {
            const uint64_t size = record == BASE ? i : 1 + 7 * i % sizes;
            const char *first = record == BASE ? "opencl:0" : "vulkan:0";
            add_timed(record, first, size, 1e-3 * (double)size);
            if (record == BASE || size != 13)
                add_timed(record, record == BASE ? "vulkan:0" : "opencl:0", size, 1e-3 * (double)size);
            if (size == 5 || size == 6)
                add_timed(record, "vulkan:0", size, 3e-3 * (double)size);
        }
    compare(5);
    ck_assert_uint_eq(comparison.row_count, 2 * sizes + 2);
    ck_assert_uint_eq(comparison.counts[VERDICT_GONE], 1);
    ck_assert_uint_eq(comparison.rows[2 * sizes + 1].base->task.shape.n, 13);
    for (size_t i = 0; i < 2 * sizes + 1; i++) {
        const struct comparison_row *row = &comparison.rows[i];
        ck_assert_ptr_eq(row->now, &results[NEW][i]);
        ck_assert_ptr_nonnull(row->base);
        ck_assert_str_eq(row->base->device, row->now->device);
        ck_assert_uint_eq(row->base->task.shape.n, row->now->task.shape.n);
        ck_assert(row->base->kernel.summary.median == row->now->kernel.summary.median);
    }
}
END_TEST

/* A variant of a sum is another row, and is told from the plain one in every output. */
START_TEST(variants_are_apart)
{
    struct hcb_result *rows[] = {add_timed(BASE, "vulkan:0", 256, 1e-3), NULL, NULL};
    rows[1] = add_timed(NEW, "vulkan:0", 256, 2e-3);
    rows[2] = add_timed(NEW, "vulkan:0", 256, 1e-3);
    for (size_t i = 0; i < 3; i++) {
        rows[i]->task.op = HCB_OP_SUM;
        rows[i]->task.shape.m = rows[i]->task.shape.k = 1;
    }
    rows[1]->task.sum = HCB_SUM_NEUMAIER;
    compare(5);
    ck_assert_uint_eq(comparison.counts[VERDICT_NEW], 1);
    ck_assert_uint_eq(comparison.counts[VERDICT_SAME], 1);
    capture_begin();
    const bool written = compare_write_csv(&comparison, "-") && compare_write_json(&comparison, "-");
    struct captured said = capture_end();
    ck_assert(written);
    ck_assert_ptr_nonnull(strstr(said.out, ",reason,sum,scale\n"));
    ck_assert_ptr_nonnull(strstr(said.out, ",neumaier,\n"));
    ck_assert_ptr_nonnull(strstr(said.out, "\"sum\": \"neumaier\""));
    ck_assert_ptr_null(strstr(said.out, "plain"));
    captured_free(&said);
}
END_TEST

/* ------------------------------------------------------------------- differences */

static struct variable variable[1] = {{(char[]){"POCL_X"}, (char[]){"1"}}};

static void change_version(struct record *r) { snprintf(r->version, sizeof r->version, "0.2.0"); }
static void change_host(struct record *r) { snprintf(r->environment.host, sizeof r->environment.host, "b"); }
static void change_os(struct record *r) { snprintf(r->environment.os, sizeof r->environment.os, "b"); }
static void change_kernel(struct record *r)
{
    snprintf(r->environment.kernel, sizeof r->environment.kernel, "6.1");
}
static void change_cpu(struct record *r)
{
    snprintf(r->environment.cpu_model, sizeof r->environment.cpu_model, "b");
}
static void change_threads(struct record *r) { r->environment.cpu_threads = 3; }
static void change_compiler(struct record *r)
{
    snprintf(r->environment.compiler, sizeof r->environment.compiler, "b");
}
static void change_blas(struct record *r)
{
    snprintf(r->devices[0].info.driver_version, sizeof r->devices[0].info.driver_version, "2");
}
static void change_core(struct record *r)
{
    snprintf(r->devices[0].info.target, sizeof r->devices[0].info.target, "Zen");
}
static void change_blas_threads(struct record *r) { r->devices[0].info.compute_units = 1; }
static void change_driver(struct record *r)
{
    snprintf(r->devices[2].info.driver_version, sizeof r->devices[2].info.driver_version, "2");
}
static void change_seed(struct record *r) { r->seed = 2; }
static void change_fill(struct record *r) { r->fill = HCB_FILL_ZEROS; }
static void change_sampling(struct record *r)
{
    r->sampling = (struct sampling_limits){1, 5, 20, 0.05, 0.3, 5};
}
static void change_variable(struct record *r)
{
    r->variables = variable;
    r->variable_count = 1;
}

static const struct {
    void (*change)(struct record *record);
    const char *text;
} environments[] = {
    {change_version, "hcbench: 0.1.0 in BASE, 0.2.0 in NEW"}, {change_host, "host: nothing in BASE, b in NEW"},
    {change_os, "operating system: "}, {change_kernel, "kernel of the operating system: nothing in BASE, 6.1"},
    {change_cpu, "processor: Example in BASE, b in NEW"}, {change_threads, "threads that may be used"},
    {change_compiler, "compiler of hcbench"}, {change_blas, "BLAS: OpenBLAS 1.0 in BASE, OpenBLAS 2 in NEW"},
    {change_core, "core type of the BLAS: nothing in BASE, Zen"},
    {change_blas_threads, "threads of the BLAS: 2 in BASE, 1 in NEW"},
    {change_driver, "driver of vulkan:0: example 1.0 in BASE, example 2 in NEW"},
    {change_seed, "seed: 1 in BASE, 2 in NEW"}, {change_fill, "fill: uniform in BASE, zeros in NEW"},
    {change_sampling, "sampling: nothing in BASE, 5 to 20 samples in 0.05 to 0.3 s after 1, +-5 % in NEW"},
    {change_variable, "POCL_X: nothing in BASE, 1 in NEW"},
};

START_TEST(environments_differ)
{
    add_timed(BASE, "vulkan:0", 256, 1e-3);
    add_timed(NEW, "vulkan:0", 256, 1e-3);
    compare(5);
    has_no_note("differs", "");
    environments[_i].change(&records[NEW]);
    compare(5);
    has_note("differs", environments[_i].text);
    ck_assert_int_eq(compare_exit_status(&comparison, true), EXIT_DONE);
    /* The other way round as well. */
    compare_clear(&comparison);
    ck_assert(compare_records(&records[NEW], &records[BASE], 5, &comparison));
    has_note("differs", "");
}
END_TEST

START_TEST(other_parameters)
{
    for (uint64_t size = 1; size <= 3; size++) {
        struct hcb_result *base = add_timed(BASE, "vulkan:0", size, 1e-3),
                          *now = add_timed(NEW, "vulkan:0", size, 1e-3);
        snprintf(base->parameters, sizeof base->parameters, "rows=8");
        snprintf(now->parameters, sizeof now->parameters, size < 3 ? "rows=12" : "rows=8");
    }
    compare(5);
    has_note("differs", "rows=8 in BASE, rows=12 in NEW (2 rows)");
    compare_clear(&comparison);
    results[BASE][0].parameters[0] = results[BASE][1].parameters[0] = '\0'; /* of an older version */
    compare(5);
    has_no_note("differs", "");
}
END_TEST

/* Gains of other parameters, from none to 1.6 times as fast, are no noise of runs. */
START_TEST(a_tuning_is_no_noise)
{
    for (uint64_t size = 1; size <= 24; size++) {
        struct hcb_result *base = add_timed(BASE, "vulkan:0", size, 1e-3),
                          *now = add_timed(NEW, "vulkan:0", size, 1e-3 / (1 + 0.01 * (double)(size * size * size * 7 % 61)));
        snprintf(base->parameters, sizeof base->parameters, "rows=8");
        snprintf(now->parameters, sizeof now->parameters, "rows=12");
        snprintf(base->kernel_sha256, sizeof base->kernel_sha256, "abc");
        snprintf(now->kernel_sha256, sizeof now->kernel_sha256, "abc");
    }
    compare(5);
    ck_assert_uint_ge(comparison.counts[VERDICT_FASTER], 18);
}
END_TEST

START_TEST(kernels_and_errors)
{
    for (uint64_t size = 1; size <= 3; size++) {
        struct hcb_result *base = add_timed(BASE, "vulkan:0", size, 1e-3),
                          *now = add_timed(NEW, "vulkan:0", size, 1e-3);
        snprintf(now->kernel_sha256, sizeof now->kernel_sha256, "abc");
        snprintf(now->kernels, sizeof now->kernels, "matmul_gpu.f32.spv");
        base->error.bound_ratio = 1;
        now->error.bound_ratio = size == 1 ? 1.9 : 1 + (double)size;
    }
    compare(5);
    has_note("differs", "kernels of vulkan:0/tile: matmul_gpu.f32.spv (3 rows)");
    has_note("warning", "2 rows of vulkan:0/tile with more than twice the error: err/bound from 1.0 to 4.0");
    ck_assert_int_eq(compare_exit_status(&comparison, true), EXIT_DONE);
    /* By the other norm, and from an exact result. */
    for (int i = 0; i < 3; i++)
        results[NEW][i].error.bound_ratio = 1;
    results[BASE][0].error.rel_frobenius = 0;
    results[NEW][0].error.rel_frobenius = 1e-9;
    compare(5);
    has_note("warning", "1 row of vulkan:0/tile with more than twice the error: Frobenius norm from 0");
}
END_TEST

/* Everything slower by the same is worth a thought about the machine. */
START_TEST(moving_together)
{
    for (uint64_t size = 1; size <= 6; size++) {
        add_timed(BASE, "vulkan:0", size, 1e-3);
        add_timed(NEW, "vulkan:0", size, 1.08e-3 + 1e-6 * (double)size);
        add_timed(BASE, "opencl:0", size, 1e-3);
        add_timed(NEW, "opencl:0", size, _i == 0 ? 1e-3 + 1e-7 * (double)size : 1.08e-3);
    }
    compare(5);
    if (_i == 0)
        has_note("warning", "6 of 6 rows of vulkan:0 are slower, by 8.3 % in the middle");
    else
        has_note("warning", "12 of 12 rows of all devices are slower, by 8.");
    has_no_note("warning", "opencl:0");
}
END_TEST

/* ----------------------------------------------------------------------- control */

/* What an unchanged BLAS did in the same case, code on the same processor cannot be
 * blamed for; a GPU can. */
START_TEST(the_blas_is_the_control)
{
    static const char *const ids[] = {"opencl:0", "vulkan:0"};
    for (int i = BASE; i <= NEW; i++) {
        struct hcb_result *row = add(i, "cpu:0", HCB_IMPL_OPENBLAS, 256);
        add_samples(&row->kernel, 1e-3 * (i == NEW ? 1.3 : 1), 0.001);
        add_timed(i, ids[_i], 256, i == NEW ? 1.3e-3 : 1e-3);
    }
    verdict_is(&compare(5)->rows[1], _i == 0 ? VERDICT_UNCLEAR : VERDICT_SLOWER);
    verdict_is(&comparison.rows[0], VERDICT_SLOWER);
    /* Slower than the machine became. */
    hcb_clock_clear(&results[NEW][1].kernel);
    add_samples(&results[NEW][1].kernel, 2e-3, 0.001);
    verdict_is(&compare(5)->rows[1], VERDICT_SLOWER);
    /* Another BLAS is no control. */
    change_core(&records[NEW]);
    hcb_clock_clear(&results[NEW][1].kernel);
    add_samples(&results[NEW][1].kernel, 1.3e-3, 0.001);
    verdict_is(&compare(5)->rows[1], VERDICT_SLOWER);
}
END_TEST

/* A BLAS that is now slower, now faster by 30 % leaves little to be told, by the clock
 * that says so. */
START_TEST(an_unsteady_control_widens)
{
    for (uint64_t size = 1; size <= 10; size++)
        for (int i = BASE; i <= NEW; i++) {
            struct hcb_result *row = add(i, "cpu:0", HCB_IMPL_OPENBLAS, size);
            add_samples(_i == 0 ? &row->kernel : &row->end_to_end,
                        1e-3 * (1 + (i == NEW ? 0.06 * ((double)size - 5.5) : 0)), 0.001);
        }
    for (int i = BASE; i <= NEW; i++) {
        add_timed(i, "opencl:0", 99, i == NEW ? 1.15e-3 : 1e-3);
        add_timed(i, "vulkan:0", 99, i == NEW ? 1.15e-3 : 1e-3);
    }
    compare(5);
    const struct comparison_row *rows = comparison.rows;
    ck_assert_int_eq(rows[10].time.verdict, _i == 0 ? VERDICT_UNCLEAR : VERDICT_SLOWER);
    ck_assert_int_eq(rows[10].end_to_end.verdict, _i == 0 ? VERDICT_SLOWER : VERDICT_UNCLEAR);
    verdict_is(&rows[11], VERDICT_SLOWER);
    has_note("warning", _i == 0 ? "same, varied by" : "same, varied end to end by");
    has_no_note("warning", _i == 0 ? "same, varied end to end by" : "same, varied by");
}
END_TEST

START_TEST(scale)
{
    const unsigned groups[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1};
    double numbers[200];
    for (int i = 0; i < 200; i++) /* the logistic distribution, about normal, deviation 0.1 */
        numbers[i] = 0.1 * log((i + 0.5) / (199.5 - i)) * sqrt(3) / 3.14159265;
    ck_assert_double_eq_tol(change_scale(numbers, NULL, 200), 0.105, 0.02);
    numbers[0] = numbers[1] = 1e9;
    ck_assert_double_eq_tol(change_scale(numbers, NULL, 200), 0.105, 0.02);
    for (int i = 0; i < 12; i++)
        numbers[i] = groups[i] * 100.0 + i % 6;
    ck_assert_double_lt(change_scale(numbers, groups, 12), 5);
    ck_assert(isnan(change_scale(numbers, NULL, 5)));
    ck_assert(isnan(change_scale(numbers, NULL, 0)));
    double large[5000];
    for (int i = 0; i < 5000; i++)
        large[i] = numbers[i % 12];
    ck_assert(change_scale(large, NULL, 5000) > 0);
}
END_TEST

/* Two-sided, from any table of Student's t. */
START_TEST(quantiles)
{
    ck_assert_double_eq_tol(change_quantile(0.05, 0), 1.95996, 1e-4);
    ck_assert_double_eq_tol(change_quantile(0.05, 1), 12.7062, 1e-3);
    ck_assert_double_eq_tol(change_quantile(0.05, 2), 4.30265, 1e-4);
    ck_assert_double_eq_tol(change_quantile(0.05, 5), 2.57058, 1e-4);
    ck_assert_double_eq_tol(change_quantile(0.001, 6), 5.95882, 1e-4);
    ck_assert_double_eq_tol(change_quantile(0.01, 30), 2.75000, 1e-4);
    ck_assert_double_eq_tol(change_quantile(0.05, 100000), 1.95998, 0.01);
}
END_TEST

/* ------------------------------------------------------------------------- files */

/* One row of each verdict that is not about a time, and one that is. */
static void make_mixture(void)
{
    const struct {
        unsigned base, now;
    } pairs[] = {{HCB_OK, HCB_WRONG}, {HCB_WRONG, HCB_OK}, {HCB_OK, HCB_SKIPPED}, {HCB_UNSUPPORTED, HCB_OK},
                 {HCB_OK, HCB_OK}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        add_timed(BASE, "vulkan:0", i + 1, 1e-3)->status = (enum hcb_status)pairs[i].base;
        add_timed(NEW, "vulkan:0", i + 1, 2e-3)->status = (enum hcb_status)pairs[i].now;
    }
    snprintf(results[NEW][0].reason, sizeof results[NEW][0].reason, "element \"0\", no \033 more");
    compare(5);
}

static const char *text_at(const json_t *object, const char *a, const char *b)
{
    object = json_object_get(object, a);
    return json_string_value(b != NULL ? json_object_get(object, b) : object);
}

START_TEST(json)
{
    static const char *const verdicts[] = {"broken", "fixed", "gone", "new", "slower"};
    make_mixture();
    capture_begin();
    const bool written = compare_write_json(&comparison, "-");
    struct captured said = capture_end();
    ck_assert(written);
    json_t *document = json_loads(said.out, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(document);
    ck_assert_str_eq(text_at(document, "format", NULL), "hcbench-comparison");
    ck_assert_int_eq(json_integer_value(json_object_get(document, "format_version")), 1);
    ck_assert(json_real_value(json_object_get(document, "threshold_percent")) == 5);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(document, "counts"), "slower")), 1);
    const json_t *rows = json_object_get(document, "rows");
    ck_assert_uint_eq(json_array_size(rows), 5);
    for (size_t i = 0; i < 5; i++) {
        const json_t *row = json_array_get(rows, i);
        ck_assert_str_eq(text_at(row, "verdict", NULL), verdicts[i]);
        ck_assert_str_eq(text_at(row, "new", "device"), "vulkan:0");
        ck_assert_int_eq(json_object_get(row, "time") != NULL, i == 4);
    }
    const json_t *time = json_object_get(json_array_get(rows, 4), "time");
    ck_assert_double_eq_tol(json_real_value(json_object_get(time, "ratio")), 0.5, 1e-3);
    ck_assert(json_real_value(json_array_get(json_object_get(time, "ci95"), 1)) ==
              comparison.rows[4].time.speed.ci95_high);
    ck_assert_str_eq(text_at(json_array_get(rows, 4), "end_to_end", "verdict"), "slower");
    json_decref(document);
    captured_free(&said);
}
END_TEST

static size_t count_of(const char *text, char wanted)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == wanted;
    return count;
}

START_TEST(csv)
{
    make_mixture();
    snprintf(comparison.rows[0].reason, sizeof comparison.rows[0].reason, "no reason");
    capture_begin();
    const bool written = compare_write_csv(&comparison, "-");
    struct captured said = capture_end();
    ck_assert(written);
    ck_assert_uint_eq(count_of(said.out, '\n'), 6);
    char *line = strtok(said.out, "\n");
    const size_t commas = count_of(line, ',');
    ck_assert_ptr_nonnull(strstr(line, ",time.ratio,"));
    for (size_t i = 0; (line = strtok(NULL, "\n")) != NULL; i++) {
        ck_assert_uint_eq(count_of(line, ','), commas);
        const char *verdict = verdict_name(comparison.rows[i].verdict);
        ck_assert(strncmp(line, verdict, strlen(verdict)) == 0);
    }
    captured_free(&said);
}
END_TEST

START_TEST(table)
{
    char *files[] = {(char[]){"a.json"}, (char[]){"b.json"}};
    struct options options = {.color = COLOR_NEVER, .files = files, .file_count = 2};
    make_mixture();
    add_timed(BASE, "vulkan:0", 4096, 1e-3);
    add_timed(NEW, "vulkan:0", 4096, 1.0001e-3);
    for (int all = 0; all < 2; all++) {
        options.all = all;
        compare(5);
        capture_begin();
        const bool written = compare_print(&comparison, &options);
        struct captured said = capture_end();
        ck_assert(written);
        ck_assert_ptr_nonnull(strstr(said.out, "matmul f32\n"));
        ck_assert_ptr_nonnull(strstr(said.out, "broken"));
        ck_assert_ptr_null(strchr(said.out, 033));
        ck_assert_int_eq(strstr(said.out, "4096x4096x4096") != NULL, all);
        ck_assert_ptr_nonnull(strstr(said.out, "\n6 rows: 1 same, 1 slower, 1 new, 1 gone, 1 broken, 1 fixed\n"));
        captured_free(&said);
    }
}
END_TEST

/* -------------------------------------------------------------------- simulation */

/* Standard deviations of the logarithm of a time: of what all rows of a device share
 * in a run, of a row's own in a run, of the same for drivers, of rounds, of windows. */
struct noise {
    const char *machine;
    double device, row, driver_row, round, window;
};

static const struct noise noises[] = {{"quiet", 0.003, 0.007, 0.007, 0.007, 0.01},
                                      {"busy", 0.02, 0.05, 0.05, 0.03, 0.05},
                                      {"uneven", 0.02, 0.05, 0.3, 0.03, 0.05}};

struct dice {
    uint32_t seed, count;
};

/* A standard normal number (Box and Muller), and a uniform one. */
static double normal(struct dice *dice, double *uniform)
{
    const uint32_t key[2] = {dice->seed, 0}, counter[4] = {dice->count++, 0, 0, 0};
    uint32_t words[4];
    hcb_philox4x32(counter, key, words);
    *uniform = ((double)words[2] + 0.5) * 0x1p-32;
    return sqrt(-2 * log(((double)words[0] + 0.5) * 0x1p-32)) *
           cos(6.283185307179586 * ((double)words[1] + 0.5) * 0x1p-32);
}

/* Six rounds of three windows, one window in fifty disturbed. */
static void simulate_clock(struct hcb_clock_result *clock, double median, double row_noise,
                           const struct noise *noise, struct dice *dice)
{
    double uniform;
    median *= exp(row_noise * normal(dice, &uniform));
    for (uint32_t round = 0; round < 6; round++) {
        const double of_round = median * exp(noise->round * normal(dice, &uniform));
        double samples[3];
        for (int i = 0; i < 3; i++) {
            samples[i] = of_round * exp(noise->window * normal(dice, &uniform));
            samples[i] *= uniform < 0.02 ? 1 + 50 * uniform : 1;
        }
        ck_assert(hcb_clock_add(clock, round, samples, 3));
    }
}

/* What each of three devices runs, row by row: the ops of a run without --op in turns,
 * cubes and vectors that get longer. */
enum { DEVICE_ROWS = 34 };

static void name_case(struct hcb_case *task, unsigned row)
{
    static const enum hcb_op ops[] = {HCB_OP_SUM, HCB_OP_DOT, HCB_OP_MATMUL};
    const uint64_t step = row / 3 + 1;
    task->op = ops[row % 3];
    task->shape = task->op == HCB_OP_MATMUL ? (struct hcb_shape){64 * step, 64 * step, 64 * step}
                                            : (struct hcb_shape){1, 65536 * step, 1};
}

/* Every fifth, say, of a device's rows has slower code. */
static bool is_slower(size_t row, unsigned every)
{
    return (row + 1) % every == 0;
}

/* On all devices but the processor, rows that are slower are so by `factor`. */
static void simulate_run(int record, const struct noise *noise, struct dice *dice, double factor,
                         unsigned every)
{
    static const char *const ids[] = {"cpu:0", "opencl:0", "vulkan:0"};
    double uniform;
    for (int device = 0; device < 3; device++) {
        const double shared = exp(noise->device * normal(dice, &uniform));
        const double own = device == 0 ? noise->row : noise->driver_row;
        for (unsigned i = 0; i < DEVICE_ROWS; i++) {
            struct hcb_result *row = add(record, ids[device], device == 0 ? HCB_IMPL_OPENBLAS : HCB_IMPL_TILE, 1);
            const bool slow = device > 0 && is_slower(i, every);
            name_case(&row->task, i);
            simulate_clock(&row->kernel, 1e-3 * shared * (slow ? factor : 1), own, noise, dice);
            simulate_clock(&row->end_to_end, 2e-3 * shared, own, noise, dice);
        }
    }
}

static void simulate(uint32_t seed, const struct noise *noise, double factor, unsigned every)
{
    struct dice dice = {.seed = seed};
    tear_down();
    set_up();
    simulate_run(BASE, noise, &dice, 1, every);
    simulate_run(NEW, noise, &dice, factor, every);
    compare(5);
}

/* COMPARE_SEEDS in the environment: how many pairs of runs, for a long experiment. */
static unsigned seeds(void)
{
    const char *text = getenv("COMPARE_SEEDS");
    return text != NULL ? (unsigned)atoi(text) : 20;
}

static size_t holds_one(const struct change *change)
{
    return change->speed.ci95_low <= 1 && 1 <= change->speed.ci95_high;
}

/* Two clocks of 102 rows each: not one `slower` in 19 of 20 comparisons at least, and
 * intervals that are what they are called. */
START_TEST(identical_code_is_not_slower)
{
    size_t alarms = 0, with_alarm = 0, same = 0, hold = 0;
    for (uint32_t seed = 1; seed <= seeds(); seed++) {
        simulate(seed, &noises[_i], 1, 1);
        const size_t slower = comparison.counts[VERDICT_SLOWER] + comparison.end_to_end_counts[VERDICT_SLOWER];
        alarms += slower;
        with_alarm += slower > 0;
        same += comparison.counts[VERDICT_SAME];
        for (size_t i = 0; i < comparison.row_count; i++)
            hold += holds_one(&comparison.rows[i].time) + holds_one(&comparison.rows[i].end_to_end);
    }
    printf("%s machine: %zu alarms in %zu of %u comparisons of 102 rows by two clocks, %.0f %% same, "
           "%.1f %% of the intervals contain 1\n",
           noises[_i].machine, alarms, with_alarm, seeds(), 100.0 * (double)same / 102 / seeds(),
           100.0 * (double)hold / 204 / seeds());
    ck_assert_uint_le(with_alarm, seeds() / 20);
    ck_assert_uint_ge(hold, 204 * seeds() * 95 / 100);
    if (_i == 0)
        ck_assert_uint_gt(same, 102 * seeds() / 2);
}
END_TEST

/* 10 % in a fifth of the rows, or in all of them; on a busy machine, 50 %. */
START_TEST(slower_code_is_found)
{
    const double factor = _i < 2 ? 1.1 : 1.5;
    const unsigned every = _i == 0 ? 5 : 1;
    size_t found = 0, planted = 0, alarms = 0;
    for (uint32_t seed = 1; seed <= seeds() / 4; seed++) {
        simulate(seed, &noises[_i < 2 ? 0 : 1], factor, every);
        for (size_t i = 0; i < comparison.row_count; i++) {
            const bool slow = i >= DEVICE_ROWS && is_slower(i % DEVICE_ROWS, every);
            planted += slow;
            found += slow && comparison.rows[i].verdict == VERDICT_SLOWER;
            alarms += !slow && comparison.rows[i].verdict == VERDICT_SLOWER;
        }
        ck_assert_int_eq(compare_exit_status(&comparison, false), EXIT_BAD_ROW);
    }
    printf("%.0f %% in %s: %zu of %zu found\n", 100 * (factor - 1), every == 1 ? "all rows" : "a fifth", found,
           planted);
    ck_assert_uint_gt(found, planted / 2);
    ck_assert_uint_eq(alarms, 0);
}
END_TEST

/* Products so small that a launch is much of their time. */
static double small_product_s(const struct hcb_case *task, double launch_s)
{
    return launch_s + hcb_case_flops(task) / (task->precision == HCB_PRECISION_F64 ? 0.5e9 : 1e9);
}

static void simulate_small_products(uint32_t seed, const struct noise *noise, double launch_s)
{
    static const enum hcb_precision precisions[] = {HCB_PRECISION_F32, HCB_PRECISION_F64};
    struct dice dice = {.seed = seed};
    tear_down();
    set_up();
    for (int i = BASE; i <= NEW; i++)
        for (int j = 0; j < 2; j++)
            for (uint64_t size = 8; size <= 20; size++) {
                struct hcb_result *row = add(i, "vulkan:0", HCB_IMPL_TILE, size);
                row->task.precision = precisions[j];
                simulate_clock(&row->kernel, small_product_s(&row->task, i == NEW ? launch_s : 1e-6),
                               noise->row, noise, &dice);
            }
    compare(5);
}

/* Each row is slower by another factor: no noise, but a trend with the size. */
START_TEST(dearer_launches_are_found)
{
    const double launch_s = _i == 0 ? 2e-6 : 3e-6;
    size_t found = 0, planted = 0;
    for (uint32_t seed = 1; seed <= seeds() / 4; seed++) {
        simulate_small_products(seed, &noises[0], launch_s);
        for (size_t i = 0; i < comparison.row_count; i++) {
            const struct hcb_case *task = &comparison.rows[i].now->task;
            const bool slow = small_product_s(task, launch_s) > 1.15 * small_product_s(task, 1e-6);
            planted += slow;
            found += slow && comparison.rows[i].verdict == VERDICT_SLOWER;
        }
        ck_assert_int_eq(compare_exit_status(&comparison, false), EXIT_BAD_ROW);
    }
    printf("launches of %.0f us instead of 1: %zu of %zu rows found that take 15 %% longer\n", 1e6 * launch_s,
           found, planted);
    ck_assert_uint_gt(found, planted / 2);
}
END_TEST

/* --------------------------------------------------------------------------- suite */

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

int main(void)
{
    TCase *tests = suite_case("compare");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, speed_and_verdict, 0, COUNT(speeds));
    tcase_add_test(tests, interval_has_the_least_variation);
    tcase_add_test(tests, noise_is_unclear);
    tcase_add_test(tests, drift_within_a_run_widens);
    tcase_add_test(tests, many_rows_need_more);
    tcase_add_test(tests, estimated_variation_needs_more);
    tcase_add_loop_test(tests, status_and_verdict, 0, COUNT(statuses));
    tcase_add_test(tests, reasons);
    tcase_add_test(tests, nothing_in_common);
    tcase_add_test(tests, identical_samples);
    tcase_add_test(tests, rows_of_verify_have_no_time);
    tcase_add_test(tests, clocks_must_be_the_same);
    tcase_add_test(tests, few_samples_are_unclear);
    tcase_add_test(tests, few_rounds_are_unclear);
    tcase_add_test(tests, end_to_end_alone_counts);
    tcase_add_loop_test(tests, devices_are_matched_by_hardware, 0, 2);
    tcase_add_test(tests, devices_are_matched_by_name);
    tcase_add_test(tests, other_devices_are_gone);
    tcase_add_test(tests, a_renamed_device_is_the_same);
    tcase_add_test(tests, another_processor_is_another_device);
    tcase_add_test(tests, a_driver_on_another_processor_is_another_device);
    tcase_add_loop_test(tests, cards_and_hosts, 0, COUNT(cards));
    tcase_add_test(tests, rows_need_the_same_case);
    tcase_add_test(tests, rows_are_found_in_any_order);
    tcase_add_test(tests, variants_are_apart);
    tcase_add_loop_test(tests, environments_differ, 0, COUNT(environments));
    tcase_add_test(tests, other_parameters);
    tcase_add_test(tests, a_tuning_is_no_noise);
    tcase_add_test(tests, kernels_and_errors);
    tcase_add_loop_test(tests, moving_together, 0, 2);
    tcase_add_loop_test(tests, the_blas_is_the_control, 0, 2);
    tcase_add_loop_test(tests, an_unsteady_control_widens, 0, 2);
    tcase_add_test(tests, scale);
    tcase_add_test(tests, quantiles);
    tcase_add_test(tests, json);
    tcase_add_test(tests, csv);
    tcase_add_test(tests, table);
    tcase_add_loop_test(tests, identical_code_is_not_slower, 0, COUNT(noises));
    tcase_add_loop_test(tests, slower_code_is_found, 0, 3);
    tcase_add_loop_test(tests, dearer_launches_are_found, 0, 2);
    return suite_run("compare", tests);
}
