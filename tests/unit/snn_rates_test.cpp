// Networks of rectifiers as rates of spikes.
#include "tests/support/binary_network.h"

using namespace binary;

namespace {

Snn rates(const Network &net, const std::vector<float> &scales, Coding &coding, double dt = 1) {
    weft_snn *snn = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_snn_from_rates(&snn, &coding, net.get(), scales.data(), dt, &err), WEFT_OK) << err.text;
    return Snn(snn);
}

std::vector<float> scales_of(const Network &net, const std::vector<float> &x, double percent) {
    std::vector<float> scales(static_cast<size_t>(net->layer_count));
    weft_error err = {};
    EXPECT_EQ(weft_forward_scales(net.get(), x.data(), x.size() / weft_shape_size(net->input), percent, scales.data(),
                                  nullptr, nullptr, &err),
              WEFT_OK)
        << err.text;
    return scales;
}

// The integrators after so many steps of one image.
std::vector<double> sums(const Snn &snn, const Coding &coding, const std::vector<float> &image, int steps,
                         double dt = 1) {
    const Float runner = make_float(snn, WEFT_FLOAT_RESET_SUBTRACT, dt);
    for (int step = 0; step < steps; step++) weft_float_network_step(runner.get(), image.data());
    const double *v = weft_float_network_output(runner.get(), coding.output);
    return {v, v + coding.size};
}

std::string refusal_of_rates(const Network &net, const std::vector<float> &scales) {
    weft_snn *snn = nullptr;
    weft_snn_coding coding = {};
    weft_error err = {};
    EXPECT_EQ(weft_snn_from_rates(&snn, &coding, net.get(), scales.data(), 1, &err), WEFT_E_UNSUPPORTED);
    EXPECT_EQ(snn, nullptr);
    weft_snn_destroy(snn);
    return err.text;
}

void set(float *to, const std::vector<float> &values) { std::copy(values.begin(), values.end(), to); }

Network two_layers() {
    Network net = fixture::network({2, 1, 1});
    add(net, proto(WEFT_LAYER_DENSE, 2), true);
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_DENSE, 2), true);
    set(net->layers[0].weight, {1, 0, -1, -2});
    set(net->layers[0].bias, {0, 0.25f});
    set(net->layers[2].weight, {2, -1, 0, 1});
    set(net->layers[2].bias, {0, 0.125f});
    return net;
}

// The hidden neurons get 0.5 and 0.75 a step. With a threshold of 1 the first fires in steps 3, 5, 7 and 9 of 10 (1.0
// is not above it), the second in 2, 3, 5, 6, 7, 9 and 10. With 0.5 they fire in 2 .. 10 and in all, each spike worth
// 0.5.
TEST(SnnRates, TwoLayersByHand) {
    const Network net = two_layers();
    for (double dt : {1.0, 1e-3}) {
        Coding coding;
        Snn snn = rates(net, {0, 1, 0}, coding, dt);
        EXPECT_EQ(coding.input, -1);
        EXPECT_EQ(coding.classes, 2);
        EXPECT_EQ(coding.layers[coding.output], 2);
        std::vector<double> v = sums(snn, coding, {0.5f, -0.5f}, 10, dt);
        EXPECT_NEAR(v[0], 2 * 4 - 7, 1e-12);
        EXPECT_NEAR(v[1], 7 + 1.25, 1e-12);
        Coding other;
        snn = rates(net, {0, 0.5f, 0}, other, dt);
        v = sums(snn, other, {0.5f, -0.5f}, 10, dt);
        EXPECT_NEAR(v[0], 2 * 4.5 - 5, 1e-12);
        EXPECT_NEAR(v[1], 5 + 1.25, 1e-12);
    }
}

// A residual block with everything that there is, folded and averaged.
TEST(SnnRates, RatesComeToTheNetworksValues) {
    Network net = fixture::network({2, 6, 6});
    add(net, proto(WEFT_LAYER_CONV, 4, 3, 1, 1), true);
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, fixture::shuffle(2));
    add(net, proto(WEFT_LAYER_CONV, 4, 3, 1, 1, 1, 2));
    add(net, proto(WEFT_LAYER_AFFINE));
    weft_layer sum = proto(WEFT_LAYER_ADD);
    sum.input2 = 2;
    add(net, sum);
    add(net, proto(WEFT_LAYER_RELU));
    add(net, pool(WEFT_LAYER_AVERAGE_POOL, 2, 2));
    add(net, proto(WEFT_LAYER_RELU)); // spikes straight to spikes
    weft_layer pad = proto(WEFT_LAYER_PAD);
    pad.window.pad_top = 1;
    add(net, pad);
    add(net, proto(WEFT_LAYER_FLATTEN));
    add(net, proto(WEFT_LAYER_DENSE, 3));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_SOFTMAX));
    fixture::randomise(net, 4);
    const size_t size = weft_shape_size(net->input);
    const std::vector<float> x = fixture::random_values(5 * size, 8, 0, 1);
    const std::vector<float> scales = scales_of(net, x, 100), logits = values_of(net, 13, x);
    Coding coding;
    const Snn snn = rates(net, scales, coding);
    for (size_t i = 0; i < 5; i++) {
        const int steps = 2000;
        const std::vector<double> v =
            sums(snn, coding, {x.begin() + static_cast<long>(i * size), x.begin() + static_cast<long>((i + 1) * size)},
                 steps);
        for (size_t k = 0; k < 3; k++) EXPECT_NEAR(v[k] / steps, static_cast<double>(logits[i * 3 + k]), 0.01);
    }
}

TEST(SnnRates, ScalesArePercentiles) { // of 0.1 .. 0.9 and five that are not above 0
    Network net = fixture::network({14, 1, 1});
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_DENSE, 1));
    std::vector<float> x;
    for (int i = 0; i < 14; i++) x.push_back(static_cast<float>((i * 5) % 14 - 4) / 10);
    EXPECT_EQ(scales_of(net, x, 100), (std::vector<float>{0.9f, 0}));
    EXPECT_EQ(scales_of(net, x, 92.3), (std::vector<float>{0.8f, 0})); // rank 12 of 0 .. 13
    EXPECT_EQ(scales_of(net, x, 50), (std::vector<float>{0.3f, 0}));   // rank 7
    for (float &value : x)
        if (value < 0.85f) value = -1;
    EXPECT_EQ(scales_of(net, x, 50), (std::vector<float>{0.9f, 0})); // the largest where the percentile is 0
    for (float &value : x) value = -1;
    EXPECT_EQ(scales_of(net, x, 99), (std::vector<float>{1, 0}));
    std::vector<float> scales(2);
    weft_error err = {};
    for (double percent : {0.0, -1.0, 100.5, std::nan("")})
        EXPECT_EQ(weft_forward_scales(net.get(), x.data(), 1, percent, scales.data(), nullptr, nullptr, &err),
                  WEFT_E_INVALID);
    EXPECT_EQ(weft_forward_scales(net.get(), x.data(), 1, 0, scales.data(), nullptr, nullptr, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "a percentile of 0 on 1 images is not possible");
}

TEST(SnnRates, NodesOfTheFile) {
    Network net = fixture::network({1, 4, 4});
    add(net, proto(WEFT_LAYER_CONV, 2, 3, 1, 1));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, pool(WEFT_LAYER_AVERAGE_POOL, 2, 2));
    add(net, proto(WEFT_LAYER_DENSE, 3));
    weft_nir *made = nullptr;
    weft_error err = {};
    const float scales[] = {0, 2, 0, 0};
    ASSERT_EQ(weft_snn_rate_nir(&made, net.get(), scales, 1e-3, &err), WEFT_OK) << err.text;
    const Nir nir(made);
    EXPECT_EQ(weft_nir_check(nir.get(), nullptr, &err), WEFT_OK) << err.text;
    std::string types;
    for (int i = 0; i < nir->graph->node_count; i++)
        types += std::string(weft_nir_type_names[nir->graph->nodes[i].type]) + " ";
    EXPECT_EQ(types, "Input Conv2d IF AvgPool2d Flatten Affine I Output ");
    const weft_nir_node &neuron = nir->graph->nodes[2];
    EXPECT_STREQ(neuron.name, "layer1");
    EXPECT_EQ(weft_nir_get(&neuron, "r")->values[31], 1000);
    EXPECT_EQ(weft_nir_get(&neuron, "v_threshold")->values[0], 2);
}

// The sums of a network without rectifiers are exact, also where the padding of a convolution, which is 0 behind the
// preprocessing, is none of the pixels.
TEST(SnnRates, PreprocessingIsPartOfTheNetwork) {
    Network net = fixture::network({2, 5, 5});
    net->preprocess.channels = 2;
    set(net->preprocess.mean, {0.3f, 0.6f});
    set(net->preprocess.std, {0.25f, 0.5f});
    add(net, proto(WEFT_LAYER_CONV, 3, 3, 1, 1), true);
    add(net, pool(WEFT_LAYER_AVERAGE_POOL, 3, 2, 1));
    add(net, proto(WEFT_LAYER_DENSE, 4), true);
    fixture::randomise(net, 3);
    std::vector<uint8_t> bytes;
    std::vector<float> pixels, x(50);
    for (int i = 0; i < 50; i++) bytes.push_back(static_cast<uint8_t>(i * 97 % 256));
    for (uint8_t byte : bytes) pixels.push_back(static_cast<float>(byte) / 255);
    weft_error err = {};
    ASSERT_EQ(weft_preprocess_apply(&net->preprocess, net->input, bytes.data(), 1, x.data(), &err), WEFT_OK);
    const std::vector<float> logits = values_of(net, 2, x);
    Coding coding;
    Snn snn = rates(net, {0, 0, 0}, coding);
    const std::vector<double> v = sums(snn, coding, pixels, 16);
    for (size_t k = 0; k < 4; k++) EXPECT_NEAR(v[k] / 16, static_cast<double>(logits[k]), 1e-5);
    Coding plain; // x = pixel / 255 needs no node
    net->preprocess = {};
    const size_t synapses = snn->synapses;
    snn = rates(net, {0, 0, 0}, plain);
    EXPECT_EQ(snn->synapses, synapses);
    EXPECT_GT(std::abs(sums(snn, plain, pixels, 16)[0] - v[0]), 1e-3);
}

TEST(SnnRates, PreprocessingOfOtherKinds) {
    Network net = two_layers();
    net->preprocess.gcn_zca = true;
    EXPECT_EQ(
        refusal_of_rates(net, {0, 1, 0}),
        "network \"test\" has GCN and ZCA as its preprocessing, which scales each image by its own contrast; only a "
        "mean and std a channel can stand in a spiking network");
}

// Nodes that layers do not name get names of their own.
TEST(SnnRates, NamesOfLayersAreTheirs) {
    Network net = fixture::network({1, 2, 2});
    weft_error err = {};
    weft_nir *made = nullptr;
    net->preprocess.channels = 1;
    set(net->preprocess.mean, {0.5f}), set(net->preprocess.std, {1});
    weft_layer relu = proto(WEFT_LAYER_RELU);
    for (const char *name : {"pixels", "input", "output"})
        ASSERT_EQ(weft_network_add(net.get(), &relu, name, net->layer_count - 1, false, nullptr, &err), WEFT_OK);
    const float scales[] = {1, 1, 1};
    ASSERT_EQ(weft_snn_rate_nir(&made, net.get(), scales, 1e-3, &err), WEFT_OK) << err.text;
    const Nir nir(made);
    for (const char *name : {"input_", "pixels_", "pixels", "input", "output", "output_"})
        EXPECT_GE(weft_nir_find(nir->graph, name), 0) << name;
    EXPECT_EQ(nir->graph->nodes[weft_nir_find(nir->graph, "pixels_")].type, WEFT_NIR_CONV2D);
}

TEST(SnnRates, LayersWithoutRates) {
    Network net = fixture::network({2, 4, 4});
    add(net, pool(WEFT_LAYER_MAX_POOL, 2, 2));
    EXPECT_EQ(refusal_of_rates(net, {0}),
              "layer 'layer0' (max_pool): the largest of several rates is not the rate of a "
              "neuron; train the network with average_pool in its place");
    net = fixture::network({2, 4, 4});
    add(net, proto(WEFT_LAYER_TANH));
    EXPECT_EQ(
        refusal_of_rates(net, {0}),
        "layer 'layer0' (tanh): has no form with rates; only conv, dense, batch_norm, affine, relu, average_pool, "
        "pad, channel_shuffle, flatten and add have one");
    net = fixture::network({2, 4, 4});
    add(net, proto(WEFT_LAYER_RELU));
    EXPECT_EQ(refusal_of_rates(net, {0}), "layer 'layer0' (relu): a scale of 0 is not possible; it has to be above 0");
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    EXPECT_EQ(refusal_of_rates(net, {1, 0}),
              "layer 'layer1' (batch_norm): has to read a conv or dense layer that no other layer reads");
    net = fixture::network({2, 4, 4});
    add(net, pool(WEFT_LAYER_AVERAGE_POOL, 3, 1, 1));
    net->layers[0].count_include_pad = false;
    EXPECT_EQ(refusal_of_rates(net, {0}),
              "layer 'layer0' (average_pool): does not count its padding, which NIR's poolings do");
}

} // namespace
