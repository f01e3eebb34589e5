/* SPDX-License-Identifier: Apache-2.0 */
/* The matmul of 8-bit integers: packs both inputs into panels, then lets each
 * thread do blocks of the output, a block of terms at a time. */
#include "config.h"

#include <stdbool.h>

#include "cpu.h"

enum {
    GROUPS_PER_BLOCK = 256, /* of terms: a panel of B, 32 KiB at most, stays in the L1 cache */
    ROWS_PER_BLOCK = 384,   /* their panels of A stay in the L2 cache, 400 KiB at most */
    COLUMNS_PER_BLOCK = 256,
    ALIGNMENT = 64
};

/* One product, as the threads see it. */
struct job {
    const struct cpu_byte_kernel *kernel;
    struct hcb_shape shape;
    const int8_t *a, *b;
    int32_t *c;
    uint64_t groups, a_panels, b_panels;
    uint32_t *packed_a, *packed_b, *start;
    uint64_t block_rows, block_columns; /* panels in a block of the output */
    uint64_t blocks_across;
};

static uint64_t quotient_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

static uint64_t aligned(uint64_t words)
{
    return quotient_up(words, ALIGNMENT / 4) * (ALIGNMENT / 4);
}

static void plan_job(struct job *job, const struct cpu_byte_kernel *kernel,
                     const struct hcb_shape *shape)
{
    *job = (struct job){.kernel = kernel, .shape = *shape};
    job->groups = quotient_up(shape->k, kernel->group);
    job->a_panels = quotient_up(shape->m, kernel->rows);
    job->b_panels = quotient_up(shape->n, kernel->columns);
    job->block_rows = ROWS_PER_BLOCK / kernel->rows;
    job->block_columns = COLUMNS_PER_BLOCK / kernel->columns;
    job->blocks_across = quotient_up(job->b_panels, job->block_columns);
}

static uint64_t words_of_a(const struct job *job)
{
    return aligned(job->a_panels * job->groups * job->kernel->rows);
}

static uint64_t words_of_b(const struct job *job)
{
    return job->b_panels * job->groups * job->kernel->columns;
}

uint64_t hcbi_cpu_matmul_bytes_scratch(const struct cpu_byte_kernel *kernel,
                                       const struct hcb_shape *shape)
{
    struct job job;
    plan_job(&job, kernel, shape);
    return 4 * (words_of_a(&job) + words_of_b(&job) + job.b_panels * kernel->columns);
}

static void pack_a(void *argument, size_t first, size_t end)
{
    const struct job *job = argument;
    const unsigned rows = job->kernel->rows;
    for (size_t i = first; i < end; i++)
        job->kernel->pack_a(job->a + i * rows * job->shape.k, job->shape.k, job->shape.m - i * rows,
                            job->shape.k, job->packed_a + i * job->groups * rows);
}

static void pack_b(void *argument, size_t first, size_t end)
{
    const struct job *job = argument;
    const unsigned columns = job->kernel->columns;
    for (size_t j = first; j < end; j++)
        job->kernel->pack_b(job->b + j * columns, job->shape.n, job->shape.n - j * columns,
                            job->shape.k, job->packed_b + j * job->groups * columns,
                            job->start + j * columns);
}

/* Writes a tile, or adds it to what the earlier terms gave. */
static void put_tile(const struct job *job, uint64_t i, uint64_t j, const uint32_t *tile, bool add)
{
    const uint64_t row = i * job->kernel->rows, column = j * job->kernel->columns;
    const uint64_t rows_left = job->shape.m - row, columns_left = job->shape.n - column;
    const size_t rows = rows_left < job->kernel->rows ? (size_t)rows_left : job->kernel->rows;
    const size_t columns =
        columns_left < job->kernel->columns ? (size_t)columns_left : job->kernel->columns;
    for (size_t r = 0; r < rows; r++, tile += job->kernel->columns) {
        int32_t *to = job->c + (row + r) * job->shape.n + column;
        if (add)
            for (size_t l = 0; l < columns; l++)
                to[l] = (int32_t)((uint32_t)to[l] + tile[l]);
        else
            for (size_t l = 0; l < columns; l++)
                to[l] = (int32_t)tile[l];
    }
}

/* Panels [i, i_end) x [j, j_end) of the output, over the terms from `group` on. */
static void add_block(const struct job *job, uint64_t i_first, uint64_t i_end, uint64_t j_first,
                      uint64_t j_end, uint64_t group)
{
    const struct cpu_byte_kernel *kernel = job->kernel;
    const uint64_t left = job->groups - group;
    const size_t groups = left < GROUPS_PER_BLOCK ? (size_t)left : GROUPS_PER_BLOCK;
    uint32_t tile[CPU_TILE_WORDS_MAX] __attribute__((aligned(ALIGNMENT)));
    for (uint64_t j = j_first; j < j_end; j++)
        for (uint64_t i = i_first; i < i_end; i++) {
            kernel->tile(groups, job->packed_a + (i * job->groups + group) * kernel->rows,
                         job->packed_b + (j * job->groups + group) * kernel->columns,
                         group == 0 ? job->start + j * kernel->columns : NULL, tile);
            put_tile(job, i, j, tile, group > 0);
        }
}

static void multiply(void *argument, size_t first, size_t end)
{
    const struct job *job = argument;
    for (size_t block = first; block < end; block++) {
        const uint64_t i = block / job->blocks_across * job->block_rows;
        const uint64_t j = block % job->blocks_across * job->block_columns;
        const uint64_t i_end = i + job->block_rows, j_end = j + job->block_columns;
        for (uint64_t group = 0; group < job->groups; group += GROUPS_PER_BLOCK)
            add_block(job, i, i_end < job->a_panels ? i_end : job->a_panels, j,
                      j_end < job->b_panels ? j_end : job->b_panels, group);
    }
}

/* Makes blocks smaller until there are enough of them to share out evenly. */
static void shrink_blocks(struct job *job, uint64_t threads)
{
    enum { BLOCKS_PER_THREAD = 4 };
    for (;;) {
        const uint64_t down = quotient_up(job->a_panels, job->block_rows);
        job->blocks_across = quotient_up(job->b_panels, job->block_columns);
        if (down * job->blocks_across >= BLOCKS_PER_THREAD * threads)
            return;
        if (job->block_rows > 4 && job->a_panels > 4)
            job->block_rows = quotient_up(job->block_rows, 2);
        else if (job->block_columns > 1 && job->b_panels > 1)
            job->block_columns = quotient_up(job->block_columns, 2);
        else
            return;
    }
}

void hcbi_cpu_matmul_bytes(struct cpu_pool *pool, const struct cpu_byte_kernel *kernel,
                           const struct hcb_shape *shape, const int8_t *a, const int8_t *b,
                           void *scratch, int32_t *c)
{
    enum { SERIAL_MAX = 1 << 18 }; /* multiplications that one thread does in some microseconds */
    const double work = (double)shape->m * (double)shape->n * (double)shape->k;
    const size_t worth = work <= SERIAL_MAX ? SIZE_MAX : 2;
    struct job job;
    plan_job(&job, kernel, shape);
    job.a = a;
    job.b = b;
    job.c = c;
    job.packed_a = scratch;
    job.packed_b = job.packed_a + words_of_a(&job);
    job.start = job.packed_b + words_of_b(&job);
    shrink_blocks(&job, hcbi_cpu_pool_threads(pool));
    hcbi_cpu_pool_run(pool, job.a_panels, worth, pack_a, &job);
    hcbi_cpu_pool_run(pool, job.b_panels, worth, pack_b, &job);
    const uint64_t down = quotient_up(job.a_panels, job.block_rows);
    hcbi_cpu_pool_run(pool, down * job.blocks_across, worth, multiply, &job);
}
