/* Field tables of a recipe; those of its layers are in recipe_layers.c. */
#include <math.h>
#include <stdlib.h>

#include "trainer/recipe_internal.h"

static const char *const losses[] = {"square_hinge", "cross_entropy", NULL};
static const char *const precisions[] = {"auto", "fp32", "bf16", NULL};

/* ---- optimisers and schedules ---- */

static const weft_field adam_fields[] = {
    FIELD(weft_recipe_adam, learning_rate, REAL, "", 0, 100, "0.003", "Step size before the schedule."),
    FIELD(weft_recipe_adam, beta1, REAL, "", 0, 0.999999, "0.9", "Decay of the gradient's mean."),
    FIELD(weft_recipe_adam, beta2, REAL, "", 0, 0.999999, "0.999", "Decay of the squared gradient's mean."),
    FIELD(weft_recipe_adam, epsilon, REAL, "", 1e-30, 1, "1e-8", "Added to the root."),
};
RECORD(adam_record, "adam", weft_recipe_adam, adam_fields, NULL, "ADAM (Kingma and Ba 2015).");

static const weft_field sgd_fields[] = {
    FIELD(weft_recipe_sgd, learning_rate, REAL, "", 0, 100, NULL, "Step size before the schedule."),
    FIELD(weft_recipe_sgd, momentum, REAL, "", 0, 0.999999, "0.9", "Nesterov momentum; 0: plain gradient descent."),
    FIELD(weft_recipe_sgd, weight_decay, REAL, "", 0, 1, "0", "Times W, added to the gradient of the weights."),
};
RECORD(sgd_record, "sgd", weft_recipe_sgd, sgd_fields, NULL, "Stochastic gradient descent with Nesterov momentum.");

static const weft_record *const optimiser_variants[] = {
    [WEFT_OPTIMISER_ADAM] = &adam_record, [WEFT_OPTIMISER_SGD] = &sgd_record, NULL};

#define END_DOC "Learning rate at the end."
#define WARM_UP_DOC "Part of the training in which the rate rises from 0."
static const weft_field exponential_fields[] = {
    FIELD(weft_recipe_schedule, end, REAL, "", 1e-12, 100, NULL,
          "Learning rate that would follow the last epoch; each epoch multiplies by the same factor."),
};
static const weft_field one_cycle_fields[] = {
    FIELD(weft_recipe_schedule, warm_up, REAL, "", 0, 1, "0.2", WARM_UP_DOC),
    FIELD(weft_recipe_schedule, end, REAL, "", 0, 100, "0", END_DOC),
};
static const weft_field cosine_fields[] = {
    FIELD(weft_recipe_schedule, warm_up, REAL, "", 0, 1, "0", WARM_UP_DOC),
    FIELD(weft_recipe_schedule, end, REAL, "", 0, 100, "0", END_DOC),
};
static const weft_record constant_record = {
    "constant", "The same rate throughout.", sizeof(weft_recipe_schedule), NULL, 0, NULL};
RECORD(exponential_record, "exponential", weft_recipe_schedule, exponential_fields, NULL,
       "Constant within an epoch, falling by a factor from epoch to epoch.");
RECORD(one_cycle_record, "one_cycle", weft_recipe_schedule, one_cycle_fields, NULL,
       "Rises linearly to the optimiser's rate, then falls linearly.");
RECORD(cosine_record, "cosine", weft_recipe_schedule, cosine_fields, NULL,
       "Rises linearly to the optimiser's rate, then falls as half a cosine.");

static const weft_record *const schedule_variants[] = {[WEFT_SCHEDULE_CONSTANT] = &constant_record,
                                                       [WEFT_SCHEDULE_EXPONENTIAL] = &exponential_record,
                                                       [WEFT_SCHEDULE_ONE_CYCLE] = &one_cycle_record,
                                                       [WEFT_SCHEDULE_COSINE] = &cosine_record,
                                                       NULL};

/* ---- data ---- */

static const weft_field gcn_zca_fields[] = {
    FIELD(weft_recipe_gcn_zca, norm, REAL, "", 1e-3, 1e6, NULL, "L2 norm of an image after subtraction of its mean."),
    FIELD(weft_recipe_gcn_zca, epsilon, REAL, "", 1e-6, 1e6, "0.1",
          "Added to the variance along each principal direction of the training images."),
};
RECORD(gcn_zca_record, "gcn_zca", weft_recipe_gcn_zca, gcn_zca_fields, NULL,
       "Global contrast normalisation, then ZCA whitening fitted on the training images; the fit is kept in "
       "$WEFT_CACHE, else $XDG_CACHE_HOME/weft, else ~/.cache/weft.");

static const weft_field preprocess_fields[] = {
    FIELD(weft_recipe_preprocess, mean, REALS, "", -10, 10, "", "Subtracted from pixel / 255, one a channel."),
    FIELD(weft_recipe_preprocess, std, REALS, "", 1e-6, 10, "", "Divisor after that, one a channel."),
    {.key = "gcn_zca",
     .kind = WEFT_FIELD_RECORD,
     .offset = offsetof(weft_recipe_preprocess, gcn_zca),
     .unit = "",
     .default_text = "",
     .doc = "Whitened images instead of all that.",
     .record = &gcn_zca_record},
};
static weft_status preprocess_check(const void *value, const weft_yaml *yaml, const weft_yaml_node *node,
                                    weft_error *err) {
    const weft_recipe_preprocess *p = value;
    if (p->mean.count != p->std.count)
        return weft_record_error(yaml, node, p->std.count ? "std" : "mean", err,
                                 "mean has %zu numbers and std %zu; both need one a channel", p->mean.count,
                                 p->std.count);
    if (p->mean.count > 4)
        return weft_record_error(yaml, node, "mean", err, "%zu channels; at most 4 are allowed", p->mean.count);
    if (p->gcn_zca.norm > 0 && p->mean.count > 0)
        return weft_record_error(yaml, node, "gcn_zca", err, "takes the place of mean and std; give one or the other");
    return WEFT_OK;
}
RECORD(preprocess_record, "preprocess", weft_recipe_preprocess, preprocess_fields, preprocess_check,
       "How pixels become inputs: (pixel / 255 - mean) / std, or gcn_zca; left out: pixel / 255.");

static const weft_field augment_fields[] = {
    FIELD(weft_augment, flip, BOOL, "", 0, 0, "false", "Mirrors every second image, by chance, left to right."),
    FIELD(weft_augment, translate, INT, "pixel", 0, WEFT_AUGMENT_TRANSLATE_MAX, "0",
          "Moves each image by up to that many pixels along both axes; black comes in."),
};
RECORD(augment_record, "augment", weft_augment, augment_fields, NULL, "Random changes of training images.");

/* ---- the recipe ---- */

static const weft_field growth_fields[] = {
    FIELD(weft_recipe_growth, factor, REAL, "", 0.01, 100, "1.4", "Multiplies the bound."),
    FIELD(weft_recipe_growth, at, REALS, "step", 1, 1e12, "", "Minibatches after which it does, ascending."),
};
static weft_status growth_check(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err) {
    const weft_reals *at = &((const weft_recipe_growth *)value)->at;
    for (size_t i = 0; i < at->count; i++)
        if (at->items[i] != floor(at->items[i]) || (i > 0 && at->items[i] <= at->items[i - 1]))
            return weft_record_error(yaml, node, "at", err, "the steps must be whole numbers, each above the last");
    return WEFT_OK;
}
RECORD(growth_record, "clip_growth", weft_recipe_growth, growth_fields, growth_check,
       "Schedule of the bound of W: wider at the given steps.");

static const weft_field recipe_fields[] = {
    FIELD(weft_recipe, name, STRING, "", 0, 0, NULL, "Name of the recipe and of the network."),
    FIELD(weft_recipe, description, STRING, "", 0, 0, "", "What it is for."),
    FIELD(weft_recipe, dataset, STRING, "", 0, 0, NULL, "fashion-mnist, mnist, cifar10 or a folder."),
    FIELD(weft_recipe, seed, INT, "", 0, 9007199254740992.0, "1", "Seed of every random draw."),
    FIELD(weft_recipe, epochs, INT, "", 1, 100000, NULL, "Passes over the training images."),
    FIELD(weft_recipe, batch, INT, "image", 1, 65536, "100",
          "Images a minibatch; what is left over at an epoch's end is not used in that epoch."),
    FIELD(weft_recipe, workers, INT, "", 1, WEFT_WORKERS_MAX, "2",
          "Equal parts of a minibatch, computed in parallel, each with batch-norm statistics of its own."),
    CHOICE(weft_recipe, precision, precisions, "auto",
           "Of the training's multiplications: fp32; bf16: bfloat16 factors, single-precision sums, gradients and W; "
           "auto: bf16 where the processor has it. Evaluation is always fp32."),
    {.key = "preprocess",
     .kind = WEFT_FIELD_RECORD,
     .offset = offsetof(weft_recipe, preprocess),
     .unit = "",
     .default_text = "",
     .doc = "How pixels become inputs.",
     .record = &preprocess_record},
    {.key = "augment",
     .kind = WEFT_FIELD_RECORD,
     .offset = offsetof(weft_recipe, augment),
     .unit = "",
     .default_text = "",
     .doc = "Random changes of training images.",
     .record = &augment_record},
    {.key = "layers",
     .kind = WEFT_FIELD_VARIANTS,
     .offset = offsetof(weft_recipe, layers),
     .unit = "",
     .doc = "The network from input to output; the last layer has one output a class.",
     .variants = weft_recipe_layers},
    FIELD(weft_recipe, projection, STRING, "", 0, 0, "none",
          "Transform chain from W to the weights used forward and backward, as in sign or power:beta=0..2."),
    FIELD(weft_recipe, clip, REAL, "", 0, 1000, "0.5",
          "Bound of W, in standard deviations of the layer's Glorot initialisation; 0: no bound."),
    {.key = "clip_growth",
     .kind = WEFT_FIELD_RECORD,
     .offset = offsetof(weft_recipe, clip_growth),
     .unit = "",
     .default_text = "",
     .doc = "Schedule of the bound.",
     .record = &growth_record},
    FIELD(
        weft_recipe, weight_rate, REAL, "", 0, 100, "0",
        "Learning rate of a layer's weights in standard deviations of its Glorot initialisation, where the optimiser's "
        "is for everything else; 0: the optimiser's for the weights too."),
    FIELD(weft_recipe, bias_rate, REAL, "", 0, 1000, "1", "Factor of the learning rate for biases."),
    FIELD(weft_recipe, norm_rate, REAL, "", 0, 1000, "1", "Factor of the learning rate for batch norm's parameters."),
    FIELD(weft_recipe, ema, REAL, "", 0, 0.999999, "0",
          "Decay per step of a moving average of all parameters, which is tested and deployed in their place; 0: off. "
          "At step t the decay is t / (t + 9) where that is smaller."),
    {.key = "optimiser",
     .kind = WEFT_FIELD_VARIANT,
     .offset = offsetof(weft_recipe, optimiser),
     .unit = "",
     .default_text = "adam",
     .doc = "How gradients change W.",
     .variants = optimiser_variants},
    {.key = "schedule",
     .kind = WEFT_FIELD_VARIANT,
     .offset = offsetof(weft_recipe, schedule),
     .unit = "",
     .default_text = "constant",
     .doc = "How the learning rate changes.",
     .variants = schedule_variants},
    CHOICE(weft_recipe, loss, losses, "square_hinge",
           "square_hinge: mean of max(0, 1 - t o)^2 with t = +-1; cross_entropy: of the softmax."),
    FIELD(weft_recipe, label_smoothing, REAL, "", 0, 0.999, "0",
          "cross_entropy: part of the target spread over all classes."),
    FIELD(
        weft_recipe, recalibrate, INT, "image", 0, 10000000, "10000",
        "Training images on which batch-norm statistics are estimated again at the end, with the deployed weights; 0: "
        "the running ones stay."),
};

static weft_status recipe_check(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err) {
    const weft_recipe *r = value;
    if (r->layers.count == 0) return weft_record_error(yaml, node, "layers", err, "needs at least one layer");
    if (r->batch % r->workers != 0)
        return weft_record_error(yaml, node, "batch", err, "%lld is no multiple of workers (%lld)", (long long)r->batch,
                                 (long long)r->workers);
    weft_recipe_link *links = NULL;
    WEFT_TRY(weft_recipe_links(&links, r, yaml, err));
    free(links);
    if (r->label_smoothing > 0 && r->loss != WEFT_LOSS_CROSS_ENTROPY)
        return weft_record_error(yaml, node, "label_smoothing", err, "needs loss: cross_entropy");
    return weft_recipe_check_projection(r->projection, yaml, node, err);
}

const weft_record weft_recipe_record = {.name = "recipe",
                                        .doc = "A training run: data, network, projection, optimiser.",
                                        .size = sizeof(weft_recipe),
                                        .fields = recipe_fields,
                                        .count = COUNT(recipe_fields),
                                        .check = recipe_check};
