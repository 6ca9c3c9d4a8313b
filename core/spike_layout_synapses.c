/* Synapses of a core, from the network's. */
#include <stdlib.h>

#include "core/spike_layout_internal.h"

typedef struct span {
    uint32_t low, high; /* first and last neuron of a population on the core; low > high: none */
} span;

typedef struct synapse_finder {
    const weft_spike_layout *layout;
    const weft_snn *snn;
    const weft_snn_fit *fit;
    uint32_t core;
    span *spans; /* [populations] */
    weft_laid_synapse *synapses;
    uint64_t count;
} synapse_finder;

static void find_spans(synapse_finder *f) {
    const weft_laid_core *laid = &f->layout->cores[f->core];
    for (int p = 0; p < f->snn->population_count; p++) f->spans[p] = (span){UINT32_MAX, 0};
    for (int s = 0; s < laid->slot_count; s++) {
        span *at = &f->spans[laid->slots[s].population];
        if (laid->slots[s].relay) continue;
        if (laid->slots[s].neuron < at->low) at->low = laid->slots[s].neuron;
        if (laid->slots[s].neuron > at->high) at->high = laid->slots[s].neuron;
    }
}

/* First synapse in [begin, end) to that target or a later one. */
static uint64_t first_at(const uint32_t *targets, uint64_t begin, uint64_t end, uint32_t target) {
    while (begin < end) {
        const uint64_t middle = begin + (end - begin) / 2;
        if (targets[middle] < target)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

static void add_projection(synapse_finder *f, const weft_spike_axon *axon, int i) {
    const weft_snn_projection *projection = &f->snn->projections[i];
    const span at = f->spans[projection->target];
    const weft_spike_home *homes = f->layout->homes[projection->target];
    const float *weights = f->fit->projections[i].weights;
    const uint64_t end = projection->first[axon->neuron + 1];
    const int ranks = f->layout->weight_rank_count[projection->target];
    if (f->layout->delays[i] != axon->delay || at.low > at.high) return;
    if (ranks ? axon->kind >= ranks : axon->kind != f->fit->projections[i].exponent) return;
    for (uint64_t s = first_at(projection->targets, projection->first[axon->neuron], end, at.low);
         s < end && projection->targets[s] <= at.high; s++) {
        const weft_spike_home home = homes[projection->targets[s]];
        if (home.core != f->core || weights[s] == 0) continue;
        if (ranks && weft_layout_kind(f->layout, f->fit, i, projection->target, weights[s]) != axon->kind) continue;
        for (uint16_t k = 0; k < home.copies; k++)
            f->synapses[f->count++] = (weft_laid_synapse){(uint16_t)(home.slot + k), weights[s]};
    }
}

static void add_relays(synapse_finder *f, const weft_spike_axon *axon) {
    const weft_laid_core *laid = &f->layout->cores[f->core];
    for (int s = 0; s < laid->slot_count; s++)
        if (laid->slots[s].relay && laid->slots[s].population == axon->population &&
            laid->slots[s].neuron == axon->neuron)
            f->synapses[f->count++] = (weft_laid_synapse){(uint16_t)s, 1};
}

static int compare_synapses(const void *a, const void *b) {
    const weft_laid_synapse *p = a, *q = b;
    return (p->slot > q->slot) - (p->slot < q->slot);
}

static void add_axon(synapse_finder *f, int number) {
    const weft_laid_core *laid = &f->layout->cores[f->core];
    const weft_spike_axon *axon = &laid->axons[number];
    const uint64_t begin = f->count;
    const int *first = &f->layout->out_first[axon->population];
    if (number >= laid->axon_count - laid->relay_axons)
        add_relays(f, axon);
    else
        for (int k = first[0]; k < first[1]; k++) add_projection(f, axon, f->layout->out[k]);
    for (uint64_t s = begin + 1; s < f->count; s++)
        if (f->synapses[s].slot < f->synapses[s - 1].slot) {
            qsort(f->synapses + begin, f->count - begin, sizeof *f->synapses, compare_synapses);
            return;
        }
}

weft_status weft_spike_layout_synapses(uint64_t **first, weft_laid_synapse **synapses, const weft_spike_layout *layout,
                                       int core, const weft_snn *snn, const weft_snn_fit *fit, weft_error *err) {
    const weft_laid_core *laid = &layout->cores[core];
    synapse_finder f = {.layout = layout, .snn = snn, .fit = fit, .core = (uint32_t)core};
    *first = malloc(((size_t)laid->axon_count + 1) * sizeof **first);
    *synapses = f.synapses = malloc((laid->synapses + 1) * sizeof **synapses);
    f.spans = malloc(((size_t)snn->population_count + 1) * sizeof *f.spans);
    if (!*first || !*synapses || !f.spans) {
        free(*first);
        free(*synapses);
        free(f.spans);
        *first = NULL;
        *synapses = NULL;
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the synapses of core %d", core);
    }
    find_spans(&f);
    for (int a = 0; a < laid->axon_count; a++) {
        (*first)[a] = f.count;
        add_axon(&f, a);
    }
    (*first)[laid->axon_count] = f.count;
    free(f.spans);
    return WEFT_OK;
}
