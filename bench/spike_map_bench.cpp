// Mapping spiking networks: processor time and cores used, against the bound.
#include <benchmark/benchmark.h>

#include <memory>

#include "tests/support/spike_mapper_fixture.h"

using namespace weft_test;

namespace {

struct layer {
    int outputs, groups, stride;
};

/* Grouped 3 x 3 convolutions on 32 x 32 maps, ternary weights: the Eedn way. */
void eedn(hand_net &net, const std::vector<layer> &layers, int channels) {
    std::mt19937 dice(1);
    int side = 32;
    net.input("in", uint32_t(channels * side * side));
    for (size_t l = 0; l < layers.size(); l++) {
        const auto synapses =
            convolution(channels, side, side, layers[l].groups, layers[l].outputs, layers[l].stride, dice);
        channels = layers[l].outputs, side /= layers[l].stride;
        const std::string name = "conv" + std::to_string(l + 1);
        net.neurons(name.c_str(), uint32_t(channels * side * side), l + 1 == layers.size());
        net.project(int(l), int(l) + 1, synapses);
    }
}

/* Neurons in groups: each goes to `fan` neurons of one other group, at random. */
void random_groups(hand_net &net, uint32_t neurons, uint32_t group, uint32_t fan) {
    std::mt19937 dice(2);
    net.neurons("all", neurons, true);
    weft_snn_projection p = {};
    p.source = p.target = 0, p.delay = 1, p.recurrent = true, p.count = uint64_t(neurons) * fan;
    p.first = static_cast<uint64_t *>(calloc(neurons + 1, sizeof *p.first));
    p.targets = static_cast<uint32_t *>(calloc(p.count, sizeof *p.targets));
    p.weights = static_cast<float *>(calloc(p.count, sizeof *p.weights));
    /* Every group is the target of as many neurons as it has: its axons. */
    std::vector<uint32_t> target(neurons);
    for (uint32_t n = 0; n < neurons; n++) target[n] = n / group;
    std::shuffle(target.begin(), target.end(), dice);
    std::vector<uint32_t> place(neurons); /* groups are scattered over the numbers */
    for (uint32_t n = 0; n < neurons; n++) place[n] = n;
    std::shuffle(place.begin(), place.end(), dice);
    std::vector<uint32_t> members(group);
    for (uint32_t n = 0; n < neurons; n++) {
        for (uint32_t k = 0; k < group; k++) members[k] = k;
        for (uint32_t k = 0; k < fan; k++) std::swap(members[k], members[k + dice() % (group - k)]);
        uint32_t *to = p.targets + uint64_t(n) * fan;
        for (uint32_t k = 0; k < fan; k++) to[k] = place[target[n] * group + members[k]];
        std::sort(to, to + fan);
        p.first[n + 1] = p.first[n] + fan;
    }
    std::fill(p.weights, p.weights + p.count, 1.0f);
    net.snn.synapses = p.count;
    net.projections.push_back(p);
    net.point();
}

void map(benchmark::State &state, const hand_net &net, const weft_chip *chip, const char *placer) {
    weft_spike_map_options options = weft_spike_map_defaults();
    options.placer = placer, options.threads = 1;
    for (auto _ : state) {
        weft_spike_mapping *mapping = nullptr;
        weft_spike_map_report report = {};
        weft_error err = {};
        if (weft_spike_map(&mapping, &report, &net.snn, &net.fit, chip, &options, &err) != WEFT_OK) {
            state.SkipWithError(err.text);
            return;
        }
        state.counters["cores"] = report.cores_used;
        state.counters["bound"] = report.cores_bound;
        state.counters["copies"] = double(report.copies);
        state.counters["neurons"] = double(report.neurons);
        state.counters["hops"] = report.mean_hops;
        if (getenv("WEFT_EXPLAIN"))
            weft_spike_map_print_explanation(&report, &net.snn, chip, options.objective, stdout);
        weft_spike_mapping_destroy(mapping);
        weft_spike_map_report_destroy(&report);
    }
}

void Eedn(benchmark::State &state, const char *placer) {
    hand_net net;
    eedn(net, {{32, 1, 1}, {32, 4, 2}, {64, 4, 1}, {64, 8, 1}, {128, 8, 2}, {128, 16, 1}}, 4);
    const chip_ptr chip = load_chip("truenorth");
    map(state, net, chip.get(), placer);
}
BENCHMARK_CAPTURE(Eedn, row_major, "row_major")->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Eedn, refined, nullptr)->Iterations(1)->Unit(benchmark::kMillisecond);

void Groups(benchmark::State &state, const char *placer) {
    hand_net net;
    random_groups(net, uint32_t(state.range(0)) << 10, 256, 128);
    const chip_ptr chip = load_chip("truenorth");
    map(state, net, chip.get(), placer);
}
BENCHMARK_CAPTURE(Groups, row_major, "row_major")->Arg(128)->Arg(1024)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Groups, refined, nullptr)->Arg(1024)->Iterations(1)->Unit(benchmark::kMillisecond);

} // namespace
