/* Field tables of a recipe's layers. */
#include "trainer/recipe_internal.h"

static const char *const pads[] = {"same", "valid", NULL};
static const char *const initialisations[] = {"glorot", "whitening", NULL};
static const char *const surrogates[] = {"box", "triangle", NULL};
static const char *const gammas[] = {"trained", "fixed", NULL};

#define PLACE_FIELDS(type)                                                                                             \
    FIELD_AS(type, place.name, "name", STRING, "", 0, 0, "", "Name of the layer; left out: its kind and a number."),   \
        FIELD_AS(type, place.from, "from", STRING, "", 0, 0, "",                                                       \
                 "Name of the earlier layer that it reads, or input; left out: the layer before.")

#define PROJECTION_DOC "Transform chain from W to the weights used; empty: the recipe's."
#define FROZEN_DOC "Weights and biases keep their initial values; such a layer mostly wants projection: none."

weft_status weft_recipe_check_projection(const char *text, const weft_yaml *yaml, const weft_yaml_node *node,
                                         weft_error *err) {
    weft_transform_chain chain = {0};
    weft_error own;
    if (weft_transform_chain_parse(&chain, text, &own) == WEFT_OK) return WEFT_OK;
    return weft_record_error(yaml, node, "projection", err, "%s", own.text);
}

/* ---- layers with weights ---- */

static weft_status conv_check(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err) {
    const weft_recipe_conv *conv = value;
    if (conv->filters % conv->groups != 0)
        return weft_record_error(yaml, node, "groups", err, "%lld does not divide the %lld filters",
                                 (long long)conv->groups, (long long)conv->filters);
    if (conv->init == WEFT_INIT_WHITENING && conv->groups != 1)
        return weft_record_error(yaml, node, "groups", err, "whitening filters see all channels; groups must be 1");
    return conv->projection[0] ? weft_recipe_check_projection(conv->projection, yaml, node, err) : WEFT_OK;
}

static weft_status dense_check(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err) {
    const weft_recipe_dense *dense = value;
    return dense->projection[0] ? weft_recipe_check_projection(dense->projection, yaml, node, err) : WEFT_OK;
}

static const weft_field conv_fields[] = {
    FIELD(weft_recipe_conv, filters, INT, "", 1, 65536, NULL, "Output channels."),
    FIELD(weft_recipe_conv, kernel, INT_PAIR, "pixel", 1, 1024, NULL, "Kernel height and width."),
    FIELD(weft_recipe_conv, stride, INT_PAIR, "pixel", 1, 1024, "1", "Step of the window."),
    CHOICE(weft_recipe_conv, pad, pads, "same",
           "same: zeros around the image, output = input / stride, rounded up; valid: none."),
    FIELD(weft_recipe_conv, groups, INT, "", 1, 65536, "1", "Groups of channels that are convolved apart."),
    FIELD(weft_recipe_conv, bias, BOOL, "", 0, 0, "false", "Adds a bias to each output channel; never projected."),
    FIELD(weft_recipe_conv, projection, STRING, "", 0, 0, "", PROJECTION_DOC),
    FIELD(weft_recipe_conv, frozen, BOOL, "", 0, 0, "false", FROZEN_DOC),
    CHOICE(weft_recipe_conv, init, initialisations, "glorot",
           "glorot: uniform; whitening: first layer only, principal components of the training images' patches, each "
           "scaled to unit variance, then their negatives."),
    FIELD(weft_recipe_conv, whitening_epsilon, REAL, "", 1e-12, 1000, "5e-4",
          "whitening: added to each component's variance."),
    PLACE_FIELDS(weft_recipe_conv),
};
RECORD(conv_record, "conv", weft_recipe_conv, conv_fields, conv_check, "Two-dimensional convolution.");

static const weft_field dense_fields[] = {
    FIELD(weft_recipe_dense, units, INT, "", 1, 1048576, NULL, "Outputs."),
    FIELD(weft_recipe_dense, bias, BOOL, "", 0, 0, "false", "Adds a bias to each output; never projected."),
    FIELD(weft_recipe_dense, projection, STRING, "", 0, 0, "", PROJECTION_DOC),
    FIELD(weft_recipe_dense, frozen, BOOL, "", 0, 0, "false", FROZEN_DOC),
    PLACE_FIELDS(weft_recipe_dense),
};
RECORD(dense_record, "dense", weft_recipe_dense, dense_fields, dense_check,
       "Inner product of the flattened input, (channel, row, column) order.");

/* ---- layers without ---- */

static const weft_field norm_fields[] = {
    FIELD(weft_recipe_norm, momentum, REAL, "", 1e-6, 1, "0.1", "Weight of a minibatch in the running statistics."),
    FIELD(weft_recipe_norm, epsilon, REAL, "", 1e-10, 1, "1e-4", "Added to the variance."),
    CHOICE(weft_recipe_norm, gamma, gammas, "trained", "trained: each channel's factor is learnt; fixed: it stays 1."),
    PLACE_FIELDS(weft_recipe_norm),
};
RECORD(norm_record, "batch_norm", weft_recipe_norm, norm_fields, NULL,
       "Batch normalisation; in training each worker's part of the minibatch has its own statistics.");

static const weft_field pool_fields[] = {
    FIELD(weft_recipe_pool, size, INT_PAIR, "pixel", 1, 1024, NULL, "Window height and width."),
    FIELD(weft_recipe_pool, stride, INT_PAIR, "pixel", 1, 1024, "", "Step of the window; left out: its size."),
    CHOICE(weft_recipe_pool, pad, pads, "valid",
           "same: output = input / stride, rounded up; valid: windows that fit. Padding never counts in an average."),
    PLACE_FIELDS(weft_recipe_pool),
};
RECORD(max_pool_record, "max_pool", weft_recipe_pool, pool_fields, NULL, "Maximum of each window.");
RECORD(average_pool_record, "average_pool", weft_recipe_pool, pool_fields, NULL, "Mean of each window.");

static const weft_field place_fields[] = {PLACE_FIELDS(weft_recipe_activation)};
RECORD(relu_record, "relu", weft_recipe_activation, place_fields, NULL, "Rectifier, max(0, x).");
RECORD(flatten_record, "flatten", weft_recipe_activation, place_fields, NULL,
       "Makes a vector of the feature map; a dense layer needs none.");

static const weft_field add_fields[] = {
    FIELD(weft_recipe_add, with, STRING, "", 0, 0, NULL,
          "Name of the earlier layer, or input, whose output is added; of the same shape."),
    PLACE_FIELDS(weft_recipe_add),
};
RECORD(add_record, "add", weft_recipe_add, add_fields, NULL, "Sum of two layers' outputs: a residual connection.");

static const weft_field clip_fields[] = {
    FIELD(weft_recipe_activation, high, REAL, "", 1e-6, 1e6, NULL, "Upper end."),
    PLACE_FIELDS(weft_recipe_activation),
};
RECORD(clip_record, "clip", weft_recipe_activation, clip_fields, NULL, "Clipped rectifier, min(max(0, x), high).");

static weft_status quantise_check(const void *value, const weft_yaml *yaml, const weft_yaml_node *node,
                                  weft_error *err) {
    const weft_recipe_activation *a = value;
    if (!a->with_sign || a->bits > 1) return WEFT_OK;
    return weft_record_error(yaml, node, "bits", err, "one bit with a sign has no level but 0; signed needs 2 or more");
}
static const weft_field quantise_fields[] = {
    FIELD(weft_recipe_activation, bits, INT, "bit", 1, 8, NULL, "Bits of a value."),
    FIELD(weft_recipe_activation, high, REAL, "", 1e-6, 1e6, NULL, "Largest value."),
    FIELD_AS(weft_recipe_activation, with_sign, "signed", BOOL, "", 0, 0, "false",
             "false: 2^bits - 1 steps from 0 to high; true: 2^(bits - 1) - 1 steps to either side of 0."),
    PLACE_FIELDS(weft_recipe_activation),
};
RECORD(quantise_record, "quantise", weft_recipe_activation, quantise_fields, quantise_check,
       "Clips and rounds to equal steps; the gradient is 1 within the range, 0 outside.");

static const weft_field threshold_fields[] = {
    FIELD(weft_recipe_activation, threshold, REAL, "", 1e-6, 1e6, "0.5", "Smallest value that gives 1."),
    FIELD_AS(weft_recipe_activation, with_sign, "signed", BOOL, "", 0, 0, "false",
             "true: -1 where x <= -threshold, too."),
    CHOICE(weft_recipe_activation, surrogate, surrogates, "box",
           "Gradient: box: 1 within width of a threshold; triangle: 1 at the threshold, falling to 0 at width."),
    FIELD(weft_recipe_activation, width, REAL, "", 1e-6, 1e6, "0.5", "Where the gradient ends on either side."),
    PLACE_FIELDS(weft_recipe_activation),
};
RECORD(threshold_record, "threshold", weft_recipe_activation, threshold_fields, NULL,
       "Binary or ternary spikes: 1 where x >= threshold, else 0.");

static const weft_field vote_fields[] = {
    FIELD(weft_recipe_vote, classes, INT, "", 1, 65536, NULL,
          "Outputs; channel c of the input counts for class c mod classes, at every pixel."),
    FIELD(
        weft_recipe_vote, high, INT, "", 1, 1024, "16",
        "A vote's weight is high over the votes a class can get, these rounded up to a power of two, so that sums are "
        "exact."),
    PLACE_FIELDS(weft_recipe_vote),
};
RECORD(vote_record, "vote", weft_recipe_vote, vote_fields, NULL,
       "Votes for classes, as of spikes: a dense layer of fixed weights.");

static const weft_field shuffle_fields[] = {
    FIELD(weft_recipe_shuffle, groups, INT, "", 1, 65536, NULL,
          "Runs of channels; of C channels, channel g * C / groups + j becomes channel j * groups + g."),
    PLACE_FIELDS(weft_recipe_shuffle),
};
RECORD(shuffle_record, "channel_shuffle", weft_recipe_shuffle, shuffle_fields, NULL,
       "Another order of the channels, so that a convolution in groups sees those of all groups before it.");

const weft_record *const weft_recipe_layers[] = {
    [WEFT_RECIPE_CONV] = &conv_record,
    [WEFT_RECIPE_DENSE] = &dense_record,
    [WEFT_RECIPE_NORM] = &norm_record,
    [WEFT_RECIPE_RELU] = &relu_record,
    [WEFT_RECIPE_MAX_POOL] = &max_pool_record,
    [WEFT_RECIPE_AVERAGE_POOL] = &average_pool_record,
    [WEFT_RECIPE_FLATTEN] = &flatten_record,
    [WEFT_RECIPE_ADD] = &add_record,
    [WEFT_RECIPE_CLIP] = &clip_record,
    [WEFT_RECIPE_QUANTISE] = &quantise_record,
    [WEFT_RECIPE_THRESHOLD] = &threshold_record,
    [WEFT_RECIPE_VOTE] = &vote_record,
    [WEFT_RECIPE_CHANNEL_SHUFFLE] = &shuffle_record,
    NULL,
};
