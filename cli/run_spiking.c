/* weft run of a spiking network: as it is, in floating point. */
#include "cli/run_spiking.h"

#include <stdlib.h>

const uint8_t *weft_run_job_labels(const weft_run_job *job) {
    const weft_dataset *set = job->stimulus.set;
    return set && job->result.classes == (uint32_t)set->classes ? set->labels : NULL;
}

static weft_status open_all(weft_run_job *job, weft_error *err) {
    const weft_run_options *o = job->options;
    WEFT_TRY(weft_tick_parse(&job->tick, o->dt, o->integration, o->reset, err));
    WEFT_TRY(weft_records_probe_files(&o->spiking, err));
    WEFT_TRY(weft_output_probe(o->csv, err));
    WEFT_TRY(weft_snn_read(&job->snn, o->network, job->tick.dt, err));
    WEFT_TRY(weft_sha256_file(&job->hash, o->network, err));
    const weft_stimulus_args args = {.options = &o->spiking,
                                     .dataset = o->dataset,
                                     .input = o->input,
                                     .random = o->random,
                                     .images = o->images,
                                     .seed = o->seed,
                                     .tick_s = job->tick.dt,
                                     .currents = true};
    WEFT_TRY(weft_stimulus_source_of(&job->source, &args, err));
    WEFT_TRY(weft_stimulus_open(&job->stimulus, &job->source, job->snn, err));
    WEFT_TRY(weft_records_spec_of(&job->keep, &o->spiking, err));
    WEFT_TRY(weft_records_open(&job->records, &job->keep, job->snn, job->stimulus.set, err));
    WEFT_TRY(weft_records_room(&job->records, job->stimulus.samples * job->stimulus.ticks, job->tick.dt, err));
    return weft_stimulus_make(&job->stimulus, err);
}

static void show_progress(void *context, uint64_t done, uint64_t samples) {
    const weft_run_job *job = context;
    char eta[24];
    weft_eta_text(eta, job->start_s, (double)done / (double)samples);
    fprintf(job->session->err, "\r%llu of %llu samples, ETA %s\033[K", (unsigned long long)done,
            (unsigned long long)samples, eta);
    if (done == samples) fputs("\r\033[K", job->session->err);
    fflush(job->session->err);
}

static weft_status run_float(weft_run_job *job, const weft_float_probe *probes, weft_error *err) {
    const weft_stimulus *s = &job->stimulus;
    const weft_records *r = &job->records;
    weft_float_run run = {.snn = job->snn,
                          .options = {.dt = job->tick.dt,
                                      .integration = job->tick.exponential ? WEFT_FLOAT_EXPONENTIAL : WEFT_FLOAT_EULER,
                                      .reset = job->tick.subtract ? WEFT_FLOAT_RESET_SUBTRACT : WEFT_FLOAT_RESET_ZERO},
                          .input = job->source.input || s->values ? NULL : &s->spikes,
                          .values = s->values ? s->values : s->array.values,
                          .constant = s->values != NULL,
                          .samples = s->samples,
                          .sample_ticks = s->ticks,
                          .output = r->output,
                          .classes = r->classes,
                          .recorded = r->populations,
                          .records = r->spikes,
                          .recorded_count = r->population_count,
                          .probes = probes,
                          .probe_count = r->probe_count,
                          .membranes = r->membranes,
                          .threads = (int)job->options->common.threads,
                          .stop = weft_stop_install(),
                          .context = job};
    if (job->session->terminal && !job->options->common.quiet) run.progress = show_progress;
    job->start_s = weft_now_s();
    return weft_float_run_samples(&job->result, &run, err);
}

static weft_status run_samples(weft_run_job *job, weft_error *err) {
    const weft_records *r = &job->records;
    weft_float_probe *probes = calloc((size_t)r->probe_count + 1, sizeof *probes);
    if (!probes) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d probes", r->probe_count);
    for (int i = 0; i < r->probe_count; i++)
        probes[i] = (weft_float_probe){r->probes[i].population, r->probes[i].neuron};
    const weft_status status = run_float(job, probes, err);
    free(probes);
    const uint8_t *labels = weft_run_job_labels(job);
    for (uint64_t s = 0; status == WEFT_OK && labels && s < job->stimulus.samples; s++)
        job->errors += weft_float_result_answer(&job->result, s) != labels[s];
    return status;
}

static weft_status run_and_write(weft_run_job *job, weft_error *err) {
    const weft_run_options *o = job->options;
    WEFT_TRY(open_all(job, err));
    WEFT_TRY(run_samples(job, err));
    WEFT_TRY(weft_records_write(&job->records, &o->spiking, job->session, o->common.quiet, err));
    weft_run_job_print(job, job->session->out);
    if (o->csv) WEFT_TRY(weft_run_job_write_csv(job, err));
    return o->common.json ? weft_run_job_write_json(job, err) : WEFT_OK;
}

weft_status weft_run_spiking(const weft_run_options *options, const weft_console *session, weft_error *err) {
    weft_run_job job = {.options = options, .session = session};
    const weft_status status = run_and_write(&job, err);
    weft_float_result_free(&job.result);
    weft_records_close(&job.records);
    weft_stimulus_close(&job.stimulus);
    weft_snn_destroy(job.snn);
    return status;
}
