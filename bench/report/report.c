/* SPDX-License-Identifier: Apache-2.0 */
/* The page around the sections.  Shows what the records hold and computes no metric. */
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
