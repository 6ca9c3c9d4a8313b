/* The passes of the mapper of spiking networks, one file each, in the order of spike.h. Internal to mapper/. */
#ifndef WEFT_MAPPER_SPIKE_INTERNAL_H
#define WEFT_MAPPER_SPIKE_INTERNAL_H

#include "mapper/passes.h"
#include "mapper/spike.h"

/* What a cluster takes of its core. */
typedef struct weft_spike_take {
    uint64_t slots, axons, synapses, out;
} weft_spike_take;

/* Splitter neurons of one neuron, on one core. */
typedef struct weft_spike_splitter {
    uint32_t neuron, slots;
    int bin;
} weft_spike_splitter;

/* A population in clusters of its own. */
typedef struct weft_spike_part {
    bool clustered;
    int cluster_count;
    weft_spike_take *takes; /* [cluster_count] */
    int *bins;              /* [cluster_count] core-to-be, after merging */
    uint32_t *cluster;      /* [size] */
    uint32_t *copies;       /* [size] */
    uint32_t *axons_out;    /* [size] axons that each neuron reaches; NULL where nothing limits them */
    int splitter_count;
    weft_spike_splitter *splitters; /* by neuron */
} weft_spike_part;

typedef struct weft_spike_work {
    const weft_snn *snn;
    const weft_snn_fit *fit;
    const weft_chip *chip;
    const weft_spike_map_options *options;
    weft_error *err;
    weft_map_log log;
    int *in_first;        /* [populations + 1] projections by target are neighbours */
    int *out_first, *out; /* by source: [populations + 1], [projections] */
    int *rank_count;
    float (*ranks)[16];
    uint64_t synapse_room;  /* synapses that a core's memory holds */
    weft_spike_part *parts; /* [populations]; empty for Inputs and Outputs */
    int bin_count;
} weft_spike_work;

weft_status weft_spike_no_memory(const weft_spike_work *w);
/* Kind of a synapse among those of its projection: its rank, 0 where the chip has no types. */
static inline int weft_spike_kind(const weft_spike_work *w, int target, float weight) {
    int rank = 0;
    while (rank < w->rank_count[target] - 1 && w->ranks[target][rank] < weight) rank++;
    return rank;
}

/* ---- growing: spike_grow*.c ---- */

/* Axons of a population's neurons, both ways round. */
typedef struct weft_spike_axons {
    uint32_t axon_count;
    uint64_t *target_first; /* [axon_count + 1] */
    uint32_t *targets;
    uint64_t *axon_first; /* [size + 1] */
    uint32_t *axons;      /* ascending for each neuron */
} weft_spike_axons;
weft_status weft_spike_axons_find(weft_spike_axons *out, const weft_spike_work *w, int population);
void weft_spike_axons_free(weft_spike_axons *axons);
/* Clusters of a population from its copies and axons_out. NO_FIT. */
weft_status weft_spike_grow(weft_spike_work *w, int population);

/* ---- the others ---- */

/* Clusters, copies and splitter neurons of all populations, from the last to the first, until they agree. */
weft_status weft_spike_partition(weft_spike_work *w);
/* Clusters share cores where they fit: bins. */
weft_status weft_spike_merge(weft_spike_work *w);
/* bin b on core core_of[b]; NULL: on core b. */
weft_status weft_spike_build(weft_spike_mapping **out, const weft_spike_work *w, const int *core_of);
/* Flows between cores in use, packets if every neuron spikes once; with rates, thousandths of a packet a tick. */
weft_status weft_spike_flows(weft_part_flows *out, const weft_spike_layout *layout, const weft_snn *snn,
                             const weft_chip *chip, const double *rates, weft_error *err);
/* core_of[bin_count] by the placers; placements as in the report. */
weft_status weft_spike_place(int *core_of, weft_map_placement **placements, int *placement_count, weft_spike_work *w,
                             const weft_spike_layout *layout);

#endif
