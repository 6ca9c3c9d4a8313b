/* One programmed crossbar array: integer weights as cells, pulses in, codes out. Private to sim/model.
 *
 * A column here is a logical one (a weight's); each has columns_per_weight physical columns, one per plane: a slice of
 * the offset weight (OFFSET), a slice of the positive or the negative part (DIFFERENTIAL_COLUMNS), the signed cell
 * (DIFFERENTIAL_CELL). Where columns are not signed, rows with negative pulse digits (the sign pulse of two's
 * complement) are read apart and subtracted digitally, so that no column sum is negative; in bit-serial input with one
 * bit a pulse that costs no extra read. */
#ifndef WEFT_SIM_MODEL_ARRAY_H
#define WEFT_SIM_MODEL_ARRAY_H

#include "sim/model/adc.h"
#include "sim/model/gemm.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_ARRAY_ROWS_MAX = 4096, WEFT_ARRAY_COLUMNS_MAX = 4096 };

/* The physical columns of one slice and polarity, all logical columns of them. */
typedef struct weft_plane {
    int sign;         /* +1, -1 */
    int shift;        /* weight of a code: 2^shift */
    weft_panel cells; /* [rows, columns] as stored; not packed where the array is exact and cells were not asked for */
    int32_t *code_sign; /* [columns] +1, or -1 where the column is stored flipped */
    int32_t *flip_max;  /* [columns] 0, or the largest cell where the column is stored flipped */
} weft_plane;

typedef struct weft_array {
    const weft_chip *chip;
    weft_adc adc;
    int rows, columns;
    bool exact; /* no code of any column can saturate or round: result = q * W */
    bool has_flips;
    weft_panel product; /* W, exact arrays only */
    int plane_count;
    weft_plane *planes;
} weft_array;

/* weights [rows, columns] within +-chip->weight_max, row stride `stride`. keep_cells: also for an exact array, so that
 * weft_array_read can be called. chip must outlive the array. UNSUPPORTED: analog cells with the offset encoding;
 * one-bit converters of signed columns; more rows or columns than the limits above. */
weft_status weft_array_create(weft_array *array, const weft_chip *chip, const int16_t *weights, int rows, int columns,
                              int stride, bool keep_cells, weft_error *err);
void weft_array_destroy(weft_array *array); /* safe on a zeroed array */

/* Scratch for count samples. */
typedef struct weft_array_scratch {
    int16_t *digits;    /* [count, rows rounded up to even] */
    int16_t *split;     /* the same */
    int64_t *codes;     /* [count, columns] */
    int64_t *digit_sum; /* [count] */
} weft_array_scratch;

/* out[i, c] += result of the array for inputs q[i, 0..rows), stride q_stride (>= rows rounded up to even, readable).
 * Exact product where the array is exact, else weft_array_read. Units: array->adc.result_scale. */
void weft_array_multiply(const weft_array *array, const int16_t *q, int q_stride, int count, int64_t *out,
                         int out_stride, const weft_array_scratch *scratch);
/* The same, always pulse by pulse through cells and converters. */
void weft_array_read(const weft_array *array, const int16_t *q, int q_stride, int count, int64_t *out, int out_stride,
                     const weft_array_scratch *scratch);

#ifdef __cplusplus
}
#endif
#endif
