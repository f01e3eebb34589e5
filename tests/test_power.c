/* SPDX-License-Identifier: Apache-2.0 */
/* The meter on made-up counters, and what the readings make of a row. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/meter.h"
#include "measure/power.h"
#include "measure/resident.h"
#include "suite.h"

static const struct hcb_case task = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 1000000, 1}};

/* A device that takes `idle_w` until 0 s and `busy_w` from then on; its counter
 * moves every `step_s`. */
static const double idle_w = 50, busy_w = 400;

static double counter(double s, double step_s)
{
    const double at = floor((s + 100) / step_s) * step_s - 100;
    return 1000 + (at < 0 ? at * idle_w : at * busy_w);
}

/* Runs windows of `window_s` with 7 launches each until the meter has enough. */
static double run_meter(struct meter *meter, double window_s, double step_s)
{
    double s = 0, launches = 0;
    meter_begin(meter, s, counter(s, step_s));
    do {
        s += window_s;
        launches += 7;
    } while (!meter_add(meter, s, launches, counter(s, step_s), (double)NAN));
    return s;
}

/* Counters quicker and slower than windows; a slow one was read last before the
 * device began to work. */
static const struct {
    double window_s, step_s, error, longest_s;
} counters[] = {
    {0.02, 0.001, 0.01, 0.3}, {0.02, 0.1, 0.025, 1.3},  {0.021, 0.1, 0.025, 1.3},
    {0.2, 0.001, 0.01, 2.5},  {0.01, 0.0003, 0.01, 0.2}, {0.05, 0.0977, 0.06, 1.5},
};

START_TEST(joules_per_launch)
{
    struct meter meter;
    double joules, watts;
    const double s = run_meter(&meter, counters[_i].window_s, counters[_i].step_s);
    ck_assert_double_le(s, counters[_i].longest_s);
    ck_assert(meter_end(&meter, &joules, &watts));
    ck_assert_double_eq_tol(watts / busy_w, 1, counters[_i].error);
    ck_assert_double_eq_tol(joules, watts * counters[_i].window_s / 7, 1e-9);
}
END_TEST

START_TEST(a_counter_that_stands_still_gives_nothing)
{
    struct meter meter;
    double joules = -1, watts = -1, s = 0;
    meter_begin(&meter, 0, 5);
    while (!meter_add(&meter, s, s, 5, (double)NAN))
        s += 0.25;
    ck_assert_double_eq_tol(s, METER_END_S, 0.3);
    ck_assert(!meter_end(&meter, &joules, &watts));
    meter_begin(&meter, 0, 5);
    meter_add(&meter, 1, 10, 6, (double)NAN); /* one step has no length */
    ck_assert(!meter_end(&meter, &joules, &watts));
    meter_add(&meter, 2, 20, (double)NAN, (double)NAN); /* not read: no step */
    ck_assert(!meter_end(&meter, &joules, &watts));
    ck_assert(joules == -1 && watts == -1);
}
END_TEST

/* Without a counter: power times time, without the first second. */
START_TEST(joules_from_power)
{
    struct meter meter;
    double joules, watts, s = 0, launches = 0;
    meter_begin(&meter, 0, (double)NAN);
    do {
        s += 0.02;
        launches += 7;
    } while (!meter_add(&meter, s, launches, (double)NAN, s < METER_DROPPED_S ? idle_w : busy_w));
    ck_assert_double_le(s, 2.2);
    ck_assert(meter_end(&meter, &joules, &watts));
    ck_assert_double_eq_tol(watts, busy_w, 1e-6);
    ck_assert_double_eq_tol(joules, busy_w * 0.02 / 7, 1e-6);
}
END_TEST

/* ---------------------------------------------------------------------- rows */

static struct hcb_result row;

static json_t *parse(const char *text)
{
    char quoted[1000];
    snprintf(quoted, sizeof quoted, "%s", text);
    for (char *p = quoted; *p != '\0'; p++)
        if (*p == '\'')
            *p = '"';
    json_t *object = json_loads(quoted, 0, NULL);
    ck_assert_msg(object != NULL, "%s", text);
    return object;
}

static bool add(const char *text)
{
    json_t *object = parse(text);
    const bool good = power_add(&row, object);
    json_decref(object);
    return good;
}

static bool add_energy(const char *text)
{
    json_t *object = parse(text);
    const bool good = power_energy(&row, object);
    json_decref(object);
    return good;
}

static void set_up(void)
{
    hcb_result_init(&row, "opencl:0", &task);
}

static void tear_down(void)
{
    hcb_result_clear(&row);
}

START_TEST(a_clock_that_falls)
{
    ck_assert(add("{'clock': 1980e6, 'temperature': 60}"));
    ck_assert(add("{'clock': 1900e6, 'temperature': 71.5, 'throttle': 'power cap'}"));
    ck_assert(add("{'clock': 0, 'temperature': -300}")); /* nothing can be */
    ck_assert(add("{'clock': 1410000000, 'temperature': 70, 'throttle': 'heat, power cap'}"));
    power_finish(&row);
    ck_assert_double_eq_tol(row.clock_mhz.median, 1900, 1e-9);
    ck_assert_double_eq_tol(row.clock_mhz.min, 1410, 1e-9);
    ck_assert_double_eq_tol(row.clock_mhz.max, 1980, 1e-9);
    ck_assert_uint_eq(row.clock_mhz.n, 3);
    ck_assert_double_eq_tol(row.temperature_c.min, 60, 1e-9);
    ck_assert_double_eq_tol(row.temperature_c.median, 70, 1e-9);
    ck_assert_double_eq_tol(row.temperature_c.max, 71.5, 1e-9);
    ck_assert_double_eq_tol(row.temperature_c.samples[1], 71.5, 1e-9);
    ck_assert_str_eq(row.throttled, "power cap, heat");
    ck_assert_str_eq(row.warnings[0], "the clock fell from 1980 to 1410 MHz while it was sampled");
    ck_assert_str_eq(row.warnings[1], "throttled: power cap, heat");
    ck_assert_ptr_null(row.warnings[2]);
    ck_assert(isnan(row.energy_j) && isnan(row.gflop_per_j));
}
END_TEST

START_TEST(a_clock_that_rises)
{
    ck_assert(add("{'clock': 1000e6}") && add("{'clock': 1100e6}"));
    power_finish(&row);
    ck_assert_str_eq(row.warnings[0], "the clock rose from 1000 to 1100 MHz while it was sampled");
}
END_TEST

START_TEST(a_clock_that_holds)
{
    ck_assert(add("{'clock': 1000e6}") && add("{}") && add("{'clock': 960e6, 'throttle': ''}") &&
              add("{'clock': 0}"));
    power_finish(&row);
    ck_assert_uint_eq(row.clock_mhz.n, 2);
    ck_assert_ptr_null(row.warnings[0]);
    ck_assert(row.temperature_c.n == 0 && isnan(row.temperature_c.max));
}
END_TEST

START_TEST(readings_that_are_none)
{
    ck_assert(!add("{'clock': 'fast'}") && !add("{'wind': 1}") && !add("[]"));
    ck_assert(!add("{'temperature': null}") && !add("{'throttle': 1}"));
    ck_assert(!add_energy("{'joules': 0, 'watts': 1, 'source': 'x'}"));
    ck_assert(!add_energy("{'joules': 1.0, 'watts': 'x', 'source': 'x'}"));
    ck_assert(add_energy("{'id': 1, 'status': 'ok'}")); /* too little was seen */
    ck_assert(isnan(row.energy_j) && row.power_source[0] == '\0');
}
END_TEST

START_TEST(operations_per_joule)
{
    ck_assert(add_energy("{'joules': 0.004, 'watts': 20, 'source': 'NVML'}"));
    hcb_result_rates(&row);
    ck_assert_double_eq_tol(row.energy_j, 0.004, 1e-12);
    ck_assert_double_eq_tol(row.watts, 20, 1e-9);
    ck_assert_double_eq_tol(row.gflop_per_j, 0.25, 1e-9); /* 1e6 operations */
    ck_assert_str_eq(row.power_source, "NVML");
}
END_TEST

/* ------------------------------------------------------------------- devices */

static const struct {
    const char *reply, *unreadable;
} replies[] = {
    {"{'energy':{'source':'NVML'},'power':{'source':'NVML'},'clock':{'source':'NVML'},"
     "'temperature':{'source':'NVML'},'throttle':{'reason':'old'}}", ""},
    {"{'energy':{'reason':'A'},'power':{'reason':'A'},'clock':{'reason':'A'},"
     "'temperature':{'reason':'A'},'throttle':{'reason':'A'}}", "energy, clock, temperature: A"},
    {"{'energy':{'reason':'A'},'power':{'reason':'B'},'clock':{'source':'x'},"
     "'temperature':{'reason':'C'},'throttle':{'reason':'A'}}", "energy: A; temperature: C"},
    {"{'energy':{'reason':'A'},'power':{'source':'hwmon'},'clock':{'reason':'B'},"
     "'temperature':{'source':'x'},'throttle':{'reason':'A'}}", "clock: B"},
    {"{'energy':{'reason':'A'}}", NULL},
    {"{'energy':{'source':'a','reason':'A'},'power':{'reason':'A'},'clock':{'reason':'A'},"
     "'temperature':{'reason':'A'},'throttle':{'reason':'A'}}", NULL},
};

START_TEST(what_is_read_of_a_device)
{
    struct device_sensors sensors;
    json_t *reply = parse(replies[_i].reply);
    ck_assert(power_describe(reply, &sensors) == (replies[_i].unreadable != NULL));
    if (replies[_i].unreadable != NULL)
        ck_assert_str_eq(sensors.unreadable, replies[_i].unreadable);
    if (_i == 0)
        ck_assert_str_eq(sensors.source[HCB_SENSOR_CLOCK], "NVML");
    json_decref(reply);
}
END_TEST

/* -------------------------------------------------------------------- memory */

static char *touch(size_t bytes)
{
    char *memory = malloc(bytes);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 1, bytes);
    __asm__ volatile("" : : "r"(memory) : "memory"); /* so that it is not left out */
    return memory;
}

/* What stays from one stretch to the next, what goes, and what is between them. */
START_TEST(rise_of_resident_memory)
{
    const size_t part = 64u << 20;
    const double slack = 24u << 20;
    struct resident resident = {.unknown = false};
    resident_begin(&resident);
    char *first = touch(part);
    resident_end(&resident);
    if (resident.unknown)
        return;
    ck_assert_double_eq_tol(resident.peak, part, slack);
    char *between = touch(2 * part);
    resident_begin(&resident);
    char *second = touch(part);
    free(touch(part));
    resident_trim();
    resident_end(&resident);
    ck_assert_double_eq_tol(resident.peak, 3.0 * (double)part, slack);
    free(between);
    resident_trim();
    resident_begin(&resident);
    resident_end(&resident);
    ck_assert_double_eq_tol(resident.peak, 3.0 * (double)part, slack);
    free(first);
    free(second);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("power");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, joules_per_launch, 0, (int)(sizeof counters / sizeof *counters));
    tcase_add_test(tests, a_counter_that_stands_still_gives_nothing);
    tcase_add_test(tests, joules_from_power);
    tcase_add_test(tests, a_clock_that_falls);
    tcase_add_test(tests, a_clock_that_rises);
    tcase_add_test(tests, a_clock_that_holds);
    tcase_add_test(tests, readings_that_are_none);
    tcase_add_test(tests, operations_per_joule);
    tcase_add_loop_test(tests, what_is_read_of_a_device, 0, (int)(sizeof replies / sizeof *replies));
    tcase_add_test(tests, rise_of_resident_memory);
    return suite_run("power", tests);
}
