/* SPDX-License-Identifier: Apache-2.0 */
/* The search for parameters on functions whose best is known, and the store's files. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "record.h"
#include "suite.h"
#include "tune/search.h"
#include "tune/store.h"

/* ------------------------------------------------------------------ the search */

static struct hcb_parameters two = {
    .list = {{"rows", 6, {2, 4, 6, 8, 10, 12}, 6}, {"block", 256, {64, 128, 256, 512}, 4}},
    .count = 2,
    .limits = {{"registers", .sum = {{1, {1, 1}}}, .most = {4096, {0}}}}};

/* What the contests are about, and what they saw. */
struct play {
    double (*speed)(const uint64_t *values); /* NaN: of no use */
    long most;                               /* contests; 0: any number */
    long contests, points;
    uint64_t seen[64][2];
};

static double hill(const uint64_t *values)
{
    return 1 / (1 + fabs(log2((double)values[0] / 10)) + fabs(log2((double)values[1] / 64)));
}

static double plain(const uint64_t *values)
{
    (void)values;
    return 1;
}

/* A gap between the table and the best. */
static double island(const uint64_t *values)
{
    return values[0] == 12 ? 2 : values[0] == 6 ? 1 : 0.5;
}

static double trap(const uint64_t *values)
{
    return values[0] == 8 ? (double)NAN : hill(values);
}

static bool contest(void *context, const struct tune_point *points, size_t count, double *speedups)
{
    struct play *play = context;
    ck_assert(count >= 2 && count <= TUNE_CONTENDERS_MAX);
    if (play->most > 0 && play->contests == play->most)
        return false;
    play->contests++;
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_null(hcb_parameters_beyond(&two, points[i].values));
        speedups[i] = play->speed(points[i].values) / play->speed(points[0].values);
        for (long j = 0; j < play->points && i > 0; j++)
            ck_assert_msg(memcmp(play->seen[j], points[i].values, sizeof play->seen[j]) != 0,
                          "a point is tried twice");
        if (i > 0)
            memcpy(play->seen[play->points++], points[i].values, sizeof play->seen[0]);
    }
    return true;
}

static long search(struct play *play, const struct tune_point *first, struct tune_point *best)
{
    return tune_search(&two, first, contest, play, best);
}

START_TEST(the_best_is_found)
{
    struct play play = {.speed = hill};
    struct tune_point best;
    const long tried = search(&play, NULL, &best);
    ck_assert_uint_eq(best.values[0], 10);
    ck_assert_uint_eq(best.values[1], 64);
    ck_assert_int_eq(tried, play.points);
    ck_assert_int_lt(tried, 24); /* not all of them */
    play = (struct play){.speed = island};
    search(&play, NULL, &best);
    ck_assert_uint_eq(best.values[0], 12);
    ck_assert_uint_eq(best.values[1], 256);
}
END_TEST

START_TEST(the_table_stays_when_nothing_is_faster)
{
    struct play play = {.speed = plain};
    struct tune_point best;
    ck_assert_int_eq(search(&play, NULL, &best), 5 + 3);
    ck_assert_uint_eq(best.values[0], 6);
    ck_assert_uint_eq(best.values[1], 256);
}
END_TEST

START_TEST(what_is_of_no_use_is_passed_over)
{
    struct play play = {.speed = trap};
    struct tune_point best;
    search(&play, NULL, &best);
    ck_assert_uint_eq(best.values[0], 10);
    ck_assert_uint_eq(best.values[1], 64);
}
END_TEST

START_TEST(what_is_beyond_a_limit_is_never_tried)
{
    struct play play = {.speed = island};
    struct tune_point best;
    two.limit_count = 1;
    two.limits[0].most.factor = 1536; /* 6 x 256 */
    ck_assert_int_eq(search(&play, NULL, &best), 2 + 2); /* fewer rows, shorter blocks */
    ck_assert_uint_eq(best.values[0], 6);
    two.limits[0].most.factor = 3072; /* 12 x 256 */
    play = (struct play){.speed = island};
    search(&play, NULL, &best);
    ck_assert_uint_eq(best.values[0], 12);
}
END_TEST

START_TEST(the_end_of_the_time_keeps_the_best_so_far)
{
    struct play play = {.speed = hill, .most = 1};
    struct tune_point best;
    search(&play, NULL, &best);
    ck_assert_int_eq(play.contests, 1);
    ck_assert_uint_eq(best.values[0], 8);
    ck_assert_uint_eq(best.values[1], 256);
}
END_TEST

START_TEST(an_earlier_winner_is_tried_first)
{
    const struct tune_point first = {.values = {10, 64}};
    struct play play = {.speed = hill, .most = 1};
    struct tune_point best;
    search(&play, &first, &best);
    ck_assert_int_eq(play.points, 1);
    ck_assert_uint_eq(best.values[0], 10);
    ck_assert_uint_eq(best.values[1], 64);
}
END_TEST

/* ------------------------------------------------------------------- the store */

static char home[64];
static struct hcb_device_info device;
static const struct hcb_case product = {
    HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {1024, 1024, 1024}};
/* Of the kernels that the cases have, whose hash is "abc". */
static struct hcb_parameters kernels;

static void set_up(void)
{
    strcpy(home, "/tmp/hcbench-tune.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
    setenv("XDG_CACHE_HOME", home, 1);
    device = (struct hcb_device_info){.platform = "opencl",
                                      .name = "a processor",
                                      .driver = "PoCL",
                                      .driver_version = "3.1",
                                      .compute_units = 2};
    kernels = (struct hcb_parameters){.list = {{"rows", 6, {4, 6, 8, 9, 12}, 5}},
                                      .count = 1,
                                      .kernel_sha256 = "abc"};
}

static void tear_down(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", home);
    ck_assert_int_eq(system(command), 0);
}

/* What the store has for a case, after it was read anew; `why` as of store_find. */
static const char *look_up(const struct hcb_device_info *info, const struct hcb_parameters *parameters,
                           const struct hcb_case *c)
{
    static char found[HCB_REASON_SIZE];
    uint64_t values[HCB_PARAMETERS_MAX];
    struct store *store = store_open();
    if (store_find(store, info, parameters, c, values, found, sizeof found)) {
        ck_assert_str_eq(found, "");
        ck_assert(store_knows(store, info, c));
        hcb_parameters_text(parameters, values, found);
    }
    store_close(store);
    return found;
}

static bool keep(const struct hcb_device_info *info, const struct hcb_parameters *parameters,
                 const struct hcb_case *c, uint64_t rows)
{
    const uint64_t values[HCB_PARAMETERS_MAX] = {rows};
    return store_keep(info, parameters, c, values);
}

/* The only file of the store. */
static void only_file(char *path, size_t size)
{
    char command[128];
    snprintf(command, sizeof command, "ls %s/hcbench/*", home);
    FILE *list = popen(command, "r");
    char more[8];
    ck_assert_ptr_nonnull(list);
    ck_assert_ptr_nonnull(fgets(path, (int)size, list));
    ck_assert_ptr_null(fgets(more, sizeof more, list));
    pclose(list);
    path[strcspn(path, "\n")] = '\0';
}

START_TEST(what_is_kept_is_found)
{
    struct hcb_case other = product;
    char path[256];
    ck_assert_str_eq(look_up(&device, &kernels, &product), "");
    ck_assert(store_check());
    ck_assert(keep(&device, &kernels, &product, 8));
    ck_assert_str_eq(look_up(&device, &kernels, &product), "rows=8");
    only_file(path, sizeof path); /* no trace of how it was written */
    other.precision = HCB_PRECISION_F64;
    ck_assert_str_eq(look_up(&device, &kernels, &other), "");
    ck_assert(keep(&device, &kernels, &other, 4));
    ck_assert_str_eq(look_up(&device, &kernels, &other), "rows=4");
    ck_assert(keep(&device, &kernels, &product, 12));
    ck_assert_str_eq(look_up(&device, &kernels, &product), "rows=12");
    ck_assert_str_eq(look_up(&device, &kernels, &other), "rows=4");
}
END_TEST

/* Where nothing is faster than the table, neither another shape's is used nor is anyone
 * told of what is out of date. */
START_TEST(the_table_is_an_answer_too)
{
    struct hcb_device_info newer = device;
    struct hcb_parameters changed = kernels;
    struct hcb_case larger = product, other = product;
    larger.shape = (struct hcb_shape){2048, 2048, 2048};
    other.shape = (struct hcb_shape){1024, 1024, 2048};
    strcpy(newer.driver_version, "6.0");
    changed.list[0].table = 4;
    ck_assert(keep(&device, &kernels, &product, 8));
    ck_assert_str_eq(look_up(&device, &kernels, &larger), "rows=8");
    ck_assert(keep(&device, &kernels, &larger, 6));
    ck_assert_str_eq(look_up(&device, &kernels, &larger), "");
    ck_assert_str_eq(look_up(&device, &kernels, &product), "rows=8");
    ck_assert(keep(&newer, &kernels, &product, 6));
    ck_assert_str_eq(look_up(&newer, &kernels, &product), "");
    ck_assert_str_eq(look_up(&newer, &kernels, &other), "");
    /* Nobody would have used them here. */
    ck_assert_str_eq(look_up(&newer, &changed, &other), "");
}
END_TEST

/* Searches that end at the same time all keep what they found. */
START_TEST(nobody_loses_what_others_keep)
{
    enum { WRITERS = 4, EACH = 12 };
    struct hcb_case task = product;
    pid_t writers[WRITERS];
    for (unsigned w = 0; w < WRITERS; w++) {
        writers[w] = fork();
        ck_assert_int_ge(writers[w], 0);
        for (unsigned i = 0; i < EACH && writers[w] == 0; i++) {
            task.shape.n = 4096 + w * EACH + i;
            if (!keep(&device, &kernels, &task, 8))
                _exit(1);
        }
        if (writers[w] == 0)
            _exit(0);
    }
    for (unsigned w = 0; w < WRITERS; w++) {
        int status;
        ck_assert_int_eq(waitpid(writers[w], &status, 0), writers[w]);
        ck_assert_int_eq(status, 0);
    }
    struct record record = {.devices = &(struct device_record){.info = device}, .device_count = 1};
    struct store *store = store_open();
    json_t *all = store_json(store, &record);
    ck_assert_uint_eq(json_array_size(all), WRITERS * EACH);
    json_decref(all);
    store_close(store);
}
END_TEST

/* Each extent at least half of what it was found for, and at most four times; that of
 * the shape itself, else the largest that fits. */
START_TEST(shapes_are_covered)
{
    static const struct {
        struct hcb_shape shape;
        const char *found;
    } cases[] = {
        {{1024, 1024, 1024}, "rows=8"}, {{512, 512, 512}, "rows=8"}, {{511, 1024, 1024}, "rows=4"},
        {{4096, 4096, 4096}, "rows=8"}, {{1, 4096, 4096}, ""},       {{128, 128, 128}, "rows=4"},
        {{127, 128, 128}, ""},          {{511, 1024, 1028}, ""},     {{4100, 4096, 4096}, ""},
    };
    struct hcb_case task = product;
    ck_assert(keep(&device, &kernels, &product, 8));
    task.shape = (struct hcb_shape){256, 256, 256};
    ck_assert(keep(&device, &kernels, &task, 4));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        task.shape = cases[i].shape;
        ck_assert_str_eq(look_up(&device, &kernels, &task), cases[i].found);
    }
    /* In whatever order they are read. */
    for (uint64_t pass = 0; pass < 2; pass++)
        for (uint64_t n = 600; n <= 1000; n += 50) {
            task.shape = (struct hcb_shape){n, n, n};
            if (pass == 0)
                ck_assert(keep(&device, &kernels, &task, n % 100 == 0 ? 12 : 9));
            else
                ck_assert_str_eq(look_up(&device, &kernels, &task), n % 100 == 0 ? "rows=12" : "rows=9");
        }
}
END_TEST

START_TEST(what_is_out_of_date_is_not_used)
{
    struct hcb_device_info newer = device, wider = device, other = device;
    struct hcb_parameters edited = kernels;
    strcpy(newer.driver_version, "6.0");
    wider.compute_units = 4;
    strcpy(other.name, "another");
    strcpy(edited.kernel_sha256, "def");
    ck_assert(keep(&device, &kernels, &product, 8));
    ck_assert_str_eq(look_up(&newer, &kernels, &product), "they are of another version of the driver");
    ck_assert_str_eq(look_up(&wider, &kernels, &product), "they are of another number of units");
    ck_assert_str_eq(look_up(&device, &edited, &product), "they are of other kernels");
    ck_assert_str_eq(look_up(&other, &kernels, &product), "");
    /* Both, side by side. */
    ck_assert(keep(&newer, &kernels, &product, 4));
    ck_assert(keep(&device, &edited, &product, 9));
    ck_assert_str_eq(look_up(&newer, &kernels, &product), "rows=4");
    ck_assert_str_eq(look_up(&device, &edited, &product), "rows=9");
    ck_assert_str_eq(look_up(&device, &kernels, &product), "rows=8");
}
END_TEST

/* What was faster than one table proves nothing beside another, and is never mixed with it. */
START_TEST(another_table_is_another_case)
{
    struct hcb_parameters changed = kernels, longer = kernels;
    struct hcb_case larger = product;
    ck_assert(keep(&device, &kernels, &product, 8));
    changed.list[0].table = 4;
    ck_assert_str_eq(look_up(&device, &changed, &product),
                     "the table is not the one that they were faster than");
    larger.shape.n = 2048; /* whose table may always have been another */
    ck_assert_str_eq(look_up(&device, &changed, &larger), "");
    ck_assert_str_eq(look_up(&device, &kernels, &larger), "rows=8");
    longer.list[longer.count++] = (struct hcb_parameter){"terms", 1, {1, 2}, 2};
    ck_assert_str_eq(look_up(&device, &longer, &product),
                     "the table is not the one that they were faster than");
    changed = kernels;
    changed.list[0].choices[2] = 10; /* no 8 any more */
    ck_assert_str_eq(look_up(&device, &changed, &product), "the kernels take no 'rows=8'");
}
END_TEST

START_TEST(a_journal_keeps_what_is_about_its_devices)
{
    struct hcb_device_info other = device, newer = device;
    struct record record = {.devices = &(struct device_record){.info = device}, .device_count = 1};
    uint64_t values[HCB_PARAMETERS_MAX];
    char why[HCB_REASON_SIZE];
    strcpy(other.name, "another");
    strcpy(newer.driver_version, "6.0");
    ck_assert(keep(&device, &kernels, &product, 8));
    ck_assert(keep(&other, &kernels, &product, 4));
    ck_assert(keep(&newer, &kernels, &product, 12));
    struct store *store = store_open();
    json_t *array = store_json(store, &record);
    store_close(store);
    store = store_from_json(array);
    ck_assert(store_find(store, &device, &kernels, &product, values, why, sizeof why));
    ck_assert_uint_eq(values[0], 8);
    ck_assert(!store_find(store, &other, &kernels, &product, values, why, sizeof why));
    ck_assert(store_find(store, &newer, &kernels, &product, values, why, sizeof why));
    store_close(store);
    json_array_append_new(array, json_object());
    ck_assert_ptr_null(store_from_json(array));
    ck_assert_ptr_null(store_from_json(json_array_get(array, 0)));
    json_decref(array);
    array = store_json(NULL, &record);
    ck_assert_uint_eq(json_array_size(array), 0);
    json_decref(array);
}
END_TEST

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

#define HEAD                                                                                       \
    "{\"format\":\"hcbench-tuned\",\"format_version\":2,\"kernel_sha256\":\"abc\",\"device\":{"     \
    "\"platform\":\"opencl\",\"name\":\"a processor\",\"driver\":\"PoCL\",\"driver_version\":"      \
    "\"3.1\",\"target\":\"\",\"compute_units\":2},\"table\":\"rows=6\","
#define CASE "\"op\":\"matmul\",\"impl\":\"tile\",\"precision\":\"f32\",\"shape\":[1024,1024,1024],"
#define OF_ANOTHER_VERSION "{\"format\":\"hcbench-tuned\",\"format_version\":1,\"cases\":[]}"

START_TEST(damaged_files_are_left_out)
{
    static const char *const damaged[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"format\":\"hcbench-result\",\"format_version\":1}",
        "{\"format\":\"hcbench-tuned\"}",
        HEAD "\"parameters\":\"rows=9\"}",
        HEAD CASE "\"none\":0}",
        HEAD CASE "\"parameters\":7}",
        HEAD CASE "\"parameters\":\"rows=\\u0007\"}",
        HEAD "\"op\":\"divide\",\"impl\":\"tile\",\"precision\":\"f32\",\"shape\":[1,1,1],"
             "\"parameters\":\"\"}",
        HEAD "\"op\":\"matmul\",\"impl\":\"tile\",\"precision\":\"f32\",\"shape\":[0,1,1],"
             "\"parameters\":\"\"}",
        HEAD "\"op\":\"matmul\",\"impl\":\"tile\",\"precision\":\"f32\",\"shape\":[1,1],"
             "\"parameters\":\"\"}",
    };
    char path[256];
    struct hcb_case other = product;
    other.precision = HCB_PRECISION_F64;
    ck_assert(keep(&device, &kernels, &product, 8));
    only_file(path, sizeof path);
    write_text(path, HEAD CASE "\"parameters\":\"rows=9\"}");
    ck_assert_str_eq(look_up(&device, &kernels, &product), "rows=9");
    ck_assert(keep(&device, &kernels, &other, 4));
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        write_text(path, damaged[i]);
        capture_begin();
        const char *found = look_up(&device, &kernels, &product);
        struct captured said = capture_end();
        ck_assert_msg(found[0] == '\0', "%s: %s", damaged[i], found);
        ck_assert_msg(strstr(said.err, path) != NULL, "%s: %s", damaged[i], said.err);
        ck_assert_msg(strchr(said.err, '\n') == said.err + strlen(said.err) - 1, "%s", said.err);
        captured_free(&said);
    }
    /* Others are as they were, it is replaced, and another version's is no damage. */
    write_text(path, OF_ANOTHER_VERSION);
    capture_begin();
    ck_assert_str_eq(look_up(&device, &kernels, &product), "");
    ck_assert_str_eq(look_up(&device, &kernels, &other), "rows=4");
    ck_assert(keep(&device, &kernels, &product, 8));
    ck_assert_str_eq(look_up(&device, &kernels, &product), "rows=8");
    struct captured said = capture_end();
    ck_assert_str_eq(said.err, "");
    captured_free(&said);
}
END_TEST

static void says_one_line(bool good, const char *text)
{
    struct captured said = capture_end();
    ck_assert(!good);
    ck_assert_msg(strstr(said.err, text) != NULL, "%s", said.err);
    ck_assert_msg(strchr(said.err, '\n') == said.err + strlen(said.err) - 1, "%s", said.err);
    captured_free(&said);
}

START_TEST(no_folder_is_one_line)
{
    char path[128];
    snprintf(path, sizeof path, "%s/file", home);
    write_text(path, "");
    setenv("XDG_CACHE_HOME", path, 1);
    ck_assert_ptr_null(store_open());
    capture_begin();
    says_one_line(store_check(), "cannot write");
    capture_begin();
    says_one_line(keep(&device, &kernels, &product, 8), "cannot write");
    setenv("XDG_CACHE_HOME", "", 1);
    setenv("HOME", "", 1);
    capture_begin();
    says_one_line(store_check(), "neither XDG_CACHE_HOME nor HOME names one");
    setenv("HOME", home, 1);
    ck_assert(keep(&device, &kernels, &product, 8));
    snprintf(path, sizeof path, "%s/.cache/hcbench", home);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("tune");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_best_is_found);
    tcase_add_test(tests, the_table_stays_when_nothing_is_faster);
    tcase_add_test(tests, what_is_of_no_use_is_passed_over);
    tcase_add_test(tests, what_is_beyond_a_limit_is_never_tried);
    tcase_add_test(tests, the_end_of_the_time_keeps_the_best_so_far);
    tcase_add_test(tests, an_earlier_winner_is_tried_first);
    tcase_add_test(tests, what_is_kept_is_found);
    tcase_add_test(tests, the_table_is_an_answer_too);
    tcase_add_test(tests, nobody_loses_what_others_keep);
    tcase_add_test(tests, shapes_are_covered);
    tcase_add_test(tests, what_is_out_of_date_is_not_used);
    tcase_add_test(tests, another_table_is_another_case);
    tcase_add_test(tests, a_journal_keeps_what_is_about_its_devices);
    tcase_add_test(tests, damaged_files_are_left_out);
    tcase_add_test(tests, no_folder_is_one_line);
    return suite_run("tune", tests);
}
