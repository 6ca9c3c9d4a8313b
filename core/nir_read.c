/* NIR files into graphs. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/nir_hdf5.h"

typedef struct reader {
    weft_hdf5 h;
    weft_nir *nir;
    weft_arena *scratch; /* names and texts that are not kept */
    int nodes_left;
    size_t values_left;
    int depth;
    haddr_t open[WEFT_NIR_DEPTH_MAX]; /* groups of the graphs that are being read, outermost first */
} reader;

/* One text, the scratch's. */
static weft_status read_text(reader *r, hid_t group, const char *name, const weft_nir_path *group_path, char **out) {
    const weft_nir_path path = weft_nir_path_child(group_path, name);
    weft_hdf5_extent extent;
    weft_status status;
    char **texts = NULL;
    hid_t dataset = -1;
    WEFT_TRY_GOTO(weft_hdf5_dataset(&r->h, group, name, &path, &dataset));
    WEFT_TRY_GOTO(weft_hdf5_extent_of(&r->h, dataset, &path, &extent));
    if (extent.dtype != WEFT_NIR_TEXT || extent.count != 1)
        WEFT_TRY_GOTO(weft_hdf5_fail(&r->h, WEFT_E_PARSE, &path, "is no single text"));
    WEFT_TRY_GOTO(weft_hdf5_texts(&r->h, dataset, &path, 1, r->scratch, &texts));
    *out = texts[0];
cleanup:
    if (dataset >= 0) H5Dclose(dataset);
    return status;
}

static weft_status read_type(reader *r, hid_t group, const weft_nir_path *path, weft_nir_type *out) {
    char *text = NULL;
    WEFT_TRY(read_text(r, group, "type", path, &text));
    for (int t = 0; t < WEFT_NIR_TYPE_COUNT; t++)
        if (!strcmp(text, weft_nir_type_names[t])) {
            *out = (weft_nir_type)t;
            return WEFT_OK;
        }
    const char *nearest = weft_text_nearest(text, weft_nir_type_names);
    return weft_hdf5_fail(&r->h, WEFT_E_UNSUPPORTED, path, "type \"%.60s\" is not known%s%s", text,
                          nearest ? "; did you mean " : "", nearest ? nearest : "");
}

/* ---- parameters ---- */

static weft_status unknown_parameter(const reader *r, const weft_nir_node *node, const weft_nir_path *path,
                                     const char *name) {
    const char *names[WEFT_NIR_PARAMETERS_MAX + 1] = {NULL};
    for (int i = 0; i < node->value_count; i++) names[i] = weft_nir_parameters[node->type][i].name;
    const char *nearest = weft_text_nearest(name, names);
    return weft_hdf5_fail(&r->h, WEFT_E_UNSUPPORTED, path, "%s has no parameter \"%.60s\"%s%s",
                          weft_nir_type_names[node->type], name, nearest ? "; did you mean " : "",
                          nearest ? nearest : "");
}

static weft_status read_numbers(reader *r, hid_t dataset, const weft_nir_path *path, const weft_hdf5_extent *extent,
                                weft_nir_node *node, int parameter) {
    weft_nir_value *value = NULL;
    weft_error inner = {0};
    if (extent->count < 1) return weft_hdf5_fail(&r->h, WEFT_E_INVALID, path, "has no value");
    if (extent->count > r->values_left)
        return weft_hdf5_fail(&r->h, WEFT_E_INVALID, path, "with it there are more than %d values",
                              WEFT_NIR_VALUES_MAX);
    weft_status status = weft_nir_value_room(&value, r->nir, node, parameter, &extent->shape, &inner);
    if (status != WEFT_OK) return weft_hdf5_fail(&r->h, status, path, "%s", inner.text);
    r->values_left -= extent->count;
    value->dtype = extent->dtype;
    return weft_hdf5_numbers(&r->h, dataset, path, value->values);
}

static weft_status read_parameter(reader *r, hid_t group, const weft_nir_path *node_path, weft_nir_node *node,
                                  int parameter) {
    const char *name = weft_nir_parameters[node->type][parameter].name;
    const weft_nir_path path = weft_nir_path_child(node_path, name);
    weft_hdf5_extent extent;
    weft_status status;
    hid_t dataset = -1;
    char *text = NULL;
    WEFT_TRY_GOTO(weft_hdf5_dataset(&r->h, group, name, &path, &dataset));
    WEFT_TRY_GOTO(weft_hdf5_extent_of(&r->h, dataset, &path, &extent));
    if (extent.dtype == WEFT_NIR_TEXT) {
        WEFT_TRY_GOTO(read_text(r, group, name, node_path, &text));
        WEFT_TRY_GOTO(weft_nir_set_text(r->nir, node, name, text, r->h.err));
    } else {
        WEFT_TRY_GOTO(read_numbers(r, dataset, &path, &extent, node, parameter));
    }
cleanup:
    if (dataset >= 0) H5Dclose(dataset);
    return status;
}

/* Shapes that some versions of the package write beside the parameters, and what tools note. */
static bool is_ignored(const char *name) {
    return !strcmp(name, "type") || !strcmp(name, "metadata") || !strcmp(name, "input_type") ||
           !strcmp(name, "output_type");
}

static weft_status read_parameters(reader *r, hid_t group, const weft_nir_path *path, weft_nir_node *node) {
    char **names = NULL;
    int count = 0;
    WEFT_TRY(weft_hdf5_names(&r->h, group, path, r->scratch, &names, &count));
    for (int i = 0; i < count; i++) {
        int parameter = weft_nir_parameter_find(node->type, names[i]);
        if (parameter >= 0)
            WEFT_TRY(read_parameter(r, group, path, node, parameter));
        else if (!is_ignored(names[i]))
            return unknown_parameter(r, node, path, names[i]);
    }
    return WEFT_OK;
}

/* ---- graphs ---- */

static int find_sorted(const weft_nir_graph *graph, const char *name) {
    int low = 0, high = graph->node_count;
    while (low < high) {
        int middle = low + (high - low) / 2, order = strcmp(graph->nodes[middle].name, name);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static weft_status read_edge(reader *r, weft_nir_graph *graph, const weft_nir_path *path, const char *from,
                             const char *to) {
    int ends[2] = {find_sorted(graph, from), find_sorted(graph, to)};
    weft_error inner = {0};
    if (ends[0] < 0 || ends[1] < 0)
        return weft_hdf5_fail(&r->h, WEFT_E_INVALID, path, "\"%.255s\" -> \"%.255s\": there is no node \"%.255s\"",
                              from, to, ends[0] < 0 ? from : to);
    weft_status status = weft_nir_link(r->nir, graph, ends[0], ends[1], &inner);
    return status == WEFT_OK ? WEFT_OK : weft_hdf5_fail(&r->h, status, path, "%s", inner.text);
}

static weft_status read_edges(reader *r, hid_t group, const weft_nir_path *graph_path, weft_nir_graph *graph) {
    const weft_nir_path path = weft_nir_path_child(graph_path, "edges");
    weft_hdf5_extent extent;
    weft_status status;
    char **names = NULL;
    hid_t dataset = -1;
    WEFT_TRY_GOTO(weft_hdf5_dataset(&r->h, group, "edges", &path, &dataset));
    WEFT_TRY_GOTO(weft_hdf5_extent_of(&r->h, dataset, &path, &extent));
    if (extent.count == 0) goto cleanup; /* no edges have no type either */
    if (extent.dtype != WEFT_NIR_TEXT || extent.shape.rank != 2 || extent.shape.size[1] != 2)
        WEFT_TRY_GOTO(weft_hdf5_fail(&r->h, WEFT_E_PARSE, &path, "is no list of pairs of names"));
    if (extent.shape.size[0] > WEFT_NIR_EDGES_MAX)
        WEFT_TRY_GOTO(weft_hdf5_fail(&r->h, WEFT_E_INVALID, &path, "has more than %d edges", WEFT_NIR_EDGES_MAX));
    WEFT_TRY_GOTO(weft_hdf5_texts(&r->h, dataset, &path, extent.count, r->scratch, &names));
    for (size_t e = 0; e < extent.count; e += 2) WEFT_TRY_GOTO(read_edge(r, graph, &path, names[e], names[e + 1]));
cleanup:
    if (dataset >= 0) H5Dclose(dataset);
    return status;
}

static weft_status read_graph(reader *r, hid_t group, const weft_nir_path *path, weft_nir_graph *graph);

static weft_status read_node(reader *r, hid_t nodes, const char *name, const weft_nir_path *nodes_path,
                             weft_nir_graph *graph) {
    const weft_nir_path path = weft_nir_path_child(nodes_path, name);
    weft_nir_type type;
    weft_nir_node *node = NULL;
    weft_error inner = {0};
    weft_status status;
    hid_t group = -1;
    if (r->nodes_left-- <= 0)
        WEFT_TRY_GOTO(
            weft_hdf5_fail(&r->h, WEFT_E_INVALID, &path, "with it there are more than %d nodes", WEFT_NIR_NODES_MAX));
    WEFT_TRY_GOTO(weft_hdf5_group(&r->h, nodes, name, &path, &group));
    WEFT_TRY_GOTO(read_type(r, group, &path, &type));
    status = weft_nir_add(r->nir, graph, type, name, &node, &inner);
    if (status != WEFT_OK) WEFT_TRY_GOTO(weft_hdf5_fail(&r->h, status, &path, "%s", inner.text));
    WEFT_TRY_GOTO(type == WEFT_NIR_GRAPH ? read_graph(r, group, &path, node->graph)
                                         : read_parameters(r, group, &path, node));
cleanup:
    if (group >= 0) H5Gclose(group);
    return status;
}

/* Notes the graph's group; INVALID where it is being read already, or too many are. */
static weft_status enter(reader *r, hid_t group, const weft_nir_path *path) {
    H5O_info_t info;
    if (H5Oget_info(group, &info) < 0) return weft_hdf5_fail(&r->h, WEFT_E_PARSE, path, "is damaged");
    for (int d = 0; d < r->depth; d++)
        if (r->open[d] == info.addr)
            return weft_hdf5_fail(&r->h, WEFT_E_INVALID, path, "is a graph that contains itself");
    if (r->depth == WEFT_NIR_DEPTH_MAX)
        return weft_hdf5_fail(&r->h, WEFT_E_INVALID, path, "is nested deeper than %d graphs", WEFT_NIR_DEPTH_MAX);
    r->open[r->depth++] = info.addr;
    return WEFT_OK;
}

static weft_status read_graph(reader *r, hid_t group, const weft_nir_path *path, weft_nir_graph *graph) {
    const weft_nir_path nodes_path = weft_nir_path_child(path, "nodes");
    weft_status status;
    char **names = NULL;
    int count = 0, depth = r->depth;
    hid_t nodes = -1;
    WEFT_TRY_GOTO(enter(r, group, path));
    WEFT_TRY_GOTO(weft_hdf5_group(&r->h, group, "nodes", &nodes_path, &nodes));
    WEFT_TRY_GOTO(weft_hdf5_names(&r->h, nodes, &nodes_path, r->scratch, &names, &count));
    for (int i = 0; i < count; i++) WEFT_TRY_GOTO(read_node(r, nodes, names[i], &nodes_path, graph));
    WEFT_TRY_GOTO(read_edges(r, group, path, graph));
cleanup:
    r->depth = depth;
    if (nodes >= 0) H5Gclose(nodes);
    return status;
}

static weft_status read_root(reader *r) {
    const weft_nir_path top = {""}, path = {"/node"};
    weft_status status;
    weft_nir_type type;
    char *version = NULL;
    hid_t group = -1;
    r->nir->version = "";
    if (weft_hdf5_has(r->h.id, "version")) {
        WEFT_TRY_GOTO(read_text(r, r->h.id, "version", &top, &version));
        r->nir->version = weft_arena_strdup(r->nir->arena, version);
        if (!r->nir->version) WEFT_TRY_GOTO(weft_hdf5_fail(&r->h, WEFT_E_MEMORY, &top, "no memory for its version"));
    }
    WEFT_TRY_GOTO(weft_hdf5_group(&r->h, r->h.id, "node", &path, &group));
    WEFT_TRY_GOTO(read_type(r, group, &path, &type));
    if (type != WEFT_NIR_GRAPH)
        WEFT_TRY_GOTO(weft_hdf5_fail(&r->h, WEFT_E_UNSUPPORTED, &path, "is of type %s; the outermost is a NIRGraph",
                                     weft_nir_type_names[type]));
    WEFT_TRY_GOTO(read_graph(r, group, &path, r->nir->graph));
    status = weft_nir_check(r->nir, r->h.file, r->h.err);
cleanup:
    if (group >= 0) H5Gclose(group);
    return status;
}

weft_status weft_nir_parse(weft_nir **out, const void *data, size_t size, const char *file, weft_error *err) {
    reader r = {.nodes_left = WEFT_NIR_NODES_MAX, .values_left = WEFT_NIR_VALUES_MAX};
    weft_status status;
    *out = NULL;
    WEFT_TRY_GOTO(weft_hdf5_open(&r.h, data, size, file, err));
    WEFT_TRY_GOTO(weft_nir_create(&r.nir, err));
    r.scratch = weft_arena_create();
    if (!r.scratch) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "no memory for a graph"));
    WEFT_TRY_GOTO(read_root(&r));
    *out = r.nir;
    r.nir = NULL;
cleanup:
    weft_hdf5_close(&r.h);
    weft_arena_destroy(r.scratch);
    weft_nir_destroy(r.nir);
    return status;
}

weft_status weft_nir_read(weft_nir **out, const char *path, weft_error *err) {
    weft_mapped_file file;
    *out = NULL;
    WEFT_TRY(weft_file_map(&file, path, WEFT_NIR_BYTES_MAX, err));
    weft_status status = weft_nir_parse(out, file.data, file.size, path, err);
    weft_file_unmap(&file);
    return status;
}
