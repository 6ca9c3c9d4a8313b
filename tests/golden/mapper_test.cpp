// Networks small enough to cut, replicate, split and refuse by hand.
#include "tests/support/mapper_fixture.h"

using namespace weft_test;

namespace {

/* Tiles as "rows x columns @ core.array" in order, one stage. */
std::string tiles_of(const weft_mapped_stage &stage) {
    std::string text;
    for (int t = 0; t < stage.tile_count; t++) {
        const weft_tile &tile = stage.tiles[t];
        text += (t ? " " : "") + std::to_string(tile.row_begin) + "-" + std::to_string(tile.row_end) + "x" +
                std::to_string(tile.column_begin) + "-" + std::to_string(tile.column_end);
    }
    return text;
}

weft_chip roomy_tiny_chip(int per_core, int width = 2) {
    weft_chip chip = tiny_chip();
    chip.array.per_core = per_core;
    chip.noc.mesh[0] = width;
    chip.core.buffer_bytes = 4096;
    weft_chip_resolve(&chip);
    return chip;
}

/* two_layers: conv1 is one array and 4 positions, fc three arrays and one. A product takes 8 cycles, the image's 9
 * pixels of one flit 9. */
TEST(GoldenMapper, ReplicationOfTwoStages) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    struct {
        int budget, copies_y, copies_x, cycles;
        double bound;
    } const cases[] = {
        {4, 1, 1, 32, 32.0},       /* nothing is left */
        {5, 2, 1, 16, 16.0},       /* 4 / T + 3 = 5: T = 2 positions */
        {6, 2, 1, 16, 32.0 / 3.0}, /* T = 4 / 3; three copies of a 2 x 2 map are no faster than two */
        {7, 2, 2, 8, 8.0},         /* T = 1; the host's 9 cycles are more than the arrays take */
        {8, 2, 2, 8, 8.0},         /* no more copies than positions */
    };
    for (const auto &wanted : cases) {
        weft_chip chip = roomy_tiny_chip(4);
        weft_map_options options = quick_options();
        options.array_budget = wanted.budget;
        report_owner owner;
        weft_error err = {};
        mapping_ptr mapping = map(stages.get(), &chip, &err, &owner.report, &options);
        ASSERT_TRUE(mapping) << err.text;
        EXPECT_EQ(mapping->stages[0].copies_y, wanted.copies_y) << wanted.budget;
        EXPECT_EQ(mapping->stages[0].copies_x, wanted.copies_x) << wanted.budget;
        EXPECT_EQ(mapping->stages[1].copies_y * mapping->stages[1].copies_x, 1);
        EXPECT_EQ(owner.report.bottleneck_cycles, (uint64_t)wanted.cycles) << wanted.budget;
        EXPECT_NEAR(owner.report.bottleneck_bound_cycles, wanted.bound, 1e-9) << wanted.budget;
        EXPECT_EQ(owner.report.host_cycles, 9u);
        EXPECT_EQ(owner.report.arrays_needed, 4);
        EXPECT_EQ(owner.report.arrays_bound, 3); /* 12 and 24 weights in arrays of 16 */
        EXPECT_EQ(owner.report.arrays_used, 3 + wanted.copies_y * wanted.copies_x);
    }
}

/* Two arrays at a time: conv1 and a column of fc do not go together, as each of fc's columns takes three. */
TEST(GoldenMapper, PartsOfANetworkThatIsTooLarge) {
    network_ptr net = make_network({6, 1, 1});
    add_layer(net.get(), WEFT_LAYER_DENSE, "a", 4);
    add_layer(net.get(), WEFT_LAYER_RELU, "relu");
    add_layer(net.get(), WEFT_LAYER_DENSE, "b", 12);
    stages_ptr stages = lower(net.get());
    weft_chip chip = roomy_tiny_chip(2, 1);
    weft_error err = {};
    report_owner owner;
    weft_map_options options = quick_options();
    mapping_ptr mapping = map(stages.get(), &chip, &err, &owner.report, &options);
    ASSERT_TRUE(mapping) << err.text;
    /* a: 6 x 4 in two arrays; b: 4 x 12 in three, two of them in part 1 and one in part 2. */
    EXPECT_EQ(mapping->parts, 3);
    EXPECT_EQ(mapping->chips, 1);
    EXPECT_EQ(tiles_of(mapping->stages[0]), "0-3x0-4 3-6x0-4");
    EXPECT_EQ(tiles_of(mapping->stages[1]), "0-4x0-4 0-4x4-8 0-4x8-12");
    const int parts[] = {1, 1, 2};
    for (int t = 0; t < 3; t++) EXPECT_EQ(mapping->stages[1].tiles[t].part, parts[t]);
    ASSERT_EQ(mapping->stages[1].block_count, 2);
    EXPECT_EQ(mapping->stages[1].blocks[0].column_end, 8);
    EXPECT_EQ(mapping->stages[1].blocks[1].part, 2);
    EXPECT_EQ(owner.report.parts, 3);
    EXPECT_EQ(owner.report.arrays_used, 5);
    EXPECT_EQ(owner.report.cores_used, 1);

    options.chips = 0;
    mapping = map(stages.get(), &chip, &err, nullptr, &options);
    EXPECT_EQ(mapping->chips, 3);
    options.chips = 2;
    mapping = map(stages.get(), &chip, &err, nullptr, &options);
    EXPECT_EQ(mapping->chips, 2);
    options.parts_max = 2;
    EXPECT_FALSE(map(stages.get(), &chip, &err, nullptr, &options));
    EXPECT_EQ(err.status, WEFT_E_NO_FIT);
}

/* Groups of 9 rows and one column: two of them in 20 rows. */
TEST(GoldenMapper, DepthwiseGroupsArePacked) {
    network_ptr net = make_network({6, 5, 5});
    add_after(net.get(), -1, layer_of(WEFT_LAYER_CONV, 6, window_of(3, 1, 1), 6), "depthwise");
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    stages_ptr stages = lower(net.get());
    weft_chip chip = roomy_tiny_chip(64);
    chip.array.rows = 20;
    chip.array.columns = 4;
    weft_chip_resolve(&chip);
    weft_error err = {};
    mapping_ptr mapping = map(stages.get(), &chip, &err);
    ASSERT_TRUE(mapping) << err.text;
    const weft_mapped_stage &stage = mapping->stages[0];
    const int tiles = stage.tile_count / weft_mapped_stage_copies(&stage);
    ASSERT_EQ(tiles, 3);
    for (int t = 0; t < tiles; t++) {
        EXPECT_EQ(stage.tiles[t].row_begin, 18 * t);
        EXPECT_EQ(stage.tiles[t].row_end, 18 * t + 18);
        EXPECT_EQ(stage.tiles[t].column_begin, 2 * t);
        EXPECT_EQ(stage.tiles[t].column_end, 2 * t + 2);
    }
}

/* A group of 8 rows and 3 columns is larger than an array of 4 x 2: cut like any other matrix, off the others' rows. */
TEST(GoldenMapper, LargeGroupsAreCut) {
    network_ptr net = make_network({4, 2, 2});
    add_after(net.get(), -1, layer_of(WEFT_LAYER_CONV, 6, window_of(2, 1, 0), 2), "grouped");
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    stages_ptr stages = lower(net.get());
    weft_chip chip = roomy_tiny_chip(16);
    chip.array.columns = 2;
    weft_chip_resolve(&chip);
    weft_error err = {};
    mapping_ptr mapping = map(stages.get(), &chip, &err);
    ASSERT_TRUE(mapping) << err.text;
    EXPECT_EQ(tiles_of(mapping->stages[0]), "0-4x0-2 4-8x0-2 0-4x2-3 4-8x2-3 8-12x3-5 12-16x3-5 8-12x5-6 12-16x5-6");
}

/* 2 x 2 kernel over 4 channels of a map 5 wide: 16 rows in one array of 16; two lines are 40 bytes, one is 20. */
TEST(GoldenMapper, RowsAreCutWhereTheBufferAsksForIt) {
    network_ptr net = make_network({4, 3, 5});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 2, window_of(2, 1, 0));
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    stages_ptr stages = lower(net.get());
    weft_chip chip = roomy_tiny_chip(4, 20);
    chip.array.rows = 16;
    weft_map_options options = quick_options();
    options.replicate = false;
    struct {
        int bytes;
        const char *tiles;
    } const cases[] = {
        {100, "0-16x0-2"},                                                              /* both lines */
        {39, "0-8x0-2 8-16x0-2"},                                                       /* between kernel rows */
        {19, "0-2x0-2 2-4x0-2 4-6x0-2 6-8x0-2 8-10x0-2 10-12x0-2 12-14x0-2 14-16x0-2"}, /* 3 channels at most */
    };
    for (const auto &wanted : cases) {
        chip.core.buffer_bytes = wanted.bytes;
        weft_chip_resolve(&chip);
        weft_error err = {};
        mapping_ptr mapping = map(stages.get(), &chip, &err, nullptr, &options);
        ASSERT_TRUE(mapping) << err.text;
        EXPECT_EQ(tiles_of(mapping->stages[0]), wanted.tiles) << wanted.bytes;
    }
}

/* ---- refusals ---- */

std::string refusal(const weft_stages *stages, const weft_chip &chip) {
    weft_map_options options = quick_options();
    options.parts_max = 1;
    weft_error err = {};
    EXPECT_FALSE(map(stages, &chip, &err, nullptr, &options));
    EXPECT_EQ(err.status, WEFT_E_NO_FIT);
    return err.text;
}

TEST(GoldenMapper, RefusalsNameWhatWouldFit) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_chip chip = roomy_tiny_chip(2, 1);
    EXPECT_EQ(refusal(stages.get(), chip),
              "layer \"fc\" needs 3 arrays of 4 x 4, 1 are left of 2 (chip \"tiny\", 1 cores x 2): a mesh of 1 x 2 "
              "routers would fit, or 4 arrays a core, or arrays of 16 x 16");
    /* conv1: 6 bytes of input and 12 of sums; fc: 12 and 4. */
    chip = roomy_tiny_chip(4, 1);
    chip.core.buffer_bytes = 20;
    weft_chip_resolve(&chip);
    EXPECT_EQ(
        refusal(stages.get(), chip),
        "layer \"fc\" needs 3 arrays, 3 are left of 4, but on cores whose buffers of 20 bytes are full (chip "
        "\"tiny\", 1 cores x 4): a mesh of 1 x 2 routers would fit, or core.buffer_bytes 34, or 2 parts loaded one "
        "after the other");
    /* Eight columns a weight: seven arrays of 8 x 8, three of 16 x 16. */
    chip = roomy_tiny_chip(4, 1);
    chip.weight.encoding = WEFT_WEIGHT_OFFSET;
    chip.array.cell_bits = 1;
    chip.array.columns = 4;
    weft_chip_resolve(&chip);
    EXPECT_EQ(
        refusal(stages.get(), chip),
        "layer \"conv1\": one weight takes 8 columns, an array has 4 (chip \"tiny\"): arrays of 16 x 16 would fit");
    /* One line of conv1's input is 3 bytes; a row of one column of its sums is 4. */
    chip = roomy_tiny_chip(4, 8);
    chip.core.buffer_bytes = 3;
    weft_chip_resolve(&chip);
    EXPECT_EQ(refusal(stages.get(), chip), "layer \"conv1\" needs 4 bytes of buffer on one core, a core has 3 (chip "
                                           "\"tiny\"): core.buffer_bytes 6 would fit");
}

TEST(GoldenMapper, UnknownPlacer) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_chip chip = roomy_tiny_chip(4);
    weft_map_options options = weft_map_defaults();
    options.placer = "nobody";
    weft_error err = {};
    EXPECT_FALSE(map(stages.get(), &chip, &err, nullptr, &options));
    EXPECT_STREQ(err.text, "there is no placer \"nobody\"");
}

/* Ranges that the file knows become the outputs'; what nothing reads through a matrix stays unknown. */
TEST(GoldenMapper, RangesOfTheFile) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_chip chip = roomy_tiny_chip(4);
    weft_error err = {};
    mapping_ptr mapping = map(stages.get(), &chip, &err);
    ASSERT_TRUE(mapping) << err.text;
    EXPECT_EQ(mapping->input_min, 0.0f);
    EXPECT_EQ(mapping->input_max, 1.0f);
    EXPECT_EQ(mapping->stages[0].output_min, -0.1f);
    EXPECT_EQ(mapping->stages[0].output_max, 2.5f);
    EXPECT_EQ(mapping->stages[1].output_min, 0.0f);
    EXPECT_EQ(mapping->stages[1].output_max, 0.0f);
}

} // namespace
