// Speed of array reads alone, one thread: all arrays of a network for 8 images, by path and kernel. What the engine
// adds (gathering windows, digital unit) is in engine_bench. MAC/s counts each weight times input once; bit MAC/s each
// slice and pulse. Read the CPU column where the machine is not quiet.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "sim/model/array.h"
#include "tests/model_fixture.h"

namespace {

constexpr int images = 8; // whose positions stand behind each other, as in the engine

struct LayerSize {
    int rows, columns, positions, count;
};
const std::vector<LayerSize> resnet20 = {{27, 16, 1024, 1}, {144, 16, 1024, 6}, {144, 32, 256, 1}, {288, 32, 256, 5},
                                         {288, 64, 64, 1},  {576, 64, 64, 5},   {64, 10, 1, 1}};
const std::vector<LayerSize> fashion = {{9, 16, 784, 1}, {144, 32, 196, 1}, {1568, 128, 1, 1}, {128, 10, 1, 1}};

enum Path { EXACT, BITS, PRODUCTS, WHOLE, WHOLE_READ_NOISE, SLICED_READ_NOISE, ONE_BIT, ONE_BIT_APART, PATHS };
const char *const path_names[] = {"exact product",
                                  "ideal cells, 4 slices, 7 pulses: popcount",
                                  "programmed cells, 4 slices, 7 pulses",
                                  "programmed cells, 1 slice, 1 pulse",
                                  "read noise, 1 slice, 1 pulse",
                                  "programmed cells and read noise, 4 slices, 7 pulses",
                                  "ideal cells of 1 bit, arrays of 64 x 64, 8 pulses",
                                  "the same, plane by plane"};

// 8 weights beside each other in an array.
weft_chip one_bit_chip() {
    ChipSpec s;
    s.rows = s.columns = 64;
    s.cell_bits = 1;
    s.weight_bits = s.input_bits = 8;
    s.weight_encoding = WEFT_WEIGHT_OFFSET;
    s.input_encoding = WEFT_INPUT_BIT_SERIAL;
    s.bits_per_pulse = 1;
    s.adc_bits = 5;
    s.adc_range = WEFT_ADC_FULL_SCALE;
    s.flip = true;
    return make_chip(s);
}

weft_chip bench_chip(int path) {
    if (path == ONE_BIT || path == ONE_BIT_APART) return one_bit_chip();
    const bool sliced = path == BITS || path == PRODUCTS || path == SLICED_READ_NOISE;
    ChipSpec s;
    s.rows = sliced ? 128 : 1152;
    s.columns = 1024;
    s.cell_bits = sliced ? 2 : 7;
    s.weight_bits = s.input_bits = 8;
    s.weight_encoding = WEFT_WEIGHT_DIFFERENTIAL_CELL;
    s.input_encoding = WEFT_INPUT_SIGN_MAGNITUDE;
    s.bits_per_pulse = sliced ? 1 : 8;
    s.adc_bits = path == EXACT ? 24 : 8;
    s.adc_range = path == EXACT ? WEFT_ADC_UNIT : WEFT_ADC_FULL_SCALE;
    weft_chip chip = make_chip(s);
    if (path == PRODUCTS || path == WHOLE || path == SLICED_READ_NOISE) {
        chip.device.program = "addnorm:sigma=0.03";
        weft_transform_chain_parse(&chip.program, chip.device.program, nullptr);
    }
    if (path == WHOLE_READ_NOISE || path == SLICED_READ_NOISE)
        chip.device.read_noise = WEFT_READ_NOISE_PROPORTIONAL, chip.device.read_sigma = 0.01;
    weft_chip_resolve(&chip);
    return chip;
}

// Arrays of one layer, and inputs as they stand behind a ReLU: half of them 0, few large.
class Layer {
  public:
    Layer(const weft_chip &chip, const LayerSize &layer, std::mt19937 &random, bool apart) : size(layer) {
        size.positions *= images;
        std::normal_distribution<float> normal(0, 1);
        const auto draw = [&](float scale) {
            return static_cast<int16_t>(std::lround(std::min(std::max(normal(random) * scale, -127.0f), 127.0f)));
        };
        stride = (size.rows + 1) / 2 * 2;
        for (int i = 0; i < size.rows * size.columns; i++) weights.push_back(draw(36));
        for (int i = 0; i < size.positions * stride; i++) q.push_back(std::max<int16_t>(draw(36), 0));
        for (int i = 0; i < size.positions; i++) places.push_back({0, static_cast<uint64_t>(i) * 100000});
        const int step = static_cast<int>(chip.array.rows),
                  wide = std::min(size.columns, static_cast<int>(chip.array.columns) / chip.columns_per_weight);
        for (int r = 0; r < size.rows; r += step)
            for (int c = 0; c < size.columns; c += wide) {
                arrays.emplace_back();
                first.push_back(r);
                first_column.push_back(c);
                weft_array_create(&arrays.back(), &chip, nullptr, nullptr, weights.data() + r * size.columns + c,
                                  std::min(step, size.rows - r), std::min(wide, size.columns - c), size.columns, false,
                                  nullptr);
                if (apart) weft_bits_destroy(&arrays.back().lanes);
            }
        for (weft_read_place &p : places)
            p.first_draw = static_cast<uint64_t>(&p - places.data()) * weft_array_draws(arrays.data());
        out.resize(static_cast<size_t>(size.positions * size.columns));
    }
    Layer(const Layer &) = delete;
    Layer(Layer &&) = default;
    ~Layer() {
        for (weft_array &a : arrays) weft_array_destroy(&a);
    }

    // Positions in blocks, as the engine has them.
    void run(const weft_array_kernels *kernels) {
        for (int p = 0; p < size.positions; p += 128) {
            const int count = std::min(128, size.positions - p);
            for (size_t t = 0; t < arrays.size(); t++) {
                const int16_t *from = q.data() + p * stride + first[t];
                int64_t *to = out.data() + p * size.columns + first_column[t];
                if (arrays[t].exact)
                    weft_panel_multiply_with(kernels->gemm, &arrays[t].product, from, stride, count, 127, to,
                                             size.columns);
                else
                    weft_array_read_with(kernels, &arrays[t], from, stride, count, places.data() + p, to, size.columns,
                                         nullptr);
            }
        }
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
    double macs() const { return static_cast<double>(size.rows) * size.columns * size.positions * size.count; }

    LayerSize size;

  private:
    int stride;
    std::vector<int16_t> weights, q;
    std::vector<weft_read_place> places;
    std::vector<weft_array> arrays;
    std::vector<int> first, first_column;
    std::vector<int64_t> out;
};

const weft_gemm_kernel_info *gemm_kernel(int64_t index) {
    const weft_gemm_kernel_info *k = &weft_gemm_kernels[index];
    return k->supported() ? k : nullptr;
}
const weft_bits_kernel_info *bits_kernel(int64_t index) {
    const weft_bits_kernel_info *k = &weft_bits_kernels[index];
    return k->supported() ? k : nullptr;
}

void report(benchmark::State &state, double macs, int path, const weft_array_kernels &kernels) {
    const bool sliced = path == BITS || path == PRODUCTS || path == SLICED_READ_NOISE;
    const double n = static_cast<double>(state.iterations());
    state.counters["MAC/s"] = benchmark::Counter(macs * n, benchmark::Counter::kIsRate);
    if (sliced) state.counters["bit_MAC/s"] = benchmark::Counter(macs * 28 * n, benchmark::Counter::kIsRate);
    state.SetLabel(std::string(path_names[path]) + ", " +
                   (path == BITS || path >= ONE_BIT ? kernels.bits->name : kernels.gemm->name));
}

// Arrays of a whole network; a layer that occurs n times is computed n times.
void network(benchmark::State &state, const std::vector<LayerSize> &sizes) {
    const int path = static_cast<int>(state.range(0));
    const weft_array_kernels kernels = {gemm_kernel(state.range(1)), bits_kernel(state.range(1))};
    if (!kernels.gemm || !kernels.bits) return state.SkipWithError("kernel not supported here");
    std::mt19937 random(1);
    const weft_chip chip = bench_chip(path);
    std::vector<Layer> layers;
    layers.reserve(sizes.size());
    for (const LayerSize &size : sizes) layers.emplace_back(chip, size, random, path == ONE_BIT_APART);
    double macs = 0;
    for (const Layer &layer : layers) macs += layer.macs();
    for (auto _ : state)
        for (Layer &layer : layers)
            for (int i = 0; i < layer.size.count; i++) layer.run(&kernels);
    report(state, macs, path, kernels);
    state.counters["images/s"] =
        benchmark::Counter(images * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
void paths_and_kernels(benchmark::internal::Benchmark *b) {
    for (int path = 0; path < PATHS; path++)
        for (int kernel = 0; weft_gemm_kernels[kernel].name && weft_bits_kernels[kernel].name; kernel++)
            b->Args({path, kernel});
    b->ArgNames({"path", "kernel"})->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(network, resnet20, resnet20)->Apply(paths_and_kernels);
BENCHMARK_CAPTURE(network, fashion, fashion)->Apply(paths_and_kernels);

// One layer of ResNet-20 with the best kernels.
void layer(benchmark::State &state) {
    const int path = static_cast<int>(state.range(0));
    const weft_array_kernels kernels = {weft_gemm_best(), weft_bits_best()};
    std::mt19937 random(1);
    const weft_chip chip = bench_chip(path);
    LayerSize size = resnet20[static_cast<size_t>(state.range(1))];
    size.count = 1;
    Layer one(chip, size, random, false);
    for (auto _ : state) one.run(&kernels);
    report(state, one.macs(), path, kernels);
}
BENCHMARK(layer)
    ->ArgsProduct({{EXACT, BITS, PRODUCTS, WHOLE, WHOLE_READ_NOISE}, {0, 1, 3, 5}})
    ->ArgNames({"path", "layer"})
    ->Unit(benchmark::kMicrosecond);

} // namespace
