/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the OpenCL platform share.  Nothing outside of this folder
 * includes it. */
#ifndef HCB_OPENCL_H
#define HCB_OPENCL_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <CL/cl_ext.h>

#include "platform.h"

enum { OPENCL_SCRATCH_MAX = 2 };

struct opencl_entry {
    cl_platform_id platform;
    cl_device_id device;
};

struct opencl_platform {
    struct hcb_platform base;
    struct opencl_entry *entries;
    size_t count;
};

/* A kernel file compiled with one set of options. */
struct opencl_program {
    struct opencl_program *next;
    char file[32], options[224];
    void *types, *text; /* source of types.cl and of the file, for the hash */
    size_t types_size, text_size;
    cl_program handle;
};

struct opencl_device {
    struct hcb_device base;
    cl_device_id id;
    cl_context context;
    struct opencl_program *programs; /* each compiled once */
    bool cpu_kernels;
    bool fma[HCB_TYPE_COUNT]; /* a fused multiply-add in hardware */
    unsigned vector_bits;     /* of a native vector, at least 128 */
    uint64_t local_bytes;     /* of local memory per work-group */
    unsigned sub_group;       /* least size that can be asked for; 0: none can */
    bool used_clblast;
    /* Parameters with which matrix units gave right results last. */
    uint64_t tested_units[HCB_PRECISION_COUNT][HCB_PARAMETERS_MAX];
};

struct opencl_queue {
    struct hcb_queue base;
    cl_command_queue handle;
};

struct opencl_buffer {
    struct hcb_buffer base;
    cl_mem handle;
};

/* Pinned memory, mapped as long as it lives. */
struct opencl_host {
    struct hcb_host base;
    cl_mem handle;
};

/* Work-items and work-group size. */
struct opencl_range {
    size_t global[2], local[2];
};

struct opencl_step {
    cl_kernel kernel;
    struct opencl_range range;
};

struct opencl_plan {
    struct hcb_plan base;
    /* Enqueues one launch.  `first` and `last`, when not NULL, receive events
     * that begin and end it. */
    enum hcb_status (*launch)(struct opencl_plan *plan, cl_event *first, cl_event *last);
    struct opencl_step *steps; /* one after the other, for kernels of our own */
    size_t step_count;
    cl_mem scratch[OPENCL_SCRATCH_MAX];
    size_t scratch_count;
};

/* errors.c: the name of an OpenCL or CLBlast code, and a failure that shows it. */
const char *hcbi_opencl_error_name(cl_int code);
enum hcb_status hcbi_opencl_fail(struct hcb_ctx *ctx, const char *call, cl_int code);

/* describe.c */
bool hcbi_opencl_has_extension(cl_device_id device, const char *extension);
void hcbi_opencl_describe(const struct opencl_entry *entry, struct hcb_device_info *info);
/* fma, vector_bits, local_bytes and sub_group of an opened device. */
void hcbi_opencl_read_arithmetic(struct opencl_device *device);

/* program.c: finds or builds a program, which belongs to the device. */
enum hcb_status hcbi_opencl_program(struct opencl_device *device, const char *file,
                                    const char *options, const struct opencl_program **program);
void hcbi_opencl_programs_free(struct opencl_device *device);

/* Items of a work-group that a compiled kernel allows, which may be fewer than the device
 * has, for its registers; UINT64_MAX when it cannot be found out. */
uint64_t hcbi_opencl_kernel_items(const struct opencl_device *device,
                                  const struct opencl_program *program, const char *kernel);
/* HCB_UNSUPPORTED: the kernel does not allow for so many. */
enum hcb_status hcbi_opencl_too_many_items(const struct opencl_device *device, const char *kernel,
                                           uint64_t items, uint64_t allowed);

/* plan.c */
struct opencl_argument {
    size_t size;
    const void *value;
};
/* Appends a kernel of a program, with its arguments, to the plan's steps. */
enum hcb_status hcbi_opencl_add_step(struct opencl_plan *plan, const struct opencl_program *program,
                                     const char *kernel, const struct opencl_range *range,
                                     const struct opencl_argument *arguments, cl_uint count);
/* Allocates scratch memory that lives as long as the plan. */
enum hcb_status hcbi_opencl_scratch(struct opencl_plan *plan, uint64_t bytes, cl_mem *memory);
enum hcb_status hcbi_opencl_parameters(struct hcb_device *device, const struct hcb_case *c,
                                       struct hcb_parameters *parameters);
enum hcb_status hcbi_opencl_plan_new(struct hcb_plan *plan);
void hcbi_opencl_plan_free(struct hcb_plan *plan);
enum hcb_status hcbi_opencl_plan_run(struct hcb_plan *plan, uint32_t launches,
                                     struct hcb_timing *timing);

/* supports.c: bytes that plans may use besides the operands; UINT64_MAX when the
 * device does not say. */
uint64_t hcbi_opencl_room(const struct opencl_device *device, const struct hcb_case *c);
/* Items of a work-group at most. */
uint64_t hcbi_opencl_most_items(const struct opencl_device *device);
/* The largest power of two up to that and `wanted`. */
size_t hcbi_opencl_items(const struct opencl_device *device, size_t wanted);
enum hcb_status hcbi_opencl_no_room(const struct opencl_device *device, const struct hcb_case *c,
                                    uint64_t bytes);
enum hcb_status hcbi_opencl_supports(struct hcb_device *device, const struct hcb_case *c);
uint64_t hcbi_opencl_scratch_bytes(struct hcb_device *device, const struct hcb_case *c,
                                   const uint64_t *values);

/* What an impl does for an op: `supports` is asked after the number formats were
 * found to be there, `prepare` fills in the plan. */
struct opencl_method {
    enum hcb_status (*supports)(const struct opencl_device *device, const struct hcb_case *c);
    /* Bytes of hcbi_opencl_scratch that `prepare` will ask for with these values of the
     * parameters; NULL: none. */
    uint64_t (*scratch)(const struct opencl_device *device, const struct hcb_case *c,
                        const uint64_t *values);
    /* Lists parameters and names the file of the kernels that they are of, NULL for those of a
     * library; NULL: there are none. */
    const char *(*parameters)(const struct opencl_device *device, const struct hcb_case *c,
                              struct hcb_parameters *parameters);
    enum hcb_status (*prepare)(struct opencl_plan *plan);
};
extern const struct opencl_method hcbi_opencl_matmul_cpu; /* matmul_cpu.c */
extern const struct opencl_method hcbi_opencl_matmul_gpu; /* matmul_gpu.c */
extern const struct opencl_method hcbi_opencl_matmul_thin; /* matmul_thin.c, for CPU drivers */
bool hcbi_opencl_is_thin(const struct hcb_shape *shape);  /* takes that method */
extern const struct opencl_method hcbi_opencl_matmul_units; /* matmul_units.c */
extern const struct opencl_method hcbi_opencl_reduce;     /* reduce.c */
extern const struct opencl_method hcbi_opencl_clblast;    /* clblast.c */
extern const struct opencl_method hcbi_opencl_copy, hcbi_opencl_elementwise; /* elementwise.c */
const struct opencl_method *hcbi_opencl_method(const struct opencl_device *device,
                                               const struct hcb_case *c);
void hcbi_opencl_clblast_forget(void); /* drops what CLBlast compiled */

static inline struct opencl_device *opencl_device_of(const struct opencl_plan *plan)
{
    return (struct opencl_device *)plan->base.queue->device;
}

/* Without a fused multiply-add a product of floating-point numbers is rounded by itself. */
static inline void opencl_count_roundings(struct opencl_plan *plan, enum hcb_type accumulator)
{
    if (accumulator != HCB_TYPE_I32 && !opencl_device_of(plan)->fma[accumulator])
        plan->base.info.roundoff_factor = 2;
}

static inline cl_mem *opencl_operand(struct opencl_plan *plan, unsigned operand)
{
    return &((struct opencl_buffer *)plan->base.operands[operand])->handle;
}

static inline uint64_t opencl_divide_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

#endif
