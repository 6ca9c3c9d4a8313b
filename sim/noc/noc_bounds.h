/* Closed forms of the network: latency when it is idle, and how much traffic of a kind it can take at most. */
#ifndef WEFT_SIM_NOC_NOC_BOUNDS_H
#define WEFT_SIM_NOC_NOC_BOUNDS_H

#include "sim/noc/noc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Routers on a shortest path between two terminals. */
int weft_noc_path_routers(const weft_noc_config *config, int source, int target);

/* Cycles from creation to tail of a packet that is alone in the network: N routers x (route + allocations + traversal)
 * + the links between them + injection and ejection link + flits, and what is lost where a buffer is shorter than its
 * credit loop or a link is not free every cycle: then from the recurrence of each flit's departure from each router.
 * Exact under XY and YX; under other routings a lower bound where links differ and flits stall. MEMORY. */
weft_status weft_noc_zero_load(uint64_t *cycles, const weft_noc_config *config, int source, int target, int flits,
                               weft_error *err);

/* Cycles for which a packet keeps its source's port in an idle network, from its first flit to its last: `flits`, and
 * more where the one VC that it goes by has less room than a credit loop on its path. A lower bound in a busy network,
 * and under routings other than XY and YX. MEMORY. */
weft_status weft_noc_injection_cycles(uint64_t *cycles, const weft_noc_config *config, int source, int target,
                                      int flits, weft_error *err);
/* Cycles that a terminal's port into the network, or out of it, was busy at least with so many flits in packets that
 * kept it for `kept` cycles: no less than what the credits of all its VCs allow. */
uint64_t weft_noc_port_busy(const weft_noc_config *config, bool injection, uint64_t flits, uint64_t kept);

/* Link of a router towards 0..3 = east, west, north, south. */
typedef struct weft_noc_link_info {
    int cycles, loop_cycles; /* of a flit; from the switch until its buffer slot can be used again */
    int interval;            /* cycles a flit */
    double credit_share;     /* flits a cycle that credits allow, at most 1 / interval */
} weft_noc_link_info;
weft_noc_link_info weft_noc_link_info_get(const weft_noc_config *config, int router, int direction);

/* Flits on each channel, when every terminal sends one in the mean. Under XY and YX exact; otherwise the mean over all
 * links that a packet could have taken in the same place, which the busiest of them reaches at least. */
typedef struct weft_noc_loads {
    double *link;                 /* [routers * 4] */
    double *injection, *ejection; /* [terminal_count] */
    double total;                 /* weight added so far */
} weft_noc_loads;
weft_status weft_noc_loads_create(weft_noc_loads *out, const weft_noc_config *config, weft_error *err);
void weft_noc_loads_destroy(weft_noc_loads *loads); /* safe on a zeroed one */
/* weight flits from source to target. */
void weft_noc_loads_add(weft_noc_loads *loads, const weft_noc_config *config, int source, int target, double weight);
/* weight flits from every terminal, spread evenly over all, itself too. Needs equally many terminals at each router.
 * MEMORY. */
weft_status weft_noc_loads_add_uniform(weft_noc_loads *loads, const weft_noc_config *config, double weight,
                                       weft_error *err);
/* All added: makes them those of one flit a terminal in the mean. */
void weft_noc_loads_finish(weft_noc_loads *loads, const weft_noc_config *config);

/* What a terminal can send in the mean at most, in flits a cycle, so that all of it arrives. */
typedef struct weft_noc_bounds {
    double channel;        /* no channel (link, injection, ejection) above 1 flit an interval */
    double credit;         /* nor above what its credits allow */
    int router, direction; /* the link that `credit` is from; router -1: an injection or ejection link */
    double load;           /* of that link */
} weft_noc_bounds;
weft_noc_bounds weft_noc_bounds_get(const weft_noc_loads *loads, const weft_noc_config *config);

#ifdef __cplusplus
}
#endif
#endif
