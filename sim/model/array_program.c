/* Weights to cells: target levels, flipped columns, programming, wires, fixed point. */
#include <string.h>

#include "core/arena.h"
#include "sim/model/array_internal.h"

/* Cells of one array while it is programmed. A layer holds one cell of every weight; that of plane k is layer k, where
 * a plane has two cells a weight (differential_cell) they are layers 2 k, positive, and 2 k + 1, negative. */
typedef struct layers {
    weft_array *array;
    const int16_t *weights;
    int stride, count;
    size_t size;      /* cells of a layer */
    double *level;    /* [count, rows, columns] */
    double *variance; /* the same; NULL without read noise */
    double *sums;     /* [columns] magnitudes of a plane */
    int16_t *entries; /* [rows, columns] fixed point of a plane */
    int16_t *lanes;   /* [rows, planes * columns] entries of all planes; NULL where they are not read so */
} layers;

static bool is_pair(const weft_chip *chip) { return chip->weight.encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL; }
static double *level_of(const layers *all, int layer) { return all->level + all->size * (size_t)layer; }
static double *variance_of(const layers *all, int layer) { return all->variance + all->size * (size_t)layer; }

static weft_status out_of_memory(const weft_array *array, weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for an array of %d x %d weights", array->rows, array->columns);
}

static weft_status allocate(layers *all, weft_error *err) {
    const weft_array *array = all->array;
    const size_t cells = all->size * (size_t)all->count;
    const bool noise = array->chip->has_read_noise, lanes = weft_lanes_suit(array->chip);
    all->level = weft_aligned_alloc(cells, sizeof *all->level);
    all->variance = noise ? weft_aligned_alloc(cells, sizeof *all->variance) : NULL;
    all->sums = weft_aligned_alloc((size_t)array->columns, sizeof *all->sums);
    all->entries = weft_aligned_alloc(all->size, sizeof *all->entries);
    if (lanes) all->lanes = weft_aligned_alloc(all->size * (size_t)array->plane_count, sizeof *all->lanes);
    if (all->level && (all->variance || !noise) && all->sums && all->entries && (all->lanes || !lanes)) return WEFT_OK;
    return out_of_memory(array, err);
}

/* ---- targets ---- */

/* What a cell of one slice should hold of weight w; sign: of the cell. */
static double target_level(const weft_chip *chip, int slice, int sign, int w) {
    const int shift = chip->slice_shift[slice], mask = (1 << chip->slice_bits[slice]) - 1, size = w < 0 ? -w : w;
    if (chip->weight.encoding == WEFT_WEIGHT_OFFSET) return ((w + chip->weight_max + 1) >> shift) & mask;
    const int held = ((size >> shift) & mask) * (w < 0 ? -sign : sign);
    if (chip->weight.two_sided) return (mask + held) / 2.0;
    return held > 0 ? held : 0;
}

static void fill_layer(const layers *all, int layer, int slice, int sign) {
    const weft_array *array = all->array;
    double *to = level_of(all, layer);
    for (int r = 0; r < array->rows; r++) {
        const int16_t *from = all->weights + (size_t)r * (size_t)all->stride;
        for (int c = 0; c < array->columns; c++) *to++ = target_level(array->chip, slice, sign, from[c]);
    }
}

static void fill_plane(const layers *all, int k) {
    const weft_plane *plane = &all->array->planes[k];
    if (!is_pair(all->array->chip)) {
        fill_layer(all, k, plane->slice, plane->sign);
        return;
    }
    fill_layer(all, 2 * k, plane->slice, 1);
    fill_layer(all, 2 * k + 1, plane->slice, -1);
}

/* sums[c] of the levels of a layer. */
static void sum_columns(const layers *all, int layer) {
    const double *level = level_of(all, layer);
    const int rows = all->array->rows, columns = all->array->columns;
    memset(all->sums, 0, sizeof *all->sums * (size_t)columns);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) all->sums[c] += *level++;
}

/* Stores the complement of every column that holds more than half of what it could. */
static void flip_columns(const layers *all, int k) {
    const weft_array *array = all->array;
    weft_plane *plane = &array->planes[k];
    const double most = weft_plane_level_max(array->chip, plane), whole = array->rows * most;
    double *level = level_of(all, k);
    sum_columns(all, k);
    for (int c = 0; c < array->columns; c++) {
        if (2 * all->sums[c] <= whole) continue;
        plane->code_sign[c] = -1;
        for (int r = 0; r < array->rows; r++) {
            double *cell = &level[(size_t)r * (size_t)array->columns + (size_t)c];
            *cell = most - *cell;
        }
    }
}

/* A column holds its level and the base; flipped, the highest level less its level, and the base. The offset encoding
 * takes the base off every column. In the differential encodings it stays, as the other polarity's is subtracted. True
 * where anything is known. */
static bool set_known(const weft_array *array, weft_plane *plane) {
    const double most = weft_plane_level_max(array->chip, plane), base = weft_cells_base(array->chip, most);
    const bool offset = array->chip->weight.encoding == WEFT_WEIGHT_OFFSET;
    bool any = false;
    for (int c = 0; c < array->columns; c++) {
        const double kept = plane->code_sign[c] < 0 ? most + base : 0 - base;
        plane->known[c] = offset ? kept : kept + base;
        any = any || plane->known[c] != 0;
    }
    return any;
}

static weft_status create_known(const weft_array *array, weft_plane *plane, weft_error *err) {
    if (!set_known(array, plane)) return WEFT_OK;
    plane->known_weight = weft_aligned_alloc((size_t)array->columns, sizeof *plane->known_weight);
    return plane->known_weight ? WEFT_OK : out_of_memory(array, err);
}

static weft_status prepare_plane(const layers *all, int k, weft_error *err) {
    const weft_array *array = all->array;
    const weft_chip *chip = array->chip;
    weft_plane *plane = &array->planes[k];
    const size_t columns = (size_t)array->columns;
    plane->slice = k % chip->slices;
    plane->sign = k >= chip->slices ? -1 : 1;
    plane->shift = chip->slice_shift[plane->slice];
    plane->code_sign = weft_aligned_alloc(columns, sizeof *plane->code_sign);
    plane->known = weft_aligned_alloc(columns, sizeof *plane->known);
    if (!plane->code_sign || !plane->known) return out_of_memory(array, err);
    for (size_t c = 0; c < columns; c++) plane->code_sign[c] = 1;
    fill_plane(all, k);
    if (chip->adc.flip_columns && !weft_chip_columns_signed(chip)) flip_columns(all, k);
    return create_known(array, plane, err);
}

/* ---- programming ---- */

static weft_status program_layer(const layers *all, const weft_program_table *table, int layer, weft_error *err) {
    const weft_array *array = all->array;
    const weft_plane *plane = &array->planes[is_pair(array->chip) ? layer / 2 : layer];
    const double most = weft_plane_level_max(array->chip, plane);
    double *level = level_of(all, layer);
    WEFT_TRY(weft_cells_program(array->chip, table, &array->place, layer, most, level, all->size, err));
    if (all->variance) weft_cells_read_variance(array->chip, most, level, variance_of(all, layer), all->size);
    return WEFT_OK;
}

/* ---- wires ---- */

/* Siemens of one level of a layer. */
static double level_siemens(const layers *all, int layer) {
    const weft_chip *chip = all->array->chip;
    const weft_plane *plane = &all->array->planes[is_pair(chip) ? layer / 2 : layer];
    return (chip->device.g_max_us - chip->device.g_min_us) * 1e-6 / weft_plane_level_max(chip, plane);
}

/* A change of a cell's conductance changes its current by the square of what the wires leave of it: dI/dg = V / (1 + g
 * R)^2 behind a resistance R. */
static void set_behind_wires(double *level, double *variance, double effective) {
    const double part = *level > 0 && effective < *level ? effective / *level : 1;
    if (variance) *variance *= part * part * part * part;
    *level = effective;
}

/* Layers [first, first + count) side by side as one physical array, column c of layer first + p at c * count + p.
 * siemens: scratch of count layers. */
static weft_status apply_wires(const layers *all, int first, int count, double *siemens, weft_error *err) {
    const weft_chip *chip = all->array->chip;
    const weft_wires wires = {.rows = all->array->rows,
                              .columns = all->array->columns * count,
                              .row_segment_ohm = chip->wires.row_segment_ohm,
                              .column_segment_ohm = chip->wires.column_segment_ohm,
                              .row_terminal_ohm = chip->wires.row_terminal_ohm,
                              .column_terminal_ohm = chip->wires.column_terminal_ohm};
    for (int p = 0; p < count; p++) {
        const double *level = level_of(all, first + p), unit = level_siemens(all, first + p);
        for (size_t i = 0; i < all->size; i++) siemens[i * (size_t)count + (size_t)p] = level[i] * unit;
    }
    WEFT_TRY(weft_wires_effective(&wires, siemens, siemens, err));
    for (int p = 0; p < count; p++) {
        double *level = level_of(all, first + p), *variance = all->variance ? variance_of(all, first + p) : NULL;
        const double unit = level_siemens(all, first + p);
        for (size_t i = 0; i < all->size; i++)
            set_behind_wires(&level[i], variance ? &variance[i] : NULL, siemens[i * (size_t)count + (size_t)p] / unit);
    }
    return WEFT_OK;
}

/* Rows and columns of the tile only: wires end with the last cell that is used, segments of the others are left out.
 * Row r of the tile is row r of the array, its columns start at the drivers. */
static weft_status wire(const layers *all, weft_error *err) {
    const bool together = all->array->chip->wires.interleaved;
    const int count = together ? all->count : 1;
    weft_status status = WEFT_OK;
    double *siemens = weft_aligned_alloc(all->size * (size_t)count, sizeof *siemens);
    if (!siemens) return out_of_memory(all->array, err);
    for (int first = 0; first < all->count && status == WEFT_OK; first += count)
        status = apply_wires(all, first, count, siemens, err);
    weft_aligned_free(siemens);
    return status;
}

/* ---- packing ---- */

/* The two cells of each weight of plane k as one: currents are subtracted, variances add. Into the positive's layer. */
static void join_pair(const layers *all, int k) {
    double *level = level_of(all, 2 * k);
    const double *negative = level_of(all, 2 * k + 1);
    for (size_t i = 0; i < all->size; i++) level[i] -= negative[i];
    for (size_t i = 0; all->variance && i < all->size; i++)
        variance_of(all, 2 * k)[i] += variance_of(all, 2 * k + 1)[i];
}

static void put_lanes(const layers *all, int k) {
    const size_t columns = (size_t)all->array->columns, stride = columns * (size_t)all->array->plane_count;
    for (size_t r = 0; all->lanes && r < (size_t)all->array->rows; r++)
        memcpy(all->lanes + r * stride + (size_t)k * columns, all->entries + r * columns, sizeof *all->lanes * columns);
}

static weft_status pack_plane(const layers *all, int k, weft_error *err) {
    const weft_array *array = all->array;
    const weft_chip *chip = array->chip;
    const int layer = is_pair(chip) ? 2 * k : k, rows = array->rows, columns = array->columns;
    weft_plane *plane = &array->planes[k];
    plane->cell_unit = weft_cells_fixed_point(all->entries, level_of(all, layer), all->size);
    WEFT_TRY(weft_panel_pack(&plane->cells, all->entries, rows, columns, columns, err));
    put_lanes(all, k);
    if (chip->ideal_cells && weft_bits_suit(chip))
        WEFT_TRY(weft_bits_pack(&plane->bits, all->entries, rows, columns, columns, err));
    if (!all->variance) return WEFT_OK;
    plane->variance_unit = weft_cells_fixed_point(all->entries, variance_of(all, layer), all->size);
    return weft_panel_pack(&plane->variance, all->entries, rows, columns, columns, err);
}

/* ---- the whole ---- */

/* Ideal cells: no code of the plane can saturate or round. */
static bool plane_exact(const layers *all, int k) {
    const weft_array *array = all->array;
    const weft_chip *chip = array->chip;
    const weft_adc *adc = &array->planes[k].adc;
    if (!chip->ideal_cells || !adc->rational || chip->adc.range != WEFT_ADC_UNIT) return false;
    const bool pair = is_pair(chip);
    double *const positive = level_of(all, pair ? 2 * k : k);
    memset(all->sums, 0, sizeof *all->sums * (size_t)array->columns);
    for (int r = 0; r < array->rows; r++)
        for (int c = 0; c < array->columns; c++) {
            const size_t i = (size_t)r * (size_t)array->columns + (size_t)c;
            all->sums[c] += positive[i] + (pair ? level_of(all, 2 * k + 1)[i] : 0); /* one of a pair is 0 */
        }
    for (int c = 0; c < array->columns; c++)
        if (all->sums[c] * weft_chip_pulse_max(chip) > (double)adc->max_code) return false;
    return true;
}

static weft_status program_cells(const layers *all, const weft_program_table *table, weft_error *err) {
    const weft_chip *chip = all->array->chip;
    if (chip->ideal_cells) return WEFT_OK;
    for (int layer = 0; layer < all->count; layer++) WEFT_TRY(program_layer(all, table, layer, err));
    return chip->has_wires ? wire(all, err) : WEFT_OK;
}

static weft_status program_planes(const layers *all, const weft_program_table *table, bool keep_cells,
                                  weft_error *err) {
    weft_array *array = all->array;
    array->exact = true;
    for (int k = 0; k < array->plane_count; k++) {
        WEFT_TRY(prepare_plane(all, k, err));
        array->exact = array->exact && plane_exact(all, k);
    }
    if (array->exact)
        WEFT_TRY(weft_panel_pack(&array->product, all->weights, array->rows, array->columns, all->stride, err));
    if (array->exact && !keep_cells) return WEFT_OK;
    WEFT_TRY(program_cells(all, table, err));
    for (int k = 0; k < array->plane_count; k++) {
        if (is_pair(array->chip)) join_pair(all, k);
        WEFT_TRY(pack_plane(all, k, err));
    }
    const int lanes = array->columns * array->plane_count;
    return all->lanes ? weft_bits_pack(&array->lanes, all->lanes, array->rows, lanes, lanes, err) : WEFT_OK;
}

weft_status weft_array_program(weft_array *array, const weft_program_table *table, const int16_t *weights, int stride,
                               bool keep_cells, weft_error *err) {
    layers all = {.array = array,
                  .weights = weights,
                  .stride = stride,
                  .count = weft_cells_per_weight(array->chip),
                  .size = (size_t)array->rows * (size_t)array->columns};
    weft_status status = allocate(&all, err);
    if (status == WEFT_OK) status = program_planes(&all, table, keep_cells, err);
    weft_aligned_free(all.level);
    weft_aligned_free(all.variance);
    weft_aligned_free(all.sums);
    weft_aligned_free(all.entries);
    weft_aligned_free(all.lanes);
    return status;
}
