/* Batch normalisation of bfloat16 activations, with or without the rectifier behind it: statistics and
 * parameters in float32. Two passes each way, and the rectifier's gradient from the input again, so nothing more is
 * stored. oneDNN 2.6 makes three passes, and for channels that are no multiple of 16 it takes ten times as long.
 *
 * Single-threaded; sums are taken in chunks of fixed size. Internal to trainer/. */
#ifndef WEFT_TRAINER_BF16_NORM_H
#define WEFT_TRAINER_BF16_NORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_bf16_norm {
    size_t rows, channels; /* activations are [rows, channels], a row being a pixel of an image */
    float epsilon;
    bool rectified; /* dst = max(0, normalised) */
    const float *gamma, *beta;
    float *mean, *variance; /* of the rows (population variance): written forward, read elsewhere */
    void *workspace;
} weft_bf16_norm;

/* Bytes of workspace, 64-byte aligned. */
size_t weft_bf16_norm_workspace(size_t channels);
void weft_bf16_norm_forward(const weft_bf16_norm *norm, const uint16_t *src, uint16_t *dst);
/* As forward, but mean and variance are given. dst may be src. */
void weft_bf16_norm_apply(const weft_bf16_norm *norm, const uint16_t *src, uint16_t *dst);
/* diff_src may be diff_dst. diff_parameters: [2, channels], of gamma and beta. */
void weft_bf16_norm_backward(const weft_bf16_norm *norm, const uint16_t *src, const uint16_t *diff_dst,
                             uint16_t *diff_src, float *diff_parameters);

#ifdef __cplusplus
}
#endif
#endif
