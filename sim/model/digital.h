/* The digital unit: float32, elementwise over channels, no contraction. Private to sim/model; both modes compute
 * through it. */
#ifndef WEFT_SIM_MODEL_DIGITAL_H
#define WEFT_SIM_MODEL_DIGITAL_H

#include "core/lowering.h"

#ifdef __cplusplus
extern "C" {
#endif

bool weft_digital_is_pool(const weft_digital_op *op);
/* All but pools: out = op(in) for positions x channels values, in place allowed. scale, offset [channels], AFFINE
 * only. */
void weft_digital_elementwise(const weft_digital_op *op, const float *scale, const float *offset, size_t positions,
                              int channels, const float *in, float *out);
/* Pools: output position (y, x) from in_map [in.height, in.width, channels]. Elements in raster order; padding is left
 * out, but counts in the average's divisor with count_include_pad. A window all in the padding gives 0. */
void weft_digital_pool(const weft_digital_op *op, int channels, const float *in_map, int y, int x, float *out);

#ifdef __cplusplus
}
#endif
#endif
