/* What the files of the placement share. Internal to mapper/.
 *
 * Every objective is a linear part (weight of a pair x distance between the two) and, but for energy, the load of the
 * hottest link. A router's cores are equal, so that searches think in routers. */
#ifndef WEFT_MAPPER_PLACE_INTERNAL_H
#define WEFT_MAPPER_PLACE_INTERNAL_H

#include "core/rng.h"
#include "mapper/place.h"

/* What lies between two routers: a cost along each axis. Where runs there and back differ (half way round a torus, with
 * chips that do not share it evenly) the mean of both. */
typedef struct weft_place_metric {
    int width, height;
    bool torus;
    int64_t unit; /* what a cost of 1 is worth: cycles of the latency, else 1 */
    /* [width + 1, width], [height + 1, height]: from place to place, and in the last row from each to the next. Numbers
     * of links where all are alike. */
    int *x, *y;
} weft_place_metric;
bool weft_place_metric_create(weft_place_metric *out, const weft_place_problem *problem); /* false: no memory */
void weft_place_metric_destroy(weft_place_metric *metric);                                /* safe on a zeroed one */
static inline int weft_place_distance(const weft_place_metric *m, int x0, int y0, int x1, int y1) {
    return m->x[x0 * m->width + x1] + m->y[y0 * m->height + y1];
}
/* Of a row of `length` the place that is meant: behind an end, on a torus, one from the other end, else the last. */
static inline int weft_place_within(const weft_place_metric *m, int place, int length) {
    if (m->torus) return (place % length + length) % length;
    return place < 0 ? 0 : place >= length ? length - 1 : place;
}
/* Cycles that a flit occupies the links from router to router: their number where all are alike. */
uint64_t weft_place_run_cycles(const weft_chip *chip, int from, int to);

/* Clusters and the host (node `clusters`) with their partners: both directions of a pair are one arc at either end. */
typedef struct weft_place_graph {
    int nodes;                      /* clusters + 1 */
    size_t *begin;                  /* [nodes + 1] into the arrays below */
    int *partner;                   /* ascending within a node */
    int64_t *weight;                /* of the linear part: flits; for latency 2^-LATENCY_BITS metric.unit cycles */
    uint64_t *flits_out, *flits_in; /* to and from the partner */
    weft_place_metric metric;
} weft_place_graph;
enum { WEFT_PLACE_LATENCY_BITS = 16 };
weft_status weft_place_graph_create(weft_place_graph **out, const weft_place_problem *problem, weft_error *err);
void weft_place_graph_destroy(weft_place_graph *graph); /* NULL is allowed */

/* Who sits where. */
typedef struct weft_place_layout {
    int clusters, cores, width, height, concentration;
    int *core_of;    /* [clusters] */
    int *cluster_at; /* [cores], -1: free */
    int *x, *y;      /* [clusters + 1] of the router; the host's last */
} weft_place_layout;
weft_status weft_place_layout_create(weft_place_layout *out, const weft_place_problem *problem, const int *core_of,
                                     weft_error *err);
void weft_place_layout_destroy(weft_place_layout *layout);
/* Moves the cluster to the core; who sits there comes to the cluster's. */
void weft_place_layout_swap(weft_place_layout *layout, int cluster, int core);

/* Sum over pairs of weight x distance. */
uint64_t weft_place_linear(const weft_place_graph *graph, const weft_place_layout *layout);
/* Change of that sum by weft_place_layout_swap. */
int64_t weft_place_swap_change(const weft_place_graph *graph, const weft_place_layout *layout, int cluster, int core);
/* Back to a placement that was kept. */
void weft_place_layout_restore(weft_place_layout *layout, const int *core_of);
/* A hop of a head flit through a router and a link of so many cycles, in cycles. */
int64_t weft_place_hop_cycles(const weft_chip *chip, int64_t link_cycles);
/* What counts, in this order: the objective's cost, flit-hops. */
typedef struct weft_place_score {
    uint64_t cost, flit_hops;
} weft_place_score;
weft_status weft_place_score_of(weft_place_score *out, const weft_place_problem *problem, const weft_place_graph *graph,
                                const int *core_of, weft_error *err);
static inline bool weft_place_better(const weft_place_score *a, const weft_place_score *b) {
    return a->cost < b->cost || (a->cost == b->cost && a->flit_hops < b->flit_hops);
}

/* Random numbers in order, drawn in blocks. */
typedef struct weft_place_dice {
    weft_rng rng;
    uint64_t next;
    int used;
    uint32_t block[1024];
} weft_place_dice;
void weft_place_dice_init(weft_place_dice *dice, uint64_t seed, int stream);
void weft_place_dice_fill(weft_place_dice *dice);
static inline uint32_t weft_place_draw(weft_place_dice *dice) {
    if (dice->used == (int)(sizeof dice->block / sizeof *dice->block)) weft_place_dice_fill(dice);
    return dice->block[dice->used++];
}
/* 0 .. count - 1 */
static inline int weft_place_draw_below(weft_place_dice *dice, int count) {
    return (int)((uint64_t)weft_place_draw(dice) * (uint64_t)count >> 32);
}
/* Metropolis' rule: a change above what is drawn here is refused, so that one of `change` passes with probability
 * exp(-change / temperature), and always when it is for the better. */
double weft_place_draw_threshold(weft_place_dice *dice, double temperature);

/* The placers on a graph at hand. */
void weft_place_row_major(int *core_of, const weft_place_problem *problem);
weft_status weft_place_greedy(int *core_of, const weft_place_problem *problem, const weft_place_graph *graph,
                              weft_error *err);
/* router_of[clusters] with cores: who finds the router full goes to the best free one, light ones first. */
weft_status weft_place_seat(int *core_of, const int *router_of, const weft_place_problem *problem,
                            const weft_place_graph *graph, weft_error *err);
weft_status weft_place_scotch(int *core_of, const weft_place_problem *problem, const weft_place_graph *graph,
                              weft_error *err);
weft_status weft_place_refined(int *core_of, const weft_place_problem *problem, const weft_place_graph *graph,
                               weft_error *err);

/* Searches from layout on, which holds the best that was seen afterwards. work: about that many ns. stream: searches
 * from the same seed draw other numbers.
 *
 * anneal: of the linear part alone. descend: moves and swaps of single clusters while one lowers it. anneal_links: of
 * the whole objective, hottest link or latency. */
weft_status weft_place_anneal(weft_place_layout *layout, const weft_place_graph *graph, uint64_t seed, int stream,
                              uint64_t work, weft_error *err);
weft_status weft_place_descend(weft_place_layout *layout, const weft_place_graph *graph, uint64_t work,
                               weft_error *err);
weft_status weft_place_anneal_links(weft_place_layout *layout, const weft_place_problem *problem,
                                    const weft_place_graph *graph, int stream, uint64_t work, weft_error *err);

#endif
