#include "sim/model/gemm.h"

#include <string.h>

#include "core/arena.h"
#include "sim/model/number.h"
#include "sim/model/simd.h"

enum {
    ROWS = WEFT_GEMM_ROWS,
    COLUMNS = WEFT_GEMM_COLUMNS,
    NARROW = WEFT_GEMM_NARROW,
    SHORT_RUN = 128, /* pairs: below it, splitting bytes is faster */
    GROUP = 32,      /* samples whose row pointers are made together */
    SPLIT_PAIRS = 256
};

static void panel_range(weft_panel *panel, const int16_t *matrix, int stride) {
    int divisor = 0, largest = 0, smallest = INT16_MAX;
    bool negative = false;
    for (int r = 0; r < panel->rows; r++)
        for (int c = 0; c < panel->columns; c++) {
            const int v = matrix[(size_t)r * (size_t)stride + (size_t)c], size = v < 0 ? -v : v;
            if (divisor != 1) divisor = (int)weft_gcd(size, divisor);
            if (size > largest) largest = size;
            if (size < smallest) smallest = size;
            negative = negative || v < 0;
        }
    panel->factor = divisor ? divisor : 1;
    panel->max_abs = largest / panel->factor;
    panel->uniform = smallest == largest && largest > 0 && !negative;
}

static int strip_width(const weft_panel *panel, int strip) {
    return panel->columns - strip * COLUMNS > NARROW ? COLUMNS : NARROW;
}

static size_t strip_offset(const weft_panel *panel, int strip) {
    return (size_t)strip * (size_t)panel->pairs * 2 * COLUMNS;
}

/* One strip, and the largest of its columns' sums of magnitudes. */
static int64_t pack_strip(const weft_panel *panel, int strip, const int16_t *matrix, int stride) {
    const int width = strip_width(panel, strip), first = strip * COLUMNS, left = panel->columns - first,
              columns = left < width ? left : width, factor = panel->factor;
    int64_t sums[COLUMNS] = {0}, largest = 0;
    int16_t *data = panel->data + strip_offset(panel, strip);
    for (int r = 0; r < panel->rows; r++) {
        const int16_t *from = matrix + (size_t)r * (size_t)stride + first;
        int16_t *to = data + (size_t)(r / 2) * 2 * (size_t)width + r % 2;
        for (int c = 0; c < columns; c++) {
            const int v = factor == 1 ? from[c] : from[c] / factor;
            to[2 * c] = (int16_t)v;
            sums[c] += v < 0 ? -v : v;
        }
    }
    for (int c = 0; c < columns; c++) largest = sums[c] > largest ? sums[c] : largest;
    return largest;
}

weft_status weft_panel_pack(weft_panel *panel, const int16_t *matrix, int rows, int columns, int stride,
                            weft_error *err) {
    const int strips = (columns + COLUMNS - 1) / COLUMNS;
    *panel = (weft_panel){.rows = rows, .columns = columns, .pairs = (rows + 1) / 2};
    panel_range(panel, matrix, stride);
    panel->data = weft_aligned_alloc((size_t)strips * (size_t)panel->pairs, 2 * COLUMNS * sizeof(int16_t));
    if (!panel->data) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a matrix of %d x %d", rows, columns);
    for (int s = 0; s < strips; s++) {
        const int64_t sum = pack_strip(panel, s, matrix, stride);
        if (sum > panel->max_column_sum) panel->max_column_sum = sum;
    }
    return WEFT_OK;
}

void weft_panel_destroy(weft_panel *panel) {
    weft_aligned_free(panel->data);
    *panel = (weft_panel){0};
}

void weft_panel_strip(const weft_gemm_kernel_info *kernel, const weft_panel *panel, int strip, int first, int pairs,
                      const int16_t *const *a, int count, int32_t *sums) {
    const int width = strip_width(panel, strip);
    const weft_gemm_kernel run = width == COLUMNS ? kernel->run : kernel->run_narrow;
    const int16_t *b = panel->data + strip_offset(panel, strip) + (size_t)first * 2 * (size_t)width;
    for (int i = 0; i < count; i += ROWS) {
        const int16_t *rows[ROWS];
        for (int r = 0; r < ROWS; r++) rows[r] = a[i + r < count ? i + r : i];
        run(rows, b, pairs, sums + (size_t)i * COLUMNS);
    }
}

WEFT_INLINE void add_tile_body(int64_t *out, int out_stride, const int32_t *sums, int rows, int columns,
                               int32_t factor) {
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            out[(size_t)r * (size_t)out_stride + (size_t)c] += (int64_t)sums[r * COLUMNS + c] * factor;
}
static void add_tile(int64_t *out, int out_stride, const int32_t *sums, int rows, int columns, int32_t factor);
WEFT_VARIANTS(add_tile, (int64_t * out, int out_stride, const int32_t *sums, int rows, int columns, int32_t factor),
              (out, out_stride, sums, rows, columns, factor))

/* Up to GROUP rows times pairs [first, first + pairs); a points to the first of these pairs. */
typedef struct pass {
    const int16_t *a;
    int stride, count, first, pairs;
    int32_t factor;
} pass;

static void multiply_pass(const weft_gemm_kernel_info *kernel, const weft_panel *panel, const pass *in, int64_t *out,
                          int out_stride) {
    int32_t sums[GROUP * COLUMNS];
    const int16_t *rows[GROUP];
    for (int i = 0; i < in->count; i++) rows[i] = in->a + (size_t)i * (size_t)in->stride;
    for (int c = 0; c < panel->columns; c += COLUMNS) {
        const int columns = panel->columns - c < COLUMNS ? panel->columns - c : COLUMNS;
        weft_panel_strip(kernel, panel, c / COLUMNS, in->first, in->pairs, rows, in->count, sums);
        add_tile(out + c, out_stride, sums, in->count, columns, in->factor);
    }
}

/* Products with |b| <= b_max; at least 1 for 15-bit magnitudes. */
static int run_pairs(int a_max, int b_max) {
    const int64_t pair = 2 * (int64_t)(a_max ? a_max : 1) * (b_max ? b_max : 1);
    return (int)(INT32_MAX / pair);
}

int weft_panel_run(const weft_panel *panel, int a_max) {
    if (a_max * panel->max_column_sum <= INT32_MAX) return panel->pairs;
    const int run = run_pairs(a_max, panel->max_abs);
    return run < panel->pairs ? run : panel->pairs;
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

/* The group's rows as two operands of one byte each. */
static void multiply_bytes(const weft_gemm_kernel_info *kernel, const weft_panel *panel, const pass *in, int64_t *out,
                           int out_stride) {
    int16_t split[GROUP * 2 * SPLIT_PAIRS];
    pass part = {.a = split, .stride = 2 * in->pairs, .count = in->count, .first = in->first, .pairs = in->pairs};
    for (int high = 0; high < 2; high++) {
        split_bytes(split, in->a, in->stride, in->count, 2 * in->pairs, high);
        part.factor = (high ? 256 : 1) * in->factor;
        multiply_pass(kernel, panel, &part, out, out_stride);
    }
}

static int lower(int a, int b) { return a < b ? a : b; }

/* Up to 8 rows times pairs [first, first + pairs) of a strip, added to wide [8, 32]. */
static void add_run(const weft_gemm_kernel_info *kernel, const weft_panel *panel, int strip, int first, int pairs,
                    const int16_t *const *rows, int count, int32_t factor, int64_t *wide) {
    int32_t sums[ROWS * COLUMNS] = {0};
    weft_panel_strip(kernel, panel, strip, first, pairs, rows, count, sums);
    add_tile(wide, COLUMNS, sums, count, COLUMNS, factor);
}

/* The same by bytes. */
static void add_bytes(const weft_gemm_kernel_info *kernel, const weft_panel *panel, int strip, int first, int pairs,
                      const int16_t *const *rows, int count, int64_t *wide) {
    int16_t split[ROWS * 2 * SPLIT_PAIRS];
    const int16_t *parts[ROWS];
    for (int high = 0; high < 2; high++) {
        for (int r = 0; r < count; r++) {
            parts[r] = split + r * 2 * pairs;
            split_bytes(split + r * 2 * pairs, rows[r], 0, 1, 2 * pairs, high);
        }
        add_run(kernel, panel, strip, first, pairs, parts, count, high ? 256 : 1, wide);
    }
}

/* Pairs whose products fit int32; *split: of single bytes, as runs would be short otherwise. */
static int choose_run(const weft_panel *panel, int a_max, bool *split) {
    const int whole = weft_panel_run(panel, a_max), bytes = lower(run_pairs(128, panel->max_abs), SPLIT_PAIRS);
    *split = whole < SHORT_RUN && whole < panel->pairs && bytes > whole;
    return *split ? bytes : whole;
}

bool weft_panel_product(const weft_gemm_kernel_info *kernel, const weft_panel *panel, int strip,
                        const int16_t *const *a, int count, int a_max, int32_t *sums, int64_t *wide) {
    bool split = false;
    const int run = choose_run(panel, a_max, &split);
    if (run >= panel->pairs && !split) {
        weft_panel_strip(kernel, panel, strip, 0, panel->pairs, a, count, sums);
        return true;
    }
    memset(wide, 0, sizeof *wide * (size_t)((count + ROWS - 1) / ROWS * ROWS) * COLUMNS);
    for (int i = 0; i < count; i += ROWS)
        for (int first = 0; first < panel->pairs; first += run) {
            const int16_t *rows[ROWS];
            const int pairs = lower(panel->pairs - first, run), part = lower(count - i, ROWS);
            for (int r = 0; r < part; r++) rows[r] = a[i + r] + 2 * (size_t)first;
            if (split)
                add_bytes(kernel, panel, strip, first, pairs, rows, part, wide + i * COLUMNS);
            else
                add_run(kernel, panel, strip, first, pairs, rows, part, 1, wide + i * COLUMNS);
        }
    return false;
}

void weft_panel_multiply_with(const weft_gemm_kernel_info *kernel, const weft_panel *panel, const int16_t *a,
                              int a_stride, int count, int a_max, int64_t *out, int out_stride) {
    bool split = false;
    const int run = choose_run(panel, a_max, &split);
    for (int first = 0; first < panel->pairs; first += run)
        for (int i = 0; i < count; i += GROUP) {
            const pass in = {.a = a + (size_t)i * (size_t)a_stride + 2 * (size_t)first,
                             .stride = a_stride,
                             .count = lower(count - i, GROUP),
                             .first = first,
                             .pairs = lower(panel->pairs - first, run),
                             .factor = panel->factor};
            (split ? multiply_bytes : multiply_pass)(kernel, panel, &in, out + (size_t)i * (size_t)out_stride,
                                                     out_stride);
        }
}

void weft_panel_multiply(const weft_panel *panel, const int16_t *a, int a_stride, int count, int a_max, int64_t *out,
                         int out_stride) {
    weft_panel_multiply_with(weft_gemm_best(), panel, a, a_stride, count, a_max, out, out_stride);
}
