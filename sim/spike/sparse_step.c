/* Sparse core: one tick. */
#include <string.h>

#include "core/clones.h"
#include "sim/spike/sparse_internal.h"

enum { LINE = 64, FETCH_AHEAD = 4, FETCH_BYTES = 2048 };

static const uint64_t event = (uint64_t)1 << 32;

/* ---- events to input ---- */

/* input[neuron[i]] += one event of weight[i]; and the same where neurons are neighbours, weights of 0 passed over. */
#define ADD_WHOLE(type)                                                                                                \
    static void add_list_##type(uint64_t *restrict input, const uint16_t *restrict neuron,                             \
                                const type *restrict weight, uint32_t count) {                                         \
        for (uint32_t i = 0; i < count; i++) input[neuron[i]] += event + (uint64_t)(int64_t)weight[i];                 \
    }                                                                                                                  \
    WEFT_CLONES static void add_row_##type(uint64_t *restrict input, const type *restrict weight, uint32_t count) {    \
        for (uint32_t i = 0; i < count; i++) input[i] += weight[i] ? event + (uint64_t)(int64_t)weight[i] : 0;         \
    }
ADD_WHOLE(int8_t)
ADD_WHOLE(int16_t)

static void add_list_real(double *restrict input, uint8_t *restrict touched, const uint16_t *restrict neuron,
                          const float *restrict weight, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        input[neuron[i]] += (double)weight[i];
        touched[neuron[i]] = 1;
    }
}

WEFT_CLONES static void add_row_real(double *restrict input, uint8_t *restrict touched, const float *restrict weight,
                                     uint32_t count) {
    for (uint32_t i = 0; i < count; i++) input[i] += (double)weight[i];
    for (uint32_t i = 0; i < count; i++) touched[i] |= weight[i] != 0;
}

static void run_add(weft_sparse *core, weft_sparse_run *run, size_t slot) {
    const size_t at = slot * (size_t)core->count, start = at + run->start;
    const uint16_t *neuron = weft_sparse_neurons(run);
    const void *weights = weft_sparse_weights(run);
    if (core->store == WEFT_SPARSE_INT8) {
        if (run->contiguous)
            add_row_int8_t(core->input.whole + start, weights, run->stored);
        else
            add_list_int8_t(core->input.whole + at, neuron, weights, run->active);
    } else if (core->store == WEFT_SPARSE_INT16) {
        if (run->contiguous)
            add_row_int16_t(core->input.whole + start, weights, run->stored);
        else
            add_list_int16_t(core->input.whole + at, neuron, weights, run->active);
    } else if (run->contiguous)
        add_row_real(core->input.real + start, core->touched + start, weights, run->stored);
    else
        add_list_real(core->input.real + at, core->touched + at, neuron, weights, run->active);
}

#if defined(__GNUC__)
#define FETCH(address) __builtin_prefetch(address)
#else
#define FETCH(address) ((void)(address))
#endif

/* Brings an axon's synapses into the cache, FETCH_BYTES of them at most. */
static void axon_fetch(const weft_sparse *core, uint16_t axon) {
    const char *from = core->memory + (size_t)core->place[axon] * WEFT_SPARSE_ALIGN;
    const size_t bytes = (size_t)(core->place[axon + 1] - core->place[axon]) * WEFT_SPARSE_ALIGN;
    for (size_t at = 0; at < bytes && at < FETCH_BYTES; at += LINE) FETCH(from + at);
}

static void inbox_fetch(const weft_sparse *core, const weft_spike_inbox *inbox) {
    for (int e = 0; e < inbox->count; e++) FETCH(core->place + inbox->axons[e]);
    for (int e = 0; e < inbox->count && e < FETCH_AHEAD; e++) axon_fetch(core, inbox->axons[e]);
}

static void inbox_add(weft_sparse *core, uint64_t tick, const weft_spike_inbox *inbox, weft_spike_counts *counts) {
    const size_t now = (size_t)(tick % (uint64_t)core->slots), slots = (size_t)core->slots;
    uint64_t synaptic = 0;
    inbox_fetch(core, inbox);
    for (int e = 0; e < inbox->count; e++) {
        if (e + FETCH_AHEAD < inbox->count) axon_fetch(core, inbox->axons[e + FETCH_AHEAD]);
        weft_sparse_run *run = weft_sparse_runs(core, inbox->axons[e]);
        weft_sparse_run *end = weft_sparse_runs(core, inbox->axons[e] + 1);
        for (; run != end; run = weft_sparse_next(run)) {
            const size_t later = now + run->delay, slot = later < slots ? later : later - slots;
            run_add(core, run, slot);
            core->pending[slot] += run->active;
            synaptic += run->active;
        }
    }
    core->pending_all += synaptic;
    counts->axon_events += (uint64_t)inbox->count;
    counts->synaptic_events += synaptic;
}

/* ---- input to neurons ---- */

/* What one block of neurons gets in this tick. */
typedef struct block_input {
    union {
        int32_t whole[WEFT_SPARSE_BLOCK];
        double real[WEFT_SPARSE_BLOCK];
    } value;
    uint8_t touched[WEFT_SPARSE_BLOCK], fired[WEFT_SPARSE_BLOCK];
} block_input;

/* Takes input[count] and leaves zeros; returns whether there was any. The sum's low 32 bits are the sum modulo 2^32,
 * and a neuron with an event is never 0 as a whole. */
WEFT_CLONES static bool take_whole(block_input *block, uint64_t *restrict input, uint32_t scale, int count) {
    uint64_t any = 0;
    for (int i = 0; i < count; i++) any |= input[i];
    if (!any) return false;
    for (int i = 0; i < count; i++) {
        block->value.whole[i] = (int32_t)((uint32_t)input[i] * scale);
        block->touched[i] = input[i] != 0;
        input[i] = 0;
    }
    return true;
}

static bool take_real(block_input *block, double *input, uint8_t *touched, int count) {
    if (!memchr(touched, 1, (size_t)count)) return false;
    memcpy(block->value.real, input, (size_t)count * sizeof *input);
    memcpy(block->touched, touched, (size_t)count);
    memset(input, 0, (size_t)count * sizeof *input);
    memset(touched, 0, (size_t)count);
    return true;
}

static bool block_take(weft_sparse *core, block_input *block, size_t slot, int first, int count) {
    const size_t at = slot * (size_t)core->count + (size_t)first;
    if (core->store == WEFT_SPARSE_FLOAT) return take_real(block, core->input.real + at, core->touched + at, count);
    return take_whole(block, core->input.whole + at, (uint32_t)core->scale * WEFT_SPARSE_UNIT, count);
}

/* Neurons that got an event or fired. */
WEFT_CLONES static int active_count(const block_input *block, int count) {
    int active = 0;
    for (int i = 0; i < count; i++) active += block->touched[i] | block->fired[i];
    return active;
}

/* fired is 0 from count to the next multiple of 8. */
static int fired_list(uint16_t *out, const block_input *block, int first, int count) {
    int fired = 0;
    for (int i = 0; i < count; i += 8) {
        uint64_t eight = 0;
        memcpy(&eight, block->fired + i, sizeof eight);
        for (int k = i; eight && k < i + 8; k++)
            if (block->fired[k]) out[fired++] = (uint16_t)(first + k);
    }
    return fired;
}

static void block_clear(weft_sparse *core, block_input *block) {
    memset(block->touched, 0, sizeof block->touched);
    if (core->store == WEFT_SPARSE_FLOAT)
        memset(block->value.real, 0, sizeof block->value.real);
    else
        memset(block->value.whole, 0, sizeof block->value.whole);
}

/* Updates one block unless it rests; returns the neurons that were active. */
static int block_step(weft_sparse *core, size_t slot, bool input, int first, uint16_t *fired, int *fired_count) {
    const int left = core->count - first, count = left < WEFT_SPARSE_BLOCK ? left : WEFT_SPARSE_BLOCK;
    uint8_t *resting = &core->resting[first / WEFT_SPARSE_BLOCK];
    block_input block;
    const bool any = input && block_take(core, &block, slot, first, count);
    if (!any && *resting) return 0;
    if (!any) block_clear(core, &block);
    memset(block.fired + count / 8 * 8, 0, count % 8 ? 8 : 0);
    const unsigned flags = weft_neurons_step(core->neurons, first, count, &block.value, block.fired);
    *resting = !any && !flags;
    if (flags & WEFT_NEURON_FIRED) *fired_count += fired_list(fired + *fired_count, &block, first, count);
    return any || flags & WEFT_NEURON_FIRED ? active_count(&block, count) : 0;
}

bool weft_sparse_step(void *state, uint64_t tick, const weft_spike_inbox *inbox, uint16_t *fired, int *fired_count,
                      weft_spike_counts *counts) {
    weft_sparse *core = state;
    const size_t slot = (size_t)(tick % (uint64_t)core->slots);
    uint64_t active = 0;
    bool rests = true;
    inbox_add(core, tick, inbox, counts);
    *fired_count = 0;
    for (int first = 0; first < core->count; first += WEFT_SPARSE_BLOCK) {
        active += (uint64_t)block_step(core, slot, core->pending[slot] != 0, first, fired, fired_count);
        rests &= core->resting[first / WEFT_SPARSE_BLOCK] != 0;
    }
    core->pending_all -= core->pending[slot];
    core->pending[slot] = 0;
    counts->updates_active += active;
    counts->updates_inactive += (uint64_t)core->count - active;
    return rests && core->pending_all == 0;
}
