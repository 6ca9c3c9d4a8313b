/* Torus, turn model, adaptive routing, several chips, multicast, deadlocks: small cases by hand. */
#include <gtest/gtest.h>

#include <string>

#include "tests/noc_mesh.h"

namespace {

uint64_t LinkFlits(const Mesh &mesh) {
    uint64_t sum = 0;
    for (int r = 0; r < mesh.config.width * mesh.config.height; r++)
        for (int side = 0; side < 4; side++) sum += weft_noc_link_flits(mesh.noc, r, side);
    return sum;
}

/* 4N + 1 + L with the nearer way round. */
TEST(NocKinds, TorusTakesTheShorterWay) {
    Mesh mesh(8, 5, 2, 8);
    mesh.config.topology = WEFT_NOC_TORUS;
    ASSERT_EQ(mesh.create(), WEFT_OK);
    for (int from = 0; from < 40; from++)
        for (int to = 0; to < 40; to++) {
            int dx = std::abs(from % 8 - to % 8), dy = std::abs(from / 8 - to / 8);
            int n = 1 + std::min(dx, 8 - dx) + std::min(dy, 5 - dy);
            ASSERT_EQ(mesh.latency(from, to, 3), uint64_t(4 * n + 1 + 3)) << from << " " << to;
        }
}

TEST(NocKinds, TorusUsesTheWrapLinks) {
    Mesh mesh(8, 8, 2, 8);
    mesh.config.topology = WEFT_NOC_TORUS;
    ASSERT_EQ(mesh.create(), WEFT_OK);
    EXPECT_EQ(mesh.latency(0, 63, 5), 4U * 3 + 1 + 5); /* west to router 7, north to router 63 */
    EXPECT_EQ(weft_noc_link_flits(mesh.noc, 0, 1), 5U);
    EXPECT_EQ(weft_noc_link_flits(mesh.noc, 7, 2), 5U);
    EXPECT_EQ(LinkFlits(mesh), 10U);
}

/* XY goes over router 1, YX over router 4. */
TEST(NocKinds, YxGoesTheOtherWay) {
    Mesh mesh(4, 4, 2, 8);
    for (int routing : {int(WEFT_NOC_XY), int(WEFT_NOC_YX)}) {
        mesh.config.routing = routing;
        ASSERT_EQ(mesh.create(), WEFT_OK);
        EXPECT_EQ(mesh.latency(0, 5, 4), 4U * 3 + 1 + 4);
        EXPECT_EQ(weft_noc_link_flits(mesh.noc, 0, routing == WEFT_NOC_XY ? 0 : 3), 4U);
        EXPECT_EQ(weft_noc_link_flits(mesh.noc, 0, routing == WEFT_NOC_XY ? 3 : 0), 0U);
    }
}

/* West first: a packet to the south-west leaves west; one to the south-east may leave both ways. */
TEST(NocKinds, WestFirstGoesWestFirst) {
    Mesh mesh(4, 4, 2, 4);
    mesh.config.routing = WEFT_NOC_WEST_FIRST;
    ASSERT_EQ(mesh.create(), WEFT_OK);
    const weft_noc_delivery *d = nullptr;
    for (int i = 0; i < 40; i++) {
        ASSERT_EQ(weft_noc_inject(mesh.noc, 3, 12, 4, 0, nullptr), WEFT_OK);
        ASSERT_EQ(weft_noc_inject(mesh.noc, 0, 15, 4, 0, nullptr), WEFT_OK);
        ASSERT_EQ(weft_noc_inject(mesh.noc, 1, 13, 4, 0, nullptr), WEFT_OK);
    }
    while (!weft_noc_idle(mesh.noc)) weft_noc_step(mesh.noc, &d);
    for (int r = 0; r < 16; r++) { /* west links are used in the row of router 3 alone */
        EXPECT_EQ(weft_noc_link_flits(mesh.noc, r, 1), r >= 1 && r <= 3 ? 160U : 0U) << r;
    }
    EXPECT_GT(weft_noc_link_flits(mesh.noc, 0, 0), 0U);
    EXPECT_GT(weft_noc_link_flits(mesh.noc, 0, 3), 160U); /* besides those from router 3 */
}

TEST(NocKinds, AdaptiveSpreadsOverBothWays) {
    Mesh mesh(4, 4, 3, 4);
    mesh.config.routing = WEFT_NOC_ADAPTIVE, mesh.config.escape_vcs = 1;
    ASSERT_EQ(mesh.create(), WEFT_OK);
    const weft_noc_delivery *d = nullptr;
    mesh.config.terminal_count = 16;
    for (int i = 0; i < 40; i++) { ASSERT_EQ(weft_noc_inject(mesh.noc, 0, 15, 4, 0, nullptr), WEFT_OK); }
    while (!weft_noc_idle(mesh.noc)) weft_noc_step(mesh.noc, &d);
    uint64_t east = weft_noc_link_flits(mesh.noc, 0, 0), south = weft_noc_link_flits(mesh.noc, 0, 3);
    EXPECT_EQ(east + south, 160U);
    EXPECT_GT(east, 40U);
    EXPECT_GT(south, 40U);
    EXPECT_EQ(LinkFlits(mesh), 160U * 6);
}

/* 4 x 1 routers on two chips: 3 links of which the middle one takes 10 cycles and a flit every 5. */
TEST(NocKinds, ChipsAreJoinedBySlowLinks) {
    Mesh mesh(4, 1, 2, 16);
    mesh.config.chips[0] = 2;
    mesh.config.chip_link_cycles = 10, mesh.config.chip_credit_cycles = 10, mesh.config.chip_link_interval = 5;
    ASSERT_EQ(mesh.create(), WEFT_OK);
    EXPECT_EQ(mesh.latency(0, 1, 6), 4U * 2 + 1 + 6);
    EXPECT_EQ(mesh.latency(0, 3, 1), 4U * 4 + 1 + 1 + 9);
    /* The tail leaves router 1 25 cycles behind the head; behind it a body flit needs one cycle less a router. */
    EXPECT_EQ(mesh.latency(0, 3, 6), 4U * 4 + 1 + 1 + 9 + 25 - 2);
}

TEST(NocKinds, YLinksMayBeLonger) {
    Mesh mesh(3, 3, 2, 16);
    mesh.config.y_differs = true, mesh.config.link_cycles_y = 4, mesh.config.credit_cycles_y = 2;
    ASSERT_EQ(mesh.create(), WEFT_OK);
    EXPECT_EQ(mesh.latency(0, 2, 3), 4U * 3 + 1 + 3);
    EXPECT_EQ(mesh.latency(0, 6, 3), 4U * 3 + 1 + 3 + 2 * 3);
}

/* ---- multicast ---- */

/* Alone in the network every target gets it as if it were the only one, and links carry each flit once. */
TEST(NocKinds, MulticastReachesEveryTargetInUnicastTime) {
    Mesh mesh(5, 5, 2, 8);
    mesh.config.multicast = true;
    ASSERT_EQ(mesh.create(), WEFT_OK);
    std::vector<int> targets = {12, 0, 4, 20, 24, 14, 7, 2};
    ASSERT_EQ(weft_noc_inject_multicast(mesh.noc, 12, targets.data(), int(targets.size()), 6, 99, nullptr), WEFT_OK);
    const weft_noc_delivery *d = nullptr;
    std::vector<uint64_t> at(25);
    while (!weft_noc_idle(mesh.noc))
        for (int n = weft_noc_step(mesh.noc, &d), i = 0; i < n; i++) {
            EXPECT_EQ(d[i].tag, 99U);
            EXPECT_EQ(d[i].source, 12);
            EXPECT_EQ(d[i].flits, 6);
            EXPECT_EQ(d[i].started, 0U);
            EXPECT_EQ(at[size_t(d[i].target)], 0U);
            at[size_t(d[i].target)] = d[i].delivered;
        }
    for (int t : targets) EXPECT_EQ(at[size_t(t)], uint64_t(4 * mesh.routers(12, t) + 1 + 6)) << t;
    /* 12 west to 10 and east to 14; from 10 to 0 and 20, from 14 to 4 and 24, from 12 to 2, from 12 north over 7. */
    EXPECT_EQ(LinkFlits(mesh), 6U * (2 + 2 + 4 + 4 + 2));
    weft_noc_statistics s = weft_noc_statistics_get(mesh.noc);
    EXPECT_EQ(s.packets_injected, 8U);
    EXPECT_EQ(s.packets_delivered, 8U);
    EXPECT_EQ(s.flits_delivered, 48U);
    EXPECT_EQ(s.flits_injected, 48U);
    EXPECT_EQ(s.router_flits, 6U * (14 + 8));
}

/* A branch that is held up does not hold the other one, until the buffer is full. */
TEST(NocKinds, MulticastBranchesGoAtTheirOwnPace) {
    Mesh mesh(3, 1, 1, 8);
    mesh.terminal_router = {0, 0, 1, 2};
    mesh.config.multicast = true;
    ASSERT_EQ(mesh.create(), WEFT_OK);
    ASSERT_EQ(weft_noc_inject(mesh.noc, 2, 3, 30, 1, nullptr), WEFT_OK); /* holds the link from router 1 to 2 */
    const weft_noc_delivery *d = nullptr;
    for (int i = 0; i < 6; i++) ASSERT_EQ(weft_noc_step(mesh.noc, &d), 0);
    const int targets[] = {3, 2};
    ASSERT_EQ(weft_noc_inject_multicast(mesh.noc, 0, targets, 2, 8, 2, nullptr), WEFT_OK);
    uint64_t near = 0, far = 0, begin = weft_noc_cycle(mesh.noc);
    while (!weft_noc_idle(mesh.noc))
        for (int n = weft_noc_step(mesh.noc, &d), i = 0; i < n; i++)
            if (d[i].tag == 2) (d[i].target == 2 ? near : far) = d[i].delivered - begin;
    EXPECT_EQ(near, 4U * 2 + 1 + 8);
    EXPECT_GT(far, near + 15);
}

TEST(NocKinds, MulticastRefusals) {
    weft_error err{};
    Mesh plain(3, 3), mesh(3, 3, 2, 4), torus(3, 3);
    const int targets[] = {1, 2, 1}, outside[] = {9};
    ASSERT_EQ(plain.create(), WEFT_OK);
    EXPECT_EQ(weft_noc_inject_multicast(plain.noc, 0, targets, 2, 1, 0, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: this network has no multicast");
    mesh.config.multicast = true;
    ASSERT_EQ(mesh.create(), WEFT_OK);
    EXPECT_EQ(weft_noc_inject_multicast(mesh.noc, 0, targets, 2, 5, 0, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: a multicast packet of 5 flits; allowed are 1 to buffer_flits 4");
    EXPECT_EQ(weft_noc_inject_multicast(mesh.noc, 0, targets, 3, 1, 0, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: terminal 1 is twice a target of one packet");
    EXPECT_EQ(weft_noc_inject_multicast(mesh.noc, 0, targets, 0, 1, 0, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: a multicast packet needs a target");
    EXPECT_EQ(weft_noc_inject_multicast(mesh.noc, 0, outside, 1, 1, 0, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: target 9 of 9 terminals");
    EXPECT_TRUE(weft_noc_idle(mesh.noc));
    torus.config.multicast = true, torus.config.topology = WEFT_NOC_TORUS;
    EXPECT_EQ(torus.create(&err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: multicast needs a mesh and XY or YX routing");
}

/* ---- deadlocks ---- */

/* Long packets into a full network until it has delivered `packets`, or is stuck. */
std::string Stress(Mesh &mesh, uint64_t packets) {
    char text[800] = "";
    const weft_noc_delivery *d = nullptr;
    Random random{1};
    uint64_t limit = weft_noc_stall_limit(mesh.noc);
    for (int cycle = 0; weft_noc_statistics_get(mesh.noc).packets_delivered < packets && cycle < 400000; cycle++) {
        for (int t = 0; t < mesh.config.terminal_count; t++)
            if (cycle < 8000 && random.chance(0.2)) {
                int to = random.below(mesh.config.terminal_count);
                EXPECT_EQ(weft_noc_inject(mesh.noc, t, to, 16, uint64_t(cycle), nullptr), WEFT_OK);
            }
        weft_noc_step(mesh.noc, &d);
        if (weft_noc_stalled_cycles(mesh.noc) <= limit) continue;
        EXPECT_TRUE(weft_noc_find_deadlock(mesh.noc, text, sizeof text)) << "nothing moves, nobody waits for ever";
        return text;
    }
    EXPECT_FALSE(weft_noc_find_deadlock(mesh.noc, text, sizeof text)) << text;
    EXPECT_GE(weft_noc_statistics_get(mesh.noc).packets_delivered, packets);
    return "";
}

TEST(NocKinds, WhatCanDeadlockIsRefused) {
    weft_error err{};
    Mesh adaptive(4, 4), torus(4, 4, 1), west(4, 4), odd(4, 4, 3), escape(4, 4);
    adaptive.config.routing = WEFT_NOC_ADAPTIVE;
    torus.config.topology = west.config.topology = odd.config.topology = WEFT_NOC_TORUS;
    west.config.routing = WEFT_NOC_WEST_FIRST;
    for (Mesh *mesh : {&adaptive, &torus, &west}) {
        EXPECT_TRUE(weft_noc_can_deadlock(&mesh->config));
        EXPECT_EQ(mesh->create(&err), WEFT_E_INVALID);
        EXPECT_STREQ(err.text, "noc: packets can wait for each other for ever: adaptive routing needs escape VCs, a "
                               "torus an even number of VCs and no west-first routing");
    }
    EXPECT_EQ(odd.create(&err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: 3 VCs on a torus; half are for packets that wrap around, so it needs an even number");
    escape.config.escape_vcs = 1;
    EXPECT_EQ(escape.create(&err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "noc: escape_vcs is 1, allowed are 0 to 0");
}

TEST(NocKinds, DeadlocksAreFoundAndNamed) {
    Mesh adaptive(4, 4, 1, 2), torus(4, 4, 1, 2);
    adaptive.config.routing = WEFT_NOC_ADAPTIVE;
    torus.config.topology = WEFT_NOC_TORUS;
    for (Mesh *mesh : {&adaptive, &torus}) {
        mesh->config.allow_deadlock = true;
        ASSERT_EQ(mesh->create(), WEFT_OK);
        std::string text = Stress(*mesh, 3000);
        EXPECT_EQ(text.rfind("router ", 0), 0U) << text;
        EXPECT_NE(text.find(" VC 0, packet "), std::string::npos) << text;
        EXPECT_NE(text.find(" of 16 flits from "), std::string::npos) << text;
        EXPECT_NE(text.find(", which waits for the first"), std::string::npos) << text;
    }
}

/* The same stress where the docs say that it cannot happen. */
TEST(NocKinds, SafeNetworksNeverDeadlock) {
    for (int kind = 0; kind < 6; kind++) {
        Mesh mesh(4, 4, 2, 2);
        weft_noc_config &c = mesh.config;
        if (kind == 1) c.routing = WEFT_NOC_YX, c.vcs = 1;
        if (kind == 2) c.routing = WEFT_NOC_WEST_FIRST, c.vcs = 1;
        if (kind == 3) c.routing = WEFT_NOC_ADAPTIVE, c.escape_vcs = 1;
        if (kind == 4) c.topology = WEFT_NOC_TORUS;
        if (kind == 5) c.topology = WEFT_NOC_TORUS, c.routing = WEFT_NOC_ADAPTIVE, c.escape_vcs = 2, c.vcs = 3;
        EXPECT_FALSE(weft_noc_can_deadlock(&c));
        ASSERT_EQ(mesh.create(), WEFT_OK);
        EXPECT_EQ(Stress(mesh, 3000), "") << kind;
    }
}

} // namespace
