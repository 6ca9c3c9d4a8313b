/* Builds ONNX messages in an arena. Private to onnx_write.c, onnx_nodes.c and onnx_build.c.
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
    bool out_of_memory;
} weft_onnx_writer;

/* Zeroed block of the arena. */
void *weft_onnx_take(weft_onnx_writer *w, size_t bytes);
char *weft_onnx_put_text(weft_onnx_writer *w, const char *s);
char *weft_onnx_put_joined(weft_onnx_writer *w, const char *name, const char *ending);
/* Appends an initializer, whose array has room; data is referred to until the message is packed. */
void weft_onnx_put_tensor(weft_onnx_writer *w, Onnx__GraphProto *graph, char *name, const int *dims, size_t rank,
                          const float *data);
/* The same of a single zero: int8 when is_signed, else uint8. In the graph of deployed weights. */
void weft_onnx_put_zero(weft_onnx_writer *w, char *name, bool is_signed);
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

/* Nodes and initializers of all layers; *rank: extents of the last one's output, 4 or 2. */
void weft_onnx_put_layers(weft_onnx_writer *w, size_t *rank);

#endif
