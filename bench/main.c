/* SPDX-License-Identifier: Apache-2.0 */
/* hcbench: from the command line to a record, from the record to outputs and the
 * exit status. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "breakeven/breakeven.h"
#include "compare/compare.h"
#include "files/journal.h"
#include "files/output.h"
#include "files/text.h"
#include "measure/conductor.h"
#include "measure/link.h"
#include "measure/roofline.h"
#include "measure/worker.h"
#include "record.h"
#include "report/report.h"
#include "tune/tune.h"

static bool is_stdout(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

/* Every output that was asked for, even after one of them failed. */
static bool write_outputs(const struct record *record)
{
    const struct options *options = record->options;
    bool good = true;
    if (options->json != NULL)
        good &= record_write_json(record, options->json);
    if (options->csv != NULL)
        good &= record_write_csv(record, options->csv);
    if (!options->quiet && !is_stdout(options->json) && !is_stdout(options->csv))
        good &= options->command == COMMAND_LIST ? record_print_devices(record) : record_print(record);
    return good;
}

/* Before minutes of measuring: can the results be written at all? */
static bool outputs_are_writable(const struct options *options)
{
    return (options->json == NULL || output_check(options->json)) &&
           (options->csv == NULL || output_check(options->csv));
}

/* A misspelt folder must not mean the built-in kernels. */
static bool kernel_dir_is_there(const struct options *options)
{
    struct stat facts;
    if (options->kernel_dir == NULL ||
        (stat(options->kernel_dir, &facts) == 0 && S_ISDIR(facts.st_mode)))
        return true;
    text_say("there is no kernel folder '%s'", options->kernel_dir);
    return false;
}

/* Closed standard input or error would be taken by the next file or pipe. */
static void fill_closed_descriptors(void)
{
    static const int wanted[] = {STDIN_FILENO, STDERR_FILENO};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (fcntl(wanted[i], F_GETFD) >= 0 || errno != EBADF)
            continue;
        const int null = open("/dev/null", O_RDWR);
        if (null >= 0 && null != wanted[i]) {
            dup2(null, wanted[i]);
            close(null);
        }
    }
}

/* Else the reader would look for a row that failed. */
static void explain_strictness(const struct record *record)
{
    size_t missing = 0;
    for (size_t i = 0; i < record->result_count; i++)
        missing += record->results[i].status == HCB_UNSUPPORTED ||
                   record->results[i].status == HCB_SKIPPED;
    if (record->options->strict && missing > 0 && link_interrupted() == 0)
        text_say("--strict: %zu of %zu rows did not run; --impl and --precision name what must",
                 missing, record->result_count);
}

/* And why, where no row says it. */
static int exit_status(const struct record *record)
{
    const int status = record_exit_status(record);
    explain_strictness(record);
    if (status == EXIT_NO_DEVICE && link_interrupted() == 0)
        fprintf(stderr, "hcbench: nothing was measured: every row is unsupported\n");
    return status;
}

static int find_breakevens(struct record *record)
{
    if (!kernel_dir_is_there(record->options) || !outputs_are_writable(record->options))
        return EXIT_BAD_ROW;
    const int found = breakeven_run(record);
    if (found != EXIT_DONE)
        return found;
    const bool written = write_outputs(record);
    return written ? exit_status(record) : EXIT_BAD_ROW;
}

static int run(struct record *record)
{
    if (!kernel_dir_is_there(record->options) || !make_rows(record) || !outputs_are_writable(record->options))
        return EXIT_BAD_ROW;
    if (record->result_count == 0) {
        fprintf(stderr, "hcbench: no device has code for what was asked: no impl offers that op and precision\n");
        return EXIT_NO_DEVICE;
    }
    if (!roofline_make_rows(record) || !conduct(record))
        return EXIT_BAD_ROW;
    const bool written = write_outputs(record);
    return written ? exit_status(record) : EXIT_BAD_ROW;
}

/* Workers learn of --cpu-threads by their environment, and so does this process,
 * which reports the number and may be the worker itself. */
static bool set_cpu_threads(const struct options *options)
{
    struct hcb_environment environment;
    char number[16];
    if (options->cpu_threads == 0)
        return true;
    unsetenv("HCBENCH_CPU_THREADS");
    hcb_environment_read(&environment);
    if (options->cpu_threads > environment.cpu_threads) {
        fprintf(stderr,
                "hcbench: --cpu-threads %u is more than the %u that affinity mask and cgroup allow\n"
                "Try 'hcbench --help'\n",
                options->cpu_threads, (unsigned)environment.cpu_threads);
        return false;
    }
    snprintf(number, sizeof number, "%u", options->cpu_threads);
    return setenv("HCBENCH_CPU_THREADS", number, 1) == 0;
}

static bool write_comparison(const struct comparison *comparison, const struct options *options)
{
    bool good = true;
    if (options->json != NULL)
        good &= compare_write_json(comparison, options->json);
    if (options->csv != NULL)
        good &= compare_write_csv(comparison, options->csv);
    if (!options->quiet && !is_stdout(options->json) && !is_stdout(options->csv))
        good &= compare_print(comparison, options);
    return good;
}

static int compare(const struct options *options)
{
    struct record base = {0}, now = {0};
    struct comparison comparison = {0};
    int status = EXIT_BAD_ROW;
    if (record_read(&base, options->files[0]) && record_read(&now, options->files[1])) {
        if (!compare_records(&base, &now, options->threshold_percent, &comparison))
            fprintf(stderr, "hcbench: out of memory\n");
        else if (write_comparison(&comparison, options))
            status = compare_exit_status(&comparison, options->strict);
        if (comparison.rows != NULL && !compare_has_common_row(&comparison))
            fprintf(stderr, "hcbench: nothing to compare: no row was measured in both files\n");
    }
    compare_clear(&comparison);
    record_clear(&base);
    record_clear(&now);
    return status;
}

/* What only says that it could not run is no measurement. */
static bool any_measured(const struct record *record)
{
    for (size_t i = 0; i < record->result_count; i++)
        if (record->results[i].status != HCB_SKIPPED && record->results[i].status != HCB_UNSUPPORTED)
            return true;
    return false;
}

/* The rows of a journal as the run would have left them when it was stopped. */
static int recover(struct options *options)
{
    struct earlier earlier;
    if (!outputs_are_writable(options) || !journal_read(&earlier, options->files[0]))
        return EXIT_BAD_ROW;
    struct record *record = &earlier.record;
    const struct words *command = &record->command;
    /* Tables are those of the command that was stopped. */
    if (command->count > 1 && strcmp(command->list[1], "verify") == 0)
        options->command = COMMAND_VERIFY;
    record->options = options;
    for (size_t i = 0; i < record->result_count; i++)
        if (record->results[i].status == HCB_SKIPPED)
            snprintf(record->results[i].reason, sizeof record->results[i].reason,
                     "the run ended before this row was finished");
    const bool written = write_outputs(record), measured = any_measured(record);
    if (!measured)
        text_say("%s: nothing was measured before the run ended", options->files[0]);
    journal_forget(&earlier);
    return written && measured ? EXIT_DONE : EXIT_BAD_ROW;
}

/* The core type that a trial gave the CPU's BLAS need not be found again. */
static void keep_blas_core(const struct record *then)
{
    const struct hcb_device_info *info = record_blas(then);
    if (info != NULL && then->blas_core_choice == CORE_TRIED && record_has_cores(info))
        setenv("OPENBLAS_CORETYPE", info->target, 0);
}

/* Reads the journal of --resume, and takes its options.  EXIT_DONE to go on. */
static int take_up(int argc, char **argv, struct options *options, struct earlier *earlier)
{
    if (!journal_read(earlier, options->resume)) {
        options_free(options);
        return EXIT_BAD_ROW;
    }
    const struct record *then = &earlier->record;
    int status = EXIT_BAD_ROW;
    if (strcmp(then->version, hcb_version()) != 0) {
        char what[120];
        snprintf(what, sizeof what, "the run cannot go on: hcbench was version %s and is %s",
                 then->version, hcb_version());
        text_refuse(options->resume, 0, what);
        options_free(options);
    } else {
        status = options_resume(argc, argv, (int)then->command.count, then->command.list, options);
    }
    if (status >= 0)
        journal_forget(earlier);
    return status < 0 ? EXIT_DONE : status;
}

/* Finds the devices, and lists or runs what was asked for. */
static int carry_out(int argc, char **argv, const struct options *options, struct earlier *earlier)
{
    struct record record;
    if (!set_cpu_threads(options))
        return EXIT_USAGE;
    if (!record_begin(&record, argc, argv, options)) {
        fprintf(stderr, "hcbench: out of memory\n");
        return EXIT_BAD_ROW;
    }
    record.earlier = earlier;
    if (earlier != NULL)
        keep_blas_core(&earlier->record);
    link_catch_signals();
    int status = discover_devices(&record, options->command == COMMAND_LIST);
    if (status == EXIT_DONE && options->command == COMMAND_LIST)
        status = write_outputs(&record) ? EXIT_DONE : EXIT_BAD_ROW;
    else if (status == EXIT_DONE && options->command == COMMAND_BREAKEVEN)
        status = find_breakevens(&record);
    else if (status == EXIT_DONE && options->command == COMMAND_TUNE)
        status = kernel_dir_is_there(options) ? tune_run(&record) : EXIT_BAD_ROW;
    else if (status == EXIT_DONE)
        status = run(&record);
    record_clear(&record);
    return link_interrupted() != 0 ? 128 + link_interrupted() : status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct earlier earlier;
    fill_closed_descriptors();
    setlocale(LC_CTYPE, "");
    int status = options_parse(argc, argv, &options);
    if (status >= 0)
        return status;
    if (options.command == COMMAND_WORKER)
        return worker_main();
    signal(SIGPIPE, SIG_IGN);
    if (options.command == COMMAND_COMPARE) {
        status = compare(&options);
    } else if (options.command == COMMAND_REPORT) {
        status = report(&options);
    } else if (options.command == COMMAND_RECOVER) {
        status = recover(&options);
    } else if (options.resume != NULL) {
        status = take_up(argc, argv, &options, &earlier);
        if (status != EXIT_DONE)
            return status;
        status = carry_out(argc, argv, &options, &earlier);
        journal_forget(&earlier);
    } else {
        status = carry_out(argc, argv, &options, NULL);
    }
    options_free(&options);
    return status;
}
