/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of upload and download.  Internal to src/. */
#ifndef HCB_TRANSFER_H
#define HCB_TRANSFER_H

#include "platform.h"

bool hcbi_is_transfer(enum hcb_op op);

/* As the platforms' callbacks of the same names. */
enum hcb_status hcbi_transfer_supports(struct hcb_device *device, const struct hcb_case *c);
enum hcb_status hcbi_transfer_new(struct hcb_plan *plan);
void hcbi_transfer_free(struct hcb_plan *plan);
/* Only the copies between host and device are timed. */
enum hcb_status hcbi_transfer_run(struct hcb_plan *plan, uint32_t launches,
                                  struct hcb_timing *timing);

#endif
