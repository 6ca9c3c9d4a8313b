/* Speed of a full TrueNorth in the functional engine with all counts: 4,096 cores, 1,048,576 neurons with 128 active
 * synapses each, uniform random targets, ticks of 1 ms. Reports ticks and synaptic events a second, the measured rate
 * and hops, and the roofline: what a tick must at least read, write and add against what this machine moves and adds
 * when it does nothing else. */
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <vector>

#include "sim/spike/random.h"

namespace {

constexpr int kWarmUp = 100; /* ticks */

struct Totals {
    double axon_events = 0, synaptic_events = 0, spikes = 0, packets = 0, hops_x = 0, hops_y = 0, busy = 0;
};

Totals Sum(const weft_spike_chip *chip) {
    Totals t;
    for (int c = 0; c < weft_spike_chip_cores(chip); c++) {
        const weft_spike_counts *n = weft_spike_chip_counts(chip, c);
        t.axon_events += double(n->axon_events), t.synaptic_events += double(n->synaptic_events);
        t.spikes += double(n->spikes), t.packets += double(n->packets), t.busy += double(n->busy_ticks);
        t.hops_x += double(n->hops_x), t.hops_y += double(n->hops_y);
    }
    return t;
}

/* Built once a rate; the largest takes 100 MB and seconds. */
weft_spike_chip *Chip(int rate_hz, int synapses) {
    static std::map<std::pair<int, int>, weft_spike_chip *> chips;
    weft_spike_chip *&chip = chips[{rate_hz, synapses}];
    if (chip) return chip;
    weft_spike_random config{};
    config.cores[0] = config.cores[1] = 64;
    config.neurons = config.axons = 256, config.synapses = synapses;
    config.rate_hz = rate_hz, config.tick_ms = 1, config.delays[0] = 1, config.delays[1] = 15, config.seed = 1;
    if (weft_spike_random_build(&chip, &config, nullptr) != WEFT_OK) return nullptr;
    weft_spike_run run{};
    run.ticks = kWarmUp, run.threads = 1;
    if (weft_spike_chip_run(chip, &run, nullptr) != WEFT_OK) return nullptr;
    return chip;
}

double Seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/* Bytes a second of one thread that reads and writes an array of the membranes' size. */
double BytesPerSecond() {
    std::vector<int16_t> membranes(1 << 20, 1);
    const double begin = Seconds();
    int passes = 0;
    for (; Seconds() - begin < 0.2; passes++) {
        for (int16_t &v : membranes) v = int16_t(v + 1);
        benchmark::ClobberMemory();
    }
    return passes * 4.0 * double(membranes.size()) / (Seconds() - begin);
}

/* 16-bit additions a second of one thread in vectors as wide as the compiler's flags give. */
double AdditionsPerSecond() {
    alignas(64) int16_t sums[256] = {0}, steps[256];
    for (int i = 0; i < 256; i++) steps[i] = int16_t(i);
    const double begin = Seconds();
    double additions = 0;
    while (Seconds() - begin < 0.1)
        for (int repeat = 0; repeat < 1000; repeat++, additions += 256) {
            for (int i = 0; i < 256; i++) sums[i] = int16_t(sums[i] + steps[i]);
            benchmark::ClobberMemory();
        }
    return additions / (Seconds() - begin);
}

/* Membranes of 16 bits in and out, a crossbar row of 32 bytes an axon event, a target of 8 and an event of 4 in and out
 * a spike. */
double BytesPerTick(const Totals &t, double ticks) {
    return (t.busy * 256 * 4 + t.axon_events * 32 + t.spikes * (8 + 8)) / ticks;
}

void TrueNorth(benchmark::State &state) {
    weft_spike_chip *chip = Chip(int(state.range(0)), int(state.range(1)));
    if (!chip) return state.SkipWithError("build");
    const Totals before = Sum(chip);
    const uint64_t first = weft_spike_chip_tick(chip);
    weft_spike_run run{};
    run.ticks = 20, run.threads = int(state.range(2));
    for (auto _ : state)
        if (weft_spike_chip_run(chip, &run, nullptr) != WEFT_OK) return state.SkipWithError("run");
    const Totals after = Sum(chip);
    Totals t;
    t.axon_events = after.axon_events - before.axon_events, t.spikes = after.spikes - before.spikes;
    t.synaptic_events = after.synaptic_events - before.synaptic_events, t.busy = after.busy - before.busy;
    t.packets = after.packets - before.packets;
    const double ticks = double(weft_spike_chip_tick(chip) - first);
    const double bytes = BytesPerTick(t, ticks), additions = t.synaptic_events / ticks + t.busy * 256 / ticks;
    const double bound = std::max(bytes / BytesPerSecond(), additions / AdditionsPerSecond()) / double(state.range(2));
    using benchmark::Counter;
    state.counters["ticks/s"] = Counter(ticks, Counter::kIsRate);
    state.counters["events/s"] = Counter(t.synaptic_events, Counter::kIsRate);
    state.counters["rate_hz"] = t.spikes / ticks / 1048576 * 1000;
    state.counters["hops_x"] = (after.hops_x - before.hops_x) / t.packets;
    state.counters["hops_y"] = (after.hops_y - before.hops_y) / t.packets;
    state.counters["MB/tick"] = bytes / 1e6;
    state.counters["Madd/tick"] = additions / 1e6;
    state.counters["roof_ticks/s"] = 1 / bound;
}
BENCHMARK(TrueNorth)
    ->ArgNames({"hz", "synapses", "threads"})
    ->Args({20, 128, 1})
    ->Args({20, 128, 2})
    ->Args({200, 256, 1})
    ->Args({200, 256, 2})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

} // namespace
