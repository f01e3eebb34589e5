/* SPDX-License-Identifier: Apache-2.0 */
/* All that one invocation found out: what every output is a view of. */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <hcbench.h>

#include "breakeven/search.h"
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

/* A variable of the environment. */
struct variable {
    char *name, *value; /* malloc'ed */
};

/* A list of words, all malloc'ed. */
struct words {
    char **list;
    size_t count;
};

/* How much a row is sampled; all 0 when it is not known, or nothing was timed. */
struct sampling_limits {
    uint32_t warmup, min_runs, max_runs; /* windows dropped, samples */
    double min_time_s, max_time_s, ci_percent;
};

struct earlier;
struct store;
/* From which size on a device is faster than the CPU, by one of two clocks. */
struct breakeven {
    char device[24];
    struct hcb_case task; /* its shape means nothing */
    char baseline[40];    /* "cpu:0/openblas" */
    enum search_clock clock;
    struct curve curve;
    struct finding finding; /* sizes are whole numbers */
};

/* A view needs nothing but the record, whether it was measured or read from a file;
 * `options` say how to show it. */
struct record {
    const struct options *options;
    struct earlier *earlier; /* the journal that the run goes on from; NULL: a new run */
    struct store *tuned; /* parameters that rows use; NULL: those of the tables */
    char version[32]; /* of the hcbench that measured */
    struct words command; /* argv */
    char started[32];     /* ISO 8601, UTC */
    struct words resumed; /* likewise: when the run was taken up again */
    uint64_t seed;        /* at most INT64_MAX */
    enum hcb_fill fill;
    struct sampling_limits sampling;
    struct hcb_environment environment;
    struct variable *variables; /* those that change what libraries and drivers do */
    size_t variable_count;
    char blas_core_detected[64]; /* what the BLAS chose by itself; "" if unknown */
    double blas_fair_ratio;      /* speed of that choice over the one used; NaN if unknown */
    enum core_choice blas_core_choice;
    char blas_core_asked[64];  /* what the user chose; "" */
    unsigned blas_cores_tried; /* the detected one among them */
    bool blas_core_undecided;  /* the trial ended before it was proven which one is to be used */
    struct device_record *devices;
    size_t device_count;
    struct absence *absences;
    size_t absence_count;
    struct hcb_result *roofline; /* rows that measured the devices' roofs */
    size_t roofline_count;
    struct hcb_result *results;
    size_t result_count;
    /* Of `breakeven`, by op, precision, device, impl, clock; results are then the rows
     * that they were found with. */
    struct breakeven *breakevens;
    size_t breakeven_count;
};

/* Fills in what is known before anything is measured: version, command, start,
 * seed, fill, environment, variables.  False when memory is short. */
bool record_begin(struct record *record, int argc, char **argv, const struct options *options);
/* Frees what the record holds and leaves it empty. */
void record_clear(struct record *record);
/* Takes the variables of this process's environment. */
bool record_take_variables(struct record *record);
/* Appends a copy.  False when memory is short. */
bool words_add(struct words *words, const char *word);
void words_clear(struct words *words);
/* What a table is about: an op, a precision and a way to add up.  Fills in the
 * `index`th of an op, with impl ref and shape 1; false past the last. */
bool record_kind(enum hcb_op op, unsigned index, struct hcb_case *kind);
enum { RECORD_KINDS_MAX = HCB_PRECISION_COUNT * HCB_SUM_COUNT };
bool record_same_kind(const struct hcb_case *a, const struct hcb_case *b);
/* Do two rows compute the same, whoever does it? */
bool record_same_case(const struct hcb_case *a, const struct hcb_case *b);
/* Is this a row that does not compute in its own precision?  A BLAS has no f32x2 and computes
 * in f32, the reference in f64; their errors say nothing of f32x2. */
bool record_stands_in(const struct hcb_case *task);
/* An order of cases, the impl last: below, at or above 0. */
int record_order_cases(const struct hcb_case *a, const struct hcb_case *b);
/* The index behind the last row of the case that begins at `first`. */
size_t record_case_end(const struct record *record, size_t first);
/* The device with that id; NULL when it is not in the record. */
struct device_record *record_device(const struct record *record, const char *id);
/* What stands behind the id of a driver that computes on the CPU, so that nobody takes
 * its row for a GPU's: "*", else "". */
const char *record_software_mark(const struct record *record, const char *id);
/* A row as it was before anything was known of it. */
void record_renew_result(struct hcb_result *result);
/* Now as ISO 8601, UTC. */
void record_stamp(char text[32]);

/* Reads a result file, packed by gzip or not; "-" is stdin.  `record` is
 * overwritten; its options are NULL.  False, with the record empty, after one line
 * on stderr: "hcbench: FILE:LINE: what is wrong".  Every figure that follows from
 * others is checked, so that what was read is what a run could have found. */
bool record_read(struct record *record, const char *path);

/* Views.  Each returns false, after one line on stderr, when the output could not
 * be written whole (missing folder, full disk, broken pipe).  `path` may be "-"
 * for stdout and may end in ".gz".  What record_read takes, record_write_json writes
 * again, byte for byte. */
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
