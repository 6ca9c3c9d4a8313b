/* Closed forms: the idle network against the network itself, loads against sums over all pairs, bounds by hand. */
#include "sim/noc/noc_bounds.h"

#include <gtest/gtest.h>

#include "tests/noc_mesh.h"

namespace {

/* A second packet starts when the first one has left the port: at once on the other VC, which has all its credits. */
TEST(NocBounds, PacketsKeepTheirPortForAsLongAsTheirFlitsTake) {
    for (int depth : {1, 3, 4, 7, 16})
        for (int flits : {1, 4, 5, 30, 200})
            for (int target : {0, 1, 15}) {
                Mesh mesh(4, 4, 2, depth);
                ASSERT_EQ(mesh.create(), WEFT_OK);
                ASSERT_EQ(weft_noc_inject(mesh.noc, 0, target, flits, 1, nullptr), WEFT_OK);
                ASSERT_EQ(weft_noc_inject(mesh.noc, 0, 5, 1, 2, nullptr), WEFT_OK);
                uint64_t started = 0, cycles = 0;
                const weft_noc_delivery *d = nullptr;
                for (int c = 0; c < 5000; c++)
                    for (int n = weft_noc_step(mesh.noc, &d), i = 0; i < n; i++)
                        if (d[i].tag == 2) started = d[i].started;
                ASSERT_EQ(weft_noc_injection_cycles(&cycles, &mesh.config, 0, target, flits, nullptr), WEFT_OK);
                EXPECT_EQ(cycles, started) << depth << " " << flits << " " << target;
                EXPECT_GE(cycles, uint64_t(flits));
            }
}

/* Two VCs of 2 flits: a loop of 6 cycles into the network, of 7 out of it. */
TEST(NocBounds, PortsAreBusyForTheirCredits) {
    Mesh mesh(2, 2, 2, 2);
    ASSERT_EQ(mesh.create(), WEFT_OK);
    EXPECT_EQ(weft_noc_port_busy(&mesh.config, true, 100, 100), 150U);
    EXPECT_EQ(weft_noc_port_busy(&mesh.config, false, 100, 100), 175U);
    EXPECT_EQ(weft_noc_port_busy(&mesh.config, true, 100, 301), 301U);
    mesh.config.buffer_flits = 8;
    EXPECT_EQ(weft_noc_port_busy(&mesh.config, true, 100, 100), 100U);
}

uint64_t ZeroLoad(const weft_noc_config &config, int from, int to, int flits) {
    uint64_t cycles = 0;
    EXPECT_EQ(weft_noc_zero_load(&cycles, &config, from, to, flits, nullptr), WEFT_OK);
    return cycles;
}

/* Every pair, L = 1..16, the three routers: buffers that cover the loop of 7 cycles. */
TEST(NocBounds, ZeroLoadOfTheReferenceMesh) {
    struct {
        bool speculative;
        int route, each;
    } kinds[] = {{false, 0, 4}, {true, 0, 3}, {false, 1, 5}};
    for (auto &kind : kinds) {
        Mesh mesh(8, 8, 4, 8);
        mesh.config.speculative = kind.speculative, mesh.config.route_cycles = kind.route;
        ASSERT_EQ(mesh.create(), WEFT_OK);
        for (int from = 0; from < 64; from++)
            for (int to = 0; to < 64; to++)
                for (int flits = 1; flits <= 16; flits++)
                    ASSERT_EQ(ZeroLoad(mesh.config, from, to, flits),
                              uint64_t(kind.each * mesh.routers(from, to) + 1 + flits));
    }
}

void RandomiseDelays(Mesh &mesh, Random &random) {
    weft_noc_config &c = mesh.config;
    c.buffer_flits = 1 + random.below(10);
    c.route_cycles = random.below(3), c.vc_cycles = 1 + random.below(3), c.switch_cycles = 1 + random.below(3);
    c.traversal_cycles = 1 + random.below(2), c.link_cycles = 1 + random.below(4), c.credit_cycles = random.below(4);
    c.speculative = random.below(2) == 1;
    c.routing = random.below(2);
    c.topology = random.below(2);
    c.vcs = 2;
    c.y_differs = random.below(2) == 1;
    c.link_cycles_y = 1 + random.below(6), c.credit_cycles_y = random.below(4);
    for (int i = 0; i < 2; i++) {
        int side = i ? c.height : c.width;
        c.chips[i] = random.below(2) && side % 2 == 0 ? 2 : 1;
    }
    c.chip_link_cycles = 1 + random.below(9), c.chip_credit_cycles = random.below(9);
    c.chip_link_interval = 1 + random.below(4);
}

/* Any delays, buffers shorter than their loops, links that differ: one packet alone takes exactly what is said. */
TEST(NocBounds, ZeroLoadIsWhatOnePacketTakes) {
    Random random{5};
    for (int round = 0; round < 400; round++) {
        Mesh mesh(1 + random.below(6), 1 + random.below(6));
        RandomiseDelays(mesh, random);
        ASSERT_EQ(mesh.create(), WEFT_OK);
        int terminals = mesh.config.terminal_count;
        for (int i = 0; i < 12; i++) {
            int from = random.below(terminals), to = random.below(terminals), flits = 1 + random.below(40);
            ASSERT_EQ(mesh.latency(from, to, flits), ZeroLoad(mesh.config, from, to, flits))
                << "round " << round << " " << from << " -> " << to << " of " << mesh.config.width << " x "
                << mesh.config.height << ", " << flits << " flits, depth " << mesh.config.buffer_flits;
            weft_noc_skip(mesh.noc, 200);
        }
    }
}

/* 4 flits of buffer for a loop of 7 cycles: flit 8 is 14 cycles behind the head. */
TEST(NocBounds, ZeroLoadOfShortBuffersByHand) {
    Mesh mesh(8, 8, 2, 4);
    ASSERT_EQ(mesh.create(), WEFT_OK);
    EXPECT_EQ(ZeroLoad(mesh.config, 0, 63, 1), 4U * 15 + 2);
    EXPECT_EQ(ZeroLoad(mesh.config, 0, 63, 4), 4U * 15 + 2 + 3);
    EXPECT_EQ(ZeroLoad(mesh.config, 0, 63, 5), 4U * 15 + 2 + 7);
    EXPECT_EQ(ZeroLoad(mesh.config, 0, 63, 9), 4U * 15 + 2 + 14);
    EXPECT_EQ(mesh.latency(0, 63, 9), 4U * 15 + 2 + 14);
}

struct Loads {
    weft_noc_loads of{};
    explicit Loads(const weft_noc_config &config) { EXPECT_EQ(weft_noc_loads_create(&of, &config, nullptr), WEFT_OK); }
    ~Loads() { weft_noc_loads_destroy(&of); }
    Loads(const Loads &) = delete;
    Loads &operator=(const Loads &) = delete;
};

weft_noc_bounds BoundsOf(Mesh &mesh, const std::vector<int> &target) {
    EXPECT_EQ(mesh.create(), WEFT_OK);
    Loads loads(mesh.config);
    if (target.empty()) { EXPECT_EQ(weft_noc_loads_add_uniform(&loads.of, &mesh.config, 1, nullptr), WEFT_OK); }
    for (size_t t = 0; t < target.size(); t++) weft_noc_loads_add(&loads.of, &mesh.config, int(t), target[t], 1);
    weft_noc_loads_finish(&loads.of, &mesh.config);
    return weft_noc_bounds_get(&loads.of, &mesh.config);
}

std::vector<int> Transpose() {
    std::vector<int> target;
    for (int t = 0; t < 64; t++) target.push_back(t % 8 * 8 + t / 8);
    return target;
}

TEST(NocBounds, ReferenceMesh) {
    Mesh deep(8, 8, 4, 8), shallow(8, 8, 1, 4);
    EXPECT_DOUBLE_EQ(BoundsOf(deep, {}).channel, 0.5);
    EXPECT_DOUBLE_EQ(BoundsOf(deep, {}).credit, 0.5);
    EXPECT_DOUBLE_EQ(BoundsOf(shallow, {}).credit, 0.5 * 4 / 7);
    EXPECT_DOUBLE_EQ(BoundsOf(deep, Transpose()).channel, 1.0 / 7);
    EXPECT_DOUBLE_EQ(BoundsOf(shallow, Transpose()).channel, 1.0 / 7);
    EXPECT_NEAR(BoundsOf(shallow, Transpose()).credit, 0.0816, 0.00005);
    EXPECT_DOUBLE_EQ(BoundsOf(shallow, Transpose()).credit, 4.0 / 49);
}

/* All to one node: its ejection link takes 64 nodes' flits. */
TEST(NocBounds, OneTarget) {
    Mesh mesh(8, 8, 4, 8);
    EXPECT_DOUBLE_EQ(BoundsOf(mesh, std::vector<int>(64, 27)).channel, 1.0 / 64);
}

/* Half of the flits of a cut cross it; on a torus the rings' links share them, and half the ring goes up. */
TEST(NocBounds, OtherNetworks) {
    Mesh torus(8, 8, 2, 8);
    torus.config.topology = WEFT_NOC_TORUS;
    EXPECT_DOUBLE_EQ(BoundsOf(torus, {}).channel, 0.8); /* 1 + 2 + 3 + 4 of 8 places up */
    Mesh chips(8, 8, 2, 8);
    chips.config.chips[0] = 2, chips.config.chip_link_cycles = 1, chips.config.chip_link_interval = 3;
    EXPECT_DOUBLE_EQ(BoundsOf(chips, {}).channel, 0.5 / 3);
    Mesh far(8, 8, 2, 8);
    far.config.chips[0] = 2, far.config.chip_link_cycles = 20, far.config.chip_credit_cycles = 20;
    EXPECT_DOUBLE_EQ(BoundsOf(far, {}).credit, 0.5 * 16 / (2 * 2 + 20 + 20 + 1));
    Mesh adaptive(8, 8, 4, 8);
    adaptive.config.routing = WEFT_NOC_ADAPTIVE, adaptive.config.escape_vcs = 1;
    weft_noc_bounds b = BoundsOf(adaptive, Transpose());
    /* The 16 nodes of the lower left quarter send over the middle, which 8 links do. */
    EXPECT_DOUBLE_EQ(b.channel, 8.0 / 16);
}

/* Uniform loads, one dimension at a time, are the sum over all pairs. */
TEST(NocBounds, UniformLoadsAreSumsOverPairs) {
    Random random{9};
    for (int round = 0; round < 40; round++) {
        Mesh mesh(1 + random.below(7), 1 + random.below(7));
        mesh.config.topology = random.below(2), mesh.config.routing = random.below(2);
        int routers = mesh.config.width * mesh.config.height, each = 1 + random.below(3);
        mesh.terminal_router.resize(size_t(routers * each));
        for (size_t t = 0; t < mesh.terminal_router.size(); t++) mesh.terminal_router[t] = int(t) / each;
        ASSERT_EQ(mesh.create(), WEFT_OK);
        Loads fast(mesh.config), slow(mesh.config);
        int n = mesh.config.terminal_count;
        ASSERT_EQ(weft_noc_loads_add_uniform(&fast.of, &mesh.config, 1, nullptr), WEFT_OK);
        for (int s = 0; s < n; s++)
            for (int t = 0; t < n; t++) weft_noc_loads_add(&slow.of, &mesh.config, s, t, 1.0 / n);
        for (int l = 0; l < routers * 4; l++) ASSERT_NEAR(fast.of.link[l], slow.of.link[l], 1e-9) << l;
        for (int t = 0; t < n; t++) ASSERT_NEAR(fast.of.ejection[t], slow.of.ejection[t], 1e-9);
        EXPECT_NEAR(fast.of.total, slow.of.total, 1e-9);
    }
}

} // namespace
