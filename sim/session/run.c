/* The two runs of a simulation: functional over all images, timed over the first few. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "sim/session/session_internal.h"
#ifdef WEFT_HAVE_SYSTEMC
#include "sim/report/resources.h"
#include "sim/session/apart.h"
#endif

#define CHUNK_IMAGES 500 /* bounds memory and the wait for an interrupt; results do not depend on it */

weft_status weft_sim_images(float **out, const weft_sim *sim, size_t first, size_t count, weft_error *err) {
    *out = malloc((count ? count : 1) * weft_shape_size(sim->test->shape) * sizeof **out);
    if (!*out) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu images", count);
    const weft_status status = weft_dataset_inputs(sim->test, &sim->net->preprocess, first, count, *out, err);
    if (status == WEFT_OK) return WEFT_OK;
    free(*out);
    *out = NULL;
    return status;
}

/* The first of the largest. */
static int largest(const float *logits, int classes) {
    int best = 0;
    for (int c = 1; c < classes; c++)
        if (logits[c] > logits[best]) best = c;
    return best;
}

/* What only the first chip's run keeps of an image. */
static void keep_first(weft_sim *sim, size_t image, int label, int guess, const float *logits) {
    const size_t classes = (size_t)sim->stages->classes;
    sim->confusion[(size_t)label * classes + (size_t)guess]++;
    if (image < sim->timed_images) memcpy(sim->timed_logits + image * classes, logits, classes * sizeof *logits);
}

static void count_chunk(weft_sim *sim, const float *logits, int trial, size_t first, size_t count) {
    const int classes = sim->stages->classes;
    for (size_t i = 0; i < count; i++, logits += classes) {
        const int label = sim->test->labels[first + i], guess = largest(logits, classes);
        sim->correct[trial] += label == guess;
        if (trial == 0) keep_first(sim, first + i, label, guess, logits);
    }
}

static void show_progress(const weft_sim *sim, int trial, size_t done) {
    char text[96] = "";
    if (done < sim->images && sim->trials > 1)
        snprintf(text, sizeof text, "chip %d of %d: %zu of %zu images", trial + 1, sim->trials, done, sim->images);
    else if (done < sim->images)
        snprintf(text, sizeof text, "%zu of %zu images", done, sim->images);
    weft_sim_progress(sim, text);
    const double all = (double)sim->images * sim->trials, before = (double)sim->images * trial;
    if (sim->share) sim->share(sim->context, (before + (double)done) / all);
}

weft_status weft_sim_functional(weft_sim *sim, const weft_engine *engine, int trial, weft_error *err) {
    float *logits = malloc(CHUNK_IMAGES * (size_t)sim->stages->classes * sizeof *logits);
    weft_status status = logits ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for results");
    for (size_t first = 0; first < sim->images && status == WEFT_OK; first += CHUNK_IMAGES) {
        size_t left = sim->images - first, count = left < CHUNK_IMAGES ? left : CHUNK_IMAGES;
        float *x = NULL;
        status = weft_sim_stopped(sim, err);
        if (status == WEFT_OK) status = weft_sim_images(&x, sim, first, count, err);
        if (status == WEFT_OK) status = weft_engine_run_from(engine, x, first, count, logits, err);
        free(x);
        if (status != WEFT_OK) break;
        count_chunk(sim, logits, trial, first, count);
        show_progress(sim, trial, first + count);
    }
    free(logits);
    return status;
}

#ifdef WEFT_HAVE_SYSTEMC

struct weft_sim_timed {
    weft_cosim_result *result;
    weft_trace *trace; /* NULL: nobody wants it */
    weft_report_without *without;
    int without_count;
    weft_report_timed report;
};

void weft_sim_timed_free(weft_sim_timed *timed) {
    if (!timed) return;
    weft_cosim_result_destroy(timed->result);
    weft_trace_destroy(timed->trace);
    free(timed->without);
    free(timed);
}

/* Bit for bit. */
static size_t count_identical(const float *a, const float *b, size_t count) {
    size_t identical = 0;
    for (size_t i = 0; i < count; i++) identical += memcmp(&a[i], &b[i], sizeof a[i]) == 0;
    return identical;
}

static weft_report_timed report_view(const weft_sim *sim, const weft_sim_timed *timed) {
    const weft_cosim_result *result = timed->result;
    const size_t outputs = sim->timed_images * (size_t)sim->stages->classes;
    return (weft_report_timed){.timing = result->timing,
                               .stalls = result->stalls,
                               .outputs = outputs,
                               .outputs_identical = count_identical(result->logits, sim->timed_logits, outputs),
                               .systemc_version = weft_cosim_systemc_version(),
                               .without = timed->without,
                               .without_count = timed->without_count};
}

/* A timed run on the terminal. */
typedef struct timed_watch {
    const weft_sim *sim;
    double start_s, shown_s;
} timed_watch;

#define SHOW_EVERY_S 0.2

static void show_timed(void *context, double share) {
    timed_watch *watch = context;
    char eta[24], text[96];
    if (weft_now_s() - watch->shown_s < SHOW_EVERY_S) return;
    watch->shown_s = weft_now_s();
    weft_eta_text(eta, watch->start_s, share);
    snprintf(text, sizeof text, "timed run of %zu image%s: %.0f %%, ETA %s", watch->sim->timed_images,
             watch->sim->timed_images == 1 ? "" : "s", floor(100 * share), eta);
    weft_sim_progress(watch->sim, text);
}

static weft_status run_images(weft_sim_timed *timed, const weft_sim *sim, weft_error *err) {
    const bool recorded = sim->options->record || sim->without;
    timed_watch watch = {sim, weft_now_s(), 0};
    const weft_cosim_options options = {.images = sim->timed_images,
                                        .trace = recorded ? &timed->trace : NULL,
                                        .progress = show_timed,
                                        .progress_context = &watch,
                                        .stop = sim->stop};
    float *x = NULL;
    WEFT_TRY(weft_sim_stopped(sim, err));
    WEFT_TRY(weft_sim_images(&x, sim, 0, sim->timed_images, err));
    const weft_status status = sim->apart ? weft_cosim_run_apart(&timed->result, sim, x, &options, err)
                                          : weft_cosim_run(&timed->result, sim->engine, sim->chip, sim->mapping,
                                                           sim->stages, sim->traffic, x, &options, err);
    weft_sim_progress(sim, "");
    free(x);
    return status;
}

static weft_status measure(weft_sim_timed *timed, const weft_sim *sim, weft_error *err) {
    const weft_mapping *mapping = sim->mapping;
    const weft_run run = {timed->result->timing, mapping->chips, mapping->parts > mapping->chips};
    if (sim->without == 0) return WEFT_OK;
    timed->without = calloc((size_t)sim->without, sizeof *timed->without);
    if (!timed->without) return weft_error_set(err, WEFT_E_MEMORY, "no memory for results");
    weft_sim_progress(sim, "what the timed run waited for");
    const weft_status status = weft_resources_measure(timed->without, &timed->without_count, sim->without, &run,
                                                      timed->trace, sim->chip, sim->stop, err);
    weft_sim_progress(sim, "");
    return status;
}

static weft_status run_timed(weft_sim_timed *timed, const weft_sim *sim, weft_error *err) {
    WEFT_TRY(run_images(timed, sim, err));
    if (sim->options->record) WEFT_TRY(weft_trace_write(timed->trace, sim->options->record, err));
    return measure(timed, sim, err);
}

weft_status weft_sim_timed_run(weft_sim_timed **out, const weft_sim *sim, weft_error *err) {
    *out = NULL;
    if (sim->timed_images == 0) return WEFT_OK;
    weft_sim_timed *timed = calloc(1, sizeof *timed);
    if (!timed) return weft_error_set(err, WEFT_E_MEMORY, "no memory for results");
    const weft_status status = run_timed(timed, sim, err);
    if (status != WEFT_OK) {
        weft_sim_timed_free(timed);
        return status;
    }
    timed->report = report_view(sim, timed);
    *out = timed;
    return WEFT_OK;
}

const weft_report_timed *weft_sim_timed_report(const weft_sim_timed *timed) { return timed ? &timed->report : NULL; }

#else

weft_status weft_sim_timed_run(weft_sim_timed **out, const weft_sim *sim, weft_error *err) {
    *out = NULL;
    if (sim->timed_images == 0) return WEFT_OK;
    return weft_error_set(err, WEFT_E_UNSUPPORTED,
                          "this weft was built without SystemC: only --timed-images 0 is possible");
}

const weft_report_timed *weft_sim_timed_report(const weft_sim_timed *timed) {
    (void)timed;
    return NULL;
}

void weft_sim_timed_free(weft_sim_timed *timed) { (void)timed; }

#endif

/* ---- both ---- */

weft_status weft_sim_run(weft_sim_timed **timed, weft_sim *sim, weft_error *err) {
    const size_t classes = (size_t)sim->stages->classes;
    *timed = NULL;
    sim->confusion = calloc(classes * classes, sizeof *sim->confusion);
    sim->timed_logits = calloc(sim->timed_images * classes + 1, sizeof *sim->timed_logits);
    sim->correct = calloc((size_t)sim->trials, sizeof *sim->correct);
    if (!sim->confusion || !sim->timed_logits || !sim->correct)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for results");
    WEFT_TRY(weft_sim_trials(sim, err));
    return weft_sim_timed_run(timed, sim, err);
}

weft_report_input weft_sim_report_input(const weft_sim *sim, const weft_report_timed *timed) {
    return (weft_report_input){.chip = sim->chip,
                               .mapping = sim->mapping,
                               .stages = sim->stages,
                               .engine = sim->engine,
                               .traffic = sim->traffic,
                               .network_name = sim->net->name,
                               .dataset = sim->test->name,
                               .transform = sim->transform,
                               .images = sim->images,
                               .correct = sim->correct[0],
                               .recalibrate = sim->recalibrate,
                               .seed = sim->options->seed,
                               .draw = sim->options->draw,
                               .overrides = sim->settings.items,
                               .override_count = sim->settings.count,
                               .confusion = sim->confusion,
                               .timed = timed,
                               .trials = sim->trials,
                               .trial_correct = sim->correct,
                               .statistics = sim->statistics,
                               .statistics_images = sim->statistics_images};
}
