/* SPDX-License-Identifier: Apache-2.0 */
/* Which core type should the BLAS take this processor for?  Measured, because
 * what it detects may be wrong. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fair_cpu.h"
#include "protocol.h"

enum { TRIALS = 3 };                       /* candidates besides the detected one */
static const double better_by = 1.05;      /* less is noise */
static const uint64_t trial_extent = 768;  /* 2.3 ms at 400 GFLOP/s */

/* What a trial found. */
struct trial {
    struct hcb_device_info info; /* of the CPU device in that worker */
    double seconds;              /* best of a few launches; NaN: did not run */
};

static json_t *impl_request(void)
{
    return json_pack("{s:s}", "impl", hcb_impl_name(HCB_IMPL_OPENBLAS));
}

static enum hcb_status prepare_trial(struct link *link, const char *device, char *reason)
{
    const struct hcb_case task = {HCB_OP_MATMUL, HCB_IMPL_OPENBLAS, HCB_PRECISION_F32,
                                  {trial_extent, trial_extent, trial_extent}};
    json_t *inputs = protocol_case(&task), *reply = NULL;
    json_object_del(inputs, "impl");
    json_object_set_new(inputs, "fill", json_string("uniform"));
    json_object_set_new(inputs, "seed", json_integer(1));
    enum hcb_status status =
        link_tell(link, "open", json_pack("{s:s}", "device", device), reason);
    if (status == HCB_OK)
        status = link_tell(link, "inputs", inputs, reason);
    else
        json_decref(inputs);
    if (status == HCB_OK)
        status = link_call(link, "prepare", impl_request(), &reply, reason);
    json_decref(reply);
    return status;
}

static double time_trial(struct link *link, char *reason)
{
    json_t *request = impl_request(), *reply;
    double best = (double)NAN;
    json_object_set_new(request, "launches", json_integer(4));
    json_object_set_new(request, "count", json_integer(8));
    if (link_call(link, "sample", request, &reply, reason) == HCB_OK) {
        const json_t *wall = json_object_get(reply, "wall");
        for (size_t i = 0; i < json_array_size(wall); i++)
            best = fmin(best, json_number_value(json_array_get(wall, i)));
    }
    json_decref(reply);
    return best;
}

/* The device as a worker with this environment sees it. */
static bool describe(struct link *link, const char *device, struct hcb_device_info *info, char *reason)
{
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

static struct trial try_core(const struct link_options *how, const char *device, const char *variable)
{
    const char *const environment[] = {variable, NULL};
    struct link_options with_core = *how;
    struct trial trial = {.seconds = (double)NAN};
    char reason[HCB_REASON_SIZE];
    struct link *link;
    with_core.environment = variable != NULL ? environment : NULL;
    if (link_open(&with_core, &link, reason) != HCB_OK)
        return trial;
    if (describe(link, device, &trial.info, reason) && prepare_trial(link, device, reason) == HCB_OK)
        trial.seconds = time_trial(link, reason);
    link_close(link);
    return trial;
}

static struct device_record *cpu_device(struct record *record)
{
    for (size_t i = 0; i < record->device_count; i++)
        if (strcmp(record->devices[i].info.platform, "cpu") == 0 &&
            record->devices[i].info.target[0] != '\0')
            return &record->devices[i];
    return NULL;
}

void choose_blas_core(struct record *record, const struct link_options *how, char *variable, size_t size)
{
    struct device_record *cpu = cpu_device(record);
    variable[0] = '\0';
    if (cpu == NULL || !how->isolate || getenv("OPENBLAS_CORETYPE") != NULL)
        return;
    const struct trial detected = try_core(how, cpu->info.id, NULL);
    struct trial best = detected;
    for (unsigned i = 0; i < TRIALS && hcb_blas_core_candidate(i) != NULL; i++) {
        char setting[80];
        snprintf(setting, sizeof setting, "OPENBLAS_CORETYPE=%s", hcb_blas_core_candidate(i));
        const struct trial trial = try_core(how, cpu->info.id, setting);
        const double bar = best.info.target[0] == detected.info.target[0] &&
                                   strcmp(best.info.target, detected.info.target) == 0
                               ? better_by
                               : 1;
        if (trial.seconds * bar < best.seconds) {
            best = trial;
            snprintf(variable, size, "%s", setting);
        }
    }
    if (!(detected.seconds > 0))
        return;
    snprintf(record->blas_core_detected, sizeof record->blas_core_detected, "%s", detected.info.target);
    record->blas_fair_ratio = best.seconds / detected.seconds;
    cpu->info = best.info;
}
