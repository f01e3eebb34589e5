/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of a case fit into memory side by side, this machine's and the devices':
 * all that is alive at one time counts.  Allocates nothing. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include "measure/row.h"

/* Bytes of this machine's memory that the rows that are not finished need while they
 * run together: the inputs once per worker, on the host and on a device that lives in
 * the host's memory; an output of each plan, likewise; the plans' scratch memory; and
 * one verification at a time. */
double memory_host_bytes(const struct row *rows, size_t count);

/* HCB_UNSUPPORTED, with the reason, when this machine's memory cannot hold the row even
 * alone.  A device's was asked for by hcb_device_supports. */
enum hcb_status memory_check(const struct session *session, const struct row *row, char *reason);

/* How many rows, from the first on, fit together; at least 1. */
size_t memory_fit(const struct session *session, const struct row *rows, size_t count);

#endif
