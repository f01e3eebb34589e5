/* SPDX-License-Identifier: Apache-2.0 */
/* A libnvidia-ml for tests with one GPU at 0000:65:00.0.  FAKE_NVML in the
 * environment makes it fail: "init", "device" or "energy".  Built with FAKE_OLD it
 * lacks what old drivers lack. */
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, UNKNOWN = 999 };

static int the_gpu, users;

static int told_to_fail(const char *what)
{
    const char *word = getenv("FAKE_NVML");
    return word != NULL && strcmp(word, what) == 0;
}

int nvmlInit_v2(void);
int nvmlInit_v2(void)
{
    users += !told_to_fail("init");
    return told_to_fail("init") ? UNKNOWN : SUCCESS;
}

int nvmlShutdown(void);
int nvmlShutdown(void)
{
    users--;
    return SUCCESS;
}

const char *nvmlErrorString(int code);
const char *nvmlErrorString(int code)
{
    return code == NOT_FOUND ? "Not Found" : code == NOT_SUPPORTED ? "Not Supported" : "Unknown Error";
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *pci, void **device);
int nvmlDeviceGetHandleByPciBusId_v2(const char *pci, void **device)
{
    if (users != 1 || told_to_fail("device") || strcmp(pci, "0000:65:00.0") != 0)
        return NOT_FOUND;
    *device = &the_gpu;
    return SUCCESS;
}

static int good(const void *device)
{
    return users == 1 && device == &the_gpu ? SUCCESS : UNKNOWN;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts);
int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts)
{
    *milliwatts = 350500;
    return good(device);
}

int nvmlDeviceGetClockInfo(void *device, int type, unsigned *megahertz);
int nvmlDeviceGetClockInfo(void *device, int type, unsigned *megahertz)
{
    *megahertz = type == 1 ? 1980 : 2619;
    return good(device);
}

int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *degrees);
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *degrees)
{
    *degrees = sensor == 0 ? 61 : 0;
    return good(device);
}

/* Idleness and a group of GPUs, which are no slowdown; a power cap and heat. */
static int reasons(void *device, unsigned long long *bits)
{
    *bits = 0x01 | 0x10 | 0x04 | 0x20;
    return good(device);
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, unsigned long long *bits);
int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, unsigned long long *bits)
{
    return reasons(device, bits);
}

#ifndef FAKE_OLD
int nvmlDeviceGetCurrentClocksEventReasons(void *device, unsigned long long *bits);
int nvmlDeviceGetCurrentClocksEventReasons(void *device, unsigned long long *bits)
{
    return reasons(device, bits);
}

/* 2.5 J more at each call. */
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules);
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules)
{
    static unsigned long long energy_mj = 1000000;
    if (told_to_fail("energy"))
        return NOT_SUPPORTED;
    *millijoules = energy_mj += 2500;
    return good(device);
}
#endif
