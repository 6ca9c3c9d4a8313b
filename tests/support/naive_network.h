// A plain double-precision forward pass of a network, written from the definitions, to hold oneDNN's results against.
#ifndef WEFT_TESTS_SUPPORT_NAIVE_NETWORK_H
#define WEFT_TESTS_SUPPORT_NAIVE_NETWORK_H

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/network.h"

namespace naive {

using Values = std::vector<double>;

// What the functions below take for a parameter at p: its value, moved by delta at one of them, for finite differences.
struct Nudge {
    const float *target = nullptr;
    double delta = 0;
    double operator()(const float *p) const { return static_cast<double>(*p) + (p == target ? delta : 0.0); }
};

// Calls f(row offset in the input plane) for each window element inside the image.
template <typename F> void window(const weft_layer &l, int oy, int ox, F f) {
    const weft_window &w = l.window;
    for (int ky = 0; ky < w.kernel_h; ky++)
        for (int kx = 0; kx < w.kernel_w; kx++) {
            int y = oy * w.stride_h - w.pad_top + ky * w.dilation_h,
                x = ox * w.stride_w - w.pad_left + kx * w.dilation_w;
            if (y >= 0 && y < l.in.height && x >= 0 && x < l.in.width) f(y * l.in.width + x, ky * w.kernel_w + kx);
        }
}

template <typename At> Values conv(const weft_layer &l, const Values &in, int n, const At &at) {
    int groups = l.groups ? l.groups : 1, ic = l.in.channels / groups, oc = l.out.channels / groups;
    int area = l.window.kernel_h * l.window.kernel_w, plane = l.in.height * l.in.width;
    Values out;
    for (int i = 0; i < n; i++)
        for (int o = 0; o < l.out.channels; o++)
            for (int oy = 0; oy < l.out.height; oy++)
                for (int ox = 0; ox < l.out.width; ox++) {
                    double sum = l.bias ? at(l.bias + o) : 0;
                    for (int c = 0; c < ic; c++) {
                        const double *image = in.data() + (i * l.in.channels + o / oc * ic + c) * plane;
                        window(l, oy, ox,
                               [&](int p, int k) { sum += image[p] * at(l.weight + (o * ic + c) * area + k); });
                    }
                    out.push_back(sum);
                }
    return out;
}

template <typename At> Values dense(const weft_layer &l, const Values &in, int n, const At &at) {
    int features = l.in.channels * l.in.height * l.in.width;
    Values out;
    for (int i = 0; i < n; i++)
        for (int o = 0; o < l.out.channels; o++) {
            double sum = l.bias ? at(l.bias + o) : 0;
            for (int k = 0; k < features; k++) sum += in[i * features + k] * at(l.weight + o * features + k);
            out.push_back(sum);
        }
    return out;
}

inline Values pool(const weft_layer &l, const Values &in, int n) {
    int plane = l.in.height * l.in.width;
    Values out;
    for (int c = 0; c < n * l.in.channels; c++)
        for (int oy = 0; oy < l.out.height; oy++)
            for (int ox = 0; ox < l.out.width; ox++) {
                double largest = -1e300, sum = 0, count = 0;
                window(l, oy, ox, [&](int p, int) {
                    largest = std::max(largest, in[c * plane + p]);
                    sum += in[c * plane + p];
                    count++;
                });
                if (l.count_include_pad) count = l.window.kernel_h * l.window.kernel_w;
                out.push_back(l.kind == WEFT_LAYER_MAX_POOL ? largest : sum / count);
            }
    return out;
}

// Mean and population variance of one channel.
inline void moments(const weft_layer &l, const Values &in, int n, int c, double &mean, double &variance) {
    int plane = l.in.height * l.in.width;
    double sum = 0, square = 0;
    for (int i = 0; i < n; i++)
        for (int p = 0; p < plane; p++) sum += in[(i * l.in.channels + c) * plane + p];
    mean = sum / (n * plane);
    for (int i = 0; i < n; i++)
        for (int p = 0; p < plane; p++) square += std::pow(in[(i * l.in.channels + c) * plane + p] - mean, 2);
    variance = square / (n * plane);
}

template <typename At> Values norm(const weft_layer &l, const Values &in, int n, bool training, const At &at) {
    int plane = l.in.height * l.in.width;
    Values out(in.size());
    for (int c = 0; c < l.in.channels; c++) {
        double mean = static_cast<double>(l.mean[c]), variance = static_cast<double>(l.variance[c]);
        if (training) moments(l, in, n, c, mean, variance);
        double scale = at(l.gamma + c) / std::sqrt(variance + static_cast<double>(l.epsilon));
        for (int i = 0; i < n; i++)
            for (int p = 0; p < plane; p++) {
                size_t k = static_cast<size_t>((i * l.in.channels + c) * plane + p);
                out[k] = (in[k] - mean) * scale + at(l.beta + c);
            }
    }
    return out;
}

inline double quantised(const weft_layer &l, double x) {
    double high = static_cast<double>(l.high), step = high / l.levels;
    return step * std::nearbyint(std::min(std::max(x, static_cast<double>(l.low)), high) / step);
}

inline double spike(const weft_layer &l, double x) {
    double threshold = static_cast<double>(l.threshold);
    if (x >= threshold) return 1;
    return l.signed_spikes && x <= -threshold ? -1 : 0;
}

// Of one input; an ADD is run's.
template <typename At = Nudge>
Values layer(const weft_layer &l, const Values &in, int n, bool training, const At &at = {}) {
    Values out = in;
    switch (l.kind) {
    case WEFT_LAYER_CONV:
        return conv(l, in, n, at);
    case WEFT_LAYER_DENSE:
        return dense(l, in, n, at);
    case WEFT_LAYER_BATCH_NORM:
        return norm(l, in, n, training, at);
    case WEFT_LAYER_MAX_POOL:
    case WEFT_LAYER_AVERAGE_POOL:
        return pool(l, in, n);
    case WEFT_LAYER_RELU:
        for (double &v : out) v = std::max(v, 0.0);
        return out;
    case WEFT_LAYER_CLIP:
        for (double &v : out) v = std::min(std::max(v, static_cast<double>(l.low)), static_cast<double>(l.high));
        return out;
    case WEFT_LAYER_QUANTISE:
        for (double &v : out) v = quantised(l, v);
        return out;
    case WEFT_LAYER_THRESHOLD:
        for (double &v : out) v = spike(l, v);
        return out;
    default:
        return out;
    }
}

// Output [n, classes] from x [n, C, H, W]; batch norm takes the batch's statistics when training.
inline Values run(const weft_network *net, const std::vector<float> &x, int n, bool training, const Nudge &at = {}) {
    std::vector<Values> values{Values(x.begin(), x.end())}; // of the input, then of each layer
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer &l = net->layers[i];
        values.push_back(layer(l, values[static_cast<size_t>(l.input + 1)], n, training, at));
        if (l.kind != WEFT_LAYER_ADD) continue;
        const Values &addend = values[static_cast<size_t>(l.addend + 1)];
        for (size_t k = 0; k < addend.size(); k++) values.back()[k] += addend[k];
    }
    return values.back();
}

} // namespace naive
#endif
