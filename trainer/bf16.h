/* Bfloat16 values: the upper half of a float32. Internal to trainer/. */
#ifndef WEFT_TRAINER_BF16_H
#define WEFT_TRAINER_BF16_H

#include <stdint.h>
#include <string.h>

static inline float weft_bf16_value(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

/* The nearest one, ties to even; not for NaN. */
static inline uint16_t weft_bf16_nearest(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

#endif
