/* SPDX-License-Identifier: Apache-2.0 */
/* A result row while it is measured: what is asked of the worker, step by step.
 * A step returns HCB_OK or what went wrong, in `reason` (HCB_REASON_SIZE bytes);
 * what is to be done about it is the conductor's business. */
#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include "measure/actor.h"
#include "measure/sampling.h"

enum phase { PENDING, LIVE, FINISHED };

struct row {
    struct hcb_result *result;
    /* The same plan measured a second time, for --against-itself; else NULL. */
    struct hcb_result *twin;
    struct actor *actor;
    enum phase phase;
    struct sampling windows, passes; /* data resident; end to end */
    bool sampled, passed;            /* has enough of them */
    bool busy;                       /* its threads did not go to sleep after a block */
    char asked[HCB_PARAMETERS_SIZE]; /* parameters that it must have; "": as the session has it */
    char tuned[HCB_PARAMETERS_SIZE]; /* those of the session, as row_ask found them; "": the table's */
    char ignored[HCB_REASON_SIZE];   /* why the session's are not used, or "" */
    unsigned slot;                   /* of the worker's plans; rows of one device and impl differ in it */
    double scratch_bytes; /* that its plan takes of the device's memory, as row_ask was told */
    struct hcb_clock_result uploads, downloads;
};

typedef enum hcb_status row_step(struct session *session, struct row *row, char *reason);

/* Whether and with how much memory the device can run it.  Allocates nothing for it;
 * starts the worker when it does not run. */
row_step row_ask;
/* Everything else before the first sample, ending with the exact check on integers. */
row_step row_start;
/* The parameters that its kernels have; starts the worker when it does not run. */
enum hcb_status row_parameters(struct session *session, struct row *row,
                               struct hcb_parameters *parameters, char *reason);
/* The inputs that are timed; the first row of a device asks for all. */
row_step row_refill;
/* Dropped windows, until the times settle; finds out how many launches make one. */
row_step row_warm_up;
/* One launch, untimed. */
row_step row_run_once;
/* Compares the output with the reference. */
row_step row_verify;

/* Joules per launch, where something counts them, and what those launches wrote;
 * then what all readings together say of the row. */
row_step row_energy;

/* One block of windows, or of end-to-end passes, into the row's result or its
 * twin's. */
enum hcb_status row_sample(struct session *session, struct row *row, struct hcb_result *into,
                           uint32_t round, char *reason);
enum hcb_status row_transfer(struct session *session, struct row *row, struct hcb_result *into,
                             uint32_t round, char *reason);

#endif
