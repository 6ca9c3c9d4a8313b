#include "sim/spike/circuit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/spike/circuit_internal.h"

/* ---- loading ---- */

/* The last part of a path, without .yaml. */
static const char *title_of(const weft_yaml *yaml) {
    const char *slash = strrchr(yaml->file, '/'), *name = slash ? slash + 1 : yaml->file;
    const char *dot = strrchr(name, '.');
    const size_t length = dot && !strcmp(dot, ".yaml") ? (size_t)(dot - name) : strlen(name);
    return weft_arena_strndup(yaml->arena, name, length);
}

/* In units of the membrane; the model may have none. */
static double threshold_of(const weft_circuit_cell *cell) {
    if (cell->core == WEFT_CIRCUIT_TRUENORTH) return (double)cell->threshold;
    const weft_neuron_model *model = weft_neuron_table[cell->model];
    for (int p = 0; model->spiking && model->state_count && p < model->param_count; p++) {
        const char *name = model->params[p].name;
        if (strcmp(name, "v_threshold") != 0 && strcmp(name, "threshold") != 0) continue;
        const weft_yaml_node *node = weft_yaml_get(cell->parameters, name);
        double value = model->params[p].default_value;
        if (node && node->text && !weft_schema_parse_real(node->text, &value)) return NAN; /* refused later */
        return model->integer ? 64 * value : value;
    }
    return NAN;
}

static weft_status take_names(weft_circuit_loader *l, weft_error *err) {
    weft_circuit *c = l->out;
    weft_arena *arena = c->yaml.arena;
    c->title = l->file.title[0] ? l->file.title : title_of(&c->yaml);
    c->ticks = (uint64_t)l->file.ticks;
    c->tick_s = l->file.tick_ms * 1e-3;
    c->neuron_count = (int)l->file.neurons.count;
    c->stimulus_count = (int)l->file.stimuli.count;
    c->neurons = weft_arena_alloc(arena, l->file.neurons.count * sizeof *c->neurons);
    c->stimuli = weft_arena_alloc(arena, (l->file.stimuli.count + 1) * sizeof *c->stimuli);
    if (!c->title || !c->neurons || !c->stimuli) return weft_circuit_no_memory(err);
    for (int i = 0; i < c->stimulus_count; i++) c->stimuli[i] = weft_circuit_named(&l->file.stimuli, i)->name;
    for (int i = 0; i < c->neuron_count; i++) {
        const weft_circuit_cell *cell = weft_circuit_cell_of(l, i);
        const bool digital = cell->core == WEFT_CIRCUIT_TRUENORTH;
        c->neurons[i] = (weft_circuit_neuron){.name = weft_circuit_named(&l->file.neurons, i)->name,
                                              .model = digital ? "truenorth" : weft_circuit_models[cell->model],
                                              .threshold = threshold_of(cell)};
        if (digital) l->digital |= weft_circuit_bit(i);
    }
    return WEFT_OK;
}

static weft_status load(weft_circuit_loader *l, const char *const *overrides, int override_count, weft_error *err) {
    weft_circuit *c = l->out;
    WEFT_TRY(weft_yaml_override(&c->yaml, overrides, override_count, err));
    WEFT_TRY(weft_record_read(&l->file, &weft_circuit_record, &c->yaml, c->yaml.root, err));
    WEFT_TRY(weft_circuit_check_counts(l, err));
    WEFT_TRY(take_names(l, err));
    WEFT_TRY(weft_circuit_check(l, err));
    c->input = calloc((size_t)c->ticks * (size_t)c->stimulus_count + 1, sizeof *c->input);
    if (!c->input) return weft_circuit_no_memory(err);
    WEFT_TRY(weft_circuit_drive_all(l, err));
    return weft_circuit_build(l, err);
}

weft_status weft_circuit_load(weft_circuit **out, const char *path, const char *const *overrides, int override_count,
                              weft_error *err) {
    weft_status status = WEFT_E_MEMORY;
    weft_circuit *circuit = calloc(1, sizeof *circuit);
    weft_circuit_loader *loader = calloc(1, sizeof *loader);
    *out = NULL;
    if (!circuit || !loader) WEFT_TRY_GOTO(weft_circuit_no_memory(err));
    loader->out = circuit;
    WEFT_TRY_GOTO(weft_yaml_load(&circuit->yaml, path, err));
    WEFT_TRY_GOTO(load(loader, overrides, override_count, err));
    *out = circuit;
    circuit = NULL;
cleanup:
    weft_circuit_destroy(circuit);
    free(loader);
    return status;
}

void weft_circuit_destroy(weft_circuit *circuit) {
    if (!circuit) return;
    weft_spike_chip_destroy(circuit->chip);
    free(circuit->input);
    free(circuit->events);
    weft_yaml_destroy(&circuit->yaml);
    free(circuit);
}

/* ---- running ---- */

typedef struct recorder {
    weft_circuit_run *out;
    const weft_circuit *circuit;
    weft_status status;
    weft_error *err;
} recorder;

static void record_tick(void *context, uint64_t tick, const uint32_t *cores, const uint16_t *neurons, int64_t count) {
    recorder *r = context;
    const weft_circuit *c = r->circuit;
    for (int n = 0; n < c->neuron_count; n++) {
        const weft_circuit_neuron *neuron = &c->neurons[n];
        const uint64_t slot = tick * (uint64_t)c->neuron_count + (uint64_t)n;
        r->out->membranes[slot] = weft_spike_chip_membrane(c->chip, neuron->core, neuron->index);
        for (int64_t i = 0; i < count && r->status == WEFT_OK; i++)
            if (cores[i] == (uint32_t)neuron->core && neurons[i] == neuron->index)
                r->status = weft_spikes_add(&r->out->spikes, tick, (uint32_t)n, r->err);
    }
}

weft_status weft_circuit_simulate(weft_circuit_run *out, weft_circuit *circuit, const volatile sig_atomic_t *stop,
                                  weft_error *err) {
    *out = (weft_circuit_run){.spikes = {.neurons = (uint64_t)circuit->neuron_count, .tick_s = circuit->tick_s}};
    out->membranes = calloc((size_t)circuit->ticks * (size_t)circuit->neuron_count, sizeof *out->membranes);
    if (!out->membranes) return weft_circuit_no_memory(err);
    recorder r = {out, circuit, WEFT_OK, err};
    const weft_spike_run run = {.ticks = circuit->ticks,
                                .stimuli = circuit->events,
                                .stimulus_count = circuit->event_count,
                                .listener = record_tick,
                                .context = &r,
                                .threads = 1,
                                .stop = stop};
    weft_spike_chip_reset(circuit->chip);
    WEFT_TRY(weft_spike_chip_run(circuit->chip, &run, err));
    return r.status;
}

void weft_circuit_run_free(weft_circuit_run *run) {
    free(run->membranes);
    weft_spikes_free(&run->spikes);
    *run = (weft_circuit_run){0};
}
