/* Tables behind traffic.h, all in one arena. traffic_index.c: what cores hold. traffic_axis.c, traffic_readers.c and
 * traffic_routes.c: who gets what. traffic_trees.c: what travels as a tree. traffic_count.c and traffic_flows.c: sums
 * over it. traffic.c: life and answers. */
#ifndef WEFT_CORE_TRAFFIC_INTERNAL_H
#define WEFT_CORE_TRAFFIC_INTERNAL_H

#include "core/arena.h"
#include "core/traffic.h"
#include "core/tree.h"

/* A port that reads an output: channel 0 of the output is its channel `begin`. */
typedef struct weft_link {
    int stage, port, begin;
} weft_link;

/* Rows of a matrix that a core has in a part and copy, in one or several tiles. Ordered by part, copy, begin, end,
 * core. */
typedef struct weft_span {
    int part, copy, begin, end, core;
} weft_span;

/* Tiles of a copy of a stage on a core in a part. Ordered by part, copy, core. */
typedef struct weft_mvm {
    int part, copy, core;
    uint64_t read_bits;
} weft_mvm;

/* Positions of an output along one axis, in classes that all links read alike, classes ordered by the producer's phase
 * (weft_mapped_stage_phase). */
typedef struct weft_axis {
    int extent, phases, count;
    int *of_position; /* [extent] */
    int *positions;   /* [count] how many */
    int *phase;       /* [count] */
    int *first;       /* [phases + 1]: classes of phase r are first[r] up to first[r + 1] */
    int *of_link;     /* [count, links]: the class in the link's own axis */
} weft_axis;

typedef struct weft_stage_traffic {
    int span_count, span_rows; /* span_rows: of the longest */
    weft_span *spans;
    int mvm_count;
    weft_mvm *mvms;
    weft_route *partials; /* [block] */
    int **partial_values; /* [block][partials.core_count] */
    /* Of the output. */
    int block_count, link_count;
    weft_link *links;
    weft_axis y, x;
    int **row_routes; /* [copy][classes of y of the copy's rows + 1]: its routes for classes before, in rising order */
    int slot_count;   /* parts with readers or blocks */
    int *slot_of_part, *part_of_slot;
    int *first_route;   /* [block + 1] */
    weft_route *routes; /* [slot, first_route[block_count]]: of a block, by class of y, then of x */
    weft_event_counts events;
    weft_traffic_totals total;
} weft_stage_traffic;

struct weft_traffic {
    const weft_mapping *mapping;
    const weft_stages *stages;
    const weft_chip *chip;
    weft_arena *arena;
    weft_stage_traffic *items; /* [stage count + 1], the host's input first */
    weft_route to_host, to_none;
    int *router_x, *router_y; /* [core_count + 1] */
    weft_traffic_totals total;
};

static inline weft_stage_traffic *weft_traffic_item(const weft_traffic *traffic, int stage) {
    return &traffic->items[1 + stage];
}
/* Stage -1: all channels of the input, from the host, which is in no part. */
weft_output_block weft_traffic_block(const weft_traffic *traffic, int stage, int block);
/* Route of a block (not of the last stage) for classes cy and cx, which meet in positions of its copy. */
weft_route *weft_traffic_class_route(const weft_traffic *traffic, int stage, int slot, int block, int cy, int cx);

/* ---- traffic_index.c; all false when memory is out ---- */

/* Spans, MVMs and partial sums of the stage's matrix. */
bool weft_traffic_build_index(weft_traffic *traffic, int stage);
/* Who reads what: links of every output. */
bool weft_traffic_build_links(weft_traffic *traffic);
/* First span that may reach into rows from `begin` on. */
int weft_traffic_find_span(const weft_stage_traffic *item, int part, int copy, int begin);
/* Classes that a copy's rows have: *begin up to *end; of those of class cy, those of its columns. A route of a block
 * follows the one before in this order. Stage -1: all. */
void weft_traffic_copy_rows(const weft_traffic *traffic, int stage, int copy, int *begin, int *end);
void weft_traffic_copy_columns(const weft_traffic *traffic, int stage, int copy, int cy, int *begin, int *end);
static inline bool weft_span_is(const weft_span *span, int part, int copy) {
    return span->part == part && span->copy == copy;
}

/* ---- traffic_axis.c ---- */

/* Phase along the axis (0: y) of what a position in front of op becomes part of. */
int weft_traffic_phase_at(const weft_traffic *traffic, int stage, int op, int axis, int at);
/* counts[phases along the axis]: positions in front of op. */
void weft_traffic_count_phases(const weft_traffic *traffic, int stage, int op, int axis, int *counts);
/* One axis of a matrix's window. */
typedef struct weft_taps {
    int taps, stride, dilation, pad, outputs;
} weft_taps;
weft_taps weft_traffic_taps(const weft_stage *stage, int axis);
/* Matrix position along the axis that reads position `at` of the input with that tap; -1: none. */
static inline int weft_taps_output(const weft_taps *t, int at, int tap) {
    int64_t from = (int64_t)at + t->pad - (int64_t)tap * t->dilation;
    return from >= 0 && from % t->stride == 0 && from / t->stride < t->outputs ? (int)(from / t->stride) : -1;
}
/* True for port 0 of a matrix, false for what blocks read. */
static inline bool weft_traffic_reads_rows(const weft_stage *stage, int port) { return stage->has_matrix && port == 0; }

/* Lists of numbers, each kept once. */
typedef struct weft_lists {
    int count, capacity, *first; /* list i is values[first[i]] up to first[i + 1] */
    int value_capacity, *values;
    int table_size, *table;
} weft_lists;
/* Number of the list; -1 when memory is out. */
int weft_lists_put(weft_lists *lists, const int *values, int count);
void weft_lists_free(weft_lists *lists);

/* Positions along an axis as one link reads them: lists of (tap, phase) pairs; a block's tap is 0. */
typedef struct weft_link_axis {
    weft_lists classes;
    int *of_position; /* [extent] */
} weft_link_axis;
bool weft_link_axis_create(weft_link_axis *out, const weft_traffic *traffic, const weft_link *link, int axis);
void weft_link_axis_free(weft_link_axis *axis);
/* Joins those of an output's links. mapped: of the output, NULL for the host's input. */
bool weft_axis_create(weft_axis *out, weft_arena *arena, int extent, const weft_mapped_stage *mapped, int axis,
                      const weft_link_axis *links, int link_count);

/* ---- traffic_readers.c ---- */

/* Cores of one link for one class of positions: pool[first] up to pool[first + count], ascending. */
typedef struct weft_core_set {
    size_t first;
    int count;
} weft_core_set;

/* A link while its output's routes are built. */
typedef struct weft_reading {
    weft_link_axis y, x;
    weft_core_set *sets; /* [classes of y, classes of x], for the part and the channels at hand */
} weft_reading;

/* What building the routes of one output needs. */
typedef struct weft_route_work {
    weft_traffic *traffic;
    int producer;
    weft_reading *readings; /* [link] */
    int *stamps, stamp;     /* [core_count]: the core is found when its stamp is the last */
    int *found, found_count;
    int *joined, *spare; /* [core_count] each */
    int *pool;
    size_t pool_used, pool_size;
} weft_route_work;

/* Sets of every link for channels [begin, end) of the producer's output and one part; false when memory is out. */
bool weft_traffic_find_readers(weft_route_work *w, int part, int begin, int end);

/* ---- traffic_trees.c ---- */

/* Pieces and links of a route of so many values. */
void weft_traffic_plan_tree(const weft_traffic *traffic, int from, weft_route *route, int values);

/* ---- traffic_routes.c, traffic_count.c, traffic_flows.c ---- */

/* Routes of the output of stage (-1: the host's input; not the last). */
bool weft_traffic_build_routes(weft_traffic *traffic, int stage);
/* Fills events and totals. */
bool weft_traffic_count_stage(weft_traffic *traffic, int stage);
/* Calls visit for the stage's output, or the host's input. whole: for the positions, whatever pieces they go in. */
void weft_traffic_visit_output(const weft_traffic *traffic, int stage, bool whole, weft_traffic_visit *visit,
                               void *user);
/* The same for all that the stage sends; false when memory is out. */
bool weft_traffic_visit_stage(const weft_traffic *traffic, int stage, bool whole, weft_traffic_visit *visit,
                              void *user);
/* The same for its partial sums; positions[copy]: of the matrix. */
void weft_traffic_visit_partials(const weft_traffic *traffic, int stage, const uint64_t *positions,
                                 weft_traffic_visit *visit, void *user);
/* positions[copy] that each copy of the stage computes in front of op; NULL when memory is out, else to free. */
uint64_t *weft_traffic_positions(const weft_traffic *traffic, int stage, int op);

#endif
