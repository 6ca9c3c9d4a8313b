/* Invariants of the network under random traffic with random parameters. */
#include <gtest/gtest.h>

#include <set>

#include "tests/noc_mesh.h"

namespace {

struct Sent {
    int source, target, flits;
    uint64_t cycle;
    bool arrived;
};

void RandomiseConfig(Mesh &mesh, Random &random) {
    weft_noc_config &c = mesh.config;
    c.vcs = 1 + random.below(5);
    c.buffer_flits = 1 + random.below(9);
    c.route_cycles = random.below(3);
    c.vc_cycles = 1 + random.below(3);
    c.switch_cycles = 1 + random.below(3);
    c.traversal_cycles = 1 + random.below(2);
    c.link_cycles = 1 + random.below(4);
    c.credit_cycles = random.below(4);
    c.speculative = random.below(2) == 1;
    int routers = c.width * c.height;
    mesh.terminal_router.resize(size_t(1 + random.below(2 * routers)));
    for (int &r : mesh.terminal_router) r = random.below(routers);
}

uint64_t ZeroLoad(const Mesh &mesh, const Sent &p) {
    const weft_noc_config &c = mesh.config;
    int allocate = c.speculative ? std::max(c.vc_cycles, c.switch_cycles) : c.vc_cycles + c.switch_cycles;
    int hop = c.route_cycles + allocate + c.traversal_cycles + c.link_cycles;
    return uint64_t(mesh.routers(p.source, p.target) * hop + c.link_cycles + p.flits);
}

/* Takes deliveries; checks each against what was sent. */
struct Checker {
    const Mesh &mesh;
    std::vector<Sent> &sent;
    uint64_t arrived = 0, latency_sum = 0;
    void Take(const weft_noc_delivery *d, int n) {
        int last = -1;
        for (int i = 0; i < n; i++) {
            ASSERT_LT(d[i].tag, sent.size());
            Sent &p = sent[size_t(d[i].tag)];
            ASSERT_FALSE(p.arrived) << "twice";
            p.arrived = true;
            ASSERT_EQ(p.source, d[i].source);
            ASSERT_EQ(p.target, d[i].target);
            ASSERT_EQ(p.flits, d[i].flits);
            ASSERT_EQ(p.cycle, d[i].created);
            ASSERT_EQ(d[i].delivered, weft_noc_cycle(mesh.noc));
            ASSERT_GE(d[i].delivered - d[i].created, ZeroLoad(mesh, p));
            ASSERT_GT(d[i].target, last); /* terminal order; one tail a terminal */
            last = d[i].target;
            arrived++;
            latency_sum += d[i].delivered - d[i].created;
        }
    }
};

void CheckCounts(const Mesh &mesh, const std::vector<Sent> &sent, const Checker &checker) {
    weft_noc_statistics s = weft_noc_statistics_get(mesh.noc);
    uint64_t flits = 0, router_flits = 0, histogram = 0;
    for (const Sent &p : sent) {
        flits += uint64_t(p.flits);
        router_flits += uint64_t(p.flits) * uint64_t(mesh.routers(p.source, p.target));
    }
    for (uint64_t n : s.latency_histogram) histogram += n;
    EXPECT_EQ(checker.arrived, sent.size());
    EXPECT_EQ(s.packets_injected, sent.size());
    EXPECT_EQ(s.packets_delivered, sent.size());
    EXPECT_EQ(s.flits_injected, flits);
    EXPECT_EQ(s.flits_delivered, flits);
    EXPECT_EQ(s.router_flits, router_flits);
    EXPECT_EQ(s.link_flits, router_flits - flits); /* the last router's link leads to the terminal */
    EXPECT_EQ(s.latency_sum, checker.latency_sum);
    EXPECT_EQ(histogram, sent.size());
}

/* Runs random traffic; the trace of deliveries goes to *trace. */
void RunRandom(uint64_t seed, std::vector<uint64_t> *trace) {
    Random random{seed};
    Mesh mesh(1 + random.below(6), 1 + random.below(6));
    RandomiseConfig(mesh, random);
    ASSERT_EQ(mesh.create(), WEFT_OK);
    std::vector<Sent> sent;
    Checker checker{mesh, sent};
    const weft_noc_delivery *d = nullptr;
    double rate = 0.02 + 0.2 * double(random.below(5));
    int longest = 1 + random.below(20), terminals = mesh.config.terminal_count;
    for (int cycle = 0; cycle < 400 || !weft_noc_idle(mesh.noc); cycle++) {
        for (int t = 0; cycle < 400 && t < terminals; t++) {
            if (!random.chance(rate)) continue;
            Sent p{t, random.below(terminals), 1 + random.below(longest), weft_noc_cycle(mesh.noc), false};
            ASSERT_EQ(weft_noc_inject(mesh.noc, p.source, p.target, p.flits, sent.size(), nullptr), WEFT_OK);
            sent.push_back(p);
        }
        int n = weft_noc_step(mesh.noc, &d);
        checker.Take(d, n);
        for (int i = 0; trace && i < n; i++) trace->push_back(d[i].tag << 32 | d[i].delivered);
        ASSERT_LT(weft_noc_stalled_cycles(mesh.noc), 64U) << "nothing moves, seed " << seed;
        if (testing::Test::HasFatalFailure()) return;
    }
    CheckCounts(mesh, sent, checker);
}

TEST(Noc, NoFlitIsLostOrDuplicated) {
    for (uint64_t seed = 0; seed < 200; seed++) {
        RunRandom(seed, nullptr);
        if (HasFailure()) FAIL() << "seed " << seed;
    }
}

TEST(Noc, IsDeterministic) {
    for (uint64_t seed = 1000; seed < 1010; seed++) {
        std::vector<uint64_t> a, b;
        RunRandom(seed, &a);
        RunRandom(seed, &b);
        EXPECT_FALSE(a.empty());
        EXPECT_EQ(a, b);
    }
}

/* With one VC everything between two terminals stays in order. */
TEST(Noc, OneVirtualChannelKeepsTheOrderOfAPair) {
    for (int speculative = 0; speculative < 2; speculative++) {
        Random random{uint64_t(speculative)};
        Mesh mesh(5, 4, 1, 3);
        mesh.config.speculative = speculative == 1;
        ASSERT_EQ(mesh.create(), WEFT_OK);
        std::vector<uint64_t> next(20 * 20), expected(20 * 20);
        const weft_noc_delivery *d = nullptr;
        for (int cycle = 0; cycle < 3000 || !weft_noc_idle(mesh.noc); cycle++) {
            for (int t = 0; cycle < 3000 && t < 20; t++) {
                if (!random.chance(0.05)) continue;
                int to = random.below(20);
                uint64_t tag = next[size_t(t * 20 + to)]++;
                ASSERT_EQ(weft_noc_inject(mesh.noc, t, to, 1 + random.below(6), tag, nullptr), WEFT_OK);
            }
            for (int n = weft_noc_step(mesh.noc, &d), i = 0; i < n; i++)
                ASSERT_EQ(d[i].tag, expected[size_t(d[i].source * 20 + d[i].target)]++);
        }
        EXPECT_EQ(next, expected);
    }
}

/* Links carry at most one flit a cycle, and at most VCs x depth flits a credit loop of 7 cycles. */
TEST(Noc, ChannelBoundsAreNeverPassed) {
    for (int vcs = 1; vcs <= 3; vcs++)
        for (int depth = 1; depth <= 4; depth++) {
            Random random{uint64_t(vcs * 10 + depth)};
            Mesh mesh(4, 4, vcs, depth);
            ASSERT_EQ(mesh.create(), WEFT_OK);
            const weft_noc_delivery *d = nullptr;
            const int cycles = 1400;
            for (int c = 0; c < cycles; c++) {
                for (int t = 0; t < 16; t++)
                    if (random.chance(0.3)) {
                        ASSERT_EQ(weft_noc_inject(mesh.noc, t, random.below(16), 2, 0, nullptr), WEFT_OK);
                    }
                weft_noc_step(mesh.noc, &d);
            }
            double share = std::min(1.0, vcs * depth / 7.0);
            for (int r = 0; r < 16; r++)
                for (int side = 0; side < 4; side++)
                    EXPECT_LE(double(weft_noc_link_flits(mesh.noc, r, side)), share * cycles + vcs * depth);
        }
}

} // namespace
