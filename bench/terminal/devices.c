/* SPDX-License-Identifier: Apache-2.0 */
/* Devices for people: a line each above the tables, a block each for `list`. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "numbers.h"
#include "terminal/devices.h"
#include "terminal/grid.h"

/* Longest texts in the line of a device; `list` shows them whole. */
enum { NAME_SHOWN = 33, DRIVER_SHOWN = 25, WHOLE = 320 };

const struct hcb_device_info *record_blas(const struct record *record)
{
    for (size_t i = 0; i < record->device_count; i++) {
        const struct hcb_device_info *info = &record->devices[i].info;
        if (strcmp(info->platform, "cpu") == 0 && info->driver[0] != '\0')
            return info;
    }
    return NULL;
}

bool record_has_cores(const struct hcb_device_info *info)
{
    return info->target[0] != '\0' &&
           (strstr(info->driver, "OpenBLAS") != NULL || strstr(info->driver, "OPENBLAS") != NULL);
}

/* "PoCL 3.1" */
static const char *driver_text(const struct hcb_device_info *info, char *text, size_t size)
{
    char both[sizeof info->driver + sizeof info->driver_version + 1];
    snprintf(both, sizeof both, "%s %s", info->driver, info->driver_version);
    return page_clip(both, text, size);
}

/* "software driver on this CPU, same hardware as cpu:0, opencl:0" */
static const char *remarks(const struct device_record *device, char *text, size_t size)
{
    const bool is_duplicate = device->duplicate_of[0] != '\0';
    snprintf(text, size, "%s%s%s%s", device->info.software ? "software driver on this CPU" : "",
             device->info.software && is_duplicate ? ", " : "",
             is_duplicate ? "same driver listed twice: also " : "", device->duplicate_of);
    for (size_t i = 0, named = 0; i < RECORD_SAME_MAX && device->same_as[i][0] != '\0'; i++) {
        const size_t used = strlen(text);
        if (strcmp(device->same_as[i], device->duplicate_of) == 0)
            continue;
        snprintf(text + used, size - used, "%s%s%s", used > 0 ? ", " : "",
                 named++ == 0 ? "same hardware as " : "", device->same_as[i]);
    }
    return text;
}

static void print_lines(const struct record *record, struct page *page)
{
    static const struct grid_column columns[] = {{"device", false, 0},
                                                 {"name", false, 0},
                                                 {"driver", false, 0},
                                                 {"memory", true, 1},
                                                 {"", false, 0}};
    struct grid *grid = grid_new(columns, sizeof columns / sizeof *columns);
    char name[NAME_SHOWN], driver[DRIVER_SHOWN], memory[NUMBER_SIZE], said[WHOLE];
    for (size_t i = 0; i < record->device_count; i++) {
        const struct hcb_device_info *info = &record->devices[i].info;
        grid_line(grid);
        grid_cell(grid, 0, PAINT_NONE, "%s", info->id);
        grid_cell(grid, 1, PAINT_NONE, "%s", page_clip(info->name, name, sizeof name));
        grid_cell(grid, 2, PAINT_NONE, "%s", driver_text(info, driver, sizeof driver));
        if (info->memory_bytes > 0)
            grid_cell(grid, 3, PAINT_NONE, "%s", number_bytes((double)info->memory_bytes, memory));
        grid_cell(grid, 4, PAINT_NONE, "%s", remarks(&record->devices[i], said, sizeof said));
    }
    grid_print(grid, page);
}

/* Who chose the core type: ", its own choice", or "; by itself it chose Prescott, at
 * 0.190 of the speed"; behind both "; not proven to be as fast as the others". */
static void print_choice(const struct record *record, const char *used, FILE *out)
{
    const char *detected = record->blas_core_detected;
    const char *by_user = record->blas_core_choice == CORE_OPTION     ? "--cpu-core"
                          : record->blas_core_choice == CORE_VARIABLE ? "OPENBLAS_CORETYPE"
                                                                      : NULL;
    char ratio[NUMBER_SIZE];
    if (by_user != NULL && strcasecmp(record->blas_core_asked, used) == 0)
        fprintf(out, ", set by %s", by_user);
    else if (by_user != NULL)
        fprintf(out, ": it does not have the %s that %s names", record->blas_core_asked, by_user);
    else if (record->blas_core_choice == CORE_UNTRIED)
        fputs(", its own choice, not compared with others", out);
    else if (strcmp(detected, used) == 0)
        fputs(record->blas_cores_tried > 1 ? ", its own choice"
                                           : ", the only one that it has for this processor", out);
    if (detected[0] != '\0' && strcmp(detected, used) != 0) {
        fprintf(out, "; by itself it chose %s", detected);
        if (isfinite(record->blas_fair_ratio))
            fprintf(out, ", at %s of the speed", number_rounded(record->blas_fair_ratio, 3, ratio));
    }
    if (record->blas_core_undecided)
        fputs("; not proven to be as fast as the others", out);
}

/* What the CPU figures rest on. */
static void print_baseline(const struct record *record, struct page *page)
{
    const struct hcb_device_info *info = record_blas(record);
    char *text = NULL, driver[WHOLE];
    size_t size;
    if (info == NULL)
        return;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        page->failed = true;
        return;
    }
    fprintf(out, "CPU baseline: %s", driver_text(info, driver, sizeof driver));
    const uint32_t threads = strcmp(info->driver, "none") == 0 ? info->compute_units
                                                               : info->blas_threads;
    if (threads > 0)
        fprintf(out, ", %" PRIu32 " thread%s", threads, threads == 1 ? "" : "s");
    else
        fputs(", threads not known", out);
    if (info->target[0] != '\0')
        fprintf(out, ", %s %s", record_has_cores(info) ? "core type" : "kernels for", info->target);
    if (record_has_cores(info))
        print_choice(record, info->target, out);
    if (fclose(out) == 0)
        page_wrap(page, 4, text);
    else
        page->failed = true;
    free(text);
}

/* "not readable for cpu:0, opencl:0: energy: ...", each text once. */
static void print_sensors(const struct record *record, struct page *page)
{
    char text[sizeof record->devices->sensors.unreadable + 200], clean[sizeof text];
    for (size_t i = 0; i < record->device_count; i++) {
        const char *why = record->devices[i].sensors.unreadable;
        bool said = why[0] == '\0';
        for (size_t j = 0; j < i && !said; j++)
            said = strcmp(record->devices[j].sensors.unreadable, why) == 0;
        if (said)
            continue;
        size_t used = (size_t)snprintf(text, sizeof text, "not readable for %s", record->devices[i].info.id);
        for (size_t j = i + 1; j < record->device_count && used < 150; j++)
            if (strcmp(record->devices[j].sensors.unreadable, why) == 0)
                used += (size_t)snprintf(text + used, sizeof text - used, ", %s",
                                         record->devices[j].info.id);
        snprintf(text + used, sizeof text - used, ": %s", why);
        page_wrap(page, 4, page_clip(text, clean, sizeof clean));
    }
}

void absences_print(const struct record *record, struct page *page)
{
    char text[WHOLE + 64], reason[WHOLE];
    for (size_t i = 0; i < record->absence_count; i++) {
        snprintf(text, sizeof text, "no %s device: %s", record->absences[i].platform,
                 page_clip(record->absences[i].reason, reason, sizeof reason));
        page_wrap(page, 4, text);
    }
}

/* Devices that only a --device list runs. */
static void print_left_out(const struct record *record, struct page *page)
{
    char text[WHOLE];
    for (size_t i = 0; i < record->device_count; i++) {
        const struct device_record *device = &record->devices[i];
        if (!record_leaves_out(record, device))
            continue;
        snprintf(text, sizeof text, "%s is left out: the same driver and hardware as %s; -d %s runs it",
                 device->info.id, device->duplicate_of, device->info.id);
        page_wrap(page, 4, text);
    }
}

void devices_print(const struct record *record, struct page *page)
{
    print_lines(record, page);
    print_left_out(record, page);
    print_baseline(record, page);
    print_sensors(record, page);
    absences_print(record, page);
}

/* --------------------------------------------------------------- for the list */

/* The reasons of one device, numbered in the order of appearance. */
struct reasons {
    const char *list[HCB_OP_COUNT * HCB_IMPL_COUNT * HCB_PRECISION_COUNT];
    size_t count;
};

static size_t number_of(struct reasons *reasons, const char *reason)
{
    for (size_t i = 0; i < reasons->count; i++)
        if (strcmp(reasons->list[i], reason) == 0)
            return i + 1;
    reasons->list[reasons->count++] = reason;
    return reasons->count;
}

static void print_fact(struct page *page, const char *name, const char *text)
{
    char line[2 * WHOLE], clean[WHOLE];
    if (*page_clip(text, clean, sizeof clean) == '\0')
        return;
    snprintf(line, sizeof line, "  %-9s%s", name, clean);
    page_line(page, PAINT_NONE, line);
}

static void print_facts(const struct device_record *device, struct page *page)
{
    const struct hcb_device_info *info = &device->info;
    char text[WHOLE], name[WHOLE], memory[NUMBER_SIZE], buffer[NUMBER_SIZE];
    snprintf(text, sizeof text, "%s  %s", info->id, page_clip(info->name, name, sizeof name));
    page_line(page, PAINT_TITLE, text);
    print_fact(page, "driver", driver_text(info, text, sizeof text));
    print_fact(page, "api", info->api_version);
    print_fact(page, "target", info->target);
    snprintf(text, sizeof text, "%s, %" PRIu32 " %s", hcb_device_type_name(info->type),
             info->compute_units, info->type == HCB_DEVICE_CPU ? "threads" : "compute units");
    print_fact(page, "type", info->compute_units > 0 ? text : hcb_device_type_name(info->type));
    if (info->memory_bytes > 0) {
        snprintf(text, sizeof text, "%s%s%s", number_bytes((double)info->memory_bytes, memory),
                 info->max_buffer_bytes > 0 ? ", one buffer at most " : "",
                 info->max_buffer_bytes > 0 ? number_bytes((double)info->max_buffer_bytes, buffer)
                                            : "");
        print_fact(page, "memory", text);
    }
    print_fact(page, "pci", info->pci);
    print_fact(page, "remarks", remarks(device, text, sizeof text));
}

/* yes, or no with the number of the reason. */
static void add_support(struct grid *grid, size_t column, const char *reason,
                        struct reasons *reasons)
{
    if (reason == NULL)
        grid_cell(grid, column, PAINT_GOOD, "yes");
    else
        grid_cell(grid, column, PAINT_FAINT, "no (%zu)", number_of(reasons, reason));
}

static void print_supports(const struct device_record *device, struct page *page)
{
    struct grid_column columns[2 + HCB_PRECISION_COUNT] = {{"", false, 0}, {"impl", false, 0}};
    const int platform = hcb_word(hcb_platform_name, device->info.platform);
    struct reasons reasons = {.count = 0};
    char text[WHOLE + 16], clean[WHOLE];
    for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
        columns[2 + precision].title = hcb_precision_name(precision);
    struct grid *grid = grid_new(columns, sizeof columns / sizeof *columns);
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        for (unsigned impl = 0; impl < HCB_IMPL_COUNT; impl++) {
            const unsigned offers =
                platform >= 0 ? hcb_platform_offers((unsigned)platform, op, impl, HCB_SUM_PLAIN) : 0;
            if (offers == 0)
                continue;
            grid_line(grid);
            grid_cell(grid, 0, PAINT_NONE, "  %s", hcb_op_name(op));
            grid_cell(grid, 1, PAINT_NONE, "%s", hcb_impl_name(impl));
            for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
                if ((offers >> precision & 1) == 0)
                    grid_cell(grid, 2 + precision, PAINT_FAINT, "-");
                else
                    add_support(grid, 2 + precision, device->unsupported[op][impl][precision],
                                &reasons);
        }
    grid_print(grid, page);
    for (size_t i = 0; i < reasons.count; i++) {
        snprintf(text, sizeof text, "  (%zu) %s", i + 1,
                 page_clip(reasons.list[i], clean, sizeof clean));
        page_line(page, PAINT_NONE, text);
    }
}

void record_print_devices_on(const struct record *record, struct page *page)
{
    for (size_t i = 0; i < record->device_count; i++) {
        if (i > 0)
            fputc('\n', page->out);
        print_facts(&record->devices[i], page);
        if (record->devices[i].unsupported != NULL)
            print_supports(&record->devices[i], page);
    }
    if (record->absence_count > 0 && record->device_count > 0)
        fputc('\n', page->out);
    absences_print(record, page);
}

bool record_print_devices(const struct record *record)
{
    struct page page = page_on_stdout(record->options);
    record_print_devices_on(record, &page);
    return page_end(&page);
}

bool device_is_baseline(const struct hcb_device_info *info)
{
    const int platform = hcb_word(hcb_platform_name, info->platform);
    if (platform >= 0 && hcb_platform_is_test((unsigned)platform))
        return strcmp(info->target, "baseline") == 0;
    return strcmp(info->platform, "cpu") == 0;
}
