/* Reads of ideal cells by one-bit pulses, all planes of an array at once: bits of a few samples, AND and popcount,
 * codes in 32-bit integers, shift and add. Neither reads nor codes are kept. */
#include <stdlib.h>
#include <string.h>

#include "sim/model/array_read_internal.h"
#include "sim/model/simd.h"

enum {
    GROUP = WEFT_BITS_TERMS,   /* samples that are computed together */
    LANES = WEFT_BITS_COLUMNS, /* columns of a strip */
    BITS = 16,                 /* of an input */
    TERMS = GROUP * BITS,      /* bit b of sample t of a group of n: term i * n + t, where b is the i-th bit in use */
    WORD = 32,
    WORDS = TERMS * WEFT_ARRAY_ROWS_MAX / WORD,
    COUNTS = 1 << 14, /* sums that are counted one by one, of all planes */
    BANKS = 2         /* counters of a sum, used in turn: an increment need not wait for the one before */
};

/* Samples [first, first + count) of a call. */
typedef struct group {
    int first, count;
    unsigned used; /* bits that occur; negative: in inputs below 0, whose sign is a matter of their own */
    bool negative;
    int pulses, terms;                   /* of the bits in use; terms: rounded up to whole groups */
    int32_t weight[BITS];                /* of a pulse in use */
    uint32_t words[WORDS], minus[WORDS]; /* minus: of inputs below 0, where `negative` */
} group;

/* Converters of the columns of a strip. */
typedef struct strip {
    int32_t factor[LANES], half[LANES], top[LANES];
    int64_t weight[LANES]; /* of a code, in result units */
    int shift, high;       /* of all: fast_shift, max_code */
    bool is_signed, clamps;
} strip;

/* Sums that converters were given: plane k's sum s is counts[bank][k * size + |s|]. */
typedef struct counter {
    int size;
    uint32_t counts[BANKS][COUNTS];
} counter;

/* ---- what can be read so ---- */

bool weft_lanes_suit(const weft_chip *chip) {
    const bool serial = chip->input.encoding == WEFT_INPUT_BIT_SERIAL,
               magnitude = chip->input.encoding == WEFT_INPUT_SIGN_MAGNITUDE && chip->input.bits > 2;
    return weft_bits_suit(chip) && (serial || magnitude) && chip->input.bits <= BITS &&
           chip->input.bits_per_pulse == 1 && !chip->adc.accumulate_analog;
}

static bool can_read(const weft_read_call *call) {
    const weft_array *array = call->array;
    if (!array->lanes.data || call->noise || call->ratio > 0 || array->rows > array->chip->array.rows) return false;
    for (int k = 0; k < array->plane_count; k++) {
        const weft_adc *adc = &array->planes[k].adc;
        if (adc->fast_sum == 0 || adc->fast_shift != array->planes[0].adc.fast_shift || !weft_read_codes_fit(call, adc))
            return false;
        if (call->probes && array->plane_count * (adc->fast_sum + 1) > COUNTS) return false;
    }
    return true;
}

/* ---- bits ---- */

static const int16_t *sample_of(const weft_read_call *call, int sample) {
    return call->q + (size_t)sample * (size_t)call->q_stride;
}

/* Two's complement: the bits of an input as they stand. */
static void find_bits(const weft_read_call *call, group *g) {
    const bool magnitude = call->pulses->magnitude;
    weft_digits_seen all = {0, 0};
    for (int t = 0; t < g->count; t++) {
        weft_digits_seen seen;
        weft_digits_scan(sample_of(call, g->first + t), call->array->rows, &seen);
        all.positive |= seen.positive;
        all.negative |= seen.negative;
    }
    g->negative = magnitude && all.negative;
    g->used = (unsigned)(all.positive | all.negative);
    if (!magnitude && all.negative) g->used = (1u << call->pulse_count) - 1;
    g->pulses = 0;
    for (int bit = 0; g->used >> bit; bit++)
        if (g->used >> bit & 1)
            g->weight[g->pulses++] = !magnitude && bit == call->pulse_count - 1 ? -(1 << bit) : 1 << bit;
    g->terms = (g->pulses * g->count + WEFT_BITS_TERMS - 1) / WEFT_BITS_TERMS * WEFT_BITS_TERMS;
}

static void extract(const weft_read_call *call, const group *g, int sign, uint32_t *words) {
    const int rows = call->array->rows, count = call->array->lanes.words;
    int16_t padded[WEFT_ARRAY_ROWS_MAX];
    memset(padded + rows, 0, sizeof *padded * (size_t)(count * WORD - rows));
    for (int t = 0; t < g->count; t++) {
        const int16_t *q = sample_of(call, g->first + t);
        if (rows % WORD) q = memcpy(padded, q, sizeof *q * (size_t)rows);
        call->kernels->bits->extract(q, count, g->used, sign, words, t, g->count);
    }
    for (int t = g->pulses * g->count; t < g->terms; t++)
        for (int k = 0; k < count; k++) words[weft_bits_term(t, count) + (size_t)k * WEFT_BITS_TERMS] = 0;
}

static void fill(const weft_read_call *call, group *g, int first, int count) {
    g->first = first;
    g->count = count;
    find_bits(call, g);
    if (!g->pulses) return;
    extract(call, g, call->pulses->magnitude ? 1 : 0, g->words);
    if (g->negative) extract(call, g, -1, g->minus);
}

/* ---- sums ---- */

WEFT_INLINE void subtract_body(int32_t *to, const int32_t *from, int count) {
    for (int i = 0; i < count; i++) to[i] -= from[i];
}
static void subtract(int32_t *to, const int32_t *from, int count);
WEFT_VARIANTS(subtract, (int32_t * to, const int32_t *from, int count), (to, from, count))

/* sums [terms, LANES]. */
static void make_sums(const weft_read_call *call, const group *g, int number, int32_t *sums) {
    const weft_bits *lanes = &call->array->lanes;
    int32_t minus[TERMS * LANES];
    call->kernels->bits->run(lanes, number, g->words, g->terms, sums, LANES);
    if (!g->negative) return;
    call->kernels->bits->run(lanes, number, g->minus, g->terms, minus, LANES);
    subtract(sums, minus, g->terms * LANES);
}

/* ---- codes ---- */

/* codes [samples, LANES] = codes of a sample's pulses, weighed and added. */
WEFT_INLINE void add_pulses(const strip *s, const group *g, const int32_t *sums, int32_t *codes, const bool is_signed,
                            const bool clamps) {
    const int shift = s->shift, high = s->high;
    for (int t = 0; t < g->count; t++) {
        int32_t sum[LANES] = {0};
        for (int i = 0; i < g->pulses; i++) {
            const int32_t *x = sums + (i * g->count + t) * LANES, weight = g->weight[i];
            WEFT_VECTORISE for (int c = 0; c < LANES; c++) {
                int32_t kept = x[c] < s->top[c] ? x[c] : s->top[c];
                if (is_signed) kept = kept > -s->top[c] ? kept : -s->top[c];
                int32_t code = (kept * s->factor[c] + s->half[c]) >> shift;
                if (clamps) code = code < high ? code : high;
                if (clamps && is_signed) code = code > -high ? code : -high;
                sum[c] += code * weight;
            }
        }
        memcpy(codes + t * LANES, sum, sizeof sum);
    }
}
WEFT_INLINE void make_codes_body(const strip *s, const group *g, const int32_t *sums, int32_t *codes) {
    if (s->is_signed && s->clamps)
        add_pulses(s, g, sums, codes, true, true);
    else if (s->is_signed)
        add_pulses(s, g, sums, codes, true, false);
    else if (s->clamps)
        add_pulses(s, g, sums, codes, false, true);
    else
        add_pulses(s, g, sums, codes, false, false);
}
static void make_codes(const strip *s, const group *g, const int32_t *sums, int32_t *codes);
WEFT_VARIANTS(make_codes, (const strip *s, const group *g, const int32_t *sums, int32_t *codes), (s, g, sums, codes))

/* Converters of columns [first, first + count) of all planes side by side; columns that are not there get code 0. */
static void prepare(strip *s, const weft_array *array, int first, int count) {
    const weft_adc *any = &array->planes[0].adc;
    memset(s, 0, sizeof *s);
    s->shift = any->fast_shift;
    s->high = (int)any->max_code;
    s->is_signed = any->is_signed;
    for (int c = 0; c < count; c++) {
        const weft_plane *plane = &array->planes[(first + c) / array->columns];
        const weft_adc *adc = &plane->adc;
        const int64_t weight = plane->sign * plane->code_weight;
        s->factor[c] = adc->fast_factor;
        s->half[c] = adc->fast_half;
        s->top[c] = adc->fast_top;
        s->clamps = s->clamps || adc->fast_clamps;
        s->weight[c] = plane->code_sign[(first + c) % array->columns] < 0 ? -weight : weight;
    }
}

/* ---- results ---- */

WEFT_INLINE void add_results_body(int64_t *out, size_t out_stride, const int32_t *codes, const int64_t *weight,
                                  int samples, int columns) {
    for (int t = 0; t < samples; t++)
        for (int c = 0; c < columns; c++)
            out[(size_t)t * out_stride + (size_t)c] += (int64_t)codes[t * LANES + c] * weight[c];
}
static void add_results(int64_t *out, size_t out_stride, const int32_t *codes, const int64_t *weight, int samples,
                        int columns);
WEFT_VARIANTS(add_results,
              (int64_t * out, size_t out_stride, const int32_t *codes, const int64_t *weight, int samples, int columns),
              (out, out_stride, codes, weight, samples, columns))

/* Plane by plane of a strip [first, first + count). */
static void add_strip(const weft_read_call *call, const group *g, const strip *s, int first, int count,
                      const int32_t *codes) {
    const int columns = call->array->columns;
    const size_t stride = (size_t)call->out_stride;
    int64_t *out = call->out + (size_t)g->first * stride;
    for (int c = 0, run; c < count; c += run) {
        const int column = (first + c) % columns;
        run = columns - column < count - c ? columns - column : count - c;
        add_results(out + column, stride, codes + c, s->weight + c, g->count, run);
    }
}

/* ---- probes ---- */

/* Numbers of counters of a sample's sums. */
WEFT_INLINE void find_counters_body(int32_t *to, const int32_t *sums, int count, const int32_t *base) {
    for (int i = 0; i < count; i++)
        WEFT_VECTORISE for (int c = 0; c < LANES; c++) to[i * LANES + c] = base[c] + abs(sums[i * LANES + c]);
}
static void find_counters(int32_t *to, const int32_t *sums, int count, const int32_t *base);
WEFT_VARIANTS(find_counters, (int32_t * to, const int32_t *sums, int count, const int32_t *base),
              (to, sums, count, base))

static void count_sums(const weft_read_call *call, const group *g, int first, int count, const int32_t *sums,
                       counter *to) {
    const int reads = g->pulses * g->count;
    int32_t base[LANES] = {0}, at[TERMS * LANES];
    uint32_t *counts = to->counts[0];
    for (int c = 0; c < count; c++) base[c] = (first + c) / call->array->columns * to->size + c % BANKS * COUNTS;
    find_counters(at, sums, reads, base);
    for (int i = 0; count == LANES && i < reads * LANES; i++) counts[at[i]]++;
    for (int t = 0; count < LANES && t < reads; t++)
        for (int c = 0; c < count; c++) counts[at[t * LANES + c]]++;
}

/* Pulses without digits are conversions too. */
static void count_silence(const weft_read_call *call, const group *g, counter *to) {
    const int silent = (call->pulse_count - g->pulses) * g->count * call->array->columns;
    for (int k = 0; k < call->array->plane_count; k++) to->counts[0][k * to->size] += (uint32_t)silent;
}

static void clear_counts(const weft_read_call *call, counter *to) {
    to->size = 0;
    for (int k = 0; k < call->array->plane_count; k++)
        if (call->array->planes[k].adc.fast_sum >= to->size) to->size = call->array->planes[k].adc.fast_sum + 1;
    for (int b = 0; b < BANKS; b++)
        memset(to->counts[b], 0, sizeof to->counts[b][0] * (size_t)(call->array->plane_count * to->size));
}

static void put_counts(const weft_read_call *call, const counter *from) {
    for (int k = 0; k < call->array->plane_count; k++)
        for (int sum = 0; sum < from->size; sum++) {
            uint64_t count = 0;
            for (int b = 0; b < BANKS; b++) count += from->counts[b][k * from->size + sum];
            if (count) weft_probe_add(&call->probes[k], &call->array->planes[k].adc, sum, count);
        }
}

/* ---- the whole ---- */

static void read_group(const weft_read_call *call, const group *g, counter *to) {
    const int lanes = call->array->lanes.columns;
    int32_t sums[TERMS * LANES], codes[GROUP * LANES];
    strip s;
    for (int first = 0; g->pulses && first < lanes; first += LANES) {
        const int count = lanes - first < LANES ? lanes - first : LANES;
        make_sums(call, g, first / LANES, sums);
        if (call->probes) count_sums(call, g, first, count, sums, to);
        prepare(&s, call->array, first, count);
        make_codes(&s, g, sums, codes);
        add_strip(call, g, &s, first, count, codes);
    }
    if (call->probes) count_silence(call, g, to);
}

bool weft_read_lanes(const weft_read_call *call) {
    group g;
    counter to;
    if (!can_read(call)) return false;
    if (call->probes) clear_counts(call, &to);
    for (int first = 0; first < call->count; first += GROUP) {
        fill(call, &g, first, call->count - first < GROUP ? call->count - first : GROUP);
        read_group(call, &g, &to);
    }
    if (call->probes) put_counts(call, &to);
    return true;
}
