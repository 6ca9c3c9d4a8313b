// Placement: costs, placers and bounds on examples worked out by hand.
#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "tests/support/place_fixture.h"
extern "C" {
#include "mapper/place_field.h"
void SCOTCH_errorPrint(const char *text, ...);
}

namespace weft_test {
namespace {

/* Routers 0 1 2 above 3 4 5; the host at 0. Clusters 0, 1, 2 at 5, 0, 1. */
struct CostByHand : testing::Test {
    place_case c{mesh_chip(3, 2, 1), 3, {{0, 1, 2, 10}, {3, 0, 1, 7}, {1, 2, 1, 4}, {2, 3, 3, 5}}};
    const int core_of[3] = {5, 0, 1};
    uint64_t cost(weft_objective objective) {
        uint64_t out = 0;
        weft_place_problem p = c.problem(objective);
        EXPECT_EQ(weft_place_cost(&out, &p, core_of, nullptr), WEFT_OK);
        return out;
    }
};

TEST_F(CostByHand, FlitHops) {
    weft_place_problem p = c.problem();
    EXPECT_EQ(weft_place_flit_hops(&p, core_of), 30U + 21U + 4U + 5U);
    EXPECT_EQ(cost(WEFT_OBJECTIVE_ENERGY), 60U);
}

TEST_F(CostByHand, LinksAreTakenInXFirst) {
    weft_place_problem p = c.problem();
    std::vector<uint64_t> flits(24, 99), expected(24, 0);
    weft_place_link_flits(&p, core_of, flits.data());
    enum { EAST, WEST, NORTH, SOUTH };
    expected[5 * 4 + WEST] = expected[4 * 4 + WEST] = expected[3 * 4 + NORTH] = 10;
    expected[0 * 4 + EAST] = 7 + 4;
    expected[1 * 4 + EAST] = expected[2 * 4 + SOUTH] = 7;
    expected[1 * 4 + WEST] = 5;
    EXPECT_EQ(flits, expected);
    EXPECT_EQ(cost(WEFT_OBJECTIVE_LINK), 11U);
}

TEST_F(CostByHand, LatencyIsHopsOfEachStepAndTheHottestLink) {
    EXPECT_EQ(cost(WEFT_OBJECTIVE_LATENCY), 5U * (3 + 3 + 1 + 1) + 11U);
    c.chip.noc.speculative = true; /* 4 cycles a hop */
    EXPECT_EQ(cost(WEFT_OBJECTIVE_LATENCY), 4U * (3 + 3 + 1 + 1) + 11U);
    c.flows[1].packets = 3;          /* all of step 0: still its 3 links */
    c.flows.push_back({3, 1, 1, 1}); /* a quarter of step 0: no link; cluster 1 moves to step 1, beside cluster 0 */
    /* step 0: (3 x 3 + 1 x 0) / 4 links, step 1: (2 x 3 + 1 x 1) / 3, step 2: 1; x 4 cycles = 22.33 */
    EXPECT_EQ(cost(WEFT_OBJECTIVE_LATENCY), 22U + 11U);
}

TEST(Cost, CoresOfARouterAreNoLinkApart) {
    place_case c{mesh_chip(2, 1, 2), 3, {{0, 1, 1, 10}, {1, 2, 1, 1}}};
    weft_place_problem p = c.problem();
    const int core_of[] = {0, 1, 3};
    EXPECT_EQ(weft_place_flit_hops(&p, core_of), 1U);
}

TEST(Placers, Names) {
    std::string names;
    for (const weft_placer *p = weft_placers; p->name; p++) {
        names += std::string(p->name) + " ";
        EXPECT_EQ(weft_placer_find(p->name), p);
        EXPECT_NE(p->summary[0], 0);
    }
    EXPECT_EQ(names, "row_major greedy scotch refined ");
    EXPECT_EQ(weft_placer_find("random"), nullptr);
    for (int o = 0; o < WEFT_OBJECTIVE_COUNT; o++) EXPECT_NE(weft_objective_names[o], nullptr);
    EXPECT_EQ(weft_objective_names[WEFT_OBJECTIVE_COUNT], nullptr);
}

std::vector<int> run(const char *placer, const place_case &c, weft_objective objective = WEFT_OBJECTIVE_ENERGY,
                     uint64_t seed = 1) {
    std::vector<int> core_of(size_t(c.clusters) + 1, -7);
    weft_place_problem p = c.problem(objective, seed);
    weft_error err = {};
    EXPECT_EQ(weft_placer_find(placer)->run(core_of.data(), &p, &err), WEFT_OK) << err.text;
    EXPECT_EQ(core_of.back(), -7) << "wrote too far";
    core_of.pop_back();
    return core_of;
}

TEST(Placers, RowMajorKeepsTheNumbers) {
    EXPECT_EQ(run("row_major", random_case(mesh_chip(3, 1, 2), 5, 9, 1)), (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Placers, GreedyFollowsTheHeaviestTraffic) {
    place_case c{mesh_chip(2, 2, 1), 4, {{4, 0, 1, 5}, {0, 1, 1, 10}, {1, 2, 1, 8}}};
    EXPECT_EQ(run("greedy", c), (std::vector<int>{0, 1, 3, 2})); /* cluster 3 talks to nobody */
}

TEST(Placers, NoClustersAndNoFlows) {
    for (const weft_placer *p = weft_placers; p->name; p++) {
        EXPECT_EQ(run(p->name, place_case{mesh_chip(2, 2, 1), 0, {}}).size(), 0U) << p->name;
        std::vector<int> core_of = run(p->name, place_case{mesh_chip(2, 2, 1), 4, {}});
        std::sort(core_of.begin(), core_of.end());
        EXPECT_EQ(core_of, (std::vector<int>{0, 1, 2, 3})) << p->name;
    }
}

TEST(Placers, OneRouter) {
    place_case c = random_case(mesh_chip(1, 1, 8), 7, 20, 3);
    weft_place_problem p = c.problem();
    for (const weft_placer *w = weft_placers; w->name; w++)
        EXPECT_EQ(weft_place_flit_hops(&p, run(w->name, c).data()), 0U) << w->name;
}

TEST(Placers, ScotchPrintsNothing) {
    testing::internal::CaptureStderr();
    SCOTCH_errorPrint("%s", "must not be seen");
    run("scotch", pipeline_case(mesh_chip(7, 6, 4, 3, 2), 100, 9));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Seats, HeavyOnesStayAndTheOthersGoToTheBestFreeRouter) {
    place_case c{mesh_chip(2, 2, 1), 3, {{0, 1, 1, 1}, {1, 2, 1, 5}}};
    weft_place_problem p = c.problem();
    weft_place_graph *graph = nullptr;
    const int router_of[] = {0, 0, 0};
    int core_of[3];
    ASSERT_EQ(weft_place_graph_create(&graph, &p, nullptr), WEFT_OK);
    EXPECT_EQ(weft_place_seat(core_of, router_of, &p, graph, nullptr), WEFT_OK);
    EXPECT_EQ(core_of[1], 0);
    EXPECT_EQ(core_of[2], 1);
    EXPECT_EQ(core_of[0], 2);
    weft_place_graph_destroy(graph);
}

TEST(Graph, BothDirectionsOfAPairAreOneArc) {
    place_case c{mesh_chip(2, 2, 1), 2, {{1, 0, 2, 5}, {0, 1, 1, 3}, {1, 0, 1, 4}, {2, 1, 1, 6}}};
    weft_place_problem p = c.problem();
    weft_place_graph *graph = nullptr;
    ASSERT_EQ(weft_place_graph_create(&graph, &p, nullptr), WEFT_OK);
    ASSERT_EQ(graph->nodes, 3);
    EXPECT_EQ(std::vector<size_t>(graph->begin, graph->begin + 4), (std::vector<size_t>{0, 1, 3, 4}));
    EXPECT_EQ(std::vector<int>(graph->partner, graph->partner + 4), (std::vector<int>{1, 0, 2, 1}));
    EXPECT_EQ(std::vector<int64_t>(graph->weight, graph->weight + 4), (std::vector<int64_t>{12, 12, 6, 6}));
    EXPECT_EQ(std::vector<uint64_t>(graph->flits_out, graph->flits_out + 4), (std::vector<uint64_t>{3, 9, 0, 6}));
    EXPECT_EQ(std::vector<uint64_t>(graph->flits_in, graph->flits_in + 4), (std::vector<uint64_t>{9, 3, 6, 0}));
    weft_place_graph_destroy(graph);
}

TEST(Threshold, FollowsTheExponentialLaw) {
    weft_place_dice dice;
    weft_place_dice_init(&dice, 5, 0);
    const int draws = 100000;
    int above_1 = 0, above_3 = 0;
    for (int i = 0; i < draws; i++) {
        double t = weft_place_draw_threshold(&dice, 2.0);
        ASSERT_GE(t, 0.0);
        above_1 += t > 2.0;
        above_3 += t > 6.0;
    }
    EXPECT_NEAR(above_1, draws * 0.36788, 5 * 153.0); /* exp(-1), 5 standard deviations */
    EXPECT_NEAR(above_3, draws * 0.04979, 5 * 69.0);
}

weft_place_bounds bound(const place_case &c) {
    weft_place_bounds out{};
    weft_place_problem p = c.problem();
    EXPECT_EQ(weft_place_bound(&out, &p, nullptr), WEFT_OK);
    return out;
}

TEST(Bound, PairOnOneOrTwoRouters) {
    EXPECT_EQ(bound({mesh_chip(2, 2, 1), 2, {{0, 1, 1, 10}}}).flit_hops, 10U);
    EXPECT_EQ(bound({mesh_chip(2, 2, 2), 2, {{0, 1, 1, 10}}}).flit_hops, 0U);
    EXPECT_EQ(bound({mesh_chip(2, 2, 2), 0, {}}).flit_hops, 0U);
}

TEST(Bound, HostsPartnersQueueFromItsRouter) {
    place_case c{mesh_chip(3, 1, 1), 3, {{3, 0, 1, 2}, {3, 1, 1, 5}, {2, 3, 1, 3}}};
    EXPECT_EQ(bound(c).flit_hops, 3U + 2U * 2U); /* 5 at the host, 3 beside it, 2 behind */
    c.chip.io.router[0] = 1;
    EXPECT_EQ(bound(c).flit_hops, 3U + 2U);
}

TEST(Bound, StarHasFourNeighbours) {
    place_case c{mesh_chip(3, 3, 1), 6, {}};
    for (int leaf = 1; leaf < 6; leaf++) c.send(0, leaf, 10);
    EXPECT_GE(bound(c).flit_hops, 55U); /* (4 x 10 + 2 x 10 seen from the hub, 5 x 10 from the leaves) / 2 */
    EXPECT_LE(bound(c).flit_hops, 60U);
}

TEST(Bound, LinksOfTheBusiestRouter) {
    place_case c{mesh_chip(3, 3, 1), 9, {}};
    for (int leaf = 1; leaf < 9; leaf++) c.send(0, leaf, 10);
    EXPECT_EQ(bound(c).link_flits, 20U); /* 80 flits, 4 links */
    for (weft_flow &f : c.flows) std::swap(f.from, f.to);
    EXPECT_EQ(bound(c).link_flits, 20U);
    c.chip = mesh_chip(3, 3, 3); /* two leaves beside the hub: 60 flits */
    EXPECT_EQ(bound(c).link_flits, 15U);
}

TEST(Bound, LinksAroundTheHost) {
    place_case c{mesh_chip(2, 2, 1), 3, {{3, 0, 1, 10}, {3, 1, 1, 10}, {3, 2, 1, 10}}};
    EXPECT_EQ(bound(c).link_flits, 10U); /* one sits at the host, the others' 20 flits take its 2 links */
    for (weft_flow &f : c.flows) std::swap(f.from, f.to);
    EXPECT_EQ(bound(c).link_flits, 10U);
}

TEST(Bound, GridIsTight) {
    EXPECT_EQ(bound(grid_case(mesh_chip(4, 4, 1), 4, 4, 10)).flit_hops, 240U);
    EXPECT_EQ(bound(grid_case(mesh_chip(8, 8, 1), 8, 8, 10)).flit_hops, 1120U);
}

} // namespace
} // namespace weft_test
