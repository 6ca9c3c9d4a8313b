/* weft map and weft sim as a point. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/point_internal.h"

void weft_point_programmed_free(weft_point_programmed *p) {
    for (int t = 0; t < p->engine_count; t++) weft_engine_destroy(p->engines[t]);
    free(p->engines);
    weft_traffic_destroy(p->traffic);
    weft_stages_destroy(p->stages);
    weft_network_destroy(p->net);
    *p = (weft_point_programmed){0};
}

/* ---- inputs ---- */

static weft_sim_spec spec_of(const weft_point *point, const char **transform) {
    const weft_point_settings *s = &point->settings;
    *transform = s->transform;
    return (weft_sim_spec){.mapping = "",
                           .dataset = point->dataset,
                           .recalibrate = s->recalibrate,
                           .transforms = {transform, s->transform[0] ? 1 : 0},
                           .images = (uint64_t)s->images,
                           .timed_images = (uint64_t)s->timed_images,
                           .trials = (uint64_t)s->trials,
                           .seed = (uint64_t)s->seed};
}

/* Chips that were programmed for an earlier point, where they are the same ones; else what they are to be made from. */
static weft_status take_programmed(weft_sim *sim, weft_point_runner *runner, const weft_sha256 *key,
                                   const weft_network *net, weft_error *err) {
    weft_point_programmed *p = &runner->programmed;
    if (strcmp(p->key.hex, key->hex) != 0) {
        weft_point_programmed_free(p);
        return weft_network_clone(&sim->net, net, err);
    }
    sim->net = p->net;
    sim->stages = p->stages;
    sim->traffic = p->traffic;
    sim->engines = p->engines;
    sim->engine_count = p->engine_count;
    /* equal to this point's, and what the engines know */
    sim->chip = p->chip;
    sim->mapping = p->from->mapping;
    *p = (weft_point_programmed){0};
    return WEFT_OK;
}

static size_t engine_bytes(const weft_sim *sim) {
    size_t bytes = 0;
    for (int t = 0; t < sim->engine_count; t++)
        if (sim->engines[t]) bytes += weft_engine_bytes(sim->engines[t]);
    return bytes;
}

/* For the next point, where they fit. */
static void keep_programmed(weft_point_runner *runner, weft_sim *sim, const weft_sha256 *key,
                            const weft_point_mapping *from) {
    if (engine_bytes(sim) > runner->options.memory_bytes) return;
    runner->programmed = (weft_point_programmed){.key = *key,
                                                 .chip = sim->chip,
                                                 .from = from,
                                                 .net = sim->net,
                                                 .stages = sim->stages,
                                                 .traffic = sim->traffic,
                                                 .engines = sim->engines,
                                                 .engine_count = sim->engine_count};
    sim->net = NULL;
    sim->stages = NULL;
    sim->traffic = NULL;
    sim->engines = NULL;
    sim->engine_count = 0;
}

/* ---- results ---- */

static weft_status fill_trials(weft_point_result *result, const weft_sim *sim, weft_error *err) {
    WEFT_TRY(weft_point_trials(result, sim->trials, err));
    double sum = 0, worst = 0;
    for (int t = 0; t < sim->trials; t++) {
        const double error = 100.0 * (double)(sim->images - sim->correct[t]) / (double)sim->images;
        result->trial_error_percent[t] = error;
        sum += error;
        worst = error > worst ? error : worst;
    }
    result->metrics.v[WEFT_METRIC_ERROR] = sum / sim->trials;
    result->metrics.v[WEFT_METRIC_ERROR_WORST] = worst;
    return WEFT_OK;
}

static void fill_metrics(weft_point_result *result, const weft_sim *sim, const weft_report_timed *timed,
                         const weft_report_figures *f) {
    const double area = weft_chip_area_mm2(sim->chip) * sim->mapping->chips;
    double *v = result->metrics.v;
    v[WEFT_METRIC_ERROR_STD] = sim->trials > 1 ? f->trials_std_percent : (double)NAN;
    v[WEFT_METRIC_ERROR_LOW] = 100 - f->accuracy_high_percent;
    v[WEFT_METRIC_ERROR_HIGH] = 100 - f->accuracy_low_percent;
    v[WEFT_METRIC_IMAGES] = (double)sim->images;
    v[WEFT_METRIC_TRIALS] = sim->trials;
    v[WEFT_METRIC_LATENCY] = f->latency_ns;
    v[WEFT_METRIC_INTERVAL] = f->interval_ns;
    v[WEFT_METRIC_THROUGHPUT] = f->throughput_images_per_s;
    v[WEFT_METRIC_ENERGY_DYNAMIC] = f->energy_dynamic_pj;
    v[WEFT_METRIC_ENERGY_STATIC] = f->energy_static_pj;
    v[WEFT_METRIC_ENERGY] = f->energy_total_pj;
    v[WEFT_METRIC_POWER] = f->power_mw;
    if (area > 0) v[WEFT_METRIC_AREA] = area;
    v[WEFT_METRIC_ARRAYS] = f->arrays_used;
    v[WEFT_METRIC_CORES] = f->cores_used;
    v[WEFT_METRIC_PROGRAM_TIME] = f->programming.time_ns;
    v[WEFT_METRIC_PROGRAM_ENERGY] = f->programming.energy_pj;
    v[WEFT_METRIC_FLIT_HOPS] = (double)weft_traffic_total(sim->traffic).flit_hops;
    if (timed) v[WEFT_METRIC_CYCLES] = (double)timed->timing->cycles;
}

static weft_status fill(weft_point_result *result, const weft_sim *sim, const weft_report_timed *timed,
                        weft_error *err) {
    const weft_report_input input = weft_sim_report_input(sim, timed);
    weft_report_figures figures;
    WEFT_TRY(weft_report_figures_find(&figures, &input, err));
    if (figures.failed_check) return weft_error_set(err, WEFT_E_INTERNAL, "self-check %s failed", figures.failed_check);
    fill_metrics(result, sim, timed, &figures);
    return fill_trials(result, sim, err);
}

/* ---- the run ---- */

/* Training images of an earlier point, where they are the same ones. */
static void take_training(weft_sim *sim, weft_point_runner *runner, const weft_sha256 *net) {
    weft_point_training *t = &runner->training;
    if (strcmp(t->net.hex, net->hex) != 0 || t->asked != sim->recalibrate) {
        free(t->images);
        t->images = NULL;
    }
    sim->training = t->images;
    sim->training_count = t->count;
    *t = (weft_point_training){.net = *net, .asked = sim->recalibrate};
}

static void keep_training(weft_sim *sim, weft_point_runner *runner) {
    weft_point_training *t = &runner->training;
    const size_t bytes = sim->training_count * weft_shape_size(sim->test->shape) * sizeof(float);
    if (!sim->training || bytes > runner->options.memory_bytes / 4) return;
    t->images = sim->training;
    t->count = sim->training_count;
    sim->training = NULL;
}

static weft_status simulate(weft_sim *sim, weft_point_result *result, weft_error *err) {
    weft_sim_timed *timed = NULL;
    WEFT_TRY(weft_sim_prepare(sim, err));
    weft_status status = weft_sim_run(&timed, sim, err);
    if (status == WEFT_OK) status = fill(result, sim, weft_sim_timed_report(timed), err);
    weft_sim_timed_free(timed);
    return status;
}

/* With everything that the runner has. */
static weft_status simulate_with(weft_sim *sim, weft_point_runner *runner, const weft_point *point, weft_point_set *set,
                                 weft_point_result *result, weft_error *err) {
    weft_sha256 net;
    WEFT_TRY(weft_point_net_key(&net, runner, point, err));
    sim->test = set->test;
    sim->train = set->train;
    sim->keep_train = true;
    WEFT_TRY(weft_sim_open(sim, err));
    take_training(sim, runner, &net);
    const weft_status status = simulate(sim, result, err);
    keep_training(sim, runner);
    set->train = sim->train;
    return status;
}

weft_status weft_point_sim(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                           weft_error *err) {
    const weft_point_mapping *mapping = NULL;
    const weft_network *net = NULL;
    weft_point_set *set = NULL;
    weft_chip *chip = NULL;
    const char *transform;
    weft_sha256 key;
    WEFT_TRY(weft_point_chip(&chip, runner, point, err));
    WEFT_TRY(weft_point_mapping_of(&mapping, runner, point, err));
    WEFT_TRY(weft_point_set_open(&set, runner, point, err));
    WEFT_TRY(weft_point_net(&net, runner, point, set, err));
    WEFT_TRY(weft_point_programming_key(&key, runner->keys, point, &mapping->file, err));
    const weft_sim_spec spec = spec_of(point, &transform);
    weft_sim sim = {.options = &spec,
                    .share = runner->options.progress,
                    .context = runner->options.context,
                    .stop = runner->options.stop,
                    .apart = true,
                    .keep_bytes = runner->options.memory_bytes};
    sim.chip = chip;
    sim.mapping = mapping->mapping;
    weft_status status = take_programmed(&sim, runner, &key, net, err);
    if (status == WEFT_OK) status = simulate_with(&sim, runner, point, set, result, err);
    if (status == WEFT_OK) keep_programmed(runner, &sim, &key, mapping);
    result->mapping = mapping->file;
    sim.chip = NULL;
    sim.mapping = NULL;
    sim.test = sim.train = NULL;
    weft_sim_close(&sim);
    return status;
}
