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
    "weft_mapping: 2\n"
    "network: {file: net.onnx, sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n"
    "chip: {file: chips/tiny.yaml, sha256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}\n"
    "input_range: [0, 1]\n"
    "stages:\n"
    "  - name: conv1\n"
    "    rows: 4\n"
    "    columns: 3\n"
    "    output_range: [-0.100000001, 2.5]\n"
    "    outputs:\n"
    "      - {core: 0, columns: [0, 3]}\n"
    "    tiles:\n"
    "      - {core: 0, array: 0, rows: [0, 4], columns: [0, 3]}\n"
    "  - name: fc\n"
    "    rows: 12\n"
    "    columns: 2\n"
    "    output_range: [0, 0]\n"
    "    outputs:\n"
    "      - {core: 0, columns: [0, 2]}\n"
    "    tiles:\n"
    "      - {core: 0, array: 1, rows: [0, 4], columns: [0, 2]}\n"
    "      - {core: 1, array: 0, rows: [4, 8], columns: [0, 2]}\n"
    "      - {core: 1, array: 1, rows: [8, 12], columns: [0, 2]}\n";

/* Two copies of a, whose output b's matrix and b's addition read; a digital stage; a second part. */
const char *const RESIDUAL =
    "weft_mapping: 2\n"
    "network: {file: net.onnx, sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n"
    "chip: {file: chips/tiny.yaml, sha256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}\n"
    "parts: 2\n"
    "chips: 1\n"
    "input_range: [0, 1]\n"
    "stages:\n"
    "  - name: a\n"
    "    rows: 1\n"
    "    columns: 2\n"
    "    output_range: [0, 2]\n"
    "    copies: [1, 2]\n"
    "    outputs:\n"
    "      - {core: 0, columns: [0, 2]}\n"
    "      - {copy: 1, core: 1, columns: [0, 2]}\n"
    "    tiles:\n"
    "      - {core: 0, array: 0, rows: [0, 1], columns: [0, 2]}\n"
    "      - {copy: 1, core: 1, array: 0, rows: [0, 1], columns: [0, 2]}\n"
    "  - name: b\n"
    "    rows: 2\n"
    "    columns: 2\n"
    "    output_range: [0, 3]\n"
    "    outputs:\n"
    "      - {core: 1, columns: [0, 2]}\n"
    "    tiles:\n"
    "      - {core: 1, array: 1, rows: [0, 2], columns: [0, 2]}\n"
    "  - name: gap\n"
    "    rows: 0\n"
    "    columns: 2\n"
    "    output_range: [0, 4]\n"
    "    outputs:\n"
    "      - {core: 0, columns: [0, 2]}\n"
    "  - name: fc\n"
    "    rows: 2\n"
    "    columns: 2\n"
    "    output_range: [0, 0]\n"
    "    outputs:\n"
    "      - {part: 1, core: 0, columns: [0, 2]}\n"
    "    tiles:\n"
    "      - {part: 1, core: 0, array: 0, rows: [0, 2], columns: [0, 2]}\n";

network_ptr residual() {
    network_ptr net = make_network({1, 2, 4});
    add_layer(net.get(), WEFT_LAYER_CONV, "a", 2);
    add_layer(net.get(), WEFT_LAYER_CONV, "b", 2);
    add_pair(net.get(), WEFT_LAYER_ADD, 1, 0, "sum");
    weft_layer gap = layer_of(WEFT_LAYER_AVERAGE_POOL);
    gap.window.kernel_h = 2, gap.window.kernel_w = 4;
    add_after(net.get(), 2, gap, "gap");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    return net;
}

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
    mapping_ptr read_text(const char *text) {
        weft_error err = {};
        mapping_ptr mapping = read(put("/net.map.yaml", text), &err);
        EXPECT_TRUE(mapping) << err.text;
        return mapping;
    }
    /* "line: text" of the failure of reading, or of checking when it reads. */
    std::string failure(const std::string &text, network_ptr net = two_layers()) {
        std::string path = put("/net.map.yaml", text);
        weft_error err = {};
        mapping_ptr mapping = read(path, &err);
        stages_ptr stages = lower(net.get());
        weft_chip chip = tiny_chip();
        if (mapping && weft_mapping_check(mapping.get(), stages.get(), &chip, &err) == WEFT_OK) return "good";
        EXPECT_EQ(err.status, WEFT_E_INVALID);
        EXPECT_EQ(std::string(err.file), path);
        return std::to_string(err.line) + ": " + err.text;
    }
    static std::string changed(const std::string &from, const std::string &to, std::string text = TWO_LAYERS) {
        size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return text.replace(at, from.size(), to);
    }
    /* RESIDUAL with a change. */
    std::string failure_of_residual(const std::string &from, const std::string &to) {
        return failure(changed(from, to, RESIDUAL), residual());
    }
    std::string folder_;
};

TEST_F(GoldenMapping, TextIsExactAndReadsBack) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    weft_error err = {};
    mapping_ptr mapping = empty_mapping(stages.get());
    set_stage(mapping.get(), 0, {block_at(0, 0, 3)}, {tile_at(0, 0, 0, 4, 0, 3)});
    set_stage(mapping.get(), 1, {block_at(0, 0, 2)},
              {tile_at(0, 1, 0, 4, 0, 2), tile_at(1, 0, 4, 8, 0, 2), tile_at(1, 1, 8, 12, 0, 2)});
    mapping->input_max = 1.0f;
    mapping->stages[0].output_min = -0.1f;
    mapping->stages[0].output_max = 2.5f;
    ASSERT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_OK) << err.text;
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
    EXPECT_EQ(back->stages[1].tiles[2].line, 23);
    EXPECT_EQ(back->stages[0].output_min, -0.1f);
    EXPECT_EQ(back->input_max, 1.0f);
    EXPECT_EQ(back->parts, 1);
    EXPECT_EQ(back->stages[0].copies_x, 1);
    ASSERT_EQ(weft_mapping_write(back.get(), again.c_str(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(get(again), TWO_LAYERS);
}

/* [1, 3] with shift 1 on 2 x 4 outputs: 0 1 2 0 / 1 2 0 1. [2, 2] with shift 1 on 3 rows: 0 1 0 1 / 2 3 2 3 / 1 0 1 0.
 */
TEST(GoldenShift, CopiesOfPositions) {
    weft_mapped_stage mapped = {};
    weft_stage stage = {};
    mapped.copies_y = mapped.shift = 1;
    mapped.copies_x = 3;
    stage.out = {1, 2, 4};
    const int three[2][4] = {{0, 1, 2, 0}, {1, 2, 0, 1}}, four[3][4] = {{0, 1, 0, 1}, {2, 3, 2, 3}, {1, 0, 1, 0}};
    for (int y = 0; y < 2; y++)
        for (int x = 0; x < 4; x++) EXPECT_EQ(weft_mapped_stage_copy(&mapped, y, x), three[y][x]) << y << " " << x;
    EXPECT_EQ(weft_mapped_stage_positions(&mapped, &stage, 0), 3);
    EXPECT_EQ(weft_mapped_stage_positions(&mapped, &stage, 1), 3);
    EXPECT_EQ(weft_mapped_stage_positions(&mapped, &stage, 2), 2);
    mapped.copies_y = mapped.copies_x = 2;
    stage.out = {1, 3, 4};
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 4; x++) EXPECT_EQ(weft_mapped_stage_copy(&mapped, y, x), four[y][x]) << y << " " << x;
    EXPECT_EQ(weft_mapped_stage_positions(&mapped, &stage, 0), 4);
    EXPECT_EQ(weft_mapped_stage_positions(&mapped, &stage, 3), 2);
}

TEST_F(GoldenMapping, CopiesPartsAndDigitalStagesReadBack) {
    mapping_ptr mapping = read_text(RESIDUAL);
    ASSERT_TRUE(mapping);
    std::string again = folder_ + "/again.map.yaml";
    weft_error err = {};
    ASSERT_EQ(weft_mapping_write(mapping.get(), again.c_str(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(get(again), RESIDUAL);
    EXPECT_EQ(mapping->parts, 2);
    EXPECT_EQ(mapping->stages[0].copies_y, 1);
    EXPECT_EQ(mapping->stages[0].copies_x, 2);
    EXPECT_EQ(mapping->stages[0].tiles[1].copy, 1);
    EXPECT_EQ(mapping->stages[0].tiles[1].line, 18);
    EXPECT_EQ(mapping->stages[2].tile_count, 0);
    EXPECT_EQ(mapping->stages[3].blocks[0].part, 1);
    EXPECT_EQ(weft_mapped_stage_cores(&mapping->stages[0]), 2);
    EXPECT_EQ(weft_mapped_stage_cores(&mapping->stages[2]), 1);
    network_ptr net = residual();
    stages_ptr stages = lower(net.get());
    EXPECT_EQ(weft_mapped_stage_positions(&mapping->stages[0], &stages->items[0], 1), 4);
    EXPECT_EQ(weft_mapped_stage_copy(&mapping->stages[0], 1, 3), 1);
    EXPECT_EQ(failure(RESIDUAL, residual()), "good");
    std::string explicit_places =
        changed("{core: 1, columns: [0, 2]}", "{core: 1, columns: [0, 2], part: 0, copy: 0}", RESIDUAL);
    EXPECT_EQ(failure(explicit_places, residual()), "good");
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
    mapping_ptr mapping = read_text(TWO_LAYERS);
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);

    const bool kept[4] = {true, true, false, false}, sent[4] = {false, true, true, true};
    for (int pixel = 0; pixel < 4; pixel++) {
        const weft_route *route = weft_traffic_route(traffic.get(), 0, 0, 0, pixel / 2, pixel % 2);
        EXPECT_EQ(route->local, kept[pixel]);
        EXPECT_EQ(route->core_count, sent[pixel] ? 1 : 0);
        const weft_reader first = {0, 1, 0, 0, 0}, second = {0, 1, 0, 0, 1};
        EXPECT_EQ(weft_traffic_needs(traffic.get(), &first, 0, 0, pixel / 2, pixel % 2), kept[pixel]);
        EXPECT_EQ(weft_traffic_needs(traffic.get(), &second, 0, 0, pixel / 2, pixel % 2), sent[pixel]);
    }
    ASSERT_EQ(weft_traffic_partials(traffic.get(), 1, 0)->core_count, 1);
    EXPECT_EQ(weft_traffic_partials(traffic.get(), 1, 0)->cores[0], 1);
    EXPECT_TRUE(weft_traffic_partials(traffic.get(), 1, 0)->local);
    EXPECT_EQ(weft_traffic_partial_values(traffic.get(), 1, 0, 1), 2);
    EXPECT_EQ(weft_traffic_partial_values(traffic.get(), 1, 0, 0), 0);
    EXPECT_EQ(weft_traffic_mvm_read_bits(traffic.get(), 0, 1, 0, 0), 4u * 8);
    EXPECT_EQ(weft_traffic_mvm_read_bits(traffic.get(), 0, 1, 0, 1), 8u * 8);
    EXPECT_EQ(weft_traffic_route(traffic.get(), 0, 1, 0, 0, 0)->cores[0], chip.host_terminal);

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

/* Host at core 0. Even columns of the image go to core 0 (copy 0 of a), odd ones to core 1 (copy 1). */
TEST_F(GoldenMapping, TrafficOfCopiesAndPartsByHand) {
    network_ptr net = residual();
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    mapping_ptr mapping = read_text(RESIDUAL);
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);
    const weft_reader copy0 = {0, 0, 0, 0, 0}, copy1 = {0, 0, 0, 1, 1}, matrix = {0, 1, 0, 0, 1}, sum = {0, 1, 1, 0, 1};
    for (int x = 0; x < 4; x++) {
        const weft_route *input = weft_traffic_route(traffic.get(), 0, -1, 0, 1, x);
        ASSERT_EQ(input->core_count, 1);
        EXPECT_EQ(input->cores[0], x % 2);
        EXPECT_EQ(weft_traffic_needs(traffic.get(), &copy0, -1, 0, 1, x), x % 2 == 0);
        EXPECT_EQ(weft_traffic_needs(traffic.get(), &copy1, -1, 0, 1, x), x % 2 == 1);
        EXPECT_TRUE(weft_traffic_needs(traffic.get(), &matrix, 0, x % 2, 1, x));
        EXPECT_TRUE(weft_traffic_needs(traffic.get(), &sum, 0, x % 2, 1, x));
        EXPECT_FALSE(weft_traffic_needs(traffic.get(), &sum, -1, 0, 1, x));
    }
    EXPECT_EQ(weft_traffic_route(traffic.get(), 1, -1, 0, 0, 0)->core_count, 0); // part 1 reads no pixel
    const weft_route *from0 = weft_traffic_route(traffic.get(), 0, 0, 0, 0, 2);
    ASSERT_EQ(from0->core_count, 1); // one packet for the matrix and the sum
    EXPECT_EQ(from0->cores[0], 1);
    EXPECT_FALSE(from0->local);
    const weft_route *from1 = weft_traffic_route(traffic.get(), 0, 0, 1, 0, 3);
    EXPECT_EQ(from1->core_count, 0);
    EXPECT_TRUE(from1->local);
    const weft_route *out = weft_traffic_route(traffic.get(), 0, 2, 0, 0, 0);
    ASSERT_EQ(out->core_count, 1);
    EXPECT_EQ(out->cores[0], chip.host_terminal);
    const weft_route *in = weft_traffic_route(traffic.get(), 1, 2, 0, 0, 0);
    ASSERT_EQ(in->core_count, 1);
    EXPECT_EQ(in->cores[0], 0);
    EXPECT_EQ(weft_traffic_route(traffic.get(), 0, 3, 0, 0, 0)->core_count, 0);
    EXPECT_EQ(weft_traffic_route(traffic.get(), 1, 3, 0, 0, 0)->core_count, 1);

    const uint64_t packets[] = {8, 4, 8, 2, 1}, flits[] = {8, 8, 16, 4, 3}, hops[] = {4, 8, 16, 0, 0};
    const uint64_t write[] = {64, 128, 128, 16, 0}, reads[] = {0, 64, 256, 128, 16}, io[] = {64, 0, 0, 32, 32};
    for (int s = -1; s < 4; s++) {
        const weft_traffic_totals total = weft_traffic_stage_total(traffic.get(), s);
        const weft_event_counts events = weft_traffic_events(traffic.get(), s);
        EXPECT_EQ(total.packets, packets[s + 1]) << s;
        EXPECT_EQ(total.flits, flits[s + 1]) << s;
        EXPECT_EQ(total.flit_hops, hops[s + 1]) << s;
        EXPECT_EQ(events.n[WEFT_EVENT_BUFFER_WRITE_BIT], write[s + 1]) << s;
        EXPECT_EQ(events.n[WEFT_EVENT_BUFFER_READ_BIT], reads[s + 1]) << s;
        EXPECT_EQ(events.n[WEFT_EVENT_IO_BIT], io[s + 1]) << s;
    }
    weft_flow *flows = nullptr;
    size_t count = 0;
    ASSERT_EQ(weft_traffic_flows(traffic.get(), 0, &flows, &count, nullptr), WEFT_OK);
    const weft_flow expected[] = {{0, 1, 4, 8}, {0, 2, 1, 2}, {1, 0, 8, 16}, {2, 0, 4, 4}, {2, 1, 4, 4}};
    ASSERT_EQ(count, 5u);
    for (size_t i = 0; i < 5; i++) {
        EXPECT_EQ(flows[i].from, expected[i].from) << i;
        EXPECT_EQ(flows[i].to, expected[i].to) << i;
        EXPECT_EQ(flows[i].packets, expected[i].packets) << i;
        EXPECT_EQ(flows[i].flits, expected[i].flits) << i;
    }
    free(flows);
}

TEST_F(GoldenMapping, BufferBytesByHand) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    weft_error err = {};
    mapping_ptr mapping = read_text(TWO_LAYERS);
    // conv1: 2 rows of 3 pixels, a row of 2 x 3 sums; fc: 4 and 8 of 12 values, 2 sums. One byte a value, two a sum.
    EXPECT_EQ(weft_mapping_buffer_bytes(mapping.get(), stages.get(), &chip, 0, 0), 6 + 12 + 4 + 4);
    EXPECT_EQ(weft_mapping_buffer_bytes(mapping.get(), stages.get(), &chip, 0, 1), 8);
    mapping->path[0] = 0;
    chip.core.buffer_bytes = 26;
    EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_OK);
    chip.core.buffer_bytes = 25;
    EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "stage \"fc\": core 0 needs 26 bytes of buffer up to this stage, it has 25");

    net = residual();
    stages = lower(net.get());
    mapping = read_text(RESIDUAL);
    mapping->path[0] = 0;
    // a: 4 pixels, half a row of 4 x 2 sums. gap: a row of 4 x 2 values, 2 rows of 4 x 2 sums under the window.
    EXPECT_EQ(weft_mapping_buffer_bytes(mapping.get(), stages.get(), &chip, 0, 0), (4 + 8) + (8 + 32));
    // b: a row of 4 x 2 values, of 4 x 2 sums and of 4 x 2 values to be added.
    EXPECT_EQ(weft_mapping_buffer_bytes(mapping.get(), stages.get(), &chip, 0, 1), (4 + 8) + (8 + 16 + 8));
    EXPECT_EQ(weft_mapping_buffer_bytes(mapping.get(), stages.get(), &chip, 1, 0), 2 + 4);
    EXPECT_EQ(weft_mapping_buffer_bytes(mapping.get(), stages.get(), &chip, 1, 1), 0);
    chip.core.buffer_bytes = 51;
    EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "stage \"gap\": core 0 needs 52 bytes of buffer up to this stage in part 0, it has 51");
}

TEST_F(GoldenMapping, RefusesBadFiles) {
    EXPECT_EQ(failure(TWO_LAYERS), "good");
    EXPECT_EQ(failure(changed("weft_mapping: 2", "weft_mapping: 1")),
              "1: weft_mapping: version 1 has no copies, parts and output ranges; map the network again (weft map)");
    EXPECT_EQ(failure(changed("weft_mapping: 2", "weft_mapping: 3")), "1: weft_mapping: only version 2 is known");
    EXPECT_EQ(failure(changed("rows: 4\n", "rows: four\n")), "7: stages.0.rows: \"four\" is not a whole number");
    EXPECT_EQ(failure(changed("rows: 4\n", "rows: -1\n")), "7: stages.0.rows: -1 is not in 0 to 2147483647");
    EXPECT_EQ(failure(changed("columns: 3\n", "columns: 0\n")), "8: stages.0.columns: 0 is not in 1 to 2147483647");
    EXPECT_EQ(failure(changed("rows: 4\n", "rows: 99999999999\n")),
              "7: stages.0.rows: 99999999999 is not in 0 to 2147483647");
    EXPECT_EQ(failure(changed("array: 1, rows: [0", "arry: 1, rows: [0")),
              "21: stages.1.tiles.0.arry: unknown key; nearest is \"array\"");
    EXPECT_EQ(failure(changed("array: 1, rows: [0, 4]", "rows: [0, 4]")), "21: stages.1.tiles.0.array: missing");
    EXPECT_EQ(failure(changed("rows: [4, 8]", "rows: [4, 4]")), "22: stages.1.tiles.1.rows: [4, 4] is empty");
    EXPECT_EQ(failure(changed("rows: [4, 8]", "rows: [4]")), "22: stages.1.tiles.1.rows: expects [begin, end]");
    EXPECT_EQ(failure(changed("[0, 1]\n", "[0, .inf]\n")), "4: input_range: \".inf\" is not a finite number");
    EXPECT_EQ(failure(changed("[0, 0]\n", "[2, 1]\n")),
              "17: stages.1.output_range: the first number is above the second");
    EXPECT_EQ(failure(changed(A64, "aa")), "2: network.sha256: expects 64 lower-case hexadecimal digits");
    EXPECT_EQ(failure(changed("net.onnx", "\"\"")), "2: network.file: expects a text");
    EXPECT_EQ(failure(changed("      - {core: 0, columns: [0, 2]}\n", "")),
              "18: stages.1.outputs: expects a list of at least one item");
    EXPECT_EQ(failure(changed("input_range: [0, 1]\n", "")), "1: input_range: missing");
    EXPECT_EQ(failure_of_residual("parts: 2", "parts: 0"), "4: parts: 0 is not in 1 to 2147483647");
    EXPECT_EQ(failure_of_residual("[1, 2]\n    outputs", "[1]\n    outputs"),
              "12: stages.0.copies: expects [copies along y, copies along x]");
    EXPECT_EQ(failure_of_residual("[1, 2]\n    outputs", "[0, 2]\n    outputs"),
              "12: stages.0.copies: 0 is not in 1 to 2147483647");
    EXPECT_EQ(failure_of_residual("[1, 2]\n    outputs", "[1, 40000]\n    outputs"),
              "12: stages.0.copies: at most 32768 copies along an axis");
    EXPECT_EQ(failure_of_residual("{copy: 1, core: 1, array", "{copy: -1, core: 1, array"),
              "18: stages.0.tiles.1.copy: -1 is not in 0 to 2147483647");
    EXPECT_EQ(failure_of_residual("rows: 0\n", "rows: 1\n"), "27: stages.2.tiles: missing");
    EXPECT_EQ(failure_of_residual("rows: 2\n    columns: 2\n    output_range: [0, 0]",
                                  "rows: 0\n    columns: 2\n    output_range: [0, 0]"),
              "40: stages.3.tiles: a digital stage (rows 0) has none: leave the key out");
}

TEST_F(GoldenMapping, RefusesMappingsThatDoNotFit) {
    EXPECT_EQ(failure(changed("conv1", "conv2")), "6: stage 0 is \"conv2\", the network's is \"conv1\"");
    EXPECT_EQ(failure(changed("rows: 4\n", "rows: 5\n")),
              "6: stage \"conv1\": a matrix of 5 x 3, the network's is 4 x 3");
    EXPECT_EQ(failure(changed("{core: 0, columns: [0, 3]}", "{core: 2, columns: [0, 3]}")),
              "11: stage \"conv1\", output: core 2 does not exist, the chip has cores 0 to 1");
    EXPECT_EQ(failure(changed("{core: 0, columns: [0, 3]}", "{core: 0, columns: [0, 2]}")),
              "6: stage \"conv1\": columns [2, 3) are in no output");
    EXPECT_EQ(failure(changed("{core: 0, columns: [0, 3]}", "{core: 0, columns: [1, 3]}")),
              "11: stage \"conv1\": columns [0, 1) are in no output");
    EXPECT_EQ(failure(changed("{core: 0, columns: [0, 3]}", "{core: 0, columns: [0, 4]}")),
              "11: stage \"conv1\", output: columns [0, 4) are not in [0, 3)");
    EXPECT_EQ(failure(changed("      - {core: 0, columns: [0, 3]}\n",
                              "      - {core: 0, columns: [0, 2]}\n      - {core: 0, columns: [1, 3]}\n")),
              "12: stage \"conv1\", output: column 1 is in two outputs");
    EXPECT_EQ(failure(changed("      - {core: 0, columns: [0, 3]}\n",
                              "      - {core: 0, columns: [0, 2]}\n      - {core: 0, columns: [2, 3]}\n")),
              "14: stage \"conv1\", tile: columns [0, 3) cross the output of columns [0, 2)");
    EXPECT_EQ(failure(changed("{core: 1, array: 0", "{core: 2, array: 0")),
              "22: stage \"fc\", tile: core 2 does not exist, the chip has cores 0 to 1");
    EXPECT_EQ(failure(changed("{core: 1, array: 0", "{core: 1, array: 2")),
              "22: stage \"fc\", tile: array 2 does not exist, a core has arrays 0 to 1");
    EXPECT_EQ(failure(changed("{core: 1, array: 0", "{core: 0, array: 0")),
              "22: stage \"fc\", tile: array 0 of core 0 is used in line 13 too");
    EXPECT_EQ(failure(changed("rows: [8, 12]", "rows: [8, 13]")),
              "23: stage \"fc\", tile: rows [8, 13) are not in [0, 12)");
    EXPECT_EQ(failure(changed("rows: [8, 12]", "rows: [7, 12]")), "23: stage \"fc\", tile: 5 rows, an array has 4");
    EXPECT_EQ(failure(changed("rows: [8, 12]", "rows: [9, 12]")),
              "14: stage \"fc\": the weights of rows [8, 9), columns [0, 2) are in no tile");
    EXPECT_EQ(failure(changed("rows: [8, 12], columns: [0, 2]", "rows: [8, 12], columns: [0, 1]")),
              "14: stage \"fc\": the weights of rows [8, 12), columns [1, 2) are in no tile");
    EXPECT_EQ(failure(changed("rows: [8, 12]", "rows: [7, 11]")),
              "23: stage \"fc\", tile: the weight at row 7, column 0 is in another tile too");
    std::string text = TWO_LAYERS;
    EXPECT_EQ(failure(text.substr(0, text.find("  - name: fc"))), "0: 1 stages, the network has 2");
}

TEST_F(GoldenMapping, RefusesCopiesAndPartsThatDoNotFit) {
    EXPECT_EQ(failure_of_residual("copies: [1, 2]", "copies: [1, 5]"),
              "8: stage \"a\": copies [1, 5], its output has only 2 x 4 positions (y, x)");
    EXPECT_EQ(failure_of_residual("copies: [1, 2]", "copies: [1, 2]\n    shift: 1"), "good");
    EXPECT_EQ(failure_of_residual("copies: [1, 2]", "copies: [1, 2]\n    shift: 2"),
              "13: stages.0.shift: 2, but copies along x are 2: 0 to 1");
    EXPECT_EQ(failure_of_residual("copies: [1, 2]", "copies: [1, 9]\n    shift: 4"),
              "8: stage \"a\": copies [1, 9], more than its 8 output positions");
    EXPECT_EQ(failure_of_residual("copies: [1, 2]", "copies: [1, 6]\n    shift: 1"),
              "8: stage \"a\": copies [1, 6] with shift 1, copy 5 computes nothing");
    EXPECT_EQ(failure_of_residual("copies: [1, 2]", "copies: [2, 2]"),
              "8: stage \"a\", copy 2: columns [0, 2) are in no output");
    EXPECT_EQ(failure_of_residual("{copy: 1, core: 1, columns", "{copy: 2, core: 1, columns"),
              "15: stage \"a\", output: copy 2 does not exist, the stage has copies 0 to 1");
    EXPECT_EQ(failure_of_residual("{copy: 1, core: 1, columns", "{core: 1, columns"),
              "15: stage \"a\", copy 0, output: column 0 is in two outputs");
    EXPECT_EQ(failure_of_residual("{core: 0, columns: [0, 2]}", "{core: 0, columns: [0, 1]}"),
              "8: stage \"a\", copy 0: columns [1, 2) are in no output");
    EXPECT_EQ(failure_of_residual("{copy: 1, core: 1, array: 0, rows: [0, 1], columns: [0, 2]}",
                                  "{copy: 1, core: 1, array: 0, rows: [0, 1], columns: [0, 1]}"),
              "8: stage \"a\", copy 1: the weights of rows [0, 1), columns [1, 2) are in no tile");
    EXPECT_EQ(failure_of_residual("{copy: 1, core: 1, array", "{core: 1, array"),
              "18: stage \"a\", copy 0, tile: the weight at row 0, column 0 is in another tile too");
    EXPECT_EQ(failure_of_residual("{copy: 1, core: 1, array: 0", "{copy: 1, core: 0, array: 0"),
              "18: stage \"a\", tile: array 0 of core 0 is used in line 17 too");
    EXPECT_EQ(failure_of_residual("{part: 1, core: 0, columns", "{part: 2, core: 0, columns"),
              "38: stage \"fc\", output: part 2 does not exist, the mapping has parts 0 to 1");
    EXPECT_EQ(failure_of_residual("{part: 1, core: 0, columns", "{core: 0, columns"),
              "40: stage \"fc\", tile: part 1, its output of columns [0, 2) is in part 0");
    EXPECT_EQ(failure_of_residual("parts: 2", "parts: 3"), "0: part 2 of 3 is empty");
    EXPECT_EQ(failure_of_residual("    output_range: [0, 4]\n    outputs:\n      - {core: 0",
                                  "    output_range: [0, 4]\n    outputs:\n      - {part: 1, core: 0"),
              "good");
    EXPECT_EQ(failure_of_residual(
                  "      - {core: 1, columns: [0, 2]}\n    tiles:\n      - {core: 1, array: 1",
                  "      - {part: 1, core: 1, columns: [0, 2]}\n    tiles:\n      - {part: 1, core: 1, array: 1"),
              "32: stage \"gap\", output: part 0 comes before part 1 of stage \"b\", which it reads");
}

/* Windows of 3 x 3, 2 apart, share rows: every copy of the stage would need positions of the others. */
TEST_F(GoldenMapping, RefusesCopiesOfStagesWhosePoolsOverlap) {
    network_ptr net = make_network({1, 5, 5});
    add_layer(net.get(), WEFT_LAYER_MAX_POOL, "pool", 0, window_of(3, 2, 1));
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 1);
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    chip.array.rows = 16;
    chip.core.buffer_bytes = 1 << 12;
    weft_error err = {};
    mapping_ptr mapping = empty_mapping(stages.get());
    set_stage(mapping.get(), 0, {block_at(0, 0, 1)}, {});
    set_stage(mapping.get(), 1, {block_at(0, 0, 1)}, {tile_at(0, 0, 0, 9, 0, 1)});
    EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_OK) << err.text;
    set_stage(mapping.get(), 0, {block_at(0, 0, 1), block_at(0, 0, 1, 0, 1)}, {}, 1, 2);
    EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "stage \"pool\": copies [1, 2], but positions of it are part of several outputs "
                           "(overlapping pooling windows or padding): it has one copy");
}

/* Two groups of 2 channels, kernel 1: weights at rows 0-1 x columns 0-2 and rows 2-3 x columns 3-5. */
TEST_F(GoldenMapping, GroupsNeedTilesOnlyForTheirOwnWeights) {
    network_ptr net = make_network({4, 1, 1});
    add_after(net.get(), -1, layer_of(WEFT_LAYER_CONV, 6, window_of(1, 1, 0), 2), "dw");
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    chip.array.columns = 6;
    weft_error err = {};
    mapping_ptr mapping = empty_mapping(stages.get());
    const auto check = [&](const std::vector<weft_tile> &tiles) -> std::string {
        set_stage(mapping.get(), 0, {block_at(0, 0, 6)}, tiles);
        err = {};
        weft_mapping_check(mapping.get(), stages.get(), &chip, &err);
        return err.text;
    };
    EXPECT_EQ(check({tile_at(0, 0, 0, 2, 0, 3), tile_at(0, 1, 2, 4, 3, 6)}), "");
    EXPECT_EQ(check({tile_at(0, 0, 0, 4, 0, 6)}), "");
    EXPECT_EQ(check({tile_at(0, 0, 0, 4, 0, 3), tile_at(0, 1, 0, 4, 3, 6)}), ""); // zeros in two tiles
    EXPECT_EQ(check({tile_at(0, 0, 0, 2, 0, 3), tile_at(0, 1, 2, 4, 2, 6)}), ""); // column 2 of group 1's rows: zeros
    EXPECT_EQ(check({tile_at(0, 0, 0, 2, 0, 3), tile_at(0, 1, 2, 4, 4, 6)}),
              "stage \"dw\": the weights of rows [2, 4), columns [3, 4) are in no tile");
    EXPECT_EQ(check({tile_at(0, 0, 0, 3, 0, 4), tile_at(0, 1, 2, 4, 3, 6)}),
              "stage \"dw\", tile: the weight at row 2, column 3 is in another tile too");
    EXPECT_EQ(check({tile_at(0, 0, 0, 4, 0, 6), tile_at(0, 1, 2, 4, 0, 3)}),
              "stage \"dw\", tile: rows [2, 4) and columns [0, 3) have no group in common, so no weights");
}

/* Both branches of a concatenation that a matrix reads have one scale. */
TEST_F(GoldenMapping, RangesOfConcatenatedOutputsAreEqual) {
    network_ptr net = make_network({1, 1, 1});
    add_after(net.get(), -1, layer_of(WEFT_LAYER_DENSE, 1), "a");
    add_after(net.get(), -1, layer_of(WEFT_LAYER_DENSE, 1), "b");
    add_pair(net.get(), WEFT_LAYER_CONCAT, 0, 1, "both");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 1);
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    weft_error err = {};
    mapping_ptr mapping = empty_mapping(stages.get());
    for (int s = 0; s < 3; s++)
        set_stage(mapping.get(), s, {block_at(s % 2, 0, 1)}, {tile_at(s % 2, s / 2, 0, s == 2 ? 2 : 1, 0, 1)});
    EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_OK) << err.text;
    mapping->stages[0].output_max = 1.0f;
    EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "stage \"b\": output_range [0, 0] differs from [0, 1] of \"a\", with which it is "
                           "concatenated");
    mapping->stages[1].output_max = 1.0f;
    EXPECT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_OK) << err.text;
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

} // namespace
