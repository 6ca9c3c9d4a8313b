/* Samples through a network in floating point, several at once: what a weft_spike_job is to a chip (program.h). Every
 * sample begins at rest, so results do not depend on the number of threads. */
#ifndef WEFT_SIM_SPIKE_FLOAT_RUN_H
#define WEFT_SIM_SPIKE_FLOAT_RUN_H

#include <signal.h>

#include "core/spikes.h"
#include "sim/spike/float_network.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_float_probe {
    int population; /* of neurons */
    uint32_t neuron;
} weft_float_probe;

typedef struct weft_float_run {
    const weft_snn *snn;
    weft_float_options options;
    /* Sample s has ticks s x sample_ticks on; what lies behind all of them is left out. Neurons are input values. */
    const weft_spikes *input; /* in order; NULL: values [samples, sample_ticks, inputs] */
    const float *values;
    bool constant; /* values [samples, inputs], the same in every tick of a sample */
    uint64_t samples, sample_ticks;
    int output;       /* population that gives the answers */
    uint32_t classes; /* 0: one a neuron; else neurons n size / classes .. belong to class n; divides the size */
    /* Records, NULL: none; ticks as the input's. */
    const int *recorded;  /* [recorded_count] populations: what they put out but 0 counts as a spike */
    weft_spikes *records; /* [recorded_count] zeroed; caller frees */
    int recorded_count, probe_count;
    const weft_float_probe *probes;
    double *membranes; /* [samples x sample_ticks, probe_count] after each tick */
    int threads;       /* 0: all */
    const volatile sig_atomic_t *stop;
    void (*progress)(void *context, uint64_t done, uint64_t samples); /* by one thread at a time; NULL: none */
    void *context;
} weft_float_run;

typedef struct weft_float_result {
    uint32_t classes;
    double *sums;     /* [samples, classes] the output's spikes; of I, LI and CubaLI their v after the last tick */
    uint64_t *spikes; /* [populations] outputs but 0 of all samples; of populations that do not fire 0 */
    double seconds;   /* of this program's time */
} weft_float_result;

/* INVALID as weft_float_network_create; INTERRUPTED; MEMORY. Free the result also after a failure. */
weft_status weft_float_run_samples(weft_float_result *out, const weft_float_run *run, weft_error *err);
void weft_float_result_free(weft_float_result *result); /* a zeroed one is allowed */
/* Class with the largest sum, the lowest of equals. */
uint32_t weft_float_result_answer(const weft_float_result *result, uint64_t sample);
/* Whether a population says 0 or 1, or Inputs' values: not I, LI, CubaLI, Output. */
bool weft_float_fires(const weft_snn_population *population);

#ifdef __cplusplus
}
#endif
#endif
