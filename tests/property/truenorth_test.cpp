/* The TrueNorth core against the equations, for random parameters, on every instruction set; and own draws where the
 * header says they stand. */
#include <gtest/gtest.h>

#include "sim/model/simd.h"
#include "sim/spike/truenorth_core.h"
#include "tests/support/truenorth_reference.h"

namespace {

constexpr int kTicks = 30;

void Compare(uint64_t seed, const Shape &shape) {
    Maker maker(seed);
    const auto neurons = maker.Neurons(shape);
    Core core(neurons, maker.Types(shape.axons));
    maker.Fill(core, shape);
    core.seed = seed, core.number = uint32_t(maker.Below(2) ? maker.Below(300000) : maker.Below(9));
    const Core::Generator draws = DocumentedDraws(core.seed, core.number);
    if (maker.Below(2)) core.generator = draws;
    Reference reference(neurons, core, draws);
    for (uint64_t t = 0; t < kTicks; t++) {
        const Axons events = maker.Events(shape.axons);
        ASSERT_EQ(core.Step(events), reference.Step(t, events)) << "seed " << seed << " tick " << t;
        for (int n = 0; n < shape.neurons; n++)
            ASSERT_EQ(core.V(n), reference.v[size_t(n)]) << "seed " << seed << " tick " << t << " neuron " << n;
    }
    EXPECT_EQ(core.counts.axon_events, reference.axon_events);
    EXPECT_EQ(core.counts.synaptic_events, reference.synaptic_events);
    EXPECT_EQ(core.counts.updates_active, reference.active);
    EXPECT_EQ(core.counts.updates_active + core.counts.updates_inactive, uint64_t(kTicks) * uint64_t(shape.neurons));
}

/* How often cores held their membranes in 16 bits, in 32, and changed from one to the other. */
struct Widths {
    int narrow = 0, wide = 0, widened = 0, narrowed = 0;
};

int Pick(Maker &maker, std::vector<int> choices) { return choices[size_t(maker.Below(int(choices.size())))]; }

/* What 16 bits take and what they just do not: thresholds, resets and membranes about their limits. */
weft_truenorth_neuron NarrowNeuron(Maker &maker, const Shape &shape) {
    weft_truenorth_neuron n = maker.Neuron(shape);
    const std::vector<int> levels = {100, 16383, 20000, 32766, 32767, 32768, 40000, (1 << 18) - 1};
    for (bool &stochastic : n.stochastic_weight) stochastic = false;
    for (int &weight : n.weight) weight = maker.Below(8) ? maker.Between(-256, 255) : weight;
    n.leak_reversal = false, n.threshold_bits = 0;
    n.threshold = Pick(maker, levels), n.negative_threshold = Pick(maker, levels);
    n.reset = Pick(maker, {0, 7, -7, 32766, -32766, maker.Below(4) ? 3 : 32767});
    return n;
}

void CompareNarrow(uint64_t seed, const Shape &shape, Widths &widths) {
    Maker maker(seed);
    std::vector<weft_truenorth_neuron> neurons(size_t(shape.neurons), NarrowNeuron(maker, shape));
    for (size_t n = 1; !shape.same && n < neurons.size(); n++) neurons[n] = NarrowNeuron(maker, shape);
    Core core(neurons, maker.Types(shape.axons));
    maker.Fill(core, shape);
    if (maker.Below(2))
        for (int &v : core.initial) v = Pick(maker, {0, 16383, -16383, 16384, 32766, -32766});
    core.seed = seed;
    Reference reference(neurons, core, DocumentedDraws(core.seed, 0));
    const auto *inside = static_cast<const weft_truenorth_core *>(core.State());
    for (uint64_t t = 0; t < 150; t++) {
        const Axons events = maker.Below(3) ? maker.Events(shape.axons) : Axons{};
        const bool before = inside->narrow;
        ASSERT_EQ(core.Step(events), reference.Step(t, events)) << "seed " << seed << " tick " << t;
        for (int n = 0; n < shape.neurons; n++)
            ASSERT_EQ(core.V(n), reference.v[size_t(n)]) << "seed " << seed << " tick " << t << " neuron " << n;
        (inside->narrow ? widths.narrow : widths.wide)++;
        widths.widened += before && !inside->narrow, widths.narrowed += !before && inside->narrow;
    }
    EXPECT_EQ(core.counts.synaptic_events, reference.synaptic_events);
    EXPECT_EQ(core.counts.updates_active, reference.active);
}

/* Each TEST is a process of its own: the choice is not made yet. */
void CompareAll(const char *kernels) {
    setenv("WEFT_KERNELS", kernels, 1);
    if (weft_simd_check(nullptr) != WEFT_OK) GTEST_SKIP() << kernels;
    uint64_t seed = 1;
    for (const bool stochastic : {false, true})
        for (const bool same : {false, true})
            for (const bool extreme : {false, true})
                for (const int size : {1, 16, 40, 65, 100, 256})
                    Compare(seed++, {size == 256 ? 256 : 20 + size / 3, size, stochastic, same, extreme});
    Widths widths;
    for (const bool same : {false, true})
        for (const int size : {1, 2, 40, 65, 256})
            for (int repeat = 0; repeat < (size == 256 ? 1 : size > 2 ? 2 : 40); repeat++)
                CompareNarrow(seed++, {size > 2 ? 20 : 100, size, repeat % 2 > 0, same, false}, widths);
    EXPECT_GT(widths.narrow, 2000);
    EXPECT_GT(widths.wide, 2000);
    EXPECT_GT(widths.widened, 40);
    EXPECT_GT(widths.narrowed, 40);
}

TEST(TrueNorthReference, Portable) { CompareAll("portable"); }
TEST(TrueNorthReference, Avx2) { CompareAll("avx2"); }
TEST(TrueNorthReference, Avx512) { CompareAll("avx512"); }

/* A core that says it rests stays as it is, whatever the draws. */
TEST(TrueNorthReference, RestIsRest) {
    int rested = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        Maker maker(seed);
        const Shape shape{8, 3, true, false, false};
        Core core(maker.Neurons(shape), maker.Types(shape.axons));
        maker.Fill(core, shape);
        for (int t = 0; t < 40; t++) {
            const std::vector<int> before = {core.V(0), core.V(1), core.V(2)};
            const bool rests = core.rests, quiet = t % 4 != 0;
            const auto fired = core.Step(quiet ? Axons{} : maker.Events(shape.axons));
            if (!rests || !quiet) continue;
            rested++;
            EXPECT_TRUE(fired.empty());
            EXPECT_EQ(before, (std::vector<int>{core.V(0), core.V(1), core.V(2)})) << seed;
            EXPECT_TRUE(core.rests);
        }
    }
    EXPECT_GT(rested, 300);
}

} // namespace
