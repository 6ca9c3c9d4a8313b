#include "sim/model/array.h"

#include <string.h>

#include "core/arena.h"

/* What a cell stores of weight w. */
static int cell_value(const weft_chip *chip, const weft_plane *plane, int slice, int w) {
    const int bits = (int)chip->array.cell_bits, mask = bits ? (1 << bits) - 1 : INT16_MAX;
    const int size = w < 0 ? -w : w;
    switch (chip->weight.encoding) {
    case WEFT_WEIGHT_OFFSET:
        return ((w + chip->weight_max + 1) >> (slice * bits)) & mask;
    case WEFT_WEIGHT_DIFFERENTIAL_COLUMNS:
        return w * plane->sign > 0 ? (size >> (slice * bits)) & mask : 0;
    default:
        return ((size >> (slice * bits)) & mask) * (w < 0 ? -1 : 1);
    }
}

typedef struct cells {
    int16_t *items; /* [rows, columns] */
    int64_t *sums;  /* [columns] of magnitudes */
    const int16_t *weights;
    int stride;
} cells;

static void fill_cells(const weft_array *array, const weft_plane *plane, int slice, const cells *to) {
    memset(to->sums, 0, sizeof *to->sums * (size_t)array->columns);
    for (int r = 0; r < array->rows; r++)
        for (int c = 0; c < array->columns; c++) {
            const int w = to->weights[(size_t)r * (size_t)to->stride + (size_t)c],
                      cell = cell_value(array->chip, plane, slice, w);
            to->items[(size_t)r * (size_t)array->columns + (size_t)c] = (int16_t)cell;
            to->sums[c] += cell < 0 ? -cell : cell;
        }
}

/* Stores the complement of every column that holds more than half of what it could. */
static void flip_columns(weft_array *array, weft_plane *plane, const cells *to) {
    const int most = weft_chip_cell_max(array->chip);
    const int64_t whole = (int64_t)array->rows * most;
    for (int c = 0; c < array->columns; c++) {
        if (2 * to->sums[c] <= whole) continue;
        array->has_flips = true;
        plane->code_sign[c] = -1;
        plane->flip_max[c] = most;
        to->sums[c] = whole - to->sums[c];
        for (int r = 0; r < array->rows; r++) {
            int16_t *cell = &to->items[(size_t)r * (size_t)array->columns + (size_t)c];
            *cell = (int16_t)(most - *cell);
        }
    }
}

static bool plane_exact(const weft_array *array, const int64_t *sums) {
    if (array->adc.full_scale) return false;
    for (int c = 0; c < array->columns; c++)
        if (sums[c] * weft_chip_pulse_max(array->chip) > array->adc.max_code) return false;
    return true;
}

static weft_status program_plane(weft_array *array, weft_plane *plane, int index, const cells *to, bool *exact,
                                 weft_error *err) {
    const weft_chip *chip = array->chip;
    const int slice = index % chip->slices;
    plane->sign = index >= chip->slices ? -1 : 1;
    plane->shift = slice * (int)chip->array.cell_bits;
    plane->code_sign = weft_aligned_alloc((size_t)array->columns, sizeof *plane->code_sign);
    plane->flip_max = weft_aligned_alloc((size_t)array->columns, sizeof *plane->flip_max);
    if (!plane->code_sign || !plane->flip_max) return weft_error_set(err, WEFT_E_MEMORY, "no memory for an array");
    for (int c = 0; c < array->columns; c++) plane->code_sign[c] = 1;
    fill_cells(array, plane, slice, to);
    if (chip->adc.flip_columns && !weft_chip_columns_signed(chip)) flip_columns(array, plane, to);
    *exact = plane_exact(array, to->sums);
    return weft_panel_pack(&plane->cells, to->items, array->rows, array->columns, array->columns, err);
}

static weft_status program(weft_array *array, const cells *to, bool keep_cells, weft_error *err) {
    array->exact = true;
    for (int p = 0; p < array->plane_count; p++) {
        bool exact = true;
        WEFT_TRY(program_plane(array, &array->planes[p], p, to, &exact, err));
        array->exact = array->exact && exact;
    }
    if (!array->exact) return WEFT_OK;
    for (int p = 0; p < array->plane_count && !keep_cells; p++) weft_panel_destroy(&array->planes[p].cells);
    return weft_panel_pack(&array->product, to->weights, array->rows, array->columns, to->stride, err);
}

static weft_status check_limits(const weft_chip *chip, int rows, int columns, weft_error *err) {
    if (chip->weight.encoding == WEFT_WEIGHT_OFFSET && chip->array.cell_bits == 0)
        return weft_error_set(
            err, WEFT_E_UNSUPPORTED,
            "weight.encoding offset needs cells of array.cell_bits 1 to 8; analog cells (0) go with differential_cell "
            "or differential_columns");
    if (weft_chip_columns_signed(chip) && chip->adc.bits < 2)
        return weft_error_set(err, WEFT_E_UNSUPPORTED,
                              "adc.bits 1 is below 2: columns of differential cells have signed sums");
    if (rows > WEFT_ARRAY_ROWS_MAX || columns > WEFT_ARRAY_COLUMNS_MAX)
        return weft_error_set(err, WEFT_E_UNSUPPORTED, "an array of %d x %d weights: at most %d x %d are supported",
                              rows, columns, WEFT_ARRAY_ROWS_MAX, WEFT_ARRAY_COLUMNS_MAX);
    return WEFT_OK;
}

weft_status weft_array_create(weft_array *array, const weft_chip *chip, const int16_t *weights, int rows, int columns,
                              int stride, bool keep_cells, weft_error *err) {
    weft_status status = WEFT_OK;
    cells to = {.weights = weights, .stride = stride};
    *array = (weft_array){.chip = chip, .adc = weft_adc_resolve(chip), .rows = rows, .columns = columns};
    WEFT_TRY(check_limits(chip, rows, columns, err));
    array->plane_count = chip->slices * (chip->weight.encoding == WEFT_WEIGHT_DIFFERENTIAL_COLUMNS ? 2 : 1);
    array->planes = weft_aligned_alloc((size_t)array->plane_count, sizeof *array->planes);
    to.items = weft_aligned_alloc((size_t)rows * (size_t)columns, sizeof *to.items);
    to.sums = weft_aligned_alloc((size_t)columns, sizeof *to.sums);
    if (!array->planes || !to.items || !to.sums)
        status = weft_error_set(err, WEFT_E_MEMORY, "no memory for an array of %d x %d weights", rows, columns);
    else
        status = program(array, &to, keep_cells, err);
    weft_aligned_free(to.items);
    weft_aligned_free(to.sums);
    if (status != WEFT_OK) weft_array_destroy(array);
    return status;
}

void weft_array_destroy(weft_array *array) {
    for (int p = 0; array->planes && p < array->plane_count; p++) {
        weft_panel_destroy(&array->planes[p].cells);
        weft_aligned_free(array->planes[p].code_sign);
        weft_aligned_free(array->planes[p].flip_max);
    }
    weft_aligned_free(array->planes);
    weft_panel_destroy(&array->product);
    *array = (weft_array){0};
}
