/* Layers to ONNX nodes. */
#include <string.h>

#include "core/onnx_build.h"

static void window_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_window *win, bool dilations) {
    if (dilations) weft_onnx_put_ints(w, node, "dilations", (const int[]){win->dilation_h, win->dilation_w}, 2);
    weft_onnx_put_ints(w, node, "kernel_shape", (const int[]){win->kernel_h, win->kernel_w}, 2);
    weft_onnx_put_ints(w, node, "pads", (const int[]){win->pad_top, win->pad_left, win->pad_bottom, win->pad_right}, 4);
    weft_onnx_put_ints(w, node, "strides", (const int[]){win->stride_h, win->stride_w}, 2);
}

static void weights_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l, const int *dims,
                          size_t rank) {
    weft_onnx_put_constant(w, node, l, ".weight", dims, rank, l->weight);
    if (l->latent)
        weft_onnx_put_tensor(w, w->training, weft_onnx_put_joined(w, l->name, ".weight"), dims, rank, l->latent);
    if (l->bias) weft_onnx_put_constant(w, node, l, ".bias", &l->out.channels, 1, l->bias);
}

static void conv_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l) {
    const int dims[4] = {l->out.channels, l->in.channels / l->groups, l->window.kernel_h, l->window.kernel_w};
    weights_write(w, node, l, dims, 4);
    window_write(w, node, &l->window, true);
    weft_onnx_put_int(w, node, "group", l->groups);
}

static void gemm_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l) {
    const int dims[2] = {l->out.channels, (int)weft_shape_size(l->in)};
    weights_write(w, node, l, dims, 2);
    weft_onnx_put_int(w, node, "transB", 1);
}

static void batch_norm_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l) {
    weft_onnx_put_constant(w, node, l, ".gamma", &l->out.channels, 1, l->gamma);
    weft_onnx_put_constant(w, node, l, ".beta", &l->out.channels, 1, l->beta);
    weft_onnx_put_constant(w, node, l, ".mean", &l->out.channels, 1, l->mean);
    weft_onnx_put_constant(w, node, l, ".variance", &l->out.channels, 1, l->variance);
    weft_onnx_put_float(w, node, "epsilon", l->epsilon);
}

static void flatten_write(weft_onnx_writer *w, Onnx__NodeProto *node) { weft_onnx_put_int(w, node, "axis", 1); }

/* ---- any layer ---- */

static const char *const operator_of_kind[WEFT_LAYER_KIND_COUNT] = {
    [WEFT_LAYER_CONV] = "Conv",
    [WEFT_LAYER_DENSE] = "Gemm",
    [WEFT_LAYER_RELU] = "Relu",
    [WEFT_LAYER_BATCH_NORM] = "BatchNormalization",
    [WEFT_LAYER_MAX_POOL] = "MaxPool",
    [WEFT_LAYER_AVERAGE_POOL] = "AveragePool",
    [WEFT_LAYER_FLATTEN] = "Flatten",
    [WEFT_LAYER_ADD] = "Add",
    [WEFT_LAYER_CONCAT] = "Concat",
    [WEFT_LAYER_CLIP] = "Clip",
    [WEFT_LAYER_LEAKY_RELU] = "LeakyRelu",
    [WEFT_LAYER_SIGMOID] = "Sigmoid",
    [WEFT_LAYER_HARD_SIGMOID] = "HardSigmoid",
    [WEFT_LAYER_HARD_SWISH] = "HardSwish",
    [WEFT_LAYER_TANH] = "Tanh",
    [WEFT_LAYER_PAD] = "Pad",
    [WEFT_LAYER_SOFTMAX] = "Softmax",
};

static void average_pool_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l) {
    bool dilated = l->window.dilation_h != 1 || l->window.dilation_w != 1;
    if (dilated) weft_onnx_need_opset(w, 19);
    window_write(w, node, &l->window, dilated);
    weft_onnx_put_int(w, node, "count_include_pad", l->count_include_pad);
}

static void pad_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l) {
    const weft_window *p = &l->window;
    const int pads[8] = {0, 0, p->pad_top, p->pad_left, 0, 0, p->pad_bottom, p->pad_right};
    weft_onnx_put_list_input(w, node, l->name, ".pads", pads, 8);
}

/* Attributes and constants of the layers that are one node. */
static void node_fill(weft_onnx_writer *w, const weft_layer *l, Onnx__NodeProto *node) {
    switch (l->kind) {
    case WEFT_LAYER_CONV:
        conv_write(w, node, l);
        break;
    case WEFT_LAYER_DENSE:
        gemm_write(w, node, l);
        break;
    case WEFT_LAYER_BATCH_NORM:
        batch_norm_write(w, node, l);
        break;
    case WEFT_LAYER_MAX_POOL:
        window_write(w, node, &l->window, true);
        break;
    case WEFT_LAYER_AVERAGE_POOL:
        average_pool_write(w, node, l);
        break;
    case WEFT_LAYER_FLATTEN:
        flatten_write(w, node);
        break;
    case WEFT_LAYER_CONCAT:
    case WEFT_LAYER_SOFTMAX:
        weft_onnx_put_int(w, node, "axis", 1);
        break;
    case WEFT_LAYER_CLIP:
        weft_onnx_put_bounds(w, node, l);
        break;
    case WEFT_LAYER_HARD_SIGMOID:
        weft_onnx_put_float(w, node, "beta", l->offset); /* fall through */
    case WEFT_LAYER_LEAKY_RELU:
        weft_onnx_put_float(w, node, "alpha", l->slope);
        break;
    case WEFT_LAYER_HARD_SWISH:
        weft_onnx_need_opset(w, 14);
        break;
    case WEFT_LAYER_PAD:
        pad_write(w, node, l);
        break;
    case WEFT_LAYER_ADD:
    case WEFT_LAYER_RELU:
    case WEFT_LAYER_SIGMOID:
    case WEFT_LAYER_TANH:
    case WEFT_LAYER_QUANTISE: /* several nodes */
    case WEFT_LAYER_THRESHOLD:
    case WEFT_LAYER_AFFINE:
    case WEFT_LAYER_CHANNEL_SHUFFLE:
    case WEFT_LAYER_KIND_COUNT:
        break;
    }
}

typedef struct written {
    char *name; /* of the value */
    size_t rank;
} written;

/* A layer's input as a vector or as a feature map: what weft does silently becomes a node. */
static written as_rank(weft_onnx_writer *w, const weft_layer *l, const char *ending, written in, size_t rank) {
    static const int axes[2] = {2, 3};
    if (in.rank == rank) return in;
    Onnx__NodeProto *node = weft_onnx_put_part(w, rank == 2 ? "Flatten" : "Unsqueeze", l, ending, in.name);
    if (!node) return in;
    if (rank == 2)
        flatten_write(w, node);
    else
        weft_onnx_put_list_input(w, node, node->name, ".axes", axes, 2);
    return (written){node->output[0], rank};
}

static bool needs_map(const weft_layer *l) {
    return l->kind == WEFT_LAYER_CONV || l->kind == WEFT_LAYER_MAX_POOL || l->kind == WEFT_LAYER_AVERAGE_POOL ||
           l->kind == WEFT_LAYER_PAD;
}

static void node_write(weft_onnx_writer *w, const weft_layer *l, char *input, char *input2, char *output) {
    Onnx__NodeProto *node = weft_onnx_put_node(w, operator_of_kind[l->kind], l->name, input, output);
    if (!node) return;
    if (input2) node->input[node->n_input++] = input2;
    node_fill(w, l, node);
}

/* Values are named LAYER.out, which no initializer's name ends in. values: [1 + layer_count], of the input and the
 * layers before. */
static void layer_write(weft_onnx_writer *w, int index, written *values) {
    const weft_layer *l = &w->net->layers[index];
    written in = values[l->input + 1], in2 = {NULL, 0};
    bool last = index == w->net->layer_count - 1;
    char *output = last ? weft_onnx_put_text(w, "logits") : weft_onnx_put_joined(w, l->name, ".out");
    if (weft_layer_has_input2(l)) {
        in2 = values[l->input2 + 1];
        size_t rank = in.rank > in2.rank ? in.rank : in2.rank;
        in = as_rank(w, l, ".map", in, rank);
        in2 = as_rank(w, l, ".map2", in2, rank);
    }
    if (l->kind == WEFT_LAYER_DENSE) in = as_rank(w, l, ".flatten", in, 2);
    if (needs_map(l)) in = as_rank(w, l, ".map", in, 4);
    if (l->kind == WEFT_LAYER_QUANTISE)
        weft_onnx_put_quantise(w, l, in.name, output);
    else if (l->kind == WEFT_LAYER_THRESHOLD)
        weft_onnx_put_threshold(w, l, in.name, output);
    else if (l->kind == WEFT_LAYER_AFFINE)
        weft_onnx_put_affine(w, l, in.name, in.rank, output);
    else if (l->kind == WEFT_LAYER_CHANNEL_SHUFFLE)
        weft_onnx_put_shuffle(w, l, in.name, in.rank, output);
    else
        node_write(w, l, in.name, in2.name, output);
    values[index + 1] = (written){output, l->kind == WEFT_LAYER_FLATTEN ? 2 : in.rank};
}

void weft_onnx_put_layers(weft_onnx_writer *w, size_t *rank) {
    int count = w->net->layer_count;
    written *values = weft_onnx_take(w, ((size_t)count + 1) * sizeof *values);
    if (!values) return;
    values[0] = (written){weft_onnx_put_text(w, "image"), 4};
    for (int i = 0; i < count && !w->out_of_memory; i++) layer_write(w, i, values);
    *rank = values[count].rank;
}
