// Two by two crossbars worked out by hand, one for each way of holding weights.
#include <gtest/gtest.h>

#include <vector>

#include "sim/model/array.h"
#include "tests/model_fixture.h"

namespace {

struct Result {
    bool exact;
    std::vector<int64_t> read, product;
};

// Reads the array twice: through cells and converters, and as the engine would.
Result read_array(const ChipSpec &spec, const std::vector<int16_t> &weights, std::vector<int16_t> q) {
    const weft_chip chip = make_chip(spec);
    weft_array array{};
    weft_error err{};
    EXPECT_EQ(WEFT_OK, weft_array_create(&array, &chip, nullptr, nullptr, weights.data(), 2, 2, 2, true, &err))
        << err.text;
    Result r{array.exact, {0, 0}, {0, 0}};
    weft_array_read(&array, q.data(), 2, 1, nullptr, r.read.data(), 2, nullptr);
    weft_array_multiply(&array, q.data(), 2, 1, nullptr, r.product.data(), 2, nullptr);
    weft_array_destroy(&array);
    return r;
}

// W + 4 = {7, 3; 2, 6}: low cells {3, 3; 2, 2}, high cells {1, 0; 0, 1}. q = (3, -1) = (011, 111).
// Low columns see 5, 5 and 2 in the sign pulse; high columns 1, 1, 0 and 1, 1, 1. Offset: 4 * (3 - 1) = 8.
const std::vector<int16_t> weights = {3, -1, -2, 2}, inputs = {3, -1};

ChipSpec offset_spec(int adc_bits, bool flip) {
    ChipSpec s;
    s.rows = 2;
    s.columns = 4;
    s.cell_bits = 2;
    s.weight_bits = s.input_bits = 3;
    s.adc_bits = adc_bits;
    s.flip = flip;
    return s;
}

TEST(Offset, WideConverterIsExact) {
    const Result r = read_array(offset_spec(3, false), weights, inputs);
    EXPECT_TRUE(r.exact); // 5 <= 7
    EXPECT_EQ((std::vector<int64_t>{11, -5}), r.read);
    EXPECT_EQ((std::vector<int64_t>{11, -5}), r.product);
}

TEST(Offset, TwoBitConverterSaturatesAtThree) {
    const Result r = read_array(offset_spec(2, false), weights, inputs);
    EXPECT_FALSE(r.exact);
    // low: 3 + 2*3 - 4*2 = 1. high: 4*(1 + 2*1 - 4*0) = 12 and 4*(1 + 2*1 - 4*1) = -4
    EXPECT_EQ((std::vector<int64_t>{1 + 12 - 8, 1 - 4 - 8}), r.read);
    EXPECT_EQ(r.read, r.product);
}

TEST(Offset, OneBitConverterSaturatesAtOne) {
    const Result r = read_array(offset_spec(1, false), weights, inputs);
    EXPECT_FALSE(r.exact);
    EXPECT_EQ((std::vector<int64_t>{-1 + 12 - 8, -1 - 4 - 8}), r.read); // low: 1 + 2 - 4
}

TEST(Offset, FlippedColumnsNeedOneBitLess) {
    // Low columns hold 5 of 6, so they are stored as {0, 0; 1, 1}: no stored sum is above 1.
    for (int bits : {1, 2}) {
        const Result r = read_array(offset_spec(bits, true), weights, inputs);
        EXPECT_TRUE(r.exact);
        EXPECT_EQ((std::vector<int64_t>{11, -5}), r.read);
        EXPECT_EQ((std::vector<int64_t>{11, -5}), r.product);
    }
}

TEST(Offset, FullScaleWithFlippedColumns) {
    ChipSpec s = offset_spec(2, true);
    s.adc_range = WEFT_ADC_FULL_SCALE; // full sum 2 * 3 * 1 = 6, largest code 3: a code is 2, a result's unit 1
    // Stored low columns {0; 1}: sums 1, 1, 1 -> 0.5 codes -> 1 -> value 2; true low column 3 * (digits 2, 2, 1) - 2 =
    // 4, 4, 1. High: sums 1, 1, 0 -> 2, 2, 0 and 1, 1, 1 -> 2, 2, 2.
    const Result r = read_array(s, weights, inputs);
    EXPECT_FALSE(r.exact);
    EXPECT_EQ((std::vector<int64_t>{(4 + 8 - 4) + 4 * (2 + 4) - 8, (4 + 8 - 4) + 4 * (2 + 4 - 8) - 8}), r.read);
}

ChipSpec columns_spec(int adc_bits) {
    ChipSpec s = offset_spec(adc_bits, false);
    s.weight_encoding = WEFT_WEIGHT_DIFFERENTIAL_COLUMNS;
    s.cell_bits = 1;
    return s;
}

TEST(DifferentialColumns, PositiveAndNegativePartsAreReadApart) {
    const Result r = read_array(columns_spec(2), {3, -1, 3, -2}, inputs);
    EXPECT_TRUE(r.exact);
    EXPECT_EQ((std::vector<int64_t>{6, -1}), r.read);
}

TEST(DifferentialColumns, OneBitConverterSaturates) {
    // Column 0, both slices: cells {1; 1}, sums 2 -> 1, 2 -> 1, 1 -> 1: 1 + 2 - 4 = -1, and twice that. Column 1 never
    // exceeds 1.
    const Result r = read_array(columns_spec(1), {3, -1, 3, -2}, inputs);
    EXPECT_FALSE(r.exact);
    EXPECT_EQ((std::vector<int64_t>{-1 - 2, -1}), r.read);
}

TEST(DifferentialCell, SignedConverterSaturatesOnBothSides) {
    ChipSpec s = offset_spec(3, false);
    s.weight_encoding = WEFT_WEIGHT_DIFFERENTIAL_CELL; // codes -3..3
    Result r = read_array(s, {3, -1, 3, -2}, inputs);
    EXPECT_FALSE(r.exact);
    EXPECT_EQ((std::vector<int64_t>{3 + 2 * 3 - 4 * 3, -3 - 2 * 3 + 4 * 2}), r.read); // 6 -> 3, 6 -> 3, 3
    r = read_array(s, {-3, 1, -3, 2}, inputs);
    EXPECT_EQ((std::vector<int64_t>{3, 1}), r.read);
    s.adc_bits = 4;
    r = read_array(s, {3, -1, 3, -2}, inputs);
    EXPECT_TRUE(r.exact);
    EXPECT_EQ((std::vector<int64_t>{6, -1}), r.read);
}

TEST(DifferentialCell, FullScaleRoundsHalfAwayFromZero) {
    ChipSpec s = hermes_like();
    s.rows = s.columns = 2;
    s.input_bits = 3; // +-3
    s.adc_bits = 3;   // codes -3..3; full sum 2 * 32767 * 3, a code is 65534
    const std::vector<int16_t> w = {32767, -16384, 32767, 0};
    EXPECT_EQ((std::vector<int64_t>{3, -1}), read_array(s, w, {3, 3}).read);  // 3, -0.75
    EXPECT_EQ((std::vector<int64_t>{1, 0}), read_array(s, w, {1, 0}).read);   // exactly 0.5, -0.25
    EXPECT_EQ((std::vector<int64_t>{-1, 0}), read_array(s, w, {-1, 0}).read); // exactly -0.5
    EXPECT_EQ((std::vector<int64_t>{0, -1}), read_array(s, w, {3, -3}).read); // 0, -0.75
}

TEST(DifferentialCell, FullScaleNegativeInputs) {
    ChipSpec s = hermes_like();
    s.rows = s.columns = 2;
    s.input_bits = s.adc_bits = 3;
    const std::vector<int16_t> w = {32767, -16384, 32767, 0};
    EXPECT_EQ((std::vector<int64_t>{-2, 1}), read_array(s, w, {-3, -1}).read); // -2, 0.75
    EXPECT_EQ((std::vector<int64_t>{-3, 1}), read_array(s, w, {-3, -3}).read);
}

TEST(Quantise, RoundsHalfAwayAndClamps) {
    const float x[] = {0.49f, 0.5f, -0.5f, 1.5f, -2.5f, 99.0f, -99.0f, 0.49999997f, 0.0f};
    int32_t q[9];
    weft_quantise_i32(x, 9, 1.0f, 7, q);
    const int32_t expected[] = {0, 1, -1, 2, -3, 7, -7, 0, 0};
    for (int i = 0; i < 9; i++) EXPECT_EQ(expected[i], q[i]) << i;
}

} // namespace
