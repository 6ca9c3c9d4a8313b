/* From node to node of an ONNX graph, producers first: what each value is, and that each is used. */
#include <stdlib.h>
#include <string.h>

#include "core/onnx_internal.h"

/* A node: not seen, waiting for its producers, imported. */
typedef enum visit { VISIT_NEW, VISIT_OPEN, VISIT_DONE } visit;

typedef struct walk {
    const weft_onnx_graph *graph;
    weft_onnx_importer importer;
    weft_onnx_value *values; /* [1 + nodes]: the graph's input, then the output of each node */
    uint8_t *visits;         /* [nodes] */
    int *stack;              /* open nodes, each waiting for the next */
    size_t depth;
} walk;

static weft_onnx_node node_at(const weft_onnx_graph *g, int index) {
    return (weft_onnx_node){g, g->proto->node[index], index};
}

/* Constant, or another name of one: no layer comes of it. */
static bool is_constant(const weft_onnx_node *node) {
    return weft_onnx_constant(node->graph, node->proto->output[0]) != NULL;
}

bool weft_onnx_only_use_is(const weft_onnx_node *node, const char *type) {
    size_t count = 0;
    const weft_onnx_named *use = weft_onnx_find(&node->graph->uses, node->proto->output[0], &count);
    if (count != 1) return false;
    return !type || strcmp(weft_onnx_text(node->graph->proto->node[use->node]->op_type), type) == 0;
}

/* ---- uses ---- */

/* Every value but the graph's output is used, and that one is not. */
static weft_status use_check(const weft_onnx_graph *g, const char *value, weft_error *err) {
    const weft_onnx_named *use = weft_onnx_find(&g->uses, value, NULL);
    bool is_output = strcmp(value, g->output) == 0;
    if (use && is_output) {
        weft_onnx_node node = node_at(g, use->node);
        return weft_onnx_fail(&node, WEFT_E_UNSUPPORTED, err,
                              "its input \"%.100s\" is the graph's output: not supported, the last value must be it",
                              value);
    }
    if (use || is_output) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_INVALID, g->file, 0, 0,
                             "value \"%.100s\" is used by no node, and it is not the graph's output", value);
}

static weft_status uses_check(const weft_onnx_graph *g, weft_error *err) {
    WEFT_TRY(use_check(g, g->input, err));
    for (size_t i = 0; i < g->proto->n_node; i++) {
        weft_onnx_node node = node_at(g, (int)i);
        if (!is_constant(&node)) WEFT_TRY(use_check(g, node.proto->output[0], err));
    }
    return WEFT_OK;
}

/* ---- order ---- */

/* Node that defines input `slot`, -1 for the graph's input. */
static weft_status producer_find(const weft_onnx_node *node, int slot, int *index, weft_error *err) {
    const weft_onnx_graph *g = node->graph;
    const char *name = weft_onnx_input(node, (size_t)slot);
    const weft_onnx_named *found = weft_onnx_find(&g->values, name, NULL);
    *index = found ? found->node : -1;
    if (!found || !name[0])
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "its input \"%.100s\" is defined nowhere", name);
    if (*index >= 0 && strcmp(g->proto->node[*index]->output[0], name) != 0)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "its input \"%.100s\" is not the first output of its node: not supported", name);
    return WEFT_OK;
}

/* Puts a producer of the topmost node that is not done on the stack; *ready when there is none. Notes the values of
 * those that are done. */
static weft_status producers_open(walk *w, const weft_onnx_node *node, bool *ready, weft_error *err) {
    weft_onnx_slots slots = weft_onnx_data_slots(node);
    *ready = false;
    w->importer.in[0] = w->importer.in[1] = NULL;
    for (int k = 0; k < 2 && slots.slot[k] >= 0; k++) {
        int index = -1;
        WEFT_TRY(producer_find(node, slots.slot[k], &index, err));
        w->importer.in[k] = &w->values[index + 1];
        if (index < 0 || w->visits[index] == VISIT_DONE) continue;
        if (w->visits[index] == VISIT_OPEN) return weft_onnx_fail(node, WEFT_E_INVALID, err, "is part of a loop");
        w->visits[index] = VISIT_OPEN;
        w->stack[w->depth++] = index;
        return WEFT_OK;
    }
    *ready = true;
    return WEFT_OK;
}

/* The node after all that it needs. */
static weft_status node_visit(walk *w, int index, weft_error *err) {
    if (w->visits[index] == VISIT_DONE) return WEFT_OK;
    w->visits[index] = VISIT_OPEN;
    w->stack[w->depth++] = index;
    while (w->depth) {
        int top = w->stack[w->depth - 1];
        weft_onnx_node node = node_at(w->graph, top);
        bool ready = false;
        WEFT_TRY(producers_open(w, &node, &ready, err));
        if (!ready) continue;
        WEFT_TRY(weft_onnx_import(&w->importer, &node, err));
        w->values[top + 1] = w->importer.out;
        w->visits[top] = VISIT_DONE;
        w->depth--;
    }
    return WEFT_OK;
}

/* In the file's order where that is possible; the output's node last, as all others lead to it. */
static weft_status nodes_visit(walk *w, weft_error *err) {
    const weft_onnx_graph *g = w->graph;
    const weft_onnx_named *output = weft_onnx_find(&g->values, g->output, NULL);
    int last = output ? output->node : -1;
    for (size_t i = 0; i < g->proto->n_node; i++) {
        weft_onnx_node node = node_at(g, (int)i);
        if ((int)i != last && !is_constant(&node)) WEFT_TRY(node_visit(w, (int)i, err));
    }
    if (last >= 0) {
        weft_onnx_node node = node_at(g, last);
        if (!is_constant(&node)) WEFT_TRY(node_visit(w, last, err));
    }
    if (w->importer.net->layer_count) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_INVALID, g->file, 0, 0, "the graph has no layers");
}

weft_status weft_onnx_walk(weft_network *net, const weft_onnx_graph *graph, weft_error *err) {
    size_t nodes = graph->proto->n_node;
    walk w = {.graph = graph, .importer = {.net = net}};
    weft_status status = WEFT_OK;
    w.values = calloc(nodes + 1, sizeof *w.values);
    w.visits = calloc(nodes + 1, sizeof *w.visits);
    w.stack = calloc(nodes + 1, sizeof *w.stack);
    if (!w.values || !w.visits || !w.stack) {
        status = weft_error_set(err, WEFT_E_MEMORY, "out of memory");
        goto cleanup;
    }
    w.values[0] = (weft_onnx_value){.layer = -1, .rank = graph->input_rank};
    WEFT_TRY_GOTO(uses_check(graph, err));
    WEFT_TRY_GOTO(nodes_visit(&w, err));
cleanup:
    free(w.values);
    free(w.visits);
    free(w.stack);
    return status;
}
