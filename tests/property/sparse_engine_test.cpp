// Sparse cores in the engine: the same spikes as a loop over the cores by hand, for any number of threads.
#include <algorithm>
#include <map>
#include <random>

#include "tests/support/sparse_fixture.h"

namespace {

constexpr int CORES = 9, NEURONS = 200, AXONS = 64;
constexpr uint64_t TICKS = 200;

using Spike = std::pair<uint64_t, std::pair<uint32_t, uint16_t>>; // tick, core, neuron

struct Net {
    std::vector<Synapses> synapses = std::vector<Synapses>(CORES);
    std::vector<std::vector<weft_spike_target>> targets = std::vector<std::vector<weft_spike_target>>(CORES);
    std::vector<weft_spike_stimulus> stimuli;
    std::vector<uint64_t> first;
    explicit Net(bool whole) {
        std::mt19937 random(4);
        for (int n = 0; n <= NEURONS; n++) first.push_back(uint64_t(n) * 2);
        for (int c = 0; c < CORES; c++) {
            for (int a = 0; a < AXONS; a++) {
                synapses[size_t(c)].of.emplace_back();
                for (int i = 0; i < 20; i++) {
                    const float w = float(int(random() % 200) - 80);
                    synapses[size_t(c)].of.back().push_back(
                        {uint16_t(random() % NEURONS), uint16_t(random() % 3), whole ? w : w / 64});
                }
            }
            for (int t = 0; t < 2 * NEURONS; t++)
                targets[size_t(c)].push_back(
                    {uint32_t(random() % CORES), uint16_t(random() % AXONS), uint16_t(1 + random() % 9)});
        }
        for (uint64_t t = 0; t < 100; t += 3)
            stimuli.push_back({t, uint32_t(random() % CORES), uint16_t(random() % AXONS)});
    }
    weft_sparse_spec spec(int core, const weft_neuron_spec &neurons) {
        return sparse_spec(neurons, synapses[size_t(core)]);
    }
};

std::vector<Spike> by_hand(Net &net, const weft_neuron_spec &neurons) {
    std::vector<std::unique_ptr<SparseCore>> cores;
    for (int c = 0; c < CORES; c++) cores.push_back(std::make_unique<SparseCore>(net.spec(c, neurons)));
    std::map<std::pair<uint64_t, uint32_t>, std::vector<uint16_t>> coming;
    for (const auto &s : net.stimuli) coming[{s.tick, s.core}].push_back(s.axon);
    std::vector<Spike> spikes;
    for (uint64_t t = 0; t < TICKS; t++)
        for (uint32_t c = 0; c < CORES; c++) {
            std::vector<uint16_t> inbox = coming[{t, c}];
            std::sort(inbox.begin(), inbox.end());
            for (uint16_t n : cores[c]->step(t, inbox)) {
                spikes.push_back({t, {c, n}});
                for (int i = 0; i < 2; i++) {
                    const weft_spike_target &to = net.targets[c][size_t(n) * 2 + size_t(i)];
                    coming[{t + to.delay, to.core}].push_back(to.axon);
                }
            }
        }
    return spikes;
}

void listen(void *context, uint64_t tick, const uint32_t *cores, const uint16_t *neurons, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        static_cast<std::vector<Spike> *>(context)->push_back({tick, {cores[i], neurons[i]}});
}

std::vector<Spike> by_engine(Net &net, const weft_neuron_spec &neurons, int threads) {
    weft_spike_chip *chip = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_spike_chip_create(&chip, &err), WEFT_OK);
    for (int c = 0; c < CORES; c++) {
        weft_sparse *state = nullptr;
        const weft_sparse_spec spec = net.spec(c, neurons);
        EXPECT_EQ(weft_sparse_create(&state, &spec, &err), WEFT_OK) << err.text;
        const weft_spike_core core = {
            &weft_sparse_kind, state, AXONS, NEURONS, c % 3, c / 3, net.first.data(), net.targets[size_t(c)].data()};
        EXPECT_EQ(weft_spike_chip_add(chip, &core, &err), WEFT_OK) << err.text;
    }
    EXPECT_EQ(weft_spike_chip_ready(chip, &err), WEFT_OK) << err.text;
    std::vector<Spike> spikes;
    weft_spike_run run = {};
    run.ticks = TICKS, run.stimuli = net.stimuli.data(), run.stimulus_count = int64_t(net.stimuli.size());
    run.listener = listen, run.context = &spikes, run.threads = threads;
    EXPECT_EQ(weft_spike_chip_run(chip, &run, &err), WEFT_OK) << err.text;
    weft_spike_chip_destroy(chip);
    return spikes;
}

TEST(SparseEngine, AgreesWithALoopByHand) {
    const NeuronValues loihi = {{"decay_u", {2000}}, {"decay_v", {300}}, {"threshold", {60}}, {"refractory", {2}}},
                       lif = {{"tau", {0.005}}, {"v_threshold", {0.1}}};
    for (bool whole : {true, false}) {
        Net net(whole);
        const weft_neuron_spec neurons =
            whole ? neuron_spec("loihi", NEURONS, loihi) : neuron_spec("lif", NEURONS, lif);
        const std::vector<Spike> expected = by_hand(net, neurons);
        EXPECT_GT(expected.size(), 1000u);
        for (int threads : {1, 2, 3, 5}) EXPECT_EQ(by_engine(net, neurons, threads), expected) << whole << threads;
    }
}

} // namespace
