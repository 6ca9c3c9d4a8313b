// Do the optimisers take the steps that the formulas give, and do the schedules pass through their corners?
#include "trainer/optimiser.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace {

struct Arrays {
    explicit Arrays(std::vector<float> start)
        : value(std::move(start)), first(value.size()), second(value.size()), gradient(value.size()),
          other(value.size()) {
        parameter = {};
        parameter.value = value.data();
        parameter.first = first.data();
        parameter.second = second.data();
        parameter.gradient[0] = gradient.data();
        parameter.gradient_count = 1;
        parameter.count = value.size();
        parameter.rate = 1;
        parameter.bound = std::numeric_limits<float>::infinity();
    }
    std::vector<float> value, first, second, gradient, other;
    weft_parameter parameter;
};

weft_recipe_adam adam_record = {0.1, 0.9, 0.99, 1e-8};
weft_recipe_sgd sgd_record = {0.1, 0.5, 0.25};
weft_variant adam() { return {WEFT_OPTIMISER_ADAM, nullptr, &adam_record, 0, 0}; }
weft_variant sgd() { return {WEFT_OPTIMISER_SGD, nullptr, &sgd_record, 0, 0}; }

// ADAM as its paper prints it, in double.
TEST(Adam, ThreeStepsByHand) {
    Arrays a({1.0f, -2.0f});
    const double slopes[3][2] = {{0.5, -4}, {-1.5, 2}, {0.25, 1}};
    double w[2] = {1, -2}, m[2] = {0, 0}, v[2] = {0, 0};
    weft_variant optimiser = adam();
    for (int t = 0; t < 3; t++) {
        double rate = 0.1 / (t + 1);
        for (int i = 0; i < 2; i++) {
            a.gradient[static_cast<size_t>(i)] = static_cast<float>(slopes[t][i]);
            m[i] = 0.9 * m[i] + 0.1 * slopes[t][i];
            v[i] = 0.99 * v[i] + 0.01 * slopes[t][i] * slopes[t][i];
            double mean = m[i] / (1 - std::pow(0.9, t + 1)), square = v[i] / (1 - std::pow(0.99, t + 1));
            w[i] -= rate * mean / (std::sqrt(square) + 1e-8);
        }
        weft_optimiser_step(&optimiser, &a.parameter, 1, static_cast<size_t>(t), rate);
        for (int i = 0; i < 2; i++) EXPECT_NEAR(a.value[static_cast<size_t>(i)], w[i], 2e-6) << t << " " << i;
    }
    EXPECT_NEAR(static_cast<double>(a.first[0]), m[0], 1e-6);
    EXPECT_NEAR(static_cast<double>(a.second[1]), v[1], 1e-6);
}

TEST(Nesterov, TwoStepsByHand) {
    Arrays a({2.0f});
    weft_variant optimiser = sgd();
    a.gradient[0] = 3.0f;
    weft_optimiser_step(&optimiser, &a.parameter, 1, 0, 0.1);
    // v = -0.1 * 3 = -0.3; w = 2 + 0.5 * -0.3 - 0.3 = 1.55
    EXPECT_FLOAT_EQ(a.first[0], -0.3f);
    EXPECT_FLOAT_EQ(a.value[0], 1.55f);
    a.gradient[0] = -1.0f;
    weft_optimiser_step(&optimiser, &a.parameter, 1, 1, 0.2);
    // v = 0.5 * -0.3 + 0.2 = 0.05; w = 1.55 + 0.025 + 0.2
    EXPECT_FLOAT_EQ(a.first[0], 0.05f);
    EXPECT_FLOAT_EQ(a.value[0], 1.775f);
}

TEST(Nesterov, DecayOnlyWhereAsked) {
    Arrays plain({2.0f}), decayed({2.0f});
    decayed.parameter.decayed = true;
    weft_parameter both[] = {plain.parameter, decayed.parameter};
    weft_variant optimiser = sgd();
    weft_optimiser_step(&optimiser, both, 2, 0, 0.1);
    EXPECT_FLOAT_EQ(plain.value[0], 2.0f);
    // g = 0.25 * 2; v = -0.05; w = 2 - 0.025 - 0.05
    EXPECT_FLOAT_EQ(decayed.value[0], 1.925f);
}

TEST(Step, ClipsToTheBound) {
    Arrays a({0.9f, -0.9f, 0.0f, 5.0f});
    weft_variant optimiser = sgd();
    a.parameter.bound = 1.0f;
    a.gradient = {-100, 100, -0.5f, 0};
    a.parameter.gradient[0] = a.gradient.data();
    weft_optimiser_step(&optimiser, &a.parameter, 1, 0, 0.1);
    EXPECT_EQ(a.value[0], 1.0f);
    EXPECT_EQ(a.value[1], -1.0f);
    EXPECT_FLOAT_EQ(a.value[2], 0.075f);
    EXPECT_EQ(a.value[3], 1.0f);
}

TEST(Step, OwnRate) {
    Arrays a({0.0f}), b({0.0f});
    weft_variant first = sgd(), second = adam();
    a.gradient[0] = b.gradient[0] = 2.0f;
    a.parameter.rate = b.parameter.rate = 0.25;
    weft_optimiser_step(&first, &a.parameter, 1, 0, 0.1);
    weft_optimiser_step(&second, &b.parameter, 1, 0, 0.1);
    EXPECT_FLOAT_EQ(a.value[0], -0.075f);   // 0.025 * 2 * 1.5
    EXPECT_NEAR(b.value[0], -0.025f, 1e-7); // ADAM's first step is the rate
}

// Both optimisers, one to four workers, with and without an average: all loops against one written out here.
TEST(Step, EveryLoopTakesTheSameStep) {
    const size_t n = 37;
    for (int kind : {WEFT_OPTIMISER_ADAM, WEFT_OPTIMISER_SGD})
        for (int workers : {1, 2, 3, 4})
            for (bool averaged : {false, true}) {
                Arrays a(std::vector<float>(n, 0.5f));
                std::vector<std::vector<float>> parts(4, std::vector<float>(n));
                std::vector<float> sum(n), average(n, 0.125f);
                for (size_t w = 0; w < 4; w++)
                    for (size_t i = 0; i < n; i++) {
                        parts[w][i] = static_cast<float>(static_cast<int>((i * 7 + w * 11) % 23) - 11) / 8;
                        if (w < static_cast<size_t>(workers)) sum[i] += parts[w][i];
                        a.parameter.gradient[w] = parts[w].data();
                    }
                a.parameter.gradient_count = workers;
                a.parameter.bound = 0.55f;
                a.parameter.average = averaged ? average.data() : nullptr;
                a.parameter.average_gain = 0.25f;
                weft_variant optimiser = kind == WEFT_OPTIMISER_ADAM ? adam() : sgd();
                weft_optimiser_step(&optimiser, &a.parameter, 1, 0, 0.1);
                for (size_t i = 0; i < n; i++) {
                    float step = kind == WEFT_OPTIMISER_SGD ? 0.15f * sum[i]
                                 : sum[i] > 0               ? 0.1f
                                 : sum[i] < 0               ? -0.1f
                                                            : 0.0f;
                    float wanted = std::min(std::max(0.5f - step, -0.55f), 0.55f);
                    EXPECT_NEAR(a.value[i], wanted, 1e-6f) << kind << workers << averaged << i;
                    EXPECT_NEAR(average[i], averaged ? 0.125f + 0.25f * (a.value[i] - 0.125f) : 0.125f, 1e-7f);
                }
            }
}

TEST(Step, AddsTheWorkersGradients) {
    Arrays a({0.0f, 0.0f});
    weft_variant optimiser = sgd();
    a.gradient = {1.0f, 2.0f};
    a.other = {0.5f, -2.0f};
    a.parameter.gradient[0] = a.gradient.data();
    a.parameter.gradient[1] = a.other.data();
    a.parameter.gradient_count = 2;
    weft_optimiser_step(&optimiser, &a.parameter, 1, 0, 0.1);
    EXPECT_FLOAT_EQ(a.value[0], -0.225f);
    EXPECT_FLOAT_EQ(a.value[1], 0.0f);
}

// More than one chunk, an odd end, any number of threads: the same bytes as element by element.
TEST(Step, SameForAnyNumberOfThreads) {
    std::vector<std::vector<float>> results;
    for (int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        Arrays a(std::vector<float>(10007, 0.25f));
        for (size_t i = 0; i < a.gradient.size(); i++) a.gradient[i] = static_cast<float>(i % 17) - 8.0f;
        a.parameter.bound = 0.3f;
        weft_variant optimiser = adam();
        for (size_t t = 0; t < 3; t++) weft_optimiser_step(&optimiser, &a.parameter, 1, t, 0.01);
        results.push_back(a.value);
    }
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
    EXPECT_EQ(results[0][8], 0.25f); // no gradient there
    EXPECT_EQ(results[0][0], results[0][17 * 500]);
}

// ---- schedules ----

class Schedule : public ::testing::Test {
  protected:
    double rate(int kind, double end, double warm_up, size_t step) {
        schedule = {end, warm_up};
        weft_recipe recipe = {};
        recipe.optimiser = adam();
        recipe.schedule = {kind, nullptr, &schedule, 0, 0};
        return weft_recipe_scheduled_rate(&recipe, step, 100, 10);
    }
    weft_recipe_schedule schedule;
};

TEST_F(Schedule, Constant) {
    EXPECT_DOUBLE_EQ(rate(WEFT_SCHEDULE_CONSTANT, 0, 0, 0), 0.1);
    EXPECT_DOUBLE_EQ(rate(WEFT_SCHEDULE_CONSTANT, 0, 0, 99), 0.1);
}

TEST_F(Schedule, ExponentialPerEpoch) {
    EXPECT_DOUBLE_EQ(rate(WEFT_SCHEDULE_EXPONENTIAL, 1e-6, 0, 0), 0.1);
    EXPECT_DOUBLE_EQ(rate(WEFT_SCHEDULE_EXPONENTIAL, 1e-6, 0, 9), 0.1);
    EXPECT_NEAR(rate(WEFT_SCHEDULE_EXPONENTIAL, 1e-6, 0, 10), 0.1 * std::pow(1e-5, 0.1), 1e-15);
    EXPECT_NEAR(rate(WEFT_SCHEDULE_EXPONENTIAL, 1e-6, 0, 99), 0.1 * std::pow(1e-5, 0.9), 1e-15);
}

TEST_F(Schedule, OneCycle) {
    EXPECT_NEAR(rate(WEFT_SCHEDULE_ONE_CYCLE, 0, 0.2, 0), 0.1 * 0.005 / 0.2, 1e-12);
    EXPECT_NEAR(rate(WEFT_SCHEDULE_ONE_CYCLE, 0, 0.2, 19), 0.1 * 0.195 / 0.2, 1e-12);
    EXPECT_NEAR(rate(WEFT_SCHEDULE_ONE_CYCLE, 0, 0.2, 20), 0.1 * 0.795 / 0.8, 1e-12);
    EXPECT_NEAR(rate(WEFT_SCHEDULE_ONE_CYCLE, 0, 0.2, 99), 0.1 * 0.005 / 0.8, 1e-12);
    EXPECT_NEAR(rate(WEFT_SCHEDULE_ONE_CYCLE, 0.02, 0, 49), 0.02 + 0.08 * 0.505, 1e-12);
}

TEST_F(Schedule, Cosine) {
    EXPECT_NEAR(rate(WEFT_SCHEDULE_COSINE, 0, 0, 0), 0.05 * (1 + std::cos(M_PI * 0.005)), 1e-12);
    EXPECT_NEAR(rate(WEFT_SCHEDULE_COSINE, 0, 0, 99), 0.05 * (1 - std::cos(M_PI * 0.005)), 1e-12);
    EXPECT_NEAR(rate(WEFT_SCHEDULE_COSINE, 0, 0.5, 24), 0.1 * 0.245 / 0.5, 1e-12);
}

} // namespace
