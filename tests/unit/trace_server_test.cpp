// Servers against the table in sim/trace/server.h, and against the definitions written out cycle by cycle.
#include <gtest/gtest.h>

#include <random>

#include "sim/trace/server.h"
#include "tests/model_fixture.h"

namespace {

weft_chip timed_chip() {
    weft_chip c = make_chip({});
    c.mvm_interval_cycles = 4;
    c.mvm_latency_cycles = 11;
    c.core.digital_lanes = 3;
    c.core.digital_ns.value = 7;
    c.io.bits_per_cycle = 64;
    return c;
}

void expect_service(const weft_service &s, uint64_t start, uint64_t free, uint64_t finish) {
    EXPECT_EQ(s.start, start);
    EXPECT_EQ(s.free, free);
    EXPECT_EQ(s.finish, finish);
}

TEST(TraceServer, ArraysTakeAnotherProductEveryInterval) {
    const weft_chip chip = timed_chip();
    weft_server s;
    weft_server_reset(&s, WEFT_SERVER_ARRAYS);
    expect_service(weft_server_serve(&s, &chip, 1, 5), 5, 9, 16);
    EXPECT_EQ(weft_server_available(&s, &chip, 6), 9U);
    EXPECT_EQ(weft_server_available(&s, &chip, 20), 20U);
    expect_service(weft_server_serve(&s, &chip, 1, 6), 9, 13, 20);
    expect_service(weft_server_serve(&s, &chip, 2, 30), 30, 38, 45);
    EXPECT_EQ(s.busy, 16U);
}

TEST(TraceServer, DigitalUnitsTakeLanesACycle) {
    const weft_chip chip = timed_chip();
    weft_server s;
    weft_server_reset(&s, WEFT_SERVER_DIGITAL);
    expect_service(weft_server_serve(&s, &chip, 0, 2), 2, 2, 9);
    expect_service(weft_server_serve(&s, &chip, 3, 2), 2, 3, 10);
    expect_service(weft_server_serve(&s, &chip, 4, 2), 3, 5, 12);
    EXPECT_EQ(s.busy, 3U);
}

/* A product every 2.5 cycles that takes 5.75; digital units have cycles, and 1.75 of latency. */
TEST(TraceServer, SelfTimedOperationsKeepFractions) {
    weft_chip chip = timed_chip();
    chip.clock.kind = WEFT_CLOCK_SELF_TIMED;
    chip.cycle_ns = 4;
    chip.mvm_interval_ns = 10;
    chip.mvm_latency_ns = 23;
    weft_server s;
    weft_server_reset(&s, WEFT_SERVER_ARRAYS);
    expect_service(weft_server_serve(&s, &chip, 1, 5), 5, 7, 11);
    EXPECT_EQ(weft_server_available(&s, &chip, 6), 7U);
    expect_service(weft_server_serve(&s, &chip, 1, 7), 7, 10, 14); /* from 7.5 to 13.25 */
    expect_service(weft_server_serve(&s, &chip, 1, 20), 20, 22, 26);
    EXPECT_EQ(s.busy, 7U);
    weft_server_reset(&s, WEFT_SERVER_DIGITAL);
    expect_service(weft_server_serve(&s, &chip, 4, 2), 2, 4, 6);
    expect_service(weft_server_serve(&s, &chip, 1, 2), 4, 5, 7);
}

TEST(TraceServer, BarriersCostTimeForEachCore) {
    weft_chip chip = timed_chip();
    chip.clock.kind = WEFT_CLOCK_TICK;
    chip.clock.tick_ns = 50;
    chip.clock.barrier_ns = 7;
    chip.clock.barrier_per_core_ns = 0.5;
    weft_server s;
    weft_server_reset(&s, WEFT_SERVER_BARRIER);
    expect_service(weft_server_serve(&s, &chip, 0, 3), 3, 10, 10);
    expect_service(weft_server_serve(&s, &chip, 3, 20), 20, 29, 29);
    expect_service(weft_server_serve(&s, &chip, WEFT_SERVER_SHORTEST_TICK, 40), 40, 90, 90);
}

TEST(TraceServer, LatencyIsRoundedUpToCycles) {
    weft_chip chip = timed_chip();
    weft_server s;
    chip.cycle_ns = 0.1;
    chip.core.digital_ns.value = 100; /* 1000 cycles, not 1001 */
    weft_server_reset(&s, WEFT_SERVER_DIGITAL);
    EXPECT_EQ(weft_server_serve(&s, &chip, 0, 0).finish, 1000U);
    chip.core.digital_ns.value = 100.01;
    EXPECT_EQ(weft_server_serve(&s, &chip, 0, 0).finish, 1001U);
}

/* 64 bits a cycle: three packets of 40 bits take 2 cycles, not 3. */
TEST(TraceServer, LinkCarriesFractionsOfACycleOn) {
    const weft_chip chip = timed_chip();
    weft_server s;
    weft_server_reset(&s, WEFT_SERVER_IO);
    expect_service(weft_server_serve(&s, &chip, 40, 0), 0, 0, 1);
    expect_service(weft_server_serve(&s, &chip, 40, 0), 0, 1, 2);
    expect_service(weft_server_serve(&s, &chip, 40, 0), 1, 1, 2);
    EXPECT_EQ(s.busy, 2U);
    expect_service(weft_server_serve(&s, &chip, 8, 1), 1, 2, 2); /* the link is free at 1 7/8, of which 1 is whole */
    expect_service(weft_server_serve(&s, &chip, 130, 9), 9, 11, 12);
    EXPECT_EQ(s.busy, 5U);
}

TEST(TraceServer, LinkIsFreeInTheCycleInWhichItsLastBitCrosses) {
    const weft_chip chip = timed_chip();
    std::mt19937 random(1);
    for (int run = 0; run < 200; run++) {
        weft_server s;
        weft_server_reset(&s, WEFT_SERVER_IO);
        uint64_t ready = 0, base = 0, bits = 0, busy = 0;
        for (int i = 0; i < 50; i++) {
            ready += random() % 4;
            const uint64_t amount = random() % 200;
            uint64_t start = ready;
            while ((start - base) * 64 + 63 < bits) start++; /* the link's cycle `start` still has room */
            if (start > base + bits / 64) {
                busy += (bits + 63) / 64;
                base = start, bits = 0;
            }
            bits += amount;
            ASSERT_EQ(weft_server_available(&s, &chip, ready), start);
            expect_service(weft_server_serve(&s, &chip, amount, ready), start, base + bits / 64,
                           base + (bits + 63) / 64);
            ASSERT_EQ(s.busy, busy + (bits + 63) / 64);
        }
    }
}

TEST(TraceServer, ProgrammingWritesParallelCellsPulseByPulse) {
    weft_chip chip = timed_chip();
    chip.device.program_parallel = 16;
    chip.device.program_pulses = 2.5;
    chip.device.program_pulse_ns.value = 10;
    weft_server s;
    weft_server_reset(&s, WEFT_SERVER_PROGRAM);
    expect_service(weft_server_serve(&s, &chip, 33, 100), 100, 175, 175); /* 3 steps x 2.5 pulses x 10 ns */
    expect_service(weft_server_serve(&s, &chip, 0, 100), 175, 175, 175);
    chip.device.program_pulse_ns.value = 0;
    expect_service(weft_server_serve(&s, &chip, 1000, 200), 200, 200, 200);
}

TEST(TraceServer, KindsHaveNames) {
    EXPECT_STREQ(weft_server_kind_names[WEFT_SERVER_ARRAYS], "arrays");
    EXPECT_STREQ(weft_server_kind_names[WEFT_SERVER_BARRIER], "barrier");
}

} // namespace
