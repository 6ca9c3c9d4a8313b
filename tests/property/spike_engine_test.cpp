/* Random nets: the engine against one that keeps its events in a map, for several thread counts and runs in pieces. */
#include <cstring>

#include <gtest/gtest.h>

#include "tests/support/spike_network.h"

namespace {

constexpr int kTicks = 60;
constexpr Shape kShape{20, 24, true, false, false};

struct Result {
    std::vector<Spike> spikes;
    std::vector<weft_spike_counts> counts;
    std::vector<double> membranes;
};

Result RunNet(weft_spike_chip *chip, const SpikeNetwork &net, std::vector<int> threads) {
    Result r;
    size_t next = 0;
    for (size_t i = 0; i < threads.size(); i++) {
        const uint64_t end = uint64_t(kTicks) * (i + 1) / threads.size();
        weft_spike_run run{};
        run.ticks = end - weft_spike_chip_tick(chip), run.threads = threads[i];
        run.listener = Listen, run.context = &r.spikes, run.stimuli = net.stimuli.data() + next;
        for (; next < net.stimuli.size() && net.stimuli[next].tick < end; next++) run.stimulus_count++;
        EXPECT_EQ(weft_spike_chip_run(chip, &run, nullptr), WEFT_OK);
    }
    EXPECT_EQ(weft_spike_chip_tick(chip), uint64_t(kTicks));
    for (int c = 0; c < net.cores; c++) {
        r.counts.push_back(*weft_spike_chip_counts(chip, c));
        for (int n = 0; n < net.shape.neurons; n++) r.membranes.push_back(weft_spike_chip_membrane(chip, c, n));
    }
    return r;
}

void ExpectSame(const Result &a, const Result &b) {
    EXPECT_EQ(a.spikes, b.spikes);
    EXPECT_EQ(a.membranes, b.membranes);
    ASSERT_EQ(a.counts.size(), b.counts.size());
    for (size_t c = 0; c < a.counts.size(); c++) EXPECT_EQ(memcmp(&a.counts[c], &b.counts[c], sizeof a.counts[c]), 0);
}

TEST(SpikeEngine, SameAsASlowEngine) {
    for (const uint64_t seed : {1, 2, 3}) {
        SpikeNetwork slow(seed, 50, 7, kShape, 15, kTicks), net(seed, 50, 7, kShape, 15, kTicks);
        std::vector<weft_spike_counts> counts;
        const std::vector<Spike> expected = slow.Slow(kTicks, counts);
        weft_spike_chip *chip = net.Chip();
        const Result r = RunNet(chip, net, {2});
        EXPECT_EQ(r.spikes, expected);
        EXPECT_GT(expected.size(), 1000u);
        for (size_t c = 0; c < counts.size(); c++) {
            const weft_spike_counts &own = slow.states[c]->counts, &got = r.counts[c];
            EXPECT_EQ(got.axon_events, own.axon_events);
            EXPECT_EQ(got.synaptic_events, own.synaptic_events);
            EXPECT_EQ(got.updates_active, own.updates_active);
            EXPECT_EQ(got.updates_active + got.updates_inactive, got.busy_ticks * uint64_t(kShape.neurons));
            EXPECT_EQ(got.spikes, counts[c].spikes);
            EXPECT_EQ(got.packets, counts[c].packets);
            EXPECT_EQ(got.packets_local, counts[c].packets_local);
            EXPECT_EQ(got.hops_x, counts[c].hops_x);
            EXPECT_EQ(got.hops_y, counts[c].hops_y);
        }
        weft_spike_chip_destroy(chip);
    }
}

TEST(SpikeEngine, SameForAnyThreadsAndPieces) {
    SpikeNetwork net(7, 90, 10, kShape, 63, kTicks);
    weft_spike_chip *chip = net.Chip();
    const Result one = RunNet(chip, net, {1});
    EXPECT_GT(one.spikes.size(), 1000u);
    for (const auto &threads : {std::vector<int>{2}, {5}, {0}, {1, 5, 2}}) {
        weft_spike_chip_reset(chip);
        EXPECT_EQ(weft_spike_chip_tick(chip), 0u);
        ExpectSame(one, RunNet(chip, net, threads));
    }
    weft_spike_chip_destroy(chip);
}

/* Nets in which little happens: most cores rest most of the time, and it shows in nothing but the ticks they are
 * stepped. */
TEST(SpikeEngine, RestingCoresChangeNothing) {
    Shape quiet = kShape;
    quiet.stochastic = false;
    SpikeNetwork slow(5, 40, 8, quiet, 15, kTicks), net(5, 40, 8, quiet, 15, kTicks);
    for (SpikeNetwork *n : {&slow, &net})
        for (size_t c = 0; c < n->states.size(); c++) {
            std::vector<weft_truenorth_neuron> all(size_t(quiet.neurons), QuietNeuron());
            for (auto &neuron : all) neuron.weight[0] = 5, neuron.weight[1] = -3, neuron.threshold = 40;
            auto core = std::make_unique<Core>(all, n->states[c]->types);
            core->crossbar = n->states[c]->crossbar;
            n->states[c] = std::move(core);
        }
    std::vector<weft_spike_counts> counts;
    const std::vector<Spike> expected = slow.Slow(kTicks, counts);
    weft_spike_chip *chip = net.Chip();
    const Result r = RunNet(chip, net, {2});
    uint64_t busy = 0;
    for (const weft_spike_counts &c : r.counts) busy += c.busy_ticks;
    EXPECT_EQ(r.spikes, expected);
    EXPECT_LT(busy, 40u * kTicks / 2);
    EXPECT_GE(busy, 40u);
    weft_spike_chip_destroy(chip);
}

} // namespace
