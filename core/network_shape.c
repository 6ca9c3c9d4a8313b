/* Shape arithmetic of layers. */
#include <limits.h>
#include <math.h>

#include "core/network_internal.h"

int weft_window_extent(int in, int kernel, int stride, int dilation, int pad_begin, int pad_end) {
    int64_t room = (int64_t)in + pad_begin + pad_end - (int64_t)dilation * (kernel - 1) - 1;
    if (room < 0) return 0;
    int64_t extent = room / stride + 1;
    return extent > INT_MAX ? INT_MAX : (int)extent;
}

bool weft_shape_is_allowed(weft_shape s) {
    if (s.channels < 1 || s.height < 1 || s.width < 1) return false;
    int64_t size = (int64_t)s.channels * s.height;
    return size <= WEFT_NETWORK_VALUES_MAX && size * s.width <= WEFT_NETWORK_VALUES_MAX;
}

static void window_defaults(weft_window *w) {
    if (!w->stride_h) w->stride_h = 1;
    if (!w->stride_w) w->stride_w = 1;
    if (!w->dilation_h) w->dilation_h = 1;
    if (!w->dilation_w) w->dilation_w = 1;
}

static weft_status window_check(const weft_window *w, bool pool, const char *layer, weft_error *err) {
    if (w->kernel_h < 1 || w->kernel_w < 1 || w->stride_h < 1 || w->stride_w < 1 || w->dilation_h < 1 ||
        w->dilation_w < 1)
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": kernel, stride and dilation must be at least 1",
                              layer);
    const int numbers[] = {w->kernel_h,   w->kernel_w, w->stride_h, w->stride_w,   w->dilation_h,
                           w->dilation_w, w->pad_top,  w->pad_left, w->pad_bottom, w->pad_right};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] > WEFT_NETWORK_WINDOW_MAX)
            return weft_error_set(err, WEFT_E_INVALID,
                                  "layer \"%s\": %d is too large for a kernel, stride, dilation or padding; at most %d",
                                  layer, numbers[i], WEFT_NETWORK_WINDOW_MAX);
    if (w->pad_top < 0 || w->pad_left < 0 || w->pad_bottom < 0 || w->pad_right < 0)
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": negative padding", layer);
    int64_t reach_h = (int64_t)w->dilation_h * (w->kernel_h - 1) + 1;
    int64_t reach_w = (int64_t)w->dilation_w * (w->kernel_w - 1) + 1;
    bool covers = w->pad_top < reach_h && w->pad_bottom < reach_h && w->pad_left < reach_w && w->pad_right < reach_w;
    if (pool && !covers)
        return weft_error_set(err, WEFT_E_INVALID,
                              "layer \"%s\": padding is not smaller than the pooling window: some windows would hold "
                              "padding only",
                              layer);
    return WEFT_OK;
}

/* Height and width of a window's output. */
static weft_status window_apply(weft_layer *l, weft_error *err) {
    weft_window *w = &l->window;
    window_defaults(w);
    WEFT_TRY(window_check(w, l->kind != WEFT_LAYER_CONV, l->name, err));
    l->out.height =
        weft_window_extent(l->in.height, w->kernel_h, w->stride_h, w->dilation_h, w->pad_top, w->pad_bottom);
    l->out.width = weft_window_extent(l->in.width, w->kernel_w, w->stride_w, w->dilation_w, w->pad_left, w->pad_right);
    if (l->out.height > 0 && l->out.width > 0) return WEFT_OK;
    return weft_error_set(
        err, WEFT_E_INVALID,
        "layer \"%s\": a %d x %d kernel (dilation %d x %d) does not fit its %d x %d input with padding "
        "%d, %d, %d, %d (top, left, bottom, right)",
        l->name, w->kernel_h, w->kernel_w, w->dilation_h, w->dilation_w, l->in.height, l->in.width, w->pad_top,
        w->pad_left, w->pad_bottom, w->pad_right);
}

static weft_status weight_count_set(weft_layer *l, int64_t inputs, int64_t kernel, weft_error *err) {
    if (kernel > WEFT_NETWORK_VALUES_MAX || inputs > WEFT_NETWORK_VALUES_MAX / kernel ||
        l->out.channels > WEFT_NETWORK_VALUES_MAX / (inputs * kernel))
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": more than %d weights", l->name,
                              WEFT_NETWORK_VALUES_MAX);
    l->weight_count = (size_t)(l->out.channels * inputs * kernel);
    return WEFT_OK;
}

static weft_status conv_shape(weft_layer *l, weft_error *err) {
    if (!l->groups) l->groups = 1;
    if (l->groups < 1 || l->in.channels % l->groups || l->out.channels < 1 || l->out.channels % l->groups)
        return weft_error_set(err, WEFT_E_INVALID,
                              "layer \"%s\": %d groups do not divide %d input and %d output channels", l->name,
                              l->groups, l->in.channels, l->out.channels);
    WEFT_TRY(window_apply(l, err));
    int64_t kernel = (int64_t)l->window.kernel_h * l->window.kernel_w;
    return weight_count_set(l, l->in.channels / l->groups, kernel, err);
}

static weft_status dense_shape(weft_layer *l, weft_error *err) {
    l->out.height = l->out.width = 1;
    if (l->out.channels < 1)
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": %d output features; at least 1 is needed", l->name,
                              l->out.channels);
    return weight_count_set(l, (int64_t)weft_shape_size(l->in), 1, err);
}

static weft_status clip_check(const weft_layer *l, weft_error *err) {
    if (isfinite(l->low) && isfinite(l->high) && l->low < l->high) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID,
                          "layer \"%s\": bounds %g and %g are not allowed: both are finite, the low one below the high",
                          l->name, (double)l->low, (double)l->high);
}

/* low is a whole number of steps below 0, up to the rounding of the product and of the step itself. */
static bool is_whole(const weft_layer *l, double steps) {
    double below = -(double)l->low / (double)weft_layer_step(l);
    return fabs(below - steps) <= steps * 0x1p-21;
}

static weft_status quantise_check(const weft_layer *l, weft_error *err) {
    WEFT_TRY(clip_check(l, err));
    if (l->low > 0 || l->high <= 0)
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": quantised from %g to %g: 0 must be one of the values",
                              l->name, (double)l->low, (double)l->high);
    if (l->levels < 1 || l->levels > WEFT_QUANTISE_LEVELS_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": %d levels are not allowed, only 1 to %d", l->name,
                              l->levels, WEFT_QUANTISE_LEVELS_MAX);
    if (weft_layer_step(l) <= 0)
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": %g is too small for %d levels", l->name,
                              (double)l->high, l->levels);
    double steps = round(-(double)l->low / (double)weft_layer_step(l));
    if (!is_whole(l, steps))
        return weft_error_set(err, WEFT_E_INVALID,
                              "layer \"%s\": quantised from %g, which is no multiple of the step %g", l->name,
                              (double)l->low, (double)weft_layer_step(l));
    if (steps + l->levels <= WEFT_QUANTISE_LEVELS_MAX) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": %.0f steps from %g to %g; at most %d are allowed",
                          l->name, steps + l->levels, (double)l->low, (double)l->high, WEFT_QUANTISE_LEVELS_MAX);
}

static weft_status threshold_check(const weft_layer *l, weft_error *err) {
    if (isfinite(l->threshold) && l->threshold > 0) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": threshold %g is not a finite number above 0", l->name,
                          (double)l->threshold);
}

static weft_status slope_check(const weft_layer *l, weft_error *err) {
    if (isfinite(l->slope) && isfinite(l->offset)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": slope %g and offset %g are not both finite", l->name,
                          (double)l->slope, (double)l->offset);
}

static weft_status shuffle_check(const weft_layer *l, weft_error *err) {
    if (l->groups >= 1 && l->in.channels % l->groups == 0) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": %d groups do not divide its %d channels", l->name,
                          l->groups, l->in.channels);
}

/* Zeros around the map; the window is that of one value. */
static weft_status pad_shape(weft_layer *l, weft_error *err) {
    weft_window *w = &l->window;
    *w = (weft_window){1, 1, 1, 1, 1, 1, w->pad_top, w->pad_left, w->pad_bottom, w->pad_right};
    WEFT_TRY(window_check(w, false, l->name, err));
    l->out.height = l->in.height + w->pad_top + w->pad_bottom; /* at most 2^30 + 2^21 */
    l->out.width = l->in.width + w->pad_left + w->pad_right;
    return WEFT_OK;
}

weft_status weft_layer_join(weft_layer *l, weft_shape second, const char *const names[2], weft_error *err) {
    weft_shape a = l->in, b = second;
    bool concat = l->kind == WEFT_LAYER_CONCAT;
    if (a.height != b.height || a.width != b.width || (!concat && a.channels != b.channels))
        return weft_error_set(
            err, WEFT_E_INVALID,
            "layer \"%s\": \"%s\" (%d x %d x %d) and \"%s\" (%d x %d x %d) cannot be %s: their shapes "
            "(channels x height x width) differ",
            l->name, names[0], a.channels, a.height, a.width, names[1], b.channels, b.height, b.width,
            concat ? "concatenated" : "added");
    if (!concat) return WEFT_OK;
    if (a.channels > WEFT_NETWORK_VALUES_MAX - b.channels)
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": more than %d channels", l->name,
                              WEFT_NETWORK_VALUES_MAX);
    l->out.channels = a.channels + b.channels;
    return WEFT_OK;
}

weft_status weft_layer_resolve(weft_layer *l, weft_error *err) {
    l->weight_count = 0;
    int channels = l->out.channels;
    l->out = l->in;
    switch (l->kind) {
    case WEFT_LAYER_CONV:
        l->out.channels = channels;
        return conv_shape(l, err);
    case WEFT_LAYER_DENSE:
        l->out.channels = channels;
        return dense_shape(l, err);
    case WEFT_LAYER_MAX_POOL:
    case WEFT_LAYER_AVERAGE_POOL:
        return window_apply(l, err);
    case WEFT_LAYER_FLATTEN:
        l->out = (weft_shape){(int)weft_shape_size(l->in), 1, 1};
        return WEFT_OK;
    case WEFT_LAYER_BATCH_NORM:
        if (l->epsilon >= 0 && l->epsilon <= 1) return WEFT_OK;
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": epsilon %g is not between 0 and 1", l->name,
                              (double)l->epsilon);
    case WEFT_LAYER_CLIP:
        return clip_check(l, err);
    case WEFT_LAYER_QUANTISE:
        return quantise_check(l, err);
    case WEFT_LAYER_THRESHOLD:
        return threshold_check(l, err);
    case WEFT_LAYER_LEAKY_RELU:
    case WEFT_LAYER_HARD_SIGMOID:
        return slope_check(l, err);
    case WEFT_LAYER_PAD:
        return pad_shape(l, err);
    case WEFT_LAYER_CHANNEL_SHUFFLE:
        return shuffle_check(l, err);
    case WEFT_LAYER_RELU:
    case WEFT_LAYER_SIGMOID:
    case WEFT_LAYER_HARD_SWISH:
    case WEFT_LAYER_TANH:
    case WEFT_LAYER_AFFINE:
    case WEFT_LAYER_SOFTMAX:
    case WEFT_LAYER_ADD: /* weft_layer_join */
    case WEFT_LAYER_CONCAT:
        return WEFT_OK;
    case WEFT_LAYER_KIND_COUNT:
        break;
    }
    return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": unknown kind %d", l->name, (int)l->kind);
}

uint64_t weft_layer_macs(const weft_layer *layer) {
    if (!weft_layer_has_weights(layer)) return 0;
    return (uint64_t)layer->weight_count * (uint64_t)layer->out.height * (uint64_t)layer->out.width;
}
