/* SPDX-License-Identifier: Apache-2.0 */
/* The side of the program that loads drivers: answers requests of protocol.h for
 * one device. */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include <jansson.h>
#include <stdbool.h>

struct worker;

/* NULL when memory is short. */
struct worker *worker_new(void);
void worker_free(struct worker *worker);
/* Does what a request says; the caller owns the reply. */
json_t *worker_handle(struct worker *worker, const json_t *request);
/* True after `quit`. */
bool worker_is_done(const struct worker *worker);

/* `hcbench worker`: answers on WORKER_REPLIES until `quit` or the end of
 * WORKER_REQUESTS.  Returns the exit status. */
int worker_main(void);

#endif
