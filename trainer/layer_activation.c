/* Clipping, quantising and spiking. Their gradient is that of the identity inside a window and 0 outside
 * (straight-through estimator). Elementwise, so the layout does not matter. */
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

static bool inside(const weft_layer *l, float x) { return x >= l->low && x <= l->high; }

static bool near_threshold(const weft_layer *l, float x) {
    float distance = fabsf((l->signed_spikes ? fabsf(x) : x) - l->threshold);
    return distance <= l->surrogate_width;
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

typedef void op_function(const weft_op *op);

/* The gradient needs the input, so training keeps it. */
static weft_status activation_build(weft_plan *plan, weft_op *op, weft_error *err) {
    op->dst = op->src;
    if (!plan->training && weft_plan_may_overwrite(plan, op)) return WEFT_OK;
    return weft_dnn_tensor(&plan->dnn, &op->dst, &op->src.md, NULL, err);
}

static weft_status activation_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    static op_function *const functions[WEFT_LAYER_KIND_COUNT][2] = {
        [WEFT_LAYER_CLIP] = {clip_forward, clip_forward_bf16},
        [WEFT_LAYER_QUANTISE] = {quantise_forward, quantise_forward_bf16},
        [WEFT_LAYER_THRESHOLD] = {threshold_forward, threshold_forward_bf16},
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
    };
    (void)err;
    functions[op->layer->kind][plan->precision == WEFT_PRECISION_BF16](op);
    return WEFT_OK;
}

const weft_op_kind weft_op_activation = {activation_build, weft_plan_diff_in_place, NULL, activation_forward,
                                         activation_backward};
