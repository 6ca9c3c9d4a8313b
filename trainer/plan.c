#include "trainer/plan.h"

#include <stdio.h>
#include <stdlib.h>

static const weft_op_kind *const kinds[WEFT_LAYER_KIND_COUNT] = {
    [WEFT_LAYER_CONV] = &weft_op_conv,
    [WEFT_LAYER_DENSE] = &weft_op_dense,
    [WEFT_LAYER_BATCH_NORM] = &weft_op_batch_norm,
    [WEFT_LAYER_RELU] = &weft_op_relu,
    [WEFT_LAYER_MAX_POOL] = &weft_op_pool,
    [WEFT_LAYER_AVERAGE_POOL] = &weft_op_pool,
    [WEFT_LAYER_FLATTEN] = &weft_op_flatten,
};

bool weft_plan_is_input(const weft_plan *plan, const weft_tensor *activation) {
    return activation->data == plan->input.data;
}

weft_status weft_plan_plain(weft_plan *plan, const weft_tensor *activation, void *data, weft_tensor *out,
                            weft_reorder *reorder, weft_error *err) {
    dnnl_memory_desc_t plain = weft_dnn_layout(4, activation->md.dims, dnnl_nchw);
    if (dnnl_memory_desc_equal(&plain, &activation->md)) {
        *out = *activation;
    } else {
        WEFT_TRY(weft_dnn_tensor(&plan->dnn, out, &plain, data, err));
    }
    return weft_dnn_reorder(&plan->dnn, reorder, activation, out, err);
}

weft_status weft_plan_alternate(weft_plan *plan, weft_op *op, weft_error *err) {
    plan->gradient_turn = !plan->gradient_turn;
    return weft_dnn_tensor(&plan->dnn, &op->diff_src, &op->src.md, plan->gradient_block[plan->gradient_turn], err);
}

static weft_status build_input(weft_plan *plan, weft_error *err) {
    weft_shape s = plan->net->input;
    dnnl_dims_t dims = {plan->batch, s.channels, s.height, s.width};
    dnnl_memory_desc_t md = weft_dnn_layout(4, dims, dnnl_nchw);
    return weft_dnn_tensor(&plan->dnn, &plan->input, &md, NULL, err);
}

static bool layer_has_parameters(const weft_layer *layer) {
    return weft_layer_has_weights(layer) || layer->kind == WEFT_LAYER_BATCH_NORM;
}

static weft_status build_forward(weft_plan *plan, weft_error *err) {
    WEFT_TRY(build_input(plan, err));
    plan->first_parameter = plan->count;
    for (int i = 0; i < plan->count; i++) {
        weft_op *op = &plan->ops[i];
        op->layer = &plan->net->layers[i];
        op->kind = kinds[op->layer->kind];
        op->src = i ? plan->ops[i - 1].dst : plan->input;
        op->needs_diff_src = plan->first_parameter < i;
        if (plan->first_parameter == plan->count && layer_has_parameters(op->layer)) plan->first_parameter = i;
        snprintf(op->what, sizeof op->what, "layer %.60s", op->layer->name);
        if (op->layer->input != i - 1)
            return weft_error_set(err, WEFT_E_UNSUPPORTED,
                                  "%s does not follow the layer before it: only chains run here", op->what);
        WEFT_TRY(op->kind->build(plan, op, err));
    }
    const weft_tensor *last = plan->count ? &plan->ops[plan->count - 1].dst : &plan->input;
    return weft_plan_plain(plan, last, NULL, &plan->logits, &plan->logits_out, err);
}

static weft_status build_gradient_blocks(weft_plan *plan, weft_error *err) {
    size_t bytes = dnnl_memory_desc_get_size(&plan->logits.md);
    for (int i = 0; i < plan->count; i++) {
        size_t own = dnnl_memory_desc_get_size(&plan->ops[i].dst.md);
        if (own > bytes) bytes = own;
    }
    dnnl_dims_t dims = {(dnnl_dim_t)((bytes + 3) / 4)};
    dnnl_memory_desc_t md = weft_dnn_layout(1, dims, dnnl_a);
    for (int i = 0; i < 2; i++) {
        weft_tensor block;
        WEFT_TRY(weft_dnn_tensor(&plan->dnn, &block, &md, NULL, err));
        plan->gradient_block[i] = block.data;
    }
    return WEFT_OK;
}

static weft_status build_backward(weft_plan *plan, weft_error *err) {
    if (plan->count == 0) return WEFT_OK;
    WEFT_TRY(build_gradient_blocks(plan, err));
    weft_op *last = &plan->ops[plan->count - 1];
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &last->diff_dst, &last->dst.md, plan->gradient_block[0], err));
    if (dnnl_memory_desc_equal(&plan->logits.md, &last->dst.md)) {
        plan->logits_gradient = last->diff_dst;
    } else {
        WEFT_TRY(weft_dnn_tensor(&plan->dnn, &plan->logits_gradient, &plan->logits.md, NULL, err));
    }
    WEFT_TRY(weft_dnn_reorder(&plan->dnn, &plan->logits_gradient_in, &plan->logits_gradient, &last->diff_dst, err));
    for (int i = plan->count - 1; i >= plan->first_parameter; i--) {
        WEFT_TRY(plan->ops[i].kind->build_backward(plan, &plan->ops[i], err));
        if (i > 0) plan->ops[i - 1].diff_dst = plan->ops[i].diff_src;
    }
    return WEFT_OK;
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
    WEFT_TRY(weft_dnn_create(&plan->dnn, err));
    WEFT_TRY(build_forward(plan, err));
    WEFT_TRY(plan->training ? build_backward(plan, err) : build_observers(plan, err));
    return weft_dnn_finish(&plan->dnn, err);
}

weft_status weft_plan_create(weft_plan **out, const weft_network *net, int batch, bool training, weft_error *err) {
    *out = NULL;
    weft_plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while compiling the network");
    plan->ops = calloc((size_t)net->layer_count + 1, sizeof *plan->ops);
    if (plan->ops == NULL) {
        free(plan);
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while compiling the network");
    }
    plan->net = net;
    plan->batch = batch;
    plan->training = training;
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
    free(plan->ops);
    free(plan);
}

weft_status weft_plan_load(weft_plan *plan, int first, int last, weft_error *err) {
    for (int i = first; i < last; i++)
        if (plan->ops[i].kind->load) WEFT_TRY(plan->ops[i].kind->load(plan, &plan->ops[i], err));
    return WEFT_OK;
}

weft_status weft_plan_forward(weft_plan *plan, int first, int last, weft_error *err) {
    for (int i = first; i < last; i++) WEFT_TRY(plan->ops[i].kind->forward(plan, &plan->ops[i], err));
    return WEFT_OK;
}

weft_status weft_plan_read_logits(weft_plan *plan, weft_error *err) {
    return weft_dnn_run_reorder(&plan->dnn, &plan->logits_out, err);
}

weft_status weft_plan_backward(weft_plan *plan, weft_error *err) {
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &plan->logits_gradient_in, err));
    for (int i = plan->count - 1; i >= plan->first_parameter; i--)
        WEFT_TRY(plan->ops[i].kind->backward(plan, &plan->ops[i], err));
    return WEFT_OK;
}
