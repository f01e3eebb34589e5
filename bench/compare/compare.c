/* SPDX-License-Identifier: Apache-2.0 */
/* Which row of one record is which of the other, and the verdicts. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"

typedef const struct hcb_device_info *device;

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
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

/* A row and what its device is called in `now`. */
struct named_row {
    const struct hcb_result *row;
    const char *device;
};

static int order_keys(const struct named_row *a, const struct named_row *b)
{
    const int by_case = record_order_cases(&a->row->task, &b->row->task);
    return by_case != 0 ? by_case : strcmp(a->device, b->device);
}

static int order_rows(const void *a, const void *b)
{
    const struct named_row *x = a, *y = b;
    const int by_key = order_keys(x, y);
    return by_key != 0 ? by_key : (x->row > y->row) - (x->row < y->row);
}

/* The rows of a record whose devices are in `now`, sorted; NULL when memory is short. */
static struct named_row *sort_rows(const struct comparison *c, const struct record *record, size_t *count)
{
    struct named_row *sorted = malloc((record->result_count + 1) * sizeof *sorted);
    *count = 0;
    for (size_t i = 0; i < record->result_count && sorted != NULL; i++) {
        const struct hcb_result *row = &record->results[i];
        const char *id = record == c->base ? compare_counterpart(c, row->device) : row->device;
        if (id != NULL)
            sorted[(*count)++] = (struct named_row){row, id};
    }
    if (sorted != NULL)
        qsort(sorted, *count, sizeof *sorted, order_rows);
    return sorted;
}

/* For each row of `now` that of `base`, or NULL; of rows that are the same, the first
 * belongs to the first.  Sets which rows of `base` have one. */
static bool pair_rows(const struct comparison *c, const struct hcb_result **partners, bool *taken)
{
    size_t base_count, now_count;
    struct named_row *base = sort_rows(c, c->base, &base_count), *now = sort_rows(c, c->now, &now_count);
    const bool good = base != NULL && now != NULL;
    for (size_t i = 0, j = 0; good && i < base_count && j < now_count;) {
        const int order = order_keys(&base[i], &now[j]);
        if (order == 0) {
            partners[now[j].row - c->now->results] = base[i].row;
            taken[base[i].row - c->base->results] = true;
        }
        i += order <= 0;
        j += order >= 0;
    }
    free(base);
    free(now);
    return good;
}

static bool match_rows(struct comparison *c)
{
    const size_t most = c->base->result_count + c->now->result_count;
    const struct hcb_result **partners = calloc(c->now->result_count + 1, sizeof *partners);
    bool *taken = calloc(c->base->result_count + 1, sizeof *taken);
    c->rows = malloc((most + 1) * sizeof *c->rows);
    const bool good = partners != NULL && taken != NULL && c->rows != NULL && pair_rows(c, partners, taken);
    for (size_t i = 0; i < c->now->result_count && good; i++)
        add_row(c, partners[i], &c->now->results[i]);
    for (size_t i = 0; i < c->base->result_count && good; i++)
        if (!taken[i])
            add_row(c, &c->base->results[i], NULL);
    free(partners);
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

/* A row that is not known to run other code than before, or the same with other parameters. */
static bool may_be_unchanged(const struct comparison *c, const struct comparison_row *row)
{
    const struct device_record *base = record_device(c->base, row->base->device),
                               *now = record_device(c->now, row->now->device);
    return same(row->base->kernel_sha256, row->now->kernel_sha256) &&
           same(row->base->parameters, row->now->parameters) && base != NULL && now != NULL &&
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

static int order_controls(const void *a, const void *b)
{
    const struct comparison_row *x = *(const struct comparison_row *const *)a,
                                *y = *(const struct comparison_row *const *)b;
    const int by_case = record_order_cases(&x->now->task, &y->now->task);
    return by_case != 0 ? by_case : (x > y) - (x < y);
}

/* The control rows that have an interval by this clock, by case. */
static void sort_controls(struct comparison *c, bool end_to_end)
{
    c->control_count = 0;
    if (!has_control(c))
        return;
    for (size_t i = 0; i < c->row_count; i++)
        if (is_control(&c->rows[i]) && isfinite(change_of(&c->rows[i], end_to_end)->below))
            c->controls[c->control_count++] = &c->rows[i];
    qsort(c->controls, c->control_count, sizeof *c->controls, order_controls);
}

/* The place of the first control row of that case, or where it would be. */
static size_t first_control(const struct comparison *c, const struct hcb_case *task)
{
    size_t low = 0, high = c->control_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (record_order_cases(&c->controls[middle]->now->task, task) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What cpu/openblas did in the same case, when that is more than chance. */
static double machine_moved(const struct comparison *c, const struct comparison_row *row, bool end_to_end)
{
    struct hcb_case task = row->now->task;
    task.impl = HCB_IMPL_OPENBLAS;
    size_t i = first_control(c, &task);
    i += i < c->control_count && c->controls[i] == row;
    if (i >= c->control_count || record_order_cases(&c->controls[i]->now->task, &task) != 0)
        return 0;
    const struct change *change = change_of(c->controls[i], end_to_end);
    return change->log_speed + change->above < 0 || change->log_speed - change->below > 0
               ? change->log_speed
               : 0;
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
    c->controls = malloc((c->row_count + 1) * sizeof *c->controls);
    for (int end_to_end = 0; end_to_end < 2 && room != NULL && c->controls != NULL; end_to_end++) {
        sort_controls(c, end_to_end);
        c->control[end_to_end] = control_noise(c, end_to_end, room);
        for (size_t i = 0; i < c->now->device_count; i++)
            judge_device(c, c->now->devices[i].info.id, changes, end_to_end, room);
    }
    free(room);
    return room != NULL && c->controls != NULL;
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
    else if (compare_counterpart(c, row->base->device) == NULL)
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
    if (!compare_devices(comparison) || !match_rows(comparison))
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
