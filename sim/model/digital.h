/* The digital unit: float32, elementwise over channels, no contraction. Private to sim; both modes compute through it.
 */
#ifndef WEFT_SIM_MODEL_DIGITAL_H
#define WEFT_SIM_MODEL_DIGITAL_H

#include "core/lowering.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An output position takes several input positions, or none: pools and PAD. */
bool weft_digital_has_window(const weft_digital_op *op);
/* All others but ADD: out = op(in) for positions x channels values, in place allowed. scale, offset [channels], AFFINE
 * only. Sigmoid and tanh are the C library's in double, rounded. */
void weft_digital_elementwise(const weft_digital_op *op, const float *scale, const float *offset, size_t positions,
                              int channels, const float *in, float *out);
/* Pools: output position (y, x) from in_map [in.height, in.width, channels]. Elements in raster order; padding is left
 * out, but counts in the average's divisor with count_include_pad. A window all in the padding gives 0. PAD: the value
 * at the position, or 0. */
void weft_digital_window(const weft_digital_op *op, int channels, const float *in_map, int y, int x, float *out);

/* ADD. */
static inline float weft_digital_sum(float value, float addend) { return value + addend; }
/* Integer that arrived at a port as a real value. */
static inline float weft_digital_value(int32_t q, float scale) { return (float)q * scale; }

#ifdef __cplusplus
}
#endif
#endif
