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

#include "notes.h"
#include "numbers.h"
#include "report.h"
#include "schema.h"

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
    html_begin(&sheet->html, "li", NULL);
    html_element(&sheet->html, "b", NULL, hcb_status_name(row->status));
    html_format(&sheet->html, " %s%s%s/%s %s: ", sheet->runs->count > 1 ? run->label : "",
                sheet->runs->count > 1 ? ", " : "", row->device, hcb_impl_name(row->task.impl),
                hcb_case_text(&row->task, text, sizeof text));
    html_text(&sheet->html, row->reason[0] != '\0' ? row->reason : "no reason was given");
    html_end(&sheet->html);
}

void report_failures(struct sheet *sheet)
{
    bool any = false;
    for (size_t i = 0; i < sheet->runs->count; i++)
        for (size_t j = 0; j < sheet->runs->list[i].record.result_count; j++) {
            const struct hcb_result *row = &sheet->runs->list[i].record.results[j];
            if (!has_failed(row))
                continue;
            if (!any) {
                html_begin(&sheet->html, "section", "id", "failures", "class", "failures", NULL);
                html_element(&sheet->html, "h2", NULL, "Rows that failed");
                html_element(&sheet->html, "p", NULL, "They are in no plot and in no speedup.");
                html_begin(&sheet->html, "ul", NULL);
            }
            any = true;
            write_failure(sheet, &sheet->runs->list[i], row);
        }
    if (any) {
        html_end(&sheet->html);
        html_end(&sheet->html);
    }
}

/* ----------------------------------------------------------------------- rooflines */

static bool has_roof(const struct roof *roof)
{
    bool any = isfinite(roof->bandwidth_gbps);
    for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++)
        any |= isfinite(roof->peak_gflops[p]);
    return any;
}

static void begin_roofs(struct sheet *sheet)
{
    struct head_cell cells[2 + HCB_PRECISION_COUNT] = {{"device", false}, {"memory, GB/s", true}};
    char texts[HCB_PRECISION_COUNT][32];
    for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++) {
        snprintf(texts[p], sizeof texts[p], "%s, GFLOP/s", hcb_precision_name(p));
        cells[2 + p] = (struct head_cell){texts[p], true};
    }
    sheet_begin_table(sheet, "Roofs", cells, sizeof cells / sizeof *cells);
}

static void write_roof(struct sheet *sheet, const struct run *run, const char *device, const struct roof *roof)
{
    html_begin(&sheet->html, "tr", NULL);
    html_begin(&sheet->html, "th", NULL);
    if (sheet->runs->count > 1) {
        html_text(&sheet->html, run->label);
        html_text(&sheet->html, " ");
    }
    html_text(&sheet->html, device);
    html_end(&sheet->html);
    sheet_number(sheet, roof->bandwidth_gbps, 4, NULL);
    for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++)
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
    bool any = false;
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
                begin_roofs(sheet);
            any = true;
            write_roof(sheet, run, device, &roof);
        }
    if (any)
        sheet_end_table(sheet);
    html_element(&sheet->html, "p", "remark",
                 any ? "Measured peaks of multiply-add and measured memory bandwidth. A row above the slope "
                       "works in a cache."
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

static size_t count_warnings(const struct record *record)
{
    size_t count = 0;
    for (size_t i = 0; i < record->result_count; i++)
        for (size_t j = 0; j < sizeof record->results[i].warnings / sizeof(char *) &&
                           record->results[i].warnings[j] != NULL; j++)
            count++;
    return count;
}

/* Each as it is, row by row. */
static void write_warnings(struct sheet *sheet, const struct record *record, size_t count)
{
    char text[112];
    html_begin(&sheet->html, "details", NULL);
    html_begin(&sheet->html, "summary", NULL);
    html_format(&sheet->html, "%s %zu warning%s, row by row", count == 1 ? "The" : "All", count,
                count == 1 ? "" : "s");
    html_end(&sheet->html);
    html_begin(&sheet->html, "ul", "class", "notes", NULL);
    for (size_t i = 0; i < record->result_count; i++) {
        const struct hcb_result *row = &record->results[i];
        for (size_t j = 0; j < sizeof row->warnings / sizeof *row->warnings && row->warnings[j] != NULL; j++) {
            html_begin(&sheet->html, "li", NULL);
            html_format(&sheet->html, "%s/%s %s: ", row->device, hcb_impl_name(row->task.impl),
                        hcb_case_text(&row->task, text, sizeof text));
            html_text(&sheet->html, row->warnings[j]);
            html_end(&sheet->html);
        }
    }
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
        const size_t warnings = count_warnings(&run->record);
        write_label(sheet, run);
        sheet->failed |= !notes_each(&run->record, true, write_note, &list);
        if (list.count > 0)
            html_end(&sheet->html);
        else
            html_element(&sheet->html, "p", NULL, "None.");
        if (warnings > 0)
            write_warnings(sheet, &run->record, warnings);
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
    html_element(&sheet->html, "th", NULL, info->id);
    sheet_cell(sheet, info->name);
    sheet_cell(sheet, hcb_device_type_name(info->type));
    sheet_cell(sheet, info->software ? "yes" : "no");
    sheet_cell(sheet, info->driver);
    sheet_cell(sheet, info->driver_version);
    sheet_cell(sheet, info->api_version);
    if (info->memory_bytes > 0)
        number_bytes((double)info->memory_bytes, text);
    html_element(&sheet->html, "td", "n", text);
    write_same(sheet, device);
    sheet_cell(sheet, info->pci);
    html_end(&sheet->html);
}

static void write_devices(struct sheet *sheet, const struct record *record)
{
    static const struct head_cell cells[] = {
        {"device", false}, {"name", false}, {"type", false}, {"software driver", false},
        {"driver", false}, {"version", false}, {"API", false}, {"memory", true},
        {"same hardware as", false}, {"PCI", false}};
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

static void write_blas(struct sheet *sheet, const struct record *record)
{
    struct blas_facts facts;
    char number[NUMBER_SIZE];
    if (!schema_blas_facts(record, &facts))
        return;
    write_facts(sheet, "BLAS", "%s %s, %" PRIu32 " threads", facts.name, facts.version, facts.threads);
    write_facts(sheet, "BLAS core type", "%s%s%s", facts.core_used,
                facts.core_detected[0] != '\0' ? "; its own choice was " : "", facts.core_detected);
    if (isfinite(facts.fair_ratio))
        write_facts(sheet, "speed of its own choice", "%s of the one used",
                    number_rounded(facts.fair_ratio, 3, number));
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
    write_fact(sheet, "host", environment->host);
    write_fact(sheet, "system", environment->os);
    write_fact(sheet, "kernel", environment->kernel);
    write_fact(sheet, "processor", environment->cpu_model);
    if (environment->cpu_cores > 0)
        write_facts(sheet, "cores", "%" PRIu32 ", of which %" PRIu32 " threads were used",
                    environment->cpu_cores, environment->cpu_threads);
    write_fact(sheet, "instruction sets", environment->cpu_isa);
    write_blas(sheet, record);
    write_fact(sheet, "hcbench", record->version);
    write_fact(sheet, "compiler", environment->compiler);
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
        write_environment(sheet, &sheet->runs->list[i]);
        write_kernels(sheet, &sheet->runs->list[i].record);
    }
    html_end(&sheet->html);
}
