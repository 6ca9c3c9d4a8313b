// Event counts against closed forms, digital operations by hand, and what the engine refuses.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/model_fixture.h"

namespace {

TEST(Events, IsaacConvertsOnceAMultiplyAccumulateWhenArraysAreFull) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip);
    net.input({128, 4, 4});
    net.conv(32, make_window(2, 2, 0)); // 512 x 32: 4 row tiles of 128, 2 column tiles of 16; 4 positions
    net.dense(16);
    net.finish(0, 1);
    Engine engine(net);
    ASSERT_EQ(WEFT_OK, engine.status);
    const weft_event_counts e = weft_engine_events(engine, 0);
    const uint64_t macs = 4 * 512 * 32, mvms = 4 * 8;
    EXPECT_EQ(macs, e.n[WEFT_EVENT_ADC_CONVERSION]);
    EXPECT_EQ(macs, e.n[WEFT_EVENT_SAMPLE_HOLD]);
    EXPECT_EQ(macs, e.n[WEFT_EVENT_SHIFT_ADD]);
    EXPECT_EQ(mvms * 16, e.n[WEFT_EVENT_ARRAY_READ]);
    EXPECT_EQ(mvms * 16 * 128, e.n[WEFT_EVENT_ROW_DRIVE]);
    EXPECT_EQ(mvms * 128 * 16, e.n[WEFT_EVENT_INPUT_REGISTER_BIT]);
    EXPECT_EQ(mvms * 16 * 32, e.n[WEFT_EVENT_OUTPUT_REGISTER_BIT]);
    EXPECT_EQ(4u * 3 * 32, e.n[WEFT_EVENT_PARTIAL_ADD]);
    EXPECT_EQ(0u,
              e.n[WEFT_EVENT_AFFINE] + e.n[WEFT_EVENT_ACTIVATION] + e.n[WEFT_EVENT_POOL] + e.n[WEFT_EVENT_ROUTER_FLIT]);
}

TEST(Events, PartlyUsedTileOfAPulseWidthChip) {
    ChipSpec s = hermes_like();
    s.phases = 4;
    const weft_chip chip = make_chip(s);
    Net net(chip);
    net.input({3, 1, 1});
    net.dense(7);
    net.finish(0, 1);
    Engine engine(net);
    const weft_event_counts e = weft_engine_tile_events(engine, 0, 0);
    EXPECT_EQ(4u, e.n[WEFT_EVENT_ARRAY_READ]);
    EXPECT_EQ(12u, e.n[WEFT_EVENT_ROW_DRIVE]);
    EXPECT_EQ(28u, e.n[WEFT_EVENT_ADC_CONVERSION]);
    EXPECT_EQ(24u, e.n[WEFT_EVENT_INPUT_REGISTER_BIT]);
    EXPECT_EQ(224u, e.n[WEFT_EVENT_OUTPUT_REGISTER_BIT]);
    EXPECT_EQ(0u, weft_engine_events(engine, 0).n[WEFT_EVENT_PARTIAL_ADD]);
}

TEST(Events, DigitalUnit) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip);
    net.input({1, 8, 8});
    net.conv(5, make_window(3, 1, 1));
    net.batch_norm();
    net.relu();
    net.pool(WEFT_DIGITAL_MAX_POOL, make_window(2, 2, 0));     // 4 x 4
    net.pool(WEFT_DIGITAL_AVERAGE_POOL, make_window(3, 1, 0)); // 2 x 2
    net.dense(2);
    net.finish(0, 1);
    Engine engine(net);
    const weft_event_counts e = weft_engine_events(engine, 0);
    EXPECT_EQ(64u * 5, e.n[WEFT_EVENT_AFFINE]);
    EXPECT_EQ(64u * 5, e.n[WEFT_EVENT_ACTIVATION]);
    EXPECT_EQ(16u * 5 * 3 + 4u * 5 * 9, e.n[WEFT_EVENT_POOL]);
    EXPECT_EQ(2u * 3, weft_engine_digital_events(engine, 0, 2, 2).n[WEFT_EVENT_POOL]);
}

struct PoolCase {
    weft_digital_kind kind;
    bool count_pad;
    std::vector<float> expected; // 2 x 2 of a 3 x 3 map, window 2, stride 2, one row and column of padding first
};

TEST(Digital, PoolsLeavePaddingOut) {
    const std::vector<float> map = {-1, -2, -3, -4, -5, -6, -7, -8, -9};
    const PoolCase cases[] = {
        {WEFT_DIGITAL_MAX_POOL, false, {-1, -2, -4, -5}},
        {WEFT_DIGITAL_AVERAGE_POOL, false, {-1, -2.5f, -5.5f, -7}},
        {WEFT_DIGITAL_AVERAGE_POOL, true, {-0.25f, -1.25f, -2.75f, -7}},
    };
    for (const PoolCase &k : cases) {
        const weft_chip chip = make_chip(isaac_like());
        Net net(chip);
        net.input({1, 3, 3});
        net.conv(1, make_window(1, 1, 0));
        weft_window w = make_window(2, 2, 0);
        w.pad_top = w.pad_left = 1;
        net.pool(k.kind, w, k.count_pad);
        net.dense(1);
        net.finish(0, 1);
        Engine engine(net);
        for (int p = 0; p < 4; p++) {
            float out = 99;
            weft_engine_digital(engine, 0, 0, 0, 1, map.data(), nullptr, p / 2, p % 2, &out);
            EXPECT_EQ(k.expected[static_cast<size_t>(p)], out) << p;
        }
    }
}

TEST(Digital, AffineAndReluTakeAChannelRange) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip);
    net.input({1, 1, 2});
    net.conv(4, make_window(1, 1, 0));
    weft_digital_op &op = net.bias();
    for (int c = 0; c < 4; c++) op.scale[c] = static_cast<float>(c + 1), op.offset[c] = static_cast<float>(-10 * c);
    net.relu();
    net.dense(1);
    net.finish(0, 1);
    Engine engine(net);
    const float map[] = {1, 2, 3, 9}; // 2 positions, channels 1 and 2
    float out[2];
    weft_engine_digital(engine, 0, 0, 1, 3, map, nullptr, 0, 1, out);
    EXPECT_EQ(2.0f * 3 - 10, out[0]);
    EXPECT_EQ(3.0f * 9 - 20, out[1]);
    weft_engine_digital(engine, 0, 1, 1, 3, out, nullptr, 0, 0, out);
    EXPECT_EQ(0.0f, out[0]);
    EXPECT_EQ(7.0f, out[1]);
}

struct ActivationCase {
    weft_digital_kind kind;
    float low, high, step, threshold;
    bool signed_spikes;
    std::vector<float> in, expected;
};

TEST(Digital, ActivationsAtTheirEdges) {
    const ActivationCase cases[] = {
        {WEFT_DIGITAL_CLIP, -0.5f, 2, 0, 0, false, {-9, -0.5f, 0.25f, 2, 2.5f}, {-0.5f, -0.5f, 0.25f, 2, 2}},
        /* ties go to the even multiple of the step */
        {WEFT_DIGITAL_QUANTISE, 0, 1.5f, 0.5f, 0, false, {-1, 0.25f, 0.75f, 0.7f, 9}, {0, 0, 1, 0.5f, 1.5f}},
        {WEFT_DIGITAL_QUANTISE,
         -1.5f,
         1.5f,
         0.5f,
         0,
         false,
         {-9, -0.25f, -0.75f, 1.25f, 1.3f},
         {-1.5f, 0, -1, 1, 1.5f}},
        {WEFT_DIGITAL_THRESHOLD, 0, 0, 0, 0.5f, false, {-9, -0.5f, 0.49f, 0.5f, 9}, {0, 0, 0, 1, 1}},
        {WEFT_DIGITAL_THRESHOLD, 0, 0, 0, 0.5f, true, {-9, -0.5f, -0.49f, 0.5f, 9}, {-1, -1, 0, 1, 1}},
    };
    for (const ActivationCase &k : cases) {
        const weft_chip chip = make_chip(isaac_like());
        Net net(chip);
        net.input({1, 1, 1});
        net.dense(5);
        weft_digital_op &op = net.relu();
        op.kind = k.kind, op.low = k.low, op.high = k.high, op.step = k.step;
        op.threshold = k.threshold, op.signed_spikes = k.signed_spikes;
        net.finish(0, 1);
        Engine engine(net);
        float out[5];
        weft_engine_digital(engine, 0, 0, 0, 5, k.in.data(), nullptr, 0, 0, out);
        for (size_t i = 0; i < 5; i++) EXPECT_EQ(k.expected[i], out[i]) << k.kind << ", " << k.in[i];
    }
}

struct CurveCase {
    weft_digital_kind kind;
    float slope, offset;
    std::vector<float> in, expected;
};

TEST(Digital, CurvesAtKnownPoints) {
    const CurveCase cases[] = {
        {WEFT_DIGITAL_LEAKY_RELU, 0.25f, 0, {-8, -0.0f, 0, 3, 9}, {-2, 0, 0, 3, 9}},
        {WEFT_DIGITAL_SIGMOID, 0, 0, {-1000, 0, 1000, 1, -1}, {0, 0.5f, 1, 0.7310585786300049f, 0.2689414213699951f}},
        {WEFT_DIGITAL_HARD_SIGMOID, 0.25f, 0.5f, {-2, -1, 0, 2, 9}, {0, 0.25f, 0.5f, 1, 1}},
        {WEFT_DIGITAL_HARD_SWISH, 0, 0, {-9, -1.5f, 0, 1.5f, 9}, {0, -0.375f, 0, 1.125f, 9}},
        {WEFT_DIGITAL_TANH, 0, 0, {-1000, 0, 1000, 1, -1}, {-1, 0, 1, 0.7615941559557649f, -0.7615941559557649f}},
    };
    for (const CurveCase &k : cases) {
        const weft_chip chip = make_chip(isaac_like());
        Net net(chip);
        net.input({1, 1, 1});
        net.dense(5);
        weft_digital_op &op = net.activation(k.kind);
        op.slope = k.slope, op.slope_offset = k.offset;
        net.finish(0, 1);
        Engine engine(net);
        float out[5];
        weft_engine_digital(engine, 0, 0, 0, 5, k.in.data(), nullptr, 0, 0, out);
        for (size_t i = 0; i < 5; i++) EXPECT_EQ(k.expected[i], out[i]) << k.kind << ", " << k.in[i];
        EXPECT_EQ(5u, weft_engine_events(engine, 0).n[WEFT_EVENT_ACTIVATION]);
    }
}

// Channels 1 and 2 of a 1 x 2 map, one row above and two columns to the left.
TEST(Digital, PadPutsZerosAround) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip);
    net.input({3, 1, 2});
    net.digital();
    net.pad(1, 2, 0, 0);
    net.dense(1);
    net.finish(0, 1);
    Engine engine(net);
    const float map[] = {1, 2, 3, 4};
    const std::vector<float> expected = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
    for (int p = 0; p < 8; p++) {
        float out[2] = {9, 9};
        weft_engine_digital(engine, 0, 0, 1, 3, map, nullptr, p / 4, p % 4, out);
        EXPECT_EQ(expected[static_cast<size_t>(2 * p)], out[0]) << p;
        EXPECT_EQ(expected[static_cast<size_t>(2 * p + 1)], out[1]) << p;
    }
    const weft_event_counts e = weft_engine_events(engine, 0);
    for (int k = 0; k < WEFT_EVENT_COUNT; k++) EXPECT_EQ(0u, e.n[k]) << weft_events[k].id;
}

// Second terms come with the scale of the stage that made them: 1 for the input's, 2 and 4 for two stages side by side.
TEST(Digital, AdditionTakesEachSourceByItsScale) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip);
    net.input({2, 1, 1});
    net.conv(2, make_window(1, 1, 0)); // 0
    net.read({-1});
    net.conv(1, make_window(1, 1, 0)); // 1
    net.read({-1});
    net.conv(3, make_window(1, 1, 0)); // 2
    net.plus({0, 1});
    net.finish(0, 32767);
    net.mapping()->stages[0].output_max = 2 * 32767;
    net.mapping()->stages[1].output_max = 4 * 32767;
    Engine engine(net);
    ASSERT_EQ(WEFT_OK, engine.status);
    EXPECT_EQ(1.0f, weft_engine_stage(engine, 2).input_scale);
    EXPECT_EQ(2.0f, weft_engine_stage(engine, 0).output_scale);
    EXPECT_EQ(4.0f, weft_engine_stage(engine, 1).output_scale);
    EXPECT_EQ(0.0f, weft_engine_stage(engine, 2).output_scale);
    const int32_t q[] = {-3, 5};
    const float map[] = {0.5f, 100};
    float addend[2], out[2];
    weft_engine_port(engine, 2, 1, 1, 3, q, addend);
    EXPECT_EQ(-6.0f, addend[0]);
    EXPECT_EQ(20.0f, addend[1]);
    weft_engine_digital(engine, 2, 0, 1, 3, map, addend, 0, 0, out);
    EXPECT_EQ(-5.5f, out[0]);
    EXPECT_EQ(120.0f, out[1]);
    EXPECT_EQ(2u, weft_engine_digital_events(engine, 2, 0, 2).n[WEFT_EVENT_PARTIAL_ADD]);
    EXPECT_EQ(3u, weft_engine_events(engine, 2).n[WEFT_EVENT_PARTIAL_ADD]);
}

// Two groups in one tile of 2 x 2: a column sees the row of its group alone. In cells that hold weights with an offset,
// 0 is not an empty cell.
TEST(Engine, CellsOffTheGroupsCountAsZero) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip);
    net.input({2, 1, 1});
    weft_stage &s = net.conv(2, make_window(1, 1, 0), 2);
    s.weight[0] = 0.5f, s.weight[1] = -1;
    net.finish(0, 1);
    ASSERT_EQ(1, net.mapping()->stages[0].tile_count);
    Engine engine(net);
    ASSERT_EQ(WEFT_OK, engine.status);
    const int32_t q[] = {3, 5};
    int64_t codes[2];
    weft_engine_tile(engine, 0, 0, 0, q, 0, 0, codes);
    EXPECT_EQ(3 * 16384, codes[0]); // round(0.5 * 32767), half away from zero
    EXPECT_EQ(-5 * 32767, codes[1]);
}

// Four positions, two copies: copy 0 in one tile computes positions 0 and 2, copy 1 in four tiles the others.
TEST(Events, CopiesCountTheirOwnTiles) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip);
    net.input({4, 1, 4});
    net.conv(6, make_window(1, 1, 0));
    net.copies(1, 2);
    net.dense(2);
    net.finish(0, 1);
    weft_mapped_stage &m = net.mapping()->stages[0];
    ASSERT_EQ(2, m.tile_count);
    weft_tile tiles[5] = {m.tiles[0], m.tiles[1], m.tiles[1], m.tiles[1], m.tiles[1]};
    for (int t = 1; t < 5; t++) {
        tiles[t].row_begin = t % 2 ? 0 : 1, tiles[t].row_end = t % 2 ? 1 : 4;
        tiles[t].column_begin = t < 3 ? 0 : 5, tiles[t].column_end = t < 3 ? 5 : 6;
    }
    m.tiles = tiles;
    m.tile_count = 5;
    Engine engine(net);
    ASSERT_EQ(WEFT_OK, engine.status);
    const weft_event_counts e = weft_engine_events(engine, 0);
    EXPECT_EQ((2u * 1 + 2 * 4) * 16, e.n[WEFT_EVENT_ARRAY_READ]);
    EXPECT_EQ((2u * 4 + 2 * 2 * 4) * 16, e.n[WEFT_EVENT_ROW_DRIVE]);
    EXPECT_EQ((2u * 6 + 2 * 2 * 6) * 16 * 8, e.n[WEFT_EVENT_ADC_CONVERSION]);
    EXPECT_EQ(2u * 6, e.n[WEFT_EVENT_PARTIAL_ADD]);
}

// Outputs that a matrix reads side by side share the largest range; a reader of one of them sees it too.
TEST(Calibration, ConcatenatedOutputsShareAScale) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip);
    net.input({2, 3, 3});
    net.conv(2, make_window(1, 1, 0)); // 0
    net.conv(2, make_window(1, 1, 0)); // 1 reads 0
    net.read({0, 1});
    net.conv(3, make_window(3, 1, 0)); // 2
    net.finish();
    for (int i = 0; i < 4; i++) {
        net.stage_at(0).weight[i] = i % 3 ? 0.0f : 1.0f; // identity
        net.stage_at(1).weight[i] = i % 3 ? 0.0f : 8.0f;
    }
    Engine engine(net);
    ASSERT_EQ(WEFT_OK, engine.status);
    EXPECT_FALSE(weft_engine_has_ranges(engine));
    const std::vector<float> x = net.images(3, -0.25f, 0.25f);
    ASSERT_EQ(WEFT_OK, weft_engine_calibrate(engine, x.data(), 3, WEFT_CALIBRATE_RANGES, nullptr));
    EXPECT_TRUE(weft_engine_has_ranges(engine));
    float largest = 0;
    for (float v : x) largest = std::max(largest, std::fabs(v));
    const float scale = weft_engine_stage(engine, 1).output_scale;
    EXPECT_NEAR(8 * largest / 32767, scale, 1e-3f * scale);
    EXPECT_EQ(scale, weft_engine_stage(engine, 0).output_scale);
    EXPECT_EQ(scale, weft_engine_stage(engine, 1).input_scale);
    EXPECT_EQ(scale, weft_engine_stage(engine, 2).input_scale);
    EXPECT_NEAR(largest / 32767, weft_engine_stage(engine, 0).input_scale, 1e-6f * largest / 32767);
}

TEST(Engine, NamesTheOutputWithoutARange) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip);
    net.input({4, 1, 1});
    net.dense(2);
    net.dense(2);
    net.finish(0, 1);
    net.mapping()->stages[0].output_max = 0;
    Engine engine(net);
    weft_error err{};
    float logits[2];
    const float x[4] = {1, 2, 3, 4};
    EXPECT_FALSE(weft_engine_has_ranges(engine)); // the last stage needs none
    EXPECT_EQ(WEFT_E_INVALID, weft_engine_run(engine, x, 1, logits, &err));
    EXPECT_STREQ("stage 'stage0' has no output range: the mapping's output_range is [0, 0]; calibrate ranges first",
                 err.text);
}

TEST(Engine, ScalesComeFromWeightsAndMapping) {
    const weft_chip chip = make_chip(hermes_like());
    Net net(chip);
    net.input({4, 1, 1});
    weft_stage &s = net.dense(2);
    const float w[] = {0.5f, -2.0f, 0, 1, 1, 1, 0.25f, 0};
    std::copy_n(w, 8, s.weight);
    net.finish(-3, 1);
    Engine engine(net);
    EXPECT_TRUE(weft_engine_has_ranges(engine));
    const weft_engine_stage_info info = weft_engine_stage(engine, 0);
    EXPECT_EQ(2.0f / 32767, info.weight_scale);
    EXPECT_EQ(3.0f / 127, info.input_scale);
    EXPECT_FALSE(info.exact_adc);
    // A code is 256 * 32767 * 127 / 2047 products; 127 = 3.0, 32767 = 2.0.
    const int64_t sums[2] = {1, -10};
    float values[2];
    weft_engine_dequantise(engine, 0, 0, 2, sums, values);
    EXPECT_NEAR(256 * 6.0 / 2047, values[0], 1e-6);
    EXPECT_NEAR(-2560 * 6.0 / 2047, values[1], 1e-5);
}

TEST(Engine, RefusesToRunWithoutRanges) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip);
    net.input({4, 1, 1});
    net.dense(2);
    net.finish();
    Engine engine(net);
    weft_error err{};
    float logits[2] = {5, 5};
    const float x[4] = {1, 2, 3, 4};
    EXPECT_FALSE(weft_engine_has_ranges(engine));
    EXPECT_EQ(WEFT_E_INVALID, weft_engine_run(engine, x, 1, logits, &err));
    EXPECT_STREQ("the network's input has no range: the mapping's input_range is [0, 0]; calibrate ranges first",
                 err.text);
    EXPECT_EQ(WEFT_E_INVALID, weft_engine_calibrate(engine, x, 1, WEFT_CALIBRATE_AFFINE, &err));
    EXPECT_EQ(WEFT_E_INVALID, weft_engine_calibrate(engine, x, 0, WEFT_CALIBRATE_RANGES, &err));
    EXPECT_STREQ("calibration needs at least 1 image", err.text);
    EXPECT_EQ(WEFT_OK, weft_engine_calibrate(engine, x, 1, WEFT_CALIBRATE_RANGES, &err));
    EXPECT_EQ(4.0f / 32767, weft_engine_stage(engine, 0).input_scale);
    EXPECT_EQ(WEFT_OK, weft_engine_run(engine, x, 1, logits, &err));
    EXPECT_NE(5.0f, logits[0]);
}

TEST(Engine, RefusesWeightsAndInputsThatAreNotFinite) {
    const weft_chip chip = make_chip(isaac_like());
    for (float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
        Net net(chip);
        net.input({4, 1, 1});
        net.dense(2).weight[5] = bad;
        net.finish(0, 1);
        Engine engine(net);
        EXPECT_EQ(WEFT_E_INVALID, engine.status);
        EXPECT_STREQ("stage 'stage0': weight at row 2, column 1 is not finite", engine.err.text);
        EXPECT_EQ(nullptr, engine.e);

        Net good(chip);
        good.input({4, 1, 1});
        good.dense(2);
        good.finish();
        Engine second(good);
        const float x[8] = {1, 2, bad, 3, 1, 1, 1, 1};
        weft_error err{};
        EXPECT_EQ(WEFT_E_INVALID, weft_engine_calibrate(second, x, 2, WEFT_CALIBRATE_RANGES, &err));
        EXPECT_STREQ("the network's input is not finite", err.text);
    }
}

TEST(Engine, ZeroWeightsAndZeroInputsGiveZero) {
    for (const ChipSpec &spec : {isaac_like(), hermes_like()}) {
        const weft_chip chip = make_chip(spec);
        Net net(chip);
        net.input({4, 1, 1});
        net.dense(3);
        net.relu();
        net.dense(2);
        net.finish();
        std::fill_n(net.stage_at(0).weight, 12, 0.0f);
        Engine engine(net);
        const float x[4] = {0, 0, 0, 0};
        float logits[2] = {5, 5};
        ASSERT_EQ(WEFT_OK, weft_engine_calibrate(engine, x, 1, WEFT_CALIBRATE_RANGES, nullptr));
        ASSERT_EQ(WEFT_OK, weft_engine_run(engine, x, 1, logits, nullptr));
        EXPECT_EQ(0.0f, logits[0]);
        EXPECT_EQ(0.0f, logits[1]);
    }
}

TEST(Engine, RefusesAMappingOfAnotherNetwork) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip);
    net.input({4, 1, 1});
    net.dense(2);
    net.finish(0, 1);
    net.mapping()->stages[0].rows = 5;
    Engine engine(net);
    EXPECT_EQ(WEFT_E_INVALID, engine.status);
    EXPECT_STREQ("stage 'stage0': mapped as 5 x 2, but the matrix is 4 x 2", engine.err.text);
}

} // namespace
