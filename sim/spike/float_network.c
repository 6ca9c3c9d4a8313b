#include "sim/spike/float_network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/spike/neuron.h"

typedef struct group {
    weft_neurons *neurons; /* NULL of an Input or Output */
    uint8_t *fired;        /* [size] */
    double *input;         /* [size] */
    double *history;       /* [slots, size]: what it put out in the last steps */
    uint32_t slots;        /* the longest delay from here, and one */
    double *constant;      /* [size]: biases so far; NULL without */
} group;

struct weft_float_network {
    const weft_snn *snn;
    group *populations;
    int *first; /* [population_count + 1]: projections by target */
    uint64_t step;
};

static double *slot_of(const group *p, uint32_t size, uint64_t step) {
    return p->history + (size_t)(step % p->slots) * size;
}

static weft_status no_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for the state of a network");
}

/* Slots for the delays; projections are sorted by target. */
static weft_status find_slots(weft_float_network *net, weft_error *err) {
    const weft_snn *snn = net->snn;
    uint64_t values = 0;
    for (int p = 0; p < snn->population_count; p++) net->populations[p].slots = 1;
    for (int i = 0; i < snn->projection_count; i++) {
        const weft_snn_projection *projection = &snn->projections[i];
        group *source = &net->populations[projection->source];
        net->first[projection->target + 1] = i + 1;
        if ((uint32_t)projection->delay + 1 > source->slots) source->slots = (uint32_t)projection->delay + 1;
    }
    for (int p = 0; p < snn->population_count; p++) {
        if (net->first[p + 1] < net->first[p]) net->first[p + 1] = net->first[p];
        values += (uint64_t)net->populations[p].slots * snn->populations[p].size;
    }
    if (values <= WEFT_FLOAT_HISTORY_MAX) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "the network's delays would hold %llu values; at most %llu are allowed",
                          (unsigned long long)values, (unsigned long long)WEFT_FLOAT_HISTORY_MAX);
}

static weft_status neurons_create(weft_neurons **out, const weft_snn_population *population,
                                  const weft_float_options *options, weft_error *err) {
    weft_neuron_value values[WEFT_SNN_PARAMETER_COUNT];
    weft_error cause = {0};
    weft_neuron_spec spec = {.count = (int)population->size, .dt = options->dt, .values = values};
    WEFT_TRY(weft_neuron_model_find(&spec.model, weft_snn_model_name(population->model), err));
    for (int i = 0; i < WEFT_SNN_PARAMETER_COUNT; i++) {
        const weft_snn_values *from = &population->parameters[i];
        const char *name = weft_snn_parameter_name(population->model, (weft_snn_parameter)i);
        if (!from->values || !name) continue;
        values[spec.value_count++] = (weft_neuron_value){name, from->values, from->count > 1};
    }
    spec.integration = options->integration == WEFT_FLOAT_EULER ? WEFT_NEURON_EULER : WEFT_NEURON_EXPONENTIAL;
    spec.reset = options->reset == WEFT_FLOAT_RESET_ZERO ? WEFT_NEURON_RESET_VALUE : WEFT_NEURON_RESET_SUBTRACT;
    const weft_status status = weft_neurons_create(out, &spec, &cause);
    return status == WEFT_OK ? status : weft_error_set(err, status, "%s: %s", population->name, cause.text);
}

static weft_status group_create(group *p, const weft_snn_population *model, const weft_float_options *options,
                                weft_error *err) {
    if (weft_snn_is_neuron(model)) WEFT_TRY(neurons_create(&p->neurons, model, options, err));
    p->fired = weft_aligned_alloc(model->size, sizeof *p->fired);
    p->input = weft_aligned_alloc(model->size, sizeof *p->input);
    p->history = weft_aligned_alloc((size_t)p->slots * model->size, sizeof *p->history);
    if (model->bias_count) p->constant = weft_aligned_alloc(model->size, sizeof *p->constant);
    return p->input && p->fired && p->history && (p->constant || !model->bias_count) ? WEFT_OK : no_memory(err);
}

weft_status weft_float_network_create(weft_float_network **out, const weft_snn *snn, const weft_float_options *options,
                                      weft_error *err) {
    weft_status status;
    *out = NULL;
    if (!(options->dt > 0 && isfinite(options->dt)))
        return weft_error_set(err, WEFT_E_INVALID, "a time step of %g s is not above 0", options->dt);
    weft_float_network *net = calloc(1, sizeof *net);
    if (!net) return no_memory(err);
    net->snn = snn;
    net->populations = calloc((size_t)snn->population_count + 1, sizeof *net->populations);
    net->first = calloc((size_t)snn->population_count + 2, sizeof *net->first);
    if (!net->populations || !net->first) WEFT_TRY_GOTO(no_memory(err));
    WEFT_TRY_GOTO(find_slots(net, err));
    for (int p = 0; p < snn->population_count; p++)
        WEFT_TRY_GOTO(group_create(&net->populations[p], &snn->populations[p], options, err));
    *out = net;
    net = NULL;
cleanup:
    weft_float_network_destroy(net);
    return status;
}

void weft_float_network_destroy(weft_float_network *net) {
    if (!net) return;
    for (int p = 0; net->populations && p < net->snn->population_count; p++) {
        weft_neurons_destroy(net->populations[p].neurons);
        weft_aligned_free(net->populations[p].fired);
        weft_aligned_free(net->populations[p].input);
        weft_aligned_free(net->populations[p].history);
        weft_aligned_free(net->populations[p].constant);
    }
    free(net->populations);
    free(net->first);
    free(net);
}

void weft_float_network_reset(weft_float_network *net) {
    for (int i = 0; i < net->snn->population_count; i++) {
        group *p = &net->populations[i];
        const size_t size = net->snn->populations[i].size;
        memset(p->history, 0, p->slots * size * sizeof *p->history);
        if (p->constant) memset(p->constant, 0, size * sizeof *p->constant);
        if (p->neurons) weft_neurons_reset(p->neurons);
    }
    net->step = 0;
}

/* Adds what the source put out `delay` steps ago. */
static void deliver(const weft_float_network *net, const weft_snn_projection *projection, double *input) {
    const group *source = &net->populations[projection->source];
    const uint32_t size = net->snn->populations[projection->source].size;
    if (net->step < (uint64_t)projection->delay) return;
    const double *out = slot_of(source, size, net->step - (uint64_t)projection->delay);
    for (uint32_t s = 0; s < size; s++) {
        if (out[s] == 0) continue;
        for (uint64_t i = projection->first[s]; i < projection->first[s + 1]; i++)
            input[projection->targets[i]] += (double)projection->weights[i] * out[s];
    }
}

static void begin_input(weft_float_network *net, group *p, const weft_snn_population *model) {
    for (int i = 0; i < model->bias_count; i++)
        for (uint32_t n = 0; model->biases[i].delay == (int64_t)net->step && n < model->size; n++)
            p->constant[n] += model->biases[i].values[n];
    if (p->constant)
        memcpy(p->input, p->constant, model->size * sizeof *p->input);
    else
        memset(p->input, 0, model->size * sizeof *p->input);
}

/* Spikes as 0 and 1, or v of models that do not fire, or the input. */
static void put_out(const group *p, uint32_t size, double *output) {
    if (p->neurons) weft_neurons_step(p->neurons, 0, (int)size, p->input, p->fired);
    if (p->neurons && weft_neurons_model(p->neurons)->spiking)
        for (uint32_t n = 0; n < size; n++) output[n] = p->fired[n];
    else
        memcpy(output, p->neurons ? weft_neurons_membranes(p->neurons) : p->input, size * sizeof *output);
}

void weft_float_network_step(weft_float_network *net, const float *input) {
    for (int i = 0; i < net->snn->population_count; i++) {
        const weft_snn_population *model = &net->snn->populations[i];
        group *p = &net->populations[i];
        begin_input(net, p, model);
        if (model->model == WEFT_NIR_INPUT)
            for (uint32_t n = 0; n < model->size; n++) p->input[n] = (double)*input++;
        for (int k = net->first[i]; k < net->first[i + 1]; k++) deliver(net, &net->snn->projections[k], p->input);
        put_out(p, model->size, slot_of(p, model->size, net->step));
    }
    net->step++;
}

const double *weft_float_network_output(const weft_float_network *net, int population) {
    return slot_of(&net->populations[population], net->snn->populations[population].size,
                   net->step ? net->step - 1 : 0);
}

const double *weft_float_network_membrane(const weft_float_network *net, int population) {
    const weft_neurons *neurons = net->populations[population].neurons;
    return neurons ? weft_neurons_membranes(neurons) : NULL;
}

static void keep(float *out, size_t step, size_t size, const double *values) {
    for (size_t n = 0; out && n < size; n++) out[step * size + n] = values ? (float)values[n] : 0;
}

void weft_float_network_run(weft_float_network *net, const float *input, size_t steps, const weft_float_record *records,
                            int record_count) {
    for (size_t step = 0; step < steps; step++) {
        weft_float_network_step(net, input + step * net->snn->inputs);
        for (int r = 0; r < record_count; r++) {
            const size_t size = net->snn->populations[records[r].population].size;
            keep(records[r].outputs, step, size, weft_float_network_output(net, records[r].population));
            keep(records[r].membranes, step, size, weft_float_network_membrane(net, records[r].population));
        }
    }
}
