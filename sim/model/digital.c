#include "sim/model/digital.h"

#include <math.h>
#include <string.h>

#include "core/clones.h"
#include "sim/model/simd.h"

bool weft_digital_has_window(const weft_digital_op *op) {
    return op->kind == WEFT_DIGITAL_MAX_POOL || op->kind == WEFT_DIGITAL_AVERAGE_POOL || op->kind == WEFT_DIGITAL_PAD;
}

WEFT_INLINE void affine_body(const float *scale, const float *offset, size_t positions, size_t channels,
                             const float *in, float *out) {
    for (size_t p = 0; p < positions; p++, in += channels, out += channels) {
        WEFT_INDEPENDENT
        for (size_t c = 0; c < channels; c++) out[c] = scale[c] * in[c] + offset[c];
    }
}
static void affine(const float *scale, const float *offset, size_t positions, size_t channels, const float *in,
                   float *out);
WEFT_VARIANTS(affine,
              (const float *scale, const float *offset, size_t positions, size_t channels, const float *in, float *out),
              (scale, offset, positions, channels, in, out))

WEFT_INLINE void relu_body(size_t count, const float *in, float *out) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) out[i] = in[i] > 0.0f ? in[i] : 0.0f;
}
static void relu(size_t count, const float *in, float *out);
WEFT_VARIANTS(relu, (size_t count, const float *in, float *out), (count, in, out))

WEFT_INLINE float clipped(float x, float low, float high) {
    const float above = x > low ? x : low;
    return above < high ? above : high;
}

WEFT_INLINE void clip_body(float low, float high, size_t count, const float *in, float *out) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) out[i] = clipped(in[i], low, high);
}
static void clip(float low, float high, size_t count, const float *in, float *out);
WEFT_VARIANTS(clip, (float low, float high, size_t count, const float *in, float *out), (low, high, count, in, out))

/* nearbyint rounds ties to even. */
static void quantise(const weft_digital_op *op, size_t count, const float *in, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = op->step * nearbyintf(clipped(in[i], op->low, op->high) / op->step);
}

static void threshold(const weft_digital_op *op, size_t count, const float *in, float *out) {
    const float down = op->signed_spikes ? 1.0f : 0.0f, limit = op->threshold;
    for (size_t i = 0; i < count; i++) {
        const float x = in[i];
        out[i] = (x >= limit ? 1.0f : 0.0f) - (x <= -limit ? down : 0.0f);
    }
}

static void leaky_relu(const weft_digital_op *op, size_t count, const float *in, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = in[i] >= 0.0f ? in[i] : op->slope * in[i];
}

static void sigmoid(size_t count, const float *in, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = (float)(1.0 / (1.0 + exp(-(double)in[i])));
}

static void hard_sigmoid(const weft_digital_op *op, size_t count, const float *in, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = clipped(op->slope * in[i] + op->slope_offset, 0.0f, 1.0f);
}

static void hard_swish(size_t count, const float *in, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = in[i] * clipped(in[i] / 6.0f + 0.5f, 0.0f, 1.0f);
}

static void hyperbolic_tangent(size_t count, const float *in, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = (float)tanh((double)in[i]);
}

void weft_digital_elementwise(const weft_digital_op *op, const float *scale, const float *offset, size_t positions,
                              int channels, const float *in, float *out) {
    const size_t count = positions * (size_t)channels;
    switch (op->kind) {
    case WEFT_DIGITAL_AFFINE:
        affine(scale, offset, positions, (size_t)channels, in, out);
        break;
    case WEFT_DIGITAL_CLIP:
        clip(op->low, op->high, count, in, out);
        break;
    case WEFT_DIGITAL_QUANTISE:
        quantise(op, count, in, out);
        break;
    case WEFT_DIGITAL_THRESHOLD:
        threshold(op, count, in, out);
        break;
    case WEFT_DIGITAL_LEAKY_RELU:
        leaky_relu(op, count, in, out);
        break;
    case WEFT_DIGITAL_SIGMOID:
        sigmoid(count, in, out);
        break;
    case WEFT_DIGITAL_HARD_SIGMOID:
        hard_sigmoid(op, count, in, out);
        break;
    case WEFT_DIGITAL_HARD_SWISH:
        hard_swish(count, in, out);
        break;
    case WEFT_DIGITAL_TANH:
        hyperbolic_tangent(count, in, out);
        break;
    default:
        relu(count, in, out);
    }
}

WEFT_INLINE void maximum_body(float *out, const float *in, int channels) {
    for (int c = 0; c < channels; c++) out[c] = in[c] > out[c] ? in[c] : out[c];
}
static void maximum(float *out, const float *in, int channels);
WEFT_VARIANTS(maximum, (float *out, const float *in, int channels), (out, in, channels))

WEFT_INLINE void add_body(float *out, const float *in, int channels) {
    for (int c = 0; c < channels; c++) out[c] += in[c];
}
static void add(float *out, const float *in, int channels);
WEFT_VARIANTS(add, (float *out, const float *in, int channels), (out, in, channels))

/* Combines the window's elements into out; returns how many lie inside the map. */
static int combine(const weft_digital_op *op, int channels, const float *in_map, int top, int left, float *out) {
    const weft_window *w = &op->window;
    int seen = 0;
    for (int ky = 0; ky < w->kernel_h; ky++)
        for (int kx = 0; kx < w->kernel_w; kx++) {
            const int iy = top + ky * w->dilation_h, ix = left + kx * w->dilation_w;
            if (iy < 0 || iy >= op->in.height || ix < 0 || ix >= op->in.width) continue;
            const float *in = in_map + ((size_t)iy * (size_t)op->in.width + (size_t)ix) * (size_t)channels;
            if (seen++ == 0)
                memcpy(out, in, sizeof *out * (size_t)channels);
            else if (op->kind == WEFT_DIGITAL_MAX_POOL)
                maximum(out, in, channels);
            else
                add(out, in, channels);
        }
    return seen;
}

static void pool(const weft_digital_op *op, int channels, const float *in_map, int y, int x, float *out) {
    const weft_window *w = &op->window;
    const int seen = combine(op, channels, in_map, y * w->stride_h - w->pad_top, x * w->stride_w - w->pad_left, out);
    if (seen == 0) memset(out, 0, sizeof *out * (size_t)channels);
    if (op->kind == WEFT_DIGITAL_MAX_POOL || seen == 0) return;
    const float divisor = (float)(op->count_include_pad ? w->kernel_h * w->kernel_w : seen);
    for (int c = 0; c < channels; c++) out[c] /= divisor;
}

static void pad(const weft_digital_op *op, int channels, const float *in_map, int y, int x, float *out) {
    const int iy = y - op->window.pad_top, ix = x - op->window.pad_left;
    if (iy < 0 || iy >= op->in.height || ix < 0 || ix >= op->in.width)
        memset(out, 0, sizeof *out * (size_t)channels);
    else
        memcpy(out, in_map + ((size_t)iy * (size_t)op->in.width + (size_t)ix) * (size_t)channels,
               sizeof *out * (size_t)channels);
}

void weft_digital_window(const weft_digital_op *op, int channels, const float *in_map, int y, int x, float *out) {
    if (op->kind == WEFT_DIGITAL_PAD)
        pad(op, channels, in_map, y, x, out);
    else
        pool(op, channels, in_map, y, x, out);
}
