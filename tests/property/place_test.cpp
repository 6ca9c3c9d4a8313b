// Placement on random problems: every placer is valid and none beats a bound; the refined one is the best of them,
// finds optima that are known, and comes out the same every time.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include "core/chip_route.h"
#include "tests/noc_mesh.h"
#include "tests/support/place_fixture.h"
extern "C" {
#include "mapper/place_field.h"
}

namespace weft_test {
namespace {

std::vector<int> run(const weft_placer *placer, const weft_place_problem &p) {
    std::vector<int> core_of(size_t(p.clusters), -1);
    weft_error err = {};
    EXPECT_EQ(placer->run(core_of.data(), &p, &err), WEFT_OK) << placer->name << ": " << err.text;
    return core_of;
}

uint64_t cost_of(const weft_place_problem &p, const std::vector<int> &core_of) {
    uint64_t cost = 0;
    EXPECT_EQ(weft_place_cost(&cost, &p, core_of.data(), nullptr), WEFT_OK);
    return cost;
}

uint64_t hottest_of(const weft_place_problem &p, const std::vector<int> &core_of) {
    std::vector<uint64_t> flits(size_t(p.chip->router_count) * 4);
    weft_place_link_flits(&p, core_of.data(), flits.data());
    return weft_place_busiest(p.chip, flits.data());
}

weft_place_bounds bound_of(const weft_place_problem &p) {
    weft_place_bounds bounds{};
    EXPECT_EQ(weft_place_bound(&bounds, &p, nullptr), WEFT_OK);
    return bounds;
}

weft_chip random_chip(place_dice &d, int side_max) {
    int width = d.between(1, side_max), height = d.between(1, side_max), concentration = d.between(1, 4);
    return mesh_chip(width, height, concentration, d.between(0, width - 1), d.between(0, height - 1));
}

/* Any topology and routing, cut into chips where sizes allow it. */
weft_chip random_network(place_dice &d, int side_max) {
    weft_chip chip = random_chip(d, side_max);
    int torus = d.between(0, 1), routing = d.between(0, 3);
    if (torus && routing == WEFT_CHIP_WEST_FIRST) routing = WEFT_CHIP_YX;
    auto chips = [&](int64_t length) {
        int count = d.between(1, 3);
        return length % count ? 1 : count;
    };
    return network_chip(chip, torus, routing, chips(chip.noc.mesh[0]), chips(chip.noc.mesh[1]), d.between(1, 4));
}

TEST(Place, EveryPlacerIsValidAndTheRefinedOneTheBest) {
    for (uint64_t trial = 0; trial < 28; trial++) {
        place_dice d(trial);
        weft_chip chip = trial < 12 ? random_chip(d, 6) : random_network(d, 6);
        int clusters = d.between(1, chip.core_count);
        place_case c = trial % 3 ? random_case(chip, clusters, d.between(0, 4 * clusters), trial)
                                 : pipeline_case(chip, clusters, std::min(clusters, d.between(1, 9)), trial);
        for (int o = 0; o < WEFT_OBJECTIVE_COUNT; o++) {
            weft_place_problem p = c.problem(weft_objective(o), trial);
            weft_place_bounds bounds = bound_of(p);
            uint64_t least = UINT64_MAX, last = 0;
            for (const weft_placer *w = weft_placers; w->name; w++) {
                std::vector<int> core_of = run(w, p);
                std::set<int> cores(core_of.begin(), core_of.end());
                ASSERT_EQ(cores.size(), core_of.size()) << w->name;
                ASSERT_GE(*cores.begin(), 0) << w->name;
                ASSERT_LT(*cores.rbegin(), chip.core_count) << w->name;
                ASSERT_GE(weft_place_flit_hops(&p, core_of.data()), bounds.flit_hops) << w->name;
                ASSERT_GE(hottest_of(p, core_of), bounds.link_flits) << w->name;
                least = std::min(least, last = cost_of(p, core_of));
            }
            EXPECT_EQ(last, least) << "trial " << trial << ", " << weft_objective_names[o];
        }
    }
}

/* Calls visit for every placement. */
void all_placements(int clusters, int cores, const std::function<void(const std::vector<int> &)> &visit) {
    std::vector<int> core_of;
    std::vector<bool> used(static_cast<size_t>(cores), false);
    std::function<void()> next = [&] {
        if (int(core_of.size()) == clusters) return visit(core_of);
        for (int core = 0; core < cores; core++) {
            if (used[size_t(core)]) continue;
            used[size_t(core)] = true;
            core_of.push_back(core);
            next();
            core_of.pop_back();
            used[size_t(core)] = false;
        }
    };
    next();
}

struct Optima {
    int problems = 0, found = 0, bound_reached = 0;
};

const std::vector<weft_chip> meshes = {mesh_chip(3, 2, 1), mesh_chip(7, 1, 1, 3, 0), mesh_chip(2, 2, 2, 1, 1)};
/* Rings, a torus under YX, slow links between chips on a mesh, a ring of chips, ways that are shared. */
const std::vector<weft_chip> networks = {
    network_chip(mesh_chip(7, 1, 1, 3, 0), WEFT_CHIP_TORUS, WEFT_CHIP_XY),
    network_chip(mesh_chip(3, 2, 1), WEFT_CHIP_TORUS, WEFT_CHIP_YX),
    network_chip(mesh_chip(4, 2, 1, 1, 1), WEFT_CHIP_MESH, WEFT_CHIP_YX, 2, 1, 3),
    network_chip(mesh_chip(6, 1, 1, 2, 0), WEFT_CHIP_TORUS, WEFT_CHIP_XY, 2, 1, 4),
    network_chip(mesh_chip(2, 3, 1), WEFT_CHIP_MESH, WEFT_CHIP_WEST_FIRST, 1, 3, 2),
};

/* Small problems against all their placements. */
Optima against_all(weft_objective objective, const std::vector<weft_chip> &chips) {
    Optima optima;
    for (uint64_t trial = 0; trial < 30; trial++) {
        const weft_chip &chip = chips[trial % chips.size()];
        place_case c = random_case(chip, 4 + int(trial % 2), 10, trial);
        weft_place_problem p = c.problem(objective);
        uint64_t least = UINT64_MAX, least_hops = UINT64_MAX, least_link = UINT64_MAX, least_cycles = UINT64_MAX;
        all_placements(c.clusters, chip.core_count, [&](const std::vector<int> &core_of) {
            least_hops = std::min(least_hops, weft_place_flit_hops(&p, core_of.data()));
            least_link = std::min(least_link, hottest_of(p, core_of));
            least_cycles = std::min(least_cycles, weft_place_link_cycles(&p, core_of.data()));
            if (objective == WEFT_OBJECTIVE_LATENCY) least = std::min(least, cost_of(p, core_of));
        });
        if (objective == WEFT_OBJECTIVE_ENERGY) least = least_cycles;
        if (objective == WEFT_OBJECTIVE_LINK) least = least_link;
        weft_place_bounds bounds = bound_of(p);
        EXPECT_LE(bounds.flit_hops, least_hops) << "trial " << trial;
        EXPECT_LE(bounds.link_flits, least_link) << "trial " << trial;
        uint64_t cost = cost_of(p, run(weft_placer_find("refined"), p));
        EXPECT_GE(cost, least) << "trial " << trial;
        EXPECT_LE(double(cost), 1.15 * double(least)) << "trial " << trial;
        optima.problems++;
        optima.found += cost == least;
        optima.bound_reached += bounds.flit_hops * 10 >= least_hops * 7;
    }
    return optima;
}

TEST(Place, FindsTheFewestFlitHopsOfSmallProblems) {
    Optima optima = against_all(WEFT_OBJECTIVE_ENERGY, meshes);
    EXPECT_EQ(optima.found, optima.problems);
    EXPECT_GE(optima.bound_reached, optima.problems * 2 / 3); /* the bound is within 30 % */
    optima = against_all(WEFT_OBJECTIVE_ENERGY, networks);
    EXPECT_GE(optima.found, optima.problems - 1);
    EXPECT_GE(optima.bound_reached, optima.problems / 2);
}
TEST(Place, FindsTheCoolestLinksOfSmallProblems) {
    for (const auto &chips : {meshes, networks}) {
        Optima optima = against_all(WEFT_OBJECTIVE_LINK, chips);
        EXPECT_GE(optima.found, optima.problems - 3);
    }
}
TEST(Place, FindsTheLeastLatencyOfSmallProblems) {
    EXPECT_GE(against_all(WEFT_OBJECTIVE_LATENCY, meshes).found, 28); /* of 30 */
    EXPECT_GE(against_all(WEFT_OBJECTIVE_LATENCY, networks).found, 25);
}

/* The clusters of a grid, in random order. */
place_case shuffled_grid(const weft_chip &chip, int width, int height, uint64_t seed) {
    place_case c = grid_case(chip, width, height, 10);
    std::vector<uint32_t> number(size_t(c.clusters));
    weft_rng rng{seed, 1, 0, WEFT_PURPOSE_TEST};
    weft_rng_permutation(&rng, number.size(), number.data());
    for (weft_flow &f : c.flows) f.from = int(number[size_t(f.from)]), f.to = int(number[size_t(f.to)]);
    return c;
}

TEST(Place, GridsFindTheirOrder) {
    for (uint64_t seed = 1; seed <= 4; seed++)
        for (int side : {4, 6, 8}) {
            place_case c = shuffled_grid(mesh_chip(side, side, 1), side, side, seed);
            weft_place_problem p = c.problem();
            uint64_t optimum = uint64_t(10 * 2 * side * (side - 1));
            EXPECT_EQ(cost_of(p, run(weft_placer_find("refined"), p)), optimum) << side << " seed " << seed;
            EXPECT_EQ(bound_of(p).flit_hops, optimum) << side;
        }
}

TEST(Place, LargerGridComesNearItsOrder) {
    place_case c = shuffled_grid(mesh_chip(16, 16, 1), 16, 16, 1);
    weft_place_problem p = c.problem();
    uint64_t cost = cost_of(p, run(weft_placer_find("refined"), p));
    EXPECT_GE(cost, 4800U);
    EXPECT_LE(cost, 4800U * 115 / 100);
}

TEST(Place, BeatsTheBaselinesOnAPipeline) {
    double ratio_row_major = 1.0, ratio_greedy = 1.0, ratio_scotch = 1.0;
    const int cases = 4;
    for (int i = 0; i < cases; i++) {
        place_case c = i % 2 ? pipeline_case(mesh_chip(5, 4, 4), 80 - 5 * i, 9 + i, uint64_t(i))
                             : pipeline_case(mesh_chip(10, 10, 1), 100 - 5 * i, 10 + i, uint64_t(i));
        weft_place_problem p = c.problem();
        double refined = double(cost_of(p, run(weft_placer_find("refined"), p)));
        ratio_row_major *= refined / double(cost_of(p, run(weft_placer_find("row_major"), p)));
        ratio_greedy *= refined / double(cost_of(p, run(weft_placer_find("greedy"), p)));
        ratio_scotch *= refined / double(cost_of(p, run(weft_placer_find("scotch"), p)));
    }
    EXPECT_LT(std::pow(ratio_row_major, 1.0 / cases), 0.75);
    EXPECT_LT(std::pow(ratio_greedy, 1.0 / cases), 0.97);
    EXPECT_LT(std::pow(ratio_scotch, 1.0 / cases), 0.95);
}

TEST(Place, SameSeedSamePlacement) {
    place_case c = pipeline_case(mesh_chip(5, 5, 2, 3, 3), 40, 7);
    for (int o = 0; o < WEFT_OBJECTIVE_COUNT; o++)
        for (const weft_placer *w = weft_placers; w->name; w++)
            EXPECT_EQ(run(w, c.problem(weft_objective(o), 42)), run(w, c.problem(weft_objective(o), 42))) << w->name;
}

TEST(Place, OrderOfTheFlowsDoesNotMatter) {
    place_case c = pipeline_case(mesh_chip(6, 6, 1), 36, 6), reversed = c;
    std::reverse(reversed.flows.begin(), reversed.flows.end());
    for (const weft_placer *w = weft_placers; w->name; w++)
        EXPECT_EQ(run(w, c.problem()), run(w, reversed.problem())) << w->name;
}

TEST(Place, FieldTellsTheChangeOfEverySwap) {
    for (uint64_t trial = 0; trial < 60; trial++) {
        place_dice d(trial);
        weft_chip chip = trial < 20 ? random_chip(d, 6) : random_network(d, 7);
        const bool even = trial < 20 || chip.noc.topology == WEFT_CHIP_MESH || !weft_chip_has_slow_links(&chip);
        place_case c = random_case(chip, d.between(1, chip.core_count), 40, trial);
        weft_place_problem p = c.problem();
        weft_place_graph *graph = nullptr;
        weft_place_layout layout;
        weft_place_field field;
        std::vector<int> core_of(size_t(c.clusters));
        std::iota(core_of.begin(), core_of.end(), 0);
        ASSERT_EQ(weft_place_graph_create(&graph, &p, nullptr), WEFT_OK);
        ASSERT_EQ(weft_place_layout_create(&layout, &p, core_of.data(), nullptr), WEFT_OK);
        ASSERT_EQ(weft_place_field_create(&field, graph, &layout, nullptr), WEFT_OK);
        for (int i = 0; i < 50; i++) {
            int cluster = d.between(0, c.clusters - 1), core = d.between(0, chip.core_count - 1);
            int64_t before = int64_t(weft_place_linear(graph, &layout));
            int64_t direct = weft_place_swap_change(graph, &layout, cluster, core);
            int64_t change = weft_place_field_change(&field, cluster, core);
            EXPECT_LE(change, direct);
            if (core != layout.core_of[cluster]) change += weft_place_field_tie(&field, cluster, core);
            weft_place_field_swap(&field, cluster, core);
            int64_t after = int64_t(weft_place_linear(graph, &layout));
            ASSERT_EQ(change, after - before) << trial;
            ASSERT_EQ(direct, after - before) << trial;
            if (even) { ASSERT_EQ(uint64_t(after), weft_place_link_cycles(&p, layout.core_of)) << trial; }
        }
        weft_place_field_destroy(&field);
        weft_place_layout_destroy(&layout);
        weft_place_graph_destroy(graph);
    }
}

/* Links of the simulated network after all flows of the placement, one packet each. */
std::vector<uint64_t> simulated_links(const place_case &c, const std::vector<int> &core_of) {
    const weft_chip &chip = c.chip;
    Mesh mesh(int(chip.noc.mesh[0]), int(chip.noc.mesh[1]), 4);
    weft_noc_config &config = mesh.config;
    config.topology = chip.noc.topology, config.routing = chip.noc.routing;
    if (config.routing == WEFT_NOC_ADAPTIVE) config.escape_vcs = 2;
    for (int i = 0; i < 2; i++) config.chips[i] = int(chip.noc.chips[i]);
    config.chip_link_cycles = config.chip_credit_cycles = int(chip.noc.chip_link_cycles);
    config.chip_link_interval = int(chip.noc.chip_link_interval);
    mesh.terminal_router.resize(size_t(chip.core_count) + 1);
    for (int t = 0; t <= chip.core_count; t++) mesh.terminal_router[size_t(t)] = weft_chip_router(&chip, t);
    weft_error err = {};
    EXPECT_EQ(mesh.create(&err), WEFT_OK) << err.text;
    for (const weft_flow &f : c.flows) {
        auto terminal = [&](int n) { return n == c.clusters ? chip.host_terminal : core_of[size_t(n)]; };
        EXPECT_EQ(weft_noc_inject(mesh.noc, terminal(f.from), terminal(f.to), int(f.flits), 0, nullptr), WEFT_OK);
    }
    const weft_noc_delivery *deliveries = nullptr;
    while (!weft_noc_idle(mesh.noc)) weft_noc_step(mesh.noc, &deliveries);
    std::vector<uint64_t> links;
    for (int r = 0; r < chip.router_count; r++)
        for (int side = 0; side < 4; side++) links.push_back(weft_noc_link_flits(mesh.noc, r, side));
    return links;
}

/* The simulated network takes the links that the cost counts; where packets choose, as many. */
TEST(Place, LinksAreThoseOfTheNetwork) {
    int chosen = 0;
    for (uint64_t trial = 0; trial < 40; trial++) {
        place_dice d(trial);
        weft_chip chip = trial ? random_network(d, 8) : mesh_chip(4, 3, 2, 2, 1);
        place_case c = random_case(chip, d.between(1, chip.core_count), 60, trial);
        weft_place_problem p = c.problem();
        std::vector<int> core_of = run(weft_placer_find("greedy"), p);
        std::vector<uint64_t> flits(size_t(chip.router_count) * 4), simulated = simulated_links(c, core_of);
        weft_place_link_flits(&p, core_of.data(), flits.data());
        const uint64_t hops = weft_place_flit_hops(&p, core_of.data());
        EXPECT_EQ(std::accumulate(flits.begin(), flits.end(), uint64_t(0)), hops) << trial;
        EXPECT_EQ(std::accumulate(simulated.begin(), simulated.end(), uint64_t(0)), hops) << trial;
        uint64_t cycles = 0;
        for (size_t l = 0; l < flits.size(); l++)
            cycles += flits[l] * uint64_t(weft_chip_link_interval(&chip, int(l / 4), int(l % 4)));
        EXPECT_EQ(cycles, weft_place_link_cycles(&p, core_of.data())) << trial;
        if (chip.noc.routing > WEFT_CHIP_YX) {
            chosen++;
            for (size_t l = 0; l < flits.size(); l++)
                if (weft_chip_neighbour(&chip, int(l / 4), int(l % 4)) < 0) { EXPECT_EQ(flits[l], 0U); }
            continue;
        }
        EXPECT_EQ(flits, simulated) << trial;
    }
    EXPECT_GE(chosen, 8);
    EXPECT_LE(chosen, 30);
}

} // namespace
} // namespace weft_test
