/* Nodes to layers: what the operators share. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/onnx_import.h"

enum { NAME_BYTES_MAX = 255 };

/* ---- inputs ---- */

const Onnx__TensorProto *weft_onnx_constant(const weft_onnx_importer *im, size_t slot) {
    const weft_onnx_value *value = slot < im->input_count ? im->input[slot] : NULL;
    return value && value->form == WEFT_ONNX_CONSTANT ? value->tensor : NULL;
}

weft_status weft_onnx_reals(const weft_onnx_importer *im, const weft_onnx_node *node, size_t slot,
                            const Onnx__TensorProto **tensor, size_t *count, weft_error *err) {
    *tensor = weft_onnx_constant(im, slot);
    *count = 0;
    return *tensor ? weft_onnx_tensor_check(node, *tensor, WEFT_ONNX_REALS, count, err) : WEFT_OK;
}

weft_shape weft_onnx_shape(const weft_onnx_importer *im, const weft_onnx_value *value) {
    return value->layer < 0 ? im->net->input : im->net->layers[value->layer].out;
}

void weft_onnx_extents(const weft_onnx_importer *im, const weft_onnx_value *value, int64_t out[WEFT_ONNX_RANK_MAX]) {
    weft_shape s = weft_onnx_shape(im, value);
    if (value->form == WEFT_ONNX_VIEW || value->form == WEFT_ONNX_SPREAD) {
        for (int i = 0; i < value->rank; i++) out[i] = value->extent[i];
        return;
    }
    out[0] = im->graph->batch;
    out[1] = s.channels;
    out[2] = s.height;
    out[3] = s.width;
}

weft_status weft_onnx_need_map(const weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    if (im->input[0]->rank == 4) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_INVALID, err, "its input is a vector; a feature map [batch, C, H, W] is needed");
}

weft_status weft_onnx_axes(const weft_onnx_importer *im, const weft_onnx_node *node, size_t slot, int rank,
                           int64_t out[WEFT_ONNX_RANK_MAX], int *count, weft_error *err) {
    const Onnx__TensorProto *t = weft_onnx_constant(im, slot);
    size_t listed = 0;
    WEFT_TRY(weft_onnx_list(node, "axes", out, WEFT_ONNX_RANK_MAX, count, err));
    if (t) {
        WEFT_TRY(weft_onnx_tensor_ints(node, t, out, WEFT_ONNX_RANK_MAX, &listed, err));
        *count = (int)listed;
    }
    for (int i = 0; i < *count; i++) {
        if (out[i] < -rank || out[i] >= rank)
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "axis %" PRId64 " of a value with %d extents", out[i],
                                  rank);
        if (out[i] < 0) out[i] += rank;
    }
    return WEFT_OK;
}

weft_status weft_onnx_vector_copy(const weft_onnx_node *node, const Onnx__TensorProto *t, size_t count, bool broadcast,
                                  float scale, float *out, size_t n, weft_error *err) {
    bool single = broadcast && count == 1;
    bool last = t->n_dims == 0 || t->dims[t->n_dims - 1] == (int64_t)count;
    if (!single && (count != n || !last))
        return weft_onnx_fail(node, WEFT_E_INVALID, err,
                              "tensor \"%.100s\" holds %zu values; %zu are needed, one a channel",
                              weft_onnx_text(t->name), count, n);
    WEFT_TRY(weft_onnx_tensor_floats(node, t, count, out, err));
    for (size_t i = n; i-- > 0;) {
        out[i] = out[single ? 0 : i] * scale;
        if (!isfinite(out[i])) return weft_onnx_fail(node, WEFT_E_INVALID, err, "a scaled bias is not finite");
    }
    return WEFT_OK;
}

/* ---- layers ---- */

weft_status weft_onnx_spend(weft_onnx_importer *im, const weft_onnx_node *node, uint64_t values, weft_error *err) {
    if (values > im->values_left)
        return weft_onnx_fail(node, WEFT_E_INVALID, err,
                              "%" PRIu64 " more values of weights and constants than a file of this size may ask for",
                              values - im->values_left);
    im->values_left -= values;
    return WEFT_OK;
}

/* Values of a layer's arrays. Extents are below 2^31 and the products were checked as those of tensors. */
static uint64_t parameters(const weft_layer *l, weft_shape in, bool with_bias) {
    uint64_t outputs = (uint64_t)l->out.channels, bias = with_bias ? outputs : 0;
    switch (l->kind) {
    case WEFT_LAYER_CONV:
        return bias + outputs * (uint64_t)(in.channels / l->groups) *
                          (uint64_t)(l->window.kernel_h * (int64_t)l->window.kernel_w);
    case WEFT_LAYER_DENSE:
        return bias + outputs * weft_shape_size(in);
    case WEFT_LAYER_BATCH_NORM:
        return 4 * (uint64_t)in.channels;
    case WEFT_LAYER_AFFINE:
        return 2 * (uint64_t)in.channels;
    default:
        return 0;
    }
}

static weft_status layer_name_check(const weft_onnx_node *node, const char *name, weft_error *err) {
    size_t length = strlen(name);
    if (length > NAME_BYTES_MAX)
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "its name has %zu bytes; at most %d are allowed", length,
                              NAME_BYTES_MAX);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "its name has a control character");
    return WEFT_OK;
}

/* A name that no layer has; one that a node adds to its own keeps off the names of other nodes and values too. */
static weft_status layer_name(const weft_onnx_importer *im, const weft_onnx_node *node, const char *ending, char *out,
                              weft_error *err) {
    char buffer[16];
    const char *name = weft_onnx_node_name(node, buffer);
    const weft_onnx_graph *g = im->graph;
    WEFT_TRY(layer_name_check(node, name, err));
    size_t length = (size_t)snprintf(out, NAME_BYTES_MAX + 1, "%s%s", name, ending ? ending : "");
    while (length <= NAME_BYTES_MAX &&
           (weft_network_find(im->net, out) >= 0 ||
            (ending && (weft_onnx_find(&g->names, out, NULL) || weft_onnx_find(&g->values, out, NULL))))) {
        out[length++] = '_';
        out[length <= NAME_BYTES_MAX ? length : NAME_BYTES_MAX] = 0;
    }
    if (length <= NAME_BYTES_MAX) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_INVALID, err, "no name of at most %d bytes is left for a layer of it",
                          NAME_BYTES_MAX);
}

weft_status weft_onnx_layer_after(weft_onnx_importer *im, const weft_onnx_node *node, const weft_onnx_value *input,
                                  const char *ending, const weft_layer *proto, bool with_bias, weft_layer **layer,
                                  weft_error *err) {
    char name[NAME_BYTES_MAX + 1];
    int index = 0;
    weft_error inner = {0};
    WEFT_TRY(layer_name(im, node, ending, name, err));
    WEFT_TRY(weft_onnx_spend(im, node, parameters(proto, weft_onnx_shape(im, input), with_bias), err));
    weft_status status = weft_network_add(im->net, proto, name, input->layer, with_bias, &index, &inner);
    if (status != WEFT_OK) return weft_onnx_fail(node, status, err, "%s", inner.text);
    im->out = *input;
    im->out.matmul = false;
    im->out.layer = index;
    if (layer) *layer = &im->net->layers[index];
    return WEFT_OK;
}

weft_status weft_onnx_layer_add(weft_onnx_importer *im, const weft_onnx_node *node, const weft_layer *proto,
                                bool with_bias, weft_layer **layer, weft_error *err) {
    return weft_onnx_layer_after(im, node, im->input[0], NULL, proto, with_bias, layer, err);
}

/* Two inputs: one layer; n: a chain of n - 1, the last of which has the node's name. One: the input itself. */
weft_status weft_onnx_join(weft_onnx_importer *im, const weft_onnx_node *node, weft_layer_kind kind, weft_error *err) {
    weft_onnx_value sum = *im->input[0];
    for (size_t i = 1; i < im->input_count; i++) {
        char ending[24];
        snprintf(ending, sizeof ending, ".%zu", i);
        weft_layer proto = {.kind = kind, .input2 = im->input[i]->layer};
        if (sum.rank != im->input[i]->rank)
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "%s a feature map and a vector is not supported",
                                  kind == WEFT_LAYER_ADD ? "adding" : "concatenating");
        WEFT_TRY(
            weft_onnx_layer_after(im, node, &sum, i + 1 < im->input_count ? ending : NULL, &proto, false, NULL, err));
        sum = im->out;
    }
    im->out = sum;
    return WEFT_OK;
}
