/* Convolutions over integers of eight bits with exact sums in 32 bits. A dense layer is one whose kernel is the whole
 * map. Activations have their channels last. Single-threaded. Internal to trainer/. */
#ifndef WEFT_TRAINER_INTEGER_H
#define WEFT_TRAINER_INTEGER_H

#include "core/network.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_INTEGER_WEIGHT_MAX = 127 };
enum { WEFT_INTEGER_DEPTH_MAX = 65536 }; /* products of 255 * 127 that 32 bits can sum */

typedef struct weft_integer_shape {
    int batch, groups;
    weft_shape in, out;
    weft_window window;
} weft_integer_shape;

/* What a layer computes with. weight: [out channels, kernel_h, kernel_w, in channels / groups]; of a depthwise
 * convolution (as many groups as channels, in and out) [kernel_h, kernel_w, channels]. scale: of each output channel,
 * its largest magnitude / WEFT_INTEGER_WEIGHT_MAX. from: as core/network.h has them. Ties to even. */
void weft_integer_weights(const weft_integer_shape *shape, const float *from, int8_t *weight, float *scale);
size_t weft_integer_weight_count(const weft_integer_shape *shape);
/* Products that a sum has. */
size_t weft_integer_depth(const weft_integer_shape *shape);

/* bytes[i] = x[i] / scale, nearest, ties to even, at most 0..255 or, when is_signed (int8_t), -128..127. */
void weft_integer_input(const float *x, size_t count, float scale, bool is_signed, uint8_t *bytes);

/* sums [batch, height, width, out channels] of bytes [batch, height, width, in channels], zeros around them. workspace:
 * 64-byte aligned. LIBRARY, naming `what`. */
weft_status weft_integer_forward(const weft_integer_shape *shape, const uint8_t *bytes, bool is_signed,
                                 const int8_t *weight, int32_t *sums, void *workspace, const char *what,
                                 weft_error *err);
size_t weft_integer_workspace(const weft_integer_shape *shape);

/* y[row, c] = (float)sums[row, c] * scale[c] + bias[c]; bias may be NULL. */
void weft_integer_output(const int32_t *sums, size_t rows, size_t channels, const float *scale, const float *bias,
                         float *y);

/* ---- integer_product.c ---- */

/* sums[r * stride + c] = sum over k of a[r, k] * b[c, k], for rows x columns of depth `depth`; a is uint8_t, or int8_t
 * when is_signed. Depth at most WEFT_INTEGER_DEPTH_MAX. By oneDNN where the processor sums four products at once in 32
 * bits (AVX512-VNNI); without, oneDNN would saturate pairs of them at 16 bits, so plain loops do it. */
typedef struct weft_integer_product {
    size_t rows, columns, depth, stride;
    const uint8_t *a;
    const int8_t *b;
    bool is_signed;
    int32_t *sums;
    void *workspace; /* weft_integer_product_workspace(rows, depth) bytes */
} weft_integer_product;
weft_status weft_integer_multiply(const weft_integer_product *product, const char *what, weft_error *err);
size_t weft_integer_product_workspace(size_t rows, size_t depth);
/* The plain loops, for tests. */
void weft_integer_multiply_plain(const weft_integer_product *product);

#ifdef __cplusplus
}
#endif
#endif
