/* Global contrast normalisation and ZCA whitening, the paper's preprocessing of CIFAR-10, fitted on training images.
 *
 * GCN: per image over all its values subtract the mean, divide by the L2 norm, times `norm`; a constant image gives
 * zeros. ZCA: y = (g - m) W with m the mean of the normalised training images, W = E (D + epsilon)^-1/2 E^T and E D E^T
 * their covariance (divided by their number). The values of a pixel's image do not depend on the images beside it, on
 * the number of threads or on the processor, once W is fitted; W itself may differ in its last bits from one processor
 * to another, as LAPACK does. */
#ifndef WEFT_CORE_ZCA_H
#define WEFT_CORE_ZCA_H

#include "core/dataset.h"
#include "core/file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A fitted transform; immutable, shared by counting. */
typedef struct weft_zca weft_zca;

#define WEFT_ZCA_VALUES_MAX 8192 /* values of an image: the matrix has their square */

/* SHA-256 of what a transform follows from: pixels and shape of the training images, norm, epsilon, and the version of
 * the method. INVALID: no images, or too many values. */
weft_status weft_zca_key(weft_sha256 *out, const weft_dataset *train, double norm, double epsilon, weft_error *err);
/* Fits the transform; key is weft_zca_key's. Deterministic for any number of threads; not by two threads at once.
 * MEMORY, LIBRARY. Release. */
weft_status weft_zca_fit(weft_zca **out, const weft_dataset *train, const weft_sha256 *key, double norm, double epsilon,
                         weft_error *err);
/* The same, kept for the next time in the folder $WEFT_CACHE, else $XDG_CACHE_HOME/weft, else ~/.cache/weft, as
 * zca-KEY.bin. A file that is damaged or of another byte order is made anew; one that cannot be written is left out. */
weft_status weft_zca_open(weft_zca **out, const weft_dataset *train, const weft_sha256 *key, double norm,
                          double epsilon, weft_error *err);

/* Another owner of the same transform; NULL for NULL. Share and release may be called by any thread. */
weft_zca *weft_zca_share(weft_zca *zca);
void weft_zca_release(weft_zca *zca); /* NULL is allowed */

size_t weft_zca_values(const weft_zca *zca); /* n of an image */
const weft_sha256 *weft_zca_key_of(const weft_zca *zca);
/* mean [n], matrix [n, n] row-major and symmetric; either may be NULL. */
void weft_zca_read(const weft_zca *zca, float *mean, float *matrix);

/* One image's GCN, [n]. */
void weft_gcn(const uint8_t *pixels, size_t n, double norm, float *out);
/* out [count, n] from pixels [count, n]. MEMORY. */
weft_status weft_zca_apply(const weft_zca *zca, const uint8_t *pixels, size_t count, float *out, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
