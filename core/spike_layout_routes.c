/* Which copy and which relay serves which axon. */
#include <stdlib.h>

#include "core/spike_layout_internal.h"

/* Routes of all slots are gone through twice: counted, then written. */
typedef struct route_writer {
    weft_layout_maker *m;
    bool count;
} route_writer;

static void put(const route_writer *w, uint32_t core, uint32_t slot, weft_spike_route route) {
    weft_laid_core *laid = &w->m->layout->cores[core];
    if (w->count)
        laid->first[slot + 1]++;
    else
        laid->routes[laid->first[slot]++] = route;
}

static weft_status too_few_copies(const weft_layout_maker *m, int population, uint32_t neuron, uint64_t axons,
                                  uint64_t served, int groups) {
    const weft_spike_home home = m->layout->homes[population][neuron];
    const weft_mapped_population *mapped = weft_layout_mapped(m, population);
    int line = mapped->line;
    for (int i = 0; i < mapped->piece_count; i++)
        if (mapped->pieces[i].core == (int)home.core) line = mapped->pieces[i].line;
    return weft_spike_mapping_bad(
        m->mapping, m->err, line,
        "neuron %u of \"%.128s\" goes to %llu axons; its %u %s of %lld %s and %d %s serve %llu", (unsigned)neuron,
        mapped->name, (unsigned long long)axons, (unsigned)home.copies, home.copies == 1 ? "copy" : "copies",
        (long long)m->chip->limits.destinations, m->chip->limits.destinations == 1 ? "destination" : "destinations",
        groups, groups == 1 ? "relay" : "relays", (unsigned long long)served);
}

/* groups: its relays. */
static weft_status put_neuron(const route_writer *w, int population, uint32_t neuron, const weft_relay_group *groups,
                              int group_count) {
    const weft_layout_maker *m = w->m;
    const uint64_t source = m->base[population] + neuron, begin = m->route_first[source];
    const uint64_t axons = m->route_first[source + 1] - begin, each = (uint64_t)m->chip->limits.destinations;
    const weft_spike_home home = m->layout->homes[population][neuron];
    uint64_t room = each ? each * home.copies : axons, relayed = 0, at = 0;
    for (int g = 0; g < group_count; g++) relayed += groups[g].slots * each;
    if (room < (uint64_t)group_count || room - (uint64_t)group_count + relayed < axons)
        return too_few_copies(m, population, neuron, axons,
                              room < (uint64_t)group_count ? 0 : room - (uint64_t)group_count + relayed, group_count);
    for (int g = 0; g < group_count; g++, at++)
        put(w, home.core, home.slot + (uint32_t)(at / each),
            (weft_spike_route){groups[g].core, (uint16_t)groups[g].axon, 1});
    uint64_t low = 0, high = axons;
    for (; at < room && low < high; at++)
        put(w, home.core, home.slot + (each ? (uint32_t)(at / each) : 0), m->routes[begin + low++]);
    for (int g = 0; g < group_count; g++)
        for (uint64_t k = 0; k < groups[g].slots * each && low < high; k++) {
            weft_spike_route route = m->routes[begin + --high];
            route.delay--;
            put(w, groups[g].core, groups[g].slot + (uint32_t)(k / each), route);
        }
    return WEFT_OK;
}

static weft_status put_all(const route_writer *w) {
    const weft_layout_maker *m = w->m;
    uint64_t group = 0;
    for (int p = 0; p < m->snn->population_count; p++) {
        if (m->mapped[p] < 0) continue;
        for (uint32_t n = 0; n < m->snn->populations[p].size; n++) {
            uint64_t end = group;
            while (end < m->relay_count && m->relays[end].source == m->base[p] + n) end++;
            WEFT_TRY(put_neuron(w, p, n, m->relays + group, (int)(end - group)));
            group = end;
        }
    }
    return WEFT_OK;
}

static weft_status start_cores(weft_layout_maker *m) {
    for (int c = 0; c < m->layout->core_count; c++) {
        weft_laid_core *laid = &m->layout->cores[c];
        if (!laid->slot_count) continue;
        laid->first = calloc((size_t)laid->slot_count + 2, sizeof *laid->first);
        if (!laid->first) return weft_layout_no_memory(m);
    }
    return WEFT_OK;
}

/* From counts to begins. */
static weft_status sum_cores(weft_layout_maker *m) {
    for (int c = 0; c < m->layout->core_count; c++) {
        weft_laid_core *laid = &m->layout->cores[c];
        if (!laid->slot_count) continue;
        for (int s = 0; s < laid->slot_count; s++) laid->first[s + 1] += laid->first[s];
        const uint64_t count = laid->first[laid->slot_count], limit = (uint64_t)m->chip->limits.axons_out;
        if (limit && count > limit) return weft_layout_over(m, c, WEFT_SPIKE_LIMIT_AXONS_OUT, count, limit);
        laid->routes = malloc((count + 1) * sizeof *laid->routes);
        if (!laid->routes) return weft_layout_no_memory(m);
    }
    return WEFT_OK;
}

/* Writing moved every begin to the next one's. */
static void shift_back(weft_layout_maker *m) {
    for (int c = 0; c < m->layout->core_count; c++) {
        weft_laid_core *laid = &m->layout->cores[c];
        for (int s = laid->slot_count; s > 0; s--) laid->first[s] = laid->first[s - 1];
        if (laid->slot_count) laid->first[0] = 0;
    }
}

static weft_status put_inputs(weft_layout_maker *m) {
    weft_spike_layout *layout = m->layout;
    uint64_t value = 0, count = 0;
    for (int p = 0; p < m->snn->population_count; p++)
        if (m->snn->populations[p].model == WEFT_NIR_INPUT)
            count += m->route_first[m->base[p + 1]] - m->route_first[m->base[p]];
    layout->input_routes = malloc((count + 1) * sizeof *layout->input_routes);
    if (!layout->input_routes) return weft_layout_no_memory(m);
    count = 0;
    for (int p = 0; p < m->snn->population_count; p++) {
        if (m->snn->populations[p].model != WEFT_NIR_INPUT) continue;
        for (uint64_t source = m->base[p]; source < m->base[p + 1]; source++) {
            for (uint64_t r = m->route_first[source]; r < m->route_first[source + 1]; r++)
                layout->input_routes[count++] = m->routes[r];
            layout->input_first[++value] = count;
        }
    }
    return WEFT_OK;
}

weft_status weft_layout_routes(weft_layout_maker *m) {
    WEFT_TRY(start_cores(m));
    WEFT_TRY(put_all(&(route_writer){m, true}));
    WEFT_TRY(sum_cores(m));
    WEFT_TRY(put_all(&(route_writer){m, false}));
    shift_back(m);
    return put_inputs(m);
}
