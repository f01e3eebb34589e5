/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of typed elements as doubles.  Internal to src/. */
#ifndef HCB_FORMATS_H
#define HCB_FORMATS_H

#include "hcbench.h"

/* to[l * step] = element first + l * stride, for l < count. */
void hcbi_load_run(enum hcb_type type, const void *array, uint64_t first, uint64_t stride, double *to,
                   size_t step, size_t count);
/* Element first + l = values[l], rounded as hcb_type_store does. */
void hcbi_store_run(enum hcb_type type, void *array, uint64_t first, const double *values, size_t count);

#endif
