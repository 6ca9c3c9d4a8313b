#include <string.h>

#include "trainer/plan.h"

static weft_status norm_build_parameters(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_dims_t pair = {2, op->layer->in.channels}, one = {op->layer->in.channels};
    dnnl_memory_desc_t scale_shift = weft_dnn_layout(2, pair, dnnl_nc), vector = weft_dnn_layout(1, one, dnnl_a);
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->scale_shift, &scale_shift, NULL, err));
    if (plan->training) WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->scale_shift_gradient, &scale_shift, NULL, err));
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->mean, &vector, NULL, err));
    return weft_dnn_tensor(&plan->dnn, &op->variance, &vector, NULL, err);
}

static weft_status norm_build(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_batch_normalization_desc_t desc;
    dnnl_prop_kind_t prop = plan->training ? dnnl_forward_training : dnnl_forward_inference;
    unsigned flags = dnnl_use_scaleshift | (plan->training ? 0u : (unsigned)dnnl_use_global_stats);
    WEFT_TRY(
        weft_dnn_check(dnnl_batch_normalization_forward_desc_init(&desc, prop, &op->src.md, op->layer->epsilon, flags),
                       op->what, err));
    WEFT_TRY(weft_dnn_primitive(&plan->dnn, &op->forward, &desc, NULL, op->what, err));
    if (plan->training || weft_plan_is_input(plan, &op->src)) {
        WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->dst, &op->src.md, NULL, err));
    } else {
        op->dst = op->src;
    }
    return norm_build_parameters(plan, op, err);
}

/* In place: diff_src takes the memory of diff_dst. */
static weft_status norm_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_batch_normalization_desc_t desc;
    WEFT_TRY(
        weft_dnn_check(dnnl_batch_normalization_backward_desc_init(&desc, dnnl_backward, &op->diff_dst.md, &op->src.md,
                                                                   op->layer->epsilon, dnnl_use_scaleshift),
                       op->what, err));
    op->diff_src = op->diff_dst;
    return weft_dnn_primitive(&plan->dnn, &op->backward, &desc, &op->forward, op->what, err);
}

static weft_status norm_load(weft_plan *plan, weft_op *op, weft_error *err) {
    (void)err;
    size_t channels = (size_t)op->layer->in.channels, bytes = channels * sizeof(float);
    memcpy(op->scale_shift.data, op->layer->gamma, bytes);
    memcpy(op->scale_shift.data + channels, op->layer->beta, bytes);
    if (plan->training) return WEFT_OK;
    memcpy(op->mean.data, op->layer->mean, bytes);
    memcpy(op->variance.data, op->layer->variance, bytes);
    return WEFT_OK;
}

static weft_status norm_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, op->src.memory},
                              {DNNL_ARG_MEAN, op->mean.memory},
                              {DNNL_ARG_VARIANCE, op->variance.memory},
                              {DNNL_ARG_SCALE_SHIFT, op->scale_shift.memory},
                              {DNNL_ARG_DST, op->dst.memory}};
    return weft_dnn_execute(&plan->dnn, &op->forward, args, 5, op->what, err);
}

static weft_status norm_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, op->src.memory},
                              {DNNL_ARG_MEAN, op->mean.memory},
                              {DNNL_ARG_VARIANCE, op->variance.memory},
                              {DNNL_ARG_SCALE_SHIFT, op->scale_shift.memory},
                              {DNNL_ARG_DIFF_DST, op->diff_dst.memory},
                              {DNNL_ARG_DIFF_SRC, op->diff_src.memory},
                              {DNNL_ARG_DIFF_SCALE_SHIFT, op->scale_shift_gradient.memory}};
    return weft_dnn_execute(&plan->dnn, &op->backward, args, 7, op->what, err);
}

const weft_op_kind weft_op_batch_norm = {norm_build, norm_build_backward, norm_load, norm_forward, norm_backward};
