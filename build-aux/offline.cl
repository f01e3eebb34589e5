/* SPDX-License-Identifier: Apache-2.0 */
/* For offline.sh: the few built-in functions that our kernels for GPUs call, in the words
 * of clang's targets, as a driver would link them in.  Compiled in front of a kernel. */
#if defined __NVPTX__
#define get_local_id(d) ((size_t)__nvvm_read_ptx_sreg_tid_x())
#define get_group_id(d)                                                                            \
    ((size_t)((d) == 0 ? __nvvm_read_ptx_sreg_ctaid_x() : __nvvm_read_ptx_sreg_ctaid_y()))
#define get_local_size(d) ((size_t)__nvvm_read_ptx_sreg_ntid_x())
#define barrier(flags) __nvvm_barrier_sync(0)
#elif defined __AMDGCN__
#define get_local_id(d) ((size_t)__builtin_amdgcn_workitem_id_x())
#define get_group_id(d)                                                                            \
    ((size_t)((d) == 0 ? __builtin_amdgcn_workgroup_id_x() : __builtin_amdgcn_workgroup_id_y()))
#define get_local_size(d) ((size_t)__builtin_amdgcn_workgroup_size_x())
#define barrier(flags)                                                                             \
    do {                                                                                           \
        __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");                                     \
        __builtin_amdgcn_s_barrier();                                                              \
        __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");                                     \
    } while (0)
#else /* SPIR: the driver of Intel has these */
float8 __attribute__((overloadable)) intel_sub_group_f16_f16_matrix_mad_k16(int8, int8, float8);
float8 __attribute__((overloadable)) intel_sub_group_f16_f16_matrix_mad_k16(short8, int8, float8);
float8 __attribute__((overloadable)) intel_sub_group_bf16_bf16_matrix_mad_k16(int8, int8, float8);
float8 __attribute__((overloadable)) intel_sub_group_bf16_bf16_matrix_mad_k16(short8, int8, float8);
int8 __attribute__((overloadable)) intel_sub_group_i8_i8_matrix_mad_k32(int8, int8, int8);
int8 __attribute__((overloadable)) intel_sub_group_i8_i8_matrix_mad_k32(short8, int8, int8);
#endif

#if defined __NVPTX__ || defined __AMDGCN__
#define get_global_id(d) (get_group_id(d) * get_local_size(d) + get_local_id(d))
#define convert_double2(v) __builtin_convertvector(v, double2)
#define convert_double16(v) __builtin_convertvector(v, double16)
#define convert_float4(v) __builtin_convertvector(v, float4)
#define convert_float8(v) __builtin_convertvector(v, float8)
#define convert_half8(v) __builtin_convertvector(v, half8)
#define convert_int16(v) __builtin_convertvector(v, int16)
#define convert_ushort4(v) __builtin_convertvector(v, ushort4)
#define vload_half(i, pointer) __builtin_load_halff((pointer) + (i))
#define vstore_half(x, i, pointer) __builtin_store_halff(x, (pointer) + (i))
#define vload_half8(i, pointer) eight_halves(pointer)
static float8 eight_halves(const half *p)
{
    return (float8)(vload_half(0, p), vload_half(1, p), vload_half(2, p), vload_half(3, p),
                    vload_half(4, p), vload_half(5, p), vload_half(6, p), vload_half(7, p));
}
#define min(a, b) least_of(a, b)
static ulong least_of(ulong a, ulong b)
{
    return a < b ? a : b;
}
#endif
