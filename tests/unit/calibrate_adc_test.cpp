// Ranges of converters from histograms, and percentiles of weights: by hand, and against brute force.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "sim/model/calibrate_internal.h"

namespace {

weft_chip chip_that(int calibrate, double percentile = 99.9) {
    weft_chip chip{};
    chip.adc.calibrate = calibrate;
    chip.adc.percentile = percentile;
    return chip;
}

struct Histogram {
    std::unique_ptr<weft_plane_probe> probe = std::make_unique<weft_plane_probe>();
    void add(double value, uint64_t count = 1) {
        probe->histogram[weft_probe_bin(value)] += count;
        probe->conversions += count;
        probe->largest = std::max(probe->largest, value);
    }
    double range(const weft_chip &chip, int64_t max_code) const {
        return weft_calibrated_range(probe.get(), &chip, max_code);
    }
};

TEST(AdcRange, MaximumIsTheLargestSumItself) {
    Histogram h;
    h.add(3, 1000);
    h.add(117.25);
    EXPECT_EQ(117.25, h.range(chip_that(WEFT_ADC_MAXIMUM), 15));
    EXPECT_EQ(0, Histogram().range(chip_that(WEFT_ADC_MAXIMUM), 15));
}

// 90 sums of 8, 9 of 64, one of 512. Bins are 1/64 octave wide.
TEST(AdcRange, PercentileLeavesOutTheRest) {
    Histogram h;
    h.add(8, 90);
    h.add(64, 9);
    h.add(512);
    EXPECT_NEAR(8, h.range(chip_that(WEFT_ADC_PERCENTILE, 90), 15), 8.0 / 64);
    EXPECT_NEAR(64, h.range(chip_that(WEFT_ADC_PERCENTILE, 90.1), 15), 64.0 / 64);
    EXPECT_NEAR(64, h.range(chip_that(WEFT_ADC_PERCENTILE, 99), 15), 64.0 / 64);
    EXPECT_EQ(512, h.range(chip_that(WEFT_ADC_PERCENTILE, 99.5), 15));
    EXPECT_EQ(512, h.range(chip_that(WEFT_ADC_PERCENTILE, 100), 15));
}

// Zeros count: 99 of 100 sums are nothing, so their percentile says nothing, and the largest sum is taken.
TEST(AdcRange, PercentileOfZerosIsTheMaximum) {
    Histogram h;
    h.add(0, 99);
    h.add(40);
    EXPECT_EQ(40, h.range(chip_that(WEFT_ADC_PERCENTILE, 90), 15));
    EXPECT_EQ(0, Histogram().range(chip_that(WEFT_ADC_PERCENTILE), 15));
}

// 1000 sums of 16 and one of 64, 3 codes. Range 64: step 21.3, half of it below 16: 1000 x 37.9 and 37.9.
// Range 16: step 5.33: 1000 x 2.37 + 48^2 = 4,675: better. With 4 of 64 for each of 16 the wide range is.
TEST(AdcRange, SquaredErrorWeighsRoundingAgainstClipping) {
    Histogram h;
    h.add(16, 1000);
    h.add(64);
    EXPECT_NEAR(16, h.range(chip_that(WEFT_ADC_SQUARED_ERROR), 3), 16.0 / 64);
    Histogram wide;
    wide.add(16, 1000);
    wide.add(64, 4000);
    EXPECT_EQ(64, wide.range(chip_that(WEFT_ADC_SQUARED_ERROR), 3));
    Histogram nothing;
    nothing.add(0, 7);
    EXPECT_EQ(0, nothing.range(chip_that(WEFT_ADC_SQUARED_ERROR), 3));
}

// The definition, bin by bin, at every bin that has sums.
double brute_force(const weft_plane_probe &probe, double max_code) {
    double best = 0, least = INFINITY;
    const auto value = [&](int b) { return std::min(weft_probe_value(b), probe.largest); };
    for (int b = 1; b < WEFT_PROBE_BINS; b++) {
        if (!probe.histogram[b]) continue;
        const double range = value(b), step = range / max_code;
        double error = 0;
        for (int s = 1; s < WEFT_PROBE_BINS; s++) {
            const double v = value(s), n = static_cast<double>(probe.histogram[s]);
            if (v > range)
                error += n * (v - range) * (v - range);
            else
                error += n * (v <= step / 2 ? v * v : step * step / 12);
        }
        if (error <= least * (1 + 1e-12)) best = range, least = error;
    }
    return best;
}

TEST(AdcRange, SquaredErrorIsTheLeastOfAll) {
    std::mt19937 random(5);
    for (int round = 0; round < 30; round++) {
        Histogram h;
        std::lognormal_distribution<double> sums(3, 0.2 + 0.06 * round);
        const int count = round < 10 ? 5 : 2000;
        for (int i = 0; i < count; i++) h.add(std::floor(sums(random)) + (round % 2 ? 0.5 : 0));
        for (int max_code : {1, 3, 15, 127, 1023}) {
            const double range = h.range(chip_that(WEFT_ADC_SQUARED_ERROR), max_code);
            EXPECT_DOUBLE_EQ(brute_force(*h.probe, max_code), range) << round << ", " << max_code;
        }
    }
}

TEST(ClipPercentile, IsTheExactOrderStatistic) {
    std::mt19937 random(6);
    for (size_t count : {1u, 2u, 10u, 999u, 1000u}) {
        std::vector<float> x(count);
        std::normal_distribution<float> normal(0, 1e-3f);
        for (float &v : x) v = normal(random);
        if (count > 5) x[3] = 0, x[4] = -1e30f, x[5] = 1e-42f;
        std::vector<float> sorted;
        for (float v : x) sorted.push_back(std::fabs(v));
        std::sort(sorted.begin(), sorted.end());
        for (double percentile : {50.0, 90.0, 99.0, 99.9, 100.0}) {
            const size_t rank = static_cast<size_t>(std::ceil(percentile / 100 * static_cast<double>(count)));
            EXPECT_EQ(sorted[std::max<size_t>(rank, 1) - 1], weft_magnitude_percentile(x.data(), count, percentile))
                << count << ", " << percentile;
        }
    }
}

} // namespace
