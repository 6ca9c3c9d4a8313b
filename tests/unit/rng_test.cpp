#include "core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

static void expect_philox(const uint32_t (&counter)[4], const uint32_t (&key)[2], const uint32_t (&expected)[4]) {
    weft_philox_block block = weft_philox4x32_10(counter, key);
    for (int i = 0; i < 4; i++) EXPECT_EQ(block.v[i], expected[i]) << i;
}

/* Known-answer vectors of Random123. */
TEST(Philox, KnownAnswers) {
    expect_philox({0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    expect_philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff},
                  {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    expect_philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
                  {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

/* The address of a draw is part of the reproducibility contract. */
TEST(Rng, CounterAndKeyLayout) {
    weft_rng rng = {};
    EXPECT_EQ(weft_rng_u32(&rng, 0), 0x6627e8d5u);
    EXPECT_EQ(weft_rng_u32(&rng, 3), 0x9b00dbd8u);
    rng.seed = 0x299f31d0a4093822u;
    rng.step = 0x8a2e85a308d3u;
    rng.layer = 0x1319;
    rng.purpose = 0x7344;
    const uint32_t counter[4] = {0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x7344u}, key[2] = {0xa4093822u, 0x299f31d0u};
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(weft_rng_u32(&rng, 4 * uint64_t(0x243f6a88u) + unsigned(i)), weft_philox4x32_10(counter, key).v[i]);
}

static const weft_rng STREAM = {12345, 67, 8, WEFT_PURPOSE_TEST};

TEST(Rng, FillEqualsSingleDraws) {
    const uint64_t starts[] = {0, 1, 2, 3, 4, 5, 254, 255, 257, 1023, (uint64_t(1) << 34) - 700};
    for (uint64_t first : starts)
        for (size_t count :
             {size_t(0), size_t(1), size_t(2), size_t(3), size_t(5), size_t(255), size_t(256), size_t(700)}) {
            std::vector<uint32_t> words(count + 1, 7);
            std::vector<float> uniforms(count + 1, 7.0f), normals(count + 1, 7.0f);
            weft_rng_fill_u32(&STREAM, first, count, words.data());
            weft_rng_fill_uniform(&STREAM, first, count, uniforms.data());
            weft_rng_fill_normal(&STREAM, first, count, normals.data());
            for (size_t i = 0; i < count; i++) {
                ASSERT_EQ(words[i], weft_rng_u32(&STREAM, first + i)) << first << " " << count << " " << i;
                ASSERT_EQ(uniforms[i], weft_rng_uniform(&STREAM, first + i)) << first << " " << count << " " << i;
                ASSERT_EQ(normals[i], weft_rng_normal(&STREAM, first + i)) << first << " " << count << " " << i;
            }
            ASSERT_EQ(words[count], 7u);
            ASSERT_EQ(uniforms[count], 7.0f);
            ASSERT_EQ(normals[count], 7.0f);
        }
}

TEST(Rng, StreamsDifferInEveryPartOfTheAddress) {
    weft_rng other[4] = {STREAM, STREAM, STREAM, STREAM};
    other[0].seed++;
    other[1].step++;
    other[2].layer++;
    other[3].purpose--;
    std::vector<uint32_t> base(1000), words(1000);
    weft_rng_fill_u32(&STREAM, 0, base.size(), base.data());
    for (const weft_rng &rng : other) {
        weft_rng_fill_u32(&rng, 0, words.size(), words.data());
        size_t same = 0;
        for (size_t i = 0; i < base.size(); i++) same += base[i] == words[i];
        EXPECT_LE(same, 1u);
    }
}

enum { N = 1 << 20 };

/* Mean of values against an expectation, 5 standard errors of N draws wide on both sides. */
template <typename F> static void expect_mean(const std::vector<float> &v, F f, double mean, double variance) {
    double sum = 0;
    for (float x : v) sum += f(double(x));
    EXPECT_NEAR(sum / double(v.size()), mean, 5 * std::sqrt(variance / double(v.size())));
}

TEST(Rng, UniformIsUniform) {
    std::vector<float> u(N);
    weft_rng_fill_uniform(&STREAM, 0, N, u.data());
    EXPECT_GT(*std::min_element(u.begin(), u.end()), 0.0f);
    EXPECT_LT(*std::max_element(u.begin(), u.end()), 1.0f);
    expect_mean(
        u, [](double x) { return x; }, 1.0 / 2, 1.0 / 12);
    expect_mean(
        u, [](double x) { return x * x; }, 1.0 / 3, 1.0 / 5 - 1.0 / 9);
    std::vector<int> bins(256);
    for (float x : u) bins[size_t(x * 256)]++;
    double chi2 = 0, expected = N / 256.0;
    for (int n : bins) chi2 += (n - expected) * (n - expected) / expected;
    EXPECT_NEAR(chi2, 255, 5 * std::sqrt(2 * 255.0));
    double product = 0;
    for (size_t i = 1; i < N; i++) product += (u[i] - 0.5) * (u[i - 1] - 0.5);
    EXPECT_NEAR(product / N, 0, 5 * (1.0 / 12) / std::sqrt(double(N)));
}

TEST(Rng, NormalHasTheMomentsAndTails) {
    std::vector<float> x(N);
    weft_rng_fill_normal(&STREAM, 0, N, x.data());
    expect_mean(
        x, [](double v) { return v; }, 0, 1);
    expect_mean(
        x, [](double v) { return v * v; }, 1, 2);
    expect_mean(
        x, [](double v) { return v * v * v; }, 0, 15);
    expect_mean(
        x, [](double v) { return v * v * v * v; }, 3, 96);
    for (double limit : {0.5, 1.0, 2.0, 3.0, 4.0}) {
        double p = std::erfc(limit / std::sqrt(2.0)) / 2;
        expect_mean(
            x, [=](double v) { return v > limit ? 1.0 : 0.0; }, p, p * (1 - p));
        expect_mean(
            x, [=](double v) { return v < -limit ? 1.0 : 0.0; }, p, p * (1 - p));
    }
    double product = 0;
    for (size_t i = 0; i < N; i += 2) product += double(x[i]) * x[i + 1];
    EXPECT_NEAR(product / (N / 2), 0, 5 / std::sqrt(N / 2.0));
}

/* The polynomials against libm in double precision, with the rotation by -pi/4 that rng.c makes. */
TEST(Rng, NormalIsBoxMullerToSinglePrecision) {
    double worst = 0;
    for (uint64_t i = 0; i < 200000; i += 2) {
        double u = ((weft_rng_u32(&STREAM, i) >> 9) + 0.5) / 8388608.0;
        double v = ((weft_rng_u32(&STREAM, i + 1) >> 9) + 0.5) / 8388608.0;
        double radius = std::sqrt(-2 * std::log(u)), angle = 2 * M_PI * v - M_PI / 4;
        worst = std::max(worst, std::fabs(weft_rng_normal(&STREAM, i) - radius * std::cos(angle)));
        worst = std::max(worst, std::fabs(weft_rng_normal(&STREAM, i + 1) - radius * std::sin(angle)));
    }
    EXPECT_LT(worst, 2e-6);
}

TEST(Rng, PermutationIsOne) {
    for (size_t count : {size_t(0), size_t(1), size_t(2), size_t(255), size_t(256), size_t(257), size_t(60000)}) {
        std::vector<uint32_t> order(count + 1, 77), again(count);
        weft_rng_permutation(&STREAM, count, order.data());
        EXPECT_EQ(order[count], 77u);
        order.pop_back();
        if (count) weft_rng_permutation(&STREAM, count, again.data());
        EXPECT_EQ(order, again);
        EXPECT_EQ(std::is_sorted(order.begin(), order.end()), count < 2) << count;
        std::sort(order.begin(), order.end());
        for (size_t i = 0; i < count; i++) ASSERT_EQ(order[i], i);
    }
}

/* All 24 orders of 4 elements are equally likely. */
TEST(Rng, PermutationIsFair) {
    std::vector<int> seen(256);
    const int trials = 24000;
    for (int t = 0; t < trials; t++) {
        weft_rng rng = STREAM;
        rng.step = uint64_t(t);
        uint32_t order[4];
        weft_rng_permutation(&rng, 4, order);
        seen[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6]++;
    }
    double chi2 = 0, expected = trials / 24.0;
    int kinds = 0;
    for (int n : seen)
        if (n) kinds++, chi2 += (n - expected) * (n - expected) / expected;
    EXPECT_EQ(kinds, 24);
    EXPECT_NEAR(chi2, 23, 5 * std::sqrt(2 * 23.0));
}
