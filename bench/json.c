/* SPDX-License-Identifier: Apache-2.0 */
/* The record as JSON, and a result row back from it.  A row is a loop over the
 * library's table of fields; nothing here knows a metric by name. */
#include "config.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "output.h"
#include "record.h"

extern char **environ;

/* ------------------------------------------------------------------- values */

json_t *json_words(const char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    /* Drivers, file names and the environment may hold any bytes. */
    char *plain = strdup(text);
    for (char *at = plain; at != NULL && *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    value = plain != NULL ? json_string(plain) : NULL;
    free(plain);
    return value;
}

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

/* ----------------------------------------------------------- a row from JSON */

/* What "a.b" or "a.0" names; NULL when it is absent. */
static const json_t *get(const json_t *object, const char *name)
{
    char key[64];
    for (const char *dot; (dot = strchr(name, '.')) != NULL; name = dot + 1) {
        snprintf(key, sizeof key, "%.*s", (int)(dot - name), name);
        object = json_object_get(object, key);
    }
    return is_index(name) ? json_array_get(object, strtoul(name, NULL, 10))
                          : json_object_get(object, name);
}

static bool read_text(const json_t *value, char *text, size_t size)
{
    if (!json_is_string(value) || json_string_length(value) >= size)
        return false;
    memcpy(text, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool read_word(const json_t *value, const char *(*name)(unsigned), void *member)
{
    const int word = json_is_string(value) ? hcb_word(name, json_string_value(value)) : -1;
    const unsigned number = (unsigned)word;
    if (word < 0)
        return false;
    memcpy(member, &number, sizeof number);
    return true;
}

static bool read_samples(const json_t *value, double **samples, size_t count)
{
    if (!json_is_array(value) || count == 0 || json_array_size(value) != count)
        return false;
    *samples = malloc(count * sizeof **samples);
    for (size_t i = 0; *samples != NULL && i < count; i++) {
        const json_t *sample = json_array_get(value, i);
        if (!json_is_number(sample))
            return false;
        (*samples)[i] = json_number_value(sample);
    }
    return *samples != NULL;
}

static bool read_rounds(const json_t *value, uint32_t **rounds, size_t count)
{
    json_int_t last = 0;
    if (!json_is_array(value) || count == 0 || json_array_size(value) != count)
        return false;
    *rounds = malloc(count * sizeof **rounds);
    for (size_t i = 0; *rounds != NULL && i < count; i++) {
        const json_t *round = json_array_get(value, i);
        if (!json_is_integer(round) || json_integer_value(round) < last ||
            json_integer_value(round) > UINT32_MAX)
            return false;
        last = json_integer_value(round);
        (*rounds)[i] = (uint32_t)last;
    }
    return *rounds != NULL;
}

static bool read_lines(const json_t *value, struct hcb_result *result)
{
    size_t index;
    json_t *line;
    if (!json_is_array(value))
        return false;
    json_array_foreach(value, index, line) {
        if (!json_is_string(line))
            return false;
        hcb_result_warn(result, "%s", json_string_value(line));
    }
    return true;
}

static bool read_field(const json_t *value, const struct hcb_field *field,
                       struct hcb_result *result)
{
    char *member = (char *)result + field->offset;
    switch (field->kind) {
    case HCB_FIELD_TEXT: return read_text(value, member, field->size);
    case HCB_FIELD_WORD: return read_word(value, field->word, member);
    case HCB_FIELD_EXTENT:
        *(uint64_t *)member = (uint64_t)json_integer_value(value);
        return json_integer_value(value) > 0;
    case HCB_FIELD_NUMBER:
    case HCB_FIELD_COUNT:
        *(double *)member = json_number_value(value);
        return json_is_number(value);
    case HCB_FIELD_SIZE:
        *(size_t *)member = (size_t)json_integer_value(value);
        return json_integer_value(value) > 0;
    case HCB_FIELD_SAMPLES:
        return read_samples(value, (double **)member, field_count(result, field));
    case HCB_FIELD_ROUNDS: return read_rounds(value, (uint32_t **)member, field_count(result, field));
    case HCB_FIELD_LINES: return read_lines(value, result);
    }
    return false;
}

/* The words that name a row; a row without them is none. */
static bool has_identity(const json_t *row)
{
    static const char *const names[] = {"device", "op", "impl", "precision", "shape.n", "status"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (get(row, names[i]) == NULL)
            return false;
    return true;
}

bool record_result_from_json(const json_t *row, struct hcb_result *result)
{
    const struct hcb_field *field;
    struct hcb_result read;
    if (!has_identity(row))
        return false;
    hcb_result_init(&read, "", &(struct hcb_case){.shape = {1, 1, 1}});
    for (unsigned i = 0; (field = hcb_result_field(i)) != NULL; i++) {
        const json_t *value = get(row, field->name);
        if (value != NULL && !read_field(value, field, &read)) {
            hcb_result_clear(&read);
            return false;
        }
    }
    if (!hcb_case_check(&read.task)) {
        hcb_result_clear(&read);
        return false;
    }
    *result = read;
    return true;
}

/* ------------------------------------------------------------- the whole file */

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, name, json_words(text));
}

static void set_count(json_t *object, const char *name, uint64_t count)
{
    if (count != 0)
        json_object_set_new(object, name, json_integer((json_int_t)count));
}

/* What ran behind CBLAS, as the cpu device tells it; NULL without one. */
static json_t *blas_json(const struct record *record)
{
    static const char *const chosen_by[] = {[CORE_UNTRIED] = NULL,
                                            [CORE_TRIED] = "trial",
                                            [CORE_VARIABLE] = "OPENBLAS_CORETYPE",
                                            [CORE_OPTION] = "--cpu-core"};
    const struct hcb_device_info *info = record_blas(record);
    if (info == NULL)
        return NULL;
    json_t *blas = json_object();
    set_text(blas, "name", info->driver);
    set_text(blas, "version", info->driver_version);
    set_text(blas, "core_detected", record->blas_core_detected);
    set_text(blas, "core_used", info->target);
    if (chosen_by[record->blas_core_choice] != NULL)
        set_text(blas, "core_chosen_by", chosen_by[record->blas_core_choice]);
    set_text(blas, "core_asked", record->blas_core_asked);
    set_count(blas, "cores_tried", record->blas_cores_tried);
    if (isfinite(record->blas_fair_ratio))
        json_object_set_new(blas, "fair_ratio", json_real(record->blas_fair_ratio));
    set_count(blas, "threads", info->blas_threads);
    return blas;
}

/* The variables that change what libraries and drivers do. */
static json_t *variables_json(void)
{
    static const char *const prefixes[] = {"OPENBLAS_", "POCL_", "LP_",   "OMP_",
                                           "OCL_",      "VK_",   "MESA_", "HCBENCH_"};
    json_t *variables = json_object();
    char name[128];
    for (char *const *at = environ; *at != NULL; at++) {
        const size_t length = strcspn(*at, "=");
        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
            if (strncmp(*at, prefixes[i], strlen(prefixes[i])) == 0 && length < sizeof name &&
                (*at)[length] == '=') {
                snprintf(name, sizeof name, "%.*s", (int)length, *at);
                json_object_set_new(variables, name, json_words(*at + length + 1));
            }
    }
    return variables;
}

static json_t *environment_json(const struct record *record)
{
    const struct hcb_environment *e = &record->environment;
    json_t *environment = json_object(), *cpu = json_object();
    set_text(environment, "host", e->host);
    set_text(environment, "os", e->os);
    set_text(environment, "kernel", e->kernel);
    set_text(cpu, "model", e->cpu_model);
    set_count(cpu, "cores", e->cpu_cores);
    set_count(cpu, "threads_used", e->cpu_threads);
    set_text(cpu, "isa", e->cpu_isa);
    json_object_set_new(environment, "cpu", cpu);
    set_text(environment, "compiler", e->compiler);
    json_t *blas = blas_json(record);
    if (blas != NULL)
        json_object_set_new(environment, "blas", blas);
    json_object_set_new(environment, "env", variables_json());
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
            if (platform < 0 || hcb_platform_offers((unsigned)platform, op, impl) == 0)
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

/* {"energy": SOURCE, ..., "unreadable": TEXT}; NULL when nobody asked. */
static json_t *sensors_json(const struct device_sensors *sensors)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < HCB_SENSOR_COUNT; i++)
        set_text(object, hcb_sensor_name(i), sensors->source[i]);
    set_text(object, "unreadable", sensors->unreadable);
    if (json_object_size(object) > 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *device_json(const struct device_record *device)
{
    const struct hcb_device_info *info = &device->info;
    json_t *object = json_object();
    set_text(object, "id", info->id);
    set_text(object, "platform", info->platform);
    set_text(object, "name", info->name);
    set_text(object, "vendor", info->vendor);
    set_text(object, "driver", info->driver);
    set_text(object, "driver_version", info->driver_version);
    set_text(object, "api_version", info->api_version);
    set_text(object, "target", info->target);
    json_object_set_new(object, "type", json_words(hcb_device_type_name(info->type)));
    json_object_set_new(object, "software", json_boolean(info->software));
    json_object_set_new(object, "host_memory", json_boolean(info->host_memory));
    set_text(object, "pci", info->pci);
    set_text(object, "uuid", info->uuid);
    set_count(object, "compute_units", info->compute_units);
    set_count(object, "memory_bytes", info->memory_bytes);
    set_count(object, "max_buffer_bytes", info->max_buffer_bytes);
    json_object_set_new(object, "same_as", same_as_json(device));
    json_t *roofline = roofline_json(device);
    if (roofline != NULL)
        json_object_set_new(object, "roofline", roofline);
    set_text(object, "duplicate_of", device->duplicate_of);
    json_t *sensors = sensors_json(&device->sensors);
    if (sensors != NULL)
        json_object_set_new(object, "sensors", sensors);
    if (device->unsupported != NULL)
        json_object_set_new(object, "supports", supports_json(device));
    return object;
}

static json_t *command_json(const struct record *record)
{
    json_t *command = json_array();
    for (int i = 0; i < record->argc; i++)
        json_array_append_new(command, json_words(record->argv[i]));
    return command;
}

static json_t *absences_json(const struct record *record)
{
    json_t *absences = json_array();
    for (size_t i = 0; i < record->absence_count; i++) {
        json_t *absence = json_object();
        set_text(absence, "platform", record->absences[i].platform);
        set_text(absence, "reason", record->absences[i].reason);
        json_array_append_new(absences, absence);
    }
    return absences;
}

/* Adds the devices and the results; false when memory is short. */
static bool add_rows(const struct record *record, json_t *document)
{
    json_t *devices = json_array(), *roofline = json_array(), *results = json_array();
    bool whole = true;
    for (size_t i = 0; i < record->device_count; i++)
        whole &= json_array_append_new(devices, device_json(&record->devices[i])) == 0;
    for (size_t i = 0; i < record->roofline_count; i++)
        whole &= json_array_append_new(roofline, record_result_json(&record->roofline[i], true)) == 0;
    for (size_t i = 0; i < record->result_count; i++)
        whole &= json_array_append_new(results, record_result_json(&record->results[i], true)) == 0;
    whole &= json_object_set_new(document, "devices", devices) == 0;
    whole &= json_object_set_new(document, "absent_platforms", absences_json(record)) == 0;
    if (record->roofline_count > 0)
        whole &= json_object_set(document, "roofline", roofline) == 0;
    json_decref(roofline);
    whole &= json_object_set_new(document, "results", results) == 0;
    return whole;
}

/* NULL when memory is short. */
static json_t *record_json(const struct record *record)
{
    const struct options *options = record->options;
    json_t *document = json_pack("{s:s, s:i, s:{s:s}}", "format", "hcbench-result",
                                 "format_version", 1, "hcbench", "version", hcb_version());
    if (document == NULL)
        return NULL;
    json_object_set_new(document, "command", command_json(record));
    set_text(document, "started", record->started);
    json_object_set_new(document, "seed", json_integer((json_int_t)options->seed));
    json_object_set_new(document, "fill", json_words(hcb_fill_name(options->fill)));
    json_object_set_new(document, "environment", environment_json(record));
    if (add_rows(record, document))
        return document;
    json_decref(document);
    return NULL;
}

static int write_part(const char *data, size_t size, void *output)
{
    return output_write(output, data, size) ? 0 : -1;
}

bool record_write_json(const struct record *record, const char *path)
{
    struct output *output = output_open(path);
    if (output == NULL)
        return false;
    json_t *document = record_json(record);
    bool whole = document != NULL;
    if (!whole)
        output_failed(path, ENOMEM);
    else if (json_dump_callback(document, write_part, output,
                                JSON_INDENT(1) | JSON_REAL_PRECISION(17)) == 0)
        output_text(output, "\n");
    json_decref(document);
    return output_close(output, whole);
}
