/* The sparse core of spiking chips (Loihi class): every axon has a list of synapses, each with a neuron, a weight and a
 * delay of its own. Neurons are of any model of sim/spike/neuron.h.
 *
 * Models in fixed point take whole weights of 1 to 9 bits with an exponent an axon: a synapse counts as
 * floor(w 2^exponent), held within +-32767, times 64 in the neuron's units (the synapse of Loihi 1: Michaelis et al.
 * 2022, Brian2Loihi). Sums are taken modulo 2^32, exact until about 65,000 events of the largest weight meet in a
 * neuron in one tick. Models in floating point take weights in single precision and sum them in double, in the order of
 * the inbox and, within an axon, by delay and then as given: the same bits for any number of threads.
 *
 * Held in memory: two bytes of neuron and one or two of weight (four in floating point) a synapse; axons whose synapses
 * go to neighbouring neurons in order are added as vectors. A block of neurons that rests and gets nothing is skipped.
 */
#ifndef WEFT_SIM_SPIKE_SPARSE_H
#define WEFT_SIM_SPIKE_SPARSE_H

#include "core/transform.h"
#include "sim/spike/engine.h"
#include "sim/spike/neuron.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WEFT_SPARSE_DELAY_MAX = WEFT_SPIKE_DELAYS - 2, /* ticks beyond that of the axon event */
    WEFT_SPARSE_EXPONENT_MIN = -8,
    WEFT_SPARSE_EXPONENT_MAX = 7
};

typedef struct weft_sparse_synapse {
    uint16_t neuron;
    uint16_t delay; /* ticks, 0 .. WEFT_SPARSE_DELAY_MAX */
    float weight;
} weft_sparse_synapse;

/* Of b bits: signed -2^(b-1) .. 2^(b-1) - 1; positive 0 .. 2^b - 1 and negative -(2^b - 1) .. 0, at most 8 bits. */
typedef enum weft_sparse_sign { WEFT_SPARSE_SIGNED, WEFT_SPARSE_POSITIVE, WEFT_SPARSE_NEGATIVE } weft_sparse_sign;

typedef struct weft_sparse_spec {
    weft_neuron_spec neurons;
    int axons;                           /* 0 .. 65536 */
    const uint64_t *first;               /* [axons + 1] of synapses: axon a has first[a] .. first[a + 1] - 1 */
    const weft_sparse_synapse *synapses; /* fewer than 2^29 */
    int weight_bits;                     /* 1 .. 9; models in fixed point only, like the next two */
    weft_sparse_sign sign;
    const int8_t *exponents; /* [axons]; NULL: all 0 */
} weft_sparse_spec;

typedef struct weft_sparse weft_sparse; /* the `state` of a weft_spike_core of this kind */

extern const weft_spike_kind weft_sparse_kind;

/* Copies all it needs. INVALID: as weft_neurons_create, or a neuron, delay, weight or exponent out of range, with axon
 * and synapse. MEMORY. weft_sparse_kind.destroy frees it. */
weft_status weft_sparse_create(weft_sparse **out, const weft_sparse_spec *spec, weft_error *err);

/* Synapses of one layer, which stand at some axons of the core. */
typedef struct weft_sparse_distortion {
    const weft_transform_chain *chain;
    float alpha; /* > 0: the largest |weight x 2^exponent| of the layer, on whichever cores it is */
    weft_transform_draw draw;
    uint64_t first_element; /* draw number of the first synapse; each takes the next */
    int first_axon, axons;
} weft_sparse_distortion;
/* Puts the synapses through a chain of weight transforms or device errors, synapses of weight 0 too. Whole weights are
 * rounded to the nearest, halves away from zero, and stay within their bits. To draw another trial, create the core
 * again. INVALID, MEMORY: as weft_transform_chain_apply_to; axons out of range. */
weft_status weft_sparse_distort(weft_sparse *core, const weft_sparse_distortion *distortion, weft_error *err);

/* Sum of the weights (x 2^exponent) from an axon to a neuron, over all delays. */
double weft_sparse_weight(const weft_sparse *core, int axon, int neuron);

/* Bits of synapse memory for an axon of so many synapses in the lists of Loihi 1: blocks of up to 64, each with 10 bits
 * of head and rounded up to words of 64 bits (Nengo Loihi's SynapseConfig). */
uint64_t weft_sparse_axon_bits(uint64_t synapses, int bits_per_synapse);
/* Bytes of synapse memory that the core takes on such a chip: index bits for its neurons, delay bits for its longest
 * delay and weight bits (8 where they are 9: a signed weight of 9 bits is even on the chip; 32 in floating point). */
uint64_t weft_sparse_memory(const weft_sparse *core);
/* Bytes of this program's memory that hold the synapses. */
uint64_t weft_sparse_host_memory(const weft_sparse *core);

#ifdef __cplusplus
}
#endif
#endif
