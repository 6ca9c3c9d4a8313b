/* Dense double-precision products and inverses, for wires. The same bits on every instruction set: sums run over the
 * depth in order, and no multiplication is fused with an addition. Private to sim/model. */
#ifndef WEFT_SIM_MODEL_DENSE_H
#define WEFT_SIM_MODEL_DENSE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sizes of matrices are multiples of WEFT_DENSE_COLUMNS, numbers of rows of WEFT_DENSE_ROWS. */
enum { WEFT_DENSE_ROWS = 8, WEFT_DENSE_COLUMNS = 16 };
/* Doubles of scratch that the functions below need, 64-byte aligned. */
size_t weft_dense_scratch(int size);

/* x [rows, size] = x * b; b [size, size] row-major. */
void weft_dense_multiply(double *x, int rows, const double *b, int size, double *scratch);
/* a = inverse of a, symmetric and positive definite; its lower triangle is read, both are written. */
void weft_dense_invert(double *a, int size, double *scratch);

#ifdef __cplusplus
}
#endif
#endif
