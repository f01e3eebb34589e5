/* SPDX-License-Identifier: Apache-2.0 */
/* Runs what was asked for, through workers, into a record. */
#ifndef BENCH_CONDUCTOR_H
#define BENCH_CONDUCTOR_H

#include "record.h"

/* Fills in the record's devices and absences.  With `supports`, asks each device
 * what it supports too.  Returns EXIT_DONE, or EXIT_NO_DEVICE after one line on
 * stderr. */
int discover_devices(struct record *record, bool supports);

/* Makes the result rows that the options ask for on the record's devices, each
 * HCB_SKIPPED until it is run.  Ordered by op, precision, shape, device, impl. */
bool make_rows(struct record *record);

/* Runs every row of the record: measured, or only verified.  Rows that an
 * interruption left undone stay HCB_SKIPPED.  False after one line on stderr
 * when the journal could not be opened. */
bool conduct(struct record *record);

/* EXIT_DONE or EXIT_BAD_ROW or EXIT_NO_DEVICE for a record that was run. */
int record_exit_status(const struct record *record);

#endif
