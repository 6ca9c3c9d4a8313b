// Do plans in bfloat16 compute what those in float32 do?
#include <algorithm>
#include <cmath>
#include <functional>

#include "tests/support/plan_fixture.h"
#include "trainer/bf16.h"
#include "trainer/bf16_norm.h"

using namespace fixture;

namespace {

// Length of the difference over the length of the exact one.
double distance(const std::vector<float> &a, const std::vector<float> &exact) {
    double difference = 0, length = 0;
    for (size_t i = 0; i < exact.size(); i++) {
        difference += std::pow(static_cast<double>(a[i] - exact[i]), 2);
        length += std::pow(static_cast<double>(exact[i]), 2);
    }
    return std::sqrt(difference / length);
}

// Bfloat16 has 8 bits: each value that is stored is off by up to 0.2 %, and gradients add a few of those up. Weights of
// +-0.25 are exact. Values in a wrong place are off by 140 %.
void compare(const Network &net, unsigned seed, size_t arrays, double tolerance) {
    randomise(net, seed);
    for (int i = 0; i < net->layer_count; i++)
        for (size_t k = 0; k < net->layers[i].weight_count; k++)
            net->layers[i].weight[k] = net->layers[i].weight[k] < 0 ? -0.25f : 0.25f;
    std::vector<Array> exact = results(net, WEFT_PRECISION_FP32, seed + 50),
                       rounded = results(net, WEFT_PRECISION_BF16, seed + 50);
    ASSERT_EQ(exact.size(), arrays);
    ASSERT_EQ(rounded.size(), arrays);
    for (size_t i = 0; i < arrays; i++) {
        ASSERT_EQ(rounded[i].values.size(), exact[i].values.size()) << exact[i].name;
        EXPECT_LT(distance(rounded[i].values, exact[i].values), tolerance) << exact[i].name;
        EXPECT_GT(distance(rounded[i].values, exact[i].values), 0) << exact[i].name;
    }
}

TEST(Bf16, Dense) {
    NEEDS_BF16;
    Network net = network({3, 5, 4});
    add(net, proto(WEFT_LAYER_DENSE, 33), true);
    add(net, proto(WEFT_LAYER_DENSE, 7));
    compare(net, 1, 4, 0.01);
}

TEST(Bf16, FewChannels) {
    NEEDS_BF16;
    Network net = network({3, 9, 7});
    add(net, proto(WEFT_LAYER_CONV, 16, 3, 1, 1));
    add(net, proto(WEFT_LAYER_CONV, 5, 3, 1, 1), true);
    add(net, proto(WEFT_LAYER_CONV, 7, 2, 1));
    compare(net, 2, 5, 0.012);
}

TEST(Bf16, StrideDilationGroups) {
    NEEDS_BF16;
    Network net = network({4, 9, 9});
    add(net, proto(WEFT_LAYER_CONV, 16, 3, 1, 1, 1, 2), true);
    add(net, proto(WEFT_LAYER_CONV, 32, 3, 2, 1));
    add(net, proto(WEFT_LAYER_CONV, 32, 3, 1, 1, 1, 32));
    add(net, proto(WEFT_LAYER_CONV, 6, 2, 1, 1, 2));
    compare(net, 3, 6, 0.012);
}

void add_winograd_layers(const Network &net) {
    add(net, proto(WEFT_LAYER_CONV, 16, 1));
    add(net, proto(WEFT_LAYER_CONV, 32, 3, 1, 1));
    add(net, proto(WEFT_LAYER_CONV, 48, 3, 1, 1));
    add(net, proto(WEFT_LAYER_CONV, 3, 1));
}

bool is_winograd(const Plan &p, int layer) { return p.plan->ops[layer].kind == &weft_op_winograd; }

TEST(Bf16, Winograd) {
    NEEDS_BF16;
    for (weft_shape shape : {weft_shape{8, 8, 8}, weft_shape{8, 7, 5}, weft_shape{8, 1, 2}}) {
        Network net = network(shape);
        add_winograd_layers(net);
        compare(net, 4, 5, 0.012);
    }
}

// Which convolutions the transform takes: those it can, and no others.
TEST(Bf16, WinogradWhereItFits) {
    NEEDS_BF16;
    struct Case {
        weft_layer layer;
        bool bias, fits;
    };
    weft_layer uneven = proto(WEFT_LAYER_CONV, 16, 3, 1, 1);
    uneven.window.pad_bottom = 2;
    const std::vector<Case> cases = {
        {proto(WEFT_LAYER_CONV, 16, 3, 1, 1), false, true},       {proto(WEFT_LAYER_CONV, 16, 3, 1, 1), true, false},
        {proto(WEFT_LAYER_CONV, 24, 3, 1, 1), false, false},      {proto(WEFT_LAYER_CONV, 16, 3, 1, 0), false, false},
        {proto(WEFT_LAYER_CONV, 16, 3, 2, 1), false, false},      {proto(WEFT_LAYER_CONV, 16, 1, 1, 1), false, false},
        {proto(WEFT_LAYER_CONV, 16, 3, 1, 1, 2), false, false},   {uneven, false, false},
        {proto(WEFT_LAYER_CONV, 16, 3, 1, 1, 1, 2), false, false}};
    for (const Case &c : cases) {
        Plan p;
        Network net = network({24, 8, 8});
        add(net, c.layer, c.bias);
        add(net, proto(WEFT_LAYER_CONV, 16, 3, 1, 1));
        create(p, net, WEFT_PRECISION_BF16);
        EXPECT_EQ(is_winograd(p, 0), c.fits) << &c - cases.data();
        EXPECT_EQ(is_winograd(p, 1), c.layer.out.channels == 16) << &c - cases.data(); // 24 channels and a gradient
    }
}

// With and without a rectifier, which changes sides at a few values, and of [batch, channels, 1, 1].
TEST(Bf16, BatchNorm) {
    NEEDS_BF16;
    for (int channels : {16, 24, 5}) {
        Network net = network({8, 6, 5}), rectified = network({8, 6, 5}), flat = network({8, 6, 5});
        for (const Network &n : {std::cref(net), std::cref(rectified)}) {
            add(n, proto(WEFT_LAYER_CONV, channels, 1));
            add(n, proto(WEFT_LAYER_BATCH_NORM));
            if (&n == &rectified) add(n, proto(WEFT_LAYER_RELU));
            add(n, proto(WEFT_LAYER_DENSE, 10));
        }
        add(flat, proto(WEFT_LAYER_DENSE, channels));
        add(flat, proto(WEFT_LAYER_BATCH_NORM));
        SCOPED_TRACE(channels);
        compare(net, 5, 1 + 1 + 3 + 1, 0.015);
        compare(rectified, 5, 1 + 1 + 3 + 1, 0.12);
        compare(flat, 5, 1 + 1 + 3, 0.015);
    }
}

// The kernel alone, from the same rounded values, against the definition in double: 1 part in 256 of a bfloat16, nearly
// single precision of the sums.
void check_norm(bool rectified, size_t rows, size_t channels) {
    NEEDS_BF16;
    std::vector<float> x = random_values(rows * channels, 70, -1, 5), g = random_values(rows * channels, 71),
                       gamma = random_values(channels, 72, 0.5f, 2), beta = random_values(channels, 73, -1, 1),
                       mean(channels), variance(channels), slopes(2 * channels);
    std::vector<uint16_t> src, diff, dst(rows * channels);
    for (float &v : x) src.push_back(weft_bf16_nearest(v)), v = weft_bf16_value(src.back());
    for (float &v : g) diff.push_back(weft_bf16_nearest(v)), v = weft_bf16_value(diff.back());
    std::vector<double> workspace(weft_bf16_norm_workspace(channels) / sizeof(double) + 1);
    weft_bf16_norm norm = {rows,        channels,    1e-4f,           rectified,       gamma.data(),
                           beta.data(), mean.data(), variance.data(), workspace.data()};
    weft_bf16_norm_forward(&norm, src.data(), dst.data());
    weft_bf16_norm_backward(&norm, src.data(), diff.data(), diff.data(), slopes.data());
    for (size_t c = 0; c < channels; c++) {
        auto at = [&](const std::vector<float> &v, size_t r) { return static_cast<double>(v[r * channels + c]); };
        double n = static_cast<double>(rows), m = 0, s = 0, d_gamma = 0, d_beta = 0;
        for (size_t r = 0; r < rows; r++) m += at(x, r) / n;
        for (size_t r = 0; r < rows; r++) s += std::pow(at(x, r) - m, 2) / n;
        double inverse = 1 / std::sqrt(s + 1e-4), scale = static_cast<double>(gamma[c]) * inverse;
        auto y = [&](size_t r) { return (at(x, r) - m) * scale + static_cast<double>(beta[c]); };
        auto slope = [&](size_t r) { return rectified && y(r) <= 0 ? 0 : at(g, r); };
        for (size_t r = 0; r < rows; r++) d_beta += slope(r), d_gamma += slope(r) * (at(x, r) - m) * inverse;
        EXPECT_NEAR(static_cast<double>(mean[c]), m, 1e-5);
        EXPECT_NEAR(static_cast<double>(variance[c]), s, 1e-5 * (1 + s));
        EXPECT_NEAR(static_cast<double>(slopes[c]), d_gamma, 1e-4 * std::sqrt(n));
        EXPECT_NEAR(static_cast<double>(slopes[channels + c]), d_beta, 1e-4 * std::sqrt(n));
        for (size_t r = 0; r < rows; r++) {
            double out = rectified ? std::max(y(r), 0.0) : y(r);
            double dx = scale * (slope(r) - d_beta / n - (at(x, r) - m) * inverse * d_gamma / n);
            ASSERT_NEAR(static_cast<double>(weft_bf16_value(dst[r * channels + c])), out, std::fabs(out) / 256 + 1e-5);
            ASSERT_NEAR(static_cast<double>(weft_bf16_value(diff[r * channels + c])), dx, std::fabs(dx) / 256 + 1e-5);
        }
    }
}

TEST(Bf16Norm, AgreesWithTheDefinition) { check_norm(false, 130, 21); }
TEST(Bf16Norm, AgreesWithTheDefinitionOfManyRows) { check_norm(true, 1001, 16); }
TEST(Bf16Norm, AgreesWithTheDefinitionRectified) { check_norm(true, 64, 200); }
TEST(Bf16Norm, AgreesWithTheDefinitionForOneRow) { check_norm(true, 1, 3); }

// Values whose mean is a hundred times their deviation.
TEST(Bf16, BatchNormOfALargeMean) {
    NEEDS_BF16;
    Plan p;
    weft_error err = {};
    Network net = network({3, 20, 20});
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_DENSE, 2));
    create(p, net, WEFT_PRECISION_BF16);
    ASSERT_EQ(weft_plan_load(p.plan, 0, 2, &err), WEFT_OK);
    for (size_t i = 0; i < plan_batch * 1200; i++) p.plan->input.data[i] = i % 2 ? 100.0f : 101.0f;
    ASSERT_EQ(weft_plan_forward(p.plan, 0, 2, &err), WEFT_OK);
    for (int c = 0; c < 3; c++) {
        EXPECT_FLOAT_EQ(p.plan->ops[0].mean.data[c], 100.5f);
        EXPECT_FLOAT_EQ(p.plan->ops[0].variance.data[c], 0.25f);
    }
}

TEST(Bf16, PoolsAndFlatten) {
    NEEDS_BF16;
    Network net = network({3, 12, 12});
    add(net, proto(WEFT_LAYER_CONV, 16, 3, 1, 1));
    add(net, proto(WEFT_LAYER_AVERAGE_POOL, 0, 3, 2, 1));
    add(net, proto(WEFT_LAYER_CONV, 6, 1));
    add(net, proto(WEFT_LAYER_AVERAGE_POOL, 0, 2, 2));
    add(net, proto(WEFT_LAYER_FLATTEN));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_DENSE, 4), true);
    compare(net, 6, 1 + 2 + 3 + 2, 0.03);
}

// The largest of a window may be another one after rounding, which is no error: so the values are exact here.
TEST(Bf16, MaxPool) {
    NEEDS_BF16;
    std::vector<Array> both[2];
    for (int i = 0; i < 2; i++) {
        Plan p;
        weft_error err = {};
        Network net = network({16, 4, 6});
        add(net, proto(WEFT_LAYER_CONV, 16, 1, 1, 0, 1, 16));
        add(net, proto(WEFT_LAYER_MAX_POOL, 0, 2, 2));
        std::fill_n(net->layers[0].weight, 16, -2.0f);
        create(p, net, i ? WEFT_PRECISION_BF16 : WEFT_PRECISION_FP32);
        ASSERT_EQ(weft_plan_load(p.plan, 0, 2, &err), WEFT_OK);
        for (size_t k = 0; k < plan_batch * 384; k++) p.plan->input.data[k] = static_cast<float>(k * 37 % 101);
        ASSERT_EQ(weft_plan_forward(p.plan, 0, 2, &err), WEFT_OK);
        ASSERT_EQ(weft_plan_read_logits(p.plan, &err), WEFT_OK);
        for (size_t k = 0; k < plan_batch * 96; k++) p.plan->logits_gradient.data[k] = static_cast<float>(k % 7);
        ASSERT_EQ(weft_plan_backward(p.plan, &err), WEFT_OK);
        both[i] = results(p, net);
    }
    for (size_t i = 0; i < 2; i++) EXPECT_EQ(both[0][i].values, both[1][i].values) << both[0][i].name;
}

TEST(Bf16, ResidualBlock) {
    NEEDS_BF16;
    Network n = network({3, 8, 8});
    int x = after(n, -1, proto(WEFT_LAYER_CONV, 16, 3, 1, 1));
    int y = after(n, after(n, x, proto(WEFT_LAYER_CONV, 16, 3, 1, 1)), proto(WEFT_LAYER_BATCH_NORM));
    weft_layer sum = proto(WEFT_LAYER_ADD);
    sum.input2 = x;
    int z = after(n, y, sum);
    sum.input2 = z;
    after(n, after(n, after(n, z, proto(WEFT_LAYER_CONV, 16, 3, 1, 1)), sum), proto(WEFT_LAYER_DENSE, 4));
    compare(n, 7, 1 + 1 + 1 + 3 + 1 + 1, 0.02);
}

// Of exact values, so that no value changes sides.
TEST(Bf16, Activations) {
    NEEDS_BF16;
    const std::pair<weft_layer_kind, bool> cases[] = {{WEFT_LAYER_RELU, false},
                                                      {WEFT_LAYER_CLIP, false},
                                                      {WEFT_LAYER_QUANTISE, false},
                                                      {WEFT_LAYER_THRESHOLD, false},
                                                      {WEFT_LAYER_THRESHOLD, true}};
    for (const auto &[kind, triangle] : cases) {
        std::vector<Array> both[2];
        for (int i = 0; i < 2; i++) {
            Plan p;
            weft_error err = {};
            Network net = network({19, 3, 3});
            weft_layer l = proto(kind);
            l.high = 4;
            l.levels = 8;
            l.threshold = 1;
            l.surrogate_width = 2;
            l.surrogate_triangle = triangle;
            l.signed_spikes = true;
            add(net, proto(WEFT_LAYER_CONV, 19, 1, 1, 0, 1, 19));
            add(net, l);
            std::fill_n(net->layers[0].weight, 19, 0.5f);
            create(p, net, i ? WEFT_PRECISION_BF16 : WEFT_PRECISION_FP32);
            ASSERT_EQ(weft_plan_load(p.plan, 0, 2, &err), WEFT_OK);
            for (size_t k = 0; k < plan_batch * 171; k++)
                p.plan->input.data[k] = static_cast<float>(k * 13 % 33) / 2 - 8;
            ASSERT_EQ(weft_plan_forward(p.plan, 0, 2, &err), WEFT_OK);
            ASSERT_EQ(weft_plan_read_logits(p.plan, &err), WEFT_OK);
            for (size_t k = 0; k < plan_batch * 171; k++)
                p.plan->logits_gradient.data[k] = static_cast<float>(k % 5) - 2;
            ASSERT_EQ(weft_plan_backward(p.plan, &err), WEFT_OK);
            both[i] = results(p, net);
        }
        for (size_t i = 0; i < 2; i++)
            EXPECT_EQ(both[0][i].values, both[1][i].values) << weft_layer_kind_names[kind] << " " << both[0][i].name;
    }
}

TEST(Bf16, FrozenFirstLayer) {
    NEEDS_BF16;
    Network net = network({3, 8, 8});
    weft_layer first = proto(WEFT_LAYER_CONV, 24, 2);
    first.frozen = true;
    add(net, first, true);
    add(net, proto(WEFT_LAYER_CONV, 16, 3, 1, 1));
    add(net, proto(WEFT_LAYER_DENSE, 4));
    compare(net, 8, 3, 0.012);
    Plan p;
    create(p, net, WEFT_PRECISION_BF16);
    EXPECT_TRUE(is_winograd(p, 1)); // 24 channels are enough without their gradient
}

TEST(Precision, NeedsTheProcessor) {
    EXPECT_TRUE(weft_precision_is_native(WEFT_PRECISION_FP32));
#if defined(__x86_64__)
    if (dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2) != dnnl_success) GTEST_SKIP() << "the instruction set is fixed already";
#endif
    weft_error err = {};
    Plan p;
    Network net = network({1, 2, 2});
    add(net, proto(WEFT_LAYER_DENSE, 2));
    weft_plan_options options = {2, true, WEFT_PRECISION_BF16, nullptr};
    EXPECT_FALSE(weft_precision_is_native(WEFT_PRECISION_BF16));
    EXPECT_EQ(weft_plan_create(&p.plan, net.get(), &options, &err), WEFT_E_UNSUPPORTED);
    EXPECT_STREQ(err.text, "precision bf16: this processor does not multiply bfloat16");
}

} // namespace
