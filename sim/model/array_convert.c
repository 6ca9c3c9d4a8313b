/* Column sums to results: converters, shift and add. */
#include <math.h>
#include <string.h>

#include "sim/model/array_read_internal.h"
#include "sim/model/simd.h"

enum { COLUMNS = WEFT_BLOCK_COLUMNS, NARROW = WEFT_GEMM_NARROW, SUMS = WEFT_BLOCK_SUMS };

/* What is at hand while a strip is converted. Rows of all buffers are reads, COLUMNS apart. */
typedef struct strip {
    const weft_read_call *call;
    const weft_read_block *block;
    const weft_plane *plane;
    int index;                 /* of the plane */
    int first, columns, width; /* columns in use; computed: NARROW or COLUMNS */
} strip;

/* ---- shift and add ---- */

typedef struct adder {
    int64_t *out; /* of sample 0, first column */
    int out_stride, columns;
    int64_t weight[COLUMNS]; /* of a code */
    double ratio;            /* weft_read_call.ratio */
} adder;

static void prepare(adder *to, const strip *s) {
    const weft_plane *plane = s->plane;
    const int64_t weight = plane->sign * plane->code_weight;
    to->out = s->call->out + s->first;
    to->out_stride = s->call->out_stride;
    to->columns = s->columns;
    to->ratio = s->call->ratio;
    for (int c = 0; c < s->columns; c++) to->weight[c] = plane->code_sign[s->first + c] < 0 ? -weight : weight;
}

/* Adds codes times powers of two of each sample to its results. CODE: of read i and column c, int32. sum_type holds a
 * sample's sums. */
#define WEFT_ADD_LOOP(sum_type, CODE)                                                                                  \
    for (int i = 0; i < count;) {                                                                                      \
        const int sample = reads[i].sample;                                                                            \
        int64_t *out = to->out + (size_t)sample * (size_t)to->out_stride;                                              \
        sum_type sum[COLUMNS] = {0};                                                                                   \
        for (; i < count && reads[i].sample == sample; i++)                                                            \
            WEFT_VECTORISE for (int c = 0; c < width; c++) sum[c] += (sum_type)(CODE)*reads[i].weight;                 \
        for (int c = 0; c < to->columns; c++) out[c] += (int64_t)sum[c] * to->weight[c];                               \
    }

/* The code of a sample's only read, in result units: exact in double until it is rounded. */
WEFT_INLINE int64_t rounded_result(int32_t code, double weight, double ratio) {
    const double value = (double)code * weight * ratio;
    return (int64_t)(value + copysign(0.5, value));
}

WEFT_INLINE void add_results(const adder *to, const int32_t *codes, const weft_read *reads, int count) {
    const double ratio = to->ratio;
    for (int i = 0; i < count; i++) {
        int64_t *out = to->out + (size_t)reads[i].sample * (size_t)to->out_stride;
        for (int c = 0; c < to->columns; c++)
            out[c] += rounded_result(codes[i * COLUMNS + c], (double)to->weight[c], ratio);
    }
}

WEFT_INLINE void add_codes_body(const adder *to, const int32_t *codes, const weft_read *reads, int count, bool narrow) {
    const int width = COLUMNS;
    if (to->ratio > 0) {
        add_results(to, codes, reads, count);
    } else if (narrow) {
        WEFT_ADD_LOOP(int32_t, codes[i * COLUMNS + c])
    } else {
        WEFT_ADD_LOOP(int64_t, codes[i * COLUMNS + c])
    }
}
static void add_codes(const adder *to, const int32_t *codes, const weft_read *reads, int count, bool narrow);
WEFT_VARIANTS(add_codes, (const adder *to, const int32_t *codes, const weft_read *reads, int count, bool narrow),
              (to, codes, reads, count, narrow))

/* ---- ideal converters: from whole sums to results in one pass ---- */

typedef struct fast_converter {
    int32_t factor, half, shift, lowest, top, low, high;
} fast_converter;

WEFT_INLINE int32_t fast_code(int32_t sum, const fast_converter *f) {
    const int32_t up = sum > f->lowest ? sum : f->lowest, kept = up < f->top ? up : f->top;
    const int32_t code = (kept * f->factor + f->half) >> f->shift, above = code > f->low ? code : f->low;
    return above < f->high ? above : f->high;
}

WEFT_INLINE void add_fast_loop(const adder *to, const int32_t *sums, const weft_read *reads, int count,
                               const fast_converter *converter, const int width) {
    const fast_converter f = *converter;
    WEFT_ADD_LOOP(int32_t, fast_code(sums[i * COLUMNS + c], &f))
}
WEFT_INLINE void add_fast_body(const adder *to, const int32_t *sums, const weft_read *reads, int count,
                               const fast_converter *f, int width) {
    if (width == NARROW)
        add_fast_loop(to, sums, reads, count, f, NARROW);
    else
        add_fast_loop(to, sums, reads, count, f, COLUMNS);
}
static void add_fast(const adder *to, const int32_t *sums, const weft_read *reads, int count, const fast_converter *f,
                     int width);
WEFT_VARIANTS(add_fast,
              (const adder *to, const int32_t *sums, const weft_read *reads, int count, const fast_converter *f,
               int width),
              (to, sums, reads, count, f, width))

/* scale: levels x digits of a unit of the integer sums. clamps: false where no sum reaches beyond the codes. */
typedef struct converter {
    double scale, codes_per_sum, half, low, high;
    bool clamps;
} converter;

WEFT_INLINE int32_t ideal_code(double x, const converter *f, const bool clamps) {
    const double y = x * f->codes_per_sum, rounded = y + copysign(f->half, y);
    if (!clamps) return (int32_t)rounded;
    const double above = rounded > f->low ? rounded : f->low;
    return (int32_t)(above < f->high ? above : f->high);
}

WEFT_INLINE void add_ideal_loop(const adder *to, const int32_t *sums, const weft_read *reads, int count,
                                const converter *given, const int width, const bool clamps) {
    const converter f = *given;
    WEFT_ADD_LOOP(int32_t, ideal_code((double)sums[i * COLUMNS + c] * f.scale, &f, clamps))
}
/* The same where each sample has one read only, and all columns of the strip are in use. */
WEFT_INLINE void add_single_loop(const adder *to, const int32_t *sums, const weft_read *reads, int count,
                                 const converter *given, const int columns) {
    const converter f = *given;
    for (int i = 0; i < count; i++) {
        int64_t *out = to->out + (size_t)reads[i].sample * (size_t)to->out_stride;
        const int32_t shift = reads[i].weight;
        WEFT_VECTORISE for (int c = 0; c < columns; c++) out[c] +=
            (int64_t)(ideal_code((double)sums[i * COLUMNS + c] * f.scale, &f, true) * shift) * to->weight[c];
    }
}
/* The same where that is all of a result. */
WEFT_INLINE void add_result_loop(const adder *to, const int32_t *sums, const weft_read *reads, int count,
                                 const converter *given, const int columns) {
    const converter f = *given;
    const double ratio = to->ratio;
    double weight[COLUMNS];
    for (int c = 0; c < columns; c++) weight[c] = (double)to->weight[c];
    for (int i = 0; i < count; i++) {
        int64_t *out = to->out + (size_t)reads[i].sample * (size_t)to->out_stride;
        WEFT_VECTORISE for (int c = 0; c < columns; c++) out[c] +=
            rounded_result(ideal_code((double)sums[i * COLUMNS + c] * f.scale, &f, true), weight[c], ratio);
    }
}
WEFT_INLINE void add_ideal_body(const adder *to, const int32_t *sums, const weft_read *reads, int count,
                                const converter *f, int width, bool single) {
    if (to->ratio > 0 && to->columns == COLUMNS)
        add_result_loop(to, sums, reads, count, f, COLUMNS);
    else if (to->ratio > 0 && to->columns == NARROW)
        add_result_loop(to, sums, reads, count, f, NARROW);
    else if (to->ratio > 0)
        add_result_loop(to, sums, reads, count, f, to->columns);
    else if (single && to->columns == COLUMNS)
        add_single_loop(to, sums, reads, count, f, COLUMNS);
    else if (single && to->columns == NARROW)
        add_single_loop(to, sums, reads, count, f, NARROW);
    else if (width == NARROW && f->clamps)
        add_ideal_loop(to, sums, reads, count, f, NARROW, true);
    else if (width == NARROW)
        add_ideal_loop(to, sums, reads, count, f, NARROW, false);
    else if (f->clamps)
        add_ideal_loop(to, sums, reads, count, f, COLUMNS, true);
    else
        add_ideal_loop(to, sums, reads, count, f, COLUMNS, false);
}
static void add_ideal(const adder *to, const int32_t *sums, const weft_read *reads, int count, const converter *f,
                      int width, bool single);
WEFT_VARIANTS(add_ideal,
              (const adder *to, const int32_t *sums, const weft_read *reads, int count, const converter *f, int width,
               bool single),
              (to, sums, reads, count, f, width, single))

/* ---- codes ---- */

WEFT_INLINE void ideal_codes_body(int32_t *codes, const double *x, int count, const converter *given) {
    const converter f = *given;
    for (int i = 0; i < count * COLUMNS; i++) codes[i] = ideal_code(x[i], &f, true);
}
static void ideal_codes(int32_t *codes, const double *x, int count, const converter *given);
WEFT_VARIANTS(ideal_codes, (int32_t * codes, const double *x, int count, const converter *given),
              (codes, x, count, given))

static converter converter_of(const weft_adc *adc) {
    const double high = (double)adc->max_code;
    return (converter){.scale = 1,
                       .codes_per_sum = adc->codes_per_sum,
                       .half = adc->half,
                       .low = adc->is_signed ? -high : 0,
                       .high = high,
                       .clamps = true};
}

static void make_codes(const strip *s, const double *x, int32_t *codes) {
    const weft_adc *adc = &s->plane->adc;
    if (!adc->gain) {
        const converter f = converter_of(adc);
        ideal_codes(codes, x, s->block->count, &f);
        return;
    }
    memset(codes, 0, sizeof *codes * (size_t)s->block->count * COLUMNS); /* columns that are not there */
    for (int c = 0; c < s->columns; c++) {
        const int a = weft_adc_converter(adc, s->call->array->chip, s->first + c, s->index);
        for (int i = 0; i < s->block->count; i++)
            codes[i * COLUMNS + c] = (int32_t)weft_adc_code(adc, a, x[i * COLUMNS + c]);
    }
}

/* ---- the whole ---- */

/* Levels x digits of one unit of the integer sums: unit x factor. */
static double sum_unit(const strip *s) {
    const int bits = s->call->array->drive.bits;
    return bits ? ldexp(s->plane->cell_unit, -bits) : s->plane->cell_unit;
}
static double sum_factor(const strip *s) { return s->call->bits ? 1 : s->plane->cells.factor; }

/* Bound of the magnitude of what the converters see, in codes. */
static double largest_code(const strip *s, double scale) {
    return (double)s->plane->cells.max_column_sum * s->call->digit_max * scale * s->plane->adc.codes_per_sum;
}

/* Sums that need no more than a scale and an ideal converter. One product of the scale, where a factor is 1, rounds
 * like two. */
static bool convert_whole(const strip *s, const weft_read_sums *sums) {
    const weft_read_call *call = s->call;
    const weft_adc *adc = &s->plane->adc;
    const double unit = sum_unit(s), factor = sum_factor(s);
    if (!sums->fits || call->probes || call->noise || adc->gain || !weft_read_codes_fit(call, adc)) return false;
    if (unit != 1 && factor != 1) return false;
    adder to;
    prepare(&to, s);
    const weft_read *reads = s->block->reads;
    if (call->bits && adc->fast_sum > 0 && call->array->rows <= call->array->chip->array.rows) {
        const int32_t high = (int32_t)adc->max_code;
        const fast_converter f = {.factor = adc->fast_factor,
                                  .half = adc->fast_half,
                                  .shift = adc->fast_shift,
                                  .lowest = adc->is_signed ? -adc->fast_top : 0,
                                  .top = adc->fast_top,
                                  .low = adc->is_signed ? -high : 0,
                                  .high = high};
        add_fast(&to, sums->sum.narrow, reads, s->block->count, &f, s->width);
        return true;
    }
    converter f = converter_of(adc);
    f.scale = unit * factor;
    f.clamps = !adc->is_signed || call->bits || largest_code(s, f.scale) >= f.high;
    add_ideal(&to, sums->sum.narrow, reads, s->block->count, &f, s->width, call->pulse_count == 1);
    return true;
}

static void make_sums(const strip *s, const weft_read_sums *sums, double *x) {
    const weft_scale scale = {sum_factor(s), sum_unit(s)};
    memset(x, 0, sizeof *x * (size_t)s->block->count * COLUMNS);
    if (sums->fits)
        weft_scale_narrow(x, sums->sum.narrow, s->block->count, &scale, s->columns);
    else
        weft_scale_wide(x, sums->sum.wide, s->block->count, &scale, s->columns);
}

void weft_read_sums_convert(const weft_read_sums *sums, const weft_read_call *call, const weft_read_block *block,
                            int plane, int index) {
    const weft_array *array = call->array;
    const int left = array->columns - index * COLUMNS;
    const strip s = {.call = call,
                     .block = block,
                     .plane = &array->planes[plane],
                     .index = plane,
                     .first = index * COLUMNS,
                     .columns = left < COLUMNS ? left : COLUMNS,
                     .width = left > NARROW ? COLUMNS : NARROW};
    if (convert_whole(&s, sums)) return;
    double x[SUMS];
    int32_t codes[SUMS];
    adder to;
    prepare(&to, &s);
    make_sums(&s, sums, x);
    if (call->noise) weft_read_noise_add(sums, call, block, plane, s.first, s.columns, x);
    make_codes(&s, x, codes);
    if (call->probes) weft_read_probe(call, block, plane, s.first, s.columns, x, codes);
    add_codes(&to, codes, block->reads, block->count, weft_read_codes_fit(call, &s.plane->adc));
}
