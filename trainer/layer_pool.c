#include "trainer/plan.h"

typedef struct pool_shape {
    dnnl_alg_kind_t kind;
    dnnl_dims_t strides, kernel, dilation, pad_begin, pad_end;
} pool_shape;

static pool_shape pool_describe(const weft_layer *l) {
    const weft_window *w = &l->window;
    dnnl_alg_kind_t average =
        l->count_include_pad ? dnnl_pooling_avg_include_padding : dnnl_pooling_avg_exclude_padding;
    return (pool_shape){
        .kind = l->kind == WEFT_LAYER_MAX_POOL ? dnnl_pooling_max : average,
        .strides = {w->stride_h, w->stride_w},
        .kernel = {w->kernel_h, w->kernel_w},
        .dilation = {w->dilation_h - 1, w->dilation_w - 1},
        .pad_begin = {w->pad_top, w->pad_left},
        .pad_end = {w->pad_bottom, w->pad_right},
    };
}

static weft_status pool_build(weft_plan *plan, weft_op *op, weft_error *err) {
    pool_shape p = pool_describe(op->layer);
    dnnl_pooling_v2_desc_t desc;
    dnnl_prop_kind_t prop = plan->training ? dnnl_forward_training : dnnl_forward_inference;
    dnnl_dims_t dims = {plan->batch, op->layer->out.channels, op->layer->out.height, op->layer->out.width};
    dnnl_memory_desc_t dst = weft_plan_layout(plan, dims, dnnl_format_tag_any);
    WEFT_TRY(weft_dnn_check(dnnl_pooling_v2_forward_desc_init(&desc, prop, p.kind, &op->src.md, &dst, p.strides,
                                                              p.kernel, p.dilation, p.pad_begin, p.pad_end),
                            op->what, err));
    WEFT_TRY(weft_dnn_primitive(&plan->dnn, &op->forward, &desc, NULL, op->what, err));
    WEFT_TRY(weft_plan_tensor(plan, &op->dst, weft_dnn_md(&op->forward, dnnl_query_dst_md), err));
    const dnnl_memory_desc_t *workspace = weft_dnn_md(&op->forward, dnnl_query_workspace_md);
    if (workspace == NULL || dnnl_memory_desc_get_size(workspace) == 0) return WEFT_OK;
    return weft_dnn_tensor(&plan->dnn, &op->workspace, workspace, NULL, err);
}

static weft_status pool_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    pool_shape p = pool_describe(op->layer);
    dnnl_pooling_v2_desc_t desc;
    WEFT_TRY(weft_dnn_check(dnnl_pooling_v2_backward_desc_init(&desc, p.kind, &op->src.md, &op->diff_dst.md, p.strides,
                                                               p.kernel, p.dilation, p.pad_begin, p.pad_end),
                            op->what, err));
    WEFT_TRY(weft_dnn_primitive(&plan->dnn, &op->backward, &desc, &op->forward, op->what, err));
    return weft_plan_diff_new(plan, op, err);
}

static weft_status pool_forward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, op->src.memory}, {DNNL_ARG_DST, op->dst.memory}, {DNNL_ARG_WORKSPACE, op->workspace.memory}};
    return weft_dnn_execute(&plan->dnn, &op->forward, args, op->workspace.memory ? 3 : 2, op->what, err);
}

static weft_status pool_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_exec_arg_t args[] = {{DNNL_ARG_DIFF_DST, op->diff_dst.memory},
                              {DNNL_ARG_DIFF_SRC, op->diff_src.memory},
                              {DNNL_ARG_WORKSPACE, op->workspace.memory}};
    return weft_dnn_execute(&plan->dnn, &op->backward, args, op->workspace.memory ? 3 : 2, op->what, err);
}

const weft_op_kind weft_op_pool = {pool_build, pool_build_backward, NULL, pool_forward, pool_backward};
