/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/memory.h"
#include "measure/meter.h"
#include "measure/power.h"
#include "measure/progress.h"
#include "measure/protocol.h"
#include "measure/row.h"
#include "tune/store.h"

/* ------------------------------------------------------------ before sampling */

static enum hcb_status give_inputs(struct session *session, struct row *row, enum hcb_fill fill,
                                   char *reason)
{
    json_t *request = protocol_case(&row->result->task);
    json_object_del(request, "impl");
    json_object_set_new(request, "fill", json_string(hcb_fill_name(fill)));
    json_object_set_new(request, "seed", json_integer((json_int_t)session->options->seed));
    enum hcb_status status = link_tell(row->actor->link, "inputs", request, reason);
    row->actor->holds_inputs = status == HCB_OK;
    return status;
}

static json_t *about(const struct row *row)
{
    json_t *request = json_pack("{s:s}", "impl", hcb_impl_name(row->result->task.impl));
    if (row->slot > 0)
        json_object_set_new(request, "slot", json_integer(row->slot));
    return request;
}

static json_t *about_with_seed(const struct session *session, const struct row *row)
{
    json_t *request = about(row);
    json_object_set_new(request, "seed", json_integer((json_int_t)session->options->seed));
    return request;
}

static enum hcb_status misunderstood(char *reason)
{
    snprintf(reason, HCB_REASON_SIZE, "the worker's reply has missing or unknown members");
    return HCB_ERROR;
}

static void keep_text(char *member, size_t size, const char *text)
{
    snprintf(member, size, "%s", text);
}
#define KEEP(member, text) keep_text(result->member, sizeof result->member, text)

/* With parameters, or those of the table when there is no text. */
static enum hcb_status prepare_with(struct row *row, const char *parameters, char *reason)
{
    struct hcb_result *result = row->result;
    const char *kernels, *hash, *tuning, *used, *note;
    json_t *reply, *request = about(row);
    if (parameters[0] != '\0')
        json_object_set_new(request, "parameters", json_string(parameters));
    enum hcb_status status = link_call(row->actor->link, "prepare", request, &reply, reason);
    if (status == HCB_OK &&
        json_unpack(reply, "{s:F, s:s, s:s, s:s, s:s, s:s !}", "setup_s", &result->setup_s, "kernels",
                    &kernels, "kernel_sha256", &hash, "tuning", &tuning, "parameters", &used, "note",
                    &note) != 0)
        status = misunderstood(reason);
    if (status == HCB_OK) {
        KEEP(kernels, kernels);
        KEEP(kernel_sha256, hash);
        KEEP(tuning, tuning);
        KEEP(parameters, used);
        KEEP(note, note);
    }
    json_decref(reply);
    return status;
}

enum hcb_status row_parameters(struct session *session, struct row *row,
                               struct hcb_parameters *parameters, char *reason)
{
    json_t *reply;
    enum hcb_status status = actor_ready(session, row->actor);
    if (status != HCB_OK) {
        snprintf(reason, HCB_REASON_SIZE, "%s", row->actor->reason);
        return status;
    }
    status = link_call(row->actor->link, "parameters", protocol_case(&row->result->task), &reply, reason);
    if (status == HCB_OK && !protocol_read_parameters(reply, parameters))
        status = misunderstood(reason);
    json_decref(reply);
    return status;
}

/* Parameters that were found by an earlier search, or why those are of no use. */
static enum hcb_status find_tuned(struct session *session, struct row *row, char *reason)
{
    const struct hcb_case *task = &row->result->task;
    struct hcb_parameters parameters;
    uint64_t values[HCB_PARAMETERS_MAX];
    char why[HCB_REASON_SIZE] = "";
    if (row->asked[0] != '\0' || !store_knows(session->tuned, row->actor->info, task))
        return HCB_OK;
    enum hcb_status status = row_parameters(session, row, &parameters, reason);
    if (status != HCB_OK)
        return status;
    if (store_find(session->tuned, row->actor->info, &parameters, task, values, why, sizeof why))
        hcb_parameters_text(&parameters, values, row->tuned);
    else if (parameters.count > 0)
        snprintf(row->ignored, sizeof row->ignored, "%s", why);
    return HCB_OK;
}

static const char *parameters_of(const struct row *row)
{
    return row->asked[0] != '\0' ? row->asked : row->tuned;
}

/* After a step that failed: are the table's parameters to be tried instead of tuned ones,
 * which may not fit this shape?  A wrong result is never passed over, and a worker that is
 * gone takes no further step. */
static bool falls_back(struct row *row, enum hcb_status status, const char *reason)
{
    if ((status != HCB_UNSUPPORTED && status != HCB_ERROR) || row->tuned[0] == '\0')
        return false;
    snprintf(row->ignored, sizeof row->ignored, "%.150s", reason);
    row->tuned[0] = '\0';
    return true;
}

/* A plan, and the exact check on integers: what a device refuses, it may refuse at the
 * first launch only. */
static enum hcb_status prepare(struct session *session, struct row *row, char *reason)
{
    enum hcb_status status = prepare_with(row, parameters_of(row), reason);
    return status == HCB_OK
               ? link_tell(row->actor->link, "check", about_with_seed(session, row), reason)
               : status;
}

/* Where scales were asked for: what becomes of the operand.  Infinities have no right
 * result to be compared with. */
static enum hcb_status count_roundings(struct session *session, struct hcb_result *result,
                                       char *reason)
{
    const struct options *options = session->options;
    const struct hcb_case *task = &result->task;
    if (options_scales(options, task)->count == 0)
        return HCB_OK;
    if (!roundings_find(&session->roundings, task, options->fill, options->seed, &result->scaled)) {
        snprintf(reason, HCB_REASON_SIZE, "the run was stopped");
        return HCB_SKIPPED;
    }
    if (!(result->scaled.overflowed > 0))
        return HCB_OK;
    snprintf(reason, HCB_REASON_SIZE, "scaled by 2^%d, %.0f of %.0f elements overflow %s",
             task->scale, result->scaled.overflowed, (double)hcb_operand_elements(task, 0),
             task->precision == HCB_PRECISION_BF16F32 ? "bf16" : "f16");
    return HCB_UNSUPPORTED;
}

static enum hcb_status ready(struct session *session, struct row *row, char *reason)
{
    const enum hcb_status status = actor_ready(session, row->actor);
    if (status != HCB_OK)
        snprintf(reason, HCB_REASON_SIZE, "%s", row->actor->reason);
    else
        progress_show(session->finished, row->result, "preparing");
    return status;
}

static enum hcb_status ask_support(struct row *row, char *reason)
{
    json_t *reply, *request = protocol_case(&row->result->task);
    if (parameters_of(row)[0] != '\0')
        json_object_set_new(request, "parameters", json_string(parameters_of(row)));
    enum hcb_status status = link_call(row->actor->link, "support", request, &reply, reason);
    if (status == HCB_OK &&
        json_unpack(reply, "{s:F !}", "scratch_bytes", &row->scratch_bytes) != 0)
        status = misunderstood(reason);
    json_decref(reply);
    return status;
}

static enum hcb_status ask_room(struct session *session, struct row *row, char *reason)
{
    const enum hcb_status status = ask_support(row, reason);
    return status == HCB_OK ? memory_check(session, row, reason) : status;
}

enum hcb_status row_ask(struct session *session, struct row *row, char *reason)
{
    enum hcb_status status = ready(session, row, reason);
    if (status == HCB_OK)
        status = count_roundings(session, row->result, reason);
    if (status == HCB_OK)
        status = find_tuned(session, row, reason);
    if (status == HCB_OK)
        status = ask_room(session, row, reason);
    return falls_back(row, status, reason) ? ask_room(session, row, reason) : status;
}

enum hcb_status row_start(struct session *session, struct row *row, char *reason)
{
    enum hcb_status status = ready(session, row, reason);
    if (status == HCB_OK && !row->actor->holds_inputs)
        status = give_inputs(session, row, HCB_FILL_INTEGER, reason);
    if (status != HCB_OK)
        return status;
    status = prepare(session, row, reason);
    if (falls_back(row, status, reason))
        status = prepare(session, row, reason);
    if (row->ignored[0] != '\0')
        hcb_result_warn(row->result, "tuned parameters are ignored: %s", row->ignored);
    return status;
}

enum hcb_status row_refill(struct session *session, struct row *row, char *reason)
{
    if (row->actor->holds_inputs)
        return HCB_OK;
    return give_inputs(session, row, session->options->fill, reason);
}

/* ------------------------------------------------------------------- sampling */

/* Adds the times in a reply to a clock, and to *sum. */
static bool add_samples(struct hcb_clock_result *clock, uint32_t round, const json_t *array, double *sum)
{
    const size_t count = json_array_size(array);
    double *samples = malloc((count + 1) * sizeof *samples);
    bool good = samples != NULL && json_is_array(array);
    for (size_t i = 0; i < count && good; i++) {
        samples[i] = json_number_value(json_array_get(array, i));
        *sum += samples[i];
        good = samples[i] > 0;
    }
    good = good && hcb_clock_add(clock, round, samples, count);
    free(samples);
    return good;
}

/* Asks for `count` windows.  *reply must be freed. */
static enum hcb_status ask_windows(struct row *row, unsigned count, json_t **reply, json_t **kernel,
                                   json_t **wall, json_t **sensors, char *reason)
{
    json_t *request = about(row);
    json_object_set_new(request, "launches", json_integer(row->windows.launches));
    json_object_set_new(request, "count", json_integer(count));
    enum hcb_status status = link_call(row->actor->link, "sample", request, reply, reason);
    if (status == HCB_OK && json_unpack(*reply, "{s:o, s:o, s:o !}", "kernel", kernel, "wall", wall,
                                        "sensors", sensors) != 0)
        status = misunderstood(reason);
    return status;
}

/* A window that does not count, not even when the device's clock says 0. */
static enum hcb_status drop_window(struct row *row, double *launch_s, char *reason)
{
    json_t *reply, *kernel, *wall, *sensors;
    enum hcb_status status = ask_windows(row, 1, &reply, &kernel, &wall, &sensors, reason);
    *launch_s = status == HCB_OK ? json_number_value(json_array_get(wall, 0)) : (double)NAN;
    json_decref(reply);
    return status;
}

static double window_s(const struct session *session, const struct row *row)
{
    return sampling_window_s(session->options, row->actor->info);
}

enum hcb_status row_run_once(struct session *session, struct row *row, char *reason)
{
    (void)session;
    row->windows.launches = 1;
    return drop_window(row, &row->windows.launch_s, reason);
}

enum hcb_status row_warm_up(struct session *session, struct row *row, char *reason)
{
    const struct options *options = session->options;
    double times[3], spent_s = 0; /* the last three windows */
    size_t count = 0;
    progress_show(session->finished, row->result, "warming up");
    enum hcb_status status = row_run_once(session, row, reason);
    while (status == HCB_OK) {
        const bool settled = count >= options->warmup &&
                             (count == 0 || sampling_has_settled(times, count < 3 ? count : 3));
        row->windows.launches = sampling_launches(window_s(session, row), row->windows.launch_s);
        if (settled || spent_s > options->max_time_s / 3)
            break;
        double *const time = &times[count++ % 3];
        status = drop_window(row, time, reason);
        spent_s += *time * row->windows.launches;
        /* The fastest: the first launches may be slow, and a window must be filled. */
        row->windows.launch_s = fmin(row->windows.launch_s, *time);
    }
    row->result->launches = row->windows.launches;
    return status;
}

enum hcb_status row_sample(struct session *session, struct row *row, struct hcb_result *into,
                           uint32_t round, char *reason)
{
    const double one_s = row->windows.launches * row->windows.launch_s;
    const unsigned count = sampling_block(session->options, one_s);
    json_t *reply, *kernel, *wall, *sensors;
    double device_s = 0, host_s = 0;
    progress_show(session->finished, row->result, "sampling");
    enum hcb_status status = ask_windows(row, count, &reply, &kernel, &wall, &sensors, reason);
    if (status == HCB_OK && (!add_samples(&into->kernel, round, kernel, &device_s) ||
                             !add_samples(&into->wall, round, wall, &host_s))) {
        snprintf(reason, HCB_REASON_SIZE, "a clock gave a time that is not positive");
        status = HCB_ERROR;
    }
    if (status == HCB_OK && !power_add(into, sensors))
        status = misunderstood(reason);
    if (into == row->result)
        row->windows.spent_s += host_s * row->windows.launches;
    json_decref(reply);
    return status;
}

/* ------------------------------------------------------------------ end to end */

static void add_copies(double *median, struct hcb_clock_result *clock, uint32_t round, const json_t *array)
{
    double sum = 0;
    if (add_samples(clock, round, array, &sum) && clock->summary.n > 0)
        *median = clock->summary.median;
}

enum hcb_status row_transfer(struct session *session, struct row *row, struct hcb_result *into,
                             uint32_t round, char *reason)
{
    /* Before the first pass: a launch and copies that take as long. */
    const struct hcb_summary *known = &into->end_to_end.summary;
    const double one_s = known->n > 0 ? known->median : 2 * fmax(row->windows.launch_s, 1e-5);
    const unsigned count = sampling_passes_block(session->options, one_s);
    json_t *reply, *total, *upload, *download, *request = about(row);
    double spent_s = 0;
    progress_show(session->finished, row->result, "end to end");
    json_object_set_new(request, "count", json_integer(count));
    enum hcb_status status = link_call(row->actor->link, "transfer", request, &reply, reason);
    if (status == HCB_OK && json_unpack(reply, "{s:o, s:o, s:o !}", "end_to_end", &total, "upload",
                                        &upload, "download", &download) != 0)
        status = misunderstood(reason);
    if (status == HCB_OK && !add_samples(&into->end_to_end, round, total, &spent_s)) {
        snprintf(reason, HCB_REASON_SIZE, "the end-to-end clock gave a time that is not positive");
        status = HCB_ERROR;
    }
    if (status == HCB_OK && into == row->result) {
        add_copies(&into->upload_s, &row->uploads, round, upload);
        add_copies(&into->download_s, &row->downloads, round, download);
    }
    if (into == row->result)
        row->passes.spent_s += spent_s;
    json_decref(reply);
    return status;
}

/* ---------------------------------------------------------------- verification */

enum hcb_status row_verify(struct session *session, struct row *row, char *reason)
{
    struct hcb_result *result = row->result;
    json_t *reply, *error;
    progress_show(session->finished, result, "verifying");
    enum hcb_status status =
        link_call(row->actor->link, "verify", about_with_seed(session, row), &reply, reason);
    if (status == HCB_OK && json_unpack(reply, "{s:F, s?F, s:o !}", "device_peak_bytes",
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

/* ---------------------------------------------------------------------- energy */

static enum hcb_status ask_energy(struct row *row, char *reason)
{
    json_t *reply, *request = about(row);
    json_object_set_new(request, "launches", json_integer(row->windows.launches));
    enum hcb_status status = link_call(row->actor->link, "energy", request, &reply, reason);
    if (status == HCB_OK && !power_energy(row->result, reply))
        status = misunderstood(reason);
    json_decref(reply);
    return status;
}

enum hcb_status row_energy(struct session *session, struct row *row, char *reason)
{
    const struct device_sensors *sensors = row->actor->sensors;
    const bool readable = sensors->source[HCB_SENSOR_ENERGY][0] != '\0' ||
                          sensors->source[HCB_SENSOR_POWER][0] != '\0';
    const double longest_s = METER_LONGEST_S + 3 * row->windows.launches * row->windows.launch_s;
    enum hcb_status status = HCB_OK;
    if (readable && longest_s < session->options->timeout_s) {
        progress_show(session->finished, row->result, "measuring energy");
        status = ask_energy(row, reason);
        if (status == HCB_OK)
            row->busy |= !link_settle(row->actor->link);
        if (status == HCB_OK)
            status = row_verify(session, row, reason);
    }
    if (status == HCB_OK)
        power_finish(row->result);
    return status;
}
