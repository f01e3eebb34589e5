/* SPDX-License-Identifier: Apache-2.0 */
/* Joins devices that are one piece of hardware, by what their drivers say of
 * them. */
#include "config.h"

#include <string.h>

#include "measure/silicon.h"

static bool is_test(const struct hcb_device_info *info)
{
    return hcb_platform_is_test((unsigned)hcb_word(hcb_platform_name, info->platform));
}

static bool on_cpu(const struct hcb_device_info *info)
{
    return info->type == HCB_DEVICE_CPU || info->software;
}

/* Drivers without an identity may give zeros. */
static bool is_known(const char *identity)
{
    return identity[strspn(identity, "0:.-")] != '\0';
}

static bool equal(const char *a, const char *b)
{
    return is_known(a) && strcmp(a, b) == 0;
}

static bool same_platform(const struct hcb_device_info *a, const struct hcb_device_info *b)
{
    return strcmp(a->platform, b->platform) == 0;
}

bool same_hardware(const struct hcb_device_info *a, const struct hcb_device_info *b)
{
    if (is_test(a) || is_test(b))
        return false;
    if (on_cpu(a) || on_cpu(b))
        return on_cpu(a) && on_cpu(b);
    if (same_platform(a, b) && is_known(a->uuid) && is_known(b->uuid))
        return equal(a->uuid, b->uuid);
    return equal(a->pci, b->pci) || equal(a->uuid, b->uuid);
}

static bool is_duplicate(const struct hcb_device_info *a, const struct hcb_device_info *b)
{
    return same_platform(a, b) && same_hardware(a, b) && strcmp(a->driver, b->driver) == 0 &&
           strcmp(a->driver_version, b->driver_version) == 0 && strcmp(a->name, b->name) == 0 &&
           a->type == b->type && a->compute_units == b->compute_units &&
           a->memory_bytes == b->memory_bytes;
}

static void join(struct device_record *device, const struct device_record *devices, size_t count)
{
    const size_t room = sizeof device->same_as / sizeof *device->same_as;
    size_t known = 0;
    memset(device->same_as, 0, sizeof device->same_as);
    memset(device->duplicate_of, 0, sizeof device->duplicate_of);
    for (size_t i = 0; i < count; i++) {
        const struct hcb_device_info *other = &devices[i].info;
        if (&devices[i] != device && known < room && same_hardware(&device->info, other))
            memcpy(device->same_as[known++], other->id, sizeof other->id);
        if (&devices[i] < device && device->duplicate_of[0] == '\0' &&
            is_duplicate(&device->info, other))
            memcpy(device->duplicate_of, other->id, sizeof other->id);
    }
}

void join_devices(struct device_record *devices, size_t count)
{
    for (size_t i = 0; i < count; i++)
        join(&devices[i], devices, count);
}

bool record_leaves_out(const struct record *record, const struct device_record *device)
{
    return device->duplicate_of[0] != '\0' && record->options != NULL &&
           record->options->device_count == 0;
}
