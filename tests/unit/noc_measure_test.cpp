/* Measured runs: idle networks, bounds approached from below, curves that behave, saturation, lists. */
#include "sim/noc/noc_measure.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/noc_mesh.h"

namespace {

struct Experiment {
    Mesh mesh;
    weft_noc_measure_options options{};
    weft_noc_measurement m{};
    weft_error err{};
    Experiment(int vcs, int depth, int pattern, int flits) : mesh(8, 8, vcs, depth) {
        mesh.config.terminal_count = 64, mesh.config.terminal_router = mesh.terminal_router.data();
        options.traffic.pattern = pattern, options.traffic.packet_flits = flits, options.traffic.seed = 7;
        options.warmup = 1000, options.cycles = 4000;
    }
    weft_status Run(double rate) {
        options.traffic.rate = rate;
        return weft_noc_measure(&m, &mesh.config, &options, &err);
    }
};

TEST(NocMeasure, FewPacketsMeetAnIdleNetwork) {
    for (int flits : {1, 8}) {
        Experiment e(4, 8, WEFT_NOC_UNIFORM, flits);
        e.options.cycles = 20000;
        ASSERT_EQ(e.Run(0.001), WEFT_OK) << e.err.text;
        EXPECT_FALSE(e.m.saturated);
        EXPECT_EQ(e.m.measured_packets, e.m.window_packets);
        EXPECT_NEAR(double(e.m.measured_packets), 0.001 * 64 * 20000 / flits, 5 * std::sqrt(1280.0 / flits));
        EXPECT_NEAR(e.m.zero_load, 4 * e.m.routers + 1 + flits, 1e-9); /* 4N + 1 + L of the same packets */
        EXPECT_GE(e.m.packet.mean, e.m.zero_load);
        EXPECT_LT(e.m.packet.mean, e.m.zero_load * 1.01);
        EXPECT_GE(e.m.packet.mean, e.m.network.mean);
        EXPECT_EQ(e.m.slack_min, 0U);
        EXPECT_NEAR(e.m.routers, 6.25, 0.5);
        EXPECT_GE(e.m.packet.min, uint64_t(4 + 1 + flits));
        EXPECT_LE(e.m.percentile[0], e.m.percentile[5]);
        EXPECT_LE(e.m.percentile[5], e.m.packet.max);
    }
}

TEST(NocMeasure, UniformPathsHaveTheMeanOfTheReference) {
    Experiment e(4, 8, WEFT_NOC_UNIFORM, 1);
    ASSERT_EQ(e.Run(0.3), WEFT_OK) << e.err.text;
    EXPECT_NEAR(e.m.routers, 6.25, 0.04); /* 76,800 packets of standard deviation 2.3 */
    EXPECT_NEAR(e.m.accepted, 0.3, 0.005);
    EXPECT_NEAR(e.m.offered, 0.3, 0.005);
    EXPECT_DOUBLE_EQ(e.m.bounds.channel, 0.5);
    EXPECT_EQ(e.m.totals.flits_injected, e.m.totals.flits_delivered + e.m.left.queued + e.m.left.inside);
}

/* The curves of the acceptance: latency rises with the rate, every run below saturation accepts what is offered and
 * stays below the bounds, saturation comes in the order of the routers. */
struct Curve {
    double saturation = 0, first_latency = 0;
};

Curve MeasureCurve(int vcs, int depth, bool speculative, int pattern, int flits) {
    Curve curve;
    double wait = 0, bound = 1, step = pattern == WEFT_NOC_UNIFORM ? 0.03 : 0.01;
    for (double rate = step; rate < 0.5; rate += step) {
        Experiment e(vcs, depth, pattern, flits);
        e.mesh.config.speculative = speculative;
        e.options.cycles = 2500;
        EXPECT_EQ(e.Run(rate), WEFT_OK) << e.err.text;
        bound = std::min(e.m.bounds.channel, e.m.bounds.credit);
        if (e.m.saturated) break;
        EXPECT_NEAR(e.m.accepted, e.m.offered, 0.03 * rate + 0.0005) << rate;
        EXPECT_GE(e.m.packet.mean - e.m.zero_load, wait - 0.1) << rate;
        EXPECT_GE(e.m.packet.mean, e.m.network.mean);
        wait = e.m.packet.mean - e.m.zero_load;
        if (curve.saturation == 0) curve.first_latency = e.m.packet.mean;
        curve.saturation = rate;
    }
    EXPECT_LE(curve.saturation, bound * 1.06) /* a short window */ << vcs << " x " << depth << ", pattern " << pattern;
    EXPECT_GE(curve.saturation, bound * 0.35) << vcs << " x " << depth << ", pattern " << pattern;
    return curve;
}

void ExpectOrder(int pattern, int flits) {
    Curve one = MeasureCurve(1, 4, false, pattern, flits), two = MeasureCurve(2, 4, false, pattern, flits);
    Curve four = MeasureCurve(4, 8, false, pattern, flits), guess = MeasureCurve(2, 4, true, pattern, flits);
    EXPECT_LT(one.saturation, two.saturation);
    EXPECT_LE(two.saturation, four.saturation);
    EXPECT_GE(guess.saturation, two.saturation - 0.031); /* no worse than a step */
    EXPECT_LT(guess.first_latency, two.first_latency);
    EXPECT_LE(four.first_latency, one.first_latency);
}

TEST(NocMeasure, CurvesOfUniformTraffic) { ExpectOrder(WEFT_NOC_UNIFORM, 1); }
TEST(NocMeasure, CurvesOfUniformTrafficOfLongPackets) { ExpectOrder(WEFT_NOC_UNIFORM, 8); }
TEST(NocMeasure, CurvesOfTranspose) { ExpectOrder(WEFT_NOC_TRANSPOSE, 1); }
TEST(NocMeasure, CurvesOfTransposeOfLongPackets) { ExpectOrder(WEFT_NOC_TRANSPOSE, 8); }

/* Just below the bound of a permutation everything arrives; just above it there is no steady state. */
TEST(NocMeasure, TransposeEndsAtItsBounds) {
    Experiment deep(4, 8, WEFT_NOC_TRANSPOSE, 1), shallow(1, 4, WEFT_NOC_TRANSPOSE, 1);
    deep.options.cycles = shallow.options.cycles = 10000;
    ASSERT_EQ(deep.Run(0.95 / 7), WEFT_OK) << deep.err.text;
    EXPECT_FALSE(deep.m.saturated);
    ASSERT_EQ(deep.Run(1.04 / 7), WEFT_OK) << deep.err.text;
    EXPECT_TRUE(deep.m.saturated);
    EXPECT_LT(deep.m.accepted_least, 1.0 / 7);
    ASSERT_EQ(shallow.Run(0.06), WEFT_OK) << shallow.err.text;
    EXPECT_FALSE(shallow.m.saturated);
    ASSERT_EQ(shallow.Run(0.0816 * 1.04), WEFT_OK) << shallow.err.text;
    EXPECT_TRUE(shallow.m.saturated);
    EXPECT_LT(shallow.m.accepted_least, 0.0816);
}

/* No window is long enough to see every queue grow; the bound is exact. */
TEST(NocMeasure, RatesAboveTheBoundAreSaturated) {
    Experiment e(4, 8, WEFT_NOC_TRANSPOSE, 8);
    e.options.traffic.seed = 0, e.options.warmup = 2000, e.options.cycles = 10000;
    ASSERT_EQ(e.Run(1.006 / 7), WEFT_OK) << e.err.text;
    EXPECT_TRUE(e.m.saturated);
    e.options.cycles = 100;
    ASSERT_EQ(e.Run(1.00001 / 7), WEFT_OK) << e.err.text;
    EXPECT_TRUE(e.m.saturated);
    ASSERT_EQ(e.Run(0.97 / 7), WEFT_OK) << e.err.text;
    EXPECT_FALSE(e.m.saturated);
}

/* Links that are never free, and nobody who waits: at 1, and nearly. */
TEST(NocMeasure, FullLinksWithoutQueuesAreNot) {
    for (double rate : {0.999, 1.0}) {
        Experiment e(4, 8, WEFT_NOC_NEIGHBOR, 1);
        ASSERT_EQ(e.Run(rate), WEFT_OK) << e.err.text;
        EXPECT_FALSE(e.m.saturated) << rate;
        EXPECT_NEAR(e.m.accepted, e.m.offered, 1e-4);
        EXPECT_DOUBLE_EQ(e.m.packet.mean, e.m.zero_load);
    }
}

TEST(NocMeasure, OverloadIsSaturated) {
    for (int pattern = WEFT_NOC_UNIFORM; pattern <= WEFT_NOC_TORNADO; pattern++) {
        Experiment e(2, 4, pattern, 4);
        e.options.warmup = 500, e.options.cycles = 1500;
        ASSERT_EQ(e.Run(0.9), WEFT_OK) << e.err.text;
        EXPECT_TRUE(e.m.saturated) << pattern;
        EXPECT_LT(e.m.accepted, e.m.offered * 0.9) << pattern;
        EXPECT_LE(e.m.accepted_least, std::min(e.m.bounds.channel, e.m.bounds.credit)) << pattern;
        EXPECT_LE(e.m.busiest_flits, 1);
    }
}

/* Everything of a list is measured, exactly. */
TEST(NocMeasure, ListsAreMeasuredToTheEnd) {
    weft_packet_line lines[] = {{3, 0, 63, 5, 1}, {3, 63, 0, 1, 2}, {1000000000, 9, 9, 2, 3}};
    weft_packet_list list{lines, 3};
    Experiment e(2, 8, WEFT_NOC_UNIFORM, 1);
    e.options.traffic.list = &list;
    e.options.warmup = 0, e.options.cycles = 1000000001;
    ASSERT_EQ(e.Run(1), WEFT_OK) << e.err.text;
    EXPECT_EQ(e.m.measured_packets, 3U);
    EXPECT_DOUBLE_EQ(e.m.packet.mean, (4 * 15 + 1 + 5 + 4 * 15 + 1 + 1 + 4 + 1 + 2) / 3.0);
    EXPECT_DOUBLE_EQ(e.m.network.mean, e.m.packet.mean);
    EXPECT_DOUBLE_EQ(e.m.zero_load, e.m.packet.mean);
    EXPECT_EQ(e.m.packet.min, 7U);
    EXPECT_EQ(e.m.packet.max, 66U);
    EXPECT_EQ(e.m.percentile[0], 62U);
    EXPECT_EQ(e.m.cycles, 1000000007U);
    EXPECT_FALSE(e.m.saturated);
}

/* Two packets from one node: the second waits in the queue until the first one's tail has gone. */
TEST(NocMeasure, NetworkLatencyLeavesTheSourceQueueOut) {
    weft_packet_line lines[] = {{0, 0, 3, 6, 1}, {0, 0, 3, 6, 2}};
    weft_packet_list list{lines, 2};
    Experiment e(2, 8, WEFT_NOC_UNIFORM, 1);
    e.options.traffic.list = &list;
    e.options.warmup = 0, e.options.cycles = 1;
    ASSERT_EQ(e.Run(1), WEFT_OK) << e.err.text;
    EXPECT_EQ(e.m.packet.min, 4U * 4 + 1 + 6);
    EXPECT_EQ(e.m.packet.max, 4U * 4 + 1 + 6 + 6);
    EXPECT_EQ(e.m.network.max, 4U * 4 + 1 + 6);
}

TEST(NocMeasure, IsDeterministic) {
    Experiment a(2, 4, WEFT_NOC_UNIFORM, 8), b(2, 4, WEFT_NOC_UNIFORM, 8), c(2, 4, WEFT_NOC_UNIFORM, 8);
    c.options.traffic.seed = 8;
    ASSERT_EQ(a.Run(0.2), WEFT_OK);
    ASSERT_EQ(b.Run(0.2), WEFT_OK);
    ASSERT_EQ(c.Run(0.2), WEFT_OK);
    EXPECT_EQ(a.m.packet.mean, b.m.packet.mean);
    EXPECT_EQ(a.m.totals.latency_sum, b.m.totals.latency_sum);
    EXPECT_NE(a.m.totals.latency_sum, c.m.totals.latency_sum);
}

/* Every kind of network passes its own checks under load. */
TEST(NocMeasure, OtherNetworksPassTheirChecks) {
    for (int kind = 0; kind < 7; kind++) {
        Experiment e(4, 4, WEFT_NOC_UNIFORM, 6);
        weft_noc_config &c = e.mesh.config;
        e.options.warmup = 300, e.options.cycles = 1500;
        if (kind == 0) c.topology = WEFT_NOC_TORUS;
        if (kind == 1) c.routing = WEFT_NOC_YX, c.y_differs = true, c.link_cycles_y = 3, c.credit_cycles_y = 2;
        if (kind == 2) c.routing = WEFT_NOC_WEST_FIRST;
        if (kind == 3) c.routing = WEFT_NOC_ADAPTIVE, c.escape_vcs = 1;
        if (kind == 4) c.routing = WEFT_NOC_ADAPTIVE, c.escape_vcs = 2, c.topology = WEFT_NOC_TORUS;
        if (kind >= 5) {
            c.chips[0] = c.chips[1] = 2;
            c.chip_link_cycles = c.chip_credit_cycles = 5, c.chip_link_interval = 2;
        }
        if (kind == 6) c.routing = WEFT_NOC_ADAPTIVE, c.escape_vcs = 1;
        for (double rate : {0.05, 0.2, 0.6}) {
            ASSERT_EQ(e.Run(rate), WEFT_OK) << kind << " " << rate << ": " << e.err.text;
            if (rate < 0.1) {
                EXPECT_FALSE(e.m.saturated) << kind;
                EXPECT_NEAR(e.m.accepted, rate, 0.1 * rate) << kind;
            }
        }
        EXPECT_TRUE(e.m.saturated) << kind;
    }
}

TEST(NocMeasure, DeadlocksEndTheRun) {
    Experiment e(1, 2, WEFT_NOC_UNIFORM, 16);
    e.mesh.config.routing = WEFT_NOC_ADAPTIVE, e.mesh.config.allow_deadlock = true;
    EXPECT_EQ(e.Run(0.8), WEFT_E_INVALID);
    EXPECT_EQ(std::string(e.err.text).rfind("deadlock after ", 0), 0U) << e.err.text;
    EXPECT_NE(std::string(e.err.text).find("waits for router "), std::string::npos) << e.err.text;
}

/* A large mesh looks at the flag as often as a small one, by the time that its cycles take. */
TEST(NocMeasure, LooksByTheWorkNotByTheCycles) {
    struct Looks {
        volatile sig_atomic_t stop = 0;
        uint64_t last = 0, widest = 0;
    };
    for (int width : {4, 64}) {
        Looks looks;
        Mesh mesh(width, width, 2, 4);
        mesh.config.terminal_count = width * width, mesh.config.terminal_router = mesh.terminal_router.data();
        weft_noc_measure_options options{};
        options.traffic.packet_flits = 1, options.traffic.rate = 0.01;
        options.warmup = 0, options.cycles = 100000;
        options.stop = &looks.stop, options.context = &looks;
        options.progress = [](void *context, uint64_t cycle, uint64_t) {
            Looks *l = static_cast<Looks *>(context);
            l->widest = std::max(l->widest, cycle - l->last);
            l->last = cycle;
            l->stop = cycle >= 60;
        };
        weft_noc_measurement m;
        EXPECT_EQ(weft_noc_measure(&m, &mesh.config, &options, nullptr), WEFT_E_INTERRUPTED);
        EXPECT_EQ(looks.widest, uint64_t(1 + 65536 / (width * width)));
    }
}

TEST(NocMeasure, StopsWhenItIsTold) {
    volatile sig_atomic_t stop = 1;
    Experiment e(2, 4, WEFT_NOC_UNIFORM, 1);
    e.options.stop = &stop;
    EXPECT_EQ(e.Run(0.1), WEFT_E_INTERRUPTED);
}

} // namespace
