#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/chip_route.h"
#include "mapper/place_internal.h"

const char *const weft_objective_names[] = {"energy", "link", "latency", NULL};

static int router_of(const weft_place_problem *problem, const int *core_of, int node) {
    const weft_chip *chip = problem->chip;
    return weft_chip_router(chip, node == problem->clusters ? chip->host_terminal : core_of[node]);
}

uint64_t weft_place_flit_hops(const weft_place_problem *problem, const int *core_of) {
    uint64_t sum = 0;
    for (size_t f = 0; f < problem->flow_count; f++) {
        const weft_flow *flow = &problem->flows[f];
        int from = router_of(problem, core_of, flow->from), to = router_of(problem, core_of, flow->to);
        sum += flow->flits * (uint64_t)weft_chip_router_hops(problem->chip, from, to);
    }
    return sum;
}

uint64_t weft_place_link_cycles(const weft_place_problem *problem, const int *core_of) {
    uint64_t sum = 0;
    if (!weft_chip_has_slow_links(problem->chip)) return weft_place_flit_hops(problem, core_of);
    for (size_t f = 0; f < problem->flow_count; f++) {
        const weft_flow *flow = &problem->flows[f];
        sum += flow->flits * weft_place_run_cycles(problem->chip, router_of(problem, core_of, flow->from),
                                                   router_of(problem, core_of, flow->to));
    }
    return sum;
}

/* Flits over links as changes: + at the first router of a run, - behind its last, to be summed up along the axis. The
 * run lies within the row (column) that `first` begins. */
static void add_run(uint64_t *first, const weft_chip *chip, int axis, int begin, int end, uint64_t flits) {
    size_t stride = WEFT_SIDES * (axis == 0 ? 1 : (size_t)chip->noc.mesh[0]);
    first[(size_t)begin * stride] += flits;
    if (end < chip->noc.mesh[axis]) first[(size_t)end * stride] -= flits; /* modulo 2^64 */
}

static void add_leg(uint64_t *links, const weft_chip *chip, const weft_chip_leg *leg, uint64_t flits) {
    int length = (int)chip->noc.mesh[leg->axis], begin = leg->at, end = leg->at + leg->steps; /* routers it leaves */
    if (leg->steps == 0) return;
    if (leg->steps < 0) {
        begin = end + 1;
        end = leg->at + 1;
    }
    uint64_t *first = links + (size_t)leg->first * WEFT_SIDES + weft_chip_leg_side(leg);
    if (begin < 0) add_run(first, chip, leg->axis, begin + length, length, flits);
    if (end > length) add_run(first, chip, leg->axis, 0, end - length, flits);
    add_run(first, chip, leg->axis, begin < 0 ? 0 : begin, end > length ? length : end, flits);
}

static void sum_changes(uint64_t *links, int width, int height) {
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint64_t *here = links + (size_t)(y * width + x) * WEFT_SIDES;
            for (int side = 0; side < WEFT_SIDES; side++) {
                bool along_x = side == WEFT_EAST || side == WEFT_WEST;
                if (along_x ? x > 0 : y > 0) here[side] += here[side - WEFT_SIDES * (along_x ? 1 : width)];
            }
        }
}

void weft_place_link_flits(const weft_place_problem *problem, const int *core_of, uint64_t *link_flits) {
    const weft_chip *chip = problem->chip;
    weft_chip_leg ways[WEFT_WAYS][WEFT_LEGS];
    int width = (int)chip->noc.mesh[0];
    memset(link_flits, 0, (size_t)chip->router_count * WEFT_SIDES * sizeof *link_flits);
    for (size_t f = 0; f < problem->flow_count; f++) {
        const weft_flow *flow = &problem->flows[f];
        int a = router_of(problem, core_of, flow->from), b = router_of(problem, core_of, flow->to);
        int from[2] = {a % width, a / width}, to[2] = {b % width, b / width};
        int count = a == b ? 0 : weft_chip_ways(ways, chip, from, to);
        for (int w = 0; w < count; w++)
            for (int leg = 0; leg < WEFT_LEGS; leg++)
                add_leg(link_flits, chip, &ways[w][leg], weft_chip_way_flits(flow->flits, w, count));
    }
    sum_changes(link_flits, width, (int)chip->noc.mesh[1]);
}

uint64_t weft_place_busiest(const weft_chip *chip, const uint64_t *link_flits) {
    uint64_t most = 0;
    for (int r = 0; r < chip->router_count; r++)
        for (int side = 0; side < WEFT_SIDES; side++) {
            uint64_t cycles = link_flits[r * WEFT_SIDES + side];
            if (cycles) cycles *= (uint64_t)weft_chip_link_interval(chip, r, side);
            if (cycles > most) most = cycles;
        }
    return most;
}

static weft_status hottest_link(uint64_t *out, const weft_place_problem *problem, const int *core_of, weft_error *err) {
    size_t links = (size_t)problem->chip->router_count * WEFT_SIDES;
    uint64_t *flits = malloc(links * sizeof *flits);
    if (!flits) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    weft_place_link_flits(problem, core_of, flits);
    *out = weft_place_busiest(problem->chip, flits);
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
        *out = weft_place_link_cycles(problem, core_of);
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
