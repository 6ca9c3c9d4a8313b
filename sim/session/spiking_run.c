/* The run of a simulated spiking network. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "sim/session/spiking_internal.h"

/* Of all chips together. */
static void show_progress(void *context, uint64_t done, uint64_t samples) {
    const weft_spiking *sim = context;
    const uint64_t before = sim->trial * samples, all = sim->trials * samples;
    if (sim->progress) sim->progress(sim->context, before + done, all, sim->start_s);
}

/* Ticks on the chip that the timed samples take: each the longest lag more where the chip is reset behind it. */
static uint64_t timed_ticks(const weft_spiking *sim) {
    const weft_snn *snn = sim->mapped->network.snn;
    uint64_t tail = 0;
    for (int p = 0; p < snn->population_count; p++)
        if (weft_snn_is_neuron(&snn->populations[p]) && (uint64_t)sim->mapped->layout->lag[p] > tail)
            tail = (uint64_t)sim->mapped->layout->lag[p];
    if (!sim->timed_samples) return 0;
    return sim->timed_samples * (sim->stimulus.ticks + (sim->reset ? tail : 0)) + (sim->reset ? 0 : tail);
}

static weft_status open_ticks(weft_spiking *sim, weft_error *err) {
    const weft_spiking_spec *o = sim->spec;
    const weft_sim_ticks_spec spec = {.engine = sim->program->chip,
                                      .numbers = sim->program->cores,
                                      .chip = sim->mapped->chip,
                                      .limit = timed_ticks(sim),
                                      .record = o->record,
                                      .network = sim->mapped->mapping->network_path,
                                      .mapping = o->mapping,
                                      .stop = sim->stop,
                                      .threads = o->threads};
    return weft_sim_ticks_open(&sim->timed, &spec, err);
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

static weft_status record_inputs(const weft_spiking *sim, weft_error *err) {
    const weft_records *r = &sim->records;
    const weft_spikes *in = &sim->stimulus.spikes;
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

double weft_spiking_read(const weft_spiking *sim, uint64_t sample, uint32_t class) {
    const uint32_t size = sim->read_count, group = size / weft_spiking_read_classes(sim);
    const uint64_t width = (uint64_t)sim->records.probe_count + size, last = (sample + 1) * sim->stimulus.ticks - 1;
    const double *v = sim->read + last * width + sim->records.probe_count;
    double sum = 0;
    for (uint32_t n = class * group; n < (class + 1) * group; n++) sum += v[n];
    return sum;
}

/* The class with the largest sum, the lowest of equals. */
static int read_answer(const weft_spiking *sim, uint64_t sample) {
    double best = 0;
    int answer = -1;
    for (uint32_t c = 0; c < weft_spiking_read_classes(sim); c++) {
        const double sum = weft_spiking_read(sim, sample, c);
        if (answer >= 0 && sum <= best) continue;
        best = sum;
        answer = (int)c;
    }
    return answer;
}

static int answer_of(const weft_spiking *sim, const weft_spike_result *result, uint64_t sample) {
    if (sim->read) return read_answer(sim, sample);
    if (!weft_spiking_net(sim)) return weft_spike_result_answer(result, sample);
    return weft_snn_vote(&sim->mapped->network.coding, result->counts + sample * (uint64_t)result->classes);
}

/* Room for the lists of a run. */
typedef struct lists {
    int *populations, *at;
    weft_spikes *records;
    struct weft_spike_probe *probes;
    int count;
} lists;

static weft_status lists_create(lists *l, const weft_spiking *sim, weft_error *err) {
    const weft_records *r = &sim->records;
    const size_t room = (size_t)r->population_count + 1;
    l->populations = calloc(room, sizeof *l->populations);
    l->at = calloc(room, sizeof *l->at);
    l->records = calloc(room, sizeof *l->records);
    l->probes = calloc((size_t)r->probe_count + sim->read_count + 1, sizeof *l->probes);
    if (!l->populations || !l->at || !l->records || !l->probes)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for what is kept of a run");
    for (int i = 0; i < r->probe_count; i++)
        l->probes[i] = (struct weft_spike_probe){r->probes[i].population, r->probes[i].neuron};
    for (uint32_t n = 0; n < sim->read_count; n++)
        l->probes[(uint32_t)r->probe_count + n] = (struct weft_spike_probe){r->output, n};
    l->count = neuron_records(l->populations, l->at, r);
    l->populations[l->count] = r->output; /* the comparison's */
    return WEFT_OK;
}

/* What was recorded goes to those who want it. */
static void lists_hand_over(lists *l, weft_spiking *sim) {
    const weft_records *r = &sim->records;
    const uint64_t probes = (uint64_t)r->probe_count, width = probes + sim->read_count;
    for (uint64_t t = 0; sim->read && r->membranes && t < r->ticks; t++)
        memcpy(r->membranes + t * probes, sim->read + t * width, probes * sizeof *r->membranes);
    for (int i = 0; i < l->count; i++) {
        sim->records.spikes[l->at[i]] = l->records[i];
        l->records[i] = (weft_spikes){0};
    }
    sim->output = l->records[l->count];
    l->records[l->count] = (weft_spikes){0};
}

static void lists_free(lists *l) {
    for (int i = 0; l->records && i <= l->count; i++) weft_spikes_free(&l->records[i]);
    free(l->populations);
    free(l->at);
    free(l->records);
    free(l->probes);
}

/* Only the first chip is recorded and timed; what is read of the others goes where the first one's was. */
static weft_spike_job job_of(weft_spiking *sim, const lists *l) {
    const weft_records *r = &sim->records;
    const bool first = sim->trial == 0;
    weft_spike_job job = {.input = &sim->stimulus.spikes,
                          .samples = sim->stimulus.samples,
                          .sample_ticks = sim->stimulus.ticks,
                          .reset = sim->reset,
                          .output = r->output,
                          .classes = (int)r->classes,
                          .probes = l->probes,
                          .threads = sim->spec->threads,
                          .stop = sim->stop,
                          .progress = show_progress,
                          .progress_context = sim};
    if (first || sim->read) job.probe_count = r->probe_count + (int)sim->read_count;
    job.membranes = sim->read ? sim->read : first ? r->membranes : NULL;
    if (!first) return job;
    job.recorded = l->populations;
    job.recorded_count = l->count + (sim->spec->compare ? 1 : 0);
    job.records = l->records;
    job.listener = sim->timed.limit ? weft_sim_ticks_listen : NULL;
    job.context = &sim->timed;
    return job;
}

static weft_status run_chip(weft_spike_result *result, weft_spiking *sim, weft_spike_program *program, const lists *l,
                            weft_error *err) {
    const weft_spike_job job = job_of(sim, l);
    const uint8_t *labels = weft_spiking_labels(sim);
    WEFT_TRY(weft_spike_program_run(result, program, &job, err));
    for (uint64_t s = 0; s < sim->stimulus.samples; s++) {
        const int answer = answer_of(sim, result, s);
        sim->trial_correct[sim->trial] += labels && answer == labels[s];
        if (sim->trial == 0) sim->answers[s] = answer;
    }
    return WEFT_OK;
}

/* A chip with another draw of the synapses. */
static weft_status run_trial(weft_spiking *sim, const lists *l, weft_error *err) {
    weft_spike_program *program = NULL;
    weft_spike_result result = {0};
    WEFT_TRY(weft_spiking_program(&program, sim, err));
    const weft_status status = run_chip(&result, sim, program, l, err);
    free(result.counts);
    free(result.cores);
    weft_spike_program_destroy(program);
    return status;
}

/* Without a transform all chips are the same. */
static weft_status run_trials(weft_spiking *sim, const lists *l, weft_error *err) {
    weft_status status = WEFT_OK;
    for (sim->trial = 1; sim->trial < sim->trials && status == WEFT_OK; sim->trial++) {
        if (sim->spec->transforms.count)
            status = run_trial(sim, l, err);
        else
            sim->trial_correct[sim->trial] = sim->trial_correct[0];
    }
    return status;
}

static weft_status run_chips(weft_spiking *sim, weft_error *err) {
    lists l = {.count = 0};
    weft_status status = lists_create(&l, sim, err);
    sim->start_s = weft_now_s();
    if (status == WEFT_OK) status = run_chip(&sim->result, sim, sim->program, &l, err);
    if (status == WEFT_OK) lists_hand_over(&l, sim);
    if (status == WEFT_OK) status = run_trials(sim, &l, err);
    lists_free(&l);
    return status == WEFT_OK ? record_inputs(sim, err) : status;
}

weft_status weft_spiking_run(weft_spiking *sim, weft_error *err) {
    sim->answers = calloc(sim->stimulus.samples, sizeof *sim->answers);
    sim->trial_correct = calloc(sim->trials, sizeof *sim->trial_correct);
    if (!sim->answers || !sim->trial_correct) return weft_error_set(err, WEFT_E_MEMORY, "no memory for answers");
    WEFT_TRY(open_ticks(sim, err));
    WEFT_TRY(run_chips(sim, err));
    WEFT_TRY(weft_sim_ticks_finish(&sim->timing, &sim->timed, sim->mapped->chip, err));
    return sim->spec->compare ? weft_spiking_compare(sim, err) : WEFT_OK;
}
