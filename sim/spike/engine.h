/* Functional simulation of spiking chips: cores step tick by tick, spikes arrive at tick ends, everything is counted.
 *
 * A programmed chip is a list of cores, each of one kind (a row of weft_spike_kinds), and a routing table: for each
 * neuron of each core its destinations. Tick t: every core takes the events that arrive at t on its axons, integrates
 * them, updates its neurons and says which of them fired; then every spike goes to its destinations, to arrive `delay`
 * ticks later (1 or more). Nothing else passes between cores, so cores of one tick are independent: OpenMP over cores,
 * and the same spikes, counts and records for any number of threads. A core that has no event and says that it rests
 * costs nothing but the look.
 *
 * Event counts are per core and integer; energy is counts x cost in the report (core/chip.h). */
#ifndef WEFT_SIM_SPIKE_ENGINE_H
#define WEFT_SIM_SPIKE_ENGINE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_SPIKE_DELAYS = 64 }; /* slots of the ring of coming events: delays are 1 .. WEFT_SPIKE_DELAYS - 1 ticks */
enum { WEFT_SPIKE_AXONS_MAX = 65536, WEFT_SPIKE_NEURONS_MAX = 65536 }; /* of one core */
/* Core of a target out of the chip: a packet without hops; its axon and delay mean nothing. */
#define WEFT_SPIKE_OUTSIDE UINT32_MAX

/* One destination of a neuron. */
typedef struct weft_spike_target {
    uint32_t core; /* or WEFT_SPIKE_OUTSIDE */
    uint16_t axon;
    uint16_t delay; /* ticks, 1 .. WEFT_SPIKE_DELAYS - 1 */
} weft_spike_target;

/* Of one core, since the start. */
typedef struct weft_spike_counts {
    uint64_t axon_events;      /* events taken from axons */
    uint64_t synaptic_events;  /* synapses that an event reached (active ones: stored, weight not 0) */
    uint64_t updates_active;   /* neurons updated that got at least one synaptic event in the tick, or fired */
    uint64_t updates_inactive; /* neurons updated besides */
    uint64_t spikes;           /* neurons that fired */
    uint64_t packets;          /* spike x destinations, out of the chip among them */
    uint64_t packets_local;    /* of these, to the core itself */
    uint64_t hops_x, hops_y;   /* of the packets that left, links along x and y, XY routing */
    uint64_t busy_ticks;       /* ticks in which the core was stepped */
} weft_spike_counts;

/* What one core sees in one tick. Owned by the engine. */
typedef struct weft_spike_inbox {
    const uint16_t *axons; /* [count] ascending; one that several spikes reach in the tick stands once for each */
    int count;
} weft_spike_inbox;

/* A kind of core: how axon events become spikes. `state` is what create made: all of one core's memory. step is called
 * by one thread at a time for a core, for different cores at once; it must not touch anything but its state and the
 * arguments, must not allocate, and must not depend on the thread. Random draws are by counter (core/rng.h): seed,
 * core, tick, neuron. */
typedef struct weft_spike_kind {
    const char *name, *summary;
    /* inbox at tick -> fired [neurons + 1] ascending (what stands behind them means nothing), *fired_count; adds its
     * share of counts: axon_events, synaptic_events, updates_active, updates_inactive (the engine counts the rest).
     * Returns whether the core rests: an empty inbox in the next ticks would change nothing, so it need not be stepped
     * until an event comes. */
    bool (*step)(void *state, uint64_t tick, const weft_spike_inbox *inbox, uint16_t *fired, int *fired_count,
                 weft_spike_counts *counts);
    /* Membrane of one neuron, in the model's units, for probes. */
    double (*membrane)(const void *state, int neuron);
    /* To the state after programming. */
    void (*reset)(void *state);
    void (*destroy)(void *state);
    /* Optional (NULL: none): called shortly before step with the same inbox, to fetch into the cache what step will
     * read. Changes nothing. */
    void (*prepare)(const void *state, const weft_spike_inbox *inbox);
} weft_spike_kind;

typedef struct weft_spike_core {
    const weft_spike_kind *kind;
    void *state; /* owned by the chip once it is added */
    int axons, neurons;
    int x, y;              /* router; hops are counted between routers */
    const uint64_t *first; /* [neurons + 1] of `targets`: neuron n goes to first[n] .. first[n + 1] - 1; copied */
    const weft_spike_target *targets;
} weft_spike_core;

typedef struct weft_spike_chip weft_spike_chip;

/* An empty chip. */
weft_status weft_spike_chip_create(weft_spike_chip **out, weft_error *err);
/* Adds a core, numbered in order from 0, and takes its state (destroyed with the chip, and on failure). Targets may
 * name cores that come later; weft_spike_chip_ready checks them. INVALID: axons or neurons out of range, first not
 * ascending, or the chip is ready. */
weft_status weft_spike_chip_add(weft_spike_chip *chip, const weft_spike_core *core, weft_error *err);
/* Checks every target (core, axon, delay), lays out the events to come. Errors name core, neuron and target. INVALID
 * too where cores x axons of the largest, rounded up to a power of two, are more than 2^32. Once, after the last core.
 */
weft_status weft_spike_chip_ready(weft_spike_chip *chip, weft_error *err);
void weft_spike_chip_destroy(weft_spike_chip *chip);

/* A spike from outside: at `tick` on an axon. */
typedef struct weft_spike_stimulus {
    uint64_t tick;
    uint32_t core;
    uint16_t axon;
} weft_spike_stimulus;

/* Called once a tick, in order, from the thread that runs: which neurons fired, core by core, ascending. */
typedef void (*weft_spike_listener)(void *context, uint64_t tick, const uint32_t *cores, const uint16_t *neurons,
                                    int64_t count);

typedef struct weft_spike_run {
    uint64_t ticks;
    const weft_spike_stimulus *stimuli; /* [stimulus_count] by ascending tick */
    int64_t stimulus_count;
    weft_spike_listener listener; /* NULL: none */
    void *context;
    int threads;                       /* 0: all processors */
    const volatile sig_atomic_t *stop; /* non-zero: end with INTERRUPTED; NULL: never */
} weft_spike_run;

/* Goes on from where the last run ended. WEFT_E_INTERRUPTED when stop was set; the state is then that of a whole tick.
 * INVALID: a stimulus that has no place, is out of order or lies before the first tick (one after the last tick is not
 * an error, and is lost). After WEFT_E_MEMORY the chip can only be reset or destroyed. */
weft_status weft_spike_chip_run(weft_spike_chip *chip, const weft_spike_run *run, weft_error *err);
/* To tick 0, all counts 0. */
void weft_spike_chip_reset(weft_spike_chip *chip);

uint64_t weft_spike_chip_tick(const weft_spike_chip *chip);
int weft_spike_chip_cores(const weft_spike_chip *chip);
const weft_spike_counts *weft_spike_chip_counts(const weft_spike_chip *chip, int core);
double weft_spike_chip_membrane(const weft_spike_chip *chip, int core, int neuron);
/* How many targets a neuron of a chip that is ready has, and one of them, as it was given. */
int weft_spike_chip_target_count(const weft_spike_chip *chip, int core, int neuron);
weft_spike_target weft_spike_chip_target(const weft_spike_chip *chip, int core, int neuron, int number);
/* For listeners: the stimuli that came in for the tick which they hear of, and how many; the run's own. */
int64_t weft_spike_chip_stimuli(const weft_spike_stimulus **stimuli, const weft_spike_chip *chip);

#ifdef __cplusplus
}
#endif
#endif
