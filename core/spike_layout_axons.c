/* Axons of the cores, and of every source neuron the axons that it reaches. */
#include <stdlib.h>
#include <string.h>

#include "core/spike_layout_internal.h"

/* A kind and delay that axons of the source population have. */
typedef struct combo {
    int16_t kind;
    uint16_t delay;
} combo;

/* Of one source population after the other. Ids: core x combos + combo. */
typedef struct axon_finder {
    weft_layout_maker *m;
    int combo_count, combo_room;
    combo *combos; /* ascending */
    /* Of projections in `out` of the layout: number of the combo, [projections, ranks or 1]. */
    uint16_t (*combo_of)[16];
    size_t mark_room;
    uint32_t *mark; /* [cores, combos] number of the last neuron that has it, from 1 */
    size_t id_count, id_room;
    uint64_t *ids;
} axon_finder;

static int compare_combos(const void *a, const void *b) {
    const combo *p = a, *q = b;
    if (p->kind != q->kind) return p->kind < q->kind ? -1 : 1;
    return (p->delay > q->delay) - (p->delay < q->delay);
}

static int compare_ids(const void *a, const void *b) {
    const uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;
    return (p > q) - (p < q);
}

/* Kinds that a projection's axons may have. */
static int kinds_of(const weft_layout_maker *m, int projection) {
    const int ranks = m->layout->weight_rank_count[m->snn->projections[projection].target];
    return weft_spike_has_ranks(m->chip) ? ranks : 1;
}

static combo combo_at(const weft_layout_maker *m, int projection, int rank) {
    const int kind = weft_spike_has_ranks(m->chip) ? rank : m->fit->projections[projection].exponent;
    return (combo){(int16_t)kind, (uint16_t)m->layout->delays[projection]};
}

static weft_status find_combos(axon_finder *f, int population) {
    const weft_layout_maker *m = f->m;
    const weft_spike_layout *layout = m->layout;
    size_t room = 1;
    for (int k = layout->out_first[population]; k < layout->out_first[population + 1]; k++)
        room += (size_t)kinds_of(m, layout->out[k]);
    free(f->combos);
    f->combo_count = 0;
    f->combos = malloc(room * sizeof *f->combos);
    if (!f->combos) return weft_layout_no_memory(m);
    for (int k = layout->out_first[population]; k < layout->out_first[population + 1]; k++)
        for (int rank = 0; rank < kinds_of(m, layout->out[k]); rank++)
            f->combos[f->combo_count++] = combo_at(m, layout->out[k], rank);
    qsort(f->combos, (size_t)f->combo_count, sizeof *f->combos, compare_combos);
    int different = 0;
    for (int i = 0; i < f->combo_count; i++)
        if (i == 0 || compare_combos(&f->combos[i], &f->combos[different - 1]) != 0)
            f->combos[different++] = f->combos[i];
    f->combo_count = different;
    for (int k = layout->out_first[population]; k < layout->out_first[population + 1]; k++)
        for (int rank = 0; rank < kinds_of(m, layout->out[k]); rank++) {
            const combo wanted = combo_at(m, layout->out[k], rank);
            const combo *found = bsearch(&wanted, f->combos, (size_t)different, sizeof wanted, compare_combos);
            f->combo_of[k][rank] = (uint16_t)(found - f->combos);
        }
    return WEFT_OK;
}

static weft_status start_population(axon_finder *f, int population) {
    WEFT_TRY(find_combos(f, population));
    const size_t marks = (size_t)f->m->layout->core_count * (size_t)f->combo_count;
    if (marks > f->mark_room) {
        free(f->mark);
        f->mark_room = marks;
        f->mark = malloc(marks * sizeof *f->mark);
        if (!f->mark) return weft_layout_no_memory(f->m);
    }
    if (marks) memset(f->mark, 0, marks * sizeof *f->mark);
    return WEFT_OK;
}

static weft_status add_id(axon_finder *f, uint64_t id) {
    if (f->id_count == f->id_room) {
        const size_t room = f->id_room ? 2 * f->id_room : 1024;
        uint64_t *grown = realloc(f->ids, room * sizeof *grown);
        if (!grown) return weft_layout_no_memory(f->m);
        f->ids = grown;
        f->id_room = room;
    }
    f->ids[f->id_count++] = id;
    return WEFT_OK;
}

/* Ids of the axons that the neuron's synapses of a projection need; synapses of their cores. */
static weft_status find_ids(axon_finder *f, int k, uint32_t neuron) {
    const weft_layout_maker *m = f->m;
    const int i = m->layout->out[k];
    const weft_snn_projection *projection = &m->snn->projections[i];
    const float *weights = m->fit->projections[i].weights;
    const weft_spike_home *homes = m->layout->homes[projection->target];
    const bool types = weft_spike_has_ranks(m->chip);
    const uint64_t combos = (uint64_t)f->combo_count;
    for (uint64_t s = projection->first[neuron]; s < projection->first[neuron + 1]; s++) {
        if (weights[s] == 0) continue;
        const weft_spike_home home = homes[projection->targets[s]];
        const int rank = types ? weft_layout_kind(m->layout, m->fit, i, projection->target, weights[s]) : 0;
        const uint64_t id = home.core * combos + f->combo_of[k][rank];
        m->layout->cores[home.core].synapses += home.copies;
        if (f->mark[id] == neuron + 1) continue;
        f->mark[id] = neuron + 1;
        WEFT_TRY(add_id(f, id));
    }
    return WEFT_OK;
}

/* A core's list has room for its limit. */
static weft_status add_axon(weft_layout_maker *m, uint32_t core, weft_spike_axon axon) {
    weft_laid_core *laid = &m->layout->cores[core];
    if (m->axons[core]++ >= (uint64_t)m->chip->limits.axons) return WEFT_OK;
    if (laid->axon_count == m->axon_room[core]) {
        const int room = m->axon_room[core] ? 2 * m->axon_room[core] : 64;
        weft_spike_axon *grown = realloc(laid->axons, (size_t)room * sizeof *grown);
        if (!grown) return weft_layout_no_memory(m);
        laid->axons = grown;
        m->axon_room[core] = room;
    }
    laid->axons[laid->axon_count++] = axon;
    return WEFT_OK;
}

static weft_status add_route(weft_layout_maker *m, uint64_t at, weft_spike_route route) {
    if (at == m->route_room) {
        const uint64_t room = m->route_room ? 2 * m->route_room : 4096;
        weft_spike_route *grown = realloc(m->routes, room * sizeof *grown);
        if (!grown) return weft_layout_no_memory(m);
        m->routes = grown;
        m->route_room = room;
    }
    m->routes[at] = route;
    return WEFT_OK;
}

static weft_status find_neuron(axon_finder *f, int population, uint32_t neuron) {
    weft_layout_maker *m = f->m;
    const uint64_t source = m->base[population] + neuron;
    uint64_t at = m->route_first[source];
    f->id_count = 0;
    for (int k = m->layout->out_first[population]; k < m->layout->out_first[population + 1]; k++)
        WEFT_TRY(find_ids(f, k, neuron));
    if (f->id_count > 1) qsort(f->ids, f->id_count, sizeof *f->ids, compare_ids);
    for (size_t i = 0; i < f->id_count; i++) {
        const uint32_t core = (uint32_t)(f->ids[i] / (uint64_t)f->combo_count);
        const combo c = f->combos[f->ids[i] % (uint64_t)f->combo_count];
        const uint64_t axon = m->axons[core];
        WEFT_TRY(add_axon(m, core, (weft_spike_axon){population, neuron, c.kind, c.delay}));
        if (axon < (uint64_t)m->chip->limits.axons)
            WEFT_TRY(add_route(m, at++, (weft_spike_route){core, (uint16_t)axon, c.delay}));
    }
    m->route_first[source + 1] = at;
    return WEFT_OK;
}

static int compare_groups(const void *a, const void *b) {
    const weft_relay_group *p = a, *q = b;
    if (p->source != q->source) return p->source < q->source ? -1 : 1;
    return (p->core > q->core) - (p->core < q->core);
}

/* Behind the others; groups come by population and core. */
static weft_status add_relays(weft_layout_maker *m) {
    for (uint64_t i = 0; i < m->relay_count; i++) {
        weft_relay_group *group = &m->relays[i];
        const int population = m->layout->cores[group->core].slots[group->slot].population;
        group->axon = (uint32_t)m->axons[group->core];
        m->layout->cores[group->core].synapses += group->slots;
        m->layout->cores[group->core].relay_axons++;
        WEFT_TRY(add_axon(m, group->core,
                          (weft_spike_axon){population, (uint32_t)(group->source - m->base[population]), -1, 1}));
    }
    if (m->relay_count) qsort(m->relays, m->relay_count, sizeof *m->relays, compare_groups);
    return WEFT_OK;
}

weft_status weft_layout_axons(weft_layout_maker *m) {
    weft_status status = WEFT_OK;
    const int populations = m->snn->population_count;
    axon_finder f = {.m = m};
    f.combo_of = malloc(((size_t)m->snn->projection_count + 1) * sizeof *f.combo_of);
    m->route_first = calloc(m->base[populations] + 1, sizeof *m->route_first);
    if (!f.combo_of || !m->route_first) WEFT_TRY_GOTO(weft_layout_no_memory(m));
    for (int p = 0; p < populations; p++) {
        WEFT_TRY_GOTO(start_population(&f, p));
        for (uint32_t n = 0; n < m->snn->populations[p].size; n++) WEFT_TRY_GOTO(find_neuron(&f, p, n));
    }
    WEFT_TRY_GOTO(add_relays(m));
    for (int c = 0; c < m->layout->core_count; c++)
        if (m->axons[c] > (uint64_t)m->chip->limits.axons)
            WEFT_TRY_GOTO(weft_layout_over(m, c, WEFT_SPIKE_LIMIT_AXONS, m->axons[c], (uint64_t)m->chip->limits.axons));
cleanup:
    free(f.combos);
    free(f.combo_of);
    free(f.mark);
    free(f.ids);
    return status;
}
