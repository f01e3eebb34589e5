/* SPDX-License-Identifier: Apache-2.0 */
/* What the user asked for on the command line. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <hcbench.h>

/* The worker is for hcbench itself, and the last. */
enum command {
    COMMAND_RUN,
    COMMAND_LIST,
    COMMAND_VERIFY,
    COMMAND_BREAKEVEN,
    COMMAND_TUNE,
    COMMAND_COMPARE,
    COMMAND_REPORT,
    COMMAND_RECOVER,
    COMMAND_WORKER
};
enum preset { PRESET_DEFAULT, PRESET_QUICK, PRESET_FULL };
enum roofline { ROOFLINE_AUTO, ROOFLINE_ON, ROOFLINE_OFF };
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Exit statuses of the program. */
enum { EXIT_DONE = 0, EXIT_BAD_ROW = 1, EXIT_USAGE = 2, EXIT_NO_DEVICE = 3 };

/* One entry of --size: "1024" is m = n = k for matmul and n elements for a
 * reduction; "MxNxK" is for matmul only. */
struct size_request {
    struct hcb_shape shape;
    bool is_matrix; /* written as MxNxK */
};

/* Smallest and largest size of a search; 0 and 0: the program chooses. */
struct size_range {
    uint64_t low, high;
};

/* Exponents of --scale, in order, none twice. */
enum { SCALES_MAX = 16 };
struct scales {
    unsigned count; /* 0: not given */
    int list[SCALES_MAX];
};

struct options {
    enum command command;
    enum preset preset;
    unsigned platforms, ops, precisions, impls, sums; /* bits 1 << value */
    char **devices; /* ids; NULL: all devices of the platforms */
    size_t device_count;
    struct size_request *sizes; /* none: the program chooses */
    size_t size_count;
    struct scales scales;
    struct size_range range; /* breakeven */
    unsigned warmup, min_runs, max_runs; /* samples */
    double min_time_s, max_time_s;       /* of sampling, per row */
    double ci_percent; /* stop when the median's 95 % interval is within this; 0: never */
    double timeout_s;  /* per step of a case */
    const char *cpu_core; /* of OpenBLAS; NULL: not given */
    unsigned cpu_threads; /* 0: not given */
    double threshold_percent; /* of compare */
    uint64_t seed;
    enum hcb_fill fill;
    const char *json, *csv, *journal, *resume, *kernel_dir; /* NULL: not given */
    const char *output, *plots; /* of report; likewise */
    char **files; /* operands, as argv has them */
    size_t file_count;
    enum color color;
    bool all; /* rows of compare that are the same too */
    enum roofline roofline; /* AUTO: unless the preset is quick */
    bool isolate, progress, quiet, strict;
    bool tuned; /* use parameters that tune found */
    double budget_s; /* of tune */
    bool against_itself; /* speedups over the same row measured again */
};

/* Reads the command line.  Returns -1 when there is work to do; else the exit
 * status, after having printed the help, the version, or one line about what is
 * wrong and "Try 'hcbench --help'" on stderr. */
int options_parse(int argc, char **argv, struct options *options);
/* The options of the run that a journal is of, from the command line in it, for a
 * command line with --resume.  What is given again must be the same, but for outputs,
 * --timeout and --strict, of which the new ones count.  Replaces `options`, which
 * point into both command lines then; otherwise they are freed.  Returns -1 or an
 * exit status, after one line on stderr. */
int options_resume(int argc, char **argv, int earlier_argc, char **earlier_argv, struct options *options);
/* Is this op, precision and way to add up among those asked for?  Ops that do not add
 * up have no other way than the plain one. */
bool options_ask_for(const struct options *options, const struct hcb_case *kind);
/* By what the first input of a case is scaled, one row each; count 0: it is not.  A full
 * verification shows it, unless told, at one shape of each op. */
const struct scales *options_scales(const struct options *options, const struct hcb_case *c);
void options_free(struct options *options);

#endif
