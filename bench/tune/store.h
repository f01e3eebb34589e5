/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters that `hcbench tune` found, kept between runs: a small JSON file for each
 * device, driver version and kernel, in $XDG_CACHE_HOME/hcbench.  Whatever is in the
 * files, nothing that does not fit is used. */
#ifndef BENCH_STORE_H
#define BENCH_STORE_H

#include <hcbench.h>

struct store;

/* Reads all files.  Those that are damaged are left out, after one line on stderr.  NULL
 * when there are none; the functions below accept that. */
struct store *store_open(void);
void store_close(struct store *store);

/* Is there anything about this op, impl and precision on a device of this name? */
bool store_knows(const struct store *store, const struct hcb_device_info *device,
                 const struct hcb_case *c);
/* The parameters for a case: those that were found for the largest shape of which the
 * case has at least half of each extent, and at most four times.  NULL when there are none; `why` then says
 * that others are out of date, or is "". */
const char *store_find(const struct store *store, const struct hcb_device_info *device,
                       const char *kernel_sha256, const struct hcb_case *c, char *why, size_t size);

/* Can files be written?  Makes the folder.  False after one line on stderr. */
bool store_check(void);
/* Keeps parameters, in place of those of the same case; NULL: forgets them.  The file is
 * replaced as a whole.  False after one line on stderr. */
bool store_keep(const struct hcb_device_info *device, const char *kernel_sha256,
                const struct hcb_case *c, const char *parameters);

#endif
