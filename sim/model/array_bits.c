#include "sim/model/array_bits.h"

#include <string.h>

#include "core/arena.h"
#include "sim/model/adc.h"
#include "sim/model/simd.h"

#if defined(__GNUC__) && !defined(__clang__)
#define WEFT_UNROLL _Pragma("GCC unroll 8")
#else
#define WEFT_UNROLL
#endif
enum {
    TERMS = WEFT_BITS_TERMS,
    COLUMNS = WEFT_BITS_COLUMNS,
    WORD = 32,
    WORK_MAX = 8 /* bit products of a cell and a digit that cost what a 16-bit product does */
};

static int bits_of(int magnitude) {
    int bits = 0;
    while (magnitude >> bits) bits++;
    return bits;
}

bool weft_bits_suit(const weft_chip *chip) {
    const int sign = chip->weight.encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL ? 1 : 0;
    const int cell = bits_of(weft_chip_cell_max(chip)) + sign, digit = bits_of(weft_chip_pulse_max(chip));
    return chip->ideal_cells && cell * digit <= WORK_MAX;
}

static void find_planes(weft_bits *bits, const int16_t *cells, int stride) {
    int largest = 0;
    for (int r = 0; r < bits->rows; r++)
        for (int c = 0; c < bits->columns; c++) {
            const int v = cells[(size_t)r * (size_t)stride + (size_t)c], size = v < 0 ? -v : v;
            if (size > largest) largest = size;
            if (v < 0) bits->is_signed = true;
        }
    bits->planes = bits_of(largest) + (bits->is_signed ? 1 : 0);
}

static size_t strip_words(const weft_bits *bits) { return (size_t)bits->planes * (size_t)bits->words * COLUMNS; }

static void put_cell(const weft_bits *bits, int row, int column, int cell) {
    uint32_t *strip = bits->data + (size_t)(column / COLUMNS) * strip_words(bits);
    for (int b = 0; b < bits->planes; b++) {
        const size_t word = (size_t)b * (size_t)bits->words + (size_t)(row / WORD);
        strip[word * COLUMNS + (size_t)(column % COLUMNS)] |= ((uint32_t)cell >> b & 1) << (row % WORD);
    }
}

weft_status weft_bits_pack(weft_bits *bits, const int16_t *cells, int rows, int columns, int stride, weft_error *err) {
    const int strips = (columns + COLUMNS - 1) / COLUMNS;
    *bits = (weft_bits){.rows = rows, .columns = columns, .words = (rows + WORD - 1) / WORD};
    find_planes(bits, cells, stride);
    bits->data = weft_aligned_alloc((size_t)strips * strip_words(bits) + COLUMNS, sizeof *bits->data);
    if (!bits->data) return weft_error_set(err, WEFT_E_MEMORY, "no memory for an array of %d x %d bits", rows, columns);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) put_cell(bits, r, c, cells[(size_t)r * (size_t)stride + (size_t)c]);
    return WEFT_OK;
}

void weft_bits_destroy(weft_bits *bits) {
    weft_aligned_free(bits->data);
    *bits = (weft_bits){0};
}

/* Every kernel goes from the top plane down: what the planes above gave is doubled, then the next one is added; the
 * first is taken off where it weighs -2^(planes-1). */

#if WEFT_X86
#include <immintrin.h>
#define WEFT_POPCOUNT512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq")))

static bool has_popcount512(void) { return weft_has_avx512() && __builtin_cpu_supports("avx512vpopcntdq"); }

/* Eight terms. */
WEFT_POPCOUNT512 static inline void group_avx512(const weft_bits *bits, const uint32_t *cells, const uint32_t *digits,
                                                 int32_t *sums, int sums_stride) {
    __m512i sum[TERMS];
    WEFT_UNROLL
    for (int t = 0; t < TERMS; t++) sum[t] = _mm512_setzero_si512();
    for (int b = bits->planes - 1; b >= 0; b--) {
        const uint32_t *plane = cells + (size_t)b * (size_t)bits->words * COLUMNS;
        for (int k = 0; k < bits->words; k++) {
            const __m512i cell = _mm512_loadu_si512(plane + (size_t)k * COLUMNS);
            WEFT_UNROLL
            for (int t = 0; t < TERMS; t++) {
                const __m512i digit = _mm512_set1_epi32((int32_t)digits[(size_t)k * TERMS + (size_t)t]);
                sum[t] = _mm512_add_epi32(sum[t], _mm512_popcnt_epi32(_mm512_and_si512(cell, digit)));
            }
        }
        const bool negative = bits->is_signed && b == bits->planes - 1;
        WEFT_UNROLL
        for (int t = 0; t < TERMS; t++) {
            if (negative) sum[t] = _mm512_sub_epi32(_mm512_setzero_si512(), sum[t]);
            if (b) sum[t] = _mm512_add_epi32(sum[t], sum[t]);
        }
    }
    WEFT_UNROLL
    for (int t = 0; t < TERMS; t++) _mm512_storeu_si512(sums + t * sums_stride, sum[t]);
}

WEFT_POPCOUNT512 static void run_avx512(const weft_bits *bits, int strip, const uint32_t *words, int count,
                                        int32_t *sums, int sums_stride) {
    const uint32_t *cells = bits->data + (size_t)strip * strip_words(bits);
    for (int t = 0; t < count; t += TERMS)
        group_avx512(bits, cells, words + weft_bits_term(t, bits->words), sums + t * sums_stride, sums_stride);
}

WEFT_AVX512 static void extract_avx512(const int16_t *digits, int count, unsigned mask, int sign, uint32_t *words,
                                       int term, int step) {
    for (int k = 0; k < count; k++) {
        const __m512i digit = _mm512_loadu_si512(digits + (size_t)k * WORD),
                      size = sign ? _mm512_abs_epi16(digit) : digit;
        const uint32_t minus = _mm512_movepi16_mask(digit), wanted = sign < 0 ? minus : sign ? ~minus : UINT32_MAX;
        int t = term;
        for (unsigned left = mask; left; left &= left - 1, t += step) {
            const __m512i bit = _mm512_set1_epi16((int16_t)(left & (0u - left)));
            words[weft_bits_term(t, count) + (size_t)k * TERMS] = _mm512_test_epi16_mask(size, bit) & wanted;
        }
    }
}

enum { BYTE_RUN = 31 }; /* counts of 8 bits that a byte can hold */

WEFT_AVX2 static __m256i count_bytes(__m256i x) {
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                           2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    return _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(x, low)),
                           _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
}

/* Counts of one plane, of 8 columns. */
WEFT_AVX2 static __m256i plane_avx2(const uint32_t *plane, int count, const uint32_t *words) {
    __m256i sum = _mm256_setzero_si256();
    for (int first = 0; first < count; first += BYTE_RUN) {
        __m256i bytes = _mm256_setzero_si256();
        for (int k = first; k < count && k < first + BYTE_RUN; k++) {
            const __m256i cell = _mm256_loadu_si256((const __m256i *)(const void *)(plane + (size_t)k * COLUMNS));
            bytes = _mm256_add_epi8(
                bytes, count_bytes(_mm256_and_si256(cell, _mm256_set1_epi32((int32_t)words[(size_t)k * TERMS]))));
        }
        const __m256i pairs = _mm256_maddubs_epi16(bytes, _mm256_set1_epi8(1));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
    return sum;
}

WEFT_AVX2 static void run_avx2(const weft_bits *bits, int strip, const uint32_t *words, int count, int32_t *sums,
                               int sums_stride) {
    const uint32_t *cells = bits->data + (size_t)strip * strip_words(bits);
    for (int t = 0; t < count; t++)
        for (int c = 0; c < COLUMNS; c += 8) {
            __m256i sum = _mm256_setzero_si256();
            for (int b = bits->planes - 1; b >= 0; b--) {
                const uint32_t *plane = cells + (size_t)b * (size_t)bits->words * COLUMNS + c;
                const __m256i part = plane_avx2(plane, bits->words, words + weft_bits_term(t, bits->words));
                const bool negative = bits->is_signed && b == bits->planes - 1;
                sum = _mm256_add_epi32(sum, sum);
                sum = negative ? _mm256_sub_epi32(sum, part) : _mm256_add_epi32(sum, part);
            }
            _mm256_storeu_si256((__m256i *)(void *)(sums + t * sums_stride + c), sum);
        }
}

/* All ones in lanes of digits with the wanted sign, or any (0), and bit. */
WEFT_AVX2 static __m256i lanes_avx2(const int16_t *digits, int bit, int sign) {
    const __m256i digit = _mm256_loadu_si256((const __m256i *)(const void *)digits),
                  wanted = _mm256_set1_epi16((int16_t)bit);
    const __m256i size = sign ? _mm256_abs_epi16(digit) : digit;
    const __m256i set = _mm256_cmpeq_epi16(_mm256_and_si256(size, wanted), wanted);
    if (!sign) return set;
    const __m256i minus = _mm256_cmpgt_epi16(_mm256_setzero_si256(), digit);
    return sign < 0 ? _mm256_and_si256(set, minus) : _mm256_andnot_si256(minus, set);
}

WEFT_AVX2 static void extract_avx2(const int16_t *digits, int count, unsigned mask, int sign, uint32_t *words, int term,
                                   int step) {
    for (unsigned left = mask; left; left &= left - 1, term += step) {
        const int bit = (int)(left & (0u - left));
        uint32_t *to = words + weft_bits_term(term, count);
        for (int k = 0; k < count; k++) {
            const int16_t *from = digits + (size_t)k * WORD;
            const __m256i bytes =
                _mm256_packs_epi16(lanes_avx2(from, bit, sign), lanes_avx2(from + WORD / 2, bit, sign));
            to[(size_t)k * TERMS] = (uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(bytes, 0xD8));
        }
    }
}
#endif

/* In steps that every compiler vectorises; a call of a library function would be slower. */
static inline int32_t count_bits(uint32_t x) {
    x -= x >> 1 & 0x55555555u;
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    x = (x + (x >> 4)) & 0x0F0F0F0Fu;
    x += x >> 8;
    return (int32_t)((x + (x >> 16)) & 63);
}

static void run_portable(const weft_bits *bits, int strip, const uint32_t *words, int count, int32_t *sums,
                         int sums_stride) {
    const uint32_t *cells = bits->data + (size_t)strip * strip_words(bits);
    for (int t = 0; t < count; t++) {
        const uint32_t *digits = words + weft_bits_term(t, bits->words);
        int32_t sum[COLUMNS] = {0};
        for (int b = bits->planes - 1; b >= 0; b--) {
            const uint32_t *plane = cells + (size_t)b * (size_t)bits->words * COLUMNS;
            const int32_t sign = bits->is_signed && b == bits->planes - 1 ? -1 : 1;
            for (int c = 0; c < COLUMNS; c++) sum[c] *= 2;
            for (int k = 0; k < bits->words; k++)
                for (int c = 0; c < COLUMNS; c++)
                    sum[c] += sign * count_bits(plane[(size_t)k * COLUMNS + (size_t)c] & digits[(size_t)k * TERMS]);
        }
        memcpy(sums + t * sums_stride, sum, sizeof sum);
    }
}

static uint32_t word_of(const int16_t *digits, int bit, int sign) {
    uint32_t word = 0;
    for (int r = 0; r < WORD; r++) {
        const int digit = sign ? digits[r] * sign : (uint16_t)digits[r];
        if (digit > 0 && digit & bit) word |= (uint32_t)1 << r;
    }
    return word;
}

static void extract_portable(const int16_t *digits, int count, unsigned mask, int sign, uint32_t *words, int term,
                             int step) {
    for (unsigned left = mask; left; left &= left - 1, term += step)
        for (int k = 0; k < count; k++)
            words[weft_bits_term(term, count) + (size_t)k * TERMS] =
                word_of(digits + (size_t)k * WORD, (int)(left & (0u - left)), sign);
}

static bool always(void) { return true; }

const weft_bits_kernel_info weft_bits_kernels[] = {
#if WEFT_X86
    {"avx512_vpopcntdq", run_avx512, extract_avx512, has_popcount512},
    {"avx2", run_avx2, extract_avx2, weft_has_avx2},
#endif
    {"portable", run_portable, extract_portable, always},
    {NULL, NULL, NULL, NULL},
};

const weft_bits_kernel_info *weft_bits_best(void) {
    const weft_bits_kernel_info *kernel = weft_bits_kernels;
    while (!kernel->supported()) kernel++;
    return kernel;
}
