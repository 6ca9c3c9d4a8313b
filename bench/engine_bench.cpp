// Speed of the functional engine on stages of a Fashion-MNIST CNN: exact integer product, lossy analog chip, lossy
// bit-sliced chip, and the whole network. One thread, unless the name says otherwise. MAC/s counts each
// weight-times-input once, whatever it takes.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <vector>

#include "sim/model/gemm.h"
#include "tests/model_fixture.h"

namespace {

struct StageSize {
    int rows, columns, positions;
};
constexpr StageSize sizes[] = {{9, 32, 784}, {288, 64, 196}, {3136, 256, 1}};
constexpr double peak_gflops = 114.5; // fp32 of one core of the Zen 4 machine these figures are quoted for

ChipSpec lossy_isaac() {
    ChipSpec s = isaac_like();
    s.adc_bits = 7;
    return s;
}
ChipSpec chip_spec(int64_t which) { return which == 0 ? isaac_like() : which == 1 ? hermes_like() : lossy_isaac(); }
const char *const chip_names[] = {"isaac", "hermes", "isaac 7-bit ADC"};

void report(benchmark::State &state, double macs) {
    state.counters["MAC/s"] =
        benchmark::Counter(macs * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
    // A multiply-accumulate is two operations.
    state.counters["of_fp32_peak"] = benchmark::Counter(
        2 * macs * static_cast<double>(state.iterations()) / (peak_gflops * 1e9), benchmark::Counter::kIsRate);
}

// The bare product: 8-bit inputs (one int32 pass) and 16-bit inputs (two passes over bytes).
void product(benchmark::State &state) {
    const StageSize size = sizes[state.range(0)];
    const int a_max = state.range(1) == 8 ? 127 : 32767, count = 64, stride = (size.rows + 1) / 2 * 2;
    std::mt19937 random(1);
    std::vector<int16_t> w(static_cast<size_t>(size.rows * size.columns)), a(static_cast<size_t>(count * stride)),
        split(a.size());
    for (int16_t &v : w) v = static_cast<int16_t>(random() % 65535 - 32767);
    for (int16_t &v : a)
        v = static_cast<int16_t>(static_cast<int>(random() % static_cast<unsigned>(2 * a_max + 1)) - a_max);
    std::vector<int64_t> out(static_cast<size_t>(count * size.columns));
    weft_panel panel{};
    weft_panel_pack(&panel, w.data(), size.rows, size.columns, size.columns, nullptr);
    for (auto _ : state) {
        weft_panel_multiply(&panel, a.data(), stride, count, a_max, out.data(), size.columns, split.data());
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
    weft_panel_destroy(&panel);
    report(state, static_cast<double>(count) * size.rows * size.columns);
    state.SetLabel(weft_gemm_best()->name);
}
BENCHMARK(product)->ArgsProduct({{0, 1, 2}, {8, 16}})->ArgNames({"stage", "input_bits"});

// 3x3x32, pool, 3x3x64, pool, dense 256, dense 10, on 28 x 28 x 1; batch norm and ReLU behind each.
void build_fashion(Net &net, bool sign) {
    net.input({1, 28, 28});
    for (int channels : {32, 64}) {
        net.conv(channels, make_window(3, 1, 1));
        net.batch_norm();
        net.relu();
        net.pool(WEFT_DIGITAL_MAX_POOL, make_window(2, 2, 0));
    }
    net.dense(256);
    net.batch_norm();
    net.relu();
    net.dense(10);
    net.batch_norm();
    for (int s = 0; s < 4 && sign; s++)
        for (int i = 0; i < net.stage_at(s).rows * net.stage_at(s).columns; i++)
            net.stage_at(s).weight[i] = net.stage_at(s).weight[i] < 0 ? -1.0f : 1.0f;
    net.finish(0, 3);
}

void network(benchmark::State &state) {
    const int threads = static_cast<int>(state.range(2));
    const weft_chip chip = make_chip(chip_spec(state.range(0)));
    Net net(chip, 1);
    build_fashion(net, state.range(1) != 0);
    Engine engine(net);
    const size_t count = state.range(0) == 2 ? 16 : 128;
    const std::vector<float> x = net.images(count, 0, 1);
    std::vector<float> logits(count * 10);
    omp_set_num_threads(threads);
    weft_engine_calibrate(engine, x.data(), 8, WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_AFFINE, nullptr);
    for (auto _ : state) weft_engine_run(engine, x.data(), count, logits.data(), nullptr);
    double macs = 0;
    for (const StageSize &s : sizes) macs += static_cast<double>(s.rows) * s.columns * s.positions;
    report(state, (macs + 2560) * static_cast<double>(count));
    state.counters["images/cpu_s"] = benchmark::Counter(
        static_cast<double>(count) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
    state.SetLabel(std::string(chip_names[state.range(0)]) + (state.range(1) ? ", sign weights" : ", real weights"));
}
BENCHMARK(network)
    ->ArgsProduct({{0, 1, 2}, {0, 1}, {1, 2}})
    ->ArgNames({"chip", "sign", "threads"})
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

} // namespace
