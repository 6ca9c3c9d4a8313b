// Arrays against a plain restatement of their contract, on random chips, weights and inputs.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "sim/model/array.h"
#include "tests/model_fixture.h"

namespace {

struct Case {
    ChipSpec spec;
    weft_chip chip;
    int rows, columns, samples;
    std::vector<int16_t> weights, q; // q [samples, stride]
    int stride;
};

ChipSpec random_spec(std::mt19937 &random) {
    const auto pick = [&](int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random); };
    ChipSpec s;
    s.rows = pick(1, 40);
    s.weight_bits = pick(2, 16);
    s.weight_encoding = pick(0, 2);
    s.cell_bits = s.weight_encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL ? std::min(s.weight_bits, 8) : pick(1, 8);
    if (s.weight_encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL) s.weight_bits = s.cell_bits < 2 ? 2 : s.cell_bits;
    if (s.weight_encoding != WEFT_WEIGHT_OFFSET && pick(0, 3) == 0) s.cell_bits = 0, s.weight_bits = 16;
    s.input_bits = pick(2, 16);
    s.input_encoding = pick(0, 1);
    s.bits_per_pulse = s.input_encoding == WEFT_INPUT_BIT_SERIAL ? pick(1, s.input_bits) : 0;
    s.adc_bits = pick(2, 14);
    s.adc_range = pick(0, 1);
    s.flip = s.weight_encoding != WEFT_WEIGHT_DIFFERENTIAL_CELL && pick(0, 1);
    return s;
}

Case random_case(unsigned seed, bool lossless) {
    std::mt19937 random(seed);
    const auto pick = [&](int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random); };
    Case c;
    c.spec = random_spec(random);
    if (lossless) c.spec.adc_range = WEFT_ADC_UNIT, c.spec.adc_bits = 24;
    if (lossless && c.spec.cell_bits == 0) c.spec.cell_bits = 8, c.spec.weight_bits = 8;
    if (lossless && c.spec.input_encoding == WEFT_INPUT_PULSE_WIDTH) c.spec.input_bits = std::min(c.spec.input_bits, 9);
    if (lossless) c.spec.bits_per_pulse = std::min(c.spec.bits_per_pulse, 9);
    c.chip = make_chip(c.spec);
    c.rows = pick(1, c.spec.rows);
    c.columns = pick(1, 70);
    c.samples = pick(1, 19);
    c.stride = (c.rows + 1) / 2 * 2 + pick(0, 3);
    for (int i = 0; i < c.rows * c.columns; i++)
        c.weights.push_back(static_cast<int16_t>(pick(-c.chip.weight_max, c.chip.weight_max)));
    for (int i = 0; i < c.samples * c.stride; i++)
        c.q.push_back(static_cast<int16_t>(pick(-c.chip.input_max, c.chip.input_max)));
    return c;
}

std::vector<int64_t> run(const Case &c, bool pulses, bool *exact, weft_adc *adc) {
    weft_array array{};
    weft_error err{};
    EXPECT_EQ(WEFT_OK, weft_array_create(&array, &c.chip, c.weights.data(), c.rows, c.columns, c.columns, true, &err))
        << err.text;
    const size_t n = static_cast<size_t>(c.samples), k = static_cast<size_t>(c.rows + 1);
    std::vector<int16_t> digits(n * k), split(n * k);
    std::vector<int64_t> codes(n * static_cast<size_t>(c.columns)), sums(n), out(codes.size());
    const weft_array_scratch scratch = {digits.data(), split.data(), codes.data(), sums.data()};
    (pulses ? weft_array_read : weft_array_multiply)(&array, c.q.data(), c.stride, c.samples, out.data(), c.columns,
                                                     &scratch);
    *exact = array.exact;
    *adc = array.adc;
    weft_array_destroy(&array);
    return out;
}

int64_t input(const Case &c, int sample, int row) { return c.q[static_cast<size_t>(sample * c.stride + row)]; }
int64_t weight(const Case &c, int row, int column) { return c.weights[static_cast<size_t>(row * c.columns + column)]; }

int64_t product(const Case &c, int sample, int column) {
    int64_t sum = 0;
    for (int r = 0; r < c.rows; r++) sum += input(c, sample, r) * weight(c, r, column);
    return sum;
}

// ---- the contract restated, one column and one conversion at a time, in real numbers ----

struct Restated {
    const Case &c;
    double step; // value of a code
    int64_t max_code;
    int cell_max, conversions = 0;

    explicit Restated(const Case &k) : c(k) {
        const bool is_signed = c.spec.weight_encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL;
        max_code = (int64_t{1} << (c.spec.adc_bits - (is_signed ? 1 : 0))) - 1;
        cell_max = c.spec.cell_bits ? (1 << c.spec.cell_bits) - 1 : 32767;
        int digit_max = 1;
        if (c.spec.input_encoding == WEFT_INPUT_PULSE_WIDTH || c.spec.bits_per_pulse >= c.spec.input_bits) {
            digit_max = c.chip.input_max;
        } else {
            digit_max = (1 << c.spec.bits_per_pulse) - 1;
            const int top = c.spec.input_bits - (c.chip.pulses - 1) * c.spec.bits_per_pulse;
            digit_max = std::max(digit_max, 1 << (top - 1));
        }
        step = c.spec.adc_range == WEFT_ADC_UNIT
                   ? 1.0
                   : static_cast<double>(c.spec.rows) * cell_max * digit_max / static_cast<double>(max_code);
    }
    double convert(int64_t sum) {
        conversions++;
        const int64_t code = static_cast<int64_t>(std::round(static_cast<double>(sum) / step));
        const int64_t low = c.spec.weight_encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL ? -max_code : 0;
        return step * static_cast<double>(std::min(std::max(code, low), max_code));
    }
    // Digits of one pulse; the top one is what is left above, with sign.
    int64_t digit(int64_t q, int pulse) const {
        if (c.spec.input_encoding == WEFT_INPUT_PULSE_WIDTH) return q;
        const int64_t base = int64_t{1} << c.spec.bits_per_pulse;
        for (int p = 0; p < pulse; p++) q = (q - ((q % base) + base) % base) / base;
        return pulse == c.chip.pulses - 1 ? q : ((q % base) + base) % base;
    }
    double read_column(const std::vector<int64_t> &cells, const std::vector<int64_t> &digits) {
        int64_t stored = 0, sum = 0, applied = 0;
        for (int64_t v : cells) stored += v;
        const bool flip = c.spec.flip && 2 * stored > static_cast<int64_t>(c.rows) * cell_max;
        for (size_t r = 0; r < cells.size(); r++) {
            sum += digits[r] * (flip ? cell_max - cells[r] : cells[r]);
            applied += digits[r];
        }
        return flip ? static_cast<double>(cell_max * applied) - convert(sum) : convert(sum);
    }
    double read_digits(const std::vector<int64_t> &cells, std::vector<int64_t> digits) {
        if (c.spec.weight_encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL) return read_column(cells, digits);
        std::vector<int64_t> positive, negative;
        for (int64_t d : digits) {
            positive.push_back(std::max<int64_t>(d, 0));
            negative.push_back(std::max<int64_t>(-d, 0));
        }
        double value = read_column(cells, positive);
        if (*std::min_element(digits.begin(), digits.end()) < 0) value -= read_column(cells, negative);
        return value;
    }
    double plane(int sample, const std::vector<int64_t> &cells) {
        const int pulses = c.spec.input_encoding == WEFT_INPUT_PULSE_WIDTH ? 1 : c.chip.pulses;
        double total = 0;
        for (int p = 0; p < pulses; p++) {
            std::vector<int64_t> digits;
            for (int r = 0; r < c.rows; r++) digits.push_back(digit(input(c, sample, r), p));
            total += std::ldexp(read_digits(cells, digits), p * c.spec.bits_per_pulse);
        }
        return total;
    }
    int64_t slice(int64_t magnitude, int s) const {
        return c.spec.cell_bits ? (magnitude >> (s * c.spec.cell_bits)) & cell_max : magnitude;
    }
    double value(int sample, int column) {
        double total = 0;
        for (int s = 0; s < c.chip.slices; s++) {
            std::vector<int64_t> plus, minus;
            for (int r = 0; r < c.rows; r++) {
                const int64_t w = weight(c, r, column);
                if (c.spec.weight_encoding == WEFT_WEIGHT_OFFSET) plus.push_back(slice(w + c.chip.weight_max + 1, s));
                if (c.spec.weight_encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL) plus.push_back(w);
                if (c.spec.weight_encoding != WEFT_WEIGHT_DIFFERENTIAL_COLUMNS) continue;
                plus.push_back(slice(std::max<int64_t>(w, 0), s));
                minus.push_back(slice(std::max<int64_t>(-w, 0), s));
            }
            double v = plane(sample, plus);
            if (!minus.empty()) v -= plane(sample, minus);
            total += std::ldexp(v, s * c.spec.cell_bits);
        }
        if (c.spec.weight_encoding == WEFT_WEIGHT_OFFSET)
            for (int r = 0; r < c.rows; r++)
                total -= static_cast<double>((c.chip.weight_max + 1) * input(c, sample, r));
        return total;
    }
};

TEST(Array, LosslessReadIsTheIntegerProduct) {
    int exact_cases = 0;
    for (unsigned seed = 0; seed < 150; seed++) {
        const Case c = random_case(seed, true);
        bool exact = false;
        weft_adc adc;
        const std::vector<int64_t> pulses = run(c, true, &exact, &adc), fast = run(c, false, &exact, &adc);
        ASSERT_TRUE(exact) << seed;
        exact_cases++;
        ASSERT_EQ(pulses, fast) << seed;
        for (int i = 0; i < c.samples; i++)
            for (int k = 0; k < c.columns; k++)
                ASSERT_EQ(product(c, i, k), fast[static_cast<size_t>(i * c.columns + k)]) << "seed " << seed;
    }
    EXPECT_EQ(150, exact_cases);
}

TEST(Array, LossyReadFollowsTheContract) {
    int lossy = 0, lossless = 0, full_scale = 0;
    for (unsigned seed = 1000; seed < 1300; seed++) {
        const Case c = random_case(seed, false);
        bool exact = false;
        weft_adc adc;
        const std::vector<int64_t> out = run(c, true, &exact, &adc);
        Restated restated(c);
        lossy += !exact;
        lossless += exact;
        full_scale += adc.full_scale;
        for (int i = 0; i < c.samples; i += 3)
            for (int k = 0; k < c.columns; k += 5) {
                const double expected = restated.value(i, k);
                const double got = static_cast<double>(out[static_cast<size_t>(i * c.columns + k)]) * adc.result_scale;
                if (!adc.full_scale)
                    ASSERT_EQ(expected, got) << "seed " << seed;
                else
                    ASSERT_NEAR(expected, got, 1e-9 * std::fabs(expected) + 1e-3) << "seed " << seed;
            }
    }
    EXPECT_GT(lossy, 150);
    EXPECT_GT(lossless, 10);
    EXPECT_GT(full_scale, 100);
}

// A signed read of analog cells is one conversion: half a step at most, and some conversions come near it.
TEST(Array, FullScaleErrorIsAtMostHalfAStep) {
    double worst = 0;
    for (unsigned seed = 2000; seed < 2020; seed++) {
        Case c = random_case(seed, false);
        c.spec = hermes_like();
        c.spec.rows = 64;
        c.spec.adc_bits = 8 + static_cast<int>(seed % 5);
        c.chip = make_chip(c.spec);
        std::mt19937 random(seed);
        for (int16_t &w : c.weights) w = static_cast<int16_t>(static_cast<int>(random() % 65535) - 32767);
        for (int16_t &v : c.q) v = static_cast<int16_t>(static_cast<int>(random() % 255) - 127);
        bool exact = true;
        weft_adc adc;
        const std::vector<int64_t> out = run(c, false, &exact, &adc);
        ASSERT_FALSE(exact);
        for (int i = 0; i < c.samples; i++)
            for (int k = 0; k < c.columns; k++) {
                const double got = static_cast<double>(out[static_cast<size_t>(i * c.columns + k)]) * adc.result_scale;
                worst = std::max(worst, std::fabs(got - static_cast<double>(product(c, i, k))) / adc.result_scale);
            }
    }
    EXPECT_LE(worst, 0.5 + 1e-9);
    EXPECT_GT(worst, 0.49);
}

TEST(Gemm, EveryKernelGivesTheSameIntegers) {
    std::mt19937 random(5);
    int kernels = 0;
    for (int round = 0; round < 60; round++) {
        const int rows = 1 + static_cast<int>(random() % 700), columns = 1 + static_cast<int>(random() % 80);
        const int count = 1 + static_cast<int>(random() % 20), stride = (rows + 1) / 2 * 2;
        const int w_max = round % 3 ? 32767 : 5, a_max = round % 2 ? 32767 : 127, factor = w_max == 5 ? 3001 : 1;
        const auto value = [&](int max) {
            return static_cast<int>(random() % static_cast<unsigned>(2 * max + 1)) - max;
        };
        std::vector<int16_t> w(static_cast<size_t>(rows * columns)), a(static_cast<size_t>(count * stride)),
            split(a.size());
        for (int16_t &v : w) v = static_cast<int16_t>(round % 5 == 4 ? w_max : value(w_max) * factor);
        for (int16_t &v : a) v = static_cast<int16_t>(round % 5 == 4 ? -a_max : value(a_max));
        weft_panel panel{};
        weft_error err{};
        ASSERT_EQ(WEFT_OK, weft_panel_pack(&panel, w.data(), rows, columns, columns, &err));
        std::vector<int64_t> expected(static_cast<size_t>(count * columns), 17);
        for (int i = 0; i < count; i++)
            for (int r = 0; r < rows; r++)
                for (int k = 0; k < columns; k++)
                    expected[static_cast<size_t>(i * columns + k)] +=
                        int64_t{a[static_cast<size_t>(i * stride + r)]} * w[static_cast<size_t>(r * columns + k)];
        for (const weft_gemm_kernel_info *kernel = weft_gemm_kernels; kernel->name; kernel++) {
            if (!kernel->supported()) continue;
            std::vector<int64_t> out(expected.size(), 17);
            weft_panel_multiply_with(kernel, &panel, a.data(), stride, count, a_max, out.data(), columns, split.data());
            ASSERT_EQ(expected, out) << kernel->name << ", round " << round;
            kernels++;
        }
        weft_panel_destroy(&panel);
    }
    EXPECT_GE(kernels, 60); // the portable one always runs
}

TEST(Gemm, FactorIsTheGreatestCommonDivisor) {
    const int16_t w[4] = {32767, -32767, -32767, 32767}, zero[4] = {0, 0, 0, 0};
    weft_panel panel{};
    weft_error err{};
    ASSERT_EQ(WEFT_OK, weft_panel_pack(&panel, w, 2, 2, 2, &err));
    EXPECT_EQ(32767, panel.factor);
    EXPECT_EQ(1, panel.max_abs);
    weft_panel_destroy(&panel);
    ASSERT_EQ(WEFT_OK, weft_panel_pack(&panel, zero, 2, 2, 2, &err));
    EXPECT_EQ(1, panel.factor);
    weft_panel_destroy(&panel);
}

} // namespace
