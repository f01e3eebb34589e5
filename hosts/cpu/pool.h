/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that share a loop.  Knows nothing of what the loop computes. */
#ifndef HCB_CPU_POOL_H
#define HCB_CPU_POOL_H

#include <stddef.h>

struct cpu_pool;

/* Does the steps [first, end) of a loop. */
typedef void cpu_pool_work(void *argument, size_t first, size_t end);

/* Starts `threads` - 1 threads; the caller of hcbi_cpu_pool_run is one more.
 * Takes fewer when the system gives fewer; NULL when memory is short. */
struct cpu_pool *hcbi_cpu_pool_new(unsigned threads);
void hcbi_cpu_pool_free(struct cpu_pool *pool);
unsigned hcbi_cpu_pool_threads(const struct cpu_pool *pool);

/* Does the steps [0, count), thread i of T the steps from i count / T on, and
 * returns when all are done.  Runs in the calling thread alone when there are fewer
 * than `worth` steps: waking the others would take longer.  One caller at a time. */
void hcbi_cpu_pool_run(struct cpu_pool *pool, size_t count, size_t worth, cpu_pool_work *work,
                       void *argument);

#endif
