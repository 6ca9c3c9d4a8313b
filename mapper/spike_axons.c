/* The axons that a population's neurons need: one for every source neuron, projection and kind. */
#include <stdlib.h>
#include <string.h>

#include "mapper/spike_internal.h"

typedef struct collector {
    const weft_spike_work *w;
    weft_spike_axons *out;
    int population;
    size_t room; /* of target_first */
    uint64_t count;
} collector;

static weft_status begin_axon(collector *c) {
    weft_spike_axons *out = c->out;
    if (out->axon_count + 1 >= c->room) {
        const size_t room = c->room ? 2 * c->room : 4096;
        uint64_t *grown = realloc(out->target_first, room * sizeof *grown);
        if (!grown) return weft_spike_no_memory(c->w);
        out->target_first = grown;
        c->room = room;
    }
    out->target_first[out->axon_count++] = c->count;
    return WEFT_OK;
}

/* Axons of one source neuron, kind after kind. */
static weft_status collect_row(collector *c, const weft_snn_projection *projection, const float *weights,
                               uint32_t neuron) {
    const int kinds = c->w->rank_count[c->population] ? c->w->rank_count[c->population] : 1;
    for (int kind = 0; kind < kinds; kind++) {
        bool begun = false;
        for (uint64_t s = projection->first[neuron]; s < projection->first[neuron + 1]; s++) {
            if (weights[s] == 0 || (kinds > 1 && weft_spike_kind(c->w, c->population, weights[s]) != kind)) continue;
            if (!begun) WEFT_TRY(begin_axon(c));
            begun = true;
            c->out->targets[c->count++] = projection->targets[s];
        }
    }
    return WEFT_OK;
}

static weft_status collect(collector *c) {
    const weft_spike_work *w = c->w;
    uint64_t room = 1;
    for (int i = w->in_first[c->population]; i < w->in_first[c->population + 1]; i++)
        room += w->snn->projections[i].count;
    c->out->targets = malloc(room * sizeof *c->out->targets);
    if (!c->out->targets) return weft_spike_no_memory(w);
    for (int i = w->in_first[c->population]; i < w->in_first[c->population + 1]; i++) {
        const weft_snn_projection *projection = &w->snn->projections[i];
        for (uint32_t n = 0; n < w->snn->populations[projection->source].size; n++)
            WEFT_TRY(collect_row(c, projection, w->fit->projections[i].weights, n));
    }
    WEFT_TRY(begin_axon(c)); /* the end */
    c->out->axon_count--;
    return WEFT_OK;
}

static weft_status transpose(weft_spike_axons *a, const weft_spike_work *w, uint32_t size) {
    const uint64_t count = a->target_first[a->axon_count];
    a->axon_first = calloc((size_t)size + 2, sizeof *a->axon_first);
    a->axons = malloc((count + 1) * sizeof *a->axons);
    if (!a->axon_first || !a->axons) return weft_spike_no_memory(w);
    for (uint64_t s = 0; s < count; s++) a->axon_first[a->targets[s] + 2]++;
    for (uint32_t n = 0; n < size; n++) a->axon_first[n + 2] += a->axon_first[n + 1];
    for (uint32_t x = 0; x < a->axon_count; x++)
        for (uint64_t s = a->target_first[x]; s < a->target_first[x + 1]; s++)
            a->axons[a->axon_first[a->targets[s] + 1]++] = x;
    return WEFT_OK;
}

weft_status weft_spike_axons_find(weft_spike_axons *out, const weft_spike_work *w, int population) {
    collector c = {.w = w, .out = out, .population = population};
    *out = (weft_spike_axons){0};
    WEFT_TRY(collect(&c));
    return transpose(out, w, w->snn->populations[population].size);
}

void weft_spike_axons_free(weft_spike_axons *axons) {
    free(axons->target_first);
    free(axons->targets);
    free(axons->axon_first);
    free(axons->axons);
}
