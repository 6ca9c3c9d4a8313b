/* The digital neuron, mode by mode, against sequences computed by hand from the equations in sim/spike/truenorth.h. */
#include <gtest/gtest.h>

#include "tests/support/truenorth_core.h"

namespace {

constexpr int kMost = (1 << 19) - 1, kLeast = -(1 << 19);

/* One neuron, four axons of types 0 .. 3. */
struct One : Core {
    explicit One(const weft_truenorth_neuron &n, int v = 0) : Core({n}, {0, 1, 2, 3}) { initial = {v}; }
    /* Steps; V afterwards, and 1,000,000 more when it fired. */
    int Next(const Axons &axons = {}) {
        const bool fired = !Step(axons).empty();
        return V() + (fired ? 1000000 : 0);
    }
    std::vector<int> Run(int ticks, const Axons &axons = {}) {
        std::vector<int> all;
        for (int t = 0; t < ticks; t++) all.push_back(Next(axons));
        return all;
    }
    /* Words that the generator gives, in order. */
    void Draws(std::deque<uint32_t> words) {
        words_ = std::move(words);
        generator = [this](weft_truenorth_draw, uint64_t, int, int) {
            EXPECT_FALSE(words_.empty());
            const uint32_t word = words_.empty() ? 0 : words_.front();
            if (!words_.empty()) words_.pop_front();
            return word;
        };
    }
    size_t Left() const { return words_.size(); }

  private:
    std::deque<uint32_t> words_;
};

constexpr int kFired = 1000000;
using Ints = std::vector<int>;

weft_truenorth_neuron Weighted(int w0, int w1 = 0, int w2 = 0, int w3 = 0) {
    weft_truenorth_neuron n = QuietNeuron();
    n.weight[0] = w0, n.weight[1] = w1, n.weight[2] = w2, n.weight[3] = w3;
    return n;
}

TEST(TrueNorth, FourAxonTypes) {
    One one(Weighted(5, -3, 255, -256));
    EXPECT_EQ(one.Next({0}), 5);
    EXPECT_EQ(one.Next({1}), 2);
    EXPECT_EQ(one.Next({2}), 257);
    EXPECT_EQ(one.Next({3}), 1);
    EXPECT_EQ(one.Next({0, 1, 2, 3}), 2);
    EXPECT_EQ(one.Next(), 2);
    EXPECT_EQ(one.counts.axon_events, 8u);
    EXPECT_EQ(one.counts.synaptic_events, 8u);
    EXPECT_EQ(one.counts.updates_active, 5u);
    EXPECT_EQ(one.counts.updates_inactive, 1u);
}

TEST(TrueNorth, SpikesOnOneAxonCountOnce) {
    One one(Weighted(5, 7));
    EXPECT_EQ(one.Next({0, 0, 0, 1, 1}), 12);
    EXPECT_EQ(one.counts.axon_events, 2u);
    EXPECT_EQ(one.counts.synaptic_events, 2u);
}

TEST(TrueNorth, SynapsesWithoutBitOrWeightDoNotCount) {
    One one(Weighted(5, 0, 7));
    one.crossbar[2] = 0;
    EXPECT_EQ(one.Next({0, 1, 2}), 5);
    EXPECT_EQ(one.counts.axon_events, 3u);
    EXPECT_EQ(one.counts.synaptic_events, 1u);
}

TEST(TrueNorth, SaturatesUpwardsInTheOrderOfTheAxons) {
    weft_truenorth_neuron n = Weighted(255, -256);
    n.reset_mode = WEFT_TRUENORTH_NONE;
    One one(n, kMost - 87);
    EXPECT_EQ(one.Next({0, 1}), kMost - 256 + kFired);
    EXPECT_EQ(one.Next({0}), kMost - 1 + kFired);
    EXPECT_EQ(one.Next({0}), kMost + kFired);
    EXPECT_EQ(one.Next({1}), kMost - 256 + kFired);
}

TEST(TrueNorth, SaturatesDownwardsInTheOrderOfTheAxons) {
    weft_truenorth_neuron n = Weighted(-256, 255);
    n.reset_mode = WEFT_TRUENORTH_NONE;
    One one(n, kLeast + 88);
    EXPECT_EQ(one.Next({0, 1}), kLeast + 255);
    EXPECT_EQ(one.Next({0}), kLeast);
    EXPECT_EQ(one.Next({0}), kLeast);
    EXPECT_EQ(one.Next({1}), kLeast + 255);
}

TEST(TrueNorth, LeakSaturates) {
    weft_truenorth_neuron n = QuietNeuron();
    n.reset_mode = WEFT_TRUENORTH_NONE;
    n.leak = 2;
    EXPECT_EQ(One(n, kMost - 3).Run(3), (Ints{kMost - 1 + kFired, kMost + kFired, kMost + kFired}));
    n.leak = -2;
    EXPECT_EQ(One(n, kLeast + 3).Run(3), (Ints{kLeast + 1, kLeast, kLeast}));
}

TEST(TrueNorth, NormalReset) {
    weft_truenorth_neuron n = Weighted(7);
    n.threshold = 10, n.reset = -4;
    EXPECT_EQ(One(n).Run(5, {0}), (Ints{7, -4 + kFired, 3, -4 + kFired, 3}));
}

TEST(TrueNorth, LinearReset) {
    weft_truenorth_neuron n = Weighted(7);
    n.threshold = 10, n.reset = 99, n.reset_mode = WEFT_TRUENORTH_LINEAR;
    EXPECT_EQ(One(n).Run(5, {0}), (Ints{7, 4 + kFired, 1 + kFired, 8, 5 + kFired}));
}

TEST(TrueNorth, NoReset) {
    weft_truenorth_neuron n = Weighted(7);
    n.threshold = 10, n.reset = 99, n.reset_mode = WEFT_TRUENORTH_NONE;
    One one(n);
    EXPECT_EQ(one.Run(3, {0}), (Ints{7, 14 + kFired, 21 + kFired}));
    EXPECT_EQ(one.Run(2), (Ints{21 + kFired, 21 + kFired}));
    EXPECT_EQ(one.counts.updates_active, 5u);
}

TEST(TrueNorth, ThresholdZeroFiresAtRest) {
    weft_truenorth_neuron n = QuietNeuron();
    n.threshold = 0;
    EXPECT_EQ(One(n).Run(2), (Ints{kFired, kFired}));
}

TEST(TrueNorth, NegativeThresholdSaturates) {
    for (auto mode : {WEFT_TRUENORTH_NORMAL, WEFT_TRUENORTH_LINEAR, WEFT_TRUENORTH_NONE}) {
        weft_truenorth_neuron n = Weighted(-4, 3);
        n.negative_threshold = 5, n.saturate = true, n.reset = 3, n.reset_mode = mode;
        One one(n);
        EXPECT_EQ(one.Run(3, {0}), (Ints{-4, -5, -5}));
        EXPECT_EQ(one.Next({1}), -2);
    }
}

TEST(TrueNorth, NegativeThresholdResets) {
    weft_truenorth_neuron n = Weighted(-4);
    n.negative_threshold = 5, n.reset = 3;
    EXPECT_EQ(One(n).Run(3, {0}), (Ints{-4, -3, -3}));
    n.reset_mode = WEFT_TRUENORTH_LINEAR;
    EXPECT_EQ(One(n).Run(4, {0}), (Ints{-4, -3, -2, -1}));
    n.reset_mode = WEFT_TRUENORTH_NONE;
    EXPECT_EQ(One(n).Run(3, {0}), (Ints{-4, -8, -12}));
}

TEST(TrueNorth, TheNegativeThresholdItselfIsNotCrossed) {
    weft_truenorth_neuron n = Weighted(-5, -1);
    n.negative_threshold = 5, n.reset = 3;
    One one(n);
    EXPECT_EQ(one.Next({0}), -5);
    EXPECT_EQ(one.Next({1}), -3);
}

TEST(TrueNorth, OppositeOfTheLowestResetSaturates) {
    weft_truenorth_neuron n = Weighted(-256);
    n.negative_threshold = 255, n.reset = kLeast;
    EXPECT_EQ(One(n).Run(1, {0}), (Ints{kMost}));
}

TEST(TrueNorth, LeakOfOneSign) {
    weft_truenorth_neuron n = QuietNeuron();
    n.leak = -2;
    EXPECT_EQ(One(n, 3).Run(3), (Ints{1, -1, -3}));
    n.leak = 2;
    EXPECT_EQ(One(n, -3).Run(3), (Ints{-1, 1, 3}));
}

TEST(TrueNorth, LeakThatFollowsTheMembrane) {
    weft_truenorth_neuron n = QuietNeuron();
    n.leak_reversal = true;
    n.leak = -3; /* towards zero, and across */
    EXPECT_EQ(One(n, 7).Run(5), (Ints{4, 1, -2, 1, -2}));
    EXPECT_EQ(One(n, -6).Run(3), (Ints{-3, 0, 0}));
    n.leak = 2; /* away from zero */
    EXPECT_EQ(One(n, 1).Run(2), (Ints{3, 5}));
    EXPECT_EQ(One(n, -1).Run(2), (Ints{-3, -5}));
    EXPECT_EQ(One(n, 0).Run(2), (Ints{0, 0}));
}

TEST(TrueNorth, LeakComesBeforeTheThreshold) {
    weft_truenorth_neuron n = Weighted(10);
    n.threshold = 10, n.leak = -1;
    EXPECT_EQ(One(n).Run(2, {0}), (Ints{9, kFired}));
}

TEST(TrueNorth, StochasticLeak) {
    weft_truenorth_neuron n = QuietNeuron();
    n.stochastic_leak = true, n.leak = 100;
    One up(n);
    up.Draws({100, 101, 0x7F00, 255, 0});
    EXPECT_EQ(up.Run(5), (Ints{1, 1, 2, 2, 3}));
    EXPECT_EQ(up.Left(), 0u);
    n.leak = -100;
    One down(n);
    down.Draws({100, 101, 0});
    EXPECT_EQ(down.Run(3), (Ints{-1, -1, -2}));
    n.leak = -256;
    One always(n);
    always.Draws({255, 0});
    EXPECT_EQ(always.Run(2), (Ints{-1, -2}));
    n.leak = 0; /* nothing to draw for */
    One never(n, 5);
    never.Draws({});
    EXPECT_EQ(never.Run(2), (Ints{5, 5}));
}

TEST(TrueNorth, StochasticLeakThatFollowsTheMembrane) {
    weft_truenorth_neuron n = QuietNeuron();
    n.stochastic_leak = n.leak_reversal = true, n.leak = -8;
    One one(n, -2);
    one.Draws({9, 8, 0, 0});
    EXPECT_EQ(one.Run(4), (Ints{-2, -1, 0, 0}));
}

TEST(TrueNorth, StochasticSynapse) {
    weft_truenorth_neuron n = Weighted(10, -10, 4, -256);
    n.stochastic_weight[0] = n.stochastic_weight[1] = n.stochastic_weight[3] = true;
    One one(n);
    one.Draws({10, 11, 10, 11, 255});
    EXPECT_EQ(one.Next({0}), 1);
    EXPECT_EQ(one.Next({0}), 1);
    EXPECT_EQ(one.Next({1}), 0);
    EXPECT_EQ(one.Next({1, 2}), 4);
    EXPECT_EQ(one.Next({3}), 3);
    EXPECT_EQ(one.Left(), 0u);
    EXPECT_EQ(one.counts.synaptic_events, 6u); /* those that brought nothing too */
}

TEST(TrueNorth, StochasticThreshold) {
    weft_truenorth_neuron n = Weighted(12);
    n.threshold = 10, n.threshold_bits = 3, n.reset_mode = WEFT_TRUENORTH_LINEAR;
    One one(n);
    one.Draws({0xF0D, 2, 0});
    EXPECT_EQ(one.Next({0}), 12);          /* 12 < 10 + 5 */
    EXPECT_EQ(one.Next({0}), 12 + kFired); /* 24 - (10 + 2) */
    EXPECT_EQ(one.Next(), 2 + kFired);
    n.reset_mode = WEFT_TRUENORTH_NORMAL, n.reset = -7, n.threshold_bits = 18;
    One wide(n, 11 + 0x3FFFF);
    wide.Draws({0xFFFFFFFF, 0xFFFC0001});
    EXPECT_EQ(wide.Next(), -7 + kFired);
    EXPECT_EQ(wide.Next({0}), 5);
}

TEST(TrueNorth, StochasticNegativeThreshold) {
    weft_truenorth_neuron n = Weighted(-4);
    n.negative_threshold = 5, n.threshold_bits = 3, n.reset_mode = WEFT_TRUENORTH_LINEAR;
    One reset(n);
    reset.Draws({0, 3, 2});
    EXPECT_EQ(reset.Run(3, {0}), (Ints{-4, -8, -5})); /* -8 is not below -(5 + 3); -12 + (5 + 2) */
    n.saturate = true;
    One saturates(n);
    saturates.Draws({0, 7});
    EXPECT_EQ(saturates.Run(2, {0}), (Ints{-4, -5})); /* no random part */
}

TEST(TrueNorth, DrawsComeInOrder) {
    weft_truenorth_neuron n = Weighted(1, 1);
    n.stochastic_weight[0] = n.stochastic_weight[1] = n.stochastic_leak = true;
    n.leak = 1, n.threshold_bits = 1;
    Core core({n, n}, {0, 1});
    std::vector<std::vector<int>> asked;
    core.generator = [&](weft_truenorth_draw what, uint64_t tick, int neuron, int axon) {
        asked.push_back({int(what), int(tick), neuron, axon});
        return 255u;
    };
    core.crossbar[1] = 2; /* axon 1 reaches neuron 1 alone */
    core.Step();
    asked.clear();
    core.Step({0, 1});
    const std::vector<std::vector<int>> expected = {{0, 1, 0, 0},  {0, 1, 1, 0},  {0, 1, 1, 1}, {1, 1, 0, -1},
                                                    {1, 1, 1, -1}, {2, 1, 0, -1}, {2, 1, 1, -1}};
    EXPECT_EQ(asked, expected);
}

TEST(TrueNorth, RestsOnlyWhenNothingCanChange) {
    weft_truenorth_neuron n = Weighted(5);
    n.threshold = 10, n.negative_threshold = 5;
    One still(n);
    still.Next({0});
    EXPECT_TRUE(still.rests);
    n.leak = 1;
    One leaks(n);
    leaks.Next();
    EXPECT_FALSE(leaks.rests);
    n.leak = -2, n.leak_reversal = true;
    One converges(n, 4);
    converges.Next();
    EXPECT_FALSE(converges.rests);
    converges.Next();
    EXPECT_TRUE(converges.rests);
    n.leak = 0, n.reset_mode = WEFT_TRUENORTH_NONE;
    One fires(n, 10);
    fires.Next();
    EXPECT_FALSE(fires.rests);
    n.threshold_bits = 4; /* may fire in some later tick */
    One may(n, 10);
    may.Draws({15});
    EXPECT_EQ(may.Next(), 10);
    EXPECT_FALSE(may.rests);
    One sinks(n, -6); /* below -beta, but not below -(beta + eta) */
    sinks.Draws({15});
    EXPECT_EQ(sinks.Next(), -6);
    EXPECT_FALSE(sinks.rests);
}

TEST(TrueNorth, ResetGivesTheInitialMembranes) {
    One one(Weighted(5), 3);
    one.Run(2, {0});
    EXPECT_EQ(one.V(), 13);
    one.Reset();
    EXPECT_EQ(one.V(), 3);
}

/* Neurons that would fire in every tick, of 16 and of 32 bits: those that are held do so from their tick on, and
 * integrate from their initial membrane. */
TEST(TrueNorth, HeldNeuronsKeepTheirInitialMembrane) {
    weft_truenorth_neuron fires = QuietNeuron(), counts = QuietNeuron();
    fires.leak = 1, fires.threshold = 1;
    counts.leak = 3;
    for (int start : {5, 100000}) {
        Core core({fires, fires, counts, counts}, {0});
        core.crossbar = {0};
        core.initial = {0, 0, start, -start};
        core.hold = {0, 2, 3, 0};
        for (int run = 0; run < 2; run++) {
            SCOPED_TRACE(testing::Message() << start << ", run " << run);
            core.counts = {};
            for (int tick = 0; tick < 6; tick++) {
                EXPECT_EQ(core.Step(), tick < 2 ? Axons({0}) : Axons({0, 1})) << tick;
                EXPECT_EQ(core.V(2), start + 3 * std::max(0, tick - 2)) << tick;
                EXPECT_EQ(core.V(3), -start + 3 * (tick + 1)) << tick;
                EXPECT_FALSE(core.rests);
            }
            EXPECT_EQ(core.counts.updates_active, 6u + 4);
            EXPECT_EQ(core.counts.updates_inactive, 24u - 10);
            core.Reset();
        }
    }
}

TEST(TrueNorth, HeldNeuronsKeepTheCoreAwake) { /* nothing happens until one begins */
    weft_truenorth_neuron n = QuietNeuron();
    n.leak = 1, n.threshold = 1, n.negative_threshold = 0, n.saturate = true;
    Core core({n}, {0});
    core.hold = {4};
    for (int tick = 0; tick < 4; tick++) {
        EXPECT_TRUE(core.Step().empty());
        EXPECT_FALSE(core.rests) << tick;
    }
    EXPECT_EQ(core.Step(), Axons({0}));
}

/* Neurons past the last full word neither fire nor keep the core awake. */
TEST(TrueNorth, NeuronsBeyondTheLastDoNotExist) {
    weft_truenorth_neuron n = Weighted(1);
    n.threshold = 1;
    for (int count : {1, 15, 16, 17, 63, 64, 65, 256}) {
        Core core(std::vector<weft_truenorth_neuron>(size_t(count), n), {0});
        EXPECT_EQ(core.Step({0}).size(), size_t(count));
        EXPECT_TRUE(core.Step().empty());
        EXPECT_TRUE(core.rests) << count;
        n.threshold = 0;
        Core fires(std::vector<weft_truenorth_neuron>(size_t(count), n), {0});
        EXPECT_EQ(fires.Step().size(), size_t(count));
        n.threshold = 1;
    }
}

/* ---- refusals ---- */

std::string Refusal(const weft_truenorth_neuron &n) {
    Core core({QuietNeuron(), n}, {0});
    EXPECT_EQ(core.State(), nullptr);
    EXPECT_EQ(core.error.status, WEFT_E_INVALID);
    return core.error.text;
}

TEST(TrueNorth, RefusesParameters) {
    weft_truenorth_neuron n = QuietNeuron();
    n.weight[2] = 256;
    EXPECT_EQ(Refusal(n), "neuron 1: weight of type 2 256; allowed are -256 .. 255");
    n = QuietNeuron(), n.leak = -257;
    EXPECT_EQ(Refusal(n), "neuron 1: leak -257; allowed are -256 .. 255");
    n = QuietNeuron(), n.threshold = 1 << 18;
    EXPECT_EQ(Refusal(n), "neuron 1: threshold 262144; allowed are 0 .. 262143");
    n = QuietNeuron(), n.negative_threshold = -1;
    EXPECT_EQ(Refusal(n), "neuron 1: negative threshold -1; allowed are 0 .. 262143");
    n = QuietNeuron(), n.threshold_bits = 19;
    EXPECT_EQ(Refusal(n), "neuron 1: random bits of the threshold 19; allowed are 0 .. 18");
    n = QuietNeuron(), n.reset = 1 << 19;
    EXPECT_EQ(Refusal(n), "neuron 1: reset value 524288; allowed are -524288 .. 524287");
}

TEST(TrueNorth, RefusesCores) {
    const auto text = [](const std::function<void(Core &)> &spoil) {
        Core core({QuietNeuron(), QuietNeuron()}, {0, 1});
        spoil(core);
        EXPECT_EQ(core.State(), nullptr);
        return std::string(core.error.text);
    };
    EXPECT_EQ(text([](Core &c) { c.types[1] = 4; }), "axon 1: type 4; allowed are 0 .. 3");
    EXPECT_EQ(text([](Core &c) { c.crossbar[1] = 4; }), "axon 1: a synapse beyond neuron 1, the last");
    EXPECT_EQ(text([](Core &c) {
                  c.initial = {0, 1 << 19};
              }),
              "neuron 1: initial membrane 524288; allowed are -524288 .. 524287");
    EXPECT_EQ(text([](Core &c) { c.number = 1u << 28; }),
              "random streams of core 268435456; allowed are 0 .. 268435455");
    EXPECT_EQ(text([](Core &c) { c.types.clear(); }), "0 axons; allowed are 1 .. 1024");
}

TEST(TrueNorth, RefusesParametersOfAnotherNumberOfNeurons) {
    const weft_truenorth_neuron n[2] = {QuietNeuron(), QuietNeuron()};
    weft_truenorth_neurons *two = nullptr;
    ASSERT_EQ(weft_truenorth_neurons_create(&two, n, 2, nullptr), WEFT_OK);
    const uint8_t type = 0;
    const uint64_t bits = 7;
    weft_truenorth_config c{};
    c.axons = 1, c.neurons = 3, c.types = &type, c.crossbar = &bits, c.parameters = two;
    void *state = nullptr;
    weft_error error{};
    EXPECT_EQ(weft_truenorth_create(&state, &c, &error), WEFT_E_INVALID);
    EXPECT_STREQ(error.text, "parameters of 2 neurons for a core with 3");
    weft_truenorth_neurons_release(two);
    EXPECT_EQ(weft_truenorth_neurons_create(&two, n, 0, &error), WEFT_E_INVALID);
    EXPECT_STREQ(error.text, "0 neurons; allowed are 1 .. 1024");
}

} // namespace
