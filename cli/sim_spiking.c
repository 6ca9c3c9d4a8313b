/* weft sim of a mapped spiking network. */
#include "cli/sim_spiking_job.h"

#include <stdlib.h>
#include <string.h>

enum { TIMED_SAMPLES = 4 }; /* by default */
#define READ_MAX ((uint64_t)1 << 27)

/* ---- before ---- */

static const char *const without_meaning[] = {"trials", "statistics", "recalibrate", "without", NULL};

static weft_status check_usage(const weft_sim_options *o, weft_error *err) {
    const weft_sim_spec *s = &o->spec;
    const char *wrong = weft_option_given(o, &weft_command_sim, without_meaning);
    const bool timed = s->timed_images != WEFT_SIM_ABSENT && s->timed_images > 0;
    if (wrong) return weft_error_set(err, WEFT_E_USAGE, "--%s is not for spiking networks", wrong);
    if (s->functional && timed)
        return weft_error_set(err, WEFT_E_USAGE, "--functional times no samples, and --timed-images is %llu",
                              (unsigned long long)s->timed_images);
    if (s->record && (s->functional || s->timed_images == 0))
        return weft_error_set(err, WEFT_E_USAGE, "--record needs timed samples, and %s",
                              s->functional ? "--functional times none" : "--timed-images is 0");
    return WEFT_OK;
}

static const uint8_t *labels_of(const weft_spiking_job *job) {
    const weft_dataset *set = job->stimulus.set;
    if (weft_spiking_net(job)) return set->labels;
    const uint32_t classes = job->records.classes ? job->records.classes : weft_spiking_output(job)->size;
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

static weft_status read_room(weft_spiking_job *job, weft_error *err) {
    const uint64_t ticks = job->stimulus.samples * job->stimulus.ticks;
    job->read_count = weft_spiking_is_read(job) ? weft_spiking_output(job)->size : 0;
    const uint64_t width = (uint64_t)job->records.probe_count + job->read_count;
    if (!job->read_count) return WEFT_OK;
    if (ticks > READ_MAX / width)
        return weft_error_set(err, WEFT_E_INVALID,
                              "%llu membranes over %llu ticks: at most %llu values can be kept; use fewer --images",
                              (unsigned long long)width, (unsigned long long)ticks, (unsigned long long)READ_MAX);
    job->read = calloc(ticks * width, sizeof *job->read);
    return job->read ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for membranes");
}

static weft_status open_inputs(weft_spiking_job *job, weft_error *err) {
    const weft_sim_options *o = job->options;
    const double dt = job->mapped.mapping->options.dt;
    job->source = (weft_stimulus_source){.options = &o->spiking,
                                         .dataset = o->spec.dataset,
                                         .random = o->random,
                                         .images = o->spec.images,
                                         .seed = o->spec.seed,
                                         .tick_s = dt};
    if (weft_spiking_net(job)) {
        job->source.net = job->mapped.network.net;
        job->source.layer = job->mapped.network.coding.input;
    }
    WEFT_TRY(weft_stimulus_open(&job->stimulus, &job->source, job->mapped.network.snn, err));
    if (weft_spiking_net(job) && (o->spiking.output || o->spiking.classes))
        return weft_error_set(err, WEFT_E_USAGE, "--%s: a network of layers has its classes",
                              o->spiking.output ? "output" : "classes");
    WEFT_TRY(weft_records_open(&job->records, &o->spiking, job->mapped.network.snn,
                               weft_spiking_net(job) ? NULL : job->stimulus.set, err));
    if (!weft_snn_is_neuron(weft_spiking_output(job)))
        return weft_error_set(err, WEFT_E_INVALID, "%.200s, of type %s, is no neurons; --output NAME names others",
                              weft_spiking_output(job)->name, weft_nir_type_names[weft_spiking_output(job)->model]);
    WEFT_TRY(weft_records_room(&job->records, job->stimulus.samples * job->stimulus.ticks, dt, err));
    WEFT_TRY(read_room(job, err));
    return weft_stimulus_make(&job->stimulus, err);
}

static weft_status open_all(weft_spiking_job *job, weft_error *err) {
    const weft_sim_options *o = job->options;
    WEFT_TRY(check_usage(o, err));
    WEFT_TRY(weft_records_probe_files(&o->spiking, err));
    WEFT_TRY(weft_output_probe(o->spec.record, err));
    WEFT_TRY(weft_chain_from_texts(&job->chain, &o->spec.transforms, err));
    weft_chain_text(job->transform, sizeof job->transform, &job->chain, o->spec.transforms.count > 0);
    WEFT_TRY(weft_spike_mapped_open(&job->mapped, o->spec.mapping, &o->spec.set, err));
    if (job->mapped.changed)
        fputs("weft: note: the chip differs from the one that the mapping was made for (--set)\n", job->session->err);
    WEFT_TRY(weft_sim_spiking_apart(o, job->mapped.mapping->network_path, job->mapped.chip, err));
    WEFT_TRY(open_inputs(job, err));
    const weft_spike_program_options options = {.seed = o->spec.seed,
                                                .chain = o->spec.transforms.count ? &job->chain : NULL,
                                                .trial = o->spec.draw,
                                                .threads = (int)o->common.threads};
    job->reset = has_state(job->mapped.network.snn);
    job->timed_samples = o->spec.timed_images == WEFT_SIM_ABSENT ? TIMED_SAMPLES : o->spec.timed_images;
    if (o->spec.functional) job->timed_samples = 0;
    if (job->timed_samples > job->stimulus.samples) job->timed_samples = job->stimulus.samples;
    return weft_spike_program_create(&job->program, job->mapped.layout, job->mapped.network.snn, job->mapped.fit,
                                     job->mapped.chip, &options, err);
}

/* ---- the run ---- */

void weft_spiking_progress(void *context, uint64_t done, uint64_t samples) {
    const weft_spiking_job *job = context;
    if (samples > 1) weft_sim_show_share(job->options, job->session, "samples", done, samples, job->start_s);
}

/* Ticks on the chip that the timed samples take: each the longest lag more where the chip is reset behind it. */
static uint64_t timed_ticks(const weft_spiking_job *job) {
    const weft_snn *snn = job->mapped.network.snn;
    uint64_t tail = 0;
    for (int p = 0; p < snn->population_count; p++)
        if (weft_snn_is_neuron(&snn->populations[p]) && (uint64_t)job->mapped.layout->lag[p] > tail)
            tail = (uint64_t)job->mapped.layout->lag[p];
    if (!job->timed_samples) return 0;
    return job->timed_samples * (job->stimulus.ticks + (job->reset ? tail : 0)) + (job->reset ? 0 : tail);
}

static weft_status open_ticks(weft_spiking_job *job, weft_error *err) {
    const weft_sim_options *o = job->options;
    const weft_sim_ticks_spec spec = {.engine = job->program->chip,
                                      .numbers = job->program->cores,
                                      .chip = job->mapped.chip,
                                      .limit = timed_ticks(job),
                                      .record = o->spec.record,
                                      .network = job->mapped.mapping->network_path,
                                      .mapping = o->spec.mapping,
                                      .stop = job->stop,
                                      .threads = (int)o->common.threads};
    return weft_sim_ticks_open(&job->timed, &spec, err);
}

/* Which of the wanted records are neurons', which the chip makes; an Input's are its stimuli. */
static int neuron_records(int *populations, int *at, const weft_records *r) {
    int count = 0;
    for (int i = 0; i < r->population_count; i++) {
        if (!weft_snn_is_neuron(&r->snn->populations[r->populations[i]])) continue;
        populations[count] = r->populations[i];
        at[count++] = i;
    }
    return count;
}

static weft_status record_inputs(const weft_spiking_job *job, weft_error *err) {
    const weft_records *r = &job->records;
    const weft_spikes *in = &job->stimulus.spikes;
    for (int i = 0; i < r->population_count; i++) {
        const weft_snn_population *p = &r->snn->populations[r->populations[i]];
        uint64_t first = 0;
        if (p->model != WEFT_NIR_INPUT) continue;
        for (int k = 0; k < r->populations[i]; k++)
            if (r->snn->populations[k].model == WEFT_NIR_INPUT) first += r->snn->populations[k].size;
        r->spikes[i].neurons = p->size;
        for (size_t k = 0; k < in->count && in->items[k].tick < r->ticks; k++)
            if (in->items[k].neuron >= first && in->items[k].neuron - first < p->size)
                WEFT_TRY(
                    weft_spikes_add(&r->spikes[i], in->items[k].tick, (uint32_t)(in->items[k].neuron - first), err));
    }
    return WEFT_OK;
}

/* The class whose neurons' membranes have the largest sum, the lowest of equals. */
static int read_answer(const weft_spiking_job *job, uint64_t sample) {
    const uint32_t size = job->read_count, classes = job->records.classes ? job->records.classes : size;
    const uint64_t width = (uint64_t)job->records.probe_count + size, last = (sample + 1) * job->stimulus.ticks - 1;
    const double *v = job->read + last * width + job->records.probe_count;
    double best = 0;
    int answer = -1;
    for (uint32_t c = 0; c < classes; c++) {
        double sum = 0;
        for (uint32_t n = c * (size / classes); n < (c + 1) * (size / classes); n++) sum += v[n];
        if (answer >= 0 && sum <= best) continue;
        best = sum;
        answer = (int)c;
    }
    return answer;
}

int weft_spiking_answer(const weft_spiking_job *job, uint64_t sample) {
    if (job->read) return read_answer(job, sample);
    if (!weft_spiking_net(job)) return weft_spike_result_answer(&job->result, sample);
    return weft_snn_vote(&job->mapped.network.coding, job->result.counts + sample * (uint64_t)job->result.classes);
}

/* Room for the lists of a run. */
typedef struct lists {
    int *populations, *at;
    weft_spikes *records;
    struct weft_spike_probe *probes;
    int count;
} lists;

static weft_status lists_create(lists *l, const weft_spiking_job *job, weft_error *err) {
    const weft_records *r = &job->records;
    const size_t room = (size_t)r->population_count + 1;
    l->populations = calloc(room, sizeof *l->populations);
    l->at = calloc(room, sizeof *l->at);
    l->records = calloc(room, sizeof *l->records);
    l->probes = calloc((size_t)r->probe_count + job->read_count + 1, sizeof *l->probes);
    if (!l->populations || !l->at || !l->records || !l->probes)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for what is kept of a run");
    for (int i = 0; i < r->probe_count; i++)
        l->probes[i] = (struct weft_spike_probe){r->probes[i].population, r->probes[i].neuron};
    for (uint32_t n = 0; n < job->read_count; n++)
        l->probes[(uint32_t)r->probe_count + n] = (struct weft_spike_probe){r->output, n};
    l->count = neuron_records(l->populations, l->at, r);
    l->populations[l->count] = r->output; /* the comparison's */
    return WEFT_OK;
}

/* What was recorded goes to those who want it. */
static void lists_hand_over(lists *l, weft_spiking_job *job) {
    const weft_records *r = &job->records;
    const uint64_t probes = (uint64_t)r->probe_count, width = probes + job->read_count;
    for (uint64_t t = 0; job->read && r->membranes && t < r->ticks; t++)
        memcpy(r->membranes + t * probes, job->read + t * width, probes * sizeof *r->membranes);
    for (int i = 0; i < l->count; i++) {
        job->records.spikes[l->at[i]] = l->records[i];
        l->records[i] = (weft_spikes){0};
    }
    job->output = l->records[l->count];
    l->records[l->count] = (weft_spikes){0};
}

static void lists_free(lists *l) {
    for (int i = 0; l->records && i <= l->count; i++) weft_spikes_free(&l->records[i]);
    free(l->populations);
    free(l->at);
    free(l->records);
    free(l->probes);
}

static weft_status run_program(weft_spiking_job *job, lists *l, weft_error *err) {
    const weft_records *r = &job->records;
    const weft_spike_job run = {.input = &job->stimulus.spikes,
                                .samples = job->stimulus.samples,
                                .sample_ticks = job->stimulus.ticks,
                                .reset = job->reset,
                                .output = r->output,
                                .classes = (int)r->classes,
                                .recorded = l->populations,
                                .recorded_count = l->count + (job->options->compare ? 1 : 0),
                                .records = l->records,
                                .probes = l->probes,
                                .probe_count = r->probe_count + (int)job->read_count,
                                .membranes = job->read ? job->read : r->membranes,
                                .listener = job->timed.limit ? weft_sim_ticks_listen : NULL,
                                .context = &job->timed,
                                .threads = (int)job->options->common.threads,
                                .stop = job->stop,
                                .progress = weft_spiking_progress,
                                .progress_context = job};
    job->start_s = weft_now_s();
    return weft_spike_program_run(&job->result, job->program, &run, err);
}

static weft_status run_samples(weft_spiking_job *job, weft_error *err) {
    const uint8_t *labels = labels_of(job);
    lists l = {.count = 0};
    weft_status status = lists_create(&l, job, err);
    if (status == WEFT_OK) status = run_program(job, &l, err);
    if (status == WEFT_OK) lists_hand_over(&l, job);
    lists_free(&l);
    WEFT_TRY(status);
    for (uint64_t s = 0; labels && s < job->stimulus.samples; s++)
        job->correct += weft_spiking_answer(job, s) == labels[s];
    return record_inputs(job, err);
}

/* ---- what is told ---- */

static weft_spike_report report_of(const weft_spiking_job *job, const char *stimulus) {
    const weft_sim_options *o = job->options;
    const weft_spike_mapping *mapping = job->mapped.mapping;
    return (weft_spike_report){.network = mapping->network_path,
                               .network_sha256 = mapping->network_sha256.hex,
                               .mapping = o->spec.mapping,
                               .stimulus = stimulus,
                               .transform = o->spec.transforms.count ? job->transform : NULL,
                               .chip = job->mapped.chip,
                               .overrides = job->mapped.settings.items,
                               .override_count = job->mapped.settings.count,
                               .neurons = job->mapped.network.snn->neurons,
                               .synapses = job->mapped.network.snn->synapses,
                               .copies = job->mapped.layout->copies + job->mapped.layout->relays,
                               .counts = job->result.cores,
                               .cores = job->program->cores,
                               .core_count = job->program->core_count,
                               .crossings = job->result.crossings,
                               .input_packets = job->result.input_packets,
                               .samples = job->stimulus.samples,
                               .ticks = job->result.ticks,
                               .dt_s = mapping->options.dt,
                               .seed = o->spec.seed,
                               .trial = o->spec.draw,
                               .labelled = labels_of(job) != NULL,
                               .correct = job->correct,
                               .agreement = o->compare ? &job->agreement : NULL,
                               .timing = job->timed.limit ? &job->timing : NULL,
                               .timed_samples = job->timed_samples,
                               .seconds = job->result.seconds};
}

static weft_status run_and_tell(void *context, weft_error *err) {
    weft_spiking_job *job = context;
    char stimulus[400];
    job->stop = weft_stop_install();
    WEFT_TRY(open_ticks(job, err));
    WEFT_TRY(run_samples(job, err));
    WEFT_TRY(weft_sim_ticks_finish(&job->timing, &job->timed, job->mapped.chip, err));
    if (job->options->compare) WEFT_TRY(weft_spiking_compare(job, err));
    WEFT_TRY(weft_records_write(&job->records, job->session, job->options->common.quiet, err));
    weft_stimulus_text(stimulus, sizeof stimulus, &job->stimulus, &job->source);
    const weft_spike_report report = report_of(job, stimulus);
    return weft_sim_spiking_tell(&report, job->options, job->session, err);
}

weft_status weft_sim_spiking(const weft_sim_options *options, const weft_console *session, weft_error *err) {
    weft_spiking_job job = {.options = options, .session = session};
    weft_status status = open_all(&job, err);
    if (status == WEFT_OK) status = weft_sim_in_folder(options->out, run_and_tell, &job, err);
    weft_sim_ticks_close(&job.timed);
    free(job.result.counts);
    free(job.result.cores);
    free(job.read);
    weft_spikes_free(&job.output);
    weft_spike_program_destroy(job.program);
    weft_records_close(&job.records);
    weft_stimulus_close(&job.stimulus);
    weft_spike_mapped_close(&job.mapped);
    return status;
}
