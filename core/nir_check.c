/* What a graph must be before anything is done with it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/nir_internal.h"

typedef struct checker {
    const char *file;
    weft_error *err;
    int nodes;     /* seen so far */
    size_t values; /* of their parameters */
} checker;

static weft_status fail(const checker *c, const weft_nir_path *path, const char *what) {
    return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0, "%s: %s", path->text, what);
}

/* Whole numbers from min to max. */
static weft_status whole_numbers(const checker *c, const weft_nir_path *path, const weft_nir_value *value, double min,
                                 double max) {
    for (size_t i = 0; i < value->count; i++) {
        double v = value->values[i];
        if (v < min || v > max || v != rint(v))
            return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0,
                                     "%s: is %g; a whole number from %.0f to %.0f is allowed", path->text, v, min, max);
    }
    return WEFT_OK;
}

static weft_status has_rank(const checker *c, const weft_nir_path *path, const weft_nir_value *value, int min,
                            int max) {
    if (value->shape.rank >= min && value->shape.rank <= max) return WEFT_OK;
    char shape[128];
    weft_nir_shape_text(shape, sizeof shape, &value->shape);
    return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0, "%s: has the shape %s; %d dimensions%s are needed",
                             path->text, shape, min, max > min ? " or more" : "");
}

/* A list of up to `most` numbers. */
static weft_status has_length(const checker *c, const weft_nir_path *path, const weft_nir_value *value, size_t most) {
    if (value->shape.rank <= 1 && value->count <= most) return WEFT_OK;
    char shape[128];
    weft_nir_shape_text(shape, sizeof shape, &value->shape);
    return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0,
                             "%s: has the shape %s; at most %zu number%s allowed", path->text, shape, most,
                             most == 1 ? " is" : "s are");
}

/* A bias has one value an output, in the shape of the outputs or as a list of the last dimension. */
static weft_status bias_fits(const checker *c, const weft_nir_path *path, const weft_nir_node *node,
                             const weft_nir_value *value) {
    const weft_nir_value *weight = weft_nir_get(node, "weight");
    bool kernel = node->type != WEFT_NIR_AFFINE;
    if (!weight || weight->shape.rank < 2) return WEFT_OK; /* has been or will be told */
    size_t inputs = (size_t)weight->shape.size[weight->shape.rank - 1];
    size_t wanted = kernel ? (size_t)weight->shape.size[0] : weight->count / inputs;
    if (value->count == wanted && (!kernel || value->shape.rank == 1)) return WEFT_OK;
    if (!kernel && value->shape.rank == 1 && value->shape.size[0] == weight->shape.size[weight->shape.rank - 2])
        return WEFT_OK;
    char shape[128], of[128];
    weft_nir_shape_text(shape, sizeof shape, &value->shape);
    weft_nir_shape_text(of, sizeof of, &weight->shape);
    return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0,
                             "%s: has the shape %s, but weight %s needs %zu values", path->text, shape, of, wanted);
}

/* Parameters of neurons before this one that have more than one value have its shape. */
static weft_status shape_fits(const checker *c, const weft_nir_path *path, const weft_nir_node *node,
                              const weft_nir_value *value) {
    for (const weft_nir_value *other = node->values; other < value && value->count > 1; other++) {
        if (!other->name || other->count == 1) continue;
        if (other->shape.rank == value->shape.rank &&
            !memcmp(other->shape.size, value->shape.size, (size_t)value->shape.rank * sizeof(int)))
            continue;
        char shape[128], of[128];
        weft_nir_shape_text(shape, sizeof shape, &value->shape);
        weft_nir_shape_text(of, sizeof of, &other->shape);
        return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0, "%s: has the shape %s, but %s has %s",
                                 path->text, shape, other->name, of);
    }
    return WEFT_OK;
}

static weft_status neuron_fits(const checker *c, const weft_nir_path *path, const weft_nir_node *node,
                               const weft_nir_value *value, weft_nir_rule rule) {
    for (size_t i = 0; i < value->count && rule != WEFT_NIR_RULE_NEURON; i++) {
        double v = value->values[i];
        if (v < 0 || (v == 0 && rule == WEFT_NIR_RULE_TAU))
            return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0, "%s: is %g at [%zu]; must be %s",
                                     path->text, v, i, rule == WEFT_NIR_RULE_TAU ? "above 0" : "0 or more");
    }
    return shape_fits(c, path, node, value);
}

static weft_status text_fits(const checker *c, const weft_nir_path *path, const weft_nir_value *value,
                             weft_nir_rule rule) {
    if (rule != WEFT_NIR_RULE_PADDING_T) return fail(c, path, "is a text; numbers are needed");
    if (!strcmp(value->text, "same") || !strcmp(value->text, "valid")) return WEFT_OK;
    return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0,
                             "%s: is \"%.40s\"; numbers, \"same\" or \"valid\" are allowed", path->text, value->text);
}

enum { WINDOW_MAX = 1 << 20 }; /* extents, strides, dilations, paddings */

static weft_status rule_holds(const checker *c, const weft_nir_path *path, const weft_nir_node *node,
                              const weft_nir_value *value, weft_nir_rule rule) {
    const size_t axes = node->type == WEFT_NIR_CONV1D ? 1 : 2;
    if (value->dtype == WEFT_NIR_TEXT) return text_fits(c, path, value, rule);
    switch (rule) {
    case WEFT_NIR_RULE_MATRIX:
        return has_rank(c, path, value, 2, WEFT_NIR_RANK_MAX);
    case WEFT_NIR_RULE_KERNEL1:
        return has_rank(c, path, value, 3, 3);
    case WEFT_NIR_RULE_KERNEL2:
        return has_rank(c, path, value, 4, 4);
    case WEFT_NIR_RULE_BIAS:
        return bias_fits(c, path, node, value);
    case WEFT_NIR_RULE_SHAPE:
        WEFT_TRY(has_length(c, path, value, WEFT_NIR_RANK_MAX));
        return whole_numbers(c, path, value, 1, WEFT_NIR_VALUES_MAX);
    case WEFT_NIR_RULE_PAIR:
        WEFT_TRY(has_length(c, path, value, axes));
        return whole_numbers(c, path, value, 1, WINDOW_MAX);
    case WEFT_NIR_RULE_PADDING:
    case WEFT_NIR_RULE_PADDING_T:
        WEFT_TRY(has_length(c, path, value, axes));
        return whole_numbers(c, path, value, 0, WINDOW_MAX);
    case WEFT_NIR_RULE_COUNT:
        WEFT_TRY(has_length(c, path, value, 1));
        return whole_numbers(c, path, value, 1, WINDOW_MAX);
    case WEFT_NIR_RULE_DIMENSION:
        WEFT_TRY(has_length(c, path, value, 1));
        return whole_numbers(c, path, value, -WEFT_NIR_RANK_MAX, WEFT_NIR_RANK_MAX - 1);
    case WEFT_NIR_RULE_NEURON:
    case WEFT_NIR_RULE_TAU:
    case WEFT_NIR_RULE_DELAY:
        return neuron_fits(c, path, node, value, rule);
    }
    return WEFT_OK;
}

static weft_status value_check(checker *c, const weft_nir_path *node_path, const weft_nir_node *node, int parameter) {
    const weft_nir_value *value = &node->values[parameter];
    const weft_nir_parameter *p = &weft_nir_parameters[node->type][parameter];
    if (!value->name && p->optional) return WEFT_OK;
    if (!value->name)
        return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0, "%s: parameter %s of %s is missing",
                                 node_path->text, p->name, weft_nir_type_names[node->type]);
    weft_nir_path path = weft_nir_path_child(node_path, p->name);
    for (size_t i = 0; i < value->count; i++)
        if (!isfinite(value->values[i]))
            return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0, "%s: is %s at [%zu]", path.text,
                                     isnan(value->values[i]) ? "not a number" : "infinite", i);
    c->values += value->count;
    if (c->values > WEFT_NIR_VALUES_MAX)
        return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0, "%s: with it there are more than %d values",
                                 path.text, WEFT_NIR_VALUES_MAX);
    return rule_holds(c, &path, node, value, p->rule);
}

/* Groups divide the outputs; "same" needs a stride of 1. */
static weft_status convolution_check(const checker *c, const weft_nir_path *path, const weft_nir_node *node) {
    const weft_nir_value *weight = weft_nir_get(node, "weight"), *padding = weft_nir_get(node, "padding");
    weft_nir_window w = weft_nir_window_of(node);
    if (weight->shape.size[0] % w.groups)
        return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0,
                                 "%s/groups: is %d, which does not divide the %d outputs", path->text, w.groups,
                                 weight->shape.size[0]);
    if (weight->shape.size[1] > WEFT_NIR_VALUES_MAX / w.groups)
        return fail(c, path, "has more inputs than a map may have values");
    if (padding->text && !strcmp(padding->text, "same") && (w.stride[0] != 1 || w.stride[1] != 1))
        return fail(c, path, "padding \"same\" needs a stride of 1");
    return WEFT_OK;
}

/* Of a list of dimensions: their product. */
static weft_status shape_check(const checker *c, const weft_nir_path *path, const weft_nir_value *value) {
    double product = 1;
    for (size_t i = 0; i < value->count; i++) product *= value->values[i];
    if (product <= WEFT_NIR_VALUES_MAX) return WEFT_OK;
    return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0,
                             "%s/%s: stands for %.0f values; at most %d are allowed", path->text, value->name, product,
                             WEFT_NIR_VALUES_MAX);
}

static weft_status graph_check(checker *c, const weft_nir_path *path, const weft_nir_graph *graph, int depth);

static weft_status node_check(checker *c, const weft_nir_path *path, const weft_nir_node *node, int depth) {
    if (++c->nodes > WEFT_NIR_NODES_MAX)
        return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0, "%s: with it there are more than %d nodes",
                                 path->text, WEFT_NIR_NODES_MAX);
    for (int i = 0; i < node->value_count; i++) WEFT_TRY(value_check(c, path, node, i));
    if (node->type == WEFT_NIR_CONV1D || node->type == WEFT_NIR_CONV2D) return convolution_check(c, path, node);
    if (node->type == WEFT_NIR_INPUT || node->type == WEFT_NIR_OUTPUT) return shape_check(c, path, &node->values[0]);
    if (node->type == WEFT_NIR_FLATTEN && node->values[2].name) return shape_check(c, path, &node->values[2]);
    return node->type == WEFT_NIR_GRAPH ? graph_check(c, path, node->graph, depth + 1) : WEFT_OK;
}

static int compare_edges(const void *a, const void *b) {
    const weft_nir_edge *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

/* No edge stands twice: whether it would count twice is not defined. */
static weft_status edges_check(const checker *c, const weft_nir_path *path, const weft_nir_graph *graph) {
    weft_status status = WEFT_OK;
    if (graph->edge_count < 2) return WEFT_OK;
    weft_nir_edge *sorted = malloc((size_t)graph->edge_count * sizeof *sorted);
    if (!sorted) return weft_error_set(c->err, WEFT_E_MEMORY, "no memory for %d edges", graph->edge_count);
    memcpy(sorted, graph->edges, (size_t)graph->edge_count * sizeof *sorted);
    qsort(sorted, (size_t)graph->edge_count, sizeof *sorted, compare_edges);
    for (int e = 1; e < graph->edge_count && status == WEFT_OK; e++)
        if (!compare_edges(&sorted[e - 1], &sorted[e]))
            status = weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0,
                                       "%s/edges: \"%.255s\" -> \"%.255s\" stands twice", path->text,
                                       graph->nodes[sorted[e].from].name, graph->nodes[sorted[e].to].name);
    free(sorted);
    return status;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static weft_status names_check(const checker *c, const weft_nir_path *path, const weft_nir_graph *graph) {
    weft_status status = WEFT_OK;
    const char **names = malloc(((size_t)graph->node_count + 1) * sizeof *names);
    if (!names) return weft_error_set(c->err, WEFT_E_MEMORY, "no memory for %d names", graph->node_count);
    for (int n = 0; n < graph->node_count; n++) names[n] = graph->nodes[n].name;
    qsort(names, (size_t)graph->node_count, sizeof *names, compare_names);
    for (int n = 1; n < graph->node_count && status == WEFT_OK; n++)
        if (!strcmp(names[n - 1], names[n]))
            status = weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0,
                                       "%s/nodes: two nodes have the name \"%.255s\"", path->text, names[n]);
    free(names);
    return status;
}

static weft_status graph_check(checker *c, const weft_nir_path *path, const weft_nir_graph *graph, int depth) {
    if (depth > WEFT_NIR_DEPTH_MAX)
        return weft_error_set_at(c->err, WEFT_E_INVALID, c->file, 0, 0, "%s: is nested deeper than %d graphs",
                                 path->text, WEFT_NIR_DEPTH_MAX);
    const weft_nir_path nodes = weft_nir_path_child(path, "nodes");
    WEFT_TRY(names_check(c, path, graph));
    for (int n = 0; n < graph->node_count; n++) {
        weft_nir_path place = weft_nir_path_child(&nodes, graph->nodes[n].name);
        WEFT_TRY(node_check(c, &place, &graph->nodes[n], depth));
    }
    return edges_check(c, path, graph);
}

weft_status weft_nir_check(const weft_nir *nir, const char *file, weft_error *err) {
    checker c = {.file = file, .err = err};
    const weft_nir_path root = {"/node"};
    return graph_check(&c, &root, nir->graph, 1);
}
