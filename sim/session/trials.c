/* The programmed chips of a simulation: each is calibrated and run on all images. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/session/session_internal.h"

weft_status weft_sim_stopped(const weft_sim *sim, weft_error *err) {
    return sim->stop && *sim->stop ? weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted") : WEFT_OK;
}

void weft_sim_progress(const weft_sim *sim, const char *text) {
    if (sim->progress) sim->progress(sim->context, text);
}

static weft_status calibrate(const weft_sim *sim, weft_engine *engine, int trial, weft_error *err) {
    char text[96];
    if (!sim->calibrate) return WEFT_OK;
    snprintf(text, sizeof text, "chip %d of %d: calibrating on %zu images", trial + 1, sim->trials,
             sim->training_count);
    weft_sim_progress(sim, text);
    const weft_status status = weft_engine_calibrate(engine, sim->training, sim->training_count, sim->calibrate, err);
    weft_sim_progress(sim, "");
    return status;
}

static weft_status run_chip(weft_sim *sim, weft_engine *engine, int trial, weft_error *err) {
    WEFT_TRY(weft_sim_stopped(sim, err));
    WEFT_TRY(calibrate(sim, engine, trial, err));
    return weft_sim_functional(sim, engine, trial, err);
}

/* All that are kept, and one more, are within the limit. */
static bool may_keep(const weft_sim *sim, const weft_engine *engine) {
    size_t bytes = weft_engine_bytes(engine);
    if (sim->keep_bytes == 0) return false;
    for (int t = 0; t < sim->engine_count; t++)
        if (sim->engines[t]) bytes += weft_engine_bytes(sim->engines[t]);
    return bytes <= sim->keep_bytes;
}

static weft_status run_next_chip(weft_sim *sim, int trial, weft_error *err) {
    const weft_engine_trial which = {.seed = sim->options->seed, .trial = (uint64_t)trial};
    weft_engine *engine = NULL;
    if (sim->engines[trial]) {
        WEFT_TRY(weft_engine_reset(sim->engines[trial], err));
        return run_chip(sim, sim->engines[trial], trial, err);
    }
    WEFT_TRY(weft_engine_create_trial(&engine, sim->chip, sim->mapping, sim->stages, &which, err));
    const weft_status status = run_chip(sim, engine, trial, err);
    if (status == WEFT_OK && may_keep(sim, engine))
        sim->engines[trial] = engine;
    else
        weft_engine_destroy(engine);
    return status;
}

/* The first test images through the first chip again, with probes on its columns. */
static weft_status look_at_arrays(weft_sim *sim, weft_error *err) {
    char text[96];
    float *x = NULL;
    if (sim->statistics_images == 0) return WEFT_OK;
    sim->statistics = calloc((size_t)sim->stages->count, sizeof *sim->statistics);
    if (!sim->statistics) return weft_error_set(err, WEFT_E_MEMORY, "no memory for statistics");
    snprintf(text, sizeof text, "statistics of %zu images", sim->statistics_images);
    weft_sim_progress(sim, text);
    weft_status status = weft_sim_images(&x, sim, 0, sim->statistics_images, err);
    if (status == WEFT_OK)
        status = weft_engine_statistics(sim->engine, x, 0, sim->statistics_images, sim->statistics, err);
    weft_sim_progress(sim, "");
    free(x);
    return status;
}

weft_status weft_sim_trials(weft_sim *sim, weft_error *err) {
    WEFT_TRY(run_chip(sim, sim->engine, 0, err));
    WEFT_TRY(look_at_arrays(sim, err));
    for (int trial = 1; trial < sim->trials; trial++) WEFT_TRY(run_next_chip(sim, trial, err));
    return WEFT_OK;
}
