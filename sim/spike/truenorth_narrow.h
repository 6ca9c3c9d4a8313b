/* The TrueNorth neuron with membranes of 16 bits. Where weights are small, membranes hardly ever leave them, and a tick
 * moves half the memory and takes half the vectors. A core keeps a bound of its membranes' magnitude: what a tick can
 * add is known, so it goes over to 32 bits before a sum could leave 16, and no result depends on the width. Not for
 * neurons with random thresholds, stochastic synapses or a leak that follows the membrane's sign. Private to sim/spike.
 */
#ifndef WEFT_SIM_SPIKE_TRUENORTH_NARROW_H
#define WEFT_SIM_SPIKE_TRUENORTH_NARROW_H

#include "sim/spike/truenorth_internal.h"

enum { WEFT_TRUENORTH_NARROW_MOST = INT16_MAX - 1 }; /* magnitude of a membrane; clamped thresholds stay beyond it */

/* As weft_truenorth_column: neuron n's value is values[n & varies]; one that all have is repeated over a word. */
typedef struct weft_truenorth_narrow_column {
    const int16_t *values;
    size_t varies;
} weft_truenorth_narrow_column;

/* The columns of the same names in 16 bits, clamped. */
struct weft_truenorth_narrow {
    weft_truenorth_narrow_column weight[WEFT_TRUENORTH_TYPES], leak, leak_sign, leak_size, threshold, low;
    weft_truenorth_narrow_column spike_value, spike_keep, spike_subtract, low_value, low_keep, low_subtract;
    uint32_t strongest;    /* what one event can add to or take from a membrane */
    uint32_t leak_most;    /* what a leak can */
    uint32_t restart_most; /* largest magnitude that a restart alone brings */
    int16_t *memory;
};

/* *out is NULL where the neurons are not for 16 bits. */
weft_status weft_truenorth_narrow_create(weft_truenorth_narrow **out, const weft_truenorth_neurons *neurons,
                                         weft_error *err);
void weft_truenorth_narrow_destroy(weft_truenorth_narrow *narrow); /* NULL is allowed */

/* One tick of a core: events, leak, threshold, reset, and what there is to count. */
typedef struct weft_truenorth_narrow_tick {
    const weft_truenorth_narrow *neurons;
    int16_t *v;
    int words;                /* of 64 neurons */
    bool shared, restless;    /* of the neurons */
    uint64_t last;            /* neurons that exist in the last word */
    const uint16_t *crossbar; /* [axons][4 words] */
    const uint8_t *types;     /* two bits an axon */
    const uint16_t *axons;    /* [count] with an event */
    int count;
    const uint8_t *leak_draws; /* [64 words]; NULL: no stochastic leak */
    uint64_t *fired;           /* [words] out */
    uint64_t synapses, active; /* out: that events reached; neurons that any reached or that fired */
    uint64_t unrest;           /* out: 0 when without events the next tick would change nothing */
} weft_truenorth_narrow_tick;
void weft_truenorth_narrow_update(weft_truenorth_narrow_tick *tick);

#endif
