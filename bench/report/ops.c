/* SPDX-License-Identifier: Apache-2.0 */
/* A section for each op: plots and a table for each kind, then speed against error, and
 * 16 bits beside f32. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"
#include "pairs.h"
#include "report/report.h"

/* ------------------------------------------------------------------------- columns */

/* A row in its table. */
struct line {
    struct sheet *sheet;
    const struct group *group;
    const struct entry *entry;
    const struct hcb_result *row;
};

static void write_shape(const struct line *line)
{
    char text[72];
    html_element(&line->sheet->html, "td", "n", row_size_text(line->row, text, sizeof text));
}

/* What is not as it should be stands with the name, where nobody misses it. */
static void write_flaws(const struct line *line)
{
    const struct hcb_result *row = line->row;
    size_t warnings = 0;
    while (warnings < sizeof row->warnings / sizeof *row->warnings && row->warnings[warnings] != NULL)
        warnings++;
    if (row->status != HCB_OK)
        html_element(&line->sheet->html, "span", "under bad", hcb_status_name(row->status));
    if (warnings == 0)
        return;
    html_begin(&line->sheet->html, "span", "class", "under", NULL);
    html_format(&line->sheet->html, "%zu warning%s", warnings, warnings == 1 ? "" : "s");
    html_end(&line->sheet->html);
}

static void begin_who(const struct line *line)
{
    const struct series *series = &line->sheet->runs->series[line->entry->series];
    char class[8];
    snprintf(class, sizeof class, "c%u", series->color);
    html_begin(&line->sheet->html, "th", "class", "who", NULL);
    html_begin(&line->sheet->html, "span", "class", class, "aria-hidden", "true", NULL);
    html_text(&line->sheet->html, plot_mark(series->mark));
    html_end(&line->sheet->html);
    html_format(&line->sheet->html, " %s", series->label);
}

static void write_who(const struct line *line)
{
    begin_who(line);
    write_flaws(line);
    html_end(&line->sheet->html);
}

static void write_median(const struct line *line)
{
    sheet_seconds(line->sheet, hcb_result_clock(line->row)->summary.median);
}

/* Half the interval's width, in percent of the median. */
static void write_interval(const struct line *line)
{
    const struct hcb_summary *clock = &hcb_result_clock(line->row)->summary;
    const double half = (clock->ci95_high - clock->ci95_low) / 2 / clock->median * 100;
    char text[NUMBER_SIZE + 8] = "", number[NUMBER_SIZE];
    if (clock->n > 0 && isfinite(half))
        snprintf(text, sizeof text, "\u00b1%s %%", number_rounded(half, 2, number));
    html_element(&line->sheet->html, "td", "n", text);
}

static void write_rate(const struct line *line)
{
    const struct rate rate = row_rate(line->row, line->group->measure, false);
    if (line->group->measure == MEASURE_SECONDS)
        sheet_seconds(line->sheet, rate.middle);
    else
        sheet_number(line->sheet, rate.middle, 4, NULL);
}

static double end_to_end_of(const struct hcb_result *row)
{
    return row->end_to_end.summary.n > 0 ? row->end_to_end.summary.median : (double)NAN;
}

static void write_upload(const struct line *line)
{
    sheet_seconds(line->sheet, line->row->upload_s);
}

static void write_download(const struct line *line)
{
    sheet_seconds(line->sheet, line->row->download_s);
}

static void write_end_to_end(const struct line *line)
{
    sheet_seconds(line->sheet, end_to_end_of(line->row));
}

static void put_speedup(const struct line *line, const struct hcb_ratio *ratio)
{
    if (group_baseline(line->group, line->entry) != NULL)
        sheet_ratio(line->sheet, ratio);
    else
        sheet_cell(line->sheet, "");
}

static void write_speedup(const struct line *line)
{
    put_speedup(line, &line->row->speedup_kernel);
}

static void write_speedup_end_to_end(const struct line *line)
{
    put_speedup(line, &line->row->speedup_end_to_end);
}

static void write_bound(const struct line *line)
{
    sheet_number(line->sheet, line->row->error.bound_ratio, 2, NULL);
}

static void write_share(const struct line *line)
{
    const char *bound = row_text(line->row, "roofline.bound");
    char unit[64];
    if (!isfinite(row_number(line->row, "roofline.share"))) {
        html_element(&line->sheet->html, "td", "n", bound);
        return;
    }
    snprintf(unit, sizeof unit, "%%%s%.40s", *bound != '\0' ? " of " : "", bound);
    sheet_number(line->sheet, row_number(line->row, "roofline.share") * 100, 3, unit);
}

static void write_watts(const struct line *line)
{
    sheet_number(line->sheet, row_number(line->row, "power.watts"), 3, NULL);
}

static void write_efficiency(const struct line *line)
{
    sheet_number(line->sheet, row_number(line->row, "power.gflop_per_j"), 3, NULL);
}

static void write_setup(const struct line *line)
{
    sheet_seconds(line->sheet, line->row->setup_s);
}

static bool always(const struct hcb_result *row)
{
    (void)row;
    return true;
}

static bool has_upload(const struct hcb_result *row)
{
    return isfinite(row->upload_s);
}

static bool has_download(const struct hcb_result *row)
{
    return isfinite(row->download_s);
}

static bool has_end_to_end(const struct hcb_result *row)
{
    return isfinite(end_to_end_of(row));
}

static bool has_speedup(const struct hcb_result *row)
{
    return row_is_measured(row) && isfinite(row->speedup_kernel.ratio);
}

static bool has_speedup_end_to_end(const struct hcb_result *row)
{
    return row_is_measured(row) && isfinite(row->speedup_end_to_end.ratio);
}

static bool has_bound(const struct hcb_result *row)
{
    return isfinite(row->error.bound_ratio);
}

static bool has_share(const struct hcb_result *row)
{
    return *row_text(row, "roofline.bound") != '\0';
}

static bool has_watts(const struct hcb_result *row)
{
    return isfinite(row_number(row, "power.watts"));
}

static bool has_efficiency(const struct hcb_result *row)
{
    return isfinite(row_number(row, "power.gflop_per_j"));
}

static bool has_setup(const struct hcb_result *row)
{
    return isfinite(row->setup_s);
}

/* A column is there when a row of the table has something for it. */
static const struct column {
    const char *text; /* NULL: the unit of the rate */
    bool number;
    bool (*has)(const struct hcb_result *row);
    void (*write)(const struct line *line);
} columns[] = {
    {"device/impl", false, always, write_who},
    {"speedup end to end", true, has_speedup_end_to_end, write_speedup_end_to_end},
    {"speedup kernel only", true, has_speedup, write_speedup},
    {NULL, true, always, write_rate},
    {"time", true, always, write_median},
    {"95 %", true, always, write_interval},
    {"time end to end", true, has_end_to_end, write_end_to_end},
    {"upload", true, has_upload, write_upload},
    {"download", true, has_download, write_download},
    {"setup", true, has_setup, write_setup},
    {"of roofline", true, has_share, write_share},
    {"W", true, has_watts, write_watts},
    {"GFLOP/J", true, has_efficiency, write_efficiency},
    {"error/bound", true, has_bound, write_bound},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* --------------------------------------------------------------------------- a table */

static bool is_shown(const struct hcb_result *row)
{
    return row->status != HCB_UNSUPPORTED && row->status != HCB_SKIPPED;
}

static bool is_used(const struct column *column, const struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (is_shown(group->entries[i].row) && column->has(group->entries[i].row))
            return true;
    return false;
}

static void write_rows(struct sheet *sheet, const struct group *group, const bool *used, size_t count)
{
    const struct hcb_result *last = NULL;
    char text[96] = "size ";
    for (size_t i = 0; i < group->count; i++) {
        const struct hcb_result *row = group->entries[i].row;
        const struct line line = {sheet, group, &group->entries[i], row};
        if (!is_shown(row))
            continue;
        if (last == NULL || !record_same_case(&last->task, &row->task)) {
            row_size_text(row, text + strlen("size "), sizeof text - strlen("size "));
            sheet_group(sheet, count, text);
        }
        last = row;
        html_begin(&sheet->html, "tr", NULL);
        for (size_t j = 0; j < COLUMNS; j++)
            if (used[j])
                columns[j].write(&line);
        html_end(&sheet->html);
    }
}

static void write_table(struct sheet *sheet, const struct group *group)
{
    struct head_cell cells[COLUMNS];
    bool used[COLUMNS];
    size_t count = 0;
    char label[96], kind[32];
    for (size_t i = 0; i < COLUMNS; i++) {
        used[i] = is_used(&columns[i], group) &&
                  (columns[i].text != NULL || group->measure != MEASURE_SECONDS);
        if (!used[i])
            continue;
        cells[count++] = (struct head_cell){
            columns[i].text != NULL ? columns[i].text : measure_unit(group->measure), columns[i].number};
    }
    snprintf(label, sizeof label, "Rows of %s %s", hcb_op_name(group->kind.op),
             hcb_kind_text(&group->kind, kind, sizeof kind));
    sheet_begin_table(sheet, label, cells, count);
    write_rows(sheet, group, used, count);
    sheet_end_table(sheet);
}

static void write_plots(struct sheet *sheet, const struct group *group)
{
    html_begin(&sheet->html, "div", "class", "plots", NULL);
    for (size_t i = 0; i < sheet->plots->count; i++) {
        const struct plot *plot = &sheet->plots->list[i];
        if (plot->kind <= PLOT_SPLIT && record_same_kind(&plot->rows, &group->kind))
            sheet_plot(sheet, plot);
    }
    html_end(&sheet->html);
}

static bool any_shown(const struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (is_shown(group->entries[i].row))
            return true;
    return false;
}

static void write_group(struct sheet *sheet, const struct group *group)
{
    char kind[32];
    if (!any_shown(group))
        return;
    html_begin(&sheet->html, "h3", NULL);
    html_format(&sheet->html, "%s %s", hcb_op_name(group->kind.op),
                hcb_kind_text(&group->kind, kind, sizeof kind));
    html_end(&sheet->html);
    write_plots(sheet, group);
    write_table(sheet, group);
}

/* -------------------------------------------------------------------- speed and error */

static bool has_error(const struct entry *entry)
{
    return row_is_measured(entry->row) && isfinite(entry->row->error.rel_frobenius) &&
           !record_stands_in(&entry->row->task);
}

static bool is_largest(const struct group *group, size_t index)
{
    for (size_t i = index + 1; i < group->count; i++)
        if (group->entries[i].series == group->entries[index].series && has_error(&group->entries[i]))
            return false;
    return has_error(&group->entries[index]);
}

static void write_error_row(struct sheet *sheet, const struct group *group, const struct entry *entry)
{
    const struct line line = {sheet, group, entry, entry->row};
    html_begin(&sheet->html, "tr", NULL);
    begin_who(&line);
    html_end(&sheet->html);
    if (entry->row->error.rel_frobenius > 0)
        sheet_number(sheet, entry->row->error.rel_frobenius, 2, NULL);
    else
        html_element(&sheet->html, "td", "n", "exact");
    write_rate(&line);
    write_shape(&line);
    sheet_number(sheet, entry->row->error.max_ulp, 3, NULL);
    write_bound(&line);
    sheet_number(sheet, entry->row->error.limit, 3, NULL);
    html_end(&sheet->html);
}

static void write_errors(struct sheet *sheet, const struct group *groups, size_t count)
{
    char kind[32];
    const struct head_cell cells[] = {
        {"device/impl", false}, {"relative error", true}, {measure_unit(groups_measure(groups, count)), true},
        {"size", true}, {"largest, ulp", true}, {"error/bound", true}, {"limit", true}};
    unsigned kinds = 0;
    for (size_t p = 0; p < count; p++) {
        bool any = false;
        for (size_t i = 0; i < groups[p].count; i++)
            any |= has_error(&groups[p].entries[i]);
        kinds += any;
    }
    if (kinds < 2)
        return;
    html_begin(&sheet->html, "h3", NULL);
    html_format(&sheet->html, "%s: speed against error", hcb_op_name(groups[0].kind.op));
    html_end(&sheet->html);
    html_begin(&sheet->html, "div", "class", "plots", NULL);
    for (size_t i = 0; i < sheet->plots->count; i++)
        if (sheet->plots->list[i].kind == PLOT_ERROR && sheet->plots->list[i].op == groups[0].kind.op)
            sheet_plot(sheet, &sheet->plots->list[i]);
    html_end(&sheet->html);
    sheet_begin_table(sheet, "Speed against error", cells, sizeof cells / sizeof *cells);
    for (size_t p = 0; p < count; p++) {
        bool any = false;
        for (size_t i = 0; i < groups[p].count; i++) {
            if (!is_largest(&groups[p], i))
                continue;
            if (!any)
                sheet_group(sheet, sizeof cells / sizeof *cells,
                            hcb_kind_text(&groups[p].kind, kind, sizeof kind));
            any = true;
            write_error_row(sheet, &groups[p], &groups[p].entries[i]);
        }
    }
    sheet_end_table(sheet);
}

/* ------------------------------------------------------------------- mixed precision */

static void write_pair(struct sheet *sheet, size_t run, const struct mixed *pair)
{
    const struct hcb_result *row = pair->row;
    const struct series *series =
        runs_find_series(sheet->runs, run, row->device, row->task.impl);
    char text[NUMBER_SIZE], kind[32], size[72];
    html_begin(&sheet->html, "tr", NULL);
    html_begin(&sheet->html, "th", "class", "who", NULL);
    html_text(&sheet->html, series != NULL ? series->label : row->device);
    html_begin(&sheet->html, "span", "class", "under", NULL);
    html_format(&sheet->html, "%s, %s, beside %s", hcb_kind_text(&row->task, kind, sizeof kind),
                row_size_text(row, size, sizeof size), hcb_impl_name(pair->f32->task.impl));
    html_end(&sheet->html);
    html_end(&sheet->html);
    sheet_ratio(sheet, &pair->speed);
    html_element(&sheet->html, "td", "n",
                 pair->saved_bytes > 0 ? number_bytes(pair->saved_bytes, text) : "");
    sheet_number(sheet, row->error.bound_ratio, 2, NULL);
    sheet_number(sheet, pair->f32->error.bound_ratio, 2, NULL);
    sheet_number(sheet, row->error.rel_frobenius, 2, NULL);
    sheet_number(sheet, pair->f32->error.rel_frobenius, 2, NULL);
    sheet_number(sheet, pair->rounding, 2, NULL);
    html_end(&sheet->html);
}

/* The lines of an op, of all files. */
static void write_mixed(struct sheet *sheet, enum hcb_op op)
{
    static const struct head_cell cells[] = {{"device/impl", false}, {"x", true},
                                             {"saved", true},        {"err/bound", true},
                                             {"of f32", true},       {"error", true},
                                             {"of f32", true},       {"rounding", true}};
    bool any = false;
    for (size_t run = 0; run < sheet->runs->count; run++) {
        struct mixed *pairs = NULL;
        size_t count = 0;
        sheet->failed |= !mixed_find(&sheet->runs->list[run].record, &pairs, &count);
        for (size_t i = 0; i < count; i++) {
            if (pairs[i].row->task.op != op)
                continue;
            if (!any) {
                html_begin(&sheet->html, "h3", NULL);
                html_format(&sheet->html, "%s: " MIXED_TITLE, hcb_op_name(op));
                html_end(&sheet->html);
                html_element(&sheet->html, "p", "remark", MIXED_LEGEND);
                sheet_begin_table(sheet, MIXED_TITLE, cells, sizeof cells / sizeof *cells);
            }
            any = true;
            write_pair(sheet, run, &pairs[i]);
        }
        free(pairs);
    }
    if (any)
        sheet_end_table(sheet);
}

/* ----------------------------------------------------------------------------- an op */

static void write_op(struct sheet *sheet, const struct group *groups, size_t count)
{
    const char *name = hcb_op_name(groups[0].kind.op);
    bool any = false;
    for (size_t p = 0; p < count; p++)
        any |= any_shown(&groups[p]);
    if (!any)
        return;
    html_begin(&sheet->html, "section", "id", name, NULL);
    html_element(&sheet->html, "h2", NULL, name);
    html_element(&sheet->html, "p", "remark", hcb_op_text(groups[0].kind.op));
    for (size_t p = 0; p < count; p++)
        write_group(sheet, &groups[p]);
    write_errors(sheet, groups, count);
    write_mixed(sheet, groups[0].kind.op);
    html_end(&sheet->html);
}

void report_ops(struct sheet *sheet)
{
    struct group groups[RECORD_KINDS_MAX];
    for (unsigned op = 0; op < HCB_OP_COUNT; op++) {
        size_t count = runs_groups(sheet->runs, (enum hcb_op)op, groups);
        if (count > 0)
            write_op(sheet, groups, count);
        sheet->failed |= count == 0;
        while (count > 0)
            group_clear(&groups[--count]);
    }
}
