// Who needs which pixel: strides, borders, channels and rows that a core holds.
#include "tests/support/mapping_fixture.h"

using namespace weft_test;

namespace {

/* Every stage in one copy: one output on core 0 and, where there is a matrix, one tile with all of it there. */
mapping_ptr all_on_core_0(const weft_stages *stages) {
    mapping_ptr mapping = empty_mapping(stages);
    for (int s = 0; s < stages->count; s++) {
        const weft_stage &stage = stages->items[s];
        std::vector<weft_tile> tiles;
        if (stage.has_matrix) tiles.push_back(tile_at(0, s, 0, stage.rows, 0, stage.columns));
        set_stage(mapping.get(), s, {block_at(0, 0, stage.columns)}, tiles);
    }
    return mapping;
}

bool needs(const traffic_ptr &traffic, const weft_reader &reader, int stage, int block, int y, int x) {
    return weft_traffic_needs(traffic.get(), &reader, stage, block, y, x);
}

std::vector<int> route(const traffic_ptr &traffic, int stage, int block, int y, int x, int part = 0) {
    const weft_route *r = weft_traffic_route(traffic.get(), part, stage, block, y, x);
    return std::vector<int>(r->cores, r->cores + r->core_count);
}

weft_chip four_cores() {
    weft_chip chip = tiny_chip();
    chip.array.rows = chip.array.columns = 64;
    chip.array.per_core = 8;
    chip.noc.mesh[0] = 4;
    chip.core.buffer_bytes = 1 << 20;
    weft_chip_resolve(&chip);
    return chip;
}

mapping_ptr checked(mapping_ptr mapping, const weft_stages *stages, const weft_chip *chip) {
    weft_error err = {};
    EXPECT_EQ(weft_mapping_check(mapping.get(), stages, chip, &err), WEFT_OK) << err.text;
    return mapping;
}

TEST(Traffic, PixelsThatAStrideSkipsAreNotSent) {
    network_ptr net = make_network({1, 5, 5});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 1, window_of(1, 2, 0));
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    stages_ptr stages = lower(net.get());
    weft_chip chip = four_cores();
    mapping_ptr mapping = checked(all_on_core_0(stages.get()), stages.get(), &chip);
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++) {
            const bool used = y % 2 == 0 && x % 2 == 0;
            EXPECT_EQ(route(traffic, -1, 0, y, x), used ? std::vector<int>{0} : std::vector<int>{}) << y << " " << x;
        }
    EXPECT_EQ(weft_traffic_stage_total(traffic.get(), -1).packets, 9u);
}

/* 3 x 3 kernel on 3 x 3 pixels without padding: one position, row r is needed at tap r alone. */
TEST(Traffic, OnlyTheTapsThatAPositionUsesCount) {
    network_ptr net = make_network({1, 3, 3});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 2, window_of(3, 1, 0));
    stages_ptr stages = lower(net.get());
    weft_chip chip = four_cores();
    mapping_ptr mapping = empty_mapping(stages.get());
    set_stage(mapping.get(), 0, {block_at(0, 0, 2)},
              {tile_at(0, 0, 0, 4, 0, 2), tile_at(1, 0, 4, 9, 0, 1), tile_at(2, 0, 4, 9, 1, 2)});
    mapping = checked(std::move(mapping), stages.get(), &chip);
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);
    for (int tap = 0; tap < 9; tap++)
        for (int core = 0; core < 4; core++)
            EXPECT_EQ(needs(traffic, {0, 0, 0, 0, core}, -1, 0, tap / 3, tap % 3),
                      core == 0 ? tap < 4 : core < 3 && tap >= 4);
    const weft_route *partials = weft_traffic_partials(traffic.get(), 0, 0);
    ASSERT_EQ(partials->core_count, 2);
    EXPECT_EQ(partials->cores[0], 1);
    EXPECT_EQ(partials->cores[1], 2);
    EXPECT_TRUE(partials->local);
    EXPECT_EQ(weft_traffic_partial_values(traffic.get(), 0, 0, 1), 1);
    EXPECT_EQ(weft_traffic_partial_values(traffic.get(), 0, 0, 2), 1);
    EXPECT_EQ(weft_traffic_mvm_read_bits(traffic.get(), 0, 0, 0, 0), 4u * 8);
    EXPECT_EQ(weft_traffic_mvm_read_bits(traffic.get(), 0, 0, 0, 2), 5u * 8);
    EXPECT_EQ(weft_traffic_mvm_read_bits(traffic.get(), 0, 0, 0, 3), 0u);
}

/* Kernel row 0 reads pixel row y at position y + 1, so never the last. */
TEST(Traffic, AtABorderOuterTapsAreUnused) {
    network_ptr net = make_network({1, 3, 3});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 1, window_of(3, 1, 1));
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 1);
    stages_ptr stages = lower(net.get());
    weft_chip chip = four_cores();
    mapping_ptr mapping = all_on_core_0(stages.get());
    set_stage(mapping.get(), 0, {block_at(0, 0, 1)}, {tile_at(0, 0, 0, 3, 0, 1), tile_at(1, 0, 3, 9, 0, 1)});
    mapping = checked(std::move(mapping), stages.get(), &chip);
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++) {
            EXPECT_EQ(needs(traffic, {0, 0, 0, 0, 0}, -1, 0, y, x), y < 2);
            EXPECT_TRUE(needs(traffic, {0, 0, 0, 0, 1}, -1, 0, y, x));
        }
}

/* 2 x 2 pools: copies take columns of pooled positions in turn, so pairs of the matrix's columns. */
TEST(Traffic, CopiesTakePooledPositionsInTurn) {
    network_ptr net = make_network({1, 2, 8});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 1, window_of(1, 1, 0));
    add_layer(net.get(), WEFT_LAYER_MAX_POOL, "pool", 0, window_of(2, 2, 0));
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 1);
    stages_ptr stages = lower(net.get());
    weft_chip chip = four_cores();
    mapping_ptr mapping = all_on_core_0(stages.get());
    std::vector<weft_output_block> blocks;
    std::vector<weft_tile> tiles;
    for (int copy = 0; copy < 3; copy++) {
        blocks.push_back(block_at(copy, 0, 1, 0, copy));
        tiles.push_back(tile_at(copy, 0, 0, 1, 0, 1, 0, copy));
    }
    set_stage(mapping.get(), 0, blocks, tiles, 1, 3);
    mapping = checked(std::move(mapping), stages.get(), &chip);
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);
    const int copy_of_column[] = {0, 0, 1, 1, 2, 2, 0, 0};
    for (int x = 0; x < 8; x++) EXPECT_EQ(route(traffic, -1, 0, 1, x), std::vector<int>{copy_of_column[x]}) << x;
    EXPECT_EQ(route(traffic, 0, 1, 0, 1), std::vector<int>{0});
    EXPECT_EQ(route(traffic, 0, 0, 0, 3), std::vector<int>{}); // kept
    EXPECT_EQ(weft_traffic_stage_total(traffic.get(), 0).packets, 2u);
    // 16 positions of one row; copy 0 has 8 of them.
    EXPECT_EQ(weft_traffic_events(traffic.get(), 0).n[WEFT_EVENT_BUFFER_READ_BIT], 16u * 8);
}

/* Depthwise: a tile of channels 1 and 2 needs these channels alone. */
TEST(Traffic, GroupsNeedTheirOwnChannels) {
    network_ptr net = make_network({4, 3, 3});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 4);
    add_after(net.get(), 0, layer_of(WEFT_LAYER_CONV, 4, window_of(3, 1, 0), 4), "depthwise");
    stages_ptr stages = lower(net.get());
    weft_chip chip = four_cores();
    mapping_ptr mapping = all_on_core_0(stages.get());
    set_stage(mapping.get(), 0, {block_at(0, 0, 1), block_at(0, 1, 2), block_at(0, 2, 4)},
              {tile_at(0, 0, 0, 4, 0, 1), tile_at(0, 2, 0, 4, 1, 2), tile_at(0, 3, 0, 4, 2, 4)});
    set_stage(mapping.get(), 1, {block_at(3, 0, 4)},
              {tile_at(1, 0, 0, 9, 0, 1), tile_at(2, 0, 9, 27, 1, 3), tile_at(3, 0, 27, 36, 3, 4)});
    mapping = checked(std::move(mapping), stages.get(), &chip);
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);
    EXPECT_EQ(route(traffic, 0, 0, 1, 1), std::vector<int>{1});
    EXPECT_EQ(route(traffic, 0, 1, 1, 1), std::vector<int>{2});
    EXPECT_EQ(route(traffic, 0, 2, 1, 1), (std::vector<int>{2, 3}));
    EXPECT_FALSE(needs(traffic, {0, 1, 0, 0, 1}, 0, 1, 2, 2));
    EXPECT_TRUE(needs(traffic, {0, 1, 0, 0, 2}, 0, 2, 2, 2));
    EXPECT_EQ(weft_traffic_partial_values(traffic.get(), 1, 0, 2), 2);
}

/* fc reads b first, then a: rows 0-2 are b's channels, 3-4 a's. */
TEST(Traffic, ConcatenatedSourcesHaveRowsOfTheirOwn) {
    network_ptr net = make_network({1, 1, 1});
    add_after(net.get(), -1, layer_of(WEFT_LAYER_DENSE, 2), "a");
    add_after(net.get(), -1, layer_of(WEFT_LAYER_DENSE, 3), "b");
    add_pair(net.get(), WEFT_LAYER_CONCAT, 1, 0, "both");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 1);
    stages_ptr stages = lower(net.get());
    weft_chip chip = four_cores();
    mapping_ptr mapping = all_on_core_0(stages.get());
    set_stage(mapping.get(), 2, {block_at(0, 0, 1)},
              {tile_at(1, 0, 0, 2, 0, 1), tile_at(2, 0, 2, 4, 0, 1), tile_at(3, 0, 4, 5, 0, 1)});
    mapping = checked(std::move(mapping), stages.get(), &chip);
    traffic_ptr traffic = make_traffic(mapping.get(), stages.get(), &chip);
    EXPECT_EQ(route(traffic, 0, 0, 0, 0), (std::vector<int>{2, 3}));
    EXPECT_EQ(route(traffic, 1, 0, 0, 0), (std::vector<int>{1, 2}));
}

TEST(Traffic, PacketEventsByHand) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_chip chip = tiny_chip();
    mapping_ptr mapping = all_on_core_0(stages.get());
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
