/* Rows of the table of transforms that stand in files of their own. */
#ifndef WEFT_CORE_TRANSFORM_INTERNAL_H
#define WEFT_CORE_TRANSFORM_INTERNAL_H

#include "core/transform.h"

/* Draws are made in blocks that stay in the first-level cache. */
enum { WEFT_TRANSFORM_BLOCK = 256 };
static inline size_t weft_transform_block(size_t left) {
    return left < WEFT_TRANSFORM_BLOCK ? left : WEFT_TRANSFORM_BLOCK;
}

/* A layer of zeros has alpha 0; nothing may be divided by it. */
static inline float weft_transform_divisor(const weft_transform_scope *scope) {
    return scope->alpha > 0.0f ? scope->alpha : 1.0f;
}

/* Devices (transform_device.c). */
extern const weft_transform_op weft_transform_multnorm, weft_transform_invnorm, weft_transform_lognorm,
    weft_transform_stuck, weft_transform_pcm_program, weft_transform_pcm_drift, weft_transform_pcm_read,
    weft_transform_rram_relax;

#endif
