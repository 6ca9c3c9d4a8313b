#include "trainer/layer_weighted.h"

typedef struct conv_shape {
    dnnl_dims_t strides, dilates, pad_begin, pad_end;
    /* Weights' layouts are left to oneDNN, but that of plain; activations' too unless they are bfloat16. */
    dnnl_memory_desc_t src, weight, weight_diff, bias, dst, plain;
    const dnnl_memory_desc_t *bias_or_null;
    dnnl_prop_kind_t prop; /* of the forward direction */
    dnnl_alg_kind_t algorithm;
} conv_shape;

static void conv_window(conv_shape *c, const weft_window *w) {
    c->strides[0] = w->stride_h;
    c->strides[1] = w->stride_w;
    c->dilates[0] = w->dilation_h - 1;
    c->dilates[1] = w->dilation_w - 1;
    c->pad_begin[0] = w->pad_top;
    c->pad_begin[1] = w->pad_left;
    c->pad_end[0] = w->pad_bottom;
    c->pad_end[1] = w->pad_right;
}

static void conv_describe(conv_shape *c, const weft_plan *plan, const weft_layer *l) {
    int g = l->groups > 0 ? l->groups : 1, in = l->in.channels / g, out = l->out.channels / g;
    dnnl_dims_t src = {plan->batch, l->in.channels, l->in.height, l->in.width};
    dnnl_dims_t dst = {plan->batch, l->out.channels, l->out.height, l->out.width};
    dnnl_dims_t weight = {l->out.channels, in, l->window.kernel_h, l->window.kernel_w};
    dnnl_dims_t grouped = {g, out, in, l->window.kernel_h, l->window.kernel_w};
    dnnl_dims_t bias = {l->out.channels};
    c->algorithm = dnnl_convolution_direct;
    c->prop = plan->training ? dnnl_forward_training : dnnl_forward_inference;
    conv_window(c, &l->window);
    c->src = weft_plan_layout(plan, src, dnnl_format_tag_any);
    c->dst = weft_plan_layout(plan, dst, dnnl_format_tag_any);
    c->bias = weft_dnn_layout(1, bias, dnnl_a);
    c->bias_or_null = l->bias ? &c->bias : NULL;
    int ndims = g > 1 ? 5 : 4;
    const dnnl_dim_t *dims = g > 1 ? grouped : weight;
    c->weight = weft_dnn_typed_layout(ndims, dims, weft_plan_type(plan), dnnl_format_tag_any);
    c->weight_diff = weft_dnn_layout(ndims, dims, dnnl_format_tag_any);
    c->plain = weft_dnn_layout(ndims, dims, g > 1 ? dnnl_goihw : dnnl_oihw);
}

/* Activations in the layout that oneDNN likes for this direction alone, or row-major, which its matrix product takes.
 */
static void conv_layout(conv_shape *c, dnnl_format_tag_t tag) {
    c->src = weft_dnn_typed_layout(4, c->src.dims, c->src.data_type, tag);
    c->dst = weft_dnn_typed_layout(4, c->dst.dims, c->dst.data_type, tag);
}

typedef weft_status conv_describer(dnnl_convolution_desc_t *desc, const conv_shape *c, const weft_op *op,
                                   weft_error *err);

static weft_status conv_forward(dnnl_convolution_desc_t *desc, const conv_shape *c, const weft_op *op,
                                weft_error *err) {
    return weft_dnn_check(dnnl_dilated_convolution_forward_desc_init(desc, c->prop, c->algorithm, &c->src, &c->weight,
                                                                     c->bias_or_null, &c->dst, c->strides, c->dilates,
                                                                     c->pad_begin, c->pad_end),
                          op->what, err);
}

static weft_status conv_backward_weights(dnnl_convolution_desc_t *desc, const conv_shape *c, const weft_op *op,
                                         weft_error *err) {
    return weft_dnn_check(dnnl_dilated_convolution_backward_weights_desc_init(
                              desc, dnnl_convolution_direct, &c->src, &c->weight_diff, c->bias_or_null, &c->dst,
                              c->strides, c->dilates, c->pad_begin, c->pad_end),
                          op->what, err);
}

static weft_status conv_backward_data(dnnl_convolution_desc_t *desc, const conv_shape *c, const weft_op *op,
                                      weft_error *err) {
    return weft_dnn_check(dnnl_dilated_convolution_backward_data_desc_init(desc, dnnl_convolution_direct, &c->src,
                                                                           &c->weight, &c->dst, c->strides, c->dilates,
                                                                           c->pad_begin, c->pad_end),
                          op->what, err);
}

/* With few channels oneDNN often has only its reference implementation for the layouts that the other directions chose;
 * then a copy into another layout is by far cheaper. Inference goes by Winograd's F(4x4, 3x3) where oneDNN has it,
 * about twice as fast; its rounding, some 1e-5 of the largest output, is not wanted in gradients. */
static weft_status conv_choose(weft_plan *plan, const weft_op *op, conv_describer *describe, conv_shape c,
                               const weft_primitive *hint, weft_primitive *out, weft_error *err) {
    dnnl_convolution_desc_t descs[4];
    const void *choices[4] = {&descs[0], &descs[1], &descs[2], &descs[3]};
    int count = 0;
    if (!plan->training) {
        c.algorithm = dnnl_convolution_winograd;
        WEFT_TRY(describe(&descs[count++], &c, op, err));
        c.algorithm = dnnl_convolution_direct;
    }
    WEFT_TRY(describe(&descs[count++], &c, op, err));
    conv_layout(&c, dnnl_format_tag_any);
    WEFT_TRY(describe(&descs[count++], &c, op, err));
    conv_layout(&c, dnnl_nchw);
    WEFT_TRY(describe(&descs[count++], &c, op, err));
    return weft_dnn_primitive_choose(&plan->dnn, out, choices, count, hint, op->what, err);
}

static weft_status conv_build(weft_plan *plan, weft_op *op, weft_error *err) {
    conv_shape c;
    conv_describe(&c, plan, op->layer);
    WEFT_TRY(conv_choose(plan, op, conv_forward, c, NULL, &op->forward, err));
    const dnnl_memory_desc_t *inner = weft_dnn_md(&op->forward, dnnl_query_dst_md);
    WEFT_TRY(weft_plan_tensor(plan, &op->inner_dst, inner, err));
    op->dst = op->inner_dst;
    if (plan->precision == WEFT_PRECISION_BF16 && !dnnl_memory_desc_equal(inner, &c.dst))
        WEFT_TRY(weft_plan_tensor(plan, &op->dst, &c.dst, err));
    WEFT_TRY(weft_dnn_reorder(&plan->dnn, &op->dst_out, &op->inner_dst, &op->dst, err));
    return weft_weighted_build(plan, op, &c.plain, err);
}

static weft_status conv_build_backward(weft_plan *plan, weft_op *op, weft_error *err) {
    conv_shape c;
    conv_describe(&c, plan, op->layer);
    op->inner_diff_dst = op->diff_dst;
    c.dst = op->diff_dst.md;
    if (op->needs_diff_src) WEFT_TRY(conv_choose(plan, op, conv_backward_data, c, &op->forward, &op->backward, err));
    c.src = op->inner_src.md;
    if (op->trained)
        WEFT_TRY(conv_choose(plan, op, conv_backward_weights, c, &op->forward, &op->backward_weights, err));
    return weft_weighted_build_backward(plan, op, err);
}

const weft_op_kind weft_op_conv = {conv_build, conv_build_backward, weft_weighted_load, weft_weighted_forward,
                                   weft_weighted_backward};
