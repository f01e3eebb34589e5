/* SPDX-License-Identifier: Apache-2.0 */
/* The record's beginning and end. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record.h"
#include "tune/store.h"

extern char **environ;

bool words_add(struct words *words, const char *word)
{
    char **larger = realloc(words->list, (words->count + 1) * sizeof *larger);
    if (larger == NULL)
        return false;
    words->list = larger;
    larger[words->count] = strdup(word);
    if (larger[words->count] == NULL)
        return false;
    words->count++;
    return true;
}

void words_clear(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i]);
    free(words->list);
    *words = (struct words){NULL, 0};
}

static bool is_of_interest(const char *setting)
{
    static const char *const prefixes[] = {"OPENBLAS_", "POCL_", "LP_",   "OMP_",
                                           "OCL_",      "VK_",   "MESA_", "HCBENCH_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(setting, prefixes[i], strlen(prefixes[i])) == 0)
            return strchr(setting, '=') != NULL;
    return false;
}

bool record_take_variables(struct record *record)
{
    for (char *const *at = environ; *at != NULL; at++) {
        if (!is_of_interest(*at))
            continue;
        struct variable *larger =
            realloc(record->variables, (record->variable_count + 1) * sizeof *larger);
        if (larger == NULL)
            return false;
        record->variables = larger;
        const size_t length = strcspn(*at, "=");
        struct variable *variable = &larger[record->variable_count];
        *variable = (struct variable){strndup(*at, length), strdup(*at + length + 1)};
        record->variable_count++;
        if (variable->name == NULL || variable->value == NULL)
            return false;
    }
    return true;
}

bool record_kind(enum hcb_op op, unsigned index, struct hcb_case *kind)
{
    const unsigned sums = hcb_op_adds_up(op) ? HCB_SUM_COUNT : 1;
    if (index >= HCB_PRECISION_COUNT * sums)
        return false;
    *kind = (struct hcb_case){.op = op,
                              .impl = HCB_IMPL_REF,
                              .precision = (enum hcb_precision)(index / sums),
                              .shape = {1, 1, 1},
                              .sum = (enum hcb_sum)(index % sums)};
    return true;
}

bool record_same_kind(const struct hcb_case *a, const struct hcb_case *b)
{
    return a->op == b->op && a->precision == b->precision && a->sum == b->sum;
}

bool record_same_case(const struct hcb_case *a, const struct hcb_case *b)
{
    return record_same_kind(a, b) && a->shape.m == b->shape.m && a->shape.n == b->shape.n &&
           a->shape.k == b->shape.k && a->scale == b->scale;
}

bool record_stands_in(const struct hcb_case *task)
{
    return task->precision == HCB_PRECISION_F32X2 &&
           (task->impl == HCB_IMPL_OPENBLAS || task->impl == HCB_IMPL_REF);
}

int record_order_cases(const struct hcb_case *a, const struct hcb_case *b)
{
    const uint64_t of_a[] = {a->op, a->precision, a->sum, a->shape.m, a->shape.n, a->shape.k,
                             (uint64_t)a->scale, a->impl},
                   of_b[] = {b->op, b->precision, b->sum, b->shape.m, b->shape.n, b->shape.k,
                             (uint64_t)b->scale, b->impl};
    for (size_t i = 0; i < sizeof of_a / sizeof *of_a; i++)
        if (of_a[i] != of_b[i])
            return of_a[i] < of_b[i] ? -1 : 1;
    return 0;
}

size_t record_case_end(const struct record *record, size_t first)
{
    size_t end = first + 1;
    while (end < record->result_count &&
           record_same_case(&record->results[first].task, &record->results[end].task))
        end++;
    return end;
}

void record_renew_result(struct hcb_result *result)
{
    const struct hcb_case task = result->task;
    char device[sizeof result->device];
    memcpy(device, result->device, sizeof device);
    hcb_result_clear(result);
    hcb_result_init(result, device, &task);
}

void record_stamp(char text[32])
{
    const time_t now = time(NULL);
    struct tm utc;
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

bool record_begin(struct record *record, int argc, char **argv, const struct options *options)
{
    bool good = true;
    *record = (struct record){.options = options,
                              .seed = options->seed,
                              .fill = options->fill,
                              .blas_fair_ratio = (double)NAN};
    if (options->command == COMMAND_RUN || options->command == COMMAND_BREAKEVEN)
        record->sampling = (struct sampling_limits){options->warmup,     options->min_runs,
                                                    options->max_runs,   options->min_time_s,
                                                    options->max_time_s, options->ci_percent};
    snprintf(record->version, sizeof record->version, "%s", hcb_version());
    record_stamp(record->started);
    for (int i = 0; i < argc; i++)
        good = good && words_add(&record->command, argv[i]);
    hcb_environment_read(&record->environment);
    return good && record_take_variables(record);
}

struct device_record *record_device(const struct record *record, const char *id)
{
    for (size_t i = 0; i < record->device_count; i++)
        if (strcmp(record->devices[i].info.id, id) == 0)
            return &record->devices[i];
    return NULL;
}

const char *record_software_mark(const struct record *record, const char *id)
{
    const struct device_record *device = record_device(record, id);
    return device != NULL && device->info.software ? "*" : "";
}

static void clear_device(struct device_record *device)
{
    char **reasons = device->unsupported != NULL ? &device->unsupported[0][0][0] : NULL;
    for (size_t i = 0; i < HCB_OP_COUNT * HCB_IMPL_COUNT * HCB_PRECISION_COUNT && reasons != NULL; i++)
        free(reasons[i]);
    free(device->unsupported);
}

void record_clear(struct record *record)
{
    words_clear(&record->command);
    words_clear(&record->resumed);
    for (size_t i = 0; i < record->variable_count; i++) {
        free(record->variables[i].name);
        free(record->variables[i].value);
    }
    for (size_t i = 0; i < record->device_count; i++)
        clear_device(&record->devices[i]);
    for (size_t i = 0; i < record->result_count; i++)
        hcb_result_clear(&record->results[i]);
    for (size_t i = 0; i < record->roofline_count; i++)
        hcb_result_clear(&record->roofline[i]);
    for (size_t i = 0; i < record->breakeven_count; i++)
        curve_clear(&record->breakevens[i].curve);
    store_close(record->tuned);
    free(record->breakevens);
    free(record->variables);
    free(record->devices);
    free(record->absences);
    free(record->roofline);
    free(record->results);
    *record = (struct record){.blas_fair_ratio = (double)NAN};
}
