/* A network as weft sees it: layers in topological order, each a named operation on the outputs of earlier ones. Read
 * from and written to ONNX (onnx.h); trained by trainer/, lowered by lowering.h, mapped and simulated from there.
 *
 * Two sets of weights: `weight` is what the file's graph computes with, the deployed weights (Sign(W) for a net trained
 * with the sign projection); `latent` is W, what the optimiser keeps and every transform T of paper.md is applied to.
 * They are the same array's values where no projection is used. */
#ifndef WEFT_CORE_NETWORK_H
#define WEFT_CORE_NETWORK_H

#include <stdint.h>

#include "core/file.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_layer_kind {
    WEFT_LAYER_CONV,       /* weight [out_channels, in_channels / groups, kernel_h, kernel_w] */
    WEFT_LAYER_DENSE,      /* weight [out_features, in_features]; input is flattened in (c, h, w) order */
    WEFT_LAYER_BATCH_NORM, /* gamma, beta, mean, variance [channels] */
    WEFT_LAYER_RELU,
    WEFT_LAYER_MAX_POOL,
    WEFT_LAYER_AVERAGE_POOL, /* padding counts in the divisor only when count_include_pad */
    WEFT_LAYER_FLATTEN,      /* (c, h, w) -> (c*h*w, 1, 1) */
    WEFT_LAYER_ADD,          /* input + input2, of one shape: a residual connection */
    WEFT_LAYER_CONCAT,       /* channels of input, then those of input2, of one height and width */
    WEFT_LAYER_CLIP,         /* min(max(x, low), high) */
    /* step * round(x / step), ties to even, clipped to [low, high]; low and high are whole multiples of step = high /
     * levels, low at most 0: what a QuantizeLinear and a DequantizeLinear do */
    WEFT_LAYER_QUANTISE,
    WEFT_LAYER_THRESHOLD,    /* spikes: 1 where x >= threshold; -1 where x <= -threshold and signed_spikes; else 0 */
    WEFT_LAYER_LEAKY_RELU,   /* x where x >= 0, else slope * x */
    WEFT_LAYER_SIGMOID,      /* 1 / (1 + exp(-x)) */
    WEFT_LAYER_HARD_SIGMOID, /* min(max(slope * x + offset, 0), 1) */
    WEFT_LAYER_HARD_SWISH,   /* x * min(max(x / 6 + 0.5, 0), 1) */
    WEFT_LAYER_TANH,
    WEFT_LAYER_AFFINE,  /* gamma[c] * x + beta[c]: constants of the network, never re-estimated */
    WEFT_LAYER_PAD,     /* zeros around the map: window.pad_* */
    WEFT_LAYER_SOFTMAX, /* over the channels of every position */
    /* channel j * groups + g is what was channel g * channels / groups + j: each of `groups` runs of channels is spread
     * over all; the values do not change (Zhang et al. 2018, ShuffleNet) */
    WEFT_LAYER_CHANNEL_SHUFFLE,
    WEFT_LAYER_KIND_COUNT
} weft_layer_kind;
extern const char *const weft_layer_kind_names[]; /* "conv", "dense", "batch_norm", ... NULL-terminated */

typedef struct weft_shape {
    int channels, height, width; /* height = width = 1 for a vector */
} weft_shape;
static inline size_t weft_shape_size(weft_shape s) { return (size_t)s.channels * (size_t)s.height * (size_t)s.width; }

/* Window of a convolution or a pooling. */
typedef struct weft_window {
    int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    int pad_top, pad_left, pad_bottom, pad_right;
} weft_window;

typedef struct weft_layer {
    char *name; /* unique, non-empty */
    weft_layer_kind kind;
    int input;  /* index of the producing layer, -1 for the network's input */
    int input2; /* ADD, CONCAT: the other producer, likewise */
    weft_shape in, out;
    weft_window window; /* CONV, pools, PAD */
    int groups;         /* CONV, CHANNEL_SHUFFLE */
    bool count_include_pad;
    size_t weight_count;
    float *weight; /* CONV, DENSE: deployed weights */
    float *latent; /* CONV, DENSE: W; NULL when the same as weight */
    float *bias;   /* CONV, DENSE: [out channels or features], NULL when absent. Never projected, never distorted */
    float *gamma, *beta, *mean, *variance; /* BATCH_NORM: [channels]; AFFINE: the first two */
    float epsilon;                         /* BATCH_NORM */
    float low, high;                       /* CLIP, QUANTISE */
    int levels;                            /* QUANTISE: steps from 0 to high, 1 to 65535 */
    float slope, offset;                   /* LEAKY_RELU, HARD_SIGMOID */
    float threshold;                       /* THRESHOLD, above 0 */
    bool signed_spikes;                    /* THRESHOLD */
    /* Training only, not in files. frozen: parameters keep their values. surrogate_width: THRESHOLD's gradient is 1
     * within that distance of a threshold and 0 elsewhere (straight-through estimator), or, where surrogate_triangle,
     * falls from 1 at the threshold to 0 there; CLIP's and QUANTISE's is 1 inside [low, high]. */
    bool frozen, surrogate_triangle;
    float surrogate_width;
    /* Largest and smallest input value seen on calibration images; both 0 when unknown. CONV, DENSE. */
    float input_min, input_max;
} weft_layer;

/* How raw pixels become the network's input: x = (pixel / 255 - mean[c]) / std[c], or GCN and ZCA (zca.h). */
typedef struct weft_preprocess {
    int channels; /* 0: x = pixel / 255 */
    float mean[4], std[4];
    bool gcn_zca;         /* instead of all that; needs weft_network_bind */
    double norm, epsilon; /* gcn_zca */
    weft_sha256 fit;      /* gcn_zca: what it was fitted on, weft_zca_key; "" before the first bind */
    struct weft_zca *zca; /* gcn_zca: shared with the network's clones; NULL until bound */
} weft_preprocess;

typedef struct weft_metadata {
    char *key, *value;
} weft_metadata;

typedef struct weft_network {
    char *name;
    weft_shape input;
    int layer_count;
    weft_layer *layers; /* output of the last one is the network's output */
    weft_preprocess preprocess;
    int metadata_count;
    weft_metadata *metadata; /* other facts: projection, recipe, seed ... (ONNX metadata_props `weft.*`) */
    int name_slot_count;     /* hash of the layers' names, network_names.c */
    int *name_slots;
} weft_network;

/* An empty network; MEMORY. */
weft_status weft_network_create(weft_network **out, const char *name, weft_shape input, weft_error *err);
void weft_network_destroy(weft_network *net); /* NULL is allowed */
weft_status weft_network_clone(weft_network **out, const weft_network *net, weft_error *err);
/* Appends a layer after `input` (-1: the network's input) with window, groups, channel counts (out.channels for CONV
 * and DENSE), input2, bounds, levels, slope, offset and threshold set in *proto; fills in, out, weight_count, and
 * allocates zeroed weight (and bias when with_bias, latent never, batch norm arrays with gamma = variance = 1, epsilon
 * from proto). *proto is copied; its pointers are ignored. A stride, dilation or group count of 0 stands for 1. INVALID
 * when shapes do not work out (naming the layer). *index (may be NULL) is the new layer's. All arrays of a layer, a
 * latent set later included, are blocks of weft_aligned_alloc (arena.h). */
weft_status weft_network_add(weft_network *net, const weft_layer *proto, const char *name, int input, bool with_bias,
                             int *index, weft_error *err);
#define WEFT_NETWORK_LAYERS_MAX 16384
/* Index of the layer with that name, -1 when there is none. */
int weft_network_find(const weft_network *net, const char *name);
/* Removes the layers that `last` does not need, so that it becomes the last one; -1: all layers. */
weft_status weft_network_keep(weft_network *net, int last, weft_error *err);
#define WEFT_QUANTISE_LEVELS_MAX 65535    /* from low to high */
#define WEFT_NETWORK_WINDOW_MAX (1 << 20) /* a kernel's extent, a stride, dilation or padding */
#define WEFT_NETWORK_VALUES_MAX (1 << 30) /* values of one feature map or one weight array */
/* Value of a metadata key or NULL. */
const char *weft_network_get(const weft_network *net, const char *key);
weft_status weft_network_set(weft_network *net, const char *key, const char *value, weft_error *err);

/* W: latent where it differs, else weight. */
static inline const float *weft_layer_latent(const weft_layer *l) { return l->latent ? l->latent : l->weight; }
static inline bool weft_layer_has_weights(const weft_layer *l) {
    return l->kind == WEFT_LAYER_CONV || l->kind == WEFT_LAYER_DENSE;
}
/* Every value that the layer puts out is one of its input's, or 0. */
static inline bool weft_layer_moves_values(const weft_layer *l) {
    return l->kind == WEFT_LAYER_FLATTEN || l->kind == WEFT_LAYER_MAX_POOL || l->kind == WEFT_LAYER_PAD ||
           l->kind == WEFT_LAYER_CHANNEL_SHUFFLE;
}
/* input2 is a producer. */
static inline bool weft_layer_has_input2(const weft_layer *l) {
    return l->kind == WEFT_LAYER_ADD || l->kind == WEFT_LAYER_CONCAT;
}
/* Whether the layer reads what layer `producer` (-1: the network's input) puts out. */
static inline bool weft_layer_reads(const weft_layer *l, int producer) {
    return l->input == producer || (weft_layer_has_input2(l) && l->input2 == producer);
}
/* QUANTISE: distance of two values. */
static inline float weft_layer_step(const weft_layer *l) { return l->high / (float)l->levels; }
/* Number of multiply-accumulates of one image. */
uint64_t weft_layer_macs(const weft_layer *layer);
/* Output extent of a window along one axis; <= 0 when the kernel does not fit. */
int weft_window_extent(int in, int kernel, int stride, int dilation, int pad_begin, int pad_end);

/* Replaces weight of every CONV and DENSE layer by chain(W) and drops latent: what a chip would be programmed with.
 * NULL chain: keeps the deployed weights (and drops latent too). */
struct weft_transform_chain;
weft_status weft_network_distort(weft_network *net, const struct weft_transform_chain *chain, uint64_t seed,
                                 uint64_t draw, weft_error *err);
/* out[image, c, h, w] = preprocess(pixels), both NCHW, count images; an image's values do not depend on the others.
 * p->channels is 0 or at least shape.channels (assert). INVALID: gcn_zca that is not bound, or was to images of another
 * size; MEMORY. */
weft_status weft_preprocess_apply(const weft_preprocess *p, weft_shape shape, const uint8_t *pixels, size_t count,
                                  float *out, weft_error *err);
/* Makes the preprocessing usable on images of the set whose training images are `train`: fits the ZCA or takes it from
 * the cache (weft_zca_open). Does nothing where there is none or it is there already. INVALID when the network was
 * trained on other images. */
struct weft_dataset;
weft_status weft_network_bind(weft_network *net, const struct weft_dataset *train, weft_error *err);
/* The same with the training images of a data set by name, opened only when they are needed. */
weft_status weft_network_bind_named(weft_network *net, const char *dataset, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
