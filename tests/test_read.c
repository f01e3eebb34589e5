/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are read back: good, damaged, hostile and foreign ones, and journals.
 * Also names of outputs that lead to one file. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "capture.h"
#include "files/journal.h"
#include "files/json.h"
#include "files/locate.h"
#include "files/output.h"
#include "files/read.h"
#include "files/schema.h"
#include "measure/protocol.h"
#include "measure/roofline.h"
#include "suite.h"
#include "terminal/page.h"

/* ------------------------------------------------------------- a good document */

static char folder[64], file[128], other[128];

/* Seven times, in six rounds, in an order that another `step` makes another one. */
static void measure(struct hcb_clock_result *clock, double first, uint32_t step)
{
    for (uint32_t i = 0; i < 7; i++) {
        const double sample = first * (1 + 0.125 * ((i * step) % 7));
        ck_assert(hcb_clock_add(clock, i > 0 ? i - 1 : 0, &sample, 1));
    }
}

static struct hcb_result good_row(const char *device, enum hcb_op op, enum hcb_impl impl, double first)
{
    const struct hcb_case task = {op, impl, HCB_PRECISION_F32,
                                  op == HCB_OP_MATMUL ? (struct hcb_shape){16, 16, 16}
                                                      : (struct hcb_shape){1, 4096, 1}};
    const uint32_t step = impl == HCB_IMPL_TILE ? 5 : 3;
    struct hcb_result row;
    hcb_result_init(&row, device, &task);
    row.status = HCB_OK;
    measure(&row.kernel, first, step);
    if (op == HCB_OP_MATMUL)
        measure(&row.end_to_end, 4 * first, step);
    row.setup_s = 0.5;
    row.error.limit = fmin(8, hcb_error_limit(&task, 0));
    row.error.bound_ratio = fmin(0.5, row.error.limit);
    row.error.checked = 256;
    hcb_result_rates(&row);
    return row;
}

/* Twice as fast as the CPU's matmul, and with all that sensors tell. */
static struct hcb_result sensed_row(const struct hcb_result *baseline)
{
    struct hcb_result row = good_row("vulkan:0", HCB_OP_MATMUL, HCB_IMPL_TILE, 0x1p-10);
    hcb_result_warn(&row, "one");
    hcb_result_warn(&row, "two");
    row.upload_s = 0x1p-12;
    snprintf(row.tuning, sizeof row.tuning, "tuned");
    snprintf(row.parameters, sizeof row.parameters, "rows=12 block_k=256");
    row.download_s = 0x1p-13;
    row.energy_j = 0.25;
    row.watts = 40;
    snprintf(row.power_source, sizeof row.power_source, "NVML");
    for (int i = 0; i < 3; i++)
        ck_assert(hcb_readings_add(&row.clock_mhz, 1000 + 50 * ((i + 1) % 3)));
    ck_assert(hcb_readings_add(&row.temperature_c, -12.5)); /* a cold room */
    hcb_result_rates(&row);
    hcb_result_compare(&row, baseline, true, 1);
    return row;
}

/* The row as a file has it; it is cleared. */
static json_t *to_json(struct hcb_result *row)
{
    json_t *object = record_result_json(row, true);
    hcb_result_clear(row);
    return object;
}

/* A row on the CPU, whose roof is known, one on a GPU that is four times as fast, one
 * that did not run. */
static json_t *good_document(void)
{
    struct hcb_result rows[2] = {good_row("cpu:0", HCB_OP_MATMUL, HCB_IMPL_OPENBLAS, 0x1p-8)},
                      roofs[2] = {good_row("cpu:0", HCB_OP_PEAK, HCB_IMPL_NATIVE, 0x1p-10),
                                  good_row("cpu:0", HCB_OP_TRIAD, HCB_IMPL_NATIVE, 0x1p-10)};
    struct device_record roofed = {.info.id = "cpu:0"};
    struct record record = {.devices = &roofed, .device_count = 1, .roofline = roofs,
                            .roofline_count = 2, .results = rows, .result_count = 1};
    roofline_rate_all(&record);
    rows[1] = sensed_row(&rows[0]);
    json_t *fast = to_json(&rows[1]), *slow = to_json(&rows[0]);
    json_object_set_new(fast, "of_a_later_version", json_pack("{s:[n]}", "x"));
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:{s:i}, s:s, s:s}", "device", "vulkan:0", "op", "sum",
                            "impl", "tile", "precision", "f16", "shape", "n", 5, "status", "unsupported",
                            "reason", "no arithmetic in f16");
    json_t *cpu = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:[s]}", "id", "cpu:0", "platform",
                            "cpu", "type", "cpu", "driver", "OpenBLAS", "driver_version", "0.3.21",
                            "target", "SkylakeX", "software", 0, "compute_units", 2, "same_as", "vulkan:0");
    json_object_set_new(cpu, "roofline",
                        json_pack("{s:{s:f}, s:f}", "peak_gflops", "f32",
                                  roofed.peak_gflops[HCB_PRECISION_F32], "bandwidth_gbps",
                                  roofed.bandwidth_gbps));
    json_t *gpu = json_pack("{s:s, s:s, s:s}", "id", "vulkan:0", "platform", "vulkan", "type", "gpu");
    json_t *environment = json_pack("{s:s, s:{s:i}, s:{s:s, s:s, s:f}, s:{s:s}}", "host", "example", "cpu",
                                    "cores", 2, "blas", "core_detected", "Prescott", "core_trial",
                                    "undecided", "fair_ratio", 0.25, "env", "LP_NUM_THREADS", "2");
    json_t *sampling = json_pack("{s:i, s:i, s:i, s:f, s:f, s:f}", "warmup", 0, "min_runs", 10,
                                 "max_runs", 100, "min_time_s", 0.25, "max_time_s", 0.5,
                                 "ci_percent", 2.0);
    return json_pack("{s:s, s:i, s:{s:s}, s:[s,s], s:s, s:i, s:s, s:o, s:o, s:[o,o], s:[{s:s, s:s}], s:[o,o], "
                     "s:[o,o,o]}",
                     "format", "hcbench-result", "format_version", 1, "hcbench", "version", "0.1.0",
                     "command", "hcbench", "-q", "started", "2026-01-02T03:04:05Z", "seed", 1, "fill",
                     "uniform", "sampling", sampling, "environment", environment, "devices", cpu, gpu, "absent_platforms",
                     "platform", "opencl", "reason", "no driver", "roofline", to_json(&roofs[0]),
                     to_json(&roofs[1]), "results", slow, fast, row);
}

static void write_bytes(const char *path, const char *data, size_t size)
{
    FILE *out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(data, 1, size, out), size);
    fclose(out);
}

static void write_text(const char *text)
{
    write_bytes(file, text, strlen(text));
}

static void write_document(const json_t *document)
{
    ck_assert_int_eq(json_dump_file(document, file, JSON_INDENT(1) | JSON_REAL_PRECISION(17)), 0);
}

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/hcbench-read.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/a.json", folder);
    snprintf(other, sizeof other, "%s/b.json", folder);
}

static void tear_down(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* Reads `path`; what was printed on stderr, malloc'ed, or NULL when it was read. */
static char *refusal_within(const char *path, const struct read_limits *limits)
{
    struct record record;
    capture_begin();
    const bool good = record_read_within(&record, path, limits);
    struct captured captured = capture_end();
    ck_assert_str_eq(captured.out, "");
    free(captured.out);
    if (good) {
        ck_assert_str_eq(captured.err, "");
        free(captured.err);
    }
    record_clear(&record);
    return good ? NULL : captured.err;
}

static char *refusal(const char *path)
{
    return refusal_within(path, &read_usual_limits);
}

/* Exactly one line, which names the program, and nothing that steers a terminal. */
static void is_one_line(const char *text)
{
    const size_t length = strlen(text);
    ck_assert_msg(length > 1 && strchr(text, '\n') == text + length - 1, "not one line: '%s'", text);
    ck_assert_msg(strncmp(text, "hcbench: ", 9) == 0, "whose is '%s'?", text);
    for (size_t i = 0; i + 1 < length; i++)
        ck_assert_msg((unsigned char)text[i] >= ' ' && text[i] != 0x7f, "control byte in '%s'", text);
}

static void refused_with(const char *part)
{
    char *text = refusal(file);
    ck_assert_msg(text != NULL, "read, but should say: %s", part);
    is_one_line(text);
    ck_assert_msg(strstr(text, part) != NULL, "'%s' lacks '%s'", text, part);
    free(text);
}

static unsigned long line_in(const char *text)
{
    ck_assert_int_eq(strncmp(text + 9, file, strlen(file)), 0);
    return strtoul(text + 9 + strlen(file) + 1, NULL, 10);
}

/* --------------------------------------------------------------------- reading */

START_TEST(a_good_file_is_read)
{
    struct record record;
    json_t *document = good_document();
    write_document(document);
    json_decref(document);
    ck_assert(record_read(&record, file));
    ck_assert_str_eq(record.version, "0.1.0");
    ck_assert_uint_eq(record.command.count, 2);
    ck_assert_str_eq(record.started, "2026-01-02T03:04:05Z");
    ck_assert_uint_eq(record.sampling.max_runs, 100);
    ck_assert(record.sampling.min_time_s == 0.25);
    ck_assert_str_eq(record.environment.host, "example");
    ck_assert_uint_eq(record.environment.cpu_cores, 2);
    ck_assert_str_eq(record.blas_core_detected, "Prescott");
    ck_assert(record.blas_core_undecided);
    ck_assert(record.blas_fair_ratio == 0.25);
    ck_assert_uint_eq(record.variable_count, 1);
    ck_assert_str_eq(record.variables[0].value, "2");
    ck_assert_uint_eq(record.device_count, 2);
    ck_assert_str_eq(record.devices[0].same_as[0], "vulkan:0");
    ck_assert_int_eq(record.devices[1].info.type, HCB_DEVICE_GPU);
    ck_assert_uint_eq(record.absence_count, 1);
    ck_assert_int_eq(record.absences[0].status, HCB_UNSUPPORTED);
    ck_assert_uint_eq(record.result_count, 3);
    ck_assert_uint_eq(record.results[0].kernel.summary.n, 7);
    ck_assert_uint_eq(record.results[0].kernel.rounds[6], 5);
    ck_assert(record.results[1].speedup_kernel.ratio == 4);
    ck_assert(record.results[1].speedup_kernel.ci95_high > 4);
    ck_assert(record.results[1].temperature_c.max == -12.5);
    ck_assert_str_eq(record.results[0].roofline_bound, "memory");
    ck_assert_str_eq(record.results[1].parameters, "rows=12 block_k=256");
    ck_assert_uint_eq(record.roofline_count, 2);
    ck_assert_str_eq(record.results[1].warnings[1], "two");
    ck_assert_uint_eq(record.results[2].kernel.summary.n, 0);
    ck_assert(isnan(record.results[2].setup_s));
    /* Written and read again it is the same, byte for byte. */
    ck_assert(record_write_json(&record, other));
    record_clear(&record);
    char *first = NULL, *second = NULL;
    struct text a, b;
    ck_assert(text_read(other, 1 << 20, &a));
    ck_assert(record_read(&record, other) && record_write_json(&record, file));
    ck_assert(text_read(file, 1 << 20, &b));
    first = a.data;
    second = b.data;
    ck_assert_str_eq(first, second);
    free(first);
    free(second);
    record_clear(&record);
}
END_TEST

/* What is changed: a path, what it becomes (JSON, or "" to take it away), and what
 * the refusal says. */
static const struct {
    const char *path, *value, *says;
} damages[] = {
    {"format", "", "no result file"},
    {"format", "\"other\\u001b[31m\"", "but 'other?[31m'"},
    {"format", "\"hcbench-journal\"", "hcbench recover"},
    {"format_version", "2", "written by a newer hcbench (format 2); this one reads 1"},
    {"format_version", "0", "from 1 on"},
    {"format_version", "\"1\"", "whole number"},
    {"hcbench", "7", "must be an object"},
    {"hcbench.version", "7", "text"},
    {"hcbench.version", "", "version is missing"},
    {"command", "{}", "array"},
    {"command.1", "1", "must be a text"},
    {"resumed", "[1]", "must be a text"},
    {"started", "\"a time of more than thirty-two bytes\"", "at most 31 bytes"},
    {"seed", "-1", "from 0 on"},
    {"seed", "1.5", "whole number"},
    {"seed", "", "seed is missing"},
    {"fill", "\"noise\"", "uniform"},
    {"sampling", "7", "object"},
    {"sampling", "{}", "sampling.warmup: is missing"},
    {"sampling.ci_percent", "", "sampling.ci_percent: is missing"},
    {"sampling.max_runs", "0", "from 1 on"},
    {"sampling.min_time_s", "-1", "from 0 on"},
    {"environment", "[]", "object"},
    {"environment.host", "1", "text"},
    {"environment.cpu", "1", "object"},
    {"environment.cpu.cores", "-2", "whole number"},
    {"environment.cpu.cores", "4294967296", "4294967295"},
    {"environment.blas.fair_ratio", "-0.5", "from 0 on"},
    {"environment.blas.core_trial", "\"won\"", "not known to this version"},
    {"environment.blas.fair_ratio", "\"fast\"", "number"},
    {"environment.env", "[]", "object"},
    {"environment.env.LP_NUM_THREADS", "2", "texts"},
    {"devices", "", "devices is missing"},
    {"devices", "{}", "array"},
    {"devices.0", "1", "object"},
    {"devices.0.id", "\"cpu\"", "platform"},
    {"devices.0.id", "\"vulkan:0\"", "platform"},
    {"devices.0.id", "\"cpu:\\u001b[31m\"", "platform"},
    {"devices.1.id", "\"cpu:0\"", "platform"},
    {"devices.1", "{\"id\": \"cpu:0\", \"platform\": \"cpu\", \"type\": \"cpu\"}", "listed twice"},
    {"devices.1.pci", "\"0000:65:00.0 and then more\"", "at most 15 bytes"},
    {"devices.0.type", "\"tpu\"", "accelerator"},
    {"devices.0.type", "", "type is missing"},
    {"devices.0.software", "1", "true or false"},
    {"devices.0.same_as", "[1]", "id"},
    {"devices.0.same_as", "[\"\\u001b:1\"]", "id"},
    {"devices.0.memory_bytes", "-1", "from 0 on"},
    {"devices.0.supports", "{\"sum\":{\"ref\":{\"f32\":false}}}", "true or a reason"},
    {"absent_platforms", "1", "array"},
    {"absent_platforms.0", "1", "object"},
    {"absent_platforms.0.status", "\"fine\"", "status"},
    {"absent_platforms.0.reason", "[]", "text"},
    {"results", "", "results is missing"},
    {"results.0", "[]", "object"},
    {"results.0.device", "\"cpu:7\"", "none of the file's devices"},
    {"results.0.device", "", "device is missing"},
    {"results.0.platform", "\"vulkan\"", "platform"},
    {"results.0.op", "\"conv\\u009b\"", "'conv?\?' is not known"},
    {"results.0.op", "1", "word"},
    {"results.0.status", "", "status is missing"},
    {"results.0.shape", "5", "object"},
    {"results.0.shape.m", "0", "from 1"},
    {"results.0.shape.m", "", "shape.m is missing"},
    {"results.0.shape.m", "1.0", "whole number"},
    {"results.0.shape.m", "4611686018427387904", "64 bits"},
    {"results.0.kernel", "3", "object"},
    {"results.0.kernel.n", "6", "has 7 elements where n says 6"},
    {"results.0.kernel.n", "0", "from 1"},
    {"results.0.kernel.n", "2000000000", "1000005"},
    {"results.0.kernel.n", "", "n says 0"},
    {"results.0.kernel.samples_s", "", "samples_s is missing"},
    {"results.0.kernel.samples_s.2", "-1.0", "above 0"},
    {"results.0.kernel.samples_s.2", "0", "above 0"},
    {"results.0.kernel.samples_s.2", "null", "above 0"},
    {"results.0.kernel.samples_s.2", "0.001", "follows from the rest"},
    {"results.0.kernel.rounds", "", "rounds is missing"},
    {"results.0.kernel.rounds", "5", "array"},
    {"results.0.kernel.rounds.3", "9", "not below the one before"},
    {"results.0.kernel.rounds.0", "-1", "not below the one before"},
    {"results.0.kernel.median_s", "1e-9", "follows from the rest"},
    {"results.0.kernel.median_s", "", "is missing"},
    {"results.0.kernel.q3_s", "-5", "from 0 on"},
    {"results.0.kernel.ci95_s", "", "is missing"},
    {"results.0.kernel.ci95_s", "4", "array"},
    {"results.0.kernel.ci95_s.0", "1", "follows from the rest"},
    {"results.0.gflops", "1e6", "follows from the rest"},
    {"results.0.gbps", "", "is missing"},
    {"results.0.flops", "8191", "follows from the rest"},
    {"results.0.flops", "0.5", "whole number"},
    {"results.0.launches", "1e300", "below 2^64"},
    {"results.0.error.checked", "18446744073709551616.0", "below 2^64"},
    {"results.0.memory", "{\"host_peak_bytes\": 1e20}", "below 2^64"},
    {"results.0.setup_s", "-0.25", "from 0 on"},
    {"results.0.setup_s", "null", "number"},
    {"results.0.error.bound_ratio", "9", "above the limit"},
    {"results.0.error", "", "does not say that the result was verified"},
    {"results.0.error.bound_ratio", "", "does not say that the result was verified"},
    {"results.0.error.limit", "", "does not say that the result was verified"},
    {"results.0.error.limit", "33", "results.0.error.limit: is more than 32, the most"},
    {"results.0.error.limit", "1e300", "the most for this case"},
    {"results.0.error.checked", "0", "does not say that the result was verified"},
    {"results.0.status", "\"wrong\"", "but there are times"},
    {"results.2.speedup", "{\"baseline\": \"cpu:0/openblas\"}", "but there is a speedup"},
    {"results.2.gflops", "5", "nothing that it follows from"},
    {"results.0.gflops", "", "is missing"},
    {"results.0.roofline.share", "0.99", "follows from the rest"},
    {"results.0.roofline.share", "", "is missing"},
    {"results.0.roofline.bound", "\"compute\"", "not the nearer roof"},
    {"results.0.roofline", "", "is missing"},
    {"results.1.roofline", "{\"share\": 0.5, \"bound\": \"memory\"}", "nothing that it follows from"},
    {"devices.0.roofline.peak_gflops.f32", "1e6", "devices.0.roofline.peak_gflops.f32: is 1000000"},
    {"devices.0.roofline.peak_gflops.f16", "10", "nothing that it follows from"},
    {"devices.0.roofline.bandwidth_gbps", "", "is missing"},
    {"devices.1.roofline", "{\"bandwidth_gbps\": 10}", "nothing that it follows from"},
    {"roofline", "{}", "array"},
    {"roofline.0.kernel.min_s", "1e-9", "roofline.0.kernel.min_s"},
    {"roofline.0.device", "\"cpu:1\"", "none of the file's devices"},
    {"roofline.0", "{\"device\": \"cpu:0\", \"op\": \"sum\", \"impl\": \"ref\", \"precision\": \"f32\", "
                   "\"shape\": {\"n\": 1}, \"status\": \"error\"}", "must be peak, triad or copy"},
    {"roofline", "", "nothing that it follows from"},
    {"results.1.clock.mhz", "1100", "follows from the rest"},
    {"results.1.clock.min_mhz", "1001", "follows from the rest"},
    {"results.1.clock.max_mhz", "", "is missing"},
    {"results.1.clock.samples_mhz", "", "samples_mhz is missing"},
    {"results.1.clock.samples_mhz.1", "0", "above 0"},
    {"results.1.temperature.max_c", "-273.2", "from -273.15 on"},
    {"results.1.temperature.max_c", "-12", "follows from the rest"},
    {"results.1.temperature.c", "", "is missing"},
    {"results.1.temperature.samples_c.0", "-274", "above -273.15"},
    {"results.1.power.gflop_per_j", "1", "follows from the rest"},
    {"results.1.power.gflop_per_j", "", "is missing"},
    {"results.1.power.watts", "", "only one of"},
    {"results.1.power.watts", "-1", "from 0 on"},
    {"results.1.upload_s", "5", "more than end to end"},
    {"results.1.tuning", "\"fast\"", "must be stock, table or tuned"},
    {"results.1.tuning", "\"stock\"", "tuning is not table or tuned"},
    {"results.1.parameters", "", "is missing"},
    {"results.1.end_to_end", "", "more than end to end"},
    {"results.1.speedup.kernel.ratio", "40", "interval"},
    {"results.1.speedup.kernel.ratio", "4.25", "speedup.kernel.ratio: is 4.25, but 4 follows"},
    {"results.1.speedup.kernel.ci95.0", "3.99", "speedup.kernel.ci95.0: is 3.99, but"},
    {"results.1.speedup.end_to_end.ci95", "[4, 4]", "speedup.end_to_end.ci95.0"},
    {"results.1.speedup.end_to_end", "", "is missing"},
    {"results.1.speedup.kernel.ratio", "", "no ratio"},
    {"results.1.speedup.kernel.ci95", "[4.5, 3.5]", "interval"},
    {"results.1.speedup.end_to_end.ratio", "0", "above 0"},
    {"results.1.speedup.end_to_end.ratio", "2", "not within its interval"},
    {"results.1.speedup.baseline", "\"cpu:0/native\"", "no row"},
    {"results.1.speedup.baseline", "\"fast\"", "impl"},
    {"results.1.speedup.baseline", "", "baseline is missing"},
    {"results.1.warnings", "\"one\"", "array"},
    {"results.1.warnings.1", "2", "text"},
    {"results.2.kernel", "{\"median_s\": 1}", "nothing that it follows from"},
    {"results.2.reason", "1", "text"},
    {"results.2.sum", "\"kahan\"", "sum: 'kahan' is not known"},
    {"results.2.scale", "{\"exponent\": 3}", "scale: is not for sum of f16"},
    {"results.2.scale", "{\"exponent\": 61}", "scale.exponent: must be a whole number from -60 to 60"},
    {"results.2.scale", "{\"exponent\": 0, \"overflowed\": 1}", "scale: has not all of its counts"},
    {"results.2.scale", "{\"exponent\": 0, \"overflowed\": 6, \"underflowed\": 0, \"subnormal\": 0}",
     "scale: counts more than the 5 elements"},
    {"results.0.scale", "{\"overflowed\": 1, \"underflowed\": 0, \"subnormal\": 0}",
     "scale.overflowed: is not 0, but the status is ok"},
    {"results.2.sum", "7", "sum: must be a word"},
    {"results.0.sum", "\"neumaier\"", "sum: is not for a matmul"},
};

/* Sets or, for "", takes away what a path names. */
static void damage(json_t *object, const char *path, const char *value)
{
    char key[64];
    for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        snprintf(key, sizeof key, "%.*s", (int)(dot - path), path);
        object = json_is_array(object) ? json_array_get(object, strtoul(key, NULL, 10))
                                       : json_object_get(object, key);
        ck_assert_msg(object != NULL, "there is no %s", key);
    }
    json_t *now = *value != '\0' ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
    ck_assert(*value == '\0' || now != NULL);
    if (now == NULL)
        ck_assert_int_eq(json_object_del(object, path), 0);
    else if (json_is_array(object))
        ck_assert_int_eq(json_array_set_new(object, strtoul(path, NULL, 10), now), 0);
    else
        ck_assert_int_eq(json_object_set_new(object, path, now), 0);
}

START_TEST(what_cannot_be_is_refused)
{
    json_t *document = good_document();
    damage(document, damages[_i].path, damages[_i].value);
    write_document(document);
    json_decref(document);
    char *text = refusal(file);
    ck_assert_msg(text != NULL, "taken: %s = %s", damages[_i].path, damages[_i].value);
    is_one_line(text);
    ck_assert_msg(strstr(text, damages[_i].says) != NULL, "%s = %s: '%s' lacks '%s'", damages[_i].path,
                  damages[_i].value, text, damages[_i].says);
    free(text);
}
END_TEST

/* Its second measurement is not in the file, so the run must have made one. */
START_TEST(rows_against_themselves)
{
    struct record record;
    json_t *document = good_document(), *command = json_object_get(document, "command");
    damage(document, "results.1.speedup.baseline", "\"vulkan:0/tile\"");
    write_document(document);
    refused_with("results.1.speedup.baseline: is the row itself, but command has no --against-itself");
    json_array_append_new(command, json_string(_i == 0 ? "--against-itself" : "--aga"));
    write_document(document);
    json_decref(document);
    ck_assert(record_read(&record, file));
    record_clear(&record);
}
END_TEST

/* The first files have the interval of independent samples; another is refused. */
START_TEST(first_files_get_the_interval_of_rounds)
{
    struct record record;
    json_t *document = good_document();
    damage(document, "results.0.kernel.ci95_s", "[0.00390625, 0.0068359375]");
    write_document(document);
    json_decref(document);
    ck_assert(record_read(&record, file));
    ck_assert(record.results[0].kernel.summary.ci95_low == 1.125 * 0x1p-8); /* 1 and 1.375 are of one round */
    ck_assert(record.results[0].kernel.summary.ci95_high == 1.75 * 0x1p-8);
    record_clear(&record);
}
END_TEST

/* A file that says nothing of it has plain sums; a variant is another row. */
START_TEST(variants_come_back)
{
    struct record record;
    json_t *document = good_document(), *results = json_object_get(document, "results");
    json_t *variant = json_deep_copy(json_array_get(results, 2));
    json_object_set_new(variant, "sum", json_string("neumaier"));
    json_array_append_new(results, variant);
    write_document(document);
    json_decref(document);
    ck_assert(record_read(&record, file));
    ck_assert_int_eq(record.results[2].task.sum, HCB_SUM_PLAIN);
    ck_assert_int_eq(record.results[3].task.sum, HCB_SUM_NEUMAIER);
    ck_assert(!record_same_case(&record.results[2].task, &record.results[3].task));
    ck_assert(record_write_json(&record, other));
    record_clear(&record);
    ck_assert(record_read(&record, other));
    ck_assert_int_eq(record.results[3].task.sum, HCB_SUM_NEUMAIER);
    record_clear(&record);
}
END_TEST

/* The line is that of the value, in any layout. */
START_TEST(the_line_is_named)
{
    static const char text[] = "{\"format\": \"hcbench-result\", \"format_version\": 1,\n"
                               "\"x\": [\"}\\\"]\", {\"y\": [[1], {}]},\n -1e5, true],\n"
                               "\"hcbench\": {\"version\": \"1\"}, \"seed\":\n 1, \"fill\":\n\n \"uniform\",\n"
                               "\"started\": \"now\", \"devices\": [\n{\"id\": \"cpu:0\", \"platform\": \"cpu\",\n"
                               "\"type\":\n\"tpu\"}], \"results\": []}";
    ck_assert_uint_eq(locate_line(text, strlen(text), ""), 1);
    ck_assert_uint_eq(locate_line(text, strlen(text), "x.1.y"), 2);
    ck_assert_uint_eq(locate_line(text, strlen(text), "x.2"), 3);
    ck_assert_uint_eq(locate_line(text, strlen(text), "seed"), 5);
    ck_assert_uint_eq(locate_line(text, strlen(text), "fill"), 7);
    ck_assert_uint_eq(locate_line(text, strlen(text), "devices.0"), 9);
    ck_assert_uint_eq(locate_line(text, strlen(text), "devices.0.name"), 9);
    ck_assert_uint_eq(locate_line(text, strlen(text), "devices.0.type"), 11);
    ck_assert_uint_eq(locate_line(text, strlen(text), "devices.3"), 8);
    write_text(text);
    char *said = refusal(file);
    ck_assert_ptr_nonnull(said);
    ck_assert_uint_eq(line_in(said), 11);
    ck_assert_ptr_nonnull(strstr(said, ":11: devices.0.type: must be cpu, gpu or accelerator"));
    free(said);
}
END_TEST

/* Files of others, and none at all. */
START_TEST(foreign_files_are_refused)
{
    static const struct {
        const char *text, *says;
    } files[] = {
        {"", ":1: the file is empty"},
        {"\n\n  ", ":3: no JSON"},
        {"device,platform,op\ncpu:0,cpu,sum\n", ":1: no JSON"},
        {"<html>\033[31m</html>", ":1: no JSON"},
        {"[1, 2]", "no result file"},
        {"{\"context\": {}, \"benchmarks\": []}", "it has no format"},
        {"{\"format\": \"hcbench-journal\", \"format_version\": 1}\n{\"device\": 1}\n", "hcbench recover"},
        {"{\"format\": \"hcbench-result\",\n\"format\": \"hcbench-result\"}", ":2: no JSON: duplicate"},
        {"{\"format\":\n \"hcbench\\u0000\"}", ":2: no JSON"},
        {"{\"seed\":\n\n 18446744073709551616}", ":3: no JSON: too big integer"},
        {"{\"seed\": 1e999}", ":1: no JSON: real number overflow"},
        {"{\"seed\": NaN}", ":1: no JSON"},
        {"{\"a\": \"\xff\"}", ":1: no JSON"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_text(files[i].text);
        refused_with(files[i].says);
    }
    write_bytes(file, "{\"a\"\n:\0 1}", 10);
    refused_with("NUL");
}
END_TEST

START_TEST(places_that_are_no_files)
{
    ck_assert_int_eq(unlink(file), -1);
    refused_with("cannot be read: No such file");
    ck_assert_int_eq(mkdir(file, 0700), 0);
    refused_with("cannot be read: Is a directory");
    ck_assert_int_eq(rmdir(file), 0);
    ck_assert_int_eq(mkfifo(file, 0600), 0); /* which nobody writes: no waiting */
    refused_with("empty");
    unlink(file);
    ck_assert_int_eq(symlink("/dev/zero", file), 0);
    refused_with("NUL");
    unlink(file);
    ck_assert_int_eq(symlink(file, file), 0);
    refused_with("cannot be read");
    unlink(file);
    if (geteuid() != 0) {
        write_text("{}");
        ck_assert_int_eq(chmod(file, 0), 0);
        refused_with("Permission denied");
    }
}
END_TEST

/* A small file may stand for more than the memory holds. */
START_TEST(costs_are_limited)
{
    static const struct read_limits few = {.bytes = 1 << 20, .nested = 300, .values = 2000, .rows = 2};
    char *big = malloc((2 << 20) + 1), *text;
    ck_assert_ptr_nonnull(big);
    memset(big, ' ', 2 << 20);
    big[2 << 20] = '\0';
    gzFile packed = gzopen(file, "wb9");
    ck_assert_int_eq(gzwrite(packed, big, 2 << 20), 2 << 20);
    gzclose(packed);
    text = refusal_within(file, &few);
    is_one_line(text);
    ck_assert_ptr_nonnull(strstr(text, "larger than 1048576 bytes"));
    free(text);
    memset(big, '[', 3000);
    big[3000] = '\0';
    write_text(big);
    refused_with("no JSON: maximum parsing depth");
    text = refusal_within(file, &few);
    ck_assert_ptr_nonnull(strstr(text, "more values"));
    free(text);
    big[0] = '[';
    memset(big + 1, ',', 2999);
    write_text(big);
    text = refusal_within(file, &few);
    ck_assert_ptr_nonnull(strstr(text, "more values"));
    free(text);
    free(big);
    json_t *document = good_document();
    write_document(document);
    json_decref(document);
    text = refusal_within(file, &few);
    ck_assert_ptr_nonnull(strstr(text, "more than 2 rows"));
    free(text);
}
END_TEST

/* -------------------------------------------------------------- cut and mutated */

static struct text good_text(void)
{
    struct text text;
    json_t *document = good_document();
    write_document(document);
    json_decref(document);
    ck_assert(text_read(file, 1 << 20, &text));
    return text;
}

START_TEST(cut_off_files_are_refused)
{
    const struct text text = good_text();
    ck_assert_uint_gt(text.size, 3000);
    for (size_t size = 0; size < text.size; size += size < 100 || size + 50 > text.size ? 1 : 23) {
        write_bytes(file, text.data, size);
        char *said = refusal(file);
        ck_assert_msg(said != NULL, "taken with %zu of %zu bytes", size, text.size);
        is_one_line(said);
        ck_assert_uint_ge(line_in(said), 1);
        free(said);
    }
    free(text.data);
}
END_TEST

START_TEST(cut_off_packed_files_are_refused)
{
    const struct text text = good_text();
    unsigned long lines = 0;
    for (size_t i = 0; i < text.size; i++)
        lines += text.data[i] == '\n';
    ck_assert_uint_gt(lines, 10);
    char packed[16384];
    gzFile out = gzopen(file, "wb");
    ck_assert_int_eq(gzwrite(out, text.data, (unsigned)text.size), (int)text.size);
    gzclose(out);
    ck_assert_ptr_null(refusal(file)); /* whatever its name */
    out = gzopen(other, "wb");
    ck_assert_int_eq(gzwrite(out, text.data, 100), 100);
    gzclose(out);
    out = gzopen(other, "ab");
    ck_assert_int_eq(gzwrite(out, text.data + 100, (unsigned)text.size - 100), (int)text.size - 100);
    gzclose(out);
    ck_assert_ptr_null(refusal(other)); /* of two members */
    FILE *in = fopen(file, "rb");
    const size_t size = fread(packed, 1, sizeof packed, in);
    fclose(in);
    for (size_t cut = 0; cut < size; cut += cut + 12 > size || cut < 20 ? 1 : 7) {
        write_bytes(file, packed, cut);
        char *said = refusal(file);
        ck_assert_msg(said != NULL, "taken with %zu of %zu bytes", cut, size);
        is_one_line(said);
        ck_assert_uint_ge(line_in(said), 1);
        ck_assert_uint_le(line_in(said), lines + 1);
        free(said);
    }
    /* The line is that of the text, as far as it could be unpacked. */
    char says[sizeof file + 64];
    snprintf(says, sizeof says, "hcbench: %s:%lu: is not a whole gzip file\n", file, lines + 1);
    write_bytes(file, packed, size - 1);
    refused_with(says);
    for (size_t at = size - 8; at < size; at += 4) { /* checksum, size */
        packed[at] ^= 0x20;
        write_bytes(file, packed, size);
        refused_with(says);
        packed[at] ^= 0x20;
    }
    packed[size] = 'x';
    write_bytes(file, packed, size + 1);
    refused_with(says);
    packed[size / 2] ^= 0x20;
    write_bytes(file, packed, size);
    refused_with("");
    free(text.data);
}
END_TEST

/* Numbers that are the same in every run. */
static uint32_t random_number(uint32_t *state)
{
    const uint32_t counter[4] = {(*state)++, 0, 0, 0}, key[2] = {8, 3};
    uint32_t out[4];
    hcb_philox4x32(counter, key, out);
    return out[0];
}

/* Each is read or refused in a line; never a crash. */
static void survives(const char *data, size_t size, bool journal)
{
    write_bytes(file, data, size);
    if (!journal) {
        char *said = refusal(file);
        if (said != NULL)
            is_one_line(said);
        free(said);
        return;
    }
    struct earlier earlier;
    capture_begin();
    const bool good = journal_read(&earlier, file);
    struct captured captured = capture_end();
    if (!good)
        is_one_line(captured.err);
    else
        ck_assert_str_eq(captured.err, "");
    journal_forget(&earlier);
    captured_free(&captured);
}

static void mutate(const struct text *text, bool journal)
{
    static const char *const pieces[] = {"\"", "{", "}", "[", "]", ",", "-", "0", "9", "1e308", "null",
                                         "\\u0000", "\xff", "\033", "99999999999999999999", "\n", ":"};
    uint32_t state = 1;
    char *copy = malloc(text->size + 64);
    ck_assert_ptr_nonnull(copy);
    for (int i = 0; i < 1500; i++) {
        memcpy(copy, text->data, text->size);
        size_t size = text->size;
        for (uint32_t changes = 1 + random_number(&state) % 3; changes > 0; changes--) {
            const size_t at = random_number(&state) % text->size;
            const char *piece = pieces[random_number(&state) % (sizeof pieces / sizeof *pieces)];
            switch (random_number(&state) % 4) {
            case 0: copy[at] = (char)random_number(&state); break;
            case 1: memcpy(copy + at, piece, strlen(piece)); break;
            case 2: copy[at] ^= (char)(1u << random_number(&state) % 8); break;
            default: size = at > size / 2 ? at : size; break;
            }
        }
        survives(copy, size, journal);
    }
    free(copy);
}

START_TEST(mutated_files_do_no_harm)
{
    const struct text text = good_text();
    mutate(&text, false);
    free(text.data);
}
END_TEST

/* --------------------------------------------------------------------- journals */

/* A journal of the good document's rows, the last case not ended. */
static struct text good_journal(void)
{
    json_t *head = good_document(), *rows = json_array();
    json_t *results = json_incref(json_object_get(head, "results")), *row;
    struct text text;
    size_t index;
    FILE *out = fopen(file, "w");
    ck_assert_ptr_nonnull(out);
    json_object_set_new(head, "format", json_string("hcbench-journal"));
    json_object_del(head, "results");
    json_array_foreach(results, index, row) {
        json_t *planned = json_object();
        static const char *const names[] = {"device", "op", "impl", "precision", "shape"};
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            json_object_set(planned, names[i], json_object_get(row, names[i]));
        json_object_set_new(planned, "status", json_string("skipped"));
        json_array_append_new(rows, planned);
    }
    json_object_set_new(head, "rows", rows);
    json_t *roofs = json_pack("{s:O}", "roofline", json_object_get(head, "roofline"));
    json_object_del(head, "roofline");
    json_object_del(json_array_get(json_object_get(head, "devices"), 0), "roofline");
    json_dumpf(head, out, JSON_COMPACT);
    fputc('\n', out);
    json_dumpf(roofs, out, JSON_COMPACT | JSON_REAL_PRECISION(17));
    fputc('\n', out);
    json_decref(roofs);
    json_array_foreach(results, index, row) {
        json_object_set_new(row, "index", json_integer((json_int_t)index));
        json_t *speedup = json_incref(json_object_get(row, "speedup"));
        json_object_del(row, "speedup");
        json_dumpf(row, out, JSON_COMPACT | JSON_REAL_PRECISION(17));
        fputc('\n', out);
        if (index == 1) {
            json_t *end = json_pack("{s:i, s:[n,O], s:[n,[s]], s:{s:{s:s}}}", "end_of_case", 0, "speedups",
                                    speedup, "warnings", "known at the end", "sensors", "cpu:0",
                                    "unreadable", "energy: no file");
            json_dumpf(end, out, JSON_COMPACT);
            fputc('\n', out);
            json_decref(end);
        }
        json_decref(speedup);
    }
    json_decref(results);
    json_decref(head);
    fclose(out);
    ck_assert(text_read(file, 1 << 20, &text));
    return text;
}

START_TEST(a_journal_is_read)
{
    const struct text text = good_journal();
    struct earlier earlier;
    ck_assert(journal_read(&earlier, file));
    ck_assert_uint_eq(earlier.record.result_count, 3);
    ck_assert_uint_eq(earlier.whole, text.size);
    ck_assert(earlier.record.results[1].speedup_kernel.ratio == 4);
    ck_assert_str_eq(earlier.record.results[1].warnings[0], "known at the end");
    ck_assert_uint_eq(earlier.record.roofline_count, 2);
    ck_assert_double_eq_tol(earlier.record.devices[0].bandwidth_gbps, 3 * 4096 * 4 / 0x1p-10 * 1e-9, 1e-12);
    ck_assert_str_eq(earlier.record.results[0].roofline_bound, "memory");
    ck_assert_str_eq(earlier.record.devices[0].sensors.unreadable, "energy: no file");
    ck_assert(earlier.ended[0] && earlier.ended[1] && !earlier.ended[2]);
    ck_assert_int_eq(earlier.record.results[2].status, HCB_UNSUPPORTED);
    journal_forget(&earlier);

    /* A search plans rows as it goes. */
    write_bytes(file, text.data, text.size);
    FILE *out = fopen(file, "a");
    fputs("{\"rows\":[{\"device\":\"cpu:0\",\"op\":\"dot\",\"impl\":\"ref\",\"precision\":\"f32\","
          "\"shape\":{\"n\":9},\"status\":\"skipped\"}]}\n"
          "{\"index\":3,\"device\":\"cpu:0\",\"op\":\"dot\",\"impl\":\"ref\",\"precision\":\"f32\","
          "\"shape\":{\"n\":9},\"status\":\"error\"}\n"
          "{\"end_of_case\":3,\"speedups\":[null]}\n", out);
    fclose(out);
    ck_assert(journal_read(&earlier, file));
    ck_assert_uint_eq(earlier.record.result_count, 4);
    ck_assert_int_eq(earlier.record.results[3].status, HCB_ERROR);
    ck_assert(earlier.ended[1] && !earlier.ended[2] && earlier.ended[3]);
    journal_forget(&earlier);

    /* Torn at any place: what is whole is kept, and what follows a NUL is not. */
    for (size_t size = 0; size <= text.size; size += 61) {
        const char *end = memchr(text.data, '\n', text.size);
        write_bytes(file, text.data, size);
        out = fopen(file, "ab");
        fwrite("\0\0\0{}\n", 1, 6, out);
        fclose(out);
        capture_begin();
        const bool good = journal_read(&earlier, file);
        struct captured captured = capture_end();
        ck_assert_msg(good == (size > (size_t)(end - text.data)), "with %zu bytes: %s", size, captured.err);
        if (!good)
            is_one_line(captured.err);
        else
            ck_assert_uint_le(earlier.whole, size);
        captured_free(&captured);
        journal_forget(&earlier);
    }

    /* A run that goes on makes parts of cases void. */
    write_bytes(file, text.data, text.size);
    out = fopen(file, "a");
    fputs("{\"resumed\":\"2026-02-03T04:05:06Z\"}\n", out);
    fclose(out);
    ck_assert(journal_read(&earlier, file));
    ck_assert_int_eq(earlier.record.results[1].status, HCB_OK);
    ck_assert_int_eq(earlier.record.results[2].status, HCB_SKIPPED);
    ck_assert_uint_eq(earlier.record.resumed.count, 1);
    journal_forget(&earlier);
    free(text.data);
}
END_TEST

START_TEST(damaged_journals_are_refused)
{
    static const struct {
        const char *line, *says;
    } lines[] = {
        {"{", ":7: no JSON"},
        {"[]", ":7: must be an object"},
        {"", ":7: no JSON"},
        {"{\"index\": 3}", ":7: index: must be that of a planned row"},
        {"{\"index\": -1}", ":7: index"},
        {"{\"index\": 0}", ":7: device is missing"},
        {"{\"device\": \"cpu:0\"}", ":7: index: must be that of a planned row"},
        {"{\"rows\": 5}", ":7: rows: must be an array"},
        {"{\"rows\": [{\"device\": \"cpu:0\", \"op\": \"sum\", \"impl\": \"ref\", \"precision\": \"f32\", "
         "\"shape\": {\"n\": 1}, \"status\": \"error\"}]}", ":7: rows.0.status: must be skipped"},
        {"{\"roofline\": [{}]}", ":7: roofline.0: device is missing"},
        {"{\"roofline\": 5}", ":7: index"},
        {"{\"format\": \"hcbench-journal\", \"rows\": []}", ":7: format: must be in the first line only"},
        {"{\"rows\": [{\"device\": \"vulkan:0\", \"op\": \"sum\", \"impl\": \"tile\", \"precision\": \"f16\", "
         "\"shape\": {\"n\": 5}, \"status\": \"skipped\"}]}", " rows.3 is planned twice"},
        {"{\"index\": 0, \"device\": \"cpu:0\", \"op\": \"sum\", \"impl\": \"ref\", \"precision\": \"f32\", "
         "\"shape\": {\"n\": 1}, \"status\": \"error\"}", ":7: index: is that of another row"},
        {"{\"end_of_case\": 7, \"speedups\": []}", ":7: end_of_case"},
        {"{\"end_of_case\": 0, \"speedups\": [null, null]}", ":7: end_of_case: has ended before"},
        {"{\"end_of_case\": 2, \"speedups\": []}", ":7: speedups: must be an array"},
        {"{\"end_of_case\": 2, \"speedups\": [5]}", ":7: speedups.0"},
        {"{\"end_of_case\": 2, \"speedups\": [null], \"warnings\": [null, null]}", ":7: warnings: must be"},
        {"{\"end_of_case\": 2, \"speedups\": [null], \"warnings\": [5]}", ":7: speedups.0.warnings"},
        {"{\"end_of_case\": 2, \"speedups\": [null], \"sensors\": 5}", ":7: sensors: must be an object"},
        {"{\"end_of_case\": 2, \"speedups\": [null], \"sensors\": {\"cpu:7\": {}}}", ":7: sensors.cpu:7: is none"},
        {"{\"end_of_case\": 2, \"speedups\": [null], \"sensors\": {\"cpu:0\": {\"clock\": 5}}}",
         ":7: sensors.cpu:0.clock"},
        {"{\"resumed\": 5}", ":7: resumed"},
    };
    const struct text text = good_journal();
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct earlier earlier;
        write_bytes(file, text.data, text.size);
        FILE *out = fopen(file, "a");
        fprintf(out, "%s\n", lines[i].line);
        fclose(out);
        capture_begin();
        const bool good = journal_read(&earlier, file);
        struct captured captured = capture_end();
        ck_assert_msg(!good, "taken: %s", lines[i].line);
        is_one_line(captured.err);
        ck_assert_msg(strstr(captured.err, lines[i].says) != NULL, "'%s' lacks '%s'", captured.err,
                      lines[i].says);
        captured_free(&captured);
    }
    free(text.data);
}
END_TEST

START_TEST(mutated_journals_do_no_harm)
{
    const struct text text = good_journal();
    mutate(&text, true);
    free(text.data);
}
END_TEST

/* -------------------------------------------------------------- what is printed */

/* Fills every free text with a sequence that steers terminals. */
static void poison_texts(json_t *value, const char *key)
{
    static const char *const kept[] = {"id", "platform", "type", "device", "op", "impl", "precision",
                                       "status", "baseline", "bound", "same_as", "fill", "format",
                                       "tuning", "core_trial"};
    size_t index;
    json_t *inner;
    void *at;
    const char *name;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (strcmp(key, kept[i]) == 0)
            return;
    if (json_is_string(value))
        json_string_set(value, "\033[31m\xc2\x9b" "1m\007\r\n\x7f");
    json_array_foreach(value, index, inner)
        poison_texts(inner, key);
    json_object_foreach_safe(value, at, name, inner)
        poison_texts(inner, name);
}

START_TEST(texts_do_not_steer_terminals)
{
    struct options options = {.color = COLOR_NEVER};
    struct record record;
    char *text;
    size_t size;
    json_t *document = good_document();
    poison_texts(document, "");
    json_object_set_new(json_array_get(json_object_get(document, "results"), 1), "note",
                        json_string("\033c\xc2\x9b"));
    write_document(document);
    json_decref(document);
    ck_assert(record_read(&record, file));
    record.options = &options;
    struct page page = {.out = open_memstream(&text, &size), .width = 80};
    record_print_on(&record, &page);
    record_print_devices_on(&record, &page);
    fclose(page.out);
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)text[i];
        ck_assert_msg((byte >= ' ' || byte == '\n') && byte != 0x7f && !(byte == 0xc2 && (unsigned char)text[i + 1] < 0xa0),
                      "byte %#x in: %s", byte, text);
    }
    free(text);
    record_clear(&record);
}
END_TEST

/* ------------------------------------------------------------------ the man page */

static char *manual;

/* The page has it as a word of an item. */
static void is_documented(const char *name, size_t length)
{
    for (const char *line = strstr(manual, "\n.It Va "); line != NULL; line = strstr(line + 1, "\n.It Va ")) {
        const char *end = line + 8 + strcspn(line + 8, "\n");
        for (const char *word = line + 8; word < end; word += strspn(word, " ")) {
            const size_t size = strcspn(word, " \n");
            if (size == length && memcmp(word, name, length) == 0)
                return;
            word += size;
        }
    }
    ck_abort_msg("hcbench-result(5) does not have %.*s", (int)length, name);
}

static void are_documented(const struct member *members)
{
    for (; members->name != NULL; members++)
        is_documented(members->name, strlen(members->name));
}

START_TEST(members_are_documented)
{
    const struct hcb_field *field;
    char path[1024];
    struct text text;
    const char *source = getenv("srcdir");
    snprintf(path, sizeof path, "%s/doc/hcbench-result.5", source != NULL ? source : "..");
    ck_assert(text_read(path, 1 << 20, &text));
    manual = text.data;
    are_documented(schema_environment);
    are_documented(schema_cpu);
    are_documented(schema_sampling);
    are_documented(schema_blas);
    are_documented(schema_absence);
    are_documented(protocol_device_members());
    for (unsigned i = 0; (field = hcb_result_field(i)) != NULL; i++)
        for (const char *name = field->name; *name != '\0';) {
            const size_t length = strcspn(name, ".");
            if (name[0] < '0' || name[0] > '9')
                is_documented(name, length);
            name += length + (name[length] == '.');
        }
    /* And what the writer really writes. */
    struct record record;
    json_t *document = good_document(), *value;
    const char *name;
    write_document(document);
    json_decref(document);
    ck_assert(record_read(&record, file));
    ck_assert(words_add(&record.resumed, "now") && record_write_json(&record, other));
    record_clear(&record);
    document = json_load_file(other, 0, NULL);
    json_object_foreach(document, name, value)
        is_documented(name, strlen(name));
    json_decref(document);
    free(manual);
}
END_TEST

/* --------------------------------------------------------------- names of outputs */

static const char *in_folder(const char *name)
{
    static char paths[4][200];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

START_TEST(two_names_of_one_file)
{
    ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
    ck_assert_int_eq(symlink("d", in_folder("e")), 0);
    ck_assert_int_eq(symlink("new", in_folder("link")), 0);
    ck_assert(output_is_same(in_folder("new"), in_folder("./new")));
    ck_assert(output_is_same(in_folder("new"), in_folder("d/../new")));
    ck_assert(output_is_same(in_folder("d/new"), in_folder("e/new")));
    ck_assert(output_is_same(in_folder("link"), in_folder("new")));
    ck_assert(!output_is_same(in_folder("d/new"), in_folder("new")));
    ck_assert(!output_is_same(in_folder("missing/new"), in_folder("new")));
    ck_assert(output_is_same("-", "-"));
    ck_assert(!output_is_same("-", in_folder("new")));
    write_bytes(in_folder("new"), "x", 1);
    ck_assert_int_eq(link(in_folder("new"), in_folder("d/hard")), 0);
    ck_assert(output_is_same(in_folder("link"), in_folder("new")));
    ck_assert(output_is_same(in_folder("new"), in_folder("e/hard")));
    ck_assert(!output_is_same(in_folder("new"), in_folder("old")));
    ck_assert(output_is_same("/dev/null", "/dev/null"));
}
END_TEST

static void writes_through(const char *name, const char *target)
{
    struct output *output = output_open(name);
    struct stat before = {0}, after;
    const bool was = stat(target, &before) == 0;
    ck_assert_ptr_nonnull(output);
    ck_assert(output_text(output, "new"));
    /* Whole or not at all: nothing is to be seen yet. */
    ck_assert((stat(target, &after) == 0) == was);
    ck_assert(output_close(output, true));
    ck_assert(stat(target, &after) == 0 && after.st_size == 3);
    ck_assert(!was || after.st_ino != before.st_ino);
    ck_assert(lstat(name, &after) == 0 && S_ISLNK(after.st_mode));
}

START_TEST(links_stay_links)
{
    ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
    ck_assert_int_eq(symlink("d/target", in_folder("first")), 0);
    ck_assert_int_eq(symlink("first", in_folder("second")), 0);
    ck_assert(output_check(in_folder("second")));
    ck_assert_int_ne(access(in_folder("d/target"), F_OK), 0);
    writes_through(in_folder("second"), in_folder("d/target")); /* dangling */
    writes_through(in_folder("second"), in_folder("d/target"));
    /* An output that is given up leaves no trace behind a dangling link. */
    unlink(in_folder("d/target"));
    struct output *output = output_open(in_folder("second"));
    ck_assert(output_text(output, "new") && !output_close(output, false));
    ck_assert_int_eq(rmdir(in_folder("d")), 0);
    /* ... and into a folder that is not there it cannot be written. */
    capture_begin();
    const bool good = output_check(in_folder("second"));
    struct captured captured = capture_end();
    ck_assert(!good);
    is_one_line(captured.err);
    captured_free(&captured);
    ck_assert_int_eq(symlink("loop", in_folder("loop")), 0);
    capture_begin();
    ck_assert(!output_check(in_folder("loop")));
    captured = capture_end();
    is_one_line(captured.err);
    captured_free(&captured);
}
END_TEST

/* Of this program: counts what output.c asks for, and fails when told. */
static int synced, sync_error;
int fsync(int descriptor)
{
    ck_assert_int_ge(fcntl(descriptor, F_GETFD), 0);
    synced++;
    errno = sync_error;
    return sync_error != 0 ? -1 : 0;
}

/* A file is on the disk, packed or not, before it takes the place of another. */
START_TEST(outputs_are_synced)
{
    static const char *const names[] = {"plain", "packed.gz"};
    const char *name = in_folder(names[_i]);
    synced = sync_error = 0;
    struct output *output = output_open(name);
    ck_assert(output_text(output, "new") && output_close(output, true));
    ck_assert_int_eq(synced, 1);
    struct text text;
    ck_assert(text_read(name, 100, &text));
    ck_assert_str_eq(text.data, "new");
    free(text.data);
    sync_error = ENOSPC;
    output = output_open(name);
    ck_assert(output_text(output, "newer"));
    capture_begin();
    const bool good = output_close(output, true);
    struct captured captured = capture_end();
    sync_error = 0;
    ck_assert(!good);
    is_one_line(captured.err);
    captured_free(&captured);
    ck_assert(text_read(name, 100, &text)); /* the old one is as it was */
    ck_assert_str_eq(text.data, "new");
    free(text.data);
}
END_TEST

/* Names of files do not steer terminals either. */
START_TEST(names_do_not_steer_terminals)
{
    const char *name = in_folder("\033[31m\xc2\x9b" "1m\n/x");
    char *said = refusal(name);
    ck_assert_ptr_nonnull(said);
    is_one_line(said);
    ck_assert_ptr_nonnull(strstr(said, "/?[31m??1m?/x"));
    free(said);
    capture_begin();
    ck_assert(!output_check(name));
    struct captured captured = capture_end();
    is_one_line(captured.err);
    captured_free(&captured);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("read");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_good_file_is_read);
    tcase_add_test(tests, first_files_get_the_interval_of_rounds);
    tcase_add_loop_test(tests, what_cannot_be_is_refused, 0, (int)(sizeof damages / sizeof *damages));
    tcase_add_loop_test(tests, rows_against_themselves, 0, 2);
    tcase_add_test(tests, variants_come_back);
    tcase_add_test(tests, the_line_is_named);
    tcase_add_test(tests, foreign_files_are_refused);
    tcase_add_test(tests, places_that_are_no_files);
    tcase_add_test(tests, costs_are_limited);
    tcase_add_test(tests, cut_off_files_are_refused);
    tcase_add_test(tests, cut_off_packed_files_are_refused);
    tcase_add_test(tests, mutated_files_do_no_harm);
    tcase_add_test(tests, a_journal_is_read);
    tcase_add_test(tests, damaged_journals_are_refused);
    tcase_add_test(tests, mutated_journals_do_no_harm);
    tcase_add_test(tests, texts_do_not_steer_terminals);
    tcase_add_test(tests, members_are_documented);
    tcase_add_test(tests, two_names_of_one_file);
    tcase_add_test(tests, links_stay_links);
    tcase_add_loop_test(tests, outputs_are_synced, 0, 2);
    tcase_add_test(tests, names_do_not_steer_terminals);
    return suite_run("read", tests);
}
