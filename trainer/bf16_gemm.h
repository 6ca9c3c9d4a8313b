/* Products of small bfloat16 matrices with sums in float32, for one thread. Internal to trainer/; needs AVX512-BF16
 * (see weft_winograd_supported).
 *
 * Bfloat16 values stand in pairs along the summed axis k, one pair in 32 bits, as the processor's instruction wants
 * them. A panel of 16 columns is [k / 2][16] pairs; a matrix is a row of panels, panel_pairs = 16 * (k / 2) apart. */
#ifndef WEFT_TRAINER_BF16_GEMM_H
#define WEFT_TRAINER_BF16_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_bf16_product {
    int rows, columns, pairs; /* c [rows, columns], summed over 2 * pairs values; columns a multiple of 16 */
    /* Row-major: a[row * row_pairs + pair]. In panels: row_pairs is 0, rows a multiple of 8, and a is laid out as b. */
    const uint32_t *a;
    size_t row_pairs;
    const uint32_t *b; /* panels */
    float *c;
    size_t c_stride;
    bool add; /* to what c holds */
} weft_bf16_product;

void weft_bf16_multiply(const weft_bf16_product *product);

#ifdef __cplusplus
}
#endif
#endif
