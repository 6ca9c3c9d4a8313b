#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mapper/place_internal.h"

const char *const weft_objective_names[] = {"energy", "link", "latency", NULL};

enum { EAST, WEST, NORTH, SOUTH, SIDES };

static int router_of(const weft_place_problem *problem, const int *core_of, int node) {
    const weft_chip *chip = problem->chip;
    return weft_chip_router(chip, node == problem->clusters ? chip->host_terminal : core_of[node]);
}

uint64_t weft_place_flit_hops(const weft_place_problem *problem, const int *core_of) {
    int width = (int)problem->chip->noc.mesh[0];
    uint64_t sum = 0;
    for (size_t f = 0; f < problem->flow_count; f++) {
        const weft_flow *flow = &problem->flows[f];
        int from = router_of(problem, core_of, flow->from), to = router_of(problem, core_of, flow->to);
        int links = weft_place_distance(from % width, from / width, to % width, to / width);
        sum += flow->flits * (uint64_t)links;
    }
    return sum;
}

/* Adds flits to the links of a run of routers, as a change at the first and back behind the last. beyond: `end`, behind
 * the last, is outside the mesh. */
static void add_change(uint64_t *side, int first, int end, bool beyond, uint64_t flits) {
    side[first * SIDES] += flits;
    if (!beyond) side[end * SIDES] -= flits; /* modulo 2^64 */
}

/* XY routing: along the row of the sender, then along the column of the receiver. */
static void add_changes(uint64_t *links, int width, int height, int from, int to, uint64_t flits) {
    int x0 = from % width, x1 = to % width, y0 = from / width, y1 = to / width, row = y0 * width;
    if (x0 < x1) add_change(links + EAST, row + x0, row + x1, false, flits);
    if (x0 > x1) add_change(links + WEST, row + x1 + 1, row + x0 + 1, x0 + 1 == width, flits);
    if (y0 < y1) add_change(links + SOUTH, row + x1, to, false, flits);
    if (y0 > y1) add_change(links + NORTH, to + width, row + width + x1, y0 + 1 == height, flits);
}

static void sum_changes(uint64_t *links, int width, int height) {
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint64_t *here = links + (size_t)(y * width + x) * SIDES;
            if (x > 0) here[EAST] += here[EAST - SIDES];
            if (x > 0) here[WEST] += here[WEST - SIDES];
            if (y > 0) here[NORTH] += here[NORTH - SIDES * width];
            if (y > 0) here[SOUTH] += here[SOUTH - SIDES * width];
        }
}

void weft_place_link_flits(const weft_place_problem *problem, const int *core_of, uint64_t *link_flits) {
    const weft_chip *chip = problem->chip;
    int width = (int)chip->noc.mesh[0], height = (int)chip->noc.mesh[1];
    memset(link_flits, 0, (size_t)chip->router_count * SIDES * sizeof *link_flits);
    for (size_t f = 0; f < problem->flow_count; f++) {
        const weft_flow *flow = &problem->flows[f];
        int from = router_of(problem, core_of, flow->from), to = router_of(problem, core_of, flow->to);
        if (from != to) add_changes(link_flits, width, height, from, to, flow->flits);
    }
    sum_changes(link_flits, width, height);
}

int64_t weft_place_hop_cycles(const weft_chip *chip) {
    int64_t vc = chip->noc.vc_cycles, sw = chip->noc.switch_cycles;
    int64_t allocate = !chip->noc.speculative ? vc + sw : vc > sw ? vc : sw;
    return chip->noc.route_cycles + allocate + chip->noc.traversal_cycles + chip->noc.link_cycles;
}

static weft_status hottest_link(uint64_t *out, const weft_place_problem *problem, const int *core_of, weft_error *err) {
    size_t links = (size_t)problem->chip->router_count * SIDES;
    uint64_t *flits = malloc(links * sizeof *flits);
    if (!flits) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    weft_place_link_flits(problem, core_of, flits);
    *out = 0;
    for (size_t l = 0; l < links; l++)
        if (flits[l] > *out) *out = flits[l];
    free(flits);
    return WEFT_OK;
}

/* Cycles of the linear part of the latency. */
static weft_status hop_latency(uint64_t *out, const weft_place_problem *problem, const weft_place_graph *graph,
                               const int *core_of, weft_error *err) {
    weft_place_layout layout = {0};
    WEFT_TRY(weft_place_layout_create(&layout, problem, core_of, err));
    *out = (weft_place_linear(graph, &layout) + (1 << (WEFT_PLACE_LATENCY_BITS - 1))) >> WEFT_PLACE_LATENCY_BITS;
    weft_place_layout_destroy(&layout);
    return WEFT_OK;
}

static weft_status cost_on(uint64_t *out, const weft_place_problem *problem, const weft_place_graph *graph,
                           const int *core_of, weft_error *err) {
    if (problem->objective == WEFT_OBJECTIVE_ENERGY) {
        *out = weft_place_flit_hops(problem, core_of);
        return WEFT_OK;
    }
    uint64_t hops = 0, link = 0;
    if (problem->objective == WEFT_OBJECTIVE_LATENCY) WEFT_TRY(hop_latency(&hops, problem, graph, core_of, err));
    WEFT_TRY(hottest_link(&link, problem, core_of, err));
    *out = hops + link;
    return WEFT_OK;
}

weft_status weft_place_cost(uint64_t *out, const weft_place_problem *problem, const int *core_of, weft_error *err) {
    weft_place_graph *graph = NULL;
    assert(out && problem && core_of);
    if (problem->objective == WEFT_OBJECTIVE_LATENCY) WEFT_TRY(weft_place_graph_create(&graph, problem, err));
    weft_status status = cost_on(out, problem, graph, core_of, err);
    weft_place_graph_destroy(graph);
    return status;
}

weft_status weft_place_score_of(weft_place_score *out, const weft_place_problem *problem, const weft_place_graph *graph,
                                const int *core_of, weft_error *err) {
    out->flit_hops = weft_place_flit_hops(problem, core_of);
    return cost_on(&out->cost, problem, graph, core_of, err);
}
