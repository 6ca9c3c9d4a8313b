/* What a simulation of a spiking network is made from. */
#include "sim/session/spiking_internal.h"

#include <stdlib.h>

#define READ_MAX ((uint64_t)1 << 27)

const weft_snn_population *weft_spiking_output(const weft_spiking *sim) {
    return &sim->mapped->network.snn->populations[sim->records.output];
}

const uint8_t *weft_spiking_labels(const weft_spiking *sim) {
    const weft_dataset *set = sim->stimulus.set;
    if (weft_spiking_net(sim)) return set->labels;
    const uint32_t classes = sim->records.classes ? sim->records.classes : weft_spiking_output(sim)->size;
    return set && classes == (uint32_t)set->classes ? set->labels : NULL;
}

/* Neurons that keep nothing from tick to tick need no rest between samples: these follow each other. */
static bool has_state(const weft_snn *snn) {
    for (int p = 0; p < snn->population_count; p++)
        if (weft_snn_is_neuron(&snn->populations[p]) && snn->populations[p].model != WEFT_NIR_THRESHOLD) return true;
    for (int i = 0; i < snn->projection_count; i++)
        if (snn->projections[i].recurrent || snn->projections[i].delay > 0) return true;
    return false;
}

static weft_status read_room(weft_spiking *sim, weft_error *err) {
    const uint64_t ticks = sim->stimulus.samples * sim->stimulus.ticks;
    sim->read_count = weft_spiking_is_read(sim) ? weft_spiking_output(sim)->size : 0;
    const uint64_t width = (uint64_t)sim->records.probe_count + sim->read_count;
    if (!sim->read_count) return WEFT_OK;
    if (ticks > READ_MAX / width)
        return weft_error_set(err, WEFT_E_INVALID,
                              "%llu membranes over %llu ticks: at most %llu values can be kept; use fewer --images",
                              (unsigned long long)width, (unsigned long long)ticks, (unsigned long long)READ_MAX);
    sim->read = calloc(ticks * width, sizeof *sim->read);
    return sim->read ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for membranes");
}

/* Where stimuli come from, with what the mapping knows. */
static void complete_source(weft_spiking *sim) {
    const weft_spike_network *network = &sim->mapped->network;
    sim->source = sim->spec->source;
    sim->source.tick_s = sim->source.coding.tick_s = sim->mapped->mapping->options.dt;
    sim->source.threads = sim->spec->threads;
    if (!network->net) return;
    sim->source.net = network->net;
    sim->source.layer = network->coding.input;
}

static weft_status open_records(weft_spiking *sim, weft_error *err) {
    const weft_records_spec *keep = &sim->spec->keep;
    if (weft_spiking_net(sim) && (keep->output || keep->classes))
        return weft_error_set(err, WEFT_E_USAGE, "--%s: a network of layers has its classes",
                              keep->output ? "output" : "classes");
    WEFT_TRY(weft_records_open(&sim->records, keep, sim->mapped->network.snn,
                               weft_spiking_net(sim) ? NULL : sim->stimulus.set, err));
    if (!weft_snn_is_neuron(weft_spiking_output(sim)))
        return weft_error_set(err, WEFT_E_INVALID, "%.200s, of type %s, is no neurons; --output NAME names others",
                              weft_spiking_output(sim)->name, weft_nir_type_names[weft_spiking_output(sim)->model]);
    WEFT_TRY(weft_records_room(&sim->records, sim->stimulus.samples * sim->stimulus.ticks, sim->source.tick_s, err));
    return read_room(sim, err);
}

weft_status weft_spiking_program(weft_spike_program **out, const weft_spiking *sim, weft_error *err) {
    const weft_spiking_spec *o = sim->spec;
    const weft_spike_mapped *m = sim->mapped;
    const weft_spike_program_options options = {.seed = o->seed,
                                                .chain = o->transforms.count ? &sim->chain : NULL,
                                                .trial = o->draw + sim->trial,
                                                .threads = o->threads};
    return weft_spike_program_create(out, m->layout, m->network.snn, m->fit, m->chip, &options, err);
}

weft_status weft_spiking_open(weft_spiking *sim, weft_error *err) {
    const weft_spiking_spec *o = sim->spec;
    WEFT_TRY(weft_chain_from_texts(&sim->chain, &o->transforms, err));
    weft_chain_text(sim->transform, sizeof sim->transform, &sim->chain, o->transforms.count > 0);
    complete_source(sim);
    WEFT_TRY(weft_stimulus_open(&sim->stimulus, &sim->source, sim->mapped->network.snn, err));
    WEFT_TRY(open_records(sim, err));
    WEFT_TRY(weft_stimulus_make(&sim->stimulus, err));
    weft_stimulus_text(sim->stimulus_text, sizeof sim->stimulus_text, &sim->stimulus);
    sim->reset = has_state(sim->mapped->network.snn);
    sim->timed_samples = o->timed_images < sim->stimulus.samples ? o->timed_images : sim->stimulus.samples;
    sim->trials = o->trials ? o->trials : 1;
    if (sim->trials > 1 && !weft_spiking_labels(sim))
        return weft_error_set(err, WEFT_E_INVALID, "--trials: there are no labels, so that chips have no accuracy");
    return weft_spiking_program(&sim->program, sim, err);
}

void weft_spiking_close(weft_spiking *sim) {
    weft_sim_ticks_close(&sim->timed);
    free(sim->result.counts);
    free(sim->result.cores);
    free(sim->read);
    free(sim->answers);
    free(sim->trial_correct);
    weft_spikes_free(&sim->output);
    weft_spike_program_destroy(sim->program);
    weft_records_close(&sim->records);
    weft_stimulus_close(&sim->stimulus);
}

weft_spike_report weft_spiking_report(const weft_spiking *sim) {
    const weft_spiking_spec *o = sim->spec;
    const weft_spike_mapping *mapping = sim->mapped->mapping;
    return (weft_spike_report){.network = mapping->network_path,
                               .network_sha256 = mapping->network_sha256.hex,
                               .mapping = o->mapping,
                               .stimulus = sim->stimulus_text,
                               .transform = o->transforms.count ? sim->transform : NULL,
                               .chip = sim->mapped->chip,
                               .overrides = sim->mapped->settings.items,
                               .override_count = sim->mapped->settings.count,
                               .neurons = sim->mapped->network.snn->neurons,
                               .synapses = sim->mapped->network.snn->synapses,
                               .copies = sim->mapped->layout->copies + sim->mapped->layout->relays,
                               .counts = sim->result.cores,
                               .cores = sim->program->cores,
                               .core_count = sim->program->core_count,
                               .crossings = sim->result.crossings,
                               .input_packets = sim->result.input_packets,
                               .samples = sim->stimulus.samples,
                               .ticks = sim->result.ticks,
                               .dt_s = mapping->options.dt,
                               .seed = o->seed,
                               .trial = o->draw,
                               .labelled = weft_spiking_labels(sim) != NULL,
                               .correct = sim->trial_correct[0],
                               .trials = sim->trials,
                               .trial_correct = sim->trial_correct,
                               .agreement = o->compare ? &sim->agreement : NULL,
                               .timing = sim->timed.limit ? &sim->timing : NULL,
                               .timed_samples = sim->timed_samples,
                               .seconds = sim->result.seconds};
}
