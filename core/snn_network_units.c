/* Whole thresholds of a layer's channels. */
#include <limits.h>
#include <math.h>

#include "core/snn_network_internal.h"

/* Sums of the spikes that a channel can see. */
typedef struct range {
    int64_t low, high;
    float magnitude; /* of its weights */
} range;

static int64_t window_area(const weft_layer *l) { return (int64_t)l->window.kernel_h * (int64_t)l->window.kernel_w; }

/* The channel's weights, which are -a, 0 and a. */
static weft_status matrix_range(const weft_snn_draft *d, int layer, int channel, range *out) {
    const weft_layer *l = &d->net->layers[layer];
    const size_t count = l->weight_count / (size_t)l->out.channels;
    const float *weight = l->weight + (size_t)channel * count;
    int64_t negative = 0, positive = 0;
    out->magnitude = 0;
    for (size_t i = 0; i < count; i++) {
        if (weight[i] == 0) continue;
        if (out->magnitude == 0) out->magnitude = fabsf(weight[i]);
        if (fabsf(weight[i]) != out->magnitude)
            return weft_snn_refuse(d, layer,
                                   "output channel %d has weights of %.9g and of %.9g; between spikes only -a, 0 and a "
                                   "are possible, as of the projection 'ternary'",
                                   channel, (double)out->magnitude, (double)fabsf(weight[i]));
        *(weight[i] < 0 ? &negative : &positive) += 1;
    }
    out->low *= negative;
    out->high *= positive;
    return WEFT_OK;
}

static weft_status range_of(const weft_snn_draft *d, const weft_snn_path *path, int channel, range *out) {
    int64_t area = 1;
    for (int i = 0; i < path->count; i++) {
        const weft_layer *l = &d->net->layers[path->layers[i]];
        if (l->kind != WEFT_LAYER_AVERAGE_POOL) continue;
        area *= window_area(l);
        if (area > WEFT_NETWORK_WINDOW_MAX) return weft_snn_refuse(d, path->layers[i], "its window is too large");
    }
    *out = (range){path->matrix < 0 ? 0 : -area, area, 0};
    return path->matrix < 0 ? WEFT_OK : matrix_range(d, path->matrix, channel, out);
}

/* One value on its way, rounded as the software engine (trainer.h) rounds it. */
static float layer_value(const weft_layer *l, int channel, float magnitude, float x) {
    switch (l->kind) {
    case WEFT_LAYER_CONV:
    case WEFT_LAYER_DENSE:
        return magnitude * x + (l->bias ? l->bias[channel] : 0.0f);
    case WEFT_LAYER_AVERAGE_POOL:
        return x / (float)window_area(l);
    case WEFT_LAYER_BATCH_NORM:
        return fmaf(x - l->mean[channel], l->gamma[channel] / sqrtf(l->variance[channel] + l->epsilon),
                    l->beta[channel]);
    case WEFT_LAYER_AFFINE:
        return fmaf(x, l->gamma[channel], l->beta[channel]);
    default:
        return x;
    }
}

static bool fires(const weft_snn_draft *d, const weft_snn_path *path, int channel, float magnitude, int64_t sum) {
    float x = (float)sum;
    for (int i = 0; i < path->count; i++) x = layer_value(&d->net->layers[path->layers[i]], channel, magnitude, x);
    return x >= d->net->layers[path->target].threshold;
}

/* As x + y and x * y of rounded numbers never fall where x grows, sums that fire lie at one end. */
static weft_status unit_find(const weft_snn_draft *d, const weft_snn_path *path, int channel, weft_snn_unit *out) {
    range r = {0};
    WEFT_TRY(range_of(d, path, channel, &r));
    if (r.high - r.low >= (1 << 24))
        return weft_snn_refuse(d, path->matrix, "output channel %d sums up more spikes than 2^24", channel);
    const bool lowest = fires(d, path, channel, r.magnitude, r.low);
    int64_t sum = r.low;
    while (sum <= r.high && fires(d, path, channel, r.magnitude, sum) == lowest) sum++;
    if (sum > r.high)
        *out = (weft_snn_unit){(int)(lowest ? r.low : r.high + 1), false};
    else
        *out = lowest ? (weft_snn_unit){(int)(1 - sum), true} : (weft_snn_unit){(int)sum, false};
    return WEFT_OK;
}

weft_status weft_snn_units_find(const weft_snn_draft *d, const weft_snn_path *path, weft_snn_unit *units) {
    const int channels = d->net->layers[path->target].out.channels;
    for (int c = 0; c < channels; c++) WEFT_TRY(unit_find(d, path, c, &units[c]));
    return WEFT_OK;
}
