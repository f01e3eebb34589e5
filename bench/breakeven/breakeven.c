/* SPDX-License-Identifier: Apache-2.0 */
/* Between the search, which knows sizes, and the conductor, which knows devices. */
#include "config.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "breakeven/breakeven.h"
#include "files/journal.h"
#include "measure/conductor.h"
#include "measure/link.h"
#include "terminal/devices.h"

/* A device and an impl that is compared with the CPU, or the CPU's own. */
struct entrant {
    const struct hcb_device_info *info;
    enum hcb_impl impl;
    bool is_baseline;
    size_t contender; /* its number among those that are none */
};

/* The search for one kind of computation. */
struct hunt {
    struct record *record;
    struct conductor *conductor;
    struct hcb_case base; /* impl and shape mean nothing */
    struct entrant *entrants; /* those of a device next to each other */
    size_t entrant_count, contender_count;
    char baseline[40]; /* of the last row that had one */
    bool short_of_memory;
    bool differs; /* from the journal that it goes on from */
};

/* --------------------------------------------------------------- what to search */

/* Sizes when the user names none.  The upper end is for hardware; without any a
 * smaller one says as much in less time. */
struct scale {
    uint64_t low, high, high_software;
    double coarse;
};
static const struct scale matrices[] = {[PRESET_DEFAULT] = {16, 4096, 2048, 2},
                                        [PRESET_QUICK] = {16, 1024, 1024, 4},
                                        [PRESET_FULL] = {8, 16384, 4096, 1.4142135623730951}},
                          vectors[] = {[PRESET_DEFAULT] = {1 << 10, 1 << 26, 1 << 24, 4},
                                       [PRESET_QUICK] = {1 << 10, 1 << 22, 1 << 22, 16},
                                       [PRESET_FULL] = {1 << 8, 1 << 28, 1 << 26, 2}};
/* How near to look, and the longest launch in seconds. */
static const struct search_rules thoroughness[] = {
    [PRESET_DEFAULT] = {.longest_s = 1, .sizes = 40, .crossing = {6, 10, 1.15}},
    [PRESET_QUICK] = {.longest_s = 0.2, .sizes = 12, .crossing = {5, 6, 1.4}},
    [PRESET_FULL] = {.longest_s = 20, .sizes = 120, .crossing = {8, 16, 1.05}}};
enum { MATRIX_STEP = 16, VECTOR_STEP = 1024 };

static bool has_hardware(const struct record *record)
{
    for (size_t i = 0; i < record->device_count; i++)
        if (record->devices[i].info.type != HCB_DEVICE_CPU && !record->devices[i].info.software)
            return true;
    return false;
}

static struct search_rules rules_for(const struct record *record, enum hcb_op op)
{
    const struct options *options = record->options;
    const bool matrix = hcb_op_rank(op) == 3;
    const struct scale *scale = &(matrix ? matrices : vectors)[options->preset];
    struct search_rules rules = thoroughness[options->preset];
    rules.coarse = scale->coarse;
    rules.exponent = matrix ? 3 : 1;
    rules.grid =
        (struct size_grid){.low = scale->low,
                           .high = has_hardware(record) ? scale->high : scale->high_software,
                           .step = matrix ? MATRIX_STEP : VECTOR_STEP};
    if (options->range.high != 0) {
        rules.grid.low = options->range.low;
        rules.grid.high = options->range.high;
    }
    return rules;
}

static bool add_entrant(struct hunt *hunt, const struct hcb_device_info *info, enum hcb_impl impl)
{
    struct entrant *larger =
        realloc(hunt->entrants, (hunt->entrant_count + 1) * sizeof *hunt->entrants);
    if (larger == NULL)
        return false;
    hunt->entrants = larger;
    struct entrant *entrant = &larger[hunt->entrant_count++];
    *entrant =
        (struct entrant){.info = info, .impl = impl, .is_baseline = device_is_baseline(info)};
    if (!entrant->is_baseline)
        entrant->contender = hunt->contender_count++;
    return true;
}

/* The impls that a device takes part with, as bits: those that the user wants.  The
 * CPU takes part with others, too, rather than not at all. */
static unsigned impls_of(const struct hunt *hunt, const struct hcb_device_info *info)
{
    const int platform = hcb_word(hcb_platform_name, info->platform);
    const unsigned wanted = hunt->record->options->impls, reference = 1u << HCB_IMPL_REF;
    unsigned offered = 0;
    for (unsigned impl = 0; impl < HCB_IMPL_COUNT && platform >= 0; impl++) {
        const unsigned offers = 
            hcb_platform_offers((unsigned)platform, hunt->base.op, impl, hunt->base.sum);
        offered |= (offers >> hunt->base.precision & 1) << impl;
    }
    if (!device_is_baseline(info))
        return offered & wanted;
    offered &= ~reference;
    return (offered & wanted) != 0 ? offered & wanted : offered;
}

static bool gather_entrants(struct hunt *hunt)
{
    for (size_t i = 0; i < hunt->record->device_count; i++) {
        const struct hcb_device_info *info = &hunt->record->devices[i].info;
        const unsigned impls = impls_of(hunt, info);
        for (unsigned impl = 0; impl < HCB_IMPL_COUNT; impl++)
            if ((impls >> impl & 1) != 0 && !add_entrant(hunt, info, (enum hcb_impl)impl))
                return false;
    }
    return true;
}

/* ------------------------------------------------------------------- measuring */

static struct hcb_shape shape_of(enum hcb_op op, uint64_t n)
{
    const uint64_t other = hcb_op_rank(op) == 3 ? n : 1;
    return (struct hcb_shape){other, n, other};
}

static double seconds_of(const struct hcb_result *row)
{
    const double launch = hcb_result_clock(row)->summary.median;
    return row->end_to_end.summary.n > 0 ? fmax(launch, row->end_to_end.summary.median) : launch;
}

static void read_contender(struct hunt *hunt, const struct hcb_result *row,
                           struct search_outcome *outcome)
{
    outcome->measured = row->status == HCB_OK;
    outcome->goes_on = row->status == HCB_UNSUPPORTED;
    outcome->ratios[CLOCK_KERNEL] = row->speedup_kernel;
    outcome->ratios[CLOCK_END_TO_END] = row->speedup_end_to_end;
    outcome->seconds = outcome->measured ? seconds_of(row) : (double)NAN;
    if (row->baseline[0] != '\0')
        memcpy(hunt->baseline, row->baseline, sizeof hunt->baseline);
}

static void read_rows(struct hunt *hunt, const struct hcb_result *rows, const size_t *entrants,
                      size_t count, struct search_outcome *outcomes, double *baseline_s)
{
    for (size_t i = 0; i < count; i++) {
        const struct entrant *entrant = &hunt->entrants[entrants[i]];
        if (!entrant->is_baseline)
            read_contender(hunt, &rows[i], &outcomes[entrant->contender]);
        else if (rows[i].status == HCB_OK && rows[i].baseline[0] == '\0')
            *baseline_s = seconds_of(&rows[i]); /* no other CPU row came before it */
    }
}

/* Appends a row to the record for each entrant that takes part, and notes which. */
static bool plan_rows(struct hunt *hunt, uint64_t n, const bool *wanted, size_t *entrants)
{
    struct record *record = hunt->record;
    struct hcb_case task = hunt->base;
    struct hcb_result *larger =
        realloc(record->results, (record->result_count + hunt->entrant_count) * sizeof *larger);
    if (larger == NULL || entrants == NULL)
        return false;
    record->results = larger;
    task.shape = shape_of(task.op, n);
    for (size_t i = 0; i < hunt->entrant_count; i++) {
        const struct entrant *entrant = &hunt->entrants[i];
        if (!entrant->is_baseline && !wanted[entrant->contender])
            continue;
        task.impl = entrant->impl;
        *entrants++ = i;
        hcb_result_init(&larger[record->result_count++], entrant->info->id, &task);
    }
    return true;
}

/* Where a search goes on from a journal, it asks for the same sizes again and gets
 * what was measured then. */
static bool measure(void *context, uint64_t n, const bool *wanted, struct search_outcome *outcomes,
                    double *baseline_s)
{
    struct hunt *hunt = context;
    struct record *record = hunt->record;
    const size_t first = record->result_count;
    size_t *entrants = calloc(hunt->entrant_count, sizeof *entrants);
    bool taken = false, good = plan_rows(hunt, n, wanted, entrants);
    const size_t count = record->result_count - first;
    hunt->short_of_memory |= !good;
    if (good && !journal_take_case(record, first, &taken)) {
        hunt->differs = true;
        good = false;
    }
    if (good && !taken)
        conductor_run(hunt->conductor, record->results + first, count);
    good = good && link_interrupted() == 0;
    if (good)
        read_rows(hunt, record->results + first, entrants, count, outcomes, baseline_s);
    free(entrants);
    return good;
}

/* --------------------------------------------------------------- what came out */

/* Sizes are whole numbers; intervals are rounded outwards, but not for what exp()
 * and log() made of a whole number. */
static void round_sizes(struct finding *finding)
{
    const double trace = 1e-9;
    for (size_t i = 0; i < finding->count; i++) {
        struct crossing *crossing = &finding->crossings[i];
        crossing->size = round(crossing->size);
        crossing->ci95_low = fmax(floor(crossing->ci95_low * (1 + trace)), 1);
        crossing->ci95_high = ceil(crossing->ci95_high * (1 - trace));
    }
}

HCB_PRINTF(2, 3) static void add_reason(struct finding *finding, const char *format, ...)
{
    const size_t used = strlen(finding->reason);
    char text[80];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(finding->reason + used, sizeof finding->reason - used, "%s%s", used > 0 ? "; " : "",
             text);
}

static bool keep_breakeven(struct hunt *hunt, const struct entrant *entrant,
                           enum search_clock clock, const struct search_rules *rules,
                           struct search_result *result)
{
    struct record *record = hunt->record;
    struct breakeven *larger =
        realloc(record->breakevens, (record->breakeven_count + 1) * sizeof *larger);
    if (larger == NULL)
        return false;
    record->breakevens = larger;
    struct breakeven *breakeven = &larger[record->breakeven_count++];
    *breakeven = (struct breakeven){.task = hunt->base,
                                    .clock = clock,
                                    .curve = result->curves[clock],
                                    .finding = result->findings[clock]};
    result->curves[clock] = (struct curve){0};
    breakeven->task.impl = entrant->impl;
    memcpy(breakeven->device, entrant->info->id, sizeof breakeven->device);
    memcpy(breakeven->baseline, hunt->baseline, sizeof breakeven->baseline);
    round_sizes(&breakeven->finding);
    if (result->too_slow)
        add_reason(&breakeven->finding, "larger sizes take more than %g s a launch",
                   rules->longest_s);
    if (link_interrupted() != 0)
        add_reason(&breakeven->finding, "the search was stopped");
    return true;
}

/* Contenders of which nothing could be measured have their reasons in the rows. */
static bool keep_breakevens(struct hunt *hunt, const struct search_rules *rules,
                            struct search_result *results)
{
    bool good = true;
    for (size_t i = 0; i < hunt->entrant_count; i++) {
        const struct entrant *entrant = &hunt->entrants[i];
        for (unsigned clock = 0; clock < CLOCK_COUNT && !entrant->is_baseline && good; clock++)
            if (results[entrant->contender].curves[clock].count > 0)
                good = keep_breakeven(hunt, entrant, (enum search_clock)clock, rules,
                                      &results[entrant->contender]);
    }
    return good;
}

/* By size, and otherwise in the order of measurement, from row `first` on. */
static void sort_rows(struct record *record, size_t first)
{
    struct hcb_result *rows = record->results;
    for (size_t i = first + 1; i < record->result_count; i++) {
        const struct hcb_result row = rows[i];
        size_t at = i;
        for (; at > first && rows[at - 1].task.shape.n > row.task.shape.n; at--)
            ;
        memmove(rows + at + 1, rows + at, (i - at) * sizeof *rows);
        rows[at] = row;
    }
}

/* ------------------------------------------------------------------ all searches */

/* False after one line on stderr. */
static bool hunt_one(struct record *record, struct conductor *conductor, const struct hcb_case *kind)
{
    struct hunt hunt = {.record = record, .conductor = conductor, .base = *kind};
    const struct search_rules rules = rules_for(record, kind->op);
    const size_t first = record->result_count;
    bool good = gather_entrants(&hunt);
    struct search_result *results = calloc(hunt.contender_count + 1, sizeof *results);
    good = good && results != NULL;
    if (good && hunt.contender_count > 0) {
        good = search_run(&rules, hunt.contender_count, measure, &hunt, results) &&
               !hunt.short_of_memory && !hunt.differs;
        good = good && keep_breakevens(&hunt, &rules, results);
        sort_rows(record, first);
    }
    for (size_t i = 0; i < hunt.contender_count && results != NULL; i++)
        for (unsigned clock = 0; clock < CLOCK_COUNT; clock++)
            curve_clear(&results[i].curves[clock]);
    free(results);
    free(hunt.entrants);
    if (!good && !hunt.differs)
        fprintf(stderr, "hcbench: out of memory for the rows\n");
    return good;
}

static bool hunt_all(struct record *record, struct conductor *conductor)
{
    struct hcb_case kind;
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        for (unsigned i = 0; record_kind((enum hcb_op)op, i, &kind); i++)
            if (options_ask_for(record->options, &kind) && link_interrupted() == 0 &&
                !hunt_one(record, conductor, &kind))
                return false;
    return true;
}

static size_t count_devices(const struct record *record, bool baseline)
{
    size_t count = 0;
    for (size_t i = 0; i < record->device_count; i++)
        count += device_is_baseline(&record->devices[i].info) == baseline;
    return count;
}

int breakeven_run(struct record *record)
{
    const bool has_baseline = count_devices(record, true) > 0,
               has_others = count_devices(record, false) > 0;
    if (!has_baseline || !has_others) {
        fprintf(stderr, "hcbench: nothing to compare with: there is no %s\n",
                has_baseline ? "device besides the CPU" : "CPU to be compared with");
        return EXIT_NO_DEVICE;
    }
    struct conductor *conductor = conductor_open(record, 0);
    if (conductor == NULL)
        return EXIT_BAD_ROW;
    const bool good = hunt_all(record, conductor);
    conductor_close(conductor);
    if (good && record->result_count == 0 && link_interrupted() == 0) {
        fprintf(stderr, "hcbench: no device has code for what was asked: no impl offers that op "
                        "and precision\n");
        return EXIT_NO_DEVICE;
    }
    return good ? EXIT_DONE : EXIT_BAD_ROW;
}
