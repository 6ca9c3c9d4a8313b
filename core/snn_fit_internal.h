/* Parts of weft_snn_fit_create, one file a neuron model of chips. Private to core/snn_fit*.c. */
#ifndef WEFT_CORE_SNN_FIT_INTERNAL_H
#define WEFT_CORE_SNN_FIT_INTERNAL_H

#include "core/snn_fit.h"

typedef struct weft_snn_fitting {
    const weft_snn *snn;
    const weft_chip *chip;
    weft_snn_fit *fit;
    int *first; /* [populations + 1] of projections, by target */
    weft_error *err;
} weft_snn_fitting;

/* INVALID with the population's name and, unless it is -1, the neuron. */
weft_status weft_snn_fit_refuse(const weft_snn_fitting *f, int population, int64_t neuron, const char *format, ...)
    WEFT_PRINTF(4, 5);
weft_status weft_snn_fit_memory(const weft_snn_fitting *f, int population);
/* A parameter of zeros, one a neuron: *values [size]. MEMORY. */
weft_status weft_snn_fit_add(double **values, const weft_snn_fitting *f, int population, const char *name);
/* Sum of a neuron's biases, which act from step 0 on. */
double weft_snn_fit_bias(const weft_snn_population *population, uint32_t neuron);
/* A neuron's parameter. */
static inline double weft_snn_fit_of(const weft_snn_population *population, weft_snn_parameter parameter, uint32_t n,
                                     double missing) {
    return population->parameters[parameter].values ? weft_snn_value(&population->parameters[parameter], n) : missing;
}

/* Whole number of units, the nearest, at most 2^40; whether it is x, to a rounding of single precision and some. */
bool weft_snn_fit_units(int64_t *out, double x, double unit);
/* Least whole k with k units above the threshold, as the network compares: gain x (bias + k unit) > threshold. */
int64_t weft_snn_fit_least_above(double unit, double gain, double bias, double threshold);
/* The weights of a projection in units, with what that loses. */
void weft_snn_fit_write_weights(const weft_snn_fitting *f, int projection, double unit);

/* One population, and the projections into it. */
weft_status weft_snn_fit_truenorth(const weft_snn_fitting *f, int population);
weft_status weft_snn_fit_loihi(const weft_snn_fitting *f, int population);
weft_status weft_snn_fit_odin(const weft_snn_fitting *f, int population);
weft_status weft_snn_fit_float(const weft_snn_fitting *f, int population);

#endif
