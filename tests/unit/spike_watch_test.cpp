/* What a watch tells of a running engine: work, spikes and input of every tick, in the numbers of the chip. */
#include "sim/spike/watch.h"
#include "tests/support/spike_repeater.h"
#include "tests/support/tick_fixture.h"

namespace {

using namespace weft_test;

struct Watched {
    tick_keeper kept;
    weft_spike_watch *watch = nullptr;
    weft_error err{};

    explicit Watched(Chip &c, const std::vector<int> &numbers = {}) {
        const weft_tick_sink sink = kept.sink();
        EXPECT_EQ(weft_spike_watch_create(&watch, c.chip, numbers.empty() ? nullptr : numbers.data(), &sink, 1, &err),
                  WEFT_OK);
        c.also = weft_spike_watch_listen, c.also_context = watch;
    }
    ~Watched() { weft_spike_watch_destroy(watch); }
    bool Is(size_t i, const tick_copy &expected) const { return same_tick(kept.ticks.at(i).view(), expected.view()); }
};

/* Core 0's two neurons: 0 goes to core 1's axon 0, to itself and out of the chip; 1 to core 1's axon 1. */
void Build(Chip &c) {
    c.Add(0, 0, {{{1, 0, 1}, {WEFT_SPIKE_OUTSIDE, 0, 1}, {0, 1, 2}}, {{1, 1, 1}}});
    c.Add(1, 0, {{}, {}, {}});
    ASSERT_EQ(c.Ready(), WEFT_OK);
}

TEST(SpikeWatch, TellsWorkSpikesAndInput) {
    Chip c;
    Build(c);
    const Watched w(c, {5, 9});
    ASSERT_EQ(c.Run(5, {{1, 0, 0}, {1, 1, 2}, {1, 0, 1}, {2, 1, 2}}), WEFT_OK);
    ASSERT_EQ(w.kept.ticks.size(), 5u);
    const uint32_t host = WEFT_TICK_HOST;
    EXPECT_TRUE(w.Is(0, {0, {{5, 0, 0, 2}, {9, 0, 0, 3}}, {}})); /* the first tick finds no core at rest */
    EXPECT_TRUE(w.Is(1, {1,
                         {{5, 2, 2, 0}, {9, 1, 1, 2}},
                         {{5, 0, 5}, {5, 0, 9}, {5, 0, host}, {5, 1, 9}, {host, 0, 5}, {host, 1, 9}, {host, 2, 5}}}));
    EXPECT_TRUE(w.Is(2, {2, {{9, 3, 3, 0}}, {{host, 0, 9}}})); /* two spikes and one from outside */
    EXPECT_TRUE(w.Is(3, {3, {{5, 1, 1, 1}}, {{5, 1, 9}}}));
    EXPECT_TRUE(w.Is(4, {4, {{9, 1, 1, 2}}, {}}));
}

/* Ticks go on where the engine begins anew; what was before the watch is not told. */
TEST(SpikeWatch, GoesOnBehindAReset) {
    Chip c;
    Build(c);
    ASSERT_EQ(c.Run(2, {{0, 0, 1}}), WEFT_OK);
    const Watched w(c);
    ASSERT_EQ(c.Run(2, {{3, 0, 0}}), WEFT_OK);
    weft_spike_chip_reset(c.chip);
    ASSERT_EQ(c.Run(2, {{0, 0, 0}}), WEFT_OK);
    ASSERT_EQ(w.kept.ticks.size(), 4u);
    const uint32_t host = WEFT_TICK_HOST;
    const std::vector<weft_tick_packet> packets = {{0, 0, 0}, {0, 0, 1}, {0, 0, host}, {host, 0, 0}};
    EXPECT_TRUE(w.Is(0, {0, {}, {}}));
    EXPECT_TRUE(w.Is(1, {1, {{0, 1, 1, 1}}, packets}));
    EXPECT_TRUE(w.Is(2, {2, {{0, 1, 1, 1}, {1, 0, 0, 3}}, packets}));
    EXPECT_TRUE(w.Is(3, {3, {{1, 1, 1, 2}}, {}}));
}

TEST(SpikeWatch, KeepsTheFirstError) {
    struct Counting {
        int calls = 0;
        static weft_status Add(void *state, const weft_tick *tick, weft_error *err) {
            static_cast<Counting *>(state)->calls++;
            return tick->tick == 1 ? weft_error_set(err, WEFT_E_IO, "disk is full") : WEFT_OK;
        }
    } first, second;
    Chip c;
    Build(c);
    const weft_tick_sink sinks[] = {{Counting::Add, &first}, {Counting::Add, &second}};
    weft_spike_watch *watch = nullptr;
    weft_error err{};
    ASSERT_EQ(weft_spike_watch_create(&watch, c.chip, nullptr, sinks, 2, &err), WEFT_OK);
    c.also = weft_spike_watch_listen, c.also_context = watch;
    ASSERT_EQ(c.Run(4), WEFT_OK);
    EXPECT_EQ(weft_spike_watch_status(watch, &err), WEFT_E_IO);
    EXPECT_STREQ(err.text, "disk is full");
    EXPECT_EQ(weft_spike_watch_status(watch, nullptr), WEFT_E_IO);
    EXPECT_EQ(first.calls, 2);
    EXPECT_EQ(second.calls, 1);
    weft_spike_watch_destroy(watch);
}

TEST(SpikeWatch, RefusesNumbersThatDoNotAscend) {
    Chip c;
    Build(c);
    for (const std::vector<int> &numbers : {std::vector<int>{3, 3}, {4, 2}, {-1, 2}, {0, WEFT_TICK_CORES_MAX}}) {
        weft_spike_watch *watch = nullptr;
        weft_error err{};
        EXPECT_EQ(weft_spike_watch_create(&watch, c.chip, numbers.data(), nullptr, 0, &err), WEFT_E_INVALID);
        EXPECT_EQ(watch, nullptr);
        EXPECT_NE(std::string(err.text).find("in ascending order"), std::string::npos) << err.text;
    }
}

/* Targets and stimuli as the engine tells them. */
TEST(SpikeWatch, TheEngineTellsTargetsAndStimuli) {
    Chip c;
    Build(c);
    const auto count = [&](int core, int neuron) { return weft_spike_chip_target_count(c.chip, core, neuron); };
    const auto target = [&](int core, int neuron, int i) { return weft_spike_chip_target(c.chip, core, neuron, i); };
    EXPECT_EQ(count(0, 0), 3);
    EXPECT_EQ(target(0, 0, 1).core, WEFT_SPIKE_OUTSIDE);
    EXPECT_EQ(target(0, 0, 2).core, 0u);
    EXPECT_EQ(target(0, 0, 2).axon, 1);
    EXPECT_EQ(target(0, 0, 2).delay, 2);
    EXPECT_EQ(count(0, 1), 1);
    EXPECT_EQ(target(0, 1, 0).core, 1u);
    EXPECT_EQ(target(0, 1, 0).axon, 1);
    EXPECT_EQ(count(1, 2), 0);
    const weft_spike_stimulus *stimuli = nullptr;
    ASSERT_EQ(c.Run(1, {{0, 0, 0}}), WEFT_OK);
    EXPECT_EQ(weft_spike_chip_stimuli(&stimuli, c.chip), 0); /* no tick is being told */
}

} // namespace
