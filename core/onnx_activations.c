/* Activations of one node, one layer each. */
#include <float.h>

#include "core/onnx_import.h"

static weft_status plain_add(weft_onnx_importer *im, const weft_onnx_node *node, weft_layer_kind kind,
                             weft_error *err) {
    weft_layer proto = {.kind = kind};
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}

weft_status weft_onnx_run_relu(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    return plain_add(im, node, WEFT_LAYER_RELU, err);
}

weft_status weft_onnx_run_sigmoid(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    return plain_add(im, node, WEFT_LAYER_SIGMOID, err);
}

weft_status weft_onnx_run_tanh(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    return plain_add(im, node, WEFT_LAYER_TANH, err);
}

weft_status weft_onnx_run_hard_swish(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    return plain_add(im, node, WEFT_LAYER_HARD_SWISH, err);
}

weft_status weft_onnx_run_hard_sigmoid(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_layer proto = {.kind = WEFT_LAYER_HARD_SIGMOID};
    WEFT_TRY(weft_onnx_float(node, "alpha", 0.2f, &proto.slope, err));
    WEFT_TRY(weft_onnx_float(node, "beta", 0.5f, &proto.offset, err));
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}

weft_status weft_onnx_run_leaky_relu(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_layer proto = {.kind = WEFT_LAYER_LEAKY_RELU};
    WEFT_TRY(weft_onnx_float(node, "alpha", 0.01f, &proto.slope, err));
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}

/* With a single slope it is a leaky ReLU. */
weft_status weft_onnx_run_prelu(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_layer proto = {.kind = WEFT_LAYER_LEAKY_RELU};
    WEFT_TRY(weft_onnx_tensor_scalar(node, weft_onnx_constant(im, 1), &proto.slope, err));
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}

/* Bounds are attributes up to opset 10 and inputs since. */
static weft_status bound_read(const weft_onnx_importer *im, const weft_onnx_node *node, const char *name, size_t slot,
                              float fallback, float *out, weft_error *err) {
    const Onnx__TensorProto *t = weft_onnx_constant(im, slot);
    WEFT_TRY(weft_onnx_float(node, name, fallback, out, err));
    return t ? weft_onnx_tensor_scalar(node, t, out, err) : WEFT_OK;
}

weft_status weft_onnx_run_clip(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_layer proto = {.kind = WEFT_LAYER_CLIP};
    WEFT_TRY(bound_read(im, node, "min", 1, -FLT_MAX, &proto.low, err));
    WEFT_TRY(bound_read(im, node, "max", 2, FLT_MAX, &proto.high, err));
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}

/* Up to opset 12 over all extents from the axis on, since then over the axis alone. */
weft_status weft_onnx_run_softmax(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t axis;
    bool single_axis = node->graph->opset >= 13;
    weft_shape s = weft_onnx_shape(im, im->input[0]);
    WEFT_TRY(weft_onnx_int(node, "axis", single_axis ? -1 : 1, -4, 3, &axis, err));
    bool channels = axis == 1 || axis == 1 - im->input[0]->rank;
    if (channels && (single_axis || (s.height == 1 && s.width == 1)))
        return plain_add(im, node, WEFT_LAYER_SOFTMAX, err);
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "axis %d is not supported, only the channels alone (1)",
                          (int)axis);
}
