/* Inside of a population of neurons. Private to sim/spike/neuron*.c. */
#ifndef WEFT_SIM_SPIKE_NEURON_INTERNAL_H
#define WEFT_SIM_SPIKE_NEURON_INTERNAL_H

#include "sim/spike/neuron.h"

enum { WEFT_NEURON_CONSTANTS = 9 };

/* Constants of a model in floating point: one tick is, with x the input and i the current before,
 *   i' = I_DECAY i + I_GAIN x + I_SHIFT
 *   v' = V_DECAY v + V_CURRENT i + V_GAIN x + V_SHIFT. */
enum {
    WEFT_NEURON_V_DECAY,
    WEFT_NEURON_V_GAIN,
    WEFT_NEURON_V_SHIFT,
    WEFT_NEURON_THRESHOLD,
    WEFT_NEURON_V_RESET,
    WEFT_NEURON_I_DECAY,
    WEFT_NEURON_I_GAIN,
    WEFT_NEURON_I_SHIFT,
    WEFT_NEURON_V_CURRENT
};
/* Constants of the Loihi neuron: what decay leaves of 4096, threshold and bias in units of v. */
enum {
    WEFT_LOIHI_KEEP_U,
    WEFT_LOIHI_KEEP_V,
    WEFT_LOIHI_THRESHOLD,
    WEFT_LOIHI_BIAS,
    WEFT_LOIHI_REFRACTORY,
    WEFT_LOIHI_WRAP /* all ones, or 0 */
};
enum { WEFT_LOIHI_V, WEFT_LOIHI_U, WEFT_LOIHI_WAIT };

struct weft_neurons {
    const weft_neuron_model *model;
    int count;
    bool uniform;  /* constants have one element, else count */
    bool subtract; /* reset */
    bool value;    /* reset to v_reset */
    union {
        double *d;
        int32_t *i;
        void *any;
    } state[WEFT_NEURON_STATES_MAX], constant[WEFT_NEURON_CONSTANTS];
    void *initial[WEFT_NEURON_STATES_MAX]; /* as state; NULL: 0 */
    uint16_t *hold, *held;                 /* [count] ticks, and how many are left; NULL: none */
};

/* Initial states and hold of a spec, then reset. */
weft_status weft_neurons_start(weft_neurons *neurons, const weft_neuron_spec *spec, weft_error *err);
/* After a step: those that are held go back, and have not fired. Flags. */
unsigned weft_neurons_hold(weft_neurons *neurons, int first, int count, uint8_t *fired);

unsigned weft_neurons_step_linear(weft_neurons *neurons, int first, int count, const void *input, uint8_t *fired);
unsigned weft_neurons_step_current(weft_neurons *neurons, int first, int count, const void *input, uint8_t *fired);
unsigned weft_neurons_step_threshold(weft_neurons *neurons, int first, int count, const void *input, uint8_t *fired);
unsigned weft_neurons_step_loihi(weft_neurons *neurons, int first, int count, const void *input, uint8_t *fired);

#endif
