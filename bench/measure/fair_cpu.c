/* SPDX-License-Identifier: Apache-2.0 */
/* Which core type should the BLAS take this processor for?  Measured, because
 * what it detects may be wrong. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "files/text.h"
#include "measure/fair_choice.h"
#include "measure/fair_cpu.h"
#include "measure/protocol.h"
#include "measure/sampling.h"

/* In a round everyone has its turn twice: what slows down one turn is often over at
 * the next.  Of two launches one finds its operands in the caches. */
enum { TURNS = 2, LAUNCHES = 2 };

/* A core type in a worker of its own. */
struct trial {
    struct cpu_variables variables;
    struct link *link;           /* NULL: does not run */
    struct hcb_device_info info; /* of the CPU device in that worker */
};

/* The trials, the detected core type first, and what they did in the rounds. */
struct trials {
    struct trial list[FAIR_TYPES_MAX];
    struct hcb_clock_result clocks[FAIR_TYPES_MAX];
    size_t count;
    const struct trial *before; /* who computed last */
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
                   (options->precisions &
                    (1u << HCB_PRECISION_F32 | 1u << HCB_PRECISION_F16F32 |
                     1u << HCB_PRECISION_BF16F32 | 1u << HCB_PRECISION_F32X2)) == 0
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
    *trial = (struct trial){.link = NULL};
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

/* -------------------------------------------------------------------- the trial */

/* For tests: HCBENCH_TEST_BLAS_DETECTED=NAME[:RATIO[:RATIO]] makes NAME the core type
 * that the library detects, and RATIO, if given, its speed over each of the others,
 * whatever was measured; of two, they take turns. */
struct pretence {
    char name[64];
    double ratios[2]; /* in even and odd rounds; 0: as measured */
};

/* NULL when nothing is pretended. */
static const char *pretended_core(struct pretence *pretence)
{
    const char *text = getenv("HCBENCH_TEST_BLAS_DETECTED");
    *pretence = (struct pretence){.ratios = {0}};
    if (text == NULL || *text == '\0')
        return NULL;
    snprintf(pretence->name, sizeof pretence->name, "%.*s", (int)strcspn(text, ":"), text);
    const char *colon = strchr(text, ':');
    for (size_t i = 0; i < 2 && colon != NULL; i++) {
        pretence->ratios[i] = pretence->ratios[1] = strtod(colon + 1, NULL);
        colon = strchr(colon + 1, ':');
    }
    return pretence->name;
}

static bool is_new(const struct trials *trials, const struct trial *trial)
{
    for (size_t i = 0; i < trials->count; i++)
        if (strcmp(trials->list[i].info.target, trial->info.target) == 0)
            return false;
    return true;
}

/* Opens the trials: the library's own choice, then candidates that it has.  None when
 * not even the first worker starts. */
static void open_trials(const struct record *record, const struct link_options *how,
                        const char *device, const char *detected, struct trials *trials)
{
    const char *name;
    *trials = (struct trials){.count = 0};
    if (!open_trial(record, how, device, detected, &trials->list[0])) {
        close_trial(&trials->list[0]);
        return;
    }
    trials->count = 1;
    for (unsigned i = 0, had = 1;
         had < FAIR_TYPES_MAX && (name = hcb_blas_core_candidate(i)) != NULL; i++) {
        struct trial *trial = &trials->list[trials->count];
        const bool runs = open_trial(record, how, device, name, trial);
        const bool has = runs && strcasecmp(trial->info.target, name) == 0;
        had += has;
        if (has && is_new(trials, trial))
            trials->count++;
        else
            close_trial(trial);
    }
}

/* Who fails does not run, whatever it did before. */
static void drop_trial(struct trials *trials, size_t index)
{
    close_trial(&trials->list[index]);
    hcb_clock_clear(&trials->clocks[index]);
}

static void close_trials(struct trials *trials)
{
    for (size_t i = 0; i < trials->count; i++)
        drop_trial(trials, i);
}

/* One turn of a core type: LAUNCHES times in seconds. */
static bool time_launches(struct trials *trials, size_t index, double *seconds)
{
    char reason[HCB_REASON_SIZE];
    const struct trial *trial = &trials->list[index];
    json_t *request = impl_request(), *reply = NULL;
    if (trials->before != NULL && trials->before->link != NULL)
        link_settle(trials->before->link);
    trials->before = trial;
    json_object_set_new(request, "launches", json_integer(1));
    json_object_set_new(request, "count", json_integer(LAUNCHES));
    const enum hcb_status status = link_call(trial->link, "sample", request, &reply, reason);
    for (size_t i = 0; i < LAUNCHES; i++)
        seconds[i] = json_number_value(json_array_get(json_object_get(reply, "wall"), i));
    json_decref(reply);
    return status == HCB_OK && seconds[LAUNCHES - 1] > 0;
}

/* A round of those who are wanted, as bits. */
static void time_round(struct trials *trials, unsigned wanted, uint64_t seed, uint32_t round,
                       const struct pretence *pretence)
{
    double seconds[FAIR_TYPES_MAX][TURNS * LAUNCHES];
    size_t order[FAIR_TYPES_MAX];
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        sampling_order(seed, TURNS * round + turn, order, trials->count);
        for (size_t j = 0; j < trials->count; j++)
            if ((wanted >> order[j] & 1) != 0 && trials->list[order[j]].link != NULL &&
                !time_launches(trials, order[j], seconds[order[j]] + turn * LAUNCHES))
                drop_trial(trials, order[j]);
    }
    for (size_t i = 0; i < trials->count; i++) {
        const double ratio = pretence->ratios[round % 2], pretended = i == 0 ? 1 : ratio;
        if ((wanted >> i & 1) != 0 && trials->list[i].link != NULL &&
            !(ratio > 0
                  ? fair_add(&trials->clocks[i], round, &pretended, 1)
                  : fair_add(&trials->clocks[i], round, seconds[i], TURNS * LAUNCHES)))
            drop_trial(trials, i);
    }
}

/* Rounds until it is decided whom to use, or there were enough. */
static struct fair_choice time_trials(const struct record *record, const char *device,
                                      const struct pretence *pretence, struct trials *trials)
{
    char reason[HCB_REASON_SIZE];
    struct fair_choice choice = {.used = 0, .wanted = (1u << trials->count) - 1};
    for (size_t i = 0; i < trials->count; i++)
        if (prepare_trial(record, trials->list[i].link, device, reason) == HCB_OK)
            trials->before = &trials->list[i];
        else
            drop_trial(trials, i);
    for (uint32_t round = 0; round < FAIR_ROUNDS_MAX && choice.wanted != 0; round++) {
        time_round(trials, choice.wanted, record->seed, round, pretence);
        choice = fair_choose(trials->clocks, trials->count);
    }
    return choice;
}

static void try_cores(struct record *record, const struct link_options *how,
                      struct device_record *cpu, struct cpu_variables *variables)
{
    struct trials trials;
    struct pretence pretence;
    const char *detected = pretended_core(&pretence);
    open_trials(record, how, cpu->info.id, detected, &trials);
    if (trials.count > 0) {
        struct fair_choice choice = {.used = 0, .wanted = 0};
        if (trials.count > 1)
            choice = time_trials(record, cpu->info.id, &pretence, &trials);
        const size_t used = choice.used;
        const struct trial *trial = &trials.list[used];
        snprintf(record->blas_core_detected, sizeof record->blas_core_detected, "%s",
                 trials.list[0].info.target);
        /* NaN when the detected one did not run. */
        record->blas_fair_ratio =
            hcb_clock_ratio_only(&trials.clocks[used], &trials.clocks[0], true);
        record->blas_core_choice = CORE_TRIED;
        record->blas_cores_tried = (unsigned)trials.count;
        record->blas_core_undecided = choice.wanted != 0;
        cpu->info = trial->info;
        set_variables(variables, used > 0 ? strchr(trial->variables.core, '=') + 1 : detected,
                      threads_of(record));
    }
    close_trials(&trials);
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
    } else if (how->isolate && options->command != COMMAND_VERIFY &&
               options->command != COMMAND_TUNE) {
        try_cores(record, how, cpu, variables);
    }
}
