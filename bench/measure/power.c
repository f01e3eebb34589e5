/* SPDX-License-Identifier: Apache-2.0 */
/* From the worker's readings to the row.  Everything is kept in the row itself, so
 * that a row that begins anew has nothing left over. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "measure/power.h"

/* A clock that changes by more than this share is worth a warning. */
static const double clock_share = 0.05;
static const double absolute_zero_c = -273.15;

/* ----------------------------------------------------------------- the device */

/* Sensors whose absence is said, in that order. */
static const enum hcb_sensor told[] = {HCB_SENSOR_ENERGY, HCB_SENSOR_CLOCK, HCB_SENSOR_TEMPERATURE};
enum { TOLD = sizeof told / sizeof *told };

/* "energy, clock: REASON; temperature: REASON", each reason once. */
static void add_unreadable(struct device_sensors *sensors, const char *const reasons[TOLD])
{
    char *text = sensors->unreadable;
    const size_t size = sizeof sensors->unreadable;
    for (size_t i = 0; i < TOLD; i++) {
        bool said = reasons[i] == NULL;
        for (size_t j = 0; j < i && !said; j++)
            said = reasons[j] != NULL && strcmp(reasons[i], reasons[j]) == 0;
        if (said)
            continue;
        const char *between = text[0] != '\0' ? "; " : "";
        for (size_t j = i; j < TOLD; j++)
            if (reasons[j] != NULL && strcmp(reasons[i], reasons[j]) == 0) {
                const size_t used = strlen(text);
                snprintf(text + used, size - used, "%s%s", between, hcb_sensor_name(told[j]));
                between = ", ";
            }
        const size_t used = strlen(text);
        snprintf(text + used, size - used, ": %s", reasons[i]);
    }
}

bool power_describe(const json_t *reply, struct device_sensors *sensors)
{
    const char *reasons[HCB_SENSOR_COUNT] = {NULL}, *of_told[TOLD];
    memset(sensors, 0, sizeof *sensors);
    for (unsigned i = 0; i < HCB_SENSOR_COUNT; i++) {
        const json_t *member = json_object_get(reply, hcb_sensor_name(i));
        const char *source = json_string_value(json_object_get(member, "source"));
        reasons[i] = json_string_value(json_object_get(member, "reason"));
        if ((source == NULL) == (reasons[i] == NULL) || json_object_size(member) != 1)
            return false;
        if (source != NULL)
            snprintf(sensors->source[i], sizeof sensors->source[i], "%s", source);
    }
    if (reasons[HCB_SENSOR_POWER] == NULL)
        reasons[HCB_SENSOR_ENERGY] = NULL; /* comes from power and time then */
    for (size_t i = 0; i < TOLD; i++)
        of_told[i] = reasons[told[i]];
    add_unreadable(sensors, of_told);
    return true;
}

/* ----------------------------------------------------------------- its blocks */

/* Adds the reasons of a slowdown that are not yet among those of the row. */
static void add_throttle(struct hcb_result *result, const char *text)
{
    while (*text != '\0') {
        const size_t length = strcspn(text, ","), used = strlen(result->throttled);
        char one[sizeof result->throttled];
        snprintf(one, sizeof one, "%.*s", (int)length, text);
        const bool fits = used + length + 3 < sizeof result->throttled;
        if (strstr(result->throttled, one) == NULL && fits)
            snprintf(result->throttled + used, sizeof result->throttled - used, "%s%s",
                     used > 0 ? ", " : "", one);
        text += length;
        text += strspn(text, ", ");
    }
}

static bool is_absent_or_number(const json_t *value)
{
    return value == NULL || json_is_number(value);
}

bool power_add(struct hcb_result *result, const json_t *readings)
{
    json_t *clock = NULL, *temperature = NULL;
    const char *throttle = "";
    if (json_unpack((json_t *)readings, "{s?o, s?o, s?s !}", "clock", &clock, "temperature",
                    &temperature, "throttle", &throttle) != 0 ||
        !is_absent_or_number(clock) || !is_absent_or_number(temperature))
        return false;
    add_throttle(result, throttle);
    /* A sensor that is not connected may tell anything. */
    if (temperature != NULL && json_number_value(temperature) > absolute_zero_c &&
        !hcb_readings_add(&result->temperature_c, json_number_value(temperature)))
        return false;
    /* Some drivers tell 0 of a device that has just gone to sleep. */
    return !(json_number_value(clock) > 0) ||
           hcb_readings_add(&result->clock_mhz, json_number_value(clock) * 1e-6);
}

bool power_energy(struct hcb_result *result, const json_t *reply)
{
    double joules, watts;
    const char *source;
    if (json_object_get(reply, "joules") == NULL) /* too little was seen */
        return true;
    if (json_unpack((json_t *)reply, "{s:F, s:F, s:s}", "joules", &joules, "watts", &watts, "source",
                    &source) != 0 || !(joules > 0) || !(watts > 0))
        return false;
    result->energy_j = joules;
    result->watts = watts;
    snprintf(result->power_source, sizeof result->power_source, "%s", source);
    return true;
}

/* -------------------------------------------------------------------- the row */

/* Where the clock was highest and where it was lowest. */
static void warn_of_clock(struct hcb_result *result)
{
    const struct hcb_readings *clock = &result->clock_mhz;
    const double low = clock->min, high = clock->max;
    size_t lowest = 0, highest = 0;
    for (size_t i = 1; i < clock->n; i++) {
        if (clock->samples[i] < clock->samples[lowest])
            lowest = i;
        if (clock->samples[i] > clock->samples[highest])
            highest = i;
    }
    if (!(high - low > clock_share * high))
        return;
    if (highest < lowest)
        hcb_result_warn(result, "the clock fell from %.0f to %.0f MHz while it was sampled", high,
                        low);
    else
        hcb_result_warn(result, "the clock rose from %.0f to %.0f MHz while it was sampled", low,
                        high);
}

void power_finish(struct hcb_result *result)
{
    if (result->clock_mhz.n > 1)
        warn_of_clock(result);
    if (result->throttled[0] != '\0')
        hcb_result_warn(result, "throttled: %s", result->throttled);
}
