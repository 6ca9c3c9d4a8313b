/* The two runs of weft sim: functional over all images, timed over the first few. */
#include <stdlib.h>
#include <string.h>

#include "cli/sim.h"
#ifdef WEFT_HAVE_SYSTEMC
#include "sim/systemc/cosim.h"
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
    weft_report_timed report;
    uint64_t *mvm, *array_busy, *digital_busy;
    int64_t *buffer_peak;
};

void weft_sim_timed_free(weft_sim_timed *timed) {
    if (!timed) return;
    if (timed->result) weft_cosim_result_destroy(timed->result);
    free(timed->mvm);
    free(timed->array_busy);
    free(timed->digital_busy);
    free(timed->buffer_peak);
    free(timed);
}

static weft_status copy_cores(weft_sim_timed *timed, size_t cores, weft_error *err) {
    timed->mvm = calloc(cores, sizeof *timed->mvm);
    timed->array_busy = calloc(cores, sizeof *timed->array_busy);
    timed->digital_busy = calloc(cores, sizeof *timed->digital_busy);
    timed->buffer_peak = calloc(cores, sizeof *timed->buffer_peak);
    if (!timed->mvm || !timed->array_busy || !timed->digital_busy || !timed->buffer_peak)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for results");
    for (size_t c = 0; c < cores; c++) {
        timed->mvm[c] = timed->result->cores[c].mvm_count;
        timed->array_busy[c] = timed->result->cores[c].array_busy_cycles;
        timed->digital_busy[c] = timed->result->cores[c].digital_busy_cycles;
        timed->buffer_peak[c] = timed->result->cores[c].buffer_peak_bytes;
    }
    return WEFT_OK;
}

static weft_report_timed report_view(const weft_sim *sim, const weft_sim_timed *timed) {
    const weft_cosim_result *result = timed->result;
    size_t bytes = sim->timed_images * (size_t)sim->stages->classes * sizeof *result->logits;
    return (weft_report_timed){.images = sim->timed_images,
                               .cycles = result->cycles,
                               .image_start = result->image_start,
                               .image_end = result->image_end,
                               .stage_events = result->stage_events,
                               .stage_busy_cycles = result->stage_busy_cycles,
                               .core_mvm = timed->mvm,
                               .core_array_busy = timed->array_busy,
                               .core_digital_busy = timed->digital_busy,
                               .core_buffer_peak = timed->buffer_peak,
                               .packets = result->packets,
                               .flits = result->flits,
                               .flit_hops = result->flit_hops,
                               .packet_latency_sum = result->latency_sum_cycles,
                               .packet_latency_max = result->latency_max_cycles,
                               .link_flits = result->link_flits,
                               .outputs_identical = memcmp(result->logits, sim->timed_logits, bytes) == 0,
                               .systemc_version = weft_cosim_systemc_version()};
}

weft_status weft_sim_timed_run(weft_sim_timed **out, const weft_sim *sim, weft_error *err) {
    weft_cosim_options options = {.images = sim->timed_images, .record = sim->options->record, .stop = sim->stop};
    float *x = NULL;
    *out = NULL;
    if (sim->timed_images == 0) return WEFT_OK;
    weft_sim_timed *timed = calloc(1, sizeof *timed);
    weft_status status =
        timed ? weft_sim_stopped(sim, err) : weft_error_set(err, WEFT_E_MEMORY, "no memory for results");
    if (status == WEFT_OK) status = weft_sim_images(&x, sim, 0, sim->timed_images, err);
    if (status == WEFT_OK)
        status = weft_cosim_run(&timed->result, sim->engine, sim->chip, sim->mapping, sim->stages, sim->traffic, x,
                                &options, err);
    if (status == WEFT_OK) status = copy_cores(timed, (size_t)sim->chip->core_count, err);
    free(x);
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
