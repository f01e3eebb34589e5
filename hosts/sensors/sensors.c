/* SPDX-License-Identifier: Apache-2.0 */
/* Which sensors a device has: tables of places in sysfs and procfs, and NVML. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources.h"

struct state {
    struct sensors_nvml *nvml;
    struct sensors_gauge *gauges[HCB_SENSOR_COUNT];
};

/* CPUs, and software drivers, which run on them.  Linux: powercap/powercap.rst
 * (AMD's counters carry Intel's name), cpufreq in admin-guide/pm/cpufreq.rst,
 * hwmon/coretemp.rst, hwmon/k10temp.rst. */
static const struct sensors_place cpu_places[] = {
    {.sensor = HCB_SENSOR_ENERGY,
     .label = "powercap package",
     .pattern = "/sys/class/powercap/intel-rapl:*/energy_uj",
     .scale = 1e-6,
     .names = {"package-"},
     .wraps = "max_energy_range_uj"},
    {.sensor = HCB_SENSOR_CLOCK,
     .label = "cpufreq",
     .pattern = "/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq",
     .scale = 1e3,
     .combine = COMBINE_MEAN,
     .per_cpu = true,
     .zero_is_nothing = true},
    {.sensor = HCB_SENSOR_CLOCK,
     .label = "/proc/cpuinfo",
     .pattern = "/proc/cpuinfo",
     .scale = 1e6,
     .line = "cpu MHz",
     .zero_is_nothing = true},
    {.sensor = HCB_SENSOR_TEMPERATURE,
     .label = "hwmon",
     .pattern = "/sys/class/hwmon/hwmon*/temp1_input",
     .scale = 1e-3,
     .combine = COMBINE_MAX,
     .names = {"coretemp", "k10temp", "zenpower", "cpu_thermal"}},
    {.label = NULL},
};

/* GPUs of AMD and Intel, below their folder in sysfs.  Linux: hwmon/sysfs-interface.rst,
 * gpu/amdgpu/thermal.rst, ABI/testing/sysfs-driver-intel-i915-hwmon and
 * sysfs-driver-intel-xe-hwmon; the clocks of i915 and xe are files of their own. */
static const struct sensors_place pci_places[] = {
    {HCB_SENSOR_ENERGY, "hwmon", "/hwmon/hwmon*/energy1_input", 1e-6, .combine = COMBINE_SUM},
    {HCB_SENSOR_ENERGY, "hwmon package", "/hwmon/hwmon*/energy2_input", 1e-6,
     .combine = COMBINE_SUM},
    {HCB_SENSOR_POWER, "hwmon", "/hwmon/hwmon*/power1_average", 1e-6, .combine = COMBINE_SUM},
    {HCB_SENSOR_POWER, "hwmon", "/hwmon/hwmon*/power1_input", 1e-6, .combine = COMBINE_SUM},
    {HCB_SENSOR_CLOCK, "hwmon", "/hwmon/hwmon*/freq1_input", 1, .combine = COMBINE_MAX,
     .zero_is_nothing = true},
    {HCB_SENSOR_CLOCK, "i915", "/drm/card*/gt/gt0/rps_act_freq_mhz", 1e6, .combine = COMBINE_MAX},
    {HCB_SENSOR_CLOCK, "i915", "/drm/card*/gt_act_freq_mhz", 1e6, .combine = COMBINE_MAX},
    {HCB_SENSOR_CLOCK, "xe", "/tile0/gt0/freq0/act_freq", 1e6, .combine = COMBINE_MAX},
    {HCB_SENSOR_TEMPERATURE, "hwmon", "/hwmon/hwmon*/temp1_input", 1e-3, .combine = COMBINE_MAX},
    {HCB_SENSOR_TEMPERATURE, "hwmon package", "/hwmon/hwmon*/temp2_input", 1e-3,
     .combine = COMBINE_MAX},
    {.label = NULL},
};

static void all_missing(struct hcb_sensor_info info[HCB_SENSOR_COUNT], const char *reason)
{
    for (int i = 0; i < HCB_SENSOR_COUNT; i++)
        snprintf(info[i].reason, sizeof info[i].reason, "%s", reason);
}

static void open_gauges(struct state *state, const struct sensors_place *places, const char *folder,
                        struct hcb_sensor_info info[HCB_SENSOR_COUNT])
{
    for (int i = 0; i < HCB_SENSOR_COUNT; i++)
        state->gauges[i] =
            hcbi_sensors_gauge_new(places, (enum hcb_sensor)i, folder, &info[i]);
}

/* NVIDIA's own driver has no hwmon; nouveau, which has, is not used for computing. */
static bool is_nvidia(const struct hcb_device_info *device, const char *folder)
{
    char path[128], vendor[16];
    snprintf(path, sizeof path, "%.60s%.40s/vendor", hcbi_sensors_root(), folder);
    hcbi_sensors_line(path, vendor, sizeof vendor);
    return strcmp(vendor, "0x10de") == 0 || strstr(device->vendor, "NVIDIA") != NULL;
}

static void *open_sensors(const struct hcb_device_info *device,
                          struct hcb_sensor_info info[HCB_SENSOR_COUNT])
{
    struct state *state = calloc(1, sizeof *state);
    char folder[64];
    if (state == NULL) {
        all_missing(info, "out of memory");
        return NULL;
    }
    snprintf(folder, sizeof folder, "/sys/bus/pci/devices/%s", device->pci);
    if (device->software || device->type == HCB_DEVICE_CPU)
        open_gauges(state, cpu_places, "", info);
    else if (device->pci[0] == '\0')
        all_missing(info, "the driver does not tell the device's PCI address");
    else if (is_nvidia(device, folder))
        state->nvml = hcbi_sensors_nvml_new(device->pci, info);
    else
        open_gauges(state, pci_places, folder, info);
    return state;
}

static double read_sensor(void *opaque, enum hcb_sensor sensor, char *text, size_t size)
{
    struct state *state = opaque;
    if (state->nvml != NULL)
        return hcbi_sensors_nvml_read(state->nvml, sensor, text, size);
    return state->gauges[sensor] != NULL ? hcbi_sensors_gauge_read(state->gauges[sensor])
                                         : (double)NAN;
}

static void close_sensors(void *opaque)
{
    struct state *state = opaque;
    hcbi_sensors_nvml_free(state->nvml);
    for (int i = 0; i < HCB_SENSOR_COUNT; i++)
        hcbi_sensors_gauge_free(state->gauges[i]);
    free(state);
}

const struct hcbi_sensors_ops hcbi_sensors_ops = {
    .open = open_sensors, .read = read_sensor, .close = close_sensors};
