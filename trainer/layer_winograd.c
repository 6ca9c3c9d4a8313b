#include "trainer/plan.h"
#include "trainer/winograd.h"

static weft_winograd describe(const weft_plan *plan, const weft_layer *l) {
    return (weft_winograd){plan->batch, l->in.height, l->in.width, l->in.channels, l->out.channels};
}

static bool is_3x3_same(const weft_window *w) {
    return w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h == 1 && w->stride_w == 1 && w->dilation_h == 1 &&
           w->dilation_w == 1 && w->pad_top == 1 && w->pad_left == 1 && w->pad_bottom == 1 && w->pad_right == 1;
}

bool weft_plan_is_winograd(const weft_plan *plan, const weft_op *op) {
    const weft_layer *l = op->layer;
    int unit = op->needs_diff_src ? 16 : 8;
    return plan->precision == WEFT_PRECISION_BF16 && weft_winograd_supported() && l->groups <= 1 && l->bias == NULL &&
           is_3x3_same(&l->window) && l->out.channels % 16 == 0 && l->in.channels % unit == 0;
}

static weft_status build_weight(weft_plan *plan, weft_tensor *out, const weft_tensor *shared,
                                const weft_winograd *shape, weft_error *err) {
    dnnl_dims_t dims = {(dnnl_dim_t)weft_winograd_weight_count(shape)};
    dnnl_memory_desc_t md = weft_dnn_typed_layout(1, dims, dnnl_bf16, dnnl_a);
    return weft_dnn_tensor(&plan->dnn, out, &md, shared ? shared->data : NULL, err);
}

static weft_status winograd_build(weft_plan *plan, weft_op *op, weft_error *err) {
    weft_winograd shape = describe(plan, op->layer);
    const weft_op *shared = weft_plan_shared_op(plan, op);
    dnnl_dims_t dims = {plan->batch, op->layer->out.channels, op->layer->out.height, op->layer->out.width};
    dnnl_memory_desc_t md = weft_plan_layout(plan, dims, dnnl_nhwc);
    weft_dnn_reserve(&plan->dnn, weft_winograd_workspace(&shape));
    WEFT_TRY(build_weight(plan, &op->weight, shared ? &shared->weight : NULL, &shape, err));
    return weft_plan_tensor(plan, &op->dst, &md, err);
}

static weft_status winograd_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    weft_winograd shape = describe(plan, op->layer);
    const weft_op *shared = weft_plan_shared_op(plan, op);
    dnnl_dims_t dims = {op->layer->out.channels, op->layer->in.channels, 3, 3};
    dnnl_memory_desc_t md = weft_dnn_layout(4, dims, dnnl_oihw);
    if (op->trained) WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->weight_gradient, &md, NULL, err));
    if (!op->needs_diff_src) return WEFT_OK;
    WEFT_TRY(build_weight(plan, &op->weight_backward, shared ? &shared->weight_backward : NULL, &shape, err));
    return weft_plan_diff_new(plan, op, err);
}

static weft_status winograd_load(weft_plan *plan, weft_op *op, const weft_share *share, weft_error *err) {
    weft_winograd shape = describe(plan, op->layer);
    (void)err;
    weft_winograd_weights(&shape, op->layer->weight, (uint16_t *)op->weight.data, (uint16_t *)op->weight_backward.data,
                          share->part, share->parts);
    return WEFT_OK;
}

static weft_status winograd_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    weft_winograd shape = describe(plan, op->layer);
    (void)err;
    weft_winograd_forward(&shape, (const uint16_t *)op->src.data, (const uint16_t *)op->weight.data,
                          (uint16_t *)op->dst.data, plan->dnn.scratchpad);
    return WEFT_OK;
}

static weft_status winograd_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    weft_winograd shape = describe(plan, op->layer);
    (void)err;
    if (op->trained)
        weft_winograd_backward_weights(&shape, (const uint16_t *)op->src.data, (const uint16_t *)op->diff_dst.data,
                                       op->weight_gradient.data, plan->dnn.scratchpad);
    if (op->needs_diff_src)
        weft_winograd_backward_data(&shape, (const uint16_t *)op->diff_dst.data,
                                    (const uint16_t *)op->weight_backward.data, (uint16_t *)op->diff_src.data,
                                    plan->dnn.scratchpad);
    return WEFT_OK;
}

const weft_op_kind weft_op_winograd = {winograd_build, winograd_build_backward, winograd_load, winograd_forward,
                                       winograd_backward};
