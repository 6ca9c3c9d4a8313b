#include <string.h>

#include "trainer/bf16_norm.h"
#include "trainer/plan.h"

/* AFFINE is a batch norm that nothing estimates, of mean 0, variance 0 and epsilon 1: oneDNN takes what pads blocked
 * channels for such statistics too, and an epsilon of 0 would make NaN of it. */
static bool is_affine(const weft_op *op) { return op->layer->kind == WEFT_LAYER_AFFINE; }
static float norm_epsilon(const weft_op *op) { return is_affine(op) ? 1.0f : op->layer->epsilon; }
/* Takes the statistics of the batch. */
static bool is_measuring(const weft_plan *plan, const weft_op *op) { return plan->training && !is_affine(op); }

static weft_status norm_build_parameters(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_dims_t pair = {2, op->layer->in.channels}, one = {op->layer->in.channels};
    dnnl_memory_desc_t scale_shift = weft_dnn_layout(2, pair, dnnl_nc), vector = weft_dnn_layout(1, one, dnnl_a);
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->scale_shift, &scale_shift, NULL, err));
    if (op->needs_diff_dst) WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->scale_shift_gradient, &scale_shift, NULL, err));
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->mean, &vector, NULL, err));
    return weft_dnn_tensor(&plan->dnn, &op->variance, &vector, NULL, err);
}

static weft_status norm_primitive(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_batch_normalization_desc_t desc;
    bool measuring = is_measuring(plan, op);
    dnnl_prop_kind_t prop = measuring ? dnnl_forward_training : dnnl_forward_inference;
    unsigned flags = dnnl_use_scaleshift | (measuring ? 0u : (unsigned)dnnl_use_global_stats) |
                     (op->fused ? (unsigned)dnnl_fuse_norm_relu : 0u);
    WEFT_TRY(weft_dnn_check(
        dnnl_batch_normalization_forward_desc_init(&desc, prop, &op->src.md, norm_epsilon(op), flags), op->what, err));
    return weft_dnn_primitive(&plan->dnn, &op->forward, &desc, NULL, op->what, err);
}

/* With the rectifier that alone reads the output, unless oneDNN has only slow loops for the two together. */
static weft_status norm_choose(weft_plan *plan, weft_op *op, weft_error *err) {
    op->fused = is_measuring(plan, op) && op->consumers == 1 && plan->ops[op->consumer].layer->kind == WEFT_LAYER_RELU;
    if (plan->precision == WEFT_PRECISION_BF16) return WEFT_OK;
    WEFT_TRY(norm_primitive(plan, op, err));
    if (!op->fused || weft_dnn_is_jit(&op->forward)) return WEFT_OK;
    op->fused = false;
    return norm_primitive(plan, op, err);
}

static weft_status norm_build(weft_plan *plan, weft_op *op, weft_error *err) {
    WEFT_TRY(norm_choose(plan, op, err));
    op->dst = op->src;
    if (plan->training || !weft_plan_may_overwrite(plan, op))
        WEFT_TRY(weft_plan_tensor(plan, &op->dst, &op->src.md, err));
    if (plan->precision == WEFT_PRECISION_BF16)
        weft_dnn_reserve(&plan->dnn, weft_bf16_norm_workspace((size_t)op->layer->in.channels));
    else if (op->fused)
        WEFT_TRY(
            weft_dnn_tensor(&plan->dnn, &op->workspace, weft_dnn_md(&op->forward, dnnl_query_workspace_md), NULL, err));
    return norm_build_parameters(plan, op, err);
}

static weft_status norm_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_batch_normalization_desc_t desc;
    unsigned flags = dnnl_use_scaleshift | (op->fused ? (unsigned)dnnl_fuse_norm_relu : 0u);
    WEFT_TRY(weft_plan_diff_in_place(plan, op, err));
    if (plan->precision == WEFT_PRECISION_BF16) return WEFT_OK;
    WEFT_TRY(weft_dnn_check(dnnl_batch_normalization_backward_desc_init(&desc, dnnl_backward, &op->diff_dst.md,
                                                                        &op->src.md, op->layer->epsilon, flags),
                            op->what, err));
    return weft_dnn_primitive(&plan->dnn, &op->backward, &desc, &op->forward, op->what, err);
}

static weft_status norm_load(weft_plan *plan, weft_op *op, const weft_share *share, weft_error *err) {
    (void)share, (void)err;
    size_t channels = (size_t)op->layer->in.channels, bytes = channels * sizeof(float);
    memcpy(op->scale_shift.data, op->layer->gamma, bytes);
    memcpy(op->scale_shift.data + channels, op->layer->beta, bytes);
    if (plan->training || is_affine(op)) return WEFT_OK;
    memcpy(op->mean.data, op->layer->mean, bytes);
    memcpy(op->variance.data, op->layer->variance, bytes);
    return WEFT_OK;
}

static weft_bf16_norm norm_describe(const weft_plan *plan, const weft_op *op) {
    const weft_layer *l = op->layer;
    return (weft_bf16_norm){.rows = (size_t)plan->batch * (size_t)l->in.height * (size_t)l->in.width,
                            .channels = (size_t)l->in.channels,
                            .epsilon = norm_epsilon(op),
                            .rectified = op->fused,
                            .gamma = op->scale_shift.data,
                            .beta = op->scale_shift.data + l->in.channels,
                            .mean = op->mean.data,
                            .variance = op->variance.data,
                            .workspace = plan->dnn.scratchpad};
}

static weft_status norm_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    if (plan->precision == WEFT_PRECISION_BF16) {
        weft_bf16_norm norm = norm_describe(plan, op);
        if (is_measuring(plan, op))
            weft_bf16_norm_forward(&norm, (const uint16_t *)op->src.data, (uint16_t *)op->dst.data);
        else
            weft_bf16_norm_apply(&norm, (const uint16_t *)op->src.data, (uint16_t *)op->dst.data);
        return WEFT_OK;
    }
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, op->src.memory},           {DNNL_ARG_MEAN, op->mean.memory},
                              {DNNL_ARG_VARIANCE, op->variance.memory}, {DNNL_ARG_SCALE_SHIFT, op->scale_shift.memory},
                              {DNNL_ARG_DST, op->dst.memory},           {DNNL_ARG_WORKSPACE, op->workspace.memory}};
    return weft_dnn_execute(&plan->dnn, &op->forward, args, op->fused ? 6 : 5, op->what, err);
}

static weft_status norm_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    if (plan->precision == WEFT_PRECISION_BF16) {
        weft_bf16_norm norm = norm_describe(plan, op);
        weft_bf16_norm_backward(&norm, (const uint16_t *)op->src.data, (const uint16_t *)op->diff_dst.data,
                                (uint16_t *)op->diff_src.data, op->scale_shift_gradient.data);
        return WEFT_OK;
    }
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, op->src.memory},
                              {DNNL_ARG_MEAN, op->mean.memory},
                              {DNNL_ARG_VARIANCE, op->variance.memory},
                              {DNNL_ARG_SCALE_SHIFT, op->scale_shift.memory},
                              {DNNL_ARG_DIFF_DST, op->diff_dst.memory},
                              {DNNL_ARG_DIFF_SRC, op->diff_src.memory},
                              {DNNL_ARG_DIFF_SCALE_SHIFT, op->scale_shift_gradient.memory},
                              {DNNL_ARG_WORKSPACE, op->workspace.memory}};
    return weft_dnn_execute(&plan->dnn, &op->backward, args, op->fused ? 8 : 7, op->what, err);
}

const weft_op_kind weft_op_batch_norm = {norm_build, norm_build_backward, norm_load, norm_forward, norm_backward};
const weft_op_kind weft_op_affine = {norm_build, NULL, norm_load, norm_forward, NULL};
