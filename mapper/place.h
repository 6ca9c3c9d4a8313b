/* Placement: clusters of tiles (what one core holds) onto the cores of a mesh or torus, of one chip or several. Knows
 * nothing of networks: clusters send flits to each other and to the host, and a cost is to be small. Used by mapper/,
 * and by whoever has flows. */
#ifndef WEFT_MAPPER_PLACE_H
#define WEFT_MAPPER_PLACE_H

#include "core/traffic.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_objective {
    WEFT_OBJECTIVE_ENERGY,  /* sum over flows of flits x links, a link between chips as often as the cycles that it is
                               occupied by a flit: what is proportional to communication energy */
    WEFT_OBJECTIVE_LINK,    /* cycles that the most loaded link is occupied; of equals the one with fewer flit-hops */
    WEFT_OBJECTIVE_LATENCY, /* an estimate of what the network adds to the time of one image, in cycles: mean hops of
                               a packet, summed over the steps from the host through the clusters (a cluster's step is
                               how few flows lead to it from the host), each as long as its link makes it, and the
                               cycles that the most loaded link is occupied */
    WEFT_OBJECTIVE_COUNT
} weft_objective;
extern const char *const weft_objective_names[]; /* "energy", "link", "latency", NULL */

typedef struct weft_place_problem {
    int clusters; /* numbered 0 .. clusters - 1; the host is number `clusters` */
    size_t flow_count;
    const weft_flow *flows; /* between clusters and the host; from != to */
    const weft_chip *chip;  /* its network, host router; clusters <= core_count */
    weft_objective objective;
    uint64_t seed;
} weft_place_problem;

/* Cost of a placement core_of[clusters] (distinct cores) under the problem's objective. MEMORY. */
weft_status weft_place_cost(uint64_t *out, const weft_place_problem *problem, const int *core_of, weft_error *err);
uint64_t weft_place_flit_hops(const weft_place_problem *problem, const int *core_of);
/* Likewise with links between chips by their interval: cycles that flits occupy links. */
uint64_t weft_place_link_cycles(const weft_place_problem *problem, const int *core_of);
/* Flits over every link, [router_count * 4] in the order of weft_noc_link_flits (sim/noc), which they equal under XY
 * and YX; under other routings packets are shared out as weft_chip_ways says. */
void weft_place_link_flits(const weft_place_problem *problem, const int *core_of, uint64_t *link_flits);

/* Cycles that the most loaded of these links is occupied: its flits, times its interval. */
uint64_t weft_place_busiest(const weft_chip *chip, const uint64_t *link_flits);

/* A placer: fills core_of[clusters] with distinct cores. Deterministic for a seed. */
typedef struct weft_placer {
    const char *name, *summary;
    weft_status (*run)(int *core_of, const weft_place_problem *problem, weft_error *err);
} weft_placer;
/* row_major (cluster number = core number), greedy (heaviest traffic with what is placed first, onto the best free
 * core), scotch (static mapping onto the network by Scotch), refined (the best of these under the objective, then
 * annealing and moves while they help, within an amount of work that grows with the problem: never worse than any of
 * them); NULL name ends. The last is the default. */
extern const weft_placer weft_placers[];
const weft_placer *weft_placer_find(const char *name); /* NULL: unknown */

/* Lower bounds that hold for every placement of the problem, 0 where nothing is known. */
typedef struct weft_place_bounds {
    uint64_t flit_hops;  /* every cluster's partners on the nearest cores that there can be, heaviest first, and the
                            host's at their distances from its router */
    uint64_t link_flits; /* largest of: flits that must leave or enter a cluster's router over its links; that cross the
                            border of the region around the host; flit_hops over all links */
} weft_place_bounds;
weft_status weft_place_bound(weft_place_bounds *out, const weft_place_problem *problem, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
