/* weft sim of a random network: a YAML file of a few numbers, on a chip of TrueNorth's cores. */
#include <stdlib.h>

#include "cli/sim_spiking.h"
#include "core/spike_mapped.h"
#include "sim/session/ticks.h"
#include "sim/spike/random.h"

enum { TICKS = 1000, CHUNK = 100 }; /* by default; between two looks at the time */

typedef struct random_job {
    const weft_sim_options *options;
    const weft_console *session;
    weft_spike_random config;
    weft_sha256 hash;
    weft_chip *chip;
    weft_spike_chip *engine;
    int core_count, *cores;    /* numbers on the chip */
    weft_spike_counts *counts; /* [core_count] */
    uint64_t ticks;
    weft_spikes spikes; /* core x neurons + neuron */
    weft_status status; /* of the listener */
    weft_error *err;
    weft_sim_ticks timed;
    weft_ticks_report timing;
    double seconds;
} random_job;

/* ---- before ---- */

static const char *const without_meaning[] = {
    "dataset",   "images",     "spikes",  "aer",         "size",       "coding",  "rate",   "output",
    "classes",   "population", "probe",   "random",      "membranes",  "compare", "trials", "draw",
    "transform", "seed",       "without", "recalibrate", "statistics", NULL};

static weft_status refuse(const random_job *job, const char *key, const char *what, int64_t asked, const char *limit,
                          int64_t allowed, weft_error *err) {
    return weft_error_set_at(err, WEFT_E_INVALID, job->options->spec.mapping, 0, 0, "%s: %lld %s; chip %s has %s %lld",
                             key, (long long)asked, what, job->chip->name, limit, (long long)allowed);
}

static weft_status check_chip(const random_job *job, weft_error *err) {
    const weft_spike_random *c = &job->config;
    const weft_chip *chip = job->chip;
    if (chip->neuron.model != WEFT_CHIP_NEURON_TRUENORTH)
        return weft_error_set(err, WEFT_E_INVALID, "random networks are of TrueNorth's neurons; chip %s has %s",
                              chip->name, weft_chip_choice(chip, "neuron", "model"));
    if (chip->noc.concentration != 1)
        return weft_error_set(err, WEFT_E_INVALID, "random networks have a core at each router; chip %s has %lld",
                              chip->name, (long long)chip->noc.concentration);
    if (chip->noc.chips[0] * chip->noc.chips[1] > 1)
        return weft_error_set(err, WEFT_E_UNSUPPORTED,
                              "random networks lie on one chip; %s has noc.chips of %lld x %lld", chip->name,
                              (long long)chip->noc.chips[0], (long long)chip->noc.chips[1]);
    for (int axis = 0; axis < 2; axis++)
        if (c->cores[axis] > chip->noc.mesh[axis])
            return refuse(job, "cores", axis ? "along y" : "along x", c->cores[axis], "a mesh of", chip->noc.mesh[axis],
                          err);
    if (c->neurons > chip->limits.neurons)
        return refuse(job, "neurons", "a core", c->neurons, "limits.neurons", chip->limits.neurons, err);
    if (c->axons > chip->limits.axons)
        return refuse(job, "axons", "a core", c->axons, "limits.axons", chip->limits.axons, err);
    if (c->delays[1] > chip->limits.delay_ticks)
        return refuse(job, "delays", "ticks", c->delays[1], "limits.delay_ticks", chip->limits.delay_ticks, err);
    return WEFT_OK;
}

static weft_status number_cores(random_job *job, weft_error *err) {
    const int width = (int)job->config.cores[0];
    job->core_count = width * (int)job->config.cores[1];
    job->cores = malloc((size_t)job->core_count * sizeof *job->cores);
    job->counts = calloc((size_t)job->core_count, sizeof *job->counts);
    if (!job->cores || !job->counts)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d cores", job->core_count);
    for (int c = 0; c < job->core_count; c++) job->cores[c] = c / width * (int)job->chip->noc.mesh[0] + c % width;
    return WEFT_OK;
}

static weft_status open_all(random_job *job, weft_error *err) {
    const weft_sim_options *o = job->options;
    const char *wrong = weft_option_given(o, &weft_command_sim, without_meaning);
    if (wrong) return weft_error_set(err, WEFT_E_USAGE, "--%s is not for random networks", wrong);
    WEFT_TRY(weft_records_probe_files(&o->spiking, err));
    WEFT_TRY(weft_output_probe(o->spec.record, err));
    WEFT_TRY(weft_spike_random_load(&job->config, o->spec.mapping, err));
    WEFT_TRY(weft_sha256_file(&job->hash, o->spec.mapping, err));
    WEFT_TRY(weft_chip_load_spiking(&job->chip, o->chip, &o->spec.set, err));
    WEFT_TRY(check_chip(job, err));
    WEFT_TRY(weft_sim_spiking_apart(o, o->spec.mapping, job->chip, err));
    WEFT_TRY(number_cores(job, err));
    job->ticks = o->spiking.ticks ? o->spiking.ticks : TICKS;
    return weft_spike_random_build(&job->engine, &job->config, err);
}

/* ---- the run ---- */

static void listen(void *context, uint64_t tick, const uint32_t *cores, const uint16_t *neurons, int64_t count) {
    random_job *job = context;
    const weft_spiking_options *o = &job->options->spiking;
    weft_sim_ticks_listen(&job->timed, tick, cores, neurons, count);
    for (int64_t i = 0; i < count && (o->spikes_csv || o->raster) && job->status == WEFT_OK; i++)
        job->status =
            weft_spikes_add(&job->spikes, tick, cores[i] * (uint32_t)job->config.neurons + neurons[i], job->err);
}

static weft_status run_ticks(random_job *job, const volatile sig_atomic_t *stop, weft_error *err) {
    const double start_s = weft_now_s();
    for (uint64_t done = 0; done < job->ticks;) {
        const uint64_t next = job->ticks - done < CHUNK ? job->ticks : done + CHUNK;
        const weft_spike_run run = {.ticks = next - done,
                                    .listener = listen,
                                    .context = job,
                                    .threads = (int)job->options->common.threads,
                                    .stop = stop};
        WEFT_TRY(weft_spike_chip_run(job->engine, &run, err));
        WEFT_TRY(job->status);
        done = next;
        weft_sim_show_share(job->options, job->session, "ticks", done, job->ticks, start_s);
    }
    job->seconds = weft_now_s() - start_s;
    for (int c = 0; c < job->core_count; c++) job->counts[c] = *weft_spike_chip_counts(job->engine, c);
    return WEFT_OK;
}

/* ---- what is told ---- */

static weft_spike_report report_of(const random_job *job) {
    const weft_sim_options *o = job->options;
    const uint64_t neurons = (uint64_t)job->config.neurons * (uint64_t)job->core_count;
    return (weft_spike_report){.network = o->spec.mapping,
                               .network_sha256 = job->hash.hex,
                               .chip = job->chip,
                               .overrides = o->spec.set.items,
                               .override_count = o->spec.set.count,
                               .neurons = neurons,
                               .synapses = neurons * (uint64_t)job->config.synapses,
                               .counts = job->counts,
                               .cores = job->cores,
                               .core_count = job->core_count,
                               .samples = 1,
                               .ticks = job->ticks,
                               .dt_s = job->config.tick_ms * 1e-3,
                               .tick_ns = job->config.tick_ms * 1e6,
                               .seed = (uint64_t)job->config.seed,
                               .timing = job->timed.limit ? &job->timing : NULL,
                               .timed_samples = job->timed.limit ? 1 : 0,
                               .seconds = job->seconds};
}

static weft_status write_spikes(random_job *job, weft_error *err) {
    return weft_records_write_list(&job->options->spiking, &job->spikes, job->ticks, job->session,
                                   job->options->common.quiet, err);
}

static weft_status run_and_tell(void *context, weft_error *err) {
    random_job *job = context;
    const weft_sim_options *o = job->options;
    const volatile sig_atomic_t *stop = weft_stop_install();
    const bool timed = o->spec.timed_images != WEFT_SIM_ABSENT && o->spec.timed_images > 0;
    const weft_sim_ticks_spec spec = {.engine = job->engine,
                                      .numbers = job->cores,
                                      .chip = job->chip,
                                      .limit = timed || o->spec.record ? job->ticks : 0,
                                      .record = o->spec.record,
                                      .network = o->spec.mapping,
                                      .stop = stop,
                                      .threads = (int)o->common.threads};
    job->err = err;
    job->spikes = (weft_spikes){.neurons = (uint64_t)job->config.neurons * (uint64_t)job->core_count,
                                .tick_s = job->config.tick_ms * 1e-3};
    WEFT_TRY(weft_sim_ticks_open(&job->timed, &spec, err));
    WEFT_TRY(run_ticks(job, stop, err));
    WEFT_TRY(weft_sim_ticks_finish(&job->timing, &job->timed, job->chip, err));
    WEFT_TRY(write_spikes(job, err));
    const weft_spike_report report = report_of(job);
    return weft_sim_spiking_tell(&report, o, job->session, err);
}

weft_status weft_sim_random(const weft_sim_options *options, const weft_console *session, weft_error *err) {
    random_job job = {.options = options, .session = session};
    weft_status status = open_all(&job, err);
    if (status == WEFT_OK) status = weft_sim_in_folder(options->out, run_and_tell, &job, err);
    weft_sim_ticks_close(&job.timed);
    weft_spikes_free(&job.spikes);
    weft_spike_chip_destroy(job.engine);
    weft_chip_destroy(job.chip);
    free(job.counts);
    free(job.cores);
    return status;
}
