/* Layers that are several ONNX nodes, and what they share with those that are one (onnx_nodes.c). */
#include <math.h>
#include <string.h>

#include "core/onnx_build.h"

void weft_onnx_need_opset(weft_onnx_writer *w, int opset) {
    if (w->opset < opset) w->opset = opset;
}

void weft_onnx_put_constant(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l, const char *ending,
                            const int *dims, size_t rank, const float *data) {
    char *name = weft_onnx_put_joined(w, l->name, ending);
    node->input[node->n_input++] = name;
    weft_onnx_put_tensor(w, w->graph, name, dims, rank, data);
}

void weft_onnx_put_list_input(weft_onnx_writer *w, Onnx__NodeProto *node, const char *owner, const char *ending,
                              const int *values, int count) {
    char *name = weft_onnx_put_joined(w, owner, ending);
    node->input[node->n_input++] = name;
    weft_onnx_put_list(w, name, values, count);
}

static void scalar_add(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l, const char *ending,
                       float value) {
    float *copy = weft_onnx_take(w, sizeof *copy);
    if (!copy) return;
    *copy = value;
    weft_onnx_put_constant(w, node, l, ending, NULL, 0, copy);
}

/* "NAME" + ending, with underscores until no layer has that name. */
static char *part_name(weft_onnx_writer *w, const char *name, const char *ending) {
    char *candidate = weft_onnx_put_joined(w, name, ending);
    while (candidate && weft_network_find(w->net, candidate) >= 0) candidate = weft_onnx_put_joined(w, candidate, "_");
    return candidate;
}

Onnx__NodeProto *weft_onnx_put_part(weft_onnx_writer *w, const char *type, const weft_layer *l, const char *ending,
                                    char *input) {
    char *name = part_name(w, l->name, ending);
    return name ? weft_onnx_put_node(w, type, name, input, weft_onnx_put_joined(w, name, ".out")) : NULL;
}

void weft_onnx_put_bounds(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l) {
    scalar_add(w, node, l, ".low", l->low);
    scalar_add(w, node, l, ".high", l->high);
}

/* Type and zero point of the integers: from 0 or symmetric in 8 bits where that is enough, else with a zero point. */
static int integers_choose(weft_onnx_writer *w, const weft_layer *l, int *zero) {
    int below = (int)lround(-(double)l->low / (double)weft_layer_step(l));
    *zero = 0;
    if (below == 0 && l->levels <= UINT8_MAX) return ONNX__TENSOR_PROTO__DATA_TYPE__UINT8;
    if (below == l->levels && below <= INT8_MAX) return ONNX__TENSOR_PROTO__DATA_TYPE__INT8;
    *zero = below;
    if (below + l->levels <= UINT8_MAX) return ONNX__TENSOR_PROTO__DATA_TYPE__UINT8;
    weft_onnx_need_opset(w, 21);
    return ONNX__TENSOR_PROTO__DATA_TYPE__UINT16;
}

void weft_onnx_put_quantise(weft_onnx_writer *w, const weft_layer *l, char *input, char *output) {
    Onnx__NodeProto *clip = weft_onnx_put_part(w, "Clip", l, ".clip", input);
    if (!clip) return;
    weft_onnx_put_bounds(w, clip, l);
    Onnx__NodeProto *to = weft_onnx_put_part(w, "QuantizeLinear", l, ".integer", clip->output[0]);
    if (!to) return;
    Onnx__NodeProto *from = weft_onnx_put_node(w, "DequantizeLinear", l->name, to->output[0], output);
    char *name = weft_onnx_put_joined(w, l->name, ".zero");
    int zero, type = integers_choose(w, l, &zero);
    if (!from || !name) return;
    scalar_add(w, to, l, ".scale", weft_layer_step(l));
    weft_onnx_put_integer(w, name, type, zero);
    if (w->out_of_memory) return;
    to->input[to->n_input++] = name;
    from->input[from->n_input++] = to->input[1];
    from->input[from->n_input++] = name;
}

/* 1 where the input is at least (type GreaterOrEqual) or at most (LessOrEqual) the threshold; NULL when memory is out.
 */
static Onnx__NodeProto *compare_put(weft_onnx_writer *w, const char *type, const weft_layer *l, const char *ending,
                                    float threshold, char *input) {
    Onnx__NodeProto *node = weft_onnx_put_part(w, type, l, ending, input);
    if (!node) return NULL;
    scalar_add(w, node, l, threshold > 0 ? ".threshold" : ".negative", threshold);
    return w->out_of_memory ? NULL : node;
}

static void cast_write(weft_onnx_writer *w, Onnx__NodeProto *node) {
    if (node) weft_onnx_put_int(w, node, "to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
}

void weft_onnx_put_threshold(weft_onnx_writer *w, const weft_layer *l, char *input, char *output) {
    Onnx__NodeProto *above = compare_put(w, "GreaterOrEqual", l, ".above", l->threshold, input);
    if (!above) return;
    if (!l->signed_spikes) {
        cast_write(w, weft_onnx_put_node(w, "Cast", l->name, above->output[0], output));
        return;
    }
    Onnx__NodeProto *up = weft_onnx_put_part(w, "Cast", l, ".up", above->output[0]);
    Onnx__NodeProto *below = compare_put(w, "LessOrEqual", l, ".below", -l->threshold, input);
    Onnx__NodeProto *down = below ? weft_onnx_put_part(w, "Cast", l, ".down", below->output[0]) : NULL;
    cast_write(w, up);
    cast_write(w, down);
    Onnx__NodeProto *node = up && down ? weft_onnx_put_node(w, "Sub", l->name, up->output[0], output) : NULL;
    if (node) node->input[node->n_input++] = down->output[0];
}

void weft_onnx_put_affine(weft_onnx_writer *w, const weft_layer *l, char *input, size_t rank, char *output) {
    const int dims[3] = {l->out.channels, 1, 1};
    Onnx__NodeProto *scale = weft_onnx_put_part(w, "Mul", l, ".scale", input);
    if (!scale) return;
    weft_onnx_put_constant(w, scale, l, ".gamma", dims, rank == 4 ? 3 : 1, l->gamma);
    Onnx__NodeProto *sum = weft_onnx_put_node(w, "Add", l->name, scale->output[0], output);
    if (sum) weft_onnx_put_constant(w, sum, l, ".beta", dims, rank == 4 ? 3 : 1, l->beta);
}

/* Extents of 0 are those of the input: of a batch of any size. */
void weft_onnx_put_shuffle(weft_onnx_writer *w, const weft_layer *l, char *input, size_t rank, char *output) {
    static const int axes[5] = {0, 2, 1, 3, 4};
    const weft_shape s = l->out;
    const int apart[5] = {0, l->groups, s.channels / l->groups, s.height, s.width};
    const int whole[4] = {0, s.channels, s.height, s.width};
    Onnx__NodeProto *split = weft_onnx_put_part(w, "Reshape", l, ".groups", input);
    Onnx__NodeProto *swap = split ? weft_onnx_put_part(w, "Transpose", l, ".spread", split->output[0]) : NULL;
    Onnx__NodeProto *join = swap ? weft_onnx_put_node(w, "Reshape", l->name, swap->output[0], output) : NULL;
    if (!join) return;
    weft_onnx_put_list_input(w, split, l->name, ".apart", apart, (int)rank + 1);
    weft_onnx_put_ints(w, swap, "perm", axes, rank + 1);
    weft_onnx_put_list_input(w, join, l->name, ".whole", whole, (int)rank);
}
