#include "sim/spike/float_step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* exp(x) - 1 for x <= 0 in plain arithmetic: halved until the series is short, then doubled by (1 + y)^2 - 1. */
static double exp_minus_1(double x) {
    int halvings = 0;
    if (x < -700) return -1;
    while (x < -0.0625) {
        x /= 2;
        halvings++;
    }
    double sum = 0;
    for (int n = 12; n >= 1; n--) sum = x / n * (1 + sum);
    for (; halvings > 0; halvings--) sum = sum * (2 + sum);
    return sum;
}

static double value_of(const weft_snn_population *p, weft_snn_parameter which, uint32_t n) {
    return weft_snn_value(&p->parameters[which], n);
}

static bool has(const weft_snn_population *p, weft_snn_parameter which) { return p->parameters[which].values != NULL; }

static bool is_cuba(weft_nir_type model) { return model == WEFT_NIR_CUBA_LI || model == WEFT_NIR_CUBA_LIF; }

/* 1 - the share that is left after a step: dt / tau, or as the exact solution has it. */
static weft_status gone_of(double *out, const weft_snn_population *p, double tau, const weft_float_options *o,
                           weft_error *err) {
    const double share = o->dt / tau;
    if (o->integration == WEFT_FLOAT_EULER && share >= 2)
        return weft_error_set(err, WEFT_E_INVALID,
                              "%s: forward Euler with a step of %g s is not stable for a time constant of %g s",
                              p->name, o->dt, tau);
    *out = o->integration == WEFT_FLOAT_EULER ? share : -exp_minus_1(-share);
    return WEFT_OK;
}

/* Membrane of a current-based neuron under the exact solution: what the current before the step adds, beyond what a
 * constant input would. */
static double exact_coupling(double tau, double tau_syn, double gone, double gone_syn, double dt) {
    const double difference = tau_syn - tau;
    if (fabs(difference) < 1e-9 * tau) return dt / tau * (1 - gone);
    return (gone - gone_syn) * tau_syn / difference;
}

static weft_status derive(weft_float_neurons *k, uint32_t n, const weft_float_options *o, weft_error *err) {
    const weft_snn_population *p = k->population;
    const double r = value_of(p, WEFT_SNN_R, n);
    double gone, gone_syn;
    if (!has(p, WEFT_SNN_TAU)) { /* I, IF */
        k->a[n] = 1;
        k->b[n] = o->dt * r;
        k->c[n] = 0;
        return WEFT_OK;
    }
    const double tau = value_of(p, WEFT_SNN_TAU, n);
    WEFT_TRY(gone_of(&gone, p, tau, o, err));
    k->a[n] = 1 - gone;
    k->b[n] = gone * r;
    k->c[n] = gone * value_of(p, WEFT_SNN_V_LEAK, n);
    if (!is_cuba(p->model)) return WEFT_OK;
    const double tau_syn = value_of(p, WEFT_SNN_TAU_SYN, n), w_in = value_of(p, WEFT_SNN_W_IN, n);
    WEFT_TRY(gone_of(&gone_syn, p, tau_syn, o, err));
    k->e[n] = 1 - gone_syn;
    k->f[n] = gone_syn * w_in;
    if (!k->exponential) return WEFT_OK;
    k->d[n] = r * exact_coupling(tau, tau_syn, gone, gone_syn, o->dt);
    k->b[n] = (k->b[n] - k->d[n]) * w_in;
    return WEFT_OK;
}

static bool has_state(weft_nir_type model) {
    return model != WEFT_NIR_INPUT && model != WEFT_NIR_OUTPUT && model != WEFT_NIR_THRESHOLD;
}

weft_status weft_float_neurons_create(weft_float_neurons *out, const weft_snn_population *population,
                                      const weft_float_options *options, weft_error *err) {
    const bool cuba = is_cuba(population->model);
    *out = (weft_float_neurons){.population = population,
                                .reset = options->reset,
                                .exponential = options->integration == WEFT_FLOAT_EXPONENTIAL};
    if (!has_state(population->model)) return WEFT_OK;
    double **arrays[] = {&out->v, &out->a, &out->b, &out->c, &out->s, &out->d, &out->e, &out->f};
    for (int i = 0; i < (cuba ? 8 : 4); i++) {
        *arrays[i] = weft_aligned_alloc(population->size, sizeof(double));
        if (!*arrays[i]) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %u neurons", population->size);
    }
    for (uint32_t n = 0; n < population->size; n++) WEFT_TRY(derive(out, n, options, err));
    return WEFT_OK;
}

void weft_float_neurons_free(weft_float_neurons *k) {
    double *arrays[] = {k->v, k->s, k->a, k->b, k->c, k->d, k->e, k->f};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) weft_aligned_free(arrays[i]);
    *k = (weft_float_neurons){0};
}

static void integrate(weft_float_neurons *k, const double *input) {
    const uint32_t size = k->population->size;
    if (!k->s) {
        for (uint32_t n = 0; n < size; n++) k->v[n] = k->a[n] * k->v[n] + k->b[n] * input[n] + k->c[n];
    } else if (k->exponential) {
        for (uint32_t n = 0; n < size; n++) {
            k->v[n] = k->a[n] * k->v[n] + k->b[n] * input[n] + k->c[n] + k->d[n] * k->s[n];
            k->s[n] = k->e[n] * k->s[n] + k->f[n] * input[n];
        }
    } else {
        for (uint32_t n = 0; n < size; n++) {
            k->s[n] = k->e[n] * k->s[n] + k->f[n] * input[n];
            k->v[n] = k->a[n] * k->v[n] + k->b[n] * k->s[n] + k->c[n];
        }
    }
}

static void fire(weft_float_neurons *k, double *output) {
    const weft_snn_population *p = k->population;
    for (uint32_t n = 0; n < p->size; n++) {
        const double threshold = value_of(p, WEFT_SNN_V_THRESHOLD, n), reset = value_of(p, WEFT_SNN_V_RESET, n);
        output[n] = k->v[n] > threshold;
        if (output[n] != 0) k->v[n] = k->reset == WEFT_FLOAT_RESET_ZERO ? reset : k->v[n] - (threshold - reset);
    }
}

void weft_float_neurons_step(weft_float_neurons *k, const double *input, double *output) {
    const weft_snn_population *p = k->population;
    if (k->v) integrate(k, input);
    if (p->model == WEFT_NIR_THRESHOLD) {
        for (uint32_t n = 0; n < p->size; n++) output[n] = input[n] > value_of(p, WEFT_SNN_V_THRESHOLD, n);
    } else if (has(p, WEFT_SNN_V_THRESHOLD)) {
        fire(k, output);
    } else {
        memcpy(output, k->v ? k->v : input, p->size * sizeof *output);
    }
}
