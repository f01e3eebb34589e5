/* SPDX-License-Identifier: Apache-2.0 */
/* The first thing on the page: is a device faster than the CPU at the largest sizes,
 * with transfers and without, by which impl, and how sure that is; then from which
 * size on. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "breakeven/breakeven.h"
#include "compare/change.h"
#include "numbers.h"
#include "report/report.h"

enum { STRIP_WIDTH = 150 }; /* as in write_strip */

/* What the interval of a speedup says. */
enum worth { WORTH_FASTER, WORTH_SLOWER, WORTH_UNCLEAR, WORTH_NO_INTERVAL, WORTH_COUNT };

static enum worth ratio_worth(const struct hcb_ratio *ratio)
{
    if (!isfinite(ratio->ci95_low) || !isfinite(ratio->ci95_high))
        return WORTH_NO_INTERVAL;
    return ratio->ci95_low > 1 ? WORTH_FASTER : ratio->ci95_high < 1 ? WORTH_SLOWER : WORTH_UNCLEAR;
}

/* End to end first: that is what a user gets. */
static const enum search_clock clocks[CLOCK_COUNT] = {CLOCK_END_TO_END, CLOCK_KERNEL};

static const struct hcb_ratio *ratio_of(const struct hcb_result *row, enum search_clock clock)
{
    return clock == CLOCK_KERNEL ? &row->speedup_kernel : &row->speedup_end_to_end;
}

/* The speedup of a row that was picked as the best of so many.  Its interval is one that holds
 * for all of them at once (Bonferroni), by Student's quantiles for its rounds. */
static struct hcb_ratio best_of(const struct hcb_result *row, enum search_clock clock, size_t impls)
{
    const struct hcb_clock_result *times = clock == CLOCK_KERNEL ? hcb_result_clock(row) : &row->end_to_end;
    const unsigned rounds = (unsigned)hcb_clock_common_rounds(times, times),
                   degrees = rounds > 0 ? rounds - 1 : 0;
    struct hcb_ratio ratio = *ratio_of(row, clock);
    if (impls > 1) {
        const double stretch =
            change_quantile(0.05 / (double)impls, degrees) / change_quantile(0.05, degrees);
        ratio.ci95_low = ratio.ratio * pow(ratio.ci95_low / ratio.ratio, stretch);
        ratio.ci95_high = ratio.ratio * pow(ratio.ci95_high / ratio.ratio, stretch);
    }
    return ratio;
}

/* ------------------------------------------------------------------- the answers */

/* A device and a computation at the largest size that the device and the CPU did. */
struct headline {
    const char *device;
    const struct hcb_result *size;              /* a row of that size */
    const struct hcb_result *best[CLOCK_COUNT]; /* the row of the fastest impl; NULL: none */
    size_t impls[CLOCK_COUNT];                  /* among so many */
    struct hcb_ratio ratio[CLOCK_COUNT];        /* its speedup; see best_of */
    char faster_at[512]; /* sizes at which an impl is faster end to end beyond doubt */
};

struct headlines {
    struct headline *list;
    size_t count;
};

/* A row of the device that was compared with the CPU. */
static bool is_of(const struct group *group, size_t index, size_t run, const char *device)
{
    const struct entry *entry = &group->entries[index];
    if (entry->run != run || strcmp(entry->row->device, device) != 0)
        return false;
    const struct hcb_result *baseline = group_baseline(group, entry);
    return baseline != NULL && strcmp(baseline->device, device) != 0; /* not against itself */
}

/* Odd shapes are smaller than any cube, however much work they are. */
static bool is_larger(const struct hcb_result *row, const struct hcb_result *than)
{
    if (than == NULL || row_is_cube(row) != row_is_cube(than))
        return than == NULL || row_is_cube(row);
    return row_size(row) > row_size(than);
}

static void keep_best(struct headline *answer, const struct hcb_result *row)
{
    for (unsigned clock = 0; clock < CLOCK_COUNT; clock++) {
        const double ratio = ratio_of(row, clock)->ratio;
        answer->impls[clock] += isfinite(ratio) ? 1 : 0;
        if (isfinite(ratio) &&
            (answer->best[clock] == NULL || ratio > ratio_of(answer->best[clock], clock)->ratio))
            answer->best[clock] = row;
    }
}

/* How many impls of the device have an end-to-end speedup in the case of this entry, which
 * is the first of its case. */
static size_t count_impls(const struct group *group, size_t first, size_t run, const char *device)
{
    size_t impls = 0;
    for (size_t i = first; i < group->count &&
                           record_same_case(&group->entries[i].row->task, &group->entries[first].row->task);
         i++)
        impls += is_of(group, i, run, device) && isfinite(group->entries[i].row->speedup_end_to_end.ratio);
    return impls;
}

/* "1024, 4096", "all 3", "none of 3".  Rows come by size. */
static void list_faster(struct headline *answer, const struct group *group, size_t run)
{
    const struct hcb_result *size = NULL, *named = NULL;
    size_t sizes = 0, faster = 0, impls = 0;
    char shape[72], *text = answer->faster_at;
    for (size_t i = 0; i < group->count; i++) {
        const struct hcb_result *row = group->entries[i].row;
        if (!is_of(group, i, run, answer->device) || !isfinite(row->speedup_end_to_end.ratio))
            continue;
        if (size == NULL || !record_same_case(&size->task, &row->task)) {
            sizes++;
            impls = count_impls(group, i, run, answer->device);
        }
        size = row;
        const struct hcb_ratio wide = best_of(row, CLOCK_END_TO_END, impls);
        if (ratio_worth(&wide) != WORTH_FASTER ||
            (named != NULL && record_same_case(&named->task, &row->task)))
            continue;
        named = row;
        const size_t used = strlen(text);
        snprintf(text + used, sizeof answer->faster_at - used, "%s%s", faster++ > 0 ? ", " : "",
                 row_size_text(row, shape, sizeof shape));
    }
    if (faster == 0 && sizes > 0)
        snprintf(text, sizeof answer->faster_at, "none of %zu", sizes);
    else if (faster == sizes && sizes > 1)
        snprintf(text, sizeof answer->faster_at, "all %zu", sizes);
}

static bool find_answer(struct headline *answer, const struct group *group, size_t run, const char *device)
{
    *answer = (struct headline){.device = device};
    for (size_t i = 0; i < group->count; i++)
        if (is_of(group, i, run, device) && is_larger(group->entries[i].row, answer->size))
            answer->size = group->entries[i].row;
    for (size_t i = 0; i < group->count && answer->size != NULL; i++)
        if (is_of(group, i, run, device) && record_same_case(&group->entries[i].row->task, &answer->size->task))
            keep_best(answer, group->entries[i].row);
    if (answer->best[CLOCK_KERNEL] == NULL && answer->best[CLOCK_END_TO_END] == NULL)
        return false;
    for (unsigned clock = 0; clock < CLOCK_COUNT; clock++)
        if (answer->best[clock] != NULL)
            answer->ratio[clock] = best_of(answer->best[clock], clock, answer->impls[clock]);
    list_faster(answer, group, run);
    return true;
}

static bool find_answers(struct headlines *answers, const struct group *group, size_t run,
                         const struct record *record)
{
    for (size_t i = 0; i < record->device_count; i++) {
        struct headline answer;
        if (strcmp(record->devices[i].info.platform, "cpu") == 0 ||
            !find_answer(&answer, group, run, record->devices[i].info.id))
            continue;
        struct headline *larger = realloc(answers->list, (answers->count + 1) * sizeof *larger);
        if (larger == NULL)
            return false;
        answers->list = larger;
        larger[answers->count++] = answer;
    }
    return true;
}

/* By kind and device. */
static struct headlines gather(struct sheet *sheet, size_t run)
{
    struct headlines answers = {0};
    struct hcb_case kind;
    struct group group;
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        for (unsigned i = 0; record_kind((enum hcb_op)op, i, &kind); i++) {
            sheet->failed |=
                !runs_group(sheet->runs, &kind, &group) ||
                !find_answers(&answers, &group, run, &sheet->runs->list[run].record);
            group_clear(&group);
        }
    return answers;
}

/* ----------------------------------------------------------------- device by device */

/* "faster than the CPU in matmul f32, f16f32, sum f32"; false when it is so in none. */
static bool write_worth(struct html *html, const struct headlines *answers, const char *device,
                        enum search_clock clock, enum worth worth, const char *between)
{
    static const char *const words[] = {"faster", "slower", "no difference shown", "no interval"};
    char kind[32];
    int op = -1;
    for (size_t i = 0; i < answers->count; i++) {
        const struct hcb_result *row = answers->list[i].best[clock];
        if (row == NULL || strcmp(answers->list[i].device, device) != 0 ||
            ratio_worth(&answers->list[i].ratio[clock]) != worth)
            continue;
        if (op < 0) {
            html_text(html, between);
            html_element(html, "b", NULL, words[worth]);
            html_text(html, " in");
        }
        html_text(html, op >= 0 ? ", " : " ");
        if ((int)row->task.op != op)
            html_format(html, "%s ", hcb_op_name(row->task.op));
        html_text(html, hcb_kind_text(&row->task, kind, sizeof kind));
        op = (int)row->task.op;
    }
    return op >= 0;
}

static void write_clock(struct html *html, const struct headlines *answers, const char *device,
                        enum search_clock clock)
{
    const char *between = clock == CLOCK_KERNEL ? " Kernel only: " : " End to end: ";
    bool any = false;
    for (unsigned worth = 0; worth < WORTH_COUNT; worth++)
        if (write_worth(html, answers, device, clock, worth, between)) {
            between = "; ";
            any = true;
        }
    if (any)
        html_text(html, ".");
}

static void write_hardware(struct html *html, const struct device_record *device)
{
    if (device->info.software) {
        html_element(html, "b", "bad", " A software driver that computes on the CPU, not a GPU.");
        return;
    }
    for (size_t i = 0; i < RECORD_SAME_MAX && device->same_as[i][0] != '\0'; i++)
        html_format(html, "%s%s", i == 0 ? " The same hardware as " : ", ", device->same_as[i]);
    if (device->same_as[0][0] != '\0')
        html_text(html, ".");
}

static void write_device(struct sheet *sheet, const struct device_record *device, const struct headlines *answers)
{
    struct html *html = &sheet->html;
    bool any = false;
    for (size_t i = 0; i < answers->count; i++)
        any |= strcmp(answers->list[i].device, device->info.id) == 0;
    html_begin(html, "li", NULL);
    html_begin(html, "b", "class", "id", NULL);
    html_format(html, "%s%s", device->info.id, device->info.software ? "*" : "");
    html_end(html);
    html_text(html, " ");
    html_text(html, device->info.name);
    if (device->info.driver[0] != '\0')
        html_format(html, " (%s %s)", device->info.driver, device->info.driver_version);
    html_text(html, ".");
    write_hardware(html, device);
    for (unsigned i = 0; i < CLOCK_COUNT; i++)
        write_clock(html, answers, device->info.id, clocks[i]);
    if (!any)
        html_text(html, " Nothing to compare with the CPU.");
    html_end(html);
}

static void write_devices(struct sheet *sheet, const struct run *run, const struct headlines *answers)
{
    html_begin(&sheet->html, "ul", "class", "devices", NULL);
    for (size_t i = 0; i < run->record.device_count; i++)
        if (strcmp(run->record.devices[i].info.platform, "cpu") != 0)
            write_device(sheet, &run->record.devices[i], answers);
    html_end(&sheet->html);
}

/* ------------------------------------------------------------------------ the table */

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

static struct scale scale_of(const struct headlines *answers)
{
    struct scale scale = {-1, 1};
    for (size_t i = 0; i < answers->count; i++)
        for (unsigned clock = 0; clock < CLOCK_COUNT; clock++)
            if (answers->list[i].best[clock] != NULL)
                stretch(&scale, &answers->list[i].ratio[clock]);
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
static void write_strip(struct html *html, const struct scale *scale, const struct headline *answer)
{
    static const char *const classes[] = {[CLOCK_END_TO_END] = "full", [CLOCK_KERNEL] = "open"};
    char one[NUMBER_SIZE + 8], x[NUMBER_SIZE];
    html_begin(html, "td", "class", "strip", NULL);
    html_begin(html, "svg", "viewBox", "0 0 150 26", "width", "150", "height", "26", "aria-hidden", "true",
               NULL);
    snprintf(one, sizeof one, "%s 0", coordinate(place(scale, 1), x));
    write_line(html, "one", one, "V26");
    for (unsigned i = 0; i < CLOCK_COUNT; i++)
        if (answer->best[clocks[i]] != NULL)
            write_mark(html, scale, &answer->ratio[clocks[i]], i == 0 ? 8 : 18,
                       classes[clocks[i]]);
    html_end(html);
    html_end(html);
}

/* The speedup, what it means, its interval, and the impl. */
static void write_verdict(struct html *html, const struct headline *answer, enum search_clock clock)
{
    static const char *const signs[] = {"\u25b2", "\u25bc", "\u25c6", ""},
                            *const words[] = {"faster", "slower", "no difference shown", "no interval"},
                            *const classes[] = {"verdict faster", "verdict slower", "verdict unclear",
                                                "verdict unclear"};
    char text[2 * NUMBER_SIZE + 48], low[NUMBER_SIZE], high[NUMBER_SIZE];
    if (answer->best[clock] == NULL) {
        html_element(html, "td", "verdict unclear", "not measured");
        return;
    }
    const struct hcb_ratio *ratio = &answer->ratio[clock];
    const enum worth worth = ratio_worth(ratio);
    html_begin(html, "td", "class", classes[worth], NULL);
    html_begin(html, "b", NULL);
    html_format(html, "%s %s\u00d7", signs[worth], ratio_text(ratio->ratio, low));
    html_end(html);
    html_text(html, " ");
    html_text(html, words[worth]);
    html_begin(html, "span", "class", "under", NULL);
    if (worth != WORTH_NO_INTERVAL) {
        snprintf(text, sizeof text, "%s\u2013%s,", ratio_text(ratio->ci95_low, low),
                 ratio_text(ratio->ci95_high, high));
        html_element(html, "span", "whole", text);
        html_text(html, " ");
    }
    html_element(html, "span", "whole", hcb_impl_name(answer->best[clock]->task.impl));
    html_end(html);
    html_end(html);
}

static void write_answer(struct sheet *sheet, const struct run *run, const struct headline *answer,
                         const struct scale *scale)
{
    struct html *html = &sheet->html;
    char text[96];
    html_begin(html, "tr", NULL);
    html_begin(html, "th", NULL);
    html_format(html, "%s %s", hcb_op_name(answer->size->task.op),
                hcb_kind_text(&answer->size->task, text, sizeof text));
    html_begin(html, "span", "class", "under", NULL);
    html_format(html, "%s%s, ", answer->device, record_software_mark(&run->record, answer->device));
    html_text(html, row_size_text(answer->size, text, sizeof text));
    html_end(html);
    html_end(html);
    for (unsigned i = 0; i < CLOCK_COUNT; i++)
        write_verdict(html, answer, clocks[i]);
    write_strip(html, scale, answer);
    sheet_cell(sheet, answer->faster_at);
    sheet_cell(sheet, answer->size->baseline);
    html_end(html);
}

static void write_table(struct sheet *sheet, const struct run *run, const struct headlines *answers)
{
    static const struct head_cell cells[] = {{"computation", false}, {"end to end", false},
                                             {"kernel only", false}, {"CPU = 1", false},
                                             {"faster at", false}, {"against", false}};
    const struct scale scale = scale_of(answers);
    sheet_begin_table(sheet, "Speedups at the largest sizes", cells, sizeof cells / sizeof *cells);
    for (size_t i = 0; i < answers->count; i++)
        write_answer(sheet, run, &answers->list[i], &scale);
    sheet_end_table(sheet);
}

static void write_run(struct sheet *sheet, size_t index)
{
    const struct run *run = &sheet->runs->list[index];
    struct headlines answers = gather(sheet, index);
    if (sheet->runs->count > 1)
        html_element(&sheet->html, "h3", NULL, run->label);
    write_devices(sheet, run, &answers);
    if (answers.count > 0)
        write_table(sheet, run, &answers);
    else
        html_element(&sheet->html, "p", NULL,
                     "No device of this file was measured beside a CPU, so there is no speedup.");
    free(answers.list);
}

void report_answer(struct sheet *sheet)
{
    struct html *html = &sheet->html;
    html_begin(html, "section", "id", "answer", NULL);
    html_element(html, "h2", NULL, "Is the device faster than the CPU?");
    for (size_t i = 0; i < sheet->runs->count; i++)
        write_run(sheet, i);
    html_element(html, "p", "remark",
                 "A row is about the largest size that both the device and the CPU did, for a matmul the "
                 "largest M = N = K where there is one. It says how many times as fast as the CPU the "
                 "device is: end to end with upload and download (\u25cf), and the kernel only, with the "
                 "data on the device (\u25cb). Below stand the 95 % interval of the ratio and the impl, the "
                 "fastest one for each of the two; of several impls the interval is that of all at once, wider "
                 "than in the tables. \u201cNo difference shown\u201d: the interval contains 1. "
                 "\u201cFaster at\u201d lists the measured sizes at which some impl is faster end to end. "
                 "*: a software driver that computes on the CPU, not a GPU.");
    html_end(html);
}

/* ------------------------------------------------------------------------ break-even */

/* Answer and interval. */
static void write_finding(struct sheet *sheet, const struct breakeven *breakeven)
{
    const struct finding *finding = &breakeven->finding;
    struct html *html = &sheet->html;
    html_begin(html, "td", "class", "verdict", NULL);
    if (finding->count == 1) {
        const struct crossing *crossing = &finding->crossings[0];
        html_text(html, crossing->upward ? "from " : "only below ");
        html_begin(html, "b", NULL);
        html_format(html, "%.0f", crossing->size);
        html_end(html);
        html_begin(html, "span", "class", "under", NULL);
        html_format(html, "%.0f\u2013%.0f", crossing->ci95_low, crossing->ci95_high);
        html_end(html);
    } else if (finding->answer == ANSWER_NEVER) {
        html_format(html, "never up to %" PRIu64, finding->high);
    } else if (finding->answer == ANSWER_ALWAYS) {
        html_format(html, "always from %" PRIu64, finding->low);
    } else {
        html_text(html, answer_name(finding->answer));
    }
    html_end(html);
}

static bool same_contender(const struct breakeven *a, const struct breakeven *b)
{
    return record_same_kind(&a->task, &b->task) && a->task.impl == b->task.impl &&
           strcmp(a->device, b->device) == 0;
}

/* A line for both clocks; returns how many break-evens those are. */
static size_t write_breakeven(struct sheet *sheet, const struct run *run, size_t first)
{
    const struct record *record = &run->record;
    const struct breakeven *lead = &record->breakevens[first], *of_clock[CLOCK_COUNT] = {NULL};
    struct html *html = &sheet->html;
    char kind[32];
    size_t count = 0;
    while (first + count < record->breakeven_count && same_contender(lead, lead + count) &&
           of_clock[lead[count].clock] == NULL) {
        of_clock[lead[count].clock] = lead + count;
        count++;
    }
    html_begin(html, "tr", NULL);
    html_begin(html, "th", "class", "who", NULL);
    html_format(html, "%s %s", hcb_op_name(lead->task.op),
                hcb_kind_text(&lead->task, kind, sizeof kind));
    html_begin(html, "span", "class", "under", NULL);
    html_format(html, "%s%s/%s", lead->device, record_software_mark(&run->record, lead->device),
                hcb_impl_name(lead->task.impl));
    html_end(html);
    html_end(html);
    for (unsigned i = 0; i < CLOCK_COUNT; i++)
        if (of_clock[clocks[i]] != NULL)
            write_finding(sheet, of_clock[clocks[i]]);
        else
            sheet_cell(sheet, "");
    html_begin(html, "td", NULL);
    html_format(html, "%" PRIu64 "\u2013%" PRIu64, lead->finding.low, lead->finding.high);
    html_end(html);
    sheet_cell(sheet, lead->baseline);
    html_end(html);
    return count;
}

/* What a size and its interval cannot say. */
static void write_words(struct sheet *sheet, const struct run *run, const struct breakeven *breakeven, bool *any)
{
    struct html *html = &sheet->html;
    char *words = NULL, kind[32];
    size_t size;
    FILE *out = open_memstream(&words, &size);
    if (out != NULL)
        breakeven_say(out, breakeven);
    if (out == NULL || fclose(out) != 0) {
        sheet->failed = true;
    } else if (size > 0) {
        if (!*any)
            html_begin(html, "ul", "class", "remark", NULL);
        *any = true;
        html_begin(html, "li", NULL);
        html_format(html, "%s %s %s%s/%s, %s: ", hcb_op_name(breakeven->task.op),
                    hcb_kind_text(&breakeven->task, kind, sizeof kind), breakeven->device,
                    record_software_mark(&run->record, breakeven->device), hcb_impl_name(breakeven->task.impl),
                    breakeven->clock == CLOCK_KERNEL ? "kernel only" : "end to end");
        html_text(html, words);
        html_end(html);
    }
    free(words);
}

static void write_breakevens(struct sheet *sheet, const struct run *run)
{
    static const struct head_cell cells[] = {{"computation", false}, {"end to end", false},
                                             {"kernel only", false}, {"searched", false},
                                             {"against", false}};
    const struct record *record = &run->record;
    bool any = false;
    if (sheet->runs->count > 1)
        html_element(&sheet->html, "h3", NULL, run->label);
    sheet_begin_table(sheet, "Break-even sizes", cells, sizeof cells / sizeof *cells);
    for (size_t i = 0; i < record->breakeven_count;)
        i += write_breakeven(sheet, run, i);
    sheet_end_table(sheet);
    for (size_t i = 0; i < record->breakeven_count; i++)
        write_words(sheet, run, &record->breakevens[i], &any);
    if (any)
        html_end(&sheet->html);
}

void report_breakevens(struct sheet *sheet)
{
    struct html *html = &sheet->html;
    bool any = false;
    html_begin(html, "section", "id", "breakeven", NULL);
    html_element(html, "h2", NULL, "From which size on?");
    for (size_t i = 0; i < sheet->runs->count; i++)
        if (sheet->runs->list[i].record.breakeven_count > 0) {
            any = true;
            write_breakevens(sheet, &sheet->runs->list[i]);
        }
    html_element(html, "p", "remark",
                 any ? "Sizes are M = N = K of a matmul, elements otherwise, with the 95 % interval below. The "
                       "plots mark them."
                     : "Break-even was not searched for in these files; hcbench breakeven does.");
    html_end(html);
}
