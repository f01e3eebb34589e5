/* SPDX-License-Identifier: Apache-2.0 */
/* What a platform in hosts/ must provide, and what it may call.  Internal to
 * the library; knows no API.
 *
 * A platform is one folder that exports one symbol, its struct
 * hcb_platform_ops.  Each object of hcbench.h begins with the base structure
 * given here; the platform declares a larger one and its size, and the core
 * allocates it zeroed with the base filled in.
 *
 * Rules for every callback.
 * - `*_open` and `*_new` that fail may leave the object half made: the core
 *   calls the matching `*_close` or `*_free` next, so those must cope with
 *   fields that are still zero.
 * - A failure is reported by `return hcbi_fail(ctx, status, ...)` or
 *   hcbi_fail_native(); the core adds the device and the case to the text.
 * - Arguments are checked by the core: cases are valid and supported, ranges lie
 *   inside buffers, launches are at least 1.
 * - Nothing prints, exits, or changes signal handlers or the environment.
 */
#ifndef HCB_PLATFORM_H
#define HCB_PLATFORM_H

#include "hcbench.h"

struct hcb_platform {
    const struct hcb_platform_ops *ops;
    struct hcb_ctx *ctx;
};

struct hcb_device {
    const struct hcb_platform_ops *ops;
    struct hcb_ctx *ctx;
    struct hcb_platform *platform;
    size_t index; /* among the platform's devices */
    struct hcb_device_info info;
    uint64_t held_bytes, peak_bytes; /* kept by the core */
};

struct hcb_queue {
    struct hcb_device *device;
    uint64_t held_bytes; /* of device memory, see hcbi_queue_hold */
};

struct hcb_buffer {
    struct hcb_device *device;
    uint64_t bytes;
    uint64_t held_bytes; /* of device memory; `bytes` unless buffer_new says more */
};

/* Host memory that the API provides. */
struct hcb_host {
    struct hcb_queue *queue;
    uint64_t bytes;
    void *data; /* filled in by host_new */
};

struct hcbi_transfer;

struct hcb_plan {
    struct hcb_queue *queue;
    struct hcbi_transfer *transfer; /* of upload and download; the core's */
    struct hcb_case task;
    struct hcb_buffer *operands[HCB_OPERANDS_MAX];
    uint64_t values[HCB_PARAMETERS_MAX]; /* of the parameters, in the order of `parameters` */
    struct hcb_plan_info info; /* filled in by plan_new */
};

/* For `offers`. */
enum {
    HCBI_F64 = 1 << HCB_PRECISION_F64,
    HCBI_F32 = 1 << HCB_PRECISION_F32,
    HCBI_F16 = 1 << HCB_PRECISION_F16,
    HCBI_F16F32 = 1 << HCB_PRECISION_F16F32,
    HCBI_BF16F32 = 1 << HCB_PRECISION_BF16F32,
    HCBI_I8I32 = 1 << HCB_PRECISION_I8I32,
    HCBI_F32X2 = 1 << HCB_PRECISION_F32X2,
    HCBI_EVERY_PRECISION = (1 << HCB_PRECISION_COUNT) - 1,
    /* f32x2 is a way to multiply matrices, no format. */
    HCBI_EVERY_FORMAT = HCBI_EVERY_PRECISION & ~HCBI_F32X2,
    HCBI_INEXACT = HCBI_EVERY_FORMAT & ~HCBI_I8I32,
    /* With one type throughout, as plain copies need. */
    HCBI_COPIED = HCBI_F64 | HCBI_F32 | HCBI_F16
};

struct hcb_platform_ops {
    const char *name;
    /* What each impl has code for: bits 1 << enum hcb_precision per op. */
    unsigned offers[HCB_IMPL_COUNT][HCB_OP_COUNT];
    /* The precisions whose sums and dot products an impl has in the other ways of enum
     * hcb_sum, too; 0 where a library adds up as it likes. */
    unsigned variants[HCB_IMPL_COUNT];
    size_t platform_size, device_size, queue_size, buffer_size, plan_size;
    size_t host_size; /* 0: the API provides no host memory */

    /* Loads the driver and counts its devices; no device is opened.
     * HCB_UNSUPPORTED when there is no driver.  A driver without devices is
     * HCB_OK with *count = 0. */
    enum hcb_status (*platform_open)(struct hcb_platform *platform, size_t *count);
    void (*platform_close)(struct hcb_platform *platform);

    /* Fills in everything but id and platform, which the core has written. */
    enum hcb_status (*device_describe)(struct hcb_platform *platform, size_t index,
                                       struct hcb_device_info *info);
    /* Makes a device ready for the callbacks below. */
    enum hcb_status (*device_open)(struct hcb_device *device);
    /* No object of the device is left. */
    void (*device_close)(struct hcb_device *device);

    /* Called before any allocation for the case; the core has already found
     * that the case is among `offers`, that the operands fit into memory_bytes and
     * max_buffer_bytes, and that it is neither an upload nor a download.  HCB_OK, or HCB_UNSUPPORTED with the reason; says no
     * as well when the plan's own scratch memory would not fit. */
    enum hcb_status (*supports)(struct hcb_device *device, const struct hcb_case *c);

    /* Device memory that a plan of a supported case takes besides the operands, with these
     * values of the parameters; a guess where it is known only later.  NULL: none.  A plan
     * whose scratch memory does not fit beside the operands is not made. */
    uint64_t (*scratch)(struct hcb_device *device, const struct hcb_case *c,
                        const uint64_t *values);

    /* The parameters of a supported case, for plan->values, and its kernels' hash.  NULL:
     * no case has any. */
    enum hcb_status (*parameters)(struct hcb_device *device, const struct hcb_case *c,
                                  struct hcb_parameters *parameters);

    enum hcb_status (*queue_new)(struct hcb_queue *queue);
    void (*queue_free)(struct hcb_queue *queue);

    /* Contents are undefined.  buffer->bytes is at least 1. */
    enum hcb_status (*buffer_new)(struct hcb_buffer *buffer);
    void (*buffer_free)(struct hcb_buffer *buffer);
    /* Return when the copy is complete. */
    enum hcb_status (*upload)(struct hcb_queue *queue, struct hcb_buffer *buffer, uint64_t offset,
                              const void *data, uint64_t bytes);
    enum hcb_status (*download)(struct hcb_queue *queue, struct hcb_buffer *buffer, uint64_t offset,
                                void *data, uint64_t bytes);

    /* Host memory that the device reaches without a detour (pinned), and copies
     * between all of it and a buffer of the same size; they return when the copy is
     * complete.  NULL where host_size is 0. */
    enum hcb_status (*host_new)(struct hcb_host *host);
    void (*host_free)(struct hcb_host *host);
    enum hcb_status (*host_upload)(struct hcb_host *host, struct hcb_buffer *buffer);
    enum hcb_status (*host_download)(struct hcb_host *host, struct hcb_buffer *buffer);

    /* Not called for uploads and downloads, which the core makes of the copies above.
     * Compiles kernels, makes pipelines, allocates scratch memory (reported in
     * info.scratch_bytes), so that plan_run does none of it.  May run the plan
     * once when the driver compiles at the first launch.  HCB_UNSUPPORTED, with the
     * reason, when plan->values do not go together.  Where it takes others than those it
     * writes them there, so that info.parameters are what runs. */
    enum hcb_status (*plan_new)(struct hcb_plan *plan);
    void (*plan_free)(struct hcb_plan *plan);
    /* Runs and waits; a single launch each time for HCB_OP_LAUNCH.  Each launch writes the whole output and does not depend
     * on what the output held. */
    enum hcb_status (*plan_run)(struct hcb_plan *plan, uint32_t launches, struct hcb_timing *timing);

    /* The host's clock, in nanoseconds, for a platform whose times are not spent
     * but computed.  NULL, as everywhere else: CLOCK_MONOTONIC. */
    uint64_t (*now_ns)(const struct hcb_device *device);
};

/* The note of f32x2 without matrix units. */
#define HCBI_F32X2_NOTE "three multiply-adds in f32 for each one: the arithmetic of f32x2, not its speed"

/* The platforms; registry.c lists them under HAVE_*. */
extern const struct hcb_platform_ops hcbi_cpu_ops;
extern const struct hcb_platform_ops hcbi_opencl_ops;
extern const struct hcb_platform_ops hcbi_vulkan_ops;
extern const struct hcb_platform_ops hcbi_null_ops;

/* ------------------------------------------------ services for platforms */

/* Keeps a one-line error text in the context and returns `status`. */
enum hcb_status hcbi_fail(struct hcb_ctx *ctx, enum hcb_status status, const char *format, ...)
    HCB_PRINTF(3, 4);
/* "NAME (CODE) from CALL". */
enum hcb_status hcbi_fail_native(struct hcb_ctx *ctx, enum hcb_status status, const char *call,
                                 long code, const char *name);
/* HCB_ERROR, "out of memory (BYTES)". */
enum hcb_status hcbi_fail_memory(struct hcb_ctx *ctx, uint64_t bytes);

/* Adds "7.5 GiB" or "512 bytes" to nothing: writes it to `text`. */
char *hcbi_bytes_text(uint64_t bytes, char *text, size_t size);

/* The folder of hcb_ctx_set_kernel_dir, or NULL. */
const char *hcbi_kernel_dir(const struct hcb_ctx *ctx);

/* A kernel file compiled into the library.  A generated table of these ends
 * with a NULL name. */
struct hcbi_kernel {
    const char *name;
    const void *data;
    size_t size; /* bytes */
};
extern const struct hcbi_kernel hcbi_cl_kernels[];  /* OpenCL C text, not NUL-terminated */
extern const struct hcbi_kernel hcbi_spv_kernels[]; /* SPIR-V words in host byte order */

/* Finds kernel file `name` in the kernel folder if the context has one and the
 * file is there, else in `table`.  *data is malloc'ed, with a NUL after the
 * last byte, and must be freed. */
enum hcb_status hcbi_kernel_load(struct hcb_ctx *ctx, const struct hcbi_kernel *table,
                                 const char *name, void **data, size_t *size);
/* Notes in a plan which kernel files it uses, and their SHA-256; call it once
 * with all files in order. */
struct hcbi_blob {
    const char *name;
    const void *data;
    size_t size;
};
void hcbi_plan_kernels(struct hcb_plan *plan, const struct hcbi_blob *files, size_t count);
/* Leaves the choices up to `most`, and puts the table's value among them. */
void hcbi_parameter_settle(struct hcb_parameter *parameter, uint64_t most);
/* The hash alone: of files at hand, and of files that are loaded for it as
 * hcbi_kernel_load does, at most HCBI_KERNEL_FILES_MAX. */
void hcbi_kernels_hash(const struct hcbi_blob *files, size_t count, char hash[65]);
enum { HCBI_KERNEL_FILES_MAX = 4 };
enum hcb_status hcbi_kernels_load_hash(struct hcb_ctx *ctx, const struct hcbi_kernel *table,
                                       const char *const *names, size_t count, char hash[65]);

/* Counts device memory that a queue has allocated to copy through; it counts until
 * the queue is freed. */
void hcbi_queue_hold(struct hcb_queue *queue, uint64_t bytes);

/* What each round of `peak` multiplies by and adds: -1 and 0.  With
 * HCBENCH_PEAK_COUNT=1 in the environment 1 and 1, so that a test can count the
 * rounds.  Kernels must get them at run time, or a compiler may skip the rounds. */
void hcbi_peak_round(double *factor, double *term);

/* Nanoseconds of CLOCK_MONOTONIC, for host_ns. */
uint64_t hcbi_now_ns(void);

/* Bytes of memory that this process may use: physical memory, or the cgroup's
 * limit when that is lower; 0 if unknown. */
uint64_t hcbi_host_memory(void);
/* Bytes of the last-level caches together that the processors of the affinity mask
 * have; 0 if unknown, as without hwloc. */
uint64_t hcbi_host_cache(void);
/* Processors that this process may use: affinity mask and cgroup quota. */
uint32_t hcbi_host_threads(void);
/* Threads of the CPU's own computations: those, or HCBENCH_CPU_THREADS of the
 * environment when that is fewer. */
uint32_t hcbi_cpu_threads(void);
/* The least limit of this process's cgroup and those above it, of version 1 and 2:
 * processors (0.5 is half of one's time), bytes; 0 for none.  `root` is "", or for
 * tests a folder that holds proc/self/cgroup and sys/fs/cgroup. */
double hcbi_cgroup_cpus(const char *root);
double hcbi_cgroup_memory(const char *root);
/* Is this the name of a device that computes on the CPU, whatever type its driver
 * gives it? */
bool hcbi_is_software_name(const char *device);

/* Which class of kernels a device gets: those for drivers that run work-items
 * on a CPU's vector units, or those for GPUs.  HCBENCH_KERNEL_CLASS=cpu|gpu in
 * the environment decides instead, so that each class can be tested anywhere. */
bool hcbi_wants_cpu_kernels(const struct hcb_device_info *info);

#endif
