/* Shared by core/snn*.c. */
#ifndef WEFT_CORE_SNN_INTERNAL_H
#define WEFT_CORE_SNN_INTERNAL_H

#include "core/snn.h"
#include "core/snn_matrix.h"

/* A way from a population to a node's output. */
typedef struct weft_snn_chain {
    int source, delay;
    weft_snn_matrix matrix; /* [values of the node, neurons of the source] */
    bool borrowed;          /* the matrix is another's */
} weft_snn_chain;

/* All that comes to a node, or goes out of it. */
typedef struct weft_snn_flow {
    int chain_count, chain_room;
    weft_snn_chain *chains; /* by source, then delay, each pair once */
    int bias_count;
    weft_snn_bias *biases; /* by delay */
} weft_snn_flow;
void weft_snn_flow_free(weft_snn_flow *flow); /* a zeroed one is allowed */

typedef struct weft_snn_builder {
    const weft_nir_graph *graph;
    weft_nir_shapes shapes;
    weft_nir_links sources;
    const char *file;
    weft_error *err;
    double dt;
    int *population_of;   /* [node_count]: index, or -1 for linear nodes and for Outputs that only mark one */
    weft_snn_flow *flows; /* [node_count]: what linear nodes put out */
    uint64_t budget;      /* entries, rows and columns that matrices may still have */
    weft_snn *snn;
} weft_snn_builder;

weft_status weft_snn_fail(const weft_snn_builder *b, int node, const char *what);
bool weft_snn_is_linear(weft_nir_type type);
/* Fills flows of all linear nodes. */
weft_status weft_snn_compose(weft_snn_builder *b);
/* What comes to a node; free with weft_snn_flow_free before the flows it borrows from. */
weft_status weft_snn_gather(weft_snn_builder *b, int node, weft_snn_flow *out);
/* recurrent, delays of recurrent ones and depths; then populations and projections in their order. */
weft_status weft_snn_order(weft_snn *snn, weft_error *err);

#endif
