/* SPDX-License-Identifier: Apache-2.0 */
/* Break-evens as a table, as CSV, and as JSON and back. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "breakeven/breakeven.h"
#include "numbers.h"
#include "terminal/grid.h"

/* The only crossing, if the answer is one. */
static const struct crossing *only_crossing(const struct finding *finding)
{
    return finding->count == 1 ? &finding->crossings[0] : NULL;
}

/* ----------------------------------------------------------------------- table */

enum column {
    OP,
    PRECISION,
    DEVICE,
    IMPL,
    BASELINE,
    KERNEL,
    KERNEL_INTERVAL,
    WHOLE, /* end to end */
    WHOLE_INTERVAL,
    COLUMN_COUNT
};

static void add_answer(struct grid *grid, enum column column, const struct finding *finding)
{
    const struct crossing *crossing = only_crossing(finding);
    if (crossing != NULL) {
        grid_cell(grid, column, crossing->upward ? PAINT_GOOD : PAINT_NONE, "%s%.0f",
                  crossing->upward ? "" : "only below ", crossing->size);
        grid_cell(grid, column + 1, PAINT_FAINT, "%.0f-%.0f", crossing->ci95_low,
                  crossing->ci95_high);
    } else if (finding->answer == ANSWER_NEVER) {
        grid_cell(grid, column, PAINT_NONE, "never up to %" PRIu64, finding->high);
    } else if (finding->answer == ANSWER_ALWAYS) {
        grid_cell(grid, column, PAINT_GOOD, "always from %" PRIu64, finding->low);
    } else {
        grid_cell(grid, column, PAINT_FAINT, "%s", answer_name(finding->answer));
    }
}

static bool same_contender(const struct breakeven *a, const struct breakeven *b)
{
    return record_same_kind(&a->task, &b->task) && a->task.impl == b->task.impl &&
           strcmp(a->device, b->device) == 0;
}

/* Is everything compared with the same?  Then it need not be said in each line. */
static bool has_one_baseline(const struct record *record)
{
    for (size_t i = 1; i < record->breakeven_count; i++)
        if (strcmp(record->breakevens[i].baseline, record->breakevens[0].baseline) != 0)
            return false;
    return true;
}

static struct grid *make_grid(const struct record *record)
{
    static const struct grid_column columns[COLUMN_COUNT] = {
        [OP] = {"op", false, 0},
        [PRECISION] = {"precision", false, 0},
        [DEVICE] = {"device", false, 0},
        [IMPL] = {"impl", false, 0},
        [BASELINE] = {"than", false, 0},
        [KERNEL] = {"kernel", true, 0},
        [KERNEL_INTERVAL] = {"95 %", true, 1},
        [WHOLE] = {"end to end", true, 0},
        [WHOLE_INTERVAL] = {"95 %", true, 1},
    };
    struct grid *grid = grid_new(columns, COLUMN_COUNT);
    char kind[32];
    for (size_t i = 0; i < record->breakeven_count; i++) {
        const struct breakeven *breakeven = &record->breakevens[i];
        if (i == 0 || !same_contender(breakeven - 1, breakeven)) {
            grid_line(grid);
            grid_cell(grid, OP, PAINT_NONE, "%s", hcb_op_name(breakeven->task.op));
            grid_cell(grid, PRECISION, PAINT_NONE, "%s",
                      hcb_kind_text(&breakeven->task, kind, sizeof kind));
            grid_cell(grid, DEVICE, PAINT_NONE, "%s", breakeven->device);
            grid_cell(grid, IMPL, PAINT_NONE, "%s", hcb_impl_name(breakeven->task.impl));
            if (!has_one_baseline(record))
                grid_cell(grid, BASELINE, PAINT_NONE, "%s", breakeven->baseline);
        }
        add_answer(grid, breakeven->clock == CLOCK_KERNEL ? KERNEL : WHOLE, &breakeven->finding);
    }
    return grid;
}

/* "faster from 96 (90-101) to 512 (480-540)" */
static void say_crossings(FILE *out, const struct finding *finding)
{
    if (finding->count < 2)
        return;
    for (size_t i = 0; i < finding->count; i++) {
        const struct crossing *crossing = &finding->crossings[i];
        fprintf(out, "%s%s %.0f (%.0f-%.0f)",
                i == 0 ? "faster " : crossing->upward ? ", again " : " ",
                crossing->upward ? "from" : i == 0 ? "up to" : "to", crossing->size,
                crossing->ci95_low, crossing->ci95_high);
    }
}

void breakeven_say(FILE *out, const struct breakeven *breakeven)
{
    const struct finding *finding = &breakeven->finding;
    const struct crossing *crossing = only_crossing(finding);
    const char *between = "";
    say_crossings(out, finding);
    if (finding->count > 1)
        between = "; ";
    if (crossing != NULL && crossing->repeated) {
        fprintf(out, "crosses more than once between %" PRIu64 " and %" PRIu64, crossing->from,
                crossing->to);
        between = "; ";
    }
    if (finding->reason[0] != '\0')
        fprintf(out, "%s%s", between, finding->reason);
}

/* `*any`: a line was printed before. */
static void print_words(const struct breakeven *breakeven, bool *any, struct page *page)
{
    char *text = NULL, line[600], kind[32];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out != NULL)
        breakeven_say(out, breakeven);
    if (out == NULL || fclose(out) != 0) {
        page->failed = true;
    } else if (size > 0) {
        snprintf(line, sizeof line, "%s %s %s/%s, %s: %s", hcb_op_name(breakeven->task.op),
                 hcb_kind_text(&breakeven->task, kind, sizeof kind), breakeven->device,
                 hcb_impl_name(breakeven->task.impl),
                 breakeven->clock == CLOCK_KERNEL ? "kernel" : "end to end", text);
        if (!*any)
            fputc('\n', page->out);
        *any = true;
        page_wrap(page, 4, line);
    }
    free(text);
}

void breakeven_print(const struct record *record, struct page *page)
{
    char text[400];
    bool any = false;
    snprintf(
        text, sizeof text,
        "Break-even: from which size on a device is faster than %s, with the 95 %% interval. "
        "Sizes: m = n = k of a matmul, elements otherwise. End to end: with upload and download.",
        has_one_baseline(record) ? record->breakevens[0].baseline : "the CPU");
    fputc('\n', page->out);
    page_wrap(page, 0, text);
    fputc('\n', page->out);
    struct grid *grid = make_grid(record);
    page->failed |= grid == NULL;
    grid_print(grid, page);
    for (size_t i = 0; i < record->breakeven_count; i++)
        print_words(&record->breakevens[i], &any, page);
}

/* ------------------------------------------------------------------------- CSV */

static void write_line(const struct breakeven *breakeven, struct output *output)
{
    const struct crossing *crossing = only_crossing(&breakeven->finding);
    char text[400], sizes[200] = ",,,,";
    if (crossing != NULL)
        snprintf(sizes, sizeof sizes, "%.0f,%.0f,%.0f,%" PRIu64 ",%" PRIu64, crossing->size,
                 crossing->ci95_low, crossing->ci95_high, crossing->from, crossing->to);
    snprintf(text, sizeof text, "%s,%s,%s,%s,%s,%s,%s,%s,%" PRIu64 ",%" PRIu64 ",%zu,%s\n",
             hcb_op_name(breakeven->task.op), hcb_precision_name(breakeven->task.precision),
             breakeven->device, hcb_impl_name(breakeven->task.impl), breakeven->baseline,
             search_clock_name(breakeven->clock), answer_name(breakeven->finding.answer), sizes,
             breakeven->finding.low, breakeven->finding.high, breakeven->finding.count,
             breakeven->task.sum == HCB_SUM_PLAIN ? "" : hcb_sum_name(breakeven->task.sum));
    output_text(output, text);
}

void breakeven_write_csv(const struct record *record, struct output *output)
{
    output_text(output, "op,precision,device,impl,baseline,clock,answer,size,ci95.0,ci95.1,from,to,"
                        "measured.0,measured.1,crossings,sum\n");
    for (size_t i = 0; i < record->breakeven_count; i++)
        write_line(&record->breakevens[i], output);
}

/* --------------------------------------------------------------------- to JSON */

static json_t *whole(double size)
{
    return json_integer((json_int_t)size);
}

static json_t *pair(json_t *low, json_t *high)
{
    json_t *array = json_array();
    json_array_append_new(array, low);
    json_array_append_new(array, high);
    return array;
}

static json_t *crossing_json(const struct crossing *crossing)
{
    json_t *object = json_object();
    json_object_set_new(object, "faster", json_string(crossing->upward ? "above" : "below"));
    json_object_set_new(object, "size", whole(crossing->size));
    json_object_set_new(object, "ci95",
                        pair(whole(crossing->ci95_low), whole(crossing->ci95_high)));
    json_object_set_new(object, "from", json_integer((json_int_t)crossing->from));
    json_object_set_new(object, "to", json_integer((json_int_t)crossing->to));
    if (crossing->repeated)
        json_object_set_new(object, "repeated", json_true());
    return object;
}

static json_t *point_json(const struct curve_point *point)
{
    json_t *object = json_object();
    json_object_set_new(object, "n", json_integer((json_int_t)point->n));
    json_object_set_new(object, "ratio", json_real(point->ratio.ratio));
    if (isfinite(point->ratio.ci95_low) && isfinite(point->ratio.ci95_high))
        json_object_set_new(object, "ci95", pair(json_real(point->ratio.ci95_low),
                                                 json_real(point->ratio.ci95_high)));
    return object;
}

static json_t *one_json(const struct breakeven *breakeven)
{
    const struct finding *finding = &breakeven->finding;
    json_t *object = json_object(), *crossings = json_array(), *points = json_array();
    json_object_set_new(object, "op", json_string(hcb_op_name(breakeven->task.op)));
    json_object_set_new(object, "precision",
                        json_string(hcb_precision_name(breakeven->task.precision)));
    if (breakeven->task.sum != HCB_SUM_PLAIN)
        json_object_set_new(object, "sum", json_string(hcb_sum_name(breakeven->task.sum)));
    json_object_set_new(object, "device", json_string(breakeven->device));
    json_object_set_new(object, "impl", json_string(hcb_impl_name(breakeven->task.impl)));
    json_object_set_new(object, "baseline", json_string(breakeven->baseline));
    json_object_set_new(object, "clock", json_string(search_clock_name(breakeven->clock)));
    json_object_set_new(object, "answer", json_string(answer_name(finding->answer)));
    if (finding->reason[0] != '\0')
        json_object_set_new(object, "reason", json_string(finding->reason));
    for (size_t i = 0; i < finding->count; i++)
        json_array_append_new(crossings, crossing_json(&finding->crossings[i]));
    if (finding->count == 1) /* the usual one, where it is easy to find */
        json_object_update(object, json_array_get(crossings, 0));
    else if (finding->count > 1)
        json_object_set(object, "crossings", crossings);
    for (size_t i = 0; i < breakeven->curve.count; i++)
        json_array_append_new(points, point_json(&breakeven->curve.points[i]));
    json_decref(crossings);
    return json_object_set_new(object, "points", points) == 0 ? object : NULL;
}

json_t *breakeven_json(const struct record *record)
{
    json_t *array = json_array();
    bool good = array != NULL;
    for (size_t i = 0; i < record->breakeven_count && good; i++)
        good = json_array_append_new(array, one_json(&record->breakevens[i])) == 0;
    if (good)
        return array;
    json_decref(array);
    return NULL;
}

/* ------------------------------------------------------------------- from JSON */

static bool take_word(const json_t *object, const char *name, const char *(*words)(unsigned),
                      unsigned *value, struct flaw *flaw)
{
    const char *word = json_string_value(json_object_get(object, name));
    const int found = word != NULL ? hcb_word(words, word) : -1;
    if (found < 0)
        return flaw_note(flaw, name, "must be a known word");
    *value = (unsigned)found;
    return true;
}

static bool take_text(const json_t *object, const char *name, char *text, size_t size,
                      struct flaw *flaw)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value) || json_string_length(value) >= size)
        return flaw_note(flaw, name, "must be a text of at most %zu bytes", size - 1);
    memcpy(text, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool take_size(const json_t *value, const char *name, uint64_t *size, struct flaw *flaw)
{
    if (!json_is_integer(value) || json_integer_value(value) < 1)
        return flaw_note(flaw, name, "must be a whole number from 1 on");
    *size = (uint64_t)json_integer_value(value);
    return true;
}

static bool take_crossing(const json_t *object, struct crossing *crossing, struct flaw *flaw)
{
    const json_t *interval = json_object_get(object, "ci95"),
                 *repeated = json_object_get(object, "repeated");
    const char *faster = json_string_value(json_object_get(object, "faster"));
    uint64_t size = 0, low = 0, high = 0;
    if (faster == NULL || (strcmp(faster, "above") != 0 && strcmp(faster, "below") != 0))
        return flaw_note(flaw, "faster", "must be above or below");
    if (!take_size(json_object_get(object, "size"), "size", &size, flaw) ||
        !take_size(json_array_get(interval, 0), "ci95", &low, flaw) ||
        !take_size(json_array_get(interval, 1), "ci95", &high, flaw) ||
        !take_size(json_object_get(object, "from"), "from", &crossing->from, flaw) ||
        !take_size(json_object_get(object, "to"), "to", &crossing->to, flaw))
        return false;
    if (low > size || size > high || json_array_size(interval) != 2)
        return flaw_note(flaw, "ci95", "must be two sizes around that of the crossing");
    if (crossing->from >= crossing->to)
        return flaw_note(flaw, "from", "must be less than to");
    if (repeated != NULL && !json_is_boolean(repeated))
        return flaw_note(flaw, "repeated", "must be true or false");
    crossing->upward = strcmp(faster, "above") == 0;
    crossing->repeated = json_is_true(repeated);
    crossing->size = (double)size;
    crossing->ci95_low = (double)low;
    crossing->ci95_high = (double)high;
    return true;
}

static bool take_crossings(const json_t *object, struct finding *finding, struct flaw *flaw)
{
    const json_t *list = json_object_get(object, "crossings"), *one;
    size_t index;
    if (list == NULL && json_object_get(object, "size") != NULL)
        return take_crossing(object, &finding->crossings[finding->count++], flaw);
    if (list != NULL && (!json_is_array(list) || json_array_size(list) > CROSSINGS_MAX))
        return flaw_note(flaw, "crossings", "must be an array of at most %d elements",
                         CROSSINGS_MAX);
    json_array_foreach(list, index, one) {
        if (!take_crossing(one, &finding->crossings[finding->count++], flaw))
            return flaw_within(flaw, "crossings", (long)index);
    }
    return true;
}

/* How many crossings belong to an answer. */
static bool fits_answer(const struct finding *finding)
{
    const struct crossing *crossing = only_crossing(finding);
    switch (finding->answer) {
    case ANSWER_CROSSES: return crossing != NULL && crossing->upward;
    case ANSWER_UNTIL: return crossing != NULL && !crossing->upward;
    case ANSWER_SEVERAL: return finding->count > 1;
    default: return finding->count == 0;
    }
}

/* Does the answer follow from the points?  A search that was stopped has none. */
static bool follows(const struct breakeven *breakeven)
{
    const struct finding *said = &breakeven->finding, right = curve_judge(&breakeven->curve);
    if (said->answer == ANSWER_UNCLEAR)
        return true;
    if (said->answer != right.answer || said->count != right.count)
        return false;
    for (size_t i = 0; i < right.count; i++)
        if (fabs(said->crossings[i].size - right.crossings[i].size) > 1 ||
            fabs(said->crossings[i].ci95_low - right.crossings[i].ci95_low) > 1 ||
            fabs(said->crossings[i].ci95_high - right.crossings[i].ci95_high) > 1)
            return false;
    return true;
}

static bool take_point(const json_t *object, struct curve *curve, struct flaw *flaw)
{
    const json_t *interval = json_object_get(object, "ci95");
    struct hcb_ratio ratio = {json_number_value(json_object_get(object, "ratio")), NAN, NAN};
    uint64_t n = 0;
    if (!take_size(json_object_get(object, "n"), "n", &n, flaw))
        return false;
    if (!(ratio.ratio > 0))
        return flaw_note(flaw, "ratio", "must be a number above 0");
    if (interval != NULL) {
        ratio.ci95_low = json_number_value(json_array_get(interval, 0));
        ratio.ci95_high = json_number_value(json_array_get(interval, 1));
        if (json_array_size(interval) != 2 ||
            !(ratio.ci95_low > 0 && ratio.ci95_low <= ratio.ratio &&
              ratio.ratio <= ratio.ci95_high))
            return flaw_note(flaw, "ci95", "must be two numbers around the ratio");
    }
    if (curve->count > 0 && curve->points[curve->count - 1].n >= n)
        return flaw_note(flaw, "n", "must be more than the one before");
    return curve_add(curve, n, ratio) || flaw_note(flaw, "", "does not fit into memory");
}

static bool take_points(const json_t *object, struct breakeven *breakeven, struct flaw *flaw)
{
    const json_t *points = json_object_get(object, "points"), *point;
    size_t index;
    if (!json_is_array(points) || json_array_size(points) == 0 || json_array_size(points) > 10000)
        return flaw_note(flaw, "points", "must be an array of 1 to 10000 elements");
    json_array_foreach(points, index, point) {
        if (!take_point(point, &breakeven->curve, flaw))
            return flaw_within(flaw, "points", (long)index);
    }
    breakeven->finding.low = breakeven->curve.points[0].n;
    breakeven->finding.high = breakeven->curve.points[breakeven->curve.count - 1].n;
    return true;
}

/* A listed device, against an impl of another one. */
static bool check_sides(const struct record *record, const struct breakeven *breakeven,
                        struct flaw *flaw)
{
    const char *device = breakeven->device, *slash = strchr(breakeven->baseline, '/');
    char other[sizeof breakeven->baseline];
    snprintf(other, sizeof other, "%.*s", (int)strcspn(breakeven->baseline, "/"), breakeven->baseline);
    if (record_device(record, device) == NULL)
        return flaw_note(flaw, "device", "is none of the file's devices");
    if (slash == NULL || hcb_word(hcb_impl_name, slash + 1) < 0 || record_device(record, other) == NULL)
        return flaw_note(flaw, "baseline", "must be one of the file's devices, '/' and an impl");
    return strcmp(device, other) != 0 || flaw_note(flaw, "device", "is that of the baseline");
}

/* Are the sizes at both ends of each crossing points of the curve? */
static bool check_ends(const struct breakeven *breakeven, struct flaw *flaw)
{
    const struct finding *finding = &breakeven->finding;
    for (size_t i = 0; i < finding->count; i++) {
        const bool has_from = curve_has(&breakeven->curve, finding->crossings[i].from);
        if (has_from && curve_has(&breakeven->curve, finding->crossings[i].to))
            continue;
        flaw_note(flaw, has_from ? "to" : "from", "is none of the points");
        return finding->count == 1 ? false : flaw_within(flaw, "crossings", (long)i);
    }
    return true;
}

static bool take_one(const json_t *object, const struct record *record,
                     struct breakeven *breakeven, struct flaw *flaw)
{
    struct finding *finding = &breakeven->finding;
    unsigned op = 0, precision = 0, impl = 0, sum = HCB_SUM_PLAIN, clock = 0, answer = 0;
    if (!take_word(object, "op", hcb_op_name, &op, flaw) ||
        !take_word(object, "precision", hcb_precision_name, &precision, flaw) ||
        !take_word(object, "impl", hcb_impl_name, &impl, flaw) ||
        (json_object_get(object, "sum") != NULL && !take_word(object, "sum", hcb_sum_name, &sum, flaw)) ||
        !take_word(object, "clock", search_clock_name, &clock, flaw) ||
        !take_word(object, "answer", answer_name, &answer, flaw) ||
        !take_text(object, "device", breakeven->device, sizeof breakeven->device, flaw) ||
        !take_text(object, "baseline", breakeven->baseline, sizeof breakeven->baseline, flaw) ||
        (json_object_get(object, "reason") != NULL &&
         !take_text(object, "reason", finding->reason, sizeof finding->reason, flaw)))
        return false;
    breakeven->task = (struct hcb_case){(enum hcb_op)op, (enum hcb_impl)impl,
                                        (enum hcb_precision)precision, {1, 1, 1}, (enum hcb_sum)sum};
    if (sum != HCB_SUM_PLAIN && !hcb_op_adds_up(op))
        return flaw_note(flaw, "sum", "is not for a %s", hcb_op_name(op));
    breakeven->clock = (enum search_clock)clock;
    finding->answer = (enum answer)answer;
    if (!check_sides(record, breakeven, flaw) || !take_crossings(object, finding, flaw) ||
        !take_points(object, breakeven, flaw) || !check_ends(breakeven, flaw))
        return false;
    if (!fits_answer(finding))
        return flaw_note(flaw, "answer", "does not fit the crossings");
    return follows(breakeven) || flaw_note(flaw, "answer", "does not follow from the points");
}

/* What tells break-evens apart: a contender and a clock. */
static int compare_searches(const void *a, const void *b)
{
    const struct breakeven *x = *(const struct breakeven *const *)a,
                           *y = *(const struct breakeven *const *)b;
    const unsigned of_x[] = {x->task.op, x->task.precision, x->task.sum, x->task.impl, x->clock},
                   of_y[] = {y->task.op, y->task.precision, y->task.sum, y->task.impl, y->clock};
    for (size_t i = 0; i < sizeof of_x / sizeof *of_x; i++)
        if (of_x[i] != of_y[i])
            return of_x[i] < of_y[i] ? -1 : 1;
    return strcmp(x->device, y->device);
}

static bool check_different(const struct record *record, struct flaw *flaw)
{
    const struct breakeven **sorted = calloc(record->breakeven_count + 1, sizeof *sorted);
    bool good = sorted != NULL || flaw_note(flaw, "breakeven", "does not fit into memory");
    for (size_t i = 0; i < record->breakeven_count && good; i++)
        sorted[i] = &record->breakevens[i];
    if (good)
        qsort(sorted, record->breakeven_count, sizeof *sorted, compare_searches);
    for (size_t i = 1; i < record->breakeven_count && good; i++)
        if (compare_searches(&sorted[i - 1], &sorted[i]) == 0) {
            const size_t a = (size_t)(sorted[i - 1] - record->breakevens),
                         b = (size_t)(sorted[i] - record->breakevens);
            flaw_note(flaw, "", "is of the same search as another one");
            good = flaw_within(flaw, "breakeven", (long)(a > b ? a : b));
        }
    free(sorted);
    return good;
}

bool breakeven_take(const json_t *document, struct record *record, struct flaw *flaw)
{
    const json_t *list = json_object_get(document, "breakeven"), *object;
    size_t index;
    if (list == NULL)
        return true;
    if (!json_is_array(list) || json_array_size(list) > 10000)
        return flaw_note(flaw, "breakeven", "must be an array of at most 10000 elements");
    record->breakevens = calloc(json_array_size(list) + 1, sizeof *record->breakevens);
    if (record->breakevens == NULL)
        return flaw_note(flaw, "breakeven", "does not fit into memory");
    json_array_foreach(list, index, object) {
        if (!take_one(object, record, &record->breakevens[record->breakeven_count++], flaw))
            return flaw_within(flaw, "breakeven", (long)index);
    }
    return check_different(record, flaw);
}
