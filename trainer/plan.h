/* A network compiled for a fixed number of images: one oneDNN primitive (or three, with the backward ones) a layer, all
 * buffers allocated. Internal to trainer/.
 *
 * A plan is used by one thread at a time; several plans run in parallel. Weights are read from the network by
 * weft_plan_load and weft_plan_load_part only, so the caller may change them between runs. */
#ifndef WEFT_TRAINER_PLAN_H
#define WEFT_TRAINER_PLAN_H

#include "core/network.h"
#include "trainer/dnn.h"
#include "trainer/trainer.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weft_op_kind;

/* Adds the gradient that one consumer of a tensor computed to those of the consumers before it; an absent primitive
 * means that it is the only one so far. */
typedef struct weft_sum {
    weft_primitive primitive;
    dnnl_memory_t a, b, out;
} weft_sum;

/* One layer. Tensors named src, addend and dst are the activations [batch, channels, height, width] as the neighbouring
 * layers see them, those named inner_ the same values as this layer's primitives want them (often the same memory). */
typedef struct weft_op {
    const weft_layer *layer;
    const struct weft_op_kind *kind;
    char what[80];           /* for messages */
    int consumers, consumer; /* how many operations read dst, and the last of them; -1: none */
    weft_tensor src, addend, dst, inner_src, inner_addend, inner_dst;
    weft_reorder src_in, addend_in, dst_out;
    /* Training. trained: has parameters that are not frozen. diff_dst is needed where this layer or one below is
     * trained. */
    bool trained, needs_diff_src, needs_diff_addend, needs_diff_dst;
    weft_tensor diff_src, diff_addend, diff_dst, inner_diff_src, inner_diff_dst;
    weft_reorder diff_src_out, diff_addend_out;
    weft_sum diff_src_sum, diff_addend_sum;
    int diff_src_block, diff_addend_block, diff_dst_block; /* in plan->blocks */
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
    /* CONV, DENSE in int8: of each output channel; what a step of the input's integers stands for, and their type. */
    weft_tensor weight_scale;
    float input_scale;
    bool input_signed;
    weft_tensor input_bytes, sums; /* the input as integers, their products summed */
    bool fused;            /* BATCH_NORM: computes the RELU that alone reads it too; RELU: done by that batch norm */
    weft_tensor workspace; /* MAX_POOL, fused BATCH_NORM in training */
    /* Unless training, CONV, DENSE, BATCH_NORM: src in row-major order after observed_in has run. */
    weft_tensor observed;
    weft_reorder observed_in;
} weft_op;

/* Memory for the gradient of an activation; users counts the tensors in it while the plan is built. */
typedef struct weft_block {
    void *data;
    int users;
} weft_block;

/* Memory for activations of an inference plan. While the plan is built, users counts the layers that are still to read
 * what is in it; without any, the next activation that fits takes it. */
typedef struct weft_room {
    void *data;
    size_t bytes;
    int users;
    bool fresh; /* taken by the operation that is being built */
} weft_room;

typedef struct weft_plan {
    const weft_network *net;
    int batch;
    bool training;
    weft_precision precision;
    struct weft_plan *shared; /* see weft_plan_options */
    weft_dnn dnn;
    int count;
    weft_op *ops;
    weft_tensor input; /* [batch, C, H, W] row-major float32: fill data before weft_plan_forward */
    weft_tensor start; /* the same as the first layers see it */
    weft_reorder start_in;
    weft_tensor logits, logits_gradient; /* [batch, classes] row-major float32 */
    weft_reorder logits_out, logits_gradient_in;
    weft_block *blocks;
    int block_count;
    size_t block_bytes;
    weft_room *rooms;
    int room_count;
} weft_plan;

typedef struct weft_plan_options {
    int batch;
    bool training;
    weft_precision precision;
    /* A plan of the same network and options whose memory for weights (not gradients) this one uses too, and which
     * outlives it; NULL: own memory. */
    struct weft_plan *shared;
} weft_plan_options;

/* LIBRARY when oneDNN has no implementation of a layer; UNSUPPORTED for a precision that the processor lacks. Any
 * directed acyclic network; the last layer is its output. The network is borrowed. */
weft_status weft_plan_create(weft_plan **out, const weft_network *net, const weft_plan_options *options,
                             weft_error *err);
void weft_plan_destroy(weft_plan *plan); /* NULL is allowed */
/* Takes over the parameters (and, unless training, the statistics) of layers [first, last). */
weft_status weft_plan_load(weft_plan *plan, int first, int last, weft_error *err);
#define WEFT_PLAN_PARTS_MAX 64
/* Takes over part `part` of `parts` of all shared weights: plans that share memory load it together, in parallel, each
 * its part, before any of them goes forward; biases and batch norms, which are each plan's own, are loaded whole. At
 * most WEFT_PLAN_PARTS_MAX parts. */
weft_status weft_plan_load_part(weft_plan *plan, int part, int parts, weft_error *err);
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

/* Which of the shared weights a plan takes over: an operation that cannot be divided belongs to part `owner`. */
typedef struct weft_share {
    int part, parts, owner;
} weft_share;

/* What a kind of layer does in a plan. */
typedef struct weft_op_kind {
    weft_status (*build)(weft_plan *plan, weft_op *op, weft_error *err); /* from src: forward primitives, dst */
    /* From diff_dst, which is needed: backward primitives, and diff_src and diff_addend where they are needed. NULL:
     * the layer cannot be trained, nor any before it. */
    weft_status (*build_backward)(weft_plan *plan, weft_op *op, weft_error *err);
    weft_status (*load)(weft_plan *plan, weft_op *op, const weft_share *share, weft_error *err); /* optional */
    weft_status (*forward)(weft_plan *plan, weft_op *op, weft_error *err);
    weft_status (*backward)(weft_plan *plan, weft_op *op, weft_error *err);
} weft_op_kind;
extern const weft_op_kind weft_op_conv, weft_op_winograd, weft_op_dense, weft_op_batch_norm, weft_op_relu, weft_op_pool,
    weft_op_flatten, weft_op_add, weft_op_activation, weft_op_affine, weft_op_concat, weft_op_pad, weft_op_softmax,
    weft_op_shuffle, weft_op_integer;

/* Whether weft_op_winograd computes this convolution, in place of weft_op_conv. */
bool weft_plan_is_winograd(const weft_plan *plan, const weft_op *op);

dnnl_data_type_t weft_plan_type(const weft_plan *plan); /* of activations */
/* Layout of an activation: float32 in the layout that `tag` says, or in bfloat16 and int8 plans with channels last. */
dnnl_memory_desc_t weft_plan_layout(const weft_plan *plan, const dnnl_dims_t dims, dnnl_format_tag_t tag);
/* A tensor for the operation that is being built: its output, which lives until its last reader has run, or an
 * intermediate value. In training in a block of its own. The contents are undefined. */
weft_status weft_plan_tensor(weft_plan *plan, weft_tensor *out, const dnnl_memory_desc_t *md, weft_error *err);
/* weft_dnn_view, into such a tensor where the layout differs. */
weft_status weft_plan_view(weft_plan *plan, weft_tensor *out, weft_reorder *reorder, const weft_tensor *from,
                           const dnnl_memory_desc_t *md, weft_error *err);
/* After an operation has been built: its intermediate values are done with, and so are inputs that nobody else is to
 * read. */
void weft_plan_release(weft_plan *plan, const weft_op *op);
/* Whether the operation may write its result over src: nobody else reads that memory. */
bool weft_plan_may_overwrite(const weft_plan *plan, const weft_op *op);
/* The operation number i of the plan whose weights this one shares, or NULL. */
const weft_op *weft_plan_shared_op(const weft_plan *plan, const weft_op *op);

/* diff_src with the layout of src, in a block of its own. */
weft_status weft_plan_diff_new(weft_plan *plan, weft_op *op, weft_error *err);
/* diff_src in the memory of diff_dst where no other tensor is in it, else in a block of its own; src and dst have one
 * layout. */
weft_status weft_plan_diff_in_place(weft_plan *plan, weft_op *op, weft_error *err);
/* diff_src, diff_addend that is diff_dst, to be read only. */
void weft_plan_diff_pass(weft_plan *plan, weft_op *op);
/* diff_addend with the layout of addend, in a block of its own. */
weft_status weft_plan_diff_addend_new(weft_plan *plan, weft_op *op, weft_error *err);
weft_status weft_plan_diff_addend(weft_plan *plan, weft_op *op, weft_error *err);

/* ---- plan_gradient.c ---- */

/* Everything backward, with the memory of all gradients of activations. */
weft_status weft_plan_build_backward(weft_plan *plan, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
