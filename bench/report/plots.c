/* SPDX-License-Identifier: Apache-2.0 */
/* What is plotted, as data and as gnuplot commands.  Texts from files come into
 * scripts as single-quoted strings, in which gnuplot evaluates nothing. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/output.h"
#include "files/text.h"
#include "numbers.h"
#include "report/plots.h"
#include "report/svg.h"

enum { MOST_LINES = 24, MOST_BARS = 12, TICS = 6, HEIGHT = 300, BAR_PITCH = 34, LABEL = 72, BAR_PIXELS = 285, FILE_WIDTH = 800 };

/* Colors on white, told apart with color-blind eyes too, and their names in the
 * page's style, where dark mode has others.  0 is the baseline. */
static const struct svg_color colors[] = {
    {0x3c3c3c, "var(--c0)"}, {0x0065a8, "var(--c1)"}, {0xc84e00, "var(--c2)"},
    {0x00805f, "var(--c3)"}, {0xa8468a, "var(--c4)"}, {0x8a6a00, "var(--c5)"},
    {0x5b52c4, "var(--c6)"}, {0x7a4a2b, "var(--c7)"}, {0xdedede, "var(--grid)"},
    {0x8c8c8c, "var(--axis)"}, {0x000000, "currentColor"}, {0, NULL}};
enum { NEUTRAL = RUN_COLORS + 1 };
_Static_assert(sizeof colors / sizeof *colors == RUN_COLORS + 4, "a color for each series");

static const struct {
    int point_type; /* of gnuplot */
    const char *sign;
} marks[RUN_MARKS] = {{7, "\u25cf"}, {5, "\u25a0"}, {9, "\u25b2"}, {13, "\u25c6"}, {11, "\u25bc"},
                      {6, "\u25cb"}, {4, "\u25a1"}, {8, "\u25b3"}, {12, "\u25c7"}, {10, "\u25bd"}};

const char *plot_mark(unsigned mark)
{
    return marks[mark % RUN_MARKS].sign;
}

unsigned plot_height(const struct plot *plot, enum plot_form form)
{
    return form == PLOT_NARROW && plot->kind != PLOT_SPLIT ? plot->height - 30 : plot->height;
}

/* -------------------------------------------------------------------- writing */

/* A plot in the making. */
struct draft {
    struct plot plot;
    FILE *data, *script;
    size_t data_size, script_size;
    bool failed;
};

HCB_PRINTF(2, 3) static bool begin(struct draft *draft, const char *name, ...)
{
    va_list arguments;
    va_start(arguments, name);
    vsnprintf(draft->plot.name, sizeof draft->plot.name, name, arguments);
    va_end(arguments);
    for (char *blank; (blank = strchr(draft->plot.name, ' ')) != NULL;)
        *blank = '-';
    draft->plot.height = HEIGHT;
    draft->data = open_memstream(&draft->plot.data, &draft->data_size);
    draft->script = open_memstream(&draft->plot.script, &draft->script_size);
    return draft->data != NULL && draft->script != NULL;
}

static void clear_plot(struct plot *plot)
{
    free(plot->data);
    free(plot->script);
    for (size_t i = 0; i < plot->key_count; i++)
        free(plot->keys[i].label);
    free(plot->keys);
    for (size_t i = 0; i < PLOT_FORM_COUNT; i++)
        free(plot->svg[i]);
}

/* Adds the plot to the others, unless it shows nothing. */
static void finish(struct draft *draft, struct plots *plots, bool any)
{
    bool good = !draft->failed && draft->data != NULL && draft->script != NULL;
    if (draft->data != NULL)
        good &= fclose(draft->data) == 0;
    if (draft->script != NULL)
        good &= fclose(draft->script) == 0;
    struct plot *larger =
        good && any ? realloc(plots->list, (plots->count + 1) * sizeof *larger) : NULL;
    plots->failed |= !good || (any && larger == NULL);
    if (larger == NULL) {
        clear_plot(&draft->plot);
        return;
    }
    plots->list = larger;
    larger[plots->count++] = draft->plot;
}

/* Control characters as blanks, and no more than `most` bytes of whole characters. */
static char *clean_label(const char *text, size_t most, char out[LABEL + 4])
{
    size_t length = strlen(text);
    const bool cut = length > most;
    if (cut)
        for (length = most; length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80;)
            length--;
    for (size_t i = 0; i < length; i++)
        out[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    strcpy(out + length, cut ? "..." : "");
    return out;
}

/* Bytes of the characters that surely fit into so many pixels at 12 pixels of height,
 * with room for "..."; in a wide font. */
static size_t bytes_within(const char *text, double pixels)
{
    double width = 0;
    const char *at = text;
    for (; *at != '\0'; at++) {
        const unsigned char byte = (unsigned char)*at;
        if ((byte & 0xc0) == 0x80)
            continue; /* its character is counted */
        width += byte >= 0x80 || strchr("mwMW@%", byte) != NULL ? 12
                 : byte >= 'A' && byte <= 'Z'                  ? 9
                                                               : 7.6;
        if (width > pixels)
            break;
    }
    const size_t length = (size_t)(at - text);
    return *at == '\0' || length < 3 ? length : length - 3;
}

/* A string of gnuplot in which nothing is evaluated. */
static void put_quoted(FILE *file, const char *text)
{
    char clean[LABEL + 4];
    fputc('\'', file);
    for (const char *at = clean_label(text, LABEL, clean); *at != '\0'; at++)
        fprintf(file, *at == '\'' ? "''" : "%c", *at);
    fputc('\'', file);
}

/* The last column of a line of data: without a quote, which would begin a string. */
static void put_label(FILE *file, const char *text, size_t most)
{
    char clean[LABEL + 4];
    for (const char *at = clean_label(text, most, clean); *at != '\0'; at++)
        fputc(*at == '"' ? '\'' : *at, file);
    fputc('\n', file);
}

static void put_number(FILE *file, double number)
{
    char text[NUMBER_SIZE];
    fprintf(file, "%s\t", isfinite(number) ? number_exact(number, text) : "NaN");
}

static void add_key(struct draft *draft, enum key_kind kind, unsigned color, unsigned mark,
                    const char *label)
{
    struct plot *plot = &draft->plot;
    struct key *larger = realloc(plot->keys, (plot->key_count + 1) * sizeof *larger);
    char *copy = strdup(label);
    if (larger == NULL || copy == NULL) {
        draft->failed = true;
        free(copy);
    }
    if (larger != NULL)
        plot->keys = larger;
    if (larger != NULL && copy != NULL)
        larger[plot->key_count++] = (struct key){kind, color, mark, copy};
}

/* "plot" before the first of what is drawn, a comma before the others. */
static const char *next(bool *first)
{
    const char *text = *first ? "plot " : ", \\\n  ";
    *first = false;
    return text;
}

/* ------------------------------------------------------------------------ axes */

struct range {
    double low, high;
};
static const struct range nothing = {HUGE_VAL, -HUGE_VAL};

static void widen(struct range *range, double value)
{
    if (!isfinite(value) || value <= 0)
        return;
    range->low = fmin(range->low, value);
    range->high = fmax(range->high, value);
}

/* 1024, 64 Ki, 16 Mi: a power of two. */
static void size_text(double size, char *text)
{
    static const char *const prefixes[] = {"", " Ki", " Mi", " Gi", " Ti", " Pi"};
    size_t i = 0;
    while (size >= 16384 && i + 1 < sizeof prefixes / sizeof *prefixes) {
        size /= 1024;
        i++;
    }
    snprintf(text, NUMBER_SIZE, "%.4g%s", size, prefixes[i]);
}

/* A logarithmic axis of sizes with a few powers of two on it. */
static void put_size_axis(FILE *script, const struct range *sizes)
{
    char text[NUMBER_SIZE], number[NUMBER_SIZE];
    const double low = log2(sizes->low), high = log2(sizes->high), margin = 0.06 * (high - low) + 0.2;
    const int first = (int)ceil(low - margin), last = (int)floor(high + margin);
    int stride = 1;
    while ((last - first) / stride >= TICS)
        stride++;
    fprintf(script, "set logscale x 2\nset xrange [%s:", number_exact(exp2(low - margin), number));
    fprintf(script, "%s]\nset xtics (", number_exact(exp2(high + margin), number));
    /* Where there is one size, its own power or the next ones. */
    for (int power = last; power >= first; power -= stride) {
        size_text(exp2(power), text);
        fprintf(script, "%s'%s' %s", power < last ? ", " : "", text, number_exact(exp2(power), number));
    }
    fputs(")\n", script);
}

static const double steps[] = {1, 2, 5}; /* of the tics in a decade */

/* The nearest tic from a number on, upwards or downwards. */
static double tic_from(double number, bool upwards)
{
    const int power = (int)floor(log10(number));
    double found = upwards ? 10 * pow(10, power) : pow(10, power);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const double tic = steps[i] * pow(10, power);
        if (upwards ? tic >= number : tic <= number)
            found = upwards ? fmin(found, tic) : fmax(found, tic);
    }
    return found;
}

/* Powers of ten, with 2 and 5 between where there are few. */
static void put_decades(FILE *script, char axis, double low, double high)
{
    const int first = (int)floor(log10(low)), last = (int)ceil(log10(high));
    const int between = log10(high / low) < 2.3 ? 3 : 1, stride = (last - first + TICS) / TICS;
    const char *comma = "";
    char text[NUMBER_SIZE];
    fprintf(script, "set %ctics (", axis);
    for (int power = first; power <= last; power += between > 1 ? 1 : stride)
        for (int i = 0; i < between; i++) {
            const double tic = steps[i] * pow(10, power);
            if (tic < low || tic > high)
                continue;
            if (power >= -3 && power < 6)
                fprintf(script, "%s'%s' %.0e", comma, number_exact(tic, text), tic);
            else
                fprintf(script, "%s'%.0e' %.0e", comma, tic, tic);
            comma = ", ";
        }
    fputs(")\n", script);
}

static void put_range(FILE *script, char axis, double low, double high)
{
    char text[NUMBER_SIZE];
    fprintf(script, "set %crange [%s:", axis, number_exact(low, text));
    fprintf(script, "%s]\n", number_exact(high, text));
}

static void put_log_axis(FILE *script, char axis, const struct range *values)
{
    const double ratio = values->high / values->low, margin = fmax(pow(ratio, 0.06), 1.25);
    double low = values->low / margin, high = values->high * margin;
    if (tic_from(low, true) >= tic_from(high, false)) { /* one at most: nothing to read off */
        low = tic_from(low, false) * 0.99;
        high = tic_from(high, true) * 1.01;
    }
    fprintf(script, "set logscale %c\n", axis);
    put_range(script, axis, low, high);
    put_decades(script, axis, low, high);
}

/* From 0, or logarithmic where small values would not be seen. */
static void put_rate_axis(FILE *script, const struct range *rates, const char *unit)
{
    const bool logarithmic = rates->high / rates->low > 12;
    fprintf(script, "set ylabel '%s%s' noenhanced\n", unit, logarithmic ? " (logarithmic)" : "");
    if (logarithmic) {
        put_log_axis(script, 'y', rates);
    } else {
        fputs("set format y '%.6g'\n", script);
        put_range(script, 'y', 0, rates->high * 1.08);
    }
}

static bool all_cubes(const struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (!row_is_cube(group->entries[i].row))
            return false;
    return true;
}

static const char *size_label(const struct group *group)
{
    if (hcb_op_rank(group->kind.op) != 3)
        return "elements";
    return all_cubes(group) ? "M = N = K" : "M = N = K (points alone: cube root of MNK)";
}

/* ------------------------------------------------------------ rates against size */

/* Is there anything to draw of the series?  Counts those that are too many. */
static bool has_rates(const struct group *group, size_t series, bool end_to_end)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->entries[i].series == series &&
            isfinite(row_rate(group->entries[i].row, group->measure, end_to_end).middle))
            return true;
    return false;
}

static void put_rate_data(struct draft *draft, const struct runs *runs, const struct group *group,
                          bool end_to_end)
{
    const char *unit = measure_unit(group->measure);
    fprintf(draft->data, "series\tsize\t%s\t%s_ci95_low\t%s_ci95_high\tm\tn\tk\tlabel\n", unit, unit,
            unit);
    for (size_t i = 0; i < group->count; i++) {
        const struct hcb_result *row = group->entries[i].row;
        const struct rate rate = row_rate(row, group->measure, end_to_end);
        if (!isfinite(rate.middle))
            continue;
        fprintf(draft->data, "%zu\t", group->entries[i].series);
        put_number(draft->data, row_size(row));
        put_number(draft->data, rate.middle);
        put_number(draft->data, rate.low);
        put_number(draft->data, rate.high);
        fprintf(draft->data, "%llu\t%llu\t%llu\t", (unsigned long long)row->task.shape.m,
                (unsigned long long)row->task.shape.n, (unsigned long long)row->task.shape.k);
        put_label(draft->data, runs->series[group->entries[i].series].label, LABEL);
    }
}

/* One series: a bar for each interval, a line through the medians, and points alone
 * for what is no cube, since that is on no curve with the others. */
static void put_rate_line(struct draft *draft, const struct group *group, const struct series *series,
                          size_t number, bool *first)
{
    const char *name = draft->plot.name, *cube = all_cubes(group) ? "" : " && $6==$7 && $7==$8";
    const int point = marks[series->mark].point_type;
    const unsigned color = (unsigned)colors[series->color].rgb;
    fprintf(draft->script,
            "%s'%s.tsv' skip 1 using ($1==%zu && $4>0 && $5>0 ? $2 : NaN):3:4:5 with yerrorbars lw 1.5 "
            "pt -1 lc rgb '#%06x' notitle",
            next(first), name, number, color);
    if (*cube != '\0')
        fprintf(draft->script,
                "%s'%s.tsv' skip 1 using ($1==%zu ? $2 : NaN):3 with points pt %d lc rgb '#%06x' notitle",
                next(first), name, number, point, color);
    fprintf(draft->script,
            "%s'%s.tsv' skip 1 using ($1==%zu%s ? $2 : NaN):3 with linespoints lw 2 dt %zu pt %d "
            "lc rgb '#%06x' title ",
            next(first), name, number, cube, series->run % 4 + 1, point, color);
    put_quoted(draft->script, series->label);
    fputs(" noenhanced", draft->script);
}

static void put_rate_lines(struct draft *draft, const struct runs *runs, const struct group *group,
                           bool end_to_end, bool *first)
{
    unsigned lines = 0;
    for (size_t i = 0; i < runs->series_count; i++) {
        if (!has_rates(group, i, end_to_end))
            continue;
        if (lines++ >= MOST_LINES) {
            draft->plot.left_out++;
            continue;
        }
        put_rate_line(draft, group, &runs->series[i], i, first);
        add_key(draft, KEY_LINE, runs->series[i].color, runs->series[i].mark, runs->series[i].label);
    }
}

/* Where a series becomes faster or slower than the CPU: a line, and its interval
 * behind. */
static void put_crossing(struct draft *draft, const struct series *series, const struct crossing *crossing)
{
    char at[NUMBER_SIZE], low[NUMBER_SIZE], high[NUMBER_SIZE], label[280];
    const unsigned color = (unsigned)colors[series->color].rgb;
    fprintf(draft->script,
            "set object rectangle from %s, graph 0 to %s, graph 1 fillcolor rgb '#%06x' fillstyle "
            "transparent solid 0.15 noborder behind\n",
            number_exact(crossing->ci95_low, low), number_exact(crossing->ci95_high, high), color);
    fprintf(draft->script, "set arrow from %s, graph 0 to %s, graph 1 nohead lw 1.5 dt 3 lc rgb '#%06x'\n",
            number_exact(crossing->size, at), at, color);
    snprintf(label, sizeof label, "break-even of %.160s: %s %.0f (%.0f\u2013%.0f)", series->label,
             crossing->upward ? "faster from" : "faster below", crossing->size, crossing->ci95_low,
             crossing->ci95_high);
    add_key(draft, KEY_BREAK_EVEN, series->color, 0, label);
}

/* All of the plot's op, precision and clock; they come before "plot". */
static void put_crossings(struct draft *draft, const struct runs *runs, const struct group *group,
                          bool end_to_end)
{
    for (size_t i = 0; i < runs->count; i++)
        for (size_t j = 0; j < runs->list[i].record.breakeven_count; j++) {
            const struct breakeven *breakeven = &runs->list[i].record.breakevens[j];
            const struct series *series =
                runs_find_series(runs, i, breakeven->device, breakeven->task.impl);
            if (!record_same_kind(&breakeven->task, &group->kind) ||
                (breakeven->clock == CLOCK_END_TO_END) != end_to_end || series == NULL)
                continue;
            for (size_t k = 0; k < breakeven->finding.count; k++)
                put_crossing(draft, series, &breakeven->finding.crossings[k]);
        }
}

/* In the legend of files; the page has one of its own. */
static void title_crossings(struct draft *draft, bool *first)
{
    for (size_t i = 0; i < draft->plot.key_count; i++) {
        const struct key *key = &draft->plot.keys[i];
        if (key->kind != KEY_BREAK_EVEN)
            continue;
        fprintf(draft->script, "%sNaN with lines lw 1.5 dt 3 lc rgb '#%06x' title ", next(first),
                (unsigned)colors[key->color].rgb);
        put_quoted(draft->script, key->label);
        fputs(" noenhanced", draft->script);
    }
}

/* Both clocks have the same axes, so that two plots can be compared by eye. */
static void rate_ranges(const struct group *group, struct range *sizes, struct range *rates)
{
    *sizes = *rates = nothing;
    for (size_t i = 0; i < group->count; i++)
        for (int end_to_end = 0; end_to_end < 2; end_to_end++) {
            const struct rate rate = row_rate(group->entries[i].row, group->measure, end_to_end);
            if (isfinite(rate.middle))
                widen(sizes, row_size(group->entries[i].row));
            widen(rates, rate.middle);
            widen(rates, rate.low);
            widen(rates, rate.high);
        }
}

static void add_rates(struct plots *plots, const struct runs *runs, const struct group *group,
                      bool end_to_end)
{
    struct draft draft = {.plot = {.kind = end_to_end ? PLOT_END_TO_END : PLOT_RATE,
                                   .op = group->kind.op,
                                   .rows = group->kind}};
    char kind[32];
    const char *op = hcb_op_name(group->kind.op), *precision = hcb_kind_text(&group->kind, kind, sizeof kind);
    struct range sizes, rates;
    rate_ranges(group, &sizes, &rates);
    bool any = false, first = true;
    for (size_t i = 0; i < runs->series_count; i++)
        any |= has_rates(group, i, end_to_end);
    if (begin(&draft, "%s-%s-%s", op, precision, end_to_end ? "end-to-end" : "kernel") && any) {
        snprintf(draft.plot.title, sizeof draft.plot.title, "%s %s, %s", op, precision,
                 end_to_end ? "end to end" : "data on the device");
        put_rate_data(&draft, runs, group, end_to_end);
        put_size_axis(draft.script, &sizes);
        fprintf(draft.script, "set xlabel '%s'\n", size_label(group));
        put_rate_axis(draft.script, &rates, measure_unit(group->measure));
        put_crossings(&draft, runs, group, end_to_end);
        put_rate_lines(&draft, runs, group, end_to_end, &first);
        title_crossings(&draft, &first);
        fputc('\n', draft.script);
    }
    finish(&draft, plots, any);
}

/* ------------------------------------------------------------------ where time goes */

/* The parts of an end-to-end pass.  The rest is what the host and the driver add. */
enum part { UPLOAD, LAUNCH, DOWNLOAD, REST, PARTS };
static const struct {
    const char *name;
    unsigned color;
} parts[PARTS] = {{"upload", 1}, {"launch", NEUTRAL}, {"download", 2}, {"rest", 0}};

static bool has_parts(const struct hcb_result *row)
{
    return row_is_measured(row) && row->end_to_end.summary.n > 0 && row->end_to_end.summary.median > 0 &&
           (isfinite(row->upload_s) || isfinite(row->download_s));
}

/* Seconds of each part.  The launch was timed in other windows than the pass, and may
 * be longer than what the copies leave of it: false when it was cut to that. */
static bool split_pass(const struct hcb_result *row, double times[PARTS])
{
    const double launch = hcb_result_clock(row)->summary.median;
    times[UPLOAD] = isfinite(row->upload_s) ? row->upload_s : 0;
    times[DOWNLOAD] = isfinite(row->download_s) ? row->download_s : 0;
    const double left = fmax(row->end_to_end.summary.median - times[UPLOAD] - times[DOWNLOAD], 0);
    times[LAUNCH] = fmin(launch, left);
    times[REST] = left - times[LAUNCH];
    return launch <= left;
}

static void put_bar(struct draft *draft, const struct runs *runs, const struct entry *entry, size_t bar)
{
    const struct hcb_result *row = entry->row;
    const bool several = runs->count > 1;
    const double whole = row->end_to_end.summary.median;
    char shape[72], label[320], time[NUMBER_SIZE];
    double times[PARTS], at = 0;
    if (!split_pass(row, times))
        draft->plot.note = "Launch is timed apart from the pass. Where it is longer than what upload and "
                           "download leave of the pass, the bar shows what they leave.";
    fprintf(draft->data, "%zu\t", bar);
    put_number(draft->data, whole);
    for (size_t i = 0; i < PARTS; i++)
        put_number(draft->data, times[i]);
    for (size_t i = 0; i < PARTS; i++) {
        at += times[i] / whole * 100;
        put_number(draft->data, i + 1 < PARTS ? fmin(at, 100) : 100);
    }
    /* The end is cut off; the mark tells files apart even then. */
    snprintf(label, sizeof label, "%s%s%s, %s, %s%s/%s%s%s",
             several ? plot_mark(runs->series[entry->series].mark) : "", several ? " " : "",
             row_size_text(row, shape, sizeof shape), number_seconds(whole, time), row->device,
             record_software_mark(&runs->list[entry->run].record, row->device), hcb_impl_name(row->task.impl),
             several ? ", " : "", several ? runs->list[entry->run].label : "");
    const size_t most = bytes_within(label, BAR_PIXELS);
    put_label(draft->data, label, most < LABEL ? most : LABEL);
}

static void draw_bars(struct draft *draft, bool *first)
{
    for (unsigned i = 0; i < PARTS; i++) {
        char from[8] = "0";
        if (i > 0)
            snprintf(from, sizeof from, "$%u", 2 + PARTS + i);
        fprintf(draft->script,
                "%s'%s.tsv' skip 1 using (0):1:(%s):%u:($1-0.3):($1+0.02) with boxxyerror "
                "lc rgb '#%06x' title '%s'",
                next(first), draft->plot.name, from, 3 + PARTS + i, (unsigned)colors[parts[i].color].rgb,
                parts[i].name);
        add_key(draft, KEY_AREA, parts[i].color, 0, parts[i].name);
    }
    fprintf(draft->script, "%s'%s.tsv' skip 1 using (0):($1-0.58):%u with labels left noenhanced notitle",
            next(first), draft->plot.name, 3 + 2 * PARTS);
}

/* What the marks before the labels stand for. */
static void key_bar_marks(struct draft *draft, const struct runs *runs, const bool *drawn, bool *first)
{
    for (size_t i = 0; i < runs->series_count; i++) {
        const struct series *series = &runs->series[i];
        if (!drawn[i] || runs->count < 2)
            continue;
        fprintf(draft->script, "%sNaN with points pt %d lc rgb 'black' title ", next(first),
                marks[series->mark].point_type);
        put_quoted(draft->script, series->label);
        fputs(" noenhanced", draft->script);
        add_key(draft, KEY_POINT, 0, series->mark, series->label);
    }
}

/* One bar for each row that copies, those of the largest sizes when there are many. */
static void add_split(struct plots *plots, const struct runs *runs, const struct group *group)
{
    struct draft draft = {
        .plot = {.kind = PLOT_SPLIT, .op = group->kind.op, .rows = group->kind}};
    char kind[32];
    const char *op = hcb_op_name(group->kind.op), *precision = hcb_kind_text(&group->kind, kind, sizeof kind);
    size_t bars = 0, skipped = 0, bar = 0;
    bool first = true, *drawn = calloc(runs->series_count + 1, sizeof *drawn);
    for (size_t i = 0; i < group->count; i++)
        bars += has_parts(group->entries[i].row);
    draft.failed = !begin(&draft, "%s-%s-time", op, precision) || drawn == NULL;
    if (!draft.failed && bars > 0) {
        snprintf(draft.plot.title, sizeof draft.plot.title, "%s %s: where the time of a pass goes", op,
                 precision);
        fputs("bar\tend_to_end_s\tupload_s\tlaunch_s\tdownload_s\trest_s\tupload_end_percent\t"
              "launch_end_percent\tdownload_end_percent\trest_end_percent\tlabel\n",
              draft.data);
        draft.plot.left_out = (unsigned)(bars > MOST_BARS ? bars - MOST_BARS : 0);
        for (size_t i = 0; i < group->count; i++)
            if (has_parts(group->entries[i].row) && skipped++ >= draft.plot.left_out) {
                put_bar(&draft, runs, &group->entries[i], bar++);
                drawn[group->entries[i].series] = true;
            }
        draft.plot.height = (unsigned)(bar * BAR_PITCH + 76);
        if (draft.plot.note != NULL)
            fprintf(draft.script, "# %s\n", draft.plot.note);
        fprintf(draft.script,
                "set xrange [0:100]\nset xtics 25\nset xlabel '%% of the pass, end to end'\n"
                "set yrange [%zu.12:-0.9]\nunset ytics\nset border 1\nset style fill solid noborder\n",
                bar - 1);
        draw_bars(&draft, &first);
        key_bar_marks(&draft, runs, drawn, &first);
        fputc('\n', draft.script);
    }
    free(drawn);
    finish(&draft, plots, bars > 0);
}

/* ------------------------------------------------------------- speed against error */

struct spot {
    const struct hcb_result *row;
    size_t series;
    double rate;
};

/* A number for each kind of an op, and its mark: a precision has the same one in every
 * op, as far as there are enough. */
static unsigned kind_number(const struct hcb_case *kind)
{
    return (unsigned)kind->precision + (unsigned)kind->sum * HCB_PRECISION_COUNT;
}

/* The row of the largest size that a series has in a kind; false without an error. */
static bool find_spot(const struct group *group, size_t series, struct spot *spot)
{
    bool found = false;
    for (size_t i = 0; i < group->count; i++) {
        const struct hcb_result *row = group->entries[i].row;
        const double rate = row_rate(row, group->measure, false).middle;
        if (group->entries[i].series != series || !isfinite(rate) ||
            !(row->error.rel_frobenius > 0) || record_stands_in(&row->task))
            continue;
        *spot = (struct spot){.row = row, .series = series, .rate = rate};
        found = true;
    }
    return found;
}

static void put_spot(struct draft *draft, const struct runs *runs, const struct spot *spot)
{
    char kind[32];
    fprintf(draft->data, "%zu\t%u\t", spot->series, kind_number(&spot->row->task));
    put_number(draft->data, spot->row->error.rel_frobenius);
    put_number(draft->data, spot->rate);
    put_number(draft->data, row_size(spot->row));
    fprintf(draft->data, "%s\t", hcb_kind_text(&spot->row->task, kind, sizeof kind));
    put_label(draft->data, runs->series[spot->series].label, LABEL);
}

/* One point in the plot; both its series and its kind come into the legend. */
static void draw_spot(struct draft *draft, const struct runs *runs, const struct spot *spot, bool *first)
{
    char text[232], kind[32];
    const struct series *series = &runs->series[spot->series];
    const unsigned number = kind_number(&spot->row->task);
    fprintf(draft->script,
            "%s'%s.tsv' skip 1 using ($1==%zu && $2==%u ? $3 : NaN):4 with points ps 1.3 pt %d lc rgb "
            "'#%06x' title ",
            next(first), draft->plot.name, spot->series, number,
            marks[number % RUN_MARKS].point_type, (unsigned)colors[series->color].rgb);
    snprintf(text, sizeof text, "%s %s", hcb_kind_text(&spot->row->task, kind, sizeof kind), series->label);
    put_quoted(draft->script, text);
    fputs(" noenhanced", draft->script);
}

static void key_spots(struct draft *draft, const struct runs *runs, const bool *series,
                      const struct group *groups, const bool *shown)
{
    char kind[32];
    for (size_t i = 0; i < runs->series_count; i++)
        if (series[i])
            add_key(draft, KEY_AREA, runs->series[i].color, 0, runs->series[i].label);
    for (unsigned i = 0; i < RECORD_KINDS_MAX; i++)
        if (shown[i])
            add_key(draft, KEY_POINT, 0, kind_number(&groups[i].kind) % RUN_MARKS,
                    hcb_kind_text(&groups[i].kind, kind, sizeof kind));
}

static void add_error(struct plots *plots, const struct runs *runs, const struct group *groups,
                      size_t count, enum hcb_op op)
{
    const enum measure measure = groups_measure(groups, count);
    struct draft draft = {.plot = {.kind = PLOT_ERROR, .op = op}};
    struct range errors = nothing, rates = nothing;
    bool first = true, shown[RECORD_KINDS_MAX] = {false};
    bool *series = calloc(runs->series_count + 1, sizeof *series);
    unsigned spots = 0, kinds = 0;
    struct spot spot;
    draft.failed = series == NULL || !begin(&draft, "%s-error", hcb_op_name(op));
    if (!draft.failed) {
        snprintf(draft.plot.title, sizeof draft.plot.title, "%s: speed against error", hcb_op_name(op));
        fprintf(draft.data, "series\tkind_number\trelative_error\t%s\tsize\tkind\tlabel\n",
                measure_unit(measure));
    }
    for (unsigned pass = 0; pass < 2 && !draft.failed; pass++) {
        if (pass == 1 && spots > 0) {
            fputs("set xlabel 'relative error (Frobenius norm)'\n",
                  draft.script);
            put_log_axis(draft.script, 'x', &errors);
            put_rate_axis(draft.script, &rates, measure_unit(measure));
        }
        for (size_t p = 0; p < count; p++)
            for (size_t i = 0; i < runs->series_count; i++) {
                if (groups[p].measure != measure || !find_spot(&groups[p], i, &spot))
                    continue;
                if (pass == 0) {
                    put_spot(&draft, runs, &spot);
                    widen(&errors, spot.row->error.rel_frobenius);
                    widen(&rates, spot.rate);
                    kinds += !shown[p];
                    series[i] = shown[p] = true;
                    spots++;
                } else {
                    draw_spot(&draft, runs, &spot, &first);
                }
            }
    }
    if (!draft.failed) {
        fputc('\n', draft.script);
        key_spots(&draft, runs, series, groups, shown);
    }
    free(series);
    finish(&draft, plots, kinds > 1);
}

/* ------------------------------------------------------------------------- rooflines */

static unsigned precision_color(unsigned precision)
{
    return 1 + precision % (RUN_COLORS - 1);
}

static bool has_intensity(const struct hcb_result *row)
{
    return row_is_measured(row) && row->flops > 0 && row->bytes > 0 && row->gflops > 0;
}

/* A point for each row of the device; tells which ops and precisions there are. */
static void put_points(struct draft *draft, const struct run *run, const char *device,
                       bool (*there)[HCB_PRECISION_COUNT], struct range *x, struct range *y)
{
    char shape[72];
    fputs("op_number\tprecision_number\tflop_per_byte\tGFLOP/s\top\tprecision\timpl\tshape\n", draft->data);
    for (size_t i = 0; i < run->record.result_count; i++) {
        const struct hcb_result *row = &run->record.results[i];
        if (!has_intensity(row) || strcmp(row->device, device) != 0)
            continue;
        there[row->task.op][row->task.precision] = true;
        widen(x, row->flops / row->bytes);
        widen(y, row->gflops);
        fprintf(draft->data, "%u\t%u\t", (unsigned)row->task.op, (unsigned)row->task.precision);
        put_number(draft->data, row->flops / row->bytes);
        put_number(draft->data, row->gflops);
        fprintf(draft->data, "%s\t%s\t%s\t", hcb_op_name(row->task.op),
                hcb_precision_name(row->task.precision), hcb_impl_name(row->task.impl));
        put_label(draft->data, row_size_text(row, shape, sizeof shape), LABEL);
    }
}

/* The roof of each precision that was measured: y = min(peak, bandwidth x). */
static void put_roofs(struct draft *draft, const struct roof *roof, bool *first)
{
    char bandwidth[NUMBER_SIZE], peak[NUMBER_SIZE], label[96];
    bool any = false;
    if (isfinite(roof->bandwidth_gbps))
        fprintf(draft->script, "bandwidth = %s # GB/s\n", number_exact(roof->bandwidth_gbps, bandwidth));
    for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++)
        if (isfinite(roof->peak_gflops[p]))
            fprintf(draft->script, "peak_%s = %s # GFLOP/s\n", hcb_precision_name(p),
                    number_exact(roof->peak_gflops[p], peak));
    for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++) {
        const char *name = hcb_precision_name(p);
        if (!isfinite(roof->peak_gflops[p]))
            continue;
        any = true;
        fprintf(draft->script, isfinite(roof->bandwidth_gbps)
                                   ? "%s(bandwidth * x < peak_%s ? bandwidth * x : peak_%s)"
                                   : "%speak_%s + 0 * peak_%s", next(first), name, name);
        snprintf(label, sizeof label, "%s: %s GFLOP/s", name, number_rounded(roof->peak_gflops[p], 4, peak));
        fprintf(draft->script, " with lines lw 2 lc rgb '#%06x' title '%s'",
                (unsigned)colors[precision_color(p)].rgb, label);
        add_key(draft, KEY_ROOF, precision_color(p), 0, label);
    }
    if (!any)
        fprintf(draft->script, "%sbandwidth * x with lines lw 2 lc rgb '#%06x' title 'memory'", next(first),
                (unsigned)colors[0].rgb);
    if (isfinite(roof->bandwidth_gbps)) {
        snprintf(label, sizeof label, "slope: %s GB/s", number_rounded(roof->bandwidth_gbps, 4, bandwidth));
        add_key(draft, KEY_ROOF, 0, 0, label);
    }
}

/* A precision without a roof of its own has the color of its points in the legend. */
static void key_roofless(struct draft *draft, const struct roof *roof, bool (*there)[HCB_PRECISION_COUNT])
{
    for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++) {
        bool any = false;
        for (unsigned op = 0; op < HCB_OP_COUNT; op++)
            any |= there[op][p];
        if (any && !isfinite(roof->peak_gflops[p]))
            add_key(draft, KEY_AREA, precision_color(p), 0, hcb_precision_name(p));
    }
}

static void draw_points(struct draft *draft, bool (*there)[HCB_PRECISION_COUNT], bool *first)
{
    for (unsigned op = 0; op < HCB_OP_COUNT; op++) {
        bool any = false;
        for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++) {
            if (!there[op][p])
                continue;
            any = true;
            fprintf(draft->script,
                    "%s'%s.tsv' skip 1 using ($1==%u && $2==%u ? $3 : NaN):4 with points pt %d lc rgb "
                    "'#%06x' title '%s %s'",
                    next(first), draft->plot.name, op, p, marks[op % RUN_MARKS].point_type,
                    (unsigned)colors[precision_color(p)].rgb, hcb_op_name(op), hcb_precision_name(p));
        }
        if (any)
            add_key(draft, KEY_POINT, 0, op % RUN_MARKS, hcb_op_name(op));
    }
    fputc('\n', draft->script);
}

static bool has_roof(const struct roof *roof)
{
    bool any = isfinite(roof->bandwidth_gbps);
    for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++)
        any |= isfinite(roof->peak_gflops[p]);
    return any;
}

static void add_roofline(struct plots *plots, const struct runs *runs, size_t run, size_t device)
{
    const char *id = runs->list[run].record.devices[device].info.id;
    const struct roof roof = run_roof(&runs->list[run], id);
    struct draft draft = {.plot = {.kind = PLOT_ROOFLINE, .run = run, .device = device}};
    bool there[HCB_OP_COUNT][HCB_PRECISION_COUNT] = {{false}}, first = true;
    struct range x = nothing, y = nothing;
    draft.failed = !begin(&draft, "roofline-%zu-%zu", run + 1, device);
    if (!draft.failed) {
        put_points(&draft, &runs->list[run], id, there, &x, &y);
        for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++)
            widen(&y, roof.peak_gflops[p]);
    }
    const bool any = !draft.failed && has_roof(&roof) && x.low <= x.high;
    if (any) {
        snprintf(draft.plot.title, sizeof draft.plot.title, "%.60s%s%.24s%s: roofline",
                 runs->count > 1 ? runs->list[run].label : "", runs->count > 1 ? " " : "", id,
                 record_software_mark(&runs->list[run].record, id));
        widen(&x, x.high * 4);
        widen(&x, x.low / 4);
        fputs("set xlabel 'FLOP per byte of the operands'\nset samples 400\n", draft.script);
        put_log_axis(draft.script, 'x', &x);
        fputs("set ylabel 'GFLOP/s (logarithmic)'\n", draft.script);
        put_log_axis(draft.script, 'y', &y);
        put_roofs(&draft, &roof, &first);
        key_roofless(&draft, &roof, there);
        draw_points(&draft, there, &first);
    }
    finish(&draft, plots, any);
}

/* --------------------------------------------------------------------- all of them */

static void add_group_plots(struct plots *plots, const struct runs *runs, const struct group *group)
{
    if (group->count == 0)
        return;
    add_rates(plots, runs, group, false);
    add_rates(plots, runs, group, true);
    add_split(plots, runs, group);
}

static void add_op_plots(struct plots *plots, const struct runs *runs, enum hcb_op op)
{
    struct group groups[RECORD_KINDS_MAX];
    size_t count = runs_groups(runs, op, groups);
    plots->failed |= count == 0;
    for (size_t i = 0; i < count && !plots->failed; i++)
        add_group_plots(plots, runs, &groups[i]);
    if (!plots->failed)
        add_error(plots, runs, groups, count, op);
    while (count > 0)
        group_clear(&groups[--count]);
}

/* ------------------------------------------------------------------------ scripts */

static const char head[] =
    "set encoding utf8\n"
    "set datafile separator '\\t'\n"
    "set datafile missing 'NaN'\n"
    "set border 3 lc rgb '#8c8c8c'\n"
    "set tics nomirror scale 0.6 textcolor rgb 'black'\n"
    "set grid xtics ytics lt 1 lw 1 lc rgb '#dedede'\n"
    "set bars 0.6\n"
    "set pointsize 0.9\n";

/* Two scripts draw a plot: one for the page, one for DIR. */
enum use { FOR_PAGE, FOR_DIRECTORY };

/* The forms for the page, without key and title, which the page has. */
static void compose_for_page(const struct plot *plot, FILE *file)
{
    fprintf(file, "%sunset key\nset terminal svg size %d,%u font 'sans-serif,12'\nset output 'wide.svg'\n%s",
            head, PLOT_WIDTH, plot_height(plot, PLOT_WIDE), plot->script);
    fprintf(file,
            "set terminal svg size %d,%u font 'sans-serif,12'\nset output 'narrow.svg'\nreplot\n"
            "set output\n",
            PLOT_WIDTH_NARROW, plot_height(plot, PLOT_NARROW));
}

/* Lines that the legend takes in a file of DIR: columns are as wide as their longest
 * label. */
static unsigned key_lines(const struct plot *plot)
{
    size_t longest = 1;
    for (size_t i = 0; i < plot->key_count; i++) {
        const size_t length = strlen(plot->keys[i].label);
        longest = length > longest ? length : longest;
    }
    if (longest > LABEL)
        longest = LABEL;
    const size_t columns = FILE_WIDTH / (longest * 8 + 60);
    return (unsigned)(columns > 1 ? (plot->key_count + columns - 1) / columns : plot->key_count);
}

/* For anyone: what it is, SVG and PNG. */
static void compose_for_directory(const struct plot *plot, FILE *file)
{
    const unsigned height = plot->height + 80 + 22 * key_lines(plot);
    fprintf(file, "# 'gnuplot %s.gp' draws %s.svg and %s.png from %s.tsv.\n%s", plot->name, plot->name,
            plot->name, plot->name, head);
    fputs("set key below Left reverse samplen 2 noenhanced textcolor rgb 'black'\nset title ", file);
    put_quoted(file, plot->title);
    fprintf(file,
            " noenhanced\nset terminal svg size %d,%u font 'sans-serif,13' background '#ffffff'\n"
            "set output '%s.svg'\n%s",
            FILE_WIDTH, height, plot->name, plot->script);
    fprintf(file,
            "set terminal pngcairo size %d,%u font 'sans-serif,13' fontscale 2 linewidth 2 "
            "pointscale 2 background '#ffffff'\nset output '%s.png'\nreplot\nset output\n",
            2 * FILE_WIDTH, 2 * height, plot->name);
}

/* malloc'ed; NULL when memory is short. */
static char *compose(const struct plot *plot, enum use use)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (file == NULL)
        return NULL;
    (use == FOR_PAGE ? compose_for_page : compose_for_directory)(plot, file);
    if (fclose(file) == 0)
        return text;
    free(text);
    return NULL;
}

/* ------------------------------------------------------------------------ drawing */

static bool draw(struct studio *studio, const struct plot *plot, enum use use)
{
    char *script = compose(plot, use);
    const bool good = script != NULL && studio_write(studio, "plot.gp", script) &&
                      studio_draw(studio, "plot.gp");
    free(script);
    return good;
}

static void draw_for_page(struct studio *studio, struct plot *plot)
{
    static const char *const files[] = {[PLOT_WIDE] = "wide.svg", [PLOT_NARROW] = "narrow.svg"};
    char prefix[80];
    size_t size;
    if (!draw(studio, plot, FOR_PAGE))
        return;
    for (size_t form = 0; form < PLOT_FORM_COUNT; form++) {
        char *text = studio_read(studio, files[form], &size);
        snprintf(prefix, sizeof prefix, "%s-%c-", plot->name, files[form][0]);
        plot->svg[form] = text != NULL && strlen(text) == size ? svg_inline(text, prefix, colors) : NULL;
        if (text != NULL && plot->svg[form] == NULL)
            snprintf(studio->reason, sizeof studio->reason, "gnuplot did not write a whole SVG for %s",
                     plot->name);
        free(text);
    }
}

/* Writes DIRECTORY/NAME.ENDING; false after one line on stderr. */
static bool save(const char *directory, const char *name, const char *ending, const void *data,
                 size_t size)
{
    const size_t room = strlen(directory) + strlen(name) + strlen(ending) + 3;
    char *path = malloc(room);
    if (path == NULL)
        return output_failed(directory, 0);
    snprintf(path, room, "%s/%s.%s", directory, name, ending);
    struct output *output = output_open(path);
    free(path);
    if (output == NULL)
        return false;
    return output_close(output, output_write(output, data, size));
}

/* SVG and PNG as the script in DIRECTORY makes them. */
static bool save_drawings(struct studio *studio, const struct plot *plot, const char *directory)
{
    static const char *const endings[] = {"svg", "png"};
    bool good = draw(studio, plot, FOR_DIRECTORY);
    for (size_t i = 0; i < sizeof endings / sizeof *endings && good; i++) {
        char name[80];
        size_t size = 0;
        snprintf(name, sizeof name, "%s.%s", plot->name, endings[i]);
        char *data = studio_read(studio, name, &size);
        good = data != NULL && save(directory, plot->name, endings[i], data, size);
        free(data);
    }
    return good;
}

/* Data and script: they are there whatever becomes of the drawing. */
static bool save_source(const struct plot *plot, const char *directory)
{
    char *script = compose(plot, FOR_DIRECTORY);
    const bool good = script != NULL &&
                      save(directory, plot->name, "tsv", plot->data, strlen(plot->data)) &&
                      save(directory, plot->name, "gp", script, strlen(script));
    free(script);
    return good;
}

static bool make_directory(const char *directory)
{
    struct stat facts;
    if (mkdir(directory, 0777) == 0 || (stat(directory, &facts) == 0 && S_ISDIR(facts.st_mode)))
        return true;
    return output_failed(directory, errno);
}

void plots_make(struct plots *plots, const struct runs *runs, const char *directory, double timeout_s)
{
    struct studio studio;
    char file[80];
    bool all = true;
    *plots = (struct plots){0};
    for (unsigned op = 0; op < HCB_OP_COUNT && !plots->failed; op++)
        add_op_plots(plots, runs, (enum hcb_op)op);
    for (size_t i = 0; i < runs->count && !plots->failed; i++)
        for (size_t j = 0; j < runs->list[i].record.device_count && !plots->failed; j++)
            add_roofline(plots, runs, i, j);
    if (plots->failed)
        fputs("hcbench: out of memory\n", stderr);
    bool saves = directory != NULL && !plots->failed && make_directory(directory);
    plots->failed |= directory != NULL && !saves;
    studio_open(&studio, timeout_s);
    for (size_t i = 0; i < plots->count; i++) {
        struct plot *plot = &plots->list[i];
        snprintf(file, sizeof file, "%s.tsv", plot->name);
        if (studio_write(&studio, file, plot->data))
            draw_for_page(&studio, plot);
        if (saves && !(saves = save_source(plot, directory)))
            plots->failed = true; /* the others would fare no better */
        all &= !saves || save_drawings(&studio, plot, directory);
    }
    if (!all)
        text_say("%s: not every plot is drawn: %s", directory, studio.reason);
    plots->failed |= !all;
    memcpy(plots->reason, studio.reason, sizeof plots->reason);
    studio_close(&studio);
}

void plots_clear(struct plots *plots)
{
    for (size_t i = 0; i < plots->count; i++)
        clear_plot(&plots->list[i]);
    free(plots->list);
    *plots = (struct plots){0};
}
