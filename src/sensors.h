/* SPDX-License-Identifier: Apache-2.0 */
/* What hosts/sensors must provide.  Internal to the library; knows no API. */
#ifndef HCB_SENSORS_H
#define HCB_SENSORS_H

#include "hcbench.h"

struct hcbi_sensors_ops {
    /* Finds the sensors of a device and fills in `source` or `reason` of each, all
     * of which are "" at first.  The state is passed to the others; NULL when
     * nothing can be read. */
    void *(*open)(const struct hcb_device_info *device,
                  struct hcb_sensor_info info[HCB_SENSOR_COUNT]);
    /* Reads one sensor that has a source; NaN when it cannot.  A counter of energy
     * goes on past its wrap-around.  `text` is hcb_sensor_reading's `throttle`. */
    double (*read)(void *state, enum hcb_sensor sensor, char *text, size_t size);
    void (*close)(void *state);
};

/* hosts/sensors */
extern const struct hcbi_sensors_ops hcbi_sensors_ops;

#endif
