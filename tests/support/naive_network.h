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

// A function of one value; x itself for other kinds of layers.
inline double activation(const weft_layer &l, double x) {
    double low = static_cast<double>(l.low), high = static_cast<double>(l.high), slope = static_cast<double>(l.slope);
    auto unit = [](double v) { return std::min(std::max(v, 0.0), 1.0); };
    switch (l.kind) {
    case WEFT_LAYER_RELU:
        return std::max(x, 0.0);
    case WEFT_LAYER_CLIP:
        return std::min(std::max(x, low), high);
    case WEFT_LAYER_QUANTISE:
        return quantised(l, x);
    case WEFT_LAYER_THRESHOLD:
        return spike(l, x);
    case WEFT_LAYER_LEAKY_RELU:
        return x >= 0 ? x : slope * x;
    case WEFT_LAYER_SIGMOID:
        return 1 / (1 + std::exp(-x));
    case WEFT_LAYER_HARD_SIGMOID:
        return unit(slope * x + static_cast<double>(l.offset));
    case WEFT_LAYER_HARD_SWISH:
        return x * unit(x / 6 + 0.5);
    case WEFT_LAYER_TANH:
        return std::tanh(x);
    default:
        return x;
    }
}

inline Values affine(const weft_layer &l, const Values &in, int n) {
    size_t plane = static_cast<size_t>(l.in.height * l.in.width), channels = static_cast<size_t>(l.in.channels);
    Values out(in.size());
    for (size_t k = 0; k < static_cast<size_t>(n) * channels * plane; k++) {
        size_t c = k / plane % channels;
        out[k] = static_cast<double>(l.gamma[c]) * in[k] + static_cast<double>(l.beta[c]);
    }
    return out;
}

inline Values pad(const weft_layer &l, const Values &in, int n) {
    Values out(static_cast<size_t>(n) * weft_shape_size(l.out));
    for (int c = 0; c < n * l.in.channels; c++)
        for (int y = 0; y < l.in.height; y++)
            for (int x = 0; x < l.in.width; x++) {
                int to = (c * l.out.height + y + l.window.pad_top) * l.out.width + x + l.window.pad_left;
                out[static_cast<size_t>(to)] = in[static_cast<size_t>((c * l.in.height + y) * l.in.width + x)];
            }
    return out;
}

inline Values softmax(const weft_layer &l, const Values &in, int n) {
    size_t plane = static_cast<size_t>(l.in.height * l.in.width), channels = static_cast<size_t>(l.in.channels);
    Values out(in.size());
    for (size_t i = 0; i < static_cast<size_t>(n); i++)
        for (size_t p = 0; p < plane; p++) {
            double largest = -1e300, sum = 0;
            auto at = [&](size_t c) { return (i * channels + c) * plane + p; };
            for (size_t c = 0; c < channels; c++) largest = std::max(largest, in[at(c)]);
            for (size_t c = 0; c < channels; c++) sum += out[at(c)] = std::exp(in[at(c)] - largest);
            for (size_t c = 0; c < channels; c++) out[at(c)] /= sum;
        }
    return out;
}

// Channels in rows of one run each, read column by column.
inline Values shuffle(const weft_layer &l, const Values &in, int n) {
    const size_t plane = static_cast<size_t>(l.in.height * l.in.width), rows = static_cast<size_t>(l.groups);
    const size_t columns = static_cast<size_t>(l.in.channels) / rows;
    Values out;
    for (size_t i = 0; i < static_cast<size_t>(n); i++)
        for (size_t column = 0; column < columns; column++)
            for (size_t row = 0; row < rows; row++)
                for (size_t p = 0; p < plane; p++) out.push_back(in[((i * rows + row) * columns + column) * plane + p]);
    return out;
}

// Of the two inputs of an ADD or a CONCAT.
inline Values join(const weft_layer &l, const Values &a, const Values &b, int n) {
    Values out;
    if (l.kind == WEFT_LAYER_ADD) {
        for (size_t k = 0; k < a.size(); k++) out.push_back(a[k] + b[k]);
        return out;
    }
    auto first = static_cast<std::ptrdiff_t>(a.size()) / n, second = static_cast<std::ptrdiff_t>(b.size()) / n;
    for (std::ptrdiff_t i = 0; i < n; i++) {
        out.insert(out.end(), a.begin() + i * first, a.begin() + (i + 1) * first);
        out.insert(out.end(), b.begin() + i * second, b.begin() + (i + 1) * second);
    }
    return out;
}

// Of one input; of two, see join.
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
    case WEFT_LAYER_AFFINE:
        return affine(l, in, n);
    case WEFT_LAYER_PAD:
        return pad(l, in, n);
    case WEFT_LAYER_SOFTMAX:
        return softmax(l, in, n);
    case WEFT_LAYER_CHANNEL_SHUFFLE:
        return shuffle(l, in, n);
    default:
        for (double &v : out) v = activation(l, v);
        return out;
    }
}

// Every layer's values, those of the network's input first; batch norm takes the batch's statistics when training.
inline std::vector<Values> all(const weft_network *net, const Values &x, int n, bool training, const Nudge &at = {}) {
    std::vector<Values> values{x};
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer &l = net->layers[i];
        const Values &in = values[static_cast<size_t>(l.input + 1)];
        values.push_back(weft_layer_has_input2(&l) ? join(l, in, values[static_cast<size_t>(l.input2 + 1)], n)
                                                   : layer(l, in, n, training, at));
    }
    return values;
}

// Output [n, classes] from x [n, C, H, W].
inline Values run(const weft_network *net, const std::vector<float> &x, int n, bool training, const Nudge &at = {}) {
    return all(net, Values(x.begin(), x.end()), n, training, at).back();
}

} // namespace naive
#endif
