/* Timed and functional runs agree on random networks, chips and mappings; threads change nothing. */
#include <omp.h>

#include <fstream>
#include <sstream>

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

/* A network with branches, tiles, blocks and copies anywhere. */
std::unique_ptr<timed_case> random_graph_case(uint64_t seed) {
    dice d(500000 + seed);
    weft_chip chip = random_timed_chip(d);
    auto c = std::make_unique<timed_case>(chip, random_dag(d, 7, 6), (size_t)d.between(1, 3), seed);
    c->mapping = random_mapping(d, c->stages.get(), &c->chip, 1);
    c->prepare();
    return c;
}

class CosimGraph : public testing::TestWithParam<int> {};

TEST_P(CosimGraph, EqualsTheFunctionalEngine) {
    in_child([] {
        auto c = random_graph_case((uint64_t)GetParam());
        ASSERT_TRUE(c->engine);
        cosim_ptr r = run_timed(*c);
        ASSERT_TRUE(r);
        expect_equals_functional(*c, *r);
        for (int s = 0; s < c->stages->count; s++)
            EXPECT_EQ(r->stage_busy_cycles[s] > 0, c->stages->items[s].has_matrix) << s;
    });
}
INSTANTIATE_TEST_SUITE_P(Random, CosimGraph, testing::Range(0, 60));

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
        cosim_ptr r = run_timed(*c);
        ASSERT_TRUE(r);
        expect_equals_functional(*c, *r);
        uint64_t end = 0;
        for (size_t i = 0; i < c->images; i++) {
            EXPECT_LT(r->image_start[i], r->image_end[i]);
            end = std::max(end, r->image_end[i]);
        }
        EXPECT_EQ(r->cycles, end - r->image_start[0]);
        EXPECT_GE(r->latency_sum_cycles, r->packets * (uint64_t)(4 + 1));
        for (int s = 0; s < c->stages->count; s++) EXPECT_LE(r->stage_busy_cycles[s], r->cycles);
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
    add(r.image_start, c.images * sizeof(uint64_t));
    add(r.image_end, c.images * sizeof(uint64_t));
    add(r.stage_events, (size_t)(c.stages->count + 1) * sizeof(weft_event_counts));
    add(r.cores, (size_t)c.chip.core_count * sizeof(weft_cosim_core));
    add(r.link_flits, (size_t)c.chip.router_count * 4 * sizeof(uint64_t));
    add(&r.latency_sum_cycles, sizeof r.latency_sum_cycles);
    return bytes;
}

TEST(CosimThreads, ChangeNothing) {
    std::string base = testing::TempDir() + "weft_cosim_threads_" + std::to_string(getpid()) + "_";
    std::vector<std::string> results, records;
    for (int threads : {1, 2, 5}) {
        std::string result = base + std::to_string(threads), record = result + ".trace";
        in_child([&result, &record, threads] {
            omp_set_num_threads(threads);
            auto c = large_case();
            ASSERT_TRUE(c->engine);
            ASSERT_FALSE(weft_engine_stage(c->engine, 0).exact_adc);
            cosim_ptr r = run_timed(*c, record.c_str());
            ASSERT_TRUE(r);
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
