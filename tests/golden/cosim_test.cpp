/* Timed chip against latencies derived by hand. */
#include "tests/support/cosim_cases.h"

using namespace weft_test;

namespace {

/* Host at router 0, the layer on core 1 at router 1.
 *   0            the pixel enters: 4 values of 8 bits and 8 header bits, 3 flits of 16 bits, 2 routers
 *   + 4*2+1+3    it is there, the product starts
 *   + 41         its result is out
 *   + 3 + 5      3 scalings and 3 activations at 2 a cycle, latency of the digital unit
 *   + 4*2+1+4    the result: 3 sums of 16 bits and 8 header bits, 4 flits */
TEST(Cosim, OneLayerOnOneCore) {
    in_child([] {
        one_core_case c(1, 1);
        ASSERT_EQ(c.chip.mvm_interval_cycles, 32);
        ASSERT_EQ(c.chip.mvm_latency_cycles, 41);
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        uint64_t end = zero_load(2, 3) + 41 + 3 + 5 + zero_load(2, 4);
        EXPECT_EQ(r->timing->image_start[0], 0u);
        EXPECT_EQ(r->timing->image_end[0], end);
        EXPECT_EQ(r->timing->cycles, end);
        EXPECT_EQ(r->timing->packets, 2u);
        EXPECT_EQ(r->timing->flits, 7u);
        EXPECT_EQ(r->timing->flit_hops, 7u);
        EXPECT_EQ(r->timing->latency_sum_cycles, zero_load(2, 3) + zero_load(2, 4));
        EXPECT_EQ(r->timing->latency_max_cycles, zero_load(2, 4));
        EXPECT_EQ(r->timing->link_flits[0 * 4 + 0], 3u); /* router 0 east */
        EXPECT_EQ(r->timing->link_flits[1 * 4 + 1], 4u); /* router 1 west */
        EXPECT_EQ(r->timing->cores[1].mvm_count, 1u);
        EXPECT_EQ(r->timing->cores[1].array_busy_cycles, 32u);
        EXPECT_EQ(r->timing->cores[1].digital_busy_cycles, 3u);
        EXPECT_EQ(r->timing->cores[1].buffer_peak_bytes,
                  3 * 2); /* the input, 4 bytes, goes before the sums, 3 x 16 bits, come */
        EXPECT_EQ(r->timing->cores[0].mvm_count, 0u);
        EXPECT_EQ(r->timing->stage_busy_cycles[0], 32u);
        expect_equals_functional(c, *r);
    });
}

/* Rows 0..4 on core 1, where the sums meet, rows 4..8 on core 0 beside the host. 8 bits a cycle from the host.
 *   core 0: 0 + 4*1+1+5 (8 values of 8 bits and the header: 5 flits), + 41, partial sums + 4*2+1+4 (4 flits)
 *   core 1: 8 (its packet follows after 64 bits) + 4*2+1+5, + 41
 * The later of both, then the digital unit 3 + 5 and the result 4*2+1+4. */
TEST(Cosim, TwoCoresWithAPartialSum) {
    in_child([] {
        weft_chip chip = timed_chip();
        chip.io.bits_per_cycle = 8;
        timed_case c(chip, dense_network(8, 3), 1, 2);
        c.mapping = hand_mapping(c.stages.get(), {{{0, 0, 1, 0, 3, 0}}},
                                 {{{0, 0, 1, 0, 0, 4, 0, 3, 0}, {0, 0, 0, 0, 4, 8, 0, 3, 0}}});
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        uint64_t far = zero_load(1, 5) + 41 + zero_load(2, 4), near = 8 + zero_load(2, 5) + 41;
        ASSERT_EQ(far, 64u);
        ASSERT_EQ(near, 63u);
        EXPECT_EQ(r->timing->image_end[0], far + 3 + 5 + zero_load(2, 4));
        EXPECT_EQ(r->timing->packets, 4u);
        EXPECT_EQ(r->timing->stage_events[0].n[WEFT_EVENT_PARTIAL_ADD], 3u);
        expect_equals_functional(c, *r);
    });
}

/* Two positions of a 1 x 1 convolution: products start 32 cycles apart while their results take 41. A max pool of 1 x 2
 * leaves one position, so it is a stage of its own, here on the same core: it takes the values without a packet. Pixels
 * of 8 bits leave the host one a cycle at 8 bits a cycle, 1 flit each. First product: 0 + 4*2+1+1; second: 32 later
 * (its pixel came one cycle after the first)
 *   + 41, digital: bias 1 event: 1 cycle; + 5; 1 pooling step of the window at the second position: 1 cycle; + 5;
 * result 2 flits */
TEST(Cosim, PoolingWaitsForItsWindow) {
    in_child([] {
        network_ptr net = make_network({1, 1, 2});
        add_layer(net.get(), WEFT_LAYER_CONV, "conv", 1, window_of(1, 1, 0), true);
        add_layer(net.get(), WEFT_LAYER_MAX_POOL, "pool", 0, {1, 2, 1, 2, 1, 1, 0, 0, 0, 0});
        weft_chip chip = timed_chip();
        chip.io.bits_per_cycle = 8;
        timed_case c(chip, std::move(net), 1, 3);
        ASSERT_EQ(c.stages->count, 2);
        ASSERT_FALSE(c.stages->items[1].has_matrix);
        c.mapping = hand_mapping(c.stages.get(), {{{0, 0, 1, 0, 1, 0}}, {{0, 0, 1, 0, 1, 0}}},
                                 {{{0, 0, 1, 0, 0, 1, 0, 1, 0}}, {}});
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        EXPECT_EQ(r->timing->image_end[0], zero_load(2, 1) + 32 + 41 + 1 + 5 + 1 + 5 + zero_load(2, 2));
        EXPECT_EQ(r->timing->packets, 3u);
        EXPECT_EQ(r->timing->cores[1].mvm_count, 2u);
        EXPECT_EQ(r->timing->cores[1].array_busy_cycles, 64u);
        EXPECT_EQ(r->timing->cores[1].digital_busy_cycles, 3u); /* two scalings, one pooling step */
        EXPECT_EQ(r->timing->stage_busy_cycles[1], 0u);
        expect_equals_functional(c, *r);
    });
}

/* A 2 x 2 convolution with a bias is pooled down its two columns inside the stage; two copies on cores 0 and 1 compute
 * a column each, two products 32 cycles apart. Every pixel, 8 bits, goes to the copy that reads it: at 8 bits a cycle,
 * in raster order, (0, 1) leaves the host at 1 and (1, 1) at 3. The dense layer on core 0 needs both pooled values:
 * core 1's come as a packet of 1 flit (8 bits and 8 of header), its own stay. core 1: 1 + 4*2+1+1, second product 32
 * later, + 41, bias and pooling step 1 cycle, + 5, packet 4*2+1+1 core 0, dense: + 41, no digital event, + 5, result of
 * 2 values of 16 bits and 8 of header, 3 flits: 4*1+1+3 */
TEST(Cosim, CopiesTakeTurns) {
    in_child([] {
        network_ptr net = make_network({1, 2, 2});
        add_layer(net.get(), WEFT_LAYER_CONV, "conv", 1, window_of(1, 1, 0), true);
        add_layer(net.get(), WEFT_LAYER_MAX_POOL, "pool", 0, {2, 1, 2, 1, 1, 1, 0, 0, 0, 0});
        add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
        add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
        weft_chip chip = timed_chip();
        chip.io.bits_per_cycle = 8;
        timed_case c(chip, std::move(net), 3, 3);
        ASSERT_EQ(c.stages->count, 2);
        c.mapping =
            hand_mapping(c.stages.get(), {{{0, 0, 0, 0, 1, 0}, {0, 1, 1, 0, 1, 0}}, {{0, 0, 0, 0, 2, 0}}},
                         {{{0, 0, 0, 0, 0, 1, 0, 1, 0}, {0, 1, 1, 0, 0, 1, 0, 1, 0}}, {{0, 0, 0, 1, 0, 2, 0, 2, 0}}});
        c.mapping->stages[0].copies_x = 2;
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        EXPECT_EQ(r->timing->image_end[0],
                  1 + zero_load(2, 1) + 32 + 41 + 1 + 5 + zero_load(2, 1) + 41 + 0 + 5 + zero_load(1, 3));
        EXPECT_EQ(r->timing->packets, c.images * (4 + 1 + 1));
        EXPECT_EQ(r->timing->cores[0].mvm_count, c.images * (2 + 1));
        EXPECT_EQ(r->timing->cores[1].mvm_count, c.images * 2);
        EXPECT_EQ(r->timing->stage_busy_cycles[0], c.images * 64);
        for (size_t i = 2; i < c.images; i++) EXPECT_EQ(r->timing->image_end[i] - r->timing->image_end[i - 1], 64u);
        expect_equals_functional(c, *r);
    });
}

/* ---- trees ---- */

/* The first layer on core 0, beside the host; columns of the second one on cores 1, 2 and 5, which lie one behind the
 * other under XY: a tree of 3 links. Its packet of 2 flits reaches each as if it went there alone; one after another,
 * the third packet to core 5 leaves 4 cycles later. */
struct three_readers {
    timed_case c;
    explicit three_readers(bool multicast) : c(chip_with(multicast), network(), 1, 5) {
        c.mapping = hand_mapping(c.stages.get(),
                                 {{block_at(0, 0, 3)}, {block_at(1, 0, 2), block_at(2, 2, 4), block_at(5, 4, 6)}},
                                 {{tile_at(0, 0, 0, 4, 0, 3)},
                                  {tile_at(1, 0, 0, 3, 0, 2), tile_at(2, 0, 0, 3, 2, 4), tile_at(5, 0, 0, 3, 4, 6)}});
        c.prepare();
    }
    static weft_chip chip_with(bool multicast) {
        weft_chip chip = timed_chip();
        chip.noc.mesh[0] = 3, chip.noc.mesh[1] = 2;
        chip.noc.multicast = multicast;
        weft_chip_resolve(&chip);
        return chip;
    }
    static network_ptr network() {
        network_ptr net = make_network({4, 1, 1});
        add_layer(net.get(), WEFT_LAYER_DENSE, "fc1", 3);
        add_layer(net.get(), WEFT_LAYER_DENSE, "fc2", 6);
        return net;
    }
    /* The first layer's values enter the network. */
    static uint64_t sent() { return zero_load(1, 3) + 41 + 5; }
    static uint64_t end() { return sent() + zero_load(4, 2) + 41 + 5 + zero_load(4, 3); }
};

TEST(Cosim, OneProducerReachesThreeReadersByATree) {
    in_child([] {
        three_readers three(true);
        timed_case &c = three.c;
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        const weft_timing &t = *r->timing;
        EXPECT_EQ(t.image_end[0], three_readers::end());
        EXPECT_EQ(t.packets, 1u + 3 + 3);
        EXPECT_EQ(t.flits, 3u + 3 * 2 + 3 * 3);
        EXPECT_EQ(t.flits_in, 3u + 2 + 3 * 3);
        EXPECT_EQ(t.flit_hops, 3u * 2 + 3 * (1 + 2 + 3));
        for (int link : {0 * 4 + 0, 1 * 4 + 0, 2 * 4 + 3}) EXPECT_EQ(t.link_flits[link], 2u) << link;
        EXPECT_EQ(t.latency_sum_cycles, zero_load(1, 3) + zero_load(2, 2) + zero_load(3, 2) + zero_load(4, 2) +
                                            zero_load(2, 3) + zero_load(3, 3) + zero_load(4, 3));
        EXPECT_EQ(t.zero_load_sum_cycles, t.latency_sum_cycles);
        EXPECT_EQ(t.stage_events[0].n[WEFT_EVENT_LINK_FLIT], 3u * 2);
        EXPECT_EQ(t.stage_events[0].n[WEFT_EVENT_ROUTER_FLIT], (3u + 3) * 2);
        EXPECT_EQ(t.stage_events[0].n[WEFT_EVENT_BUFFER_WRITE_BIT], 3u * 3 * 8);
        expect_equals_functional(c, *r);
    });
}

TEST(Cosim, OneProducerReachesThreeReadersOneAfterAnother) {
    in_child([] {
        three_readers three(false);
        timed_case &c = three.c;
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        EXPECT_EQ(r->timing->image_end[0], three_readers::end() + 2 * 2);
        EXPECT_EQ(r->timing->flits_in, 3u + 3 * 2 + 3 * 3);
        EXPECT_EQ(r->timing->flit_hops, (1u + 2 + 3) * 2 + 3 * (1 + 2 + 3));
        expect_equals_functional(c, *r);
    });
}

/* TwoCoresWithAPartialSum with a tree: the pixel crosses the host's link once, for both cores. */
TEST(Cosim, AnInputTreeCrossesTheHostsLinkOnce) {
    in_child([] {
        weft_chip chip = timed_chip();
        chip.io.bits_per_cycle = 8;
        chip.noc.multicast = true;
        timed_case c(chip, dense_network(8, 3), 1, 2);
        c.mapping = hand_mapping(c.stages.get(), {{{0, 0, 1, 0, 3, 0}}},
                                 {{{0, 0, 1, 0, 0, 4, 0, 3, 0}, {0, 0, 0, 0, 4, 8, 0, 3, 0}}});
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        EXPECT_EQ(r->timing->image_end[0], zero_load(1, 5) + 41 + zero_load(2, 4) + 3 + 5 + zero_load(2, 4));
        EXPECT_EQ(r->timing->packets, 4u);
        EXPECT_EQ(r->timing->io_busy_cycles, 8u);
        EXPECT_EQ(r->timing->stage_events[1].n[WEFT_EVENT_IO_BIT], 64u);
        EXPECT_EQ(r->timing->stage_events[1].n[WEFT_EVENT_BUFFER_WRITE_BIT], 2u * 64);
        EXPECT_EQ(r->timing->flit_hops, 5u + 4 + 4);
        expect_equals_functional(c, *r);
    });
}

/* Both layers read the 4 inputs; the second one, on core 0 beside the host, adds the first one's values, from core 1.
 * The pixel's 32 bits go to core 0 at 0 and to core 1 at 2 (16 bits a cycle), where the 3 flits of the first packet
 * hold the second up until 3. core 1: 3 + 4*2+1+3, + 41, no digital event, + 5, 3 values of 8 bits: 2 flits, 4*2+1+2
 *   core 0: its sums wait since 4*1+1+3 + 41; 3 additions at 2 a cycle, + 5, result of 4 flits 4*1+1+4
 * It holds the sums, 3 x 16 bits, and the values, 3 x 8. */
TEST(Cosim, AdditionWaitsForItsSecondTerm) {
    in_child([] {
        timed_case c(timed_chip(), addition_network(), 1, 6);
        ASSERT_EQ(c.stages->count, 2);
        c.mapping = hand_mapping(c.stages.get(), {{{0, 0, 1, 0, 3, 0}}, {{0, 0, 0, 0, 3, 0}}},
                                 {{{0, 0, 1, 0, 0, 4, 0, 3, 0}}, {{0, 0, 0, 0, 0, 4, 0, 3, 0}}});
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        EXPECT_EQ(r->timing->image_end[0],
                  3 + zero_load(2, 3) + 41 + 0 + 5 + zero_load(2, 2) + 2 + 5 + zero_load(1, 4));
        EXPECT_EQ(r->timing->packets, 4u);
        EXPECT_EQ(r->timing->stage_events[1].n[WEFT_EVENT_PARTIAL_ADD], 3u);
        EXPECT_EQ(r->timing->stage_events[1].n[WEFT_EVENT_BUFFER_READ_BIT],
                  4u * 8 + 3u * 8); /* the rows, the second term */
        EXPECT_EQ(r->timing->cores[0].digital_busy_cycles, 2u);
        EXPECT_EQ(r->timing->cores[0].buffer_peak_bytes, 3 * 2 + 3);
        expect_equals_functional(c, *r);
    });
}

/* One pixel with padding around it, nine copies with a position each: eight of them read padding alone, and wait for
 * nobody. */
TEST(Cosim, CopiesOnPaddingRunByThemselves) {
    in_child([] {
        network_ptr net = make_network({1, 1, 1});
        add_layer(net.get(), WEFT_LAYER_CONV, "conv", 2, window_of(1, 1, 1), true);
        add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
        add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
        weft_chip chip = timed_chip();
        chip.array.per_core = 10;
        chip.array.rows = 18;
        weft_chip_resolve(&chip);
        timed_case c(chip, std::move(net), 3, 3);
        ASSERT_EQ(c.stages->count, 2);
        std::vector<weft_output_block> blocks;
        std::vector<weft_tile> tiles;
        for (int k = 0; k < 9; k++) {
            blocks.push_back(block_at(k % 2, 0, 2, 0, k));
            tiles.push_back(tile_at(k % 2, k / 2, 0, 1, 0, 2, 0, k));
        }
        c.mapping = hand_mapping(c.stages.get(), {{}, {block_at(0, 0, 2)}}, {{}, {tile_at(0, 9, 0, 18, 0, 2)}});
        set_stage(c.mapping.get(), 0, blocks, tiles, 3, 3);
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        EXPECT_EQ(r->timing->stage_events[2].n[WEFT_EVENT_IO_BIT], c.images * 8);
        EXPECT_EQ(r->timing->cores[0].mvm_count + r->timing->cores[1].mvm_count, c.images * (9 + 1));
        expect_equals_functional(c, *r);
    });
}

/* 16, 36 and 1 positions: the second layer sets the pace, 36 x 32 cycles an image. */
TEST(Cosim, PipelineRunsAtTheSpeedOfItsBottleneck) {
    in_child([] {
        pipeline_case c(12, 4);
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        const uint64_t pace = 36 * 32;
        for (size_t i = 2; i < c.images; i++)
            EXPECT_EQ(r->timing->image_end[i] - r->timing->image_end[i - 1], pace) << i;
        EXPECT_EQ(r->timing->stage_busy_cycles[0], 16 * 32 * c.images);
        EXPECT_EQ(r->timing->stage_busy_cycles[1], pace * c.images);
        EXPECT_EQ(r->timing->stage_busy_cycles[2], 32 * c.images);
        for (size_t i = 1; i < c.images; i++) EXPECT_GT(r->timing->image_start[i], r->timing->image_start[i - 1]);
        expect_equals_functional(c, *r);
    });
}

/* The host may be two images ahead of the first stage: image 2 starts with the result of image 0's last product. */
TEST(Cosim, HostWaitsForTheDoubleBuffer) {
    in_child([] {
        one_core_case c(4, 5);
        c.chip.io.bits_per_cycle = 32;
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        EXPECT_EQ(r->timing->image_start[0], 0u);
        EXPECT_EQ(r->timing->image_start[1], 1u);
        EXPECT_EQ(r->timing->image_start[2], zero_load(2, 3) + 41);
        EXPECT_EQ(r->timing->image_start[3], zero_load(2, 3) + 32 + 41);
        expect_equals_functional(c, *r);
    });
}

/* With what the mapping reserves alone there is room for the sums of one position: a product starts when the job of the
 * one before it does, 41 cycles after that one's start, instead of 32. */
TEST(Cosim, SumsWaitForRoom) {
    in_child([] {
        one_core_case c(4, 5);
        c.prepare();
        cosim_ptr r = run_timed(c, nullptr, true);
        ASSERT_TRUE(r);
        for (size_t i = 1; i < 4; i++) EXPECT_EQ(r->timing->image_end[i] - r->timing->image_end[i - 1], 41u) << i;
        EXPECT_EQ(r->timing->cores[1].buffer_peak_bytes, 4 + 3 * 2);
        for (uint64_t waiters : r->stalls[0].waiters) EXPECT_EQ(waiters, 1u);
        EXPECT_EQ(r->stalls[0].cycles[WEFT_STALL_OUTPUT], 0u);
        EXPECT_GE(r->stalls[0].cycles[WEFT_STALL_SUMS], 3 * (41u - 32u));
        expect_equals_functional(c, *r);
    });
}

/* A chip that is too small: two layers, one after the other. Each part's weights cross the link, 16 bits an analog
 * cell, then its cells are written, two at a time, 3 pulses of 5 ns each; then all images go through it. */
TEST(Cosim, PartsAreLoadedOneAfterTheOther) {
    in_child([] {
        network_ptr net = make_network({4, 1, 1});
        add_layer(net.get(), WEFT_LAYER_DENSE, "fc1", 3, window_of(1, 1, 0), true);
        add_layer(net.get(), WEFT_LAYER_RELU, "relu");
        add_layer(net.get(), WEFT_LAYER_DENSE, "fc2", 2);
        weft_chip chip = timed_chip();
        chip.device.program_pulses = 3;
        chip.device.program_pulse_ns.value = 5;
        chip.device.program_parallel = 2;
        timed_case c(chip, std::move(net), 2, 5);
        c.mapping = hand_mapping(c.stages.get(), {{{0, 0, 1, 0, 3, 0}}, {{1, 0, 1, 0, 2, 0}}},
                                 {{{0, 0, 1, 0, 0, 4, 0, 3, 0}}, {{1, 0, 1, 0, 0, 3, 0, 2, 0}}});
        c.mapping->parts = 2;
        c.prepare();
        cosim_ptr r = run_timed(c);
        ASSERT_TRUE(r);
        uint64_t load[2];
        for (int s = 0; s < 2; s++) {
            const uint64_t cells = weft_tile_cells(&c.mapping->stages[s].tiles[0], &c.chip);
            const uint64_t rate = (uint64_t)c.chip.io.bits_per_cycle, bits = cells * 16;
            load[s] = (bits + rate - 1) / rate + (cells + 1) / 2 * 3 * 5;
        }
        EXPECT_EQ(r->timing->image_start[0], load[0]);
        EXPECT_EQ(r->timing->program_cycles, load[0] + load[1]);
        /* From the end of the first part to the end of the second: its weights, the host's values (3 of 8 bits: 2
         * flits), a product, no digital event, 2 results (3 flits). */
        const uint64_t second = load[1] + zero_load(2, 2) + 41 + 5 + zero_load(2, 3);
        EXPECT_GE(r->timing->image_end[0], load[0] + zero_load(2, 3) + 41 + 32 + second);
        EXPECT_LE(r->timing->image_end[0], load[0] + zero_load(2, 3) + 41 + 32 + 3 + 5 + 8 + second);
        EXPECT_EQ(r->timing->cycles, r->timing->image_end[1]);
        expect_equals_functional(c, *r);
    });
}

/* Image 0 reaches core 1 in tick 0 and goes through it in tick 1, while image 1 comes in. A tick ends with a barrier of
 * 7 cycles and 2 for the core when it works, and lasts 100 cycles at least, or, in the second run, no time for itself.
 */
TEST(Cosim, TicksEndWithABarrier) {
    for (int shortest : {100, 0})
        in_child([shortest] {
            one_core_case c(2, 5);
            c.chip.clock.kind = WEFT_CLOCK_TICK;
            c.chip.clock.tick_ns = shortest;
            c.chip.clock.barrier_ns = 7;
            c.chip.clock.barrier_per_core_ns = 2;
            c.prepare();
            cosim_ptr r = run_timed(c);
            ASSERT_TRUE(r);
            const uint64_t arrives = zero_load(2, 3), work = 41 + 3 + 5 + zero_load(2, 4);
            const uint64_t first = shortest ? 100 : arrives + 7, second = shortest ? 200 : first + work + 7 + 2;
            EXPECT_EQ(r->timing->image_start[0], 0u);
            EXPECT_EQ(r->timing->image_start[1], first);
            EXPECT_EQ(r->timing->image_end[0], first + work);
            EXPECT_EQ(r->timing->image_end[1], second + work);
            expect_equals_functional(c, *r);
        });
}

/* What a run of one product on one core leaves in a trace: the host's link, its packet, the product, the job, the
 * result. 4 values of 8 bits: 3 flits; 3 results of 16 bits: 4 flits. */
TEST(Cosim, RecordsOperationsAndPackets) {
    in_child([] {
        one_core_case c(1, 1);
        c.prepare();
        weft_trace *trace = nullptr;
        ASSERT_TRUE(run_timed(c, &trace));
        const weft_trace_header *header = weft_trace_header_of(trace);
        EXPECT_EQ(header->host, 2);
        EXPECT_EQ(header->images, 1u);
        ASSERT_EQ(header->server_count, 3);
        weft_trace_cursor *cursor = nullptr;
        ASSERT_EQ(weft_trace_cursor_create(&cursor, trace, nullptr), WEFT_OK);
        struct expected {
            bool packet;
            int kind;
            uint64_t amount, start, finish, after;
        };
        const uint64_t there = zero_load(2, 3), done = there + 41, left = done + 3 + 5;
        const expected records[] = {
            {false, WEFT_SERVER_IO, 32, 0, 2, WEFT_TRACE_NONE},
            {true, WEFT_PACKET_INPUT, 4, 0, there, weft_trace_when(0, WEFT_TRACE_START)},
            {false, WEFT_SERVER_ARRAYS, 1, there, done, weft_trace_when(1, WEFT_TRACE_FINISH)},
            {false, WEFT_SERVER_DIGITAL, 6, done, left, weft_trace_when(2, WEFT_TRACE_FINISH)},
            {true, WEFT_PACKET_RESULT, 3, left, left + zero_load(2, 4), weft_trace_when(3, WEFT_TRACE_FINISH)},
        };
        weft_trace_record record;
        for (const expected &e : records) {
            ASSERT_TRUE(weft_trace_next(cursor, &record));
            ASSERT_EQ(record.is_packet, e.packet) << record.number;
            const weft_trace_operation &o = record.operation;
            const weft_trace_packet &p = record.packet;
            EXPECT_EQ(e.packet ? p.kind : header->servers[o.server].kind, e.kind) << record.number;
            EXPECT_EQ(e.packet ? (uint64_t)p.values : o.amount, e.amount) << record.number;
            EXPECT_EQ(e.packet ? p.start : o.start, e.start) << record.number;
            EXPECT_EQ(e.packet ? p.finish : o.finish, e.finish) << record.number;
            const int count = e.packet ? p.after_count : o.after_count;
            ASSERT_EQ(count, e.after == WEFT_TRACE_NONE ? 0 : 1) << record.number;
            if (count) { EXPECT_EQ(e.packet ? p.after[0] : o.after[0], e.after) << record.number; }
        }
        EXPECT_FALSE(weft_trace_next(cursor, &record));
        weft_trace_cursor_destroy(cursor);
        weft_trace_destroy(trace);
    });
}

/* 16 + 36 + 1 products an image, 636 of 12: told after every 512. */
TEST(Cosim, TellsItsProgress) {
    in_child([] {
        pipeline_case c(12, 4);
        c.prepare();
        std::vector<double> shares;
        weft_cosim_options options = {};
        options.images = c.images;
        options.progress = [](void *to, double share) { static_cast<std::vector<double> *>(to)->push_back(share); };
        options.progress_context = &shares;
        weft_cosim_result *result = nullptr;
        weft_error err = {};
        ASSERT_EQ(weft_cosim_run(&result, c.engine, &c.chip, c.mapping.get(), c.stages.get(), c.traffic.get(),
                                 c.x.data(), &options, &err),
                  WEFT_OK)
            << err.text;
        EXPECT_EQ(shares, std::vector<double>{512.0 / (12 * (16 + 36 + 1))});
        weft_cosim_result_destroy(result);
    });
}

TEST(Cosim, RunsOnceInAProcess) {
    in_child([] {
        one_core_case c(1, 1);
        c.prepare();
        ASSERT_TRUE(run_timed(c));
        weft_cosim_result *result = nullptr;
        weft_error err = {};
        EXPECT_EQ(c.run(&result, &err), WEFT_E_INVALID);
        EXPECT_STREQ(err.text, "timed run: a process can run the SystemC kernel only once");
    });
}

TEST(Cosim, NamesItsSystemC) { EXPECT_STREQ(weft_cosim_systemc_version(), "2.3.4"); }

} // namespace

/* Own main: SystemC's library brings one that would be taken before GoogleTest's. */
int main(int argc, char **argv) {
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
