/* Parts of the ONNX reader and writer. Private to onnx_*.c.
 *
 * Reading: bytes -> (onnx_wire.c) message -> (onnx_graph.c) index of constants and uses, each node checked on its own
 * -> (onnx_walk.c) walk, producers first -> (onnx_import.c) one layer a node, or a few nodes (onnx_levels.c). */
#ifndef WEFT_CORE_ONNX_INTERNAL_H
#define WEFT_CORE_ONNX_INTERNAL_H

#include <onnx/onnx.pb-c.h>

#include "core/onnx.h"

#define WEFT_ONNX_KEY_PREPROCESS "weft.preprocess" /* see onnx.h */
#define WEFT_ONNX_KEY_RANGE "weft.range."          /* + layer name: "min max" */

#define WEFT_ONNX_PREPROCESS_SIZE 320
/* Value of WEFT_ONNX_KEY_PREPROCESS, at most WEFT_ONNX_PREPROCESS_SIZE bytes; parse reads back what format writes.
 * INVALID, naming the file. */
void weft_onnx_preprocess_format(const weft_preprocess *p, char *out, size_t size);
weft_status weft_onnx_preprocess_parse(weft_preprocess *out, const char *text, int channels, const char *file,
                                       weft_error *err);

/* Unpacks a model after a check of the wire bytes (nesting, number of fields), so that hostile bytes can neither
 * overflow the stack nor fill the memory. PARSE. Free with onnx__model_proto__free_unpacked(model, NULL). */
weft_status weft_onnx_unpack(Onnx__ModelProto **out, const void *data, size_t size, const char *file, weft_error *err);

/* A name and what it stands for; arrays of these are sorted by name. */
typedef struct weft_onnx_named {
    const char *name;
    const Onnx__TensorProto *tensor; /* constants */
    int node;                        /* uses and definitions: index of the node, -1 for the graph itself */
} weft_onnx_named;
typedef struct weft_onnx_index {
    size_t count;
    weft_onnx_named *items;
} weft_onnx_index;

typedef struct weft_onnx_graph {
    const Onnx__GraphProto *proto;
    const char *file;          /* for messages, may be NULL */
    weft_onnx_index constants; /* initialisers and outputs of Constant nodes */
    weft_onnx_index values;    /* everything defined: input, initialisers, outputs of nodes */
    weft_onnx_index uses;      /* activations used by nodes */
    weft_onnx_index latents;   /* training_info[0].algorithm initialisers */
    weft_onnx_index names;     /* of nodes, to see which are unique */
    const char *input, *output;
    weft_shape input_shape;
    int input_rank;      /* 2 or 4 */
    int64_t input_batch; /* 0 when symbolic */
} weft_onnx_graph;

/* Indexes and checks everything that can be said without shapes. The model must outlive *graph. */
weft_status weft_onnx_graph_open(weft_onnx_graph *graph, const Onnx__ModelProto *model, const char *file,
                                 weft_error *err);
void weft_onnx_graph_close(weft_onnx_graph *graph);

/* First of the entries with this name, NULL when none; *count (may be NULL): 0, 1, or 2 for two or more. */
const weft_onnx_named *weft_onnx_find(const weft_onnx_index *index, const char *name, size_t *count);
/* Constant of that name, NULL when there is none. */
const Onnx__TensorProto *weft_onnx_constant(const weft_onnx_graph *graph, const char *name);

/* One node, as handed to the importer. */
typedef struct weft_onnx_node {
    const weft_onnx_graph *graph;
    const Onnx__NodeProto *proto;
    int index;
} weft_onnx_node;

/* Protobuf strings may be absent. */
static inline const char *weft_onnx_text(const char *s) { return s ? s : ""; }
/* Name of input `slot`, "" when absent. */
const char *weft_onnx_input(const weft_onnx_node *node, size_t slot);
/* What the node is called: its name when unique, else its output's, else "#index". buffer holds "#index". */
const char *weft_onnx_node_name(const weft_onnx_node *node, char buffer[16]);
/* 'node "NAME" (OPERATOR): ...', control characters of a hostile file replaced. */
weft_status weft_onnx_fail(const weft_onnx_node *node, weft_status status, weft_error *err, const char *format, ...)
    WEFT_PRINTF(4, 5);

/* ---- attributes: value or default; INVALID for a wrong type or a value out of [min, max] ---- */
weft_status weft_onnx_int(const weft_onnx_node *node, const char *name, int64_t fallback, int64_t min, int64_t max,
                          int64_t *out, weft_error *err);
weft_status weft_onnx_float(const weft_onnx_node *node, const char *name, float fallback, float *out, weft_error *err);
/* Exactly `count` numbers; *present says whether the attribute is there (out is untouched when not). */
weft_status weft_onnx_ints(const weft_onnx_node *node, const char *name, size_t count, int64_t min, int64_t max,
                           int *out, bool *present, weft_error *err);
/* Text into out[size]; fallback when absent. */
weft_status weft_onnx_string(const weft_onnx_node *node, const char *name, const char *fallback, char *out, size_t size,
                             weft_error *err);

/* ---- tensors ---- */
/* float32, stored here, as many values as the extents say, all finite. *count: values. */
weft_status weft_onnx_tensor_check(const weft_onnx_node *node, const Onnx__TensorProto *tensor, size_t *count,
                                   weft_error *err);
/* Value i of a checked tensor. */
float weft_onnx_tensor_at(const Onnx__TensorProto *tensor, size_t i);
/* The only value of a float32 tensor; UNSUPPORTED when there are more. */
weft_status weft_onnx_tensor_scalar(const weft_onnx_node *node, const Onnx__TensorProto *tensor, float *out,
                                    weft_error *err);
/* A single 0 of type int8 or uint8, else UNSUPPORTED. */
weft_status weft_onnx_tensor_zero(const weft_onnx_node *node, const Onnx__TensorProto *tensor, bool *is_signed,
                                  weft_error *err);
/* A list of at most max int64; *count of them. */
weft_status weft_onnx_tensor_ints(const weft_onnx_node *node, const Onnx__TensorProto *tensor, int64_t *out, size_t max,
                                  size_t *count, weft_error *err);

/* ---- operators ---- */

/* What a value between nodes is. Only numbers are outputs of layers: the others lie inside of QUANTISE and THRESHOLD.
 */
typedef enum weft_onnx_form {
    WEFT_ONNX_NUMBER,
    WEFT_ONNX_CLIPPED,    /* by a Clip whose only user is a QuantizeLinear */
    WEFT_ONNX_INTEGER,    /* of a QuantizeLinear */
    WEFT_ONNX_ABOVE,      /* truth values of a GreaterOrEqual */
    WEFT_ONNX_BELOW,      /* truth values of a LessOrEqual */
    WEFT_ONNX_UP_SPIKES,  /* ABOVE as numbers, to subtract from */
    WEFT_ONNX_DOWN_SPIKES /* BELOW as numbers, to subtract */
} weft_onnx_form;

typedef struct weft_onnx_value {
    weft_onnx_form form;
    int layer;       /* that it is the output of, -1 for the network's input; other forms: that they were made from */
    int rank;        /* 4 (feature map) or 2 (vector) */
    bool matmul;     /* of a layer that an Add of a constant may give its bias */
    float low, high; /* CLIPPED, INTEGER */
    float scale;     /* INTEGER */
    float threshold; /* ABOVE to DOWN_SPIKES: above 0 */
} weft_onnx_value;

typedef struct weft_onnx_importer {
    weft_network *net;
    const weft_onnx_value *in[2]; /* activations of the node, NULL where there are fewer */
    weft_onnx_value out;          /* its output; at first a copy of in[0] */
} weft_onnx_importer;

/* What can be said about a node alone: operator, domain, attributes, number of inputs, which inputs are constants.
 * *slots: inputs that carry activations, -1 after the last; none for a Constant. */
typedef struct weft_onnx_slots {
    int slot[2];
} weft_onnx_slots;
weft_status weft_onnx_operator_check(const weft_onnx_node *node, weft_onnx_slots *slots, weft_error *err);
/* The same of a node that was found good. */
weft_onnx_slots weft_onnx_data_slots(const weft_onnx_node *node);
/* Appends the node's layer (or none) to importer->net and fills importer->out. */
weft_status weft_onnx_import(weft_onnx_importer *importer, const weft_onnx_node *node, weft_error *err);
/* Imports all nodes of the graph. */
weft_status weft_onnx_walk(weft_network *net, const weft_onnx_graph *graph, weft_error *err);
/* The node's output has exactly one use, by an operator of that type (any when NULL). */
bool weft_onnx_only_use_is(const weft_onnx_node *node, const char *type);

#endif
