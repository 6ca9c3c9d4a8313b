/* weft map and weft sim of a spiking network as a point. */
#include <math.h>

#include "sim/session/spiking.h"
#include "sweep/point_internal.h"

/* ---- inputs ---- */

static weft_coding coding_of(const weft_point_settings *s) {
    weft_coding coding = weft_coding_defaults();
    coding.kind = s->coding;
    coding.ticks = (uint64_t)s->ticks;
    coding.rate_hz = s->rate;
    coding.seed = (uint64_t)s->seed;
    return coding;
}

/* set NULL: spikes of a file go in. */
static weft_spiking_spec spec_of(const weft_point *point, const weft_dataset *set, const char **transform) {
    const weft_point_settings *s = &point->settings;
    weft_spiking_spec spec = {.transforms = {transform, s->transform[0] ? 1 : 0},
                              .timed_images = (uint64_t)s->timed_images,
                              .trials = (uint64_t)s->trials,
                              .seed = (uint64_t)s->seed};
    *transform = s->transform;
    if (set)
        spec.source = (weft_stimulus_source){
            .dataset = point->dataset, .images = (uint64_t)s->images, .set = set, .layers = weft_layer_spikes};
    else
        spec.source = (weft_stimulus_source){.spikes = point->spikes, .list_ticks = (uint64_t)s->ticks};
    if (point->spiking != WEFT_POINT_SPIKES) return spec;
    if (set) spec.source.coding = coding_of(s);
    spec.keep = (weft_records_spec){.output = s->output[0] ? s->output : NULL, .classes = (uint64_t)s->classes};
    return spec;
}

/* ---- results ---- */

/* From an image's first tick to the end of the one in which the spikes of its last come out. */
static double latency_ns(const weft_spiking *sim, double tick_ns) {
    const int lag = sim->mapped->layout->lag[sim->records.output];
    return tick_ns > 0 ? ((double)sim->stimulus.ticks + lag) * tick_ns : (double)NAN;
}

static void fill_time(double *v, const weft_spiking *sim, const weft_spike_figures *f) {
    const double images = (double)sim->stimulus.samples;
    const bool timed = f->energy.seconds > 0;
    v[WEFT_METRIC_LATENCY] = latency_ns(sim, f->tick_ns);
    if (timed) v[WEFT_METRIC_INTERVAL] = 1e9 * f->activity.seconds / images;
    v[WEFT_METRIC_THROUGHPUT] = f->samples_per_s;
    if (f->tick_ns > 0) v[WEFT_METRIC_TICK] = f->tick_ns;
    v[WEFT_METRIC_ENERGY_DYNAMIC] = f->energy.dynamic_pj / images;
    if (timed) v[WEFT_METRIC_ENERGY_STATIC] = f->energy.static_pj / images;
    if (timed) v[WEFT_METRIC_ENERGY] = f->energy.total_pj / images;
    v[WEFT_METRIC_POWER] = f->power_mw;
    if (!sim->timed.limit) return;
    v[WEFT_METRIC_SHORTEST_TICK] = sim->timing.summary.fastest_tick_ns;
    v[WEFT_METRIC_MISSED_TICKS] = (double)sim->timing.summary.missed;
}

static void fill_events(double *v, const weft_spiking *sim, const weft_spike_figures *f) {
    const double images = (double)sim->stimulus.samples, area = weft_chip_area_mm2(sim->mapped->chip);
    v[WEFT_METRIC_SPIKES] = (double)f->total.spikes / images;
    v[WEFT_METRIC_SYNAPTIC_EVENTS] = (double)f->total.synaptic_events / images;
    v[WEFT_METRIC_SPIKE_HOPS] = (double)(f->total.hops_x + f->total.hops_y) / images;
    v[WEFT_METRIC_CORES] = sim->program->core_count;
    if (area > 0) v[WEFT_METRIC_AREA] = area;
}

static weft_status fill_trials(weft_point_result *result, const weft_spiking *sim, weft_error *err) {
    const double images = (double)sim->stimulus.samples;
    double sum = 0, worst = 0;
    WEFT_TRY(weft_point_trials(result, (int)sim->trials, err));
    for (uint64_t t = 0; t < sim->trials; t++) {
        const double error = 100 * (images - (double)sim->trial_correct[t]) / images;
        result->trial_error_percent[t] = error;
        sum += error;
        worst = fmax(worst, error);
    }
    result->metrics.v[WEFT_METRIC_ERROR] = sum / (double)sim->trials;
    result->metrics.v[WEFT_METRIC_ERROR_WORST] = worst;
    return WEFT_OK;
}

static weft_status fill(weft_point_result *result, const weft_spiking *sim, weft_error *err) {
    const weft_spike_report report = weft_spiking_report(sim);
    const weft_spike_figures f = weft_spike_figures_of(&report);
    double *v = result->metrics.v;
    v[WEFT_METRIC_IMAGES] = (double)sim->stimulus.samples;
    v[WEFT_METRIC_TRIALS] = (double)sim->trials;
    fill_time(v, sim, &f);
    fill_events(v, sim, &f);
    if (!report.labelled) return WEFT_OK;
    v[WEFT_METRIC_ERROR_STD] = 100 * f.trials_std;
    v[WEFT_METRIC_ERROR_LOW] = 100 - 100 * f.high;
    v[WEFT_METRIC_ERROR_HIGH] = 100 - 100 * f.low;
    return fill_trials(result, sim, err);
}

/* ---- the run ---- */

static void show_progress(void *context, uint64_t done, uint64_t samples, double start_s) {
    const weft_point_runner_options *options = context;
    (void)start_s;
    if (options->progress) options->progress(options->context, (double)done / (double)samples);
}

static weft_status check_labels(const weft_spiking *sim, const weft_point *point, weft_error *err) {
    if (!sim->stimulus.set || weft_spiking_labels(sim)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "the output has %lu classes, and data set %.200s %d",
                          (unsigned long)(sim->records.classes ? sim->records.classes : weft_spiking_output(sim)->size),
                          point->dataset, sim->stimulus.set->classes);
}

weft_status weft_point_sim_spiking(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                                   weft_error *err) {
    const weft_point_spiking_mapping *mapping = NULL;
    weft_point_set *set = NULL;
    const char *transform;
    WEFT_TRY(weft_point_spiking_of(&mapping, runner, point, err));
    if (!point->spikes[0]) WEFT_TRY(weft_point_set_open(&set, runner, point, err));
    const weft_spiking_spec spec = spec_of(point, set ? set->test : NULL, &transform);
    weft_spiking sim = {.spec = &spec,
                        .mapped = &mapping->mapped,
                        .stop = runner->options.stop,
                        .progress = show_progress,
                        .context = &runner->options};
    weft_status status = weft_spiking_open(&sim, err);
    if (status == WEFT_OK) status = check_labels(&sim, point, err);
    if (status == WEFT_OK) status = weft_spiking_run(&sim, err);
    if (status == WEFT_OK) status = fill(result, &sim, err);
    weft_spiking_close(&sim);
    result->mapping = mapping->file;
    return status;
}
