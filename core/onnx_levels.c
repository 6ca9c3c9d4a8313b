/* Nodes of clipped, quantised and spiking activations. One layer of weft is several nodes there:
 *
 *   QUANTISE   Clip, QuantizeLinear, DequantizeLinear
 *   THRESHOLD  GreaterOrEqual, Cast; signed: also LessOrEqual, Cast, and the Sub of both
 *
 * The last of them appends the layer; the others only note what their output is. */
#include <float.h>
#include <math.h>

#include "core/onnx_import.h"

/* Bounds are attributes up to opset 10 and inputs since. */
static weft_status bound_read(const weft_onnx_node *node, const char *name, size_t slot, float fallback, float *out,
                              weft_error *err) {
    const Onnx__TensorProto *t = weft_onnx_constant(node->graph, weft_onnx_input(node, slot));
    WEFT_TRY(weft_onnx_float(node, name, fallback, out, err));
    return t ? weft_onnx_tensor_scalar(node, t, out, err) : WEFT_OK;
}

weft_status weft_onnx_run_clip(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_layer proto = {.kind = WEFT_LAYER_CLIP};
    WEFT_TRY(bound_read(node, "min", 1, -FLT_MAX, &proto.low, err));
    WEFT_TRY(bound_read(node, "max", 2, FLT_MAX, &proto.high, err));
    if (!weft_onnx_only_use_is(node, "QuantizeLinear")) return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
    im->out.form = WEFT_ONNX_CLIPPED;
    im->out.low = proto.low;
    im->out.high = proto.high;
    return WEFT_OK;
}

/* Scale and zero point in slots 1 and 2: one scale above 0; uint8 (also when absent) or int8, and 0. */
static weft_status scale_read(const weft_onnx_node *node, float *scale, bool *is_signed, weft_error *err) {
    const Onnx__TensorProto *zero = weft_onnx_constant(node->graph, weft_onnx_input(node, 2));
    WEFT_TRY(weft_onnx_tensor_scalar(node, weft_onnx_constant(node->graph, weft_onnx_input(node, 1)), scale, err));
    if (*scale <= 0) return weft_onnx_fail(node, WEFT_E_INVALID, err, "scale %g is not above 0", (double)*scale);
    *is_signed = false;
    return zero ? weft_onnx_tensor_zero(node, zero, is_signed, err) : WEFT_OK;
}

weft_status weft_onnx_run_quantize(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    bool is_signed;
    WEFT_TRY(scale_read(node, &im->out.scale, &is_signed, err));
    if (is_signed ? im->out.low != -im->out.high : im->out.low != 0)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "its input is clipped to %g..%g; supported are 0 to a bound as uint8 and between a bound "
                              "and its negative as int8",
                              (double)im->out.low, (double)im->out.high);
    im->out.form = WEFT_ONNX_INTEGER;
    return WEFT_OK;
}

weft_status weft_onnx_run_dequantize(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_onnx_value in = *im->in[0];
    bool is_signed;
    float scale;
    WEFT_TRY(scale_read(node, &scale, &is_signed, err));
    if (scale != in.scale || is_signed != (in.low != 0))
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "another scale or type than its QuantizeLinear has");
    double levels = round((double)in.high / (double)scale);
    weft_layer proto = {.kind = WEFT_LAYER_QUANTISE, .low = in.low, .high = in.high};
    proto.levels = levels >= 1 && levels <= WEFT_QUANTISE_LEVELS_MAX ? (int)levels : 1;
    if (weft_layer_step(&proto) != scale)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "its scale %g is not the clip's bound %g divided by a number of levels up to %d",
                              (double)scale, (double)in.high, WEFT_QUANTISE_LEVELS_MAX);
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}

/* A comparison with sign * threshold, which is above 0. */
static weft_status compare(weft_onnx_importer *im, const weft_onnx_node *node, weft_onnx_form form, float sign,
                           weft_error *err) {
    float bound;
    WEFT_TRY(weft_onnx_tensor_scalar(node, weft_onnx_constant(node->graph, weft_onnx_input(node, 1)), &bound, err));
    im->out.form = form;
    im->out.threshold = sign * bound;
    if (im->out.threshold > 0) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "comparing with %g is not supported, only with numbers %s 0",
                          (double)bound, sign > 0 ? "above" : "below");
}

weft_status weft_onnx_run_greater(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    return compare(im, node, WEFT_ONNX_ABOVE, 1.0f, err);
}

weft_status weft_onnx_run_less(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    return compare(im, node, WEFT_ONNX_BELOW, -1.0f, err);
}

weft_status weft_onnx_run_cast(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t to;
    bool half = weft_onnx_only_use_is(node, "Sub");
    WEFT_TRY(weft_onnx_int(node, "to", 0, 0, WEFT_ONNX_EXTENT_MAX, &to, err));
    if (to != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "only a cast to float32 is supported");
    if (half || im->in[0]->form == WEFT_ONNX_BELOW) {
        im->out.form = im->in[0]->form == WEFT_ONNX_BELOW ? WEFT_ONNX_DOWN_SPIKES : WEFT_ONNX_UP_SPIKES;
        return WEFT_OK;
    }
    weft_layer proto = {.kind = WEFT_LAYER_THRESHOLD, .threshold = im->in[0]->threshold};
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}

weft_status weft_onnx_run_sub(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const weft_onnx_value *up = im->in[0], *down = im->in[1];
    if (up->layer != down->layer || up->threshold != down->threshold)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "its spikes are not those of one value at a threshold and its negative");
    weft_layer proto = {.kind = WEFT_LAYER_THRESHOLD, .threshold = up->threshold, .signed_spikes = true};
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}
