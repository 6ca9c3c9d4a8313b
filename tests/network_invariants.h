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

inline void expect_valid_activation(const weft_network *net, const weft_layer &l, int index) {
    if (l.kind == WEFT_LAYER_ADD) {
        ASSERT_TRUE(l.addend >= -1 && l.addend < index) << l.name;
        const weft_shape addend = l.addend < 0 ? net->input : net->layers[l.addend].out;
        EXPECT_EQ(memcmp(&l.in, &addend, sizeof addend), 0) << l.name;
    }
    if (l.kind == WEFT_LAYER_CLIP || l.kind == WEFT_LAYER_QUANTISE) {
        EXPECT_TRUE(std::isfinite(l.low) && std::isfinite(l.high) && l.low < l.high) << l.name;
    }
    if (l.kind == WEFT_LAYER_QUANTISE) {
        EXPECT_TRUE(l.low == 0 || l.low == -l.high) << l.name;
        EXPECT_TRUE(l.levels >= 1 && l.levels <= (l.low == 0 ? 255 : 127)) << l.name;
        EXPECT_GT(weft_layer_step(&l), 0.0f) << l.name;
    }
    if (l.kind == WEFT_LAYER_THRESHOLD) { EXPECT_TRUE(std::isfinite(l.threshold) && l.threshold > 0) << l.name; }
}

inline void expect_valid_network(const weft_network *net) {
    ASSERT_GT(net->layer_count, 0);
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer &l = net->layers[i];
        const size_t channels = static_cast<size_t>(l.out.channels);
        ASSERT_TRUE(l.input >= -1 && l.input < i) << l.name;
        const weft_shape in = l.input < 0 ? net->input : net->layers[l.input].out;
        EXPECT_EQ(memcmp(&l.in, &in, sizeof in), 0) << l.name;
        expect_valid_activation(net, l, i);
        EXPECT_GT(weft_shape_size(l.out), 0u);
        EXPECT_EQ(weft_layer_has_weights(&l), l.weight != nullptr);
        EXPECT_EQ(l.kind == WEFT_LAYER_BATCH_NORM, l.variance != nullptr);
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
