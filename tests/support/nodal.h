// Column currents of an array with wires the plain way: every node an unknown, Gaussian elimination with pivoting.
// Shares nothing with the code under test. Small arrays only.
#ifndef WEFT_TESTS_SUPPORT_NODAL_H
#define WEFT_TESTS_SUPPORT_NODAL_H

#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "sim/model/cells.h"

namespace weft_test {

// x of a x = b in place.
inline std::vector<double> eliminate(std::vector<std::vector<double>> a, std::vector<double> b) {
    const size_t n = b.size();
    for (size_t k = 0; k < n; k++) {
        size_t pivot = k;
        for (size_t i = k + 1; i < n; i++)
            if (std::fabs(a[i][k]) > std::fabs(a[pivot][k])) pivot = i;
        std::swap(a[k], a[pivot]);
        std::swap(b[k], b[pivot]);
        for (size_t i = k + 1; i < n; i++) {
            const double factor = a[i][k] / a[k][k];
            if (factor == 0) continue;
            for (size_t j = k; j < n; j++) a[i][j] -= factor * a[k][j];
            b[i] -= factor * b[k];
        }
    }
    for (size_t k = n; k-- > 0;) {
        for (size_t j = k + 1; j < n; j++) b[k] -= a[k][j] * b[j];
        b[k] /= a[k][k];
    }
    return b;
}

// Loop currents instead of node potentials, so that resistances of 0 need no special case: unknowns are the currents of
// all cells, i = g (v_row - drop along the row - drop along the column).
inline std::vector<double> nodal_currents(const weft_wires &w, const std::vector<double> &g,
                                          const std::vector<double> &v) {
    const size_t rows = static_cast<size_t>(w.rows), columns = static_cast<size_t>(w.columns), n = rows * columns;
    std::vector<std::vector<double>> a(n, std::vector<double>(n, 0.0));
    std::vector<double> b(n);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            const size_t k = r * columns + c;
            a[k][k] = 1;
            b[k] = g[k] * v[r];
            // A cell's current drops over the part of the wire it shares with this cell.
            for (size_t j = 0; j < columns; j++)
                a[k][r * columns + j] +=
                    g[k] * (w.row_terminal_ohm + static_cast<double>(std::min(c, j) + 1) * w.row_segment_ohm);
            for (size_t i = 0; i < rows; i++)
                a[k][i * columns + c] +=
                    g[k] * (w.column_terminal_ohm + static_cast<double>(rows - std::max(r, i)) * w.column_segment_ohm);
        }
    const std::vector<double> cell = eliminate(a, b);
    std::vector<double> currents(columns, 0.0);
    for (size_t k = 0; k < n; k++) currents[k % columns] += cell[k];
    return currents;
}

// Conductances between 1 uS and 100 uS (10 kohm to 1 Mohm), evenly in their logarithm; `open` of them are 0.
inline std::vector<double> random_conductances(size_t count, unsigned seed, double open = 0) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> exponent(-6, -4), unit(0, 1);
    std::vector<double> g(count);
    for (double &value : g) {
        value = std::pow(10.0, exponent(random));
        if (unit(random) < open) value = 0;
    }
    return g;
}

inline std::vector<double> random_voltages(size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> volts(0, 0.3);
    std::vector<double> v(count);
    for (double &value : v) value = volts(random);
    return v;
}

} // namespace weft_test

#endif
