#include "trainer/layer_weighted.h"

/* The primitive reads the four-dimensional activation as it is, whatever its layout; only the output is
 * two-dimensional. */
typedef struct dense_shape {
    dnnl_memory_desc_t src, weight, bias, dst, dst_4d, plain;
    const dnnl_memory_desc_t *bias_or_null;
} dense_shape;

static void dense_describe(dense_shape *d, const weft_plan *plan, const weft_op *op) {
    const dnnl_dim_t *in = op->src.md.dims;
    dnnl_dim_t features = op->layer->out.channels;
    dnnl_dims_t src = {plan->batch, in[1], in[2], in[3]}, weight = {features, in[1], in[2], in[3]};
    dnnl_dims_t dst = {plan->batch, features, 1, 1}, bias = {features};
    d->src = weft_dnn_layout(4, src, dnnl_format_tag_any);
    d->weight = weft_dnn_layout(4, weight, dnnl_format_tag_any);
    d->plain = weft_dnn_layout(4, weight, dnnl_oihw);
    d->bias = weft_dnn_layout(1, bias, dnnl_a);
    d->bias_or_null = op->layer->bias ? &d->bias : NULL;
    d->dst = weft_dnn_layout(2, dst, dnnl_nc);
    d->dst_4d = weft_dnn_layout(4, dst, dnnl_nhwc);
}

static weft_status dense_build(weft_plan *plan, weft_op *op, weft_error *err) {
    dense_shape d;
    dnnl_inner_product_desc_t desc;
    dense_describe(&d, plan, op);
    dnnl_prop_kind_t prop = plan->training ? dnnl_forward_training : dnnl_forward_inference;
    WEFT_TRY(weft_dnn_check(
        dnnl_inner_product_forward_desc_init(&desc, prop, &d.src, &d.weight, d.bias_or_null, &d.dst), op->what, err));
    WEFT_TRY(weft_dnn_primitive(&plan->dnn, &op->forward, &desc, NULL, op->what, err));
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->dst, &d.dst_4d, NULL, err));
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->inner_dst, &d.dst, op->dst.data, err));
    return weft_weighted_build(plan, op, &d.plain, err);
}

static weft_status dense_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    dense_shape d;
    dnnl_inner_product_desc_t desc;
    dense_describe(&d, plan, op);
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->inner_diff_dst, &d.dst, op->diff_dst.data, err));
    WEFT_TRY(weft_dnn_check(
        dnnl_inner_product_backward_weights_desc_init(&desc, &op->inner_src.md, &d.weight, d.bias_or_null, &d.dst),
        op->what, err));
    WEFT_TRY(weft_dnn_primitive(&plan->dnn, &op->backward_weights, &desc, &op->forward, op->what, err));
    if (op->needs_diff_src) {
        WEFT_TRY(weft_dnn_check(dnnl_inner_product_backward_data_desc_init(&desc, &d.src, &d.weight, &d.dst), op->what,
                                err));
        WEFT_TRY(weft_dnn_primitive(&plan->dnn, &op->backward, &desc, &op->forward, op->what, err));
    }
    return weft_weighted_build_backward(plan, op, err);
}

const weft_op_kind weft_op_dense = {dense_build, dense_build_backward, weft_weighted_load, weft_weighted_forward,
                                    weft_weighted_backward};
