// Converters: codes worked out by hand, transfer curves, statistics of mismatch.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "sim/model/adc.h"
#include "tests/model_fixture.h"

namespace {

weft_chip adc_chip(int bits, int range, bool is_signed) {
    ChipSpec s;
    s.rows = 2;
    s.cell_bits = 2;
    s.weight_bits = 3;
    s.weight_encoding = is_signed ? WEFT_WEIGHT_DIFFERENTIAL_CELL : WEFT_WEIGHT_OFFSET;
    s.adc_bits = bits;
    s.adc_range = range;
    return make_chip(s);
}

struct Adc {
    weft_adc a{};
    explicit Adc(const weft_chip &chip, double range = 0, uint64_t seed = 1, uint64_t trial = 0, int stage = 0,
                 uint64_t first = 0) {
        weft_error err{};
        EXPECT_EQ(WEFT_OK, weft_adc_create(&a, &chip, range, seed, trial, stage, first, &err)) << err.text;
    }
    Adc(const Adc &) = delete;
    ~Adc() { weft_adc_destroy(&a); }
    int64_t operator()(double sum, int converter = 0) const { return weft_adc_code(&a, converter, sum); }
};

TEST(Adc, UnitRangeIsTheSumClamped) {
    Adc adc(adc_chip(3, WEFT_ADC_UNIT, false));
    EXPECT_EQ(7, adc.a.max_code);
    EXPECT_EQ(1.0, adc.a.step);
    const double sums[] = {-3, 0, 1, 6, 7, 8, 1e18};
    const int64_t codes[] = {0, 0, 1, 6, 7, 7, 7};
    for (int i = 0; i < 7; i++) EXPECT_EQ(codes[i], adc(sums[i])) << sums[i];
    Adc both(adc_chip(3, WEFT_ADC_UNIT, true));
    EXPECT_EQ(3, both.a.max_code);
    const int64_t clamped[] = {-3, 0, 1, 3, 3, 3, 3};
    for (int i = 0; i < 7; i++) EXPECT_EQ(clamped[i], both(sums[i])) << sums[i];
}

// 2 rows x level 3 x digit 1: full sum 6, largest code 3, a code is 2: ties away from zero, and nothing else up.
TEST(Adc, FullScaleRoundsHalfAwayFromZero) {
    Adc adc(adc_chip(2, WEFT_ADC_FULL_SCALE, false));
    EXPECT_EQ(3, adc.a.max_code);
    EXPECT_EQ(6, adc.a.full_sum);
    EXPECT_EQ(2.0, adc.a.step);
    const int64_t codes[] = {0, 1, 1, 2, 2, 3, 3, 3};
    for (int sum = 0; sum < 8; sum++) EXPECT_EQ(codes[sum], adc(sum)) << sum;
    Adc both(adc_chip(3, WEFT_ADC_FULL_SCALE, true));
    for (int sum = -8; sum < 8; sum++) EXPECT_EQ(sum < 0 ? -codes[std::min(-sum, 7)] : codes[sum], both(sum)) << sum;
}

TEST(Adc, CalibratedRangeIsTheLargestCode) {
    Adc adc(adc_chip(2, WEFT_ADC_CALIBRATED, false), 1.5); // a code is 0.5
    EXPECT_EQ(0.5, adc.a.step);
    EXPECT_FALSE(adc.a.rational);
    const double sums[] = {-0.3, 0.2, 0.25, 0.7, 0.75, 1.2, 1.3, 9};
    const int64_t codes[] = {0, 0, 1, 1, 2, 2, 3, 3};
    for (int i = 0; i < 8; i++) EXPECT_EQ(codes[i], adc(sums[i])) << sums[i];
    Adc unset(adc_chip(2, WEFT_ADC_CALIBRATED, false)); // as full_scale
    EXPECT_EQ(2.0, unset.a.step);
}

TEST(Adc, PulseAndCellLimits) {
    weft_chip chip = adc_chip(4, WEFT_ADC_FULL_SCALE, false);
    const auto largest = [&](int bits, int encoding, int group, bool analog) {
        chip.input.bits = bits, chip.input.encoding = encoding, chip.input.bits_per_pulse = group;
        chip.adc.accumulate_analog = analog;
        weft_chip_resolve(&chip);
        return weft_chip_pulse_max(&chip);
    };
    EXPECT_EQ(1, largest(8, WEFT_INPUT_BIT_SERIAL, 1, false));
    EXPECT_EQ(7, largest(8, WEFT_INPUT_BIT_SERIAL, 3, false));
    EXPECT_EQ(127, largest(8, WEFT_INPUT_BIT_SERIAL, 8, false));
    EXPECT_EQ(127, largest(8, WEFT_INPUT_BIT_SERIAL, 1, true));
    EXPECT_EQ(1, largest(8, WEFT_INPUT_SIGN_MAGNITUDE, 1, false));
    EXPECT_EQ(15, largest(8, WEFT_INPUT_SIGN_MAGNITUDE, 4, false));
    EXPECT_EQ(127, largest(8, WEFT_INPUT_SIGN_MAGNITUDE, 8, false));
    EXPECT_EQ(127, largest(8, WEFT_INPUT_PULSE_WIDTH, 0, false));
    EXPECT_EQ(3, weft_chip_cell_max(&chip));
    EXPECT_FALSE(weft_chip_columns_signed(&chip));
    chip.input.encoding = WEFT_INPUT_SIGN_MAGNITUDE;
    EXPECT_TRUE(weft_chip_columns_signed(&chip));
}

int64_t fast_code(const weft_adc &adc, int sum) {
    const int32_t kept = std::min(std::max(sum, adc.is_signed ? -adc.fast_top : 0), adc.fast_top);
    const int64_t code = (kept * adc.fast_factor + adc.fast_half) >> adc.fast_shift; // of 32 bits
    const int64_t high = adc.max_code, low = adc.is_signed ? -high : 0;
    EXPECT_TRUE(adc.fast_clamps || (code >= low && code <= high));
    return std::min(std::max(code, low), high);
}

TEST(Adc, IntegersGiveTheSameCodes) {
    int fast = 0, clamping = 0, reaching = 0;
    for (int rows : {1, 27, 128, 200, 1024, 2000, 4096})
        for (int bits : {3, 5, 8, 12})
            for (bool is_signed : {false, true})
                for (int range : {WEFT_ADC_UNIT, WEFT_ADC_FULL_SCALE, WEFT_ADC_CALIBRATED}) {
                    weft_chip chip = adc_chip(bits, range, is_signed);
                    chip.array.rows = rows;
                    Adc adc(chip, 2.2 * rows);
                    ASSERT_TRUE(adc.a.fast_sum == 0 || adc.a.fast_sum == 3 * rows);
                    for (int sum = is_signed ? -adc.a.fast_sum : 0; sum <= adc.a.fast_sum && adc.a.fast_sum; sum++)
                        ASSERT_EQ(adc(sum), fast_code(adc.a, sum)) << rows << " " << sum;
                    const bool surely = range == WEFT_ADC_UNIT || (range == WEFT_ADC_FULL_SCALE && bits <= 8);
                    EXPECT_TRUE(adc.a.fast_sum > 0 || !surely || rows > 200) << rows << " " << bits;
                    fast += adc.a.fast_sum > 0;
                    clamping += adc.a.fast_sum && adc.a.fast_clamps;
                    reaching += adc.a.fast_sum > adc.a.fast_top;
                }
    EXPECT_GT(fast, 70);
    EXPECT_GT(clamping, 10);
    EXPECT_LT(clamping, fast - 20);
    EXPECT_GT(reaching, 20);
}

// ---- mismatch ----

weft_chip mismatched(int kind, int bits, bool is_signed, double mismatch, int converters) {
    weft_chip chip = adc_chip(bits, WEFT_ADC_CALIBRATED, is_signed);
    chip.adc.kind = kind;
    chip.adc.mismatch = mismatch;
    chip.adc.per_array = converters;
    return chip;
}

TEST(Adc, TransferIsMonotoneAndReachesBothEnds) {
    for (int kind : {WEFT_ADC_SAR, WEFT_ADC_RAMP})
        for (bool is_signed : {false, true})
            for (double mismatch : {0.01, 0.3, 1.0}) {
                const weft_chip chip = mismatched(kind, 6, is_signed, mismatch, 16);
                Adc adc(chip, is_signed ? 31 : 63); // a code is 1
                ASSERT_EQ(1.0, adc.a.step);
                bool bent = false;
                for (int a = 0; a < 16; a++) {
                    int64_t last = adc(-1000, a);
                    EXPECT_EQ(is_signed ? -31 : 0, last);
                    for (double x = -70; x < 70; x += 0.01) {
                        const int64_t code = adc(x, a);
                        ASSERT_GE(code, last) << x;
                        bent = bent || std::fabs(static_cast<double>(code) - x) > 0.52;
                        last = code;
                    }
                    EXPECT_EQ(is_signed ? 31 : 63, adc(1000, a));
                }
                EXPECT_TRUE(bent);
            }
}

// Bits 1, 2 and 4 that weigh 1.5, 1.5 and 4: y is compared with 3.5, then 1.5 - 0.5 and so on.
TEST(Adc, SarSearchesItsWeights) {
    Adc adc(mismatched(WEFT_ADC_SAR, 3, false, 0.1, 1), 7);
    const double weights[] = {1.5, 1.5, 4};
    std::copy(weights, weights + 3, adc.a.weight);
    adc.a.gain[0] = 1, adc.a.offset[0] = 0;
    const double y[] = {0.9, 1.1, 2.4, 2.6, 3.4, 3.6, 4.9, 5.1, 6.4, 6.6};
    const int64_t codes[] = {0, 2, 2, 3, 3, 4, 4, 6, 6, 7};
    for (int i = 0; i < 10; i++) EXPECT_EQ(codes[i], adc(y[i])) << y[i];
}

TEST(Adc, RampCountsItsThresholds) {
    Adc adc(mismatched(WEFT_ADC_RAMP, 2, false, 0.1, 1), 3);
    const float thresholds[] = {-INFINITY, 0.25f, 1.75f, 2.5f};
    std::copy(thresholds, thresholds + 4, adc.a.threshold);
    const double y[] = {-9, 0.2, 0.25, 1.7, 1.8, 2.4, 2.5, 9};
    const int64_t codes[] = {0, 0, 1, 1, 2, 2, 3, 3};
    for (int i = 0; i < 8; i++) EXPECT_EQ(codes[i], adc(y[i])) << y[i];
}

double mean_square(const std::vector<double> &v) {
    double sum = 0;
    for (double x : v) sum += x * x;
    return sum / static_cast<double>(v.size());
}

// n steps of standard deviation m, scaled so that their sum is n: the sum of the first k is a bridge of variance
// m^2 k (n - k) / n.
TEST(Adc, RampMismatchIsABridge) {
    const int converters = 3000, n = 255;
    const double m = 0.05;
    Adc adc(mismatched(WEFT_ADC_RAMP, 8, false, m, converters), 255);
    for (int k : {1, 64, 128, 200}) {
        std::vector<double> error;
        for (int a = 0; a < converters; a++)
            error.push_back(static_cast<double>(adc.a.threshold[a * (n + 1) + k]) - (k - 0.5));
        const double expected = m * m * k * (n - k) / n;
        EXPECT_NEAR(1, mean_square(error) / expected, 4 * std::sqrt(2.0 / converters) + 0.01) << k;
    }
    for (int a = 0; a < converters; a++)
        EXPECT_NEAR(254.5, static_cast<double>(adc.a.threshold[a * (n + 1) + n]), 1e-4);
}

// Bit b is 2^b + m 2^(b/2) n, scaled by 1 - sum m 2^(b/2) n / (2^B - 1): variance of bit b's error
// m^2 (2^b (1 - 2 p) + p^2 (2^B - 1)), p = 2^b / (2^B - 1), to first order in m.
TEST(Adc, SarMismatchGrowsWithTheRootOfTheBit) {
    const int converters = 4000;
    const double m = 0.02;
    Adc adc(mismatched(WEFT_ADC_SAR, 8, false, m, converters), 255);
    for (int b = 0; b < 8; b++) {
        std::vector<double> error;
        for (int a = 0; a < converters; a++) error.push_back(adc.a.weight[a * 8 + b] - std::ldexp(1, b));
        const double p = std::ldexp(1, b) / 255, expected = m * m * (std::ldexp(1, b) * (1 - 2 * p) + p * p * 255);
        EXPECT_NEAR(1, mean_square(error) / expected, 4 * std::sqrt(2.0 / converters) + 0.01) << b;
    }
}

TEST(Adc, GainAndOffsetHaveTheirDeviations) {
    const int converters = 4000;
    weft_chip chip = adc_chip(8, WEFT_ADC_CALIBRATED, true);
    chip.adc.per_array = converters;
    chip.adc.gain_sigma = 0.03;
    chip.adc.offset_lsb = 1.5;
    Adc adc(chip, 127);
    std::vector<double> gain, offset;
    double product = 0;
    for (int a = 0; a < converters; a++) {
        gain.push_back(adc.a.gain[a] - 1);
        offset.push_back(adc.a.offset[a]);
        product += gain.back() * offset.back() / (0.03 * 1.5 * converters);
        EXPECT_EQ(std::round(adc.a.gain[a] * 40 + adc.a.offset[a]), static_cast<double>(adc(40, a)));
    }
    EXPECT_NEAR(1, mean_square(gain) / (0.03 * 0.03), 4 * std::sqrt(2.0 / converters));
    EXPECT_NEAR(1, mean_square(offset) / (1.5 * 1.5), 4 * std::sqrt(2.0 / converters));
    EXPECT_NEAR(0, product, 4 / std::sqrt(static_cast<double>(converters)));
}

TEST(Adc, DrawsBelongToSeedTrialStageAndArray) {
    weft_chip chip = mismatched(WEFT_ADC_SAR, 8, true, 0.1, 3);
    chip.adc.gain_sigma = 0.1;
    Adc one(chip, 127, 1, 2, 3, 4), same(chip, 64, 1, 2, 3, 4);
    const Adc others[] = {Adc(chip, 127, 9, 2, 3, 4), Adc(chip, 127, 1, 9, 3, 4), Adc(chip, 127, 1, 2, 9, 4),
                          Adc(chip, 127, 1, 2, 3, 9)};
    for (int a = 0; a < 3; a++) {
        EXPECT_EQ(one.a.gain[a], same.a.gain[a]); // another range, the same converters
        for (int b = 0; b < 8; b++) EXPECT_EQ(one.a.weight[8 * a + b], same.a.weight[8 * a + b]);
        for (const Adc &other : others) {
            EXPECT_NE(one.a.gain[a], other.a.gain[a]);
            EXPECT_NE(one.a.weight[8 * a], other.a.weight[8 * a]);
        }
    }
}

TEST(Adc, ColumnsTakeTurns) {
    weft_chip chip = adc_chip(8, WEFT_ADC_UNIT, false); // 2 slices
    chip.adc.per_array = 3;
    Adc adc(chip);
    EXPECT_EQ(2, chip.columns_per_weight);
    EXPECT_EQ((4 * 2 + 1) % 3, weft_adc_converter(&adc.a, &chip, 4, 1));
    chip.wires.interleaved = false;
    EXPECT_EQ(4 % 3, weft_adc_converter(&adc.a, &chip, 4, 1));
}

} // namespace
