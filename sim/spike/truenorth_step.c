/* A TrueNorth core's tick. */
#include <stdlib.h>
#include <string.h>

#include "core/clones.h"
#include "sim/spike/truenorth_core.h"
#include "sim/spike/truenorth_narrow.h"

enum { TYPES = WEFT_TRUENORTH_TYPES, SIZE = WEFT_TRUENORTH_SIZE_MAX, WORDS = SIZE / 64 };
enum { STRONGEST = -WEFT_TRUENORTH_WEIGHT_MIN }; /* what one event can add to or take from a membrane */

/* The axons with an event, each once; returns how many. axons[SIZE + 1] */
static int take_axons(const weft_spike_inbox *inbox, uint16_t *axons) {
    int count = 0;
    for (int i = 0, last = -1; i < inbox->count; last = inbox->axons[i++]) {
        axons[count] = inbox->axons[i];
        count += inbox->axons[i] != last;
    }
    return count;
}

static const uint16_t *row_of(const weft_truenorth_core *core, int axon) {
    return core->crossbar + 4 * (size_t)core->words * (size_t)axon;
}

/* Synapses of the rows; touched[words]: neurons that have any. */
WEFT_CLONES static uint64_t reach(const uint16_t *crossbar, int words, const uint16_t *axons, int count,
                                  uint64_t *touched) {
    uint64_t synapses = 0;
    memset(touched, 0, (size_t)words * sizeof *touched);
    for (int i = 0; i < count; i++) {
        const uint16_t *row = crossbar + 4 * (size_t)words * axons[i];
        for (int w = 0; w < words; w++) {
            uint64_t bits;
            memcpy(&bits, row + 4 * w, sizeof bits);
            synapses += (uint64_t)__builtin_popcountll(bits);
            touched[w] |= bits;
        }
    }
    return synapses;
}

WEFT_CLONES static uint64_t count_updated(const uint64_t *touched, const uint16_t *fired, int words) {
    uint64_t count = 0;
    for (int w = 0; w < words; w++) {
        uint64_t bits;
        memcpy(&bits, fired + 4 * w, sizeof bits);
        count += (uint64_t)__builtin_popcountll(bits | touched[w]);
    }
    return count;
}

/* Whether sums of so many events could leave 20 bits, or need draws. */
static bool needs_order(const weft_truenorth_core *core, const uint16_t *axons, int count) {
    if (core->peak + (uint32_t)count * STRONGEST > WEFT_TRUENORTH_MEMBRANE_MAX) return true;
    bool stochastic = false;
    if (!core->parameters->stochastic_synapses) return false;
    for (int i = 0; i < count; i++)
        stochastic |= core->parameters->stochastic_type[weft_truenorth_type(core, axons[i])];
    return stochastic;
}

static void integrate_in_order(const weft_truenorth_core *core, uint64_t tick, const uint16_t *axons, int count) {
    _Alignas(64) uint8_t draws[SIZE];
    for (int i = 0; i < count; i++) {
        const int type = weft_truenorth_type(core, axons[i]);
        const bool stochastic = core->parameters->stochastic_type[type];
        if (stochastic) weft_truenorth_synapse_draws(core, tick, axons[i], draws);
        const weft_truenorth_event event = {.neurons = core->parameters,
                                            .v = core->v,
                                            .words = core->words,
                                            .type = type,
                                            .row = row_of(core, axons[i]),
                                            .draws = stochastic ? draws : NULL};
        weft_truenorth_integrate(&event);
    }
}

static void group_rows(const weft_truenorth_core *core, const uint16_t *axons, int count, const uint16_t **rows,
                       int ends[TYPES]) {
    int next[TYPES] = {0};
    for (int i = 0; i < count; i++) next[weft_truenorth_type(core, axons[i])]++;
    for (int type = 0, end = 0; type < TYPES; type++) {
        const int of_type = next[type];
        next[type] = end;
        end += of_type;
        ends[type] = end;
    }
    for (int i = 0; i < count; i++) rows[next[weft_truenorth_type(core, axons[i])]++] = row_of(core, axons[i]);
}

/* Ascending numbers of the neurons that fired; writes one more than it returns. A branch on so few bits is mostly
 * mispredicted: the first of a word are written whether they are there or not. */
static int list_fired(const uint64_t *masks, int words, uint16_t *fired) {
    int count = 0;
    for (int w = 0; w < words; w++) {
        uint64_t bits = masks[w];
        for (int i = 0; i < 3; i++, bits &= bits - 1) {
            fired[count] = (uint16_t)(64 * w + __builtin_ctzll(bits | UINT64_C(1) << 63));
            count += bits != 0;
        }
        for (; bits; bits &= bits - 1) fired[count++] = (uint16_t)(64 * w + __builtin_ctzll(bits));
    }
    return count;
}

/* Neurons that exist in the last word. */
static uint64_t last_word(const weft_truenorth_core *core) {
    return ~UINT64_C(0) >> (64 - (core->neurons - 64 * (core->words - 1)));
}

/* draws[SIZE], aligned; NULL: none needed. */
static const uint8_t *draw_leaks(const weft_truenorth_core *core, uint64_t tick, uint8_t *draws) {
    if (!core->parameters->stochastic_leak) return NULL;
    weft_truenorth_leak_draws(core, tick, draws);
    return draws;
}

/* ---- membranes of 16 bits ---- */

enum { NARROW_AGAIN = WEFT_TRUENORTH_NARROW_MOST / 2 }; /* so that a core does not go to and fro */

void weft_truenorth_try_narrow(weft_truenorth_core *core) {
    if (!core->narrow_v || core->peak > NARROW_AGAIN) return;
    for (int n = 0; n < core->neurons; n++) core->narrow_v[n] = (int16_t)core->v[n];
    core->narrow = true;
}

static void widen(weft_truenorth_core *core) {
    for (int n = 0; n < core->neurons; n++) core->v[n] = core->narrow_v[n];
    core->narrow = false;
}

/* Whether membranes stay narrow in a tick with so many events; then the peak is what they may have after it. */
static bool stays_narrow(weft_truenorth_core *core, int events) {
    const weft_truenorth_narrow *n = core->parameters->narrow;
    const uint32_t growth = (uint32_t)events * n->strongest + n->leak_most;
    if (core->peak + growth > WEFT_TRUENORTH_NARROW_MOST) {
        int peak = 0;
        for (int i = 0; i < core->neurons; i++) peak = abs(core->narrow_v[i]) > peak ? abs(core->narrow_v[i]) : peak;
        core->peak = (uint32_t)peak;
    }
    if (core->peak + growth > WEFT_TRUENORTH_NARROW_MOST) return false;
    core->peak += growth;
    if (core->peak < n->restart_most) core->peak = n->restart_most;
    return true;
}

static bool step_narrow(weft_truenorth_core *core, uint64_t tick, const uint16_t *axons, int events, uint64_t *fired,
                        weft_spike_counts *counts) {
    _Alignas(64) uint8_t draws[SIZE];
    weft_truenorth_narrow_tick t = {.neurons = core->parameters->narrow,
                                    .v = core->narrow_v,
                                    .words = core->words,
                                    .shared = core->parameters->shared,
                                    .restless = core->parameters->restless,
                                    .last = last_word(core),
                                    .crossbar = core->crossbar,
                                    .types = core->types,
                                    .axons = axons,
                                    .count = events,
                                    .leak_draws = draw_leaks(core, tick, draws),
                                    .fired = fired};
    weft_truenorth_narrow_update(&t);
    counts->synaptic_events += t.synapses;
    counts->updates_active += t.active;
    counts->updates_inactive += (uint64_t)core->neurons - t.active;
    return t.unrest == 0;
}

/* ---- membranes of 32 bits ---- */

static bool step_wide(weft_truenorth_core *core, uint64_t tick, const uint16_t *axons, int events, uint64_t *fired,
                      weft_spike_counts *counts) {
    _Alignas(64) uint8_t leak_draws[SIZE];
    uint16_t masks[4 * WORDS];
    const uint16_t *rows[SIZE];
    uint64_t touched[WORDS];
    uint32_t threshold_draws[SIZE];
    weft_truenorth_tick t = {.neurons = core->parameters,
                             .v = core->v,
                             .words = core->words,
                             .last = last_word(core),
                             .rows = rows,
                             .fired = masks};
    if (core->narrow) widen(core);
    counts->synaptic_events += reach(core->crossbar, core->words, axons, events, touched);
    if (needs_order(core, axons, events))
        integrate_in_order(core, tick, axons, events);
    else
        group_rows(core, axons, events, rows, t.ends);
    t.leak_draws = draw_leaks(core, tick, leak_draws);
    if (core->parameters->random_threshold) {
        weft_truenorth_threshold_draws(core, tick, threshold_draws);
        t.threshold_draws = threshold_draws;
    }
    weft_truenorth_update(&t);
    core->peak = t.peak;
    for (int w = 0; w < core->words; w++) {
        const uint16_t *m = masks + 4 * w;
        fired[w] = m[0] | (uint64_t)m[1] << 16 | (uint64_t)m[2] << 32 | (uint64_t)m[3] << 48;
    }
    const uint64_t active = count_updated(touched, masks, core->words);
    counts->updates_active += active;
    counts->updates_inactive += (uint64_t)core->neurons - active;
    weft_truenorth_try_narrow(core);
    return t.unrest == 0;
}

/* Takes back what neurons did that still wait. */
static void hold(weft_truenorth_core *core, uint64_t tick, uint64_t *fired, weft_spike_counts *counts) {
    if (core->narrow) widen(core);
    for (int n = 0; n < core->neurons; n++) {
        const uint64_t bit = UINT64_C(1) << n % 64;
        if (tick >= core->hold[n]) continue;
        core->v[n] = core->initial ? core->initial[n] : 0;
        const uint32_t size = (uint32_t)abs(core->v[n]);
        core->peak = size > core->peak ? size : core->peak;
        if (!(fired[n / 64] & bit)) continue;
        fired[n / 64] &= ~bit;
        counts->updates_active--;
        counts->updates_inactive++;
    }
    weft_truenorth_try_narrow(core);
}

bool weft_truenorth_step(void *state, uint64_t tick, const weft_spike_inbox *inbox, uint16_t *fired, int *fired_count,
                         weft_spike_counts *counts) {
    weft_truenorth_core *core = state;
    uint16_t axons[SIZE + 1];
    uint64_t masks[WORDS];
    const int events = take_axons(inbox, axons);
    counts->axon_events += (uint64_t)events;
    bool rests = core->narrow && stays_narrow(core, events) ? step_narrow(core, tick, axons, events, masks, counts)
                                                            : step_wide(core, tick, axons, events, masks, counts);
    if (tick < core->held) {
        hold(core, tick, masks, counts);
        rests = false;
    }
    *fired_count = list_fired(masks, core->words, fired);
    return rests;
}

void weft_truenorth_prepare(const void *state, const weft_spike_inbox *inbox) {
    const weft_truenorth_core *core = state;
    for (int i = 0; i < inbox->count; i++) WEFT_PREFETCH(row_of(core, inbox->axons[i]));
    for (int a = 0; a < core->axons; a += 256) WEFT_PREFETCH(core->types + a / 4);
    if (core->narrow)
        for (int n = 0; n < 64 * core->words; n += 32) WEFT_PREFETCH(core->narrow_v + n);
    else
        for (int n = 0; n < 64 * core->words; n += 16) WEFT_PREFETCH(core->v + n);
}
