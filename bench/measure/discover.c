/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices are there, and what do they support?  Asked through a worker per
 * platform, so that this process loads no driver. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/text.h"
#include "measure/conductor.h"
#include "measure/link.h"
#include "measure/protocol.h"
#include "measure/silicon.h"

static void add_absence(struct record *record, const char *platform, enum hcb_status status,
                        const char *reason)
{
    struct absence *larger =
        realloc(record->absences, (record->absence_count + 1) * sizeof *record->absences);
    if (larger == NULL)
        return;
    record->absences = larger;
    struct absence *absence = &larger[record->absence_count++];
    absence->status = status;
    snprintf(absence->platform, sizeof absence->platform, "%s", platform);
    snprintf(absence->reason, sizeof absence->reason, "%s", reason);
}

static bool asked_for(const struct options *options, const char *id)
{
    if (options->device_count == 0)
        return true;
    for (size_t i = 0; i < options->device_count; i++)
        if (strcmp(options->devices[i], id) == 0)
            return true;
    return false;
}

/* A --device list names its platforms itself. */
static bool platform_asked_for(const struct options *options, unsigned platform)
{
    const char *name = hcb_platform_name(platform);
    if (options->device_count == 0)
        return options->platforms >> platform & 1;
    for (size_t i = 0; i < options->device_count; i++)
        if (strncmp(options->devices[i], name, strlen(name)) == 0 &&
            options->devices[i][strlen(name)] == ':')
            return true;
    return false;
}

static enum hcb_status add_devices(struct record *record, const json_t *devices, char *reason)
{
    size_t index;
    const json_t *object;
    json_array_foreach(devices, index, object) {
        struct hcb_device_info info;
        if (!protocol_read_device(object, &info)) {
            snprintf(reason, HCB_REASON_SIZE, "the worker described a device in unknown words");
            return HCB_ERROR;
        }
        struct device_record *larger =
            realloc(record->devices, (record->device_count + 1) * sizeof *record->devices);
        if (larger == NULL) {
            snprintf(reason, HCB_REASON_SIZE, "out of memory for a device");
            return HCB_ERROR;
        }
        record->devices = larger;
        struct device_record *device = &larger[record->device_count++];
        *device = (struct device_record){.info = info, .bandwidth_gbps = (double)NAN};
        for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
            device->peak_gflops[precision] = (double)NAN;
    }
    return HCB_OK;
}

static enum hcb_status list_platform(struct record *record, const struct link_options *how,
                                     const char *platform, char *reason)
{
    struct link *link;
    json_t *reply, *devices = NULL;
    enum hcb_status status = link_open(how, &link, reason);
    if (status != HCB_OK)
        return status;
    status = link_call(link, "list", json_pack("{s:s}", "platform", platform), &reply, reason);
    if (status == HCB_OK && json_unpack(reply, "{s:o !}", "devices", &devices) != 0) {
        snprintf(reason, HCB_REASON_SIZE, "the worker's list of devices is not understood");
        status = HCB_ERROR;
    }
    if (status == HCB_OK)
        status = add_devices(record, devices, reason);
    json_decref(reply);
    link_close(link);
    return status;
}

/* Devices were joined with all others of their platforms; now those that were not
 * asked for go. */
static void drop_others(struct record *record)
{
    size_t kept = 0;
    for (size_t i = 0; i < record->device_count; i++)
        if (asked_for(record->options, record->devices[i].info.id))
            record->devices[kept++] = record->devices[i];
    record->device_count = kept;
}

/* ------------------------------------------------------------ what it supports */

/* The reason why not, malloc'ed, or NULL.  Without a link: `refused`. */
static char *ask_support(struct link *link, const struct hcb_case *task, const char *refused)
{
    char reason[HCB_REASON_SIZE];
    json_t *reply;
    if (link == NULL)
        return strdup(refused);
    enum hcb_status status = link_call(link, "support", protocol_case(task), &reply, reason);
    json_decref(reply);
    return status == HCB_OK ? NULL : strdup(reason);
}

/* A device that cannot be opened supports nothing, for that reason. */
static void find_supports(const struct link_options *how, struct device_record *device)
{
    char reason[HCB_REASON_SIZE];
    struct link *link = NULL;
    device->unsupported = calloc(HCB_OP_COUNT, sizeof *device->unsupported);
    if (device->unsupported == NULL)
        return;
    if (link_open(how, &link, reason) == HCB_OK &&
        link_tell(link, "open", json_pack("{s:s}", "device", device->info.id), reason) != HCB_OK) {
        link_close(link);
        link = NULL;
    }
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        for (unsigned impl = 0; impl < HCB_IMPL_COUNT; impl++)
            for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++) {
                const struct hcb_case task = {(enum hcb_op)op, (enum hcb_impl)impl,
                                              (enum hcb_precision)precision, {1, 1, 1}};
                device->unsupported[op][impl][precision] = ask_support(link, &task, reason);
            }
    link_close(link);
}

/* -------------------------------------------------------------------- all of it */

/* Platforms that "all" means and that this build knows. */
static unsigned all_platforms(void)
{
    unsigned all = 0;
    for (unsigned p = 0; hcb_platform_name(p) != NULL; p++)
        if (!hcb_platform_is_test(p))
            all |= 1u << p;
    return all;
}

/* A device or platform that was named and is not there is an error; a platform
 * that only "all" covers is not. */
static int check_found(const struct record *record)
{
    const struct options *options = record->options;
    for (size_t i = 0; i < options->device_count; i++)
        if (record_device(record, options->devices[i]) == NULL) {
            text_say("there is no device %s; 'hcbench list' shows those that there are",
                     options->devices[i]);
            return EXIT_NO_DEVICE;
        }
    for (size_t i = 0; i < record->absence_count; i++)
        if (record->device_count == 0 ||
            (options->platforms != all_platforms() && record->absences[i].status == HCB_UNSUPPORTED)) {
            text_say("no usable %s device: %s", record->absences[i].platform,
                     record->absences[i].reason);
            return EXIT_NO_DEVICE;
        }
    return EXIT_DONE;
}

int discover_devices(struct record *record, bool supports)
{
    const struct options *options = record->options;
    const struct link_options how = {.isolate = options->isolate, .timeout_s = options->timeout_s};
    char reason[HCB_REASON_SIZE];
    for (unsigned p = 0; hcb_platform_name(p) != NULL; p++) {
        if (!platform_asked_for(options, p))
            continue;
        enum hcb_status status = list_platform(record, &how, hcb_platform_name(p), reason);
        if (status != HCB_OK)
            add_absence(record, hcb_platform_name(p), status, reason);
    }
    join_devices(record->devices, record->device_count);
    drop_others(record);
    for (size_t i = 0; i < record->device_count && supports; i++)
        find_supports(&how, &record->devices[i]);
    return check_found(record);
}
