#include <string.h>

#include "core/arena.h"
#include "core/onnx.h"
#include "trainer/session.h"

/* Images on which input ranges are measured when the recipe asks for no statistics. */
enum { RANGE_IMAGES = 10000 };

/* Where a projection is stochastic W itself is deployed, and there is nothing else to keep. */
static void drop_stochastic_latents(weft_model *model) {
    for (int i = 0; i < model->net->layer_count; i++) {
        weft_layer *l = &model->net->layers[i];
        if (l->latent == NULL || !weft_transform_chain_is_stochastic(&model->chains[i])) continue;
        /* The optimiser's parameter points at latent, so the training is over from here on. */
        weft_aligned_free(l->latent);
        l->latent = NULL;
    }
}

static weft_status recalibrate(weft_session *s, weft_error *err) {
    weft_network *net = s->model.net;
    size_t wanted = (size_t)s->recipe.recalibrate, count = wanted ? wanted : RANGE_IMAGES;
    float *x = NULL;
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(weft_calibration_images(&x, net, s->train, &count, err));
    WEFT_TRY_GOTO(weft_forward_reestimate(s->forward, net, x, count, wanted > 0, true, err));
cleanup:
    weft_aligned_free(x);
    return status;
}

static weft_status set_facts(weft_session *s, weft_error *err) {
    weft_network *net = s->model.net;
    char text[512];
    weft_transform_chain chain = {0};
    WEFT_TRY(weft_transform_chain_parse(&chain, s->recipe.projection, err));
    weft_transform_chain_format(&chain, text, sizeof text);
    WEFT_TRY(weft_network_set(net, "weft.projection", text, err));
    WEFT_TRY(weft_network_set(net, "weft.recipe", s->recipe.name, err));
    WEFT_TRY(weft_network_set(net, "weft.recipe_sha256", s->hash.hex, err));
    snprintf(text, sizeof text, "%lld", (long long)s->recipe.seed);
    WEFT_TRY(weft_network_set(net, "weft.seed", text, err));
    WEFT_TRY(weft_network_set(net, "weft.dataset", s->recipe.dataset, err));
    snprintf(text, sizeof text, "%.9g", weft_recipe_clip(&s->recipe, s->steps - 1));
    WEFT_TRY(weft_network_set(net, "weft.clip", s->recipe.clip > 0 ? text : "none", err));
    WEFT_TRY(weft_network_set(net, "weft.precision", s->precision == WEFT_PRECISION_BF16 ? "bf16" : "fp32", err));
    return weft_network_set(net, "weft.version", WEFT_VERSION, err);
}

/* What is written down of the net is measured in single precision, whatever it was trained in. */
static weft_status open_exact(weft_session *s, weft_error *err) {
    int batch = s->forward->batch;
    weft_forward_destroy(s->forward);
    s->forward = NULL;
    return weft_forward_create(&s->forward, s->model.net, batch, WEFT_PRECISION_FP32, err);
}

weft_status weft_session_finish(weft_session *s, weft_train_result *result, weft_error *err) {
    size_t errors = 0;
    if (s->precision != WEFT_PRECISION_FP32) WEFT_TRY(open_exact(s, err));
    weft_model_swap_averages(&s->model);
    WEFT_TRY(weft_model_deploy(&s->model, err));
    drop_stochastic_latents(&s->model);
    WEFT_TRY(recalibrate(s, err));
    WEFT_TRY(weft_forward_errors(s->forward, s->test, s->test->count, s->options->stop, &errors, err));
    WEFT_TRY(set_facts(s, err));
    WEFT_TRY(weft_onnx_write(s->model.net, s->options->output, err));
    result->test_error_percent = 100.0 * (double)errors / (double)s->test->count;
    result->seconds = weft_session_seconds(s);
    result->weights = weft_model_weights(&s->model);
    return WEFT_OK;
}
