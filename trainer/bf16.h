/* Bfloat16 values: the upper half of a float32. Internal to trainer/. */
#ifndef WEFT_TRAINER_BF16_H
#define WEFT_TRAINER_BF16_H

#include "core/elementary.h"

static inline float weft_bf16_value(uint16_t bits) { return weft_bits_float((uint32_t)bits << 16); }

/* The nearest one, ties to even; not for NaN. */
static inline uint16_t weft_bf16_nearest(float value) {
    const uint32_t bits = weft_float_bits(value);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

#endif
