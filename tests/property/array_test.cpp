// Arrays against a plain restatement of their contract, on random chips, weights and inputs.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "tests/model_fixture.h"
#include "tests/support/naive_array.h"

namespace {

int pick(std::mt19937 &random, int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random); }

struct Case {
    ChipSpec spec;
    weft_chip chip;
    int rows, columns, samples;
    std::vector<int16_t> weights, q; // q [samples, stride]
    std::vector<double> slices;
    std::vector<weft_read_place> places;
    int stride;
};

ChipSpec random_spec(std::mt19937 &random) {
    ChipSpec s;
    s.rows = pick(random, 1, 90);
    s.weight_bits = pick(random, 2, 16);
    s.weight_encoding = pick(random, 0, 2);
    s.cell_bits = pick(random, 1, 8);
    if (s.weight_encoding != WEFT_WEIGHT_OFFSET && pick(random, 0, 3) == 0) s.cell_bits = 0, s.weight_bits = 16;
    s.input_bits = pick(random, 2, 16);
    s.input_encoding = pick(random, 0, 2);
    s.bits_per_pulse = s.input_encoding == WEFT_INPUT_PULSE_WIDTH ? 0 : pick(random, 1, s.input_bits);
    if (s.bits_per_pulse > 2 && pick(random, 0, 1)) s.bits_per_pulse = pick(random, 1, 2);
    s.adc_bits = pick(random, 2, 14);
    s.adc_range = pick(random, 0, 1);
    s.flip = s.weight_encoding != WEFT_WEIGHT_DIFFERENTIAL_CELL && pick(random, 0, 1);
    return s;
}

// Slices of random widths that add up to the weight's bits, or those of the cells.
void split_slices(Case &c, std::mt19937 &random) {
    int left = c.spec.weight_bits - (c.spec.weight_encoding == WEFT_WEIGHT_OFFSET ? 0 : 1);
    c.slices.clear();
    if (c.spec.cell_bits == 0 || pick(random, 0, 1)) return;
    while (left > 0) {
        c.slices.push_back(pick(random, 1, std::min(left, c.spec.cell_bits)));
        left -= static_cast<int>(c.slices.back());
    }
}

// Chip, weights, inputs and places from the case's spec; the chip's slices point into the case.
void fill(Case &c, std::mt19937 &random) {
    c.chip = make_chip(c.spec);
    c.chip.weight.slice_bits = {c.slices.data(), c.slices.size()};
    weft_chip_resolve(&c.chip);
    c.rows = pick(random, 1, c.spec.rows);
    c.columns = pick(random, 1, 70);
    c.samples = pick(random, 1, 19);
    c.stride = (c.rows + 1) / 2 * 2 + pick(random, 0, 3);
    const bool positive = pick(random, 0, 1), sparse = pick(random, 0, 1);
    for (int i = 0; i < c.rows * c.columns; i++)
        c.weights.push_back(static_cast<int16_t>(pick(random, -c.chip.weight_max, c.chip.weight_max)));
    for (int i = 0; i < c.samples * c.stride; i++) {
        const int v = pick(random, positive ? 0 : -c.chip.input_max, c.chip.input_max);
        c.q.push_back(static_cast<int16_t>(sparse && pick(random, 0, 9) ? v % 4 : v));
    }
    for (int i = 0; i < c.samples; i++)
        c.places.push_back({static_cast<uint64_t>(i / 5), static_cast<uint64_t>(i % 5) * 1000000});
}

Case random_case(unsigned seed, bool lossless) {
    std::mt19937 random(seed);
    Case c;
    c.spec = random_spec(random);
    if (lossless) {
        c.spec.adc_range = WEFT_ADC_UNIT, c.spec.adc_bits = 24;
        if (c.spec.cell_bits == 0) c.spec.cell_bits = 8, c.spec.weight_bits = 8;
        if (c.spec.input_encoding == WEFT_INPUT_PULSE_WIDTH) c.spec.input_bits = std::min(c.spec.input_bits, 8);
        c.spec.bits_per_pulse = std::min(c.spec.bits_per_pulse, 8);
    }
    split_slices(c, random);
    fill(c, random);
    return c;
}

// An array that destroys itself.
struct Array {
    weft_array a{};
    explicit Array(const Case &c, bool keep_cells = true, const weft_cells_place &place = {3, 2, 1, 0}) {
        weft_error err{};
        EXPECT_EQ(WEFT_OK, weft_array_create(&a, &c.chip, nullptr, &place, c.weights.data(), c.rows, c.columns,
                                             c.columns, keep_cells, &err))
            << err.text;
    }
    Array(const Array &) = delete;
    ~Array() { weft_array_destroy(&a); }
};

std::vector<int64_t> run(const weft_array &array, const Case &c, bool pulses, weft_plane_probe *probes = nullptr) {
    std::vector<int64_t> out(static_cast<size_t>(c.samples * c.columns));
    (pulses ? weft_array_read : weft_array_multiply)(&array, c.q.data(), c.stride, c.samples, c.places.data(),
                                                     out.data(), c.columns, probes);
    return out;
}

int64_t input(const Case &c, int sample, int row) { return c.q[static_cast<size_t>(sample * c.stride + row)]; }
int64_t weight(const Case &c, int row, int column) { return c.weights[static_cast<size_t>(row * c.columns + column)]; }

int64_t product(const Case &c, int sample, int column) {
    int64_t sum = 0;
    for (int r = 0; r < c.rows; r++) sum += input(c, sample, r) * weight(c, r, column);
    return sum;
}

// ---- ideal cells: the contract restated from the weights on, one column and one conversion at a time ----

struct Restated {
    const Case &c;
    double step; // value of a code
    int64_t max_code, full_sum;
    int cell_max = 0;
    bool is_signed, whole;

    explicit Restated(const Case &k) : c(k) {
        is_signed = c.spec.weight_encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL ||
                    c.spec.input_encoding == WEFT_INPUT_SIGN_MAGNITUDE;
        whole = c.spec.input_encoding == WEFT_INPUT_PULSE_WIDTH || c.chip.adc.accumulate_analog;
        max_code = (int64_t{1} << (c.spec.adc_bits - (is_signed ? 1 : 0))) - 1;
        for (int s = 0; s < c.chip.slices; s++) cell_max = std::max(cell_max, (1 << c.chip.slice_bits[s]) - 1);
        int digit_max = (1 << c.spec.bits_per_pulse) - 1;
        if (whole || c.spec.bits_per_pulse >= c.spec.input_bits) {
            digit_max = c.chip.input_max;
        } else if (c.spec.input_encoding == WEFT_INPUT_SIGN_MAGNITUDE) {
            digit_max = std::min(digit_max, c.chip.input_max);
        } else {
            const int top = c.spec.input_bits - (c.chip.pulses - 1) * c.spec.bits_per_pulse;
            digit_max = std::max(digit_max, 1 << (top - 1));
        }
        full_sum = int64_t{c.spec.rows} * cell_max * digit_max;
        step = c.spec.adc_range == WEFT_ADC_UNIT ? 1.0 : static_cast<double>(full_sum) / static_cast<double>(max_code);
    }
    double convert(int64_t sum) const {
        int64_t code = std::abs(sum);
        if (c.spec.adc_range != WEFT_ADC_UNIT) code = (2 * code * max_code + full_sum) / (2 * full_sum);
        code = std::min(code, max_code);
        return step * static_cast<double>(sum < 0 ? (is_signed ? -code : 0) : code);
    }
    // Digits of one pulse. Two's complement: the top one is what is left above, with sign.
    int64_t digit(int64_t q, int pulse) const {
        if (whole) return q;
        const int64_t base = int64_t{1} << c.spec.bits_per_pulse;
        if (c.spec.input_encoding == WEFT_INPUT_SIGN_MAGNITUDE)
            return (std::abs(q) >> (pulse * c.spec.bits_per_pulse)) % base * (q < 0 ? -1 : 1);
        for (int p = 0; p < pulse; p++) q = (q - ((q % base) + base) % base) / base;
        return pulse == c.chip.pulses - 1 ? q : ((q % base) + base) % base;
    }
    double read_column(const std::vector<int64_t> &cells, const std::vector<int64_t> &digits, int most) const {
        int64_t stored = 0, sum = 0, applied = 0;
        for (int64_t v : cells) stored += v;
        const bool flip = c.spec.flip && !is_signed && 2 * stored > static_cast<int64_t>(c.rows) * most;
        for (size_t r = 0; r < cells.size(); r++) {
            sum += digits[r] * (flip ? most - cells[r] : cells[r]);
            applied += digits[r];
        }
        return flip ? static_cast<double>(most * applied) - convert(sum) : convert(sum);
    }
    double read_digits(const std::vector<int64_t> &cells, const std::vector<int64_t> &digits, int most) const {
        if (is_signed) return read_column(cells, digits, most);
        std::vector<int64_t> positive, negative;
        for (int64_t d : digits) {
            positive.push_back(std::max<int64_t>(d, 0));
            negative.push_back(std::max<int64_t>(-d, 0));
        }
        double value = read_column(cells, positive, most);
        if (*std::min_element(digits.begin(), digits.end()) < 0) value -= read_column(cells, negative, most);
        return value;
    }
    double plane(int sample, const std::vector<int64_t> &cells, int most) const {
        double total = 0;
        for (int p = 0; p < (whole ? 1 : c.chip.pulses); p++) {
            std::vector<int64_t> digits;
            for (int r = 0; r < c.rows; r++) digits.push_back(digit(input(c, sample, r), p));
            total += std::ldexp(read_digits(cells, digits, most), p * c.spec.bits_per_pulse);
        }
        return total;
    }
    int64_t slice(int64_t magnitude, int s) const {
        return magnitude >> c.chip.slice_shift[s] & ((1 << c.chip.slice_bits[s]) - 1);
    }
    double value(int sample, int column) const {
        double total = 0;
        for (int s = 0; s < c.chip.slices; s++) {
            std::vector<int64_t> plus, minus;
            for (int r = 0; r < c.rows; r++) {
                const int64_t w = weight(c, r, column);
                if (c.spec.weight_encoding == WEFT_WEIGHT_OFFSET) plus.push_back(slice(w + c.chip.weight_max + 1, s));
                if (c.spec.weight_encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL)
                    plus.push_back(slice(std::abs(w), s) * (w < 0 ? -1 : 1));
                if (c.spec.weight_encoding != WEFT_WEIGHT_DIFFERENTIAL_COLUMNS) continue;
                plus.push_back(slice(std::max<int64_t>(w, 0), s));
                minus.push_back(slice(std::max<int64_t>(-w, 0), s));
            }
            const int most = (1 << c.chip.slice_bits[s]) - 1;
            double v = plane(sample, plus, most);
            if (!minus.empty()) v -= plane(sample, minus, most);
            total += std::ldexp(v, c.chip.slice_shift[s]);
        }
        if (c.spec.weight_encoding == WEFT_WEIGHT_OFFSET)
            for (int r = 0; r < c.rows; r++)
                total -= static_cast<double>((c.chip.weight_max + 1) * input(c, sample, r));
        return total;
    }
};

TEST(Array, LosslessReadIsTheIntegerProduct) {
    int bit_cases = 0;
    for (unsigned seed = 0; seed < 150; seed++) {
        const Case c = random_case(seed, true);
        const Array array(c), lean(c, false);
        ASSERT_TRUE(array.a.exact) << seed;
        ASSERT_EQ(1.0, array.a.result_scale);
        bit_cases += array.a.planes[0].bits.data != nullptr;
        const std::vector<int64_t> pulses = run(array.a, c, true), fast = run(lean.a, c, false);
        ASSERT_EQ(pulses, fast) << seed;
        for (int i = 0; i < c.samples; i++)
            for (int k = 0; k < c.columns; k++)
                ASSERT_EQ(product(c, i, k), fast[static_cast<size_t>(i * c.columns + k)]) << "seed " << seed;
    }
    EXPECT_GT(bit_cases, 30);
    EXPECT_LT(bit_cases, 120);
}

TEST(Array, LossyReadFollowsTheContract) {
    int lossy = 0, lossless = 0, full_scale = 0, bits = 0, fast = 0, analog = 0;
    for (unsigned seed = 1000; seed < 1300; seed++) {
        Case c = random_case(seed, false);
        c.chip.adc.accumulate_analog = seed % 4 == 0;
        weft_chip_resolve(&c.chip);
        const Array array(c);
        const std::vector<int64_t> out = run(array.a, c, true);
        const Restated restated(c);
        lossy += !array.a.exact;
        lossless += array.a.exact;
        full_scale += c.spec.adc_range == WEFT_ADC_FULL_SCALE;
        bits += array.a.planes[0].bits.data != nullptr;
        fast += array.a.planes[0].bits.data != nullptr && array.a.planes[0].adc.fast_sum > 0;
        analog += c.chip.adc.accumulate_analog;
        for (int i = 0; i < c.samples; i += 3)
            for (int k = 0; k < c.columns; k += 5) {
                const double expected = restated.value(i, k);
                const double got =
                    static_cast<double>(out[static_cast<size_t>(i * c.columns + k)]) * array.a.result_scale;
                const double allowed = c.spec.adc_range == WEFT_ADC_UNIT ? 0 : 1e-9 * std::fabs(expected) + 1e-3;
                ASSERT_NEAR(expected, got, allowed) << "seed " << seed;
            }
    }
    EXPECT_GT(lossy, 150);
    EXPECT_GT(lossless, 10);
    EXPECT_GT(full_scale, 100);
    EXPECT_GT(bits, 40);
    EXPECT_GT(fast, 30);
    EXPECT_GT(analog, 70);
}

// A signed read of analog cells is one conversion: half a step at most, and some conversions come near it.
TEST(Array, FullScaleErrorIsAtMostHalfAStep) {
    double worst = 0;
    for (unsigned seed = 2000; seed < 2020; seed++) {
        std::mt19937 random(seed);
        Case c;
        c.spec = hermes_like();
        c.spec.rows = 64;
        c.spec.adc_bits = 8 + static_cast<int>(seed % 5);
        fill(c, random);
        const Array array(c);
        const std::vector<int64_t> out = run(array.a, c, false);
        ASSERT_FALSE(array.a.exact);
        const double scale = array.a.result_scale;
        for (int i = 0; i < c.samples; i++)
            for (int k = 0; k < c.columns; k++) {
                const double got = static_cast<double>(out[static_cast<size_t>(i * c.columns + k)]) * scale;
                worst = std::max(worst, std::fabs(got - static_cast<double>(product(c, i, k))) / scale);
            }
    }
    EXPECT_LE(worst, 0.5 + 1e-9);
    EXPECT_GT(worst, 0.49);
}

// ---- cells, reads and converters with errors, against cells as they were packed ----

void add_device(Case &c, std::mt19937 &random) {
    weft_error err{};
    if (pick(random, 0, 4) == 0) return;
    const bool units = pick(random, 0, 1), noisy = pick(random, 0, 2) > 0;
    c.chip.device.program = pick(random, 0, 3) ? "addnorm:sigma=0.04" : "";
    if (c.chip.device.program[0]) {
        ASSERT_EQ(WEFT_OK, weft_transform_chain_parse(&c.chip.program, c.chip.device.program, &err)) << err.text;
    }
    if (units) c.chip.device.g_max_us = 100, c.chip.device.g_min_us = pick(random, 0, 2) * 3;
    c.chip.weight.two_sided = c.spec.weight_encoding != WEFT_WEIGHT_OFFSET && pick(random, 0, 1);
    if (noisy) {
        c.chip.device.read_noise = pick(random, 0, 1) ? WEFT_READ_NOISE_INDEPENDENT : WEFT_READ_NOISE_PROPORTIONAL;
        c.chip.device.read_sigma = 0.02;
    }
    if (pick(random, 0, 2) == 0) c.chip.device.iv_nonlinearity = 2.5;
}

void add_converters(Case &c, std::mt19937 &random) {
    c.chip.adc.range = c.spec.cell_bits ? pick(random, 0, 2) : pick(random, 1, 2);
    c.chip.adc.accumulate_analog = pick(random, 0, 3) == 0;
    c.chip.wires.interleaved = pick(random, 0, 1);
    c.chip.adc.per_array = pick(random, 1, 9);
    if (pick(random, 0, 2)) return;
    c.chip.adc.kind = pick(random, WEFT_ADC_IDEAL, WEFT_ADC_RAMP);
    if (c.chip.adc.kind != WEFT_ADC_IDEAL) c.chip.adc.mismatch = 0.1, c.chip.adc.bits = std::min(c.spec.adc_bits, 9);
    c.chip.adc.gain_sigma = 0.05;
    c.chip.adc.offset_lsb = 0.7;
}

Case random_device(unsigned seed) {
    std::mt19937 random(seed);
    Case c = random_case(seed, false);
    add_converters(c, random);
    add_device(c, random);
    // Slices point into the case that random_case returned.
    c.chip.weight.slice_bits = {c.slices.data(), c.slices.size()};
    weft_chip_resolve(&c.chip);
    return c;
}

// Half of the chips with calibrated converters get ranges that clip.
void set_ranges(Array &array, const Case &c, unsigned seed) {
    for (int k = 0; c.chip.adc.range == WEFT_ADC_CALIBRATED && seed % 2 && k < array.a.plane_count; k++)
        ASSERT_EQ(WEFT_OK, weft_array_set_range(&array.a, k,
                                                array.a.planes[k].adc.step *
                                                    static_cast<double>(array.a.planes[k].adc.max_code) / (3 + k),
                                                nullptr));
}

TEST(Array, EveryReadFollowsTheHeader) {
    int noisy = 0, bent = 0, mismatched = 0, known = 0, bits = 0, uniform = 0, negative = 0;
    for (unsigned seed = 5000; seed < 5300; seed++) {
        const Case c = random_device(seed);
        Array array(c);
        set_ranges(array, c, seed);
        const weft_plane &plane = array.a.planes[0];
        noisy += plane.variance.data != nullptr;
        uniform += plane.variance.data && plane.variance.uniform;
        bent += array.a.drive.table != nullptr;
        mismatched += plane.adc.gain != nullptr;
        known += plane.known_weight != nullptr;
        bits += plane.bits.data != nullptr;
        const std::vector<int64_t> out = run(array.a, c, true);
        const naive::Array expected(array.a);
        for (int i = 0; i < c.samples; i += 2) {
            const std::vector<int64_t> row =
                expected.read(c.q.data() + i * c.stride, &c.places[static_cast<size_t>(i)]);
            const auto from = out.begin() + i * c.columns;
            ASSERT_EQ(row, std::vector<int64_t>(from, from + c.columns)) << "seed " << seed << ", sample " << i;
            negative += *std::min_element(row.begin(), row.end()) < 0;
        }
    }
    EXPECT_GT(noisy, 120);
    EXPECT_GT(uniform, 40);
    EXPECT_GT(bent, 25);
    EXPECT_GT(mismatched, 60);
    EXPECT_GT(known, 60);
    EXPECT_GT(bits, 5);
    EXPECT_GT(negative, 500);
}

TEST(Array, EveryKernelGivesTheSameIntegers) {
    int kernels = 0;
    for (unsigned seed = 7000; seed < 7080; seed++) {
        const Case c = seed % 2 ? random_device(seed) : random_case(seed, false);
        const Array array(c);
        const std::vector<int64_t> best = run(array.a, c, true);
        for (const weft_gemm_kernel_info *gemm = weft_gemm_kernels; gemm->name; gemm++)
            for (const weft_bits_kernel_info *bits = weft_bits_kernels; bits->name; bits++) {
                if (!gemm->supported() || !bits->supported()) continue;
                const weft_array_kernels with = {gemm, bits};
                std::vector<int64_t> out(best.size());
                weft_array_read_with(&with, &array.a, c.q.data(), c.stride, c.samples, c.places.data(), out.data(),
                                     c.columns, nullptr);
                ASSERT_EQ(best, out) << "seed " << seed << ", " << gemm->name << ", " << bits->name;
                kernels++;
            }
    }
    EXPECT_GE(kernels, 80); // the portable ones always run
}

// All planes at once, codes in integers: against the same array without that, whatever kernel counts the bits.
TEST(Array, OneBitPulsesReadAllPlanesAtOnce) {
    int lanes = 0, fast = 0, negative = 0, is_signed = 0;
    for (unsigned seed = 9000; seed < 9150; seed++) {
        std::mt19937 random(seed);
        Case c;
        c.spec = random_spec(random);
        c.spec.input_encoding = seed % 2 ? WEFT_INPUT_BIT_SERIAL : WEFT_INPUT_SIGN_MAGNITUDE;
        c.spec.bits_per_pulse = 1;
        c.spec.input_bits = std::max(c.spec.input_bits, 3);
        c.spec.cell_bits = pick(random, 1, 5);
        c.spec.weight_bits = pick(random, 2, 8);
        c.spec.adc_bits = pick(random, 2, 10);
        if (seed % 16 == 0) c.spec.rows = 512;
        split_slices(c, random);
        fill(c, random);
        c.chip.weight.slice_bits = {c.slices.data(), c.slices.size()};
        c.chip.adc.range = pick(random, 0, 2);
        weft_chip_resolve(&c.chip);
        Array array(c), plain(c);
        set_ranges(array, c, seed);
        set_ranges(plain, c, seed);
        weft_bits_destroy(&plain.a.lanes);
        lanes += array.a.lanes.data != nullptr;
        fast += array.a.lanes.data != nullptr && array.a.planes[0].adc.fast_sum > 0;
        negative += *std::min_element(c.q.begin(), c.q.end()) < 0;
        is_signed += weft_chip_columns_signed(&c.chip);
        const size_t planes = static_cast<size_t>(array.a.plane_count);
        std::vector<weft_plane_probe> expected(planes);
        const std::vector<int64_t> out = run(plain.a, c, true, expected.data());
        ASSERT_EQ(out, run(plain.a, c, true)) << seed;
        for (const weft_bits_kernel_info *bits = weft_bits_kernels; bits->name; bits++) {
            if (!bits->supported()) continue;
            const weft_array_kernels with = {weft_gemm_best(), bits};
            for (bool probed : {false, true}) {
                std::vector<weft_plane_probe> probes(planes);
                std::vector<int64_t> got(out.size());
                weft_array_read_with(&with, &array.a, c.q.data(), c.stride, c.samples, nullptr, got.data(), c.columns,
                                     probed ? probes.data() : nullptr);
                ASSERT_EQ(out, got) << "seed " << seed << ", " << bits->name << ", probed " << probed;
                ASSERT_EQ(0, probed ? memcmp(probes.data(), expected.data(), planes * sizeof probes[0]) : 0) << seed;
            }
        }
    }
    EXPECT_EQ(150, lanes);
    EXPECT_GT(fast, 130);
    EXPECT_GT(negative, 50);
    EXPECT_GT(is_signed, 75);
    EXPECT_LT(is_signed, 140);
}

TEST(Array, BatchOrderAndStrideChangeNothing) {
    for (unsigned seed = 8000; seed < 8080; seed++) {
        const Case c = seed % 3 ? random_device(seed) : random_case(seed, false);
        const Array array(c);
        const std::vector<int64_t> whole = run(array.a, c, true);
        const int wide = c.stride + 2, out_wide = c.columns + 3;
        std::vector<int16_t> row(static_cast<size_t>(wide), int16_t{77});
        for (int i = c.samples - 1; i >= 0; i--) {
            std::copy_n(c.q.begin() + i * c.stride, c.rows, row.begin());
            std::vector<int64_t> out(static_cast<size_t>(out_wide), 5);
            weft_array_read(&array.a, row.data(), wide, 1, &c.places[static_cast<size_t>(i)], out.data(), out_wide,
                            nullptr);
            for (int k = 0; k < out_wide; k++)
                ASSERT_EQ(k < c.columns ? whole[static_cast<size_t>(i * c.columns + k)] + 5 : 5,
                          out[static_cast<size_t>(k)])
                    << "seed " << seed << ", sample " << i;
        }
    }
}

// Blocks of a tall array are short, and its blocks of terms and words fill up.
TEST(Array, TallArraysAreReadInParts) {
    std::mt19937 random(11);
    for (int cell_bits : {1, 3, 8}) {
        Case c;
        c.spec.rows = 4096;
        c.spec.cell_bits = cell_bits;
        c.spec.weight_bits = 8;
        c.spec.weight_encoding = WEFT_WEIGHT_DIFFERENTIAL_CELL;
        c.spec.input_bits = 8;
        c.spec.input_encoding = WEFT_INPUT_SIGN_MAGNITUDE;
        c.spec.bits_per_pulse = cell_bits == 1 ? 3 : 1;
        c.spec.adc_range = WEFT_ADC_UNIT;
        c.spec.adc_bits = 24;
        fill(c, random);
        c.rows = 4096 - 7, c.columns = 3, c.samples = 4, c.stride = 4096;
        c.weights.resize(static_cast<size_t>(c.rows * c.columns));
        c.q.resize(static_cast<size_t>(c.samples * c.stride));
        for (int16_t &w : c.weights) w = static_cast<int16_t>(pick(random, -127, 127));
        for (int16_t &v : c.q) v = static_cast<int16_t>(pick(random, -127, 127));
        const Array array(c);
        const std::vector<int64_t> out = run(array.a, c, true);
        for (int i = 0; i < c.samples; i++)
            for (int k = 0; k < c.columns; k++)
                ASSERT_EQ(product(c, i, k), out[static_cast<size_t>(i * c.columns + k)]) << cell_bits;
    }
}

// ---- probes ----

TEST(Array, ProbesCountConversions) {
    int clipped = 0;
    for (unsigned seed = 9000; seed < 9060; seed++) {
        const Case c = seed % 2 ? random_device(seed) : random_case(seed, false);
        Array array(c);
        set_ranges(array, c, seed / 2);
        std::vector<weft_plane_probe> probes(static_cast<size_t>(array.a.plane_count));
        const std::vector<int64_t> plain = run(array.a, c, true), probed = run(array.a, c, false, probes.data());
        ASSERT_EQ(plain, probed) << seed;
        const uint64_t reads = weft_array_draws(&array.a) / static_cast<uint64_t>(array.a.plane_count);
        for (const weft_plane_probe &p : probes) {
            uint64_t total = 0;
            int top = 0;
            for (int b = 0; b < WEFT_PROBE_BINS; b++) {
                total += p.histogram[b];
                if (p.histogram[b]) top = b;
            }
            ASSERT_EQ(reads * static_cast<uint64_t>(c.samples), p.conversions) << seed;
            ASSERT_EQ(p.conversions, total);
            ASSERT_EQ(weft_probe_bin(p.largest), top);
            ASSERT_LE(p.largest_code, array.a.planes[0].adc.max_code);
            const bool only_above = !array.a.planes[0].adc.gain && !array.a.planes[0].variance.data;
            ASSERT_TRUE(!only_above || !p.clipped || p.largest_code == array.a.planes[0].adc.max_code) << seed;
            ASSERT_LE(p.clipped, array.a.exact ? 0 : p.conversions);
            clipped += p.clipped > 0;
        }
    }
    EXPECT_GT(clipped, 10);
}

TEST(Probe, BinsAreSixtyFourAnOctave) {
    EXPECT_EQ(0, weft_probe_bin(0));
    EXPECT_EQ(0, weft_probe_bin(0.99));
    EXPECT_EQ(0, weft_probe_bin(1));
    EXPECT_EQ(1, weft_probe_bin(1 + 1.0 / 64));
    EXPECT_EQ(64, weft_probe_bin(2));
    EXPECT_EQ(64 * 10 + 32, weft_probe_bin(1536));
    EXPECT_EQ(WEFT_PROBE_BINS - 1, weft_probe_bin(std::ldexp(1.0, WEFT_PROBE_OCTAVES)));
    EXPECT_EQ(WEFT_PROBE_BINS - 1, weft_probe_bin(INFINITY));
    EXPECT_EQ(2 * (1 + 1.5 / 64), weft_probe_value(65));
    for (int b = 0; b < WEFT_PROBE_BINS; b++) ASSERT_EQ(b, weft_probe_bin(weft_probe_value(b)));
}

// ---- statistics of whole reads ----

// Standard deviation of a column: sigma x g_max x root of the sum of squared digits, for each of the two cells of a
// weight; proportional: of digit x level. Each pulse is a read with noise of its own, whether pulses are converted one
// by one or added ahead of the converter. group: bits of a pulse; 0: one pulse, by its width.
void check_noise(int kind, int encoding, double sigma, int group = 0, bool accumulate = false, double bend = 0) {
    std::mt19937 random(21);
    Case c;
    c.spec.rows = 64, c.spec.cell_bits = 4, c.spec.weight_bits = 5;
    c.spec.weight_encoding = encoding;
    c.spec.input_bits = 6, c.spec.bits_per_pulse = group;
    c.spec.input_encoding = group ? WEFT_INPUT_SIGN_MAGNITUDE : WEFT_INPUT_PULSE_WIDTH;
    c.spec.adc_range = WEFT_ADC_CALIBRATED, c.spec.adc_bits = 24;
    fill(c, random);
    c.chip.device.read_noise = kind, c.chip.device.read_sigma = sigma;
    c.chip.adc.accumulate_analog = accumulate, c.chip.device.iv_nonlinearity = bend;
    weft_chip_resolve(&c.chip);
    c.rows = 64, c.columns = 40, c.samples = 500, c.stride = 64;
    c.weights.clear(), c.q.clear(), c.places.clear();
    for (int i = 0; i < c.rows * c.columns; i++) c.weights.push_back(static_cast<int16_t>(pick(random, -15, 15)));
    for (int i = 0; i < c.rows; i++) c.q.push_back(static_cast<int16_t>(pick(random, 0, 31)));
    for (int i = 1; i < c.samples; i++) c.q.insert(c.q.end(), c.q.begin(), c.q.begin() + c.rows);
    for (int i = 0; i < c.samples; i++)
        c.places.push_back({static_cast<uint64_t>(i / 100), static_cast<uint64_t>(i % 100) * 10000});
    const Array array(c);
    const std::vector<int64_t> out = run(array.a, c, true);
    const auto drive = [&](int64_t digit) {
        const double most = (1 << group) - 1, d = static_cast<double>(digit);
        return bend > 0 ? most * std::sinh(bend * d / most) / std::sinh(bend) : d;
    };
    double sum = 0, square = 0;
    for (int k = 0; k < c.columns; k++) {
        double variance = 0, expected = 0;
        for (int r = 0; r < c.rows; r++)
            for (int low = 0; low < (group ? 5 : 1); low += group ? group : 1) {
                const int64_t q = input(c, 0, r), digit = group ? q >> low & ((1 << group) - 1) : q;
                const double applied = std::ldexp(drive(digit), low), level = static_cast<double>(weight(c, r, k));
                expected += applied * level;
                variance += kind == WEFT_READ_NOISE_INDEPENDENT ? 2 * std::pow(sigma * 15 * applied, 2)
                                                                : std::pow(sigma * level * applied, 2);
            }
        for (int i = 0; i < c.samples; i++) {
            const double error =
                (static_cast<double>(out[static_cast<size_t>(i * c.columns + k)]) * array.a.result_scale - expected) /
                std::sqrt(variance);
            sum += error;
            square += error * error;
        }
    }
    const double n = c.columns * c.samples;
    EXPECT_NEAR(0, sum / n, 4 / std::sqrt(n));
    EXPECT_NEAR(1, square / n, 4 * std::sqrt(2 / n) + 1e-3);
}
TEST(Noise, IndependentHasItsVariance) {
    check_noise(WEFT_READ_NOISE_INDEPENDENT, WEFT_WEIGHT_DIFFERENTIAL_CELL, 0.02);
}
TEST(Noise, ProportionalHasItsVariance) {
    check_noise(WEFT_READ_NOISE_PROPORTIONAL, WEFT_WEIGHT_DIFFERENTIAL_CELL, 0.05);
}
TEST(Noise, OfEveryPulseWhereEachIsConverted) {
    check_noise(WEFT_READ_NOISE_INDEPENDENT, WEFT_WEIGHT_DIFFERENTIAL_CELL, 0.02, 1);
    check_noise(WEFT_READ_NOISE_PROPORTIONAL, WEFT_WEIGHT_DIFFERENTIAL_CELL, 0.05, 2);
}
TEST(Noise, OfEveryPulseWhereTheyAreAdded) {
    check_noise(WEFT_READ_NOISE_INDEPENDENT, WEFT_WEIGHT_DIFFERENTIAL_CELL, 0.02, 1, true);
    check_noise(WEFT_READ_NOISE_INDEPENDENT, WEFT_WEIGHT_DIFFERENTIAL_COLUMNS, 0.02, 2, true);
    check_noise(WEFT_READ_NOISE_PROPORTIONAL, WEFT_WEIGHT_DIFFERENTIAL_CELL, 0.05, 2, true);
    check_noise(WEFT_READ_NOISE_PROPORTIONAL, WEFT_WEIGHT_DIFFERENTIAL_CELL, 0.05, 2, true, 1.5);
}
// Sums never get below 0 here, so nothing is clamped: two columns of a weight, one cell each.
TEST(Noise, IndependentOnColumns) { check_noise(WEFT_READ_NOISE_INDEPENDENT, WEFT_WEIGHT_DIFFERENTIAL_COLUMNS, 0.02); }

// ---- current against voltage ----

TEST(Drive, BendsDigitsOfSeveralBits) {
    ChipSpec s;
    s.input_bits = 8, s.bits_per_pulse = 4, s.input_encoding = WEFT_INPUT_SIGN_MAGNITUDE;
    weft_chip chip = make_chip(s);
    const auto make = [&](double a) {
        chip.device.iv_nonlinearity = a;
        weft_drive drive{};
        EXPECT_EQ(WEFT_OK, weft_drive_create(&drive, &chip, nullptr));
        return drive;
    };
    weft_drive drive = make(3);
    ASSERT_NE(nullptr, drive.table);
    EXPECT_EQ(11, drive.bits); // 15 x 2048 = 30720
    for (int d = 0; d <= 15; d++)
        EXPECT_EQ(std::round(30720 * std::sinh(0.2 * d) / std::sinh(3.0)), static_cast<double>(drive.table[d])) << d;
    weft_drive_destroy(&drive);
    // Added ahead of the converter: 0x53 = 5 x 16 + 3, over 2^8 as 127 x 256 fits 15 bits.
    chip.adc.accumulate_analog = true;
    drive = make(3);
    EXPECT_EQ(8, drive.bits);
    EXPECT_EQ(std::round(256 * 15 * (16 * std::sinh(1.0) + std::sinh(0.6)) / std::sinh(3.0)),
              static_cast<double>(drive.table[0x53]));
    weft_drive_destroy(&drive);
    chip.input.bits_per_pulse = 1; // one voltage
    EXPECT_EQ(nullptr, make(3).table);
    chip.adc.accumulate_analog = false;
    EXPECT_EQ(nullptr, make(3).table);
    chip.input.bits_per_pulse = 4;
    EXPECT_EQ(nullptr, make(0).table);
    chip.input.encoding = WEFT_INPUT_PULSE_WIDTH; // lengths of pulses
    EXPECT_EQ(nullptr, make(3).table);
}

// ---- kernels ----

TEST(Bits, EveryKernelCountsTheSame) {
    std::mt19937 random(31);
    for (int round = 0; round < 40; round++) {
        const int rows = pick(random, 1, round % 4 ? 200 : 4096), columns = pick(random, 1, 40);
        const int most = (1 << pick(random, 1, 8)) - 1, least = pick(random, 0, 1) ? -most : 0;
        const int words = (rows + 31) / 32, skipped = pick(random, 0, 9);
        const unsigned mask = static_cast<unsigned>(pick(random, 1, 32767));
        std::vector<int16_t> cells(static_cast<size_t>(rows * columns)), digits(static_cast<size_t>(words * 32));
        for (int16_t &v : cells) v = static_cast<int16_t>(round % 7 ? pick(random, least, most) : 0);
        for (int r = 0; r < rows; r++)
            digits[static_cast<size_t>(r)] = static_cast<int16_t>(pick(random, -32767, 32767));
        weft_bits bits{};
        ASSERT_EQ(WEFT_OK, weft_bits_pack(&bits, cells.data(), rows, columns, columns, nullptr));
        for (const weft_bits_kernel_info *kernel = weft_bits_kernels; kernel->name; kernel++) {
            if (!kernel->supported()) continue;
            const int sign = pick(random, -1, 1), step = __builtin_popcount(mask) < 8 ? pick(random, 1, 3) : 1;
            std::vector<uint32_t> word(static_cast<size_t>(32 * words));
            kernel->extract(digits.data(), words, mask, sign, word.data(), skipped, step);
            for (int strip = 0; 16 * strip < columns; strip++) {
                int32_t sums[32 * 32];
                kernel->run(&bits, strip, word.data(), 31, sums, 32);
                for (int c = 16 * strip; c < std::min(columns, 16 * strip + 16); c++)
                    for (int bit = 0, t = skipped; mask >> bit; bit++) {
                        if (!(mask >> bit & 1)) continue;
                        int32_t expected = 0;
                        for (int r = 0; r < rows; r++) {
                            const int v = digits[static_cast<size_t>(r)], d = sign ? v * sign : v & 0xFFFF;
                            if (d > 0 && (d >> bit & 1)) expected += cells[static_cast<size_t>(r * columns + c)];
                        }
                        ASSERT_EQ(expected, sums[32 * t + c % 16]) << kernel->name << ", round " << round;
                        t += step;
                    }
            }
        }
        weft_bits_destroy(&bits);
    }
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
        std::vector<int16_t> w(static_cast<size_t>(rows * columns)), a(static_cast<size_t>(count * stride));
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
            weft_panel_multiply_with(kernel, &panel, a.data(), stride, count, a_max, out.data(), columns);
            ASSERT_EQ(expected, out) << kernel->name << ", round " << round;
            kernels++;
        }
        weft_panel_destroy(&panel);
    }
    EXPECT_GE(kernels, 60); // the portable one always runs
}

// One strip, where int32 holds the sums and where it does not.
TEST(Gemm, StripsOfProducts) {
    std::mt19937 random(6);
    int narrow = 0, wide = 0;
    for (int round = 0; round < 40; round++) {
        const int rows = pick(random, 1, 900), columns = pick(random, 1, 70), count = pick(random, 1, 64);
        const int a_max = round % 2 ? 32767 : 127, stride = rows + rows % 2,
                  strip = pick(random, 0, (columns - 1) / 32);
        const int w_max = round % 3 ? 32767 : 3;
        std::vector<int16_t> w(static_cast<size_t>(rows * columns)), a(static_cast<size_t>(count * stride));
        for (int16_t &v : w) v = static_cast<int16_t>(pick(random, -w_max, w_max));
        for (int16_t &v : a) v = static_cast<int16_t>(pick(random, -a_max, a_max));
        weft_panel panel{};
        ASSERT_EQ(WEFT_OK, weft_panel_pack(&panel, w.data(), rows, columns, columns, nullptr));
        std::vector<const int16_t *> at;
        for (int i = 0; i < count; i++) at.push_back(a.data() + i * stride);
        for (const weft_gemm_kernel_info *kernel = weft_gemm_kernels; kernel->name; kernel++) {
            if (!kernel->supported()) continue;
            std::vector<int32_t> sums(64 * 32);
            std::vector<int64_t> sums64(64 * 32);
            const bool fits =
                weft_panel_product(kernel, &panel, strip, at.data(), count, a_max, sums.data(), sums64.data());
            (fits ? narrow : wide)++;
            for (int i = 0; i < count; i++)
                for (int c = 32 * strip; c < std::min(columns, 32 * strip + 32); c++) {
                    int64_t expected = 0;
                    for (int r = 0; r < rows; r++)
                        expected += int64_t{a[static_cast<size_t>(i * stride + r)]} *
                                    w[static_cast<size_t>(r * columns + c)] / panel.factor;
                    const size_t k = static_cast<size_t>(i * 32 + c % 32);
                    ASSERT_EQ(expected, fits ? sums[k] : sums64[k]) << kernel->name << ", round " << round;
                }
        }
        weft_panel_destroy(&panel);
    }
    EXPECT_GT(narrow, 20);
    EXPECT_GT(wide, 20);
}

TEST(Gemm, FactorIsTheGreatestCommonDivisor) {
    const int16_t w[4] = {32767, -32767, -32767, 32767}, zero[4] = {0, 0, 0, 0};
    weft_panel panel{};
    weft_error err{};
    ASSERT_EQ(WEFT_OK, weft_panel_pack(&panel, w, 2, 2, 2, &err));
    EXPECT_EQ(32767, panel.factor);
    EXPECT_EQ(1, panel.max_abs);
    EXPECT_EQ(2, panel.max_column_sum);
    EXPECT_FALSE(panel.uniform);
    weft_panel_destroy(&panel);
    ASSERT_EQ(WEFT_OK, weft_panel_pack(&panel, zero, 2, 2, 2, &err));
    EXPECT_EQ(1, panel.factor);
    weft_panel_destroy(&panel);
}

} // namespace
