/* Network to ONNX. The message is built in an arena; weights are referred to, not copied. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/onnx_build.h"

enum { IR_VERSION = 7, OPSET = 13, INITIALIZERS_A_LAYER = 4 };

static void constant_add(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l, const char *ending,
                         const int *dims, size_t rank, const float *data) {
    char *name = weft_onnx_put_joined(w, l->name, ending);
    node->input[node->n_input++] = name;
    weft_onnx_put_tensor(w, w->graph, name, dims, rank, data);
}

static void window_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_window *win, bool dilations) {
    if (dilations) weft_onnx_put_ints(w, node, "dilations", (const int[]){win->dilation_h, win->dilation_w}, 2);
    weft_onnx_put_ints(w, node, "kernel_shape", (const int[]){win->kernel_h, win->kernel_w}, 2);
    weft_onnx_put_ints(w, node, "pads", (const int[]){win->pad_top, win->pad_left, win->pad_bottom, win->pad_right}, 4);
    weft_onnx_put_ints(w, node, "strides", (const int[]){win->stride_h, win->stride_w}, 2);
}

static void weights_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l, const int *dims,
                          size_t rank) {
    constant_add(w, node, l, ".weight", dims, rank, l->weight);
    if (l->latent)
        weft_onnx_put_tensor(w, w->training, weft_onnx_put_joined(w, l->name, ".weight"), dims, rank, l->latent);
    if (l->bias) constant_add(w, node, l, ".bias", &l->out.channels, 1, l->bias);
}

static void conv_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l) {
    const int dims[4] = {l->out.channels, l->in.channels / l->groups, l->window.kernel_h, l->window.kernel_w};
    weights_write(w, node, l, dims, 4);
    window_write(w, node, &l->window, true);
    weft_onnx_put_int(w, node, "group", l->groups);
}

static void gemm_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l) {
    const int dims[2] = {l->out.channels, (int)weft_shape_size(l->in)};
    weights_write(w, node, l, dims, 2);
    weft_onnx_put_int(w, node, "transB", 1);
}

static void batch_norm_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l) {
    constant_add(w, node, l, ".gamma", &l->out.channels, 1, l->gamma);
    constant_add(w, node, l, ".beta", &l->out.channels, 1, l->beta);
    constant_add(w, node, l, ".mean", &l->out.channels, 1, l->mean);
    constant_add(w, node, l, ".variance", &l->out.channels, 1, l->variance);
    weft_onnx_put_float(w, node, "epsilon", l->epsilon);
}

static void flatten_write(weft_onnx_writer *w, Onnx__NodeProto *node) { weft_onnx_put_int(w, node, "axis", 1); }

static const char *const operator_of_kind[WEFT_LAYER_KIND_COUNT] = {
    [WEFT_LAYER_CONV] = "Conv",        [WEFT_LAYER_DENSE] = "Gemm",
    [WEFT_LAYER_RELU] = "Relu",        [WEFT_LAYER_BATCH_NORM] = "BatchNormalization",
    [WEFT_LAYER_MAX_POOL] = "MaxPool", [WEFT_LAYER_AVERAGE_POOL] = "AveragePool",
    [WEFT_LAYER_FLATTEN] = "Flatten"};

static void layer_write(weft_onnx_writer *w, const weft_layer *l, char *input, char *output) {
    Onnx__NodeProto *node = weft_onnx_put_node(w, operator_of_kind[l->kind], l->name, input, output);
    if (!node) return;
    switch (l->kind) {
    case WEFT_LAYER_CONV:
        conv_write(w, node, l);
        break;
    case WEFT_LAYER_DENSE:
        gemm_write(w, node, l);
        break;
    case WEFT_LAYER_BATCH_NORM:
        batch_norm_write(w, node, l);
        break;
    case WEFT_LAYER_MAX_POOL:
        window_write(w, node, &l->window, true);
        break;
    case WEFT_LAYER_AVERAGE_POOL:
        window_write(w, node, &l->window, false);
        weft_onnx_put_int(w, node, "count_include_pad", l->count_include_pad);
        break;
    case WEFT_LAYER_FLATTEN:
        flatten_write(w, node);
        break;
    case WEFT_LAYER_RELU:
    case WEFT_LAYER_KIND_COUNT:
        break;
    }
}

/* "NAME.flatten", with underscores until no layer has that name. */
static char *flatten_name(weft_onnx_writer *w, const char *name) {
    char *candidate = weft_onnx_put_joined(w, name, ".flatten");
    for (int i = 0; candidate && i < w->net->layer_count; i++)
        if (strcmp(w->net->layers[i].name, candidate) == 0) {
            candidate = weft_onnx_put_joined(w, candidate, "_");
            i = -1;
        }
    return candidate;
}

/* A Gemm takes vectors only: what weft's dense layer does silently becomes a node. Values are named LAYER.out, which no
 * initializer's name ends in. */
static void nodes_write(weft_onnx_writer *w, size_t *rank) {
    char *value = weft_onnx_put_text(w, "image");
    *rank = 4;
    for (int i = 0; i < w->net->layer_count && !w->out_of_memory; i++) {
        const weft_layer *l = &w->net->layers[i];
        if (l->kind == WEFT_LAYER_DENSE && *rank == 4) {
            char *name = flatten_name(w, l->name);
            if (!name) return;
            char *flat = weft_onnx_put_joined(w, name, ".out");
            Onnx__NodeProto *node = weft_onnx_put_node(w, "Flatten", name, value, flat);
            if (node) flatten_write(w, node);
            value = flat;
        }
        if (l->kind == WEFT_LAYER_DENSE || l->kind == WEFT_LAYER_FLATTEN) *rank = 2;
        char *output =
            i == w->net->layer_count - 1 ? weft_onnx_put_text(w, "logits") : weft_onnx_put_joined(w, l->name, ".out");
        layer_write(w, l, value, output);
        value = output;
    }
}

/* ---- metadata ---- */

static void preprocess_write(weft_onnx_writer *w, Onnx__ModelProto *model) {
    const weft_preprocess *p = &w->net->preprocess;
    char mean[128] = "", std[128] = "";
    for (int c = 0; c < p->channels; c++) {
        size_t m = strlen(mean), s = strlen(std);
        snprintf(mean + m, sizeof mean - m, "%s%.9g", c ? "," : "", (double)p->mean[c]);
        snprintf(std + s, sizeof std - s, "%s%.9g", c ? "," : "", (double)p->std[c]);
    }
    char *value = weft_arena_printf(w->arena, "mean=%s std=%s", mean, std);
    if (value)
        weft_onnx_put_entry(w, model, WEFT_ONNX_KEY_PREPROCESS, value);
    else
        w->out_of_memory = true;
}

static bool key_is_reserved(const char *key) {
    return strcmp(key, WEFT_ONNX_KEY_PREPROCESS) == 0 ||
           strncmp(key, WEFT_ONNX_KEY_RANGE, strlen(WEFT_ONNX_KEY_RANGE)) == 0;
}

static void metadata_write(weft_onnx_writer *w, Onnx__ModelProto *model) {
    const weft_network *net = w->net;
    size_t most = 1 + (size_t)net->layer_count + (size_t)net->metadata_count;
    model->metadata_props = weft_onnx_take(w, most * sizeof *model->metadata_props);
    if (!model->metadata_props) return;
    if (net->preprocess.channels) preprocess_write(w, model);
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

/* What the reader would refuse must not be written. */
static weft_status network_check(const weft_network *net, weft_error *err) {
    bool vector = false;
    if (!net->layer_count) return weft_error_set(err, WEFT_E_INVALID, "network \"%s\" has no layers", net->name);
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer *l = &net->layers[i];
        bool window =
            l->kind == WEFT_LAYER_CONV || l->kind == WEFT_LAYER_MAX_POOL || l->kind == WEFT_LAYER_AVERAGE_POOL;
        if (l->input != i - 1)
            return weft_error_set(err, WEFT_E_UNSUPPORTED,
                                  "layer \"%s\" does not follow the layer before it: only chains can be written",
                                  l->name);
        if (window && vector)
            return weft_error_set(err, WEFT_E_UNSUPPORTED,
                                  "layer \"%s\" needs a feature map, but follows a flattened one", l->name);
        if (l->kind == WEFT_LAYER_AVERAGE_POOL && (l->window.dilation_h != 1 || l->window.dilation_w != 1))
            return weft_error_set(err, WEFT_E_UNSUPPORTED, "layer \"%s\": opset %d has no dilated average pooling",
                                  l->name, (int)OPSET);
        vector = vector || l->kind == WEFT_LAYER_DENSE || l->kind == WEFT_LAYER_FLATTEN;
    }
    return WEFT_OK;
}

static Onnx__GraphProto *graph_begin(weft_onnx_writer *w, const char *name) {
    Onnx__GraphProto *graph = weft_onnx_take(w, sizeof *graph);
    size_t layers = (size_t)w->net->layer_count;
    if (!graph) return NULL;
    onnx__graph_proto__init(graph);
    graph->name = weft_onnx_put_text(w, name);
    graph->node = weft_onnx_take(w, 2 * layers * sizeof *graph->node);
    graph->initializer = weft_onnx_take(w, INITIALIZERS_A_LAYER * layers * sizeof *graph->initializer);
    return graph;
}

static void model_fill(weft_onnx_writer *w, Onnx__ModelProto *model, Onnx__OperatorSetIdProto *opset) {
    size_t rank = 4;
    w->graph = graph_begin(w, w->net->name[0] ? w->net->name : "network");
    w->training = graph_begin(w, "latent_weights");
    model->opset_import = weft_onnx_take(w, sizeof *model->opset_import);
    model->training_info = weft_onnx_take(w, sizeof *model->training_info);
    if (w->out_of_memory) return;
    weft_onnx_put_value(w, &w->graph->input, &w->graph->n_input, "image", w->net->input, 4);
    nodes_write(w, &rank);
    weft_onnx_put_value(w, &w->graph->output, &w->graph->n_output, "logits",
                        w->net->layers[w->net->layer_count - 1].out, rank);
    metadata_write(w, model);
    Onnx__TrainingInfoProto *training = weft_onnx_take(w, sizeof *training);
    if (w->out_of_memory) return;
    onnx__training_info_proto__init(training);
    opset->has_version = 1;
    opset->version = OPSET;
    opset->domain = weft_onnx_put_text(w, "");
    model->has_ir_version = 1;
    model->ir_version = IR_VERSION;
    model->producer_name = weft_onnx_put_text(w, "weft");
    model->opset_import[model->n_opset_import++] = opset;
    model->graph = w->graph;
    training->algorithm = w->training;
    if (w->training->n_initializer) model->training_info[model->n_training_info++] = training;
}

static weft_status model_write(const Onnx__ModelProto *model, const char *path, weft_error *err) {
    size_t size = onnx__model_proto__get_packed_size(model);
    if (size > WEFT_ONNX_BYTES_MAX)
        return weft_error_set_at(err, WEFT_E_INVALID, path, 0, 0,
                                 "the network takes %zu bytes; an ONNX file has at most %u", size, WEFT_ONNX_BYTES_MAX);
    uint8_t *bytes = malloc(size);
    if (!bytes) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    onnx__model_proto__pack(model, bytes);
    weft_status status = weft_file_write(path, bytes, size, err);
    free(bytes);
    return status;
}

weft_status weft_onnx_write(const weft_network *net, const char *path, weft_error *err) {
    WEFT_TRY(network_check(net, err));
    weft_onnx_writer writer = {.net = net, .arena = weft_arena_create()};
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    if (!writer.arena) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    model_fill(&writer, &model, &opset);
    weft_status status =
        writer.out_of_memory ? weft_error_set(err, WEFT_E_MEMORY, "out of memory") : model_write(&model, path, err);
    weft_arena_destroy(writer.arena);
    return status;
}
