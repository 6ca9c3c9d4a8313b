/* Converters and the other loops from numbers to numbers: ADC codes, quantisation, dequantisation. Private to
 * sim/model. */
#ifndef WEFT_SIM_MODEL_ADC_H
#define WEFT_SIM_MODEL_ADC_H

#include "core/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the column sums of a plane (levels x digits, an exact number for ideal cells) become codes.
 * unit: step 1. full_scale: the largest code is full_sum = array.rows x (largest level + base) x largest digit;
 * calibrated: the largest code is `range`. code = sum / step, rounded half away from zero, clamped to 0 .. max_code for
 * sums that are never negative (max_code 2^bits - 1), to +-max_code for signed ones (2^(bits-1) - 1).
 * Mismatch: converter a = physical column % per_array has a gain, an offset and elements of its own, drawn once a trial.
 * accumulate_analog: sum is over all pulses, each weighed by its power of two. */
typedef struct weft_adc {
    int kind; /* weft_adc_kind */
    bool is_signed;
    int64_t max_code;
    double step; /* levels x digits of a code */
    /* Ideal converters over ideal cells in unit or full_scale range work on integers: code = sum * max_code / full_sum.
     */
    bool rational;
    int64_t full_sum;
    double codes_per_sum; /* 1 / step */
    double half; /* rounding: 0.5; rational: a little more, less than the distance of any sum from a tie, so that ties go
                    away from zero exactly (where max_code * full_sum is below 2^49) */
    /* Of converter a, NULL where ideal: code = threshold search of gain[a] * sum / step + offset[a]. */
    int converters;
    double *gain, *offset;  /* [converters] */
    double *threshold;      /* [converters, max_code + 1 (signed: 2 max_code + 1)]: code k + lowest is reached from here
                               on, rising; NULL without mismatch */
} weft_adc;

/* Largest magnitude a pulse applies to a row (accumulate_analog: a whole input), and a cell of any slice holds. */
int weft_chip_pulse_max(const weft_chip *chip);
int weft_chip_cell_max(const weft_chip *chip);
/* Column sums can be negative: differential cells, or inputs of either voltage. */
bool weft_chip_columns_signed(const weft_chip *chip);

/* range: of calibrated converters, levels x digits; ignored by the others. seed, trial, stage, first: which draws the
 * mismatch has; `first` numbers the array. MEMORY. */
weft_status weft_adc_create(weft_adc *adc, const weft_chip *chip, double range, uint64_t seed, uint64_t trial, int stage,
                            uint64_t first, weft_error *err);
void weft_adc_destroy(weft_adc *adc); /* safe on a zeroed one */
/* The code of one sum by converter a; what every other path must equal. */
int64_t weft_adc_code(const weft_adc *adc, int converter, double sum);

/* q = x / scale rounded half away from zero, clamped to +-max. A NaN becomes -max. */
void weft_quantise_i32(const float *x, size_t count, float scale, int max, int32_t *q);
void weft_quantise_i16(const float *x, size_t count, float scale, int max, int16_t *q);
/* values = (float)(sums * scale), in double until the end. */
void weft_dequantise(const int64_t *sums, size_t count, double scale, float *values);

#ifdef __cplusplus
}
#endif
#endif
