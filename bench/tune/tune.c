/* SPDX-License-Identifier: Apache-2.0 */
/* Searches for parameters case by case: contests of a few seconds between rows that
 * differ in nothing else, then a longer one of the winner and the table, which the
 * winner must win by an interval.  Contests are run by the conductor, so that each
 * candidate is verified, and what crashes or hangs costs itself alone. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "files/output.h"
#include "measure/conductor.h"
#include "measure/fair_choice.h"
#include "measure/link.h"
#include "tune/search.h"
#include "tune/store.h"
#include "tune/tune.h"

/* Of a case's time, the part for the last contest. */
static const double last_share = 0.3;
/* Seconds of samples of each of the two in it: 10 to 24 rounds. */
static const double last_least_s = 1, last_most_s = 2.4;

/* The search for one case. */
struct hunt {
    struct record *record;
    struct conductor *conductor;
    struct tune_case *result;
    double deadline_s, contest_s; /* end of the contests; how long the last one took */
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static struct tune_point table_of(const struct tune_case *result)
{
    struct tune_point table = {.values = {0}};
    hcb_parameters_read(&result->parameters, "", table.values);
    return table;
}

static bool same(const struct tune_point *a, const struct tune_point *b)
{
    return memcmp(a->values, b->values, sizeof a->values) == 0;
}

/* ----------------------------------------------------------------- contests */

/* Without ratios; the new contest, or NULL when memory is short. */
static struct tune_contest *note_contest(struct tune_case *result, const struct tune_point *points,
                                         const struct hcb_result *rows, size_t count)
{
    struct tune_contest *larger = realloc(result->contests, (result->contest_count + 1) * sizeof *larger);
    if (larger == NULL)
        return NULL;
    result->contests = larger;
    struct tune_contest *contest = &larger[result->contest_count++];
    *contest = (struct tune_contest){.count = count};
    for (size_t i = 0; i < count; i++) {
        struct tune_candidate *candidate = &contest->candidates[i];
        *candidate = (struct tune_candidate){.status = rows[i].status,
                                             .speedup = {(double)NAN, (double)NAN, (double)NAN}};
        memcpy(candidate->values, points[i].values, sizeof candidate->values);
        memcpy(candidate->reason, rows[i].reason, sizeof candidate->reason);
        if (rows[i].status == HCB_OK)
            candidate->time = hcb_result_clock(&rows[i])->summary;
    }
    return contest;
}

/* Short: a search makes many, and the last one decides. */
static struct options contest_options(const struct options *options)
{
    struct options brief = *options;
    brief.warmup = 1;
    brief.min_runs = 12;
    brief.max_runs = 40;
    brief.min_time_s = 0;
    brief.max_time_s = 0.3;
    brief.ci_percent = 2;
    return brief;
}

/* As many rounds as the time allows, and enough of long launches to decide at all. */
static struct options last_options(const struct options *options, double seconds, double launch_s)
{
    enum { ROUNDS_LEAST = 12 };
    struct options thorough = *options;
    thorough.warmup = 2;
    thorough.max_time_s = fmin(fmax(seconds / 2, last_least_s), last_most_s);
    thorough.max_time_s = fmax(thorough.max_time_s, ROUNDS_LEAST * launch_s);
    thorough.min_time_s = thorough.max_time_s;
    thorough.min_runs = thorough.max_runs = 5 * FAIR_ROUNDS_MAX;
    thorough.ci_percent = 0;
    return thorough;
}

static void free_rows(struct hcb_result *rows, size_t count)
{
    for (size_t i = 0; i < count && rows != NULL; i++)
        hcb_result_clear(&rows[i]);
    free(rows);
}

/* Measures points of a case side by side.  NULL when memory is short. */
static struct hcb_result *measure(struct hunt *hunt, const struct options *options,
                                  const struct tune_point *points, size_t count)
{
    const struct hcb_result *row = hunt->result->row;
    struct hcb_result *rows = calloc(count, sizeof *rows);
    for (size_t i = 0; i < count && rows != NULL; i++) {
        hcb_result_init(&rows[i], row->device, &row->task);
        hcb_parameters_text(&hunt->result->parameters, points[i].values, rows[i].parameters);
    }
    if (rows != NULL)
        conductor_try(hunt->conductor, options, rows, count);
    return rows;
}

static void fail(struct tune_case *result, const struct hcb_result *row)
{
    result->end = TUNE_FAILED;
    snprintf(result->reason, sizeof result->reason, "%s: %.200s", hcb_status_name(row->status),
             row->reason);
}

static void say(struct tune_case *result, const char *why)
{
    snprintf(result->reason, sizeof result->reason, "%s", why);
}

static void stop(struct tune_case *result, const char *why)
{
    result->end = TUNE_STOPPED;
    say(result, why);
}

static bool hold_contest(void *context, const struct tune_point *points, size_t count, double *speedups)
{
    struct hunt *hunt = context;
    struct tune_case *result = hunt->result;
    const double start_s = now_s();
    const struct options options = contest_options(hunt->record->options);
    const bool is_first = isnan(result->table_s);
    if (link_interrupted() != 0 || (!is_first && start_s + hunt->contest_s > hunt->deadline_s))
        return false;
    struct hcb_result *rows = measure(hunt, &options, points, count);
    struct tune_contest *contest = rows != NULL ? note_contest(result, points, rows, count) : NULL;
    if (contest == NULL) {
        free_rows(rows, count);
        stop(result, "out of memory");
        return false;
    }
    const bool good = rows[0].status == HCB_OK && link_interrupted() == 0;
    if (!good && is_first && link_interrupted() == 0)
        fail(result, &rows[0]);
    if (good && is_first)
        result->table_s = hcb_result_clock(&rows[0])->summary.median;
    for (size_t i = 1; i < count && good; i++) {
        result->failed += rows[i].status != HCB_OK;
        speedups[i] = rows[i].status == HCB_OK
                          ? hcb_clock_ratio_only(hcb_result_clock(&rows[0]),
                                                 hcb_result_clock(&rows[i]), true)
                          : (double)NAN;
        contest->candidates[i].speedup.ratio = speedups[i];
    }
    free_rows(rows, count);
    hunt->contest_s = now_s() - start_s;
    return good;
}

/* ----------------------------------------------------------- the last contest */

/* The rounds of a row, each by its fastest window. */
static bool reduce(const struct hcb_result *row, struct hcb_clock_result *clock)
{
    const struct hcb_clock_result *samples = hcb_result_clock(row);
    bool good = true;
    for (size_t i = 0, end; i < samples->summary.n && good; i = end) {
        for (end = i + 1; end < samples->summary.n && samples->rounds[end] == samples->rounds[i];)
            end++;
        good = fair_add(clock, samples->rounds[i], samples->samples + i, end - i);
    }
    return good;
}

/* Is the second of two rows proven to be faster than the table's? */
static bool wins(const struct hcb_result *rows, uint64_t seed, struct hcb_ratio *speedup)
{
    struct hcb_clock_result clocks[2] = {{.samples = NULL}, {.samples = NULL}};
    const bool good = reduce(&rows[0], &clocks[0]) && reduce(&rows[1], &clocks[1]);
    const bool won = good && fair_choose(clocks, 2).used == 1;
    if (good)
        *speedup = hcb_clock_ratio(&clocks[0], &clocks[1], true, seed);
    hcb_clock_clear(&clocks[0]);
    hcb_clock_clear(&clocks[1]);
    return won;
}

/* Is a point proven to be faster than the table? */
static void decide(struct hunt *hunt, const struct tune_point *point, double seconds)
{
    struct tune_case *result = hunt->result;
    const struct tune_point points[2] = {table_of(result), *point};
    const struct options options = last_options(hunt->record->options, seconds, result->table_s);
    memcpy(result->values, point->values, sizeof result->values);
    result->best_s = (double)NAN;
    result->speedup = (struct hcb_ratio){(double)NAN, (double)NAN, (double)NAN};
    struct hcb_result *rows = measure(hunt, &options, points, 2);
    struct tune_contest *contest = rows != NULL ? note_contest(result, points, rows, 2) : NULL;
    if (contest == NULL || link_interrupted() != 0) {
        stop(result, contest == NULL ? "out of memory" : "the search was stopped");
    } else if (rows[0].status != HCB_OK) {
        fail(result, &rows[0]);
    } else if (rows[1].status != HCB_OK) {
        result->failed++;
        say(result, "what looked faster failed in the last contest");
    } else {
        result->table_s = hcb_result_clock(&rows[0])->summary.median;
        result->best_s = hcb_result_clock(&rows[1])->summary.median;
        if (wins(rows, hunt->record->options->seed, &result->speedup))
            result->end = TUNE_KEPT;
        say(result, result->end == TUNE_KEPT ? "proven to be more than 1.05 times as fast as the table"
                                             : "not proven to be more than 1.05 times as fast as the table");
        contest->candidates[1].speedup = result->speedup;
    }
    if (contest != NULL)
        contest->is_last = true;
    free_rows(rows, 2);
}

static const struct hcb_device_info *device_of(const struct hunt *hunt)
{
    return &record_device(hunt->record, hunt->result->row->device)->info;
}

/* What was found says the store from now on, be it the table. */
static void keep(struct hunt *hunt)
{
    struct tune_case *result = hunt->result;
    const struct tune_point table = table_of(result);
    if (!store_keep(device_of(hunt), &result->parameters, &result->row->task,
                    result->end == TUNE_KEPT ? result->values : table.values)) {
        result->end = TUNE_FAILED;
        say(result, "the parameters could not be kept");
    }
}

/* ------------------------------------------------------------------- one case */

/* Those of an earlier search are tried first. */
static bool earlier_winner(const struct hunt *hunt, const struct store *store,
                           struct tune_point *point)
{
    const struct tune_case *result = hunt->result;
    char why[HCB_REASON_SIZE];
    return store_find(store, device_of(hunt), &result->parameters, &result->row->task,
                      point->values, why, sizeof why);
}

static void tune_one(struct hunt *hunt, const struct store *store, double seconds)
{
    struct tune_case *result = hunt->result;
    const struct tune_point table = table_of(result);
    struct tune_point first = {.values = {0}}, best;
    const bool has_earlier = earlier_winner(hunt, store, &first);
    hunt->deadline_s = now_s() + (1 - last_share) * seconds;
    result->end = TUNE_TABLE;
    say(result, "nothing that was tried looked faster than the table");
    result->tried = tune_search(&result->parameters,
                                has_earlier ? &first : NULL, hold_contest, hunt, &best);
    memcpy(result->values, best.values, sizeof result->values);
    if (result->end == TUNE_TABLE && (link_interrupted() != 0 || result->tried < 0))
        stop(result, link_interrupted() != 0 ? "the search was stopped" : "out of memory");
    if (result->end == TUNE_TABLE && !same(&best, &table))
        decide(hunt, &best, last_share * seconds);
    /* What was proven once is forgotten after a contest of its own only. */
    if (result->end == TUNE_TABLE && has_earlier && !same(&best, &first))
        decide(hunt, &first, last_share * seconds);
    if (result->end == TUNE_TABLE || result->end == TUNE_KEPT)
        keep(hunt);
}

/* ------------------------------------------------------------------ all cases */

/* The rows whose kernels have parameters.  NULL when memory is short. */
static struct tune_case *find_cases(struct record *record, struct conductor *conductor, size_t *count)
{
    struct tune_case *cases = calloc(record->result_count + 1, sizeof *cases);
    *count = 0;
    for (size_t i = 0; i < record->result_count && cases != NULL && link_interrupted() == 0; i++) {
        struct hcb_result *row = &record->results[i];
        struct tune_case *result = &cases[*count];
        *result = (struct tune_case){.row = row, .table_s = (double)NAN, .best_s = (double)NAN,
                                     .speedup = {(double)NAN, (double)NAN, (double)NAN}};
        row->status = conductor_parameters(conductor, row, &result->parameters);
        if (row->status == HCB_UNSUPPORTED || row->status == HCB_SKIPPED ||
            (row->status == HCB_OK && result->parameters.count == 0))
            continue;
        stop(result, "no time was left");
        if (row->status != HCB_OK)
            fail(result, row);
        ++*count;
    }
    return cases;
}

static void tune_all(struct record *record, struct conductor *conductor, struct tune_case *cases,
                     size_t count)
{
    struct store *store = store_open();
    const double end_s = now_s() + record->options->budget_s;
    for (size_t i = 0; i < count; i++) {
        struct hunt hunt = {.record = record, .conductor = conductor, .result = &cases[i]};
        const double left_s = end_s - now_s();
        if (link_interrupted() != 0)
            stop(&cases[i], "the search was stopped");
        else if (cases[i].end != TUNE_FAILED && left_s > 0)
            tune_one(&hunt, store, left_s / (double)(count - i));
    }
    store_close(store);
}

static int exit_status(const struct tune_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (cases[i].end == TUNE_FAILED)
            return EXIT_BAD_ROW;
    return EXIT_DONE;
}

static void free_cases(struct tune_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(cases[i].contests);
    free(cases);
}

/* False when an output could not be written. */
static bool show(const struct record *record, const struct tune_case *cases, size_t count)
{
    const char *json = record->options->json;
    bool good = json == NULL || tune_write_json(record, cases, count, json);
    if (record->options->quiet || count == 0 || (json != NULL && strcmp(json, "-") == 0))
        return good;
    struct page page = page_on_stdout(record->options);
    tune_print(record, cases, count, &page);
    return page_end(&page) && good;
}

int tune_run(struct record *record)
{
    const char *json = record->options->json;
    size_t count;
    if ((json != NULL && !output_check(json)) || !store_check() || !make_rows(record))
        return EXIT_BAD_ROW;
    struct conductor *conductor = conductor_open(record, 0);
    struct tune_case *cases = conductor != NULL ? find_cases(record, conductor, &count) : NULL;
    if (cases == NULL) {
        conductor_close(conductor);
        return EXIT_BAD_ROW;
    }
    tune_all(record, conductor, cases, count);
    conductor_close(conductor);
    int status = exit_status(cases, count);
    if (count == 0 && link_interrupted() == 0) {
        fprintf(stderr, "hcbench: nothing to tune: no kernel of these devices has parameters for "
                        "what was asked\n");
        status = EXIT_NO_DEVICE;
    }
    if (!show(record, cases, count))
        status = EXIT_BAD_ROW;
    free_cases(cases, count);
    return status;
}
