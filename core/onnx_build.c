/* Building blocks of ONNX messages. */
#include <string.h>

#include "core/onnx_build.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "raw_data is little-endian: this machine needs a swapped copy of the weights"
#endif

void *weft_onnx_take(weft_onnx_writer *w, size_t bytes) {
    void *block = weft_arena_alloc(w->arena, bytes);
    if (!block) w->out_of_memory = true;
    return block;
}

/* new_NAME(writer): an initialised message. */
#define MESSAGE(name, Type, init)                                                                                      \
    static Type *new_##name(weft_onnx_writer *w) {                                                                     \
        Type *message = weft_onnx_take(w, sizeof *message);                                                            \
        if (message) init(message);                                                                                    \
        return message;                                                                                                \
    }
MESSAGE(node, Onnx__NodeProto, onnx__node_proto__init)
MESSAGE(attribute, Onnx__AttributeProto, onnx__attribute_proto__init)
MESSAGE(tensor, Onnx__TensorProto, onnx__tensor_proto__init)
MESSAGE(value, Onnx__ValueInfoProto, onnx__value_info_proto__init)
MESSAGE(type, Onnx__TypeProto, onnx__type_proto__init)
MESSAGE(type_tensor, Onnx__TypeProto__Tensor, onnx__type_proto__tensor__init)
MESSAGE(shape, Onnx__TensorShapeProto, onnx__tensor_shape_proto__init)
MESSAGE(dimension, Onnx__TensorShapeProto__Dimension, onnx__tensor_shape_proto__dimension__init)
MESSAGE(entry, Onnx__StringStringEntryProto, onnx__string_string_entry_proto__init)
#undef MESSAGE

char *weft_onnx_put_text(weft_onnx_writer *w, const char *s) {
    char *copy = weft_arena_strdup(w->arena, s);
    if (!copy) w->out_of_memory = true;
    return copy;
}

char *weft_onnx_put_joined(weft_onnx_writer *w, const char *name, const char *ending) {
    char *copy = weft_arena_printf(w->arena, "%s%s", name, ending);
    if (!copy) w->out_of_memory = true;
    return copy;
}

static void tensor_put(weft_onnx_writer *w, Onnx__GraphProto *graph, char *name, int type, const int *dims, size_t rank,
                       const void *data, size_t value_size) {
    Onnx__TensorProto *t = new_tensor(w);
    if (!t) return;
    t->name = name;
    t->has_data_type = 1;
    t->data_type = type;
    t->dims = weft_onnx_take(w, (rank + 1) * sizeof *t->dims);
    if (!t->dims) return;
    t->n_dims = rank;
    size_t count = 1;
    for (size_t i = 0; i < rank; i++) {
        t->dims[i] = dims[i];
        count *= (size_t)dims[i];
    }
    t->has_raw_data = 1;
    t->raw_data.len = count * value_size;
    t->raw_data.data = (uint8_t *)(uintptr_t)data; /* packing only reads */
    graph->initializer[graph->n_initializer++] = t;
}

void weft_onnx_put_tensor(weft_onnx_writer *w, Onnx__GraphProto *graph, char *name, const int *dims, size_t rank,
                          const float *data) {
    tensor_put(w, graph, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, dims, rank, data, sizeof *data);
}

void weft_onnx_put_integer(weft_onnx_writer *w, char *name, int type, int value) {
    bool narrow = type == ONNX__TENSOR_PROTO__DATA_TYPE__INT8 || type == ONNX__TENSOR_PROTO__DATA_TYPE__UINT8;
    uint16_t *data = weft_onnx_take(w, sizeof *data);
    if (!data) return;
    *data = (uint16_t)value;
    tensor_put(w, w->graph, name, type, NULL, 0, data, narrow ? 1 : 2);
}

void weft_onnx_put_list(weft_onnx_writer *w, char *name, const int *values, int count) {
    int64_t *data = weft_onnx_take(w, (size_t)count * sizeof *data);
    if (!data) return;
    for (int i = 0; i < count; i++) data[i] = values[i];
    tensor_put(w, w->graph, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, &count, 1, data, sizeof *data);
}

/* extent 0: the symbolic batch. */
static Onnx__TensorShapeProto__Dimension *dimension(weft_onnx_writer *w, int extent) {
    Onnx__TensorShapeProto__Dimension *d = new_dimension(w);
    if (!d) return NULL;
    if (extent) {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        d->dim_value = extent;
    } else {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        d->dim_param = weft_onnx_put_text(w, "batch");
    }
    return d;
}

void weft_onnx_put_value(weft_onnx_writer *w, Onnx__ValueInfoProto ***list, size_t *count, const char *name,
                         weft_shape s, size_t rank) {
    const int extent[4] = {0, s.channels, s.height, s.width};
    Onnx__ValueInfoProto *value = new_value(w);
    Onnx__TypeProto *type = new_type(w);
    Onnx__TypeProto__Tensor *tensor = new_type_tensor(w);
    Onnx__TensorShapeProto *shape = new_shape(w);
    *list = weft_onnx_take(w, sizeof **list);
    if (w->out_of_memory) return;
    shape->dim = weft_onnx_take(w, rank * sizeof *shape->dim);
    if (!shape->dim) return;
    for (size_t i = 0; i < rank; i++) shape->dim[i] = dimension(w, extent[i]);
    shape->n_dim = rank;
    tensor->has_elem_type = 1;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    value->name = weft_onnx_put_text(w, name);
    value->type = type;
    (*list)[0] = value;
    *count = 1;
}

static Onnx__AttributeProto *attribute_add(weft_onnx_writer *w, Onnx__NodeProto *node, const char *name, int type) {
    Onnx__AttributeProto *a = new_attribute(w);
    if (!a) return NULL;
    a->name = weft_onnx_put_text(w, name);
    a->has_type = 1;
    a->type = type;
    node->attribute[node->n_attribute++] = a;
    return a;
}

void weft_onnx_put_int(weft_onnx_writer *w, Onnx__NodeProto *node, const char *name, int64_t value) {
    Onnx__AttributeProto *a = attribute_add(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!a) return;
    a->has_i = 1;
    a->i = value;
}

void weft_onnx_put_float(weft_onnx_writer *w, Onnx__NodeProto *node, const char *name, float value) {
    Onnx__AttributeProto *a = attribute_add(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!a) return;
    a->has_f = 1;
    a->f = value;
}

void weft_onnx_put_ints(weft_onnx_writer *w, Onnx__NodeProto *node, const char *name, const int *values, size_t count) {
    Onnx__AttributeProto *a = attribute_add(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    int64_t *ints = weft_onnx_take(w, count * sizeof *ints);
    if (!a || !ints) return;
    for (size_t i = 0; i < count; i++) ints[i] = values[i];
    a->ints = ints;
    a->n_ints = count;
}

Onnx__NodeProto *weft_onnx_put_node(weft_onnx_writer *w, const char *type, const char *name, char *input,
                                    char *output) {
    Onnx__NodeProto *node = new_node(w);
    if (!node) return NULL;
    node->name = weft_onnx_put_text(w, name);
    node->op_type = weft_onnx_put_text(w, type);
    node->input = weft_onnx_take(w, 5 * sizeof *node->input);
    node->output = weft_onnx_take(w, sizeof *node->output);
    node->attribute = weft_onnx_take(w, 8 * sizeof *node->attribute);
    if (w->out_of_memory) return NULL;
    node->input[node->n_input++] = input;
    node->output[node->n_output++] = output;
    w->graph->node[w->graph->n_node++] = node;
    return node;
}

void weft_onnx_put_entry(weft_onnx_writer *w, Onnx__ModelProto *model, const char *key, const char *value) {
    Onnx__StringStringEntryProto *entry = new_entry(w);
    if (!entry) return;
    entry->key = weft_onnx_put_text(w, key);
    entry->value = weft_onnx_put_text(w, value);
    model->metadata_props[model->n_metadata_props++] = entry;
}
