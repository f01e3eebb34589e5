/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices are one piece of hardware? */
#ifndef BENCH_SILICON_H
#define BENCH_SILICON_H

#include "record.h"

/* The same hardware have: two devices with one PCI address; two with one device
 * UUID; the CPU and all drivers that compute on it.  Two devices of one platform
 * whose UUIDs differ are parts of a card, whatever their address.  An address or
 * UUID of zeros is none.  Names join nothing: two cards of a model have the same. */
bool same_hardware(const struct hcb_device_info *a, const struct hcb_device_info *b);

/* Fills in same_as and duplicate_of of every device.
 *
 * A duplicate is what one driver lists twice: two devices of one platform with the
 * same hardware, driver, version, name and size. */
void join_devices(struct device_record *devices, size_t count);

#endif
