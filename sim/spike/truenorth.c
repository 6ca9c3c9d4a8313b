#include "sim/spike/truenorth.h"

#include <stdlib.h>
#include <string.h>

#include "sim/spike/truenorth_core.h"

/* ---- programming ---- */

static weft_status check_bits(const weft_truenorth_config *c, weft_error *err) {
    const int words = (c->neurons + 63) / 64;
    const uint64_t beyond = c->neurons % 64 ? ~UINT64_C(0) << c->neurons % 64 : 0;
    for (int a = 0; a < c->axons; a++) {
        if (c->types[a] >= WEFT_TRUENORTH_TYPES)
            return weft_error_set(err, WEFT_E_INVALID, "axon %d: type %d; allowed are 0 .. %d", a, c->types[a],
                                  WEFT_TRUENORTH_TYPES - 1);
        if (c->crossbar[(size_t)a * (size_t)words + (size_t)words - 1] & beyond)
            return weft_error_set(err, WEFT_E_INVALID, "axon %d: a synapse beyond neuron %d, the last", a,
                                  c->neurons - 1);
    }
    return WEFT_OK;
}

static weft_status check(const weft_truenorth_config *c, weft_error *err) {
    const int most = WEFT_TRUENORTH_SIZE_MAX;
    if (c->axons < 1 || c->axons > most)
        return weft_error_set(err, WEFT_E_INVALID, "%d axons; allowed are 1 .. %d", c->axons, most);
    if (c->neurons < 1 || c->neurons > most)
        return weft_error_set(err, WEFT_E_INVALID, "%d neurons; allowed are 1 .. %d", c->neurons, most);
    if (c->parameters->count != 1 && c->parameters->count != c->neurons)
        return weft_error_set(err, WEFT_E_INVALID, "parameters of %d neurons for a core with %d", c->parameters->count,
                              c->neurons);
    if (c->core >= WEFT_TRUENORTH_CORES_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "random streams of core %u; allowed are 0 .. %d", c->core,
                              WEFT_TRUENORTH_CORES_MAX - 1);
    for (int n = 0; c->initial && n < c->neurons; n++)
        if (c->initial[n] < WEFT_TRUENORTH_MEMBRANE_MIN || c->initial[n] > WEFT_TRUENORTH_MEMBRANE_MAX)
            return weft_error_set(err, WEFT_E_INVALID, "neuron %d: initial membrane %d; allowed are %d .. %d", n,
                                  c->initial[n], WEFT_TRUENORTH_MEMBRANE_MIN, WEFT_TRUENORTH_MEMBRANE_MAX);
    return check_bits(c, err);
}

static size_t round_up(size_t bytes) { return (bytes + 63) / 64 * 64; }

/* One block of memory for a core: itself, membranes, types, crossbar; last what is seldom used. */
static weft_truenorth_core *allocate(const weft_truenorth_config *c) {
    const size_t words = ((size_t)c->neurons + 63) / 64, padded = 64 * words, axons = (size_t)c->axons;
    const size_t itself = round_up(sizeof(weft_truenorth_core)), membranes = padded * sizeof(int32_t);
    const size_t narrow = c->parameters->narrow ? padded * sizeof(int16_t) : 0;
    const size_t types = round_up((axons + 3) / 4), crossbar = round_up(axons * words * sizeof(uint64_t));
    const size_t initial = c->initial ? membranes : 0, hold = c->hold ? padded * sizeof(uint16_t) : 0;
    char *memory = weft_truenorth_take(c->parameters, itself + narrow + types + crossbar + membranes + initial + hold);
    if (!memory) return NULL;
    weft_truenorth_core *core = (void *)memory;
    memory += itself;
    if (narrow) core->narrow_v = (void *)memory;
    memory += narrow;
    core->types = (void *)memory;
    memory += types;
    core->crossbar = (void *)memory;
    memory += crossbar;
    core->v = (void *)memory;
    memory += membranes;
    if (initial) core->initial = (void *)memory;
    if (hold) core->hold = (void *)(memory + initial);
    core->words = (int)words;
    return core;
}

static bool has_effect(const weft_truenorth_neurons *p, int type, int neuron) {
    return weft_truenorth_value(&p->weight[type], neuron) != 0 || weft_truenorth_value(&p->sign[type], neuron) != 0;
}

/* Synapses whose weight is 0 never count and never matter: they are left out. */
static void program_crossbar(weft_truenorth_core *core, const uint64_t *bits) {
    uint64_t masks[WEFT_TRUENORTH_TYPES][WEFT_TRUENORTH_SIZE_MAX / 64] = {{0}};
    for (int type = 0; type < WEFT_TRUENORTH_TYPES; type++)
        for (int n = 0; n < core->neurons; n++)
            if (has_effect(core->parameters, type, n)) masks[type][n / 64] |= UINT64_C(1) << n % 64;
    for (int a = 0; a < core->axons; a++)
        for (int w = 0; w < core->words; w++) {
            const size_t at = (size_t)a * (size_t)core->words + (size_t)w;
            const uint64_t word = bits[at] & masks[weft_truenorth_type(core, a)][w];
            for (int b = 0; b < 4; b++) core->crossbar[4 * at + (size_t)b] = (uint16_t)(word >> 16 * b);
        }
}

static void reset(void *state) {
    weft_truenorth_core *core = state;
    memset(core->v, 0, 64 * (size_t)core->words * sizeof *core->v);
    core->peak = 0;
    core->narrow = false;
    for (int n = 0; core->initial && n < core->neurons; n++) {
        core->v[n] = core->initial[n];
        const uint32_t size = (uint32_t)abs(core->v[n]);
        core->peak = size > core->peak ? size : core->peak;
    }
    weft_truenorth_try_narrow(core);
}

weft_status weft_truenorth_create(void **state, const weft_truenorth_config *config, weft_error *err) {
    *state = NULL;
    WEFT_TRY(check(config, err));
    weft_truenorth_core *core = allocate(config);
    if (!core)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for a core of %d x %d synapses", config->axons,
                              config->neurons);
    core->parameters = config->parameters;
    core->parameters->shares++;
    core->axons = config->axons;
    core->neurons = config->neurons;
    core->seed = config->seed;
    core->core = config->core;
    core->generator = config->generator;
    core->context = config->context;
    for (int a = 0; a < config->axons; a++) core->types[a / 4] |= (uint8_t)(config->types[a] << 2 * (a % 4));
    program_crossbar(core, config->crossbar);
    if (config->initial) memcpy(core->initial, config->initial, (size_t)config->neurons * sizeof *core->initial);
    for (int n = 0; config->hold && n < config->neurons; n++) {
        core->hold[n] = config->hold[n];
        core->held = core->hold[n] > core->held ? core->hold[n] : core->held;
    }
    reset(core);
    *state = core;
    return WEFT_OK;
}

static void destroy(void *state) {
    if (state) weft_truenorth_neurons_release(((weft_truenorth_core *)state)->parameters);
}

static double membrane(const void *state, int neuron) {
    const weft_truenorth_core *core = state;
    return core->narrow ? core->narrow_v[neuron] : core->v[neuron];
}

const weft_spike_kind weft_truenorth_kind = {
    .name = "truenorth",
    .summary = "crossbar of one-bit synapses, four axon types, digital neurons of Cassidy et al. 2013",
    .step = weft_truenorth_step,
    .membrane = membrane,
    .reset = reset,
    .destroy = destroy,
    .prepare = weft_truenorth_prepare,
};
