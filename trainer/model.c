#include "trainer/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "trainer/forward.h"
#include "trainer/whitening_filters.h"

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

static void initialise_vote(weft_layer *layer, const weft_recipe_vote *vote) {
    size_t inputs = weft_shape_size(layer->in), map = inputs / (size_t)layer->in.channels;
    size_t classes = (size_t)vote->classes, votes = 1;
    while (votes < inputs / classes) votes *= 2;
    for (size_t k = 0; k < classes; k++)
        for (size_t i = 0; i < inputs; i++)
            layer->weight[k * inputs + i] = i / map % classes == k ? (float)vote->high / (float)votes : 0.0f;
}

static weft_status layer_prepare(weft_model *model, const weft_recipe *recipe, int index, weft_error *err) {
    weft_layer *layer = &model->net->layers[index];
    const weft_variant *v = (const weft_variant *)recipe->layers.items + index;
    if (layer->kind == WEFT_LAYER_BATCH_NORM)
        model->momentum[index] = (float)((const weft_recipe_norm *)v->value)->momentum;
    if (!weft_layer_has_weights(layer)) return WEFT_OK;
    if (v->index == WEFT_RECIPE_VOTE)
        initialise_vote(layer, v->value);
    else
        initialise(layer, index, model->seed);
    WEFT_TRY(weft_recipe_projection(&model->chains[index], recipe, index, err));
    if (model->chains[index].count == 0) return WEFT_OK;
    layer->latent = weft_aligned_alloc(layer->weight_count, sizeof(float));
    if (layer->latent == NULL) return no_memory(err);
    memcpy(layer->latent, layer->weight, layer->weight_count * sizeof(float));
    return WEFT_OK;
}

static weft_status parameter_add(weft_model *model, const weft_recipe *recipe, weft_slot slot, float *value,
                                 size_t count, double rate, weft_error *err) {
    weft_parameter *p = &model->parameters[model->parameter_count];
    model->slots[model->parameter_count++] = slot;
    *p = (weft_parameter){
        .value = value, .count = count, .bound = INFINITY, .decayed = slot.kind == WEFT_SLOT_WEIGHT, .rate = rate};
    p->first = weft_aligned_alloc(count, sizeof(float));
    p->second = weft_aligned_alloc(count, sizeof(float));
    if (recipe->ema > 0) p->average = weft_aligned_alloc(count, sizeof(float));
    return p->first && p->second && (p->average || recipe->ema <= 0) ? WEFT_OK : no_memory(err);
}

/* W of one layer, with its own learning rate. */
static weft_status weight_parameter(weft_model *model, int index, const weft_recipe *recipe, weft_error *err) {
    weft_layer *l = &model->net->layers[index];
    double sigma = weft_glorot_sigma(l), base = weft_recipe_learning_rate(recipe);
    double rate = recipe->weight_rate > 0 && base > 0 ? recipe->weight_rate * sigma / base : 1;
    weft_slot slot = {index, WEFT_SLOT_WEIGHT, sigma};
    return parameter_add(model, recipe, slot, l->latent ? l->latent : l->weight, l->weight_count, rate, err);
}

static weft_status layer_parameters(weft_model *model, int index, const weft_recipe *recipe, weft_error *err) {
    weft_layer *l = &model->net->layers[index];
    const weft_variant *v = (const weft_variant *)recipe->layers.items + index;
    size_t channels = (size_t)l->out.channels;
    weft_slot bias = {index, WEFT_SLOT_BIAS, 0}, gamma = {index, WEFT_SLOT_GAMMA, 0}, beta = {index, WEFT_SLOT_BETA, 0};
    if (l->frozen) return WEFT_OK;
    if (weft_layer_has_weights(l)) {
        WEFT_TRY(weight_parameter(model, index, recipe, err));
        if (l->bias) WEFT_TRY(parameter_add(model, recipe, bias, l->bias, channels, recipe->bias_rate, err));
    } else if (l->kind == WEFT_LAYER_BATCH_NORM) {
        if (((const weft_recipe_norm *)v->value)->gamma == WEFT_GAMMA_TRAINED)
            WEFT_TRY(parameter_add(model, recipe, gamma, l->gamma, channels, recipe->norm_rate, err));
        WEFT_TRY(parameter_add(model, recipe, beta, l->beta, channels, recipe->norm_rate, err));
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
    model->slots = calloc(2 * layers, sizeof *model->slots);
    if (!model->chains || !model->momentum || !model->parameters || !model->slots) return no_memory(err);
    for (int i = 0; i < model->net->layer_count; i++) {
        WEFT_TRY(layer_prepare(model, recipe, i, err));
        WEFT_TRY(layer_parameters(model, i, recipe, err));
    }
    weft_model_schedule(model, recipe, 0);
    return WEFT_OK;
}

void weft_model_destroy(weft_model *model) {
    for (int i = 0; i < model->parameter_count; i++) {
        weft_aligned_free(model->parameters[i].first);
        weft_aligned_free(model->parameters[i].second);
        weft_aligned_free(model->parameters[i].average);
    }
    free(model->parameters);
    free(model->slots);
    free(model->momentum);
    free(model->chains);
    weft_network_destroy(model->net);
    memset(model, 0, sizeof *model);
}

/* ---- start ---- */

/* Images whose patches are whitened. */
enum { WHITENING_IMAGES = 5000 };

static weft_status whiten_layer(weft_layer *l, const weft_recipe_conv *conv, const float *x, size_t images,
                                weft_error *err) {
    WEFT_TRY(weft_whitening_filters(l->weight, l->out.channels, x, images, l->in, l->window.kernel_h,
                                    l->window.kernel_w, conv->whitening_epsilon, err));
    if (l->latent) memcpy(l->latent, l->weight, l->weight_count * sizeof(float));
    return WEFT_OK;
}

weft_status weft_model_whiten(weft_model *model, const weft_recipe *recipe, const weft_dataset *set, weft_error *err) {
    float *x = NULL;
    size_t images = WHITENING_IMAGES;
    weft_status status = WEFT_OK;
    for (int i = 0; i < model->net->layer_count; i++) {
        const weft_variant *v = (const weft_variant *)recipe->layers.items + i;
        if (v->index != WEFT_RECIPE_CONV || ((const weft_recipe_conv *)v->value)->init != WEFT_INIT_WHITENING) continue;
        if (!x) WEFT_TRY_GOTO(weft_calibration_images(&x, model->net, set, &images, err));
        WEFT_TRY_GOTO(whiten_layer(&model->net->layers[i], v->value, x, images, err));
    }
cleanup:
    weft_aligned_free(x);
    return status;
}

static const float *slot_gradient(const weft_slot *slot, const weft_layer *layer, const weft_op *op) {
    switch (slot->kind) {
    case WEFT_SLOT_WEIGHT:
        return op->weight_gradient.data;
    case WEFT_SLOT_BIAS:
        return op->bias_gradient.data;
    case WEFT_SLOT_GAMMA:
        return op->scale_shift_gradient.data;
    default:
        return (const float *)op->scale_shift_gradient.data + layer->out.channels;
    }
}

void weft_model_attach(weft_model *model, weft_plan *const *plans, int count) {
    for (int i = 0; i < model->parameter_count; i++) {
        const weft_slot *slot = &model->slots[i];
        for (int w = 0; w < count; w++)
            model->parameters[i].gradient[w] =
                slot_gradient(slot, &model->net->layers[slot->layer], &plans[w]->ops[slot->layer]);
        model->parameters[i].gradient_count = count;
    }
}

/* ---- step ---- */

/* The average starts as the first step's values, and its window grows with the steps, t / 9 of them, until it is the
 * asked one: so that early averages do not remember the initial values. */
static float average_gain(double decay, size_t step) {
    double early = (double)step / ((double)step + 9);
    return (float)(1 - (early < decay ? early : decay));
}

void weft_model_schedule(weft_model *model, const weft_recipe *recipe, size_t step) {
    double clip = weft_recipe_clip(recipe, step);
    float gain = average_gain(recipe->ema, step);
    for (int i = 0; i < model->parameter_count; i++) {
        bool bounded = clip > 0 && model->slots[i].kind == WEFT_SLOT_WEIGHT;
        model->parameters[i].bound = bounded ? (float)(clip * model->slots[i].sigma) : INFINITY;
        model->parameters[i].average_gain = gain;
    }
}

void weft_model_swap_averages(weft_model *model) {
    for (int i = 0; i < model->parameter_count; i++) {
        weft_parameter *p = &model->parameters[i];
        for (size_t k = 0; p->average && k < p->count; k++) {
            float value = p->value[k];
            p->value[k] = p->average[k];
            p->average[k] = value;
        }
    }
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
