// Does int8 compute exactly what its definition says (trainer.h), with oneDNN and with the plain loops?
#include "tests/support/naive_network.h"
#include "tests/support/trainer_fixture.h"
#include "trainer/dnn.h"
#include "trainer/integer.h"

using namespace fixture;

namespace {

struct ForwardDeleter {
    void operator()(weft_forward *forward) const { weft_forward_destroy(forward); }
};
using Forward = std::unique_ptr<weft_forward, ForwardDeleter>;

Forward executor(const Network &net, int batch, weft_precision precision) {
    weft_forward *forward = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_forward_create(&forward, net.get(), batch, precision, &err), WEFT_OK) << err.text;
    return Forward(forward);
}

std::vector<float> run(const Network &net, const std::vector<float> &x, size_t count,
                       weft_precision precision = WEFT_PRECISION_INT8) {
    weft_error err = {};
    std::vector<float> out(count * weft_shape_size(net->layers[net->layer_count - 1].out), -7.0f);
    EXPECT_EQ(weft_forward_run(executor(net, 2, precision).get(), x.data(), count, out.data(), &err), WEFT_OK)
        << err.text;
    return out;
}

// ---- the definition ----

struct Integers {
    std::vector<int64_t> values;
    float scale = 0;
};

Integers weights(const weft_layer &l, size_t output) {
    size_t depth = l.weight_count / static_cast<size_t>(l.out.channels);
    Integers w;
    float largest = 0;
    for (size_t k = 0; k < depth; k++) largest = std::max(largest, std::fabs(l.weight[output * depth + k]));
    w.scale = largest / 127;
    for (size_t k = 0; k < depth; k++)
        w.values.push_back(w.scale > 0 ? std::lrint(l.weight[output * depth + k] / w.scale) : 0);
    return w;
}

Integers inputs(const std::vector<float> &x, float scale, bool is_signed) {
    Integers q;
    q.scale = scale;
    for (float v : x)
        q.values.push_back(std::min(std::max(std::lrint(v / scale), is_signed ? -128L : 0L), is_signed ? 127L : 255L));
    return q;
}

// A dense layer is a convolution with one position.
std::vector<float> expected(const weft_layer &layer, const Integers &x, int n) {
    weft_layer l = layer;
    if (l.kind == WEFT_LAYER_DENSE) {
        l.window = {l.in.height, l.in.width, 1, 1, 1, 1, 0, 0, 0, 0};
        l.groups = 1;
    }
    int ic = l.in.channels / l.groups, oc = l.out.channels / l.groups, plane = l.in.height * l.in.width;
    int area = l.window.kernel_h * l.window.kernel_w;
    std::vector<float> out;
    for (int i = 0; i < n; i++)
        for (int o = 0; o < l.out.channels; o++) {
            const Integers w = weights(l, static_cast<size_t>(o));
            for (int y = 0; y < l.out.height; y++)
                for (int z = 0; z < l.out.width; z++) {
                    int64_t sum = 0;
                    for (int c = 0; c < ic; c++)
                        naive::window(l, y, z, [&](int p, int k) {
                            sum += x.values[static_cast<size_t>((i * l.in.channels + o / oc * ic + c) * plane + p)] *
                                   w.values[static_cast<size_t>(c * area + k)];
                        });
                    float value = static_cast<float>(sum) * (x.scale * w.scale);
                    out.push_back(l.bias ? value + l.bias[o] : value);
                }
        }
    return out;
}

// ---- one layer ----

void check_layer(weft_shape in, const weft_layer &layer, bool bias, bool is_signed, unsigned seed) {
    const int n = 3; // the second chunk is half full
    Network net = network(in);
    add(net, layer, bias);
    randomise(net, seed);
    weft_layer &l = net->layers[0];
    l.input_min = is_signed ? -0.9f : 0.0f;
    l.input_max = 0.8f;
    // Some values are outside the range.
    std::vector<float> x = random_values(n * weft_shape_size(in), seed + 1, is_signed ? -1.0f : -0.1f, 1.0f);
    Integers q = inputs(x, is_signed ? 0.9f / 127 : 0.8f / 255, is_signed);
    EXPECT_EQ(run(net, x, n), expected(l, q, n)) << weft_layer_kind_names[l.kind] << " " << l.in.channels << " -> "
                                                 << l.out.channels << ", groups " << l.groups << ", seed " << seed;
}

TEST(Integer, ConvolutionsAreExact) {
    unsigned seed = 1;
    weft_layer uneven = proto(WEFT_LAYER_CONV, 9, 3, 2, 1);
    uneven.window.pad_right = 2;
    uneven.window.pad_top = 0;
    const std::pair<int, weft_layer> cases[] = {{3, proto(WEFT_LAYER_CONV, 16, 3, 1, 1)},
                                                {16, proto(WEFT_LAYER_CONV, 33, 1)},
                                                {17, proto(WEFT_LAYER_CONV, 5, 1, 2)},
                                                {12, proto(WEFT_LAYER_CONV, 12, 3, 1, 1, 1, 12)},
                                                {12, proto(WEFT_LAYER_CONV, 12, 3, 2, 2, 2, 12)},
                                                {12, proto(WEFT_LAYER_CONV, 24, 3, 1, 1, 1, 12)},
                                                {12, proto(WEFT_LAYER_CONV, 8, 3, 1, 1, 1, 4)},
                                                {7, uneven},
                                                {64, proto(WEFT_LAYER_CONV, 40, 5, 1, 2)},
                                                {4, proto(WEFT_LAYER_CONV, 6, 3, 1, 2, 2)}};
    for (const auto &[channels, layer] : cases)
        for (bool is_signed : {false, true}) {
            check_layer({channels, 7, 6}, layer, seed % 2 == 0, is_signed, seed);
            seed++;
        }
}

TEST(Integer, DenseLayersAreExact) {
    for (bool is_signed : {false, true}) {
        check_layer({5, 4, 3}, proto(WEFT_LAYER_DENSE, 11), true, is_signed, 50);
        check_layer({300, 1, 1}, proto(WEFT_LAYER_DENSE, 64), false, is_signed, 51);
    }
}

// More windows than are laid out at a time.
TEST(Integer, SeveralBlocksOfWindows) { check_layer({96, 40, 41}, proto(WEFT_LAYER_CONV, 2, 3, 1, 1), true, true, 60); }

// The largest sums, which pairs of 16 bits could not hold.
void check_largest_values() {
    for (bool is_signed : {false, true}) {
        Network net = network({512, 1, 1});
        add(net, proto(WEFT_LAYER_DENSE, 2));
        weft_layer &l = net->layers[0];
        for (size_t k = 0; k < l.weight_count; k++) l.weight[k] = k < 512 ? 1.0f : -1.0f;
        l.input_min = is_signed ? -127.0f : 0.0f;
        l.input_max = is_signed ? 127.0f : 255.0f;
        const float x = is_signed ? -128.0f : 255.0f, sum = 512 * x * 127 * (1.0f / 127);
        EXPECT_EQ(run(net, std::vector<float>(512, x), 1), (std::vector<float>{sum, -sum}));
    }
}

TEST(Integer, LargestValues) { check_largest_values(); }

// A process of its own, so it may choose its instruction set.
TEST(Integer, ProcessorsWithoutVnni) {
#if defined(__x86_64__)
    if (dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2) != dnnl_success)
        GTEST_SKIP() << "the instruction set of this process is fixed already";
#endif
    check_largest_values();
    for (bool is_signed : {false, true}) {
        check_layer({17, 7, 6}, proto(WEFT_LAYER_CONV, 9, 3, 1, 1), true, is_signed, 61);
        check_layer({5, 4, 3}, proto(WEFT_LAYER_DENSE, 11), true, is_signed, 62);
    }
}

TEST(Integer, PlainLoopsAgree) {
    std::mt19937 g(3);
    for (bool is_signed : {false, true}) {
        const size_t rows = 19, columns = 23, depth = 131, stride = 30;
        std::vector<uint8_t> a(rows * depth);
        std::vector<int8_t> b(columns * depth);
        for (uint8_t &v : a) v = static_cast<uint8_t>(g());
        for (int8_t &v : b) v = static_cast<int8_t>(static_cast<int>(g() % 255) - 127);
        std::vector<int32_t> plain(rows * stride, -1), fast(rows * stride, -1);
        std::vector<char> workspace(weft_integer_product_workspace(rows, depth));
        weft_integer_product p = {rows,     columns,   depth,        stride,          a.data(),
                                  b.data(), is_signed, plain.data(), workspace.data()};
        weft_error err = {};
        weft_integer_multiply_plain(&p);
        p.sums = fast.data();
        ASSERT_EQ(weft_integer_multiply(&p, "test", &err), WEFT_OK) << err.text;
        EXPECT_EQ(plain, fast);
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++) {
                int sum = 0;
                for (size_t k = 0; k < depth; k++)
                    sum += (is_signed ? static_cast<int8_t>(a[r * depth + k]) : a[r * depth + k]) * b[c * depth + k];
                ASSERT_EQ(plain[r * stride + c], sum);
            }
        EXPECT_EQ(plain[columns], -1); // behind the columns
    }
}

// ---- scales ----

weft_layer quantise(float low, float high, int levels) {
    weft_layer l = proto(WEFT_LAYER_QUANTISE);
    l.low = low, l.high = high, l.levels = levels;
    return l;
}

// Behind a quantiser whose steps fit, the integers are its steps: nothing is lost but in the weights.
void check_quantiser(const weft_layer &layer, float scale, bool is_signed, bool rectified = false) {
    Network net = network({4, 6, 6});
    add(net, layer);
    add(net, proto(WEFT_LAYER_MAX_POOL, 0, 2, 2));
    if (rectified) add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_FLATTEN));
    add(net, proto(WEFT_LAYER_DENSE, 6), true);
    randomise(net, 70);
    std::vector<float> x = random_values(2 * weft_shape_size(net->input), 71, -1.5f, 1.5f);
    naive::Values pooled =
        naive::layer(net->layers[1], naive::layer(layer, naive::Values(x.begin(), x.end()), 2, false), 2, false);
    weft_layer dense = net->layers[net->layer_count - 1];
    std::vector<float> in(pooled.begin(), pooled.end());
    if (rectified)
        for (float &v : in) v = std::max(v, 0.0f);
    EXPECT_EQ(run(net, x, 2), expected(dense, inputs(in, scale, is_signed), 2));
}

TEST(Integer, TakesTheStepsOfAQuantiser) {
    check_quantiser(quantise(0, 1.275f, 255), 1.275f / 255, false);
    check_quantiser(quantise(0, 1, 15), 1.0f / 15, false);
    check_quantiser(quantise(-1.27f, 1.27f, 127), 1.27f / 127, true);
    check_quantiser(quantise(-1.0f, 0.9921875f, 127), 0.0078125f, true); // -128 steps
    check_quantiser(quantise(-1.27f, 1.27f, 127), 1.27f / 127, false, true);
    check_quantiser(quantise(0, 1, 1023), 1.0f / 255, false);      // too many steps
    check_quantiser(quantise(-0.5f, 1.0f, 200), 1.0f / 127, true); // too many steps with a sign
    check_quantiser(quantise(-1.5f, 1.0f, 100), 1.5f / 127, true); // too many below 0
}

TEST(Integer, NeedsRanges) {
    Network net = network({3, 4, 4});
    add(net, proto(WEFT_LAYER_CONV, 4, 3));
    randomise(net, 80);
    weft_error err = {};
    std::vector<float> x = random_values(48, 81), out(16);
    EXPECT_EQ(weft_forward_run(executor(net, 1, WEFT_PRECISION_INT8).get(), x.data(), 1, out.data(), &err),
              WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "layer \"layer0\": the range of its input is unknown, so it cannot be computed in int8; "
                           "calibrate the network on some images");
}

// ---- a network ----

Network classifier(unsigned seed) {
    Network net = network({3, 12, 12});
    add(net, proto(WEFT_LAYER_CONV, 16, 3, 1, 1), true);
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_CONV, 16, 3, 2, 1, 1, 16));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_HARD_SWISH));
    weft_layer sum = proto(WEFT_LAYER_ADD);
    sum.input2 = after(net, 5, proto(WEFT_LAYER_CONV, 16, 1));
    after(net, 5, sum);
    add(net, proto(WEFT_LAYER_AVERAGE_POOL, 0, 6));
    add(net, proto(WEFT_LAYER_FLATTEN));
    add(net, proto(WEFT_LAYER_DENSE, 10), true);
    randomise(net, seed);
    return net;
}

TEST(Integer, IsNearSinglePrecision) {
    const size_t count = 400;
    Network net = classifier(90);
    std::vector<float> x = random_values(count * weft_shape_size(net->input), 91);
    weft_error err = {};
    ASSERT_EQ(weft_forward_reestimate(executor(net, 4, WEFT_PRECISION_FP32).get(), net.get(), x.data(), 50, false, true,
                                      &err),
              WEFT_OK);
    std::vector<float> a = run(net, x, count, WEFT_PRECISION_FP32), b = run(net, x, count);
    size_t same = 0;
    double error = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        auto top = [&](const std::vector<float> &v) {
            auto first = v.begin() + static_cast<std::ptrdiff_t>(10 * i);
            return std::max_element(first, first + 10) - first;
        };
        same += top(a) == top(b);
    }
    for (size_t k = 0; k < a.size(); k++) {
        error += std::pow(static_cast<double>(a[k]) - static_cast<double>(b[k]), 2);
        size += std::pow(static_cast<double>(a[k]), 2);
    }
    EXPECT_GE(same, count * 96 / 100);
    EXPECT_LT(std::sqrt(error / size), 0.02);
    EXPECT_GT(std::sqrt(error / size), 1e-4); // it is int8
}

} // namespace
