/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that the options ask for: shapes, and which device runs which. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "measure/conductor.h"

/* Sizes when the user names none.  A hardware GPU gets the larger ones too, and
 * so does the CPU that it is compared with. */
static const uint64_t matmul_sizes[] = {256, 1024, 4096};
static const uint64_t reduction_sizes[] = {1 << 16, 1 << 24, 1 << 26};
static const uint64_t peak_sizes[] = {1 << 14, 1 << 18, 1 << 24};
static const uint64_t quick_matmul_sizes[] = {256};
static const uint64_t quick_reduction_sizes[] = {1 << 20};
static const uint64_t quick_peak_sizes[] = {1 << 18};
enum { SOFTWARE_SIZES = 2 }; /* how many of the defaults a CPU driver gets */

/* Shapes where kernels go wrong: single elements, neighbours of tile sizes, one
 * long extent, and more terms than a loop of a known driver runs (65,535). */
static const struct hcb_shape awkward_matrices[] = {
    {1, 1, 1},     {1, 1, 17},     {15, 17, 31},  {17, 33, 1},   {31, 127, 33},
    {64, 64, 64},  {127, 129, 65}, {129, 31, 257}, {1, 257, 129}, {257, 1, 129},
    {1031, 3, 5},  {3, 1031, 5},   {5, 7, 70001},
};
static const uint64_t awkward_vectors[] = {1,    2,     15,    17,      127,            129,
                                           1000, 65535, 65537, 1048577, (1 << 22) + 3};
static const struct hcb_shape full_matrices[] = {{511, 513, 1023}, {1024, 1024, 1024}, {2, 3, 1 << 20}};
static const uint64_t full_vectors[] = {(1 << 24) + 1, (1 << 26) + 3};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* A growing list of shapes for one op. */
struct shapes {
    struct hcb_shape *list;
    size_t count;
    bool short_of_memory;
};

static void add_shape(struct shapes *shapes, struct hcb_shape shape)
{
    struct hcb_shape *larger = realloc(shapes->list, (shapes->count + 1) * sizeof *larger);
    if (larger == NULL) {
        shapes->short_of_memory = true;
        return;
    }
    shapes->list = larger;
    shapes->list[shapes->count++] = shape;
}

/* One number stands for a cube or for a vector's length. */
static void add_size(struct shapes *shapes, enum hcb_op op, uint64_t n)
{
    const unsigned rank = hcb_op_rank(op);
    const uint64_t other = rank == 3 ? n : 1;
    add_shape(shapes, (struct hcb_shape){other, rank > 0 ? n : 1, other});
}

static void add_sizes(struct shapes *shapes, enum hcb_op op, const uint64_t *sizes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_size(shapes, op, sizes[i]);
}

static void add_matrices(struct shapes *shapes, const struct hcb_shape *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_shape(shapes, list[i]);
}

static void asked_shapes(struct shapes *shapes, const struct options *options, enum hcb_op op)
{
    for (size_t i = 0; i < options->size_count; i++) {
        const struct size_request *size = &options->sizes[i];
        if (!size->is_matrix)
            add_size(shapes, op, size->shape.n);
        else if (hcb_op_rank(op) == 3)
            add_shape(shapes, size->shape);
    }
}

static void verify_shapes(struct shapes *shapes, const struct options *options, enum hcb_op op)
{
    const bool is_full = options->preset == PRESET_FULL;
    if (hcb_op_rank(op) == 3) {
        add_matrices(shapes, awkward_matrices, LENGTH(awkward_matrices));
        add_matrices(shapes, full_matrices, is_full ? LENGTH(full_matrices) : 0);
    } else {
        add_sizes(shapes, op, awkward_vectors, LENGTH(awkward_vectors));
        add_sizes(shapes, op, full_vectors, is_full ? LENGTH(full_vectors) : 0);
    }
}

/* What a default run has, without sizes that are too small to tell: the first for CPU
 * drivers, the second for others. */
static void tune_shapes(struct shapes *shapes, bool matrix)
{
    add_sizes(shapes, matrix ? HCB_OP_MATMUL : HCB_OP_SUM,
              matrix ? matmul_sizes + 1 : reduction_sizes + 1, 2);
}

static struct shapes shapes_of(const struct options *options, enum hcb_op op)
{
    struct shapes shapes = {0};
    const bool matrix = hcb_op_rank(op) == 3, is_quick = options->preset == PRESET_QUICK;
    if (hcb_op_rank(op) == 0)
        add_size(&shapes, op, 1);
    else if (options->size_count > 0)
        asked_shapes(&shapes, options, op);
    else if (options->command == COMMAND_TUNE)
        tune_shapes(&shapes, matrix);
    else if (options->command == COMMAND_VERIFY)
        verify_shapes(&shapes, options, op);
    else if (is_quick && matrix)
        add_sizes(&shapes, op, quick_matmul_sizes, LENGTH(quick_matmul_sizes));
    else if (is_quick && op == HCB_OP_PEAK)
        add_sizes(&shapes, op, quick_peak_sizes, LENGTH(quick_peak_sizes));
    else if (is_quick)
        add_sizes(&shapes, op, quick_reduction_sizes, LENGTH(quick_reduction_sizes));
    else if (matrix)
        add_sizes(&shapes, op, matmul_sizes, LENGTH(matmul_sizes));
    else if (op == HCB_OP_PEAK)
        add_sizes(&shapes, op, peak_sizes, LENGTH(peak_sizes));
    else
        add_sizes(&shapes, op, reduction_sizes, LENGTH(reduction_sizes));
    return shapes;
}

static bool is_hardware(const struct hcb_device_info *info)
{
    return info->type != HCB_DEVICE_CPU && !info->software;
}

/* The largest default sizes are for hardware, and for the CPU when there is
 * some. */
static bool wants_size(const struct record *record, const struct hcb_device_info *info, size_t index)
{
    const struct options *options = record->options;
    if (options->command == COMMAND_TUNE && options->size_count == 0)
        return index == (size_t)is_hardware(info);
    if (options->size_count > 0 || options->command == COMMAND_VERIFY || index < SOFTWARE_SIZES)
        return true;
    if (is_hardware(info) || options->preset == PRESET_FULL)
        return true;
    bool any = false;
    for (size_t i = 0; i < record->device_count; i++)
        any = any || is_hardware(&record->devices[i].info);
    return any && info->host_memory;
}

static bool add_row(struct record *record, const struct hcb_device_info *info, const struct hcb_case *task)
{
    struct hcb_result *larger =
        realloc(record->results, (record->result_count + 1) * sizeof *record->results);
    if (larger == NULL)
        return false;
    record->results = larger;
    hcb_result_init(&larger[record->result_count++], info->id, task);
    return true;
}

static bool add_rows(struct record *record, const struct hcb_case *base, size_t size_index)
{
    const struct options *options = record->options;
    for (size_t i = 0; i < record->device_count; i++) {
        const struct hcb_device_info *info = &record->devices[i].info;
        const int platform = hcb_word(hcb_platform_name, info->platform);
        if (platform < 0 || !wants_size(record, info, size_index) ||
            record_leaves_out(record, &record->devices[i]))
            continue;
        for (unsigned impl = 0; impl < HCB_IMPL_COUNT; impl++) {
            const unsigned offers = 
                hcb_platform_offers((unsigned)platform, base->op, impl, base->sum);
            struct hcb_case task = *base;
            task.impl = (enum hcb_impl)impl;
            if ((options->impls >> impl & 1) != 0 && (offers >> base->precision & 1) != 0 &&
                !add_row(record, info, &task))
                return false;
        }
    }
    return true;
}

/* The rows of a case, once for each scale where it takes one. */
static bool add_scales(struct record *record, struct hcb_case *base, size_t size_index)
{
    const struct scales *scales = options_scales(record->options, base);
    bool good = true;
    base->scale = 0;
    if (scales->count == 0)
        return add_rows(record, base, size_index);
    for (unsigned i = 0; i < scales->count && good; i++) {
        base->scale = scales->list[i];
        good = add_rows(record, base, size_index);
    }
    base->scale = 0;
    return good;
}

bool make_rows(struct record *record)
{
    const struct options *options = record->options;
    for (unsigned op = 0; op < HCB_OP_COUNT; op++) {
        if ((options->ops >> op & 1) == 0)
            continue;
        struct shapes shapes = shapes_of(options, (enum hcb_op)op);
        bool good = !shapes.short_of_memory;
        struct hcb_case base;
        for (unsigned kind = 0; record_kind((enum hcb_op)op, kind, &base); kind++)
            for (size_t s = 0; s < shapes.count && good; s++) {
                base.shape = shapes.list[s];
                if (options_ask_for(options, &base))
                    good = add_scales(record, &base, s);
            }
        free(shapes.list);
        if (!good) {
            fprintf(stderr, "hcbench: out of memory for the rows\n");
            return false;
        }
    }
    return true;
}
