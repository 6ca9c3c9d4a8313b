// A replay against the co-simulation that it was recorded from, in processor time of this run: ns a record and a
// flit-hop, and where they go. Random images; threads as OMP_NUM_THREADS says (1 for figures).
//
// replay_bench MAPPING.yaml [IMAGES]   (default 4)
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

#include "core/onnx.h"
#include "sim/systemc/cosim.h"
#include "sim/trace/replay.h"

namespace {

constexpr int REPEATS = 5;
weft_error err{};

void need(weft_status status) {
    if (status == WEFT_OK) return;
    std::fprintf(stderr, "replay_bench: %s\n", err.text);
    std::exit(1);
}

double cpu_s() { return double(std::clock()) / CLOCKS_PER_SEC; }

/* Fastest of some replays, and its timing. */
double replay_s(const weft_trace *trace, const weft_chip *chip, bool network, weft_timing **timing) {
    double best = 1e30;
    for (int i = 0; i < REPEATS; i++) {
        weft_replay_options options{};
        options.without.server_kind = options.without.stage = -1;
        options.without.network = !network;
        weft_timing_destroy(*timing);
        const double start = cpu_s();
        need(weft_replay_run(timing, trace, chip, &options, &err));
        best = std::min(best, cpu_s() - start);
    }
    return best;
}

void run(const char *path, size_t images) {
    weft_mapping *mapping = nullptr;
    weft_chip *chip = nullptr;
    weft_network *net = nullptr;
    weft_stages *stages = nullptr;
    weft_traffic *traffic = nullptr;
    weft_engine *engine = nullptr;
    need(weft_mapping_read(&mapping, path, &err));
    need(weft_chip_load(&chip, mapping->chip_path, mapping->settings, mapping->setting_count, &err));
    need(weft_onnx_read(&net, mapping->network_path, &err));
    need(weft_lower(&stages, net, &err));
    need(weft_mapping_check(mapping, stages, chip, &err));
    need(weft_traffic_create(&traffic, mapping, stages, chip, &err));
    need(weft_engine_create(&engine, chip, mapping, stages, &err));
    std::mt19937 random(1);
    std::vector<float> x(images * weft_shape_size(net->input));
    for (float &v : x) v = float(random() % 256) / 255;
    if (!weft_engine_has_ranges(engine))
        need(weft_engine_calibrate(engine, x.data(), images, WEFT_CALIBRATE_RANGES, &err));

    weft_trace *trace = nullptr;
    weft_cosim_result *result = nullptr;
    weft_cosim_options options{};
    options.images = images;
    options.trace = &trace;
    double start = cpu_s();
    need(weft_cosim_run(&result, engine, chip, mapping, stages, traffic, x.data(), &options, &err));
    const double cosim = cpu_s() - start;
    weft_timing *timing = nullptr, *without = nullptr;
    const double whole = replay_s(trace, chip, true, &timing), past = replay_s(trace, chip, false, &without);
    const double records = double(weft_trace_count(trace)), hops = double(timing->flit_hops), n = double(images);
    std::printf("%zu images, %.0f records, %.0f flit-hops, %llu cycles, %s the recorded ones\n", images, records, hops,
                (unsigned long long)timing->cycles, timing->cycles == result->timing->cycles ? "equal to" : "NOT");
    std::printf("co-simulation, recorded  %8.2f ms an image\n", 1e3 * cosim / n);
    std::printf("replay                   %8.2f ms an image, %.0f ns a record: %.1f times as fast\n", 1e3 * whole / n,
                1e9 * whole / records, cosim / whole);
    std::printf("  records                %8.2f ms an image, %.0f ns a record\n", 1e3 * past / n, 1e9 * past / records);
    std::printf("  network                %8.2f ms an image, %.0f ns a flit-hop\n", 1e3 * (whole - past) / n,
                1e9 * (whole - past) / hops);
    weft_timing_destroy(timing);
    weft_timing_destroy(without);
    weft_trace_destroy(trace);
    weft_cosim_result_destroy(result);
    weft_engine_destroy(engine);
    weft_traffic_destroy(traffic);
    weft_stages_destroy(stages);
    weft_network_destroy(net);
    weft_chip_destroy(chip);
    weft_mapping_destroy(mapping);
}

} // namespace

int main(int argc, char **argv) {
    const int images = argc > 2 ? std::atoi(argv[2]) : 4;
    if (argc < 2 || images < 1) {
        std::fprintf(stderr, "Usage: replay_bench MAPPING.yaml [IMAGES]\n");
        return 2;
    }
    run(argv[1], size_t(images));
    return 0;
}
