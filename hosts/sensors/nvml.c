/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA's management library, loaded when a device needs it.  Its functions are
 * declared here (NVML API Reference, docs.nvidia.com/deploy/nvml-api), so that no
 * header of NVIDIA is needed. */
#include "config.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources.h"

enum { NVML_SUCCESS = 0, NVML_CLOCK_SM = 1, NVML_TEMPERATURE_GPU = 0 };

typedef void *nvml_device;

struct sensors_nvml {
    void *library;
    nvml_device device;
    int (*init)(void);
    int (*shutdown)(void);
    const char *(*error)(int);
    int (*by_pci)(const char *, nvml_device *);
    int (*energy)(nvml_device, unsigned long long *); /* mJ since the driver was loaded */
    int (*power)(nvml_device, unsigned *);            /* mW */
    int (*clock)(nvml_device, int, unsigned *);       /* MHz */
    int (*temperature)(nvml_device, int, unsigned *); /* degrees Celsius */
    int (*reasons)(nvml_device, unsigned long long *); /* bits, see `throttles` */
};

/* The library's names for the members; a second name is tried after the first,
 * newer one.  A sensor's function may be missing, the others may not. */
static const struct {
    size_t offset;
    int sensor; /* -1: needed */
    const char *names[2];
} symbols[] = {
    {offsetof(struct sensors_nvml, init), -1, {"nvmlInit_v2"}},
    {offsetof(struct sensors_nvml, shutdown), -1, {"nvmlShutdown"}},
    {offsetof(struct sensors_nvml, error), -1, {"nvmlErrorString"}},
    {offsetof(struct sensors_nvml, by_pci), -1, {"nvmlDeviceGetHandleByPciBusId_v2"}},
    {offsetof(struct sensors_nvml, energy),
     HCB_SENSOR_ENERGY,
     {"nvmlDeviceGetTotalEnergyConsumption"}},
    {offsetof(struct sensors_nvml, power), HCB_SENSOR_POWER, {"nvmlDeviceGetPowerUsage"}},
    {offsetof(struct sensors_nvml, clock), HCB_SENSOR_CLOCK, {"nvmlDeviceGetClockInfo"}},
    {offsetof(struct sensors_nvml, temperature),
     HCB_SENSOR_TEMPERATURE,
     {"nvmlDeviceGetTemperature"}},
    {offsetof(struct sensors_nvml, reasons),
     HCB_SENSOR_THROTTLE,
     {"nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"}},
};

/* nvmlClocksEventReason*; idleness and clocks that the user set are none. */
static const struct {
    unsigned long long bit;
    const char *text;
} throttles[] = {
    {0x04, "power cap"},          {0x08, "hardware slowdown"},   {0x20, "heat"},
    {0x40, "heat, by hardware"},  {0x80, "power brake"},
};

static void set_reason(struct hcb_sensor_info *info, const char *what, const char *why)
{
    snprintf(info->reason, sizeof info->reason, "%.120s: %.120s", what, why);
}

static bool find_symbols(struct sensors_nvml *nvml, const char *name,
                         struct hcb_sensor_info info[HCB_SENSOR_COUNT])
{
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *symbol = dlsym(nvml->library, symbols[i].names[0]);
        if (symbol == NULL && symbols[i].names[1] != NULL)
            symbol = dlsym(nvml->library, symbols[i].names[1]);
        memcpy((char *)nvml + symbols[i].offset, &symbol, sizeof symbol);
        for (int sensor = 0; sensor < HCB_SENSOR_COUNT && symbol == NULL; sensor++)
            if (symbols[i].sensor < 0 || symbols[i].sensor == sensor)
                snprintf(info[sensor].reason, sizeof info->reason, "%.100s has no %s", name,
                         symbols[i].names[0]);
        if (symbol == NULL && symbols[i].sensor < 0)
            return false;
    }
    return true;
}

static bool begin(struct sensors_nvml *nvml, const char *pci,
                  struct hcb_sensor_info info[HCB_SENSOR_COUNT])
{
    const char *call = "nvmlInit_v2";
    int code = nvml->init();
    const bool initialized = code == NVML_SUCCESS;
    if (initialized) {
        call = "nvmlDeviceGetHandleByPciBusId_v2";
        code = nvml->by_pci(pci, &nvml->device);
    }
    if (code == NVML_SUCCESS)
        return true;
    for (int i = 0; i < HCB_SENSOR_COUNT; i++)
        set_reason(&info[i], call, nvml->error(code));
    if (initialized)
        nvml->shutdown();
    return false;
}

/* Calls the library; `text` receives the reasons of a slowdown. */
static int get(struct sensors_nvml *nvml, enum hcb_sensor sensor, double *value, char *text,
               size_t size)
{
    unsigned long long wide = 0;
    unsigned number = 0;
    int code = NVML_SUCCESS;
    switch (sensor) {
    case HCB_SENSOR_ENERGY:
        code = nvml->energy(nvml->device, &wide);
        *value = (double)wide * 1e-3;
        break;
    case HCB_SENSOR_POWER:
        code = nvml->power(nvml->device, &number);
        *value = number * 1e-3;
        break;
    case HCB_SENSOR_CLOCK:
        code = nvml->clock(nvml->device, NVML_CLOCK_SM, &number);
        *value = number * 1e6;
        break;
    case HCB_SENSOR_TEMPERATURE:
        code = nvml->temperature(nvml->device, NVML_TEMPERATURE_GPU, &number);
        *value = number;
        break;
    case HCB_SENSOR_THROTTLE:
        code = nvml->reasons(nvml->device, &wide);
        text[0] = '\0';
        for (size_t i = 0; i < sizeof throttles / sizeof *throttles; i++)
            if ((wide & throttles[i].bit) != 0) {
                const size_t used = strlen(text);
                snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", throttles[i].text);
            }
        *value = text[0] != '\0';
        break;
    case HCB_SENSOR_COUNT: break;
    }
    return code;
}

static void find_sensors(struct sensors_nvml *nvml, struct hcb_sensor_info info[HCB_SENSOR_COUNT])
{
    char text[96];
    double value;
    for (int i = 0; i < HCB_SENSOR_COUNT; i++) {
        if (info[i].reason[0] != '\0')
            continue;
        const int code = get(nvml, (enum hcb_sensor)i, &value, text, sizeof text);
        if (code == NVML_SUCCESS)
            snprintf(info[i].source, sizeof info[i].source, "NVML");
        else
            set_reason(&info[i], "NVML", nvml->error(code));
    }
}

struct sensors_nvml *hcbi_sensors_nvml_new(const char *pci,
                                           struct hcb_sensor_info info[HCB_SENSOR_COUNT])
{
    const char *name = getenv("HCBENCH_NVML");
    struct sensors_nvml *nvml = calloc(1, sizeof *nvml);
    if (name == NULL || name[0] == '\0')
        name = "libnvidia-ml.so.1";
    if (nvml != NULL)
        nvml->library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (nvml == NULL || nvml->library == NULL) {
        const char *why = nvml != NULL ? dlerror() : "out of memory";
        for (int i = 0; i < HCB_SENSOR_COUNT; i++) /* dlerror() names the file */
            snprintf(info[i].reason, sizeof info[i].reason, "NVML is not there: %.200s",
                     why != NULL ? why : name);
        free(nvml);
        return NULL;
    }
    if (!find_symbols(nvml, name, info) || !begin(nvml, pci, info)) {
        dlclose(nvml->library);
        free(nvml);
        return NULL;
    }
    find_sensors(nvml, info);
    return nvml;
}

double hcbi_sensors_nvml_read(struct sensors_nvml *nvml, enum hcb_sensor sensor, char *text,
                              size_t size)
{
    double value;
    return get(nvml, sensor, &value, text, size) == NVML_SUCCESS ? value : (double)NAN;
}

void hcbi_sensors_nvml_free(struct sensors_nvml *nvml)
{
    if (nvml == NULL)
        return;
    nvml->shutdown();
    dlclose(nvml->library);
    free(nvml);
}
