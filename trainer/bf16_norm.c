#include "trainer/bf16_norm.h"

#include <math.h>
#include <string.h>

#include "trainer/lanes.h"

/* CHUNK: rows whose sums are kept in float32 before they go to double. Narrow rows are taken several at a time, as one
 * of at least half of WIDTH channels. */
enum { CHUNK = 64, WIDTH = 64 };

typedef struct task {
    size_t width, rows, rest; /* of the wide rows; values after the last whole one */
    const uint16_t *src, *diff;
    uint16_t *out;
    float floor; /* 0 with the rectifier */
    /* [width]: each channel's as often as it comes in a row. */
    double *sum_a, *sum_b;
    float *mean, *scale, *offset, *slope, *shift;
} task;

static size_t width_of(size_t channels) { return channels < WIDTH ? WIDTH / channels * channels : channels; }

size_t weft_bf16_norm_workspace(size_t channels) {
    return width_of(channels) * (2 * sizeof(double) + 5 * sizeof(float));
}

static task task_of(const weft_bf16_norm *n, const uint16_t *src, const uint16_t *diff, uint16_t *out) {
    size_t width = width_of(n->channels), values = n->rows * n->channels;
    task t = {width, values / width, values % width, src,  diff, out,  n->rectified ? 0.0f : -INFINITY,
              NULL,  NULL,           NULL,           NULL, NULL, NULL, NULL};
    t.sum_a = n->workspace;
    t.sum_b = t.sum_a + width;
    t.mean = (float *)(t.sum_b + width);
    t.scale = t.mean + width;
    t.offset = t.scale + width;
    t.slope = t.offset + width;
    t.shift = t.slope + width;
    memset(t.sum_a, 0, 2 * width * sizeof *t.sum_a);
    return t;
}

/* Works on `rows` rows of a column of `count` channels; `at` is the first value. */
typedef void kernel(const task *t, size_t at, size_t rows, size_t column, int count);

static void row_of_kernels(const task *t, kernel *run, size_t row, size_t rows, size_t width) {
    for (size_t c = 0; c < width; c += WEFT_LANES) {
        size_t left = width - c;
        run(t, row * t->width + c, rows, c, left < WEFT_LANES ? (int)left : WEFT_LANES);
    }
}

static void for_all(const task *t, kernel *run) {
    for (size_t row = 0; row < t->rows; row += CHUNK)
        row_of_kernels(t, run, row, t->rows - row < CHUNK ? t->rows - row : CHUNK, t->width);
    row_of_kernels(t, run, t->rows, 1, t->rest);
}

/* Adds the copies of each channel up. */
static void fold(double *sums, size_t width, size_t channels) {
    for (size_t c = channels; c < width; c++) sums[c % channels] += sums[c];
}

static void spread(float *values, size_t width, size_t channels) {
    for (size_t c = channels; c < width; c++) values[c] = values[c - channels];
}

WEFT_LANES_INLINE void add_sums(double *to, weft_lanes sums, int count) {
    float v[WEFT_LANES];
    weft_lanes_store(v, sums, WEFT_LANES);
    for (int i = 0; i < count; i++) to[i] += (double)v[i];
}

/* ---- forward ---- */

/* a += x - shift, b += (x - shift)^2. */
WEFT_LANES_TARGET static void add_moments(const task *t, size_t at, size_t rows, size_t column, int count) {
    const weft_lanes shift = weft_lanes_load(t->shift + column, count);
    weft_lanes a = weft_lanes_all(0), b = a;
    for (size_t r = 0; r < rows; r++, at += t->width) {
        weft_lanes x = weft_lanes_sub(weft_lanes_load_bf16(t->src + at, count), shift);
        a = weft_lanes_add(a, x);
        b = weft_lanes_add(b, weft_lanes_mul(x, x));
    }
    add_sums(t->sum_a + column, a, count);
    add_sums(t->sum_b + column, b, count);
}

/* Moments about the first row, so that a large mean costs no precision. */
static void measure(const weft_bf16_norm *n, const task *t) {
    for (size_t c = 0; c < n->channels; c++) t->shift[c] = weft_bf16_value(t->src[c]);
    spread(t->shift, t->width, n->channels);
    for_all(t, add_moments);
    fold(t->sum_a, t->width, n->channels);
    fold(t->sum_b, t->width, n->channels);
    for (size_t c = 0; c < n->channels; c++) {
        double mean = t->sum_a[c] / (double)n->rows, variance = t->sum_b[c] / (double)n->rows - mean * mean;
        n->mean[c] = (float)(mean + (double)t->shift[c]);
        n->variance[c] = (float)(variance > 0 ? variance : 0);
    }
}

/* normalised = x * scale + offset. */
static void scale_and_offset(const weft_bf16_norm *n, const task *t) {
    for (size_t c = 0; c < n->channels; c++) {
        t->scale[c] = n->gamma[c] / sqrtf(n->variance[c] + n->epsilon);
        t->offset[c] = n->beta[c] - n->mean[c] * t->scale[c];
    }
    spread(t->scale, t->width, n->channels);
    spread(t->offset, t->width, n->channels);
}

WEFT_LANES_TARGET static void normalise(const task *t, size_t at, size_t rows, size_t column, int count) {
    const weft_lanes scale = weft_lanes_load(t->scale + column, count);
    const weft_lanes offset = weft_lanes_load(t->offset + column, count), floor = weft_lanes_all(t->floor);
    for (size_t r = 0; r < rows; r++, at += t->width) {
        weft_lanes x = weft_lanes_load_bf16(t->src + at, count);
        weft_lanes y = weft_lanes_add(weft_lanes_mul(x, scale), offset);
        weft_lanes_store_bf16(t->out + at, weft_lanes_max(floor, y), count);
    }
}

void weft_bf16_norm_forward(const weft_bf16_norm *n, const uint16_t *src, uint16_t *dst) {
    task t = task_of(n, src, NULL, dst);
    measure(n, &t);
    scale_and_offset(n, &t);
    for_all(&t, normalise);
}

void weft_bf16_norm_apply(const weft_bf16_norm *n, const uint16_t *src, uint16_t *dst) {
    task t = task_of(n, src, NULL, dst);
    scale_and_offset(n, &t);
    for_all(&t, normalise);
}

/* ---- backward ---- */

/* The gradient d of the normalised value: 0 where the rectifier is shut, by the very sum that forward rounded. */
WEFT_LANES_INLINE weft_lanes gradient(const task *t, size_t at, weft_lanes x, weft_lanes scale, weft_lanes offset,
                                      int count) {
    weft_lanes y = weft_lanes_add(weft_lanes_mul(x, scale), offset);
    return weft_lanes_where_above(y, weft_lanes_all(t->floor), weft_lanes_load_bf16(t->diff + at, count));
}

/* a += d * (x - mean), b += d. */
WEFT_LANES_TARGET static void add_gradients(const task *t, size_t at, size_t rows, size_t column, int count) {
    const weft_lanes scale = weft_lanes_load(t->scale + column, count), mean = weft_lanes_load(t->mean + column, count);
    const weft_lanes offset = weft_lanes_load(t->offset + column, count);
    weft_lanes a = weft_lanes_all(0), b = a;
    for (size_t r = 0; r < rows; r++, at += t->width) {
        weft_lanes x = weft_lanes_load_bf16(t->src + at, count);
        weft_lanes d = gradient(t, at, x, scale, offset, count);
        a = weft_lanes_add(a, weft_lanes_mul(d, weft_lanes_sub(x, mean)));
        b = weft_lanes_add(b, d);
    }
    add_sums(t->sum_a + column, a, count);
    add_sums(t->sum_b + column, b, count);
}

/* dx = scale * d - slope * x - shift. */
WEFT_LANES_TARGET static void apply_gradients(const task *t, size_t at, size_t rows, size_t column, int count) {
    const weft_lanes scale = weft_lanes_load(t->scale + column, count);
    const weft_lanes offset = weft_lanes_load(t->offset + column, count);
    const weft_lanes slope = weft_lanes_load(t->slope + column, count);
    const weft_lanes shift = weft_lanes_load(t->shift + column, count);
    for (size_t r = 0; r < rows; r++, at += t->width) {
        weft_lanes x = weft_lanes_load_bf16(t->src + at, count);
        weft_lanes d = weft_lanes_mul(scale, gradient(t, at, x, scale, offset, count));
        d = weft_lanes_sub(weft_lanes_sub(d, weft_lanes_mul(slope, x)), shift);
        weft_lanes_store_bf16(t->out + at, d, count);
    }
}

/* dx = scale * (d - mean(d) - xhat * mean(d * xhat)), with xhat = (x - mean) * inverse. */
static void backward_factors(const weft_bf16_norm *n, const task *t, float *diff_parameters) {
    for (size_t c = 0; c < n->channels; c++) {
        double inverse = 1 / sqrt((double)n->variance[c] + (double)n->epsilon), rows = (double)n->rows;
        double scale = (double)t->scale[c], slope = scale * t->sum_a[c] * inverse * inverse / rows;
        diff_parameters[c] = (float)(t->sum_a[c] * inverse);
        diff_parameters[n->channels + c] = (float)t->sum_b[c];
        t->slope[c] = (float)slope;
        t->shift[c] = (float)(scale * t->sum_b[c] / rows - slope * (double)n->mean[c]);
    }
    spread(t->slope, t->width, n->channels);
    spread(t->shift, t->width, n->channels);
}

void weft_bf16_norm_backward(const weft_bf16_norm *n, const uint16_t *src, const uint16_t *diff_dst, uint16_t *diff_src,
                             float *diff_parameters) {
    task t = task_of(n, src, diff_dst, diff_src);
    memcpy(t.mean, n->mean, n->channels * sizeof *t.mean);
    spread(t.mean, t.width, n->channels);
    scale_and_offset(n, &t);
    for_all(&t, add_gradients);
    fold(t.sum_a, t.width, n->channels);
    fold(t.sum_b, t.width, n->channels);
    backward_factors(n, &t, diff_parameters);
    for_all(&t, apply_gradients);
}
