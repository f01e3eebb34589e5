/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs from a counter-based generator, and the poison for outputs. */
#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "case.h"
#include "formats.h"

/* Constants and rounds from the paper named in hcbench.h. */
void hcb_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = UINT64_C(0xD2511F53) * c0, p1 = UINT64_C(0xCD9E8D57) * c2;
        uint32_t high0 = (uint32_t)(p0 >> 32), high1 = (uint32_t)(p1 >> 32);
        c0 = high1 ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = high0 ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* Integers in [-range, range], each non-zero draw kept with probability
 * 2^-sparse. */
struct integer_fill {
    uint32_t range;
    unsigned sparse;
};

/* A product of f32x2 is exact when one factor needs both halves and the other one. */
enum { NEEDS_BOTH_HALVES = 2049 };

static bool has_halves(const struct hcb_case *c)
{
    return c->precision == HCB_PRECISION_F32X2 && hcb_op_operands(c->op) == 3 &&
           !hcbi_is_elementwise(c->op);
}

/* Partial sums of independent terms with mean 0 stay below eight standard
 * deviations; that must be representable in the accumulator.  The few terms of an
 * elementwise op always are. */
static struct integer_fill choose_integers(const struct hcb_case *c)
{
    static const double largest_exact[HCB_TYPE_COUNT] = {
        [HCB_TYPE_F64] = 0x1p53, [HCB_TYPE_F32] = 0x1p24, [HCB_TYPE_F16] = 0x1p11};
    const enum hcb_type accumulator = hcb_operand_type(c, hcb_op_operands(c->op) - 1);
    const bool products = hcb_op_operands(c->op) == 3;
    const double factor = has_halves(c) ? NEEDS_BOTH_HALVES : 1;
    struct integer_fill fill = {.range = 8, .sparse = 0};
    while (!hcbi_is_elementwise(c->op)) {
        double variance = fill.range * (fill.range + 1) / 3.0 * ldexp(1, -(int)fill.sparse);
        double deviation =
            factor * (products ? variance : sqrt(variance)) * sqrt((double)hcb_case_terms(c));
        if (8 * deviation <= largest_exact[accumulator] || fill.sparse == 31)
            return fill;
        if (fill.range > 1)
            fill.range /= 2;
        else
            fill.sparse++;
    }
    return fill;
}

/* The top bits choose among 2 range + 1 values, the low ones thin them out. */
static double integer_value(struct integer_fill fill, uint32_t word)
{
    if (word & ((UINT32_C(1) << fill.sparse) - 1))
        return 0;
    return (double)(int64_t)((uint64_t)word * (2 * fill.range + 1) >> 32) - fill.range;
}

/* Box and Muller, rounded to a multiple of 2^-20 so that the last bits of the C
 * library's functions do not show; 11 more come from the generator, as f32 has 24. */
static double normal_value(uint32_t a, uint32_t b)
{
    double radius = sqrt(-2 * log(((double)a + 0.5) * 0x1p-32));
    double angle = 6.283185307179586 * ((double)b + 0.5) * 0x1p-32;
    return nearbyint(radius * cos(angle) * 0x1p20) * 0x1p-20 + (int32_t)(b << 21) * 0x1p-52;
}

static double value_of(enum hcb_type type, enum hcb_fill fill, struct integer_fill integers,
                       const uint32_t words[4], unsigned slot)
{
    if (fill == HCB_FILL_NORMAL)
        return normal_value(words[2 * slot], words[2 * slot + 1]) * (type == HCB_TYPE_I8 ? 32 : 1);
    if (type == HCB_TYPE_I8)
        return (int32_t)words[slot] >> 24;
    if (fill == HCB_FILL_INTEGER)
        return integer_value(integers, words[slot]);
    return (int32_t)words[slot] * 0x1p-31; /* more bits than an f32 holds */
}

enum { RUN = 1024 }; /* elements at a time */

/* Where the numbers of an operand come from. */
struct source {
    enum hcb_type type;
    enum hcb_fill fill;
    struct integer_fill integers;
    uint32_t key[2];
    unsigned operand;
    double factor;
    uint64_t columns; /* of the operand as a matrix */
    bool has_halves;  /* and integers, of which some need both */
};

static struct source source_of(const struct hcb_case *c, unsigned operand, enum hcb_fill fill,
                               uint64_t seed)
{
    const bool is_scaled = operand == 0 && fill != HCB_FILL_INTEGER;
    return (struct source){.type = hcb_operand_type(c, operand),
                           .fill = fill,
                           .integers = choose_integers(c),
                           .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                           .operand = operand,
                           .factor = is_scaled ? ldexp(1, c->scale) : 1,
                           .columns = hcbi_extent(c, hcbi_ops[c->op].extents[operand][1]),
                           .has_halves = fill == HCB_FILL_INTEGER && has_halves(c)};
}

/* In even terms the first operand has the numbers that need both halves, in odd ones the
 * second. */
static double factor_of(const struct source *source, uint64_t index)
{
    if (!source->has_halves)
        return source->factor;
    const uint64_t term =
        source->operand == 0 ? index % source->columns : index / source->columns;
    return term % 2 == source->operand ? NEEDS_BOTH_HALVES : 1;
}

/* Elements from `first` on, unrounded, at most RUN and `count`; returns how many.  A
 * Philox block gives four elements, or two of the normal fill. */
static size_t next_run(const struct source *source, uint64_t first, uint64_t count, double values[RUN])
{
    const unsigned per_block = source->fill == HCB_FILL_NORMAL ? 2 : 4;
    size_t run = 0;
    while (run + per_block <= RUN && run < count) {
        const uint64_t index = first + run, block = index / per_block;
        const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), source->operand,
                                     source->fill};
        uint32_t words[4];
        hcb_philox4x32(counter, source->key, words);
        for (unsigned slot = (unsigned)(index % per_block); slot < per_block && run < count;
             slot++, run++)
            values[run] = factor_of(source, first + run) *
                          value_of(source->type, source->fill, source->integers, words, slot);
    }
    return run;
}

void hcb_fill_operand(const struct hcb_case *c, unsigned operand, enum hcb_fill fill, uint64_t seed,
                      uint64_t first, uint64_t count, void *data)
{
    const struct source source = source_of(c, operand, fill, seed);
    double values[RUN];
    if (fill == HCB_FILL_ZEROS) {
        memset(data, 0, count * hcb_type_size(source.type));
        return;
    }
    for (uint64_t done = 0; done < count;) {
        const size_t run = next_run(&source, first + done, count - done, values);
        hcbi_store_run(source.type, data, done, values, run);
        done += run;
    }
}

/* Sums over elements. */
struct tally {
    uint64_t overflowed, underflowed, subnormal;
    double errors, squares;
};

static void count_run(struct tally *tally, const double *exact, const double *rounded, size_t run,
                      double smallest_normal)
{
    for (size_t i = 0; i < run; i++) {
        const double size = fabs(rounded[i]), error = rounded[i] - exact[i];
        tally->overflowed += size > DBL_MAX;
        tally->underflowed += size == 0 && exact[i] != 0;
        tally->subnormal += size > 0 && size < smallest_normal;
        tally->errors += error * error;
        tally->squares += exact[i] * exact[i];
    }
}

/* What f32x2 makes of its numbers. */
static void round_to_halves(double *values, size_t run)
{
    for (size_t i = 0; i < run; i++) {
        const double high = (double)hcb_f16_to_f32(hcb_f16_from_f64(values[i]));
        const double low = (double)hcb_f16_to_f32(hcb_f16_from_f64(0x1p11 * (values[i] - high)));
        values[i] = isfinite(high) ? high + 0x1p-11 * low : high;
    }
}

struct hcb_rounding hcb_fill_rounding(const struct hcb_case *c, enum hcb_fill fill, uint64_t seed,
                                      int (*stop)(void))
{
    static const double smallest_normal[HCB_TYPE_COUNT] = {[HCB_TYPE_F64] = 0x1p-1022,
                                                           [HCB_TYPE_F32] = 0x1p-126,
                                                           [HCB_TYPE_F16] = 0x1p-14,
                                                           [HCB_TYPE_BF16] = 0x1p-126};
    const struct source source = source_of(c, 0, fill, seed);
    const bool in_halves = c->precision == HCB_PRECISION_F32X2;
    const enum hcb_type narrowest = in_halves ? HCB_TYPE_F16 : source.type;
    const uint64_t count = fill == HCB_FILL_ZEROS ? 0 : hcb_operand_elements(c, 0);
    double exact[RUN], rounded[RUN], stored[RUN]; /* memory of any type */
    struct tally tally = {0};
    for (uint64_t done = 0; done < count && (stop == NULL || stop() == 0);) {
        const size_t run = next_run(&source, done, count - done, exact);
        hcbi_store_run(source.type, stored, 0, exact, run);
        hcbi_load_run(source.type, stored, 0, 1, rounded, 1, run);
        if (in_halves)
            round_to_halves(rounded, run);
        count_run(&tally, exact, rounded, run, smallest_normal[narrowest]);
        done += run;
    }
    return (struct hcb_rounding){
        .overflowed = (double)tally.overflowed,
        .underflowed = (double)tally.underflowed,
        .subnormal = (double)tally.subnormal,
        .rel_error = tally.squares > 0 && isfinite(tally.errors)
                         ? sqrt(tally.errors / tally.squares)
                         : (double)NAN};
}

void hcb_poison(enum hcb_type type, void *data, uint64_t count)
{
    /* All bits set is a quiet NaN in the floating formats; 0x85 in every byte is
     * an integer near the lower end. */
    const bool is_integer = type == HCB_TYPE_I8 || type == HCB_TYPE_I32;
    memset(data, is_integer ? 0x85 : 0xff, count * hcb_type_size(type));
}
