/* Network on chip against closed forms: zero-load latency, channel load, credit loop. */
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/noc_mesh.h"

namespace {

/* Sends one packet through an idle mesh; creation to tail. */
uint64_t Latency(weft_noc *noc, int from, int to, int flits) {
    const weft_noc_delivery *d = nullptr;
    if (weft_noc_inject(noc, from, to, flits, 77, nullptr) != WEFT_OK) return 0;
    for (int i = 0; i < 100000; i++)
        if (weft_noc_step(noc, &d) == 1) {
            EXPECT_EQ(d->tag, 77U);
            EXPECT_EQ(d->source, from);
            EXPECT_EQ(d->target, to);
            EXPECT_EQ(d->flits, flits);
            EXPECT_EQ(d->delivered, weft_noc_cycle(noc));
            EXPECT_TRUE(weft_noc_idle(noc));
            return d->delivered - d->created;
        }
    return 0;
}

/* Every pair of an 8 x 8 mesh, L = 1..16; the buffer covers the credit loop of 7 cycles, so L flits leave one a cycle.
 */
void ExpectZeroLoad(bool speculative, int route_cycles, uint64_t per_router) {
    Mesh mesh(8, 8, 2, 8);
    mesh.config.speculative = speculative;
    mesh.config.route_cycles = route_cycles;
    ASSERT_EQ(mesh.create(), WEFT_OK);
    for (int from = 0; from < 64; from++)
        for (int to = 0; to < 64; to++)
            for (int flits = 1; flits <= 16; flits++) {
                uint64_t n = uint64_t(mesh.routers(from, to));
                ASSERT_EQ(Latency(mesh.noc, from, to, flits), per_router * n + 1 + uint64_t(flits))
                    << from << " -> " << to << ", " << flits << " flits";
            }
}

TEST(Noc, ZeroLoad) { ExpectZeroLoad(false, 0, 4); }
TEST(Noc, ZeroLoadSpeculative) { ExpectZeroLoad(true, 0, 3); }
TEST(Noc, ZeroLoadWithRouteStage) { ExpectZeroLoad(false, 1, 5); }

/* Latency of the general pipeline, link L cycles: N routers x (route + vc + switch + traversal + link) + link + flits.
 */
TEST(Noc, ZeroLoadOfOtherPipelines) {
    Mesh mesh(4, 3, 3, 64);
    mesh.config.route_cycles = 2, mesh.config.vc_cycles = 3, mesh.config.switch_cycles = 2;
    mesh.config.traversal_cycles = 2, mesh.config.link_cycles = 5, mesh.config.credit_cycles = 4;
    ASSERT_EQ(mesh.create(), WEFT_OK);
    for (int to = 0; to < 12; to++) {
        uint64_t n = uint64_t(mesh.routers(5, to));
        EXPECT_EQ(Latency(mesh.noc, 5, to, 9), n * (2 + 3 + 2 + 2 + 5) + 5 + 9);
    }
    mesh.config.speculative = true; /* VC and switch allocation overlap */
    ASSERT_EQ(mesh.create(), WEFT_OK);
    for (int to = 0; to < 12; to++) {
        uint64_t n = uint64_t(mesh.routers(5, to));
        EXPECT_EQ(Latency(mesh.noc, 5, to, 9), n * (2 + 3 + 2 + 5) + 5 + 9);
    }
}

/* A buffer smaller than the credit loop of 7 cycles: the interface's own loop is 6 (one interface cycle, no switch).
 * With 4 slots a long packet on one VC leaves a router at 4 flits every 7 cycles. */
TEST(Noc, CreditLoopPacesALongPacket) {
    Mesh mesh(4, 1, 1, 4);
    ASSERT_EQ(mesh.create(), WEFT_OK);
    const int flits = 701;
    uint64_t latency = Latency(mesh.noc, 0, 3, flits);
    uint64_t head = 4 * 4 + 2;
    EXPECT_EQ(latency, head + 7 * ((flits - 1) / 4));
}

TEST(Noc, SeveralTerminalsShareARouter) {
    Mesh mesh(2, 2);
    mesh.terminal_router = {3, 0, 0, 3, 1, 0};
    ASSERT_EQ(mesh.create(), WEFT_OK);
    for (int from = 0; from < 6; from++)
        for (int to = 0; to < 6; to++)
            EXPECT_EQ(Latency(mesh.noc, from, to, 3), 4 * uint64_t(mesh.routers(from, to)) + 1 + 3);
}

TEST(Noc, CountsFlitsOfALink) {
    Mesh mesh(3, 3, 2, 8);
    ASSERT_EQ(mesh.create(), WEFT_OK);
    EXPECT_GT(Latency(mesh.noc, 0, 8, 5), 0U); /* XY: 0 1 2 5 8 */
    for (int r = 0; r < 9; r++)
        for (int side = 0; side < 4; side++) {
            bool used = (side == 0 && (r == 0 || r == 1)) || (side == 3 && (r == 2 || r == 5));
            EXPECT_EQ(weft_noc_link_flits(mesh.noc, r, side), used ? 5U : 0U) << r << " " << side;
        }
    EXPECT_GT(Latency(mesh.noc, 8, 0, 2), 0U); /* 8 7 6 3 0 */
    EXPECT_EQ(weft_noc_link_flits(mesh.noc, 8, 1), 2U);
    EXPECT_EQ(weft_noc_link_flits(mesh.noc, 6, 2), 2U);
    weft_noc_statistics s = weft_noc_statistics_get(mesh.noc);
    EXPECT_EQ(s.router_flits, 5U * 5 + 5 * 2);
    EXPECT_EQ(s.link_flits, 4U * 5 + 4 * 2);
    EXPECT_EQ(s.packets_delivered, 2U);
    EXPECT_EQ(s.flits_injected, 7U);
    EXPECT_EQ(s.flits_delivered, 7U);
    EXPECT_EQ(s.latency_max, 4U * 5 + 1 + 5);
    EXPECT_EQ(s.latency_sum, 4U * 5 + 1 + 5 + 4 * 5 + 1 + 2);
    EXPECT_EQ(s.latency_histogram[4], 2U); /* 26 and 23 lie in [16, 32) */
    EXPECT_EQ(s.busy_cycles, s.latency_sum);
}

/* Accepted flits per node and cycle with sources that always have packets; every node sends to destination(node). */
template <typename Destination> double Saturate(Mesh &mesh, int flits, int cycles, Destination destination) {
    const weft_noc_delivery *d = nullptr;
    std::vector<int> waiting(64);
    uint64_t before = 0;
    for (int c = 0; c < 2 * cycles; c++) {
        if (c == cycles) before = weft_noc_statistics_get(mesh.noc).flits_delivered;
        for (int t = 0; t < 64; t++)
            for (; waiting[size_t(t)] < 2; waiting[size_t(t)]++)
                if (weft_noc_inject(mesh.noc, t, destination(t), flits, 0, nullptr) != WEFT_OK) return -1;
        for (int n = weft_noc_step(mesh.noc, &d), i = 0; i < n; i++) waiting[size_t(d[i].source)]--;
    }
    return double(weft_noc_statistics_get(mesh.noc).flits_delivered - before) / (64.0 * cycles);
}

/* Transpose under XY with saturated sources: 4 buffer slots and a loop of 7 cycles leave 4/7 of any channel. */
TEST(Noc, CreditLoopBoundsAChannel) {
    for (int vcs = 1; vcs <= 2; vcs++) {
        Mesh mesh(8, 8, vcs, 4 / vcs);
        ASSERT_EQ(mesh.create(), WEFT_OK);
        const int cycles = 4000;
        ASSERT_GT(Saturate(mesh, 64, cycles, [](int t) { return (t % 8) * 8 + t / 8; }), 0);
        uint64_t busiest = 0;
        for (int r = 0; r < 64; r++)
            for (int side = 0; side < 4; side++) busiest = std::max(busiest, weft_noc_link_flits(mesh.noc, r, side));
        EXPECT_LE(double(busiest), 4.0 / 7 * 2 * cycles + 4);
        EXPECT_GE(double(busiest), 0.95 * 4.0 / 7 * 2 * cycles);
    }
}

/* Open-loop transpose at rate r: what is offered below the bound is accepted, above it is not. */
double Accepted(Mesh &mesh, double rate, int flits, int cycles, uint64_t seed, bool transpose) {
    const weft_noc_delivery *d = nullptr;
    Random random{seed};
    uint64_t before = 0;
    for (int c = 0; c < 2 * cycles; c++) {
        if (c == cycles) before = weft_noc_statistics_get(mesh.noc).flits_delivered;
        for (int t = 0; t < 64; t++) {
            int to = transpose ? (t % 8) * 8 + t / 8 : random.below(64);
            if (random.chance(rate / flits) && weft_noc_inject(mesh.noc, t, to, flits, 0, nullptr) != WEFT_OK)
                return -1;
        }
        weft_noc_step(mesh.noc, &d);
    }
    return double(weft_noc_statistics_get(mesh.noc).flits_delivered - before) / (64.0 * cycles);
}

TEST(Noc, UniformTrafficBelowSaturationIsAccepted) {
    Mesh mesh(8, 8, 4, 8);
    ASSERT_EQ(mesh.create(), WEFT_OK);
    double accepted = Accepted(mesh, 0.3, 1, 5000, 1, false);
    EXPECT_NEAR(accepted, 0.3, 0.005);
    weft_noc_statistics s = weft_noc_statistics_get(mesh.noc);
    EXPECT_NEAR(double(s.router_flits) / double(s.flits_delivered), 6.25, 0.05); /* average N, self included */
}

TEST(Noc, UniformTrafficStaysBelowTheChannelLoadBound) {
    Mesh mesh(8, 8, 4, 8);
    ASSERT_EQ(mesh.create(), WEFT_OK);
    double accepted = Accepted(mesh, 0.9, 1, 3000, 2, false);
    EXPECT_LT(accepted, 0.5);
    EXPECT_GT(accepted, 0.35);
}

/* Transpose sends 7 flows over the busiest channel: 1/7 flit/node/cycle; with 1 VC of 4 flits 4/7 of that, 0.0816.
 * Below, all that is offered is accepted; with much more offered the busiest channel's flows share what it can carry.
 */
TEST(Noc, TransposeStaysBelowItsBounds) {
    Mesh deep(8, 8, 4, 8), shallow(8, 8, 1, 4);
    ASSERT_EQ(deep.create(), WEFT_OK);
    EXPECT_NEAR(Accepted(deep, 0.12, 1, 5000, 3, true), 0.12, 0.003);
    ASSERT_EQ(shallow.create(), WEFT_OK);
    EXPECT_NEAR(Accepted(shallow, 0.05, 1, 5000, 4, true), 0.05, 0.002);
    for (Mesh *mesh : {&deep, &shallow}) {
        ASSERT_EQ(mesh->create(), WEFT_OK);
        Accepted(*mesh, 0.4, 8, 3000, 5, true);
        uint64_t busiest = 0;
        for (int r = 0; r < 64; r++)
            for (int side = 0; side < 4; side++) busiest = std::max(busiest, weft_noc_link_flits(mesh->noc, r, side));
        double bound = mesh == &deep ? 1.0 : 4.0 / 7;
        EXPECT_LE(double(busiest), bound * 6000 + 4);
        EXPECT_GE(double(busiest), 0.8 * bound * 6000);
    }
}

TEST(Noc, StepsAndSkipsAreTheSame) {
    Mesh stepped(4, 4, 1, 2), skipped(4, 4, 1, 2);
    ASSERT_EQ(stepped.create(), WEFT_OK);
    ASSERT_EQ(skipped.create(), WEFT_OK);
    const weft_noc_delivery *a = nullptr, *b = nullptr;
    Random random{3};
    for (int round = 0; round < 300; round++) {
        int gap = random.below(12);
        for (int i = 0; i < gap; i++) ASSERT_EQ(weft_noc_step(stepped.noc, &a), 0);
        weft_noc_skip(skipped.noc, uint64_t(gap));
        for (int i = 0; i < 5; i++) {
            int from = random.below(16), to = random.below(16), flits = 1 + random.below(9);
            ASSERT_EQ(weft_noc_inject(stepped.noc, from, to, flits, uint64_t(i), nullptr), WEFT_OK);
            ASSERT_EQ(weft_noc_inject(skipped.noc, from, to, flits, uint64_t(i), nullptr), WEFT_OK);
        }
        while (!weft_noc_idle(stepped.noc)) {
            int n = weft_noc_step(stepped.noc, &a);
            ASSERT_EQ(weft_noc_step(skipped.noc, &b), n);
            for (int i = 0; i < n; i++) {
                ASSERT_EQ(a[i].tag, b[i].tag);
                ASSERT_EQ(a[i].source, b[i].source);
                ASSERT_EQ(a[i].delivered, b[i].delivered);
            }
        }
        ASSERT_TRUE(weft_noc_idle(skipped.noc));
    }
    EXPECT_EQ(weft_noc_statistics_get(stepped.noc).latency_sum, weft_noc_statistics_get(skipped.noc).latency_sum);
}

TEST(Noc, RefusesParametersOutOfRange) {
    weft_error err{};
    Mesh none(2, 2, 0, 4);
    EXPECT_EQ(none.create(&err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: vcs is 0, allowed are 1 to 32");
    Mesh shallow(2, 2, 1, 0);
    EXPECT_EQ(shallow.create(&err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: buffer_flits is 0, allowed are 1 to 4096");
    Mesh outside(2, 2);
    outside.terminal_router[2] = 4;
    EXPECT_EQ(outside.create(&err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: terminal 2 is attached to router 4 of 4");
    Mesh crowded(2, 2);
    crowded.terminal_router.assign(61, 1);
    EXPECT_EQ(crowded.create(&err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: router 1 has more than 60 terminals");
    EXPECT_EQ(crowded.noc, nullptr);
}

} // namespace
