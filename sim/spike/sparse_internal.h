/* Layout of a sparse core. Private to sim/spike/sparse*.c. */
#ifndef WEFT_SIM_SPIKE_SPARSE_INTERNAL_H
#define WEFT_SIM_SPIKE_SPARSE_INTERNAL_H

#include "sim/spike/sparse.h"

enum {
    WEFT_SPARSE_BLOCK = 128,         /* neurons that are updated, or skipped, together */
    WEFT_SPARSE_CONTIGUOUS_MIN = 16, /* synapses to neighbours from which on they are added as vectors */
    WEFT_SPARSE_UNIT = 64,           /* of a whole weight, in the neuron's units */
    WEFT_SPARSE_ALIGN = 8            /* bytes, of a run */
};

typedef enum weft_sparse_store { WEFT_SPARSE_INT8, WEFT_SPARSE_INT16, WEFT_SPARSE_FLOAT } weft_sparse_store;

/* Synapses of one axon and one delay: this head, then, in one piece of memory, uint16_t neuron[stored] (not of a
 * contiguous run) and the weights. A list has the synapses of weight 0 at its end; a contiguous run keeps its order. */
typedef struct weft_sparse_run {
    uint32_t stored;
    uint32_t active; /* of weight other than 0 */
    uint32_t bytes;  /* with the head, up to the next run */
    uint16_t start;  /* the first neuron */
    uint8_t delay;
    bool contiguous; /* to neurons start, start + 1, start + 2 ... */
} weft_sparse_run;

struct weft_sparse {
    weft_neurons *neurons;
    int count, axons, slots; /* neurons; slots of the ring of input to come: longest delay + 1 */
    weft_sparse_store store;
    size_t width; /* bytes a weight */
    int weight_bits;
    weft_sparse_sign sign;
    int scale;        /* of what is stored, in WEFT_SPARSE_UNITs: a power of 2 that all weights have in common */
    int8_t *exponent; /* [axons] */
    uint32_t *place;  /* [axons + 1] of the axon's runs in memory, by rising delay; times WEFT_SPARSE_ALIGN */
    char *memory;
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

/* Runs of axon a: from runs(a) up to, not with, runs(a + 1). */
static inline weft_sparse_run *weft_sparse_runs(const weft_sparse *core, int axon) {
    return (weft_sparse_run *)(void *)(core->memory + (size_t)core->place[axon] * WEFT_SPARSE_ALIGN);
}
static inline weft_sparse_run *weft_sparse_next(weft_sparse_run *run) {
    return (weft_sparse_run *)(void *)((char *)run + run->bytes);
}
static inline uint16_t *weft_sparse_neurons(weft_sparse_run *run) { return (uint16_t *)(void *)(run + 1); }
static inline void *weft_sparse_weights(weft_sparse_run *run) {
    const size_t neurons = run->contiguous ? 0 : ((size_t)run->stored + 1) / 2 * 2; /* weights are aligned to 4 */
    return weft_sparse_neurons(run) + neurons;
}

/* Lowest and highest mantissa. */
void weft_sparse_range(int weight_bits, weft_sparse_sign sign, int *low, int *high);
/* Chooses how weights are stored, and stores the checked synapses of spec. MEMORY. */
weft_status weft_sparse_lay(weft_sparse *core, const weft_sparse_spec *spec, weft_error *err);
/* Weights by place in a run, x 2^exponent. set rounds and clips whole weights. */
double weft_sparse_value_get(const weft_sparse *core, weft_sparse_run *run, uint32_t index);
void weft_sparse_value_set(weft_sparse *core, int axon, weft_sparse_run *run, uint32_t index, double value);
/* After weights have changed: those of 0 to the end of a list; counts the others. */
void weft_sparse_run_settle(weft_sparse *core, weft_sparse_run *run);
bool weft_sparse_step(void *state, uint64_t tick, const weft_spike_inbox *inbox, uint16_t *fired, int *fired_count,
                      weft_spike_counts *counts);

#endif
