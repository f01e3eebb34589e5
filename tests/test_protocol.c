/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's side of the protocol by direct calls, and the conductor's side
 * against workers that misbehave.  Started as `test_protocol worker`, this
 * program is such a worker: link_open starts /proc/self/exe. */
#include "config.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "measure/link.h"
#include "measure/protocol.h"
#include "measure/worker.h"

static struct worker *worker;

static void set_up(void)
{
    setenv("HCBENCH_NULL", "ok,wrong", 1);
    worker = worker_new();
    ck_assert_ptr_nonnull(worker);
}

static void tear_down(void)
{
    worker_free(worker);
}

/* Sends a request in JSON (single quotes for double ones) and checks the status;
 * the reply lives until the next call. */
static json_t *ask(const char *request, const char *status)
{
    static json_t *reply;
    char text[512];
    snprintf(text, sizeof text, "%s", request);
    for (char *p = text; *p != '\0'; p++)
        if (*p == '\'')
            *p = '"';
    json_t *object = json_loads(text, 0, NULL);
    ck_assert_msg(object != NULL, "%s", text);
    json_decref(reply);
    reply = worker_handle(worker, object);
    json_decref(object);
    ck_assert_msg(strcmp(json_string_value(json_object_get(reply, "status")), status) == 0, "%s: %s",
                  request, json_string_value(json_object_get(reply, "reason")));
    if (strcmp(status, "ok") != 0)
        ck_assert_uint_gt(json_string_length(json_object_get(reply, "reason")), 0);
    return reply;
}

#define HELLO "{'id':1,'step':'hello','protocol':1}"
#define OPEN "{'id':2,'step':'open','device':'null:0'}"
#define CASE "'op':'matmul','precision':'f32','shape':[4,5,6]"
#define INPUTS(fill) "{'id':3,'step':'inputs'," CASE ",'fill':'" fill "','seed':7}"
#define PREPARE "{'id':4,'step':'prepare','impl':'native'}"

#define SUM "'op':'sum','precision':'f32','shape':[1,7,1]"

START_TEST(a_case_from_hello_to_quit)
{
    ask(HELLO, "ok");
    ask("{'id':9,'step':'list','platform':'null'}", "ok");
    ask(OPEN, "ok");
    ask("{'id':2,'step':'support','impl':'native'," CASE "}", "ok");
    ask("{'id':2,'step':'support','impl':'native','sum':'neumaier'," SUM "}", "ok");
    ask(INPUTS("integer"), "ok");
    ck_assert(json_is_real(json_object_get(ask(PREPARE, "ok"), "setup_s")));
    ask("{'id':5,'step':'check','impl':'native','seed':7}", "ok");
    ask(INPUTS("uniform"), "ok");
    json_t *reply = ask("{'id':5,'step':'sample','impl':'native','launches':2,'count':3}", "ok");
    ck_assert_uint_eq(json_array_size(json_object_get(reply, "kernel")), 3);
    ck_assert_uint_eq(json_array_size(json_object_get(reply, "wall")), 3);
    ck_assert(json_is_object(json_object_get(reply, "sensors")));
    reply = ask("{'id':5,'step':'transfer','impl':'native','count':2}", "ok");
    ck_assert_uint_eq(json_array_size(json_object_get(reply, "end_to_end")), 2);
    reply = ask("{'id':6,'step':'verify','impl':'native','seed':7}", "ok");
    ck_assert_int_eq(json_integer_value(json_object_get(reply, "id")), 6);
    ck_assert(json_is_object(json_object_get(reply, "error")));
    ask("{'id':7,'step':'release'}", "ok");
    ck_assert(!worker_is_done(worker));
    ask("{'id':8,'step':'quit'}", "ok");
    ck_assert(worker_is_done(worker));
}
END_TEST

static void put(const char *folder, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "mkdir -p '%s'", folder);
    ck_assert_int_eq(system(path), 0);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "%s\n", text);
    fclose(file);
}

/* A counter that stands still is read, and gives no joules. */
START_TEST(sensors_are_told_and_read_with_the_samples)
{
    char root[] = "/tmp/hcbench-protocol.XXXXXX", zone[200], hwmon[200], command[200];
    ck_assert_ptr_nonnull(mkdtemp(root));
    setenv("HCBENCH_SENSOR_ROOT", root, 1);
    snprintf(zone, sizeof zone, "%s/sys/class/powercap/intel-rapl:0", root);
    snprintf(hwmon, sizeof hwmon, "%s/sys/class/hwmon/hwmon4", root);
    put(zone, "name", "package-0");
    put(zone, "energy_uj", "12345678");
    put(zone, "max_energy_range_uj", "262143328850");
    put(hwmon, "name", "coretemp");
    put(hwmon, "temp1_input", "48000");
    ask(HELLO, "ok");
    ask("{'id':1,'step':'sensors'}", "error"); /* no device */
    ask(OPEN, "ok");
    ask(INPUTS("uniform"), "ok");
    ask(PREPARE, "ok");
    json_t *reply = ask("{'id':1,'step':'sample','impl':'native','launches':1,'count':1}", "ok");
    ck_assert_uint_eq(json_object_size(json_object_get(reply, "sensors")), 0); /* not asked for */
    ask("{'id':1,'step':'energy','impl':'native','launches':1}", "error");
    reply = ask("{'id':1,'step':'sensors'}", "ok");
    const char *source = NULL, *reason = NULL;
    ck_assert_int_eq(json_unpack(reply, "{s:{s:s}, s:{s:s}}", "energy", "source", &source, "clock",
                                 "reason", &reason), 0);
    ck_assert_str_eq(source, "powercap package");
    ck_assert_ptr_nonnull(strstr(reason, "scaling_cur_freq"));
    ask("{'id':1,'step':'sensors','more':1}", "error");
    reply = ask("{'id':1,'step':'sample','impl':'native','launches':1,'count':1}", "ok");
    double temperature = 0;
    ck_assert_int_eq(json_unpack(reply, "{s:{s:F !}}", "sensors", "temperature", &temperature), 0);
    ck_assert(temperature == 48);
    ask("{'id':1,'step':'verify','impl':'native','seed':7}", "ok");
    ask("{'id':1,'step':'energy','impl':'native','launches':0}", "error");
    ask("{'id':1,'step':'energy','impl':'tile','launches':1}", "error"); /* no plan */
    reply = ask("{'id':1,'step':'energy','impl':'native','launches':1000}", "ok");
    ck_assert_ptr_null(json_object_get(reply, "joules"));
    ask("{'id':1,'step':'verify','impl':'native','seed':7}", "ok"); /* what it computed */
    setenv("HCBENCH_NULL", "unwritten", 1); /* from here on; the right result is gone */
    ask("{'id':5,'step':'energy','impl':'native','launches':1000000}", "ok");
    ask("{'id':1,'step':'verify','impl':'native','seed':7}", "wrong");
    snprintf(command, sizeof command, "rm -r '%s'", root);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

#define WIDE "'op':'matmul','precision':'f32','shape':[2048,2048,1]"

/* Two plans side by side on the same inputs; each row has its own memory only. */
START_TEST(memory_of_a_row_is_its_own)
{
    static const char *const impls[] = {"native", "tile"};
    const double operands = 4 * (2 * 2048 + 2048 * 2048), mebi = 1048576;
    char request[200];
    ask(HELLO, "ok");
    ask(OPEN, "ok");
    ask("{'id':1,'step':'inputs'," WIDE ",'fill':'integer','seed':7}", "ok");
    for (size_t i = 0; i < 2; i++) {
        snprintf(request, sizeof request, "{'id':1,'step':'prepare','impl':'%s'}", impls[i]);
        ask(request, "ok");
        snprintf(request, sizeof request, "{'id':1,'step':'check','impl':'%s','seed':7}", impls[i]);
        ask(request, "ok");
    }
    for (size_t i = 0; i < 2; i++) {
        snprintf(request, sizeof request, "{'id':1,'step':'verify','impl':'%s','seed':7}", impls[i]);
        json_t *reply = ask(request, "ok");
        ck_assert(json_number_value(json_object_get(reply, "device_peak_bytes")) == operands);
        const json_t *host = json_object_get(reply, "host_peak_bytes");
        if (host == NULL) /* a system that does not tell */
            continue;
        /* The output on the host and on the device, 16 MiB each. */
        ck_assert_double_ge(json_number_value(host), 30 * mebi);
        ck_assert_double_le(json_number_value(host), 44 * mebi);
    }
}
END_TEST

/* Two plans of one impl, which differ in their parameters and their times. */
START_TEST(plans_have_slots_and_parameters)
{
    struct hcb_parameters parameters;
    double seconds[2];
    setenv("HCBENCH_NULL", "model:launch=1:tuned=32:limit=64", 1);
    ask(HELLO, "ok");
    ask(OPEN, "ok");
    json_t *reply = ask("{'id':3,'step':'parameters','impl':'native'," CASE "}", "ok");
    json_object_del(reply, "id");
    json_object_del(reply, "status");
    ck_assert(protocol_read_parameters(reply, &parameters));
    ck_assert_uint_eq(parameters.count, 2);
    ck_assert_str_eq(parameters.list[0].name, "tile");
    ck_assert_uint_eq(parameters.list[0].table, 8);
    ck_assert_uint_eq(parameters.list[0].count, 7);
    ck_assert_uint_eq(parameters.list[0].choices[6], 64);
    ck_assert_str_eq(parameters.kernel_sha256, "");
    ck_assert_uint_eq(parameters.limit_count, 1);
    ck_assert_str_eq(parameters.limits[0].name, "registers");
    ck_assert_ptr_null(hcb_parameters_beyond(&parameters, (uint64_t[HCB_PARAMETERS_MAX]){32, 2}));
    ck_assert_ptr_nonnull(hcb_parameters_beyond(&parameters, (uint64_t[HCB_PARAMETERS_MAX]){32, 4}));
    ask(INPUTS("uniform"), "ok");
    reply = ask(PREPARE, "ok");
    ck_assert_str_eq(json_string_value(json_object_get(reply, "tuning")), "table");
    reply = ask("{'id':4,'step':'prepare','impl':'native','slot':1,'parameters':'tile=32'}", "ok");
    ck_assert_str_eq(json_string_value(json_object_get(reply, "tuning")), "tuned");
    ck_assert_str_eq(json_string_value(json_object_get(reply, "parameters")), "tile=32 unroll=2");
    for (int i = 0; i < 2; i++) {
        reply = ask(i == 0 ? "{'id':5,'step':'sample','impl':'native','launches':1,'count':1}"
                           : "{'id':5,'step':'sample','impl':'native','slot':1,'launches':1,'count':1}",
                    "ok");
        seconds[i] = json_number_value(json_array_get(json_object_get(reply, "kernel"), 0));
    }
    ck_assert_double_eq_tol(seconds[0], 1.5625, 1e-6);
    ck_assert_double_eq_tol(seconds[1], 1, 1e-6);
    ask("{'id':6,'step':'verify','impl':'native','slot':1,'seed':7}", "ok");
    ask("{'id':6,'step':'verify','impl':'native','slot':2,'seed':7}", "error");
    ask("{'id':6,'step':'verify','impl':'native','slot':4,'seed':7}", "error");
    ask("{'id':6,'step':'verify','impl':'native','slot':'1','seed':7}", "error");
    ask("{'id':4,'step':'prepare','impl':'native','parameters':7}", "error");
    ask("{'id':4,'step':'prepare','impl':'native','parameters':'tile=7'}", "unsupported");
    ask("{'id':3,'step':'parameters'," CASE "}", "error");
}
END_TEST

START_TEST(parameters_that_no_platform_has_are_refused)
{
#define PARAMETERS(list) "{'kernel_sha256':'','parameters':" list ",'limits':[]}"
#define LIMIT(sum, most)                                                                           \
    "{'kernel_sha256':'','parameters':[],'limits':[{'name':'a','sum':" sum ",'most':" most "}]}"
#define ZEROS "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0" /* all powers but one */
#define ONE "[1,0," ZEROS "]"
    static const char *const bad[] = {
        PARAMETERS("{}"),
        "{'parameters':[],'limits':[]}",
        "{'kernel_sha256':'','parameters':[]}",
        "{'kernel_sha256':'','parameters':[],'limits':[],'more':1}",
        PARAMETERS("[{'name':'a','table':1}]"),
        PARAMETERS("[{'name':'a','table':'1','choices':[1]}]"),
        PARAMETERS("[{'name':'a','table':1,'choices':['1']}]"),
        PARAMETERS("[{'name':'a','table':1,'choices':[1,2,3,4,5,6,7,8,9,10,11,12,13]}]"),
        PARAMETERS("[{'name':'a name of twenty-four le','table':1,'choices':[1]}]"),
        PARAMETERS("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]"),
        "{'kernel_sha256':'','parameters':[],'limits':{}}",
        "{'kernel_sha256':'','parameters':[],'limits':[1]}",
        LIMIT("[]", ONE),
        LIMIT("[" ONE "," ONE "]", ONE),
        LIMIT("[" ONE "," ONE ",1]", ONE),
        LIMIT("[" ONE "," ONE "," ONE "]", "[1," ZEROS "]"),
        LIMIT("[" ONE "," ONE "," ONE "]", "[1," ZEROS ",-1]"),
        LIMIT("[" ONE "," ONE "," ONE "]", "['1',0," ZEROS "]"),
        LIMIT("[" ONE "," ONE "," ONE "],'more':1", ONE),
    };
    static const char *const good[] = {PARAMETERS("[{'name':'a','table':1,'choices':[1]}]"),
                                       LIMIT("[" ONE "," ONE "," ONE "]", ONE)};
    struct hcb_parameters parameters;
    const size_t bad_count = sizeof bad / sizeof *bad, good_count = sizeof good / sizeof *good;
    for (size_t i = 0; i < bad_count + good_count; i++) {
        char text[400];
        snprintf(text, sizeof text, "%s", i < bad_count ? bad[i] : good[i - bad_count]);
        for (char *at = text; *at != '\0'; at++)
            if (*at == '\'')
                *at = '"';
        json_t *object = json_loads(text, 0, NULL);
        ck_assert_msg(object != NULL && protocol_read_parameters(object, &parameters) == (i >= bad_count),
                      "%s", text);
        json_decref(object);
    }
}
END_TEST

START_TEST(what_the_worker_rejects)
{
    ask(OPEN, "error"); /* before hello */
    ask("{'id':1,'step':'hello','protocol':2}", "error");
    ask("{'id':1,'step':'hello'}", "error");
    ask("{'id':1,'step':'hello','protocol':1,'more':1}", "error");
    ask("{'step':'hello','protocol':1}", "error");
    ask("[]", "error");
    ask(HELLO, "ok");
    ask("{'id':1,'step':'dance'}", "error");
    ask("{'id':1,'step':'list','platform':'metal'}", "error");
    ask(INPUTS("uniform"), "error"); /* no device */
    ask("{'id':1,'step':'open','device':7}", "error");
    ask("{'id':1,'step':'open','device':'null:5'}", "unsupported");
    ask(OPEN, "ok");
    ask("{'id':1,'step':'support','impl':'native','sum':'neumaier'," CASE "}", "error");
    ask("{'id':1,'step':'support','impl':'native','sum':'kahan'," SUM "}", "error");
    ask("{'id':1,'step':'support','impl':'native','scale':3," SUM "}", "error");
    ask("{'id':1,'step':'support','impl':'native','scale':3,'op':'sum','precision':'f16f32','shape':[1,7,1]}",
        "ok");
    ask("{'id':1,'step':'support','impl':'native','scale':61,'op':'sum','precision':'f16f32','shape':[1,7,1]}",
        "error");
    ask("{'id':1,'step':'support','impl':'native','sum':'f64','op':'sum','precision':'i8i32','shape':[1,7,1]}",
        "unsupported");
    ask(OPEN, "error"); /* twice */
    ask("{'id':1,'step':'inputs'," CASE ",'fill':'spaghetti','seed':7}", "error");
    ask("{'id':1,'step':'inputs','op':'matmul','precision':'f32','shape':[4,5],'fill':'zeros','seed':7}",
        "error");
    ask("{'id':1,'step':'inputs','op':'matmul','precision':'f32','shape':[4,-5,1],'fill':'zeros','seed':7}",
        "error");
    ask(PREPARE, "error"); /* no inputs */
    ask(INPUTS("uniform"), "ok");
    ask("{'id':1,'step':'sample','impl':'native','launches':1,'count':1}", "error"); /* no plan */
    ask("{'id':1,'step':'prepare','impl':'openblas'}", "unsupported");
    ask(PREPARE, "ok");
    ask("{'id':1,'step':'check','impl':'native','seed':7}", "error"); /* not integers */
    ask("{'id':1,'step':'sample','impl':'native','launches':0,'count':1}", "error");
    ask("{'id':1,'step':'sample','impl':'native','launches':1,'count':1,'more':0}", "error");
    ask("{'id':1,'step':'quit','now':true}", "error");
}
END_TEST

/* Nothing but a launch can make the output right. */
START_TEST(a_result_that_was_not_computed_is_wrong)
{
    ask(HELLO, "ok");
    ask(OPEN, "ok");
    ask(INPUTS("uniform"), "ok");
    ask(PREPARE, "ok");
    ask("{'id':1,'step':'sample','impl':'native','launches':1,'count':1}", "ok");
    ask("{'id':1,'step':'verify','impl':'native','seed':7}", "ok");
    ask(INPUTS("normal"), "ok");
    json_t *reply = ask("{'id':1,'step':'verify','impl':'native','seed':7}", "wrong");
    ck_assert(json_is_object(json_object_get(reply, "error")));
}
END_TEST

START_TEST(a_wrong_device_is_caught_by_both_checks)
{
    ask(HELLO, "ok");
    ask("{'id':2,'step':'open','device':'null:1'}", "ok");
    ask(INPUTS("integer"), "ok");
    ask(PREPARE, "ok");
    ask("{'id':5,'step':'check','impl':'native','seed':7}", "wrong");
    ask(INPUTS("uniform"), "ok");
    ask("{'id':1,'step':'sample','impl':'native','launches':1,'count':1}", "ok");
    ask("{'id':1,'step':'verify','impl':'native','seed':7}", "wrong");
}
END_TEST

START_TEST(device_and_verdict_survive_the_journey)
{
    struct hcb_device_info info = {.id = "opencl:3",
                                   .platform = "opencl",
                                   .name = "odd \xff name",
                                   .type = HCB_DEVICE_GPU,
                                   .software = true,
                                   .compute_units = 132,
                                   .memory_bytes = UINT64_C(1) << 37},
                           copy;
    json_t *object = protocol_device(&info);
    ck_assert(protocol_read_device(object, &copy));
    ck_assert_str_eq(copy.name, "odd ? name");
    ck_assert_str_eq(copy.id, info.id);
    ck_assert_int_eq(copy.type, HCB_DEVICE_GPU);
    ck_assert(copy.software && !copy.host_memory);
    ck_assert_uint_eq(copy.memory_bytes, info.memory_bytes);
    json_object_set_new(object, "unknown", json_true());
    ck_assert(!protocol_read_device(object, &copy));
    json_object_del(object, "unknown");
    json_object_del(object, "vendor");
    ck_assert(!protocol_read_device(object, &copy));
    json_decref(object);

    struct hcb_verdict verdict = {.max_abs = 0.25, .max_rel = NAN, .limit = 8, .checked = 1e6}, other;
    object = protocol_verdict(&verdict);
    ck_assert(protocol_read_verdict(object, &other));
    ck_assert(other.max_abs == 0.25 && isnan(other.max_rel) && other.checked == 1e6);
    json_decref(object);
}
END_TEST

/* ------------------------------------------------------ the conductor's side */

/* What the fake worker does with each request after `hello`. */
static const struct {
    const char *name;
    enum hcb_status status; /* of link_tell */
    const char *reason;     /* part of it */
} fakes[] = {
    {"ok", HCB_OK, ""},
    {"members", HCB_ERROR, "unknown members"},
    {"id", HCB_ERROR, "protocol"},
    {"status", HCB_ERROR, "protocol"},
    {"garbage", HCB_ERROR, "protocol"},
    {"two lines", HCB_ERROR, "protocol"},
    {"no reason", HCB_UNSUPPORTED, "no reason"},
    {"exit", HCB_CRASHED, "exited with status 7 in step 'dance'"},
    {"abort", HCB_CRASHED, "died of SIGABRT in step 'dance'"},
    {"close", HCB_CRASHED, "closed its pipe"},
    {"silent", HCB_TIMEOUT, "took longer than 0.5 s"},
    {"half a line", HCB_TIMEOUT, "took longer than 0.5 s"},
};

static const char *fake_answer(const char *fake)
{
    if (strcmp(fake, "ok") == 0)
        return "{\"id\":1,\"status\":\"ok\"}\n";
    if (strcmp(fake, "members") == 0)
        return "{\"id\":1,\"status\":\"ok\",\"more\":1}\n";
    if (strcmp(fake, "id") == 0)
        return "{\"id\":5,\"status\":\"ok\"}\n";
    if (strcmp(fake, "status") == 0)
        return "{\"id\":1,\"status\":\"fine\"}\n";
    if (strcmp(fake, "garbage") == 0)
        return "Segmentation fault (core dumped)\n";
    if (strcmp(fake, "two lines") == 0)
        return "{\"id\":1,\"status\":\"ok\"}\n{\"id\":1,\"status\":\"ok\"}\n";
    if (strcmp(fake, "no reason") == 0)
        return "{\"id\":1,\"status\":\"unsupported\"}\n";
    return "{\"id\":1,"; /* half a line */
}

static volatile unsigned long spins;

static int be_a_worker(const char *fake)
{
    FILE *requests = fdopen(WORKER_REQUESTS, "r"), *replies = fdopen(WORKER_REPLIES, "w");
    char line[4096];
    if (requests == NULL || replies == NULL || fgets(line, sizeof line, requests) == NULL)
        return 1;
    fprintf(replies, "{\"id\":0,\"status\":\"ok\",\"protocol\":%d,\"version\":\"%s\"}\n",
            strcmp(fake, "old") == 0 ? 0 : PROTOCOL_VERSION, hcb_version());
    fflush(replies);
    if (fgets(line, sizeof line, requests) == NULL)
        return 0;
    if (strcmp(fake, "exit") == 0)
        return 7;
    if (strcmp(fake, "abort") == 0)
        abort();
    if (strcmp(fake, "busy") == 0) {
        fputs(fake_answer("ok"), replies), fflush(replies);
        for (;;)
            spins++;
    }
    if (strcmp(fake, "close") == 0)
        fclose(replies);
    else if (strcmp(fake, "silent") != 0)
        fputs(fake_answer(fake), replies), fflush(replies);
    while (fgets(line, sizeof line, requests) != NULL && strstr(line, "quit") == NULL)
        ;
    if (strcmp(fake, "close") == 0 || strcmp(fake, "silent") == 0)
        pause();
    return 0;
}

static enum hcb_status open_fake(const char *fake, struct link **link, char *reason)
{
    char variable[64];
    /* A linked BLAS would start threads that look for work. */
    const char *const environment[] = {variable, "OPENBLAS_NUM_THREADS=1", NULL};
    const struct link_options how = {.isolate = true, .timeout_s = 0.5, .environment = environment};
    snprintf(variable, sizeof variable, "FAKE_WORKER=%s", fake);
    return link_open(&how, link, reason);
}

START_TEST(what_the_conductor_makes_of_bad_workers)
{
    char reason[HCB_REASON_SIZE] = "";
    struct link *link;
    ck_assert_int_eq(open_fake(fakes[_i].name, &link, reason), HCB_OK);
    ck_assert_int_eq(link_tell(link, "dance", NULL, reason), fakes[_i].status);
    ck_assert_msg(strstr(reason, fakes[_i].reason) != NULL, "%s: %s", fakes[_i].name, reason);
    if (fakes[_i].status == HCB_CRASHED || fakes[_i].status == HCB_TIMEOUT)
        ck_assert_int_eq(link_tell(link, "dance", NULL, reason), HCB_CRASHED);
    link_close(link);
}
END_TEST

/* Only a worker whose threads sleep has settled. */
START_TEST(who_settles)
{
    static const struct {
        const char *fake;
        bool settles;
    } rows[] = {{"ok", true}, {"busy", false}};
    char reason[HCB_REASON_SIZE] = "";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct link *link;
        ck_assert_int_eq(open_fake(rows[i].fake, &link, reason), HCB_OK);
        ck_assert_int_eq(link_tell(link, "dance", NULL, reason), HCB_OK);
        if (link_settle(link) != rows[i].settles && access("/proc/self/task", R_OK) == 0)
            ck_abort_msg("%s", rows[i].fake);
        ck_assert(link_cpu_s(link) > 0);
        if (!rows[i].settles)
            ck_assert_int_eq(link_tell(link, "dance", NULL, reason), HCB_TIMEOUT);
        link_close(link);
    }
}
END_TEST

START_TEST(a_worker_of_another_protocol_is_refused)
{
    char reason[HCB_REASON_SIZE] = "";
    struct link *link = NULL;
    ck_assert_int_eq(open_fake("old", &link, reason), HCB_ERROR);
    ck_assert_ptr_null(link);
    ck_assert_ptr_nonnull(strstr(reason, "version"));
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return be_a_worker(getenv("FAKE_WORKER"));
    Suite *suite = suite_create("protocol");
    TCase *local = tcase_create("worker");
    tcase_add_checked_fixture(local, set_up, tear_down);
    tcase_set_timeout(local, 60);
    tcase_add_test(local, a_case_from_hello_to_quit);
    tcase_add_test(local, sensors_are_told_and_read_with_the_samples);
    tcase_add_test(local, memory_of_a_row_is_its_own);
    tcase_add_test(local, plans_have_slots_and_parameters);
    tcase_add_test(local, parameters_that_no_platform_has_are_refused);
    tcase_add_test(local, what_the_worker_rejects);
    tcase_add_test(local, a_result_that_was_not_computed_is_wrong);
    tcase_add_test(local, a_wrong_device_is_caught_by_both_checks);
    tcase_add_test(local, device_and_verdict_survive_the_journey);
    suite_add_tcase(suite, local);
    TCase *remote = tcase_create("conductor");
    tcase_set_timeout(remote, 60);
    tcase_add_loop_test(remote, what_the_conductor_makes_of_bad_workers, 0,
                        (int)(sizeof fakes / sizeof *fakes));
    tcase_add_test(remote, a_worker_of_another_protocol_is_refused);
    tcase_add_test(remote, who_settles);
    suite_add_tcase(suite, remote);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
