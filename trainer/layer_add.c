#include "trainer/plan.h"

/* The addend is brought into the other input's layout; over that input when nobody else needs it. In training it may be
 * what a rectifier's gradient is taken from. */
static weft_status add_build(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_binary_desc_t desc;
    WEFT_TRY(weft_plan_view(plan, &op->inner_addend, &op->addend_in, &op->addend, &op->src.md, err));
    WEFT_TRY(weft_dnn_check(dnnl_binary_desc_init(&desc, dnnl_binary_add, &op->src.md, &op->src.md, &op->src.md),
                            op->what, err));
    WEFT_TRY(weft_dnn_primitive(&plan->dnn, &op->forward, &desc, NULL, op->what, err));
    op->dst = op->src;
    if (!plan->training && weft_plan_may_overwrite(plan, op)) return WEFT_OK;
    return weft_plan_tensor(plan, &op->dst, &op->src.md, err);
}

static weft_status add_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    if (op->needs_diff_src) weft_plan_diff_pass(plan, op);
    return op->needs_diff_addend ? weft_plan_diff_addend(plan, op, err) : WEFT_OK;
}

static weft_status add_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->addend_in, err));
    dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC_0, op->src.memory}, {DNNL_ARG_SRC_1, op->inner_addend.memory}, {DNNL_ARG_DST, op->dst.memory}};
    return weft_dnn_execute(&plan->dnn, &op->forward, args, 3, op->what, err);
}

static weft_status add_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    return weft_dnn_run_reorder(&plan->dnn, &op->diff_addend_out, err);
}

const weft_op_kind weft_op_add = {add_build, add_build_backward, NULL, add_forward, add_backward};
