/* Shared by core/snn_network*.c: layers become nodes of a graph. */
#ifndef WEFT_CORE_SNN_NETWORK_INTERNAL_H
#define WEFT_CORE_SNN_NETWORK_INTERNAL_H

#include "core/snn_network.h"

typedef struct weft_snn_draft {
    const weft_network *net;
    weft_nir *nir;
    double dt;
    weft_error *err;
} weft_snn_draft;

/* UNSUPPORTED at a layer. */
weft_status weft_snn_refuse(const weft_snn_draft *d, int layer, const char *format, ...) WEFT_PRINTF(3, 4);
weft_status weft_snn_draft_memory(const weft_snn_draft *d);

/* Each of the following appends nodes behind node `from` (-1: none) of the graph; *at is the last one. `suffix` goes
 * behind the layer's name. Weights and biases are of a layer's channels; bias NULL: zeros. */
weft_status weft_snn_draft_add(const weft_snn_draft *d, weft_nir_type type, int layer, const char *suffix, int from,
                               int *at);
weft_status weft_snn_draft_edge(const weft_snn_draft *d, int from, int to);
weft_status weft_snn_draft_set(const weft_snn_draft *d, int node, const char *name, const weft_nir_shape *shape,
                               const double *values);
weft_status weft_snn_draft_set_one(const weft_snn_draft *d, int node, const char *name, double value);
/* The same value for all neurons of a shape. */
weft_status weft_snn_draft_set_all(const weft_snn_draft *d, int node, const char *name, const weft_nir_shape *shape,
                                   double value);
weft_nir_shape weft_snn_draft_shape(weft_shape shape);
/* An Input or Output of that shape; name NULL: "input" or "output", with underscores where a node has it. */
weft_status weft_snn_draft_end(const weft_snn_draft *d, weft_nir_type type, const char *name, weft_shape shape,
                               int from, int *at);
/* weight [out channels, in channels / groups, kernel_h, kernel_w] of a CONV, [out, in] of a DENSE layer. */
weft_status weft_snn_draft_matrix(const weft_snn_draft *d, int layer, const double *weight, const double *bias,
                                  int from, int *at);
/* Every channel by itself, all taps of one weight: AVERAGE_POOL, MAX_POOL and PAD. */
weft_status weft_snn_draft_pool(const weft_snn_draft *d, int layer, double weight, int from, int *at);
/* AVERAGE_POOL of which all padding counts, as NIR's own where its padding allows. */
weft_status weft_snn_draft_average(const weft_snn_draft *d, int layer, int from, int *at);
/* The network's input behind its preprocessing, from pixels of 0 to 1: a convolution of 1 x 1, so that what pads the
 * layers behind it stays 0; *at = from where they are the same. UNSUPPORTED: GCN and ZCA. */
weft_status weft_snn_draft_pixels(const weft_snn_draft *d, int from, int *at);
/* CHANNEL_SHUFFLE, which NIR does not know: weights that are a permutation. */
weft_status weft_snn_draft_shuffle(const weft_snn_draft *d, int layer, int from, int *at);
weft_status weft_snn_draft_flatten(const weft_snn_draft *d, int layer, int from, int *at);
/* delay above 0, in s. */
weft_status weft_snn_draft_delay(const weft_snn_draft *d, int layer, double delay, int from, int *at);

/* Fills coding->layers. nodes [layer_count]: that became populations, else -1. */
weft_status weft_snn_coding_layers(weft_snn_coding *coding, const weft_snn *snn, const weft_snn_draft *d,
                                   const int *nodes);
/* What a conversion that failed had made. */
void weft_snn_failed(weft_snn **snn, weft_snn_coding *coding);
/* A class a neuron. */
weft_status weft_snn_coding_plain(weft_snn_coding *coding, const weft_snn_draft *d, int size);

/* ---- binary networks ---- */

enum { WEFT_SNN_PATH_MAX = 64 };
/* The layers between two that put out spikes, in the order of the network. */
typedef struct weft_snn_path {
    int source, target; /* target: the network's last layer for votes */
    int count, layers[WEFT_SNN_PATH_MAX];
    int matrix;  /* the CONV or DENSE layer, -1: none */
    int shuffle; /* a CHANNEL_SHUFFLE that no CONV or DENSE layer is known behind, -1: none */
} weft_snn_path;

/* What a population's channels are: fires where the sum of spikes, each times its weight's sign and negated where
 * `negated`, is at least `least`. */
typedef struct weft_snn_unit {
    int least;
    bool negated;
} weft_snn_unit;
/* units [out channels of the path's target, a THRESHOLD layer]. */
weft_status weft_snn_units_find(const weft_snn_draft *d, const weft_snn_path *path, weft_snn_unit *units);

/* What becomes of a layer. */
typedef enum weft_snn_role {
    WEFT_SNN_HOST,   /* hangs on the image by other ways than spikes */
    WEFT_SNN_LINEAR, /* between spikes */
    WEFT_SNN_SPIKES  /* a population, the first THRESHOLD layer as Input */
} weft_snn_role;

typedef struct weft_snn_binary {
    weft_snn_draft draft;
    weft_snn_role *roles; /* [layer_count] */
    char *needed;         /* [layer_count] the output hangs on it, by spikes */
    int *nodes;           /* [layer_count] node of a population, else -1 */
    int *depth;           /* [layer_count] populations before it */
    int input;            /* the first THRESHOLD layer */
    int delay;
} weft_snn_binary;
static inline const weft_layer *weft_snn_layer(const weft_snn_binary *b, int layer) {
    return &b->draft.net->layers[layer];
}
/* Fills roles, needed and input. */
weft_status weft_snn_binary_roles(weft_snn_binary *b);
/* From layer `last`, which is the target or in front of it, up to one with spikes. */
weft_status weft_snn_path_find(const weft_snn_binary *b, int target, int last, weft_snn_path *path);
/* Sums of spikes as the units want them, or with units NULL the values that the layers make; the last node is *at. */
weft_status weft_snn_path_add(const weft_snn_draft *d, const weft_snn_path *path, const weft_snn_unit *units, int from,
                              int *at);
/* Fills votes, classes and class_of for the votes behind b's last population; *source is its layer. */
weft_status weft_snn_votes_find(const weft_snn_binary *b, weft_snn_coding *coding, int *source);

#endif
