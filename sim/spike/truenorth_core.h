/* State of a TrueNorth core. Private to sim/spike. */
#ifndef WEFT_SIM_SPIKE_TRUENORTH_CORE_H
#define WEFT_SIM_SPIKE_TRUENORTH_CORE_H

#include "sim/spike/truenorth_internal.h"

/* One block of memory, aligned to 64 bytes. */
typedef struct weft_truenorth_core {
    int32_t *v;         /* [64 words] membranes; past the neurons meaningless */
    int16_t *narrow_v;  /* [64 words] membranes instead where `narrow`; NULL: never */
    uint8_t *types;     /* [(axons + 3) / 4] two bits an axon, the lowest first: 256 axons are one cache line */
    uint16_t *crossbar; /* [axons][4 words] masks of blocks, synapses without weight left out */
    int32_t *initial;   /* [neurons]; NULL: 0 */
    uint16_t *hold;     /* [neurons]; NULL: 0 */
    weft_truenorth_neurons *parameters;
    int axons, neurons, words; /* words of 64 neurons in a row */
    uint16_t held;             /* ticks from 0 on in which some neuron is held */
    bool narrow;
    uint32_t peak; /* no membrane's magnitude is larger */
    uint32_t core;
    uint64_t seed;
    weft_truenorth_generator generator;
    void *context;
} weft_truenorth_core;

static inline int weft_truenorth_type(const weft_truenorth_core *core, int axon) {
    return core->types[axon / 4] >> 2 * (axon % 4) & 3;
}

/* After programming: membranes of 16 bits where they may be. */
void weft_truenorth_try_narrow(weft_truenorth_core *core);

/* Of weft_spike_kind. */
bool weft_truenorth_step(void *state, uint64_t tick, const weft_spike_inbox *inbox, uint16_t *fired, int *fired_count,
                         weft_spike_counts *counts);
void weft_truenorth_prepare(const void *state, const weft_spike_inbox *inbox);

/* Draws of a tick, [64 words], one a neuron; see weft_truenorth_config. Memory of all aligned to 4 bytes. */
void weft_truenorth_leak_draws(const weft_truenorth_core *core, uint64_t tick, uint8_t *draws);
void weft_truenorth_threshold_draws(const weft_truenorth_core *core, uint64_t tick, uint32_t *draws);
void weft_truenorth_synapse_draws(const weft_truenorth_core *core, uint64_t tick, int axon, uint8_t *draws);

#endif
