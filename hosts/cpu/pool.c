/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that share a loop, with a static partition.  An idle thread sleeps, so
 * that it takes no time from whatever else is measured. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "platform.h"
#include "pool.h"

/* A thread looks for work this long before it sleeps: about what a sleep and a
 * wake-up cost. */
enum { SPIN_NS = 20 * 1000 };

struct member {
    struct cpu_pool *pool;
    pthread_t thread;
    unsigned index;
};

struct cpu_pool {
    pthread_mutex_t lock;
    pthread_cond_t started, finished;
    atomic_uint generation; /* counts the loops */
    atomic_uint pending;    /* threads that have not finished this one */
    bool stop;
    cpu_pool_work *work;
    void *argument;
    size_t count;
    unsigned threads; /* the caller among them */
    struct member members[];
};

static void do_share(const struct cpu_pool *pool, unsigned index)
{
    const size_t whole = pool->count / pool->threads, rest = pool->count % pool->threads;
    const size_t first = index * whole + (index < rest ? index : rest);
    const size_t end = first + whole + (index < rest);
    if (first < end)
        pool->work(pool->argument, first, end);
}

/* True as soon as *word differs from `old`; false after SPIN_NS. */
static bool spin_while(atomic_uint *word, unsigned old)
{
    const uint64_t end = hcbi_now_ns() + SPIN_NS;
    do {
        if (atomic_load_explicit(word, memory_order_acquire) != old)
            return true;
    } while (hcbi_now_ns() < end);
    return false;
}

static void wait_for_start(struct cpu_pool *pool, unsigned seen)
{
    if (spin_while(&pool->generation, seen))
        return;
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->generation) == seen)
        pthread_cond_wait(&pool->started, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

static void report_finished(struct cpu_pool *pool)
{
    if (atomic_fetch_sub(&pool->pending, 1) != 1)
        return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->finished);
    pthread_mutex_unlock(&pool->lock);
}

static void *member_main(void *argument)
{
    const struct member *member = argument;
    struct cpu_pool *pool = member->pool;
    for (unsigned seen = 0;; seen++) {
        wait_for_start(pool, seen);
        if (pool->stop)
            return NULL;
        do_share(pool, member->index);
        report_finished(pool);
    }
}

/* Lets the other threads do their shares of what the fields describe. */
static void start(struct cpu_pool *pool)
{
    atomic_store(&pool->pending, pool->threads - 1);
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->generation, 1);
    pthread_cond_broadcast(&pool->started);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_for_finish(struct cpu_pool *pool)
{
    unsigned left;
    while ((left = atomic_load(&pool->pending)) != 0)
        if (!spin_while(&pool->pending, left))
            break;
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->pending) != 0)
        pthread_cond_wait(&pool->finished, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void hcbi_cpu_pool_run(struct cpu_pool *pool, size_t count, size_t worth, cpu_pool_work *work,
                       void *argument)
{
    if (pool->threads == 1 || count < worth) {
        if (count > 0)
            work(argument, 0, count);
        return;
    }
    pool->work = work;
    pool->argument = argument;
    pool->count = count;
    start(pool);
    do_share(pool, 0);
    wait_for_finish(pool);
}

/* The threads take no signals: those are the program's. */
static void start_members(struct cpu_pool *pool, unsigned threads)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (pool->threads = 1; pool->threads < threads; pool->threads++) {
        struct member *member = &pool->members[pool->threads];
        *member = (struct member){.pool = pool, .index = pool->threads};
        if (pthread_create(&member->thread, NULL, member_main, member) != 0)
            break;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

struct cpu_pool *hcbi_cpu_pool_new(unsigned threads)
{
    struct cpu_pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->members[0]);
    if (pool == NULL)
        return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->started, NULL);
    pthread_cond_init(&pool->finished, NULL);
    atomic_init(&pool->generation, 0);
    atomic_init(&pool->pending, 0);
    start_members(pool, threads);
    return pool;
}

void hcbi_cpu_pool_free(struct cpu_pool *pool)
{
    if (pool == NULL)
        return;
    pool->stop = true;
    start(pool);
    for (unsigned i = 1; i < pool->threads; i++)
        pthread_join(pool->members[i].thread, NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->started);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

unsigned hcbi_cpu_pool_threads(const struct cpu_pool *pool)
{
    return pool->threads;
}
