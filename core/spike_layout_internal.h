/* Shared by core/spike_layout*.c. */
#ifndef WEFT_CORE_SPIKE_LAYOUT_INTERNAL_H
#define WEFT_CORE_SPIKE_LAYOUT_INTERNAL_H

#include "core/spike_layout.h"
#include "core/spike_mapping_internal.h"

/* A neuron's relays on a core. */
typedef struct weft_relay_group {
    uint64_t source; /* number of the source neuron */
    uint32_t core, axon, slot, slots;
} weft_relay_group;

/* What is known while a layout is made. Source neurons have numbers: base[population] + neuron. */
typedef struct weft_layout_maker {
    weft_spike_layout *layout;
    const weft_spike_mapping *mapping;
    const weft_snn *snn;
    const weft_snn_fit *fit;
    const weft_chip *chip;
    weft_error *err;
    int *mapped;    /* [populations] of the mapping, -1 */
    uint64_t *base; /* [populations + 1] */
    /* Axons of each source neuron, by core, then axon; delay of the axon. */
    uint64_t *route_first; /* [base[populations] + 1] */
    weft_spike_route *routes;
    uint64_t route_room;
    uint64_t *axons; /* [cores] that are wanted; the core's list ends at the limit */
    int *axon_room;  /* [cores] */
    uint64_t relay_count;
    weft_relay_group *relays; /* by source, then core */
} weft_layout_maker;

weft_status weft_layout_no_memory(const weft_layout_maker *m);
/* The mapping's population of the network's, which is one of neurons. */
static inline const weft_mapped_population *weft_layout_mapped(const weft_layout_maker *m, int population) {
    return &m->mapping->populations[m->mapped[population]];
}
/* INVALID: `core 3: 300 axons, truenorth has 256 a core; most are of "conv1" (200)`. */
weft_status weft_layout_over(const weft_layout_maker *m, int core, weft_spike_limit limit, uint64_t have,
                             uint64_t allowed);

/* Kind of a synapse on its axon; weight as fitted, not 0. */
static inline int weft_layout_kind(const weft_spike_layout *layout, const weft_snn_fit *fit, int projection, int target,
                                   float weight) {
    const int ranks = layout->weight_rank_count[target];
    if (!ranks) return fit->projections[projection].exponent;
    int rank = 0;
    while (rank < ranks - 1 && layout->weight_rank[target][rank] < weight) rank++;
    return rank;
}

/* The steps, in this order. */
weft_status weft_layout_links(weft_layout_maker *m); /* projections by source, lags, delays */
weft_status weft_layout_ranks(weft_layout_maker *m);
weft_status weft_layout_slots(weft_layout_maker *m); /* slots, homes; relays without axons yet */
weft_status weft_layout_axons(weft_layout_maker *m); /* axons of cores, routes by source neuron, synapses */
weft_status weft_layout_routes(weft_layout_maker *m);
weft_status weft_layout_limits(const weft_layout_maker *m);

#endif
