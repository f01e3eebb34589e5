/* SPDX-License-Identifier: Apache-2.0 */
/* Leads the workers through the rows: one worker per device, the rows of one
 * case interleaved in short blocks, so that drift hits both sides of a ratio.
 * Knows no driver: what happens to a worker is one row's status. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conductor.h"
#include "fair_cpu.h"
#include "journal.h"
#include "link.h"
#include "progress.h"
#include "protocol.h"

/* The worker of a device. */
struct actor {
    const struct hcb_device_info *info;
    struct link *link; /* NULL: not running */
    bool holds_inputs; /* of the rows at hand */
    enum hcb_status refused; /* not HCB_OK: the device cannot be opened */
    char reason[HCB_REASON_SIZE];
};

enum phase { PENDING, LIVE, FINISHED };

struct row {
    struct hcb_result *result;
    struct actor *actor;
    enum phase phase;
    uint32_t launches;  /* in a window */
    double launch_s;    /* of one launch, roughly */
    double sampling_s;  /* spent in windows */
    bool sampled;       /* has enough samples */
};

struct conductor {
    struct record *record;
    const struct options *options;
    struct link_options how;
    struct cpu_variables cpu; /* for the CPU's worker */
    struct actor *actors;
    struct row *rows;
    struct journal *journal;
    size_t finished;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ------------------------------------------------------------------ workers */

static bool is_lost(enum hcb_status status)
{
    return status == HCB_CRASHED || status == HCB_TIMEOUT || status == HCB_SKIPPED;
}

static void stop_actor(struct actor *actor)
{
    link_close(actor->link);
    actor->link = NULL;
    actor->holds_inputs = false;
}

/* Starts the device's worker when it does not run.  A device that cannot be
 * opened stays refused. */
static enum hcb_status ready_actor(struct conductor *conductor, struct actor *actor)
{
    /* A BLAS in a worker that does not use it must not start threads. */
    static const char *const for_others[] = {"OPENBLAS_NUM_THREADS=1", NULL};
    struct link_options how = conductor->how;
    if (actor->refused != HCB_OK || actor->link != NULL)
        return actor->refused;
    how.environment = strcmp(actor->info->platform, "cpu") == 0 ? conductor->cpu.list : for_others;
    enum hcb_status status = link_open(&how, &actor->link, actor->reason);
    if (status == HCB_OK) {
        json_t *request = json_pack("{s:s}", "device", actor->info->id);
        if (conductor->options->kernel_dir != NULL)
            json_object_set_new(request, "kernel_dir", json_string(conductor->options->kernel_dir));
        status = link_tell(actor->link, "open", request, actor->reason);
    }
    if (status != HCB_OK) {
        stop_actor(actor);
        actor->refused = status == HCB_SKIPPED ? HCB_OK : status;
    }
    return status;
}

/* -------------------------------------------------------------- ends of rows */

static void reset_result(struct hcb_result *result)
{
    const struct hcb_case task = result->task;
    char device[sizeof result->device];
    memcpy(device, result->device, sizeof device);
    hcb_result_clear(result);
    hcb_result_init(result, device, &task);
}

static void finish(struct conductor *conductor, struct row *row, enum hcb_status status,
                   const char *reason)
{
    struct hcb_result *result = row->result;
    row->phase = FINISHED;
    result->status = status;
    snprintf(result->reason, sizeof result->reason, "%s", status == HCB_OK ? "" : reason);
    if (status == HCB_OK)
        hcb_result_rates(result);
    if (status == HCB_SKIPPED)
        return;
    conductor->finished++;
    journal_add(conductor->journal, result);
}

/* A step of `row` did not end well.  When the worker is gone, the other rows
 * that it was working on begin anew. */
static void fail_row(struct conductor *conductor, struct row **rows, size_t count, struct row *row,
                     enum hcb_status status, const char *reason)
{
    finish(conductor, row, status, reason);
    if (!is_lost(status))
        return;
    stop_actor(row->actor);
    for (size_t i = 0; i < count; i++)
        if (rows[i]->actor == row->actor && rows[i]->phase == LIVE) {
            reset_result(rows[i]->result);
            *rows[i] = (struct row){.result = rows[i]->result, .actor = rows[i]->actor};
        }
}

/* ------------------------------------------------------------- steps of rows */

static enum hcb_status give_inputs(struct conductor *conductor, struct row *row, enum hcb_fill fill,
                                   char *reason)
{
    json_t *request = protocol_case(&row->result->task);
    json_object_del(request, "impl");
    json_object_set_new(request, "fill", json_string(hcb_fill_name(fill)));
    json_object_set_new(request, "seed", json_integer((json_int_t)conductor->options->seed));
    enum hcb_status status = link_tell(row->actor->link, "inputs", request, reason);
    row->actor->holds_inputs = status == HCB_OK;
    return status;
}

static json_t *about(const struct row *row)
{
    return json_pack("{s:s}", "impl", hcb_impl_name(row->result->task.impl));
}

static json_t *about_with_seed(const struct conductor *conductor, const struct row *row)
{
    return json_pack("{s:s, s:I}", "impl", hcb_impl_name(row->result->task.impl), "seed",
                     (json_int_t)conductor->options->seed);
}

static enum hcb_status misunderstood(char *reason)
{
    snprintf(reason, HCB_REASON_SIZE, "the worker's reply has missing or unknown members");
    return HCB_ERROR;
}

static enum hcb_status prepare(struct row *row, char *reason)
{
    struct hcb_result *result = row->result;
    const char *kernels, *hash, *note;
    json_t *reply;
    enum hcb_status status = link_call(row->actor->link, "prepare", about(row), &reply, reason);
    if (status == HCB_OK && json_unpack(reply, "{s:F, s:s, s:s, s:s !}", "setup_s", &result->setup_s,
                                        "kernels", &kernels, "kernel_sha256", &hash, "note", &note) != 0)
        status = misunderstood(reason);
    if (status == HCB_OK) {
        snprintf(result->kernels, sizeof result->kernels, "%s", kernels);
        snprintf(result->kernel_sha256, sizeof result->kernel_sha256, "%s", hash);
        snprintf(result->note, sizeof result->note, "%s", note);
    }
    json_decref(reply);
    return status;
}

/* Memory of this machine that a device's worker takes for a case: a copy for
 * verification, and the device's own when it lives in the same memory. */
static double host_bytes(const struct actor *actor, const struct hcb_case *task)
{
    const bool shares = actor->info->software || actor->info->host_memory;
    return (double)hcb_case_bytes(task) * (shares ? 2 : 1);
}

/* Refuses what this machine's memory cannot hold, before anything is allocated. */
static enum hcb_status check_host_memory(const struct conductor *conductor, const struct row *row,
                                         char *reason)
{
    const double memory = (double)conductor->record->environment.memory_bytes;
    const double bytes = host_bytes(row->actor, &row->result->task);
    char text[128];
    if (memory <= 0 || bytes <= 0.9 * memory)
        return HCB_OK;
    snprintf(reason, HCB_REASON_SIZE, "%s needs %.3g GiB of this machine's memory, which has %.3g GiB",
             hcb_case_text(&row->result->task, text, sizeof text), bytes * 0x1p-30, memory * 0x1p-30);
    return HCB_UNSUPPORTED;
}

/* Everything before the first sample, ending with the exact check on integers. */
static enum hcb_status start(struct conductor *conductor, struct row *row, char *reason)
{
    enum hcb_status status = ready_actor(conductor, row->actor);
    if (status != HCB_OK) {
        snprintf(reason, HCB_REASON_SIZE, "%s", row->actor->reason);
        return status;
    }
    progress_show(conductor->finished, row->result, "preparing");
    status = link_tell(row->actor->link, "support", protocol_case(&row->result->task), reason);
    if (status == HCB_OK)
        status = check_host_memory(conductor, row, reason);
    if (status == HCB_OK && !row->actor->holds_inputs)
        status = give_inputs(conductor, row, HCB_FILL_INTEGER, reason);
    if (status == HCB_OK)
        status = prepare(row, reason);
    if (status == HCB_OK)
        status = link_tell(row->actor->link, "check", about_with_seed(conductor, row), reason);
    return status;
}

/* Appends the samples of one clock in a reply. */
static bool add_samples(struct hcb_clock_result *clock, const json_t *array)
{
    const size_t count = json_array_size(array);
    double *samples = malloc((count + 1) * sizeof *samples);
    bool good = samples != NULL && json_is_array(array);
    for (size_t i = 0; i < count && good; i++) {
        samples[i] = json_number_value(json_array_get(array, i));
        good = samples[i] > 0;
    }
    good = good && hcb_clock_add(clock, 0, samples, count);
    free(samples);
    return good;
}

/* Takes `count` windows of `launches`; keeps them when `kept`. */
static enum hcb_status sample(struct row *row, uint32_t launches, unsigned count, bool kept, char *reason)
{
    struct hcb_clock_result kernel = {0}, wall = {0};
    json_t *reply, *kernel_array, *wall_array, *request = about(row);
    json_object_set_new(request, "launches", json_integer(launches));
    json_object_set_new(request, "count", json_integer(count));
    const double begin = now_s();
    enum hcb_status status = link_call(row->actor->link, "sample", request, &reply, reason);
    if (status == HCB_OK && json_unpack(reply, "{s:o, s:o !}", "kernel", &kernel_array, "wall",
                                        &wall_array) != 0)
        status = misunderstood(reason);
    if (status == HCB_OK && (!add_samples(kept ? &row->result->kernel : &kernel, kernel_array) ||
                             !add_samples(kept ? &row->result->wall : &wall, wall_array))) {
        snprintf(reason, HCB_REASON_SIZE, "a clock gave a time that is not positive");
        status = HCB_ERROR;
    }
    if (kept)
        row->sampling_s += now_s() - begin;
    else if (wall.summary.n > 0)
        row->launch_s = wall.summary.min;
    hcb_clock_clear(&kernel);
    hcb_clock_clear(&wall);
    json_decref(reply);
    return status;
}

/* Shortest window that a clock's resolution and the cost of a launch call for. */
static double window_s(const struct conductor *conductor, const struct hcb_device_info *info)
{
    static const double on_cpu[] = {[PRESET_DEFAULT] = 0.02, [PRESET_QUICK] = 0.01, [PRESET_FULL] = 0.2},
                        on_gpu[] = {[PRESET_DEFAULT] = 0.02, [PRESET_QUICK] = 0.01, [PRESET_FULL] = 0.05};
    const bool is_cpu = info->software || info->type == HCB_DEVICE_CPU;
    return (is_cpu ? on_cpu : on_gpu)[conductor->options->preset];
}

/* Dropped launches, and the number of launches in a window from their time. */
static enum hcb_status warm_up(struct conductor *conductor, struct row *row, char *reason)
{
    const double end = now_s() + conductor->options->max_time_s / 4;
    const double window = window_s(conductor, row->actor->info);
    enum hcb_status status = HCB_OK;
    progress_show(conductor->finished, row->result, "warming up");
    row->launches = 1;
    for (unsigned i = 0; i < conductor->options->warmup + 1 && status == HCB_OK; i++) {
        status = sample(row, row->launches, 1, false, reason);
        if (row->launch_s > 0)
            row->launches = (uint32_t)fmin(fmax(1, ceil(window / row->launch_s)), 1e6);
        if (now_s() > end)
            break;
    }
    return status;
}

/* Enough samples?  Also notes when a limit, not the interval, ended it. */
static bool has_enough(const struct conductor *conductor, struct row *row)
{
    const struct options *options = conductor->options;
    const struct hcb_summary *clock = row->result->kernel.summary.n > 0 ? &row->result->kernel.summary
                                                                       : &row->result->wall.summary;
    const double half_width = (clock->ci95_high - clock->ci95_low) / 2;
    const bool settled = options->ci_percent <= 0 ||
                         half_width <= clock->median * options->ci_percent / 100;
    if (clock->n >= options->min_runs && row->sampling_s >= options->min_time_s && settled)
        return true;
    if (clock->n < options->max_runs && (row->sampling_s < options->max_time_s || clock->n < 3))
        return false;
    if (clock->n < options->min_runs)
        hcb_result_warn(row->result, "%zu samples only: stopped at the time limit of %g s", clock->n,
                        options->max_time_s);
    else if (isnan(half_width))
        hcb_result_warn(row->result, "%zu samples are too few for an interval of the median", clock->n);
    else if (!settled)
        hcb_result_warn(row->result, "the 95 %% interval of the median is +-%.1f %% after %zu samples",
                        half_width / clock->median * 100, clock->n);
    return true;
}

/* One block: short, so that the rows take turns. */
static enum hcb_status take_block(struct conductor *conductor, struct row *row, char *reason)
{
    const double block_s = 0.1, one_s = row->launches * row->launch_s;
    const unsigned count = (unsigned)fmin(fmax(1, floor(block_s / fmax(one_s, 1e-6))), 5);
    progress_show(conductor->finished, row->result, "sampling");
    enum hcb_status status = sample(row, row->launches, count, true, reason);
    row->sampled = status == HCB_OK && has_enough(conductor, row);
    return status;
}

static double median_of(const json_t *array)
{
    struct hcb_clock_result clock = {0};
    const double median =
        add_samples(&clock, array) && clock.summary.n > 0 ? clock.summary.median : (double)NAN;
    hcb_clock_clear(&clock);
    return median;
}

static enum hcb_status transfer(struct conductor *conductor, struct row *row, char *reason)
{
    struct hcb_result *result = row->result;
    const double budget_s = conductor->options->max_time_s / 3;
    const double one_s = fmax(row->launch_s, 1e-5) * 2;
    const double wanted = fmin(fmax(3, budget_s / one_s), conductor->options->min_runs);
    /* All passes are one step, which must not time out. */
    const unsigned count = (unsigned)fmax(1, fmin(wanted, conductor->options->timeout_s / 4 / one_s));
    json_t *reply, *total, *upload, *download, *request = about(row);
    progress_show(conductor->finished, row->result, "end to end");
    json_object_set_new(request, "count", json_integer(count));
    enum hcb_status status = link_call(row->actor->link, "transfer", request, &reply, reason);
    if (status == HCB_OK && json_unpack(reply, "{s:o, s:o, s:o !}", "end_to_end", &total, "upload",
                                        &upload, "download", &download) != 0)
        status = misunderstood(reason);
    if (status == HCB_OK && !add_samples(&result->end_to_end, total)) {
        snprintf(reason, HCB_REASON_SIZE, "the end-to-end clock gave a time that is not positive");
        status = HCB_ERROR;
    }
    if (status == HCB_OK) {
        result->upload_s = median_of(upload);
        result->download_s = median_of(download);
    }
    json_decref(reply);
    return status;
}

static enum hcb_status verify(struct conductor *conductor, struct row *row, char *reason)
{
    struct hcb_result *result = row->result;
    json_t *reply, *error;
    progress_show(conductor->finished, result, "verifying");
    enum hcb_status status =
        link_call(row->actor->link, "verify", about_with_seed(conductor, row), &reply, reason);
    if (status == HCB_OK && json_unpack(reply, "{s:F, s:F, s:o !}", "device_peak_bytes",
                                        &result->device_peak_bytes, "host_peak_bytes",
                                        &result->host_peak_bytes, "error", &error) != 0)
        status = misunderstood(reason);
    error = json_object_get(reply, "error");
    if ((status == HCB_OK || status == HCB_WRONG) && error != NULL &&
        !protocol_read_verdict(error, &result->error))
        status = misunderstood(reason);
    json_decref(reply);
    return status;
}

/* --------------------------------------------------------- rows of one case */

typedef enum hcb_status row_step(struct conductor *conductor, struct row *row, char *reason);

/* Takes one step in every row that `wanted` accepts, in turn. */
static void each_row(struct conductor *conductor, struct row **rows, size_t count, enum phase wanted,
                     row_step *step)
{
    char reason[HCB_REASON_SIZE];
    for (size_t i = 0; i < count && link_interrupted() == 0; i++) {
        if (rows[i]->phase != wanted)
            continue;
        const enum hcb_status status = step(conductor, rows[i], reason);
        if (status != HCB_OK)
            fail_row(conductor, rows, count, rows[i], status, reason);
        else if (wanted == PENDING)
            rows[i]->phase = LIVE;
    }
}

/* The inputs that are timed; the first live row of a device asks for all. */
static enum hcb_status refill(struct conductor *conductor, struct row *row, char *reason)
{
    if (row->actor->holds_inputs)
        return HCB_OK;
    return give_inputs(conductor, row, conductor->options->fill, reason);
}

static enum hcb_status run_once(struct conductor *conductor, struct row *row, char *reason)
{
    (void)conductor;
    return sample(row, 1, 1, false, reason);
}

static enum hcb_status end_well(struct conductor *conductor, struct row *row, char *reason)
{
    (void)reason;
    finish(conductor, row, HCB_OK, "");
    return HCB_OK;
}

static enum hcb_status take_block_if_needed(struct conductor *conductor, struct row *row, char *reason)
{
    return row->sampled ? HCB_OK : take_block(conductor, row, reason);
}

static bool any_row(struct row **rows, size_t count, enum phase phase, bool unsampled_only)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i]->phase == phase && !(unsampled_only && rows[i]->sampled))
            return true;
    return false;
}

static void release(struct row **rows, size_t count)
{
    char reason[HCB_REASON_SIZE];
    for (size_t i = 0; i < count; i++) {
        struct actor *actor = rows[i]->actor;
        const bool asked = i > 0 && rows[i - 1]->actor == actor;
        if (!asked && actor->link != NULL && link_interrupted() == 0 &&
            link_tell(actor->link, "release", NULL, reason) != HCB_OK)
            stop_actor(actor);
        actor->holds_inputs = false;
    }
}

/* Runs rows of one case side by side until none is pending. */
static void run_rows(struct conductor *conductor, struct row **rows, size_t count)
{
    const bool timed = conductor->options->command == COMMAND_RUN;
    while (any_row(rows, count, PENDING, false) && link_interrupted() == 0) {
        each_row(conductor, rows, count, PENDING, start);
        for (size_t i = 0; i < count; i++)
            rows[i]->actor->holds_inputs = false;
        each_row(conductor, rows, count, LIVE, refill);
        each_row(conductor, rows, count, LIVE, timed ? warm_up : run_once);
        while (timed && any_row(rows, count, LIVE, true) && link_interrupted() == 0)
            each_row(conductor, rows, count, LIVE, take_block_if_needed);
        each_row(conductor, rows, count, LIVE, verify); /* what the last window wrote */
        if (timed) {
            each_row(conductor, rows, count, LIVE, transfer);
            each_row(conductor, rows, count, LIVE, verify);
        }
        each_row(conductor, rows, count, LIVE, end_well);
        release(rows, count);
    }
}

/* ------------------------------------------------------------------- all rows */

static bool same_case(const struct hcb_case *a, const struct hcb_case *b)
{
    return a->op == b->op && a->precision == b->precision && a->shape.m == b->shape.m &&
           a->shape.n == b->shape.n && a->shape.k == b->shape.k;
}

static bool fit_together(const struct conductor *conductor, struct row **rows, size_t count)
{
    double bytes = 0;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || rows[i]->actor != rows[i - 1]->actor)
            bytes += host_bytes(rows[i]->actor, &rows[i]->result->task);
    return bytes <= 0.8 * (double)conductor->record->environment.memory_bytes;
}

static void add_speedups(struct row **rows, size_t count)
{
    const struct hcb_result *baseline = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct hcb_result *result = rows[i]->result;
        const bool is_better = baseline == NULL || result->task.impl == HCB_IMPL_OPENBLAS;
        if (strcmp(result->platform, "cpu") == 0 && result->status == HCB_OK &&
            result->task.impl != HCB_IMPL_REF && is_better)
            baseline = result;
    }
    for (size_t i = 0; i < count && baseline != NULL; i++)
        if (rows[i]->result != baseline)
            hcb_result_compare(rows[i]->result, baseline, true, 1);
}

/* Rows of one case run together, or device by device when memory is short. */
static void run_case(struct conductor *conductor, struct row **rows, size_t count)
{
    if (fit_together(conductor, rows, count)) {
        run_rows(conductor, rows, count);
    } else {
        for (size_t i = 0, end; i < count; i = end) {
            for (end = i + 1; end < count && rows[end]->actor == rows[i]->actor;)
                end++;
            run_rows(conductor, rows + i, end - i);
        }
    }
    add_speedups(rows, count);
}

static struct actor *actor_of(struct conductor *conductor, const struct hcb_result *result)
{
    size_t i = 0;
    while (strcmp(conductor->actors[i].info->id, result->device) != 0)
        i++;
    return &conductor->actors[i];
}

static void run_all(struct conductor *conductor, struct row **order)
{
    const size_t count = conductor->record->result_count;
    for (size_t i = 0, end; i < count && link_interrupted() == 0; i = end) {
        for (end = i + 1; end < count && same_case(&order[i]->result->task, &order[end]->result->task);)
            end++;
        run_case(conductor, order + i, end - i);
    }
    for (size_t i = 0; i < count; i++)
        if (order[i]->phase != FINISHED)
            finish(conductor, order[i], HCB_SKIPPED, "the run was stopped");
}

static bool set_up(struct conductor *conductor, struct row ***order)
{
    struct record *record = conductor->record;
    conductor->actors = calloc(record->device_count, sizeof *conductor->actors);
    conductor->rows = calloc(record->result_count, sizeof *conductor->rows);
    *order = calloc(record->result_count, sizeof **order);
    if (conductor->actors == NULL || conductor->rows == NULL || *order == NULL) {
        fprintf(stderr, "hcbench: out of memory for the rows\n");
        return false;
    }
    for (size_t i = 0; i < record->device_count; i++)
        conductor->actors[i].info = &record->devices[i].info;
    for (size_t i = 0; i < record->result_count; i++) {
        conductor->rows[i].result = &record->results[i];
        conductor->rows[i].actor = actor_of(conductor, &record->results[i]);
        (*order)[i] = &conductor->rows[i];
    }
    return true;
}

bool conduct(struct record *record)
{
    struct conductor conductor = {
        .record = record,
        .options = record->options,
        .how = {.isolate = record->options->isolate, .timeout_s = record->options->timeout_s}};
    struct row **order = NULL;
    bool fatal = false, good = set_up(&conductor, &order);
    if (good) {
        conductor.journal = journal_open(record, record->options->journal, &fatal);
        good = conductor.journal != NULL || !fatal;
    }
    if (good) {
        settle_cpu(record, &conductor.how, &conductor.cpu);
        progress_begin(record->options->progress, record->result_count);
        run_all(&conductor, order);
        progress_end();
        for (size_t i = 0; i < record->device_count; i++)
            stop_actor(&conductor.actors[i]);
        journal_close(conductor.journal, link_interrupted() == 0);
    }
    free(conductor.actors);
    free(conductor.rows);
    free(order);
    return good;
}

int record_exit_status(const struct record *record)
{
    size_t done = 0;
    for (size_t i = 0; i < record->result_count; i++) {
        const enum hcb_status status = record->results[i].status;
        done += status == HCB_OK;
        if (status == HCB_WRONG || status == HCB_ERROR || status == HCB_CRASHED || status == HCB_TIMEOUT)
            return EXIT_BAD_ROW;
        if (record->options->strict && (status == HCB_UNSUPPORTED || status == HCB_SKIPPED))
            return EXIT_BAD_ROW;
    }
    for (size_t i = 0; i < record->absence_count; i++)
        if (record->absences[i].status != HCB_UNSUPPORTED)
            return EXIT_BAD_ROW;
    return done > 0 ? EXIT_DONE : EXIT_NO_DEVICE;
}
