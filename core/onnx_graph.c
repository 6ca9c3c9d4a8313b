/* Index of an ONNX graph: which names are constants, who uses which value, what the input and output are. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/onnx_internal.h"

enum { NODES_MAX = 1 << 20 };

/* ---- sorted names ---- */

static int named_compare(const void *a, const void *b) {
    const weft_onnx_named *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->node > y->node) - (x->node < y->node);
}

static weft_status index_create(weft_onnx_index *index, size_t capacity, weft_error *err) {
    index->count = 0;
    index->items = calloc(capacity ? capacity : 1, sizeof *index->items);
    return index->items ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "out of memory");
}

static void index_add(weft_onnx_index *index, const char *name, const Onnx__TensorProto *tensor, int node) {
    index->items[index->count++] = (weft_onnx_named){weft_onnx_text(name), tensor, node};
}

static void index_sort(weft_onnx_index *index) {
    qsort(index->items, index->count, sizeof *index->items, named_compare);
}

const weft_onnx_named *weft_onnx_find(const weft_onnx_index *index, const char *name, size_t *count) {
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(index->items[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < index->count && end - low < 2 && strcmp(index->items[end].name, name) == 0) end++;
    if (count) *count = end - low;
    return end > low ? &index->items[low] : NULL;
}

const Onnx__TensorProto *weft_onnx_constant(const weft_onnx_graph *graph, const char *name) {
    const weft_onnx_named *found = name[0] ? weft_onnx_find(&graph->constants, name, NULL) : NULL;
    return found ? found->tensor : NULL;
}

/* ---- constants ---- */

static bool operator_is(const Onnx__NodeProto *node, const char *type) {
    return strcmp(weft_onnx_text(node->op_type), type) == 0;
}

static const Onnx__TensorProto *constant_value(const Onnx__NodeProto *node) {
    if (!operator_is(node, "Constant") || node->n_attribute != 1 || node->n_output != 1) return NULL;
    const Onnx__AttributeProto *a = node->attribute[0];
    return strcmp(weft_onnx_text(a->name), "value") == 0 ? a->t : NULL;
}

/* Exporters share equal weights through an Identity of an initialiser: one more name of the constant. */
static void aliases_add(weft_onnx_graph *g) {
    weft_onnx_index sorted = g->constants;
    for (size_t i = 0; i < g->proto->n_node; i++) {
        const Onnx__NodeProto *node = g->proto->node[i];
        if (!operator_is(node, "Identity") || node->n_input != 1 || node->n_output != 1) continue;
        const weft_onnx_named *found = weft_onnx_find(&sorted, weft_onnx_text(node->input[0]), NULL);
        if (found) g->constants.items[g->constants.count++] = (weft_onnx_named){node->output[0], found->tensor, (int)i};
    }
    for (size_t i = sorted.count; i < g->constants.count; i++)
        g->constants.items[i].name = weft_onnx_text(g->constants.items[i].name);
    index_sort(&g->constants);
}

static weft_status constants_index(weft_onnx_graph *g, weft_error *err) {
    const Onnx__GraphProto *p = g->proto;
    if (p->n_sparse_initializer)
        return weft_error_set_at(err, WEFT_E_UNSUPPORTED, g->file, 0, 0, "sparse initializers are not supported");
    WEFT_TRY(index_create(&g->constants, p->n_initializer + p->n_node, err));
    for (size_t i = 0; i < p->n_initializer; i++)
        index_add(&g->constants, p->initializer[i]->name, p->initializer[i], -1);
    for (size_t i = 0; i < p->n_node; i++) {
        const Onnx__TensorProto *value = constant_value(p->node[i]);
        if (value) index_add(&g->constants, p->node[i]->output[0], value, (int)i);
    }
    index_sort(&g->constants);
    aliases_add(g);
    return WEFT_OK;
}

static weft_status latents_index(weft_onnx_graph *g, const Onnx__ModelProto *model, weft_error *err) {
    const Onnx__GraphProto *p = model->n_training_info ? model->training_info[0]->algorithm : NULL;
    size_t count = p ? p->n_initializer : 0;
    WEFT_TRY(index_create(&g->latents, count, err));
    for (size_t i = 0; i < count; i++) index_add(&g->latents, p->initializer[i]->name, p->initializer[i], -1);
    index_sort(&g->latents);
    return WEFT_OK;
}

/* ---- definitions: each name once ---- */

static weft_status defined_twice(const weft_onnx_graph *g, const weft_onnx_named *value, weft_error *err) {
    if (value->node < 0)
        return weft_error_set_at(err, WEFT_E_INVALID, g->file, 0, 0, "value \"%.100s\" is defined twice", value->name);
    weft_onnx_node node = {g, g->proto->node[value->node], value->node};
    return weft_onnx_fail(&node, WEFT_E_INVALID, err, "value \"%.100s\" is defined twice", value->name);
}

static weft_status values_index(weft_onnx_graph *g, weft_error *err) {
    const Onnx__GraphProto *p = g->proto;
    weft_onnx_index *all = &g->values;
    size_t outputs = 0;
    for (size_t i = 0; i < p->n_node; i++) outputs += p->node[i]->n_output;
    WEFT_TRY(index_create(all, p->n_initializer + outputs + 1, err));
    for (size_t i = 0; i < p->n_initializer; i++) index_add(all, p->initializer[i]->name, NULL, -1);
    for (size_t i = 0; i < p->n_node; i++)
        for (size_t k = 0; k < p->node[i]->n_output; k++)
            if (weft_onnx_text(p->node[i]->output[k])[0]) index_add(all, p->node[i]->output[k], NULL, (int)i);
    index_add(all, g->input, NULL, -1);
    index_sort(all);
    for (size_t i = 1; i < all->count; i++)
        if (strcmp(all->items[i - 1].name, all->items[i].name) == 0) return defined_twice(g, &all->items[i], err);
    return WEFT_OK;
}

/* ---- uses ---- */

static weft_status uses_index(weft_onnx_graph *g, weft_error *err) {
    const Onnx__GraphProto *p = g->proto;
    WEFT_TRY(index_create(&g->names, p->n_node, err));
    for (size_t i = 0; i < p->n_node; i++) index_add(&g->names, p->node[i]->name, NULL, (int)i);
    index_sort(&g->names);
    WEFT_TRY(index_create(&g->uses, 2 * p->n_node, err));
    for (size_t i = 0; i < p->n_node; i++) {
        weft_onnx_node node = {g, p->node[i], (int)i};
        weft_onnx_slots slots;
        WEFT_TRY(weft_onnx_operator_check(&node, &slots, err));
        for (int k = 0; k < 2 && slots.slot[k] >= 0; k++)
            index_add(&g->uses, weft_onnx_input(&node, (size_t)slots.slot[k]), NULL, (int)i);
    }
    index_sort(&g->uses);
    return WEFT_OK;
}

/* ---- input and output ---- */

static weft_status input_shape_read(weft_onnx_graph *g, const Onnx__ValueInfoProto *value, weft_error *err) {
    const Onnx__TypeProto *type = value->type;
    const Onnx__TypeProto__Tensor *tensor =
        type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ? type->tensor_type : NULL;
    if (!tensor || tensor->elem_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return weft_error_set_at(err, WEFT_E_UNSUPPORTED, g->file, 0, 0,
                                 "input \"%.100s\" is not a float32 tensor: not supported", g->input);
    const Onnx__TensorShapeProto *shape = tensor->shape;
    if (!shape || (shape->n_dim != 4 && shape->n_dim != 2))
        return weft_error_set_at(
            err, WEFT_E_UNSUPPORTED, g->file, 0, 0,
            "input \"%.100s\" has %zu dimensions; supported are [batch, C, H, W] and [batch, features]", g->input,
            shape ? shape->n_dim : 0);
    int64_t extent[4] = {0, 0, 1, 1};
    for (size_t i = 0; i < shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *d = shape->dim[i];
        bool fixed = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        extent[i] = fixed ? d->dim_value : 0;
        if (i && (extent[i] < 1 || extent[i] > WEFT_NETWORK_VALUES_MAX))
            return weft_error_set_at(err, fixed ? WEFT_E_INVALID : WEFT_E_UNSUPPORTED, g->file, 0, 0,
                                     "input \"%.100s\": dimension %zu is not a fixed number of at least 1", g->input,
                                     i);
    }
    g->input_rank = (int)shape->n_dim;
    g->input_batch = extent[0];
    g->input_shape = (weft_shape){(int)extent[1], (int)extent[2], (int)extent[3]};
    return WEFT_OK;
}

/* Old files list the initialisers among the inputs. */
static weft_status ends_find(weft_onnx_graph *g, weft_error *err) {
    const Onnx__ValueInfoProto *input = NULL;
    for (size_t i = 0; i < g->proto->n_input; i++) {
        const Onnx__ValueInfoProto *value = g->proto->input[i];
        if (weft_onnx_constant(g, weft_onnx_text(value->name))) continue;
        if (input)
            return weft_error_set_at(err, WEFT_E_UNSUPPORTED, g->file, 0, 0,
                                     "several inputs (\"%.100s\", \"%.100s\"): not supported, only one",
                                     weft_onnx_text(input->name), weft_onnx_text(value->name));
        input = value;
    }
    if (!input || !weft_onnx_text(input->name)[0])
        return weft_error_set_at(err, WEFT_E_INVALID, g->file, 0, 0, "the graph has no input");
    if (g->proto->n_output != 1)
        return weft_error_set_at(err, g->proto->n_output ? WEFT_E_UNSUPPORTED : WEFT_E_INVALID, g->file, 0, 0,
                                 "the graph has %zu outputs; exactly one is supported", g->proto->n_output);
    g->input = input->name;
    g->output = weft_onnx_text(g->proto->output[0]->name);
    return input_shape_read(g, input, err);
}

weft_status weft_onnx_graph_open(weft_onnx_graph *graph, const Onnx__ModelProto *model, const char *file,
                                 weft_error *err) {
    memset(graph, 0, sizeof *graph);
    graph->proto = model->graph;
    graph->file = file;
    if (graph->proto->n_node > NODES_MAX)
        return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0, "%zu nodes; at most %d are allowed",
                                 graph->proto->n_node, (int)NODES_MAX);
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(constants_index(graph, err));
    WEFT_TRY_GOTO(latents_index(graph, model, err));
    WEFT_TRY_GOTO(ends_find(graph, err));
    WEFT_TRY_GOTO(uses_index(graph, err));
    WEFT_TRY_GOTO(values_index(graph, err));
    return WEFT_OK;
cleanup:
    weft_onnx_graph_close(graph);
    return status;
}

void weft_onnx_graph_close(weft_onnx_graph *graph) {
    free(graph->constants.items);
    free(graph->latents.items);
    free(graph->values.items);
    free(graph->uses.items);
    free(graph->names.items);
    memset(graph, 0, sizeof *graph);
}
