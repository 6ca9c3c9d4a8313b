/* ONNX model to network: model checks, the walk along the chain, metadata. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/onnx_internal.h"

enum { OPSET_MIN = 7, OPSET_MAX = 21, METADATA_MAX = 4096 };

/* ---- model ---- */

static weft_status model_check(const Onnx__ModelProto *model, const char *file, weft_error *err) {
    if (!model->graph)
        return weft_error_set_at(err, WEFT_E_PARSE, file, 0, 0, "not an ONNX model: there is no graph in it");
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *set = model->opset_import[i];
        const char *domain = weft_onnx_text(set->domain);
        if (domain[0] && strcmp(domain, "ai.onnx") != 0) continue;
        if (set->version >= OPSET_MIN && set->version <= OPSET_MAX) return WEFT_OK;
        return weft_error_set_at(err, WEFT_E_UNSUPPORTED, file, 0, 0,
                                 "opset %" PRId64 " is not supported, only %d to %d", set->version, OPSET_MIN,
                                 OPSET_MAX);
    }
    return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0, "the model does not say which ONNX opset it uses");
}

/* ---- walk ---- */

static weft_status branch_fail(const weft_onnx_graph *g, const weft_onnx_named *use, weft_error *err) {
    char buffer[16];
    weft_onnx_node first = {g, g->proto->node[use[0].node], use[0].node};
    weft_onnx_node second = {g, g->proto->node[use[1].node], use[1].node};
    return weft_onnx_fail(
        &second, WEFT_E_UNSUPPORTED, err,
        "its input \"%.100s\" is also used by node \"%.100s\": branches are not supported, only chains", use->name,
        weft_onnx_node_name(&first, buffer));
}

/* The only user of `value`; *index -1 at the graph's output. */
static weft_status next_node(const weft_onnx_graph *g, const char *value, int *index, weft_error *err) {
    size_t count = 0;
    const weft_onnx_named *use = weft_onnx_find(&g->uses, value, &count);
    bool is_output = strcmp(value, g->output) == 0;
    *index = -1;
    if (count > 1) return branch_fail(g, use, err);
    if (count == 1 && is_output) {
        weft_onnx_node node = {g, g->proto->node[use->node], use->node};
        return weft_onnx_fail(&node, WEFT_E_UNSUPPORTED, err,
                              "its input \"%.100s\" is the graph's output: branches are not supported, only chains",
                              value);
    }
    if (count == 1)
        *index = use->node;
    else if (!is_output)
        return weft_error_set_at(err, WEFT_E_INVALID, g->file, 0, 0,
                                 "value \"%.100s\" is used by no node, and it is not the graph's output", value);
    return WEFT_OK;
}

static weft_status all_visited(const weft_onnx_graph *g, const uint8_t *visited, weft_error *err) {
    for (size_t i = 0; i < g->proto->n_node; i++) {
        weft_onnx_node node = {g, g->proto->node[i], (int)i};
        if (visited[i] || weft_onnx_constant(g, node.proto->output[0])) continue;
        return weft_onnx_fail(&node, WEFT_E_UNSUPPORTED, err,
                              "not on the chain from the graph's input to its output: not supported");
    }
    return WEFT_OK;
}

static weft_status chain_import(weft_network *net, const weft_onnx_graph *g, weft_error *err) {
    weft_onnx_importer importer = {.net = net, .rank = g->input_rank, .matmul = -1};
    weft_status status = WEFT_OK;
    const char *value = g->input;
    uint8_t *visited = calloc(g->proto->n_node + 1, 1);
    if (!visited) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    for (int index = 0;;) {
        WEFT_TRY_GOTO(next_node(g, value, &index, err));
        if (index < 0) break;
        weft_onnx_node node = {g, g->proto->node[index], index};
        if (visited[index]) {
            status = weft_onnx_fail(&node, WEFT_E_INVALID, err, "is part of a loop");
            goto cleanup;
        }
        visited[index] = 1;
        WEFT_TRY_GOTO(weft_onnx_import(&importer, &node, err));
        value = node.proto->output[0];
    }
    WEFT_TRY_GOTO(all_visited(g, visited, err));
    if (!net->layer_count) status = weft_error_set_at(err, WEFT_E_INVALID, g->file, 0, 0, "the graph has no layers");
cleanup:
    free(visited);
    return status;
}

/* ---- metadata ---- */

/* Comma-separated finite numbers up to a blank or the end; their count, 0 when malformed. */
static int numbers_read(const char **text, float out[4]) {
    int count = 0;
    for (const char *at = *text;; at++) {
        char *end;
        if (count == 4) return 0;
        out[count] = strtof(at, &end);
        if (end == at || !isfinite(out[count])) return 0;
        count++;
        *text = at = end;
        if (*at != ',') return count;
    }
}

static bool preprocess_parse(const char *text, weft_preprocess *p) {
    if (strncmp(text, "mean=", 5) != 0) return false;
    text += 5;
    p->channels = numbers_read(&text, p->mean);
    if (!p->channels || strncmp(text, " std=", 5) != 0) return false;
    text += 5;
    if (numbers_read(&text, p->std) != p->channels || *text) return false;
    for (int c = 0; c < p->channels; c++)
        if (!(p->std[c] > 0)) return false;
    return true;
}

static weft_status preprocess_read(weft_network *net, const char *text, const char *file, weft_error *err) {
    if (preprocess_parse(text, &net->preprocess) && net->preprocess.channels == net->input.channels) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0,
                             "metadata " WEFT_ONNX_KEY_PREPROCESS ": \"mean=M,... std=S,...\" with %d numbers each is "
                             "expected, S above 0",
                             net->input.channels);
}

/* A range of a layer that is not there (any more) says nothing. */
static weft_status range_read(weft_network *net, const char *layer, const char *text, const char *file,
                              weft_error *err) {
    for (int i = 0; i < net->layer_count; i++) {
        weft_layer *l = &net->layers[i];
        if (strcmp(l->name, layer) != 0) continue;
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
    return WEFT_OK;
}

static weft_status metadata_read(weft_network *net, const Onnx__ModelProto *model, const char *file, weft_error *err) {
    const size_t prefix = strlen(WEFT_ONNX_KEY_RANGE);
    if (model->n_metadata_props > METADATA_MAX + (size_t)net->layer_count)
        return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0, "%zu metadata entries; at most %d are allowed",
                                 model->n_metadata_props, METADATA_MAX + net->layer_count);
    for (size_t i = 0; i < model->n_metadata_props; i++) {
        const char *key = weft_onnx_text(model->metadata_props[i]->key);
        const char *value = weft_onnx_text(model->metadata_props[i]->value);
        if (!key[0]) continue;
        if (strcmp(key, WEFT_ONNX_KEY_PREPROCESS) == 0)
            WEFT_TRY(preprocess_read(net, value, file, err));
        else if (strncmp(key, WEFT_ONNX_KEY_RANGE, prefix) == 0)
            WEFT_TRY(range_read(net, key + prefix, value, file, err));
        else
            WEFT_TRY(weft_network_set(net, key, value, err));
    }
    return WEFT_OK;
}

/* ---- entry ---- */

static weft_status model_import(weft_network **out, const Onnx__ModelProto *model, const char *file, weft_error *err) {
    weft_onnx_graph graph;
    weft_error inner = {0};
    weft_network *net = NULL;
    WEFT_TRY(model_check(model, file, err));
    WEFT_TRY(weft_onnx_graph_open(&graph, model, file, err));
    const char *name = weft_onnx_text(model->graph->name);
    weft_status status = weft_network_create(&net, name, graph.input_shape, &inner);
    if (status != WEFT_OK) {
        weft_error_set_at(err, status, file, 0, 0, "%s", inner.text);
        goto cleanup;
    }
    WEFT_TRY_GOTO(chain_import(net, &graph, err));
    WEFT_TRY_GOTO(metadata_read(net, model, file, err));
    *out = net;
    net = NULL;
cleanup:
    weft_network_destroy(net);
    weft_onnx_graph_close(&graph);
    return status;
}

weft_status weft_onnx_parse(weft_network **out, const void *data, size_t size, const char *file, weft_error *err) {
    Onnx__ModelProto *model = NULL;
    *out = NULL;
    WEFT_TRY(weft_onnx_unpack(&model, data, size, file, err));
    weft_status status = model_import(out, model, file, err);
    onnx__model_proto__free_unpacked(model, NULL);
    return status;
}

weft_status weft_onnx_read(weft_network **out, const char *path, weft_error *err) {
    char *data = NULL;
    size_t size = 0;
    *out = NULL;
    WEFT_TRY(weft_file_read(&data, &size, path, WEFT_ONNX_BYTES_MAX, err));
    weft_status status = weft_onnx_parse(out, data, size, path, err);
    free(data);
    return status;
}
