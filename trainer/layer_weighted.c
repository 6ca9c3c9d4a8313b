#include "trainer/layer_weighted.h"

#include <string.h>

/* Weights in the layout md: in the other plan's memory where there is one, which was compiled for the same. */
static weft_status build_weight(weft_plan *plan, weft_tensor *out, const dnnl_memory_desc_t *md,
                                const weft_tensor *shared, weft_error *err) {
    if (shared && (!shared->memory || !dnnl_memory_desc_equal(md, &shared->md)))
        return weft_error_set(err, WEFT_E_INTERNAL, "two plans of one network have different layouts of weights");
    return weft_dnn_tensor(&plan->dnn, out, md, shared ? shared->data : NULL, err);
}

weft_status weft_weighted_build(weft_plan *plan, weft_op *op, const dnnl_memory_desc_t *plain, weft_error *err) {
    weft_dnn *dnn = &plan->dnn;
    const weft_op *shared = weft_plan_shared_op(plan, op);
    if (op->inner_src.memory == NULL)
        WEFT_TRY(weft_plan_view(plan, &op->inner_src, &op->src_in, &op->src,
                                weft_dnn_md(&op->forward, dnnl_query_src_md), err));
    WEFT_TRY(weft_dnn_tensor(dnn, &op->weight_plain, plain, op->layer->weight, err));
    WEFT_TRY(build_weight(plan, &op->weight, weft_dnn_md(&op->forward, dnnl_query_weights_md),
                          shared ? &shared->weight : NULL, err));
    WEFT_TRY(weft_dnn_reorder(dnn, &op->weight_in, &op->weight_plain, &op->weight, err));
    if (op->layer->bias == NULL) return WEFT_OK;
    dnnl_dims_t dims = {op->layer->out.channels};
    dnnl_memory_desc_t md = weft_dnn_layout(1, dims, dnnl_a);
    return weft_dnn_tensor(dnn, &op->bias, &md, NULL, err);
}

static weft_status build_gradient(weft_plan *plan, weft_op *op, weft_error *err) {
    weft_dnn *dnn = &plan->dnn;
    WEFT_TRY(weft_dnn_view(dnn, &op->weights_src, &op->weights_src_in, &op->inner_src,
                           weft_dnn_md(&op->backward_weights, dnnl_query_src_md), NULL, err));
    WEFT_TRY(weft_dnn_view(dnn, &op->weights_diff_dst, &op->weights_diff_dst_in, &op->inner_diff_dst,
                           weft_dnn_md(&op->backward_weights, dnnl_query_diff_dst_md), NULL, err));
    const dnnl_memory_desc_t *md = weft_dnn_md(&op->backward_weights, dnnl_query_diff_weights_md);
    WEFT_TRY(weft_dnn_tensor(dnn, &op->weight_gradient, &op->weight_plain.md, NULL, err));
    op->weight_diff = op->weight_gradient;
    if (!dnnl_memory_desc_equal(md, &op->weight_gradient.md))
        WEFT_TRY(weft_dnn_tensor(dnn, &op->weight_diff, md, NULL, err));
    WEFT_TRY(weft_dnn_reorder(dnn, &op->weight_diff_out, &op->weight_diff, &op->weight_gradient, err));
    if (op->bias.memory) WEFT_TRY(weft_dnn_tensor(dnn, &op->bias_gradient, &op->bias.md, NULL, err));
    return WEFT_OK;
}

static weft_status build_data_gradient(weft_plan *plan, weft_op *op, weft_error *err) {
    weft_dnn *dnn = &plan->dnn;
    const weft_op *shared = weft_plan_shared_op(plan, op);
    const dnnl_memory_desc_t *weight = weft_dnn_md(&op->backward, dnnl_query_weights_md);
    if (dnnl_memory_desc_equal(weight, &op->weight.md)) {
        op->weight_backward = op->weight;
    } else {
        WEFT_TRY(build_weight(plan, &op->weight_backward, weight, shared ? &shared->weight_backward : NULL, err));
        WEFT_TRY(weft_dnn_reorder(dnn, &op->weight_backward_in, &op->weight_plain, &op->weight_backward, err));
    }
    WEFT_TRY(weft_dnn_view(dnn, &op->data_diff_dst, &op->data_diff_dst_in, &op->inner_diff_dst,
                           weft_dnn_md(&op->backward, dnnl_query_diff_dst_md), NULL, err));
    if (op->inner_diff_src.memory) return WEFT_OK;
    WEFT_TRY(weft_plan_diff_new(plan, op, err));
    const dnnl_memory_desc_t *diff = weft_dnn_md(&op->backward, dnnl_query_diff_src_md);
    op->inner_diff_src = op->diff_src;
    if (!dnnl_memory_desc_equal(diff, &op->diff_src.md))
        WEFT_TRY(weft_dnn_tensor(dnn, &op->inner_diff_src, diff, NULL, err));
    return weft_dnn_reorder(dnn, &op->diff_src_out, &op->inner_diff_src, &op->diff_src, err);
}

weft_status weft_weighted_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    if (op->trained) WEFT_TRY(build_gradient(plan, op, err));
    return op->needs_diff_src ? build_data_gradient(plan, op, err) : WEFT_OK;
}

weft_status weft_weighted_load(weft_plan *plan, weft_op *op, const weft_share *share, weft_error *err) {
    weft_dnn *dnn = &plan->dnn;
    if (op->bias.memory) memcpy(op->bias.data, op->layer->bias, (size_t)op->layer->out.channels * sizeof(float));
    if (share->owner != share->part) return WEFT_OK;
    WEFT_TRY(weft_dnn_check(dnnl_memory_set_data_handle(op->weight_plain.memory, op->layer->weight), op->what, err));
    WEFT_TRY(weft_dnn_run_reorder(dnn, &op->weight_in, err));
    return weft_dnn_run_reorder(dnn, &op->weight_backward_in, err);
}

weft_status weft_weighted_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->src_in, err));
    dnnl_exec_arg_t args[4] = {{DNNL_ARG_SRC, op->inner_src.memory},
                               {DNNL_ARG_WEIGHTS, op->weight.memory},
                               {DNNL_ARG_DST, op->inner_dst.memory},
                               {DNNL_ARG_BIAS, op->bias.memory}};
    WEFT_TRY(weft_dnn_execute(&plan->dnn, &op->forward, args, op->bias.memory ? 4 : 3, op->what, err));
    return weft_dnn_run_reorder(&plan->dnn, &op->dst_out, err);
}

static weft_status run_backward_weights(weft_plan *plan, weft_op *op, weft_error *err) {
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->weights_src_in, err));
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->weights_diff_dst_in, err));
    dnnl_exec_arg_t args[4] = {{DNNL_ARG_SRC, op->weights_src.memory},
                               {DNNL_ARG_DIFF_DST, op->weights_diff_dst.memory},
                               {DNNL_ARG_DIFF_WEIGHTS, op->weight_diff.memory},
                               {DNNL_ARG_DIFF_BIAS, op->bias_gradient.memory}};
    WEFT_TRY(weft_dnn_execute(&plan->dnn, &op->backward_weights, args, op->bias.memory ? 4 : 3, op->what, err));
    return weft_dnn_run_reorder(&plan->dnn, &op->weight_diff_out, err);
}

static weft_status run_backward_data(weft_plan *plan, weft_op *op, weft_error *err) {
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->data_diff_dst_in, err));
    dnnl_exec_arg_t args[3] = {{DNNL_ARG_DIFF_DST, op->data_diff_dst.memory},
                               {DNNL_ARG_WEIGHTS, op->weight_backward.memory},
                               {DNNL_ARG_DIFF_SRC, op->inner_diff_src.memory}};
    WEFT_TRY(weft_dnn_execute(&plan->dnn, &op->backward, args, 3, op->what, err));
    return weft_dnn_run_reorder(&plan->dnn, &op->diff_src_out, err);
}

weft_status weft_weighted_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    if (op->trained) WEFT_TRY(run_backward_weights(plan, op, err));
    return op->needs_diff_src ? run_backward_data(plan, op, err) : WEFT_OK;
}
