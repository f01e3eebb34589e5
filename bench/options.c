/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table of options, from which it is parsed, checked and
 * explained.  Knows no device; whether one exists is found out later. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/output.h"
#include "files/text.h"
#include "numbers.h"
#include "options.h"
#include "sizes.h"

enum { HELP_WIDTH = 79, HELP_COLUMN = 26, FIRST_LONG = 256, FILES_MAX = 64 };

/* Which commands take an option. */
enum { RUN = 1 << COMMAND_RUN, LIST = 1 << COMMAND_LIST, VERIFY = 1 << COMMAND_VERIFY,
       RECOVER = 1 << COMMAND_RECOVER, BREAKEVEN = 1 << COMMAND_BREAKEVEN,
       COMPARE = 1 << COMMAND_COMPARE, REPORT = 1 << COMMAND_REPORT, TUNE = 1 << COMMAND_TUNE,
       TIMED = RUN | BREAKEVEN,
       EVERY = (1 << COMMAND_WORKER) - 1 };

/* How a word is taken: as part of "all"; when it is named; likewise, but not listed;
 * not at all. */
enum standing { WORD_COMMON, WORD_NAMED, WORD_UNLISTED, WORD_REFUSED };

/* A set of words for a value. */
struct vocabulary {
    const char *what;
    const char *(*name)(unsigned);
    enum standing (*standing)(unsigned); /* NULL: all are common */
};

struct row {
    const char *name;
    int letter; /* 0: none */
    const char *argument; /* NULL: takes none */
    unsigned commands; /* two commands may give one name or letter two meanings */
    const char *help;
    /* Reads `text` into the member; false after complain(). */
    bool (*store)(const struct row *row, const char *text, struct options *options);
    size_t offset, size;
    bool from_preset; /* unless given, the preset decides */
    const struct vocabulary *words;
    double low, high; /* of numbers */
    unsigned value;   /* of options without argument */
};

/* Exit statuses that end the parsing; -1 goes on. */
enum { GO_ON = -1 };

/* Another command line than the user's is read, and nothing may be printed. */
static bool silent;
/* The command as the user named it, with a blank; "" when it was not named. */
static char asked[16];

/* One line of what is wrong, and where to look. */
HCB_PRINTF(1, 2) static bool complain(const char *format, ...)
{
    va_list arguments;
    if (silent)
        return false;
    va_start(arguments, format);
    text_say_list(format, arguments);
    va_end(arguments);
    fprintf(stderr, "Try 'hcbench %s--help'\n", asked);
    return false;
}

/* ------------------------------------------------------------- the commands */

#define ROWS_STATUSES                                                                              \
    "0 all verified; 1 a row is wrong or failed, or a file could not be read or written"

static const struct {
    const char *name, *text;
    const char *operands; /* as the help names them; NULL: none */
    int fewest, most;
    const char *statuses; /* 0 and 1, as the help explains them */
} commands[] = {
    [COMMAND_RUN] = {.name = "run", .text = "measure and verify; the command when none is given",
                     .statuses = ROWS_STATUSES},
    [COMMAND_LIST] = {.name = "list", .text = "platforms and devices, what each supports and why not",
                      .statuses = "0 listed; 1 a file could not be written"},
    [COMMAND_VERIFY] = {.name = "verify", .text = "the correctness matrix, without timing",
                        .statuses = ROWS_STATUSES},
    [COMMAND_BREAKEVEN] = {.name = "breakeven", .text = "the size from which a device is faster than the CPU",
                           .statuses = ROWS_STATUSES},
    [COMMAND_TUNE] = {.name = "tune", .text = "the fastest parameters of our kernels or CLBlast's, for later runs",
                      .statuses = "0 searched; 1 the usual parameters fail, or a file could not be written"},
    [COMMAND_RECOVER] = {"recover", "results of an unfinished run from its journal", "JOURNAL", 1, 1,
                         "0 recovered; 1 nothing was measured, or a file could not be read or written"},
    [COMMAND_COMPARE] = {"compare", "two result files: a verdict per row, and the exit status",
                         "BASE NEW", 2, 2,
                         "0 no row is slower or broken; 1 a row is, or none is in both files, or a file "
                         "could not be read or written"},
    [COMMAND_REPORT] = {"report", "tables and plots of result files, as one HTML file",
                        "FILE...", 1, FILES_MAX, "0 written; 1 a file could not be read or written"},
    [COMMAND_WORKER] = {.name = "worker"},
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

/* ---------------------------------------------------------------- the words */

static const char *color_name(unsigned value)
{
    static const char *const names[] = {
        [COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
    return value < sizeof names / sizeof *names ? names[value] : NULL;
}

static enum standing platform_standing(unsigned platform)
{
    return hcb_platform_is_test(platform) ? WORD_UNLISTED : WORD_COMMON;
}

static enum standing op_standing(unsigned op)
{
    return hcb_op_is_extra(op) ? WORD_NAMED : WORD_COMMON;
}

/* What a device can do has no size from which on it pays. */
static enum standing op_of_breakeven(unsigned op)
{
    return hcb_op_is_extra(op) ? WORD_REFUSED : WORD_COMMON;
}

/* Refused are those that only such ops have. */
static enum standing impl_of_breakeven(unsigned impl)
{
    return impl == HCB_IMPL_DRIVER || impl == HCB_IMPL_PAGEABLE || impl == HCB_IMPL_PINNED ? WORD_REFUSED
                                                                                         : WORD_COMMON;
}

static const struct vocabulary platforms = {"platform", hcb_platform_name, platform_standing};
static const struct vocabulary ops = {"op", hcb_op_name, op_standing};
static const struct vocabulary breakeven_ops = {"op", hcb_op_name, op_of_breakeven};
static const struct vocabulary precisions = {"precision", hcb_precision_name, NULL};
static const struct vocabulary sums = {"sum", hcb_sum_name, NULL};
static const struct vocabulary impls = {"impl", hcb_impl_name, NULL};
static const struct vocabulary breakeven_impls = {"impl", hcb_impl_name, impl_of_breakeven};
static const struct vocabulary fills = {"fill", hcb_fill_name, NULL};
static const struct vocabulary colors = {"color", color_name, NULL};

static enum standing standing_of(const struct vocabulary *words, unsigned value)
{
    return words->standing != NULL ? words->standing(value) : WORD_COMMON;
}

static unsigned all_of(const struct vocabulary *words)
{
    unsigned bits = 0;
    for (unsigned value = 0; words->name(value) != NULL; value++)
        if (standing_of(words, value) == WORD_COMMON)
            bits |= 1u << value;
    return bits;
}

/* "cpu, opencl, vulkan" */
static const char *known(const struct vocabulary *words, char *text, size_t size)
{
    text[0] = '\0';
    for (unsigned value = 0; words->name(value) != NULL; value++)
        if (standing_of(words, value) <= WORD_NAMED) {
            const size_t used = strlen(text);
            snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", words->name(value));
        }
    return text;
}

/* ------------------------------------------------------- storing an argument */

static void *member_of(const struct row *row, struct options *options)
{
    return (char *)options + row->offset;
}

/* Enumerations and bit sets alike. */
static void set_unsigned(const struct row *row, unsigned value, struct options *options)
{
    _Static_assert(sizeof(enum hcb_fill) == sizeof value, "an enum is an int");
    _Static_assert(sizeof(enum color) == sizeof value, "an enum is an int");
    _Static_assert(sizeof(enum preset) == sizeof value, "an enum is an int");
    memcpy(member_of(row, options), &value, sizeof value);
}

/* Calls `use` for each item between commas; the items are not empty. */
static bool each_item(const struct row *row, const char *list, struct options *options,
                      bool (*use)(const struct row *row, const char *item, struct options *options))
{
    char item[64];
    for (const char *at = list;; at++) {
        const size_t length = strcspn(at, ",");
        if (length == 0)
            return complain(
                "--%s '%s' has an empty entry; it takes words with single commas between",
                row->name, list);
        if (length >= sizeof item)
            return complain("--%s '%.20s...' is too long for a word", row->name, at);
        snprintf(item, sizeof item, "%.*s", (int)length, at);
        if (!use(row, item, options))
            return false;
        at += length;
        if (*at == '\0')
            return true;
    }
}

static bool add_word(const struct row *row, const char *item, struct options *options)
{
    char text[256];
    unsigned *bits = member_of(row, options);
    const int value = hcb_word(row->words->name, item);
    if (value < 0 && strcmp(item, "all") != 0)
        return complain("unknown %s '%s'; known are %s, all", row->words->what, item,
                        known(row->words, text, sizeof text));
    if (value >= 0 && standing_of(row->words, (unsigned)value) == WORD_REFUSED)
        return complain("'hcbench %s' does not take --%s %s; it takes %s, all",
                        commands[options->command].name, row->name, item,
                        known(row->words, text, sizeof text));
    *bits |= value < 0 ? all_of(row->words) : 1u << value;
    return true;
}

static bool store_words(const struct row *row, const char *text, struct options *options)
{
    set_unsigned(row, 0, options);
    return each_item(row, text, options, add_word);
}

static bool store_word(const struct row *row, const char *text, struct options *options)
{
    char names[256];
    const int value = hcb_word(row->words->name, text);
    if (value < 0)
        return complain("unknown %s '%s'; known are %s", row->words->what, text,
                        known(row->words, names, sizeof names));
    set_unsigned(row, (unsigned)value, options);
    return true;
}

/* The platform of a device id such as "opencl:0"; -1 when it is none. */
static int platform_of(const char *id)
{
    char platform[64];
    const size_t length = strcspn(id, ":");
    const char *number = id + length + 1;
    if (id[length] == '\0' || length >= sizeof platform || *number == '\0' ||
        strspn(number, "0123456789") != strlen(number) || (number[0] == '0' && number[1] != '\0'))
        return -1;
    snprintf(platform, sizeof platform, "%.*s", (int)length, id);
    return hcb_word(hcb_platform_name, platform);
}

static bool add_device(const struct row *row, const char *item, struct options *options)
{
    (void)row;
    if (platform_of(item) < 0)
        return complain("'%s' is not a device; devices are written as 'hcbench list' prints them, "
                        "cpu:0 or opencl:1", item);
    for (size_t i = 0; i < options->device_count; i++)
        if (strcmp(options->devices[i], item) == 0)
            return true;
    char **larger = realloc(options->devices, (options->device_count + 1) * sizeof *larger);
    if (larger == NULL)
        return complain("out of memory");
    options->devices = larger;
    larger[options->device_count] = strdup(item);
    if (larger[options->device_count] == NULL)
        return complain("out of memory");
    options->device_count++;
    return true;
}

static void forget_devices(struct options *options)
{
    for (size_t i = 0; i < options->device_count; i++)
        free(options->devices[i]);
    free(options->devices);
    options->devices = NULL;
    options->device_count = 0;
}

static bool store_devices(const struct row *row, const char *text, struct options *options)
{
    forget_devices(options);
    return each_item(row, text, options, add_device);
}

static bool store_sizes(const struct row *row, const char *text, struct options *options)
{
    char why[320];
    struct size_request *sizes;
    size_t count;
    (void)row;
    if (!sizes_read(text, &sizes, &count, why, sizeof why))
        return complain("%s", why);
    free(options->sizes);
    options->sizes = sizes;
    options->size_count = count;
    return true;
}

/* "64-4096" */
static bool store_range(const struct row *row, const char *text, struct options *options)
{
    const char *at = text;
    struct size_range range = {0, 0};
    bool good = number_read_whole(&at, &range.low) == NUMBER_GOOD && *at++ == '-' &&
                number_read_whole(&at, &range.high) == NUMBER_GOOD && *at == '\0';
    if (!good || range.low == 0)
        return complain("--%s '%s' is not a range of sizes; a range is two whole numbers from 1 on, "
                        "as in 64-4096", row->name, text);
    if (range.low >= range.high)
        return complain("--%s '%s' is not a range: the second size must be larger", row->name, text);
    options->range = range;
    return true;
}

static bool add_scale(const struct row *row, const char *item, struct options *options)
{
    struct scales *scales = &options->scales;
    const char *at = item + (*item == '-');
    uint64_t size;
    if (number_read_whole(&at, &size) != NUMBER_GOOD || *at != '\0' || size > HCB_SCALE_MAX)
        return complain("--%s '%s' is not a whole number from %d to %d, the exponent of a power of two",
                        row->name, item, -HCB_SCALE_MAX, HCB_SCALE_MAX);
    const int scale = *item == '-' ? -(int)size : (int)size;
    for (unsigned i = 0; i < scales->count; i++)
        if (scales->list[i] == scale)
            return true;
    if (scales->count == SCALES_MAX)
        return complain("--%s has more than %d exponents", row->name, SCALES_MAX);
    scales->list[scales->count++] = scale;
    return true;
}

static bool store_scales(const struct row *row, const char *text, struct options *options)
{
    options->scales = (struct scales){0};
    return each_item(row, text, options, add_scale);
}

static bool whole_number(const struct row *row, const char *text, uint64_t *value)
{
    const char *at = text;
    uint64_t number;
    if (number_read_whole(&at, &number) != NUMBER_GOOD || *at != '\0' ||
        (double)number < row->low || (double)number > row->high)
        return complain("--%s '%s' is not a whole number from %.0f to %.0f", row->name, text,
                        row->low, row->high);
    *value = number;
    return true;
}

static bool store_count(const struct row *row, const char *text, struct options *options)
{
    uint64_t number = 0;
    if (!whole_number(row, text, &number))
        return false;
    set_unsigned(row, (unsigned)number, options);
    return true;
}

static bool store_seed(const struct row *row, const char *text, struct options *options)
{
    const char *at = text;
    uint64_t number;
    if (number_read_whole(&at, &number) != NUMBER_GOOD || *at != '\0')
        return complain("--%s '%s' is not a whole number from 0 to %" PRId64, row->name, text,
                        INT64_MAX);
    *(uint64_t *)member_of(row, options) = number;
    return true;
}

static bool store_number(const struct row *row, const char *text, struct options *options)
{
    char low[NUMBER_SIZE], high[NUMBER_SIZE];
    double number;
    if (!number_read(text, &number) || number < row->low || number > row->high)
        return complain("--%s '%s' is not a number from %s to %s", row->name, text,
                        number_exact(row->low, low), number_exact(row->high, high));
    *(double *)member_of(row, options) = number;
    return true;
}

static bool store_path(const struct row *row, const char *text, struct options *options)
{
    if (*text == '\0')
        return complain("--%s needs a name, not ''", row->name);
    *(const char **)member_of(row, options) = text;
    return true;
}

/* A name that would be passed over or kill the worker is refused here. */
static bool store_core(const struct row *row, const char *text, struct options *options)
{
    char names[256] = "";
    const char *name, *obstacle = hcb_blas_core_obstacle(text);
    if (*text != '\0' && strchr(text, '=') == NULL && obstacle == NULL) {
        *(const char **)member_of(row, options) = text;
        return true;
    }
    for (unsigned i = 0; (name = hcb_blas_core_candidate(i)) != NULL; i++) {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "", name);
    }
    return complain("--%s '%s': %s; this processor can execute %s", row->name, text,
                    obstacle != NULL ? obstacle : "that is no name", names);
}

static bool store_flag(const struct row *row, const char *text, struct options *options)
{
    (void)text;
    *(bool *)member_of(row, options) = row->value != 0;
    return true;
}

static bool store_preset(const struct row *row, const char *text, struct options *options)
{
    (void)text;
    set_unsigned(row, row->value, options);
    return true;
}

/* ---------------------------------------------------------------- the tables */

/* Sampling of each preset.  A row takes at most about max_time_s for each of its
 * clocks. */
static const struct options presets[] = {
    [PRESET_DEFAULT] = {.warmup = 3, .min_runs = 10, .max_runs = 100, .min_time_s = 0.2,
                        .max_time_s = 0.6, .ci_percent = 2},
    [PRESET_QUICK] = {.warmup = 1, .min_runs = 5, .max_runs = 20, .min_time_s = 0.05,
                      .max_time_s = 0.3, .ci_percent = 5},
    [PRESET_FULL] = {.warmup = 5, .min_runs = 30, .max_runs = 1000, .min_time_s = 2,
                     .max_time_s = 20, .ci_percent = 0.5},
};

/* A break-even needs many sizes, each less exact. */
static const struct options breakeven_presets[] = {
    [PRESET_DEFAULT] = {.warmup = 2, .min_runs = 8, .max_runs = 40, .min_time_s = 0.05,
                        .max_time_s = 0.3, .ci_percent = 3},
    [PRESET_QUICK] = {.warmup = 1, .min_runs = 5, .max_runs = 12, .min_time_s = 0.02,
                      .max_time_s = 0.1, .ci_percent = 5},
    [PRESET_FULL] = {.warmup = 5, .min_runs = 20, .max_runs = 200, .min_time_s = 0.5,
                     .max_time_s = 3, .ci_percent = 1},
};

static const struct options *preset_of(enum command command, enum preset preset)
{
    return &(command == COMMAND_BREAKEVEN ? breakeven_presets : presets)[preset];
}

#define MEMBER(member)                                                                             \
    .offset = offsetof(struct options, member), .size = sizeof((struct options *)0)->member
#define SAMPLING(member) MEMBER(member), .from_preset = true

enum { RUNS_MAX = 1000000, SECONDS_MAX = 1000000 };

static const struct row rows[] = {
    {"platform", 'p', "LIST", TIMED | LIST | VERIFY | TUNE, "APIs to measure", store_words,
     MEMBER(platforms), .words = &platforms},
    {"device", 'd', "LIST", TIMED | LIST | VERIFY | TUNE,
     "devices, as 'hcbench list' prints them: cpu:0,opencl:1", store_devices, MEMBER(devices)},
    {"op", 'o', "LIST", RUN | VERIFY, "what to compute; all is matmul, sum and dot", store_words,
     MEMBER(ops), .words = &ops},
    {"op", 'o', "LIST", BREAKEVEN | TUNE, "what to compute", store_words, MEMBER(ops),
     .words = &breakeven_ops},
    {"precision", 'P', "LIST", TIMED | VERIFY | TUNE, "input, accumulator and output types", store_words,
     MEMBER(precisions), .words = &precisions},
    {"impl", 'i', "LIST", RUN | VERIFY, "who computes it; all but ref and clblast_tuned unless told", store_words,
     MEMBER(impls), .words = &impls},
    {"impl", 'i', "LIST", BREAKEVEN | TUNE, "who computes it; all but ref and clblast_tuned unless told", store_words,
     MEMBER(impls), .words = &breakeven_impls},
    {"sum", 0, "LIST", TIMED | VERIFY, "how sum and dot add up", store_words, MEMBER(sums),
     .words = &sums},
    {"size", 'n', "LIST", RUN | VERIFY | TUNE,
     "256,1024 or 256-4096*2 or 512-2048+512 or, for matmul, MxNxK; elements for reductions",
     store_sizes, MEMBER(sizes)},
    {"size", 'n', "LOW-HIGH", BREAKEVEN,
     "where to search: m = n = k of a matmul, elements of a reduction", store_range, MEMBER(range)},
    {"warmup", 'w', "N", TIMED, "windows that are dropped before the first sample", store_count, SAMPLING(warmup),
     .low = 0, .high = RUNS_MAX},
    {"min-runs", 0, "N", TIMED, "samples of a row at least", store_count, SAMPLING(min_runs),
     .low = 1, .high = RUNS_MAX},
    {"max-runs", 0, "N", TIMED, "samples of a row at most", store_count, SAMPLING(max_runs), .low = 1,
     .high = RUNS_MAX},
    {"min-time", 0, "S", TIMED, "seconds of sampling at least", store_number, SAMPLING(min_time_s),
     .low = 0, .high = SECONDS_MAX},
    {"max-time", 0, "S", TIMED, "seconds of sampling at most", store_number, SAMPLING(max_time_s),
     .low = 0.001, .high = SECONDS_MAX},
    {"ci", 0, "PERCENT", TIMED,
     "stop when the 95 % interval of the median is within PERCENT; 0: only at a limit",
     store_number, SAMPLING(ci_percent), .low = 0, .high = 100},
    {"quick", 0, NULL, TIMED, "few, short samples", store_preset, MEMBER(preset),
     .value = PRESET_QUICK},
    {"full", 0, NULL, TIMED | VERIFY, "a thorough run", store_preset, MEMBER(preset),
     .value = PRESET_FULL},
    {"against-itself", 0, NULL, RUN,
     "measure each row twice, interleaved; x is then the one over the other, and should be 1", store_flag,
     MEMBER(against_itself), .value = true},
    {"threshold", 't', "PERCENT", COMPARE, "changes of the speed up to this are none", store_number,
     MEMBER(threshold_percent), .low = 0, .high = 1000},
    {"all", 'a', NULL, COMPARE, "rows that are the same too", store_flag, MEMBER(all), .value = true},
    {"roofline", 0, NULL, RUN, "measure the devices' roofs with --quick too", store_preset,
     MEMBER(roofline), .value = ROOFLINE_ON},
    {"no-roofline", 0, NULL, RUN, "do not measure the devices' roofs", store_preset,
     MEMBER(roofline), .value = ROOFLINE_OFF},
    {"seed", 0, "N", TIMED | VERIFY | TUNE, "of the inputs", store_seed, MEMBER(seed)},
    {"fill", 0, "WORD", TIMED | VERIFY | TUNE, "what the inputs are", store_word, MEMBER(fill),
     .words = &fills},
    {"scale", 0, "LIST", RUN | VERIFY,
     "exponents of powers of two, as in -14,0,10: A and x of f16f32, bf16f32 and f32x2 are scaled before they are rounded",
     store_scales, MEMBER(scales)},
    {"timeout", 0, "S", TIMED | LIST | VERIFY | TUNE,
     "seconds for each step of a case; past them the row is 'timeout'", store_number,
     MEMBER(timeout_s), .low = 0.001, .high = SECONDS_MAX},
    {"json", 0, "FILE", TIMED | LIST | VERIFY | RECOVER,
     "write the result file; - is stdout and then nothing else is printed there; .gz compresses",
     store_path, MEMBER(json)},
    {"json", 0, "FILE", COMPARE,
     "write the comparison; - is stdout and then nothing else is printed there; .gz compresses",
     store_path, MEMBER(json)},
    {"json", 0, "FILE", TUNE,
     "write what was tried; - is stdout and then nothing else is printed there; .gz compresses",
     store_path, MEMBER(json)},
    {"csv", 0, "FILE", RUN | VERIFY | RECOVER | COMPARE,
     "write one line per row; - and .gz as for --json", store_path, MEMBER(csv)},
    {"csv", 0, "FILE", BREAKEVEN, "write one line per break-even; - and .gz as for --json", store_path,
     MEMBER(csv)},
    {"journal", 0, "FILE", TIMED | VERIFY, "keep finished rows here until the run is complete",
     store_path, MEMBER(journal)},
    {"resume", 0, "JOURNAL", TIMED | VERIFY, "finish the run of this journal, with its options",
     store_path, MEMBER(resume)},
    {"budget", 0, "S", TUNE, "seconds of searching, for all cases together", store_number,
     MEMBER(budget_s), .low = 1, .high = SECONDS_MAX},
    {"no-tuned", 0, NULL, TIMED | VERIFY, "do not use the parameters that 'hcbench tune' found",
     store_flag, MEMBER(tuned), .value = false},
    {"kernel-dir", 0, "DIR", TIMED | VERIFY | TUNE,
     "use the kernels in this folder instead of the built-in ones; $HCBENCH_KERNEL_DIR unless told",
     store_path, MEMBER(kernel_dir)},
    {"cpu-core", 0, "NAME", TIMED | VERIFY,
     "core type that OpenBLAS takes the processor for; the fastest is found by a trial unless told",
     store_core, MEMBER(cpu_core)},
    {"cpu-threads", 0, "N", TIMED | LIST | VERIFY,
     "threads of the CPU's computations; as many as affinity mask and cgroup allow unless told",
     store_count, MEMBER(cpu_threads), .low = 1, .high = 1 << 20},
    {"no-isolate", 0, NULL, TIMED | LIST | VERIFY | TUNE, "one process, for debuggers; a crash ends the run",
     store_flag, MEMBER(isolate), .value = false},
    {"no-progress", 0, NULL, TIMED | VERIFY | TUNE, "no progress line", store_flag, MEMBER(progress),
     .value = false},
    {"quiet", 'q', NULL, TIMED | VERIFY | RECOVER | COMPARE | TUNE, "no tables", store_flag, MEMBER(quiet), .value = true},
    {"color", 0, "WHEN", TIMED | LIST | VERIFY | RECOVER | COMPARE | TUNE, "colors in tables", store_word, MEMBER(color),
     .words = &colors},
    {"strict", 0, NULL, TIMED | VERIFY, "a row that is unsupported or skipped fails the run too",
     store_flag, MEMBER(strict), .value = true},
    {"strict", 0, NULL, COMPARE, "rows that are gone fail the comparison too", store_flag,
     MEMBER(strict), .value = true},
    {"output", 'o', "FILE", REPORT, "the page to write, which must be given; - is stdout", store_path, MEMBER(output)},
    {"plots", 0, "DIR", REPORT, "write the plots there too: SVG, PNG, data and gnuplot scripts",
     store_path, MEMBER(plots)},
    {"timeout", 0, "S", REPORT, "seconds that gnuplot may take for a plot", store_number,
     MEMBER(timeout_s), .low = 0.001, .high = SECONDS_MAX},
    {.name = "help", .letter = 'h', .commands = EVERY, .help = "print this"},
    {.name = "version", .letter = 'V', .commands = EVERY, .help = "print the version"},
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

static void set_defaults(enum command command, struct options *options)
{
    const char *kernel_dir = getenv("HCBENCH_KERNEL_DIR");
    *options = (struct options){
        .command = command,
        .platforms = all_of(&platforms),
        .ops = all_of(&ops),
        .precisions = 1u << HCB_PRECISION_F32 | 1u << HCB_PRECISION_F16F32,
        .impls = all_of(&impls) & ~(1u << HCB_IMPL_REF | 1u << HCB_IMPL_CLBLAST_TUNED),
        .sums = 1u << HCB_SUM_PLAIN,
        .timeout_s = 60,
        .threshold_percent = 5,
        .seed = 1,
        .fill = HCB_FILL_UNIFORM,
        .kernel_dir = kernel_dir != NULL && *kernel_dir != '\0' ? kernel_dir : NULL,
        .isolate = true,
        .progress = true,
        .tuned = command != COMMAND_TUNE,
        .budget_s = 60,
    };
    if (command == COMMAND_TUNE)
        options->timeout_s = 20; /* a candidate that hangs must leave time for others */
    if (command == COMMAND_BREAKEVEN)
        options->precisions = 1u << HCB_PRECISION_F32;
    if (command == COMMAND_VERIFY) {
        options->precisions = all_of(&precisions);
        options->sums = all_of(&sums);
    }
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].from_preset)
            memcpy(member_of(&rows[i], options),
                   (const char *)preset_of(options->command, PRESET_DEFAULT) + rows[i].offset, rows[i].size);
}

/* ---------------------------------------------------------------------- help */

/* The default as a word or a number, "" when the help text says it all. */
static const char *default_text(const struct row *row, enum command command, char *text)
{
    struct options options;
    unsigned bits;
    set_defaults(command, &options);
    const void *member = member_of(row, &options);
    text[0] = '\0';
    if (row->store == store_count && *(const unsigned *)member >= row->low)
        snprintf(text, NUMBER_SIZE, "%u", *(const unsigned *)member);
    else if (row->store == store_number)
        number_exact(*(const double *)member, text);
    else if (row->store == store_seed)
        snprintf(text, NUMBER_SIZE, "%" PRIu64, *(const uint64_t *)member);
    else if (row->store == store_word) {
        memcpy(&bits, member, sizeof bits);
        snprintf(text, NUMBER_SIZE, "%s", row->words->name(bits));
    } else if (row->store == store_words) {
        memcpy(&bits, member, sizeof bits);
        if (bits == all_of(row->words))
            return strcpy(text, "all");
        if (row->words == &precisions || row->words == &sums)
            for (unsigned value = 0; row->words->name(value) != NULL; value++)
                if (bits >> value & 1) {
                    const size_t used = strlen(text);
                    snprintf(text + used, NUMBER_SIZE - used, "%s%s", used > 0 ? "," : "",
                             row->words->name(value));
                }
    }
    return text;
}

/* Prints words from column `column` on, within the line; the cursor is at `at`. */
static void print_wrapped(const char *text, int at, int column)
{
    if (at >= column) {
        putchar('\n');
        at = 0;
    }
    printf("%*s", column - at, "");
    at = column;
    while (*text != '\0') {
        const int length = (int)strcspn(text, " ");
        if (at > column && at + 1 + length > HELP_WIDTH) {
            printf("\n%*s", column, "");
            at = column;
        }
        at += printf("%s%.*s", at > column ? " " : "", length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_option(const struct row *row, enum command command)
{
    char text[512], words[256], usual[NUMBER_SIZE];
    const bool has_words = row->words != NULL;
    snprintf(text, sizeof text, "%s%s%s%s", row->help, has_words ? ": " : "",
             has_words ? known(row->words, words, sizeof words) : "",
             row->store == store_words ? ", all" : "");
    if (*default_text(row, command, usual) != '\0') {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, " [%s]", usual);
    }
    int at = row->letter != 0 ? printf("  -%c, ", row->letter) : printf("      ");
    at += printf("--%s%s%s", row->name, row->argument != NULL ? " " : "",
                 row->argument != NULL ? row->argument : "");
    print_wrapped(text, at, HELP_COLUMN);
}

static int finish_stdout(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        output_failed("-", errno);
        return EXIT_BAD_ROW;
    }
    return EXIT_DONE;
}

static int print_help(enum command command, bool named)
{
    char statuses[256];
    if (named) {
        printf("Usage: hcbench %s [OPTION]...%s%s\n%s\n", commands[command].name,
               commands[command].operands != NULL ? " " : "",
               commands[command].operands != NULL ? commands[command].operands : "",
               commands[command].text);
    } else {
        puts("Usage: hcbench [COMMAND] [OPTION]...\n"
             "Measure the same verified kernels through OpenCL, Vulkan and on the CPU.\n"
             "\nCommands:");
        for (size_t i = 0; i < COMMAND_COUNT; i++)
            if (commands[i].text != NULL)
                printf("  %-10s%s\n", commands[i].name, commands[i].text);
    }
    printf("\nOptions%s:\n", named ? "" : " of run");
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].commands >> command & 1)
            print_option(&rows[i], command);
    snprintf(statuses, sizeof statuses, "%s; 2 the command line is wrong%s.", commands[command].statuses,
             (TIMED | LIST | VERIFY | TUNE) >> command & 1 ? "; 3 no usable device" : "");
    printf("\nExit status:");
    print_wrapped(statuses, 12, 13);
    return finish_stdout();
}

static int print_version(void)
{
    printf("hcbench %s\n", hcb_version());
    return finish_stdout();
}

/* ------------------------------------------------------------------- parsing */

static bool takes(enum command command, const struct row *row)
{
    return row->commands >> command & 1;
}

/* The command's row of a letter. */
static const struct row *find_letter(int letter, enum command command)
{
    for (size_t i = 0; i < ROW_COUNT && letter != 0; i++)
        if (rows[i].letter == letter && takes(command, &rows[i]))
            return &rows[i];
    return NULL;
}

/* The command's options, short and long, as getopt_long wants them.  Long ones answer
 * with FIRST_LONG + row, so that messages can name what was written. */
static void describe(enum command command, struct option *longs, char *letters)
{
    /* ':' tells a missing argument apart; '+' stops at the first operand, since
     * getopt_long else moves operands behind the options. */
    if (commands[command].operands == NULL)
        *letters++ = '+';
    *letters++ = ':';
    for (int i = 0; i < ROW_COUNT; i++) {
        const bool has_argument = rows[i].argument != NULL;
        if (!takes(command, &rows[i]))
            continue;
        *longs++ = (struct option){.name = rows[i].name,
                                   .has_arg = has_argument ? required_argument : no_argument,
                                   .val = FIRST_LONG + i};
        if (rows[i].letter == 0)
            continue;
        *letters++ = (char)rows[i].letter;
        if (has_argument)
            *letters++ = ':';
    }
    *letters = '\0';
    *longs = (struct option){0};
}

static const struct row *find_row(int answer, enum command command)
{
    return answer >= FIRST_LONG && answer < FIRST_LONG + ROW_COUNT ? &rows[answer - FIRST_LONG]
                                                                   : find_letter(answer, command);
}

/* An option of other commands, "-o" or "--output". */
static void complain_of_command(enum command command, const char *option)
{
    char names[512] = "";
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (takes(command, &rows[i])) {
            const size_t used = strlen(names);
            snprintf(names + used, sizeof names - used, "%s--%s", used > 0 ? ", " : "", rows[i].name);
        }
    complain("'hcbench %s' does not take %s; it takes %s", commands[command].name, option, names);
}

/* Does any command have this option, "-o" or "--output"? */
static bool is_somewhere(const char *option)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (option[1] == '-' ? strcmp(option + 2, rows[i].name) == 0 : option[1] == rows[i].letter)
            return true;
    return false;
}

/* What getopt_long did not understand; `written` is the argument it was in. */
static void complain_of(enum command command, int answer, int option, const char *written)
{
    const struct row *row = find_row(option, command);
    char name[64];
    if (option != 0)
        snprintf(name, sizeof name, "-%c", option);
    else
        snprintf(name, sizeof name, "%.*s", (int)strcspn(written, "="), written);
    if (answer == ':' && row != NULL)
        complain("--%s needs %s", row->name, row->argument);
    else if (row != NULL)
        complain("--%s takes no argument", row->name);
    else if (is_somewhere(name))
        complain_of_command(command, name);
    else if (option != 0)
        complain("unknown option '%s'", name);
    else
        complain("unknown or ambiguous option '%s'", written);
}

/* The operands, which are files. */
static bool take_operands(int argc, char **argv, struct options *options)
{
    const char *wanted = commands[options->command].operands;
    const int count = argc - optind;
    if (wanted == NULL && count > 0)
        return complain("unexpected argument '%s'; a command comes first, and options begin with '-'",
                        argv[optind]);
    if (wanted != NULL && (count < commands[options->command].fewest ||
                           count > commands[options->command].most))
        return complain("'hcbench %s' takes %s, not %d file%s", commands[options->command].name, wanted,
                        count, count == 1 ? "" : "s");
    options->files = argv + optind;
    options->file_count = (size_t)count;
    return true;
}

/* Reads every option; `given` tells which rows were among them. */
static int parse(int argc, char **argv, bool named, struct options *options, bool *given)
{
    struct option longs[ROW_COUNT + 1];
    char letters[2 * ROW_COUNT + 3];
    int answer;
    describe(options->command, longs, letters);
    opterr = 0;
    optind = 0; /* start anew, in case of an earlier use */
    while ((answer = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        if (answer == '?' || answer == ':') {
            complain_of(options->command, answer, optopt, argv[optind - 1]);
            return EXIT_USAGE;
        }
        const struct row *row = find_row(answer, options->command);
        if (silent && row->store == NULL)
            return EXIT_USAGE;
        if (strcmp(row->name, "help") == 0)
            return print_help(options->command, named);
        if (strcmp(row->name, "version") == 0)
            return print_version();
        if (!row->store(row, optarg, options))
            return EXIT_USAGE;
        given[row - rows] = true;
    }
    return take_operands(argc, argv, options) ? GO_ON : EXIT_USAGE;
}

static bool was_given(const bool *given, size_t offset)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (given[i] && rows[i].offset == offset && rows[i].store != NULL)
            return true;
    return false;
}
#define GIVEN(member) was_given(given, offsetof(struct options, member))

/* Sampling numbers that were not given come from the preset, and a limit that
 * was not given makes way for one that was. */
static bool settle_sampling(struct options *options, const bool *given)
{
    struct options *o = options;
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].from_preset && !given[i])
            memcpy(member_of(&rows[i], o), (const char *)preset_of(o->command, o->preset) + rows[i].offset,
                   rows[i].size);
    if (o->min_runs > o->max_runs) {
        if (GIVEN(min_runs) && GIVEN(max_runs))
            return complain("--min-runs %u is more than --max-runs %u", o->min_runs, o->max_runs);
        if (GIVEN(min_runs))
            o->max_runs = o->min_runs;
        else
            o->min_runs = o->max_runs;
    }
    if (o->min_time_s > o->max_time_s) {
        char low[NUMBER_SIZE], high[NUMBER_SIZE];
        if (GIVEN(min_time_s) && GIVEN(max_time_s))
            return complain("--min-time %s is more than --max-time %s",
                            number_exact(o->min_time_s, low), number_exact(o->max_time_s, high));
        if (GIVEN(min_time_s))
            o->max_time_s = o->min_time_s;
        else
            o->min_time_s = o->max_time_s;
    }
    return true;
}

/* Named devices narrow the platforms, and must be of those that were named. */
static bool settle_devices(struct options *options, const bool *given)
{
    unsigned named = 0;
    for (size_t i = 0; i < options->device_count; i++) {
        const unsigned bit = 1u << platform_of(options->devices[i]);
        if (GIVEN(platforms) && (options->platforms & bit) == 0)
            return complain("device %s is not of the platforms that --platform names",
                            options->devices[i]);
        named |= bit;
    }
    if (named != 0)
        options->platforms = named;
    return true;
}

static bool fits(const struct options *options, const struct size_request *size, enum hcb_op op)
{
    struct hcb_case c = {.op = op, .shape = size->shape};
    if (hcb_op_rank(op) < 3) {
        if (size->is_matrix || hcb_op_rank(op) == 0)
            return true;
        c.shape.m = c.shape.k = 1;
    }
    for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++) {
        c.precision = (enum hcb_precision)precision;
        if (options->precisions >> precision & 1 && !hcb_case_check(&c))
            return false;
    }
    return true;
}

/* A break-even is with the CPU, whatever was named; devices for tests bring their
 * own. */
static bool settle_baseline(struct options *options)
{
    const unsigned cpu = (unsigned)hcb_word(hcb_platform_name, "cpu");
    bool named = options->device_count == 0;
    if (options->command != COMMAND_BREAKEVEN || (options->platforms & all_of(&platforms)) == 0)
        return true;
    options->platforms |= 1u << cpu;
    for (size_t i = 0; i < options->device_count; i++)
        named = named || platform_of(options->devices[i]) == (int)cpu;
    return named || add_device(NULL, "cpu:0", options);
}

static bool settle_range(const struct options *options)
{
    const uint64_t n = options->range.high;
    const struct size_request size = {.shape = {n, n, n}};
    for (unsigned op = 0; op < HCB_OP_COUNT && n != 0; op++)
        if (options->ops >> op & 1 && !fits(options, &size, (enum hcb_op)op))
            return complain("size '%" PRIu64 "' is too large for 64 bits in %s", n, hcb_op_name(op));
    return true;
}

static bool settle_sizes(const struct options *options)
{
    char text[72];
    for (size_t i = 0; i < options->size_count; i++) {
        const struct size_request *size = &options->sizes[i];
        for (unsigned op = 0; op < HCB_OP_COUNT; op++) {
            const struct hcb_case c = {.op = (enum hcb_op)op, .shape = size->shape};
            if (options->ops >> op & 1 && !fits(options, size, c.op))
                return complain("size '%s' is too large for 64 bits in %s",
                                hcb_shape_text(&c, text, sizeof text), hcb_op_name(op));
        }
        const struct hcb_case matrix = {.op = HCB_OP_MATMUL, .shape = size->shape};
        if (size->is_matrix && (options->ops >> HCB_OP_MATMUL & 1) == 0)
            return complain(
                "size '%s' is for matmul, which --op leaves out; reductions take a number "
                "of elements",
                hcb_shape_text(&matrix, text, sizeof text));
    }
    return true;
}

/* An output must be neither the other output nor a file that is read or kept. */
static bool settle_files(const struct options *options)
{
    const char *const outputs[] = {options->json, options->csv, options->output};
    if (options->command == COMMAND_REPORT && options->output == NULL)
        return complain("'hcbench report' needs --output FILE");
    if (options->journal != NULL && options->resume != NULL)
        return complain("--resume continues its journal; --journal names a new one");
    if (options->journal != NULL && strcmp(options->journal, "-") == 0)
        return complain("--journal needs the name of a file, not '-'");
    if (options->resume != NULL && strcmp(options->resume, "-") == 0)
        return complain("--resume needs the name of a file, not '-'");
    if (options->json != NULL && options->csv != NULL && output_is_same(options->json, options->csv))
        return complain("--json and --csv cannot both be written to '%s'", options->json);
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        const char *const journal = options->resume != NULL ? options->resume : options->journal;
        if (outputs[i] != NULL && journal != NULL && output_is_same(outputs[i], journal))
            return complain("'%s' is the journal; the results need another file", outputs[i]);
        for (size_t j = 0; outputs[i] != NULL && j < options->file_count; j++)
            if (strcmp(outputs[i], "-") != 0 && output_is_same(outputs[i], options->files[j]))
                return complain("'%s' is read; what is written needs another file", outputs[i]);
    }
    return true;
}

/* OpenBLAS reads its core type when it is loaded: with this program itself. */
static bool settle_core(const struct options *options)
{
    if (options->cpu_core != NULL && !options->isolate)
        return complain("--cpu-core needs a worker process; with --no-isolate set OPENBLAS_CORETYPE=%s "
                        "instead", options->cpu_core);
    return true;
}

static bool may_scale(unsigned op, unsigned precision)
{
    return hcb_precision_scales(precision) && !hcb_op_is_extra(op) &&
           (precision != HCB_PRECISION_F32X2 || op == HCB_OP_MATMUL);
}

static bool takes_scales(const struct options *options)
{
    return options->fill == HCB_FILL_UNIFORM || options->fill == HCB_FILL_NORMAL;
}

/* Small integers and zeros are there to be exact. */
static bool settle_scales(const struct options *options)
{
    bool any = false;
    if (options->scales.count == 0)
        return true;
    if (!takes_scales(options))
        return complain("--scale needs --fill uniform or normal, not %s",
                        hcb_fill_name(options->fill));
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        for (unsigned precision = 0; precision < HCB_PRECISION_COUNT; precision++)
            any = any || ((options->ops >> op & 1) != 0 &&
                          (options->precisions >> precision & 1) != 0 && may_scale(op, precision));
    return any || complain("--scale is for matmul, sum and dot in f16f32 or bf16f32 and matmul in "
                           "f32x2, which --op or --precision leaves out");
}

static bool settle_sums(const struct options *options, const bool *given)
{
    for (unsigned op = 0; op < HCB_OP_COUNT; op++)
        if (hcb_op_adds_up(op) && (options->ops >> op & 1) != 0)
            return true;
    return !GIVEN(sums) || complain("--sum is for sum and dot, which --op leaves out");
}

static bool settle(struct options *options, const bool *given)
{
    return settle_sampling(options, given) && settle_devices(options, given) &&
           settle_baseline(options) && settle_range(options) && settle_sizes(options) &&
           settle_scales(options) && settle_sums(options, given) && settle_files(options) &&
           settle_core(options);
}

/* The command, and whether the first argument names it. */
static bool find_command(int argc, char **argv, enum command *command, bool *named)
{
    char names[128] = "";
    *command = COMMAND_RUN;
    *named = argc > 1 && argv[1][0] != '-';
    if (!*named)
        return true;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            *command = (enum command)i;
            return true;
        }
        const size_t used = strlen(names);
        if (commands[i].text != NULL)
            snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "",
                     commands[i].name);
    }
    return complain("unknown command '%s'; known are %s", argv[1], names);
}

/* Reads and settles a whole command line; `given` as in parse(). */
static int read_line(int argc, char **argv, struct options *options, bool *given, bool *named)
{
    enum command command;
    asked[0] = '\0';
    if (!find_command(argc, argv, &command, named))
        return EXIT_USAGE;
    if (*named)
        snprintf(asked, sizeof asked, "%s ", commands[command].name);
    set_defaults(command, options);
    if (options->command == COMMAND_WORKER || argc < 1)
        return GO_ON;
    int status = parse(argc - *named, argv + *named, *named, options, given);
    if (status == GO_ON && !settle(options, given))
        status = EXIT_USAGE;
    if (status != GO_ON)
        options_free(options);
    return status;
}

int options_parse(int argc, char **argv, struct options *options)
{
    bool given[ROW_COUNT] = {false}, named;
    return read_line(argc, argv, options, given, &named);
}

/* -------------------------------------------------------------- a run goes on */

/* What may be another way when a run is taken up again: no figure depends on it. */
static bool is_free(const struct row *row)
{
    static const size_t members[] = {
        offsetof(struct options, json),     offsetof(struct options, csv),
        offsetof(struct options, color),    offsetof(struct options, progress),
        offsetof(struct options, quiet),    offsetof(struct options, strict),
        offsetof(struct options, timeout_s), offsetof(struct options, resume)};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (row->offset == members[i])
            return true;
    return false;
}

static bool same_devices(const struct options *a, const struct options *b)
{
    bool same = a->device_count == b->device_count;
    for (size_t i = 0; same && i < a->device_count; i++)
        same = strcmp(a->devices[i], b->devices[i]) == 0;
    return same;
}

static bool same_sizes(const struct options *a, const struct options *b)
{
    bool same = a->size_count == b->size_count;
    for (size_t i = 0; same && i < a->size_count; i++) {
        const struct size_request *x = &a->sizes[i], *y = &b->sizes[i];
        same = x->is_matrix == y->is_matrix && x->shape.m == y->shape.m &&
               x->shape.n == y->shape.n && x->shape.k == y->shape.k;
    }
    return same;
}

static bool same_value(const struct row *row, struct options *a, struct options *b)
{
    if (row->store == store_devices)
        return same_devices(a, b);
    if (row->store == store_sizes)
        return same_sizes(a, b);
    if (row->store != store_path && row->store != store_core)
        return memcmp(member_of(row, a), member_of(row, b), row->size) == 0;
    const char *x = *(const char **)member_of(row, a), *y = *(const char **)member_of(row, b);
    return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

/* Options that were given again must agree; free ones win. */
static bool agree(struct options *now, const bool *given, bool named, struct options *earlier)
{
    if (named && now->command != earlier->command)
        return complain("the journal is of 'hcbench %s'", commands[earlier->command].name);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (!given[i])
            continue;
        if (is_free(&rows[i]))
            memcpy(member_of(&rows[i], earlier), member_of(&rows[i], now), rows[i].size);
        else if (!same_value(&rows[i], now, earlier))
            return complain("--%s is not what the run of the journal was given; --resume needs no other option",
                            rows[i].name);
    }
    return true;
}

int options_resume(int argc, char **argv, int earlier_argc, char **earlier_argv, struct options *options)
{
    bool given[ROW_COUNT] = {false}, given_earlier[ROW_COUNT] = {false}, named, named_earlier;
    struct options now, earlier;
    silent = true;
    const int status = read_line(earlier_argc, earlier_argv, &earlier, given_earlier, &named_earlier);
    silent = false;
    options_free(options);
    if (status != GO_ON || (earlier.command != COMMAND_RUN && earlier.command != COMMAND_VERIFY &&
                            earlier.command != COMMAND_BREAKEVEN)) {
        text_say("%s: its command line is none that this version takes up", options->resume);
        if (status == GO_ON)
            options_free(&earlier);
        return EXIT_BAD_ROW;
    }
    earlier.journal = earlier.resume = NULL;
    if (read_line(argc, argv, &now, given, &named) != GO_ON) {
        options_free(&earlier);
        return EXIT_USAGE;
    }
    const bool good = agree(&now, given, named, &earlier) && settle_files(&earlier);
    options_free(&now);
    if (!good) {
        options_free(&earlier);
        return EXIT_USAGE;
    }
    *options = earlier;
    return GO_ON;
}

bool options_ask_for(const struct options *options, const struct hcb_case *kind)
{
    return (options->ops >> kind->op & 1) != 0 && (options->precisions >> kind->precision & 1) != 0 &&
           (!hcb_op_adds_up(kind->op) || (options->sums >> kind->sum & 1) != 0);
}

/* What loss scaling is about, for inputs near 1: most of f16 underflows, is subnormal, is
 * as it was, is as it was, overflows. */
static const struct scales usual_scales = {5, {-24, -14, 0, 14, 17}};

/* One of the shapes that are verified, of each op. */
static bool shows_scales(const struct hcb_case *c)
{
    const struct hcb_shape *s = &c->shape;
    return hcb_op_rank(c->op) == 3 ? s->m == 64 && s->n == 64 && s->k == 64 : s->n == 65537;
}

const struct scales *options_scales(const struct options *options, const struct hcb_case *c)
{
    static const struct scales none = {.count = 0};
    if (!may_scale(c->op, c->precision))
        return &none;
    if (options->scales.count > 0)
        return &options->scales;
    return options->command == COMMAND_VERIFY && options->preset == PRESET_FULL &&
                   takes_scales(options) && shows_scales(c)
               ? &usual_scales
               : &none;
}

void options_free(struct options *options)
{
    forget_devices(options);
    free(options->sizes);
    options->sizes = NULL;
    options->size_count = 0;
}
