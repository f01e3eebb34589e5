/* SPDX-License-Identifier: Apache-2.0 */
/* Leads the workers through the rows: one worker per device, the rows of one
 * case interleaved in short blocks, so that drift hits both sides of a ratio.
 * Knows no driver: what happens to a worker is one row's status. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/journal.h"
#include "measure/conductor.h"
#include "measure/fair_cpu.h"
#include "measure/memory.h"
#include "measure/progress.h"
#include "measure/roofline.h"
#include "measure/row.h"
#include "terminal/devices.h"
#include "tune/store.h"

struct conductor {
    struct session session;
    struct record *record;
    struct actor *actors; /* two per device of the record, see actor_of() */
    struct journal *journal;
    bool aside; /* the rows at hand are not those that were asked for */
    struct record looks; /* devices and peaks that rows are held against, but no view shows */
};

/* Rows of one case that run together. */
struct group {
    struct row *rows;
    size_t count;
    uint32_t round; /* goes on when rows begin anew, so that no two share one by mistake */
};

/* -------------------------------------------------------------- ends of rows */

/* Forgets all that was measured; what it was told before stays. */
static void reset_row(struct row *row)
{
    const struct hcb_rounding scaled = row->result->scaled;
    record_renew_result(row->result);
    row->result->scaled = scaled;
    if (row->twin != NULL)
        record_renew_result(row->twin);
    hcb_clock_clear(&row->uploads);
    hcb_clock_clear(&row->downloads);
    const struct row old = *row;
    *row = (struct row){.result = old.result,
                        .twin = old.twin,
                        .actor = old.actor,
                        .slot = old.slot,
                        .scratch_bytes = old.scratch_bytes};
    memcpy(row->asked, old.asked, sizeof row->asked);
    memcpy(row->tuned, old.tuned, sizeof row->tuned);
    memcpy(row->ignored, old.ignored, sizeof row->ignored);
}

static void finish(struct conductor *conductor, struct row *row, enum hcb_status status,
                   const char *reason)
{
    struct hcb_result *result = row->result;
    row->phase = FINISHED;
    result->status = status;
    snprintf(result->reason, sizeof result->reason, "%s", status == HCB_OK ? "" : reason);
    if (status != HCB_OK)
        hcb_result_withdraw(result); /* no number without a verified row */
    if (row->twin != NULL)
        row->twin->status = status;
    if (status == HCB_SKIPPED || conductor->aside)
        return;
    conductor->session.finished++;
    journal_add(conductor->journal, conductor->record, result);
}

static bool is_lost(enum hcb_status status)
{
    return status == HCB_CRASHED || status == HCB_TIMEOUT || status == HCB_SKIPPED;
}

/* A step of `row` did not end well.  When the worker is gone, the other rows
 * that it was working on begin anew. */
static void fail_row(struct conductor *conductor, struct group *group, struct row *row,
                     enum hcb_status status, const char *reason)
{
    finish(conductor, row, status, reason);
    if (!is_lost(status))
        return;
    actor_stop(row->actor);
    for (size_t i = 0; i < group->count; i++)
        if (group->rows[i].actor == row->actor && group->rows[i].phase == LIVE)
            reset_row(&group->rows[i]);
}

/* ------------------------------------------------------------------- in turns */

/* Takes one step in every row of that phase, in turn. */
static void each_row(struct conductor *conductor, struct group *group, enum phase wanted, row_step *step)
{
    char reason[HCB_REASON_SIZE];
    for (size_t i = 0; i < group->count && link_interrupted() == 0; i++) {
        struct row *row = &group->rows[i];
        if (row->phase != wanted)
            continue;
        const enum hcb_status status = step(&conductor->session, row, reason);
        if (status != HCB_OK) {
            fail_row(conductor, group, row, status, reason);
            continue;
        }
        row->phase = LIVE;
        if (row->actor->link != NULL)
            link_settle(row->actor->link); /* the next step is another's */
    }
}

static bool any_row(const struct group *group, enum phase phase)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->rows[i].phase == phase)
            return true;
    return false;
}

/* The row that the others are compared with: the CPU's, the BLAS before others,
 * never the reference.  NULL: none in that phase. */
static struct row *baseline_of(const struct group *group, enum phase phase)
{
    struct row *best = NULL;
    for (size_t i = 0; i < group->count; i++) {
        struct row *row = &group->rows[i];
        const enum hcb_impl impl = row->result->task.impl;
        const bool is_better = best == NULL || impl == HCB_IMPL_OPENBLAS;
        const bool fits = row->phase == phase && (phase == LIVE || row->result->status == HCB_OK);
        if (device_is_baseline(row->actor->info) && impl != HCB_IMPL_REF && fits && is_better)
            best = row;
    }
    return best;
}

/* Two sorts of rounds. */
struct series {
    enum hcb_status (*block)(struct session *session, struct row *row, struct hcb_result *into,
                             uint32_t round, char *reason);
    bool *(*enough)(struct row *row);
    void (*judge)(const struct options *options, struct row *row);
};

static bool *enough_windows(struct row *row)
{
    return &row->sampled;
}

static void judge_windows(const struct options *options, struct row *row)
{
    row->windows.rounds++;
    row->sampled = sampling_end(options, hcb_result_clock(row->result), &row->windows) != SAMPLING_GOES_ON;
}

static bool *enough_passes(struct row *row)
{
    return &row->passed;
}

static void judge_passes(const struct options *options, struct row *row)
{
    row->passes.rounds++;
    row->passed = sampling_passes_end(options, &row->result->end_to_end, &row->passes);
}

static const struct series windows = {row_sample, enough_windows, judge_windows},
                           passes = {row_transfer, enough_passes, judge_passes};

static bool all_have_enough(const struct group *group, const struct series *series)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->rows[i].phase == LIVE && !*series->enough(&group->rows[i]))
            return false;
    return true;
}

/* A block of every row that needs more.  Numbers from `group->count` on in the
 * order mean the twins.  The baseline takes part to the end, with whole blocks, so that
 * each round of a row has one of the baseline's beside it that weighs as much. */
static bool take_round(struct conductor *conductor, struct group *group, const struct series *series)
{
    const struct options *options = conductor->session.options;
    const struct row *baseline = baseline_of(group, LIVE);
    const bool twins = options->against_itself;
    const size_t turns = group->count * (twins ? 2 : 1);
    size_t *order = malloc(turns * sizeof *order);
    char reason[HCB_REASON_SIZE];
    if (order == NULL)
        return false;
    sampling_order(options->seed, group->round, order, turns);
    for (size_t i = 0; i < turns && link_interrupted() == 0; i++) {
        struct row *row = &group->rows[order[i] % group->count];
        struct hcb_result *into = order[i] < group->count ? row->result : row->twin;
        if (row->phase != LIVE || (*series->enough(row) && row != baseline))
            continue;
        const enum hcb_status status =
            series->block(&conductor->session, row, into, group->round, reason);
        if (status != HCB_OK)
            fail_row(conductor, group, row, status, reason);
        else
            row->busy |= !link_settle(row->actor->link); /* the next block is another's */
    }
    for (size_t i = 0; i < group->count; i++)
        if (group->rows[i].phase == LIVE && !*series->enough(&group->rows[i]))
            series->judge(options, &group->rows[i]);
    group->round++;
    free(order);
    return true;
}

static void take_rounds(struct conductor *conductor, struct group *group, const struct series *series)
{
    while (!all_have_enough(group, series) && link_interrupted() == 0)
        if (!take_round(conductor, group, series))
            break;
}

/* ----------------------------------------------------------- rows of one case */

static void forget_inputs(struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        group->rows[i].actor->holds_inputs = false;
}

static void release(struct group *group)
{
    char reason[HCB_REASON_SIZE];
    for (size_t i = 0; i < group->count; i++) {
        struct actor *actor = group->rows[i].actor;
        const bool asked = i > 0 && group->rows[i - 1].actor == actor;
        if (!asked && actor->link != NULL && link_interrupted() == 0 &&
            link_tell(actor->link, "release", NULL, reason) != HCB_OK)
            actor_stop(actor);
    }
    forget_inputs(group);
}

void conductor_try(struct conductor *conductor, const struct options *options,
                   struct hcb_result *rows, size_t count)
{
    const struct options *usual = conductor->session.options;
    conductor->session.options = options;
    conductor->aside = true;
    conductor_run(conductor, rows, count);
    conductor->aside = false;
    conductor->session.options = usual;
}

static void measure_roofs(struct conductor *conductor, struct hcb_result *rows, size_t count)
{
    const struct options brief = roofline_options(conductor->record->options);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && record_same_case(&rows[i].task, &rows[end].task);)
            end++;
        conductor_try(conductor, &brief, rows + i, end - i);
    }
}

static void keep_roofs(struct conductor *conductor, struct record *roofs)
{
    roofline_gather(roofs);
    if (roofs == conductor->record && link_interrupted() == 0)
        journal_add_roofs(conductor->journal, conductor->record);
}

/* A roof that no row's rate is far above.  Reading alone may be faster than the triad
 * and copies that the roof of memory comes from, which write as well. */
struct ceiling {
    double (*find)(const struct record *record, const struct hcb_result *result);
    double most; /* times the roof */
    bool of_memory;
    const char *words;
};

static double rate_below(const struct hcb_result *result, const struct ceiling *ceiling)
{
    return ceiling->of_memory ? result->gbps : result->gflops;
}

/* What has the roofs for a row.  Where a run measures none before, a peak is measured
 * when the first row needs it. */
static struct record *roofs_for(struct conductor *conductor, const struct hcb_result *result)
{
    struct record *looks = &conductor->looks;
    const size_t first = looks->roofline_count;
    if (!roofline_needs_look(conductor->record, result))
        return conductor->record;
    if (roofline_row(looks, result, false) == NULL && roofline_add_looks(looks, result)) {
        measure_roofs(conductor, looks->roofline + first, looks->roofline_count - first);
        keep_roofs(conductor, looks);
    }
    return looks;
}

/* A roof is a measurement too, which something may have disturbed: it gets another
 * chance. */
static bool is_above(struct conductor *conductor, struct record *roofs, const struct hcb_result *result,
                     const struct ceiling *ceiling, char *reason)
{
    const double rate = rate_below(result, ceiling);
    double roof = ceiling->find(roofs, result);
    for (int tries = 0; tries < 3 && rate > ceiling->most * roof; tries++) {
        struct hcb_result *row = roofline_row(roofs, result, ceiling->of_memory), again;
        if (row == NULL)
            break;
        hcb_result_init(&again, row->device, &row->task);
        measure_roofs(conductor, &again, 1);
        roofline_improve(row, &again);
        keep_roofs(conductor, roofs);
        roof = ceiling->find(roofs, result);
    }
    if (!(rate > ceiling->most * roof))
        return false;
    snprintf(reason, HCB_REASON_SIZE, "%.4g %s is above the %.4g that %s on this device: a clock is wrong",
             rate, ceiling->of_memory ? "GB/s" : "GFLOP/s", roof, ceiling->words);
    return true;
}

/* No kernel multiplies and adds, or reads, faster than the device can. */
static bool is_impossible(struct conductor *conductor, const struct hcb_result *result, char *reason)
{
    static const struct ceiling compute = {roofline_peak_gflops, 1.25, false, "multiply-adds reach"},
                                memory = {roofline_memory_gbps, 2, true, "its memory reaches"};
    return !conductor->aside && !hcb_op_is_extra(result->task.op) &&
           (is_above(conductor, roofs_for(conductor, result), result, &compute, reason) ||
            is_above(conductor, conductor->record, result, &memory, reason));
}

static void end_well(struct conductor *conductor, struct group *group)
{
    const struct options *options = conductor->session.options;
    char reason[HCB_REASON_SIZE];
    for (size_t i = 0; i < group->count && link_interrupted() == 0; i++) {
        struct row *row = &group->rows[i];
        if (row->phase != LIVE)
            continue;
        hcb_result_rates(row->result);
        const bool impossible =
            options->command != COMMAND_VERIFY && is_impossible(conductor, row->result, reason);
        if (link_interrupted() != 0)
            break; /* while a roof was measured */
        if (impossible) {
            finish(conductor, row, HCB_ERROR, reason);
            continue;
        }
        if (options->command != COMMAND_VERIFY)
            sampling_warn(options, row->result, &row->windows,
                          sampling_window_s(options, row->actor->info));
        if (row->busy)
            hcb_result_warn(row->result, "its worker went on computing after a block, beside other rows");
        finish(conductor, row, HCB_OK, "");
    }
}

/* Runs the rows side by side until none is pending. */
static void run_group(struct conductor *conductor, struct group *group)
{
    const bool timed = conductor->session.options->command != COMMAND_VERIFY;
    while (any_row(group, PENDING) && link_interrupted() == 0) {
        each_row(conductor, group, PENDING, row_start);
        forget_inputs(group);
        each_row(conductor, group, LIVE, row_refill);
        each_row(conductor, group, LIVE, timed ? row_warm_up : row_run_once);
        if (timed)
            take_rounds(conductor, group, &windows);
        each_row(conductor, group, LIVE, row_verify); /* what the last window wrote */
        if (timed && !conductor->aside)
            each_row(conductor, group, LIVE, row_energy);
        if (timed && !conductor->aside && !hcb_op_is_extra(group->rows[0].result->task.op)) {
            take_rounds(conductor, group, &passes);
            each_row(conductor, group, LIVE, row_verify);
        }
        release(group); /* a roof may be measured before the rows end */
        end_well(conductor, group);
    }
}

/* The medians in the table are of all rounds, and the baseline has more of them than most
 * rows: a reader who divides must not be left with the contradiction. */
static void warn_of_quotient(struct hcb_result *result, const char *what,
                             const struct hcb_clock_result *own, const struct hcb_clock_result *other,
                             const struct hcb_ratio *speedup)
{
    const double quotient = other->summary.median / own->summary.median,
                 apart = fabs(quotient / speedup->ratio - 1);
    const bool outside = quotient < speedup->ci95_low || quotient > speedup->ci95_high;
    if (apart > 0.1 || (apart > 0.01 && outside))
        hcb_result_warn(result,
                        "%sspeedup %.3g is of the %zu rounds beside %s; the medians of all rounds give %.3g",
                        what, speedup->ratio, hcb_clock_common_rounds(own, other), result->baseline,
                        quotient);
}

static void compare(struct hcb_result *result, const struct hcb_result *baseline, uint64_t seed)
{
    const struct hcb_clock_result *own = hcb_result_clock(result),
                                  *other = hcb_result_clock(baseline);
    hcb_result_compare(result, baseline, true, seed);
    if (own->summary.n > 0 && other->summary.n > 0 &&
        hcb_clock_common_rounds(own, other) < HCB_RATIO_ROUNDS_MIN)
        hcb_result_warn(result, "not measured beside %s: drift between the two is not seen", result->baseline);
    warn_of_quotient(result, "", own, other, &result->speedup_kernel);
    warn_of_quotient(result, "end to end: ", &result->end_to_end, &baseline->end_to_end,
                     &result->speedup_end_to_end);
}

static void add_speedups(const struct conductor *conductor, const struct group *group)
{
    const uint64_t seed = conductor->session.options->seed;
    const struct row *baseline = baseline_of(group, FINISHED);
    for (size_t i = 0; i < group->count; i++) {
        const struct row *row = &group->rows[i];
        if (row->twin != NULL)
            hcb_result_compare(row->result, row->twin, true, seed);
        else if (baseline != NULL && row != baseline && row->result->status == HCB_OK)
            compare(row->result, baseline->result, seed);
    }
}

/* Who cannot run, or not on this machine, is out before anything is allocated. */
static void ask_rows(struct conductor *conductor, struct group *group)
{
    char reason[HCB_REASON_SIZE];
    for (size_t i = 0; i < group->count && link_interrupted() == 0; i++) {
        const enum hcb_status status = row_ask(&conductor->session, &group->rows[i], reason);
        if (status != HCB_OK)
            fail_row(conductor, group, &group->rows[i], status, reason);
    }
}

/* All together, or one after the other as many as memory holds. */
static void run_case(struct conductor *conductor, struct group *group)
{
    ask_rows(conductor, group);
    for (size_t i = 0, end; i < group->count && link_interrupted() == 0; i = end) {
        end = i + memory_fit(&conductor->session, group->rows + i, group->count - i);
        struct group part = {.rows = group->rows + i, .count = end - i, .round = group->round};
        run_group(conductor, &part);
        group->round = part.round;
    }
    for (size_t i = 0; i < group->count; i++)
        if (group->rows[i].phase != FINISHED)
            finish(conductor, &group->rows[i], HCB_SKIPPED, "the run was stopped");
    add_speedups(conductor, group);
    if (link_interrupted() == 0 && !conductor->aside)
        journal_end_case(conductor->journal, conductor->record, group->rows[0].result, group->count);
}

/* CLBlast keeps its parameters per process, so rows that change them have a worker of
 * their own, behind that of the device's other rows. */
static struct actor *actor_of(struct conductor *conductor, const struct hcb_result *result)
{
    size_t i = 0;
    while (strcmp(conductor->actors[i].info->id, result->device) != 0)
        i += 2;
    return &conductor->actors[i + (result->task.impl == HCB_IMPL_CLBLAST_TUNED)];
}

static struct hcb_result *make_twin(const struct hcb_result *result)
{
    struct hcb_result *twin = malloc(sizeof *twin);
    if (twin != NULL)
        hcb_result_init(twin, result->device, &result->task);
    return twin;
}

static void free_rows(struct row *rows, size_t count)
{
    for (size_t i = 0; i < count && rows != NULL; i++) {
        hcb_clock_clear(&rows[i].uploads);
        hcb_clock_clear(&rows[i].downloads);
        if (rows[i].twin != NULL)
            hcb_result_clear(rows[i].twin);
        free(rows[i].twin);
    }
    free(rows);
}

/* Rows of the same device and impl before this one. */
static unsigned count_alike(const struct hcb_result *results, size_t index)
{
    unsigned count = 0;
    for (size_t i = 0; i < index; i++)
        count += results[i].task.impl == results[index].task.impl &&
                 strcmp(results[i].device, results[index].device) == 0;
    return count;
}

void conductor_run(struct conductor *conductor, struct hcb_result *results, size_t count)
{
    const bool twins = conductor->session.options->against_itself;
    struct group group = {.rows = calloc(count, sizeof *group.rows), .count = count};
    bool good = group.rows != NULL;
    for (size_t i = 0; i < count && good; i++) {
        group.rows[i] = (struct row){.result = &results[i],
                                     .actor = actor_of(conductor, &results[i]),
                                     .twin = twins ? make_twin(&results[i]) : NULL};
        memcpy(group.rows[i].asked, results[i].parameters, sizeof group.rows[i].asked);
        group.rows[i].slot = count_alike(results, i);
        good = !twins || group.rows[i].twin != NULL;
    }
    journal_plan(conductor->journal, conductor->record);
    if (good)
        run_case(conductor, &group);
    for (size_t i = 0; i < count && !good; i++) {
        results[i].status = HCB_ERROR;
        snprintf(results[i].reason, sizeof results[i].reason, "out of memory for the rows");
    }
    free_rows(group.rows, count);
}

enum hcb_status conductor_parameters(struct conductor *conductor, struct hcb_result *result,
                                     struct hcb_parameters *parameters)
{
    struct row row = {.result = result, .actor = actor_of(conductor, result)};
    enum hcb_status status =
        row_parameters(&conductor->session, &row, parameters, result->reason);
    if (is_lost(status))
        actor_stop(row.actor);
    return status;
}

/* ------------------------------------------------------------------- all rows */

struct conductor *conductor_open(struct record *record, size_t expected)
{
    struct conductor *conductor = calloc(1, sizeof *conductor);
    struct actor *actors = calloc(2 * record->device_count + 1, sizeof *actors);
    struct device_record *devices = calloc(record->device_count + 1, sizeof *devices);
    bool fatal = false;
    if (conductor == NULL || actors == NULL || devices == NULL) {
        fprintf(stderr, "hcbench: out of memory for the devices\n");
        free(conductor);
        free(actors);
        free(devices);
        return NULL;
    }
    conductor->record = record;
    conductor->actors = actors;
    conductor->looks = (struct record){
        .options = record->options, .devices = devices, .device_count = record->device_count};
    memcpy(devices, record->devices, record->device_count * sizeof *devices);
    conductor->session = (struct session){
        .options = record->options,
        .memory_bytes = (double)record->environment.memory_bytes,
        .how = {.isolate = record->options->isolate, .timeout_s = record->options->timeout_s}};
    for (size_t i = 0; i < 2 * record->device_count; i++) {
        actors[i].info = &record->devices[i / 2].info;
        actors[i].sensors = &record->devices[i / 2].sensors;
    }
    settle_cpu(record, &conductor->session.how, &conductor->session.cpu); /* the journal tells it */
    if (record->options->tuned && record->earlier == NULL)
        record->tuned = store_open();
    if (record->options->command == COMMAND_TUNE)
        conductor->journal = NULL; /* what was won is kept in the store */
    else if (record->earlier != NULL)
        conductor->journal = journal_take_over(record) ? journal_continue(record->earlier) : NULL;
    else
        conductor->journal = journal_open(record, record->options->journal, &fatal);
    if (conductor->journal == NULL && (fatal || record->earlier != NULL)) {
        free(conductor);
        free(actors);
        free(devices);
        return NULL;
    }
    conductor->session.tuned = record->tuned;
    progress_begin(record->options->progress, expected);
    return conductor;
}

void conductor_close(struct conductor *conductor)
{
    if (conductor == NULL)
        return;
    progress_end();
    for (size_t i = 0; i < 2 * conductor->record->device_count; i++)
        actor_stop(&conductor->actors[i]);
    journal_close(conductor->journal, link_interrupted() == 0);
    roundings_clear(&conductor->session.roundings);
    for (size_t i = 0; i < conductor->looks.roofline_count; i++)
        hcb_result_clear(&conductor->looks.roofline[i]);
    free(conductor->looks.roofline);
    free(conductor->looks.devices);
    free(conductor->actors);
    free(conductor);
}

bool conduct(struct record *record)
{
    const size_t count = record->result_count;
    struct hcb_result *results = record->results;
    struct conductor *conductor = conductor_open(record, count);
    if (conductor == NULL)
        return false;
    /* Before the other rows, which are held against the roofs. */
    if (record->roofline_count > 0 && record->roofline[0].status == HCB_SKIPPED) {
        measure_roofs(conductor, record->roofline, record->roofline_count);
        keep_roofs(conductor, record);
    }
    roofline_gather(record);
    for (size_t i = 0, end; i < count; i = end) {
        end = record_case_end(record, i);
        if (results[i].status == HCB_SKIPPED)
            conductor_run(conductor, results + i, end - i);
        else /* finished by the earlier part of a run that goes on */
            conductor->session.finished += end - i;
    }
    roofline_rate_all(record);
    conductor_close(conductor);
    return true;
}

static bool is_bad(enum hcb_status status)
{
    return status == HCB_WRONG || status == HCB_ERROR || status == HCB_CRASHED || status == HCB_TIMEOUT;
}

int record_exit_status(const struct record *record)
{
    size_t done = 0;
    for (size_t i = 0; i < record->roofline_count; i++)
        if (is_bad(record->roofline[i].status))
            return EXIT_BAD_ROW;
    for (size_t i = 0; i < record->result_count; i++) {
        const enum hcb_status status = record->results[i].status;
        done += status == HCB_OK;
        if (is_bad(status))
            return EXIT_BAD_ROW;
        if (record->options->strict && (status == HCB_UNSUPPORTED || status == HCB_SKIPPED))
            return EXIT_BAD_ROW;
    }
    for (size_t i = 0; i < record->absence_count; i++)
        if (record->absences[i].status != HCB_UNSUPPORTED)
            return EXIT_BAD_ROW;
    return done > 0 ? EXIT_DONE : EXIT_NO_DEVICE;
}
