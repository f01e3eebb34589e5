/* SPDX-License-Identifier: Apache-2.0 */
/* The first thing on the page: which device is faster than the CPU, at which sizes,
 * and how sure that is. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "breakeven.h"
#include "numbers.h"
#include "report.h"

enum { STRIP_WIDTH = 150 }; /* as in write_strip */

enum worth ratio_worth(const struct hcb_ratio *ratio)
{
    if (!isfinite(ratio->ci95_low) || !isfinite(ratio->ci95_high))
        return WORTH_NO_INTERVAL;
    return ratio->ci95_low > 1 ? WORTH_FASTER : ratio->ci95_high < 1 ? WORTH_SLOWER : WORTH_UNCLEAR;
}

/* A row that is compared with the CPU, and not one of the CPU's own. */
static bool is_compared(const struct hcb_result *row)
{
    return row_is_measured(row) && row->baseline[0] != '\0' && strcmp(row->platform, "cpu") != 0 &&
           isfinite(row->speedup_kernel.ratio);
}

/* End to end where that was measured. */
static const struct hcb_ratio *whole_ratio(const struct hcb_result *row)
{
    return isfinite(row->speedup_end_to_end.ratio) ? &row->speedup_end_to_end : &row->speedup_kernel;
}

/* ----------------------------------------------------------------- device by device */

static void write_counts(struct sheet *sheet, const struct run *run, const char *device)
{
    static const char *const words[] = {"faster in", "slower in", "undecided in", "without an interval in"};
    size_t counts[WORTH_COUNT] = {0}, all = 0;
    for (size_t i = 0; i < run->record.result_count; i++) {
        const struct hcb_result *row = &run->record.results[i];
        if (strcmp(row->device, device) != 0 || !is_compared(row))
            continue;
        counts[ratio_worth(whole_ratio(row))]++;
        all++;
    }
    html_text(&sheet->html, all > 0 ? " End to end against the CPU: " : " Nothing to compare with the CPU.");
    const char *comma = "";
    for (size_t i = 0; i < WORTH_COUNT; i++)
        if (counts[i] > 0) {
            html_format(&sheet->html, "%s%s ", comma, words[i]);
            html_begin(&sheet->html, "b", NULL);
            html_format(&sheet->html, "%zu", counts[i]);
            html_end(&sheet->html);
            html_format(&sheet->html, " of %zu row%s", all, all == 1 ? "" : "s");
            comma = ", ";
        }
    if (all > 0)
        html_text(&sheet->html, ".");
}

static void write_device(struct sheet *sheet, const struct run *run, const struct device_record *device)
{
    struct html *html = &sheet->html;
    html_begin(html, "li", NULL);
    html_element(html, "b", "id", device->info.id);
    html_text(html, " ");
    html_text(html, device->info.name);
    if (device->info.driver[0] != '\0')
        html_format(html, " (%s %s)", device->info.driver, device->info.driver_version);
    html_text(html, ".");
    if (device->info.software)
        html_element(html, "span", "remark",
                     " A software driver that computes on the CPU: its figures are no GPU's.");
    write_counts(sheet, run, device->info.id);
    html_end(html);
}

static void write_devices(struct sheet *sheet, const struct run *run)
{
    html_begin(&sheet->html, "ul", "class", "devices", NULL);
    for (size_t i = 0; i < run->record.device_count; i++)
        if (strcmp(run->record.devices[i].info.platform, "cpu") != 0)
            write_device(sheet, run, &run->record.devices[i]);
    html_end(&sheet->html);
}

/* ------------------------------------------------------------------------ the table */


static bool is_of(const struct entry *entry, size_t run, const char *device)
{
    return entry->run == run && strcmp(entry->row->device, device) == 0 && is_compared(entry->row);
}

static const struct hcb_result *find_best(const struct group *group, size_t run, const char *device)
{
    const struct hcb_result *best = NULL;
    for (size_t i = 0; i < group->count; i++) {
        const struct hcb_result *row = group->entries[i].row;
        if (is_of(&group->entries[i], run, device) &&
            (best == NULL || row_size(row) > row_size(best) ||
             row->speedup_kernel.ratio > best->speedup_kernel.ratio))
            best = row;
    }
    return best;
}

/* The ends of the scale that all strips of a file share. */
struct scale {
    double low, high; /* log2 */
};

static void stretch(struct scale *scale, const struct hcb_ratio *ratio)
{
    const double values[] = {ratio->ratio, ratio->ci95_low, ratio->ci95_high};
    for (size_t i = 0; i < 3; i++)
        if (values[i] > 0 && isfinite(values[i])) {
            scale->low = fmin(scale->low, log2(values[i]));
            scale->high = fmax(scale->high, log2(values[i]));
        }
}

static struct scale scale_of(const struct record *record)
{
    struct scale scale = {-1, 1};
    for (size_t i = 0; i < record->result_count; i++)
        if (is_compared(&record->results[i])) {
            stretch(&scale, &record->results[i].speedup_kernel);
            stretch(&scale, &record->results[i].speedup_end_to_end);
        }
    return scale;
}

static double place(const struct scale *scale, double ratio)
{
    return 6 + (log2(ratio) - scale->low) / (scale->high - scale->low) * (STRIP_WIDTH - 12);
}

/* A coordinate with a decimal, which no locale writes with a comma. */
static const char *coordinate(double value, char *text)
{
    const int tenths = (int)lround(value * 10);
    snprintf(text, NUMBER_SIZE, "%d.%d", tenths / 10, tenths % 10);
    return text;
}

static void write_line(struct html *html, const char *class, const char *from, const char *to)
{
    char d[4 * NUMBER_SIZE];
    snprintf(d, sizeof d, "M%s%s", from, to);
    html_begin(html, "path", "class", class, "d", d, NULL);
    html_end(html);
}

/* The interval as a line, the ratio as a circle. */
static void write_mark(struct html *html, const struct scale *scale, const struct hcb_ratio *ratio,
                       int y, const char *class)
{
    char from[NUMBER_SIZE + 8], to[NUMBER_SIZE + 8], x[NUMBER_SIZE], height[8];
    if (!(ratio->ratio > 0) || !isfinite(ratio->ratio))
        return;
    snprintf(height, sizeof height, "%d", y);
    if (isfinite(ratio->ci95_low) && isfinite(ratio->ci95_high) && ratio->ci95_low > 0) {
        snprintf(from, sizeof from, "%s %d", coordinate(place(scale, ratio->ci95_low), x), y);
        snprintf(to, sizeof to, "H%s", coordinate(place(scale, ratio->ci95_high), x));
        write_line(html, "interval", from, to);
    }
    html_begin(html, "circle", "class", class, "cx", coordinate(place(scale, ratio->ratio), x), "cy",
               height, "r", "3.5", NULL);
    html_end(html);
}

/* Both speedups on a scale where the CPU is 1. */
static void write_strip(struct html *html, const struct scale *scale, const struct hcb_result *row)
{
    char one[NUMBER_SIZE + 8], x[NUMBER_SIZE];
    html_begin(html, "td", "class", "strip", NULL);
    html_begin(html, "svg", "viewBox", "0 0 150 26", "width", "150", "height", "26", "aria-hidden", "true",
               NULL);
    snprintf(one, sizeof one, "%s 0", coordinate(place(scale, 1), x));
    write_line(html, "one", one, "V26");
    write_mark(html, scale, &row->speedup_end_to_end, 8, "full");
    write_mark(html, scale, &row->speedup_kernel, 18, "open");
    html_end(html);
    html_end(html);
}

/* "1024, 4096", "all 3", "none of 3": the sizes at which the impl is surely faster. */
static void write_sizes(struct sheet *sheet, const struct group *group, size_t run,
                        const struct hcb_result *best)
{
    char text[1024] = "", shape[72];
    size_t sizes = 0, faster = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct hcb_result *row = group->entries[i].row;
        if (!is_of(&group->entries[i], run, best->device) || row->task.impl != best->task.impl)
            continue;
        sizes++;
        if (ratio_worth(whole_ratio(row)) != WORTH_FASTER)
            continue;
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", faster++ > 0 ? ", " : "",
                 row_size_text(row, shape, sizeof shape));
    }
    if (faster == 0)
        snprintf(text, sizeof text, "none of %zu", sizes);
    else if (faster == sizes && sizes > 1)
        snprintf(text, sizeof text, "all %zu", sizes);
    sheet_cell(sheet, text);
}

static void write_answer(struct sheet *sheet, const struct group *group, size_t run,
                         const struct hcb_result *best, const struct scale *scale)
{
    static const char *const words[] = {"\u25b2 faster", "\u25bc slower", "\u25c6 undecided", "no interval"};
    static const char *const classes[] = {"faster", "slower", "unclear", "unclear"};
    const enum worth verdict = ratio_worth(whole_ratio(best));
    struct html *html = &sheet->html;
    char text[96];
    html_begin(html, "tr", NULL);
    html_begin(html, "th", NULL);
    html_format(html, "%s %s", hcb_op_name(best->task.op), hcb_precision_name(best->task.precision));
    snprintf(text, sizeof text, "%s/%s, ", best->device, hcb_impl_name(best->task.impl));
    html_begin(html, "span", "class", "under", NULL);
    html_text(html, text);
    html_text(html, row_size_text(best, text, sizeof text));
    html_end(html);
    html_end(html);
    sheet_ratio(sheet, &best->speedup_end_to_end);
    sheet_ratio(sheet, &best->speedup_kernel);
    write_strip(html, scale, best);
    html_element(html, "td", classes[verdict], words[verdict]);
    write_sizes(sheet, group, run, best);
    sheet_cell(sheet, best->baseline);
    html_end(html);
}

static void write_group(struct sheet *sheet, const struct group *group, size_t run,
                        const struct scale *scale)
{
    const struct record *record = &sheet->runs->list[run].record;
    for (size_t i = 0; i < record->device_count; i++) {
        const struct hcb_result *best = find_best(group, run, record->devices[i].info.id);
        if (best != NULL)
            write_answer(sheet, group, run, best, scale);
    }
}

static bool any_compared(const struct record *record)
{
    for (size_t i = 0; i < record->result_count; i++)
        if (is_compared(&record->results[i]))
            return true;
    return false;
}

static void write_table(struct sheet *sheet, size_t run)
{
    static const struct head_cell cells[] = {
        {"computation", false}, {"end to end", true}, {"95 %", false},  {"on the device", true},
        {"95 %", false},        {"CPU = 1", false},   {"verdict", false}, {"faster at", false},
        {"against", false}};
    const struct scale scale = scale_of(&sheet->runs->list[run].record);
    struct group group;
    sheet_begin_table(sheet, "Speedups at the largest sizes", cells, sizeof cells / sizeof *cells);
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++) {
            if (runs_group(sheet->runs, (enum hcb_op)op, (enum hcb_precision)p, &group))
                write_group(sheet, &group, run, &scale);
            else
                sheet->failed = true;
            group_clear(&group);
        }
    sheet_end_table(sheet);
}

static void write_run(struct sheet *sheet, size_t index)
{
    const struct run *run = &sheet->runs->list[index];
    if (sheet->runs->count > 1)
        html_element(&sheet->html, "h3", NULL, run->label);
    write_devices(sheet, run);
    if (any_compared(&run->record))
        write_table(sheet, index);
    else
        html_element(&sheet->html, "p", NULL,
                     "No device of this file was measured beside a CPU, so there is no speedup.");
}

void report_answer(struct sheet *sheet)
{
    struct html *html = &sheet->html;
    html_begin(html, "section", "id", "answer", NULL);
    html_element(html, "h2", NULL, "Is the device worth it?");
    for (size_t i = 0; i < sheet->runs->count; i++)
        write_run(sheet, i);
    html_element(html, "p", "remark",
                 "A row shows a device's best impl at the largest size that was measured: how many "
                 "times as fast as the CPU it is with upload and download (\u25cf), and with the data on the "
                 "device (\u25cb), each with the 95 % interval of the ratio. It is called faster or slower when the "
                 "whole end-to-end interval lies on one side of 1. \u201cfaster at\u201d lists the measured sizes "
                 "where that is so.");
    html_end(html);
}

/* ------------------------------------------------------------------------ break-even */

/* Answer and interval, two cells. */
static void write_finding(struct sheet *sheet, const struct finding *finding)
{
    char text[96] = "", interval[96] = "";
    if (finding->count == 1) {
        const struct crossing *crossing = &finding->crossings[0];
        snprintf(text, sizeof text, "%s%.0f", crossing->upward ? "" : "only below ", crossing->size);
        snprintf(interval, sizeof interval, "%.0f\u2013%.0f", crossing->ci95_low, crossing->ci95_high);
    } else if (finding->answer == ANSWER_NEVER) {
        snprintf(text, sizeof text, "never up to %" PRIu64, finding->high);
    } else if (finding->answer == ANSWER_ALWAYS) {
        snprintf(text, sizeof text, "always from %" PRIu64, finding->low);
    } else {
        snprintf(text, sizeof text, "%s", answer_name(finding->answer));
    }
    html_element(&sheet->html, "td", finding->count == 1 ? "n x" : "n", text);
    html_element(&sheet->html, "td", "ci", interval);
}

static void write_breakeven(struct sheet *sheet, const struct breakeven *breakeven)
{
    char text[64], *words = NULL;
    size_t size;
    FILE *out = open_memstream(&words, &size);
    html_begin(&sheet->html, "tr", NULL);
    html_begin(&sheet->html, "th", NULL);
    html_format(&sheet->html, "%s %s", hcb_op_name(breakeven->task.op),
                hcb_precision_name(breakeven->task.precision));
    html_end(&sheet->html);
    snprintf(text, sizeof text, "%s/%s", breakeven->device, hcb_impl_name(breakeven->task.impl));
    sheet_cell(sheet, text);
    sheet_cell(sheet, breakeven->clock == CLOCK_KERNEL ? "on the device" : "end to end");
    write_finding(sheet, &breakeven->finding);
    snprintf(text, sizeof text, "%" PRIu64 "\u2013%" PRIu64, breakeven->finding.low, breakeven->finding.high);
    html_element(&sheet->html, "td", "n", breakeven->finding.high > 0 ? text : "");
    sheet_cell(sheet, breakeven->baseline);
    if (out != NULL)
        breakeven_say(out, breakeven);
    if (out != NULL && fclose(out) == 0)
        html_element(&sheet->html, "td", "remark", words);
    else
        sheet->failed = true;
    free(words);
    html_end(&sheet->html);
}

void report_breakevens(struct sheet *sheet)
{
    static const struct head_cell cells[] = {
        {"computation", false}, {"device/impl", false}, {"", false},        {"faster from", true},
        {"95 %", false},        {"searched", true},     {"against", false}, {"", false}};
    struct html *html = &sheet->html;
    bool any = false;
    html_begin(html, "section", "id", "breakeven", NULL);
    html_element(html, "h2", NULL, "From which size on?");
    for (size_t i = 0; i < sheet->runs->count; i++) {
        const struct record *record = &sheet->runs->list[i].record;
        if (record->breakeven_count == 0)
            continue;
        any = true;
        if (sheet->runs->count > 1)
            html_element(html, "h3", NULL, sheet->runs->list[i].label);
        sheet_begin_table(sheet, "Break-even sizes", cells, sizeof cells / sizeof *cells);
        for (size_t j = 0; j < record->breakeven_count; j++)
            write_breakeven(sheet, &record->breakevens[j]);
        sheet_end_table(sheet);
    }
    html_element(html, "p", "remark",
                 any ? "Sizes are M = N = K of a matmul, elements otherwise. The plots mark them with their "
                       "intervals."
                     : "Break-even was not searched for in these files; hcbench breakeven does.");
    html_end(html);
}
