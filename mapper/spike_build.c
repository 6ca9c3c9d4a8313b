/* A mapping from clusters. */
#include <stdlib.h>
#include <string.h>

#include "mapper/spike_internal.h"

/* Neurons of a population by core, then number: order[size]; first[core_count + 1]. */
typedef struct by_core {
    uint32_t *order;
    uint64_t *first;
} by_core;

static int core_at(const int *core_of, int bin) { return core_of ? core_of[bin] : bin; }

static weft_status sort_neurons(by_core *out, const weft_spike_work *w, int population, const int *core_of) {
    const weft_spike_part *part = &w->parts[population];
    const uint32_t size = w->snn->populations[population].size;
    const size_t cores = (size_t)w->chip->core_count;
    *out = (by_core){malloc(((size_t)size + 1) * sizeof *out->order), calloc(cores + 2, sizeof *out->first)};
    if (!out->order || !out->first) return weft_spike_no_memory(w);
    for (uint32_t n = 0; n < size; n++) out->first[core_at(core_of, part->bins[part->cluster[n]]) + 2]++;
    for (size_t c = 0; c < cores; c++) out->first[c + 2] += out->first[c + 1];
    for (uint32_t n = 0; n < size; n++)
        out->order[out->first[core_at(core_of, part->bins[part->cluster[n]]) + 1]++] = n;
    return WEFT_OK;
}

/* Does the neuron go on with the run? */
static bool goes_on(const weft_neuron_run *run, uint32_t neuron, uint32_t copies) {
    return run->first + run->count == neuron && run->copies == copies;
}

static void append(weft_spike_piece *piece, uint32_t neuron, uint32_t copies) {
    if (piece->run_count && goes_on(&piece->runs[piece->run_count - 1], neuron, copies))
        piece->runs[piece->run_count - 1].count++;
    else
        piece->runs[piece->run_count++] = (weft_neuron_run){neuron, 1, copies};
}

/* Room for `most` runs, then as many as there are. */
static weft_status fill_piece(weft_spike_piece *piece, const weft_spike_work *w, int core, const uint32_t *neurons,
                              const uint32_t *copies, size_t most) {
    piece->core = core;
    piece->runs = malloc(most * sizeof *piece->runs);
    if (!piece->runs) return weft_spike_no_memory(w);
    for (size_t k = 0; k < most; k++) append(piece, neurons[k], copies[neurons[k]]);
    weft_neuron_run *cut = realloc(piece->runs, (size_t)piece->run_count * sizeof *cut);
    if (cut) piece->runs = cut;
    return WEFT_OK;
}

static weft_status build_pieces(weft_mapped_population *mapped, const weft_spike_work *w, int population,
                                const int *core_of) {
    by_core sorted = {0};
    weft_status status = sort_neurons(&sorted, w, population, core_of);
    size_t count = 0;
    for (int c = 0; status == WEFT_OK && c < w->chip->core_count; c++) count += sorted.first[c + 1] > sorted.first[c];
    mapped->pieces = status == WEFT_OK ? calloc(count + 1, sizeof *mapped->pieces) : NULL;
    if (status == WEFT_OK && !mapped->pieces) status = weft_spike_no_memory(w);
    for (int c = 0; status == WEFT_OK && c < w->chip->core_count; c++) {
        const uint64_t begin = sorted.first[c], end = sorted.first[c + 1];
        if (begin < end)
            status = fill_piece(&mapped->pieces[mapped->piece_count++], w, c, sorted.order + begin,
                                w->parts[population].copies, (size_t)(end - begin));
    }
    free(sorted.order);
    free(sorted.first);
    return status;
}

/* ---- splitter neurons ---- */

static int compare_splitters(const void *a, const void *b) { /* bins are cores */
    const weft_spike_splitter *p = a, *q = b;
    if (p->bin != q->bin) return p->bin < q->bin ? -1 : 1;
    return (p->neuron > q->neuron) - (p->neuron < q->neuron);
}

/* Those of a core; of one neuron there they are one run. */
static weft_status fill_relays(weft_spike_piece *piece, const weft_spike_work *w, const weft_spike_splitter *list,
                               int count) {
    piece->core = list[0].bin;
    piece->runs = malloc((size_t)count * sizeof *piece->runs);
    if (!piece->runs) return weft_spike_no_memory(w);
    for (int k = 0; k < count; k++) {
        if (k > 0 && list[k].neuron == list[k - 1].neuron)
            piece->runs[piece->run_count - 1].copies += list[k].slots;
        else
            piece->runs[piece->run_count++] = (weft_neuron_run){list[k].neuron, 1, list[k].slots};
    }
    return WEFT_OK;
}

static weft_status build_relays(weft_mapped_population *mapped, const weft_spike_work *w, int population,
                                const int *core_of) {
    const weft_spike_part *part = &w->parts[population];
    const int count = part->splitter_count;
    weft_status status = WEFT_OK;
    if (!count) return WEFT_OK;
    weft_spike_splitter *list = malloc((size_t)count * sizeof *list);
    mapped->relays = calloc((size_t)count, sizeof *mapped->relays);
    if (!list || !mapped->relays) WEFT_TRY_GOTO(weft_spike_no_memory(w));
    memcpy(list, part->splitters, (size_t)count * sizeof *list);
    for (int s = 0; s < count; s++) list[s].bin = core_at(core_of, list[s].bin);
    qsort(list, (size_t)count, sizeof *list, compare_splitters);
    for (int s = 0, end; s < count; s = end) {
        for (end = s + 1; end < count && list[end].bin == list[s].bin;) end++;
        WEFT_TRY_GOTO(fill_relays(&mapped->relays[mapped->relay_count++], w, list + s, end - s));
    }
cleanup:
    free(list);
    return status;
}

static weft_status build_population(weft_mapped_population *mapped, const weft_spike_work *w, int population,
                                    const int *core_of) {
    mapped->name = strdup(w->snn->populations[population].name);
    mapped->size = w->snn->populations[population].size;
    if (!mapped->name) return weft_spike_no_memory(w);
    WEFT_TRY(build_pieces(mapped, w, population, core_of));
    return build_relays(mapped, w, population, core_of);
}

weft_status weft_spike_build(weft_spike_mapping **out, const weft_spike_work *w, const int *core_of) {
    int count = 0;
    for (int p = 0; p < w->snn->population_count; p++) count += weft_snn_is_neuron(&w->snn->populations[p]);
    WEFT_TRY(weft_spike_mapping_create(out, count, w->err));
    weft_spike_mapping *mapping = *out;
    mapping->options = w->fit->options;
    weft_status status = WEFT_OK;
    for (int p = 0, at = 0; status == WEFT_OK && p < w->snn->population_count; p++)
        if (weft_snn_is_neuron(&w->snn->populations[p]))
            status = build_population(&mapping->populations[at++], w, p, core_of);
    if (status == WEFT_OK) return WEFT_OK;
    weft_spike_mapping_destroy(mapping);
    *out = NULL;
    return status;
}
