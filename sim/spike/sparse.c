/* Sparse core: what it is made of. */
#include "sim/spike/sparse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "sim/spike/sparse_internal.h"

enum { AXONS_MAX = 65536, WEIGHT_MAX = 32767, LIST_BLOCK = 64, LIST_HEAD = 10, WORD = 64 };

static void mantissa_range(const weft_sparse_spec *spec, int *low, int *high) {
    *low = spec->sign == WEFT_SPARSE_SIGNED     ? -(1 << (spec->weight_bits - 1))
           : spec->sign == WEFT_SPARSE_NEGATIVE ? 1 - (1 << spec->weight_bits)
                                                : 0;
    *high = spec->sign == WEFT_SPARSE_SIGNED     ? (1 << (spec->weight_bits - 1)) - 1
            : spec->sign == WEFT_SPARSE_POSITIVE ? (1 << spec->weight_bits) - 1
                                                 : 0;
}

static weft_status spec_check(const weft_sparse_spec *spec, weft_error *err) {
    if (spec->axons < 0 || spec->axons > AXONS_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "sparse core: %d axons; 0 to %d are allowed", spec->axons,
                              AXONS_MAX);
    if (spec->axons && spec->first[spec->axons] - spec->first[0] >= UINT32_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "sparse core: 2^32 synapses or more");
    if (!spec->neurons.model->integer) return WEFT_OK;
    const int most = spec->sign == WEFT_SPARSE_SIGNED ? 9 : 8;
    if (spec->weight_bits < 1 || spec->weight_bits > most)
        return weft_error_set(err, WEFT_E_INVALID, "sparse core: weights of %d bits; 1 to %d are allowed",
                              spec->weight_bits, most);
    for (int a = 0; spec->exponents && a < spec->axons; a++)
        if (spec->exponents[a] < WEFT_SPARSE_EXPONENT_MIN || spec->exponents[a] > WEFT_SPARSE_EXPONENT_MAX)
            return weft_error_set(err, WEFT_E_INVALID, "sparse core: exponent %d of axon %d; %d to %d are allowed",
                                  spec->exponents[a], a, WEFT_SPARSE_EXPONENT_MIN, WEFT_SPARSE_EXPONENT_MAX);
    return WEFT_OK;
}

static weft_status synapse_check(const weft_sparse_spec *spec, int axon, uint64_t index, weft_error *err) {
    const weft_sparse_synapse *s = &spec->synapses[index];
    const unsigned long long number = index - spec->first[axon];
    int low = 0, high = 0;
    if (s->neuron >= spec->neurons.count)
        return weft_error_set(err, WEFT_E_INVALID, "sparse core: synapse %llu of axon %d goes to neuron %d of %d",
                              number, axon, s->neuron, spec->neurons.count);
    if (s->delay > WEFT_SPARSE_DELAY_MAX)
        return weft_error_set(err, WEFT_E_INVALID,
                              "sparse core: synapse %llu of axon %d has a delay of %d; 0 to %d are allowed", number,
                              axon, s->delay, WEFT_SPARSE_DELAY_MAX);
    if (!isfinite(s->weight))
        return weft_error_set(err, WEFT_E_INVALID, "sparse core: the weight of synapse %llu of axon %d is not finite",
                              number, axon);
    if (!spec->neurons.model->integer) return WEFT_OK;
    mantissa_range(spec, &low, &high);
    if (s->weight >= (float)low && s->weight <= (float)high && s->weight == floorf(s->weight)) return WEFT_OK;
    return weft_error_set(
        err, WEFT_E_INVALID,
        "sparse core: the weight of synapse %llu of axon %d is %g; whole numbers from %d to %d are allowed", number,
        axon, (double)s->weight, low, high);
}

static weft_status synapses_check(const weft_sparse_spec *spec, int *longest, weft_error *err) {
    for (int a = 0; a < spec->axons; a++) {
        if (spec->first[a + 1] < spec->first[a])
            return weft_error_set(err, WEFT_E_INVALID, "sparse core: the synapses of axon %d end before they start", a);
        for (uint64_t i = spec->first[a]; i < spec->first[a + 1]; i++) {
            WEFT_TRY(synapse_check(spec, a, i, err));
            if (spec->synapses[i].delay > *longest) *longest = spec->synapses[i].delay;
        }
    }
    return WEFT_OK;
}

/* ---- whole weights: mantissa and exponent to what is stored, and back ---- */

/* w 2^exponent, rounded down, in units of `scale` units. */
static int stored_of(int w, int exponent, int scale) {
    int value = exponent >= 0 ? w * (1 << exponent) : (int)floor(ldexp(w, exponent));
    value = value > WEIGHT_MAX ? WEIGHT_MAX : value < -WEIGHT_MAX ? -WEIGHT_MAX : value;
    return value / scale;
}

/* Largest power of 2 that all of the core's weights share by their exponents, and whether they then fit a byte whatever
 * an error makes of them. */
static void store_choose(weft_sparse *core, const weft_sparse_spec *spec) {
    int least = WEFT_SPARSE_EXPONENT_MAX, most = 0, low = 0, high = 0;
    for (int a = 0; a < spec->axons; a++) {
        if (spec->first[a + 1] == spec->first[a]) continue;
        if (core->exponent[a] < least) least = core->exponent[a];
        if (core->exponent[a] > most) most = core->exponent[a];
    }
    mantissa_range(spec, &low, &high);
    /* A weight that is held at the limit is not a multiple of the others' power. */
    if (least < 0 || least > most || low * (1 << most) < -WEIGHT_MAX) least = 0;
    core->scale = 1 << least;
    const int wide = most - least;
    core->store =
        low * (1 << wide) >= INT8_MIN && high * (1 << wide) <= INT8_MAX ? WEFT_SPARSE_INT8 : WEFT_SPARSE_INT16;
}

double weft_sparse_value_get(const weft_sparse *core, int axon, uint32_t synapse) {
    (void)axon;
    if (core->store == WEFT_SPARSE_FLOAT) return (double)core->weight.f[synapse];
    return core->scale * (core->store == WEFT_SPARSE_INT8 ? core->weight.i8[synapse] : core->weight.i16[synapse]);
}

static void stored_set(weft_sparse *core, uint32_t synapse, int value) {
    if (core->store == WEFT_SPARSE_INT8)
        core->weight.i8[synapse] = (int8_t)value;
    else
        core->weight.i16[synapse] = (int16_t)value;
}

void weft_sparse_value_set(weft_sparse *core, int axon, uint32_t synapse, double value) {
    if (core->store == WEFT_SPARSE_FLOAT) {
        core->weight.f[synapse] = (float)value;
        return;
    }
    const weft_sparse_spec spec = {.weight_bits = core->weight_bits, .sign = core->sign};
    const int exponent = core->exponent[axon], up = exponent > 0 ? exponent : 0;
    int low = 0, high = 0;
    mantissa_range(&spec, &low, &high);
    low = stored_of(low, exponent, 1), high = stored_of(high, exponent, 1);
    double whole = round(ldexp(value, -up)) * (1 << up);
    whole = whole < low ? low : whole > high ? high : whole;
    stored_set(core, synapse, (int)whole / core->scale);
}

/* ---- layout ---- */

static bool run_contiguous(const weft_sparse *core, const weft_sparse_run *run) {
    if (run->stored < WEFT_SPARSE_CONTIGUOUS_MIN) return false;
    const uint16_t *neuron = core->neuron + run->first;
    for (uint32_t i = 1; i < run->stored; i++)
        if (neuron[i] != neuron[0] + i) return false;
    return true;
}

static bool weight_is_zero(const weft_sparse *core, uint32_t i) {
    return core->store == WEFT_SPARSE_INT8    ? core->weight.i8[i] == 0
           : core->store == WEFT_SPARSE_INT16 ? core->weight.i16[i] == 0
                                              : core->weight.f[i] == 0;
}

static void weight_move(weft_sparse *core, uint32_t to, uint32_t from) {
    if (core->store == WEFT_SPARSE_INT8)
        core->weight.i8[to] = core->weight.i8[from];
    else if (core->store == WEFT_SPARSE_INT16)
        core->weight.i16[to] = core->weight.i16[from];
    else
        core->weight.f[to] = core->weight.f[from];
}

/* Where a list has zeros, they change places with what follows; the order of the others stays. */
void weft_sparse_run_settle(weft_sparse *core, weft_sparse_run *run) {
    const uint32_t end = run->first + run->stored;
    run->active = 0;
    for (uint32_t i = run->first; i < end; i++) {
        if (weight_is_zero(core, i)) continue;
        const uint32_t to = run->first + run->active++;
        if (run->contiguous || to == i) continue;
        const uint16_t neuron = core->neuron[to];
        weight_move(core, to, i);
        core->neuron[to] = core->neuron[i];
        core->neuron[i] = neuron;
        weft_sparse_value_set(core, 0, i, 0);
    }
}

/* Runs of one axon from synapse *next on, by rising delay. */
static void axon_lay(weft_sparse *core, const weft_sparse_spec *spec, int axon, uint32_t *next) {
    uint32_t of_delay[WEFT_SPARSE_DELAY_MAX + 2] = {0};
    for (uint64_t i = spec->first[axon]; i < spec->first[axon + 1]; i++) of_delay[spec->synapses[i].delay + 1]++;
    for (int d = 0; d <= WEFT_SPARSE_DELAY_MAX; d++) {
        if (of_delay[d + 1])
            core->runs[core->run_count++] =
                (weft_sparse_run){*next + of_delay[d], of_delay[d + 1], 0, (uint16_t)d, false};
        of_delay[d + 1] += of_delay[d];
    }
    for (uint64_t i = spec->first[axon]; i < spec->first[axon + 1]; i++) {
        const weft_sparse_synapse *s = &spec->synapses[i];
        const uint32_t at = *next + of_delay[s->delay]++;
        core->neuron[at] = s->neuron;
        if (core->store == WEFT_SPARSE_FLOAT)
            core->weight.f[at] = s->weight;
        else
            stored_set(core, at, stored_of((int)s->weight, core->exponent[axon], core->scale));
    }
    *next += (uint32_t)(spec->first[axon + 1] - spec->first[axon]);
}

static void synapses_lay(weft_sparse *core, const weft_sparse_spec *spec) {
    uint32_t next = 0;
    for (int a = 0; a < spec->axons; a++) {
        core->first_run[a] = core->run_count;
        axon_lay(core, spec, a, &next);
        for (uint32_t r = core->first_run[a]; r < core->run_count; r++) {
            core->runs[r].contiguous = run_contiguous(core, &core->runs[r]);
            weft_sparse_run_settle(core, &core->runs[r]);
        }
    }
    core->first_run[spec->axons] = core->run_count;
}

static uint32_t runs_count(const weft_sparse_spec *spec) {
    uint32_t runs = 0;
    for (int a = 0; a < spec->axons; a++) {
        uint64_t seen = 0;
        for (uint64_t i = spec->first[a]; i < spec->first[a + 1]; i++) seen |= (uint64_t)1 << spec->synapses[i].delay;
        for (; seen; seen &= seen - 1) runs++;
    }
    return runs;
}

static void *block(size_t count, size_t size) { return weft_aligned_alloc(count ? count : 1, size); }

static weft_status arrays_allocate(weft_sparse *core, const weft_sparse_spec *spec, weft_error *err) {
    const size_t ring = (size_t)core->slots * (size_t)core->count;
    core->first_run = block((size_t)core->axons + 1, sizeof *core->first_run);
    core->runs = block(runs_count(spec), sizeof *core->runs);
    core->neuron = block(core->synapse_count, sizeof *core->neuron);
    core->weight.any = block(core->synapse_count, core->weight_width);
    core->input.any = block(ring, sizeof(uint64_t));
    core->touched = block(core->store == WEFT_SPARSE_FLOAT ? ring : 0, 1);
    core->pending = block((size_t)core->slots, sizeof *core->pending);
    core->resting = block((size_t)core->count / WEFT_SPARSE_BLOCK + 1, 1);
    if (core->first_run && core->runs && core->neuron && core->weight.any && core->input.any && core->touched &&
        core->pending && core->resting)
        return WEFT_OK;
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for a core of %u synapses", core->synapse_count);
}

static void sparse_destroy(void *state) {
    weft_sparse *core = state;
    if (!core) return;
    weft_neurons_destroy(core->neurons);
    void *blocks[] = {core->exponent,  core->first_run, core->runs,    core->neuron, core->weight.any,
                      core->input.any, core->touched,   core->pending, core->resting};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) weft_aligned_free(blocks[i]);
    free(core);
}

/* Everything but the synapses' contents. */
static weft_status sparse_prepare(weft_sparse *core, const weft_sparse_spec *spec, weft_error *err) {
    int longest = 0;
    WEFT_TRY(weft_neurons_create(&core->neurons, &spec->neurons, err));
    WEFT_TRY(spec_check(spec, err));
    WEFT_TRY(synapses_check(spec, &longest, err));
    core->count = spec->neurons.count;
    core->axons = spec->axons;
    core->slots = longest + 1;
    core->weight_bits = spec->weight_bits;
    core->sign = spec->sign;
    core->synapse_count = spec->axons ? (uint32_t)(spec->first[spec->axons] - spec->first[0]) : 0;
    core->scale = 1;
    core->exponent = block((size_t)core->axons, 1);
    if (!core->exponent) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %d axons", core->axons);
    if (spec->exponents) memcpy(core->exponent, spec->exponents, (size_t)core->axons);
    core->store = WEFT_SPARSE_FLOAT;
    if (spec->neurons.model->integer) store_choose(core, spec);
    core->weight_width = core->store == WEFT_SPARSE_INT8    ? sizeof(int8_t)
                         : core->store == WEFT_SPARSE_INT16 ? sizeof(int16_t)
                                                            : sizeof(float);
    return arrays_allocate(core, spec, err);
}

weft_status weft_sparse_create(weft_sparse **out, const weft_sparse_spec *spec, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_sparse *core = calloc(1, sizeof *core);
    if (!core) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for a sparse core");
    WEFT_TRY_GOTO(sparse_prepare(core, spec, err));
    synapses_lay(core, spec);
    *out = core;
    core = NULL;
cleanup:
    sparse_destroy(core);
    return status;
}

static void sparse_reset(void *state) {
    weft_sparse *core = state;
    const size_t ring = (size_t)core->slots * (size_t)core->count;
    weft_neurons_reset(core->neurons);
    memset(core->input.any, 0, ring * sizeof(uint64_t));
    if (core->store == WEFT_SPARSE_FLOAT) memset(core->touched, 0, ring);
    memset(core->pending, 0, (size_t)core->slots * sizeof *core->pending);
    core->pending_all = 0;
    memset(core->resting, 0, (size_t)core->count / WEFT_SPARSE_BLOCK + 1);
}

static double sparse_membrane(const void *state, int neuron) {
    return weft_neurons_state(((const weft_sparse *)state)->neurons, 0, neuron);
}

const weft_spike_kind weft_sparse_kind = {
    .name = "sparse",
    .summary = "lists of synapses with weights and delays, neurons of any model",
    .step = weft_sparse_step,
    .membrane = sparse_membrane,
    .reset = sparse_reset,
    .destroy = sparse_destroy,
};

/* ---- what it holds ---- */

double weft_sparse_weight(const weft_sparse *core, int axon, int neuron) {
    double sum = 0;
    for (uint32_t r = core->first_run[axon]; r < core->first_run[axon + 1]; r++)
        for (uint32_t i = core->runs[r].first; i < core->runs[r].first + core->runs[r].stored; i++)
            if (core->neuron[i] == neuron) sum += weft_sparse_value_get(core, axon, i);
    return sum;
}

uint64_t weft_sparse_axon_bits(uint64_t synapses, int bits_per_synapse) {
    const uint64_t bits = (uint64_t)bits_per_synapse, rest = synapses % LIST_BLOCK;
    const uint64_t full = (LIST_BLOCK * bits + LIST_HEAD + WORD - 1) / WORD;
    return WORD * (synapses / LIST_BLOCK * full + (rest ? (rest * bits + LIST_HEAD + WORD - 1) / WORD : 0));
}

/* Bits that tell `values` values apart. */
static int bits_of(int values) {
    int bits = 0;
    while (1 << bits < values) bits++;
    return bits;
}

uint64_t weft_sparse_memory(const weft_sparse *core) {
    const int weight = core->store == WEFT_SPARSE_FLOAT ? 32 : core->weight_bits > 8 ? 8 : core->weight_bits;
    const int bits = bits_of(core->count) + bits_of(core->slots) + weight;
    uint64_t total = 0;
    for (int a = 0; a < core->axons; a++) {
        uint64_t synapses = 0;
        for (uint32_t r = core->first_run[a]; r < core->first_run[a + 1]; r++) synapses += core->runs[r].stored;
        total += weft_sparse_axon_bits(synapses, bits);
    }
    return total / 8;
}

uint64_t weft_sparse_host_memory(const weft_sparse *core) {
    return core->synapse_count * (sizeof(uint16_t) + core->weight_width) + core->run_count * sizeof(weft_sparse_run) +
           ((uint64_t)core->axons + 1) * sizeof(uint32_t);
}
