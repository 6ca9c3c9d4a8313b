#include "trainer/plan.h"

static bool only_dense_reads(const weft_plan *plan, int number) {
    for (int i = number + 1; i < plan->count; i++) {
        const weft_layer *l = plan->ops[i].layer;
        if (weft_layer_reads(l, number) && l->kind != WEFT_LAYER_DENSE) return false;
    }
    return plan->ops[number].consumers > 0;
}

/* Before dense layers nothing moves: the inner product reads the four-dimensional activation. Elsewhere the values are
 * brought into (c, h, w) order and seen as a vector. */
static weft_status flatten_build(weft_plan *plan, weft_op *op, weft_error *err) {
    if (only_dense_reads(plan, (int)(op - plan->ops))) {
        op->dst = op->src;
        return WEFT_OK;
    }
    const dnnl_dim_t *in = op->src.md.dims;
    dnnl_dims_t dims = {in[0], in[1] * in[2] * in[3], 1, 1};
    dnnl_data_type_t type = weft_plan_type(plan);
    dnnl_memory_desc_t plain = weft_dnn_typed_layout(4, in, type, dnnl_nchw);
    dnnl_memory_desc_t vector = weft_dnn_typed_layout(4, dims, type, dnnl_nhwc);
    WEFT_TRY(weft_plan_view(plan, &op->inner_dst, &op->src_in, &op->src, &plain, err));
    return weft_dnn_tensor(&plan->dnn, &op->dst, &vector, op->inner_dst.data, err);
}

static weft_status flatten_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    if (op->inner_dst.memory == NULL) { /* nothing moved */
        weft_plan_diff_pass(plan, op);
        return WEFT_OK;
    }
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->inner_diff_dst, &op->inner_dst.md, op->diff_dst.data, err));
    if (dnnl_memory_desc_equal(&op->src.md, &op->inner_dst.md)) {
        weft_plan_diff_pass(plan, op);
        op->diff_src = op->inner_diff_dst;
    } else {
        WEFT_TRY(weft_plan_diff_new(plan, op, err));
    }
    return weft_dnn_reorder(&plan->dnn, &op->diff_src_out, &op->inner_diff_dst, &op->diff_src, err);
}

static weft_status flatten_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    return weft_dnn_run_reorder(&plan->dnn, &op->src_in, err);
}

static weft_status flatten_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    return weft_dnn_run_reorder(&plan->dnn, &op->diff_src_out, err);
}

const weft_op_kind weft_op_flatten = {flatten_build, flatten_build_backward, NULL, flatten_forward, flatten_backward};
