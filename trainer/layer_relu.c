#include "trainer/plan.h"

/* In place where the input is no caller's memory: no layer below needs its own output for its gradient, and this one's
 * gradient is taken from its output. */
static weft_status relu_build(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_eltwise_desc_t desc;
    dnnl_prop_kind_t prop = plan->training ? dnnl_forward_training : dnnl_forward_inference;
    WEFT_TRY(weft_dnn_check(
        dnnl_eltwise_forward_desc_init(&desc, prop, dnnl_eltwise_relu_use_dst_for_bwd, &op->src.md, 0.0f, 0.0f),
        op->what, err));
    WEFT_TRY(weft_dnn_primitive(&plan->dnn, &op->forward, &desc, NULL, op->what, err));
    if (weft_plan_is_input(plan, &op->src)) return weft_dnn_tensor(&plan->dnn, &op->dst, &op->src.md, NULL, err);
    op->dst = op->src;
    return WEFT_OK;
}

static weft_status relu_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_eltwise_desc_t desc;
    WEFT_TRY(weft_dnn_check(dnnl_eltwise_backward_desc_init(&desc, dnnl_eltwise_relu_use_dst_for_bwd, &op->diff_dst.md,
                                                            &op->dst.md, 0.0f, 0.0f),
                            op->what, err));
    op->diff_src = op->diff_dst;
    return weft_dnn_primitive(&plan->dnn, &op->backward, &desc, &op->forward, op->what, err);
}

static weft_status relu_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, op->src.memory}, {DNNL_ARG_DST, op->dst.memory}};
    return weft_dnn_execute(&plan->dnn, &op->forward, args, 2, op->what, err);
}

static weft_status relu_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_exec_arg_t args[] = {{DNNL_ARG_DST, op->dst.memory},
                              {DNNL_ARG_DIFF_DST, op->diff_dst.memory},
                              {DNNL_ARG_DIFF_SRC, op->diff_src.memory}};
    return weft_dnn_execute(&plan->dnn, &op->backward, args, 3, op->what, err);
}

const weft_op_kind weft_op_relu = {relu_build, relu_build_backward, NULL, relu_forward, relu_backward};
