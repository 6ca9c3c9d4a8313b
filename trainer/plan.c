#include "trainer/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/winograd.h"

static const weft_op_kind *const kinds[WEFT_LAYER_KIND_COUNT] = {
    [WEFT_LAYER_CONV] = &weft_op_conv,
    [WEFT_LAYER_DENSE] = &weft_op_dense,
    [WEFT_LAYER_BATCH_NORM] = &weft_op_batch_norm,
    [WEFT_LAYER_RELU] = &weft_op_relu,
    [WEFT_LAYER_MAX_POOL] = &weft_op_pool,
    [WEFT_LAYER_AVERAGE_POOL] = &weft_op_pool,
    [WEFT_LAYER_FLATTEN] = &weft_op_flatten,
    [WEFT_LAYER_ADD] = &weft_op_add,
    [WEFT_LAYER_CLIP] = &weft_op_activation,
    [WEFT_LAYER_QUANTISE] = &weft_op_activation,
    [WEFT_LAYER_THRESHOLD] = &weft_op_activation,
    [WEFT_LAYER_LEAKY_RELU] = &weft_op_activation,
    [WEFT_LAYER_SIGMOID] = &weft_op_activation,
    [WEFT_LAYER_HARD_SIGMOID] = &weft_op_activation,
    [WEFT_LAYER_HARD_SWISH] = &weft_op_activation,
    [WEFT_LAYER_TANH] = &weft_op_activation,
    [WEFT_LAYER_CONCAT] = &weft_op_concat,
    [WEFT_LAYER_AFFINE] = &weft_op_affine,
    [WEFT_LAYER_PAD] = &weft_op_pad,
    [WEFT_LAYER_SOFTMAX] = &weft_op_softmax,
    [WEFT_LAYER_CHANNEL_SHUFFLE] = &weft_op_shuffle,
};

const char *const weft_precision_names[] = {"fp32", "bf16", "int8", NULL};

bool weft_precision_is_native(weft_precision precision) {
    return precision != WEFT_PRECISION_BF16 || (weft_dnn_has_bf16() && weft_winograd_supported());
}

weft_status weft_precision_parse(weft_precision *precision, const char *text, weft_error *err) {
    bool automatic = text && strcmp(text, "auto") == 0, bf16 = text && strcmp(text, "bf16") == 0;
    bf16 |= automatic && weft_precision_is_native(WEFT_PRECISION_BF16);
    *precision = bf16 ? WEFT_PRECISION_BF16 : WEFT_PRECISION_FP32;
    if (!text || automatic || bf16 || strcmp(text, "fp32") == 0) return WEFT_OK;
    return weft_error_set(err, WEFT_E_USAGE, "--precision: \"%.80s\" is none of fp32, bf16, auto", text);
}

/* ---- for the layers ---- */

dnnl_data_type_t weft_plan_type(const weft_plan *plan) {
    return plan->precision == WEFT_PRECISION_BF16 ? dnnl_bf16 : dnnl_f32;
}

dnnl_memory_desc_t weft_plan_layout(const weft_plan *plan, const dnnl_dims_t dims, dnnl_format_tag_t tag) {
    if (plan->precision == WEFT_PRECISION_FP32) return weft_dnn_layout(4, dims, tag);
    return weft_dnn_typed_layout(4, dims, weft_plan_type(plan), dnnl_nhwc);
}

/* A flattened activation may be its source's memory. */
bool weft_plan_may_overwrite(const weft_plan *plan, const weft_op *op) {
    int producer = op->layer->input;
    while (producer >= 0 && plan->ops[producer].consumers == 1) {
        if (plan->ops[producer].kind != &weft_op_flatten) return true;
        producer = plan->ops[producer].layer->input;
    }
    return false;
}

const weft_op *weft_plan_shared_op(const weft_plan *plan, const weft_op *op) {
    return plan->shared ? &plan->shared->ops[op - plan->ops] : NULL;
}

weft_status weft_plan_plain(weft_plan *plan, const weft_tensor *activation, void *data, weft_tensor *out,
                            weft_reorder *reorder, weft_error *err) {
    dnnl_memory_desc_t plain = weft_dnn_layout(4, activation->md.dims, dnnl_nchw);
    return weft_dnn_view(&plan->dnn, out, reorder, activation, &plain, data, err);
}

/* ---- who reads what ---- */

static bool layer_has_parameters(const weft_layer *layer) {
    return weft_layer_has_weights(layer) || layer->kind == WEFT_LAYER_BATCH_NORM;
}

static void link_input(weft_plan *plan, int reader, int producer, bool *needs_diff) {
    if (producer < 0) return;
    weft_op *op = &plan->ops[producer];
    op->consumers++;
    op->consumer = reader;
    *needs_diff = plan->training && op->needs_diff_dst;
}

static void link_op(weft_plan *plan, int i) {
    weft_op *op = &plan->ops[i];
    op->layer = &plan->net->layers[i];
    op->consumer = -1;
    op->diff_dst_block = op->diff_src_block = op->diff_addend_block = -1;
    snprintf(op->what, sizeof op->what, "layer %.60s", op->layer->name);
    op->trained = layer_has_parameters(op->layer) && !op->layer->frozen;
    link_input(plan, i, op->layer->input, &op->needs_diff_src);
    if (weft_layer_has_input2(op->layer)) link_input(plan, i, op->layer->input2, &op->needs_diff_addend);
    op->needs_diff_dst = op->trained || op->needs_diff_src || op->needs_diff_addend;
    op->kind = kinds[op->layer->kind];
    if (op->kind == &weft_op_conv && weft_plan_is_winograd(plan, op)) op->kind = &weft_op_winograd;
    if (plan->precision == WEFT_PRECISION_INT8 && weft_layer_has_weights(op->layer)) op->kind = &weft_op_integer;
}

/* Every layer's output is used, and gradients have a way down. */
static weft_status check_training(const weft_plan *plan, weft_error *err) {
    if (plan->precision == WEFT_PRECISION_INT8)
        return weft_error_set(err, WEFT_E_UNSUPPORTED, "precision int8: a network cannot be trained in it");
    for (int i = 0; i < plan->count; i++) {
        const weft_op *op = &plan->ops[i];
        if (i + 1 < plan->count && op->consumers == 0)
            return weft_error_set(err, WEFT_E_UNSUPPORTED, "%s: no other layer uses its output", op->what);
        if (op->needs_diff_dst && op->kind->build_backward == NULL)
            return weft_error_set(err, WEFT_E_UNSUPPORTED, "layer \"%.60s\" (%s) cannot be trained", op->layer->name,
                                  weft_layer_kind_names[op->layer->kind]);
    }
    return WEFT_OK;
}

static weft_status link_ops(weft_plan *plan, weft_error *err) {
    for (int i = 0; i < plan->count; i++) link_op(plan, i);
    return plan->training ? check_training(plan, err) : WEFT_OK;
}

/* ---- create ---- */

static weft_status build_input(weft_plan *plan, weft_error *err) {
    weft_shape s = plan->net->input;
    dnnl_dims_t dims = {plan->batch, s.channels, s.height, s.width};
    dnnl_memory_desc_t md = weft_dnn_layout(4, dims, dnnl_nchw), start = weft_plan_layout(plan, dims, dnnl_nchw);
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &plan->input, &md, NULL, err));
    return weft_dnn_view(&plan->dnn, &plan->start, &plan->start_in, &plan->input, &start, NULL, err);
}

static const weft_tensor *source(const weft_plan *plan, int producer) {
    return producer < 0 ? &plan->start : &plan->ops[producer].dst;
}

static weft_status build_forward(weft_plan *plan, weft_error *err) {
    WEFT_TRY(build_input(plan, err));
    for (int i = 0; i < plan->count; i++) {
        weft_op *op = &plan->ops[i];
        op->src = *source(plan, op->layer->input);
        if (weft_layer_has_input2(op->layer)) op->addend = *source(plan, op->layer->input2);
        WEFT_TRY(op->kind->build(plan, op, err));
        weft_plan_release(plan, op);
    }
    return weft_plan_plain(plan, source(plan, plan->count - 1), NULL, &plan->logits, &plan->logits_out, err);
}

static weft_status build_observers(weft_plan *plan, weft_error *err) {
    dnnl_dims_t largest = {1};
    for (int i = 0; i < plan->count; i++) {
        dnnl_dim_t values = plan->batch * (dnnl_dim_t)weft_shape_size(plan->ops[i].layer->in);
        if (layer_has_parameters(plan->ops[i].layer) && values > largest[0]) largest[0] = values;
    }
    dnnl_memory_desc_t md = weft_dnn_layout(1, largest, dnnl_a);
    weft_tensor block;
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &block, &md, NULL, err));
    for (int i = 0; i < plan->count; i++) {
        weft_op *op = &plan->ops[i];
        if (!layer_has_parameters(op->layer)) continue;
        WEFT_TRY(weft_plan_plain(plan, &op->src, block.data, &op->observed, &op->observed_in, err));
    }
    return WEFT_OK;
}

static weft_status plan_build(weft_plan *plan, weft_error *err) {
    if (!weft_precision_is_native(plan->precision))
        return weft_error_set(err, WEFT_E_UNSUPPORTED, "precision bf16: this processor does not multiply bfloat16");
    WEFT_TRY(weft_dnn_create(&plan->dnn, err));
    WEFT_TRY(link_ops(plan, err));
    WEFT_TRY(build_forward(plan, err));
    WEFT_TRY(plan->training ? weft_plan_build_backward(plan, err) : build_observers(plan, err));
    return weft_dnn_finish(&plan->dnn, err);
}

weft_status weft_plan_create(weft_plan **out, const weft_network *net, const weft_plan_options *options,
                             weft_error *err) {
    *out = NULL;
    weft_plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while compiling the network");
    plan->ops = calloc((size_t)net->layer_count + 1, sizeof *plan->ops);
    if (plan->ops == NULL) {
        free(plan);
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while compiling the network");
    }
    plan->net = net;
    plan->batch = options->batch;
    plan->training = options->training;
    plan->precision = options->precision;
    plan->shared = options->shared;
    plan->count = net->layer_count;
    weft_status status = plan_build(plan, err);
    if (status == WEFT_OK)
        *out = plan;
    else
        weft_plan_destroy(plan);
    return status;
}

void weft_plan_destroy(weft_plan *plan) {
    if (plan == NULL) return;
    weft_dnn_destroy(&plan->dnn);
    free(plan->blocks);
    free(plan->rooms);
    free(plan->ops);
    free(plan);
}

/* ---- run ---- */

weft_status weft_plan_load(weft_plan *plan, int first, int last, weft_error *err) {
    const weft_share whole = {0, 1, 0};
    for (int i = first; i < last; i++)
        if (plan->ops[i].kind->load) WEFT_TRY(plan->ops[i].kind->load(plan, &plan->ops[i], &whole, err));
    return WEFT_OK;
}

/* The part with the fewest weights so far takes the next layer. */
static int next_owner(size_t *weights, int parts, size_t count) {
    int owner = 0;
    for (int p = 1; p < parts; p++)
        if (weights[p] < weights[owner]) owner = p;
    weights[owner] += count;
    return owner;
}

weft_status weft_plan_load_part(weft_plan *plan, int part, int parts, weft_error *err) {
    size_t weights[WEFT_PLAN_PARTS_MAX] = {0};
    for (int i = 0; i < plan->count; i++) {
        weft_op *op = &plan->ops[i];
        weft_share share = {part, parts, 0};
        if (op->kind->load == NULL) continue;
        if (op->kind != &weft_op_winograd) share.owner = next_owner(weights, parts, op->layer->weight_count);
        WEFT_TRY(op->kind->load(plan, op, &share, err));
    }
    return WEFT_OK;
}

weft_status weft_plan_forward(weft_plan *plan, int first, int last, weft_error *err) {
    if (first == 0) WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &plan->start_in, err));
    for (int i = first; i < last; i++) WEFT_TRY(plan->ops[i].kind->forward(plan, &plan->ops[i], err));
    return WEFT_OK;
}

weft_status weft_plan_read_logits(weft_plan *plan, weft_error *err) {
    return weft_dnn_run_reorder(&plan->dnn, &plan->logits_out, err);
}
