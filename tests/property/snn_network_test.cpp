// Networks with binary activations against their spiking form: the same spikes everywhere, the same classes.
#include "tests/support/binary_network.h"

using namespace binary;

namespace {

constexpr int CLASSES = 3;

void fill_all(const Network &net, unsigned seed) {
    std::mt19937 dice(seed);
    fixture::randomise(net, seed);
    bool spikes = false;
    for (int i = 0; i < net->layer_count; i++) {
        weft_layer &l = net->layers[i];
        spikes = spikes || l.kind == WEFT_LAYER_THRESHOLD;
        if (spikes && weft_layer_has_weights(&l)) make_ternary(l, dice);
        if (spikes && l.gamma) make_norm(l, dice);
    }
}

// Channel c votes for class c mod CLASSES.
void add_votes(const Network &net) {
    add(net, proto(WEFT_LAYER_DENSE, CLASSES));
    weft_layer &l = net->layers[net->layer_count - 1];
    const size_t inputs = weft_shape_size(l.in), map = inputs / static_cast<size_t>(l.in.channels);
    for (size_t k = 0; k < CLASSES; k++)
        for (size_t i = 0; i < inputs; i++) l.weight[k * inputs + i] = i / map % CLASSES == k ? 0.125f : 0.0f;
}

void add_spikes(const Network &net, const weft_layer &matrix) {
    add(net, matrix);
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, threshold());
}

// The image's spikes by a convolution of the host.
Network begin(weft_shape input) {
    Network net = fixture::network(input);
    add_spikes(net, proto(WEFT_LAYER_CONV, 8, 3, 1, 1));
    return net;
}

void expect_random_same(const Network &net, unsigned seed, int delay = 1) {
    expect_same(net, fixture::random_values(12 * weft_shape_size(net->input), seed + 100, 0, 1), delay);
}

TEST(SnnNetwork, ConvolutionsOfEveryKind) {
    const Network net = begin({2, 11, 10});
    add_spikes(net, proto(WEFT_LAYER_CONV, 8, 3, 1, 1, 1, 4));
    add_spikes(net, proto(WEFT_LAYER_CONV, 12, 1));
    weft_layer uneven = proto(WEFT_LAYER_CONV, 6, 3, 2, 0, 1, 2);
    uneven.window.pad_bottom = 1, uneven.window.pad_left = 2;
    add_spikes(net, uneven);
    add_spikes(net, proto(WEFT_LAYER_CONV, 6, 2, 1, 2, 2));
    add_spikes(net, proto(WEFT_LAYER_DENSE, 30));
    add_spikes(net, proto(WEFT_LAYER_DENSE, 9));
    for (unsigned seed = 1; seed <= 4; seed++) {
        const int layers = net->layer_count;
        fill_all(net, seed);
        add_votes(net);
        expect_random_same(net, seed, static_cast<int>(seed) % 3);
        ASSERT_EQ(weft_network_keep(net.get(), layers - 1, nullptr), WEFT_OK);
    }
}

TEST(SnnNetwork, Pools) {
    Network net = begin({1, 12, 12});
    add(net, pool(WEFT_LAYER_MAX_POOL, 3, 2, 1));
    add_spikes(net, proto(WEFT_LAYER_CONV, 6, 3, 1, 1));
    add(net, pool(WEFT_LAYER_AVERAGE_POOL, 2, 2, 1)); // spikes averaged, then summed up
    add_spikes(net, proto(WEFT_LAYER_CONV, 6, 3, 1, 1, 1, 2));
    add(net, proto(WEFT_LAYER_CONV, 6, 1)); // sums averaged
    add(net, pool(WEFT_LAYER_AVERAGE_POOL, 2, 1));
    add(net, proto(WEFT_LAYER_AFFINE));
    add(net, threshold(0.25f));
    add(net, pool(WEFT_LAYER_AVERAGE_POOL, 2, 1)); // a majority
    add(net, threshold());
    fill_all(net, 5);
    add_votes(net);
    expect_random_same(net, 5);
}

TEST(SnnNetwork, ShuffledChannels) {
    Network net = begin({1, 8, 8});
    add_spikes(net, proto(WEFT_LAYER_CONV, 12, 3, 2, 1));
    add(net, fixture::shuffle(4));
    add_spikes(net, proto(WEFT_LAYER_CONV, 12, 3, 1, 1, 1, 3));
    add(net, fixture::shuffle(3));
    add(net, proto(WEFT_LAYER_BATCH_NORM)); // without weights
    add(net, threshold());
    add(net, pool(WEFT_LAYER_AVERAGE_POOL, 4, 4));
    add(net, fixture::shuffle(6));
    add_spikes(net, proto(WEFT_LAYER_CONV, 8, 1, 1, 0, 1, 2));
    add(net, fixture::shuffle(2));
    add_spikes(net, proto(WEFT_LAYER_DENSE, 9));
    add(net, fixture::shuffle(3)); // of votes
    fill_all(net, 13);
    add_votes(net);
    expect_random_same(net, 13);
}

TEST(SnnNetwork, PaddingAndBiases) {
    Network net = begin({1, 6, 5});
    weft_layer pad = proto(WEFT_LAYER_PAD);
    pad.window.pad_top = 2, pad.window.pad_right = 1;
    add(net, pad);
    add(net, proto(WEFT_LAYER_CONV, 5, 3), true);
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, threshold());
    add(net, proto(WEFT_LAYER_FLATTEN));
    add(net, proto(WEFT_LAYER_DENSE, 6), true);
    add(net, threshold());
    fill_all(net, 7);
    add_votes(net);
    add(net, proto(WEFT_LAYER_SOFTMAX));
    expect_random_same(net, 7);
}

// Populations without weights between them: a neuron that fires for few spikes gets them negated.
TEST(SnnNetwork, NothingButNormsBetweenSpikes) {
    Network net = fixture::network({1, 8, 8});
    add_spikes(net, proto(WEFT_LAYER_CONV, 6, 3, 1, 1));
    add(net, pool(WEFT_LAYER_AVERAGE_POOL, 2, 2));
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, threshold(0.25f));
    add(net, proto(WEFT_LAYER_AFFINE));
    add(net, threshold());
    add_votes(net);
    for (unsigned seed = 1; seed <= 3; seed++) {
        const weft_layer votes = net->layers[8];
        const std::vector<float> weights(votes.weight, votes.weight + votes.weight_count);
        fill_all(net, seed);
        std::copy(weights.begin(), weights.end(), net->layers[8].weight);
        expect_random_same(net, seed);
    }
}

TEST(SnnNetwork, PixelsThatAreSpikes) {
    Network net = fixture::network({2, 5, 5});
    add(net, threshold(0.6f));
    add_spikes(net, proto(WEFT_LAYER_CONV, 9, 3, 2, 1));
    fill_all(net, 9);
    add_votes(net);
    expect_random_same(net, 9);
}

// What goes through a file is the same network.
TEST(SnnNetwork, AsNir) {
    const std::string path = testing::TempDir() + "/binary.nir";
    Network net = begin({1, 7, 7});
    add_spikes(net, proto(WEFT_LAYER_CONV, 6, 3, 2, 1, 1, 2));
    fill_all(net, 11);
    add_votes(net);
    weft_nir *nir = nullptr;
    weft_snn *snn = nullptr;
    weft_error err = {};
    ASSERT_EQ(weft_snn_binary_nir(&nir, net.get(), 1e-3, 1, &err), WEFT_OK) << err.text;
    const Nir owner(nir);
    ASSERT_EQ(weft_nir_write(nir, path.c_str(), &err), WEFT_OK) << err.text;
    ASSERT_EQ(weft_snn_read(&snn, path.c_str(), 1e-3, &err), WEFT_OK) << err.text;
    const Snn read(snn);
    Coding coding;
    const Snn made = convert(net, coding);
    ASSERT_EQ(read->projection_count, 1);
    ASSERT_EQ(made->projection_count, 1);
    const weft_snn_projection &a = read->projections[0], &b = made->projections[0];
    EXPECT_EQ(a.delay, 1);
    ASSERT_EQ(a.count, b.count);
    EXPECT_EQ(std::vector<float>(a.weights, a.weights + a.count), std::vector<float>(b.weights, b.weights + b.count));
    EXPECT_EQ(std::vector<uint32_t>(a.targets, a.targets + a.count),
              std::vector<uint32_t>(b.targets, b.targets + b.count));
    remove(path.c_str());
}

} // namespace
