/* Filters that whiten the patches of images. Internal to trainer/. */
#ifndef WEFT_TRAINER_WHITENING_FILTERS_H
#define WEFT_TRAINER_WHITENING_FILTERS_H

#include "core/network.h"

#ifdef __cplusplus
extern "C" {
#endif

/* filters [count, channels, kernel_h, kernel_w]: the eigenvectors e of the covariance of all kernel_h x kernel_w
 * patches of x [images, channels, height, width], largest eigenvalue v first, as e / sqrt(v + epsilon); the first half
 * of them, rounded up, then their negatives. The component of largest magnitude of each e is positive. count is at most
 * 2 * channels * kernel_h * kernel_w, and the kernel fits the image (asserts). The same bytes for any number of
 * threads. MEMORY. */
weft_status weft_whitening_filters(float *filters, int count, const float *x, size_t images, weft_shape shape,
                                   int kernel_h, int kernel_w, double epsilon, weft_error *err);
/* Eigenvectors, the columns of vectors [size, size], and eigenvalues, on the diagonal of a on return, of the symmetric
 * matrix a [size, size], by cyclic Jacobi rotations. */
void weft_eigen_symmetric(double *a, double *vectors, int size);

#ifdef __cplusplus
}
#endif
#endif
