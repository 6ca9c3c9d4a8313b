/* weft sim of a mapped spiking network. */
#include "cli/sim_spiking.h"

#include "sim/session/spiking.h"

enum { TIMED_SAMPLES = 4 }; /* by default */

typedef struct spiking_job {
    const weft_sim_options *options;
    const weft_console *session;
    weft_spike_mapped mapped;
    weft_spiking_spec spec;
    weft_spiking sim;
} spiking_job;

/* ---- before ---- */

static const char *const without_meaning[] = {"statistics", "recalibrate", "without", NULL};

static weft_status check_usage(const weft_sim_options *o, weft_error *err) {
    const weft_sim_spec *s = &o->spec;
    const char *wrong = weft_option_given(o, &weft_command_sim, without_meaning);
    const bool timed = s->timed_images != WEFT_SIM_ABSENT && s->timed_images > 0;
    if (wrong) return weft_error_set(err, WEFT_E_USAGE, "--%s is not for spiking networks", wrong);
    if (s->trials > 1 && !s->transforms.count)
        return weft_error_set(err, WEFT_E_USAGE, "--trials needs --transform: without one all chips are the same");
    if (s->functional && timed)
        return weft_error_set(err, WEFT_E_USAGE, "--functional times no samples, and --timed-images is %llu",
                              (unsigned long long)s->timed_images);
    if (s->record && (s->functional || s->timed_images == 0))
        return weft_error_set(err, WEFT_E_USAGE, "--record needs timed samples, and %s",
                              s->functional ? "--functional times none" : "--timed-images is 0");
    return WEFT_OK;
}

static uint64_t timed_images(const weft_sim_spec *s) {
    if (s->functional) return 0;
    return s->timed_images == WEFT_SIM_ABSENT ? TIMED_SAMPLES : s->timed_images;
}

/* Of a mapping that is open. */
static weft_status spec_of(spiking_job *job, weft_error *err) {
    const weft_sim_options *o = job->options;
    const weft_stimulus_args args = {.options = &o->spiking,
                                     .dataset = o->spec.dataset,
                                     .random = o->random,
                                     .images = o->spec.images,
                                     .seed = o->spec.seed,
                                     .tick_s = job->mapped.mapping->options.dt,
                                     .layers = job->mapped.network.net != NULL};
    job->spec = (weft_spiking_spec){.transforms = o->spec.transforms,
                                    .mapping = o->spec.mapping,
                                    .record = o->spec.record,
                                    .timed_images = timed_images(&o->spec),
                                    .trials = o->spec.trials,
                                    .draw = o->spec.draw,
                                    .seed = o->spec.seed,
                                    .compare = o->compare,
                                    .threads = (int)o->common.threads};
    WEFT_TRY(weft_stimulus_source_of(&job->spec.source, &args, err));
    job->spec.source.layers = weft_layer_spikes;
    return weft_records_spec_of(&job->spec.keep, &o->spiking, err);
}

static void show_progress(void *context, uint64_t done, uint64_t samples, double start_s) {
    const spiking_job *job = context;
    if (samples > 1) weft_sim_show_share(job->options, job->session, "samples", done, samples, start_s);
}

static weft_status open_all(spiking_job *job, weft_error *err) {
    const weft_sim_options *o = job->options;
    WEFT_TRY(check_usage(o, err));
    WEFT_TRY(weft_records_probe_files(&o->spiking, err));
    WEFT_TRY(weft_output_probe(o->spec.record, err));
    WEFT_TRY(weft_spike_mapped_open(&job->mapped, o->spec.mapping, &o->spec.set, err));
    if (job->mapped.changed)
        fputs("weft: note: the chip differs from the one that the mapping was made for (--set)\n", job->session->err);
    WEFT_TRY(weft_sim_spiking_apart(o, job->mapped.mapping->network_path, job->mapped.chip, err));
    WEFT_TRY(spec_of(job, err));
    job->sim = (weft_spiking){.spec = &job->spec, .mapped = &job->mapped, .progress = show_progress, .context = job};
    return weft_spiking_open(&job->sim, err);
}

/* ---- the run ---- */

static weft_status run_and_tell(void *context, weft_error *err) {
    spiking_job *job = context;
    const weft_sim_options *o = job->options;
    job->sim.stop = weft_stop_install();
    WEFT_TRY(weft_spiking_run(&job->sim, err));
    WEFT_TRY(weft_records_write(&job->sim.records, &o->spiking, job->session, o->common.quiet, err));
    const weft_spike_report report = weft_spiking_report(&job->sim);
    return weft_sim_spiking_tell(&report, o, job->session, err);
}

weft_status weft_sim_spiking(const weft_sim_options *options, const weft_console *session, weft_error *err) {
    spiking_job job = {.options = options, .session = session};
    weft_status status = open_all(&job, err);
    if (status == WEFT_OK) status = weft_sim_in_folder(options->out, run_and_tell, &job, err);
    weft_spiking_close(&job.sim);
    weft_spike_mapped_close(&job.mapped);
    return status;
}
