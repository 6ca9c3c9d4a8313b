#include <assert.h>
#include <stdlib.h>

#include "core/chip_route.h"
#include "mapper/place_bound.h"

static int heaviest_first(const void *a, const void *b) {
    int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;
    return p > q ? -1 : p < q;
}

/* sorted[count + 1] receives 0 and the sums of the 1, 2, ... largest; values lie from sorted[1] on. */
static void sum_heaviest(int64_t *sorted, size_t count) {
    sorted[0] = 0;
    qsort(sorted + 1, count, sizeof *sorted, heaviest_first);
    for (size_t i = 1; i <= count; i++) sorted[i] += sorted[i - 1];
}

static void partners_destroy(weft_place_partners *p) {
    free(p->begin);
    free(p->sum);
    free(p->host);
}

static weft_status partners_create(weft_place_partners *p, const weft_place_graph *graph, weft_error *err) {
    int clusters = graph->nodes - 1;
    size_t arcs = graph->begin[graph->nodes];
    *p = (weft_place_partners){.clusters = clusters};
    p->begin = malloc(((size_t)clusters + 1) * sizeof *p->begin);
    p->sum = malloc((arcs + (size_t)clusters + 1) * sizeof *p->sum);
    p->host = calloc((size_t)clusters + 1, sizeof *p->host);
    if (!p->begin || !p->sum || !p->host) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    size_t next = 0;
    for (int c = 0; c < clusters; c++) {
        p->begin[c] = next - (size_t)c;
        size_t first = next++;
        for (size_t a = graph->begin[c]; a < graph->begin[c + 1]; a++) {
            if (graph->partner[a] == clusters)
                p->host[c] = graph->weight[a];
            else
                p->sum[next++] = graph->weight[a];
        }
        sum_heaviest(p->sum + first, next - first - 1);
    }
    p->begin[clusters] = next - (size_t)clusters;
    return WEFT_OK;
}

static int hops(const weft_place_rings *rings, int x0, int y0, int x1, int y1) {
    return abs(weft_ring_steps(rings->width, rings->torus, x0, x1)) +
           abs(weft_ring_steps(rings->height, rings->torus, y0, y1));
}

void weft_place_rings_fill(weft_place_rings *rings, int x, int y) {
    for (int d = 0; d < rings->width + rings->height - 1; d++) rings->count[d] = 0;
    for (int row = 0; row < rings->height; row++)
        for (int column = 0; column < rings->width; column++) rings->count[hops(rings, column, row, x, y)]++;
}

int64_t weft_place_nearest(const weft_place_partners *partners, int cluster, const weft_place_rings *rings) {
    const int64_t *sum = partners->sum + partners->begin[cluster] + cluster;
    int64_t count = (int64_t)(partners->begin[cluster + 1] - partners->begin[cluster]), cost = 0;
    int64_t seats = rings->concentration - 1; /* beside the cluster */
    for (int d = 1; seats < count; d++) {
        assert(d < rings->width + rings->height - 1);
        int64_t more = seats + rings->concentration * rings->count[d];
        if (more > count) more = count;
        cost += d * (sum[more] - sum[seats]);
        seats = more;
    }
    return cost;
}

/* ---- flit-hops ---- */

/* Each pair is seen from both ends. A router in the middle has the most others within any distance. */
static int64_t twice_between_clusters(const weft_place_partners *partners, weft_place_rings *rings) {
    int64_t sum = 0;
    weft_place_rings_fill(rings, rings->width / 2, rings->height / 2);
    for (int c = 0; c < partners->clusters; c++) sum += weft_place_nearest(partners, c, rings);
    return sum;
}

/* sorted: sums of the heaviest flows of the host (sum_heaviest). */
static int64_t with_host(const int64_t *sorted, int64_t count, const weft_place_rings *host_rings) {
    int64_t cost = 0, seats = 0;
    for (int d = 0; seats < count; d++) {
        int64_t more = seats + host_rings->concentration * host_rings->count[d];
        if (more > count) more = count;
        cost += d * (sorted[more] - sorted[seats]);
        seats = more;
    }
    return cost;
}

/* ---- links ---- */

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static int most_links(const weft_place_rings *rings) {
    return (rings->width > 2 ? 2 : rings->width - 1) + (rings->height > 2 ? 2 : rings->height - 1);
}

/* Of one direction: what the cluster must exchange with other routers when its heaviest partners share its own. host is
 * left out, which may sit there too. values: as many as the cluster has arcs, and one. */
static int64_t through_router(const weft_place_graph *graph, const uint64_t *flits, int cluster, int64_t *values,
                              int concentration) {
    size_t count = 0;
    for (size_t a = graph->begin[cluster]; a < graph->begin[cluster + 1]; a++)
        if (graph->partner[a] != graph->nodes - 1) values[++count] = (int64_t)flits[a];
    sum_heaviest(values, count);
    size_t near = (size_t)concentration - 1 < count ? (size_t)concentration - 1 : count;
    return values[count] - values[near];
}

/* Links that leave the routers within distance d of the host's. */
static int64_t border_links(const weft_chip *chip, int d) {
    int host = weft_chip_router(chip, chip->host_terminal);
    int64_t links = 0;
    for (int r = 0; r < chip->router_count; r++) {
        if (weft_chip_router_hops(chip, r, host) != d) continue;
        for (int side = 0; side < WEFT_SIDES; side++) {
            int next = weft_chip_neighbour(chip, r, side);
            links += next >= 0 && weft_chip_router_hops(chip, next, host) > d;
        }
    }
    return links;
}

/* Of one direction: what crosses the border of the region around the host when it is full of the heaviest. */
static int64_t around_host(const int64_t *sorted, int64_t count, const weft_place_rings *rings,
                           const weft_place_problem *problem) {
    int64_t most = 0, seats = 0;
    for (int d = 0; d < rings->width + rings->height - 1; d++) {
        seats += rings->concentration * rings->count[d];
        if (seats >= count) break;
        most = larger(most, ceil_div(sorted[count] - sorted[seats], border_links(problem->chip, d)));
    }
    return most;
}

/* values: room for the host's arcs, and one. */
static int64_t host_bound(const weft_place_graph *graph, const uint64_t *flits, int64_t *values,
                          const weft_place_rings *host_rings, const weft_place_problem *problem) {
    size_t first = graph->begin[graph->nodes - 1], count = graph->begin[graph->nodes] - first;
    for (size_t a = 0; a < count; a++) values[a + 1] = (int64_t)flits[first + a];
    sum_heaviest(values, count);
    return around_host(values, (int64_t)count, host_rings, problem);
}

/* Of a row, either way. */
static int64_t links_of(const weft_place_rings *rings, int length) {
    return rings->torus && length > 2 ? length : length - 1;
}

static int64_t link_bound(const weft_place_graph *graph, int64_t *values, const weft_place_rings *host_rings,
                          const weft_place_problem *problem, int64_t flit_hops) {
    int width = host_rings->width, height = host_rings->height, links = most_links(host_rings);
    if (links == 0) return 0;
    int64_t all = 2 * (links_of(host_rings, width) * height + links_of(host_rings, height) * width);
    int64_t most = ceil_div(flit_hops, all);
    for (int c = 0; c < graph->nodes - 1; c++) {
        int64_t out = through_router(graph, graph->flits_out, c, values, host_rings->concentration);
        int64_t in = through_router(graph, graph->flits_in, c, values, host_rings->concentration);
        most = larger(most, ceil_div(larger(out, in), links));
    }
    most = larger(most, host_bound(graph, graph->flits_out, values, host_rings, problem));
    return larger(most, host_bound(graph, graph->flits_in, values, host_rings, problem));
}

static weft_status bound_on_graph(weft_place_bounds *out, const weft_place_problem *problem,
                                  const weft_place_graph *graph, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_place_partners partners = {0};
    int width = (int)problem->chip->noc.mesh[0], height = (int)problem->chip->noc.mesh[1];
    int64_t assigned = 0;
    weft_place_rings rings = {width, height, (int)problem->chip->noc.concentration, false, NULL};
    rings.torus = weft_chip_is_torus(problem->chip);
    rings.count = calloc((size_t)width + (size_t)height, sizeof *rings.count);
    int64_t *values = malloc(((size_t)graph->nodes + 1) * sizeof *values);
    if (!rings.count || !values) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing"));
    WEFT_TRY_GOTO(partners_create(&partners, graph, err));
    WEFT_TRY_GOTO(weft_place_bound_assign(&assigned, &partners, problem, err));
    int64_t twice = twice_between_clusters(&partners, &rings);
    weft_place_rings_fill(&rings, (int)problem->chip->io.router[0], (int)problem->chip->io.router[1]);
    for (int c = 0; c < problem->clusters; c++) values[c + 1] = partners.host[c];
    sum_heaviest(values, (size_t)problem->clusters);
    int64_t hops = ceil_div(twice, 2) + with_host(values, problem->clusters, &rings);
    hops = larger(hops, ceil_div(assigned, 2));
    out->flit_hops = (uint64_t)hops;
    out->link_flits = (uint64_t)link_bound(graph, values, &rings, problem, hops);
cleanup:
    partners_destroy(&partners);
    free(rings.count);
    free(values);
    return status;
}

weft_status weft_place_bound(weft_place_bounds *out, const weft_place_problem *problem, weft_error *err) {
    assert(out && problem);
    weft_place_problem energy = *problem; /* weights are flits */
    weft_place_graph *graph = NULL;
    energy.objective = WEFT_OBJECTIVE_ENERGY;
    *out = (weft_place_bounds){0};
    WEFT_TRY(weft_place_graph_create(&graph, &energy, err));
    weft_status status = bound_on_graph(out, &energy, graph, err);
    weft_place_graph_destroy(graph);
    return status;
}
