/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader needs in order to trust figures or to take them again: failures,
 * warnings, devices, the machine, the command. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/schema.h"
#include "measure/protocol.h"
#include "numbers.h"
#include "report/report.h"
#include "terminal/notes.h"

/* The file's label, where there are several. */
static void write_label(struct sheet *sheet, const struct run *run)
{
    if (sheet->runs->count > 1)
        html_element(&sheet->html, "h3", NULL, run->label);
}

/* ------------------------------------------------------------------------ failures */

static bool has_failed(const struct hcb_result *row)
{
    return row->status != HCB_OK && row->status != HCB_UNSUPPORTED && row->status != HCB_SKIPPED;
}

static void write_failure(struct sheet *sheet, const struct run *run, const struct hcb_result *row)
{
    char text[112];
    if (!has_failed(row))
        return;
    html_begin(&sheet->html, "li", NULL);
    html_element(&sheet->html, "b", NULL, hcb_status_name(row->status));
    html_format(&sheet->html, " %s%s%s/%s %s: ", sheet->runs->count > 1 ? run->label : "",
                sheet->runs->count > 1 ? ", " : "", row->device, hcb_impl_name(row->task.impl),
                hcb_case_text(&row->task, text, sizeof text));
    html_text(&sheet->html, row->reason[0] != '\0' ? row->reason : "no reason was given");
    html_end(&sheet->html);
}

/* Calls `use` for the rows of a file, with those of its roofs. */
static void each_row(struct sheet *sheet, const struct run *run,
                     void (*use)(struct sheet *sheet, const struct run *run, const struct hcb_result *row))
{
    for (size_t i = 0; i < run->record.result_count; i++)
        use(sheet, run, &run->record.results[i]);
    for (size_t i = 0; i < run->record.roofline_count; i++)
        use(sheet, run, &run->record.roofline[i]);
}

static bool any_failed(const struct hcb_result *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has_failed(&rows[i]))
            return true;
    return false;
}

bool report_has_failures(const struct runs *runs)
{
    bool any = false;
    for (size_t i = 0; i < runs->count; i++) {
        const struct record *record = &runs->list[i].record;
        any |= any_failed(record->results, record->result_count) ||
               any_failed(record->roofline, record->roofline_count);
    }
    return any;
}

void report_failures(struct sheet *sheet)
{
    if (!report_has_failures(sheet->runs))
        return;
    html_begin(&sheet->html, "section", "id", "failures", "class", "failures", NULL);
    html_element(&sheet->html, "h2", NULL, "Rows that failed");
    html_element(&sheet->html, "p", NULL, "They are in no plot and in no speedup.");
    html_begin(&sheet->html, "ul", NULL);
    for (size_t i = 0; i < sheet->runs->count; i++)
        each_row(sheet, &sheet->runs->list[i], write_failure);
    html_end(&sheet->html);
    html_end(&sheet->html);
}

/* ----------------------------------------------------------------------- rooflines */

static bool has_roof(const struct roof *roof)
{
    bool any = isfinite(roof->bandwidth_gbps);
    for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++)
        any |= isfinite(roof->peak_gflops[p]);
    return any;
}

/* A column for each precision of which any device has a peak. */
static void find_peaks(const struct runs *runs, bool *used)
{
    for (size_t i = 0; i < runs->count; i++)
        for (size_t j = 0; j < runs->list[i].record.device_count; j++)
            for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++)
                used[p] |= runs->list[i].record.devices[j].peak_gflops[p] > 0;
}

static void begin_roofs(struct sheet *sheet, const bool *used)
{
    struct head_cell cells[2 + HCB_PRECISION_COUNT] = {{"device", false}, {"memory, GB/s", true}};
    char texts[HCB_PRECISION_COUNT][32];
    size_t count = 2;
    for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++)
        if (used[p]) {
            snprintf(texts[p], sizeof texts[p], "%s, GFLOP/s", hcb_precision_name(p));
            cells[count++] = (struct head_cell){texts[p], true};
        }
    sheet_begin_table(sheet, "Roofs", cells, count);
}

static void write_roof(struct sheet *sheet, const struct run *run, const char *device,
                       const struct roof *roof, const bool *used)
{
    html_begin(&sheet->html, "tr", NULL);
    html_begin(&sheet->html, "th", NULL);
    if (sheet->runs->count > 1) {
        html_text(&sheet->html, run->label);
        html_text(&sheet->html, " ");
    }
    html_text(&sheet->html, device);
    html_text(&sheet->html, record_software_mark(&run->record, device));
    html_end(&sheet->html);
    sheet_number(sheet, roof->bandwidth_gbps, 4, NULL);
    for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++)
        if (used[p])
            sheet_number(sheet, roof->peak_gflops[p], 4, NULL);
    html_end(&sheet->html);
}

static void write_roof_plots(struct sheet *sheet)
{
    html_begin(&sheet->html, "div", "class", "plots", NULL);
    for (size_t i = 0; i < sheet->plots->count; i++)
        if (sheet->plots->list[i].kind == PLOT_ROOFLINE)
            sheet_plot(sheet, &sheet->plots->list[i]);
    html_end(&sheet->html);
}

void report_roofs(struct sheet *sheet)
{
    bool any = false, used[HCB_PRECISION_COUNT] = {false};
    find_peaks(sheet->runs, used);
    html_begin(&sheet->html, "section", "id", "roofline", NULL);
    html_element(&sheet->html, "h2", NULL, "How near to the hardware\u2019s limits?");
    write_roof_plots(sheet);
    for (size_t i = 0; i < sheet->runs->count; i++)
        for (size_t j = 0; j < sheet->runs->list[i].record.device_count; j++) {
            const struct run *run = &sheet->runs->list[i];
            const char *device = run->record.devices[j].info.id;
            const struct roof roof = run_roof(run, device);
            if (!has_roof(&roof))
                continue;
            if (!any)
                begin_roofs(sheet, used);
            any = true;
            write_roof(sheet, run, device, &roof, used);
        }
    if (any)
        sheet_end_table(sheet);
    html_element(&sheet->html, "p", "remark",
                 any ? "Measured peaks of multiply-add and measured memory bandwidth. A row above the slope "
                       "works in a cache, or only reads where the measured bandwidth is that of writing too."
                     : "Not measured: these files have no peaks and no memory bandwidth.");
    html_end(&sheet->html);
}

/* --------------------------------------------------------------------------- notes */

struct notes_list {
    struct sheet *sheet;
    size_t count;
};

static void write_note(void *closure, const struct note *note)
{
    struct notes_list *list = closure;
    struct html *html = &list->sheet->html;
    if (list->count++ == 0)
        html_begin(html, "ul", "class", "notes", NULL);
    html_begin(html, "li", NULL);
    html_element(html, "b", note->label, note->label);
    html_text(html, " ");
    html_text(html, note->text);
    if (note->alike)
        html_text(html, ", or alike");
    html_begin(html, "span", "class", "remark", NULL);
    html_format(html, " %zu row%s: ", note->rows, note->rows == 1 ? "" : "s");
    html_text(html, note->who);
    html_end(html);
    html_end(html);
}

static size_t count_warnings(const struct hcb_result *row)
{
    size_t count = 0;
    while (count < sizeof row->warnings / sizeof *row->warnings && row->warnings[count] != NULL)
        count++;
    return count;
}

static size_t count_all_warnings(const struct record *record)
{
    size_t count = 0;
    for (size_t i = 0; i < record->result_count; i++)
        count += count_warnings(&record->results[i]);
    for (size_t i = 0; i < record->roofline_count; i++)
        count += count_warnings(&record->roofline[i]);
    return count;
}

static void write_warning(struct sheet *sheet, const struct run *run, const struct hcb_result *row)
{
    char text[112];
    const size_t count = count_warnings(row);
    (void)run;
    for (size_t i = 0; i < count; i++) {
        html_begin(&sheet->html, "li", NULL);
        html_format(&sheet->html, "%s/%s %s: ", row->device, hcb_impl_name(row->task.impl),
                    hcb_case_text(&row->task, text, sizeof text));
        html_text(&sheet->html, row->warnings[i]);
        html_end(&sheet->html);
    }
}

/* Each as it is, row by row. */
static void write_warnings(struct sheet *sheet, const struct run *run, size_t count)
{
    html_begin(&sheet->html, "details", NULL);
    html_begin(&sheet->html, "summary", NULL);
    html_format(&sheet->html, "%s %zu warning%s, row by row", count == 1 ? "The" : "All", count,
                count == 1 ? "" : "s");
    html_end(&sheet->html);
    html_begin(&sheet->html, "ul", "class", "notes", NULL);
    each_row(sheet, run, write_warning);
    html_end(&sheet->html);
    html_end(&sheet->html);
}

static void write_absences(struct sheet *sheet, const struct record *record)
{
    for (size_t i = 0; i < record->absence_count; i++) {
        html_begin(&sheet->html, "p", NULL);
        html_element(&sheet->html, "b", NULL, record->absences[i].platform);
        html_text(&sheet->html, " has no device: ");
        html_text(&sheet->html, record->absences[i].reason);
        html_end(&sheet->html);
    }
}

void report_notes(struct sheet *sheet)
{
    html_begin(&sheet->html, "section", "id", "notes", NULL);
    html_element(&sheet->html, "h2", NULL, "Warnings and notes");
    for (size_t i = 0; i < sheet->runs->count; i++) {
        const struct run *run = &sheet->runs->list[i];
        struct notes_list list = {.sheet = sheet};
        const size_t warnings = count_all_warnings(&run->record);
        write_label(sheet, run);
        sheet->failed |= !notes_each(&run->record, true, write_note, &list);
        if (list.count > 0)
            html_end(&sheet->html);
        else
            html_element(&sheet->html, "p", NULL, "None.");
        if (warnings > 0)
            write_warnings(sheet, run, warnings);
        write_absences(sheet, &run->record);
    }
    html_end(&sheet->html);
}

/* ------------------------------------------------------------------------- devices */

static void write_same(struct sheet *sheet, const struct device_record *device)
{
    html_begin(&sheet->html, "td", NULL);
    for (size_t i = 0; i < RECORD_SAME_MAX && device->same_as[i][0] != '\0'; i++) {
        html_text(&sheet->html, i > 0 ? ", " : "");
        html_text(&sheet->html, device->same_as[i]);
    }
    html_end(&sheet->html);
}

static void write_device(struct sheet *sheet, const struct device_record *device)
{
    const struct hcb_device_info *info = &device->info;
    char text[NUMBER_SIZE] = "";
    html_begin(&sheet->html, "tr", NULL);
    html_begin(&sheet->html, "th", NULL);
    html_format(&sheet->html, "%s%s", info->id, info->software ? "*" : "");
    html_end(&sheet->html);
    html_element(&sheet->html, "td", "long", info->name);
    html_begin(&sheet->html, "td", "class", "long", NULL);
    html_text(&sheet->html, info->driver);
    html_text(&sheet->html, " ");
    html_text(&sheet->html, info->driver_version);
    html_end(&sheet->html);
    sheet_cell(sheet, hcb_device_type_name(info->type));
    sheet_cell(sheet, info->api_version);
    if (info->memory_bytes > 0)
        number_bytes((double)info->memory_bytes, text);
    html_element(&sheet->html, "td", "n", text);
    write_same(sheet, device);
    html_end(&sheet->html);
}

static void write_devices(struct sheet *sheet, const struct record *record)
{
    static const struct head_cell cells[] = {
        {"device", false}, {"name", false}, {"driver", false}, {"type", false}, {"API", false},
        {"memory", true}, {"same hardware as", false}};
    sheet_begin_table(sheet, "Devices", cells, sizeof cells / sizeof *cells);
    for (size_t i = 0; i < record->device_count; i++)
        write_device(sheet, &record->devices[i]);
    sheet_end_table(sheet);
}

/* ------------------------------------------------------------------------- machine */

static void write_fact(struct sheet *sheet, const char *name, const char *value)
{
    if (*value == '\0')
        return;
    html_element(&sheet->html, "dt", NULL, name);
    html_element(&sheet->html, "dd", NULL, value);
}

HCB_PRINTF(3, 4) static void write_facts(struct sheet *sheet, const char *name, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_fact(sheet, name, text);
}

static void write_count(struct sheet *sheet, const struct member *member, const char *name, uint64_t count)
{
    char bytes[NUMBER_SIZE];
    if (strstr(member->name, "bytes") != NULL && count > 0)
        write_facts(sheet, name, "%s", number_bytes((double)count, bytes));
    else if (count > 0)
        write_facts(sheet, name, "%" PRIu64, count);
}

/* All that is known, named as in the result file. */
static void write_members(struct sheet *sheet, const char *prefix, const struct member *members,
                          const void *structure)
{
    char name[64], number[NUMBER_SIZE];
    for (; members->name != NULL; members++) {
        const void *at = (const char *)structure + members->offset;
        snprintf(name, sizeof name, "%s%s", prefix, members->name);
        for (char *blank = name; (blank = strchr(blank, '_')) != NULL;)
            *blank = ' ';
        switch (members->kind) {
        case MEMBER_TEXT: write_fact(sheet, name, at); break;
        case MEMBER_FLAG: write_fact(sheet, name, *(const bool *)at ? "yes" : "no"); break;
        case MEMBER_U32: write_count(sheet, members, name, *(const uint32_t *)at); break;
        case MEMBER_U64: write_count(sheet, members, name, *(const uint64_t *)at); break;
        case MEMBER_NUMBER:
            if (isfinite(*(const double *)at))
                write_fact(sheet, name, number_rounded(*(const double *)at, 3, number));
            break;
        case MEMBER_DEVICE_TYPE:
            write_fact(sheet, name, hcb_device_type_name(*(const enum hcb_device_type *)at));
            break;
        }
    }
}

/* What the table of devices has no room for. */
static void write_details(struct sheet *sheet, const struct device_record *device)
{
    char name[64];
    html_begin(&sheet->html, "details", NULL);
    html_begin(&sheet->html, "summary", NULL);
    html_format(&sheet->html, "All of %s", device->info.id);
    html_end(&sheet->html);
    html_begin(&sheet->html, "dl", NULL);
    write_members(sheet, "", protocol_device_members(), &device->info);
    for (unsigned i = 0; i < HCB_SENSOR_COUNT; i++) {
        snprintf(name, sizeof name, "%s from", hcb_sensor_name(i));
        write_fact(sheet, name, device->sensors.source[i]);
    }
    write_fact(sheet, "not readable", device->sensors.unreadable);
    html_end(&sheet->html);
    html_end(&sheet->html);
}

static void write_blas(struct sheet *sheet, const struct record *record)
{
    struct blas_facts facts;
    if (schema_blas_facts(record, &facts))
        write_members(sheet, "BLAS ", schema_blas, &facts);
}

static void write_command(struct sheet *sheet, const struct record *record)
{
    if (record->command.count == 0)
        return;
    html_element(&sheet->html, "dt", NULL, "command");
    html_begin(&sheet->html, "dd", NULL);
    html_begin(&sheet->html, "code", NULL);
    for (size_t i = 0; i < record->command.count; i++) {
        html_text(&sheet->html, i > 0 ? " " : "");
        html_text(&sheet->html, record->command.list[i]);
    }
    html_end(&sheet->html);
    html_end(&sheet->html);
}

static void write_environment(struct sheet *sheet, const struct run *run)
{
    const struct record *record = &run->record;
    const struct hcb_environment *environment = &record->environment;
    html_begin(&sheet->html, "dl", NULL);
    write_fact(sheet, "file", run->path);
    write_fact(sheet, "started", record->started);
    for (size_t i = 0; i < record->resumed.count; i++)
        write_fact(sheet, "resumed", record->resumed.list[i]);
    write_command(sheet, record);
    write_facts(sheet, "inputs", "%s, seed %" PRIu64, hcb_fill_name(record->fill), record->seed);
    write_members(sheet, "", schema_environment, environment);
    write_members(sheet, "CPU ", schema_cpu, environment);
    write_blas(sheet, record);
    write_fact(sheet, "hcbench", record->version);
    for (size_t i = 0; i < record->variable_count; i++)
        write_fact(sheet, record->variables[i].name, record->variables[i].value);
    html_end(&sheet->html);
}

/* ------------------------------------------------------------------------- kernels */

static bool is_first_with_kernel(const struct record *record, size_t index)
{
    const struct hcb_result *row = &record->results[index];
    for (size_t i = 0; i < index; i++)
        if (strcmp(record->results[i].kernel_sha256, row->kernel_sha256) == 0)
            return false;
    return row->kernel_sha256[0] != '\0';
}

static void write_kernels(struct sheet *sheet, const struct record *record)
{
    static const struct head_cell cells[] = {{"kernel files", false}, {"SHA-256", false}};
    bool any = false;
    for (size_t i = 0; i < record->result_count; i++) {
        if (!is_first_with_kernel(record, i))
            continue;
        if (!any)
            sheet_begin_table(sheet, "Kernels", cells, sizeof cells / sizeof *cells);
        any = true;
        html_begin(&sheet->html, "tr", NULL);
        html_element(&sheet->html, "th", NULL, record->results[i].kernels);
        html_element(&sheet->html, "td", "hash", record->results[i].kernel_sha256);
        html_end(&sheet->html);
    }
    if (any)
        sheet_end_table(sheet);
}

void report_machines(struct sheet *sheet)
{
    html_begin(&sheet->html, "section", "id", "machine", NULL);
    html_element(&sheet->html, "h2", NULL, sheet->runs->count > 1 ? "The machines" : "The machine");
    for (size_t i = 0; i < sheet->runs->count; i++) {
        write_label(sheet, &sheet->runs->list[i]);
        write_devices(sheet, &sheet->runs->list[i].record);
        for (size_t j = 0; j < sheet->runs->list[i].record.device_count; j++)
            write_details(sheet, &sheet->runs->list[i].record.devices[j]);
        write_environment(sheet, &sheet->runs->list[i]);
        write_kernels(sheet, &sheet->runs->list[i].record);
    }
    html_end(&sheet->html);
}
