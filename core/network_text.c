#include "core/network_text.h"

#include <stdio.h>
#include <string.h>

void weft_shape_text(char out[WEFT_SHAPE_TEXT_MAX], weft_shape s) {
    if (s.height == 1 && s.width == 1)
        snprintf(out, WEFT_SHAPE_TEXT_MAX, "%d", s.channels);
    else
        snprintf(out, WEFT_SHAPE_TEXT_MAX, "%d x %d x %d", s.channels, s.height, s.width);
}

const char *weft_layer_producer(const weft_network *net, int producer) {
    return producer < 0 ? "input" : net->layers[producer].name;
}

const char *weft_layer_runs_on(const weft_network *net, const weft_layer *l) {
    if (weft_layer_has_weights(l)) return "crossbar";
    if (l->kind == WEFT_LAYER_FLATTEN || l->kind == WEFT_LAYER_CONCAT || l->kind == WEFT_LAYER_CHANNEL_SHUFFLE)
        return "none";
    return l->kind == WEFT_LAYER_SOFTMAX && l == &net->layers[net->layer_count - 1] ? "host" : "digital";
}

/* "3 x 3, stride 2, padding 1, 32 groups"; at most 150 bytes */
static void window_text(char *out, size_t size, const weft_layer *l) {
    const weft_window *w = &l->window;
    int used = snprintf(out, size, "%d x %d", w->kernel_h, w->kernel_w);
    if (w->stride_h != 1 || w->stride_w != 1)
        used += w->stride_h == w->stride_w
                    ? snprintf(out + used, size - (size_t)used, ", stride %d", w->stride_h)
                    : snprintf(out + used, size - (size_t)used, ", stride %d x %d", w->stride_h, w->stride_w);
    if (w->dilation_h != 1 || w->dilation_w != 1)
        used += snprintf(out + used, size - (size_t)used, ", dilation %d x %d", w->dilation_h, w->dilation_w);
    if (w->pad_top == w->pad_left && w->pad_top == w->pad_bottom && w->pad_top == w->pad_right) {
        if (w->pad_top) used += snprintf(out + used, size - (size_t)used, ", padding %d", w->pad_top);
    } else {
        used += snprintf(out + used, size - (size_t)used, ", padding %d above, %d left, %d below, %d right", w->pad_top,
                         w->pad_left, w->pad_bottom, w->pad_right);
    }
    if (l->kind == WEFT_LAYER_CONV && l->groups != 1)
        snprintf(out + used, size - (size_t)used, ", %d groups", l->groups);
}

void weft_layer_text(char out[WEFT_LAYER_TEXT_MAX], const weft_network *net, const weft_layer *l) {
    const size_t size = WEFT_LAYER_TEXT_MAX;
    double low = (double)l->low, high = (double)l->high, slope = (double)l->slope;
    const weft_window *w = &l->window;
    out[0] = '\0';
    switch (l->kind) {
    case WEFT_LAYER_CONV:
    case WEFT_LAYER_MAX_POOL:
    case WEFT_LAYER_AVERAGE_POOL:
        window_text(out, size, l);
        break;
    case WEFT_LAYER_ADD:
    case WEFT_LAYER_CONCAT:
        snprintf(out, size, "%.40s %s %.40s", weft_layer_producer(net, l->input),
                 l->kind == WEFT_LAYER_ADD ? "+" : "and", weft_layer_producer(net, l->input2));
        break;
    case WEFT_LAYER_CLIP:
        snprintf(out, size, "%.4g..%.4g", low, high);
        break;
    case WEFT_LAYER_QUANTISE:
        snprintf(out, size, "%.4g..%.4g in steps of %.4g", low, high, (double)weft_layer_step(l));
        break;
    case WEFT_LAYER_THRESHOLD:
        snprintf(out, size, "%s%.4g", l->signed_spikes ? "+-1 from +-" : "1 from ", (double)l->threshold);
        break;
    case WEFT_LAYER_LEAKY_RELU:
        snprintf(out, size, "slope %.4g below 0", slope);
        break;
    case WEFT_LAYER_HARD_SIGMOID:
        snprintf(out, size, "slope %.4g, offset %.4g", slope, (double)l->offset);
        break;
    case WEFT_LAYER_PAD:
        snprintf(out, size, "%d above, %d left, %d below, %d right", w->pad_top, w->pad_left, w->pad_bottom,
                 w->pad_right);
        break;
    case WEFT_LAYER_CHANNEL_SHUFFLE:
        snprintf(out, size, "%d groups", l->groups);
        break;
    default:
        break;
    }
}
