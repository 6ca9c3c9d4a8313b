/* Circuits: a few neurons, the connections between them and what comes in, from a YAML file; for looking into neurons.
 * They run on the engine: all TrueNorth neurons of a circuit share one core of its kind, every other neuron has a core
 * of the sparse kind to itself, so that neurons of different models stand beside each other.
 *
 * Adding a drive (what a stimulus does over time): its record in circuit_fields.c, its case in circuit_drive.c. */
#ifndef WEFT_SIM_SPIKE_CIRCUIT_H
#define WEFT_SIM_SPIKE_CIRCUIT_H

#include "core/schema.h"
#include "core/spikes.h"
#include "sim/spike/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WEFT_CIRCUIT_TICKS_MAX = 1000000,
    WEFT_CIRCUIT_NEURONS_MAX = 64,
    WEFT_CIRCUIT_STIMULI_MAX = 64,
    WEFT_CIRCUIT_CONNECTIONS_MAX = 1024,
    WEFT_CIRCUIT_LEVEL_MAX = 256 /* spikes of a stimulus in one tick; each has an axon of its own */
};
#define WEFT_CIRCUIT_VALUES_MAX ((uint64_t)1 << 24) /* ticks x (neurons + stimuli) */

extern const weft_record weft_circuit_record;   /* the file, for its JSON Schema and its manual; not to be read with */
extern const char *const weft_circuit_models[]; /* of the sparse core, as in weft_neuron_table */
extern const char weft_circuit_example[];       /* a file */
/* The manual: keys, the neuron models with their parameters, rules, an example. */
void weft_circuit_describe(FILE *stream);

typedef struct weft_circuit_neuron {
    const char *name, *model;
    double threshold; /* in units of the membrane; NaN: none */
    int core, index;  /* where it is */
} weft_circuit_neuron;

typedef struct weft_circuit {
    const char *title; /* of the file; its name without folder and .yaml where it has none */
    uint64_t ticks;
    double tick_s;
    weft_circuit_neuron *neurons; /* [neuron_count] */
    int neuron_count;
    const char **stimuli; /* [stimulus_count] names */
    int stimulus_count;
    uint16_t *input; /* [ticks, stimulus_count]: spikes of each in each tick */
    weft_spike_chip *chip;
    weft_spike_stimulus *events; /* [event_count]: the input, spike by spike */
    int64_t event_count;
    weft_yaml yaml; /* names live there */
} weft_circuit;

/* overrides: [override_count] texts KEY=VALUE. Errors with file:line:column: IO; PARSE; INVALID: what is wrong with a
 * key, an unknown neuron (the nearest is named), more than a core holds, two targets of a TrueNorth neuron; MEMORY.
 * Caller destroys. */
weft_status weft_circuit_load(weft_circuit **out, const char *path, const char *const *overrides, int override_count,
                              weft_error *err);
void weft_circuit_destroy(weft_circuit *circuit); /* NULL is allowed */

/* What happened. */
typedef struct weft_circuit_run {
    double *membranes;  /* [ticks, neuron_count], at the ends of ticks: after the reset */
    weft_spikes spikes; /* neurons by their number in the circuit, in order */
} weft_circuit_run;
/* From tick 0 to the end. Caller frees, also after a failure. stop: NULL, or as in weft_spike_run. Errors: MEMORY,
 * INTERRUPTED. */
weft_status weft_circuit_simulate(weft_circuit_run *out, weft_circuit *circuit, const volatile sig_atomic_t *stop,
                                  weft_error *err);
void weft_circuit_run_free(weft_circuit_run *run); /* safe on a zeroed one */

#ifdef __cplusplus
}
#endif
#endif
