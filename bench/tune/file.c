/* SPDX-License-Identifier: Apache-2.0 */
/* What a search for parameters tried and found, as JSON.  hcbench-result(5) describes it. */
#include "config.h"

#include <jansson.h>
#include <math.h>

#include "files/json.h"
#include "tune/tune.h"

static const char *verdict_of(enum tune_end end)
{
    static const char *const words[] = {[TUNE_KEPT] = "tuned",
                                        [TUNE_TABLE] = "table",
                                        [TUNE_STOPPED] = "stopped",
                                        [TUNE_FAILED] = "failed"};
    return words[end];
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, name, json_words(text));
}

static void set_interval(json_t *object, const char *name, double low, double high)
{
    if (isfinite(low) && isfinite(high))
        json_object_set_new(object, name, json_pack("[f, f]", low, high));
}

static void set_values(json_t *object, const char *name, const struct hcb_parameters *parameters,
                       const uint64_t *values)
{
    char text[HCB_PARAMETERS_SIZE];
    set_text(object, name, hcb_parameters_text(parameters, values, text));
}

static void set_ratio(json_t *object, const struct hcb_ratio *speedup)
{
    if (!isfinite(speedup->ratio))
        return;
    json_t *ratio = json_pack("{s:f}", "ratio", speedup->ratio);
    set_interval(ratio, "ci95", speedup->ci95_low, speedup->ci95_high);
    json_object_set_new(object, "speedup", ratio);
}

static json_t *candidate_json(const struct hcb_parameters *parameters,
                              const struct tune_candidate *candidate)
{
    json_t *object = json_object();
    set_values(object, "parameters", parameters, candidate->values);
    set_text(object, "status", hcb_status_name(candidate->status));
    set_text(object, "reason", candidate->reason);
    if (candidate->time.n > 0) {
        json_object_set_new(object, "samples", json_integer((json_int_t)candidate->time.n));
        json_object_set_new(object, "median_s", json_real(candidate->time.median));
        set_interval(object, "median_ci95_s", candidate->time.ci95_low, candidate->time.ci95_high);
    }
    set_ratio(object, &candidate->speedup);
    return object;
}

static json_t *contest_json(const struct hcb_parameters *parameters, const struct tune_contest *contest)
{
    json_t *candidates = json_array();
    for (size_t i = 0; i < contest->count; i++)
        json_array_append_new(candidates, candidate_json(parameters, &contest->candidates[i]));
    return json_pack("{s:b, s:o}", "last", contest->is_last, "candidates", candidates);
}

static json_t *shape_json(const struct hcb_case *c)
{
    const bool is_matrix = hcb_op_rank(c->op) == 3;
    json_t *shape = json_object();
    if (is_matrix)
        json_object_set_new(shape, "m", json_integer((json_int_t)c->shape.m));
    json_object_set_new(shape, "n", json_integer((json_int_t)c->shape.n));
    if (is_matrix)
        json_object_set_new(shape, "k", json_integer((json_int_t)c->shape.k));
    return shape;
}

static json_t *choices_json(const struct hcb_parameters *parameters)
{
    json_t *object = json_object();
    for (size_t i = 0; i < parameters->count; i++) {
        const struct hcb_parameter *parameter = &parameters->list[i];
        json_t *choices = json_array();
        for (size_t j = 0; j < parameter->count; j++)
            json_array_append_new(choices, json_integer((json_int_t)parameter->choices[j]));
        json_object_set_new(object, parameter->name, choices);
    }
    return object;
}

static json_t *case_json(const struct tune_case *result)
{
    const struct hcb_case *c = &result->row->task;
    const struct hcb_parameters *parameters = &result->parameters;
    uint64_t table[HCB_PARAMETERS_MAX] = {0};
    json_t *object = json_object(), *contests = json_array();
    set_text(object, "device", result->row->device);
    set_text(object, "op", hcb_op_name(c->op));
    set_text(object, "impl", hcb_impl_name(c->impl));
    set_text(object, "precision", hcb_precision_name(c->precision));
    json_object_set_new(object, "shape", shape_json(c));
    set_text(object, "kernel_sha256", parameters->kernel_sha256);
    json_object_set_new(object, "choices", choices_json(parameters));
    hcb_parameters_read(parameters, "", table);
    set_values(object, "table", parameters, table);
    for (size_t i = 0; i < result->contest_count; i++)
        json_array_append_new(contests, contest_json(parameters, &result->contests[i]));
    json_object_set_new(object, "contests", contests);
    if (result->end == TUNE_KEPT)
        set_values(object, "winner", parameters, result->values);
    set_ratio(object, &result->speedup);
    set_text(object, "verdict", verdict_of(result->end));
    set_text(object, "why", result->reason);
    return object;
}

/* NULL when memory is short. */
static json_t *document_of(const struct record *record, const struct tune_case *cases, size_t count)
{
    json_t *document = json_pack("{s:s, s:i}", "format", "hcbench-tune", "format_version", 1),
           *array = json_array();
    bool good = document != NULL && array != NULL && record_add_head(record, document) &&
                record_add_devices(record, document);
    for (size_t i = 0; i < count && good; i++)
        good = json_array_append_new(array, case_json(&cases[i])) == 0;
    if (good && json_object_set(document, "cases", array) == 0) {
        json_decref(array);
        return document;
    }
    json_decref(array);
    json_decref(document);
    return NULL;
}

bool tune_write_json(const struct record *record, const struct tune_case *cases, size_t count,
                     const char *path)
{
    return json_write(document_of(record, cases, count), path);
}
