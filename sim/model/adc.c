#include "sim/model/adc.h"

#include "sim/model/number.h"
#include "sim/model/simd.h"

int weft_chip_pulse_max(const weft_chip *chip) {
    const int bits = (int)chip->input.bits, group = (int)chip->input.bits_per_pulse;
    if (chip->input.encoding == WEFT_INPUT_PULSE_WIDTH || group >= bits) return chip->input_max;
    const int top_bits = (bits - 1) % group + 1, low = (1 << group) - 1, top = 1 << (top_bits - 1);
    return low > top ? low : top;
}

int weft_chip_cell_max(const weft_chip *chip) {
    return chip->array.cell_bits ? (1 << chip->array.cell_bits) - 1 : chip->weight_max;
}

bool weft_chip_columns_signed(const weft_chip *chip) { return chip->weight.encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL; }

/* Sums known digitally only mix with codes where there are any: offset cells or flipped columns. */
static bool has_digital_sums(const weft_chip *chip) {
    return chip->weight.encoding == WEFT_WEIGHT_OFFSET || (chip->adc.flip_columns && !weft_chip_columns_signed(chip));
}

weft_adc weft_adc_resolve(const weft_chip *chip) {
    weft_adc adc = {.full_scale = chip->adc.range == WEFT_ADC_FULL_SCALE, .is_signed = weft_chip_columns_signed(chip)};
    adc.max_code = ((int64_t)1 << (chip->adc.bits - (adc.is_signed ? 1 : 0))) - 1;
    adc.full_sum = chip->array.rows * weft_chip_cell_max(chip) * (int64_t)weft_chip_pulse_max(chip);
    adc.codes_per_sum = (double)adc.max_code / (double)adc.full_sum;
    adc.half = 0.5 + 0.25 / (double)adc.full_sum;
    adc.code_unit = adc.digital_unit = 1;
    adc.result_scale = 1;
    if (!adc.full_scale) return adc;
    adc.result_scale = (double)adc.full_sum / (double)adc.max_code;
    if (has_digital_sums(chip)) {
        const int64_t common = weft_gcd(adc.full_sum, adc.max_code);
        adc.code_unit = adc.full_sum / common;
        adc.digital_unit = adc.max_code / common;
        adc.result_scale = 1.0 / (double)adc.digital_unit;
    }
    return adc;
}

WEFT_INLINE void clamp_body(int64_t *sums, size_t count, int64_t low, int64_t high) {
    for (size_t i = 0; i < count; i++) {
        const int64_t above = sums[i] < low ? low : sums[i];
        sums[i] = above > high ? high : above;
    }
}
static void clamp(int64_t *sums, size_t count, int64_t low, int64_t high);
WEFT_VARIANTS(clamp, (int64_t * sums, size_t count, int64_t low, int64_t high), (sums, count, low, high))

WEFT_INLINE void scale_codes_body(int64_t *sums, size_t count, double codes_per_sum, double half) {
    for (size_t i = 0; i < count; i++) {
        const double code = (double)sums[i] * codes_per_sum;
        sums[i] = (int64_t)(code + (code < 0 ? -half : half));
    }
}
static void scale_codes(int64_t *sums, size_t count, double codes_per_sum, double half);
WEFT_VARIANTS(scale_codes, (int64_t * sums, size_t count, double codes_per_sum, double half),
              (sums, count, codes_per_sum, half))

void weft_adc_convert(const weft_adc *adc, int64_t *sums, size_t count) {
    if (adc->full_scale) scale_codes(sums, count, adc->codes_per_sum, adc->half);
    clamp(sums, count, adc->is_signed ? -adc->max_code : 0, adc->max_code);
}

/* The quotient of two floats, in double, is never so near a tie that adding 0.5 would round up to it. */
WEFT_INLINE int32_t quantise_one(float x, double scale, double max) {
    const double ratio = (double)x / scale, rounded = ratio + (ratio < 0 ? -0.5 : 0.5);
    const double above = rounded > -max ? rounded : -max;
    return (int32_t)(above < max ? above : max);
}
WEFT_INLINE void weft_quantise_i32_body(const float *x, size_t count, float scale, int max, int32_t *q) {
    for (size_t i = 0; i < count; i++) q[i] = quantise_one(x[i], scale, max);
}
WEFT_VARIANTS(weft_quantise_i32, (const float *x, size_t count, float scale, int max, int32_t *q),
              (x, count, scale, max, q))
WEFT_INLINE void weft_quantise_i16_body(const float *x, size_t count, float scale, int max, int16_t *q) {
    for (size_t i = 0; i < count; i++) q[i] = (int16_t)quantise_one(x[i], scale, max);
}
WEFT_VARIANTS(weft_quantise_i16, (const float *x, size_t count, float scale, int max, int16_t *q),
              (x, count, scale, max, q))

WEFT_INLINE void weft_dequantise_body(const int64_t *sums, size_t count, double scale, float *values) {
    for (size_t i = 0; i < count; i++) values[i] = (float)((double)sums[i] * scale);
}
WEFT_VARIANTS(weft_dequantise, (const int64_t *sums, size_t count, double scale, float *values),
              (sums, count, scale, values))
