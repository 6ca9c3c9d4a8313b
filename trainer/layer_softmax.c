#include "trainer/plan.h"

/* On a row-major copy: oneDNN's softmax over blocked channels would count what pads them. */
static weft_status softmax_build(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_softmax_desc_t desc;
    dnnl_memory_desc_t md = weft_plan_layout(plan, op->src.md.dims, dnnl_nchw);
    WEFT_TRY(weft_plan_view(plan, &op->inner_src, &op->src_in, &op->src, &md, err));
    WEFT_TRY(weft_plan_tensor(plan, &op->dst, &md, err));
    WEFT_TRY(weft_dnn_check(dnnl_softmax_forward_desc_init(&desc, dnnl_forward_inference, &md, 1), op->what, err));
    return weft_dnn_primitive(&plan->dnn, &op->forward, &desc, NULL, op->what, err);
}

static weft_status softmax_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, op->inner_src.memory}, {DNNL_ARG_DST, op->dst.memory}};
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->src_in, err));
    return weft_dnn_execute(&plan->dnn, &op->forward, args, 2, op->what, err);
}

const weft_op_kind weft_op_softmax = {softmax_build, NULL, NULL, softmax_forward, NULL};
