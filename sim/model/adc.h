/* Converters and the other loops from numbers to numbers: ADC codes, quantisation, dequantisation. Private to
 * sim/model. */
#ifndef WEFT_SIM_MODEL_ADC_H
#define WEFT_SIM_MODEL_ADC_H

#include "core/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the column sums of a plane (levels x digits, an exact number for ideal cells) become codes.
 * unit: step 1. full_scale: the largest code is array.rows x (largest level + base) x largest digit; calibrated: the
 * largest code is `range`. code = sum / step, rounded half away from zero, clamped to 0 .. max_code for sums that are
 * never negative (max_code 2^bits - 1), to +-max_code for signed ones (2^(bits-1) - 1).
 * accumulate_analog: sum is over all pulses, each weighed by its power of two.
 *
 * Mismatch. Converter a = physical column % per_array has a gain, an offset and elements of its own, drawn once a
 * trial; n are its normals, y = gain x sum / step + offset, in codes. Elements are scaled so that their sum is as
 * designed: mismatch bends the transfer curve and leaves its ends (adc.gain_sigma and offset_lsb move those). None is
 * below 0, and the curve is monotone. sar: bits 2^b (1 + mismatch n / sqrt(2^b)), tried from the highest one, kept
 * where y >= those kept and it - 1/2; signed sums are searched as y + 2^(bits-1), 0 .. 2^bits - 1. ramp: unit steps 1 +
 * mismatch n; code k above the lowest is reached from the sum of the first k steps - 1/2 on. */
typedef struct weft_adc {
    int kind; /* weft_adc_kind */
    int bits;
    bool is_signed;
    int64_t max_code;
    double step; /* levels x digits of a code */
    /* Ideal converters over ideal cells in unit or full_scale range work on integers: code = sum * max_code / full_sum.
     */
    bool rational;
    int64_t full_sum;     /* rational full_scale; else 1 */
    double codes_per_sum; /* 1 / step */
    double half; /* rounding: 0.5; rational: a little more, less than the distance of any sum from a tie, so that ties
                    go away from zero exactly (where max_code * full_sum is below 2^49) */
    /* The same in 32-bit integers: code = (sum x fast_factor + fast_half) >> fast_shift, sum clamped to +-fast_top,
     * code to +-max_code where fast_clamps, for whole sums up to +-fast_sum, where all of these were found to give the
     * same code; fast_sum 0: they do not, or the converter is not ideal. */
    int32_t fast_sum, fast_top, fast_factor, fast_half, fast_shift;
    bool fast_clamps;
    /* Of converter a; NULL where ideal. */
    int converters;
    double *gain, *offset; /* [converters]: both, or none */
    double *weight;        /* sar with mismatch: [converters, bits], low bits first */
    float *threshold;      /* ramp with mismatch: [converters, codes], from which y on code lowest + k is reached */
} weft_adc;

/* Largest magnitude a pulse applies to a row (accumulate_analog: a whole input), and a cell of any slice holds. */
int weft_chip_pulse_max(const weft_chip *chip);
int weft_chip_cell_max(const weft_chip *chip);
/* Column sums can be negative: differential cells, or inputs of either voltage. */
bool weft_chip_columns_signed(const weft_chip *chip);

/* range: of calibrated converters, levels x digits; 0: that of full_scale; ignored by the others. seed, trial, stage,
 * first: which draws the mismatch has (purpose CONVERTER); `first` numbers the array, below 2^32. Planes of one array
 * share its converters: the same `first`. MEMORY. */
weft_status weft_adc_create(weft_adc *adc, const weft_chip *chip, double range, uint64_t seed, uint64_t trial,
                            int stage, uint64_t first, weft_error *err);
void weft_adc_destroy(weft_adc *adc); /* safe on a zeroed one */
/* The code of one sum by converter a; what every other path must equal. */
int64_t weft_adc_code(const weft_adc *adc, int converter, double sum);
/* The sum in codes as the converter sees it: gain and offset applied, not rounded or clamped. */
double weft_adc_input(const weft_adc *adc, int converter, double sum);
/* Converter of a logical column in a plane of chip->columns_per_weight. */
int weft_adc_converter(const weft_adc *adc, const weft_chip *chip, int column, int plane);

/* q = x / scale rounded half away from zero, clamped to +-max. A NaN becomes -max. */
void weft_quantise_i32(const float *x, size_t count, float scale, int max, int32_t *q);
void weft_quantise_i16(const float *x, size_t count, float scale, int max, int16_t *q);
/* values = (float)(sums * scale), in double until the end. */
void weft_dequantise(const int64_t *sums, size_t count, double scale, float *values);

#ifdef __cplusplus
}
#endif
#endif
