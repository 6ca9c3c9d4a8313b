/* Any topology, routing, chips, delays, with and without multicast: no flit is lost or duplicated, nothing is faster
 * than an idle network, nothing stands still. */
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sim/noc/noc_bounds.h"
#include "tests/noc_mesh.h"

namespace {

struct Packet {
    int source, flits;
    uint64_t created;
    std::map<int, bool> arrived; /* by target */
};

void RandomiseKind(Mesh &mesh, Random &random) {
    weft_noc_config &c = mesh.config;
    c.vcs = 1 + random.below(5), c.buffer_flits = 1 + random.below(9);
    c.route_cycles = random.below(3), c.vc_cycles = 1 + random.below(3), c.switch_cycles = 1 + random.below(3);
    c.traversal_cycles = 1 + random.below(2), c.link_cycles = 1 + random.below(4), c.credit_cycles = random.below(4);
    c.speculative = random.below(2) == 1;
    c.y_differs = random.below(2) == 1, c.link_cycles_y = 1 + random.below(5), c.credit_cycles_y = random.below(5);
    for (int i = 0; i < 2; i++) c.chips[i] = (i ? c.height : c.width) % 2 == 0 ? 1 + random.below(2) : 1;
    c.chip_link_cycles = 1 + random.below(12), c.chip_credit_cycles = random.below(12);
    c.chip_link_interval = 1 + random.below(4);
    c.topology = random.below(2);
    c.routing = random.below(4);
    bool torus = c.topology == WEFT_NOC_TORUS;
    if (torus && c.routing == WEFT_NOC_WEST_FIRST) c.routing = WEFT_NOC_YX;
    if (torus && c.routing != WEFT_NOC_ADAPTIVE) c.vcs = 2 * (1 + random.below(3));
    if (c.routing == WEFT_NOC_ADAPTIVE) {
        c.escape_vcs = torus ? 2 * (1 + random.below(2)) : 1 + random.below(2);
        c.vcs = c.escape_vcs + 1 + random.below(3);
    }
    c.multicast = !torus && c.routing <= WEFT_NOC_YX && random.below(2);
    int routers = c.width * c.height;
    mesh.terminal_router.resize(size_t(1 + random.below(2 * routers)));
    for (int &r : mesh.terminal_router) r = random.below(routers);
}

/* Links of the tree of XY or YX routes. */
uint64_t TreeLinks(const Mesh &mesh, const Packet &p) {
    int width = mesh.config.width, from = mesh.terminal_router[size_t(p.source)];
    std::map<std::pair<int, int>, bool> links;
    for (auto &target : p.arrived) {
        int to = mesh.terminal_router[size_t(target.first)], at = from;
        while (at != to) {
            bool x_first = mesh.config.routing == WEFT_NOC_XY, x = at % width != to % width,
                 y = at / width != to / width;
            int next = (x_first ? x : !y) ? at + (to % width > at % width ? 1 : -1)
                                          : at + (to / width > at / width ? width : -width);
            links[{at, next}] = true;
            at = next;
        }
    }
    return links.size();
}

struct Traffic {
    Mesh &mesh;
    Random &random;
    std::vector<Packet> sent;
    uint64_t deliveries = 0, arrived = 0, flits = 0, links = 0;

    void Send(int source, int longest) {
        const weft_noc_config &c = mesh.config;
        Packet p{source, 1 + random.below(longest), weft_noc_cycle(mesh.noc), {}};
        std::vector<int> targets = {random.below(c.terminal_count)};
        if (c.multicast && random.below(2)) {
            for (int i = random.below(7); i > 0; i--) targets.push_back(random.below(c.terminal_count));
            std::sort(targets.begin(), targets.end());
            targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
            p.flits = 1 + random.below(c.buffer_flits);
            ASSERT_EQ(weft_noc_inject_multicast(mesh.noc, source, targets.data(), int(targets.size()), p.flits,
                                                sent.size(), nullptr),
                      WEFT_OK);
        } else {
            ASSERT_EQ(weft_noc_inject(mesh.noc, source, targets[0], p.flits, sent.size(), nullptr), WEFT_OK);
        }
        for (int t : targets) p.arrived[t] = false;
        deliveries += targets.size();
        flits += uint64_t(p.flits) * targets.size();
        links += uint64_t(p.flits) * (c.topology == WEFT_NOC_MESH && c.routing <= WEFT_NOC_YX ? TreeLinks(mesh, p) : 0);
        sent.push_back(p);
    }
    void Take(const weft_noc_delivery &d) {
        ASSERT_LT(d.tag, sent.size());
        Packet &p = sent[size_t(d.tag)];
        ASSERT_EQ(p.arrived.count(d.target), 1U) << "a target that was not asked for";
        ASSERT_FALSE(p.arrived[d.target]) << "twice";
        p.arrived[d.target] = true;
        ASSERT_EQ(d.source, p.source);
        ASSERT_EQ(d.flits, p.flits);
        ASSERT_EQ(d.created, p.created);
        ASSERT_GE(d.started, d.created);
        ASSERT_EQ(d.delivered, weft_noc_cycle(mesh.noc));
        uint64_t least = 0;
        ASSERT_EQ(weft_noc_zero_load(&least, &mesh.config, d.source, d.target, d.flits, nullptr), WEFT_OK);
        ASSERT_GE(d.delivered - d.started, least);
        arrived++;
    }
};

void CheckEnd(const Mesh &mesh, const Traffic &traffic) {
    weft_noc_statistics s = weft_noc_statistics_get(mesh.noc);
    weft_noc_occupancy left = weft_noc_occupancy_get(mesh.noc);
    EXPECT_EQ(traffic.arrived, traffic.deliveries);
    EXPECT_EQ(s.packets_delivered, traffic.deliveries);
    EXPECT_EQ(s.flits_injected, traffic.flits);
    EXPECT_EQ(s.flits_delivered, traffic.flits);
    EXPECT_EQ(left.queued + left.inside, 0U);
    if (traffic.links) { EXPECT_EQ(s.link_flits, traffic.links); }
}

void RunKind(uint64_t seed, std::vector<uint64_t> *trace) {
    Random random{seed};
    Mesh mesh(1 + random.below(6), 1 + random.below(6));
    RandomiseKind(mesh, random);
    weft_error err{};
    ASSERT_EQ(mesh.create(&err), WEFT_OK) << err.text;
    ASSERT_FALSE(weft_noc_can_deadlock(&mesh.config));
    Traffic traffic{mesh, random, {}};
    const weft_noc_delivery *d = nullptr;
    double rate = 0.02 + 0.1 * double(random.below(5));
    int longest = 1 + random.below(20);
    uint64_t limit = weft_noc_stall_limit(mesh.noc);
    for (int cycle = 0; cycle < 300 || !weft_noc_idle(mesh.noc); cycle++) {
        for (int t = 0; cycle < 300 && t < mesh.config.terminal_count; t++)
            if (random.chance(rate)) traffic.Send(t, longest);
        for (int n = weft_noc_step(mesh.noc, &d), i = 0; i < n; i++) {
            traffic.Take(d[i]);
            if (trace) trace->push_back(d[i].tag << 32 | d[i].delivered);
        }
        ASSERT_LE(weft_noc_stalled_cycles(mesh.noc), limit) << "nothing moves";
        if (testing::Test::HasFatalFailure()) return;
    }
    CheckEnd(mesh, traffic);
}

TEST(NocKinds, NoFlitIsLostOrDuplicated) {
    for (uint64_t seed = 0; seed < 250; seed++) {
        RunKind(seed, nullptr);
        if (HasFailure()) FAIL() << "seed " << seed;
    }
}

TEST(NocKinds, IsDeterministic) {
    for (uint64_t seed = 5000; seed < 5012; seed++) {
        std::vector<uint64_t> a, b;
        RunKind(seed, &a);
        RunKind(seed, &b);
        EXPECT_FALSE(a.empty());
        EXPECT_EQ(a, b);
    }
}

/* The router for special cases does what the plain one does: a chip border whose links are like all others, multicast
 * that nobody uses. */
TEST(NocKinds, SpecialRoutersAreAsPlainOnes) {
    for (uint64_t seed = 0; seed < 60; seed++) {
        std::vector<uint64_t> traces[2];
        for (int special = 0; special < 2; special++) {
            Random random{seed};
            Mesh mesh(4, 4, 1 + random.below(4), 1 + random.below(6));
            mesh.config.speculative = seed % 2;
            mesh.config.multicast = special;
            if (special) {
                /* a slow link in every router's arrays: those of one chip are never slow */
                mesh.config.chips[0] = 2, mesh.config.chip_link_cycles = mesh.config.chip_credit_cycles = 1;
            }
            ASSERT_EQ(mesh.create(), WEFT_OK);
            const weft_noc_delivery *d = nullptr;
            for (int cycle = 0; cycle < 300 || !weft_noc_idle(mesh.noc); cycle++) {
                for (int t = 0; cycle < 300 && t < 16; t++) {
                    if (!random.chance(0.2)) continue;
                    int to = random.below(16), flits = 1 + random.below(mesh.config.buffer_flits);
                    if (special && seed % 3 == 0) { /* to one target, as a tree */
                        ASSERT_EQ(weft_noc_inject_multicast(mesh.noc, t, &to, 1, flits, uint64_t(cycle), nullptr),
                                  WEFT_OK);
                    } else {
                        ASSERT_EQ(weft_noc_inject(mesh.noc, t, to, flits, uint64_t(cycle), nullptr), WEFT_OK);
                    }
                }
                for (int n = weft_noc_step(mesh.noc, &d), i = 0; i < n; i++)
                    traces[special].push_back(d[i].tag << 40 | uint64_t(d[i].target) << 32 | d[i].delivered);
            }
        }
        ASSERT_EQ(traces[0], traces[1]) << seed;
    }
}

} // namespace
