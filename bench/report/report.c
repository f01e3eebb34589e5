/* SPDX-License-Identifier: Apache-2.0 */
/* The page around the sections, and what the sections have in common.  Shows what
 * the records hold and computes no metric. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/text.h"
#include "measure/link.h"
#include "numbers.h"
#include "report/report.h"

/* -------------------------------------------------------------------- tables */

void sheet_begin_table(struct sheet *sheet, const char *label, const struct head_cell *cells, size_t count)
{
    struct html *html = &sheet->html;
    html_begin(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label", label, NULL);
    html_begin(html, "table", NULL);
    html_begin(html, "thead", NULL);
    html_begin(html, "tr", NULL);
    for (size_t i = 0; i < count; i++)
        html_element(html, "th", cells[i].number ? "n" : NULL, cells[i].text);
    html_end(html);
    html_end(html);
    html_begin(html, "tbody", NULL);
}

void sheet_end_table(struct sheet *sheet)
{
    html_end(&sheet->html);
    html_end(&sheet->html);
    html_end(&sheet->html);
}

void sheet_group(struct sheet *sheet, size_t count, const char *text)
{
    char columns[24];
    snprintf(columns, sizeof columns, "%zu", count);
    html_begin(&sheet->html, "tr", "class", "group", NULL);
    html_begin(&sheet->html, "th", "colspan", columns, "scope", "rowgroup", NULL);
    html_text(&sheet->html, text);
    html_end(&sheet->html);
    html_end(&sheet->html);
}

void sheet_cell(struct sheet *sheet, const char *text)
{
    html_element(&sheet->html, "td", NULL, text);
}

void sheet_number(struct sheet *sheet, double value, int digits, const char *unit)
{
    char text[NUMBER_SIZE + 72] = "", number[NUMBER_SIZE];
    if (isfinite(value))
        snprintf(text, sizeof text, "%s%s%.64s", number_rounded(value, digits, number),
                 unit != NULL ? " " : "", unit != NULL ? unit : "");
    html_element(&sheet->html, "td", "n", text);
}

void sheet_seconds(struct sheet *sheet, double seconds)
{
    char text[NUMBER_SIZE] = "";
    if (isfinite(seconds))
        number_seconds(seconds, text);
    html_element(&sheet->html, "td", "n", text);
}

char *ratio_text(double ratio, char text[NUMBER_SIZE])
{
    return number_rounded(ratio, ratio < 1 ? 2 : 3, text);
}

void sheet_ratio(struct sheet *sheet, const struct hcb_ratio *ratio)
{
    struct html *html = &sheet->html;
    char low[NUMBER_SIZE], high[NUMBER_SIZE];
    html_begin(html, "td", "class", "n x", NULL);
    if (isfinite(ratio->ratio))
        html_format(html, "%s\u00d7 ", ratio_text(ratio->ratio, low));
    html_begin(html, "span", "class", "ci", NULL);
    if (isfinite(ratio->ci95_low) && isfinite(ratio->ci95_high))
        html_format(html, "%s\u2013%s", ratio_text(ratio->ci95_low, low), ratio_text(ratio->ci95_high, high));
    html_end(html);
    html_end(html);
}

/* --------------------------------------------------------------------- plots */

static void write_key(struct html *html, const struct key *key)
{
    static const char *const lines[] = {
        [KEY_LINE] = "\u2014", [KEY_POINT] = "", [KEY_AREA] = "\u25ac", [KEY_ROOF] = "\u2014", [KEY_BREAK_EVEN] = "\u250a"};
    char class[8];
    snprintf(class, sizeof class, "c%u", key->color);
    html_begin(html, "li", NULL);
    html_begin(html, "span", "class", class, "aria-hidden", "true", NULL);
    html_text(html, lines[key->kind]);
    if (key->kind == KEY_LINE || key->kind == KEY_POINT)
        html_text(html, plot_mark(key->mark));
    html_end(html);
    html_text(html, " ");
    html_text(html, key->label);
    html_end(html);
}

static void write_form(struct html *html, const struct plot *plot, enum plot_form form)
{
    char width[16], height[16], box[48];
    snprintf(width, sizeof width, "%d", form == PLOT_WIDE ? PLOT_WIDTH : PLOT_WIDTH_NARROW);
    snprintf(height, sizeof height, "%u", plot_height(plot, form));
    snprintf(box, sizeof box, "0 0 %s %s", width, height);
    html_begin(html, "svg", "class", form == PLOT_WIDE ? "wide" : "narrow", "viewBox", box, "width", width,
               "height", height, "role", "img", "aria-label", plot->title, NULL);
    html_markup(html, plot->svg[form]);
    html_end(html);
}

void sheet_plot(struct sheet *sheet, const struct plot *plot)
{
    struct html *html = &sheet->html;
    if (plot->svg[PLOT_WIDE] == NULL || plot->svg[PLOT_NARROW] == NULL)
        return;
    html_begin(html, "figure", "id", plot->name, NULL);
    html_element(html, "figcaption", NULL, plot->title);
    write_form(html, plot, PLOT_WIDE);
    write_form(html, plot, PLOT_NARROW);
    html_begin(html, "ul", "class", "key", NULL);
    for (int marks = 0; marks < 2; marks++)
        for (size_t i = 0; i < plot->key_count; i++)
            if ((plot->keys[i].kind == KEY_BREAK_EVEN) == marks)
                write_key(html, &plot->keys[i]);
    if (plot->left_out > 0) {
        html_begin(html, "li", NULL);
        html_format(html, "%u more in the table", plot->left_out);
        html_end(html);
    }
    html_end(html);
    html_end(html);
}

/* ---------------------------------------------------------------------- head */

static void write_counts(struct html *html, const struct record *record)
{
    size_t counts[HCB_STATUS_COUNT] = {0};
    const char *between = ": ";
    for (size_t i = 0; i < record->result_count; i++)
        counts[record->results[i].status]++;
    html_format(html, "%zu row%s", record->result_count, record->result_count == 1 ? "" : "s");
    for (unsigned status = 0; status < HCB_STATUS_COUNT; status++)
        if (counts[status] > 0) {
            html_format(html, "%s%zu %s", between, counts[status], hcb_status_name(status));
            between = ", ";
        }
}

static void write_run(struct html *html, const struct runs *runs, const struct run *run)
{
    const struct record *record = &run->record;
    html_begin(html, "p", "class", "run", NULL);
    if (runs->count > 1) {
        html_element(html, "b", NULL, run->label);
        html_text(html, ": ");
    }
    html_text(html, record->environment.cpu_model[0] != '\0' ? record->environment.cpu_model
                                                               : "unknown processor");
    if (record->environment.cpu_threads > 0)
        html_format(html, ", %" PRIu32 " thread%s", record->environment.cpu_threads,
                    record->environment.cpu_threads == 1 ? "" : "s");
    if (runs->count == 1 && record->environment.host[0] != '\0') {
        html_text(html, " on ");
        html_text(html, record->environment.host);
    }
    html_text(html, ", ");
    html_text(html, record->environment.os);
    html_text(html, ", ");
    html_text(html, record->started);
    html_text(html, ". ");
    write_counts(html, record);
    html_text(html, ".");
    html_end(html);
}

static bool has_op(const struct runs *runs, unsigned op)
{
    for (size_t i = 0; i < runs->count; i++)
        for (size_t j = 0; j < runs->list[i].record.result_count; j++) {
            const struct hcb_result *row = &runs->list[i].record.results[j];
            if (row->task.op == op && row->status != HCB_UNSUPPORTED && row->status != HCB_SKIPPED)
                return true;
        }
    return false;
}

static void write_link(struct html *html, const char *to, const char *text)
{
    char target[32];
    snprintf(target, sizeof target, "#%s", to);
    html_begin(html, "a", "href", target, NULL);
    html_text(html, text);
    html_end(html);
    html_text(html, " ");
}

static void write_contents(struct html *html, const struct runs *runs)
{
    html_begin(html, "nav", NULL);
    write_link(html, "answer", "answer");
    if (report_has_failures(runs))
        write_link(html, "failures", "failures");
    write_link(html, "breakeven", "break-even");
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        if (has_op(runs, op))
            write_link(html, hcb_op_name(op), hcb_op_name(op));
    write_link(html, "roofline", "roofline");
    write_link(html, "notes", "warnings");
    write_link(html, "machine", "machine");
    write_link(html, "method", "method");
    html_end(html);
}

/* Says once that there are no plots, and why. */
static void write_missing_plots(struct html *html, const struct plots *plots)
{
    size_t drawn = 0;
    for (size_t i = 0; i < plots->count; i++)
        drawn += plots->list[i].svg[PLOT_WIDE] != NULL && plots->list[i].svg[PLOT_NARROW] != NULL;
    if (drawn == plots->count)
        return;
    html_begin(html, "p", "class", "missing", NULL);
    html_text(html, drawn == 0 ? "This page has no plots" : "Some plots are missing");
    html_format(html, ": %s. The tables hold all figures.", plots->reason);
    html_end(html);
}

static void write_head(struct html *html, const struct runs *runs)
{
    html_markup(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                      "style-src 'unsafe-inline'; img-src data:\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>hcbench: ");
    for (size_t i = 0; i < runs->count; i++) {
        html_text(html, i > 0 ? ", " : "");
        html_text(html, runs->list[i].label);
    }
    html_markup(html, "</title>\n<style>\n");
    html_markup(html, report_css);
    html_markup(html, "</style>\n</head>\n<body>\n");
}

static void write_method(struct html *html)
{
    static const char *const lines[] = {
        "Every row that is shown as ok was verified against a reference on the buffers that were timed.",
        "Times are medians. Kernel only: the device\u2019s clock with the data on the device, or the host\u2019s "
        "where there is none. End to end: upload of the inputs, one launch, download of the output. Setup "
        "(compiling, making pipelines) is in neither.",
        "A speedup is the CPU\u2019s median over the device\u2019s. Its interval is a 95 % bootstrap interval over "
        "rounds in which both were measured next to each other; with few rounds there is none.",
        "GFLOP/s count 2MNK operations for a matmul, GB/s the bytes of the operands, each once. Bars in the "
        "plots are 95 % intervals of the median.",
        "error/bound is the largest error of an element in units of its rounding error bound.",
        "Devices with * have a software driver that computes on the CPU: their figures are no GPU\u2019s."};
    html_begin(html, "section", "id", "method", NULL);
    html_element(html, "h2", NULL, "How to read this");
    html_begin(html, "ul", NULL);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        html_element(html, "li", NULL, lines[i]);
    html_end(html);
    html_element(html, "p", "remark", "Written by hcbench " VERSION ".");
    html_end(html);
}

static void write_page(struct sheet *sheet)
{
    struct html *html = &sheet->html;
    write_head(html, sheet->runs);
    html_begin(html, "header", NULL);
    html_element(html, "h1", NULL, "Devices against the CPU");
    for (size_t i = 0; i < sheet->runs->count; i++)
        write_run(html, sheet->runs, &sheet->runs->list[i]);
    write_contents(html, sheet->runs);
    write_missing_plots(html, sheet->plots);
    html_end(html);
    html_begin(html, "main", NULL);
    report_answer(sheet);
    report_failures(sheet);
    report_breakevens(sheet);
    report_ops(sheet);
    report_roofs(sheet);
    report_notes(sheet);
    report_machines(sheet);
    write_method(html);
    html_end(html);
    html_markup(html, "</body>\n</html>\n");
}

/* ------------------------------------------------------------------- command */

static bool write_output(const struct runs *runs, const struct plots *plots, const char *path)
{
    struct sheet sheet = {.html = {.output = output_open(path)}, .runs = runs, .plots = plots};
    if (sheet.html.output == NULL)
        return false;
    write_page(&sheet);
    if (sheet.failed)
        output_failed(path, ENOMEM);
    return output_close(sheet.html.output, !sheet.failed);
}

int report(const struct options *options)
{
    struct runs runs;
    struct plots plots;
    if (!output_check(options->output) || !runs_read(&runs, options->files, options->file_count))
        return EXIT_BAD_ROW;
    link_catch_signals();
    plots_make(&plots, &runs, options->plots, options->timeout_s);
    bool good = !plots.failed;
    if (link_interrupted() == 0)
        good &= write_output(&runs, &plots, options->output);
    if (plots.reason[0] != '\0' && options->plots == NULL)
        text_say("%s has tables, but not every plot: %s", options->output, plots.reason);
    plots_clear(&plots);
    runs_clear(&runs);
    if (link_interrupted() != 0)
        return 128 + link_interrupted();
    return good ? EXIT_DONE : EXIT_BAD_ROW;
}
