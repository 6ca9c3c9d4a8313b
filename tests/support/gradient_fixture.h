// Gradients of a compiled network against finite differences of a double-precision forward pass.
#ifndef WEFT_TESTS_SUPPORT_GRADIENT_FIXTURE_H
#define WEFT_TESTS_SUPPORT_GRADIENT_FIXTURE_H

#include "tests/support/naive_network.h"
#include "tests/support/trainer_fixture.h"
#include "trainer/plan.h"

namespace fixture {

constexpr int batch = 4;
constexpr double step = 1e-6;
constexpr size_t samples = 60; // elements of an array that are compared, evenly spread

using All = std::vector<naive::Values>; // of the input, then of each layer

inline bool is_stepped(const weft_layer &l) { return l.kind == WEFT_LAYER_QUANTISE || l.kind == WEFT_LAYER_THRESHOLD; }

// The gradient that core/network.h defines for a layer whose own is 0 almost everywhere.
inline double surrogate(const weft_layer &l, double x) {
    double low = static_cast<double>(l.low), high = static_cast<double>(l.high);
    if (l.kind == WEFT_LAYER_QUANTISE) return x >= low && x <= high ? 1 : 0;
    double threshold = static_cast<double>(l.threshold), width = static_cast<double>(l.surrogate_width);
    double distance = std::fabs(x - threshold);
    if (l.signed_spikes) distance = std::min(distance, std::fabs(x + threshold));
    return l.surrogate_triangle ? std::max(0.0, 1 - distance / width) : distance <= width ? 1 : 0;
}

// Every layer's values. With those of an earlier run, a stepped layer is that run's, straight with the surrogate's
// slope around it.
inline All run(const weft_network *net, const std::vector<float> &x, const naive::Nudge &at = {},
               const All *base = nullptr) {
    All v{naive::Values(x.begin(), x.end())};
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer &l = net->layers[i];
        size_t in = static_cast<size_t>(l.input + 1), out = v.size();
        v.push_back(weft_layer_has_input2(&l) ? naive::join(l, v[in], v[static_cast<size_t>(l.input2 + 1)], batch)
                                              : naive::layer(l, v[in], batch, true, at));
        for (size_t k = 0; base && is_stepped(l) && k < v[in].size(); k++)
            v[out][k] = (*base)[out][k] + surrogate(l, (*base)[in][k]) * (v[in][k] - (*base)[in][k]);
    }
    return v;
}

// Sum of the outputs, each times its own factor.
inline double objective(const naive::Values &out, const std::vector<float> &factors) {
    double sum = 0;
    for (size_t i = 0; i < out.size(); i++) sum += out[i] * static_cast<double>(factors[i]);
    return sum;
}

struct Plan {
    weft_plan *plan = nullptr;
    ~Plan() { weft_plan_destroy(plan); }
};

class Gradient : public ::testing::Test {
  protected:
    void check(const Network &network, unsigned seed) {
        checked = network.get();
        randomise(network, seed);
        images = random_values(batch * weft_shape_size(checked->input), seed + 7);
        base = run(checked, images);
        factors = random_values(base.back().size(), seed + 8);
        ASSERT_NO_FATAL_FAILURE(run_plan());
        for (int i = 0; i < checked->layer_count; i++) check_layer(i);
        EXPECT_GT(compared, 0);
    }

    void run_plan() {
        weft_error err = {};
        int before = weft_dnn_single_thread();
        (void)before;
        weft_plan_options options = {batch, true, WEFT_PRECISION_FP32, nullptr};
        ASSERT_EQ(weft_plan_create(&p.plan, checked, &options, &err), WEFT_OK) << err.text;
        std::copy(images.begin(), images.end(), p.plan->input.data);
        ASSERT_EQ(weft_plan_load(p.plan, 0, p.plan->count, &err), WEFT_OK) << err.text;
        ASSERT_EQ(weft_plan_forward(p.plan, 0, p.plan->count, &err), WEFT_OK) << err.text;
        ASSERT_EQ(weft_plan_read_logits(p.plan, &err), WEFT_OK) << err.text;
        for (size_t i = 0; i < base.back().size(); i++)
            ASSERT_NEAR(static_cast<double>(p.plan->logits.data[i]), base.back()[i],
                        2e-5 * (1 + std::fabs(base.back()[i])))
                << "output " << i;
        std::copy(factors.begin(), factors.end(), p.plan->logits_gradient.data);
        ASSERT_EQ(weft_plan_backward(p.plan, &err), WEFT_OK) << err.text;
    }

    void check_layer(int i) {
        const weft_layer &l = checked->layers[i];
        const weft_op &op = p.plan->ops[i];
        size_t channels = static_cast<size_t>(l.out.channels);
        if (l.frozen) {
            EXPECT_EQ(op.weight_gradient.data, nullptr);
            return;
        }
        compare(l.weight, op.weight_gradient.data, l.weight_count, l.name);
        compare(l.bias, op.bias_gradient.data, channels, l.name);
        compare(l.gamma, op.scale_shift_gradient.data, channels, l.name);
        if (l.beta) compare(l.beta, op.scale_shift_gradient.data + channels, channels, l.name);
    }

    double difference(const float *target) const {
        return (objective(run(checked, images, {target, step}, &base).back(), factors) -
                objective(run(checked, images, {target, -step}, &base).back(), factors)) /
               (2 * step);
    }

    // Single precision against double: 2e-4 of the largest gradient of the array, at least 2e-4.
    void compare(const float *values, const float *gradient, size_t count, const char *name) {
        if (!values) return;
        double largest = 1;
        for (size_t k = 0; k < count; k++) largest = std::max(largest, std::fabs(static_cast<double>(gradient[k])));
        for (size_t k = 0; k < count; k += (count + samples - 1) / samples)
            ASSERT_NEAR(static_cast<double>(gradient[k]), difference(values + k), 2e-4 * largest)
                << name << ", element " << k;
        compared++;
    }

    const weft_network *checked = nullptr;
    std::vector<float> images, factors;
    All base;
    Plan p;
    int compared = 0;
};

} // namespace fixture
#endif
