/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two records besides the times of rows, as lines. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"
#include "numbers.h"
#include "terminal/page.h"

enum { FACT_SIZE = 256 };

/* Rows of a device that it takes to say that they moved together. */
enum { TOGETHER_LEAST = 5 };

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static const char *or_nothing(const char *text)
{
    return text[0] != '\0' ? text : "nothing";
}

/* A line unless both say the same. */
static bool differ(struct comparison *c, const char *what, const char *base, const char *now)
{
    char was[FACT_SIZE], is[FACT_SIZE];
    return same(base, now) ||
           compare_note(c, "differs", "%s: %s in BASE, %s in NEW", what,
                        page_clip(or_nothing(base), was, sizeof was),
                        page_clip(or_nothing(now), is, sizeof is));
}

/* ------------------------------------------------------------------ environment */

static void put_text(char *out, const char *text)
{
    snprintf(out, FACT_SIZE, "%s", text);
}

static void put_count(char *out, uint64_t count)
{
    if (count > 0)
        snprintf(out, FACT_SIZE, "%" PRIu64, count);
}

static void version(const struct record *record, char *out)
{
    put_text(out, record->version);
}

static void host(const struct record *record, char *out)
{
    put_text(out, record->environment.host);
}

static void os(const struct record *record, char *out)
{
    put_text(out, record->environment.os);
}

static void kernel(const struct record *record, char *out)
{
    put_text(out, record->environment.kernel);
}

static void compiler(const struct record *record, char *out)
{
    put_text(out, record->environment.compiler);
}

static void cpu_model(const struct record *record, char *out)
{
    put_text(out, record->environment.cpu_model);
}

static void cpu_threads(const struct record *record, char *out)
{
    put_count(out, record->environment.cpu_threads);
}

static void blas(const struct record *record, char *out)
{
    const struct hcb_device_info *info = record_blas(record);
    if (info != NULL)
        snprintf(out, FACT_SIZE, "%s %s", info->driver, info->driver_version);
}

static void blas_core(const struct record *record, char *out)
{
    const struct hcb_device_info *info = record_blas(record);
    if (info != NULL)
        put_text(out, info->target);
}

static void blas_threads(const struct record *record, char *out)
{
    const struct hcb_device_info *info = record_blas(record);
    if (info != NULL)
        put_count(out, info->compute_units);
}

static void seed(const struct record *record, char *out)
{
    snprintf(out, FACT_SIZE, "%" PRIu64, record->seed);
}

static void fill(const struct record *record, char *out)
{
    put_text(out, hcb_fill_name(record->fill));
}

static void sampling(const struct record *record, char *out)
{
    const struct sampling_limits *s = &record->sampling;
    if (s->max_runs > 0)
        snprintf(out, FACT_SIZE, "%u to %u samples in %g to %g s after %u, +-%g %%", (unsigned)s->min_runs,
                 (unsigned)s->max_runs, s->min_time_s, s->max_time_s, (unsigned)s->warmup, s->ci_percent);
}

/* What a time may depend on.  `tell` leaves "" when it is not known. */
static const struct {
    const char *what;
    void (*tell)(const struct record *record, char *out);
} facts[] = {
    {"hcbench", version},
    {"host", host},
    {"operating system", os},
    {"kernel of the operating system", kernel},
    {"processor", cpu_model},
    {"threads that may be used", cpu_threads},
    {"BLAS", blas},
    {"core type of the BLAS", blas_core},
    {"threads of the BLAS", blas_threads},
    {"compiler of hcbench", compiler},
    {"seed", seed},
    {"fill", fill},
    {"sampling", sampling},
};

static bool compare_facts(struct comparison *c)
{
    bool good = true;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        char base[FACT_SIZE] = "", now[FACT_SIZE] = "";
        facts[i].tell(c->base, base);
        facts[i].tell(c->now, now);
        good = good && differ(c, facts[i].what, base, now);
    }
    return good;
}

/* "" when it is not set. */
static const char *variable(const struct record *record, const char *name)
{
    for (size_t i = 0; i < record->variable_count; i++)
        if (same(record->variables[i].name, name))
            return record->variables[i].value;
    return "";
}

static bool compare_variables(struct comparison *c)
{
    bool good = true;
    for (size_t i = 0; i < c->base->variable_count && good; i++) {
        const struct variable *at = &c->base->variables[i];
        good = differ(c, at->name, at->value, variable(c->now, at->name));
    }
    for (size_t i = 0; i < c->now->variable_count && good; i++) {
        const struct variable *at = &c->now->variables[i];
        if (variable(c->base, at->name)[0] == '\0')
            good = differ(c, at->name, "", at->value);
    }
    return good;
}

/* ---------------------------------------------------------------------- devices */

/* Two cards of a model are not the same card. */
static bool compare_cards(struct comparison *c, const struct hcb_device_info *base,
                          const struct hcb_device_info *now)
{
    char what[96];
    if (now->software || now->type == HCB_DEVICE_CPU)
        return true;
    snprintf(what, sizeof what, "UUID of %s, which is other hardware of the same name", now->id);
    if (compare_hardware(c, base, now) == HARDWARE_OTHER)
        return differ(c, what, base->uuid, now->uuid);
    return compare_hardware(c, base, now) == HARDWARE_SAME ||
           same(c->base->environment.host, c->now->environment.host) ||
           compare_note(c, "note", "%s is of another host and matched by its name: it may be other "
                        "hardware", now->id);
}

static bool compare_device(struct comparison *c, const struct hcb_device_info *base,
                           const struct hcb_device_info *now)
{
    char what[64], clean[FACT_SIZE], was[FACT_SIZE], is[FACT_SIZE];
    if (!same(base->id, now->id) &&
        !compare_note(c, "note", "%s of BASE is %s of NEW: %s", base->id, now->id,
                      page_clip(now->name, clean, sizeof clean)))
        return false;
    snprintf(what, sizeof what, "name of %s", now->id);
    if (!compare_cards(c, base, now) || !differ(c, what, base->name, now->name))
        return false;
    if (record_blas(c->now) == now) /* said already */
        return true;
    snprintf(what, sizeof what, "driver of %s", now->id);
    snprintf(was, sizeof was, "%s %.150s", base->driver, base->driver_version);
    snprintf(is, sizeof is, "%s %.150s", now->driver, now->driver_version);
    return differ(c, what, was, is);
}

static bool tell_devices(struct comparison *c)
{
    char clean[FACT_SIZE];
    bool good = true;
    for (size_t i = 0; i < c->base->device_count && good; i++) {
        const struct hcb_device_info *info = &c->base->devices[i].info;
        good = c->counterparts[i] >= 0
                   ? compare_device(c, info, &c->now->devices[c->counterparts[i]].info)
                   : compare_note(c, "note", "%s of BASE is not in NEW: %s", info->id,
                                  page_clip(info->name, clean, sizeof clean));
    }
    for (size_t j = 0; j < c->now->device_count && good; j++) {
        bool found = false;
        for (size_t i = 0; i < c->base->device_count; i++)
            found |= c->counterparts[i] == (int)j;
        if (!found)
            good = compare_note(c, "note", "%s of NEW is not in BASE: %s", c->now->devices[j].info.id,
                                page_clip(c->now->devices[j].info.name, clean, sizeof clean));
    }
    return good;
}

/* ------------------------------------------------- rows that have one thing to say */

/* How a row that is timed got worse; 0: it has nothing to say. */
typedef double extent(const struct comparison_row *row);

/* Says it for a device and an impl, by the row that has the most to say and how many have
 * something. */
typedef bool tell(struct comparison *c, const struct comparison_row *row, size_t count);

static bool tell_of(struct comparison *c, const char *device, enum hcb_impl impl, extent *how, tell *say)
{
    const struct comparison_row *most = NULL;
    size_t count = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const struct comparison_row *row = &c->rows[i];
        if (!compare_is_timed(row) || row->now->task.impl != impl || !same(row->now->device, device) ||
            !(how(row) > 0))
            continue;
        count++;
        if (most == NULL || how(row) > how(most))
            most = row;
    }
    return count == 0 || say(c, most, count);
}

static bool tell_each(struct comparison *c, extent *how, tell *say)
{
    bool good = true;
    for (size_t i = 0; i < c->now->device_count && good; i++)
        for (unsigned impl = 0; impl < HCB_IMPL_COUNT && good; impl++)
            good = tell_of(c, c->now->devices[i].info.id, (enum hcb_impl)impl, how, say);
    return good;
}

static double kernels_differ(const struct comparison_row *row)
{
    return !same(row->base->kernel_sha256, row->now->kernel_sha256);
}

static bool tell_kernels(struct comparison *c, const struct comparison_row *row, size_t count)
{
    return compare_note(c, "differs", "kernels of %s/%s: %s (%zu row%s)", row->now->device,
                        hcb_impl_name(row->now->task.impl), or_nothing(row->now->kernels), count,
                        count == 1 ? "" : "s");
}

/* Files of older versions do not tell. */
static double parameters_differ(const struct comparison_row *row)
{
    return row->base->parameters[0] != '\0' && row->now->parameters[0] != '\0' &&
           !same(row->base->parameters, row->now->parameters);
}

static bool tell_parameters(struct comparison *c, const struct comparison_row *row, size_t count)
{
    char task[112], was[FACT_SIZE], is[FACT_SIZE];
    return compare_note(c, "differs", "parameters of %s/%s in %s: %s in BASE, %s in NEW (%zu row%s)",
                        row->now->device, hcb_impl_name(row->now->task.impl),
                        hcb_case_text(&row->now->task, task, sizeof task),
                        page_clip(row->base->parameters, was, sizeof was),
                        page_clip(row->now->parameters, is, sizeof is), count, count == 1 ? "" : "s");
}

/* `now` over `base`, when it is more than twice as large; infinity from an exact one. */
static double growth(double base, double now)
{
    return isfinite(base) && isfinite(now) && now > 2 * base ? now / base : 0;
}

static double error_grew(const struct comparison_row *row)
{
    return fmax(growth(row->base->error.bound_ratio, row->now->error.bound_ratio),
                growth(row->base->error.rel_frobenius, row->now->error.rel_frobenius));
}

static bool tell_errors(struct comparison *c, const struct comparison_row *row, size_t count)
{
    char task[112], was[NUMBER_SIZE], is[NUMBER_SIZE];
    const bool by_bound = growth(row->base->error.bound_ratio, row->now->error.bound_ratio) > 0;
    return compare_note(
        c, "warning", "%zu row%s of %s/%s with more than twice the error: %s from %s to %s in %s", count,
        count == 1 ? "" : "s", row->now->device, hcb_impl_name(row->now->task.impl),
        by_bound ? "err/bound" : "Frobenius norm",
        number_rounded(by_bound ? row->base->error.bound_ratio : row->base->error.rel_frobenius, 2, was),
        number_rounded(by_bound ? row->now->error.bound_ratio : row->now->error.rel_frobenius, 2, is),
        hcb_case_text(&row->now->task, task, sizeof task));
}

/* ------------------------------------------------------------- what moved together */

struct movement {
    size_t rows, slower; /* with a ratio; below 1 */
    double middle;       /* logarithm of the ratio; NaN with too few rows */
};

/* Of a device, or of all when `id` is NULL. */
static struct movement movement_of(const struct comparison *c, const char *id, double *room)
{
    struct movement movement = {.middle = (double)NAN};
    for (size_t i = 0; i < c->row_count; i++) {
        const struct comparison_row *row = &c->rows[i];
        if (!compare_is_timed(row) || isnan(row->time.log_speed) || row->time.identical ||
            (id != NULL && !same(row->now->device, id)))
            continue;
        movement.slower += row->time.log_speed < 0;
        room[movement.rows++] = row->time.log_speed;
    }
    if (movement.rows >= TOGETHER_LEAST)
        movement.middle = change_median(room, movement.rows);
    return movement;
}

/* Nine of ten rows in one direction, and in the middle by half of the threshold. */
static bool moved_together(const struct comparison *c, const struct movement *movement)
{
    const size_t faster = movement->rows - movement->slower,
                 most = faster > movement->slower ? faster : movement->slower;
    return fabs(movement->middle) > log1p(c->threshold / 200) && 10 * most >= 9 * movement->rows;
}

static bool say_movement(struct comparison *c, const char *what, const char *why,
                         const struct movement *movement)
{
    const bool slower = movement->middle < 0;
    return compare_note(c, "warning", "%zu of %zu rows of %s are %s, by %.1f %% in the middle: %s?",
                        slower ? movement->slower : movement->rows - movement->slower, movement->rows,
                        what, slower ? "slower" : "faster", 100 * expm1(fabs(movement->middle)), why);
}

static bool compare_movements(struct comparison *c)
{
    double *room = malloc((c->row_count + 1) * sizeof *room);
    size_t devices = 0, moved = 0;
    bool good = room != NULL;
    for (size_t i = 0; i < c->now->device_count && good; i++) {
        const struct movement movement = movement_of(c, c->now->devices[i].info.id, room);
        devices += movement.rows > 0;
        moved += movement.rows > 0 && moved_together(c, &movement);
    }
    const struct movement all = good ? movement_of(c, NULL, room) : (struct movement){0};
    if (good && devices > 1 && moved == devices && moved_together(c, &all))
        good = say_movement(c, "all devices", "did the machine change (clocks, load, heat)", &all);
    else
        for (size_t i = 0; i < c->now->device_count && good; i++) {
            const char *id = c->now->devices[i].info.id;
            const struct movement movement = movement_of(c, id, room);
            if (movement.rows > 0 && moved_together(c, &movement))
                good = say_movement(c, id, "did the machine or the driver change (clocks, load, heat)",
                                    &movement);
        }
    free(room);
    return good;
}

/* -------------------------------------------------------------------- the rest */

/* Unchanged code that varied so much that changes of the threshold drown in it, by
 * either clock. */
static bool tell_control(struct comparison *c)
{
    bool good = true;
    for (int i = 0; i < 2 && good; i++) {
        const double reach = change_noise_reach(&c->control[i]);
        good = !(reach > log1p(c->threshold / 100)) ||
               compare_note(c, "warning",
                            "cpu/openblas, whose code is the same, varied%s by +-%.0f %% from run to run; "
                            "what computes on the processor cannot be told more finely",
                            i == 1 ? " end to end" : "", 100 * expm1(reach));
    }
    return good;
}

static bool tell_left_out(struct comparison *c)
{
    return c->left_out == 0 || compare_note(c, "note", "%zu row%s measured in neither file", c->left_out,
                                            c->left_out == 1 ? " was" : "s were");
}

static bool tell_identity(struct comparison *c)
{
    size_t times = 0, identical = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        times += compare_is_timed(&c->rows[i]) && c->rows[i].time.exists;
        identical += c->rows[i].time.identical;
    }
    return times == 0 || identical < times || compare_note(c, "note", "both files have the same samples");
}

bool compare_differences(struct comparison *comparison)
{
    return compare_facts(comparison) && compare_variables(comparison) && tell_devices(comparison) &&
           tell_each(comparison, kernels_differ, tell_kernels) &&
           tell_each(comparison, parameters_differ, tell_parameters) &&
           tell_each(comparison, error_grew, tell_errors) && compare_movements(comparison) &&
           tell_control(comparison) && tell_left_out(comparison) && tell_identity(comparison);
}
