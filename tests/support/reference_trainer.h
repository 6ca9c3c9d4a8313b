// Algorithm 1 of Merolla et al. 2016 in plain double precision, written from the definitions and with nothing of the
// trainer's: forward pass of naive_network.h, backward pass, losses, optimisers, projection and bound are here. Holds
// the trainer's first steps against it.
#ifndef WEFT_TESTS_SUPPORT_REFERENCE_TRAINER_H
#define WEFT_TESTS_SUPPORT_REFERENCE_TRAINER_H

#include <array>

#include "tests/support/naive_network.h"

namespace reference {

using naive::Values;

struct Settings {
    bool adam = true, cross_entropy = false;
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, momentum = 0.9, weight_decay = 0; // of the optimisers
    double label_smoothing = 0, clip = 0.5, norm_momentum = 0.1;
    double weight_rate = 0, peak = 0; // the recipe's weight_rate and, where that is not 0, its learning rate
    int workers = 1;
};

// What makes P of a layer: W as it is, Sign, or a sample that is handed over.
enum class Projection { none, sign, given };

struct Parameter {
    Values value, first, second, gradient;
    double bound = INFINITY, decay = 0, rate = 1;
    explicit Parameter(const float *from = nullptr, size_t count = 0)
        : value(from, from + count), first(count), second(count), gradient(count) {}
};

struct Layer {
    const weft_layer *shape;
    Projection projection;
    Parameter weight, bias, gamma, beta;
    Values projected, mean, variance;         // P; running statistics
    Values batch_mean, batch_square;          // sums over the workers of this step
    double operator()(const float *p) const { // parameters for naive_network.h
        if (const double *v = find(p, shape->weight, projected)) return *v;
        if (const double *v = find(p, shape->bias, bias.value)) return *v;
        if (const double *v = find(p, shape->gamma, gamma.value)) return *v;
        return *find(p, shape->beta, beta.value);
    }
    static const double *find(const float *p, const float *base, const Values &values) {
        return base && p >= base && p < base + values.size() ? &values[static_cast<size_t>(p - base)] : nullptr;
    }
};

// ---- backward passes: from d(loss)/d(output) to d(loss)/d(input), adding to the parameters' gradients ----

inline Values conv_back(Layer &layer, const Values &in, const Values &slope, int n) {
    const weft_layer &l = *layer.shape;
    int groups = l.groups ? l.groups : 1, ic = l.in.channels / groups, oc = l.out.channels / groups;
    int area = l.window.kernel_h * l.window.kernel_w, plane = l.in.height * l.in.width;
    Values below(in.size());
    size_t at = 0;
    for (int i = 0; i < n; i++)
        for (int o = 0; o < l.out.channels; o++)
            for (int oy = 0; oy < l.out.height; oy++)
                for (int ox = 0; ox < l.out.width; ox++) {
                    double d = slope[at++];
                    if (l.bias) layer.bias.gradient[static_cast<size_t>(o)] += d;
                    for (int c = 0; c < ic; c++)
                        naive::window(l, oy, ox, [&](int p, int k) {
                            auto from = static_cast<size_t>((i * l.in.channels + o / oc * ic + c) * plane + p);
                            auto w = static_cast<size_t>((o * ic + c) * area + k);
                            layer.weight.gradient[w] += d * in[from];
                            below[from] += d * layer.projected[w];
                        });
                }
    return below;
}

inline Values dense_back(Layer &layer, const Values &in, const Values &slope, int n) {
    size_t units = static_cast<size_t>(layer.shape->out.channels), features = in.size() / static_cast<size_t>(n);
    Values below(in.size());
    for (size_t i = 0; i < static_cast<size_t>(n); i++)
        for (size_t o = 0; o < units; o++) {
            double d = slope[i * units + o];
            if (layer.shape->bias) layer.bias.gradient[o] += d;
            for (size_t k = 0; k < features; k++) {
                layer.weight.gradient[o * features + k] += d * in[i * features + k];
                below[i * features + k] += d * layer.projected[o * features + k];
            }
        }
    return below;
}

inline Values pool_back(const weft_layer &l, const Values &in, const Values &slope, int n) {
    int plane = l.in.height * l.in.width;
    Values below(in.size());
    size_t at = 0;
    for (int c = 0; c < n * l.in.channels; c++)
        for (int oy = 0; oy < l.out.height; oy++)
            for (int ox = 0; ox < l.out.width; ox++) {
                double d = slope[at++], count = 0;
                int best = -1;
                naive::window(l, oy, ox, [&](int p, int) {
                    if (best < 0 || in[static_cast<size_t>(c * plane + p)] > in[static_cast<size_t>(c * plane + best)])
                        best = p;
                    count++;
                });
                if (l.kind == WEFT_LAYER_MAX_POOL)
                    below[static_cast<size_t>(c * plane + best)] += d;
                else
                    naive::window(l, oy, ox,
                                  [&](int p, int) { below[static_cast<size_t>(c * plane + p)] += d / count; });
            }
    return below;
}

// With x = (in - mean) / s, s = sqrt(variance + epsilon): d in = gamma / s (slope - mean(slope) - x mean(slope x)).
inline Values norm_back(Layer &layer, const Values &in, const Values &slope, int n) {
    const weft_layer &l = *layer.shape;
    size_t plane = static_cast<size_t>(l.in.height * l.in.width), channels = static_cast<size_t>(l.in.channels);
    Values below(in.size());
    for (size_t c = 0; c < channels; c++) {
        double mean, variance, first = 0, second = 0, values = static_cast<double>(n) * static_cast<double>(plane);
        naive::moments(l, in, n, static_cast<int>(c), mean, variance);
        double s = std::sqrt(variance + static_cast<double>(l.epsilon));
        auto each = [&](auto f) {
            for (size_t i = 0; i < static_cast<size_t>(n); i++)
                for (size_t p = 0; p < plane; p++) f((i * channels + c) * plane + p);
        };
        each([&](size_t k) { first += slope[k], second += slope[k] * (in[k] - mean) / s; });
        each([&](size_t k) {
            below[k] = layer.gamma.value[c] / s * (slope[k] - first / values - (in[k] - mean) / s * second / values);
        });
        layer.beta.gradient[c] += first;
        layer.gamma.gradient[c] += second;
        layer.batch_mean[c] += mean;
        layer.batch_square[c] += variance + mean * mean;
    }
    return below;
}

inline Values relu_back(const Values &in, Values slope) {
    for (size_t k = 0; k < slope.size(); k++) slope[k] = in[k] > 0 ? slope[k] : 0;
    return slope;
}

// ---- losses: the image's loss; slope is d(loss)/d(logits) ----

inline double square_hinge(const Values &logits, size_t label, Values &slope) {
    double loss = 0, classes = static_cast<double>(logits.size());
    for (size_t k = 0; k < logits.size(); k++) {
        double target = k == label ? 1 : -1, slack = std::max(0.0, 1 - target * logits[k]);
        loss += slack * slack / classes;
        slope[k] = -2 * target * slack / classes;
    }
    return loss;
}

inline double cross_entropy(const Values &logits, size_t label, double smoothing, Values &slope) {
    double loss = 0, total = 0, classes = static_cast<double>(logits.size());
    for (double v : logits) total += std::exp(v);
    for (size_t k = 0; k < logits.size(); k++) {
        double p = std::exp(logits[k]) / total, q = (1 - smoothing) * (k == label ? 1 : 0) + smoothing / classes;
        loss -= q * std::log(p);
        slope[k] = p - q;
    }
    return loss;
}

// ---- the trainer ----

class Trainer {
  public:
    Trainer(const weft_network *net, const std::vector<Projection> &projections, Settings options) : settings(options) {
        for (int i = 0; i < net->layer_count; i++) {
            const weft_layer &l = net->layers[i];
            size_t channels = static_cast<size_t>(l.out.channels);
            bool norm = l.kind == WEFT_LAYER_BATCH_NORM;
            Layer layer = {&l,
                           projections[static_cast<size_t>(i)],
                           Parameter(l.latent ? l.latent : l.weight, l.weight_count),
                           Parameter(l.bias, l.bias ? channels : 0),
                           Parameter(l.gamma, norm ? channels : 0),
                           Parameter(l.beta, norm ? channels : 0),
                           {},
                           Values(l.mean, l.mean + (norm ? channels : 0)),
                           Values(l.variance, l.variance + (norm ? channels : 0)),
                           {},
                           {}};
            if (l.weight_count) limit(layer);
            layers.push_back(std::move(layer));
        }
    }

    // One minibatch x [count, C, H, W]; returns the sum of the images' losses. Layers of Projection::given use what is
    // in `projected`.
    double step(const Values &x, const std::vector<size_t> &labels, double rate) {
        size_t part = labels.size() / static_cast<size_t>(settings.workers), size = x.size() / labels.size();
        double loss = 0;
        start();
        for (size_t w = 0; w < static_cast<size_t>(settings.workers); w++) {
            auto from = x.begin() + static_cast<std::ptrdiff_t>(w * part * size);
            auto first = labels.begin() + static_cast<std::ptrdiff_t>(w * part);
            auto images = static_cast<std::ptrdiff_t>(part);
            loss += worker(Values(from, from + images * static_cast<std::ptrdiff_t>(size)), {first, first + images},
                           static_cast<double>(labels.size()));
        }
        steps++;
        for (Layer &l : layers) {
            for (Parameter *p : {&l.weight, &l.bias, &l.gamma, &l.beta}) update(*p, rate * p->rate);
            track(l);
        }
        return loss;
    }

    Settings settings;
    std::vector<Layer> layers;

  private:
    // Standard deviation of the Glorot initialisation, and what depends on it.
    void limit(Layer &layer) const {
        const weft_layer &l = *layer.shape;
        double outputs = l.out.channels / (l.groups ? l.groups : 1),
               fan_in = static_cast<double>(l.weight_count) / l.out.channels;
        double area = l.kind == WEFT_LAYER_CONV ? l.window.kernel_h * l.window.kernel_w : 1;
        double sigma = std::sqrt(2 / (fan_in + outputs * area));
        layer.weight.decay = settings.weight_decay;
        if (settings.clip > 0) layer.weight.bound = settings.clip * sigma;
        if (settings.weight_rate > 0) layer.weight.rate = settings.weight_rate * sigma / settings.peak;
    }

    void start() {
        for (Layer &l : layers) {
            for (Parameter *p : {&l.weight, &l.bias, &l.gamma, &l.beta})
                std::fill(p->gradient.begin(), p->gradient.end(), 0.0);
            l.batch_mean.assign(l.mean.size(), 0);
            l.batch_square.assign(l.mean.size(), 0);
            if (l.projection == Projection::given) continue;
            l.projected = l.weight.value;
            if (l.projection == Projection::none) continue;
            double alpha = 0;
            for (double w : l.weight.value) alpha = std::max(alpha, std::fabs(w));
            for (double &w : l.projected) w = w < 0 ? -alpha : alpha;
        }
    }

    // One worker's images, with batch-norm statistics of their own; gradients of the mean loss over `batch` images.
    double worker(const Values &x, const std::vector<size_t> &labels, double batch) {
        int n = static_cast<int>(labels.size());
        std::vector<Values> values = {x};
        for (const Layer &l : layers) values.push_back(naive::layer(*l.shape, values.back(), n, true, l));
        size_t classes = values.back().size() / labels.size();
        Values slope, own(classes);
        double loss = 0;
        for (size_t i = 0; i < labels.size(); i++) {
            auto from = values.back().begin() + static_cast<std::ptrdiff_t>(i * classes);
            Values logits(from, from + static_cast<std::ptrdiff_t>(classes));
            loss += settings.cross_entropy ? cross_entropy(logits, labels[i], settings.label_smoothing, own)
                                           : square_hinge(logits, labels[i], own);
            for (double d : own) slope.push_back(d / batch);
        }
        for (size_t i = layers.size(); i-- > 0;) slope = back(layers[i], values[i], slope, n);
        return loss;
    }

    static Values back(Layer &l, const Values &in, const Values &slope, int n) {
        switch (l.shape->kind) {
        case WEFT_LAYER_CONV:
            return conv_back(l, in, slope, n);
        case WEFT_LAYER_DENSE:
            return dense_back(l, in, slope, n);
        case WEFT_LAYER_BATCH_NORM:
            return norm_back(l, in, slope, n);
        case WEFT_LAYER_MAX_POOL:
        case WEFT_LAYER_AVERAGE_POOL:
            return pool_back(*l.shape, in, slope, n);
        case WEFT_LAYER_RELU:
            return relu_back(in, slope);
        default:
            return slope; // flatten
        }
    }

    void update(Parameter &p, double rate) const {
        for (size_t k = 0; k < p.value.size(); k++) {
            double g = p.gradient[k], &m = p.first[k], &v = p.second[k], &w = p.value[k];
            if (settings.adam) {
                m = settings.beta1 * m + (1 - settings.beta1) * g;
                v = settings.beta2 * v + (1 - settings.beta2) * g * g;
                double mean = m / (1 - std::pow(settings.beta1, steps)),
                       square = v / (1 - std::pow(settings.beta2, steps));
                w -= rate * mean / (std::sqrt(square) + settings.epsilon);
            } else {
                g += p.decay * w;
                m = settings.momentum * m - rate * g;
                w += settings.momentum * m - rate * g;
            }
            w = std::min(std::max(w, -p.bound), p.bound);
        }
    }

    // Running statistics, of all workers' images together.
    void track(Layer &l) const {
        for (size_t c = 0; c < l.mean.size(); c++) {
            double mean = l.batch_mean[c] / settings.workers, square = l.batch_square[c] / settings.workers;
            l.mean[c] += settings.norm_momentum * (mean - l.mean[c]);
            l.variance[c] += settings.norm_momentum * (square - mean * mean - l.variance[c]);
        }
    }

    double steps = 0;
};

} // namespace reference
#endif
