#include "core/nir.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nir_internal.h"

/* The nir package that first has every type and parameter here. */
static const char default_version[] = "1.0.6";

static weft_status no_memory(weft_error *err) { return weft_error_set(err, WEFT_E_MEMORY, "no memory for a graph"); }

weft_status weft_nir_create(weft_nir **out, weft_error *err) {
    weft_arena *arena = weft_arena_create();
    weft_nir *nir = arena ? weft_arena_alloc(arena, sizeof *nir) : NULL;
    if (nir) nir->graph = weft_arena_alloc(arena, sizeof *nir->graph);
    *out = NULL;
    if (!nir || !nir->graph) {
        weft_arena_destroy(arena);
        return no_memory(err);
    }
    nir->arena = arena;
    nir->version = default_version;
    *out = nir;
    return WEFT_OK;
}

void weft_nir_destroy(weft_nir *nir) {
    if (nir) weft_arena_destroy(nir->arena);
}

/* Room for one more item; the old block stays in the arena, so that all of them take twice the last at most. */
static bool grow(weft_arena *arena, void **items, int count, int *room, size_t size) {
    if (count < *room) return true;
    int wanted = *room ? 2 * *room : 8;
    void *larger = weft_arena_alloc(arena, (size_t)wanted * size);
    if (!larger) return false;
    if (count) memcpy(larger, *items, (size_t)count * size);
    *items = larger;
    *room = wanted;
    return true;
}

static weft_status name_check(const char *name, weft_error *err) {
    size_t length = strlen(name);
    if (length < 1 || length > WEFT_NIR_NAME_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "a node's name has %zu bytes; 1 to %d are allowed", length,
                              WEFT_NIR_NAME_MAX);
    if (strchr(name, '/') || !strcmp(name, "."))
        return weft_error_set(err, WEFT_E_INVALID, "\"%s\" cannot be a node's name in HDF5", name);
    return WEFT_OK;
}

weft_status weft_nir_add(weft_nir *nir, weft_nir_graph *graph, weft_nir_type type, const char *name,
                         weft_nir_node **node, weft_error *err) {
    weft_nir_node made = {.type = type, .value_count = weft_nir_parameter_count(type)};
    void *nodes = graph->nodes;
    WEFT_TRY(name_check(name, err));
    if (graph->node_count >= WEFT_NIR_NODES_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "more than %d nodes", WEFT_NIR_NODES_MAX);
    made.name = weft_arena_strdup(nir->arena, name);
    made.values = weft_arena_alloc(nir->arena, ((size_t)made.value_count + 1) * sizeof *made.values);
    if (type == WEFT_NIR_GRAPH) made.graph = weft_arena_alloc(nir->arena, sizeof *made.graph);
    if (!made.name || !made.values || (type == WEFT_NIR_GRAPH && !made.graph)) return no_memory(err);
    if (!grow(nir->arena, &nodes, graph->node_count, &graph->node_room, sizeof *graph->nodes)) return no_memory(err);
    graph->nodes = nodes;
    graph->nodes[graph->node_count] = made;
    if (node) *node = &graph->nodes[graph->node_count];
    graph->node_count++;
    return WEFT_OK;
}

size_t weft_nir_shape_size(const weft_nir_shape *shape) {
    size_t size = 1;
    for (int i = 0; i < shape->rank; i++) size *= (size_t)shape->size[i];
    return size;
}

void weft_nir_shape_text(char *out, size_t out_size, const weft_nir_shape *shape) {
    size_t used = 0;
    snprintf(out, out_size, "[");
    for (int i = 0; i < shape->rank && used < out_size; i++) {
        used = strlen(out);
        snprintf(out + used, out_size - used, "%s%d", i ? ", " : "", shape->size[i]);
    }
    used = strlen(out);
    snprintf(out + used, out_size - used, "]");
}

weft_status weft_nir_value_room(weft_nir_value **out, weft_nir *nir, weft_nir_node *node, int parameter,
                                const weft_nir_shape *shape, weft_error *err) {
    weft_nir_value *value = &node->values[parameter];
    size_t count = 1;
    if (shape->rank < 0 || shape->rank > WEFT_NIR_RANK_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "has %d dimensions; at most %d are allowed", shape->rank,
                              WEFT_NIR_RANK_MAX);
    for (int i = 0; i < shape->rank; i++) {
        if (shape->size[i] < 1 || (size_t)shape->size[i] > WEFT_NIR_VALUES_MAX / count)
            return weft_error_set(err, WEFT_E_INVALID, "has %d as dimension %d; 1 to %d values in all are allowed",
                                  shape->size[i], i, WEFT_NIR_VALUES_MAX);
        count *= (size_t)shape->size[i];
    }
    double *values = weft_arena_alloc(nir->arena, count * sizeof *values);
    if (!values) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu values", count);
    *value = (weft_nir_value){.name = weft_nir_parameters[node->type][parameter].name,
                              .dtype = WEFT_NIR_FLOAT64,
                              .shape = *shape,
                              .count = count,
                              .values = values};
    *out = value;
    return WEFT_OK;
}

static weft_status parameter_of(int *out, const weft_nir_node *node, const char *name, weft_error *err) {
    *out = weft_nir_parameter_find(node->type, name);
    if (*out >= 0) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "%s: a %s has no parameter %s", node->name,
                          weft_nir_type_names[node->type], name);
}

weft_status weft_nir_set(weft_nir *nir, weft_nir_node *node, const char *name, weft_nir_dtype dtype,
                         const weft_nir_shape *shape, const double *values, weft_error *err) {
    int parameter;
    weft_nir_value *value;
    WEFT_TRY(parameter_of(&parameter, node, name, err));
    WEFT_TRY(weft_nir_value_room(&value, nir, node, parameter, shape, err));
    value->dtype = dtype;
    for (size_t i = 0; i < value->count; i++) {
        double v = dtype == WEFT_NIR_FLOAT32 ? (double)(float)values[i]
                   : dtype == WEFT_NIR_INT64 ? rint(values[i])
                                             : values[i];
        if (!isfinite(v))
            return weft_error_set(err, WEFT_E_INVALID, "%s: %s has a value that is not finite at [%zu]", node->name,
                                  name, i);
        value->values[i] = v;
    }
    return WEFT_OK;
}

weft_status weft_nir_set_text(weft_nir *nir, weft_nir_node *node, const char *name, const char *text, weft_error *err) {
    int parameter;
    WEFT_TRY(parameter_of(&parameter, node, name, err));
    char *copy = weft_arena_strdup(nir->arena, text);
    if (!copy) return no_memory(err);
    node->values[parameter] =
        (weft_nir_value){.name = weft_nir_parameters[node->type][parameter].name, .dtype = WEFT_NIR_TEXT, .text = copy};
    return WEFT_OK;
}

weft_status weft_nir_link(weft_nir *nir, weft_nir_graph *graph, int from, int to, weft_error *err) {
    void *edges = graph->edges;
    if (graph->edge_count >= WEFT_NIR_EDGES_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "more than %d edges", WEFT_NIR_EDGES_MAX);
    if (!grow(nir->arena, &edges, graph->edge_count, &graph->edge_room, sizeof *graph->edges)) return no_memory(err);
    graph->edges = edges;
    graph->edges[graph->edge_count++] = (weft_nir_edge){from, to};
    return WEFT_OK;
}

weft_status weft_nir_connect(weft_nir *nir, weft_nir_graph *graph, const char *from, const char *to, weft_error *err) {
    const int ends[2] = {weft_nir_find(graph, from), weft_nir_find(graph, to)};
    for (int i = 0; i < 2; i++)
        if (ends[i] < 0)
            return weft_error_set(err, WEFT_E_INVALID, "edge \"%s\" -> \"%s\": there is no node \"%s\"", from, to,
                                  i ? to : from);
    return weft_nir_link(nir, graph, ends[0], ends[1], err);
}

int weft_nir_find(const weft_nir_graph *graph, const char *name) {
    for (int i = 0; i < graph->node_count; i++)
        if (!strcmp(graph->nodes[i].name, name)) return i;
    return -1;
}

const weft_nir_value *weft_nir_get(const weft_nir_node *node, const char *name) {
    int parameter = weft_nir_parameter_find(node->type, name);
    return parameter < 0 || !node->values[parameter].name ? NULL : &node->values[parameter];
}

weft_nir_path weft_nir_path_child(const weft_nir_path *path, const char *name) {
    weft_nir_path out;
    int length = snprintf(out.text, sizeof out.text, "%s/%s", path->text, name);
    if (length >= (int)sizeof out.text) memcpy(out.text + sizeof out.text - 4, "...", 4);
    return out;
}

weft_status weft_nir_links_create(weft_nir_links *out, const weft_nir_graph *graph, bool by_source, weft_error *err) {
    out->first = calloc((size_t)graph->node_count + 2, sizeof *out->first);
    out->items = calloc((size_t)graph->edge_count + 1, sizeof *out->items);
    if (!out->first || !out->items) {
        weft_nir_links_free(out);
        return no_memory(err);
    }
    for (int e = 0; e < graph->edge_count; e++)
        out->first[(by_source ? graph->edges[e].from : graph->edges[e].to) + 2]++;
    for (int n = 0; n < graph->node_count; n++) out->first[n + 2] += out->first[n + 1];
    for (int e = 0; e < graph->edge_count; e++) {
        const weft_nir_edge *edge = &graph->edges[e];
        out->items[out->first[(by_source ? edge->from : edge->to) + 1]++] = by_source ? edge->to : edge->from;
    }
    return WEFT_OK;
}

void weft_nir_links_free(weft_nir_links *links) {
    free(links->first);
    free(links->items);
    *links = (weft_nir_links){NULL, NULL};
}

/* ---- equality ---- */

static bool value_equal(const weft_nir_value *a, const weft_nir_value *b) {
    if (!a->name || !b->name) return !a->name && !b->name;
    if (a->dtype != b->dtype) return false;
    if (a->dtype == WEFT_NIR_TEXT) return !strcmp(a->text, b->text);
    if (a->shape.rank != b->shape.rank) return false;
    for (int i = 0; i < a->shape.rank; i++)
        if (a->shape.size[i] != b->shape.size[i]) return false;
    for (size_t i = 0; i < a->count; i++)
        if (!(a->values[i] == b->values[i])) return false;
    return true;
}

static bool graph_equal(const weft_nir_graph *a, const weft_nir_graph *b);

static bool node_equal(const weft_nir_node *a, const weft_nir_node *b) {
    if (a->type != b->type) return false;
    for (int i = 0; i < a->value_count; i++)
        if (!value_equal(&a->values[i], &b->values[i])) return false;
    return a->type != WEFT_NIR_GRAPH || graph_equal(a->graph, b->graph);
}

static bool graph_equal(const weft_nir_graph *a, const weft_nir_graph *b) {
    if (a->node_count != b->node_count || a->edge_count != b->edge_count) return false;
    for (int i = 0; i < a->node_count; i++) {
        int other = weft_nir_find(b, a->nodes[i].name);
        if (other < 0 || !node_equal(&a->nodes[i], &b->nodes[other])) return false;
    }
    for (int e = 0; e < a->edge_count; e++)
        if (strcmp(a->nodes[a->edges[e].from].name, b->nodes[b->edges[e].from].name) != 0 ||
            strcmp(a->nodes[a->edges[e].to].name, b->nodes[b->edges[e].to].name) != 0)
            return false;
    return true;
}

bool weft_nir_equal(const weft_nir *a, const weft_nir *b) {
    return !strcmp(a->version, b->version) && graph_equal(a->graph, b->graph);
}
