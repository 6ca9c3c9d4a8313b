// Does the executor compute what the definitions say, for random networks, batches and thread counts?
#include <omp.h>

#include <functional>

#include "tests/support/naive_network.h"
#include "tests/support/trainer_fixture.h"

using namespace fixture;

namespace {

struct ForwardDeleter {
    void operator()(weft_forward *forward) const { weft_forward_destroy(forward); }
};
using Forward = std::unique_ptr<weft_forward, ForwardDeleter>;

Forward executor(const Network &net, int batch, weft_precision precision = WEFT_PRECISION_FP32) {
    weft_forward *forward = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_forward_create(&forward, net.get(), batch, precision, &err), WEFT_OK) << err.text;
    return Forward(forward);
}

size_t outputs(const Network &net) { return weft_shape_size(net->layers[net->layer_count - 1].out); }

std::vector<float> run(const Forward &forward, const Network &net, const std::vector<float> &x, size_t count) {
    weft_error err = {};
    std::vector<float> logits(count * outputs(net), -7.0f);
    EXPECT_EQ(weft_forward_run(forward.get(), x.data(), count, logits.data(), &err), WEFT_OK) << err.text;
    return logits;
}

// A random chain on a random shape; every kind occurs over the seeds.
Network random_network(unsigned seed) {
    std::mt19937 g(seed);
    auto pick = [&](int low, int high) { return low + static_cast<int>(g() % static_cast<unsigned>(high - low + 1)); };
    Network net = network({pick(1, 17), pick(8, 12), pick(8, 12)});
    int blocks = pick(1, 3);
    for (int b = 0; b < blocks; b++) {
        int kernel = pick(1, 3);
        add(net, proto(WEFT_LAYER_CONV, pick(1, 33), kernel, pick(1, 2), kernel / 2), pick(0, 1) == 1);
        if (pick(0, 1)) add(net, proto(pick(0, 1) ? WEFT_LAYER_MAX_POOL : WEFT_LAYER_AVERAGE_POOL, 0, 2, 1));
        if (pick(0, 2)) add(net, proto(WEFT_LAYER_BATCH_NORM));
        if (pick(0, 2)) add(net, proto(WEFT_LAYER_RELU));
    }
    if (pick(0, 1)) add(net, proto(WEFT_LAYER_FLATTEN));
    if (pick(0, 1)) {
        add(net, proto(WEFT_LAYER_DENSE, pick(1, 40)));
        add(net, proto(WEFT_LAYER_BATCH_NORM));
        add(net, proto(WEFT_LAYER_RELU));
    }
    add(net, proto(WEFT_LAYER_DENSE, 10), true);
    randomise(net, seed + 100);
    return net;
}

// Single precision: 1e-4 of the largest output.
void expect_near(const std::vector<float> &values, const naive::Values &expected) {
    double largest = 1;
    ASSERT_EQ(values.size(), expected.size());
    for (double v : expected) largest = std::max(largest, std::fabs(v));
    for (size_t i = 0; i < values.size(); i++)
        ASSERT_NEAR(static_cast<double>(values[i]), expected[i], 1e-4 * largest) << i;
}

TEST(Forward, RandomNetworksAgreeWithTheDefinitions) {
    for (unsigned seed = 0; seed < 40; seed++) {
        SCOPED_TRACE(seed);
        Network net = random_network(seed);
        int count = 5;
        std::vector<float> x = random_values(static_cast<size_t>(count) * weft_shape_size(net->input), seed + 50);
        expect_near(run(executor(net, 3), net, x, 5), naive::run(net.get(), x, count, false));
    }
}

weft_layer with(weft_layer_kind kind, float low, float high, float slope = 0, float offset = 0, int levels = 0) {
    weft_layer l = proto(kind);
    l.low = low, l.high = high, l.slope = slope, l.offset = offset, l.levels = levels;
    return l;
}

// Brings a map of one more row and column and of any channels back to the usual ones.
weft_layer shrink(int channels, int kernel) {
    weft_layer l = proto(WEFT_LAYER_CONV, channels, kernel);
    l.window.pad_left = l.window.pad_bottom = kernel - 2;
    return l;
}

// Layers after any earlier one, sums and concatenations of any two: what may overwrite its input and what may not, and
// whose memory is free.
Network random_graph(unsigned seed) {
    std::mt19937 g(seed);
    auto pick = [&](int low, int high) { return low + static_cast<int>(g() % static_cast<unsigned>(high - low + 1)); };
    Network net = network({pick(1, 17), 6, 6});
    weft_layer sum = proto(WEFT_LAYER_ADD), join = proto(WEFT_LAYER_CONCAT), pad = proto(WEFT_LAYER_PAD);
    weft_layer dilated = proto(WEFT_LAYER_MAX_POOL, 0, 3, 1, 2, 2), padded = proto(WEFT_LAYER_AVERAGE_POOL, 0, 3, 1, 1);
    padded.count_include_pad = true;
    pad.window.pad_top = pad.window.pad_right = 1;
    int channels = pick(1, 20);
    after(net, -1, proto(WEFT_LAYER_CONV, channels, 3, 1, 1));
    std::vector<int> maps{0}; // layers whose outputs have the usual shape
    for (int k = pick(6, 14); k > 0; k--) {
        int input = maps[static_cast<size_t>(pick(0, static_cast<int>(maps.size()) - 1))];
        sum.input2 = join.input2 = maps[static_cast<size_t>(pick(0, static_cast<int>(maps.size()) - 1))];
        const weft_layer choices[] = {proto(WEFT_LAYER_CONV, channels, 3, 1, 1),
                                      proto(WEFT_LAYER_CONV, channels, 1, 1, 0, 1, channels),
                                      proto(WEFT_LAYER_CONV, channels, 3, 1, 2, 2),
                                      proto(WEFT_LAYER_CONV, channels, 3, 1, 1, 1, channels),
                                      proto(WEFT_LAYER_MAX_POOL, 0, 3, 1, 1),
                                      dilated,
                                      padded,
                                      proto(WEFT_LAYER_BATCH_NORM),
                                      proto(WEFT_LAYER_AFFINE),
                                      proto(WEFT_LAYER_RELU),
                                      with(WEFT_LAYER_CLIP, -0.5f, 0.8f),
                                      with(WEFT_LAYER_LEAKY_RELU, 0, 0, 0.1f),
                                      proto(WEFT_LAYER_SIGMOID),
                                      with(WEFT_LAYER_HARD_SIGMOID, 0, 0, 0.3f, 0.4f),
                                      proto(WEFT_LAYER_HARD_SWISH),
                                      proto(WEFT_LAYER_TANH),
                                      proto(WEFT_LAYER_SOFTMAX),
                                      shuffle(channels % 3 == 0   ? 3
                                              : channels % 2 == 0 ? 2
                                                                  : channels),
                                      sum,
                                      sum,
                                      pad,
                                      join};
        int chosen = pick(0, 21), made = after(net, input, choices[chosen]);
        if (chosen == 20) made = after(net, made, shrink(channels, 2));
        if (chosen == 21) made = after(net, made, proto(WEFT_LAYER_CONV, channels, 1));
        maps.push_back(made);
    }
    int flat = after(net, net->layer_count - 1, proto(WEFT_LAYER_FLATTEN));
    int rectified = after(net, flat, proto(WEFT_LAYER_RELU));
    sum.input2 = join.input2 = flat;
    after(net, after(net, rectified, sum), join);
    add(net, proto(WEFT_LAYER_DENSE, 10), true);
    randomise(net, seed + 100);
    return net;
}

TEST(Forward, RandomGraphsAgreeWithTheDefinitions) {
    for (unsigned seed = 0; seed < 100; seed++) {
        SCOPED_TRACE(seed);
        Network net = random_graph(seed);
        std::vector<float> x = random_values(5 * weft_shape_size(net->input), seed + 50);
        expect_near(run(executor(net, 3), net, x, 5), naive::run(net.get(), x, 5, false));
    }
}

// Wide enough for every implementation of a convolution.
TEST(Forward, WideConvolutions) {
    Network net = network({16, 9, 10});
    add(net, proto(WEFT_LAYER_CONV, 64, 3, 1, 1));
    add(net, proto(WEFT_LAYER_CONV, 32, 3, 1, 1), true);
    add(net, proto(WEFT_LAYER_CONV, 32, 3, 2, 1));
    randomise(net, 5);
    std::vector<float> x = random_values(4 * weft_shape_size(net->input), 6);
    expect_near(run(executor(net, 4), net, x, 4), naive::run(net.get(), x, 4, false));
}

// Of the length of all expected values.
double relative_error(const std::vector<float> &values, const naive::Values &expected) {
    double error = 0, size = 0;
    EXPECT_EQ(values.size(), expected.size());
    for (size_t i = 0; i < expected.size(); i++) {
        error += std::pow(static_cast<double>(values[i]) - expected[i], 2);
        size += expected[i] * expected[i];
    }
    return std::sqrt(error / size);
}

// Eight bits of a factor: a relative error of some 0.3 % a layer.
TEST(Forward, Bfloat16IsNearTheDefinitions) {
    if (!weft_precision_is_native(WEFT_PRECISION_BF16)) GTEST_SKIP() << "the processor has no bfloat16";
    for (unsigned seed = 0; seed < 20; seed++) {
        SCOPED_TRACE(seed);
        Network net = seed % 2 ? random_graph(seed) : random_network(seed);
        std::vector<float> x = random_values(5 * weft_shape_size(net->input), seed + 50);
        double error =
            relative_error(run(executor(net, 3, WEFT_PRECISION_BF16), net, x, 5), naive::run(net.get(), x, 5, false));
        EXPECT_LT(error, 0.03);
        EXPECT_GT(error, 1e-4); // it is bfloat16
    }
}

// Some 0.5 % of each layer's largest value, or less.
TEST(Forward, Int8IsNearTheDefinitions) {
    for (unsigned seed = 0; seed < 20; seed++) {
        SCOPED_TRACE(seed);
        Network net = seed % 2 ? random_graph(seed) : random_network(seed);
        std::vector<float> x = random_values(5 * weft_shape_size(net->input), seed + 50);
        weft_error err = {};
        Forward exact = executor(net, 5);
        ASSERT_EQ(weft_forward_reestimate(exact.get(), net.get(), x.data(), 5, false, true, &err), WEFT_OK) << err.text;
        double error =
            relative_error(run(executor(net, 3, WEFT_PRECISION_INT8), net, x, 5), naive::run(net.get(), x, 5, false));
        EXPECT_LT(error, 0.03);
        EXPECT_GT(error, 1e-4); // it is int8
    }
}

TEST(Forward, Bfloat16ByWinograd) {
    if (!weft_precision_is_native(WEFT_PRECISION_BF16)) GTEST_SKIP() << "the processor has no bfloat16";
    Network net = network({16, 9, 10});
    add(net, proto(WEFT_LAYER_CONV, 64, 3, 1, 1));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_CONV, 32, 3, 1, 1));
    randomise(net, 5);
    std::vector<float> x = random_values(7 * weft_shape_size(net->input), 6);
    EXPECT_LT(relative_error(run(executor(net, 4, WEFT_PRECISION_BF16), net, x, 7), naive::run(net.get(), x, 7, false)),
              0.01);
}

TEST(Forward, ReadsTheNetworkAtEveryRun) {
    Network net = random_network(3);
    std::vector<float> x = random_values(2 * weft_shape_size(net->input), 4);
    Forward forward = executor(net, 2);
    std::vector<float> before = run(forward, net, x, 2);
    randomise(net, 999);
    std::vector<float> after = run(forward, net, x, 2);
    EXPECT_NE(before, after);
    expect_near(after, naive::run(net.get(), x, 2, false));
}

TEST(Forward, SameBytesForAnyNumberOfThreads) {
    for (unsigned seed : {1u, 5u, 9u}) {
        Network net = random_network(seed);
        std::vector<float> x = random_values(23 * weft_shape_size(net->input), seed);
        std::vector<std::vector<float>> results;
        for (int threads : {1, 2, 5}) {
            omp_set_num_threads(threads);
            results.push_back(run(executor(net, 4), net, x, 23));
            EXPECT_EQ(omp_get_max_threads(), threads);
        }
        EXPECT_EQ(results[0], results[1]);
        EXPECT_EQ(results[0], results[2]);
    }
}

TEST(Forward, NothingToDo) {
    Network net = random_network(2);
    float ignored = 0;
    weft_error err = {};
    Forward forward = executor(net, 4);
    EXPECT_EQ(weft_forward_run(forward.get(), &ignored, 0, &ignored, &err), WEFT_OK);
    EXPECT_EQ(weft_forward_reestimate(forward.get(), net.get(), &ignored, 0, true, true, &err), WEFT_E_INVALID);
    weft_forward *none = nullptr;
    EXPECT_EQ(weft_forward_create(&none, net.get(), 0, WEFT_PRECISION_FP32, &err), WEFT_E_INVALID);
    EXPECT_EQ(none, nullptr);
}

// ---- re-estimation ----

Network normed_network(unsigned seed) {
    Network net = network({2, 8, 8});
    add(net, proto(WEFT_LAYER_CONV, 20, 3, 1, 1));
    add(net, proto(WEFT_LAYER_MAX_POOL, 0, 2, 2));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_CONV, 7, 3, 1, 1));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_FLATTEN));
    add(net, proto(WEFT_LAYER_DENSE, 10));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    randomise(net, seed);
    return net;
}

struct Expected {
    std::vector<std::vector<double>> mean, variance;
    std::vector<std::pair<double, double>> range;
};

// Layer by layer, each batch norm with the statistics of what it is given.
Expected expected_statistics(const Network &net, const std::vector<float> &x, int count) {
    Expected e;
    const std::vector<naive::Values> values = naive::all(net.get(), naive::Values(x.begin(), x.end()), count, true);
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer &l = net->layers[i];
        const naive::Values &v = values[static_cast<size_t>(l.input + 1)];
        e.range.emplace_back(*std::min_element(v.begin(), v.end()), *std::max_element(v.begin(), v.end()));
        e.mean.emplace_back();
        e.variance.emplace_back();
        for (int c = 0; l.kind == WEFT_LAYER_BATCH_NORM && c < l.in.channels; c++) {
            double mean, variance;
            naive::moments(l, v, count, c, mean, variance);
            e.mean.back().push_back(mean);
            e.variance.back().push_back(variance);
        }
    }
    return e;
}

void check_statistics(const Network &net, unsigned seed) {
    const int count = 19;
    std::vector<float> x = random_values(count * weft_shape_size(net->input), seed);
    Expected e = expected_statistics(net, x, count);
    Forward forward = executor(net, 4);
    weft_error err = {};
    ASSERT_EQ(weft_forward_reestimate(forward.get(), net.get(), x.data(), count, true, true, &err), WEFT_OK);
    for (size_t i = 0; i < e.mean.size(); i++) {
        const weft_layer &l = net->layers[i];
        for (size_t c = 0; c < e.mean[i].size(); c++) {
            EXPECT_NEAR(static_cast<double>(l.mean[c]), e.mean[i][c], 1e-5) << l.name << " " << c;
            EXPECT_NEAR(static_cast<double>(l.variance[c]), e.variance[i][c], 2e-5 * (1 + e.variance[i][c])) << l.name;
        }
        if (!weft_layer_has_weights(&l)) continue;
        EXPECT_NEAR(static_cast<double>(l.input_min), e.range[i].first, 1e-4) << l.name;
        EXPECT_NEAR(static_cast<double>(l.input_max), e.range[i].second, 1e-4) << l.name;
    }
    // The distorted network's output is normalised: mean beta, deviation gamma.
    std::vector<float> logits = run(forward, net, x, count);
    expect_near(logits, naive::run(net.get(), x, count, true));
}

TEST(Reestimate, StatisticsAndRangesAgreeWithTheDefinition) { check_statistics(normed_network(11), 12); }

// Activations from before a batch norm are read behind it, the network's input too.
Network residual_network(unsigned seed) {
    Network net = network({6, 6, 6});
    weft_layer sum = proto(WEFT_LAYER_ADD);
    auto skip = [&](int addend) {
        sum.input2 = addend;
        add(net, sum);
    };
    for (int block = 0; block < 3; block++) {
        int from = net->layer_count - 1; // -1: the network's input
        add(net, proto(WEFT_LAYER_CONV, 6, 3, 1, 1));
        add(net, proto(WEFT_LAYER_BATCH_NORM));
        add(net, proto(WEFT_LAYER_RELU));
        add(net, proto(WEFT_LAYER_CONV, 6, 3, 1, 1));
        add(net, proto(WEFT_LAYER_BATCH_NORM));
        skip(from);
        if (block == 1) skip(-1);
        add(net, proto(WEFT_LAYER_RELU));
    }
    add(net, proto(WEFT_LAYER_DENSE, 10));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    randomise(net, seed);
    return net;
}

TEST(Reestimate, ResidualNetwork) { check_statistics(residual_network(17), 18); }

TEST(Reestimate, InBfloat16) {
    if (!weft_precision_is_native(WEFT_PRECISION_BF16)) GTEST_SKIP() << "the processor has no bfloat16";
    const int count = 19;
    Network net = residual_network(19);
    std::vector<float> x = random_values(count * weft_shape_size(net->input), 20);
    Expected e = expected_statistics(net, x, count);
    Forward forward = executor(net, 4, WEFT_PRECISION_BF16);
    weft_error err = {};
    ASSERT_EQ(weft_forward_reestimate(forward.get(), net.get(), x.data(), count, true, true, &err), WEFT_OK);
    for (size_t i = 0; i < e.mean.size(); i++)
        for (size_t c = 0; c < e.mean[i].size(); c++) {
            EXPECT_NEAR(static_cast<double>(net->layers[i].mean[c]), e.mean[i][c],
                        0.02 * std::sqrt(e.variance[i][c] + 0.01));
            EXPECT_NEAR(static_cast<double>(net->layers[i].variance[c]), e.variance[i][c], 0.03 * e.variance[i][c]);
        }
    EXPECT_LT(relative_error(run(forward, net, x, count), naive::run(net.get(), x, count, true)), 0.03);
}

TEST(Reestimate, OnlyWhatIsAskedFor) {
    Network net = normed_network(13), copy = normed_network(13);
    std::vector<float> x = random_values(4 * weft_shape_size(net->input), 14);
    Forward forward = executor(net, 4);
    weft_error err = {};
    ASSERT_EQ(weft_forward_reestimate(forward.get(), net.get(), x.data(), 4, false, true, &err), WEFT_OK);
    EXPECT_EQ(std::memcmp(net->layers[2].mean, copy->layers[2].mean, 20 * sizeof(float)), 0);
    EXPECT_GT(net->layers[4].input_max, 0.0f);
    EXPECT_EQ(net->layers[4].input_min, 0.0f); // after a rectifier
    ASSERT_EQ(weft_forward_reestimate(forward.get(), net.get(), x.data(), 4, true, false, &err), WEFT_OK);
    EXPECT_NE(std::memcmp(net->layers[2].mean, copy->layers[2].mean, 20 * sizeof(float)), 0);
    EXPECT_EQ(weft_forward_reestimate(forward.get(), copy.get(), x.data(), 4, true, false, &err), WEFT_E_INTERNAL);
}

void check_threads(const std::function<Network()> &make) {
    std::vector<std::string> results;
    for (int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        Network net = make();
        std::vector<float> x = random_values(31 * weft_shape_size(net->input), 16);
        weft_error err = {};
        Forward forward = executor(net, 3);
        ASSERT_EQ(weft_forward_reestimate(forward.get(), net.get(), x.data(), 31, true, true, &err), WEFT_OK);
        std::string bytes;
        for (int i = 0; i < net->layer_count; i++) {
            const weft_layer &l = net->layers[i];
            if (l.kind != WEFT_LAYER_BATCH_NORM) continue;
            bytes.append(reinterpret_cast<char *>(l.mean), static_cast<size_t>(l.out.channels) * sizeof(float));
            bytes.append(reinterpret_cast<char *>(l.variance), static_cast<size_t>(l.out.channels) * sizeof(float));
        }
        results.push_back(bytes);
    }
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
}

TEST(Reestimate, SameBytesForAnyNumberOfThreads) {
    check_threads([] { return normed_network(15); });
    check_threads([] { return residual_network(15); });
}

} // namespace
