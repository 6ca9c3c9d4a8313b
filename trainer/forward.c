#include "trainer/forward.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/augment.h"
#include "trainer/loss.h"

/* ---- create ---- */

static weft_status add_plan(weft_forward *forward, weft_error *err) {
    weft_plan_options options = {.batch = forward->batch, .precision = forward->precision, .shared = forward->plans[0]};
    int threads = weft_dnn_single_thread();
    weft_status status = weft_plan_create(&forward->plans[forward->workers], forward->net, &options, err);
    omp_set_num_threads(threads);
    if (status == WEFT_OK) forward->workers++;
    return status;
}

weft_status weft_forward_create(weft_forward **out, const weft_network *net, int batch, weft_precision precision,
                                weft_error *err) {
    *out = NULL;
    if (batch < 1) return weft_error_set(err, WEFT_E_INVALID, "batch: %d is below 1", batch);
    weft_forward *forward = calloc(1, sizeof *forward);
    if (forward == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    forward->net = net;
    forward->batch = batch;
    forward->precision = precision;
    forward->input_size = weft_shape_size(net->input);
    forward->output_size =
        net->layer_count ? weft_shape_size(net->layers[net->layer_count - 1].out) : forward->input_size;
    weft_status status = add_plan(forward, err);
    if (status == WEFT_OK)
        *out = forward;
    else
        weft_forward_destroy(forward);
    return status;
}

void weft_forward_destroy(weft_forward *forward) {
    if (forward == NULL) return;
    for (int i = forward->workers - 1; i >= 0; i--) weft_plan_destroy(forward->plans[i]);
    free(forward);
}

/* ---- chunks ---- */

size_t weft_forward_chunk_count(const weft_forward *forward, size_t count) {
    return (count + (size_t)forward->batch - 1) / (size_t)forward->batch;
}

void weft_forward_fill(const weft_forward *forward, weft_plan *plan, const float *x, size_t count) {
    size_t used = count * forward->input_size, all = (size_t)forward->batch * forward->input_size;
    memcpy(plan->input.data, x, used * sizeof(float));
    memset(plan->input.data + used, 0, (all - used) * sizeof(float));
}

typedef struct chunk_work {
    weft_forward *forward;
    int workers;
    size_t count; /* images */
    weft_chunk_function function;
    void *context;
} chunk_work;

typedef struct worker_result {
    weft_status status;
    weft_error error;
} worker_result;

static weft_status load_part(const chunk_work *work, int worker, weft_error *err) {
    return weft_plan_load_part(work->forward->plans[worker], worker, work->workers, err);
}

/* One worker's share: chunks worker, worker + workers, ... */
static weft_status run_share(const chunk_work *work, int worker, weft_error *err) {
    weft_plan *plan = work->forward->plans[worker];
    size_t batch = (size_t)plan->batch, chunks = weft_forward_chunk_count(work->forward, work->count);
    for (size_t c = (size_t)worker; c < chunks; c += (size_t)work->workers) {
        size_t left = work->count - c * batch;
        WEFT_TRY(work->function(work->context, plan, c, left < batch ? left : batch, err));
    }
    return WEFT_OK;
}

typedef weft_status work_function(const chunk_work *work, int worker, weft_error *err);

static void run_worker(const chunk_work *work, int worker, work_function *function, worker_result *result) {
    int threads = weft_dnn_single_thread();
    result->status = function(work, worker, &result->error);
    omp_set_num_threads(threads);
}

/* The first loop's end is the barrier that the shared weights need. */
static void run_workers(const chunk_work *work, worker_result *results) {
#pragma omp parallel num_threads(work->workers)
    {
#pragma omp for schedule(static, 1)
        for (int w = 0; w < work->workers; w++) run_worker(work, w, load_part, &results[w]);
#pragma omp for schedule(static, 1)
        for (int w = 0; w < work->workers; w++)
            if (results[w].status == WEFT_OK) run_worker(work, w, run_share, &results[w]);
    }
}

weft_status weft_forward_chunks(weft_forward *forward, size_t count, weft_chunk_function function, void *context,
                                weft_error *err) {
    size_t chunks = weft_forward_chunk_count(forward, count);
    int workers = omp_get_max_threads();
    if (workers > WEFT_FORWARD_WORKERS_MAX) workers = WEFT_FORWARD_WORKERS_MAX;
    if ((size_t)workers > chunks) workers = chunks ? (int)chunks : 1;
    while (forward->workers < workers) WEFT_TRY(add_plan(forward, err));
    worker_result *results = calloc((size_t)workers, sizeof *results);
    if (results == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    chunk_work work = {forward, workers, count, function, context};
    run_workers(&work, results);
    weft_status status = WEFT_OK;
    for (int w = 0; w < workers && status == WEFT_OK; w++) {
        status = results[w].status;
        if (status != WEFT_OK && err) *err = results[w].error;
    }
    free(results);
    return status;
}

/* ---- run ---- */

typedef struct run_scope {
    weft_forward *forward;
    const float *x;
    float *logits;
} run_scope;

static weft_status run_chunk(void *context, weft_plan *plan, size_t chunk, size_t count, weft_error *err) {
    const run_scope *scope = context;
    const weft_forward *forward = scope->forward;
    size_t first = chunk * (size_t)forward->batch;
    weft_forward_fill(forward, plan, scope->x + first * forward->input_size, count);
    WEFT_TRY(weft_plan_forward(plan, 0, plan->count, err));
    WEFT_TRY(weft_plan_read_logits(plan, err));
    memcpy(scope->logits + first * forward->output_size, plan->logits.data,
           count * forward->output_size * sizeof(float));
    return WEFT_OK;
}

weft_status weft_forward_run(weft_forward *forward, const float *x, size_t count, float *logits, weft_error *err) {
    run_scope scope = {forward, x, logits};
    return weft_forward_chunks(forward, count, run_chunk, &scope, err);
}

/* ---- errors on a data set ---- */

enum { BLOCK_CHUNKS = 16 }; /* chunks between two looks at the stop flag */

static size_t count_errors(const float *logits, const uint8_t *labels, size_t count, int classes) {
    size_t errors = 0;
    for (size_t i = 0; i < count; i++) errors += weft_logits_top(logits + i * (size_t)classes, classes) != labels[i];
    return errors;
}

weft_status weft_forward_errors(weft_forward *forward, const weft_dataset *set, size_t images,
                                const volatile sig_atomic_t *stop, size_t *errors, weft_error *err) {
    size_t block = (size_t)forward->batch * BLOCK_CHUNKS, size = forward->input_size;
    float *x = weft_aligned_alloc(block * size, sizeof(float));
    float *logits = weft_aligned_alloc(block * forward->output_size, sizeof(float));
    weft_status status = WEFT_OK;
    *errors = 0;
    if (!x || !logits) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory"));
    for (size_t first = 0; first < images; first += block) {
        size_t count = images - first < block ? images - first : block;
        if (stop && *stop) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted"));
        WEFT_TRY_GOTO(weft_dataset_inputs(set, &forward->net->preprocess, first, count, x, err));
        WEFT_TRY_GOTO(weft_forward_run(forward, x, count, logits, err));
        *errors += count_errors(logits, set->labels + first, count, (int)forward->output_size);
    }
cleanup:
    weft_aligned_free(x);
    weft_aligned_free(logits);
    return status;
}

weft_status weft_calibration_images(float **out, const weft_network *net, const weft_dataset *set, size_t *count,
                                    weft_error *err) {
    if (*count > set->count) *count = set->count;
    *out = weft_aligned_alloc(*count * weft_shape_size(set->shape), sizeof(float));
    if (*out == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %zu images", *count);
    weft_status status = weft_dataset_training_inputs(set, net, *count, *out, err);
    if (status == WEFT_OK) return WEFT_OK;
    weft_aligned_free(*out);
    *out = NULL;
    return status;
}
