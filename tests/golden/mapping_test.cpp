// A network small enough to map and count by hand, and known-bad mapping files with their exact messages.
#include "tests/support/mapping_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

using namespace weft_test;

namespace {

const char *const A64 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const char *const B64 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

const char *const TWO_LAYERS =
    "weft_mapping: 1\n"
    "network: {file: net.onnx, sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n"
    "chip: {file: chips/tiny.yaml, sha256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}\n"
    "stages:\n"
    "  - name: conv1\n"
    "    rows: 4\n"
    "    columns: 3\n"
    "    input_range: [0, 1]\n"
    "    outputs:\n"
    "      - {core: 0, columns: [0, 3]}\n"
    "    tiles:\n"
    "      - {core: 0, array: 0, rows: [0, 4], columns: [0, 3]}\n"
    "  - name: fc\n"
    "    rows: 12\n"
    "    columns: 2\n"
    "    input_range: [-0.100000001, 2.5]\n"
    "    outputs:\n"
    "      - {core: 0, columns: [0, 2]}\n"
    "    tiles:\n"
    "      - {core: 0, array: 1, rows: [0, 4], columns: [0, 2]}\n"
    "      - {core: 1, array: 0, rows: [4, 8], columns: [0, 2]}\n"
    "      - {core: 1, array: 1, rows: [8, 12], columns: [0, 2]}\n";

/* A folder of its own, with chips/tiny.yaml in it. */
class GoldenMapping : public ::testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/weft_mapping_XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        folder_ = name;
        mkdir((folder_ + "/chips").c_str(), 0777);
        put("/chips/tiny.yaml", "");
        put("/net.onnx", "");
    }
    void TearDown() override {
        for (const char *file : {"/chips/tiny.yaml", "/net.onnx", "/net.map.yaml", "/again.map.yaml"})
            unlink((folder_ + file).c_str());
        rmdir((folder_ + "/chips").c_str());
        rmdir(folder_.c_str());
    }
    std::string put(const std::string &name, const std::string &text) {
        std::ofstream(folder_ + name) << text;
        return folder_ + name;
    }
    static std::string get(const std::string &path) {
        std::ifstream stream(path);
        std::stringstream text;
        text << stream.rdbuf();
        return text.str();
    }
    mapping_ptr read(const std::string &path, weft_error *err) {
        weft_mapping *mapping = nullptr;
        weft_mapping_read(&mapping, path.c_str(), err);
        return mapping_ptr(mapping, weft_mapping_destroy);
    }
    /* "line: text" of the failure of reading, or of checking when it reads. */
    std::string failure(const std::string &text) {
        std::string path = put("/net.map.yaml", text);
        weft_error err = {};
        mapping_ptr mapping = read(path, &err);
        network_ptr net = two_layers();
        stages_ptr stages = lower(net.get());
        weft_chip chip = tiny_chip();
        if (mapping && weft_mapping_check(mapping.get(), stages.get(), &chip, &err) == WEFT_OK) return "good";
        EXPECT_EQ(err.status, WEFT_E_INVALID);
        EXPECT_EQ(std::string(err.file), path);
        return std::to_string(err.line) + ": " + err.text;
    }
    static std::string changed(const std::string &from, const std::string &to) {
        std::string text = TWO_LAYERS;
        size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return text.replace(at, from.size(), to);
    }
    std::string folder_;
};

TEST_F(GoldenMapping, TextIsExactAndReadsBack) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    weft_error err = {};
    weft_map_summary summary;
    mapping_ptr mapping = map(stages.get(), &chip, &err, &summary);
    ASSERT_TRUE(mapping) << err.text;
    EXPECT_EQ(summary.arrays_needed, 4);
    EXPECT_EQ(summary.arrays_available, 4);
    EXPECT_EQ(summary.cores_used, 2);
    EXPECT_EQ(summary.cores_available, 2);
    EXPECT_DOUBLE_EQ(summary.cell_utilisation_percent, 100.0 * (4 * 3 + 12 * 2) / 64.0);
    EXPECT_EQ(summary.flit_hops_per_image, 9u);
    snprintf(mapping->network_path, sizeof mapping->network_path, "%s/net.onnx", folder_.c_str());
    snprintf(mapping->chip_path, sizeof mapping->chip_path, "%s/chips/tiny.yaml", folder_.c_str());
    strcpy(mapping->network_sha256.hex, A64);
    strcpy(mapping->chip_sha256.hex, B64);
    std::string path = folder_ + "/net.map.yaml", again = folder_ + "/again.map.yaml";
    ASSERT_EQ(weft_mapping_write(mapping.get(), path.c_str(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(get(path), TWO_LAYERS);
    mapping_ptr back = read(path, &err);
    ASSERT_TRUE(back) << err.text;
    EXPECT_EQ(std::string(back->network_path), folder_ + "/net.onnx");
    EXPECT_EQ(std::string(back->chip_path), folder_ + "/chips/tiny.yaml");
    EXPECT_EQ(back->stages[1].tiles[2].line, 22);
    EXPECT_EQ(back->stages[1].input_min, -0.1f);
    ASSERT_EQ(weft_mapping_write(back.get(), again.c_str(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(get(again), TWO_LAYERS);
}

TEST_F(GoldenMapping, SettingsOfTheChipAreKept) {
    std::string with = changed("bbbb}", "bbbb, set: [\"adc.bits=6\", \"noc.mesh=[2,1]\"]}");
    std::string path = put("/net.map.yaml", with), again = folder_ + "/again.map.yaml";
    weft_error err = {};
    mapping_ptr mapping = read(path, &err);
    ASSERT_TRUE(mapping) << err.text;
    ASSERT_EQ(mapping->setting_count, 2);
    EXPECT_STREQ(mapping->settings[0], "adc.bits=6");
    EXPECT_STREQ(mapping->settings[1], "noc.mesh=[2,1]");
    ASSERT_EQ(weft_mapping_write(mapping.get(), again.c_str(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(get(again), with);
    EXPECT_EQ(failure(changed("bbbb}", "bbbb, set: 3}")), "3: chip.set: expects a list of KEY=VALUE");
}

/* Host and conv1 on core 0. Of fc's 12 rows, 3 a pixel, core 0 has 0-3 and core 1 has 4-11: pixel 0 stays on core 0,
 * pixel 1 goes to both, pixels 2 and 3 go to core 1. */
TEST_F(GoldenMapping, TrafficCountedByHand) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    weft_error err = {};
    mapping_ptr mapping = map(stages.get(), &chip, &err);
    ASSERT_TRUE(mapping) << err.text;
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);

    const bool kept[4] = {true, true, false, false}, sent[4] = {false, true, true, true};
    for (int pixel = 0; pixel < 4; pixel++) {
        const weft_route *route = weft_traffic_route(traffic.get(), 0, 0, pixel / 2, pixel % 2);
        EXPECT_EQ(route->local, kept[pixel]);
        EXPECT_EQ(route->core_count, sent[pixel] ? 1 : 0);
        EXPECT_EQ(weft_traffic_needs(traffic.get(), 0, 0, pixel / 2, pixel % 2, 0), kept[pixel]);
        EXPECT_EQ(weft_traffic_needs(traffic.get(), 0, 0, pixel / 2, pixel % 2, 1), sent[pixel]);
    }
    ASSERT_EQ(weft_traffic_partials(traffic.get(), 1, 0)->core_count, 1);
    EXPECT_EQ(weft_traffic_partials(traffic.get(), 1, 0)->cores[0], 1);
    EXPECT_TRUE(weft_traffic_partials(traffic.get(), 1, 0)->local);
    EXPECT_EQ(weft_traffic_partial_values(traffic.get(), 1, 0, 1), 2);
    EXPECT_EQ(weft_traffic_partial_values(traffic.get(), 1, 0, 0), 0);
    EXPECT_EQ(weft_traffic_mvm_read_bits(traffic.get(), 1, 0), 4u * 8);
    EXPECT_EQ(weft_traffic_mvm_read_bits(traffic.get(), 1, 1), 8u * 8);
    EXPECT_EQ(weft_traffic_route(traffic.get(), 1, 0, 0, 0)->cores[0], chip.host_terminal);

    // 9 pixels of one flit (8 + 8 bits); 3 packets of 8 + 24 bits; one of 8 + 32 bits twice.
    weft_traffic_totals total = weft_traffic_total(traffic.get());
    EXPECT_EQ(total.packets, 9u + 3 + 1 + 1);
    EXPECT_EQ(total.flits, 9u * 1 + 3 * 2 + 3 + 3);
    EXPECT_EQ(total.flit_hops, 3u * 2 + 3);
    weft_event_counts input = weft_traffic_events(traffic.get(), -1), conv = weft_traffic_events(traffic.get(), 0),
                      fc = weft_traffic_events(traffic.get(), 1);
    EXPECT_EQ(input.n[WEFT_EVENT_ROUTER_FLIT], 9u);
    EXPECT_EQ(input.n[WEFT_EVENT_LINK_FLIT], 0u);
    EXPECT_EQ(input.n[WEFT_EVENT_IO_BIT], 72u);
    EXPECT_EQ(input.n[WEFT_EVENT_BUFFER_WRITE_BIT], 72u);
    EXPECT_EQ(input.n[WEFT_EVENT_BUFFER_READ_BIT], 0u);
    EXPECT_EQ(conv.n[WEFT_EVENT_ROUTER_FLIT], 12u);
    EXPECT_EQ(conv.n[WEFT_EVENT_LINK_FLIT], 6u);
    EXPECT_EQ(conv.n[WEFT_EVENT_IO_BIT], 0u);
    EXPECT_EQ(conv.n[WEFT_EVENT_BUFFER_WRITE_BIT], 5u * 24);
    EXPECT_EQ(conv.n[WEFT_EVENT_BUFFER_READ_BIT], 4u * 32);
    EXPECT_EQ(fc.n[WEFT_EVENT_ROUTER_FLIT], 3u * 2 + 3);
    EXPECT_EQ(fc.n[WEFT_EVENT_LINK_FLIT], 3u);
    EXPECT_EQ(fc.n[WEFT_EVENT_IO_BIT], 32u);
    EXPECT_EQ(fc.n[WEFT_EVENT_BUFFER_WRITE_BIT], 32u);
    EXPECT_EQ(fc.n[WEFT_EVENT_BUFFER_READ_BIT], 32u + 64 + 32);
    EXPECT_EQ(fc.n[WEFT_EVENT_ARRAY_READ], 0u);
    EXPECT_EQ(weft_traffic_stage_total(traffic.get(), 0).packets, 3u);
}

TEST_F(GoldenMapping, BufferBytesByHand) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    weft_error err = {};
    mapping_ptr mapping = map(stages.get(), &chip, &err);
    ASSERT_TRUE(mapping) << err.text;
    // conv1: 2 rows of 3 pixels, a row of 2 x 3 sums; fc: 12 values, 2 sums. One byte a value, two a sum.
    EXPECT_EQ(weft_mapping_buffer_bytes(mapping.get(), stages.get(), &chip, 0), 6 + 12 + 12 + 4);
    EXPECT_EQ(weft_mapping_buffer_bytes(mapping.get(), stages.get(), &chip, 1), 12);
    chip.core.buffer_bytes = 34;
    EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_OK);
    chip.core.buffer_bytes = 33;
    EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "stage \"fc\": core 0 needs 34 bytes of buffer up to this stage, it has 33");
}

TEST_F(GoldenMapping, RefusesBadFiles) {
    EXPECT_EQ(failure(TWO_LAYERS), "good");
    EXPECT_EQ(failure(changed("weft_mapping: 1", "weft_mapping: 2")), "1: weft_mapping: only version 1 is known");
    EXPECT_EQ(failure(changed("rows: 4\n", "rows: four\n")), "6: stages.0.rows: \"four\" is not a whole number");
    EXPECT_EQ(failure(changed("rows: 4\n", "rows: 0\n")), "6: stages.0.rows: 0 is not in 1 to 2147483647");
    EXPECT_EQ(failure(changed("rows: 4\n", "rows: 99999999999\n")),
              "6: stages.0.rows: 99999999999 is not in 1 to 2147483647");
    EXPECT_EQ(failure(changed("array: 1, rows: [0", "arry: 1, rows: [0")),
              "20: stages.1.tiles.0.arry: unknown key; nearest is \"array\"");
    EXPECT_EQ(failure(changed("array: 1, rows: [0, 4]", "rows: [0, 4]")), "20: stages.1.tiles.0.array: missing");
    EXPECT_EQ(failure(changed("rows: [4, 8]", "rows: [4, 4]")), "21: stages.1.tiles.1.rows: [4, 4] is empty");
    EXPECT_EQ(failure(changed("rows: [4, 8]", "rows: [4]")), "21: stages.1.tiles.1.rows: expects [begin, end]");
    EXPECT_EQ(failure(changed("[0, 1]\n", "[0, .inf]\n")), "8: stages.0.input_range: \".inf\" is not a finite number");
    EXPECT_EQ(failure(changed("[0, 1]\n", "[2, 1]\n")),
              "8: stages.0.input_range: the first number is above the second");
    EXPECT_EQ(failure(changed(A64, "aa")), "2: network.sha256: expects 64 lower-case hexadecimal digits");
    EXPECT_EQ(failure(changed("net.onnx", "\"\"")), "2: network.file: expects a text");
    EXPECT_EQ(failure(changed("      - {core: 0, columns: [0, 2]}\n", "")),
              "17: stages.1.outputs: expects a list of at least one item");
}

TEST_F(GoldenMapping, RefusesMappingsThatDoNotFit) {
    EXPECT_EQ(failure(changed("conv1", "conv2")), "5: stage 0 is \"conv2\", the network's is \"conv1\"");
    EXPECT_EQ(failure(changed("rows: 4\n", "rows: 5\n")),
              "5: stage \"conv1\": a matrix of 5 x 3, the network's is 4 x 3");
    EXPECT_EQ(failure(changed("{core: 0, columns: [0, 3]}", "{core: 2, columns: [0, 3]}")),
              "10: stage \"conv1\", output: core 2 does not exist, the chip has cores 0 to 1");
    EXPECT_EQ(failure(changed("{core: 0, columns: [0, 3]}", "{core: 0, columns: [0, 2]}")),
              "5: stage \"conv1\": columns [2, 3) are in no output");
    EXPECT_EQ(failure(changed("{core: 0, columns: [0, 3]}", "{core: 0, columns: [1, 3]}")),
              "10: stage \"conv1\": columns [0, 1) are in no output");
    EXPECT_EQ(failure(changed("{core: 0, columns: [0, 3]}", "{core: 0, columns: [0, 4]}")),
              "10: stage \"conv1\", output: columns [0, 4) are not in [0, 3)");
    EXPECT_EQ(failure(changed("      - {core: 0, columns: [0, 3]}\n",
                              "      - {core: 0, columns: [0, 2]}\n      - {core: 0, columns: [1, 3]}\n")),
              "11: stage \"conv1\", output: column 1 is in two outputs");
    EXPECT_EQ(failure(changed("      - {core: 0, columns: [0, 3]}\n",
                              "      - {core: 0, columns: [0, 2]}\n      - {core: 0, columns: [2, 3]}\n")),
              "13: stage \"conv1\", tile: columns [0, 3) cross the output of columns [0, 2)");
    EXPECT_EQ(failure(changed("{core: 1, array: 0", "{core: 2, array: 0")),
              "21: stage \"fc\", tile: core 2 does not exist, the chip has cores 0 to 1");
    EXPECT_EQ(failure(changed("{core: 1, array: 0", "{core: 1, array: 2")),
              "21: stage \"fc\", tile: array 2 does not exist, a core has arrays 0 to 1");
    EXPECT_EQ(failure(changed("{core: 1, array: 0", "{core: 0, array: 0")),
              "21: stage \"fc\", tile: array 0 of core 0 is used in line 12 too");
    EXPECT_EQ(failure(changed("rows: [8, 12]", "rows: [8, 13]")),
              "22: stage \"fc\", tile: rows [8, 13) are not in [0, 12)");
    EXPECT_EQ(failure(changed("rows: [8, 12]", "rows: [7, 12]")), "22: stage \"fc\", tile: 5 rows, an array has 4");
    EXPECT_EQ(failure(changed("rows: [8, 12]", "rows: [9, 12]")),
              "13: stage \"fc\": the weights of rows [8, 9), columns [0, 2) are in no tile");
    EXPECT_EQ(failure(changed("rows: [8, 12], columns: [0, 2]", "rows: [8, 12], columns: [0, 1]")),
              "13: stage \"fc\": the weights of rows [8, 12), columns [1, 2) are in no tile");
    EXPECT_EQ(failure(changed("rows: [8, 12]", "rows: [7, 11]")),
              "22: stage \"fc\", tile: the weight at row 7, column 0 is in another tile too");
    std::string text = TWO_LAYERS;
    EXPECT_EQ(failure(text.substr(0, text.find("  - name: fc"))), "0: 1 stages, the network has 2");
}

TEST_F(GoldenMapping, RefusesTruncatedFiles) {
    std::string text = TWO_LAYERS;
    for (size_t size = 0; size < text.size() - 1; size++) {
        std::string path = put("/net.map.yaml", text.substr(0, size));
        weft_error err = {};
        mapping_ptr mapping = read(path, &err);
        network_ptr net = two_layers();
        stages_ptr stages = lower(net.get());
        weft_chip chip = tiny_chip();
        if (mapping) {
            EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_E_INVALID) << size;
        }
        EXPECT_TRUE(err.status == WEFT_E_PARSE || err.status == WEFT_E_INVALID) << size;
        EXPECT_EQ(std::string(err.file), path);
    }
}

TEST_F(GoldenMapping, PathsAreRelativeAndInstalledChipsGoByName) {
    weft_error err = {};
    mapping_ptr mapping = read(put("/net.map.yaml", TWO_LAYERS), &err);
    ASSERT_TRUE(mapping) << err.text;
    std::string inner = folder_ + "/chips/inner.map.yaml", chips = folder_ + "/hwconfigs";
    ASSERT_EQ(weft_mapping_write(mapping.get(), inner.c_str(), &err), WEFT_OK) << err.text;
    EXPECT_NE(get(inner).find("network: {file: ../net.onnx,"), std::string::npos) << get(inner);
    EXPECT_NE(get(inner).find("chip: {file: tiny.yaml,"), std::string::npos) << get(inner);
    mapping_ptr from_inner = read(inner, &err);
    ASSERT_TRUE(from_inner) << err.text;
    EXPECT_EQ(std::string(from_inner->network_path), folder_ + "/chips/../net.onnx");
    unlink(inner.c_str());

    mkdir(chips.c_str(), 0777);
    put("/hwconfigs/weft-test-installed.yaml", "");
    setenv("WEFT_HOME", folder_.c_str(), 1);
    std::string installed = chips + "/weft-test-installed.yaml", path = folder_ + "/again.map.yaml";
    snprintf(mapping->chip_path, sizeof mapping->chip_path, "%s", installed.c_str());
    ASSERT_EQ(weft_mapping_write(mapping.get(), path.c_str(), &err), WEFT_OK) << err.text;
    EXPECT_NE(get(path).find("chip: {file: weft-test-installed.yaml,"), std::string::npos) << get(path);
    mapping_ptr back = read(path, &err);
    ASSERT_TRUE(back) << err.text;
    EXPECT_EQ(std::string(back->chip_path), installed);
    unsetenv("WEFT_HOME");
    unlink(installed.c_str());
    rmdir(chips.c_str());
}

TEST_F(GoldenMapping, SaysWhatWouldFit) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    weft_error err = {};
    chip.array.per_core = 1;
    weft_chip_resolve(&chip);
    EXPECT_FALSE(map(stages.get(), &chip, &err));
    EXPECT_EQ(err.status, WEFT_E_NO_FIT);
    EXPECT_STREQ(err.text, "layer \"fc\" needs 3 arrays of 4 x 4, 1 are left of 2 (chip \"tiny\", 2 cores x 1): "
                           "a mesh of 2 x 2 routers would fit, or 2 arrays a core");
    chip = tiny_chip();
    chip.core.buffer_bytes = 15;
    EXPECT_FALSE(map(stages.get(), &chip, &err));
    EXPECT_STREQ(err.text, "layer \"conv1\" needs 18 bytes of buffer on one core, a core has 15 (chip \"tiny\"): "
                           "core.buffer_bytes 34 would fit");
    chip.core.buffer_bytes = 20; // each stage alone on a core, which leaves fc one array too few
    EXPECT_FALSE(map(stages.get(), &chip, &err));
    EXPECT_STREQ(err.text,
                 "layer \"fc\" needs 3 arrays, 3 are left of 4, but on cores whose buffers of 20 bytes are full "
                 "(chip \"tiny\", 2 cores x 2): a mesh of 2 x 2 routers would fit, or 3 arrays a core, "
                 "or core.buffer_bytes 34");
    chip.array.per_core =
        1; // conv1 takes a core with 18 bytes, so fc lacks a core, and 15 bytes are too few for either
    chip.core.buffer_bytes = 15;
    weft_chip_resolve(&chip);
    EXPECT_FALSE(map(stages.get(), &chip, &err));
    EXPECT_STREQ(err.text, "layer \"conv1\" needs 18 bytes of buffer on one core, a core has 15 (chip \"tiny\"): "
                           "a mesh of 2 x 2 routers together with core.buffer_bytes 18 would fit");
    chip = tiny_chip(); // two bits a slice, two columns a slice: a weight of 8 bits takes 8 columns
    chip.weight.encoding = WEFT_WEIGHT_DIFFERENTIAL_COLUMNS;
    chip.array.cell_bits = 2;
    chip.array.columns = 8;
    chip.array.per_core = 4;
    weft_chip_resolve(&chip);
    EXPECT_FALSE(map(stages.get(), &chip, &err));
    EXPECT_STREQ(err.text, "layer \"fc\" needs 6 arrays of 4 x 8, 5 are left of 8 (chip \"tiny\", 2 cores x 4): "
                           "a mesh of 2 x 2 routers would fit, or 5 arrays a core, or weight.bits 5");
}

} // namespace
