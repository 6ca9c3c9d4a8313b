/* CONV and DENSE in int8. */
#include <math.h>
#include <string.h>

#include "trainer/integer.h"
#include "trainer/plan.h"

enum { UNSIGNED_MAX = 255, SIGNED_MAX = 127 };

/* A dense layer is a convolution whose kernel is the map that src is: a flattened one may still be in its form. */
static weft_integer_shape describe(const weft_plan *plan, const weft_op *op) {
    const weft_layer *l = op->layer;
    const dnnl_dim_t *in = op->src.md.dims;
    weft_integer_shape s = {
        .batch = plan->batch, .groups = 1, .in = {(int)in[1], (int)in[2], (int)in[3]}, .out = l->out};
    s.window = (weft_window){(int)in[2], (int)in[3], 1, 1, 1, 1, 0, 0, 0, 0};
    if (l->kind == WEFT_LAYER_DENSE) return s;
    s.window = l->window;
    s.groups = l->groups > 0 ? l->groups : 1;
    return s;
}

static weft_status typed_tensor(weft_plan *plan, weft_tensor *out, size_t count, dnnl_data_type_t type,
                                weft_error *err) {
    dnnl_dims_t dims = {(dnnl_dim_t)count};
    dnnl_memory_desc_t md = weft_dnn_typed_layout(1, dims, type, dnnl_a);
    return weft_plan_tensor(plan, out, &md, err);
}

/* In the other plan's memory where there is one. */
static weft_status weight_tensor(weft_plan *plan, weft_tensor *out, size_t count, dnnl_data_type_t type,
                                 const weft_tensor *shared, weft_error *err) {
    dnnl_dims_t dims = {(dnnl_dim_t)count};
    dnnl_memory_desc_t md = weft_dnn_typed_layout(1, dims, type, dnnl_a);
    return weft_dnn_tensor(&plan->dnn, out, &md, shared ? shared->data : NULL, err);
}

static weft_status build_weights(weft_plan *plan, weft_op *op, const weft_integer_shape *s, weft_error *err) {
    const weft_op *shared = weft_plan_shared_op(plan, op);
    size_t outputs = (size_t)s->out.channels;
    WEFT_TRY(
        weight_tensor(plan, &op->weight, weft_integer_weight_count(s), dnnl_s8, shared ? &shared->weight : NULL, err));
    WEFT_TRY(weight_tensor(plan, &op->weight_scale, outputs, dnnl_f32, shared ? &shared->weight_scale : NULL, err));
    /* Scales of the sums, then biases. */
    return weight_tensor(plan, &op->scale_shift, 2 * outputs, dnnl_f32, NULL, err);
}

static weft_status integer_build(weft_plan *plan, weft_op *op, weft_error *err) {
    weft_integer_shape s = describe(plan, op);
    dnnl_dims_t dims = {plan->batch, s.out.channels, s.out.height, s.out.width};
    dnnl_memory_desc_t in = weft_plan_layout(plan, op->src.md.dims, dnnl_nhwc),
                       out = weft_plan_layout(plan, dims, dnnl_nhwc);
    size_t values = (size_t)plan->batch * weft_shape_size(s.out);
    if (weft_integer_depth(&s) > WEFT_INTEGER_DEPTH_MAX)
        return weft_error_set(err, WEFT_E_UNSUPPORTED,
                              "layer \"%.60s\": int8 sums of %zu products may overflow 32 bits; %d are allowed",
                              op->layer->name, weft_integer_depth(&s), WEFT_INTEGER_DEPTH_MAX);
    WEFT_TRY(weft_plan_view(plan, &op->inner_src, &op->src_in, &op->src, &in, err));
    WEFT_TRY(typed_tensor(plan, &op->input_bytes, (size_t)plan->batch * weft_shape_size(s.in), dnnl_u8, err));
    WEFT_TRY(typed_tensor(plan, &op->sums, values, dnnl_s32, err));
    WEFT_TRY(weft_plan_tensor(plan, &op->dst, &out, err));
    WEFT_TRY(build_weights(plan, op, &s, err));
    weft_dnn_reserve(&plan->dnn, weft_integer_workspace(&s));
    return WEFT_OK;
}

/* ---- scale of the input ---- */

/* The QUANTISE layer whose values the layer reads, or NULL; *rectified: without the negative ones. */
static const weft_layer *quantiser(const weft_network *net, int producer, bool *rectified) {
    *rectified = false;
    for (; producer >= 0; producer = net->layers[producer].input) {
        const weft_layer *l = &net->layers[producer];
        if (l->kind == WEFT_LAYER_QUANTISE) return l;
        if (l->kind == WEFT_LAYER_RELU)
            *rectified = true;
        else if (!weft_layer_moves_values(l))
            return NULL;
    }
    return NULL;
}

static void scale_from_range(weft_op *op, float low, float high) {
    op->input_signed = low < 0;
    float largest = fabsf(low) > high ? fabsf(low) : high;
    op->input_scale = op->input_signed ? largest / SIGNED_MAX : high / UNSIGNED_MAX;
}

/* Its steps where eight bits hold them, else its range. */
static void scale_from_quantiser(weft_op *op, const weft_layer *q, bool rectified) {
    float low = rectified ? 0.0f : q->low, step = weft_layer_step(q);
    scale_from_range(op, low, q->high);
    int limit = op->input_signed ? SIGNED_MAX : UNSIGNED_MAX;
    bool low_fits = -low < ((float)SIGNED_MAX + 1.5f) * step;
    if (q->levels <= limit && low_fits) op->input_scale = step;
}

static weft_status find_scale(const weft_plan *plan, weft_op *op, weft_error *err) {
    const weft_layer *l = op->layer;
    bool rectified;
    const weft_layer *q = quantiser(plan->net, l->input, &rectified);
    if (q) {
        scale_from_quantiser(op, q, rectified);
        return WEFT_OK;
    }
    if (!(l->input_max > 0 || l->input_min < 0))
        return weft_error_set(err, WEFT_E_INVALID,
                              "layer \"%.60s\": the range of its input is unknown, so it cannot be computed in int8; "
                              "calibrate the network on some images",
                              l->name);
    scale_from_range(op, l->input_min, l->input_max);
    return WEFT_OK;
}

/* ---- run ---- */

static weft_status integer_load(weft_plan *plan, weft_op *op, const weft_share *share, weft_error *err) {
    weft_integer_shape s = describe(plan, op);
    WEFT_TRY(find_scale(plan, op, err));
    if (op->layer->bias)
        memcpy(op->scale_shift.data + s.out.channels, op->layer->bias, (size_t)s.out.channels * sizeof(float));
    if (share->owner == share->part)
        weft_integer_weights(&s, op->layer->weight, (int8_t *)op->weight.data, op->weight_scale.data);
    return WEFT_OK;
}

static weft_status integer_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    weft_integer_shape s = describe(plan, op);
    size_t channels = (size_t)s.out.channels, rows = (size_t)plan->batch * (size_t)s.out.height * (size_t)s.out.width;
    uint8_t *bytes = (uint8_t *)op->input_bytes.data;
    int32_t *sums = (int32_t *)op->sums.data;
    float *scale = op->scale_shift.data;
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->src_in, err));
    weft_integer_input(op->inner_src.data, (size_t)plan->batch * weft_shape_size(s.in), op->input_scale,
                       op->input_signed, bytes);
    WEFT_TRY(weft_integer_forward(&s, bytes, op->input_signed, (const int8_t *)op->weight.data, sums,
                                  plan->dnn.scratchpad, op->what, err));
    for (size_t c = 0; c < channels; c++) scale[c] = op->input_scale * op->weight_scale.data[c];
    weft_integer_output(sums, rows, channels, scale, op->layer->bias ? scale + channels : NULL, op->dst.data);
    return WEFT_OK;
}

const weft_op_kind weft_op_integer = {integer_build, NULL, integer_load, integer_forward, NULL};
