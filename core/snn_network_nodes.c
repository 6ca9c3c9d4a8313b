/* Nodes of NIR for layers. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/snn_network_internal.h"

weft_status weft_snn_refuse(const weft_snn_draft *d, int layer, const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const weft_layer *l = &d->net->layers[layer];
    return weft_error_set(d->err, WEFT_E_UNSUPPORTED, "layer '%.80s' (%s): %s", l->name, weft_layer_kind_names[l->kind],
                          text);
}

weft_status weft_snn_draft_memory(const weft_snn_draft *d) {
    return weft_error_set(d->err, WEFT_E_MEMORY, "no memory for a spiking network");
}

weft_status weft_snn_draft_edge(const weft_snn_draft *d, int from, int to) {
    const weft_nir_graph *graph = d->nir->graph;
    if (from < 0) return WEFT_OK;
    return weft_nir_connect(d->nir, d->nir->graph, graph->nodes[from].name, graph->nodes[to].name, d->err);
}

static weft_status add_named(const weft_snn_draft *d, weft_nir_type type, const char *name, int from, int *at) {
    *at = d->nir->graph->node_count;
    if (weft_nir_find(d->nir->graph, name) >= 0)
        return weft_error_set(d->err, WEFT_E_UNSUPPORTED, "two nodes would have the name '%.80s'", name);
    WEFT_TRY(weft_nir_add(d->nir, d->nir->graph, type, name, NULL, d->err));
    return weft_snn_draft_edge(d, from, *at);
}

static void without_slashes(char *name) {
    for (; *name; name++)
        if (*name == '/') *name = '.';
}

weft_status weft_snn_draft_add(const weft_snn_draft *d, weft_nir_type type, int layer, const char *suffix, int from,
                               int *at) {
    char name[WEFT_NIR_NAME_MAX + 1];
    snprintf(name, sizeof name, "%s%s", d->net->layers[layer].name, suffix);
    without_slashes(name);
    return add_named(d, type, name, from, at);
}

weft_status weft_snn_draft_set(const weft_snn_draft *d, int node, const char *name, const weft_nir_shape *shape,
                               const double *values) {
    return weft_nir_set(d->nir, &d->nir->graph->nodes[node], name, WEFT_NIR_FLOAT64, shape, values, d->err);
}

weft_status weft_snn_draft_set_one(const weft_snn_draft *d, int node, const char *name, double value) {
    const weft_nir_shape one = {1, {1}};
    return weft_snn_draft_set(d, node, name, &one, &value);
}

weft_status weft_snn_draft_set_all(const weft_snn_draft *d, int node, const char *name, const weft_nir_shape *shape,
                                   double value) {
    const size_t size = weft_nir_shape_size(shape);
    double *values = malloc(size * sizeof *values);
    if (!values) return weft_snn_draft_memory(d);
    for (size_t i = 0; i < size; i++) values[i] = value;
    const weft_status status = weft_snn_draft_set(d, node, name, shape, values);
    free(values);
    return status;
}

static weft_status set_whole(const weft_snn_draft *d, int node, const char *name, int first, int second) {
    const weft_nir_shape pair = {1, {2}};
    const double values[] = {first, second};
    return weft_nir_set(d->nir, &d->nir->graph->nodes[node], name, WEFT_NIR_INT64, &pair, values, d->err);
}

static weft_status set_count(const weft_snn_draft *d, int node, const char *name, int value) {
    const weft_nir_shape number = {0};
    const double values[] = {value};
    return weft_nir_set(d->nir, &d->nir->graph->nodes[node], name, WEFT_NIR_INT64, &number, values, d->err);
}

weft_nir_shape weft_snn_draft_shape(weft_shape s) { return (weft_nir_shape){3, {s.channels, s.height, s.width}}; }

/* `wanted`, with as many underscores as make it no node's or layer's name. */
static void find_free_name(const weft_snn_draft *d, const char *wanted, char own[WEFT_NIR_NAME_MAX + 1]) {
    size_t length = strlen(wanted);
    memcpy(own, wanted, length + 1);
    while ((weft_nir_find(d->nir->graph, own) >= 0 || weft_network_find(d->net, own) >= 0) &&
           length < WEFT_NIR_NAME_MAX)
        own[length++] = '_', own[length] = '\0';
}

weft_status weft_snn_draft_end(const weft_snn_draft *d, weft_nir_type type, const char *name, weft_shape shape,
                               int from, int *at) {
    char own[WEFT_NIR_NAME_MAX + 1];
    const weft_nir_shape three = {1, {3}};
    const double extents[] = {shape.channels, shape.height, shape.width};
    if (name)
        snprintf(own, sizeof own, "%s", name);
    else
        find_free_name(d, type == WEFT_NIR_INPUT ? "input" : "output", own);
    without_slashes(own);
    WEFT_TRY(add_named(d, type, own, -1, at));
    WEFT_TRY(weft_nir_set(d->nir, &d->nir->graph->nodes[*at], "shape", WEFT_NIR_INT64, &three, extents, d->err));
    return weft_snn_draft_edge(d, from, *at);
}

/* ---- windows ---- */

/* NIR pads both ends alike: the kernel grows by zeros where a window's padding does not. */
typedef struct axis {
    int kernel, pad, front; /* front: zero taps before the window's own */
} axis;

static bool axis_of(axis *a, int kernel, int begin, int end, int dilation) {
    const int more = abs(end - begin);
    *a = (axis){kernel + more / dilation, begin > end ? begin : end, end > begin ? more / dilation : 0};
    return more % dilation == 0;
}

static weft_status set_window(const weft_snn_draft *d, int node, const weft_window *w, int groups, const axis *y,
                              const axis *x) {
    WEFT_TRY(set_whole(d, node, "stride", w->stride_h, w->stride_w));
    WEFT_TRY(set_whole(d, node, "padding", y->pad, x->pad));
    WEFT_TRY(set_whole(d, node, "dilation", w->dilation_h, w->dilation_w));
    return set_count(d, node, "groups", groups);
}

/* Copies kernels into larger ones. */
static void widen(double *out, const double *weight, size_t kernels, const weft_window *w, const axis *y,
                  const axis *x) {
    const size_t size = (size_t)y->kernel * (size_t)x->kernel;
    for (size_t k = 0; k < kernels; k++)
        for (int ky = 0; ky < w->kernel_h; ky++)
            for (int kx = 0; kx < w->kernel_w; kx++)
                out[k * size + (size_t)((ky + y->front) * x->kernel + kx + x->front)] = *weight++;
}

static weft_status add_window(const weft_snn_draft *d, int layer, const weft_window *w, int groups,
                              const double *weight, const double *bias, int from, int *at) {
    const weft_layer *l = &d->net->layers[layer];
    const char *suffix = l->kind == WEFT_LAYER_MAX_POOL ? ".window" : "";
    const int inputs = l->in.channels / groups, outputs = l->out.channels;
    axis y, x;
    weft_status status;
    double *kernels = NULL;
    if (!axis_of(&y, w->kernel_h, w->pad_top, w->pad_bottom, w->dilation_h) ||
        !axis_of(&x, w->kernel_w, w->pad_left, w->pad_right, w->dilation_w))
        return weft_snn_refuse(d, layer, "a dilated kernel with padding that differs from end to end has no NIR form");
    const weft_nir_shape shape = {4, {outputs, inputs, y.kernel, x.kernel}}, channels = {1, {outputs}};
    const size_t count = (size_t)outputs * (size_t)inputs;
    kernels = calloc(count * (size_t)y.kernel * (size_t)x.kernel + (size_t)outputs, sizeof *kernels);
    if (!kernels) return weft_snn_draft_memory(d);
    const double *zeros = kernels + count * (size_t)y.kernel * (size_t)x.kernel;
    widen(kernels, weight, count, w, &y, &x);
    WEFT_TRY_GOTO(weft_snn_draft_add(d, WEFT_NIR_CONV2D, layer, suffix, from, at));
    WEFT_TRY_GOTO(weft_snn_draft_set(d, *at, "weight", &shape, kernels));
    WEFT_TRY_GOTO(weft_snn_draft_set(d, *at, "bias", &channels, bias ? bias : zeros));
    WEFT_TRY_GOTO(set_window(d, *at, w, groups, &y, &x));
    WEFT_TRY_GOTO(set_whole(d, *at, "input_shape", l->in.height, l->in.width));
cleanup:
    free(kernels);
    return status;
}

weft_status weft_snn_draft_pool(const weft_snn_draft *d, int layer, double weight, int from, int *at) {
    const weft_layer *l = &d->net->layers[layer];
    weft_window w = l->window;
    if (l->kind == WEFT_LAYER_PAD) w.kernel_h = w.kernel_w = w.stride_h = w.stride_w = w.dilation_h = w.dilation_w = 1;
    const size_t count = (size_t)w.kernel_h * (size_t)w.kernel_w * (size_t)l->in.channels;
    double *ones = malloc(count * sizeof *ones);
    if (!ones) return weft_snn_draft_memory(d);
    for (size_t i = 0; i < count; i++) ones[i] = weight;
    const weft_status status = add_window(d, layer, &w, l->in.channels, ones, NULL, from, at);
    free(ones);
    return status;
}

weft_status weft_snn_draft_average(const weft_snn_draft *d, int layer, int from, int *at) {
    const weft_window *w = &d->net->layers[layer].window;
    const bool even = w->pad_top == w->pad_bottom && w->pad_left == w->pad_right;
    const double area = (double)w->kernel_h * (double)w->kernel_w;
    if (!even || w->dilation_h != 1 || w->dilation_w != 1) return weft_snn_draft_pool(d, layer, 1 / area, from, at);
    WEFT_TRY(weft_snn_draft_add(d, WEFT_NIR_AVG_POOL2D, layer, "", from, at));
    WEFT_TRY(set_whole(d, *at, "kernel_size", w->kernel_h, w->kernel_w));
    WEFT_TRY(set_whole(d, *at, "stride", w->stride_h, w->stride_w));
    return set_whole(d, *at, "padding", w->pad_top, w->pad_left);
}

/* ---- pixels ---- */

static bool is_plain(const weft_preprocess *p, int channels) {
    for (int c = 0; p->channels && c < channels; c++)
        if (p->mean[c] != 0 || p->std[c] != 1) return false;
    return true;
}

weft_status weft_snn_draft_pixels(const weft_snn_draft *d, int from, int *at) {
    static const weft_window each = {.stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1};
    static const axis one = {.kernel = 1};
    const weft_preprocess *p = &d->net->preprocess;
    const weft_shape in = d->net->input;
    const weft_nir_shape shape = {4, {in.channels, 1, 1, 1}}, channels = {1, {in.channels}};
    char name[WEFT_NIR_NAME_MAX + 1];
    double weight[4], bias[4];
    if (p->gcn_zca)
        return weft_error_set(d->err, WEFT_E_UNSUPPORTED,
                              "network \"%.80s\" has GCN and ZCA as its preprocessing, which scales each image by its "
                              "own contrast; only a mean and std a channel can stand in a spiking network",
                              d->net->name);
    *at = from;
    if (is_plain(p, in.channels)) return WEFT_OK;
    for (int c = 0; c < in.channels; c++) {
        weight[c] = 1 / (double)p->std[c];
        bias[c] = -(double)p->mean[c] / (double)p->std[c];
    }
    find_free_name(d, "pixels", name);
    WEFT_TRY(add_named(d, WEFT_NIR_CONV2D, name, from, at));
    WEFT_TRY(weft_snn_draft_set(d, *at, "weight", &shape, weight));
    WEFT_TRY(weft_snn_draft_set(d, *at, "bias", &channels, bias));
    WEFT_TRY(set_window(d, *at, &each, in.channels, &one, &one));
    return set_whole(d, *at, "input_shape", in.height, in.width);
}

/* ---- vectors ---- */

static weft_status add_flatten(const weft_snn_draft *d, int layer, const char *suffix, int from, int *at) {
    WEFT_TRY(weft_snn_draft_add(d, WEFT_NIR_FLATTEN, layer, suffix, from, at));
    WEFT_TRY(set_count(d, *at, "start_dim", 0));
    return set_count(d, *at, "end_dim", -1);
}

weft_status weft_snn_draft_flatten(const weft_snn_draft *d, int layer, int from, int *at) {
    return add_flatten(d, layer, "", from, at);
}

static weft_status add_dense(const weft_snn_draft *d, int layer, const double *weight, const double *bias, int from,
                             int *at) {
    const weft_layer *l = &d->net->layers[layer];
    const int inputs = (int)weft_shape_size(l->in);
    const weft_nir_shape shape = {2, {l->out.channels, inputs}}, channels = {1, {l->out.channels}};
    if (inputs != l->in.channels) {
        WEFT_TRY(add_flatten(d, layer, ".flatten", from, at));
        from = *at;
    }
    WEFT_TRY(weft_snn_draft_add(d, bias ? WEFT_NIR_AFFINE : WEFT_NIR_LINEAR, layer, "", from, at));
    WEFT_TRY(weft_snn_draft_set(d, *at, "weight", &shape, weight));
    return bias ? weft_snn_draft_set(d, *at, "bias", &channels, bias) : WEFT_OK;
}

weft_status weft_snn_draft_matrix(const weft_snn_draft *d, int layer, const double *weight, const double *bias,
                                  int from, int *at) {
    const weft_layer *l = &d->net->layers[layer];
    if (l->kind == WEFT_LAYER_DENSE) return add_dense(d, layer, weight, bias, from, at);
    return add_window(d, layer, &l->window, l->groups > 0 ? l->groups : 1, weight, bias, from, at);
}

enum { SHUFFLE_CHANNELS_MAX = 8192 }; /* 512 MiB of zeros and ones */

weft_status weft_snn_draft_shuffle(const weft_snn_draft *d, int layer, int from, int *at) {
    static const weft_window one = {
        .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1};
    const weft_layer *l = &d->net->layers[layer];
    const size_t channels = (size_t)l->out.channels, run = channels / (size_t)l->groups;
    if (channels > SHUFFLE_CHANNELS_MAX)
        return weft_snn_refuse(d, layer,
                               "has %zu channels; as the weights that NIR needs for it at most %d are possible",
                               channels, SHUFFLE_CHANNELS_MAX);
    double *weight = calloc(channels * channels, sizeof *weight);
    if (!weight) return weft_snn_draft_memory(d);
    for (size_t c = 0; c < channels; c++) weight[(c % run * (size_t)l->groups + c / run) * channels + c] = 1;
    const bool vector = l->in.height == 1 && l->in.width == 1;
    const weft_status status =
        vector ? add_dense(d, layer, weight, NULL, from, at) : add_window(d, layer, &one, 1, weight, NULL, from, at);
    free(weight);
    return status;
}

weft_status weft_snn_draft_delay(const weft_snn_draft *d, int layer, double delay, int from, int *at) {
    WEFT_TRY(weft_snn_draft_add(d, WEFT_NIR_DELAY, layer, ".delay", from, at));
    return weft_snn_draft_set_one(d, *at, "delay", delay);
}
