// Floor plan and link loads as SVG: what they say, and that it is well-formed.
#include <gtest/gtest.h>

#include <set>

#include "core/chip_route.h"
#include "tests/support/golden.h"
#include "tests/support/mapping_fixture.h"
extern "C" {
#include "core/text.h"
#include "mapper/draw.h"
}

namespace weft_test {
namespace {

int count_of(const std::string &text, const std::string &part) {
    int count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) count++;
    return count;
}

/* Tags nest, attributes are quoted, "&" begins an entity. */
void expect_well_formed(const std::string &svg) {
    std::vector<std::string> open;
    for (size_t i = 0; i < svg.size(); i++) {
        if (svg[i] == '&') {
            EXPECT_TRUE(svg.compare(i, 5, "&amp;") == 0 || svg.compare(i, 4, "&lt;") == 0 ||
                        svg.compare(i, 4, "&gt;") == 0 || svg.compare(i, 6, "&quot;") == 0)
                << svg.substr(i, 20);
        }
        if (svg[i] != '<') continue;
        size_t end = svg.find('>', i);
        ASSERT_NE(end, std::string::npos);
        std::string tag = svg.substr(i + 1, end - i - 1);
        ASSERT_EQ(count_of(tag, "\"") % 2, 0) << tag;
        ASSERT_EQ(tag.find('<'), std::string::npos) << tag;
        std::string name = tag.substr(0, tag.find_first_of(" \n"));
        if (name[0] == '/') {
            ASSERT_FALSE(open.empty());
            ASSERT_EQ(name.substr(1), open.back());
            open.pop_back();
        } else if (tag.back() != '/') {
            open.push_back(name);
        }
        i = end;
    }
    EXPECT_TRUE(open.empty());
}

/* conv1 on core 0; fc on core 1, its last rows on core 0. */
struct Drawing : testing::Test {
    weft_chip chip = tiny_chip();
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    mapping_ptr mapping = empty_mapping(stages.get());
    void SetUp() override {
        set_stage(mapping.get(), 0, {block_at(0, 0, 3)}, {tile_at(0, 0, 0, 4, 0, 3)});
        set_stage(mapping.get(), 1, {block_at(1, 0, 2)},
                  {tile_at(1, 0, 0, 4, 0, 2), tile_at(1, 1, 4, 8, 0, 2), tile_at(0, 1, 8, 12, 0, 2)});
        snprintf(mapping->network_path, sizeof mapping->network_path, "nets/a<b>&c.onnx");
    }
    std::string draw(decltype(&weft_map_draw_floor) figure) {
        return printed([&](FILE *stream) {
            weft_error err = {};
            EXPECT_EQ(figure(mapping.get(), stages.get(), &chip, 0, stream, &err), WEFT_OK) << err.text;
        });
    }
};

TEST_F(Drawing, FloorTellsWhatLiesWhere) {
    std::string svg = draw(weft_map_draw_floor);
    expect_well_formed(svg);
    EXPECT_EQ(count_of(svg, "core 0, conv1: 1 of 2 arrays"), 1);
    EXPECT_EQ(count_of(svg, "core 0, fc: 1 of 2 arrays"), 1);
    EXPECT_EQ(count_of(svg, "core 1, fc: 2 of 2 arrays"), 1);
    EXPECT_EQ(count_of(svg, "arrays</title>"), 3);
    EXPECT_EQ(count_of(svg, "height=\"18.50\""), 2); /* half a cell of 38, less its rim */
    EXPECT_EQ(count_of(svg, "height=\"37.00\""), 1);
    EXPECT_EQ(count_of(svg, "2 of 2 cores, 4 of 4 arrays (100.0 %)"), 1);
    EXPECT_EQ(count_of(svg, ">1 conv1<"), 1);
    EXPECT_EQ(count_of(svg, ">2 fc<"), 1);
    EXPECT_EQ(count_of(svg, "a&lt;b&gt;&amp;c.onnx on tiny"), 1);
    EXPECT_EQ(count_of(svg, "<title>router of the host</title>"), 1);
}

TEST_F(Drawing, FloorOfADigitalStageIsAThinBar) {
    set_stage(mapping.get(), 0, {block_at(0, 0, 3)}, {});
    set_stage(mapping.get(), 1, {block_at(1, 0, 2)}, {tile_at(1, 0, 0, 4, 0, 2)});
    std::string svg = draw(weft_map_draw_floor);
    expect_well_formed(svg);
    EXPECT_EQ(count_of(svg, "core 0, conv1: digital unit only"), 1);
    EXPECT_EQ(count_of(svg, "digital unit only"), 1);
    EXPECT_EQ(count_of(svg, "height=\"4.44\""), 1);
    EXPECT_EQ(count_of(svg, "2 of 2 cores, 1 of 4 arrays (25.0 %)"), 1);
}

TEST_F(Drawing, LinksTellTheirFlits) {
    std::string svg = draw(weft_map_draw_links);
    expect_well_formed(svg);
    /* East: 3 pixels of 3 channels in 2 flits each, a partial sum of 3 flits. West: the result. */
    EXPECT_EQ(count_of(svg, "<title>(0, 0) to (1, 0): 9 flits an image</title>"), 1);
    EXPECT_EQ(count_of(svg, "<title>(1, 0) to (0, 0): 3 flits an image</title>"), 1);
    EXPECT_EQ(count_of(svg, "flits an image</title>"), 2);
    EXPECT_EQ(count_of(svg, "hottest link: router (0, 0) to (1, 0): 9 flits an image"), 1);
}

TEST_F(Drawing, FullDiskIsAnError) {
    FILE *full = fopen("/dev/full", "w");
    if (!full) GTEST_SKIP() << "no /dev/full";
    weft_error err = {};
    EXPECT_EQ(weft_map_draw_floor(mapping.get(), stages.get(), &chip, 0, full, &err), WEFT_E_IO);
    EXPECT_STREQ(err.text, "the figure could not be written");
    fclose(full);
}

TEST(Draw, NoTraffic) {
    weft_chip chip = tiny_chip();
    const uint64_t flits[8] = {};
    std::string svg = printed([&](FILE *stream) { weft_draw_link_heat(stream, &chip, flits, "none", nullptr); });
    expect_well_formed(svg);
    EXPECT_EQ(count_of(svg, "no link carries anything"), 1);
    EXPECT_EQ(count_of(svg, "flits an image</title>"), 0);
}

/* Four routers in a ring: the link that wraps around names both of its ends and stays within its row's margin. */
TEST(Draw, LinksThatWrapAround) {
    weft_chip chip = tiny_chip();
    chip.noc.mesh[0] = 4, chip.noc.mesh[1] = 1, chip.noc.topology = WEFT_CHIP_TORUS;
    weft_chip_resolve(&chip);
    uint64_t flits[16] = {};
    flits[3 * 4 + WEFT_EAST] = 5, flits[0 * 4 + WEFT_WEST] = 7;
    std::string svg = printed([&](FILE *stream) { weft_draw_link_heat(stream, &chip, flits, "ring", nullptr); });
    expect_well_formed(svg);
    EXPECT_EQ(count_of(svg, "<title>(3, 0) to (0, 0): 5 flits an image</title>"), 1);
    EXPECT_EQ(count_of(svg, "<title>(0, 0) to (3, 0): 7 flits an image</title>"), 1);
    /* Pitch 64, middles at 56 and 248: from 0.2 of it beyond a router's middle to 0.7 margins beyond the edge. */
    EXPECT_EQ(count_of(svg, "x1=\"43.2\" y1=\"87.7\" x2=\"7.2\" y2=\"87.7\""), 1);
    EXPECT_EQ(count_of(svg, "x1=\"260.8\" y1=\"104.3\" x2=\"296.8\" y2=\"104.3\""), 1);
}

TEST(Draw, Numbers) {
    char text[32];
    EXPECT_STREQ(weft_draw_number(text, 0), "0");
    EXPECT_STREQ(weft_draw_number(text, 999), "999");
    EXPECT_STREQ(weft_draw_number(text, 1000), "1 000");
    EXPECT_STREQ(weft_draw_number(text, UINT64_MAX), "18 446 744 073 709 551 615");
}

TEST(Draw, BaseNames) {
    EXPECT_STREQ(weft_draw_base_name("a/b/net.onnx"), "net.onnx");
    EXPECT_STREQ(weft_draw_base_name("net.onnx"), "net.onnx");
    EXPECT_STREQ(weft_draw_base_name(""), "network");
}

TEST(Draw, TextIsEscapedAndCut) {
    auto escaped = [](const char *text, int limit) {
        return printed([&](FILE *stream) { weft_xml_print(stream, text, limit); });
    };
    EXPECT_EQ(escaped("a<b>&\"c\"\n\xc3\xa4", 0), "a&lt;b&gt;&amp;&quot;c&quot;\n\xc3\xa4");
    EXPECT_EQ(escaped("abcdefgh", 8), "abcdefgh");
    EXPECT_EQ(escaped("abcdefghi", 8), "abcde...");
    EXPECT_EQ(escaped("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 5), "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
    EXPECT_EQ(escaped("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 4), "\xc3\xa4...");
    EXPECT_EQ(escaped("'\x01\xff\xc3", 0), "&#39;\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Draw, ColoursKeepApart) {
    for (int count = 1; count <= 80; count++) {
        std::set<std::tuple<int, int, int>> seen;
        for (int i = 0; i < count; i++) {
            weft_colour c = weft_draw_class(i, count);
            for (int part : {c.red, c.green, c.blue}) ASSERT_TRUE(part >= 0 && part <= 255);
            seen.insert({c.red, c.green, c.blue});
        }
        EXPECT_EQ(int(seen.size()), count);
    }
    int last = 256 * 1000;
    for (int i = 0; i <= 100; i++) { /* hotter is darker */
        weft_colour c = weft_draw_heat(i / 100.0);
        int light = 299 * c.red + 587 * c.green + 114 * c.blue;
        EXPECT_LT(light, last) << i;
        last = light;
    }
}

} // namespace
} // namespace weft_test
