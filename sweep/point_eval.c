/* weft eval as a point. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/training.h"
#include "sweep/point_internal.h"

enum { RUNS_MAX = 4096 }; /* of one evaluator, which remembers the answers of each */

void weft_point_evaluator_free(weft_point_evaluator *e) {
    weft_evaluator_destroy(e->evaluator);
    weft_network_destroy(e->net);
    *e = (weft_point_evaluator){0};
}

/* ---- draws ---- */

/* The evaluator counts wrong draws of each image; the errors of a draw are what it adds. */
typedef struct watch {
    const weft_point_runner *runner;
    const weft_evaluator *evaluator;
    double *errors; /* [draws] wrong answers; NULL without memory */
    uint64_t before;
} watch;

static void count_draw(void *context, int draw, int draws) {
    watch *w = context;
    const uint32_t *wrong = weft_evaluator_wrong(w->evaluator);
    const weft_point_runner_options *options = &w->runner->options;
    uint64_t sum = 0;
    for (size_t i = 0; i < weft_evaluator_images(w->evaluator); i++) sum += wrong[i];
    w->errors[draw - 1] = (double)(sum - w->before);
    w->before = sum;
    if (options->progress) options->progress(options->context, (double)draw / draws);
}

/* ---- the evaluator ---- */

static weft_status evaluator_key(weft_sha256 *out, const weft_point_runner *runner, const weft_point *point,
                                 const weft_eval_options *o, weft_error *err) {
    weft_facts facts;
    WEFT_TRY(weft_facts_begin(&facts, err));
    weft_facts_text(&facts, "net", weft_point_net_path(runner->experiment, point));
    weft_facts_text(&facts, "dataset", point->dataset);
    fprintf(facts.stream, "images %zu recalibrate %zu precision %d\n", o->images, o->recalibrate, (int)o->precision);
    return weft_facts_end(out, &facts, err);
}

static weft_status make_evaluator(weft_point_runner *runner, const weft_point *point, weft_eval_options *o,
                                  weft_error *err) {
    weft_point_evaluator *e = &runner->evaluator;
    const weft_network *net = NULL;
    weft_point_set *set = NULL;
    WEFT_TRY(weft_point_set_open(&set, runner, point, err));
    WEFT_TRY(weft_point_net(&net, runner, point, set, err));
    if (o->recalibrate) WEFT_TRY(weft_point_set_train(set, err));
    WEFT_TRY(weft_network_clone(&e->net, net, err));
    o->test = set->test;
    o->train = set->train;
    e->set = set;
    return weft_evaluator_create(&e->evaluator, e->net, point->dataset, o, err);
}

/* The last point's, where only transform and draws are others. */
static weft_status find_evaluator(weft_point_runner *runner, const weft_point *point, weft_eval_options *o,
                                  weft_error *err) {
    weft_point_evaluator *e = &runner->evaluator;
    weft_sha256 key;
    WEFT_TRY(evaluator_key(&key, runner, point, o, err));
    if (strcmp(e->key.hex, key.hex) != 0 || e->runs > RUNS_MAX) {
        weft_point_evaluator_free(e);
        WEFT_TRY(make_evaluator(runner, point, o, err));
        e->key = key;
    }
    e->runs += o->draws;
    weft_evaluator_set_draws(e->evaluator, o->draws, o->seed);
    return WEFT_OK;
}

/* ---- results ---- */

static weft_status fill(weft_point_result *result, const weft_eval_result *r, const double *errors, weft_error *err) {
    double *v = result->metrics.v, worst = 0;
    WEFT_TRY(weft_point_trials(result, r->draws, err));
    for (int k = 0; k < r->draws; k++) {
        result->trial_error_percent[k] = 100 * (errors[k] / (double)r->images);
        worst = fmax(worst, result->trial_error_percent[k]);
    }
    v[WEFT_METRIC_ERROR] = r->error_percent;
    v[WEFT_METRIC_ERROR_STD] = r->error_percent_std;
    v[WEFT_METRIC_ERROR_LOW] = r->low_percent;
    v[WEFT_METRIC_ERROR_HIGH] = r->high_percent;
    v[WEFT_METRIC_ERROR_WORST] = worst;
    v[WEFT_METRIC_IMAGES] = (double)r->images;
    v[WEFT_METRIC_TRIALS] = r->draws;
    if (isfinite(r->effective_bits)) v[WEFT_METRIC_EFFECTIVE_BITS] = r->effective_bits;
    return WEFT_OK;
}

static weft_status evaluate(weft_point_runner *runner, const weft_point *point, weft_eval_options *o, watch *w,
                            weft_point_result *result, weft_error *err) {
    weft_transform_chain chain = {0};
    weft_eval_result evaluated;
    const char *transform = point->settings.transform;
    if (transform[0]) WEFT_TRY(weft_transform_chain_parse(&chain, transform, err));
    WEFT_TRY(find_evaluator(runner, point, o, err));
    w->evaluator = runner->evaluator.evaluator;
    weft_evaluator_set_progress(runner->evaluator.evaluator, count_draw, w);
    WEFT_TRY(weft_evaluator_run(runner->evaluator.evaluator, transform[0] ? &chain : NULL, &evaluated, NULL, err));
    return fill(result, &evaluated, w->errors, err);
}

weft_status weft_point_eval(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                            weft_error *err) {
    const weft_point_settings *s = &point->settings;
    weft_eval_options options = {
        .images = (size_t)s->images, .draws = (int)s->trials, .seed = (uint64_t)s->seed, .stop = runner->options.stop};
    WEFT_TRY(weft_recalibrate_parse(&options.recalibrate, s->recalibrate, err));
    WEFT_TRY(weft_precision_parse(&options.precision, s->precision, err));
    watch w = {.runner = runner, .errors = calloc((size_t)s->trials, sizeof *w.errors)};
    if (!w.errors) return weft_error_set(err, WEFT_E_MEMORY, "no memory for results");
    const weft_status status = evaluate(runner, point, &options, &w, result, err);
    if (status != WEFT_OK) weft_point_evaluator_free(&runner->evaluator);
    free(w.errors);
    return status;
}
