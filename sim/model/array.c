#include "sim/model/array.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/arena.h"
#include "sim/model/array_internal.h"
#include "sim/model/simd.h"

/* ---- what is not supported ---- */

/* UNSUPPORTED at a key of the chip file; chips made by hand have no file. */
static weft_status refuse(const weft_chip *chip, const char *key, weft_error *err, const char *format, ...)
    WEFT_PRINTF(4, 5);
static weft_status refuse(const weft_chip *chip, const char *key, weft_error *err, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (chip->yaml.root)
        weft_record_error(&chip->yaml, chip->yaml.root, key, err, "%s", text);
    else
        weft_error_set(err, WEFT_E_UNSUPPORTED, "%s: %s", key, text);
    if (err) err->status = WEFT_E_UNSUPPORTED;
    return WEFT_E_UNSUPPORTED;
}

static weft_status check_chip(const weft_chip *chip, weft_error *err) {
    if (chip->weight.encoding == WEFT_WEIGHT_OFFSET && chip->array.cell_bits == 0)
        return refuse(chip, "array.cell_bits", err,
                      "analog cells (0) need weight.encoding differential_cell or differential_columns");
    if (chip->adc.kind == WEFT_ADC_NONE)
        return refuse(chip, "adc.kind", err, "none is for `weft array` only; needs ideal, sar or ramp");
    if (weft_chip_columns_signed(chip) && chip->adc.bits < 2)
        return refuse(chip, "adc.bits", err, "%lld is below 2: columns have signed sums", (long long)chip->adc.bits);
    if (chip->has_wires && chip->wires.topology == WEFT_WIRES_GATED)
        return refuse(chip, "wires.topology", err, "gated wires with resistance are for `weft array` only");
    if (chip->has_wires && chip->device.iv_nonlinearity > 0)
        return refuse(chip, "device.iv_nonlinearity", err,
                      "%g: cells behind wires with resistance must be ohmic (0), but for `weft array`",
                      chip->device.iv_nonlinearity);
    return WEFT_OK;
}

/* ---- creation ---- */

static weft_status create_converters(weft_array *array, weft_error *err) {
    const weft_cells_place *place = &array->place;
    for (int k = 0; k < array->plane_count; k++)
        WEFT_TRY(weft_adc_create(&array->planes[k].adc, array->chip, 0, place->seed, place->trial, place->stage,
                                 place->first_cell, err));
    return WEFT_OK;
}

static weft_status create(weft_array *array, const weft_program_table *table, const int16_t *weights, int stride,
                          bool keep_cells, weft_error *err) {
    const weft_chip *chip = array->chip;
    WEFT_TRY(weft_simd_check(err));
    WEFT_TRY(check_chip(chip, err));
    if (array->rows > WEFT_ARRAY_ROWS_MAX || array->columns > WEFT_ARRAY_COLUMNS_MAX)
        return weft_error_set(err, WEFT_E_UNSUPPORTED, "an array of %d x %d weights: at most %d x %d are supported",
                              array->rows, array->columns, WEFT_ARRAY_ROWS_MAX, WEFT_ARRAY_COLUMNS_MAX);
    array->planes = weft_aligned_alloc((size_t)chip->columns_per_weight, sizeof *array->planes);
    if (!array->planes)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for an array of %d x %d weights", array->rows,
                              array->columns);
    array->plane_count = chip->columns_per_weight;
    WEFT_TRY(weft_drive_create(&array->drive, chip, err));
    WEFT_TRY(create_converters(array, err));
    WEFT_TRY(weft_array_program(array, table, weights, stride, keep_cells, err));
    weft_array_set_scale(array, weft_array_best_scale(array));
    return WEFT_OK;
}

weft_status weft_array_create(weft_array *array, const weft_chip *chip, const weft_program_table *table,
                              const weft_cells_place *place, const int16_t *weights, int rows, int columns, int stride,
                              bool keep_cells, weft_error *err) {
    static const weft_program_table no_table = {0};
    *array = (weft_array){.chip = chip, .rows = rows, .columns = columns};
    if (place) array->place = *place;
    const weft_status status = create(array, table ? table : &no_table, weights, stride, keep_cells, err);
    if (status != WEFT_OK) weft_array_destroy(array);
    return status;
}

static void destroy_plane(weft_plane *plane) {
    weft_adc_destroy(&plane->adc);
    weft_panel_destroy(&plane->cells);
    weft_panel_destroy(&plane->variance);
    weft_bits_destroy(&plane->bits);
    weft_aligned_free(plane->code_sign);
    weft_aligned_free(plane->known);
    weft_aligned_free(plane->known_weight);
}

void weft_array_destroy(weft_array *array) {
    for (int k = 0; k < array->plane_count; k++) destroy_plane(&array->planes[k]);
    weft_aligned_free(array->planes);
    weft_panel_destroy(&array->product);
    weft_bits_destroy(&array->lanes);
    weft_drive_destroy(&array->drive);
    *array = (weft_array){0};
}
