// Whole thresholds, votes and refusals of networks that become spiking ones.
#include "tests/support/binary_network.h"

using namespace binary;

namespace {

// image -> threshold -> dense of `inputs` -> batch norm -> threshold, one neuron.
Network one_neuron(const std::vector<float> &weights, float gamma, float mean, float beta) {
    Network net = fixture::network({static_cast<int>(weights.size()), 1, 1});
    add(net, threshold());
    add(net, proto(WEFT_LAYER_DENSE, 1));
    weft_layer norm = proto(WEFT_LAYER_BATCH_NORM);
    norm.epsilon = 0.25f;
    add(net, norm);
    add(net, threshold());
    std::copy(weights.begin(), weights.end(), net->layers[1].weight);
    weft_layer &l = net->layers[2];
    l.gamma[0] = gamma, l.mean[0] = mean, l.beta[0] = beta, l.variance[0] = 0.75f;
    return net;
}

struct Neuron {
    double threshold;
    std::vector<float> weights;
};
Neuron neuron_of(const Network &net) {
    Coding coding;
    const Snn snn = convert(net, coding);
    EXPECT_EQ(snn->population_count, 2);
    EXPECT_EQ(snn->populations[1].model, WEFT_NIR_THRESHOLD);
    const weft_snn_projection &p = snn->projections[0];
    return {snn->populations[1].parameters[WEFT_SNN_V_THRESHOLD].values[0], {p.weights, p.weights + p.count}};
}

using Weights = std::vector<float>;

TEST(SnnNetwork, TheLeastSumThatFires) { // gamma (0.5 n - mean) + beta >= 0.5; a neuron fires above its threshold
    const Weights weights = {0.5f, 0.5f, -0.5f, 0.5f}, signs = {1, 1, -1, 1}, negated = {-1, -1, 1, -1};
    Neuron n = neuron_of(one_neuron(weights, 2, 0.75f, 0.25f)); // n >= 1.75
    EXPECT_EQ(n.threshold, 1);
    EXPECT_EQ(n.weights, signs);
    n = neuron_of(one_neuron(weights, 2, 0.5f, 0.5f)); // n >= 1, a tie that fires
    EXPECT_EQ(n.threshold, 0);
    n = neuron_of(one_neuron(weights, 2, 0.5f, 0.49999997f)); // the next smaller number: n >= 2
    EXPECT_EQ(n.threshold, 1);
    n = neuron_of(one_neuron(weights, -2, 0.75f, 0.25f)); // n <= 1.25: -n >= -1
    EXPECT_EQ(n.threshold, -2);
    EXPECT_EQ(n.weights, negated);
    n = neuron_of(one_neuron(weights, -2, 0.5f, 0.5f)); // n <= 1
    EXPECT_EQ(n.threshold, -2);
    EXPECT_EQ(n.weights, negated);
}

TEST(SnnNetwork, ChannelsThatAlwaysOrNeverFire) { // sums from -1 to 3
    const Weights weights = {0.5f, 0.5f, -0.5f, 0.5f}, signs = {1, 1, -1, 1};
    for (float gamma : {0.0f, 1e-3f, -1e-3f}) {
        Neuron n = neuron_of(one_neuron(weights, gamma, 0, 0.6f));
        EXPECT_EQ(n.threshold, -2) << gamma;
        EXPECT_EQ(n.weights, signs);
        n = neuron_of(one_neuron(weights, gamma, 0, 0.4f));
        EXPECT_EQ(n.threshold, 3) << gamma;
        EXPECT_EQ(n.weights, signs);
    }
    Neuron n = neuron_of(one_neuron({0, 0}, 1, 0, 0.6f));
    EXPECT_EQ(n.threshold, -1);
}

// Every sum that can be, for scales, offsets and magnitudes of all kinds, ties among them.
TEST(SnnNetwork, EverySumAsTheSoftwareEngineDecides) {
    const int positive = 9, negative = 7, inputs = positive + negative;
    std::mt19937 dice(3);
    std::uniform_real_distribution<float> unit(-1, 1);
    for (int round = 0; round < 60; round++) {
        const float a = round % 3 ? 0.3f + 0.25f * unit(dice) : 0.25f; // 0.25: exact sums, so that ties are
        Weights weights(inputs, a);
        std::fill(weights.begin() + positive, weights.end(), -a);
        const float gamma = round % 5 == 4 ? 0.0f : round % 2 ? -1.5f : 2.0f;
        const float mean = round % 3 ? unit(dice) : 0.25f * static_cast<float>(round % 7 - 3);
        const Network net = one_neuron(weights, gamma, mean, round % 3 ? 0.5f + 0.3f * unit(dice) : 0.5f);
        std::vector<float> x;
        for (int p = 0; p <= positive; p++)
            for (int n = 0; n <= negative; n++)
                for (int i = 0; i < inputs; i++)
                    x.push_back(i < p || (i >= positive && i < positive + n) ? 0.9f : 0.1f);
        Coding coding;
        const Snn snn = convert(net, coding);
        EXPECT_EQ(run(net, snn, coding, x).of[1], values_of(net, 3, x)) << round;
    }
}

// ---- votes ----

// image -> threshold -> votes for `classes`.
Network votes(weft_shape input, int classes) {
    Network net = fixture::network(input);
    add(net, threshold());
    add(net, proto(WEFT_LAYER_DENSE, classes));
    return net;
}

TEST(SnnNetwork, NeuronsCountForClasses) {
    const Network net = votes({6, 1, 1}, 2);
    weft_layer &l = net->layers[1];
    for (size_t i : {0u, 3u, 6u + 1u, 6u + 5u}) l.weight[i] = 0.25f;
    Coding coding;
    const Snn snn = convert(net, coding);
    EXPECT_EQ(snn->population_count, 1); // the Input itself
    EXPECT_EQ(coding.output, 0);
    EXPECT_EQ(coding.input, 0);
    EXPECT_EQ(coding.steps, 0);
    EXPECT_EQ(coding.classes, 2);
    EXPECT_EQ(coding.votes, 2u);
    EXPECT_EQ(std::vector<int>(coding.class_of, coding.class_of + 6), (std::vector<int>{0, 1, -1, 0, -1, 1}));
    const uint32_t tie[] = {1, 2, 9, 2, 9, 1}, second[] = {1, 3, 9, 2, 9, 1};
    EXPECT_EQ(weft_snn_vote(&coding, tie), 0);
    EXPECT_EQ(weft_snn_vote(&coding, second), 1);
}

TEST(SnnNetwork, StepsToTheOutput) {
    Network net = one_neuron({1, -1}, 1, 0, 0);
    add(net, proto(WEFT_LAYER_SOFTMAX));
    for (int delay : {0, 1, 3}) {
        Coding coding;
        const Snn snn = convert(net, coding, delay);
        EXPECT_EQ(coding.steps, delay);
        EXPECT_EQ(snn->projections[0].delay, delay);
        EXPECT_EQ(coding.output, 1);
        EXPECT_TRUE(snn->populations[1].output);
        EXPECT_EQ(coding.layers[0], 0);
        EXPECT_EQ(coding.layers[1], 3);
        EXPECT_EQ(coding.classes, 1);
        EXPECT_EQ(coding.class_of[0], 0);
    }
}

TEST(SnnNetwork, NamesOfPopulations) {
    Network net = fixture::network({2, 1, 1});
    weft_layer first = threshold(), second = threshold(0.75f);
    ASSERT_EQ(weft_network_add(net.get(), &first, "a/b", -1, false, nullptr, nullptr), WEFT_OK);
    ASSERT_EQ(weft_network_add(net.get(), &second, "output", 0, false, nullptr, nullptr), WEFT_OK);
    Coding coding;
    const Snn snn = convert(net, coding);
    ASSERT_EQ(snn->population_count, 2);
    EXPECT_STREQ(snn->populations[0].name, "a.b");
    EXPECT_STREQ(snn->populations[1].name, "output");
}

TEST(SnnNetwork, VotesThatAreNone) {
    Network net = votes({4, 1, 1}, 2);
    weft_layer &l = net->layers[1];
    EXPECT_EQ(refusal(net), "layer 'layer1' (dense): 0 neurons vote for class 0 and 0 for class 0; there have to be as "
                            "many for each");
    l.weight[0] = l.weight[1] = l.weight[6] = 1;
    EXPECT_EQ(refusal(net), "layer 'layer1' (dense): 2 neurons vote for class 0 and 1 for class 1; there have to be as "
                            "many for each");
    l.weight[7] = 0.5f;
    EXPECT_EQ(refusal(net), "layer 'layer1' (dense): votes have weights of 1 and 0.5; one above 0 is possible");
    l.weight[7] = 1, l.weight[4] = -1;
    EXPECT_EQ(refusal(net),
              "layer 'layer1' (dense): neuron 0 of 'layer0' counts for several outputs; the network has to "
              "end with a threshold layer and votes");
    net = votes({4, 1, 1}, 2);
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    EXPECT_EQ(refusal(net),
              "layer 'layer2' (batch_norm): shifts or scales the outputs behind the last spikes; votes are "
              "plain counts of spikes");
}

// ---- refusals ----

TEST(SnnNetwork, LayersThatMakeNoSpikes) {
    Network net = fixture::network({2, 4, 4});
    add(net, proto(WEFT_LAYER_CONV, 2, 3, 1, 1));
    add(net, proto(WEFT_LAYER_RELU));
    EXPECT_EQ(
        refusal(net),
        "network \"test\" has no threshold layer; one makes spikes of the image ('weft convert' takes relu layers)");
    add(net, threshold());
    add(net, proto(WEFT_LAYER_RELU));
    add(net, threshold());
    EXPECT_EQ(refusal(net), "layer 'layer3' (relu): is not possible between spikes; a threshold layer follows conv or "
                            "dense, average_pool, pad, flatten and channel_shuffle, then batch_norm and affine");
    net = fixture::network({2, 4, 4});
    add(net, threshold());
    add(net, proto(WEFT_LAYER_CONV, 2, 3, 1, 1));
    add(net, proto(WEFT_LAYER_CONV, 2, 1));
    add(net, threshold());
    EXPECT_EQ(refusal(net),
              "layer 'layer1' (conv): no spikes lie between it and 'layer2'; a threshold layer follows conv "
              "or dense, average_pool, pad, flatten and channel_shuffle, then batch_norm and affine");
}

TEST(SnnNetwork, OrdersOfLayersThatHaveNoWholeSums) {
    Network net = fixture::network({2, 4, 4});
    add(net, threshold());
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_CONV, 2, 3, 1, 1));
    add(net, threshold());
    EXPECT_EQ(refusal(net),
              "layer 'layer1' (batch_norm): lies in front of other layers; a threshold layer follows conv "
              "or dense, average_pool, pad, flatten and channel_shuffle, then batch_norm and affine");
    net = fixture::network({2, 4, 4});
    add(net, threshold());
    add(net, proto(WEFT_LAYER_CONV, 4, 3, 1, 1));
    add(net, fixture::shuffle(2));
    add(net, threshold());
    EXPECT_EQ(refusal(net), "layer 'layer2' (channel_shuffle): has to lie in front of the weights of 'layer1'");
    net = fixture::network({2, 4, 4});
    add(net, threshold());
    add(net, proto(WEFT_LAYER_CONV, 2, 3, 1, 1));
    add(net, pool(WEFT_LAYER_MAX_POOL, 2, 2));
    add(net, threshold());
    EXPECT_EQ(refusal(net),
              "layer 'layer2' (max_pool): pools sums; behind their threshold layer it is an OR of spikes");
    net = fixture::network({2, 4, 4});
    add(net, threshold());
    weft_layer average = pool(WEFT_LAYER_AVERAGE_POOL, 3, 2, 1);
    average.count_include_pad = false;
    add(net, average);
    add(net, threshold());
    EXPECT_EQ(refusal(net),
              "layer 'layer1' (average_pool): does not count its padding, so that its values have several "
              "scales");
}

TEST(SnnNetwork, SpikesOfSeveralKinds) {
    Network net = fixture::network({2, 1, 1});
    weft_layer l = threshold();
    l.signed_spikes = true;
    add(net, l);
    EXPECT_EQ(refusal(net), "layer 'layer0' (threshold): has spikes of -1; only 0 and 1 are possible");
    net = fixture::network({2, 1, 1});
    add(net, threshold());
    fixture::after(net, -1, threshold(0.25f));
    EXPECT_EQ(refusal(net),
              "layer 'layer1' (threshold): makes spikes of the image, as 'layer0' does; only one layer of "
              "the network may");
    net = fixture::network({2, 1, 1});
    add(net, threshold());
    weft_layer sum = proto(WEFT_LAYER_ADD);
    sum.input2 = -1;
    add(net, sum);
    EXPECT_EQ(refusal(net), "layer 'layer1' (add): the network's output does not hang on spikes alone");
}

TEST(SnnNetwork, WeightsOfTwoMagnitudes) {
    Network net = fixture::network({2, 1, 1});
    add(net, threshold());
    add(net, proto(WEFT_LAYER_DENSE, 2));
    add(net, threshold());
    const float weights[] = {0.5f, -0.5f, 0.25f, 0.5f};
    std::copy(weights, weights + 4, net->layers[1].weight);
    EXPECT_EQ(refusal(net),
              "layer 'layer1' (dense): output channel 1 has weights of 0.25 and of 0.5; between spikes only "
              "-a, 0 and a are possible, as of the projection 'ternary'");
}

} // namespace
