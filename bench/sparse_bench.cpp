// Speed of sparse (Loihi-class) cores, one thread: synaptic events and neuron updates a second, beside what the bare
// additions and the bare stream of bytes take. Read the CPU column where the machine is not quiet.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "sim/spike/sparse.h"

namespace {

constexpr int neurons = 1024, axons = 1024, inboxes = 64;

enum Wiring { RANDOM, ROWS };

struct Network {
    std::vector<std::unique_ptr<weft_sparse, void (*)(void *)>> cores;
    std::vector<std::vector<uint16_t>> inbox; // of a tick, any core
    std::vector<uint16_t> fired = std::vector<uint16_t>(neurons);
    weft_spike_counts counts = {};
    uint64_t tick = 0;

    // events: mean axon events of a core and tick. Weights cancel on average and few neurons fire.
    Network(int count, int fan_out, Wiring wiring, double events) {
        std::mt19937 random(1);
        for (int c = 0; c < count; c++) add(random, fan_out, wiring);
        std::poisson_distribution<> number(events);
        for (int i = 0; i < inboxes; i++) {
            std::vector<uint16_t> of(size_t(events > 0 ? number(random) : 0));
            for (uint16_t &axon : of) axon = uint16_t(random() % axons);
            std::sort(of.begin(), of.end());
            inbox.push_back(of);
        }
    }

    void add(std::mt19937 &random, int fan_out, Wiring wiring) {
        std::vector<weft_sparse_synapse> synapses;
        std::vector<uint64_t> first = {0};
        std::vector<uint16_t> all(neurons);
        for (int i = 0; i < neurons; i++) all[size_t(i)] = uint16_t(i);
        for (int a = 0; a < axons; a++) {
            if (wiring == RANDOM)
                for (int i = 0; i < fan_out; i++)
                    std::swap(all[size_t(i)], all[size_t(i) + random() % size_t(neurons - i)]);
            for (int i = 0; i < fan_out; i++) {
                const int w = int(random() % 255) - 127;
                synapses.push_back({all[size_t(i)], 0, float(w ? w : 1)});
            }
            first.push_back(synapses.size());
        }
        const double du = 1024, dv = 256, threshold = 1500;
        const weft_neuron_value values[] = {
            {"decay_u", &du, false}, {"decay_v", &dv, false}, {"threshold", &threshold, false}};
        weft_sparse_spec spec = {};
        weft_neuron_model_find(&spec.neurons.model, "loihi", nullptr);
        spec.neurons.count = neurons, spec.neurons.values = values, spec.neurons.value_count = 3;
        spec.axons = axons, spec.first = first.data(), spec.synapses = synapses.data(), spec.weight_bits = 8;
        weft_sparse *core = nullptr;
        weft_sparse_create(&core, &spec, nullptr);
        cores.emplace_back(core, weft_sparse_kind.destroy);
    }

    // Every core one tick.
    void step() {
        for (size_t c = 0; c < cores.size(); c++) {
            const std::vector<uint16_t> &of = inbox[(tick * 7 + c) % inboxes];
            const weft_spike_inbox in = {of.data(), int(of.size())};
            int count = 0;
            weft_sparse_kind.step(cores[c].get(), tick, &in, fired.data(), &count, &counts);
            counts.spikes += uint64_t(count);
        }
        tick++;
    }
};

// Cores, synapses an axon, wiring, axon events a core and tick.
void Step(benchmark::State &state) {
    Network net(int(state.range(0)), int(state.range(1)), Wiring(state.range(2)), double(state.range(3)));
    for (int i = 0; i < inboxes; i++) net.step();
    net.counts = {};
    for (auto _ : state) net.step();
    const double ticks = double(state.iterations()) * double(net.cores.size());
    uint64_t memory = 0;
    for (const auto &core : net.cores) memory += weft_sparse_host_memory(core.get());
    state.counters["events/s"] = benchmark::Counter(double(net.counts.synaptic_events), benchmark::Counter::kIsRate);
    state.counters["updates/s"] = benchmark::Counter(ticks * neurons, benchmark::Counter::kIsRate);
    state.counters["firing"] = double(net.counts.spikes) / (ticks * neurons);
    state.counters["MB"] = double(memory) / 1e6;
}
BENCHMARK(Step)
    ->ArgNames({"cores", "fan_out", "rows", "events"})
    ->Args({1, 128, RANDOM, 20}) // 20 Hz and ticks of 1 ms
    ->Args({1, 128, RANDOM, 100})
    ->Args({128, 48, RANDOM, 20})  // what 128 KB of synapse memory a core holds: a whole Loihi 1
    ->Args({128, 128, RANDOM, 20}) // beyond the cache
    ->Args({128, 128, RANDOM, 5})
    ->Args({1, 1024, RANDOM, 20})
    ->Args({1, 1024, ROWS, 20}) // a full layer
    ->Args({1, 128, RANDOM, 0}) // at rest
    ->Unit(benchmark::kMicrosecond);

// Roof: the additions alone, synapses and sums in the first-level cache; each a load, an addition and a store.
void Additions(benchmark::State &state) {
    std::mt19937 random(1);
    std::vector<uint16_t> neuron(4096);
    std::vector<int8_t> weight(4096);
    std::vector<int32_t> sum(neurons);
    for (size_t i = 0; i < neuron.size(); i++) neuron[i] = uint16_t(random() % neurons), weight[i] = int8_t(random());
    for (auto _ : state) {
        for (size_t i = 0; i < neuron.size(); i++) sum[neuron[i]] += weight[i];
        benchmark::DoNotOptimize(sum.data());
        benchmark::ClobberMemory();
    }
    state.counters["events/s"] =
        benchmark::Counter(double(state.iterations()) * double(neuron.size()), benchmark::Counter::kIsRate);
}
BENCHMARK(Additions);

// Roof: bytes read in order; a synapse with a weight of 8 bits is 3.
void Stream(benchmark::State &state) {
    std::vector<uint64_t> block(size_t(state.range(0)) * 1000000 / sizeof(uint64_t), 1);
    for (auto _ : state) {
        uint64_t sum = 0;
        for (uint64_t x : block) sum += x;
        benchmark::DoNotOptimize(sum);
    }
    state.SetBytesProcessed(int64_t(state.iterations()) * int64_t(block.size() * sizeof(uint64_t)));
}
BENCHMARK(Stream)->ArgName("MB")->Arg(20)->Arg(50)->Unit(benchmark::kMicrosecond);

} // namespace
