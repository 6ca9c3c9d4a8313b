#include "trainer/integer.h"

#include <math.h>
#include <string.h>

#include "core/clones.h"

static const size_t BLOCK_BYTES = (size_t)1 << 20; /* of windows that are laid out at a time */
static const size_t BLOCK_ROWS_MIN = 16;

/* Adding 1.5 * 2^23 leaves no room for a fraction: ties to even. */
static float nearest(float x) {
    const float large = 12582912.0f;
    return (x + large) - large;
}

static float clip(float x, float low, float high) {
    float above = x > low ? x : low;
    return above < high ? above : high;
}

static bool is_depthwise(const weft_integer_shape *s) {
    return s->groups > 1 && s->groups == s->in.channels && s->groups == s->out.channels;
}
static size_t taps(const weft_integer_shape *s) { return (size_t)s->window.kernel_h * (size_t)s->window.kernel_w; }
static size_t group_inputs(const weft_integer_shape *s) { return (size_t)(s->in.channels / s->groups); }
size_t weft_integer_depth(const weft_integer_shape *s) { return taps(s) * group_inputs(s); }

/* ---- weights ---- */

size_t weft_integer_weight_count(const weft_integer_shape *s) {
    return (size_t)s->out.channels * weft_integer_depth(s);
}

static float largest_magnitude(const float *v, size_t count) {
    float largest = 0;
    for (size_t i = 0; i < count; i++) largest = fabsf(v[i]) > largest ? fabsf(v[i]) : largest;
    return largest;
}

/* One output channel: from [channels, taps] to every stride-th place, taps outermost. */
static void channel_weights(const float *from, size_t channels, size_t kernel, float scale, size_t stride, int8_t *to) {
    const float limit = WEFT_INTEGER_WEIGHT_MAX;
    for (size_t c = 0; c < channels; c++)
        for (size_t t = 0; t < kernel; t++) {
            float steps = scale > 0 ? from[c * kernel + t] / scale : 0;
            to[(t * channels + c) * stride] = (int8_t)nearest(clip(steps, -limit, limit));
        }
}

void weft_integer_weights(const weft_integer_shape *s, const float *from, int8_t *weight, float *scale) {
    size_t depth = weft_integer_depth(s), outputs = (size_t)s->out.channels;
    bool depthwise = is_depthwise(s);
    for (size_t o = 0; o < outputs; o++) {
        scale[o] = largest_magnitude(from + o * depth, depth) / WEFT_INTEGER_WEIGHT_MAX;
        channel_weights(from + o * depth, group_inputs(s), taps(s), scale[o], depthwise ? outputs : 1,
                        weight + o * (depthwise ? 1 : depth));
    }
}

/* ---- inputs and outputs ---- */

WEFT_CLONES static void unsigned_input(const float *x, size_t count, float scale, uint8_t *bytes) {
    for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)(int32_t)nearest(clip(x[i] / scale, 0.0f, 255.0f));
}

WEFT_CLONES static void signed_input(const float *x, size_t count, float scale, int8_t *bytes) {
    for (size_t i = 0; i < count; i++) bytes[i] = (int8_t)(int32_t)nearest(clip(x[i] / scale, -128.0f, 127.0f));
}

void weft_integer_input(const float *x, size_t count, float scale, bool is_signed, uint8_t *bytes) {
    if (is_signed)
        signed_input(x, count, scale, (int8_t *)bytes);
    else
        unsigned_input(x, count, scale, bytes);
}

WEFT_CLONES void weft_integer_output(const int32_t *sums, size_t rows, size_t channels, const float *scale,
                                     const float *bias, float *y) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < channels; c++) {
            float value = (float)sums[r * channels + c] * scale[c];
            y[r * channels + c] = bias ? value + bias[c] : value;
        }
}

/* ---- windows ---- */

typedef struct position {
    int image, y, x;
} position;

static position position_of(const weft_integer_shape *s, size_t number) {
    size_t width = (size_t)s->out.width, plane = width * (size_t)s->out.height;
    return (position){(int)(number / plane), (int)(number % plane / width), (int)(number % width)};
}

/* The pixel of the input under a tap of the kernel, NULL outside. */
static const uint8_t *pixel(const weft_integer_shape *s, const uint8_t *bytes, position at, int ky, int kx) {
    const weft_window *w = &s->window;
    int y = at.y * w->stride_h - w->pad_top + ky * w->dilation_h,
        x = at.x * w->stride_w - w->pad_left + kx * w->dilation_w;
    if (y < 0 || y >= s->in.height || x < 0 || x >= s->in.width) return NULL;
    size_t number = ((size_t)at.image * (size_t)s->in.height + (size_t)y) * (size_t)s->in.width + (size_t)x;
    return bytes + number * (size_t)s->in.channels;
}

/* Rows of a matrix [rows, taps, channels of the group]: the windows of output positions from `first` on. */
static void lay_out(const weft_integer_shape *s, const uint8_t *bytes, int group, size_t first, size_t rows,
                    uint8_t *out) {
    size_t channels = group_inputs(s), offset = (size_t)group * channels;
    for (size_t r = 0; r < rows; r++) {
        position at = position_of(s, first + r);
        for (int ky = 0; ky < s->window.kernel_h; ky++)
            for (int kx = 0; kx < s->window.kernel_w; kx++, out += channels) {
                const uint8_t *from = pixel(s, bytes, at, ky, kx);
                if (from)
                    memcpy(out, from + offset, channels);
                else
                    memset(out, 0, channels);
            }
    }
}

/* ---- convolutions ---- */

static size_t position_count(const weft_integer_shape *s) {
    return (size_t)s->batch * (size_t)s->out.height * (size_t)s->out.width;
}

static size_t block_rows(const weft_integer_shape *s) {
    size_t rows = BLOCK_BYTES / weft_integer_depth(s), all = position_count(s);
    if (rows < BLOCK_ROWS_MIN) rows = BLOCK_ROWS_MIN;
    return rows < all ? rows : all;
}

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

size_t weft_integer_workspace(const weft_integer_shape *s) {
    if (is_depthwise(s)) return 0;
    return aligned(block_rows(s) * weft_integer_depth(s)) +
           weft_integer_product_workspace(block_rows(s), weft_integer_depth(s));
}

/* The input is the matrix already. */
static bool is_pointwise(const weft_integer_shape *s) {
    return s->groups == 1 && taps(s) == 1 && s->in.height == s->out.height && s->in.width == s->out.width &&
           s->window.stride_h == 1 && s->window.stride_w == 1 && s->window.pad_top == 0 && s->window.pad_left == 0;
}

static weft_status group_forward(const weft_integer_shape *s, int group, weft_integer_product *p, const uint8_t *bytes,
                                 int32_t *sums, uint8_t *windows, const char *what, weft_error *err) {
    size_t all = position_count(s), rows = block_rows(s);
    for (size_t first = 0; first < all; first += rows) {
        p->rows = all - first < rows ? all - first : rows;
        p->a = is_pointwise(s) ? bytes + first * p->depth : windows;
        if (!is_pointwise(s)) lay_out(s, bytes, group, first, p->rows, windows);
        p->sums = sums + first * p->stride + (size_t)group * p->columns;
        WEFT_TRY(weft_integer_multiply(p, what, err));
    }
    return WEFT_OK;
}

WEFT_CLONES static void add_signed(const int8_t *x, const int8_t *w, size_t count, int32_t *sums) {
    for (size_t c = 0; c < count; c++) sums[c] += (int32_t)x[c] * (int32_t)w[c];
}

WEFT_CLONES static void add_unsigned(const uint8_t *x, const int8_t *w, size_t count, int32_t *sums) {
    for (size_t c = 0; c < count; c++) sums[c] += (int32_t)x[c] * (int32_t)w[c];
}

static void depthwise_forward(const weft_integer_shape *s, const uint8_t *bytes, bool is_signed, const int8_t *weight,
                              int32_t *sums) {
    size_t channels = (size_t)s->out.channels, all = position_count(s);
    memset(sums, 0, all * channels * sizeof *sums);
    for (size_t n = 0; n < all; n++, sums += channels) {
        position at = position_of(s, n);
        for (int ky = 0; ky < s->window.kernel_h; ky++)
            for (int kx = 0; kx < s->window.kernel_w; kx++) {
                const uint8_t *x = pixel(s, bytes, at, ky, kx);
                const int8_t *w = weight + (size_t)(ky * s->window.kernel_w + kx) * channels;
                if (x && is_signed) add_signed((const int8_t *)x, w, channels, sums);
                if (x && !is_signed) add_unsigned(x, w, channels, sums);
            }
    }
}

weft_status weft_integer_forward(const weft_integer_shape *s, const uint8_t *bytes, bool is_signed,
                                 const int8_t *weight, int32_t *sums, void *workspace, const char *what,
                                 weft_error *err) {
    if (is_depthwise(s)) {
        depthwise_forward(s, bytes, is_signed, weight, sums);
        return WEFT_OK;
    }
    size_t columns = (size_t)(s->out.channels / s->groups), depth = weft_integer_depth(s);
    uint8_t *windows = workspace;
    weft_integer_product p = {.columns = columns,
                              .depth = depth,
                              .stride = (size_t)s->out.channels,
                              .is_signed = is_signed,
                              .workspace = windows + aligned(block_rows(s) * depth)};
    for (int g = 0; g < s->groups; g++) {
        p.b = weight + (size_t)g * columns * depth;
        WEFT_TRY(group_forward(s, g, &p, bytes, sums, windows, what, err));
    }
    return WEFT_OK;
}
