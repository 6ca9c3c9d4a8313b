/* Nodes of quantised and spiking activations. One layer of weft is several nodes there:
 *
 *   QUANTISE   QuantizeLinear, DequantizeLinear, and the Clip before them where its bounds are levels
 *   THRESHOLD  GreaterOrEqual, Cast; signed: also LessOrEqual, Cast, and the Sub of both (onnx_arithmetic.c)
 *
 * The last of them appends the layer; the others only note what their output is. */
#include <math.h>

#include "core/onnx_import.h"

#define TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name

/* ---- quantised ---- */

static bool type_range(int type, int *lowest, int *highest) {
    switch (type) {
    case TYPE(UINT8):
        *lowest = 0, *highest = UINT8_MAX;
        return true;
    case TYPE(INT8):
        *lowest = INT8_MIN, *highest = INT8_MAX;
        return true;
    case TYPE(UINT16):
        *lowest = 0, *highest = UINT16_MAX;
        return true;
    case TYPE(INT16):
        *lowest = INT16_MIN, *highest = INT16_MAX;
        return true;
    default:
        return false;
    }
}

/* Scale and zero point in slots 1 and 2, one of each; without a zero point it is 0 of type `fallback`. */
static weft_status scale_read(const weft_onnx_importer *im, const weft_onnx_node *node, int fallback,
                              weft_onnx_value *out, weft_error *err) {
    const Onnx__TensorProto *zero = weft_onnx_constant(im, 2);
    size_t count = 1;
    WEFT_TRY(weft_onnx_tensor_scalar(node, weft_onnx_constant(im, 1), &out->scale, err));
    if (out->scale <= 0)
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "scale %g is not above 0", (double)out->scale);
    out->type = zero ? (int)zero->data_type : fallback;
    if (!type_range(out->type, &out->lowest, &out->highest))
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "quantises to %s; supported are UINT8, INT8, UINT16 and INT16",
                              weft_onnx_type_name(out->type));
    if (zero) WEFT_TRY(weft_onnx_tensor_check(node, zero, WEFT_ONNX_INTEGERS, &count, err));
    if (count != 1)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "%zu zero points of an activation; only one is supported",
                              count);
    int64_t value = zero ? weft_onnx_tensor_integer(zero, 0) : 0;
    if (value < out->lowest || value >= out->highest)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "zero point %d is not supported: no value is above 0",
                              (int)value);
    out->zero = (int)value;
    return WEFT_OK;
}

weft_status weft_onnx_run_quantize(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t type, block;
    WEFT_TRY(weft_onnx_int(node, "output_dtype", 0, 0, WEFT_ONNX_EXTENT_MAX, &type, err));
    WEFT_TRY(weft_onnx_int(node, "block_size", 0, 0, 0, &block, err));
    WEFT_TRY(scale_read(im, node, type ? (int)type : TYPE(UINT8), &im->out, err));
    im->out.form = WEFT_ONNX_INTEGER;
    im->out.quantised = -1;
    return WEFT_OK;
}

/* high so that high / levels is the scale, as nearly as the rounding of floats lets it. */
static float high_of(float scale, int levels) {
    float product = scale * (float)levels, best = product;
    const float tries[] = {nextafterf(product, 0), nextafterf(product, INFINITY)};
    for (int i = 0; i < 2; i++)
        if (fabsf(tries[i] / (float)levels - scale) < fabsf(best / (float)levels - scale)) best = tries[i];
    return best;
}

/* Bounds of a Clip right before that are levels, within what the integers hold: then the two are one layer. */
static bool clip_takes(const weft_onnx_value *in, const weft_layer *clip, weft_layer *proto) {
    double levels = round((double)clip->high / (double)in->scale),
           below = round(-(double)clip->low / (double)in->scale);
    if (clip->kind != WEFT_LAYER_CLIP || clip->low > 0 || levels < 1 || levels > in->highest - in->zero ||
        below > in->zero - in->lowest)
        return false;
    proto->low = clip->low;
    proto->high = clip->high;
    proto->levels = (int)levels;
    double steps = -(double)clip->low / (double)in->scale;
    return weft_layer_step(proto) == in->scale && fabs(steps - below) <= below * 0x1p-21;
}

static weft_status quantise_add(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const weft_onnx_value *in = im->input[0];
    weft_onnx_value from = *in;
    weft_layer proto = {.kind = WEFT_LAYER_QUANTISE};
    const weft_layer *before = in->layer < 0 ? NULL : &im->net->layers[in->layer];
    from.form = WEFT_ONNX_NUMBER;
    if (before && clip_takes(in, before, &proto)) {
        from.layer = before->input;
    } else {
        proto.levels = in->highest - in->zero;
        proto.high = high_of(in->scale, proto.levels);
        proto.low = (float)(in->lowest - in->zero) * weft_layer_step(&proto);
    }
    return weft_onnx_layer_after(im, node, &from, NULL, &proto, false, NULL, err);
}

/* The first one of a QuantizeLinear makes the layer, the others share it. */
weft_status weft_onnx_run_dequantize(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_onnx_value *in = im->input[0], own = *in;
    int64_t block;
    WEFT_TRY(weft_onnx_int(node, "block_size", 0, 0, 0, &block, err));
    WEFT_TRY(scale_read(im, node, in->type, &own, err));
    if (own.scale != in->scale || own.type != in->type || own.zero != in->zero)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "another scale, zero point or type than its QuantizeLinear has");
    if (in->quantised < 0) {
        WEFT_TRY(quantise_add(im, node, err));
        in->quantised = im->out.layer;
    }
    im->out = (weft_onnx_value){.form = WEFT_ONNX_NUMBER, .layer = in->quantised, .rank = in->rank};
    return WEFT_OK;
}

/* ---- spikes ---- */

/* A comparison with sign * threshold, which is above 0. */
static weft_status compare(weft_onnx_importer *im, const weft_onnx_node *node, weft_onnx_form form, float sign,
                           weft_error *err) {
    float bound;
    WEFT_TRY(weft_onnx_tensor_scalar(node, weft_onnx_constant(im, 1), &bound, err));
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

/* The output has one use, by a Sub. */
static bool feeds_subtraction(const weft_onnx_node *node) {
    size_t count = 0;
    const weft_onnx_graph *g = node->graph;
    const weft_onnx_named *use = weft_onnx_find(&g->uses, node->proto->output[0], &count);
    if (count != 1 || use->node < 0) return false;
    const char *type = weft_onnx_text(g->proto->node[use->node]->op_type);
    return type[0] == 'S' && type[1] == 'u' && type[2] == 'b' && !type[3];
}

/* Of truth values: spikes, or half of them. Of numbers: the same numbers. */
weft_status weft_onnx_run_cast(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t to;
    weft_onnx_form form = im->input[0]->form;
    bool numbers = form == WEFT_ONNX_NUMBER || form == WEFT_ONNX_VIEW;
    WEFT_TRY(weft_onnx_int(node, "to", 0, 0, WEFT_ONNX_EXTENT_MAX, &to, err));
    if (numbers && to == TYPE(DOUBLE)) return WEFT_OK;
    if (to != TYPE(FLOAT)) return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "only a cast to float32 is supported");
    if (numbers) return WEFT_OK;
    if (feeds_subtraction(node) || form == WEFT_ONNX_BELOW) {
        im->out.form = form == WEFT_ONNX_BELOW ? WEFT_ONNX_DOWN_SPIKES : WEFT_ONNX_UP_SPIKES;
        return WEFT_OK;
    }
    weft_onnx_value from = {.form = WEFT_ONNX_NUMBER, .layer = im->input[0]->layer, .rank = im->input[0]->rank};
    weft_layer proto = {.kind = WEFT_LAYER_THRESHOLD, .threshold = im->input[0]->threshold};
    return weft_onnx_layer_after(im, node, &from, NULL, &proto, false, NULL, err);
}
