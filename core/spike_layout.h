/* What follows from a mapping of a spiking network: each core's neurons and axons, where every spike goes and how long
 * it takes. Made by the mapper to see what fits and by the simulator to program the chip: one meaning for both.
 *
 * Axons. A core has an axon for every (source neuron, kind, delay) that its neurons have synapses of. Kind: where the
 * chip has axon types, the rank of the weight among the different weights into the target's population, as fitted (at
 * most synapse.axon_types and 16; neurons of several populations share an axon by rank); of ODIN's neurons 0 for
 * weights below 0 and 1 for those above; else the projection's exponent. Axons are numbered by source population,
 * neuron, kind, delay; relays' axons behind them.
 *
 * Delays. Everything between cores takes 1 tick at least. lag[p] says by how many ticks the spikes of population p are
 * later than in the network: Inputs 0, else the smallest that gives every projection that is not recurrent a delay of
 * 1 or more: chip delay = network delay + lag[target] - lag[source]. A population with relays gives its spikes to all
 * its targets one tick later at least (delay 2 or more). A recurrent projection whose delay would come out below 1 (or
 * 2), and one beyond limits.delay_ticks, are refused.
 *
 * Routes. Chips whose neurons have `limits.destinations` D serve the axons of a source neuron, by core and axon, in
 * turn: its copies take D each; when there are relays, their axons come first in the copies' list, by core, and the
 * axons that are left are served by the relays, D each in turn, from the end. Without that limit the first copy goes to
 * all. */
#ifndef WEFT_CORE_SPIKE_LAYOUT_H
#define WEFT_CORE_SPIKE_LAYOUT_H

#include "core/snn_fit.h"
#include "core/spike_mapping.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A neuron of a core. */
typedef struct weft_spike_slot {
    int population;
    uint32_t neuron;
    bool relay; /* repeats its source's spike a tick later */
} weft_spike_slot;
typedef struct weft_spike_axon {
    int population; /* source */
    uint32_t neuron;
    int16_t kind;   /* type or exponent; -1: of a relay */
    uint16_t delay; /* ticks */
} weft_spike_axon;
/* Where spikes go; delay as in weft_spike_axon, shorter by what relays on the way took. */
typedef struct weft_spike_route {
    uint32_t core;
    uint16_t axon, delay;
} weft_spike_route;

/* Where a neuron is; its copies are neighbours, the first one at `slot`. */
typedef struct weft_spike_home {
    uint32_t core;
    uint16_t slot, copies;
} weft_spike_home;

typedef struct weft_laid_core {
    int slot_count, axon_count;
    int relay_axons; /* the last of the axons */
    weft_spike_slot *slots;
    weft_spike_axon *axons;
    uint64_t *first;                /* [slot_count + 1] of routes */
    weft_spike_route *routes;       /* of slot s: first[s] .. first[s + 1] - 1 */
    uint64_t synapses, memory_bits; /* of the chip's synapse memory: crossbar: axons x neurons x weight_bits */
} weft_laid_core;

typedef struct weft_spike_layout {
    int core_count;        /* of the chip; those without neurons are empty */
    weft_laid_core *cores; /* [core_count] */
    int population_count;  /* of the network */
    int cores_used;
    int *lag;                /* [populations] */
    int *delays;             /* [projections] ticks on the chip */
    int *out_first;          /* [populations + 1] of out: projections by source population */
    int *out;                /* [projections] */
    weft_spike_home **homes; /* [populations], [size] each; NULL for Inputs and Outputs */
    int depth;               /* largest lag of an output */
    uint64_t copies;         /* slots beyond one a neuron, relays left out */
    uint64_t relays;         /* slots */
    uint64_t axons, synapses;
    /* Of Inputs: input value i (weft_snn.inputs) goes to input_routes[input_first[i]] .. */
    uint64_t *input_first; /* [inputs + 1] */
    weft_spike_route *input_routes;
    int *weight_rank_count;   /* [populations] kinds by weight into the population; 0 where the chip has none */
    float (*weight_rank)[16]; /* [populations] largest weight of each kind, ascending */
} weft_spike_layout;

/* Which limit a core breaks. */
typedef enum weft_spike_limit {
    WEFT_SPIKE_LIMIT_NEURONS,
    WEFT_SPIKE_LIMIT_AXONS,
    WEFT_SPIKE_LIMIT_MEMORY,
    WEFT_SPIKE_LIMIT_AXONS_OUT,
    WEFT_SPIKE_LIMIT_DESTINATIONS
} weft_spike_limit;

/* Whether the chip tells axons by the synapses' weights. */
static inline bool weft_spike_has_ranks(const weft_chip *chip) {
    return chip->synapse.axon_types > 0 || chip->neuron.model == WEFT_CHIP_NEURON_ODIN;
}
/* Kinds of weights into each population, by the largest of each, ascending: count[populations], ranks[populations]. The
 * different weights where the chip has axon types, both signs of ODIN's neurons, else none. INVALID where they are more
 * than it has; *bad is that population. */
weft_status weft_spike_ranks(int *count, float (*ranks)[16], int *bad, const weft_snn *snn, const weft_snn_fit *fit,
                             const weft_chip *chip, weft_error *err);

/* mapping is checked (weft_spike_mapping_check). Populations of different models may not share a core. INVALID: at the
 * mapping's line where it has one: a core, the limit that it breaks with both numbers, the population that takes most
 * of it; a neuron with too few copies; a delay. UNSUPPORTED, MEMORY. */
weft_status weft_spike_layout_create(weft_spike_layout **out, const weft_spike_mapping *mapping, const weft_snn *snn,
                                     const weft_snn_fit *fit, const weft_chip *chip, weft_error *err);
void weft_spike_layout_destroy(weft_spike_layout *layout); /* NULL is allowed */

/* A synapse of a core: weight as fitted (w 2^exponent is the axon's matter). */
typedef struct weft_laid_synapse {
    uint16_t slot;
    float weight;
} weft_laid_synapse;
/* All synapses of a core, by axon, then slot: *first malloc'd [axon_count + 1], *synapses malloc'd. A relay's synapse
 * has weight 1. Several cores at once. MEMORY. */
weft_status weft_spike_layout_synapses(uint64_t **first, weft_laid_synapse **synapses, const weft_spike_layout *layout,
                                       int core, const weft_snn *snn, const weft_snn_fit *fit, weft_error *err);
/* Links of the chip's mesh that packets pass if every neuron spikes once: sum over routes between cores. */
uint64_t weft_spike_layout_hops(const weft_spike_layout *layout, const weft_chip *chip);

#ifdef __cplusplus
}
#endif
#endif
