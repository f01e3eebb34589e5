/* SPDX-License-Identifier: Apache-2.0 */
/* The search for break-evens on curves that are known: which answer, how often its
 * interval holds the truth, how wide it is, and what the search costs. */
#include "config.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "search.h"
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
    const double copies = machine->copy_rate > 0 ? pow(n, lab->copy_exponent) / machine->copy_rate : 0;
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
                                             .rounds = 5,
                                             .windows = 3};
static const struct laboratory sum_lab = {.cpu = {1e-6, 5e9, 0, 0, NULL},
                                          .devices = {{50e-6, 50e9, 0, 0, NULL}},
                                          .exponent = 1,
                                          .copy_exponent = 1,
                                          .noise = 0.05,
                                          .drift = 0.02,
                                          .outliers = 0.05,
                                          .rounds = 5,
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

static void print(const struct search_result *result, unsigned clock)
{
    const struct finding *finding = &result->findings[clock];
    printf("%s: %s %s\n", search_clock_name(clock), answer_name(finding->answer), finding->reason);
    for (size_t i = 0; i < finding->count; i++)
        printf("  %.1f [%.1f, %.1f]\n", finding->crossings[i].size, finding->crossings[i].ci95_low,
               finding->crossings[i].ci95_high);
    for (size_t i = 0; i < result->curves[clock].count; i++) {
        const struct curve_point *point = &result->curves[clock].points[i];
        printf("  %llu: %.3f [%.3f, %.3f]\n", (unsigned long long)point->n, point->ratio.ratio,
               point->ratio.ci95_low, point->ratio.ci95_high);
    }
}

/* ---------------------------------------------------------------------- coverage */

struct score {
    unsigned held, wide, visits;
    double widths; /* sum of logarithms */
};

static void score_seeds(const struct search_rules *rules, const struct laboratory *base, unsigned seeds,
                        struct score scores[CLOCK_COUNT])
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
            if (getenv("BREAKEVEN_PRINT") != NULL && (!held || width > log(1.2))) {
                printf("seed %llu, true %.1f, ", (unsigned long long)seed, crossing);
                print(&results[0], clock);
            }
        }
        forget();
    }
    for (unsigned clock = 0; clock < CLOCK_COUNT; clock++)
        printf("%s: %u of %u hold, mean width %.3f, %u wider than 1.2, %.1f sizes\n",
               search_clock_name(clock), scores[clock].held, seeds,
               exp(scores[clock].widths / seeds), scores[clock].wide,
               (double)scores[clock].visits / seeds);
}
START_TEST(x)
{
    struct score a[2] = {{0}}, b[2] = {{0}};
    unsigned n = getenv("SEEDS") ? (unsigned)atoi(getenv("SEEDS")) : 100;
    score_seeds(&matrices, &matmul_lab, n, a);
    score_seeds(&vectors, &sum_lab, n, b);
}
END_TEST
int main(void)
{
    TCase *tests = suite_case("breakeven");
    tcase_add_test(tests, x);
    return suite_run("breakeven", tests);
}
