// Replays of traces that are small enough to be worked out by hand.
#include <gmock/gmock.h>

#include "tests/support/replay_reference.h"

namespace {

using namespace weft_test;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Replay, OneLayerAddsUp) {
    const trace_ptr trace = make_trace(one_layer_servers, one_layer);
    const weft_chip chip = mesh_chip(2, 2); /* host at router 0; core 3 is two links away: 3 routers */
    const timed_replay r(trace.get(), chip);
    ASSERT_EQ(r.status, WEFT_OK) << r.err.text;
    const uint64_t input = 4 * 3 + 1 + 4;  /* 8 + 25 x 4 bits: 4 flits */
    const uint64_t result = 4 * 3 + 1 + 3; /* 8 + 2 x 32 bits: 3 flits */
    EXPECT_THAT(r.found.start, ElementsAre(0, 0, input, input + 11, input + 11 + 3 + 7));
    EXPECT_THAT(r.found.finish, ElementsAre(2, input, input + 11, input + 11 + 3 + 7, input + 11 + 3 + 7 + result));
    const weft_timing &t = *r.timing;
    EXPECT_EQ(t.cycles, input + 21 + result);
    EXPECT_EQ(t.image_start[0], 0U);
    EXPECT_EQ(t.image_end[0], input + 21 + result);
    EXPECT_EQ(t.packets, 2U);
    EXPECT_EQ(t.flits, 7U);
    EXPECT_EQ(t.flit_hops, 14U);
    EXPECT_EQ(t.latency_sum_cycles, input + result);
    EXPECT_EQ(t.zero_load_sum_cycles, input + result);
    EXPECT_EQ(t.latency_max_cycles, input);
    EXPECT_EQ(t.io_busy_cycles, 2U);
    EXPECT_EQ(t.cores[3].mvm_count, 1U);
    EXPECT_EQ(t.cores[3].array_busy_cycles, 2 * 4U);
    EXPECT_EQ(t.cores[3].digital_busy_cycles, 3U);
    EXPECT_EQ(t.cores[3].buffer_peak_bytes, -1);
    EXPECT_EQ(t.stage_busy_cycles[0], 4U);
    EXPECT_EQ(t.stage_busy_cycles[1], 0U);
}

TEST(Replay, EventsFollowFromThePackets) {
    const trace_ptr trace = make_trace(one_layer_servers, one_layer);
    const weft_chip chip = mesh_chip(2, 2);
    const timed_replay r(trace.get(), chip);
    ASSERT_EQ(r.status, WEFT_OK);
    const weft_timing &t = *r.timing;
    EXPECT_EQ(t.stage_events[2].n[WEFT_EVENT_IO_BIT], 100U); /* the host's input */
    EXPECT_EQ(t.stage_events[2].n[WEFT_EVENT_ROUTER_FLIT], 12U);
    EXPECT_EQ(t.stage_events[0].n[WEFT_EVENT_IO_BIT], 64U);
    EXPECT_EQ(t.stage_events[0].n[WEFT_EVENT_LINK_FLIT], 6U);
    EXPECT_EQ(t.cores[3].events.n[WEFT_EVENT_BUFFER_WRITE_BIT], 100U);
    EXPECT_EQ(t.cores[4].events.n[WEFT_EVENT_BUFFER_WRITE_BIT], 0U);
    EXPECT_EQ(t.cores[3].events.n[WEFT_EVENT_ROUTER_FLIT], 4U + 3); /* ejected; sent west by its router */
    EXPECT_EQ(t.link_flits[0 * 4 + 0], 4U);                         /* router 0 to the east */
    EXPECT_EQ(t.link_flits[1 * 4 + 3], 4U);                         /* router 1 to the south */
    EXPECT_EQ(t.link_flits[3 * 4 + 1], 3U);
    EXPECT_EQ(t.link_flits[2 * 4 + 2], 3U);
}

/* The link is free for the next pixel in the cycle in which the last one's last bit crosses. */
TEST(Replay, PixelsFollowEachOtherOnTheLink) {
    std::string lines;
    for (int i = 0; i < 4; i++)
        lines += std::to_string(2 * i) + " operation server 0 amount 40 image 0\n" + std::to_string(2 * i + 1) +
                 " packet from 4 to 0 input 10 image 0 after " + std::to_string(2 * i) + "s\n";
    const trace_ptr trace = make_trace("[\"io\",4,-1,-1,-1,1]", lines);
    const weft_chip chip = mesh_chip(2, 2);
    const timed_replay r(trace.get(), chip);
    ASSERT_EQ(r.status, WEFT_OK);
    std::vector<uint64_t> starts;
    for (size_t i = 1; i < 8; i += 2) starts.push_back(r.found.start[i]);
    EXPECT_THAT(starts, ElementsAre(0, 0, 1, 1)); /* 40 bits each, 64 a cycle */
    EXPECT_EQ(r.timing->io_busy_cycles, 3U);
}

/* 8 + 25 x 4 bits, 4 flits, from core 0 to the three others: over 3 links as a tree, over 4 one after another. */
TEST(Replay, JoinedPacketsAreATreeWhereThereAreTrees) {
    const trace_ptr trace = make_trace(one_layer_servers, "0 packet from 0 to 1 activation 25 stage 0 image 0\n"
                                                          "1 packet from 0 to 2 activation 25 stage 0 image 0 joined\n"
                                                          "2 packet from 0 to 3 activation 25 stage 0 image 0 joined\n"
                                                          "3 packet from 2 to 0 flits 1 after 1\n");
    const uint64_t near = 4 * 2 + 1 + 4, far = 4 * 3 + 1 + 4, back = 4 * 2 + 1 + 1;
    weft_chip chip = mesh_chip(2, 2);
    const timed_replay copies(trace.get(), chip);
    ASSERT_EQ(copies.status, WEFT_OK) << copies.err.text;
    EXPECT_THAT(copies.found.start, ElementsAre(0, 0, 0, near + 4));
    EXPECT_THAT(copies.found.finish, ElementsAre(near, near + 4, far + 8, near + 4 + back));
    EXPECT_EQ(copies.timing->flit_hops, 4U * (1 + 1 + 2) + 1);
    EXPECT_EQ(copies.timing->flits_in, 3 * 4U + 1);
    chip.noc.multicast = true;
    for (const bool network : {false, true}) {
        const timed_replay tree(trace.get(), chip, {-1, -1, network, false});
        ASSERT_EQ(tree.status, WEFT_OK) << tree.err.text;
        EXPECT_THAT(tree.found.start, ElementsAre(0, 0, 0, near));
        EXPECT_THAT(tree.found.finish, ElementsAre(near, near, far, near + back));
        EXPECT_EQ(tree.timing->flit_hops, 4U * 3 + 1);
        EXPECT_EQ(tree.timing->flits_in, 4U + 1);
        EXPECT_EQ(tree.timing->packets, 4U);
        EXPECT_EQ(tree.timing->zero_load_sum_cycles, 2 * near + far + back);
        EXPECT_EQ(tree.timing->stage_events[0].n[WEFT_EVENT_LINK_FLIT], 4U * 3);
        EXPECT_EQ(tree.timing->stage_events[0].n[WEFT_EVENT_ROUTER_FLIT], 4U * (3 + 3));
        EXPECT_EQ(tree.timing->stage_events[0].n[WEFT_EVENT_BUFFER_WRITE_BIT], 3 * 100U);
    }
    chip.noc.buffer_flits = 3; /* too short for a tree */
    const timed_replay small(trace.get(), chip);
    ASSERT_EQ(small.status, WEFT_OK) << small.err.text;
    EXPECT_EQ(small.timing->flit_hops, copies.timing->flit_hops);
}

TEST(Replay, ServersKeepTheOrderOfTheList) {
    const trace_ptr trace = make_trace("[\"digital\",0,-1,-1,-1,1]", "0 operation server 0 amount 0 earliest 50\n"
                                                                     "1 operation server 0 amount 3\n"
                                                                     "2 operation server 0 amount 3 earliest 10\n");
    const weft_chip chip = mesh_chip(2, 2);
    const timed_replay r(trace.get(), chip);
    ASSERT_EQ(r.status, WEFT_OK);
    EXPECT_THAT(r.found.start, ElementsAre(50, 50, 51));
    EXPECT_THAT(r.found.finish, ElementsAre(57, 58, 59));
    EXPECT_EQ(r.timing->cycles, 9U);
}

TEST(Replay, ProgrammingIsCountedFromTheLoadingOn) {
    const trace_ptr trace = make_trace("[\"io\",4,-1,-1,-1,1],[\"program\",0,-1,-1,-1,1],[\"program\",1,-1,-1,-1,1]",
                                       "0 operation server 0 amount 640\n"
                                       "1 operation server 1 amount 5 after 0\n"
                                       "2 operation server 2 amount 9 after 0\n"
                                       "3 packet from 0 to 4 result 1 stage 0 image 0 after 1,2\n");
    const weft_chip chip = mesh_chip(2, 2);
    const timed_replay r(trace.get(), chip);
    ASSERT_EQ(r.status, WEFT_OK);
    EXPECT_EQ(r.timing->program_cycles, 10U + 18);
    EXPECT_EQ(r.timing->cycles, 28U + 4 + 1 + 2); /* from the beginning; host and core 0 share a router */
}

/* ---- without ---- */

TEST(ReplayWithout, ServersTakeNoTimeButTheirLatency) {
    const trace_ptr trace = make_trace(one_layer_servers, one_layer);
    const weft_chip chip = mesh_chip(2, 2);
    const uint64_t whole = timed_replay(trace.get(), chip).timing->cycles;
    const auto cycles = [&](weft_replay_without without) {
        const timed_replay r(trace.get(), chip, without);
        EXPECT_EQ(r.status, WEFT_OK);
        return r.timing->cycles;
    };
    EXPECT_EQ(cycles({WEFT_SERVER_ARRAYS, -1, false, false}), whole - 4);
    EXPECT_EQ(cycles({WEFT_SERVER_ARRAYS, 0, false, false}), whole - 4);
    EXPECT_EQ(cycles({WEFT_SERVER_ARRAYS, 1, false, false}), whole);
    EXPECT_EQ(cycles({WEFT_SERVER_DIGITAL, -1, false, false}), whole - 3);
    EXPECT_EQ(cycles({WEFT_SERVER_IO, -1, false, false}), whole); /* the packet does not wait for its last bit */
    EXPECT_EQ(cycles({-1, -1, true, false}), whole);              /* nothing else is in the network */
}

TEST(ReplayWithout, PacketsDoNotWaitForEachOther) {
    std::string lines;
    for (int i = 0; i < 8; i++) lines += std::to_string(i) + " packet from 0 to 1 flits 6\n";
    const trace_ptr trace = make_trace("", lines);
    const weft_chip chip = mesh_chip(2, 2);
    const timed_replay whole(trace.get(), chip), without(trace.get(), chip, {-1, -1, true, false});
    ASSERT_EQ(without.status, WEFT_OK);
    EXPECT_EQ(whole.timing->cycles, 4U * 2 + 1 + 6 * 8);
    EXPECT_EQ(without.timing->cycles, 4U * 2 + 1 + 6);
    EXPECT_EQ(without.timing->latency_sum_cycles, 8U * 15);
    EXPECT_EQ(without.timing->zero_load_sum_cycles, 8U * 15);
    EXPECT_EQ(without.timing->flits, 48U);
    EXPECT_EQ(without.timing->flit_hops, 48U);
}

/* ---- other chips ---- */

TEST(ReplayChips, FlitsAndTimesAreTheChips) {
    const trace_ptr trace = make_trace(one_layer_servers, one_layer);
    weft_chip chip = mesh_chip(4, 1);
    chip.noc.flit_bits = 128, chip.noc.speculative = true;
    chip.mvm_interval_cycles = 1, chip.mvm_latency_cycles = 3;
    chip.core.digital_lanes = 1;
    const timed_replay r(trace.get(), chip);
    ASSERT_EQ(r.status, WEFT_OK) << r.err.text;
    /* 4 routers each way, one flit; the host is terminal 4 here too. */
    EXPECT_EQ(r.timing->cycles, 2 * (3U * 4 + 1 + 1) + 3 + 7 + 7);
}

TEST(ReplayChips, TheHostIsTheHost) {
    const trace_ptr trace = make_trace(one_layer_servers, one_layer);
    const weft_chip chip = mesh_chip(3, 3);
    const timed_replay r(trace.get(), chip);
    ASSERT_EQ(r.status, WEFT_OK) << r.err.text;
    EXPECT_EQ(r.timing->cores[9].events.n[WEFT_EVENT_ROUTER_FLIT], 3U); /* results at the host */
    EXPECT_EQ(r.timing->cores[4].events.n[WEFT_EVENT_ROUTER_FLIT], 0U);
}

TEST(ReplayChips, MissingCoresAreNamed) {
    const trace_ptr trace = make_trace(one_layer_servers, one_layer);
    const weft_chip chip = mesh_chip(3, 1);
    const timed_replay r(trace.get(), chip);
    EXPECT_EQ(r.status, WEFT_E_INVALID);
    EXPECT_THAT(r.err.text, HasSubstr("needs core 3; chip 'test' has the cores 0 to 2 (3 x 1 routers with 1 each)"));
}

/* Cores that nothing uses need not exist. */
TEST(ReplayChips, UnusedCoresMayBeMissing) {
    const trace_ptr trace = make_trace("", "0 packet from 0 to 1 flits 1\n", 65);
    const weft_chip chip = mesh_chip(2, 1);
    EXPECT_EQ(timed_replay(trace.get(), chip).status, WEFT_OK);
}

/* ---- failures ---- */

TEST(ReplayFailure, EndlessAmountsAreRefused) {
    std::string lines;
    for (int i = 0; i < 8; i++) lines += std::to_string(i) + " operation server 0 amount 1099511627776\n";
    const trace_ptr trace = make_trace("[\"arrays\",0,0,0,0,1]", lines);
    weft_chip chip = mesh_chip(2, 2);
    chip.mvm_interval_cycles = int64_t(1) << 50;
    chip.mvm_latency_cycles = chip.mvm_interval_cycles;
    const timed_replay r(trace.get(), chip);
    EXPECT_EQ(r.status, WEFT_E_INVALID);
    EXPECT_THAT(r.err.text, HasSubstr("ends after cycle 2^62"));
}

TEST(ReplayFailure, InterruptsAreHeard) {
    const trace_ptr trace = make_trace("", "0 packet from 0 to 1 flits 1\n");
    const weft_chip chip = mesh_chip(2, 2);
    volatile sig_atomic_t stop = 1;
    weft_replay_options options{};
    options.without = {-1, -1, false, false};
    options.stop = &stop;
    weft_timing *timing = nullptr;
    weft_error err{};
    EXPECT_EQ(weft_replay_run(&timing, trace.get(), &chip, &options, &err), WEFT_E_INTERRUPTED);
    EXPECT_EQ(timing, nullptr);
}

/* Everybody on a ring of one VC sends two links on: all wait for each other. */
TEST(ReplayFailure, DeadlocksAreReported) {
    std::string lines;
    for (int i = 0; i < 400; i++)
        lines += std::to_string(i) + " packet from " + std::to_string(i % 4) + " to " + std::to_string((i + 2) % 4) +
                 " flits 40\n";
    const trace_ptr trace = make_trace("", lines);
    weft_chip chip = mesh_chip(4, 1);
    chip.noc.topology = WEFT_CHIP_TORUS, chip.noc.vcs = 1, chip.noc.allow_deadlock = true, chip.noc.buffer_flits = 2;
    const timed_replay r(trace.get(), chip);
    EXPECT_EQ(r.status, WEFT_E_INTERNAL);
    EXPECT_THAT(r.err.text, HasSubstr("no flit has moved for"));
    EXPECT_THAT(r.err.text, HasSubstr("packets are inside the network"));
    EXPECT_THAT(r.err.text, HasSubstr("router"));
}

TEST(Replay, NothingTakesNoTime) {
    const trace_ptr trace = make_trace("", "");
    const weft_chip chip = mesh_chip(2, 2);
    const timed_replay r(trace.get(), chip);
    ASSERT_EQ(r.status, WEFT_OK);
    EXPECT_EQ(r.timing->cycles, 0U);
}

} // namespace
