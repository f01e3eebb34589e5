/* SPDX-License-Identifier: Apache-2.0 */
/* All that one invocation found out: what every output is a view of. */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <hcbench.h>

#include "options.h"

enum { RECORD_SAME_MAX = 8 };

/* What the sensors of a device are, told once per run.  All "" when nobody asked. */
struct device_sensors {
    char source[HCB_SENSOR_COUNT][48];    /* "" when it is not read */
    char unreadable[3 * HCB_REASON_SIZE]; /* "energy: REASON; clock: REASON"; "" */
};

/* A device, and for `list` what it supports. */
struct device_record {
    struct hcb_device_info info;
    struct device_sensors sensors;
    char same_as[RECORD_SAME_MAX][24]; /* ids of the same hardware behind other APIs; "" ends */
    /* Reason why not, indexed by op, impl, precision; NULL: supported; allocated
     * for `list` only. */
    char *(*unsupported)[HCB_IMPL_COUNT][HCB_PRECISION_COUNT];
};

/* A platform that was asked for and gave no device: HCB_UNSUPPORTED when it has
 * none, otherwise what happened while its devices were listed. */
struct absence {
    char platform[16];
    enum hcb_status status;
    char reason[HCB_REASON_SIZE];
};

struct record {
    int argc;
    char **argv;
    char started[32]; /* ISO 8601, UTC */
    const struct options *options;
    struct hcb_environment environment;
    char blas_core_detected[64]; /* what the BLAS chose by itself; "" if unknown */
    double blas_fair_ratio;      /* speed of that choice over the one used; NaN if unknown */
    struct device_record *devices;
    size_t device_count;
    struct absence *absences;
    size_t absence_count;
    struct hcb_result *results;
    size_t result_count;
};

/* Views.  Each returns false, after one line on stderr, when the output could not
 * be written whole (missing folder, full disk, broken pipe).  `path` may be "-"
 * for stdout and may end in ".gz". */
bool record_write_json(const struct record *record, const char *path);
bool record_write_csv(const struct record *record, const char *path);
/* Devices, then a table per op and precision, then what needs the reader's eye. */
bool record_print(const struct record *record);
/* The devices with what they support, for `list`. */
bool record_print_devices(const struct record *record);

/* One result row as a JSON object (json_t *), also for the journal; without its
 * samples when `samples` is false.  NULL when memory is short. */
struct json_t;
struct json_t *record_result_json(const struct hcb_result *result, bool samples);

/* The cpu device when a BLAS runs behind it, else NULL. */
const struct hcb_device_info *record_blas(const struct record *record);

#endif
