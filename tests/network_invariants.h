// What must hold of any network that the ONNX reader accepts.
#ifndef WEFT_TESTS_NETWORK_INVARIANTS_H
#define WEFT_TESTS_NETWORK_INVARIANTS_H

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/network.h"

inline void expect_finite(const float *values, size_t count, const char *name) {
    bool finite = true;
    for (size_t i = 0; values && i < count; i++) finite = finite && std::isfinite(values[i]);
    EXPECT_TRUE(finite) << name;
}

inline void expect_valid_join(const weft_network *net, const weft_layer &l, int index) {
    EXPECT_EQ(weft_layer_has_input2(&l), l.kind == WEFT_LAYER_ADD || l.kind == WEFT_LAYER_CONCAT);
    if (!weft_layer_has_input2(&l)) {
        EXPECT_EQ(l.input2, -1) << l.name;
        return;
    }
    ASSERT_TRUE(l.input2 >= -1 && l.input2 < index) << l.name;
    const weft_shape other = l.input2 < 0 ? net->input : net->layers[l.input2].out;
    EXPECT_TRUE(other.height == l.in.height && other.width == l.in.width) << l.name;
    EXPECT_EQ(l.out.channels, l.kind == WEFT_LAYER_ADD ? other.channels : l.in.channels + other.channels) << l.name;
}

inline void expect_valid_activation(const weft_layer &l) {
    if (l.kind == WEFT_LAYER_CLIP || l.kind == WEFT_LAYER_QUANTISE) {
        EXPECT_TRUE(std::isfinite(l.low) && std::isfinite(l.high) && l.low < l.high) << l.name;
    }
    if (l.kind == WEFT_LAYER_QUANTISE) {
        const double step = static_cast<double>(weft_layer_step(&l)), below = -static_cast<double>(l.low) / step;
        EXPECT_GT(step, 0.0) << l.name;
        EXPECT_TRUE(l.low <= 0 && l.high > 0) << l.name;
        EXPECT_NEAR(below, std::round(below), 0.05) << l.name;
        EXPECT_TRUE(l.levels >= 1 && std::round(below) + l.levels <= WEFT_QUANTISE_LEVELS_MAX) << l.name;
    }
    if (l.kind == WEFT_LAYER_THRESHOLD) { EXPECT_TRUE(std::isfinite(l.threshold) && l.threshold > 0) << l.name; }
    EXPECT_TRUE(std::isfinite(l.slope) && std::isfinite(l.offset)) << l.name;
}

inline void expect_valid_network(const weft_network *net) {
    ASSERT_GT(net->layer_count, 0);
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer &l = net->layers[i];
        const size_t channels = static_cast<size_t>(l.out.channels);
        ASSERT_TRUE(l.input >= -1 && l.input < i) << l.name;
        const weft_shape in = l.input < 0 ? net->input : net->layers[l.input].out;
        EXPECT_EQ(memcmp(&l.in, &in, sizeof in), 0) << l.name;
        expect_valid_join(net, l, i);
        expect_valid_activation(l);
        EXPECT_GT(weft_shape_size(l.out), 0u);
        EXPECT_EQ(weft_layer_has_weights(&l), l.weight != nullptr);
        EXPECT_EQ(l.kind == WEFT_LAYER_BATCH_NORM, l.variance != nullptr);
        EXPECT_EQ(l.kind == WEFT_LAYER_BATCH_NORM || l.kind == WEFT_LAYER_AFFINE, l.gamma != nullptr);
        EXPECT_EQ(weft_network_find(net, l.name), i);
        expect_finite(l.weight, l.weight_count, l.name);
        expect_finite(l.latent, l.weight_count, l.name);
        expect_finite(l.bias, channels, l.name);
        expect_finite(l.gamma, channels, l.name);
        expect_finite(l.beta, channels, l.name);
        expect_finite(l.mean, channels, l.name);
        expect_finite(l.variance, channels, l.name);
        EXPECT_LE(l.input_min, l.input_max);
    }
}

#endif
