/* Timed mode of spiking chips: how long every tick takes on the chip, its spikes as packets through the flit-level
 * network, with a barrier at the end.
 *
 * A tick on the chip, in cycles of clock.cycle_ns, from 0:
 * - a core takes its axon events, then updates its neurons, one after another: axon_events and synaptic_events x their
 *   spike_latency, then a neuron each update_active or update_inactive. A constant that is 0 (not known) takes no time,
 *   and the report says so.
 * - a neuron that fired hands its packets to the core's network interface when its update ends, `spike` and `packet`
 *   later; from there sim/noc's routers have them, as the chip file says (one packet a destination; a multicast tree
 *   where noc.multicast is on). Input spikes come from the host's terminal at io.bits_per_cycle from cycle 0 on.
 * - the tick ends when every core is done, the network is empty and the barrier (weft_chip_barrier_ns of the tiles with
 *   a core that worked) is over.
 * Chips with clock.tick_ns have that long a tick, and one that takes longer misses its deadline; others go on at once.
 * Ticks are independent of each other, so several are timed at once on different threads: the same figures for any
 * number of threads. */
#ifndef WEFT_SIM_SPIKE_TIMING_H
#define WEFT_SIM_SPIKE_TIMING_H

#include "core/chip.h"
#include "sim/spike/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What happened in a tick, by cores of the chip (terminals). */
typedef struct weft_tick_core {
    uint32_t core;
    uint32_t axon_events, synaptic_events, updates_active, updates_inactive;
} weft_tick_core;
typedef struct weft_tick_packet {
    uint32_t source; /* terminal; the host's for input */
    uint32_t target;
    uint32_t order; /* neurons of the source updated before: its packets leave in this order */
    uint32_t group; /* packets of one spike have one number */
} weft_tick_packet;
typedef struct weft_tick {
    uint64_t tick;
    const weft_tick_core *cores; /* [core_count] that worked, ascending */
    int core_count;
    const weft_tick_packet *packets; /* [packet_count] by source, order */
    int64_t packet_count;
} weft_tick;

typedef struct weft_tick_time {
    uint64_t tick;
    uint64_t cores_cycles;   /* until the last core was done */
    uint64_t network_cycles; /* until the last packet was there */
    uint64_t barrier_cycles;
    uint64_t cycles;                                  /* in all */
    uint64_t packets, hops, latency_sum, latency_max; /* cycles, handed over to delivered */
} weft_tick_time;

typedef struct weft_spike_timing weft_spike_timing;
/* INVALID: not a spiking chip; MEMORY. threads 0: all. */
weft_status weft_spike_timing_create(weft_spike_timing **out, const weft_chip *chip, int threads, weft_error *err);
void weft_spike_timing_destroy(weft_spike_timing *timing); /* NULL is allowed */
/* Takes a tick (copied); times what has gathered now and then. */
weft_status weft_spike_timing_add(weft_spike_timing *timing, const weft_tick *tick, weft_error *err);
/* All that were added, in their order; valid until the next call. */
weft_status weft_spike_timing_finish(const weft_tick_time **times, uint64_t *count, weft_spike_timing *timing,
                                     weft_error *err);

typedef struct weft_spike_timing_summary {
    uint64_t ticks, missed; /* missed: their deadline */
    uint64_t mean_cycles, longest_cycles, longest_tick;
    double tick_ns;         /* deadline; 0: none */
    double fastest_tick_ns; /* that every tick would have met */
    double seconds;         /* on the chip: ticks x tick_ns, or the sum of what they took */
    uint64_t packets, hops;
    double packet_latency_ns_mean, packet_latency_ns_max;
    const char *bound_by; /* of most ticks: "cores", "network", "barrier" */
} weft_spike_timing_summary;
void weft_spike_timing_summarise(weft_spike_timing_summary *out, const weft_chip *chip, const weft_tick_time *times,
                                 uint64_t count);

#ifdef __cplusplus
}
#endif
#endif
