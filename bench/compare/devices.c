/* SPDX-License-Identifier: Apache-2.0 */
/* Which device of one record is which of the other. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"

typedef const struct hcb_device_info *device;

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool both_say(const char *a, const char *b)
{
    return a[0] != '\0' && b[0] != '\0';
}

static bool is_one_host(const struct comparison *c)
{
    return same(c->base->environment.host, c->now->environment.host);
}

static bool is_processor(device a)
{
    return a->type == HCB_DEVICE_CPU || a->software;
}

/* Slots have the same numbers on every host. */
static bool in_one_slot(const struct comparison *c, device a, device b)
{
    return is_one_host(c) && both_say(a->pci, b->pci) && same(a->pci, b->pci);
}

/* Drivers that compute on the processor make up their identifiers. */
enum hardware compare_hardware(const struct comparison *c, device a, device b)
{
    if (is_processor(a) || is_processor(b))
        return same(c->base->environment.cpu_model, c->now->environment.cpu_model)
                   ? HARDWARE_UNKNOWN
                   : HARDWARE_OTHER;
    if (both_say(a->uuid, b->uuid))
        return same(a->uuid, b->uuid) ? HARDWARE_SAME : HARDWARE_OTHER;
    if (is_one_host(c) && both_say(a->pci, b->pci))
        return same(a->pci, b->pci) ? HARDWARE_SAME : HARDWARE_OTHER;
    return HARDWARE_UNKNOWN;
}

/* Another card can be told about when it took the place of the first: it is in the same slot,
 * or it belongs to another host.  Anything else is another device, and so is another
 * processor. */
static bool may_stand_for(const struct comparison *c, device a, device b)
{
    return compare_hardware(c, a, b) != HARDWARE_OTHER ||
           (!is_processor(a) && !is_processor(b) && (!is_one_host(c) || in_one_slot(c, a, b)));
}

/* ------------------------------------------------------------------------ the ways */

static bool name_and_driver(const struct comparison *c, device a, device b)
{
    (void)c;
    return same(a->name, b->name) && same(a->driver, b->driver);
}

static bool hardware_and_driver(const struct comparison *c, device a, device b)
{
    return compare_hardware(c, a, b) == HARDWARE_SAME && name_and_driver(c, a, b);
}

static bool hardware_driver_and_id(const struct comparison *c, device a, device b)
{
    return hardware_and_driver(c, a, b) && same(a->id, b->id);
}

static bool name_and_id(const struct comparison *c, device a, device b)
{
    (void)c;
    return same(a->name, b->name) && same(a->id, b->id);
}

static bool driver_and_type(device a, device b)
{
    return a->driver[0] != '\0' && same(a->platform, b->platform) && same(a->driver, b->driver) &&
           a->type == b->type && a->software == b->software;
}

/* A new version of a driver may name a device anew: the only one of its driver and type
 * in both records.  Another card may have another name for a better reason. */
static bool a_new_name(const struct comparison *c, device a, device b)
{
    size_t alike = 0;
    if (!driver_and_type(a, b) || same(a->platform, "cpu") ||
        compare_hardware(c, a, b) == HARDWARE_OTHER || (!is_processor(a) && !is_one_host(c)))
        return false;
    for (size_t i = 0; i < c->base->device_count; i++)
        alike += driver_and_type(&c->base->devices[i].info, a);
    for (size_t i = 0; i < c->now->device_count; i++)
        alike += driver_and_type(&c->now->devices[i].info, b);
    return alike == 2;
}

static bool (*const ways[])(const struct comparison *, device, device) = {
    hardware_driver_and_id, hardware_and_driver, name_and_id, name_and_driver, a_new_name};

/* ------------------------------------------------------------------------ matching */

static bool is_taken(const struct comparison *c, size_t index)
{
    for (size_t i = 0; i < c->base->device_count; i++)
        if (c->counterparts[i] == (int)index)
            return true;
    return false;
}

static bool belong_together(const struct comparison *c, size_t way, device a, device b)
{
    return same(a->platform, b->platform) && may_stand_for(c, a, b) && ways[way](c, a, b);
}

bool compare_devices(struct comparison *c)
{
    c->counterparts = malloc((c->base->device_count + 1) * sizeof *c->counterparts);
    if (c->counterparts == NULL)
        return false;
    for (size_t i = 0; i < c->base->device_count; i++)
        c->counterparts[i] = -1;
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
        for (size_t i = 0; i < c->base->device_count; i++)
            for (size_t j = 0; j < c->now->device_count && c->counterparts[i] < 0; j++)
                if (!is_taken(c, j) && belong_together(c, way, &c->base->devices[i].info,
                                                       &c->now->devices[j].info))
                    c->counterparts[i] = (int)j;
    return true;
}

const char *compare_counterpart(const struct comparison *c, const char *id)
{
    const struct device_record *record = record_device(c->base, id);
    const int place = record != NULL ? c->counterparts[record - c->base->devices] : -1;
    return place >= 0 ? c->now->devices[place].info.id : NULL;
}
