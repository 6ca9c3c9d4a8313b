// Does the ONNX reader understand the operators of networks that others exported, as ONNX defines them?
#include "tests/support/onnx_fixture.h"

#include <limits>

using namespace onnx_fixture;

namespace {

const weft_layer &only_layer(const Network &net) {
    EXPECT_EQ(net->layer_count, 1);
    return net->layers[0];
}

std::vector<weft_layer_kind> kinds(const Network &net) {
    std::vector<weft_layer_kind> out;
    for (int i = 0; net && i < net->layer_count; i++) out.push_back(net->layers[i].kind);
    return out;
}

Model image(const std::vector<int64_t> &dims = {-1, 2, 3, 3}) { return Model(dims); }
std::string scalar(const std::string &name, float value) { return floats(name, {}, {value}); }

// ---- activations ----

TEST(OnnxActivations, AreOneLayerEach) {
    const std::pair<const char *, weft_layer_kind> plain_ones[] = {{"Relu", WEFT_LAYER_RELU},
                                                                   {"Sigmoid", WEFT_LAYER_SIGMOID},
                                                                   {"Tanh", WEFT_LAYER_TANH},
                                                                   {"HardSwish", WEFT_LAYER_HARD_SWISH}};
    for (const auto &[type, kind] : plain_ones) {
        Network net = parse(image().add(node(type, "n", {"x"}, "y")).str());
        ASSERT_TRUE(net);
        EXPECT_EQ(only_layer(net).kind, kind);
        EXPECT_STREQ(net->layers[0].name, "n");
    }
}

TEST(OnnxActivations, SlopesHaveOnnxDefaults) {
    Network net = parse(image()
                            .constant(scalar("s", 0.3f))
                            .add(node("LeakyRelu", "a", {"x"}, "1"))
                            .add(node("LeakyRelu", "b", {"1"}, "2", {attr_float("alpha", 0.2f)}))
                            .add(node("PRelu", "c", {"2", "s"}, "3"))
                            .add(node("HardSigmoid", "d", {"3"}, "4"))
                            .add(node("HardSigmoid", "e", {"4"}, "y", {attr_float("alpha", 1), attr_float("beta", -1)}))
                            .str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 5);
    const float slopes[] = {0.01f, 0.2f, 0.3f, 0.2f, 1.0f}, offsets[] = {0, 0, 0, 0.5f, -1.0f};
    for (int i = 0; i < 5; i++) {
        EXPECT_EQ(net->layers[i].kind, i < 3 ? WEFT_LAYER_LEAKY_RELU : WEFT_LAYER_HARD_SIGMOID);
        EXPECT_EQ(net->layers[i].slope, slopes[i]);
        EXPECT_EQ(net->layers[i].offset, offsets[i]);
    }
    expect_failure(image().constant(floats("s", {2, 1, 1}, {1, 2})).add(node("PRelu", "p", {"x", "s"}, "y")),
                   WEFT_E_UNSUPPORTED,
                   "node \"p\" (PRelu): tensor \"s\" holds 2 values; only one for all elements is supported");
}

/* Opset 12: over all that follows the axis, 1 when it is not said; opset 13: over the axis, the last when not said. */
TEST(OnnxActivations, SoftmaxIsOverTheChannelsAlone) {
    struct Case {
        int64_t opset, axis; /* -9: not said */
        std::vector<int64_t> dims;
        bool good;
    };
    const Case cases[] = {{12, -9, {-1, 5}, true},       {13, -9, {-1, 5}, true},        {13, 1, {-1, 5}, true},
                          {12, 1, {-1, 5, 1, 1}, true},  {12, 1, {-1, 5, 2, 1}, false},  {13, 1, {-1, 5, 2, 1}, true},
                          {13, -3, {-1, 5, 2, 1}, true}, {13, -9, {-1, 5, 2, 2}, false}, {13, 2, {-1, 5, 2, 2}, false},
                          {13, 0, {1, 5}, false}};
    for (const Case &c : cases) {
        Model model(c.dims);
        model.opset = c.opset;
        model.add(node("Softmax", "s", {"x"}, "y",
                       c.axis == -9 ? std::vector<std::string>{} : std::vector<std::string>{attr("axis", c.axis)}));
        if (c.good) {
            Network net = parse(model.str());
            ASSERT_TRUE(net);
            EXPECT_EQ(only_layer(net).kind, WEFT_LAYER_SOFTMAX);
        } else {
            const int64_t axis = c.axis == -9 ? -1 : c.axis;
            expect_failure(model, WEFT_E_UNSUPPORTED,
                           "node \"s\" (Softmax): axis " + std::to_string(axis) +
                               " is not supported, only the channels alone (1)");
        }
    }
}

// ---- arithmetic ----

TEST(OnnxArithmetic, WithAConstantIsAnAffineLayer) {
    struct Case {
        const char *type;
        bool constant_first;
        std::vector<float> gamma, beta;
    };
    const Case cases[] = {{"Add", false, {1, 1}, {2, 4}},       {"Add", true, {1, 1}, {2, 4}},
                          {"Sub", false, {1, 1}, {-2, -4}},     {"Sub", true, {-1, -1}, {2, 4}},
                          {"Mul", false, {2, 4}, {0, 0}},       {"Mul", true, {2, 4}, {0, 0}},
                          {"Div", false, {0.5f, 0.25f}, {0, 0}}};
    for (const Case &c : cases)
        for (const std::vector<int64_t> &dims : {std::vector<int64_t>{2, 1, 1}, {1, 2, 1, 1}}) {
            std::vector<std::string> inputs = {"x", "c"};
            if (c.constant_first) std::swap(inputs[0], inputs[1]);
            Network net = parse(image().constant(floats("c", dims, {2, 4})).add(node(c.type, "n", inputs, "y")).str());
            ASSERT_TRUE(net) << c.type;
            EXPECT_EQ(only_layer(net).kind, WEFT_LAYER_AFFINE);
            expect_values(net->layers[0].gamma, c.gamma);
            expect_values(net->layers[0].beta, c.beta);
        }
    expect_failure(image().constant(scalar("c", 1)).add(node("Div", "n", {"c", "x"}, "y")), WEFT_E_UNSUPPORTED,
                   "node \"n\" (Div): a constant divided by an activation is not supported");
    expect_failure(image().constant(scalar("c", 0)).add(node("Div", "n", {"x", "c"}, "y")), WEFT_E_INVALID,
                   "node \"n\" (Div): divides channel 0 by 0");
}

TEST(OnnxArithmetic, ConstantsAreOneNumberOrOneAChannel) {
    auto model = [](const std::vector<int64_t> &input, const std::vector<int64_t> &dims) {
        size_t count = 1;
        for (int64_t d : dims) count *= static_cast<size_t>(d);
        return Model(input).constant(floats("c", dims, counting(count, 1))).add(node("Mul", "n", {"x", "c"}, "y"));
    };
    const std::pair<std::vector<int64_t>, std::vector<int64_t>> good[] = {{{-1, 3, 3, 3}, {}},
                                                                          {{-1, 3, 3, 3}, {1}},
                                                                          {{-1, 3, 3, 3}, {1, 1, 1, 1}},
                                                                          {{-1, 3, 3, 3}, {3, 1, 1}},
                                                                          {{-1, 3, 3, 3}, {1, 3, 1, 1}},
                                                                          {{-1, 3}, {3}},
                                                                          {{-1, 3}, {1, 3}},
                                                                          {{-1, 3}, {1}}};
    for (const auto &[input, dims] : good) {
        Network net = parse(model(input, dims).str());
        ASSERT_TRUE(net);
        const bool one = dims.empty() || std::count(dims.begin(), dims.end(), 3) == 0;
        expect_values(only_layer(net).gamma, one ? std::vector<float>{1, 1, 1} : std::vector<float>{1, 2, 3});
    }
    const std::pair<std::vector<int64_t>, std::vector<int64_t>> bad[] = {
        {{-1, 3, 3, 3}, {3}},          {{-1, 3, 3, 3}, {3, 1}}, {{-1, 3, 3, 3}, {1, 1, 3}}, {{-1, 3, 3, 3}, {3, 3, 3}},
        {{-1, 3, 3, 3}, {3, 1, 1, 1}}, {{-1, 3}, {3, 1}},       {{-1, 3}, {1, 1, 3}},       {{-1, 3}, {2}}};
    for (const auto &[input, dims] : bad) {
        weft_network *net = nullptr;
        weft_error err = {};
        const std::string data = model(input, dims).str();
        EXPECT_EQ(weft_onnx_parse(&net, data.data(), data.size(), "m.onnx", &err), WEFT_E_UNSUPPORTED);
        EXPECT_EQ(net, nullptr);
        EXPECT_NE(std::string(err.text).find("node \"n\" (Mul): its constant \"c\" of "), std::string::npos)
            << err.text;
    }
}

TEST(OnnxArithmetic, AScalingAndTheSumBehindItAreOneLayer) {
    Model model = image().constant(floats("g", {2, 1, 1}, {2, 3})).constant(floats("b", {2, 1, 1}, {5, 7}));
    Model shared = model;
    Network net = parse(model.add(node("Mul", "m", {"x", "g"}, "h")).add(node("Sub", "s", {"b", "h"}, "y")).str());
    ASSERT_TRUE(net);
    EXPECT_STREQ(only_layer(net).name, "s");
    EXPECT_EQ(net->layers[0].input, -1);
    expect_values(net->layers[0].gamma, {-2, -3});
    expect_values(net->layers[0].beta, {5, 7});
    net = parse(shared.add(node("Mul", "m", {"x", "g"}, "h"))
                    .add(node("Add", "a", {"h", "b"}, "i"))
                    .add(node("Add", "s", {"h", "i"}, "y"))
                    .str());
    ASSERT_TRUE(net);
    EXPECT_EQ(kinds(net), (std::vector<weft_layer_kind>{WEFT_LAYER_AFFINE, WEFT_LAYER_AFFINE, WEFT_LAYER_ADD}));
}

TEST(OnnxArithmetic, SumAndConcatOfManyAreChains) {
    for (bool concat : {false, true}) {
        Model model = image();
        model.add(node("Relu", "r", {"x"}, "a")).add(node("Tanh", "cat.1", {"x"}, "b"));
        model.add(node(concat ? "Concat" : "Sum", "cat", {"a", "b", "x", "a"}, "y",
                       concat ? std::vector<std::string>{attr("axis", -3)} : std::vector<std::string>{}));
        Network net = parse(model.str());
        ASSERT_TRUE(net);
        ASSERT_EQ(net->layer_count, 5);
        const char *names[] = {"r", "cat.1", "cat.1_", "cat.2", "cat"};
        const int inputs[] = {-1, -1, 0, 2, 3}, others[] = {-1, -1, 1, -1, 0}, channels[] = {2, 2, 4, 6, 8};
        for (int i = 0; i < 5; i++) {
            EXPECT_STREQ(net->layers[i].name, names[i]);
            EXPECT_EQ(net->layers[i].input, inputs[i]);
            EXPECT_EQ(net->layers[i].input2, others[i]);
            EXPECT_EQ(net->layers[i].out.channels, concat ? channels[i] : 2);
        }
    }
    Network one = parse(image().add(node("Relu", "r", {"x"}, "a")).add(node("Sum", "s", {"a"}, "y")).str());
    ASSERT_TRUE(one);
    EXPECT_STREQ(only_layer(one).name, "r");
}

TEST(OnnxArithmetic, ConcatIsAlongTheChannels) {
    Network net = parse(Model({-1, 3})
                            .add(node("Relu", "r", {"x"}, "a"))
                            .add(node("Concat", "c", {"x", "a"}, "y", {attr("axis", -1)}))
                            .str());
    ASSERT_TRUE(net);
    EXPECT_EQ(net->layers[1].out.channels, 6);
    expect_failure(
        image().add(node("Relu", "r", {"x"}, "a")).add(node("Concat", "c", {"x", "a"}, "y", {attr("axis", -1)})),
        WEFT_E_UNSUPPORTED, "node \"c\" (Concat): axis -1 is not supported, only that of the channels, 1 or -3");
    expect_failure(image()
                       .constant(floats("k", {1, 1, 3, 3}, counting(9)))
                       .add(node("Concat", "c", {"x", "k"}, "y", {attr("axis", 1)})),
                   WEFT_E_UNSUPPORTED,
                   "node \"c\" (Concat): its input 1 is a constant or absent: not supported beside activations");
}

TEST(OnnxArithmetic, RefusesOtherProductsOfActivations) {
    expect_failure(
        image().add(node("Sigmoid", "s", {"x"}, "a")).add(node("Mul", "silu", {"x", "a"}, "y")), WEFT_E_UNSUPPORTED,
        "node \"silu\" (Mul): the product of two activations is not supported, but where it is a hard swish");
    expect_failure(image().add(node("Relu", "s", {"x"}, "a")).add(node("Div", "d", {"x", "a"}, "y")),
                   WEFT_E_UNSUPPORTED, "node \"d\" (Div): the quotient of two activations is not supported");
}

// ---- hard swish, written out ----

Model swish_start() {
    return image()
        .constant(scalar("three", 3))
        .constant(scalar("zero", 0))
        .constant(scalar("six", 6))
        .constant(scalar("sixth", 1.0f / 6))
        .add(node("Relu", "r", {"x"}, "v"))
        .add(node("Add", "a", {"three", "v"}, "s"))
        .add(node("Clip", "c", {"s", "zero", "six"}, "k"));
}

void expect_swish(const Model &model, const char *name) {
    Network net = parse(model.str());
    ASSERT_TRUE(net);
    EXPECT_EQ(kinds(net), (std::vector<weft_layer_kind>{WEFT_LAYER_RELU, WEFT_LAYER_HARD_SWISH}));
    EXPECT_STREQ(net->layers[1].name, name);
    EXPECT_EQ(net->layers[1].input, 0);
}

TEST(OnnxHardSwish, IsFoundInEachForm) {
    expect_swish(swish_start().add(node("Mul", "m", {"v", "k"}, "p")).add(node("Div", "d", {"p", "six"}, "y")), "d");
    expect_swish(swish_start().add(node("Mul", "m", {"k", "v"}, "p")).add(node("Mul", "e", {"sixth", "p"}, "y")), "e");
    expect_swish(swish_start().add(node("Div", "d", {"k", "six"}, "p")).add(node("Mul", "m", {"v", "p"}, "y")), "m");
    expect_swish(swish_start()
                     .add(node("HardSigmoid", "h", {"v"}, "p", {attr_float("alpha", 1.0f / 6)}))
                     .add(node("Mul", "m", {"p", "v"}, "y")),
                 "m");
}

TEST(OnnxHardSwish, NothingElseIsTakenForIt) {
    const std::string last =
        "the product of two activations is not supported, but where a division by 6 makes it a hard "
        "swish";
    const std::string product = "the product of two activations is not supported, but where it is a hard swish";
    Model model = swish_start().add(node("Mul", "m", {"v", "k"}, "p"));
    Model five = model, whole = model;
    expect_failure(five.constant(scalar("five", 5)).add(node("Div", "d", {"p", "five"}, "y")), WEFT_E_UNSUPPORTED,
                   "node \"d\" (Div): " + last);
    expect_failure(whole.add(node("Div", "d", {"six", "p"}, "y")), WEFT_E_UNSUPPORTED, "node \"d\" (Div): " + last);
    expect_failure(model.add(node("Relu", "t", {"p"}, "y")), WEFT_E_UNSUPPORTED,
                   "node \"t\" (Relu): not supported on a part of a hard swish");
    expect_failure(swish_start().add(node("Mul", "m", {"x", "k"}, "y")), WEFT_E_UNSUPPORTED,
                   "node \"m\" (Mul): " + product); /* x is not what was clipped */
    expect_failure(image().add(node("HardSigmoid", "h", {"x"}, "p")).add(node("Mul", "m", {"p", "x"}, "y")),
                   WEFT_E_UNSUPPORTED, "node \"m\" (Mul): " + product); /* slope 0.2 */
}

// ---- pooling and padding ----

TEST(OnnxPool, MeansAndMaximaOfTheWholeMap) {
    Network net = parse(Model({-1, 5, 6, 3}).add(node("GlobalMaxPool", "g", {"x"}, "y")).str());
    ASSERT_TRUE(net);
    EXPECT_EQ(only_layer(net).kind, WEFT_LAYER_MAX_POOL);
    expect_window(net->layers[0].window, {6, 3, 1, 1, 1, 1}, {0, 0, 0, 0});
    for (int form = 0; form < 3; form++) {
        Model model({-1, 5, 6, 3});
        if (form == 0) model.add(node("ReduceMean", "m", {"x"}, "h", {attr_ints("axes", {2, 3}), attr("keepdims", 0)}));
        if (form == 1)
            model.add(node("ReduceMean", "m", {"x"}, "h", {attr_ints("axes", {-1, -2}), attr("keepdims", 0)}));
        if (form == 2)
            model.constant(ints64("a", {3, 2})).add(node("ReduceMean", "m", {"x", "a"}, "h", {attr("keepdims", 0)}));
        model.constant(floats("w", {5, 2}, counting(10))).add(node("MatMul", "fc", {"h", "w"}, "y"));
        net = parse(model.str());
        ASSERT_TRUE(net);
        EXPECT_EQ(kinds(net), (std::vector<weft_layer_kind>{WEFT_LAYER_AVERAGE_POOL, WEFT_LAYER_DENSE}));
        expect_window(net->layers[0].window, {6, 3, 1, 1, 1, 1}, {0, 0, 0, 0});
    }
    const std::string only = "a mean is supported over height and width only (axes 2 and 3 of [batch, C, H, W])";
    for (const std::vector<int64_t> &axes : {std::vector<int64_t>{1}, {2}, {2, 2}, {1, 2, 3}})
        expect_failure(Model({-1, 5, 6, 3}).add(node("ReduceMean", "m", {"x"}, "y", {attr_ints("axes", axes)})),
                       WEFT_E_UNSUPPORTED, "node \"m\" (ReduceMean): " + only);
    expect_failure(Model({-1, 5, 6, 3}).add(node("ReduceMean", "m", {"x"}, "y")), WEFT_E_UNSUPPORTED,
                   "node \"m\" (ReduceMean): " + only);
    expect_failure(Model({-1, 5, 6, 3}).add(node("ReduceMean", "m", {"x"}, "y", {attr_ints("axes", {4, 5})})),
                   WEFT_E_INVALID, "node \"m\" (ReduceMean): axis 4 of a value with 4 extents");
}

TEST(OnnxPool, DilatedAndUnevenCeilings) {
    Network net = parse(Model({-1, 1, 8, 8})
                            .add(node("MaxPool", "m", {"x"}, "y",
                                      {attr_ints("kernel_shape", {2, 3}), attr_ints("dilations", {3, 2}),
                                       attr_ints("strides", {3, 2}), attr("ceil_mode", 1)}))
                            .str());
    ASSERT_TRUE(net);
    /* height: reach 4, (8 - 4) / 3 = 1.3, so a third window needs 2 more rows; width: reach 5, (8 - 5) / 2 = 1.5, a
     * third window needs 1 more column */
    expect_window(only_layer(net).window, {2, 3, 3, 2, 3, 2}, {0, 0, 2, 1});
    EXPECT_EQ(net->layers[0].out.height, 3);
    EXPECT_EQ(net->layers[0].out.width, 3);
    expect_failure(Model({-1, 1, 4, 4})
                       .add(node("AveragePool", "a", {"x"}, "y",
                                 {attr_ints("kernel_shape", {3, 3}), attr_ints("strides", {2, 2}), attr("ceil_mode", 1),
                                  attr("count_include_pad", 1)})),
                   WEFT_E_UNSUPPORTED, "node \"a\" (AveragePool): ceil_mode with count_include_pad is not supported");
}

TEST(OnnxPad, ReadsPadsInEachForm) {
    Model attribute = image(), input = image(), axes = image(), nothing = image();
    attribute.add(node("Pad", "p", {"x"}, "y", {attr_ints("pads", {0, 0, 1, 2, 0, 0, 3, 4}), attr_float("value", 0)}));
    input.constant(ints64("n", {0, 0, 1, 2, 0, 0, 3, 4})).constant(scalar("v", 0));
    input.add(node("Pad", "p", {"x", "n", "v"}, "y", {attr_text("mode", "constant")}));
    axes.constant(ints64("n", {2, 1, 4, 3}))
        .constant(ints64("a", {-1, 2}))
        .add(node("Pad", "p", {"x", "n", "", "a"}, "y"));
    for (const Model &model : {attribute, input, axes}) {
        Network net = parse(model.str());
        ASSERT_TRUE(net);
        EXPECT_EQ(only_layer(net).kind, WEFT_LAYER_PAD);
        expect_window(net->layers[0].window, {1, 1, 1, 1, 1, 1}, {1, 2, 3, 4});
        EXPECT_EQ(net->layers[0].out.height, 7);
        EXPECT_EQ(net->layers[0].out.width, 9);
    }
    nothing.add(node("Pad", "p", {"x"}, "h", {attr_ints("pads", {0, 0, 0, 0, 0, 0, 0, 0})}));
    Network net = parse(nothing.add(node("Relu", "r", {"h"}, "y")).str());
    ASSERT_TRUE(net);
    EXPECT_EQ(only_layer(net).kind, WEFT_LAYER_RELU);
}

TEST(OnnxPad, RefusesOtherPadding) {
    const std::string p = "node \"p\" (Pad): ";
    auto pads = [](const std::vector<int64_t> &values, const std::vector<std::string> &more = {}) {
        std::vector<std::string> attributes = more;
        attributes.push_back(attr_ints("pads", values));
        return image().add(node("Pad", "p", {"x"}, "y", attributes));
    };
    const std::string only = " are not supported, only zeros around height and width";
    expect_failure(pads({0, 1, 0, 0, 0, 0, 0, 0}), WEFT_E_UNSUPPORTED, p + "1 before axis 1" + only);
    expect_failure(pads({0, 0, 0, 0, 0, 0, -1, 0}), WEFT_E_UNSUPPORTED, p + "-1 behind axis 2" + only);
    expect_failure(pads({0, 0, 0, 0}), WEFT_E_INVALID, p + "4 pads for 4 axes; two for each are needed");
    expect_failure(pads({0, 0, 1, 0, 0, 0, 0, 0}, {attr_text("mode", "reflect")}), WEFT_E_UNSUPPORTED,
                   p + "mode \"reflect\" is not supported, only constant");
    expect_failure(pads({0, 0, 1, 0, 0, 0, 0, 0}, {attr_float("value", 1)}), WEFT_E_UNSUPPORTED,
                   p + "padding with 1 is not supported, only with 0");
}

// ---- extents ----

TEST(OnnxExtents, RelabellingCostsAtMostAFlatten) {
    Model model = Model({-1, 4, 1, 1}).constant(ints64("hw", {2, 3})).constant(ints64("shape", {0, 1, 4}));
    Model squeezed = model, viewed = model, turned = model;
    Network net = parse(squeezed.add(node("Squeeze", "s", {"x", "hw"}, "v"))
                            .add(node("Relu", "r", {"v"}, "a"))
                            .add(node("Unsqueeze", "u", {"a", "hw"}, "m"))
                            .add(node("GlobalMaxPool", "g", {"m"}, "y"))
                            .str());
    ASSERT_TRUE(net);
    EXPECT_EQ(kinds(net), (std::vector<weft_layer_kind>{WEFT_LAYER_FLATTEN, WEFT_LAYER_RELU, WEFT_LAYER_MAX_POOL}));
    net = parse(viewed.add(node("Reshape", "r", {"x", "shape"}, "v"))
                    .add(node("Sigmoid", "g", {"v"}, "a"))
                    .add(node("Squeeze", "s", {"a"}, "b", {attr_ints("axes", {1})}))
                    .add(node("Flatten", "f", {"b"}, "y"))
                    .str());
    ASSERT_TRUE(net);
    EXPECT_EQ(net->layers[0].kind, WEFT_LAYER_SIGMOID);
    EXPECT_EQ(net->layers[net->layer_count - 1].out.channels, 4);
    net = parse(turned.add(node("Transpose", "t", {"x"}, "v", {attr_ints("perm", {0, 2, 3, 1})}))
                    .add(node("Flatten", "f", {"v"}, "a"))
                    .constant(floats("w", {4, 1}, counting(4)))
                    .add(node("MatMul", "m", {"a", "w"}, "y"))
                    .str());
    ASSERT_TRUE(net);
    EXPECT_EQ(kinds(net), (std::vector<weft_layer_kind>{WEFT_LAYER_DENSE}));
}

// The image (2 x 3 x 3) under six channels in `runs` runs, these transposed, and the channels in one axis again.
Model shuffled(std::vector<int64_t> apart, std::vector<int64_t> perm, std::vector<int64_t> whole) {
    return image()
        .constant(floats("w", {6, 2, 1, 1}, counting(12)))
        .add(node("Conv", "c", {"x", "w"}, "six"))
        .constant(ints64("apart", apart))
        .add(node("Reshape", "g", {"six", "apart"}, "runs"))
        .add(node("Transpose", "t", {"runs"}, "spread", {attr_ints("perm", perm)}))
        .constant(ints64("whole", whole))
        .add(node("Reshape", "s", {"spread", "whole"}, "y"));
}

TEST(OnnxExtents, AChannelShuffle) {
    for (const std::vector<int64_t> &whole : {std::vector<int64_t>{0, 6, 3, 3}, {-1, 6, 3, 3}, {0, -1, 3, 3}}) {
        const Network net = parse(shuffled({0, 3, 2, 3, 3}, {0, 2, 1, 3, 4}, whole).str());
        ASSERT_TRUE(net);
        ASSERT_EQ(kinds(net), (std::vector<weft_layer_kind>{WEFT_LAYER_CONV, WEFT_LAYER_CHANNEL_SHUFFLE}));
        EXPECT_EQ(net->layers[1].groups, 3);
        EXPECT_STREQ(net->layers[1].name, "s");
        EXPECT_EQ(net->layers[1].out.height, 3);
    }
    const Network plane = parse(shuffled({0, 2, 3, 9}, {0, 2, 1, 3}, {0, 6, 3, 3}).str());
    ASSERT_TRUE(plane);
    EXPECT_EQ(plane->layers[1].groups, 2);
    const Network one = parse(shuffled({0, 1, 6, 9}, {0, 2, 1, 3}, {0, 6, 3, 3}).str());
    ASSERT_TRUE(one); // a single run stays as it is
    EXPECT_EQ(kinds(one), (std::vector<weft_layer_kind>{WEFT_LAYER_CONV}));
}

TEST(OnnxExtents, TransposesThatAreNoShuffle) {
    expect_failure(shuffled({0, 3, 2, 3, 3}, {0, 2, 1, 3, 4}, {0, 3, 2, 9}), WEFT_E_UNSUPPORTED,
                   "node \"s\" (Reshape): its input was transposed, and this does not give its 6 channels back");
    expect_failure(shuffled({0, 3, 2, 3, 3}, {0, 2, 1, 3, 4}, {0, 54}), WEFT_E_UNSUPPORTED,
                   "node \"s\" (Reshape): its input was transposed, and this does not give its 6 channels back");
    expect_failure(
        shuffled({0, 3, 2, 3, 3}, {0, 2, 1, 4, 3}, {0, 6, 3, 3}), WEFT_E_UNSUPPORTED,
        "node \"t\" (Transpose): moves values (axis 2 behind axis 1): supported only where it merely relabels");
    expect_failure(
        shuffled({0, 9, 2, 3}, {0, 2, 1, 3}, {0, 6, 3, 3}), WEFT_E_UNSUPPORTED,
        "node \"t\" (Transpose): moves values (axis 2 behind axis 1): supported only where it merely relabels");
    expect_failure(
        image()
            .constant(ints64("apart", {0, 1, 2, 9}))
            .add(node("Reshape", "g", {"x", "apart"}, "runs"))
            .add(node("Transpose", "t", {"runs"}, "spread", {attr_ints("perm", {0, 3, 2, 1})}))
            .add(node("Relu", "r", {"spread"}, "y")),
        WEFT_E_UNSUPPORTED,
        "node \"t\" (Transpose): moves values (axis 3 behind axis 2): supported only where it merely relabels");
    Model unfinished = image();
    unfinished.add(node("Relu", "n", {"x"}, "positive"))
        .add(node("Concat", "c", {"positive", "x"}, "four", {attr("axis", 1)}))
        .constant(ints64("pairs", {0, 2, 2, 9}))
        .add(node("Reshape", "g", {"four", "pairs"}, "runs"))
        .add(node("Transpose", "t", {"runs"}, "spread", {attr_ints("perm", {0, 2, 1, 3})}));
    Model rectified = unfinished;
    expect_failure(rectified.add(node("Relu", "r", {"spread"}, "y")), WEFT_E_UNSUPPORTED,
                   "node \"r\" (Relu): not supported on transposed channels");
    expect_failure(
        unfinished.add(node("Identity", "i", {"spread"}, "y")), WEFT_E_UNSUPPORTED,
        "the graph's output \"y\" is no network's: not numbers, but part of a quantisation, threshold or shuffle");
}

TEST(OnnxExtents, RefusesWhatMovesValues) {
    expect_failure(
        image().add(node("Transpose", "t", {"x"}, "y", {attr_ints("perm", {0, 2, 3, 1})})), WEFT_E_UNSUPPORTED,
        "node \"t\" (Transpose): moves values (axis 3 behind axis 1): supported only where it merely relabels");
    expect_failure(
        image({-1, 1, 2, 2}).add(node("Transpose", "t", {"x"}, "y")), WEFT_E_UNSUPPORTED,
        "node \"t\" (Transpose): moves values (axis 3 behind axis 2): supported only where it merely relabels");
    expect_failure(image().add(node("Transpose", "t", {"x"}, "y", {attr_ints("perm", {0, 1, 2})})), WEFT_E_INVALID,
                   "node \"t\" (Transpose): perm is no permutation of 4 axes");
    expect_failure(image().add(node("Flatten", "f", {"x"}, "y", {attr("axis", 0)})), WEFT_E_UNSUPPORTED,
                   "node \"f\" (Flatten): axis 0, which takes the batch in, is not supported");
    expect_failure(image()
                       .constant(ints64("s", {0, 1, 6, 3}))
                       .add(node("Reshape", "r", {"x", "s"}, "v"))
                       .add(node("GlobalMaxPool", "g", {"v"}, "y")),
                   WEFT_E_UNSUPPORTED, "node \"g\" (GlobalMaxPool): not supported on numbers of these extents");
    expect_failure(image().constant(ints64("a", {1})).add(node("Squeeze", "s", {"x", "a"}, "y")), WEFT_E_INVALID,
                   "node \"s\" (Squeeze): axis 1 has an extent of 2, not 1");
    expect_failure(image().constant(ints64("a", {2, -4})).add(node("Unsqueeze", "u", {"x", "a"}, "y")), WEFT_E_INVALID,
                   "node \"u\" (Unsqueeze): adds axis 2 twice");
}

TEST(OnnxExtents, DropoutAndCastsBetweenFloatsAreNothing) {
    Network net = parse(image()
                            .constant(tensor("off", {}, std::string(1, '\0'), BOOL))
                            .constant(scalar("ratio", 0.5f))
                            .add(node("Cast", "c", {"x"}, "a", {attr("to", 11)}))
                            .add(node("Cast", "d", {"a"}, "b", {attr("to", FLOAT)}))
                            .add(node("Dropout", "e", {"b", "ratio", "off"}, "f"))
                            .add(node("Relu", "r", {"f"}, "y"))
                            .str());
    ASSERT_TRUE(net);
    EXPECT_STREQ(only_layer(net).name, "r");
    expect_failure(image()
                       .constant(tensor("on", {}, std::string(1, '\1'), BOOL))
                       .constant(scalar("ratio", 0.5f))
                       .add(node("Dropout", "e", {"x", "ratio", "on"}, "y")),
                   WEFT_E_UNSUPPORTED, "node \"e\" (Dropout): training mode is not supported");
    expect_failure(image().add(node("Cast", "c", {"x"}, "y", {attr("to", FLOAT16)})), WEFT_E_UNSUPPORTED,
                   "node \"c\" (Cast): only a cast to float32 is supported");
}

// ---- names, limits, large tensors ----

TEST(OnnxNames, ANodeNamedAsAnothersOutputGetsANameOfItsOwn) {
    Network net = parse(image()
                            .add(node("Relu", "h", {"x"}, "g"))
                            .add(node("Tanh", "", {"g"}, "h"))
                            .add(node("Relu", "r", {"h"}, "y"))
                            .str());
    ASSERT_TRUE(net);
    EXPECT_STREQ(net->layers[0].name, "h");
    EXPECT_STREQ(net->layers[1].name, "h_");
}

TEST(OnnxLimits, SharedWeightsCountEachTime) {
    /* Two matrices of 2 MiB, read by 18 layers: 2^19 values each, where 2^23 and a few are allowed. */
    Model model({-1, 1024});
    model.constant(tensor("w", {1024, 512}, std::string(1 << 21, '\0')));
    model.constant(tensor("v", {512, 1024}, std::string(1 << 21, '\0')));
    std::string from = "x";
    for (int i = 0; i < 9; i++) {
        const std::string middle = "a" + std::to_string(i), to = "b" + std::to_string(i);
        model.add(node("MatMul", "", {from, "w"}, middle)).add(node("MatMul", "", {middle, "v"}, to));
        from = to;
    }
    Model small = model;
    EXPECT_EQ(parse(small.add(node("Relu", "r", {"b7"}, "y")).str())->layer_count, 17);
    const std::string data = model.add(node("Relu", "r", {"b8"}, "y")).str();
    const size_t limit = data.size() + WEFT_ONNX_SPARE_VALUES, each = 1024 * 512;
    expect_failure(data, WEFT_E_INVALID,
                   "node \"a8\" (MatMul): " + std::to_string(17 * each - limit) +
                       " more values of weights and constants than a file of this size may ask for");
}

TEST(OnnxTensors, LargeRawDataIsTakenFromWhereItLies) {
    for (int64_t inputs : {100, 255, 256, 257, 5000}) {
        const std::vector<float> weights = counting(static_cast<size_t>(inputs), -3);
        Network net = parse(Model({-1, inputs})
                                .constant(floats("w", {inputs, 1}, weights))
                                .add(node("MatMul", "m", {"x", "w"}, "y"))
                                .str());
        ASSERT_TRUE(net);
        expect_values(only_layer(net).weight, weights);
    }
}

TEST(OnnxTensors, EveryTypeOfRealNumber) {
    const double doubles[] = {0.5, -3};
    const uint16_t halves[] = {0x3800, 0xc200}, brains[] = {0x3f00, 0xc040}, small[] = {0x0001, 0x8400};
    auto weights = [](const std::string &t) {
        return Model({-1, 2}).constant(t).add(node("MatMul", "m", {"x", "w"}, "y"));
    };
    for (const Model &model : {weights(tensor("w", {2, 1}, raw(doubles, sizeof doubles), 11)),
                               weights(tensor("w", {2, 1}, raw(halves, sizeof halves), FLOAT16)),
                               weights(tensor("w", {2, 1}, raw(brains, sizeof brains), 16))}) {
        Network net = parse(model.str());
        ASSERT_TRUE(net);
        expect_values(only_layer(net).weight, {0.5f, -3});
    }
    Network net = parse(weights(tensor("w", {2, 1}, raw(small, sizeof small), FLOAT16)).str());
    ASSERT_TRUE(net);
    expect_values(only_layer(net).weight, {0x1p-24f, -0x1p-14f}); /* the smallest number, the smallest normal one */
    const uint16_t infinite[] = {0x3800, 0x7c00};
    expect_failure(weights(tensor("w", {2, 1}, raw(infinite, sizeof infinite), FLOAT16)), WEFT_E_INVALID,
                   "node \"m\" (MatMul): tensor \"w\": value 1 is not a finite number");
}

} // namespace
