/* SPDX-License-Identifier: Apache-2.0 */
/* The search for break-evens on curves that are known: which answer, how often its
 * interval holds the truth, how wide it is, and what the search costs.  The same
 * through devices and processes is in breakeven.sh. */
#include "config.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "breakeven/breakeven.h"
#include "suite.h"

/* ------------------------------------------------------------ synthetic devices */

/* Times of a launch of size n in seconds: fixed + work / rate, and what a copy adds
 * end to end. */
struct machine {
    double fixed, rate;      /* rate: units of work each second; work is n^exponent */
    double copy, copy_rate;  /* end to end: copy + n^copy_exponent / copy_rate */
    double (*other)(double n); /* factor on the launch; NULL: 1 */
};

struct laboratory {
    struct machine cpu, devices[3];
    double exponent, copy_exponent;
    double noise, drift, outliers;
    unsigned rounds, windows; /* of a measurement */
    uint64_t seed, draws;
    double time_s;
    unsigned visits;
    uint64_t fails_from; /* sizes from here on are unsupported; 0: none */
    uint64_t stops_at;   /* number of visits; 0: never */
};

static double launch_s(const struct laboratory *lab, const struct machine *machine, double n)
{
    const double s = machine->fixed + pow(n, lab->exponent) / machine->rate;
    return machine->other != NULL ? s * machine->other(n) : s;
}

static double whole_s(const struct laboratory *lab, const struct machine *machine, double n)
{
    const double copies =
        machine->copy_rate > 0 ? pow(n, lab->copy_exponent) / machine->copy_rate : 0;
    return launch_s(lab, machine, n) + machine->copy + copies;
}

static double factor(struct laboratory *lab)
{
    uint32_t words[4];
    const uint32_t key[2] = {(uint32_t)lab->seed, 77}, counter[4] = {(uint32_t)lab->draws++};
    hcb_philox4x32(counter, key, words);
    const double u = (words[0] + 0.5) * 0x1p-32, v = (words[1] + 0.5) * 0x1p-32;
    double f = exp(lab->noise * sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
    f *= exp(lab->drift * sin(lab->time_s / 3));
    if (words[2] * 0x1p-32 < lab->outliers)
        f *= 1.5 + 2.5 * words[3] * 0x1p-32;
    return f;
}

/* Both sides take turns, as under the conductor. */
static struct hcb_ratio compare(struct laboratory *lab, double cpu_s, double device_s)
{
    struct hcb_clock_result cpu = {0}, device = {0};
    double samples[16];
    for (uint32_t round = 0; round < lab->rounds; round++) {
        for (unsigned i = 0; i < lab->windows; i++, lab->time_s += 0.02)
            samples[i] = cpu_s * factor(lab);
        ck_assert(hcb_clock_add(&cpu, round, samples, lab->windows));
        for (unsigned i = 0; i < lab->windows; i++, lab->time_s += 0.02)
            samples[i] = device_s * factor(lab);
        ck_assert(hcb_clock_add(&device, round, samples, lab->windows));
    }
    const struct hcb_ratio ratio = hcb_clock_ratio(&cpu, &device, true, 1);
    hcb_clock_clear(&cpu);
    hcb_clock_clear(&device);
    return ratio;
}

static bool measure(void *context, uint64_t n, const bool *wanted, struct search_outcome *outcomes,
                    double *baseline_s)
{
    struct laboratory *lab = context;
    const double size = (double)n;
    if (lab->stops_at != 0 && lab->visits == lab->stops_at)
        return false;
    lab->visits++;
    *baseline_s = launch_s(lab, &lab->cpu, size);
    for (size_t i = 0; i < 3; i++) {
        const struct machine *device = &lab->devices[i];
        if (device->rate <= 0 || !wanted[i])
            continue;
        if (lab->fails_from != 0 && n >= lab->fails_from) {
            outcomes[i].goes_on = true;
            continue;
        }
        outcomes[i].measured = true;
        outcomes[i].seconds = whole_s(lab, device, size);
        outcomes[i].ratios[CLOCK_KERNEL] = compare(lab, *baseline_s, launch_s(lab, device, size));
        outcomes[i].ratios[CLOCK_END_TO_END] =
            compare(lab, whole_s(lab, &lab->cpu, size), whole_s(lab, device, size));
    }
    return true;
}

/* The size at which both take the same time, by bisection on the models. */
static double truth(const struct laboratory *lab, const struct machine *device, unsigned clock,
                    double low, double high)
{
    double (*const time_s)(const struct laboratory *, const struct machine *, double) =
        clock == CLOCK_KERNEL ? launch_s : whole_s;
    for (int i = 0; i < 100; i++) {
        const double middle = sqrt(low * high);
        if (time_s(lab, &lab->cpu, middle) < time_s(lab, device, middle))
            low = middle;
        else
            high = middle;
    }
    return sqrt(low * high);
}

static const struct search_rules matrices = {.grid = {16, 4096, 16},
                                             .coarse = 2,
                                             .exponent = 3,
                                             .longest_s = 1,
                                             .sizes = 60,
                                             .crossing = {6, 10, 1.15}};
static const struct search_rules vectors = {.grid = {1 << 10, 1 << 26, 1024},
                                            .coarse = 4,
                                            .exponent = 1,
                                            .longest_s = 1,
                                            .sizes = 60,
                                            .crossing = {6, 10, 1.15}};

/* A CPU at 100 GFLOP/s and a device at 1 TFLOP/s behind 20 us and a bus of 6 GB/s. */
static const struct laboratory matmul_lab = {.cpu = {1e-6, 50e9, 0, 0, NULL},
                                             .devices = {{20e-6, 500e9, 30e-6, 5e8, NULL}},
                                             .exponent = 3,
                                             .copy_exponent = 2,
                                             .noise = 0.05,
                                             .drift = 0.02,
                                             .outliers = 0.05,
                                             .rounds = 6,
                                             .windows = 3};
static const struct laboratory sum_lab = {.cpu = {1e-6, 5e9, 0, 0, NULL},
                                          .devices = {{50e-6, 50e9, 0, 0, NULL}},
                                          .exponent = 1,
                                          .copy_exponent = 1,
                                          .noise = 0.05,
                                          .drift = 0.02,
                                          .outliers = 0.05,
                                          .rounds = 6,
                                          .windows = 3};

static struct search_result results[3];

static void search(const struct search_rules *rules, struct laboratory *lab, size_t count)
{
    memset(results, 0, sizeof results);
    ck_assert(search_run(rules, count, measure, lab, results));
}

static void forget(void)
{
    for (size_t i = 0; i < 3; i++)
        for (unsigned clock = 0; clock < CLOCK_COUNT; clock++)
            curve_clear(&results[i].curves[clock]);
}

/* ---------------------------------------------------------------------- coverage */

struct score {
    unsigned held, wide, visits;
    double widths; /* sum of logarithms */
};

static void score_seeds(const struct search_rules *rules, const struct laboratory *base,
                        unsigned seeds, struct score scores[CLOCK_COUNT])
{
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct laboratory lab = *base;
        lab.seed = seed;
        search(rules, &lab, 1);
        for (unsigned clock = 0; clock < CLOCK_COUNT; clock++) {
            const struct finding *finding = &results[0].findings[clock];
            const double crossing = truth(&lab, &lab.devices[0], clock, (double)rules->grid.low,
                                          (double)rules->grid.high);
            const struct crossing *found = &finding->crossings[0];
            const bool held = finding->answer == ANSWER_CROSSES && found->ci95_low <= crossing &&
                              crossing <= found->ci95_high;
            const double width = log(found->ci95_high / found->ci95_low);
            scores[clock].held += held;
            scores[clock].wide += width > log(1.2);
            scores[clock].widths += width;
            scores[clock].visits += lab.visits;
        }
        forget();
    }
    for (unsigned clock = 0; clock < CLOCK_COUNT; clock++)
        printf("%s: %u of %u hold, mean width %.3f, %u wider than 1.2, %.1f sizes\n",
               search_clock_name(clock), scores[clock].held, seeds,
               exp(scores[clock].widths / seeds), scores[clock].wide,
               (double)scores[clock].visits / seeds);
}

/* 95 % intervals; the noise is drawn from the seeds, so this is the same each time. */
START_TEST(intervals_hold_the_truth)
{
    struct score of_matmul[CLOCK_COUNT] = {{0}}, of_sum[CLOCK_COUNT] = {{0}};
    score_seeds(&matrices, &matmul_lab, 20, of_matmul);
    score_seeds(&vectors, &sum_lab, 20, of_sum);
    for (unsigned clock = 0; clock < CLOCK_COUNT; clock++) {
        ck_assert_uint_ge(of_matmul[clock].held, 18);
        ck_assert_uint_ge(of_sum[clock].held, 18);
        ck_assert_uint_le(of_matmul[clock].wide, 2);
        ck_assert_uint_le(of_sum[clock].wide, 2);
        ck_assert_uint_le(of_matmul[clock].visits / 20, 25);
    }
}
END_TEST

/* ------------------------------------------------------------------- the answers */

static const struct finding *kernel_of(size_t contender)
{
    return &results[contender].findings[CLOCK_KERNEL];
}

static void has_answer(enum answer answer)
{
    ck_assert_str_eq(answer_name(kernel_of(0)->answer), answer_name(answer));
}

START_TEST(never)
{
    struct laboratory lab = matmul_lab;
    lab.devices[0].rate = 30e9;
    search(&matrices, &lab, 1);
    has_answer(ANSWER_NEVER);
    ck_assert_uint_eq(kernel_of(0)->low, 16);
    ck_assert_uint_eq(kernel_of(0)->high, 2048); /* 4096 takes 2.3 s */
    ck_assert(results[0].too_slow);
    ck_assert_uint_eq(lab.visits, 8); /* nothing to look at more closely */
    forget();
}
END_TEST

START_TEST(always)
{
    struct laboratory lab = sum_lab;
    lab.devices[0].fixed = 0.5e-6;
    search(&vectors, &lab, 1);
    has_answer(ANSWER_ALWAYS);
    ck_assert_uint_eq(kernel_of(0)->low, 1 << 10);
    ck_assert_uint_eq(kernel_of(0)->high, 1 << 26);
    ck_assert(!results[0].too_slow);
    forget();
}
END_TEST

/* Faster while the operands fit into its cache. */
static double spills(double n)
{
    return n > 500 ? 30 : 1;
}

START_TEST(until)
{
    struct laboratory lab = matmul_lab;
    lab.devices[0] = (struct machine){.fixed = 0.5e-6, .rate = 500e9, .other = spills};
    search(&matrices, &lab, 1);
    has_answer(ANSWER_UNTIL);
    const struct crossing *crossing = &kernel_of(0)->crossings[0];
    ck_assert(crossing->ci95_low <= 500 && 500 <= crossing->ci95_high);
    ck_assert(crossing->from >= 480 && crossing->to <= 528);
    forget();
}
END_TEST

START_TEST(several)
{
    struct laboratory lab = matmul_lab;
    lab.devices[0].other = spills;
    search(&matrices, &lab, 1);
    has_answer(ANSWER_SEVERAL);
    ck_assert_uint_eq(kernel_of(0)->count, 2);
    const struct crossing *up = &kernel_of(0)->crossings[0], *down = up + 1;
    lab.devices[0].other = NULL;
    const double crossing = truth(&lab, &lab.devices[0], CLOCK_KERNEL, 16, 400);
    ck_assert(up->upward && up->ci95_low <= crossing && crossing <= up->ci95_high);
    ck_assert(!down->upward && down->ci95_low <= 500 && 500 <= down->ci95_high);
    ck_assert(up->ci95_high < 1.2 * up->ci95_low && down->ci95_high < 1.2 * down->ci95_low);
    forget();
}
END_TEST

/* The same speed at every size: no number may be made up. */
START_TEST(flat)
{
    unsigned unclear = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct laboratory lab = sum_lab;
        lab.seed = seed;
        lab.devices[0] = lab.cpu;
        search(&vectors, &lab, 1);
        unclear += kernel_of(0)->answer == ANSWER_UNCLEAR;
        if (kernel_of(0)->answer == ANSWER_UNCLEAR)
            ck_assert_ptr_nonnull(strstr(kernel_of(0)->reason, "no difference seen"));
        forget();
    }
    ck_assert_uint_ge(unclear, 18);
}
END_TEST

/* Noise of 40 %: wide intervals or none, but not wrong ones. */
START_TEST(very_noisy)
{
    unsigned wrong = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct laboratory lab = matmul_lab;
        lab.seed = seed;
        lab.noise = 0.4;
        search(&matrices, &lab, 1);
        const double crossing = truth(&lab, &lab.devices[0], CLOCK_KERNEL, 16, 4096);
        const struct crossing *found = &kernel_of(0)->crossings[0];
        const bool unclear = kernel_of(0)->answer == ANSWER_UNCLEAR;
        const bool right = kernel_of(0)->answer == ANSWER_CROSSES && found->ci95_low <= crossing &&
                           crossing <= found->ci95_high;
        wrong += !unclear && !right;
        forget();
    }
    ck_assert_uint_le(wrong, 2);
}
END_TEST

/* ------------------------------------------------------------ what is not measured */

START_TEST(sizes_that_fail)
{
    struct laboratory lab = matmul_lab;
    lab.fails_from = 512;
    search(&matrices, &lab, 1);
    has_answer(ANSWER_CROSSES);
    ck_assert_uint_eq(kernel_of(0)->high, 256);
    forget();
    lab.fails_from = 1;
    lab.visits = 0;
    search(&matrices, &lab, 1);
    has_answer(ANSWER_UNCLEAR);
    ck_assert_uint_eq(lab.visits, 1);
    ck_assert_uint_eq(results[0].curves[CLOCK_KERNEL].count, 0);
    ck_assert_str_eq(kernel_of(0)->reason, "no size could be measured");
    forget();
}
END_TEST

START_TEST(stopped)
{
    struct laboratory lab = matmul_lab;
    lab.stops_at = 3;
    search(&matrices, &lab, 1);
    has_answer(ANSWER_NEVER);
    ck_assert_uint_eq(kernel_of(0)->high, 64);
    forget();
}
END_TEST

/* Devices that cross at one size need few sizes more than one of them. */
START_TEST(devices_share_sizes)
{
    enum { SEEDS = 10 };
    struct laboratory lab = matmul_lab, alone = matmul_lab;
    lab.devices[2] = lab.devices[1] = lab.devices[0];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        lab.seed = alone.seed = seed;
        search(&matrices, &alone, 1);
        forget();
        search(&matrices, &lab, 3);
        for (size_t i = 0; i < 3; i++)
            ck_assert_int_eq((int)kernel_of(i)->answer, (int)ANSWER_CROSSES);
        forget();
    }
    printf("%u sizes for one device, %u for three\n", (unsigned)alone.visits, (unsigned)lab.visits);
    ck_assert_uint_le(lab.visits, alone.visits + 8 * SEEDS);
}
END_TEST

START_TEST(budget)
{
    struct laboratory lab = matmul_lab;
    struct search_rules rules = matrices;
    rules.sizes = 2;
    search(&rules, &lab, 1);
    ck_assert_uint_eq(lab.visits, 8 + 2);
    has_answer(ANSWER_CROSSES);
    /* Too few points for a line: the interval is what is certain. */
    ck_assert(kernel_of(0)->crossings[0].ci95_low <=
              1.001 * (double)kernel_of(0)->crossings[0].from);
    forget();
}
END_TEST

/* ---------------------------------------------------------------- the judge alone */

/* Points at 16, 32, 64 ... with these ratios, each to within 2 %; 0: no interval. */
static struct finding judge(size_t count, const double *ratios, struct curve *curve)
{
    for (size_t i = 0; i < count; i++) {
        struct hcb_ratio ratio = {ratios[i], ratios[i] / 1.02, ratios[i] * 1.02};
        if (ratios[i] == 0)
            ratio = (struct hcb_ratio){1.5, (double)NAN, (double)NAN};
        ck_assert(curve_add(curve, UINT64_C(16) << i, ratio));
    }
    return curve_judge(curve);
}

static const struct {
    double ratios[7];
    enum answer answer;
    const char *reason;
} judgements[] = {
    {{0.1, 0.2, 0.5, 2, 4, 5, 6}, ANSWER_CROSSES, ""},
    {{0.1, 0.2, 0.5, 1, 4, 5, 6}, ANSWER_CROSSES, ""},
    {{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7}, ANSWER_NEVER, ""},
    {{2, 3, 4, 5, 6, 7, 8}, ANSWER_ALWAYS, ""},
    {{2, 3, 1, 5, 6, 7, 8}, ANSWER_ALWAYS, ""},
    {{4, 3, 2, 0.5, 0.4, 0.3, 0.2}, ANSWER_UNTIL, ""},
    {{0.5, 2, 3, 0.5, 0.4, 0.3, 0.2}, ANSWER_SEVERAL, ""},
    {{0.5, 2, 0.5, 2, 0.5, 2, 0.5}, ANSWER_SEVERAL, ""},
    {{1, 1, 1, 1, 1, 1, 1}, ANSWER_UNCLEAR, "no difference seen at any size"},
    {{0, 0, 0, 0, 0, 0, 0}, ANSWER_UNCLEAR, "no difference seen at any size"},
    {{0.5, 0.6, 0.7, 0.8, 0.9, 1, 1}, ANSWER_UNCLEAR,
     "slower from 16 to 256, no difference seen from 512 on"},
    {{1, 1.01, 2, 3, 4, 5, 0}, ANSWER_UNCLEAR,
     "faster from 64 to 512, no difference seen up to 32 and from 1024 on"},
    {{0.1, 0.2, 0.5, 2, 3, 1, 1}, ANSWER_CROSSES, "no difference seen from 512 on"},
};

START_TEST(judged)
{
    struct curve curve = {0};
    const struct finding finding = judge(7, judgements[_i].ratios, &curve);
    ck_assert_str_eq(answer_name(finding.answer), answer_name(judgements[_i].answer));
    ck_assert_str_eq(finding.reason, judgements[_i].reason);
    for (size_t i = 0; i < finding.count; i++) {
        const struct crossing *crossing = &finding.crossings[i];
        ck_assert(crossing->ci95_low <= crossing->size && crossing->size <= crossing->ci95_high);
        ck_assert_uint_lt(crossing->from, crossing->to);
        ck_assert(!crossing->repeated);
    }
    curve_clear(&curve);
}
END_TEST

/* Changes of side next to each other are one crossing, or a dent. */
START_TEST(in_one_place)
{
    static const uint64_t sizes[] = {16, 96, 112, 120, 128, 512};
    static const double zigzag[] = {0.2, 0.9, 1.1, 0.9, 1.1, 3},
                        dent[] = {0.2, 0.5, 1.1, 0.5, 0.6, 0.7};
    struct curve one = {0}, other = {0};
    for (size_t i = 0; i < 6; i++) {
        ck_assert(curve_add(&one, sizes[i],
                            (struct hcb_ratio){zigzag[i], zigzag[i] / 1.02, zigzag[i] * 1.02}));
        ck_assert(curve_add(&other, sizes[i],
                            (struct hcb_ratio){dent[i], dent[i] / 1.02, dent[i] * 1.02}));
    }
    const struct finding first = curve_judge(&one), second = curve_judge(&other);
    ck_assert_int_eq((int)first.answer, (int)ANSWER_CROSSES);
    ck_assert(first.crossings[0].repeated);
    ck_assert_double_eq_tol(first.crossings[0].ci95_low, 96, 1e-6);
    ck_assert_double_eq_tol(first.crossings[0].ci95_high, 128, 1e-6);
    ck_assert_int_eq((int)second.answer, (int)ANSWER_NEVER);
    ck_assert_str_eq(second.reason, "but faster at some sizes between 96 and 120");
    curve_clear(&one);
    curve_clear(&other);
}
END_TEST

START_TEST(sizes_of_the_grid)
{
    const struct size_grid grid = {16, 4096, 16};
    static const struct {
        double size;
        uint64_t n;
    } snaps[] = {{3, 16}, {17.2, 18}, {40.9, 40}, {100, 104}, {135, 128}, {137, 144}, {5000, 4096}};
    for (size_t i = 0; i < sizeof snaps / sizeof *snaps; i++)
        ck_assert_uint_eq(grid_snap(&grid, snaps[i].size), snaps[i].n);
}
END_TEST

/* --------------------------------------------------------------------- the file */

/* A record whose break-even is that of `ratios`. */
static struct record record_of(const double *ratios)
{
    struct record record = {.breakevens = calloc(1, sizeof *record.breakevens),
                            .breakeven_count = 1};
    struct breakeven *breakeven = record.breakevens;
    ck_assert_ptr_nonnull(breakeven);
    *breakeven =
        (struct breakeven){.device = "null:1",
                           .baseline = "null:0/native",
                           .task = {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_F64, {1, 1, 1}, HCB_SUM_NEUMAIER},
                           .clock = CLOCK_END_TO_END};
    breakeven->finding = judge(7, ratios, &breakeven->curve);
    for (size_t i = 0; i < breakeven->finding.count; i++) {
        struct crossing *crossing = &breakeven->finding.crossings[i];
        crossing->size = round(crossing->size);
        crossing->ci95_low = floor(crossing->ci95_low);
        crossing->ci95_high = ceil(crossing->ci95_high);
    }
    return record;
}

/* A record to read into, with the devices of record_of(). */
static struct record listing(void)
{
    static const char *const ids[] = {"null:0", "null:1"};
    struct record record = {.devices = calloc(2, sizeof *record.devices), .device_count = 2};
    ck_assert_ptr_nonnull(record.devices);
    for (int i = 0; i < 2; i++)
        snprintf(record.devices[i].info.id, sizeof record.devices[i].info.id, "%s", ids[i]);
    return record;
}

/* What was written is read as the same. */
START_TEST(there_and_back)
{
    struct record record = record_of(judgements[_i].ratios), back = listing();
    struct flaw flaw = {.path = ""};
    json_t *document = json_object();
    json_object_set_new(document, "breakeven", breakeven_json(&record));
    ck_assert_msg(breakeven_take(document, &back, &flaw), "%s: %s", flaw.path, flaw.what);
    json_t *again = breakeven_json(&back);
    ck_assert(json_equal(json_object_get(document, "breakeven"), again));
    json_decref(again);
    json_decref(document);
    record_clear(&record);
    record_clear(&back);
}
END_TEST

/* One member of a correct file set to something else, and where the flaw is. */
static const struct {
    const char *name, *value, *path;
} flaws[] = {
    {"answer", "\"sometimes\"", "breakeven.0.answer"},
    {"answer", "\"never\"", "breakeven.0.answer"},
    {"answer", "\"until\"", "breakeven.0.answer"},
    {"clock", "1", "breakeven.0.clock"},
    {"op", "null", "breakeven.0.op"},
    {"op", "\"matmul\"", "breakeven.0.sum"},
    {"sum", "\"kahan\"", "breakeven.0.sum"},
    {"device", "7", "breakeven.0.device"},
    {"device", "\"null:7\"", "breakeven.0.device"},
    {"device", "\"null:0\"", "breakeven.0.device"},
    {"baseline", "\"nobody\"", "breakeven.0.baseline"},
    {"baseline", "\"null:0/nobody\"", "breakeven.0.baseline"},
    {"baseline", "\"null:7/native\"", "breakeven.0.baseline"},
    {"baseline", "\"null:/native\"", "breakeven.0.baseline"},
    {"size", "0", "breakeven.0.size"},
    {"size", "5000", "breakeven.0.ci95"},
    {"ci95", "[1, 2, 5000]", "breakeven.0.ci95"},
    {"ci95", "7", "breakeven.0.ci95"},
    {"from", "128.5", "breakeven.0.from"},
    {"from", "7", "breakeven.0.from"},
    {"to", "4095", "breakeven.0.to"},
    {"to", "1", "breakeven.0.from"},
    {"faster", "true", "breakeven.0.faster"},
    {"points", "[]", "breakeven.0.points"},
    {"points", "[{\"n\": 1, \"ratio\": -1}]", "breakeven.0.points.0.ratio"},
    {"points", "[{\"n\": 2, \"ratio\": 1}, {\"n\": 2, \"ratio\": 1}]", "breakeven.0.points.1.n"},
    {"points", "[{\"n\": 1, \"ratio\": 1, \"ci95\": [2, 3]}]", "breakeven.0.points.0.ci95"},
    {"crossings", "[1]", "breakeven.0.crossings.0.faster"},
    {"reason", "[]", "breakeven.0.reason"},
};

START_TEST(flawed)
{
    struct record record = record_of(judgements[0].ratios), back = listing();
    struct flaw flaw = {.path = ""};
    json_t *document = json_object(), *value = json_loads(flaws[_i].value, JSON_DECODE_ANY, NULL);
    json_object_set_new(document, "breakeven", breakeven_json(&record));
    ck_assert_ptr_nonnull(value);
    json_object_set_new(json_array_get(json_object_get(document, "breakeven"), 0), flaws[_i].name,
                        value);
    ck_assert(!breakeven_take(document, &back, &flaw));
    ck_assert_str_eq(flaw.path, flaws[_i].path);
    json_decref(document);
    record_clear(&record);
    record_clear(&back);
}
END_TEST

START_TEST(given_twice)
{
    struct record record = record_of(judgements[0].ratios), back = listing();
    struct flaw flaw = {.path = ""};
    json_t *document = json_object(), *list = breakeven_json(&record);
    json_t *other = json_deep_copy(json_array_get(list, 0));
    json_object_set_new(document, "breakeven", list);
    json_object_del(other, "sum");
    json_array_append_new(list, other);
    ck_assert_msg(breakeven_take(document, &back, &flaw), "%s: %s", flaw.path, flaw.what);
    ck_assert_int_eq(back.breakevens[1].task.sum, HCB_SUM_PLAIN);
    record_clear(&back);
    back = listing();
    other = json_deep_copy(json_array_get(list, 0));
    json_object_set_new(other, "clock", json_string("kernel"));
    json_array_append(list, other);
    ck_assert(breakeven_take(document, &back, &flaw));
    record_clear(&back);
    back = listing();
    json_array_append_new(list, other);
    ck_assert(!breakeven_take(document, &back, &flaw));
    ck_assert_str_eq(flaw.path, "breakeven.3");
    json_decref(document);
    record_clear(&record);
    record_clear(&back);
}
END_TEST

/* The table as text, with a second break-even of another op; free it. */
static char *printed(const char *baseline)
{
    struct record record = record_of(judgements[0].ratios);
    char *text = NULL;
    size_t size;
    struct page page = {.out = open_memstream(&text, &size)};
    record.breakevens = realloc(record.breakevens, 2 * sizeof *record.breakevens);
    ck_assert(record.breakevens != NULL && page.out != NULL);
    struct breakeven *second = &record.breakevens[record.breakeven_count++];
    *second = (struct breakeven){.device = "null:1",
                                 .task = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32},
                                 .finding = {.answer = ANSWER_ALWAYS, .low = 16}};
    snprintf(second->baseline, sizeof second->baseline, "%s", baseline);
    breakeven_print(&record, &page);
    ck_assert_int_eq(fclose(page.out), 0);
    record_clear(&record);
    return text;
}

/* What the devices are compared with is named once, or in each line. */
START_TEST(baselines_are_named)
{
    char *one = printed("null:0/native"), *two = printed("null:0/tile");
    ck_assert_msg(strstr(one, "is faster than null:0/native, with") != NULL, "%s", one);
    ck_assert_ptr_eq(strstr(one, "null:0"), strstr(one, "null:0/native, with"));
    ck_assert_msg(strstr(two, "is faster than the CPU, with") != NULL, "%s", two);
    ck_assert_ptr_nonnull(strstr(two, "  null:0/native  "));
    ck_assert_ptr_nonnull(strstr(two, "  null:0/tile  "));
    free(one);
    free(two);
}
END_TEST

#define LENGTH(array) (int)(sizeof(array) / sizeof *(array))

int main(void)
{
    TCase *tests = suite_case("breakeven");
    tcase_add_test(tests, intervals_hold_the_truth);
    tcase_add_test(tests, never);
    tcase_add_test(tests, always);
    tcase_add_test(tests, until);
    tcase_add_test(tests, several);
    tcase_add_test(tests, flat);
    tcase_add_test(tests, very_noisy);
    tcase_add_test(tests, sizes_that_fail);
    tcase_add_test(tests, stopped);
    tcase_add_test(tests, devices_share_sizes);
    tcase_add_test(tests, budget);
    tcase_add_loop_test(tests, judged, 0, LENGTH(judgements));
    tcase_add_test(tests, in_one_place);
    tcase_add_test(tests, sizes_of_the_grid);
    tcase_add_loop_test(tests, there_and_back, 0, LENGTH(judgements));
    tcase_add_loop_test(tests, flawed, 0, LENGTH(flaws));
    tcase_add_test(tests, given_twice);
    tcase_add_test(tests, baselines_are_named);
    return suite_run("breakeven", tests);
}
