/* Projections on a chip: by source population, their delays, and the different weights into a population. */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "core/spike_layout_internal.h"

enum { RANKS_MAX = 16 };

static const char *name_of(const weft_layout_maker *m, int population) { return m->snn->populations[population].name; }

static int line_of(const weft_layout_maker *m, int population) {
    return m->mapped[population] < 0 ? 0 : weft_layout_mapped(m, population)->line;
}

/* Ticks between chip cores at least. */
static int least_delay(const weft_layout_maker *m, int source) {
    return m->mapped[source] >= 0 && weft_layout_mapped(m, source)->relay_count > 0 ? 2 : 1;
}

static void sort_by_source(weft_layout_maker *m) {
    weft_spike_layout *layout = m->layout;
    for (int i = 0; i < m->snn->projection_count; i++) layout->out_first[m->snn->projections[i].source + 1]++;
    for (int p = 0; p < m->snn->population_count; p++) layout->out_first[p + 1] += layout->out_first[p];
    for (int i = 0; i < m->snn->projection_count; i++)
        layout->out[layout->out_first[m->snn->projections[i].source]++] = i;
    for (int p = m->snn->population_count; p > 0; p--) layout->out_first[p] = layout->out_first[p - 1];
    layout->out_first[0] = 0;
}

/* Projections that are not recurrent go to later populations. */
static void find_lags(weft_layout_maker *m) {
    weft_spike_layout *layout = m->layout;
    for (int p = 0; p < m->snn->population_count; p++) {
        for (int k = layout->out_first[p]; k < layout->out_first[p + 1]; k++) {
            const weft_snn_projection *projection = &m->snn->projections[layout->out[k]];
            const int lag = layout->lag[p] + least_delay(m, p) - projection->delay;
            if (!projection->recurrent && lag > layout->lag[projection->target]) layout->lag[projection->target] = lag;
        }
        const weft_snn_population *population = &m->snn->populations[p];
        if (population->output && layout->lag[p] > layout->depth) layout->depth = layout->lag[p];
    }
}

static weft_status check_delay(const weft_layout_maker *m, int i) {
    const weft_snn_projection *projection = &m->snn->projections[i];
    const int delay = m->layout->delays[i], source = projection->source, target = projection->target;
    const int line = line_of(m, target), least = least_delay(m, source);
    if (delay < least)
        return weft_spike_mapping_bad(
            m->mapping, m->err, line,
            "the loop from \"%.128s\" back to \"%.128s\" has %d ticks, but \"%.128s\" comes %d ticks behind \"%.128s\" "
            "on the chip%s: it needs a delay of %d at least",
            name_of(m, source), name_of(m, target), projection->delay, name_of(m, source),
            m->layout->lag[source] - m->layout->lag[target], name_of(m, target), least == 2 ? " and has relays" : "",
            m->layout->lag[source] - m->layout->lag[target] + least);
    if (delay > m->chip->limits.delay_ticks)
        return weft_spike_mapping_bad(
            m->mapping, m->err, line,
            "from \"%.128s\" to \"%.128s\" it takes %d ticks on the chip (%d in the network, and as much as the layers "
            "between take); %.80s has delays of 1 to %lld",
            name_of(m, source), name_of(m, target), delay, projection->delay, m->chip->name,
            (long long)m->chip->limits.delay_ticks);
    return WEFT_OK;
}

weft_status weft_layout_links(weft_layout_maker *m) {
    sort_by_source(m);
    find_lags(m);
    for (int i = 0; i < m->snn->projection_count; i++) {
        const weft_snn_projection *projection = &m->snn->projections[i];
        if (m->mapped[projection->target] < 0)
            return weft_error_set(m->err, WEFT_E_UNSUPPORTED,
                                  "\"%.128s\" is an Output that gets weighted sums; a chip puts out spikes of neurons",
                                  name_of(m, projection->target));
        m->layout->delays[i] =
            projection->delay + m->layout->lag[projection->target] - m->layout->lag[projection->source];
        WEFT_TRY(check_delay(m, i));
    }
    return WEFT_OK;
}

/* ---- kinds ---- */

/* ranks ascending; false: one more would be needed than there may be. */
static bool add_rank(float ranks[RANKS_MAX], int *count, int most, float weight) {
    int at = 0;
    while (at < *count && ranks[at] < weight) at++;
    if (at < *count && ranks[at] == weight) return true;
    if (*count == most) return false;
    memmove(ranks + at + 1, ranks + at, (size_t)(*count - at) * sizeof *ranks);
    ranks[at] = weight;
    ++*count;
    return true;
}

weft_status weft_spike_ranks(int *count, float (*ranks)[16], int *bad, const weft_snn *snn, const weft_snn_fit *fit,
                             const weft_chip *chip, weft_error *err) {
    const int types = (int)chip->synapse.axon_types, most = types < RANKS_MAX ? types : RANKS_MAX;
    const bool signs = chip->neuron.model == WEFT_CHIP_NEURON_ODIN && types == 0;
    for (int p = 0; p < snn->population_count; p++) {
        count[p] = signs ? 2 : 0;
        if (signs) ranks[p][0] = -1, ranks[p][1] = FLT_MAX;
    }
    for (int i = 0; most > 0 && i < snn->projection_count; i++) {
        const int target = snn->projections[i].target;
        const float *weights = fit->projections[i].weights;
        float last = 0;
        for (uint64_t s = 0; s < snn->projections[i].count; s++) {
            if (weights[s] == last || weights[s] == 0) continue;
            last = weights[s];
            if (add_rank(ranks[target], &count[target], most, last)) continue;
            char text[256] = "";
            for (int k = 0; k < most; k++)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%.9g, ", (double)ranks[target][k]);
            *bad = target;
            return weft_error_set(
                err, WEFT_E_INVALID,
                "synapses into \"%.128s\" have more than %d different weights (%s%.9g, ...); %.80s has "
                "that many axon types",
                snn->populations[target].name, most, text, (double)last, chip->name);
        }
    }
    return WEFT_OK;
}

weft_status weft_layout_ranks(weft_layout_maker *m) {
    int bad = 0;
    weft_error err = {0};
    const weft_status status =
        weft_spike_ranks(m->layout->weight_rank_count, m->layout->weight_rank, &bad, m->snn, m->fit, m->chip, &err);
    if (status != WEFT_E_INVALID) return status;
    return weft_spike_mapping_bad(m->mapping, m->err, line_of(m, bad), "%s", err.text);
}
