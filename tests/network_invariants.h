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

inline void expect_valid_network(const weft_network *net) {
    weft_shape shape = net->input;
    ASSERT_GT(net->layer_count, 0);
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer &l = net->layers[i];
        const size_t channels = static_cast<size_t>(l.out.channels);
        EXPECT_EQ(l.input, i - 1);
        EXPECT_EQ(memcmp(&l.in, &shape, sizeof shape), 0) << l.name;
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
        shape = l.out;
    }
}

#endif
