/* Nodes to layers: what all operators share, and the operators without weights or windows. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/onnx_import.h"

enum { NAME_BYTES_MAX = 255 };

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

weft_status weft_onnx_layer_add(weft_onnx_importer *im, const weft_onnx_node *node, const weft_layer *proto,
                                bool with_bias, weft_layer **layer, weft_error *err) {
    char buffer[16];
    int index = 0;
    weft_error inner = {0};
    const char *name = weft_onnx_node_name(node, buffer);
    WEFT_TRY(layer_name_check(node, name, err));
    weft_status status = weft_network_add(im->net, proto, name, im->in[0]->layer, with_bias, &index, &inner);
    if (status != WEFT_OK) return weft_onnx_fail(node, status, err, "%s", inner.text);
    im->out = (weft_onnx_value){.layer = index, .rank = im->in[0]->rank};
    if (layer) *layer = &im->net->layers[index];
    return WEFT_OK;
}

weft_shape weft_onnx_shape(const weft_onnx_importer *im) {
    int layer = im->in[0]->layer;
    return layer < 0 ? im->net->input : im->net->layers[layer].out;
}

weft_status weft_onnx_need_map(const weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    if (im->in[0]->rank == 4) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_INVALID, err, "its input is a vector; a feature map [batch, C, H, W] is needed");
}

weft_status weft_onnx_constant_get(const weft_onnx_node *node, size_t slot, const Onnx__TensorProto **tensor,
                                   size_t *count, weft_error *err) {
    *tensor = weft_onnx_constant(node->graph, weft_onnx_input(node, slot));
    *count = 0;
    return *tensor ? weft_onnx_tensor_check(node, *tensor, count, err) : WEFT_OK;
}

weft_status weft_onnx_vector_copy(const weft_onnx_node *node, const Onnx__TensorProto *t, size_t count, bool broadcast,
                                  float scale, float *out, size_t n, weft_error *err) {
    bool single = broadcast && count == 1;
    bool last = t->n_dims == 0 || t->dims[t->n_dims - 1] == (int64_t)count;
    if (!single && (count != n || !last))
        return weft_onnx_fail(node, WEFT_E_INVALID, err,
                              "tensor \"%.100s\" holds %zu values; %zu are needed, one a channel",
                              weft_onnx_text(t->name), count, n);
    for (size_t i = 0; i < n; i++) {
        out[i] = weft_onnx_tensor_at(t, single ? 0 : i) * scale;
        if (!isfinite(out[i])) return weft_onnx_fail(node, WEFT_E_INVALID, err, "a scaled bias is not finite");
    }
    return WEFT_OK;
}

weft_status weft_onnx_run_relu(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_layer proto = {.kind = WEFT_LAYER_RELU};
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}

static weft_status flatten_add(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_layer proto = {.kind = WEFT_LAYER_FLATTEN};
    WEFT_TRY(weft_onnx_layer_add(im, node, &proto, false, NULL, err));
    im->out.rank = 2;
    return WEFT_OK;
}

weft_status weft_onnx_run_flatten(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t axis;
    WEFT_TRY(weft_onnx_int(node, "axis", 1, -4, 4, &axis, err));
    if (axis != 1 && axis != 1 - im->in[0]->rank)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "axis %" PRId64 " is not supported, only 1", axis);
    return flatten_add(im, node, err);
}

/* Flattening forms of Reshape: [batch, features], where batch is 0, -1 or the fixed batch, and features -1 or their
 * number. */
weft_status weft_onnx_run_reshape(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__TensorProto *shape = weft_onnx_constant(node->graph, weft_onnx_input(node, 1));
    int64_t extent[8], allow_zero, values = (int64_t)weft_shape_size(weft_onnx_shape(im));
    size_t count = 0;
    WEFT_TRY(weft_onnx_int(node, "allowzero", 0, 0, 1, &allow_zero, err));
    WEFT_TRY(weft_onnx_tensor_ints(node, shape, extent, 8, &count, err));
    bool batch = count == 2 && (extent[0] == -1 || (extent[0] == 0 && !allow_zero) ||
                                (extent[0] > 0 && extent[0] == node->graph->input_batch));
    bool features = count == 2 && (extent[1] == values || (extent[1] == -1 && extent[0] != -1));
    if (batch && features) return flatten_add(im, node, err);
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                          "not supported but to flatten: shape [0, -1], [-1, %" PRId64 "] or [batch, -1]", values);
}

weft_status weft_onnx_run_identity(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    (void)im;
    (void)node;
    (void)err;
    return WEFT_OK;
}

/* A constant training_mode input must be false. */
weft_status weft_onnx_run_dropout(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    (void)im;
    const Onnx__TensorProto *mode = weft_onnx_constant(node->graph, weft_onnx_input(node, 2));
    if (!mode) return WEFT_OK;
    bool on = mode->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
    for (size_t i = 0; i < mode->raw_data.len; i++) on = on || mode->raw_data.data[i];
    for (size_t i = 0; i < mode->n_int32_data; i++) on = on || mode->int32_data[i];
    if (!on) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "training mode is not supported");
}
