#include "trainer/evaluate.h"
#include "core/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/interval.h"
#include "trainer/loss.h"

enum { BLOCK = 20 * WEFT_EVAL_BATCH }; /* images between two looks at the stop flag */

/* ---- create ---- */

/* Images of the training set, which is closed again. */
static weft_status open_calibration(weft_evaluator *e, const char *dataset, weft_error *err) {
    weft_dataset *opened = NULL;
    const weft_dataset *train = e->options.train;
    weft_status status = WEFT_OK;
    size_t wanted = e->options.recalibrate;
    if (wanted == 0) return WEFT_OK;
    if (!train) WEFT_TRY_GOTO(weft_dataset_open(&opened, dataset, WEFT_SPLIT_TRAIN, err));
    if (!train) train = opened;
    WEFT_TRY_GOTO(weft_network_check_dataset(e->source, train, err));
    if (wanted > train->count && wanted != WEFT_RECALIBRATE_ALL)
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_INVALID, "recalibrate: %zu is above the %zu training images of %s",
                                     wanted, train->count, train->name));
    e->calibration_count = wanted < train->count ? wanted : train->count;
    WEFT_TRY_GOTO(weft_calibration_images(&e->calibration, e->net, train, &e->calibration_count, err));
cleanup:
    weft_dataset_destroy(opened);
    return status;
}

static weft_status open_test(weft_evaluator *e, const char *dataset, weft_error *err) {
    e->set = e->options.test;
    if (!e->set) WEFT_TRY(weft_dataset_open(&e->opened, dataset, WEFT_SPLIT_TEST, err));
    if (!e->set) e->set = e->opened;
    WEFT_TRY(weft_network_check_dataset(e->source, e->set, err));
    if (e->options.images > e->set->count)
        return weft_error_set(err, WEFT_E_INVALID, "images: %zu is above the %zu test images of %s", e->options.images,
                              e->set->count, dataset);
    e->images = e->options.images ? e->options.images : e->set->count;
    WEFT_TRY(weft_network_bind_named(e->net, dataset, err));
    e->test = weft_aligned_alloc(e->images * weft_shape_size(e->set->shape), sizeof *e->test);
    if (!e->test) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %zu images", e->images);
    WEFT_TRY(weft_dataset_inputs(e->set, &e->net->preprocess, 0, e->images, e->test, err));
    e->logits = weft_aligned_alloc(BLOCK, (size_t)e->set->classes * sizeof(float));
    e->share = malloc(e->images * sizeof *e->share);
    e->wrong = calloc(e->images, sizeof *e->wrong);
    return e->logits && e->share && e->wrong ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "out of memory");
}

static weft_status evaluator_open(weft_evaluator *e, const char *dataset, weft_error *err) {
    if (e->options.draws < 1) return weft_error_set(err, WEFT_E_INVALID, "draws: %d is below 1", e->options.draws);
    WEFT_TRY(weft_network_clone(&e->net, e->source, err));
    WEFT_TRY(open_test(e, dataset, err));
    WEFT_TRY(open_calibration(e, dataset, err));
    return weft_forward_create(&e->forward, e->net, WEFT_EVAL_BATCH, e->options.precision, err);
}

weft_status weft_evaluator_create(weft_evaluator **out, const weft_network *net, const char *dataset,
                                  const weft_eval_options *options, weft_error *err) {
    *out = NULL;
    weft_evaluator *e = calloc(1, sizeof *e);
    if (e == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    e->source = net;
    e->options = *options;
    weft_status status = evaluator_open(e, dataset, err);
    if (status == WEFT_OK)
        *out = e;
    else
        weft_evaluator_destroy(e);
    return status;
}

void weft_evaluator_destroy(weft_evaluator *e) {
    if (e == NULL) return;
    weft_forward_destroy(e->forward);
    weft_network_destroy(e->net);
    weft_network_destroy(e->plain);
    weft_aligned_free(e->test);
    weft_aligned_free(e->calibration);
    weft_aligned_free(e->logits);
    for (size_t i = 0; i < e->seen_count; i++) free(e->seen[i].wrong);
    free(e->seen);
    free(e->wrong);
    free(e->share);
    free(e->first);
    weft_dataset_destroy(e->opened);
    free(e);
}

void weft_evaluator_set_draws(weft_evaluator *e, int draws, uint64_t seed) {
    e->options.draws = draws;
    e->options.seed = seed;
}

void weft_evaluator_set_progress(weft_evaluator *e, void (*progress)(void *context, int draw, int draws),
                                 void *context) {
    e->options.progress = progress;
    e->options.context = context;
}

/* ---- one draw ---- */

/* Puts the file's weights back, from which weft_network_distort starts. The arrays that the compiled network reads stay
 * where they are. */
static weft_status restore_weights(weft_network *net, const weft_network *source, weft_error *err) {
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer *from = &source->layers[i];
        weft_layer *to = &net->layers[i];
        if (!weft_layer_has_weights(from)) continue;
        memcpy(to->weight, from->weight, from->weight_count * sizeof *to->weight);
        if (from->latent == NULL) continue;
        if (to->latent == NULL) to->latent = weft_aligned_alloc(from->weight_count, sizeof *to->latent);
        if (to->latent == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for weights");
        memcpy(to->latent, from->latent, from->weight_count * sizeof *to->latent);
    }
    return WEFT_OK;
}

static weft_status distort(weft_evaluator *e, const weft_transform_chain *chain, int draw, weft_error *err) {
    if (e->options.stop && *e->options.stop) return weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted");
    WEFT_TRY(restore_weights(e->net, e->source, err));
    return weft_network_distort(e->net, chain, e->options.seed, (uint64_t)draw, err);
}

static weft_status count_errors(weft_evaluator *e, uint8_t *wrong, size_t *errors, weft_error *err) {
    size_t size = weft_shape_size(e->source->input);
    int classes = e->set->classes;
    *errors = 0;
    for (size_t first = 0; first < e->images; first += BLOCK) {
        size_t count = e->images - first < BLOCK ? e->images - first : BLOCK;
        if (e->options.stop && *e->options.stop) return weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted");
        WEFT_TRY(weft_forward_run(e->forward, e->test + first * size, count, e->logits, err));
        for (size_t i = 0; i < count; i++)
            wrong[first + i] = weft_logits_top(e->logits + i * (size_t)classes, classes) != e->set->labels[first + i];
        for (size_t i = 0; i < count; i++) *errors += wrong[first + i];
    }
    return WEFT_OK;
}

/* Hash of all layers' hashes. */
static weft_status hash_weights(const weft_network *net, weft_sha256 *out, weft_error *err) {
    weft_sha256 *each = calloc((size_t)net->layer_count + 1, sizeof *each);
    if (each == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    for (int i = 0; i < net->layer_count; i++)
        if (weft_layer_has_weights(&net->layers[i]))
            each[i] = weft_sha256_bytes(net->layers[i].weight, net->layers[i].weight_count * sizeof(float));
    *out = weft_sha256_bytes(each, (size_t)net->layer_count * sizeof *each);
    free(each);
    return WEFT_OK;
}

/* A place for the results of some weights; it counts as seen when seen_count is raised. */
static weft_status make_room(weft_evaluator *e, const weft_sha256 *weights, weft_error *err) {
    weft_eval_seen *grown = realloc(e->seen, (e->seen_count + 1) * sizeof *grown);
    if (grown == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    e->seen = grown;
    e->seen[e->seen_count] = (weft_eval_seen){.weights = *weights, .wrong = malloc(e->images)};
    return e->seen[e->seen_count].wrong ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "out of memory");
}

/* Answers of one draw. Weights evaluated before (sigma 0 and beta 1 are none, beta 0 is sign) are not again,
 * unless the statistics of e->net are needed too. */
static weft_status evaluate_draw(weft_evaluator *e, const weft_transform_chain *chain, int draw, bool statistics,
                                 const weft_eval_seen **result, weft_error *err) {
    weft_sha256 weights;
    WEFT_TRY(distort(e, chain, draw, err));
    WEFT_TRY(hash_weights(e->net, &weights, err));
    for (size_t i = 0; i < e->seen_count && !statistics; i++) {
        if (strcmp(e->seen[i].weights.hex, weights.hex) != 0) continue;
        *result = &e->seen[i];
        return WEFT_OK;
    }
    if (e->calibration_count)
        WEFT_TRY(weft_forward_reestimate(e->forward, e->net, e->calibration, e->calibration_count, true, false, err));
    WEFT_TRY(make_room(e, &weights, err));
    weft_eval_seen *fresh = &e->seen[e->seen_count];
    weft_status status = count_errors(e, fresh->wrong, &fresh->errors, err);
    if (status == WEFT_OK)
        e->seen_count++;
    else
        free(fresh->wrong);
    *result = fresh;
    return status;
}

/* ---- all draws ---- */

size_t weft_evaluator_images(const weft_evaluator *e) { return e->images; }

const uint32_t *weft_evaluator_wrong(const weft_evaluator *e) { return e->wrong; }

const uint8_t *weft_evaluator_labels(const weft_evaluator *e) { return e->set->labels; }

int weft_evaluator_layer_count(const weft_evaluator *e) {
    int count = 0;
    for (int i = 0; i < e->source->layer_count; i++) count += weft_layer_has_weights(&e->source->layers[i]);
    return count;
}

/* Sums over the draws become means; the network's bits are the mean over its weights. */
static double finish_layers(weft_eval_layer *layers, int count, int draws) {
    double bits = 0, weights = 0;
    for (int i = 0; i < count; i++) {
        layers[i].distance /= draws;
        layers[i].effective_bits /= draws;
        layers[i].correlation /= draws;
        bits += (double)layers[i].weights * layers[i].effective_bits;
        weights += (double)layers[i].weights;
    }
    return weights > 0 ? bits / weights : (double)INFINITY;
}

/* The run's difference to the first one; the first one is kept. */
static weft_status compare_with_first(weft_evaluator *e, weft_eval_result *result, weft_error *err) {
    double std = result->error_percent_std / 100, low, high;
    double half = result->draws > 1 ? weft_student_quantile(result->draws - 1) * std / sqrt(result->draws) : 0;
    for (size_t i = 0; i < e->images; i++) e->share[i] = (float)e->wrong[i] / (float)result->draws;
    if (e->first == NULL) {
        e->first = malloc(e->images * sizeof *e->first);
        if (e->first == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
        memcpy(e->first, e->share, e->images * sizeof *e->first);
        e->first_percent = result->error_percent;
        e->first_half = half;
        return WEFT_OK;
    }
    for (size_t i = 0; i < e->images; i++) e->share[i] -= e->first[i];
    weft_paired_interval(&low, &high, e->share, e->images, hypot(half, e->first_half));
    result->difference_percent = result->error_percent - e->first_percent;
    result->difference_low_percent = 100 * low;
    result->difference_high_percent = 100 * high;
    return WEFT_OK;
}

/* Mean and sample standard deviation by Welford's update. */
static weft_status run_draws(weft_evaluator *e, const weft_transform_chain *chain, weft_eval_result *result,
                             weft_eval_layer *layers, bool correlate, weft_error *err) {
    double mean = 0, squares = 0;
    int draws = chain && weft_transform_chain_is_stochastic(chain) ? e->options.draws : 1;
    memset(e->wrong, 0, e->images * sizeof *e->wrong);
    for (int k = 0; k < draws; k++) {
        const weft_eval_seen *seen = NULL;
        WEFT_TRY(evaluate_draw(e, chain, k, correlate, &seen, err));
        for (size_t i = 0; i < e->images; i++) e->wrong[i] += seen->wrong[i];
        WEFT_TRY(weft_evaluator_layers(e, correlate, layers, err));
        double rate = (double)seen->errors / (double)e->images, delta = rate - mean;
        mean += delta / (k + 1);
        squares += delta * (rate - mean);
        if (e->options.progress) e->options.progress(e->options.context, k + 1, draws);
    }
    double std = draws > 1 ? sqrt(squares / (draws - 1)) : 0, low, high;
    weft_error_interval(&low, &high, mean, std, draws, e->images);
    *result = (weft_eval_result){.error_percent = 100 * mean,
                                 .error_percent_std = 100 * std,
                                 .low_percent = 100 * low,
                                 .high_percent = 100 * high,
                                 .effective_bits = finish_layers(layers, weft_evaluator_layer_count(e), draws),
                                 .images = e->images,
                                 .recalibrate = e->calibration_count,
                                 .draws = draws};
    return compare_with_first(e, result, err);
}

weft_status weft_evaluator_run(weft_evaluator *e, const weft_transform_chain *chain, weft_eval_result *result,
                               weft_eval_layer *layers, weft_error *err) {
    double start = weft_now_s();
    size_t count = (size_t)weft_evaluator_layer_count(e);
    weft_eval_layer *own = calloc(count + 1, sizeof *own);
    *result = (weft_eval_result){0};
    if (own == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    weft_status status = run_draws(e, chain, result, own, layers != NULL, err);
    if (status == WEFT_OK && layers) memcpy(layers, own, count * sizeof *layers);
    free(own);
    result->seconds = weft_now_s() - start;
    return status;
}
