/* What the files that turn nodes into layers share. Private to onnx_*.c. */
#ifndef WEFT_CORE_ONNX_IMPORT_H
#define WEFT_CORE_ONNX_IMPORT_H

#include "core/arena.h"
#include "core/onnx_internal.h"

enum { WEFT_ONNX_EXTENT_MAX = WEFT_NETWORK_WINDOW_MAX }; /* of an attribute: kernel, stride, pad, groups */

/* What a value between nodes is. Only numbers are outputs of layers; the forms behind VIEW lie inside of layers that
 * are several nodes. */
typedef enum weft_onnx_form {
    WEFT_ONNX_CONSTANT,
    WEFT_ONNX_NUMBER,
    WEFT_ONNX_VIEW,        /* numbers in the order of the layer's output, but of other extents */
    WEFT_ONNX_INTEGER,     /* of a QuantizeLinear */
    WEFT_ONNX_ABOVE,       /* truth values of a GreaterOrEqual */
    WEFT_ONNX_BELOW,       /* truth values of a LessOrEqual */
    WEFT_ONNX_UP_SPIKES,   /* ABOVE as numbers, to subtract from */
    WEFT_ONNX_DOWN_SPIKES, /* BELOW as numbers, to subtract */
    WEFT_ONNX_SIX_SWISH,   /* x * min(max(x + 3, 0), 6): six times a HARD_SWISH */
    WEFT_ONNX_SPREAD       /* [batch, C / groups, groups, ...]: transposed runs of channels, on the way to a shuffle */
} weft_onnx_form;

typedef struct weft_onnx_value {
    weft_onnx_form form;
    const Onnx__TensorProto *tensor; /* CONSTANT */
    int layer;                       /* that it is the output of, -1 for the network's input; forms behind VIEW: that
                                        they were made from */
    int rank;                        /* 4 (feature map) or 2 (vector) */
    int extent[WEFT_ONNX_RANK_MAX];  /* VIEW, SPREAD: all `rank` of them, the batch first */
    bool single_use, matmul;         /* one node uses it; it is a product that an Add of a constant may give its bias */
    /* INTEGER: scale, zero point, range of the integers; layer of the DequantizeLinear that came first, else -1 */
    float scale;
    int type, zero, lowest, highest, quantised;
    float threshold; /* ABOVE to DOWN_SPIKES: above 0 */
} weft_onnx_value;

typedef struct weft_onnx_importer {
    weft_network *net;
    const weft_onnx_graph *graph;
    weft_arena *arena;       /* of folded constants */
    uint64_t values_left;    /* that weights and folded constants may still take */
    weft_onnx_value **input; /* [input_count] one a slot; NULL where absent */
    size_t input_count;
    weft_onnx_value out; /* the node's output; at first a copy of input[0] */
} weft_onnx_importer;

/* Makes importer->out of importer->input: appends the node's layer (or several, or none) to importer->net. */
weft_status weft_onnx_import(weft_onnx_importer *importer, const weft_onnx_node *node, weft_error *err);

/* Constant in an input slot, NULL when the slot is empty (or not constant). */
const Onnx__TensorProto *weft_onnx_constant(const weft_onnx_importer *im, size_t slot);
/* The same, of real numbers, with their number. */
weft_status weft_onnx_reals(const weft_onnx_importer *im, const weft_onnx_node *node, size_t slot,
                            const Onnx__TensorProto **tensor, size_t *count, weft_error *err);
/* Takes that many values from values_left. */
weft_status weft_onnx_spend(weft_onnx_importer *im, const weft_onnx_node *node, uint64_t values, weft_error *err);
/* Appends a layer after input[0], named after the node, whose output becomes the node's; *layer (may be NULL) is valid
 * until the next one. */
weft_status weft_onnx_layer_add(weft_onnx_importer *im, const weft_onnx_node *node, const weft_layer *proto,
                                bool with_bias, weft_layer **layer, weft_error *err);
/* The same after any value, named after the node and `ending` (NULL: the node alone). */
weft_status weft_onnx_layer_after(weft_onnx_importer *im, const weft_onnx_node *node, const weft_onnx_value *input,
                                  const char *ending, const weft_layer *proto, bool with_bias, weft_layer **layer,
                                  weft_error *err);
/* Shape of a value's layer. */
weft_shape weft_onnx_shape(const weft_onnx_importer *im, const weft_onnx_value *value);
/* Extents of a NUMBER, VIEW or SPREAD, the batch first. */
void weft_onnx_extents(const weft_onnx_importer *im, const weft_onnx_value *value, int64_t out[WEFT_ONNX_RANK_MAX]);
/* INVALID unless the first activation is a feature map. */
weft_status weft_onnx_need_map(const weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
/* out[n] = scale * tensor, one value a channel: extents [n] or [1, n], or a single value for all when broadcast. */
weft_status weft_onnx_vector_copy(const weft_onnx_node *node, const Onnx__TensorProto *t, size_t count, bool broadcast,
                                  float scale, float *out, size_t n, weft_error *err);
/* Window attributes. fallback: what kernel_shape defaults to, {0, 0} when it must be given. */
weft_status weft_onnx_window_read(const weft_onnx_node *node, weft_shape in, const int fallback[2], weft_window *w,
                                  weft_error *err);
/* Axes as the attribute or the constant in `slot`, each made non-negative for `rank`; *count is -1 when absent. */
weft_status weft_onnx_axes(const weft_onnx_importer *im, const weft_onnx_node *node, size_t slot, int rank,
                           int64_t out[WEFT_ONNX_RANK_MAX], int *count, weft_error *err);
/* A layer that reads both inputs. */
weft_status weft_onnx_join(weft_onnx_importer *im, const weft_onnx_node *node, weft_layer_kind kind, weft_error *err);

/* ---- folding (onnx_fold*.c) ---- */

/* A new constant of the arena, zeroed: type FLOAT or INT64 (or the 8 and 16 bit integers, for weights). INVALID when
 * values_left is too small. */
weft_status weft_onnx_tensor_new(weft_onnx_importer *im, const weft_onnx_node *node, int type, int rank,
                                 const int64_t *extent, Onnx__TensorProto **out, size_t *count, weft_error *err);
void weft_onnx_tensor_set_real(Onnx__TensorProto *t, size_t i, double value);
void weft_onnx_tensor_set_integer(Onnx__TensorProto *t, size_t i, int64_t value);
/* The node's output is this constant. */
void weft_onnx_out_constant(weft_onnx_importer *im, const Onnx__TensorProto *tensor);

typedef weft_status weft_onnx_function(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
/* Of constants only. */
weft_onnx_function weft_onnx_fold_arithmetic, weft_onnx_fold_cast, weft_onnx_fold_concat, weft_onnx_fold_constant,
    weft_onnx_fold_constant_of_shape, weft_onnx_fold_dequantize, weft_onnx_fold_gather, weft_onnx_fold_identity,
    weft_onnx_fold_quantize, weft_onnx_fold_reshape, weft_onnx_fold_shape, weft_onnx_fold_slice, weft_onnx_fold_squeeze,
    weft_onnx_fold_transpose, weft_onnx_fold_unsqueeze;
/* New extents of a Reshape, Squeeze or Unsqueeze of a value with these. */
weft_status weft_onnx_reshaped(const weft_onnx_importer *im, const weft_onnx_node *node, int rank,
                               const int64_t *extent, int *new_rank, int64_t *new_extent, weft_error *err);

/* One function an operator with activations. */
weft_onnx_function weft_onnx_run_add, weft_onnx_run_average_pool, weft_onnx_run_batch_norm, weft_onnx_run_cast,
    weft_onnx_run_clip, weft_onnx_run_concat, weft_onnx_run_conv, weft_onnx_run_dequantize, weft_onnx_run_div,
    weft_onnx_run_dropout, weft_onnx_run_flatten, weft_onnx_run_gemm, weft_onnx_run_global_average_pool,
    weft_onnx_run_global_max_pool, weft_onnx_run_greater, weft_onnx_run_hard_sigmoid, weft_onnx_run_hard_swish,
    weft_onnx_run_identity, weft_onnx_run_leaky_relu, weft_onnx_run_less, weft_onnx_run_matmul, weft_onnx_run_max_pool,
    weft_onnx_run_mul, weft_onnx_run_pad, weft_onnx_run_prelu, weft_onnx_run_quantize, weft_onnx_run_reduce_mean,
    weft_onnx_run_relu, weft_onnx_run_reshape, weft_onnx_run_shape, weft_onnx_run_sigmoid, weft_onnx_run_softmax,
    weft_onnx_run_sub, weft_onnx_run_sum, weft_onnx_run_tanh, weft_onnx_run_transpose;

#endif
