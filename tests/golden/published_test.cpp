/* Timed runs of shipped chips against what their publications say. Every constant is the chip file's; what a run is
 * compared with is only here. A busy chip is simulated, not summed up: the network below keeps everything of a tile
 * working all the time. */
#include "sim/noc/noc_bounds.h"
#include "sim/noc/noc_chip.h"
#include "sim/report/resources.h"
#include "tests/support/cosim_fixture.h"

using namespace weft_test;

namespace {

struct Preset {
    weft_chip *chip = nullptr;
    explicit Preset(const char *name, const std::vector<const char *> &overrides = {}) {
        weft_error err = {};
        const std::string path = std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/" + name + ".yaml";
        EXPECT_EQ(weft_chip_load(&chip, path.c_str(), overrides.data(), static_cast<int>(overrides.size()), &err),
                  WEFT_OK)
            << err.text;
    }
    ~Preset() { weft_chip_destroy(chip); }
    Preset(const Preset &) = delete;
    const weft_chip *operator->() const { return chip; }
};

double energy(const weft_chip *chip, const weft_event_counts &counts, const std::vector<weft_event> &events) {
    double sum = 0;
    for (weft_event e : events) sum += static_cast<double>(counts.n[e]) * chip->cost_pj[e].value;
    return sum;
}
/* Everything of a product. */
const std::vector<weft_event> of_arrays = {
    WEFT_EVENT_ARRAY_READ, WEFT_EVENT_ROW_DRIVE,          WEFT_EVENT_SAMPLE_HOLD,        WEFT_EVENT_ADC_CONVERSION,
    WEFT_EVENT_SHIFT_ADD,  WEFT_EVENT_INPUT_REGISTER_BIT, WEFT_EVENT_OUTPUT_REGISTER_BIT};

uint64_t packet_cycles(const weft_chip *chip, int from, int to, int flits) {
    weft_noc_config config;
    uint64_t cycles = 0;
    EXPECT_EQ(weft_noc_config_of_chip(&config, chip, chip->core_count + 1, nullptr), WEFT_OK);
    EXPECT_EQ(weft_noc_zero_load(&cycles, &config, from, to, flits, nullptr), WEFT_OK);
    free(const_cast<int *>(config.terminal_router));
    return cycles;
}

/* One image through one dense layer of rows x columns weights on one array of core 0: the time from the first pixel to
 * the last result, less that of the packets and of the digital unit, is the product's own. */
void expect_product(const weft_chip *chip, int rows, int columns, double time_ns, double least_pj, double most_pj) {
    in_child([&] {
        network_ptr net = make_network({rows, 1, 1});
        add_layer(net.get(), WEFT_LAYER_DENSE, "fc", columns);
        timed_case c(*chip, std::move(net), 1, 1);
        c.mapping = hand_mapping(c.stages.get(), {{block_at(0, 0, columns)}}, {{tile_at(0, 0, 0, rows, 0, columns)}});
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        const weft_timing &t = *r->timing;
        const uint64_t ways =
            packet_cycles(chip, chip->host_terminal, 0, weft_chip_flits(chip, rows, chip->input.bits)) +
            packet_cycles(chip, 0, chip->host_terminal, weft_chip_flits(chip, columns, chip->io.partial_bits));
        const uint64_t cycles = t.image_end[0] - t.image_start[0] - ways;
        EXPECT_EQ(static_cast<double>(cycles) * chip->cycle_ns - chip->core.digital_ns.value, time_ns);
        const double energy_pj = energy(chip, t.stage_events[0], of_arrays);
        EXPECT_GE(energy_pj, least_pj);
        EXPECT_LE(energy_pj, most_pj);
        expect_equals_functional(c, *r);
    });
}

/* ---- PUMA: one 16-bit product of 128 x 128, 2304 ns and 43.97 nJ. The parts of the authors' simulator, added up, draw
 * 1.5 % more than that; nothing is scaled to close it. ---- */

TEST(Puma, OneProduct) {
    Preset puma("puma");
    ASSERT_NE(puma.chip, nullptr);
    expect_product(puma.chip, 128, 128, 2304, 1.0145 * 43970, 1.0155 * 43970);
}

/* ---- HERMES: products on all 64 cores, one phase 133 ns and 0.86 uJ, four phases 521 ns and 3.38 uJ ---- */

const char *const ideal_cells[] = {"device.program_table=", "device.read_noise=none", "device.read_sigma=0"};

TEST(Hermes, OneProductInOnePhaseAndInFour) {
    Preset one("hermes", {ideal_cells[0], ideal_cells[1], ideal_cells[2]});
    Preset four("hermes", {ideal_cells[0], ideal_cells[1], ideal_cells[2], "input.phases=4"});
    ASSERT_TRUE(one.chip && four.chip);
    expect_product(one.chip, 256, 256, 133, 0.86e6 / 64 * 0.9995, 0.86e6 / 64 * 1.0005);
    expect_product(four.chip, 256, 256, 520, 3.38e6 / 64 * 0.994, 3.38e6 / 64 * 0.996); /* 521 published */
}

/* A dense layer of 2048 x 2048 weights: 8 x 8 arrays, one on each core. */
void expect_all_cores(const weft_chip *chip, double least_pj, double most_pj) {
    in_child([&] {
        std::vector<weft_output_block> blocks;
        std::vector<weft_tile> tiles;
        for (int b = 0; b < 8; b++) {
            blocks.push_back(block_at(8 * b, 256 * b, 256 * (b + 1)));
            for (int i = 0; i < 8; i++)
                tiles.push_back(tile_at(8 * b + i, 0, 256 * i, 256 * (i + 1), 256 * b, 256 * (b + 1)));
        }
        network_ptr net = make_network({2048, 1, 1});
        add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2048);
        timed_case c(*chip, std::move(net), 1, 1);
        c.mapping = hand_mapping(c.stages.get(), {blocks}, {tiles});
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        for (int core = 0; core < 64; core++) EXPECT_EQ(r->timing->cores[core].mvm_count, 1u) << core;
        const double energy_pj = energy(chip, r->timing->stage_events[0], of_arrays);
        EXPECT_GE(energy_pj, least_pj);
        EXPECT_LE(energy_pj, most_pj);
    });
}

TEST(Hermes, AllCores) {
    Preset one("hermes", {ideal_cells[0], ideal_cells[1], ideal_cells[2]});
    Preset four("hermes", {ideal_cells[0], ideal_cells[1], ideal_cells[2], "input.phases=4"});
    ASSERT_TRUE(one.chip && four.chip);
    expect_all_cores(one.chip, 0.9995 * 0.86e6, 1.0005 * 0.86e6);
    expect_all_cores(four.chip, 0.994 * 3.38e6, 0.996 * 3.38e6);
}

/* ---- ISAAC-CE at full load ---- */

/* Flits that pass a router of 4 mesh ports and 4 tiles in a cycle, all ports busy: long packets straight on in all four
 * directions, two sources to a link so that its VCs take turns, and short ones from tile to tile. The router in the
 * middle of the chip's own mesh. */
double busy_router_flits(const weft_chip *chip) {
    const int width = static_cast<int>(chip->noc.mesh[0]), middle = 2 * width + 3;
    const int cycles = 40000, warmup = 4000;
    weft_noc_config config;
    weft_noc *noc = nullptr;
    EXPECT_EQ(weft_noc_config_of_chip(&config, chip, chip->core_count + 1, nullptr), WEFT_OK);
    EXPECT_EQ(weft_noc_create(&noc, &config, nullptr), WEFT_OK);
    struct Flow {
        int from, to, flits;
    };
    std::vector<Flow> flows;
    for (int i = 0; i < 4; i++) flows.push_back({4 * middle + i, 4 * middle + (i + 1) % 4, 4});
    for (int side : {1, width})
        for (int i = 0; i < 2; i++) {
            flows.push_back({4 * (middle - side) + i, 4 * (middle + side) + i, 256});
            flows.push_back({4 * (middle + side) + i, 4 * (middle - side) + i, 256});
        }
    uint64_t before = 0, local = 0, after = 0;
    const auto links = [&] {
        uint64_t sum = 0;
        for (int d = 0; d < 4; d++) sum += weft_noc_link_flits(noc, middle, d);
        return sum;
    };
    for (int cycle = 0; cycle < cycles; cycle++) {
        for (const Flow &flow : flows) {
            if (cycle % flow.flits) continue;
            EXPECT_EQ(weft_noc_inject(noc, flow.from, flow.to, flow.flits, 0, nullptr), WEFT_OK);
        }
        if (cycle == warmup) before = links();
        const weft_noc_delivery *deliveries = nullptr;
        const int count = weft_noc_step(noc, &deliveries);
        for (int i = 0; i < count; i++)
            if (cycle >= warmup && deliveries[i].target / 4 == middle && deliveries[i].target != chip->host_terminal)
                local += static_cast<uint64_t>(deliveries[i].flits);
    }
    after = links();
    weft_noc_destroy(noc);
    free(const_cast<int *>(config.terminal_router));
    return static_cast<double>(after - before + local) / (cycles - warmup);
}

/* A tile whose 96 arrays all work, on values of their own: a convolution of 96 groups, 1 x 8 kernels over 16 channels,
 * 128 x 16 weights a group; each of its 1536 results passes an activation and an averaging pool. So a position reads
 * 12 x 2 KB of the eDRAM and writes 3 KB, as Table I's tile. Behind it, elsewhere, a little for a network to end with.
 */
network_ptr busy_tile() {
    network_ptr net = make_network({1536, 2, 2});
    add_after(net.get(), -1, layer_of(WEFT_LAYER_CONV, 1536, {1, 8, 1, 1, 1, 1, 0, 3, 0, 4}, 96), "busy");
    add_layer(net.get(), WEFT_LAYER_SIGMOID, "sigmoid");
    add_layer(net.get(), WEFT_LAYER_AVERAGE_POOL, "pool", 0, {1, 2, 1, 2, 1, 1, 0, 0, 0, 0});
    add_layer(net.get(), WEFT_LAYER_CONV, "narrow", 1);
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    return net;
}

mapping_ptr map_busy_tile(const weft_stages *stages) {
    std::vector<weft_tile> busy, narrow;
    for (int g = 0; g < 96; g++) busy.push_back(tile_at(5, g, 128 * g, 128 * (g + 1), 16 * g, 16 * (g + 1)));
    for (int i = 0; i < 12; i++) narrow.push_back(tile_at(9, i, 128 * i, 128 * (i + 1), 0, 1));
    return hand_mapping(stages, {{block_at(5, 0, 1536)}, {block_at(9, 0, 1)}, {block_at(13, 0, 2)}},
                        {busy, narrow, {tile_at(13, 0, 0, 2, 0, 2)}});
}

/* Buffers have no end here: sums take 48 bits, where ISAAC cuts them to 16, and 1536 of them wait for each product.
 *
 * Table I: IMAs 289 mW, eDRAM 20.7, bus 7, router 42 for four tiles, sigmoid 0.52, pool 0.4, output register 1.68: tile
 * 330 mW. Its 0.05 mW of shift-and-add between IMAs has nothing to do here: no result is of two arrays. */
TEST(Isaac, ABusyTileAndTheChip) {
    Preset isaac("isaac-ce", {"core.unbounded_buffers=true"});
    ASSERT_NE(isaac.chip, nullptr);
    const weft_chip *chip = isaac.chip;
    const double router_mw = busy_router_flits(chip) * chip->cost_pj[WEFT_EVENT_ROUTER_FLIT].value / chip->cycle_ns;
    EXPECT_GE(router_mw, 41.9);
    EXPECT_LE(router_mw, 42.0 * 1.000001);
    in_child([&] {
        const size_t images = 8;
        const double positions = 4;
        timed_case c(*chip, busy_tile(), images, 7);
        ASSERT_EQ(c.stages->count, 3);
        c.mapping = map_busy_tile(c.stages.get());
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        const weft_timing &t = *r->timing;
        const weft_steady steady = weft_timing_steady(t.image_end, images);
        const double interval_ns = steady.interval_cycles * chip->cycle_ns;
        EXPECT_EQ(interval_ns, positions * 1600); /* no array ever waits */
        const weft_event_counts &busy = t.stage_events[0];
        const double macs = positions * 96 * 128 * 16;
        EXPECT_EQ(static_cast<double>(busy.n[WEFT_EVENT_ADC_CONVERSION]), static_cast<double>(images) * macs);
        const auto power_mw = [&](const weft_event_counts &counts, const std::vector<weft_event> &events) {
            return energy(chip, counts, events) / static_cast<double>(images) / interval_ns;
        };
        const double imas = power_mw(busy, of_arrays), adcs = power_mw(busy, {WEFT_EVENT_ADC_CONVERSION});
        const double edram = power_mw(busy, {WEFT_EVENT_BUFFER_READ_BIT}) +
                             power_mw(t.stage_events[t.stage_count], {WEFT_EVENT_BUFFER_WRITE_BIT});
        const double digital =
            power_mw(busy, {WEFT_EVENT_ACTIVATION, WEFT_EVENT_POOL, WEFT_EVENT_PARTIAL_ADD, WEFT_EVENT_AFFINE});
        EXPECT_NEAR(imas, 289 + 1.68, 0.05); /* the tile's output register is charged with the arrays' */
        EXPECT_NEAR(adcs, 12 * 16, 1e-6);
        EXPECT_NEAR(edram, 20.7 + 7, 1e-4);
        EXPECT_NEAR(digital, 0.52 + 0.4, 1e-4);
        const double tile_mw = imas + edram + digital + router_mw / 4;
        EXPECT_NEAR(tile_mw, 330, 0.33);
        EXPECT_NEAR(100 * adcs / tile_mw, 58, 0.5);
        const double chip_w = (168 * tile_mw + chip->static_power.chip_mw.value) / 1000;
        EXPECT_NEAR(chip_w, 65.8, 0.0658);
        const double gops = 168 * 2 * macs / interval_ns;
        EXPECT_NEAR(gops, 41290, 5);
        EXPECT_NEAR(gops / chip_w, 627.5, 0.6275);
        expect_equals_functional(c, *r);
    });
}

/* With the 64 KB that a tile has, sums of 48 bits leave too little room: the recorded run, timed again as if there were
 * always room, gives the pace above. */
TEST(Isaac, BuffersHoldABusyTileUp) {
    Preset isaac("isaac-ce");
    ASSERT_NE(isaac.chip, nullptr);
    in_child([&] {
        timed_case c(*isaac.chip, busy_tile(), 8, 7);
        c.mapping = map_busy_tile(c.stages.get());
        c.prepare();
        weft_trace *trace = nullptr;
        cosim_ptr r = run_timed(c, &trace);
        ASSERT_TRUE(r);
        const weft_run run = {r->timing, 1, false};
        EXPECT_GT(weft_run_pace(&run), 1.2 * 6400);
        weft_report_without without[2];
        weft_error err = {};
        int measured = 0;
        ASSERT_EQ(weft_resources_measure(without, &measured, 2, &run, trace, isaac.chip, nullptr, &err), WEFT_OK)
            << err.text;
        ASSERT_EQ(measured, 2);
        EXPECT_EQ(without[1].resource.kind, WEFT_RESOURCE_BUFFERS);
        EXPECT_EQ(without[1].pace_cycles, 6400);
        EXPECT_EQ(without[1].next.kind, WEFT_RESOURCE_ARRAYS);
        weft_trace_destroy(trace);
    });
}

} // namespace

/* Own main: SystemC's library brings one that would be taken before GoogleTest's. */
int main(int argc, char **argv) {
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
