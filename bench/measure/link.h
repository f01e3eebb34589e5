/* SPDX-License-Identifier: Apache-2.0 */
/* The conductor's connection to one worker: starts it, asks it, and outlives its
 * crashes and hangs. */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include <hcbench.h>
#include <jansson.h>

struct link;

struct link_options {
    bool isolate;                   /* false: the worker is part of this process */
    double timeout_s;               /* per request */
    const char *const *environment; /* "NAME=VALUE" besides ours, NULL after the last; or NULL */
};

/* Starts a worker and greets it.  HCB_OK and *link, or what went wrong in
 * `reason` (HCB_REASON_SIZE bytes). */
enum hcb_status link_open(const struct link_options *options, struct link **link, char *reason);
/* Ends the worker: asks it to quit, and kills it when it does not.  Accepts NULL. */
void link_close(struct link *link);

/* Sends `request` (taken over; "id" and "step" are added) and waits.  *reply is
 * the worker's answer and must be freed, whatever the status, unless NULL.
 * HCB_CRASHED and HCB_TIMEOUT leave a dead link, which only link_close takes;
 * HCB_SKIPPED means that the user wants to stop.  `reason` is filled in on
 * anything but HCB_OK. */
enum hcb_status link_call(struct link *link, const char *step, json_t *request, json_t **reply,
                          char *reason);
/* The same for a reply without members. */
enum hcb_status link_tell(struct link *link, const char *step, json_t *request, char *reason);

/* Waits until no thread of the worker, which has answered, is running: threads of a
 * BLAS or a driver look for work for a while before they sleep, and the next block
 * belongs to another device.  Takes 1 ms when they sleep, and at most 50 ms; false
 * when one still runs then.  True at once without isolation, and where a process
 * does not see the threads of another. */
bool link_settle(const struct link *link);
/* Processor time of the worker and all of its threads so far, in seconds; NaN
 * without isolation, or when it cannot be read. */
double link_cpu_s(const struct link *link);

/* From now on SIGINT and SIGTERM only make link_call return HCB_SKIPPED, and
 * writing to a closed pipe is an error instead of a signal. */
void link_catch_signals(void);
/* The signal that asked to stop, or 0. */
int link_interrupted(void);

#endif
