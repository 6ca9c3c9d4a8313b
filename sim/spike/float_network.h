/* Runs a weft_snn as it is: no cores, no packets, floating point. What the network means, against which chips are
 * compared, and a way to look into it. */
#ifndef WEFT_SIM_SPIKE_FLOAT_NETWORK_H
#define WEFT_SIM_SPIKE_FLOAT_NETWORK_H

#include "core/snn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* euler: forward, the current of a Cuba neuron first, then the membrane with the new current. exponential: the exact
 * solution for an input that is constant within the step. A neuron fires where v > v_threshold. */
typedef enum weft_float_integration { WEFT_FLOAT_EULER, WEFT_FLOAT_EXPONENTIAL } weft_float_integration;
/* Of a neuron that fired: v = v_reset, or v = v - v_threshold. */
typedef enum weft_float_reset { WEFT_FLOAT_RESET_ZERO, WEFT_FLOAT_RESET_SUBTRACT } weft_float_reset;

typedef struct weft_float_options {
    double dt; /* s, above 0 */
    weft_float_integration integration;
    weft_float_reset reset;
} weft_float_options;

typedef struct weft_float_network weft_float_network;

#define WEFT_FLOAT_HISTORY_MAX ((uint64_t)1 << 28) /* values that delays may hold */

/* All states 0; borrows snn. INVALID: dt, forward Euler with a step of twice a time constant or more, delays that would
 * hold more than WEFT_FLOAT_HISTORY_MAX values; MEMORY. */
weft_status weft_float_network_create(weft_float_network **out, const weft_snn *snn, const weft_float_options *options,
                                      weft_error *err);
void weft_float_network_destroy(weft_float_network *net); /* NULL is allowed */
void weft_float_network_reset(weft_float_network *net);
/* One step. input [snn->inputs]: spikes as 1, or any values. The same bits on every platform. */
void weft_float_network_step(weft_float_network *net, const float *input);
/* Of the last step, [size] of the population: spikes as 0 and 1, or v of I, LI and CubaLI, or what an Input or Output
 * has. */
const double *weft_float_network_output(const weft_float_network *net, int population);
/* v after the last step, [size]; NULL for populations without: Threshold, Input, Output. */
const double *weft_float_network_membrane(const weft_float_network *net, int population);

/* What is kept of a population. */
typedef struct weft_float_record {
    int population;
    float *outputs;   /* [steps, size]; NULL: not wanted */
    float *membranes; /* [steps, size]; NULL: not wanted; zeros where there is none */
} weft_float_record;
/* So many steps with input [steps, snn->inputs]. */
void weft_float_network_run(weft_float_network *net, const float *input, size_t steps, const weft_float_record *records,
                            int record_count);

#ifdef __cplusplus
}
#endif
#endif
