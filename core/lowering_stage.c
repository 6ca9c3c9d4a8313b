/* Stages, their ports and matrices. */
#include <stdlib.h>
#include <string.h>

#include "core/lowering_internal.h"

static weft_window whole_window(weft_shape in) {
    weft_window window = {.kernel_h = in.height, .kernel_w = in.width};
    window.stride_h = window.stride_w = window.dilation_h = window.dilation_w = 1;
    return window;
}

/* A further port, of operation op. */
static weft_status add_port(weft_lowering *l, int stage, int op, const weft_lowered *value) {
    weft_stage *item = &l->stages->items[stage];
    size_t count = (size_t)item->port_count, size = (size_t)value->source_count * sizeof(weft_source);
    weft_port *grown = realloc(item->ports, (count + 1) * sizeof *grown);
    if (grown) item->ports = grown;
    weft_source *sources = grown ? malloc(size) : NULL;
    if (!sources) return weft_lowering_no_memory(l, &l->net->layers[item->layer]);
    memcpy(sources, value->sources, size);
    item->ports[item->port_count++] =
        (weft_port){.shape = value->map, .op = op, .source_count = value->source_count, .sources = sources};
    return WEFT_OK;
}

/* A new stage that reads the value; zeroed but for port 0, name, layer, in, out, groups 1. *stage: its index. */
static weft_status start(weft_lowering *l, int index, const weft_lowered *value, int *stage) {
    *stage = l->stages->count++;
    weft_stage *item = &l->stages->items[*stage];
    item->name = l->net->layers[index].name;
    item->layer = index;
    item->groups = 1;
    item->in = item->matrix_out = item->out = value->map;
    return add_port(l, *stage, -1, value);
}

weft_status weft_lowering_start_digital(weft_lowering *l, int index, const weft_lowered *value, int *stage) {
    WEFT_TRY(start(l, index, value, stage));
    weft_stage *item = &l->stages->items[*stage];
    item->columns = item->in.channels;
    item->window = whole_window((weft_shape){1, 1, 1});
    return WEFT_OK;
}

/* ---- matrices ---- */

/* weight[(tap, channel of the group), column] = file[column, channel of the group, tap]. A dense layer's (c, h, w)
 * input is the same order with the whole map as kernel. */
static weft_status transpose_weight(const weft_lowering *l, weft_stage *stage, const weft_layer *layer) {
    enum { RUN = 32 }; /* columns together: whole cache lines are written */
    size_t columns = (size_t)stage->columns, rows = (size_t)weft_stage_group_rows(stage);
    size_t channels = (size_t)(stage->in.channels / stage->groups), taps = rows / channels;
    if (!l->with_weights) return WEFT_OK;
    stage->weight = malloc(rows * columns * sizeof *stage->weight);
    if (!stage->weight) return weft_lowering_no_memory(l, layer);
    for (size_t first = 0; first < columns; first += RUN) {
        size_t end = first + RUN < columns ? first + RUN : columns;
        for (size_t channel = 0; channel < channels; channel++)
            for (size_t tap = 0; tap < taps; tap++) {
                const float *from = layer->weight + channel * taps + tap;
                float *to = stage->weight + (tap * channels + channel) * columns;
                for (size_t column = first; column < end; column++) to[column] = from[column * rows];
            }
    }
    return WEFT_OK;
}

static weft_window padded_window(weft_window window, const weft_window *pad) {
    window.pad_top += pad->pad_top;
    window.pad_left += pad->pad_left;
    window.pad_bottom += pad->pad_bottom;
    window.pad_right += pad->pad_right;
    return window;
}

static void shape_matrix(weft_stage *stage, const weft_layer *layer, const weft_window *pad) {
    stage->has_matrix = true;
    stage->is_conv = layer->kind == WEFT_LAYER_CONV;
    stage->window = stage->is_conv ? padded_window(layer->window, pad) : whole_window(stage->in);
    stage->groups = stage->is_conv && layer->groups > 1 ? layer->groups : 1;
    stage->rows = stage->window.kernel_h * stage->window.kernel_w * stage->in.channels;
    stage->columns = layer->out.channels;
    stage->matrix_out = stage->out = layer->out;
    stage->input_min = layer->input_min;
    stage->input_max = layer->input_max;
}

weft_status weft_lower_matrix(weft_lowering *l, int index) {
    const weft_layer *layer = &l->net->layers[index];
    const weft_lowered *value = weft_lowering_value(l, layer->input);
    int s = 0;
    if (layer->kind == WEFT_LAYER_CONV && weft_lowered_scattered(value))
        return weft_lowering_refuse(l, layer, "a convolution after a flatten cannot be mapped");
    WEFT_TRY(start(l, index, value, &s));
    weft_stage *stage = &l->stages->items[s];
    shape_matrix(stage, layer, &value->pad);
    if ((size_t)weft_stage_group_rows(stage) * (size_t)stage->columns != layer->weight_count)
        return weft_error_set(l->err, WEFT_E_INVALID, "layer \"%s\": %zu weights, its shapes need %d x %d", layer->name,
                              layer->weight_count, weft_stage_group_rows(stage), stage->columns);
    WEFT_TRY(transpose_weight(l, stage, layer));
    if (layer->bias) WEFT_TRY(weft_lowering_append_affine(l, layer, stage, NULL, layer->bias));
    WEFT_TRY(weft_lowering_window_ready(l, index, value, stage->out.height, &stage->window));
    WEFT_TRY(weft_lowering_continue(l, index, s, value));
    weft_lowering_value(l, index)->flat = false;
    return WEFT_OK;
}

/* ---- additions ---- */

/* Its first row is there later; of equals the one behind more stages, then the one that can go on. */
static bool ends_after(const weft_lowered *a, const weft_lowered *b) {
    if (a->ready[0] != b->ready[0]) return a->ready[0] > b->ready[0];
    if (a->depth != b->depth) return a->depth > b->depth;
    return a->open > b->open;
}

/* The term that ends last goes on with the sum, where it can; no other stage reads it, so what it reads now cannot
 * depend on it. */
weft_status weft_lower_add(weft_lowering *l, int index) {
    const weft_layer *layer = &l->net->layers[index];
    const weft_lowered *a = weft_lowering_value(l, layer->input), *b = weft_lowering_value(l, layer->input2);
    if (memcmp(&a->map, &b->map, sizeof a->map) != 0)
        return weft_lowering_refuse(l, layer, "flattened feature maps of different extents cannot be added");
    const weft_lowered *main = ends_after(b, a) ? b : a, *other = main == a ? b : a;
    int s = main->open;
    if (s < 0) WEFT_TRY(weft_lowering_start_digital(l, index, main, &s));
    weft_stage *stage = &l->stages->items[s];
    weft_digital_op *op = weft_lowering_append_op(stage, WEFT_DIGITAL_ADD);
    if (!op) return weft_lowering_no_memory(l, layer);
    op->port = stage->port_count;
    WEFT_TRY(add_port(l, s, stage->op_count - 1, other));
    weft_lowered *value = weft_lowering_value(l, index);
    value->ready = weft_lowering_both_ready(l, main, other);
    if (!value->ready) return weft_lowering_no_memory(l, layer);
    WEFT_TRY(weft_lowering_continue(l, index, s, main));
    if (value->depth <= other->depth) value->depth = other->depth + 1;
    return WEFT_OK;
}
