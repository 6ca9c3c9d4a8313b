/* Shared by zca*.c. */
#ifndef WEFT_CORE_ZCA_INTERNAL_H
#define WEFT_CORE_ZCA_INTERNAL_H

#include "core/zca.h"

/* A transform of zeros, of one owner. MEMORY. */
weft_status weft_zca_create(weft_zca **out, size_t values, double norm, const weft_sha256 *key, weft_error *err);
/* Columns [first, first + count) of row `row` of the matrix. */
void weft_zca_set(weft_zca *zca, size_t row, size_t first, size_t count, const float *from);
float *weft_zca_mean(weft_zca *zca);
double weft_zca_norm(const weft_zca *zca);

/* weft_gcn is (pixel - *mean) * *scale. */
void weft_gcn_factors(const uint8_t *pixels, size_t n, double norm, double *mean, double *scale);

/* False when there is no whole file of that key; *out is NULL then. */
bool weft_zca_cache_read(weft_zca **out, size_t values, double norm, const weft_sha256 *key);
/* Does nothing where the file cannot be written. */
void weft_zca_cache_write(const weft_zca *zca);

#endif
