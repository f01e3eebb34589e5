/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "actor.h"

void actor_stop(struct actor *actor)
{
    link_close(actor->link);
    actor->link = NULL;
    actor->holds_inputs = false;
}

#define SOON_ASLEEP "OPENBLAS_THREAD_TIMEOUT=20"

enum hcb_status actor_ready(const struct session *session, struct actor *actor)
{
    /* A BLAS in a worker that does not use it must not start threads, and where it
     * is used its threads must sleep soon after a call (2^20 cycles instead of
     * 2^26): the next block belongs to another device. */
    const char *for_cpu[] = {SOON_ASLEEP, session->core_variable, NULL},
               *for_others[] = {"OPENBLAS_NUM_THREADS=1", NULL};
    struct link_options how = session->how;
    if (actor->refused != HCB_OK || actor->link != NULL)
        return actor->refused;
    if (session->core_variable[0] == '\0')
        for_cpu[1] = NULL;
    how.environment = strcmp(actor->info->platform, "cpu") == 0 ? for_cpu : for_others;
    enum hcb_status status = link_open(&how, &actor->link, actor->reason);
    if (status == HCB_OK) {
        json_t *request = json_pack("{s:s}", "device", actor->info->id);
        if (session->options->kernel_dir != NULL)
            json_object_set_new(request, "kernel_dir", json_string(session->options->kernel_dir));
        status = link_tell(actor->link, "open", request, actor->reason);
    }
    if (status != HCB_OK) {
        actor_stop(actor);
        actor->refused = status == HCB_SKIPPED ? HCB_OK : status;
    }
    return status;
}
