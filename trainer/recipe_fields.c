#include <stddef.h>

#include "trainer/recipe.h"

/* Shorthand for the tables below: struct, member, kind, unit, min, max, default, doc. */
#define FIELD(type, member, kind_, unit_, min_, max_, default_, doc_)                                                  \
    {                                                                                                                  \
        .key = #member, .kind = WEFT_FIELD_##kind_, .offset = offsetof(type, member), .unit = unit_, .min = min_,      \
        .max = max_, .default_text = default_, .doc = doc_                                                             \
    }
#define CHOICE(type, member, choices_, default_, doc_)                                                                 \
    {                                                                                                                  \
        .key = #member, .kind = WEFT_FIELD_ENUM, .offset = offsetof(type, member), .unit = "",                         \
        .default_text = default_, .doc = doc_, .choices = choices_                                                     \
    }
#define COUNT(fields) (sizeof(fields) / sizeof(fields)[0])
#define RECORD(identifier, name_, type, fields_, check_, doc_)                                                         \
    static const weft_record identifier = {name_, doc_, sizeof(type), fields_, COUNT(fields_), check_}

static const char *const pads[] = {"same", "valid", NULL};
static const char *const losses[] = {"square_hinge", "cross_entropy", NULL};

static weft_status check_projection(const char *text, const weft_yaml *yaml, const weft_yaml_node *node,
                                    weft_error *err) {
    weft_transform_chain chain = {0};
    weft_error own;
    if (weft_transform_chain_parse(&chain, text, &own) == WEFT_OK) return WEFT_OK;
    return weft_record_error(yaml, node, "projection", err, "%s", own.text);
}

static weft_status conv_check(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err) {
    const weft_recipe_conv *conv = value;
    if (conv->filters % conv->groups != 0)
        return weft_record_error(yaml, node, "groups", err, "%lld does not divide the %lld filters",
                                 (long long)conv->groups, (long long)conv->filters);
    return conv->projection[0] ? check_projection(conv->projection, yaml, node, err) : WEFT_OK;
}

static weft_status dense_check(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err) {
    const weft_recipe_dense *dense = value;
    return dense->projection[0] ? check_projection(dense->projection, yaml, node, err) : WEFT_OK;
}

/* ---- layers ---- */

#define PROJECTION_DOC "Transform chain from W to the weights used; empty: the recipe's."

static const weft_field conv_fields[] = {
    FIELD(weft_recipe_conv, filters, INT, "", 1, 65536, NULL, "Output channels."),
    FIELD(weft_recipe_conv, kernel, INT_PAIR, "pixel", 1, 1024, NULL, "Kernel height and width."),
    FIELD(weft_recipe_conv, stride, INT_PAIR, "pixel", 1, 1024, "1", "Step of the window."),
    CHOICE(weft_recipe_conv, pad, pads, "same",
           "same: zeros around the image, output = input / stride, rounded up; valid: none."),
    FIELD(weft_recipe_conv, groups, INT, "", 1, 65536, "1", "Groups of channels that are convolved apart."),
    FIELD(weft_recipe_conv, bias, BOOL, "", 0, 0, "false", "Adds a bias to each output channel; never projected."),
    FIELD(weft_recipe_conv, projection, STRING, "", 0, 0, "", PROJECTION_DOC),
};
RECORD(conv_record, "conv", weft_recipe_conv, conv_fields, conv_check, "Two-dimensional convolution.");

static const weft_field dense_fields[] = {
    FIELD(weft_recipe_dense, units, INT, "", 1, 1048576, NULL, "Outputs."),
    FIELD(weft_recipe_dense, bias, BOOL, "", 0, 0, "false", "Adds a bias to each output; never projected."),
    FIELD(weft_recipe_dense, projection, STRING, "", 0, 0, "", PROJECTION_DOC),
};
RECORD(dense_record, "dense", weft_recipe_dense, dense_fields, dense_check,
       "Inner product of the flattened input, (channel, row, column) order.");

static const weft_field norm_fields[] = {
    FIELD(weft_recipe_norm, momentum, REAL, "", 1e-6, 1, "0.1", "Weight of a minibatch in the running statistics."),
    FIELD(weft_recipe_norm, epsilon, REAL, "", 1e-10, 1, "1e-4", "Added to the variance."),
};
RECORD(norm_record, "batch_norm", weft_recipe_norm, norm_fields, NULL,
       "Batch normalisation; in training each worker's part of the minibatch has its own statistics.");

static const weft_field pool_fields[] = {
    FIELD(weft_recipe_pool, size, INT_PAIR, "pixel", 1, 1024, NULL, "Window height and width."),
    FIELD(weft_recipe_pool, stride, INT_PAIR, "pixel", 1, 1024, "", "Step of the window; left out: its size."),
    CHOICE(weft_recipe_pool, pad, pads, "valid",
           "same: output = input / stride, rounded up; valid: windows that fit. Padding never counts in an average."),
};
RECORD(max_pool_record, "max_pool", weft_recipe_pool, pool_fields, NULL, "Maximum of each window.");
RECORD(average_pool_record, "average_pool", weft_recipe_pool, pool_fields, NULL, "Mean of each window.");

static const weft_record relu_record = {"relu", "Rectifier, max(0, x).", sizeof(weft_recipe_empty), NULL, 0, NULL};
static const weft_record flatten_record = {
    "flatten", "Makes a vector of the feature map; a dense layer needs none.", sizeof(weft_recipe_empty), NULL, 0,
    NULL};

static const weft_record *const layer_variants[] = {
    [WEFT_RECIPE_CONV] = &conv_record,         [WEFT_RECIPE_DENSE] = &dense_record,
    [WEFT_RECIPE_NORM] = &norm_record,         [WEFT_RECIPE_RELU] = &relu_record,
    [WEFT_RECIPE_MAX_POOL] = &max_pool_record, [WEFT_RECIPE_AVERAGE_POOL] = &average_pool_record,
    [WEFT_RECIPE_FLATTEN] = &flatten_record,   NULL,
};

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

static const weft_field preprocess_fields[] = {
    FIELD(weft_recipe_preprocess, mean, REALS, "", -10, 10, "", "Subtracted from pixel / 255, one a channel."),
    FIELD(weft_recipe_preprocess, std, REALS, "", 1e-6, 10, "", "Divisor after that, one a channel."),
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
    return WEFT_OK;
}
RECORD(preprocess_record, "preprocess", weft_recipe_preprocess, preprocess_fields, preprocess_check,
       "How pixels become inputs: (pixel / 255 - mean) / std; left out: pixel / 255.");

static const weft_field augment_fields[] = {
    FIELD(weft_recipe_augment, flip, BOOL, "", 0, 0, "false", "Mirrors every second image, by chance, left to right."),
    FIELD(weft_recipe_augment, translate, INT, "pixel", 0, 64, "0",
          "Moves each image by up to that many pixels along both axes; black comes in."),
};
RECORD(augment_record, "augment", weft_recipe_augment, augment_fields, NULL, "Random changes of training images.");

/* ---- the recipe ---- */

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
     .variants = layer_variants},
    FIELD(weft_recipe, projection, STRING, "", 0, 0, "none",
          "Transform chain from W to the weights used forward and backward, as in sign or power:beta=0..2."),
    FIELD(weft_recipe, clip, REAL, "", 0, 1000, "0.5",
          "Bound of W, in standard deviations of the layer's Glorot initialisation; 0: no bound."),
    FIELD(
        weft_recipe, weight_rate, REAL, "", 0, 100, "0",
        "Learning rate of a layer's weights in standard deviations of its Glorot initialisation, where the optimiser's "
        "is for everything else; 0: the optimiser's for the weights too."),
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
    if (r->label_smoothing > 0 && r->loss != WEFT_LOSS_CROSS_ENTROPY)
        return weft_record_error(yaml, node, "label_smoothing", err, "needs loss: cross_entropy");
    return check_projection(r->projection, yaml, node, err);
}

const weft_record weft_recipe_record = {.name = "recipe",
                                        .doc = "A training run: data, network, projection, optimiser.",
                                        .size = sizeof(weft_recipe),
                                        .fields = recipe_fields,
                                        .count = COUNT(recipe_fields),
                                        .check = recipe_check};
