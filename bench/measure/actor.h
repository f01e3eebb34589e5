/* SPDX-License-Identifier: Apache-2.0 */
/* The worker of a device, as the conductor sees it: started when it is needed,
 * again after it was lost, and never for a device that cannot be opened. */
#ifndef BENCH_ACTOR_H
#define BENCH_ACTOR_H

#include <hcbench.h>

#include "measure/fair_cpu.h"
#include "measure/link.h"
#include "measure/roundings.h"
#include "record.h"

struct store;

/* What holds for all devices of an invocation. */
struct session {
    const struct options *options;
    double memory_bytes; /* of this machine; 0: unknown */
    struct link_options how;
    struct cpu_variables cpu; /* for the CPU's worker; not to be copied */
    size_t finished;          /* rows, for the progress line */
    const struct store *tuned; /* parameters to use; NULL: those of the tables */
    struct roundings roundings; /* of scaled operands */
};

struct actor {
    const struct hcb_device_info *info;
    struct link *link;       /* NULL: not running */
    struct device_sensors *sensors; /* filled in when the worker starts to run rows */
    bool holds_inputs;       /* of the rows at hand */
    enum hcb_status refused; /* not HCB_OK: the device cannot be opened */
    char reason[HCB_REASON_SIZE];
};

/* Starts the device's worker when it does not run.  On anything but HCB_OK the
 * actor's reason says why; a device that cannot be opened stays refused. */
enum hcb_status actor_ready(const struct session *session, struct actor *actor);
void actor_stop(struct actor *actor);

#endif
