/* Integer product of few-bit digits and few-bit cells as AND and popcount over bit planes: exact, so every kernel gives
 * the same integers. Private to sim/model. */
#ifndef WEFT_SIM_MODEL_ARRAY_BITS_H
#define WEFT_SIM_MODEL_ARRAY_BITS_H

#include "core/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WEFT_BITS_COLUMNS = 16, /* columns of a kernel call */
    WEFT_BITS_TERMS = 8     /* bit vectors of a kernel call */
};

/* Cells [rows, columns] as bit planes in two's complement: bit r % 32 of data[((strip * planes + b) * words + r / 32) *
 * 16 + c % 16], strip = c / 16, is bit b of cell (r, c). The top plane weighs -2^(planes-1) where is_signed. */
typedef struct weft_bits {
    int rows, columns, words; /* words = ceil(rows / 32) */
    int planes;               /* 0 where all cells are 0 */
    bool is_signed;
    uint32_t *data; /* NULL: empty */
} weft_bits;
/* True where this way is the faster one: ideal cells, few bits in cells and pulses. */
bool weft_bits_suit(const weft_chip *chip);
/* cells [rows, columns] row-major with stride between rows, magnitudes below 256. MEMORY. */
weft_status weft_bits_pack(weft_bits *bits, const int16_t *cells, int rows, int columns, int stride, weft_error *err);
void weft_bits_destroy(weft_bits *bits); /* safe on a zeroed one */

/* Bits of digits on the rows, a term each: term t, word k is words[(t / 8 * cells.words + k) * 8 + t % 8], bit r % 32
 * of word r / 32 for row r. */
static inline size_t weft_bits_term(int term, int words) {
    return (size_t)(term / WEFT_BITS_TERMS) * (size_t)words * WEFT_BITS_TERMS + (size_t)(term % WEFT_BITS_TERMS);
}
/* sums[t * sums_stride + c] = sum over rows of bit r of term t times cell (r, 16 strip + c), for c < 16 and t < count
 * rounded up to 8. */
typedef void (*weft_bits_kernel)(const weft_bits *bits, int strip, const uint32_t *words, int count, int32_t *sums,
                                 int sums_stride);
/* Term `term + i step` of an array of `count` words = the i-th bit that is set in `mask`, of |digits| of the wanted sign
 * only (+1, -1), or of all digits in two's complement (0). digits [32 count]. */
typedef void (*weft_bits_extractor)(const int16_t *digits, int count, unsigned mask, int sign, uint32_t *words,
                                    int term, int step);
typedef struct weft_bits_kernel_info {
    const char *name;
    weft_bits_kernel run;
    weft_bits_extractor extract;
    bool (*supported)(void); /* by this processor */
} weft_bits_kernel_info;
/* Best first; the last one is portable C. name NULL ends the table. */
extern const weft_bits_kernel_info weft_bits_kernels[];
/* First supported kernel. */
const weft_bits_kernel_info *weft_bits_best(void);

#ifdef __cplusplus
}
#endif
#endif
