/* Sparse cores of a program: neurons of any model but TrueNorth's. */
#include <stdlib.h>
#include <string.h>

#include "sim/spike/program_internal.h"
#include "sim/spike/sparse.h"

enum { STATES = 2, VALUES = WEFT_NEURON_PARAMS_MAX + STATES, WEIGHT_BITS_MAX = 9 };
static const char *const state_names[STATES] = {"v", "u"}, *const initial_names[STATES] = {"initial_v", "initial_u"};

typedef struct lists {
    const weft_program_build *build;
    const weft_laid_core *core;
    weft_sparse_spec spec;
    double *numbers; /* [VALUES, slots] */
    weft_neuron_value values[WEFT_NEURON_PARAMS_MAX], initial[STATES];
    uint16_t *hold;
    weft_sparse_synapse *synapses;
    int8_t *exponents;
} lists;

/* A parameter of all slots; false when it is `missing` everywhere. */
static bool gather(weft_neuron_value *out, double *to, const lists *l, const char *fitted, const char *name,
                   double missing) {
    const weft_snn_fit_parameter *of = NULL;
    bool any = false;
    int population = -1;
    *out = (weft_neuron_value){.name = name, .values = to};
    for (int s = 0; s < l->core->slot_count; s++) {
        const weft_spike_slot *slot = &l->core->slots[s];
        if (slot->population != population)
            of = weft_snn_fit_find(&l->build->fit->populations[slot->population], fitted);
        population = slot->population;
        to[s] = of ? of->values[of->count > 1 ? slot->neuron : 0] : missing;
        out->each |= to[s] != to[0];
        any |= to[s] != missing;
    }
    return any;
}

static weft_status check_slots(const lists *l, const char **model, int core, weft_error *err) {
    const weft_snn_fit_population *populations = l->build->fit->populations;
    *model = populations[l->core->slots[0].population].model;
    for (int s = 0; s < l->core->slot_count; s++) {
        const weft_spike_slot *slot = &l->core->slots[s];
        if (slot->relay)
            return weft_error_set(err, WEFT_E_UNSUPPORTED, "core %d: relays, on cores without TrueNorth neurons", core);
        if (strcmp(populations[slot->population].model, *model) != 0)
            return weft_error_set(err, WEFT_E_UNSUPPORTED, "core %d: neurons of several models (%s and %s)", core,
                                  *model, populations[slot->population].model);
    }
    return WEFT_OK;
}

static weft_status set_neurons(lists *l, int core, weft_error *err) {
    const size_t slots = (size_t)l->core->slot_count;
    const weft_snn_fit_options *options = &l->build->fit->options;
    weft_neuron_spec *spec = &l->spec.neurons;
    const char *model = NULL;
    WEFT_TRY(check_slots(l, &model, core, err));
    WEFT_TRY(weft_neuron_model_find(&spec->model, model, err));
    *spec = (weft_neuron_spec){.model = spec->model, .count = (int)slots, .dt = options->dt, .values = l->values};
    spec->integration = options->exponential ? WEFT_NEURON_EXPONENTIAL : WEFT_NEURON_EULER;
    spec->reset = options->subtract      ? WEFT_NEURON_RESET_SUBTRACT
                  : spec->model->integer ? WEFT_NEURON_RESET_ZERO
                                         : WEFT_NEURON_RESET_VALUE;
    for (int i = 0; i < spec->model->param_count; i++) {
        const weft_neuron_param *param = &spec->model->params[i];
        spec->value_count += gather(&l->values[spec->value_count], l->numbers + (size_t)i * slots, l, param->name,
                                    param->name, param->default_value);
    }
    spec->initial = l->initial;
    for (int i = 0; i < STATES; i++)
        spec->initial_count +=
            gather(&l->initial[spec->initial_count], l->numbers + (size_t)(WEFT_NEURON_PARAMS_MAX + i) * slots, l,
                   initial_names[i], state_names[i], 0);
    for (size_t s = 0; s < slots; s++) {
        const int population = l->core->slots[s].population;
        l->hold[s] = l->build->awake[population] ? (uint16_t)l->build->layout->lag[population] : 0;
        if (l->hold[s]) spec->hold = l->hold;
    }
    return WEFT_OK;
}

static void set_synapses(lists *l, const weft_program_synapses *synapses) {
    const int64_t bits = l->build->config->synapse.weight_bits;
    const bool whole = l->spec.neurons.model->integer;
    l->spec.axons = l->core->axon_count;
    l->spec.first = synapses->first;
    l->spec.synapses = l->synapses;
    l->spec.weight_bits = bits < WEIGHT_BITS_MAX ? (int)bits : WEIGHT_BITS_MAX;
    l->spec.exponents = whole ? l->exponents : NULL;
    for (int a = 0; whole && a < l->core->axon_count; a++) l->exponents[a] = (int8_t)l->core->axons[a].kind;
    for (uint64_t i = 0; i < synapses->first[l->core->axon_count]; i++)
        l->synapses[i] = (weft_sparse_synapse){.neuron = synapses->items[i].slot, .weight = synapses->items[i].weight};
}

weft_status weft_program_sparse(void **state, const weft_program_build *build, int core,
                                const weft_program_synapses *synapses, weft_error *err) {
    lists l = {.build = build, .core = &build->layout->cores[core]};
    const size_t slots = (size_t)l.core->slot_count, axons = (size_t)l.core->axon_count;
    weft_sparse *created = NULL;
    weft_status status = WEFT_OK;
    l.numbers = calloc(VALUES * slots, sizeof *l.numbers);
    l.hold = calloc(slots, sizeof *l.hold);
    l.synapses = malloc((synapses->first[axons] + 1) * sizeof *l.synapses);
    l.exponents = calloc(axons + 1, sizeof *l.exponents);
    if (!l.numbers || !l.hold || !l.synapses || !l.exponents)
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "no memory to program core %d", core));
    WEFT_TRY_GOTO(set_neurons(&l, core, err));
    set_synapses(&l, synapses);
    WEFT_TRY_GOTO(weft_sparse_create(&created, &l.spec, err));
    *state = created;
cleanup:
    free(l.numbers);
    free(l.hold);
    free(l.synapses);
    free(l.exponents);
    return status;
}
