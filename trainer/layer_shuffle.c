#include "trainer/plan.h"

/* As a number of axis 1 has it in oneDNN: values of one run. */
static int run_length(const weft_layer *l) { return l->in.channels / l->groups; }

/* On channels that are not blocked, as blocks may be padded. */
static weft_status shuffle_build(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_shuffle_desc_t desc;
    const dnnl_prop_kind_t prop = plan->training ? dnnl_forward_training : dnnl_forward_inference;
    const dnnl_memory_desc_t md = weft_plan_layout(plan, op->src.md.dims, dnnl_nchw);
    WEFT_TRY(weft_plan_view(plan, &op->inner_src, &op->src_in, &op->src, &md, err));
    WEFT_TRY(weft_plan_tensor(plan, &op->dst, &md, err));
    WEFT_TRY(weft_dnn_check(dnnl_shuffle_forward_desc_init(&desc, prop, &md, 1, run_length(op->layer)), op->what, err));
    return weft_dnn_primitive(&plan->dnn, &op->forward, &desc, NULL, op->what, err);
}

static weft_status shuffle_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_shuffle_desc_t desc;
    const dnnl_memory_desc_t *md = &op->diff_dst.md;
    WEFT_TRY(weft_dnn_check(dnnl_shuffle_backward_desc_init(&desc, md, 1, run_length(op->layer)), op->what, err));
    WEFT_TRY(weft_dnn_primitive(&plan->dnn, &op->backward, &desc, &op->forward, op->what, err));
    WEFT_TRY(weft_plan_diff_new(plan, op, err));
    if (dnnl_memory_desc_equal(md, &op->diff_src.md)) return op->inner_diff_src = op->diff_src, WEFT_OK;
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->inner_diff_src, md, NULL, err));
    return weft_dnn_reorder(&plan->dnn, &op->diff_src_out, &op->inner_diff_src, &op->diff_src, err);
}

static weft_status shuffle_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, op->inner_src.memory}, {DNNL_ARG_DST, op->dst.memory}};
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->src_in, err));
    return weft_dnn_execute(&plan->dnn, &op->forward, args, 2, op->what, err);
}

static weft_status shuffle_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_exec_arg_t args[] = {{DNNL_ARG_DIFF_DST, op->diff_dst.memory}, {DNNL_ARG_DIFF_SRC, op->inner_diff_src.memory}};
    WEFT_TRY(weft_dnn_execute(&plan->dnn, &op->backward, args, 2, op->what, err));
    return weft_dnn_run_reorder(&plan->dnn, &op->diff_src_out, err);
}

const weft_op_kind weft_op_shuffle = {shuffle_build, shuffle_build_backward, NULL, shuffle_forward, shuffle_backward};
