/* SPDX-License-Identifier: Apache-2.0 */
/* Files of sysfs and procfs as numbers and lines. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources.h"

const char *hcbi_sensors_root(void)
{
    const char *root = getenv("HCBENCH_SENSOR_ROOT");
    return root != NULL ? root : "";
}

/* Reads the beginning of a file; false with errno. */
static bool read_start(const char *path, char *text, size_t size)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    const ssize_t length = read(file, text, size - 1);
    const int code = errno;
    close(file);
    errno = code;
    text[length > 0 ? length : 0] = '\0';
    return length >= 0;
}

static bool bad(char *reason, const char *path, const char *what)
{
    snprintf(reason, HCB_REASON_SIZE, "%.180s: %s", path, what);
    return false;
}

bool hcbi_sensors_number(const char *path, double *value, char *reason)
{
    char text[64], *end;
    if (!read_start(path, text, sizeof text))
        return bad(reason, path, strerror(errno));
    /* The files hold whole numbers, which every locale reads alike. */
    const double number = strtod(text, &end);
    if (end == text || !isfinite(number))
        return bad(reason, path, "not a number");
    *value = number;
    return true;
}

void hcbi_sensors_line(const char *path, char *line, size_t size)
{
    if (!read_start(path, line, size))
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
}

bool hcbi_sensors_uses_cpu(long cpu)
{
#ifdef HAVE_SCHED_GETAFFINITY
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return cpu >= 0 && cpu < CPU_SETSIZE && CPU_ISSET((size_t)cpu, &set);
#endif
    return true;
}
