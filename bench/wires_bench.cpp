// Speed of arrays with wires, on one thread: the effective matrix, and the nodal solution of one sample and of further
// ones. Cells 10 kohm to 1 Mohm, 0.35 ohm a segment.
#include <benchmark/benchmark.h>

#include "tests/support/nodal.h"

namespace {

weft_wires square(int64_t size) { return {static_cast<int>(size), static_cast<int>(size), 0.35, 0.35, 0, 0}; }

void effective(benchmark::State &state) {
    const weft_wires w = square(state.range(0));
    const size_t n = static_cast<size_t>(w.rows);
    const std::vector<double> g = weft_test::random_conductances(n * n, 1);
    std::vector<double> matrix(n * n);
    for (auto _ : state) {
        if (weft_wires_effective(&w, g.data(), matrix.data(), nullptr) != WEFT_OK) state.SkipWithError("failed");
        benchmark::DoNotOptimize(matrix.data());
    }
    // An inverse and, in the mean, half a product a row: rows columns^3 multiply-adds of 2 operations.
    state.counters["GFLOP/s"] =
        benchmark::Counter(2e-9 * static_cast<double>(n * n * n * n) * static_cast<double>(state.iterations()),
                           benchmark::Counter::kIsRate);
}
BENCHMARK(effective)->Arg(64)->Arg(128)->Arg(256)->ArgName("size")->Unit(benchmark::kMillisecond);

// iv_nonlinearity in tenths; 0: ohmic.
void solve(benchmark::State &state) {
    const weft_wires w = square(state.range(0));
    const size_t n = static_cast<size_t>(w.rows);
    const int samples = static_cast<int>(state.range(1));
    const std::vector<double> g = weft_test::random_conductances(n * n, 1),
                              v = weft_test::random_voltages(n * static_cast<size_t>(samples), 1);
    std::vector<double> currents(n * static_cast<size_t>(samples));
    const weft_wires_cells cells{g.data(), static_cast<double>(state.range(2)) / 10, 0.3, false};
    for (auto _ : state)
        if (weft_wires_solve(&w, &cells, v.data(), samples, currents.data(), nullptr) != WEFT_OK)
            state.SkipWithError("failed");
}
BENCHMARK(solve)
    ->Args({64, 1, 0})
    ->Args({128, 1, 0})
    ->Args({256, 1, 0})
    ->Args({128, 11, 0})
    ->Args({128, 1, 20})
    ->Args({256, 1, 20})
    ->ArgNames({"size", "samples", "nonlinearity_x10"})
    ->Unit(benchmark::kMillisecond);

} // namespace
