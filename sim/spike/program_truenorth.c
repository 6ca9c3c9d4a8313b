/* TrueNorth cores of a program. */
#include <stdlib.h>

#include "sim/spike/program_internal.h"
#include "sim/spike/truenorth.h"

enum { LEAK, THRESHOLD, FLOOR, SATURATE, RESET_MODE, RESET, INITIAL, PARAMETERS };
static const char *const names[PARAMETERS] = {"leak",  "threshold", "negative_threshold", "saturate", "reset_mode",
                                              "reset", "initial"};

typedef struct crossbar {
    const weft_program_build *build;
    const weft_laid_core *core;
    size_t words;
    uint8_t *types;
    uint64_t *bits;
    weft_truenorth_neuron *neurons;
    int32_t *initial;
    uint16_t *hold;
    bool holds; /* any */
} crossbar;

/* Repeats what reaches it on its one axon, of type 0. */
static const weft_truenorth_neuron relay = {.weight = {1}, .threshold = 1, .saturate = true};

static void set_weights(weft_truenorth_neuron *out, const weft_spike_layout *layout, int population) {
    for (int i = 0; i < WEFT_TRUENORTH_TYPES && i < layout->weight_rank_count[population]; i++)
        out->weight[i] = (int)layout->weight_rank[population][i];
}

static void set_neuron(weft_truenorth_neuron *out, const double value[PARAMETERS]) {
    out->leak = (int)value[LEAK];
    out->threshold = (int)value[THRESHOLD];
    out->negative_threshold = (int)value[FLOOR];
    out->saturate = value[SATURATE] != 0;
    out->reset_mode = (weft_truenorth_reset)value[RESET_MODE];
    out->reset = (int)value[RESET];
}

/* The membrane ahead of tick 0 that leaves `initial` ahead of tick `lag`. False: it would fire or be cut before, and
 * has to be held. A neuron without a floor below 0 has no state. */
static bool find_initial(int32_t *out, const weft_truenorth_neuron *neuron, double initial, int lag) {
    const int64_t before = (int64_t)initial - (int64_t)lag * neuron->leak;
    *out = (int32_t)initial;
    if (neuron->negative_threshold == 0) return lag == 0 || neuron->leak < neuron->threshold;
    if (before < -neuron->negative_threshold || (lag > 0 && before + neuron->leak >= neuron->threshold)) return false;
    *out = (int32_t)before;
    return true;
}

static void set_start(crossbar *c, int slot, double initial) {
    const int lag = c->build->layout->lag[c->core->slots[slot].population];
    if (find_initial(&c->initial[slot], &c->neurons[slot], initial, lag)) return;
    c->hold[slot] = (uint16_t)lag;
    c->holds = true;
}

static void set_slots(crossbar *c) {
    const weft_spike_layout *layout = c->build->layout;
    const weft_snn_fit_parameter *of[PARAMETERS] = {0};
    int population = -1;
    for (int s = 0; s < c->core->slot_count; s++) {
        const weft_spike_slot *slot = &c->core->slots[s];
        double value[PARAMETERS] = {0};
        if (slot->relay) {
            c->neurons[s] = relay;
            continue;
        }
        for (int i = 0; i < PARAMETERS; i++) {
            if (slot->population != population)
                of[i] = weft_snn_fit_find(&c->build->fit->populations[slot->population], names[i]);
            if (of[i]) value[i] = of[i]->values[of[i]->count > 1 ? slot->neuron : 0];
        }
        population = slot->population;
        set_weights(&c->neurons[s], layout, population);
        set_neuron(&c->neurons[s], value);
        set_start(c, s, value[INITIAL]);
    }
}

static void set_crossbar(const crossbar *c, const weft_program_synapses *synapses) {
    for (int a = 0; a < c->core->axon_count; a++) {
        uint64_t *row = c->bits + (size_t)a * c->words;
        c->types[a] = c->core->axons[a].kind > 0 ? (uint8_t)c->core->axons[a].kind : 0;
        for (uint64_t i = synapses->first[a]; i < synapses->first[a + 1]; i++)
            if (synapses->items[i].weight != 0)
                row[synapses->items[i].slot / 64] |= UINT64_C(1) << synapses->items[i].slot % 64;
    }
}

/* One set of parameters for a core whose neurons are alike. */
static int neurons_apart(const weft_truenorth_neuron *neurons, int count) {
    for (int s = 1; s < count; s++) {
        const weft_truenorth_neuron *a = &neurons[0], *b = &neurons[s];
        bool same = a->leak == b->leak && a->threshold == b->threshold && a->reset == b->reset &&
                    a->negative_threshold == b->negative_threshold && a->reset_mode == b->reset_mode &&
                    a->saturate == b->saturate;
        for (int i = 0; i < WEFT_TRUENORTH_TYPES; i++) same &= a->weight[i] == b->weight[i];
        if (!same) return count;
    }
    return 1;
}

static weft_status create(void **state, const crossbar *c, int core, weft_error *err) {
    const int slots = c->core->slot_count;
    weft_truenorth_config config = {.axons = c->core->axon_count > 0 ? c->core->axon_count : 1,
                                    .neurons = slots,
                                    .types = c->types,
                                    .crossbar = c->bits,
                                    .initial = c->initial,
                                    .hold = c->holds ? c->hold : NULL,
                                    .seed = c->build->seed,
                                    .core = (uint32_t)core};
    WEFT_TRY(weft_truenorth_neurons_create(&config.parameters, c->neurons, neurons_apart(c->neurons, slots), err));
    const weft_status status = weft_truenorth_create(state, &config, err);
    weft_truenorth_neurons_release(config.parameters);
    return status;
}

weft_status weft_program_truenorth(void **state, const weft_program_build *build, int core,
                                   const weft_program_synapses *synapses, weft_error *err) {
    crossbar c = {.build = build, .core = &build->layout->cores[core]};
    const size_t slots = (size_t)c.core->slot_count, axons = (size_t)c.core->axon_count + 1;
    weft_status status = WEFT_OK;
    c.words = (slots + 63) / 64;
    c.types = calloc(axons, sizeof *c.types);
    c.bits = calloc(axons * c.words, sizeof *c.bits);
    c.neurons = calloc(slots, sizeof *c.neurons);
    c.initial = calloc(slots, sizeof *c.initial);
    c.hold = calloc(slots, sizeof *c.hold);
    if (!c.types || !c.bits || !c.neurons || !c.initial || !c.hold)
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "no memory to program core %d", core));
    set_slots(&c);
    set_crossbar(&c, synapses);
    WEFT_TRY_GOTO(create(state, &c, core, err));
cleanup:
    free(c.types);
    free(c.bits);
    free(c.neurons);
    free(c.initial);
    free(c.hold);
    return status;
}
