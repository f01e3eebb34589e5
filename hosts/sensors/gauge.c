/* SPDX-License-Identifier: Apache-2.0 */
/* One sensor as a set of files whose numbers are added up, averaged or compared;
 * counters among them go on past their wrap-around. */
#include "config.h"

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources.h"

/* Files of CPUs that are read, evenly among those in use. */
enum { CPUS_READ = 16, PATH_SIZE = 320 };

struct part {
    char path[PATH_SIZE];
    double range; /* of a counter, in the file's unit; 0: it does not wrap around */
    double last, total;
    bool seen;
};

struct sensors_gauge {
    const struct sensors_place *place;
    struct part *parts;
    size_t count;
};

/* PATH with its last name replaced. */
static void beside(const char *path, const char *name, char *other)
{
    const char *slash = strrchr(path, '/');
    snprintf(other, PATH_SIZE, "%.*s/%s", (int)(slash != NULL ? slash - path : 0), path, name);
}

static bool has_name(const struct sensors_place *place, const char *path)
{
    char file[PATH_SIZE], name[64];
    if (place->names[0] == NULL)
        return true;
    beside(path, "name", file);
    hcbi_sensors_line(file, name, sizeof name);
    for (size_t i = 0; i < 4 && place->names[i] != NULL; i++)
        if (strncmp(name, place->names[i], strlen(place->names[i])) == 0)
            return true;
    return false;
}

static bool is_used_cpu(const struct sensors_place *place, const char *path)
{
    static const char folder[] = "/cpu/cpu";
    const char *at = strstr(path, folder);
    return !place->per_cpu || at == NULL ||
           hcbi_sensors_uses_cpu(strtol(at + strlen(folder), NULL, 10));
}

/* Keeps every n-th part, so that CPUS_READ remain. */
static void thin_out(struct sensors_gauge *gauge)
{
    if (!gauge->place->per_cpu || gauge->count <= CPUS_READ)
        return;
    for (size_t i = 0; i < CPUS_READ; i++)
        gauge->parts[i] = gauge->parts[i * gauge->count / CPUS_READ];
    gauge->count = CPUS_READ;
}

static bool find_parts(struct sensors_gauge *gauge, const char *pattern)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0)
        return false;
    gauge->parts = calloc(found.gl_pathc, sizeof *gauge->parts);
    for (size_t i = 0; gauge->parts != NULL && i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        struct part *part = &gauge->parts[gauge->count];
        if (!has_name(gauge->place, path) || !is_used_cpu(gauge->place, path) ||
            snprintf(part->path, sizeof part->path, "%s", path) >= PATH_SIZE)
            continue;
        gauge->count++;
    }
    globfree(&found);
    thin_out(gauge);
    return gauge->count > 0;
}

/* The mean of "cpu MHz : 2445.4" of the CPUs in use. */
static bool read_lines(const struct sensors_gauge *gauge, double *value)
{
    FILE *file = fopen(gauge->parts[0].path, "r");
    char line[256];
    double sum = 0;
    unsigned count = 0;
    long cpu = 0;
    if (file == NULL)
        return false;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon != NULL && strncmp(line, "processor", strlen("processor")) == 0)
            cpu = strtol(colon + 1, NULL, 10);
        if (colon == NULL || strncmp(line, gauge->place->line, strlen(gauge->place->line)) != 0 ||
            !hcbi_sensors_uses_cpu(cpu))
            continue;
        /* With a point, which not every locale reads: "2445.428". */
        char *end;
        const double whole = (double)strtol(colon + 1, &end, 10);
        sum += whole + (*end == '.' ? (double)strtol(end + 1, NULL, 10) /
                                          pow(10, (double)strspn(end + 1, "0123456789"))
                                    : 0);
        count++;
    }
    fclose(file);
    *value = count > 0 ? sum / count : 0;
    return count > 0;
}

/* A counter's way since the first reading, on top of where it began. */
static double unwrapped(struct part *part, double now)
{
    if (!part->seen)
        part->total = now;
    else if (now >= part->last)
        part->total += now - part->last;
    else
        part->total += now - part->last + part->range;
    part->seen = true;
    part->last = now;
    return part->total;
}

/* All files must be readable: part of a sum is no sum. */
static bool read_parts(struct sensors_gauge *gauge, double *value, char *reason)
{
    double sum = 0, most = -HUGE_VAL, number;
    for (size_t i = 0; i < gauge->count; i++) {
        struct part *part = &gauge->parts[i];
        if (!hcbi_sensors_number(part->path, &number, reason))
            return false;
        if (part->range > 0)
            number = unwrapped(part, number);
        sum += number;
        most = fmax(most, number);
    }
    *value = gauge->place->combine == COMBINE_MAX    ? most
             : gauge->place->combine == COMBINE_MEAN ? sum / (double)gauge->count
                                                     : sum;
    return true;
}

static bool read_gauge(struct sensors_gauge *gauge, double *value, char *reason)
{
    bool good;
    if (gauge->place->line != NULL) {
        good = read_lines(gauge, value);
        if (!good)
            snprintf(reason, HCB_REASON_SIZE, "%.180s has no \"%s\"", gauge->parts[0].path,
                     gauge->place->line);
    } else {
        good = read_parts(gauge, value, reason);
    }
    if (good && gauge->place->zero_is_nothing && !(*value > 0)) {
        snprintf(reason, HCB_REASON_SIZE, "%.180s is 0", gauge->parts[0].path);
        return false;
    }
    *value *= gauge->place->scale;
    return good;
}

/* A counter of which it is not known where it wraps around is not used. */
static bool find_ranges(struct sensors_gauge *gauge, char *reason)
{
    char file[PATH_SIZE];
    for (size_t i = 0; gauge->place->wraps != NULL && i < gauge->count; i++) {
        beside(gauge->parts[i].path, gauge->place->wraps, file);
        if (!hcbi_sensors_number(file, &gauge->parts[i].range, reason))
            return false;
    }
    return true;
}

static bool open_place(struct sensors_gauge *gauge, const struct sensors_place *place,
                       const char *folder, char *reason)
{
    char pattern[PATH_SIZE];
    double value;
    *gauge = (struct sensors_gauge){.place = place};
    snprintf(pattern, sizeof pattern, "%s%s%s", hcbi_sensors_root(), folder, place->pattern);
    if (!find_parts(gauge, pattern)) {
        if (reason[0] == '\0')
            snprintf(reason, HCB_REASON_SIZE, "there is no %.180s", pattern);
        return false;
    }
    return find_ranges(gauge, reason) && read_gauge(gauge, &value, reason);
}

struct sensors_gauge *hcbi_sensors_gauge_new(const struct sensors_place *places,
                                             enum hcb_sensor sensor, const char *folder,
                                             struct hcb_sensor_info *info)
{
    struct sensors_gauge *gauge = calloc(1, sizeof *gauge);
    for (; gauge != NULL && places->label != NULL; places++) {
        if (places->sensor != sensor)
            continue;
        if (open_place(gauge, places, folder, info->reason)) {
            snprintf(info->source, sizeof info->source, "%s", places->label);
            info->reason[0] = '\0';
            return gauge;
        }
        free(gauge->parts);
        gauge->parts = NULL;
    }
    if (info->reason[0] == '\0')
        snprintf(info->reason, sizeof info->reason, "no source is known for this kind of device");
    hcbi_sensors_gauge_free(gauge);
    return NULL;
}

double hcbi_sensors_gauge_read(struct sensors_gauge *gauge)
{
    char reason[HCB_REASON_SIZE];
    double value = 0;
    return read_gauge(gauge, &value, reason) ? value : (double)NAN;
}

void hcbi_sensors_gauge_free(struct sensors_gauge *gauge)
{
    if (gauge != NULL)
        free(gauge->parts);
    free(gauge);
}
