// What the cells of small arrays hold, worked out by hand: slices, two-sided pairs, lowest conductances, flipped
// columns, wires; the unit of results; and what is refused.
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <string>
#include <vector>

#include "sim/model/array.h"
#include "tests/model_fixture.h"

namespace {

using Matrix = std::vector<double>;
using Weights = std::vector<int16_t>;

struct Array {
    weft_chip chip;
    weft_array a{};
    weft_error err{};
    weft_status status;
    Array(const weft_chip &of, const Weights &w, int rows, int columns, weft_cells_place place = {}) : chip(of) {
        status = weft_array_create(&a, &chip, nullptr, &place, w.data(), rows, columns, columns, true, &err);
    }
    Array(const Array &) = delete;
    ~Array() { weft_array_destroy(&a); }
    const weft_plane &plane(int k) const { return a.planes[k]; }
};

// Entries [rows, columns] of a panel: its products with unit vectors.
std::vector<int64_t> entries(const weft_panel &panel) {
    const size_t width = 2 * static_cast<size_t>(panel.pairs), rows = static_cast<size_t>(panel.rows);
    std::vector<int16_t> unit(rows * width);
    for (size_t r = 0; r < rows; r++) unit[r * width + r] = 1;
    std::vector<int64_t> out(rows * static_cast<size_t>(panel.columns));
    weft_panel_multiply(&panel, unit.data(), static_cast<int>(width), panel.rows, 1, out.data(), panel.columns);
    return out;
}
Matrix scaled(const weft_panel &panel, double unit) {
    Matrix out;
    for (int64_t e : entries(panel)) out.push_back(static_cast<double>(e) * unit);
    return out;
}
Matrix levels(const weft_plane &p) { return scaled(p.cells, p.cell_unit); }
// Whole levels and halves are kept exactly, others rounded to fixed point.
void expect_levels(const Matrix &expected, const weft_plane &p) {
    const Matrix found = levels(p);
    const double rounding = p.cell_unit == 1 || p.cell_unit == 0.5 ? 0 : 0.5001 * p.cell_unit;
    ASSERT_EQ(expected.size(), found.size());
    for (size_t i = 0; i < expected.size(); i++) EXPECT_NEAR(expected[i], found[i], rounding) << i;
}
Matrix known(const Array &array, int k) {
    const weft_plane &p = array.plane(k);
    return Matrix(p.known, p.known + array.a.columns);
}

// Results for inputs q [rows] over the unit.
Matrix results(const Array &array, std::vector<int16_t> q) {
    q.resize((q.size() + 1) / 2 * 2);
    std::vector<int64_t> out(static_cast<size_t>(array.a.columns));
    weft_array_read(&array.a, q.data(), static_cast<int>(q.size()), 1, nullptr, out.data(), array.a.columns, nullptr);
    Matrix values;
    for (int64_t v : out) values.push_back(static_cast<double>(v) * array.a.result_scale);
    return values;
}

ChipSpec small_spec(int encoding, int cell_bits, int weight_bits) {
    ChipSpec s;
    s.rows = 2;
    s.columns = 16;
    s.weight_encoding = encoding;
    s.cell_bits = cell_bits;
    s.weight_bits = weight_bits;
    s.input_bits = 3;
    s.adc_bits = 8;
    return s;
}
weft_chip with_conductances(weft_chip chip, double g_min, double g_max) {
    chip.device.g_min_us = g_min;
    chip.device.g_max_us = g_max;
    weft_chip_resolve(&chip);
    return chip;
}

const Weights weights = {3, -1, -2, 2}; // with the offset: 7, 3; 2, 6
const std::vector<int16_t> inputs = {3, -1};
const Matrix products = {11, -5};

// ---- slices ----

TEST(Slices, OfDifferentWidths) {
    static double bits[] = {3, 2, 2};
    weft_chip chip = make_chip(small_spec(WEFT_WEIGHT_OFFSET, 3, 7));
    chip.weight.slice_bits = {bits, 3};
    weft_chip_resolve(&chip);
    const Array array(chip, {37, -50, 0, 63}, 2, 2); // 101, 14, 64, 127: 1100101, 0001110, 1000000, 1111111
    ASSERT_EQ(3, array.a.plane_count);
    EXPECT_EQ((Matrix{5, 6, 0, 7}), levels(array.plane(0)));
    EXPECT_EQ((Matrix{0, 1, 0, 3}), levels(array.plane(1)));
    EXPECT_EQ((Matrix{3, 0, 2, 3}), levels(array.plane(2)));
    for (int k = 0; k < 3; k++) {
        EXPECT_EQ(1, array.plane(k).cell_unit);
        EXPECT_EQ((std::vector<int>{0, 3, 5})[static_cast<size_t>(k)], array.plane(k).shift);
        EXPECT_EQ(int64_t{1} << array.plane(k).shift, array.plane(k).code_weight);
        EXPECT_EQ(nullptr, array.plane(k).known_weight);
    }
    EXPECT_EQ(64, array.a.offset_weight);
    EXPECT_TRUE(array.a.exact);
    EXPECT_EQ((Matrix{37 * 3, -50 * 3 - 63}), results(array, inputs));
}

TEST(Slices, OfSignedWeights) {
    static double bits[] = {3, 2, 1};
    weft_chip chip = make_chip(small_spec(WEFT_WEIGHT_DIFFERENTIAL_CELL, 3, 7));
    chip.weight.slice_bits = {bits, 3};
    weft_chip_resolve(&chip);
    const Array array(chip, {37, -50, 0, 63}, 2, 2); // 100101, 110010, 0, 111111
    ASSERT_EQ(3, array.a.plane_count);
    EXPECT_EQ((Matrix{5, -2, 0, 7}), levels(array.plane(0)));
    EXPECT_EQ((Matrix{0, -2, 0, 3}), levels(array.plane(1)));
    EXPECT_EQ((Matrix{1, -1, 0, 1}), levels(array.plane(2)));
    EXPECT_EQ((Matrix{37 * 3, -50 * 3 - 63}), results(array, inputs));
}

TEST(Slices, OfBothPolarities) {
    const Array array(make_chip(small_spec(WEFT_WEIGHT_DIFFERENTIAL_COLUMNS, 1, 3)), weights, 2, 2);
    ASSERT_EQ(4, array.a.plane_count);
    EXPECT_EQ((Matrix{1, 0, 0, 0}), levels(array.plane(0)));
    EXPECT_EQ((Matrix{1, 0, 0, 1}), levels(array.plane(1)));
    EXPECT_EQ((Matrix{0, 1, 0, 0}), levels(array.plane(2)));
    EXPECT_EQ((Matrix{0, 0, 1, 0}), levels(array.plane(3)));
    EXPECT_EQ(1, array.plane(1).sign);
    EXPECT_EQ(-1, array.plane(3).sign);
    EXPECT_EQ(products, results(array, inputs));
}

// ---- lowest conductance: 2 uS of 8, 2 uS a level ----

TEST(Base, IsTakenOffOffsetColumns) {
    const Array array(with_conductances(make_chip(small_spec(WEFT_WEIGHT_OFFSET, 2, 3)), 2, 8), weights, 2, 2);
    ASSERT_EQ(WEFT_OK, array.status) << array.err.text;
    expect_levels({4, 4, 3, 3}, array.plane(0));
    EXPECT_EQ(1, array.plane(0).cell_unit);
    expect_levels({2, 1, 1, 2}, array.plane(1));
    EXPECT_EQ((Matrix{-1, -1}), known(array, 0));
    EXPECT_FALSE(array.a.exact);
    EXPECT_EQ(1.0 / 4096, array.a.result_scale);
    EXPECT_EQ(4096, array.plane(0).code_weight);
    EXPECT_EQ(4 * 4096, array.plane(1).code_weight);
    EXPECT_EQ(-4 * 4096, array.plane(1).known_weight[1]);
    EXPECT_EQ(4 * 4096, array.a.offset_weight);
    EXPECT_EQ(products, results(array, inputs));
}

TEST(Base, OfFlippedOffsetColumns) {
    ChipSpec s = small_spec(WEFT_WEIGHT_OFFSET, 2, 3);
    s.flip = true;
    const Array array(with_conductances(make_chip(s), 2, 8), weights, 2, 2);
    expect_levels({1, 1, 2, 2}, array.plane(0)); // 5 of 6 are held: 0, 0; 1, 1 and the base
    expect_levels({2, 1, 1, 2}, array.plane(1));
    EXPECT_EQ((Matrix{4, 4}), known(array, 0));
    EXPECT_EQ((Matrix{-1, -1}), known(array, 1));
    EXPECT_EQ(-1, array.plane(0).code_sign[0]);
    EXPECT_EQ(1, array.plane(1).code_sign[0]);
    EXPECT_EQ(products, results(array, inputs));
}

TEST(Base, OfDifferentialColumnsCancels) {
    ChipSpec s = small_spec(WEFT_WEIGHT_DIFFERENTIAL_COLUMNS, 1, 3);
    const Weights w = {3, -1, 3, -2};
    const Array plain(with_conductances(make_chip(s), 2, 4), w, 2, 2); // one level: 2 uS, the base
    expect_levels({2, 1, 2, 1}, plain.plane(0));
    expect_levels({1, 1, 1, 2}, plain.plane(3));
    EXPECT_EQ((Matrix{0, 0}), known(plain, 0));
    EXPECT_EQ(nullptr, plain.plane(0).known_weight);
    EXPECT_EQ((Matrix{6, -1}), results(plain, inputs));
    s.flip = true;
    const Array flipped(with_conductances(make_chip(s), 2, 4), w, 2, 2);
    expect_levels({1, 1, 1, 1}, flipped.plane(0)); // column 0 is full: nothing but the base
    EXPECT_EQ((Matrix{3, 0}), known(flipped, 0));  // the level, and the base twice
    EXPECT_EQ((Matrix{6, -1}), results(flipped, inputs));
}

// ---- two-sided ----

TEST(TwoSided, PairsMoveApartFromTheMiddle) {
    weft_chip chip = make_chip(small_spec(WEFT_WEIGHT_DIFFERENTIAL_COLUMNS, 2, 3));
    chip.weight.two_sided = true;
    chip = with_conductances(chip, 2, 8);
    const Array columns(chip, weights, 2, 2);
    expect_levels({4, 2, 1.5, 3.5}, columns.plane(0)); // (3 + w) / 2 and the base
    expect_levels({1, 3, 3.5, 1.5}, columns.plane(1));
    EXPECT_EQ(0.5, columns.plane(0).cell_unit);
    chip.weight.encoding = WEFT_WEIGHT_DIFFERENTIAL_CELL;
    weft_chip_resolve(&chip);
    const Array cells(chip, weights, 2, 2);
    ASSERT_EQ(1, cells.a.plane_count);
    expect_levels({3, -1, -2, 2}, cells.plane(0));
    EXPECT_EQ(products, results(cells, inputs));
}

TEST(OneSided, OneCellOfAPairStaysLow) {
    // Programming to the nearest of 0 and g_max shows each cell: 8 uS is 4 levels, below 4 uS is 0.
    weft_chip chip = with_conductances(make_chip(small_spec(WEFT_WEIGHT_DIFFERENTIAL_CELL, 2, 3)), 2, 8);
    ASSERT_EQ(WEFT_OK, weft_transform_chain_parse(&chip.program, "levels:n=2", nullptr));
    weft_chip_resolve(&chip);
    const Array one(chip, {3, -3, 1, -1}, 2, 2); // 4 - 1, 1 - 4, 2 - 1, 1 - 2: a half goes up
    expect_levels({4, -4, 4, -4}, one.plane(0));
    chip.weight.two_sided = true;
    weft_chip_resolve(&chip);
    const Array two(chip, {3, -3, 1, -1}, 2, 2); // 4 - 1, 1 - 4, 3 - 2, 2 - 3
    expect_levels({4, -4, 0, 0}, two.plane(0));
}

// ---- programming ----

// Cells of plane 0 of an offset array are numbered from the place on, in the order of weights; those of a pair's
// negative half follow the positive's.
TEST(Programming, CellsAreNumberedByLayers) {
    const weft_program_table no_table{};
    const weft_cells_place place = {5, 2, 1, 1000};
    Weights w;
    for (int i = 0; i < 60; i++) w.push_back(static_cast<int16_t>(i % 7 - 3));
    for (int encoding : {WEFT_WEIGHT_OFFSET, WEFT_WEIGHT_DIFFERENTIAL_CELL}) {
        weft_chip chip = with_conductances(make_chip(small_spec(encoding, 2, 3)), 0, 8);
        ASSERT_EQ(WEFT_OK, weft_transform_chain_parse(&chip.program, "addnorm:sigma=0.05", nullptr));
        weft_chip_resolve(&chip);
        const Array array(chip, w, 6, 10, place);
        const bool pair = encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL;
        for (int k = 0; k < array.a.plane_count; k++) {
            Matrix expected(60), negative(60);
            for (size_t i = 0; i < 60; i++) {
                expected[i] = pair ? std::max<int>(w[i], 0) : (w[i] + 4) >> (2 * k) & 3;
                negative[i] = std::max<int>(-w[i], 0);
            }
            const int layer = pair ? 2 * k : k;
            weft_cells_program(&chip, &no_table, &place, layer, 3, expected.data(), 60, nullptr);
            weft_cells_program(&chip, &no_table, &place, layer + 1, 3, negative.data(), 60, nullptr);
            for (size_t i = 0; pair && i < 60; i++) expected[i] -= negative[i];
            expect_levels(expected, array.plane(k));
        }
    }
}

TEST(Programming, SameCellsForAnyNumberOfThreads) {
    weft_chip chip = make_chip(hermes_like());
    ASSERT_EQ(WEFT_OK, weft_transform_chain_parse(&chip.program, "pcm_program|pcm_drift|pcm_read", nullptr));
    chip.device.read_noise = WEFT_READ_NOISE_PROPORTIONAL, chip.device.read_sigma = 0.01;
    weft_chip_resolve(&chip);
    Weights w(256 * 200);
    for (size_t i = 0; i < w.size(); i++) w[i] = static_cast<int16_t>(static_cast<int>(i * 7919 % 65535) - 32767);
    omp_set_num_threads(1);
    const Array one(chip, w, 256, 200);
    for (int threads : {2, 5}) {
        omp_set_num_threads(threads);
        const Array other(chip, w, 256, 200);
        EXPECT_EQ(entries(one.plane(0).cells), entries(other.plane(0).cells));
        EXPECT_EQ(entries(one.plane(0).variance), entries(other.plane(0).variance));
        EXPECT_EQ(one.plane(0).cell_unit, other.plane(0).cell_unit);
    }
    const Array next(chip, w, 256, 200, {0, 1, 0, 0});
    EXPECT_NE(entries(one.plane(0).cells), entries(next.plane(0).cells));
}

TEST(Programming, VariancesOfAPairAdd) {
    weft_chip chip = with_conductances(make_chip(small_spec(WEFT_WEIGHT_DIFFERENTIAL_CELL, 2, 3)), 2, 8);
    chip.device.read_noise = WEFT_READ_NOISE_PROPORTIONAL, chip.device.read_sigma = 0.1;
    weft_chip_resolve(&chip);
    const Array array(chip, weights, 2, 2); // cells 4, 1; 1, 2; 1, 3; 3, 1
    const Matrix found = scaled(array.plane(0).variance, array.plane(0).variance_unit),
                 expected = {0.16 + 0.01, 0.01 + 0.04, 0.01 + 0.09, 0.09 + 0.01};
    for (size_t i = 0; i < 4; i++) EXPECT_NEAR(expected[i], found[i], 0.5001 * array.plane(0).variance_unit);
    chip.device.read_noise = WEFT_READ_NOISE_NONE, chip.device.read_sigma = 0;
    weft_chip_resolve(&chip);
    EXPECT_EQ(nullptr, Array(chip, weights, 2, 2).plane(0).variance.data);
}

// ---- wires ----

weft_chip wired_chip(bool interleaved) {
    weft_chip chip = with_conductances(make_chip(small_spec(WEFT_WEIGHT_DIFFERENTIAL_COLUMNS, 2, 3)), 20, 80);
    chip.wires.row_segment_ohm = 200;
    chip.wires.column_segment_ohm = 100;
    chip.wires.interleaved = interleaved;
    weft_chip_resolve(&chip);
    return chip;
}
// Siemens of level l: 20 uS a level, and the base.
double siemens(int level) { return (level + 1) * 20e-6; }

TEST(Wires, PlanesAreNeighboursOrArraysOfTheirOwn) {
    // Positive 3, 0; 0, 2 and negative 0, 1; 2, 0.
    const weft_wires wide = {2, 4, 200, 100, 0, 0}, narrow = {2, 2, 200, 100, 0, 0};
    Matrix both = {siemens(3), siemens(0), siemens(0), siemens(1), siemens(0), siemens(2), siemens(2), siemens(0)},
           plus = {siemens(3), siemens(0), siemens(0), siemens(2)},
           minus = {siemens(0), siemens(1), siemens(2), siemens(0)};
    ASSERT_EQ(WEFT_OK, weft_wires_effective(&wide, both.data(), both.data(), nullptr));
    ASSERT_EQ(WEFT_OK, weft_wires_effective(&narrow, plus.data(), plus.data(), nullptr));
    ASSERT_EQ(WEFT_OK, weft_wires_effective(&narrow, minus.data(), minus.data(), nullptr));
    const weft_chip together = wired_chip(true), apart = wired_chip(false);
    const Array one(together, weights, 2, 2), two(apart, weights, 2, 2);
    ASSERT_EQ(WEFT_OK, one.status) << one.err.text;
    expect_levels({both[0] / 20e-6, both[2] / 20e-6, both[4] / 20e-6, both[6] / 20e-6}, one.plane(0));
    expect_levels({both[1] / 20e-6, both[3] / 20e-6, both[5] / 20e-6, both[7] / 20e-6}, one.plane(1));
    expect_levels({plus[0] / 20e-6, plus[1] / 20e-6, plus[2] / 20e-6, plus[3] / 20e-6}, two.plane(0));
    expect_levels({minus[0] / 20e-6, minus[1] / 20e-6, minus[2] / 20e-6, minus[3] / 20e-6}, two.plane(1));
    EXPECT_LT(levels(one.plane(0))[0], 3.98); // 80 uS behind some 400 ohm
}

// Behind a resistance R the current of a cell changes by V / (1 + g R)^2 with its conductance, and is g V / (1 + g R).
TEST(Wires, TakeTheSquareOfWhatTheyTakeFromTheCurrentFromItsNoise) {
    weft_chip chip = wired_chip(true);
    chip.device.read_noise = WEFT_READ_NOISE_PROPORTIONAL, chip.device.read_sigma = 0.1;
    weft_chip_resolve(&chip);
    const Array array(chip, weights, 2, 2);
    chip.wires.row_segment_ohm = chip.wires.column_segment_ohm = 0;
    weft_chip_resolve(&chip);
    ASSERT_FALSE(chip.has_wires);
    const Array bare(chip, weights, 2, 2);
    const Matrix level = levels(array.plane(0)), whole = levels(bare.plane(0)),
                 variance = scaled(array.plane(0).variance, array.plane(0).variance_unit);
    for (size_t i = 0; i < 4; i++) {
        const double part = whole[i] > 0 ? level[i] / whole[i] : 1, sigma = 0.1 * whole[i] * part * part;
        EXPECT_NEAR(sigma * sigma, variance[i], 1e-5);
    }
    EXPECT_LT(variance[0], 0.01 * level[0] * level[0] - 1e-4);
}

// ---- the unit of results ----

TEST(Scale, OfIdealFullScaleWithDigitalSums) {
    ChipSpec s = small_spec(WEFT_WEIGHT_OFFSET, 2, 3);
    s.flip = true;
    s.adc_bits = 2;
    s.adc_range = WEFT_ADC_FULL_SCALE; // full sum 2 * 3 * 1 = 6, largest code 3: a code is 2
    const Array two(make_chip(s), weights, 2, 2);
    EXPECT_EQ(1.0, two.a.result_scale);
    EXPECT_EQ(2, two.plane(0).code_weight);
    EXPECT_EQ(8, two.plane(1).code_weight);
    EXPECT_EQ(3, two.plane(0).known_weight[0]);
    EXPECT_EQ(4, two.a.offset_weight);
    s.adc_bits = 3; // 6 / 7 a code
    const Array three(make_chip(s), weights, 2, 2);
    EXPECT_EQ(1.0 / 7, three.a.result_scale);
    EXPECT_EQ(6, three.plane(0).code_weight);
    EXPECT_EQ(24, three.plane(1).code_weight);
    EXPECT_EQ(21, three.plane(0).known_weight[0]);
    EXPECT_EQ(28, three.a.offset_weight);
}

TEST(Scale, OfIdealFullScaleIsACode) {
    const weft_chip chip = make_chip(hermes_like());
    const Array array(chip, {32767, -16384, 32767, 0}, 2, 2);
    EXPECT_EQ(256.0 * 32767 * 127 / 2047, array.a.result_scale);
    EXPECT_EQ(1, array.plane(0).code_weight);
    EXPECT_EQ(0, array.a.offset_weight);
}

// 12-bit converters of signed columns: codes to 2047. The unit is as fine as partial sums are wide.
TEST(Scale, OfCellsWithErrorsFillsThePartialSums) {
    weft_chip chip = make_chip(hermes_like());
    ASSERT_EQ(WEFT_OK, weft_transform_chain_parse(&chip.program, "addnorm:sigma=0.03", nullptr));
    const auto units_of_a_code = [&](int partial_bits, int per_core) {
        chip.io.partial_bits = partial_bits;
        chip.array.per_core = per_core;
        weft_chip_resolve(&chip);
        const Array array(chip, {32767, -16384, 32767, 0}, 2, 2);
        EXPECT_DOUBLE_EQ(256.0 * 32767 * 127 / 2047, array.a.unit * 4096); // in the array, whatever leaves it
        EXPECT_EQ(4096, array.plane(0).code_weight);
        return std::lround(array.plane(0).adc.step / array.a.result_scale);
    };
    EXPECT_EQ(1, units_of_a_code(12, 1)); // 2047 < 2^11
    EXPECT_EQ(2, units_of_a_code(13, 1));
    EXPECT_EQ(1, units_of_a_code(13, 2));
    EXPECT_EQ(2048, units_of_a_code(23, 1));
    EXPECT_EQ(4096, units_of_a_code(24, 1));
    EXPECT_EQ(4096, units_of_a_code(48, 1)); // no finer
    EXPECT_EQ(1, units_of_a_code(8, 1));     // no coarser than a code
}

TEST(Scale, FollowsCalibratedRanges) {
    ChipSpec s = hermes_like();
    s.adc_range = WEFT_ADC_CALIBRATED;
    const weft_chip chip = make_chip(s);
    Array array(chip, {32767, -16384, 32767, 0}, 2, 2);
    ASSERT_EQ(WEFT_OK, array.status) << array.err.text;
    EXPECT_FALSE(array.a.exact);
    EXPECT_DOUBLE_EQ(256.0 * 32767 * 127 / 2047, array.plane(0).adc.step); // full scale until calibrated
    ASSERT_EQ(WEFT_OK, weft_array_set_range(&array.a, 0, 2047 * 512, &array.err));
    EXPECT_EQ(512, array.plane(0).adc.step);
    EXPECT_EQ(512.0 / 4096, weft_array_best_scale(&array.a));
    weft_array_set_scale(&array.a, 512.0 / 4096);
    EXPECT_EQ(4096, array.plane(0).code_weight);
    weft_array_set_scale(&array.a, 512.0); // coarser, as another array of the stage may need: rounded once, at the end
    EXPECT_EQ(4096, array.plane(0).code_weight);
    EXPECT_EQ(512.0 / 4096, array.a.unit);
    EXPECT_EQ(512.0, array.a.result_scale);
}

// ---- refusals ----

std::string refusal(weft_chip chip) {
    weft_chip_resolve(&chip);
    const Array array(chip, weights, 2, 2);
    EXPECT_EQ(WEFT_E_UNSUPPORTED, array.status);
    EXPECT_EQ(WEFT_E_UNSUPPORTED, array.err.status);
    EXPECT_EQ(nullptr, array.a.planes);
    return array.err.text;
}

TEST(Refused, ChipsMadeByHand) {
    ChipSpec s = hermes_like();
    s.adc_bits = 1;
    EXPECT_EQ("adc.bits: 1 is below 2: columns have signed sums", refusal(make_chip(s)));
    s = small_spec(WEFT_WEIGHT_OFFSET, 2, 3);
    s.adc_bits = 1;
    s.input_encoding = WEFT_INPUT_SIGN_MAGNITUDE;
    EXPECT_EQ("adc.bits: 1 is below 2: columns have signed sums", refusal(make_chip(s)));
    s = hermes_like();
    s.weight_encoding = WEFT_WEIGHT_OFFSET;
    EXPECT_EQ("array.cell_bits: analog cells (0) need weight.encoding differential_cell or differential_columns",
              refusal(make_chip(s)));
    weft_chip chip = make_chip(hermes_like());
    chip.adc.kind = WEFT_ADC_NONE;
    EXPECT_EQ("adc.kind: none is for `weft array` only; needs ideal, sar or ramp", refusal(chip));
    chip = wired_chip(true);
    chip.wires.topology = WEFT_WIRES_GATED;
    EXPECT_EQ("wires.topology: gated wires with resistance are for `weft array` only", refusal(chip));
    chip = wired_chip(true);
    chip.device.iv_nonlinearity = 1.5;
    EXPECT_EQ("device.iv_nonlinearity: 1.5: cells behind wires with resistance must be ohmic (0), but for `weft array`",
              refusal(chip));
}

TEST(Refused, ArraysThatAreTooLarge) {
    const weft_chip chip = make_chip(hermes_like());
    const Array array(chip, Weights(4097), 4097, 1);
    EXPECT_EQ(WEFT_E_UNSUPPORTED, array.status);
    EXPECT_STREQ("an array of 4097 x 1 weights: at most 4096 x 4096 are supported", array.err.text);
}

TEST(Refused, ChipFilesNameThePlace) {
    weft_chip *chip = nullptr;
    weft_error err{};
    const std::string path = std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/isaac-ce.yaml";
    const char *overrides[] = {"adc.kind=none"};
    ASSERT_EQ(WEFT_OK, weft_chip_load(&chip, path.c_str(), overrides, 1, &err)) << err.text;
    {
        const Array array(*chip, weights, 2, 2);
        char text[2048];
        weft_error_format(&array.err, text, sizeof text);
        EXPECT_EQ(WEFT_E_UNSUPPORTED, array.status);
        EXPECT_STREQ("--set adc.kind=none: adc.kind: none is for `weft array` only; needs ideal, sar or ramp", text);
    }
    weft_chip_destroy(chip);
}

} // namespace
