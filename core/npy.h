/* Arrays of float32 from the .npy files that NumPy writes (format 1 to 3). */
#ifndef WEFT_CORE_NPY_H
#define WEFT_CORE_NPY_H

#include <stddef.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_NPY_DIMS_MAX 8
#define WEFT_NPY_BYTES_MAX ((size_t)8 << 30)

typedef struct weft_npy {
    int ndims;
    size_t dims[WEFT_NPY_DIMS_MAX];
    size_t count;  /* values: the product of dims */
    float *values; /* row-major */
} weft_npy;

/* Little-endian float32 in C order, all values finite. Errors: IO; PARSE: not such a file, its header, or its length;
 * UNSUPPORTED: another type or order, more than WEFT_NPY_DIMS_MAX dimensions; INVALID: larger than WEFT_NPY_BYTES_MAX,
 * a value that is not finite; MEMORY. */
weft_status weft_npy_read(weft_npy *out, const char *path, weft_error *err);
void weft_npy_free(weft_npy *npy); /* a zeroed one is allowed */

#ifdef __cplusplus
}
#endif
#endif
