/* SPDX-License-Identifier: Apache-2.0 */
/* The null platform's synthetic devices: times that follow from a cost model, on a
 * clock that moves by them.  The words are explained in null.c. */
#ifndef HCB_NULL_MODEL_H
#define HCB_NULL_MODEL_H

#include "platform.h"

struct null_model {
    bool on;   /* the behaviour is a model */
    bool host; /* plays the CPU */
    double launch_s, setup_s, copy_s; /* seconds of each launch, plan and copy */
    double flops, bytes, upload, download; /* per second; 0: costs nothing */
    double cache, spill; /* operand bytes past which a launch takes `spill` times as long */
    double noise;        /* standard deviation of the logarithm, window by window */
    double drift;        /* the same of what all devices of one seed share */
    double period_s;     /* of the drift */
    double outliers;     /* share of windows that are 1.5 to 4 times too long */
    double seed;
    double tuned; /* the fastest tile, 0: all are; below 0: the kernels have no parameters */
    double wrong, crash, hang, fail, refuse, breaks; /* tiles that do that; 0: none */
    double scratch, memory; /* bytes: of a plan; of the device, 0: 1 GiB */
    double limit; /* of tile x unroll; 0: none */
};

/* The parameters, in the order of the plan's values. */
enum { NULL_TILE, NULL_UNROLL };
void hcbi_null_model_parameters(const struct null_model *model, struct hcb_parameters *parameters);
/* Bytes of a plan, by its tile. */
uint64_t hcbi_null_model_scratch(const struct null_model *model, const uint64_t *values);
/* By what a launch takes longer for its parameters. */
double hcbi_null_model_detour(const struct null_model *model, const uint64_t *values);

/* Reads "model:NAME=NUMBER:...".  True for any other behaviour too, with the model
 * off; false for a model with a word that is unknown, which `wrong` then holds. */
bool hcbi_null_model_read(const char *behaviour, struct null_model *model, char *wrong,
                          size_t size);

/* Seconds of one launch and of one copy, without noise. */
double hcbi_null_model_launch_s(const struct null_model *model, const struct hcb_case *c);
double hcbi_null_model_copy_s(const struct null_model *model, double rate, uint64_t bytes);

/* By what a time that begins at now_s is longer than the model says.  The same for
 * the same model, device, draw and time. */
double hcbi_null_model_factor(const struct null_model *model, size_t device, uint64_t draw,
                              double now_s);

/* A clock that only moves when it is told to: `own`, or the number in the file
 * that HCBENCH_NULL_CLOCK names, which the workers of a run share. */
struct null_clock {
    uint64_t *ns;
    uint64_t own;
};
/* `clock` must not move in memory afterwards. */
enum hcb_status hcbi_null_clock_open(struct hcb_ctx *ctx, struct null_clock *clock);
void hcbi_null_clock_close(struct null_clock *clock);

/* Computes the output in f64, rounded once.  HCB_ERROR when memory is short. */
enum hcb_status hcbi_null_compute(const struct hcb_case *c,
                                  const void *const inputs[HCB_INPUTS_MAX], void *output);

#endif
