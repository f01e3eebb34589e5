/* SPDX-License-Identifier: Apache-2.0 */
/* Which core type should the BLAS take this processor for?  Measured, because
 * what it detects may be wrong. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fair_cpu.h"
#include "protocol.h"
#include "text.h"

enum {
    CANDIDATES = 3, /* core types that are compared with the detected one */
    TRIALS = CANDIDATES + 1,
    ROUNDS = 8,  /* so that a noisy neighbour meets all of them, or none in some */
    WINDOWS = 4, /* of one launch, in a round; the best of all counts */
};
static const double better_by = 1.05; /* less is noise */

/* A core type in a worker of its own. */
struct trial {
    struct cpu_variables variables;
    struct link *link;           /* NULL: does not run */
    struct hcb_device_info info; /* of the CPU device in that worker */
    double seconds;              /* best launch; NaN: none */
};

/* ----------------------------------------------------------------- variables */

/* A worker's BLAS threads sleep soon after a call (2^20 cycles instead of 2^26):
 * the next block belongs to another device.  `core` may be NULL. */
static void set_variables(struct cpu_variables *v, const char *core, unsigned threads)
{
    size_t count = 0;
    v->core[0] = '\0';
    snprintf(v->threads, sizeof v->threads, "OPENBLAS_NUM_THREADS=%u", threads);
    v->list[count++] = "OPENBLAS_THREAD_TIMEOUT=20";
    v->list[count++] = v->threads;
    if (core != NULL) {
        snprintf(v->core, sizeof v->core, "OPENBLAS_CORETYPE=%s", core);
        v->list[count++] = v->core;
    }
    v->list[count] = NULL;
}

static unsigned threads_of(const struct record *record)
{
    return record->environment.cpu_threads;
}

/* ------------------------------------------------------------ steps of a trial */

/* Work of about the same length on any number of threads: 5 ms at 170 GFLOP/s on
 * two. */
static uint64_t trial_extent(unsigned threads)
{
    const double extent = 768 * cbrt(threads > 2 ? threads / 2.0 : 1);
    return extent > 2048 ? 2048 : (uint64_t)extent / 64 * 64;
}

/* f64 has kernels of its own, and matters where nothing else is asked for. */
static enum hcb_precision trial_precision(const struct options *options)
{
    return options->precisions >> HCB_PRECISION_F64 & 1 &&
                   (options->precisions & (1u << HCB_PRECISION_F32 | 1u << HCB_PRECISION_F16F32 |
                                           1u << HCB_PRECISION_BF16F32)) == 0
               ? HCB_PRECISION_F64
               : HCB_PRECISION_F32;
}

static json_t *impl_request(void)
{
    return json_pack("{s:s}", "impl", hcb_impl_name(HCB_IMPL_OPENBLAS));
}

static enum hcb_status prepare_trial(const struct record *record, struct link *link,
                                     const char *device, char *reason)
{
    const uint64_t extent = trial_extent(threads_of(record));
    const struct hcb_case task = {HCB_OP_MATMUL, HCB_IMPL_OPENBLAS,
                                  trial_precision(record->options), {extent, extent, extent}};
    json_t *inputs = protocol_case(&task), *reply = NULL;
    json_object_del(inputs, "impl");
    json_object_set_new(inputs, "fill", json_string("uniform"));
    json_object_set_new(inputs, "seed", json_integer(1));
    enum hcb_status status = link_tell(link, "open", json_pack("{s:s}", "device", device), reason);
    if (status == HCB_OK)
        status = link_tell(link, "inputs", inputs, reason);
    else
        json_decref(inputs);
    if (status == HCB_OK)
        status = link_call(link, "prepare", impl_request(), &reply, reason);
    json_decref(reply);
    return status;
}

static void time_trial(struct trial *trial, const struct trial *before)
{
    char reason[HCB_REASON_SIZE];
    json_t *request, *reply;
    if (trial->link == NULL)
        return;
    if (before != NULL && before->link != NULL)
        link_settle(before->link);
    request = impl_request();
    json_object_set_new(request, "launches", json_integer(1));
    json_object_set_new(request, "count", json_integer(WINDOWS));
    if (link_call(trial->link, "sample", request, &reply, reason) == HCB_OK) {
        const json_t *wall = json_object_get(reply, "wall");
        for (size_t i = 0; i < json_array_size(wall); i++)
            trial->seconds = fmin(trial->seconds, json_number_value(json_array_get(wall, i)));
    }
    json_decref(reply);
}

/* The device as this worker sees it. */
static bool describe(struct link *link, const char *device, struct hcb_device_info *info)
{
    char reason[HCB_REASON_SIZE];
    json_t *reply, *object;
    bool found = false;
    size_t index;
    enum hcb_status status =
        link_call(link, "list", json_pack("{s:s}", "platform", "cpu"), &reply, reason);
    if (status == HCB_OK)
        json_array_foreach(json_object_get(reply, "devices"), index, object)
            found = found || (protocol_read_device(object, info) && strcmp(info->id, device) == 0);
    json_decref(reply);
    return found;
}

/* Starts a worker whose BLAS is told `core` (NULL: nothing), and asks what it took. */
static bool open_trial(const struct record *record, const struct link_options *how,
                       const char *device, const char *core, struct trial *trial)
{
    char reason[HCB_REASON_SIZE];
    struct link_options with_core = *how;
    *trial = (struct trial){.seconds = (double)NAN};
    set_variables(&trial->variables, core, threads_of(record));
    with_core.environment = trial->variables.list;
    if (link_open(&with_core, &trial->link, reason) != HCB_OK) {
        trial->link = NULL;
        return false;
    }
    return describe(trial->link, device, &trial->info);
}

static void close_trial(struct trial *trial)
{
    link_close(trial->link);
    trial->link = NULL;
}

/* ---------------------------------------------------------------- the decision */

size_t fair_choice(const double *seconds, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (seconds[i] > 0 && !(seconds[best] <= seconds[i]))
            best = i;
    return seconds[0] > 0 && seconds[best] * better_by > seconds[0] ? 0 : best;
}

/* For tests: HCBENCH_TEST_BLAS_DETECTED=NAME[:RATIO] makes NAME the core type that
 * the library detects, and RATIO, if given, its speed over the best of the others,
 * whatever was measured. */
static const char *pretended_core(char *name, size_t size, double *ratio)
{
    const char *text = getenv("HCBENCH_TEST_BLAS_DETECTED");
    if (text == NULL || *text == '\0')
        return NULL;
    snprintf(name, size, "%.*s", (int)strcspn(text, ":"), text);
    const char *colon = strchr(text, ':');
    *ratio = colon != NULL ? strtod(colon + 1, NULL) : 0;
    return name;
}

static bool is_new(const struct trial *trials, size_t count, const struct trial *trial)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(trials[i].info.target, trial->info.target) == 0)
            return false;
    return true;
}

/* Opens the trials: the library's own choice, then candidates that it has.  Returns
 * their number; 0 when not even the first worker starts. */
static size_t open_trials(const struct record *record, const struct link_options *how,
                          const char *device, const char *detected, struct trial *trials)
{
    size_t count = 0;
    const char *name;
    if (!open_trial(record, how, device, detected, &trials[count])) {
        close_trial(&trials[count]);
        return 0;
    }
    count++;
    for (unsigned i = 0, had = 0; had < CANDIDATES && (name = hcb_blas_core_candidate(i)) != NULL;
         i++) {
        struct trial *trial = &trials[count];
        const bool runs = open_trial(record, how, device, name, trial);
        const bool has = runs && strcasecmp(trial->info.target, name) == 0;
        had += has;
        if (has && is_new(trials, count, trial))
            count++;
        else
            close_trial(trial);
    }
    return count;
}

static void time_trials(const struct record *record, const char *device, struct trial *trials,
                        size_t count)
{
    char reason[HCB_REASON_SIZE];
    const struct trial *before = NULL;
    for (size_t i = 0; i < count; i++)
        if (prepare_trial(record, trials[i].link, device, reason) != HCB_OK)
            close_trial(&trials[i]);
        else
            before = &trials[i];
    for (unsigned round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < count; i++) {
            time_trial(&trials[i], before);
            before = &trials[i];
        }
}

static void try_cores(struct record *record, const struct link_options *how,
                      struct device_record *cpu, struct cpu_variables *variables)
{
    struct trial trials[TRIALS];
    double seconds[TRIALS], ratio = 0;
    char name[64];
    const char *detected = pretended_core(name, sizeof name, &ratio);
    const size_t count = open_trials(record, how, cpu->info.id, detected, trials);
    if (count > 1)
        time_trials(record, cpu->info.id, trials, count);
    for (size_t i = 0; i < count; i++)
        seconds[i] = trials[i].seconds;
    if (ratio > 0 && count > 1) {
        seconds[0] = (double)NAN;
        seconds[0] = seconds[fair_choice(seconds, count)] / ratio;
    }
    if (count > 0) {
        const size_t best = fair_choice(seconds, count);
        snprintf(record->blas_core_detected, sizeof record->blas_core_detected, "%s",
                 trials[0].info.target);
        record->blas_fair_ratio = seconds[best] / seconds[0]; /* NaN when one did not run */
        record->blas_core_choice = CORE_TRIED;
        record->blas_cores_tried = (unsigned)count;
        cpu->info = trials[best].info;
        set_variables(variables,
                      best > 0 ? strchr(trials[best].variables.core, '=') + 1 : detected,
                      threads_of(record));
    }
    for (size_t i = 0; i < count; i++)
        close_trial(&trials[i]);
}

/* --------------------------------------------------------- what the user chose */

static void obey_option(struct record *record, const struct link_options *how,
                        struct device_record *cpu, struct cpu_variables *variables)
{
    const char *name = record->options->cpu_core;
    struct trial trial;
    if (getenv("OPENBLAS_CORETYPE") == NULL)
        snprintf(record->blas_core_detected, sizeof record->blas_core_detected, "%s",
                 cpu->info.target);
    record->blas_core_choice = CORE_OPTION;
    set_variables(variables, name, threads_of(record));
    if (open_trial(record, how, cpu->info.id, name, &trial))
        cpu->info = trial.info;
    close_trial(&trial);
}

static void report_refusal(const struct record *record, const struct device_record *cpu)
{
    const struct hcb_device_info *info = &cpu->info;
    if (strcasecmp(info->target, record->blas_core_asked) != 0)
        text_say("%s %s has no core type %s and took %s", info->driver,
                 info->driver_version, record->blas_core_asked, info->target);
}

/* ------------------------------------------------------------------ all of it */

static struct device_record *cpu_device(struct record *record)
{
    for (size_t i = 0; i < record->device_count; i++)
        if (strcmp(record->devices[i].info.platform, "cpu") == 0)
            return &record->devices[i];
    return NULL;
}

/* Rows that do not exist yet will be of the impls that were asked for. */
static bool uses_blas(const struct record *record)
{
    if (record->result_count == 0)
        return record->options->impls >> HCB_IMPL_OPENBLAS & 1;
    for (size_t i = 0; i < record->result_count; i++)
        if (record->results[i].task.impl == HCB_IMPL_OPENBLAS)
            return true;
    return false;
}

void settle_cpu(struct record *record, const struct link_options *how,
                struct cpu_variables *variables)
{
    struct device_record *cpu = cpu_device(record);
    const struct options *options = record->options;
    const char *variable = getenv("OPENBLAS_CORETYPE"),
               *asked = options->cpu_core != NULL ? options->cpu_core : variable;
    set_variables(variables, NULL, threads_of(record));
    if (cpu == NULL || !uses_blas(record))
        return;
    if (!record_has_cores(&cpu->info)) {
        if (options->cpu_core != NULL)
            text_say("--cpu-core has no effect: %s has no core types",
                     cpu->info.driver);
        return;
    }
    if (asked != NULL) {
        snprintf(record->blas_core_asked, sizeof record->blas_core_asked, "%s", asked);
        record->blas_core_choice = CORE_VARIABLE;
        if (options->cpu_core != NULL)
            obey_option(record, how, cpu, variables);
        report_refusal(record, cpu);
    } else if (how->isolate && options->command != COMMAND_VERIFY) {
        try_cores(record, how, cpu, variables);
    }
}
