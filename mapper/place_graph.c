#include <assert.h>
#include <stdlib.h>

#include "mapper/place_internal.h"

/* One end of a pair while the graph is made. */
typedef struct arc {
    int node, partner;
    uint64_t flits_out, flits_in, packets_out, packets_in;
} arc;

/* Stable counting sort; begin[nodes + 1] receives where each key starts. */
static void sort_arcs(arc *to, const arc *from, size_t count, bool by_partner, size_t *begin, int nodes) {
    for (int n = 0; n <= nodes; n++) begin[n] = 0;
    for (size_t a = 0; a < count; a++) begin[(by_partner ? from[a].partner : from[a].node) + 1]++;
    for (int n = 0; n < nodes; n++) begin[n + 1] += begin[n];
    for (size_t a = 0; a < count; a++) to[begin[by_partner ? from[a].partner : from[a].node]++] = from[a];
    for (int n = nodes; n > 0; n--) begin[n] = begin[n - 1];
    begin[0] = 0;
}

/* Equal pairs lie side by side: adds them up. Returns how many are left. */
static size_t merge_arcs(arc *arcs, size_t *begin, int nodes) {
    size_t kept = 0;
    for (int n = 0; n < nodes; n++) {
        size_t first = kept, a = begin[n], end = begin[n + 1];
        begin[n] = first;
        for (; a < end; a++) {
            if (kept == first || arcs[kept - 1].partner != arcs[a].partner) {
                arcs[kept++] = arcs[a];
                continue;
            }
            arcs[kept - 1].flits_out += arcs[a].flits_out;
            arcs[kept - 1].flits_in += arcs[a].flits_in;
            arcs[kept - 1].packets_out += arcs[a].packets_out;
            arcs[kept - 1].packets_in += arcs[a].packets_in;
        }
    }
    begin[nodes] = kept;
    return kept;
}

static void list_arcs(arc *arcs, const weft_place_problem *problem) {
    for (size_t f = 0; f < problem->flow_count; f++) {
        const weft_flow *flow = &problem->flows[f];
        assert(flow->from != flow->to && flow->from >= 0 && flow->to >= 0);
        assert(flow->from <= problem->clusters && flow->to <= problem->clusters);
        arcs[2 * f] =
            (arc){.node = flow->from, .partner = flow->to, .flits_out = flow->flits, .packets_out = flow->packets};
        arcs[2 * f + 1] =
            (arc){.node = flow->to, .partner = flow->from, .flits_in = flow->flits, .packets_in = flow->packets};
    }
}

/* Flows that lead from the host to each node, at least; 0 where none does. queue: [nodes]. */
static void find_steps(int *step, int *queue, const arc *arcs, const size_t *begin, int nodes) {
    int host = nodes - 1, head = 0, tail = 0;
    for (int n = 0; n < nodes; n++) step[n] = -1;
    step[host] = 0;
    queue[tail++] = host;
    while (head < tail) {
        int n = queue[head++];
        for (size_t a = begin[n]; a < begin[n + 1]; a++) {
            if (arcs[a].packets_out == 0 || step[arcs[a].partner] >= 0) continue;
            step[arcs[a].partner] = step[n] + 1;
            queue[tail++] = arcs[a].partner;
        }
    }
    for (int n = 0; n < nodes; n++)
        if (step[n] < 0) step[n] = 0;
}

static int64_t share_of(uint64_t packets, uint64_t total, int64_t unit) {
    double share = total ? (double)packets / (double)total : 0.0;
    return (int64_t)(share * (double)unit * (1 << WEFT_PLACE_LATENCY_BITS) + 0.5);
}

/* A packet weighs its share of all packets that are sent at the same step. */
static weft_status weigh_latency(weft_place_graph *graph, const arc *arcs, weft_error *err) {
    int nodes = graph->nodes;
    int64_t unit = graph->metric.unit;
    int *step = malloc(2 * (size_t)nodes * sizeof *step);
    uint64_t *total = calloc((size_t)nodes, sizeof *total);
    if (step && total) {
        find_steps(step, step + nodes, arcs, graph->begin, nodes);
        for (int n = 0; n < nodes; n++)
            for (size_t a = graph->begin[n]; a < graph->begin[n + 1]; a++) total[step[n]] += arcs[a].packets_out;
        for (int n = 0; n < nodes; n++)
            for (size_t a = graph->begin[n]; a < graph->begin[n + 1]; a++)
                graph->weight[a] = share_of(arcs[a].packets_out, total[step[n]], unit) +
                                   share_of(arcs[a].packets_in, total[step[arcs[a].partner]], unit);
    }
    bool failed = !step || !total;
    free(step);
    free(total);
    return failed ? weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing") : WEFT_OK;
}

static weft_status fill_graph(weft_place_graph *graph, const arc *arcs, size_t count, const weft_place_problem *problem,
                              weft_error *err) {
    graph->partner = malloc((count + 1) * sizeof *graph->partner);
    graph->weight = malloc((count + 1) * sizeof *graph->weight);
    graph->flits_out = malloc((count + 1) * sizeof *graph->flits_out);
    graph->flits_in = malloc((count + 1) * sizeof *graph->flits_in);
    if (!graph->partner || !graph->weight || !graph->flits_out || !graph->flits_in)
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    for (size_t a = 0; a < count; a++) {
        graph->partner[a] = arcs[a].partner;
        graph->flits_out[a] = arcs[a].flits_out;
        graph->flits_in[a] = arcs[a].flits_in;
        graph->weight[a] = (int64_t)(arcs[a].flits_out + arcs[a].flits_in);
    }
    if (problem->objective != WEFT_OBJECTIVE_LATENCY) return WEFT_OK;
    return weigh_latency(graph, arcs, err);
}

weft_status weft_place_graph_create(weft_place_graph **out, const weft_place_problem *problem, weft_error *err) {
    assert(out && problem && problem->clusters >= 0 && problem->clusters <= problem->chip->core_count);
    weft_status status = WEFT_OK;
    int nodes = problem->clusters + 1;
    size_t count = 2 * problem->flow_count;
    *out = NULL;
    weft_place_graph *graph = calloc(1, sizeof *graph);
    arc *arcs = malloc((count + 1) * sizeof *arcs), *other = malloc((count + 1) * sizeof *other);
    if (graph) graph->begin = malloc(((size_t)nodes + 1) * sizeof *graph->begin);
    if (!graph || !graph->begin || !arcs || !other || !weft_place_metric_create(&graph->metric, problem))
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing"));
    graph->nodes = nodes;
    list_arcs(arcs, problem);
    sort_arcs(other, arcs, count, true, graph->begin, nodes);
    sort_arcs(arcs, other, count, false, graph->begin, nodes);
    count = merge_arcs(arcs, graph->begin, nodes);
    WEFT_TRY_GOTO(fill_graph(graph, arcs, count, problem, err));
    *out = graph;
    graph = NULL;
cleanup:
    weft_place_graph_destroy(graph);
    free(arcs);
    free(other);
    return status;
}

void weft_place_graph_destroy(weft_place_graph *graph) {
    if (!graph) return;
    weft_place_metric_destroy(&graph->metric);
    free(graph->begin);
    free(graph->partner);
    free(graph->weight);
    free(graph->flits_out);
    free(graph->flits_in);
    free(graph);
}
