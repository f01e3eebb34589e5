/* SPDX-License-Identifier: Apache-2.0 */
/* hcbench: from the command line to a record, from the record to outputs and the
 * exit status. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conductor.h"
#include "link.h"
#include "output.h"
#include "record.h"
#include "roofline.h"
#include "worker.h"

static void stamp(char *text, size_t size)
{
    const time_t now = time(NULL);
    struct tm utc;
    strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

static void clear_record(struct record *record)
{
    for (size_t i = 0; i < record->device_count; i++) {
        char **reasons = record->devices[i].unsupported != NULL ? &record->devices[i].unsupported[0][0][0]
                                                                : NULL;
        for (size_t j = 0; j < HCB_OP_COUNT * HCB_IMPL_COUNT * HCB_PRECISION_COUNT && reasons != NULL; j++)
            free(reasons[j]);
        free(record->devices[i].unsupported);
    }
    for (size_t i = 0; i < record->result_count; i++)
        hcb_result_clear(&record->results[i]);
    for (size_t i = 0; i < record->roofline_count; i++)
        hcb_result_clear(&record->roofline[i]);
    free(record->devices);
    free(record->absences);
    free(record->roofline);
    free(record->results);
}

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
    fprintf(stderr, "hcbench: there is no kernel folder '%s'\n", options->kernel_dir);
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
    const int status = record_exit_status(record);
    if (status == EXIT_NO_DEVICE && link_interrupted() == 0)
        fprintf(stderr, "hcbench: nothing was measured: every row is unsupported\n");
    return written ? status : EXIT_BAD_ROW;
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

int main(int argc, char **argv)
{
    struct options options;
    fill_closed_descriptors();
    setlocale(LC_CTYPE, "");
    int status = options_parse(argc, argv, &options);
    if (status >= 0)
        return status;
    if (options.command == COMMAND_WORKER)
        return worker_main();
    if (!set_cpu_threads(&options)) {
        options_free(&options);
        return EXIT_USAGE;
    }
    struct record record = {
        .argc = argc, .argv = argv, .options = &options, .blas_fair_ratio = (double)NAN};
    stamp(record.started, sizeof record.started);
    link_catch_signals();
    hcb_environment_read(&record.environment);
    status = discover_devices(&record, options.command == COMMAND_LIST);
    if (status == EXIT_DONE && options.command == COMMAND_LIST)
        status = write_outputs(&record) ? EXIT_DONE : EXIT_BAD_ROW;
    else if (status == EXIT_DONE)
        status = run(&record);
    clear_record(&record);
    options_free(&options);
    return link_interrupted() != 0 ? 128 + link_interrupted() : status;
}
