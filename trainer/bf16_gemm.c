#include "trainer/bf16_gemm.h"

#include "trainer/avx512.h"

#ifdef WEFT_AVX512

/* One block of `rows` x 16 `columns`, both constants where this is inlined, so that the sums stay in registers. */
WEFT_AVX512_INLINE void block(int rows, int columns, const weft_bf16_product *p, const uint32_t *a, size_t row,
                              size_t step, const uint32_t *b, float *c) {
    __m512 sum[12][2];
    size_t panel = (size_t)p->pairs * 16;
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int k = 0; k < columns; k++) sum[r][k] = _mm512_setzero_ps();
    for (int pair = 0; pair < p->pairs; pair++) {
        __m512i right[2];
#pragma GCC unroll 2
        for (int k = 0; k < columns; k++) right[k] = _mm512_loadu_si512(b + (size_t)k * panel + (size_t)pair * 16);
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            __m512i left = _mm512_set1_epi32((int)a[(size_t)r * row + (size_t)pair * step]);
#pragma GCC unroll 2
            for (int k = 0; k < columns; k++)
                sum[r][k] = _mm512_dpbf16_ps(sum[r][k], (__m512bh)left, (__m512bh)right[k]);
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int k = 0; k < columns; k++) {
            float *to = c + (size_t)r * p->c_stride + 16 * (size_t)k;
            _mm512_storeu_ps(to, p->add ? _mm512_add_ps(_mm512_loadu_ps(to), sum[r][k]) : sum[r][k]);
        }
}

/* All rows of one or two panels of columns. */
WEFT_AVX512_INLINE void panels(int columns, const weft_bf16_product *p, const uint32_t *b, float *c) {
    int row = 0;
    if (p->row_pairs == 0) {
        for (; row < p->rows; row += 8) {
            const uint32_t *a = p->a + (size_t)(row / 16) * (size_t)p->pairs * 16 + (size_t)(row % 16);
            block(8, columns, p, a, 1, 16, b, c + (size_t)row * p->c_stride);
        }
        return;
    }
    const uint32_t *a = p->a;
    for (; row + 12 <= p->rows; row += 12)
        block(12, columns, p, a + (size_t)row * p->row_pairs, p->row_pairs, 1, b, c + (size_t)row * p->c_stride);
    for (; row + 4 <= p->rows; row += 4)
        block(4, columns, p, a + (size_t)row * p->row_pairs, p->row_pairs, 1, b, c + (size_t)row * p->c_stride);
    for (; row < p->rows; row++)
        block(1, columns, p, a + (size_t)row * p->row_pairs, p->row_pairs, 1, b, c + (size_t)row * p->c_stride);
}

WEFT_AVX512_TARGET void weft_bf16_multiply(const weft_bf16_product *p) {
    int column = 0;
    size_t pairs = (size_t)p->pairs;
    for (; column + 32 <= p->columns; column += 32) panels(2, p, p->b + (size_t)column * pairs, p->c + column);
    if (column < p->columns) panels(1, p, p->b + (size_t)column * pairs, p->c + column);
}

#else

void weft_bf16_multiply(const weft_bf16_product *product) { (void)product; }

#endif
