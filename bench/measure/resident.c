/* SPDX-License-Identifier: Apache-2.0 */
/* VmRSS and VmHWM of /proc/self/status; writing 5 to clear_refs lowers the latter
 * to the former (proc(5)).  Recent kernels count pages per CPU and add them up in
 * batches, so both are exact to some MB only. */
#include "config.h"

#include <fcntl.h>
#ifdef HAVE_MALLOC_TRIM
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/resident.h"

/* Bytes of a line "VmHWM:     1234 kB"; -1 when there is none. */
static double status_bytes(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at != NULL ? (double)strtoll(at + strlen(key), NULL, 10) * 1024 : -1;
}

static bool read_status(double *now, double *mark)
{
    char text[4096];
    const int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    const ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    *now = status_bytes(text, "VmRSS:");
    *mark = status_bytes(text, "VmHWM:");
    return *now > 0 && *mark > 0;
}

static bool reset_mark(void)
{
    const int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    const bool good = write(file, "5", 1) == 1;
    close(file);
    return good;
}

void resident_begin(struct resident *resident)
{
    double mark;
    if (!reset_mark() || !read_status(&resident->at_begin, &mark))
        resident->unknown = true;
}

void resident_end(struct resident *resident)
{
    double now, mark;
    if (resident->unknown || !read_status(&now, &mark)) {
        resident->unknown = true;
        return;
    }
    if (resident->kept + mark - resident->at_begin > resident->peak)
        resident->peak = resident->kept + mark - resident->at_begin;
    resident->kept += now - resident->at_begin;
}

void resident_trim(void)
{
#ifdef HAVE_MALLOC_TRIM
    malloc_trim(0);
#endif
}
