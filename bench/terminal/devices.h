/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables say of devices. */
#ifndef BENCH_DEVICES_H
#define BENCH_DEVICES_H

#include "terminal/page.h"

/* The devices, one line each, the CPU baseline, and platforms without a device. */
void devices_print(const struct record *record, struct page *page);
/* Platforms that were asked for and gave no device, with the reason. */
void absences_print(const struct record *record, struct page *page);

/* Is it what the others are compared with: the CPU, or a device for tests that plays
 * it? */
bool device_is_baseline(const struct hcb_device_info *info);

#endif
