#include "sim/spike/odin.h"

#include <stdlib.h>
#include <string.h>

#include "core/clones.h"

enum { SIZE = WEFT_ODIN_SIZE_MAX, TOP = WEFT_ODIN_MEMBRANE_MAX };

typedef struct odin {
    int axons, neurons, operations;
    int16_t v[SIZE], threshold[SIZE], leak[SIZE]; /* [neurons] */
    int8_t weights[];                             /* [axons, neurons] */
} odin;

/* Of a tick, one a neuron. */
typedef struct marks {
    uint8_t fired[SIZE], touched[SIZE];
} marks;

/* ---- programming ---- */

static weft_status check_axon(const weft_odin_config *c, int axon, weft_error *err) {
    const int8_t *row = c->weights + (size_t)axon * (size_t)c->neurons;
    int sign = 0;
    for (int n = 0; n < c->neurons; n++) {
        if (abs(row[n]) > WEFT_ODIN_WEIGHT_MAX)
            return weft_error_set(err, WEFT_E_INVALID, "axon %d, neuron %d: weight %d; allowed are -%d .. %d", axon, n,
                                  row[n], WEFT_ODIN_WEIGHT_MAX, WEFT_ODIN_WEIGHT_MAX);
        if (row[n] * sign < 0)
            return weft_error_set(err, WEFT_E_INVALID, "axon %d, neuron %d: weight %d on an axon of the other sign",
                                  axon, n, row[n]);
        if (row[n] != 0) sign = row[n];
    }
    return WEFT_OK;
}

static weft_status check(const weft_odin_config *c, weft_error *err) {
    if (c->axons < 1 || c->axons > SIZE || c->neurons < 1 || c->neurons > SIZE)
        return weft_error_set(err, WEFT_E_INVALID, "%d axons and %d neurons; allowed are 1 .. %d of each", c->axons,
                              c->neurons, SIZE);
    for (int n = 0; n < c->neurons; n++) {
        const weft_odin_neuron *of = &c->parameters[n];
        if (of->threshold < 1 || of->threshold > TOP)
            return weft_error_set(err, WEFT_E_INVALID, "neuron %d: threshold %d; allowed are 1 .. %d", n, of->threshold,
                                  TOP);
        if (of->leak < 0 || of->leak > WEFT_ODIN_LEAK_MAX)
            return weft_error_set(err, WEFT_E_INVALID, "neuron %d: leak %d; allowed are 0 .. %d", n, of->leak,
                                  WEFT_ODIN_LEAK_MAX);
    }
    for (int a = 0; a < c->axons; a++) WEFT_TRY(check_axon(c, a, err));
    return WEFT_OK;
}

weft_status weft_odin_create(void **state, const weft_odin_config *config, weft_error *err) {
    const size_t synapses = (size_t)config->axons * (size_t)config->neurons;
    *state = NULL;
    WEFT_TRY(check(config, err));
    odin *core = calloc(1, sizeof *core + synapses);
    if (!core) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a core of %zu synapses", synapses);
    core->axons = config->axons;
    core->neurons = config->neurons;
    core->operations = config->operations;
    for (int n = 0; n < config->neurons; n++) {
        core->threshold[n] = (int16_t)config->parameters[n].threshold;
        core->leak[n] = (int16_t)config->parameters[n].leak;
    }
    memcpy(core->weights, config->weights, synapses);
    *state = core;
    return WEFT_OK;
}

/* ---- a tick ---- */

/* Neurons that reached their threshold a second time in the tick before. */
WEFT_CLONES static void fire_late(odin *core, marks *m) {
    for (int n = 0; n < core->neurons; n++) {
        const bool fires = core->v[n] >= core->threshold[n];
        m->touched[n] = m->fired[n] = fires;
        core->v[n] = fires ? 0 : core->v[n];
    }
}

WEFT_CLONES static void take_event(odin *core, int axon, marks *m) {
    const int8_t *row = core->weights + (size_t)axon * (size_t)core->neurons;
    for (int n = 0; n < core->neurons; n++) {
        const int sum = core->v[n] + row[n], v = sum < 0 ? 0 : sum > TOP ? TOP : sum;
        const bool fires = v >= core->threshold[n] && !m->fired[n];
        core->v[n] = (int16_t)(fires ? 0 : v);
        m->fired[n] |= fires;
        m->touched[n] |= row[n] != 0;
    }
}

/* Returns whether nothing is left that the next tick would change without events. */
WEFT_CLONES static bool leak(odin *core) {
    unsigned restless = 0;
    for (int n = 0; n < core->neurons; n++) {
        const int left = core->v[n] - core->leak[n], v = left < 0 ? 0 : left;
        core->v[n] = (int16_t)v;
        restless |= (unsigned)(v >= core->threshold[n]) | (unsigned)(v > 0 && core->leak[n] > 0);
    }
    return !restless;
}

static bool step(void *state, uint64_t tick, const weft_spike_inbox *inbox, uint16_t *fired, int *fired_count,
                 weft_spike_counts *counts) {
    odin *core = state;
    marks m;
    int count = 0, active = 0;
    (void)tick;
    fire_late(core, &m);
    for (int i = 0; i < inbox->count; i++) take_event(core, inbox->axons[i], &m);
    for (int n = 0; n < core->neurons; n++) {
        if (m.fired[n]) fired[count++] = (uint16_t)n;
        active += m.touched[n];
    }
    *fired_count = count;
    counts->axon_events += (uint64_t)inbox->count;
    counts->synaptic_events += (uint64_t)inbox->count * (uint64_t)core->operations;
    counts->updates_active += (uint64_t)active;
    counts->updates_inactive += (uint64_t)(core->neurons - active);
    return leak(core);
}

static double membrane(const void *state, int neuron) { return ((const odin *)state)->v[neuron]; }

static void reset(void *state) {
    odin *core = state;
    memset(core->v, 0, sizeof core->v);
}

const weft_spike_kind weft_odin_kind = {
    .name = "odin",
    .summary = "crossbar of 3-bit weights, 8-bit leaky integrate-and-fire neurons of Frenkel et al. 2019",
    .step = step,
    .membrane = membrane,
    .reset = reset,
    .destroy = free,
};
