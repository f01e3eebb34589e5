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
    char same_as[RECORD_SAME_MAX][24]; /* ids of the same hardware behind other drivers; "" ends */
    char duplicate_of[24]; /* the same driver's first entry for the hardware; "" */
    struct device_sensors sensors;
    /* Reason why not, indexed by op, impl, precision; NULL: supported; allocated
     * for `list` only. */
    char *(*unsupported)[HCB_IMPL_COUNT][HCB_PRECISION_COUNT];
    /* Roofs as measured; NaN if they were not. */
    double peak_gflops[HCB_PRECISION_COUNT], bandwidth_gbps;
};

/* A platform that was asked for and gave no device: HCB_UNSUPPORTED when it has
 * none, otherwise what happened while its devices were listed. */
struct absence {
    char platform[16];
    enum hcb_status status;
    char reason[HCB_REASON_SIZE];
};

/* Who decided which core type the CPU's BLAS takes the processor for. */
enum core_choice {
    CORE_UNTRIED,  /* the library, or there are none */
    CORE_TRIED,    /* a trial: the fastest */
    CORE_VARIABLE, /* the user, by OPENBLAS_CORETYPE */
    CORE_OPTION    /* the user, by --cpu-core */
};

struct record {
    int argc;
    char **argv;
    char started[32]; /* ISO 8601, UTC */
    const struct options *options;
    struct hcb_environment environment;
    char blas_core_detected[64]; /* what the BLAS chose by itself; "" if unknown */
    double blas_fair_ratio;      /* speed of that choice over the one used; NaN if unknown */
    enum core_choice blas_core_choice;
    char blas_core_asked[64];  /* what the user chose; "" */
    unsigned blas_cores_tried; /* the detected one among them */
    struct device_record *devices;
    size_t device_count;
    struct absence *absences;
    size_t absence_count;
    struct hcb_result *roofline; /* rows that measured the devices' roofs */
    size_t roofline_count;
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
/* Is this a duplicate that no --device list names? */
bool record_leaves_out(const struct record *record, const struct device_record *device);
/* Does the BLAS behind this cpu device choose its kernels by a core type, as an
 * OpenBLAS does? */
bool record_has_cores(const struct hcb_device_info *info);

#endif
