#include <assert.h>
#include <stdlib.h>

#include "mapper/spike_internal.h"

weft_status weft_spike_no_memory(const weft_spike_work *w) {
    return weft_error_set(w->err, WEFT_E_MEMORY, "out of memory while mapping a spiking network");
}

weft_spike_map_options weft_spike_map_defaults(void) {
    return (weft_spike_map_options){.objective = WEFT_OBJECTIVE_ENERGY, .seed = 1};
}

static weft_status start(weft_spike_work *w) {
    const weft_snn *snn = w->snn;
    const size_t populations = (size_t)snn->population_count;
    int bad = 0;
    w->in_first = calloc(populations + 2, sizeof *w->in_first);
    w->out_first = calloc(populations + 2, sizeof *w->out_first);
    w->out = calloc((size_t)snn->projection_count + 1, sizeof *w->out);
    w->rank_count = calloc(populations + 1, sizeof *w->rank_count);
    w->ranks = calloc(populations + 1, sizeof *w->ranks);
    w->parts = calloc(populations + 1, sizeof *w->parts);
    if (!w->in_first || !w->out_first || !w->out || !w->rank_count || !w->ranks || !w->parts)
        return weft_spike_no_memory(w);
    for (int i = 0; i < snn->projection_count; i++) {
        w->in_first[snn->projections[i].target + 1]++;
        w->out_first[snn->projections[i].source + 2]++;
    }
    for (size_t p = 0; p < populations; p++) {
        w->in_first[p + 1] += w->in_first[p];
        w->out_first[p + 2] += w->out_first[p + 1];
    }
    for (int i = 0; i < snn->projection_count; i++) w->out[w->out_first[snn->projections[i].source + 1]++] = i;
    w->synapse_room = UINT64_MAX;
    if (w->chip->synapse.encoding == WEFT_SYNAPSE_SPARSE)
        w->synapse_room = (uint64_t)((double)w->chip->synapse.memory_bytes / w->chip->synapse.synapse_bytes.value);
    return weft_spike_ranks(w->rank_count, w->ranks, &bad, snn, w->fit, w->chip, w->err);
}

static void work_free(weft_spike_work *w) {
    for (int p = 0; w->parts && p < w->snn->population_count; p++) {
        weft_spike_part *part = &w->parts[p];
        free(part->takes);
        free(part->bins);
        free(part->cluster);
        free(part->copies);
        free(part->axons_out);
        free(part->splitters);
    }
    free(w->in_first);
    free(w->out_first);
    free(w->out);
    free(w->rank_count);
    free(w->ranks);
    free(w->parts);
    free(w->log.text);
}

static weft_status check_chip(const weft_snn *snn, const weft_chip *chip, weft_error *err) {
    if (chip->kind != WEFT_CHIP_SPIKING)
        return weft_error_set(err, WEFT_E_UNSUPPORTED, "a spiking network needs a spiking chip; \"%.80s\" is none",
                              chip->name);
    if (snn->neurons == 0) return weft_error_set(err, WEFT_E_INVALID, "the network has no neurons to map");
    for (int i = 0; i < snn->projection_count; i++) {
        const weft_snn_population *target = &snn->populations[snn->projections[i].target];
        if (!weft_snn_is_neuron(target))
            return weft_error_set(err, WEFT_E_UNSUPPORTED,
                                  "\"%.128s\" is an Output that gets weighted sums; a chip puts out spikes of neurons",
                                  target->name);
    }
    return WEFT_OK;
}

/* Several chips are one mesh, cut by noc.chips; ODIN has no network that would make one. */
static weft_status too_many(const weft_spike_work *w) {
    const weft_chip *chip = w->chip;
    int64_t across = chip->noc.chips[0], down = chip->noc.chips[1];
    const int64_t width = chip->noc.mesh[0] / across, height = chip->noc.mesh[1] / down;
    if (chip->neuron.model == WEFT_CHIP_NEURON_ODIN)
        return weft_error_set(w->err, WEFT_E_NO_FIT, "the network takes %d cores, %.80s has %d", w->bin_count,
                              chip->name, chip->core_count);
    while (across * down * width * height * chip->noc.concentration < w->bin_count) {
        if (across <= down)
            across++;
        else
            down++;
    }
    return weft_error_set(w->err, WEFT_E_NO_FIT,
                          "the network takes %d cores, %.80s has %d; %lld chips would do: --set noc.mesh=[%lld,%lld] "
                          "--set noc.chips=[%lld,%lld]",
                          w->bin_count, chip->name, chip->core_count, (long long)(across * down),
                          (long long)(across * width), (long long)(down * height), (long long)across, (long long)down);
}

/* Copies that have nothing to do go: clusters that were merged share axons. */
static void trim(weft_spike_work *w, const weft_spike_layout *layout) {
    for (int p = 0; w->chip->limits.destinations && p < w->snn->population_count; p++)
        for (uint32_t n = 0; layout->homes[p] && n < w->snn->populations[p].size; n++) {
            const weft_spike_home home = layout->homes[p][n];
            const uint64_t *first = layout->cores[home.core].first + home.slot;
            uint32_t used = 0;
            while (used < home.copies && first[used + 1] > first[used]) used++;
            w->parts[p].copies[n] = used ? used : 1;
        }
}

static weft_status log_layout(weft_spike_work *w, const weft_spike_layout *layout) {
    return weft_map_log_add(&w->log, w->err,
                            "layout: %llu axons, %llu synapses with those of copies, outputs %d ticks behind inputs",
                            (unsigned long long)layout->axons, (unsigned long long)layout->synapses, layout->depth);
}

static weft_status map(weft_spike_mapping **out, weft_spike_map_report *report, weft_spike_work *w) {
    weft_status status = WEFT_OK;
    weft_spike_layout *layout = NULL;
    weft_map_placement *placements = NULL;
    int placement_count = 0, *core_of = NULL;
    WEFT_TRY_GOTO(start(w));
    WEFT_TRY_GOTO(weft_spike_partition(w));
    WEFT_TRY_GOTO(weft_spike_merge(w));
    if (w->bin_count > w->chip->core_count) WEFT_TRY_GOTO(too_many(w));
    core_of = calloc((size_t)w->chip->core_count + 1, sizeof *core_of);
    if (!core_of) WEFT_TRY_GOTO(weft_spike_no_memory(w));
    WEFT_TRY_GOTO(weft_spike_build(out, w, NULL));
    WEFT_TRY_GOTO(weft_spike_layout_create(&layout, *out, w->snn, w->fit, w->chip, w->err));
    WEFT_TRY_GOTO(log_layout(w, layout));
    trim(w, layout);
    WEFT_TRY_GOTO(weft_spike_place(core_of, &placements, &placement_count, w, layout));
    weft_spike_mapping_destroy(*out);
    weft_spike_layout_destroy(layout);
    *out = NULL;
    layout = NULL;
    WEFT_TRY_GOTO(weft_spike_build(out, w, core_of));
    WEFT_TRY_GOTO(weft_spike_mapping_check(*out, w->snn, w->chip, w->err));
    WEFT_TRY_GOTO(weft_spike_layout_create(&layout, *out, w->snn, w->fit, w->chip, w->err));
    if (!report) goto cleanup;
    WEFT_TRY_GOTO(weft_spike_map_examine(report, layout, w->snn, w->fit, w->chip, w->options, w->err));
    free(report->placements);
    report->placements = placements;
    report->placement_count = placement_count;
    report->log = w->log.text;
    placements = NULL;
    w->log.text = NULL;
cleanup:
    free(core_of);
    free(placements);
    weft_spike_layout_destroy(layout);
    return status;
}

weft_status weft_spike_map(weft_spike_mapping **out, weft_spike_map_report *report, const weft_snn *snn,
                           const weft_snn_fit *fit, const weft_chip *chip, const weft_spike_map_options *options,
                           weft_error *err) {
    assert(out && snn && fit && chip);
    const weft_spike_map_options plain = weft_spike_map_defaults();
    weft_spike_work w = {.snn = snn, .fit = fit, .chip = chip, .options = options ? options : &plain, .err = err};
    *out = NULL;
    if (report) *report = (weft_spike_map_report){0};
    WEFT_TRY(check_chip(snn, chip, err));
    const weft_status status = map(out, report, &w);
    work_free(&w);
    if (status == WEFT_OK) return WEFT_OK;
    weft_spike_mapping_destroy(*out);
    *out = NULL;
    return status;
}
