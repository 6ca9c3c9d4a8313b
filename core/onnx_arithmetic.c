/* Add, Sub, Mul, Div, Sum, Concat: with constants an affine layer, of activations a layer of two inputs. */
#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/onnx_import.h"

/* ---- constants, one a channel ---- */

/* The constant has one value, or one a channel of the activation: its extents, counted from the last, are 1 but for
 * that of the channels. */
static bool fits_channels(const Onnx__TensorProto *t, size_t count, int rank, size_t channels) {
    if (t->n_dims > (size_t)rank) return false;
    if (count == 1) return true;
    size_t channel_axis = (size_t)rank - 2; /* from the end */
    return count == channels && t->n_dims > channel_axis && t->dims[t->n_dims - 1 - channel_axis] == (int64_t)channels;
}

/* values[channels] of the constant in `slot`. The caller frees them. */
static weft_status channel_values(weft_onnx_importer *im, const weft_onnx_node *node, size_t slot, size_t channels,
                                  float **values, weft_error *err) {
    const Onnx__TensorProto *t;
    size_t count;
    *values = NULL;
    WEFT_TRY(weft_onnx_reals(im, node, slot, &t, &count, err));
    if (!fits_channels(t, count, im->input[1 - slot]->rank, channels))
        return weft_onnx_fail(
            node, WEFT_E_UNSUPPORTED, err,
            "its constant \"%.100s\" of %zu values is neither a single number nor one for each of %zu "
            "channels: not supported",
            weft_onnx_input(node, slot), count, channels);
    WEFT_TRY(weft_onnx_spend(im, node, channels, err));
    float *out = weft_aligned_alloc(channels, sizeof *out);
    if (!out) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    weft_status status = weft_onnx_tensor_floats(node, t, count, out, err);
    for (size_t c = channels; count == 1 && c-- > 1;) out[c] = out[0];
    if (status == WEFT_OK)
        *values = out;
    else
        weft_aligned_free(out);
    return status;
}

/* ---- affine layers ---- */

typedef enum operation { PLUS, MINUS, TIMES, DIVIDED } operation;

/* gamma * x + beta is `x operation value`, or `value operation x` when the constant comes first. */
static void affine_of(operation op, bool constant_first, float value, float *gamma, float *beta) {
    *gamma = op == TIMES ? value : op == DIVIDED ? 1.0f / value : op == MINUS && constant_first ? -1.0f : 1.0f;
    *beta = op == PLUS || (op == MINUS && constant_first) ? value : op == MINUS ? -value : 0.0f;
}

/* The layer before only scales, and nothing else reads it: then the sum becomes one layer with it. */
static const weft_layer *scaling_before(const weft_onnx_importer *im, const weft_onnx_value *x, operation op) {
    if (x->layer < 0 || !x->single_use || op == TIMES || op == DIVIDED) return NULL;
    const weft_layer *l = &im->net->layers[x->layer];
    if (l->kind != WEFT_LAYER_AFFINE) return NULL;
    for (int c = 0; c < l->out.channels; c++)
        if (l->beta[c] != 0) return NULL;
    return l;
}

static weft_status affine_add(weft_onnx_importer *im, const weft_onnx_node *node, operation op, const float *values,
                              bool constant_first, const weft_onnx_value *x, weft_error *err) {
    weft_layer proto = {.kind = WEFT_LAYER_AFFINE}, *layer = NULL;
    weft_onnx_value from = *x;
    const weft_layer *before = scaling_before(im, x, op);
    int scaling = before ? x->layer : -1;
    if (before) from.layer = before->input;
    WEFT_TRY(weft_onnx_layer_after(im, node, &from, NULL, &proto, false, &layer, err));
    for (int c = 0; c < layer->out.channels; c++) {
        affine_of(op, constant_first, values[c], &layer->gamma[c], &layer->beta[c]);
        if (scaling >= 0) layer->gamma[c] *= im->net->layers[scaling].gamma[c];
        if (!isfinite(layer->gamma[c]))
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "divides channel %d by %g", c, (double)values[c]);
    }
    return WEFT_OK;
}

/* The constant is the bias of the MatMul before. */
static void bias_set(weft_onnx_importer *im, const weft_onnx_value *x, float *values) {
    im->out = *x;
    im->out.matmul = false;
    im->net->layers[x->layer].bias = values;
}

static weft_status with_constant(weft_onnx_importer *im, const weft_onnx_node *node, operation op, weft_error *err) {
    size_t slot = im->input[0]->form == WEFT_ONNX_CONSTANT ? 0 : 1;
    const weft_onnx_value *x = im->input[1 - slot];
    float *values = NULL;
    if (op == DIVIDED && slot == 0)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "a constant divided by an activation is not supported");
    WEFT_TRY(channel_values(im, node, slot, (size_t)weft_onnx_shape(im, x).channels, &values, err));
    if (op == PLUS && x->matmul && x->single_use) {
        bias_set(im, x, values);
        return WEFT_OK;
    }
    weft_status status = affine_add(im, node, op, values, slot == 0, x, err);
    weft_aligned_free(values);
    return status;
}

static bool has_constant(const weft_onnx_importer *im) {
    return im->input[0]->form == WEFT_ONNX_CONSTANT || im->input[1]->form == WEFT_ONNX_CONSTANT;
}

/* ---- hard swish, written out ---- */

/* All channels of an affine layer have these numbers, up to rounding. */
static bool is_affine(const weft_layer *l, double gamma, double beta) {
    if (l->kind != WEFT_LAYER_AFFINE) return false;
    for (int c = 0; c < l->out.channels; c++)
        if (fabs((double)l->gamma[c] - gamma) > 1e-6 || fabs((double)l->beta[c] - beta) > 1e-6) return false;
    return true;
}

/* min(max(x + 3, 0), 6) of the layer x. */
static bool is_clipped_sum(const weft_network *net, int layer, int x) {
    if (layer < 0 || net->layers[layer].kind != WEFT_LAYER_CLIP) return false;
    const weft_layer *clip = &net->layers[layer];
    if (clip->low != 0 || clip->high != 6 || clip->input < 0) return false;
    const weft_layer *sum = &net->layers[clip->input];
    return sum->input == x && is_affine(sum, 1, 3);
}

/* min(max(x / 6 + 0.5, 0), 1) of the layer x, as a hard sigmoid or with the division last. */
static bool is_gate(const weft_network *net, int layer, int x) {
    if (layer < 0) return false;
    const weft_layer *l = &net->layers[layer];
    if (l->kind == WEFT_LAYER_HARD_SIGMOID)
        return l->input == x && fabs((double)l->slope - 1.0 / 6) < 1e-6 && fabs((double)l->offset - 0.5) < 1e-6;
    return is_affine(l, 1.0 / 6, 0) && is_clipped_sum(net, l->input, x);
}

static weft_status swish_add(weft_onnx_importer *im, const weft_onnx_node *node, const weft_onnx_value *x,
                             weft_error *err) {
    weft_layer proto = {.kind = WEFT_LAYER_HARD_SWISH};
    weft_onnx_value plain = *x;
    plain.form = WEFT_ONNX_NUMBER;
    return weft_onnx_layer_after(im, node, &plain, NULL, &proto, false, NULL, err);
}

/* x times a gate is a hard swish, x times a clipped sum six times one. */
static weft_status product(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    for (int k = 0; k < 2; k++) {
        const weft_onnx_value *x = im->input[k], *other = im->input[1 - k];
        if (x->form != WEFT_ONNX_NUMBER || other->form != WEFT_ONNX_NUMBER) break;
        if (is_gate(im->net, other->layer, x->layer)) return swish_add(im, node, x, err);
        if (!is_clipped_sum(im->net, other->layer, x->layer)) continue;
        im->out = *x;
        im->out.form = WEFT_ONNX_SIX_SWISH;
        return WEFT_OK;
    }
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                          "the product of two activations is not supported, but where it is a hard swish");
}

/* Six swishes times a constant: 1/6 makes one. */
static weft_status swish_scale(weft_onnx_importer *im, const weft_onnx_node *node, operation op, weft_error *err) {
    size_t slot = im->input[0]->form == WEFT_ONNX_CONSTANT ? 0 : 1;
    float value = 0;
    if (has_constant(im)) WEFT_TRY(weft_onnx_tensor_scalar(node, weft_onnx_constant(im, slot), &value, err));
    double scale = op == DIVIDED ? 1.0 / (double)value : (double)value;
    if (has_constant(im) && !(op == DIVIDED && slot == 0) && fabs(scale - 1.0 / 6) < 1e-6)
        return swish_add(im, node, im->input[1 - slot], err);
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                          "the product of two activations is not supported, but where a division by 6 makes it a hard "
                          "swish");
}

/* ---- operators ---- */

static bool any_form(const weft_onnx_importer *im, weft_onnx_form form) {
    return im->input[0]->form == form || im->input[1]->form == form;
}

weft_status weft_onnx_run_add(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    if (has_constant(im)) return with_constant(im, node, PLUS, err);
    return weft_onnx_join(im, node, WEFT_LAYER_ADD, err);
}

/* Also the last node of signed spikes. */
weft_status weft_onnx_run_sub(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const weft_onnx_value *up = im->input[0], *down = im->input[1];
    if (up->form == WEFT_ONNX_UP_SPIKES && down->form == WEFT_ONNX_DOWN_SPIKES) {
        if (up->layer != down->layer || up->threshold != down->threshold)
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                                  "its spikes are not those of one value at a threshold and its negative");
        weft_onnx_value from = {.form = WEFT_ONNX_NUMBER, .layer = up->layer, .rank = up->rank};
        weft_layer proto = {.kind = WEFT_LAYER_THRESHOLD, .threshold = up->threshold, .signed_spikes = true};
        return weft_onnx_layer_after(im, node, &from, NULL, &proto, false, NULL, err);
    }
    bool numbers = !any_form(im, WEFT_ONNX_UP_SPIKES) && !any_form(im, WEFT_ONNX_DOWN_SPIKES);
    if (numbers && has_constant(im)) return with_constant(im, node, MINUS, err);
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                          "the difference of two activations is not supported, but of half of signed spikes and the "
                          "other half");
}

weft_status weft_onnx_run_mul(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    if (any_form(im, WEFT_ONNX_SIX_SWISH)) return swish_scale(im, node, TIMES, err);
    return has_constant(im) ? with_constant(im, node, TIMES, err) : product(im, node, err);
}

weft_status weft_onnx_run_div(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    if (any_form(im, WEFT_ONNX_SIX_SWISH)) return swish_scale(im, node, DIVIDED, err);
    if (has_constant(im)) return with_constant(im, node, DIVIDED, err);
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "the quotient of two activations is not supported");
}

static weft_status no_constants(const weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    for (size_t i = 0; i < im->input_count; i++)
        if (!im->input[i] || im->input[i]->form == WEFT_ONNX_CONSTANT)
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                                  "its input %zu is a constant or absent: not supported beside activations", i);
    return WEFT_OK;
}

weft_status weft_onnx_run_sum(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    WEFT_TRY(no_constants(im, node, err));
    return weft_onnx_join(im, node, WEFT_LAYER_ADD, err);
}

weft_status weft_onnx_run_concat(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t axis;
    WEFT_TRY(no_constants(im, node, err));
    WEFT_TRY(weft_onnx_int(node, "axis", 1, -4, 3, &axis, err)); /* 1 was the default once */
    if (axis != 1 && axis != 1 - im->input[0]->rank)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "axis %d is not supported, only that of the channels, 1 or %d", (int)axis,
                              1 - im->input[0]->rank);
    return weft_onnx_join(im, node, WEFT_LAYER_CONCAT, err);
}
