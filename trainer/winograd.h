/* Convolutions of training in bfloat16 by Winograd's F(2x2, 3x3): 16 products for 4 outputs where the direct form needs
 * 36. Kernel 3x3, stride 1, one pixel of zeros around the image, activations [batch, height, width, channels]. Sums are
 * kept in float32; transforms of weights +-a are exact in bfloat16. Lavin and Gray 2016 (arXiv:1509.09308). Internal to
 * trainer/.
 *
 * Single-threaded and without state: callers run parts of a minibatch in parallel, each with a workspace of its own. */
#ifndef WEFT_TRAINER_WINOGRAD_H
#define WEFT_TRAINER_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_winograd {
    int batch, height, width; /* of the images, in and out */
    int in, out; /* channels; multiples of 16 (in: of 8 where only forward and backward_weights are used) */
} weft_winograd;

/* The processor multiplies bfloat16 pairs (AVX512-BF16); nothing below may be called otherwise. */
bool weft_winograd_supported(void);
/* Bytes of workspace that every function below needs, 64-byte aligned. */
size_t weft_winograd_workspace(const weft_winograd *shape);
/* Values of the transformed weights, for each direction. */
size_t weft_winograd_weight_count(const weft_winograd *shape);

/* Transforms weight [out, in, 3, 3] (float32) for forward and, unless NULL, for backward_data. Part `part` of `parts`:
 * parts write disjoint output, so they may run in parallel. */
void weft_winograd_weights(const weft_winograd *shape, const float *weight, uint16_t *forward, uint16_t *backward,
                           int part, int parts);
/* dst [batch, height, width, out] = src [batch, height, width, in] * weight. All bfloat16. */
void weft_winograd_forward(const weft_winograd *shape, const uint16_t *src, const uint16_t *weight, uint16_t *dst,
                           void *workspace);
/* diff_src = the gradient of src, from that of dst. */
void weft_winograd_backward_data(const weft_winograd *shape, const uint16_t *diff_dst, const uint16_t *weight,
                                 uint16_t *diff_src, void *workspace);
/* diff_weight [out, in, 3, 3], float32. */
void weft_winograd_backward_weights(const weft_winograd *shape, const uint16_t *src, const uint16_t *diff_dst,
                                    float *diff_weight, void *workspace);

#ifdef __cplusplus
}
#endif
#endif
