/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters that `hcbench tune` found, kept between runs: a small JSON file for each
 * device, driver version, kernel and case, in $XDG_CACHE_HOME/hcbench.  No file is ever
 * changed, only replaced as a whole, so searches at the same time do not get in each
 * other's way.  Whatever is in the files, nothing that does not fit is used. */
#ifndef BENCH_STORE_H
#define BENCH_STORE_H

#include <hcbench.h>
#include <jansson.h>

struct record;
struct store;

/* Reads all files.  Those that are damaged are left out, after one line on stderr.  NULL
 * when there are none; the functions below accept that. */
struct store *store_open(void);
void store_close(struct store *store);

/* Is there anything about this op, impl and precision on a device of this name? */
bool store_knows(const struct store *store, const struct hcb_device_info *device,
                 const struct hcb_case *c);
/* The parameters for a case whose kernels have `parameters`: those that were found for the
 * same shape, else for the largest of which the case has at least half of each extent, and at
 * most four times; and beside the same table, without which they prove nothing.  False,
 * with `values` untouched, when those are the table's own or there are none; `why` then
 * says that there are some that are out of date and none that are not, or is "". */
bool store_find(const struct store *store, const struct hcb_device_info *device,
                const struct hcb_parameters *parameters, const struct hcb_case *c,
                uint64_t values[HCB_PARAMETERS_MAX], char *why, size_t size);

/* Can files be written?  Makes the folder.  False after one line on stderr. */
bool store_check(void);
/* Keeps values, in place of those of the same case; the table's where nothing is faster, so
 * that no other shape's are used.  False after one line on stderr. */
bool store_keep(const struct hcb_device_info *device, const struct hcb_parameters *parameters,
                const struct hcb_case *c, const uint64_t values[HCB_PARAMETERS_MAX]);

/* What is about the record's devices, as an array for its journal; NULL when memory is
 * short. */
json_t *store_json(const struct store *store, const struct record *record);
/* From such an array.  NULL when it is none, or memory is short. */
struct store *store_from_json(const json_t *array);

#endif
