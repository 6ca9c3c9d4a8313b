/* Converters and the other loops from numbers to numbers: ADC codes, quantisation, dequantisation. Private to
 * sim/model. */
#ifndef WEFT_SIM_MODEL_ADC_H
#define WEFT_SIM_MODEL_ADC_H

#include "core/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a column sum (an integer: cell levels x pulse levels) becomes a code.
 * unit: code = sum, clamped to the largest code.
 * full_scale: code = sum * largest code / full sum, rounded half away from zero; full sum = array.rows x largest cell x
 * largest pulse. Largest code: 2^bits - 1 for columns whose sums are never negative, 2^(bits-1) - 1 for signed ones
 * (differential cells). */
typedef struct weft_adc {
    bool full_scale, is_signed;
    int64_t max_code, full_sum;
    double codes_per_sum; /* max_code / full_sum */
    /* 0.5 and a little more, less than the distance of any sum from a tie, so that ties go away from zero exactly
     * (where max_code * full_sum is below 2^49; beyond, a tie goes where double arithmetic puts it). */
    double half;
    /* A tile's result is code_unit x (shifted codes) + digital_unit x (sums known digitally: offset, flipped columns),
     * in units of result_scale products q * W. Both units are integers, so results stay exact: 1, 1, 1.0 in unit range.
     */
    int64_t code_unit, digital_unit;
    double result_scale;
} weft_adc;

/* Largest magnitude a pulse applies to a row, and a cell holds. */
int weft_chip_pulse_max(const weft_chip *chip);
int weft_chip_cell_max(const weft_chip *chip);
/* Column sums can be negative: differential cells. */
bool weft_chip_columns_signed(const weft_chip *chip);
weft_adc weft_adc_resolve(const weft_chip *chip);
/* sums[count] to codes, in place. */
void weft_adc_convert(const weft_adc *adc, int64_t *sums, size_t count);

/* q = x / scale rounded half away from zero, clamped to +-max. A NaN becomes -max. */
void weft_quantise_i32(const float *x, size_t count, float scale, int max, int32_t *q);
void weft_quantise_i16(const float *x, size_t count, float scale, int max, int16_t *q);
/* values = (float)(sums * scale), in double until the end. */
void weft_dequantise(const int64_t *sums, size_t count, double scale, float *values);

#ifdef __cplusplus
}
#endif
#endif
