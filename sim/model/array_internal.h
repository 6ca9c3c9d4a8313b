/* Inside the array model: array.c creates, array_program.c programs the cells, array_scale.c sets ranges and the unit
 * of results. */
#ifndef WEFT_SIM_MODEL_ARRAY_INTERNAL_H
#define WEFT_SIM_MODEL_ARRAY_INTERNAL_H

#include "sim/model/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Highest level of a cell of the plane's slice. */
static inline int weft_plane_level_max(const weft_chip *chip, const weft_plane *plane) {
    return (1 << chip->slice_bits[plane->slice]) - 1;
}

/* Fills planes whose converters are there already: sign, slice, cells, variance, flips, what is known; finds whether
 * the array is exact, and packs its product. weights as for weft_array_create. MEMORY, and errors of weft_cells_program
 * and weft_wires_effective. */
weft_status weft_array_program(weft_array *array, const weft_program_table *table, const int16_t *weights, int stride,
                               bool keep_cells, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
