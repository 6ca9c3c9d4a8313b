#include "trainer/layer_weighted.h"

/* In float32 the primitive reads the four-dimensional activation as it is, whatever its layout, and only the output is
 * two-dimensional. In bfloat16 the input is brought into row-major order and seen as vectors: then the weights and
 * their gradient, far more values, are multiplied in the order that the network has them in. */
typedef struct dense_shape {
    dnnl_memory_desc_t src, weight, weight_diff, bias, dst, dst_4d, plain;
    const dnnl_memory_desc_t *bias_or_null;
} dense_shape;

static dnnl_memory_desc_t vectors(const weft_plan *plan, const weft_layer *l) {
    dnnl_dims_t dims = {plan->batch, (dnnl_dim_t)weft_shape_size(l->in)};
    return weft_dnn_typed_layout(2, dims, dnnl_bf16, dnnl_nc);
}

static void describe_weights(dense_shape *d, const weft_plan *plan, const weft_op *op) {
    const dnnl_dim_t *in = op->src.md.dims;
    dnnl_dim_t features = op->layer->out.channels;
    dnnl_dims_t src = {plan->batch, in[1], in[2], in[3]}, weight = {features, in[1], in[2], in[3]};
    dnnl_dims_t matrix = {features, in[1] * in[2] * in[3]};
    if (plan->precision == WEFT_PRECISION_BF16) {
        d->src = vectors(plan, op->layer);
        d->weight = weft_dnn_typed_layout(2, matrix, dnnl_bf16, dnnl_ab);
        d->weight_diff = d->plain = weft_dnn_layout(2, matrix, dnnl_ab);
    } else {
        d->src = weft_dnn_layout(4, src, dnnl_format_tag_any);
        d->weight = d->weight_diff = weft_dnn_layout(4, weight, dnnl_format_tag_any);
        d->plain = weft_dnn_layout(4, weight, dnnl_oihw);
    }
}

static void dense_describe(dense_shape *d, const weft_plan *plan, const weft_op *op) {
    dnnl_dim_t features = op->layer->out.channels;
    dnnl_dims_t dst = {plan->batch, features, 1, 1}, bias = {features};
    describe_weights(d, plan, op);
    d->bias = weft_dnn_layout(1, bias, dnnl_a);
    d->bias_or_null = op->layer->bias ? &d->bias : NULL;
    d->dst = weft_dnn_typed_layout(2, dst, weft_plan_type(plan), dnnl_nc);
    d->dst_4d = weft_dnn_typed_layout(4, dst, weft_plan_type(plan), dnnl_nhwc);
}

static bool is_vector(const weft_tensor *t) { return t->md.dims[2] == 1 && t->md.dims[3] == 1; }

/* src in row-major order, as vectors. */
static weft_status build_vectors(weft_plan *plan, weft_op *op, weft_error *err) {
    weft_tensor plain = op->src;
    dnnl_memory_desc_t md = weft_dnn_typed_layout(4, op->src.md.dims, dnnl_bf16, dnnl_nchw);
    dnnl_memory_desc_t vector = vectors(plan, op->layer);
    if (!is_vector(&op->src)) WEFT_TRY(weft_plan_view(plan, &plain, &op->src_in, &op->src, &md, err));
    return weft_dnn_tensor(&plan->dnn, &op->inner_src, &vector, plain.data, err);
}

static weft_status build_vector_gradients(weft_plan *plan, weft_op *op, weft_error *err) {
    dnnl_memory_desc_t md = weft_dnn_typed_layout(4, op->src.md.dims, dnnl_bf16, dnnl_nchw);
    dnnl_memory_desc_t vector = vectors(plan, op->layer);
    WEFT_TRY(weft_plan_diff_new(plan, op, err));
    weft_tensor plain = op->diff_src;
    if (!is_vector(&op->src)) WEFT_TRY(weft_dnn_tensor(&plan->dnn, &plain, &md, NULL, err));
    WEFT_TRY(weft_dnn_reorder(&plan->dnn, &op->diff_src_out, &plain, &op->diff_src, err));
    return weft_dnn_tensor(&plan->dnn, &op->inner_diff_src, &vector, plain.data, err);
}

static weft_status dense_build(weft_plan *plan, weft_op *op, weft_error *err) {
    dense_shape d;
    dnnl_inner_product_desc_t desc;
    dense_describe(&d, plan, op);
    dnnl_prop_kind_t prop = plan->training ? dnnl_forward_training : dnnl_forward_inference;
    if (plan->precision == WEFT_PRECISION_BF16) WEFT_TRY(build_vectors(plan, op, err));
    WEFT_TRY(weft_dnn_check(
        dnnl_inner_product_forward_desc_init(&desc, prop, &d.src, &d.weight, d.bias_or_null, &d.dst), op->what, err));
    WEFT_TRY(weft_dnn_primitive(&plan->dnn, &op->forward, &desc, NULL, op->what, err));
    WEFT_TRY(weft_plan_tensor(plan, &op->dst, &d.dst_4d, err));
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->inner_dst, &d.dst, op->dst.data, err));
    return weft_weighted_build(plan, op, &d.plain, err);
}

static weft_status build_weight_primitive(weft_plan *plan, weft_op *op, const dense_shape *d, weft_error *err) {
    dnnl_inner_product_desc_t desc;
    WEFT_TRY(weft_dnn_check(dnnl_inner_product_backward_weights_desc_init(&desc, &op->inner_src.md, &d->weight_diff,
                                                                          d->bias_or_null, &d->dst),
                            op->what, err));
    return weft_dnn_primitive(&plan->dnn, &op->backward_weights, &desc, &op->forward, op->what, err);
}

static weft_status build_data_primitive(weft_plan *plan, weft_op *op, const dense_shape *d, weft_error *err) {
    dnnl_inner_product_desc_t desc;
    WEFT_TRY(
        weft_dnn_check(dnnl_inner_product_backward_data_desc_init(&desc, &d->src, &d->weight, &d->dst), op->what, err));
    WEFT_TRY(weft_dnn_primitive(&plan->dnn, &op->backward, &desc, &op->forward, op->what, err));
    return plan->precision == WEFT_PRECISION_BF16 ? build_vector_gradients(plan, op, err) : WEFT_OK;
}

static weft_status dense_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    dense_shape d;
    dense_describe(&d, plan, op);
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &op->inner_diff_dst, &d.dst, op->diff_dst.data, err));
    if (op->trained) WEFT_TRY(build_weight_primitive(plan, op, &d, err));
    if (op->needs_diff_src) WEFT_TRY(build_data_primitive(plan, op, &d, err));
    return weft_weighted_build_backward(plan, op, err);
}

const weft_op_kind weft_op_dense = {dense_build, dense_build_backward, weft_weighted_load, weft_weighted_forward,
                                    weft_weighted_backward};
