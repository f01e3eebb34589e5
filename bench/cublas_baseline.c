/* SPDX-License-Identifier: Apache-2.0 */
/* What NVIDIA's own library makes of a GPU, beside which hcbench's rows can be put:
 * cublasGemmEx in hcbench's precisions, and a copy within the device, on the first CUDA
 * device.
 *
 *     cublas_baseline [N]...      matrices of N x N, 4096 unless given
 *
 * Prints CSV with the names of hcbench's, and the versions of driver, CUDA and cuBLAS.
 * Operands are filled and results verified as hcbench does.  A time is that of one call,
 * by CUDA's events around windows of as many as take 50 ms.  f32 is f32: TF32 and
 * emulation are off.  Matrices are row-major, so a library that goes by column computes
 * C' = B' A'.  int8 runs a second time, as cublas_turned, with B turned around
 * beforehand, which the library's fastest kernels ask for.
 *
 * CUDA and cuBLAS are loaded when it starts, so that it builds without them; what is used
 * of them is declared here (docs.nvidia.com: CUDA Driver API, cuBLAS).  HCBENCH_CUDA,
 * HCBENCH_CUBLAS and HCBENCH_NVML name other files.  Exit status: 1 a row failed or is
 * wrong, 2 the command line is wrong, 3 there is no CUDA device or no cuBLAS. */
#include "config.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hcbench.h"

enum { SIZES_MAX = 16, WINDOWS = 15, WARM_UP_WINDOWS = 3, NO_CUDA = 3 };
static const double window_s = 0.05;
static const uint64_t copy_bytes = UINT64_C(1) << 30; /* more than any cache */

typedef unsigned long long cuda_address; /* CUdeviceptr */

/* All functions return 0 for a success. */
struct cuda {
    int (*init)(unsigned flags);
    int (*version)(int *version); /* 13000 is 13.0 */
    int (*device)(int *device, int index);
    int (*name)(char *text, int size, int device);
    int (*pci)(char *text, int size, int device);
    int (*retain)(void **context, int device);
    int (*use)(void *context);
    int (*room)(size_t *left, size_t *total);
    int (*allocate)(cuda_address *memory, size_t bytes);
    int (*give_back)(cuda_address memory);
    int (*upload)(cuda_address to, const void *from, size_t bytes);
    int (*download)(void *to, cuda_address from, size_t bytes);
    int (*copy)(cuda_address to, cuda_address from, size_t bytes, void *stream);
    int (*new_event)(void **event, unsigned flags);
    int (*record)(void *event, void *stream);
    int (*wait)(void *event);
    int (*elapsed)(float *milliseconds, void *start, void *end);
    int (*error_name)(int code, const char **name);
};

struct cublas {
    int (*create)(void **handle);
    int (*property)(int which, int *value);
    int (*gemm)(void *handle, int turn_a, int turn_b, int m, int n, int k, const void *alpha,
                const void *a, int a_type, int lda, const void *b, int b_type, int ldb,
                const void *beta, void *c, int c_type, int ldc, int compute, int algorithm);
};

struct symbol {
    size_t offset;
    const char *name;
};

static const struct symbol cuda_symbols[] = {
    {offsetof(struct cuda, init), "cuInit"},
    {offsetof(struct cuda, version), "cuDriverGetVersion"},
    {offsetof(struct cuda, device), "cuDeviceGet"},
    {offsetof(struct cuda, name), "cuDeviceGetName"},
    {offsetof(struct cuda, pci), "cuDeviceGetPCIBusId"},
    {offsetof(struct cuda, retain), "cuDevicePrimaryCtxRetain"},
    {offsetof(struct cuda, use), "cuCtxSetCurrent"},
    {offsetof(struct cuda, room), "cuMemGetInfo_v2"},
    {offsetof(struct cuda, allocate), "cuMemAlloc_v2"},
    {offsetof(struct cuda, give_back), "cuMemFree_v2"},
    {offsetof(struct cuda, upload), "cuMemcpyHtoD_v2"},
    {offsetof(struct cuda, download), "cuMemcpyDtoH_v2"},
    {offsetof(struct cuda, copy), "cuMemcpyDtoDAsync_v2"},
    {offsetof(struct cuda, new_event), "cuEventCreate"},
    {offsetof(struct cuda, record), "cuEventRecord"},
    {offsetof(struct cuda, wait), "cuEventSynchronize"},
    {offsetof(struct cuda, elapsed), "cuEventElapsedTime"},
    {offsetof(struct cuda, error_name), "cuGetErrorName"},
    {0, NULL},
};

static const struct symbol cublas_symbols[] = {
    {offsetof(struct cublas, create), "cublasCreate_v2"},
    {offsetof(struct cublas, property), "cublasGetProperty"},
    {offsetof(struct cublas, gemm), "cublasGemmEx"},
    {0, NULL},
};

/* cudaDataType, cublasComputeType_t, cublasOperation_t, cublasGemmAlgo_t */
enum { CUDA_F32 = 0, CUDA_F16 = 2, CUDA_I8 = 3, CUDA_I32 = 10, CUDA_BF16 = 14 };
enum { COMPUTE_F32 = 68, COMPUTE_I32 = 72 };
enum { AS_IT_IS = 0, TURNED = 1, ALGORITHM_DEFAULT = -1 };

static const struct row {
    enum hcb_precision precision;
    const char *impl;
    int input, output, compute;
    bool turned;
} rows[] = {
    {HCB_PRECISION_F32, "cublas", CUDA_F32, CUDA_F32, COMPUTE_F32, false},
    {HCB_PRECISION_F16F32, "cublas", CUDA_F16, CUDA_F32, COMPUTE_F32, false},
    {HCB_PRECISION_BF16F32, "cublas", CUDA_BF16, CUDA_F32, COMPUTE_F32, false},
    {HCB_PRECISION_I8I32, "cublas", CUDA_I8, CUDA_I32, COMPUTE_I32, false},
    {HCB_PRECISION_I8I32, "cublas_turned", CUDA_I8, CUDA_I32, COMPUTE_I32, true},
};

struct bench {
    struct cuda cuda;
    struct cublas cublas;
    void *handle, *start, *end; /* of cuBLAS; events around a window */
    char name[256], pci[32], driver[96], versions[64];
    struct hcb_case task;
    const struct row *row; /* NULL: a copy */
    void *host[HCB_OPERANDS_MAX];
    cuda_address memory[HCB_OPERANDS_MAX];
    char reason[256]; /* why the row is not there */
};

/* ------------------------------------------------------------------ loading */

static void *open_library(const char *variable, const char *const *names)
{
    const char *asked = getenv(variable);
    if (asked != NULL && *asked != '\0')
        return dlopen(asked, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; names[i] != NULL; i++) {
        void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        if (library != NULL)
            return library;
    }
    return dlopen(names[0], RTLD_NOW | RTLD_LOCAL); /* dlerror() shall name the newest */
}

/* False, after a message, when the library or one of its functions is missing. */
static bool load(const char *what, const char *variable, const char *const *names,
                 const struct symbol *symbols, void *functions)
{
    void *library = open_library(variable, names);
    if (library == NULL) {
        fprintf(stderr, "cublas_baseline: there is no %s: %s\n", what, dlerror());
        return false;
    }
    for (; symbols->name != NULL; symbols++) {
        void *symbol = dlsym(library, symbols->name);
        if (symbol == NULL) {
            fprintf(stderr, "cublas_baseline: this %s has no %s\n", what, symbols->name);
            return false;
        }
        memcpy((char *)functions + symbols->offset, &symbol, sizeof symbol);
    }
    return true;
}

/* Keeps the reason of a failure. */
static bool succeeds(struct bench *b, const char *call, int code)
{
    const char *name = "unknown";
    if (code == 0)
        return true;
    if (strncmp(call, "cublas", 6) == 0)
        snprintf(b->reason, sizeof b->reason, "%s: status %d", call, code);
    else if (b->cuda.error_name(code, &name) == 0)
        snprintf(b->reason, sizeof b->reason, "%s: %s (%d)", call, name, code);
    else
        snprintf(b->reason, sizeof b->reason, "%s: error %d", call, code);
    return false;
}

/* That of the kernel's driver; nothing depends on it. */
static void read_driver_version(struct bench *b)
{
    static const char *const names[] = {"libnvidia-ml.so.1", NULL};
    void *library = open_library("HCBENCH_NVML", names);
    int (*init)(void) = NULL, (*version)(char *, unsigned) = NULL;
    void *symbols[] = {library != NULL ? dlsym(library, "nvmlInit_v2") : NULL,
                       library != NULL ? dlsym(library, "nvmlSystemGetDriverVersion") : NULL};
    memcpy(&init, &symbols[0], sizeof init);
    memcpy(&version, &symbols[1], sizeof version);
    if (init == NULL || version == NULL || init() != 0 ||
        version(b->driver, sizeof b->driver) != 0)
        b->driver[0] = '\0';
}

static bool begin(struct bench *b)
{
    const struct cuda *cuda = &b->cuda;
    void *context = NULL;
    int device = 0, version = 0, cublas[3] = {0};
    if (!succeeds(b, "cuInit", cuda->init(0)) ||
        !succeeds(b, "cuDeviceGet", cuda->device(&device, 0)) ||
        !succeeds(b, "cuDriverGetVersion", cuda->version(&version)) ||
        !succeeds(b, "cuDeviceGetName", cuda->name(b->name, (int)sizeof b->name, device)) ||
        !succeeds(b, "cuDeviceGetPCIBusId", cuda->pci(b->pci, (int)sizeof b->pci, device)) ||
        !succeeds(b, "cuDevicePrimaryCtxRetain", cuda->retain(&context, device)) ||
        !succeeds(b, "cuCtxSetCurrent", cuda->use(context)) ||
        !succeeds(b, "cuEventCreate", cuda->new_event(&b->start, 0)) ||
        !succeeds(b, "cuEventCreate", cuda->new_event(&b->end, 0)) ||
        !succeeds(b, "cublasCreate_v2", b->cublas.create(&b->handle)))
        return false;
    for (int i = 0; i < 3; i++)
        if (!succeeds(b, "cublasGetProperty", b->cublas.property(i, &cublas[i])))
            return false;
    snprintf(b->versions, sizeof b->versions, "%d.%d,%d.%d.%d", version / 1000,
             version % 1000 / 10, cublas[0], cublas[1], cublas[2]);
    read_driver_version(b);
    return true;
}

/* ------------------------------------------------------------------- a row */

static bool out_of_memory(struct bench *b)
{
    snprintf(b->reason, sizeof b->reason, "out of memory");
    return false;
}

static void turn_bytes(const struct hcb_case *c, const int8_t *from, int8_t *to)
{
    for (uint64_t i = 0; i < c->shape.k; i++)
        for (uint64_t j = 0; j < c->shape.n; j++)
            to[j * c->shape.k + i] = from[i * c->shape.n + j];
}

static bool upload(struct bench *b, unsigned operand)
{
    const uint64_t bytes = hcb_operand_bytes(&b->task, operand);
    const bool turned = operand == 1 && b->row != NULL && b->row->turned;
    void *copy = turned ? malloc(bytes) : b->host[operand];
    if (copy == NULL)
        return out_of_memory(b);
    if (turned)
        turn_bytes(&b->task, b->host[operand], copy);
    const bool good = succeeds(b, "cuMemcpyHtoD_v2", b->cuda.upload(b->memory[operand], copy, bytes));
    if (turned)
        free(copy);
    return good;
}

/* Inputs as hcbench's with its usual seed, and an output that was never computed. */
static bool make_operands(struct bench *b)
{
    const unsigned output = hcb_op_operands(b->task.op) - 1;
    for (unsigned i = 0; i <= output; i++) {
        const uint64_t bytes = hcb_operand_bytes(&b->task, i),
                       elements = hcb_operand_elements(&b->task, i);
        if ((b->host[i] = malloc(bytes)) == NULL)
            return out_of_memory(b);
        if (i == output)
            hcb_poison(hcb_operand_type(&b->task, i), b->host[i], elements);
        else
            hcb_fill_operand(&b->task, i, HCB_FILL_UNIFORM, 1, 0, elements, b->host[i]);
        if (!succeeds(b, "cuMemAlloc_v2", b->cuda.allocate(&b->memory[i], bytes)) || !upload(b, i))
            return false;
    }
    return true;
}

static void free_operands(struct bench *b)
{
    for (unsigned i = 0; i < HCB_OPERANDS_MAX; i++) {
        if (b->memory[i] != 0)
            b->cuda.give_back(b->memory[i]);
        free(b->host[i]);
        b->memory[i] = 0;
        b->host[i] = NULL;
    }
}

/* cuBLAS takes addresses of the device as pointers. */
static void *pointer(cuda_address memory)
{
    return (void *)(uintptr_t)memory;
}

static bool call(struct bench *b)
{
    static const float one_f32 = 1, zero_f32 = 0;
    static const int32_t one_i32 = 1, zero_i32 = 0;
    const struct row *row = b->row;
    const int m = (int)b->task.shape.m, n = (int)b->task.shape.n, k = (int)b->task.shape.k;
    if (row == NULL)
        return succeeds(b, "cuMemcpyDtoDAsync_v2",
                        b->cuda.copy(b->memory[1], b->memory[0], hcb_operand_bytes(&b->task, 0),
                                     NULL));
    const bool is_integer = row->compute == COMPUTE_I32;
    return succeeds(b, "cublasGemmEx",
                    b->cublas.gemm(b->handle, row->turned ? TURNED : AS_IT_IS, AS_IT_IS, n, m, k,
                                   is_integer ? (const void *)&one_i32 : &one_f32,
                                   pointer(b->memory[1]), row->input, row->turned ? k : n,
                                   pointer(b->memory[0]), row->input, k,
                                   is_integer ? (const void *)&zero_i32 : &zero_f32,
                                   pointer(b->memory[2]), row->output, n, row->compute,
                                   ALGORITHM_DEFAULT));
}

/* Seconds per call; false when one fails. */
static bool window(struct bench *b, unsigned calls, double *seconds)
{
    const struct cuda *cuda = &b->cuda;
    float milliseconds = 0;
    if (!succeeds(b, "cuEventRecord", cuda->record(b->start, NULL)))
        return false;
    for (unsigned i = 0; i < calls; i++)
        if (!call(b))
            return false;
    if (!succeeds(b, "cuEventRecord", cuda->record(b->end, NULL)) ||
        !succeeds(b, "cuEventSynchronize", cuda->wait(b->end)) ||
        !succeeds(b, "cuEventElapsedTime", cuda->elapsed(&milliseconds, b->start, b->end)))
        return false;
    *seconds = 1e-3 * (double)milliseconds / calls;
    return true;
}

/* The first call loads kernels; the second tells how many make a window. */
static bool measure(struct bench *b, double samples[WINDOWS], unsigned *calls)
{
    double one = 0, ignored;
    if (!window(b, 1, &ignored) || !window(b, 1, &one))
        return false;
    *calls = one > 0 && one < window_s ? (unsigned)fmin(ceil(window_s / one), 1e5) : 1;
    for (unsigned i = 0; i < WARM_UP_WINDOWS; i++)
        if (!window(b, *calls, &ignored))
            return false;
    for (unsigned i = 0; i < WINDOWS; i++)
        if (!window(b, *calls, &samples[i]))
            return false;
    return true;
}

static bool verify(struct bench *b, struct hcb_verdict *verdict)
{
    const unsigned output = hcb_op_operands(b->task.op) - 1;
    const uint64_t bytes = hcb_operand_bytes(&b->task, output);
    const void *const inputs[HCB_INPUTS_MAX] = {b->host[0], output > 1 ? b->host[1] : NULL};
    /* Matrix units may truncate. */
    const struct hcb_verify_options options = {.roundoff_factor = 2, .seed = 1};
    if (!succeeds(b, "cuMemcpyDtoH_v2",
                  b->cuda.download(b->host[output], b->memory[output], bytes)))
        return false;
    if (hcb_verify(&b->task, inputs, b->host[output], &options, verdict) == HCB_OK)
        return true;
    snprintf(b->reason, sizeof b->reason, "%s", verdict->reason);
    return false;
}

/* A text in a field that needs no quotes. */
static void print_text(const char *text)
{
    for (; *text != '\0'; text++)
        putchar(strchr(",\"\r\n", *text) != NULL ? ' ' : *text);
    putchar(',');
}

static void print_number(double number)
{
    if (isfinite(number))
        printf("%.9g", number);
    putchar(',');
}

static void print_row(const struct bench *b, const char *status, const struct hcb_summary *time,
                      unsigned calls, double bound_ratio)
{
    const struct hcb_case *c = &b->task;
    const double flops = b->row != NULL ? hcb_case_flops(c) : NAN;
    const double bytes = (double)hcb_case_bytes(c);
    printf("cuda:0,cuda,%s,%s,%s,", hcb_op_name(c->op), b->row != NULL ? b->row->impl : "driver",
           hcb_precision_name(c->precision));
    if (b->row != NULL)
        printf("%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", c->shape.m, c->shape.n, c->shape.k);
    else
        printf(",%" PRIu64 ",,", c->shape.n);
    printf("%s,", status);
    print_text(b->reason);
    print_number(time->median);
    print_number(time->q1);
    print_number(time->q3);
    print_number(time->min);
    print_number(time->ci95_low);
    print_number(time->ci95_high);
    printf("%zu,%u,", time->n, calls);
    print_number(flops);
    print_number(bytes);
    print_number(1e-9 * flops / time->median);
    print_number(1e-9 * bytes / time->median);
    print_number(bound_ratio);
    print_text(b->name);
    print_text(b->pci);
    print_text(b->driver);
    printf("%s\n", b->versions);
    fflush(stdout);
}

/* Measures and prints what `row` and `task` of the bench say; false when it failed. */
static bool run(struct bench *b)
{
    double samples[WINDOWS];
    unsigned calls = 0;
    struct hcb_summary time = hcb_summarize(NULL, 0);
    struct hcb_verdict verdict = {.status = HCB_ERROR, .bound_ratio = NAN};
    const char *status = "error";
    b->reason[0] = '\0';
    if (make_operands(b) && measure(b, samples, &calls)) {
        time = hcb_summarize(samples, WINDOWS);
        status = verify(b, &verdict) ? "ok" : verdict.status == HCB_WRONG ? "wrong" : "error";
    }
    print_row(b, status, &time, calls, verdict.bound_ratio);
    free_operands(b);
    return strcmp(status, "ok") == 0;
}

/* Of a quarter of the free memory at most. */
static bool run_copy(struct bench *b)
{
    size_t left = 0, total = 0;
    uint64_t bytes = copy_bytes;
    b->cuda.room(&left, &total);
    while (bytes > 4096 && bytes > left / 4)
        bytes /= 2;
    b->row = NULL;
    b->task = (struct hcb_case){
        .op = HCB_OP_COPY, .impl = HCB_IMPL_DRIVER, .precision = HCB_PRECISION_F32,
        .shape = {1, bytes / sizeof(float), 1}};
    return run(b);
}

static bool run_all(struct bench *b, const uint64_t *sizes, size_t count)
{
    bool good = true;
    puts("device,platform,op,impl,precision,shape.m,shape.n,shape.k,status,reason,"
         "kernel.median_s,kernel.q1_s,kernel.q3_s,kernel.min_s,kernel.ci95_s.0,kernel.ci95_s.1,"
         "kernel.n,launches,flops,bytes,gflops,gbps,error.bound_ratio,name,pci,driver_version,"
         "cuda_version,cublas_version");
    for (size_t i = 0; i < count; i++)
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
            b->row = &rows[r];
            b->task = (struct hcb_case){.op = HCB_OP_MATMUL,
                                        .impl = HCB_IMPL_OPENBLAS,
                                        .precision = rows[r].precision,
                                        .shape = {sizes[i], sizes[i], sizes[i]}};
            good = run(b) && good;
        }
    return run_copy(b) && good;
}

static size_t read_sizes(int count, char **words, uint64_t sizes[SIZES_MAX])
{
    if (count > SIZES_MAX)
        return 0;
    for (int i = 0; i < count; i++) {
        char *end;
        const unsigned long long size = strtoull(words[i], &end, 10);
        if (words[i][0] < '1' || words[i][0] > '9' || *end != '\0' || size > 65536)
            return 0;
        sizes[i] = size;
    }
    return (size_t)count;
}

int main(int argc, char **argv)
{
    static const char *const cuda[] = {"libcuda.so.1", NULL};
    static const char *const cublas[] = {"libcublas.so.13", "libcublas.so.12", "libcublas.so.11",
                                         NULL};
    static struct bench b;
    uint64_t sizes[SIZES_MAX] = {4096};
    const size_t count = argc > 1 ? read_sizes(argc - 1, argv + 1, sizes) : 1;
    if (count == 0) {
        fprintf(stderr, "usage: cublas_baseline [N]..., at most %d sizes from 1 to 65536\n",
                (int)SIZES_MAX);
        return 2;
    }
    setenv("NVIDIA_TF32_OVERRIDE", "0", 1);
    setenv("CUBLAS_EMULATE_SINGLE_PRECISION", "0", 1);
    if (!load("CUDA driver", "HCBENCH_CUDA", cuda, cuda_symbols, &b.cuda) ||
        !load("cuBLAS", "HCBENCH_CUBLAS", cublas, cublas_symbols, &b.cublas))
        return NO_CUDA;
    if (!begin(&b)) {
        fprintf(stderr, "cublas_baseline: there is no CUDA device: %s\n", b.reason);
        return NO_CUDA;
    }
    const bool good = run_all(&b, sizes, count);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("cublas_baseline: standard output");
        return EXIT_FAILURE;
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
