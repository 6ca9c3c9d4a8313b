/* Timed random networks: nothing is lost, packets go as far as the functional engine says, and neither threads nor the
 * ticks before change a tick. */
#include <numeric>

#include "tests/support/random_ticks.h"

namespace {

using namespace weft_test;

TEST(SpikeTimingProperty, PacketsAndHopsAreTheEngines) {
    for (uint64_t seed = 1; seed <= 4; seed++) {
        const int side = 3 + int(seed);
        const std::string mesh = "noc.mesh=[" + std::to_string(side) + "," + std::to_string(side) + "]";
        const random_network net = run_random(side, seed, seed % 2 ? 0 : 1.5, 60);
        ASSERT_GT(net.packets, 1000u);
        const chip_ptr chip = load_chip("truenorth", {mesh.c_str()});
        const timed t = time_ticks(chip.get(), net.ticks);
        ASSERT_EQ(t.status, WEFT_OK) << t.err.text;
        EXPECT_EQ(t.summary.packets, net.packets);
        EXPECT_EQ(t.summary.hops, net.hops);
        EXPECT_EQ(std::accumulate(t.links.begin(), t.links.end(), uint64_t(0)), net.hops);
        for (size_t i = 0; i < t.times.size(); i++) {
            const tick_copy &tick = net.ticks[i];
            EXPECT_EQ(t.times[i].tick, i);
            EXPECT_EQ(t.times[i].packets, tick.packets.size());
            uint64_t longest = 0, sum = 0;
            for (const weft_tick_packet &p : tick.packets) {
                const uint64_t alone = zero_load(chip.get(), int(p.source), int(p.target));
                longest = std::max(longest, alone), sum += alone;
            }
            EXPECT_GE(t.times[i].network_cycles, longest);
            EXPECT_GE(t.times[i].latency_sum, sum);
            EXPECT_LE(t.times[i].latency_sum, sum + tick.packets.size() * tick.packets.size()); /* all in one queue */
        }
    }
}

/* Every kind of router: what went before leaves no trace, and threads are not seen. */
TEST(SpikeTimingProperty, TicksAreIndependent) {
    const random_network net = run_random(6, 9, 0, 40);
    const std::vector<std::vector<const char *>> kinds = {
        {},
        {"noc.vcs=3", "noc.speculative=true"},
        {"noc.vcs=2", "noc.topology=torus"},
        {"noc.routing=west_first"},
        {"noc.vcs=2", "noc.routing=adaptive", "noc.escape_vcs=1"},
        {"noc.routing=yx", "noc.multicast=true"},
        {"noc.chips=[2,1]", "noc.chip_link_cycles=20", "noc.chip_link_interval=4"},
    };
    for (std::vector<const char *> set : kinds) {
        set.push_back("noc.mesh=[6,6]");
        const chip_ptr chip = load_chip("truenorth", set);
        const timed all = time_ticks(chip.get(), net.ticks, 1);
        ASSERT_EQ(all.status, WEFT_OK) << all.err.text;
        EXPECT_EQ(std::accumulate(all.links.begin(), all.links.end(), uint64_t(0)), all.summary.hops) << set[0];
        if (chip->noc.topology == WEFT_CHIP_MESH)
            EXPECT_EQ(all.summary.hops, net.hops) << set[0];
        else
            EXPECT_LT(all.summary.hops, net.hops); /* some go the other way round */
        for (const int threads : {2, 3}) {
            const timed again = time_ticks(chip.get(), net.ticks, threads);
            EXPECT_TRUE(same_times(all.times, again.times)) << set[0] << ", " << threads << " threads";
            EXPECT_EQ(all.links, again.links);
        }
        for (size_t i = 0; i < net.ticks.size(); i += 3) {
            const timed alone = time_ticks(chip.get(), {net.ticks[i]});
            EXPECT_TRUE(same_times({all.times[i]}, alone.times)) << set[0] << ", tick " << i;
        }
    }
}

/* More ticks than are gathered at a time. */
TEST(SpikeTimingProperty, TicksGatherAndAreTimed) {
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[2,2]"});
    std::vector<tick_copy> ticks(2500, one_spike(0, 3));
    for (size_t i = 0; i < ticks.size(); i++) ticks[i].number = 2 * i;
    const timed t = time_ticks(chip.get(), ticks);
    ASSERT_EQ(t.times.size(), ticks.size());
    for (size_t i = 0; i < ticks.size(); i++) {
        EXPECT_EQ(t.times[i].tick, 2 * i);
        EXPECT_EQ(t.times[i].cycles, zero_load(chip.get(), 0, 3));
    }
}

/* Delays of cores: ticks are never shorter, and packets are as many. */
TEST(SpikeTimingProperty, SlowerCoresTakeLonger) {
    const random_network net = run_random(4, 3, 0, 30);
    const auto with = [&](const char *ns) {
        const std::string value =
            "spike_latency.update_active_ns={value: " + std::string(ns) + ", evidence: assumed, source: test}";
        return time_ticks(load_chip("truenorth", {"noc.mesh=[4,4]", value.c_str()}).get(), net.ticks);
    };
    const timed none = with("0"), some = with("3"), more = with("30");
    for (size_t i = 0; i < net.ticks.size(); i++) {
        EXPECT_GE(some.times[i].cycles, some.times[i].cores_cycles);
        EXPECT_GE(more.times[i].cycles, some.times[i].cycles);
        EXPECT_GE(more.times[i].cores_cycles, none.times[i].cores_cycles);
        EXPECT_EQ(some.times[i].packets, none.times[i].packets);
        EXPECT_EQ(some.times[i].hops, none.times[i].hops);
    }
    EXPECT_EQ(none.summary.bound_by, WEFT_TICK_NETWORK);
    EXPECT_EQ(more.summary.bound_by, WEFT_TICK_CORES);
}

} // namespace
