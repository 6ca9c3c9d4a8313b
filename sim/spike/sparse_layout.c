/* Sparse core: how synapses lie in memory. */
#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "sim/spike/sparse_internal.h"

enum { WEIGHT_MAX = 32767, DELAYS = WEFT_SPARSE_DELAY_MAX + 1 };

void weft_sparse_range(int weight_bits, weft_sparse_sign sign, int *low, int *high) {
    const int half = 1 << (weight_bits - 1), whole = 1 << weight_bits;
    *low = sign == WEFT_SPARSE_SIGNED ? -half : sign == WEFT_SPARSE_NEGATIVE ? 1 - whole : 0;
    *high = sign == WEFT_SPARSE_SIGNED ? half - 1 : sign == WEFT_SPARSE_POSITIVE ? whole - 1 : 0;
}

/* ---- weights ---- */

/* w 2^exponent, rounded down and held at the limit. */
static int effective(int w, int exponent) {
    const int value = exponent >= 0 ? w * (1 << exponent) : (int)floor(ldexp(w, exponent));
    return value > WEIGHT_MAX ? WEIGHT_MAX : value < -WEIGHT_MAX ? -WEIGHT_MAX : value;
}

/* Largest power of 2 that all of the core's weights share by their exponents, and whether they then fit a byte
 * whatever an error makes of them. */
static void store_choose(weft_sparse *core, const weft_sparse_spec *spec) {
    int least = WEFT_SPARSE_EXPONENT_MAX, most = 0, low = 0, high = 0;
    for (int a = 0; a < spec->axons; a++) {
        if (spec->first[a + 1] == spec->first[a]) continue;
        if (core->exponent[a] < least) least = core->exponent[a];
        if (core->exponent[a] > most) most = core->exponent[a];
    }
    weft_sparse_range(spec->weight_bits, spec->sign, &low, &high);
    /* A weight that is held at the limit is not a multiple of the others' power. */
    if (least < 0 || least > most || low * (1 << most) < -WEIGHT_MAX) least = 0;
    core->scale = 1 << least;
    const int wide = 1 << (most - least);
    const bool byte = low * wide >= INT8_MIN && high * wide <= INT8_MAX;
    core->store = byte ? WEFT_SPARSE_INT8 : WEFT_SPARSE_INT16;
    core->width = byte ? sizeof(int8_t) : sizeof(int16_t);
}

/* In units of scale, where weights are whole. */
static double stored_get(const weft_sparse *core, weft_sparse_run *run, uint32_t index) {
    void *weights = weft_sparse_weights(run);
    if (core->store == WEFT_SPARSE_INT8) return ((int8_t *)weights)[index];
    if (core->store == WEFT_SPARSE_INT16) return ((int16_t *)weights)[index];
    return (double)((float *)weights)[index];
}

static void stored_set(const weft_sparse *core, weft_sparse_run *run, uint32_t index, double value) {
    void *weights = weft_sparse_weights(run);
    if (core->store == WEFT_SPARSE_INT8)
        ((int8_t *)weights)[index] = (int8_t)value;
    else if (core->store == WEFT_SPARSE_INT16)
        ((int16_t *)weights)[index] = (int16_t)value;
    else
        ((float *)weights)[index] = (float)value;
}

double weft_sparse_value_get(const weft_sparse *core, weft_sparse_run *run, uint32_t index) {
    return core->scale * stored_get(core, run, index);
}

void weft_sparse_value_set(weft_sparse *core, int axon, weft_sparse_run *run, uint32_t index, double value) {
    if (core->store != WEFT_SPARSE_FLOAT) {
        const int exponent = core->exponent[axon], up = exponent > 0 ? exponent : 0;
        int low = 0, high = 0;
        weft_sparse_range(core->weight_bits, core->sign, &low, &high);
        low = effective(low, exponent), high = effective(high, exponent);
        value = round(ldexp(value, -up)) * (1 << up);
        value = (value < low ? low : value > high ? high : value) / core->scale;
    }
    stored_set(core, run, index, value);
}

/* ---- runs ---- */

void weft_sparse_run_settle(weft_sparse *core, weft_sparse_run *run) {
    uint16_t *neuron = weft_sparse_neurons(run);
    run->active = 0;
    for (uint32_t i = 0; i < run->stored; i++) {
        const double value = stored_get(core, run, i);
        if (value == 0) continue;
        const uint32_t to = run->active++;
        if (run->contiguous || to == i) continue;
        /* What lies at `to` is a zero: the order of the others stays. */
        const uint16_t silent = neuron[to];
        neuron[to] = neuron[i], neuron[i] = silent;
        stored_set(core, run, to, value), stored_set(core, run, i, 0);
    }
}

/* Heads of an axon's runs by delay, those without synapses of 0 bytes; returns the bytes of all. */
static size_t axon_survey(weft_sparse_run runs[DELAYS], const weft_sparse *core, const weft_sparse_spec *spec,
                          int axon) {
    size_t total = 0;
    memset(runs, 0, DELAYS * sizeof *runs);
    for (uint64_t i = spec->first[axon]; i < spec->first[axon + 1]; i++) {
        const weft_sparse_synapse *s = &spec->synapses[i];
        weft_sparse_run *run = &runs[s->delay];
        if (!run->stored) run->start = s->neuron, run->contiguous = true;
        run->contiguous &= s->neuron == run->start + run->stored;
        run->stored++;
    }
    for (int d = 0; d < DELAYS; d++) {
        weft_sparse_run *run = &runs[d];
        if (!run->stored) continue;
        run->delay = (uint8_t)d;
        run->contiguous &= run->stored >= WEFT_SPARSE_CONTIGUOUS_MIN;
        const size_t end = (size_t)((char *)weft_sparse_weights(run) - (char *)run) + run->stored * core->width;
        run->bytes = (uint32_t)((end + WEFT_SPARSE_ALIGN - 1) / WEFT_SPARSE_ALIGN * WEFT_SPARSE_ALIGN);
        total += run->bytes;
    }
    return total;
}

static void axon_lay(weft_sparse *core, const weft_sparse_spec *spec, int axon) {
    weft_sparse_run heads[DELAYS], *of[DELAYS], *next = weft_sparse_runs(core, axon);
    axon_survey(heads, core, spec, axon);
    for (int d = 0; d < DELAYS; d++) {
        of[d] = next;
        if (!heads[d].stored) continue;
        *next = heads[d];
        next = weft_sparse_next(next);
    }
    for (uint64_t i = spec->first[axon]; i < spec->first[axon + 1]; i++) {
        const weft_sparse_synapse *s = &spec->synapses[i];
        weft_sparse_run *run = of[s->delay];
        const uint32_t at = run->active++;
        if (!run->contiguous) weft_sparse_neurons(run)[at] = s->neuron;
        stored_set(core, run, at,
                   core->store == WEFT_SPARSE_FLOAT ? (double)s->weight
                                                    : effective((int)s->weight, core->exponent[axon]) / core->scale);
    }
    for (weft_sparse_run *run = weft_sparse_runs(core, axon); run != next; run = weft_sparse_next(run))
        weft_sparse_run_settle(core, run);
}

weft_status weft_sparse_lay(weft_sparse *core, const weft_sparse_spec *spec, weft_error *err) {
    size_t bytes = 0;
    core->scale = 1, core->store = WEFT_SPARSE_FLOAT, core->width = sizeof(float);
    if (spec->neurons.model->integer) store_choose(core, spec);
    for (int a = 0; a < spec->axons; a++) {
        weft_sparse_run heads[DELAYS];
        core->place[a] = (uint32_t)(bytes / WEFT_SPARSE_ALIGN);
        bytes += axon_survey(heads, core, spec, a);
    }
    core->place[spec->axons] = (uint32_t)(bytes / WEFT_SPARSE_ALIGN);
    core->memory = weft_aligned_alloc(bytes ? bytes : 1, 1);
    if (!core->memory) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %zu bytes of synapses", bytes);
    for (int a = 0; a < spec->axons; a++) axon_lay(core, spec, a);
    return WEFT_OK;
}
