/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the Vulkan platform share.  Nothing outside of this folder
 * includes it. */
#ifndef HCB_VULKAN_H
#define HCB_VULKAN_H

#include <vulkan/vulkan.h>

#include "compatibility.h"
#include "platform.h"
#include "tiles.h"

enum {
    VULKAN_BINDINGS_MAX = 3,
    VULKAN_TEXELS_MAX = 2,  /* bindings of texel buffers, behind the others */
    VULKAN_CONSTANTS_MAX = 12, /* 32-bit push constants; every device has room for 32 */
    VULKAN_SPECIALIZATION_MAX = 16,
    VULKAN_MODULES_MAX = 3, /* that one plan uses */
    VULKAN_SCRATCH_MAX = 2,
    VULKAN_WORKGROUP_MATRICES_MAX = 8 /* that are kept for a precision */
};

/* Turns that all loops of an invocation may take together; llvmpipe of Mesa 22
 * stops loops after 65,535 without an error. */
#define VULKAN_TURNS_MAX UINT64_C(32768)

struct vulkan_platform {
    struct hcb_platform base;
    VkInstance instance;
    uint32_t api; /* highest version to be used */
    VkPhysicalDevice *devices;
    size_t count;
};

/* What a device has of the features that some kernel needs. */
struct vulkan_features {
    bool float64, float16, storage16, int8, storage8;
    bool memory_model, subgroup_size_control, full_subgroups;
    bool shuffle; /* of subgroups in compute shaders */
    bool cooperative_matrix, bfloat16_matrix;
    bool workgroup_matrix; /* with flexible dimensions and tensor layouts */
};

/* A cooperative matrix multiplication that the driver lists. */
struct vulkan_matrix_shape {
    uint32_t m, n, k; /* 0: it lists none */
};

/* Those of a whole workgroup. */
struct vulkan_workgroup_matrices {
    struct workgroup_matrices list[VULKAN_WORKGROUP_MATRICES_MAX];
    size_t count;
};

struct vulkan_module {
    struct vulkan_module *next;
    char name[48];
    void *data;
    size_t size;
    VkShaderModule handle;
};

/* What makes a pipeline of a module. */
struct vulkan_specialization {
    uint32_t values[VULKAN_SPECIALIZATION_MAX]; /* of constants 0, 1, ... */
    uint32_t count;
    uint32_t subgroup_size; /* required; 0: any */
};

/* A kernel that gave right results on the device. */
struct vulkan_tested {
    const char *family;
    enum hcb_precision precision;
    struct vulkan_specialization specialization;
};
enum { VULKAN_TESTED_MAX = 32 };

struct vulkan_pipeline {
    struct vulkan_pipeline *next;
    const struct vulkan_module *module;
    struct vulkan_specialization specialization;
    VkPipeline handle;
};

struct vulkan_device {
    struct hcb_device base;
    VkPhysicalDevice physical;
    VkDevice handle;
    uint32_t api, family;
    VkQueue queue;
    struct vulkan_features features;
    VkPhysicalDeviceLimits limits;
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t subgroup_size, min_subgroup_size, max_subgroup_size;
    VkDriverId driver;      /* 0: unknown */
    bool mixed_dot_product; /* of bytes with and without sign, in hardware */
    uint64_t timestamp_mask; /* 0: no timestamps */
    uint64_t alignment;      /* of what is bound */
    uint64_t window_bytes;   /* that may be bound besides what alignment adds */
    bool cpu_kernels, maps_buffers;
    struct vulkan_matrix_shape shapes[HCB_PRECISION_COUNT];
    struct vulkan_workgroup_matrices workgroup_matrices[HCB_PRECISION_COUNT];
    uint32_t max_matrix_extent; /* of those; 0: not known */
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    struct vulkan_module *modules;
    struct vulkan_pipeline *pipelines;
    struct vulkan_tested tested[VULKAN_TESTED_MAX];
    size_t tested_count;
};

/* A buffer with memory of its own. */
struct vulkan_memory {
    VkBuffer buffer;
    VkDeviceMemory handle;
    uint64_t size; /* at least what was asked for, a multiple of the alignment */
    uint64_t device_bytes; /* allocated in a heap of the device; 0 in the host's */
    void *mapped;  /* NULL when the host cannot see it */
    bool coherent;
};

struct vulkan_queue {
    struct hcb_queue base;
    VkCommandPool pool;
    VkFence fence;
    VkQueryPool timestamps;
    VkCommandBuffer begin, end, copy;
    struct vulkan_memory staging;
};

struct vulkan_buffer {
    struct hcb_buffer base;
    struct vulkan_memory memory;
};

struct vulkan_host {
    struct hcb_host base;
    struct vulkan_memory memory;
};

/* A part of a buffer that a shader sees. */
struct vulkan_binding {
    VkBuffer buffer; /* VK_NULL_HANDLE: the shader has no such binding */
    uint64_t offset, range;
};

/* A part of a buffer that a shader reads as texels of four elements. */
struct vulkan_texels {
    VkBuffer buffer; /* VK_NULL_HANDLE: the shader has no such binding */
    VkFormat format;
    uint64_t offset, range;
};

/* One dispatch, or a copy between buffers. */
struct vulkan_step {
    const struct vulkan_pipeline *pipeline; /* NULL: a copy */
    struct {
        VkBuffer from, to;
        uint64_t bytes;
    } copy;
    struct vulkan_binding bindings[VULKAN_BINDINGS_MAX];
    struct vulkan_texels texels[VULKAN_TEXELS_MAX];
    uint32_t constants[VULKAN_CONSTANTS_MAX];
    uint32_t groups[3];
    double work; /* multiply-adds or elements, any unit that is proportional to time */
};

struct vulkan_piece {
    VkCommandBuffer commands;
    double work;
};

struct vulkan_plan {
    struct hcb_plan base;
    const struct vulkan_module *modules[VULKAN_MODULES_MAX];
    size_t module_count;
    struct vulkan_memory scratch[VULKAN_SCRATCH_MAX];
    struct vulkan_step *steps; /* one launch */
    size_t step_count, step_room;
    VkDescriptorPool descriptors;
    VkBufferView *views; /* of all texels of the steps */
    size_t view_count;
    struct vulkan_piece *pieces; /* one launch, as command buffers */
    size_t piece_count;
    double ns_per_work; /* as measured last; 0: unknown */
};

/* errors.c: a failure of a Vulkan call, HCB_OK for a success. */
enum hcb_status hcbi_vulkan_check(struct hcb_ctx *ctx, VkResult result, const char *call);
const char *hcbi_vulkan_result_name(VkResult result);

/* describe.c */
bool hcbi_vulkan_has_extension(VkPhysicalDevice physical, const char *name);
uint32_t hcbi_vulkan_api(const struct vulkan_platform *platform, VkPhysicalDevice physical);
/* The queue family to be used, UINT32_MAX if none computes; *bits are those of
 * its timestamps. */
uint32_t hcbi_vulkan_queue_family(VkPhysicalDevice physical, uint32_t *bits);
enum hcb_status hcbi_vulkan_describe(struct hcb_platform *platform, size_t index,
                                     struct hcb_device_info *info);

/* device.c */
enum hcb_status hcbi_vulkan_device_open(struct hcb_device *base);
void hcbi_vulkan_device_close(struct hcb_device *base);

/* matrices.c: which cooperative matrices the driver lists. */
void hcbi_vulkan_read_matrices(const struct vulkan_platform *platform, struct vulkan_device *device);

/* supports.c */
enum hcb_status hcbi_vulkan_supports(struct hcb_device *base, const struct hcb_case *c);
uint64_t hcbi_vulkan_scratch_bytes(struct hcb_device *base, const struct hcb_case *c,
                                   const uint64_t *values);
/* HCB_UNSUPPORTED when scratch buffers do not fit beside the operands. */
enum hcb_status hcbi_vulkan_check_room(const struct vulkan_device *device, const struct hcb_case *c,
                                       const uint64_t *scratch, size_t count);

/* memory.c */
enum vulkan_use { VULKAN_OPERAND, VULKAN_SCRATCH, VULKAN_STAGING, VULKAN_PINNED };
enum hcb_status hcbi_vulkan_memory_new(struct vulkan_device *device, uint64_t bytes,
                                       enum vulkan_use use, struct vulkan_memory *memory);
void hcbi_vulkan_memory_free(struct vulkan_device *device, struct vulkan_memory *memory);
enum hcb_status hcbi_vulkan_buffer_new(struct hcb_buffer *base);
void hcbi_vulkan_buffer_free(struct hcb_buffer *base);
enum hcb_status hcbi_vulkan_upload(struct hcb_queue *queue, struct hcb_buffer *buffer,
                                   uint64_t offset, const void *data, uint64_t bytes);
enum hcb_status hcbi_vulkan_download(struct hcb_queue *queue, struct hcb_buffer *buffer,
                                     uint64_t offset, void *data, uint64_t bytes);
/* Pinned memory: what the host has mapped for good and the device copies from and to. */
enum hcb_status hcbi_vulkan_host_new(struct hcb_host *base);
void hcbi_vulkan_host_free(struct hcb_host *base);
enum hcb_status hcbi_vulkan_host_upload(struct hcb_host *host, struct hcb_buffer *buffer);
enum hcb_status hcbi_vulkan_host_download(struct hcb_host *host, struct hcb_buffer *buffer);

/* queue.c */
enum hcb_status hcbi_vulkan_queue_new(struct hcb_queue *base);
void hcbi_vulkan_queue_free(struct hcb_queue *base);
/* Submits command buffers and waits until they are complete. */
enum hcb_status hcbi_vulkan_submit(struct vulkan_queue *queue, const VkCommandBuffer *commands,
                                   uint32_t count);
/* Nanoseconds between the stamps that `begin` and `end` wrote; 0 if unknown. */
uint64_t hcbi_vulkan_elapsed_ns(const struct vulkan_queue *queue);

/* pipeline.c */
bool hcbi_vulkan_has_module(const struct vulkan_device *device, const char *name);
/* Finds or makes the pipeline of the kernel file "FAMILY.VARIANT.spv" and notes
 * the file in the plan. */
enum hcb_status hcbi_vulkan_pipeline(struct vulkan_plan *plan, const char *family,
                                     const char *variant,
                                     const struct vulkan_specialization *specialization,
                                     const struct vulkan_pipeline **pipeline);
/* Notes a file that other parameters would use. */
enum hcb_status hcbi_vulkan_note(struct vulkan_plan *plan, const char *family, const char *variant);
void hcbi_vulkan_pipelines_free(struct vulkan_device *device);

/* plan.c */
enum hcb_status hcbi_vulkan_scratch(struct vulkan_plan *plan, uint64_t bytes,
                                    const struct vulkan_memory **memory);
/* Binds elements [first, first + count) of `size` bytes; the shader finds the
 * first at the returned index. */
uint32_t hcbi_vulkan_bind(const struct vulkan_plan *plan, struct vulkan_binding *binding,
                          const struct vulkan_memory *memory, uint64_t first, uint64_t count,
                          size_t size);
/* Binds elements [first, first + count) of a type as texels; the shader finds the first
 * at the returned index, counted in elements. */
uint32_t hcbi_vulkan_bind_texels(const struct vulkan_plan *plan, struct vulkan_texels *texels,
                                 const struct vulkan_memory *memory, uint64_t first, uint64_t count,
                                 enum hcb_type type);
/* Appends a dispatch; a step sees what the steps before it wrote. */
enum hcb_status hcbi_vulkan_add_step(struct vulkan_plan *plan, const struct vulkan_step *step);
enum hcb_status hcbi_vulkan_parameters(struct hcb_device *base, const struct hcb_case *c,
                                       struct hcb_parameters *parameters);
enum hcb_status hcbi_vulkan_plan_new(struct hcb_plan *base);
/* Makes a plan whose steps are complete ready to run. */
enum hcb_status hcbi_vulkan_record(struct vulkan_plan *plan);
void hcbi_vulkan_plan_free(struct hcb_plan *base);
enum hcb_status hcbi_vulkan_plan_run(struct hcb_plan *base, uint32_t launches,
                                     struct hcb_timing *timing);

/* What an impl does for an op.  `supports` is asked after the number formats were
 * found to be there; `prepare` fills in the plan's steps. */
struct vulkan_method {
    enum hcb_status (*supports)(const struct vulkan_device *device, const struct hcb_case *c);
    /* Bytes of hcbi_vulkan_scratch that `prepare` will ask for with these values of the
     * parameters; NULL: none. */
    uint64_t (*scratch)(const struct vulkan_device *device, const struct hcb_case *c,
                        const uint64_t *values);
    /* Lists the parameters, and finds the hash of the kernels; NULL: there are none. */
    enum hcb_status (*parameters)(const struct vulkan_device *device, const struct hcb_case *c,
                                  struct hcb_parameters *parameters);
    enum hcb_status (*prepare)(struct vulkan_plan *plan);
};
extern const struct vulkan_method hcbi_vulkan_packed;  /* matmul_cpu.c */
extern const struct vulkan_method hcbi_vulkan_tile;    /* matmul_gpu.c */
extern const struct vulkan_method hcbi_vulkan_coopmat; /* matmul_coopmat.c */
extern const struct vulkan_method hcbi_vulkan_reduce;  /* reduce.c */
extern const struct vulkan_method hcbi_vulkan_copy, hcbi_vulkan_elementwise; /* elementwise.c */
const struct vulkan_method *hcbi_vulkan_method(const struct vulkan_device *device,
                                               const struct hcb_case *c);

static inline struct vulkan_device *vulkan_device_of(const struct vulkan_plan *plan)
{
    return (struct vulkan_device *)plan->base.queue->device;
}

static inline const struct vulkan_memory *vulkan_operand(const struct vulkan_plan *plan,
                                                         unsigned operand)
{
    return &((const struct vulkan_buffer *)plan->base.operands[operand])->memory;
}

static inline uint64_t vulkan_divide_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

static inline uint64_t vulkan_round_up(uint64_t a, uint64_t b)
{
    return vulkan_divide_up(a, b) * b;
}

static inline uint64_t vulkan_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif
