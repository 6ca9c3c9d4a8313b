/* The core of a circuit's TrueNorth neurons. */
#include <math.h>
#include <stdlib.h>

#include "sim/spike/circuit_internal.h"

static weft_status whole_numbers(const weft_circuit_loader *l, int neuron, const weft_reals *list, const char *key,
                                 weft_error *err) {
    const weft_yaml_node *node = weft_circuit_named(&l->file.neurons, neuron)->node;
    if (list->count > WEFT_TRUENORTH_TYPES)
        return weft_record_error(&l->out->yaml, node, key, err, "%zu numbers for %d axon types", list->count,
                                 WEFT_TRUENORTH_TYPES);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] != floor(list->items[i]))
            return weft_record_error(&l->out->yaml, node, key, err, "%g is not a whole number", list->items[i]);
    return WEFT_OK;
}

static weft_status read_neuron(weft_truenorth_neuron *out, const weft_circuit_loader *l, int neuron, weft_error *err) {
    const weft_circuit_cell *c = weft_circuit_cell_of(l, neuron);
    WEFT_TRY(whole_numbers(l, neuron, &c->weights, "weights", err));
    WEFT_TRY(whole_numbers(l, neuron, &c->stochastic_weights, "stochastic_weights", err));
    *out = (weft_truenorth_neuron){.leak = (int)c->leak,
                                   .stochastic_leak = c->stochastic_leak,
                                   .leak_reversal = c->leak_reversal,
                                   .threshold = (int)c->threshold,
                                   .negative_threshold = (int)c->negative_threshold,
                                   .threshold_bits = (int)c->threshold_bits,
                                   .reset_mode = (weft_truenorth_reset)c->reset_mode,
                                   .reset = (int)c->reset,
                                   .saturate = c->saturate};
    for (size_t i = 0; i < c->weights.count; i++) out->weight[i] = (int)c->weights.items[i];
    for (size_t i = 0; i < c->stochastic_weights.count; i++)
        out->stochastic_weight[(int)c->stochastic_weights.items[i]] = true;
    return WEFT_OK;
}

/* All neurons stand in one word of a crossbar's row. */
typedef struct digital_core {
    weft_truenorth_neuron neurons[WEFT_CIRCUIT_NEURONS_MAX];
    int32_t initial[WEFT_CIRCUIT_NEURONS_MAX];
    uint8_t types[WEFT_TRUENORTH_SIZE_MAX];
    uint64_t crossbar[WEFT_TRUENORTH_SIZE_MAX];
} digital_core;

static void set_axon(digital_core *d, const weft_circuit_loader *l, int axon, int64_t type, uint64_t reach) {
    d->types[axon] = (uint8_t)type;
    for (int n = 0; n < l->out->neuron_count; n++)
        if (reach & l->digital & weft_circuit_bit(n)) d->crossbar[axon] |= UINT64_C(1) << l->out->neurons[n].index;
}

static void set_axons(digital_core *d, const weft_circuit_loader *l) {
    for (int s = 0; s < l->out->stimulus_count; s++)
        for (int axon = weft_circuit_line(l, s, 0); axon < weft_circuit_line(l, s + 1, 0); axon++)
            set_axon(d, l, axon, weft_circuit_stimulus_of(l, s)->synapse.type, l->stimulus_reach[s]);
    for (size_t i = 0; i < l->file.connections.count; i++)
        if (l->connection_reach[i] & l->digital)
            set_axon(d, l, weft_circuit_axon(l, i, 0), weft_circuit_connection_of(l, i)->synapse.type,
                     l->connection_reach[i]);
}

static weft_status create(void **state, const digital_core *d, int axons, const weft_circuit_loader *l,
                          weft_error *err) {
    const int count = weft_circuit_count(l->digital);
    weft_truenorth_neurons *parameters = NULL;
    WEFT_TRY(weft_truenorth_neurons_create(&parameters, d->neurons, count, err));
    const weft_truenorth_config config = {.axons = axons,
                                          .neurons = count,
                                          .types = d->types,
                                          .crossbar = d->crossbar,
                                          .parameters = parameters,
                                          .initial = d->initial,
                                          .seed = (uint64_t)l->file.seed};
    const weft_status status = weft_truenorth_create(state, &config, err);
    weft_truenorth_neurons_release(parameters);
    return status;
}

/* Lines of all stimuli, and an axon a neuron. */
static weft_status count_axons(int *axons, const weft_circuit_loader *l, weft_error *err) {
    *axons = weft_circuit_line(l, l->out->stimulus_count, 0) + weft_circuit_count(l->digital);
    if (*axons <= WEFT_TRUENORTH_SIZE_MAX) return WEFT_OK;
    return weft_record_error(&l->out->yaml, l->out->yaml.root, "stimuli", err,
                             "with the neurons %d axons of a TrueNorth core; at most %d (a stimulus has as many as it "
                             "has spikes in a tick)",
                             *axons, WEFT_TRUENORTH_SIZE_MAX);
}

weft_status weft_circuit_digital_core(weft_spike_core *out, const weft_circuit_loader *l, weft_error *err) {
    weft_status status = WEFT_OK;
    int axons = 0;
    WEFT_TRY(count_axons(&axons, l, err));
    digital_core *d = calloc(1, sizeof *d);
    if (!d) return weft_circuit_no_memory(err);
    for (int n = 0; n < l->out->neuron_count; n++) {
        const int index = l->out->neurons[n].index;
        if (!(l->digital & weft_circuit_bit(n))) continue;
        WEFT_TRY_GOTO(read_neuron(&d->neurons[index], l, n, err));
        d->initial[index] = (int32_t)weft_circuit_cell_of(l, n)->initial;
    }
    set_axons(d, l);
    *out = (weft_spike_core){.kind = &weft_truenorth_kind, .axons = axons, .neurons = weft_circuit_count(l->digital)};
    WEFT_TRY_GOTO(create(&out->state, d, axons, l, err));
cleanup:
    free(d);
    return status;
}
