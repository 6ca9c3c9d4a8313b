// What runs.db says of chips and networks: the same as the files.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <string>

extern "C" {
#include "core/arena.h"
#include "core/chip_sums.h"
#include "core/onnx.h"
#include "core/snn.h"
#include "sweep/descriptions.h"
}

namespace {

class Describe : public testing::Test {
  protected:
    weft_arena *arena = weft_arena_create();
    weft_chip *chip = nullptr;
    weft_error err{};
    ~Describe() override {
        weft_chip_destroy(chip);
        weft_arena_destroy(arena);
    }
    const char *const *describe(const char *name, std::vector<const char *> set = {}) {
        weft_description_rows rows{};
        EXPECT_EQ(weft_chip_load(&chip, name, set.data(), (int)set.size(), &err), WEFT_OK) << err.text;
        EXPECT_EQ(weft_describe_chip(&rows, arena, chip, set.data(), (int)set.size(), &err), WEFT_OK) << err.text;
        EXPECT_EQ(rows.count, 1u);
        return rows.values[0];
    }
};

TEST_F(Describe, a_chip) {
    const char *const *row = describe("isaac-ce", {"adc.bits=6", "noc.mesh=[4, 3]", "wires.row_segment_ohm=1.5"});
    const auto is = [&](int column, const std::string &text) {
        EXPECT_STREQ(row[column], text.c_str()) << weft_descriptions[WEFT_CHIPS].columns[column].name;
    };
    is(WEFT_CHIPS_SHA256, chip->sha256.hex);
    is(WEFT_CHIPS_NAME, chip->name);
    is(WEFT_CHIPS_FILE, "isaac-ce.yaml");
    is(WEFT_CHIPS_DESCRIPTION, chip->description);
    is(WEFT_CHIPS_OVERRIDES, "[\"adc.bits=6\", \"noc.mesh=[4, 3]\", \"wires.row_segment_ohm=1.5\"]");
    EXPECT_EQ(strncmp(row[WEFT_CHIPS_SOURCES], "[\"", 2), 0);
    is(WEFT_CHIPS_ADC_BITS, "6");
    is(WEFT_CHIPS_ADC_KIND, weft_chip_choice(chip, "adc", "kind"));
    is(WEFT_CHIPS_ROUTERS_X, "4");
    is(WEFT_CHIPS_ROUTERS_Y, "3");
    is(WEFT_CHIPS_CORES, std::to_string(12 * chip->noc.concentration));
    is(WEFT_CHIPS_ROWS, "128");
    is(WEFT_CHIPS_COLUMNS, "128");
    is(WEFT_CHIPS_CELL_BITS, "2");
    is(WEFT_CHIPS_WEIGHT_ENCODING, "offset");
    is(WEFT_CHIPS_TECHNOLOGY, "32");
    is(WEFT_CHIPS_CYCLE, "1");
    is(WEFT_CHIPS_WIRE_ROW, "1.5");
    is(WEFT_CHIPS_WIRE_COLUMN, "0");
    EXPECT_EQ(row[WEFT_CHIPS_READ_NOISE], nullptr);
    EXPECT_EQ(row[WEFT_CHIPS_DEVICE], nullptr);
    EXPECT_DOUBLE_EQ(strtod(row[WEFT_CHIPS_AREA], nullptr), weft_chip_area_mm2(chip));
    EXPECT_DOUBLE_EQ(strtod(row[WEFT_CHIPS_TOPS], nullptr), weft_chip_sums_of(chip).peak_tops);
}

TEST_F(Describe, a_chip_without_converters_has_nothing_to_say_of_them) {
    const char *const *row = describe("noc-8x8", {"adc.kind=none", "device.program=addnorm:sigma=0.1"});
    EXPECT_STREQ(row[WEFT_CHIPS_ADC_KIND], "none");
    for (int column : {WEFT_CHIPS_ADC_BITS, WEFT_CHIPS_ADCS, WEFT_CHIPS_ADC_RANGE, WEFT_CHIPS_ADC_TIME})
        EXPECT_EQ(row[column], nullptr) << weft_descriptions[WEFT_CHIPS].columns[column].name;
    EXPECT_STREQ(row[WEFT_CHIPS_DEVICE], "addnorm:sigma=0.1");
}

TEST_F(Describe, a_spiking_chip) {
    const char *const *row = describe("truenorth", {"spike_energy.row_bit_pj=1"});
    EXPECT_STREQ(row[WEFT_CHIPS_NEURON], "truenorth");
    EXPECT_STREQ(row[WEFT_CHIPS_NEURONS], "256");
    EXPECT_STREQ(row[WEFT_CHIPS_AXONS], "256");
    EXPECT_STREQ(row[WEFT_CHIPS_SYNAPSES], "crossbar");
    EXPECT_STREQ(row[WEFT_CHIPS_VOLTAGE], "0.8");
    EXPECT_STREQ(row[WEFT_CHIPS_TICK], "1000000");
    EXPECT_STREQ(row[WEFT_CHIPS_CORES], "4096");
    EXPECT_STREQ(row[WEFT_CHIPS_OVERRIDES], "[\"spike_energy.row_bit_pj=1\"]");
    for (int column : {WEFT_CHIPS_ROWS, WEFT_CHIPS_COLUMNS, WEFT_CHIPS_CELL_BITS, WEFT_CHIPS_ADC_KIND,
                       WEFT_CHIPS_WEIGHT_BITS, WEFT_CHIPS_PULSES, WEFT_CHIPS_INTERVAL, WEFT_CHIPS_TOPS})
        EXPECT_EQ(row[column], nullptr) << weft_descriptions[WEFT_CHIPS].columns[column].name;
}

TEST_F(Describe, a_spiking_network_and_its_populations) {
    const std::string path = std::string(WEFT_SOURCE_FOLDER) + "/experiments/spiking/rivals.nir";
    weft_experiment_net of{};
    snprintf(of.path, sizeof of.path, "%s", path.c_str());
    of.recipe = "";
    weft_description_rows net{}, layers{};
    ASSERT_EQ(weft_describe_net(&net, &layers, arena, &of, "77", &err), WEFT_OK) << err.text;
    weft_snn *snn = nullptr;
    ASSERT_EQ(weft_snn_read(&snn, path.c_str(), 1e-3, &err), WEFT_OK) << err.text;
    ASSERT_EQ(layers.count, (size_t)snn->population_count);
    EXPECT_STREQ(net.values[0][WEFT_NETS_NAME], "rivals.nir");
    EXPECT_EQ(net.values[0][WEFT_NETS_NEURONS], std::to_string(snn->neurons));
    EXPECT_EQ(net.values[0][WEFT_NETS_SYNAPSES], std::to_string(snn->synapses));
    EXPECT_EQ(net.values[0][WEFT_NETS_MACS], nullptr);
    uint64_t synapses = 0;
    for (size_t i = 0; i < layers.count; i++) {
        const weft_snn_population &p = snn->populations[i];
        const char *const *row = layers.values[i];
        EXPECT_STREQ(row[WEFT_LAYERS_NAME], p.name);
        EXPECT_STREQ(row[WEFT_LAYERS_KIND], weft_nir_type_names[p.model]);
        EXPECT_STREQ(row[WEFT_LAYERS_RUNS_ON], weft_snn_is_neuron(&p) ? "cores" : "host");
        if (row[WEFT_LAYERS_WEIGHTS]) synapses += strtoull(row[WEFT_LAYERS_WEIGHTS], nullptr, 10);
    }
    EXPECT_EQ(synapses, snn->synapses);
    weft_snn_destroy(snn);
}

TEST_F(Describe, a_network_and_its_layers) {
    const std::string path = (std::filesystem::path(testing::TempDir()) / "described.onnx").string();
    weft_network *net = nullptr;
    ASSERT_EQ(weft_network_create(&net, "made", {3, 8, 8}, &err), WEFT_OK);
    weft_layer conv{}, relu{}, dense{};
    conv.kind = WEFT_LAYER_CONV, conv.out.channels = 4, conv.groups = 1, conv.window = {3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
    relu.kind = WEFT_LAYER_RELU;
    dense.kind = WEFT_LAYER_DENSE, dense.out.channels = 10;
    ASSERT_EQ(weft_network_add(net, &conv, "conv1", -1, true, nullptr, &err), WEFT_OK);
    ASSERT_EQ(weft_network_add(net, &relu, "relu1", 0, false, nullptr, &err), WEFT_OK);
    ASSERT_EQ(weft_network_add(net, &dense, "fc", 1, true, nullptr, &err), WEFT_OK);
    for (const auto &[key, value] :
         {std::pair("weft.recipe", "tiny"), {"weft.recipe_sha256", "77"}, {"weft.seed", "3"}})
        ASSERT_EQ(weft_network_set(net, key, value, &err), WEFT_OK);
    ASSERT_EQ(weft_onnx_write(net, path.c_str(), &err), WEFT_OK) << err.text;
    weft_network_destroy(net);

    weft_experiment_net of{};
    const char *set[] = {"projection=sign"};
    snprintf(of.path, sizeof of.path, "%s", path.c_str());
    of.recipe = "recipes/tiny.yaml", of.set = set, of.set_count = 1;
    weft_description_rows nets{}, layers{};
    ASSERT_EQ(weft_describe_net(&nets, &layers, arena, &of, "abc", &err), WEFT_OK) << err.text;
    ASSERT_EQ(nets.count, 1u);
    const char *const *row = nets.values[0];
    const char *const wanted[] = {"abc", "made",         "described.onnx", "3 x 8 x 8", "4",
                                  "2",   "2668",         "9472",           "tiny",      "[\"projection=sign\"]",
                                  "77",  "[\"seed=3\"]", nullptr,          nullptr};
    for (int c = 0; c < WEFT_NETS_COUNT; c++)
        EXPECT_STREQ(row[c], wanted[c]) << weft_descriptions[WEFT_NETS].columns[c].name;
    ASSERT_EQ(layers.count, 4u); // with a flattening, which ONNX says
    const char *const first[] = {"abc",       "0",   "conv1", "conv",     "3 x 8 x 8",
                                 "4 x 8 x 8", "108", "6912",  "crossbar", "3 x 3, padding 1"};
    for (int c = 0; c < WEFT_LAYERS_COUNT; c++)
        EXPECT_STREQ(layers.values[0][c], first[c]) << weft_descriptions[WEFT_LAYERS].columns[c].name;
    EXPECT_STREQ(layers.values[1][WEFT_LAYERS_RUNS_ON], "digital");
    EXPECT_EQ(layers.values[1][WEFT_LAYERS_WEIGHTS], nullptr);
    EXPECT_STREQ(layers.values[3][WEFT_LAYERS_OUTPUT], "10");

    of.recipe = ""; // a file, of which the experiment does not say how it was made
    ASSERT_EQ(weft_describe_net(&nets, &layers, arena, &of, "abc", &err), WEFT_OK) << err.text;
    EXPECT_STREQ(nets.values[0][WEFT_NETS_RECIPE], "tiny");
    EXPECT_EQ(nets.values[0][WEFT_NETS_RECIPE_SET], nullptr);
    std::filesystem::remove(path);
    EXPECT_EQ(weft_describe_net(&nets, &layers, arena, &of, "abc", &err), WEFT_E_IO);
}

} // namespace
