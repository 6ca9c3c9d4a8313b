// Arrays with wires: the effective matrix and the nodal solution against plain elimination, each other, and cases by
// hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "tests/support/nodal.h"

using namespace weft_test;

namespace {

using Values = std::vector<double>;

Values effective(const weft_wires &w, const Values &g) {
    Values matrix(g.size());
    weft_error err{};
    EXPECT_EQ(weft_wires_effective(&w, g.data(), matrix.data(), &err), WEFT_OK) << err.text;
    return matrix;
}

// Currents of samples by the effective matrix.
Values through(const weft_wires &w, const Values &matrix, const Values &v) {
    const size_t rows = static_cast<size_t>(w.rows), columns = static_cast<size_t>(w.columns);
    Values currents(v.size() / rows * columns, 0.0);
    for (size_t s = 0; s < v.size() / rows; s++)
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++) currents[s * columns + c] += v[s * rows + r] * matrix[r * columns + c];
    return currents;
}

Values solve(const weft_wires &w, const weft_wires_cells &cells, const Values &v) {
    const size_t samples = v.size() / static_cast<size_t>(w.rows);
    Values currents(samples * static_cast<size_t>(w.columns));
    weft_error err{};
    EXPECT_EQ(weft_wires_solve(&w, &cells, v.data(), static_cast<int>(samples), currents.data(), &err), WEFT_OK)
        << err.text;
    return currents;
}

weft_wires_cells ohmic(const Values &g) {
    weft_wires_cells cells{};
    cells.g = g.data();
    return cells;
}

double largest_deviation(const Values &a, const Values &b) {
    double most = 0;
    for (size_t i = 0; i < b.size(); i++) most = std::max(most, std::fabs(a[i] / b[i] - 1));
    return most;
}

weft_wires random_wires(std::mt19937 &random) {
    const double ohms[] = {0, 0, 1e-6, 0.35, 10, 2000};
    auto ohm = [&] { return ohms[random() % 6]; };
    weft_wires w{};
    w.rows = 1 + static_cast<int>(random() % 9);
    w.columns = 1 + static_cast<int>(random() % 9);
    w.row_segment_ohm = ohm();
    w.column_segment_ohm = ohm();
    w.row_terminal_ohm = ohm();
    w.column_terminal_ohm = ohm();
    return w;
}

} // namespace

TEST(Wires, SmallArraysAgainstPlainElimination) {
    for (unsigned seed = 0; seed < 150; seed++) {
        std::mt19937 random(seed);
        const weft_wires w = random_wires(random);
        const size_t rows = static_cast<size_t>(w.rows), columns = static_cast<size_t>(w.columns);
        Values g = random_conductances(rows * columns, seed, seed % 3 * 0.3);
        for (size_t c = 0; c < columns && seed % 4 == 0; c++) g[rows / 2 * columns + c] = 0; // an open row
        for (size_t r = 0; r < rows && seed % 5 == 0; r++) g[r * columns + columns / 2] = 0; // an open column
        const Values v = random_voltages(rows, seed), expected = nodal_currents(w, g, v);
        const Values fast = through(w, effective(w, g), v), exact = solve(w, ohmic(g), v);
        const double total = std::accumulate(expected.begin(), expected.end(), 1e-12);
        for (size_t c = 0; c < columns; c++) {
            EXPECT_NEAR(fast[c], expected[c], 1e-10 * total) << seed;
            EXPECT_NEAR(exact[c], expected[c], 1e-10 * total) << seed;
        }
    }
}

TEST(Wires, SixteenByTwentyAgainstPlainElimination) {
    const weft_wires w{16, 20, 5, 3, 50, 20};
    const Values g = random_conductances(320, 7), v = random_voltages(16, 7), expected = nodal_currents(w, g, v);
    EXPECT_LT(largest_deviation(through(w, effective(w, g), v), expected), 1e-11);
    EXPECT_LT(largest_deviation(solve(w, ohmic(g), v), expected), 1e-11);
    const Values ideal = through(w, g, v); // the wires matter here
    EXPECT_GT(largest_deviation(ideal, expected), 0.02);
}

// The acceptance's arrays: 64, 128, 256; 0.1, 0.35 and 1 ohm; 10 kohm to 1 Mohm.
TEST(Wires, EffectiveMatrixAgainstNodalSolution) {
    for (int size : {64, 128})
        for (double ohm : {0.1, 0.35, 1.0}) {
            const weft_wires w{size, size, ohm, ohm, 0, 0};
            const size_t n = static_cast<size_t>(size);
            const Values g = random_conductances(n * n, static_cast<unsigned>(size)), v = random_voltages(2 * n, 3);
            EXPECT_LT(largest_deviation(through(w, effective(w, g), v), solve(w, ohmic(g), v)), 1e-9)
                << size << " " << ohm;
        }
}

TEST(Wires, EffectiveMatrixAgainstNodalSolution256) {
    const weft_wires random_w{256, 256, 0.35, 0.35, 100, 20}, full_w{256, 256, 1, 1, 0, 0};
    const Values g = random_conductances(65536, 5), full(65536, 1e-4), v = random_voltages(256, 4);
    EXPECT_LT(largest_deviation(through(random_w, effective(random_w, g), v), solve(random_w, ohmic(g), v)), 1e-9);
    EXPECT_LT(largest_deviation(through(full_w, effective(full_w, full), v), solve(full_w, ohmic(full), v)), 1e-9);
}

// Taller than three blocks, so that rows go in chunks; and the same lying down.
TEST(Wires, LongArrays) {
    for (bool tall : {true, false}) {
        const weft_wires w{tall ? 700 : 21, tall ? 21 : 700, 0.35, 1, 2, 5};
        const Values g = random_conductances(14700, 9, 0.2), v = random_voltages(static_cast<size_t>(w.rows), 2);
        EXPECT_LT(largest_deviation(through(w, effective(w, g), v), solve(w, ohmic(g), v)), 1e-9) << tall;
    }
}

TEST(Wires, NoResistanceGivesTheCells) {
    for (int rows : {1, 5, 300}) {
        const weft_wires w{rows, 7, 0, 0, 0, 0};
        const Values g = random_conductances(static_cast<size_t>(rows) * 7, 1, 0.3);
        EXPECT_EQ(effective(w, g), g);
    }
}

TEST(Wires, RowsOrColumnsAlone) {
    const Values g = random_conductances(12, 3), v = random_voltages(4, 3);
    for (const weft_wires &w : {weft_wires{4, 3, 100, 0, 0, 0}, weft_wires{4, 3, 0, 100, 0, 0},
                                weft_wires{4, 3, 0, 0, 100, 0}, weft_wires{4, 3, 0, 0, 0, 100}}) {
        const Values expected = nodal_currents(w, g, v);
        EXPECT_LT(largest_deviation(through(w, effective(w, g), v), expected), 1e-13);
        EXPECT_LT(largest_deviation(solve(w, ohmic(g), v), expected), 1e-13);
    }
}

// 1 / (1 / g + all resistances).
TEST(Wires, OneCell) {
    const weft_wires w{1, 1, 3, 5, 70, 110};
    const double expected = 1 / (1 / 2e-3 + 3 + 5 + 70 + 110);
    EXPECT_NEAR(effective(w, {2e-3})[0], expected, 1e-15 * expected * 4);
    EXPECT_NEAR(solve(w, ohmic({2e-3}), {0.5})[0], 0.5 * expected, 1e-15 * expected * 4);
}

// One row of cells straight to ground is a ladder: the potential falls by the current of what is behind.
TEST(Wires, LadderOfOneRow) {
    const Values g = {1e-3, 2e-3, 5e-4};
    const double r = 50, terminal = 25;
    const double behind2 = g[2], behind1 = g[1] + 1 / (r + 1 / behind2), behind0 = g[0] + 1 / (r + 1 / behind1);
    const double v0 = 1 / (1 + (r + terminal) * behind0), v1 = v0 / (1 + r * behind1), v2 = v1 / (1 + r * behind2);
    const Values row = effective({1, 3, r, 0, terminal, 0}, g);
    EXPECT_NEAR(row[0], g[0] * v0, 1e-18);
    EXPECT_NEAR(row[1], g[1] * v1, 1e-18);
    EXPECT_NEAR(row[2], g[2] * v2, 1e-18);
    // The same ladder from the ground's end: one column, its last cell next to the terminal.
    const Values column = effective({3, 1, 0, r, 0, terminal}, {g[2], g[1], g[0]});
    EXPECT_NEAR(column[2], g[0] * v0, 1e-18);
    EXPECT_NEAR(column[1], g[1] * v1, 1e-18);
    EXPECT_NEAR(column[0], g[2] * v2, 1e-18);
}

TEST(Wires, ColumnOf4096) {
    const weft_wires w{4096, 1, 2, 0.01, 3, 4};
    const Values g = random_conductances(4096, 11), matrix = effective(w, g);
    Values potential(4096), admittance(4096); // reciprocity: 1 V at the ground's end, and the ladder upwards
    for (size_t i = 0; i < 4096; i++) {
        const double cell = 1 / (1 / g[i] + 5);
        admittance[i] = cell + (i ? 1 / (0.01 + 1 / admittance[i - 1]) : 0);
    }
    potential[4095] = 1 / (1 + (4 + 0.01) * admittance[4095]);
    for (size_t i = 4095; i-- > 0;) potential[i] = potential[i + 1] / (1 + 0.01 * admittance[i]);
    for (size_t i = 0; i < 4096; i++) {
        const double expected = potential[i] / (1 / g[i] + 5);
        ASSERT_NEAR(matrix[i], expected, 1e-10 * expected) << i;
    }
}

// Turned by half a turn and transposed, an array has the same matrix, turned and transposed.
TEST(Wires, Reciprocity) {
    const int n = 40;
    const weft_wires w{n, n, 3, 7, 20, 90}, turned{n, n, 7, 3, 90, 20};
    const Values g = random_conductances(static_cast<size_t>(n * n), 13, 0.1);
    Values h(g.size());
    auto place = [](int i, int j) { return static_cast<size_t>((n - 1 - j) * n + n - 1 - i); };
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) h[place(i, j)] = g[static_cast<size_t>(i * n + j)];
    const Values a = effective(w, g), b = effective(turned, h);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            ASSERT_NEAR(a[static_cast<size_t>(i * n + j)], b[place(i, j)], 1e-17) << i << " " << j;
}

// Segments of almost nothing ahead of a large terminal: what cancels must not.
TEST(Wires, TinySegmentsAheadOfALargeTerminal) {
    const Values g = random_conductances(64 * 64, 17);
    const Values none = effective({64, 64, 0.35, 0, 0, 1e4}, g), tiny = effective({64, 64, 0.35, 1e-9, 0, 1e4}, g);
    for (size_t i = 0; i < g.size(); i++) ASSERT_NEAR(tiny[i], none[i], 1e-9 * 1e-6) << i;
}

TEST(Wires, OpenRowsAndColumnsAreOnlyWire) {
    const weft_wires w{90, 40, 3, 7, 20, 90};
    Values g = random_conductances(3600, 19);
    for (size_t r = 0; r < 90; r++)
        for (size_t c = 0; c < 40; c++)
            if (r % 10 != 4 || c % 3 != 1) g[r * 40 + c] = 0;
    const Values v = random_voltages(90, 1), matrix = effective(w, g);
    const Values fast = through(w, matrix, v), exact = solve(w, ohmic(g), v);
    for (size_t c = 0; c < 40; c++) EXPECT_NEAR(fast[c], exact[c], 1e-11 * 1e-4) << c;
    for (size_t i = 0; i < g.size(); i++)
        if (i / 40 % 10 != 4 || i % 40 % 3 != 1) { ASSERT_EQ(matrix[i], 0) << i; }
    EXPECT_EQ(effective(w, Values(3600, 0.0)), Values(3600, 0.0));
}

TEST(Wires, InPlaceAndTwiceTheSame) {
    const weft_wires w{70, 33, 1, 1, 1, 1};
    Values g = random_conductances(70 * 33, 23);
    const Values first = effective(w, g);
    EXPECT_EQ(effective(w, g), first);
    weft_error err{};
    ASSERT_EQ(weft_wires_effective(&w, g.data(), g.data(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(g, first);
}

/* ---- gated, not ohmic ---- */

TEST(Wires, GatedRowsAreSourcesAtOneVoltage) {
    const weft_wires w{6, 5, 40, 30, 10, 5};
    const Values g = random_conductances(30, 29);
    const Values gates = {0.2, 0, 0.1, 0.15, 0.05, 0.2, 0, 0.2, 0.2, 0.2, 0.2, 0};
    weft_wires_cells cells = ohmic(g);
    cells.gated = true;
    cells.v_max = 0.2;
    const Values currents = solve(w, cells, gates);
    for (size_t s = 0; s < 2; s++) {
        Values scaled = g;
        for (size_t i = 0; i < 30; i++) scaled[i] *= gates[s * 6 + i / 5] / 0.2;
        const Values expected = nodal_currents(w, scaled, Values(6, 0.2));
        for (size_t c = 0; c < 5; c++) EXPECT_NEAR(currents[s * 5 + c], expected[c], 1e-12 * expected[c]);
    }
}

TEST(Wires, OneCellThatIsNotOhmic) {
    const weft_wires w{1, 1, 1000, 2000, 3000, 4000};
    const Values g = {1e-4};
    for (double a : {0.1, 2.0, 8.0, 20.0})
        for (double v : {0.2, 0.05, -0.2}) {
            const weft_wires_cells cells{g.data(), a, 0.2, false};
            auto excess = [&](double i) { return 1e-4 * 0.2 * std::sinh(a * (v - i * 1e4) / 0.2) / std::sinh(a) - i; };
            double low = -1e-3, high = 1e-3; // excess falls
            for (int k = 0; k < 200; k++) (excess((low + high) / 2) > 0 ? low : high) = (low + high) / 2;
            EXPECT_NEAR(solve(w, cells, {v})[0], low, 1e-11 * std::fabs(low)) << a << " " << v;
        }
}

// Where the wires are good, putting the drops back into the cells' currents converges by itself.
TEST(Wires, CellsThatAreNotOhmicAgainstFixedPoint) {
    const int rows = 5, columns = 4;
    const weft_wires w{rows, columns, 20, 30, 15, 10};
    const Values g = random_conductances(20, 31), v = random_voltages(5, 31);
    const weft_wires_cells cells{g.data(), 3, 0.3, false};
    Values current(20, 0.0);
    for (int step = 0; step < 200; step++) {
        Values next(20);
        for (int k = 0; k < 20; k++) {
            double voltage = v[static_cast<size_t>(k / columns)];
            for (int j = 0; j < columns; j++)
                voltage -= current[static_cast<size_t>(k / columns * columns + j)] *
                           (15 + 20.0 * (std::min(k % columns, j) + 1));
            for (int i = 0; i < rows; i++)
                voltage -= current[static_cast<size_t>(i * columns + k % columns)] *
                           (10 + 30.0 * (rows - std::max(k / columns, i)));
            next[static_cast<size_t>(k)] =
                g[static_cast<size_t>(k)] * 0.3 * std::sinh(3 * voltage / 0.3) / std::sinh(3);
        }
        current = next;
    }
    const Values found = solve(w, cells, v);
    for (int c = 0; c < columns; c++) {
        double expected = 0;
        for (int r = 0; r < rows; r++) expected += current[static_cast<size_t>(r * columns + c)];
        EXPECT_NEAR(found[static_cast<size_t>(c)], expected, 1e-12 * expected);
    }
}

// Where a relaxation does not converge: 256 x 256, 1 ohm, 10 kohm.
TEST(Wires, NewtonConvergesOnLargeArraysOfBadWires) {
    const weft_wires w{256, 256, 1, 1, 0, 0};
    const Values g(65536, 1e-4), v(256, 0.2), ohm = solve(w, ohmic(g), v);
    const Values almost = solve(w, {g.data(), 1e-3, 0.2, false}, v), bent = solve(w, {g.data(), 3, 0.2, false}, v);
    EXPECT_LT(largest_deviation(almost, ohm), 1e-6); // sinh(a x) / sinh(a) is x within a^2 / 6
    for (size_t c = 0; c < 256; c++) {
        EXPECT_GT(bent[c], 0.1 * ohm[c]);
        EXPECT_LT(bent[c], ohm[c]); // below x, for voltages between 0 and v_max
    }
}

/* ---- what is refused ---- */

namespace {

void refused(const weft_wires &w, const Values &g, const char *text) {
    Values out(std::max<size_t>(g.size(), 1));
    weft_error err{};
    EXPECT_EQ(weft_wires_effective(&w, g.data(), out.data(), &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, text);
}

void refused_cells(const weft_wires_cells &cells, const Values &v, const char *text) {
    const weft_wires w{1, 1, 1, 1, 0, 0};
    double current;
    weft_error err{};
    EXPECT_EQ(weft_wires_solve(&w, &cells, v.data(), 1, &current, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, text);
}

} // namespace

TEST(Wires, BadValuesAreRefused) {
    const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
    refused({1, 2, 0, 0, 0, 0}, {1, -1}, "row 0, column 1: conductance -1 is negative or not finite");
    refused({2, 1, 0, 0, 0, 0}, {1, infinity}, "row 1, column 0: conductance inf is negative or not finite");
    refused({1, 1, nan, 0, 0, 0}, {1}, "wires: a resistance is negative or not finite");
    refused({1, 1, 0, 0, 0, -2}, {1}, "wires: a resistance is negative or not finite");
    refused({0, 1, 0, 0, 0, 0}, {}, "an array of 0 x 1 cells is none");
    const Values g = {1e-3};
    refused_cells({g.data(), -1, 1, false}, {0}, "cells: non-linearity -1 is negative or not finite");
    refused_cells({g.data(), 1, 0, false}, {0}, "cells: the largest voltage, 0 V, is not above 0");
    refused_cells({g.data(), 0, 1, true}, {-0.5}, "sample 0, row 0: voltage -0.5 is negative, and a gate");
    refused_cells({g.data(), 0, 0, false}, {nan}, "sample 0, row 0: voltage nan is not finite");
    refused_cells({g.data(), 10, 1, false}, {31}, "sample 0, row 0: voltage 31 is too far above the largest voltage");
}

TEST(Wires, TooManyNodesForTheNodalSolution) {
    const weft_wires w{4096, 1024, 1, 1, 0, 0};
    const Values g(4096 * 1024, 0.0), v(4096, 0.0);
    const weft_wires_cells cells = ohmic(g);
    Values currents(1024);
    weft_error err{};
    EXPECT_EQ(weft_wires_solve(&w, &cells, v.data(), 1, currents.data(), &err), WEFT_E_UNSUPPORTED);
    EXPECT_STREQ(err.text, "wires: 4096 x 1024 cells are too many for the exact solution");
}
