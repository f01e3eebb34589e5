/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one case on one device through the public interface and says whether it
 * is right.  For the tests of every platform; knows none of them. */
#ifndef HCB_PLATFORM_CHECKS_H
#define HCB_PLATFORM_CHECKS_H

#include "hcbench.h"

/* Does the platform have a device?  Asked in a child process, since a driver that
 * was loaded before a fork is of no use after it.  Prints why not. */
bool check_platform_present(const char *platform);

enum check_outcome { CHECK_PASSED, CHECK_UNSUPPORTED, CHECK_FAILED };

/* Shapes that are not multiples of any tile, and lengths that are not multiples
 * of any vector or chunk. */
extern const struct hcb_shape check_matmul_shapes[];
extern const size_t check_matmul_shape_count;
extern const uint64_t check_vector_lengths[];
extern const size_t check_vector_length_count;

/* Runs a case on integers, whose result must be exact, and on uniform numbers,
 * whose error must stay within the bound; variants of sums also on numbers that nearly
 * cancel, where a plain sum is outside of the bound.  The output is poisoned before every
 * run; a second run of several launches must give the same bits.  `text`
 * receives the reason when the case is unsupported or wrong. */
enum check_outcome check_case(struct hcb_ctx *ctx, struct hcb_device *device,
                              const struct hcb_case *c, char *text, size_t size);

/* The same with parameters of the kernels; NULL: those of the table. */
enum check_outcome check_case_with(struct hcb_ctx *ctx, struct hcb_device *device,
                                   const struct hcb_case *c, const char *parameters, char *text,
                                   size_t size);

/* Runs an op, impl and precision over all of the shapes above.  Ends with
 * CHECK_FAILED and a text at the first failure, and with CHECK_UNSUPPORTED if no
 * shape is supported. */
enum check_outcome check_shapes(struct hcb_ctx *ctx, struct hcb_device *device, enum hcb_op op,
                                enum hcb_impl impl, enum hcb_precision precision, char *text,
                                size_t size);

/* Runs a supported case with each choice of each parameter, the others as in the table.
 * Choices may be refused, with a reason; *passed: how many were not. */
enum check_outcome check_choices(struct hcb_ctx *ctx, struct hcb_device *device,
                                 const struct hcb_case *c, unsigned *passed, char *text, size_t size);

/* Runs a supported case at some points that differ from the table in all parameters at once,
 * as far as limits allow. */
enum check_outcome check_points(struct hcb_ctx *ctx, struct hcb_device *device,
                                const struct hcb_case *c, char *text, size_t size);

/* Multiplies numbers from below 2^-36 up to 65520, which no half holds, by the identity matrix from
 * either side in f32x2: each element must be the two halves of its number, in every bit, and
 * what has to do with the largest number not finite.  No bound is fine enough to see how halves
 * are rounded. */
enum check_outcome check_halves(struct hcb_ctx *ctx, struct hcb_device *device, enum hcb_impl impl,
                                char *text, size_t size);

/* Runs sums and dot products of all lengths in a variant; ends as check_shapes. */
enum check_outcome check_variant(struct hcb_ctx *ctx, struct hcb_device *device,
                                 enum hcb_impl impl, enum hcb_precision precision,
                                 enum hcb_sum sum, char *text, size_t size);

/* Runs `peak` such that it counts its rounds: what the compiler left out is missing.
 * CHECK_UNSUPPORTED as above. */
enum check_outcome check_peak_rounds(struct hcb_ctx *ctx, struct hcb_device *device,
                                     enum hcb_impl impl, enum hcb_precision precision, char *text,
                                     size_t size);

/* Runs uploads, downloads, copies, triads, launches and peaks of a driver's device,
 * and the check above.  *passed: how many of the eight pairs of op and impl were
 * supported. */
enum check_outcome check_extras(struct hcb_ctx *ctx, struct hcb_device *device,
                                enum hcb_precision precision, unsigned *passed, char *text,
                                size_t size);

#endif
