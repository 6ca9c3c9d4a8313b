/* A spiking network in the numbers of a chip's neurons: what of a weft_snn a chip can hold, and how far off it is.
 *
 * neuron.model of the chip says what comes out (core/chip.h):
 *   truenorth  weights -256 .. 255, at most synapse.axon_types different ones into a population; Threshold and IF.
 *              Exact, all numbers being multiples of one unit, or refused: nothing is rounded but by options.round,
 *              which takes the finest unit that leaves few enough weights. Threshold is the stateless neuron (leak -n,
 *              threshold 0, floor 0) that fires from the least sum n of its weights on that is above its threshold less
 *              its bias. IF: r stands in the threshold; v_reset, biases, and v_threshold where firing subtracts it, are
 *              multiples of the unit too. Exact while membranes stay above -(2^18 - 1) and below 2^19 units.
 *   loihi      weights of synapse.weight_bits with an exponent a projection, 12-bit decays; IF, LIF, CubaLIF,
 *              Threshold, and I, LI, CubaLI as neurons that do not reach their threshold. Rounded to nearest; scales
 *              are chosen a population so that weights and threshold use their bits (snn_fit_loihi_weights.c). Any
 *              v_leak and v_reset: membranes are counted from v_reset, v_leak is a bias. With `exponential` the decays
 *              are those of the exact solution, while the current of a tick acts as under Euler.
 *   lif        floating point: as they are.
 *   odin       weights -7 .. 7 (synapse.weight_bits less the one that is no weight, an axon for each sign), thresholds
 * of 1 .. 255, reset to 0; IF and Threshold without bias. All multiples of one unit, or with options.round the finest
 * unit that fits. Threshold is a neuron whose leak of 127 empties it in every tick, with at most 128 units. The chip
 * takes events one after another (sim/spike/odin.h), the network their sum: they agree where no membrane falls below 0,
 * or passes its threshold ahead of the tick's last event. LIF, whose leak is a share of the membrane, is refused: the
 * chip's is the same in every tick. Parameters have the names of the simulator's neurons: weft_truenorth_neuron's
 * members for truenorth (weights follow from the ranks of spike_layout.h), those of the model `loihi` or of NIR's
 * models (sim/spike/neuron.h) for the others. Besides them: initial                       truenorth: membrane ahead of
 * the network's step 0 initial_v, initial_u          loihi: states ahead of the network's step 0 membrane_unit,
 * membrane_zero  membrane of the network = unit x that of the chip + zero; left out: 1 and 0
 */
#ifndef WEFT_CORE_SNN_FIT_H
#define WEFT_CORE_SNN_FIT_H

#include "core/chip.h"
#include "core/snn.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_SNN_FIT_PARAMETERS = 12 };

typedef struct weft_snn_fit_options {
    double dt;        /* s, of a tick of the network */
    bool exponential; /* decays of the exact solution; else forward Euler */
    bool subtract;    /* a neuron that fired loses its threshold; else v = v_reset */
    bool round;       /* truenorth, odin: weights and thresholds that are no whole numbers are scaled and rounded */
} weft_snn_fit_options;

typedef struct weft_snn_fit_parameter {
    const char *name; /* static */
    double *values;   /* [count] */
    uint32_t count;   /* 1: one for all; else one a neuron */
} weft_snn_fit_parameter;

typedef struct weft_snn_fit_population {
    const char *model; /* static: "truenorth", "loihi", "odin", "lif", ...; NULL: Input or Output, which need no core */
    int parameter_count;
    weft_snn_fit_parameter parameters[WEFT_SNN_FIT_PARAMETERS];
    double scale; /* of weights and membranes: chip = scale x network */
    bool silent;  /* never fires, its membrane is read (I, LI, CubaLI) */
} weft_snn_fit_population;

typedef struct weft_snn_fit_projection {
    float *weights; /* [count] in the order of the network's: whole numbers but for lif; 0 where one was rounded away */
    int exponent;   /* loihi: a weight counts as w 2^exponent */
    uint64_t lost;  /* synapses that became 0 */
    double error;   /* largest |w 2^exponent / scale - w of the network| / largest |w| of the projection; 0: exact */
} weft_snn_fit_projection;

/* Parallel to the network's populations and projections. Biases are in the parameters (leak, bias). */
typedef struct weft_snn_fit {
    int population_count, projection_count;
    weft_snn_fit_population *populations;
    weft_snn_fit_projection *projections;
    weft_snn_fit_options options;
} weft_snn_fit;

/* INVALID, with population and neuron, and what is allowed: a model, weight, threshold, leak, reset or bias that the
 * chip's neurons do not have, membranes or weighted sums that go on as numbers; MEMORY. */
weft_status weft_snn_fit_create(weft_snn_fit **out, const weft_snn *snn, const weft_chip *chip,
                                const weft_snn_fit_options *options, weft_error *err);
void weft_snn_fit_destroy(weft_snn_fit *fit); /* NULL is allowed */
/* A parameter or NULL where the population has none of the name. */
const weft_snn_fit_parameter *weft_snn_fit_find(const weft_snn_fit_population *population, const char *name);
/* A parameter's value for neuron n; `missing` where the population has none of the name. */
double weft_snn_fit_value(const weft_snn_fit_population *population, const char *name, uint32_t n, double missing);

#ifdef __cplusplus
}
#endif
#endif
