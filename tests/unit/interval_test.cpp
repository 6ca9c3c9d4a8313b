// Confidence intervals: known quantiles and intervals, and coverage on simulated data.
#include "core/interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace {

// Printed tables of t(0.975).
TEST(Interval, StudentQuantiles) {
    EXPECT_NEAR(weft_student_quantile(1), 12.706204736, 1e-6);
    EXPECT_NEAR(weft_student_quantile(2), 4.302652730, 1e-8);
    EXPECT_NEAR(weft_student_quantile(3), 3.182446305, 1e-8);
    EXPECT_NEAR(weft_student_quantile(4), 2.776445105, 1e-8);
    EXPECT_NEAR(weft_student_quantile(9), 2.262157163, 1e-8);
    EXPECT_NEAR(weft_student_quantile(30), 2.042272456, 1e-8);
    EXPECT_NEAR(weft_student_quantile(100000), 1.959987709, 1e-7);
}

// Worked examples: 0 of n gives z^2 / (n + z^2) as upper bound; 10 of 100 (Newcombe 1998 form) 0.0552 to 0.1744.
TEST(Interval, Wilson) {
    const double z2 = 1.959963984540054 * 1.959963984540054;
    double low, high;
    weft_wilson_interval(&low, &high, 0, 50);
    EXPECT_EQ(low, 0);
    EXPECT_NEAR(high, z2 / (50 + z2), 1e-14);
    weft_wilson_interval(&low, &high, 1, 50);
    EXPECT_NEAR(low, 50 / (50 + z2), 1e-14);
    EXPECT_EQ(high, 1);
    weft_wilson_interval(&low, &high, 0.1, 100);
    EXPECT_NEAR(low, 0.0552, 1e-4);
    EXPECT_NEAR(high, 0.1744, 1e-4);
    weft_wilson_interval(&low, &high, 0.5, 0);
    EXPECT_EQ(low, 0);
    EXPECT_EQ(high, 1);
}

TEST(Interval, OneDrawIsWilson) {
    double l, u, low, high;
    weft_wilson_interval(&l, &u, 0.13, 10000);
    weft_error_interval(&low, &high, 0.13, 0.7, 1, 10000); // one draw has no spread
    EXPECT_DOUBLE_EQ(low, l);
    EXPECT_DOUBLE_EQ(high, u);
    weft_error_interval(&low, &high, 0.13, 0, 5, 10000); // draws that agree
    EXPECT_DOUBLE_EQ(low, l);
    EXPECT_DOUBLE_EQ(high, u);
}

TEST(Interval, CombinesBothSources) {
    double l, u, low, high;
    weft_wilson_interval(&l, &u, 0.2, 400);
    weft_error_interval(&low, &high, 0.2, 0.03, 5, 400);
    double half = 2.776445105 * 0.03 / std::sqrt(5.0);
    EXPECT_NEAR(low, 0.2 - std::hypot(0.2 - l, half), 1e-9);
    EXPECT_NEAR(high, 0.2 + std::hypot(u - 0.2, half), 1e-9);
    weft_error_interval(&low, &high, 0.01, 0.4, 3, 400);
    EXPECT_EQ(low, 0);
    EXPECT_EQ(high, 1);
}

// Draw k has its own error rate around `rate`; each test image its own difficulty, the same in every draw: a logit-free
// model, P(wrong) = rate + draw's shift + image's shift. The interval has to hold `rate`.
double coverage(double rate, int draws, int images, double draw_std, double image_spread, unsigned seed) {
    std::mt19937_64 generator(seed);
    std::uniform_real_distribution<double> uniform(0, 1);
    std::normal_distribution<double> normal(0, 1);
    const int trials = 3000;
    int held = 0;
    std::vector<double> shift(static_cast<size_t>(images));
    for (int t = 0; t < trials; t++) {
        double mean = 0, squares = 0, low, high;
        for (double &s : shift) s = image_spread * (2 * uniform(generator) - 1);
        for (int k = 0; k < draws; k++) {
            double p = rate + draw_std * normal(generator), wrong = 0;
            for (double s : shift) wrong += uniform(generator) < p + s;
            double delta = wrong / images - mean;
            mean += delta / (k + 1);
            squares += delta * (wrong / images - mean);
        }
        double std = draws > 1 ? std::sqrt(squares / (draws - 1)) : 0;
        weft_error_interval(&low, &high, mean, std, draws, static_cast<size_t>(images));
        held += low <= rate && rate <= high;
    }
    return held / static_cast<double>(trials);
}

// One standard error of the coverage over 3000 trials is 0.4 points. One draw: 95 %. Several: 95 % at least, and never
// so wide that nearly every interval holds where one of the sources dominates.
TEST(Interval, CoverageOfOneDraw) {
    double held = coverage(0.15, 1, 300, 0, 0, 1);
    EXPECT_GE(held, 0.937);
    EXPECT_LE(held, 0.963);
}

TEST(Interval, CoverageWhereDrawsDominate) {
    double held = coverage(0.4, 4, 3000, 0.1, 0, 2);
    EXPECT_GE(held, 0.937);
    EXPECT_LE(held, 0.965);
}

TEST(Interval, CoverageWhereImagesDominate) {
    double held = coverage(0.5, 5, 200, 0.002, 0.5, 3); // P(wrong) of an image anywhere in 0..1
    EXPECT_GE(held, 0.94);
    EXPECT_LE(held, 0.9995);
}

// b images wrong only the second time, c only the first, of 100: Bonett and Price's formula by hand.
TEST(Interval, PairedByHand) {
    std::vector<float> difference(100);
    for (size_t i = 0; i < 12; i++) difference[i] = 1;
    for (size_t i = 12; i < 17; i++) difference[i] = -1;
    double low, high, b = 13.0 / 102, c = 6.0 / 102,
                      half = 1.95996398454 * std::sqrt((b + c - (b - c) * (b - c)) / 102);
    weft_paired_interval(&low, &high, difference.data(), 100, 0);
    EXPECT_NEAR(low, b - c - half, 1e-12);
    EXPECT_NEAR(high, b - c + half, 1e-12);
    weft_paired_interval(&low, &high, difference.data(), 100, 0.1);
    EXPECT_NEAR(high - low, 2 * std::sqrt(half * half + 0.01), 1e-12);
    weft_paired_interval(&low, &high, difference.data(), 100, 5);
    EXPECT_EQ(low, -1);
    EXPECT_EQ(high, 1);
}

TEST(Interval, PairedCoverage) {
    std::mt19937_64 generator(4);
    std::uniform_real_distribution<double> uniform(0, 1);
    int held = 0;
    std::vector<float> difference(400);
    for (int t = 0; t < 3000; t++) {
        for (float &d : difference) { // wrong both times 0.1, only the second time 0.05, only the first 0.02
            double u = uniform(generator);
            d = u < 0.05 ? 1.0f : u < 0.07 ? -1.0f : 0.0f;
        }
        double low, high;
        weft_paired_interval(&low, &high, difference.data(), difference.size(), 0);
        held += low <= 0.03 && 0.03 <= high;
    }
    EXPECT_GE(held / 3000.0, 0.937);
    EXPECT_LE(held / 3000.0, 0.965);
}

} // namespace
