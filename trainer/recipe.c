#include "trainer/recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- load ---- */

static weft_status recipe_read(weft_recipe *out, const char *path, const char *const *overrides, int override_count,
                               const char *dataset, weft_error *err) {
    weft_yaml yaml = {0};
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(weft_yaml_load(&yaml, path, err));
    WEFT_TRY_GOTO(weft_yaml_override(&yaml, overrides, override_count, err));
    if (dataset != NULL) WEFT_TRY_GOTO(weft_yaml_set(&yaml, "dataset", dataset, err));
    WEFT_TRY_GOTO(weft_record_read(out, &weft_recipe_record, &yaml, yaml.root, err));
cleanup:
    out->yaml = yaml;
    return status;
}

weft_status weft_recipe_load(weft_recipe *out, const char *name, const char *const *overrides, int override_count,
                             const char *dataset, weft_error *err) {
    char path[4096];
    memset(out, 0, sizeof *out);
    WEFT_TRY(weft_data_find(path, sizeof path, "recipes", name, err));
    return recipe_read(out, path, overrides, override_count, dataset, err);
}

void weft_recipe_destroy(weft_recipe *recipe) {
    weft_yaml_destroy(&recipe->yaml);
    memset(recipe, 0, sizeof *recipe);
}

/* ---- learning rate ---- */

double weft_recipe_learning_rate(const weft_recipe *recipe) {
    const void *value = recipe->optimiser.value;
    if (recipe->optimiser.index == WEFT_OPTIMISER_ADAM) return ((const weft_recipe_adam *)value)->learning_rate;
    return ((const weft_recipe_sgd *)value)->learning_rate;
}

/* 1 at the peak, 0 at the end; linear in time before and after. */
static double triangle(double position, double warm_up) {
    if (position < warm_up) return position / warm_up;
    return warm_up < 1 ? (1 - position) / (1 - warm_up) : 1;
}

double weft_recipe_scheduled_rate(const weft_recipe *recipe, size_t step, size_t steps, size_t per_epoch) {
    const weft_recipe_schedule *s = recipe->schedule.value;
    double peak = weft_recipe_learning_rate(recipe), position = ((double)step + 0.5) / (double)steps;
    switch (recipe->schedule.index) {
    case WEFT_SCHEDULE_EXPONENTIAL: {
        double epoch = floor((double)step / (double)per_epoch), epochs = (double)steps / (double)per_epoch;
        return peak > 0 ? peak * pow(s->end / peak, epoch / epochs) : 0;
    }
    case WEFT_SCHEDULE_ONE_CYCLE:
    case WEFT_SCHEDULE_COSINE: {
        double height = triangle(position, s->warm_up);
        if (position < s->warm_up) return peak * height;
        if (recipe->schedule.index == WEFT_SCHEDULE_COSINE) height = 0.5 - 0.5 * cos(3.14159265358979323846 * height);
        return s->end + (peak - s->end) * height;
    }
    default:
        return peak;
    }
}

/* ---- network ---- */

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
        proto.kind = WEFT_LAYER_DENSE;
        proto.out.channels = (int)((const weft_recipe_dense *)v->value)->units;
        *bias = ((const weft_recipe_dense *)v->value)->bias;
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
    }
    return proto;
}

static weft_status layer_fails(const weft_recipe *recipe, const weft_variant *v, const char *text, weft_error *err) {
    return weft_error_set_at(err, WEFT_E_INVALID, recipe->yaml.file, v->line, v->column, "%s", text);
}

static weft_status add_layer(weft_network *net, const weft_recipe *recipe, int number, int *numbers, weft_error *err) {
    const weft_variant *v = (const weft_variant *)recipe->layers.items + number;
    char name[64];
    bool bias;
    weft_error own;
    weft_shape in = number ? net->layers[number - 1].out : net->input;
    weft_layer proto = layer_proto(v, in, &bias);
    snprintf(name, sizeof name, "%s%d", v->record->name, ++numbers[v->index]);
    if (weft_network_add(net, &proto, name, number - 1, bias, NULL, &own) == WEFT_OK) return WEFT_OK;
    return layer_fails(recipe, v, own.text, err);
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
    net->preprocess.channels = (int)channels;
    for (size_t i = 0; i < channels; i++) {
        net->preprocess.mean[i] = (float)recipe->preprocess.mean.items[i];
        net->preprocess.std[i] = (float)recipe->preprocess.std.items[i];
    }
    return WEFT_OK;
}

weft_status weft_recipe_network(weft_network **out, const weft_recipe *recipe, weft_shape input, int classes,
                                weft_error *err) {
    int numbers[WEFT_RECIPE_FLATTEN + 1] = {0};
    weft_network *net = NULL;
    weft_status status = WEFT_OK;
    *out = NULL;
    WEFT_TRY_GOTO(weft_network_create(&net, recipe->name, input, err));
    for (int i = 0; i < (int)recipe->layers.count; i++) WEFT_TRY_GOTO(add_layer(net, recipe, i, numbers, err));
    WEFT_TRY_GOTO(check_output(net, recipe, classes, err));
    WEFT_TRY_GOTO(set_preprocess(net, recipe, err));
    *out = net;
    net = NULL;
cleanup:
    weft_network_destroy(net);
    return status;
}

weft_status weft_recipe_projection(weft_transform_chain *out, const weft_recipe *recipe, int layer, weft_error *err) {
    const weft_variant *v = (const weft_variant *)recipe->layers.items + layer;
    const char *text = "";
    if (v->index == WEFT_RECIPE_CONV) text = ((const weft_recipe_conv *)v->value)->projection;
    if (v->index == WEFT_RECIPE_DENSE) text = ((const weft_recipe_dense *)v->value)->projection;
    *out = (weft_transform_chain){0};
    WEFT_TRY(weft_transform_chain_parse(out, text[0] ? text : recipe->projection, err));
    if (out->count == 1 && strcmp(out->items[0].op->name, "none") == 0) out->count = 0;
    return WEFT_OK;
}
