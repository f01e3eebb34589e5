/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: what each option does, and every way to get one wrong. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "numbers.h"
#include "options.h"
#include "sizes.h"

enum { WORDS_MAX = 64 };

/* Options point into the words, as main's do. */
static char line_copy[4096], program[] = "hcbench", *argv[WORDS_MAX];

/* Parses "hcbench LINE", cut at blanks; "''" is an empty argument. */
static int parse(const char *line, struct options *options)
{
    int argc = 0;
    argv[argc++] = program;
    snprintf(line_copy, sizeof line_copy, "%s", line);
    for (char *word = strtok(line_copy, " "); word != NULL; word = strtok(NULL, " ")) {
        if (strcmp(word, "''") == 0)
            *word = '\0';
        argv[argc++] = word;
    }
    return options_parse(argc, argv, options);
}

static struct options accepted(const char *line)
{
    struct options options;
    ck_assert_msg(parse(line, &options) == -1, "refused: %s", line);
    return options;
}

static void set_up(void)
{
    unsetenv("HCBENCH_KERNEL_DIR");
}

/* ------------------------------------------------------------------- accepted */

#define BIT(value) (1u << (value))
#define ALL_PRECISIONS (BIT(HCB_PRECISION_COUNT) - 1)

static unsigned platform_bit(const char *name)
{
    return BIT(hcb_word(hcb_platform_name, name));
}

START_TEST(defaults)
{
    struct options o = accepted("");
    ck_assert_int_eq(o.command, COMMAND_RUN);
    ck_assert_int_eq(o.preset, PRESET_DEFAULT);
    ck_assert_uint_eq(o.platforms,
                      platform_bit("cpu") | platform_bit("opencl") | platform_bit("vulkan"));
    ck_assert_uint_eq(o.ops, BIT(HCB_OP_MATMUL) | BIT(HCB_OP_SUM) | BIT(HCB_OP_DOT));
    ck_assert_uint_eq(o.precisions, BIT(HCB_PRECISION_F32) | BIT(HCB_PRECISION_F16F32));
    ck_assert_uint_eq(o.impls, (BIT(HCB_IMPL_COUNT) - 1) &
                                   ~(BIT(HCB_IMPL_REF) | BIT(HCB_IMPL_CLBLAST_TUNED)));
    ck_assert_uint_eq(o.sums, BIT(HCB_SUM_PLAIN));
    ck_assert_ptr_null(o.devices);
    ck_assert_uint_eq(o.size_count, 0);
    ck_assert_uint_eq(o.warmup, 3);
    ck_assert_uint_eq(o.min_runs, 10);
    ck_assert_uint_ge(o.max_runs, o.min_runs);
    ck_assert_double_gt(o.max_time_s, o.min_time_s);
    ck_assert_double_eq(o.timeout_s, 60);
    ck_assert_uint_eq(o.seed, 1);
    ck_assert_int_eq(o.fill, HCB_FILL_UNIFORM);
    ck_assert_ptr_null(o.json);
    ck_assert_ptr_null(o.csv);
    ck_assert_ptr_null(o.journal);
    ck_assert_ptr_null(o.kernel_dir);
    ck_assert_int_eq(o.color, COLOR_AUTO);
    ck_assert(o.isolate && o.progress && !o.quiet && !o.strict);
    options_free(&o);
}
END_TEST

START_TEST(commands)
{
    static const struct {
        const char *line;
        enum command command;
    } lines[] = {{"run", COMMAND_RUN},       {"--quick", COMMAND_RUN},
                 {"list", COMMAND_LIST},     {"verify --full", COMMAND_VERIFY},
                 {"compare a b", COMMAND_COMPARE},
                 {"worker", COMMAND_WORKER}, {"list -p cpu --json x", COMMAND_LIST}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct options o = accepted(lines[i].line);
        ck_assert_int_eq(o.command, lines[i].command);
        options_free(&o);
    }
}
END_TEST

START_TEST(compare_takes_two_files)
{
    struct options o = accepted("compare a.json b.json");
    ck_assert_uint_eq(o.file_count, 2);
    ck_assert_str_eq(o.files[0], "a.json");
    ck_assert_str_eq(o.files[1], "b.json");
    ck_assert_double_eq(o.threshold_percent, 5);
    ck_assert(!o.all && !o.strict);
    options_free(&o);
    o = accepted("compare a.json --threshold 2.5 -a b.json --strict -q --json x --csv y --color never");
    ck_assert_str_eq(o.files[1], "b.json");
    ck_assert_double_eq(o.threshold_percent, 2.5);
    ck_assert(o.all && o.strict && o.quiet);
    ck_assert_str_eq(o.json, "x");
    ck_assert_str_eq(o.csv, "y");
    options_free(&o);
}
END_TEST

START_TEST(every_option)
{
    struct options o =
        accepted("run -p cpu,null -d null:1,cpu:0,null:1 -o sum,dot -P f64,f16f32 -i tile,ref --sum neumaier,f64 "
                 "--scale -14,0,10,0 "
                 "-n 64,128 -w 0 --min-runs 4 --max-runs 8 --min-time 0.25 --max-time 1e1 "
                 "--ci 0 --full --seed 9223372036854775807 --fill normal --timeout .5 "
                 "--json - --csv a.csv.gz --journal j --kernel-dir k --no-isolate "
                 "--no-progress -q --color never --strict");
    ck_assert_uint_eq(o.platforms, platform_bit("cpu") | platform_bit("null"));
    ck_assert_uint_eq(o.device_count, 2);
    ck_assert_str_eq(o.devices[0], "null:1");
    ck_assert_str_eq(o.devices[1], "cpu:0");
    ck_assert_uint_eq(o.ops, BIT(HCB_OP_SUM) | BIT(HCB_OP_DOT));
    ck_assert_uint_eq(o.precisions, BIT(HCB_PRECISION_F64) | BIT(HCB_PRECISION_F16F32));
    ck_assert_uint_eq(o.impls, BIT(HCB_IMPL_TILE) | BIT(HCB_IMPL_REF));
    ck_assert_uint_eq(o.sums, BIT(HCB_SUM_NEUMAIER) | BIT(HCB_SUM_F64));
    ck_assert_uint_eq(o.size_count, 2);
    ck_assert_uint_eq(o.warmup, 0);
    ck_assert_uint_eq(o.min_runs, 4);
    ck_assert_uint_eq(o.max_runs, 8);
    ck_assert_double_eq(o.min_time_s, 0.25);
    ck_assert_double_eq(o.max_time_s, 10);
    ck_assert_double_eq(o.ci_percent, 0);
    ck_assert_int_eq(o.preset, PRESET_FULL);
    ck_assert_uint_eq(o.seed, INT64_MAX);
    ck_assert_int_eq(o.fill, HCB_FILL_NORMAL);
    ck_assert_uint_eq(o.scales.count, 3);
    ck_assert_int_eq(o.scales.list[0], -14);
    ck_assert_int_eq(o.scales.list[2], 10);
    ck_assert_double_eq(o.timeout_s, 0.5);
    ck_assert_str_eq(o.json, "-");
    ck_assert_str_eq(o.csv, "a.csv.gz");
    ck_assert_str_eq(o.journal, "j");
    ck_assert_str_eq(o.kernel_dir, "k");
    ck_assert(!o.isolate && !o.progress && o.quiet && o.strict);
    ck_assert_int_eq(o.color, COLOR_NEVER);
    options_free(&o);
}
END_TEST

START_TEST(all_is_everything_but_tests)
{
    struct options o = accepted("-p all -o all -P all -i all");
    ck_assert_uint_eq(o.platforms & platform_bit("null"), 0);
    ck_assert_uint_eq(o.ops, BIT(HCB_OP_MATMUL) | BIT(HCB_OP_SUM) | BIT(HCB_OP_DOT));
    ck_assert_uint_eq(o.precisions, ALL_PRECISIONS);
    ck_assert_uint_eq(o.impls, BIT(HCB_IMPL_COUNT) - 1);
    options_free(&o);
    o = accepted("-o all,peak -n 100 --no-roofline");
    ck_assert_uint_eq(o.ops,
                      BIT(HCB_OP_MATMUL) | BIT(HCB_OP_SUM) | BIT(HCB_OP_DOT) | BIT(HCB_OP_PEAK));
    ck_assert_int_eq(o.roofline, ROOFLINE_OFF);
    options_free(&o);
    o = accepted("-o launch -n 9000000000000000000 --roofline"); /* it has no size */
    ck_assert_int_eq(o.roofline, ROOFLINE_ON);
    options_free(&o);
    o = accepted("-p all,null");
    ck_assert_uint_ne(o.platforms & platform_bit("null"), 0);
    options_free(&o);
}
END_TEST

START_TEST(the_last_one_counts)
{
    struct options o =
        accepted("-p cpu -p opencl -n 1,2,3 -n 4 -d opencl:0 -d opencl:1 --seed 2 --seed 3");
    ck_assert_uint_eq(o.platforms, platform_bit("opencl"));
    ck_assert_uint_eq(o.size_count, 1);
    ck_assert_uint_eq(o.sizes[0].shape.n, 4);
    ck_assert_uint_eq(o.device_count, 1);
    ck_assert_str_eq(o.devices[0], "opencl:1");
    ck_assert_uint_eq(o.seed, 3);
    options_free(&o);
}
END_TEST

START_TEST(devices_narrow_the_platforms)
{
    struct options o = accepted("-d vulkan:12,null:0");
    ck_assert_uint_eq(o.platforms, platform_bit("vulkan") | platform_bit("null"));
    options_free(&o);
}
END_TEST

START_TEST(verify_takes_every_precision)
{
    struct options o = accepted("verify");
    ck_assert_uint_eq(o.precisions, ALL_PRECISIONS);
    ck_assert_uint_eq(o.sums, BIT(HCB_SUM_COUNT) - 1);
    options_free(&o);
    o = accepted("verify -P f64 --sum plain");
    ck_assert_uint_eq(o.precisions, BIT(HCB_PRECISION_F64));
    ck_assert_uint_eq(o.sums, BIT(HCB_SUM_PLAIN));
    options_free(&o);
}
END_TEST

/* A matmul has no variants, and is not left out for that. */
START_TEST(variants_are_of_sums)
{
    struct options o = accepted("--sum neumaier");
    struct hcb_case kind = {HCB_OP_SUM, HCB_IMPL_REF, HCB_PRECISION_F32, {1, 1, 1}};
    ck_assert(!options_ask_for(&o, &kind));
    kind.sum = HCB_SUM_NEUMAIER;
    ck_assert(options_ask_for(&o, &kind));
    kind = (struct hcb_case){HCB_OP_MATMUL, HCB_IMPL_REF, HCB_PRECISION_F32, {1, 1, 1}};
    ck_assert(options_ask_for(&o, &kind));
    kind.precision = HCB_PRECISION_F64;
    ck_assert(!options_ask_for(&o, &kind));
    options_free(&o);
}
END_TEST

/* As asked for; else at one shape of each op of a full verification. */
START_TEST(scales_of_cases)
{
    struct hcb_case sum = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F16F32, {1, 65537, 1}},
                    product = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_BF16F32, {64, 64, 64}};
    struct options o = accepted("verify --full");
    ck_assert_uint_eq(options_scales(&o, &sum)->count, 5);
    ck_assert_uint_eq(options_scales(&o, &product)->count, 5);
    product.shape.k = 63;
    sum.shape.n = 65536;
    ck_assert_uint_eq(options_scales(&o, &product)->count, 0);
    ck_assert_uint_eq(options_scales(&o, &sum)->count, 0);
    o = accepted("verify --full --scale 3,4");
    ck_assert_uint_eq(options_scales(&o, &sum)->count, 2);
    sum.shape.n = 65537;
    ck_assert_uint_eq(options_scales(&o, &sum)->count, 2);
    sum.precision = HCB_PRECISION_F32;
    ck_assert_uint_eq(options_scales(&o, &sum)->count, 0);
    sum.precision = HCB_PRECISION_F16F32;
    o = accepted("verify --full --fill integer");
    ck_assert_uint_eq(options_scales(&o, &sum)->count, 0);
    o = accepted("verify");
    ck_assert_uint_eq(options_scales(&o, &sum)->count, 0);
    o = accepted("--full");
    ck_assert_uint_eq(options_scales(&o, &sum)->count, 0);
}
END_TEST

START_TEST(presets_yield_to_what_is_given)
{
    struct options quick = accepted("--quick"), before = accepted("--min-runs 7 --ci 9 --quick"),
                   after = accepted("--quick --min-runs 7 --ci 9"), usual = accepted("");
    ck_assert_double_lt(quick.max_time_s, usual.max_time_s);
    ck_assert_uint_ne(quick.min_runs, 7);
    ck_assert_uint_eq(before.min_runs, 7);
    ck_assert_double_eq(before.ci_percent, 9);
    ck_assert_uint_eq(after.min_runs, 7);
    ck_assert_double_eq(after.ci_percent, 9);
    ck_assert_double_eq(before.max_time_s, quick.max_time_s);
    ck_assert_uint_eq(before.warmup, quick.warmup);
}
END_TEST

START_TEST(one_limit_moves_the_other)
{
    struct options o = accepted("--min-runs 5000");
    ck_assert_uint_eq(o.max_runs, 5000);
    o = accepted("--max-runs 2");
    ck_assert_uint_eq(o.min_runs, 2);
    o = accepted("--min-time 1000");
    ck_assert_double_eq(o.max_time_s, 1000);
    o = accepted("--max-time 0.01");
    ck_assert_double_eq(o.min_time_s, 0.01);
}
END_TEST

START_TEST(kernel_folder_from_the_environment)
{
    setenv("HCBENCH_KERNEL_DIR", "from/environment", 1);
    struct options o = accepted("");
    ck_assert_str_eq(o.kernel_dir, "from/environment");
    o = accepted("--kernel-dir told");
    ck_assert_str_eq(o.kernel_dir, "told");
    setenv("HCBENCH_KERNEL_DIR", "", 1);
    o = accepted("");
    ck_assert_ptr_null(o.kernel_dir);
    unsetenv("HCBENCH_KERNEL_DIR");
}
END_TEST

/* ----------------------------------------------------------------------- sizes */

/* The list as text: "256 512 640x480x320". */
static void sizes_are(const char *list, const char *wanted)
{
    struct size_request *sizes;
    size_t count;
    char why[320], text[8192] = "";
    ck_assert_msg(sizes_read(list, &sizes, &count, why, sizeof why), "%s: %s", list, why);
    for (size_t i = 0; i < count; i++) {
        const struct hcb_case c = {.op = sizes[i].is_matrix ? HCB_OP_MATMUL : HCB_OP_SUM,
                                   .shape = sizes[i].shape};
        char shape[72];
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? " " : "",
                 hcb_shape_text(&c, shape, sizeof shape));
        if (!sizes[i].is_matrix)
            ck_assert(sizes[i].shape.m == sizes[i].shape.n && sizes[i].shape.k == sizes[i].shape.n);
    }
    ck_assert_str_eq(text, wanted);
    free(sizes);
}

START_TEST(size_lists)
{
    sizes_are("256", "256");
    sizes_are("256,1024", "256 1024");
    sizes_are("256-4096*2", "256 512 1024 2048 4096");
    sizes_are("256-1000*2", "256 512");
    sizes_are("512-2048+512", "512 1024 1536 2048");
    sizes_are("512-2047+512", "512 1024 1536");
    sizes_are("640x480x320", "640x480x320");
    sizes_are("7,1-4*2,640x480x320,1-3+1", "7 1 2 4 640x480x320 3");
    sizes_are("5-5*2,5-5+1", "5");
    sizes_are("9223372036854775807", "9223372036854775807");
    sizes_are("4611686018427387904-9223372036854775807*2", "4611686018427387904");
    sizes_are("9223372036854775806-9223372036854775807+9223372036854775807", "9223372036854775806");
    sizes_are("8,8x8x8", "8 8x8x8");
}
END_TEST

START_TEST(size_list_limit)
{
    struct size_request *sizes;
    size_t count;
    char why[320];
    ck_assert(sizes_read("1-1000+1", &sizes, &count, why, sizeof why));
    ck_assert_uint_eq(count, SIZES_MAX);
    free(sizes);
    ck_assert(!sizes_read("1-1001+1", &sizes, &count, why, sizeof why));
    ck_assert(!sizes_read("1-9223372036854775807+1", &sizes, &count, why, sizeof why));
    ck_assert(!sizes_read("1-600+1,1001-1600+1", &sizes, &count, why, sizeof why));
}
END_TEST

/* --------------------------------------------------------------------- refused */

/* A line, and what its message must say. */
static const struct {
    const char *line, *message;
} wrong[] = {
    {"frobnicate", "unknown command 'frobnicate'; known are run, list, verify"},
    {"compare", "'hcbench compare' takes BASE NEW, not 0 files"},
    {"compare a", "'hcbench compare' takes BASE NEW, not 1 file"},
    {"compare a b c", "'hcbench compare' takes BASE NEW, not 3 files"},
    {"compare a b --threshold -1", "--threshold '-1' is not a number from 0 to 1000"},
    {"compare a b -t nan", "--threshold 'nan' is not a number"},
    {"compare a b --size 3", "'hcbench compare' does not take --size"},
    {"run --threshold 3", "'hcbench run' does not take --threshold"},
    {"run bogus", "unexpected argument 'bogus'"},
    {"--quick list", "unexpected argument 'list'"},
    {"--frobnicate", "unknown or ambiguous option '--frobnicate'"},
    {"--min 3", "unknown or ambiguous option '--min'"},
    {"-z", "unknown option '-z'"},
    {"--json", "--json needs FILE"},
    {"-n", "--size needs LIST"},
    {"--quick=3", "--quick takes no argument"},
    {"--platform foo", "unknown platform 'foo'; known are cpu, opencl, vulkan, all"},
    {"--platform ''", "--platform '' has an empty entry"},
    {"--platform cpu,,opencl", "empty entry"},
    {"--platform cpu,", "empty entry"},
    {"--platform ,cpu", "empty entry"},
    {"breakeven --op sum,peak", "'hcbench breakeven' does not take --op peak; it takes matmul, sum, dot, all"},
    {"breakeven --impl pinned", "'hcbench breakeven' does not take --impl pinned; it takes openblas, "},
    {"--op foo", "unknown op 'foo'; known are matmul, sum, dot, upload, download, copy, triad, launch, peak, "
     "all"},
    {"--precision f31",
     "unknown precision 'f31'; known are f64, f32, f16, f16f32, bf16f32, i8i32, f32x2, all"},
    {"--scale 0 -P f32,i8i32",
     "--scale is for matmul, sum and dot in f16f32 or bf16f32 and matmul in f32x2, which"},
    {"--scale 0 -o copy -n 10", "--scale is for matmul, sum and dot"},
    {"--sum f64 -o matmul", "--sum is for sum and dot, which --op leaves out"},
    {"breakeven --sum plain -o matmul", "--sum is for sum and dot, which --op leaves out"},
    {"--scale 61", "--scale '61' is not a whole number from -60 to 60"},
    {"--scale -", "--scale '-' is not a whole number"},
    {"--scale 1.5", "--scale '1.5' is not a whole number"},
    {"--scale 1,,2", "empty entry"},
    {"--scale 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "--scale has more than 16 exponents"},
    {"--scale 0 --fill zeros", "--scale needs --fill uniform or normal, not zeros"},
    {"--sum kahan", "unknown sum 'kahan'; known are plain, neumaier, f64, all"},
    {"--impl foo",
     "unknown impl 'foo'; known are openblas, clblast, tile, coopmat, native, ref, driver, "
     "pageable, pinned, clblast_tuned, all"},
    {"--op matmulmatmulmatmulmatmulmatmulmatmulmatmulmatmulmatmulmatmulmatmul",
     "too long for a word"},
    {"--fill foo", "unknown fill 'foo'; known are uniform, normal, integer, zeros"},
    {"--fill all", "unknown fill 'all'"},
    {"--color foo", "unknown color 'foo'; known are auto, always, never"},
    {"--device foo", "'foo' is not a device"},
    {"--device cpu", "'cpu' is not a device"},
    {"--device cpu:", "'cpu:' is not a device"},
    {"--device cpu:x", "'cpu:x' is not a device"},
    {"--device cpu:-1", "'cpu:-1' is not a device"},
    {"--device cpu:00", "'cpu:00' is not a device"},
    {"--device foo:0", "'foo:0' is not a device"},
    {"--device :0", "':0' is not a device"},
    {"-p opencl -d cpu:0", "device cpu:0 is not of the platforms"},
    {"-d cpu:0 -p opencl", "device cpu:0 is not of the platforms"},
    {"--size 0", "has a 0; sizes are at least 1"},
    {"--size -5", "size '-5' is negative"},
    {"--size 256,-5", "size '-5' is negative"},
    {"--size foo", "'foo' is not a size; sizes are whole numbers as in"},
    {"--size 1.5", "'1.5' is not a size"},
    {"--size 1e3", "'1e3' is not a size"},
    {"--size 0x10", "has a 0"},
    {"--size +5", "'+5' is not a size"},
    {"--size ''", "'' is not a size"},
    {"--size 5,", "'' is not a size"},
    {"--size 5,,6", "'' is not a size"},
    {"--size 12abc", "'12abc' is not a size"},
    {"--size 99999999999999999999", "'99999999999999999999' is too large for 64 bits"},
    {"--size 9223372036854775808", "too large for 64 bits"},
    {"--size 1-99999999999999999999*2", "too large for 64 bits"},
    {"--size 1-9*99999999999999999999", "too large for 64 bits"},
    {"--size 512-256*2", "range '512-256*2' is reversed; 256-512*2 would be right"},
    {"--size 512-256+8", "is reversed"},
    {"--size 256-512", "needs a factor or a step, as in 256-512*2"},
    {"--size 256-512/2", "needs a factor or a step"},
    {"--size 256-512*1", "has a factor below 2"},
    {"--size 256-512*0", "has a factor below 2"},
    {"--size 256-512*-2", "is not a size"},
    {"--size 256-512+0", "has a step below 1"},
    {"--size 256-512+", "is not a size"},
    {"--size 256-512*2x", "is not a size"},
    {"--size 0-512+8", "has a 0"},
    {"--size 1-1001+1", "makes more than 1000 sizes"},
    {"--size 64x64", "is not a size"},
    {"--size 64x64x", "is not a size"},
    {"--size 64x64x64x64", "is not a size"},
    {"--size 64x0x64", "has a 0"},
    {"--size 64x64x99999999999999999999", "too large for 64 bits"},
    {"--op sum --size 64x64x64", "size '64x64x64' is for matmul"},
    {"-n 64x64x64 -o sum,dot", "is for matmul"},
    {"-o matmul -n 10000000000",
     "size '10000000000x10000000000x10000000000' is too large for 64 bits in matmul"},
    {"-n 4294967296x4294967296x4294967296", "size '4294967296x4294967296x4294967296' is too large"},
    {"-o sum -P f64 -n 9223372036854775807", "too large for 64 bits in sum"},
    {"--warmup -1", "--warmup '-1' is not a whole number from 0 to"},
    {"--warmup x", "not a whole number"},
    {"--warmup 1.5", "not a whole number"},
    {"--warmup 99999999999999999999", "not a whole number"},
    {"--min-runs 0", "--min-runs '0' is not a whole number from 1 to"},
    {"--max-runs 1000001", "not a whole number from 1 to 1000000"},
    {"--min-runs 20 --max-runs 10", "--min-runs 20 is more than --max-runs 10"},
    {"--max-runs 10 --min-runs 20", "--min-runs 20 is more than --max-runs 10"},
    {"--min-time 2.5 --max-time 1", "--min-time 2.5 is more than --max-time 1"},
    {"--min-time -1", "--min-time '-1' is not a number from 0 to"},
    {"--max-time 0", "not a number from 0.001 to"},
    {"--timeout nan", "--timeout 'nan' is not a number from 0.001 to"},
    {"--timeout inf", "not a number"},
    {"--timeout 0", "not a number"},
    {"--timeout 1,5", "not a number"},
    {"--timeout 1s", "not a number"},
    {"--timeout 0x10", "not a number"},
    {"--timeout ''", "not a number"},
    {"--timeout 1e999", "not a number"},
    {"--ci 101", "--ci '101' is not a number from 0 to 100"},
    {"--seed -1", "--seed '-1' is not a whole number from 0 to"},
    {"--seed 9223372036854775808", "not a whole number"},
    {"--seed x", "not a whole number"},
    {"--json ''", "--json needs a name"},
    {"--journal -", "--journal needs the name of a file"},
    {"--json - --csv -", "--json and --csv cannot both be written to '-'"},
    {"--json a --csv a", "cannot both be written to 'a'"},
    {"list --size 5", "'hcbench list' does not take --size; it takes --platform, --device"},
    {"list --csv x", "does not take --csv"},
    {"list --quick", "does not take --quick"},
    {"list x", "unexpected argument 'x'"},
    {"verify --warmup 3", "'hcbench verify' does not take --warmup"},
    {"verify --min-time 3", "does not take --min-time"},
    {"verify --ci 3", "does not take --ci"},
    {"verify --quick", "does not take --quick"},
};

/* Then where help is. */
static void is_one_line(const struct captured *said)
{
    const char *newline = strchr(said->err, '\n');
    char try[64];
    int end = -1;
    ck_assert_str_eq(said->out, "");
    ck_assert_ptr_nonnull(newline);
    ck_assert_msg(sscanf(newline + 1, "Try 'hcbench %60[a-z -]'\n%n", try, &end) == 1 && end > 0 &&
                      newline[1 + end] == '\0', "%s", said->err);
}

/* One line that names the program and what is wrong. */
START_TEST(refused)
{
    struct options options;
    char start[64];
    capture_begin();
    const int status = parse(wrong[_i].line, &options);
    struct captured said = capture_end();
    ck_assert_msg(status == EXIT_USAGE, "status %d for: %s", status, wrong[_i].line);
    snprintf(start, sizeof start, "hcbench: ");
    ck_assert_msg(strncmp(said.err, start, strlen(start)) == 0, "%s", said.err);
    ck_assert_msg(strstr(said.err, wrong[_i].message) != NULL, "'%s' lacks: %s", said.err,
                  wrong[_i].message);
    is_one_line(&said);
    captured_free(&said);
}
END_TEST

/* ------------------------------------------------------------ help and version */

START_TEST(help_and_version)
{
    static const char *const lines[] = {
        "--help",          "-h", "run --help", "list --help", "verify --help", "--quick --help",
        "verify -h --json"};
    struct options options;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        capture_begin();
        const int status = parse(lines[i], &options);
        struct captured said = capture_end();
        ck_assert_int_eq(status, EXIT_DONE);
        ck_assert_str_eq(said.err, "");
        ck_assert_ptr_nonnull(strstr(said.out, "--platform LIST"));
        for (char *line = strtok(said.out, "\n"); line != NULL; line = strtok(NULL, "\n"))
            ck_assert_msg(strlen(line) < 80, "too wide: %s", line);
        captured_free(&said);
    }
    capture_begin();
    ck_assert_int_eq(parse("list --version", &options), EXIT_DONE);
    struct captured said = capture_end();
    ck_assert_str_eq(said.out, "hcbench " PACKAGE_VERSION "\n");
    captured_free(&said);
}
END_TEST

/* Each command's help has its own options alone, and no word of the worker or of
 * platforms for tests. */
START_TEST(help_is_for_the_command)
{
    struct options options;
    capture_begin();
    parse("list --help", &options);
    struct captured said = capture_end();
    ck_assert_ptr_null(strstr(said.out, "--size"));
    captured_free(&said);
    capture_begin();
    parse("--help", &options);
    said = capture_end();
    ck_assert_ptr_nonnull(strstr(said.out, "--size LIST"));
    ck_assert_ptr_nonnull(strstr(said.out, "cpu, opencl, vulkan, all [all]"));
    ck_assert_ptr_nonnull(strstr(said.out, "[f32,f16f32]"));
    ck_assert_ptr_null(strstr(said.out, "worker"));
    ck_assert_ptr_null(strstr(said.out, "null"));
    captured_free(&said);
}
END_TEST

START_TEST(statuses_are_of_the_command)
{
    static const struct {
        const char *line, *has, *lacks;
    } helps[] = {
        {"--help", "3 no usable device.", "slower"},
        {"breakeven --help", "0 all verified;", "slower"},
        {"compare --help", "1 a row is, or none", "device."},
        {"report --help", "0 written;", "verified"},
        {"recover --help", "nothing was measured", "verified"},
        {"list --help", "0 listed;", "verified"},
        {"tune --help", "0 searched;", "verified"},
    };
    for (size_t i = 0; i < sizeof helps / sizeof *helps; i++) {
        struct options options;
        capture_begin();
        parse(helps[i].line, &options);
        struct captured said = capture_end();
        const char *statuses = strstr(said.out, "\nExit status: 0 ");
        ck_assert_ptr_nonnull(statuses);
        ck_assert_msg(strstr(statuses, helps[i].has) != NULL, "%s: %s", helps[i].line, statuses);
        ck_assert_msg(strstr(statuses, helps[i].lacks) == NULL, "%s: %s", helps[i].line, statuses);
        captured_free(&said);
    }
}
END_TEST

/* --------------------------------------------------- help, manual and refusals */

/* An option as a command's help has it. */
struct helped {
    char name[24], letter, argument[16]; /* "" and 0 for none */
};
enum { HELPED_MAX = 64 };
struct help {
    struct helped options[HELPED_MAX];
    size_t count;
    char *text; /* in one line */
};

/* A command, what it needs besides an option, and its help. */
static struct {
    const char *name, *rest;
    struct help help;
} helps[] = {{"run", "", {.count = 0}},
             {"list", "", {.count = 0}},
             {"verify", "", {.count = 0}},
             {"breakeven", "", {.count = 0}},
             {"tune", "", {.count = 0}},
             {"recover", "journal", {.count = 0}},
             {"compare", "base new", {.count = 0}},
             {"report", "result -o page", {.count = 0}}};
enum { HELPS = sizeof helps / sizeof *helps };

static const struct helped *find_helped(const struct help *help, const char *name)
{
    for (size_t i = 0; i < help->count; i++)
        if (strcmp(help->options[i].name, name) == 0)
            return &help->options[i];
    return NULL;
}

static void read_help(struct help *help, const char *command)
{
    struct options options;
    char line[64];
    snprintf(line, sizeof line, "%s --help", command);
    capture_begin();
    const int status = parse(line, &options);
    struct captured said = capture_end();
    ck_assert_int_eq(status, EXIT_DONE);
    for (char *at = said.out; at != NULL; at = strchr(at, '\n')) {
        struct helped option = {.letter = 0};
        at += *at == '\n';
        ck_assert_uint_lt(help->count, HELPED_MAX);
        if (strncmp(at, "  -", 3) == 0)
            option.letter = at[3];
        else if (strncmp(at, "      --", 8) != 0)
            continue;
        if (sscanf(at + 6, "--%23[a-z-] %15[A-Z-]", option.name, option.argument) >= 1)
            help->options[help->count++] = option;
    }
    help->text = malloc(strlen(said.out) + 1);
    ck_assert_ptr_nonnull(help->text);
    char *to = help->text;
    for (const char *at = said.out; *at != '\0'; at++)
        if (*at != '\n' && (*at != ' ' || to == help->text || to[-1] != ' '))
            *to++ = *at;
        else if (*at == '\n' && to > help->text && to[-1] != ' ')
            *to++ = ' ';
    *to = '\0';
    captured_free(&said);
    ck_assert_ptr_nonnull(find_helped(help, "help"));
}

/* Every command that the help lists, and no other. */
static void read_helps(void)
{
    struct options options;
    size_t count = 0;
    capture_begin();
    parse("--help", &options);
    struct captured said = capture_end();
    const char *at = strstr(said.out, "\nCommands:\n");
    ck_assert_ptr_nonnull(at);
    for (at = strchr(at + 1, '\n') + 1; *at == ' '; at = strchr(at, '\n') + 1) {
        char name[16] = "";
        size_t i = 0;
        ck_assert_int_eq(sscanf(at, " %15s", name), 1);
        while (i < HELPS && strcmp(helps[i].name, name) != 0)
            i++;
        ck_assert_msg(i < HELPS, "a command that this test does not know: %s", name);
        count++;
    }
    ck_assert_uint_eq(count, HELPS);
    captured_free(&said);
    for (size_t i = 0; i < HELPS; i++)
        read_help(&helps[i].help, helps[i].name);
}

/* An argument that an option of this command takes. */
static const char *good_argument(const char *command, const struct helped *option)
{
    static const char *const arguments[][2] = {
        {"N", "1"}, {"S", "1"}, {"PERCENT", "1"}, {"WORD", "zeros"}, {"WHEN", "never"}, {"FILE", "file"},
        {"JOURNAL", "file"}, {"DIR", "folder"}, {"LOW-HIGH", "64-128"}};
    if (strcmp(option->argument, "LIST") == 0)
        return strcmp(option->name, "device") == 0  ? "cpu:0"
               : strcmp(option->name, "size") == 0  ? "64"
               : strcmp(option->name, "scale") == 0 ? "-14"
                                                    : "all";
    if (strcmp(option->argument, "NAME") == 0)
        return hcb_blas_core_candidate(0) != NULL ? hcb_blas_core_candidate(0) : "HASWELL";
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++)
        if (strcmp(option->argument, arguments[i][0]) == 0)
            return arguments[i][1];
    ck_assert_msg(option->argument[0] == '\0', "%s: this test knows no argument for --%s %s", command,
                  option->name, option->argument);
    return "";
}

static void takes(const char *line)
{
    struct options options;
    capture_begin();
    const int status = parse(line, &options);
    struct captured said = capture_end();
    ck_assert_msg(status == -1 || status == EXIT_DONE, "refused: %s\n%s", line, said.err);
    ck_assert_str_eq(said.err, "");
    captured_free(&said);
    if (status == -1)
        options_free(&options);
}

/* `name`: "--size", or "-n". */
static void does_not_take(const char *line, const char *command, const char *name)
{
    struct options options;
    char wanted[80];
    capture_begin();
    const int status = parse(line, &options);
    struct captured said = capture_end();
    snprintf(wanted, sizeof wanted, "hcbench: 'hcbench %s' does not take %s", command, name);
    ck_assert_msg(status == EXIT_USAGE, "status %d: %s", status, line);
    ck_assert_msg(strncmp(said.err, wanted, strlen(wanted)) == 0, "%s: %s", line, said.err);
    is_one_line(&said);
    captured_free(&said);
}

/* An option that some command has, given to this one. */
static void check_option(size_t command, const struct helped *option)
{
    const char *name = helps[command].name, *rest = helps[command].rest;
    const struct helped *own = find_helped(&helps[command].help, option->name);
    const char *argument = good_argument(name, own != NULL ? own : option);
    const char *equals = *argument != '\0' ? "=" : "", *blank = *argument != '\0' ? " " : "";
    char line[160], written[32];
    snprintf(written, sizeof written, "--%s", option->name);
    snprintf(line, sizeof line, "%s %s %s%s%s", name, rest, written, equals, argument);
    own != NULL ? takes(line) : does_not_take(line, name, written);
    snprintf(line, sizeof line, "%s %s %s%s%s", name, rest, written, blank, argument);
    own != NULL ? takes(line) : does_not_take(line, name, written);
    if (option->letter == 0)
        return;
    for (size_t i = 0; i < helps[command].help.count; i++)
        if (helps[command].help.options[i].letter == option->letter)
            own = &helps[command].help.options[i];
    argument = good_argument(name, own != NULL ? own : option);
    snprintf(written, sizeof written, "-%c", option->letter);
    snprintf(line, sizeof line, "%s %s %s%s%s", name, rest, written, *argument != '\0' ? " " : "", argument);
    own != NULL ? takes(line) : does_not_take(line, name, written);
}

START_TEST(help_lists_what_is_taken)
{
    read_helps();
    for (size_t i = 0; i < HELPS; i++)
        for (size_t j = 0; j < HELPS; j++)
            for (size_t k = 0; k < helps[j].help.count; k++)
                check_option(i, &helps[j].help.options[k]);
}
END_TEST

/* Is the word in the list that the help of an option ends with? */
static bool lists_word(const struct help *help, const char *option, const char *word)
{
    char start[32], wanted[32];
    snprintf(start, sizeof start, "--%s LIST", option);
    const char *at = strstr(help->text, start), *end = at != NULL ? strstr(at, ", all ") : NULL;
    snprintf(wanted, sizeof wanted, " %s,", word);
    const char *found = at != NULL ? strstr(at, wanted) : NULL;
    return found != NULL && end != NULL && found < end + 1;
}

static void check_words(size_t command, const char *option, const char *(*words)(unsigned),
                        bool (*is_test)(unsigned))
{
    char line[80], written[32];
    if (find_helped(&helps[command].help, option) == NULL)
        return;
    snprintf(written, sizeof written, "--%s", option);
    for (unsigned value = 0; words(value) != NULL; value++) {
        snprintf(line, sizeof line, "%s --%s %s", helps[command].name, option, words(value));
        if (lists_word(&helps[command].help, option, words(value)))
            takes(line);
        else if (is_test == NULL || !is_test(value))
            does_not_take(line, helps[command].name, written);
    }
}

START_TEST(help_lists_words_that_are_taken)
{
    read_helps();
    ck_assert(lists_word(&helps[0].help, "op", "peak"));
    ck_assert(!lists_word(&helps[3].help, "op", "peak"));
    ck_assert(!lists_word(&helps[3].help, "impl", "pageable"));
    for (size_t i = 0; i < HELPS; i++) {
        check_words(i, "platform", hcb_platform_name, hcb_platform_is_test);
        check_words(i, "op", hcb_op_name, NULL);
        check_words(i, "precision", hcb_precision_name, NULL);
        check_words(i, "impl", hcb_impl_name, NULL);
    }
}
END_TEST

/* The options of an item of the manual belong to the commands in its last line. */
struct item {
    char names[4][24];
    size_t count;
    unsigned commands;
};

static void read_item(const char *line, struct item *item)
{
    const char *at = line;
    *item = (struct item){.count = 0};
    while (item->count < 4 && (at = strstr(at, " -")) != NULL && sscanf(at, " -%23[a-z-]", item->names[item->count]) == 1) {
        item->count++;
        at += 2;
    }
}

static void read_commands(const char *line, struct item *item)
{
    item->commands = strcmp(line, ".Pq every command") == 0 ? (1u << HELPS) - 1 : 0;
    for (size_t i = 0; i < HELPS; i++) {
        char word[24], end[24];
        snprintf(word, sizeof word, " %s ", helps[i].name);
        snprintf(end, sizeof end, " %s", helps[i].name);
        const size_t length = strlen(line), tail = strlen(end);
        if (strstr(line, word) != NULL || (length > tail && strcmp(line + length - tail, end) == 0))
            item->commands |= 1u << i;
    }
}

/* Adds the item's options to those that the manual gives to each command. */
static void keep_item(const struct item *item, struct help *manual)
{
    for (size_t i = 0; i < item->count; i++) {
        ck_assert_msg(item->commands != 0, "hcbench(1) names no command for --%s", item->names[i]);
        for (size_t j = 0; j < HELPS; j++)
            if ((item->commands >> j & 1) != 0 && find_helped(&manual[j], item->names[i]) == NULL)
                memcpy(manual[j].options[manual[j].count++].name, item->names[i], 24);
    }
}

START_TEST(manual_has_what_the_help_has)
{
    static struct help manual[HELPS];
    struct item item = {.count = 0};
    char path[1024], line[256];
    const char *source = getenv("srcdir");
    bool inside = false;
    read_helps();
    snprintf(path, sizeof path, "%s/doc/hcbench.1", source != NULL ? source : "..");
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, ".Ss ", 4) == 0 || strncmp(line, ".Sh ", 4) == 0)
            inside = strcmp(line, ".Ss Options") == 0;
        if (!inside)
            continue;
        if (strncmp(line, ".Pq ", 4) == 0)
            read_commands(line, &item);
        if (strncmp(line, ".It ", 4) == 0 || strcmp(line, ".El") == 0) {
            keep_item(&item, manual);
            read_item(line, &item);
        }
    }
    fclose(file);
    for (size_t i = 0; i < HELPS; i++) {
        for (size_t j = 0; j < helps[i].help.count; j++)
            ck_assert_msg(find_helped(&manual[i], helps[i].help.options[j].name) != NULL,
                          "hcbench(1) does not give --%s to %s", helps[i].help.options[j].name, helps[i].name);
        for (size_t j = 0; j < manual[i].count; j++)
            ck_assert_msg(find_helped(&helps[i].help, manual[i].options[j].name) != NULL,
                          "hcbench(1) gives --%s to %s", manual[i].options[j].name, helps[i].name);
    }
}
END_TEST

START_TEST(help_on_a_full_disk)
{
    struct options options;
    const int full = open("/dev/full", O_WRONLY);
    if (full < 0)
        return;
    capture_begin();
    const int saved = dup(STDOUT_FILENO);
    dup2(full, STDOUT_FILENO);
    const int status = parse("--help", &options), again = parse("--version", &options);
    clearerr(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(full);
    struct captured said = capture_end();
    ck_assert_int_eq(status, EXIT_BAD_ROW);
    ck_assert_int_eq(again, EXIT_BAD_ROW);
    ck_assert_ptr_nonnull(
        strstr(said.err, "hcbench: cannot write to stdout: No space left on device"));
    captured_free(&said);
}
END_TEST

/* --------------------------------------------------------------------- numbers */

static void check_numbers(void)
{
    char text[NUMBER_SIZE];
    double value;
    ck_assert(number_read("0.25", &value) && value == 0.25);
    ck_assert(number_read("1e-3", &value) && value == 1e-3);
    ck_assert(!number_read("0,25", &value));
    ck_assert(!number_read("1.2.3", &value));
    ck_assert_str_eq(number_exact(0.1, text), "0.1");
    ck_assert_str_eq(number_exact(1.0 / 3, text), "0.3333333333333333");
    ck_assert_str_eq(number_exact(5e-324, text), "4.94065645841247e-324");
    ck_assert_str_eq(number_rounded(355.123, 4, text), "355.1");
    ck_assert_str_eq(number_rounded(999.96, 4, text), "1000");
    ck_assert_str_eq(number_rounded(0.012345, 3, text), "0.0123");
    ck_assert_str_eq(number_rounded(0, 3, text), "0");
    ck_assert_str_eq(number_rounded(1.25e-7, 2, text), "1.2e-07");
    ck_assert_str_eq(number_seconds(0.00123, text), "1.23 ms");
    ck_assert_str_eq(number_seconds(0.99996, text), "1.00 s");
    ck_assert_str_eq(number_seconds(123.4e-6, text), "123 us");
    ck_assert_str_eq(number_seconds(4e-9, text), "4.00 ns");
    ck_assert_str_eq(number_seconds(61.25, text), "61.2 s");
    ck_assert_str_eq(number_bytes(0x1p30, text), "1.00 GiB");
    ck_assert_str_eq(number_bytes(512, text), "512 bytes");
}

START_TEST(numbers)
{
    check_numbers();
}
END_TEST

/* The same where the decimal point is a comma. */
START_TEST(numbers_in_another_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE",
                                        "ru_RU.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (setlocale(LC_ALL, names[i]) != NULL && strcmp(localeconv()->decimal_point, ",") == 0)
            break;
    if (strcmp(localeconv()->decimal_point, ".") == 0)
        puts("no locale with a decimal comma is installed: tested in this one");
    check_numbers();
    struct options o = accepted("--timeout 2.5");
    ck_assert_double_eq(o.timeout_s, 2.5);
    setlocale(LC_ALL, "C");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *cases = tcase_create("options");
    tcase_set_timeout(cases, 300);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, defaults);
    tcase_add_test(cases, commands);
    tcase_add_test(cases, compare_takes_two_files);
    tcase_add_test(cases, every_option);
    tcase_add_test(cases, all_is_everything_but_tests);
    tcase_add_test(cases, the_last_one_counts);
    tcase_add_test(cases, devices_narrow_the_platforms);
    tcase_add_test(cases, verify_takes_every_precision);
    tcase_add_test(cases, variants_are_of_sums);
    tcase_add_test(cases, scales_of_cases);
    tcase_add_test(cases, presets_yield_to_what_is_given);
    tcase_add_test(cases, one_limit_moves_the_other);
    tcase_add_test(cases, kernel_folder_from_the_environment);
    tcase_add_test(cases, size_lists);
    tcase_add_test(cases, size_list_limit);
    tcase_add_test(cases, help_and_version);
    tcase_add_test(cases, help_is_for_the_command);
    tcase_add_test(cases, statuses_are_of_the_command);
    tcase_add_test(cases, help_lists_what_is_taken);
    tcase_add_test(cases, help_lists_words_that_are_taken);
    tcase_add_test(cases, manual_has_what_the_help_has);
    tcase_add_test(cases, help_on_a_full_disk);
    tcase_add_test(cases, numbers);
    tcase_add_test(cases, numbers_in_another_locale);
    tcase_add_loop_test(cases, refused, 0, (int)(sizeof wrong / sizeof *wrong));
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
