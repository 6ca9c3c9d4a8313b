/* Operators with weights: Conv, Gemm, MatMul, BatchNormalization. */
#include <inttypes.h>
#include <math.h>

#include "core/arena.h"
#include "core/onnx_import.h"

/* Latent twin of the weight in slot 1: same extents; NULL when there is none. */
static weft_status latent_get(const weft_onnx_node *node, const Onnx__TensorProto *weight,
                              const Onnx__TensorProto **tensor, weft_error *err) {
    size_t count = 0;
    const weft_onnx_named *found = weft_onnx_find(&node->graph->latents, weft_onnx_input(node, 1), NULL);
    *tensor = found ? found->tensor : NULL;
    if (!*tensor) return WEFT_OK;
    WEFT_TRY(weft_onnx_tensor_check(node, *tensor, WEFT_ONNX_REALS, &count, err));
    bool same = (*tensor)->n_dims == weight->n_dims;
    for (size_t i = 0; same && i < weight->n_dims; i++) same = (*tensor)->dims[i] == weight->dims[i];
    if (same) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_INVALID, err,
                          "the latent weights of \"%.100s\" have other extents than the weights",
                          weft_onnx_input(node, 1));
}

static weft_status latent_allocate(weft_onnx_importer *im, const weft_onnx_node *node, weft_layer *layer,
                                   weft_error *err) {
    WEFT_TRY(weft_onnx_spend(im, node, layer->weight_count, err));
    layer->latent = weft_aligned_alloc(layer->weight_count, sizeof(float));
    return layer->latent ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "out of memory");
}

/* What a quantisation before the layer says about its input; layers that only move values keep the range. Files of
 * ours say it themselves where it is known. */
static void input_range_set(weft_onnx_importer *im, weft_layer *layer) {
    if (im->graph->is_ours) return;
    for (int i = layer->input; i >= 0; i = im->net->layers[i].input) {
        const weft_layer *l = &im->net->layers[i];
        if (l->kind == WEFT_LAYER_QUANTISE) {
            layer->input_min = l->low;
            layer->input_max = l->high;
        }
        if (!weft_layer_moves_values(l)) return;
    }
}

/* ---- convolution ---- */

/* Everything but the bias's values. */
static weft_status conv_read(weft_onnx_importer *im, const weft_onnx_node *node, const Onnx__TensorProto *weight,
                             weft_layer *proto, weft_error *err) {
    int64_t groups = 1;
    weft_shape in = weft_onnx_shape(im, im->input[0]);
    if (weight->n_dims != 4)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "not a two-dimensional convolution: weight has %zu extents, not 4", weight->n_dims);
    int kernel[2] = {(int)weight->dims[2], (int)weight->dims[3]};
    WEFT_TRY(weft_onnx_int(node, "group", 1, 1, WEFT_ONNX_EXTENT_MAX, &groups, err));
    WEFT_TRY(weft_onnx_window_read(node, in, kernel, &proto->window, err));
    if (proto->window.kernel_h != kernel[0] || proto->window.kernel_w != kernel[1])
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "kernel_shape %d x %d, but the weight is for %d x %d",
                              proto->window.kernel_h, proto->window.kernel_w, kernel[0], kernel[1]);
    if (weight->dims[1] * groups != in.channels)
        return weft_onnx_fail(node, WEFT_E_INVALID, err,
                              "its input has %d channels, but the weight is for %" PRId64 " (%" PRId64
                              " groups of %" PRId64 ")",
                              in.channels, weight->dims[1] * groups, groups, weight->dims[1]);
    proto->groups = (int)groups;
    proto->out.channels = (int)weight->dims[0];
    return WEFT_OK;
}

weft_status weft_onnx_run_conv(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__TensorProto *weight, *bias, *latent;
    size_t weights, biases;
    weft_layer proto = {.kind = WEFT_LAYER_CONV}, *layer = NULL;
    WEFT_TRY(weft_onnx_reals(im, node, 1, &weight, &weights, err));
    if (weight->n_dims == 4) WEFT_TRY(weft_onnx_need_map(im, node, err));
    WEFT_TRY(weft_onnx_reals(im, node, 2, &bias, &biases, err));
    WEFT_TRY(conv_read(im, node, weight, &proto, err));
    WEFT_TRY(latent_get(node, weight, &latent, err));
    WEFT_TRY(weft_onnx_layer_add(im, node, &proto, bias != NULL, &layer, err));
    WEFT_TRY(weft_onnx_tensor_floats(node, weight, weights, layer->weight, err));
    if (latent) {
        WEFT_TRY(latent_allocate(im, node, layer, err));
        WEFT_TRY(weft_onnx_tensor_floats(node, latent, weights, layer->latent, err));
    }
    input_range_set(im, layer);
    if (!bias) return WEFT_OK;
    return weft_onnx_vector_copy(node, bias, biases, false, 1.0f, layer->bias, (size_t)layer->out.channels, err);
}

/* ---- matrices ---- */

enum { TRANSPOSE_BLOCK = 64 };

static weft_status transpose(const weft_onnx_node *node, const Onnx__TensorProto *t, size_t inputs, size_t outputs,
                             float *to, weft_error *err) {
    float *flat = weft_aligned_alloc(inputs * outputs, sizeof *flat);
    if (!flat) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    weft_status status = weft_onnx_tensor_floats(node, t, inputs * outputs, flat, err);
    for (size_t o = 0; o < outputs && status == WEFT_OK; o += TRANSPOSE_BLOCK)
        for (size_t i = 0; i < inputs; i++)
            for (size_t k = o; k < outputs && k < o + TRANSPOSE_BLOCK; k++) to[k * inputs + i] = flat[i * outputs + k];
    weft_aligned_free(flat);
    return status;
}

/* to[out, in] = alpha * tensor, which is [in, out] when transposed. */
static weft_status matrix_copy(const weft_onnx_node *node, const Onnx__TensorProto *t, bool transposed, float alpha,
                               size_t inputs, size_t outputs, float *to, weft_error *err) {
    size_t count = inputs * outputs;
    if (transposed && inputs > 1 && outputs > 1)
        WEFT_TRY(transpose(node, t, inputs, outputs, to, err));
    else
        WEFT_TRY(weft_onnx_tensor_floats(node, t, count, to, err));
    if (alpha == 1.0f) return WEFT_OK;
    for (size_t i = 0; i < count; i++) {
        to[i] *= alpha;
        if (!isfinite(to[i])) return weft_onnx_fail(node, WEFT_E_INVALID, err, "a scaled weight is not finite");
    }
    return WEFT_OK;
}

/* Dense layer from the matrix in slot 1, [in, out] when transposed, else [out, in]. */
static weft_status dense_add(weft_onnx_importer *im, const weft_onnx_node *node, bool transposed, float alpha,
                             bool with_bias, weft_layer **layer, weft_error *err) {
    const Onnx__TensorProto *weight, *latent;
    size_t weights, inputs = weft_shape_size(weft_onnx_shape(im, im->input[0]));
    WEFT_TRY(weft_onnx_reals(im, node, 1, &weight, &weights, err));
    if (weight->n_dims != 2)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "its matrix has %zu extents, not 2", weight->n_dims);
    size_t rows = (size_t)weight->dims[transposed ? 0 : 1], outputs = (size_t)weight->dims[transposed ? 1 : 0];
    if (rows != inputs)
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "its input has %zu values, but the matrix is for %zu", inputs,
                              rows);
    WEFT_TRY(latent_get(node, weight, &latent, err));
    weft_layer proto = {.kind = WEFT_LAYER_DENSE, .out = {.channels = (int)outputs}};
    WEFT_TRY(weft_onnx_layer_add(im, node, &proto, with_bias, layer, err));
    WEFT_TRY(matrix_copy(node, weight, transposed, alpha, inputs, outputs, (*layer)->weight, err));
    im->out.rank = 2;
    input_range_set(im, *layer);
    if (!latent) return WEFT_OK;
    WEFT_TRY(latent_allocate(im, node, *layer, err));
    return matrix_copy(node, latent, transposed, alpha, inputs, outputs, (*layer)->latent, err);
}

weft_status weft_onnx_run_gemm(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__TensorProto *bias;
    size_t biases;
    int64_t trans_a, trans_b;
    float alpha, beta;
    weft_layer *layer = NULL;
    WEFT_TRY(weft_onnx_int(node, "transA", 0, 0, 1, &trans_a, err));
    WEFT_TRY(weft_onnx_int(node, "transB", 0, 0, 1, &trans_b, err));
    WEFT_TRY(weft_onnx_float(node, "alpha", 1.0f, &alpha, err));
    WEFT_TRY(weft_onnx_float(node, "beta", 1.0f, &beta, err));
    if (trans_a) return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "transA = 1 is not supported");
    WEFT_TRY(weft_onnx_reals(im, node, 2, &bias, &biases, err));
    WEFT_TRY(dense_add(im, node, !trans_b, alpha, bias != NULL, &layer, err));
    if (!bias) return WEFT_OK;
    return weft_onnx_vector_copy(node, bias, biases, true, beta, layer->bias, (size_t)layer->out.channels, err);
}

weft_status weft_onnx_run_matmul(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_layer *layer = NULL;
    if (im->input[0]->rank != 2)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "not supported on a feature map; its input must be flattened first");
    WEFT_TRY(dense_add(im, node, true, 1.0f, false, &layer, err));
    im->out.matmul = true;
    return WEFT_OK;
}

/* ---- batch normalisation ---- */

weft_status weft_onnx_run_batch_norm(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t training, spatial;
    weft_layer proto = {.kind = WEFT_LAYER_BATCH_NORM}, *layer = NULL;
    WEFT_TRY(weft_onnx_int(node, "training_mode", 0, 0, 1, &training, err));
    WEFT_TRY(weft_onnx_int(node, "spatial", 1, 0, 1, &spatial, err));
    WEFT_TRY(weft_onnx_float(node, "epsilon", 1e-5f, &proto.epsilon, err));
    if (training) return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "training_mode = 1 is not supported");
    if (!spatial) return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "spatial = 0 is not supported");
    const Onnx__TensorProto *t[4];
    size_t count[4], channels = (size_t)weft_onnx_shape(im, im->input[0]).channels;
    for (size_t i = 0; i < 4; i++) {
        WEFT_TRY(weft_onnx_reals(im, node, i + 1, &t[i], &count[i], err));
        if (count[i] != channels) /* before memory is taken for as many channels as the file claims */
            return weft_onnx_fail(node, WEFT_E_INVALID, err,
                                  "its input has %zu channels, but \"%.100s\" holds %zu values", channels,
                                  weft_onnx_input(node, i + 1), count[i]);
    }
    WEFT_TRY(weft_onnx_layer_add(im, node, &proto, false, &layer, err));
    float *const arrays[4] = {layer->gamma, layer->beta, layer->mean, layer->variance};
    for (size_t i = 0; i < 4; i++)
        WEFT_TRY(weft_onnx_vector_copy(node, t[i], count[i], false, 1.0f, arrays[i], channels, err));
    for (int c = 0; c < layer->out.channels; c++)
        if (layer->variance[c] < 0)
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "variance of channel %d is negative", c);
    return WEFT_OK;
}
