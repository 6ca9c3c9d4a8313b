/* Builds ONNX messages in an arena. Private to onnx_write.c, onnx_nodes.c, onnx_parts.c and onnx_build.c.
 *
 * On lack of memory every function sets writer->out_of_memory and returns NULL or nothing; the writer looks at the flag
 * once, before it packs. */
#ifndef WEFT_CORE_ONNX_BUILD_H
#define WEFT_CORE_ONNX_BUILD_H

#include "core/arena.h"
#include "core/onnx_internal.h"

typedef struct weft_onnx_writer {
    const weft_network *net;
    weft_arena *arena;
    Onnx__GraphProto *graph, *training;
    int opset; /* the lowest that has all operators, at least 13 */
    bool out_of_memory;
} weft_onnx_writer;

/* Zeroed block of the arena. */
void *weft_onnx_take(weft_onnx_writer *w, size_t bytes);
char *weft_onnx_put_text(weft_onnx_writer *w, const char *s);
char *weft_onnx_put_joined(weft_onnx_writer *w, const char *name, const char *ending);
/* Appends an initializer, whose array has room; data is referred to until the message is packed. */
void weft_onnx_put_tensor(weft_onnx_writer *w, Onnx__GraphProto *graph, char *name, const int *dims, size_t rank,
                          const float *data);
/* The same of one integer of a type of at most 16 bits (ONNX's number of it), and of a list of INT64. In the graph of
 * deployed weights. */
void weft_onnx_put_integer(weft_onnx_writer *w, char *name, int type, int value);
void weft_onnx_put_list(weft_onnx_writer *w, char *name, const int *values, int count);
/* A list of one value: [batch, channels, height, width], or its first `rank` extents. */
void weft_onnx_put_value(weft_onnx_writer *w, Onnx__ValueInfoProto ***list, size_t *count, const char *name,
                         weft_shape s, size_t rank);
/* Appends a node with one input and one output, and room for 5 inputs and 8 attributes; NULL when memory is out. */
Onnx__NodeProto *weft_onnx_put_node(weft_onnx_writer *w, const char *type, const char *name, char *input, char *output);
void weft_onnx_put_int(weft_onnx_writer *w, Onnx__NodeProto *node, const char *name, int64_t value);
void weft_onnx_put_float(weft_onnx_writer *w, Onnx__NodeProto *node, const char *name, float value);
void weft_onnx_put_ints(weft_onnx_writer *w, Onnx__NodeProto *node, const char *name, const int *values, size_t count);
/* Appends to the metadata, which have room. */
void weft_onnx_put_entry(weft_onnx_writer *w, Onnx__ModelProto *model, const char *key, const char *value);

/* ---- layers (onnx_parts.c) ---- */
void weft_onnx_need_opset(weft_onnx_writer *w, int opset);
/* An initializer NAME + ending as the node's next input, NAME being the layer's. */
void weft_onnx_put_constant(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l, const char *ending,
                            const int *dims, size_t rank, const float *data);
/* The same of a list of integers, OWNER being the node's name or the layer's. */
void weft_onnx_put_list_input(weft_onnx_writer *w, Onnx__NodeProto *node, const char *owner, const char *ending,
                              const int *values, int count);
/* A node NAME + ending before the layer's last one, NAME being the layer's. */
Onnx__NodeProto *weft_onnx_put_part(weft_onnx_writer *w, const char *type, const weft_layer *l, const char *ending,
                                    char *input);
/* low and high of a Clip. */
void weft_onnx_put_bounds(weft_onnx_writer *w, Onnx__NodeProto *node, const weft_layer *l);
/* Clip, then to integers and back. */
void weft_onnx_put_quantise(weft_onnx_writer *w, const weft_layer *l, char *input, char *output);
void weft_onnx_put_threshold(weft_onnx_writer *w, const weft_layer *l, char *input, char *output);
/* Reshape to runs of channels, Transpose, Reshape. */
void weft_onnx_put_shuffle(weft_onnx_writer *w, const weft_layer *l, char *input, size_t rank, char *output);
/* gamma * x, then + beta: one value a channel of [batch, C, H, W] or (rank 2) [batch, C]. */
void weft_onnx_put_affine(weft_onnx_writer *w, const weft_layer *l, char *input, size_t rank, char *output);

/* Nodes and initializers of all layers; *rank: extents of the last one's output, 4 or 2. */
void weft_onnx_put_layers(weft_onnx_writer *w, size_t *rank);

#endif
