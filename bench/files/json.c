/* SPDX-License-Identifier: Apache-2.0 */
/* The record as JSON.  A row is a loop over the library's table of fields; nothing
 * here knows a metric by name. */
#include "config.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "breakeven/breakeven.h"
#include "files/json.h"
#include "files/output.h"
#include "files/schema.h"
#include "measure/protocol.h"

/* ------------------------------------------------------------------- values */

static json_t *json_whole(double number)
{
    return number >= -0x1p63 && number < 0x1p63 ? json_integer((json_int_t)number)
                                                : json_real(number);
}

static json_t *json_samples(const double *samples, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        if (isfinite(samples[i]))
            json_array_append_new(array, json_real(samples[i]));
    return array;
}

static json_t *json_rounds(const uint32_t *rounds, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_integer(rounds[i]));
    return array;
}

static json_t *json_lines(char *const *lines)
{
    json_t *array = json_array();
    for (; *lines != NULL; lines++)
        json_array_append_new(array, json_words(*lines));
    return array;
}

/* ------------------------------------------------------------- a row to JSON */

static size_t field_count(const struct hcb_result *result, const struct hcb_field *field)
{
    return *(const size_t *)((const char *)result + field->count_offset);
}

/* One number per sample. */
static bool is_array(const struct hcb_field *field)
{
    return field->kind == HCB_FIELD_SAMPLES || field->kind == HCB_FIELD_ROUNDS;
}

static json_t *field_value(const struct hcb_result *result, const struct hcb_field *field)
{
    const char *member = (const char *)result + field->offset;
    unsigned word;
    switch (field->kind) {
    case HCB_FIELD_TEXT: return json_words(member);
    case HCB_FIELD_WORD: memcpy(&word, member, sizeof word); return json_words(field->word(word));
    case HCB_FIELD_SCALE: return json_integer(*(const int *)member);
    case HCB_FIELD_EXTENT: return json_integer((json_int_t) * (const uint64_t *)member);
    case HCB_FIELD_NUMBER: return json_real(*(const double *)member);
    case HCB_FIELD_COUNT: return json_whole(*(const double *)member);
    case HCB_FIELD_SIZE: return json_integer((json_int_t) * (const size_t *)member);
    case HCB_FIELD_SAMPLES:
        return json_samples(*(double *const *)member, field_count(result, field));
    case HCB_FIELD_ROUNDS:
        return json_rounds(*(uint32_t *const *)member, field_count(result, field));
    case HCB_FIELD_LINES: return json_lines((char *const *)member);
    }
    return NULL;
}

/* Does the name go on with the index of an array? */
static bool is_index(const char *name)
{
    return name[0] >= '0' && name[0] <= '9';
}

/* Puts `value` where "a.b" or "a.0" says, making objects and arrays on the way;
 * takes the reference. */
static bool put(json_t *object, const char *name, json_t *value)
{
    char key[64];
    for (const char *dot; (dot = strchr(name, '.')) != NULL; name = dot + 1) {
        snprintf(key, sizeof key, "%.*s", (int)(dot - name), name);
        json_t *inner = json_object_get(object, key);
        if (inner == NULL) {
            inner = is_index(dot + 1) ? json_array() : json_object();
            if (json_object_set_new(object, key, inner) != 0) {
                json_decref(value);
                return false;
            }
        }
        object = inner;
    }
    /* Elements of an array come in order. */
    return (is_index(name) ? json_array_append_new(object, value)
                           : json_object_set_new(object, name, value)) == 0;
}

json_t *record_result_json(const struct hcb_result *result, bool samples)
{
    const struct hcb_field *field;
    json_t *row = json_object();
    for (unsigned i = 0; row != NULL && (field = hcb_result_field(i)) != NULL; i++) {
        if (!hcb_result_has(result, field) || (is_array(field) && !samples))
            continue;
        if (!put(row, field->name, field_value(result, field))) {
            json_decref(row);
            row = NULL;
        }
    }
    return row;
}

/* ------------------------------------------------------------- the whole file */

static json_t *words_json(const struct words *words)
{
    json_t *array = json_array();
    for (size_t i = 0; i < words->count; i++)
        json_array_append_new(array, json_words(words->list[i]));
    return array;
}

static json_t *variables_json(const struct record *record)
{
    json_t *variables = json_object();
    for (size_t i = 0; i < record->variable_count; i++)
        json_object_set_new(variables, record->variables[i].name,
                            json_words(record->variables[i].value));
    return variables;
}

static json_t *environment_json(const struct record *record)
{
    json_t *environment = members_write_known(schema_environment, &record->environment);
    struct blas_facts blas;
    json_object_set_new(environment, "cpu", members_write_known(schema_cpu, &record->environment));
    if (schema_blas_facts(record, &blas))
        json_object_set_new(environment, "blas", members_write_known(schema_blas, &blas));
    json_object_set_new(environment, "env", variables_json(record));
    return environment;
}

/* For each op, impl of the platform and precision: true, or why not. */
static json_t *supports_json(const struct device_record *device)
{
    const int platform = hcb_word(hcb_platform_name, device->info.platform);
    json_t *supports = json_object();
    for (unsigned op = 0; op < HCB_OP_COUNT; op++) {
        json_t *of_op = json_object();
        for (unsigned impl = 0; impl < HCB_IMPL_COUNT; impl++) {
            if (platform < 0 || hcb_platform_offers((unsigned)platform, op, impl, HCB_SUM_PLAIN) == 0)
                continue;
            json_t *of_impl = json_object();
            for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++) {
                const char *reason = device->unsupported[op][impl][precision];
                json_object_set_new(of_impl, hcb_precision_name(precision),
                                    reason == NULL ? json_true() : json_words(reason));
            }
            json_object_set_new(of_op, hcb_impl_name(impl), of_impl);
        }
        json_object_set_new(supports, hcb_op_name(op), of_op);
    }
    return supports;
}

static json_t *same_as_json(const struct device_record *device)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < RECORD_SAME_MAX && device->same_as[i][0] != '\0'; i++)
        json_array_append_new(ids, json_words(device->same_as[i]));
    return ids;
}

/* NULL when nothing was measured. */
static json_t *roofline_json(const struct device_record *device)
{
    json_t *roofline = json_object(), *peaks = json_object();
    for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
        if (isfinite(device->peak_gflops[precision]) && device->peak_gflops[precision] > 0)
            json_object_set_new(peaks, hcb_precision_name(precision),
                                json_real(device->peak_gflops[precision]));
    if (json_object_size(peaks) > 0)
        json_object_set(roofline, "peak_gflops", peaks);
    if (isfinite(device->bandwidth_gbps) && device->bandwidth_gbps > 0)
        json_object_set_new(roofline, "bandwidth_gbps", json_real(device->bandwidth_gbps));
    json_decref(peaks);
    if (json_object_size(roofline) > 0)
        return roofline;
    json_decref(roofline);
    return NULL;
}

json_t *record_sensors_json(const struct device_sensors *sensors)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < HCB_SENSOR_COUNT; i++)
        if (sensors->source[i][0] != '\0')
            json_object_set_new(object, hcb_sensor_name(i), json_words(sensors->source[i]));
    if (sensors->unreadable[0] != '\0')
        json_object_set_new(object, "unreadable", json_words(sensors->unreadable));
    if (json_object_size(object) > 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *device_json(const struct device_record *device)
{
    json_t *object = members_write_known(protocol_device_members(), &device->info);
    json_object_set_new(object, "same_as", same_as_json(device));
    if (device->duplicate_of[0] != '\0')
        json_object_set_new(object, "duplicate_of", json_words(device->duplicate_of));
    json_t *roofline = roofline_json(device);
    if (roofline != NULL)
        json_object_set_new(object, "roofline", roofline);
    json_t *sensors = record_sensors_json(&device->sensors);
    if (sensors != NULL)
        json_object_set_new(object, "sensors", sensors);
    if (device->unsupported != NULL)
        json_object_set_new(object, "supports", supports_json(device));
    return object;
}

static json_t *absences_json(const struct record *record)
{
    json_t *absences = json_array();
    for (size_t i = 0; i < record->absence_count; i++) {
        json_t *absence = members_write_known(schema_absence, &record->absences[i]);
        json_object_set_new(absence, "status", json_words(hcb_status_name(record->absences[i].status)));
        json_array_append_new(absences, absence);
    }
    return absences;
}

bool record_add_head(const struct record *record, json_t *document)
{
    bool whole = json_object_set_new(document, "hcbench",
                                     json_pack("{s:s}", "version", record->version)) == 0;
    whole &= json_object_set_new(document, "command", words_json(&record->command)) == 0;
    whole &= json_object_set_new(document, "started", json_words(record->started)) == 0;
    if (record->resumed.count > 0)
        whole &= json_object_set_new(document, "resumed", words_json(&record->resumed)) == 0;
    whole &= json_object_set_new(document, "seed", json_integer((json_int_t)record->seed)) == 0;
    whole &= json_object_set_new(document, "fill", json_words(hcb_fill_name(record->fill))) == 0;
    if (record->sampling.max_runs > 0)
        whole &= json_object_set_new(document, "sampling",
                                     members_write(schema_sampling, &record->sampling)) == 0;
    whole &= json_object_set_new(document, "environment", environment_json(record)) == 0;
    return whole;
}

bool record_add_devices(const struct record *record, json_t *document)
{
    json_t *devices = json_array();
    bool whole = true;
    for (size_t i = 0; i < record->device_count; i++)
        whole &= json_array_append_new(devices, device_json(&record->devices[i])) == 0;
    whole &= json_object_set_new(document, "devices", devices) == 0;
    whole &= json_object_set_new(document, "absent_platforms", absences_json(record)) == 0;
    return whole;
}

static bool add_rows(json_t *document, const char *name, const struct hcb_result *rows, size_t count)
{
    json_t *array = json_array();
    bool whole = true;
    for (size_t i = 0; i < count; i++)
        whole &= json_array_append_new(array, record_result_json(&rows[i], true)) == 0;
    return json_object_set_new(document, name, array) == 0 && whole;
}

static bool add_results(const struct record *record, json_t *document)
{
    return (record->roofline_count == 0 ||
            add_rows(document, "roofline", record->roofline, record->roofline_count)) &&
           add_rows(document, "results", record->results, record->result_count);
}

static bool add_breakevens(const struct record *record, json_t *document)
{
    if (record->breakeven_count == 0)
        return true;
    json_t *breakevens = breakeven_json(record);
    return breakevens != NULL && json_object_set_new(document, "breakeven", breakevens) == 0;
}

/* NULL when memory is short. */
static json_t *record_json(const struct record *record)
{
    json_t *document =
        json_pack("{s:s, s:i}", "format", RESULT_FORMAT, "format_version", FORMAT_VERSION);
    if (document != NULL && record_add_head(record, document) &&
        record_add_devices(record, document) && add_results(record, document) &&
        add_breakevens(record, document))
        return document;
    json_decref(document);
    return NULL;
}

static int write_part(const char *data, size_t size, void *output)
{
    return output_write(output, data, size) ? 0 : -1;
}

bool json_write(json_t *document, const char *path)
{
    struct output *output = output_open(path);
    const bool whole = document != NULL;
    if (output != NULL && !whole)
        output_failed(path, ENOMEM);
    else if (output != NULL && json_dump_callback(document, write_part, output,
                                                  JSON_INDENT(1) | JSON_REAL_PRECISION(17)) == 0)
        output_text(output, "\n");
    json_decref(document);
    return output != NULL && output_close(output, whole);
}

bool record_write_json(const struct record *record, const char *path)
{
    return json_write(record_json(record), path);
}
