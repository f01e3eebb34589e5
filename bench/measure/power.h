/* SPDX-License-Identifier: Apache-2.0 */
/* What the sensors' readings make of a row: clock, temperature and slowdowns of
 * its blocks, energy, and the warnings about them. */
#ifndef BENCH_POWER_H
#define BENCH_POWER_H

#include <hcbench.h>
#include <jansson.h>

#include "record.h"

/* Reads the reply of the step `sensors`: what is read of a device, and why not. */
bool power_describe(const json_t *reply, struct device_sensors *sensors);
/* Adds the member `sensors` of a block's reply to its row. */
bool power_add(struct hcb_result *result, const json_t *readings);
/* Reads the reply of the step `energy`. */
bool power_energy(struct hcb_result *result, const json_t *reply);
/* Warnings, when the row has all its blocks. */
void power_finish(struct hcb_result *result);

#endif
