#include "trainer/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

double weft_glorot_sigma(const weft_layer *layer) {
    double in = layer->in.channels, out = layer->out.channels, area = 1;
    if (layer->kind == WEFT_LAYER_CONV) {
        int groups = layer->groups > 0 ? layer->groups : 1;
        area = (double)layer->window.kernel_h * layer->window.kernel_w;
        in /= groups;
        out /= groups;
    } else {
        in = (double)weft_shape_size(layer->in);
    }
    return sqrt(2 / ((in + out) * area));
}

static weft_status no_memory(weft_error *err) { return weft_error_set(err, WEFT_E_MEMORY, "out of memory"); }

/* Uniform with that standard deviation: half width sqrt(3) sigma. */
static void initialise(weft_layer *layer, int index, uint64_t seed) {
    weft_rng rng = {.seed = seed, .layer = (uint16_t)index, .purpose = WEFT_PURPOSE_INITIALISE};
    float half = (float)(sqrt(3) * weft_glorot_sigma(layer));
    weft_rng_fill_uniform(&rng, 0, layer->weight_count, layer->weight);
    for (size_t i = 0; i < layer->weight_count; i++) layer->weight[i] = (2.0f * layer->weight[i] - 1.0f) * half;
}

static weft_status layer_prepare(weft_model *model, const weft_recipe *recipe, int index, weft_error *err) {
    weft_layer *layer = &model->net->layers[index];
    const weft_variant *v = (const weft_variant *)recipe->layers.items + index;
    if (layer->kind == WEFT_LAYER_BATCH_NORM)
        model->momentum[index] = (float)((const weft_recipe_norm *)v->value)->momentum;
    if (!weft_layer_has_weights(layer)) return WEFT_OK;
    initialise(layer, index, model->seed);
    WEFT_TRY(weft_recipe_projection(&model->chains[index], recipe, index, err));
    if (model->chains[index].count == 0) return WEFT_OK;
    layer->latent = weft_aligned_alloc(layer->weight_count, sizeof(float));
    if (layer->latent == NULL) return no_memory(err);
    memcpy(layer->latent, layer->weight, layer->weight_count * sizeof(float));
    return WEFT_OK;
}

static weft_status parameter_add(weft_model *model, float *value, size_t count, double bound, bool decayed,
                                 weft_error *err) {
    weft_parameter *p = &model->parameters[model->parameter_count++];
    *p = (weft_parameter){.value = value, .count = count, .bound = (float)bound, .decayed = decayed, .rate = 1};
    p->first = weft_aligned_alloc(count, sizeof(float));
    p->second = weft_aligned_alloc(count, sizeof(float));
    return p->first && p->second ? WEFT_OK : no_memory(err);
}

/* W of one layer, with its bound and its own learning rate. */
static weft_status weight_parameter(weft_model *model, weft_layer *l, const weft_recipe *recipe, weft_error *err) {
    double sigma = weft_glorot_sigma(l), rate = weft_recipe_learning_rate(recipe);
    double bound = recipe->clip > 0 ? recipe->clip * sigma : (double)INFINITY;
    WEFT_TRY(parameter_add(model, l->latent ? l->latent : l->weight, l->weight_count, bound, true, err));
    if (recipe->weight_rate > 0 && rate > 0)
        model->parameters[model->parameter_count - 1].rate = recipe->weight_rate * sigma / rate;
    return WEFT_OK;
}

static weft_status layer_parameters(weft_model *model, weft_layer *l, const weft_recipe *recipe, weft_error *err) {
    size_t channels = (size_t)l->out.channels;
    if (weft_layer_has_weights(l)) {
        WEFT_TRY(weight_parameter(model, l, recipe, err));
        if (l->bias) WEFT_TRY(parameter_add(model, l->bias, channels, (double)INFINITY, false, err));
    } else if (l->kind == WEFT_LAYER_BATCH_NORM) {
        WEFT_TRY(parameter_add(model, l->gamma, channels, (double)INFINITY, false, err));
        WEFT_TRY(parameter_add(model, l->beta, channels, (double)INFINITY, false, err));
    }
    return WEFT_OK;
}

weft_status weft_model_create(weft_model *model, const weft_recipe *recipe, weft_shape input, int classes,
                              weft_error *err) {
    memset(model, 0, sizeof *model);
    model->seed = (uint64_t)recipe->seed;
    WEFT_TRY(weft_recipe_network(&model->net, recipe, input, classes, err));
    size_t layers = (size_t)model->net->layer_count;
    model->chains = calloc(layers, sizeof *model->chains);
    model->momentum = calloc(layers, sizeof *model->momentum);
    model->parameters = calloc(2 * layers, sizeof *model->parameters);
    if (!model->chains || !model->momentum || !model->parameters) return no_memory(err);
    for (int i = 0; i < model->net->layer_count; i++) {
        WEFT_TRY(layer_prepare(model, recipe, i, err));
        WEFT_TRY(layer_parameters(model, &model->net->layers[i], recipe, err));
    }
    return WEFT_OK;
}

void weft_model_destroy(weft_model *model) {
    for (int i = 0; i < model->parameter_count; i++) {
        weft_aligned_free(model->parameters[i].first);
        weft_aligned_free(model->parameters[i].second);
    }
    free(model->parameters);
    free(model->momentum);
    free(model->chains);
    weft_network_destroy(model->net);
    memset(model, 0, sizeof *model);
}

void weft_model_attach(weft_model *model, weft_plan *const *plans, int count) {
    for (int w = 0; w < count; w++) {
        weft_parameter *p = model->parameters;
        for (int i = 0; i < model->net->layer_count; i++) {
            const weft_layer *l = &model->net->layers[i];
            const weft_op *op = &plans[w]->ops[i];
            if (weft_layer_has_weights(l)) {
                (p++)->gradient[w] = op->weight_gradient.data;
                if (l->bias) (p++)->gradient[w] = op->bias_gradient.data;
            } else if (l->kind == WEFT_LAYER_BATCH_NORM) {
                (p++)->gradient[w] = op->scale_shift_gradient.data;
                (p++)->gradient[w] = op->scale_shift_gradient.data + l->out.channels;
            }
        }
    }
    for (int i = 0; i < model->parameter_count; i++) model->parameters[i].gradient_count = count;
}

static weft_status layer_project(weft_model *model, int index, size_t step, weft_error *err) {
    weft_layer *l = &model->net->layers[index];
    weft_transform_draw draw = {
        .seed = model->seed, .step = step, .layer = (uint16_t)index, .purpose = WEFT_PURPOSE_PROJECT};
    return weft_transform_chain_apply(&model->chains[index], l->latent, l->weight, l->weight_count, &draw, err);
}

weft_status weft_model_project(weft_model *model, size_t step, weft_error *err) {
    for (int i = 0; i < model->net->layer_count; i++)
        if (model->net->layers[i].latent) WEFT_TRY(layer_project(model, i, step, err));
    return WEFT_OK;
}

weft_status weft_model_deploy(weft_model *model, weft_error *err) {
    for (int i = 0; i < model->net->layer_count; i++) {
        weft_layer *l = &model->net->layers[i];
        if (l->latent == NULL) continue;
        if (weft_transform_chain_is_stochastic(&model->chains[i]))
            memcpy(l->weight, l->latent, l->weight_count * sizeof(float));
        else
            WEFT_TRY(layer_project(model, i, 0, err));
    }
    return WEFT_OK;
}

static void track_layer(weft_layer *l, float momentum, int index, weft_plan *const *plans, int count) {
    for (int c = 0; c < l->out.channels; c++) {
        double mean = 0, square = 0;
        for (int w = 0; w < count; w++) {
            double m = (double)plans[w]->ops[index].mean.data[c];
            mean += m;
            square += (double)plans[w]->ops[index].variance.data[c] + m * m;
        }
        mean /= count;
        l->mean[c] += momentum * ((float)mean - l->mean[c]);
        l->variance[c] += momentum * ((float)(square / count - mean * mean) - l->variance[c]);
    }
}

void weft_model_track(weft_model *model, weft_plan *const *plans, int count) {
    for (int i = 0; i < model->net->layer_count; i++)
        if (model->net->layers[i].kind == WEFT_LAYER_BATCH_NORM)
            track_layer(&model->net->layers[i], model->momentum[i], i, plans, count);
}

size_t weft_model_weights(const weft_model *model) {
    size_t weights = 0;
    for (int i = 0; i < model->net->layer_count; i++) weights += model->net->layers[i].weight_count;
    return weights;
}
