/* Values placed in a larger map: CONCAT puts one input's channels behind the other's, PAD zeros around the map. */
#include <string.h>

#include "trainer/plan.h"

typedef struct place {
    int channel, y, x;
} place;

static place src_place(const weft_layer *l) {
    return l->kind == WEFT_LAYER_PAD ? (place){0, l->window.pad_top, l->window.pad_left} : (place){0, 0, 0};
}

static place addend_place(const weft_op *op) { return (place){(int)op->src.md.dims[1], 0, 0}; }

/* The part of `whole` that has dims and starts at `at`, in its memory. */
static weft_status part(weft_plan *plan, const weft_op *op, weft_tensor *out, const weft_tensor *whole,
                        const dnnl_dim_t *dims, place at, weft_error *err) {
    dnnl_dims_t offsets = {0, at.channel, at.y, at.x};
    dnnl_memory_desc_t md;
    WEFT_TRY(weft_dnn_check(dnnl_memory_desc_init_submemory(&md, &whole->md, dims, offsets), op->what, err));
    return weft_dnn_tensor(&plan->dnn, out, &md, whole->data, err);
}

static weft_status build_src(weft_plan *plan, weft_op *op, weft_error *err) {
    const weft_layer *l = op->layer;
    dnnl_dims_t dims = {plan->batch, l->out.channels, l->out.height, l->out.width};
    dnnl_memory_desc_t md = weft_plan_layout(plan, dims, dnnl_nchw);
    WEFT_TRY(weft_plan_tensor(plan, &op->dst, &md, err));
    WEFT_TRY(part(plan, op, &op->inner_src, &op->dst, op->src.md.dims, src_place(l), err));
    return weft_dnn_reorder(&plan->dnn, &op->src_in, &op->src, &op->inner_src, err);
}

static weft_status build_src_gradient(weft_plan *plan, weft_op *op, weft_error *err) {
    WEFT_TRY(weft_plan_diff_new(plan, op, err));
    WEFT_TRY(part(plan, op, &op->inner_diff_src, &op->diff_dst, op->src.md.dims, src_place(op->layer), err));
    return weft_dnn_reorder(&plan->dnn, &op->diff_src_out, &op->inner_diff_src, &op->diff_src, err);
}

/* ---- concatenation ---- */

static weft_status concat_build(weft_plan *plan, weft_op *op, weft_error *err) {
    WEFT_TRY(build_src(plan, op, err));
    WEFT_TRY(part(plan, op, &op->inner_addend, &op->dst, op->addend.md.dims, addend_place(op), err));
    return weft_dnn_reorder(&plan->dnn, &op->addend_in, &op->addend, &op->inner_addend, err);
}

static weft_status concat_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    weft_tensor inner;
    if (op->needs_diff_src) WEFT_TRY(build_src_gradient(plan, op, err));
    if (!op->needs_diff_addend) return WEFT_OK;
    WEFT_TRY(weft_plan_diff_addend_new(plan, op, err));
    WEFT_TRY(part(plan, op, &inner, &op->diff_dst, op->addend.md.dims, addend_place(op), err));
    return weft_dnn_reorder(&plan->dnn, &op->diff_addend_out, &inner, &op->diff_addend, err);
}

static weft_status concat_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->src_in, err));
    return weft_dnn_run_reorder(&plan->dnn, &op->addend_in, err);
}

static weft_status concat_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->diff_src_out, err));
    return weft_dnn_run_reorder(&plan->dnn, &op->diff_addend_out, err);
}

const weft_op_kind weft_op_concat = {concat_build, concat_build_backward, NULL, concat_forward, concat_backward};

/* ---- padding ---- */

static weft_status pad_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    memset(op->dst.data, 0, dnnl_memory_desc_get_size(&op->dst.md));
    return weft_dnn_run_reorder(&plan->dnn, &op->src_in, err);
}

static weft_status pad_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    return weft_dnn_run_reorder(&plan->dnn, &op->diff_src_out, err);
}

const weft_op_kind weft_op_pad = {build_src, build_src_gradient, NULL, pad_forward, pad_backward};
