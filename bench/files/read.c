/* SPDX-License-Identifier: Apache-2.0 */
/* A record from a result file.  The file may be anything: each step says what is
 * wrong and where, and nothing is believed that can be checked. */
#include "config.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "breakeven/breakeven.h"
#include "files/json.h"
#include "files/locate.h"
#include "files/read.h"
#include "files/schema.h"
#include "files/text.h"
#include "measure/protocol.h"
#include "measure/roofline.h"

/* A row of 300 samples on three clocks is some 40 KB. */
const struct read_limits read_usual_limits = {
    .bytes = (size_t)512 << 20,
    .nested = (size_t)4 << 20,
    .values = (size_t)32 << 20,
    .rows = 100000,
    .compared = (size_t)16 << 20};

enum { DEVICES_MAX = 256 };

/* ---------------------------------------------------------------- small parts */

static bool want(const json_t *value, bool good, const char *name, const char *wanted, struct flaw *flaw)
{
    if (value == NULL)
        return flaw_note(flaw, "", "%s is missing", name);
    return good || flaw_note(flaw, name, "must be %s", wanted);
}

/* An object or an array that must be there. */
static bool want_object(const json_t *within, const char *name, const json_t **value, struct flaw *flaw)
{
    *value = json_object_get(within, name);
    return want(*value, json_is_object(*value), name, "an object", flaw);
}

static bool want_array(const json_t *within, const char *name, const json_t **value, struct flaw *flaw)
{
    *value = json_object_get(within, name);
    return want(*value, json_is_array(*value), name, "an array", flaw);
}

static bool take_text(const json_t *within, const char *name, char *text, size_t size, struct flaw *flaw)
{
    const json_t *value = json_object_get(within, name);
    char wanted[48];
    snprintf(wanted, sizeof wanted, "a text of at most %zu bytes", size - 1);
    if (!want(value, json_is_string(value) && json_string_length(value) < size, name, wanted, flaw))
        return false;
    memcpy(text, json_string_value(value), json_string_length(value) + 1);
    return true;
}

/* The words of an array, which may be absent. */
static bool take_words(const json_t *within, const char *name, struct words *words, struct flaw *flaw)
{
    const json_t *array = json_object_get(within, name);
    size_t index;
    const json_t *word;
    if (array == NULL)
        return true;
    if (!json_is_array(array))
        return flaw_note(flaw, name, "must be an array");
    json_array_foreach(array, index, word) {
        if (!json_is_string(word)) {
            flaw_note(flaw, "", "must be a text");
            return flaw_within(flaw, name, (long)index);
        }
        if (!words_add(words, json_string_value(word)))
            return flaw_note(flaw, name, "does not fit into memory");
    }
    return true;
}

static bool take_members(const struct member *members, const json_t *object, void *structure,
                         struct flaw *flaw)
{
    char wanted[80];
    const struct member *wrong = members_read_known(members, object, structure);
    return wrong == NULL || flaw_note(flaw, wrong->name, "must be %s",
                                      member_wanted(wrong, wanted, sizeof wanted));
}

/* Members of an object within `within` that may be absent. */
static bool take_inner(const json_t *within, const char *name, const struct member *members,
                       void *structure, struct flaw *flaw)
{
    const json_t *object = json_object_get(within, name);
    if (object == NULL)
        return true;
    if (!json_is_object(object))
        return flaw_note(flaw, name, "must be an object");
    return take_members(members, object, structure, flaw) || flaw_within(flaw, name, -1);
}

/* -------------------------------------------------------------------- the head */

static bool take_variables(const json_t *environment, struct record *record, struct flaw *flaw)
{
    const json_t *variables = json_object_get(environment, "env");
    if (variables == NULL)
        return true;
    if (!json_is_object(variables))
        return flaw_note(flaw, "env", "must be an object");
    record->variables = calloc(json_object_size(variables) + 1, sizeof *record->variables);
    for (void *at = json_object_iter((json_t *)variables); at != NULL && record->variables != NULL;
         at = json_object_iter_next((json_t *)variables, at)) {
        const json_t *value = json_object_iter_value(at);
        if (!json_is_string(value))
            return flaw_note(flaw, "env", "must have texts for values");
        struct variable *variable = &record->variables[record->variable_count++];
        *variable = (struct variable){strdup(json_object_iter_key(at)), strdup(json_string_value(value))};
        if (variable->name == NULL || variable->value == NULL)
            return flaw_note(flaw, "env", "does not fit into memory");
    }
    return record->variables != NULL || flaw_note(flaw, "env", "does not fit into memory");
}

/* Files of earlier versions do not have it; who has it has all of it. */
static bool take_sampling(const json_t *document, struct record *record, struct flaw *flaw)
{
    const json_t *sampling = json_object_get(document, "sampling");
    if (sampling == NULL)
        return true;
    if (!take_inner(document, "sampling", schema_sampling, &record->sampling, flaw))
        return false;
    for (const struct member *member = schema_sampling; member->name != NULL; member++)
        if (json_object_get(sampling, member->name) == NULL) {
            flaw_note(flaw, member->name, "is missing");
            return flaw_within(flaw, "sampling", -1);
        }
    return record->sampling.max_runs > 0 ||
           flaw_note(flaw, "sampling.max_runs", "must be a whole number from 1 on");
}

static bool take_environment(const json_t *document, struct record *record, struct flaw *flaw)
{
    const json_t *environment = json_object_get(document, "environment");
    struct blas_facts blas = {.fair_ratio = (double)NAN};
    if (environment == NULL)
        return true;
    if (!json_is_object(environment))
        return flaw_note(flaw, "environment", "must be an object");
    if (!take_members(schema_environment, environment, &record->environment, flaw) ||
        !take_inner(environment, "cpu", schema_cpu, &record->environment, flaw) ||
        !take_inner(environment, "blas", schema_blas, &blas, flaw) ||
        !take_variables(environment, record, flaw))
        return flaw_within(flaw, "environment", -1);
    const int choice = hcb_word(schema_core_choice, blas.core_chosen_by);
    if (choice < 0)
        return flaw_note(flaw, "environment.blas.core_chosen_by", "is not known to this version");
    if (blas.core_trial[0] != '\0' && strcmp(blas.core_trial, schema_undecided) != 0)
        return flaw_note(flaw, "environment.blas.core_trial", "is not known to this version");
    record->blas_core_choice = (enum core_choice)choice;
    record->blas_core_undecided = blas.core_trial[0] != '\0';
    memcpy(record->blas_core_asked, blas.core_asked, sizeof record->blas_core_asked);
    record->blas_cores_tried = blas.cores_tried;
    memcpy(record->blas_core_detected, blas.core_detected, sizeof record->blas_core_detected);
    record->blas_fair_ratio = blas.fair_ratio;
    return true;
}

bool record_take_head(const json_t *document, struct record *record, struct flaw *flaw)
{
    const json_t *hcbench, *seed = json_object_get(document, "seed"),
                           *fill = json_object_get(document, "fill");
    if (!want_object(document, "hcbench", &hcbench, flaw))
        return false;
    if (!take_text(hcbench, "version", record->version, sizeof record->version, flaw))
        return flaw_within(flaw, "hcbench", -1);
    if (!want(seed, json_is_integer(seed) && json_integer_value(seed) >= 0, "seed",
              "a whole number from 0 on", flaw))
        return false;
    const int word = json_is_string(fill) ? hcb_word(hcb_fill_name, json_string_value(fill)) : -1;
    if (!want(fill, word >= 0, "fill", "uniform, normal, integer or zeros", flaw))
        return false;
    record->seed = (uint64_t)json_integer_value(seed);
    record->fill = (enum hcb_fill)word;
    return take_text(document, "started", record->started, sizeof record->started, flaw) &&
           take_words(document, "command", &record->command, flaw) &&
           take_words(document, "resumed", &record->resumed, flaw) &&
           take_sampling(document, record, flaw) && take_environment(document, record, flaw);
}

/* ------------------------------------------------------------------ the devices */

/* Ids are names for people and for other rows: printable, and "platform:number".
 * `platform` may be NULL for any. */
static bool is_device_id(const char *id, const char *platform)
{
    char word[16];
    const size_t length = strcspn(id, ":");
    if (id[length] == '\0' || length >= sizeof word)
        return false;
    memcpy(word, id, length);
    word[length] = '\0';
    return hcb_word(hcb_platform_name, word) >= 0 && (platform == NULL || strcmp(platform, word) == 0) &&
           id[length + 1] != '\0' &&
           strspn(id + length + 1, "0123456789") == strlen(id + length + 1);
}

static bool take_same_as(const json_t *object, struct device_record *device, struct flaw *flaw)
{
    const json_t *ids = json_object_get(object, "same_as"), *id;
    size_t index;
    if (ids != NULL && (!json_is_array(ids) || json_array_size(ids) > RECORD_SAME_MAX))
        return flaw_note(flaw, "same_as", "must be an array of at most %d ids", RECORD_SAME_MAX);
    json_array_foreach(ids, index, id) {
        if (!json_is_string(id) || json_string_length(id) >= sizeof device->same_as[0] ||
            !is_device_id(json_string_value(id), NULL)) {
            flaw_note(flaw, "", "must be a device's id");
            return flaw_within(flaw, "same_as", (long)index);
        }
        memcpy(device->same_as[index], json_string_value(id), json_string_length(id) + 1);
    }
    return true;
}

bool record_take_sensors(const json_t *object, struct device_sensors *sensors, struct flaw *flaw)
{
    if (object == NULL)
        return true;
    if (!json_is_object(object))
        return flaw_note(flaw, "", "must be an object");
    for (unsigned i = 0; i < HCB_SENSOR_COUNT; i++)
        if (json_object_get(object, hcb_sensor_name(i)) != NULL &&
            !take_text(object, hcb_sensor_name(i), sensors->source[i], sizeof sensors->source[i], flaw))
            return false;
    return json_object_get(object, "unreadable") == NULL ||
           take_text(object, "unreadable", sensors->unreadable, sizeof sensors->unreadable, flaw);
}

/* A rate in units of 1e9 per second; NaN when it is absent. */
static bool take_rate(const json_t *object, const char *name, double *rate, struct flaw *flaw)
{
    const json_t *value = json_object_get(object, name);
    *rate = value != NULL ? json_number_value(value) : (double)NAN;
    return value == NULL || (json_is_number(value) && *rate > 0) ||
           flaw_note(flaw, name, "must be a number above 0");
}

static bool take_roofline(const json_t *object, struct device_record *device, struct flaw *flaw)
{
    const json_t *roofline = json_object_get(object, "roofline"),
                 *peaks = json_object_get(roofline, "peak_gflops");
    if (roofline != NULL && !json_is_object(roofline))
        return flaw_note(flaw, "roofline", "must be an object");
    if (peaks != NULL && !json_is_object(peaks))
        return flaw_note(flaw, "roofline", "must have an object for peak_gflops");
    for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
        if (!take_rate(peaks, hcb_precision_name(precision), &device->peak_gflops[precision], flaw))
            return flaw_within(flaw, "roofline", -1);
    return take_rate(roofline, "bandwidth_gbps", &device->bandwidth_gbps, flaw) ||
           flaw_within(flaw, "roofline", -1);
}

/* `why` is true, a reason, or absent. */
static bool take_support(const json_t *why, char **reason, struct flaw *flaw)
{
    if (json_is_true(why))
        return true;
    if (why != NULL && !json_is_string(why))
        return flaw_note(flaw, "supports", "must have true or a reason for values");
    *reason = strdup(why != NULL ? json_string_value(why) : "the file does not say");
    return *reason != NULL || flaw_note(flaw, "supports", "does not fit into memory");
}

static bool take_supports(const json_t *object, struct device_record *device, struct flaw *flaw)
{
    const json_t *supports = json_object_get(object, "supports");
    if (supports == NULL)
        return true;
    if (!json_is_object(supports))
        return flaw_note(flaw, "supports", "must be an object");
    device->unsupported = calloc(HCB_OP_COUNT, sizeof *device->unsupported);
    if (device->unsupported == NULL)
        return flaw_note(flaw, "supports", "does not fit into memory");
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        for (unsigned impl = 0; impl < HCB_IMPL_COUNT; impl++)
            for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++) {
                const json_t *of_op = json_object_get(supports, hcb_op_name(op)),
                             *of_impl = json_object_get(of_op, hcb_impl_name(impl)),
                             *why = json_object_get(of_impl, hcb_precision_name(precision));
                if (!take_support(why, &device->unsupported[op][impl][precision], flaw))
                    return false;
            }
    return true;
}

static bool take_device(const json_t *object, struct record *record, struct flaw *flaw)
{
    struct device_record *device = &record->devices[record->device_count];
    struct hcb_device_info *info = &device->info;
    if (!json_is_object(object))
        return flaw_note(flaw, "", "must be an object");
    if (!take_members(protocol_device_members(), object, info, flaw))
        return false;
    if (json_object_get(object, "type") == NULL)
        return flaw_note(flaw, "", "type is missing");
    if (!is_device_id(info->id, info->platform))
        return flaw_note(flaw, "id", "must be a platform, ':' and a number, and agree with platform");
    if (record_device(record, info->id) != NULL)
        return flaw_note(flaw, "id", "%s is listed twice", info->id);
    record->device_count++;
    if (json_object_get(object, "duplicate_of") != NULL &&
        (!take_text(object, "duplicate_of", device->duplicate_of, sizeof device->duplicate_of, flaw) ||
         !is_device_id(device->duplicate_of, NULL)))
        return flaw_note(flaw, "duplicate_of", "must be a device's id");
    if (!record_take_sensors(json_object_get(object, "sensors"), &device->sensors, flaw))
        return flaw_within(flaw, "sensors", -1);
    return take_same_as(object, device, flaw) &&
           take_roofline(object, device, flaw) && take_supports(object, device, flaw);
}

static bool take_absence(const json_t *object, struct absence *absence, struct flaw *flaw)
{
    const json_t *status = json_object_get(object, "status");
    const int word = json_is_string(status) ? hcb_word(hcb_status_name, json_string_value(status))
                                            : HCB_UNSUPPORTED;
    if (!json_is_object(object))
        return flaw_note(flaw, "", "must be an object");
    if (word < 0 || (status != NULL && !json_is_string(status)))
        return flaw_note(flaw, "status", "must be a status");
    absence->status = (enum hcb_status)word;
    return take_members(schema_absence, object, absence, flaw);
}

static bool take_absences(const json_t *document, struct record *record, struct flaw *flaw)
{
    const json_t *list = json_object_get(document, "absent_platforms"), *object;
    size_t index;
    if (list != NULL && (!json_is_array(list) || json_array_size(list) > DEVICES_MAX))
        return flaw_note(flaw, "absent_platforms", "must be an array of at most %d elements", DEVICES_MAX);
    record->absences = calloc(json_array_size(list) + 1, sizeof *record->absences);
    if (record->absences == NULL)
        return flaw_note(flaw, "absent_platforms", "does not fit into memory");
    json_array_foreach(list, index, object) {
        if (!take_absence(object, &record->absences[record->absence_count++], flaw))
            return flaw_within(flaw, "absent_platforms", (long)index);
    }
    return true;
}

bool record_take_devices(const json_t *document, struct record *record, struct flaw *flaw)
{
    const json_t *list, *object;
    size_t index;
    if (!want_array(document, "devices", &list, flaw))
        return false;
    if (json_array_size(list) > DEVICES_MAX)
        return flaw_note(flaw, "devices", "must be an array of at most %d elements", DEVICES_MAX);
    record->devices = calloc(json_array_size(list) + 1, sizeof *record->devices);
    if (record->devices == NULL)
        return flaw_note(flaw, "devices", "does not fit into memory");
    json_array_foreach(list, index, object) {
        if (!take_device(object, record, flaw))
            return flaw_within(flaw, "devices", (long)index);
    }
    return take_absences(document, record, flaw);
}

/* --------------------------------------------------------------------- the rows */

/* Appends a row of one of the record's devices to a list of the record. */
static bool take_row(const json_t *object, const struct record *record, struct hcb_result **rows,
                     size_t *count, struct flaw *flaw)
{
    struct hcb_result row;
    if (*count >= read_usual_limits.rows)
        return flaw_note(flaw, "", "is a row too many");
    if (!record_result_from_json(object, &row, flaw))
        return false;
    struct hcb_result *larger = realloc(*rows, (*count + 1) * sizeof **rows);
    if (larger != NULL)
        *rows = larger;
    if (larger == NULL || record_device(record, row.device) == NULL) {
        hcb_result_clear(&row);
        return larger == NULL ? flaw_note(flaw, "", "does not fit into memory")
                              : flaw_note(flaw, "device", "is none of the file's devices");
    }
    larger[(*count)++] = row;
    return true;
}

bool record_take_result(const json_t *row, struct record *record, struct flaw *flaw)
{
    return take_row(row, record, &record->results, &record->result_count, flaw);
}

bool record_take_results(const json_t *document, struct record *record, struct flaw *flaw)
{
    const json_t *list, *row;
    size_t index;
    if (!want_array(document, "results", &list, flaw))
        return false;
    json_array_foreach(list, index, row) {
        if (!record_take_result(row, record, flaw))
            return flaw_within(flaw, "results", (long)index);
    }
    return true;
}

static bool take_roof(const json_t *object, struct record *record, struct flaw *flaw)
{
    if (!take_row(object, record, &record->roofline, &record->roofline_count, flaw))
        return false;
    const enum hcb_op op = record->roofline[record->roofline_count - 1].task.op;
    return op == HCB_OP_PEAK || op == HCB_OP_TRIAD || op == HCB_OP_COPY ||
           flaw_note(flaw, "op", "must be peak, triad or copy");
}

bool record_take_roofs(const json_t *document, struct record *record, struct flaw *flaw)
{
    const json_t *list = json_object_get(document, "roofline"), *row;
    size_t index;
    if (list != NULL && !json_is_array(list))
        return flaw_note(flaw, "roofline", "must be an array");
    for (size_t i = 0; i < record->roofline_count; i++)
        hcb_result_clear(&record->roofline[i]);
    record->roofline_count = 0;
    json_array_foreach(list, index, row) {
        if (!take_roof(row, record, flaw))
            return flaw_within(flaw, "roofline", (long)index);
    }
    return true;
}

/* -------------------------------------------------- what follows from the rows */

static bool same_roofs(const struct device_record *said, const struct device_record *right,
                       struct flaw *flaw)
{
    struct claim claims[HCB_PRECISION_COUNT + 1];
    char names[HCB_PRECISION_COUNT][40];
    for (unsigned i = 0; i < HCB_PRECISION_COUNT; i++) {
        snprintf(names[i], sizeof names[i], "peak_gflops.%s", hcb_precision_name(i));
        claims[i] = (struct claim){names[i], said->peak_gflops[i], right->peak_gflops[i]};
    }
    claims[HCB_PRECISION_COUNT] =
        (struct claim){"bandwidth_gbps", said->bandwidth_gbps, right->bandwidth_gbps};
    return claims_hold("roofline.", claims, HCB_PRECISION_COUNT + 1, flaw);
}

/* Roofs follow from the rows that measured them. */
static bool check_roofs(struct record *record, struct flaw *flaw)
{
    struct device_record *said = calloc(record->device_count + 1, sizeof *said);
    bool good = said != NULL || flaw_note(flaw, "devices", "do not fit into memory");
    if (good && record->device_count > 0)
        memcpy(said, record->devices, record->device_count * sizeof *said);
    if (good)
        roofline_gather(record);
    for (size_t i = 0; i < record->device_count && good; i++)
        good = same_roofs(&said[i], &record->devices[i], flaw) || flaw_within(flaw, "devices", (long)i);
    free(said);
    return good;
}

/* And shares follow from the roofs. */
static bool check_share(const struct record *record, const struct hcb_result *row, struct flaw *flaw)
{
    struct hcb_result right = *row;
    roofline_rate(record, &right);
    const struct claim claims[] = {{"share", row->roofline_share, right.roofline_share}};
    if (!claims_hold("roofline.", claims, 1, flaw))
        return false;
    return strcmp(row->roofline_bound, right.roofline_bound) == 0 ||
           flaw_note(flaw, "roofline.bound", "is not the nearer roof");
}

/* What tells rows apart: a device and a case. */
static int compare_rows(const void *a, const void *b)
{
    const struct hcb_result *x = *(const struct hcb_result *const *)a,
                            *y = *(const struct hcb_result *const *)b;
    const int by_case = record_order_cases(&x->task, &y->task);
    return by_case != 0 ? by_case : strcmp(x->device, y->device);
}

/* The device and case of a row's baseline, "cpu:0/openblas"; false when it is none. */
static bool baseline_key(const struct hcb_result *row, struct hcb_result *key)
{
    const char *slash = strchr(row->baseline, '/');
    const int impl = slash != NULL ? hcb_word(hcb_impl_name, slash + 1) : -1;
    key->task = row->task;
    key->task.impl = (enum hcb_impl)impl;
    if (impl >= 0)
        snprintf(key->device, sizeof key->device, "%.*s", (int)(slash - row->baseline), row->baseline);
    return impl >= 0;
}

/* The rows of a record by device and case, to find baselines in. */
struct sorted_rows {
    const struct hcb_result **list;
    size_t count;
    size_t compared; /* samples that may yet be compared, each for some 5 us */
    bool against_itself; /* rows may be their own baselines */
};

/* Options may be abbreviated. */
static bool has_option(const struct words *command, const char *option)
{
    for (size_t i = 0; i < command->count; i++) {
        const size_t length = strlen(command->list[i]);
        if (length > strlen("--") && strncmp(command->list[i], option, length) == 0)
            return true;
    }
    return false;
}

static size_t samples_of(const struct hcb_result *row)
{
    return hcb_result_clock(row)->summary.n + row->end_to_end.summary.n;
}

/* Do the row's speedups follow from its samples and those of this baseline? */
static bool check_against(const struct hcb_result *row, const struct hcb_result *baseline,
                          uint64_t seed, struct flaw *flaw)
{
    const struct hcb_ratio none = {NAN, NAN, NAN}, *kernel = &row->speedup_kernel,
                           *whole = &row->speedup_end_to_end;
    struct hcb_result right = *row;
    right.speedup_kernel = right.speedup_end_to_end = none;
    /* Rows that were not measured beside each other have no common rounds, and then
     * they are not paired. */
    hcb_result_compare(&right, baseline, true, seed);
    const struct claim claims[] = {
        {"kernel.ratio", kernel->ratio, right.speedup_kernel.ratio},
        {"kernel.ci95.0", kernel->ci95_low, right.speedup_kernel.ci95_low},
        {"kernel.ci95.1", kernel->ci95_high, right.speedup_kernel.ci95_high},
        {"end_to_end.ratio", whole->ratio, right.speedup_end_to_end.ratio},
        {"end_to_end.ci95.0", whole->ci95_low, right.speedup_end_to_end.ci95_low},
        {"end_to_end.ci95.1", whole->ci95_high, right.speedup_end_to_end.ci95_high},
    };
    return claims_hold("speedup.", claims, sizeof claims / sizeof *claims, flaw);
}

/* Is there a baseline from which the row's speedups follow?  A case may have been
 * asked for twice. */
static bool check_speedup(const struct hcb_result *row, struct sorted_rows *sorted, uint64_t seed,
                          struct flaw *flaw)
{
    struct hcb_result key;
    const struct hcb_result *pointer = &key, **end = sorted->list + sorted->count;
    if (!baseline_key(row, &key))
        return flaw_note(flaw, "speedup.baseline", "must be a device, '/' and an impl");
    const struct hcb_result **found =
        bsearch(&pointer, sorted->list, sorted->count, sizeof *sorted->list, compare_rows);
    if (found == NULL)
        return flaw_note(flaw, "speedup.baseline", "is no row of this case");
    /* The second measurement is not in the file. */
    if (compare_rows(&row, &pointer) == 0)
        return sorted->against_itself ||
               flaw_note(flaw, "speedup.baseline", "is the row itself, but command has no --against-itself");
    while (found > sorted->list && compare_rows(found - 1, found) == 0)
        found--;
    for (; found < end && compare_rows(found, &pointer) == 0; found++) {
        const size_t samples = samples_of(row) + samples_of(*found);
        if (samples > sorted->compared)
            return flaw_note(flaw, "speedup", "is of more samples than are compared");
        sorted->compared -= samples;
        if (check_against(row, *found, seed, flaw))
            return true;
    }
    return false;
}

static bool check_speedups(const struct record *record, const struct read_limits *limits,
                           struct flaw *flaw)
{
    struct sorted_rows sorted = {.list = calloc(record->result_count + 1, sizeof *sorted.list),
                                 .count = record->result_count,
                                 .compared = limits->compared,
                                 .against_itself = has_option(&record->command, "--against-itself")};
    if (sorted.list == NULL)
        return flaw_note(flaw, "results", "do not fit into memory");
    for (size_t i = 0; i < record->result_count; i++)
        sorted.list[i] = &record->results[i];
    qsort(sorted.list, sorted.count, sizeof *sorted.list, compare_rows);
    bool good = true;
    for (size_t i = 0; i < record->result_count && good; i++) {
        const struct hcb_result *row = &record->results[i];
        good = (row->baseline[0] == '\0' || check_speedup(row, &sorted, record->seed, flaw)) ||
               flaw_within(flaw, "results", (long)i);
    }
    free(sorted.list);
    return good;
}

static bool check_derived(struct record *record, const struct read_limits *limits, struct flaw *flaw)
{
    if (!check_roofs(record, flaw))
        return false;
    for (size_t i = 0; i < record->result_count; i++)
        if (!check_share(record, &record->results[i], flaw))
            return flaw_within(flaw, "results", (long)i);
    return check_speedups(record, limits, flaw);
}

/* --------------------------------------------------------------------- the file */

bool read_is_affordable(const struct text *text, const struct read_limits *limits)
{
    size_t nested = 0, values = 0;
    for (size_t i = 0; i < text->size; i++) {
        nested += text->data[i] == '{' || text->data[i] == '[';
        values += text->data[i] == ',';
    }
    return nested <= limits->nested && values <= limits->values;
}

bool record_take_version(const json_t *document, struct flaw *flaw)
{
    const json_t *version = json_object_get(document, "format_version");
    if (!json_is_integer(version) || json_integer_value(version) < 1)
        return flaw_note(flaw, "format_version", "must be a whole number from 1 on");
    if (json_integer_value(version) > FORMAT_VERSION)
        return flaw_note(flaw, "format_version",
                         "written by a newer hcbench (format %" JSON_INTEGER_FORMAT "); this one reads %d",
                         json_integer_value(version), FORMAT_VERSION);
    return true;
}

/* Which format is it, and do we read it? */
static bool check_format(const json_t *document, struct flaw *flaw)
{
    const json_t *format = json_object_get(document, "format");
    if (!json_is_string(format))
        return flaw_note(flaw, "", "this is no result file of hcbench: it has no format");
    if (strcmp(json_string_value(format), JOURNAL_FORMAT) == 0)
        return flaw_note(flaw, "", "this is the journal of an unfinished run; 'hcbench recover' makes a result file of it");
    if (strcmp(json_string_value(format), RESULT_FORMAT) != 0)
        return flaw_note(flaw, "format", "this is no result file of hcbench, but '%.60s'",
                         json_string_value(format));
    return record_take_version(document, flaw);
}

static bool take_document(const json_t *document, const struct read_limits *limits,
                          struct record *record, struct flaw *flaw)
{
    if (!check_format(document, flaw) || !record_take_head(document, record, flaw) ||
        !record_take_devices(document, record, flaw))
        return false;
    if (json_array_size(json_object_get(document, "results")) > limits->rows)
        return flaw_note(flaw, "results", "has more than %zu rows", limits->rows);
    return record_take_roofs(document, record, flaw) && record_take_results(document, record, flaw) &&
           check_derived(record, limits, flaw) && breakeven_take(document, record, flaw);
}

static bool refuse_flaw(const char *path, const struct text *text, const struct flaw *flaw)
{
    char what[sizeof flaw->path + sizeof flaw->what + 4];
    snprintf(what, sizeof what, "%s%s%s", flaw->path, flaw->path[0] != '\0' ? ": " : "", flaw->what);
    return text_refuse(path, locate_line(text->data, text->size, flaw->path), what);
}

/* Not JSON at all, or more than one value: a journal is such a file. */
static bool refuse_syntax(const char *path, const struct text *text, const json_error_t *error)
{
    struct flaw flaw = {.path = ""};
    char what[JSON_ERROR_TEXT_LENGTH + 40];
    json_t *first = json_loadb(text->data, text->size, JSON_DISABLE_EOF_CHECK, NULL);
    const bool is_journal = json_is_object(first) && !check_format(first, &flaw) &&
                            strstr(flaw.what, "journal") != NULL;
    json_decref(first);
    if (is_journal)
        return refuse_flaw(path, text, &flaw);
    snprintf(what, sizeof what, "no JSON: %s", error->text);
    return text_refuse(path, error->line > 0 ? (unsigned long)error->line : 1, what);
}

bool record_read_within(struct record *record, const char *path, const struct read_limits *limits)
{
    struct text text;
    struct flaw flaw = {.path = ""};
    json_error_t error;
    bool good = false;
    *record = (struct record){.blas_fair_ratio = (double)NAN};
    if (!text_read(path, limits->bytes, &text))
        return false;
    const bool affordable = read_is_affordable(&text, limits);
    json_t *document =
        affordable ? json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (!affordable)
        text_refuse(path, 1, "holds more values than are read");
    else if (document == NULL)
        refuse_syntax(path, &text, &error);
    else if (!take_document(document, limits, record, &flaw))
        refuse_flaw(path, &text, &flaw);
    else
        good = true;
    json_decref(document);
    free(text.data);
    if (!good)
        record_clear(record);
    return good;
}

bool record_read(struct record *record, const char *path)
{
    return record_read_within(record, path, &read_usual_limits);
}
