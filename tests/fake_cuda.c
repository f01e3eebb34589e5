/* SPDX-License-Identifier: Apache-2.0 */
/* A CUDA driver and a cuBLAS for tests, which compute on the processor.  Every product
 * and copy takes 1 ms of their clock.  FAKE_CUDA in the environment makes them fail:
 * "device" at the start, "turned" where a matrix is turned around, "wrong" by one
 * element.  TF32 or emulation that was not forbidden makes results wrong too. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NO_DEVICE = 100, INVALID = 1, CUBLAS_NOT_SUPPORTED = 15 };
enum { F32 = 0, F16 = 2, I8 = 3, I32 = 10, BF16 = 14, COMPUTE_F32 = 68, COMPUTE_I32 = 72 };

typedef unsigned long long address;

static int handle, context;
static float now_ms;

static int told_to(const char *what)
{
    const char *word = getenv("FAKE_CUDA");
    return word != NULL && strcmp(word, what) == 0;
}

static int is_off(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && strcmp(value, "0") == 0;
}

int cuInit(unsigned flags);
int cuDriverGetVersion(int *version);
int cuDeviceGet(int *device, int index);
int cuDeviceGetName(char *text, int size, int device);
int cuDeviceGetPCIBusId(char *text, int size, int device);
int cuDevicePrimaryCtxRetain(void **made, int device);
int cuCtxSetCurrent(void *used);
int cuMemGetInfo_v2(size_t *left, size_t *total);
int cuMemAlloc_v2(address *memory, size_t bytes);
int cuMemFree_v2(address memory);
int cuMemcpyHtoD_v2(address to, const void *from, size_t bytes);
int cuMemcpyDtoH_v2(void *to, address from, size_t bytes);
int cuMemcpyDtoDAsync_v2(address to, address from, size_t bytes, void *stream);
int cuEventCreate(void **event, unsigned flags);
int cuEventRecord(void *event, void *stream);
int cuEventSynchronize(void *event);
int cuEventElapsedTime(float *milliseconds, void *start, void *end);
int cuGetErrorName(int code, const char **name);
int cublasCreate_v2(void **made);
int cublasGetProperty(int which, int *value);
int cublasGemmEx(void *used, int turn_a, int turn_b, int m, int n, int k, const void *alpha,
                 const void *a, int a_type, int lda, const void *b, int b_type, int ldb,
                 const void *beta, void *c, int c_type, int ldc, int compute, int algorithm);

int cuInit(unsigned flags)
{
    return told_to("device") || flags != 0 ? NO_DEVICE : SUCCESS;
}

int cuDriverGetVersion(int *version)
{
    *version = 12040;
    return SUCCESS;
}

int cuDeviceGet(int *device, int index)
{
    *device = index;
    return SUCCESS;
}

int cuDeviceGetName(char *text, int size, int device)
{
    snprintf(text, (size_t)size, "Fake, \"GPU\" %d", device);
    return SUCCESS;
}

int cuDeviceGetPCIBusId(char *text, int size, int device)
{
    snprintf(text, (size_t)size, "0000:65:00.%d", device);
    return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **made, int device)
{
    *made = &context;
    return device == 0 ? SUCCESS : INVALID;
}

int cuCtxSetCurrent(void *used)
{
    return used == &context ? SUCCESS : INVALID;
}

int cuMemGetInfo_v2(size_t *left, size_t *total)
{
    *left = *total = 1 << 20;
    return SUCCESS;
}

int cuMemAlloc_v2(address *memory, size_t bytes)
{
    void *data = malloc(bytes);
    *memory = (address)(uintptr_t)data;
    return data == NULL ? INVALID : SUCCESS;
}

int cuMemFree_v2(address memory)
{
    free((void *)(uintptr_t)memory);
    return SUCCESS;
}

int cuMemcpyHtoD_v2(address to, const void *from, size_t bytes)
{
    memcpy((void *)(uintptr_t)to, from, bytes);
    return SUCCESS;
}

int cuMemcpyDtoH_v2(void *to, address from, size_t bytes)
{
    memcpy(to, (const void *)(uintptr_t)from, bytes);
    return SUCCESS;
}

int cuMemcpyDtoDAsync_v2(address to, address from, size_t bytes, void *stream)
{
    memcpy((void *)(uintptr_t)to, (const void *)(uintptr_t)from, bytes);
    now_ms += 1;
    return stream == NULL ? SUCCESS : INVALID;
}

int cuEventCreate(void **event, unsigned flags)
{
    *event = malloc(sizeof now_ms);
    return *event == NULL || flags != 0 ? INVALID : SUCCESS;
}

int cuEventRecord(void *event, void *stream)
{
    *(float *)event = now_ms;
    return stream == NULL ? SUCCESS : INVALID;
}

int cuEventSynchronize(void *event)
{
    return event != NULL ? SUCCESS : INVALID;
}

int cuEventElapsedTime(float *milliseconds, void *start, void *end)
{
    *milliseconds = *(float *)end - *(float *)start;
    return SUCCESS;
}

int cuGetErrorName(int code, const char **name)
{
    *name = "CUDA_ERROR_NO_DEVICE";
    return code == NO_DEVICE ? SUCCESS : INVALID;
}

int cublasCreate_v2(void **made)
{
    *made = &handle;
    return SUCCESS;
}

int cublasGetProperty(int which, int *value)
{
    *value = which == 0 ? 12 : which + 3;
    return which < 3 ? SUCCESS : INVALID;
}

static double load_f16(uint16_t bits)
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double size =
        exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 ? -size : size;
}

static double load(int type, const void *array, size_t i)
{
    float wide;
    if (type == F16)
        return load_f16(((const uint16_t *)array)[i]);
    if (type == BF16) {
        const uint32_t bits = (uint32_t)((const uint16_t *)array)[i] << 16;
        memcpy(&wide, &bits, sizeof wide);
        return (double)wide;
    }
    return type == I8 ? ((const int8_t *)array)[i] : (double)((const float *)array)[i];
}

static void store(int type, void *array, size_t i, double value)
{
    if (type == I32)
        ((int32_t *)array)[i] = (int32_t)value;
    else
        ((float *)array)[i] = (float)value;
}

static double factor(int compute, const void *number)
{
    return compute == COMPUTE_I32 ? *(const int32_t *)number : (double)*(const float *)number;
}

static size_t at(int column, int row, int stride)
{
    return (size_t)column * (size_t)stride + (size_t)row;
}

/* By column, as BLAS has it: op(A) is m x k, op(B) k x n. */
int cublasGemmEx(void *used, int turn_a, int turn_b, int m, int n, int k, const void *alpha,
                 const void *a, int a_type, int lda, const void *b, int b_type, int ldb,
                 const void *beta, void *c, int c_type, int ldc, int compute, int algorithm)
{
    if (used != &handle || algorithm != -1 || lda < (turn_a ? k : m) || ldb < (turn_b ? n : k) ||
        ldc < m || a_type != b_type || (compute == COMPUTE_I32) != (a_type == I8) ||
        (c_type == I32) != (a_type == I8) || factor(compute, beta) != 0)
        return CUBLAS_NOT_SUPPORTED;
    if (turn_a && told_to("turned"))
        return CUBLAS_NOT_SUPPORTED;
    for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++) {
            double sum = 0;
            for (int l = 0; l < k; l++)
                sum += load(a_type, a, turn_a ? at(i, l, lda) : at(l, i, lda)) *
                       load(b_type, b, turn_b ? at(l, j, ldb) : at(j, l, ldb));
            store(c_type, c, at(j, i, ldc), factor(compute, alpha) * sum);
        }
    if (told_to("wrong") || !is_off("NVIDIA_TF32_OVERRIDE") ||
        !is_off("CUBLAS_EMULATE_SINGLE_PRECISION"))
        store(c_type, c, at(n - 1, m - 1, ldc), 1000);
    now_ms += 1;
    return SUCCESS;
}
