// Does the ONNX reader understand each operator as ONNX defines it, refuse the rest by name, and read back what the
// writer wrote?
#include "core/onnx.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "tests/support/onnx_fixture.h"

using namespace samples;
using namespace onnx_bytes;
using namespace onnx_fixture;

namespace {

// ---- round trip ----

void expect_same_array(const char *name, const float *x, const float *y, size_t count) {
    ASSERT_EQ(x == nullptr, y == nullptr) << name;
    if (x) { EXPECT_EQ(memcmp(x, y, count * sizeof(float)), 0) << name; }
}

void expect_same_layer(const weft_layer &a, const weft_layer &b) {
    EXPECT_STREQ(a.name, b.name);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.input, b.input);
    EXPECT_EQ(a.input2, b.input2);
    EXPECT_EQ(memcmp(&a.in, &b.in, sizeof a.in), 0);
    EXPECT_EQ(memcmp(&a.out, &b.out, sizeof a.out), 0);
    EXPECT_EQ(memcmp(&a.window, &b.window, sizeof a.window), 0);
    EXPECT_EQ(a.groups, b.groups);
    EXPECT_EQ(a.epsilon, b.epsilon);
    EXPECT_EQ(a.low, b.low);
    EXPECT_EQ(a.high, b.high);
    EXPECT_EQ(a.levels, b.levels);
    EXPECT_EQ(a.threshold, b.threshold);
    EXPECT_EQ(a.signed_spikes, b.signed_spikes);
    EXPECT_EQ(a.slope, b.slope);
    EXPECT_EQ(a.offset, b.offset);
    EXPECT_EQ(a.input_min, b.input_min);
    EXPECT_EQ(a.input_max, b.input_max);
    const size_t n = static_cast<size_t>(a.out.channels);
    expect_same_array(a.name, a.weight, b.weight, a.weight_count);
    expect_same_array(a.name, a.latent, b.latent, a.weight_count);
    expect_same_array(a.name, a.bias, b.bias, n);
    expect_same_array(a.name, a.gamma, b.gamma, n);
    expect_same_array(a.name, a.beta, b.beta, n);
    expect_same_array(a.name, a.mean, b.mean, n);
    expect_same_array(a.name, a.variance, b.variance, n);
}

// Written, read and written again: the same layers, the same bytes.
Network round_trip(const Network &net) {
    Folder folder;
    weft_error err = {};
    weft_network *raw = nullptr;
    EXPECT_EQ(weft_onnx_write(net.get(), (folder / "a.onnx").c_str(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(weft_onnx_read(&raw, (folder / "a.onnx").c_str(), &err), WEFT_OK) << err.text;
    Network back(raw);
    if (!back) return back;
    EXPECT_EQ(weft_onnx_write(back.get(), (folder / "b.onnx").c_str(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(read_file(folder / "a.onnx"), read_file(folder / "b.onnx"));
    EXPECT_EQ(back->layer_count, net->layer_count);
    for (int i = 0; i < std::min(net->layer_count, back->layer_count); i++)
        expect_same_layer(net->layers[i], back->layers[i]);
    return back;
}

TEST(OnnxRoundTrip, GivesTheSameNetworkAndTheSameBytes) {
    for (bool latent : {false, true}) {
        Network net = every_kind(5, latent), back = round_trip(net);
        ASSERT_TRUE(back);
        EXPECT_STREQ(back->name, "sample");
        EXPECT_EQ(memcmp(&net->preprocess, &back->preprocess, sizeof net->preprocess), 0);
        ASSERT_EQ(back->metadata_count, 2);
        EXPECT_STREQ(weft_network_get(back.get(), "weft.seed"), "42");
        EXPECT_STREQ(weft_network_get(back.get(), "weft.projection"), "sign");
    }
}

TEST(OnnxRoundTrip, KeepsBranchesInOrderAndTheirLatentWeights) {
    for (bool latent : {false, true}) {
        Network back = round_trip(residual(6, latent));
        ASSERT_TRUE(back);
        EXPECT_EQ(back->layers[11].kind, WEFT_LAYER_ADD);
        EXPECT_EQ(back->layers[11].input, 10);
        EXPECT_EQ(back->layers[11].input2, 9);
        EXPECT_EQ(back->layers[10].latent != nullptr, latent);
    }
}

TEST(OnnxRoundTrip, AddsAValueToItselfAndTheInput) {
    Network net = create({2, 3, 3});
    add_sum(net.get(), "twice", -1, -1);
    add_sum(net.get(), "thrice", 0, -1);
    Network back = round_trip(net);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->layers[1].input2, -1);
}

TEST(OnnxRoundTrip, EveryNumberOfLevels) {
    for (float high : {1.0f, 0.1f, 3.14159265f, 6.0f, 1e-3f, 127.5f}) {
        Network net = create({1, 2, 2});
        for (int levels = 1; levels <= 255; levels++) {
            add(net.get(), quantise(0.0f, high, levels), ("u" + std::to_string(levels)).c_str());
            if (levels <= 127) add(net.get(), quantise(-high, high, levels), ("s" + std::to_string(levels)).c_str());
        }
        Network back = round_trip(net);
        ASSERT_TRUE(back);
        EXPECT_EQ(back->layer_count, 255 + 127);
    }
}

/* Names that the added nodes would like, and values used twice. */
TEST(OnnxRoundTrip, PartsOfLayersKeepOutOfTheWay) {
    Network net = create({1, 2, 2});
    add(net.get(), quantise(0.0f, 1.0f, 3), "a");
    add(net.get(), threshold(0.5f, true), "a.clip");
    add(net.get(), threshold(0.5f, true), "a.clip.up");
    add(net.get(), clip(-1.0f, 1.0f), "a.integer");
    add_sum(net.get(), "a.clip.down", 0, 3);
    int twice = add_after(net.get(), 4, threshold(0.25f, true), "b");
    int also = add_after(net.get(), 4, threshold(0.25f, false), "c");
    add_sum(net.get(), "d", twice, also);
    round_trip(net);
}

TEST(OnnxRoundTrip, ImplicitFlattenBecomesALayerOnce) {
    Folder folder;
    Network net = create({2, 3, 3});
    add(net.get(), dense(4), "fc");
    add(net.get(), dense(3), "fc.flatten"); /* the name that the added node would like */
    weft_error err = {};
    weft_network *raw = nullptr;
    ASSERT_EQ(weft_onnx_write(net.get(), (folder / "a.onnx").c_str(), &err), WEFT_OK) << err.text;
    ASSERT_EQ(weft_onnx_read(&raw, (folder / "a.onnx").c_str(), &err), WEFT_OK) << err.text;
    Network back(raw);
    ASSERT_EQ(back->layer_count, 3);
    EXPECT_EQ(back->layers[0].kind, WEFT_LAYER_FLATTEN);
    EXPECT_STREQ(back->layers[0].name, "fc.flatten_");
    EXPECT_EQ(back->layers[1].in.channels, 18);
    ASSERT_EQ(weft_onnx_write(back.get(), (folder / "b.onnx").c_str(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(read_file(folder / "a.onnx"), read_file(folder / "b.onnx"));
}

TEST(OnnxRoundTrip, KeepsWhatImportedNetworksHave) {
    Network back = round_trip(imported(7));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->layers[8].kind, WEFT_LAYER_CONCAT);
    EXPECT_EQ(back->layers[8].input2, 3);
}

/* Vectors where maps are needed, and sums and concatenations of both. */
TEST(OnnxRoundTrip, TakesVectorsForMaps) {
    Network net = create({4, 2, 2});
    weft_network *n = net.get();
    add(n, plain(WEFT_LAYER_FLATTEN), "flat");
    add(n, conv(2, 1), "conv");
    add(n, plain(WEFT_LAYER_FLATTEN), "flat2");
    add_sum(n, "sum", 2, 1);
    add_concat(n, "both", 3, 2);
    add(n, padding(1, 1, 0, 0), "pad");
    add(n, pool(WEFT_LAYER_AVERAGE_POOL, 2, 1), "pool");
    randomise(n, 3, false);
    round_trip(net);
}

TEST(OnnxRoundTrip, DilatedAveragePooling) {
    Network net = create({1, 5, 5});
    weft_layer dilated = pool(WEFT_LAYER_AVERAGE_POOL, 2, 1);
    dilated.window.dilation_h = 2, dilated.window.dilation_w = 3;
    add(net.get(), dilated, "pool");
    round_trip(net);
}

TEST(OnnxRoundTrip, ManyLevels) {
    Network net = create({1, 2, 2});
    const std::pair<int, int> ranges[] = {{0, 256},     {0, 65535},     {128, 127},   {127, 127}, {1, 255},
                                          {254, 1},     {32768, 32767}, {65534, 1},   {200, 55},  {1, 254},
                                          {1000, 1000}, {3, 100},       {12345, 4321}};
    for (float step : {1.0f, 0.1f, 0.0123f, 3.0e-5f})
        for (const auto &r : ranges) {
            const float high = step * static_cast<float>(r.second), exact = high / static_cast<float>(r.second);
            add(net.get(), quantise(-static_cast<float>(r.first) * exact, high, r.second),
                ("q" + std::to_string(net->layer_count)).c_str());
        }
    round_trip(net);
}

TEST(OnnxWrite, RefusesWhatCouldNotBeReadBack) {
    Folder folder;
    weft_error err = {};
    Network empty = create({1, 2, 2}), branched = create({1, 2, 2});
    EXPECT_EQ(weft_onnx_write(empty.get(), (folder / "x").c_str(), &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "network \"sample\" has no layers");
    weft_layer relu = plain(WEFT_LAYER_RELU);
    ASSERT_EQ(weft_network_add(branched.get(), &relu, "a", -1, false, nullptr, &err), WEFT_OK);
    ASSERT_EQ(weft_network_add(branched.get(), &relu, "b", -1, false, nullptr, &err), WEFT_OK);
    EXPECT_EQ(weft_onnx_write(branched.get(), (folder / "x").c_str(), &err), WEFT_E_UNSUPPORTED);
    EXPECT_STREQ(err.text, "layer \"a\" is used by no other, and it is not the last one: a network has one output");
    EXPECT_TRUE(read_file(folder / "x").empty());
    Network good = every_kind(1, false);
    EXPECT_EQ(weft_onnx_write(good.get(), (folder / "no/such/folder.onnx").c_str(), &err), WEFT_E_IO);
}

// ---- operators ----

TEST(OnnxConv, ReadsEveryAttribute) {
    Network net = parse(Model({-1, 4, 9, 8})
                            .constant(floats("w", {6, 2, 3, 2}, counting(72)))
                            .constant(listed("b", {6}, counting(6, 10)))
                            .add(node("Conv", "c", {"x", "w", "b"}, "y",
                                      {attr_ints("pads", {1, 0, 2, 3}), attr_ints("strides", {2, 1}), attr("group", 2),
                                       attr_ints("dilations", {2, 1}), attr_ints("kernel_shape", {3, 2})}))
                            .str());
    ASSERT_TRUE(net);
    const weft_layer &l = net->layers[0];
    EXPECT_STREQ(l.name, "c");
    EXPECT_EQ(l.groups, 2);
    expect_window(l.window, {3, 2, 2, 1, 2, 1}, {1, 0, 2, 3});
    EXPECT_EQ(l.out.channels, 6);
    EXPECT_EQ(l.out.height, 4); /* (9 + 3 - 5) / 2 + 1 */
    EXPECT_EQ(l.out.width, 10);
    expect_values(l.weight, counting(72));
    expect_values(l.bias, counting(6, 10));
}

TEST(OnnxConv, DefaultsAreOnnxDefaults) {
    Network net = parse(Model({1, 1, 5, 5})
                            .constant(listed("w", {1, 1, 3, 3}, counting(9)))
                            .add(node("Conv", "", {"x", "w"}, "y"))
                            .str());
    ASSERT_TRUE(net);
    EXPECT_STREQ(net->layers[0].name, "y");
    EXPECT_EQ(net->layers[0].bias, nullptr);
    expect_window(net->layers[0].window, {3, 3, 1, 1, 1, 1}, {0, 0, 0, 0});
}

TEST(OnnxConv, AutoPadFollowsItsDefinition) {
    struct Case {
        const char *mode;
        std::vector<int> pads;
        int height, width;
    };
    /* height: 6, kernel 3, stride 2: out 3, total pad 1; width: 5, kernel 4, stride 1: out 5, total pad 3 */
    const Case cases[] = {{"SAME_UPPER", {0, 1, 1, 2}, 3, 5},
                          {"SAME_LOWER", {1, 2, 0, 1}, 3, 5},
                          {"VALID", {0, 0, 0, 0}, 2, 2},
                          {"NOTSET", {0, 0, 0, 0}, 2, 2}};
    for (const Case &c : cases) {
        Network net = parse(
            Model({1, 1, 6, 5})
                .constant(floats("w", {1, 1, 3, 4}, counting(12)))
                .add(node("Conv", "c", {"x", "w"}, "y", {attr_text("auto_pad", c.mode), attr_ints("strides", {2, 1})}))
                .str());
        ASSERT_TRUE(net);
        expect_window(net->layers[0].window, {3, 4, 2, 1, 1, 1}, c.pads);
        EXPECT_EQ(net->layers[0].out.height, c.height) << c.mode;
        EXPECT_EQ(net->layers[0].out.width, c.width) << c.mode;
    }
}

TEST(OnnxGemm, FoldsAlphaBetaAndTransposes) {
    for (int64_t trans_b : {0, 1}) {
        /* W[out, in] = {{0, 1, 2}, {3, 4, 5}} */
        std::vector<float> stored = trans_b ? counting(6) : std::vector<float>{0, 3, 1, 4, 2, 5};
        std::vector<int64_t> dims = trans_b ? std::vector<int64_t>{2, 3} : std::vector<int64_t>{3, 2};
        Network net =
            parse(Model({-1, 3})
                      .constant(floats("w", dims, stored))
                      .constant(floats("b", {1, 2}, {1, 2}))
                      .add(node("Gemm", "g", {"x", "w", "b"}, "y",
                                {attr("transB", trans_b), attr_float("alpha", 2.0f), attr_float("beta", -3.0f)}))
                      .str());
        ASSERT_TRUE(net);
        EXPECT_EQ(net->layers[0].kind, WEFT_LAYER_DENSE);
        expect_values(net->layers[0].weight, {0, 2, 4, 6, 8, 10});
        expect_values(net->layers[0].bias, {-3, -6});
    }
}

TEST(OnnxGemm, TakesAFeatureMapAndAScalarBias) {
    Network net = parse(Model({-1, 2, 1, 2})
                            .constant(floats("w", {3, 4}, counting(12)))
                            .constant(floats("b", {}, {7}))
                            .add(node("Gemm", "g", {"x", "w", "b"}, "y", {attr("transB", 1)}))
                            .str());
    ASSERT_TRUE(net);
    expect_values(net->layers[0].weight, counting(12));
    expect_values(net->layers[0].bias, {7, 7, 7});
}

TEST(OnnxMatMul, TakesTheAddAfterItAsBias) {
    for (bool bias_first : {false, true}) {
        std::vector<std::string> inputs = {"h", "b"};
        if (bias_first) std::swap(inputs[0], inputs[1]);
        Network net = parse(Model({-1, 3})
                                .constant(floats("w", {3, 2}, {0, 3, 1, 4, 2, 5}))
                                .constant(floats("b", {2}, {8, 9}))
                                .add(node("Add", "a", inputs, "y"))
                                .add(node("MatMul", "m", {"x", "w"}, "h"))
                                .str());
        ASSERT_TRUE(net);
        ASSERT_EQ(net->layer_count, 1);
        EXPECT_STREQ(net->layers[0].name, "m");
        expect_values(net->layers[0].weight, counting(6));
        expect_values(net->layers[0].bias, {8, 9});
    }
}

TEST(OnnxBatchNorm, ReadsItsArrays) {
    Model model({-1, 2, 3, 3});
    for (int i = 0; i < 4; i++)
        model.constant(floats(std::string(1, static_cast<char>('a' + i)), {2}, counting(2, static_cast<float>(i))));
    Network net = parse(
        model.add(node("BatchNormalization", "bn", {"x", "a", "b", "c", "d"}, "y", {attr_float("momentum", 0.9f)}))
            .str());
    ASSERT_TRUE(net);
    const weft_layer &l = net->layers[0];
    expect_values(l.gamma, {0, 1});
    expect_values(l.beta, {1, 2});
    expect_values(l.mean, {2, 3});
    expect_values(l.variance, {3, 4});
    EXPECT_EQ(l.epsilon, 1e-5f);
}

TEST(OnnxPool, ReadsWindowsAndCeilMode) {
    Network net =
        parse(Model({-1, 1, 8, 7})
                  .add(node("MaxPool", "m", {"x"}, "h",
                            {attr_ints("kernel_shape", {3, 2}), attr_ints("strides", {2, 2}), attr("ceil_mode", 1)}))
                  .add(node("AveragePool", "a", {"h"}, "y",
                            {attr_ints("kernel_shape", {2, 2}), attr_ints("pads", {1, 0, 0, 1}),
                             attr("count_include_pad", 1)}))
                  .str());
    ASSERT_TRUE(net);
    /* height: (8 - 3) / 2 = 2.5, so 4 windows with one more row; width: (7 - 2) / 2 = 2.5, so 4 windows */
    expect_window(net->layers[0].window, {3, 2, 2, 2, 1, 1}, {0, 0, 1, 1});
    EXPECT_EQ(net->layers[0].out.height, 4);
    EXPECT_EQ(net->layers[0].out.width, 4);
    expect_window(net->layers[1].window, {2, 2, 1, 1, 1, 1}, {1, 0, 0, 1});
    EXPECT_TRUE(net->layers[1].count_include_pad);
}

TEST(OnnxPool, CeilModeDropsAWindowThatWouldStartInThePadding) {
    Network net =
        parse(Model({-1, 1, 4, 4})
                  .add(node("MaxPool", "m", {"x"}, "y",
                            {attr_ints("kernel_shape", {1, 1}), attr_ints("strides", {4, 3}), attr("ceil_mode", 1)}))
                  .str());
    ASSERT_TRUE(net);
    expect_window(net->layers[0].window, {1, 1, 4, 3, 1, 1}, {0, 0, 0, 0});
    EXPECT_EQ(net->layers[0].out.height, 1);
    EXPECT_EQ(net->layers[0].out.width, 2);
}

TEST(OnnxPool, GlobalAverageIsAFullWindow) {
    Network net = parse(Model({-1, 5, 6, 3}).add(node("GlobalAveragePool", "g", {"x"}, "y")).str());
    ASSERT_TRUE(net);
    EXPECT_EQ(net->layers[0].kind, WEFT_LAYER_AVERAGE_POOL);
    expect_window(net->layers[0].window, {6, 3, 1, 1, 1, 1}, {0, 0, 0, 0});
    EXPECT_EQ(net->layers[0].out.channels, 5);
    EXPECT_EQ(net->layers[0].out.height, 1);
}

TEST(OnnxReshape, FlattensInEachForm) {
    const std::vector<std::vector<int64_t>> shapes = {{0, -1}, {-1, 12}, {0, 12}, {4, -1}, {4, 12}};
    for (const auto &shape : shapes) {
        Network net =
            parse(Model({4, 3, 2, 2}).constant(ints64("s", shape)).add(node("Reshape", "r", {"x", "s"}, "y")).str());
        ASSERT_TRUE(net);
        EXPECT_EQ(net->layers[0].kind, WEFT_LAYER_FLATTEN);
        EXPECT_EQ(net->layers[0].out.channels, 12);
    }
    auto fails = [](const std::vector<int64_t> &shape, weft_status status, const std::string &text) {
        expect_failure(Model({4, 3, 2, 2}).constant(ints64("s", shape)).add(node("Reshape", "r", {"x", "s"}, "y")),
                       status, "node \"r\" (Reshape): " + text);
    };
    const std::string wrong = "its shape does not hold the 48 values of its input";
    fails({-1, -1}, WEFT_E_INVALID, wrong + " (extent 1)");
    fails({0, 11}, WEFT_E_INVALID, wrong);
    fails({7, -1}, WEFT_E_INVALID, wrong);
    fails({0, 3, 2, 2, 2}, WEFT_E_INVALID, wrong + " (extent 4)");
    const std::string batch = " of its output do not begin with the batch (4) alone: not supported";
    fails({3, -1}, WEFT_E_UNSUPPORTED, "extents 3 x 16" + batch);
    fails({2, 24}, WEFT_E_UNSUPPORTED, "extents 2 x 24" + batch);
    fails({-1}, WEFT_E_UNSUPPORTED, "extents 48" + batch);
}

TEST(OnnxOthers, SkipsIdentityAndDropoutAndTakesConstantNodesInAnyOrder) {
    Network net =
        parse(Model({-1, 4})
                  .add(node("Gemm", "g", {"d", "w2", "b"}, "y"))
                  .add(node("Dropout", "drop", {"i"}, "d", {attr_float("ratio", 0.5f)}))
                  .add(node("Identity", "share", {"w"}, "w2"))
                  .add(node("Constant", "k", {}, "w", {attr_tensor("value", floats("", {4, 1}, counting(4)))}))
                  .add(node("Identity", "same", {"x"}, "i"))
                  .constant(floats("b", {1}, {3}))
                  .str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 1);
    expect_values(net->layers[0].weight, counting(4));
    EXPECT_EQ(net->layers[0].bias[0], 3.0f);
}

TEST(OnnxOthers, LatentWeightsFollowTheirInitializer) {
    Model model({-1, 2});
    model.constant(floats("w", {2, 2}, {1, -1, 1, 1})).add(node("MatMul", "m", {"x", "w"}, "y"));
    model.latents = {floats("other", {1}, {1}), floats("w", {2, 2}, {0.1f, -0.2f, 0.3f, 0.4f})};
    Network net = parse(model.str());
    ASSERT_TRUE(net);
    expect_values(net->layers[0].weight, {1, 1, -1, 1});
    expect_values(net->layers[0].latent, {0.1f, 0.3f, -0.2f, 0.4f});
    model.latents = {floats("w", {4}, counting(4))};
    expect_failure(model, WEFT_E_INVALID,
                   "node \"m\" (MatMul): the latent weights of \"w\" have other extents than the weights");
}

// ---- refusals ----

Model relu_model() { return Model({-1, 1, 2, 2}).add(node("Relu", "r", {"x"}, "y")); }

Model gemm_model(const std::string &weight) {
    return Model({-1, 2}).constant(weight).add(node("Gemm", "g", {"x", "w"}, "y"));
}

TEST(OnnxRefuses, WhatIsNoModel) {
    expect_failure(std::string(), WEFT_E_PARSE, "empty file: not an ONNX model");
    expect_failure(std::string("\x08\x07", 2), WEFT_E_PARSE, "not an ONNX model: there is no graph in it");
    expect_failure(std::string("hello world, no model"), WEFT_E_PARSE,
                   "not an ONNX model: offset 3: unknown protobuf wire type");
    expect_failure(relu_model().str() + "\x0f", WEFT_E_PARSE,
                   "not an ONNX model: offset " + std::to_string(relu_model().str().size() + 1) +
                       ": unknown protobuf wire type");
}

TEST(OnnxRefuses, DeepNesting) {
    /* An attribute with a graph with a node with an attribute ...: protobuf-c would recurse as deep. */
    std::string graph;
    for (int i = 0; i < 2000; i++) graph = bytes(1, bytes(5, bytes(6, graph)));
    weft_network *net = nullptr;
    weft_error err = {};
    std::string data = bytes(7, graph);
    EXPECT_EQ(weft_onnx_parse(&net, data.data(), data.size(), "m.onnx", &err), WEFT_E_PARSE);
    EXPECT_NE(std::string(err.text).find("messages nest too deeply"), std::string::npos) << err.text;
}

TEST(OnnxRefuses, FloodsOfMessages) {
    std::string nodes;
    for (int i = 0; i < (1 << 20) + 1; i++) nodes += std::string("\x0a\x00", 2);
    weft_network *net = nullptr;
    weft_error err = {};
    std::string data = bytes(7, nodes);
    EXPECT_EQ(weft_onnx_parse(&net, data.data(), data.size(), "m.onnx", &err), WEFT_E_PARSE);
    EXPECT_NE(std::string(err.text).find("too many messages"), std::string::npos) << err.text;
}

TEST(OnnxRefuses, OtherOpsets) {
    Model model = relu_model();
    for (int64_t good : {7, 13, 21}) {
        model.opset = good;
        EXPECT_TRUE(parse(model.str()));
    }
    model.opset = 6;
    expect_failure(model, WEFT_E_UNSUPPORTED, "opset 6 is not supported, only 7 to 21");
    model.opset = 22;
    expect_failure(model, WEFT_E_UNSUPPORTED, "opset 22 is not supported, only 7 to 21");
    expect_failure(number(1, 7) + bytes(7, model.graph()), WEFT_E_INVALID,
                   "the model does not say which ONNX opset it uses");
}

TEST(OnnxRefuses, UnknownOperatorsByName) {
    expect_failure(Model({-1, 1, 2, 2}).add(node("Softplus", "s\x1b[2J", {"x"}, "y")), WEFT_E_UNSUPPORTED,
                   "node \"s?[2J\" (Softplus): this operator is not supported");
    expect_failure(Model({-1, 1, 2, 2}).add(node("Relu", "", {"x"}, "y") + bytes(7, "com.example")), WEFT_E_UNSUPPORTED,
                   "node \"y\" (Relu): operators of domain \"com.example\" are not supported");
    expect_failure(Model({-1, 1, 2, 2}).add(node("Relu", "r", {"x"}, "y", {attr("alpha", 1)})), WEFT_E_UNSUPPORTED,
                   "node \"r\" (Relu): attribute \"alpha\" is not supported");
}

TEST(OnnxAdd, ReadsBranchesInAnyOrder) {
    Network net = parse(map_model()
                            .add(node("Add", "sum", {"i", "h"}, "y"))
                            .add(node("Relu", "s", {"h"}, "i"))
                            .add(node("Relu", "r", {"x"}, "h"))
                            .str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 3);
    EXPECT_STREQ(net->layers[0].name, "r");
    EXPECT_STREQ(net->layers[1].name, "s");
    EXPECT_EQ(net->layers[2].kind, WEFT_LAYER_ADD);
    EXPECT_EQ(net->layers[2].input, 1);
    EXPECT_EQ(net->layers[2].input2, 0);
}

TEST(OnnxAdd, ABiasOfAMatMulThatIsUsedTwiceIsALayer) {
    Network net = parse(Model({-1, 2})
                            .constant(floats("w", {2, 2}, counting(4)))
                            .constant(floats("b", {2}, {1, 2}))
                            .add(node("MatMul", "m", {"x", "w"}, "h"))
                            .add(node("Add", "bias", {"h", "b"}, "i"))
                            .add(node("Add", "sum", {"h", "i"}, "y"))
                            .str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 3);
    EXPECT_EQ(net->layers[0].bias, nullptr);
    EXPECT_EQ(net->layers[1].kind, WEFT_LAYER_AFFINE);
    expect_values(net->layers[1].gamma, {1, 1});
    expect_values(net->layers[1].beta, {1, 2});
    EXPECT_EQ(net->layers[2].input, 0);
    EXPECT_EQ(net->layers[2].input2, 1);
}

TEST(OnnxClip, ReadsBoundsAsAttributesOrInputs) {
    Model old = map_model();
    old.opset = 10;
    Network net = parse(old.add(node("Clip", "c", {"x"}, "y", {attr_float("min", 0), attr_float("max", 6)})).str());
    ASSERT_TRUE(net);
    EXPECT_EQ(net->layers[0].kind, WEFT_LAYER_CLIP);
    EXPECT_EQ(net->layers[0].low, 0.0f);
    EXPECT_EQ(net->layers[0].high, 6.0f);
    net = parse(map_model().constant(floats("m", {}, {2.5f})).add(node("Clip", "c", {"x", "", "m"}, "y")).str());
    ASSERT_TRUE(net);
    EXPECT_EQ(net->layers[0].low, -FLT_MAX);
    EXPECT_EQ(net->layers[0].high, 2.5f);
    expect_failure(map_model().constant(floats("m", {2}, {0, 1})).add(node("Clip", "c", {"x", "m"}, "y")),
                   WEFT_E_UNSUPPORTED,
                   "node \"c\" (Clip): tensor \"m\" holds 2 values; only one for all elements is supported");
    expect_failure(map_model()
                       .constant(floats("m", {}, {1}))
                       .constant(floats("n", {}, {1}))
                       .add(node("Clip", "c", {"x", "m", "n"}, "y")),
                   WEFT_E_INVALID,
                   "node \"c\" (Clip): layer \"c\": bounds 1 and 1 are not allowed: both are finite, the low one below "
                   "the high");
}

/* Clip to low..high, then integers of that scale and zero point and back. */
Model quantised_model(float low, float high, float scale, int type, char zero, float back = 0) {
    Model model = map_model();
    model.constant(floats("low", {}, {low})).constant(floats("high", {}, {high}));
    model.constant(floats("scale", {}, {scale})).constant(tensor("zero", {}, std::string(1, zero), type));
    model.constant(floats("back", {}, {back != 0 ? back : scale}));
    model.add(node("Clip", "c", {"x", "low", "high"}, "h"));
    model.add(node("QuantizeLinear", "q", {"h", "scale", "zero"}, "i"));
    return model.add(node("DequantizeLinear", "d", {"i", "back", "zero"}, "y"));
}

TEST(OnnxQuantise, IsClipQuantizeDequantize) {
    Network net = parse(quantised_model(0, 1.5f, 0.1f, UINT8, 0).str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 1);
    EXPECT_STREQ(net->layers[0].name, "d");
    EXPECT_EQ(net->layers[0].kind, WEFT_LAYER_QUANTISE);
    EXPECT_EQ(net->layers[0].levels, 15);
    EXPECT_EQ(net->layers[0].high, 1.5f);
    net = parse(quantised_model(-2, 2, 2.0f / 7, INT8, 0).str());
    ASSERT_TRUE(net);
    EXPECT_EQ(net->layers[0].low, -2.0f);
    EXPECT_EQ(net->layers[0].levels, 7);
}

TEST(OnnxQuantise, TakesAClipWhoseBoundsAreLevels) {
    struct Case {
        float low, high, scale;
        int type;
        char zero;
        int layers, levels; /* layers: 1 with the clip in the quantisation, 2 with both */
        float first, last;  /* of the quantisation's values */
    };
    const Case cases[] = {{0, 1, 0.5f, INT8, 0, 1, 2, 0, 1},
                          {-1, 1, 0.5f, UINT8, 0, 2, 255, 0, 127.5f},
                          {-1, 1, 0.5f, UINT8, 2, 1, 2, -1, 1},
                          {-1, 1, 0.5f, UINT8, 1, 2, 254, -0.5f, 127},
                          {0, 1, 0.4f, UINT8, 0, 2, 255, 0, 102},
                          {0, 1, 1e-3f, UINT8, 0, 2, 255, 0, 0.255f},
                          {-1, 1, 1.0f / 128, INT8, 0, 2, 127, -1, 127.0f / 128}};
    for (const Case &c : cases) {
        Network net = parse(quantised_model(c.low, c.high, c.scale, c.type, c.zero).str());
        ASSERT_TRUE(net);
        const weft_layer &l = net->layers[net->layer_count - 1];
        EXPECT_EQ(net->layer_count, c.layers) << c.low << " " << c.scale;
        EXPECT_STREQ(l.name, "d");
        EXPECT_EQ(l.levels, c.levels);
        EXPECT_EQ(l.low, c.first);
        EXPECT_FLOAT_EQ(l.high, c.last);
        EXPECT_EQ(l.input, c.layers - 2);
        EXPECT_EQ(net->layers[0].kind, c.layers == 2 ? WEFT_LAYER_CLIP : WEFT_LAYER_QUANTISE);
    }
}

TEST(OnnxQuantise, RefusesOtherQuantisations) {
    const std::string q = "node \"q\" (QuantizeLinear): ", d = "node \"d\" (DequantizeLinear): ";
    expect_failure(quantised_model(0, 1, 0.5f, UINT8, static_cast<char>(255)), WEFT_E_UNSUPPORTED,
                   q + "zero point 255 is not supported: no value is above 0");
    expect_failure(quantised_model(0, 1, 0.5f, BOOL, 1), WEFT_E_UNSUPPORTED,
                   q + "quantises to BOOL; supported are UINT8, INT8, UINT16 and INT16");
    expect_failure(quantised_model(0, 1, -0.5f, UINT8, 0), WEFT_E_INVALID, q + "scale -0.5 is not above 0");
    expect_failure(quantised_model(0, 1, 0.5f, UINT8, 0, 0.25f), WEFT_E_UNSUPPORTED,
                   d + "another scale, zero point or type than its QuantizeLinear has");
}

Model spikes_model(float up, float down) {
    Model model = map_model();
    model.constant(floats("t", {}, {up})).constant(floats("n", {1}, {down}));
    model.add(node("GreaterOrEqual", "g", {"x", "t"}, "a")).add(node("Cast", "u", {"a"}, "b", {attr("to", FLOAT)}));
    model.add(node("LessOrEqual", "l", {"x", "n"}, "c")).add(node("Cast", "v", {"c"}, "d", {attr("to", FLOAT)}));
    return model.add(node("Sub", "s", {"b", "d"}, "y"));
}

TEST(OnnxThreshold, IsAComparisonOrTwo) {
    Network net = parse(map_model()
                            .constant(floats("t", {}, {0.75f}))
                            .add(node("GreaterOrEqual", "g", {"x", "t"}, "h"))
                            .add(node("Cast", "u", {"h"}, "y", {attr("to", FLOAT)}))
                            .str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 1);
    EXPECT_STREQ(net->layers[0].name, "u");
    EXPECT_EQ(net->layers[0].kind, WEFT_LAYER_THRESHOLD);
    EXPECT_EQ(net->layers[0].threshold, 0.75f);
    EXPECT_FALSE(net->layers[0].signed_spikes);
    net = parse(spikes_model(0.5f, -0.5f).str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 1);
    EXPECT_STREQ(net->layers[0].name, "s");
    EXPECT_EQ(net->layers[0].threshold, 0.5f);
    EXPECT_TRUE(net->layers[0].signed_spikes);
}

TEST(OnnxThreshold, RefusesOtherComparisons) {
    expect_failure(spikes_model(0.5f, -0.25f), WEFT_E_UNSUPPORTED,
                   "node \"s\" (Sub): its spikes are not those of one value at a threshold and its negative");
    expect_failure(spikes_model(0, -0.25f), WEFT_E_UNSUPPORTED,
                   "node \"g\" (GreaterOrEqual): comparing with 0 is not supported, only with numbers above 0");
    expect_failure(spikes_model(0.5f, 0.5f), WEFT_E_UNSUPPORTED,
                   "node \"l\" (LessOrEqual): comparing with 0.5 is not supported, only with numbers below 0");
    expect_failure(map_model()
                       .constant(floats("t", {}, {1}))
                       .add(node("GreaterOrEqual", "g", {"x", "t"}, "h"))
                       .add(node("Cast", "u", {"h"}, "y", {attr("to", FLOAT16)})),
                   WEFT_E_UNSUPPORTED, "node \"u\" (Cast): only a cast to float32 is supported");
    expect_failure(map_model()
                       .constant(floats("t", {}, {1}))
                       .add(node("GreaterOrEqual", "g", {"x", "t"}, "h"))
                       .add(node("Relu", "r", {"h"}, "y")),
                   WEFT_E_UNSUPPORTED, "node \"r\" (Relu): not supported on truth values");
    expect_failure(map_model().add(node("Relu", "r", {"x"}, "h")).add(node("Sub", "s", {"h", "x"}, "y")),
                   WEFT_E_UNSUPPORTED,
                   "node \"s\" (Sub): the difference of two activations is not supported, but of half of signed spikes "
                   "and the other half");
}

TEST(OnnxWalk, LeavesOutWhatTheOutputDoesNotNeed) {
    Network net = parse(map_model()
                            .add(node("Relu", "r", {"x"}, "h"))
                            .add(node("NoSuchOperator", "s", {"h", "nothing"}, "i"))
                            .add(node("Relu", "t", {"h"}, "y"))
                            .add(node("Relu", "u", {"y"}, "z"))
                            .str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 2);
    EXPECT_STREQ(net->layers[1].name, "t");
}

TEST(OnnxRefuses, GraphsThatAreNotOneNetwork) {
    expect_failure(map_model().add(node("Relu", "r", {"x"}, "h")).add(node("Add", "a", {"h", "q"}, "y")),
                   WEFT_E_INVALID, "node \"a\" (Add): its input \"q\" is defined nowhere");
    expect_failure(map_model().add(node("Add", "a", {"x", "y"}, "h")).add(node("Relu", "r", {"h"}, "y")),
                   WEFT_E_INVALID, "node \"r\" (Relu): is part of a loop");
    expect_failure(map_model()
                       .add(node("Add", "a", {"x", "i"}, "h"))
                       .add(node("Relu", "r", {"h"}, "i"))
                       .add(node("Relu", "s", {"i"}, "y")),
                   WEFT_E_INVALID, "node \"r\" (Relu): is part of a loop");
    expect_failure(map_model().add(node("Relu", "r", {"x"}, "z")), WEFT_E_INVALID,
                   "the graph's output \"y\" is defined nowhere");
    expect_failure(map_model().add(node("Identity", "r", {"x"}, "y")), WEFT_E_INVALID, "the graph has no layers");
    expect_failure(map_model().constant(floats("b", {1}, {1})).add(node("Add", "a", {"b", "b"}, "y")), WEFT_E_INVALID,
                   "the graph's output \"y\" does not depend on its input");
    expect_failure(map_model()
                       .constant(floats("s", {}, {1}))
                       .add(node("Relu", "r", {"x"}, "h"))
                       .add(node("QuantizeLinear", "q", {"h", "s"}, "y")),
                   WEFT_E_UNSUPPORTED,
                   "the graph's output \"y\" is no network's: not numbers, but part of a quantisation, threshold or "
                   "shuffle");
    expect_failure(map_model().add(node("Relu", "r", {"x"}, "y")).add(node("Relu", "s", {"x2"}, "x")), WEFT_E_INVALID,
                   "node \"s\" (Relu): value \"x\" is defined twice");
    expect_failure(map_model()
                       .add(node("MaxPool", "p", {"x"}, "h", {attr_ints("kernel_shape", {2, 2})}))
                       .add(node("Add", "a", {"h", "x"}, "y")),
                   WEFT_E_INVALID,
                   "node \"a\" (Add): layer \"a\": \"p\" (1 x 1 x 1) and \"the network's input\" (1 x 2 x 2) cannot be "
                   "added: their shapes (channels x height x width) differ");
    expect_failure(map_model().add(node("Flatten", "f", {"x"}, "h")).add(node("Add", "a", {"h", "x"}, "y")),
                   WEFT_E_UNSUPPORTED, "node \"a\" (Add): adding a feature map and a vector is not supported");
    Model two = map_model();
    two.outputs.push_back(value("z", {-1, 1}));
    expect_failure(two.add(node("Relu", "r", {"x"}, "y")), WEFT_E_UNSUPPORTED,
                   "the graph has 2 outputs (\"y\", \"z\"); exactly one is supported");
}

TEST(OnnxRefuses, TensorsThatDoNotHoldWhatTheySay) {
    const std::string where = "node \"g\" (Gemm): tensor \"w\"";
    expect_failure(gemm_model(floats("w", {2, 3}, counting(5))), WEFT_E_INVALID,
                   where + ": its extents ask for 6 values, but it holds 20 bytes");
    expect_failure(gemm_model(listed("w", {2, 3}, counting(7))), WEFT_E_INVALID,
                   where + ": its extents ask for 6 values, but it holds 7");
    expect_failure(gemm_model(listed("w", {2, 1}, counting(2)) + bytes(9, "12345678")), WEFT_E_INVALID,
                   where + " has its values twice");
    expect_failure(gemm_model(tensor("w", {int64_t{1} << 40, int64_t{1} << 40}, "")), WEFT_E_INVALID,
                   where + ": extent 1099511627776 is not allowed (at least 1, at most 1073741824 values)");
    expect_failure(gemm_model(tensor("w", {1 << 20, 1 << 20}, "")), WEFT_E_INVALID,
                   where + ": extent 1048576 is not allowed (at least 1, at most 1073741824 values)");
    expect_failure(gemm_model(tensor("w", {-2, 3}, "")), WEFT_E_INVALID,
                   where + ": extent -2 is not allowed (at least 1, at most 1073741824 values)");
    expect_failure(gemm_model(ints64("w", {1, 2})), WEFT_E_UNSUPPORTED,
                   where + " is INT64; not supported, only FLOAT, DOUBLE, FLOAT16 and BFLOAT16");
    expect_failure(gemm_model(floats("w", {2, 3}, counting(6)) + number(14, 1)), WEFT_E_UNSUPPORTED,
                   where + " lies in another file (external_data): not supported");
    expect_failure(gemm_model(floats("w", {2, 1}, {1, NAN})), WEFT_E_INVALID,
                   where + ": value 1 is not a finite number");
    expect_failure(gemm_model(floats("w", {2, 1}, {-INFINITY, 0})), WEFT_E_INVALID,
                   where + ": value 0 is not a finite number");
}

TEST(OnnxRefuses, ShapesThatDoNotAgree) {
    expect_failure(gemm_model(floats("w", {3, 2}, counting(6))), WEFT_E_INVALID,
                   "node \"g\" (Gemm): its input has 2 values, but the matrix is for 3");
    auto conv_model = [](const std::vector<int64_t> &dims, const std::vector<std::string> &attributes) {
        size_t count = 1;
        for (int64_t d : dims) count *= static_cast<size_t>(d);
        return Model({-1, 2, 4, 4})
            .constant(floats("w", dims, counting(count)))
            .add(node("Conv", "c", {"x", "w"}, "y", attributes));
    };
    expect_failure(conv_model({1, 3, 1, 1}, {}), WEFT_E_INVALID,
                   "node \"c\" (Conv): its input has 2 channels, but the weight is for 3 (1 groups of 3)");
    expect_failure(conv_model({3, 1, 1, 1}, {attr("group", 2)}), WEFT_E_INVALID,
                   "node \"c\" (Conv): layer \"c\": 2 groups do not divide 2 input and 3 output channels");
    expect_failure(conv_model({1, 2, 5, 1}, {}), WEFT_E_INVALID,
                   "node \"c\" (Conv): layer \"c\": a 5 x 1 kernel (dilation 1 x 1) does not fit its 4 x 4 input with "
                   "padding 0, 0, 0, 0 (top, left, bottom, right)");
    expect_failure(conv_model({1, 2, 3, 3}, {attr_ints("kernel_shape", {3, 2})}), WEFT_E_INVALID,
                   "node \"c\" (Conv): kernel_shape 3 x 2, but the weight is for 3 x 3");
    expect_failure(conv_model({1, 2, 3, 3}, {attr_ints("pads", {1, 1})}), WEFT_E_UNSUPPORTED,
                   "node \"c\" (Conv): attribute pads has 2 values; two-dimensional windows have 4");
    expect_failure(conv_model({1, 2, 3, 3}, {attr_ints("pads", {1, 1, 1, -1})}), WEFT_E_INVALID,
                   "node \"c\" (Conv): attribute pads: -1 is not between 0 and 1048576");
    expect_failure(conv_model({1, 2, 3, 3}, {attr_ints("strides", {0, 1})}), WEFT_E_INVALID,
                   "node \"c\" (Conv): attribute strides: 0 is not between 1 and 1048576");
    expect_failure(conv_model({1, 2, 3, 3}, {attr("strides", 1)}), WEFT_E_INVALID,
                   "node \"c\" (Conv): attribute strides has a wrong type");
    expect_failure(conv_model({1, 2, 3, 3}, {attr_text("auto_pad", "SAME")}), WEFT_E_INVALID,
                   "node \"c\" (Conv): auto_pad \"SAME\" is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID");
    expect_failure(conv_model({1, 2, 3}, {}), WEFT_E_UNSUPPORTED,
                   "node \"c\" (Conv): not a two-dimensional convolution: weight has 3 extents, not 4");
    expect_failure(Model({-1, 2, 4, 4}).add(node("MaxPool", "p", {"x"}, "y")), WEFT_E_INVALID,
                   "node \"p\" (MaxPool): attribute kernel_shape is missing");
    expect_failure(Model({-1, 2}).add(node("MaxPool", "p", {"x"}, "y", {attr_ints("kernel_shape", {1, 1})})),
                   WEFT_E_INVALID,
                   "node \"p\" (MaxPool): its input is a vector; a feature map [batch, C, H, W] is needed");
}

TEST(OnnxRefuses, BatchNormThatIsNotInference) {
    Model model({-1, 2, 3, 3});
    for (const char *name : {"a", "b", "c"}) model.constant(floats(name, {2}, {1, 1}));
    Model negative = model, training = model, wide = model;
    const std::vector<std::string> inputs = {"x", "a", "b", "c", "d"};
    expect_failure(negative.constant(floats("d", {2}, {1, -1})).add(node("BatchNormalization", "n", inputs, "y")),
                   WEFT_E_INVALID, "node \"n\" (BatchNormalization): variance of channel 1 is negative");
    expect_failure(training.constant(floats("d", {2}, {1, 1}))
                       .add(node("BatchNormalization", "n", inputs, "y", {attr("training_mode", 1)})),
                   WEFT_E_UNSUPPORTED, "node \"n\" (BatchNormalization): training_mode = 1 is not supported");
    expect_failure(wide.constant(floats("d", {3}, {1, 1, 1})).add(node("BatchNormalization", "n", inputs, "y")),
                   WEFT_E_INVALID,
                   "node \"n\" (BatchNormalization): its input has 2 channels, but \"d\" holds 3 values");
}

TEST(OnnxRefuses, InputsItCannotUse) {
    Model two = relu_model(), half = relu_model(), open = relu_model(), cube = relu_model(), none = relu_model();
    two.inputs.push_back(value("z", {1, 2}));
    expect_failure(two, WEFT_E_UNSUPPORTED, "several inputs (\"x\", \"z\"): not supported, only one");
    half.inputs = {value("x", {1, 1, 2, 2}, FLOAT16)};
    expect_failure(half, WEFT_E_UNSUPPORTED, "input \"x\" is not a float32 tensor: not supported");
    open.inputs = {value("x", {-1, 1, -1, 2})};
    expect_failure(open, WEFT_E_UNSUPPORTED, "input \"x\": dimension 2 is not a fixed number of at least 1");
    cube.inputs = {value("x", {-1, 1, 2})};
    expect_failure(cube, WEFT_E_UNSUPPORTED,
                   "input \"x\" has 3 dimensions; supported are [batch, C, H, W] and [batch, features]");
    none.inputs.clear();
    expect_failure(none, WEFT_E_INVALID, "the graph has no input");
}

TEST(OnnxMetadata, MalformedValuesAreRefused) {
    Model model = gemm_model(floats("w", {2, 1}, counting(2)));
    for (const char *bad : {"", "mean=1,2 std=1", "mean=1,2 std=1,0", "mean=1,2 std=1,nan", "mean=1 std=1",
                            "mean=1,2 std=1,1x", "mean=1,2,3,4,5 std=1,1,1,1,1"}) {
        model.metadata = {{"weft.preprocess", bad}};
        expect_failure(
            model, WEFT_E_INVALID,
            "metadata weft.preprocess: \"mean=M,... std=S,...\" with 2 numbers each, S above 0, or \"gcn_zca "
            "norm=N epsilon=E fit=SHA-256\", N and E above 0, is expected");
    }
    for (const char *bad : {"", "1", "1 2 3", "2 1", "0 inf"}) {
        model.metadata = {{"weft.range.g", bad}};
        expect_failure(model, WEFT_E_INVALID, "metadata weft.range.g: \"MIN MAX\" of a Conv or Gemm is expected");
    }
    model.metadata = {{"weft.range.g", "-0.5 1.25"}, {"weft.range.gone", "x"}, {"author", "someone"}};
    Network net = parse(model.str());
    ASSERT_TRUE(net);
    EXPECT_EQ(net->layers[0].input_min, -0.5f);
    EXPECT_EQ(net->layers[0].input_max, 1.25f);
    ASSERT_EQ(net->metadata_count, 1);
    EXPECT_STREQ(weft_network_get(net.get(), "author"), "someone");
}

TEST(OnnxRead, MissingFileIsAnIoError) {
    weft_network *net = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_onnx_read(&net, "/no/such/file.onnx", &err), WEFT_E_IO);
    EXPECT_EQ(net, nullptr);
}

} // namespace
