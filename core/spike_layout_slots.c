/* Neurons of the cores: slots, and where every neuron is. */
#include <stdlib.h>
#include <string.h>

#include "core/spike_layout_internal.h"

static uint64_t piece_slots(const weft_spike_piece *piece) {
    uint64_t slots = 0;
    for (int k = 0; k < piece->run_count; k++) slots += (uint64_t)piece->runs[k].count * piece->runs[k].copies;
    return slots;
}

/* wanted[cores]: slots, relays among them. A core has neurons of one model. */
static weft_status count_slots(const weft_layout_maker *m, uint64_t *wanted, int *first_of) {
    for (int p = 0; p < m->snn->population_count; p++) {
        if (m->mapped[p] < 0) continue;
        const weft_mapped_population *mapped = weft_layout_mapped(m, p);
        const char *model = m->fit->populations[p].model;
        for (int i = 0; i < mapped->relay_count; i++) wanted[mapped->relays[i].core] += piece_slots(&mapped->relays[i]);
        for (int i = 0; i < mapped->piece_count; i++) {
            const weft_spike_piece *piece = &mapped->pieces[i];
            int *first = &first_of[piece->core];
            wanted[piece->core] += piece_slots(piece);
            if (*first < 0) *first = p;
            const char *other = m->fit->populations[*first].model;
            if (model && other && strcmp(model, other) != 0)
                return weft_spike_mapping_bad(m->mapping, m->err, piece->line,
                                              "core %d: \"%.128s\" is of model %.40s, \"%.128s\", there too, of %.40s",
                                              piece->core, mapped->name, model, m->snn->populations[*first].name,
                                              other);
        }
    }
    return WEFT_OK;
}

static void fill_run(weft_spike_layout *layout, int core, const weft_neuron_run *run, weft_spike_slot slot) {
    weft_laid_core *laid = &layout->cores[core];
    for (uint32_t n = run->first; n < run->first + run->count; n++) {
        slot.neuron = n;
        if (!slot.relay)
            layout->homes[slot.population][n] =
                (weft_spike_home){(uint32_t)core, (uint16_t)laid->slot_count, (uint16_t)run->copies};
        for (uint32_t k = 0; k < run->copies; k++) laid->slots[laid->slot_count++] = slot;
    }
    const uint64_t slots = (uint64_t)run->count * run->copies;
    if (slot.relay)
        layout->relays += slots;
    else
        layout->copies += slots - run->count;
}

static void fill_relays(weft_layout_maker *m, int population, const weft_spike_piece *piece) {
    for (int k = 0; k < piece->run_count; k++) {
        const weft_neuron_run *run = &piece->runs[k];
        const uint32_t slot = (uint32_t)m->layout->cores[piece->core].slot_count;
        for (uint32_t i = 0; i < run->count; i++)
            m->relays[m->relay_count++] = (weft_relay_group){
                m->base[population] + run->first + i, (uint32_t)piece->core, 0, slot + i * run->copies, run->copies};
        fill_run(m->layout, piece->core, run, (weft_spike_slot){population, 0, true});
    }
}

static weft_status fill(weft_layout_maker *m) {
    uint64_t groups = 0;
    for (int p = 0; p < m->snn->population_count; p++) {
        if (m->mapped[p] < 0) continue;
        const weft_mapped_population *mapped = weft_layout_mapped(m, p);
        m->layout->homes[p] = calloc((size_t)mapped->size + 1, sizeof **m->layout->homes);
        if (!m->layout->homes[p]) return weft_layout_no_memory(m);
        for (int i = 0; i < mapped->piece_count; i++)
            for (int k = 0; k < mapped->pieces[i].run_count; k++)
                fill_run(m->layout, mapped->pieces[i].core, &mapped->pieces[i].runs[k], (weft_spike_slot){p, 0, false});
        for (int i = 0; i < mapped->relay_count; i++)
            for (int k = 0; k < mapped->relays[i].run_count; k++) groups += mapped->relays[i].runs[k].count;
    }
    m->relays = malloc((groups + 1) * sizeof *m->relays);
    if (!m->relays) return weft_layout_no_memory(m);
    for (int p = 0; p < m->snn->population_count; p++) {
        const weft_mapped_population *mapped = m->mapped[p] < 0 ? NULL : weft_layout_mapped(m, p);
        for (int i = 0; mapped && i < mapped->relay_count; i++) fill_relays(m, p, &mapped->relays[i]);
    }
    return WEFT_OK;
}

weft_status weft_layout_slots(weft_layout_maker *m) {
    weft_status status = WEFT_OK;
    const int cores = m->layout->core_count;
    const uint64_t limit = (uint64_t)m->chip->limits.neurons;
    uint64_t *wanted = calloc((size_t)cores, sizeof *wanted);
    int *first_of = malloc((size_t)cores * sizeof *first_of);
    if (!wanted || !first_of) WEFT_TRY_GOTO(weft_layout_no_memory(m));
    for (int c = 0; c < cores; c++) first_of[c] = -1;
    WEFT_TRY_GOTO(count_slots(m, wanted, first_of));
    for (int c = 0; c < cores; c++) {
        if (wanted[c] > limit) WEFT_TRY_GOTO(weft_layout_over(m, c, WEFT_SPIKE_LIMIT_NEURONS, wanted[c], limit));
        if (!wanted[c]) continue;
        m->layout->cores_used++;
        m->layout->cores[c].slots = malloc(wanted[c] * sizeof(weft_spike_slot));
        if (!m->layout->cores[c].slots) WEFT_TRY_GOTO(weft_layout_no_memory(m));
    }
    WEFT_TRY_GOTO(fill(m));
cleanup:
    free(wanted);
    free(first_of);
    return status;
}
