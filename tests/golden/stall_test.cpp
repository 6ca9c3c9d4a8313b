/* Runs that cannot end say who waits for what. Each is made so by a mapping that has lost a tile after the packets were
 * planned: its sums never come. */
#include "tests/support/cosim_cases.h"

using namespace weft_test;

namespace {

/* What the run without the stage's last tile says behind "nothing happens after cycle N: ". */
std::string waits(timed_case &c, int stage, bool reserved = false) {
    c.prepare();
    weft_cosim_result *result = nullptr;
    weft_error err = {};
    c.mapping->stages[stage].tile_count--;
    EXPECT_EQ(c.run(&result, &err, nullptr, reserved), WEFT_E_INTERNAL);
    c.mapping->stages[stage].tile_count++;
    EXPECT_EQ(result, nullptr);
    const std::string text = err.text, begin = "timed run: nothing happens after cycle ";
    EXPECT_EQ(text.rfind(begin, 0), 0U) << text;
    const size_t colon = text.find(": ", begin.size());
    return colon == std::string::npos ? text : text.substr(colon + 2);
}

/* 8 values to 3 on cores 0 and 1, four tiles. */
struct split_case : timed_case {
    split_case(size_t count, const std::vector<weft_output_block> &blocks, const std::vector<weft_tile> &tiles)
        : timed_case(chip_of(), dense_network(8, 3), count, 2) {
        mapping = hand_mapping(stages.get(), {blocks}, {tiles});
    }

  private:
    static weft_chip chip_of() {
        weft_chip chip = timed_chip();
        chip.array.per_core = 4;
        weft_chip_resolve(&chip);
        return chip;
    }
};

TEST(Stall, PartialSums) {
    in_child([] {
        split_case c(1, {block_at(1, 0, 2), block_at(0, 2, 3)},
                     {tile_at(1, 0, 0, 4, 0, 2), tile_at(1, 1, 4, 8, 0, 2), tile_at(0, 0, 0, 4, 2, 3),
                      tile_at(1, 2, 4, 8, 2, 3)});
        EXPECT_EQ(waits(c, 0),
                  "host waits for 1 result of image 0; core 0, stage 'fc' block 1 waits for 1 of 2 partial "
                  "sums at position 0 of image 0");
    });
}

/* Core 0 adds to a block on core 1 that never gets the rest: there is room for the sums of four images, so it takes in
 * the input of four, and the host gets two further. With what the mapping reserves, one and one. */
TEST(Stall, RoomForSumsAndCreditsOfTheHost) {
    for (bool reserved : {false, true})
        in_child([reserved] {
            split_case c(8, {block_at(1, 0, 2), block_at(1, 2, 3)},
                         {tile_at(1, 0, 0, 4, 0, 2), tile_at(0, 0, 4, 8, 0, 2), tile_at(0, 1, 0, 4, 2, 3),
                          tile_at(1, 1, 4, 8, 2, 3)});
            const std::string host =
                reserved ? "host cannot send pixel 0 of image 2 to core 0, stage 'fc', which has no room"
                         : "host cannot send image 6 before its readers have finished image 4";
            EXPECT_EQ(
                waits(c, 0, reserved),
                "host waits for 1 result of image 0; " + host +
                    "; core 0, stage 'fc' waits for room for its sums at core 1; core 1, stage 'fc' block 1 waits "
                    "for 1 of 2 partial sums at position 0 of image 0");
        });
}

TEST(Stall, SecondTerms) {
    in_child([] {
        timed_case c(timed_chip(), addition_network(), 1, 6);
        c.mapping = hand_mapping(c.stages.get(), {{block_at(1, 0, 2), block_at(1, 2, 3)}, {block_at(0, 0, 3)}},
                                 {{tile_at(1, 0, 0, 4, 0, 2), tile_at(1, 1, 0, 4, 2, 3)}, {tile_at(0, 0, 0, 4, 0, 3)}});
        EXPECT_EQ(waits(c, 0),
                  "host waits for 1 result of image 0; core 0, stage 'second' block 0 waits for the second "
                  "term of an addition at position 0 of image 0");
    });
}

#define NO_RESULT "host waits for 1 result of image 0; "
#define NO_PIXEL "core 3, stage 'conv2' waits for pixel (0, 0) of image 0, 1 packet missing"
/* Two channels in blocks of their own; the second one's values never come. What conv2 makes of its padding still goes
 * to fc. */
struct halves_case : pipeline_case {
    explicit halves_case(size_t count) : pipeline_case(count, 4) {
        mapping = hand_mapping(stages.get(),
                               {{block_at(1, 0, 1), block_at(1, 1, 2)}, {block_at(3, 0, 1)}, {block_at(2, 0, 4)}},
                               {{tile_at(1, 0, 0, 1, 0, 1), tile_at(1, 1, 0, 1, 1, 2)},
                                {tile_at(3, 0, 0, 2, 0, 1)},
                                {tile_at(2, 0, 0, 36, 0, 4)}});
    }
};

TEST(Stall, Pixels) {
    in_child([] {
        halves_case c(1);
        EXPECT_EQ(waits(c, 0),
                  NO_RESULT "core 2, stage 'fc' waits for pixel (1, 1) of image 0, 1 packet missing; " NO_PIXEL);
    });
}

/* The window of conv2's 1 x 1 kernel is a line of 4 pixels, of which the first half comes. */
TEST(Stall, RoomAtReaders) {
    in_child([] {
        halves_case c(2);
        EXPECT_EQ(waits(c, 0, true),
                  NO_RESULT "host cannot send pixel 12 of image 0 to core 1, stage 'conv1', which has no room; core 1, "
                            "stage 'conv1' block 0 waits for room at core 3, stage 'conv2' at position 4 of image 0; "
                            "core 2, stage 'fc' waits for pixel (1, 1) of image 0, 1 packet missing; and more");
    });
}

/* The images that follow have their ticks, too. */
TEST(Stall, InTicks) {
    in_child([] {
        halves_case c(3);
        c.chip.clock.kind = WEFT_CLOCK_TICK;
        EXPECT_EQ(waits(c, 0),
                  NO_RESULT "core 2, stage 'fc' waits for pixel (1, 1) of image 0, 1 packet missing; " NO_PIXEL);
    });
}

/* A maximum over two positions of three channels: two of them come. */
TEST(Stall, InputOfADigitalStage) {
    in_child([] {
        network_ptr net = make_network({1, 1, 2});
        add_layer(net.get(), WEFT_LAYER_CONV, "conv", 3, window_of(1, 1, 0), true);
        add_layer(net.get(), WEFT_LAYER_MAX_POOL, "pool", 0, {1, 2, 1, 2, 1, 1, 0, 0, 0, 0});
        timed_case c(timed_chip(), std::move(net), 1, 3);
        c.mapping = hand_mapping(c.stages.get(), {{block_at(1, 0, 2), block_at(1, 2, 3)}, {block_at(0, 0, 3)}},
                                 {{tile_at(1, 0, 0, 1, 0, 2), tile_at(1, 1, 0, 1, 2, 3)}, {}});
        EXPECT_EQ(waits(c, 0),
                  "host waits for 1 result of image 0; core 0, stage 'pool' block 0 waits for its input at "
                  "position 0 of image 0");
    });
}

/* fc1 and fc2 in two parts: values go through the host; half of fc1's never come. */
TEST(Stall, ValuesBetweenParts) {
    for (int chips : {1, 2})
        in_child([chips] {
            network_ptr net = make_network({4, 1, 1});
            add_layer(net.get(), WEFT_LAYER_DENSE, "fc1", 3, window_of(1, 1, 0), true);
            add_layer(net.get(), WEFT_LAYER_RELU, "relu");
            add_layer(net.get(), WEFT_LAYER_DENSE, "fc2", 2);
            timed_case c(timed_chip(), std::move(net), 8, 5);
            c.mapping =
                hand_mapping(c.stages.get(), {{block_at(0, 0, 2), block_at(0, 2, 3)}, {block_at(1, 0, 2, 1)}},
                             {{tile_at(0, 0, 0, 4, 0, 2), tile_at(0, 1, 0, 4, 2, 3)}, {tile_at(1, 0, 0, 3, 0, 2, 1)}});
            c.mapping->parts = 2, c.mapping->chips = chips;
            const std::string there =
                "; host waits for position 0 of image 0 of stage 'fc1' block 1; core 1, stage 'fc2' "
                "waits for pixel (0, 0) of image 0, 1 packet missing";
            EXPECT_EQ(waits(c, 0), "host waits for 1 result of image 0" + (chips == 2 ? there : std::string()));
        });
}

/* The watch over the network: a link between chips carries a flit in 64 cycles, and nothing may stand still for 20. */
TEST(Stall, TheNetworkIsWatched) {
    in_child([] {
        one_core_case c(1, 1);
        c.chip.noc.chips[0] = 2, c.chip.noc.chips[1] = 1;
        c.chip.noc.chip_link_interval = 64;
        c.chip.noc.chip_link_cycles = c.chip.noc.chip_credit_cycles = 1;
        c.prepare();
        weft_cosim_options options = {};
        options.images = 1;
        options.stall_limit = 20;
        weft_cosim_result *result = nullptr;
        weft_error err = {};
        EXPECT_EQ(weft_cosim_run(&result, c.engine, &c.chip, c.mapping.get(), c.stages.get(), c.traffic.get(),
                                 c.x.data(), &options, &err),
                  WEFT_E_INTERNAL);
        EXPECT_STREQ(err.text, "timed run: no flit has moved for 20 cycles, 1 packet inside the network");
    });
}

} // namespace

/* Own main: SystemC's library brings one that would be taken before GoogleTest's. */
int main(int argc, char **argv) {
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
