/* Speed of the network on chip: router-cycles a second and ns a flit-hop, uniform traffic, one thread. */
#include <benchmark/benchmark.h>

#include "tests/noc_mesh.h"

namespace {

/* One packet of 8 flits with probability rate / 8 a node and cycle. */
void InjectUniform(Mesh &mesh, Random &random, uint64_t threshold) {
    int terminals = mesh.config.terminal_count;
    for (int t = 0; t < terminals; t++) {
        uint64_t draw = random.next();
        if (draw < threshold) weft_noc_inject(mesh.noc, t, int((draw * 31 >> 20) % uint64_t(terminals)), 8, 0, nullptr);
    }
}

/* Steps a network in its steady state. */
void Measure(benchmark::State &state, Mesh &mesh, double rate) {
    Random random{1};
    uint64_t threshold = uint64_t(rate / 8 * 0x1p64);
    const weft_noc_delivery *d = nullptr;
    for (int i = 0; i < 2000; i++) {
        InjectUniform(mesh, random, threshold);
        weft_noc_step(mesh.noc, &d);
    }
    uint64_t before = weft_noc_statistics_get(mesh.noc).router_flits;
    for (auto _ : state) {
        InjectUniform(mesh, random, threshold);
        benchmark::DoNotOptimize(weft_noc_step(mesh.noc, &d));
    }
    double hops = double(weft_noc_statistics_get(mesh.noc).router_flits - before);
    double router_cycles = double(state.iterations()) * mesh.config.width * mesh.config.height;
    state.counters["router_cycles/s"] = benchmark::Counter(router_cycles, benchmark::Counter::kIsRate);
    state.counters["s/flit_hop"] = benchmark::Counter(hops, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void Uniform(benchmark::State &state) {
    int side = int(state.range(0));
    Mesh mesh(side, side, 2, 4);
    if (mesh.create() != WEFT_OK) return state.SkipWithError("create");
    Measure(state, mesh, double(state.range(1)) / 1000);
}
BENCHMARK(Uniform)
    ->ArgNames({"side", "permille"})
    ->Args({8, 20})
    ->Args({8, 150})
    ->Args({16, 20})
    ->Args({16, 100})
    ->Args({64, 20});

/* The other kinds of router, 8 x 8 at 0.15. */
void Kinds(benchmark::State &state) {
    Mesh mesh(8, 8, 4, 4);
    weft_noc_config &c = mesh.config;
    if (state.range(0) == 1) c.topology = WEFT_NOC_TORUS;
    if (state.range(0) == 2) c.routing = WEFT_NOC_WEST_FIRST;
    if (state.range(0) == 3) c.routing = WEFT_NOC_ADAPTIVE, c.escape_vcs = 1;
    if (state.range(0) == 4) c.chips[0] = 2, c.chip_link_cycles = c.chip_credit_cycles = 4, c.chip_link_interval = 2;
    if (state.range(0) == 5) c.multicast = true; /* unicast packets alone */
    if (state.range(0) == 6) c.speculative = true;
    if (mesh.create() != WEFT_OK) return state.SkipWithError("create");
    Measure(state, mesh, 0.15);
}
BENCHMARK(Kinds)->ArgName("kind")->DenseRange(0, 6);

void Idle(benchmark::State &state) {
    Mesh mesh(64, 64, 2, 4);
    if (mesh.create() != WEFT_OK) return state.SkipWithError("create");
    const weft_noc_delivery *d = nullptr;
    for (auto _ : state) benchmark::DoNotOptimize(weft_noc_step(mesh.noc, &d));
}
BENCHMARK(Idle);

} // namespace
