/* The deterministic transforms against their formulas; expectation, spread and distribution of the stochastic ones
 * against their closed forms. Bounds are 5 standard errors of the sample. */
#include "core/transform.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

using V = std::vector<float>;
enum { N = 200000 };

/* E[T^k] for k = 1, 2, 4 at weight w, alpha 1. */
struct Moments {
    double first, second, fourth;
};

/* E[U^k] for U uniform on (g, 1/g). */
static double uniform_moment(double g, int k) {
    double high = 1 / g;
    return g == 1 ? 1 : (std::pow(high, k + 1) - std::pow(g, k + 1)) / ((k + 1) * (high - g));
}
static Moments multunif(double w, double g) {
    return {w * uniform_moment(g, 1), w * w * uniform_moment(g, 2), std::pow(w, 4) * uniform_moment(g, 4)};
}
static Moments stochm(double w, double g) {
    Moments m = multunif(w, g);
    m.first *= std::fabs(w); /* kept with (|w| + 1)/2, flipped with (1 - |w|)/2 */
    return m;
}
static Moments stochm3(double w, double g, double middle, double drop) {
    Moments m = stochm(w, g);
    double kept = std::fabs(w) < middle ? 1 - drop : 1;
    return {kept * m.first, kept * m.second, kept * m.fourth};
}
static Moments addnorm(double w, double s) {
    return {w, w * w + s * s, std::pow(w, 4) + 6 * w * w * s * s + 3 * std::pow(s, 4)};
}

static V applied(const std::string &text, V w, uint64_t step = 7, uint16_t layer = 1) {
    weft_transform_chain chain = {};
    weft_error err = {};
    EXPECT_EQ(weft_transform_chain_parse(&chain, text.c_str(), &err), WEFT_OK) << err.text;
    weft_transform_draw draw = {2016, step, layer, WEFT_PURPOSE_PROJECT};
    EXPECT_EQ(weft_transform_chain_apply(&chain, w.data(), w.data(), w.size(), &draw, &err), WEFT_OK) << err.text;
    return w;
}

/* N weights of one value, behind one of value 1 that fixes alpha. */
static V copies(double w) {
    V all(N + 1, float(w));
    all[0] = 1;
    return all;
}

static void expect_moments(const std::string &text, const std::function<Moments(double)> &formula) {
    for (double w : {-1.0, -0.75, -0.5, -0.25, -0.125, 0.0, 0.0625, 0.375, 0.5, 0.875, 1.0}) {
        V out = applied(text, copies(w));
        double first = 0, second = 0;
        for (size_t i = 1; i < out.size(); i++) first += out[i], second += double(out[i]) * out[i];
        Moments m = formula(w);
        double rounding = 1e-6; /* single precision */
        EXPECT_NEAR(first / N, m.first, 5 * std::sqrt((m.second - m.first * m.first) / N) + rounding)
            << text << " at " << w;
        EXPECT_NEAR(second / N, m.second, 5 * std::sqrt(std::max(0.0, m.fourth - m.second * m.second) / N) + rounding)
            << text << " at " << w;
    }
}

/* ---- deterministic rows: the table of paper.md, in double ---- */

static bool nowhere(double) { return false; }
static void expect_formula(const std::string &text, const std::function<double(double)> &formula,
                           const std::function<bool(double)> &left_out = nowhere) {
    V w(N);
    weft_rng rng = {11, 0, 0, WEFT_PURPOSE_TEST};
    weft_rng_fill_uniform(&rng, 0, w.size(), w.data());
    for (float &x : w) x = 2 * x - 1;
    w[0] = -1, w[1] = 0.5f, w[2] = 0.0f;
    for (float alpha : {1.0f, 0.03125f}) { /* a power of 2: w / a is exact */
        V scaled = w;
        for (float &x : scaled) x *= alpha;
        V out = applied(text, scaled);
        for (size_t i = 0; i < out.size(); i++) {
            if (left_out(double(w[i]))) continue;
            ASSERT_NEAR(double(out[i]), double(alpha) * formula(double(w[i])), 5e-7 * double(alpha)) << text << w[i];
        }
    }
}
static double sign(double w) { return w < 0 ? -1 : 1; }

TEST(TransformFormula, NoneSignRoundPower) {
    expect_formula("none", [](double w) { return w; });
    expect_formula("sign", sign);
    expect_formula("round", [](double w) { return std::round(w); });
    for (double beta : {0.0, 0.25, 0.5, 1.0, 1.5, 2.0})
        expect_formula("power:beta=" + std::to_string(beta),
                       [=](double w) { return std::pow(std::fabs(w), beta) * sign(w); });
}
TEST(TransformFormula, TernaryQuantiseClip) {
    for (double t : {0.0, 0.25, 0.5, 1.0})
        expect_formula("ternary:threshold=" + std::to_string(t),
                       [=](double w) { return std::fabs(w) < t ? 0 : sign(w); });
    for (int bits : {2, 4, 8}) {
        double levels = std::pow(2, bits - 1) - 1;
        auto nearest = [=](double w) { return std::round(levels * w) / levels; };
        expect_formula("quantise:bits=" + std::to_string(bits), nearest, [=](double w) {
            return std::fabs(std::fabs(levels * w - std::floor(levels * w)) - 0.5) < 1e-5; /* either way */
        });
    }
    for (int n : {2, 3, 5, 17}) {
        auto nearest = [=](double w) { return std::round((n - 1) * w) / (n - 1); };
        expect_formula("levels:n=" + std::to_string(n), nearest, [=](double w) {
            return std::fabs(std::fabs((n - 1) * w - std::floor((n - 1) * w)) - 0.5) < 1e-5;
        });
    }
    for (double limit : {0.0, 0.25, 1.0})
        expect_formula("clip:limit=" + std::to_string(limit),
                       [=](double w) { return std::min(std::max(w, -limit), limit); });
}

TEST(TransformMoments, Stoch) {
    expect_moments("stoch", [](double w) { return Moments{w, 1, 1}; });
}
TEST(TransformMoments, MultUnif) {
    for (double g : {0.2, 0.5, 1.0})
        expect_moments("multunif:gamma=" + std::to_string(g), [=](double w) { return multunif(w, g); });
}
TEST(TransformMoments, StochMInTheOddForm) {
    for (double g : {0.2, 0.5, 1.0})
        expect_moments("stochm:gamma=" + std::to_string(g), [=](double w) { return stochm(w, g); });
}
TEST(TransformMoments, StochM3BelowHalfOfAlpha) {
    for (double drop : {0.0, 0.5, 1.0})
        expect_moments("stochm3:gamma=0.5,middle=0,drop=" + std::to_string(drop),
                       [=](double w) { return stochm3(w, 0.5, 0.5, drop); });
}
TEST(TransformMoments, AddNorm) {
    for (double s : {0.1, 0.2, 0.8})
        expect_moments("addnorm:sigma=" + std::to_string(s), [=](double w) { return addnorm(w, s); });
}

/* ---- devices; formulas and constants restated from the publications ---- */

static double fraction_below(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

TEST(DeviceMoments, ErrorsProportionalAndInverse) {
    for (double s : {0.05, 0.5}) {
        expect_moments("multnorm:sigma=" + std::to_string(s), [=](double w) { return addnorm(w, s * std::fabs(w)); });
        for (double floor : {0.1, 0.5})
            expect_moments("invnorm:sigma=" + std::to_string(s) + ",floor=" + std::to_string(floor),
                           [=](double w) { return addnorm(w, s / std::max(std::fabs(w), floor)); });
    }
}
TEST(DeviceMoments, LogNormal) {
    for (double s : {0.05, 0.4})
        expect_moments("lognorm:sigma=" + std::to_string(s), [=](double w) {
            return Moments{w * std::exp(s * s / 2), w * w * std::exp(2 * s * s), std::pow(w, 4) * std::exp(8 * s * s)};
        });
}
TEST(DeviceMoments, StuckCells) {
    for (double on : {0.0, 0.02, 0.3})
        for (double off : {0.0, 0.1, 0.7}) {
            double kept = 1 - on - off;
            expect_moments("stuck:on=" + std::to_string(on) + ",off=" + std::to_string(off), [=](double w) {
                return Moments{on * sign(w) + kept * w, on + kept * w * w, on + kept * std::pow(w, 4)};
            });
        }
}
/* Counts, and nothing but the three values. */
TEST(DeviceMoments, StuckRates) {
    V out = applied("stuck:on=0.0175,off=0.0904", copies(-0.5));
    double on = double(std::count(out.begin() + 1, out.end(), -1.0f)),
           off = double(std::count(out.begin() + 1, out.end(), 0.0f));
    EXPECT_NEAR(on / N, 0.0175, 5 * std::sqrt(0.0175 / N));
    EXPECT_NEAR(off / N, 0.0904, 5 * std::sqrt(0.0904 / N));
    EXPECT_EQ(double(std::count(out.begin() + 1, out.end(), -0.5f)), N - on - off);
    V all = applied("stuck:on=0.75,off=0.75", copies(0.5)); /* what `on` leaves is off */
    EXPECT_EQ(std::count(all.begin() + 1, all.end(), 0.5f), 0);
    EXPECT_NEAR(double(std::count(all.begin() + 1, all.end(), 1.0f)) / N, 0.75, 5 * std::sqrt(0.75 * 0.25 / N));
}
TEST(DeviceMoments, PcmProgrammingError) {
    for (double scale : {0.5, 1.0, 2.0})
        expect_moments("pcm_program:scale=" + std::to_string(scale), [=](double w) {
            double g = std::fabs(w), us = 0.26348 + 1.965 * g - 1.1731 * g * g;
            return addnorm(w, scale * us / 25);
        });
}
/* nu is normal with what is below 0 at 0: mean of exp(-k L nu) over both parts. */
static double drift_moment(double g, double folds, int k) {
    double m = std::min(std::max(-0.0155 * std::log(g) + 0.0244, 0.049), 0.1),
           s = std::min(std::max(-0.0125 * std::log(g) - 0.0059, 0.008), 0.045), l = k * folds;
    return fraction_below(-m / s) + std::exp(-l * m + l * l * s * s / 2) * fraction_below(m / s - l * s);
}
TEST(DeviceMoments, PcmDriftFromASecondToAMonth) {
    for (double time : {0.0, 1.0, 3600.0, 86400.0, 2592000.0})
        expect_moments("pcm_drift:time_s=" + std::to_string(time), [=](double w) {
            double g = std::fabs(w), folds = std::log(1 + time / 20);
            if (g == 0) return Moments{0, 0, 0};
            return Moments{w * drift_moment(g, folds, 1), w * w * drift_moment(g, folds, 2),
                           std::pow(w, 4) * drift_moment(g, folds, 4)};
        });
}
TEST(DeviceMoments, PcmDriftByHand) {
    /* A full cell after 30 days: nu = 0.049 +- 0.008, ln(2592020 / 20) = 11.77222. */
    V out = applied("pcm_drift:time_s=2592000", V(N, 1.0f));
    double log_mean = 0, log_square = 0;
    for (float x : out) log_mean += std::log(double(x)), log_square += std::pow(std::log(double(x)), 2);
    log_mean /= N, log_square /= N;
    EXPECT_NEAR(log_mean, -0.57684, 5 * 0.09418 / std::sqrt(double(N)));
    EXPECT_NEAR(std::sqrt(log_square - log_mean * log_mean), 0.09418, 0.09418 * 5 / std::sqrt(2.0 * N));
    V scaled = applied("pcm_drift:time_s=2592000,scale=2", V(N, 1.0f)),
      soon = applied("pcm_drift:time_s=90,t0_s=10", V(N, 1.0f));
    for (size_t i = 0; i < N; i++) {
        ASSERT_NEAR(scaled[i], out[i] * out[i], 1e-6); /* the same draw, twice the exponent */
        ASSERT_NEAR(std::log(soon[i]) / std::log(10.0), std::log(out[i]) / 11.77222, 1e-6);
    }
}
TEST(DeviceMoments, PcmReadNoise) {
    for (double time : {1.0, 86400.0})
        for (double scale : {1.0, 0.5})
            expect_moments("pcm_read:time_s=" + std::to_string(time) + ",scale=" + std::to_string(scale),
                           [=](double w) {
                               double g = std::fabs(w), growth = std::sqrt(std::log((time + 250e-9) / 500e-9));
                               if (g == 0) return Moments{0, 0, 0};
                               return addnorm(w, scale * g * growth * std::min(0.0088 / std::pow(g, 0.65), 0.2));
                           });
    EXPECT_EQ(applied("pcm_read:time_s=0", copies(0.5)), copies(0.5)); /* ahead of the first read pulse */
}
TEST(DeviceMoments, RramRelaxation) {
    expect_moments("rram_relax:sigma=0.02,growth=0.1,time_s=0.5,t0_s=1", [](double w) { return addnorm(w, 0.02); });
    for (double time : {1.0, 3600.0, 315360000.0})
        expect_moments("rram_relax:sigma=0.02,growth=0.1,t0_s=1,time_s=" + std::to_string(time),
                       [=](double w) { return addnorm(w, 0.02 * (1 + 0.1 * std::log(time))); });
    /* As published: 0.4118 + 0.0420 ln t uS of 90 uS; after a year 1.137 uS. */
    V out = applied("rram_relax:time_s=31536000", V(N, 0.5f));
    double square = 0;
    for (float x : out) square += std::pow(90 * (double(x) - 0.5) * 2, 2); /* alpha is 0.5 */
    EXPECT_NEAR(std::sqrt(square / N), 1.137, 1.137 * (0.005 + 5 / std::sqrt(2.0 * N)));
}

/* By rank: copies of w below as many copies of 1, so that all of them are in the middle, and above as many zeros, so
 * that none is. */
static void expect_moments_of_half(const std::string &text, double w, float others, const Moments &m) {
    V all(2 * N + 1, float(w));
    std::fill(all.begin(), all.begin() + N, others);
    all[0] = 1;
    if (others == 1.0f) all[2 * N] = 1; /* N + 1 above, N - 1 of w in the middle */
    V out = applied(text, all);
    double first = 0, second = 0, count = 0;
    for (size_t i = N; i < 2 * N; i++) first += out[i], second += double(out[i]) * out[i], count++;
    EXPECT_NEAR(first / count, m.first, 5 * std::sqrt((m.second - m.first * m.first) / count) + 1e-6) << text << w;
    EXPECT_NEAR(second / count, m.second, 5 * std::sqrt((m.fourth - m.second * m.second) / count) + 1e-6) << text << w;
}
TEST(TransformMoments, StochM3ByRank) {
    for (double drop : {0.25, 0.5, 1.0})
        for (double w : {-0.75, -0.25, 0.125, 0.5, 0.875}) {
            std::string text = "stochm3:gamma=0.5,middle=1,drop=" + std::to_string(drop);
            expect_moments_of_half(text, w, 1.0f, stochm3(w, 0.5, 1, drop)); /* the smaller half, above a/2 too */
            expect_moments_of_half(text, w, 0.0f, stochm3(w, 0.5, 0, drop)); /* the larger half, below a/2 too */
        }
}
/* The two readings part where many weights are near alpha, or few. */
TEST(TransformMoments, TheReadingsOfTheMiddleDiffer) {
    for (double w : {0.25, 0.75}) {
        V all(4 * N, float(w));
        std::fill(all.begin(), all.begin() + (w < 0.5 ? N : 3 * N), w < 0.5 ? 1.0f : 0.1f); /* the others: 1, or 0.1 */
        if (w > 0.5) all[0] = 1;
        V half = applied("stochm3:middle=0,drop=1", all), rank = applied("stochm3:middle=1,drop=1", all);
        long by_half = std::count(half.begin(), half.end(), 0.0f), by_rank = std::count(rank.begin(), rank.end(), 0.0f);
        EXPECT_EQ(by_half, w < 0.5 ? 3 * N : 3 * N - 1);
        EXPECT_EQ(by_rank, 0); /* the median is tied: nothing is below it */
    }
    V spread(N);
    for (size_t i = 0; i < spread.size(); i++) spread[i] = float(std::pow((double(i) + 1) / N, 3)); /* median 1/8 */
    V half = applied("stochm3:middle=0,drop=1", spread), rank = applied("stochm3:middle=1,drop=1", spread);
    EXPECT_NEAR(double(std::count(half.begin(), half.end(), 0.0f)), std::cbrt(0.5) * N, 1.5);
    EXPECT_NEAR(double(std::count(rank.begin(), rank.end(), 0.0f)), 0.5 * N, 1.5);
}

/* ---- whole distributions ---- */

/* Kolmogorov's statistic of the draws at weight w; above 2.5 / sqrt(N) with probability below 7e-6. */
static void expect_distribution(const std::string &text, double w, const std::function<double(double)> &cumulative) {
    V out = applied(text, copies(w));
    std::sort(out.begin() + 1, out.end());
    double worst = 0;
    for (size_t i = 1; i < out.size(); i++) {
        double expected = cumulative(double(out[i]));
        worst = std::max({worst, double(i) / N - expected, expected - double(i - 1) / N});
    }
    EXPECT_LE(worst, 2.5 / std::sqrt(double(N)) + 1e-5) << text << " at " << w;
}
/* P(U < x), U uniform on (g, 1/g). */
static double uniform_below(double x, double g) { return std::min(std::max((x - g) / (1 / g - g), 0.0), 1.0); }

TEST(TransformDistribution, AddNorm) {
    for (double w : {-0.75, 0.0, 0.25})
        expect_distribution("addnorm:sigma=0.3", w,
                            [=](double x) { return 0.5 * std::erfc((w - x) / (0.3 * std::sqrt(2.0))); });
}
TEST(TransformDistribution, MultUnif) {
    for (double w : {-0.75, 0.25, 1.0})
        expect_distribution("multunif:gamma=0.4", w, [=](double x) {
            return w > 0 ? uniform_below(x / w, 0.4) : 1 - uniform_below(x / w, 0.4);
        });
}
/* Sign and magnitude are drawn independently. */
TEST(TransformDistribution, StochM) {
    for (double w : {-0.75, -0.125, 0.25, 0.875}) {
        double m = std::fabs(w), positive = (1 + w) / 2;
        expect_distribution("stochm:gamma=0.4", w, [=](double x) {
            double below = uniform_below(std::fabs(x) / m, 0.4);
            return x < 0 ? (1 - positive) * (1 - below) : 1 - positive + positive * below;
        });
    }
}

/* Two links with one stream would add up to twice the standard deviation instead of sqrt(2) times. */
TEST(TransformMoments, LinksOfAChainAreIndependent) {
    expect_moments("addnorm:sigma=0.3|addnorm:sigma=0.4", [](double w) { return addnorm(w, 0.5); });
}

/* Stoch and StochM give values that the formula allows, and no others. */
TEST(TransformValues, Support) {
    V w(N);
    weft_rng rng = {3, 0, 0, WEFT_PURPOSE_TEST};
    weft_rng_fill_uniform(&rng, 0, w.size(), w.data());
    for (float &x : w) x = 2 * x - 1;
    w[0] = 1;
    V stoch = applied("stoch", w), stochm = applied("stochm:gamma=0.5", w), mult = applied("multunif:gamma=0.5", w);
    size_t flipped = 0;
    for (size_t i = 0; i < w.size(); i++) {
        ASSERT_EQ(std::fabs(stoch[i]), 1.0f);
        ASSERT_GE(std::fabs(stochm[i]), 0.4999f * std::fabs(w[i]));
        ASSERT_LE(std::fabs(stochm[i]), 2.0001f * std::fabs(w[i]));
        ASSERT_GE(mult[i] * w[i], 0.4999f * w[i] * w[i]);
        ASSERT_LE(mult[i] * w[i], 2.0001f * w[i] * w[i]);
        flipped += stochm[i] * w[i] < 0;
    }
    EXPECT_NEAR(double(flipped) / N, 0.25, 5 * std::sqrt(0.25 * 0.75 / N)); /* mean of (1 - |w|)/2 */
    EXPECT_EQ(stoch[0], 1.0f);
}

/* By rank, half of the weights are in the middle, whatever their distribution; half of those drop. */
TEST(TransformValues, StochM3ByRank) {
    for (int odd : {0, 1}) {
        V w(N + size_t(odd));
        weft_rng rng = {5, 0, 0, WEFT_PURPOSE_TEST};
        weft_rng_fill_normal(&rng, 0, w.size(), w.data());
        V sorted = w;
        for (float &x : sorted) x = std::fabs(x);
        std::nth_element(sorted.begin(), sorted.begin() + long(w.size() / 2), sorted.end());
        float median = sorted[w.size() / 2];
        V all = applied("stochm3:middle=1,drop=1", w), half = applied("stochm3:middle=1,drop=0.5", w);
        size_t dropped = 0;
        for (size_t i = 0; i < w.size(); i++) {
            ASSERT_EQ(all[i] == 0.0f, std::fabs(w[i]) < median) << w[i];
            ASSERT_TRUE(std::fabs(w[i]) < median || half[i] != 0.0f);
            dropped += half[i] == 0.0f;
        }
        EXPECT_NEAR(double(dropped), w.size() / 4.0, 5 * std::sqrt(w.size() / 8.0));
    }
    V equal = applied("stochm3:middle=1,drop=1", V(100, 0.5f)); /* all tied: none is below the median */
    EXPECT_EQ(std::count(equal.begin(), equal.end(), 0.0f), 0);
}

/* Tr-Power-C: one beta a minibatch, uniform in the range, the same for every layer. */
TEST(TransformRange, OneValuePerStepSharedByLayers) {
    const int steps = 2000;
    double sum = 0, square = 0;
    for (int step = 0; step < steps; step++) {
        V w = {1.0f, 0.5f};
        V out = applied("power:beta=0..2", w, uint64_t(step));
        EXPECT_EQ(out, applied("power:beta=0..2", w, uint64_t(step), 9));
        double beta = -std::log2(double(out[1]));
        ASSERT_GE(beta, -1e-6);
        ASSERT_LE(beta, 2 + 1e-6);
        sum += beta, square += beta * beta;
    }
    EXPECT_NEAR(sum / steps, 1, 5 * std::sqrt(1.0 / 3 / steps));
    EXPECT_NEAR(square / steps, 4.0 / 3, 5 * std::sqrt((16.0 / 5 - 16.0 / 9) / steps));
}

TEST(TransformRange, WholeNumbersAreEquallyLikely) {
    int seen[5] = {};
    const int steps = 4000;
    for (int step = 0; step < steps; step++) { /* the smallest level above 0 tells the bits */
        V out = applied("quantise:bits=1..4", V({1.0f, 0.2f}), uint64_t(step));
        float levels[] = {0, 1.0f, 0.0f, 1.0f / 3, 1.0f / 7};
        int bits = 1;
        while (bits < 4 && out[1] != levels[bits]) bits++;
        ASSERT_EQ(out[1], levels[bits]);
        seen[bits]++;
    }
    for (int bits = 1; bits <= 4; bits++) EXPECT_NEAR(seen[bits], steps / 4.0, 5 * std::sqrt(steps * 3 / 16.0)) << bits;
}
