// Is a network's shape arithmetic right, and does building one refuse what cannot be?
#include <climits>
#include <cmath>

#include "tests/network_samples.h"

#include "core/transform.h"

using namespace samples;

namespace {

weft_status try_add(weft_network *net, weft_layer proto, const char *name, std::string *text, int input = -2) {
    weft_error err = {};
    int before = net->layer_count, index = -7;
    weft_status status =
        weft_network_add(net, &proto, name, input == -2 ? net->layer_count - 1 : input, true, &index, &err);
    *text = err.text;
    if (status != WEFT_OK) {
        EXPECT_EQ(net->layer_count, before);
        EXPECT_EQ(index, -7);
    }
    return status;
}

void expect_shape(weft_shape s, int channels, int height, int width) {
    EXPECT_EQ(s.channels, channels);
    EXPECT_EQ(s.height, height);
    EXPECT_EQ(s.width, width);
}

TEST(WindowExtent, CountsWindows) {
    EXPECT_EQ(weft_window_extent(28, 5, 1, 1, 0, 0), 24);
    EXPECT_EQ(weft_window_extent(28, 3, 1, 1, 1, 1), 28);
    EXPECT_EQ(weft_window_extent(28, 3, 2, 1, 0, 1), 14);
    EXPECT_EQ(weft_window_extent(7, 3, 1, 2, 0, 0), 3);
    EXPECT_EQ(weft_window_extent(3, 3, 5, 1, 0, 0), 1);
    EXPECT_LE(weft_window_extent(2, 3, 1, 1, 0, 0), 0);
    EXPECT_LE(weft_window_extent(2, 1 << 30, 1, 1 << 30, 0, 0), 0);
}

TEST(Network, ShapesFollowTheLayers) {
    Network net = every_kind(1, false);
    ASSERT_EQ(net->layer_count, 11);
    expect_shape(net->layers[0].out, 4, 12, 12);
    EXPECT_EQ(net->layers[0].weight_count, 4u * 2 * 3 * 3);
    expect_shape(net->layers[3].out, 4, 6, 6);
    expect_shape(net->layers[4].out, 6, 4, 4);
    EXPECT_EQ(net->layers[4].weight_count, 6u * (4 / 2) * 3 * 3);
    expect_shape(net->layers[5].out, 6, 2, 2);
    expect_shape(net->layers[6].out, 24, 1, 1);
    EXPECT_EQ(net->layers[7].weight_count, 8u * 24);
    expect_shape(net->layers[10].out, 5, 1, 1);
    for (int i = 0; i < net->layer_count; i++) EXPECT_EQ(net->layers[i].input, i - 1);
}

TEST(Network, DenseFlattensAFeatureMap) {
    Network net = create({3, 4, 5});
    EXPECT_EQ(add(net.get(), dense(7), "fc").weight_count, 7u * 60);
    expect_shape(net->layers[0].in, 3, 4, 5);
    expect_shape(net->layers[0].out, 7, 1, 1);
}

TEST(Network, MacsCountOneImage) {
    Network net = every_kind(1, false);
    EXPECT_EQ(weft_layer_macs(&net->layers[0]), 72u * 144);
    EXPECT_EQ(weft_layer_macs(&net->layers[4]), 108u * 16);
    EXPECT_EQ(weft_layer_macs(&net->layers[7]), 192u);
    EXPECT_EQ(weft_layer_macs(&net->layers[1]), 0u);
    EXPECT_EQ(weft_layer_macs(&net->layers[3]), 0u);
}

TEST(Network, ArraysStartAsPromised) {
    Network net = create({2, 4, 4});
    weft_layer proto = conv(3, 3);
    float junk = 0;
    proto.weight = proto.latent = proto.bias = &junk; /* ignored */
    proto.window.stride_h = proto.window.dilation_w = proto.groups = 0;
    weft_layer &c = add(net.get(), proto, "c", true);
    for (size_t i = 0; i < c.weight_count; i++) EXPECT_EQ(c.weight[i], 0.0f);
    for (int i = 0; i < 3; i++) EXPECT_EQ(c.bias[i], 0.0f);
    EXPECT_EQ(c.latent, nullptr);
    EXPECT_EQ(weft_layer_latent(&c), c.weight);
    EXPECT_EQ(c.window.stride_h, 1);
    EXPECT_EQ(c.window.dilation_w, 1);
    EXPECT_EQ(c.groups, 1);
    weft_layer &b = add(net.get(), batch_norm(0.5f), "b");
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(b.gamma[i], 1.0f);
        EXPECT_EQ(b.beta[i], 0.0f);
        EXPECT_EQ(b.mean[i], 0.0f);
        EXPECT_EQ(b.variance[i], 1.0f);
    }
    EXPECT_EQ(b.epsilon, 0.5f);
    EXPECT_EQ(add(net.get(), dense(2), "d").bias, nullptr);
}

TEST(Network, RefusesShapesThatDoNotWorkOut) {
    Network net = create({4, 6, 6});
    std::string text;
    EXPECT_EQ(try_add(net.get(), conv(4, 7), "big", &text), WEFT_E_INVALID);
    EXPECT_EQ(text,
              "layer \"big\": a 7 x 7 kernel (dilation 1 x 1) does not fit its 6 x 6 input with padding 0, 0, 0, 0 "
              "(top, left, bottom, right)");
    EXPECT_EQ(try_add(net.get(), conv(4, 3, 1, 0, 3), "grouped", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"grouped\": 3 groups do not divide 4 input and 4 output channels");
    EXPECT_EQ(try_add(net.get(), conv(0, 3), "none", &text), WEFT_E_INVALID);
    EXPECT_EQ(try_add(net.get(), dense(0), "empty", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"empty\": 0 output features; at least 1 is needed");
    EXPECT_EQ(try_add(net.get(), dense(1 << 24), "huge", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"huge\": more than 1073741824 weights");
    EXPECT_EQ(try_add(net.get(), conv(4, 0), "kernel", &text), WEFT_E_INVALID);
    EXPECT_EQ(try_add(net.get(), conv(4, 3, -1), "stride", &text), WEFT_E_INVALID);
    EXPECT_EQ(try_add(net.get(), conv(4, 3, 1, -1), "pad", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"pad\": negative padding");
    EXPECT_EQ(try_add(net.get(), conv(4, 3, (1 << 20) + 1), "steps", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"steps\": 1048577 is too large for a kernel, stride, dilation or padding; at most 1048576");
    weft_layer padded = pool(WEFT_LAYER_MAX_POOL, 2, 2);
    padded.window.pad_top = 2;
    EXPECT_EQ(try_add(net.get(), padded, "pool", &text), WEFT_E_INVALID);
    EXPECT_EQ(try_add(net.get(), batch_norm(-1.0f), "bn", &text), WEFT_E_INVALID);
    EXPECT_EQ(net->layer_count, 0);
}

TEST(Network, RefusesBadNamesAndInputs) {
    Network net = create({1, 2, 2});
    std::string text;
    EXPECT_EQ(try_add(net.get(), plain(WEFT_LAYER_RELU), "", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer 0 has an empty name");
    EXPECT_EQ(try_add(net.get(), plain(WEFT_LAYER_RELU), "a", &text), WEFT_OK);
    EXPECT_EQ(try_add(net.get(), plain(WEFT_LAYER_RELU), "a", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"a\": two layers have this name");
    EXPECT_EQ(try_add(net.get(), plain(WEFT_LAYER_RELU), "b", &text, 1), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"b\": input 1 is not an earlier layer (-1 to 0)");
    EXPECT_EQ(try_add(net.get(), plain(WEFT_LAYER_KIND_COUNT), "c", &text), WEFT_E_INVALID);
    weft_network *none = nullptr;
    EXPECT_EQ(weft_network_create(&none, "n", {1, 0, 1}, nullptr), WEFT_E_INVALID);
    EXPECT_EQ(weft_network_create(&none, "n", {1 << 16, 1 << 16, 1}, nullptr), WEFT_E_INVALID);
    EXPECT_EQ(none, nullptr);
}

TEST(Network, AddTakesTwoLayersOfOneShape) {
    Network net = create({2, 4, 4});
    std::string text;
    weft_layer sum = plain(WEFT_LAYER_ADD);
    add(net.get(), conv(2, 3, 1, 1), "conv");
    add(net.get(), conv(3, 3, 1, 1), "wide");
    sum.input2 = -1;
    EXPECT_EQ(try_add(net.get(), sum, "sum", &text, 0), WEFT_OK);
    EXPECT_EQ(net->layers[2].input, 0);
    EXPECT_EQ(net->layers[2].input2, -1);
    EXPECT_EQ(net->layers[2].out.channels, 2);
    EXPECT_EQ(net->layers[0].input2, -1);
    sum.input2 = 1;
    EXPECT_EQ(try_add(net.get(), sum, "odd", &text, 0), WEFT_E_INVALID);
    EXPECT_EQ(text,
              "layer \"odd\": \"conv\" (2 x 4 x 4) and \"wide\" (3 x 4 x 4) cannot be added: their shapes (channels x "
              "height x width) differ");
    EXPECT_EQ(try_add(net.get(), sum, "odd", &text, -1), WEFT_E_INVALID);
    EXPECT_EQ(text,
              "layer \"odd\": \"the network's input\" (2 x 4 x 4) and \"wide\" (3 x 4 x 4) cannot be added: their "
              "shapes (channels x height x width) differ");
    for (int other : {-2, 3}) {
        sum.input2 = other;
        EXPECT_EQ(try_add(net.get(), sum, "far", &text, 0), WEFT_E_INVALID);
        EXPECT_EQ(text, "layer \"far\": second input " + std::to_string(other) + " is not an earlier layer (-1 to 2)");
    }
    EXPECT_EQ(net->layer_count, 3);
}

TEST(Network, ActivationsHaveBounds) {
    Network net = create({1, 2, 2});
    std::string text;
    const std::string bounds = " are not allowed: both are finite, the low one below the high";
    EXPECT_EQ(try_add(net.get(), clip(1.0f, 0.5f), "c", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"c\": bounds 1 and 0.5" + bounds);
    EXPECT_EQ(try_add(net.get(), clip(0.0f, INFINITY), "c", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"c\": bounds 0 and inf" + bounds);
    EXPECT_EQ(try_add(net.get(), clip(NAN, 1.0f), "c", &text), WEFT_E_INVALID);
    EXPECT_EQ(try_add(net.get(), quantise(0.0f, 0.0f, 3), "q", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"q\": bounds 0 and 0" + bounds);
    EXPECT_EQ(try_add(net.get(), quantise(-0.5f, 1.0f, 3), "q", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"q\": quantised from -0.5, which is no multiple of the step 0.333333");
    EXPECT_EQ(try_add(net.get(), quantise(0.25f, 1.0f, 4), "q", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"q\": quantised from 0.25 to 1: 0 must be one of the values");
    EXPECT_EQ(try_add(net.get(), quantise(-1.0f, -0.5f, 4), "q", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"q\": quantised from -1 to -0.5: 0 must be one of the values");
    for (int levels : {0, 65536}) {
        EXPECT_EQ(try_add(net.get(), quantise(0.0f, 1.0f, levels), "q", &text), WEFT_E_INVALID);
        EXPECT_EQ(text, "layer \"q\": " + std::to_string(levels) + " levels are not allowed, only 1 to 65535");
    }
    EXPECT_EQ(try_add(net.get(), quantise(-1.0f, 1.0f, 32768), "q", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"q\": 65536 steps from -1 to 1; at most 65535 are allowed");
    EXPECT_EQ(try_add(net.get(), quantise(0.0f, 1e-45f, 255), "q", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"q\": 1.4013e-45 is too small for 255 levels");
    for (float bad : {0.0f, -1.0f, INFINITY, NAN})
        EXPECT_EQ(try_add(net.get(), threshold(bad, false), "t", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"t\": threshold nan is not a finite number above 0");
    EXPECT_EQ(try_add(net.get(), quantise(0.0f, 1.0f, 255), "q", &text), WEFT_OK);
    EXPECT_EQ(try_add(net.get(), quantise(-1.0f, 1.0f, 127), "r", &text), WEFT_OK);
    EXPECT_EQ(net->layer_count, 2);
    EXPECT_EQ(weft_layer_step(&net->layers[0]), 1.0f / 255);
    EXPECT_EQ(try_add(net.get(), quantise(-3.2f, 3.175f, 127), "int8", &text), WEFT_OK) << text;
    EXPECT_EQ(try_add(net.get(), quantise(0.0f, 1.0f, 65535), "uint16", &text), WEFT_OK) << text;
    EXPECT_EQ(try_add(net.get(), quantise(-32767.0f, 32768.0f, 32768), "wide", &text), WEFT_OK) << text;
}

TEST(Network, ConcatenationAddsChannels) {
    Network net = create({2, 4, 4});
    std::string text;
    weft_layer both = plain(WEFT_LAYER_CONCAT);
    add(net.get(), conv(3, 3, 1, 1), "same");
    add(net.get(), conv(3, 3), "smaller");
    both.input2 = -1;
    EXPECT_EQ(try_add(net.get(), both, "both", &text, 0), WEFT_OK);
    expect_shape(net->layers[2].in, 3, 4, 4);
    expect_shape(net->layers[2].out, 5, 4, 4);
    EXPECT_EQ(net->layers[2].input2, -1);
    both.input2 = 2;
    EXPECT_EQ(try_add(net.get(), both, "twice", &text, 2), WEFT_OK);
    expect_shape(net->layers[3].out, 10, 4, 4);
    both.input2 = 1;
    EXPECT_EQ(try_add(net.get(), both, "odd", &text, 0), WEFT_E_INVALID);
    EXPECT_EQ(text,
              "layer \"odd\": \"same\" (3 x 4 x 4) and \"smaller\" (3 x 2 x 2) cannot be concatenated: their shapes "
              "(channels x height x width) differ");
    EXPECT_TRUE(weft_layer_has_input2(&net->layers[2]));
    EXPECT_FALSE(weft_layer_has_input2(&net->layers[1]));
}

TEST(Network, PaddingGrowsTheMap) {
    Network net = create({2, 4, 5});
    std::string text;
    weft_layer pad = plain(WEFT_LAYER_PAD);
    pad.window.pad_top = 1, pad.window.pad_left = 2, pad.window.pad_bottom = 3, pad.window.pad_right = 4;
    EXPECT_EQ(try_add(net.get(), pad, "pad", &text), WEFT_OK);
    expect_shape(net->layers[0].out, 2, 8, 11);
    pad.window.pad_left = -1;
    EXPECT_EQ(try_add(net.get(), pad, "crop", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"crop\": negative padding");
    pad.window.pad_left = INT_MAX;
    EXPECT_EQ(try_add(net.get(), pad, "huge", &text), WEFT_E_INVALID);
    EXPECT_EQ(text,
              "layer \"huge\": 2147483647 is too large for a kernel, stride, dilation or padding; at most 1048576");
    pad.window.pad_left = pad.window.pad_top = WEFT_NETWORK_WINDOW_MAX;
    EXPECT_EQ(try_add(net.get(), pad, "huge", &text), WEFT_E_INVALID);
    EXPECT_EQ(text,
              "layer \"huge\": output of 2 x 1048587 x 1048591 (channels x height x width) is not allowed: extents "
              "are at least 1, at most 1073741824 values together");
}

TEST(Network, SlopesAreFinite) {
    Network net = create({1, 2, 2});
    std::string text;
    weft_layer leaky = plain(WEFT_LAYER_LEAKY_RELU), gate = plain(WEFT_LAYER_HARD_SIGMOID);
    leaky.slope = INFINITY;
    EXPECT_EQ(try_add(net.get(), leaky, "l", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"l\": slope inf and offset 0 are not both finite");
    gate.offset = NAN;
    EXPECT_EQ(try_add(net.get(), gate, "g", &text), WEFT_E_INVALID);
    leaky.slope = -0.5f;
    EXPECT_EQ(try_add(net.get(), leaky, "l", &text), WEFT_OK);
    for (weft_layer_kind kind : {WEFT_LAYER_SIGMOID, WEFT_LAYER_HARD_SWISH, WEFT_LAYER_TANH, WEFT_LAYER_SOFTMAX}) {
        EXPECT_EQ(try_add(net.get(), plain(kind), weft_layer_kind_names[kind], &text), WEFT_OK);
        expect_shape(net->layers[net->layer_count - 1].out, 1, 2, 2);
    }
}

TEST(Network, AffineStartsAsIdentityAndIsCloned) {
    Network net = create({3, 2, 2});
    weft_layer &l = add(net.get(), plain(WEFT_LAYER_AFFINE), "a");
    for (int c = 0; c < 3; c++) {
        EXPECT_EQ(l.gamma[c], 1.0f);
        EXPECT_EQ(l.beta[c], 0.0f);
    }
    EXPECT_EQ(l.mean, nullptr);
    EXPECT_EQ(l.variance, nullptr);
    l.gamma[1] = 2.0f, l.beta[2] = -3.0f;
    weft_network *raw = nullptr;
    weft_error err = {};
    ASSERT_EQ(weft_network_clone(&raw, net.get(), &err), WEFT_OK);
    Network copy(raw);
    EXPECT_EQ(copy->layers[0].gamma[1], 2.0f);
    EXPECT_EQ(copy->layers[0].beta[2], -3.0f);
    EXPECT_NE(copy->layers[0].gamma, l.gamma);
}

TEST(Network, LayersAreFoundByName) {
    Network net = create({1, 1, 1});
    EXPECT_EQ(weft_network_find(net.get(), "l0"), -1);
    for (int i = 0; i < 1000; i++) add(net.get(), plain(WEFT_LAYER_RELU), ("l" + std::to_string(i)).c_str());
    for (int i = 0; i < 1000; i++) EXPECT_EQ(weft_network_find(net.get(), ("l" + std::to_string(i)).c_str()), i);
    EXPECT_EQ(weft_network_find(net.get(), "l1000"), -1);
    EXPECT_EQ(weft_network_find(net.get(), ""), -1);
    weft_network *raw = nullptr;
    weft_error err = {};
    ASSERT_EQ(weft_network_clone(&raw, net.get(), &err), WEFT_OK);
    Network copy(raw);
    EXPECT_EQ(weft_network_find(copy.get(), "l999"), 999);
    std::string text;
    EXPECT_EQ(try_add(copy.get(), plain(WEFT_LAYER_RELU), "l500", &text), WEFT_E_INVALID);
    EXPECT_EQ(text, "layer \"l500\": two layers have this name");
}

TEST(Network, KeepsWhatALayerNeeds) {
    Network net = create({2, 4, 4});
    weft_error err = {};
    add(net.get(), conv(2, 3, 1, 1), "a");
    int dead = add_after(net.get(), 0, conv(2, 3, 1, 1), "dead");
    add_after(net.get(), dead, plain(WEFT_LAYER_RELU), "deader");
    int b = add_after(net.get(), 0, plain(WEFT_LAYER_RELU), "b");
    add_sum(net.get(), "sum", b, 0);
    add_after(net.get(), 4, plain(WEFT_LAYER_RELU), "behind");
    ASSERT_EQ(weft_network_keep(net.get(), 4, &err), WEFT_OK);
    ASSERT_EQ(net->layer_count, 3);
    EXPECT_STREQ(net->layers[1].name, "b");
    EXPECT_EQ(net->layers[1].input, 0);
    EXPECT_EQ(net->layers[1].input2, -1);
    EXPECT_STREQ(net->layers[2].name, "sum");
    EXPECT_EQ(net->layers[2].input, 1);
    EXPECT_EQ(net->layers[2].input2, 0);
    EXPECT_EQ(weft_network_find(net.get(), "dead"), -1);
    EXPECT_EQ(weft_network_find(net.get(), "sum"), 2);
    add(net.get(), plain(WEFT_LAYER_RELU), "dead");
    EXPECT_EQ(net->layers[3].input, 2);
    ASSERT_EQ(weft_network_keep(net.get(), -1, &err), WEFT_OK);
    EXPECT_EQ(net->layer_count, 0);
}

TEST(Network, MetadataIsReplacedAndKeepsOrder) {
    Network net = create({1, 1, 1});
    weft_error err = {};
    EXPECT_EQ(weft_network_get(net.get(), "a"), nullptr);
    ASSERT_EQ(weft_network_set(net.get(), "a", "1", &err), WEFT_OK);
    ASSERT_EQ(weft_network_set(net.get(), "b", "2", &err), WEFT_OK);
    ASSERT_EQ(weft_network_set(net.get(), "a", "three", &err), WEFT_OK);
    EXPECT_STREQ(weft_network_get(net.get(), "a"), "three");
    ASSERT_EQ(net->metadata_count, 2);
    EXPECT_STREQ(net->metadata[0].key, "a");
    EXPECT_STREQ(net->metadata[1].value, "2");
    EXPECT_EQ(weft_network_set(net.get(), "", "x", &err), WEFT_E_INVALID);
}

TEST(Network, CloneIsDeepAndEqual) {
    Network net = every_kind(3, true);
    weft_network *raw = nullptr;
    weft_error err = {};
    ASSERT_EQ(weft_network_clone(&raw, net.get(), &err), WEFT_OK);
    Network copy(raw);
    ASSERT_EQ(copy->layer_count, net->layer_count);
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer &a = net->layers[i], &b = copy->layers[i];
        EXPECT_STREQ(a.name, b.name);
        EXPECT_EQ(a.input_max, b.input_max);
        if (!a.weight) continue;
        EXPECT_NE(a.weight, b.weight);
        EXPECT_EQ(memcmp(a.weight, b.weight, a.weight_count * sizeof(float)), 0);
        EXPECT_EQ(memcmp(a.latent, b.latent, a.weight_count * sizeof(float)), 0);
        EXPECT_EQ(a.bias == nullptr, b.bias == nullptr);
    }
    EXPECT_STREQ(weft_network_get(copy.get(), "weft.seed"), "42");
    EXPECT_EQ(copy->preprocess.std[1], 0.25f);
    copy->layers[0].weight[0] = 77.0f;
    EXPECT_NE(net->layers[0].weight[0], 77.0f);
}

TEST(Distort, AppliesTheChainToLatentWeights) {
    Network net = every_kind(3, true), original = every_kind(3, true);
    weft_transform_chain chain = {};
    weft_error err = {};
    ASSERT_EQ(weft_transform_chain_parse(&chain, "addnorm:sigma=0.2", &err), WEFT_OK) << err.text;
    ASSERT_EQ(weft_network_distort(net.get(), &chain, 9, 4, &err), WEFT_OK) << err.text;
    for (int i : {0, 4, 7, 10}) {
        const weft_layer &l = net->layers[i], &o = original->layers[i];
        weft_transform_draw draw = {9, 4, static_cast<uint16_t>(i), WEFT_PURPOSE_DISTORT};
        std::vector<float> expected(l.weight_count);
        ASSERT_EQ(weft_transform_chain_apply(&chain, o.latent, expected.data(), l.weight_count, &draw, &err), WEFT_OK);
        EXPECT_EQ(memcmp(expected.data(), l.weight, l.weight_count * sizeof(float)), 0);
        EXPECT_NE(memcmp(o.latent, l.weight, l.weight_count * sizeof(float)), 0);
        EXPECT_EQ(l.latent, nullptr);
    }
}

TEST(Distort, EmptyChainGivesLatentAndNoChainKeepsDeployed) {
    Network net = every_kind(3, true), kept = every_kind(3, true), original = every_kind(3, true);
    weft_transform_chain identity = {};
    weft_error err = {};
    ASSERT_EQ(weft_network_distort(net.get(), &identity, 1, 0, &err), WEFT_OK);
    ASSERT_EQ(weft_network_distort(kept.get(), nullptr, 1, 0, &err), WEFT_OK);
    const weft_layer &o = original->layers[0];
    EXPECT_EQ(memcmp(net->layers[0].weight, o.latent, o.weight_count * sizeof(float)), 0);
    EXPECT_EQ(memcmp(kept->layers[0].weight, o.weight, o.weight_count * sizeof(float)), 0);
    EXPECT_EQ(kept->layers[0].latent, nullptr);
}

TEST(Preprocess, ScalesEachChannel) {
    const uint8_t pixels[] = {0, 255, 51, 102, 0, 255, 51, 102};
    float out[8];
    weft_preprocess none = {}, both = {2, {0.5f, 0.0f}, {0.5f, 2.0f}, false, 0, 0, {}, nullptr};
    ASSERT_EQ(weft_preprocess_apply(&none, {2, 1, 1}, pixels, 4, out, nullptr), WEFT_OK);
    for (int i = 0; i < 8; i++) EXPECT_EQ(out[i], static_cast<float>(pixels[i]) / 255.0f);
    ASSERT_EQ(weft_preprocess_apply(&both, {2, 1, 2}, pixels, 2, out, nullptr), WEFT_OK);
    const float expected[] = {-1.0f, 1.0f, 51.0f / 255.0f / 2.0f, 102.0f / 255.0f / 2.0f,
                              -1.0f, 1.0f, 51.0f / 255.0f / 2.0f, 102.0f / 255.0f / 2.0f};
    for (int i = 0; i < 8; i++) EXPECT_FLOAT_EQ(out[i], expected[i]) << i;
}

} // namespace
