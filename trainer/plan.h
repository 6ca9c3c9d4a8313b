/* A network compiled for a fixed number of images: one oneDNN primitive (or three, with the backward ones) a layer, all
 * buffers allocated. Internal to trainer/.
 *
 * A plan is used by one thread at a time; several plans run in parallel. Weights are read from the network by
 * weft_plan_load only, so the caller may change them between runs. */
#ifndef WEFT_TRAINER_PLAN_H
#define WEFT_TRAINER_PLAN_H

#include "core/network.h"
#include "trainer/dnn.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weft_op_kind;

/* One layer. Tensors named src and dst are the activations [batch, channels, height, width] as the neighbouring layers
 * see them, those named inner_ the same values as this layer's primitives want them (often the same memory). */
typedef struct weft_op {
    const weft_layer *layer;
    const struct weft_op_kind *kind;
    char what[80]; /* for messages */
    weft_tensor src, dst, inner_src, inner_dst;
    weft_reorder src_in;
    bool needs_diff_src; /* some layer below has parameters */
    weft_tensor diff_src, diff_dst, inner_diff_src, inner_diff_dst;
    weft_reorder diff_src_out;
    weft_primitive forward, backward, backward_weights;
    /* CONV, DENSE. weight_plain is a view of layer->weight; weight_gradient is in the same row-major order. */
    weft_tensor weight_plain, weight, weight_backward, weight_diff, weight_gradient, bias, bias_gradient;
    weft_reorder weight_in, weight_backward_in, weight_diff_out;
    /* inner_src and inner_diff_dst as backward_weights wants them, inner_diff_dst as backward does: mostly the same
     * memory. */
    weft_tensor weights_src, weights_diff_dst, data_diff_dst;
    weft_reorder weights_src_in, weights_diff_dst_in, data_diff_dst_in;
    /* BATCH_NORM. scale_shift and its gradient are [2, channels]: gamma, beta. mean and variance are the batch's in
     * training, the network's otherwise. */
    weft_tensor scale_shift, scale_shift_gradient, mean, variance;
    weft_tensor workspace; /* MAX_POOL in training */
    /* Unless training, CONV, DENSE, BATCH_NORM: src in row-major order after observed_in has run. */
    weft_tensor observed;
    weft_reorder observed_in;
} weft_op;

typedef struct weft_plan {
    const weft_network *net;
    int batch;
    bool training;
    weft_dnn dnn;
    int count;
    weft_op *ops;
    int first_parameter;                 /* index of the first layer with parameters; count when there is none */
    weft_tensor input;                   /* [batch, C, H, W] row-major: fill data before weft_plan_forward */
    weft_tensor logits, logits_gradient; /* [batch, classes] row-major */
    weft_reorder logits_out, logits_gradient_in;
    void *gradient_block[2]; /* gradients of activations alternate between the two */
    int gradient_turn;
} weft_plan;

/* UNSUPPORTED when the network is no chain; LIBRARY when oneDNN has no implementation of a layer. The network is
 * borrowed. */
weft_status weft_plan_create(weft_plan **out, const weft_network *net, int batch, bool training, weft_error *err);
void weft_plan_destroy(weft_plan *plan); /* NULL is allowed */
/* Takes over the parameters (and, unless training, the statistics) of layers [first, last). */
weft_status weft_plan_load(weft_plan *plan, int first, int last, weft_error *err);
/* Runs layers [first, last); layer i reads ops[i].src. */
weft_status weft_plan_forward(weft_plan *plan, int first, int last, weft_error *err);
/* Fills logits after the last layer has run. */
weft_status weft_plan_read_logits(weft_plan *plan, weft_error *err);
/* From logits_gradient to the gradient of every parameter. Training plans only, after forward. */
weft_status weft_plan_backward(weft_plan *plan, weft_error *err);
/* out: the activation's values in row-major order, [batch, channels, height, width], after reorder has run; where the
 * layout differs they are put in data (NULL: a new block). */
weft_status weft_plan_plain(weft_plan *plan, const weft_tensor *activation, void *data, weft_tensor *out,
                            weft_reorder *reorder, weft_error *err);

/* ---- for the layers ---- */

/* What a kind of layer does in a plan. */
typedef struct weft_op_kind {
    weft_status (*build)(weft_plan *plan, weft_op *op, weft_error *err); /* from src: forward primitives, dst */
    weft_status (*build_backward)(weft_plan *plan, weft_op *op, weft_error *err); /* from diff_dst: diff_src */
    weft_status (*load)(weft_plan *plan, weft_op *op, weft_error *err);           /* optional */
    weft_status (*forward)(weft_plan *plan, weft_op *op, weft_error *err);
    weft_status (*backward)(weft_plan *plan, weft_op *op, weft_error *err);
} weft_op_kind;
extern const weft_op_kind weft_op_conv, weft_op_dense, weft_op_batch_norm, weft_op_relu, weft_op_pool, weft_op_flatten;

/* diff_src with the layout of src, in the block that diff_dst does not use. */
weft_status weft_plan_alternate(weft_plan *plan, weft_op *op, weft_error *err);
bool weft_plan_is_input(const weft_plan *plan, const weft_tensor *activation);

#ifdef __cplusplus
}
#endif
#endif
