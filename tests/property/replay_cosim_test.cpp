// A recorded run, replayed on the same chip, happens again in the same cycles; on disk it is the same trace.
#include "sim/trace/times.h"
#include "tests/support/cosim_fixture.h"
#include "tests/support/random_mapping.h"
#include "tests/support/random_network.h"
#include "tests/support/trace_fixture.h"

namespace {

using namespace weft_test;

weft_chip random_times(dice &d) {
    weft_chip chip = random_chip(d), timed = timed_chip();
    chip.noc.vcs = d.between(1, 3);
    chip.noc.buffer_flits = d.between(1, 8);
    chip.noc.speculative = d.flip();
    chip.noc.route_cycles = d.between(0, 1);
    chip.noc.vc_cycles = chip.noc.switch_cycles = chip.noc.traversal_cycles = 1;
    chip.noc.link_cycles = d.between(1, 2);
    chip.noc.credit_cycles = d.between(0, 1);
    chip.noc.link_cycles_y = chip.noc.credit_cycles_y = -1;
    chip.io.bits_per_cycle = d.between(1, 64);
    chip.core.digital_lanes = d.between(1, 8);
    chip.core.digital_ns.value = d.flip() ? 0 : d.between(1, 20);
    chip.core.input_ns.value = d.between(0, 9);
    chip.core.buffer_bytes = 1 << 20;
    chip.device.program_pulse_ns.value = d.between(1, 50);
    chip.adc = timed.adc;
    weft_chip_resolve(&chip);
    return chip;
}

void expect_recorded_times(const weft_trace *trace, const weft_times &times) {
    weft_times_match match;
    ASSERT_EQ(weft_times_compare(&match, trace, &times, nullptr), WEFT_OK);
    EXPECT_EQ(match.recorded, weft_trace_count(trace));
    EXPECT_TRUE(match.same) << (match.is_packet ? "packet " : "operation ") << match.record << ", "
                            << (match.moment == WEFT_TRACE_START ? "start" : "finish") << " recorded " << match.was
                            << ", replayed " << match.is;
}

void expect_same_timing(const weft_timing &a, const weft_timing &b, bool programs) {
    EXPECT_EQ(a.cycles, b.cycles);
    for (size_t i = 0; i < a.images; i++) {
        EXPECT_EQ(a.image_start[i], b.image_start[i]);
        EXPECT_EQ(a.image_end[i], b.image_end[i]);
    }
    EXPECT_EQ(a.packets, b.packets);
    EXPECT_EQ(a.flits, b.flits);
    EXPECT_EQ(a.flits_in, b.flits_in);
    EXPECT_EQ(a.flit_hops, b.flit_hops);
    EXPECT_EQ(a.latency_sum_cycles, b.latency_sum_cycles);
    EXPECT_EQ(a.latency_max_cycles, b.latency_max_cycles);
    EXPECT_EQ(a.zero_load_sum_cycles, b.zero_load_sum_cycles);
    EXPECT_EQ(a.io_busy_cycles, b.io_busy_cycles);
    if (programs) { EXPECT_EQ(a.program_cycles, b.program_cycles); }
    for (int s = 0; s < a.stage_count; s++) EXPECT_EQ(a.stage_busy_cycles[s], b.stage_busy_cycles[s]) << "stage " << s;
    for (int c = 0; c <= a.core_count; c++) {
        EXPECT_EQ(a.cores[c].mvm_count, b.cores[c].mvm_count) << "core " << c;
        EXPECT_EQ(a.cores[c].array_busy_cycles, b.cores[c].array_busy_cycles) << "core " << c;
        EXPECT_EQ(a.cores[c].digital_busy_cycles, b.cores[c].digital_busy_cycles) << "core " << c;
        EXPECT_EQ(a.cores[c].injection_busy_cycles, b.cores[c].injection_busy_cycles) << "core " << c;
        EXPECT_EQ(a.cores[c].ejection_busy_cycles, b.cores[c].ejection_busy_cycles) << "core " << c;
        for (int e : {WEFT_EVENT_ROUTER_FLIT, WEFT_EVENT_LINK_FLIT, WEFT_EVENT_IO_BIT})
            EXPECT_EQ(a.cores[c].events.n[e], b.cores[c].events.n[e]) << "core " << c << ", " << weft_events[e].id;
    }
    for (int l = 0; l < 4 * a.router_count; l++) EXPECT_EQ(a.link_flits[l], b.link_flits[l]) << "link " << l;
}

/* Runs the case, recorded, and replays it. */
void expect_replay(timed_case &c, bool reserved) {
    weft_trace *raw = nullptr;
    cosim_ptr run = run_timed(c, &raw, reserved);
    ASSERT_TRUE(run);
    const trace_ptr recorded(raw);
    const scratch_file file(".wtr");
    ASSERT_EQ(weft_trace_write(recorded.get(), file.path(), nullptr), WEFT_OK);
    ASSERT_EQ(weft_trace_read(&raw, file.path(), nullptr), WEFT_OK);
    const trace_ptr trace(raw);
    expect_same(recorded.get(), trace.get());
    EXPECT_EQ(weft_trace_header_of(trace.get())->cycle_ns, c.chip.cycle_ns);
    weft_times times;
    ASSERT_EQ(weft_times_create(&times, trace.get(), nullptr), WEFT_OK);
    weft_replay_options options{};
    options.without.server_kind = options.without.stage = -1;
    options.observer.state = &times;
    options.observer.operation = weft_times_operation;
    options.observer.packet = weft_times_packet;
    weft_timing *timing = nullptr;
    weft_error err{};
    ASSERT_EQ(weft_replay_run(&timing, trace.get(), &c.chip, &options, &err), WEFT_OK) << err.text;
    expect_recorded_times(trace.get(), times);
    expect_same_timing(*run->timing, *timing, c.mapping->parts > 1);
    weft_timing_destroy(timing);
    weft_times_destroy(&times);
}

class ReplayCosim : public testing::TestWithParam<int> {};

TEST_P(ReplayCosim, HappensAgainInTheSameCycles) {
    in_child([] {
        const uint64_t seed = (uint64_t)GetParam();
        dice d(900000 + seed);
        weft_chip chip = random_times(d);
        timed_case c(chip, random_dag(d, 7, 6), (size_t)d.between(1, 3), seed);
        c.mapping = random_mapping(d, c.stages.get(), &c.chip, 1);
        c.prepare();
        ASSERT_TRUE(c.engine);
        expect_replay(c, seed % 3 > 0);
    });
}
INSTANTIATE_TEST_SUITE_P(Random, ReplayCosim, testing::Range(0, 40));

class ReplayCosimMulticast : public testing::TestWithParam<int> {};

/* A tree's packet arrives at each of its terminals in a moment of its own. */
TEST_P(ReplayCosimMulticast, HappensAgainInTheSameCycles) {
    in_child([] {
        const uint64_t seed = (uint64_t)GetParam();
        dice d(970000 + seed);
        weft_chip chip = random_times(d);
        chip.noc.multicast = true;
        chip.noc.routing = d.flip() ? WEFT_CHIP_XY : WEFT_CHIP_YX;
        timed_case c(chip, random_dag(d, 7, 6), (size_t)d.between(1, 3), seed);
        c.mapping = random_mapping(d, c.stages.get(), &c.chip, seed % 3 == 2 ? 3 : 1);
        c.mapping->chips = 1;
        c.prepare();
        ASSERT_TRUE(c.engine);
        expect_replay(c, seed % 3 > 0);
    });
}
INSTANTIATE_TEST_SUITE_P(Random, ReplayCosimMulticast, testing::Range(0, 40));

class ReplayCosimParts : public testing::TestWithParam<int> {};

/* Weights are loaded part by part. */
TEST_P(ReplayCosimParts, HappensAgainInTheSameCycles) {
    in_child([] {
        const uint64_t seed = (uint64_t)GetParam();
        dice d(950000 + seed);
        weft_chip chip = random_times(d);
        timed_case c(chip, random_dag(d, 7, 6), (size_t)d.between(1, 3), seed);
        c.mapping = random_mapping(d, c.stages.get(), &c.chip, 3);
        c.mapping->chips = 1;
        c.prepare();
        ASSERT_TRUE(c.engine);
        expect_replay(c, false);
    });
}
INSTANTIATE_TEST_SUITE_P(Random, ReplayCosimParts, testing::Range(0, 16));

} // namespace
