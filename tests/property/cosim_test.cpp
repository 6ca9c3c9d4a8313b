/* Timed and functional runs agree on random networks, chips and mappings; threads change nothing. */
#include <omp.h>

#include <fstream>
#include <numeric>
#include <sstream>

#include "sim/trace/replay.h"
#include "tests/support/cosim_fixture.h"
#include "tests/support/random_mapping.h"
#include "tests/support/random_network.h"

using namespace weft_test;

namespace {

weft_chip random_timed_chip(dice &d) {
    weft_chip chip = random_chip(d), timed = timed_chip();
    chip.noc.vcs = d.between(1, 4);
    chip.noc.buffer_flits = d.between(1, 8);
    chip.noc.speculative = d.flip();
    chip.noc.route_cycles = d.between(0, 2);
    chip.noc.vc_cycles = d.between(1, 2);
    chip.noc.switch_cycles = chip.noc.traversal_cycles = 1;
    chip.noc.link_cycles = d.between(1, 3);
    chip.noc.credit_cycles = d.between(0, 2);
    chip.noc.link_cycles_y = chip.noc.credit_cycles_y = -1; /* as along x */
    chip.io.bits_per_cycle = d.between(1, 64);
    chip.core.digital_lanes = d.between(1, 8);
    chip.core.digital_ns.value = d.between(0, 20);
    chip.core.input_ns.value = d.between(0, 9);
    chip.core.buffer_bytes = 1 << 20;
    chip.adc = timed.adc;
    weft_chip_resolve(&chip);
    return chip;
}

/* A random case that fits its chip at once, as the mapper maps it: a chain, or every other time with branches. */
std::unique_ptr<timed_case> random_case(uint64_t seed) {
    weft_map_options options = weft_map_defaults();
    options.parts_max = 1;
    for (uint64_t attempt = 0; attempt < 200; attempt++) {
        dice d(seed * 1000 + attempt);
        weft_chip chip = random_timed_chip(d);
        network_ptr net = seed % 2 ? random_dag(d) : random_network(d);
        auto c = std::make_unique<timed_case>(chip, std::move(net), (size_t)d.between(1, 4), seed);
        weft_error err = {};
        c->mapping = map(c->stages.get(), &c->chip, &err, nullptr, &options);
        if (!c->mapping) continue;
        c->prepare();
        return c;
    }
    ADD_FAILURE() << "nothing fits, seed " << seed;
    return nullptr;
}

class Cosim : public testing::TestWithParam<int> {};

/* A network with branches, tiles, blocks and copies anywhere; a chip that writes its cells in a while. */
std::unique_ptr<timed_case> random_graph_case(uint64_t seed, int parts) {
    dice d(500000 + seed);
    weft_chip chip = random_timed_chip(d);
    chip.device.program_pulses = 1 + d.between(0, 3);
    chip.device.program_pulse_ns.value = d.between(0, 50);
    chip.device.program_parallel = d.between(1, 4);
    auto c = std::make_unique<timed_case>(chip, random_dag(d, 7, 6), (size_t)d.between(1, 3), seed);
    c->mapping = random_mapping(d, c->stages.get(), &c->chip, parts);
    c->prepare();
    return c;
}

/* The same work on the same chip takes the same cycles without network and values. */
void expect_replay_equals(const timed_case &c, const weft_trace *trace, const weft_timing &r) {
    weft_timing *replay = nullptr;
    weft_error err = {};
    weft_replay_options options = {};
    options.without.server_kind = options.without.stage = -1;
    ASSERT_EQ(weft_replay_run(&replay, trace, &c.chip, &options, &err), WEFT_OK) << err.text;
    EXPECT_EQ(replay->cycles, r.cycles);
    for (size_t i = 0; i < c.images; i++) {
        EXPECT_EQ(replay->image_start[i], r.image_start[i]) << i;
        EXPECT_EQ(replay->image_end[i], r.image_end[i]) << i;
    }
    for (int l = 0; l < c.chip.router_count * 4; l++) EXPECT_EQ(replay->link_flits[l], r.link_flits[l]) << l;
    for (int core = 0; core < c.chip.core_count; core++) {
        EXPECT_EQ(replay->cores[core].array_busy_cycles, r.cores[core].array_busy_cycles) << core;
        EXPECT_EQ(replay->cores[core].digital_busy_cycles, r.cores[core].digital_busy_cycles) << core;
    }
    EXPECT_EQ(replay->latency_sum_cycles, r.latency_sum_cycles);
    weft_timing_destroy(replay);
}

/* What weft_timing promises of itself. */
void expect_consistent(const timed_case &c, const weft_timing &t) {
    weft_event_counts stages = {}, cores = {}, bins = {};
    for (int s = 0; s <= t.stage_count; s++) weft_event_counts_add(&stages, &t.stage_events[s]);
    for (int k = 0; k <= t.core_count; k++) weft_event_counts_add(&cores, &t.cores[k].events);
    for (int b = 0; b < t.bin_count; b++) weft_event_counts_add(&bins, &t.bins[b]);
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) {
        EXPECT_EQ(cores.n[e], stages.n[e]) << weft_events[e].id;
        EXPECT_EQ(bins.n[e], stages.n[e]) << weft_events[e].id;
    }
    EXPECT_LE(t.zero_load_sum_cycles, t.latency_sum_cycles);
    for (int k = 0; k < t.core_count; k++) {
        EXPECT_LE(t.cores[k].buffer_peak_bytes, c.chip.core.buffer_bytes) << k;
        EXPECT_LE(t.cores[k].digital_busy_cycles, t.cycles + t.image_start[0]) << k;
    }
}

class CosimGraph : public testing::TestWithParam<int> {};

TEST_P(CosimGraph, EqualsTheFunctionalEngine) {
    in_child([] {
        const int seed = GetParam(), parts = seed % 2 ? 3 : 1;
        auto c = random_graph_case((uint64_t)seed, parts);
        ASSERT_TRUE(c->engine);
        c->chip.core.unbounded_buffers = seed % 8 == 7;
        weft_trace *trace = nullptr;
        const bool one_chip = c->mapping->parts == 1 || c->mapping->chips == 1;
        cosim_ptr r = run_timed(*c, one_chip ? &trace : nullptr, seed % 4 > 0);
        ASSERT_TRUE(r);
        expect_equals_functional(*c, *r);
        for (int s = 0; s < c->stages->count; s++)
            EXPECT_EQ(r->timing->stage_busy_cycles[s] > 0, c->stages->items[s].has_matrix) << s;
        if (!c->chip.core.unbounded_buffers) expect_consistent(*c, *r->timing);
        if (one_chip) expect_replay_equals(*c, trace, *r->timing);
        weft_trace_destroy(trace);
    });
}
INSTANTIATE_TEST_SUITE_P(Random, CosimGraph, testing::Range(0, 80));
/* A padded pooling gives the last copy more of a row than the others. */
INSTANTIATE_TEST_SUITE_P(PaddedPool, CosimGraph, testing::Values(1478));
/* One of three parts reads the network's input as a second term alone. */
INSTANTIATE_TEST_SUITE_P(AddedInput, CosimGraph, testing::Values(3019));

/* ---- trees ---- */

/* Packets to several terminals as trees, whole or in pieces: the buffers of the network hold one flit or a few. */
std::unique_ptr<timed_case> multicast_case(uint64_t seed, int parts) {
    auto c = random_graph_case(3000 + seed, parts);
    dice d(seed);
    c->chip.noc.multicast = true;
    c->chip.noc.routing = d.flip() ? WEFT_CHIP_XY : WEFT_CHIP_YX;
    c->chip.noc.buffer_flits = d.flip() ? d.between(1, 3) : d.between(8, 16);
    c->traffic = make_traffic(c->mapping.get(), c->stages.get(), &c->chip);
    return c;
}

uint64_t flit_hops(const weft_traffic *traffic) { return weft_traffic_total(traffic).flit_hops; }

/* The mapper's figures on the mapping are those of the run. */
void expect_links_of_mapper(const timed_case &c, const weft_timing &t) {
    weft_map_report report = {};
    ASSERT_EQ(weft_map_examine(&report, c.mapping.get(), c.stages.get(), &c.chip, nullptr, nullptr), WEFT_OK);
    EXPECT_EQ(report.flit_hops_per_image * c.images, t.flit_hops);
    EXPECT_EQ(report.placements[0].link_flits * c.images,
              *std::max_element(t.link_flits, t.link_flits + 4 * t.router_count));
    weft_map_report_destroy(&report);
}

class CosimMulticast : public testing::TestWithParam<int> {};

TEST_P(CosimMulticast, EqualsTheFunctionalEngine) {
    in_child([] {
        const int seed = GetParam(), parts = seed % 4 == 3 ? 3 : 1;
        auto c = multicast_case((uint64_t)seed, parts);
        ASSERT_TRUE(c->engine);
        c->chip.core.unbounded_buffers = seed % 8 == 6;
        if (seed % 8 == 4) c->chip.clock.kind = WEFT_CLOCK_TICK;
        const bool one_chip = c->mapping->parts == 1 || c->mapping->chips == 1;
        weft_trace *trace = nullptr;
        cosim_ptr r = run_timed(*c, one_chip ? &trace : nullptr, seed % 3 > 0);
        ASSERT_TRUE(r);
        expect_equals_functional(*c, *r);
        if (seed % 8 != 6 && seed % 8 != 4) expect_consistent(*c, *r->timing);
        if (one_chip) expect_replay_equals(*c, trace, *r->timing);
        weft_trace_destroy(trace);
        if (parts == 1) expect_links_of_mapper(*c, *r->timing);
        weft_chip plain = c->chip;
        plain.noc.multicast = false;
        traffic_ptr copies = make_traffic(c->mapping.get(), c->stages.get(), &plain);
        EXPECT_LE(flit_hops(c->traffic.get()), flit_hops(copies.get()));
    });
}
INSTANTIATE_TEST_SUITE_P(Random, CosimMulticast, testing::Range(0, 80));

struct kinds_seen {
    int copies, whole, pieces;
};
void see(void *user, int, weft_packet_kind, int, const weft_route *route, int, uint64_t times) {
    auto *seen = static_cast<kinds_seen *>(user);
    if (route->core_count < 2 || !times) return;
    (route->pieces == 0 ? seen->copies : route->pieces == 1 ? seen->whole : seen->pieces)++;
}

/* The cases above have all there is. */
TEST(CosimMulticastCases, HaveTreesPiecesAndCopies) {
    in_child([] { /* whose OpenMP threads no other test's child inherits */
                  kinds_seen seen = {};
                  for (uint64_t seed = 0; seed < 80; seed++) {
                      auto c = multicast_case(seed, seed % 4 == 3 ? 3 : 1);
                      ASSERT_EQ(weft_traffic_visit_packets(c->traffic.get(), see, &seen, nullptr), WEFT_OK);
                  }
                  EXPECT_GT(seen.whole, 500);
                  EXPECT_GT(seen.pieces, 100);
                  EXPECT_GT(seen.copies, 100);
    });
}

/* Tori, other routings, several chips: every packet takes the links of the closed form, where it may choose as many. */
weft_chip random_network_chip(dice &d) {
    weft_chip chip = random_timed_chip(d);
    chip.noc.topology = d.between(0, 1);
    chip.noc.routing = d.between(0, 3);
    const bool torus = chip.noc.topology == WEFT_CHIP_TORUS;
    if (torus && chip.noc.routing == WEFT_CHIP_WEST_FIRST) chip.noc.routing = WEFT_CHIP_YX;
    chip.noc.vcs = 2 * d.between(2, 3);
    if (chip.noc.routing == WEFT_CHIP_ADAPTIVE) chip.noc.escape_vcs = 2;
    for (int axis = 0; axis < 2; axis++) {
        chip.noc.chips[axis] = d.between(1, 2);
        chip.noc.mesh[axis] = chip.noc.chips[axis] * d.between(1, 3);
        chip.io.router[axis] = d.between(0, (int)chip.noc.mesh[axis] - 1);
    }
    chip.noc.chip_link_cycles = d.between(1, 9);
    chip.noc.chip_credit_cycles = -1; /* as the link */
    chip.noc.chip_link_interval = d.between(1, 4);
    chip.noc.link_cycles_y = d.between(1, 4);
    weft_chip_resolve(&chip);
    return chip;
}

std::vector<uint64_t> closed_form_links(const timed_case &c) {
    weft_flow *flows = nullptr;
    weft_place_problem p = {};
    EXPECT_EQ(weft_traffic_flows(c.traffic.get(), 0, &flows, &p.flow_count, nullptr), WEFT_OK);
    std::vector<int> core_of((size_t)c.chip.core_count);
    std::iota(core_of.begin(), core_of.end(), 0);
    std::vector<uint64_t> links((size_t)c.chip.router_count * 4);
    p.clusters = c.chip.core_count, p.flows = flows, p.chip = &c.chip;
    weft_place_link_flits(&p, core_of.data(), links.data());
    EXPECT_EQ(weft_place_flit_hops(&p, core_of.data()), weft_traffic_total(c.traffic.get()).flit_hops);
    free(flows);
    return links;
}

class CosimNetwork : public testing::TestWithParam<int> {};

TEST_P(CosimNetwork, LinksAreThoseOfTheClosedForm) {
    in_child([] {
        const int seed = GetParam();
        dice d(700000 + (uint64_t)seed);
        timed_case c(random_network_chip(d), random_dag(d, 7, 6), (size_t)d.between(1, 3), (uint64_t)seed);
        c.mapping = random_mapping(d, c.stages.get(), &c.chip, 1);
        c.prepare();
        ASSERT_TRUE(c.engine);
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        expect_equals_functional(c, *r);
        std::vector<uint64_t> closed = closed_form_links(c), timed(closed.size());
        uint64_t closed_sum = 0, timed_sum = 0;
        for (size_t l = 0; l < closed.size(); l++) {
            closed[l] *= c.images;
            timed[l] = r->timing->link_flits[l];
            closed_sum += closed[l];
            timed_sum += timed[l];
        }
        EXPECT_EQ(timed_sum, closed_sum);
        EXPECT_EQ(timed_sum, r->timing->flit_hops);
        if (c.chip.noc.routing <= WEFT_CHIP_YX) { EXPECT_EQ(timed, closed); }
    });
}
INSTANTIATE_TEST_SUITE_P(Random, CosimNetwork, testing::Range(0, 24));

/* Arrays and digital units that keep to no clock, ticks with a barrier: the same values and counts, and the replay
 * agrees.
 */
class CosimClock : public testing::TestWithParam<int> {};

TEST_P(CosimClock, EqualsTheFunctionalEngine) {
    in_child([] {
        const int seed = GetParam();
        auto c = random_graph_case(1000 + (uint64_t)seed, 1);
        ASSERT_TRUE(c->engine);
        dice d((uint64_t)seed);
        c->chip.clock.kind = seed % 2 ? WEFT_CLOCK_TICK : WEFT_CLOCK_SELF_TIMED;
        if (seed % 2) {
            c->chip.clock.tick_ns = d.between(0, 2) * 100;
            c->chip.clock.barrier_ns = d.between(0, 20);
            c->chip.clock.barrier_per_core_ns = d.between(0, 3);
        } else {
            c->chip.cycle_ns = (double)d.between(1, 40) / 7;
            weft_chip_resolve(&c->chip);
        }
        weft_trace *trace = nullptr;
        cosim_ptr r = run_timed(*c, &trace, true);
        ASSERT_TRUE(r);
        expect_equals_functional(*c, *r);
        expect_consistent(*c, *r->timing);
        expect_replay_equals(*c, trace, *r->timing);
        weft_trace_destroy(trace);
    });
}
INSTANTIATE_TEST_SUITE_P(Random, CosimClock, testing::Range(0, 30));

/* Cells with errors and read noise, converters with gains of their own, calibrated or not; copies share arrays where
 * only reads are noisy. */
void add_errors(weft_chip &chip, dice &d) {
    static const char *const programs[] = {"", "multnorm:sigma=0.1", "addnorm:sigma=0.05|stuck:on=0.02,off=0.02"};
    chip.device.g_max_us = 20;
    chip.device.program = programs[d.between(0, 2)];
    if (chip.device.program[0]) {
        ASSERT_EQ(weft_transform_chain_parse(&chip.program, chip.device.program, nullptr), WEFT_OK);
    }
    chip.device.read_noise = d.between(WEFT_READ_NOISE_INDEPENDENT, WEFT_READ_NOISE_PROPORTIONAL);
    chip.device.read_sigma = 0.05;
    chip.adc.bits = d.between(6, 10);
    chip.adc.range = d.flip() ? WEFT_ADC_CALIBRATED : WEFT_ADC_FULL_SCALE;
    chip.adc.calibrate = d.between(WEFT_ADC_MAXIMUM, WEFT_ADC_SQUARED_ERROR);
    chip.adc.scope = d.between(WEFT_ADC_PER_STAGE, WEFT_ADC_PER_SLICE);
    chip.adc.percentile = 99;
    chip.adc.gain_sigma = d.flip() ? 0.02 : 0;
    chip.io.partial_bits = 40;
    weft_chip_resolve(&chip);
}

class CosimDevice : public testing::TestWithParam<int> {};

TEST_P(CosimDevice, EqualsTheFunctionalEngineWithErrors) {
    in_child([] {
        const uint64_t seed = (uint64_t)GetParam();
        dice d(700000 + seed);
        weft_chip chip = random_timed_chip(d);
        add_errors(chip, d);
        timed_case c(chip, random_dag(d, 7, 6), (size_t)d.between(2, 3), seed);
        c.mapping = random_mapping(d, c.stages.get(), &c.chip, 1);
        c.prepare();
        ASSERT_TRUE(c.engine);
        weft_error err = {};
        ASSERT_EQ(
            weft_engine_calibrate(c.engine, c.x.data(), c.images, WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_ADC, &err),
            WEFT_OK)
            << err.text;
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        expect_equals_functional(c, *r);
    });
}
INSTANTIATE_TEST_SUITE_P(Random, CosimDevice, testing::Range(0, 24));

TEST_P(Cosim, EqualsTheFunctionalEngine) {
    in_child([] {
        auto c = random_case((uint64_t)GetParam());
        ASSERT_TRUE(c);
        cosim_ptr r = run_timed(*c, nullptr, GetParam() % 4 > 0);
        ASSERT_TRUE(r);
        expect_equals_functional(*c, *r);
        uint64_t end = 0;
        for (size_t i = 0; i < c->images; i++) {
            EXPECT_LT(r->timing->image_start[i], r->timing->image_end[i]);
            end = std::max(end, r->timing->image_end[i]);
        }
        EXPECT_EQ(r->timing->cycles, end - r->timing->image_start[0]);
        EXPECT_GE(r->timing->latency_sum_cycles, r->timing->packets * (uint64_t)(4 + 1));
        for (int s = 0; s < c->stages->count; s++) EXPECT_LE(r->timing->stage_busy_cycles[s], r->timing->cycles);
    });
}
INSTANTIATE_TEST_SUITE_P(Random, Cosim, testing::Range(0, 40));

std::string contents(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/* Two dense layers on four cores, 256 tiles whose converters lose: 33 million cell products in flight, enough for a
 * parallel region. */
std::unique_ptr<timed_case> large_case() {
    weft_chip chip = timed_chip();
    chip.array.rows = chip.array.columns = 128;
    chip.array.cell_bits = 2;
    chip.array.per_core = 72;
    chip.weight.encoding = WEFT_WEIGHT_DIFFERENTIAL_COLUMNS;
    chip.input.pulse_ns.value = 1000;
    chip.adc.bits = 6;
    chip.noc.mesh[1] = 2;
    chip.noc.flit_bits = 128;
    weft_chip_resolve(&chip);
    network_ptr net = make_network({1024, 1, 1});
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc1", 512, window_of(1, 1, 0), true);
    add_layer(net.get(), WEFT_LAYER_RELU, "relu");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc2", 10);
    auto c = std::make_unique<timed_case>(chip, std::move(net), (size_t)2, (uint64_t)11);
    weft_error err = {};
    c->mapping = map(c->stages.get(), &c->chip, &err);
    EXPECT_TRUE(c->mapping) << err.text;
    if (c->mapping) c->prepare();
    return c;
}

/* Everything in the result, as bytes. */
std::string bytes_of(const timed_case &c, const weft_cosim_result &r) {
    std::string bytes;
    auto add = [&bytes](const void *data, size_t size) { bytes.append((const char *)data, size); };
    add(r.logits, c.images * c.classes() * sizeof(float));
    add(r.timing->image_start, c.images * sizeof(uint64_t));
    add(r.timing->image_end, c.images * sizeof(uint64_t));
    add(r.timing->stage_events, (size_t)(c.stages->count + 1) * sizeof(weft_event_counts));
    add(r.timing->cores, (size_t)(c.chip.core_count + 1) * sizeof(weft_timing_core));
    add(r.timing->link_flits, (size_t)c.chip.router_count * 4 * sizeof(uint64_t));
    add(&r.timing->latency_sum_cycles, sizeof r.timing->latency_sum_cycles);
    return bytes;
}

TEST(CosimThreads, ChangeNothing) {
    std::string base = testing::TempDir() + "weft_cosim_threads_" + std::to_string(getpid()) + "_";
    std::vector<std::string> results, records;
    for (int threads : {1, 2, 5}) {
        std::string result = base + std::to_string(threads), record = result + ".wtr";
        in_child([&result, &record, threads] {
            omp_set_num_threads(threads);
            auto c = large_case();
            ASSERT_TRUE(c->engine);
            ASSERT_FALSE(weft_engine_stage(c->engine, 0).exact_adc);
            weft_trace *trace = nullptr;
            cosim_ptr r = run_timed(*c, &trace);
            ASSERT_TRUE(r);
            ASSERT_EQ(weft_trace_write(trace, record.c_str(), nullptr), WEFT_OK);
            weft_trace_destroy(trace);
            expect_equals_functional(*c, *r);
            std::ofstream(result, std::ios::binary) << bytes_of(*c, *r);
        });
        results.push_back(contents(result));
        records.push_back(contents(record));
        unlink(result.c_str());
        unlink(record.c_str());
    }
    EXPECT_GT(results[0].size(), 100u);
    EXPECT_GT(records[0].size(), 200u);
    for (size_t i = 1; i < 3; i++) {
        EXPECT_EQ(results[i], results[0]);
        EXPECT_EQ(records[i], records[0]);
    }
}

} // namespace

/* Own main: SystemC's library brings one that would be taken before GoogleTest's. */
int main(int argc, char **argv) {
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
