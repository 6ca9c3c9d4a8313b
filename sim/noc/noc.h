/* Network on chip: input-queued wormhole routers with virtual channels (VCs) and credits on a mesh or torus, one cycle
 * at a time. Plain data-oriented C; the SystemC chip steps it while it holds flits. Routers without flits cost nothing.
 *
 * Timing of an idle network, N routers on the path and L flits, creation to tail: with link, injection and ejection
 * links of 1 cycle and vc, switch, traversal of 1 cycle each, 4N + 1 + L cycles; speculative 3N + 1 + L; with
 * route_cycles 1, 5N + 1 + L. weft_noc_zero_load (noc_bounds.h) has the general form.
 *
 * Deadlock freedom is argued in docs/noc.md; configurations that can deadlock are refused unless allow_deadlock. */
#ifndef WEFT_SIM_NOC_NOC_H
#define WEFT_SIM_NOC_NOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_noc_topology { WEFT_NOC_MESH, WEFT_NOC_TORUS } weft_noc_topology;
/* All are minimal. WEST_FIRST goes west before anything else, then wherever there is most room; ADAPTIVE goes wherever
 * there is most room, and XY on the VCs below escape_vcs when nothing else is free. */
typedef enum weft_noc_routing { WEFT_NOC_XY, WEFT_NOC_YX, WEFT_NOC_WEST_FIRST, WEFT_NOC_ADAPTIVE } weft_noc_routing;

/* A zeroed member is a plain mesh under XY routing. */
typedef struct weft_noc_config {
    int width, height; /* routers */
    int terminal_count;
    const int *terminal_router; /* [terminal_count]; a router may have several, each with its own port. Copied */
    int vcs, buffer_flits;      /* per input port; per VC */
    /* A buffer slot is usable again switch + traversal + credit + 1 cycles after its flit won the switch, so that the
     * loop is 7 cycles with all of them, and the link, 1. */
    int route_cycles, vc_cycles, switch_cycles, traversal_cycles, link_cycles, credit_cycles;
    bool speculative; /* heads bid for the switch in the cycle of their VC allocation */
    int topology;     /* weft_noc_topology; TORUS needs an even number of VCs, half for packets that will wrap around */
    int routing;      /* weft_noc_routing */
    int escape_vcs;   /* ADAPTIVE: the lowest VCs, under XY; at least 1, on a torus an even number */
    bool y_differs;   /* links along y have cycles of their own: */
    int link_cycles_y, credit_cycles_y;
    int chips[2]; /* in x and y, equal parts of the mesh; 0 is 1. Links between chips take: */
    int chip_link_cycles, chip_credit_cycles;
    int chip_link_interval; /* cycles a flit; 0 is 1 */
    bool multicast;         /* weft_noc_inject_multicast may be called; a mesh under XY or YX */
    bool allow_deadlock;    /* admit what can deadlock: ADAPTIVE without escape VCs, a TORUS with one VC */
} weft_noc_config;

typedef struct weft_noc weft_noc;
typedef struct weft_noc_delivery {
    uint64_t tag;       /* as given to inject */
    int source, target; /* terminals */
    int flits;
    uint64_t created, started, delivered; /* cycles: inject call; head left the source queue; tail flit left the
                                             ejection link */
} weft_noc_delivery;

/* INVALID for parameters out of range. */
weft_status weft_noc_create(weft_noc **out, const weft_noc_config *config, weft_error *err);
void weft_noc_destroy(weft_noc *noc);
/* Queues a packet at source's (unbounded) network interface in the current cycle. flits >= 1. source == target is
 * allowed (one router). MEMORY. */
weft_status weft_noc_inject(weft_noc *noc, int source, int target, int flits, uint64_t tag, weft_error *err);
/* The same packet to target_count terminals, as a tree of the routes to each: its flits are copied where routes part,
 * each branch at its own pace, and a flit leaves a buffer when all branches have it. One delivery a target, each with
 * the whole packet's flits; statistics count it once a target, links and routers once a flit. INVALID: without
 * config.multicast, flits above buffer_flits (which the absence of deadlocks rests on), a target named twice, or none.
 * MEMORY. */
weft_status weft_noc_inject_multicast(weft_noc *noc, int source, const int *targets, int target_count, int flits,
                                      uint64_t tag, weft_error *err);
/* Advances from cycle c to c + 1; packets whose tail left the ejection link by c + 1 (delivered = c + 1) are in
 * *deliveries (valid until the next step), in terminal order. Returns their number. */
int weft_noc_step(weft_noc *noc, const weft_noc_delivery **deliveries);
/* Moves an idle network's clock forward without work; the network must be idle. */
void weft_noc_skip(weft_noc *noc, uint64_t cycles);
/* Takes an idle network back to cycle 0, with all credits home and whose turn it is as it was made: what is sent then
 * goes as in a new one. Statistics go on. */
void weft_noc_rewind(weft_noc *noc);
bool weft_noc_idle(const weft_noc *noc);
uint64_t weft_noc_cycle(const weft_noc *noc);

typedef struct weft_noc_statistics {
    uint64_t packets_injected, packets_delivered, flits_injected, flits_delivered;
    uint64_t router_flits, link_flits; /* traversals of routers; of links between routers */
    uint64_t latency_sum, latency_max; /* creation to tail, delivered packets */
    uint64_t latency_histogram[64];    /* bin k: latency in [2^k, 2^(k+1)) */
    uint64_t busy_cycles;              /* cycles stepped with flits inside */
} weft_noc_statistics;
weft_noc_statistics weft_noc_statistics_get(const weft_noc *noc);
/* Flits sent so far over the link that leaves router towards direction 0..3 = east, west, north (y - 1), south (y + 1).
 */
uint64_t weft_noc_link_flits(const weft_noc *noc, int router, int direction);
/* Cycles without any flit moving while flits are inside; a deadlock watch. */
uint64_t weft_noc_stalled_cycles(const weft_noc *noc);
/* The smallest number of those that no traffic can cause: more is a deadlock. */
uint64_t weft_noc_stall_limit(const weft_noc *noc);

/* Where the flits are that were injected and not delivered, counted in queues and buffers. */
typedef struct weft_noc_occupancy {
    uint64_t queued, inside; /* in source queues; in buffers and on links */
} weft_noc_occupancy;
weft_noc_occupancy weft_noc_occupancy_get(const weft_noc *noc);

/* Looks for VCs that wait for each other for ever, which takes a walk over the whole network: at a stall, or now and
 * then where the configuration can deadlock. False: none. text: "router 3 (3, 0) from the west VC 0, packet 5 to 9,
 * waits for ..." of one cycle of waiting, cut off with the number of the rest. */
bool weft_noc_find_deadlock(const weft_noc *noc, char *text, size_t text_size);
/* The configuration can deadlock (only with allow_deadlock). */
bool weft_noc_can_deadlock(const weft_noc_config *config);

#ifdef __cplusplus
}
#endif
#endif
