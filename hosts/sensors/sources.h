/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the sensors share.  Nothing outside of this folder includes
 * it. */
#ifndef HCB_SOURCES_H
#define HCB_SOURCES_H

#include "sensors.h"

/* files.c: the tree that holds /sys and /proc; HCBENCH_SENSOR_ROOT names another
 * one, for tests. */
const char *hcbi_sensors_root(void);
/* The number that a file begins with.  False, with "PATH: what is wrong" in
 * `reason` (HCB_REASON_SIZE bytes), when there is none. */
bool hcbi_sensors_number(const char *path, double *value, char *reason);
/* First line of a file, without its end; "" when it cannot be read. */
void hcbi_sensors_line(const char *path, char *line, size_t size);
/* Is this CPU in the affinity mask of this process? */
bool hcbi_sensors_uses_cpu(long cpu);

/* gauge.c: one sensor as a set of files.  Where to look for it is data. */
enum sensors_combine { COMBINE_SUM, COMBINE_MEAN, COMBINE_MAX };

struct sensors_place {
    enum hcb_sensor sensor;
    const char *label;   /* hcb_sensor_info's `source` */
    const char *pattern; /* of files, below the root and the device's folder */
    double scale;        /* of a file's number, to J, W, Hz, degrees Celsius */
    enum sensors_combine combine;
    const char *names[4];  /* the file `name` beside must begin with one of these; NULL: any */
    const char *wraps;     /* a file beside with the number after which a counter begins anew */
    const char *line;      /* not NULL: the mean of the lines of a file that begin so */
    bool per_cpu;          /* of CPUs that this process uses only, and at most 16 of them */
    bool zero_is_nothing;  /* 0 means that the file has nothing to say */
};

struct sensors_gauge;
/* Opens the first place of a sensor in a table (`places` ends with a NULL label)
 * that can be read, and fills in `info`.  `folder` stands between the root and
 * the patterns.  NULL with a reason when there is none. */
struct sensors_gauge *hcbi_sensors_gauge_new(const struct sensors_place *places,
                                             enum hcb_sensor sensor, const char *folder,
                                             struct hcb_sensor_info *info);
double hcbi_sensors_gauge_read(struct sensors_gauge *gauge);
void hcbi_sensors_gauge_free(struct sensors_gauge *gauge);

/* nvml.c: the device with this PCI address.  NULL, with the reason in each of
 * `info`, when the library or the device is not there. */
struct sensors_nvml;
struct sensors_nvml *hcbi_sensors_nvml_new(const char *pci,
                                           struct hcb_sensor_info info[HCB_SENSOR_COUNT]);
double hcbi_sensors_nvml_read(struct sensors_nvml *nvml, enum hcb_sensor sensor, char *text,
                              size_t size);
void hcbi_sensors_nvml_free(struct sensors_nvml *nvml);

#endif
