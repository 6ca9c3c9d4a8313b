#include "core/spike_layout_internal.h"

#include <assert.h>
#include <stdlib.h>

weft_status weft_layout_no_memory(const weft_layout_maker *m) {
    return weft_error_set(m->err, WEFT_E_MEMORY, "out of memory for the layout of a spiking network");
}

void weft_spike_layout_destroy(weft_spike_layout *layout) {
    if (!layout) return;
    for (int c = 0; layout->cores && c < layout->core_count; c++) {
        weft_laid_core *core = &layout->cores[c];
        free(core->slots);
        free(core->axons);
        free(core->first);
        free(core->routes);
    }
    for (int p = 0; layout->homes && p < layout->population_count; p++) free(layout->homes[p]);
    free(layout->cores);
    free(layout->homes);
    free(layout->lag);
    free(layout->delays);
    free(layout->out_first);
    free(layout->out);
    free(layout->input_first);
    free(layout->input_routes);
    free(layout->weight_rank_count);
    free(layout->weight_rank);
    free(layout);
}

static bool allocate(weft_layout_maker *m) {
    weft_spike_layout *layout = m->layout;
    const size_t populations = (size_t)m->snn->population_count, projections = (size_t)m->snn->projection_count;
    layout->core_count = m->chip->core_count;
    layout->population_count = m->snn->population_count;
    layout->cores = calloc((size_t)layout->core_count, sizeof *layout->cores);
    layout->homes = calloc(populations + 1, sizeof *layout->homes);
    layout->lag = calloc(populations + 1, sizeof *layout->lag);
    layout->delays = calloc(projections + 1, sizeof *layout->delays);
    layout->out_first = calloc(populations + 2, sizeof *layout->out_first);
    layout->out = calloc(projections + 1, sizeof *layout->out);
    layout->input_first = calloc((size_t)m->snn->inputs + 1, sizeof *layout->input_first);
    layout->weight_rank_count = calloc(populations + 1, sizeof *layout->weight_rank_count);
    layout->weight_rank = calloc(populations + 1, sizeof *layout->weight_rank);
    m->mapped = calloc(populations + 1, sizeof *m->mapped);
    m->base = calloc(populations + 1, sizeof *m->base);
    m->axons = calloc((size_t)layout->core_count, sizeof *m->axons);
    m->axon_room = calloc((size_t)layout->core_count, sizeof *m->axon_room);
    return layout->cores && layout->homes && layout->lag && layout->delays && layout->out_first && layout->out &&
           layout->input_first && layout->weight_rank_count && layout->weight_rank && m->mapped && m->base &&
           m->axons && m->axon_room;
}

/* Numbers of populations and source neurons. */
static void number(weft_layout_maker *m) {
    int mapped = 0;
    for (int p = 0; p < m->snn->population_count; p++) {
        m->mapped[p] = weft_snn_is_neuron(&m->snn->populations[p]) ? mapped++ : -1;
        m->base[p + 1] = m->base[p] + m->snn->populations[p].size;
    }
}

static weft_status make(weft_layout_maker *m) {
    if (!allocate(m)) return weft_layout_no_memory(m);
    number(m);
    WEFT_TRY(weft_layout_links(m));
    WEFT_TRY(weft_layout_ranks(m));
    WEFT_TRY(weft_layout_slots(m));
    WEFT_TRY(weft_layout_axons(m));
    WEFT_TRY(weft_layout_routes(m));
    return weft_layout_limits(m);
}

weft_status weft_spike_layout_create(weft_spike_layout **out, const weft_spike_mapping *mapping, const weft_snn *snn,
                                     const weft_snn_fit *fit, const weft_chip *chip, weft_error *err) {
    assert(out && mapping && snn && fit && chip);
    weft_layout_maker m = {.mapping = mapping, .snn = snn, .fit = fit, .chip = chip, .err = err};
    *out = NULL;
    m.layout = calloc(1, sizeof *m.layout);
    weft_status status = m.layout ? make(&m) : weft_layout_no_memory(&m);
    free(m.mapped);
    free(m.base);
    free(m.route_first);
    free(m.routes);
    free(m.axons);
    free(m.axon_room);
    free(m.relays);
    if (status != WEFT_OK) {
        weft_spike_layout_destroy(m.layout);
        return status;
    }
    *out = m.layout;
    return WEFT_OK;
}

uint64_t weft_spike_layout_hops(const weft_spike_layout *layout, const weft_chip *chip) {
    uint64_t hops = 0;
    for (int c = 0; c < layout->core_count; c++) {
        const weft_laid_core *core = &layout->cores[c];
        const uint64_t count = core->slot_count ? core->first[core->slot_count] : 0;
        for (uint64_t r = 0; r < count; r++) hops += (uint64_t)weft_chip_hops(chip, c, (int)core->routes[r].core);
    }
    return hops;
}
