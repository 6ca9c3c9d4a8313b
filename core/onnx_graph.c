/* Index of an ONNX graph: what each name is, which nodes the output needs, who uses which value, what the input and
 * output are. */
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

static void index_add(weft_onnx_index *index, const char *name, const Onnx__TensorProto *tensor, int node,
                      size_t slot) {
    index->items[index->count++] = (weft_onnx_named){weft_onnx_text(name), tensor, node, (int)slot};
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

static weft_status latents_index(weft_onnx_graph *g, const Onnx__ModelProto *model, weft_error *err) {
    const Onnx__GraphProto *p = model->n_training_info ? model->training_info[0]->algorithm : NULL;
    size_t count = p ? p->n_initializer : 0;
    WEFT_TRY(index_create(&g->latents, count, err));
    for (size_t i = 0; i < count; i++) index_add(&g->latents, p->initializer[i]->name, p->initializer[i], -1, 0);
    index_sort(&g->latents);
    return WEFT_OK;
}

static weft_status names_index(weft_onnx_graph *g, weft_error *err) {
    WEFT_TRY(index_create(&g->names, g->proto->n_node, err));
    for (size_t i = 0; i < g->proto->n_node; i++) index_add(&g->names, g->proto->node[i]->name, NULL, (int)i, 0);
    index_sort(&g->names);
    return WEFT_OK;
}

/* ---- definitions: each name once ---- */

static weft_status defined_twice(const weft_onnx_graph *g, const weft_onnx_named *value, weft_error *err) {
    if (value->node < 0)
        return weft_error_set_at(err, WEFT_E_INVALID, g->file, 0, 0, "value \"%.100s\" is defined twice", value->name);
    weft_onnx_node node = {g, g->proto->node[value->node], value->node};
    return weft_onnx_fail(&node, WEFT_E_INVALID, err, "value \"%.100s\" is defined twice", value->name);
}

/* Without the graph's input, which old files list among the initialisers. */
static weft_status values_index(weft_onnx_graph *g, weft_error *err) {
    const Onnx__GraphProto *p = g->proto;
    size_t outputs = 0;
    if (p->n_sparse_initializer)
        return weft_error_set_at(err, WEFT_E_UNSUPPORTED, g->file, 0, 0, "sparse initializers are not supported");
    for (size_t i = 0; i < p->n_node; i++) outputs += p->node[i]->n_output;
    WEFT_TRY(index_create(&g->values, p->n_initializer + outputs + 1, err));
    for (size_t i = 0; i < p->n_initializer; i++)
        index_add(&g->values, p->initializer[i]->name, p->initializer[i], -1, 0);
    for (size_t i = 0; i < p->n_node; i++)
        for (size_t k = 0; k < p->node[i]->n_output; k++)
            if (weft_onnx_text(p->node[i]->output[k])[0]) index_add(&g->values, p->node[i]->output[k], NULL, (int)i, k);
    index_sort(&g->values);
    return WEFT_OK;
}

static weft_status input_index(weft_onnx_graph *g, weft_error *err) {
    weft_onnx_index *all = &g->values;
    index_add(all, g->input, NULL, -1, 0);
    index_sort(all);
    for (size_t i = 1; i < all->count; i++)
        if (strcmp(all->items[i - 1].name, all->items[i].name) == 0) return defined_twice(g, &all->items[i], err);
    return WEFT_OK;
}

/* ---- needed nodes and their uses ---- */

/* Marks the node that defines a value; its index when it is new, else -1. */
static int need(weft_onnx_graph *g, const char *name) {
    const weft_onnx_named *found = name[0] ? weft_onnx_find(&g->values, name, NULL) : NULL;
    if (!found || found->node < 0 || g->needed[found->node]) return -1;
    g->needed[found->node] = true;
    return found->node;
}

static weft_status needed_find(weft_onnx_graph *g, weft_error *err) {
    const Onnx__GraphProto *p = g->proto;
    int *stack = malloc((p->n_node + 1) * sizeof *stack);
    size_t depth = 0;
    g->needed = calloc(p->n_node + 1, sizeof *g->needed);
    if (!stack || !g->needed) {
        free(stack);
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    }
    int first = need(g, g->output);
    if (first >= 0) stack[depth++] = first;
    while (depth) {
        const Onnx__NodeProto *node = p->node[stack[--depth]];
        for (size_t i = 0; i < node->n_input; i++) {
            int index = need(g, weft_onnx_text(node->input[i]));
            if (index >= 0) stack[depth++] = index;
        }
    }
    free(stack);
    return WEFT_OK;
}

static weft_status uses_index(weft_onnx_graph *g, weft_error *err) {
    const Onnx__GraphProto *p = g->proto;
    size_t count = 1;
    for (size_t i = 0; i < p->n_node; i++) count += g->needed[i] ? p->node[i]->n_input : 0;
    WEFT_TRY(index_create(&g->uses, count, err));
    for (size_t i = 0; i < p->n_node; i++)
        for (size_t k = 0; g->needed[i] && k < p->node[i]->n_input; k++)
            index_add(&g->uses, p->node[i]->input[k], NULL, (int)i, k);
    index_add(&g->uses, g->output, NULL, -1, 0);
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
        if ((i && extent[i] < 1) || extent[i] > WEFT_NETWORK_VALUES_MAX)
            return weft_error_set_at(err, fixed ? WEFT_E_INVALID : WEFT_E_UNSUPPORTED, g->file, 0, 0,
                                     "input \"%.100s\": dimension %zu is not a fixed number of at least 1", g->input,
                                     i);
    }
    g->input_rank = (int)shape->n_dim;
    g->batch = extent[0] > 0 ? extent[0] : 1;
    g->input_shape = (weft_shape){(int)extent[1], (int)extent[2], (int)extent[3]};
    return WEFT_OK;
}

static bool is_initialiser(const weft_onnx_graph *g, const char *name) {
    const weft_onnx_named *found = weft_onnx_find(&g->values, name, NULL);
    return found && found->tensor;
}

/* "A", "B" and "C": names of the graph's outputs, the first few of them. */
static weft_status outputs_fail(const weft_onnx_graph *g, weft_error *err) {
    const Onnx__GraphProto *p = g->proto;
    char text[400];
    size_t used = 0, shown = p->n_output < 4 ? p->n_output : 4;
    if (!p->n_output) return weft_error_set_at(err, WEFT_E_INVALID, g->file, 0, 0, "the graph has no output");
    for (size_t i = 0; i < shown; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\"%.80s\"", i ? ", " : "",
                                 weft_onnx_text(p->output[i]->name));
    return weft_error_set_at(err, WEFT_E_UNSUPPORTED, g->file, 0, 0,
                             "the graph has %zu outputs (%s%s); exactly one is supported", p->n_output, text,
                             shown < p->n_output ? ", ..." : "");
}

static weft_status ends_find(weft_onnx_graph *g, weft_error *err) {
    const Onnx__ValueInfoProto *input = NULL;
    for (size_t i = 0; i < g->proto->n_input; i++) {
        const Onnx__ValueInfoProto *value = g->proto->input[i];
        if (is_initialiser(g, weft_onnx_text(value->name))) continue;
        if (input)
            return weft_error_set_at(err, WEFT_E_UNSUPPORTED, g->file, 0, 0,
                                     "several inputs (\"%.100s\", \"%.100s\"): not supported, only one",
                                     weft_onnx_text(input->name), weft_onnx_text(value->name));
        input = value;
    }
    if (!input || !weft_onnx_text(input->name)[0])
        return weft_error_set_at(err, WEFT_E_INVALID, g->file, 0, 0, "the graph has no input");
    if (g->proto->n_output != 1) return outputs_fail(g, err);
    g->input = input->name;
    g->output = weft_onnx_text(g->proto->output[0]->name);
    return input_shape_read(g, input, err);
}

weft_status weft_onnx_graph_open(weft_onnx_graph *graph, const Onnx__ModelProto *model, int opset, const char *file,
                                 weft_error *err) {
    memset(graph, 0, sizeof *graph);
    graph->proto = model->graph;
    graph->file = file;
    graph->opset = opset;
    graph->is_ours = strcmp(weft_onnx_text(model->producer_name), WEFT_ONNX_PRODUCER) == 0;
    if (graph->proto->n_node > NODES_MAX)
        return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0, "%zu nodes; at most %d are allowed",
                                 graph->proto->n_node, (int)NODES_MAX);
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(names_index(graph, err));
    WEFT_TRY_GOTO(values_index(graph, err));
    WEFT_TRY_GOTO(latents_index(graph, model, err));
    WEFT_TRY_GOTO(ends_find(graph, err));
    WEFT_TRY_GOTO(input_index(graph, err));
    WEFT_TRY_GOTO(needed_find(graph, err));
    WEFT_TRY_GOTO(uses_index(graph, err));
    return WEFT_OK;
cleanup:
    weft_onnx_graph_close(graph);
    return status;
}

void weft_onnx_graph_close(weft_onnx_graph *graph) {
    free(graph->latents.items);
    free(graph->values.items);
    free(graph->uses.items);
    free(graph->names.items);
    free(graph->needed);
    memset(graph, 0, sizeof *graph);
}
