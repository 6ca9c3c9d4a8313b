/* A circuit's file as read: structs of the field tables, and where they stand. Private to sim/spike. */
#ifndef WEFT_SIM_SPIKE_CIRCUIT_INTERNAL_H
#define WEFT_SIM_SPIKE_CIRCUIT_INTERNAL_H

#include "sim/spike/circuit.h"
#include "sim/spike/neuron.h"
#include "sim/spike/truenorth.h"

typedef enum weft_circuit_core { WEFT_CIRCUIT_TRUENORTH, WEFT_CIRCUIT_SPARSE } weft_circuit_core;

typedef struct weft_circuit_cell {
    int core; /* weft_circuit_core */
    /* truenorth */
    weft_reals weights, stochastic_weights;
    int64_t leak, threshold, negative_threshold, threshold_bits, reset, initial;
    bool stochastic_leak, leak_reversal, saturate;
    int reset_mode; /* weft_truenorth_reset */
    /* sparse */
    int model;       /* of weft_neuron_table */
    int integration; /* weft_neuron_integration */
    int after_spike; /* weft_neuron_reset */
    const weft_yaml_node *parameters;
} weft_circuit_cell;

/* How spikes reach neurons. */
typedef struct weft_circuit_synapse {
    weft_strings to;
    int64_t type;     /* truenorth */
    double weight;    /* sparse, with the exponent */
    int64_t exponent; /* models in fixed point */
} weft_circuit_synapse;

typedef struct weft_circuit_connection {
    const char *from;
    int64_t delay;
    weft_circuit_synapse synapse;
} weft_circuit_connection;

typedef struct weft_circuit_stimulus {
    weft_list drives; /* of weft_variant, by weft_circuit_drive */
    weft_circuit_synapse synapse;
} weft_circuit_stimulus;

typedef enum weft_circuit_drive_kind {
    WEFT_CIRCUIT_PULSES,
    WEFT_CIRCUIT_TRAIN,
    WEFT_CIRCUIT_STEP,
    WEFT_CIRCUIT_RAMP
} weft_circuit_drive_kind;
typedef struct weft_circuit_drive {
    weft_reals at;            /* pulses */
    int64_t from, until;      /* until 0: the end of the run */
    int64_t every, spikes;    /* train; pulses have spikes too */
    double rate, first, last; /* spikes a tick: step; ramp */
} weft_circuit_drive;

typedef struct weft_circuit_file {
    const char *title;
    int64_t ticks, seed;
    double tick_ms;
    weft_list neurons;     /* of weft_named, values weft_circuit_cell */
    weft_list connections; /* of weft_circuit_connection */
    weft_list stimuli;     /* of weft_named, values weft_circuit_stimulus */
} weft_circuit_file;

extern const weft_record weft_circuit_cell_record; /* of a neuron */

/* While a circuit is loaded. Sets of neurons are bits by their numbers. */
typedef struct weft_circuit_loader {
    weft_circuit *out;
    weft_circuit_file file;
    uint64_t digital;                                  /* TrueNorth neurons */
    uint64_t in_core[WEFT_CIRCUIT_NEURONS_MAX];        /* neurons of a core */
    int lines[WEFT_CIRCUIT_STIMULI_MAX];               /* most spikes of a stimulus in a tick */
    uint64_t stimulus_reach[WEFT_CIRCUIT_STIMULI_MAX]; /* neurons it goes to */
    uint64_t connection_reach[WEFT_CIRCUIT_CONNECTIONS_MAX];
    int connection_from[WEFT_CIRCUIT_CONNECTIONS_MAX];
} weft_circuit_loader;

static inline uint64_t weft_circuit_bit(int neuron) { return UINT64_C(1) << neuron; }
static inline int weft_circuit_count(uint64_t set) {
    int count = 0;
    for (; set; set &= set - 1) count++;
    return count;
}
static inline const weft_named *weft_circuit_named(const weft_list *list, int i) {
    return (const weft_named *)list->items + i;
}
static inline const weft_circuit_cell *weft_circuit_cell_of(const weft_circuit_loader *l, int neuron) {
    return weft_circuit_named(&l->file.neurons, neuron)->value;
}
static inline const weft_circuit_stimulus *weft_circuit_stimulus_of(const weft_circuit_loader *l, int stimulus) {
    return weft_circuit_named(&l->file.stimuli, stimulus)->value;
}
static inline const weft_circuit_connection *weft_circuit_connection_of(const weft_circuit_loader *l, size_t i) {
    return (const weft_circuit_connection *)l->file.connections.items + i;
}

/* Not too many of anything; before the names are taken. */
weft_status weft_circuit_check_counts(const weft_circuit_loader *loader, weft_error *err);
/* Names, types, weights and delays of connections and stimuli; who reaches whom. */
weft_status weft_circuit_check(weft_circuit_loader *loader, weft_error *err);
/* Input and lines from the drives. */
weft_status weft_circuit_drive_all(weft_circuit_loader *loader, weft_error *err);
/* Cores with their routes, and the events. */
weft_status weft_circuit_build(weft_circuit_loader *loader, weft_error *err);

/* Axons of a core: the lines of each stimulus that reaches it, then, of TrueNorth, one of every neuron, else one of
 * every connection to it. The first of a stimulus; stimulus_count: behind those of all. */
int weft_circuit_line(const weft_circuit_loader *loader, int stimulus, int core);
int weft_circuit_axon(const weft_circuit_loader *loader, size_t connection, int core);
/* What a core cannot be made of, at a neuron (err has the cause). Returns status. */
weft_status weft_circuit_core_error(const weft_circuit_loader *loader, int neuron, weft_status status, weft_error *err);
weft_status weft_circuit_no_memory(weft_error *err);
/* State and axons of the core of all TrueNorth neurons, of that of one other. */
weft_status weft_circuit_digital_core(weft_spike_core *out, const weft_circuit_loader *loader, weft_error *err);
weft_status weft_circuit_sparse_core(weft_spike_core *out, const weft_circuit_loader *loader, int neuron,
                                     weft_error *err);

#endif
