/* Layout of a sparse core. Private to sim/spike/sparse*.c. */
#ifndef WEFT_SIM_SPIKE_SPARSE_INTERNAL_H
#define WEFT_SIM_SPIKE_SPARSE_INTERNAL_H

#include "sim/spike/sparse.h"

enum {
    WEFT_SPARSE_BLOCK = 128,         /* neurons that are updated, or skipped, together */
    WEFT_SPARSE_CONTIGUOUS_MIN = 16, /* synapses to neighbours from which on they are added as vectors */
    WEFT_SPARSE_UNIT = 64            /* of a whole weight, in the neuron's units */
};

typedef enum weft_sparse_store { WEFT_SPARSE_INT8, WEFT_SPARSE_INT16, WEFT_SPARSE_FLOAT } weft_sparse_store;

/* Synapses of one axon and one delay. A list has those of weight 0 at its end; a contiguous run keeps its order. */
typedef struct weft_sparse_run {
    uint32_t first, stored; /* synapses */
    uint32_t active;        /* of weight other than 0 */
    uint16_t delay;
    bool contiguous; /* to neurons neuron[first], + 1, + 2 ... */
} weft_sparse_run;

struct weft_sparse {
    weft_neurons *neurons;
    int count, axons, slots; /* neurons; slots of the ring of input to come: longest delay + 1 */
    weft_sparse_store store;
    size_t weight_width; /* bytes */
    int weight_bits;
    weft_sparse_sign sign;
    int scale;           /* of what is stored, in WEFT_SPARSE_UNITs: a power of 2 that all weights have in common */
    int8_t *exponent;    /* [axons] */
    uint32_t *first_run; /* [axons + 1] of runs */
    weft_sparse_run *runs;
    uint32_t run_count, synapse_count;
    uint16_t *neuron; /* [synapses] */
    union {
        int8_t *i8;
        int16_t *i16;
        float *f;
        void *any;
    } weight; /* [synapses] */
    /* [slots, count]: what comes. Whole numbers: events x 2^32 + sum of weights, so that one addition does both. */
    union {
        uint64_t *whole;
        double *real;
        void *any;
    } input;
    uint8_t *touched;  /* [slots, count], floating point only: an event came */
    uint64_t *pending; /* [slots] synaptic events */
    uint64_t pending_all;
    uint8_t *resting; /* [blocks] */
};

double weft_sparse_value_get(const weft_sparse *core, int axon, uint32_t synapse);
/* Rounds and clips whole weights. value is x 2^exponent. */
void weft_sparse_value_set(weft_sparse *core, int axon, uint32_t synapse, double value);
/* Synapses of weight 0 to the end of lists; counts the others. */
void weft_sparse_run_settle(weft_sparse *core, weft_sparse_run *run);
bool weft_sparse_step(void *state, uint64_t tick, const weft_spike_inbox *inbox, uint16_t *fired, int *fired_count,
                      weft_spike_counts *counts);

#endif
