/* Network on chip: input-queued wormhole routers with virtual channels and credits on a mesh, XY routing, one cycle at
 * a time. Plain data-oriented C; the SystemC chip steps it while it holds flits. Routers without flits cost nothing.
 *
 * Timing of an idle network, N routers on the path and L flits, creation to tail: with link, injection and ejection
 * links of 1 cycle and vc, switch, traversal of 1 cycle each, 4N + 1 + L cycles; speculative 3N + 1 + L; with
 * route_cycles 1, 5N + 1 + L. */
#ifndef WEFT_SIM_NOC_NOC_H
#define WEFT_SIM_NOC_NOC_H

#include <stdint.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_noc_config {
    int width, height; /* routers */
    int terminal_count;
    const int *terminal_router; /* [terminal_count]; a router may have several, each with its own port. Copied */
    int vcs, buffer_flits;      /* per input port; per VC */
    /* A buffer slot is usable again switch + traversal + credit + 1 cycles after its flit won the switch, so that the
     * loop is 7 cycles with all of them, and the link, 1. */
    int route_cycles, vc_cycles, switch_cycles, traversal_cycles, link_cycles, credit_cycles;
    bool speculative; /* heads bid for the switch in the cycle of their VC allocation */
} weft_noc_config;

typedef struct weft_noc weft_noc;
typedef struct weft_noc_delivery {
    uint64_t tag;       /* as given to inject */
    int source, target; /* terminals */
    int flits;
    uint64_t created, delivered; /* cycles: inject call; tail flit left the ejection link */
} weft_noc_delivery;

/* INVALID for parameters out of range. */
weft_status weft_noc_create(weft_noc **out, const weft_noc_config *config, weft_error *err);
void weft_noc_destroy(weft_noc *noc);
/* Queues a packet at source's (unbounded) network interface in the current cycle. flits >= 1. source == target is
 * allowed (one router). MEMORY. */
weft_status weft_noc_inject(weft_noc *noc, int source, int target, int flits, uint64_t tag, weft_error *err);
/* Advances from cycle c to c + 1; packets whose tail left the ejection link by c + 1 (delivered = c + 1) are in
 * *deliveries (valid until the next step), in terminal order. Returns their number. */
int weft_noc_step(weft_noc *noc, const weft_noc_delivery **deliveries);
/* Moves an idle network's clock forward without work; the network must be idle. */
void weft_noc_skip(weft_noc *noc, uint64_t cycles);
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

#ifdef __cplusplus
}
#endif
#endif
