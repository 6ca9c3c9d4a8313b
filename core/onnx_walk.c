/* From node to node of an ONNX graph, producers first: what each value is. */
#include <stdlib.h>
#include <string.h>

#include "core/onnx_import.h"

enum { INPUTS_MAX = WEFT_NETWORK_LAYERS_MAX };

/* A node: not seen, waiting for its producers, imported. */
typedef enum visit { VISIT_NEW, VISIT_OPEN, VISIT_DONE } visit;

typedef struct walk {
    const weft_onnx_graph *graph;
    weft_onnx_importer importer;
    weft_onnx_value *values; /* [1 + nodes]: the graph's input, then the output of each node */
    uint8_t *visits;         /* [nodes] */
    uint32_t *next;          /* [nodes]: the input slot that an open node waits for */
    int *stack;              /* open nodes, each waiting for the next */
    size_t depth;
    weft_onnx_value *constants; /* one a slot of the node at hand: initialisers */
    size_t slots_max;
} walk;

static weft_onnx_node node_at(const weft_onnx_graph *g, int index) {
    return (weft_onnx_node){g, g->proto->node[index], index};
}

/* ---- inputs of a node ---- */

static weft_status definition_find(const weft_onnx_node *node, const char *name, const weft_onnx_named **out,
                                   weft_error *err) {
    *out = weft_onnx_find(&node->graph->values, name, NULL);
    if (!*out) return weft_onnx_fail(node, WEFT_E_INVALID, err, "its input \"%.100s\" is defined nowhere", name);
    if ((*out)->slot == 0) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                          "its input \"%.100s\" is not the first output of its node: not supported", name);
}

/* Puts a producer of the topmost node that is not done on the stack; *ready when there is none. */
static weft_status producers_open(walk *w, const weft_onnx_node *node, bool *ready, weft_error *err) {
    *ready = false;
    for (uint32_t *slot = &w->next[node->index]; *slot < node->proto->n_input; ++*slot) {
        const char *name = weft_onnx_input(node, *slot);
        const weft_onnx_named *found;
        if (!name[0]) continue;
        WEFT_TRY(definition_find(node, name, &found, err));
        if (found->node < 0 || w->visits[found->node] == VISIT_DONE) continue;
        if (w->visits[found->node] == VISIT_OPEN) return weft_onnx_fail(node, WEFT_E_INVALID, err, "is part of a loop");
        w->visits[found->node] = VISIT_OPEN;
        w->stack[w->depth++] = found->node;
        return WEFT_OK;
    }
    *ready = true;
    return WEFT_OK;
}

/* What the slots of a node hold whose producers are all done. */
static weft_status inputs_fill(walk *w, const weft_onnx_node *node, weft_error *err) {
    w->importer.input_count = node->proto->n_input;
    while (w->importer.input_count && !weft_onnx_input(node, w->importer.input_count - 1)[0])
        w->importer.input_count--; /* absent at the end */
    for (size_t i = 0; i < w->importer.input_count; i++) {
        const char *name = weft_onnx_input(node, i);
        const weft_onnx_named *found;
        w->importer.input[i] = NULL;
        if (!name[0]) continue;
        WEFT_TRY(definition_find(node, name, &found, err));
        w->constants[i] = (weft_onnx_value){.form = WEFT_ONNX_CONSTANT, .tensor = found->tensor};
        w->importer.input[i] = found->tensor ? &w->constants[i] : &w->values[found->node + 1];
    }
    return WEFT_OK;
}

/* ---- order ---- */

static weft_status node_import(walk *w, const weft_onnx_node *node, weft_error *err) {
    size_t uses = 0;
    WEFT_TRY(inputs_fill(w, node, err));
    WEFT_TRY(weft_onnx_import(&w->importer, node, err));
    weft_onnx_find(&w->graph->uses, node->proto->output[0], &uses);
    w->values[node->index + 1] = w->importer.out;
    w->values[node->index + 1].single_use = uses == 1;
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
        WEFT_TRY(node_import(w, &node, err));
        w->visits[top] = VISIT_DONE;
        w->depth--;
    }
    return WEFT_OK;
}

/* In the file's order where that is possible; the output's node comes last by itself, as all others lead to it. */
static weft_status nodes_visit(walk *w, weft_error *err) {
    const weft_onnx_graph *g = w->graph;
    for (size_t i = 0; i < g->proto->n_node; i++)
        if (g->needed[i]) WEFT_TRY(node_visit(w, (int)i, err));
    return WEFT_OK;
}

/* ---- output ---- */

static weft_status output_fail(const weft_onnx_graph *g, weft_status status, const char *problem, weft_error *err) {
    return weft_error_set_at(err, status, g->file, 0, 0, "the graph's output \"%.100s\" %s", g->output, problem);
}

/* The output's layer becomes the last one; layers that only gave shapes or became part of others go. */
static weft_status output_settle(walk *w, weft_error *err) {
    const weft_onnx_graph *g = w->graph;
    const weft_onnx_named *found = weft_onnx_find(&g->values, g->output, NULL);
    if (!found) return output_fail(g, WEFT_E_INVALID, "is defined nowhere", err);
    if (found->slot)
        return output_fail(g, WEFT_E_UNSUPPORTED, "is not the first output of its node: not supported", err);
    const weft_onnx_value *value = &w->values[found->node + 1];
    if (found->tensor || value->form == WEFT_ONNX_CONSTANT)
        return output_fail(g, WEFT_E_INVALID, "does not depend on its input", err);
    if (value->form != WEFT_ONNX_NUMBER && value->form != WEFT_ONNX_VIEW)
        return output_fail(g, WEFT_E_UNSUPPORTED,
                           "is no network's: not numbers, but part of a quantisation, threshold or shuffle", err);
    if (value->layer < 0) return weft_error_set_at(err, WEFT_E_INVALID, g->file, 0, 0, "the graph has no layers");
    return weft_network_keep(w->importer.net, value->layer, err);
}

static weft_status slots_count(walk *w, weft_error *err) {
    const Onnx__GraphProto *p = w->graph->proto;
    for (size_t i = 0; i < p->n_node; i++) {
        if (!w->graph->needed[i] || p->node[i]->n_input <= w->slots_max) continue;
        w->slots_max = p->node[i]->n_input;
        weft_onnx_node node = node_at(w->graph, (int)i);
        if (w->slots_max > INPUTS_MAX)
            return weft_onnx_fail(&node, WEFT_E_INVALID, err, "has %zu inputs; at most %d are allowed", w->slots_max,
                                  (int)INPUTS_MAX);
    }
    return WEFT_OK;
}

static weft_status walk_allocate(walk *w, weft_error *err) {
    size_t nodes = w->graph->proto->n_node;
    WEFT_TRY(slots_count(w, err));
    w->values = calloc(nodes + 1, sizeof *w->values);
    w->visits = calloc(nodes + 1, sizeof *w->visits);
    w->next = calloc(nodes + 1, sizeof *w->next);
    w->stack = calloc(nodes + 1, sizeof *w->stack);
    w->constants = calloc(w->slots_max + 1, sizeof *w->constants);
    w->importer.input = calloc(w->slots_max + 1, sizeof *w->importer.input);
    w->importer.arena = weft_arena_create();
    if (w->values && w->visits && w->next && w->stack && w->constants && w->importer.input && w->importer.arena)
        return WEFT_OK;
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
}

weft_status weft_onnx_walk(weft_network *net, const weft_onnx_graph *graph, uint64_t values_max, weft_error *err) {
    walk w = {.graph = graph, .importer = {.net = net, .graph = graph, .values_left = values_max}};
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(walk_allocate(&w, err));
    w.values[0] = (weft_onnx_value){.form = WEFT_ONNX_NUMBER, .layer = -1, .rank = graph->input_rank};
    WEFT_TRY_GOTO(nodes_visit(&w, err));
    WEFT_TRY_GOTO(output_settle(&w, err));
cleanup:
    free(w.values);
    free(w.visits);
    free(w.next);
    free(w.stack);
    free(w.constants);
    free(w.importer.input);
    weft_arena_destroy(w.importer.arena);
    return status;
}
