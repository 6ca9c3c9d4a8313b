/* Elementwise functions, so the layout does not matter. The gradient of clipping, quantising and spiking is that of the
 * identity inside a window and 0 outside (straight-through estimator); the others have their own. */
#include <math.h>

#include "trainer/bf16.h"
#include "trainer/plan.h"

/* Values of the memory, what pads blocked layouts included. */
static size_t value_count(const weft_tensor *t) {
    return dnnl_memory_desc_get_size(&t->md) / dnnl_data_type_size(t->md.data_type);
}

static float clip(const weft_layer *l, float x) {
    float low = x > l->low ? x : l->low;
    return low < l->high ? low : l->high;
}

/* Adding 1.5 * 2^23 leaves no room for a fraction: rounds values below 2^22, ties to even, without a call. */
static float nearest(float x) {
    const float large = 12582912.0f;
    return (x + large) - large;
}

static float quantise(const weft_layer *l, float x) {
    float step = weft_layer_step(l);
    return step * nearest(clip(l, x) / step);
}

static float threshold(const weft_layer *l, float x) {
    float negative = l->signed_spikes && x <= -l->threshold ? -1.0f : 0.0f;
    return x >= l->threshold ? 1.0f : negative;
}

static float leaky_relu(const weft_layer *l, float x) { return x >= 0.0f ? x : l->slope * x; }

static float sigmoid(const weft_layer *l, float x) {
    (void)l;
    return 1.0f / (1.0f + expf(-x));
}

static float unit_clip(float x) {
    float low = x > 0.0f ? x : 0.0f;
    return low < 1.0f ? low : 1.0f;
}

static float hard_sigmoid(const weft_layer *l, float x) { return unit_clip(l->slope * x + l->offset); }

static float hard_swish(const weft_layer *l, float x) {
    (void)l;
    return x * unit_clip(x / 6.0f + 0.5f);
}

static float hyperbolic_tangent(const weft_layer *l, float x) {
    (void)l;
    return tanhf(x);
}

/* Derivatives at x. */
static float leaky_relu_slope(const weft_layer *l, float x) { return x >= 0.0f ? 1.0f : l->slope; }

static float sigmoid_slope(const weft_layer *l, float x) {
    float y = sigmoid(l, x);
    return y * (1.0f - y);
}

static float hard_sigmoid_slope(const weft_layer *l, float x) {
    float y = l->slope * x + l->offset;
    return y > 0.0f && y < 1.0f ? l->slope : 0.0f;
}

static float hard_swish_slope(const weft_layer *l, float x) {
    (void)l;
    if (x <= -3.0f) return 0.0f;
    return x < 3.0f ? x / 3.0f + 0.5f : 1.0f;
}

static float tanh_slope(const weft_layer *l, float x) {
    float y = hyperbolic_tangent(l, x);
    return 1.0f - y * y;
}

static bool inside(const weft_layer *l, float x) { return x >= l->low && x <= l->high; }

static float threshold_distance(const weft_layer *l, float x) {
    return fabsf((l->signed_spikes ? fabsf(x) : x) - l->threshold);
}

static bool near_threshold(const weft_layer *l, float x) { return threshold_distance(l, x) <= l->surrogate_width; }

static float triangle_slope(const weft_layer *l, float x) {
    float rest = 1.0f - threshold_distance(l, x) / l->surrogate_width;
    return rest > 0.0f ? rest : 0.0f;
}

/* One loop for each function and type, as the compiler vectorises them. Results may go over what they are made from. */
#define FORWARD(name, function)                                                                                        \
    static void name##_forward(const weft_op *op) {                                                                    \
        const weft_layer l = *op->layer;                                                                               \
        size_t count = value_count(&op->src);                                                                          \
        const float *src = op->src.data;                                                                               \
        float *dst = op->dst.data;                                                                                     \
        _Pragma("omp simd") for (size_t i = 0; i < count; i++) dst[i] = function(&l, src[i]);                          \
    }                                                                                                                  \
    static void name##_forward_bf16(const weft_op *op) {                                                               \
        const weft_layer l = *op->layer;                                                                               \
        size_t count = value_count(&op->src);                                                                          \
        const uint16_t *src = (const uint16_t *)op->src.data;                                                          \
        uint16_t *dst = (uint16_t *)op->dst.data;                                                                      \
        _Pragma("omp simd") for (size_t i = 0; i < count; i++) dst[i] =                                                \
            weft_bf16_nearest(function(&l, weft_bf16_value(src[i])));                                                  \
    }
FORWARD(clip, clip)
FORWARD(quantise, quantise)
FORWARD(threshold, threshold)
FORWARD(leaky_relu, leaky_relu)
FORWARD(sigmoid, sigmoid)
FORWARD(hard_sigmoid, hard_sigmoid)
FORWARD(hard_swish, hard_swish)
FORWARD(tanh, hyperbolic_tangent)

#define BACKWARD(name, function)                                                                                       \
    static void name##_backward(const weft_op *op) {                                                                   \
        const weft_layer l = *op->layer;                                                                               \
        size_t count = value_count(&op->src);                                                                          \
        const float *src = op->src.data, *diff = op->diff_dst.data;                                                    \
        float *out = op->diff_src.data;                                                                                \
        _Pragma("omp simd") for (size_t i = 0; i < count; i++) {                                                       \
            float d = diff[i];                                                                                         \
            out[i] = function(&l, src[i]) ? d : 0.0f;                                                                  \
        }                                                                                                              \
    }                                                                                                                  \
    static void name##_backward_bf16(const weft_op *op) {                                                              \
        const weft_layer l = *op->layer;                                                                               \
        size_t count = value_count(&op->src);                                                                          \
        const uint16_t *src = (const uint16_t *)op->src.data, *diff = (const uint16_t *)op->diff_dst.data;             \
        uint16_t *out = (uint16_t *)op->diff_src.data;                                                                 \
        _Pragma("omp simd") for (size_t i = 0; i < count; i++) {                                                       \
            uint16_t d = diff[i];                                                                                      \
            out[i] = function(&l, weft_bf16_value(src[i])) ? d : 0;                                                    \
        }                                                                                                              \
    }
BACKWARD(window, inside)
BACKWARD(threshold, near_threshold)

#define SMOOTH_BACKWARD(name, function)                                                                                \
    static void name##_backward(const weft_op *op) {                                                                   \
        const weft_layer l = *op->layer;                                                                               \
        size_t count = value_count(&op->src);                                                                          \
        const float *src = op->src.data, *diff = op->diff_dst.data;                                                    \
        float *out = op->diff_src.data;                                                                                \
        _Pragma("omp simd") for (size_t i = 0; i < count; i++) out[i] = function(&l, src[i]) * diff[i];                \
    }                                                                                                                  \
    static void name##_backward_bf16(const weft_op *op) {                                                              \
        const weft_layer l = *op->layer;                                                                               \
        size_t count = value_count(&op->src);                                                                          \
        const uint16_t *src = (const uint16_t *)op->src.data, *diff = (const uint16_t *)op->diff_dst.data;             \
        uint16_t *out = (uint16_t *)op->diff_src.data;                                                                 \
        _Pragma("omp simd") for (size_t i = 0; i < count; i++) out[i] =                                                \
            weft_bf16_nearest(function(&l, weft_bf16_value(src[i])) * weft_bf16_value(diff[i]));                       \
    }
SMOOTH_BACKWARD(leaky_relu, leaky_relu_slope)
SMOOTH_BACKWARD(sigmoid, sigmoid_slope)
SMOOTH_BACKWARD(hard_sigmoid, hard_sigmoid_slope)
SMOOTH_BACKWARD(hard_swish, hard_swish_slope)
SMOOTH_BACKWARD(tanh, tanh_slope)
SMOOTH_BACKWARD(triangle, triangle_slope)

typedef void op_function(const weft_op *op);

/* The gradient needs the input, so training keeps it. */
static weft_status activation_build(weft_plan *plan, weft_op *op, weft_error *err) {
    op->dst = op->src;
    if (!plan->training && weft_plan_may_overwrite(plan, op)) return WEFT_OK;
    return weft_plan_tensor(plan, &op->dst, &op->src.md, err);
}

static weft_status activation_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    static op_function *const functions[WEFT_LAYER_KIND_COUNT][2] = {
        [WEFT_LAYER_CLIP] = {clip_forward, clip_forward_bf16},
        [WEFT_LAYER_QUANTISE] = {quantise_forward, quantise_forward_bf16},
        [WEFT_LAYER_THRESHOLD] = {threshold_forward, threshold_forward_bf16},
        [WEFT_LAYER_LEAKY_RELU] = {leaky_relu_forward, leaky_relu_forward_bf16},
        [WEFT_LAYER_SIGMOID] = {sigmoid_forward, sigmoid_forward_bf16},
        [WEFT_LAYER_HARD_SIGMOID] = {hard_sigmoid_forward, hard_sigmoid_forward_bf16},
        [WEFT_LAYER_HARD_SWISH] = {hard_swish_forward, hard_swish_forward_bf16},
        [WEFT_LAYER_TANH] = {tanh_forward, tanh_forward_bf16},
    };
    (void)err;
    functions[op->layer->kind][plan->precision == WEFT_PRECISION_BF16](op);
    return WEFT_OK;
}

static weft_status activation_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    static op_function *const functions[WEFT_LAYER_KIND_COUNT][2] = {
        [WEFT_LAYER_CLIP] = {window_backward, window_backward_bf16},
        [WEFT_LAYER_QUANTISE] = {window_backward, window_backward_bf16},
        [WEFT_LAYER_THRESHOLD] = {threshold_backward, threshold_backward_bf16},
        [WEFT_LAYER_LEAKY_RELU] = {leaky_relu_backward, leaky_relu_backward_bf16},
        [WEFT_LAYER_SIGMOID] = {sigmoid_backward, sigmoid_backward_bf16},
        [WEFT_LAYER_HARD_SIGMOID] = {hard_sigmoid_backward, hard_sigmoid_backward_bf16},
        [WEFT_LAYER_HARD_SWISH] = {hard_swish_backward, hard_swish_backward_bf16},
        [WEFT_LAYER_TANH] = {tanh_backward, tanh_backward_bf16},
    };
    static op_function *const triangle[2] = {triangle_backward, triangle_backward_bf16};
    const bool bf16 = plan->precision == WEFT_PRECISION_BF16;
    (void)err;
    (op->layer->surrogate_triangle ? triangle[bf16] : functions[op->layer->kind][bf16])(op);
    return WEFT_OK;
}

const weft_op_kind weft_op_activation = {activation_build, weft_plan_diff_in_place, NULL, activation_forward,
                                         activation_backward};
