#include "sim/model/dense.h"

#include <stdbool.h>
#include <string.h>

#include "core/clones.h"
#include "sim/model/simd.h"

enum {
    ROWS = WEFT_DENSE_ROWS,
    COLUMNS = WEFT_DENSE_COLUMNS,
    PIVOTS = COLUMNS /* rows and columns that the inverse eliminates at a time */
};

/* ---- one tile: 8 x 16 sums of products ---- */

/* out (stride) = left x right, or out - left x right. left [depth][ROWS], right [depth][COLUMNS]. */
typedef void (*tile_kernel)(const double *left, const double *right, int depth, double *out, size_t stride,
                            bool subtract);

#if defined(__GNUC__)
#if defined(__clang__)
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* In vectors of `lanes` doubles, tile_rows x 2 of them at a time: what the registers hold. */
#define TILE_KERNEL(name, target, lanes, tile_rows)                                                                    \
    typedef double name##_vector __attribute__((vector_size(8 * (lanes)), aligned(8), may_alias));                     \
    target static void name(const double *left, const double *right, int depth, double *out, size_t stride,            \
                            bool subtract) {                                                                           \
        for (int r0 = 0; r0 < ROWS; r0 += (tile_rows))                                                                 \
            for (int c0 = 0; c0 < COLUMNS; c0 += 2 * (lanes)) {                                                        \
                name##_vector sum[tile_rows][2];                                                                       \
                UNROLL for (int r = 0; r < (tile_rows); r++) sum[r][0] = sum[r][1] = (name##_vector){0};               \
                const double *a = left + r0, *b = right + c0;                                                          \
                for (int k = 0; k < depth; k++, a += ROWS, b += COLUMNS) {                                             \
                    const name##_vector b0 = *(const name##_vector *)b, b1 = *(const name##_vector *)(b + (lanes));    \
                    UNROLL for (int r = 0; r < (tile_rows); r++) {                                                     \
                        sum[r][0] += b0 * a[r];                                                                        \
                        sum[r][1] += b1 * a[r];                                                                        \
                    }                                                                                                  \
                }                                                                                                      \
                UNROLL for (int r = 0; r < (tile_rows); r++) {                                                         \
                    name##_vector *to = (name##_vector *)(out + (size_t)(r0 + r) * stride + c0);                       \
                    if (subtract) {                                                                                    \
                        sum[r][0] = to[0] - sum[r][0];                                                                 \
                        sum[r][1] = to[1] - sum[r][1];                                                                 \
                    }                                                                                                  \
                    to[0] = sum[r][0];                                                                                 \
                    to[1] = sum[r][1];                                                                                 \
                }                                                                                                      \
            }                                                                                                          \
    }
TILE_KERNEL(tile_128, , 2, 4)
#if WEFT_X86
TILE_KERNEL(tile_256, WEFT_AVX2, 4, 4)
TILE_KERNEL(tile_512, WEFT_AVX512, 8, 8)
#endif
#else
static void tile_128(const double *left, const double *right, int depth, double *out, size_t stride, bool subtract) {
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) {
            double sum = 0, *to = &out[(size_t)r * stride + (size_t)c];
            for (int k = 0; k < depth; k++) sum += right[k * COLUMNS + c] * left[k * ROWS + r];
            *to = subtract ? *to - sum : sum;
        }
}
#endif

static tile_kernel best_kernel(void) {
#if WEFT_X86
    if (weft_has_avx512()) return tile_512;
    if (weft_has_avx2()) return tile_256;
#endif
    return tile_128;
}

size_t weft_dense_scratch(int size) {
    const size_t n = (size_t)size, multiply = n * n + ROWS * n, invert = 2 * n * PIVOTS;
    return multiply > invert ? multiply : invert;
}

/* ---- product ---- */

/* Rows first .. first + ROWS of x [.., stride], depth of them, as [depth][ROWS]. */
static void pack_left(double *restrict left, const double *restrict x, size_t stride, int depth) {
    for (int k = 0; k < depth; k++)
        for (int r = 0; r < ROWS; r++) left[k * ROWS + r] = x[(size_t)r * stride + (size_t)k];
}

void weft_dense_multiply(double *x, int rows, const double *b, int size, double *scratch) {
    const tile_kernel kernel = best_kernel();
    const size_t n = (size_t)size;
    double *right = scratch, *left = scratch + n * n;
    for (size_t c = 0; c < n; c += COLUMNS)
        for (size_t k = 0; k < n; k++) memcpy(right + c * n + k * COLUMNS, b + k * n + c, COLUMNS * sizeof *b);
    for (int r = 0; r < rows; r += ROWS) {
        double *out = x + (size_t)r * n;
        pack_left(left, out, n, size);
        for (size_t c = 0; c < n; c += COLUMNS) kernel(left, right + c * n, size, out + c, n, false);
    }
}

/* ---- inverse: symmetric sweeps, PIVOTS at a time, in the lower triangle ---- */

/* p [PIVOTS, PIVOTS] = inverse, by pivots on the diagonal. */
WEFT_CLONES static void invert_block(double *p) {
    for (int k = 0; k < PIVOTS; k++) {
        double pivot[PIVOTS], factor[PIVOTS];
        const double inverse = 1 / p[k * PIVOTS + k];
        for (int j = 0; j < PIVOTS; j++) pivot[j] = p[k * PIVOTS + j] * inverse;
        for (int i = 0; i < PIVOTS; i++) factor[i] = p[i * PIVOTS + k];
        for (int i = 0; i < PIVOTS; i++) p[i * PIVOTS + k] = 0;
        pivot[k] = inverse;
        for (int i = 0; i < PIVOTS; i++)
            for (int j = 0; j < PIVOTS; j++) p[i * PIVOTS + j] -= factor[i] * pivot[j];
        for (int j = 0; j < PIVOTS; j++) p[k * PIVOTS + j] = pivot[j];
    }
}

/* The columns of the pivots of the symmetric matrix, as panels [size / COLUMNS][PIVOTS][COLUMNS]; 0 in the rows of the
 * pivots themselves. */
static void gather_columns(double *right, const double *a, size_t n, size_t first) {
    for (size_t c0 = 0; c0 < n; c0 += COLUMNS, right += PIVOTS * COLUMNS)
        for (size_t k = 0; k < PIVOTS; k++) {
            double *to = right + k * COLUMNS;
            if (c0 < first)
                memcpy(to, a + (first + k) * n + c0, COLUMNS * sizeof *to);
            else
                for (size_t c = 0; c < COLUMNS; c++) to[c] = c0 == first ? 0 : a[(c0 + c) * n + first + k];
        }
}

/* Row panel r: left = the panel's columns x inverse of the pivots, which also takes their place in the matrix. */
static void scale_panel(double *left, double *a, const double *right, const double *inverse, size_t n, size_t r,
                        size_t first, tile_kernel kernel) {
    double own[PIVOTS * ROWS], product[ROWS * PIVOTS];
    const double *from = right + (r / COLUMNS) * COLUMNS * PIVOTS + r % COLUMNS;
    for (size_t k = 0; k < PIVOTS; k++)
        for (size_t i = 0; i < ROWS; i++) own[k * ROWS + i] = from[k * COLUMNS + i];
    kernel(own, inverse, PIVOTS, product, PIVOTS, false);
    pack_left(left, product, PIVOTS, PIVOTS);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < PIVOTS; k++) {
            if (r < first) a[(first + k) * n + r + i] = product[i * PIVOTS + k];
            if (r >= first + PIVOTS) a[(r + i) * n + first + k] = product[i * PIVOTS + k];
        }
}

/* One block of the sweep: with P the inverse of the pivot block K, a_ij -= a_iK P a_Kj, a_iK = a_iK P, a_KK = -P. After
 * all of them the matrix is minus its inverse. */
static void sweep(double *a, size_t n, size_t first, double *scratch, tile_kernel kernel) {
    double inverse[PIVOTS * PIVOTS];
    double *right = scratch, *left = scratch + n * PIVOTS;
    for (size_t i = 0; i < PIVOTS; i++)
        for (size_t j = 0; j <= i; j++)
            inverse[i * PIVOTS + j] = inverse[j * PIVOTS + i] = a[(first + i) * n + first + j];
    invert_block(inverse);
    gather_columns(right, a, n, first);
    for (size_t r = 0; r < n; r += ROWS) scale_panel(left + r * PIVOTS, a, right, inverse, n, r, first, kernel);
    for (size_t r = 0; r < n; r += ROWS)
        for (size_t c = 0; c < r + ROWS; c += COLUMNS)
            kernel(left + r * PIVOTS, right + c * PIVOTS, PIVOTS, a + r * n + c, n, true);
    for (size_t i = 0; i < PIVOTS; i++)
        for (size_t j = 0; j <= i; j++) a[(first + i) * n + first + j] = -inverse[i * PIVOTS + j];
}

void weft_dense_invert(double *a, int size, double *scratch) {
    const tile_kernel kernel = best_kernel();
    const size_t n = (size_t)size;
    for (size_t first = 0; first < n; first += PIVOTS) sweep(a, n, first, scratch, kernel);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) a[j * n + i] = a[i * n + j] = -a[i * n + j];
}
