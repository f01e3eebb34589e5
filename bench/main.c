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

#include "breakeven.h"
#include "conductor.h"
#include "link.h"
#include "output.h"
#include "record.h"
#include "report.h"
#include "worker.h"

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

static int find_breakevens(struct record *record)
{
    if (!kernel_dir_is_there(record->options) || !outputs_are_writable(record->options))
        return EXIT_BAD_ROW;
    const int found = breakeven_run(record);
    if (found != EXIT_DONE)
        return found;
    const bool written = write_outputs(record);
    const int status = record_exit_status(record);
    if (status == EXIT_NO_DEVICE && link_interrupted() == 0)
        fprintf(stderr, "hcbench: nothing was measured: every row is unsupported\n");
    return written ? status : EXIT_BAD_ROW;
}

static int run(struct record *record)
{
    if (!kernel_dir_is_there(record->options) || !make_rows(record) || !outputs_are_writable(record->options))
        return EXIT_BAD_ROW;
    if (record->result_count == 0) {
        fprintf(stderr, "hcbench: no device has code for what was asked: no impl offers that op and precision\n");
        return EXIT_NO_DEVICE;
    }
    if (!conduct(record))
        return EXIT_BAD_ROW;
    const bool written = write_outputs(record);
    const int status = record_exit_status(record);
    if (status == EXIT_NO_DEVICE && link_interrupted() == 0)
        fprintf(stderr, "hcbench: nothing was measured: every row is unsupported\n");
    return written ? status : EXIT_BAD_ROW;
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
    if (options.command == COMMAND_REPORT)
        return report(&options);
    struct record record;
    if (!record_begin(&record, argc, argv, &options)) {
        fprintf(stderr, "hcbench: out of memory\n");
        return EXIT_BAD_ROW;
    }
    link_catch_signals();
    status = discover_devices(&record, options.command == COMMAND_LIST);
    if (status == EXIT_DONE && options.command == COMMAND_LIST)
        status = write_outputs(&record) ? EXIT_DONE : EXIT_BAD_ROW;
    else if (status == EXIT_DONE && options.command == COMMAND_BREAKEVEN)
        status = find_breakevens(&record);
    else if (status == EXIT_DONE)
        status = run(&record);
    record_clear(&record);
    options_free(&options);
    return link_interrupted() != 0 ? 128 + link_interrupted() : status;
}
