#include <assert.h>
#include <string.h>

#include "sim/model/array.h"
#include "sim/model/simd.h"

/* One read of the array: which digit of q goes to the rows, and what a code of it weighs. */
typedef struct pulse {
    int shift;    /* digit = q >> shift, ... */
    int mask;     /* ... & mask; all ones keeps the sign: the top digit of two's complement, or the whole magnitude */
    int polarity; /* 0: signed digits as they are; +1 or -1: rows with digits of that sign, as magnitudes */
} pulse;

typedef struct batch {
    const int16_t *q;
    int stride, count;
    int64_t *out;
    int out_stride;
    const weft_array_scratch *scratch;
} batch;

WEFT_INLINE int64_t digits_row_body(int16_t *to, const int16_t *q, int count, int shift, int mask, int polarity) {
    int64_t sum = 0;
    for (int r = 0; r < count; r++) {
        int digit = (q[r] >> shift) & mask;
        if (polarity) digit = digit * polarity > 0 ? digit * polarity : 0;
        to[r] = (int16_t)digit;
        sum += digit;
    }
    if (count % 2) to[count] = 0;
    return sum;
}
WEFT_INLINE void extract_body(int16_t *to, int to_stride, int64_t *sums, const batch *in, int rows, const pulse *p) {
    for (int i = 0; i < in->count; i++)
        sums[i] = digits_row_body(to + (size_t)i * (size_t)to_stride, in->q + (size_t)i * (size_t)in->stride, rows,
                                  p->shift, p->mask, p->polarity);
}
static void extract(int16_t *to, int to_stride, int64_t *sums, const batch *in, int rows, const pulse *p);
WEFT_VARIANTS(extract, (int16_t * to, int to_stride, int64_t *sums, const batch *in, int rows, const pulse *p),
              (to, to_stride, sums, in, rows, p))

WEFT_INLINE void add_codes_body(int64_t *out, const int64_t *codes, const weft_plane *plane, int columns,
                                int64_t weight, int64_t known) {
    for (int c = 0; c < columns; c++) out[c] += codes[c] * (plane->code_sign[c] * weight) + plane->flip_max[c] * known;
}
static void add_codes(int64_t *out, const int64_t *codes, const weft_plane *plane, int columns, int64_t weight,
                      int64_t known);
WEFT_VARIANTS(add_codes,
              (int64_t * out, const int64_t *codes, const weft_plane *plane, int columns, int64_t weight,
               int64_t known),
              (out, codes, plane, columns, weight, known))

WEFT_INLINE void add_plain_body(int64_t *out, const int64_t *codes, int columns, int64_t weight) {
    for (int c = 0; c < columns; c++) out[c] += codes[c] * weight;
}
static void add_plain(int64_t *out, const int64_t *codes, int columns, int64_t weight);
WEFT_VARIANTS(add_plain, (int64_t * out, const int64_t *codes, int columns, int64_t weight),
              (out, codes, columns, weight))

/* Converts one plane's column sums and shifts and adds them. Flipped columns hold what is known of their digits beside
 * the code. */
static void read_plane(const weft_array *array, const weft_plane *plane, const batch *in, const int16_t *digits,
                       int stride, int shift, int sign) {
    int64_t *codes = in->scratch->codes;
    const size_t columns = (size_t)array->columns;
    const int64_t weight = ((int64_t)1 << (shift + plane->shift)) * sign * plane->sign;
    memset(codes, 0, sizeof *codes * columns * (size_t)in->count);
    weft_panel_multiply(&plane->cells, digits, stride, in->count, weft_chip_pulse_max(array->chip), codes,
                        array->columns, in->scratch->split);
    weft_adc_convert(&array->adc, codes, columns * (size_t)in->count);
    for (int i = 0; i < in->count; i++) {
        int64_t *out = in->out + (size_t)i * (size_t)in->out_stride;
        if (array->has_flips)
            add_codes(out, codes + columns * (size_t)i, plane, array->columns, weight * array->adc.code_unit,
                      weight * array->adc.digital_unit * in->scratch->digit_sum[i]);
        else
            add_plain(out, codes + columns * (size_t)i, array->columns, weight * array->adc.code_unit);
    }
}

/* One read of signed columns with whole inputs: no digits to take apart, and nothing flipped. */
static void read_whole(const weft_array *array, const batch *in) {
    for (int k = 0; k < array->plane_count; k++) read_plane(array, &array->planes[k], in, in->q, in->stride, 0, 1);
}

static void read_pulse(const weft_array *array, const batch *in, const pulse *p) {
    const int stride = (array->rows + 1) / 2 * 2, sign = p->polarity < 0 ? -1 : 1;
    extract(in->scratch->digits, stride, in->scratch->digit_sum, in, array->rows, p);
    for (int k = 0; k < array->plane_count; k++)
        read_plane(array, &array->planes[k], in, in->scratch->digits, stride, p->shift, sign);
}

/* A pulse whose digits have both signs. */
static void read_signed(const weft_array *array, const batch *in, int shift, bool negative_only) {
    if (array->adc.is_signed && shift == 0) {
        read_whole(array, in);
        return;
    }
    if (array->adc.is_signed) {
        read_pulse(array, in, &(pulse){.shift = shift, .mask = -1});
        return;
    }
    if (!negative_only) read_pulse(array, in, &(pulse){.shift = shift, .mask = -1, .polarity = 1});
    read_pulse(array, in, &(pulse){.shift = shift, .mask = -1, .polarity = -1});
}

/* Takes off the offset of the stored weights: (weight_max + 1) x sum of the inputs. */
static void subtract_offset(const weft_array *array, const batch *in) {
    const int64_t unit = (array->chip->weight_max + 1) * array->adc.digital_unit;
    for (int i = 0; i < in->count; i++) {
        int64_t sum = 0;
        for (int r = 0; r < array->rows; r++) sum += in->q[(size_t)i * (size_t)in->stride + (size_t)r];
        for (int c = 0; c < array->columns; c++) in->out[(size_t)i * (size_t)in->out_stride + (size_t)c] -= unit * sum;
    }
}

void weft_array_read(const weft_array *array, const int16_t *q, int q_stride, int count, int64_t *out, int out_stride,
                     const weft_array_scratch *scratch) {
    const weft_chip *chip = array->chip;
    const batch in = {
        .q = q, .stride = q_stride, .count = count, .out = out, .out_stride = out_stride, .scratch = scratch};
    assert(array->planes && array->planes[0].cells.data);
    if (chip->input.encoding == WEFT_INPUT_PULSE_WIDTH) {
        read_signed(array, &in, 0, false);
    } else {
        const int bits = (int)chip->input.bits, group = (int)chip->input.bits_per_pulse;
        int shift = 0;
        for (; shift + group < bits; shift += group)
            read_pulse(array, &in, &(pulse){.shift = shift, .mask = (1 << group) - 1});
        read_signed(array, &in, shift, shift == bits - 1);
    }
    if (chip->weight.encoding == WEFT_WEIGHT_OFFSET) subtract_offset(array, &in);
}

void weft_array_multiply(const weft_array *array, const int16_t *q, int q_stride, int count, int64_t *out,
                         int out_stride, const weft_array_scratch *scratch) {
    if (array->exact)
        weft_panel_multiply(&array->product, q, q_stride, count, array->chip->input_max, out, out_stride,
                            scratch->split);
    else
        weft_array_read(array, q, q_stride, count, out, out_stride, scratch);
}
