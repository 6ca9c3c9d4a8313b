/* The core of one neuron of the neuron table. */
#include <stdlib.h>
#include <string.h>

#include "sim/spike/circuit_internal.h"
#include "sim/spike/sparse.h"

typedef struct parameters {
    weft_neuron_value values[WEFT_NEURON_PARAMS_MAX];
    double numbers[WEFT_NEURON_PARAMS_MAX];
    int count;
} parameters;

static weft_status find_parameter(const weft_neuron_param **out, const weft_circuit_loader *l,
                                  const weft_neuron_model *model, const weft_yaml_node *map, size_t i,
                                  weft_error *err) {
    const char *names[WEFT_NEURON_PARAMS_MAX + 1] = {0}, *name = map->keys[i]->text;
    for (int p = 0; p < model->param_count; p++) {
        names[p] = model->params[p].name;
        *out = &model->params[p];
        if (!strcmp(names[p], name)) return WEFT_OK;
    }
    const char *nearest = weft_nearest_name(name, names);
    return weft_record_error(&l->out->yaml, map, name, err, "model %s has no such parameter%s%s%s", model->name,
                             nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

/* A number within the bounds of the parameter. */
static weft_status read_parameter(double *out, const weft_circuit_loader *l, const weft_neuron_param *param,
                                  const char *neuron, const weft_yaml_node *node, weft_error *err) {
    const weft_field field = {.key = param->name,
                              .kind = param->integer ? WEFT_FIELD_INT : WEFT_FIELD_REAL,
                              .unit = param->unit,
                              .min = param->min,
                              .max = param->max};
    int64_t whole = 0;
    char path[320];
    snprintf(path, sizeof path, "neurons.%.200s.parameters.%s", neuron, param->name);
    WEFT_TRY(weft_field_read(param->integer ? (void *)&whole : out, &field, path, &l->out->yaml, node, err));
    if (param->integer) *out = (double)whole;
    return WEFT_OK;
}

static weft_status read_parameters(parameters *out, const weft_circuit_loader *l, int neuron, weft_error *err) {
    const weft_yaml_node *map = weft_circuit_cell_of(l, neuron)->parameters;
    const weft_neuron_model *model = weft_neuron_table[weft_circuit_cell_of(l, neuron)->model];
    out->count = 0;
    for (size_t i = 0; map && i < map->count; i++) {
        const weft_neuron_param *param = NULL;
        double *number = &out->numbers[out->count];
        WEFT_TRY(find_parameter(&param, l, model, map, i, err));
        WEFT_TRY(read_parameter(number, l, param, l->out->neurons[neuron].name, map->values[i], err));
        out->values[out->count++] = (weft_neuron_value){.name = param->name, .values = number};
    }
    return WEFT_OK;
}

/* Synapses, one an axon; of a neuron that nothing reaches there is one without weight. */
typedef struct axons {
    weft_sparse_synapse *synapses;
    uint64_t *first; /* [count + 1] */
    int8_t *exponents;
    int count;
} axons;

static void set_axon(axons *a, int axon, const weft_circuit_synapse *synapse) {
    a->synapses[axon].weight = (float)synapse->weight;
    a->exponents[axon] = (int8_t)synapse->exponent;
}

static weft_status make_axons(axons *a, const weft_circuit_loader *l, int neuron, weft_error *err) {
    const int core = l->out->neurons[neuron].core;
    a->count = weft_circuit_axon(l, l->file.connections.count, core);
    if (a->count == 0) a->count = 1;
    a->synapses = calloc((size_t)a->count + 1, sizeof *a->synapses);
    a->first = calloc((size_t)a->count + 1, sizeof *a->first);
    a->exponents = calloc((size_t)a->count + 1, sizeof *a->exponents);
    if (!a->synapses || !a->first || !a->exponents) return weft_circuit_no_memory(err);
    for (int i = 0; i <= a->count; i++) a->first[i] = (uint64_t)i;
    for (int s = 0; s < l->out->stimulus_count; s++)
        for (int axon = weft_circuit_line(l, s, core); axon < weft_circuit_line(l, s + 1, core); axon++)
            set_axon(a, axon, &weft_circuit_stimulus_of(l, s)->synapse);
    for (size_t i = 0; i < l->file.connections.count; i++)
        if (l->connection_reach[i] & weft_circuit_bit(neuron))
            set_axon(a, weft_circuit_axon(l, i, core), &weft_circuit_connection_of(l, i)->synapse);
    return WEFT_OK;
}

static weft_sparse_spec spec_of(const weft_circuit_loader *l, int neuron, const parameters *p, const axons *a) {
    const weft_circuit_cell *cell = weft_circuit_cell_of(l, neuron);
    return (weft_sparse_spec){.neurons = {.model = weft_neuron_table[cell->model],
                                          .count = 1,
                                          .dt = l->out->tick_s,
                                          .integration = (weft_neuron_integration)cell->integration,
                                          .reset = (weft_neuron_reset)cell->after_spike,
                                          .values = p->values,
                                          .value_count = p->count},
                              .axons = a->count,
                              .first = a->first,
                              .synapses = a->synapses,
                              .weight_bits = 9,
                              .sign = WEFT_SPARSE_SIGNED,
                              .exponents = a->exponents};
}

weft_status weft_circuit_sparse_core(weft_spike_core *out, const weft_circuit_loader *l, int neuron, weft_error *err) {
    parameters p;
    axons a = {0};
    weft_sparse *state = NULL;
    weft_status status;
    WEFT_TRY_GOTO(read_parameters(&p, l, neuron, err));
    WEFT_TRY_GOTO(make_axons(&a, l, neuron, err));
    const weft_sparse_spec spec = spec_of(l, neuron, &p, &a);
    status = weft_sparse_create(&state, &spec, err);
    if (status != WEFT_OK) WEFT_TRY_GOTO(weft_circuit_core_error(l, neuron, status, err));
    *out = (weft_spike_core){.kind = &weft_sparse_kind, .state = state, .axons = a.count, .neurons = 1};
cleanup:
    free(a.synapses);
    free(a.first);
    free(a.exponents);
    return status;
}
