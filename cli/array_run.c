/* weft array: the array's currents. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/array.h"
#include "core/rng.h"
#include "sim/model/adc.h"

/* The matrix of more cells than EFFECTIVE takes longer than their nodal equations; those of more than NODAL do not fit
 * the memory. */
enum { EFFECTIVE_CELLS_MAX = 1 << 18, NODAL_CELLS_MAX = 1 << 21 };

static size_t cell_count(const weft_array_look *l) { return (size_t)l->g.rows * (size_t)l->g.columns; }
static size_t current_count(const weft_array_look *l) { return (size_t)l->x.rows * (size_t)l->g.columns; }

/* ---- cells ---- */

/* Cells in levels with level_max 1: g = (level + base) x step x g_max. */
static double level_step(const weft_chip *chip) { return 1 - chip->device.g_min_us / chip->device.g_max_us; }

static double largest_siemens(const weft_chip *chip) { return 1e-6 * chip->device.g_max_us; }

static weft_status program(weft_array_look *l, weft_error *err) {
    const weft_chip *chip = l->chip;
    const weft_cells_place place = {.seed = l->options->seed, .trial = l->options->trial};
    weft_program_table table = {0};
    weft_status status;
    memcpy(l->held, l->g.values, cell_count(l) * sizeof *l->held);
    WEFT_TRY(weft_program_table_read(&table, chip, err));
    if (!table.count && !chip->program.count) return WEFT_OK;
    const double unit = level_step(chip) * largest_siemens(chip), base = weft_cells_base(chip, 1);
    for (size_t i = 0; i < cell_count(l); i++) l->held[i] = l->g.values[i] / unit - base;
    WEFT_TRY_GOTO(weft_cells_program(chip, &table, &place, 0, 1, l->held, cell_count(l), err));
    for (size_t i = 0; i < cell_count(l); i++) l->held[i] *= unit;
cleanup:
    weft_program_table_destroy(&table);
    return status;
}

/* A change of a cell's conductance changes its current by the square of what the wires leave of it. */
static void weaken(const weft_array_look *l, double *variance) {
    for (size_t i = 0; l->effective && i < cell_count(l); i++) {
        const double part = l->held[i] > 0 && l->effective[i] < l->held[i] ? l->effective[i] / l->held[i] : 1;
        variance[i] *= part * part * part * part;
    }
}

/* One draw a column and sample, with the variance of its cells' currents. */
static weft_status add_read_noise(weft_array_look *l, weft_error *err) {
    const weft_chip *chip = l->chip;
    const size_t columns = (size_t)l->g.columns, rows = (size_t)l->g.rows;
    if (!chip->has_read_noise) return WEFT_OK;
    double *variance = malloc(cell_count(l) * sizeof *variance), *level = malloc(cell_count(l) * sizeof *level);
    double *sum = malloc(columns * sizeof *sum);
    const double unit = level_step(chip) * largest_siemens(chip);
    for (size_t i = 0; i < cell_count(l) && level; i++) level[i] = l->held[i] / unit;
    if (variance && level && sum) weft_cells_read_variance(chip, 1, level, variance, cell_count(l));
    if (variance) weaken(l, variance);
    for (size_t s = 0; s < (size_t)l->x.rows && variance && level && sum; s++) {
        const weft_rng rng = {l->options->seed, l->options->trial << 32 | s, 0, WEFT_PURPOSE_READ};
        memset(sum, 0, columns * sizeof *sum);
        for (size_t r = 0; r < rows; r++) {
            const double v = l->x.values[s * rows + r] * unit;
            for (size_t c = 0; c < columns; c++) sum[c] += v * v * variance[r * columns + c];
        }
        for (size_t c = 0; c < columns; c++)
            l->analog[s * columns + c] += sqrt(sum[c]) * (double)weft_rng_normal(&rng, c);
    }
    const bool done = variance && level && sum;
    free(variance);
    free(level);
    free(sum);
    return done ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for the read noise of an array");
}

/* ---- currents ---- */

/* currents [samples, columns] = voltages x matrix, summed over rows in order. */
static void multiply(const weft_array_look *l, const double *matrix, double *currents) {
    const size_t columns = (size_t)l->g.columns, rows = (size_t)l->g.rows;
    memset(currents, 0, current_count(l) * sizeof *currents);
    for (size_t s = 0; s < (size_t)l->x.rows; s++)
        for (size_t r = 0; r < rows; r++) {
            const double v = l->x.values[s * rows + r];
            for (size_t c = 0; c < columns && v != 0; c++) currents[s * columns + c] += v * matrix[r * columns + c];
        }
}

static weft_status effective_currents(weft_array_look *l, double *currents, weft_error *err) {
    l->effective = malloc(cell_count(l) * sizeof *l->effective);
    if (!l->effective) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the effective matrix");
    WEFT_TRY(weft_wires_effective(&l->wires, l->held, l->effective, err));
    multiply(l, l->effective, currents);
    return WEFT_OK;
}

static weft_status compare(weft_array_look *l, weft_error *err) {
    double *fast = malloc(current_count(l) * sizeof *fast);
    if (!fast) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the currents");
    weft_status status = effective_currents(l, fast, err);
    for (size_t i = 0; i < current_count(l) && status == WEFT_OK; i++)
        if (l->analog[i] != 0) l->deviation = fmax(l->deviation, fabs(fast[i] / l->analog[i] - 1));
    l->compared = status == WEFT_OK;
    free(fast);
    return status;
}

static void show_solved(void *context, int samples) {
    const weft_array_look *l = context;
    if (l->options->common.quiet || !l->session->terminal) return;
    if (samples < l->x.rows)
        fprintf(l->session->err, "\r%d of %d samples\033[K", samples, l->x.rows);
    else
        fputs("\r\033[K", l->session->err);
    fflush(l->session->err);
}

static weft_status flow(weft_array_look *l, weft_error *err) {
    if (!l->nodal) return effective_currents(l, l->analog, err);
    WEFT_TRY(weft_wires_solve_watched(&l->wires, &l->cells, l->x.values, l->x.rows, l->analog, show_solved, l, err));
    const bool linear = !l->cells.gated && l->cells.iv_nonlinearity == 0;
    return linear && cell_count(l) <= EFFECTIVE_CELLS_MAX ? compare(l, err) : WEFT_OK;
}

static weft_status check_currents(const weft_array_look *l, weft_error *err) {
    const size_t columns = (size_t)l->g.columns;
    for (size_t i = 0; i < current_count(l); i++)
        if (!isfinite(l->analog[i]))
            return weft_error_set(err, WEFT_E_INVALID, "sample %zu, column %zu: the current is too large for a number",
                                  i / columns, i % columns);
    return WEFT_OK;
}

/* Arrays with wires that would take hours and more memory than there is. */
static weft_status check_size(const weft_array_look *l, weft_error *err) {
    if (!(l->chip->has_wires || l->nodal) || cell_count(l) <= NODAL_CELLS_MAX) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_UNSUPPORTED, l->options->conductances, 0, 0,
                             "%d x %d cells with wires; at most %d are supported", l->g.rows, l->g.columns,
                             NODAL_CELLS_MAX);
}

/* ---- converters ---- */

static weft_status convert(weft_array_look *l, weft_error *err) {
    weft_chip chip = *l->chip; /* for this array: amperes in place of levels x digits */
    weft_adc adc = {0};
    memcpy(l->currents, l->analog, current_count(l) * sizeof *l->currents);
    if (chip.adc.kind == WEFT_ADC_NONE) return WEFT_OK;
    if (chip.adc.bits < 2 && weft_chip_columns_signed(&chip))
        return weft_record_error(&chip.yaml, chip.yaml.root, "adc.bits", err, "1 is below 2: columns have signed sums");
    l->full_scale_a = l->g.rows * largest_siemens(&chip) * l->v_max;
    l->codes = malloc(current_count(l) * sizeof *l->codes);
    if (!l->codes) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the codes");
    chip.adc.range = WEFT_ADC_CALIBRATED;
    WEFT_TRY(weft_adc_create(&adc, &chip, l->full_scale_a, l->options->seed, l->options->trial, 0, 0, err));
    l->largest_code = adc.max_code;
    for (size_t i = 0; i < current_count(l); i++) {
        const int column = (int)(i % (size_t)l->g.columns);
        l->codes[i] = weft_adc_code(&adc, column % (int)chip.adc.per_array, l->analog[i]);
        l->currents[i] = (double)l->codes[i] * (l->full_scale_a / (double)adc.max_code);
    }
    weft_adc_destroy(&adc);
    return WEFT_OK;
}

/* ---- the array ---- */

/* A chip with cells of its own cannot hold more than its largest conductance. */
static weft_status check_conductances(const weft_array_look *l, weft_error *err) {
    const double most = largest_siemens(l->chip) * (1 + 1e-9);
    for (size_t i = 0; i < cell_count(l); i++) {
        if (l->g.values[i] <= most) continue;
        return weft_error_set_at(err, WEFT_E_INVALID, l->options->conductances, 0, 0,
                                 "row %zu, column %zu: %g S is above the %g S of device.g_max_us",
                                 i / (size_t)l->g.columns + 1, i % (size_t)l->g.columns + 1, l->g.values[i],
                                 largest_siemens(l->chip));
    }
    return WEFT_OK;
}

static weft_status check_units(const weft_array_look *l, weft_error *err) {
    const weft_chip *chip = l->chip;
    const char *needs = chip->adc.kind != WEFT_ADC_NONE ? "converters"
                        : chip->program.count           ? "device.program"
                        : chip->has_read_noise          ? "device.read_noise"
                                                        : NULL;
    if (!needs) return WEFT_OK;
    if (chip->device.g_max_us > 0) return check_conductances(l, err);
    return weft_record_error(&chip->yaml, chip->yaml.root, "device.g_max_us", err, "%s of an array in siemens need it",
                             needs);
}

static void set_up(weft_array_look *l) {
    const weft_chip *chip = l->chip;
    for (size_t i = 0; i < (size_t)l->x.rows * (size_t)l->x.columns; i++)
        l->v_max = fmax(l->v_max, fabs(l->x.values[i]));
    if (l->v_max == 0) l->v_max = 1;
    l->wires = (weft_wires){l->g.rows,
                            l->g.columns,
                            chip->wires.row_segment_ohm,
                            chip->wires.column_segment_ohm,
                            chip->wires.row_terminal_ohm,
                            chip->wires.column_terminal_ohm};
    l->cells = (weft_wires_cells){.g = l->held,
                                  .iv_nonlinearity = chip->device.iv_nonlinearity,
                                  .v_max = l->v_max,
                                  .gated = chip->wires.topology == WEFT_WIRES_GATED};
    l->nodal = l->options->exact || l->cells.gated || l->cells.iv_nonlinearity > 0 ||
               (chip->has_wires && cell_count(l) > EFFECTIVE_CELLS_MAX);
}

weft_status weft_array_look_run(weft_array_look *l, weft_error *err) {
    WEFT_TRY(check_units(l, err));
    l->held = malloc(cell_count(l) * sizeof *l->held);
    l->analog = malloc(current_count(l) * sizeof *l->analog);
    l->currents = malloc(current_count(l) * sizeof *l->currents);
    if (!l->held || !l->analog || !l->currents)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for an array of %d x %d cells", l->g.rows, l->g.columns);
    set_up(l);
    WEFT_TRY(check_size(l, err));
    WEFT_TRY(program(l, err));
    WEFT_TRY(flow(l, err));
    WEFT_TRY(add_read_noise(l, err));
    WEFT_TRY(check_currents(l, err));
    return convert(l, err);
}
