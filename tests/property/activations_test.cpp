// Clipped, quantised and spiking activations on a chip without converter loss: the network that the definitions give?
#include <cmath>

#include "sim/model/engine.h"
#include "tests/support/mapping_fixture.h"
#include "tests/support/naive_network.h"

using namespace weft_test;

namespace {

// 16-bit weights and inputs, exact converters: what differs from the definitions is rounding to 15 bits.
struct LosslessChip {
    weft_chip *chip = nullptr;
    weft_error err = {};
    LosslessChip() { weft_chip_load(&chip, WEFT_SOURCE_FOLDER "/hwconfigs/isaac-ce.yaml", nullptr, 0, &err); }
    LosslessChip(const LosslessChip &) = delete;
    ~LosslessChip() { weft_chip_destroy(chip); }
};

// Two convolutions and two dense layers, with the activation after the first three.
network_ptr network_with(const weft_layer &activation, uint64_t seed) {
    network_ptr net = make_network({2, 7, 7});
    dice d(seed);
    add_layer(net.get(), WEFT_LAYER_CONV, "conv1", 6, window_of(3, 1, 1), true);
    add_activation(net.get(), activation, "activation1");
    add_layer(net.get(), WEFT_LAYER_CONV, "conv2", 5, window_of(3, 2, 1));
    add_layer(net.get(), WEFT_LAYER_BATCH_NORM, "bn2");
    add_activation(net.get(), activation, "activation2");
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc1", 16);
    add_activation(net.get(), activation, "activation3");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc2", 4, window_of(1, 1, 0), true);
    EXPECT_EQ(net->layer_count, 9);
    for (int i = 0; i < net->layer_count; i++) {
        weft_layer &l = net->layers[i];
        for (size_t k = 0; k < l.weight_count; k++) l.weight[k] = (float)d.between(-1000, 1000) / 2000.0f;
        for (int c = 0; l.bias && c < l.out.channels; c++) l.bias[c] = (float)d.between(-500, 500) / 1000.0f;
        for (int c = 0; l.gamma && c < l.out.channels; c++) l.gamma[c] = (float)d.between(500, 1500) / 1000.0f;
    }
    return net;
}

void expect_engine_computes(const weft_layer &activation, double tolerance) {
    constexpr size_t images = 12, classes = 4;
    LosslessChip isaac;
    weft_error err = {};
    ASSERT_TRUE(isaac.chip) << isaac.err.text;
    network_ptr net = network_with(activation, 21);
    stages_ptr stages = lower(net.get());
    ASSERT_TRUE(stages);
    mapping_ptr mapping = map(stages.get(), isaac.chip, &err);
    ASSERT_TRUE(mapping) << err.text;
    dice d(22);
    std::vector<float> x(images * weft_shape_size(net->input)), logits(images * classes);
    for (float &v : x) v = (float)d.between(-1000, 1000) / 1000.0f;
    weft_engine *engine = nullptr;
    ASSERT_EQ(weft_engine_create(&engine, isaac.chip, mapping.get(), stages.get(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(weft_engine_calibrate(engine, x.data(), images, WEFT_CALIBRATE_RANGES, &err), WEFT_OK) << err.text;
    EXPECT_EQ(weft_engine_run(engine, x.data(), images, logits.data(), &err), WEFT_OK) << err.text;
    for (int s = 0; s < stages->count; s++) EXPECT_TRUE(weft_engine_stage(engine, s).exact_adc);
    weft_engine_destroy(engine);
    const naive::Values expected = naive::run(net.get(), x, (int)images, false);
    ASSERT_EQ(expected.size(), logits.size());
    double least = expected[0], most = expected[0];
    for (size_t i = 0; i < expected.size(); i++) {
        EXPECT_NEAR((double)logits[i], expected[i], tolerance) << i;
        least = std::min(least, expected[i]), most = std::max(most, expected[i]);
    }
    EXPECT_GT(most - least, 100 * tolerance); // the numbers say something
}

TEST(Activations, ClippedValues) {
    expect_engine_computes(activation_clip(0.0f, 1.0f), 2e-3);
    expect_engine_computes(activation_clip(-0.75f, 0.5f), 2e-3);
}

TEST(Activations, QuantisedValues) {
    expect_engine_computes(activation_quantise(0.0f, 1.0f, 15), 1e-3);
    expect_engine_computes(activation_quantise(-1.0f, 1.0f, 3), 1e-3);
    expect_engine_computes(activation_quantise(0.0f, 0.5f, 255), 2e-3);
}

TEST(Activations, Spikes) {
    expect_engine_computes(activation_threshold(0.25f, false), 1e-3);
    expect_engine_computes(activation_threshold(0.5f, true), 1e-3);
}

TEST(Activations, CostOneActivationAValue) {
    LosslessChip isaac;
    weft_error err = {};
    ASSERT_TRUE(isaac.chip) << isaac.err.text;
    for (const weft_layer &activation :
         {activation_clip(0.0f, 1.0f), activation_quantise(0.0f, 1.0f, 3), activation_threshold(0.5f, true)}) {
        network_ptr net = network_with(activation, 23);
        stages_ptr stages = lower(net.get());
        mapping_ptr mapping = map(stages.get(), isaac.chip, &err);
        ASSERT_TRUE(mapping) << err.text;
        weft_engine *engine = nullptr;
        ASSERT_EQ(weft_engine_create(&engine, isaac.chip, mapping.get(), stages.get(), &err), WEFT_OK) << err.text;
        EXPECT_EQ(weft_engine_events(engine, 0).n[WEFT_EVENT_ACTIVATION], 7u * 7 * 6);
        EXPECT_EQ(weft_engine_events(engine, 1).n[WEFT_EVENT_ACTIVATION], 4u * 4 * 5);
        EXPECT_EQ(weft_engine_events(engine, 2).n[WEFT_EVENT_ACTIVATION], 16u);
        EXPECT_EQ(weft_engine_events(engine, 3).n[WEFT_EVENT_ACTIVATION], 0u);
        EXPECT_EQ(weft_engine_digital_events(engine, 0, 1, 3).n[WEFT_EVENT_ACTIVATION], 3u);
        weft_engine_destroy(engine);
    }
}

} // namespace
