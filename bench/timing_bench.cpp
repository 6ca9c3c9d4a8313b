/* Speed of timed ticks: a full TrueNorth at 20 Hz, uniform random targets, about 21,000 packets of 42.7 links a tick
 * through 64 x 64 routers. Reports ticks and flit-hops a second; the limit is what such packets reach in so few routers
 * that the cache holds them. */
#include <benchmark/benchmark.h>

#include <vector>

#include "sim/noc/noc.h"
#include "sim/spike/random.h"
#include "sim/spike/spike_trace.h"
#include "sim/spike/timing.h"
#include "sim/spike/watch.h"

namespace {

constexpr int kWarmUp = 60, kTicks = 20;

struct Copy {
    std::vector<weft_tick_core> cores;
    std::vector<weft_tick_packet> packets;
};

weft_status Keep(void *state, const weft_tick *t, weft_error *) {
    static_cast<std::vector<Copy> *>(state)->push_back(
        {{t->cores, t->cores + t->core_count}, {t->packets, t->packets + t->packet_count}});
    return WEFT_OK;
}

/* kTicks of the network behind its first ones. */
const std::vector<Copy> &Ticks() {
    static std::vector<Copy> ticks;
    if (!ticks.empty()) return ticks;
    weft_spike_random config{};
    config.cores[0] = config.cores[1] = 64, config.neurons = config.axons = 256, config.synapses = 128;
    config.rate_hz = 20, config.tick_ms = 1, config.delays[0] = 1, config.delays[1] = 15, config.seed = 1;
    weft_spike_chip *chip = nullptr;
    weft_spike_watch *watch = nullptr;
    const weft_tick_sink sink = {Keep, &ticks};
    weft_spike_run run{};
    run.ticks = kWarmUp, run.threads = 1;
    if (weft_spike_random_build(&chip, &config, nullptr) != WEFT_OK ||
        weft_spike_chip_run(chip, &run, nullptr) != WEFT_OK ||
        weft_spike_watch_create(&watch, chip, nullptr, &sink, 1, nullptr) != WEFT_OK)
        return ticks;
    run.ticks = kTicks, run.listener = weft_spike_watch_listen, run.context = watch;
    if (weft_spike_chip_run(chip, &run, nullptr) != WEFT_OK) ticks.clear();
    weft_spike_watch_destroy(watch);
    weft_spike_chip_destroy(chip);
    return ticks;
}

void TrueNorth(benchmark::State &state) {
    weft_chip *chip = nullptr;
    if (weft_chip_load(&chip, "truenorth", nullptr, 0, nullptr) != WEFT_OK || Ticks().empty())
        return state.SkipWithError("no ticks");
    weft_spike_timing_summary s{};
    for (auto _ : state) {
        weft_spike_timing *timing = nullptr;
        const weft_spike_timing_options options = {int(state.range(0)), nullptr};
        weft_status status = weft_spike_timing_create(&timing, chip, &options, nullptr);
        for (size_t i = 0; i < Ticks().size() && status == WEFT_OK; i++) {
            const Copy &c = Ticks()[i];
            const weft_tick tick = {i, c.cores.data(), int(c.cores.size()), c.packets.data(),
                                    int64_t(c.packets.size())};
            status = weft_spike_timing_add(timing, &tick, nullptr);
        }
        if (status == WEFT_OK) status = weft_spike_timing_finish(timing, nullptr);
        if (status != WEFT_OK) return state.SkipWithError("timing");
        const weft_spike_timing_result result = weft_spike_timing_result_of(timing);
        weft_spike_timing_summarise(&s, chip, &result);
        weft_spike_timing_destroy(timing);
    }
    using benchmark::Counter;
    const double runs = double(state.iterations());
    state.counters["ticks/s"] = Counter(runs * double(s.ticks), Counter::kIsRate);
    state.counters["flit-hops/s"] = Counter(runs * double(s.hops), Counter::kIsRate);
    state.counters["packets/tick"] = double(s.packets) / double(s.ticks);
    state.counters["hops/packet"] = double(s.hops) / double(s.packets);
    state.counters["cycles/tick"] = s.mean_cycles;
    state.counters["fastest_us"] = s.fastest_tick_ns * 1e-3;
    state.counters["link_load_max"] = s.load;
    weft_chip_destroy(chip);
}
BENCHMARK(TrueNorth)->ArgName("threads")->Arg(1)->Arg(2)->MeasureProcessCPUTime()->UseRealTime()->Unit(
    benchmark::kMillisecond);

/* The limit: flit-hops of single-flit packets in routers as TrueNorth's, few enough for the cache, under a steady
 * stream; and the same in as many as TrueNorth has. */
void SteadyStream(benchmark::State &state) {
    const int side = int(state.range(0)), nodes = side * side;
    std::vector<int> router(static_cast<size_t>(nodes));
    for (int i = 0; i < nodes; i++) router[size_t(i)] = i;
    weft_noc_config config{};
    config.width = config.height = side, config.terminal_count = nodes, config.terminal_router = router.data();
    config.vcs = 1, config.buffer_flits = 4;
    config.vc_cycles = config.switch_cycles = config.traversal_cycles = config.link_cycles = config.credit_cycles = 1;
    weft_noc *noc = nullptr;
    if (weft_noc_create(&noc, &config, nullptr) != WEFT_OK) return state.SkipWithError("noc");
    uint64_t random = 1;
    const weft_noc_delivery *delivery = nullptr;
    for (auto _ : state)
        for (int cycle = 0; cycle < 1000; cycle++) {
            for (int n = 0; n < nodes; n++) {
                random = random * 6364136223846793005u + 1442695040888963407u;
                if (random >> 33 < uint64_t(state.range(1)) << 21) /* in 1024ths */
                    weft_noc_inject(noc, n, int((random >> 20) % uint64_t(nodes)), 1, 0, nullptr);
            }
            weft_noc_step(noc, &delivery);
        }
    state.counters["flit-hops/s"] =
        benchmark::Counter(double(weft_noc_statistics_get(noc).link_flits), benchmark::Counter::kIsRate);
    weft_noc_destroy(noc);
}
BENCHMARK(SteadyStream)->ArgNames({"side", "rate"})->Args({8, 100})->Args({64, 12})->Unit(benchmark::kMillisecond);

} // namespace
