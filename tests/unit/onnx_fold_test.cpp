// Are constants folded as ONNX computes them, and quantised (QDQ) networks read with the ranges that they state?
#include <cmath>

#include "tests/support/onnx_fixture.h"

using namespace onnx_fixture;

namespace {

std::string bytes_of(const std::string &name, const std::vector<int64_t> &dims, const std::vector<int> &values,
                     int type) {
    std::string data;
    for (int v : values) {
        if (type == UINT8 || type == INT8) data += static_cast<char>(v);
        if (type == 4 || type == 5) data += raw(&v, 2); /* UINT16, INT16 */
        if (type == 6) data += raw(&v, 4);              /* INT32 */
    }
    return tensor(name, dims, data, type);
}

/* A vector of n values times the constant "w". */
Model product(int64_t n) { return Model({-1, n}).add(node("MatMul", "m", {"x", "w"}, "y")); }

void expect_weights(const Model &model, const std::vector<float> &expected, int outputs = 1) {
    Network net = parse(model.str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 1);
    EXPECT_EQ(net->layers[0].out.channels, outputs);
    ASSERT_EQ(net->layers[0].weight_count, expected.size());
    expect_values(net->layers[0].weight, expected);
}

// ---- weights ----

TEST(OnnxFold, ArithmeticOfWeights) {
    const std::string a = floats("a", {2, 1}, {6, -4}), b = floats("b", {2, 1}, {2, 8}), c = floats("c", {}, {2});
    const std::pair<const char *, std::vector<float>> both[] = {
        {"Add", {8, 4}}, {"Sub", {4, -12}}, {"Mul", {12, -32}}, {"Div", {3, -0.5f}}};
    for (const auto &[type, expected] : both)
        expect_weights(product(2).constant(a).constant(b).add(node(type, "f", {"a", "b"}, "w")), expected);
    expect_weights(product(2).constant(a).constant(c).add(node("Sub", "f", {"c", "a"}, "w")), {-4, 6});
    expect_weights(product(2).constant(a).constant(c).add(node("Div", "f", {"a", "c"}, "w")), {3, -2});
    expect_failure(product(2).constant(a).constant(floats("d", {1, 2}, {1, 2})).add(node("Add", "f", {"a", "d"}, "w")),
                   WEFT_E_UNSUPPORTED,
                   "node \"f\" (Add): constants must be of one type and equal extents, or one a single value");
    expect_failure(product(2).constant(a).constant(ints64("i", {1})).add(node("Mul", "f", {"a", "i"}, "w")),
                   WEFT_E_UNSUPPORTED,
                   "node \"f\" (Mul): constants must be of one type and equal extents, or one a single value");
    expect_failure(product(2).constant(a).constant(floats("d", {}, {0})).add(node("Div", "f", {"a", "d"}, "w")),
                   WEFT_E_INVALID, "node \"m\" (MatMul): tensor \"w\": value 0 is not a finite number");
}

TEST(OnnxFold, TransposeReshapeGatherConcat) {
    const std::string a = floats("a", {2, 3}, counting(6));
    /* weight[out, in]: of a stored [3, 2] the transpose of a, so weight is a itself */
    expect_weights(product(3).constant(a).add(node("Transpose", "t", {"a"}, "w", {attr_ints("perm", {1, 0})})),
                   counting(6), 2);
    expect_weights(product(3).constant(a).add(node("Transpose", "t", {"a"}, "w")), counting(6), 2);
    expect_weights(product(3).constant(a).constant(ints64("s", {3, -1})).add(node("Reshape", "r", {"a", "s"}, "w")),
                   {0, 2, 4, 1, 3, 5}, 2);
    expect_weights(product(2)
                       .constant(a)
                       .constant(ints64("i", {2, -3}))
                       .add(node("Gather", "g", {"a", "i"}, "w", {attr("axis", 1)})),
                   {2, 5, 0, 3}, 2);
    expect_weights(product(4).constant(a).add(node("Concat", "c", {"a", "a"}, "w", {attr("axis", 0)})),
                   {0, 3, 0, 3, 1, 4, 1, 4, 2, 5, 2, 5}, 3);
    const std::string cube = floats("k", {2, 1, 3, 2}, counting(12));
    Model conv = Model({-1, 2, 4, 4}).constant(cube).add(node("Conv", "c", {"x", "w"}, "y"));
    expect_weights(conv.add(node("Transpose", "t", {"k"}, "w", {attr_ints("perm", {1, 0, 3, 2})})),
                   {0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11});
}

TEST(OnnxFold, SlicesAlongAnAxis) {
    struct Case {
        int64_t start, end, axis, step;
        std::vector<float> expected; /* of a = {{0, 1, 2, 3}, {4, 5, 6, 7}}, flat */
    };
    const int64_t lowest = INT64_MIN, highest = INT64_MAX;
    const Case cases[] = {{1, 3, 1, 1, {1, 2, 5, 6}},
                          {0, highest, 1, 2, {0, 2, 4, 6}},
                          {-1, lowest, 1, -1, {3, 2, 1, 0, 7, 6, 5, 4}},
                          {-1, lowest, 0, -1, {4, 5, 6, 7, 0, 1, 2, 3}},
                          {1, 2, -2, 1, {4, 5, 6, 7}},
                          {9, 0, -1, -2, {3, 1, 7, 5}},
                          {-9, -3, 1, 1, {0, 4}}};
    for (const Case &c : cases) {
        const int64_t count = static_cast<int64_t>(c.expected.size());
        Model model = product(count).constant(floats("a", {2, 4}, counting(8)));
        model.constant(ints64("b", {c.start})).constant(ints64("e", {c.end})).constant(ints64("ax", {c.axis}));
        model.constant(ints64("st", {c.step})).constant(ints64("s", {count, 1}));
        model.add(node("Slice", "l", {"a", "b", "e", "ax", "st"}, "v")).add(node("Reshape", "r", {"v", "s"}, "w"));
        expect_weights(model, c.expected);
    }
}

/* Pads of (left, right, top, bottom), as an exporter turns them into ONNX's order with nodes. */
TEST(OnnxFold, ComputedPads) {
    Model model({-1, 1, 3, 3});
    model.constant(ints64("pads", {1, 2, 3, 4})).constant(ints64("eight", {8})).constant(ints64("pairs", {-1, 2}));
    model.constant(ints64("last", {-1})).constant(ints64("lowest", {INT64_MIN})).constant(ints64("zero", {0}));
    model.add(node("Shape", "n0", {"pads"}, "given")).add(node("Sub", "n1", {"eight", "given"}, "missing"));
    model.add(node("ConstantOfShape", "n2", {"missing"}, "zeros", {attr_tensor("value", ints64("", {0}))}));
    model.add(node("Concat", "n3", {"pads", "zeros"}, "all", {attr("axis", 0)}));
    model.add(node("Reshape", "n4", {"all", "pairs"}, "table"));
    model.add(node("Slice", "n5", {"table", "last", "lowest", "zero", "last"}, "turned"));
    model.add(node("Transpose", "n6", {"turned"}, "columns", {attr_ints("perm", {1, 0})}));
    model.add(node("Reshape", "n7", {"columns", "last"}, "list"));
    model.add(node("Cast", "n8", {"list"}, "pads64", {attr("to", INT64)}));
    Network net = parse(model.add(node("Pad", "p", {"x", "pads64"}, "y")).str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 1);
    expect_window(net->layers[0].window, {1, 1, 1, 1, 1, 1}, {3, 1, 4, 2});
}

TEST(OnnxFold, CastsAndConstants) {
    expect_weights(product(2)
                       .add(node("Constant", "k", {}, "i", {attr_ints("value_ints", {3, -2})}))
                       .constant(ints64("s", {2, 1}))
                       .add(node("Cast", "c", {"i"}, "f", {attr("to", FLOAT)}))
                       .add(node("Reshape", "r", {"f", "s"}, "w")),
                   {3, -2});
    expect_weights(product(2)
                       .constant(ints64("s", {2, 1}))
                       .add(node("ConstantOfShape", "c", {"s"}, "w", {attr_tensor("value", floats("", {1}, {2.5f}))})),
                   {2.5f, 2.5f});
    expect_weights(product(2).constant(ints64("s", {2, 1})).add(node("ConstantOfShape", "c", {"s"}, "w")), {0, 0});
    expect_failure(product(2).add(node("Constant", "k", {}, "w", {attr_text("value_string", "a")})), WEFT_E_UNSUPPORTED,
                   "node \"k\" (Constant): attribute \"value_string\" is not supported");
    expect_failure(product(2).add(node("Constant", "k", {}, "w")), WEFT_E_INVALID,
                   "node \"k\" (Constant): one attribute with its value is needed");
}

// ---- shapes ----

/* The forms in which a flattening is exported; batch: what the input says. */
TEST(OnnxFold, ShapesOfActivations) {
    for (int64_t batch : {int64_t{-1}, int64_t{1}, int64_t{4}}) {
        Model model({batch, 2, 3, 5});
        model.add(node("Relu", "r", {"x"}, "h")).add(node("Shape", "s", {"h"}, "shape"));
        model.constant(tensor("zero", {}, raw("\0\0\0\0\0\0\0\0", 8), INT64)).constant(ints64("first", {0}));
        model.constant(ints64("rest", {-1})).constant(ints64("one", {1})).constant(ints64("four", {4}));
        Model gathered = model, sliced = model;
        gathered.add(node("Gather", "g", {"shape", "zero"}, "b", {attr("axis", 0)}));
        gathered.add(node("Unsqueeze", "u", {"b", "first"}, "b1"));
        gathered.add(node("Concat", "c", {"b1", "rest"}, "to", {attr("axis", 0)}));
        gathered.add(node("Reshape", "flat", {"h", "to"}, "y"));
        Network net = parse(gathered.str());
        ASSERT_TRUE(net);
        ASSERT_EQ(net->layer_count, 2);
        EXPECT_EQ(net->layers[1].kind, WEFT_LAYER_FLATTEN);
        EXPECT_EQ(net->layers[1].out.channels, 30);
        /* batch, then channels * height * width */
        sliced.add(node("Slice", "l", {"shape", "one", "four"}, "chw"));
        sliced.constant(ints64("index0", {0})).constant(ints64("index1", {1})).constant(ints64("index2", {-1}));
        sliced.add(node("Gather", "g0", {"chw", "index0"}, "c")).add(node("Gather", "g1", {"chw", "index1"}, "hh"));
        sliced.add(node("Gather", "g2", {"chw", "index2"}, "ww")).add(node("Mul", "m0", {"c", "hh"}, "ch"));
        sliced.add(node("Mul", "m1", {"ch", "ww"}, "all"))
            .add(node("Concat", "c2", {"rest", "all"}, "to", {attr("axis", 0)}));
        net = parse(sliced.add(node("Reshape", "flat", {"h", "to"}, "y")).str());
        ASSERT_TRUE(net);
        EXPECT_EQ(net->layers[1].out.channels, 30);
    }
}

/* A layer of which only the shape is read is none of the network. */
TEST(OnnxFold, LayersThatOnlyHaveAShapeGo) {
    Network net = parse(Model({-1, 2, 3, 3})
                            .add(node("Tanh", "t", {"x"}, "h"))
                            .add(node("Shape", "s", {"h"}, "shape"))
                            .add(node("Reshape", "r", {"x", "shape"}, "same"))
                            .add(node("Relu", "relu", {"same"}, "y"))
                            .str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 1);
    EXPECT_STREQ(net->layers[0].name, "relu");
    EXPECT_EQ(net->layers[0].input, -1);
}

TEST(OnnxFold, RefusesWhatIsNoShape) {
    auto reshape = [](const Model &m) {
        Model model = m;
        return model.add(node("Reshape", "r", {"x", "to"}, "y"));
    };
    expect_failure(reshape(Model({-1, 4})
                               .constant(ints64("i", {9}))
                               .add(node("Shape", "s", {"x"}, "shape"))
                               .add(node("Gather", "g", {"shape", "i"}, "to"))),
                   WEFT_E_INVALID, "node \"g\" (Gather): index 9 of an axis with 2 values");
    expect_failure(reshape(Model({-1, 4})
                               .constant(ints64("a", {1, 2}))
                               .constant(ints64("z", {0}))
                               .add(node("Div", "d", {"a", "z"}, "to"))),
                   WEFT_E_INVALID, "node \"d\" (Div): divides by 0");
    expect_failure(reshape(Model({-1, 4}).constant(ints64("i", {0})).add(node("Gather", "g", {"x", "i"}, "to"))),
                   WEFT_E_UNSUPPORTED, "node \"g\" (Gather): not supported but on constants (of shapes, weights)");
    expect_failure(reshape(Model({-1, 4}).add(node("Relu", "q", {"x"}, "to"))), WEFT_E_UNSUPPORTED,
                   "node \"r\" (Reshape): its input 1, \"to\", is not a constant: not supported");
    expect_failure(reshape(Model({-1, 4})
                               .constant(ints64("a", {3, 3, 3}))
                               .constant(ints64("b", {2}))
                               .constant(ints64("e", {1}))
                               .add(node("Slice", "l", {"a", "b", "e"}, "to"))),
                   WEFT_E_INVALID,
                   "node \"l\" (Slice): its result has an extent of 0: not allowed (at least 1, at most 1073741824 "
                   "values)");
}

// ---- quantised networks ----

Model qdq(const std::string &zero, float scale = 0.25f) {
    Model model({-1, 2, 3, 3});
    model.constant(floats("s", {}, {scale})).constant(zero);
    return model.add(node("QuantizeLinear", "q", {"x", "s", "z"}, "i"));
}

TEST(OnnxQdq, RangesFollowTypeAndZeroPoint) {
    struct Case {
        int type, zero, levels;
        float low, high;
    };
    const Case cases[] = {{UINT8, 0, 255, 0, 63.75f},         {UINT8, 100, 155, -25, 38.75f},
                          {UINT8, 254, 1, -63.5f, 0.25f},     {INT8, 0, 127, -32, 31.75f},
                          {INT8, -128, 255, 0, 63.75f},       {INT8, 5, 122, -33.25f, 30.5f},
                          {4, 30000, 35535, -7500, 8883.75f}, {5, 0, 32767, -8192, 8191.75f}};
    for (const Case &c : cases) {
        Network net = parse(
            qdq(bytes_of("z", {}, {c.zero}, c.type)).add(node("DequantizeLinear", "d", {"i", "s", "z"}, "y")).str());
        ASSERT_TRUE(net);
        ASSERT_EQ(net->layer_count, 1);
        EXPECT_EQ(net->layers[0].kind, WEFT_LAYER_QUANTISE);
        EXPECT_STREQ(net->layers[0].name, "d");
        EXPECT_EQ(net->layers[0].levels, c.levels);
        EXPECT_EQ(net->layers[0].low, c.low);
        EXPECT_EQ(net->layers[0].high, c.high);
        EXPECT_EQ(weft_layer_step(&net->layers[0]), 0.25f);
    }
}

/* Of any scale the step is the scale, up to the last bit of a float. */
TEST(OnnxQdq, TheStepIsTheScale) {
    const weft_rng rng = {9, 0, 0, WEFT_PURPOSE_TEST};
    for (uint64_t i = 0; i < 300; i++) {
        const float scale =
            std::ldexp(1 + weft_rng_uniform(&rng, 2 * i), static_cast<int>(weft_rng_u32(&rng, 2 * i + 1) % 20) - 15);
        Network net = parse(qdq(bytes_of("z", {}, {static_cast<int>(i % 255)}, UINT8), scale)
                                .add(node("DequantizeLinear", "d", {"i", "s", "z"}, "y"))
                                .str());
        ASSERT_TRUE(net);
        EXPECT_NEAR(weft_layer_step(&net->layers[0]) / scale, 1, 1.2e-7) << scale;
    }
}

TEST(OnnxQdq, APairMayBeSharedByManyReaders) {
    Network net = parse(qdq(bytes_of("z", {}, {3}, INT8))
                            .add(node("DequantizeLinear", "d", {"i", "s", "z"}, "a"))
                            .add(node("DequantizeLinear", "e", {"i", "s", "z"}, "b"))
                            .add(node("Relu", "r", {"b"}, "c"))
                            .add(node("Add", "sum", {"a", "c"}, "y"))
                            .str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 3);
    EXPECT_STREQ(net->layers[0].name, "d");
    EXPECT_EQ(net->layers[1].input, 0);
    EXPECT_EQ(net->layers[2].input, 0);
    EXPECT_EQ(net->layers[2].input2, 1);
}

TEST(OnnxQdq, WeightsAndBiasesAreFoldedAndRangesKept) {
    Model model = qdq(bytes_of("z", {}, {100}, UINT8));
    model.add(node("DequantizeLinear", "d", {"i", "s", "z"}, "f"));
    model.add(node("MaxPool", "p", {"f"}, "g", {attr_ints("kernel_shape", {2, 2})}));
    model.constant(bytes_of("w", {2, 2, 1, 1}, {1, -2, 3, -4}, INT8)).constant(floats("ws", {2}, {0.5f, 0.25f}));
    model.constant(bytes_of("wz", {2}, {0, 1}, INT8)).constant(bytes_of("b", {2}, {100, -200}, 6));
    model.constant(floats("bs", {2}, {0.125f, 0.0625f}));
    model.add(node("DequantizeLinear", "dw", {"w", "ws", "wz"}, "wf", {attr("axis", 0)}));
    model.add(node("DequantizeLinear", "db", {"b", "bs"}, "bf", {attr("axis", 0)}));
    Network net = parse(model.add(node("Conv", "c", {"g", "wf", "bf"}, "y")).str());
    ASSERT_TRUE(net);
    ASSERT_EQ(net->layer_count, 3);
    const weft_layer &conv = net->layers[2];
    expect_values(conv.weight, {0.5f, -1, 0.5f, -1.25f});
    expect_values(conv.bias, {12.5f, -12.5f});
    EXPECT_EQ(conv.input_min, -25.0f);
    EXPECT_EQ(conv.input_max, 38.75f);
}

/* Float weights with a QuantizeLinear of their own: rounded to even, clipped to the type. */
TEST(OnnxQdq, QuantisedWeightsAreRoundedOnce) {
    const std::vector<float> stored = {0.24f, 0.25f, 0.75f, -0.25f, 100, -100};
    for (int axis : {0, 1}) {
        Model model = product(axis ? 3 : 2);
        model.constant(floats("k", axis ? std::vector<int64_t>{3, 2} : std::vector<int64_t>{2, 3}, stored));
        model.constant(floats("ks", {2}, {0.5f, 0.25f})).constant(bytes_of("kz", {2}, {0, 0}, INT8));
        model.add(node("QuantizeLinear", "q", {"k", "ks", "kz"}, "i", {attr("axis", axis)}));
        model.add(node("DequantizeLinear", "d", {"i", "ks", "kz"}, "w", {attr("axis", axis)}));
        if (axis) /* columns have the scales; weight[out, in] */
            expect_weights(model, {0, 1, 63.5f, 0.25f, -0.25f, -32}, 2);
        else /* rows have them */
            expect_weights(model, {0, -0.25f, 0, 31.75f, 1, -32}, 3);
    }
}

TEST(OnnxQdq, RefusesWhatItCannotTell) {
    Model channels = Model({-1, 2, 3, 3}).constant(floats("s", {2}, {1, 2}));
    expect_failure(channels.add(node("QuantizeLinear", "q", {"x", "s"}, "y", {attr("axis", 1)})), WEFT_E_UNSUPPORTED,
                   "node \"q\" (QuantizeLinear): tensor \"s\" holds 2 values; only one for all elements is supported");
    expect_failure(
        qdq(bytes_of("z", {}, {0}, INT8)).add(node("MaxPool", "p", {"i"}, "y", {attr_ints("kernel_shape", {2, 2})})),
        WEFT_E_UNSUPPORTED, "node \"p\" (MaxPool): not supported on quantised integers");
    expect_failure(product(2)
                       .constant(bytes_of("k", {2, 1}, {1, 2}, INT8))
                       .constant(floats("ks", {3}, {1, 1, 1}))
                       .add(node("DequantizeLinear", "d", {"k", "ks"}, "w", {attr("axis", 0)})),
                   WEFT_E_INVALID,
                   "node \"d\" (DequantizeLinear): 3 scales and 0 zero points: one of each is needed, or one for each "
                   "index of its axis");
    expect_failure(product(2)
                       .constant(bytes_of("k", {2, 1}, {1, 2}, INT8))
                       .constant(floats("ks", {}, {0}))
                       .add(node("DequantizeLinear", "d", {"k", "ks"}, "w")),
                   WEFT_E_INVALID, "node \"d\" (DequantizeLinear): scale 0 is not above 0");
}

} // namespace
