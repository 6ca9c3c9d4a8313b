/* Network to ONNX. The message is built in an arena; weights are referred to, not copied. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/onnx_build.h"

enum { INITIALIZERS_A_LAYER = 6, NODES_A_LAYER = 6 };

/* ---- metadata ---- */

static bool key_is_reserved(const char *key) {
    return strcmp(key, WEFT_ONNX_KEY_PREPROCESS) == 0 ||
           strncmp(key, WEFT_ONNX_KEY_RANGE, strlen(WEFT_ONNX_KEY_RANGE)) == 0;
}

static void metadata_write(weft_onnx_writer *w, Onnx__ModelProto *model) {
    const weft_network *net = w->net;
    size_t most = 1 + (size_t)net->layer_count + (size_t)net->metadata_count;
    model->metadata_props = weft_onnx_take(w, most * sizeof *model->metadata_props);
    if (!model->metadata_props) return;
    if (net->preprocess.channels || net->preprocess.gcn_zca) {
        char text[WEFT_ONNX_PREPROCESS_SIZE];
        weft_onnx_preprocess_format(&net->preprocess, text, sizeof text);
        weft_onnx_put_entry(w, model, WEFT_ONNX_KEY_PREPROCESS, text);
    }
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer *l = &net->layers[i];
        if (!weft_layer_has_weights(l) || (l->input_min == 0 && l->input_max == 0)) continue;
        char range[64];
        snprintf(range, sizeof range, "%.9g %.9g", (double)l->input_min, (double)l->input_max);
        char *key = weft_onnx_put_joined(w, WEFT_ONNX_KEY_RANGE, l->name);
        if (key) weft_onnx_put_entry(w, model, key, range);
    }
    for (int i = 0; i < net->metadata_count; i++)
        if (!key_is_reserved(net->metadata[i].key))
            weft_onnx_put_entry(w, model, net->metadata[i].key, net->metadata[i].value);
}

/* ---- model ---- */

/* What the reader would refuse must not be written. used: [layer_count]. */
static weft_status layers_check(const weft_network *net, bool *used, weft_error *err) {
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer *l = &net->layers[i];
        if (l->input >= 0) used[l->input] = true;
        if (l->input2 >= 0) used[l->input2] = true;
    }
    for (int i = 0; i < net->layer_count - 1; i++)
        if (!used[i])
            return weft_error_set(
                err, WEFT_E_UNSUPPORTED,
                "layer \"%s\" is used by no other, and it is not the last one: a network has one output",
                net->layers[i].name);
    return WEFT_OK;
}

static weft_status network_check(const weft_network *net, weft_error *err) {
    if (!net->layer_count) return weft_error_set(err, WEFT_E_INVALID, "network \"%s\" has no layers", net->name);
    bool *used = calloc((size_t)net->layer_count, sizeof *used);
    if (!used) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    weft_status status = layers_check(net, used, err);
    free(used);
    return status;
}

static Onnx__GraphProto *graph_begin(weft_onnx_writer *w, const char *name) {
    Onnx__GraphProto *graph = weft_onnx_take(w, sizeof *graph);
    size_t layers = (size_t)w->net->layer_count;
    if (!graph) return NULL;
    onnx__graph_proto__init(graph);
    graph->name = weft_onnx_put_text(w, name);
    graph->node = weft_onnx_take(w, NODES_A_LAYER * layers * sizeof *graph->node);
    graph->initializer = weft_onnx_take(w, INITIALIZERS_A_LAYER * layers * sizeof *graph->initializer);
    return graph;
}

/* The lowest IR version that goes with an opset. */
static int ir_version(int opset) { return opset >= 21 ? 10 : opset >= 19 ? 9 : 7; }

static void model_fill(weft_onnx_writer *w, Onnx__ModelProto *model, Onnx__OperatorSetIdProto *opset) {
    size_t rank = 4;
    w->graph = graph_begin(w, w->net->name[0] ? w->net->name : "network");
    w->training = graph_begin(w, "latent_weights");
    model->opset_import = weft_onnx_take(w, sizeof *model->opset_import);
    model->training_info = weft_onnx_take(w, sizeof *model->training_info);
    if (w->out_of_memory) return;
    weft_onnx_put_value(w, &w->graph->input, &w->graph->n_input, "image", w->net->input, 4);
    weft_onnx_put_layers(w, &rank);
    if (w->out_of_memory) return;
    weft_onnx_put_value(w, &w->graph->output, &w->graph->n_output, "logits",
                        w->net->layers[w->net->layer_count - 1].out, rank);
    metadata_write(w, model);
    Onnx__TrainingInfoProto *training = weft_onnx_take(w, sizeof *training);
    if (w->out_of_memory) return;
    onnx__training_info_proto__init(training);
    opset->has_version = 1;
    opset->version = w->opset;
    opset->domain = weft_onnx_put_text(w, "");
    model->has_ir_version = 1;
    model->ir_version = ir_version(w->opset);
    model->producer_name = weft_onnx_put_text(w, WEFT_ONNX_PRODUCER);
    model->opset_import[model->n_opset_import++] = opset;
    model->graph = w->graph;
    training->algorithm = w->training;
    if (w->training->n_initializer) model->training_info[model->n_training_info++] = training;
}

static weft_status model_pack(uint8_t **out, size_t *size, const Onnx__ModelProto *model, weft_error *err) {
    *size = onnx__model_proto__get_packed_size(model);
    if (*size > WEFT_ONNX_BYTES_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "the network takes %zu bytes; an ONNX file has at most %u", *size,
                              WEFT_ONNX_BYTES_MAX);
    *out = malloc(*size);
    if (!*out) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    onnx__model_proto__pack(model, *out);
    return WEFT_OK;
}

weft_status weft_onnx_pack(uint8_t **out, size_t *size, const weft_network *net, weft_error *err) {
    *out = NULL;
    WEFT_TRY(network_check(net, err));
    weft_onnx_writer writer = {.net = net, .arena = weft_arena_create(), .opset = 13};
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    if (!writer.arena) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    model_fill(&writer, &model, &opset);
    weft_status status =
        writer.out_of_memory ? weft_error_set(err, WEFT_E_MEMORY, "out of memory") : model_pack(out, size, &model, err);
    weft_arena_destroy(writer.arena);
    return status;
}

weft_status weft_onnx_write(const weft_network *net, const char *path, weft_error *err) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    WEFT_TRY(weft_onnx_pack(&bytes, &size, net, err));
    weft_status status = weft_file_write(path, bytes, size, err);
    free(bytes);
    return status;
}
