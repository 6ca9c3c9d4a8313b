/* Mapper of spiking networks: neurons onto the cores of a spiking chip. Passes, one file each, in this order
 * (spike_internal.h): partition (neurons to clusters, one a core, with the copies and splitter neurons that a limit of
 * destinations calls for), merge (small clusters share a core), place (clusters to cores of the network), check (the
 * layout, core/spike_layout.h). */
#ifndef WEFT_MAPPER_SPIKE_H
#define WEFT_MAPPER_SPIKE_H

#include "core/spike_layout.h"
#include "mapper/mapper.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_spike_map_options {
    weft_objective objective;
    const char *placer; /* NULL: the default, "refined" */
    uint64_t seed;
    bool compare;        /* run every placer, not only the chosen one: for the report's table */
    const double *rates; /* [populations] mean spikes of a neuron (or input value) and tick; NULL: all alike */
    int threads;         /* 0: all; the mapping is the same for any number */
} weft_spike_map_options;
weft_spike_map_options weft_spike_map_defaults(void); /* energy, the default placer, seed 1, equal rates */

/* A population on the chip. Of Inputs only fan_out, packets and lag; of Outputs nothing. */
typedef struct weft_spike_map_population {
    uint64_t copies, relays;  /* slots beyond one a neuron; slots of splitter neurons */
    int cores;                /* that hold some of it, splitter neurons left out */
    int lag;                  /* ticks behind the network */
    uint64_t synapses;        /* into it, those of its copies too */
    uint32_t fan_in, fan_out; /* most synapses into a neuron, and out of one, in the network */
    uint64_t packets;         /* when each of its neurons spikes once: routes of all its copies and splitter neurons */
} weft_spike_map_population;

/* Which bound on the number of cores is the largest. */
typedef enum weft_spike_map_bound {
    WEFT_SPIKE_BOUND_NEURONS,  /* neurons / limits.neurons */
    WEFT_SPIKE_BOUND_AXONS,    /* an axon at least for each source neuron, kind and delay / limits.axons */
    WEFT_SPIKE_BOUND_MEMORY,   /* synapses / those that a core's memory and crossbar hold */
    WEFT_SPIKE_BOUND_AXONS_OUT /* a destination at least for each such axon of a neuron / limits.axons_out */
} weft_spike_map_bound;
extern const char *const weft_spike_map_bound_names[]; /* "neurons", "axons", "synapse memory", "axons out", NULL */

/* What was done, what it costs and how far from the bounds; for the terminal, --json and --explain. */
typedef struct weft_spike_map_report {
    int cores_used, cores_available;
    int cores_bound; /* no mapping uses fewer; weak where neurons share few of their sources */
    weft_spike_map_bound bound;
    uint64_t neurons, copies, relays, axons, synapses;
    uint64_t memory_bits; /* of synapse memory, all cores */
    /* Of the fullest core, in percent of its limit; 0 where the chip has none. */
    double neurons_percent, axons_percent, memory_percent, axons_out_percent;
    int depth; /* largest lag of an output: ticks from an input to what it causes there */
    int population_count;
    weft_spike_map_population *populations; /* the network's */
    /* Every neuron spikes once: packets from neurons to other cores and to their own, links that those pass; packets
     * of the host if every input value comes once. */
    uint64_t packets, packets_local, host_packets, hops;
    double mean_hops; /* of a packet, those to their own core among them; the host's left out */
    int placement_count;
    weft_map_placement *placements; /* every placer's, the chosen one last; packets for flits, the host's among them */
    weft_place_bounds bounds;       /* likewise */
    char *log;                      /* a line a pass */
} weft_spike_map_report;
void weft_spike_map_report_destroy(weft_spike_map_report *report); /* frees what it holds; NULL is allowed */

/* A mapping whose layout fits the chip. options NULL: the defaults; report may be NULL. Names, sizes and fit->options
 * are in the mapping; paths, hashes and settings are the caller's to fill. Deterministic for a seed.
 *
 * NO_FIT: a neuron with more sources than a core has axons, or with more targets than splitter neurons can serve; more
 * cores than the chip has, and how many chips would do. INVALID: a delay that the chip does not have (spike_layout.h);
 * UNSUPPORTED: a chip that is no spiking one; MEMORY. */
weft_status weft_spike_map(weft_spike_mapping **out, weft_spike_map_report *report, const weft_snn *snn,
                           const weft_snn_fit *fit, const weft_chip *chip, const weft_spike_map_options *options,
                           weft_error *err);
/* The report on a mapping, whoever made it, from its layout: everything but the log and the placers' table, which has
 * one row, "as given". */
weft_status weft_spike_map_examine(weft_spike_map_report *report, const weft_spike_layout *layout, const weft_snn *snn,
                                   const weft_snn_fit *fit, const weft_chip *chip,
                                   const weft_spike_map_options *options, weft_error *err);

/* For `weft map`: a line; a table of populations; the log, that table, bounds and placers. */
void weft_spike_map_print_summary(const weft_spike_map_report *report, const weft_chip *chip, FILE *stream);
void weft_spike_map_print_table(const weft_spike_map_report *report, const weft_snn *snn, FILE *stream);
void weft_spike_map_print_explanation(const weft_spike_map_report *report, const weft_snn *snn, const weft_chip *chip,
                                      weft_objective objective, FILE *stream);

#ifdef __cplusplus
}
#endif
#endif
