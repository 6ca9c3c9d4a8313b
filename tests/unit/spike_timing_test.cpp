/* Ticks of spiking chips timed by hand: packets alone, cores of known work, barriers, the host, trees, deadlines. */
#include <algorithm>
#include <cmath>

#include "tests/support/tick_fixture.h"

namespace {

using namespace weft_test;

/* ---- packets ---- */

TEST(SpikeTiming, ASpikeAloneTakesTheClosedForm) {
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[8,8]"});
    for (const auto &[from, to] : {std::pair{0, 63}, {5, 5}, {9, 10}, {63, 7}}) {
        const timed t = time_ticks(chip.get(), {one_spike(uint32_t(from), uint32_t(to))});
        ASSERT_EQ(t.status, WEFT_OK) << t.err.text;
        const uint64_t expected = zero_load(chip.get(), from, to);
        const uint64_t hops = uint64_t(std::abs(from % 8 - to % 8) + std::abs(from / 8 - to / 8));
        EXPECT_EQ(expected, 4 * (hops + 1) + 2); /* docs/noc.md: 4 N + 1 + L */
        EXPECT_EQ(t.times[0].network_cycles, expected);
        EXPECT_EQ(t.times[0].cycles, expected);
        EXPECT_EQ(t.times[0].latency_sum, expected);
        EXPECT_EQ(t.times[0].latency_max, expected);
        EXPECT_EQ(t.times[0].hops, hops);
        EXPECT_EQ(t.times[0].packets, 1u);
        EXPECT_EQ(t.times[0].cores_cycles, 0u); /* nothing is known of these cores' time */
        EXPECT_EQ(t.times[0].barrier_cycles, 0u);
    }
}

/* Two spikes for one core meet at its port: the one VC is taken and won in two cycles, so the second is two behind. */
TEST(SpikeTiming, PacketsWaitForEachOther) {
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[8,8]"});
    const timed t = time_ticks(chip.get(), {{0, {{0, 1, 1, 0}, {2, 1, 1, 0}}, {{0, 0, 1}, {2, 0, 1}}}});
    ASSERT_EQ(t.status, WEFT_OK) << t.err.text;
    const uint64_t alone = zero_load(chip.get(), 0, 1);
    EXPECT_EQ(alone, zero_load(chip.get(), 2, 1));
    EXPECT_EQ(t.times[0].latency_sum, 2 * alone + 2);
    EXPECT_EQ(t.times[0].latency_max, alone + 2);
}

/* ---- cores ---- */

/* 10 synaptic events of 3.5 ns, 4 updates of 8.4 ns, 6 of 5.3 ns: 100.4 ns; a neuron's update 6.54 ns in the mean. */
TEST(SpikeTiming, CoresTakeTheirEventsAndUpdates) {
    const chip_ptr chip = load_chip("loihi1");
    const timed t = time_ticks(chip.get(), {{7, {{0, 10, 4, 6}}, {}}});
    ASSERT_EQ(t.status, WEFT_OK) << t.err.text;
    EXPECT_EQ(t.times[0].tick, 7u);
    EXPECT_EQ(t.times[0].cores_cycles, 101u);
    EXPECT_EQ(t.times[0].network_cycles, 0u);
    EXPECT_EQ(t.times[0].barrier_cycles, 113u);
    EXPECT_EQ(t.times[0].cycles, 214u);
}

/* Neuron k's packet leaves after 35 + 6.54 (k + 1) + 2.1 ns. Core 40's router is 2 links along x and 1 along y away. */
TEST(SpikeTiming, NeuronsHandOverAfterTheirUpdates) {
    const chip_ptr chip = load_chip("loihi1");
    for (const auto &[order, cycle] : {std::pair{0u, 44u}, {4u, 70u}, {9u, 103u}}) {
        const timed t = time_ticks(chip.get(), {{0, {{0, 10, 4, 6}}, {{0, order, 40}}}});
        ASSERT_EQ(t.status, WEFT_OK) << t.err.text;
        EXPECT_EQ(t.times[0].latency_sum, zero_load(chip.get(), 0, 40));
        EXPECT_EQ(t.times[0].network_cycles, cycle + zero_load(chip.get(), 0, 40));
        EXPECT_EQ(t.times[0].cycles, std::max<uint64_t>(101, t.times[0].network_cycles) + 113);
        EXPECT_EQ(t.times[0].hops, 3u);
    }
}

/* A slower clock: the same nanoseconds in fewer cycles. ODIN's two clocks an event are exact. */
TEST(SpikeTiming, TimesAreWholeCyclesAtTheEnd) {
    const chip_ptr loihi = load_chip("loihi1", {"clock.cycle_ns=10"}), odin = load_chip("odin");
    EXPECT_EQ(time_ticks(loihi.get(), {{0, {{0, 10, 4, 6}}, {}}}).times[0].cycles, 11u + 12u);
    for (const uint32_t events : {1u, 3u, 1000u, 65536u})
        EXPECT_EQ(time_ticks(odin.get(), {{0, {{0, events, 1, 255}}, {}}}).times[0].cores_cycles, 2 * events);
}

TEST(SpikeTiming, RowsOfMemoryAreReadWithUpdates) {
    const char text[] = "spike_latency.row_bit_ns={value: 0.5, evidence: assumed, source: test}";
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[2,2]", "synapse.row_bits=100", text});
    EXPECT_EQ(time_ticks(chip.get(), {{0, {{0, 9, 1, 2}}, {}}}).times[0].cores_cycles, 75u); /* 3 x 50 ns */
}

/* ---- barrier ---- */

TEST(SpikeTiming, TheBarrierGrowsWithTilesThatWorked) {
    const chip_ptr chip = load_chip("loihi1");
    const auto barrier = [&](const std::vector<uint32_t> &cores) {
        tick_copy tick;
        for (const uint32_t core : cores) tick.cores.push_back({core, 0, 0, 1});
        return time_ticks(chip.get(), {tick}).times[0].barrier_cycles;
    };
    EXPECT_EQ(barrier({}), 113u);
    EXPECT_EQ(barrier({0, 1, 2, 3}), 113u); /* one tile */
    EXPECT_EQ(barrier({3, 4}), 125u);       /* 124.35 ns */
    EXPECT_EQ(barrier({0, 1, 4, 127}), 136u);
    std::vector<uint32_t> all(128);
    for (uint32_t c = 0; c < 128; c++) all[c] = c;
    EXPECT_EQ(barrier(all), 465u); /* as published */
}

/* ---- host ---- */

/* A packet of 32 bits every 4 cycles of 8 bits; each is alone in the network. */
TEST(SpikeTiming, InputComesAtTheHostsPace) {
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[8,8]", "io.bits_per_cycle=8"});
    const int host = chip->host_terminal;
    tick_copy tick;
    for (uint32_t i = 0; i < 10; i++) tick.packets.push_back({WEFT_TICK_HOST, i, 20});
    const timed t = time_ticks(chip.get(), {tick});
    ASSERT_EQ(t.status, WEFT_OK) << t.err.text;
    EXPECT_EQ(t.times[0].network_cycles, 40 + zero_load(chip.get(), host, 20));
    EXPECT_EQ(t.times[0].latency_sum, 10 * zero_load(chip.get(), host, 20));
    EXPECT_EQ(t.times[0].hops, 60u); /* from (0, 0) to (4, 2) */
}

TEST(SpikeTiming, SpikesLeaveForTheHost) {
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[8,8]", "io.router=[7,0]"});
    const timed t = time_ticks(chip.get(), {one_spike(0, WEFT_TICK_HOST)});
    ASSERT_EQ(t.status, WEFT_OK) << t.err.text;
    EXPECT_EQ(t.times[0].hops, 7u);
    EXPECT_EQ(t.times[0].cycles, zero_load(chip.get(), 0, chip->host_terminal));
}

/* ---- trees ---- */

TEST(SpikeTiming, ATreeCrossesEachLinkOnce) {
    const tick_copy tick = {0, {{0, 1, 1, 0}}, {{0, 0, 1}, {0, 0, 2}, {0, 0, 3}}};
    const chip_ptr unicast = load_chip("truenorth", {"noc.mesh=[8,8]"});
    const chip_ptr multicast = load_chip("truenorth", {"noc.mesh=[8,8]", "noc.multicast=true"});
    const timed one = time_ticks(unicast.get(), {tick}), tree = time_ticks(multicast.get(), {tick});
    ASSERT_EQ(tree.status, WEFT_OK) << tree.err.text;
    EXPECT_EQ(one.times[0].hops, 6u);
    EXPECT_EQ(tree.times[0].hops, 3u);
    EXPECT_EQ(one.times[0].packets, 3u);
    EXPECT_EQ(tree.times[0].packets, 3u);
    EXPECT_EQ(one.links[0], 3u); /* from router 0 to the east */
    EXPECT_EQ(tree.links[0], 1u);
    EXPECT_EQ(tree.times[0].cycles, zero_load(unicast.get(), 0, 3));
    EXPECT_EQ(one.times[0].cycles, zero_load(unicast.get(), 0, 3) + 4); /* behind two others */
}

/* Two axons of core 2 want a packet each; packets of different spikes are different trees. */
TEST(SpikeTiming, ATreeReachesACoreOnce) {
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[8,8]", "noc.multicast=true"});
    const timed t = time_ticks(chip.get(), {{0, {{0, 1, 2, 0}}, {{0, 0, 1}, {0, 0, 2}, {0, 0, 2}, {0, 1, 1}}}});
    ASSERT_EQ(t.status, WEFT_OK) << t.err.text;
    EXPECT_EQ(t.times[0].packets, 4u);
    EXPECT_EQ(t.times[0].hops, 2u + 2u + 1u);
    EXPECT_EQ(t.links[0], 3u);
}

/* A packet of two flits does not fit a buffer of one: packets, as without trees. */
TEST(SpikeTiming, LongPacketsAreNoTrees) {
    const std::vector<const char *> set = {"noc.mesh=[8,8]", "noc.multicast=true", "noc.header_bits=40",
                                           "noc.buffer_flits=1"};
    const timed t = time_ticks(load_chip("truenorth", set).get(), {{0, {{0, 1, 1, 0}}, {{0, 0, 1}, {0, 0, 2}}}});
    ASSERT_EQ(t.status, WEFT_OK) << t.err.text;
    EXPECT_EQ(t.times[0].hops, 3u);
    EXPECT_EQ(t.links[0], 4u); /* flits */
}

/* ---- deadlines ---- */

TEST(SpikeTiming, ADeadlineIsMetOnTheDotAndMissedBehindIt) {
    const auto with = [](const char *tick_ns) {
        const std::string set = std::string("clock.tick_ns=") + tick_ns;
        return time_ticks(load_chip("truenorth", {"noc.mesh=[8,8]", set.c_str()}).get(), {one_spike(0, 63)}).summary;
    };
    EXPECT_EQ(with("124").fastest_tick_ns, 124); /* 62 cycles of 2 ns */
    EXPECT_EQ(with("124").missed, 0u);
    EXPECT_EQ(with("125.9").missed, 0u);
    EXPECT_EQ(with("123.9").missed, 1u);
    EXPECT_DOUBLE_EQ(with("123.9").seconds, 124e-9);
    EXPECT_DOUBLE_EQ(with("500").seconds, 500e-9);
}

TEST(SpikeTiming, TicksWithoutADeadlineFollowAtOnce) {
    const chip_ptr chip = load_chip("loihi1");
    const timed t = time_ticks(chip.get(), {{0, {{0, 10, 4, 6}}, {}}, {1, {}, {}}});
    EXPECT_EQ(t.summary.tick_ns, 0);
    EXPECT_EQ(t.summary.missed, 0u);
    EXPECT_DOUBLE_EQ(t.summary.seconds, (214 + 113) * 1e-9);
}

/* ---- summary ---- */

weft_spike_timing_summary sum(const weft_chip *chip, const std::vector<weft_tick_time> &times,
                              std::vector<uint64_t> links = {}) {
    links.resize(size_t(chip->router_count) * 4);
    const weft_spike_timing_result result = {times.data(), times.size(), links.data()};
    weft_spike_timing_summary s;
    weft_spike_timing_summarise(&s, chip, &result);
    return s;
}

TEST(SpikeTimingSummary, TheLongestPartBounds) {
    const auto bound = [](uint64_t cores, uint64_t network, uint64_t barrier) {
        const weft_tick_time t = {0, cores, network, barrier, std::max(cores, network) + barrier, 0, 0, 0, 0};
        return weft_tick_bound_of(&t);
    };
    EXPECT_EQ(bound(100, 120, 50), WEFT_TICK_CORES); /* the network's own part is 20 */
    EXPECT_EQ(bound(100, 201, 50), WEFT_TICK_NETWORK);
    EXPECT_EQ(bound(100, 200, 50), WEFT_TICK_CORES);
    EXPECT_EQ(bound(100, 80, 101), WEFT_TICK_BARRIER);
    EXPECT_EQ(bound(0, 80, 80), WEFT_TICK_NETWORK);
    EXPECT_EQ(bound(0, 0, 0), WEFT_TICK_CORES);
    EXPECT_STREQ(weft_tick_bound_names[WEFT_TICK_BARRIER], "barrier");
}

TEST(SpikeTimingSummary, AddsUp) {
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[3,2]", "clock.tick_ns=100"});
    std::vector<uint64_t> links(24);
    links[4 * 1 + 0] = 30, links[4 * 4 + 2] = 12;
    const weft_spike_timing_summary s = sum(chip.get(),
                                            {{3, 10, 30, 5, 35, 4, 9, 80, 25},
                                             {4, 0, 0, 5, 5, 0, 0, 0, 0},
                                             {5, 40, 45, 6, 51, 2, 4, 40, 30},
                                             {6, 1, 51, 0, 51, 4, 9, 80, 25}},
                                            links);
    EXPECT_EQ(s.ticks, 4u);
    EXPECT_EQ(s.missed, 2u); /* 102 ns */
    EXPECT_DOUBLE_EQ(s.mean_cycles, 35.5);
    EXPECT_EQ(s.longest_cycles, 51u);
    EXPECT_EQ(s.longest_tick, 5u);
    EXPECT_EQ(s.fastest_tick_ns, 102);
    EXPECT_DOUBLE_EQ(s.seconds, 404e-9);
    EXPECT_EQ(s.packets, 10u);
    EXPECT_EQ(s.hops, 22u);
    EXPECT_DOUBLE_EQ(s.latency_ns_mean, 40);
    EXPECT_DOUBLE_EQ(s.latency_ns_max, 60);
    EXPECT_EQ(s.bound[WEFT_TICK_CORES], 1u);
    EXPECT_EQ(s.bound[WEFT_TICK_NETWORK], 2u);
    EXPECT_EQ(s.bound[WEFT_TICK_BARRIER], 1u);
    EXPECT_EQ(s.bound_by, WEFT_TICK_NETWORK);
    EXPECT_EQ(s.router, 1);
    EXPECT_EQ(s.direction, 0);
    EXPECT_EQ(s.router_flits, 30u);
    EXPECT_DOUBLE_EQ(s.load, 30.0 / 126);
    EXPECT_DOUBLE_EQ(s.mean_load, 42.0 / 126 / 14); /* 3 x 2 routers: 2 x (2 x 2 + 3) links */
}

TEST(SpikeTimingSummary, OfNothing) {
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[2,2]"});
    const weft_spike_timing_summary s = sum(chip.get(), {});
    EXPECT_EQ(s.ticks, 0u);
    EXPECT_TRUE(std::isnan(s.mean_cycles));
    EXPECT_TRUE(std::isnan(s.latency_ns_mean));
    EXPECT_EQ(s.fastest_tick_ns, 0);
    EXPECT_EQ(s.router, -1);
}

TEST(SpikeTimingSummary, SaysWhatIsNotKnown) {
    const auto unknown = [](const char *name) {
        char text[200];
        weft_spike_timing_unknown(text, sizeof text, load_chip(name).get());
        return std::string(text);
    };
    EXPECT_EQ(unknown("loihi1"), "spike");
    EXPECT_EQ(unknown("odin"), "update_active, update_inactive, spike, packet, barrier");
    EXPECT_EQ(unknown("truenorth"), "synaptic_event, update_active, update_inactive, spike, packet, barrier");
    char text[8];
    weft_spike_timing_unknown(text, sizeof text, load_chip("odin").get());
    EXPECT_STREQ(text, "update_");
}

/* ---- refusals ---- */

TEST(SpikeTiming, RefusesWhatTheChipHasNot) {
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[4,2]"});
    for (const tick_copy &tick : {one_spike(8, 0), one_spike(0, 8)}) {
        const timed t = time_ticks(chip.get(), {tick});
        EXPECT_EQ(t.status, WEFT_E_INVALID);
        EXPECT_STREQ(t.err.text,
                     "tick 0 needs core 8; chip 'truenorth' has the cores 0 to 7 (4 x 2 routers with 1 each)");
    }
    const timed t = time_ticks(load_chip("isaac-ce").get(), {});
    EXPECT_EQ(t.status, WEFT_E_INVALID);
    EXPECT_STREQ(t.err.text, "chip 'isaac-ce' has no ticks of spikes to time: it is no spiking chip");
}

TEST(SpikeTiming, RefusesWhatIsNoTick) {
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[4,2]"});
    const auto text = [&](const tick_copy &tick) {
        const timed t = time_ticks(chip.get(), {tick});
        EXPECT_EQ(t.status, WEFT_E_INVALID);
        return std::string(t.err.text);
    };
    EXPECT_EQ(text({1, {{3, 0, 0, 0}, {3, 0, 0, 0}}, {}}), "tick 1: core 3 comes after core 3; cores ascend");
    EXPECT_EQ(text({1, {{1U << 24, 0, 0, 0}}, {}}), "tick 1: core 16777216 is above 16777215");
    EXPECT_EQ(text({1, {{0, 1, 1, 0}}, {{1, 0, 0}}}), "tick 1: a packet from core 1, which did not work");
    EXPECT_EQ(text({1, {{0, 1, 1, 1}}, {{0, 2, 0}}}),
              "tick 1: a packet from core 0 with 2 neurons before it; 2 are updated");
    EXPECT_EQ(text({1, {{0, 1, 2, 0}}, {{0, 1, 0}, {0, 0, 0}}}),
              "tick 1: packet 1 is not in the order of source, order, target");
    EXPECT_EQ(text({1, {{0, 1, 2, 0}}, {{0, 1, 2}, {0, 1, 1}}}),
              "tick 1: packet 1 is not in the order of source, order, target");
    EXPECT_EQ(text({1, {{0, 1, 2, 0}}, {{0, 1, 1U << 24}}}),
              "tick 1: a packet to core 16777216, which is above 16777215");
}

TEST(SpikeTiming, RefusesWorkWithoutEnd) {
    const char text[] = "spike_latency.synaptic_event_ns={value: 1000, evidence: assumed, source: test}";
    const chip_ptr chip = load_chip("odin", {"clock.cycle_ns=0.001", text});
    const timed t = time_ticks(chip.get(), {{2, {{0, UINT32_MAX, 1, 0}}, {}}});
    EXPECT_EQ(t.status, WEFT_E_INVALID);
    EXPECT_NE(std::string(t.err.text).find("tick 2: a core works 4.29497e+15 cycles, above 2.81475e+14"),
              std::string::npos)
        << t.err.text;
}

TEST(SpikeTiming, EndsWhenItIsToldTo) {
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[4,2]"});
    const volatile sig_atomic_t stop = 1;
    const weft_spike_timing_options options = {2, &stop};
    weft_spike_timing *timing = nullptr;
    weft_error err{};
    ASSERT_EQ(weft_spike_timing_create(&timing, chip.get(), &options, &err), WEFT_OK);
    const tick_copy tick = one_spike(0, 1);
    const weft_tick view = tick.view();
    EXPECT_EQ(weft_spike_timing_add(timing, &view, &err), WEFT_OK);
    EXPECT_EQ(weft_spike_timing_finish(timing, &err), WEFT_E_INTERRUPTED);
    EXPECT_STREQ(err.text, "interrupted at tick 0");
    weft_spike_timing_destroy(timing);
}

} // namespace
