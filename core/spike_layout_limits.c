/* What breaks a core's limits, and which population takes most of it. */
#include <math.h>
#include <stdlib.h>

#include "core/spike_layout_internal.h"

static const char *const limit_names[] = {"neurons", "axons", "bytes of synapses", "destinations of its neurons"};

/* Of each population: neurons, or axons of it as a source, or destinations of its neurons. */
static void count_shares(const weft_layout_maker *m, int core, weft_spike_limit limit, uint64_t *shares) {
    const weft_laid_core *laid = &m->layout->cores[core];
    for (int a = 0; limit == WEFT_SPIKE_LIMIT_AXONS && a < laid->axon_count; a++) shares[laid->axons[a].population]++;
    for (int s = 0; limit != WEFT_SPIKE_LIMIT_AXONS && s < laid->slot_count; s++)
        shares[laid->slots[s].population] +=
            limit == WEFT_SPIKE_LIMIT_AXONS_OUT ? laid->first[s + 1] - laid->first[s] : 1;
}

/* Before there are slots. */
static void count_mapped(const weft_layout_maker *m, int core, uint64_t *shares) {
    for (int p = 0; p < m->snn->population_count; p++) {
        const weft_mapped_population *mapped = m->mapped[p] < 0 ? NULL : weft_layout_mapped(m, p);
        for (int i = 0; mapped && i < mapped->piece_count + mapped->relay_count; i++) {
            const weft_spike_piece *piece =
                i < mapped->piece_count ? &mapped->pieces[i] : &mapped->relays[i - mapped->piece_count];
            for (int k = 0; piece->core == core && k < piece->run_count; k++)
                shares[p] += (uint64_t)piece->runs[k].count * piece->runs[k].copies;
        }
    }
}

/* Of the first population on the core. */
static int line_of(const weft_layout_maker *m, int core) {
    for (int p = 0; p < m->mapping->population_count; p++)
        for (int i = 0; i < m->mapping->populations[p].piece_count; i++)
            if (m->mapping->populations[p].pieces[i].core == core) return m->mapping->populations[p].pieces[i].line;
    return 0;
}

weft_status weft_layout_over(const weft_layout_maker *m, int core, weft_spike_limit limit, uint64_t have,
                             uint64_t allowed) {
    uint64_t *shares = calloc((size_t)m->snn->population_count + 1, sizeof *shares);
    int most = 0;
    if (!shares) return weft_layout_no_memory(m);
    if (limit == WEFT_SPIKE_LIMIT_NEURONS)
        count_mapped(m, core, shares);
    else
        count_shares(m, core, limit, shares);
    for (int p = 1; p < m->snn->population_count; p++)
        if (shares[p] > shares[most]) most = p;
    free(shares);
    return weft_spike_mapping_bad(m->mapping, m->err, line_of(m, core),
                                  "core %d: %llu %s, %.80s has %llu a core; most are of \"%.128s\"", core,
                                  (unsigned long long)have, limit_names[limit], m->chip->name,
                                  (unsigned long long)allowed, m->snn->populations[most].name);
}

static uint64_t memory_bits(const weft_layout_maker *m, const weft_laid_core *laid) {
    if (m->chip->synapse.encoding == WEFT_SYNAPSE_SPARSE)
        return (uint64_t)ceil((double)laid->synapses * m->chip->synapse.synapse_bytes.value * 8);
    return (uint64_t)laid->axon_count * (uint64_t)laid->slot_count * (uint64_t)m->chip->synapse.weight_bits;
}

/* A spike of an ODIN neuron goes to the row of its own number: inputs need rows besides, unless no neuron sends to
 * another (then the chip's loop is open). */
static weft_status check_rows(const weft_layout_maker *m, int core) {
    const weft_laid_core *laid = &m->layout->cores[core];
    int inputs = 0;
    if (m->chip->neuron.model != WEFT_CHIP_NEURON_ODIN || laid->slot_count == 0) return WEFT_OK;
    for (int a = 0; a < laid->axon_count; a++)
        inputs += m->snn->populations[laid->axons[a].population].model == WEFT_NIR_INPUT;
    if (laid->first[laid->slot_count] == 0 || inputs + laid->slot_count <= m->chip->limits.axons) return WEFT_OK;
    return weft_spike_mapping_bad(m->mapping, m->err, line_of(m, core),
                                  "core %d: %d neurons and %d axons of inputs, which share the %lld rows of %.80s's "
                                  "synapses",
                                  core, laid->slot_count, inputs, (long long)m->chip->limits.axons, m->chip->name);
}

weft_status weft_layout_limits(const weft_layout_maker *m) {
    for (int c = 0; c < m->layout->core_count; c++) {
        weft_laid_core *laid = &m->layout->cores[c];
        WEFT_TRY(check_rows(m, c));
        laid->memory_bits = memory_bits(m, laid);
        m->layout->axons += (uint64_t)laid->axon_count;
        m->layout->synapses += laid->synapses;
        if (laid->memory_bits > (uint64_t)m->chip->synapse.memory_bytes * 8)
            return weft_layout_over(m, c, WEFT_SPIKE_LIMIT_MEMORY, (laid->memory_bits + 7) / 8,
                                    (uint64_t)m->chip->synapse.memory_bytes);
    }
    return WEFT_OK;
}
