/* A recipe's list of layers becomes a network, layer i of the one being layer i of the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/recipe.h"

static void pad_axis(int mode, int in, int kernel, int stride, int *begin, int *end) {
    *begin = *end = 0;
    if (mode != WEFT_PAD_SAME) return;
    int out = (in + stride - 1) / stride, total = (out - 1) * stride + kernel - in;
    if (total < 0) total = 0;
    *begin = total / 2;
    *end = total - *begin;
}

static weft_window window_of(const int64_t size[2], const int64_t stride[2], int pad, weft_shape in) {
    weft_window w = {.kernel_h = (int)size[0],
                     .kernel_w = (int)size[1],
                     .stride_h = (int)(stride[0] ? stride[0] : size[0]),
                     .stride_w = (int)(stride[1] ? stride[1] : size[1]),
                     .dilation_h = 1,
                     .dilation_w = 1};
    pad_axis(pad, in.height, w.kernel_h, w.stride_h, &w.pad_top, &w.pad_bottom);
    pad_axis(pad, in.width, w.kernel_w, w.stride_w, &w.pad_left, &w.pad_right);
    return w;
}

static void proto_conv(weft_layer *proto, const weft_recipe_conv *conv, weft_shape in, bool *bias) {
    proto->frozen = conv->frozen;
    proto->kind = WEFT_LAYER_CONV;
    proto->out.channels = (int)conv->filters;
    proto->groups = (int)conv->groups;
    proto->window = window_of(conv->kernel, conv->stride, conv->pad, in);
    *bias = conv->bias;
}

static void proto_pool(weft_layer *proto, weft_layer_kind kind, const weft_recipe_pool *pool, weft_shape in) {
    proto->kind = kind;
    proto->window = window_of(pool->size, pool->stride, pool->pad, in);
}

static void proto_dense(weft_layer *proto, const weft_recipe_dense *dense, bool *bias) {
    proto->kind = WEFT_LAYER_DENSE;
    proto->out.channels = (int)dense->units;
    proto->frozen = dense->frozen;
    *bias = dense->bias;
}

static void proto_quantise(weft_layer *proto, const weft_recipe_activation *a) {
    proto->kind = WEFT_LAYER_QUANTISE;
    proto->high = (float)a->high;
    proto->low = a->with_sign ? -proto->high : 0.0f;
    proto->levels = (1 << (a->bits - (a->with_sign ? 1 : 0))) - 1;
}

static void proto_threshold(weft_layer *proto, const weft_recipe_activation *a) {
    proto->kind = WEFT_LAYER_THRESHOLD;
    proto->threshold = (float)a->threshold;
    proto->signed_spikes = a->with_sign;
    proto->surrogate_width = (float)a->width;
    proto->surrogate_triangle = a->surrogate == WEFT_SURROGATE_TRIANGLE;
}

static void proto_vote(weft_layer *proto, const weft_recipe_vote *vote) {
    proto->kind = WEFT_LAYER_DENSE;
    proto->out.channels = (int)vote->classes;
    proto->frozen = true;
}

/* What weft_network_add wants to know of one layer of the recipe. */
static weft_layer layer_proto(const weft_variant *v, weft_shape in, bool *bias) {
    weft_layer proto;
    memset(&proto, 0, sizeof proto);
    *bias = false;
    switch ((weft_recipe_layer)v->index) {
    case WEFT_RECIPE_CONV:
        proto_conv(&proto, v->value, in, bias);
        break;
    case WEFT_RECIPE_DENSE:
        proto_dense(&proto, v->value, bias);
        break;
    case WEFT_RECIPE_NORM:
        proto.kind = WEFT_LAYER_BATCH_NORM;
        proto.epsilon = (float)((const weft_recipe_norm *)v->value)->epsilon;
        break;
    case WEFT_RECIPE_RELU:
        proto.kind = WEFT_LAYER_RELU;
        break;
    case WEFT_RECIPE_MAX_POOL:
        proto_pool(&proto, WEFT_LAYER_MAX_POOL, v->value, in);
        break;
    case WEFT_RECIPE_AVERAGE_POOL:
        proto_pool(&proto, WEFT_LAYER_AVERAGE_POOL, v->value, in);
        break;
    case WEFT_RECIPE_FLATTEN:
        proto.kind = WEFT_LAYER_FLATTEN;
        break;
    case WEFT_RECIPE_ADD:
        proto.kind = WEFT_LAYER_ADD;
        break;
    case WEFT_RECIPE_CLIP:
        proto.kind = WEFT_LAYER_CLIP;
        proto.high = (float)((const weft_recipe_activation *)v->value)->high;
        break;
    case WEFT_RECIPE_QUANTISE:
        proto_quantise(&proto, v->value);
        break;
    case WEFT_RECIPE_THRESHOLD:
        proto_threshold(&proto, v->value);
        break;
    case WEFT_RECIPE_VOTE:
        proto_vote(&proto, v->value);
        break;
    case WEFT_RECIPE_CHANNEL_SHUFFLE:
        proto.kind = WEFT_LAYER_CHANNEL_SHUFFLE;
        proto.groups = (int)((const weft_recipe_shuffle *)v->value)->groups;
        break;
    case WEFT_RECIPE_LAYER_COUNT:
        break;
    }
    return proto;
}

static weft_status layer_fails(const weft_recipe *recipe, const weft_variant *v, const char *text, weft_error *err) {
    return weft_error_set_at(err, WEFT_E_INVALID, recipe->yaml.file, v->line, v->column, "%s", text);
}

static weft_status check_whitening(const weft_network *net, const weft_recipe *recipe, int number, weft_error *err) {
    const weft_variant *v = (const weft_variant *)recipe->layers.items + number;
    const weft_layer *l = &net->layers[number];
    if (v->index != WEFT_RECIPE_CONV || ((const weft_recipe_conv *)v->value)->init != WEFT_INIT_WHITENING)
        return WEFT_OK;
    char key[64];
    int most = 2 * l->in.channels * l->window.kernel_h * l->window.kernel_w;
    if (l->input >= 0) {
        snprintf(key, sizeof key, "layers.%d.conv.init", number);
        return weft_record_error(&recipe->yaml, recipe->yaml.root, key, err,
                                 "whitening is for a layer that reads the network's input");
    }
    bool fits = l->window.kernel_h <= l->in.height && l->window.kernel_w <= l->in.width;
    if (fits && l->out.channels <= most && most <= 2 * WEFT_WHITENING_VALUES_MAX) return WEFT_OK;
    snprintf(key, sizeof key, "layers.%d.conv.%s", number, fits && l->out.channels > most ? "filters" : "kernel");
    if (!fits)
        return weft_record_error(&recipe->yaml, recipe->yaml.root, key, err,
                                 "whitening needs whole patches, but the images have %d x %d pixels", l->in.height,
                                 l->in.width);
    if (l->out.channels > most)
        return weft_record_error(&recipe->yaml, recipe->yaml.root, key, err,
                                 "a patch of %d values has at most %d whitening filters", most / 2, most);
    return weft_record_error(&recipe->yaml, recipe->yaml.root, key, err,
                             "a patch of %d values is above the whitening's limit of %d", most / 2,
                             WEFT_WHITENING_VALUES_MAX);
}

static weft_status check_vote(const weft_network *net, const weft_recipe *recipe, int number, weft_error *err) {
    const weft_variant *v = (const weft_variant *)recipe->layers.items + number;
    const weft_layer *l = &net->layers[number];
    char key[64];
    if (v->index != WEFT_RECIPE_VOTE || l->in.channels % l->out.channels == 0) return WEFT_OK;
    snprintf(key, sizeof key, "layers.%d.vote.classes", number);
    return weft_record_error(&recipe->yaml, recipe->yaml.root, key, err, "%d does not divide the %d channels voting",
                             l->out.channels, l->in.channels);
}

static weft_status add_layer(weft_network *net, const weft_recipe *recipe, int number, const weft_recipe_link *link,
                             weft_error *err) {
    const weft_variant *v = (const weft_variant *)recipe->layers.items + number;
    bool bias;
    weft_error own;
    weft_layer proto = layer_proto(v, link->input < 0 ? net->input : net->layers[link->input].out, &bias);
    proto.input2 = link->addend;
    if (weft_network_add(net, &proto, link->name, link->input, bias, NULL, &own) != WEFT_OK)
        return layer_fails(recipe, v, own.text, err);
    WEFT_TRY(check_vote(net, recipe, number, err));
    return check_whitening(net, recipe, number, err);
}

static weft_status check_output(const weft_network *net, const weft_recipe *recipe, int classes, weft_error *err) {
    char text[160];
    size_t outputs = weft_shape_size(net->layers[net->layer_count - 1].out);
    if (outputs == (size_t)classes) return WEFT_OK;
    snprintf(text, sizeof text, "the last layer has %zu outputs, but %.60s has %d classes", outputs, recipe->dataset,
             classes);
    return layer_fails(recipe, (const weft_variant *)recipe->layers.items + recipe->layers.count - 1, text, err);
}

static weft_status set_preprocess(weft_network *net, const weft_recipe *recipe, weft_error *err) {
    size_t channels = recipe->preprocess.mean.count;
    if (channels != 0 && channels != (size_t)net->input.channels)
        return weft_record_error(&recipe->yaml, recipe->yaml.root, "preprocess", err,
                                 "%zu channels, but the images of %s have %d", channels, recipe->dataset,
                                 net->input.channels);
    net->preprocess.gcn_zca = recipe->preprocess.gcn_zca.norm > 0;
    net->preprocess.norm = recipe->preprocess.gcn_zca.norm;
    net->preprocess.epsilon = recipe->preprocess.gcn_zca.epsilon;
    net->preprocess.channels = (int)channels;
    for (size_t i = 0; i < channels; i++) {
        net->preprocess.mean[i] = (float)recipe->preprocess.mean.items[i];
        net->preprocess.std[i] = (float)recipe->preprocess.std.items[i];
    }
    return WEFT_OK;
}

weft_status weft_recipe_network(weft_network **out, const weft_recipe *recipe, weft_shape input, int classes,
                                weft_error *err) {
    weft_recipe_link *links = NULL;
    weft_network *net = NULL;
    weft_status status = WEFT_OK;
    *out = NULL;
    WEFT_TRY_GOTO(weft_network_create(&net, recipe->name, input, err));
    WEFT_TRY_GOTO(weft_recipe_links(&links, recipe, &recipe->yaml, err));
    for (int i = 0; i < (int)recipe->layers.count; i++) WEFT_TRY_GOTO(add_layer(net, recipe, i, &links[i], err));
    WEFT_TRY_GOTO(check_output(net, recipe, classes, err));
    WEFT_TRY_GOTO(set_preprocess(net, recipe, err));
    *out = net;
    net = NULL;
cleanup:
    free(links);
    weft_network_destroy(net);
    return status;
}

weft_status weft_recipe_projection(weft_transform_chain *out, const weft_recipe *recipe, int layer, weft_error *err) {
    const weft_variant *v = (const weft_variant *)recipe->layers.items + layer;
    const char *text = "";
    if (v->index == WEFT_RECIPE_CONV) text = ((const weft_recipe_conv *)v->value)->projection;
    if (v->index == WEFT_RECIPE_DENSE) text = ((const weft_recipe_dense *)v->value)->projection;
    *out = (weft_transform_chain){0};
    if (v->index == WEFT_RECIPE_VOTE) return WEFT_OK;
    WEFT_TRY(weft_transform_chain_parse(out, text[0] ? text : recipe->projection, err));
    if (out->count == 1 && strcmp(out->items[0].op->name, "none") == 0) out->count = 0;
    return WEFT_OK;
}
