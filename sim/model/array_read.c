/* Inputs to reads: which digits go to the rows, pulse by pulse, a block of reads at a time. */
#include <assert.h>
#include <string.h>

#include "sim/model/array_read_internal.h"
#include "sim/model/simd.h"

enum { WORD = 32 };

/* ---- blocks ---- */

static int even(int rows) { return (rows + 1) / 2 * 2; }
static int words_of(int rows) { return (rows + WORD - 1) / WORD; }

static int count_bits(int x) {
    int count = 0;
    for (; x; x &= x - 1) count++;
    return count;
}

static void clear(weft_read_block *block) {
    block->count = block->term_count = block->digits_used = 0;
    block->plain = true;
}

/* The last group of terms in full. */
static void fill_group(const weft_read_call *call, weft_read_block *block) {
    const int words = words_of(call->array->rows);
    for (int t = block->term_count; t % WEFT_BITS_TERMS; t++)
        for (int k = 0; k < words; k++) block->words[weft_bits_term(t, words) + (size_t)k * WEFT_BITS_TERMS] = 0;
}

static void flush(const weft_read_call *call, weft_read_block *block) {
    weft_read_sums sums;
    const int strips = (call->array->columns + WEFT_BLOCK_COLUMNS - 1) / WEFT_BLOCK_COLUMNS;
    if (call->bits) fill_group(call, block);
    if (call->noise) weft_read_draw_block(call, block);
    for (int k = 0; block->count && k < call->array->plane_count; k++)
        for (int s = 0; s < strips; s++) {
            weft_read_sums_make(&sums, call, block, k, s);
            weft_read_sums_convert(&sums, call, block, k, s);
        }
    clear(block);
}

/* Makes place for so many more. */
static void reserve(const weft_read_call *call, weft_read_block *block, int reads, int terms, int digits) {
    if (block->count + reads > WEFT_BLOCK_READS || block->term_count + terms > WEFT_BLOCK_READS ||
        block->digits_used + digits > WEFT_BLOCK_DIGITS)
        flush(call, block);
}

/* ---- bit path ---- */

/* A term for each of the bits seen, low ones first; `group` of them belong to a read. */
static void add_terms(const weft_read_call *call, weft_read_block *block, const int16_t *row, int seen, int sign,
                      const int *read_of_bit, int group) {
    call->kernels->bits->extract(row, words_of(call->array->rows), (unsigned)seen, sign, block->words,
                                 block->term_count, 1);
    for (int bit = 0; seen >> bit; bit++) {
        if (!(seen >> bit & 1)) continue;
        const int read = read_of_bit[bit], weight = sign * (1 << bit % group);
        block->plain = block->plain && weight == 1 && block->term_count == read;
        block->terms[block->term_count++] = (weft_read_term){.read = read, .weight = weight};
    }
}

/* Reads of the pulses [0, count): group bits each of row [a multiple of 32], the digits of the first weft_read_pulse at
 * bit 0. */
static void add_bit_reads(const weft_read_call *call, weft_read_block *block, const weft_read *reads, int count,
                          const int16_t *row, int group, const weft_digits_seen *seen) {
    int read_of_bit[2 * WORD] = {0};
    const int mask = (int)((1u << group) - 1);
    const bool skip = weft_read_may_skip(call);
    reserve(call, block, count, count_bits(seen->positive) + count_bits(seen->negative), 0);
    for (int p = 0; p < count; p++) {
        const int any = (seen->positive | seen->negative) >> (p * group) & mask;
        for (int b = 0; b < group; b++) read_of_bit[p * group + b] = block->count;
        if (!any && skip) continue;
        if (!any) block->plain = false;
        block->reads[block->count++] = reads[p];
    }
    add_terms(call, block, row, seen->positive, 1, read_of_bit, group);
    add_terms(call, block, row, seen->negative, -1, read_of_bit, group);
}

/* The usual case of them: one bit a pulse, no negative inputs, reads without digits left out. */
static void add_plain_reads(const weft_read_call *call, weft_read_block *block, int sample, const int16_t *row,
                            int seen) {
    reserve(call, block, call->pulse_count, call->pulse_count, 0);
    call->kernels->bits->extract(row, words_of(call->array->rows), (unsigned)seen, 1, block->words, block->term_count,
                                 1);
    for (int bit = 0; seen >> bit; bit++) {
        if (!(seen >> bit & 1)) continue;
        block->plain = block->plain && block->term_count == block->count;
        block->terms[block->term_count++] = (weft_read_term){.read = block->count, .weight = 1};
        block->reads[block->count++] = (weft_read){.sample = sample, .number = bit, .weight = 1 << bit};
    }
}

static void add_bit_sample(const weft_read_call *call, weft_read_block *block, const weft_read *reads,
                           const int16_t *q) {
    const int rows = call->array->rows, padding = words_of(rows) * WORD - rows;
    int16_t row[WEFT_ARRAY_ROWS_MAX];
    weft_digits_seen seen = {0, 0};
    memset(row + rows, 0, sizeof *row * (size_t)padding);
    if (call->pulses->magnitude) {
        memcpy(row, q, sizeof *row * (size_t)rows);
        weft_digits_scan(row, rows, &seen);
        if (call->pulses[1].shift == 1 && !seen.negative && weft_read_may_skip(call))
            add_plain_reads(call, block, reads->sample, row, seen.positive);
        else
            add_bit_reads(call, block, reads, call->pulse_count, row, call->pulses[1].shift, &seen);
        return;
    }
    for (int p = 0; p < call->pulse_count; p++) {
        weft_digits_twos_complement(row, q, rows, &call->pulses[p]);
        weft_digits_scan(row, rows, &seen);
        add_bit_reads(call, block, &reads[p], 1, row, WORD / 2, &seen);
    }
}

/* ---- product path ---- */

static void add_squares(const weft_read_call *call, weft_read_block *block, const int16_t *digits) {
    const int rows = call->array->rows, i = block->count;
    int16_t *to = block->square_memory + i * even(rows);
    if (call->pulse_group)
        weft_digits_square_pulses(to, digits, rows, &call->array->drive, call->pulse_group, call->square_shift,
                                  &block->square_sum[i]);
    else
        weft_digits_square(to, digits, rows, call->square_shift, &block->square_sum[i]);
    if (rows % 2) to[rows] = 0;
    block->squares[i] = to;
}

/* With noise, its squares are there. */
static void add_digit_read(const weft_read_call *call, weft_read_block *block, const weft_read *read,
                           const int16_t *digits) {
    block->digits[block->count] = digits;
    if (call->noise || !call->whole) block->digits_used += even(call->array->rows);
    block->reads[block->count++] = *read;
}

/* Squares are of what drives the rows; those of several pulses are made of the input. */
static void drive_digits(const weft_read_call *call, weft_read_block *block, int16_t *digits) {
    const int16_t *table = call->array->drive.table;
    if (call->noise && call->pulse_group) add_squares(call, block, digits);
    if (table) weft_digits_bend(digits, call->array->rows, table);
    if (call->noise && !call->pulse_group) add_squares(call, block, digits);
}

static void add_digit_sample(const weft_read_call *call, weft_read_block *block, const weft_read *reads,
                             const int16_t *q) {
    const int rows = call->array->rows;
    weft_digits_seen whole = {0, 0};
    if (call->pulses->magnitude) weft_digits_scan(q, rows, &whole);
    for (int p = 0; p < call->pulse_count; p++) {
        const weft_read_pulse *at = &call->pulses[p];
        reserve(call, block, 1, 0, even(rows));
        int16_t *to = block->digit_memory + block->digits_used;
        weft_digits_seen seen = {whole.positive >> at->shift & at->mask, whole.negative >> at->shift & at->mask};
        if (!at->magnitude) {
            weft_digits_twos_complement(to, q, rows, at);
            weft_digits_scan(to, rows, &seen);
        }
        if (!(seen.positive | seen.negative) && weft_read_may_skip(call)) continue;
        if (at->magnitude) weft_digits_magnitude(to, q, rows, at, whole.negative);
        if (rows % 2) to[rows] = 0;
        drive_digits(call, block, to);
        add_digit_read(call, block, &reads[p], to);
    }
}

/* Samples whose digits are the inputs themselves. */
static void add_whole_samples(const weft_read_call *call, weft_read_block *block) {
    const int rows = even(call->array->rows);
    const int16_t *q = call->q;
    for (int i = 0; i < call->count; i++, q += call->q_stride) {
        const weft_read read = {.sample = i, .number = 0, .weight = 1};
        reserve(call, block, 1, 0, call->noise ? rows : 0);
        if (call->noise) add_squares(call, block, q);
        add_digit_read(call, block, &read, q);
    }
}

static void add_sample(const weft_read_call *call, weft_read_block *block, int sample) {
    const int16_t *q = call->q + (size_t)sample * (size_t)call->q_stride;
    weft_read reads[WEFT_PULSES_MAX];
    for (int p = 0; p < call->pulse_count; p++)
        reads[p] =
            (weft_read){.sample = sample,
                        .number = p,
                        .weight = (call->pulses[p].polarity < 0 ? -1 : 1) * (int32_t)(1u << call->pulses[p].shift)};
    if (call->bits)
        add_bit_sample(call, block, reads, q);
    else
        add_digit_sample(call, block, reads, q);
}

/* ---- what is known digitally ---- */

WEFT_INLINE void add_known_row_body(int64_t *out, const int64_t *known, int columns, int64_t sum) {
    for (int c = 0; c < columns; c++) out[c] += known[c] * sum;
}
static void add_known_row(int64_t *out, const int64_t *known, int columns, int64_t sum);
WEFT_VARIANTS(add_known_row, (int64_t * out, const int64_t *known, int columns, int64_t sum),
              (out, known, columns, sum))

/* Result units of one unit of input, of columns [first, first + columns); false: all 0. */
static bool sum_known(const weft_array *array, int first, int columns, int64_t *known) {
    bool any = array->offset_weight != 0;
    for (int c = 0; c < columns; c++) known[c] = -array->offset_weight;
    for (int k = 0; k < array->plane_count; k++) {
        const weft_plane *plane = &array->planes[k];
        for (int c = 0; plane->known_weight && c < columns; c++)
            known[c] += plane->sign * plane->known_weight[first + c];
        any = any || plane->known_weight;
    }
    return any;
}

/* Digits times their powers of two add up to the input, whatever the encoding. */
static void add_known(const weft_read_call *call) {
    const weft_array *array = call->array;
    int64_t known[WEFT_BLOCK_COLUMNS];
    for (int first = 0; first < array->columns; first += WEFT_BLOCK_COLUMNS) {
        const int left = array->columns - first, columns = left < WEFT_BLOCK_COLUMNS ? left : WEFT_BLOCK_COLUMNS;
        if (!sum_known(array, first, columns, known)) return;
        for (int i = 0; i < call->count; i++) {
            const int16_t *q = call->q + (size_t)i * (size_t)call->q_stride;
            int64_t sum = 0;
            for (int r = 0; r < array->rows; r++) sum += q[r];
            add_known_row(call->out + (size_t)i * (size_t)call->out_stride + first, known, columns, sum);
        }
    }
}

/* ---- reads ---- */

static int square_shift(int64_t digit_max) {
    int shift = 0;
    while ((digit_max * digit_max + (((int64_t)1 << shift) >> 1)) >> shift > INT16_MAX) shift++;
    return shift;
}

/* One read of a sample, of the inputs themselves. */
static bool reads_whole(const weft_array *array, const weft_read_pulse *pulses, int count) {
    return count == 1 && pulses->polarity == 0 && pulses->mask == -1 && !array->drive.table;
}

/* A result is one code. */
static bool is_one_code(const weft_array *array) {
    weft_read_pulse pulses[WEFT_PULSES_MAX];
    return array->plane_count == 1 && !array->planes[0].bits.data && !array->planes[0].known_weight &&
           array->offset_weight == 0 && reads_whole(array, pulses, weft_read_pulses(array->chip, pulses));
}

/* weft_array_read_with in array->unit; ratio: weft_read_call. */
static void read_in_units(const weft_array_kernels *kernels, const weft_array *array, const int16_t *q, int q_stride,
                          int count, const weft_read_place *places, int64_t *out, int out_stride,
                          weft_plane_probe *probes, double ratio) {
    weft_read_pulse pulses[WEFT_PULSES_MAX];
    const int pulse_count = weft_read_pulses(array->chip, pulses), digit_max = weft_chip_pulse_max(array->chip);
    weft_read_call call = {.kernels = kernels,
                           .array = array,
                           .pulse_count = pulse_count,
                           .pulses = pulses,
                           .q = q,
                           .q_stride = q_stride,
                           .count = count,
                           .places = places,
                           .out = out,
                           .out_stride = out_stride,
                           .probes = probes,
                           .ratio = ratio,
                           .bits = array->planes[0].bits.data,
                           .noise = array->planes[0].variance.data,
                           .pulse_group = weft_drive_group(array->chip),
                           .digit_max = array->drive.table ? array->drive.table[digit_max] : digit_max};
    weft_read_block block;
    assert(array->planes[0].cells.data && (places || !call.noise));
    call.whole = reads_whole(array, pulses, pulse_count);
    call.square_shift = square_shift(call.digit_max);
    if (weft_read_lanes(&call)) {
        add_known(&call);
        return;
    }
    clear(&block);
    if (call.whole && !call.bits) add_whole_samples(&call, &block);
    for (int i = 0; i < count && (call.bits || !call.whole); i++) add_sample(&call, &block, i);
    flush(&call, &block);
    add_known(&call);
}

WEFT_INLINE void add_rounded_body(int64_t *out, const int64_t *sums, int count, double scale) {
    for (int i = 0; i < count; i++) {
        const double value = (double)sums[i] * scale;
        out[i] += (int64_t)(value + (value < 0 ? -0.5 : 0.5));
    }
}
static void add_rounded(int64_t *out, const int64_t *sums, int count, double scale);
WEFT_VARIANTS(add_rounded, (int64_t * out, const int64_t *sums, int count, double scale), (out, sums, count, scale))

void weft_array_read_with(const weft_array_kernels *kernels, const weft_array *array, const int16_t *q, int q_stride,
                          int count, const weft_read_place *places, int64_t *out, int out_stride,
                          weft_plane_probe *probes) {
    enum { SUMS = 16384 }; /* at least 4 samples of the widest array */
    int64_t sums[SUMS];
    const int columns = array->columns, together = SUMS / columns;
    const double ratio = array->unit / array->result_scale;
    if (ratio == 1 || is_one_code(array)) {
        read_in_units(kernels, array, q, q_stride, count, places, out, out_stride, probes, ratio == 1 ? 0 : ratio);
        return;
    }
    for (int i = 0; i < count; i += together) {
        const int part = count - i < together ? count - i : together;
        memset(sums, 0, sizeof *sums * (size_t)part * (size_t)columns);
        read_in_units(kernels, array, q + (size_t)i * (size_t)q_stride, q_stride, part, places ? places + i : NULL,
                      sums, columns, probes, 0);
        for (int k = 0; k < part; k++)
            add_rounded(out + (size_t)(i + k) * (size_t)out_stride, sums + (size_t)k * (size_t)columns, columns, ratio);
    }
}

void weft_array_read(const weft_array *array, const int16_t *q, int q_stride, int count, const weft_read_place *places,
                     int64_t *out, int out_stride, weft_plane_probe *probes) {
    const weft_array_kernels best = {weft_gemm_best(), weft_bits_best()};
    weft_array_read_with(&best, array, q, q_stride, count, places, out, out_stride, probes);
}

void weft_array_multiply(const weft_array *array, const int16_t *q, int q_stride, int count,
                         const weft_read_place *places, int64_t *out, int out_stride, weft_plane_probe *probes) {
    if (array->exact && !probes)
        weft_panel_multiply(&array->product, q, q_stride, count, array->chip->input_max, out, out_stride);
    else
        weft_array_read(array, q, q_stride, count, places, out, out_stride, probes);
}
