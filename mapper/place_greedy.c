#include <stdlib.h>
#include <string.h>

#include "mapper/place_internal.h"

/* While clusters are placed one after the other. */
typedef struct greedy {
    const weft_place_graph *graph;
    int width, height, concentration, host_x, host_y;
    int *x, *y;      /* [nodes] of what is placed, -1: not yet */
    int *used;       /* [routers] cores taken */
    int64_t *pull;   /* [nodes] weight of the pairs with what is placed */
    int64_t *total;  /* [nodes] weight of all pairs */
    int64_t *cost_x; /* [width] of the cluster in hand, had it this column */
    int64_t *cost_y; /* [height] */
} greedy;

void weft_place_row_major(int *core_of, const weft_place_problem *problem) {
    for (int c = 0; c < problem->clusters; c++) core_of[c] = c;
}

static void destroy(greedy *g) {
    free(g->x);
    free(g->y);
    free(g->used);
    free(g->pull);
    free(g->total);
    free(g->cost_x);
    free(g->cost_y);
}

static weft_status create(greedy *g, const weft_place_problem *problem, const weft_place_graph *graph,
                          weft_error *err) {
    const weft_chip *chip = problem->chip;
    size_t nodes = (size_t)graph->nodes;
    *g = (greedy){.graph = graph,
                  .width = (int)chip->noc.mesh[0],
                  .height = (int)chip->noc.mesh[1],
                  .concentration = (int)chip->noc.concentration,
                  .host_x = (int)chip->io.router[0],
                  .host_y = (int)chip->io.router[1]};
    g->x = malloc(nodes * sizeof *g->x);
    g->y = malloc(nodes * sizeof *g->y);
    g->used = calloc((size_t)chip->router_count, sizeof *g->used);
    g->pull = calloc(nodes, sizeof *g->pull);
    g->total = calloc(nodes, sizeof *g->total);
    g->cost_x = malloc((size_t)g->width * sizeof *g->cost_x);
    g->cost_y = malloc((size_t)g->height * sizeof *g->cost_y);
    if (!g->x || !g->y || !g->used || !g->pull || !g->total || !g->cost_x || !g->cost_y)
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    for (int n = 0; n < graph->nodes; n++) {
        g->x[n] = -1;
        for (size_t a = graph->begin[n]; a < graph->begin[n + 1]; a++) g->total[n] += graph->weight[a];
    }
    return WEFT_OK;
}

static void settle(greedy *g, int node, int x, int y) {
    const weft_place_graph *graph = g->graph;
    g->x[node] = x;
    g->y[node] = y;
    for (size_t a = graph->begin[node]; a < graph->begin[node + 1]; a++) g->pull[graph->partner[a]] += graph->weight[a];
}

static int next_cluster(const greedy *g) {
    int best = -1;
    for (int n = 0; n < g->graph->nodes - 1; n++) {
        if (g->x[n] >= 0) continue;
        if (best < 0 || g->pull[n] > g->pull[best] || (g->pull[n] == g->pull[best] && g->total[n] > g->total[best]))
            best = n;
    }
    return best;
}

/* Adds what a weight at a place costs at every place of a row. */
static void add_pull(int64_t *cost, const int *table, int place, int length, int64_t weight) {
    for (int i = 0; i < length; i++) cost[i] += weight * table[place * length + i];
}

/* The free router with the smallest added cost; of equals the one nearest to the host, then the first. */
static int best_router(greedy *g, int node) {
    const weft_place_graph *graph = g->graph;
    memset(g->cost_x, 0, (size_t)g->width * sizeof *g->cost_x);
    memset(g->cost_y, 0, (size_t)g->height * sizeof *g->cost_y);
    for (size_t a = graph->begin[node]; a < graph->begin[node + 1]; a++) {
        int p = graph->partner[a];
        if (g->x[p] < 0) continue;
        add_pull(g->cost_x, graph->metric.x, g->x[p], g->width, graph->weight[a]);
        add_pull(g->cost_y, graph->metric.y, g->y[p], g->height, graph->weight[a]);
    }
    int best = -1, best_away = 0;
    int64_t best_cost = 0;
    for (int r = 0; r < g->width * g->height; r++) {
        if (g->used[r] == g->concentration) continue;
        int x = r % g->width, y = r / g->width, away = weft_place_distance(&graph->metric, x, y, g->host_x, g->host_y);
        int64_t cost = g->cost_x[x] + g->cost_y[y];
        if (best >= 0 && (cost > best_cost || (cost == best_cost && away >= best_away))) continue;
        best = r;
        best_cost = cost;
        best_away = away;
    }
    return best;
}

weft_status weft_place_greedy(int *core_of, const weft_place_problem *problem, const weft_place_graph *graph,
                              weft_error *err) {
    greedy g;
    weft_status status = create(&g, problem, graph, err);
    if (status == WEFT_OK) {
        settle(&g, problem->clusters, g.host_x, g.host_y);
        for (int n = 0; n < problem->clusters; n++) {
            int cluster = next_cluster(&g), router = best_router(&g, cluster);
            core_of[cluster] = router * g.concentration + g.used[router]++;
            settle(&g, cluster, router % g.width, router / g.width);
        }
    }
    destroy(&g);
    return status;
}

/* ---- seats for clusters whose routers are known ---- */

typedef struct heavy {
    int64_t total;
    int cluster;
} heavy;

static int by_total(const void *a, const void *b) {
    const heavy *p = a, *q = b;
    if (p->total != q->total) return p->total > q->total ? -1 : 1;
    return p->cluster < q->cluster ? -1 : 1;
}

static void take_seat(int *core_of, greedy *g, int cluster, int router) {
    core_of[cluster] = router * g->concentration + g->used[router]++;
    g->x[cluster] = router % g->width;
    g->y[cluster] = router / g->width;
}

weft_status weft_place_seat(int *core_of, const int *router_of, const weft_place_problem *problem,
                            const weft_place_graph *graph, weft_error *err) {
    greedy g;
    int clusters = problem->clusters;
    heavy *order = malloc(((size_t)clusters + 1) * sizeof *order);
    weft_status status = create(&g, problem, graph, err);
    if (status == WEFT_OK && !order) status = weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    if (status == WEFT_OK) {
        for (int c = 0; c < clusters; c++) {
            order[c] = (heavy){g.total[c], c};
            g.x[c] = router_of[c] % g.width;
            g.y[c] = router_of[c] / g.width;
        }
        g.x[clusters] = g.host_x;
        g.y[clusters] = g.host_y;
        qsort(order, (size_t)clusters, sizeof *order, by_total);
        for (int i = 0; i < clusters; i++) {
            int cluster = order[i].cluster, router = router_of[cluster];
            core_of[cluster] = -1;
            if (g.used[router] < g.concentration) take_seat(core_of, &g, cluster, router);
        }
        for (int i = 0; i < clusters; i++) {
            int cluster = order[i].cluster;
            if (core_of[cluster] < 0) take_seat(core_of, &g, cluster, best_router(&g, cluster));
        }
    }
    destroy(&g);
    free(order);
    return status;
}
