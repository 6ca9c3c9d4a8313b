/* Ranges of converters, and the unit of an array's results. */
#include <math.h>

#include "sim/model/array_internal.h"
#include "sim/model/number.h"

enum {
    FINE_BITS = 12, /* results are rounded to 2^-12 of the finest code, where partial sums are wide enough */
    EXACT_BITS = 53 /* of a sum that a double holds */
};

weft_status weft_array_set_range(weft_array *array, int plane, double range, weft_error *err) {
    const weft_cells_place *place = &array->place;
    weft_adc adc = {0};
    weft_status status =
        weft_adc_create(&adc, array->chip, range, place->seed, place->trial, place->stage, place->first_cell, err);
    if (status != WEFT_OK) return status;
    weft_adc_destroy(&array->planes[plane].adc);
    array->planes[plane].adc = adc;
    weft_array_set_scale(array, array->result_scale);
    return WEFT_OK;
}

/* ---- scale ---- */

/* Digital sums mix with codes only where there are any: offset cells or flipped columns. */
static bool has_digital_sums(const weft_chip *chip) {
    return chip->weight.encoding == WEFT_WEIGHT_OFFSET || (chip->adc.flip_columns && !weft_chip_columns_signed(chip));
}

/* Products of one code of a plane. */
static double code_value(const weft_plane *plane) { return ldexp(plane->adc.step, plane->shift); }

static double units(double products, double scale) { return round(products / scale); }

/* Sum of the pulses' weights, at least. */
static double pulse_span(const weft_chip *chip) {
    if (chip->adc.accumulate_analog) return 1;
    if (chip->input.encoding == WEFT_INPUT_PULSE_WIDTH) return (double)chip->input.phases;
    return ldexp(1, chip->pulses * (int)chip->input.bits_per_pulse);
}

/* Largest sum that a plane's codes stand for: what errors of cells add is taken to be below what a full array gives. */
static double largest_sum(const weft_array *array, const weft_plane *plane) {
    const weft_chip *chip = array->chip;
    const double most = weft_plane_level_max(chip, plane), given = most + weft_cells_base(chip, most),
                 full = 2 * given * (double)chip->array.rows * weft_chip_pulse_max(chip),
                 coded = (double)plane->adc.max_code * plane->adc.step;
    return coded < full ? coded : full;
}

/* Largest magnitude of an array's result: of what its codes can come to, and of what is known digitally. */
static double largest_result(const weft_array *array, double scale) {
    const weft_chip *chip = array->chip;
    const double inputs = (double)chip->array.rows * chip->input_max;
    double codes = 0, known = chip->weight.encoding == WEFT_WEIGHT_OFFSET ? units(chip->weight_max + 1, scale) : 0;
    for (int k = 0; k < array->plane_count; k++) {
        const weft_plane *plane = &array->planes[k];
        double most = 0;
        for (int c = 0; c < array->columns; c++) most = fabs(plane->known[c]) > most ? fabs(plane->known[c]) : most;
        if (plane->sign > 0) codes += largest_sum(array, plane) / plane->adc.step * units(code_value(plane), scale);
        known += units(ldexp(most, plane->shift), scale);
    }
    codes *= pulse_span(chip);
    return codes > known * inputs ? codes : known * inputs;
}

static double finest_code(const weft_array *array) {
    double finest = INFINITY;
    for (int k = 0; k < array->plane_count; k++) {
        const double value = code_value(&array->planes[k]);
        finest = value < finest ? value : finest;
    }
    return finest;
}

/* True where the sum of so many results in that unit needs no more than so many bits with the sign. */
static bool fits(const weft_array *array, double scale, int64_t results, int64_t bits) {
    return largest_result(array, scale) * (double)results < ldexp(1, (int)bits - 1);
}

/* What an array adds up in: a power of two below its finest code, coarser only where sums would be inexact. */
static double fine_unit(const weft_array *array) {
    const double finest = finest_code(array);
    int fraction = FINE_BITS;
    while (fraction > -EXACT_BITS && !fits(array, ldexp(finest, -fraction), 1, EXACT_BITS)) fraction--;
    return ldexp(finest, -fraction);
}

/* A power of two below the finest code; a code itself where partial sums are narrow, as the chip's check makes sure of;
 * coarser only where sums would be inexact. */
static double fine_scale(const weft_array *array) {
    const int64_t bits = array->chip->io.partial_bits, results = array->chip->array.per_core;
    const double finest = finest_code(array);
    int fraction = FINE_BITS;
    while (fraction > 0 && !fits(array, ldexp(finest, -fraction), results, bits < EXACT_BITS ? bits : EXACT_BITS))
        fraction--;
    while (fraction > -EXACT_BITS && !fits(array, ldexp(finest, -fraction), results, EXACT_BITS)) fraction--;
    return ldexp(finest, -fraction);
}

double weft_array_best_scale(const weft_array *array) {
    const weft_chip *chip = array->chip;
    const weft_adc *adc = &array->planes[0].adc;
    if (!adc->rational) return fine_scale(array);
    if (chip->adc.range == WEFT_ADC_UNIT) return 1;
    if (has_digital_sums(chip)) return 1.0 / (double)(adc->max_code / weft_gcd(adc->full_sum, adc->max_code));
    return (double)adc->full_sum / (double)adc->max_code;
}

/* Exact where the scale is the one of ideal cells: quotients of whole numbers below 2^53 that come out whole. */
void weft_array_set_scale(weft_array *array, double result_scale) {
    const weft_chip *chip = array->chip;
    double unit = array->planes[0].adc.rational ? result_scale : fine_unit(array);
    if (unit > result_scale) unit = result_scale;
    array->result_scale = result_scale;
    array->unit = unit;
    array->offset_weight = chip->weight.encoding == WEFT_WEIGHT_OFFSET ? llround((chip->weight_max + 1) / unit) : 0;
    for (int k = 0; k < array->plane_count; k++) {
        weft_plane *plane = &array->planes[k];
        plane->code_weight = llround(code_value(plane) / unit);
        for (int c = 0; plane->known_weight && c < array->columns; c++)
            plane->known_weight[c] = llround(ldexp(plane->known[c], plane->shift) / unit);
    }
}
