// Does every layer's backward pass agree with finite differences of a double-precision forward pass?
#include "tests/support/gradient_fixture.h"

using namespace fixture;

namespace {

TEST_F(Gradient, Dense) {
    Network net = network({3, 4, 4});
    add(net, proto(WEFT_LAYER_DENSE, 7), true);
    add(net, proto(WEFT_LAYER_DENSE, 5));
    check(net, 1);
    EXPECT_EQ(compared, 3);
}

TEST_F(Gradient, Convolution) {
    Network net = network({2, 6, 5});
    add(net, proto(WEFT_LAYER_CONV, 4, 3, 1, 1), true);
    add(net, proto(WEFT_LAYER_CONV, 3, 2));
    check(net, 2);
}

TEST_F(Gradient, ConvolutionStrideDilationGroups) {
    Network net = network({4, 9, 9});
    add(net, proto(WEFT_LAYER_CONV, 6, 3, 1, 1, 1, 2), true);
    add(net, proto(WEFT_LAYER_CONV, 4, 3, 2, 1));
    add(net, proto(WEFT_LAYER_CONV, 3, 2, 1, 1, 2));
    check(net, 3);
}

TEST_F(Gradient, ConvolutionUnevenPadding) {
    Network net = network({3, 5, 5});
    weft_layer layer = proto(WEFT_LAYER_CONV, 4, 2);
    layer.window.pad_bottom = layer.window.pad_right = 1;
    add(net, layer);
    add(net, layer);
    check(net, 4);
}

TEST_F(Gradient, WideConvolution) {
    Network net = network({16, 4, 4});
    add(net, proto(WEFT_LAYER_CONV, 32, 3, 1, 1));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_CONV, 3, 3, 1, 1));
    check(net, 5);
}

Network few_channels() {
    Network net = network({1, 9, 9});
    add(net, proto(WEFT_LAYER_CONV, 8, 3, 1, 1), true);
    add(net, proto(WEFT_LAYER_CONV, 6, 3, 1, 1), true);
    add(net, proto(WEFT_LAYER_CONV, 8, 3, 2), true);
    add(net, proto(WEFT_LAYER_CONV, 8, 3, 1, 1, 1, 2));
    add(net, proto(WEFT_LAYER_CONV, 3, 1));
    return net;
}

// The gradients of these run in other layouts than the activations (tests/unit/implementation_test.cpp).
TEST_F(Gradient, FewChannels) { check(few_channels(), 13); }

#if defined(__x86_64__)
TEST_F(Gradient, FewChannelsAvx2) {
    (void)dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2);
    check(few_channels(), 14);
}

TEST_F(Gradient, FewChannelsSse41) {
    (void)dnnl_set_max_cpu_isa(dnnl_cpu_isa_sse41);
    check(few_channels(), 15);
}
#endif

TEST_F(Gradient, BatchNorm) {
    Network net = network({3, 3, 3});
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_CONV, 5, 2));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    check(net, 6);
    EXPECT_EQ(compared, 5);
}

TEST_F(Gradient, Rectifier) {
    Network net = network({3, 4, 4});
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_CONV, 4, 3));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_DENSE, 4));
    add(net, proto(WEFT_LAYER_RELU));
    check(net, 7);
}

TEST_F(Gradient, MaxPool) {
    Network net = network({2, 8, 8});
    add(net, proto(WEFT_LAYER_CONV, 3, 3, 1, 1));
    add(net, proto(WEFT_LAYER_MAX_POOL, 0, 2, 2));
    add(net, proto(WEFT_LAYER_CONV, 4, 1));
    add(net, proto(WEFT_LAYER_MAX_POOL, 0, 3, 1, 1));
    check(net, 8);
}

TEST_F(Gradient, AveragePool) {
    Network net = network({2, 8, 8});
    add(net, proto(WEFT_LAYER_CONV, 3, 3, 1, 1));
    add(net, proto(WEFT_LAYER_AVERAGE_POOL, 0, 3, 2, 1));
    add(net, proto(WEFT_LAYER_CONV, 4, 1));
    weft_layer all = proto(WEFT_LAYER_AVERAGE_POOL, 0, 2, 2);
    all.count_include_pad = true;
    add(net, all);
    check(net, 9);
}

TEST_F(Gradient, FlattenBeforeNorm) {
    Network net = network({2, 4, 4});
    add(net, proto(WEFT_LAYER_CONV, 16, 3, 1, 1));
    add(net, proto(WEFT_LAYER_FLATTEN));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_DENSE, 3), true);
    check(net, 10);
}

TEST_F(Gradient, FlattenAtTheEnd) {
    Network net = network({1, 3, 3});
    add(net, proto(WEFT_LAYER_CONV, 16, 2));
    add(net, proto(WEFT_LAYER_FLATTEN));
    check(net, 11);
}

TEST_F(Gradient, ChannelShuffle) {
    Network net = network({3, 5, 5});
    add(net, proto(WEFT_LAYER_CONV, 18, 3, 1, 1));
    add(net, shuffle(3));
    add(net, proto(WEFT_LAYER_CONV, 6, 3, 1, 1, 1, 2));
    add(net, shuffle(2));
    add(net, proto(WEFT_LAYER_DENSE, 6), true);
    add(net, shuffle(3));
    check(net, 13);
}

TEST_F(Gradient, WholeNetwork) {
    Network net = network({1, 10, 10});
    add(net, proto(WEFT_LAYER_CONV, 16, 3, 1, 1));
    add(net, proto(WEFT_LAYER_MAX_POOL, 0, 2, 2));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_CONV, 8, 3, 1, 1));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_FLATTEN));
    add(net, proto(WEFT_LAYER_DENSE, 10));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    check(net, 12);
}

} // namespace
