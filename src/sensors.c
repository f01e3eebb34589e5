/* SPDX-License-Identifier: Apache-2.0 */
/* Sensors of a device: which of them are worth reading, and reading them.  Where
 * they come from is in hosts/sensors. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"
#include "sensors.h"

struct hcb_sensors {
    void *state;
    struct hcb_sensor_info info[HCB_SENSOR_COUNT];
    double first_j; /* the counter of energy when it was opened */
};

#define NAME(symbol, name, text) name,
static const char *const names[] = {HCB_SENSOR_TABLE(NAME)};

const char *hcb_sensor_name(unsigned sensor)
{
    return sensor < HCB_SENSOR_COUNT ? names[sensor] : NULL;
}

/* Longest reading in seconds.  Energy and power are not read beside samples. */
static const double cost_limits[HCB_SENSOR_COUNT] = {
    [HCB_SENSOR_ENERGY] = 20e-3,     [HCB_SENSOR_POWER] = 20e-3,   [HCB_SENSOR_CLOCK] = 1e-3,
    [HCB_SENSOR_TEMPERATURE] = 1e-3, [HCB_SENSOR_THROTTLE] = 1e-3,
};

static double read_one(struct hcb_sensors *sensors, enum hcb_sensor sensor,
                       struct hcb_sensor_reading *reading)
{
    if (sensors->info[sensor].source[0] == '\0')
        return (double)NAN;
    return hcbi_sensors_ops.read(sensors->state, sensor, reading->throttle,
                                 sizeof reading->throttle);
}

static void drop(struct hcb_sensor_info *info)
{
    info->source[0] = '\0';
    info->cost_s = (double)NAN;
}

/* The shortest of three readings; the first one also shows whether it works. */
static void try_sensor(struct hcb_sensors *sensors, enum hcb_sensor sensor)
{
    struct hcb_sensor_info *info = &sensors->info[sensor];
    struct hcb_sensor_reading reading = {.throttle = ""};
    const int length = sizeof info->source - 1; /* gcc takes the source to end with the struct */
    info->cost_s = (double)NAN;
    if (info->source[0] == '\0')
        return;
    for (int i = 0; i < 3; i++) {
        const uint64_t start = hcbi_now_ns();
        if (isnan(read_one(sensors, sensor, &reading))) {
            snprintf(info->reason, sizeof info->reason, "%.*s has no value for it", length,
                     info->source);
            drop(info);
            return;
        }
        info->cost_s = fmin(info->cost_s, (double)(hcbi_now_ns() - start) * 1e-9);
    }
    if (info->cost_s > cost_limits[sensor]) {
        snprintf(info->reason, sizeof info->reason, "a reading from %.*s takes %.1f ms", length,
                 info->source, info->cost_s * 1e3);
        drop(info);
    }
}

struct hcb_sensors *hcb_sensors_open(const struct hcb_device_info *device)
{
    struct hcb_sensors *sensors = calloc(1, sizeof *sensors);
    struct hcb_sensor_reading reading = {.throttle = ""};
    if (sensors == NULL)
        return NULL;
    sensors->state = hcbi_sensors_ops.open(device, sensors->info);
    for (int i = 0; i < HCB_SENSOR_COUNT; i++)
        try_sensor(sensors, (enum hcb_sensor)i);
    sensors->first_j = read_one(sensors, HCB_SENSOR_ENERGY, &reading);
    return sensors;
}

void hcb_sensors_close(struct hcb_sensors *sensors)
{
    if (sensors != NULL && sensors->state != NULL)
        hcbi_sensors_ops.close(sensors->state);
    free(sensors);
}

const struct hcb_sensor_info *hcb_sensors_info(const struct hcb_sensors *sensors,
                                               enum hcb_sensor sensor)
{
    return &sensors->info[sensor];
}

void hcb_sensors_read(struct hcb_sensors *sensors, unsigned wanted,
                      struct hcb_sensor_reading *reading)
{
    reading->throttle[0] = '\0';
    for (int i = 0; i < HCB_SENSOR_COUNT; i++)
        reading->value[i] = (wanted >> i & 1) != 0
                                ? read_one(sensors, (enum hcb_sensor)i, reading)
                                : (double)NAN;
    reading->value[HCB_SENSOR_ENERGY] -= sensors->first_j;
}
