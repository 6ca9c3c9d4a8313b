/* States before the first tick, and neurons that wait there. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "sim/spike/neuron_internal.h"

enum { WHOLE_MAX = 1 << 23 }; /* of states in fixed point */

static size_t state_size(const weft_neurons *neurons) {
    return neurons->model->integer ? sizeof(int32_t) : sizeof(double);
}

static weft_status state_find(int *out, const weft_neuron_model *model, const char *name, weft_error *err) {
    const char *names[WEFT_NEURON_STATES_MAX + 1] = {0};
    for (int i = 0; i < model->state_count; i++) {
        names[i] = model->states[i];
        if (strcmp(names[i], name) != 0) continue;
        *out = i;
        return WEFT_OK;
    }
    const char *nearest = weft_text_nearest(name, names);
    return weft_error_set(err, WEFT_E_INVALID, "neuron model '%s' has no state '%s'%s%s%s", model->name, name,
                          nearest ? "; nearest is '" : "", nearest ? nearest : "", nearest ? "'" : "");
}

static weft_status state_set(weft_neurons *neurons, int state, const weft_neuron_value *given, weft_error *err) {
    const char *model = neurons->model->name;
    if (neurons->initial[state])
        return weft_error_set(err, WEFT_E_INVALID, "neuron model '%s': state '%s' is given twice", model, given->name);
    neurons->initial[state] = weft_aligned_alloc((size_t)neurons->count, state_size(neurons));
    if (!neurons->initial[state])
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %d neurons", neurons->count);
    for (int i = 0; i < neurons->count; i++) {
        const double x = given->values[given->each ? i : 0];
        const bool whole = neurons->model->integer;
        if (!isfinite(x) || (whole && (x != floor(x) || fabs(x) >= WHOLE_MAX)))
            return weft_error_set(err, WEFT_E_INVALID, "neuron model '%s': neuron %d begins with %s at %g; %s", model,
                                  i, given->name, x,
                                  whole ? "whole numbers of 23 bits and sign are allowed" : "it has to be finite");
        if (whole)
            ((int32_t *)neurons->initial[state])[i] = (int32_t)x;
        else
            ((double *)neurons->initial[state])[i] = x;
    }
    return WEFT_OK;
}

weft_status weft_neurons_start(weft_neurons *neurons, const weft_neuron_spec *spec, weft_error *err) {
    const size_t bytes = (size_t)neurons->count * sizeof *neurons->hold;
    for (int i = 0; i < spec->initial_count; i++) {
        int state = 0;
        WEFT_TRY(state_find(&state, spec->model, spec->initial[i].name, err));
        WEFT_TRY(state_set(neurons, state, &spec->initial[i], err));
    }
    if (spec->hold) {
        neurons->hold = malloc(bytes);
        neurons->held = malloc(bytes);
        if (!neurons->hold || !neurons->held)
            return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %d neurons", neurons->count);
        memcpy(neurons->hold, spec->hold, bytes);
    }
    weft_neurons_reset(neurons);
    return WEFT_OK;
}

/* To the states before the first tick. */
static void restore(weft_neurons *neurons, int first, int count) {
    const size_t size = state_size(neurons), bytes = (size_t)count * size, at = (size_t)first * size;
    for (int i = 0; i < neurons->model->state_count; i++) {
        char *to = (char *)neurons->state[i].any + at;
        if (neurons->initial[i])
            memcpy(to, (char *)neurons->initial[i] + at, bytes);
        else
            memset(to, 0, bytes);
    }
}

void weft_neurons_reset(weft_neurons *neurons) {
    restore(neurons, 0, neurons->count);
    if (neurons->hold) memcpy(neurons->held, neurons->hold, (size_t)neurons->count * sizeof *neurons->hold);
}

unsigned weft_neurons_hold(weft_neurons *neurons, int first, int count, uint8_t *fired) {
    unsigned flags = 0;
    for (int i = 0; i < count; i++) {
        if (neurons->held[first + i] == 0) continue;
        neurons->held[first + i]--;
        restore(neurons, first + i, 1);
        fired[i] = 0;
        flags = WEFT_NEURON_CHANGED;
    }
    return flags;
}
