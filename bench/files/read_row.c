/* SPDX-License-Identifier: Apache-2.0 */
/* A result row from JSON, by the library's table of fields, and whether its figures
 * agree with each other. */
#include "config.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/json.h"

enum { SAMPLES_MAX = 1000000 }; /* --max-runs takes no more; blocks end within five */
enum { DEPTH_SPARE = 128 };

/* ------------------------------------------------------------------- the flaw */

bool flaw_note(struct flaw *flaw, const char *path, const char *format, ...)
{
    va_list arguments;
    if (flaw == NULL)
        return false;
    snprintf(flaw->path, sizeof flaw->path, "%s", path);
    va_start(arguments, format);
    vsnprintf(flaw->what, sizeof flaw->what, format, arguments);
    va_end(arguments);
    return false;
}

bool flaw_within(struct flaw *flaw, const char *name, long index)
{
    char inner[sizeof flaw->path], number[24] = "";
    if (flaw == NULL)
        return false;
    memcpy(inner, flaw->path, sizeof inner);
    if (index >= 0)
        snprintf(number, sizeof number, ".%ld", index);
    const int length = snprintf(flaw->path, sizeof flaw->path, "%s%s%s", name, number,
                                inner[0] != '\0' ? "." : "");
    if (length > 0 && (size_t)length < sizeof flaw->path)
        snprintf(flaw->path + length, sizeof flaw->path - (size_t)length, "%.*s",
                 (int)(sizeof flaw->path - (size_t)length - 1), inner);
    return false;
}

/* -------------------------------------------------------------------- a field */

/* Does the name go on with the index of an array? */
static bool is_index(const char *name)
{
    return name[0] >= '0' && name[0] <= '9';
}

/* Finds what "a.b" or "a.0" names; NULL when it is absent.  False when something on
 * the way is neither. */
static bool find(const json_t *object, const char *name, const json_t **value, struct flaw *flaw)
{
    const char *whole = name;
    char key[64];
    for (const char *dot; (dot = strchr(name, '.')) != NULL; name = dot + 1) {
        snprintf(key, sizeof key, "%.*s", (int)(dot - name), name);
        object = json_object_get(object, key);
        if (object == NULL)
            break;
        if (is_index(dot + 1) ? !json_is_array(object) : !json_is_object(object)) {
            snprintf(key, sizeof key, "%.*s", (int)(dot - whole), whole);
            return flaw_note(flaw, key, "must be an %s", is_index(dot + 1) ? "array" : "object");
        }
    }
    *value = is_index(name) ? json_array_get(object, strtoul(name, NULL, 10))
                            : json_object_get(object, name);
    return true;
}

static bool read_text(const json_t *value, const struct hcb_field *field, char *text,
                      struct flaw *flaw)
{
    if (!json_is_string(value) || json_string_length(value) >= field->size)
        return flaw_note(flaw, field->name, "must be a text of at most %zu bytes", field->size - 1);
    memcpy(text, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool read_word(const json_t *value, const struct hcb_field *field, void *member,
                      struct flaw *flaw)
{
    if (!json_is_string(value))
        return flaw_note(flaw, field->name, "must be a word");
    const int word = hcb_word(field->word, json_string_value(value));
    const unsigned number = (unsigned)word;
    if (word < 0)
        return flaw_note(flaw, field->name, "'%.40s' is not known to this version",
                         json_string_value(value));
    memcpy(member, &number, sizeof number);
    return true;
}

static bool read_whole(const json_t *value, const struct hcb_field *field, json_int_t most,
                       json_int_t *number, struct flaw *flaw)
{
    *number = json_integer_value(value);
    if (json_is_integer(value) && *number >= 1 && *number <= most)
        return true;
    return flaw_note(flaw, field->name, "must be a whole number from 1 to %" JSON_INTEGER_FORMAT, most);
}

static bool read_scale(const json_t *value, const struct hcb_field *field, int *scale, struct flaw *flaw)
{
    const json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < -HCB_SCALE_MAX || number > HCB_SCALE_MAX)
        return flaw_note(flaw, field->name, "must be a whole number from %d to %d", -HCB_SCALE_MAX,
                         HCB_SCALE_MAX);
    *scale = (int)number;
    return true;
}

static bool read_number(const json_t *value, const struct hcb_field *field, double *member,
                        struct flaw *flaw)
{
    *member = json_number_value(value);
    if (!json_is_number(value) || !(*member >= field->least) || isinf(*member))
        return flaw_note(flaw, field->name, "must be a number from %g on", field->least);
    if (field->kind == HCB_FIELD_COUNT && (*member != floor(*member) || *member >= 0x1p64))
        return flaw_note(flaw, field->name, "must be a whole number below 2^64");
    return true;
}

static bool is_sample(const json_t *value, double least)
{
    return json_is_number(value) && json_number_value(value) > least && isfinite(json_number_value(value));
}

/* An array of as many elements as `n` says. */
static bool has_count(const json_t *value, const struct hcb_field *field, size_t count,
                      struct flaw *flaw)
{
    if (!json_is_array(value))
        return flaw_note(flaw, field->name, "must be an array");
    if (count == 0 || json_array_size(value) != count)
        return flaw_note(flaw, field->name, "has %zu elements where n says %zu", json_array_size(value),
                         count);
    return true;
}

static bool read_samples(const json_t *value, const struct hcb_field *field, size_t count,
                         double **samples, struct flaw *flaw)
{
    if (!has_count(value, field, count, flaw))
        return false;
    *samples = malloc(count * sizeof **samples);
    for (size_t i = 0; *samples != NULL && i < count; i++) {
        (*samples)[i] = json_number_value(json_array_get(value, i));
        if (!is_sample(json_array_get(value, i), field->least)) {
            flaw_note(flaw, "", "must be a number above %g", field->least);
            return flaw_within(flaw, field->name, (long)i);
        }
    }
    return *samples != NULL || flaw_note(flaw, field->name, "does not fit into memory");
}

static bool read_rounds(const json_t *value, const struct hcb_field *field, size_t count,
                        uint32_t **rounds, struct flaw *flaw)
{
    json_int_t last = 0;
    if (!has_count(value, field, count, flaw))
        return false;
    *rounds = malloc(count * sizeof **rounds);
    for (size_t i = 0; *rounds != NULL && i < count; i++) {
        const json_t *round = json_array_get(value, i);
        if (!json_is_integer(round) || json_integer_value(round) < last ||
            json_integer_value(round) > UINT32_MAX) {
            flaw_note(flaw, "", "must be a whole number, and not below the one before");
            return flaw_within(flaw, field->name, (long)i);
        }
        last = json_integer_value(round);
        (*rounds)[i] = (uint32_t)last;
    }
    return *rounds != NULL || flaw_note(flaw, field->name, "does not fit into memory");
}

static bool read_lines(const json_t *value, const struct hcb_field *field, char **lines,
                       struct flaw *flaw)
{
    const size_t room = field->size / sizeof *lines - 1;
    size_t index;
    json_t *line;
    if (!json_is_array(value) || json_array_size(value) > room)
        return flaw_note(flaw, field->name, "must be an array of at most %zu texts", room);
    json_array_foreach(value, index, line) {
        if (!json_is_string(line) || json_string_length(line) >= HCB_REASON_SIZE) {
            flaw_note(flaw, "", "must be a text of at most %d bytes", HCB_REASON_SIZE - 1);
            return flaw_within(flaw, field->name, (long)index);
        }
        lines[index] = strdup(json_string_value(line));
        if (lines[index] == NULL)
            return flaw_note(flaw, field->name, "does not fit into memory");
    }
    return true;
}

static bool read_field(const json_t *value, const struct hcb_field *field,
                       struct hcb_result *result, struct flaw *flaw)
{
    char *member = (char *)result + field->offset;
    const size_t count = *(const size_t *)((const char *)result + field->count_offset);
    json_int_t whole;
    switch (field->kind) {
    case HCB_FIELD_TEXT: return read_text(value, field, member, flaw);
    case HCB_FIELD_WORD: return read_word(value, field, member, flaw);
    case HCB_FIELD_SCALE: return read_scale(value, field, (int *)member, flaw);
    case HCB_FIELD_EXTENT:
        if (!read_whole(value, field, INT64_MAX, &whole, flaw))
            return false;
        *(uint64_t *)member = (uint64_t)whole;
        return true;
    case HCB_FIELD_NUMBER:
    case HCB_FIELD_COUNT: return read_number(value, field, (double *)member, flaw);
    case HCB_FIELD_SIZE:
        if (!read_whole(value, field, SAMPLES_MAX + 5, &whole, flaw))
            return false;
        *(size_t *)member = (size_t)whole;
        return true;
    case HCB_FIELD_SAMPLES: return read_samples(value, field, count, (double **)member, flaw);
    case HCB_FIELD_ROUNDS: return read_rounds(value, field, count, (uint32_t **)member, flaw);
    case HCB_FIELD_LINES: return read_lines(value, field, (char **)member, flaw);
    }
    return false;
}

/* -------------------------------------------------------- do the figures agree? */

/* Equal but for the rounding of another compiler or processor; both may be absent. */
static bool agree(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

bool claims_hold(const char *within, const struct claim *claims, size_t count, struct flaw *flaw)
{
    char path[80];
    for (size_t i = 0; i < count; i++) {
        if (agree(claims[i].said, claims[i].right))
            continue;
        snprintf(path, sizeof path, "%s%s", within, claims[i].name);
        if (isnan(claims[i].said))
            return flaw_note(flaw, path, "is missing");
        if (isnan(claims[i].right))
            return flaw_note(flaw, path, "is there, but there is nothing that it follows from");
        return flaw_note(flaw, path, "is %.9g, but %.9g follows from the rest of the file",
                         claims[i].said, claims[i].right);
    }
    return true;
}

/* The first files have the interval of independent samples, which is too narrow: they
 * get that of rounds. */
static void mend_interval(struct hcb_clock_result *clock, const struct hcb_summary *right)
{
    struct hcb_summary *said = &clock->summary;
    const struct hcb_summary first = hcb_summarize(clock->samples, said->n);
    if (agree(said->ci95_low, first.ci95_low) && agree(said->ci95_high, first.ci95_high)) {
        said->ci95_low = right->ci95_low;
        said->ci95_high = right->ci95_high;
    }
}

static bool check_clock(const char *name, struct hcb_clock_result *clock, struct flaw *flaw)
{
    const struct hcb_summary *said = &clock->summary;
    char within[40];
    snprintf(within, sizeof within, "%s.", name);
    if (said->n > 0 && (clock->samples == NULL || clock->rounds == NULL))
        return flaw_note(flaw, name, "%s is missing", clock->samples == NULL ? "samples_s" : "rounds");
    const struct hcb_summary right = hcb_summarize_rounds(clock->samples, clock->rounds, said->n);
    if (right.n != said->n)
        return flaw_note(flaw, name, "does not fit into memory");
    mend_interval(clock, &right);
    const struct claim claims[] = {
        {"median_s", said->median, right.median},     {"q1_s", said->q1, right.q1},
        {"q3_s", said->q3, right.q3},                 {"min_s", said->min, right.min},
        {"ci95_s.0", said->ci95_low, right.ci95_low}, {"ci95_s.1", said->ci95_high, right.ci95_high},
    };
    return claims_hold(within, claims, sizeof claims / sizeof *claims, flaw);
}

static bool check_readings(const char *name, const char *unit, const struct hcb_readings *said,
                           struct flaw *flaw)
{
    char within[40], least[16], most[16];
    if (said->n > 0 && said->samples == NULL)
        return flaw_note(flaw, name, "samples_%s is missing", unit);
    const struct hcb_summary right = hcb_summarize(said->samples, said->n);
    double highest = (double)NAN;
    if (right.n != said->n)
        return flaw_note(flaw, name, "does not fit into memory");
    for (size_t i = 0; i < said->n; i++)
        highest = fmax(highest, said->samples[i]);
    snprintf(within, sizeof within, "%s.", name);
    snprintf(least, sizeof least, "min_%s", unit);
    snprintf(most, sizeof most, "max_%s", unit);
    const struct claim claims[] = {
        {unit, said->median, right.median}, {least, said->min, right.min}, {most, said->max, highest}};
    return claims_hold(within, claims, sizeof claims / sizeof *claims, flaw);
}

/* A row that is not good has no rates, and operations only where it was prepared. */
static bool check_rates(const struct hcb_result *row, struct flaw *flaw)
{
    struct hcb_result right = *row;
    right.flops = right.bytes = right.gflops = right.gbps = right.gflop_per_j = (double)NAN;
    if (row->status == HCB_OK || !isnan(row->flops) || !isnan(row->bytes))
        hcb_result_rates(&right);
    const struct claim claims[] = {
        {"flops", row->flops, right.flops},
        {"bytes", row->bytes, right.bytes},
        {"gflops", row->gflops, right.gflops},
        {"gbps", row->gbps, right.gbps},
        {"power.gflop_per_j", row->gflop_per_j, right.gflop_per_j},
    };
    return claims_hold("", claims, sizeof claims / sizeof *claims, flaw);
}

static bool check_ratio(const char *name, const struct hcb_ratio *ratio, const char *baseline,
                        struct flaw *flaw)
{
    const bool has_low = !isnan(ratio->ci95_low), has_high = !isnan(ratio->ci95_high);
    if (isnan(ratio->ratio))
        return !(has_low || has_high) || flaw_note(flaw, name, "has an interval and no ratio");
    if (!(ratio->ratio > 0))
        return flaw_note(flaw, name, "must have a ratio above 0");
    if (*baseline == '\0')
        return flaw_note(flaw, "speedup", "baseline is missing");
    if (has_low != has_high || (has_low && (ratio->ci95_low > ratio->ratio || ratio->ci95_high < ratio->ratio)))
        return flaw_note(flaw, name, "the ratio is not within its interval");
    return true;
}

/* A good row was verified and is within its limit; another has no times.  The depth
 * that a limit follows from is not in the file: no chain is longer than the terms but
 * for the lanes and partial sums that a short one has too. */
static bool check_verdict(const struct hcb_result *row, struct flaw *flaw)
{
    const struct hcb_verdict *error = &row->error;
    const bool good = row->status == HCB_OK;
    const double most = hcb_error_limit(&row->task, hcb_case_terms(&row->task) + DEPTH_SPARE);
    if (error->limit > most)
        return flaw_note(flaw, "error.limit", "is more than %.9g, the most for this case", most);
    if (good && (isnan(error->bound_ratio) || isnan(error->limit) || !(error->checked >= 1)))
        return flaw_note(flaw, "status", "is ok, but error does not say that the result was verified");
    if (good && error->bound_ratio > error->limit)
        return flaw_note(flaw, "error.bound_ratio", "is above the limit, but the status is ok");
    if (!good && (row->kernel.summary.n > 0 || row->wall.summary.n > 0 || row->end_to_end.summary.n > 0))
        return flaw_note(flaw, "status", "is not ok, but there are times");
    return good || row->baseline[0] == '\0' ||
           flaw_note(flaw, "status", "is not ok, but there is a speedup");
}

/* Their samples are not in the file, only what they are parts of. */
static bool check_parts(const struct hcb_result *row, struct flaw *flaw)
{
    const double most = row->end_to_end.summary.median * (1 + 1e-9);
    if (!isnan(row->upload_s) && !(row->upload_s <= most))
        return flaw_note(flaw, "upload_s", "is more than end to end takes");
    if (!isnan(row->download_s) && !(row->download_s <= most))
        return flaw_note(flaw, "download_s", "is more than end to end takes");
    if (isnan(row->energy_j) != isnan(row->watts))
        return flaw_note(flaw, "power", "has only one of energy_j and watts");
    return true;
}

/* Only our own kernels have parameters of which there are others. */
static bool check_tuning(const struct hcb_result *row, struct flaw *flaw)
{
    const bool chosen = strcmp(row->tuning, "table") == 0 || strcmp(row->tuning, "tuned") == 0;
    if (row->tuning[0] != '\0' && !chosen && strcmp(row->tuning, "stock") != 0)
        return flaw_note(flaw, "tuning", "must be stock, table or tuned");
    return chosen == (row->parameters[0] != '\0') ||
           flaw_note(flaw, "parameters", chosen ? "is missing" : "is there, but tuning is not table or tuned");
}

/* A row whose operand overflowed was not run. */
static bool check_scale(const struct hcb_result *row, struct flaw *flaw)
{
    const struct hcb_rounding *scaled = &row->scaled;
    const double counts[] = {scaled->overflowed, scaled->underflowed, scaled->subnormal};
    const double elements = (double)hcb_operand_elements(&row->task, 0);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (isnan(counts[i]) != isnan(counts[0]))
            return flaw_note(flaw, "scale", "has not all of its counts");
        if (counts[i] > elements)
            return flaw_note(flaw, "scale", "counts more than the %.0f elements of the operand", elements);
    }
    return row->status != HCB_OK || !(scaled->overflowed > 0) ||
           flaw_note(flaw, "scale.overflowed", "is not 0, but the status is ok");
}

static bool check_row(struct hcb_result *row, struct flaw *flaw)
{
    if (row->task.sum != HCB_SUM_PLAIN && !hcb_op_adds_up(row->task.op))
        return flaw_note(flaw, "sum", "is not for a %s", hcb_op_name(row->task.op));
    if (row->task.scale != 0 && (!hcb_precision_scales(row->task.precision) || hcb_op_is_extra(row->task.op)))
        return flaw_note(flaw, "scale", "is not for %s of %s", hcb_op_name(row->task.op),
                         hcb_precision_name(row->task.precision));
    if (!hcb_case_check(&row->task))
        return flaw_note(flaw, "shape", "is too large for 64 bits");
    if (strncmp(row->device, row->platform, strlen(row->platform)) != 0 ||
        row->device[strlen(row->platform)] != ':')
        return flaw_note(flaw, "platform", "is not that of the device");
    return check_clock("kernel", &row->kernel, flaw) && check_clock("wall", &row->wall, flaw) &&
           check_clock("end_to_end", &row->end_to_end, flaw) && check_readings("clock", "mhz", &row->clock_mhz, flaw) &&
           check_readings("temperature", "c", &row->temperature_c, flaw) &&
           check_tuning(row, flaw) && check_scale(row, flaw) && check_verdict(row, flaw) &&
           check_rates(row, flaw) && check_parts(row, flaw) &&
           check_ratio("speedup.kernel", &row->speedup_kernel, row->baseline, flaw) &&
           check_ratio("speedup.end_to_end", &row->speedup_end_to_end, row->baseline, flaw);
}

/* ------------------------------------------------------------------- the row */

/* Names, words and extents; a row without them is none.  Sums are plain unless told. */
static bool is_required(const struct hcb_result *row, const struct hcb_field *field)
{
    return strcmp(field->name, "device") == 0 ||
           ((field->kind == HCB_FIELD_WORD || field->kind == HCB_FIELD_EXTENT) && hcb_result_has(row, field));
}

static bool read_fields(const json_t *object, struct hcb_result *row, struct flaw *flaw)
{
    const struct hcb_field *field;
    for (unsigned i = 0; (field = hcb_result_field(i)) != NULL; i++) {
        const json_t *value = NULL;
        if (!find(object, field->name, &value, flaw))
            return false;
        if (value == NULL && is_required(row, field))
            return flaw_note(flaw, "", "%s is missing", field->name);
        if (value != NULL && !read_field(value, field, row, flaw))
            return false;
    }
    return true;
}

/* All numbers are absent but the shape, which is required where it applies. */
static void begin_row(struct hcb_result *row)
{
    const struct hcb_summary none = {NAN, NAN, NAN, NAN, NAN, NAN, 0};
    hcb_result_init(row, "", &(struct hcb_case){.shape = {1, 1, 1}});
    row->kernel.summary = row->wall.summary = row->end_to_end.summary = none;
}

bool record_result_from_json(const json_t *object, struct hcb_result *result, struct flaw *flaw)
{
    struct hcb_result row;
    if (!json_is_object(object))
        return flaw_note(flaw, "", "must be an object");
    begin_row(&row);
    if (!read_fields(object, &row, flaw)) {
        hcb_result_clear(&row);
        return false;
    }
    /* The platform is part of the device's id, and may be left out. */
    if (row.platform[0] == '\0')
        snprintf(row.platform, sizeof row.platform, "%.*s", (int)strcspn(row.device, ":"), row.device);
    if (!check_row(&row, flaw)) {
        hcb_result_clear(&row);
        return false;
    }
    *result = row;
    return true;
}
