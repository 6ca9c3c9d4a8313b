#include "sim/model/adc.h"

#include <math.h>

#include "core/arena.h"
#include "core/rng.h"
#include "sim/model/cells.h"
#include "sim/model/simd.h"

enum { FAST_SUM_MAX = 8192, FAST_SHIFT_MAX = 26 }; /* sums that are tried one by one */

static int lower(int a, int b) { return a < b ? a : b; }

int weft_chip_pulse_max(const weft_chip *chip) {
    const int bits = (int)chip->input.bits, group = (int)chip->input.bits_per_pulse, low = (1 << group) - 1;
    const bool whole = chip->adc.accumulate_analog || group >= bits;
    if (chip->input.encoding == WEFT_INPUT_PULSE_WIDTH || whole) return chip->input_max;
    if (chip->input.encoding == WEFT_INPUT_SIGN_MAGNITUDE) return lower(low, chip->input_max);
    const int top_bits = (bits - 1) % group + 1, top = 1 << (top_bits - 1);
    return low > top ? low : top;
}

int weft_chip_cell_max(const weft_chip *chip) {
    int bits = 0;
    for (int s = 0; s < chip->slices; s++) bits = chip->slice_bits[s] > bits ? chip->slice_bits[s] : bits;
    return (1 << bits) - 1;
}

bool weft_chip_columns_signed(const weft_chip *chip) {
    return chip->weight.encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL || chip->input.encoding == WEFT_INPUT_SIGN_MAGNITUDE;
}

/* ---- ideal converters ---- */

static double full_sum(const weft_chip *chip) {
    const int cell_max = weft_chip_cell_max(chip);
    return (double)chip->array.rows * (cell_max + weft_cells_base(chip, cell_max)) * weft_chip_pulse_max(chip);
}

static void set_range(weft_adc *adc, const weft_chip *chip, double range) {
    const bool calibrated = chip->adc.range == WEFT_ADC_CALIBRATED;
    const double top = calibrated && range > 0 ? range : full_sum(chip);
    adc->rational = chip->ideal_cells && !calibrated && !adc->gain && !adc->weight && !adc->threshold;
    adc->full_sum = 1;
    adc->step = adc->codes_per_sum = 1;
    adc->half = 0.5;
    if (chip->adc.range == WEFT_ADC_UNIT) return;
    adc->step = top / (double)adc->max_code;
    adc->codes_per_sum = (double)adc->max_code / top;
    if (!adc->rational) return;
    adc->full_sum = (int64_t)top;
    adc->half = 0.5 + 0.25 / top;
}

static int64_t ideal_code(const weft_adc *adc, double y) {
    const double rounded = y + (y < 0 ? -adc->half : adc->half), high = (double)adc->max_code,
                 low = adc->is_signed ? -high : 0;
    if (!(rounded > low)) return (int64_t)low;
    return (int64_t)(rounded < high ? rounded : high);
}

/* The lowest sum with the highest code of all up to `most`. */
static int32_t top_sum(const weft_adc *adc, int32_t most) {
    const int64_t high = ideal_code(adc, most * adc->codes_per_sum);
    int32_t low = 0;
    while (most - low > 1) {
        const int32_t middle = (low + most) / 2;
        if (ideal_code(adc, middle * adc->codes_per_sum) == high)
            most = middle;
        else
            low = middle;
    }
    return most;
}

/* What has to be added ahead of the shift lies between two bounds for every sum. The last code may be surpassed. */
static bool find_half(weft_adc *adc) {
    const int64_t one = (int64_t)1 << adc->fast_shift, high = adc->max_code;
    int64_t least = INT32_MIN, most = INT32_MAX;
    for (int32_t sum = adc->is_signed ? -adc->fast_top : 0; sum <= adc->fast_top; sum++) {
        const int64_t code = ideal_code(adc, sum * adc->codes_per_sum), product = (int64_t)sum * adc->fast_factor;
        if (code > -high && code * one - product > least) least = code * one - product;
        if (code < high && (code + 1) * one - 1 - product < most) most = (code + 1) * one - 1 - product;
    }
    adc->fast_half = (int32_t)(one / 2 < least ? least : one / 2 > most ? most : one / 2);
    adc->fast_clamps = ((int64_t)adc->fast_top * adc->fast_factor + adc->fast_half) >> adc->fast_shift > high ||
                       (-(int64_t)adc->fast_top * adc->fast_factor + adc->fast_half) >> adc->fast_shift < -high;
    return least <= most;
}

/* A factor a little above the exact one sends ties of either sign away from zero, as the converter does. */
static void set_fast(weft_adc *adc, const weft_chip *chip) {
    const double most = full_sum(chip);
    adc->fast_sum = 0;
    adc->fast_clamps = false;
    if (!chip->ideal_cells || adc->gain || most > FAST_SUM_MAX) return;
    adc->fast_top = top_sum(adc, (int32_t)most);
    const double largest = fmax(adc->fast_top * adc->codes_per_sum, (double)adc->max_code) + 2;
    adc->fast_shift = FAST_SHIFT_MAX;
    while (adc->fast_shift > 1 && ldexp(largest, adc->fast_shift) > INT32_MAX) adc->fast_shift--;
    if (ldexp(largest, adc->fast_shift) > INT32_MAX) return;
    for (int above = 1; above >= 0 && !adc->fast_sum; above--) {
        adc->fast_factor = (int32_t)ldexp(adc->codes_per_sum, adc->fast_shift) + above;
        if (find_half(adc)) adc->fast_sum = (int32_t)most;
    }
}

/* ---- mismatch ---- */

/* What is drawn for a converter: sub-streams of the purpose. */
enum { DRAW_GAIN, DRAW_OFFSET, DRAW_ELEMENTS, ELEMENTS_MAX = 4096 };

static weft_rng stream(const weft_rng *base, int what) {
    weft_rng rng = *base;
    rng.purpose = (uint16_t)(rng.purpose | what << 8);
    return rng;
}

static void set_weights(const weft_adc *adc, double mismatch, const float *normals, double *weight) {
    double total = 0;
    for (int b = 0; b < adc->bits; b++) {
        const double share = 1 + mismatch * (double)normals[b] / sqrt(ldexp(1, b));
        weight[b] = share > 0 ? ldexp(share, b) : 0;
        total += weight[b];
    }
    for (int b = 0; b < adc->bits; b++)
        weight[b] = total > 0 ? weight[b] * ((ldexp(1, adc->bits) - 1) / total) : ldexp(1, b);
}

static int code_count(const weft_adc *adc) { return (int)(adc->is_signed ? 2 * adc->max_code : adc->max_code) + 1; }

static void set_steps(const weft_adc *adc, double mismatch, const float *normals, float *threshold) {
    const int steps = code_count(adc) - 1;
    const double lowest = adc->is_signed ? -(double)adc->max_code : 0;
    double total = 0, sum = 0;
    for (int k = 0; k < steps; k++) total += fmax(1 + mismatch * (double)normals[k], 0);
    threshold[0] = -INFINITY;
    for (int k = 0; k < steps; k++) {
        sum += fmax(1 + mismatch * (double)normals[k], 0);
        threshold[k + 1] = (float)(lowest + (total > 0 ? sum * (steps / total) : k + 1) - 0.5);
    }
}

/* Elements of all converters; nothing without mismatch. */
static void draw_elements(const weft_adc *adc, double mismatch, const weft_rng *base) {
    const weft_rng rng = stream(base, DRAW_ELEMENTS);
    const size_t count = (size_t)(adc->weight ? adc->bits : code_count(adc));
    float normals[ELEMENTS_MAX];
    for (int a = 0; (adc->weight || adc->threshold) && a < adc->converters; a++) {
        weft_rng_fill_normal(&rng, (uint64_t)a * ELEMENTS_MAX, count, normals);
        if (adc->weight) set_weights(adc, mismatch, normals, adc->weight + (size_t)a * count);
        if (adc->threshold) set_steps(adc, mismatch, normals, adc->threshold + (size_t)a * count);
    }
}

static weft_status draw_converters(weft_adc *adc, const weft_chip *chip, const weft_rng *rng, weft_error *err) {
    const size_t count = (size_t)adc->converters;
    const bool elements = chip->adc.mismatch > 0, sar = chip->adc.kind == WEFT_ADC_SAR;
    adc->gain = weft_aligned_alloc(count, sizeof *adc->gain);
    adc->offset = weft_aligned_alloc(count, sizeof *adc->offset);
    if (elements && sar) adc->weight = weft_aligned_alloc(count * (size_t)adc->bits, sizeof *adc->weight);
    if (elements && !sar) adc->threshold = weft_aligned_alloc(count * (size_t)code_count(adc), sizeof *adc->threshold);
    if (!adc->gain || !adc->offset || (elements && !adc->weight && !adc->threshold))
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu converters", count);
    const weft_rng gain = stream(rng, DRAW_GAIN), offset = stream(rng, DRAW_OFFSET);
    for (int a = 0; a < adc->converters; a++) {
        adc->gain[a] = 1 + chip->adc.gain_sigma * (double)weft_rng_normal(&gain, (uint64_t)a);
        adc->offset[a] = chip->adc.offset_lsb * (double)weft_rng_normal(&offset, (uint64_t)a);
    }
    draw_elements(adc, chip->adc.mismatch, rng);
    return WEFT_OK;
}

weft_status weft_adc_create(weft_adc *adc, const weft_chip *chip, double range, uint64_t seed, uint64_t trial,
                            int stage, uint64_t first, weft_error *err) {
    const weft_rng rng = {
        .seed = seed, .step = trial | first << 16, .layer = (uint16_t)stage, .purpose = WEFT_PURPOSE_CONVERTER};
    weft_status status = WEFT_OK;
    *adc = (weft_adc){.kind = chip->adc.kind, .bits = (int)chip->adc.bits, .is_signed = weft_chip_columns_signed(chip)};
    adc->max_code = ((int64_t)1 << (chip->adc.bits - (adc->is_signed ? 1 : 0))) - 1;
    adc->converters = chip->adc.per_array > 0 ? (int)chip->adc.per_array : 1;
    if (chip->adc.gain_sigma > 0 || chip->adc.offset_lsb > 0 || chip->adc.mismatch > 0)
        status = draw_converters(adc, chip, &rng, err);
    set_range(adc, chip, range);
    set_fast(adc, chip);
    if (status != WEFT_OK) weft_adc_destroy(adc);
    return status;
}

void weft_adc_destroy(weft_adc *adc) {
    weft_aligned_free(adc->gain);
    weft_aligned_free(adc->offset);
    weft_aligned_free(adc->weight);
    weft_aligned_free(adc->threshold);
    *adc = (weft_adc){0};
}

/* ---- codes ---- */

static int64_t search_bits(const weft_adc *adc, const double *weight, double y) {
    const int64_t middle = adc->is_signed ? (int64_t)1 << (adc->bits - 1) : 0;
    int64_t code = 0;
    double kept = -0.5 - (double)middle;
    for (int b = adc->bits - 1; b >= 0; b--) {
        if (!(y >= kept + weight[b])) continue;
        kept += weight[b];
        code |= (int64_t)1 << b;
    }
    return code - middle < -adc->max_code ? -adc->max_code : code - middle;
}

/* Last threshold that is not above y. */
static int64_t search_steps(const weft_adc *adc, const float *threshold, double y) {
    int low = 0, high = code_count(adc);
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (y >= (double)threshold[middle])
            low = middle;
        else
            high = middle;
    }
    return low - (adc->is_signed ? adc->max_code : 0);
}

double weft_adc_input(const weft_adc *adc, int converter, double sum) {
    const double y = sum * adc->codes_per_sum;
    return adc->gain ? adc->gain[converter] * y + adc->offset[converter] : y;
}

int64_t weft_adc_code(const weft_adc *adc, int converter, double sum) {
    const double y = weft_adc_input(adc, converter, sum);
    if (adc->weight) return search_bits(adc, adc->weight + (size_t)converter * (size_t)adc->bits, y);
    if (adc->threshold) return search_steps(adc, adc->threshold + (size_t)converter * (size_t)code_count(adc), y);
    return ideal_code(adc, y);
}

int weft_adc_converter(const weft_adc *adc, const weft_chip *chip, int column, int plane) {
    return (chip->wires.interleaved ? column * chip->columns_per_weight + plane : column) % adc->converters;
}

/* ---- numbers ---- */

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
/* The same by the scale's inverse. A quotient of two 24-bit mantissas that is below 2^16 and no tie is further than
 * 2^-26 from one, the product errs by less than 2^-35 and ties are lifted by 2^-30: both round alike. */
WEFT_INLINE int16_t quantise_short(float x, double inverse, double max) {
    const double half = 0.5 + 0x1p-30, ratio = (double)x * inverse, rounded = ratio + copysign(half, ratio);
    const double above = rounded > -max ? rounded : -max;
    return (int16_t)(int32_t)(above < max ? above : max);
}
WEFT_INLINE void weft_quantise_i16_body(const float *x, size_t count, float scale, int max, int16_t *q) {
    const double inverse = 1 / (double)scale;
    for (size_t i = 0; i < count; i++) q[i] = quantise_short(x[i], inverse, max);
}
WEFT_VARIANTS(weft_quantise_i16, (const float *x, size_t count, float scale, int max, int16_t *q),
              (x, count, scale, max, q))

WEFT_INLINE void weft_dequantise_body(const int64_t *sums, size_t count, double scale, float *values) {
    for (size_t i = 0; i < count; i++) values[i] = (float)((double)sums[i] * scale);
}
WEFT_VARIANTS(weft_dequantise, (const int64_t *sums, size_t count, double scale, float *values),
              (sums, count, scale, values))
