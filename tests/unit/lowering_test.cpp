// Does lowering keep every weight, and turn layers into the right operations?
#include "tests/support/mapping_fixture.h"

#include <cmath>

using namespace weft_test;

namespace {

std::string lowering_error(const weft_network *net, weft_status expected) {
    weft_stages *stages = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_lower(&stages, net, &err), expected);
    EXPECT_EQ(stages, nullptr);
    return err.text;
}

TEST(Lowering, ConvolutionRowsAreTapsThenChannels) {
    network_ptr net = make_network({2, 4, 4});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 3, window_of(2, 2, 1));
    add_layer(net.get(), WEFT_LAYER_AVERAGE_POOL, "pool", 0, window_of(3, 1, 0));
    for (size_t i = 0; i < net->layers[0].weight_count; i++) net->layers[0].weight[i] = (float)i;
    stages_ptr stages = lower(net.get());
    const weft_stage &stage = stages->items[0];
    EXPECT_EQ(stage.rows, 8);
    EXPECT_EQ(stage.columns, 3);
    EXPECT_TRUE(stage.is_conv);
    EXPECT_EQ(stage.matrix_out.height, 3);
    EXPECT_TRUE(stage.has_matrix);
    EXPECT_EQ(stage.groups, 1);
    ASSERT_EQ(stage.port_count, 1);
    EXPECT_EQ(stage.ports[0].op, -1);
    ASSERT_EQ(stage.ports[0].source_count, 1);
    EXPECT_EQ(stage.ports[0].sources[0].stage, -1);
    EXPECT_EQ(stage.ports[0].sources[0].channels, 2);
    for (int column = 0; column < 3; column++)
        for (int ky = 0; ky < 2; ky++)
            for (int kx = 0; kx < 2; kx++)
                for (int c = 0; c < 2; c++)
                    EXPECT_EQ(stage.weight[((ky * 2 + kx) * 2 + c) * 3 + column],
                              (float)(((column * 2 + c) * 2 + ky) * 2 + kx));
    EXPECT_EQ(stages->classes, 3);
}

TEST(Lowering, DenseRowsAfterAFlattenArePixelsThenChannels) {
    network_ptr net = make_network({3, 2, 4});
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    for (size_t i = 0; i < net->layers[1].weight_count; i++) net->layers[1].weight[i] = (float)i;
    stages_ptr stages = lower(net.get());
    const weft_stage &stage = stages->items[0];
    EXPECT_FALSE(stage.is_conv);
    EXPECT_EQ(stage.rows, 24);
    EXPECT_EQ(stage.in.channels, 3);
    EXPECT_EQ(stage.window.kernel_h, 2);
    EXPECT_EQ(stage.window.kernel_w, 4);
    for (int k = 0; k < 2; k++)
        for (int y = 0; y < 2; y++)
            for (int x = 0; x < 4; x++)
                for (int c = 0; c < 3; c++)
                    EXPECT_EQ(stage.weight[((y * 4 + x) * 3 + c) * 2 + k], (float)(k * 24 + (c * 2 + y) * 4 + x));
}

TEST(Lowering, BiasAndBatchNormAreTwoOperations) {
    network_ptr net = make_network({1, 1, 1});
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2, window_of(1, 1, 0), true);
    int bn = add_layer(net.get(), WEFT_LAYER_BATCH_NORM, "bn");
    add_layer(net.get(), WEFT_LAYER_RELU, "relu");
    net->layers[0].bias[1] = 0.5f;
    weft_layer &norm = net->layers[bn];
    norm.gamma[1] = 3.0f;
    norm.beta[1] = 1.0f;
    norm.mean[1] = 2.0f;
    norm.variance[1] = 4.0f;
    norm.epsilon = 0.0f;
    stages_ptr stages = lower(net.get());
    const weft_stage &stage = stages->items[0];
    ASSERT_EQ(stage.op_count, 3);
    EXPECT_EQ(stage.ops[0].kind, WEFT_DIGITAL_AFFINE);
    EXPECT_EQ(stage.ops[0].batch_norm, -1);
    EXPECT_EQ(stage.ops[0].scale[1], 1.0f);
    EXPECT_EQ(stage.ops[0].offset[1], 0.5f);
    EXPECT_EQ(stage.ops[0].gamma, nullptr);
    EXPECT_EQ(stage.ops[1].batch_norm, bn);
    EXPECT_EQ(stage.ops[1].scale[1], 1.5f);   // 3 / sqrt(4)
    EXPECT_EQ(stage.ops[1].offset[1], -2.0f); // 1 - 2 * 1.5
    EXPECT_EQ(stage.ops[1].gamma[1], 3.0f);
    EXPECT_EQ(stage.ops[1].beta[1], 1.0f);
    EXPECT_EQ(stage.ops[2].kind, WEFT_DIGITAL_RELU);
}

TEST(Lowering, PoolsChangeTheShapeAndAFlattenDoesNot) {
    network_ptr net = make_network({1, 6, 6});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 2, window_of(3, 1, 1));
    add_layer(net.get(), WEFT_LAYER_MAX_POOL, "pool", 0, window_of(2, 2, 0));
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_RELU, "relu");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 4);
    stages_ptr stages = lower(net.get());
    ASSERT_EQ(stages->count, 2);
    const weft_stage &conv = stages->items[0];
    ASSERT_EQ(conv.op_count, 2);
    EXPECT_EQ(conv.ops[0].in.height, 6);
    EXPECT_EQ(conv.ops[0].out.height, 3);
    EXPECT_EQ(conv.ops[1].in.channels, 2);
    EXPECT_EQ(conv.out.height, 3);
    EXPECT_EQ(conv.out.width, 3);
    EXPECT_EQ(stages->items[1].ports[0].sources[0].stage, 0);
    EXPECT_EQ(stages->items[1].in.height, 3);
    EXPECT_EQ(stages->items[1].rows, 18);
}

TEST(Lowering, ActivationsBecomeDigitalOperations) {
    network_ptr net = make_network({1, 4, 4});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 2, window_of(3, 1, 1));
    add_activation(net.get(), activation_clip(-0.5f, 2.0f), "clip");
    add_layer(net.get(), WEFT_LAYER_CONV, "conv2", 2, window_of(3, 1, 1));
    add_activation(net.get(), activation_quantise(-1.5f, 1.5f, 3), "quantise");
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_activation(net.get(), activation_threshold(0.25f, true), "spikes");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    stages_ptr stages = lower(net.get());
    ASSERT_EQ(stages->count, 3);
    const weft_digital_op &clip = stages->items[0].ops[0];
    EXPECT_EQ(clip.kind, WEFT_DIGITAL_CLIP);
    EXPECT_EQ(clip.low, -0.5f);
    EXPECT_EQ(clip.high, 2.0f);
    EXPECT_EQ(clip.out.height, 4);
    ASSERT_EQ(stages->items[1].op_count, 2);
    const weft_digital_op &quantise = stages->items[1].ops[0], &spikes = stages->items[1].ops[1];
    EXPECT_EQ(quantise.kind, WEFT_DIGITAL_QUANTISE);
    EXPECT_EQ(quantise.low, -1.5f);
    EXPECT_EQ(quantise.high, 1.5f);
    EXPECT_EQ(quantise.step, 0.5f);
    EXPECT_EQ(spikes.kind, WEFT_DIGITAL_THRESHOLD);
    EXPECT_EQ(spikes.threshold, 0.25f);
    EXPECT_TRUE(spikes.signed_spikes);
    EXPECT_EQ(spikes.out.channels, 2);
    EXPECT_EQ(spikes.out.width, 4);
}

/* "name(ports)": a port is its sources, one stage number each (i: the network's input), joined by '+'. */
std::string describe(const weft_stages *stages) {
    std::string text;
    for (int s = 0; s < stages->count; s++) {
        const weft_stage &stage = stages->items[s];
        text += std::string(s ? " " : "") + stage.name + "(";
        for (int p = 0; p < stage.port_count; p++) {
            text += p ? ", " : "";
            for (int i = 0; i < stage.ports[p].source_count; i++) {
                const int source = stage.ports[p].sources[i].stage;
                text += (i ? "+" : "") + (source < 0 ? "i" : std::to_string(source));
            }
        }
        text += ")";
        for (int o = 0; o < stage.op_count; o++)
            text += std::string(o ? "," : ":") + weft_digital_kind_names[stage.ops[o].kind];
    }
    return text;
}

TEST(Lowering, GroupsAreBlocksOfRowsAndColumns) {
    network_ptr net = make_network({4, 3, 3});
    add_after(net.get(), -1, layer_of(WEFT_LAYER_CONV, 6, window_of(2, 1, 0), 2), "grouped");
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 1);
    for (size_t i = 0; i < net->layers[0].weight_count; i++) net->layers[0].weight[i] = (float)i;
    stages_ptr stages = lower(net.get());
    const weft_stage &stage = stages->items[0];
    EXPECT_EQ(stage.groups, 2);
    EXPECT_EQ(stage.rows, 16);
    EXPECT_EQ(stage.columns, 6);
    EXPECT_EQ(weft_stage_group_rows(&stage), 8);
    EXPECT_EQ(weft_stage_group_columns(&stage), 3);
    for (int column = 0; column < 6; column++)
        for (int tap = 0; tap < 4; tap++)
            for (int c = 0; c < 2; c++)
                EXPECT_EQ(stage.weight[(tap * 2 + c) * 6 + column], (float)((column * 2 + c) * 4 + tap));
    EXPECT_EQ(weft_stage_row_tap(&stage, 8 + 3 * 2 + 1), 3);
    EXPECT_EQ(weft_stage_row_channel(&stage, 8 + 3 * 2 + 1), 3);
    EXPECT_TRUE(weft_stage_has_weight(&stage, 7, 2));
    EXPECT_FALSE(weft_stage_has_weight(&stage, 8, 2));
    EXPECT_FALSE(weft_stage_has_weight(&stage, 7, 3));
}

TEST(Lowering, WithoutWeightsEverythingElseIsTheSame) {
    network_ptr net = two_layers();
    stages_ptr stages = lower(net.get());
    weft_stages *shapes = nullptr;
    ASSERT_EQ(weft_lower_shapes(&shapes, net.get(), nullptr), WEFT_OK);
    ASSERT_EQ(shapes->count, stages->count);
    for (int s = 0; s < shapes->count; s++) {
        EXPECT_EQ(shapes->items[s].weight, nullptr);
        EXPECT_NE(stages->items[s].weight, nullptr);
        EXPECT_EQ(shapes->items[s].rows, stages->items[s].rows);
        EXPECT_EQ(shapes->items[s].op_count, stages->items[s].op_count);
    }
    weft_stages_destroy(shapes);
}

/* The shortcut x is read by a and by the sum: x's stage ends; the sum goes on in b's, which ends last. */
TEST(Lowering, AResidualBlock) {
    network_ptr net = make_network({2, 8, 8});
    weft_network *n = net.get();
    add_layer(n, WEFT_LAYER_CONV, "x", 2, window_of(3, 1, 1), true);
    add_layer(n, WEFT_LAYER_RELU, "relu0");
    add_layer(n, WEFT_LAYER_CONV, "a", 2, window_of(3, 1, 1));
    add_layer(n, WEFT_LAYER_RELU, "relu1");
    add_layer(n, WEFT_LAYER_CONV, "b", 2, window_of(3, 1, 1));
    add_layer(n, WEFT_LAYER_BATCH_NORM, "bn");
    add_pair(n, WEFT_LAYER_ADD, 1, 5, "sum");
    add_layer(n, WEFT_LAYER_RELU, "relu2");
    add_layer(n, WEFT_LAYER_DENSE, "fc", 2);
    stages_ptr stages = lower(n);
    EXPECT_EQ(describe(stages.get()), "x(i):affine,relu a(0):relu b(1, 0):affine,add,relu fc(2)");
    const weft_stage &b = stages->items[2];
    EXPECT_EQ(b.ops[1].port, 1);
    EXPECT_EQ(b.ports[1].op, 1);
    EXPECT_EQ(b.ports[1].shape.channels, 2);
    EXPECT_EQ(b.ports[1].shape.height, 8);
    EXPECT_EQ(b.layer, 4);
    // Two kernels of 3 x 3: b's first row needs rows 0 to 2 of x.
    EXPECT_EQ(b.ports[1].lag, 3);
}

/* A shortcut with a convolution of its own, written after the main path: the longer path takes the sum all the same. */
TEST(Lowering, TheTermThatEndsLastTakesTheSum) {
    network_ptr net = make_network({1, 16, 16});
    weft_network *n = net.get();
    add_layer(n, WEFT_LAYER_CONV, "a", 2, window_of(3, 2, 1));
    add_layer(n, WEFT_LAYER_CONV, "b", 2, window_of(3, 1, 1));
    add_after(n, -1, layer_of(WEFT_LAYER_CONV, 2, window_of(1, 2, 0)), "shortcut");
    add_pair(n, WEFT_LAYER_ADD, 2, 1, "sum");
    add_layer(n, WEFT_LAYER_DENSE, "fc", 2);
    stages_ptr stages = lower(n);
    EXPECT_EQ(describe(stages.get()), "a(i) shortcut(i) b(0, 1):add fc(2)");
    // b's first row needs rows 0 and 1 of a, these rows up to 3 of the input, which give two rows of the shortcut.
    EXPECT_EQ(stages->items[2].ports[1].lag, 2);
}

TEST(Lowering, SumsOfClosedValuesAreDigitalStages) {
    network_ptr net = make_network({1, 4, 4});
    weft_network *n = net.get();
    add_layer(n, WEFT_LAYER_CONV, "a", 1, window_of(3, 1, 1));
    add_pair(n, WEFT_LAYER_ADD, 0, 0, "twice");
    add_layer(n, WEFT_LAYER_RELU, "relu");
    add_pair(n, WEFT_LAYER_ADD, 0, 2, "again"); // a once more: relu goes on with it
    add_layer(n, WEFT_LAYER_DENSE, "fc", 2);
    stages_ptr stages = lower(n);
    EXPECT_EQ(describe(stages.get()), "a(i) twice(0, 0, 0):add,relu,add fc(1)");
    const weft_stage &twice = stages->items[1];
    EXPECT_FALSE(twice.has_matrix);
    EXPECT_EQ(twice.rows, 0);
    EXPECT_EQ(twice.columns, 1);
    EXPECT_EQ(twice.matrix_out.height, 4);
    EXPECT_EQ(twice.window.kernel_h, 1);
    EXPECT_EQ(twice.groups, 1);
    EXPECT_EQ(twice.weight, nullptr);
    EXPECT_EQ(twice.ports[1].lag, 1);
}

TEST(Lowering, ConcatenationsAreSourcesOfWhoeverReadsThem) {
    network_ptr net = make_network({3, 4, 4});
    weft_network *n = net.get();
    add_after(n, -1, layer_of(WEFT_LAYER_CONV, 2), "a");
    add_after(n, -1, layer_of(WEFT_LAYER_CONV, 5), "b");
    add_pair(n, WEFT_LAYER_CONCAT, 0, 1, "ab");
    add_pair(n, WEFT_LAYER_CONCAT, 2, -1, "abi");
    add_pair(n, WEFT_LAYER_CONCAT, 3, 2, "abiab");
    add_layer(n, WEFT_LAYER_CONV, "c", 4, window_of(3, 1, 1));
    add_after(n, 3, layer_of(WEFT_LAYER_RELU), "relu");
    add_after(n, 6, layer_of(WEFT_LAYER_DENSE, 4), "d");
    add_after(n, 5, layer_of(WEFT_LAYER_DENSE, 3), "e");
    add_pair(n, WEFT_LAYER_CONCAT, 7, 8, "out");
    stages_ptr stages = lower(n);
    EXPECT_EQ(describe(stages.get()), "a(i) b(i) c(0+1+i+0+1) relu(0+1+i):relu d(3) e(2) out(4+5)");
    const weft_port &port = stages->items[2].ports[0];
    EXPECT_EQ(port.shape.channels, 17);
    const int begins[] = {0, 2, 7, 10, 12}, channels[] = {2, 5, 3, 2, 5};
    for (int i = 0; i < 5; i++) {
        EXPECT_EQ(port.sources[i].begin, begins[i]);
        EXPECT_EQ(port.sources[i].channels, channels[i]);
    }
    EXPECT_EQ(stages->items[6].op_count, 0);
    EXPECT_FALSE(stages->items[6].has_matrix);
    EXPECT_EQ(stages->classes, 7);
    // c reads a, b and the input as one map: one scale. relu's stage reads each by its own.
    const int ranges[] = {0, 0, 0, 3, 4, 5, 6, 7};
    for (int i = 0; i < 8; i++) EXPECT_EQ(stages->range_of[i], ranges[i]) << i;
}

TEST(Lowering, PoolsThatOverlapOrLeaveOnePositionStartADigitalStage) {
    network_ptr net = make_network({1, 16, 16});
    weft_network *n = net.get();
    add_layer(n, WEFT_LAYER_CONV, "conv", 2, window_of(3, 1, 1));
    add_layer(n, WEFT_LAYER_MAX_POOL, "pool2", 0, window_of(2, 2, 0));
    add_layer(n, WEFT_LAYER_MAX_POOL, "pool3", 0, window_of(3, 2, 1));
    add_layer(n, WEFT_LAYER_RELU, "relu");
    add_layer(n, WEFT_LAYER_AVERAGE_POOL, "gap", 0, window_of(4, 1, 0));
    add_layer(n, WEFT_LAYER_RELU, "relu2");
    add_layer(n, WEFT_LAYER_MAX_POOL, "one", 0, window_of(1, 1, 0));
    add_layer(n, WEFT_LAYER_DENSE, "fc", 2);
    stages_ptr stages = lower(n);
    EXPECT_EQ(describe(stages.get()),
              "conv(i):max_pool pool3(0):max_pool,relu gap(1):average_pool,relu,max_pool fc(2)");
    EXPECT_TRUE(weft_stage_is_local(&stages->items[0]));
    EXPECT_FALSE(weft_stage_is_local(&stages->items[1]));
    EXPECT_TRUE(weft_stage_is_local(&stages->items[2]));
}

/* 9 rows in windows of 2, 3 apart; 7 columns in windows of 2, 2 apart, with padding on the left. */
TEST(Lowering, OwnersOfPositions) {
    network_ptr net = make_network({1, 9, 7});
    weft_network *n = net.get();
    add_layer(n, WEFT_LAYER_CONV, "conv", 1);
    weft_layer pool = layer_of(WEFT_LAYER_MAX_POOL);
    pool.window = {2, 2, 3, 2, 1, 1, 0, 1, 0, 0};
    add_after(n, 0, pool, "pool");
    add_layer(n, WEFT_LAYER_RELU, "relu");
    add_layer(n, WEFT_LAYER_DENSE, "fc", 2);
    stages_ptr stages = lower(n);
    const weft_stage &stage = stages->items[0];
    ASSERT_EQ(stage.op_count, 2);
    EXPECT_EQ(stage.out.height, 3);
    EXPECT_EQ(stage.out.width, 4);
    const int down[] = {0, 0, 0, 1, 1, 1, 2, 2, 2}, across[] = {0, 1, 1, 2, 2, 3, 3};
    for (int y = 0; y < 9; y++) EXPECT_EQ(weft_stage_owner(&stage, 0, 0, y), down[y]) << y;
    for (int x = 0; x < 7; x++) EXPECT_EQ(weft_stage_owner(&stage, 0, 1, x), across[x]) << x;
    EXPECT_EQ(weft_stage_owner(&stage, 1, 0, 2), 2);
    EXPECT_EQ(weft_stage_owner(&stage, 2, 1, 3), 3);
}

TEST(Lowering, PositionsBehindTheLastWindowBelongToIt) {
    network_ptr net = make_network({1, 1, 8});
    weft_layer pool = layer_of(WEFT_LAYER_MAX_POOL);
    pool.window = {1, 3, 1, 3, 1, 1, 0, 0, 0, 0};
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 1);
    add_after(net.get(), 0, pool, "pool");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 1);
    stages_ptr stages = lower(net.get());
    for (int x = 0; x < 8; x++) EXPECT_EQ(weft_stage_owner(&stages->items[0], 0, 1, x), x < 3 ? 0 : 1) << x;
}

TEST(Lowering, PaddingIsMergedWhereAllItsUsersTakeItIn) {
    const auto lowered = [](bool relu, weft_layer first, bool second) {
        network_ptr net = make_network({1, 5, 5});
        weft_layer pad = layer_of(WEFT_LAYER_PAD);
        pad.window.pad_top = 1, pad.window.pad_left = 2, pad.window.pad_bottom = 2, pad.window.pad_right = 0;
        add_layer(net.get(), WEFT_LAYER_CONV, "conv", 1);
        if (relu) add_layer(net.get(), WEFT_LAYER_RELU, "relu");
        const int padded = add_after(net.get(), net->layer_count - 1, pad, "pad");
        const int a = add_after(net.get(), padded, first, "first");
        if (second) {
            const int b = add_after(net.get(), padded, layer_of(WEFT_LAYER_SIGMOID), "second");
            add_after(net.get(), b, layer_of(WEFT_LAYER_DENSE, 1), "fc2");
        }
        add_after(net.get(), a, layer_of(WEFT_LAYER_DENSE, 1), "fc");
        if (second) add_pair(net.get(), WEFT_LAYER_ADD, net->layer_count - 1, net->layer_count - 2, "sum");
        stages_ptr stages = lower(net.get());
        std::string text = describe(stages.get());
        for (int s = 0; s < stages->count; s++) {
            const weft_stage &stage = stages->items[s];
            const weft_window *w = nullptr;
            if (std::string(stage.name) == "first" && stage.has_matrix) w = &stage.window;
            for (int o = 0; o < stage.op_count; o++)
                if (stage.ops[o].kind == WEFT_DIGITAL_MAX_POOL || stage.ops[o].kind == WEFT_DIGITAL_AVERAGE_POOL) {
                    w = &stage.ops[o].window;
                    if (stage.ops[o].count_include_pad) text += " with padding";
                }
            if (w)
                text += " " + std::to_string(w->pad_top) + std::to_string(w->pad_left) + std::to_string(w->pad_bottom) +
                        std::to_string(w->pad_right);
        }
        return text;
    };
    const weft_layer conv = layer_of(WEFT_LAYER_CONV, 1, window_of(3, 1, 1));
    weft_layer average = layer_of(WEFT_LAYER_AVERAGE_POOL, 0, window_of(3, 3, 0)), padded_average = average;
    padded_average.window.pad_top = 1;
    const weft_layer maximum = layer_of(WEFT_LAYER_MAX_POOL, 0, window_of(3, 3, 0));
    EXPECT_EQ(lowered(false, conv, false), "conv(i) first(0) fc(1) 2331");
    EXPECT_EQ(lowered(false, average, false), "conv(i):average_pool fc(0) with padding 1220");
    EXPECT_EQ(lowered(false, padded_average, false), "conv(i) pad(0):pad,average_pool fc(1) 1000");
    EXPECT_EQ(lowered(true, maximum, false), "conv(i):relu,max_pool fc(0) 1220");
    EXPECT_EQ(lowered(false, maximum, false), "conv(i) pad(0):pad,max_pool fc(1) 0000");
    const weft_layer small = layer_of(WEFT_LAYER_MAX_POOL, 0, window_of(2, 2, 0)); // windows of padding alone
    EXPECT_EQ(lowered(true, small, false), "conv(i):relu pad(0):pad,max_pool fc(1) 0000");
    EXPECT_EQ(lowered(false, conv, true), "conv(i) pad(0):pad first(1) second(1):sigmoid fc2(3) fc(2, 4):add 1111");
}

TEST(Lowering, LayersBeforeAnyMatrixAreADigitalStage) {
    network_ptr net = make_network({1, 4, 4});
    add_layer(net.get(), WEFT_LAYER_RELU, "relu0");
    add_layer(net.get(), WEFT_LAYER_AVERAGE_POOL, "pool", 0, window_of(2, 2, 0));
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    add_layer(net.get(), WEFT_LAYER_SOFTMAX, "softmax");
    stages_ptr stages = lower(net.get());
    EXPECT_EQ(describe(stages.get()), "relu0(i):relu,average_pool fc(0)");
    EXPECT_TRUE(stages->host_softmax);
    EXPECT_EQ(stages->classes, 2);
    EXPECT_FALSE(lower(two_layers().get())->host_softmax);
}

TEST(Lowering, EveryActivation) {
    network_ptr net = make_network({2, 1, 1});
    weft_network *n = net.get();
    add_layer(n, WEFT_LAYER_DENSE, "fc", 2);
    weft_layer leaky = layer_of(WEFT_LAYER_LEAKY_RELU), hard = layer_of(WEFT_LAYER_HARD_SIGMOID);
    leaky.slope = 0.25f;
    hard.slope = 0.125f, hard.offset = 0.75f;
    add_activation(n, leaky, "leaky");
    add_activation(n, hard, "hard");
    add_layer(n, WEFT_LAYER_SIGMOID, "sigmoid");
    add_layer(n, WEFT_LAYER_HARD_SWISH, "swish");
    add_layer(n, WEFT_LAYER_TANH, "tanh");
    const int affine = add_layer(n, WEFT_LAYER_AFFINE, "affine");
    n->layers[affine].gamma[1] = 2.0f;
    n->layers[affine].beta[1] = 3.0f;
    stages_ptr stages = lower(n);
    EXPECT_EQ(describe(stages.get()), "fc(i):leaky_relu,hard_sigmoid,sigmoid,hard_swish,tanh,affine");
    const weft_digital_op *ops = stages->items[0].ops;
    EXPECT_EQ(ops[0].slope, 0.25f);
    EXPECT_EQ(ops[1].slope, 0.125f);
    EXPECT_EQ(ops[1].slope_offset, 0.75f);
    EXPECT_EQ(ops[5].scale[1], 2.0f);
    EXPECT_EQ(ops[5].offset[1], 3.0f);
    EXPECT_EQ(ops[5].batch_norm, -1);
}

TEST(Lowering, DeadEndsAreLeftOut) {
    network_ptr net = make_network({2, 1, 1});
    add_layer(net.get(), WEFT_LAYER_DENSE, "a", 2);
    add_layer(net.get(), WEFT_LAYER_DENSE, "dead", 2);
    add_after(net.get(), 0, layer_of(WEFT_LAYER_RELU), "relu");
    stages_ptr stages = lower(net.get());
    EXPECT_EQ(describe(stages.get()), "a(i):relu"); // its only user that matters
}

/* 2^24 rows of all maps together: the input's, conv's, and the one of fc. */
TEST(Lowering, RowsAreLimited) {
    for (int height : {(1 << 23) - 1, 1 << 23}) {
        network_ptr net = make_network({1, height, 1});
        add_layer(net.get(), WEFT_LAYER_CONV, "conv", 1);
        add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 1);
        weft_stages *shapes = nullptr;
        weft_error err = {};
        const bool fits = height < 1 << 23;
        EXPECT_EQ(weft_lower_shapes(&shapes, net.get(), &err), fits ? WEFT_OK : WEFT_E_UNSUPPORTED);
        EXPECT_STREQ(err.text, fits ? ""
                                    : "layer \"fc\": up to it the feature maps have 16777217 rows; at most 16777216 "
                                      "can be lowered");
        weft_stages_destroy(shapes);
    }
}

TEST(Lowering, RefusesAndNamesTheLayer) {
    network_ptr softmax = make_network({2, 1, 1});
    add_layer(softmax.get(), WEFT_LAYER_DENSE, "fc", 2);
    add_layer(softmax.get(), WEFT_LAYER_SOFTMAX, "probability");
    add_layer(softmax.get(), WEFT_LAYER_RELU, "relu");
    EXPECT_EQ(lowering_error(softmax.get(), WEFT_E_UNSUPPORTED),
              "layer \"probability\" (softmax): only the network's last layer can be a softmax");

    network_ptr map_out = make_network({1, 4, 4});
    add_layer(map_out.get(), WEFT_LAYER_CONV, "conv", 2, window_of(3, 1, 0));
    EXPECT_EQ(lowering_error(map_out.get(), WEFT_E_UNSUPPORTED),
              "layer \"conv\": the network's output is 2 x 2 x 2, it must be a vector of classes");

    network_ptr scattered = make_network({2, 2, 2});
    add_layer(scattered.get(), WEFT_LAYER_CONV, "conv", 2);
    add_layer(scattered.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(scattered.get(), WEFT_LAYER_BATCH_NORM, "bn");
    EXPECT_EQ(lowering_error(scattered.get(), WEFT_E_UNSUPPORTED),
              "layer \"bn\" (batch_norm): a batch norm after the flatten of a feature map cannot be mapped");

    network_ptr sum = make_network({2, 2, 2});
    add_layer(sum.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(sum.get(), WEFT_LAYER_DENSE, "fc", 8);
    add_pair(sum.get(), WEFT_LAYER_ADD, 0, 1, "sum");
    add_layer(sum.get(), WEFT_LAYER_DENSE, "fc2", 1);
    EXPECT_EQ(lowering_error(sum.get(), WEFT_E_UNSUPPORTED),
              "layer \"sum\" (add): flattened feature maps of different extents cannot be added");
    sum->layers[2].kind = WEFT_LAYER_CONCAT;
    EXPECT_EQ(lowering_error(sum.get(), WEFT_E_UNSUPPORTED),
              "layer \"sum\" (concat): flattened feature maps of different extents cannot be concatenated");

    network_ptr empty = make_network({1, 1, 1});
    EXPECT_EQ(lowering_error(empty.get(), WEFT_E_UNSUPPORTED),
              "network \"net\" has no convolution or dense layer to map");

    network_ptr degenerate = make_network({1, 1, 1});
    add_layer(degenerate.get(), WEFT_LAYER_DENSE, "fc", 1);
    int bn = add_layer(degenerate.get(), WEFT_LAYER_BATCH_NORM, "bn");
    degenerate->layers[bn].variance[0] = -1.0f;
    degenerate->layers[bn].epsilon = 0.25f;
    EXPECT_EQ(lowering_error(degenerate.get(), WEFT_E_INVALID),
              "layer \"bn\": variance -1 + epsilon 0.25 of channel 0 is not positive");
}

} // namespace
