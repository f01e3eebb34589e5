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

/* The same for rows that are thought of on the way.  The record's devices are
 * there and stay where they are.  Opens the journal and chooses the BLAS's core
 * type; NULL after one line on stderr.  `expected`: rows in all, for the progress
 * line; 0 if unknown. */
struct conductor *conductor_open(struct record *record, size_t expected);
/* Runs rows of the record that are one case (op, precision, shape), made by
 * hcb_result_init, those of a device next to each other: interleaved, verified, with speedups.  After an
 * interruption they are HCB_SKIPPED. */
void conductor_run(struct conductor *conductor, struct hcb_result *rows, size_t count);
/* The same for rows that are not the record's, sampled as `options` say: without
 * end-to-end passes and energy, and not in the journal.  Rows of one device and impl
 * may differ in their `parameters`, up to PROTOCOL_SLOTS of them. */
void conductor_try(struct conductor *conductor, const struct options *options,
                   struct hcb_result *rows, size_t count);
/* The parameters of a row's kernels.  On anything but HCB_OK its reason says why. */
enum hcb_status conductor_parameters(struct conductor *conductor, struct hcb_result *result,
                                     struct hcb_parameters *parameters);
/* Ends the workers, and the journal too unless it was interrupted.  Accepts
 * NULL. */
void conductor_close(struct conductor *conductor);

/* EXIT_DONE or EXIT_BAD_ROW or EXIT_NO_DEVICE for a record that was run. */
int record_exit_status(const struct record *record);

#endif
