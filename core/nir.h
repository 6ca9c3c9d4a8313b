/* Networks in the Neuromorphic Intermediate Representation (Pedersen et al., Nature Communications 2024): HDF5 files.
 *
 * A graph has named nodes, each of a type with parameter arrays, and edges between them; values on an edge are a vector
 * or map a time step, spikes among them. The layout of a file, as the nir package writes and reads it: /version, a
 * string; /node, the outermost graph. A graph is a group with `type` "NIRGraph", `nodes`, a group of groups named after
 * the nodes, and `edges`, [n, 2] names; a node is a group with `type` and one dataset a parameter. Strings are UTF-8 of
 * variable length.
 *
 * Parameters, with their dimensions; those in brackets may be missing:
 *   Input, Output            shape
 *   Affine                   weight [..., out, in], bias [..., out]
 *   Linear                   weight [..., out, in]
 *   Scale                    scale
 *   Conv1d                   weight [out, in / groups, x], bias [out], stride, padding, dilation, groups, (input_shape)
 *   Conv2d                   weight [out, in / groups, y, x] and the same
 *   SumPool2d, AvgPool2d     kernel_size [2], stride [2], padding [2]; a mean counts the padding
 *   Flatten                  start_dim, end_dim (-1: the last), (input_type)
 *   I                        r
 *   IF                       r, v_threshold, (v_reset)
 *   LI                       tau, r, v_leak
 *   LIF                      tau, r, v_leak, v_threshold, (v_reset)
 *   CubaLI                   tau_syn, tau_mem, r, v_leak, (w_in)
 *   CubaLIF                  tau_syn, tau_mem, r, v_leak, v_threshold, (v_reset), (w_in)
 *   Threshold                threshold
 *   Delay                    delay, s
 *   NIRGraph                 nodes and edges
 * Missing v_reset is 0 and missing w_in 1. Those of neurons are of one shape, that of the neurons; a single value
 * stands for all. padding may be "same" or "valid". Shapes have no batch dimension.
 *
 * Not thread-safe where libhdf5 is not. */
#ifndef WEFT_CORE_NIR_H
#define WEFT_CORE_NIR_H

#include <stdint.h>

#include "core/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_NIR_RANK_MAX 8
#define WEFT_NIR_DEPTH_MAX 16                /* graphs in graphs, the outermost one among them */
#define WEFT_NIR_NODES_MAX 16384             /* of all graphs of a file */
#define WEFT_NIR_EDGES_MAX (1 << 20)         /* of one graph */
#define WEFT_NIR_VALUES_MAX (1 << 27)        /* of all parameters of a file; also of one shape */
#define WEFT_NIR_NAME_MAX 255                /* bytes of a name */
#define WEFT_NIR_BYTES_MAX ((size_t)1 << 30) /* of a file */

typedef enum weft_nir_type {
    WEFT_NIR_INPUT,
    WEFT_NIR_OUTPUT,
    WEFT_NIR_AFFINE,
    WEFT_NIR_LINEAR,
    WEFT_NIR_SCALE,
    WEFT_NIR_CONV1D,
    WEFT_NIR_CONV2D,
    WEFT_NIR_SUM_POOL2D,
    WEFT_NIR_AVG_POOL2D,
    WEFT_NIR_FLATTEN,
    WEFT_NIR_I,
    WEFT_NIR_IF,
    WEFT_NIR_LI,
    WEFT_NIR_LIF,
    WEFT_NIR_CUBA_LI,
    WEFT_NIR_CUBA_LIF,
    WEFT_NIR_THRESHOLD,
    WEFT_NIR_DELAY,
    WEFT_NIR_GRAPH,
    WEFT_NIR_TYPE_COUNT
} weft_nir_type;
extern const char *const weft_nir_type_names[]; /* "Input", "Output", ... as in files; NULL-terminated */

typedef enum weft_nir_dtype { WEFT_NIR_FLOAT32, WEFT_NIR_FLOAT64, WEFT_NIR_INT64, WEFT_NIR_TEXT } weft_nir_dtype;

typedef struct weft_nir_shape {
    int rank; /* 0: one number */
    int size[WEFT_NIR_RANK_MAX];
} weft_nir_shape;

/* A parameter of a node. */
typedef struct weft_nir_value {
    const char *name; /* NULL where the node has none */
    weft_nir_dtype dtype;
    weft_nir_shape shape;
    size_t count;
    double *values;   /* [count] row-major, finite; NULL for TEXT */
    const char *text; /* TEXT */
} weft_nir_value;

typedef struct weft_nir_node {
    const char *name; /* unique in its graph, without '/' */
    weft_nir_type type;
    int value_count;
    weft_nir_value *values;       /* [value_count] in the order of the type's parameters */
    struct weft_nir_graph *graph; /* NIRGraph */
} weft_nir_node;

typedef struct weft_nir_edge {
    int from, to; /* nodes of the graph */
} weft_nir_edge;

typedef struct weft_nir_graph {
    int node_count, node_room;
    weft_nir_node *nodes; /* of a file: by ascending name */
    int edge_count, edge_room;
    weft_nir_edge *edges; /* of a file: in its order */
} weft_nir_graph;

typedef struct weft_nir {
    weft_arena *arena; /* owns everything */
    const char *version;
    weft_nir_graph *graph;
} weft_nir;

/* Errors name the file and the place in it ("net.nir: /node/nodes/lif/tau: ..."), which h5dump -d takes. IO; PARSE: not
 * HDF5, truncated, not this layout, more values than the file can hold; UNSUPPORTED: a type, parameter or HDF5 feature
 * that is not known (links to other places or files, filters but deflate, shuffle and Fletcher-32, texts in
 * chunks); INVALID: a
 * parameter is missing, of the wrong shape or not finite, an edge without its node or twice, a graph that contains
 * itself, a limit above; MEMORY. Groups `metadata` are left out. Takes at most 8 bytes a value, WEFT_NIR_VALUES_MAX,
 * and some 1,000 bytes a node, besides the file. */
weft_status weft_nir_read(weft_nir **out, const char *path, weft_error *err);
weft_status weft_nir_parse(weft_nir **out, const void *data, size_t size, const char *file, weft_error *err);
/* Checks like reading, then writes; what is read back is equal. */
weft_status weft_nir_write(const weft_nir *nir, const char *path, weft_error *err);
/* The bytes of the file, for free(). */
weft_status weft_nir_pack(uint8_t **out, size_t *size, const weft_nir *nir, weft_error *err);

/* An empty graph. */
weft_status weft_nir_create(weft_nir **out, weft_error *err);
void weft_nir_destroy(weft_nir *nir); /* NULL is allowed */
/* Appends a node without parameters to a graph of nir; *node (may be NULL) is valid until the next one is added. A
 * NIRGraph has an empty graph. INVALID: the name; MEMORY. */
weft_status weft_nir_add(weft_nir *nir, weft_nir_graph *graph, weft_nir_type type, const char *name,
                         weft_nir_node **node, weft_error *err);
/* Sets a parameter of the type; values are copied, rounded to dtype. INVALID: no such parameter, a value that is not
 * finite, a shape beyond the limits; MEMORY. */
weft_status weft_nir_set(weft_nir *nir, weft_nir_node *node, const char *name, weft_nir_dtype dtype,
                         const weft_nir_shape *shape, const double *values, weft_error *err);
weft_status weft_nir_set_text(weft_nir *nir, weft_nir_node *node, const char *name, const char *text, weft_error *err);
/* INVALID where a name is no node's. */
weft_status weft_nir_connect(weft_nir *nir, weft_nir_graph *graph, const char *from, const char *to, weft_error *err);
/* Index of a node or -1. */
int weft_nir_find(const weft_nir_graph *graph, const char *name);
/* A parameter or NULL where the node has none of that name. */
const weft_nir_value *weft_nir_get(const weft_nir_node *node, const char *name);
/* Parameters, limits, edges; errors as of reading, file may be NULL. */
weft_status weft_nir_check(const weft_nir *nir, const char *file, weft_error *err);
/* The same version, nodes (in any order), parameters with their types, and edges in their order. */
bool weft_nir_equal(const weft_nir *a, const weft_nir *b);

/* Replaces graphs in graphs by their nodes, named GRAPH.NODE; their Inputs and Outputs by edges. Needs a checked one.
 * INVALID: an edge to a graph that has not one Input, or from one that has not one Output; a name twice; a limit. */
weft_status weft_nir_flatten(weft_nir *nir, const char *file, weft_error *err);

/* Values that go in and out of each node. */
typedef struct weft_nir_shapes {
    weft_nir_shape *in, *out; /* [node_count]; of an Input and an Output both the same */
} weft_nir_shapes;
/* Of a checked, flattened graph. Shapes agree when they do without their dimensions of 1. INVALID: they do not, a
 * kernel that is larger than its map, a shape that nothing tells; the edge or node is named. */
weft_status weft_nir_shapes_find(weft_nir_shapes *out, const weft_nir_graph *graph, const char *file, weft_error *err);
void weft_nir_shapes_free(weft_nir_shapes *shapes); /* a zeroed one is allowed */

size_t weft_nir_shape_size(const weft_nir_shape *shape);
/* "[2, 34, 34]"; cut where it does not fit. */
void weft_nir_shape_text(char *out, size_t out_size, const weft_nir_shape *shape);

#ifdef __cplusplus
}
#endif
#endif
