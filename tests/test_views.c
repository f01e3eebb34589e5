/* SPDX-License-Identifier: Apache-2.0 */
/* The outputs: JSON and back, CSV, tables, and places that cannot be written. */
#include "config.h"

#include <check.h>
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "capture.h"
#include "files/json.h"
#include "files/output.h"
#include "record.h"
#include "terminal/grid.h"
#include "terminal/page.h"

/* ------------------------------------------------------------------ a record */

static struct options options;
static struct record record;
static struct device_record devices[3];
static struct hcb_result results[12];
static char folder[64];

static struct hcb_result *add_result(const char *device, enum hcb_op op, enum hcb_impl impl,
                                     enum hcb_precision precision, struct hcb_shape shape)
{
    struct hcb_result *row = &results[record.result_count++];
    hcb_result_init(row, device, &(struct hcb_case){op, impl, precision, shape});
    return row;
}

/* Seven samples around `median`, in seconds. */
static void add_samples(struct hcb_clock_result *clock, double median)
{
    double samples[7];
    for (int i = 0; i < 7; i++)
        samples[i] = median * (1 + 0.01 * (i - 3));
    for (uint32_t round = 0; round < 7; round++)
        ck_assert(hcb_clock_add(clock, round, &samples[round], 1));
}

static struct hcb_result *add_good(const char *device, enum hcb_impl impl, double median)
{
    struct hcb_result *row = add_result(device, HCB_OP_MATMUL, impl, HCB_PRECISION_F32,
                                        (struct hcb_shape){1024, 1024, 1024});
    row->status = HCB_OK;
    add_samples(&row->kernel, median);
    add_samples(&row->wall, median * 1.1);
    add_samples(&row->end_to_end, median * 2);
    row->setup_s = 0.25;
    hcb_result_rates(row);
    row->error.bound_ratio = 0.31;
    row->error.limit = 72;
    row->error.checked = 4096;
    return row;
}

static void fill_devices(void)
{
    devices[0].info = (struct hcb_device_info){.id = "cpu:0",
                                               .platform = "cpu",
                                               .name = "Example(R) Processor",
                                               .driver = "OpenBLAS",
                                               .driver_version = "0.3.21",
                                               .target = "SkylakeX",
                                               .type = HCB_DEVICE_CPU,
                                               .compute_units = 2,
                                               .blas_threads = 2,
                                               .memory_bytes = UINT64_C(16) << 30};
    devices[1].info =
        (struct hcb_device_info){.id = "opencl:0",
                                 .platform = "opencl",
                                 .name = "a driver's \"name\",\twith\ncontrol\033[31m bytes",
                                 .driver = "PoCL",
                                 .driver_version = "3.1",
                                 .api_version = "OpenCL 3.0",
                                 .type = HCB_DEVICE_CPU,
                                 .software = true,
                                 .memory_bytes = UINT64_C(2) << 30};
    devices[2].info = (struct hcb_device_info){.id = "vulkan:0",
                                               .platform = "vulkan",
                                               .name = "not \xff UTF-8",
                                               .driver = "example",
                                               .type = HCB_DEVICE_GPU};
    snprintf(devices[1].same_as[0], sizeof devices[1].same_as[0], "cpu:0");
}

static void fill_results(void)
{
    const struct hcb_result *baseline = add_good("cpu:0", HCB_IMPL_OPENBLAS, 6e-3);
    struct hcb_result *row = add_good("opencl:0", HCB_IMPL_TILE, 7.5e-3);
    hcb_result_compare(row, baseline, true, 7);
    snprintf(row->kernels, sizeof row->kernels, "matmul_cpu.cl");
    hcb_result_warn(row, "the interval is +-%.1f %% after %d samples", 3.4, 7);
    hcb_result_warn(row, "a \"quoted\", second one");
    row = add_good("vulkan:0", HCB_IMPL_TILE, 0.12);
    hcb_result_compare(row, baseline, true, 7);
    hcb_result_warn(row, "the interval is +-%.1f %% after %d samples", 5.6, 7);
    row = add_result("vulkan:0", HCB_OP_MATMUL, HCB_IMPL_COOPMAT, HCB_PRECISION_F32,
                     (struct hcb_shape){1024, 1024, 1024});
    row->status = HCB_UNSUPPORTED;
    snprintf(row->reason, sizeof row->reason, "VK_KHR_cooperative_matrix is missing");
    row = add_result("opencl:0", HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F64,
                     (struct hcb_shape){1, 65536, 1});
    row->status = HCB_WRONG;
    snprintf(row->reason, sizeof row->reason, "element 0 is 1, not 2");
    row->task.precision = HCB_PRECISION_F32;
    row->task.sum = HCB_SUM_F64;
    row->error.bound_ratio = 1e6;
    row->error.limit = 2;
    row = add_result("cpu:0", HCB_OP_DOT, HCB_IMPL_NATIVE, HCB_PRECISION_I8I32,
                     (struct hcb_shape){1, 65536, 1});
    row->status = HCB_OK;
    add_samples(&row->wall, 2e-5);
    hcb_result_rates(row);
    row->error.bound_ratio = row->error.limit = 0; /* exact */
    row->error.checked = 1;
}

static struct absence absences[1] = {
    {.platform = "vulkan", .status = HCB_UNSUPPORTED, .reason = "no Vulkan driver"}};
static char *arguments[] = {(char[]){"hcbench"}, (char[]){"-p"}, (char[]){"all \xfe"}};

static void set_up(void)
{
    memset(devices, 0, sizeof devices);
    options = (struct options){.color = COLOR_NEVER};
    record = (struct record){.version = "0.1.0", .command = {arguments, 3},
                             .started = "2025-01-02T03:04:05Z", .seed = 7,
                             .fill = HCB_FILL_NORMAL, .options = &options, .blas_fair_ratio = 0.19, .devices = devices,
                             .device_count = 3, .absences = absences, .absence_count = 1,
                             .results = results};
    snprintf(record.blas_core_detected, sizeof record.blas_core_detected, "Prescott");
    record.blas_core_choice = CORE_TRIED;
    record.blas_cores_tried = 3;
    hcb_environment_read(&record.environment);
    fill_devices();
    fill_results();
    snprintf(folder, sizeof folder, "/tmp/hcbench-views.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    signal(SIGPIPE, SIG_IGN);
}

static const char *in_folder(const char *name)
{
    static char paths[4][400];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* Names in the folder, "." and ".." apart. */
static unsigned files_left(void)
{
    unsigned count = 0;
    DIR *directory = opendir(folder);
    ck_assert_ptr_nonnull(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count - 2;
}

static void tear_down(void)
{
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.')
            unlink(in_folder(entry->d_name));
    closedir(directory);
    rmdir(folder);
    for (size_t i = 0; i < record.result_count; i++)
        hcb_result_clear(&results[i]);
}

static char *contents(const char *path)
{
    static char text[200000];
    gzFile file = gzopen(path, "rb"); /* reads plain files as they are */
    ck_assert_msg(file != NULL, "no %s", path);
    const int size = gzread(file, text, sizeof text - 1);
    ck_assert_int_ge(size, 0);
    text[size] = '\0';
    gzclose(file);
    return text;
}

/* ----------------------------------------------------------------------- JSON */

static void same_number(double a, double b)
{
    ck_assert(isnan(a) ? isnan(b) : a == b);
}

static void same_samples(const struct hcb_clock_result *a, const struct hcb_clock_result *b)
{
    ck_assert_uint_eq(a->summary.n, b->summary.n);
    ck_assert((a->samples == NULL) == (b->samples == NULL));
    for (size_t i = 0; a->samples != NULL && i < a->summary.n; i++)
        same_number(a->samples[i], b->samples[i]);
    for (size_t i = 0; a->samples != NULL && i < a->summary.n; i++)
        ck_assert_uint_eq(a->rounds[i], b->rounds[i]);
}

/* Every member that the table knows. */
static void same_result(const struct hcb_result *a, const struct hcb_result *b)
{
    const struct hcb_field *field;
    for (unsigned i = 0; (field = hcb_result_field(i)) != NULL; i++) {
        const char *x = (const char *)a + field->offset, *y = (const char *)b + field->offset;
        if (field->kind == HCB_FIELD_TEXT)
            ck_assert_str_eq(x, y);
        else if (field->kind == HCB_FIELD_NUMBER || field->kind == HCB_FIELD_COUNT)
            same_number(*(const double *)x, *(const double *)y);
        else if (field->kind != HCB_FIELD_SAMPLES && field->kind != HCB_FIELD_ROUNDS &&
                 field->kind != HCB_FIELD_LINES)
            ck_assert_msg(memcmp(x, y, field->size) == 0, "%s differs", field->name);
    }
    same_samples(&a->kernel, &b->kernel);
    same_samples(&a->wall, &b->wall);
    same_samples(&a->end_to_end, &b->end_to_end);
    for (size_t i = 0; i < sizeof a->warnings / sizeof *a->warnings; i++) {
        ck_assert((a->warnings[i] == NULL) == (b->warnings[i] == NULL));
        if (a->warnings[i] != NULL)
            ck_assert_str_eq(a->warnings[i], b->warnings[i]);
    }
}

START_TEST(rows_come_back)
{
    for (size_t i = 0; i < record.result_count; i++) {
        struct hcb_result read;
        json_t *row = record_result_json(&results[i], true);
        char *text = json_dumps(row, JSON_REAL_PRECISION(17));
        json_t *again = json_loads(text, 0, NULL);
        ck_assert_ptr_nonnull(again);
        ck_assert(record_result_from_json(again, &read, NULL));
        same_result(&results[i], &read);
        hcb_result_clear(&read);
        json_decref(again);
        json_decref(row);
        free(text);
    }
}
END_TEST

START_TEST(large_numbers_come_back)
{
    struct hcb_result *row = add_result("cpu:0", HCB_OP_SUM, HCB_IMPL_REF, HCB_PRECISION_I8I32,
                                        (struct hcb_shape){1, INT64_MAX, 1});
    struct hcb_result read;
    row->device_peak_bytes = 0x1.fffffffffffffp63; /* the largest below 2^64 */
    row->host_peak_bytes = 0x1p62;
    row->error.max_abs = 5e-324;
    json_t *json = record_result_json(row, true);
    ck_assert(record_result_from_json(json, &read, NULL));
    same_result(row, &read);
    json_decref(json);
}
END_TEST

START_TEST(rows_without_samples)
{
    struct hcb_result read;
    json_t *row = record_result_json(&results[0], false);
    ck_assert_ptr_null(json_object_get(json_object_get(row, "kernel"), "samples_s"));
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(row, "kernel"), "n")), 7);
    ck_assert(!record_result_from_json(row, &read, NULL));
    json_decref(row);
}
END_TEST

/* Changes that make a row none. */
static const char *const damages[] = {
    "{\"op\": \"bogus\"}",      "{\"op\": 1}",          "{\"status\": \"fine\"}",
    "{\"device\": 5}",          "{\"device\": \"a device's id of far more than 24 bytes\"}",
    "{\"shape\": {\"n\": 0}}",  "{\"shape\": {\"n\": -4, \"m\": 4, \"k\": 4}}",
    "{\"shape\": {\"n\": \"4\"}}", "{\"shape\": {}}",   "{\"shape\": 4}",
    "{\"gflops\": \"fast\"}",   "{\"gflops\": null}",   "{\"setup_s\": []}",
    "{\"kernel\": {\"n\": 3, \"samples_s\": [1, 2]}}",  "{\"kernel\": {\"samples_s\": [1, 2]}}",
    "{\"kernel\": {\"n\": 1, \"samples_s\": [1, 2]}}",
    "{\"kernel\": {\"n\": 2, \"samples_s\": [1, \"2\"]}}", "{\"warnings\": \"one\"}",
    "{\"warnings\": [1]}",      "{\"kernel\": {\"n\": -1}}", "{\"impl\": null}",
};

START_TEST(damaged_rows_are_refused)
{
    struct hcb_result read = {.setup_s = 42};
    json_t *row = record_result_json(&results[0], true), *damage = json_loads(damages[_i], 0, NULL);
    ck_assert_ptr_nonnull(damage);
    json_object_update(row, damage);
    ck_assert_msg(!record_result_from_json(row, &read, NULL), "taken: %s", damages[_i]);
    ck_assert(read.setup_s == 42);
    json_decref(damage);
    json_decref(row);
}
END_TEST

START_TEST(rows_need_their_names)
{
    static const char *const names[] = {"device", "op", "impl", "precision", "shape", "status"};
    struct hcb_result read;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *row = record_result_json(&results[0], true);
        json_object_del(row, names[i]);
        ck_assert_msg(!record_result_from_json(row, &read, NULL), "taken without %s", names[i]);
        json_decref(row);
    }
    json_t *array = json_array();
    ck_assert(!record_result_from_json(array, &read, NULL));
    json_decref(array);
}
END_TEST

static const json_t *at(const json_t *object, const char *a, const char *b, const char *c)
{
    object = json_object_get(object, a);
    object = b != NULL ? json_object_get(object, b) : object;
    return c != NULL ? json_object_get(object, c) : object;
}

static void text_is(const json_t *value, const char *text)
{
    ck_assert_msg(json_is_string(value), "no text where '%s' should be", text);
    ck_assert_str_eq(json_string_value(value), text);
}

static json_t *written_json(const char *path)
{
    json_error_t error;
    ck_assert(record_write_json(&record, path));
    json_t *document = json_loads(contents(path), JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(document != NULL, "%s", error.text);
    return document;
}

START_TEST(json_head)
{
    setenv("OPENBLAS_NUM_THREADS", "2", 1);
    setenv("HCBENCH_ODD", "not \xff UTF-8", 1);
    setenv("HOMELY_SECRET", "x", 1);
    ck_assert(record_take_variables(&record));
    json_t *document = written_json(in_folder("a.json"));
    text_is(at(document, "format", NULL, NULL), "hcbench-result");
    ck_assert_int_eq(json_integer_value(at(document, "format_version", NULL, NULL)), 1);
    text_is(at(document, "hcbench", "version", NULL), hcb_version());
    ck_assert_uint_eq(json_array_size(at(document, "command", NULL, NULL)), 3);
    text_is(json_array_get(at(document, "command", NULL, NULL), 2), "all ?");
    text_is(at(document, "started", NULL, NULL), "2025-01-02T03:04:05Z");
    ck_assert_int_eq(json_integer_value(at(document, "seed", NULL, NULL)), 7);
    text_is(at(document, "fill", NULL, NULL), "normal");
    text_is(at(document, "environment", "compiler", NULL), record.environment.compiler);
    ck_assert(json_is_integer(at(document, "environment", "cpu", "threads_used")));
    text_is(at(document, "environment", "blas", "name"), "OpenBLAS");
    text_is(at(document, "environment", "blas", "version"), "0.3.21");
    text_is(at(document, "environment", "blas", "core_detected"), "Prescott");
    text_is(at(document, "environment", "blas", "core_used"), "SkylakeX");
    ck_assert(json_real_value(at(document, "environment", "blas", "fair_ratio")) == 0.19);
    ck_assert_int_eq(json_integer_value(at(document, "environment", "blas", "threads")), 2);
    text_is(at(document, "environment", "env", "OPENBLAS_NUM_THREADS"), "2");
    text_is(at(document, "environment", "env", "HCBENCH_ODD"), "not ? UTF-8");
    ck_assert_ptr_null(at(document, "environment", "env", "HOMELY_SECRET"));
    json_decref(document);
}
END_TEST

START_TEST(json_without_a_blas)
{
    devices[0].info.driver[0] = '\0';
    record.blas_fair_ratio = NAN;
    json_t *document = written_json(in_folder("a.json"));
    ck_assert_ptr_null(at(document, "environment", "blas", NULL));
    json_decref(document);
}
END_TEST

START_TEST(json_devices)
{
    json_t *document = written_json(in_folder("a.json"));
    const json_t *list = at(document, "devices", NULL, NULL);
    ck_assert_uint_eq(json_array_size(list), 3);
    const json_t *pocl = json_array_get(list, 1), *gpu = json_array_get(list, 2);
    text_is(at(pocl, "id", NULL, NULL), "opencl:0");
    text_is(at(pocl, "platform", NULL, NULL), "opencl");
    text_is(at(pocl, "name", NULL, NULL), devices[1].info.name);
    text_is(at(pocl, "api_version", NULL, NULL), "OpenCL 3.0");
    text_is(at(pocl, "type", NULL, NULL), "cpu");
    ck_assert(json_is_true(at(pocl, "software", NULL, NULL)));
    ck_assert_int_eq(json_integer_value(at(pocl, "memory_bytes", NULL, NULL)), INT64_C(2) << 30);
    text_is(json_array_get(at(pocl, "same_as", NULL, NULL), 0), "cpu:0");
    text_is(at(gpu, "name", NULL, NULL), "not ? UTF-8");
    ck_assert(json_is_false(at(gpu, "software", NULL, NULL)));
    ck_assert_uint_eq(json_array_size(at(gpu, "same_as", NULL, NULL)), 0);
    ck_assert_ptr_null(at(gpu, "memory_bytes", NULL, NULL));
    ck_assert_ptr_null(at(gpu, "pci", NULL, NULL));
    ck_assert_ptr_null(at(gpu, "supports", NULL, NULL));
    json_decref(document);
}
END_TEST

START_TEST(json_results)
{
    json_t *document = written_json(in_folder("a.json"));
    const json_t *list = at(document, "results", NULL, NULL);
    ck_assert_uint_eq(json_array_size(list), record.result_count);
    const json_t *tile = json_array_get(list, 1), *missing = json_array_get(list, 3),
                 *dot = json_array_get(list, 5);
    text_is(at(tile, "device", NULL, NULL), "opencl:0");
    text_is(at(tile, "platform", NULL, NULL), "opencl");
    text_is(at(tile, "op", NULL, NULL), "matmul");
    text_is(at(tile, "impl", NULL, NULL), "tile");
    text_is(at(tile, "precision", NULL, NULL), "f32");
    ck_assert_int_eq(json_integer_value(at(tile, "shape", "k", NULL)), 1024);
    text_is(at(tile, "status", NULL, NULL), "ok");
    ck_assert(json_real_value(at(tile, "kernel", "median_s", NULL)) ==
              results[1].kernel.summary.median);
    const json_t *interval = at(tile, "kernel", "ci95_s", NULL);
    ck_assert_uint_eq(json_array_size(interval), 2);
    ck_assert(json_real_value(json_array_get(interval, 0)) == results[1].kernel.summary.ci95_low);
    ck_assert(json_real_value(json_array_get(interval, 1)) == results[1].kernel.summary.ci95_high);
    ck_assert_uint_eq(json_array_size(at(tile, "kernel", "samples_s", NULL)), 7);
    text_is(at(tile, "speedup", "baseline", NULL), "cpu:0/openblas");
    ck_assert(json_real_value(at(tile, "speedup", "kernel", "ratio")) == results[1].speedup_kernel.ratio);
    ck_assert_uint_eq(json_array_size(at(tile, "warnings", NULL, NULL)), 2);
    /* What was not measured is absent. */
    ck_assert_ptr_null(at(tile, "reason", NULL, NULL));
    ck_assert_ptr_null(at(tile, "upload_s", NULL, NULL));
    ck_assert_ptr_null(at(tile, "error", "max_abs", NULL));
    ck_assert_ptr_null(at(tile, "memory", NULL, NULL));
    static const char *const absent[] = {"kernel", "wall",    "end_to_end", "setup_s",
                                         "gflops", "speedup", "error",      "warnings"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        ck_assert_msg(at(missing, absent[i], NULL, NULL) == NULL, "%s is there", absent[i]);
    text_is(at(missing, "reason", NULL, NULL), "VK_KHR_cooperative_matrix is missing");
    ck_assert_ptr_null(at(dot, "shape", "m", NULL));
    ck_assert_ptr_null(at(dot, "kernel", NULL, NULL));
    ck_assert_int_eq(json_integer_value(at(dot, "shape", "n", NULL)), 65536);
    json_decref(document);
}
END_TEST

/* Neither NaN nor infinity is ever written, whatever the record holds. */
START_TEST(json_has_no_nan)
{
    results[0].gflops = INFINITY;
    results[0].gbps = -INFINITY;
    results[0].kernel.samples[3] = NAN;
    record.blas_fair_ratio = INFINITY;
    json_t *document = written_json(in_folder("a.json"));
    const json_t *row = json_array_get(at(document, "results", NULL, NULL), 0);
    ck_assert_ptr_null(at(row, "gflops", NULL, NULL));
    ck_assert_ptr_null(at(row, "gbps", NULL, NULL));
    ck_assert_ptr_null(at(document, "environment", "blas", "fair_ratio"));
    json_decref(document);
}
END_TEST

static char *reasons[HCB_OP_COUNT][HCB_IMPL_COUNT][HCB_PRECISION_COUNT];

static void fill_supports(void)
{
    static char first[] = "no arithmetic in f16", same[] = "no arithmetic in f16",
                other[] = "another reason";
    memset(reasons, 0, sizeof reasons);
    reasons[HCB_OP_MATMUL][HCB_IMPL_REF][HCB_PRECISION_F16] = first;
    reasons[HCB_OP_SUM][HCB_IMPL_REF][HCB_PRECISION_F16] = same;
    reasons[HCB_OP_SUM][HCB_IMPL_REF][HCB_PRECISION_F64] = other;
    devices[0].unsupported = reasons;
    record.device_count = 1;
}

/* What was written comes back, and is written again byte for byte. */
static void same_again(const char *name)
{
    char first[400], second[400];
    struct record read;
    snprintf(first, sizeof first, "%s/%s", folder, name);
    snprintf(second, sizeof second, "%s/again-%s", folder, name);
    ck_assert(record_write_json(&record, first));
    ck_assert(record_read(&read, first));
    ck_assert(record_write_json(&read, second));
    record_clear(&read);
    char *text = strdup(contents(first));
    ck_assert_str_eq(text, contents(second));
    free(text);
}

START_TEST(files_come_back)
{
    ck_assert(record_take_variables(&record));
    ck_assert(words_add(&record.resumed, "2025-01-03T00:00:00Z"));
    same_again("a.json");
    same_again("a.json.gz");
    words_clear(&record.resumed);
}
END_TEST

START_TEST(lists_come_back)
{
    const size_t count = record.result_count;
    fill_supports();
    record.result_count = 0;
    same_again("a.json");
    record.result_count = count;
}
END_TEST

START_TEST(json_of_a_list)
{
    fill_supports();
    json_t *document = written_json(in_folder("a.json"));
    const json_t *supports =
        at(json_array_get(at(document, "devices", NULL, NULL), 0), "supports", NULL, NULL);
    ck_assert(json_is_true(at(supports, "matmul", "native", "f32")));
    text_is(at(supports, "matmul", "ref", "f16"), "no arithmetic in f16");
    text_is(at(supports, "sum", "ref", "f64"), "another reason");
    ck_assert_ptr_null(at(supports, "matmul", "clblast", NULL));
    json_decref(document);
}
END_TEST

START_TEST(json_compressed)
{
    json_t *document = written_json(in_folder("a.json.gz"));
    json_decref(document);
    FILE *file = fopen(in_folder("a.json.gz"), "rb");
    ck_assert_int_eq(fgetc(file), 0x1f);
    ck_assert_int_eq(fgetc(file), 0x8b);
    fclose(file);
}
END_TEST

START_TEST(json_on_stdout)
{
    capture_begin();
    const bool written = record_write_json(&record, "-");
    struct captured said = capture_end();
    ck_assert(written);
    ck_assert_str_eq(said.err, "");
    json_t *document = json_loads(said.out, 0, NULL);
    ck_assert_ptr_nonnull(document);
    json_decref(document);
    captured_free(&said);
}
END_TEST

/* ------------------------------------------------------------------------ CSV */

/* Splits RFC 4180 lines into fields, from the standard's grammar. */
static size_t split_csv(char *text, char *fields[][96], size_t lines_max)
{
    size_t line = 0, field = 0;
    for (char *from = text; *from != '\0' && line < lines_max;) {
        char *to = from;
        bool quoted = *from == '"';
        fields[line][field++] = to;
        for (from += quoted; *from != '\0'; from++) {
            if (quoted && from[0] == '"' && from[1] == '"')
                from++;
            else if (quoted && *from == '"') {
                quoted = false;
                continue;
            } else if (!quoted && (*from == ',' || *from == '\n'))
                break;
            *to++ = *from;
        }
        const char end = *from++;
        *to = '\0';
        if (end == '\n') {
            fields[line++][field] = NULL;
            field = 0;
        }
    }
    return line;
}

static const char *csv_field(char *fields[][96], size_t line, const char *name)
{
    for (size_t i = 0; fields[0][i] != NULL; i++)
        if (strcmp(fields[0][i], name) == 0)
            return fields[line][i];
    ck_abort_msg("no column %s", name);
    return NULL;
}

static size_t columns_of(char *fields[][96], size_t line)
{
    size_t count = 0;
    while (fields[line][count] != NULL)
        count++;
    return count;
}

START_TEST(csv_fields)
{
    static char *fields[16][96];
    char text[64];
    ck_assert(record_write_csv(&record, in_folder("a.csv")));
    const size_t lines = split_csv(contents(in_folder("a.csv")), fields, 16);
    ck_assert_uint_eq(lines, record.result_count + 1);
    for (size_t line = 1; line < lines; line++)
        ck_assert_uint_eq(columns_of(fields, line), columns_of(fields, 0));
    ck_assert_str_eq(fields[0][0], "device");
    ck_assert_str_eq(csv_field(fields, 2, "device"), "opencl:0");
    ck_assert_str_eq(csv_field(fields, 2, "shape.k"), "1024");
    ck_assert_str_eq(csv_field(fields, 2, "kernel.n"), "7");
    ck_assert_str_eq(csv_field(fields, 2, "kernel.median_s"), "0.0075");
    snprintf(text, sizeof text, "%.0f", results[1].flops);
    ck_assert_str_eq(csv_field(fields, 2, "flops"), text);
    ck_assert_str_eq(csv_field(fields, 2, "reason"), "");
    ck_assert_str_eq(csv_field(fields, 2, "warnings"),
                     "the interval is +-3.4 % after 7 samples; a \"quoted\", second one");
    ck_assert_str_eq(csv_field(fields, 4, "status"), "unsupported");
    ck_assert_str_eq(csv_field(fields, 4, "kernel.median_s"), "");
    ck_assert_str_eq(csv_field(fields, 4, "gflops"), "");
    ck_assert_str_eq(csv_field(fields, 6, "shape.m"), "");
    ck_assert_str_eq(csv_field(fields, 5, "sum"), "f64");
    ck_assert_str_eq(csv_field(fields, 6, "sum"), "");
    for (size_t i = 0; fields[0][i] != NULL; i++)
        ck_assert_ptr_null(strstr(fields[0][i], "samples"));
    ck_assert(strtod(csv_field(fields, 3, "kernel.ci95_s.0"), NULL) ==
              results[2].kernel.summary.ci95_low);
}
END_TEST

START_TEST(csv_quoting)
{
    snprintf(results[3].reason, sizeof results[3].reason, "two\nlines, \"and\" quotes\"");
    ck_assert(record_write_csv(&record, in_folder("a.csv.gz")));
    const char *text = contents(in_folder("a.csv.gz"));
    ck_assert_ptr_nonnull(strstr(text, ",\"two\nlines, \"\"and\"\" quotes\"\"\","));
}
END_TEST

/* --------------------------------------------------------------------- tables */

enum { FOR_DEVICES = 1, COLORED = 2 };

/* A view as text; NULL when the page failed. */
static char *printed(unsigned how, size_t width)
{
    char *text = NULL;
    size_t size;
    struct page page = {
        .out = open_memstream(&text, &size), .width = width, .color = (how & COLORED) != 0};
    if ((how & FOR_DEVICES) != 0)
        record_print_devices_on(&record, &page);
    else
        record_print_on(&record, &page);
    fclose(page.out);
    ck_assert(!page.failed);
    return text;
}

static void has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no '%s' in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "'%s' in:\n%s", part, text);
}

/* The line that begins with `start`, blanks skipped. */
static const char *line_of(const char *text, const char *start, const char *also)
{
    static char line[1024];
    for (; *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n') {
        const char *from = text + strspn(text, " ");
        snprintf(line, sizeof line, "%.*s", (int)strcspn(from, "\n"), from);
        if (strncmp(line, start, strlen(start)) == 0 && strstr(line, also) != NULL)
            return line;
    }
    ck_abort_msg("no line '%s ... %s'", start, also);
    return NULL;
}

START_TEST(run_tables)
{
    char *text = printed(0, 0);
    has(line_of(text, "cpu:0", "Example"), "Example Processor");
    has(line_of(text, "cpu:0", "Example"), "OpenBLAS 0.3.21");
    has(line_of(text, "cpu:0", "Example"), "16.0 GiB");
    has(line_of(text, "opencl:0", "PoCL 3.1"),
        "software driver on this CPU, same hardware as cpu:0");
    has(text, "CPU baseline: OpenBLAS 0.3.21, 2 threads, core type SkylakeX; by itself it chose "
              "Prescott, at 0.190");
    has(text, "no vulkan device: no Vulkan driver");
    has(text, "matmul f32, x: times as fast as cpu:0/openblas");
    has(line_of(text, "1024x1024x1024", "openblas"), "6.00 ms");
    has(line_of(text, "opencl:0", "7.50 ms"), "3.0%");
    has(line_of(text, "opencl:0", "7.50 ms"), "286.3");
    has(line_of(text, "opencl:0", "7.50 ms"), "15.0 ms");
    has(line_of(text, "opencl:0", "7.50 ms"), "0.80");
    has(line_of(text, "opencl:0", "7.50 ms"), "0.31");
    has(line_of(text, "opencl:0", "7.50 ms"), "ok");
    has(text,
        "unsupported: VK_KHR_cooperative_matrix is missing (1 row: vulkan:0/coopmat matmul f32)");
    has(text, "\nsum f32 f64\n");
    has(text, "\ndot i8i32\n");
    has(line_of(text, "65536", "wrong"), "wrong: element 0 is 1, not 2");
    has(line_of(text, "65536", "native"), "wall");
    has(line_of(text, "65536", "native"), "20.0 us");
    has(text, "warning: the interval is +-3.4 % after 7 samples, or alike (2 rows: opencl:0/tile "
              "matmul f32;");
    has(text, "6 rows: 4 ok, 1 wrong, 1 unsupported");
    has_not(text, "\033");
    has_not(text, "nan");
    has_not(text, "inf");
    has_not(text, "\t");
    free(text);
}
END_TEST

/* Speed, memory and error of 16 bits beside f32, one line for each device and
 * shape, of the fastest impls. */
START_TEST(mixed_precision_in_a_line)
{
    static const struct {
        const char *device;
        enum hcb_precision precision;
        enum hcb_impl impl;
        double seconds;
    } rows[] = {{"vulkan:0", HCB_PRECISION_F16F32, HCB_IMPL_TILE, 0.06},
                {"vulkan:0", HCB_PRECISION_F16F32, HCB_IMPL_COOPMAT, 0.03},
                {"vulkan:0", HCB_PRECISION_BF16F32, HCB_IMPL_TILE, 0.24},
                {"vulkan:0", HCB_PRECISION_F32X2, HCB_IMPL_COOPMAT, 0.048},
                {"cpu:0", HCB_PRECISION_F32X2, HCB_IMPL_OPENBLAS, 1e-3}, /* in f32, in truth */
                {"opencl:0", HCB_PRECISION_F16, HCB_IMPL_TILE, 1e-3}};
    char *text = printed(0, 0);
    has_not(text, "16 bits beside f32");
    free(text);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hcb_result *row = add_good(rows[i].device, rows[i].impl, rows[i].seconds);
        row->task.precision = rows[i].precision;
        row->error.rel_frobenius = 3e-7;
        row->error.bound_ratio = 1.75;
    }
    text = printed(0, 0);
    has(text, "16 bits beside f32, x: times as fast, unpaired");
    const char *line = line_of(text, "matmul f16f32", "vulkan:0");
    has(line, "coopmat  tile     4.00    3.84-4.16  4.00 MiB"); /* two of 1024 x 1024 */
    has(line, "  4.00 MiB        1.8    0.31  3.0e-07");
    has(line_of(text, "matmul bf16f32", "vulkan:0"), "0.500");
    has(line_of(text, "matmul f32x2", "vulkan:0"), "coopmat  tile     2.50");
    has_not(line_of(text, "matmul f32x2", "vulkan:0"), "bytes");
    has(text, "\nmatmul f32x2    1024x1024x1024  vulkan:0");
    has_not(text, "\nmatmul f32x2    1024x1024x1024  cpu:0");
    /* What 11 and 8 bits lose; f32x2 is spared what f16f32 loses. */
    has(line_of(text, "matmul f16f32", "vulkan:0"), "3.0e-07   0.00021");
    has(line_of(text, "matmul bf16f32", "vulkan:0"), "3.0e-07    0.0017");
    has(line_of(text, "matmul f32x2", "vulkan:0"), "3.0e-07   0.00021");
    has_not(text, "matmul f16 ");
    free(text);
    /* What is not right has no speed to speak of. */
    results[7].status = HCB_WRONG;
    text = printed(0, 0);
    has(line_of(text, "matmul f16f32", "1024x1024x1024"), "2.00");
    has_not(line_of(text, "matmul f16f32", "1024x1024x1024"), "coopmat");
    free(text);
    results[2].status = HCB_WRONG; /* the only row in f32 there */
    text = printed(0, 0);
    has_not(text, "16 bits beside f32");
    free(text);
}
END_TEST

/* A row without a clock, a rate and a verdict has empty cells, not zeros. */
START_TEST(tables_show_no_number_that_was_not_measured)
{
    for (size_t i = 0; i < record.result_count; i++)
        hcb_result_clear(&results[i]);
    record.result_count = 0;
    struct hcb_result *row = add_result("cpu:0", HCB_OP_SUM, HCB_IMPL_NATIVE, HCB_PRECISION_F32,
                                        (struct hcb_shape){1, 7, 1});
    row->status = HCB_CRASHED;
    snprintf(row->reason, sizeof row->reason, "SIGSEGV");
    char *text = printed(0, 0);
    ck_assert_str_eq(line_of(text, "7", "native"), "7  cpu:0   native  crashed: SIGSEGV");
    has_not(text, "times as fast");
    free(text);
}
END_TEST

/* A launch has two times and no rate, a copy GB/s, a peak GFLOP/s. */
START_TEST(tables_of_extra_ops)
{
    const struct hcb_shape one = {1, 1, 1}, many = {1, 1000000, 1};
    for (size_t i = 0; i < record.result_count; i++)
        hcb_result_clear(&results[i]);
    record.result_count = 0;
    struct hcb_result *rows[] = {
        add_result("opencl:0", HCB_OP_UPLOAD, HCB_IMPL_PINNED, HCB_PRECISION_F32, many),
        add_result("opencl:0", HCB_OP_LAUNCH, HCB_IMPL_TILE, HCB_PRECISION_F32, one),
        add_result("opencl:0", HCB_OP_PEAK, HCB_IMPL_TILE, HCB_PRECISION_F32, many)};
    add_samples(&rows[0]->wall, 2e-3);
    add_samples(&rows[1]->kernel, 5e-6);
    add_samples(&rows[1]->wall, 30e-6);
    add_samples(&rows[2]->kernel, 4.096e-2);
    for (size_t i = 0; i < 3; i++) {
        rows[i]->status = HCB_OK;
        hcb_result_rates(rows[i]);
    }
    char *text = printed(0, 0);
    has(line_of(text, "1000000", "pinned"), "2.000");
    has(line_of(text, "shape", "latency"), "median");
    has_not(line_of(text, "shape", "latency"), "/s");
    has(line_of(text, "1 ", "tile"), "5.00 us");
    has(line_of(text, "1 ", "tile"), "30.0 us");
    has(line_of(text, "1000000", "tile"), "100.0");
    has(text, "GFLOP/s");
    free(text);
}
END_TEST

static struct hcb_result roofs[2];

static void add_roofs(void)
{
    const struct hcb_case peak = {HCB_OP_PEAK, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 1000, 1}},
                          triad = {HCB_OP_TRIAD, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 1000, 1}};
    hcb_result_init(&roofs[0], "opencl:0", &peak);
    hcb_result_init(&roofs[1], "opencl:0", &triad);
    roofs[0].status = HCB_OK;
    roofs[0].gflops = devices[1].peak_gflops[HCB_PRECISION_F32] = 400.5;
    roofs[1].status = HCB_WRONG;
    snprintf(roofs[1].reason, sizeof roofs[1].reason, "z[3] is off");
    devices[1].bandwidth_gbps = (double)NAN;
    record.roofline = roofs;
    record.roofline_count = 2;
    results[1].roofline_share = 0.714;
    snprintf(results[1].roofline_bound, sizeof results[1].roofline_bound, "compute");
}

START_TEST(roofs_are_shown)
{
    char *text = printed(0, 0);
    has_not(text, "roof");
    free(text);
    add_roofs();
    text = printed(0, 0);
    has(line_of(text, "opencl:0", "7.50 ms"), "71% compute");
    has(text, "roofline: GFLOP/s of multiply-adds by precision, GB/s of memory");
    has(line_of(text, "opencl:0", "400.5"), "wrong");
    has(text, "wrong opencl:0/tile triad f32 1000: z[3] is off\n");
    has(text, "6 rows: 4 ok, 1 wrong, 1 unsupported"); /* the results alone */
    free(text);
    json_t *document = written_json(in_folder("a.json"));
    const json_t *pocl = json_array_get(at(document, "devices", NULL, NULL), 1),
                 *tile = json_array_get(at(document, "results", NULL, NULL), 1);
    ck_assert(json_real_value(at(pocl, "roofline", "peak_gflops", "f32")) == 400.5);
    ck_assert_ptr_null(at(pocl, "roofline", "bandwidth_gbps", NULL));
    ck_assert_ptr_null(at(json_array_get(at(document, "devices", NULL, NULL), 0), "roofline", NULL,
                          NULL));
    ck_assert(json_real_value(at(tile, "roofline", "share", NULL)) == 0.714);
    text_is(at(tile, "roofline", "bound", NULL), "compute");
    ck_assert_uint_eq(json_array_size(at(document, "roofline", NULL, NULL)), 2);
    ck_assert_uint_eq(json_array_size(at(document, "results", NULL, NULL)), record.result_count);
    json_decref(document);
    results[1].roofline_share = (double)NAN; /* in a cache */
    snprintf(results[1].roofline_bound, sizeof results[1].roofline_bound, "cache");
    text = printed(0, 0);
    has(line_of(text, "opencl:0", "7.50 ms"), " cache ");
    free(text);
    document = written_json(in_folder("a.json"));
    tile = json_array_get(at(document, "results", NULL, NULL), 1);
    ck_assert_ptr_null(at(tile, "roofline", "share", NULL));
    text_is(at(tile, "roofline", "bound", NULL), "cache");
    json_decref(document);
}
END_TEST

START_TEST(one_sample_has_no_spread)
{
    struct hcb_result *row = add_result("cpu:0", HCB_OP_SUM, HCB_IMPL_REF, HCB_PRECISION_F16,
                                        (struct hcb_shape){1, 7, 1});
    row->status = HCB_OK;
    ck_assert(hcb_clock_add(&row->kernel, 0, (const double[]){0.5}, 1));
    char *text = printed(0, 0);
    has_not(line_of(text, "7", "ref"), "%");
    free(text);
}
END_TEST

/* A row of a driver that computes on the CPU says so, whatever type it claims. */
START_TEST(software_is_marked)
{
    static const enum command commands[] = {COMMAND_RUN, COMMAND_VERIFY};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        options.command = commands[i];
        devices[1].info.type = HCB_DEVICE_GPU;
        devices[1].info.software = true;
        char *text = printed(0, 0);
        has(text, "opencl:0*  tile");
        has(text, "vulkan:0   tile");
        has(text, "*: a software driver that computes on this CPU, not a GPU.");
        free(text);
        devices[1].info.software = false;
        text = printed(0, 0);
        has_not(text, "*");
        free(text);
    }
}
END_TEST

START_TEST(mixed_baselines_are_named)
{
    snprintf(results[2].baseline, sizeof results[2].baseline, "cpu:0/native");
    char *text = printed(0, 0);
    has(text, "matmul f32, x: times as fast as the row named under 'against'");
    has(line_of(text, "opencl:0", "7.50 ms"), "cpu:0/openblas");
    has(line_of(text, "vulkan:0", "120 ms"), "cpu:0/native");
    free(text);
}
END_TEST

/* The line about the baseline says who chose, and what is known, no more. */
START_TEST(baseline_in_words)
{
    static const struct {
        const char *driver, *target;
        uint32_t threads;
        enum core_choice choice;
        const char *asked, *detected;
        unsigned tried;
        double ratio;
        const char *said;
        bool undecided;
    } lines[] = {
        {"OpenBLAS", "SkylakeX", 2, CORE_UNTRIED, "", "", 0, NAN,
         "OpenBLAS 0.3.21, 2 threads, core type SkylakeX, its own choice, not compared with others\n"},
        {"OpenBLAS", "SkylakeX", 1, CORE_TRIED, "", "SkylakeX", 3, 1,
         "OpenBLAS 0.3.21, 1 thread, core type SkylakeX, its own choice\n"},
        {"OpenBLAS", "SkylakeX", 2, CORE_TRIED, "", "SkylakeX", 1, NAN,
         "core type SkylakeX, the only one that it has for this processor\n"},
        {"OpenBLAS", "SkylakeX", 2, CORE_TRIED, "", "Prescott", 3, 0.19,
         "core type SkylakeX; by itself it chose Prescott, at 0.190 of the speed\n"},
        {"OpenBLAS", "SkylakeX", 2, CORE_TRIED, "", "Prescott", 3, NAN,
         "core type SkylakeX; by itself it chose Prescott\n"},
        {"OpenBLAS", "SkylakeX", 2, CORE_TRIED, "", "SkylakeX", 3, 1,
         "core type SkylakeX, its own choice; not proven to be as fast as the others\n", true},
        {"OpenBLAS", "SkylakeX", 2, CORE_TRIED, "", "Prescott", 3, 0.19,
         "by itself it chose Prescott, at 0.190 of the speed; not proven to be as fast as the others\n", true},
        {"OpenBLAS", "SkylakeX", 2, CORE_VARIABLE, "SKYLAKEX", "", 0, NAN,
         "core type SkylakeX, set by OPENBLAS_CORETYPE\n"},
        {"OpenBLAS", "SkylakeX", 2, CORE_OPTION, "skylakex", "Prescott", 0, NAN,
         "core type SkylakeX, set by --cpu-core; by itself it chose Prescott\n"},
        {"OpenBLAS", "Haswell", 2, CORE_OPTION, "SAPPHIRERAPIDS", "Haswell", 0, NAN,
         "core type Haswell: it does not have the SAPPHIRERAPIDS that --cpu-core names\n"},
        {"FlexiBLAS (OPENBLAS)", "Zen", 2, CORE_TRIED, "", "Zen", 3, 1,
         "FlexiBLAS (OPENBLAS) 0.3.21, 2 threads, core type Zen, its own choice\n"},
        {"FlexiBLAS (NETLIB)", "", 2, CORE_UNTRIED, "", "", 0, NAN,
         "FlexiBLAS (NETLIB) 0.3.21, 2 threads\n"},
        {"BLIS", "zen3", 2, CORE_UNTRIED, "", "", 0, NAN,
         "BLIS 0.3.21, 2 threads, kernels for zen3\n"},
        {"libblas.so.3", "", 0, CORE_UNTRIED, "", "", 0, NAN,
         "libblas.so.3 0.3.21, threads not known\n"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct hcb_device_info *info = &devices[0].info;
        snprintf(info->driver, sizeof info->driver, "%s", lines[i].driver);
        snprintf(info->target, sizeof info->target, "%s", lines[i].target);
        info->blas_threads = lines[i].threads;
        record.blas_core_choice = lines[i].choice;
        snprintf(record.blas_core_asked, sizeof record.blas_core_asked, "%s", lines[i].asked);
        snprintf(record.blas_core_detected, sizeof record.blas_core_detected, "%s",
                 lines[i].detected);
        record.blas_cores_tried = lines[i].tried;
        record.blas_fair_ratio = lines[i].ratio;
        record.blas_core_undecided = lines[i].undecided;
        char *text = printed(0, 0);
        for (char *fold; (fold = strstr(text, "\n    ")) != NULL;) /* one line again */
            memmove(fold + 1, fold + 5, strlen(fold + 5) + 1), *fold = ' ';
        has(text, lines[i].said);
        free(text);
    }
    devices[0].info.driver[0] = '\0';
    char *text = printed(0, 0);
    has_not(text, "CPU baseline");
    free(text);
}
END_TEST

START_TEST(tables_in_color)
{
    char *text = printed(COLORED, 0);
    has(text, "\033[1;31mwrong");
    has(text, "\033[32mok");
    free(text);
}
END_TEST

START_TEST(tables_on_a_narrow_terminal)
{
    snprintf(
        results[4].reason, sizeof results[4].reason,
        "a reason of many words that does not fit into what is left of an ordinary line at all");
    for (size_t width = 80; width <= 130; width += 10) {
        char *text = printed(0, width), *copy = strdup(text);
        ck_assert_ptr_nonnull(copy);
        for (char *line = strtok(copy, "\n"); line != NULL; line = strtok(NULL, "\n"))
            ck_assert_msg(strlen(line) <= width, "too wide for %zu: %s", width, line);
        for (char *word = strtok(results[4].reason, " "); word != NULL; word = strtok(NULL, " "))
            has(text, word);
        /* What is spare goes only when the page is too narrow for all. */
        ck_assert((strstr(text, "e2e     x") != NULL || strstr(text, "e2e      x") != NULL) == (width >= 110));
        ck_assert((strstr(text, "95 % x e2e") != NULL || strstr(text, "95 %  x e2e") != NULL) == (width >= 100));
        free(copy);
        free(text);
    }
}
END_TEST

START_TEST(verify_tables)
{
    options.command = COMMAND_VERIFY;
    char *text = printed(0, 0);
    has(text, "worst err/bound");
    has(line_of(text, "opencl:0", "tile"), "1000000    2.0");
    has(line_of(text, "opencl:0", "sum f32 f64 65536"), "tile");
    has(text, "wrong opencl:0/tile sum f32 f64 65536: element 0 is 1, not 2");
    has(text, "6 rows: 4 ok, 1 wrong, 1 unsupported");
    has_not(text, "GFLOP/s");
    free(text);
}
END_TEST

START_TEST(list_of_devices)
{
    fill_supports();
    char *text = printed(FOR_DEVICES, 0);
    has(text, "cpu:0  Example Processor\n");
    has(text, "OpenBLAS 0.3.21");
    has_not(line_of(text, "matmul", "native"), "no"); /* not offered is not a lack */
    has(line_of(text, "matmul", "native"), "-");
    has(line_of(text, "matmul", "ref"), "no (1)");
    has(line_of(text, "sum", "ref"), "no (2)");
    has(text, "(1) no arithmetic in f16\n");
    has(text, "(2) another reason\n");
    has(text, "no vulkan device: no Vulkan driver\n");
    has_not(text, "clblast");
    has_not(text, "(3)");
    free(text);
}
END_TEST

/* Escape sequences from a driver do not reach the terminal. */
START_TEST(names_are_clean)
{
    char *text = printed(FOR_DEVICES, 0), cut[12];
    has(text, "a driver's \"name\", with control [31m bytes");
    has_not(text, "\033");
    free(text);
    ck_assert_str_eq(page_clip("  a  (R)b\t", cut, sizeof cut), "a b");
    ck_assert_str_eq(page_clip("0123456789012", cut, sizeof cut), "01234567...");
    ck_assert_str_eq(page_clip("01234567890", cut, sizeof cut), "01234567890");
    ck_assert_str_eq(page_clip("01234567890  ", cut, sizeof cut), "01234567890");
}
END_TEST

static char *printed_grid(void (*print)(struct grid *, struct page *), bool color, size_t width)
{
    static const struct grid_column columns[] = {
        {"name", false, 0}, {"empty", false, 0}, {"number", true, 0}, {"text", false, 0}};
    char *text = NULL;
    size_t size;
    struct page page = {.out = open_memstream(&text, &size), .width = width, .color = color};
    struct grid *grid = grid_new(columns, 4);
    grid_line(grid);
    grid_cell(grid, 0, PAINT_NONE, "a");
    grid_cell(grid, 2, PAINT_GOOD, "%d", 1);
    grid_cell(grid, 3, PAINT_NONE, "some words, and then some more");
    grid_line(grid);
    grid_cell(grid, 0, PAINT_NONE, "longer");
    grid_cell(grid, 2, PAINT_NONE, "%d", 23456789);
    print(grid, &page);
    fclose(page.out);
    ck_assert(!page.failed);
    return text;
}

START_TEST(plain_grid)
{
    char *text = printed_grid(grid_print_plain, false, 0);
    ck_assert_str_eq(text, "name      number  text\n"
                           "a              1  some words, and then some more\n"
                           "longer  23456789\n");
    free(text);
    text = printed_grid(grid_print_plain, false, 40);
    ck_assert_str_eq(text, "name      number  text\n"
                           "a              1  some words, and then\n"
                           "                  some more\n"
                           "longer  23456789\n");
    free(text);
    text = printed_grid(grid_print_plain, true, 0);
    has(text, "       \033[32m1\033[0m  some");
    free(text);
}
END_TEST

/* Whatever prints it, a grid has its titles, its cells in order, and no column
 * that is empty. */
START_TEST(any_grid)
{
    char *text = printed_grid(grid_print, false, 0);
    has(line_of(text, "name", "number"), "text");
    has(line_of(text, "a", " 1 "), "some words, and then some more");
    has(line_of(text, "longer", "23456789"), "longer  23456789");
    has_not(text, "empty");
    has_not(text, "\033");
    free(text);
    text = printed_grid(grid_print, true, 0);
    has(text, "\033[32m");
    free(text);
    struct page page = {.out = stdout};
    grid_print(NULL, &page);
    ck_assert(page.failed);
}
END_TEST

START_TEST(tables_on_stdout)
{
    unsetenv("NO_COLOR");
    options.color = COLOR_AUTO;
    capture_begin();
    bool good = record_print(&record) && record_print_devices(&record);
    struct captured said = capture_end();
    ck_assert(good);
    has(said.out, "6 rows");
    has_not(said.out, "\033"); /* not a terminal */
    captured_free(&said);
    options.color = COLOR_ALWAYS;
    capture_begin();
    good = record_print(&record);
    said = capture_end();
    ck_assert(good);
    has(said.out, "\033");
    captured_free(&said);
}
END_TEST

/* -------------------------------------------------- places that cannot be written */

typedef bool writer(const struct record *, const char *);
static writer *const writers[] = {record_write_json, record_write_csv};

/* It fails with one line that names the path and the reason. */
static void refused(const char *path, const char *reason)
{
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        capture_begin();
        const bool written = writers[i](&record, path);
        struct captured said = capture_end();
        ck_assert_msg(!written, "%s was written", path);
        ck_assert_str_eq(said.out, "");
        has(said.err, path);
        has(said.err, reason);
        ck_assert_str_eq(strchr(said.err, '\n'), "\n");
        captured_free(&said);
    }
}

START_TEST(nowhere_to_write)
{
    refused(in_folder("missing/a.out"), "No such file or directory");
    refused(in_folder("missing/a.out.gz"), "No such file or directory");
    refused(folder, "Is a directory");
    if (access("/dev/full", W_OK) == 0) {
        refused("/dev/full", "No space left on device");
        ck_assert_int_eq(symlink("/dev/full", in_folder("full.gz")), 0);
        refused(in_folder("full.gz"), "No space left on device");
        unlink(in_folder("full.gz"));
    }
    ck_assert_uint_eq(files_left(), 0);
}
END_TEST

START_TEST(stdout_that_is_full)
{
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL)
        return;
    for (int view = 0; view < 4; view++) {
        capture_begin();
        const int saved = dup(STDOUT_FILENO);
        dup2(fileno(full), STDOUT_FILENO);
        const bool written = view == 0   ? record_write_json(&record, "-")
                             : view == 1 ? record_write_csv(&record, "-")
                             : view == 2 ? record_print(&record)
                                         : record_print_devices(&record);
        clearerr(stdout);
        dup2(saved, STDOUT_FILENO);
        close(saved);
        struct captured said = capture_end();
        ck_assert_msg(!written, "view %d", view);
        ck_assert_str_eq(said.err, "hcbench: cannot write to stdout: No space left on device\n");
        captured_free(&said);
    }
    fclose(full);
}
END_TEST

START_TEST(stdout_that_is_broken)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    capture_begin();
    const int saved = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    const bool written = record_write_json(&record, "-");
    clearerr(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(ends[1]);
    struct captured said = capture_end();
    ck_assert(!written);
    ck_assert_str_eq(said.err, "hcbench: cannot write to stdout: Broken pipe\n");
    captured_free(&said);
}
END_TEST

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* The old file stays until the new one is whole. */
START_TEST(files_are_replaced_whole)
{
    write_file(in_folder("a"), "old");
    ck_assert_int_eq(chmod(in_folder("a"), 0640), 0);
    struct output *output = output_open(in_folder("a"));
    ck_assert_ptr_nonnull(output);
    ck_assert(output_text(output, "new"));
    ck_assert_str_eq(contents(in_folder("a")), "old");
    ck_assert(output_close(output, true));
    ck_assert_str_eq(contents(in_folder("a")), "new");
    struct stat status;
    ck_assert_int_eq(stat(in_folder("a"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0640);
    output = output_open(in_folder("a"));
    output_text(output, "half");
    ck_assert(!output_close(output, false));
    ck_assert_str_eq(contents(in_folder("a")), "new");
    ck_assert_uint_eq(files_left(), 1);
}
END_TEST

START_TEST(new_files_follow_the_umask)
{
    struct stat status;
    const mode_t mask = umask(027);
    struct output *output = output_open(in_folder("a"));
    ck_assert(output_close(output, true));
    umask(mask);
    ck_assert_int_eq(stat(in_folder("a"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0640);
}
END_TEST

START_TEST(links_stay_links)
{
    struct stat status;
    write_file(in_folder("a"), "old");
    ck_assert_int_eq(symlink("a", in_folder("b")), 0);
    struct output *output = output_open(in_folder("b"));
    output_text(output, "new");
    ck_assert(output_close(output, true));
    ck_assert_str_eq(contents(in_folder("a")), "new");
    ck_assert_int_eq(lstat(in_folder("b"), &status), 0);
    ck_assert(S_ISLNK(status.st_mode));
}
END_TEST

START_TEST(paths_are_checked_early)
{
    capture_begin();
    const bool missing = output_check(in_folder("missing/a")), directory = output_check(folder);
    struct captured said = capture_end();
    ck_assert(!missing && !directory);
    has(said.err, "missing/a: No such file or directory\n");
    has(said.err, "Is a directory\n");
    captured_free(&said);
    ck_assert(output_check(in_folder("a")));
    ck_assert(output_check("-"));
    ck_assert_uint_eq(files_left(), 0);
    write_file(in_folder("a"), "old");
    ck_assert(output_check(in_folder("a")));
    ck_assert_str_eq(contents(in_folder("a")), "old");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("views");
    TCase *cases = tcase_create("views");
    tcase_set_timeout(cases, 300);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, rows_come_back);
    tcase_add_test(cases, large_numbers_come_back);
    tcase_add_test(cases, rows_without_samples);
    tcase_add_loop_test(cases, damaged_rows_are_refused, 0,
                        (int)(sizeof damages / sizeof *damages));
    tcase_add_test(cases, rows_need_their_names);
    tcase_add_test(cases, json_head);
    tcase_add_test(cases, json_without_a_blas);
    tcase_add_test(cases, json_devices);
    tcase_add_test(cases, json_results);
    tcase_add_test(cases, json_has_no_nan);
    tcase_add_test(cases, json_of_a_list);
    tcase_add_test(cases, files_come_back);
    tcase_add_test(cases, lists_come_back);
    tcase_add_test(cases, json_compressed);
    tcase_add_test(cases, json_on_stdout);
    tcase_add_test(cases, csv_fields);
    tcase_add_test(cases, csv_quoting);
    tcase_add_test(cases, run_tables);
    tcase_add_test(cases, mixed_precision_in_a_line);
    tcase_add_test(cases, tables_show_no_number_that_was_not_measured);
    tcase_add_test(cases, one_sample_has_no_spread);
    tcase_add_test(cases, tables_of_extra_ops);
    tcase_add_test(cases, roofs_are_shown);
    tcase_add_test(cases, mixed_baselines_are_named);
    tcase_add_test(cases, software_is_marked);
    tcase_add_test(cases, baseline_in_words);
    tcase_add_test(cases, tables_in_color);
    tcase_add_test(cases, tables_on_a_narrow_terminal);
    tcase_add_test(cases, verify_tables);
    tcase_add_test(cases, list_of_devices);
    tcase_add_test(cases, names_are_clean);
    tcase_add_test(cases, plain_grid);
    tcase_add_test(cases, any_grid);
    tcase_add_test(cases, tables_on_stdout);
    tcase_add_test(cases, nowhere_to_write);
    tcase_add_test(cases, stdout_that_is_full);
    tcase_add_test(cases, stdout_that_is_broken);
    tcase_add_test(cases, files_are_replaced_whole);
    tcase_add_test(cases, new_files_follow_the_umask);
    tcase_add_test(cases, links_stay_links);
    tcase_add_test(cases, paths_are_checked_early);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
