/* Timed mode of spiking chips: how long every tick takes on the chip, its spikes as packets through the flit-level
 * network, with a barrier at the end.
 *
 * A tick on the chip, in cycles of clock.cycle_ns, from 0:
 * - a core takes its synaptic events, then updates its neurons, one after another; each takes its spike_latency, an
 *   update also synapse.row_bits x row_bit. Which neurons are the active ones is not known, so an update takes the mean
 *   of the core's. Cores keep no clock: their times add up as they are, and what they hand over waits for the
 *   network's next cycle. A constant that is 0 (not known) takes no time; weft_spike_timing_unknown names them.
 * - a neuron that fired hands its packets to the core's network interface `spike` and `packet` after its update; the
 *   core goes on meanwhile. From there sim/noc's routers have them, whose cycles stand for hop_x, hop_y and
 *   chip_crossing: one packet a target; where noc.multicast is on and a packet fits a buffer, one tree a spike (a
 * target that stands there several times gets the rest as packets). A packet is the chip's header in flits, at least
 * one. Input spikes come from the host's terminal, one after another at io.bits_per_cycle, from cycle 0 on: those that
 * the engine takes at tick t count in tick t, though a chip would have them sent a tick ahead.
 * - the tick ends when every core is done, the network is empty and the barrier (weft_chip_barrier_ns of the tiles with
 *   a core that worked, at least one; in whole cycles) is over.
 * Chips with clock.tick_ns have that long a tick, and one that takes longer misses its deadline; others go on at once.
 * Every tick begins with the network as it was made, so ticks are independent of each other and several are timed at
 * once on different threads: the same figures for any number of threads. */
#ifndef WEFT_SIM_SPIKE_TIMING_H
#define WEFT_SIM_SPIKE_TIMING_H

#include <signal.h>

#include "core/chip.h"
#include "sim/spike/tick.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_tick_time {
    uint64_t tick;
    uint64_t cores_cycles;   /* until the last core was done */
    uint64_t network_cycles; /* until the last packet was there; 0 without packets */
    uint64_t barrier_cycles;
    uint64_t cycles;                   /* in all */
    uint64_t packets, hops;            /* a target each; links, those of a tree once */
    uint64_t latency_sum, latency_max; /* cycles, handed over to delivered */
} weft_tick_time;

typedef struct weft_spike_timing_options {
    int threads;                       /* 0: all */
    const volatile sig_atomic_t *stop; /* non-zero: INTERRUPTED; NULL: never */
} weft_spike_timing_options;

typedef struct weft_spike_timing weft_spike_timing;
/* chip must outlive it. INVALID: not a spiking chip; MEMORY. */
weft_status weft_spike_timing_create(weft_spike_timing **out, const weft_chip *chip,
                                     const weft_spike_timing_options *options, weft_error *err);
void weft_spike_timing_destroy(weft_spike_timing *timing); /* NULL is allowed */
/* Takes a tick (copied); times what has gathered now and then. INVALID: a core that the chip has not, or
 * weft_tick_check; INTERNAL: a deadlock of the network, with who waits; MEMORY, INTERRUPTED. After an error only
 * destroy may follow. */
weft_status weft_spike_timing_add(weft_spike_timing *timing, const weft_tick *tick, weft_error *err);
weft_tick_sink weft_spike_timing_sink(weft_spike_timing *timing);
/* Times the rest. More ticks may follow. Errors as add. */
weft_status weft_spike_timing_finish(weft_spike_timing *timing, weft_error *err);

/* What came of it; the arrays are the timing's, as of the last finish, valid until the next call. */
typedef struct weft_spike_timing_result {
    const weft_tick_time *times; /* [count] in the order in which they were added */
    uint64_t count;
    const uint64_t *link_flits; /* [router_count * 4], see weft_noc_link_flits */
} weft_spike_timing_result;
weft_spike_timing_result weft_spike_timing_result_of(const weft_spike_timing *timing);

/* What of a tick is longest: the cores' work, the network from there to its last packet, or the barrier. */
typedef enum weft_tick_bound {
    WEFT_TICK_CORES,
    WEFT_TICK_NETWORK,
    WEFT_TICK_BARRIER,
    WEFT_TICK_BOUNDS
} weft_tick_bound;
extern const char *const weft_tick_bound_names[WEFT_TICK_BOUNDS]; /* "cores", "network", "barrier" */
/* The first of equals. */
weft_tick_bound weft_tick_bound_of(const weft_tick_time *time);
/* The tick is over within clock.tick_ns; true where there is none. */
bool weft_tick_is_met(const weft_chip *chip, const weft_tick_time *time);

typedef struct weft_spike_timing_summary {
    uint64_t ticks, missed; /* missed: their deadline */
    double mean_cycles;
    uint64_t longest_cycles, longest_tick; /* the first of those */
    double tick_ns;                        /* deadline; 0: none */
    double fastest_tick_ns;                /* that every tick would have met */
    double seconds;                        /* on the chip: of each tick the longer of tick_ns and what it took */
    uint64_t packets, hops;
    double latency_ns_mean, latency_ns_max; /* of packets; NaN without */
    uint64_t bound[WEFT_TICK_BOUNDS];       /* ticks by what bounds them */
    int bound_by;                           /* weft_tick_bound of most ticks, the first of equals */
    /* The busiest link between routers; router -1: nothing crossed one. */
    int router, direction; /* 0..3 = east, west, north, south */
    uint64_t router_flits; /* over it */
    double load;           /* of it: flits a cycle, over the cycles of all ticks until the network was empty */
    double mean_load;      /* of all links the same, where flits went over some link */
} weft_spike_timing_summary;
/* count 0: all 0, means NaN. */
void weft_spike_timing_summarise(weft_spike_timing_summary *out, const weft_chip *chip,
                                 const weft_spike_timing_result *result);
/* Keys of the spike_latency constants that timing would use and the chip leaves at 0, "update_active, spike"; "": none.
 */
void weft_spike_timing_unknown(char *out, size_t size, const weft_chip *chip);

#ifdef __cplusplus
}
#endif
#endif
