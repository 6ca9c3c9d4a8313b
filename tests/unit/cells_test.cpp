// What cells hold after programming, and the noise of their reads, against the formulas; tables of measured
// programming.
#include "sim/model/cells.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/model_fixture.h"

namespace {

enum { N = 100000 };
using Levels = std::vector<double>;

// Analog differential cells of g_min .. 25 uS.
weft_chip analog_chip(const char *program, double g_min = 0) {
    weft_chip chip = make_chip(hermes_like());
    chip.device.g_max_us = 25;
    chip.device.g_min_us = g_min;
    weft_error err{};
    if (program[0]) { EXPECT_EQ(WEFT_OK, weft_transform_chain_parse(&chip.program, program, &err)) << err.text; }
    weft_chip_resolve(&chip);
    return chip;
}

Levels programmed(const weft_chip &chip, double level_max, Levels level, uint64_t trial = 0, int plane = 0,
                  uint64_t first_cell = 0, const weft_program_table &table = {}) {
    const weft_cells_place place = {7, trial, 3, first_cell};
    weft_error err{};
    EXPECT_EQ(WEFT_OK, weft_cells_program(&chip, &table, &place, plane, level_max, level.data(), level.size(), &err))
        << err.text;
    return level;
}

struct Spread {
    double mean, sigma;
};
Spread spread_of(const Levels &v) {
    double sum = 0, square = 0;
    for (double x : v) sum += x;
    const double mean = sum / static_cast<double>(v.size());
    for (double x : v) square += (x - mean) * (x - mean);
    return {mean, std::sqrt(square / static_cast<double>(v.size()))};
}
// Mean and standard deviation of N normal cells within 5 standard errors.
void expect_spread(const Levels &v, double mean, double sigma) {
    const Spread found = spread_of(v);
    EXPECT_NEAR(mean, found.mean, 5 * sigma / std::sqrt(double(N)) + 1e-6 * std::fabs(mean));
    EXPECT_NEAR(sigma, found.sigma, 5 * sigma / std::sqrt(2.0 * N) + 1e-6 * std::fabs(mean));
}

// ---- levels ----

TEST(Base, IsTheConductanceOfLevelZero) {
    weft_chip chip = make_chip(isaac_like());
    EXPECT_EQ(0, weft_cells_base(&chip, 3));
    chip.device.g_max_us = 50;
    EXPECT_EQ(0, weft_cells_base(&chip, 3));
    chip.device.g_min_us = 5; // 15 uS a level of 3
    EXPECT_DOUBLE_EQ(1.0 / 3, weft_cells_base(&chip, 3));
    EXPECT_DOUBLE_EQ(1.0 / 9, weft_cells_base(&chip, 1));
}

TEST(Cells, OfAWeight) {
    ChipSpec s = isaac_like();
    weft_chip chip = make_chip(s);
    EXPECT_EQ(8, weft_cells_per_weight(&chip));
    s.weight_encoding = WEFT_WEIGHT_DIFFERENTIAL_COLUMNS;
    chip = make_chip(s);
    EXPECT_EQ(16, weft_cells_per_weight(&chip));
    s.weight_encoding = WEFT_WEIGHT_DIFFERENTIAL_CELL;
    chip = make_chip(s);
    EXPECT_EQ(16, weft_cells_per_weight(&chip));
    EXPECT_EQ(8, chip.columns_per_weight);
}

TEST(Program, WithoutErrorsAddsTheBaseOnly) {
    weft_chip chip = analog_chip("", 5);
    const Levels out = programmed(chip, 4, {0, 1, 2.5, 4});
    for (int i = 0; i < 4; i++) EXPECT_DOUBLE_EQ((Levels{0, 1, 2.5, 4})[i] + 1, out[i]); // 5 uS a level
}

// Independent of, proportional to and inversely proportional to conductance; the base is part of it: level 2 of 4 over
// 5..25 uS is 15 uS, 0.6 g_max, 3 levels with the base; a level is 0.2 g_max.
TEST(Program, IndependentError) {
    expect_spread(programmed(analog_chip("addnorm:sigma=0.03", 5), 4, Levels(N, 2)), 3, 0.03 / 0.2);
}
TEST(Program, ProportionalError) {
    expect_spread(programmed(analog_chip("multnorm:sigma=0.03", 5), 4, Levels(N, 2)), 3, 0.03 * 3);
}
TEST(Program, InverseError) {
    expect_spread(programmed(analog_chip("invnorm:sigma=0.03", 5), 4, Levels(N, 2)), 3, 0.03 / 0.6 / 0.2);
}
TEST(Program, PcmError) {
    const double sigma = (0.26348 + 1.965 * 0.6 - 1.1731 * 0.36) / 25;
    expect_spread(programmed(analog_chip("pcm_program", 5), 4, Levels(N, 2)), 3, sigma / 0.2);
}

// Without physical conductances a level is 1 / level_max of alpha.
TEST(Program, WithoutConductances) {
    weft_chip chip = make_chip(isaac_like());
    ASSERT_EQ(WEFT_OK, weft_transform_chain_parse(&chip.program, "addnorm:sigma=0.03", nullptr));
    expect_spread(programmed(chip, 4, Levels(N, 2)), 2, 0.03 * 4);
}

TEST(Program, DriftOfFullCells) {
    // nu = 0.049 +- 0.008: mean of (1 + t/20)^-nu is exp(-0.049 L + (0.008 L)^2 / 2).
    for (double time : {1.0, 3600.0, 86400.0, 2592000.0}) {
        const std::string text = "pcm_drift:time_s=" + std::to_string(time);
        const Spread found = spread_of(programmed(analog_chip(text.c_str()), 32767, Levels(N, 32767)));
        const double folds = std::log(1 + time / 20), m = -0.049 * folds, s = 0.008 * folds,
                     mean = std::exp(m + s * s / 2), sigma = mean * std::sqrt(std::exp(s * s) - 1);
        EXPECT_NEAR(mean, found.mean / 32767, 5 * sigma / std::sqrt(double(N)) + 1e-6) << time;
        EXPECT_NEAR(sigma, found.sigma / 32767, 5 * sigma / std::sqrt(double(N)) + 1e-6) << time;
    }
}

TEST(Program, StuckCells) {
    const Levels out = programmed(analog_chip("stuck:on=0.02,off=0.1", 5), 4, Levels(N, 2));
    double on = 0, off = 0, kept = 0;
    for (double x : out) {
        if (std::fabs(x - 5) < 1e-6) on++;  // g_max: 4 levels and the base
        if (std::fabs(x - 1) < 1e-6) off++; // g_min: the base
        if (std::fabs(x - 3) < 1e-6) kept++;
    }
    EXPECT_EQ(N, on + off + kept);
    EXPECT_NEAR(0.02, on / N, 5 * std::sqrt(0.02 * 0.98 / N));
    EXPECT_NEAR(0.1, off / N, 5 * std::sqrt(0.1 * 0.9 / N));
}

TEST(Program, NoConductanceBelowZero) {
    const Levels out = programmed(analog_chip("addnorm:sigma=1"), 4, Levels(N, 0));
    double zeros = 0;
    for (double x : out) {
        ASSERT_GE(x, 0);
        zeros += x == 0;
    }
    EXPECT_NEAR(0.5, zeros / N, 5 * std::sqrt(0.25 / N));
}

// ---- which draws ----

TEST(Program, DrawsBelongToSeedTrialStageAndCell) {
    const weft_chip chip = analog_chip("addnorm:sigma=0.1");
    const Levels targets(1000, 2), first = programmed(chip, 4, targets);
    EXPECT_EQ(first, programmed(chip, 4, targets));
    EXPECT_NE(first, programmed(chip, 4, targets, 1));
    const Levels next = programmed(chip, 4, targets, 0, 1); // plane 1 goes on where plane 0 ends
    EXPECT_NE(first, next);
    EXPECT_EQ(next, programmed(chip, 4, targets, 0, 0, 1000));
    const Levels whole = programmed(chip, 4, Levels(2000, 2));
    EXPECT_TRUE(std::equal(first.begin(), first.end(), whole.begin()));
    EXPECT_TRUE(std::equal(next.begin(), next.end(), whole.begin() + 1000));
    EXPECT_EQ(Levels(whole.begin() + 37, whole.end()), programmed(chip, 4, Levels(1963, 2), 0, 0, 37));
}

// ---- read noise ----

Levels variances(weft_chip chip, int kind, double sigma, double level_max, const Levels &level, double time = 0) {
    chip.device.read_noise = kind;
    chip.device.read_sigma = sigma;
    chip.device.time_s = time;
    Levels out(level.size());
    weft_cells_read_variance(&chip, level_max, level.data(), out.data(), level.size());
    return out;
}

TEST(ReadNoise, Variances) {
    const weft_chip chip = analog_chip("", 5); // level 4 of 4 holds 5 with the base; a level is 0.2 g_max
    const Levels level = {0, 1, 5}, same = variances(chip, WEFT_READ_NOISE_INDEPENDENT, 0.02, 4, level),
                 share = variances(chip, WEFT_READ_NOISE_PROPORTIONAL, 0.02, 4, level);
    for (size_t i = 0; i < 3; i++) {
        EXPECT_DOUBLE_EQ(0.1 * 0.1, same[i]); // 0.02 g_max
        EXPECT_DOUBLE_EQ(0.02 * 0.02 * level[i] * level[i], share[i]);
    }
    for (double time : {1.0, 3600.0, 86400.0, 2592000.0}) {
        const Levels pcm = variances(chip, WEFT_READ_NOISE_PCM, 0.5, 4, level, time);
        const double growth = std::log((time + 250e-9) / 500e-9), q = 0.0088 / std::pow(0.2, 0.65);
        EXPECT_EQ(0, pcm[0]);
        EXPECT_NEAR(1, pcm[1] / (0.25 * q * q * growth), 1e-6);
        EXPECT_NEAR(1, pcm[2] / (25 * 0.25 * 0.0088 * 0.0088 * growth), 1e-6);
    }
    // Small conductances: q is at most 0.2.
    const Levels small = variances(chip, WEFT_READ_NOISE_PCM, 1, 4, {1e-3}, 1.0);
    EXPECT_NEAR(1, small[0] / (1e-6 * 0.04 * std::log(1.00000025 / 500e-9)), 1e-6);
}

// ---- fixed point ----

TEST(FixedPoint, WholeLevelsAndHalvesAreKept) {
    const auto fixed = [](const Levels &values, double *unit) {
        std::vector<int16_t> entries(values.size());
        *unit = weft_cells_fixed_point(entries.data(), values.data(), values.size());
        return entries;
    };
    using Entries = std::vector<int16_t>;
    double unit = 0;
    EXPECT_EQ((Entries{-3, 0, 32767}), fixed({-3, 0, 32767}, &unit));
    EXPECT_EQ(1, unit);
    EXPECT_EQ((Entries{0, 0}), fixed({0, 0}, &unit));
    EXPECT_EQ(1, unit);
    EXPECT_EQ((Entries{3, -4}), fixed({1.5, -2}, &unit));
    EXPECT_EQ(0.5, unit);
    EXPECT_EQ((Entries{32767, 9830, -16384}), fixed({1, 0.3, -0.50001}, &unit)); // 9830.1, -16383.8
    EXPECT_EQ(1.0 / 32767, unit);
    EXPECT_EQ((Entries{-32767, 1}), fixed({-40000, 1}, &unit)); // 0.82
    EXPECT_EQ(40000.0 / 32767, unit);
}

// ---- tables ----

class Table : public testing::Test {
  protected:
    std::string folder, path;
    weft_chip chip = analog_chip("");
    weft_program_table table{};
    weft_error err{};

    void SetUp() override {
        const testing::TestInfo *info = testing::UnitTest::GetInstance()->current_test_info();
        folder = testing::TempDir() + "weft_cells_" + info->name() + "_" + std::to_string(getpid());
        std::filesystem::create_directories(folder);
        path = folder + "/program.csv";
        std::snprintf(chip.program_table_path, sizeof chip.program_table_path, "%s", path.c_str());
    }
    void TearDown() override {
        weft_program_table_destroy(&table);
        std::filesystem::remove_all(folder);
    }
    weft_status read(const std::string &text) {
        std::ofstream(path, std::ios::binary) << text;
        return weft_program_table_read(&table, &chip, &err);
    }
    // "LINE:COLUMN: text" of a refusal; the file's path goes ahead of it.
    std::string refusal(const std::string &text, weft_status expected) {
        err = {};
        EXPECT_EQ(expected, read(text)) << text;
        EXPECT_EQ(path, err.file);
        EXPECT_EQ(nullptr, table.target);
        return std::to_string(err.line) + ":" + std::to_string(err.column) + ": " + err.text;
    }
};
const std::string head = "g_target_us,g_mean_us,g_sigma_us\n";

TEST_F(Table, NoneIsEmpty) {
    chip.program_table_path[0] = 0;
    ASSERT_EQ(WEFT_OK, weft_program_table_read(&table, &chip, &err));
    EXPECT_EQ(0, table.count);
    EXPECT_EQ(nullptr, table.target);
}

TEST_F(Table, IsReadOverGMax) {
    ASSERT_EQ(WEFT_OK, read("g_target_us,g_mean_us,g_sigma_us\r\n0, 0.5 ,0.25\r\n\r\n12.5,13,0.5\r\n25,24,1e0"))
        << err.text;
    ASSERT_EQ(3, table.count);
    EXPECT_EQ(0.5, table.target[1]);
    EXPECT_EQ(0.02, table.mean[0]);
    EXPECT_EQ(0.04, table.sigma[2]);
}

TEST_F(Table, IsInterpolated) {
    ASSERT_EQ(WEFT_OK, read(head + "0,6,0\n5,6,0\n10,10,0.5\n20,16,0\n25,16,0\n")) << err.text;
    const auto at = [&](double us) { return programmed(chip, 25, Levels(N, us), 0, 0, 0, table); };
    for (double x : at(5)) ASSERT_NEAR(6, x, 1e-5);
    for (double x : at(1)) ASSERT_NEAR(6, x, 1e-5);
    for (double x : at(25)) ASSERT_NEAR(16, x, 1e-5);
    expect_spread(at(10), 10, 0.5);
    expect_spread(at(7.5), 8, 0.25);
    expect_spread(at(12), 11.2, 0.4);
}

TEST_F(Table, ComesAheadOfTheChainWithDrawsOfItsOwn) {
    ASSERT_EQ(WEFT_OK, read(head + "0,0,1\n25,25,1\n")) << err.text;
    ASSERT_EQ(WEFT_OK, weft_transform_chain_parse(&chip.program, "addnorm:sigma=0.04", &err)); // another 1 uS
    expect_spread(programmed(chip, 25, Levels(N, 12), 0, 0, 0, table), 12, std::sqrt(2.0));
    chip.program = {};
    ASSERT_EQ(WEFT_OK, weft_transform_chain_parse(&chip.program, "levels:n=2", &err)); // all above a half
    for (double x : programmed(chip, 25, Levels(1000, 20), 0, 0, 0, table)) ASSERT_NEAR(25, x, 1e-5);
    const Levels first = programmed(chip, 25, Levels(10, 12), 0, 0, 5, table),
                 whole = programmed(chip, 25, Levels(15, 12), 0, 0, 0, table);
    EXPECT_TRUE(std::equal(first.begin(), first.end(), whole.begin() + 5));
}

TEST_F(Table, BadFilesAreLocated) {
    EXPECT_EQ("1:1: needs the header line g_target_us,g_mean_us,g_sigma_us", refusal("", WEFT_E_PARSE));
    EXPECT_EQ("1:1: needs the header line g_target_us,g_mean_us,g_sigma_us",
              refusal("g_target,g_mean,g_sigma\n1,1,1\n2,2,2\n", WEFT_E_PARSE));
    EXPECT_EQ("2:0: needs at least 2 rows, has 0", refusal(head, WEFT_E_INVALID));
    EXPECT_EQ("3:0: needs at least 2 rows, has 1", refusal(head + "1,1,1\n", WEFT_E_INVALID));
    EXPECT_EQ("2:3: 'x' is not a number", refusal(head + "1,x,1\n2,2,2\n", WEFT_E_PARSE));
    EXPECT_EQ("2:5: '' is not a number", refusal(head + "1,1,\n2,2,2\n", WEFT_E_PARSE));
    EXPECT_EQ("3:5: '1e999' is not a number", refusal(head + "1,1,1\n2,2,1e999\n", WEFT_E_PARSE));
    EXPECT_EQ("2:3: 'nan' is not a number", refusal(head + "1,nan,1\n2,2,2\n", WEFT_E_PARSE));
    EXPECT_EQ("2:3: 2 numbers in a row, needs 3", refusal(head + "1,1\n2,2,2\n", WEFT_E_PARSE));
    EXPECT_EQ("2:1: 1 numbers in a row, needs 3", refusal(head + "1\n2,2,2\n", WEFT_E_PARSE));
    EXPECT_EQ("2:6: more than 3 numbers in a row", refusal(head + "1,1,1,1\n2,2,2\n", WEFT_E_PARSE));
    EXPECT_EQ("3:1: g_target_us: 1 is not above 1 of the row before", refusal(head + "1,1,1\n1,2,2\n", WEFT_E_INVALID));
    EXPECT_EQ("2:1: g_target_us: -1 is below 0", refusal(head + "-1,1,1\n1,2,2\n", WEFT_E_INVALID));
    EXPECT_EQ("2:3: g_mean_us: -1 is below 0", refusal(head + "1,-1,1\n2,2,2\n", WEFT_E_INVALID));
    EXPECT_EQ("2:5: g_sigma_us: -2 is below 0", refusal(head + "1,1,-2\n2,2,2\n", WEFT_E_INVALID));
}

TEST_F(Table, CoversAllConductances) {
    EXPECT_EQ("0:0: g_target_us from 1 to 25 uS; cells lie between 0 (device.g_min_us) and 25 (device.g_max_us)",
              refusal(head + "1,1,1\n25,25,1\n", WEFT_E_INVALID));
    EXPECT_EQ("0:0: g_target_us from 0 to 24 uS; cells lie between 0 (device.g_min_us) and 25 (device.g_max_us)",
              refusal(head + "0,0,1\n24,24,1\n", WEFT_E_INVALID));
    chip.device.g_min_us = 1;
    EXPECT_EQ(WEFT_OK, read(head + "1,1,1\n25,25,1\n")) << err.text;
}

TEST_F(Table, MissingFile) {
    EXPECT_EQ(WEFT_E_IO, weft_program_table_read(&table, &chip, &err));
    EXPECT_NE(std::string(err.file).find("program.csv"), std::string::npos) << err.file << " " << err.text;
}

} // namespace
