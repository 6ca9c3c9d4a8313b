/* Synthetic patterns against their formulas, their rates and gaps against theory, lists of packets. */
#include "sim/noc/noc_traffic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "tests/noc_mesh.h"

namespace {

/* A created network with its traffic. */
struct Session {
    Mesh mesh;
    weft_noc_traffic *traffic = nullptr;
    weft_noc_traffic_options options{};
    Session(int width, int height, int pattern, double rate, int flits, int each = 1) : mesh(width, height, 4, 8) {
        mesh.terminal_router.resize(size_t(width * height * each));
        for (size_t t = 0; t < mesh.terminal_router.size(); t++) mesh.terminal_router[t] = int(t) / each;
        options.pattern = pattern, options.rate = rate, options.packet_flits = flits, options.seed = 1;
    }
    ~Session() { weft_noc_traffic_destroy(traffic); }
    weft_status Create(weft_error *err = nullptr) {
        weft_noc_traffic_destroy(traffic);
        traffic = nullptr;
        if (mesh.create(err) != WEFT_OK) return WEFT_E_INTERNAL;
        return weft_noc_traffic_create(&traffic, &mesh.config, &options, err);
    }
    void Step(const std::function<void(const weft_noc_delivery &)> &take) {
        const weft_noc_delivery *d = nullptr;
        ASSERT_EQ(weft_noc_traffic_inject(traffic, mesh.noc, nullptr), WEFT_OK);
        for (int n = weft_noc_step(mesh.noc, &d), i = 0; i < n; i++) take(d[i]);
    }
};

void ExpectTargets(Session &run, const std::function<int(int)> &target) {
    ASSERT_EQ(run.Create(), WEFT_OK);
    std::vector<int> seen(run.mesh.terminal_router.size());
    for (int c = 0; c < 600; c++)
        run.Step([&](const weft_noc_delivery &d) {
            ASSERT_EQ(d.target, target(d.source));
            seen[size_t(d.source)]++;
        });
    for (int count : seen) EXPECT_GT(count, 0);
}

TEST(NocTraffic, PermutationsAreTheirFormulas) {
    Session transpose(8, 8, WEFT_NOC_TRANSPOSE, 0.1, 1), bitcomp(8, 4, WEFT_NOC_BITCOMP, 0.1, 1);
    Session tornado(8, 5, WEFT_NOC_TORNADO, 0.1, 1), neighbor(4, 3, WEFT_NOC_NEIGHBOR, 0.1, 1);
    Session shared(4, 4, WEFT_NOC_TRANSPOSE, 0.05, 1, 3);
    ExpectTargets(transpose, [](int n) { return n % 8 * 8 + n / 8; });
    ExpectTargets(bitcomp, [](int n) { return ~n & 31; });
    ExpectTargets(tornado, [](int n) { return (n / 8 + 2) % 5 * 8 + (n % 8 + 3) % 8; });
    ExpectTargets(neighbor, [](int n) { return (n / 4 + 1) % 3 * 4 + (n % 4 + 1) % 4; });
    ExpectTargets(shared, [](int n) { return (n / 3 % 4 * 4 + n / 12) * 3 + n % 3; });
}

/* Targets of uniform traffic, itself too, by chi-squared: 63 degrees of freedom, 5 standard deviations. */
TEST(NocTraffic, UniformIsEven) {
    Session run(8, 8, WEFT_NOC_UNIFORM, 0.3, 1);
    ASSERT_EQ(run.Create(), WEFT_OK);
    std::vector<double> count(64), self(1);
    double all = 0;
    for (int c = 0; c < 4000; c++)
        run.Step([&](const weft_noc_delivery &d) {
            count[size_t(d.target)]++, all++;
            self[0] += d.source == d.target;
        });
    double chi = 0;
    for (double n : count) chi += (n - all / 64) * (n - all / 64) / (all / 64);
    EXPECT_LT(chi, 63 + 5 * std::sqrt(2.0 * 63));
    EXPECT_GT(chi, 63 - 5 * std::sqrt(2.0 * 63));
    EXPECT_NEAR(self[0], all / 64, 5 * std::sqrt(all / 64));
}

/* hot_share of the packets and the others' uniform part reach the hot node. */
TEST(NocTraffic, HotspotHasItsShare) {
    Session run(4, 4, WEFT_NOC_HOTSPOT, 0.02, 1);
    run.options.hot_node = 5, run.options.hot_share = 0.4;
    ASSERT_EQ(run.Create(), WEFT_OK);
    double hot = 0, all = 0;
    for (int c = 0; c < 60000; c++) run.Step([&](const weft_noc_delivery &d) { hot += d.target == 5, all++; });
    double p = 0.4 + 0.6 / 16;
    EXPECT_NEAR(all, 0.02 * 16 * 60000, 5 * std::sqrt(0.02 * 16 * 60000));
    EXPECT_NEAR(hot / all, p, 5 * std::sqrt(p * (1 - p) / all));
}

/* Bernoulli: gaps are geometric, with mean L / rate and that mean's standard deviation, in and beyond the table. */
TEST(NocTraffic, PacketStartsAreBernoulli) {
    for (double rate : {1.0, 0.5, 0.05, 0.002}) {
        Session run(2, 2, WEFT_NOC_UNIFORM, rate, 2);
        ASSERT_EQ(run.Create(), WEFT_OK);
        double p = rate / 2, n = 0, sum = 0, squares = 0;
        int cycles = rate < 0.01 ? 2000000 : 100000;
        uint64_t together = 0;
        std::vector<uint64_t> starts;
        for (int c = 0; c < cycles; c++) {
            uint64_t before = weft_noc_statistics_get(run.mesh.noc).packets_injected;
            run.Step([&](const weft_noc_delivery &d) {
                if (d.source == 0) starts.push_back(d.created);
            });
            together += weft_noc_statistics_get(run.mesh.noc).packets_injected - before > 1;
        }
        std::sort(starts.begin(), starts.end()); /* packets overtake each other */
        for (size_t i = 1; i < starts.size(); i++) {
            double gap = double(starts[i] - starts[i - 1]);
            n++, sum += gap, squares += gap * gap;
        }
        double mean = sum / n, deviation = std::sqrt((1 - p) / (p * p));
        EXPECT_NEAR(mean, 1 / p, 5 * deviation / std::sqrt(n)) << rate;
        if (p < 1) { EXPECT_NEAR(std::sqrt(squares / n - mean * mean), deviation, 0.07 * deviation) << rate; }
        double two = 1 - std::pow(1 - p, 4) - 4 * p * std::pow(1 - p, 3);
        EXPECT_NEAR(double(together), two * cycles, 5 * std::sqrt(two * cycles) + 1) << rate;
    }
}

/* So are gaps that no table reaches: the clock goes from packet to packet. */
TEST(NocTraffic, RarePacketsStartWithoutAWait) {
    for (double rate : {5.9e-8, 1e-12, 1e-16}) {
        Session run(4, 4, WEFT_NOC_UNIFORM, rate, 1);
        ASSERT_EQ(run.Create(), WEFT_OK);
        std::vector<double> last(16), gaps;
        for (int packets = 0; packets < 4000;) {
            uint64_t next = weft_noc_traffic_next(run.traffic);
            if (weft_noc_idle(run.mesh.noc)) weft_noc_skip(run.mesh.noc, next - weft_noc_cycle(run.mesh.noc));
            run.Step([&](const weft_noc_delivery &d) {
                gaps.push_back(double(d.created) - last[size_t(d.source)]);
                last[size_t(d.source)] = double(d.created), packets++;
            });
        }
        double n = double(gaps.size()), sum = 0, below = 0;
        for (double gap : gaps) sum += gap, below += gap < std::log(2) / rate;
        EXPECT_NEAR(sum / n, 1 / rate, 5 / rate / std::sqrt(n)) << rate;
        EXPECT_NEAR(below, n / 2, 5 * std::sqrt(n) / 2) << rate;
    }
    Session none(8, 8, WEFT_NOC_UNIFORM, 1e-300, 1);
    ASSERT_EQ(none.Create(), WEFT_OK);
    EXPECT_EQ(weft_noc_traffic_next(none.traffic), (uint64_t(1) << 63) - 1);
}

/* The same seed gives the same packets on another network; another seed does not. */
TEST(NocTraffic, PacketsDependOnTheSeedAlone) {
    auto packets = [](uint64_t seed, int vcs) {
        Session run(4, 4, WEFT_NOC_UNIFORM, 0.2, 3);
        run.options.seed = seed, run.mesh.config.vcs = vcs;
        EXPECT_EQ(run.Create(), WEFT_OK);
        std::vector<std::vector<uint64_t>> all(10000);
        for (int c = 0; c < 1500; c++)
            run.Step([&](const weft_noc_delivery &d) {
                all[size_t(d.tag)] = {d.created, uint64_t(d.source), uint64_t(d.target)};
            });
        all.resize(400);
        return all;
    };
    EXPECT_EQ(packets(1, 1), packets(1, 4));
    EXPECT_NE(packets(1, 1), packets(2, 1));
}

TEST(NocTraffic, PatternsThatDoNotFitAreRefused) {
    weft_error err{};
    Session wide(4, 3, WEFT_NOC_TRANSPOSE, 0.1, 1), none(4, 4, WEFT_NOC_UNIFORM, 0, 1),
        hot(2, 2, WEFT_NOC_HOTSPOT, 0.1, 1);
    EXPECT_EQ(wide.Create(&err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "transpose traffic needs a square mesh, not 4 x 3 routers");
    EXPECT_EQ(none.Create(&err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "0 flits a node and cycle: above 0, and at most a packet (1) a cycle");
    hot.options.hot_node = 4;
    EXPECT_EQ(hot.Create(&err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "hot node 4 of 4");
    Session uneven(2, 2, WEFT_NOC_UNIFORM, 0.1, 1);
    uneven.mesh.terminal_router = {0, 0, 1, 2};
    EXPECT_EQ(uneven.Create(&err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "traffic patterns need equally many terminals at each router");
}

/* ---- lists ---- */

TEST(NocTraffic, ListsAreInjectedAtTheirTimes) {
    weft_packet_line lines[] = {{0, 1, 2, 3, 1}, {4, 0, 3, 1, 2}, {4, 2, 1, 2, 3}, {40, 3, 3, 1, 4}};
    weft_packet_list list{lines, 4};
    Session run(2, 2, WEFT_NOC_UNIFORM, 1, 1);
    run.options.list = &list;
    ASSERT_EQ(run.Create(), WEFT_OK);
    EXPECT_EQ(weft_noc_traffic_next(run.traffic), 0U);
    int arrived = 0;
    for (int c = 0; c < 60; c++)
        run.Step([&](const weft_noc_delivery &d) {
            ASSERT_LT(d.tag, 4U);
            EXPECT_EQ(d.created, lines[d.tag].time);
            EXPECT_EQ(d.source, lines[d.tag].source);
            EXPECT_EQ(d.target, lines[d.tag].target);
            EXPECT_EQ(d.flits, lines[d.tag].flits);
            arrived++;
        });
    EXPECT_EQ(arrived, 4);
    EXPECT_EQ(weft_noc_traffic_next(run.traffic), UINT64_MAX);
}

} // namespace
