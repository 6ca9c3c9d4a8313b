/* A circuit's cores on the engine, their routes and what comes in. */
#include <stdlib.h>

#include "sim/spike/circuit_internal.h"

weft_status weft_circuit_no_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for the circuit");
}

weft_status weft_circuit_core_error(const weft_circuit_loader *l, int neuron, weft_status status, weft_error *err) {
    if (!err || status != WEFT_E_INVALID) return status;
    const weft_error cause = *err;
    return weft_record_error(&l->out->yaml, weft_circuit_named(&l->file.neurons, neuron)->node, NULL, err, "%s",
                             cause.text);
}

/* ---- axons and routes ---- */

int weft_circuit_line(const weft_circuit_loader *l, int stimulus, int core) {
    int axon = 0;
    for (int s = 0; s < stimulus; s++)
        if (l->stimulus_reach[s] & l->in_core[core]) axon += l->lines[s];
    return axon;
}

static bool is_digital_core(const weft_circuit_loader *l, int core) { return l->in_core[core] & l->digital; }

int weft_circuit_axon(const weft_circuit_loader *l, size_t connection, int core) {
    int axon = weft_circuit_line(l, l->out->stimulus_count, core);
    if (is_digital_core(l, core)) return axon + l->out->neurons[l->connection_from[connection]].index;
    for (size_t i = 0; i < connection; i++) axon += (l->connection_reach[i] & l->in_core[core]) != 0;
    return axon;
}

/* Behind `count`: where a connection goes; for a TrueNorth neuron the one axon that all of its connections are. */
static size_t add_targets(weft_spike_target *targets, size_t count, const weft_circuit_loader *l, size_t connection) {
    const uint16_t delay = (uint16_t)weft_circuit_connection_of(l, connection)->delay;
    for (int core = 0; core < l->out->neuron_count; core++) {
        if (!(l->connection_reach[connection] & l->in_core[core])) continue;
        targets[count++] = (weft_spike_target){(uint32_t)core, (uint16_t)weft_circuit_axon(l, connection, core), delay};
    }
    return count;
}

static size_t targets_of(weft_spike_target *targets, size_t count, const weft_circuit_loader *l, int neuron) {
    for (size_t i = 0; i < l->file.connections.count; i++) {
        if (l->connection_from[i] != neuron) continue;
        count = add_targets(targets, count, l, i);
        if (l->digital & weft_circuit_bit(neuron)) break;
    }
    return count;
}

/* The chip takes the state, also on failure. */
static weft_status add_core(const weft_circuit_loader *l, weft_spike_core *core, int number, weft_error *err) {
    const size_t most = l->file.connections.count * (size_t)l->out->neuron_count + 1;
    weft_spike_target *targets = malloc(most * sizeof *targets);
    uint64_t first[WEFT_CIRCUIT_NEURONS_MAX + 1] = {0};
    if (!targets) {
        core->kind->destroy(core->state);
        return weft_circuit_no_memory(err);
    }
    for (int n = 0; n < l->out->neuron_count; n++) {
        const int index = l->out->neurons[n].index;
        if (l->out->neurons[n].core == number) first[index + 1] = targets_of(targets, first[index], l, n);
    }
    core->first = first;
    core->targets = targets;
    const weft_status status = weft_spike_chip_add(l->out->chip, core, err);
    free(targets);
    return status;
}

/* ---- the chip ---- */

/* TrueNorth neurons share the first core. */
static void place(weft_circuit_loader *l) {
    int digital = 0, core = l->digital ? 1 : 0;
    for (int n = 0; n < l->out->neuron_count; n++) {
        weft_circuit_neuron *neuron = &l->out->neurons[n];
        const bool own = l->digital & weft_circuit_bit(n);
        neuron->core = own ? 0 : core++;
        neuron->index = own ? digital++ : 0;
        l->in_core[neuron->core] |= weft_circuit_bit(n);
    }
}

static weft_status add_cores(const weft_circuit_loader *l, weft_error *err) {
    weft_spike_core core;
    if (l->digital) {
        WEFT_TRY(weft_circuit_digital_core(&core, l, err));
        WEFT_TRY(add_core(l, &core, 0, err));
    }
    for (int n = 0; n < l->out->neuron_count; n++) {
        if (l->digital & weft_circuit_bit(n)) continue;
        WEFT_TRY(weft_circuit_sparse_core(&core, l, n, err));
        WEFT_TRY(add_core(l, &core, l->out->neurons[n].core, err));
    }
    return weft_spike_chip_ready(l->out->chip, err);
}

/* ---- events ---- */

/* Appends the spikes of a stimulus in a tick, one a line, to every core it reaches; events NULL: only counts. */
static int64_t add_events(weft_spike_stimulus *events, int64_t count, const weft_circuit_loader *l, uint64_t tick,
                          int stimulus) {
    const int spikes = l->out->input[tick * (uint64_t)l->out->stimulus_count + (uint64_t)stimulus];
    for (int core = 0; spikes && core < l->out->neuron_count; core++) {
        if (!(l->stimulus_reach[stimulus] & l->in_core[core])) continue;
        const int line = weft_circuit_line(l, stimulus, core);
        for (int i = 0; events && i < spikes; i++)
            events[count + i] = (weft_spike_stimulus){tick, (uint32_t)core, (uint16_t)(line + i)};
        count += spikes;
    }
    return count;
}

static int64_t all_events(weft_spike_stimulus *events, const weft_circuit_loader *l) {
    int64_t count = 0;
    for (uint64_t t = 0; t < l->out->ticks; t++)
        for (int s = 0; s < l->out->stimulus_count; s++) count = add_events(events, count, l, t, s);
    return count;
}

weft_status weft_circuit_build(weft_circuit_loader *l, weft_error *err) {
    place(l);
    WEFT_TRY(weft_spike_chip_create(&l->out->chip, err));
    WEFT_TRY(add_cores(l, err));
    l->out->event_count = all_events(NULL, l);
    l->out->events = malloc(((size_t)l->out->event_count + 1) * sizeof *l->out->events);
    if (!l->out->events) return weft_circuit_no_memory(err);
    all_events(l->out->events, l);
    return WEFT_OK;
}
