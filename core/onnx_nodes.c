/* Layers to ONNX nodes. */
#include <string.h>

#include "core/onnx_build.h"

static void constant_add(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l, const char *ending,
                         const int *dims, size_t rank, const float *data) {
    char *name = weft_onnx_put_joined(w, l->name, ending);
    node->input[node->n_input++] = name;
    weft_onnx_put_tensor(w, w->graph, name, dims, rank, data);
}

static void scalar_add(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l, const char *ending,
                       float value) {
    float *copy = weft_onnx_take(w, sizeof *copy);
    if (!copy) return;
    *copy = value;
    constant_add(w, node, l, ending, NULL, 0, copy);
}

static void window_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_window *win, bool dilations) {
    if (dilations) weft_onnx_put_ints(w, node, "dilations", (const int[]){win->dilation_h, win->dilation_w}, 2);
    weft_onnx_put_ints(w, node, "kernel_shape", (const int[]){win->kernel_h, win->kernel_w}, 2);
    weft_onnx_put_ints(w, node, "pads", (const int[]){win->pad_top, win->pad_left, win->pad_bottom, win->pad_right}, 4);
    weft_onnx_put_ints(w, node, "strides", (const int[]){win->stride_h, win->stride_w}, 2);
}

static void weights_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l, const int *dims,
                          size_t rank) {
    constant_add(w, node, l, ".weight", dims, rank, l->weight);
    if (l->latent)
        weft_onnx_put_tensor(w, w->training, weft_onnx_put_joined(w, l->name, ".weight"), dims, rank, l->latent);
    if (l->bias) constant_add(w, node, l, ".bias", &l->out.channels, 1, l->bias);
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
    constant_add(w, node, l, ".gamma", &l->out.channels, 1, l->gamma);
    constant_add(w, node, l, ".beta", &l->out.channels, 1, l->beta);
    constant_add(w, node, l, ".mean", &l->out.channels, 1, l->mean);
    constant_add(w, node, l, ".variance", &l->out.channels, 1, l->variance);
    weft_onnx_put_float(w, node, "epsilon", l->epsilon);
}

static void flatten_write(weft_onnx_writer *w, Onnx__NodeProto *node) { weft_onnx_put_int(w, node, "axis", 1); }

/* ---- layers of several nodes ---- */

/* "NAME" + ending, with underscores until no layer has that name. */
static char *part_name(weft_onnx_writer *w, const char *name, const char *ending) {
    char *candidate = weft_onnx_put_joined(w, name, ending);
    for (int i = 0; candidate && i < w->net->layer_count; i++)
        if (strcmp(w->net->layers[i].name, candidate) == 0) {
            candidate = weft_onnx_put_joined(w, candidate, "_");
            i = -1;
        }
    return candidate;
}

/* A node of its own name before the layer's last one. */
static Onnx__NodeProto *part_put(weft_onnx_writer *w, const char *type, const weft_layer *l, const char *ending,
                                 char *input) {
    char *name = part_name(w, l->name, ending);
    return name ? weft_onnx_put_node(w, type, name, input, weft_onnx_put_joined(w, name, ".out")) : NULL;
}

static void clip_write(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l) {
    scalar_add(w, node, l, ".low", l->low);
    scalar_add(w, node, l, ".high", l->high);
}

/* Clip, then to integers and back. */
static void quantise_write(weft_onnx_writer *w, const weft_layer *l, char *input, char *output) {
    Onnx__NodeProto *clip = part_put(w, "Clip", l, ".clip", input);
    if (!clip) return;
    clip_write(w, clip, l);
    Onnx__NodeProto *to = part_put(w, "QuantizeLinear", l, ".integer", clip->output[0]);
    if (!to) return;
    Onnx__NodeProto *from = weft_onnx_put_node(w, "DequantizeLinear", l->name, to->output[0], output);
    char *zero = weft_onnx_put_joined(w, l->name, ".zero");
    if (!from || !zero) return;
    scalar_add(w, to, l, ".scale", weft_layer_step(l));
    weft_onnx_put_zero(w, zero, l->low < 0);
    if (w->out_of_memory) return;
    to->input[to->n_input++] = zero;
    from->input[from->n_input++] = to->input[1];
    from->input[from->n_input++] = zero;
}

/* 1 where the input is at least (type GreaterOrEqual) or at most (LessOrEqual) the threshold; NULL when memory is out.
 */
static Onnx__NodeProto *compare_put(weft_onnx_writer *w, const char *type, const weft_layer *l, const char *ending,
                                    float threshold, char *input) {
    Onnx__NodeProto *node = part_put(w, type, l, ending, input);
    if (!node) return NULL;
    scalar_add(w, node, l, threshold > 0 ? ".threshold" : ".negative", threshold);
    return w->out_of_memory ? NULL : node;
}

static void cast_write(weft_onnx_writer *w, Onnx__NodeProto *node) {
    if (node) weft_onnx_put_int(w, node, "to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
}

static void threshold_write(weft_onnx_writer *w, const weft_layer *l, char *input, char *output) {
    Onnx__NodeProto *above = compare_put(w, "GreaterOrEqual", l, ".above", l->threshold, input);
    if (!above) return;
    if (!l->signed_spikes) {
        cast_write(w, weft_onnx_put_node(w, "Cast", l->name, above->output[0], output));
        return;
    }
    Onnx__NodeProto *up = part_put(w, "Cast", l, ".up", above->output[0]);
    Onnx__NodeProto *below = compare_put(w, "LessOrEqual", l, ".below", -l->threshold, input);
    Onnx__NodeProto *down = below ? part_put(w, "Cast", l, ".down", below->output[0]) : NULL;
    cast_write(w, up);
    cast_write(w, down);
    Onnx__NodeProto *node = up && down ? weft_onnx_put_node(w, "Sub", l->name, up->output[0], output) : NULL;
    if (node) node->input[node->n_input++] = down->output[0];
}

/* ---- any layer ---- */

static const char *const operator_of_kind[WEFT_LAYER_KIND_COUNT] = {
    [WEFT_LAYER_CONV] = "Conv",        [WEFT_LAYER_DENSE] = "Gemm",
    [WEFT_LAYER_RELU] = "Relu",        [WEFT_LAYER_BATCH_NORM] = "BatchNormalization",
    [WEFT_LAYER_MAX_POOL] = "MaxPool", [WEFT_LAYER_AVERAGE_POOL] = "AveragePool",
    [WEFT_LAYER_FLATTEN] = "Flatten",  [WEFT_LAYER_ADD] = "Add",
    [WEFT_LAYER_CLIP] = "Clip"};

static void node_write(weft_onnx_writer *w, const weft_layer *l, char *input, char *addend, char *output) {
    Onnx__NodeProto *node = weft_onnx_put_node(w, operator_of_kind[l->kind], l->name, input, output);
    if (!node) return;
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
        window_write(w, node, &l->window, false);
        weft_onnx_put_int(w, node, "count_include_pad", l->count_include_pad);
        break;
    case WEFT_LAYER_FLATTEN:
        flatten_write(w, node);
        break;
    case WEFT_LAYER_ADD:
        node->input[node->n_input++] = addend;
        break;
    case WEFT_LAYER_CLIP:
        clip_write(w, node, l);
        break;
    case WEFT_LAYER_RELU:
    case WEFT_LAYER_QUANTISE: /* several nodes */
    case WEFT_LAYER_THRESHOLD:
    case WEFT_LAYER_KIND_COUNT:
        break;
    }
}

typedef struct written {
    char *name; /* of the value */
    size_t rank;
} written;

/* A Gemm takes vectors only: what weft's dense layer does silently becomes a node. Values are named LAYER.out, which no
 * initializer's name ends in. values: [1 + layer_count], of the input and the layers before. */
static void layer_write(weft_onnx_writer *w, int index, written *values) {
    const weft_layer *l = &w->net->layers[index];
    written in = values[l->input + 1];
    bool last = index == w->net->layer_count - 1,
         to_vector = l->kind == WEFT_LAYER_DENSE || l->kind == WEFT_LAYER_FLATTEN;
    char *output = last ? weft_onnx_put_text(w, "logits") : weft_onnx_put_joined(w, l->name, ".out");
    if (l->kind == WEFT_LAYER_DENSE && in.rank == 4) {
        Onnx__NodeProto *node = part_put(w, "Flatten", l, ".flatten", in.name);
        if (!node) return;
        flatten_write(w, node);
        in.name = node->output[0];
    }
    if (l->kind == WEFT_LAYER_QUANTISE)
        quantise_write(w, l, in.name, output);
    else if (l->kind == WEFT_LAYER_THRESHOLD)
        threshold_write(w, l, in.name, output);
    else
        node_write(w, l, in.name, l->kind == WEFT_LAYER_ADD ? values[l->addend + 1].name : NULL, output);
    values[index + 1] = (written){output, to_vector ? 2 : in.rank};
}

void weft_onnx_put_layers(weft_onnx_writer *w, size_t *rank) {
    int count = w->net->layer_count;
    written *values = weft_onnx_take(w, ((size_t)count + 1) * sizeof *values);
    if (!values) return;
    values[0] = (written){weft_onnx_put_text(w, "image"), 4};
    for (int i = 0; i < count && !w->out_of_memory; i++) layer_write(w, i, values);
    *rank = values[count].rank;
}
