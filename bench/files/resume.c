/* SPDX-License-Identifier: Apache-2.0 */
/* A journal read back, and whether a run may go on where it ended. */
#include "config.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/journal.h"
#include "files/json.h"
#include "files/read.h"
#include "files/schema.h"
#include "files/text.h"
#include "measure/protocol.h"
#include "measure/roofline.h"
#include "tune/store.h"

/* ------------------------------------------------------------------- its lines */

static bool same_rows(const struct hcb_result *a, const struct hcb_result *b)
{
    return strcmp(a->device, b->device) == 0 && a->task.impl == b->task.impl &&
           record_same_case(&a->task, &b->task);
}

static bool take_format(const json_t *head, struct flaw *flaw)
{
    const json_t *format = json_object_get(head, "format");
    if (!json_is_string(format) || strcmp(json_string_value(format), JOURNAL_FORMAT) != 0)
        return flaw_note(flaw, "", "this is no journal of hcbench");
    return record_take_version(head, flaw);
}

/* The rows that are planned from here on; none is finished. */
static bool take_plan(const json_t *line, struct earlier *earlier, struct flaw *flaw)
{
    const json_t *rows = json_object_get(line, "rows"), *row;
    struct record *record = &earlier->record;
    size_t index;
    if (!json_is_array(rows))
        return flaw_note(flaw, "rows", "must be an array");
    json_array_foreach(rows, index, row) {
        if (!record_take_result(row, record, flaw))
            return flaw_within(flaw, "rows", (long)index);
        if (record->results[record->result_count - 1].status != HCB_SKIPPED) {
            flaw_note(flaw, "status", "must be skipped: this row is planned");
            return flaw_within(flaw, "rows", (long)index);
        }
    }
    bool *ended = realloc(earlier->ended, (record->result_count + 1) * sizeof *ended);
    if (ended == NULL)
        return flaw_note(flaw, "rows", "do not fit into memory");
    memset(ended + earlier->planned, 0, (record->result_count - earlier->planned) * sizeof *ended);
    earlier->ended = ended;
    earlier->planned = record->result_count;
    return true;
}

/* A finished row takes its place. */
static bool take_row(const json_t *line, struct earlier *earlier, struct flaw *flaw)
{
    struct record *record = &earlier->record;
    const json_t *index = json_object_get(line, "index");
    struct hcb_result row;
    if (!json_is_integer(index) || json_integer_value(index) < 0 ||
        (uint64_t)json_integer_value(index) >= earlier->planned)
        return flaw_note(flaw, "index", "must be that of a planned row");
    struct hcb_result *planned = &record->results[json_integer_value(index)];
    if (!record_result_from_json(line, &row, flaw))
        return false;
    if (!same_rows(&row, planned)) {
        hcb_result_clear(&row);
        return flaw_note(flaw, "index", "is that of another row");
    }
    hcb_result_clear(planned);
    *planned = row;
    return true;
}

/* Reads a row anew with what the end of its case knows: its speedup and its warnings, or
 * null; NULL in a journal of an earlier version. */
static bool take_comparison(const json_t *speedup, const json_t *warnings, struct hcb_result *result,
                            struct flaw *flaw)
{
    const bool has_speedup = !json_is_null(speedup),
               has_warnings = warnings != NULL && !json_is_null(warnings);
    struct hcb_result row;
    if (!has_speedup && !has_warnings)
        return true;
    json_t *object = record_result_json(result, true);
    bool good = object != NULL;
    if (has_speedup)
        good = good && json_object_set(object, "speedup", (json_t *)speedup) == 0;
    if (has_warnings)
        good = good && json_object_set(object, "warnings", (json_t *)warnings) == 0;
    good = good && record_result_from_json(object, &row, flaw);
    json_decref(object);
    if (!good)
        return false;
    hcb_result_clear(result);
    *result = row;
    return true;
}

/* {ID: what is read of that device}. */
static bool take_sensors(const json_t *sensors, struct record *record, struct flaw *flaw)
{
    const char *id;
    json_t *object;
    if (sensors == NULL) /* a journal of an earlier version */
        return true;
    if (!json_is_object(sensors))
        return flaw_note(flaw, "", "must be an object");
    json_object_foreach((json_t *)sensors, id, object) {
        struct device_record *device = record_device(record, id);
        if (device == NULL)
            return flaw_note(flaw, id, "is none of the file's devices");
        if (!record_take_sensors(object, &device->sensors, flaw))
            return flaw_within(flaw, id, -1);
    }
    return true;
}

/* The case is over: all its rows are there, and this is how they compare. */
static bool take_end(const json_t *line, struct earlier *earlier, struct flaw *flaw)
{
    struct record *record = &earlier->record;
    const json_t *index = json_object_get(line, "end_of_case"),
                 *speedups = json_object_get(line, "speedups"),
                 *warnings = json_object_get(line, "warnings"), *speedup;
    const json_int_t first = json_integer_value(index);
    size_t i;
    if (!json_is_integer(index) || first < 0 || (uint64_t)first >= earlier->planned)
        return flaw_note(flaw, "end_of_case", "must be the index of a planned row");
    if (earlier->ended[first])
        return flaw_note(flaw, "end_of_case", "has ended before");
    const size_t end = record_case_end(record, (size_t)first);
    if (!json_is_array(speedups) || json_array_size(speedups) != end - (size_t)first)
        return flaw_note(flaw, "speedups", "must be an array of as many elements as the case has rows");
    if (warnings != NULL && (!json_is_array(warnings) || json_array_size(warnings) != json_array_size(speedups)))
        return flaw_note(flaw, "warnings", "must be an array of as many elements as the case has rows");
    json_array_foreach(speedups, i, speedup) {
        struct hcb_result *row = &record->results[(size_t)first + i];
        if (row->status == HCB_SKIPPED) {
            flaw_note(flaw, "", "is of a row that was not finished");
            return flaw_within(flaw, "speedups", (long)i);
        }
        if (!take_comparison(speedup, json_array_get(warnings, i), row, flaw))
            return flaw_within(flaw, "speedups", (long)i);
        earlier->ended[(size_t)first + i] = true;
    }
    return take_sensors(json_object_get(line, "sensors"), record, flaw) || flaw_within(flaw, "sensors", -1);
}

/* Forgets the rows of cases that were not measured as a whole. */
static void drop_parts(struct earlier *earlier)
{
    for (size_t i = 0; i < earlier->planned; i++)
        if (!earlier->ended[i])
            record_renew_result(&earlier->record.results[i]);
}

static bool take_resumed(const json_t *resumed, struct earlier *earlier, struct flaw *flaw)
{
    if (!json_is_string(resumed))
        return flaw_note(flaw, "resumed", "must be a text");
    drop_parts(earlier);
    return words_add(&earlier->record.resumed, json_string_value(resumed)) ||
           flaw_note(flaw, "resumed", "does not fit into memory");
}

/* The parameters that the run began with: others may have been found since. */
static bool take_tuned(const json_t *tuned, struct record *record, struct flaw *flaw)
{
    if (tuned != NULL)
        record->tuned = store_from_json(tuned);
    return tuned == NULL || record->tuned != NULL ||
           flaw_note(flaw, "tuned", "must be an array of tuned parameters");
}

static bool take_head(const json_t *line, struct earlier *earlier, struct flaw *flaw)
{
    struct record *record = &earlier->record;
    if (!take_format(line, flaw) || !record_take_head(line, record, flaw) ||
        !record_take_devices(line, record, flaw) ||
        !take_tuned(json_object_get(line, "tuned"), record, flaw))
        return false;
    return take_plan(line, earlier, flaw);
}

static bool take_line(const json_t *line, bool first, struct earlier *earlier, struct flaw *flaw)
{
    if (!json_is_object(line))
        return flaw_note(flaw, "", "must be an object");
    if (first)
        return take_head(line, earlier, flaw);
    if (json_object_get(line, "format") != NULL)
        return flaw_note(flaw, "format", "must be in the first line only");
    if (json_object_get(line, "resumed") != NULL)
        return take_resumed(json_object_get(line, "resumed"), earlier, flaw);
    if (json_object_get(line, "end_of_case") != NULL)
        return take_end(line, earlier, flaw);
    if (json_object_get(line, "rows") != NULL)
        return take_plan(line, earlier, flaw);
    if (json_is_array(json_object_get(line, "roofline")))
        return record_take_roofs(line, &earlier->record, flaw);
    return take_row(line, earlier, flaw);
}

static bool read_line(struct earlier *earlier, unsigned long number, const char *line, size_t length)
{
    char what[sizeof(struct flaw) + 40];
    struct flaw flaw = {.path = ""};
    json_error_t error;
    json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    bool good = object != NULL && take_line(object, number == 1, earlier, &flaw);
    if (object == NULL)
        snprintf(what, sizeof what, "%s%s", number == 1 ? "this is no journal of hcbench: " : "no JSON: ",
                 error.text);
    else
        snprintf(what, sizeof what, "%s%s%s", flaw.path, flaw.path[0] != '\0' ? ": " : "", flaw.what);
    json_decref(object);
    return good || text_refuse(earlier->path, number, what);
}

/* By device and case, then by place. */
static int compare_rows(const void *a, const void *b)
{
    const struct hcb_result *x = *(const struct hcb_result *const *)a,
                            *y = *(const struct hcb_result *const *)b;
    const int by_case = record_order_cases(&x->task, &y->task);
    if (by_case != 0)
        return by_case;
    const int by_device = strcmp(x->device, y->device);
    return by_device != 0 ? by_device : (x > y) - (x < y);
}

/* Searches plan no row again.  Among the first `head` rows some may be the same: a
 * command line may ask for a size in two ways. */
static bool plans_once(const struct earlier *earlier, size_t head)
{
    const struct record *record = &earlier->record;
    const struct hcb_result **sorted = calloc(record->result_count + 1, sizeof *sorted);
    char what[64];
    bool good = sorted != NULL || text_refuse(earlier->path, 0, "does not fit into memory");
    for (size_t i = 0; i < record->result_count && good; i++)
        sorted[i] = &record->results[i];
    if (good)
        qsort(sorted, record->result_count, sizeof *sorted, compare_rows);
    for (size_t i = 1; i < record->result_count && good; i++)
        if (same_rows(sorted[i - 1], sorted[i]) && sorted[i] >= record->results + head) {
            snprintf(what, sizeof what, "rows.%zu is planned twice", (size_t)(sorted[i] - record->results));
            good = text_refuse(earlier->path, 0, what);
        }
    free(sorted);
    return good;
}

/* Bytes of a regular file that was not packed; 0 for what cannot be continued. */
static size_t size_of(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) ? (size_t)facts.st_size : 0;
}

bool journal_read(struct earlier *earlier, const char *path)
{
    struct text text;
    bool good = true;
    *earlier = (struct earlier){.path = path, .record.blas_fair_ratio = (double)NAN, .size = size_of(path)};
    if (!text_read_lines(path, read_usual_limits.bytes, &text))
        return false;
    earlier->whole = text.size;
    if (!read_is_affordable(&text, &read_usual_limits))
        good = text_refuse(path, 1, "holds more values than are read");
    else if (text.size == 0)
        good = text_refuse(path, 1, "no whole line is left of this journal");
    unsigned long number = 0;
    size_t head = 0;
    for (const char *line = text.data, *end; good && line < text.data + text.size; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text.data + text.size - line));
        good = read_line(earlier, ++number, line, (size_t)(end - line));
        head = number == 1 ? earlier->planned : head;
    }
    free(text.data);
    good = good && plans_once(earlier, head);
    if (good)
        roofline_rate_all(&earlier->record);
    else
        journal_forget(earlier);
    return good;
}

void journal_forget(struct earlier *earlier)
{
    record_clear(&earlier->record);
    free(earlier->ended);
    earlier->ended = NULL;
}

/* ---------------------------------------------------------------- may it go on? */

HCB_PRINTF(2, 3) static bool refuse(const struct earlier *earlier, const char *format, ...)
{
    char what[500] = "the run cannot go on: ";
    const size_t used = strlen(what);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what + used, sizeof what - used, format, arguments);
    va_end(arguments);
    return text_refuse(earlier->path, 0, what);
}

/* A value as a message shows it. */
static const char *shown(const json_t *value, char *text, size_t size)
{
    char *dumped = value != NULL ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    snprintf(text, size, "%s", dumped != NULL ? dumped : "unknown");
    free(dumped);
    return text;
}

/* Compares two structures, member by member; `of` says whose they are. */
static bool same_members(const struct earlier *earlier, const char *of, const struct member *members,
                         const void *then, const void *now)
{
    json_t *a = members_write_known(members, then), *b = members_write_known(members, now);
    bool same = true;
    for (; members->name != NULL && same; members++) {
        const json_t *x = json_object_get(a, members->name), *y = json_object_get(b, members->name);
        char was[160], is[160];
        same = (x == NULL && y == NULL) || json_equal((json_t *)x, (json_t *)y) ||
               refuse(earlier, "%s: %s was %s and is %s", of, members->name, shown(x, was, sizeof was),
                      shown(y, is, sizeof is));
    }
    json_decref(a);
    json_decref(b);
    return same;
}

static const char *value_of(const struct record *record, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < record->variable_count; i++)
        if (strcmp(record->variables[i].name, name) == 0)
            value = record->variables[i].value;
    return value;
}

/* Every variable of `a` is the same in `b`. */
static bool same_variables(const struct earlier *earlier, const struct record *a, const struct record *b)
{
    for (size_t i = 0; i < a->variable_count; i++) {
        const char *name = a->variables[i].name, *x = value_of(a, name), *y = value_of(b, name);
        if (y == NULL || strcmp(x, y) != 0)
            return refuse(earlier, "the variable %s is not what it was", name);
    }
    return true;
}

static bool same_devices(const struct earlier *earlier, const struct record *record)
{
    const struct record *then = &earlier->record;
    for (size_t i = 0; i < then->device_count; i++) {
        const struct hcb_device_info *info = &then->devices[i].info;
        const struct device_record *now = record_device(record, info->id);
        if (now == NULL)
            return refuse(earlier, "there is no device %s any more", info->id);
        if (!same_members(earlier, info->id, protocol_device_members(), info, &now->info))
            return false;
    }
    return record->device_count == then->device_count ||
           refuse(earlier, "there are %zu devices, and there were %zu", record->device_count,
                  then->device_count);
}

static bool same_lists(const struct hcb_result *a, size_t a_count, const struct hcb_result *b,
                       size_t b_count)
{
    bool same = a_count == b_count;
    for (size_t i = 0; same && i < a_count; i++)
        same = same_rows(&a[i], &b[i]);
    return same;
}

/* A search plans its rows later; roofs may not have been measured yet. */
static bool same_plan(const struct earlier *earlier, const struct record *record)
{
    const struct record *then = &earlier->record;
    const bool same = (record->options->command == COMMAND_BREAKEVEN ||
                       same_lists(then->results, then->result_count, record->results,
                                  record->result_count)) &&
                      (then->roofline_count == 0 ||
                       same_lists(then->roofline, then->roofline_count, record->roofline,
                                  record->roofline_count));
    return same || refuse(earlier, "its rows are not those that would be run now");
}

static void swap_rows(struct hcb_result *a, struct hcb_result *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct hcb_result kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

bool journal_take_over(struct record *record)
{
    static const struct member kernel[] = {
        MEMBER_OF(struct hcb_environment, MEMBER_TEXT, kernel), {.name = NULL}};
    struct earlier *earlier = record->earlier;
    struct record *then = &earlier->record;
    char now[32];
    if (!same_members(earlier, "this machine", kernel, &then->environment, &record->environment) ||
        !same_members(earlier, "this machine's cpu", schema_cpu, &then->environment, &record->environment) ||
        !same_variables(earlier, then, record) || !same_variables(earlier, record, then) ||
        !same_devices(earlier, record) || !same_plan(earlier, record))
        return false;
    drop_parts(earlier);
    swap_rows(record->results, then->results, record->result_count);
    swap_rows(record->roofline, then->roofline, then->roofline_count);
    for (size_t i = 0; i < then->device_count; i++)
        record_device(record, then->devices[i].info.id)->sensors = then->devices[i].sensors;
    record_stamp(now);
    words_clear(&record->command);
    bool good = words_add(&then->resumed, now);
    for (size_t i = 0; i < then->command.count; i++)
        good = good && words_add(&record->command, then->command.list[i]);
    for (size_t i = 0; i < then->resumed.count; i++)
        good = good && words_add(&record->resumed, then->resumed.list[i]);
    record->tuned = then->tuned; /* the same for all rows of a run */
    then->tuned = NULL;
    memcpy(record->started, then->started, sizeof record->started);
    memcpy(record->blas_core_detected, then->blas_core_detected, sizeof record->blas_core_detected);
    memcpy(record->blas_core_asked, then->blas_core_asked, sizeof record->blas_core_asked);
    record->blas_fair_ratio = then->blas_fair_ratio;
    record->blas_core_choice = then->blas_core_choice;
    record->blas_cores_tried = then->blas_cores_tried;
    record->blas_core_undecided = then->blas_core_undecided;
    return good || refuse(earlier, "out of memory");
}

bool journal_take_case(struct record *record, size_t first, bool *taken)
{
    struct earlier *earlier = record->earlier;
    const size_t count = record->result_count - first;
    *taken = false;
    if (earlier == NULL || first >= earlier->planned)
        return true;
    struct hcb_result *then = earlier->record.results + first;
    if (first + count > earlier->planned || !same_lists(then, count, record->results + first, count))
        return refuse(earlier, "its rows are not those that the search would measure now");
    *taken = earlier->ended[first];
    if (*taken)
        swap_rows(record->results + first, then, count);
    return true;
}
