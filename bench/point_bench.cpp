// What a point costs beyond its simulation: key, caches, figures. Data set and network are made
// in a folder of its own. Compare rows: a point less the bare work under it is the overhead.
#include <benchmark/benchmark.h>

#include <unistd.h>

#include <cstdlib>

#include "sim/noc/noc_chip.h"
#include "sim/noc/noc_measure.h"
#include "sim/session/session.h"
#include "tests/cli/harness.h"
#include "tests/support/point_fixture.h"

using namespace weft_points;

namespace {

constexpr int chips = 1000; // different ones, one after the other: no cache helps

// A folder with net.onnx and set/, the current one.
void enter_folder() {
    static bool entered = false;
    char folder[] = "/tmp/weft-point-XXXXXX";
    if (entered || !mkdtemp(folder) || chdir(folder) != 0) return;
    weft_cli::make_dataset("set", 8, 4, 60); // calibration on four images
    weft_cli::make_network("net.onnx", 8);
    entered = true;
}

std::vector<weft_point> noc_points(Experiment &experiment) {
    std::vector<weft_point> points;
    for (int i = 0; i < chips; i++) {
        points.push_back(experiment.point(
            WEFT_POINT_NOC, "noc-8x8",
            {"noc.buffer_flits=" + std::to_string(i % 50 + 8), "noc.vcs=" + std::to_string(i / 50 % 4 + 1)}));
        points.back().settings.traffic.cycles = 20;
        points.back().settings.traffic.warmup = 0;
        points.back().settings.seed = i;
    }
    return points;
}

void run_all(benchmark::State &state, const Experiment &experiment, const std::vector<weft_point> &points) {
    Runner runner(experiment);
    Result result;
    size_t next = 0;
    runner.run(result, points[0]);
    for (auto _ : state) {
        runner.run(result, points[next++ % points.size()]);
        if (result.status != WEFT_OK) state.SkipWithError(result.err.text);
    }
}

void noc_point(benchmark::State &state) {
    enter_folder();
    Experiment experiment;
    run_all(state, experiment, noc_points(experiment));
}
BENCHMARK(noc_point)->Unit(benchmark::kMicrosecond);

void noc_measure_alone(benchmark::State &state) {
    enter_folder();
    weft_chip *chip = nullptr;
    weft_noc_config config{};
    weft_chip_load(&chip, "noc-8x8", nullptr, 0, nullptr);
    weft_noc_config_of_chip(&config, chip, chip->core_count, nullptr);
    weft_noc_measure_options options{};
    options.cycles = 20;
    options.traffic.rate = 0.1;
    options.traffic.packet_flits = 1;
    for (auto _ : state) {
        weft_noc_measurement measured;
        options.traffic.seed++;
        weft_noc_measure(&measured, &config, &options, nullptr);
        benchmark::DoNotOptimize(measured);
    }
    free(const_cast<int *>(config.terminal_router));
    weft_chip_destroy(chip);
}
BENCHMARK(noc_measure_alone)->Unit(benchmark::kMicrosecond);

void noc_key(benchmark::State &state) {
    enter_folder();
    Experiment experiment;
    const std::vector<weft_point> points = noc_points(experiment);
    weft_point_keys *keys = nullptr;
    weft_point_keys_create(&keys, experiment.get(), nullptr);
    size_t next = 0;
    for (auto _ : state) {
        weft_sha256 key;
        if (weft_point_key(&key, keys, &points[next++ % points.size()], nullptr) != WEFT_OK) state.SkipWithError("key");
    }
    weft_point_keys_destroy(keys);
}
BENCHMARK(noc_key)->Unit(benchmark::kMicrosecond);

// One image of a small network on isaac-ce; chips that stay programmed (0), or another chip for every point (1).
void sim_point(benchmark::State &state) {
    enter_folder();
    Experiment experiment;
    std::vector<weft_point> points;
    for (int i = 0; i < (state.range(0) ? chips : 1); i++) {
        points.push_back(experiment.point(
            WEFT_POINT_SIM, "isaac-ce",
            {"device.g_max_us=20", "device.program=multnorm:sigma=" + std::to_string(0.01 + 0.0001 * i)}));
        points.back().settings.images = 1;
    }
    run_all(state, experiment, points);
}
BENCHMARK(sim_point)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

// Programming (1) or not (0), then the image.
void sim_alone(benchmark::State &state) {
    enter_folder();
    const weft_sim_spec spec = [] {
        static const char *set[] = {"device.g_max_us=20", "device.program=multnorm:sigma=0.01"};
        weft_sim_spec s{};
        s.mapping = "m.yaml", s.dataset = "set", s.trials = s.images = 1, s.set = {set, 2};
        return s;
    }();
    if (system(WEFT_BINARY " map net.onnx isaac-ce -o m.yaml > /dev/null") != 0) return state.SkipWithError("weft map");
    weft_sim sim{};
    weft_error err{};
    sim.options = &spec;
    if (weft_sim_open(&sim, &err) || weft_sim_prepare(&sim, &err)) return state.SkipWithError(err.text);
    std::vector<float> x(64), logits(10);
    weft_dataset_inputs(sim.test, &sim.net->preprocess, 0, 1, x.data(), nullptr);
    weft_engine_calibrate(sim.engine, sim.training, sim.training_count, WEFT_CALIBRATE_RANGES, nullptr);
    for (auto _ : state) {
        weft_engine *engine = sim.engine;
        if (state.range(0)) weft_engine_create(&engine, sim.chip, sim.mapping, sim.stages, nullptr);
        weft_engine_calibrate(engine, sim.training, sim.training_count, WEFT_CALIBRATE_RANGES, nullptr);
        weft_engine_run(engine, x.data(), 1, logits.data(), nullptr);
        if (state.range(0)) weft_engine_destroy(engine);
    }
    weft_sim_close(&sim);
}
BENCHMARK(sim_alone)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

} // namespace
