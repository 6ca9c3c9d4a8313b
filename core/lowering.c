#include "core/lowering.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What lowering knows while it walks the chain. */
typedef struct lowering {
    weft_stages *stages;
    weft_shape map; /* the current feature map; FLATTEN does not change it */
    bool flat;      /* a FLATTEN came after the map */
} lowering;

static weft_status unsupported(weft_error *err, const weft_layer *layer, const char *why) {
    return weft_error_set(err, WEFT_E_UNSUPPORTED, "layer \"%s\" (%s): %s", layer->name,
                          weft_layer_kind_names[layer->kind], why);
}

static weft_status out_of_memory(weft_error *err, const weft_layer *layer) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory while lowering layer \"%s\"", layer->name);
}

/* True when one "channel" of the layer's input is not one channel of the map. */
static bool map_is_scattered(const lowering *state) {
    return state->flat && (state->map.height != 1 || state->map.width != 1);
}

static weft_window whole_window(weft_shape in) {
    weft_window window = {.kernel_h = in.height, .kernel_w = in.width};
    window.stride_h = window.stride_w = window.dilation_h = window.dilation_w = 1;
    return window;
}

/* weight[(ky, kx, ci), column] = file[column, ci, ky, kx]. A dense layer's (c, h, w) input is the same order with the
 * whole map as kernel. */
static weft_status transpose_weight(weft_stage *stage, const weft_layer *layer, weft_error *err) {
    int channels = stage->in.channels / stage->groups;
    int taps = stage->window.kernel_h * stage->window.kernel_w;
    stage->weight = malloc((size_t)stage->rows * (size_t)stage->columns * sizeof *stage->weight);
    if (!stage->weight) return out_of_memory(err, layer);
    for (int column = 0; column < stage->columns; column++) {
        const float *from = layer->weight + (size_t)column * (size_t)stage->rows;
        for (int channel = 0; channel < channels; channel++)
            for (int tap = 0; tap < taps; tap++) {
                size_t row = (size_t)tap * (size_t)channels + (size_t)channel;
                stage->weight[row * (size_t)stage->columns + (size_t)column] =
                    from[(size_t)channel * (size_t)taps + (size_t)tap];
            }
    }
    return WEFT_OK;
}

static weft_digital_op *append_op(lowering *state, weft_digital_kind kind) {
    weft_stage *stage = &state->stages->items[state->stages->count - 1];
    weft_digital_op *grown = realloc(stage->ops, ((size_t)stage->op_count + 1) * sizeof *grown);
    if (!grown) return NULL;
    stage->ops = grown;
    weft_digital_op *op = &grown[stage->op_count++];
    memset(op, 0, sizeof *op);
    op->kind = kind;
    op->in = op->out = state->map;
    op->batch_norm = -1;
    return op;
}

static float *copy_floats(const float *from, int count) {
    float *to = malloc((size_t)count * sizeof *to);
    if (to) memcpy(to, from, (size_t)count * sizeof *to);
    return to;
}

static weft_status lower_bias(lowering *state, const weft_layer *layer, weft_error *err) {
    weft_digital_op *op = append_op(state, WEFT_DIGITAL_AFFINE);
    if (!op) return out_of_memory(err, layer);
    int channels = op->in.channels;
    op->scale = malloc((size_t)channels * sizeof *op->scale);
    op->offset = copy_floats(layer->bias, channels);
    if (!op->scale || !op->offset) return out_of_memory(err, layer);
    for (int c = 0; c < channels; c++) op->scale[c] = 1.0f;
    return WEFT_OK;
}

static weft_status lower_matrix(lowering *state, const weft_layer *layer, int index, weft_error *err) {
    bool is_conv = layer->kind == WEFT_LAYER_CONV;
    if (is_conv && layer->groups > 1) return unsupported(err, layer, "grouped convolutions cannot be mapped");
    if (is_conv && map_is_scattered(state))
        return unsupported(err, layer, "a convolution after a flatten cannot be mapped");
    weft_stages *stages = state->stages;
    weft_stage *stage = &stages->items[stages->count];
    stage->name = layer->name;
    stage->layer = index;
    stage->producer = stages->count - 1;
    stage->is_conv = is_conv;
    stage->in = state->map;
    stage->matrix_out = layer->out;
    stage->window = is_conv ? layer->window : whole_window(state->map);
    stage->groups = 1;
    stage->rows = stage->window.kernel_h * stage->window.kernel_w * stage->in.channels;
    stage->columns = layer->out.channels;
    stage->input_min = layer->input_min;
    stage->input_max = layer->input_max;
    stage->out = layer->out;
    stages->count++;
    state->map = layer->out;
    state->flat = false;
    if ((size_t)stage->rows * (size_t)stage->columns != layer->weight_count)
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": %zu weights, its shapes need %d x %d", layer->name,
                              layer->weight_count, stage->rows, stage->columns);
    WEFT_TRY(transpose_weight(stage, layer, err));
    return layer->bias ? lower_bias(state, layer, err) : WEFT_OK;
}

static weft_status fold_batch_norm(weft_digital_op *op, const weft_layer *layer, weft_error *err) {
    for (int c = 0; c < op->in.channels; c++) {
        double deviation = sqrt((double)layer->variance[c] + (double)layer->epsilon);
        if (!(deviation > 0.0))
            return weft_error_set(err, WEFT_E_INVALID,
                                  "layer \"%s\": variance %g + epsilon %g of channel %d is not positive", layer->name,
                                  (double)layer->variance[c], (double)layer->epsilon, c);
        double scale = (double)layer->gamma[c] / deviation;
        op->scale[c] = (float)scale;
        op->offset[c] = (float)((double)layer->beta[c] - (double)layer->mean[c] * scale);
    }
    return WEFT_OK;
}

static weft_status lower_batch_norm(lowering *state, const weft_layer *layer, int index, weft_error *err) {
    if (map_is_scattered(state))
        return unsupported(err, layer, "a batch norm after the flatten of a feature map cannot be mapped");
    weft_digital_op *op = append_op(state, WEFT_DIGITAL_AFFINE);
    if (!op) return out_of_memory(err, layer);
    int channels = op->in.channels;
    op->batch_norm = index;
    op->epsilon = layer->epsilon;
    op->scale = malloc((size_t)channels * sizeof *op->scale);
    op->offset = malloc((size_t)channels * sizeof *op->offset);
    op->gamma = copy_floats(layer->gamma, channels);
    op->beta = copy_floats(layer->beta, channels);
    if (!op->scale || !op->offset || !op->gamma || !op->beta) return out_of_memory(err, layer);
    return fold_batch_norm(op, layer, err);
}

static weft_status lower_pool(lowering *state, const weft_layer *layer, weft_error *err) {
    if (map_is_scattered(state)) return unsupported(err, layer, "a pooling after a flatten cannot be mapped");
    weft_digital_op *op =
        append_op(state, layer->kind == WEFT_LAYER_MAX_POOL ? WEFT_DIGITAL_MAX_POOL : WEFT_DIGITAL_AVERAGE_POOL);
    if (!op) return out_of_memory(err, layer);
    op->window = layer->window;
    op->count_include_pad = layer->count_include_pad;
    op->out = state->map = layer->out;
    return WEFT_OK;
}

static weft_status lower_activation(lowering *state, const weft_layer *layer, weft_error *err) {
    weft_digital_kind kind = WEFT_DIGITAL_RELU;
    if (layer->kind == WEFT_LAYER_CLIP) kind = WEFT_DIGITAL_CLIP;
    if (layer->kind == WEFT_LAYER_QUANTISE) kind = WEFT_DIGITAL_QUANTISE;
    if (layer->kind == WEFT_LAYER_THRESHOLD) kind = WEFT_DIGITAL_THRESHOLD;
    weft_digital_op *op = append_op(state, kind);
    if (!op) return out_of_memory(err, layer);
    op->low = layer->low;
    op->high = layer->high;
    op->step = kind == WEFT_DIGITAL_QUANTISE ? weft_layer_step(layer) : 0.0f;
    op->threshold = layer->threshold;
    op->signed_spikes = layer->signed_spikes;
    return WEFT_OK;
}

static weft_status lower_digital(lowering *state, const weft_layer *layer, int index, weft_error *err) {
    if (layer->kind == WEFT_LAYER_FLATTEN) {
        state->flat = true;
        return WEFT_OK;
    }
    if (state->stages->count == 0)
        return unsupported(err, layer,
                           "it comes before the first convolution or dense layer, where no core can compute it");
    switch (layer->kind) {
    case WEFT_LAYER_BATCH_NORM:
        return lower_batch_norm(state, layer, index, err);
    case WEFT_LAYER_MAX_POOL:
    case WEFT_LAYER_AVERAGE_POOL:
        return lower_pool(state, layer, err);
    default:
        return lower_activation(state, layer, err);
    }
}

static weft_status lower_layer(lowering *state, const weft_network *net, int index, weft_error *err) {
    const weft_layer *layer = &net->layers[index];
    if (layer->kind == WEFT_LAYER_ADD) return unsupported(err, layer, "residual additions are not mapped yet");
    if (layer->input != index - 1)
        return unsupported(err, layer, "its input is not the layer before: only chains can be mapped");
    if (weft_layer_has_weights(layer))
        WEFT_TRY(lower_matrix(state, layer, index, err));
    else
        WEFT_TRY(lower_digital(state, layer, index, err));
    if (state->stages->count > 0) state->stages->items[state->stages->count - 1].out = state->map;
    return WEFT_OK;
}

static weft_status check_output(const lowering *state, const weft_network *net, weft_error *err) {
    if (state->stages->count == 0)
        return weft_error_set(err, WEFT_E_UNSUPPORTED, "network \"%s\" has no convolution or dense layer to map",
                              net->name ? net->name : "");
    if (state->map.height == 1 && state->map.width == 1) return WEFT_OK;
    return weft_error_set(
        err, WEFT_E_UNSUPPORTED, "layer \"%s\": the network's output is %d x %d x %d, it must be a vector of classes",
        net->layers[net->layer_count - 1].name, state->map.channels, state->map.height, state->map.width);
}

weft_status weft_lower(weft_stages **out, const weft_network *net, weft_error *err) {
    assert(out && net);
    weft_status status = WEFT_OK;
    *out = NULL;
    lowering state = {.stages = calloc(1, sizeof(weft_stages)), .map = net->input};
    if (!state.stages) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while lowering");
    state.stages->input = net->input;
    state.stages->items = calloc((size_t)net->layer_count + 1, sizeof *state.stages->items);
    if (!state.stages->items) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory while lowering"));
    for (int i = 0; i < net->layer_count; i++) WEFT_TRY_GOTO(lower_layer(&state, net, i, err));
    WEFT_TRY_GOTO(check_output(&state, net, err));
    state.stages->classes = state.map.channels;
    *out = state.stages;
    return WEFT_OK;
cleanup:
    weft_stages_destroy(state.stages);
    return status;
}

static void destroy_op(weft_digital_op *op) {
    free(op->scale);
    free(op->offset);
    free(op->gamma);
    free(op->beta);
}

void weft_stages_destroy(weft_stages *stages) {
    if (!stages) return;
    for (int s = 0; stages->items && s < stages->count; s++) {
        weft_stage *stage = &stages->items[s];
        for (int i = 0; i < stage->op_count; i++) destroy_op(&stage->ops[i]);
        free(stage->ops);
        free(stage->weight);
    }
    free(stages->items);
    free(stages);
}
