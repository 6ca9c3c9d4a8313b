/* Digital operations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/lowering_internal.h"

weft_digital_op *weft_lowering_append_op(weft_stage *stage, weft_digital_kind kind) {
    weft_digital_op *grown = realloc(stage->ops, ((size_t)stage->op_count + 1) * sizeof *grown);
    if (!grown) return NULL;
    stage->ops = grown;
    weft_digital_op *op = &grown[stage->op_count++];
    memset(op, 0, sizeof *op);
    op->kind = kind;
    op->in = op->out = stage->out;
    op->batch_norm = -1;
    return op;
}

static float *copy_floats(const float *from, int count) {
    float *to = malloc((size_t)count * sizeof *to);
    if (to) memcpy(to, from, (size_t)count * sizeof *to);
    return to;
}

weft_status weft_lowering_append_affine(weft_lowering *l, const weft_layer *layer, weft_stage *stage,
                                        const float *scale, const float *offset) {
    weft_digital_op *op = weft_lowering_append_op(stage, WEFT_DIGITAL_AFFINE);
    if (!op) return weft_lowering_no_memory(l, layer);
    int channels = op->in.channels;
    op->scale = scale ? copy_floats(scale, channels) : malloc((size_t)channels * sizeof *op->scale);
    op->offset = copy_floats(offset, channels);
    if (!op->scale || !op->offset) return weft_lowering_no_memory(l, layer);
    for (int c = 0; !scale && c < channels; c++) op->scale[c] = 1.0f;
    return WEFT_OK;
}

/* ---- one layer each, behind what the stage has ---- */

static weft_status fold_batch_norm(const weft_lowering *l, weft_digital_op *op, const weft_layer *layer) {
    for (int c = 0; c < op->in.channels; c++) {
        double deviation = sqrt((double)layer->variance[c] + (double)layer->epsilon);
        if (!(deviation > 0.0))
            return weft_error_set(l->err, WEFT_E_INVALID,
                                  "layer \"%s\": variance %g + epsilon %g of channel %d is not positive", layer->name,
                                  (double)layer->variance[c], (double)layer->epsilon, c);
        double scale = (double)layer->gamma[c] / deviation;
        op->scale[c] = (float)scale;
        op->offset[c] = (float)((double)layer->beta[c] - (double)layer->mean[c] * scale);
    }
    return WEFT_OK;
}

static weft_status lower_batch_norm(weft_lowering *l, weft_stage *stage, int index) {
    const weft_layer *layer = &l->net->layers[index];
    WEFT_TRY(weft_lowering_append_affine(l, layer, stage, layer->gamma, layer->beta));
    weft_digital_op *op = &stage->ops[stage->op_count - 1];
    op->batch_norm = index;
    op->epsilon = layer->epsilon;
    op->gamma = copy_floats(layer->gamma, op->in.channels);
    op->beta = copy_floats(layer->beta, op->in.channels);
    if (!op->gamma || !op->beta) return weft_lowering_no_memory(l, layer);
    return fold_batch_norm(l, op, layer);
}

/* PAD, or a pool that takes in the zeros before it. */
static weft_status lower_window(weft_lowering *l, weft_stage *stage, const weft_layer *layer, weft_digital_kind kind,
                                const weft_window *pad) {
    weft_digital_op *op = weft_lowering_append_op(stage, kind);
    if (!op) return weft_lowering_no_memory(l, layer);
    bool merged = pad->pad_top || pad->pad_left || pad->pad_bottom || pad->pad_right;
    op->window = layer->window;
    op->window.pad_top += pad->pad_top;
    op->window.pad_left += pad->pad_left;
    op->window.pad_bottom += pad->pad_bottom;
    op->window.pad_right += pad->pad_right;
    op->count_include_pad = layer->count_include_pad || (merged && kind == WEFT_DIGITAL_AVERAGE_POOL);
    op->out.height = layer->out.height;
    op->out.width = layer->out.width;
    stage->out = op->out;
    return WEFT_OK;
}

static weft_status lower_activation(weft_lowering *l, weft_stage *stage, const weft_layer *layer,
                                    weft_digital_kind kind) {
    weft_digital_op *op = weft_lowering_append_op(stage, kind);
    if (!op) return weft_lowering_no_memory(l, layer);
    op->low = layer->low;
    op->high = layer->high;
    op->slope = layer->slope;
    op->slope_offset = layer->offset;
    op->step = kind == WEFT_DIGITAL_QUANTISE ? weft_layer_step(layer) : 0.0f;
    op->threshold = layer->threshold;
    op->signed_spikes = layer->signed_spikes;
    return WEFT_OK;
}

/* ---- which stage ---- */

/* WEFT_DIGITAL_KIND_COUNT: no digital operation. */
static weft_digital_kind kind_of(weft_layer_kind kind) {
    static const weft_digital_kind kinds[WEFT_LAYER_KIND_COUNT] = {
        [WEFT_LAYER_BATCH_NORM] = WEFT_DIGITAL_AFFINE,
        [WEFT_LAYER_AFFINE] = WEFT_DIGITAL_AFFINE,
        [WEFT_LAYER_RELU] = WEFT_DIGITAL_RELU,
        [WEFT_LAYER_MAX_POOL] = WEFT_DIGITAL_MAX_POOL,
        [WEFT_LAYER_AVERAGE_POOL] = WEFT_DIGITAL_AVERAGE_POOL,
        [WEFT_LAYER_PAD] = WEFT_DIGITAL_PAD,
        [WEFT_LAYER_CLIP] = WEFT_DIGITAL_CLIP,
        [WEFT_LAYER_QUANTISE] = WEFT_DIGITAL_QUANTISE,
        [WEFT_LAYER_THRESHOLD] = WEFT_DIGITAL_THRESHOLD,
        [WEFT_LAYER_LEAKY_RELU] = WEFT_DIGITAL_LEAKY_RELU,
        [WEFT_LAYER_SIGMOID] = WEFT_DIGITAL_SIGMOID,
        [WEFT_LAYER_HARD_SIGMOID] = WEFT_DIGITAL_HARD_SIGMOID,
        [WEFT_LAYER_HARD_SWISH] = WEFT_DIGITAL_HARD_SWISH,
        [WEFT_LAYER_TANH] = WEFT_DIGITAL_TANH,
    };
    return kinds[kind];
}

static bool is_pool(weft_digital_kind kind) {
    return kind == WEFT_DIGITAL_MAX_POOL || kind == WEFT_DIGITAL_AVERAGE_POOL;
}

/* Copies of the stage before could not share out their positions if it went on with this. */
static bool needs_own_stage(const weft_layer *layer, weft_digital_kind kind, weft_shape in) {
    const weft_window *w = &layer->window;
    if (kind == WEFT_DIGITAL_PAD) return true;
    if (!is_pool(kind)) return false;
    if (layer->out.height == 1 && layer->out.width == 1) return in.height > 1 || in.width > 1;
    return (layer->out.height > 1 && w->stride_h < (int64_t)(w->kernel_h - 1) * w->dilation_h + 1) ||
           (layer->out.width > 1 && w->stride_w < (int64_t)(w->kernel_w - 1) * w->dilation_w + 1);
}

static weft_status check_scattered(const weft_lowering *l, const weft_layer *layer, const weft_lowered *value) {
    if (!weft_lowered_scattered(value)) return WEFT_OK;
    switch (layer->kind) {
    case WEFT_LAYER_BATCH_NORM:
    case WEFT_LAYER_AFFINE:
        return weft_lowering_refuse(l, layer, "a batch norm after the flatten of a feature map cannot be mapped");
    case WEFT_LAYER_MAX_POOL:
    case WEFT_LAYER_AVERAGE_POOL:
        return weft_lowering_refuse(l, layer, "a pooling after a flatten cannot be mapped");
    case WEFT_LAYER_PAD:
        return weft_lowering_refuse(l, layer, "padding after a flatten cannot be mapped");
    default:
        return WEFT_OK;
    }
}

static weft_status append_layer(weft_lowering *l, int index, weft_digital_kind kind, int s, const weft_lowered *value) {
    const weft_layer *layer = &l->net->layers[index];
    weft_stage *stage = &l->stages->items[s];
    if (layer->kind == WEFT_LAYER_BATCH_NORM) return lower_batch_norm(l, stage, index);
    if (layer->kind == WEFT_LAYER_AFFINE)
        return weft_lowering_append_affine(l, layer, stage, layer->gamma, layer->beta);
    if (kind != WEFT_DIGITAL_PAD && !is_pool(kind)) return lower_activation(l, stage, layer, kind);
    WEFT_TRY(lower_window(l, stage, layer, kind, &value->pad));
    weft_window window = stage->ops[stage->op_count - 1].window;
    if (kind == WEFT_DIGITAL_PAD) window.kernel_h = window.stride_h = window.dilation_h = 1;
    return weft_lowering_window_ready(l, index, value, stage->out.height, &window);
}

/* The zeros wait for the windows that read the value. */
static void merge_pad(weft_lowering *l, int index, const weft_lowered *value) {
    weft_lowering_alias(l, index, value);
    weft_lowering_value(l, index)->pad = l->net->layers[index].window;
}

weft_status weft_lower_digital(weft_lowering *l, int index) {
    const weft_layer *layer = &l->net->layers[index];
    const weft_lowered *value = weft_lowering_value(l, layer->input);
    weft_digital_kind kind = kind_of(layer->kind);
    int s = value->open;
    WEFT_TRY(check_scattered(l, layer, value));
    if (kind == WEFT_DIGITAL_PAD && weft_lowering_pad_merges(l, index)) {
        merge_pad(l, index, value);
        return WEFT_OK;
    }
    if (s < 0 || needs_own_stage(layer, kind, value->map)) WEFT_TRY(weft_lowering_start_digital(l, index, value, &s));
    WEFT_TRY(append_layer(l, index, kind, s, value));
    return weft_lowering_continue(l, index, s, value);
}
