/* Bit patterns of numbers, and powers, exponentials and logarithms as plain arithmetic: they vectorise, and give the
 * same bits on every platform and instruction set, which libm's do not. */
#ifndef WEFT_CORE_ELEMENTARY_H
#define WEFT_CORE_ELEMENTARY_H

#include <stdint.h>
#include <string.h>

#define WEFT_LN2 0.69314718055994531

static inline uint64_t weft_double_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline double weft_bits_double(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t weft_float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline float weft_bits_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Logarithm to base 2 of a normal x > 0, by the series of atanh with the mantissa in [sqrt(1/2), sqrt(2)). Error below
 * 1e-10 of the greater of it and 1. */
static inline double weft_log2(double x) {
    uint64_t bits = weft_double_bits(x) - 0x3FE6A09E667F3BCDu; /* of sqrt(1/2) */
    double e = weft_bits_double(((bits >> 52) ^ 0x800) | 0x4330000000000000u) - (0x1p52 + 0x800);
    double m = weft_bits_double((bits & 0xFFFFFFFFFFFFFu) + 0x3FE6A09E667F3BCDu);
    double s = (m - 1) / (m + 1), s2 = s * s;
    double series = 1 + s2 * (1.0 / 3 + s2 * (1.0 / 5 + s2 * (1.0 / 7 + s2 * (1.0 / 9 + s2 * (1.0 / 11)))));
    return e + 2.8853900817779268 * s * series; /* 2 / ln 2 */
}

/* 2^y, by the exponential series over half an octave to either side. Relative error below 1e-8. y beyond +-1000 counts
 * as +-1000. */
static inline double weft_exp2(double y) {
    const double whole = 0x1.8p52; /* adding it rounds to whole numbers, in the low bits */
    y = y < -1000 ? -1000 : y > 1000 ? 1000 : y;
    double n = y + whole, f = (y - (n - whole)) * WEFT_LN2;
    double p =
        1 + f * (1 + f * (1.0 / 2 + f * (1.0 / 6 + f * (1.0 / 24 + f * (1.0 / 120 + f * (1.0 / 720 + f / 5040))))));
    return weft_bits_double(weft_double_bits(p) + (weft_double_bits(n) << 52));
}

static inline double weft_log(double x) { return weft_log2(x) * WEFT_LN2; }

#endif
