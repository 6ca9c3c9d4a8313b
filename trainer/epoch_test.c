/* Test error at an epoch's end, with the weights that would be deployed then. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "trainer/session.h"

/* Training images on which batch-norm statistics are estimated for this test; fewer where the recipe's own
 * recalibration has fewer. */
enum { STATISTICS_IMAGES = 2000 };

/* The running statistics are those of the weights in training. Averages of weights, or W where samples of a projection
 * are trained, have others. */
static bool needs_statistics(const weft_session *s) {
    if (s->recipe.recalibrate == 0) return false;
    if (s->recipe.ema > 0) return true;
    for (int i = 0; i < s->model.net->layer_count; i++)
        if (weft_transform_chain_is_stochastic(&s->model.chains[i])) return true;
    return false;
}

static size_t statistics_size(const weft_network *net) {
    size_t size = 0;
    for (int i = 0; i < net->layer_count; i++)
        if (net->layers[i].kind == WEFT_LAYER_BATCH_NORM) size += 2 * (size_t)net->layers[i].out.channels;
    return size;
}

/* Running statistics into `kept`, or back. */
static void statistics_copy(const weft_network *net, float *kept, bool back) {
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer *l = &net->layers[i];
        if (l->kind != WEFT_LAYER_BATCH_NORM) continue;
        float *arrays[] = {l->mean, l->variance};
        for (int k = 0; k < 2; k++) {
            size_t bytes = (size_t)l->out.channels * sizeof(float);
            memcpy(back ? arrays[k] : kept, back ? kept : arrays[k], bytes);
            kept += l->out.channels;
        }
    }
}

static weft_status estimate(weft_session *s, weft_error *err) {
    if (!s->statistics_x) {
        size_t wanted = (size_t)s->recipe.recalibrate;
        s->statistics_count = wanted < STATISTICS_IMAGES ? wanted : STATISTICS_IMAGES;
        WEFT_TRY(weft_calibration_images(&s->statistics_x, s->model.net, s->train, &s->statistics_count, err));
    }
    return weft_forward_reestimate(s->forward, s->model.net, s->statistics_x, s->statistics_count, true, false, err);
}

static weft_status test_deployed(weft_session *s, size_t *errors, weft_error *err) {
    WEFT_TRY(weft_model_deploy(&s->model, err));
    if (!needs_statistics(s)) return weft_forward_errors(s->forward, s->test, s->test->count, NULL, errors, err);
    float *kept = malloc((statistics_size(s->model.net) + 1) * sizeof *kept);
    if (!kept) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    statistics_copy(s->model.net, kept, false);
    weft_status status = estimate(s, err);
    if (status == WEFT_OK) status = weft_forward_errors(s->forward, s->test, s->test->count, NULL, errors, err);
    statistics_copy(s->model.net, kept, true);
    free(kept);
    return status;
}

weft_status weft_session_test(weft_session *s, size_t *errors, weft_error *err) {
    weft_model_swap_averages(&s->model);
    weft_status status = test_deployed(s, errors, err);
    weft_model_swap_averages(&s->model);
    return status;
}
