#include "trainer/session.h"
#include "core/clock.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/plot.h"
#include "trainer/batch.h"

enum { TEST_BATCH = 50 };

double weft_session_seconds(const weft_session *session) {
    return session->seconds_before + weft_now_s() - session->started_s;
}

/* ---- open ---- */

static weft_status output_path(char *out, size_t size, const char *given, const char *output, const char *suffix,
                               weft_error *err) {
    int length = given ? snprintf(out, size, "%s", given) : snprintf(out, size, "%s%s", output, suffix);
    if (length >= 0 && (size_t)length < size) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "%s: path is too long", given ? given : output);
}

/* Finds out before the training whether its files can be written. */
static weft_status check_writable(const char *path, weft_error *err) {
    weft_output probe;
    WEFT_TRY(weft_output_open(&probe, path, err));
    weft_output_abort(&probe);
    return WEFT_OK;
}

static weft_status check_sets(const weft_session *s, weft_error *err) {
    weft_shape a = s->train->shape, b = s->test->shape;
    if (a.channels != b.channels || a.height != b.height || a.width != b.width || s->train->classes != s->test->classes)
        return weft_error_set(err, WEFT_E_INVALID, "%s: training and test images differ in shape or classes",
                              s->recipe.dataset);
    if (s->train->count < (size_t)s->recipe.batch)
        return weft_record_error(&s->recipe.yaml, s->recipe.yaml.root, "batch", err,
                                 "%lld is above the %zu training images of %s", (long long)s->recipe.batch,
                                 s->train->count, s->recipe.dataset);
    return WEFT_OK;
}

static weft_status open_worker(weft_session *s, weft_worker *worker, weft_error *err) {
    size_t part = (size_t)s->recipe.batch / (size_t)s->worker_count;
    weft_plan_options options = {
        .batch = (int)part, .training = true, .precision = s->precision, .shared = s->workers[0].plan};
    int threads = weft_dnn_single_thread();
    weft_status status = weft_plan_create(&worker->plan, s->model.net, &options, err);
    omp_set_num_threads(threads);
    if (status != WEFT_OK) return status;
    worker->pixels = weft_aligned_alloc(part, weft_shape_size(s->train->shape));
    worker->labels = weft_aligned_alloc(part, 1);
    if (!worker->pixels || !worker->labels) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    return WEFT_OK;
}

static weft_status open_workers(weft_session *s, weft_error *err) {
    weft_plan *plans[WEFT_WORKERS_MAX];
    s->worker_count = (int)s->recipe.workers;
    for (int w = 0; w < s->worker_count; w++) {
        WEFT_TRY(open_worker(s, &s->workers[w], err));
        plans[w] = s->workers[w].plan;
    }
    weft_model_attach(&s->model, plans, s->worker_count);
    return weft_forward_create(&s->forward, s->model.net, TEST_BATCH, s->precision, err);
}

static weft_status open_files(weft_session *s, weft_error *err) {
    const weft_train_options *o = s->options;
    WEFT_TRY(output_path(s->checkpoint, sizeof s->checkpoint, o->checkpoint, o->output, ".checkpoint", err));
    WEFT_TRY(output_path(s->curve, sizeof s->curve, o->curve, o->output, ".csv", err));
    WEFT_TRY(output_path(s->plot, sizeof s->plot, o->plot, o->output, ".svg", err));
    weft_plot_format format;
    if (!weft_plot_format_of(&format, s->plot))
        return weft_error_set(err, WEFT_E_INVALID, "%s: the name of a plot ends in .svg or .png", s->plot);
    WEFT_TRY(check_writable(o->output, err));
    WEFT_TRY(check_writable(s->curve, err));
    WEFT_TRY(check_writable(s->plot, err));
    return check_writable(s->checkpoint, err);
}

static void plan_steps(weft_session *s) {
    s->per_epoch = s->train->count / (size_t)s->recipe.batch;
    s->steps = s->per_epoch * (size_t)s->recipe.epochs;
    s->order_epoch = SIZE_MAX;
}

static weft_status choose_precision(weft_session *s, weft_error *err) {
    bool native = weft_precision_is_native(WEFT_PRECISION_BF16);
    int wanted = s->recipe.precision;
    if (wanted == WEFT_RECIPE_PRECISION_BF16 && !native)
        return weft_record_error(&s->recipe.yaml, s->recipe.yaml.root, "precision", err,
                                 "this processor does not multiply bfloat16 (AVX512-BF16); use auto or fp32");
    bool bf16 = wanted == WEFT_RECIPE_PRECISION_BF16 || (wanted == WEFT_RECIPE_PRECISION_AUTO && native);
    s->precision = bf16 ? WEFT_PRECISION_BF16 : WEFT_PRECISION_FP32;
    return WEFT_OK;
}

/* What is dear to preprocess is so once, not each epoch. */
static weft_status open_inputs(weft_session *s, weft_error *err) {
    const weft_preprocess *p = &s->model.net->preprocess;
    WEFT_TRY(weft_network_bind(s->model.net, s->train, err));
    WEFT_TRY(weft_dataset_prepare(s->test, p, err));
    return weft_augment_is_on(&s->recipe.augment) ? WEFT_OK : weft_dataset_prepare(s->train, p, err);
}

/* Initial state, or that of the checkpoint. */
static weft_status open_state(weft_session *s, weft_error *err) {
    WEFT_TRY(weft_model_create(&s->model, &s->recipe, s->train->shape, s->train->classes, err));
    WEFT_TRY(weft_network_set_augment(s->model.net, &s->recipe.augment, err));
    WEFT_TRY(open_inputs(s, err));
    return s->options->resume ? weft_checkpoint_read(s, err) : weft_model_whiten(&s->model, &s->recipe, s->train, err);
}

weft_status weft_session_open(weft_session *s, const weft_train_options *options, weft_error *err) {
    memset(s, 0, sizeof *s);
    s->options = options;
    s->started_s = s->saved_s = weft_now_s();
    WEFT_TRY(weft_recipe_load(&s->recipe, options->recipe, options->overrides, options->override_count,
                              options->dataset, err));
    WEFT_TRY(weft_recipe_hash(&s->hash, &s->recipe, err));
    WEFT_TRY(choose_precision(s, err));
    WEFT_TRY(open_files(s, err));
    WEFT_TRY(weft_dataset_open(&s->train, s->recipe.dataset, WEFT_SPLIT_TRAIN, err));
    WEFT_TRY(weft_dataset_open(&s->test, s->recipe.dataset, WEFT_SPLIT_TEST, err));
    WEFT_TRY(check_sets(s, err));
    plan_steps(s);
    s->order = weft_aligned_alloc(s->train->count, sizeof *s->order);
    s->rows = calloc((size_t)s->recipe.epochs, sizeof *s->rows);
    if (!s->order || !s->rows) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    WEFT_TRY(open_state(s, err));
    return open_workers(s, err);
}

void weft_session_close(weft_session *s) {
    for (int w = 0; w < s->worker_count; w++) {
        weft_plan_destroy(s->workers[w].plan);
        weft_aligned_free(s->workers[w].pixels);
        weft_aligned_free(s->workers[w].labels);
    }
    weft_forward_destroy(s->forward);
    weft_model_destroy(&s->model);
    weft_aligned_free(s->statistics_x);
    weft_aligned_free(s->order);
    free(s->rows);
    weft_dataset_destroy(s->train);
    weft_dataset_destroy(s->test);
    weft_recipe_destroy(&s->recipe);
}

/* ---- step ---- */

static void shuffle(weft_session *s, size_t epoch) {
    if (s->order_epoch == epoch) return;
    weft_rng rng = {.seed = s->model.seed, .step = epoch, .purpose = WEFT_PURPOSE_SHUFFLE};
    weft_rng_permutation(&rng, s->train->count, s->order);
    s->order_epoch = epoch;
}

/* Before any worker computes: its images, and its part of the weights that all share. */
static weft_status worker_load(weft_session *s, int number, weft_error *err) {
    weft_worker *worker = &s->workers[number];
    weft_plan *plan = worker->plan;
    size_t part = (size_t)plan->batch, batch = (size_t)s->recipe.batch;
    const uint32_t *order = s->order + s->step % s->per_epoch * batch + (size_t)number * part;
    weft_batch_source source = {s->train, &s->model.net->preprocess, &s->recipe.augment, s->model.seed, s->order_epoch};
    WEFT_TRY(weft_batch_input(&source, order, part, worker->pixels, worker->labels, plan->input.data, err));
    return weft_plan_load_part(plan, number, s->worker_count, err);
}

static weft_status worker_step(weft_session *s, int number, weft_error *err) {
    weft_worker *worker = &s->workers[number];
    weft_plan *plan = worker->plan;
    size_t part = (size_t)plan->batch, batch = (size_t)s->recipe.batch;
    worker->sum = (weft_loss_sum){0};
    WEFT_TRY(weft_plan_forward(plan, 0, plan->count, err));
    WEFT_TRY(weft_plan_read_logits(plan, err));
    weft_loss_apply((weft_loss_kind)s->recipe.loss, s->recipe.label_smoothing, plan->logits.data, worker->labels, part,
                    s->train->classes, 1.0 / (double)batch, plan->logits_gradient.data, &worker->sum);
    return weft_plan_backward(plan, err);
}

typedef weft_status worker_function(weft_session *s, int number, weft_error *err);

static void run_worker(weft_session *s, int number, worker_function *function) {
    weft_worker *worker = &s->workers[number];
    int before = weft_dnn_single_thread();
    worker->status = function(s, number, &worker->error);
    omp_set_num_threads(before);
}

/* The first loop's end is the barrier that the shared weights need. */
static weft_status run_workers(weft_session *s, weft_error *err) {
    int threads = omp_get_max_threads(), workers = s->worker_count;
    if (threads > workers) threads = workers;
#pragma omp parallel num_threads(threads)
    {
#pragma omp for schedule(static, 1)
        for (int w = 0; w < workers; w++) run_worker(s, w, worker_load);
#pragma omp for schedule(static, 1)
        for (int w = 0; w < workers; w++)
            if (s->workers[w].status == WEFT_OK) run_worker(s, w, worker_step);
    }
    for (int w = 0; w < s->worker_count; w++) {
        if (s->workers[w].status == WEFT_OK) continue;
        if (err) *err = s->workers[w].error;
        return s->workers[w].status;
    }
    return WEFT_OK;
}

static weft_status add_losses(weft_session *s, weft_error *err) {
    for (int w = 0; w < s->worker_count; w++) {
        s->loss_sum += s->workers[w].sum.loss;
        s->error_sum += s->workers[w].sum.errors;
    }
    if (isfinite(s->loss_sum)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID,
                          "training diverged: the loss is not finite at step %zu of %zu; lower the learning rate",
                          s->step + 1, s->steps);
}

weft_status weft_session_step(weft_session *s, weft_error *err) {
    weft_plan *plans[WEFT_WORKERS_MAX];
    for (int w = 0; w < s->worker_count; w++) plans[w] = s->workers[w].plan;
    if (s->step % s->per_epoch == 0) {
        s->loss_sum = 0;
        s->error_sum = 0;
    }
    shuffle(s, s->step / s->per_epoch);
    WEFT_TRY(weft_model_project(&s->model, s->step, err));
    WEFT_TRY(run_workers(s, err));
    WEFT_TRY(add_losses(s, err));
    weft_model_schedule(&s->model, &s->recipe, s->step);
    weft_optimiser_step(&s->recipe.optimiser, s->model.parameters, s->model.parameter_count, s->step,
                        weft_recipe_scheduled_rate(&s->recipe, s->step, s->steps, s->per_epoch));
    weft_model_track(&s->model, plans, s->worker_count);
    s->step++;
    return WEFT_OK;
}
