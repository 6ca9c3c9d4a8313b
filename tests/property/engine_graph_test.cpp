// Networks with branches on random mappings with copies: what the definitions give, and the same bits piece by piece,
// with any number of threads.
#include <omp.h>

#include <cmath>
#include <cstring>

#include "sim/model/engine.h"
#include "tests/support/engine_pieces.h"
#include "tests/support/naive_network.h"
#include "tests/support/random_mapping.h"
#include "tests/support/random_network.h"

using namespace weft_test;

namespace {

constexpr int CASES = 100;
constexpr size_t IMAGES = 5;

// 16-bit weights and inputs and converters that lose nothing, or 8 bits and converters that do.
weft_chip random_engine_chip(dice &d, bool lossless) {
    weft_chip chip = tiny_chip();
    chip.noc.mesh[0] = d.between(1, 4);
    chip.array.cell_bits = 2;
    chip.weight.encoding = d.flip() ? WEFT_WEIGHT_OFFSET : WEFT_WEIGHT_DIFFERENTIAL_COLUMNS;
    chip.weight.bits = chip.input.bits = lossless ? 16 : 8;
    chip.adc.bits = lossless ? 24 : d.between(4, 7);
    chip.adc.flip_columns = d.flip();
    chip.io.partial_bits = 32;
    weft_chip_resolve(&chip);
    return chip;
}

struct GraphCase {
    GraphCase(uint64_t seed, bool lossless, int parts)
        : d(seed), net(random_dag(d, 7, 6)), stages(nullptr, weft_stages_destroy),
          chip(random_engine_chip(d, lossless)), mapping(nullptr, weft_mapping_destroy) {
        fill_random(net.get(), d);
        if (lossless) smooth(net.get());
        stages = lower(net.get());
        mapping = random_mapping(d, stages.get(), &chip, parts);
        x.resize(IMAGES * weft_shape_size(net->input));
        for (float &v : x) v = (float)d.between(-1000, 1000) / 1000.0f;
        EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_OK) << err.text;
        EXPECT_EQ(weft_engine_create(&engine, &chip, mapping.get(), stages.get(), &err), WEFT_OK) << err.text;
    }
    GraphCase(const GraphCase &) = delete;
    ~GraphCase() { weft_engine_destroy(engine); }
    void calibrate(unsigned what) {
        ASSERT_EQ(weft_engine_calibrate(engine, x.data(), IMAGES, what, &err), WEFT_OK) << err.text;
    }
    size_t classes() const { return (size_t)stages->classes; }
    std::vector<float> run() {
        std::vector<float> logits(IMAGES * classes());
        EXPECT_EQ(weft_engine_run(engine, x.data(), IMAGES, logits.data(), &err), WEFT_OK) << err.text;
        return logits;
    }

    dice d;
    network_ptr net;
    stages_ptr stages;
    weft_chip chip;
    mapping_ptr mapping;
    std::vector<float> x;
    weft_error err = {};
    weft_engine *engine = nullptr;
};

void softmax(std::vector<double> &values, size_t classes) {
    for (size_t first = 0; first < values.size(); first += classes) {
        double sum = 0;
        for (size_t c = 0; c < classes; c++) sum += values[first + c] = std::exp(values[first + c]);
        for (size_t c = 0; c < classes; c++) values[first + c] /= sum;
    }
}

// Largest magnitude of any value of the network: what one step of 15 bits is measured by.
double largest_value(const weft_network *net, const std::vector<float> &x) {
    double largest = 0;
    weft_network part = *net;
    for (part.layer_count = 1; part.layer_count <= net->layer_count; part.layer_count++)
        for (double v : naive::run(&part, x, (int)IMAGES, false)) largest = std::max(largest, std::fabs(v));
    return largest;
}

TEST(EngineGraph, LosslessChipComputesTheDefinitions) {
    int copied = 0, joined = 0, digital = 0, grouped = 0, added = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        GraphCase c(seed, true, 3);
        ASSERT_TRUE(c.engine) << seed;
        c.calibrate(WEFT_CALIBRATE_RANGES);
        const std::vector<float> logits = c.run();
        std::vector<double> values(logits.begin(), logits.end());
        if (c.stages->host_softmax) softmax(values, c.classes());
        const naive::Values expected = naive::run(c.net.get(), c.x, (int)IMAGES, false);
        ASSERT_EQ(expected.size(), values.size());
        const double tolerance = 2e-3 * std::max(1.0, largest_value(c.net.get(), c.x));
        for (size_t i = 0; i < values.size(); i++) ASSERT_NEAR(values[i], expected[i], tolerance) << seed << ", " << i;
        for (int s = 0; s < c.stages->count; s++) {
            const weft_stage &stage = c.stages->items[s];
            EXPECT_TRUE(weft_engine_stage(c.engine, s).exact_adc);
            copied += weft_mapped_stage_copies(&c.mapping->stages[s]) > 1;
            digital += !stage.has_matrix;
            grouped += stage.groups > 1;
            for (int p = 0; p < stage.port_count; p++) joined += stage.ports[p].source_count > 1;
            added += stage.port_count - 1;
        }
    }
    EXPECT_GT(copied, 10); // the cases have everything
    EXPECT_GT(joined, 10);
    EXPECT_GT(digital, 10);
    EXPECT_GT(grouped, 10);
    EXPECT_GT(added, 10);
}

TEST(EngineGraph, PiecesOfTheTimedChipGiveTheSameBits) {
    int lossy = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        GraphCase c(1000 + seed, false, 3);
        ASSERT_TRUE(c.engine) << seed;
        c.calibrate(WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_AFFINE);
        const std::vector<float> logits = c.run();
        Pieces pieces(c.engine, c.stages.get(), c.mapping.get());
        for (size_t i = 0; i < IMAGES; i++) {
            const std::vector<float> alone = pieces.image(&c.x[i * weft_shape_size(c.net->input)]);
            ASSERT_EQ(alone.size(), c.classes());
            ASSERT_EQ(0, std::memcmp(alone.data(), &logits[i * c.classes()], c.classes() * sizeof(float)))
                << seed << ", image " << i;
        }
        for (int s = 0; s < c.stages->count; s++) lossy += !weft_engine_stage(c.engine, s).exact_adc;
    }
    EXPECT_GT(lossy, 20);
}

TEST(EngineGraph, ThreadsDoNotChangeABit) {
    for (uint64_t seed = 0; seed < 10; seed++) {
        std::vector<std::vector<float>> results;
        for (int threads : {1, 2, 5}) {
            omp_set_num_threads(threads);
            GraphCase c(2000 + seed, false, 3);
            ASSERT_TRUE(c.engine) << seed;
            c.calibrate(WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_AFFINE);
            results.push_back(c.run());
        }
        for (size_t i = 1; i < results.size(); i++)
            ASSERT_EQ(0, std::memcmp(results[0].data(), results[i].data(), results[0].size() * sizeof(float))) << seed;
    }
    omp_set_num_threads(omp_get_num_procs());
}

// The tiles, blocks and parts of a mapping change nothing where the converters lose nothing.
TEST(EngineGraph, LosslessMappingsGiveTheSameBits) {
    for (uint64_t seed = 0; seed < 20; seed++) {
        GraphCase c(3000 + seed, true, 1);
        ASSERT_TRUE(c.engine) << seed;
        c.calibrate(WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_AFFINE);
        const std::vector<float> first = c.run();
        weft_chip chip = c.chip;
        mapping_ptr other = random_mapping(c.d, c.stages.get(), &chip, 4);
        weft_engine_destroy(c.engine);
        c.engine = nullptr;
        ASSERT_EQ(weft_engine_create(&c.engine, &chip, other.get(), c.stages.get(), &c.err), WEFT_OK) << c.err.text;
        c.calibrate(WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_AFFINE);
        const std::vector<float> second = c.run();
        weft_engine_destroy(c.engine);
        c.engine = nullptr;
        ASSERT_EQ(0, std::memcmp(first.data(), second.data(), first.size() * sizeof(float))) << seed;
    }
}

} // namespace
