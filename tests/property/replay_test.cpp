// Random traces on random chips: the replay against one that looks at every record in every cycle.
#include "tests/support/replay_reference.h"

namespace {

using namespace weft_test;

weft_chip random_chip(std::mt19937 &random, int cores) {
    const int width = 1 + int(random() % 3), concentration = 1 + int(random() % 2);
    weft_chip c = mesh_chip(width, (cores + width * concentration - 1) / (width * concentration), concentration);
    c.noc.vcs = 1 + int64_t(random() % 3), c.noc.buffer_flits = 1 + int64_t(random() % 8);
    c.noc.speculative = random() % 2;
    c.noc.route_cycles = int64_t(random() % 2), c.noc.link_cycles = 1 + int64_t(random() % 3);
    c.noc.credit_cycles = int64_t(random() % 3);
    c.noc.multicast = random() % 2;
    c.noc.flit_bits = 16 + int64_t(random() % 64);
    c.io.bits_per_cycle = 1 + int64_t(random() % 20);
    c.io.router[0] = int64_t(random() % unsigned(width));
    c.noc.link_cycles_y = c.noc.link_cycles, c.noc.credit_cycles_y = c.noc.credit_cycles;
    c.mvm_interval_cycles = 1 + int64_t(random() % 9);
    c.mvm_latency_cycles = c.mvm_interval_cycles + int64_t(random() % 20);
    c.core.digital_lanes = 1 + int64_t(random() % 4);
    c.core.digital_ns.value = double(random() % 4);
    return c;
}

TEST(ReplayProperty, EveryRecordHasTheTimesOfTheReference) {
    std::mt19937 random(21);
    for (unsigned seed = 0; seed < 120; seed++) {
        const int cores = 1 + int(seed % 7);
        const random_trace trace(seed, cores, int(random() % 250), true);
        const weft_chip chip = random_chip(random, cores);
        const naive_replay expected(trace.get(), chip);
        const timed_replay actual(trace.get(), chip);
        ASSERT_EQ(actual.status, WEFT_OK) << actual.err.text;
        ASSERT_EQ(actual.found.start, expected.found.start) << "seed " << seed;
        ASSERT_EQ(actual.found.finish, expected.found.finish) << "seed " << seed;
        EXPECT_EQ(actual.timing->packets, expected.statistics.packets_delivered);
        EXPECT_EQ(actual.timing->flits, expected.statistics.flits_delivered);
        EXPECT_EQ(actual.timing->flit_hops, expected.statistics.link_flits);
        EXPECT_EQ(actual.timing->latency_sum_cycles, expected.statistics.latency_sum);
        EXPECT_EQ(actual.timing->latency_max_cycles, expected.statistics.latency_max);
        weft_event_counts all{};
        for (int c = 0; c <= chip.core_count; c++) weft_event_counts_add(&all, &actual.timing->cores[c].events);
        EXPECT_EQ(all.n[WEFT_EVENT_ROUTER_FLIT], expected.statistics.router_flits);
        EXPECT_EQ(all.n[WEFT_EVENT_LINK_FLIT], expected.statistics.link_flits);
    }
}

/* Operations far apart: the calendar's heap. */
TEST(ReplayProperty, LongWaitsHaveTheTimesOfTheReference) {
    std::mt19937 random(22);
    for (unsigned seed = 0; seed < 12; seed++) {
        const random_trace trace(1000 + seed, 3, 40, true);
        weft_chip chip = random_chip(random, 3);
        chip.mvm_interval_cycles = 700 + int64_t(random() % 300);
        chip.mvm_latency_cycles = chip.mvm_interval_cycles + 5000;
        const naive_replay expected(trace.get(), chip);
        const timed_replay actual(trace.get(), chip);
        ASSERT_EQ(actual.status, WEFT_OK) << actual.err.text;
        ASSERT_EQ(actual.found.start, expected.found.start) << "seed " << seed;
        ASSERT_EQ(actual.found.finish, expected.found.finish) << "seed " << seed;
    }
}

/* Taking the time out of something never makes a run longer where nothing is shared but servers. */
TEST(ReplayProperty, WithoutAServerNothingTakesLonger) {
    std::mt19937 random(23);
    for (unsigned seed = 0; seed < 40; seed++) {
        const random_trace trace(2000 + seed, 4, 150, true);
        const weft_chip chip = random_chip(random, 4);
        const timed_replay whole(trace.get(), chip, {-1, -1, true, false});
        ASSERT_EQ(whole.status, WEFT_OK) << whole.err.text;
        for (int kind = 0; kind < WEFT_SERVER_KINDS; kind++) {
            const timed_replay without(trace.get(), chip, {kind, -1, true, false});
            ASSERT_EQ(without.status, WEFT_OK) << without.err.text;
            for (size_t i = 0; i < whole.found.finish.size(); i++)
                ASSERT_LE(without.found.finish[i], whole.found.finish[i]) << "seed " << seed << " record " << i;
        }
    }
}

} // namespace
