/* Parts of the ONNX reader and writer. Private to onnx_*.c.
 *
 * Reading: bytes -> (onnx_wire.c) message, large weights staying where they are -> (onnx_graph.c) index of values, of
 * the nodes that the output needs and of who uses what -> (onnx_walk.c) walk, producers first -> (onnx_operators.c) one
 * layer a node, or none (onnx_fold.c: constants), or one for a few nodes (onnx_levels.c, onnx_arithmetic.c). */
#ifndef WEFT_CORE_ONNX_INTERNAL_H
#define WEFT_CORE_ONNX_INTERNAL_H

#include <onnx/onnx.pb-c.h>

#include "core/onnx.h"

#define WEFT_ONNX_KEY_PREPROCESS "weft.preprocess" /* see onnx.h */
#define WEFT_ONNX_KEY_RANGE "weft.range."          /* + layer name: "min max" */
#define WEFT_ONNX_PRODUCER "weft"                  /* of the files we write */

#define WEFT_ONNX_PREPROCESS_SIZE 320
/* Value of WEFT_ONNX_KEY_PREPROCESS, at most WEFT_ONNX_PREPROCESS_SIZE bytes; parse reads back what format writes.
 * INVALID, naming the file. */
void weft_onnx_preprocess_format(const weft_preprocess *p, char *out, size_t size);
weft_status weft_onnx_preprocess_parse(weft_preprocess *out, const char *text, int channels, const char *file,
                                       weft_error *err);

/* Unpacks a model after a check of the wire bytes (nesting, number of fields), so that hostile bytes can neither
 * overflow the stack nor fill the memory. Values of large tensors are not copied: data must outlive the model. PARSE.
 * Free with onnx__model_proto__free_unpacked(model, NULL). */
weft_status weft_onnx_unpack(Onnx__ModelProto **out, const void *data, size_t size, const char *file, weft_error *err);
/* raw_data of a tensor, wherever it lies. */
ProtobufCBinaryData weft_onnx_raw(const Onnx__TensorProto *tensor);

/* The bytes of the file that weft_onnx_write writes; *out is malloc'd. */
weft_status weft_onnx_pack(uint8_t **out, size_t *size, const weft_network *net, weft_error *err);

/* A name and what it stands for; arrays of these are sorted by name. */
typedef struct weft_onnx_named {
    const char *name;
    const Onnx__TensorProto *tensor; /* initialisers */
    int node;                        /* uses and definitions: index of the node, -1 for the graph itself */
    int slot;                        /* definitions: number of the node's output */
} weft_onnx_named;
typedef struct weft_onnx_index {
    size_t count;
    weft_onnx_named *items;
} weft_onnx_index;

typedef struct weft_onnx_graph {
    const Onnx__GraphProto *proto;
    const char *file;        /* for messages, may be NULL */
    int opset;               /* 7 to 21 */
    bool is_ours;            /* written by weft */
    bool is_mapped;          /* the bytes are pages of a file: weft_file_forget */
    weft_onnx_index values;  /* everything defined: input, initialisers, outputs of nodes */
    weft_onnx_index uses;    /* of values by needed nodes */
    weft_onnx_index latents; /* training_info[0].algorithm initialisers */
    weft_onnx_index names;   /* of nodes, to see which are unique */
    bool *needed;            /* [nodes] the output needs it; others are not looked at */
    const char *input, *output;
    weft_shape input_shape;
    int input_rank; /* 2 or 4 */
    int64_t batch;  /* 1 when symbolic: the network is that of a single image */
} weft_onnx_graph;

/* Indexes and checks everything that can be said without shapes. The model must outlive *graph. */
weft_status weft_onnx_graph_open(weft_onnx_graph *graph, const Onnx__ModelProto *model, int opset, const char *file,
                                 weft_error *err);
void weft_onnx_graph_close(weft_onnx_graph *graph);

/* First of the entries with this name, NULL when none; *count (may be NULL): 0, 1, or 2 for two or more. */
const weft_onnx_named *weft_onnx_find(const weft_onnx_index *index, const char *name, size_t *count);

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

/* ---- attributes (onnx_attributes.c): value or default; INVALID for a wrong type or a value out of [min, max] ---- */
weft_status weft_onnx_int(const weft_onnx_node *node, const char *name, int64_t fallback, int64_t min, int64_t max,
                          int64_t *out, weft_error *err);
weft_status weft_onnx_float(const weft_onnx_node *node, const char *name, float fallback, float *out, weft_error *err);
/* Exactly `count` numbers; *present says whether the attribute is there (out is untouched when not). */
weft_status weft_onnx_ints(const weft_onnx_node *node, const char *name, size_t count, int64_t min, int64_t max,
                           int *out, bool *present, weft_error *err);
/* Any number of them up to max; *count is -1 when the attribute is absent. */
weft_status weft_onnx_list(const weft_onnx_node *node, const char *name, int64_t *out, int max, int *count,
                           weft_error *err);
/* Text into out[size]; fallback when absent. */
weft_status weft_onnx_string(const weft_onnx_node *node, const char *name, const char *fallback, char *out, size_t size,
                             weft_error *err);

/* ---- tensors (onnx_tensor.c) ---- */

enum { WEFT_ONNX_RANK_MAX = 8 };

typedef enum weft_onnx_numbers {
    WEFT_ONNX_REALS,    /* FLOAT, DOUBLE, FLOAT16, BFLOAT16 */
    WEFT_ONNX_INTEGERS, /* BOOL, INT8 to INT64, UINT8, UINT16 */
    WEFT_ONNX_ANY
} weft_onnx_numbers;
/* A tensor of such a type, stored here, with as many values as its extents say. *count: values, at least 1. */
weft_status weft_onnx_tensor_check(const weft_onnx_node *node, const Onnx__TensorProto *tensor, weft_onnx_numbers kind,
                                   size_t *count, weft_error *err);
bool weft_onnx_tensor_is_real(const Onnx__TensorProto *tensor);
/* Value i of a checked tensor: real(integer) is exact up to 2^53; integer(real) is for integers only. */
double weft_onnx_tensor_real(const Onnx__TensorProto *tensor, size_t i);
int64_t weft_onnx_tensor_integer(const Onnx__TensorProto *tensor, size_t i);
/* All values of a checked tensor of reals; INVALID when one is not finite. */
weft_status weft_onnx_tensor_floats(const weft_onnx_node *node, const Onnx__TensorProto *tensor, size_t count,
                                    float *out, weft_error *err);
/* The only value of a tensor of reals, finite; UNSUPPORTED when there are more. */
weft_status weft_onnx_tensor_scalar(const weft_onnx_node *node, const Onnx__TensorProto *tensor, float *out,
                                    weft_error *err);
/* A list of at most max integers; *count of them. */
weft_status weft_onnx_tensor_ints(const weft_onnx_node *node, const Onnx__TensorProto *tensor, int64_t *out, size_t max,
                                  size_t *count, weft_error *err);
const char *weft_onnx_type_name(int type);

/* Imports all needed nodes of the graph. values_max: values that weights and folded constants may take together. */
weft_status weft_onnx_walk(weft_network *net, const weft_onnx_graph *graph, uint64_t values_max, weft_error *err);

#endif
