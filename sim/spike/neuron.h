/* Neuron models: what a neuron does with the input of one tick. A role's table; a population of neurons of one model is
 * a weft_neurons, and steps as vectors.
 *
 * Models in floating point follow the Neuromorphic Intermediate Representation (Pedersen et al. 2024): parameters have
 * its names, a neuron fires where v > v_threshold, and the input of a tick is the current of that tick (a spike through
 * a weight w is a current w that lasts one time step). Integration of such a model is euler         forward Euler; the
 * current first, then the voltage with the new current; exponential   the exact solution for an input that is constant
 * within the tick. Both reset at the end of the tick. All in double precision, no libm function: the same bits
 * everywhere.
 *
 * Adding a model: one row and its functions in neuron_table.c; the conformance test picks it up. */
#ifndef WEFT_SIM_SPIKE_NEURON_H
#define WEFT_SIM_SPIKE_NEURON_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_NEURON_PARAMS_MAX = 8, WEFT_NEURON_STATES_MAX = 3 };

typedef enum weft_neuron_integration { WEFT_NEURON_EULER, WEFT_NEURON_EXPONENTIAL } weft_neuron_integration;
/* Of a neuron that fired: v = 0, v = v_reset, or v = v - v_threshold. */
typedef enum weft_neuron_reset {
    WEFT_NEURON_RESET_ZERO,
    WEFT_NEURON_RESET_VALUE,
    WEFT_NEURON_RESET_SUBTRACT
} weft_neuron_reset;

typedef struct weft_neurons weft_neurons; /* a population */

typedef struct weft_neuron_param {
    const char *name, *unit; /* unit "" for bare numbers */
    double min, max, default_value;
    bool integer; /* only whole numbers */
    const char *doc;
} weft_neuron_param;

/* What step says of the neurons it updated. With an input of zeros and neither of these, further steps with zeros would
 * change nothing: the neurons rest. */
enum { WEFT_NEURON_CHANGED = 1, WEFT_NEURON_FIRED = 2 };

typedef struct weft_neuron_model {
    const char *name, *summary, *source;
    bool integer;    /* input and state are int32_t; else double */
    bool spiking;    /* else it never fires, and v is what it has to say */
    unsigned resets; /* bit set of 1 << weft_neuron_reset */
    int param_count;
    weft_neuron_param params[WEFT_NEURON_PARAMS_MAX];
    int state_count;
    const char *states[WEFT_NEURON_STATES_MAX]; /* the membrane is the first */
    /* Private to neuron*.c: value[param_count] of neuron `index` -> its constants. INVALID. */
    weft_status (*derive)(weft_neurons *neurons, int index, const double *value, double dt,
                          weft_neuron_integration integration, weft_error *err);
    unsigned (*step)(weft_neurons *neurons, int first, int count, const void *input, uint8_t *fired);
} weft_neuron_model;

extern const weft_neuron_model *const weft_neuron_table[]; /* NULL-terminated */
/* INVALID for an unknown name, the nearest named. */
weft_status weft_neuron_model_find(const weft_neuron_model **out, const char *name, weft_error *err);

/* One parameter of a population; those not given have their defaults. */
typedef struct weft_neuron_value {
    const char *name;
    const double *values; /* [count], or [1] for all neurons */
    bool each;            /* one value a neuron */
} weft_neuron_value;

typedef struct weft_neuron_spec {
    const weft_neuron_model *model;
    int count;                           /* neurons, 1 .. 2^24 */
    double dt;                           /* s, of a tick; models in fixed point do not look */
    weft_neuron_integration integration; /* nor here */
    weft_neuron_reset reset;
    const weft_neuron_value *values; /* [value_count] */
    int value_count;
    const weft_neuron_value *initial; /* [initial_count] states, by name, before the first tick; others are 0 */
    int initial_count;
    const uint16_t *hold; /* [count] first ticks in which a neuron keeps those states and does not fire; NULL: none */
} weft_neuron_spec;

/* v_leak is where v goes, not where it starts. INVALID: count or dt out of range, unknown parameter or state, one
 * given twice, a value out of range or not a number, a reset that the model does not have, forward Euler with a time
 * step of twice a time constant or more. MEMORY. */
weft_status weft_neurons_create(weft_neurons **out, const weft_neuron_spec *spec, weft_error *err);
void weft_neurons_destroy(weft_neurons *neurons); /* NULL is allowed */
void weft_neurons_reset(weft_neurons *neurons); /* to the states before the first tick */

const weft_neuron_model *weft_neurons_model(const weft_neurons *neurons);
int weft_neurons_count(const weft_neurons *neurons);
/* One tick of neurons first .. first + count - 1: input[count] (int32_t or double) -> fired[count], 0 or 1. Returns
 * WEFT_NEURON_* flags. Parts of a population may be stepped by several threads. */
unsigned weft_neurons_step(weft_neurons *neurons, int first, int count, const void *input, uint8_t *fired);
/* State variable number `state` of a neuron; 0 for a model without state. */
double weft_neurons_state(const weft_neurons *neurons, int state, int neuron);
/* v of all neurons, [count]; NULL for models in fixed point or without state. */
const double *weft_neurons_membranes(const weft_neurons *neurons);

#ifdef __cplusplus
}
#endif
#endif
