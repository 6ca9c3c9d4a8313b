/* Delivery, delays, hops, rest, listeners and refusals, with cores that only repeat what they get. */
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/spike_repeater.h"

namespace {

using Heard = std::vector<std::vector<int>>;

TEST(SpikeEngine, DelaysCountFromTheTickOfTheSpike) {
    for (const uint16_t delay : {1, 2, 15, 63}) {
        Chip c;
        c.Add(0, 0, {{{1, 0, delay}}});
        c.Add(0, 0, {{}});
        ASSERT_EQ(c.Ready(), WEFT_OK);
        ASSERT_EQ(c.Run(200, {{3, 0, 0}, {4, 0, 0}, {130, 0, 0}}), WEFT_OK);
        EXPECT_EQ(c.heard,
                  (Heard{{3, 0, 0}, {4, 0, 0}, {3 + delay, 1, 0}, {4 + delay, 1, 0}, {130, 0, 0}, {130 + delay, 1, 0}}))
            << delay;
    }
}

TEST(SpikeEngine, OrderIsByTickCoreNeuron) {
    Chip c;
    c.Add(0, 0, {{{1, 1, 1}}, {{1, 0, 1}}, {{0, 0, 2}, {1, 0, 1}}});
    c.Add(0, 0, {{}, {}, {}});
    ASSERT_EQ(c.Ready(), WEFT_OK);
    ASSERT_EQ(c.Run(4, {{0, 0, 2}, {0, 0, 0}, {0, 1, 2}, {0, 0, 1}}), WEFT_OK);
    EXPECT_EQ(c.heard, (Heard{{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {0, 1, 2}, {1, 1, 0}, {1, 1, 1}, {2, 0, 0}, {3, 1, 1}}));
    EXPECT_EQ(c.cores[1]->inboxes[1], (std::vector<uint16_t>{0, 0, 1})); /* one for each spike */
}

/* More events than sorting by insertion takes, on axons of one and of two bytes. */
TEST(SpikeEngine, LongInboxesAreAscending) {
    for (const int axons : {256, 3000}) {
        Chip c;
        std::vector<weft_spike_target> targets;
        for (int i = 0; i < 5000; i++) targets.push_back({1, uint16_t(i * 7919 % axons), 1});
        c.Add(0, 0, {targets});
        c.Add(0, 0, std::vector<std::vector<weft_spike_target>>(size_t(axons)));
        ASSERT_EQ(c.Ready(), WEFT_OK);
        ASSERT_EQ(c.Run(2, {{0, 0, 0}}), WEFT_OK);
        std::vector<uint16_t> expected;
        for (const auto &t : targets) expected.push_back(t.axon);
        std::sort(expected.begin(), expected.end());
        ASSERT_EQ(c.cores[1]->inboxes.size(), 2u);
        EXPECT_EQ(c.cores[1]->inboxes[1], expected);
    }
}

TEST(SpikeEngine, CountsPacketsAndHops) {
    Chip c;
    c.Add(2, 5, {{{0, 0, 1}, {1, 0, 1}, {2, 0, 1}, {WEFT_SPIKE_OUTSIDE, 999, 0}}, {{2, 0, 1}}});
    c.Add(7, 1, {{}, {}});
    c.Add(2, 5, {{}, {}});
    ASSERT_EQ(c.Ready(), WEFT_OK);
    ASSERT_EQ(c.Run(1, {{0, 0, 0}, {0, 0, 1}}), WEFT_OK);
    EXPECT_EQ(c.Counts(0).spikes, 2u);
    EXPECT_EQ(c.Counts(0).packets, 5u);
    EXPECT_EQ(c.Counts(0).packets_local, 1u);
    EXPECT_EQ(c.Counts(0).hops_x, 5u);
    EXPECT_EQ(c.Counts(0).hops_y, 4u);
    EXPECT_EQ(c.Counts(1).packets, 0u);
}

/* Hops of a target are kept where there is room for 8,190 of a dimension. */
TEST(SpikeEngine, CountsHopsOverAnyDistance) {
    const std::vector<std::pair<int, int>> routers = {{0, 0},    {8190, 0},  {8191, 0},
                                                      {8192, 5}, {3, -8191}, {-2000000000, 2000000000}};
    std::vector<weft_spike_target> targets;
    uint64_t x = 0, y = 0;
    Chip c;
    for (size_t i = 0; i < routers.size(); i++) {
        targets.push_back({uint32_t(i), 0, 1});
        x += uint64_t(std::abs(int64_t(routers[i].first) - 7)), y += uint64_t(std::abs(int64_t(routers[i].second) - 1));
    }
    for (const auto &router : routers) c.Add(router.first, router.second, {{}});
    c.Add(7, 1, {targets});
    ASSERT_EQ(c.Ready(), WEFT_OK);
    ASSERT_EQ(c.Run(1, {{0, uint32_t(routers.size()), 0}}), WEFT_OK);
    EXPECT_EQ(c.Counts(int(routers.size())).hops_x, x);
    EXPECT_EQ(c.Counts(int(routers.size())).hops_y, y);
    EXPECT_EQ(c.Counts(int(routers.size())).packets, routers.size());
    EXPECT_EQ(c.Counts(int(routers.size())).packets_local, 0u);
}

TEST(SpikeEngine, RestingCoresAreNotStepped) {
    Chip c;
    c.Add(0, 0, {{{1, 0, 10}}});
    c.Add(0, 0, {{}});
    c.Add(0, 0, {{}});
    ASSERT_EQ(c.Ready(), WEFT_OK);
    ASSERT_EQ(c.Run(100, {{20, 0, 0}}), WEFT_OK);
    EXPECT_EQ(c.cores[0]->steps, 2); /* the first tick, and the event's */
    EXPECT_EQ(c.cores[1]->steps, 2);
    EXPECT_EQ(c.cores[2]->steps, 1);
    EXPECT_EQ(c.Counts(1).busy_ticks, 2u);
    EXPECT_EQ(weft_spike_chip_membrane(c.chip, 1, 0), 200);
}

TEST(SpikeEngine, EventsOnTheirWayWaitForTheNextRun) {
    Chip c;
    c.Add(0, 0, {{{1, 0, 10}}});
    c.Add(0, 0, {{}});
    ASSERT_EQ(c.Ready(), WEFT_OK);
    ASSERT_EQ(c.Run(5, {{2, 0, 0}}), WEFT_OK);
    ASSERT_EQ(c.Run(0), WEFT_OK);
    ASSERT_EQ(c.Run(8), WEFT_OK);
    EXPECT_EQ(c.heard, (Heard{{2, 0, 0}, {12, 1, 0}}));
    weft_spike_chip_reset(c.chip);
    c.heard.clear();
    EXPECT_EQ(c.Counts(1).axon_events, 0u);
    ASSERT_EQ(c.Run(5, {{2, 0, 0}}), WEFT_OK);
    weft_spike_chip_reset(c.chip); /* drops the event */
    ASSERT_EQ(c.Run(30), WEFT_OK);
    EXPECT_EQ(c.heard, (Heard{{2, 0, 0}}));
}

TEST(SpikeEngine, StopsAfterAWholeTick) {
    Chip c;
    c.Add(0, 0, {{{0, 0, 1}}});
    ASSERT_EQ(c.Ready(), WEFT_OK);
    const volatile sig_atomic_t stop = 1;
    const std::vector<weft_spike_stimulus> later = {{1, 0, 0}};
    EXPECT_EQ(c.Run(5, later, &stop), WEFT_E_INTERRUPTED);
    EXPECT_STREQ(c.error.text, "interrupted after tick 0");
    EXPECT_EQ(weft_spike_chip_tick(c.chip), 1u);
    EXPECT_EQ(c.Run(2, later), WEFT_OK); /* the stimulus was not taken before */
    EXPECT_EQ(c.heard, (Heard{{1, 0, 0}, {2, 0, 0}}));
    EXPECT_EQ(c.Run(1, {}, &stop), WEFT_OK); /* nothing left to stop */
}

/* ---- refusals ---- */

std::string Target(const weft_spike_target &target) {
    Chip c;
    c.Add(0, 0, {{}, {{0, 0, 1}, target}});
    c.Add(0, 0, {{{0, 1, 1}}, {}}, 5);
    EXPECT_EQ(c.Ready(), WEFT_E_INVALID);
    EXPECT_EQ(c.Run(1), WEFT_E_INVALID);
    EXPECT_STREQ(c.error.text, "the chip is not ready");
    weft_spike_chip_ready(c.chip, &c.error);
    return c.error.text;
}

TEST(SpikeEngine, RefusesTargets) {
    EXPECT_EQ(Target({2, 0, 1}), "core 0, neuron 1, target 1: core 2 does not exist; the chip has 2");
    EXPECT_EQ(Target({1, 5, 1}), "core 0, neuron 1, target 1: axon 5 does not exist; core 1 has 5");
    EXPECT_EQ(Target({1, 4, 0}), "core 0, neuron 1, target 1: a delay of 0 ticks; allowed are 1 .. 63");
    EXPECT_EQ(Target({1, 4, 64}), "core 0, neuron 1, target 1: a delay of 64 ticks; allowed are 1 .. 63");
}

TEST(SpikeEngine, RefusesCores) {
    Chip c;
    EXPECT_EQ(c.Ready(), WEFT_E_INVALID);
    EXPECT_STREQ(c.error.text, "a spiking chip without cores");
    EXPECT_EQ(c.Add(0, 0, {}), WEFT_E_INVALID);
    EXPECT_STREQ(c.error.text, "core 0: 0 axons; allowed are 1 .. 65536");
    EXPECT_EQ(c.Add(0, 0, {}, 1), WEFT_E_INVALID);
    EXPECT_STREQ(c.error.text, "core 0: 0 neurons; allowed are 1 .. 65536");
    EXPECT_EQ(c.Add(0, 0, {{}}, 65537), WEFT_E_INVALID);
    EXPECT_EQ(c.Add(0, 0, {{}}, 65536), WEFT_OK);
    ASSERT_EQ(c.Ready(), WEFT_OK);
    EXPECT_EQ(c.Ready(), WEFT_E_INVALID);
    EXPECT_STREQ(c.error.text, "the chip is ready already");
    EXPECT_EQ(c.Add(0, 0, {{}}), WEFT_E_INVALID);
    EXPECT_STREQ(c.error.text, "core 1: the chip is ready; cores come before");
}

/* An event is a core and an axon in 32 bits. */
TEST(SpikeEngine, RefusesMoreAxonsThanEventsCanName) {
    const weft_spike_kind nothing = {"nothing",     "",     RepeaterStep, RepeaterMembrane, RepeaterReset,
                                     [](void *) {}, nullptr};
    const uint64_t first[] = {0, 0};
    const weft_spike_core core{&nothing, nullptr, 32769, 1, 0, 0, first, nullptr};
    Chip c;
    for (int i = 0; i < 65537; i++) ASSERT_EQ(weft_spike_chip_add(c.chip, &core, nullptr), WEFT_OK);
    EXPECT_EQ(c.Ready(), WEFT_E_INVALID);
    EXPECT_STREQ(c.error.text, "65537 cores of up to 32769 axons; events name 2^32 axons of a chip, the same number of "
                               "each core, a power of two");
}

TEST(SpikeEngine, RefusesStimuli) {
    Chip c;
    c.Add(0, 0, {{}, {}});
    ASSERT_EQ(c.Ready(), WEFT_OK);
    ASSERT_EQ(c.Run(2), WEFT_OK);
    EXPECT_EQ(c.Run(9, {{1, 0, 0}}), WEFT_E_INVALID);
    EXPECT_STREQ(c.error.text, "stimulus 0: tick 1 comes after tick 2");
    EXPECT_EQ(c.Run(9, {{5, 0, 0}, {4, 0, 0}}), WEFT_E_INVALID);
    EXPECT_STREQ(c.error.text, "stimulus 1: tick 4 comes after tick 5");
    EXPECT_EQ(c.Run(9, {{5, 1, 0}}), WEFT_E_INVALID);
    EXPECT_STREQ(c.error.text, "stimulus 0: core 1 does not exist; the chip has 1");
    EXPECT_EQ(c.Run(9, {{5, 0, 2}}), WEFT_E_INVALID);
    EXPECT_STREQ(c.error.text, "stimulus 0: axon 2 does not exist; core 0 has 2");
    EXPECT_EQ(weft_spike_chip_tick(c.chip), 2u);
}

} // namespace
