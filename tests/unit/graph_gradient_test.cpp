// Do gradients agree with finite differences where layers have several readers, are frozen, or have a defined gradient?
#include "tests/support/gradient_fixture.h"

using namespace fixture;

namespace {

using GraphGradient = Gradient;

// ---- branches ----

int join(const Network &net, int a, int b) {
    weft_layer l = proto(WEFT_LAYER_ADD);
    l.input2 = b;
    return after(net, a, l);
}

// Two blocks, the second narrower in space and wider, with a projected shortcut.
TEST_F(GraphGradient, ResidualBlocks) {
    Network n = network({2, 4, 4});
    int x = after(n, -1, proto(WEFT_LAYER_CONV, 8, 3, 1, 1));
    x = after(n, after(n, x, proto(WEFT_LAYER_BATCH_NORM)), proto(WEFT_LAYER_RELU));
    for (int stride : {1, 2}) {
        int channels = 8 * stride;
        int y = after(n, x, proto(WEFT_LAYER_CONV, channels, 3, stride, 1));
        y = after(n, after(n, y, proto(WEFT_LAYER_BATCH_NORM)), proto(WEFT_LAYER_RELU));
        y = after(n, after(n, y, proto(WEFT_LAYER_CONV, channels, 3, 1, 1)), proto(WEFT_LAYER_BATCH_NORM));
        if (stride > 1) x = after(n, after(n, x, proto(WEFT_LAYER_CONV, channels, 1, 2)), proto(WEFT_LAYER_BATCH_NORM));
        x = after(n, join(n, y, x), proto(WEFT_LAYER_RELU));
    }
    x = after(n, x, proto(WEFT_LAYER_AVERAGE_POOL, 0, 2));
    after(n, x, proto(WEFT_LAYER_DENSE, 4), true);
    check(n, 20);
    EXPECT_EQ(compared, 6 + 2 * 6 + 2);
}

// An activation that four layers read, one of them twice, and that no rectifier may overwrite.
TEST_F(GraphGradient, ManyReaders) {
    Network n = network({2, 5, 5});
    int x = after(n, -1, proto(WEFT_LAYER_CONV, 6, 3, 1, 1), true);
    int a = after(n, x, proto(WEFT_LAYER_RELU)), b = after(n, x, proto(WEFT_LAYER_BATCH_NORM));
    int c = join(n, x, x), d = after(n, x, proto(WEFT_LAYER_CONV, 6, 1));
    int sum = join(n, join(n, a, b), join(n, d, c));
    after(n, after(n, sum, proto(WEFT_LAYER_RELU)), proto(WEFT_LAYER_DENSE, 3));
    check(n, 21);
    EXPECT_EQ(compared, 2 + 2 + 1 + 1);
}

// Sums whose parts have other layouts, read the network's input, or go on as vectors.
TEST_F(GraphGradient, SumsOfOtherLayouts) {
    Network n = network({3, 4, 4});
    int wide = after(n, -1, proto(WEFT_LAYER_CONV, 3, 1));
    int grouped = after(n, wide, proto(WEFT_LAYER_CONV, 3, 3, 1, 1, 1, 3));
    int sum = join(n, join(n, -1, grouped), wide);
    int pooled = after(n, sum, proto(WEFT_LAYER_MAX_POOL, 0, 2, 2)), flat = after(n, pooled, proto(WEFT_LAYER_FLATTEN));
    int dense = after(n, flat, proto(WEFT_LAYER_DENSE, 12));
    int both = join(n, after(n, flat, proto(WEFT_LAYER_RELU)), dense);
    after(n, join(n, both, flat), proto(WEFT_LAYER_DENSE, 2));
    check(n, 22);
    EXPECT_EQ(compared, 4);
}

TEST_F(GraphGradient, SumAtTheEnd) {
    Network n = network({4, 1, 1});
    int x = after(n, -1, proto(WEFT_LAYER_DENSE, 5), true), y = after(n, x, proto(WEFT_LAYER_DENSE, 5));
    join(n, y, x);
    check(n, 23);
    EXPECT_EQ(compared, 3);
}

// Joins of other layouts, nested, of one activation twice, of the network's input; read by several.
TEST_F(GraphGradient, Concatenations) {
    auto concat = [](const Network &n, int a, int b) {
        weft_layer l = proto(WEFT_LAYER_CONCAT);
        l.input2 = b;
        return after(n, a, l);
    };
    Network n = network({3, 4, 4});
    int wide = after(n, -1, proto(WEFT_LAYER_CONV, 16, 3, 1, 1)), narrow = after(n, -1, proto(WEFT_LAYER_CONV, 5, 1));
    int both = concat(n, wide, narrow), all = concat(n, concat(n, -1, both), both), twice = concat(n, narrow, narrow);
    int a = after(n, all, proto(WEFT_LAYER_CONV, 10, 1)), b = after(n, twice, proto(WEFT_LAYER_BATCH_NORM));
    int flat = after(n, join(n, a, b), proto(WEFT_LAYER_FLATTEN));
    after(n, concat(n, flat, after(n, flat, proto(WEFT_LAYER_RELU))), proto(WEFT_LAYER_DENSE, 3));
    check(n, 27);
    EXPECT_EQ(compared, 3 + 2 + 1);
}

TEST_F(GraphGradient, Padding) {
    Network n = network({2, 3, 4});
    weft_layer pad = proto(WEFT_LAYER_PAD);
    pad.window.pad_top = 2;
    pad.window.pad_right = 1;
    int x = after(n, -1, proto(WEFT_LAYER_CONV, 6, 3, 1, 1), true), y = after(n, x, pad);
    y = after(n, after(n, y, proto(WEFT_LAYER_CONV, 4, 3)), proto(WEFT_LAYER_BATCH_NORM));
    int z = after(n, x, proto(WEFT_LAYER_DENSE, 3));
    join(n, after(n, y, proto(WEFT_LAYER_DENSE, 3)), z);
    check(n, 28);
    EXPECT_EQ(compared, 2 + 1 + 2 + 2);
}

// ---- frozen layers ----

TEST_F(GraphGradient, FrozenFirstLayer) {
    Network n = network({3, 6, 6});
    weft_layer first = proto(WEFT_LAYER_CONV, 12, 2);
    first.frozen = true;
    add(n, first);
    add(n, proto(WEFT_LAYER_RELU));
    add(n, proto(WEFT_LAYER_CONV, 8, 3, 1, 1));
    add(n, proto(WEFT_LAYER_DENSE, 3));
    check(n, 24);
    EXPECT_EQ(compared, 2);
    EXPECT_FALSE(p.plan->ops[0].needs_diff_dst);
    EXPECT_FALSE(p.plan->ops[1].needs_diff_dst);
    EXPECT_EQ(p.plan->ops[2].diff_src.memory, nullptr);
}

TEST_F(GraphGradient, FrozenBetweenTrainedOnes) {
    Network n = network({3, 6, 6});
    weft_layer middle = proto(WEFT_LAYER_CONV, 8, 3, 1, 1), norm = proto(WEFT_LAYER_BATCH_NORM);
    middle.frozen = norm.frozen = true;
    add(n, proto(WEFT_LAYER_CONV, 8, 3, 1, 1));
    add(n, middle);
    add(n, norm);
    add(n, proto(WEFT_LAYER_RELU));
    add(n, proto(WEFT_LAYER_DENSE, 3));
    check(n, 25);
    EXPECT_EQ(compared, 2);
}

// ---- activations with a defined gradient ----

weft_layer clip(float low, float high, int levels = 0) {
    weft_layer l = proto(levels ? WEFT_LAYER_QUANTISE : WEFT_LAYER_CLIP);
    l.low = low;
    l.high = high;
    l.levels = levels;
    return l;
}

weft_layer spikes(float threshold, bool is_signed, float width, bool triangle = false) {
    weft_layer l = proto(WEFT_LAYER_THRESHOLD);
    l.surrogate_triangle = triangle;
    l.threshold = threshold;
    l.signed_spikes = is_signed;
    l.surrogate_width = width;
    return l;
}

class Activation : public Gradient {
  protected:
    // After a layer with parameters, before another, and read twice.
    void check_activation(const weft_layer &layer, unsigned seed) {
        Network n = network({2, 5, 5});
        int in = after(n, -1, proto(WEFT_LAYER_CONV, 5, 3, 1, 1), true), y = after(n, in, layer);
        int sum = join(n, after(n, y, proto(WEFT_LAYER_CONV, 5, 3, 1, 1)), y);
        after(n, sum, proto(WEFT_LAYER_DENSE, 3));
        check(n, seed);
        EXPECT_EQ(compared, 4);
        check_both_sides(in, y);
    }

    // The gradient passes at some values and not at others.
    void check_both_sides(int in, int y) {
        const weft_op &op = p.plan->ops[y];
        ASSERT_EQ(op.layer->input, in);
        size_t passed = 0, all = base[static_cast<size_t>(in) + 1].size();
        for (double v : base[static_cast<size_t>(in) + 1])
            passed += op.layer->kind == WEFT_LAYER_THRESHOLD
                          ? surrogate(*op.layer, v) > 0
                          : v >= static_cast<double>(op.layer->low) && v <= static_cast<double>(op.layer->high);
        EXPECT_GT(passed, all / 10);
        EXPECT_LT(passed, all - all / 10);
    }
};

TEST_F(Activation, Clip) { check_activation(clip(-0.4f, 0.7f), 30); }
TEST_F(Activation, ClipAwayFromZero) { check_activation(clip(0.2f, 0.9f), 31); }
TEST_F(Activation, Quantise) { check_activation(clip(0, 0.8f, 3), 32); }
TEST_F(Activation, QuantiseSigned) { check_activation(clip(-0.6f, 0.6f, 7), 33); }
TEST_F(Activation, Threshold) { check_activation(spikes(0.3f, false, 0.4f), 34); }
TEST_F(Activation, ThresholdSigned) { check_activation(spikes(0.5f, true, 0.2f), 35); }
TEST_F(Activation, ThresholdTriangle) { check_activation(spikes(0.3f, false, 0.7f, true), 36); }
TEST_F(Activation, ThresholdSignedTriangle) { check_activation(spikes(0.5f, true, 0.3f, true), 37); }

// Functions with a gradient of their own, before and behind layers with parameters.
void smooth(const Network &n, const weft_layer &layer) {
    int in = after(n, -1, proto(WEFT_LAYER_CONV, 5, 3, 1, 1), true), y = after(n, in, layer);
    int sum = join(n, after(n, y, proto(WEFT_LAYER_CONV, 5, 3, 1, 1)), y);
    after(n, sum, proto(WEFT_LAYER_DENSE, 3));
}

weft_layer sloped(weft_layer_kind kind, float slope, float offset = 0) {
    weft_layer l = proto(kind);
    l.slope = slope;
    l.offset = offset;
    return l;
}

TEST_F(Activation, Smooth) {
    const weft_layer layers[] = {sloped(WEFT_LAYER_LEAKY_RELU, 0.2f),
                                 sloped(WEFT_LAYER_LEAKY_RELU, -0.5f),
                                 proto(WEFT_LAYER_SIGMOID),
                                 sloped(WEFT_LAYER_HARD_SIGMOID, 0.6f, 0.4f),
                                 proto(WEFT_LAYER_TANH),
                                 proto(WEFT_LAYER_HARD_SWISH)};
    unsigned seed = 40;
    for (const weft_layer &layer : layers) {
        SCOPED_TRACE(weft_layer_kind_names[layer.kind]);
        Network n = network({2, 5, 5});
        smooth(n, layer);
        compared = 0;
        check(n, seed++);
        EXPECT_EQ(compared, 4);
        weft_plan_destroy(p.plan);
        p.plan = nullptr;
    }
}

// Each piece of it, its ends included.
TEST(ActivationEdges, OfHardSwish) {
    weft_layer l = proto(WEFT_LAYER_HARD_SWISH);
    Network n = network({8, 1, 1});
    weft_error err = {};
    Plan p;
    add(n, proto(WEFT_LAYER_BATCH_NORM));
    add(n, l);
    weft_plan_options options = {1, true, WEFT_PRECISION_FP32, nullptr};
    ASSERT_EQ(weft_plan_create(&p.plan, n.get(), &options, &err), WEFT_OK) << err.text;
    weft_op &op = p.plan->ops[1];
    const std::vector<float> in = {-4, -3, -1.5f, 0, 1.5f, 3, 4, 100}, out = {0, 0, -0.375f, 0, 1.125f, 3, 4, 100},
                             slope = {0, 0, 0, 0.5f, 1, 1, 1, 1};
    std::copy(in.begin(), in.end(), op.src.data);
    ASSERT_EQ(weft_plan_forward(p.plan, 1, 2, &err), WEFT_OK);
    std::vector<float> got(op.dst.data, op.dst.data + 8);
    std::fill_n(op.diff_dst.data, 8, 1.0f);
    ASSERT_EQ(op.kind->backward(p.plan, &op, &err), WEFT_OK);
    EXPECT_EQ(got, out);
    EXPECT_EQ(std::vector<float>(op.diff_src.data, op.diff_src.data + 8), slope);
}

TEST_F(Activation, FirstAndLast) {
    Network n = network({3, 2, 2});
    add(n, spikes(0.4f, true, 0.3f));
    add(n, proto(WEFT_LAYER_DENSE, 6), true);
    add(n, clip(0, 0.5f, 15));
    check(n, 36);
    EXPECT_EQ(compared, 2);
}

// The edges belong to the window.
TEST(ActivationEdges, AreInside) {
    const std::vector<float> in = {-0.5f, -0.25f, 0.25f, 0.5f, 0.75f, 1.0f, -1.0f, -0.75f};
    struct Case {
        weft_layer layer;
        std::vector<float> slope, out;
    };
    const std::vector<Case> cases = {
        {clip(-0.25f, 0.5f), {0, 1, 1, 1, 0, 0, 0, 0}, {-0.25f, -0.25f, 0.25f, 0.5f, 0.5f, 0.5f, -0.25f, -0.25f}},
        {clip(0, 0.75f, 3), {0, 0, 1, 1, 1, 0, 0, 0}, {0, 0, 0.25f, 0.5f, 0.75f, 0.75f, 0, 0}},
        {clip(-1, 1, 2), {1, 1, 1, 1, 1, 1, 1, 1}, {-0.5f, 0, 0, 0.5f, 1, 1, -1, -1}}, // half steps to even
        {spikes(0.5f, false, 0.25f), {0, 0, 1, 1, 1, 0, 0, 0}, {0, 0, 0, 1, 1, 1, 0, 0}},
        {spikes(0.5f, true, 0.25f), {1, 1, 1, 1, 1, 0, 0, 1}, {-1, 0, 0, 1, 1, 1, -1, -1}},
    };
    for (const Case &c : cases) {
        weft_error err = {};
        Plan p;
        Network n = network({8, 1, 1});
        add(n, proto(WEFT_LAYER_BATCH_NORM));
        add(n, c.layer);
        weft_plan_options options = {1, true, WEFT_PRECISION_FP32, nullptr};
        ASSERT_EQ(weft_plan_create(&p.plan, n.get(), &options, &err), WEFT_OK) << err.text;
        weft_op &op = p.plan->ops[1];
        std::copy(in.begin(), in.end(), op.src.data);
        ASSERT_EQ(weft_plan_forward(p.plan, 1, 2, &err), WEFT_OK);
        std::fill_n(op.diff_dst.data, 8, 1.0f);
        std::vector<float> out(op.dst.data, op.dst.data + 8);
        ASSERT_EQ(op.kind->backward(p.plan, &op, &err), WEFT_OK);
        EXPECT_EQ(out, c.out) << weft_layer_kind_names[c.layer.kind];
        EXPECT_EQ(std::vector<float>(op.diff_src.data, op.diff_src.data + 8), c.slope)
            << weft_layer_kind_names[c.layer.kind];
    }
}

TEST(Plan, TrainingRefusesUnusedLayers) {
    Network net = network({1, 4, 4});
    weft_error err = {};
    Plan p;
    after(net, -1, proto(WEFT_LAYER_RELU));
    after(net, -1, proto(WEFT_LAYER_DENSE, 2));
    weft_plan_options options = {2, true, WEFT_PRECISION_FP32, nullptr};
    EXPECT_EQ(weft_plan_create(&p.plan, net.get(), &options, &err), WEFT_E_UNSUPPORTED);
    EXPECT_STREQ(err.text, "layer layer0: no other layer uses its output");
    EXPECT_EQ(p.plan, nullptr);
    options.training = false;
    EXPECT_EQ(weft_plan_create(&p.plan, net.get(), &options, &err), WEFT_OK) << err.text;
}

TEST(Plan, TrainingRefusesKindsWithoutGradient) {
    for (weft_layer_kind kind : {WEFT_LAYER_SOFTMAX, WEFT_LAYER_AFFINE}) {
        Network net = network({4, 1, 1});
        weft_error err = {};
        Plan p;
        add(net, proto(WEFT_LAYER_DENSE, 3));
        add(net, proto(kind));
        weft_plan_options options = {2, true, WEFT_PRECISION_FP32, nullptr};
        EXPECT_EQ(weft_plan_create(&p.plan, net.get(), &options, &err), WEFT_E_UNSUPPORTED);
        EXPECT_EQ(err.text, "layer \"layer1\" (" + std::string(weft_layer_kind_names[kind]) + ") cannot be trained");
        net->layers[0].frozen = true; // then nothing before it is
        add(net, proto(WEFT_LAYER_DENSE, 2));
        EXPECT_EQ(weft_plan_create(&p.plan, net.get(), &options, &err), WEFT_OK) << err.text;
    }
}

TEST(Plan, TrainingRefusesInt8) {
    Network net = network({4, 1, 1});
    weft_error err = {};
    Plan p;
    add(net, proto(WEFT_LAYER_DENSE, 3));
    weft_plan_options options = {2, true, WEFT_PRECISION_INT8, nullptr};
    EXPECT_EQ(weft_plan_create(&p.plan, net.get(), &options, &err), WEFT_E_UNSUPPORTED);
    EXPECT_STREQ(err.text, "precision int8: a network cannot be trained in it");
}

// A deep network holds no more activations at a time than are still to be read.
TEST(Plan, InferenceUsesMemoryAgain) {
    Network net = network({16, 8, 8});
    weft_error err = {};
    for (int block = 0; block < 12; block++) {
        int x = after(net, net->layer_count - 1, proto(WEFT_LAYER_CONV, 16, 3, 1, 1));
        int y = after(net, x, proto(WEFT_LAYER_CONV, 16, 3, 1, 1));
        join(net, after(net, after(net, y, proto(WEFT_LAYER_BATCH_NORM)), proto(WEFT_LAYER_SIGMOID)), x);
    }
    add(net, proto(WEFT_LAYER_DENSE, 3));
    for (weft_precision precision : {WEFT_PRECISION_FP32, WEFT_PRECISION_INT8}) {
        Plan p;
        size_t bytes = 0, map = 2 * 16 * 8 * 8 * sizeof(float);
        weft_plan_options options = {2, false, precision, nullptr};
        ASSERT_EQ(weft_plan_create(&p.plan, net.get(), &options, &err), WEFT_OK) << err.text;
        for (int i = 0; i < p.plan->room_count; i++) bytes += p.plan->rooms[i].bytes;
        EXPECT_GE(bytes, 2 * map);
        EXPECT_LE(bytes, 5 * map) << weft_precision_names[precision]; // of 48
    }
}

} // namespace
