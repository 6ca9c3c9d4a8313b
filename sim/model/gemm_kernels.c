#include <string.h>

#include "sim/model/gemm.h"
#include "sim/model/simd.h"

#if defined(__GNUC__) && !defined(__clang__)
#define WEFT_UNROLL _Pragma("GCC unroll 8")
#else
#define WEFT_UNROLL
#endif
enum { ROWS = WEFT_GEMM_ROWS, COLUMNS = WEFT_GEMM_COLUMNS, NARROW = WEFT_GEMM_NARROW };

#if WEFT_X86
#include <immintrin.h>

static inline int32_t load_pair(const int16_t *at) {
    int32_t pair;
    memcpy(&pair, at, sizeof pair);
    return pair;
}

/* 8 x 32 sums in 16 registers; one instruction is 32 multiply-accumulates. */
WEFT_AVX512 static void kernel_avx512_vnni(const int16_t *const a[ROWS], const int16_t *b, int pairs,
                                           int32_t *accumulators) {
    __m512i sum[ROWS][2];
    const int16_t *row[ROWS];
    WEFT_UNROLL
    for (int r = 0; r < ROWS; r++) {
        row[r] = a[r];
        sum[r][0] = sum[r][1] = _mm512_setzero_si512();
    }
    for (int p = 0; p < pairs; p++) {
        const __m512i left = _mm512_loadu_si512(b + 64 * (size_t)p),
                      right = _mm512_loadu_si512(b + 64 * (size_t)p + 32);
        WEFT_UNROLL
        for (int r = 0; r < ROWS; r++) {
            const __m512i pair = _mm512_set1_epi32(load_pair(row[r] + 2 * (size_t)p));
            sum[r][0] = _mm512_dpwssd_epi32(sum[r][0], left, pair);
            sum[r][1] = _mm512_dpwssd_epi32(sum[r][1], right, pair);
        }
    }
    WEFT_UNROLL
    for (int r = 0; r < ROWS; r++) {
        _mm512_storeu_si512(accumulators + r * COLUMNS, sum[r][0]);
        _mm512_storeu_si512(accumulators + r * COLUMNS + 16, sum[r][1]);
    }
}

/* 8 x 16 sums. */
WEFT_AVX512 static void narrow_avx512_vnni(const int16_t *const a[ROWS], const int16_t *b, int pairs,
                                           int32_t *accumulators) {
    __m512i sum[ROWS];
    const int16_t *row[ROWS];
    WEFT_UNROLL
    for (int r = 0; r < ROWS; r++) {
        row[r] = a[r];
        sum[r] = _mm512_setzero_si512();
    }
    for (int p = 0; p < pairs; p++) {
        const __m512i column = _mm512_loadu_si512(b + 2 * NARROW * (size_t)p);
        WEFT_UNROLL
        for (int r = 0; r < ROWS; r++)
            sum[r] = _mm512_dpwssd_epi32(sum[r], column, _mm512_set1_epi32(load_pair(row[r] + 2 * (size_t)p)));
    }
    WEFT_UNROLL
    for (int r = 0; r < ROWS; r++) _mm512_storeu_si512(accumulators + r * COLUMNS, sum[r]);
}

/* 4 rows x 16 columns at a time: 8 sums in the 16 registers of AVX2. */
WEFT_AVX2 static void quarter_avx2(const int16_t *const a[4], const int16_t *b, int width, int pairs,
                                   int32_t *accumulators) {
    __m256i sum[4][2];
    const int16_t *row[4];
    WEFT_UNROLL
    for (int r = 0; r < 4; r++) {
        row[r] = a[r];
        sum[r][0] = sum[r][1] = _mm256_setzero_si256();
    }
    for (int p = 0; p < pairs; p++) {
        const __m256i left = _mm256_loadu_si256((const __m256i *)(const void *)(b + 2 * width * p));
        const __m256i right = _mm256_loadu_si256((const __m256i *)(const void *)(b + 2 * width * p + 16));
        WEFT_UNROLL
        for (int r = 0; r < 4; r++) {
            const __m256i pair = _mm256_set1_epi32(load_pair(row[r] + 2 * (size_t)p));
            sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(left, pair));
            sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(right, pair));
        }
    }
    WEFT_UNROLL
    for (int r = 0; r < 4; r++) {
        _mm256_storeu_si256((__m256i *)(void *)(accumulators + r * COLUMNS), sum[r][0]);
        _mm256_storeu_si256((__m256i *)(void *)(accumulators + r * COLUMNS + 8), sum[r][1]);
    }
}

WEFT_AVX2 static void kernel_avx2(const int16_t *const a[ROWS], const int16_t *b, int pairs, int32_t *accumulators) {
    for (int r = 0; r < ROWS; r += 4)
        for (int c = 0; c < COLUMNS; c += 16)
            quarter_avx2(a + r, b + 2 * c, COLUMNS, pairs, accumulators + r * COLUMNS + c);
}

WEFT_AVX2 static void narrow_avx2(const int16_t *const a[ROWS], const int16_t *b, int pairs, int32_t *accumulators) {
    for (int r = 0; r < ROWS; r += 4) quarter_avx2(a + r, b, NARROW, pairs, accumulators + r * COLUMNS);
}
#endif

WEFT_INLINE void multiply_row(const int16_t *a, const int16_t *b, int width, int pairs, int32_t *accumulators) {
    int32_t sum[COLUMNS] = {0};
    for (int p = 0; p < pairs; p++) {
        const int32_t even = a[2 * p], odd = a[2 * p + 1];
        const int16_t *entry = b + 2 * width * p;
        for (int c = 0; c < width; c++) sum[c] += even * entry[2 * c] + odd * entry[2 * c + 1];
    }
    memcpy(accumulators, sum, sizeof(int32_t) * (size_t)width);
}

static void kernel_portable(const int16_t *const a[ROWS], const int16_t *b, int pairs, int32_t *accumulators) {
    for (int r = 0; r < ROWS; r++) multiply_row(a[r], b, COLUMNS, pairs, accumulators + r * COLUMNS);
}

static void narrow_portable(const int16_t *const a[ROWS], const int16_t *b, int pairs, int32_t *accumulators) {
    for (int r = 0; r < ROWS; r++) multiply_row(a[r], b, NARROW, pairs, accumulators + r * COLUMNS);
}

static bool always(void) { return true; }

const weft_gemm_kernel_info weft_gemm_kernels[] = {
#if WEFT_X86
    {"avx512_vnni", kernel_avx512_vnni, narrow_avx512_vnni, weft_has_avx512},
    {"avx2", kernel_avx2, narrow_avx2, weft_has_avx2},
#endif
    {"portable", kernel_portable, narrow_portable, always},
    {NULL, NULL, NULL, NULL},
};

const weft_gemm_kernel_info *weft_gemm_best(void) {
    const weft_gemm_kernel_info *kernel = weft_gemm_kernels;
    while (!kernel->supported()) kernel++;
    return kernel;
}
