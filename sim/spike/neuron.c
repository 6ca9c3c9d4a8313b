#include "sim/spike/neuron.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "sim/spike/neuron_internal.h"

enum { NEURONS_MAX = 1 << 24, MODELS_MAX = 32 };

weft_status weft_neuron_model_find(const weft_neuron_model **out, const char *name, weft_error *err) {
    const char *names[MODELS_MAX] = {0};
    for (int i = 0; weft_neuron_table[i] && i < MODELS_MAX - 1; i++) {
        names[i] = weft_neuron_table[i]->name;
        if (strcmp(names[i], name) != 0) continue;
        *out = weft_neuron_table[i];
        return WEFT_OK;
    }
    const char *nearest = weft_text_nearest(name, names);
    return weft_error_set(err, WEFT_E_INVALID, "unknown neuron model '%s'%s%s%s", name, nearest ? "; nearest is '" : "",
                          nearest ? nearest : "", nearest ? "'" : "");
}

static const char *reset_name(weft_neuron_reset reset) {
    return reset == WEFT_NEURON_RESET_ZERO    ? "to zero"
           : reset == WEFT_NEURON_RESET_VALUE ? "to a value"
                                              : "by subtraction";
}

static weft_status spec_check(const weft_neuron_spec *spec, weft_error *err) {
    const weft_neuron_model *model = spec->model;
    if (spec->count < 1 || spec->count > NEURONS_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "neuron model '%s': %d neurons; 1 to %d are allowed", model->name,
                              spec->count, NEURONS_MAX);
    if (!model->integer && !(spec->dt >= 1e-9 && spec->dt <= 1e9))
        return weft_error_set(err, WEFT_E_INVALID, "neuron model '%s': a time step of %g s; 1e-9 to 1e9 s are allowed",
                              model->name, spec->dt);
    if (!(model->resets >> spec->reset & 1))
        return weft_error_set(err, WEFT_E_INVALID, "neuron model '%s' does not reset %s", model->name,
                              reset_name(spec->reset));
    return WEFT_OK;
}

static weft_status value_check(const weft_neuron_spec *spec, const weft_neuron_param *param,
                               const weft_neuron_value *value, weft_error *err) {
    const int count = value->each ? spec->count : 1;
    for (int i = 0; i < count; i++) {
        const double x = value->values[i];
        if (x >= param->min && x <= param->max && (!param->integer || x == floor(x))) continue;
        char of[32] = "";
        if (value->each) snprintf(of, sizeof of, " of neuron %d", i);
        return weft_error_set(err, WEFT_E_INVALID, "neuron model '%s': %s%s is %g; %s%g to %g are allowed",
                              spec->model->name, param->name, of, x, param->integer ? "whole numbers from " : "",
                              param->min, param->max);
    }
    return WEFT_OK;
}

static weft_status param_find(int *out, const weft_neuron_model *model, const char *name, weft_error *err) {
    const char *names[WEFT_NEURON_PARAMS_MAX + 1] = {0};
    for (int i = 0; i < model->param_count; i++) {
        names[i] = model->params[i].name;
        if (strcmp(names[i], name) != 0) continue;
        *out = i;
        return WEFT_OK;
    }
    const char *nearest = weft_text_nearest(name, names);
    return weft_error_set(err, WEFT_E_INVALID, "neuron model '%s' has no parameter '%s'%s%s%s", model->name, name,
                          nearest ? "; nearest is '" : "", nearest ? nearest : "", nearest ? "'" : "");
}

/* given[param_count]: what the caller said of each parameter, or NULL. */
static weft_status values_sort(const weft_neuron_value *given[], const weft_neuron_spec *spec, weft_error *err) {
    for (int i = 0; i < spec->value_count; i++) {
        int index = 0;
        WEFT_TRY(param_find(&index, spec->model, spec->values[i].name, err));
        if (given[index])
            return weft_error_set(err, WEFT_E_INVALID, "neuron model '%s': parameter '%s' is given twice",
                                  spec->model->name, spec->values[i].name);
        given[index] = &spec->values[i];
        WEFT_TRY(value_check(spec, &spec->model->params[index], given[index], err));
    }
    return WEFT_OK;
}

static weft_status arrays_allocate(weft_neurons *neurons, weft_error *err) {
    const size_t size = neurons->model->integer ? sizeof(int32_t) : sizeof(double);
    const size_t constants = neurons->uniform ? 1 : (size_t)neurons->count;
    bool whole = true;
    for (int i = 0; i < neurons->model->state_count; i++)
        whole &= (neurons->state[i].any = weft_aligned_alloc((size_t)neurons->count, size)) != NULL;
    for (int i = 0; i < WEFT_NEURON_CONSTANTS; i++)
        whole &= (neurons->constant[i].any = weft_aligned_alloc(constants, size)) != NULL;
    return whole ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "out of memory for %d neurons", neurons->count);
}

static weft_status constants_derive(weft_neurons *neurons, const weft_neuron_spec *spec,
                                    const weft_neuron_value *const given[], weft_error *err) {
    const int count = neurons->uniform ? 1 : neurons->count;
    for (int i = 0; i < count; i++) {
        double value[WEFT_NEURON_PARAMS_MAX];
        for (int p = 0; p < spec->model->param_count; p++)
            value[p] = given[p] ? given[p]->values[given[p]->each ? i : 0] : spec->model->params[p].default_value;
        WEFT_TRY(spec->model->derive(neurons, i, value, spec->dt, spec->integration, err));
    }
    return WEFT_OK;
}

weft_status weft_neurons_create(weft_neurons **out, const weft_neuron_spec *spec, weft_error *err) {
    const weft_neuron_value *given[WEFT_NEURON_PARAMS_MAX] = {0};
    weft_status status = WEFT_OK;
    WEFT_TRY(spec_check(spec, err));
    WEFT_TRY(values_sort(given, spec, err));
    weft_neurons *neurons = calloc(1, sizeof *neurons);
    if (!neurons) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for a population of neurons");
    neurons->model = spec->model;
    neurons->count = spec->count;
    neurons->subtract = spec->reset == WEFT_NEURON_RESET_SUBTRACT;
    neurons->value = spec->reset == WEFT_NEURON_RESET_VALUE;
    neurons->uniform = true;
    for (int i = 0; i < spec->value_count; i++) neurons->uniform &= !spec->values[i].each;
    WEFT_TRY_GOTO(arrays_allocate(neurons, err));
    WEFT_TRY_GOTO(constants_derive(neurons, spec, given, err));
    WEFT_TRY_GOTO(weft_neurons_start(neurons, spec, err));
    *out = neurons;
    neurons = NULL;
cleanup:
    weft_neurons_destroy(neurons);
    return status;
}

void weft_neurons_destroy(weft_neurons *neurons) {
    if (!neurons) return;
    for (int i = 0; i < WEFT_NEURON_STATES_MAX; i++) weft_aligned_free(neurons->state[i].any);
    for (int i = 0; i < WEFT_NEURON_STATES_MAX; i++) weft_aligned_free(neurons->initial[i]);
    for (int i = 0; i < WEFT_NEURON_CONSTANTS; i++) weft_aligned_free(neurons->constant[i].any);
    free(neurons->hold);
    free(neurons->held);
    free(neurons);
}

const double *weft_neurons_membranes(const weft_neurons *neurons) {
    return neurons->model->integer || neurons->model->state_count == 0 ? NULL : neurons->state[0].d;
}

const weft_neuron_model *weft_neurons_model(const weft_neurons *neurons) { return neurons->model; }
int weft_neurons_count(const weft_neurons *neurons) { return neurons->count; }

unsigned weft_neurons_step(weft_neurons *neurons, int first, int count, const void *input, uint8_t *fired) {
    const unsigned flags = neurons->model->step(neurons, first, count, input, fired);
    return neurons->hold ? flags | weft_neurons_hold(neurons, first, count, fired) : flags;
}

double weft_neurons_state(const weft_neurons *neurons, int state, int neuron) {
    if (state >= neurons->model->state_count) return 0;
    return neurons->model->integer ? neurons->state[state].i[neuron] : neurons->state[state].d[neuron];
}
