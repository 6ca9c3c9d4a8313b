// Does every layer's backward pass agree with finite differences of a double-precision forward pass?
#include "tests/support/naive_network.h"
#include "tests/support/trainer_fixture.h"
#include "trainer/plan.h"

using namespace fixture;

namespace {

constexpr int batch = 4;
constexpr double step = 1e-6;
constexpr size_t samples = 60; // elements of an array that are compared, evenly spread

// Sum of the outputs, each times its own factor.
double objective(const weft_network *net, const std::vector<float> &x, const std::vector<float> &factors,
                 const naive::Nudge &at) {
    naive::Values out = naive::run(net, x, batch, true, at);
    double sum = 0;
    for (size_t i = 0; i < out.size(); i++) sum += out[i] * static_cast<double>(factors[i]);
    return sum;
}

double difference(const weft_network *net, const std::vector<float> &x, const std::vector<float> &factors,
                  const float *target) {
    return (objective(net, x, factors, {target, step}) - objective(net, x, factors, {target, -step})) / (2 * step);
}

struct Plan {
    weft_plan *plan = nullptr;
    ~Plan() { weft_plan_destroy(plan); }
};

class Gradient : public ::testing::Test {
  protected:
    void check(const Network &net, unsigned seed) {
        weft_error err = {};
        Plan p;
        randomise(net, seed);
        std::vector<float> x = random_values(batch * weft_shape_size(net->input), seed + 7);
        int before = weft_dnn_single_thread();
        (void)before;
        ASSERT_EQ(weft_plan_create(&p.plan, net.get(), batch, true, &err), WEFT_OK) << err.text;
        std::copy(x.begin(), x.end(), p.plan->input.data);
        ASSERT_EQ(weft_plan_load(p.plan, 0, p.plan->count, &err), WEFT_OK) << err.text;
        ASSERT_EQ(weft_plan_forward(p.plan, 0, p.plan->count, &err), WEFT_OK) << err.text;
        ASSERT_EQ(weft_plan_read_logits(p.plan, &err), WEFT_OK) << err.text;
        naive::Values expected = naive::run(net.get(), x, batch, true);
        for (size_t i = 0; i < expected.size(); i++)
            ASSERT_NEAR(static_cast<double>(p.plan->logits.data[i]), expected[i], 2e-5 * (1 + std::fabs(expected[i])))
                << "output " << i;
        std::vector<float> factors = random_values(expected.size(), seed + 8);
        std::copy(factors.begin(), factors.end(), p.plan->logits_gradient.data);
        ASSERT_EQ(weft_plan_backward(p.plan, &err), WEFT_OK) << err.text;
        for (int i = 0; i < net->layer_count; i++) check_layer(net.get(), i, p.plan->ops[i], x, factors);
        EXPECT_GT(compared, 0);
    }

    void check_layer(const weft_network *net, int i, const weft_op &op, const std::vector<float> &x,
                     const std::vector<float> &factors) {
        const weft_layer &l = net->layers[i];
        size_t channels = static_cast<size_t>(l.out.channels);
        compare(net, x, factors, l.weight, op.weight_gradient.data, l.weight_count, l.name);
        compare(net, x, factors, l.bias, op.bias_gradient.data, channels, l.name);
        compare(net, x, factors, l.gamma, op.scale_shift_gradient.data, channels, l.name);
        if (l.beta) compare(net, x, factors, l.beta, op.scale_shift_gradient.data + channels, channels, l.name);
    }

    // Single precision against double: 2e-4 of the largest gradient of the array, at least 2e-4.
    void compare(const weft_network *net, const std::vector<float> &x, const std::vector<float> &factors,
                 const float *values, const float *gradient, size_t count, const char *name) {
        if (!values) return;
        double largest = 1;
        for (size_t k = 0; k < count; k++) largest = std::max(largest, std::fabs(static_cast<double>(gradient[k])));
        for (size_t k = 0; k < count; k += (count + samples - 1) / samples)
            ASSERT_NEAR(static_cast<double>(gradient[k]), difference(net, x, factors, values + k), 2e-4 * largest)
                << name << ", element " << k;
        compared++;
    }

    int compared = 0;
};

TEST_F(Gradient, Dense) {
    Network net = network({3, 4, 4});
    add(net, proto(WEFT_LAYER_DENSE, 7), true);
    add(net, proto(WEFT_LAYER_DENSE, 5));
    check(net, 1);
    EXPECT_EQ(compared, 3);
}

TEST_F(Gradient, Convolution) {
    Network net = network({2, 6, 5});
    add(net, proto(WEFT_LAYER_CONV, 4, 3, 1, 1), true);
    add(net, proto(WEFT_LAYER_CONV, 3, 2));
    check(net, 2);
}

TEST_F(Gradient, ConvolutionStrideDilationGroups) {
    Network net = network({4, 9, 9});
    add(net, proto(WEFT_LAYER_CONV, 6, 3, 1, 1, 1, 2), true);
    add(net, proto(WEFT_LAYER_CONV, 4, 3, 2, 1));
    add(net, proto(WEFT_LAYER_CONV, 3, 2, 1, 1, 2));
    check(net, 3);
}

TEST_F(Gradient, ConvolutionUnevenPadding) {
    Network net = network({3, 5, 5});
    weft_layer layer = proto(WEFT_LAYER_CONV, 4, 2);
    layer.window.pad_bottom = layer.window.pad_right = 1;
    add(net, layer);
    add(net, layer);
    check(net, 4);
}

TEST_F(Gradient, WideConvolution) {
    Network net = network({16, 4, 4});
    add(net, proto(WEFT_LAYER_CONV, 32, 3, 1, 1));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_CONV, 3, 3, 1, 1));
    check(net, 5);
}

Network few_channels() {
    Network net = network({1, 9, 9});
    add(net, proto(WEFT_LAYER_CONV, 8, 3, 1, 1), true);
    add(net, proto(WEFT_LAYER_CONV, 6, 3, 1, 1), true);
    add(net, proto(WEFT_LAYER_CONV, 8, 3, 2), true);
    add(net, proto(WEFT_LAYER_CONV, 8, 3, 1, 1, 1, 2));
    add(net, proto(WEFT_LAYER_CONV, 3, 1));
    return net;
}

// The gradients of these run in other layouts than the activations (tests/unit/implementation_test.cpp).
TEST_F(Gradient, FewChannels) { check(few_channels(), 13); }

#if defined(__x86_64__)
TEST_F(Gradient, FewChannelsAvx2) {
    (void)dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2);
    check(few_channels(), 14);
}

TEST_F(Gradient, FewChannelsSse41) {
    (void)dnnl_set_max_cpu_isa(dnnl_cpu_isa_sse41);
    check(few_channels(), 15);
}
#endif

TEST_F(Gradient, BatchNorm) {
    Network net = network({3, 3, 3});
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_CONV, 5, 2));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    check(net, 6);
    EXPECT_EQ(compared, 5);
}

TEST_F(Gradient, Rectifier) {
    Network net = network({3, 4, 4});
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_CONV, 4, 3));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_DENSE, 4));
    add(net, proto(WEFT_LAYER_RELU));
    check(net, 7);
}

TEST_F(Gradient, MaxPool) {
    Network net = network({2, 8, 8});
    add(net, proto(WEFT_LAYER_CONV, 3, 3, 1, 1));
    add(net, proto(WEFT_LAYER_MAX_POOL, 0, 2, 2));
    add(net, proto(WEFT_LAYER_CONV, 4, 1));
    add(net, proto(WEFT_LAYER_MAX_POOL, 0, 3, 1, 1));
    check(net, 8);
}

TEST_F(Gradient, AveragePool) {
    Network net = network({2, 8, 8});
    add(net, proto(WEFT_LAYER_CONV, 3, 3, 1, 1));
    add(net, proto(WEFT_LAYER_AVERAGE_POOL, 0, 3, 2, 1));
    add(net, proto(WEFT_LAYER_CONV, 4, 1));
    weft_layer all = proto(WEFT_LAYER_AVERAGE_POOL, 0, 2, 2);
    all.count_include_pad = true;
    add(net, all);
    check(net, 9);
}

TEST_F(Gradient, FlattenBeforeNorm) {
    Network net = network({2, 4, 4});
    add(net, proto(WEFT_LAYER_CONV, 16, 3, 1, 1));
    add(net, proto(WEFT_LAYER_FLATTEN));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_DENSE, 3), true);
    check(net, 10);
}

TEST_F(Gradient, FlattenAtTheEnd) {
    Network net = network({1, 3, 3});
    add(net, proto(WEFT_LAYER_CONV, 16, 2));
    add(net, proto(WEFT_LAYER_FLATTEN));
    check(net, 11);
}

TEST_F(Gradient, WholeNetwork) {
    Network net = network({1, 10, 10});
    add(net, proto(WEFT_LAYER_CONV, 16, 3, 1, 1));
    add(net, proto(WEFT_LAYER_MAX_POOL, 0, 2, 2));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_CONV, 8, 3, 1, 1));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_FLATTEN));
    add(net, proto(WEFT_LAYER_DENSE, 10));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    check(net, 12);
}

TEST(Plan, RefusesBranches) {
    Network net = network({1, 4, 4});
    weft_error err = {};
    weft_plan *plan = nullptr;
    add(net, proto(WEFT_LAYER_RELU));
    weft_layer relu = proto(WEFT_LAYER_RELU);
    ASSERT_EQ(weft_network_add(net.get(), &relu, "side", -1, false, nullptr, &err), WEFT_OK);
    EXPECT_EQ(weft_plan_create(&plan, net.get(), 2, false, &err), WEFT_E_UNSUPPORTED);
    EXPECT_STREQ(err.text, "layer side does not follow the layer before it: only chains run here");
    EXPECT_EQ(plan, nullptr);
}

} // namespace
