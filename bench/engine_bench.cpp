// Speed of the functional engine on stages of a Fashion-MNIST CNN: exact integer product, lossy analog chip, lossy
// bit-sliced chip, and the whole network; and of whole networks on chips with device errors. One thread, unless the
// name says otherwise. MAC/s counts each weight-times-input once, whatever it takes.
//
// WEFT_BENCH_NETWORK=net.onnx engine_bench --benchmark_filter=devices: that network in place of one of the shape of
// ResNet-20, on random images.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/onnx.h"
#include "mapper/mapper.h"
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
    std::vector<int16_t> w(static_cast<size_t>(size.rows * size.columns)), a(static_cast<size_t>(count * stride));
    for (int16_t &v : w) v = static_cast<int16_t>(random() % 65535 - 32767);
    for (int16_t &v : a)
        v = static_cast<int16_t>(static_cast<int>(random() % static_cast<unsigned>(2 * a_max + 1)) - a_max);
    std::vector<int64_t> out(static_cast<size_t>(count * size.columns));
    weft_panel panel{};
    weft_panel_pack(&panel, w.data(), size.rows, size.columns, size.columns, nullptr);
    for (auto _ : state) {
        weft_panel_multiply(&panel, a.data(), stride, count, a_max, out.data(), size.columns);
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

// ---- networks on chips with device errors ----

struct Device {
    const char *name;
    std::vector<const char *> overrides; // of isaac-ce, beside the common ones
};
const std::vector<const char *> common = {"weight.bits=8",
                                          "weight.encoding=differential_cell",
                                          "input.bits=8",
                                          "input.encoding=sign_magnitude",
                                          "adc.bits=8",
                                          "adc.flip_columns=false",
                                          "core.buffer_bytes=4000000"};
const std::vector<const char *> sliced = {"array.cell_bits=2", "input.bits_per_pulse=1", "adc.range=full_scale"};
const std::vector<const char *> whole = {"array.cell_bits=7", "input.bits_per_pulse=7", "array.rows=1152",
                                         "array.columns=256", "adc.range=calibrated"};
const Device devices_table[] = {
    {"4 slices, 7 pulses, ideal cells", sliced},
    {"4 slices, 7 pulses, 3 % programming error", sliced},
    {"1 slice, 1 pulse, 3 % programming error", whole},
    {"1 slice, 1 pulse, 1 % read noise", whole},
    {"exact products", {"array.cell_bits=2", "input.bits_per_pulse=1", "adc.range=unit", "adc.bits=16"}},
};
const char *const program_error = "device.program=addnorm:sigma=0.03";

weft_chip *device_chip(int64_t which) {
    std::vector<const char *> all = common;
    const std::vector<const char *> &own = devices_table[which].overrides;
    all.insert(all.end(), own.begin(), own.end());
    if (which == 1 || which == 2) all.push_back(program_error);
    if (which == 3) all.push_back("device.read_noise=proportional"), all.push_back("device.read_sigma=0.01");
    weft_chip *chip = nullptr;
    weft_error err{};
    if (weft_chip_load(&chip, "isaac-ce", all.data(), static_cast<int>(all.size()), &err) != WEFT_OK)
        std::fprintf(stderr, "%s\n", err.text);
    return chip;
}

// 3x3x16, then 3 groups of 3 residual blocks of 16, 32 and 64 channels, mean over the map, dense 10; 3 x 32 x 32.
void build_resnet(Net &net) {
    int last = 0, count = 1;
    net.input({3, 32, 32});
    net.conv(16, make_window(3, 1, 1)), net.batch_norm(), net.relu();
    for (int channels : {16, 32, 64})
        for (int block = 0; block < 3; block++) {
            const int stride = channels > 16 && block == 0 ? 2 : 1;
            int shortcut = last;
            if (stride == 2) {
                net.read({last}), net.conv(channels, make_window(1, 2, 0)), net.batch_norm();
                shortcut = count++;
            }
            net.read({last}), net.conv(channels, make_window(3, stride, 1)), net.batch_norm(), net.relu();
            net.conv(channels, make_window(3, 1, 1)), net.batch_norm(), net.plus({shortcut}), net.relu();
            last = (count += 2) - 1;
        }
    net.pool(WEFT_DIGITAL_AVERAGE_POOL, make_window(8, 1, 0));
    net.dense(10), net.bias();
    net.finish(0, 3);
}

// 3x3x16, pool, 3x3x32, pool, dense 128, dense 10, on 28 x 28 x 1.
void build_small_fashion(Net &net) {
    net.input({1, 28, 28});
    for (int channels : {16, 32}) {
        net.conv(channels, make_window(3, 1, 1)), net.batch_norm(), net.relu();
        net.pool(WEFT_DIGITAL_MAX_POOL, make_window(2, 2, 0));
    }
    net.dense(128), net.batch_norm(), net.relu();
    net.dense(10), net.bias();
    net.finish(0, 3);
}

struct Run {
    weft_engine *engine = nullptr;
    size_t classes = 0;
};

void run_engine(benchmark::State &state, const Run &run, const std::vector<float> &x, size_t count) {
    std::vector<float> logits(count * run.classes);
    weft_error err{};
    omp_set_num_threads(static_cast<int>(state.range(1)));
    if (weft_engine_calibrate(run.engine, x.data(), 4, WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_ADC, &err) != WEFT_OK)
        return state.SkipWithError(err.text);
    for (auto _ : state)
        if (weft_engine_run(run.engine, x.data(), count, logits.data(), &err) != WEFT_OK)
            return state.SkipWithError(err.text);
    state.counters["images/cpu_s"] = benchmark::Counter(
        static_cast<double>(count) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
    state.SetLabel(devices_table[state.range(0)].name);
}

// A network made here, its mapping without copies.
void run_made(benchmark::State &state, void (*build)(Net &), size_t count) {
    weft_chip *chip = device_chip(state.range(0));
    if (!chip) return state.SkipWithError("chip");
    {
        Net net(*chip, 1);
        build(net);
        Engine engine(net);
        const std::vector<float> x = net.images(count, 0, 1);
        if (engine.status != WEFT_OK)
            state.SkipWithError(engine.err.text);
        else
            run_engine(state, {engine.e, 10}, x, count);
    }
    weft_chip_destroy(chip);
}

void run_file(benchmark::State &state, const char *path, size_t count) {
    weft_chip *chip = device_chip(state.range(0));
    weft_network *net = nullptr;
    weft_stages *stages = nullptr;
    weft_mapping *mapping = nullptr;
    Run run;
    weft_error err{};
    weft_map_options options = weft_map_defaults();
    options.placer = "row_major";
    if (!chip || weft_onnx_read(&net, path, &err) != WEFT_OK || weft_lower(&stages, net, &err) != WEFT_OK ||
        weft_map(&mapping, nullptr, stages, chip, &options, &err) != WEFT_OK ||
        weft_engine_create(&run.engine, chip, mapping, stages, &err) != WEFT_OK) {
        state.SkipWithError(err.text);
    } else {
        std::mt19937 random(1);
        std::normal_distribution<float> normal(0, 1);
        std::vector<float> x(count * weft_shape_size(net->input));
        for (float &v : x) v = normal(random);
        run.classes = static_cast<size_t>(stages->classes);
        run_engine(state, run, x, count);
    }
    weft_engine_destroy(run.engine);
    weft_mapping_destroy(mapping);
    weft_stages_destroy(stages);
    weft_network_destroy(net);
    weft_chip_destroy(chip);
}

void devices_resnet(benchmark::State &state) {
    const char *path = std::getenv("WEFT_BENCH_NETWORK");
    const size_t images = 64; // 8 groups: two threads wait little for each other
    if (path)
        run_file(state, path, images);
    else
        run_made(state, build_resnet, images);
}
void devices_fashion(benchmark::State &state) { run_made(state, build_small_fashion, 256); }
void devices_and_threads(benchmark::internal::Benchmark *b) {
    b->ArgsProduct({{0, 1, 2, 3, 4}, {1, 2}})->ArgNames({"device", "threads"});
    b->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
}
BENCHMARK(devices_resnet)->Apply(devices_and_threads);
BENCHMARK(devices_fashion)->Apply(devices_and_threads);

} // namespace
