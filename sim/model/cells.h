/* What cells really hold: target levels -> conductances as programmed on one chip (a trial), behind stuck cells,
 * errors, drift and relaxation, and what the wires leave of them. Private to sim/model.
 *
 * Units. A cell of level l (0 .. level_max, the highest of its slice) should have the conductance g_min + l (g_max -
 * g_min) / level_max. Everything here is in levels: level 1 is that step, so that an ideal column sum is the integer
 * sum of digit x level, and a cell at g_min counts as `base` levels, base = g_min level_max / (g_max - g_min). */
#ifndef WEFT_SIM_MODEL_CELLS_H
#define WEFT_SIM_MODEL_CELLS_H

#include "core/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which chip, and where on it: what the draws of a cell are for. Read noise: purpose READ of the same seed. */
typedef struct weft_cells_place {
    uint64_t seed, trial;
    int stage;
    uint64_t first_cell; /* number, within the stage, of the first cell of the first plane; a tile uses rows * columns *
                            weft_cells_per_weight(chip) numbers from here on, all below 2^32 */
} weft_cells_place;

/* Cells of one weight: its slices, twice in the differential encodings. */
int weft_cells_per_weight(const weft_chip *chip);

/* Table of measured programming (device.program_table), by rising target. */
typedef struct weft_program_table {
    int count;
    double *target, *mean, *sigma; /* all / g_max */
} weft_program_table;
/* CSV: a header line `g_target_us,g_mean_us,g_sigma_us`, then at least two rows of rising targets. Errors with
 * file:line: PARSE, INVALID, IO. Of chip->program_table_path. A chip without
 * one gives an empty table. */
weft_status weft_program_table_read(weft_program_table *out, const weft_chip *chip, weft_error *err);
void weft_program_table_destroy(weft_program_table *table); /* safe on a zeroed one */

/* Programs one plane of a tile in place: level[count] targets (whole levels, or halves where two_sided) -> levels that
 * the cells hold, base included. Order: table, then chip->program with alpha = 1 = g_max
 * (weft_transform_chain_apply_to), never below 0. plane numbers the draws: cell i is element plane * count + i from
 * place->first_cell on, step trial, purpose PROGRAM. level_max: of the plane's slice (32767 for analog cells). MEMORY,
 * INVALID. */
weft_status weft_cells_program(const weft_chip *chip, const weft_program_table *table, const weft_cells_place *place,
                               int plane, double level_max, double *level, size_t count, weft_error *err);
/* variance[i] = variance of one read of a cell that holds level[i], in levels squared. Only where
 * chip->has_read_noise. */
void weft_cells_read_variance(const weft_chip *chip, double level_max, const double *level, double *variance,
                              size_t count);
/* Levels of a cell at g_min. */
double weft_cells_base(const weft_chip *chip, double level_max);
/* entries[count] = values / unit, rounded half away from zero; returns the unit: 1 or 1/2 where that makes all of them
 * whole, else what makes the largest magnitude 32767. */
double weft_cells_fixed_point(int16_t *entries, const double *values, size_t count);

/* ---- wires (wires.c) ---- */

/* One physical array: conductances, resistances of its wires. Rows are driven from the end at column 0; columns end in
 * a virtual ground behind the last row. A segment lies ahead of each cell on its row, and behind each cell on its
 * column; terminals are in series with the first segment of a row and the last of a column. */
typedef struct weft_wires {
    int rows, columns;
    double row_segment_ohm, column_segment_ohm, row_terminal_ohm, column_terminal_ohm;
} weft_wires;

/* INVALID: no cells, or a resistance or conductance that is negative or not finite. */
weft_status weft_wires_check(const weft_wires *wires, const double *g, weft_error *err);
/* effective [rows, columns] in siemens: current out of column c for 1 V at row r and 0 V at all others; with ohmic
 * cells the array is linear, so currents are voltages times this. g [rows, columns] siemens, >= 0; may be the same
 * array. Rows of zeros cost next to nothing. Direct: every row wire eliminated (tridiagonal), then block elimination
 * over rows in the column nodes, or the other way round where there are fewer rows; some 2 rows columns^3 operations.
 * Resistances of 0 are exact. The same bits on every instruction set. Thread-safe. MEMORY; INVALID: as
 * weft_wires_check, or the result leaves the range of numbers. */
weft_status weft_wires_effective(const weft_wires *wires, const double *g, double *effective, weft_error *err);

/* A cell's current: ohmic g v, or g v_max sinh(a v / v_max) / sinh(a). */
typedef struct weft_wires_cells {
    const double *g;        /* [rows, columns] siemens */
    double iv_nonlinearity; /* a; 0: ohmic */
    double v_max;           /* V, of the non-linearity */
    bool gated; /* the voltages given are gates: row wires are driven with v_max, cells of row r conduct with
                   g x (voltage / v_max) */
} weft_wires_cells;
/* currents [samples, columns] in ampere for voltages [samples, rows]: nodal equations of the whole array (CHOLMOD),
 * with Newton's iteration where cells are not ohmic, until the largest change of a node is below 1e-12 of v_max (at
 * most 100 steps, else INTERNAL naming what is left). One factorisation for all samples where cells are ohmic and not
 * gated. One call at a time. MEMORY; UNSUPPORTED: more than 2^22 nodes; INVALID: as weft_wires_check, voltages that are
 * not finite, negative gates, or voltages with a |v| / v_max above 300. */
weft_status weft_wires_solve(const weft_wires *wires, const weft_wires_cells *cells, const double *voltages,
                             int samples, double *currents, weft_error *err);
/* The same; solved(context, samples) is called behind each sample with how many there are so far. */
typedef void (*weft_wires_solved)(void *context, int samples);
weft_status weft_wires_solve_watched(const weft_wires *wires, const weft_wires_cells *cells, const double *voltages,
                                     int samples, double *currents, weft_wires_solved solved, void *context,
                                     weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
