/* Exact integer matrix product: int16 x int16 summed in int32 over runs that cannot overflow, runs summed in int64.
 * Exact in any order, so every kernel gives the same integers. Private to sim/model. */
#ifndef WEFT_SIM_MODEL_GEMM_H
#define WEFT_SIM_MODEL_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Tile of one kernel call: samples x matrix columns; a last strip of up to 16 columns has a kernel of its own. */
enum { WEFT_GEMM_ROWS = 8, WEFT_GEMM_COLUMNS = 32, WEFT_GEMM_NARROW = 16 };

/* A matrix [rows, columns] packed for the kernels: strips of 32 columns (the last one of 16 where that is enough), in
 * each pairs of rows interleaved, padded with zeros. Entries are divided by their greatest common divisor `factor` (a
 * sign-projected layer becomes +-1: longer int32 runs). */
typedef struct weft_panel {
    int rows, columns, pairs; /* pairs = ceil(rows / 2) */
    int max_abs;              /* of the stored entries */
    int64_t max_column_sum;   /* largest sum of a column's stored magnitudes: bound of a product with inputs up to 1 */
    bool uniform;             /* all entries are `factor` */
    int factor;               /* >= 1 */
    int16_t *data;            /* [strips, pairs, 32 or 16, 2]; NULL: empty panel */
} weft_panel;
/* matrix [rows, columns] row-major with stride between rows; entries within +-32767. MEMORY. */
weft_status weft_panel_pack(weft_panel *panel, const int16_t *matrix, int rows, int columns, int stride,
                            weft_error *err);
void weft_panel_destroy(weft_panel *panel); /* safe on a zeroed or destroyed panel */

/* out[i, c] += sum_r a[i, r] * matrix[r, c] for i < count. a [count, >= 2 * pairs] int16, row stride a_stride, |a| <=
 * a_max <= 32767; what stands at a[i, rows] does not matter, but must be readable. Thread-safe. */
void weft_panel_multiply(const weft_panel *panel, const int16_t *a, int a_stride, int count, int a_max, int64_t *out,
                         int out_stride);

/* accumulators[8, 32] = sum over pairs of a[r][2p] * b[p, c, 0] + a[r][2p + 1] * b[p, c, 1]; narrow: c < 16, the other
 * accumulators stay. */
typedef void (*weft_gemm_kernel)(const int16_t *const a[WEFT_GEMM_ROWS], const int16_t *b, int pairs,
                                 int32_t *accumulators);
typedef struct weft_gemm_kernel_info {
    const char *name;
    weft_gemm_kernel run, run_narrow;
    bool (*supported)(void); /* by this processor */
} weft_gemm_kernel_info;
/* Best first; the last one is portable C. name NULL ends the table. */
extern const weft_gemm_kernel_info weft_gemm_kernels[];
/* First supported kernel. */
const weft_gemm_kernel_info *weft_gemm_best(void);
/* weft_panel_multiply with a given kernel, for tests and benchmarks. */
void weft_panel_multiply_with(const weft_gemm_kernel_info *kernel, const weft_panel *panel, const int16_t *a,
                              int a_stride, int count, int a_max, int64_t *out, int out_stride);

/* ---- the pieces, for who does something else with the sums ---- */

/* Pairs of rows whose products with |a| <= a_max fit int32; all of them (panel->pairs), where possible. */
int weft_panel_run(const weft_panel *panel, int a_max);
/* sums[i, 32] = a[i] times pairs [first, first + pairs) of strip `strip`, without the factor, for i < count; sums
 * [count rounded up to 8, 32]. a[i] points to what meets row 2 * first of the matrix. */
void weft_panel_strip(const weft_gemm_kernel_info *kernel, const weft_panel *panel, int strip, int first, int pairs,
                      const int16_t *const *a, int count, int32_t *sums);
/* Whole rows a[i], count of them, times a strip, without the factor: true: in sums [count rounded up to 8, 32]; false:
 * int32 cannot be sure to hold them, they are in wide [the same]. */
bool weft_panel_product(const weft_gemm_kernel_info *kernel, const weft_panel *panel, int strip,
                        const int16_t *const *a, int count, int a_max, int32_t *sums, int64_t *wide);

#ifdef __cplusplus
}
#endif
#endif
