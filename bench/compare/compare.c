/* SPDX-License-Identifier: Apache-2.0 */
/* Which device and row of one record is which of the other, and the verdicts. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"

/* ---------------------------------------------------------------------- devices */

typedef const struct hcb_device_info *device;

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool both_say(const char *a, const char *b)
{
    return a[0] != '\0' && b[0] != '\0';
}

static bool same_hardware(device a, device b)
{
    return (both_say(a->pci, b->pci) && same(a->pci, b->pci)) ||
           (both_say(a->uuid, b->uuid) && same(a->uuid, b->uuid));
}

/* Software drivers make up their identifiers. */
static bool other_hardware(device a, device b)
{
    return !a->software && !b->software && !same_hardware(a, b) &&
           (both_say(a->pci, b->pci) || both_say(a->uuid, b->uuid));
}

static bool hardware_driver_and_id(device a, device b)
{
    return same_hardware(a, b) && same(a->driver, b->driver) && same(a->name, b->name) &&
           same(a->id, b->id);
}

static bool hardware_and_driver(device a, device b)
{
    return same_hardware(a, b) && same(a->driver, b->driver) && same(a->name, b->name);
}

static bool name_and_id(device a, device b)
{
    return same(a->name, b->name) && same(a->id, b->id);
}

static bool name_and_driver(device a, device b)
{
    return same(a->name, b->name) && same(a->driver, b->driver);
}

/* A new version of a driver may name a device anew. */
static bool driver_and_type(device a, device b)
{
    return a->driver[0] != '\0' && same(a->driver, b->driver) && a->type == b->type &&
           a->software == b->software;
}

static bool (*const ways[])(device, device) = {hardware_driver_and_id, hardware_and_driver,
                                               name_and_id, name_and_driver, driver_and_type};

static bool is_taken(const struct comparison *c, size_t index)
{
    for (size_t i = 0; i < c->base->device_count; i++)
        if (c->counterparts[i] == (int)index)
            return true;
    return false;
}

/* No other device of either record has that driver and type. */
static bool are_the_only_ones(const struct comparison *c, device a, device b)
{
    size_t alike = 0;
    for (size_t i = 0; i < c->base->device_count; i++)
        alike += same(c->base->devices[i].info.platform, a->platform) &&
                 driver_and_type(&c->base->devices[i].info, a);
    for (size_t i = 0; i < c->now->device_count; i++)
        alike += same(c->now->devices[i].info.platform, b->platform) &&
                 driver_and_type(&c->now->devices[i].info, b);
    return alike == 2;
}

/* A device that computes on the processor is another on another processor. */
static bool on_one_machine(const struct comparison *c, device a)
{
    return (a->type != HCB_DEVICE_CPU && !a->software) ||
           same(c->base->environment.cpu_model, c->now->environment.cpu_model);
}

static bool belong_together(const struct comparison *c, size_t way, device a, device b)
{
    if (!same(a->platform, b->platform) || other_hardware(a, b) || !ways[way](a, b))
        return false;
    return ways[way] != driver_and_type ||
           (!same(a->platform, "cpu") && on_one_machine(c, a) && are_the_only_ones(c, a, b));
}

static bool match_devices(struct comparison *c)
{
    c->counterparts = malloc((c->base->device_count + 1) * sizeof *c->counterparts);
    if (c->counterparts == NULL)
        return false;
    for (size_t i = 0; i < c->base->device_count; i++)
        c->counterparts[i] = -1;
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
        for (size_t i = 0; i < c->base->device_count; i++)
            for (size_t j = 0; j < c->now->device_count && c->counterparts[i] < 0; j++)
                if (!is_taken(c, j) && belong_together(c, way, &c->base->devices[i].info,
                                                       &c->now->devices[j].info))
                    c->counterparts[i] = (int)j;
    return true;
}

/* The id in `now` of a device of `base`; NULL: it is not there. */
static const char *counterpart(const struct comparison *c, const char *id)
{
    const struct device_record *record = record_device(c->base, id);
    const int place = record != NULL ? c->counterparts[record - c->base->devices] : -1;
    return place >= 0 ? c->now->devices[place].info.id : NULL;
}

/* ------------------------------------------------------------------------- rows */

/* A status that ran, well or not. */
static bool was_run(const struct hcb_result *row)
{
    return row != NULL && row->status != HCB_UNSUPPORTED && row->status != HCB_SKIPPED;
}

static bool is_bad(const struct hcb_result *row)
{
    return was_run(row) && row->status != HCB_OK;
}

static void add_row(struct comparison *c, const struct hcb_result *base, const struct hcb_result *now)
{
    if (!was_run(base) && !was_run(now))
        c->left_out++;
    else
        c->rows[c->row_count++] = (struct comparison_row){.base = base, .now = now, .clock = ""};
}

/* The row of `base` that belongs to one of `now` and was not taken. */
static size_t find_base(const struct comparison *c, const struct hcb_result *now, const bool *taken)
{
    size_t i = 0;
    for (; i < c->base->result_count; i++) {
        const struct hcb_result *base = &c->base->results[i];
        if (taken[i] || base->task.impl != now->task.impl || !record_same_case(&base->task, &now->task))
            continue;
        const char *id = counterpart(c, base->device);
        if (id != NULL && same(id, now->device))
            break;
    }
    return i;
}

static bool match_rows(struct comparison *c)
{
    const size_t most = c->base->result_count + c->now->result_count;
    bool *taken = calloc(c->base->result_count + 1, sizeof *taken);
    c->rows = malloc((most + 1) * sizeof *c->rows);
    for (size_t i = 0; i < c->now->result_count && taken != NULL && c->rows != NULL; i++) {
        const size_t base = find_base(c, &c->now->results[i], taken);
        taken[base] = true;
        add_row(c, base < c->base->result_count ? &c->base->results[base] : NULL,
                &c->now->results[i]);
    }
    for (size_t i = 0; i < c->base->result_count && taken != NULL && c->rows != NULL; i++)
        if (!taken[i])
            add_row(c, &c->base->results[i], NULL);
    const bool good = taken != NULL && c->rows != NULL;
    free(taken);
    return good;
}

/* -------------------------------------------------------------------- measuring */

static bool has_time(const struct hcb_clock_result *clock)
{
    return clock->summary.n > 0;
}

/* Both sides by one clock: the kernel's, else the host's. */
static void measure_row(struct comparison_row *row)
{
    const struct hcb_result *base = row->base, *now = row->now;
    const bool both_kernel = has_time(&base->kernel) && has_time(&now->kernel),
               both_wall = has_time(&base->wall) && has_time(&now->wall),
               one_kernel = has_time(&base->kernel) || has_time(&now->kernel);
    if (!both_kernel && both_wall && one_kernel)
        snprintf(row->reason, sizeof row->reason, "compared by the wall clock: %s has no kernel time",
                 has_time(&base->kernel) ? "NEW" : "BASE");
    if (both_kernel || (one_kernel && !both_wall)) {
        row->time = change_measure(&base->kernel, &now->kernel);
        row->clock = "kernel";
    } else {
        row->time = change_measure(&base->wall, &now->wall);
        row->clock = row->time.exists ? "wall" : "";
    }
    row->end_to_end = change_measure(&base->end_to_end, &now->end_to_end);
}

static struct change *change_of(struct comparison_row *row, bool end_to_end)
{
    return end_to_end ? &row->end_to_end : &row->time;
}

/* Is the BLAS of both records one, so that its rows tell what the machine did? */
static bool has_control(const struct comparison *c)
{
    device base = record_blas(c->base), now = record_blas(c->now);
    return base != NULL && now != NULL && same(base->name, now->name) &&
           same(base->driver, now->driver) && same(base->driver_version, now->driver_version) &&
           same(base->target, now->target) && base->compute_units == now->compute_units;
}

static bool is_control(const struct comparison_row *row)
{
    return compare_is_timed(row) && row->now->task.impl == HCB_IMPL_OPENBLAS &&
           same(row->now->platform, "cpu");
}

/* Does the device compute on the processor that the BLAS runs on? */
static bool is_on_processor(const struct comparison *c, const char *id)
{
    const struct device_record *record = record_device(c->now, id);
    if (record == NULL)
        return false;
    device info = &record->info;
    return same(info->platform, "cpu") || info->software ||
           (info->type == HCB_DEVICE_CPU &&
            !hcb_platform_is_test((unsigned)hcb_word(hcb_platform_name, info->platform)));
}

/* Of the control rows' ratios; NaN with too few. */
static struct run_noise control_noise(struct comparison *c, bool end_to_end, double *room)
{
    size_t count = 0;
    for (size_t i = 0; i < c->row_count && has_control(c); i++) {
        const struct change *change = change_of(&c->rows[i], end_to_end);
        if (is_control(&c->rows[i]) && isfinite(change->log_speed) && !change->identical)
            room[count++] = change->log_speed;
    }
    return (struct run_noise){change_scale(room, NULL, count), count > 0 ? (unsigned)count - 1 : 0};
}

/* From what rows of a device drift within their runs, in the middle. */
static struct run_noise drift_noise(struct comparison *c, const char *id, bool end_to_end, double *room)
{
    size_t count = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const struct change *change = change_of(&c->rows[i], end_to_end);
        if (compare_is_timed(&c->rows[i]) && same(c->rows[i].now->device, id) && isfinite(change->drift))
            room[count++] = change->drift;
    }
    const double least = CHANGE_RUN_LEAST * CHANGE_RUN_LEAST;
    const double drift = count > 0 ? change_median(room, count) : 0;
    return drift > least ? (struct run_noise){sqrt(2 * drift), (unsigned)count}
                         : (struct run_noise){sqrt(2 * least), 0};
}

/* A row that is not known to run other code than before. */
static bool may_be_unchanged(const struct comparison *c, const struct comparison_row *row)
{
    const struct device_record *base = record_device(c->base, row->base->device),
                               *now = record_device(c->now, row->now->device);
    return same(row->base->kernel_sha256, row->now->kernel_sha256) && base != NULL && now != NULL &&
           same(base->info.driver_version, now->info.driver_version) &&
           same(base->info.target, now->info.target);
}

/* The change of a row of the device that tells what runs do to unchanged code; NULL: of
 * another row. */
static const struct change *telling_change(struct comparison *c, size_t index, const char *id,
                                           bool end_to_end)
{
    struct comparison_row *row = &c->rows[index];
    const struct change *change = change_of(row, end_to_end);
    return compare_is_timed(row) && same(row->now->device, id) && !change->identical &&
                   isfinite(change->below) && may_be_unchanged(c, row)
               ? change
               : NULL;
}

/* The same of the last row before that differs in size only; NULL: there is none. */
static const struct change *neighbour(struct comparison *c, size_t index, const char *id, bool end_to_end)
{
    const struct hcb_case *task = &c->rows[index].now->task;
    const struct change *change = NULL;
    while (index-- > 0 && change == NULL)
        if (c->rows[index].now->task.impl == task->impl &&
            record_same_kind(&c->rows[index].now->task, task))
            change = telling_change(c, index, id, end_to_end);
    return change;
}

static double variance_within(const struct change *change)
{
    const double sd = (change->below + change->above) / 2 / 1.96;
    return sd * sd;
}

struct spread {
    double scale; /* of the ratios, or of their differences; NaN: unknown */
    struct run_noise noise; /* what of it the samples do not explain */
};

/* By how much the ratios of a device's rows of one op are apart beyond what their samples
 * say.  When most rows are what they were, that is the runs' doing.  Or by how much those
 * of neighbours in size are: what a change does to all sizes, more to one and less to
 * another, cancels, but a row that changed alone counts twice.  Differences that share
 * rows tell as much as two thirds of their number. */
static struct spread spread_of(struct comparison *c, const char *id, bool end_to_end, bool neighbours,
                               double *room)
{
    size_t count = 0;
    double within = 0;
    unsigned *ops = malloc((c->row_count + 1) * sizeof *ops);
    for (size_t i = 0; i < c->row_count && ops != NULL; i++) {
        const struct change *change = telling_change(c, i, id, end_to_end),
                            *other = change != NULL && neighbours ? neighbour(c, i, id, end_to_end) : NULL;
        if (change == NULL || (neighbours && other == NULL))
            continue;
        within += neighbours ? (variance_within(change) + variance_within(other)) / 2
                             : variance_within(change);
        ops[count] = c->rows[i].now->task.op;
        room[count++] = neighbours ? (change->log_speed - other->log_speed) / sqrt(2) : change->log_speed;
    }
    const double scale = change_scale(room, ops, count);
    free(ops);
    if (isnan(scale))
        return (struct spread){scale, {scale, 0}};
    return (struct spread){scale, {sqrt(fmax(0, scale * scale - within / (double)count)),
                                   (unsigned)(neighbours ? 2 * count / 3 : count - 1)}};
}

static struct run_noise larger(struct run_noise a, struct run_noise b)
{
    return change_noise_reach(&b) > change_noise_reach(&a) ? b : a;
}

/* Are neighbours more alike than the rows, by three standard errors?  Then the change
 * depends on the size (after von Neumann, "Distribution of the ratio of the mean square
 * successive difference to the variance", Annals of Mathematical Statistics 12(4), 1941). */
static bool has_trend(const struct spread *rows, const struct spread *neighbours)
{
    const double error = hypot(change_scale_error(rows->noise.degrees),
                               change_scale_error(neighbours->noise.degrees));
    return log(rows->scale / neighbours->scale) > 3 * error;
}

static struct run_noise spread_noise(struct comparison *c, const char *id, bool end_to_end, double *room)
{
    const struct spread rows = spread_of(c, id, end_to_end, false, room),
                        neighbours = spread_of(c, id, end_to_end, true, room);
    return has_trend(&rows, &neighbours) ? neighbours.noise : rows.noise;
}

/* What cpu/openblas did in the same case, when that is more than chance. */
static double machine_moved(const struct comparison *c, const struct comparison_row *row, bool end_to_end)
{
    for (size_t i = 0; i < c->row_count && has_control(c); i++) {
        struct comparison_row *control = &c->rows[i];
        const struct change *change = change_of(control, end_to_end);
        if (is_control(control) && control != row && record_same_case(&control->now->task, &row->now->task) &&
            isfinite(change->below))
            return change->log_speed + change->above < 0 || change->log_speed - change->below > 0
                       ? change->log_speed
                       : 0;
    }
    return 0;
}

static void judge_device(struct comparison *c, const char *id, size_t changes, bool end_to_end,
                         double *room)
{
    const bool shares = is_on_processor(c, id);
    struct judgement judgement = {.threshold = c->threshold, .changes = changes};
    judgement.run = larger(drift_noise(c, id, end_to_end, room), spread_noise(c, id, end_to_end, room));
    if (shares)
        judgement.run = larger(judgement.run, c->control[end_to_end]);
    for (size_t i = 0; i < c->row_count; i++) {
        struct comparison_row *row = &c->rows[i];
        if (!compare_is_timed(row) || !same(row->now->device, id))
            continue;
        judgement.machine = shares ? machine_moved(c, row, end_to_end) : 0;
        change_judge(change_of(row, end_to_end), &judgement);
    }
}

static size_t count_changes(struct comparison *c)
{
    size_t changes = 0;
    for (size_t i = 0; i < c->row_count; i++)
        if (compare_is_timed(&c->rows[i]))
            changes += (size_t)isfinite(c->rows[i].time.log_speed) +
                       (size_t)isfinite(c->rows[i].end_to_end.log_speed);
    return changes > 0 ? changes : 1;
}

static bool judge_changes(struct comparison *c)
{
    double *room = malloc((c->row_count + 1) * sizeof *room);
    const size_t changes = count_changes(c);
    for (int end_to_end = 0; end_to_end < 2 && room != NULL; end_to_end++) {
        c->control[end_to_end] = control_noise(c, end_to_end, room);
        for (size_t i = 0; i < c->now->device_count; i++)
            judge_device(c, c->now->devices[i].info.id, changes, end_to_end, room);
    }
    free(room);
    return room != NULL;
}

/* --------------------------------------------------------------------- verdicts */

static void say_status(struct comparison_row *row, const char *which, const struct hcb_result *result)
{
    snprintf(row->reason, sizeof row->reason, "%s%s%s%s", which, hcb_status_name(result->status),
             result->reason[0] != '\0' ? ": " : "", result->reason);
}

static void judge_gone(const struct comparison *c, struct comparison_row *row)
{
    row->verdict = VERDICT_GONE;
    if (row->now != NULL)
        say_status(row, "", row->now);
    else if (counterpart(c, row->base->device) == NULL)
        snprintf(row->reason, sizeof row->reason, "NEW has no such device");
    else
        snprintf(row->reason, sizeof row->reason, "not in NEW");
}

/* From the statuses, and from the times where both are ok. */
static void judge_row(const struct comparison *c, struct comparison_row *row)
{
    if (compare_is_timed(row)) {
        row->verdict = row->time.exists || row->end_to_end.exists ? row->time.verdict : VERDICT_SAME;
        if (row->reason[0] == '\0')
            snprintf(row->reason, sizeof row->reason, "%s", row->time.reason);
    } else if (!was_run(row->now)) {
        judge_gone(c, row);
    } else if (is_bad(row->now) && is_bad(row->base)) {
        row->verdict = VERDICT_SAME;
        say_status(row, "failed in both: ", row->now);
    } else if (is_bad(row->now)) {
        row->verdict = VERDICT_BROKEN;
        say_status(row, "", row->now);
    } else if (is_bad(row->base)) {
        row->verdict = VERDICT_FIXED;
        say_status(row, "was ", row->base);
    } else {
        row->verdict = VERDICT_NEW;
    }
}

static void judge_rows(struct comparison *c)
{
    for (size_t i = 0; i < c->row_count; i++) {
        judge_row(c, &c->rows[i]);
        c->counts[c->rows[i].verdict]++;
        if (c->rows[i].end_to_end.exists)
            c->end_to_end_counts[c->rows[i].end_to_end.verdict]++;
    }
}

bool compare_records(const struct record *base, const struct record *now, double threshold,
                     struct comparison *comparison)
{
    *comparison = (struct comparison){.base = base, .now = now, .threshold = threshold};
    if (!match_devices(comparison) || !match_rows(comparison))
        return false;
    for (size_t i = 0; i < comparison->row_count; i++)
        if (compare_is_timed(&comparison->rows[i]))
            measure_row(&comparison->rows[i]);
    if (!judge_changes(comparison))
        return false;
    judge_rows(comparison);
    return compare_differences(comparison);
}

bool compare_has_common_row(const struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->row_count; i++)
        if (was_run(comparison->rows[i].base) && was_run(comparison->rows[i].now))
            return true;
    return false;
}

int compare_exit_status(const struct comparison *comparison, bool strict)
{
    const size_t bad = comparison->counts[VERDICT_SLOWER] + comparison->counts[VERDICT_BROKEN] +
                       comparison->end_to_end_counts[VERDICT_SLOWER] +
                       (strict ? comparison->counts[VERDICT_GONE] : 0);
    return bad > 0 || !compare_has_common_row(comparison) ? EXIT_BAD_ROW : EXIT_DONE;
}
