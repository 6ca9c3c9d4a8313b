/* Placement of synthetic pipelines (all-to-all between layers, partial sums, skips): time of each placer, and what the
 * placement costs. Counters: flit_hops; share, of row_major's; over_bound, flit_hops / lower bound; hottest_link. */
#include <benchmark/benchmark.h>

#include "tests/support/place_fixture.h"

namespace {

using weft_test::mesh_chip;
using weft_test::pipeline_case;
using weft_test::place_case;

/* Cores: 168 as ISAAC has them, 1024 and 4096 with a router each. */
place_case Pipeline(int64_t cores) {
    if (cores == 168) return pipeline_case(mesh_chip(7, 6, 4), 168, 16);
    return cores == 1024 ? pipeline_case(mesh_chip(32, 32, 1), 1024, 24)
                         : pipeline_case(mesh_chip(64, 64, 1), 4096, 50);
}

void Place(benchmark::State &state, const char *placer, weft_objective objective) {
    place_case c = Pipeline(state.range(0));
    weft_place_problem problem = c.problem(objective), link = c.problem(WEFT_OBJECTIVE_LINK);
    std::vector<int> core_of(size_t(c.clusters)), row_major(size_t(c.clusters));
    weft_error err;
    for (auto _ : state)
        if (weft_placer_find(placer)->run(core_of.data(), &problem, &err) != WEFT_OK)
            return state.SkipWithError(err.text);
    weft_place_bounds bounds;
    uint64_t hottest = 0;
    if (weft_placer_find("row_major")->run(row_major.data(), &problem, &err) != WEFT_OK ||
        weft_place_bound(&bounds, &problem, &err) != WEFT_OK ||
        weft_place_cost(&hottest, &link, core_of.data(), &err) != WEFT_OK)
        return state.SkipWithError(err.text);
    double hops = double(weft_place_flit_hops(&problem, core_of.data()));
    state.counters["flit_hops"] = hops;
    state.counters["share"] = hops / double(weft_place_flit_hops(&problem, row_major.data()));
    state.counters["over_bound"] = hops / double(bounds.flit_hops);
    state.counters["hottest_link"] = double(hottest);
}

void Bound(benchmark::State &state) {
    place_case c = Pipeline(state.range(0));
    weft_place_problem problem = c.problem();
    weft_place_bounds bounds{};
    weft_error err;
    for (auto _ : state)
        if (weft_place_bound(&bounds, &problem, &err) != WEFT_OK) return state.SkipWithError(err.text);
    state.counters["flit_hops"] = double(bounds.flit_hops);
    state.counters["hottest_link"] = double(bounds.link_flits);
}

void Sizes(benchmark::internal::Benchmark *b) {
    b->ArgName("cores")->Arg(168)->Arg(1024)->Arg(4096)->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(Place, row_major, "row_major", WEFT_OBJECTIVE_ENERGY)->Apply(Sizes);
BENCHMARK_CAPTURE(Place, greedy, "greedy", WEFT_OBJECTIVE_ENERGY)->Apply(Sizes);
BENCHMARK_CAPTURE(Place, scotch, "scotch", WEFT_OBJECTIVE_ENERGY)->Apply(Sizes);
BENCHMARK_CAPTURE(Place, refined, "refined", WEFT_OBJECTIVE_ENERGY)->Apply(Sizes);
BENCHMARK_CAPTURE(Place, refined_link, "refined", WEFT_OBJECTIVE_LINK)->Apply(Sizes);
BENCHMARK_CAPTURE(Place, refined_latency, "refined", WEFT_OBJECTIVE_LATENCY)->Apply(Sizes);
BENCHMARK(Bound)->Apply(Sizes);

} // namespace
