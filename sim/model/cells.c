#include "sim/model/cells.h"

#include <math.h>

#include "core/arena.h"
#include "core/pcm.h"

int weft_cells_per_weight(const weft_chip *chip) {
    return chip->slices * (chip->weight.encoding == WEFT_WEIGHT_OFFSET ? 1 : 2);
}

/* g_min / g_max; 0 without a physical unit. */
static double lowest(const weft_chip *chip) {
    return chip->device.g_max_us > 0 ? chip->device.g_min_us / chip->device.g_max_us : 0;
}

/* One level over g_max. */
static double level_step(const weft_chip *chip, double level_max) { return (1 - lowest(chip)) / level_max; }

double weft_cells_base(const weft_chip *chip, double level_max) { return lowest(chip) / level_step(chip, level_max); }

/* ---- programming ---- */

/* Mean and standard deviation for a target, linear between the rows of the table. */
static void table_find(const weft_program_table *table, double target, double *mean, double *sigma) {
    const int last = table->count - 1;
    int low = 0, high = last;
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (table->target[middle] <= target)
            low = middle;
        else
            high = middle;
    }
    double part = (target - table->target[low]) / (table->target[high] - table->target[low]);
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    *mean = table->mean[low] + part * (table->mean[high] - table->mean[low]);
    *sigma = table->sigma[low] + part * (table->sigma[high] - table->sigma[low]);
}

/* Draws of the table: a stream beside those of the chain's links. */
static weft_rng table_stream(const weft_cells_place *place) {
    return (weft_rng){.seed = place->seed,
                      .step = place->trial,
                      .layer = (uint16_t)place->stage,
                      .purpose = (uint16_t)((unsigned)WEFT_PURPOSE_PROGRAM + 256u * WEFT_TRANSFORM_CHAIN_MAX)};
}

static void table_apply(const weft_program_table *table, const weft_cells_place *place, uint64_t first, float *g,
                        size_t count) {
    enum { BLOCK = 256 };
    const weft_rng rng = table_stream(place);
    float noise[BLOCK];
    for (size_t i = 0, n; i < count; i += n) {
        n = count - i < BLOCK ? count - i : BLOCK;
        weft_rng_fill_normal(&rng, first + i, n, noise);
        for (size_t k = 0; k < n; k++) {
            double mean, sigma;
            table_find(table, (double)g[i + k], &mean, &sigma);
            g[i + k] = (float)(mean + sigma * (double)noise[k]);
        }
    }
}

static weft_status program_relative(const weft_chip *chip, const weft_program_table *table,
                                    const weft_cells_place *place, uint64_t first, float *g, size_t count,
                                    weft_error *err) {
    const weft_transform_draw draw = {
        .seed = place->seed, .step = place->trial, .layer = (uint16_t)place->stage, .purpose = WEFT_PURPOSE_PROGRAM};
    weft_transform_chain chain = chip->program;
    chain.low = (float)lowest(chip);
    if (table->count) table_apply(table, place, first, g, count);
    return weft_transform_chain_apply_to(&chain, 1.0f, g, g, first, count, &draw, err);
}

weft_status weft_cells_program(const weft_chip *chip, const weft_program_table *table, const weft_cells_place *place,
                               int plane, double level_max, double *level, size_t count, weft_error *err) {
    const double base = weft_cells_base(chip, level_max), step = level_step(chip, level_max);
    const uint64_t first = place->first_cell + (uint64_t)plane * count;
    weft_status status = WEFT_OK;
    for (size_t i = 0; i < count; i++) level[i] += base;
    if (count == 0 || (!table->count && !chip->program.count)) return WEFT_OK;
    float *g = weft_aligned_alloc(count, sizeof *g);
    if (!g) return weft_error_set(err, WEFT_E_MEMORY, "no memory to program %zu cells", count);
    for (size_t i = 0; i < count; i++) g[i] = (float)(level[i] * step);
    WEFT_TRY_GOTO(program_relative(chip, table, place, first, g, count, err));
    for (size_t i = 0; i < count; i++) level[i] = g[i] > 0.0f ? (double)g[i] / step : 0;
cleanup:
    weft_aligned_free(g);
    return status;
}

/* ---- read noise ---- */

/* Standard deviation of a proportional kind, over the cell's own level. */
static double relative_sigma(const weft_chip *chip, double growth, double g) {
    const double sigma = chip->device.read_sigma;
    return chip->device.read_noise == WEFT_READ_NOISE_PCM ? sigma * growth * weft_pcm_read_q(g) : sigma;
}

void weft_cells_read_variance(const weft_chip *chip, double level_max, const double *level, double *variance,
                              size_t count) {
    const double step = level_step(chip, level_max), growth = weft_pcm_read_growth(chip->device.time_s);
    const bool independent = chip->device.read_noise == WEFT_READ_NOISE_INDEPENDENT;
    for (size_t i = 0; i < count; i++) {
        const double sigma =
            independent ? chip->device.read_sigma / step : level[i] * relative_sigma(chip, growth, level[i] * step);
        variance[i] = sigma * sigma;
    }
}

/* ---- fixed point ---- */

enum { ENTRY_MAX = INT16_MAX };

/* True where all values are whole multiples of a unit that fit. */
static bool are_multiples(const double *values, size_t count, double unit) {
    for (size_t i = 0; i < count; i++) {
        const double ratio = values[i] / unit;
        if (fabs(ratio) > ENTRY_MAX || ratio != (double)(int)ratio) return false;
    }
    return true;
}

/* Levels without errors are whole, or halves where pairs are two-sided, and stay exact; else the largest is ENTRY_MAX.
 */
static double choose_unit(const double *values, size_t count) {
    double largest = 0;
    if (are_multiples(values, count, 1)) return 1;
    if (are_multiples(values, count, 0.5)) return 0.5;
    for (size_t i = 0; i < count; i++) largest = fabs(values[i]) > largest ? fabs(values[i]) : largest;
    return largest / ENTRY_MAX;
}

double weft_cells_fixed_point(int16_t *entries, const double *values, size_t count) {
    const double unit = choose_unit(values, count);
    for (size_t i = 0; i < count; i++) {
        const double ratio = values[i] / unit;
        entries[i] = (int16_t)(ratio + (ratio < 0 ? -0.5 : 0.5));
    }
    return unit;
}
