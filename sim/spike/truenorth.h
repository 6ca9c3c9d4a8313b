/* The TrueNorth core: axons x neurons one-bit crossbar and the digital neuron of A. S. Cassidy et al., "Cognitive
 * computing building block: a versatile and efficient digital neuron model for neurosynaptic cores", IJCNN 2013.
 *
 * Neuron j in tick t, with A_i = 1 when at least one spike reaches axon i in the tick (several count as one), G_i the
 * axon's type, w_ij the crossbar's bit, rho fresh random bytes, F(s, rho) = 1 when |s| >= rho, else 0:
 *
 *   synapses   V += sum over i of A_i w_ij ((1 - b_G) s_G + b_G F(s_G, rho) sgn(s_G))
 *   leak       V += Omega ((1 - c) lambda + c F(lambda, rho) sgn(lambda)),  Omega = (1 - epsilon) + epsilon sgn(V)
 *   threshold  eta = random word & (2^TM - 1)
 *              V >= alpha + eta: a spike, and V becomes R (gamma normal), V - (alpha + eta) (linear) or stays (none)
 *              else V < -(beta + (1 - kappa) eta): V becomes -beta (kappa = 1), or, with kappa = 0, -R (normal),
 *              V + beta + eta (linear) or stays (none)
 *
 * sgn(0) = 0. V is a signed number of 20 bits; every addition saturates, those of the synapses in the order of the
 * axons. The neuron's one target with its delay of 1 .. 15 ticks is the chip's part (engine.h). */
#ifndef WEFT_SIM_SPIKE_TRUENORTH_H
#define WEFT_SIM_SPIKE_TRUENORTH_H

#include "sim/spike/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WEFT_TRUENORTH_TYPES = 4,
    WEFT_TRUENORTH_SIZE_MAX = 1024, /* axons or neurons of a core; the real one has 256 */
    WEFT_TRUENORTH_DELAY_MAX = 15,
    WEFT_TRUENORTH_WEIGHT_MIN = -256, /* of weights and leak: 9 bits */
    WEFT_TRUENORTH_WEIGHT_MAX = 255,
    WEFT_TRUENORTH_MEMBRANE_MIN = -(1 << 19),
    WEFT_TRUENORTH_MEMBRANE_MAX = (1 << 19) - 1,
    WEFT_TRUENORTH_THRESHOLD_BITS = 18, /* of alpha, beta and eta */
    WEFT_TRUENORTH_CORES_MAX = 1 << 28  /* that have random streams of their own */
};

typedef enum weft_truenorth_reset {
    WEFT_TRUENORTH_NORMAL,
    WEFT_TRUENORTH_LINEAR,
    WEFT_TRUENORTH_NONE
} weft_truenorth_reset;

typedef struct weft_truenorth_neuron {
    int weight[WEFT_TRUENORTH_TYPES];             /* s, by axon type, -256 .. 255 */
    bool stochastic_weight[WEFT_TRUENORTH_TYPES]; /* b */
    int leak;                                     /* lambda, -256 .. 255 */
    bool stochastic_leak;                         /* c */
    bool leak_reversal;                           /* epsilon: the leak's sign follows the membrane's */
    int threshold;                                /* alpha, 0 .. 2^18 - 1 */
    int negative_threshold;                       /* beta, 0 .. 2^18 - 1 */
    int threshold_bits;                           /* TM, 0 .. 18: random bits added to the threshold */
    weft_truenorth_reset reset_mode;              /* gamma */
    int reset;                                    /* R, 20 bits */
    bool saturate;                                /* kappa: the membrane stops at -beta */
} weft_truenorth_neuron;

/* Parameters of a core's neurons, packed; any number of cores may share them. Not thread-safe. */
typedef struct weft_truenorth_neurons weft_truenorth_neurons;
/* count 1 .. WEFT_TRUENORTH_SIZE_MAX; the same parameters for all neurons of any core where count is 1. INVALID: a
 * parameter out of its range, with the neuron's number. The caller releases *out once; cores hold their own share, and
 * their memory goes with the last one. */
weft_status weft_truenorth_neurons_create(weft_truenorth_neurons **out, const weft_truenorth_neuron *neurons, int count,
                                          weft_error *err);
void weft_truenorth_neurons_release(weft_truenorth_neurons *neurons); /* NULL is allowed */

typedef enum weft_truenorth_draw {
    WEFT_TRUENORTH_SYNAPSE,
    WEFT_TRUENORTH_LEAK,
    WEFT_TRUENORTH_THRESHOLD
} weft_truenorth_draw;
/* A random word in place of weft's own: its low 8 bits are rho of a synapse or a leak, its low TM bits are eta. Asked
 * for only where a parameter is stochastic and can matter: for each event in the order of the axons its synapses, then
 * leaks, then thresholds, each in the order of the neurons. axon: -1 but for a synapse. */
typedef uint32_t (*weft_truenorth_generator)(void *context, weft_truenorth_draw what, uint64_t tick, int neuron,
                                             int axon);

typedef struct weft_truenorth_config {
    int axons, neurons;                 /* 1 .. WEFT_TRUENORTH_SIZE_MAX */
    const uint8_t *types;               /* [axons] 0 .. 3; copied */
    const uint64_t *crossbar;           /* [axons][(neurons + 63) / 64] row-major, neuron n is bit n % 64; copied */
    weft_truenorth_neurons *parameters; /* of this many neurons, or of one for all */
    const int32_t *initial;             /* [neurons] V before tick 0, 20 bits; copied; NULL: 0 */
    const uint16_t *hold; /* [neurons] ticks from 0 on in which a neuron keeps that V and is silent; copied; NULL: 0 */
    /* Own draws: by Philox of seed, tick, core and what for; a leak's byte n % 4 of word n / 4, a threshold's word n,
     * the synapses of axon a from word 256 a on, byte n % 4 of word n / 4. */
    uint64_t seed;
    uint32_t core;                      /* below WEFT_TRUENORTH_CORES_MAX */
    weft_truenorth_generator generator; /* NULL: own draws. Called by the thread that steps the core */
    void *context;
} weft_truenorth_config;

extern const weft_spike_kind weft_truenorth_kind;
/* A core's state for weft_spike_chip_add with weft_truenorth_kind. INVALID: sizes, a type, an initial membrane out of
 * range, crossbar bits beyond the neurons, parameters of another number of neurons. */
weft_status weft_truenorth_create(void **state, const weft_truenorth_config *config, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
