#include <math.h>
#include <time.h>

#include "core/arena.h"
#include "trainer/forward.h"

enum { BATCH = 50 };

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct eval_scope {
    const weft_network *net;
    const weft_eval_options *options;
    weft_dataset *test;
    float *calibration;
    size_t calibration_count, images;
} eval_scope;

static weft_status check_set(const weft_network *net, const weft_dataset *set, weft_error *err) {
    weft_shape a = net->input, b = set->shape;
    if (a.channels != b.channels || a.height != b.height || a.width != b.width)
        return weft_error_set(
            err, WEFT_E_INVALID,
            "network %s takes images of %dx%dx%d, but those of %s are %dx%dx%d (channels x rows x columns)", net->name,
            a.channels, a.height, a.width, set->name, b.channels, b.height, b.width);
    size_t outputs = net->layer_count ? weft_shape_size(net->layers[net->layer_count - 1].out) : 0;
    if (outputs != (size_t)set->classes)
        return weft_error_set(err, WEFT_E_INVALID, "network %s has %zu outputs, but %s has %d classes", net->name,
                              outputs, set->name, set->classes);
    return WEFT_OK;
}

/* Calibration images of the training set, which is closed again. */
static weft_status open_calibration(eval_scope *scope, const char *dataset, weft_error *err) {
    weft_dataset *train = NULL;
    weft_status status = WEFT_OK;
    scope->calibration_count = scope->options->recalibrate;
    if (scope->calibration_count == 0) return WEFT_OK;
    WEFT_TRY_GOTO(weft_dataset_open(&train, dataset, WEFT_SPLIT_TRAIN, err));
    WEFT_TRY_GOTO(check_set(scope->net, train, err));
    if (scope->calibration_count > train->count)
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_INVALID, "recalibrate: %zu is above the %zu training images of %s",
                                     scope->calibration_count, train->count, train->name));
    WEFT_TRY_GOTO(weft_calibration_images(&scope->calibration, scope->net, train, &scope->calibration_count, err));
cleanup:
    weft_dataset_destroy(train);
    return status;
}

static weft_status evaluate_draw(const eval_scope *scope, int draw, double *error_percent, weft_error *err) {
    weft_network *net = NULL;
    weft_forward *forward = NULL;
    size_t errors = 0;
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(weft_network_clone(&net, scope->net, err));
    WEFT_TRY_GOTO(weft_network_distort(net, scope->options->chain, scope->options->seed, (uint64_t)draw, err));
    WEFT_TRY_GOTO(weft_forward_create(&forward, net, BATCH, err));
    if (scope->calibration_count)
        WEFT_TRY_GOTO(
            weft_forward_reestimate(forward, net, scope->calibration, scope->calibration_count, true, false, err));
    WEFT_TRY_GOTO(weft_forward_errors(forward, scope->test, scope->images, scope->options->stop, &errors, err));
    *error_percent = 100.0 * (double)errors / (double)scope->images;
cleanup:
    weft_forward_destroy(forward);
    weft_network_destroy(net);
    return status;
}

/* Mean and sample standard deviation by Welford's update. */
static weft_status evaluate_draws(const eval_scope *scope, weft_eval_result *result, weft_error *err) {
    double mean = 0, squares = 0;
    for (int k = 0; k < scope->options->draws; k++) {
        double error_percent = 0;
        WEFT_TRY(evaluate_draw(scope, k, &error_percent, err));
        double delta = error_percent - mean;
        mean += delta / (k + 1);
        squares += delta * (error_percent - mean);
    }
    result->error_percent = mean;
    result->error_percent_std = scope->options->draws > 1 ? sqrt(squares / (scope->options->draws - 1)) : 0;
    return WEFT_OK;
}

weft_status weft_evaluate(weft_eval_result *result, const weft_network *net, const char *dataset,
                          const weft_eval_options *options, weft_error *err) {
    eval_scope scope = {.net = net, .options = options};
    double start = now_s();
    weft_status status = WEFT_OK;
    *result = (weft_eval_result){0};
    if (options->draws < 1) return weft_error_set(err, WEFT_E_INVALID, "draws: %d is below 1", options->draws);
    WEFT_TRY_GOTO(weft_dataset_open(&scope.test, dataset, WEFT_SPLIT_TEST, err));
    WEFT_TRY_GOTO(check_set(net, scope.test, err));
    if (options->images > scope.test->count)
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_INVALID, "images: %zu is above the %zu test images of %s",
                                     options->images, scope.test->count, dataset));
    scope.images = options->images ? options->images : scope.test->count;
    WEFT_TRY_GOTO(open_calibration(&scope, dataset, err));
    WEFT_TRY_GOTO(evaluate_draws(&scope, result, err));
    result->images = scope.images;
    result->draws = options->draws;
    result->seconds = now_s() - start;
cleanup:
    weft_aligned_free(scope.calibration);
    weft_dataset_destroy(scope.test);
    return status;
}
