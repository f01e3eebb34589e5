/* SPDX-License-Identifier: Apache-2.0 */
/* What conductor and worker say to each other: one JSON object per line.
 *
 * A request is {"id": N, "step": NAME, ...}; its reply {"id": N, "status": WORD,
 * ...}, where a status other than "ok" comes with "reason" and nothing else.
 * Both ends reject steps and members that they do not know, and the first
 * request must be `hello` with the same protocol number.  Times are seconds; no
 * pointers and no shared memory, so that a worker may live elsewhere.
 *
 * step      members                                reply
 * hello     protocol                               protocol, version
 * list      platform                               devices
 * open      device, kernel_dir                     -
 * sensors   -                                      energy, power, clock, temperature, throttle:
 *                                                  {source} or {reason} each
 * support   op, impl, precision, shape, sum, scale; parameters  scratch_bytes: that a plan
 *           takes of the device's memory besides the operands; without parameters or
 *           with some that are refused, with those of the table
 * inputs    op, precision, shape, sum, scale, fill, seed  -  same case: new contents
 * parameters  op, impl, precision, shape, sum      kernel_sha256, parameters: objects of name,
 *                                                  table and choices; limits: objects of
 *                                                  name, sum and most, products of powers
 * prepare   impl, parameters (a text, or not)      setup_s, kernels, kernel_sha256, tuning,
 *                                                  parameters, note
 * check     impl, seed                             -        one launch, exact
 * sample    impl, launches, count                  kernel, wall: arrays; sensors: {clock (Hz),
 *                                                  temperature, throttle}, what there is
 * energy    impl, launches                         joules (per launch), watts, source; nothing
 *                                                  when too little was seen; needs one of
 *                                                  energy and power
 * transfer  impl, count                            end_to_end, upload, download: arrays
 * verify    impl, seed                             error, device_peak_bytes, host_peak_bytes (if known)
 * release   -                                      -        all plans, buffers, inputs
 * quit      -                                      -
 *
 * `sum` is left out where it is plain, and `scale` where it is 0.
 *
 * A worker holds the inputs of one case, and plans on them, one per impl and slot: a
 * request with `impl` may name the `slot`, 0 to PROTOCOL_SLOTS - 1, which is 0 unless
 * told, so that an impl can be compared with itself under other parameters. */
#ifndef BENCH_PROTOCOL_H
#define BENCH_PROTOCOL_H

#include <hcbench.h>
#include <jansson.h>

#include "files/members.h"

enum { PROTOCOL_VERSION = 1, PROTOCOL_SLOTS = 4 };

/* Descriptors that a worker process talks through; its stdout belongs to
 * drivers' chatter and leads to stderr. */
enum { WORKER_REQUESTS = 3, WORKER_REPLIES = 4 };

/* Members of a case, for json_pack and json_unpack with a struct hcb_case. */
json_t *protocol_case(const struct hcb_case *c);

/* All of struct hcb_device_info, also for the result file. */
const struct member *protocol_device_members(void);
json_t *protocol_device(const struct hcb_device_info *info);
/* False when a member is missing, unknown or of the wrong type. */
bool protocol_read_device(const json_t *object, struct hcb_device_info *info);

json_t *protocol_parameters(const struct hcb_parameters *parameters);
bool protocol_read_parameters(const json_t *object, struct hcb_parameters *parameters);

json_t *protocol_verdict(const struct hcb_verdict *verdict);
bool protocol_read_verdict(const json_t *object, struct hcb_verdict *verdict);

#endif
