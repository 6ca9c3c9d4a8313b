#include "sim/model/gemm.h"

#include <string.h>

#include "core/arena.h"
#include "sim/model/number.h"
#include "sim/model/simd.h"

enum {
    ROWS = WEFT_GEMM_ROWS,
    COLUMNS = WEFT_GEMM_COLUMNS,
    SHORT_RUN = 128 /* pairs: below it, splitting bytes is faster */
};

static void panel_range(weft_panel *panel, const int16_t *matrix, int stride) {
    int divisor = 0, largest = 0;
    for (int r = 0; r < panel->rows; r++)
        for (int c = 0; c < panel->columns; c++) {
            const int v = matrix[(size_t)r * (size_t)stride + (size_t)c], size = v < 0 ? -v : v;
            if (divisor != 1) divisor = (int)weft_gcd(size, divisor);
            if (size > largest) largest = size;
        }
    panel->factor = divisor ? divisor : 1;
    panel->max_abs = largest / panel->factor;
}

weft_status weft_panel_pack(weft_panel *panel, const int16_t *matrix, int rows, int columns, int stride,
                            weft_error *err) {
    const int strips = (columns + COLUMNS - 1) / COLUMNS;
    *panel = (weft_panel){.rows = rows, .columns = columns, .pairs = (rows + 1) / 2};
    panel_range(panel, matrix, stride);
    panel->data = weft_aligned_alloc((size_t)strips * (size_t)panel->pairs, 2 * COLUMNS * sizeof(int16_t));
    if (!panel->data) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a matrix of %d x %d", rows, columns);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) {
            const size_t entry =
                ((size_t)(c / COLUMNS) * (size_t)panel->pairs + (size_t)(r / 2)) * COLUMNS + (size_t)(c % COLUMNS);
            panel->data[2 * entry + (size_t)(r % 2)] =
                (int16_t)(matrix[(size_t)r * (size_t)stride + (size_t)c] / panel->factor);
        }
    return WEFT_OK;
}

void weft_panel_destroy(weft_panel *panel) {
    weft_aligned_free(panel->data);
    *panel = (weft_panel){0};
}

/* One operand pass: a times the panel, weighted by factor. */
typedef struct pass {
    const int16_t *a;
    int stride, count;
    int run; /* pairs whose products fit int32 */
    int32_t factor;
} pass;

WEFT_INLINE void add_tile_body(int64_t *out, int out_stride, const int32_t *sums, int rows, int columns,
                               int32_t factor) {
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            out[(size_t)r * (size_t)out_stride + (size_t)c] += (int64_t)sums[r * COLUMNS + c] * factor;
}
static void add_tile(int64_t *out, int out_stride, const int32_t *sums, int rows, int columns, int32_t factor);
WEFT_VARIANTS(add_tile, (int64_t * out, int out_stride, const int32_t *sums, int rows, int columns, int32_t factor),
              (out, out_stride, sums, rows, columns, factor))

static void multiply_pass(weft_gemm_kernel kernel, const weft_panel *panel, const pass *in, int64_t *out,
                          int out_stride) {
    int32_t sums[ROWS * COLUMNS];
    for (int first = 0; first < panel->pairs; first += in->run) {
        const int pairs = panel->pairs - first < in->run ? panel->pairs - first : in->run;
        for (int c = 0; c < panel->columns; c += COLUMNS) {
            const int16_t *b =
                panel->data + ((size_t)(c / COLUMNS) * (size_t)panel->pairs + (size_t)first) * 2 * COLUMNS;
            const int columns = panel->columns - c < COLUMNS ? panel->columns - c : COLUMNS;
            for (int i = 0; i < in->count; i += ROWS) {
                const int rows = in->count - i < ROWS ? in->count - i : ROWS;
                const int16_t *a[ROWS];
                for (int r = 0; r < ROWS; r++)
                    a[r] = in->a + (size_t)(i + (r < rows ? r : 0)) * (size_t)in->stride + 2 * (size_t)first;
                kernel(a, b, pairs, sums);
                add_tile(out + (size_t)i * (size_t)out_stride + c, out_stride, sums, rows, columns, in->factor);
            }
        }
    }
}

static int run_pairs(int a_max, int b_max) {
    const int64_t pair = 2 * (int64_t)(a_max ? a_max : 1) * (b_max ? b_max : 1);
    return (int)(INT32_MAX / pair); /* at least 1 for 15-bit magnitudes */
}

/* Low bytes as signed numbers in -128..127, and the high part so that a = low + 256 * high. */
WEFT_INLINE void split_bytes_body(int16_t *to, const int16_t *a, int a_stride, int count, int width, bool high) {
    for (int i = 0; i < count; i++, to += width, a += a_stride)
        for (int r = 0; r < width; r++) {
            const int16_t top = (int16_t)((a[r] + 128) >> 8);
            to[r] = high ? top : (int16_t)(a[r] - top * 256);
        }
}
static void split_bytes(int16_t *to, const int16_t *a, int a_stride, int count, int width, bool high);
WEFT_VARIANTS(split_bytes, (int16_t * to, const int16_t *a, int a_stride, int count, int width, bool high),
              (to, a, a_stride, count, width, high))

void weft_panel_multiply_with(const weft_gemm_kernel_info *kernel, const weft_panel *panel, const int16_t *a,
                              int a_stride, int count, int a_max, int64_t *out, int out_stride, int16_t *split) {
    pass whole = {
        .a = a, .stride = a_stride, .count = count, .run = run_pairs(a_max, panel->max_abs), .factor = panel->factor};
    const int split_run = run_pairs(128, panel->max_abs), width = 2 * panel->pairs;
    if (whole.run >= SHORT_RUN || whole.run >= panel->pairs || split_run <= whole.run) {
        multiply_pass(kernel->run, panel, &whole, out, out_stride);
        return;
    }
    pass part = {.a = split, .stride = width, .count = count, .run = split_run, .factor = panel->factor};
    split_bytes(split, a, a_stride, count, width, false);
    multiply_pass(kernel->run, panel, &part, out, out_stride);
    split_bytes(split, a, a_stride, count, width, true);
    part.factor = 256 * panel->factor;
    multiply_pass(kernel->run, panel, &part, out, out_stride);
}

void weft_panel_multiply(const weft_panel *panel, const int16_t *a, int a_stride, int count, int a_max, int64_t *out,
                         int out_stride, int16_t *split) {
    weft_panel_multiply_with(weft_gemm_best(), panel, a, a_stride, count, a_max, out, out_stride, split);
}
