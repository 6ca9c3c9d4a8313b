#include <string.h>

#include "sim/model/array_read_internal.h"
#include "sim/model/simd.h"

enum { COLUMNS = WEFT_BLOCK_COLUMNS };

/* Sums of the terms of each read, weighed and added. */
WEFT_INLINE void add_terms_body(int32_t *to, const int32_t *from, const weft_read_term *terms, int count) {
    for (int t = 0; t < count; t++)
        for (int c = 0; c < COLUMNS; c++) to[terms[t].read * COLUMNS + c] += terms[t].weight * from[t * COLUMNS + c];
}
static void add_terms(int32_t *to, const int32_t *from, const weft_read_term *terms, int count);
WEFT_VARIANTS(add_terms, (int32_t * to, const int32_t *from, const weft_read_term *terms, int count),
              (to, from, terms, count))

/* to [terms rounded up to 8, COLUMNS]. */
static void run_bits(const weft_read_call *call, const weft_read_block *block, const weft_bits *bits, int strip,
                     int32_t *to) {
    const int left = bits->columns - strip * COLUMNS;
    for (int half = 0; half < COLUMNS && half < left; half += WEFT_BITS_COLUMNS)
        call->kernels->bits->run(bits, (strip * COLUMNS + half) / WEFT_BITS_COLUMNS, block->words, block->term_count,
                                 to + half, COLUMNS);
}

/* The same from several terms a read, or none. */
static void combine_bits(const weft_read_call *call, const weft_read_block *block, const weft_bits *bits, int strip,
                         int32_t *to) {
    int32_t parts[WEFT_BLOCK_SUMS] = {0};
    run_bits(call, block, bits, strip, parts);
    memset(to, 0, sizeof *to * (size_t)block->count * COLUMNS);
    add_terms(to, parts, block->terms, block->term_count);
}

void weft_read_sums_make(weft_read_sums *sums, const weft_read_call *call, const weft_read_block *block, int plane,
                         int strip) {
    const weft_plane *p = &call->array->planes[plane];
    if (call->bits) {
        (block->plain ? run_bits : combine_bits)(call, block, &p->bits, strip, sums->sum.narrow);
        sums->fits = true;
        return;
    }
    sums->fits = weft_panel_product(call->kernels->gemm, &p->cells, strip, block->digits, block->count, call->digit_max,
                                    sums->sum.narrow, sums->sum.wide);
    if (!call->noise || p->variance.uniform) return;
    const int square_max =
        (int)(((int64_t)call->digit_max * call->digit_max + (((int64_t)1 << call->square_shift) >> 1)) >>
              call->square_shift);
    sums->variance_fits = weft_panel_product(call->kernels->gemm, &p->variance, strip, block->squares, block->count,
                                             square_max, sums->variance.narrow, sums->variance.wide);
}
