/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "measure/actor.h"
#include "measure/power.h"

void actor_stop(struct actor *actor)
{
    link_close(actor->link);
    actor->link = NULL;
    actor->holds_inputs = false;
}

/* What can be read of the device; nothing is read where nothing is timed. */
static enum hcb_status ask_sensors(const struct session *session, struct actor *actor)
{
    json_t *reply;
    if (session->options->command == COMMAND_VERIFY)
        return HCB_OK;
    enum hcb_status status = link_call(actor->link, "sensors", NULL, &reply, actor->reason);
    if (status == HCB_OK && !power_describe(reply, actor->sensors)) {
        snprintf(actor->reason, sizeof actor->reason, "the worker's sensors are not understood");
        status = HCB_ERROR;
    }
    json_decref(reply);
    return status;
}

enum hcb_status actor_ready(const struct session *session, struct actor *actor)
{
    /* A BLAS in a worker that does not use it must not start threads. */
    static const char *const for_others[] = {"OPENBLAS_NUM_THREADS=1", NULL};
    struct link_options how = session->how;
    if (actor->refused != HCB_OK || actor->link != NULL)
        return actor->refused;
    how.environment = strcmp(actor->info->platform, "cpu") == 0 ? session->cpu.list : for_others;
    enum hcb_status status = link_open(&how, &actor->link, actor->reason);
    if (status == HCB_OK) {
        json_t *request = json_pack("{s:s}", "device", actor->info->id);
        if (session->options->kernel_dir != NULL)
            json_object_set_new(request, "kernel_dir", json_string(session->options->kernel_dir));
        status = link_tell(actor->link, "open", request, actor->reason);
    }
    if (status == HCB_OK)
        status = ask_sensors(session, actor);
    if (status != HCB_OK) {
        actor_stop(actor);
        actor->refused = status == HCB_SKIPPED ? HCB_OK : status;
    }
    return status;
}
