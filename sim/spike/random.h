/* Random networks of TrueNorth cores from a short YAML, for benchmarks and tests.
 *
 * Where targets are uniform, neurons and axons are paired at random: with as many axons as neurons every axon has one
 * source. Half of a core's axons excite (type 0, weight 1), half inhibit (type 1, weight -1), and a neuron has synapses
 * on as many of either, so that they cancel in the mean. What is left is the leak, stochastic at lower rates, and with
 * linear reset the mean rate is its mean over the threshold: exact in the long run, whatever the synapses bring. */
#ifndef WEFT_SIM_SPIKE_RANDOM_H
#define WEFT_SIM_SPIKE_RANDOM_H

#include "core/schema.h"
#include "sim/spike/engine.h"
#include "sim/spike/truenorth.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_spike_random {
    int64_t cores[2]; /* along x and y */
    int64_t neurons;  /* of a core */
    int64_t axons;    /* of a core */
    int64_t synapses; /* of a neuron, at most axons */
    double rate_hz;   /* mean of all neurons */
    double tick_ms;
    double distance;   /* mean of |dx| + |dy| to the target core, before the chip's edge cuts it; 0: uniform targets */
    int64_t delays[2]; /* shortest and longest, uniform between */
    int64_t seed;
} weft_spike_random;

extern const weft_record weft_spike_random_record;

/* Errors with file:line:column. */
weft_status weft_spike_random_load(weft_spike_random *out, const char *path, weft_error *err);
/* The neuron of such a network. INVALID: a rate that no threshold gives. */
weft_status weft_spike_random_neuron(weft_truenorth_neuron *out, const weft_spike_random *config, weft_error *err);
/* A chip made ready; core y cores[0] + x stands at (x, y). Caller destroys *out. */
weft_status weft_spike_random_build(weft_spike_chip **out, const weft_spike_random *config, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
