/* Clusters of all populations, and the copies and splitter neurons that a limit of destinations calls for. */
#include <omp.h>
#include <stdlib.h>

#include "mapper/spike_internal.h"

enum {
    ROUNDS_EXACT = 8,   /* then destinations are counted as if no two targets of a neuron shared an axon */
    PARALLEL_MIN = 4096 /* neurons */
};

/* Axons that the neuron reaches, in populations that are clustered. mark: [marks] of the largest population, holds the
 * last *stamp that saw it. */
static uint32_t count_axons(const weft_spike_work *w, int population, uint32_t neuron, uint32_t *mark,
                            uint32_t *stamp) {
    uint32_t axons = 0;
    for (int k = w->out_first[population]; k < w->out_first[population + 1]; k++) {
        const int i = w->out[k], target = w->snn->projections[i].target;
        const weft_snn_projection *projection = &w->snn->projections[i];
        const weft_spike_part *part = &w->parts[target];
        const float *weights = w->fit->projections[i].weights;
        const uint32_t kinds = w->rank_count[target] ? (uint32_t)w->rank_count[target] : 1;
        ++*stamp;
        for (uint64_t s = projection->first[neuron]; part->clustered && s < projection->first[neuron + 1]; s++) {
            if (weights[s] == 0) continue;
            const uint32_t kind = kinds > 1 ? (uint32_t)weft_spike_kind(w, target, weights[s]) : 0;
            uint32_t *seen = &mark[part->cluster[projection->targets[s]] * kinds + kind];
            axons += *seen != *stamp;
            *seen = *stamp;
        }
    }
    return axons;
}

static uint32_t count_synapses(const weft_spike_work *w, int population, uint32_t neuron) {
    uint64_t synapses = 0;
    for (int k = w->out_first[population]; k < w->out_first[population + 1]; k++) {
        const weft_snn_projection *projection = &w->snn->projections[w->out[k]];
        synapses += projection->first[neuron + 1] - projection->first[neuron];
    }
    return (uint32_t)synapses;
}

static size_t most_marks(const weft_spike_work *w) {
    size_t most = 1;
    for (int p = 0; p < w->snn->population_count; p++) {
        const size_t kinds = w->rank_count[p] ? (size_t)w->rank_count[p] : 1;
        if ((size_t)w->parts[p].cluster_count * kinds > most) most = (size_t)w->parts[p].cluster_count * kinds;
    }
    return most;
}

/* counts[size] */
static weft_status count_all(const weft_spike_work *w, int population, bool exact, uint32_t *counts) {
    const int64_t size = w->snn->populations[population].size;
    const int threads = w->options->threads > 0 ? w->options->threads : omp_get_max_threads();
    const size_t marks = most_marks(w);
    bool memory = true;
#pragma omp parallel num_threads(threads) if (size >= PARALLEL_MIN)
    {
        uint32_t stamp = 0, *mark = calloc(marks, sizeof *mark);
        if (!mark)
#pragma omp atomic write
            memory = false;
#pragma omp for schedule(static)
        for (int64_t n = 0; n < size; n++)
            if (mark)
                counts[n] = exact ? count_axons(w, population, (uint32_t)n, mark, &stamp)
                                  : count_synapses(w, population, (uint32_t)n);
        free(mark);
    }
    return memory ? WEFT_OK : weft_spike_no_memory(w);
}

/* ---- copies and splitter neurons ---- */

/* Of a neuron that goes to so many axons: copies, and slots of splitter neurons, in groups of a core each. */
typedef struct supply {
    uint64_t copies, groups, slots;
} supply;

static supply supply_of(const weft_chip *chip, uint64_t axons) {
    const uint64_t each = (uint64_t)chip->limits.destinations, neurons = (uint64_t)chip->limits.neurons;
    const uint64_t copies = (axons + each - 1) / each;
    if (copies <= neurons) return (supply){copies ? copies : 1, 0, 0};
    const uint64_t groups = (axons + neurons * each - 1) / (neurons * each), first = (groups + each - 1) / each;
    const uint64_t direct = first * each - groups;
    return (supply){first, groups, (axons - direct + each - 1) / each};
}

static weft_status add_splitters(weft_spike_work *w, weft_spike_part *part, uint32_t neuron, const supply *s) {
    weft_spike_splitter *grown =
        realloc(part->splitters, ((size_t)part->splitter_count + (size_t)s->groups) * sizeof *grown);
    if (!grown) return weft_spike_no_memory(w);
    part->splitters = grown;
    for (uint64_t g = 0; g < s->groups; g++) {
        const uint32_t slots = (uint32_t)(s->slots * (g + 1) / s->groups - s->slots * g / s->groups);
        part->splitters[part->splitter_count++] = (weft_spike_splitter){neuron, slots, -1};
    }
    return WEFT_OK;
}

/* Splitter neurons take a tick more. */
static weft_status check_loops(const weft_spike_work *w, int population, uint32_t neuron, uint64_t axons) {
    for (int k = w->out_first[population]; k < w->out_first[population + 1]; k++) {
        const weft_snn_projection *projection = &w->snn->projections[w->out[k]];
        if (!projection->recurrent || projection->target != population || projection->delay > 1) continue;
        return weft_error_set(
            w->err, WEFT_E_NO_FIT,
            "neuron %u of \"%.128s\" goes to %llu axons at least, and a core of %.80s has %lld neurons of %lld "
            "destinations: splitter neurons would take a tick more, which its loop of 1 tick does "
            "not leave",
            (unsigned)neuron, w->snn->populations[population].name, (unsigned long long)axons, w->chip->name,
            (long long)w->chip->limits.neurons, (long long)w->chip->limits.destinations);
    }
    return WEFT_OK;
}

static weft_status supply_all(weft_spike_work *w, int population) {
    weft_spike_part *part = &w->parts[population];
    part->splitter_count = 0;
    for (uint32_t n = 0; w->chip->limits.destinations && n < w->snn->populations[population].size; n++) {
        const supply s = supply_of(w->chip, part->axons_out[n]);
        if (s.copies > (uint64_t)w->chip->limits.neurons)
            return weft_error_set(w->err, WEFT_E_NO_FIT,
                                  "neuron %u of \"%.128s\" goes to %u axons: more than the %lld neurons of a core of "
                                  "%.80s can reach, with splitter neurons",
                                  (unsigned)n, w->snn->populations[population].name, (unsigned)part->axons_out[n],
                                  (long long)w->chip->limits.neurons, w->chip->name);
        part->copies[n] = (uint32_t)s.copies;
        if (!s.groups) continue;
        WEFT_TRY(check_loops(w, population, n, part->axons_out[n]));
        WEFT_TRY(add_splitters(w, part, n, &s));
    }
    return WEFT_OK;
}

/* ---- all populations ---- */

/* Destinations that are needed now, at least those of before; *more: some neuron needs more. */
static weft_status raise(weft_spike_work *w, int population, bool exact, bool *more) {
    weft_spike_part *part = &w->parts[population];
    const uint32_t size = w->snn->populations[population].size;
    *more = !part->clustered;
    if (!part->axons_out) return WEFT_OK;
    uint32_t *now = malloc(((size_t)size + 1) * sizeof *now);
    if (!now) return weft_spike_no_memory(w);
    weft_status status = count_all(w, population, exact, now);
    for (uint32_t n = 0; status == WEFT_OK && n < size; n++) {
        if (now[n] <= part->axons_out[n]) continue;
        part->axons_out[n] = now[n];
        *more = true;
    }
    free(now);
    if (status == WEFT_OK && *more) status = supply_all(w, population);
    return status;
}

static weft_status start(weft_spike_work *w) {
    const bool counted = w->chip->limits.destinations || w->chip->limits.axons_out;
    for (int p = 0; p < w->snn->population_count; p++) {
        weft_spike_part *part = &w->parts[p];
        const size_t size = w->snn->populations[p].size;
        if (!weft_snn_is_neuron(&w->snn->populations[p])) continue;
        part->cluster = malloc((size + 1) * sizeof *part->cluster);
        part->copies = malloc((size + 1) * sizeof *part->copies);
        if (counted) part->axons_out = calloc(size + 1, sizeof *part->axons_out);
        if (!part->cluster || !part->copies || (counted && !part->axons_out)) return weft_spike_no_memory(w);
        for (size_t n = 0; n < size; n++) part->copies[n] = 1;
    }
    return WEFT_OK;
}

static weft_status partition_once(weft_spike_work *w, bool exact, bool *changed) {
    for (int p = w->snn->population_count - 1; p >= 0; p--) {
        bool more = false;
        if (!weft_snn_is_neuron(&w->snn->populations[p])) continue;
        WEFT_TRY(raise(w, p, exact, &more));
        if (!more) continue;
        WEFT_TRY(weft_spike_grow(w, p));
        w->parts[p].clustered = *changed = true;
    }
    return WEFT_OK;
}

static weft_status report(weft_spike_work *w, int rounds) {
    uint64_t clusters = 0, copies = 0, splitters = 0;
    for (int p = 0; p < w->snn->population_count; p++) {
        const weft_spike_part *part = &w->parts[p];
        clusters += (uint64_t)part->cluster_count;
        for (uint32_t n = 0; part->copies && n < w->snn->populations[p].size; n++) copies += part->copies[n] - 1;
        for (int s = 0; s < part->splitter_count; s++) splitters += part->splitters[s].slots;
    }
    return weft_map_log_add(&w->log, w->err,
                            "partition: %llu neurons in %llu clusters, %llu copies and %llu splitter neurons for "
                            "destinations, %d round%s",
                            (unsigned long long)w->snn->neurons, (unsigned long long)clusters,
                            (unsigned long long)copies, (unsigned long long)splitters, rounds, rounds > 1 ? "s" : "");
}

weft_status weft_spike_partition(weft_spike_work *w) {
    bool loops = false, changed = true;
    int rounds = 0;
    WEFT_TRY(start(w));
    for (int i = 0; i < w->snn->projection_count; i++) loops = loops || w->snn->projections[i].recurrent;
    for (; changed && (rounds == 0 || loops); rounds++) {
        changed = false;
        WEFT_TRY(partition_once(w, rounds < ROUNDS_EXACT, &changed));
    }
    return report(w, rounds);
}
