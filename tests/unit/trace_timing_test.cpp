// Counts over time, and the steady state of a pipeline's images.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "sim/trace/timing.h"

namespace {

weft_event_counts one(weft_event event, uint64_t count = 1) {
    weft_event_counts c{};
    c.n[event] = count;
    return c;
}

TEST(TraceTiming, CountsByStageCoreAndTime) {
    weft_timing *t = nullptr;
    ASSERT_EQ(weft_timing_create(&t, 2, 3, 4, 5, nullptr), WEFT_OK);
    const auto read = one(WEFT_EVENT_ARRAY_READ, 7), flit = one(WEFT_EVENT_LINK_FLIT);
    weft_timing_count(t, 1, 2, 0, &read);
    weft_timing_count(t, -1, 4, 9, &flit);
    EXPECT_EQ(t->stage_events[1].n[WEFT_EVENT_ARRAY_READ], 7U);
    EXPECT_EQ(t->cores[2].events.n[WEFT_EVENT_ARRAY_READ], 7U);
    EXPECT_EQ(t->stage_events[3].n[WEFT_EVENT_LINK_FLIT], 1U); /* the host's input */
    EXPECT_EQ(t->cores[4].events.n[WEFT_EVENT_LINK_FLIT], 1U);
    EXPECT_EQ(t->bin_cycles, 1U);
    EXPECT_EQ(t->bin_count, 10);
    EXPECT_EQ(t->bins[0].n[WEFT_EVENT_ARRAY_READ], 7U);
    EXPECT_EQ(t->bins[9].n[WEFT_EVENT_LINK_FLIT], 1U);
    weft_timing_destroy(t);
    weft_timing_destroy(nullptr);
}

/* Whatever the order in which they come, events land in the bins of their cycles and none is lost. */
TEST(TraceTiming, BinsDoubleWithTheRun) {
    std::mt19937 random(3);
    for (uint64_t last : {199U, 200U, 399U, 400U, 12345U}) {
        weft_timing *t = nullptr;
        ASSERT_EQ(weft_timing_create(&t, 1, 1, 1, 1, nullptr), WEFT_OK);
        std::vector<uint64_t> at(500);
        for (uint64_t &cycle : at) cycle = random() % (last + 1);
        at[random() % at.size()] = last;
        const auto event = one(WEFT_EVENT_POOL);
        for (uint64_t cycle : at) weft_timing_count(t, 0, 0, cycle, &event);
        EXPECT_EQ(t->bin_count, int(last / t->bin_cycles) + 1);
        EXPECT_LE(t->bin_count, WEFT_TIMING_BINS);
        if (t->bin_cycles > 1) { EXPECT_GT(t->bin_count, WEFT_TIMING_BINS / 2); }
        std::vector<uint64_t> expected(WEFT_TIMING_BINS);
        for (uint64_t cycle : at) expected[cycle / t->bin_cycles]++;
        for (int b = 0; b < WEFT_TIMING_BINS; b++)
            ASSERT_EQ(t->bins[b].n[WEFT_EVENT_POOL], expected[size_t(b)]) << "bin " << b << " of " << last;
        weft_timing_destroy(t);
    }
}

TEST(TraceTiming, SteadyStateBeginsBehindTheFill) {
    std::vector<uint64_t> end{1000, 1700, 2100, 2400}; /* fills */
    while (end.size() < 16) end.push_back(end.back() + 250);
    const weft_steady s = weft_timing_steady(end.data(), end.size());
    EXPECT_EQ(s.first, 3U);
    EXPECT_EQ(s.interval_cycles, 250);
    EXPECT_EQ(s.interval_std_cycles, 0);
}

TEST(TraceTiming, SteadyStateFromTheFirstImageOn) {
    std::vector<uint64_t> end{900};
    for (int i = 0; i < 8; i++) end.push_back(end.back() + (i % 2 ? 110 : 90));
    const weft_steady s = weft_timing_steady(end.data(), end.size());
    EXPECT_EQ(s.first, 0U);
    EXPECT_EQ(s.interval_cycles, 100);
    EXPECT_NEAR(s.interval_std_cycles, std::sqrt(800.0 / 7), 1e-12);
}

/* At most half of the intervals go, even where the last ones happen to be equal. */
TEST(TraceTiming, SteadyStateKeepsHalf) {
    std::vector<uint64_t> end{0};
    for (uint64_t interval : {10, 400, 30, 350, 20, 500, 100, 100}) end.push_back(end.back() + interval);
    EXPECT_LE(weft_timing_steady(end.data(), end.size()).first, 4U);
}

TEST(TraceTiming, FewImagesHaveNoSteadyState) {
    const uint64_t end[] = {100, 250};
    EXPECT_TRUE(std::isnan(weft_timing_steady(end, 0).interval_cycles));
    EXPECT_TRUE(std::isnan(weft_timing_steady(end, 1).interval_cycles));
    const weft_steady two = weft_timing_steady(end, 2);
    EXPECT_EQ(two.first, 0U);
    EXPECT_EQ(two.interval_cycles, 150);
    EXPECT_TRUE(std::isnan(two.interval_std_cycles));
}

} // namespace
