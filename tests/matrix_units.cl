/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions of matrix units in OpenCL C, after the layouts that their manuals give, so
 * that cl/matmul_ptx.cl and cl/matmul_units.cl run on any device.  Items exchange what they
 * hold through local memory.  Put in front of the kernel file.
 *
 * -DEMULATED  for matmul_units.cl, see there; else for matmul_ptx.cl
 * -DSPOILED   sums come out wrong */
#ifdef SPOILED
#define SPOIL 1
#else
#define SPOIL 0
#endif

/* Local memory that a function is handed is one of a group only if PoCL inlines that function
 * in time; else groups on other threads write to it too. */
#define INLINED static __attribute__((always_inline))

#ifdef EMULATED

#define UNITS_STORAGE __local LEFT emulated_left[ITEMS]; __local RIGHT emulated_right[ITEMS];
#define multiply_add(left, right, sums)                                                            \
    multiply_fragments(emulated_left, emulated_right, left, right, sums)

static RESULT number(__local const void *fragment, uint index)
{
#if defined PRECISION_I8I32
    return ((__local const char *)fragment)[index];
#elif defined PRECISION_BF16F32
    return as_float((uint)((__local const ushort *)fragment)[index] << 16);
#else
    return vload_half(index, (__local const half *)fragment);
#endif
}

/* Of a wave: which lane holds a term of a row of A or column of B, as which number of its
 * own; and the row and column of element e of a lane. */
#define LANE_OF_LEFT(row, term)                                                                    \
    (UNITS == RDNA   ? (row) + e % 2 * 16                                                          \
     : UNITS == CDNA ? (row) + (term) / (TERMS / 2) * 32                                           \
                     : (term) * sizeof(STORED) / (32 / WAVE))
#define NUMBER_OF_LEFT(row, term)                                                                  \
    (UNITS == RDNA   ? (term)                                                                      \
     : UNITS == CDNA ? (term) % (TERMS / 2)                                                        \
                     : ((row) * (32 / WAVE) + (term) * sizeof(STORED) % (32 / WAVE)) /             \
                           sizeof(STORED))
#define LANE_OF_RIGHT(term, column)                                                                \
    (UNITS == RDNA   ? (column) + e % 2 * 16                                                       \
     : UNITS == CDNA ? (column) + (term) / (TERMS / 2) * 32                                        \
                     : (column))
#define NUMBER_OF_RIGHT(term) (UNITS == CDNA ? (term) % (TERMS / 2) : (term))
#define ROW_OF_ELEMENT                                                                             \
    (UNITS == RDNA ? 2 * e + lane / 16 : UNITS == CDNA ? e / 4 * 8 + lane / 32 * 4 + e % 4 : e)
#define COLUMN_OF_ELEMENT (UNITS == RDNA ? lane % 16 : UNITS == CDNA ? lane % 32 : lane)
#define TERMS                                                                                      \
    (UNITS == RDNA   ? 16                                                                          \
     : UNITS == CDNA ? (sizeof(STORED) == 1 && IS_CDNA_3 ? 16 : 8)                                 \
                     : 32 / sizeof(STORED))
#ifdef __gfx942__
#define IS_CDNA_3 1
#else
#define IS_CDNA_3 0
#endif

#define EMULATED_MULTIPLY_ADD                                                                      \
    INLINED SUMS multiply_fragments(__local LEFT *lefts, __local RIGHT *rights, LEFT left,         \
                                    RIGHT right, SUMS sums)                                        \
    {                                                                                              \
        union {                                                                                    \
            SUMS all;                                                                              \
            RESULT each[ELEMENTS];                                                                 \
        } result = {sums};                                                                         \
        const uint item = get_local_id(0), lane = item % WAVE, wave = item - lane;                 \
        lefts[item] = left;                                                                        \
        rights[item] = right;                                                                      \
        barrier(CLK_LOCAL_MEM_FENCE);                                                              \
        for (uint e = 0; e < ELEMENTS; e++) {                                                      \
            const uint row = ROW_OF_ELEMENT, column = COLUMN_OF_ELEMENT;                           \
            for (uint term = 0; term < TERMS; term++)                                              \
                result.each[e] +=                                                                  \
                    number(lefts + wave + LANE_OF_LEFT(row, term), NUMBER_OF_LEFT(row, term)) *    \
                    number(rights + wave + LANE_OF_RIGHT(term, column), NUMBER_OF_RIGHT(term));    \
        }                                                                                          \
        result.each[ELEMENTS - 1] += SPOIL;                                                        \
        barrier(CLK_LOCAL_MEM_FENCE);                                                              \
        return result.all;                                                                         \
    }

#else

#define HAVE_UNITS
#define UNROLL
#define UNITS_STORAGE                                                                              \
    __local uint emulated_rows[ITEMS];                                                             \
    __local uint4 emulated_left[ITEMS];                                                            \
    __local uint2 emulated_right[ITEMS];                                                           \
    uint groups = 0, groups_complete = 0, stages_read = 0; /* the latter since the last barrier */

/* A copy takes place as late as it may: at the barrier after the wait that covers it.  Until
 * then its target holds where it comes from (0: zeros), a mark that is no number, and the item
 * and its group of copies; 0: none yet.  What is copied to a stage that items may still be
 * reading never arrives. */
#define MARK 0x7fc17fc1u
#define NEVER 0xffffu
#define copy_async(target, source) (*(target) = pending_copy(source, item))
#define copy_async_or_zero(target, source, is_inside)                                              \
    (*(target) = pending_copy((is_inside) ? (source) : 0, item))
#define end_copies()                                                                               \
    end_group(&stages[0][0], STAGES, STAGE_CHUNKS, item, ++groups, stages_read)
#define WAIT_FOR_COPIES(others) (groups_complete = groups > (others) ? groups - (others) : 0)
#define load_matrices(row) gather_from(row, false)
#define load_turned_matrices(row) gather_from(row, true)
#define gather_from(row, turned)                                                                   \
    (stages_read |= 1u << (uint)((row) - &stages[0][0]) / STAGE_CHUNKS,                            \
     gather_rows(emulated_rows, &stages[0][0], (uint)((row) - &stages[0][0]), turned))
#define multiply_add(left, right, sum)                                                             \
    multiply_fragments(emulated_left, emulated_right, left, right, sum)

INLINED uint4 pending_copy(__global const uchar *source, uint item)
{
    const ulong address = (ulong)(size_t)source;
    return (uint4)((uint)address, (uint)(address >> 32), MARK, item);
}

INLINED void end_group(__local uint4 *chunks, uint stages, uint stage_chunks, uint item, uint group,
                       uint stages_read)
{
    for (uint q = 0; q < stages * stage_chunks; q++)
        if (chunks[q].z == MARK && chunks[q].w == item)
            chunks[q].w = item | (stages_read >> q / stage_chunks & 1 ? NEVER : group) << 16;
}

INLINED void complete_groups(__local uint4 *chunks, uint count, uint item, uint last)
{
    for (uint q = 0; q < count; q++) {
        const uint4 chunk = chunks[q];
        const uint group = chunk.w >> 16;
        if (chunk.z != MARK || (chunk.w & 0xffffu) != item || group == 0 || group > last)
            continue;
        const ulong source = chunk.x | (ulong)chunk.y << 32;
        chunks[q] = source != 0 ? *(__global const uint4 *)(size_t)source : (uint4)(0);
    }
}

/* Lane l gets word l % 4 of row l / 4 of each matrix; turned, the element of column l / 4
 * in rows 2 (l % 4) and the next. */
INLINED uint4 gather_rows(__local uint *rows, __local const uint4 *base, uint row, bool turned)
{
    const uint item = get_local_id(0), lane = item % 32, warp = item - lane;
    uint words[4];
    rows[item] = row;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint j = 0; j < 4; j++) {
        __local const uint *of_matrix = rows + warp + 8 * j;
        if (turned) {
            const uint low =
                ((__local const ushort *)(base + of_matrix[2 * (lane % 4)]))[lane / 4];
            const uint high =
                ((__local const ushort *)(base + of_matrix[2 * (lane % 4) + 1]))[lane / 4];
            words[j] = low | high << 16;
        } else {
            words[j] = ((__local const uint *)(base + of_matrix[lane / 4]))[lane % 4];
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return (uint4)(words[0], words[1], words[2], words[3]);
}

#ifdef PRECISION_I8I32
#define TERMS 32 /* of an instruction */
#define PER_WORD 4
#else
#define TERMS 16
#define PER_WORD 2
#endif

static RESULT unpack(uint word, uint part)
{
#if defined PRECISION_I8I32
    return (char)(word >> 8 * part);
#elif defined PRECISION_BF16F32
    return as_float(word >> 16 * part << 16);
#else
    const ushort bits = (ushort)(word >> 16 * part);
    return vload_half(0, (const half *)&bits);
#endif
}

static RESULT left_element(__local const uint4 *left, uint row, uint term)
{
    const uint4 words = left[row % 8 * 4 + term % (TERMS / 2) / PER_WORD];
    const uint word = row < 8 ? term < TERMS / 2 ? words.x : words.z
                              : term < TERMS / 2 ? words.y : words.w;
    return unpack(word, term % PER_WORD);
}

static RESULT right_element(__local const uint2 *right, uint term, uint column)
{
    const uint2 words = right[column * 4 + term % (TERMS / 2) / PER_WORD];
    return unpack(term < TERMS / 2 ? words.x : words.y, term % PER_WORD);
}

INLINED VECTOR(RESULT, 4)
    multiply_fragments(__local uint4 *lefts, __local uint2 *rights, uint4 left, uint2 right,
                       VECTOR(RESULT, 4) sum)
{
    const uint item = get_local_id(0), lane = item % 32, warp = item - lane;
    const uint row = lane / 4, column = lane % 4 * 2;
    lefts[item] = left;
    rights[item] = right;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint term = 0; term < TERMS; term++) {
        const RESULT above = left_element(lefts + warp, row, term),
                     below = left_element(lefts + warp, row + 8, term),
                     first = right_element(rights + warp, term, column),
                     second = right_element(rights + warp, term, column + 1);
        sum += (VECTOR(RESULT, 4))(above * first, above * second, below * first, below * second);
    }
    sum.w += SPOIL;
    barrier(CLK_LOCAL_MEM_FENCE);
    return sum;
}

/* Those of the kernel. */
#define barrier(flags)                                                                             \
    do {                                                                                           \
        complete_groups(&stages[0][0], STAGES * STAGE_CHUNKS, item, groups_complete);              \
        stages_read = 0;                                                                           \
        barrier(flags);                                                                            \
    } while (0)

#endif
