/* What holds a run up, and what it would be worth, where both are known by hand. */
#include "sim/report/resources.h"
#include "tests/support/cosim_cases.h"

using namespace weft_test;

namespace {

/* The second layer sets the pace, 36 x 32 cycles an image; without it the first does, 16 x 32. */
TEST(Resources, TheBottleneckOfAPipeline) {
    in_child([] {
        pipeline_case c(12, 4);
        c.prepare();
        weft_trace *trace = nullptr;
        weft_cosim_result *result = nullptr;
        weft_error err = {};
        ASSERT_EQ(c.run(&result, &err, &trace), WEFT_OK) << err.text;
        const weft_run run = {result->timing, 1, false};
        EXPECT_EQ(weft_run_pace(&run), 36 * 32);
        weft_resource found[8];
        const int count = weft_resources_find(found, &run, &c.chip);
        ASSERT_GE(count, 4);
        EXPECT_EQ(found[0].kind, WEFT_RESOURCE_ARRAYS);
        EXPECT_EQ(found[0].stage, 1);
        EXPECT_EQ(found[0].utilisation, 1);
        EXPECT_EQ(found[1].stage, 0);
        EXPECT_DOUBLE_EQ(found[1].utilisation, 16 / 36.0);
        for (int i = 1; i < count - 1; i++) EXPECT_LE(found[i].utilisation, found[i - 1].utilisation);
        EXPECT_EQ(found[count - 1].kind, WEFT_RESOURCE_BUFFERS);

        weft_report_without without[8];
        int measured = 0;
        ASSERT_EQ(weft_resources_measure(without, &measured, 8, &run, trace, &c.chip, nullptr, &err), WEFT_OK)
            << err.text;
        ASSERT_EQ(measured, count);
        EXPECT_EQ(without[0].resource.stage, 1);
        EXPECT_EQ(without[0].pace_cycles, 16 * 32);
        EXPECT_DOUBLE_EQ(without[0].speedup, 36 / 16.0);
        ASSERT_TRUE(without[0].limited);
        EXPECT_EQ(without[0].next.kind, WEFT_RESOURCE_ARRAYS);
        EXPECT_EQ(without[0].next.stage, 0);
        EXPECT_EQ(without[1].resource.kind, WEFT_RESOURCE_BUFFERS);
        EXPECT_GE(without[2].resource.kind, WEFT_RESOURCE_DIGITAL); /* each kind before the other arrays */
        EXPECT_EQ(without[measured - 1].resource.stage, 2);
        for (int i = 1; i < measured; i++) { /* nothing else holds it up */
            EXPECT_DOUBLE_EQ(without[i].speedup, 1) << i;
            EXPECT_EQ(without[i].next.stage, 1) << i;
        }
        char text[100];
        weft_resource_text(text, sizeof text, &found[0], c.stages.get(), &c.chip);
        EXPECT_STREQ(text, "conv2's arrays");
        weft_trace_destroy(trace);
        weft_cosim_result_destroy(result);
    });
}

/* A layer of 64 values and one result: 64 x 8 bits at 8 a cycle are 64 cycles on the way in, a product takes 32. */
TEST(Resources, TheHostLink) {
    in_child([] {
        network_ptr net = make_network({64, 1, 1});
        add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 1);
        weft_chip chip = timed_chip();
        chip.array.rows = 64;
        chip.io.bits_per_cycle = 8;
        weft_chip_resolve(&chip);
        timed_case c(chip, std::move(net), 10, 5);
        c.mapping = hand_mapping(c.stages.get(), {{block_at(1, 0, 1)}}, {{tile_at(1, 0, 0, 64, 0, 1)}});
        c.prepare();
        weft_trace *trace = nullptr;
        weft_cosim_result *result = nullptr;
        weft_error err = {};
        ASSERT_EQ(c.run(&result, &err, &trace), WEFT_OK) << err.text;
        const weft_run run = {result->timing, 1, false};
        EXPECT_EQ(weft_run_pace(&run), 64);
        weft_report_without without[1];
        int measured = 0;
        ASSERT_EQ(weft_resources_measure(without, &measured, 1, &run, trace, &chip, nullptr, &err), WEFT_OK)
            << err.text;
        ASSERT_EQ(measured, 1);
        EXPECT_EQ(without[0].resource.kind, WEFT_RESOURCE_IO);
        /* Then an image starts when the one before the last is through its product, 4 * 2 + 1 + 33 cycles of a packet
         * (520 bits in flits of 16) and 41 of the product: two images in 83 cycles, the first two at once. */
        EXPECT_GE(without[0].pace_cycles, 40);
        EXPECT_LE(without[0].pace_cycles, 41.5);
        EXPECT_DOUBLE_EQ(without[0].speedup, 64 / without[0].pace_cycles);
        EXPECT_EQ(without[0].next.kind, WEFT_RESOURCE_LINK);
        weft_trace_destroy(trace);
        weft_cosim_result_destroy(result);
    });
}

} // namespace

/* Own main: SystemC's library brings one that would be taken before GoogleTest's. */
int main(int argc, char **argv) {
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
