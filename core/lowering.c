#include "core/lowering_internal.h"

#include <assert.h>
#include <stdlib.h>

weft_status weft_lowering_refuse(const weft_lowering *l, const weft_layer *layer, const char *why) {
    return weft_error_set(l->err, WEFT_E_UNSUPPORTED, "layer \"%s\" (%s): %s", layer->name,
                          weft_layer_kind_names[layer->kind], why);
}

weft_status weft_lowering_no_memory(const weft_lowering *l, const weft_layer *layer) {
    return weft_error_set(l->err, WEFT_E_MEMORY, "out of memory while lowering layer \"%s\"", layer->name);
}

static weft_status lower_softmax(weft_lowering *l, int index) {
    const weft_layer *layer = &l->net->layers[index];
    if (index != l->net->layer_count - 1)
        return weft_lowering_refuse(l, layer, "only the network's last layer can be a softmax");
    l->stages->host_softmax = true;
    weft_lowering_alias(l, index, weft_lowering_value(l, layer->input));
    return WEFT_OK;
}

static weft_status lower_layer(weft_lowering *l, int index) {
    const weft_layer *layer = &l->net->layers[index];
    switch (layer->kind) {
    case WEFT_LAYER_CONV:
    case WEFT_LAYER_DENSE:
        return weft_lower_matrix(l, index);
    case WEFT_LAYER_FLATTEN:
        weft_lowering_alias(l, index, weft_lowering_value(l, layer->input));
        weft_lowering_value(l, index)->flat = true;
        return WEFT_OK;
    case WEFT_LAYER_ADD:
        return weft_lower_add(l, index);
    case WEFT_LAYER_CONCAT:
        return weft_lowering_concat(l, index);
    case WEFT_LAYER_SOFTMAX:
        return lower_softmax(l, index);
    case WEFT_LAYER_CHANNEL_SHUFFLE:
        return weft_lowering_refuse(l, layer, "has no form on crossbar chips yet; spiking chips take it");
    default:
        return weft_lower_digital(l, index);
    }
}

/* The output is what the last stage makes: where it is several stages' (a concatenation), a digital stage passes it
 * on. */
static weft_status lower_output(weft_lowering *l) {
    int last = l->net->layer_count - 1, stage = 0;
    const weft_lowered *value = weft_lowering_value(l, last);
    bool has_matrix = false;
    for (int s = 0; s < l->stages->count; s++) has_matrix = has_matrix || l->stages->items[s].has_matrix;
    if (!has_matrix)
        return weft_error_set(l->err, WEFT_E_UNSUPPORTED, "network \"%s\" has no convolution or dense layer to map",
                              l->net->name ? l->net->name : "");
    if (value->map.height != 1 || value->map.width != 1)
        return weft_error_set(l->err, WEFT_E_UNSUPPORTED,
                              "layer \"%s\": the network's output is %d x %d x %d, it must be a vector of classes",
                              l->net->layers[last].name, value->map.channels, value->map.height, value->map.width);
    l->stages->classes = value->map.channels;
    return value->source_count == 1 ? WEFT_OK : weft_lowering_start_digital(l, last, value, &stage);
}

static weft_status lower_network(weft_lowering *l) {
    WEFT_TRY(weft_lowering_begin(l));
    for (int i = 0; i < l->net->layer_count; i++)
        if (l->live[1 + i]) WEFT_TRY(lower_layer(l, i));
    WEFT_TRY(lower_output(l));
    WEFT_TRY(weft_lowering_finish(l));
    return weft_lowering_find_lags(l);
}

static bool allocate(weft_lowering *l) {
    size_t values = (size_t)l->net->layer_count + 1;
    l->arena = weft_arena_create();
    l->users = calloc(values, sizeof *l->users);
    l->live = calloc(values, sizeof *l->live);
    l->values = calloc(values, sizeof *l->values);
    l->stages = calloc(1, sizeof *l->stages);
    if (!l->arena || !l->users || !l->live || !l->values || !l->stages) return false;
    l->stages->input = l->net->input;
    l->stages->items = calloc(values, sizeof *l->stages->items);
    return l->stages->items != NULL;
}

static weft_status lower(weft_stages **out, const weft_network *net, bool with_weights, weft_error *err) {
    assert(out && net);
    weft_lowering l = {.net = net, .with_weights = with_weights, .err = err};
    *out = NULL;
    weft_status status = allocate(&l) ? lower_network(&l) : weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    if (status == WEFT_OK)
        *out = l.stages;
    else
        weft_stages_destroy(l.stages);
    weft_arena_destroy(l.arena);
    free(l.users);
    free(l.live);
    free(l.values);
    return status;
}

weft_status weft_lower(weft_stages **out, const weft_network *net, weft_error *err) {
    return lower(out, net, true, err);
}

weft_status weft_lower_shapes(weft_stages **out, const weft_network *net, weft_error *err) {
    return lower(out, net, false, err);
}

static void destroy_stage(weft_stage *stage) {
    for (int i = 0; i < stage->op_count; i++) {
        free(stage->ops[i].scale);
        free(stage->ops[i].offset);
        free(stage->ops[i].gamma);
        free(stage->ops[i].beta);
    }
    for (int i = 0; i < stage->port_count; i++) free(stage->ports[i].sources);
    free(stage->ops);
    free(stage->ports);
    free(stage->weight);
}

void weft_stages_destroy(weft_stages *stages) {
    if (!stages) return;
    for (int s = 0; stages->items && s < stages->count; s++) destroy_stage(&stages->items[s]);
    free(stages->items);
    free(stages->range_of);
    free(stages);
}
