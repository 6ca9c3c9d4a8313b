/* weft info net.nir */
#include <string.h>

#include "cli/info.h"
#include "core/snn.h"

/* Only Delays, which are in seconds, depend on it. */
static const double delay_step_s = 1e-3;

typedef struct nir_info {
    weft_nir *nir;
    weft_nir_shapes shapes;
    weft_snn *snn;
    weft_sha256 hash;
    int graphs; /* the outermost and those in it */
    bool delays;
} nir_info;

static int count_graphs(const weft_nir_graph *graph) {
    int count = 1;
    for (int n = 0; n < graph->node_count; n++)
        if (graph->nodes[n].graph) count += count_graphs(graph->nodes[n].graph);
    return count;
}

static void info_free(nir_info *info) {
    weft_snn_destroy(info->snn);
    weft_nir_shapes_free(&info->shapes);
    weft_nir_destroy(info->nir);
}

static weft_status info_read(nir_info *info, const char *path, weft_error *err) {
    WEFT_TRY(weft_nir_read(&info->nir, path, err));
    info->graphs = count_graphs(info->nir->graph);
    WEFT_TRY(weft_nir_flatten(info->nir, path, err));
    WEFT_TRY(weft_nir_shapes_find(&info->shapes, info->nir->graph, path, err));
    for (int n = 0; n < info->nir->graph->node_count; n++)
        info->delays = info->delays || info->nir->graph->nodes[n].type == WEFT_NIR_DELAY;
    WEFT_TRY(weft_snn_create(&info->snn, info->nir->graph, delay_step_s, path, err));
    return weft_sha256_file(&info->hash, path, err);
}

/* ---- text ---- */

static void values_text(char *out, size_t size, const weft_nir_shape *shape) {
    char list[100];
    weft_nir_shape_text(list, sizeof list, shape);
    snprintf(out, size, "%.*s", (int)strlen(list) - 2, list + 1);
    if (shape->rank == 0) snprintf(out, size, "1");
}

/* Single numbers, pairs and texts as they are, others by their shapes. */
static void print_parameters(const weft_nir_node *node, FILE *stream) {
    bool first = true;
    for (int i = 0; i < node->value_count; i++) {
        const weft_nir_value *value = &node->values[i];
        char shape[100];
        if (!value->name || !strcmp(value->name, "shape") || !strcmp(value->name, "input_type")) continue;
        weft_nir_shape_text(shape, sizeof shape, &value->shape);
        fputs(first ? "  " : ", ", stream);
        first = false;
        if (value->text)
            fprintf(stream, "%s %s", value->name, value->text);
        else if (value->count == 1)
            fprintf(stream, "%s %.4g", value->name, value->values[0]);
        else if (value->count == 2 && value->dtype == WEFT_NIR_INT64)
            fprintf(stream, "%s %.0f x %.0f", value->name, value->values[0], value->values[1]);
        else
            fprintf(stream, "%s %s", value->name, shape);
    }
    fputc('\n', stream);
}

static void print_nodes(const nir_info *info, FILE *stream) {
    const weft_nir_graph *graph = info->nir->graph;
    int width = 4;
    for (int n = 0; n < graph->node_count; n++) {
        int length = (int)strlen(graph->nodes[n].name);
        if (length > width) width = length > 40 ? 40 : length;
    }
    fprintf(stream, "%-*s  %-9s  %-14s  %-14s  parameters\n", width, "node", "type", "in", "out");
    for (int n = 0; n < graph->node_count; n++) {
        const weft_nir_node *node = &graph->nodes[n];
        char in[100], out[100];
        values_text(in, sizeof in, &info->shapes.in[n]);
        values_text(out, sizeof out, &info->shapes.out[n]);
        const bool port = node->type == WEFT_NIR_INPUT || node->type == WEFT_NIR_OUTPUT; /* all is told */
        fprintf(stream, "%-*.*s  %-9s  %-14s  %-*s", width, width, node->name, weft_nir_type_names[node->type], in,
                port ? 0 : 14, out);
        print_parameters(node, stream);
    }
}

static void print_projections(const nir_info *info, FILE *stream) {
    const weft_snn *snn = info->snn;
    fprintf(stream, "\n%-24s  %-24s  %5s  %12s  %s\n", "from", "to", "depth", "synapses", "delay");
    for (int i = 0; i < snn->projection_count; i++) {
        const weft_snn_projection *p = &snn->projections[i];
        const weft_snn_population *target = &snn->populations[p->target];
        fprintf(stream, "%-24.24s  %-24.24s  %5d  %12llu  %d%s\n", snn->populations[p->source].name, target->name,
                target->depth, (unsigned long long)p->count, p->delay, p->recurrent ? ", recurrent" : "");
    }
}

static int count_recurrent(const weft_snn *snn) {
    int count = 0;
    for (int i = 0; i < snn->projection_count; i++) count += snn->projections[i].recurrent;
    return count;
}

static void print_info(const nir_info *info, const char *path, FILE *stream) {
    const weft_snn *snn = info->snn;
    fprintf(stream, "network  %s\nformat   NIR %s\nsha256   %s\n", path,
            info->nir->version[0] ? info->nir->version : "of unknown version", info->hash.hex);
    fprintf(stream, "neurons  %llu\nsynapses %llu in %d projections, %d of them recurrent\n",
            (unsigned long long)snn->neurons, (unsigned long long)snn->synapses, snn->projection_count,
            count_recurrent(snn));
    if (info->graphs > 1) fprintf(stream, "graphs   %d, one in the other; their nodes are GRAPH.NODE\n", info->graphs);
    fputc('\n', stream);
    print_nodes(info, stream);
    print_projections(info, stream);
    if (info->delays) fputs("\ndelays are in steps of 1 ms\n", stream);
}

/* ---- JSON ---- */

static void json_sizes(weft_json *json, const char *key, const weft_nir_shape *shape) {
    uint32_t values[WEFT_NIR_RANK_MAX];
    for (int i = 0; i < shape->rank; i++) values[i] = (uint32_t)shape->size[i];
    weft_json_counts(json, key, values, shape->rank);
}

static void json_node(weft_json *json, const nir_info *info, int n) {
    const weft_nir_node *node = &info->nir->graph->nodes[n];
    weft_json_object(json, NULL);
    weft_json_text(json, "name", node->name);
    weft_json_text(json, "type", weft_nir_type_names[node->type]);
    json_sizes(json, "in", &info->shapes.in[n]);
    json_sizes(json, "out", &info->shapes.out[n]);
    weft_json_object_end(json);
}

static void json_population(weft_json *json, const weft_snn_population *p) {
    weft_json_object(json, NULL);
    weft_json_text(json, "name", p->name);
    weft_json_text(json, "model", weft_nir_type_names[p->model]);
    json_sizes(json, "shape", &p->shape);
    weft_json_count(json, "size", p->size);
    weft_json_count(json, "depth", (uint64_t)p->depth);
    weft_json_bool(json, "output", p->output);
    weft_json_object_end(json);
}

static void json_projection(weft_json *json, const weft_snn *snn, const weft_snn_projection *p) {
    weft_json_object(json, NULL);
    weft_json_text(json, "from", snn->populations[p->source].name);
    weft_json_text(json, "to", snn->populations[p->target].name);
    weft_json_count(json, "synapses", p->count);
    weft_json_count(json, "delay", (uint64_t)p->delay);
    weft_json_bool(json, "recurrent", p->recurrent);
    weft_json_object_end(json);
}

static weft_status json_info(const nir_info *info, const char *json_path, weft_error *err) {
    const weft_snn *snn = info->snn;
    weft_result out;
    WEFT_TRY(weft_result_open(&out, json_path, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "kind", "spiking_network");
    weft_json_text(json, "version", info->nir->version);
    weft_json_text(json, "sha256", info->hash.hex);
    weft_json_count(json, "neurons", snn->neurons);
    weft_json_count(json, "synapses", snn->synapses);
    weft_json_number(json, "delay_step_s", delay_step_s);
    weft_json_array(json, "nodes");
    for (int n = 0; n < info->nir->graph->node_count; n++) json_node(json, info, n);
    weft_json_array_end(json);
    weft_json_array(json, "populations");
    for (int p = 0; p < snn->population_count; p++) json_population(json, &snn->populations[p]);
    weft_json_array_end(json);
    weft_json_array(json, "projections");
    for (int i = 0; i < snn->projection_count; i++) json_projection(json, snn, &snn->projections[i]);
    weft_json_array_end(json);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}

weft_status weft_info_nir(const char *path, const char *json_path, FILE *stream, weft_error *err) {
    nir_info info = {.nir = NULL};
    weft_status status = info_read(&info, path, err);
    if (status == WEFT_OK) print_info(&info, path, stream);
    if (status == WEFT_OK && json_path) status = json_info(&info, json_path, err);
    info_free(&info);
    return status;
}
