// Who needs which pixel: strides, borders, channels and rows that a core holds.
#include "tests/support/mapping_fixture.h"

using namespace weft_test;

namespace {

/* A mapping of one stage: tiles as given, all sums on core 0. */
mapping_ptr one_stage(const weft_stages *stages, std::initializer_list<weft_tile> tiles) {
    weft_mapping *mapping = nullptr;
    EXPECT_EQ(weft_mapping_create(&mapping, 1, nullptr), WEFT_OK);
    weft_mapped_stage &stage = mapping->stages[0];
    stage.name = strdup(stages->items[0].name);
    stage.rows = stages->items[0].rows;
    stage.columns = stages->items[0].columns;
    stage.blocks = (weft_output_block *)calloc(1, sizeof(weft_output_block));
    stage.tiles = (weft_tile *)calloc(tiles.size(), sizeof(weft_tile));
    stage.blocks[stage.block_count++] = {0, 0, stage.columns, 0};
    for (const weft_tile &tile : tiles) stage.tiles[stage.tile_count++] = tile;
    return mapping_ptr(mapping, weft_mapping_destroy);
}

weft_chip four_cores() {
    weft_chip chip = tiny_chip();
    chip.array.rows = chip.array.columns = 64;
    chip.noc.mesh[0] = 4;
    chip.core.buffer_bytes = 1 << 20;
    weft_chip_resolve(&chip);
    return chip;
}

TEST(Traffic, PixelsThatAStrideSkipsAreNotSent) {
    network_ptr net = make_network({1, 5, 5});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 1, window_of(1, 2, 0));
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    stages_ptr stages = lower(net.get());
    weft_chip chip = four_cores();
    weft_error err = {};
    mapping_ptr mapping = map(stages.get(), &chip, &err);
    ASSERT_TRUE(mapping) << err.text;
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            EXPECT_EQ(weft_traffic_route(traffic.get(), -1, 0, y, x)->core_count, y % 2 == 0 && x % 2 == 0)
                << y << " " << x;
    EXPECT_EQ(weft_traffic_stage_total(traffic.get(), -1).packets, 9u);
}

/* 3 x 3 kernel on 3 x 3 pixels without padding: one position, row r is needed at tap r alone. With padding 1 every tap
 * but the corner ones is used by the middle pixel. */
TEST(Traffic, OnlyTheTapsThatAPositionUsesCount) {
    network_ptr net = make_network({1, 3, 3});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 2, window_of(3, 1, 0));
    stages_ptr stages = lower(net.get());
    weft_chip chip = four_cores();
    mapping_ptr mapping =
        one_stage(stages.get(), {{0, 0, 0, 4, 0, 2, 0}, {1, 0, 4, 9, 0, 1, 0}, {2, 0, 4, 9, 1, 2, 0}});
    ASSERT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, nullptr), WEFT_OK);
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);
    for (int tap = 0; tap < 9; tap++) {
        EXPECT_EQ(weft_traffic_needs(traffic.get(), -1, 0, tap / 3, tap % 3, 0), tap < 4);
        EXPECT_EQ(weft_traffic_needs(traffic.get(), -1, 0, tap / 3, tap % 3, 1), tap >= 4);
        EXPECT_EQ(weft_traffic_needs(traffic.get(), -1, 0, tap / 3, tap % 3, 2), tap >= 4);
        EXPECT_FALSE(weft_traffic_needs(traffic.get(), -1, 0, tap / 3, tap % 3, 3));
    }
    const weft_route *partials = weft_traffic_partials(traffic.get(), 0, 0);
    ASSERT_EQ(partials->core_count, 2);
    EXPECT_EQ(partials->cores[0], 1);
    EXPECT_EQ(partials->cores[1], 2);
    EXPECT_EQ(weft_traffic_partial_values(traffic.get(), 0, 0, 1), 1);
    EXPECT_EQ(weft_traffic_partial_values(traffic.get(), 0, 0, 2), 1);
}

TEST(Traffic, AtABorderOuterTapsAreUnused) {
    network_ptr net = make_network({1, 3, 3});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 1, window_of(3, 1, 1));
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 1);
    stages_ptr stages = lower(net.get());
    weft_chip chip = four_cores();
    weft_error err = {};
    mapping_ptr mapping = map(stages.get(), &chip, &err);
    ASSERT_TRUE(mapping) << err.text;
    // Give conv to core 0 (kernel row 0) and core 1 (rows 1 and 2): kernel row 0 reads pixel row y at position y + 1,
    // so never the last.
    weft_mapped_stage &conv = mapping->stages[0];
    weft_tile *tiles = (weft_tile *)calloc(2, sizeof *tiles);
    tiles[0] = {0, 1, 0, 3, 0, 1, 0};
    tiles[1] = {1, 0, 3, 9, 0, 1, 0};
    free(conv.tiles);
    conv.tiles = tiles;
    conv.tile_count = 2;
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++) {
            EXPECT_EQ(weft_traffic_needs(traffic.get(), -1, 0, y, x, 0), y < 2);
            EXPECT_TRUE(weft_traffic_needs(traffic.get(), -1, 0, y, x, 1));
        }
}

TEST(Traffic, PacketEventsByHand) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    weft_error err = {};
    mapping_ptr mapping = map(stages.get(), &chip, &err);
    ASSERT_TRUE(mapping) << err.text;
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);
    EXPECT_EQ(weft_traffic_packet_flits(traffic.get(), WEFT_PACKET_ACTIVATION, 3), 2); // 8 + 24 bits
    EXPECT_EQ(weft_traffic_packet_flits(traffic.get(), WEFT_PACKET_PARTIAL, 3), 4);    // 8 + 48 bits
    weft_event_counts kept = weft_traffic_packet_events(traffic.get(), WEFT_PACKET_ACTIVATION, 1, 1, 3);
    EXPECT_EQ(kept.n[WEFT_EVENT_BUFFER_WRITE_BIT], 24u);
    EXPECT_EQ(kept.n[WEFT_EVENT_ROUTER_FLIT], 0u);
    weft_event_counts sum = weft_traffic_packet_events(traffic.get(), WEFT_PACKET_PARTIAL, 1, 0, 3);
    EXPECT_EQ(sum.n[WEFT_EVENT_BUFFER_WRITE_BIT], 48u);
    EXPECT_EQ(sum.n[WEFT_EVENT_BUFFER_READ_BIT], 48u);
    EXPECT_EQ(sum.n[WEFT_EVENT_ROUTER_FLIT], 8u);
    EXPECT_EQ(sum.n[WEFT_EVENT_LINK_FLIT], 4u);
    EXPECT_EQ(sum.n[WEFT_EVENT_IO_BIT], 0u);
    weft_event_counts result = weft_traffic_packet_events(traffic.get(), WEFT_PACKET_RESULT, 0, chip.host_terminal, 2);
    EXPECT_EQ(result.n[WEFT_EVENT_IO_BIT], 32u);
    EXPECT_EQ(result.n[WEFT_EVENT_BUFFER_WRITE_BIT], 0u);
    EXPECT_EQ(result.n[WEFT_EVENT_ROUTER_FLIT], 3u); // same router as the host: still one router
    EXPECT_EQ(result.n[WEFT_EVENT_LINK_FLIT], 0u);
}

} // namespace
