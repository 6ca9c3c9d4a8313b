/* Inside of the TrueNorth core. Neurons are worked on in blocks of LANES; bit i of a block's mask is its neuron i.
 * Private to sim/spike. */
#ifndef WEFT_SIM_SPIKE_TRUENORTH_INTERNAL_H
#define WEFT_SIM_SPIKE_TRUENORTH_INTERNAL_H

#include <stddef.h>

#include "sim/spike/truenorth.h"

enum { WEFT_TRUENORTH_LANES = 16, WEFT_TRUENORTH_BLOCKS_MAX = WEFT_TRUENORTH_SIZE_MAX / WEFT_TRUENORTH_LANES };

/* A parameter of all neurons: block k's LANES values begin at values + (LANES k & varies). */
typedef struct weft_truenorth_column {
    const int32_t *values;
    size_t varies; /* all bits; 0: all blocks have the same values */
} weft_truenorth_column;

static inline const int32_t *weft_truenorth_block(const weft_truenorth_column *column, int block) {
    return column->values + ((size_t)(WEFT_TRUENORTH_LANES * block) & column->varies);
}
static inline int32_t weft_truenorth_value(const weft_truenorth_column *column, int neuron) {
    return weft_truenorth_block(column, neuron / WEFT_TRUENORTH_LANES)[neuron % WEFT_TRUENORTH_LANES];
}

typedef struct weft_truenorth_chunk weft_truenorth_chunk;
typedef struct weft_truenorth_narrow weft_truenorth_narrow;

/* Where a column is a mask, it is -1 or 0. */
struct weft_truenorth_neurons {
    /* Added by an event of a type; 0 where stochastic. With a byte at most size: sign; size is -1 where not stochastic.
     */
    weft_truenorth_column weight[WEFT_TRUENORTH_TYPES], sign[WEFT_TRUENORTH_TYPES], size[WEFT_TRUENORTH_TYPES];
    weft_truenorth_column leak, leak_sign, leak_size; /* likewise */
    weft_truenorth_column reversal;                   /* mask */
    weft_truenorth_column leaks;                      /* mask: lambda is not 0 */
    weft_truenorth_column threshold, random;          /* alpha; 2^TM - 1 */
    weft_truenorth_column low, low_random;            /* -beta; (1 - kappa)(2^TM - 1) */
    /* After a spike: value + (V & keep) - (threshold & subtract); below low: value + (V & keep) - (low & subtract). */
    weft_truenorth_column spike_value, spike_keep, spike_subtract;
    weft_truenorth_column low_value, low_keep, low_subtract;

    bool stochastic_type[WEFT_TRUENORTH_TYPES]; /* some neuron's synapses of the type */
    bool stochastic_synapses, stochastic_leak, some_reversal, random_threshold;
    bool restless; /* some neuron's leak moves every membrane */
    bool shared;   /* no column varies */
    int count;     /* 1: for all neurons */
    int shares;
    int32_t *memory;
    weft_truenorth_narrow *narrow; /* the same in 16 bits; NULL: not for them */
    weft_truenorth_chunk *chunks;  /* of its cores, the newest first */
};

/* Zeroed memory for a core of these neurons, aligned to 64 bytes; released with the neurons. NULL when memory is out.
 * Cores that share their neurons stand close together: a chip of them in huge pages. */
void *weft_truenorth_take(weft_truenorth_neurons *neurons, size_t bytes);

/* One tick of a core after its stochastic or saturating events, if any, are in. */
typedef struct weft_truenorth_tick {
    const weft_truenorth_neurons *neurons;
    int32_t *v;
    int words;                       /* of 4 blocks */
    uint64_t last;                   /* neurons that exist in the last word */
    const uint16_t *const *rows;     /* [ends[TYPES - 1]] crossbar rows of the events, by type */
    int ends[WEFT_TRUENORTH_TYPES];  /* where each type's rows end */
    const uint8_t *leak_draws;       /* [64 words]; NULL: no stochastic leak */
    const uint32_t *threshold_draws; /* [64 words]; NULL: no random threshold */
    uint16_t *fired;                 /* [4 words] out */
    uint32_t peak;                   /* out: the largest magnitude of a membrane */
    uint32_t unrest;                 /* out: 0 when without events the next tick would change nothing */
} weft_truenorth_tick;

/* Events, leak, threshold, reset. Sums of events must not leave 20 bits. */
void weft_truenorth_update(weft_truenorth_tick *tick);

/* One event of a type, saturating. draws: [64 words]; NULL: the type has no stochastic synapses. */
typedef struct weft_truenorth_event {
    const weft_truenorth_neurons *neurons;
    int32_t *v;
    int words, type;
    const uint16_t *row;
    const uint8_t *draws;
} weft_truenorth_event;
void weft_truenorth_integrate(const weft_truenorth_event *event);

#endif
