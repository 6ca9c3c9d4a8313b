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
    EXPECT_EQ(stages->items[1].producer, 0);
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

TEST(Lowering, RefusesResidualAdditions) {
    network_ptr net = make_network({1, 4, 4});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv", 1, window_of(3, 1, 1));
    add_layer(net.get(), WEFT_LAYER_RELU, "relu");
    add_layer(net.get(), WEFT_LAYER_CONV, "conv2", 1, window_of(3, 1, 1));
    add_layer(net.get(), WEFT_LAYER_ADD, "sum"); /* addend 0 */
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    ASSERT_EQ(net->layer_count, 5);
    EXPECT_EQ(lowering_error(net.get(), WEFT_E_UNSUPPORTED),
              "layer \"sum\" (add): residual additions are not mapped yet");
}

TEST(Lowering, RefusesAndNamesTheLayer) {
    network_ptr early = make_network({1, 4, 4});
    add_layer(early.get(), WEFT_LAYER_RELU, "relu0");
    add_layer(early.get(), WEFT_LAYER_DENSE, "fc", 2);
    EXPECT_EQ(
        lowering_error(early.get(), WEFT_E_UNSUPPORTED),
        "layer \"relu0\" (relu): it comes before the first convolution or dense layer, where no core can compute it");

    network_ptr grouped = make_network({4, 1, 1});
    add_layer(grouped.get(), WEFT_LAYER_CONV, "dw", 4);
    grouped->layers[0].groups = 2;
    EXPECT_EQ(lowering_error(grouped.get(), WEFT_E_UNSUPPORTED),
              "layer \"dw\" (conv): grouped convolutions cannot be mapped");

    network_ptr map_out = make_network({1, 4, 4});
    add_layer(map_out.get(), WEFT_LAYER_CONV, "conv", 2, window_of(3, 1, 0));
    EXPECT_EQ(lowering_error(map_out.get(), WEFT_E_UNSUPPORTED),
              "layer \"conv\": the network's output is 2 x 2 x 2, it must be a vector of classes");

    network_ptr branch = make_network({1, 1, 1});
    add_layer(branch.get(), WEFT_LAYER_DENSE, "a", 1);
    add_layer(branch.get(), WEFT_LAYER_DENSE, "b", 1);
    branch->layers[1].input = -1;
    EXPECT_EQ(lowering_error(branch.get(), WEFT_E_UNSUPPORTED),
              "layer \"b\" (dense): its input is not the layer before: only chains can be mapped");

    network_ptr scattered = make_network({2, 2, 2});
    add_layer(scattered.get(), WEFT_LAYER_CONV, "conv", 2);
    add_layer(scattered.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(scattered.get(), WEFT_LAYER_BATCH_NORM, "bn");
    EXPECT_EQ(lowering_error(scattered.get(), WEFT_E_UNSUPPORTED),
              "layer \"bn\" (batch_norm): a batch norm after the flatten of a feature map cannot be mapped");

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
