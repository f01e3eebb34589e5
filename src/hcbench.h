/* SPDX-License-Identifier: Apache-2.0 */
/* The public interface of libhcbench: run one verified computation on one
 * device through one API and time it.  This header is the manual.
 *
 * The order of use is
 *
 *     context -> device -> queue -> buffers -> plan -> run
 *
 * and each object must be freed before the one that it was made from.  Free
 * functions accept NULL.
 *
 * Errors.  Functions that can fail return an enum hcb_status.  On anything but
 * HCB_OK the out-parameters are untouched and hcb_error(ctx) says what happened
 * in one line, with the native call and its code where there was one:
 * "CL_OUT_OF_RESOURCES (-5) from clEnqueueNDRangeKernel, opencl:0, matmul f32
 * 1024x1024x1024".
 *
 * Threads.  A context and everything made from it belong to one thread at a
 * time; two contexts may be used by two threads.  Functions without a context
 * are pure and may be called from anywhere.
 *
 * Units.  Times are seconds in results and nanoseconds in struct hcb_timing,
 * sizes are bytes, rates are 1e9 per second.  Matrices are dense and row-major
 * with the least leading dimension.
 */
#ifndef HCBENCH_H
#define HCBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined __GNUC__ || defined __clang__
#define HCB_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define HCB_PRINTF(text, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is linked, "MAJOR.MINOR.PATCH". */
const char *hcb_version(void);

/* ------------------------------------------------------------------ words */

/* Outcome of a call and of a result row.  Values are append-only. */
#define HCB_STATUS_TABLE(X)                                                    \
    X(OK, "ok", "done, and verified where there was something to verify")      \
    X(WRONG, "wrong", "the result failed verification")                        \
    X(UNSUPPORTED, "unsupported", "the device, driver or build lacks it")      \
    X(ERROR, "error", "a call failed")                                         \
    X(CRASHED, "crashed", "the worker process died")                           \
    X(TIMEOUT, "timeout", "a step did not finish in time")                     \
    X(SKIPPED, "skipped", "not run")

/* What is computed.  Values are append-only. */
#define HCB_OP_TABLE(X)                                                        \
    X(MATMUL, "matmul", "C = A B; A is m x k, B is k x n, C is m x n")         \
    X(SUM, "sum", "r = sum of x[i], n elements")                               \
    X(DOT, "dot", "r = sum of x[i] y[i], n elements")                          \
    X(UPLOAD, "upload", "z = x, n elements from host memory to the device's")  \
    X(DOWNLOAD, "download", "z = x, n elements from the device's memory to the host's") \
    X(COPY, "copy", "z = x, n elements within the device's memory")            \
    X(TRIAD, "triad", "z = x + 3 y, n elements")                               \
    X(LAUNCH, "launch", "z = x, one element: what a launch costs")             \
    X(PEAK, "peak", "z = x after HCB_PEAK_ROUNDS multiply-adds on each of n elements")

/* Names of input, accumulator and output types.  Values are append-only.  f32x2 is for
 * matmul: f32 in memory, computed with two f16 halves of each number (see hcb_verify). */
#define HCB_PRECISION_TABLE(X)                                                 \
    X(F64, "f64", HCB_TYPE_F64, HCB_TYPE_F64)                                  \
    X(F32, "f32", HCB_TYPE_F32, HCB_TYPE_F32)                                  \
    X(F16, "f16", HCB_TYPE_F16, HCB_TYPE_F16)                                  \
    X(F16F32, "f16f32", HCB_TYPE_F16, HCB_TYPE_F32)                            \
    X(BF16F32, "bf16f32", HCB_TYPE_BF16, HCB_TYPE_F32)                         \
    X(I8I32, "i8i32", HCB_TYPE_I8, HCB_TYPE_I32)                               \
    X(F32X2, "f32x2", HCB_TYPE_F32, HCB_TYPE_F32)

/* Who computes it.  Values are append-only. */
#define HCB_IMPL_TABLE(X)                                                      \
    X(OPENBLAS, "openblas", "the CBLAS library that hcbench is linked with")   \
    X(CLBLAST, "clblast", "CLBlast on OpenCL")                                 \
    X(TILE, "tile", "hcbench's own kernels")                                   \
    X(COOPMAT, "coopmat", "matrix units: cooperative matrices, or a vendor's")    \
    X(NATIVE, "native", "hcbench's own CPU code")                              \
    X(REF, "ref", "the f64 reference that verifies the others, one thread")    \
    X(DRIVER, "driver", "the copy command of the API")                         \
    X(PAGEABLE, "pageable", "transfers of ordinary host memory")               \
    X(PINNED, "pinned", "transfers of host memory that the API provides")      \
    X(CLBLAST_TUNED, "clblast_tuned", "CLBlast with parameters for the device's class")

/* How sums and dot products are added up.  Values are append-only. */
#define HCB_SUM_TABLE(X)                                                       \
    X(PLAIN, "plain", "in the accumulator's format")                           \
    X(NEUMAIER, "neumaier", "compensated: with the roundings of all additions and products") \
    X(F64, "f64", "in f64, rounded once at the end")

/* Where inputs come from.  Values are append-only. */
#define HCB_FILL_TABLE(X)                                                      \
    X(UNIFORM, "uniform", "uniform on [-1, 1)")                                \
    X(NORMAL, "normal", "standard normal")                                     \
    X(INTEGER, "integer", "small integers whose results are exact")            \
    X(ZEROS, "zeros", "all zero")

/* clang-format off */
#define HCB_ENUM_STATUS(symbol, name, text) HCB_##symbol,
#define HCB_ENUM_OP(symbol, name, text) HCB_OP_##symbol,
#define HCB_ENUM_PRECISION(symbol, name, input, output) HCB_PRECISION_##symbol,
#define HCB_ENUM_IMPL(symbol, name, text) HCB_IMPL_##symbol,
#define HCB_ENUM_SUM(symbol, name, text) HCB_SUM_##symbol,
#define HCB_ENUM_FILL(symbol, name, text) HCB_FILL_##symbol,
enum hcb_status { HCB_STATUS_TABLE(HCB_ENUM_STATUS) HCB_STATUS_COUNT };
enum hcb_op { HCB_OP_TABLE(HCB_ENUM_OP) HCB_OP_COUNT };
enum hcb_precision { HCB_PRECISION_TABLE(HCB_ENUM_PRECISION) HCB_PRECISION_COUNT };
enum hcb_impl { HCB_IMPL_TABLE(HCB_ENUM_IMPL) HCB_IMPL_COUNT };
enum hcb_sum { HCB_SUM_TABLE(HCB_ENUM_SUM) HCB_SUM_COUNT };
enum hcb_fill { HCB_FILL_TABLE(HCB_ENUM_FILL) HCB_FILL_COUNT };
/* clang-format on */

/* The word for a value, as used on the command line and in files; NULL past
 * the end, so that a loop from 0 visits every word. */
const char *hcb_status_name(unsigned status);
const char *hcb_op_name(unsigned op);
const char *hcb_precision_name(unsigned precision);
const char *hcb_impl_name(unsigned impl);
const char *hcb_sum_name(unsigned sum);
const char *hcb_fill_name(unsigned fill);

/* One line that explains the word; NULL past the end. */
const char *hcb_status_text(unsigned status);
const char *hcb_op_text(unsigned op);
const char *hcb_impl_text(unsigned impl);
const char *hcb_sum_text(unsigned sum);

/* True for ops that say what a machine can do, as opposed to what it is used for:
 * upload and those after it.  They are run when they are named; "all" does not
 * mean them.  False past the end. */
bool hcb_op_is_extra(unsigned op);

/* True for the ops that enum hcb_sum is about: sum and dot.  False past the end. */
bool hcb_op_adds_up(unsigned op);

/* The value of a word: `name` is one of the six functions above.  Returns -1
 * for a word that it does not know. */
int hcb_word(const char *(*name)(unsigned), const char *word);

/* ---------------------------------------------------------- number formats */

/* Element types of buffers.  bf16 is the upper half of an IEEE binary32. */
enum hcb_type {
    HCB_TYPE_F64,
    HCB_TYPE_F32,
    HCB_TYPE_F16,
    HCB_TYPE_BF16,
    HCB_TYPE_I8,
    HCB_TYPE_I32,
    HCB_TYPE_COUNT
};

size_t hcb_type_size(enum hcb_type type);
/* The spacing of the format at 1, halved: 2^-53, 2^-24, 2^-11, 2^-8; 0 for the
 * integers. */
double hcb_type_unit_roundoff(enum hcb_type type);
/* Element `index` of an array of `type`, exactly. */
double hcb_type_load(enum hcb_type type, const void *array, uint64_t index);
/* Stores `value` rounded to nearest, ties to even; integers are rounded and
 * clamped. */
void hcb_type_store(enum hcb_type type, void *array, uint64_t index, double value);
/* Distance in representable values between two numbers of one format; 0 when
 * equal, HUGE_VAL when either is not finite. */
double hcb_type_ulp_distance(enum hcb_type type, double a, double b);

/* IEEE 754 binary16 and bfloat16 as bits.  Rounding is to nearest, ties to
 * even, subnormals are kept, NaN stays NaN. */
float hcb_f16_to_f32(uint16_t bits);
uint16_t hcb_f16_from_f32(float value);
uint16_t hcb_f16_from_f64(double value);
float hcb_bf16_to_f32(uint16_t bits);
uint16_t hcb_bf16_from_f32(float value);
uint16_t hcb_bf16_from_f64(double value);

/* ------------------------------------------------------------------- cases */

/* Extents of a case.  matmul uses all three, vectors use n and keep m = k = 1, and
 * all three of a launch are 1.  Every extent is at least 1. */
struct hcb_shape {
    uint64_t m, n, k;
};

/* What to compute and who does it.  A device and a case make one result row. */
struct hcb_case {
    enum hcb_op op;
    enum hcb_impl impl;
    enum hcb_precision precision;
    struct hcb_shape shape;
    enum hcb_sum sum; /* HCB_SUM_PLAIN but for sum and dot */
    /* The first input is 2^scale times what its fill gives, before it is rounded; -60 to
     * 60, and 0 but for sums of products with 16-bit inputs or halves and 32-bit sums. */
    int scale;
};

enum { HCB_SCALE_MAX = 60 };
/* True for f16f32, bf16f32 and f32x2: numbers of f32 in 16 bits, one or two of them. */
bool hcb_precision_scales(unsigned precision);

enum { HCB_OPERANDS_MAX = 3, HCB_INPUTS_MAX = 2 };

/* Multiply-adds that `peak` does one after the other on each element.  Each is
 * acc = -1 acc + 0 with factors that are known at run time only; an even number of
 * them gives back the element, in every bit. */
enum { HCB_PEAK_ROUNDS = 2048 };

/* Operands are numbered in the order of the formula, the output last: matmul
 * A, B, C; sum x, r; dot x, y, r; triad x, y, z; the others x, z. */
unsigned hcb_op_operands(enum hcb_op op);
/* How many extents the op's shape has: 3 (m, n, k), 1 (n) or 0 (launch). */
unsigned hcb_op_rank(enum hcb_op op);

/* Element type, element count and bytes of one operand.  The count saturates at
 * UINT64_MAX; hcb_case_check tells. */
enum hcb_type hcb_operand_type(const struct hcb_case *c, unsigned operand);
uint64_t hcb_operand_elements(const struct hcb_case *c, unsigned operand);
uint64_t hcb_operand_bytes(const struct hcb_case *c, unsigned operand);

/* All operands together; saturates at UINT64_MAX. */
uint64_t hcb_case_bytes(const struct hcb_case *c);
/* Bytes that a launch has to move, by convention: each operand once; for upload and
 * download what crosses the bus, once; 0 for launch and peak, which are not about
 * memory.  Saturates at UINT64_MAX. */
uint64_t hcb_case_traffic(const struct hcb_case *c);
/* Additions and multiplications: 2mnk, n (sum), 2n (dot, triad), 2n HCB_PEAK_ROUNDS
 * (peak), 0 for copies, by convention. */
double hcb_case_flops(const struct hcb_case *c);
/* Terms in each output element: k, n for the reductions, else the number of
 * inputs. */
uint64_t hcb_case_terms(const struct hcb_case *c);
/* False when an extent is 0, when bytes or operations do not fit in 64 bits, when an op
 * that does not add up has a variant of a sum, or when a scale is not for the case. */
bool hcb_case_check(const struct hcb_case *c);
/* Writes "1024x512x64" or "65536", and a scale as " 2^-14"; never more than `size` bytes with the NUL.
 * Returns `text`. */
char *hcb_shape_text(const struct hcb_case *c, char *text, size_t size);
/* Writes "f32" or "f32 neumaier"; otherwise as hcb_shape_text. */
char *hcb_kind_text(const struct hcb_case *c, char *text, size_t size);
/* Writes "matmul f32 1024x1024x1024", "sum f32 neumaier 65536"; otherwise as
 * hcb_shape_text. */
char *hcb_case_text(const struct hcb_case *c, char *text, size_t size);

/* ------------------------------------------------------------------ inputs */

/* Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy
 * as 1, 2, 3", SC11): out = f(counter, key), stateless. */
void hcb_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Writes elements [first, first + count) of an operand in its storage type to
 * `data` (element `first` goes to data[0]).  The value of an element depends on
 * (fill, seed, operand, index) and the element type alone, so every device on
 * every machine gets the same numbers.  Uniform and normal ones are multiples of 2^-31,
 * rounded to the element type, 24 bits in f32.  HCB_FILL_INTEGER picks the range from
 * the case, so that every partial sum is representable in the accumulator with
 * overwhelming probability (8 standard deviations), and ignores the case's scale.  Those
 * of f32x2 need both halves: in each product one factor is a multiple of 2049, A's for even
 * terms and B's for odd ones, and the other one fits into one half. */
void hcb_fill_operand(const struct hcb_case *c, unsigned operand, enum hcb_fill fill, uint64_t seed,
                      uint64_t first, uint64_t count, void *data);

/* What becomes of the first input when it is rounded to its format, or to the two halves of
 * f32x2 (subnormal: the high one, so that bits are lost): how many of its
 * elements overflow to infinity, become zero, become subnormal, and the error of the
 * whole, relative to the unrounded numbers in the Frobenius norm (NaN where it is not
 * finite, or nothing is there).  `stop`, unless NULL, is asked every few microseconds; when
 * it gives anything but 0 the counting ends, and what comes back means nothing. */
struct hcb_rounding {
    double overflowed, underflowed, subnormal; /* elements */
    double rel_error;
};
struct hcb_rounding hcb_fill_rounding(const struct hcb_case *c, enum hcb_fill fill, uint64_t seed,
                                      int (*stop)(void));

/* Fills an output with a pattern that no verification accepts: NaN, or an
 * integer far outside what hcb_fill_operand can lead to. */
void hcb_poison(enum hcb_type type, void *data, uint64_t count);

/* ------------------------------------------------------------ verification */

enum { HCB_REASON_SIZE = 256 };

struct hcb_verify_options {
    /* True: the inputs are integers with an exact result; every element of the
     * output is compared, bit for bit (C1).  False: the componentwise bound
     * (C2).  Integer precisions are always compared exactly. */
    bool exact;
    /* Longest chain of additions behind one output element; 0: the number of
     * terms.  See hcb_plan_info. */
    uint64_t depth;
    /* The accumulator's unit roundoff is this many times that of its format; 0
     * means 1.  2 for a multiply-add that rounds twice or a unit that
     * truncates. */
    double roundoff_factor;
    /* Chooses the sampled entries. */
    uint64_t seed;
};

/* Figures of a verification.  What was not measured is NaN. */
struct hcb_verdict {
    enum hcb_status status;        /* HCB_OK, HCB_WRONG, HCB_ERROR */
    char reason[HCB_REASON_SIZE];  /* "" when ok */
    double max_abs;                /* largest |computed - reference| */
    double max_rel;                /* the same over |reference|, where it is not 0 */
    double rel_frobenius;          /* ||computed - reference|| / ||reference|| */
    double max_ulp;                /* in units of the output format */
    double bound_ratio;            /* largest error over its bound, r */
    double limit;                  /* r must not exceed this */
    double checked;                /* elements compared with the reference */
};

/* Compares `output` with our own f64 reference on the same `inputs` (host
 * arrays in storage types).  The reference is computed with compensated dot
 * products (Ogita, Rump, Oishi: "Accurate sum and dot product", SIAM J. Sci.
 * Comput. 26(6), 2005, algorithm 5.3).
 *
 * The bound is r = max |C' - C| / (u_acc (|A||B|)_ij + u_out |C_ij|), passed at
 * r <= min(8 + 2 sqrt(d), d + 8) with d the depth: the probabilistic form of
 * the classical bound (Higham and Mary, SIAM J. Sci. Comput. 41(5), 2019).
 * Underflow adds the smallest subnormal of the output format to the bound.
 *
 * f32x2 replaces x by hi + 2^-11 lo, hi = f16(x) and lo = f16(2^11 (x - hi)), and x y by
 * hi hi' + 2^-11 (hi lo' + lo hi') (Ootomo and Yokota, "Recovering single precision accuracy
 * from Tensor Cores while surpassing the FP32 theoretical peak performance", Int. J. High
 * Perform. Comput. Appl. 36(4), 2022, arXiv:2203.03341).  A half has 11 bits, so with 2^e <=
 * |x| < 2^(e+1) the rest x - hi is at most 2^(e-11), and what lo rounds off at most
 * 2^(e-23); lo lo' 2^-22 is left out.  A product is so off by at most (2^-23 + 2^-23 +
 * 2^-22) |x y| = 2^-21 |x y|, which is 8 u_acc, and products of halves are exact in f32.
 * Hence r <= min(8 + 2 sqrt(d), d + 8) + 8.  Below 2^-14 halves are multiples of 2^-24, so
 * of a number below 2^-13 the rest is at most 2^-25 and what lo rounds off at most 2^-36,
 * which are what they are at 2^-13: |A| and |B| have 2^-13 in place of what is smaller.  A
 * number of 65520 or more overflows, and so its results are not finite; from 65504 to there
 * hi is 65504 and the rest is less than 16.
 *
 * Variants of sums have the classical bounds, which are near one rounding of the
 * result: r = |C' - C| / (e |A||B| + u_out |C|), passed at r <= 2, where e = (d u_acc)^2
 * for HCB_SUM_NEUMAIER (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd
 * ed., section 4.3; Ogita, Rump, Oishi, proposition 4.5 and theorem 5.4 for its dot
 * product) and e = d 2^-53 for HCB_SUM_F64 (Higham, section 4.2).
 *
 * Large outputs are sampled (at least 4096 entries where rows and columns cross,
 * corners and edges among them), but every element is looked at for non-finite
 * values.
 *
 * The exact comparison covers every element of any size: both sides are
 * multiplied by one random vector of odd 64-bit integers, modulo 2^64
 * (Freivalds, "Fast probabilistic algorithms", MFCS 1979).  One wrong element
 * in a row is always seen, several with a probability above 1 - 2^-32.
 *
 * Ops that compute each element by itself (upload and those after it) are compared
 * whole: within the bound, or exactly where the result is exact, which it is on
 * integers and wherever the op is z = x.
 *
 * Time: about 2^26 compensated multiply-adds or 4096 per term, whichever is
 * more, plus one pass over the operands.  Memory: m + n numbers and 4 MiB.
 * Returns verdict->status; HCB_ERROR when memory is short. */
enum hcb_status hcb_verify(const struct hcb_case *c, const void *const inputs[HCB_INPUTS_MAX],
                           const void *output, const struct hcb_verify_options *options,
                           struct hcb_verdict *verdict);

/* What r must not exceed with this depth (0: the number of terms), a pure number;
 * 0 where the case is compared exactly whatever its inputs are. */
double hcb_error_limit(const struct hcb_case *c, uint64_t depth);

/* Computes the whole output with the reference, rounded once to the output
 * format, on one thread.  HCB_ERROR when memory is short. */
enum hcb_status hcb_reference(const struct hcb_case *c, const void *const inputs[HCB_INPUTS_MAX], void *output);

/* -------------------------------------------------------------- statistics */

/* Order statistics of samples in seconds.  What does not exist (an interval of
 * fewer than six rounds) is NaN. */
struct hcb_summary {
    double median, q1, q3, min; /* quantiles interpolate linearly (Hyndman and Fan, type 7) */
    double ci95_low, ci95_high; /* 95 % interval of the median; the median lies in it */
    size_t n;
};

/* Summarizes `n` samples, in any order; `samples` is not changed.  All fields
 * are NaN and n is 0 when n is 0 or memory is short.  The interval is that of
 * independent samples: from the k-th smallest to the k-th largest (David and
 * Nagaraja, "Order Statistics", 3rd ed., section 7.1). */
struct hcb_summary hcb_summarize(const double *samples, size_t n);
/* The same of samples in rounds, as in a struct hcb_clock_result.  Those of one round
 * are alike, and only rounds are taken as independent: the interval goes from the k-th
 * smallest to the k-th largest of the medians of the rounds. */
struct hcb_summary hcb_summarize_rounds(const double *samples, const uint32_t *rounds, size_t n);

/* Samples of one clock in the order of measurement.  Those of one round were taken
 * next to each other, and next to the same round of the rows that they are
 * compared with.  All 0 and NULL: not measured. */
struct hcb_clock_result {
    struct hcb_summary summary;
    double *samples;  /* seconds; malloc'ed, summary.n of them */
    uint32_t *rounds; /* of each sample, never decreasing; malloc'ed */
};
void hcb_clock_clear(struct hcb_clock_result *clock);
/* Appends `count` samples of one round and summarizes the clock anew.  False when
 * memory is short. */
bool hcb_clock_add(struct hcb_clock_result *clock, uint32_t round, const double *samples, size_t count);

/* A ratio of two medians and its 95 % interval; NaN where there is none. */
struct hcb_ratio {
    double ratio, ci95_low, ci95_high;
};

enum { HCB_RATIO_ROUNDS_MIN = 6 };

/* median(numerator) / median(denominator), with a bootstrap interval over rounds.
 * Neighbouring samples are alike, so whole rounds are drawn with replacement, not
 * samples.  `paired`: only rounds that both clocks have count, and a drawn round
 * counts for both, so that what slowed both down cancels; otherwise, and with fewer
 * than HCB_RATIO_ROUNDS_MIN common rounds, all count and each side draws its own.
 * Percentiles are expanded for the small number B of rounds: those of
 * Phi(-+ sqrt(B/(B-1)) t(0.975, B-1)) (Hesterberg, "What teachers should know about
 * the bootstrap", The American Statistician 69(4), 2015).  No interval with fewer
 * than HCB_RATIO_ROUNDS_MIN rounds on a side; the ratio alone when memory is short.
 * The same clocks and seed give the same numbers, and the ratio lies within its
 * interval. */
struct hcb_ratio hcb_clock_ratio(const struct hcb_clock_result *numerator,
                                 const struct hcb_clock_result *denominator, bool paired, uint64_t seed);
/* The same without the interval, which takes most of the time. */
double hcb_clock_ratio_only(const struct hcb_clock_result *numerator,
                            const struct hcb_clock_result *denominator, bool paired);
/* How many rounds both have. */
size_t hcb_clock_common_rounds(const struct hcb_clock_result *a, const struct hcb_clock_result *b);

/* ------------------------------------------------------------ result record */

enum {
    HCB_WARNINGS_MAX = 15,
    HCB_PARAMETERS_SIZE = 192 /* of a text of parameters, with its NUL */
};

/* What a sensor said; n = 0 and NaN when it was not read. */
struct hcb_readings {
    double median, min, max;
    size_t n;
    double *samples; /* malloc'ed, in the order of measurement */
};

/* Everything known of one row.  A number that was not measured is NaN, a text
 * that does not apply is "". */
struct hcb_result {
    char device[24];
    char platform[16];
    struct hcb_case task;
    enum hcb_status status;
    char reason[HCB_REASON_SIZE];
    /* kernel: device clock, data resident.  wall: host clock per launch, data
     * resident.  end_to_end: upload, one launch, download. */
    struct hcb_clock_result kernel, wall, end_to_end;
    double setup_s, upload_s, download_s;
    double flops, bytes;  /* of one launch: operations, traffic; NaN for none */
    double gflops, gbps;  /* from the kernel median, else from wall */
    double roofline_share;    /* of the device's nearer roof, for sums of products */
    char roofline_bound[8];   /* "compute" or "memory": which roof that is; "cache": none */
    struct hcb_rounding scaled; /* of a row with a scale, 0 included; else NaN */
    struct hcb_verdict error; /* its status and reason are those of the row */
    char baseline[40];        /* "cpu:0/openblas" */
    struct hcb_ratio speedup_kernel, speedup_end_to_end;
    /* Device memory that the row's operands, its plan and the queue hold
     * (hcb_plan_device_bytes), and how far the worker's resident memory rose for
     * the row's inputs and its own steps, without the verification. */
    double device_peak_bytes, host_peak_bytes;
    /* From launches without a pause, after the samples. */
    double energy_j;       /* joules per launch */
    double watts;          /* mean */
    double gflop_per_j;    /* 1e9 operations per joule */
    char power_source[48]; /* "NVML", "powercap package" */
    /* Read at the end of each block of samples. */
    struct hcb_readings clock_mhz, temperature_c;
    char throttled[96]; /* why the device slowed down: "power cap, heat" */
    char kernels[96];
    char kernel_sha256[65];
    char tuning[8];             /* of the plan, as are the next two: "stock", "table", "tuned" */
    char parameters[HCB_PARAMETERS_SIZE]; /* "rows=12 width=16" */
    char note[HCB_REASON_SIZE];
    double launches;            /* in a window */
    char *warnings[HCB_WARNINGS_MAX + 1]; /* malloc'ed lines, NULL after the last */
};

/* How a member of struct hcb_result is read and written. */
enum hcb_field_kind {
    HCB_FIELD_TEXT,    /* char[], absent when "" */
    HCB_FIELD_WORD,    /* an enum, through `word`; a plain sum is absent */
    HCB_FIELD_EXTENT,  /* uint64_t, present when the op has it */
    HCB_FIELD_SCALE,   /* int, present where the row's roundings were counted */
    HCB_FIELD_NUMBER,  /* double, absent when NaN */
    HCB_FIELD_COUNT,   /* double holding a whole number, absent when NaN */
    HCB_FIELD_SIZE,    /* size_t, absent when 0 */
    HCB_FIELD_SAMPLES, /* double *, counted by the size_t at `count_offset` */
    HCB_FIELD_ROUNDS,  /* uint32_t *, counted likewise */
    HCB_FIELD_LINES    /* char *[], NULL after the last */
};

struct hcb_field {
    const char *name; /* with '.' for nesting: "kernel.median_s" */
    enum hcb_field_kind kind;
    size_t offset, size; /* of the member in struct hcb_result */
    size_t count_offset;
    const char *(*word)(unsigned);
    double least; /* no smaller number is possible, and samples are above it */
};

/* The record as data: every output format is a loop over this table, in the
 * order of the result file.  NULL past the end. */
const struct hcb_field *hcb_result_field(unsigned index);
/* True when the member holds something. */
bool hcb_result_has(const struct hcb_result *result, const struct hcb_field *field);

/* All numbers absent, all texts empty, status HCB_SKIPPED. */
void hcb_result_init(struct hcb_result *result, const char *device, const struct hcb_case *c);
void hcb_result_clear(struct hcb_result *result);
/* Fills in flops, bytes and the rates, from the clocks and the energy. */
void hcb_result_rates(struct hcb_result *result);
/* Adds a warning, printf style; more than the record holds are dropped. */
void hcb_result_warn(struct hcb_result *result, const char *format, ...) HCB_PRINTF(2, 3);
/* Adds what a sensor said to readings of a row.  False when memory is short. */
bool hcb_readings_add(struct hcb_readings *readings, double value);
/* The clock that rates and speedups come from: kernel, else wall. */
const struct hcb_clock_result *hcb_result_clock(const struct hcb_result *result);
/* Takes back what a row that failed has measured: clocks, rates, power.  What was
 * verified, its reason and its kernels stay. */
void hcb_result_withdraw(struct hcb_result *result);
/* Fills in the speedups and the baseline's name; both results must be ok, else
 * nothing is done.  `paired` and `seed` as in hcb_clock_ratio. */
void hcb_result_compare(struct hcb_result *result, const struct hcb_result *baseline, bool paired,
                        uint64_t seed);

/* ------------------------------------------------------------- environment */

/* The machine and the build.  What cannot be found out is "" or 0. */
struct hcb_environment {
    char host[128], os[128], kernel[160];
    char cpu_model[128], cpu_isa[160]; /* "avx2 avx512f ..." */
    char compiler[96];
    uint32_t cpu_cores;   /* physical */
    uint32_t cpu_threads; /* that the CPU's computations use: as many as the affinity mask and the
                           * cgroup's quota allow, or $HCBENCH_CPU_THREADS when that is fewer */
    uint64_t memory_bytes; /* physical, or the cgroup's limit when that is lower */
};
void hcb_environment_read(struct hcb_environment *environment);

/* Names for OPENBLAS_CORETYPE that this processor can execute, the likely fastest
 * first; NULL past the end.  OpenBLAS reads the variable when it is loaded, so it
 * must be in the environment of a new process.  A library that does not know a
 * name, or was built without it, takes one of its own choice: struct
 * hcb_device_info's target says what it really took.  Which of the names is fastest
 * must be measured. */
const char *hcb_blas_core_candidate(unsigned index);
/* Why a name for OPENBLAS_CORETYPE, in upper or lower case, must not be used here:
 * no OpenBLAS has it, or it would die of an illegal instruction.  NULL when nothing
 * speaks against it, or nothing is known of the names for this kind of processor. */
const char *hcb_blas_core_obstacle(const char *name);

/* ----------------------------------------------------------------- context */

struct hcb_ctx;
struct hcb_device;
struct hcb_queue;
struct hcb_buffer;
struct hcb_plan;

/* NULL only when memory is short.  Loads no driver. */
struct hcb_ctx *hcb_ctx_new(void);
void hcb_ctx_free(struct hcb_ctx *ctx);

/* What went wrong in the last call that failed; "" before the first. */
const char *hcb_error(const struct hcb_ctx *ctx);

/* A folder whose kernels are used instead of the built-in ones of the same
 * file name ("matmul_cpu.cl", "matmul_cpu.f32.spv"); NULL or "" for none.  Call
 * it before opening a device. */
enum hcb_status hcb_ctx_set_kernel_dir(struct hcb_ctx *ctx, const char *directory);

/* ----------------------------------------------------------------- devices */

enum hcb_device_type { HCB_DEVICE_CPU, HCB_DEVICE_GPU, HCB_DEVICE_ACCELERATOR };
/* "cpu", "gpu", "accelerator"; NULL past the end. */
const char *hcb_device_type_name(unsigned type);

/* What a driver says of a device.  Unknown texts are "", unknown sizes 0. */
struct hcb_device_info {
    char id[24];              /* "opencl:0" */
    char platform[16];        /* "opencl" */
    char name[160];           /* "NVIDIA H200" */
    char vendor[96];          /* who made the device */
    char driver[96];          /* "PoCL", "llvmpipe", "OpenBLAS" */
    char driver_version[160]; /* as the driver writes it */
    char api_version[64];     /* "OpenCL 3.0", "Vulkan 1.3.230" */
    char target[64];          /* what code is generated for or chosen: "skylake-avx512" */
    char pci[16];             /* "0000:65:00.0" */
    char uuid[40];            /* 32 hexadecimal digits */
    enum hcb_device_type type;
    bool software;            /* a driver that runs on the CPU behind a GPU's API */
    bool host_memory;         /* the device computes in the host's memory without a copy */
    uint32_t compute_units;   /* threads of a CPU */
    uint32_t blas_threads;    /* of those, that the CPU's BLAS uses; 0: none, or not known */
    uint64_t memory_bytes;
    uint64_t max_buffer_bytes;
    uint64_t cache_bytes; /* of the last level, as far as is known; 0: unknown */
};

/* Names of the platforms, whether built in or not: "cpu", "opencl", "vulkan",
 * "null"; NULL past the end. */
const char *hcb_platform_name(unsigned platform);
/* True for platforms that serve tests only, and that "all" does not mean. */
bool hcb_platform_is_test(unsigned platform);
/* The precisions that an impl of a platform has for an op and a way to add up, as
 * bits 1 << enum hcb_precision, whatever the device and the build lack; 0: none, or the
 * platform is not built in.  hcb_device_supports tells whether a device can. */
unsigned hcb_platform_offers(unsigned platform, unsigned op, unsigned impl, unsigned sum);

/* Finds the devices of one platform, loading its drivers on the first call.
 * `*devices` belongs to the context.  HCB_UNSUPPORTED when the platform is not
 * built in or has no driver or device; the error text says which. */
enum hcb_status hcb_platform_devices(struct hcb_ctx *ctx, unsigned platform,
                                     const struct hcb_device_info **devices, size_t *count);

/* Opens a device by its id. */
enum hcb_status hcb_device_open(struct hcb_ctx *ctx, const char *id, struct hcb_device **device);
void hcb_device_close(struct hcb_device *device);
const struct hcb_device_info *hcb_device_info(const struct hcb_device *device);
/* HCB_OK, or HCB_UNSUPPORTED with the reason in the error text: what the driver
 * lacks, or that the operands do not fit.  Allocates nothing. */
enum hcb_status hcb_device_supports(struct hcb_device *device, const struct hcb_case *c);
/* Device memory in bytes that a plan of a supported case will take besides its operands,
 * as far as that can be said before it is made.  `parameters` as for hcb_plan_new_with;
 * those that it would refuse are taken for the table's. */
uint64_t hcb_device_scratch_bytes(struct hcb_device *device, const struct hcb_case *c,
                                  const char *parameters);
/* The most bytes that buffers, plans and queues of this device held at one time. */
uint64_t hcb_device_peak_bytes(const struct hcb_device *device);
/* The host's clock for times that belong to this device's rows, in nanoseconds:
 * CLOCK_MONOTONIC, but for synthetic devices, whose times are not spent. */
uint64_t hcb_device_now_ns(const struct hcb_device *device);

/* ----------------------------------------------------------------- sensors */

/* What the system tells of a device while it works.  Values are append-only. */
#define HCB_SENSOR_TABLE(X)                                                    \
    X(ENERGY, "energy", "joules since hcb_sensors_open, a counter")            \
    X(POWER, "power", "watts")                                                 \
    X(CLOCK, "clock", "Hz of the units that compute")                          \
    X(TEMPERATURE, "temperature", "degrees Celsius")                           \
    X(THROTTLE, "throttle", "1 while the device is slowed down, else 0")

/* clang-format off */
#define HCB_ENUM_SENSOR(symbol, name, text) HCB_SENSOR_##symbol,
enum hcb_sensor { HCB_SENSOR_TABLE(HCB_ENUM_SENSOR) HCB_SENSOR_COUNT };
/* clang-format on */

/* "energy", ...; NULL past the end. */
const char *hcb_sensor_name(unsigned sensor);

/* What is read of a device, and from where. */
struct hcb_sensor_info {
    char source[48];              /* "NVML", "powercap package"; "" when it is not read */
    char reason[HCB_REASON_SIZE]; /* why it is not read; "" when it is */
    double cost_s;                /* of one reading, NaN when it is not read */
};

struct hcb_sensor_reading {
    double value[HCB_SENSOR_COUNT]; /* NaN when it was not read */
    char throttle[96]; /* why the device is slowed down: "power cap, heat"; "" */
};

struct hcb_sensors;

/* Finds the sensors of a device: NVML for GPUs of NVIDIA, hwmon and the driver's
 * files in sysfs for other devices with a PCI address, and for CPUs and software
 * drivers powercap (all packages, all programs on them), cpufreq (mean of the
 * CPUs that this process may use; at most 16 of them are read) and hwmon.  Reads
 * each of them a few times and drops clock, temperature and throttle where a
 * reading takes longer than 1 ms, energy and power where it takes 20 ms.  NULL
 * only when memory is short. */
struct hcb_sensors *hcb_sensors_open(const struct hcb_device_info *device);
void hcb_sensors_close(struct hcb_sensors *sensors);
const struct hcb_sensor_info *hcb_sensors_info(const struct hcb_sensors *sensors,
                                               enum hcb_sensor sensor);
/* Reads what `wanted` asks for, bits 1 << enum hcb_sensor.  The energy counter
 * may wrap around once between two readings. */
void hcb_sensors_read(struct hcb_sensors *sensors, unsigned wanted,
                      struct hcb_sensor_reading *reading);

/* ------------------------------------------------------ parameters of kernels */

enum {
    HCB_PARAMETERS_MAX = 16,
    HCB_CHOICES_MAX = 12,
    HCB_LIMITS_MAX = 12
};

/* A number that the kernels of a case are made with: rows of a tile, terms of a block. */
struct hcb_parameter {
    char name[24];  /* "block_k" */
    uint64_t table; /* used unless another is asked for */
    uint64_t choices[HCB_CHOICES_MAX]; /* that may be asked for, ascending, `table` among them */
    size_t count;   /* of the choices */
};

/* factor x the values of parameters, each to its power; 0 for a factor of 0. */
struct hcb_product {
    uint64_t factor;
    uint8_t powers[HCB_PARAMETERS_MAX];
};

/* What values must keep together: the sum of some products is at most another. */
struct hcb_limit {
    char name[32]; /* what there are too few of: "bytes of local memory" */
    struct hcb_product sum[3], most;
};

/* Those of a case on a device, and which kernels they are for. */
struct hcb_parameters {
    struct hcb_parameter list[HCB_PARAMETERS_MAX];
    size_t count; /* 0: none */
    struct hcb_limit limits[HCB_LIMITS_MAX]; /* that the table keeps */
    size_t limit_count;
    char kernel_sha256[65]; /* as in hcb_plan_info; "" when no kernel has them */
};

/* Finds the parameters of a case that the device supports, from its table.  HCB_ERROR
 * when a kernel file cannot be read. */
enum hcb_status hcb_device_parameters(struct hcb_device *device, const struct hcb_case *c,
                                      struct hcb_parameters *parameters);
/* Reads "rows=12 block_k=256" into values, one per parameter; what the text does not
 * name keeps its value of the table.  False, with `values` untouched, when a name is unknown or there
 * twice, or a value is not among the choices. */
bool hcb_parameters_read(const struct hcb_parameters *parameters, const char *text,
                         uint64_t values[HCB_PARAMETERS_MAX]);
/* The first limit that values do not keep; NULL when there is none. */
const struct hcb_limit *hcb_parameters_beyond(const struct hcb_parameters *parameters,
                                              const uint64_t values[HCB_PARAMETERS_MAX]);
/* Writes such a text, which names all of them.  Returns `text`. */
char *hcb_parameters_text(const struct hcb_parameters *parameters,
                          const uint64_t values[HCB_PARAMETERS_MAX],
                          char text[HCB_PARAMETERS_SIZE]);

/* --------------------------------------------------- queues, buffers, plans */

enum hcb_status hcb_queue_new(struct hcb_device *device, struct hcb_queue **queue);
void hcb_queue_free(struct hcb_queue *queue);

enum hcb_status hcb_buffer_new(struct hcb_device *device, uint64_t bytes, struct hcb_buffer **buffer);
void hcb_buffer_free(struct hcb_buffer *buffer);
/* Copy between host memory and a buffer of the queue's device; both return when
 * the copy is complete.  HCB_ERROR when the range is outside of the buffer. */
enum hcb_status hcb_buffer_upload(struct hcb_queue *queue, struct hcb_buffer *buffer, uint64_t offset,
                                  const void *data, uint64_t bytes);
enum hcb_status hcb_buffer_download(struct hcb_queue *queue, struct hcb_buffer *buffer,
                                    uint64_t offset, void *data, uint64_t bytes);

/* What a plan is; valid as long as the plan. */
struct hcb_plan_info {
    char kernels[96];       /* files used, "matmul_cpu.cl"; "" for a library's own */
    char kernel_sha256[65]; /* of those files' bytes, one after the other; "" if none */
    char note[HCB_REASON_SIZE]; /* what the reader of the row must know; "" if nothing */
    uint64_t scratch_bytes; /* device memory besides the operands, as allocated */
    uint64_t depth;         /* longest chain of additions behind an element; 0: the terms */
    double roundoff_factor; /* see hcb_verify_options; 0 means 1 */
    /* Of the kernels as they run, "rows=12 width=16"; "" if none.  A value may be less than
     * was asked for, and no choice, where the case has no work for more. */
    char parameters[HCB_PARAMETERS_SIZE];
    /* How they came to be: "stock" (a library's own), "table", "tuned" (asked for); ""
     * where there are none. */
    char tuning[8];
};

/* Compiles and prepares a case on buffers that hold exactly its operands, in
 * order, output last.  The buffers must outlive the plan.  This is the `setup`
 * of a row: nothing of it is left for hcb_plan_run. */
enum hcb_status hcb_plan_new(struct hcb_queue *queue, const struct hcb_case *c,
                             struct hcb_buffer *const operands[HCB_OPERANDS_MAX],
                             struct hcb_plan **plan);
/* The same with parameters as hcb_parameters_text writes them; NULL or "": those of the
 * table.  HCB_UNSUPPORTED, with the reason, when the case has none of that name or
 * value, or they are beyond a limit together. */
enum hcb_status hcb_plan_new_with(struct hcb_queue *queue, const struct hcb_case *c,
                                  struct hcb_buffer *const operands[HCB_OPERANDS_MAX],
                                  const char *parameters, struct hcb_plan **plan);
void hcb_plan_free(struct hcb_plan *plan);
const struct hcb_plan_info *hcb_plan_info(const struct hcb_plan *plan);

/* Device memory that this plan's computation holds: its operands as they were
 * allocated, the scratch memory of the plan, and what its queue copies through, as
 * far as it has been needed until now.  Other plans on the same inputs do not
 * count.  What a driver or a library allocates by itself is not seen. */
uint64_t hcb_plan_device_bytes(const struct hcb_plan *plan);

/* Time of one hcb_plan_run, all launches together.  A clock that was not read
 * is not valid. */
struct hcb_timing {
    uint64_t host_ns;   /* host clock, from before the first launch until all are complete */
    uint64_t device_ns; /* device clock, first start to last end, or the sum of several such */
    bool host_valid, device_valid;
};

/* Runs the plan `launches` times (at least 1) back to back and waits.  Each
 * launch computes the whole output again.  Those of HCB_OP_LAUNCH are submitted and
 * waited for one by one.  Of HCB_OP_UPLOAD and HCB_OP_DOWNLOAD only the copies
 * between host and device are timed, by the host's clock.  HCB_ERROR as well when the
 * device's clock gives an impossible time: an end before the start, or more than what the
 * host waited for, a tenth and 1 ms. */
enum hcb_status hcb_plan_run(struct hcb_plan *plan, uint32_t launches, struct hcb_timing *timing);

#ifdef __cplusplus
}
#endif

#endif
