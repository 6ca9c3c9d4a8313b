// ODIN's core by hand: every event in its turn.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "sim/spike/odin.h"

namespace {

using Fired = std::vector<int>;

struct Core {
    int axons, neurons;
    std::vector<int8_t> weights; // [axons, neurons]
    std::vector<weft_odin_neuron> parameters;
    weft_spike_counts counts = {};
    bool rests = false;
    void *state = nullptr;
    std::string error;

    Core(int neurons_, std::vector<int8_t> w, weft_odin_neuron all)
        : axons(int(w.size()) / neurons_), neurons(neurons_), weights(std::move(w)), parameters(size_t(neurons_), all) {
    }
    Core(const Core &) = delete;
    ~Core() { weft_odin_kind.destroy(state); }
    bool make() {
        weft_error err = {};
        const weft_odin_config config = {axons, neurons, weights.data(), parameters.data(), 256};
        const weft_status status = weft_odin_create(&state, &config, &err);
        EXPECT_EQ(status == WEFT_OK, state != nullptr);
        EXPECT_TRUE(status == WEFT_OK || status == WEFT_E_INVALID);
        error = err.text;
        return status == WEFT_OK;
    }
    Fired step(const std::vector<uint16_t> &events) {
        if (!state && !make()) ADD_FAILURE() << error;
        std::vector<uint16_t> fired(size_t(neurons) + 1);
        int count = 0;
        const weft_spike_inbox inbox = {events.data(), int(events.size())};
        rests = weft_odin_kind.step(state, 0, &inbox, fired.data(), &count, &counts);
        return Fired(fired.begin(), fired.begin() + count);
    }
    int v(int neuron = 0) const { return int(weft_odin_kind.membrane(state, neuron)); }
};

TEST(Odin, FiresAtItsThresholdAndBeginsAtZero) { // 7, 14, 21 >= 20: a spike, and nothing of it is left
    Core core(1, {7}, {20, 0});
    for (int round = 0; round < 2; round++) {
        EXPECT_EQ(core.step({0}), Fired());
        EXPECT_EQ(core.v(), 7);
        EXPECT_EQ(core.step({0}), Fired());
        EXPECT_EQ(core.v(), 14);
        EXPECT_EQ(core.step({0}), Fired({0}));
        EXPECT_EQ(core.v(), 0);
    }
    Core exact(1, {7}, {14, 0});
    EXPECT_EQ(exact.step({0}), Fired());
    EXPECT_EQ(exact.step({0}), Fired({0})); // reaching it is enough
}

TEST(Odin, TheMembraneStaysWithinItsBits) {
    Core core(1, {7, -5}, {255, 0});
    EXPECT_EQ(core.step({1}), Fired()); // not below 0
    EXPECT_EQ(core.v(), 0);
    for (int i = 1; i <= 36; i++) core.step({0});
    EXPECT_EQ(core.v(), 252);
    EXPECT_EQ(core.step({0}), Fired({0})); // 259 stops at 255, which is the threshold
    EXPECT_EQ(core.v(), 0);
}

TEST(Odin, EventsAreTakenOneAfterAnother) { // axons in ascending order
    Core first(1, {-3, 5}, {100, 0});
    EXPECT_EQ(first.step({0, 1}), Fired()); // 0 - 3 is 0, then 5; their sum would be 2
    EXPECT_EQ(first.v(), 5);
    Core second(1, {5, -3}, {5, 0});
    EXPECT_EQ(second.step({0, 1}), Fired({0})); // fires at 5 though the sum is 2
    EXPECT_EQ(second.v(), 0);
    Core rest(1, {5, 2}, {5, 0});
    EXPECT_EQ(rest.step({0, 1}), Fired({0})); // what comes behind the spike counts for the next one
    EXPECT_EQ(rest.v(), 2);
    Core thrice(1, {2}, {100, 0});
    thrice.step({0, 0, 0}); // an axon that three spikes reach
    EXPECT_EQ(thrice.v(), 6);
}

TEST(Odin, ASecondSpikeOfATickComesInTheNext) {
    Core core(1, {7, 7, 6}, {6, 0});
    EXPECT_EQ(core.step({0, 1}), Fired({0}));
    EXPECT_EQ(core.v(), 7);
    EXPECT_FALSE(core.rests);
    EXPECT_EQ(core.step({2}), Fired({0})); // that one; the event of this tick waits in turn
    EXPECT_EQ(core.v(), 6);
    EXPECT_EQ(core.step({}), Fired({0}));
    EXPECT_EQ(core.step({}), Fired());
    EXPECT_TRUE(core.rests);
}

TEST(Odin, LeaksAtTheEndOfATick) {
    Core core(1, {7}, {100, 3});
    EXPECT_EQ(core.step({0, 0}), Fired());
    EXPECT_EQ(core.v(), 11);
    EXPECT_FALSE(core.rests);
    for (int v : {8, 5, 2, 0, 0}) {
        core.step({});
        EXPECT_EQ(core.v(), v);
    }
    EXPECT_TRUE(core.rests);
    Core full(1, {7}, {128, 127}); // a neuron without memory
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(full.step(std::vector<uint16_t>(18, 0)), Fired()); // 126
        EXPECT_EQ(full.v(), 0);
        EXPECT_EQ(full.step(std::vector<uint16_t>(19, 0)), Fired({0}));
    }
}

TEST(Odin, CountsEveryNeuronOfTheChip) {
    Core core(3, {7, 0, 1, 0, -2, 0}, {7, 0});
    EXPECT_EQ(core.step({0, 1}), Fired({0}));
    EXPECT_EQ(core.counts.axon_events, 2u);
    EXPECT_EQ(core.counts.synaptic_events, 512u);
    EXPECT_EQ(core.counts.updates_active, 3u);
    EXPECT_EQ(core.step({1}), Fired());
    EXPECT_EQ(core.counts.updates_active, 4u);
    EXPECT_EQ(core.counts.updates_inactive, 2u);
    EXPECT_TRUE(core.rests);
    weft_odin_kind.reset(core.state);
    EXPECT_EQ(core.v(2), 0);
}

std::string refusal(int neurons, std::vector<int8_t> weights, weft_odin_neuron all) {
    Core core(neurons, std::move(weights), all);
    EXPECT_FALSE(core.make());
    return core.error;
}

TEST(Odin, Refusals) {
    EXPECT_EQ(refusal(2, {1, 8}, {7, 0}), "axon 0, neuron 1: weight 8; allowed are -7 .. 7");
    EXPECT_EQ(refusal(2, {1, 1, 2, -1}, {7, 0}), "axon 1, neuron 1: weight -1 on an axon of the other sign");
    EXPECT_EQ(refusal(1, {1}, {0, 0}), "neuron 0: threshold 0; allowed are 1 .. 255");
    EXPECT_EQ(refusal(1, {1}, {256, 0}), "neuron 0: threshold 256; allowed are 1 .. 255");
    EXPECT_EQ(refusal(1, {1}, {7, 128}), "neuron 0: leak 128; allowed are 0 .. 127");
    EXPECT_EQ(refusal(1, {}, {7, 0}), "0 axons and 1 neurons; allowed are 1 .. 1024 of each");
}

} // namespace
