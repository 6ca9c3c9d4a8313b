#include "core/snn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/snn_internal.h"

bool weft_snn_is_linear(weft_nir_type type) {
    return (type >= WEFT_NIR_AFFINE && type <= WEFT_NIR_FLATTEN) || type == WEFT_NIR_DELAY;
}

bool weft_snn_is_neuron(const weft_snn_population *population) {
    return population->model != WEFT_NIR_INPUT && population->model != WEFT_NIR_OUTPUT;
}

int weft_snn_find(const weft_snn *snn, const char *name) {
    for (int p = 0; p < snn->population_count; p++)
        if (!strcmp(snn->populations[p].name, name)) return p;
    return -1;
}

weft_status weft_snn_fail(const weft_snn_builder *b, int node, const char *what) {
    return weft_error_set_at(b->err, WEFT_E_INVALID, b->file, 0, 0, "%s: %s", b->graph->nodes[node].name, what);
}

static void population_free(weft_snn_population *p) {
    free(p->name);
    for (int i = 0; i < WEFT_SNN_PARAMETER_COUNT; i++) free(p->parameters[i].values);
    for (int i = 0; i < p->bias_count; i++) free(p->biases[i].values);
    free(p->biases);
}

void weft_snn_destroy(weft_snn *snn) {
    if (!snn) return;
    for (int p = 0; p < snn->population_count; p++) population_free(&snn->populations[p]);
    for (int i = 0; i < snn->projection_count; i++) {
        free(snn->projections[i].first);
        free(snn->projections[i].targets);
        free(snn->projections[i].weights);
    }
    free(snn->populations);
    free(snn->projections);
    free(snn);
}

static weft_status no_memory(const weft_snn_builder *b) {
    return weft_error_set(b->err, WEFT_E_MEMORY, "no memory for a network");
}

/* ---- populations ---- */

static const struct {
    const char *name;
    weft_snn_parameter parameter;
} parameter_names[] = {
    {"tau", WEFT_SNN_TAU},
    {"tau_mem", WEFT_SNN_TAU},
    {"tau_syn", WEFT_SNN_TAU_SYN},
    {"r", WEFT_SNN_R},
    {"v_leak", WEFT_SNN_V_LEAK},
    {"v_threshold", WEFT_SNN_V_THRESHOLD},
    {"v_reset", WEFT_SNN_V_RESET},
    {"w_in", WEFT_SNN_W_IN},
    {"threshold", WEFT_SNN_V_THRESHOLD},
};
enum { PARAMETER_NAMES = sizeof parameter_names / sizeof parameter_names[0] };

/* One value where all are equal. */
static weft_status values_copy(const weft_snn_builder *b, weft_snn_values *out, const weft_nir_value *value,
                               double missing) {
    uint32_t count = value->name ? (uint32_t)value->count : 1;
    bool equal = true;
    for (uint32_t i = 1; i < count && equal; i++) equal = value->values[i] == value->values[0];
    if (equal) count = 1;
    out->values = malloc(count * sizeof *out->values);
    if (!out->values) return no_memory(b);
    out->count = count;
    if (value->name)
        memcpy(out->values, value->values, count * sizeof *out->values);
    else
        out->values[0] = missing;
    return WEFT_OK;
}

static weft_status parameters_copy(const weft_snn_builder *b, weft_snn_population *p, const weft_nir_node *node) {
    for (int i = 0; i < node->value_count && weft_snn_is_neuron(p); i++) {
        const char *name = weft_nir_parameters[node->type][i].name;
        for (int k = 0; k < PARAMETER_NAMES; k++) {
            const weft_snn_parameter which = parameter_names[k].parameter;
            if (!strcmp(name, parameter_names[k].name))
                WEFT_TRY(values_copy(b, &p->parameters[which], &node->values[i], which == WEFT_SNN_W_IN ? 1 : 0));
        }
    }
    return WEFT_OK;
}

/* The population's node that an Output only marks, or -1. */
static int marked_by(const weft_snn_builder *b, int output) {
    const int first = b->sources.first[output];
    if (b->sources.first[output + 1] != first + 1) return -1;
    const int from = b->sources.items[first];
    const weft_nir_type type = b->graph->nodes[from].type;
    return weft_snn_is_linear(type) || type == WEFT_NIR_OUTPUT ? -1 : from;
}

static weft_status add_population(weft_snn_builder *b, int node, uint64_t *total) {
    const weft_nir_node *n = &b->graph->nodes[node];
    weft_snn_population *p = &b->snn->populations[b->snn->population_count];
    const size_t size = weft_nir_shape_size(&b->shapes.out[node]);
    *total += size;
    if (*total > WEFT_SNN_NEURONS_MAX) return weft_snn_fail(b, node, "with it there are more neurons than are allowed");
    b->population_of[node] = b->snn->population_count++;
    p->model = n->type;
    p->shape = b->shapes.out[node];
    p->size = (uint32_t)size;
    p->output = n->type == WEFT_NIR_OUTPUT;
    p->name = malloc(strlen(n->name) + 1);
    if (!p->name) return no_memory(b);
    strcpy(p->name, n->name);
    if (n->type == WEFT_NIR_INPUT) b->snn->inputs += p->size;
    if (weft_snn_is_neuron(p)) b->snn->neurons += p->size;
    return parameters_copy(b, p, n);
}

static weft_status ends_check(const weft_snn_builder *b) {
    for (int e = 0; e < b->graph->edge_count; e++) {
        const weft_nir_edge *edge = &b->graph->edges[e];
        if (b->graph->nodes[edge->to].type == WEFT_NIR_INPUT)
            return weft_snn_fail(b, edge->to, "is an Input, but has an edge to it");
        if (b->graph->nodes[edge->from].type == WEFT_NIR_OUTPUT)
            return weft_snn_fail(b, edge->from, "is an Output, but has an edge from it");
    }
    for (int n = 0; n < b->graph->node_count; n++)
        if (b->graph->nodes[n].type == WEFT_NIR_GRAPH)
            return weft_error_set_at(b->err, WEFT_E_UNSUPPORTED, b->file, 0, 0, "%s: is a graph in the graph",
                                     b->graph->nodes[n].name);
    return WEFT_OK;
}

static weft_status make_populations(weft_snn_builder *b) {
    uint64_t total = 0;
    for (int n = 0; n < b->graph->node_count; n++) {
        const weft_nir_type type = b->graph->nodes[n].type;
        b->population_of[n] = -1;
        if (weft_snn_is_linear(type) || (type == WEFT_NIR_OUTPUT && marked_by(b, n) >= 0)) continue;
        WEFT_TRY(add_population(b, n, &total));
    }
    for (int n = 0; n < b->graph->node_count; n++) {
        const int marked = b->graph->nodes[n].type == WEFT_NIR_OUTPUT ? marked_by(b, n) : -1;
        if (marked >= 0) b->snn->populations[b->population_of[marked]].output = true;
    }
    return WEFT_OK;
}

/* ---- projections ---- */

static weft_status projection_room(const weft_snn_builder *b, weft_snn_projection *p, uint32_t sources, uint64_t most) {
    p->first = calloc((size_t)sources + 2, sizeof *p->first);
    p->targets = malloc((most + 1) * sizeof *p->targets);
    p->weights = malloc((most + 1) * sizeof *p->weights);
    return p->first && p->targets && p->weights ? WEFT_OK : no_memory(b);
}

static weft_status identity_synapses(const weft_snn_builder *b, weft_snn_projection *p, uint32_t size) {
    WEFT_TRY(projection_room(b, p, size, size));
    for (uint32_t s = 0; s < size; s++) {
        p->first[s + 1] = s + 1;
        p->targets[s] = s;
        p->weights[s] = 1;
    }
    p->count = size;
    return WEFT_OK;
}

/* Rows are targets; synapses are kept by source. */
static weft_status transposed_synapses(const weft_snn_builder *b, int node, weft_snn_projection *p,
                                       const weft_snn_matrix *m) {
    WEFT_TRY(projection_room(b, p, m->columns, m->first[m->rows]));
    for (uint64_t i = 0; i < m->first[m->rows]; i++) {
        const float weight = (float)m->value[i];
        if (!isfinite(weight)) return weft_snn_fail(b, node, "a weight to it is too large for single precision");
        if (weight != 0) p->first[m->column[i] + 2]++;
    }
    for (uint32_t s = 0; s < m->columns; s++) p->first[s + 2] += p->first[s + 1];
    p->count = p->first[m->columns + 1];
    for (uint32_t r = 0; r < m->rows; r++)
        for (uint64_t i = m->first[r]; i < m->first[r + 1]; i++) {
            const float weight = (float)m->value[i];
            if (weight == 0) continue;
            const uint64_t at = p->first[m->column[i] + 1]++;
            p->targets[at] = r;
            p->weights[at] = weight;
        }
    return WEFT_OK;
}

/* Those without a synapse: once the order is found, which hangs on the graph alone and not on weights that are 0. */
static void drop_empty(weft_snn *snn) {
    int kept = 0;
    for (int i = 0; i < snn->projection_count; i++) {
        weft_snn_projection *p = &snn->projections[i];
        if (p->count) {
            snn->projections[kept++] = *p;
            continue;
        }
        free(p->first);
        free(p->targets);
        free(p->weights);
    }
    snn->projection_count = kept;
}

static weft_status add_projection(weft_snn_builder *b, int node, const weft_snn_chain *chain, int *room) {
    weft_snn *snn = b->snn;
    if (snn->projection_count == *room) {
        const int wanted = *room ? 2 * *room : 16;
        weft_snn_projection *larger = realloc(snn->projections, (size_t)wanted * sizeof *larger);
        if (!larger) return no_memory(b);
        snn->projections = larger;
        *room = wanted;
    }
    weft_snn_projection *p = &snn->projections[snn->projection_count++];
    *p = (weft_snn_projection){.source = chain->source, .target = b->population_of[node], .delay = chain->delay};
    if (chain->matrix.identity)
        WEFT_TRY(identity_synapses(b, p, chain->matrix.rows));
    else
        WEFT_TRY(transposed_synapses(b, node, p, &chain->matrix));
    snn->synapses += p->count;
    if (snn->synapses > WEFT_SNN_SYNAPSES_MAX)
        return weft_snn_fail(b, node, "with it there are more synapses than are allowed");
    return WEFT_OK;
}

static bool all_zero(const double *values, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (values[i] != 0) return false;
    return true;
}

/* Takes the biases over, those of zeros left out. */
static void take_biases(weft_snn_population *p, weft_snn_flow *flow) {
    p->biases = flow->biases;
    for (int i = 0; i < flow->bias_count; i++) {
        if (all_zero(flow->biases[i].values, p->size))
            free(flow->biases[i].values);
        else
            p->biases[p->bias_count++] = flow->biases[i];
    }
    flow->biases = NULL;
    flow->bias_count = 0;
}

static weft_status connect_population(weft_snn_builder *b, int node, int *room) {
    weft_snn_population *p = &b->snn->populations[b->population_of[node]];
    weft_snn_flow flow = {0};
    weft_status status;
    WEFT_TRY_GOTO(weft_snn_gather(b, node, &flow));
    for (int i = 0; i < flow.chain_count; i++) WEFT_TRY_GOTO(add_projection(b, node, &flow.chains[i], room));
    take_biases(p, &flow);
cleanup:
    weft_snn_flow_free(&flow);
    return status;
}

static bool has_delays(const weft_nir_graph *graph) {
    for (int n = 0; n < graph->node_count; n++)
        if (graph->nodes[n].type == WEFT_NIR_DELAY) return true;
    return false;
}

static weft_status build(weft_snn_builder *b) {
    const size_t count = (size_t)b->graph->node_count + 1;
    int room = 0;
    if (has_delays(b->graph) && !(b->dt > 0 && isfinite(b->dt)))
        return weft_error_set_at(b->err, WEFT_E_INVALID, b->file, 0, 0, "has a Delay, for which a time step is needed");
    WEFT_TRY(ends_check(b));
    WEFT_TRY(weft_nir_shapes_find(&b->shapes, b->graph, b->file, b->err));
    WEFT_TRY(weft_nir_links_create(&b->sources, b->graph, false, b->err));
    b->population_of = calloc(count, sizeof *b->population_of);
    b->flows = calloc(count, sizeof *b->flows);
    b->snn = calloc(1, sizeof *b->snn);
    if (b->snn) b->snn->populations = calloc(count, sizeof *b->snn->populations);
    if (!b->population_of || !b->flows || !b->snn || !b->snn->populations) return no_memory(b);
    WEFT_TRY(make_populations(b));
    WEFT_TRY(weft_snn_compose(b));
    for (int n = 0; n < b->graph->node_count; n++)
        if (b->population_of[n] >= 0) WEFT_TRY(connect_population(b, n, &room));
    WEFT_TRY(weft_snn_order(b->snn, b->err));
    drop_empty(b->snn);
    return WEFT_OK;
}

weft_status weft_snn_create(weft_snn **out, const weft_nir_graph *graph, double dt, const char *file, weft_error *err) {
    weft_snn_builder b = {.graph = graph, .file = file, .err = err, .dt = dt, .budget = WEFT_SNN_COMPOSED_MAX};
    weft_status status = build(&b);
    *out = NULL;
    for (int n = 0; b.flows && n < graph->node_count; n++) weft_snn_flow_free(&b.flows[n]);
    free(b.flows);
    free(b.population_of);
    weft_nir_links_free(&b.sources);
    weft_nir_shapes_free(&b.shapes);
    if (status == WEFT_OK)
        *out = b.snn;
    else
        weft_snn_destroy(b.snn);
    return status;
}

weft_status weft_snn_read(weft_snn **out, const char *path, double dt, weft_error *err) {
    weft_nir *nir = NULL;
    weft_status status;
    *out = NULL;
    WEFT_TRY_GOTO(weft_nir_read(&nir, path, err));
    WEFT_TRY_GOTO(weft_nir_flatten(nir, path, err));
    WEFT_TRY_GOTO(weft_snn_create(out, nir->graph, dt, path, err));
cleanup:
    weft_nir_destroy(nir);
    return status;
}
