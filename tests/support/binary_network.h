// Networks with spikes between layers, what the software engine says of them, and what their spiking form does.
#ifndef WEFT_TESTS_SUPPORT_BINARY_NETWORK_H
#define WEFT_TESTS_SUPPORT_BINARY_NETWORK_H

#include "core/onnx.h"
#include "core/snn_network.h"
#include "sim/spike/float_network.h"
#include "tests/support/trainer_fixture.h"

namespace binary {

using fixture::add;
using fixture::Network;
using fixture::proto;

struct Coding : weft_snn_coding {
    Coding() : weft_snn_coding{} {}
    Coding(const Coding &) = delete;
    ~Coding() { weft_snn_coding_free(this); }
};
struct SnnDeleter {
    void operator()(weft_snn *snn) const { weft_snn_destroy(snn); }
};
using Snn = std::unique_ptr<weft_snn, SnnDeleter>;
struct NirDeleter {
    void operator()(weft_nir *nir) const { weft_nir_destroy(nir); }
};
using Nir = std::unique_ptr<weft_nir, NirDeleter>;
struct FloatDeleter {
    void operator()(weft_float_network *net) const { weft_float_network_destroy(net); }
};
using Float = std::unique_ptr<weft_float_network, FloatDeleter>;

inline weft_layer threshold(float at = 0.5f) {
    weft_layer l = proto(WEFT_LAYER_THRESHOLD);
    l.threshold = at;
    return l;
}
inline weft_layer pool(weft_layer_kind kind, int kernel, int stride, int pad = 0) {
    weft_layer l = proto(kind, 0, kernel, stride, pad);
    l.count_include_pad = true;
    return l;
}

// Weights -a, 0 and a, a of each output channel.
inline void make_ternary(weft_layer &l, std::mt19937 &dice) {
    const size_t count = l.weight_count / static_cast<size_t>(l.out.channels);
    std::uniform_real_distribution<float> magnitude(0.01f, 0.2f);
    for (int c = 0; c < l.out.channels; c++) {
        const float a = magnitude(dice);
        for (size_t i = 0; i < count; i++)
            l.weight[static_cast<size_t>(c) * count + i] = a * static_cast<float>(static_cast<int>(dice() % 3) - 1);
    }
}

// Scales of both signs and 0; offsets so that sums near 0 decide.
inline void make_norm(weft_layer &l, std::mt19937 &dice) {
    std::uniform_real_distribution<float> unit(-1, 1);
    for (int c = 0; c < l.in.channels; c++) {
        l.gamma[c] = dice() % 7 == 0 ? 0.0f : unit(dice);
        l.beta[c] = 0.5f * unit(dice) + 0.4f;
        if (!l.mean) continue;
        l.mean[c] = 0.2f * unit(dice);
        l.variance[c] = 0.05f + 0.05f * unit(dice);
    }
}

// Images of 8 x 8 through two dense layers with ternary weights to ten neurons, as ONNX.
inline void write_dense(const char *path) {
    std::mt19937 dice(4);
    const Network net = fixture::network({1, 8, 8});
    weft_error err{};
    add(net, threshold());
    for (const int units : {24, 10}) {
        add(net, proto(WEFT_LAYER_DENSE, units));
        add(net, proto(WEFT_LAYER_BATCH_NORM));
        add(net, threshold());
    }
    for (const int layer : {1, 4}) {
        make_ternary(net->layers[layer], dice);
        make_norm(net->layers[layer + 1], dice);
    }
    ASSERT_EQ(weft_onnx_write(net.get(), path, &err), WEFT_OK) << err.text;
}

inline Snn convert(const Network &net, Coding &coding, int delay = 1) {
    weft_snn *snn = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_snn_from_binary(&snn, &coding, net.get(), 1, delay, &err), WEFT_OK) << err.text;
    return Snn(snn);
}

inline std::string refusal(const Network &net) {
    weft_snn *snn = nullptr;
    weft_snn_coding coding = {};
    weft_error err = {};
    EXPECT_EQ(weft_snn_from_binary(&snn, &coding, net.get(), 1, 1, &err), WEFT_E_UNSUPPORTED);
    EXPECT_EQ(snn, nullptr);
    EXPECT_EQ(coding.class_of, nullptr);
    weft_snn_destroy(snn);
    return err.text;
}

inline std::vector<float> values_of(const Network &net, int layer, const std::vector<float> &x) {
    const size_t images = x.size() / weft_shape_size(net->input);
    std::vector<float> values(images * weft_shape_size(net->layers[layer].out));
    weft_error err = {};
    EXPECT_EQ(weft_forward_layer(net.get(), layer, x.data(), images, values.data(), &err), WEFT_OK) << err.text;
    return values;
}

inline Float make_float(const Snn &snn, weft_float_reset reset = WEFT_FLOAT_RESET_ZERO, double dt = 1) {
    weft_float_network *net = nullptr;
    weft_error err = {};
    const weft_float_options options = {dt, WEFT_FLOAT_EULER, reset};
    EXPECT_EQ(weft_float_network_create(&net, snn.get(), &options, &err), WEFT_OK) << err.text;
    return Float(net);
}

// An image every step; of every population the spikes of each image, and the classes that win.
struct Spikes {
    std::vector<std::vector<float>> of; // [population][images, size]
    std::vector<int> classes;
};
inline Spikes run(const Network &net, const Snn &snn, const Coding &coding, const std::vector<float> &x,
                  int delay = 1) {
    const std::vector<float> bits = values_of(net, coding.input, x);
    const size_t images = bits.size() / snn->inputs;
    const Float runner = make_float(snn);
    const int last = snn->populations[snn->population_count - 1].depth * delay;
    std::vector<float> nothing(snn->inputs);
    Spikes out;
    for (int p = 0; p < snn->population_count; p++) out.of.emplace_back(images * snn->populations[p].size);
    for (size_t step = 0; step < images + static_cast<size_t>(last); step++) {
        weft_float_network_step(runner.get(), step < images ? bits.data() + step * snn->inputs : nothing.data());
        for (int p = 0; p < snn->population_count; p++) {
            const size_t lag = static_cast<size_t>(snn->populations[p].depth * delay), size = snn->populations[p].size;
            if (step < lag || step - lag >= images) continue;
            const double *values = weft_float_network_output(runner.get(), p);
            std::copy(values, values + size,
                      out.of[static_cast<size_t>(p)].begin() + static_cast<long>((step - lag) * size));
        }
    }
    const std::vector<float> &votes = out.of[static_cast<size_t>(coding.output)];
    for (size_t i = 0; i < images; i++) {
        std::vector<uint32_t> counts(coding.size);
        for (uint32_t n = 0; n < coding.size; n++) counts[n] = static_cast<uint32_t>(votes[i * coding.size + n]);
        out.classes.push_back(weft_snn_vote(&coding, counts.data()));
    }
    return out;
}

// Index of the largest value, of equals the first.
inline int winner(const float *values, int count) {
    int best = 0;
    for (int k = 1; k < count; k++)
        if (values[k] > values[best]) best = k;
    return best;
}

// The spikes of every population are the layer's values, and the class is the network's.
inline void expect_same(const Network &net, const std::vector<float> &x, int delay = 1) {
    Coding coding;
    const Snn snn = convert(net, coding, delay);
    ASSERT_TRUE(snn);
    const Spikes spikes = run(net, snn, coding, x, delay);
    for (int p = 0; p < snn->population_count; p++)
        EXPECT_EQ(spikes.of[static_cast<size_t>(p)], values_of(net, coding.layers[p], x)) << snn->populations[p].name;
    const std::vector<float> logits = values_of(net, net->layer_count - 1, x);
    for (size_t i = 0; i < spikes.classes.size(); i++)
        EXPECT_EQ(spikes.classes[i], winner(logits.data() + i * static_cast<size_t>(coding.classes), coding.classes))
            << i;
}

} // namespace binary
#endif
