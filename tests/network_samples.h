// Small networks with random weights for tests of the ONNX reader and writer.
#ifndef WEFT_TESTS_NETWORK_SAMPLES_H
#define WEFT_TESTS_NETWORK_SAMPLES_H

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <unistd.h>

#include "core/arena.h"
#include "core/network.h"
#include "core/rng.h"

namespace samples {

struct NetworkDeleter {
    void operator()(weft_network *net) const { weft_network_destroy(net); }
};
using Network = std::unique_ptr<weft_network, NetworkDeleter>;

// A folder of this process that goes away with the object.
class Folder {
  public:
    Folder() {
        char name[] = "/tmp/weft-test-XXXXXX";
        path_ = mkdtemp(name);
    }
    ~Folder() {
        std::string command = "rm -rf '" + path_ + "'";
        if (system(command.c_str()) != 0) perror("rm");
    }
    std::string operator/(const std::string &name) const { return path_ + "/" + name; }
    const std::string &path() const { return path_; }

  private:
    std::string path_;
};

inline void write_file(const std::string &path, const std::string &data) {
    std::ofstream(path, std::ios::binary) << data;
}
inline std::string read_file(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline Network create(weft_shape input) {
    weft_network *net = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_network_create(&net, "sample", input, &err), WEFT_OK) << err.text;
    return Network(net);
}

inline weft_layer &add(weft_network *net, weft_layer proto, const char *name, bool with_bias = false) {
    int index = -1;
    weft_error err = {};
    EXPECT_EQ(weft_network_add(net, &proto, name, net->layer_count - 1, with_bias, &index, &err), WEFT_OK) << err.text;
    EXPECT_EQ(index, net->layer_count - 1);
    return net->layers[index];
}

inline weft_layer conv(int channels, int kernel, int stride = 1, int pad = 0, int groups = 1) {
    weft_layer l = {};
    l.kind = WEFT_LAYER_CONV;
    l.out.channels = channels;
    l.groups = groups;
    l.window = {kernel, kernel, stride, stride, 1, 1, pad, pad, pad, pad};
    return l;
}
inline weft_layer dense(int features) {
    weft_layer l = {};
    l.kind = WEFT_LAYER_DENSE;
    l.out.channels = features;
    return l;
}
inline weft_layer batch_norm(float epsilon = 1e-5f) {
    weft_layer l = {};
    l.kind = WEFT_LAYER_BATCH_NORM;
    l.epsilon = epsilon;
    return l;
}
inline weft_layer pool(weft_layer_kind kind, int kernel, int stride) {
    weft_layer l = {};
    l.kind = kind;
    l.window = {kernel, kernel, stride, stride, 1, 1, 0, 0, 0, 0};
    return l;
}
inline weft_layer plain(weft_layer_kind kind) {
    weft_layer l = {};
    l.kind = kind;
    return l;
}

inline weft_layer clip(float low, float high) {
    weft_layer l = plain(WEFT_LAYER_CLIP);
    l.low = low, l.high = high;
    return l;
}
inline weft_layer quantise(float low, float high, int levels) {
    weft_layer l = plain(WEFT_LAYER_QUANTISE);
    l.low = low, l.high = high, l.levels = levels;
    return l;
}
inline weft_layer threshold(float at, bool is_signed) {
    weft_layer l = plain(WEFT_LAYER_THRESHOLD);
    l.threshold = at, l.signed_spikes = is_signed;
    return l;
}
// Appends the sum of two layers.
inline weft_layer &add_sum(weft_network *net, const char *name, int input, int addend) {
    weft_layer proto = plain(WEFT_LAYER_ADD);
    weft_error err = {};
    proto.input2 = addend;
    EXPECT_EQ(weft_network_add(net, &proto, name, input, false, nullptr, &err), WEFT_OK) << err.text;
    return net->layers[net->layer_count - 1];
}
// Appends the concatenation of two layers.
inline int add_concat(weft_network *net, const char *name, int input, int other) {
    weft_layer proto = plain(WEFT_LAYER_CONCAT);
    int index = -1;
    weft_error err = {};
    proto.input2 = other;
    EXPECT_EQ(weft_network_add(net, &proto, name, input, false, &index, &err), WEFT_OK) << err.text;
    return index;
}
inline weft_layer sloped(weft_layer_kind kind, float slope, float offset = 0) {
    weft_layer l = plain(kind);
    l.slope = slope, l.offset = offset;
    return l;
}
inline weft_layer padding(int top, int left, int bottom, int right) {
    weft_layer l = plain(WEFT_LAYER_PAD);
    l.window.pad_top = top, l.window.pad_left = left, l.window.pad_bottom = bottom, l.window.pad_right = right;
    return l;
}
inline weft_layer shuffle(int groups) {
    weft_layer l = plain(WEFT_LAYER_CHANNEL_SHUFFLE);
    l.groups = groups;
    return l;
}
// Appends a layer after any other.
inline int add_after(weft_network *net, int input, weft_layer proto, const char *name) {
    int index = -1;
    weft_error err = {};
    EXPECT_EQ(weft_network_add(net, &proto, name, input, false, &index, &err), WEFT_OK) << err.text;
    return index;
}

inline void fill(float *array, size_t count, uint64_t seed, uint16_t layer, float scale, float offset) {
    weft_rng rng = {seed, 0, layer, WEFT_PURPOSE_TEST};
    if (!array) return;
    for (size_t i = 0; i < count; i++) array[i] = offset + scale * weft_rng_normal(&rng, i);
}

// Random values in every array; signs as weights and a latent array where `latent`.
inline void randomise(weft_network *net, uint64_t seed, bool latent) {
    for (int i = 0; i < net->layer_count; i++) {
        weft_layer &l = net->layers[i];
        auto id = static_cast<uint16_t>(8 * i);
        size_t channels = static_cast<size_t>(l.out.channels);
        fill(l.weight, l.weight_count, seed, id, 0.1f, 0.0f);
        fill(l.bias, channels, seed, id + 1, 0.1f, 0.0f);
        fill(l.gamma, channels, seed, id + 2, 0.1f, 1.0f);
        fill(l.beta, channels, seed, id + 3, 0.1f, 0.0f);
        fill(l.mean, channels, seed, id + 4, 0.1f, 0.0f);
        fill(l.variance, channels, seed, id + 5, 0.02f, 1.0f);
        if (!latent || !weft_layer_has_weights(&l)) continue;
        l.latent = static_cast<float *>(weft_aligned_alloc(l.weight_count, sizeof(float)));
        for (size_t k = 0; k < l.weight_count; k++) {
            l.latent[k] = l.weight[k];
            l.weight[k] = l.weight[k] < 0 ? -0.1f : 0.1f;
        }
        l.input_min = -0.1f * static_cast<float>(i);
        l.input_max = 1.0f / 3.0f;
    }
}

// Every kind of layer, with metadata.
inline Network every_kind(uint64_t seed, bool latent) {
    Network net = create({2, 12, 12});
    add(net.get(), conv(4, 3, 1, 1), "conv1", true);
    add(net.get(), batch_norm(), "bn1");
    add(net.get(), plain(WEFT_LAYER_RELU), "relu1");
    add(net.get(), pool(WEFT_LAYER_MAX_POOL, 2, 2), "pool1");
    add(net.get(), conv(6, 3, 1, 0, 2), "conv2");
    add(net.get(), pool(WEFT_LAYER_AVERAGE_POOL, 2, 2), "pool2");
    add(net.get(), plain(WEFT_LAYER_FLATTEN), "flat");
    add(net.get(), dense(8), "fc1", true);
    add(net.get(), batch_norm(1e-3f), "bn2");
    add(net.get(), plain(WEFT_LAYER_RELU), "relu2");
    add(net.get(), dense(5), "fc2");
    randomise(net.get(), seed, latent);
    net->preprocess.channels = 2;
    net->preprocess.mean[0] = 0.286040604f, net->preprocess.mean[1] = 0.5f;
    net->preprocess.std[0] = 0.353024f, net->preprocess.std[1] = 0.25f;
    weft_error err = {};
    EXPECT_EQ(weft_network_set(net.get(), "weft.seed", "42", &err), WEFT_OK);
    EXPECT_EQ(weft_network_set(net.get(), "weft.projection", "sign", &err), WEFT_OK);
    return net;
}

// Two residual blocks, the second with a convolution in its shortcut, and every kind of activation.
inline Network residual(uint64_t seed, bool latent) {
    Network net = create({3, 8, 8});
    weft_network *n = net.get();
    add(n, conv(8, 3, 1, 1), "conv0");
    add(n, batch_norm(), "bn0");
    int start = add_after(n, 1, quantise(0.0f, 1.5f, 15), "quantise0");
    add(n, conv(8, 3, 1, 1), "conv1");
    add(n, batch_norm(), "bn1");
    add(n, threshold(0.3f, true), "spikes1");
    add_sum(n, "sum1", 5, start);
    int middle = add_after(n, 6, clip(0.0f, 6.0f), "relu6");
    add(n, conv(12, 3, 2, 1), "conv2");
    add(n, quantise(-2.0f, 2.0f, 7), "quantise2");
    int shortcut = add_after(n, middle, conv(12, 1, 2), "shortcut");
    add_sum(n, "sum2", shortcut, 9);
    add(n, threshold(0.05f, false), "spikes2");
    add(n, pool(WEFT_LAYER_AVERAGE_POOL, 4, 4), "pool");
    add(n, plain(WEFT_LAYER_FLATTEN), "flat");
    add(n, dense(5), "fc", true);
    randomise(n, seed, latent);
    return net;
}

// The kinds of layers that only imported networks have, two branches, and a softmax.
inline Network imported(uint64_t seed) {
    Network net = create({3, 9, 9});
    weft_network *n = net.get();
    add(n, plain(WEFT_LAYER_AFFINE), "normalise");
    add(n, padding(0, 1, 2, 0), "pad");
    int stem = add_after(n, 1, conv(6, 3, 2), "stem");
    add(n, plain(WEFT_LAYER_HARD_SWISH), "swish");
    int left = add_after(n, 3, conv(6, 3, 1, 1, 6), "depthwise");
    left = add_after(n, left, sloped(WEFT_LAYER_LEAKY_RELU, 0.1f), "leaky");
    int right = add_after(n, stem, plain(WEFT_LAYER_TANH), "tanh");
    int both = add_concat(n, "both", left, right);
    add_concat(n, "all", both, 3);
    add(n, shuffle(3), "mixed");
    add(n, quantise(-1.0f, 1.55f, 155), "bytes");
    add(n, conv(4, 1), "mix", true);
    add(n, sloped(WEFT_LAYER_HARD_SIGMOID, 0.2f, 0.5f), "gate");
    add(n, quantise(-0.001f, 0.999f, 999), "words");
    add(n, pool(WEFT_LAYER_MAX_POOL, 4, 1), "pool");
    add(n, plain(WEFT_LAYER_SIGMOID), "sigmoid");
    add(n, plain(WEFT_LAYER_FLATTEN), "flat");
    add(n, plain(WEFT_LAYER_AFFINE), "scale");
    add(n, shuffle(2), "turned");
    add(n, dense(5), "fc", true);
    add(n, plain(WEFT_LAYER_SOFTMAX), "softmax");
    randomise(n, seed, false);
    return net;
}

} // namespace samples

#endif
