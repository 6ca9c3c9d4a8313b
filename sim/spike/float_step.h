/* Neurons of one population in floating point. Used by float_network.c only. */
#ifndef WEFT_SIM_SPIKE_FLOAT_STEP_H
#define WEFT_SIM_SPIKE_FLOAT_STEP_H

#include "sim/spike/float_network.h"

/* Per neuron: v' = a v + b I + c, I the input current; of Cuba neurons s' = e s + f I first, and v' = a v + b s' + c
 * (euler) or a v + b I + c + d s (exponential, s the current before). */
typedef struct weft_float_neurons {
    const weft_snn_population *population;
    weft_float_reset reset;
    bool exponential;
    double *v, *s;                 /* [size]; NULL where there is none */
    double *a, *b, *c, *d, *e, *f; /* [size] */
} weft_float_neurons;

/* An Input or Output has no state. */
weft_status weft_float_neurons_create(weft_float_neurons *out, const weft_snn_population *population,
                                      const weft_float_options *options, weft_error *err);
void weft_float_neurons_free(weft_float_neurons *neurons); /* a zeroed one is allowed */
/* input [size] -> output [size]. */
void weft_float_neurons_step(weft_float_neurons *neurons, const double *input, double *output);

#endif
