/* ONNX model to network: model checks, metadata. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/onnx_internal.h"

enum { OPSET_MIN = 7, OPSET_MAX = 21, METADATA_MAX = 4096 };

/* ---- model ---- */

static weft_status model_check(const Onnx__ModelProto *model, int *opset, const char *file, weft_error *err) {
    if (!model->graph)
        return weft_error_set_at(err, WEFT_E_PARSE, file, 0, 0, "not an ONNX model: there is no graph in it");
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *set = model->opset_import[i];
        const char *domain = weft_onnx_text(set->domain);
        if (domain[0] && strcmp(domain, "ai.onnx") != 0) continue;
        *opset = (int)set->version;
        if (set->version >= OPSET_MIN && set->version <= OPSET_MAX) return WEFT_OK;
        return weft_error_set_at(err, WEFT_E_UNSUPPORTED, file, 0, 0,
                                 "opset %" PRId64 " is not supported, only %d to %d", set->version, OPSET_MIN,
                                 OPSET_MAX);
    }
    return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0, "the model does not say which ONNX opset it uses");
}

/* ---- metadata ---- */

/* A range of a layer that is not there (any more) says nothing. */
static weft_status range_read(weft_network *net, const char *layer, const char *text, const char *file,
                              weft_error *err) {
    int index = weft_network_find(net, layer);
    if (index < 0) return WEFT_OK;
    weft_layer *l = &net->layers[index];
    char *end = NULL, *end2 = NULL;
    l->input_min = strtof(text, &end);
    l->input_max = strtof(end, &end2);
    if (end != text && end2 != end && !*end2 && isfinite(l->input_min) && isfinite(l->input_max) &&
        l->input_min <= l->input_max && weft_layer_has_weights(l))
        return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0,
                             "metadata " WEFT_ONNX_KEY_RANGE "%.100s: \"MIN MAX\" of a Conv or Gemm is expected",
                             layer);
}

static weft_status metadata_read(weft_network *net, const Onnx__ModelProto *model, const char *file, weft_error *err) {
    const size_t prefix = strlen(WEFT_ONNX_KEY_RANGE);
    for (size_t i = 0; i < model->n_metadata_props; i++) {
        const char *key = weft_onnx_text(model->metadata_props[i]->key);
        const char *value = weft_onnx_text(model->metadata_props[i]->value);
        if (!key[0]) continue;
        if (strcmp(key, WEFT_ONNX_KEY_PREPROCESS) == 0)
            WEFT_TRY(weft_onnx_preprocess_parse(&net->preprocess, value, net->input.channels, file, err));
        else if (strncmp(key, WEFT_ONNX_KEY_RANGE, prefix) == 0)
            WEFT_TRY(range_read(net, key + prefix, value, file, err));
        else if (net->metadata_count >= METADATA_MAX)
            return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0, "more than %d metadata entries", METADATA_MAX);
        else
            WEFT_TRY(weft_network_set(net, key, value, err));
    }
    return WEFT_OK;
}

/* ---- entry ---- */

static weft_status model_import(weft_network **out, const Onnx__ModelProto *model, size_t size, bool is_mapped,
                                const char *file, weft_error *err) {
    weft_onnx_graph graph;
    weft_error inner = {0};
    weft_network *net = NULL;
    int opset = 0;
    WEFT_TRY(model_check(model, &opset, file, err));
    WEFT_TRY(weft_onnx_graph_open(&graph, model, opset, file, err));
    graph.is_mapped = is_mapped;
    const char *name = weft_onnx_text(model->graph->name);
    weft_status status = weft_network_create(&net, name, graph.input_shape, &inner);
    if (status != WEFT_OK) {
        weft_error_set_at(err, status, file, 0, 0, "%s", inner.text);
        goto cleanup;
    }
    WEFT_TRY_GOTO(weft_onnx_walk(net, &graph, size + WEFT_ONNX_SPARE_VALUES, err));
    WEFT_TRY_GOTO(metadata_read(net, model, file, err));
    *out = net;
    net = NULL;
cleanup:
    weft_network_destroy(net);
    weft_onnx_graph_close(&graph);
    return status;
}

static weft_status bytes_import(weft_network **out, const void *data, size_t size, bool is_mapped, const char *file,
                                weft_error *err) {
    Onnx__ModelProto *model = NULL;
    *out = NULL;
    WEFT_TRY(weft_onnx_unpack(&model, data, size, file, err));
    weft_status status = model_import(out, model, size, is_mapped, file, err);
    onnx__model_proto__free_unpacked(model, NULL);
    return status;
}

weft_status weft_onnx_parse(weft_network **out, const void *data, size_t size, const char *file, weft_error *err) {
    return bytes_import(out, data, size, false, file, err);
}

weft_status weft_onnx_read(weft_network **out, const char *path, weft_error *err) {
    weft_mapped_file map;
    *out = NULL;
    WEFT_TRY(weft_file_map(&map, path, WEFT_ONNX_BYTES_MAX, err));
    weft_status status = bytes_import(out, map.data, map.size, true, path, err);
    weft_file_unmap(&map);
    return status;
}
