/* SPDX-License-Identifier: Apache-2.0 */
/* Sensors from made-up trees of sysfs and procfs and from a made-up NVML: values
 * and units, wrap-around, what is missing and why. */
#include "config.h"

#include <ftw.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hcbench.h"
#include "suite.h"

static char root[64];
static struct hcb_sensors *sensors;
static struct hcb_sensor_reading reading;

#define EVERYTHING ((1u << HCB_SENSOR_COUNT) - 1)
#define ZONES "/sys/class/powercap/"
#define CPUS "/sys/devices/system/cpu/"
#define GPU "/sys/bus/pci/devices/0000:65:00.0"

static const struct hcb_device_info cpu = {.id = "cpu:0", .type = HCB_DEVICE_CPU},
                                    software = {.id = "vulkan:0", .type = HCB_DEVICE_GPU,
                                                .software = true},
                                    gpu = {.id = "opencl:0", .type = HCB_DEVICE_GPU,
                                           .vendor = "AMD", .pci = "0000:65:00.0"};

static void set_up(void)
{
    snprintf(root, sizeof root, "/tmp/hcbench-sensors.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    setenv("HCBENCH_SENSOR_ROOT", root, 1);
    unsetenv("HCBENCH_NVML");
    unsetenv("FAKE_NVML");
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about, (void)kind, (void)where;
    return remove(path);
}

static void tear_down(void)
{
    hcb_sensors_close(sensors);
    sensors = NULL;
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *below_root(const char *path)
{
    static char whole[300];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    return whole;
}

static void make_folders(const char *path)
{
    char whole[300];
    snprintf(whole, sizeof whole, "%s", below_root(path));
    for (char *slash = whole + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
}

static void put(const char *path, const char *text)
{
    make_folders(path);
    FILE *file = fopen(below_root(path), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "%s\n", text);
    fclose(file);
}

static void open_sensors(const struct hcb_device_info *device)
{
    hcb_sensors_close(sensors);
    sensors = hcb_sensors_open(device);
    ck_assert_ptr_nonnull(sensors);
}

static double value(enum hcb_sensor sensor)
{
    hcb_sensors_read(sensors, 1u << sensor, &reading);
    for (int i = 0; i < HCB_SENSOR_COUNT; i++)
        ck_assert(i == (int)sensor || isnan(reading.value[i])); /* nothing that is not wanted */
    return reading.value[sensor];
}

static const char *source(enum hcb_sensor sensor)
{
    return hcb_sensors_info(sensors, sensor)->source;
}

/* Not read, and the reason has this in it. */
static void is_missing(enum hcb_sensor sensor, const char *why)
{
    const struct hcb_sensor_info *info = hcb_sensors_info(sensors, sensor);
    ck_assert_str_eq(info->source, "");
    ck_assert_msg(strstr(info->reason, why) != NULL, "%s: %s", hcb_sensor_name(sensor), info->reason);
    ck_assert(isnan(info->cost_s) && isnan(value(sensor)));
}

static void is_read(enum hcb_sensor sensor, const char *from)
{
    const struct hcb_sensor_info *info = hcb_sensors_info(sensors, sensor);
    ck_assert_msg(strcmp(info->source, from) == 0, "%s: '%s' %s", hcb_sensor_name(sensor),
                  info->source, info->reason);
    ck_assert_str_eq(info->reason, "");
    ck_assert(info->cost_s >= 0);
}

static void put_zone(const char *zone, const char *name, const char *energy, const char *range)
{
    char path[200];
    snprintf(path, sizeof path, ZONES "%s/name", zone);
    put(path, name);
    snprintf(path, sizeof path, ZONES "%s/energy_uj", zone);
    put(path, energy);
    snprintf(path, sizeof path, ZONES "%s/max_energy_range_uj", zone);
    put(path, range);
}

/* ---------------------------------------------------------------------- CPUs */

START_TEST(packages_are_summed_and_wrap_around)
{
    put_zone("intel-rapl:0", "package-0", "1000000", "65532610987");
    put_zone("intel-rapl:0:0", "core", "500000", "65532610987"); /* part of the package */
    put_zone("intel-rapl:1", "package-1", "65530610987", "65532610987");
    put_zone("intel-rapl:2", "psys", "1", "65532610987");
    put_zone("intel-rapl-mmio:0", "package-0", "77", "65532610987"); /* the same one again */
    open_sensors(&cpu);
    is_read(HCB_SENSOR_ENERGY, "powercap package");
    ck_assert_double_eq_tol(value(HCB_SENSOR_ENERGY), 0, 1e-9);
    put(ZONES "intel-rapl:0/energy_uj", "3500000");
    put(ZONES "intel-rapl:0:0/energy_uj", "9500000");
    ck_assert_double_eq_tol(value(HCB_SENSOR_ENERGY), 2.5, 1e-6);
    put(ZONES "intel-rapl:1/energy_uj", "1000000"); /* 2 J to the end, and 1 J */
    ck_assert_double_eq_tol(value(HCB_SENSOR_ENERGY), 5.5, 1e-6);
    put(ZONES "intel-rapl:0/energy_uj", "500000"); /* and the other one, 65529.11 J on */
    ck_assert_double_eq_tol(value(HCB_SENSOR_ENERGY), 5.5 + 65532.610987 - 3, 1e-6);
    open_sensors(&software); /* runs on the CPU */
    is_read(HCB_SENSOR_ENERGY, "powercap package");
    is_missing(HCB_SENSOR_POWER, "no source");
}
END_TEST

START_TEST(an_unreadable_package_is_no_sum)
{
    put_zone("intel-rapl:0", "package-0", "1000000", "65532610987");
    put_zone("intel-rapl:1", "package-1", "1", "65532610987");
    ck_assert_int_eq(remove(below_root(ZONES "intel-rapl:1/energy_uj")), 0);
    ck_assert_int_eq(mkdir(below_root(ZONES "intel-rapl:1/energy_uj"), 0755), 0);
    open_sensors(&cpu);
    is_missing(HCB_SENSOR_ENERGY, ZONES "intel-rapl:1/energy_uj: Is a directory");
    rmdir(below_root(ZONES "intel-rapl:1/energy_uj"));
    put(ZONES "intel-rapl:1/energy_uj", "lots");
    open_sensors(&cpu);
    is_missing(HCB_SENSOR_ENERGY, "energy_uj: not a number");
    put(ZONES "intel-rapl:1/energy_uj", "17");
    ck_assert_int_eq(remove(below_root(ZONES "intel-rapl:1/max_energy_range_uj")), 0);
    open_sensors(&cpu);
    is_missing(HCB_SENSOR_ENERGY, "max_energy_range_uj: No such file");
}
END_TEST

/* Permissions mean nothing to root. */
START_TEST(a_forbidden_counter_names_file_and_error)
{
    if (geteuid() == 0)
        return;
    put_zone("intel-rapl:0", "package-0", "1000000", "65532610987");
    ck_assert_int_eq(chmod(below_root(ZONES "intel-rapl:0/energy_uj"), 0), 0);
    open_sensors(&cpu);
    is_missing(HCB_SENSOR_ENERGY, ZONES "intel-rapl:0/energy_uj: Permission denied");
}
END_TEST

START_TEST(nothing_there)
{
    open_sensors(&cpu);
    is_missing(HCB_SENSOR_ENERGY, "there is no ");
    is_missing(HCB_SENSOR_ENERGY, ZONES "intel-rapl:*/energy_uj");
    is_missing(HCB_SENSOR_CLOCK, "scaling_cur_freq");
    is_missing(HCB_SENSOR_TEMPERATURE, "hwmon");
    is_missing(HCB_SENSOR_THROTTLE, "no source");
    open_sensors(&gpu);
    is_missing(HCB_SENSOR_ENERGY, GPU "/hwmon/hwmon*/energy1_input");
    open_sensors(&(struct hcb_device_info){.type = HCB_DEVICE_GPU});
    is_missing(HCB_SENSOR_CLOCK, "PCI address");
    hcb_sensors_close(NULL);
    ck_assert_ptr_null(hcb_sensor_name(HCB_SENSOR_COUNT));
}
END_TEST

/* The least and another CPU that this process may use, and one that it may not. */
static void choose_cpus(int used[2], int *unused)
{
    cpu_set_t set;
    int found = 0;
    ck_assert_int_eq(sched_getaffinity(0, sizeof set, &set), 0);
    used[0] = used[1] = *unused = -1;
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET((size_t)i, &set) && found < 2)
            used[found++] = i;
        else if (!CPU_ISSET((size_t)i, &set) && *unused < 0)
            *unused = i;
    if (found == 1)
        used[1] = used[0];
}

START_TEST(clock_of_the_cpus_in_use)
{
    int used[2], unused;
    char path[200], text[400];
    choose_cpus(used, &unused);
    const double second = used[1] == used[0] ? 3000 : 4000;
    snprintf(text, sizeof text,
             "processor\t: %d\nflags\t: a b\ncpu MHz\t\t: 100.5\n\nprocessor\t: %d\ncpu MHz\t\t: "
             "2445.428\n", unused, used[0]);
    put("/proc/cpuinfo", text);
    open_sensors(&cpu);
    is_read(HCB_SENSOR_CLOCK, "/proc/cpuinfo");
    ck_assert_double_eq_tol(value(HCB_SENSOR_CLOCK), 2445.428e6, 1);
    snprintf(path, sizeof path, CPUS "cpu%d/cpufreq/scaling_cur_freq", unused);
    put(path, "800000");
    snprintf(path, sizeof path, CPUS "cpu%d/cpufreq/scaling_cur_freq", used[1]);
    put(path, "4000000");
    snprintf(path, sizeof path, CPUS "cpu%d/cpufreq/scaling_cur_freq", used[0]);
    put(path, "3000000");
    open_sensors(&cpu);
    is_read(HCB_SENSOR_CLOCK, "cpufreq");
    ck_assert_double_eq_tol(value(HCB_SENSOR_CLOCK), (3000 + second) / 2 * 1e6, 1);
}
END_TEST

START_TEST(temperature_of_the_hottest_package)
{
    put("/sys/class/hwmon/hwmon0/name", "nvme");
    put("/sys/class/hwmon/hwmon0/temp1_input", "99000");
    put("/sys/class/hwmon/hwmon1/name", "coretemp");
    put("/sys/class/hwmon/hwmon1/temp1_input", "51000");
    put("/sys/class/hwmon/hwmon2/name", "coretemp");
    put("/sys/class/hwmon/hwmon2/temp1_input", "63500");
    open_sensors(&cpu);
    is_read(HCB_SENSOR_TEMPERATURE, "hwmon");
    ck_assert_double_eq_tol(value(HCB_SENSOR_TEMPERATURE), 63.5, 1e-9);
    put("/sys/class/hwmon/hwmon2/temp1_input", "");
    ck_assert(isnan(value(HCB_SENSOR_TEMPERATURE)));
}
END_TEST

/* ---------------------------------------------------------------------- GPUs */

START_TEST(gpu_of_amd)
{
    put(GPU "/vendor", "0x1002");
    put(GPU "/hwmon/hwmon7/power1_average", "203000000");
    put(GPU "/hwmon/hwmon7/freq1_input", "2105000000");
    put(GPU "/hwmon/hwmon7/temp1_input", "57000");
    open_sensors(&gpu);
    is_missing(HCB_SENSOR_ENERGY, "energy1_input");
    is_read(HCB_SENSOR_POWER, "hwmon");
    ck_assert_double_eq_tol(value(HCB_SENSOR_POWER), 203, 1e-9);
    ck_assert_double_eq_tol(value(HCB_SENSOR_CLOCK), 2.105e9, 1);
    ck_assert_double_eq_tol(value(HCB_SENSOR_TEMPERATURE), 57, 1e-9);
    remove(below_root(GPU "/hwmon/hwmon7/power1_average"));
    put(GPU "/hwmon/hwmon7/power1_input", "99500000");
    open_sensors(&gpu);
    ck_assert_double_eq_tol(value(HCB_SENSOR_POWER), 99.5, 1e-9);
}
END_TEST

START_TEST(gpu_of_intel)
{
    put(GPU "/vendor", "0x8086");
    put(GPU "/hwmon/hwmon3/energy1_input", "7000000");
    put(GPU "/drm/card1/gt_act_freq_mhz", "0"); /* asleep now, and readable */
    open_sensors(&gpu);
    is_read(HCB_SENSOR_ENERGY, "hwmon");
    put(GPU "/hwmon/hwmon3/energy1_input", "8250000");
    ck_assert_double_eq_tol(value(HCB_SENSOR_ENERGY), 1.25, 1e-9);
    is_read(HCB_SENSOR_CLOCK, "i915");
    put(GPU "/drm/card1/gt_act_freq_mhz", "2400");
    ck_assert_double_eq_tol(value(HCB_SENSOR_CLOCK), 2.4e9, 1);
}
END_TEST

/* A library of the tests; false when this build has no shared ones. */
static bool use_nvml(const char *name)
{
    const char *folder = getenv("builddir");
    char path[400];
    snprintf(path, sizeof path, "%s/tests/.libs/%s", folder != NULL ? folder : ".", name);
    setenv("HCBENCH_NVML", path, 1);
    return access(path, R_OK) == 0;
}

START_TEST(gpu_of_nvidia)
{
    put(GPU "/vendor", "0x10de");
    put(GPU "/hwmon/hwmon3/temp1_input", "1000"); /* not asked */
    if (!use_nvml("fake_nvml.so"))
        return;
    open_sensors(&gpu);
    for (int i = 0; i < HCB_SENSOR_COUNT; i++)
        is_read((enum hcb_sensor)i, "NVML");
    const double before = value(HCB_SENSOR_ENERGY);
    ck_assert_double_eq_tol(before, 2.5, 1e-9); /* one call after the first */
    ck_assert_double_eq_tol(value(HCB_SENSOR_ENERGY) - before, 2.5, 1e-9);
    ck_assert_double_eq_tol(value(HCB_SENSOR_POWER), 350.5, 1e-9);
    ck_assert_double_eq_tol(value(HCB_SENSOR_CLOCK), 1.98e9, 1);
    ck_assert_double_eq_tol(value(HCB_SENSOR_TEMPERATURE), 61, 1e-9);
    ck_assert_str_eq(reading.throttle, "");
    ck_assert_double_eq_tol(value(HCB_SENSOR_THROTTLE), 1, 1e-9);
    ck_assert_str_eq(reading.throttle, "power cap, heat");
    hcb_sensors_read(sensors, EVERYTHING, &reading);
    for (int i = 0; i < HCB_SENSOR_COUNT; i++)
        ck_assert(isfinite(reading.value[i]));
}
END_TEST

START_TEST(old_driver_of_nvidia)
{
    put(GPU "/vendor", "0x10de");
    if (!use_nvml("fake_nvml_old.so"))
        return;
    open_sensors(&gpu);
    is_missing(HCB_SENSOR_ENERGY, "has no nvmlDeviceGetTotalEnergyConsumption");
    is_read(HCB_SENSOR_POWER, "NVML");
    is_read(HCB_SENSOR_THROTTLE, "NVML"); /* under its older name */
}
END_TEST

static const struct {
    const char *library, *fails, *reason;
} bad_nvml[] = {
    {"fake_nvml.so", "init", "nvmlInit_v2: Unknown Error"},
    {"fake_nvml.so", "device", "nvmlDeviceGetHandleByPciBusId_v2: Not Found"},
    {"fake_nvml.so", "energy", "NVML: Not Supported"},
    {"not_there.so", "", "not_there.so"},
};

START_TEST(nvml_that_fails)
{
    const bool there = use_nvml(bad_nvml[_i].library);
    put(GPU "/vendor", "0x10de");
    setenv("FAKE_NVML", bad_nvml[_i].fails, 1);
    if (!there && strcmp(bad_nvml[_i].library, "not_there.so") != 0)
        return;
    open_sensors(&gpu);
    is_missing(HCB_SENSOR_ENERGY, bad_nvml[_i].reason);
    if (strcmp(bad_nvml[_i].fails, "energy") == 0)
        is_read(HCB_SENSOR_CLOCK, "NVML");
    else
        is_missing(HCB_SENSOR_CLOCK, bad_nvml[_i].reason);
}
END_TEST

/* Another library altogether. */
START_TEST(nvml_without_its_functions)
{
    put(GPU "/vendor", "0x10de");
    setenv("HCBENCH_NVML", "libc.so.6", 1);
    open_sensors(&gpu);
    is_missing(HCB_SENSOR_TEMPERATURE, "nvmlInit_v2");
    ck_assert_str_eq(source(HCB_SENSOR_POWER), "");
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("sensors");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, packages_are_summed_and_wrap_around);
    tcase_add_test(tests, an_unreadable_package_is_no_sum);
    tcase_add_test(tests, a_forbidden_counter_names_file_and_error);
    tcase_add_test(tests, nothing_there);
    tcase_add_test(tests, clock_of_the_cpus_in_use);
    tcase_add_test(tests, temperature_of_the_hottest_package);
    tcase_add_test(tests, gpu_of_amd);
    tcase_add_test(tests, gpu_of_intel);
    tcase_add_test(tests, gpu_of_nvidia);
    tcase_add_test(tests, old_driver_of_nvidia);
    tcase_add_loop_test(tests, nvml_that_fails, 0, (int)(sizeof bad_nvml / sizeof *bad_nvml));
    tcase_add_test(tests, nvml_without_its_functions);
    return suite_run("sensors", tests);
}
