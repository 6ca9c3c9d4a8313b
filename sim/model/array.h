/* One programmed crossbar array: integer weights as cells, pulses in, codes out. Private to sim/model.
 *
 * A column here is a logical one (a weight's); each has columns_per_weight physical columns, one per plane: a slice of
 * the offset weight (OFFSET), a slice of the positive or the negative part (DIFFERENTIAL_COLUMNS), a slice of the
 * signed weight (DIFFERENTIAL_CELL: two cells whose currents are subtracted ahead of the converter). Where columns are
 * not signed, rows with negative pulse digits (the sign pulse of two's complement) are read apart and subtracted
 * digitally, so that no column sum is negative; in bit-serial input with one bit a pulse that costs no extra read.
 *
 * Three ways to the same codes. Ideal cells and converters that lose nothing: the plain product. Ideal cells and few
 * bits: AND and popcount over bit planes, of all planes at once where pulses are of one bit and ideal converters
 * compute in integers. Everything else: products with cells in 16-bit fixed point. */
#ifndef WEFT_SIM_MODEL_ARRAY_H
#define WEFT_SIM_MODEL_ARRAY_H

#include "sim/model/adc.h"
#include "sim/model/array_bits.h"
#include "sim/model/cells.h"
#include "sim/model/gemm.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_ARRAY_ROWS_MAX = 4096, WEFT_ARRAY_COLUMNS_MAX = 4096 };

/* The physical columns of one slice and polarity, all logical columns of them. */
typedef struct weft_plane {
    int sign;         /* +1, -1 */
    int slice, shift; /* chip->slice_shift: weight of a level 2^shift */
    weft_adc adc;
    /* Stored cells [rows, columns]; level = entry x cell_unit, base included. Ideal: the levels, unit 1; so are others
     * that happen to be whole. Not packed where the array is exact and cells were not asked for. */
    weft_panel cells;
    double cell_unit;
    weft_panel variance; /* of one read, levels squared = entry x variance_unit; empty without read noise */
    double variance_unit;
    weft_bits bits;     /* the same cells as bit planes, where weft_bits_suit; else empty: the product path is taken */
    int32_t *code_sign; /* [columns] +1, or -1 where the column is stored flipped */
    /* What is known digitally of a column: levels x sum of digits, to be added to code_sign x code x step. Base where
     * the encoding does not cancel it, the highest level where the column is flipped. */
    double *known; /* [columns] levels, signed */
    /* The same in result units, 2^shift included, sign and the pulse's shift not: a read adds
     * sign x 2^pulse_shift x (code_sign x code x code_weight + known_weight x sum of digits) to the result. */
    int64_t code_weight;
    int64_t *known_weight; /* [columns]; NULL where all of `known` are 0 */
} weft_plane;

/* Cells that are not ohmic: what a digit of several bits drives a row with, v = digit / pulse_max: table[|digit|] =
 * round(2^bits x pulse_max x sinh(a v) / sinh(a)), 15 bits. accumulate_analog: sum of the pulses' drives, each weighed
 * by its power of two. Lengths of pulses (pulse_width) and one-bit digits are linear: table NULL. */
typedef struct weft_drive {
    int bits;
    int16_t *table; /* [weft_chip_pulse_max + 1] */
    /* accumulate_analog with read noise: sum of the squares of the pulses' drives, each weighed; else NULL. */
    int32_t *square; /* [weft_chip_pulse_max + 1] */
} weft_drive;
/* Bits of a pulse where the pulses of an input are added ahead of the converter; 0: they are not. */
int weft_drive_group(const weft_chip *chip);
weft_status weft_drive_create(weft_drive *drive, const weft_chip *chip, weft_error *err); /* MEMORY */
void weft_drive_destroy(weft_drive *drive);                                               /* safe on a zeroed one */

typedef struct weft_array {
    const weft_chip *chip;
    weft_cells_place place;
    int rows, columns;
    bool exact;            /* ideal cells, and no code of any column can saturate or round: result = q * W */
    double result_scale;   /* q * W products of one unit of a result */
    double unit;           /* q * W products of one unit of code_weight, known_weight and offset_weight; where it is
                              below result_scale, sums are rounded to that once, half away from zero */
    int64_t offset_weight; /* offset encoding: units to take off, times the sum of the inputs; else 0 */
    weft_panel product;    /* W, exact arrays only */
    weft_drive drive;
    weft_bits lanes; /* where weft_lanes_suit: cells of all planes, column c of plane k in column k * columns + c */
    int plane_count;
    weft_plane *planes;
} weft_array;

/* Ideal cells that are read by one-bit pulses. */
bool weft_lanes_suit(const weft_chip *chip);

/* weights [rows, columns] within +-chip->weight_max, row stride `stride`. keep_cells: also for an exact array, so that
 * weft_array_read can be called. chip must outlive the array; table and place are read here only, place NULL: trial 0
 * of seed 0. Calibrated converters start with the full-scale range. UNSUPPORTED: analog cells with the offset encoding;
 * one-bit converters of signed columns; gated wires; wires with cells that are not ohmic; no converters; more rows or
 * columns than the limits above. */
weft_status weft_array_create(weft_array *array, const weft_chip *chip, const weft_program_table *table,
                              const weft_cells_place *place, const int16_t *weights, int rows, int columns, int stride,
                              bool keep_cells, weft_error *err);
void weft_array_destroy(weft_array *array); /* safe on a zeroed array */
/* Range of a plane's calibrated converters, levels x digits. MEMORY. */
weft_status weft_array_set_range(weft_array *array, int plane, double range, weft_error *err);
/* The result scale that suits the array best: ideal cells in unit or full_scale range have one that keeps results
 * exact; the others a fine fraction of the smallest plane's code, as coarse as io.partial_bits asks for. All arrays of
 * a stage share one, the largest. */
double weft_array_best_scale(const weft_array *array);
void weft_array_set_scale(weft_array *array, double result_scale);

/* Where a sample's read noise is drawn: stream (seed, trial x 2^32 + image, stage, READ), elements from first_draw on:
 * (read * planes + plane) * columns + column. */
typedef struct weft_read_place {
    uint64_t image, first_draw;
} weft_read_place;
uint64_t weft_array_draws(const weft_array *array); /* elements that one sample uses */

/* What the converters of a plane were given. Bins are 64 an octave of the magnitude, equally wide within it, from 1
 * on. */
enum { WEFT_PROBE_OCTAVES = 40, WEFT_PROBE_BINS = 64 * WEFT_PROBE_OCTAVES };
typedef struct weft_plane_probe {
    uint64_t histogram[WEFT_PROBE_BINS]; /* of |sum|, levels x digits, noise included; the first and last bin hold the
                                            rest */
    uint64_t conversions, clipped;
    int64_t largest_code; /* magnitude */
    double largest;       /* of |sum| */
} weft_plane_probe;
int weft_probe_bin(double magnitude);
double weft_probe_value(int bin); /* middle of a bin */
void weft_probe_clear(weft_plane_probe *probe);

/* out[i, c] += result of the array for inputs q[i, 0..rows), stride q_stride (>= rows rounded up to even, readable), in
 * units of result_scale. places [count]: NULL where the chip has no read noise. probes [plane_count]: NULL, or counted
 * (not by two threads at once). Exact product where the array is exact and there are no probes, else
 * weft_array_read. Needs no scratch memory but some 580 KiB of stack. */
void weft_array_multiply(const weft_array *array, const int16_t *q, int q_stride, int count,
                         const weft_read_place *places, int64_t *out, int out_stride, weft_plane_probe *probes);
/* The same, always pulse by pulse through cells and converters. */
void weft_array_read(const weft_array *array, const int16_t *q, int q_stride, int count, const weft_read_place *places,
                     int64_t *out, int out_stride, weft_plane_probe *probes);
/* The same with given kernels, for tests and benchmarks. */
typedef struct weft_array_kernels {
    const weft_gemm_kernel_info *gemm;
    const weft_bits_kernel_info *bits;
} weft_array_kernels;
void weft_array_read_with(const weft_array_kernels *kernels, const weft_array *array, const int16_t *q, int q_stride,
                          int count, const weft_read_place *places, int64_t *out, int out_stride,
                          weft_plane_probe *probes);

#ifdef __cplusplus
}
#endif
#endif
