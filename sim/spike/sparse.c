/* Sparse core: what it is made of. */
#include "sim/spike/sparse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "sim/spike/sparse_internal.h"

enum { AXONS_MAX = 65536, NEURONS_MAX = 65535, SYNAPSES_MAX = 1 << 29, LIST_BLOCK = 64, LIST_HEAD = 10, WORD = 64 };

static weft_status spec_check(const weft_sparse_spec *spec, weft_error *err) {
    if (spec->axons < 0 || spec->axons > AXONS_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "sparse core: %d axons; 0 to %d are allowed", spec->axons,
                              AXONS_MAX);
    if (spec->neurons.count > NEURONS_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "sparse core: %d neurons; 1 to %d are allowed", spec->neurons.count,
                              NEURONS_MAX);
    if (spec->axons && spec->first[spec->axons] - spec->first[0] >= SYNAPSES_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "sparse core: 2^29 synapses or more");
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
    weft_sparse_range(spec->weight_bits, spec->sign, &low, &high);
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

/* ---- the core ---- */

static void *block(size_t count, size_t size) { return weft_aligned_alloc(count ? count : 1, size); }

static weft_status arrays_allocate(weft_sparse *core, weft_error *err) {
    const size_t ring = (size_t)core->slots * (size_t)core->count;
    core->exponent = block((size_t)core->axons, 1);
    core->place = block((size_t)core->axons + 1, sizeof *core->place);
    core->input.any = block(ring, sizeof(uint64_t));
    core->touched = block(weft_neurons_model(core->neurons)->integer ? 0 : ring, 1);
    core->pending = block((size_t)core->slots, sizeof *core->pending);
    core->resting = block((size_t)core->count / WEFT_SPARSE_BLOCK + 1, 1);
    if (core->exponent && core->place && core->input.any && core->touched && core->pending && core->resting)
        return WEFT_OK;
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for a sparse core of %d neurons", core->count);
}

static void sparse_destroy(void *state) {
    weft_sparse *core = state;
    if (!core) return;
    weft_neurons_destroy(core->neurons);
    void *blocks[] = {core->exponent, core->place,   core->memory, core->input.any,
                      core->touched,  core->pending, core->resting};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) weft_aligned_free(blocks[i]);
    free(core);
}

static weft_status sparse_fill(weft_sparse *core, const weft_sparse_spec *spec, weft_error *err) {
    int longest = 0;
    WEFT_TRY(weft_neurons_create(&core->neurons, &spec->neurons, err));
    WEFT_TRY(spec_check(spec, err));
    WEFT_TRY(synapses_check(spec, &longest, err));
    core->count = spec->neurons.count;
    core->axons = spec->axons;
    core->slots = longest + 1;
    core->weight_bits = spec->weight_bits;
    core->sign = spec->sign;
    WEFT_TRY(arrays_allocate(core, err));
    if (spec->exponents) memcpy(core->exponent, spec->exponents, (size_t)core->axons);
    return weft_sparse_lay(core, spec, err);
}

weft_status weft_sparse_create(weft_sparse **out, const weft_sparse_spec *spec, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_sparse *core = calloc(1, sizeof *core);
    if (!core) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for a sparse core");
    WEFT_TRY_GOTO(sparse_fill(core, spec, err));
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
    weft_sparse_run *end = weft_sparse_runs(core, axon + 1);
    for (weft_sparse_run *run = weft_sparse_runs(core, axon); run != end; run = weft_sparse_next(run))
        for (uint32_t i = 0; i < run->stored; i++)
            if ((run->contiguous ? (int)(run->start + i) : weft_sparse_neurons(run)[i]) == neuron)
                sum += weft_sparse_value_get(core, run, i);
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
        weft_sparse_run *end = weft_sparse_runs(core, a + 1);
        for (weft_sparse_run *run = weft_sparse_runs(core, a); run != end; run = weft_sparse_next(run))
            synapses += run->stored;
        total += weft_sparse_axon_bits(synapses, bits);
    }
    return total / 8;
}

uint64_t weft_sparse_host_memory(const weft_sparse *core) {
    return (uint64_t)core->place[core->axons] * WEFT_SPARSE_ALIGN + ((uint64_t)core->axons + 1) * sizeof *core->place;
}
