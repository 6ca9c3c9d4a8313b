/* What a circuit's connections and stimuli may be, and whom they reach. */
#include <math.h>
#include <string.h>

#include "sim/spike/circuit_internal.h"

/* One connection or stimulus; node: its map. */
typedef struct subject {
    const weft_circuit_loader *l;
    const weft_yaml_node *node;
    const weft_circuit_synapse *synapse;
    weft_error *err;
} subject;

#define FAIL(s, key, ...) return weft_record_error(&(s)->l->out->yaml, (s)->node, key, (s)->err, __VA_ARGS__)

static weft_status find_neuron(int *out, const subject *s, const char *key, const char *name) {
    const char *names[WEFT_CIRCUIT_NEURONS_MAX + 1] = {0};
    for (*out = 0; *out < s->l->out->neuron_count; (*out)++) {
        names[*out] = s->l->out->neurons[*out].name;
        if (!strcmp(names[*out], name)) return WEFT_OK;
    }
    const char *nearest = weft_nearest_name(name, names);
    FAIL(s, key, "there is no neuron '%s'%s%s%s", name, nearest ? "; did you mean " : "", nearest ? nearest : "",
         nearest ? "?" : "");
}

/* A key that was written and means nothing to the neurons reached. */
static weft_status idle_key(const subject *s, const char *key, const char *needs, bool used) {
    if (used || !weft_yaml_get(s->node, key)) return WEFT_OK;
    FAIL(s, key, "means nothing: no neuron %s is reached", needs);
}

/* Of models in fixed point: 9 bits. */
static weft_status check_weight(const subject *s) {
    const double weight = s->synapse->weight;
    if (weight == floor(weight) && weight >= -256 && weight <= 255) return WEFT_OK;
    FAIL(s, "weight", "%g is not a whole number from -256 to 255, as a model in fixed point takes it", weight);
}

static weft_status check_targets(uint64_t *reach, const subject *s) {
    bool fixed = false;
    *reach = 0;
    if (!s->synapse->to.count) FAIL(s, "to", "no neuron is named");
    for (size_t i = 0; i < s->synapse->to.count; i++) {
        int target = 0;
        WEFT_TRY(find_neuron(&target, s, "to", s->synapse->to.items[i]));
        if (*reach & weft_circuit_bit(target)) FAIL(s, "to", "'%s' is named twice", s->synapse->to.items[i]);
        *reach |= weft_circuit_bit(target);
        const weft_circuit_cell *cell = weft_circuit_cell_of(s->l, target);
        fixed = fixed || (cell->core == WEFT_CIRCUIT_SPARSE && weft_neuron_table[cell->model]->integer);
    }
    if (fixed) WEFT_TRY(check_weight(s));
    WEFT_TRY(idle_key(s, "type", "of a truenorth core", *reach & s->l->digital));
    WEFT_TRY(idle_key(s, "weight", "of a sparse core", *reach & ~s->l->digital));
    return idle_key(s, "exponent", "in fixed point", fixed);
}

/* All connections of a TrueNorth neuron are one axon. */
static weft_status check_axon(const subject *s, size_t number) {
    const weft_circuit_connection *own = weft_circuit_connection_of(s->l, number);
    if (own->delay > WEFT_TRUENORTH_DELAY_MAX)
        FAIL(s, "delay", "%lld is above %d, the longest of TrueNorth", (long long)own->delay, WEFT_TRUENORTH_DELAY_MAX);
    for (size_t i = 0; i < number; i++) {
        const weft_circuit_connection *other = weft_circuit_connection_of(s->l, i);
        if (s->l->connection_from[i] != s->l->connection_from[number]) continue;
        if (other->synapse.type != own->synapse.type || other->delay != own->delay)
            FAIL(s, NULL, "'%s' has a target already, of type %lld and delay %lld; a TrueNorth neuron has one",
                 own->from, (long long)other->synapse.type, (long long)other->delay);
        if (s->l->connection_reach[i] & s->l->connection_reach[number])
            FAIL(s, "to", "'%s' reaches a neuron that it reaches already", own->from);
    }
    return WEFT_OK;
}

static weft_status check_connection(weft_circuit_loader *l, size_t number, weft_error *err) {
    const weft_circuit_connection *c = weft_circuit_connection_of(l, number);
    const weft_yaml_node *list = weft_yaml_get(l->out->yaml.root, "connections");
    const subject s = {l, list->values[number], &c->synapse, err};
    WEFT_TRY(find_neuron(&l->connection_from[number], &s, "from", c->from));
    WEFT_TRY(check_targets(&l->connection_reach[number], &s));
    const bool own = l->digital & weft_circuit_bit(l->connection_from[number]);
    if (l->connection_reach[number] & (own ? ~l->digital : l->digital))
        FAIL(&s, "to", "TrueNorth neurons are connected with each other only");
    return own ? check_axon(&s, number) : WEFT_OK;
}

static weft_status check_stimulus(weft_circuit_loader *l, int number, weft_error *err) {
    const weft_named *named = weft_circuit_named(&l->file.stimuli, number);
    const subject s = {l, named->node, &weft_circuit_stimulus_of(l, number)->synapse, err};
    for (int n = 0; n < l->out->neuron_count; n++)
        if (!strcmp(l->out->neurons[n].name, named->name))
            return weft_yaml_error(&l->out->yaml, named->key, WEFT_E_INVALID, err,
                                   "stimuli.%s: a neuron has that name already", named->name);
    return check_targets(&l->stimulus_reach[number], &s);
}

static weft_status check_count(const weft_circuit_loader *l, const char *key, size_t count, size_t min, size_t max,
                               weft_error *err) {
    if (count >= min && count <= max) return WEFT_OK;
    return weft_record_error(&l->out->yaml, l->out->yaml.root, key, err, "%zu; %zu to %zu are allowed", count, min,
                             max);
}

weft_status weft_circuit_check_counts(const weft_circuit_loader *l, weft_error *err) {
    const weft_circuit_file *f = &l->file;
    WEFT_TRY(check_count(l, "neurons", f->neurons.count, 1, WEFT_CIRCUIT_NEURONS_MAX, err));
    WEFT_TRY(check_count(l, "connections", f->connections.count, 0, WEFT_CIRCUIT_CONNECTIONS_MAX, err));
    WEFT_TRY(check_count(l, "stimuli", f->stimuli.count, 0, WEFT_CIRCUIT_STIMULI_MAX, err));
    const uint64_t values = (uint64_t)f->ticks * (f->neurons.count + f->stimuli.count);
    if (values <= WEFT_CIRCUIT_VALUES_MAX) return WEFT_OK;
    return weft_record_error(&l->out->yaml, l->out->yaml.root, "ticks", err,
                             "with the neurons and stimuli %llu values to keep; at most %llu",
                             (unsigned long long)values, (unsigned long long)WEFT_CIRCUIT_VALUES_MAX);
}

weft_status weft_circuit_check(weft_circuit_loader *l, weft_error *err) {
    for (size_t i = 0; i < l->file.connections.count; i++) WEFT_TRY(check_connection(l, i, err));
    for (int i = 0; i < l->out->stimulus_count; i++) WEFT_TRY(check_stimulus(l, i, err));
    return WEFT_OK;
}
