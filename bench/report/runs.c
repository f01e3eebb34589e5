/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of several files, sorted and named.  Computes nothing that the records do
 * not hold but the rates at the ends of an interval. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/runs.h"

/* ------------------------------------------------------------------------ rows */

static const struct hcb_field *find_field(const char *name)
{
    const struct hcb_field *field;
    for (unsigned i = 0; (field = hcb_result_field(i)) != NULL; i++)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

double row_number(const struct hcb_result *row, const char *name)
{
    const struct hcb_field *field = find_field(name);
    if (field == NULL || (field->kind != HCB_FIELD_NUMBER && field->kind != HCB_FIELD_COUNT))
        return (double)NAN;
    return *(const double *)((const char *)row + field->offset);
}

const char *row_text(const struct hcb_result *row, const char *name)
{
    const struct hcb_field *field = find_field(name);
    unsigned word;
    if (field == NULL || !hcb_result_has(row, field))
        return "";
    const char *member = (const char *)row + field->offset;
    if (field->kind == HCB_FIELD_TEXT)
        return member;
    if (field->kind != HCB_FIELD_WORD)
        return "";
    memcpy(&word, member, sizeof word);
    return field->word(word);
}

bool row_is_measured(const struct hcb_result *row)
{
    const struct hcb_summary *clock = &hcb_result_clock(row)->summary;
    return row->status == HCB_OK && clock->n > 0 && clock->median > 0;
}

bool row_is_cube(const struct hcb_result *row)
{
    const struct hcb_shape *shape = &row->task.shape;
    return hcb_op_rank(row->task.op) != 3 || (shape->m == shape->n && shape->n == shape->k);
}

char *row_size_text(const struct hcb_result *row, char *text, size_t size)
{
    if (!row_is_cube(row))
        return hcb_shape_text(&row->task, text, size);
    snprintf(text, size, "%" PRIu64, row->task.shape.n);
    return text;
}

double row_size(const struct hcb_result *row)
{
    const struct hcb_shape *shape = &row->task.shape;
    if (row_is_cube(row))
        return (double)shape->n;
    return cbrt((double)shape->m) * cbrt((double)shape->n) * cbrt((double)shape->k);
}

/* Work that one launch does, in units of the measure's numerator. */
static double work_of(const struct hcb_result *row, enum measure measure)
{
    return (measure == MEASURE_GFLOPS ? row->flops : row->bytes) * 1e-9;
}

struct rate row_rate(const struct hcb_result *row, enum measure measure, bool end_to_end)
{
    const struct hcb_summary *clock =
        end_to_end ? &row->end_to_end.summary : &hcb_result_clock(row)->summary;
    const struct rate none = {(double)NAN, (double)NAN, (double)NAN};
    if (row->status != HCB_OK || clock->n == 0 || !(clock->median > 0))
        return none;
    if (measure == MEASURE_SECONDS)
        return (struct rate){clock->median, clock->ci95_low, clock->ci95_high};
    const double work = work_of(row, measure);
    return (struct rate){work / clock->median, work / clock->ci95_high, work / clock->ci95_low};
}

const char *measure_unit(enum measure measure)
{
    static const char *const units[] = {"GFLOP/s", "GB/s", "s"};
    return units[measure];
}

/* Of the products GFLOP/s; of the others GB/s, unless they move no memory. */
static enum measure measure_of(const struct group *group)
{
    bool gbps = false, gflops = false;
    if (hcb_op_rank(group->kind.op) == 3)
        return MEASURE_GFLOPS;
    for (size_t i = 0; i < group->count; i++) {
        gbps |= group->entries[i].row->gbps > 0;
        gflops |= group->entries[i].row->gflops > 0;
    }
    return gflops && !gbps ? MEASURE_GFLOPS : gbps ? MEASURE_GBPS : MEASURE_SECONDS;
}

enum measure groups_measure(const struct group *groups, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (groups[i].count > 0)
            return groups[i].measure;
    return groups[0].measure;
}

/* ----------------------------------------------------------------------- files */

struct roof run_roof(const struct run *run, const char *device)
{
    struct roof roof = {.bandwidth_gbps = (double)NAN};
    for (unsigned p = 0; p < HCB_PRECISION_COUNT; p++)
        roof.peak_gflops[p] = (double)NAN;
    const struct device_record *record = record_device(&run->record, device);
    for (unsigned p = 0; p < HCB_PRECISION_COUNT && record != NULL; p++)
        if (record->peak_gflops[p] > 0)
            roof.peak_gflops[p] = record->peak_gflops[p];
    if (record != NULL && record->bandwidth_gbps > 0)
        roof.bandwidth_gbps = record->bandwidth_gbps;
    return roof;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static const char *host_of(const struct run *run)
{
    return run->record.environment.host;
}

static const char *file_of(const struct run *run)
{
    return base_name(run->path);
}

static const char *path_of(const struct run *run)
{
    return run->path;
}

/* Does it tell the files apart? */
static bool is_unique(const struct runs *runs, const char *(*name)(const struct run *))
{
    for (size_t i = 0; i < runs->count; i++) {
        if (*name(&runs->list[i]) == '\0')
            return false;
        for (size_t j = 0; j < i; j++)
            if (strcmp(name(&runs->list[i]), name(&runs->list[j])) == 0)
                return false;
    }
    return true;
}

static bool name_runs(struct runs *runs)
{
    static const char *(*const names[])(const struct run *) = {host_of, file_of, path_of};
    size_t chosen = 0;
    char text[32];
    while (chosen < sizeof names / sizeof *names && !is_unique(runs, names[chosen]))
        chosen++;
    for (size_t i = 0; i < runs->count; i++) {
        struct run *run = &runs->list[i];
        snprintf(text, sizeof text, "file %zu", i + 1);
        run->label = strdup(chosen < sizeof names / sizeof *names ? names[chosen](run) : text);
        if (run->label == NULL)
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------------- series */

static bool is_of(const struct series *series, const struct hcb_result *row)
{
    return series->row->task.impl == row->task.impl && strcmp(series->row->device, row->device) == 0;
}

static size_t find_series(const struct runs *runs, size_t run, const struct hcb_result *row)
{
    size_t i = 0;
    while (i < runs->series_count && (runs->series[i].run != run || !is_of(&runs->series[i], row)))
        i++;
    return i;
}

const struct series *runs_find_series(const struct runs *runs, size_t run, const char *device,
                                      enum hcb_impl impl)
{
    for (size_t i = 0; i < runs->series_count; i++)
        if (runs->series[i].run == run && runs->series[i].row->task.impl == impl &&
            strcmp(runs->series[i].row->device, device) == 0)
            return &runs->series[i];
    return NULL;
}

/* The color of the same device and impl in an earlier file, else the next one. */
static unsigned choose_color(const struct runs *runs, const struct series *series, unsigned *used)
{
    if (series->is_baseline)
        return 0;
    for (size_t i = 0; i < runs->series_count; i++)
        if (is_of(&runs->series[i], series->row))
            return runs->series[i].color;
    return 1 + (*used)++ % (RUN_COLORS - 1);
}

static bool add_series(struct runs *runs, size_t run, const struct hcb_result *row, unsigned *used)
{
    struct series *larger = realloc(runs->series, (runs->series_count + 1) * sizeof *larger);
    if (larger == NULL)
        return false;
    runs->series = larger;
    struct series series = {.run = run,
                            .row = row,
                            .is_baseline = strcmp(row->platform, "cpu") == 0,
                            .mark = (unsigned)(runs->series_count % RUN_MARKS)};
    series.color = choose_color(runs, &series, used);
    snprintf(series.label, sizeof series.label, "%.100s%s%s%s/%s",
             runs->count > 1 ? runs->list[run].label : "", runs->count > 1 ? " " : "", row->device,
             record_software_mark(&runs->list[run].record, row->device), hcb_impl_name(row->task.impl));
    larger[runs->series_count++] = series;
    return true;
}

bool runs_prepare(struct runs *runs)
{
    unsigned used = 0;
    if (!name_runs(runs))
        return false;
    for (size_t i = 0; i < runs->count; i++)
        for (size_t j = 0; j < runs->list[i].record.result_count; j++) {
            const struct hcb_result *row = &runs->list[i].record.results[j];
            if (find_series(runs, i, row) == runs->series_count && !add_series(runs, i, row, &used))
                return false;
        }
    return true;
}

bool runs_read(struct runs *runs, char *const *paths, size_t count)
{
    *runs = (struct runs){.list = calloc(count, sizeof *runs->list)};
    for (size_t i = 0; runs->list != NULL && i < count; i++) {
        runs->list[i].path = paths[i];
        if (!record_read(&runs->list[i].record, paths[i])) {
            runs_clear(runs);
            return false;
        }
        runs->count++;
    }
    if (runs->list != NULL && runs_prepare(runs))
        return true;
    fputs("hcbench: out of memory\n", stderr);
    runs_clear(runs);
    return false;
}

void runs_clear(struct runs *runs)
{
    for (size_t i = 0; i < runs->count; i++) {
        record_clear(&runs->list[i].record);
        free(runs->list[i].label);
    }
    free(runs->list);
    free(runs->series);
    *runs = (struct runs){0};
}

/* ---------------------------------------------------------------------- groups */

static int compare_extents(const struct hcb_shape *a, const struct hcb_shape *b)
{
    const uint64_t of_a[] = {a->m, a->n, a->k}, of_b[] = {b->m, b->n, b->k};
    for (size_t i = 0; i < 3; i++)
        if (of_a[i] != of_b[i])
            return of_a[i] < of_b[i] ? -1 : 1;
    return 0;
}

/* Within a size, files and their rows keep their order. */
static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    const double size_a = row_size(a->row), size_b = row_size(b->row);
    const int extents = compare_extents(&a->row->task.shape, &b->row->task.shape);
    if (size_a != size_b)
        return size_a < size_b ? -1 : 1;
    if (extents != 0)
        return extents;
    if (a->run != b->run)
        return a->run < b->run ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

bool runs_group(const struct runs *runs, const struct hcb_case *kind, struct group *group)
{
    size_t most = 0;
    for (size_t i = 0; i < runs->count; i++)
        most += runs->list[i].record.result_count;
    *group = (struct group){.kind = *kind};
    group->entries = calloc(most + 1, sizeof *group->entries);
    if (group->entries == NULL)
        return false;
    for (size_t i = 0; i < runs->count; i++)
        for (size_t j = 0; j < runs->list[i].record.result_count; j++) {
            const struct hcb_result *row = &runs->list[i].record.results[j];
            if (record_same_kind(&row->task, kind))
                group->entries[group->count++] =
                    (struct entry){.row = row, .run = i, .series = find_series(runs, i, row)};
        }
    qsort(group->entries, group->count, sizeof *group->entries, compare_entries);
    group->measure = measure_of(group);
    return true;
}

size_t runs_groups(const struct runs *runs, enum hcb_op op, struct group groups[RECORD_KINDS_MAX])
{
    struct hcb_case kind;
    size_t count = 0;
    for (; record_kind(op, (unsigned)count, &kind); count++)
        if (!runs_group(runs, &kind, &groups[count])) {
            while (count > 0)
                group_clear(&groups[--count]);
            return 0;
        }
    return count;
}

const struct hcb_result *group_baseline(const struct group *group, const struct entry *entry)
{
    const struct hcb_result *row = entry->row;
    char label[64];
    for (size_t i = 0; i < group->count && row_is_measured(row); i++) {
        const struct hcb_result *other = group->entries[i].row;
        snprintf(label, sizeof label, "%s/%s", other->device, hcb_impl_name(other->task.impl));
        if (group->entries[i].run == entry->run && row_is_measured(other) &&
            record_same_case(&other->task, &row->task) && strcmp(label, row->baseline) == 0)
            return other;
    }
    return NULL;
}

void group_clear(struct group *group)
{
    free(group->entries);
    *group = (struct group){0};
}
