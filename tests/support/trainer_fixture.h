// Small networks, data sets and recipes for the trainer's tests.
#ifndef WEFT_TESTS_SUPPORT_TRAINER_FIXTURE_H
#define WEFT_TESTS_SUPPORT_TRAINER_FIXTURE_H

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "core/network.h"
#include "core/onnx.h"
#include "trainer/trainer.h"

namespace fixture {

struct NetworkDeleter {
    void operator()(weft_network *net) const { weft_network_destroy(net); }
};
using Network = std::unique_ptr<weft_network, NetworkDeleter>;

inline weft_layer proto(weft_layer_kind kind, int channels = 0, int kernel = 1, int stride = 1, int pad = 0,
                        int dilation = 1, int groups = 1) {
    weft_layer l;
    std::memset(&l, 0, sizeof l);
    l.kind = kind;
    l.out.channels = channels;
    l.groups = groups;
    l.epsilon = 1e-3f;
    l.window = {kernel, kernel, stride, stride, dilation, dilation, pad, pad, pad, pad};
    return l;
}

inline weft_layer shuffle(int groups) { return proto(WEFT_LAYER_CHANNEL_SHUFFLE, 0, 1, 1, 0, 1, groups); }

// Layer after `input`, returning its number; -1: the network's input.
inline int after(const Network &net, int input, const weft_layer &layer, bool bias = false) {
    weft_error err = {};
    int index = -2;
    std::string name = "layer" + std::to_string(net->layer_count);
    EXPECT_EQ(weft_network_add(net.get(), &layer, name.c_str(), input, bias, &index, &err), WEFT_OK) << err.text;
    return index;
}

inline Network network(weft_shape input) {
    weft_network *net = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_network_create(&net, "test", input, &err), WEFT_OK) << err.text;
    return Network(net);
}

inline void add(const Network &net, const weft_layer &layer, bool bias = false) {
    weft_error err = {};
    std::string name = "layer" + std::to_string(net->layer_count);
    ASSERT_EQ(weft_network_add(net.get(), &layer, name.c_str(), net->layer_count - 1, bias, nullptr, &err), WEFT_OK)
        << err.text;
}

inline std::vector<float> random_values(size_t count, unsigned seed, float low = -1, float high = 1) {
    std::mt19937 generator(seed);
    std::uniform_real_distribution<float> uniform(low, high);
    std::vector<float> v(count);
    for (float &value : v) value = uniform(generator);
    return v;
}

inline void fill(float *to, size_t count, unsigned seed, float low, float high) {
    if (!to) return;
    std::vector<float> v = random_values(count, seed, low, high);
    std::copy(v.begin(), v.end(), to);
}

// Random parameters and statistics everywhere.
inline void randomise(const Network &net, unsigned seed) {
    for (int i = 0; i < net->layer_count; i++) {
        weft_layer &l = net->layers[i];
        size_t channels = static_cast<size_t>(l.out.channels);
        fill(l.weight, l.weight_count, seed + 10u * static_cast<unsigned>(i), -0.5f, 0.5f);
        fill(l.bias, channels, seed + 1 + 10u * static_cast<unsigned>(i), -0.5f, 0.5f);
        fill(l.gamma, channels, seed + 2 + 10u * static_cast<unsigned>(i), 0.5f, 1.5f);
        fill(l.beta, channels, seed + 3 + 10u * static_cast<unsigned>(i), -0.5f, 0.5f);
        fill(l.mean, channels, seed + 4 + 10u * static_cast<unsigned>(i), -0.5f, 0.5f);
        fill(l.variance, channels, seed + 5 + 10u * static_cast<unsigned>(i), 0.5f, 1.5f);
    }
}

inline std::string read_file(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

inline void write_file(const std::string &path, const std::string &data) {
    std::ofstream(path, std::ios::binary) << data;
}

inline std::string word(uint32_t v) {
    return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8), static_cast<char>(v)};
}

// A folder of its own with an IDX data set of 6 x 6 images whose class is the position of a bright bar, plus noise.
class Folder {
  public:
    Folder() {
        char name[] = "/tmp/weft-trainer-XXXXXX";
        path = mkdtemp(name);
        write_split("train", 240, 1);
        write_split("t10k", 60, 2);
    }
    ~Folder() {
        std::string command = "rm -rf '" + path + "'";
        if (std::system(command.c_str()) != 0) std::perror("rm");
    }
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    std::string file(const std::string &name) const { return path + "/" + name; }
    std::string path;

  private:
    void write_split(const std::string &split, unsigned count, unsigned seed) const {
        std::mt19937 generator(seed);
        std::string pixels = word(0x803) + word(count) + word(6) + word(6), labels = word(0x801) + word(count);
        for (unsigned i = 0; i < count; i++) {
            unsigned label = i % 10;
            for (unsigned p = 0; p < 36; p++) {
                bool bright = label < 6 ? p / 6 == label : p % 6 == label - 5;
                pixels += static_cast<char>((bright ? 150 : 0) + generator() % 100);
            }
            labels += static_cast<char>(label);
        }
        write_file(file(split + "-images-idx3-ubyte"), pixels);
        write_file(file(split + "-labels-idx1-ubyte"), labels);
    }
};

// A convolutional net with every kind of layer on that data set.
inline std::string recipe_text(const std::string &folder, const std::string &extra = "projection: sign\n",
                               int epochs = 2) {
    return "name: small\ndataset: " + folder + "\nepochs: " + std::to_string(epochs) +
           "\nbatch: 20\nlayers:\n"
           "  - conv: {filters: 5, kernel: 3, bias: true}\n  - batch_norm\n  - relu\n  - max_pool: {size: 2}\n"
           "  - conv: {filters: 6, kernel: 2}\n  - average_pool: {size: 2, stride: 1}\n  - batch_norm\n  - relu\n"
           "  - flatten\n  - dense: {units: 10, bias: true}\n  - batch_norm\n"
           "optimiser: {adam: {learning_rate: 0.01}}\nschedule: one_cycle\nrecalibrate: 100\n" +
           extra;
}

struct Outcome {
    weft_status status;
    weft_error error;
    weft_train_result result;
};

inline Outcome train(const std::string &recipe, const std::string &output, bool resume = false,
                     const volatile sig_atomic_t *stop = nullptr,
                     void (*progress)(void *, const weft_train_progress *) = nullptr, void *context = nullptr,
                     std::vector<const char *> overrides = {}) {
    weft_train_options options = {};
    options.recipe = recipe.c_str();
    options.output = output.c_str();
    options.resume = resume;
    options.stop = stop;
    options.progress = progress;
    options.context = context;
    options.overrides = overrides.data();
    options.override_count = static_cast<int>(overrides.size());
    Outcome run = {};
    run.status = weft_train(&run.result, &options, &run.error);
    return run;
}

} // namespace fixture
#endif
