// Are recipes read with their defaults, and refused with the place and the reason?
#include "trainer/recipe.h"

#include <algorithm>
#include <cmath>

#include "tests/support/trainer_fixture.h"
#include "trainer/model.h"

using namespace fixture;

namespace {

struct Recipe {
    weft_recipe r;
    weft_status status;
    weft_error err = {};
    Recipe(const std::string &path, std::vector<const char *> overrides = {}, const char *dataset = nullptr) {
        status =
            weft_recipe_load(&r, path.c_str(), overrides.data(), static_cast<int>(overrides.size()), dataset, &err);
    }
    ~Recipe() { weft_recipe_destroy(&r); }
    std::string message() const {
        char text[2048];
        weft_error_format(&err, text, sizeof text);
        return text;
    }
};

class RecipeTest : public ::testing::Test {
  protected:
    std::string write(const std::string &text) {
        std::string path = folder.file("r.yaml");
        write_file(path, text);
        return path;
    }
    void expect_error(const std::string &text, const std::string &message) {
        Recipe recipe(write(text));
        EXPECT_EQ(recipe.status, WEFT_E_INVALID) << text;
        EXPECT_EQ(recipe.message(), folder.file("r.yaml") + message);
    }
    // The network's own error, with shapes of that input.
    void expect_network_error(const std::string &text, weft_shape input, const std::string &message) {
        Recipe recipe(write(text));
        ASSERT_EQ(recipe.status, WEFT_OK) << recipe.message();
        weft_network *net = nullptr;
        EXPECT_EQ(weft_recipe_network(&net, &recipe.r, input, 10, &recipe.err), WEFT_E_INVALID);
        EXPECT_EQ(recipe.message(), folder.file("r.yaml") + message);
        EXPECT_EQ(net, nullptr);
    }
    Folder folder;
};

const std::string head = "name: t\ndataset: mnist\nepochs: 1\n";
const std::string tail = "layers:\n  - dense: {units: 10}\n";

TEST_F(RecipeTest, Defaults) {
    Recipe recipe(write(head + tail));
    ASSERT_EQ(recipe.status, WEFT_OK) << recipe.message();
    const weft_recipe &r = recipe.r;
    EXPECT_STREQ(r.projection, "none");
    EXPECT_EQ(r.seed, 1);
    EXPECT_EQ(r.batch, 100);
    EXPECT_EQ(r.workers, 2);
    EXPECT_EQ(r.clip, 0.5);
    EXPECT_EQ(r.recalibrate, 10000);
    EXPECT_EQ(r.precision, WEFT_RECIPE_PRECISION_AUTO);
    EXPECT_EQ(r.ema, 0.0);
    EXPECT_EQ(r.bias_rate, 1.0);
    EXPECT_EQ(r.norm_rate, 1.0);
    EXPECT_EQ(r.clip_growth.at.count, 0u);
    EXPECT_EQ(r.loss, WEFT_LOSS_SQUARE_HINGE);
    EXPECT_EQ(r.optimiser.index, WEFT_OPTIMISER_ADAM);
    EXPECT_EQ(static_cast<const weft_recipe_adam *>(r.optimiser.value)->learning_rate, 0.003);
    EXPECT_EQ(static_cast<const weft_recipe_adam *>(r.optimiser.value)->beta2, 0.999);
    EXPECT_EQ(r.schedule.index, WEFT_SCHEDULE_CONSTANT);
    EXPECT_FALSE(r.augment.flip);
    EXPECT_EQ(r.preprocess.mean.count, 0u);
    EXPECT_EQ(r.preprocess.gcn_zca.norm, 0);
}

TEST_F(RecipeTest, OverridesAndDataset) {
    Recipe recipe(write(head + tail), {"epochs=7", "optimiser={sgd: {learning_rate: 0.5}}"}, "fashion-mnist");
    ASSERT_EQ(recipe.status, WEFT_OK) << recipe.message();
    EXPECT_EQ(recipe.r.epochs, 7);
    EXPECT_STREQ(recipe.r.dataset, "fashion-mnist");
    EXPECT_EQ(recipe.r.optimiser.index, WEFT_OPTIMISER_SGD);
    EXPECT_EQ(weft_recipe_learning_rate(&recipe.r), 0.5);
}

TEST_F(RecipeTest, HashFollowsEveryValueButNotTheLayout) {
    weft_sha256 a, b, c, d;
    Recipe plain(write(head + tail));
    Recipe spelled(write("# a comment\n" + tail + "seed: 1\nclip: 0.50\n" + head));
    Recipe seed(write(head + tail + "seed: 2\n"));
    Recipe units(write(head + "layers:\n  - dense: {units: 11}\n"));
    for (const char *extra : {"ema: 0.5\n", "precision: fp32\n", "clip_growth: {at: [3]}\n", "norm_rate: 2\n"}) {
        weft_sha256 e, f;
        Recipe other(write(head + tail + extra));
        Recipe same(write(extra + head + tail));
        ASSERT_EQ(weft_recipe_hash(&a, &plain.r, nullptr), WEFT_OK);
        ASSERT_EQ(weft_recipe_hash(&e, &other.r, nullptr), WEFT_OK);
        ASSERT_EQ(weft_recipe_hash(&f, &same.r, nullptr), WEFT_OK);
        EXPECT_STRNE(a.hex, e.hex) << extra;
        EXPECT_STREQ(e.hex, f.hex) << extra;
    }
    ASSERT_EQ(weft_recipe_hash(&a, &plain.r, nullptr), WEFT_OK);
    ASSERT_EQ(weft_recipe_hash(&b, &spelled.r, nullptr), WEFT_OK);
    ASSERT_EQ(weft_recipe_hash(&c, &seed.r, nullptr), WEFT_OK);
    ASSERT_EQ(weft_recipe_hash(&d, &units.r, nullptr), WEFT_OK);
    EXPECT_STREQ(a.hex, b.hex);
    EXPECT_STRNE(a.hex, c.hex);
    EXPECT_STRNE(a.hex, d.hex);
}

TEST_F(RecipeTest, Errors) {
    expect_error(head + tail + "epoch: 3\n", ":6:1: epoch: unknown key; did you mean epochs?");
    expect_error("name: t\ndataset: mnist\nepochs: 0\n" + tail, ":3:9: epochs: 0 is below 1");
    expect_error("name: t\ndataset: mnist\n" + tail, ":1:1: epochs: required key is missing");
    expect_error(head + tail + "batch: 25\n", ":6:8: batch: 25 is no multiple of workers (2)");
    expect_error(
        head + tail + "projection: sgn\n",
        ":6:13: projection: unknown transform 'sgn'; nearest is 'sign'; known: none, sign, round, power, ternary, "
        "quantise, levels, clip, stoch, stochm, stochm3, addnorm, multunif, multnorm, invnorm, lognorm, stuck, "
        "pcm_program, pcm_drift, pcm_read, rram_relax");
    expect_error(head + "layers:\n  - dense: {units: 10, projection: 'addnorm:sigma=-1'}\n",
                 ":5:36: layers.0.dense.projection: transform addnorm: sigma: -1 is below 0");
    expect_error(head + "layers: []\n", ":4:9: layers: needs at least one layer");
    expect_error(head + "layers:\n  - convolution: {filters: 3}\n",
                 ":5:5: layers.0: 'convolution' is not one of conv, dense, batch_norm, relu, max_pool, average_pool, "
                 "flatten, add, clip, quantise, threshold, vote, channel_shuffle");
    expect_error(head + "layers:\n  - conv: {filters: 6, kernel: 3, groups: 4}\n",
                 ":5:43: layers.0.conv.groups: 4 does not divide the 6 filters");
    expect_error(head + tail + "label_smoothing: 0.1\n", ":6:18: label_smoothing: needs loss: cross_entropy");
    expect_error(head + tail + "preprocess: {mean: [0.5]}\n",
                 ":6:20: preprocess.mean: mean has 1 numbers and std 0; both need one a channel");
    expect_error(head + tail + "preprocess: {mean: [0], std: [1], gcn_zca: {norm: 55}}\n",
                 ":6:44: preprocess.gcn_zca: takes the place of mean and std; give one or the other");
    expect_error(head + tail + "preprocess: {gcn_zca: {epsilon: 1}}\n",
                 ":6:23: preprocess.gcn_zca.norm: required key is missing");
    expect_error(head + tail + "preprocess: {gcn_zca: {norm: 0}}\n",
                 ":6:30: preprocess.gcn_zca.norm: 0 is below 0.001");
    expect_error(head + tail + "schedule: {exponential: {}}\n",
                 ":6:25: schedule.exponential.end: required key is missing");
}

TEST_F(RecipeTest, ErrorsOfTheTrainingKeys) {
    expect_error(head + tail + "precision: fp16\n", ":6:12: precision: 'fp16' is not one of auto, fp32, bf16; did you "
                                                    "mean fp32?");
    expect_error(head + tail + "ema: 1\n", ":6:6: ema: 1 is above 0.999999");
    expect_error(head + tail + "clip_growth: {at: [5, 5]}\n",
                 ":6:19: clip_growth.at: the steps must be whole numbers, each above the last");
    expect_error(head + tail + "clip_growth: {at: [2.5]}\n",
                 ":6:19: clip_growth.at: the steps must be whole numbers, each above the last");
    expect_error(head + "layers:\n  - quantise: {bits: 1, high: 2, signed: true}\n",
                 ":5:22: layers.0.quantise.bits: one bit with a sign has no level but 0; signed needs 2 or more");
    expect_error(head + "layers:\n  - quantise: {bits: 9, high: 2}\n", ":5:22: layers.0.quantise.bits: 9 is above 8");
    expect_error(head + "layers:\n  - conv: {filters: 4, kernel: 3, init: whiten}\n",
                 ":5:41: layers.0.conv.init: 'whiten' is not one of glorot, whitening; did you mean whitening?");
    expect_error(head + "layers:\n  - conv: {filters: 4, kernel: 3, init: whitening, groups: 2}\n",
                 ":5:60: layers.0.conv.groups: whitening filters see all channels; groups must be 1");
    expect_error(head + "layers:\n  - batch_norm: {gamma: none}\n",
                 ":5:25: layers.0.batch_norm.gamma: 'none' is not one of trained, fixed");
}

TEST_F(RecipeTest, ErrorsOfNamesAndProducers) {
    const std::string begin = head + "layers:\n  - dense: {units: 10, name: first}\n  - relu\n";
    expect_error(begin + "  - dense: {units: 10, from: frist}\n",
                 ":7:30: layers.2.dense.from: no earlier layer is named 'frist'; did you mean first?");
    expect_error(begin + "  - relu: {from: relu2}\n", ":7:18: layers.2.relu.from: no earlier layer is named 'relu2'; "
                                                      "did you mean relu1?");
    expect_error(begin + "  - relu: {from: nothing-like-it}\n",
                 ":7:18: layers.2.relu.from: no earlier layer is named 'nothing-like-it'");
    expect_error(begin + "  - add: {with: frst}\n",
                 ":7:17: layers.2.add.with: no earlier layer is named 'frst'; did you mean first?");
    expect_error(begin + "  - add\n", ":7:5: layers.2.add.with: required key is missing");
    expect_error(begin + "  - relu: {name: first}\n",
                 ":7:18: layers.2.relu.name: the name 'first' is taken by layers.0");
    expect_error(begin + "  - relu: {name: input}\n", ":7:18: layers.2.relu.name: 'input' is the network's input");
    expect_error(begin + "  - relu: {name: relu3}\n  - batch_norm\n  - relu\n",
                 ":9:5: layers.4.relu: the name 'relu3' is taken by layers.2");
    expect_error(begin + "  - relu: {name: " + std::string(64, 'n') + "}\n",
                 ":7:18: layers.2.relu.name: is longer than 63 characters");
    expect_error(begin + "  - relu: {from: first}\n", ":6:5: layers.1.relu: no layer reads the output of 'relu1'");
}

// A residual block from the input on, and one layer read by three.
TEST_F(RecipeTest, ResidualConnections) {
    Recipe recipe(write(head + "layers:\n  - conv: {filters: 1, kernel: 3, name: a}\n  - add: {with: input, name: b}\n"
                               "  - relu\n  - conv: {filters: 1, kernel: 1, from: a}\n  - add: {from: a, with: conv2}\n"
                               "  - add: {with: relu1}\n  - dense: {units: 10}\n"));
    ASSERT_EQ(recipe.status, WEFT_OK) << recipe.message();
    weft_network *raw = nullptr;
    ASSERT_EQ(weft_recipe_network(&raw, &recipe.r, {1, 4, 4}, 10, &recipe.err), WEFT_OK) << recipe.message();
    Network net(raw);
    ASSERT_EQ(net->layer_count, 7);
    const char *names[] = {"a", "b", "relu1", "conv2", "add2", "add3", "dense1"};
    const int inputs[] = {-1, 0, 1, 0, 0, 4, 5}, addends[] = {-1, -1, -1, -1, 3, 2, -1};
    for (int i = 0; i < 7; i++) {
        EXPECT_STREQ(net->layers[i].name, names[i]);
        EXPECT_EQ(net->layers[i].input, inputs[i]) << i;
        EXPECT_EQ(net->layers[i].input2, addends[i]) << i;
    }
}

TEST_F(RecipeTest, AddOfTwoShapes) {
    expect_network_error(
        head + "layers:\n  - conv: {filters: 2, kernel: 3}\n  - add: {with: input}\n"
               "  - dense: {units: 10}\n",
        {1, 4, 4},
        ":6:5: layer \"add1\": \"conv1\" (2 x 4 x 4) and \"the network's input\" (1 x 4 x 4) cannot be added: their "
        "shapes (channels x height x width) differ");
}

TEST_F(RecipeTest, Activations) {
    Recipe recipe(
        write(head + "layers:\n  - clip: {high: 6}\n  - quantise: {bits: 3, high: 2}\n"
                     "  - quantise: {bits: 4, high: 1.5, signed: true}\n  - quantise: {bits: 1, high: 1}\n"
                     "  - threshold\n  - threshold: {threshold: 0.75, signed: true, width: 0.25, surrogate: triangle}\n"
                     "  - dense: {units: 10, frozen: true}\n"));
    ASSERT_EQ(recipe.status, WEFT_OK) << recipe.message();
    weft_network *raw = nullptr;
    ASSERT_EQ(weft_recipe_network(&raw, &recipe.r, {1, 4, 4}, 10, &recipe.err), WEFT_OK) << recipe.message();
    Network net(raw);
    const weft_layer *l = net->layers;
    EXPECT_EQ(l[0].kind, WEFT_LAYER_CLIP);
    EXPECT_EQ(l[0].low, 0.0f);
    EXPECT_EQ(l[0].high, 6.0f);
    EXPECT_EQ(l[1].kind, WEFT_LAYER_QUANTISE);
    EXPECT_EQ(l[1].levels, 7);
    EXPECT_EQ(l[1].low, 0.0f);
    EXPECT_EQ(l[1].high, 2.0f);
    EXPECT_EQ(l[2].levels, 7);
    EXPECT_EQ(l[2].low, -1.5f);
    EXPECT_EQ(l[2].high, 1.5f);
    EXPECT_EQ(l[3].levels, 1);
    EXPECT_EQ(l[4].kind, WEFT_LAYER_THRESHOLD);
    EXPECT_EQ(l[4].threshold, 0.5f);
    EXPECT_FALSE(l[4].signed_spikes);
    EXPECT_EQ(l[4].surrogate_width, 0.5f);
    EXPECT_FALSE(l[4].surrogate_triangle);
    EXPECT_EQ(l[5].threshold, 0.75f);
    EXPECT_TRUE(l[5].signed_spikes);
    EXPECT_EQ(l[5].surrogate_width, 0.25f);
    EXPECT_TRUE(l[5].surrogate_triangle);
    EXPECT_FALSE(l[5].frozen);
    EXPECT_TRUE(l[6].frozen);
}

TEST_F(RecipeTest, ChannelShuffle) {
    const std::string conv = head + "layers:\n  - conv: {filters: 6, kernel: 1}\n";
    Recipe recipe(write(conv + "  - channel_shuffle: {groups: 3}\n  - dense: {units: 10}\n"));
    ASSERT_EQ(recipe.status, WEFT_OK) << recipe.message();
    weft_network *raw = nullptr;
    ASSERT_EQ(weft_recipe_network(&raw, &recipe.r, {1, 4, 4}, 10, &recipe.err), WEFT_OK) << recipe.message();
    Network net(raw);
    EXPECT_EQ(net->layers[1].kind, WEFT_LAYER_CHANNEL_SHUFFLE);
    EXPECT_EQ(net->layers[1].groups, 3);
    expect_network_error(conv + "  - channel_shuffle: {groups: 4}\n  - dense: {units: 10}\n", {1, 4, 4},
                         ":6:5: layer \"channel_shuffle1\": 4 groups do not divide its 6 channels");
}

TEST_F(RecipeTest, Votes) { // of 6 channels of 4 pixels, 2 and so 8 neurons a class; 5 channels have no such share
    const std::string vote = head + "projection: sign\nlayers:\n  - conv: {filters: 6, kernel: 1}\n"
                                    "  - vote: {classes: 3, high: 5}\n";
    Recipe recipe(write(vote));
    ASSERT_EQ(recipe.status, WEFT_OK) << recipe.message();
    weft_model model;
    ASSERT_EQ(weft_model_create(&model, &recipe.r, {1, 2, 2}, 3, &recipe.err), WEFT_OK) << recipe.message();
    const weft_layer &l = model.net->layers[1];
    EXPECT_EQ(l.kind, WEFT_LAYER_DENSE);
    EXPECT_TRUE(l.frozen);
    EXPECT_EQ(l.latent, nullptr);
    EXPECT_EQ(model.parameter_count, 1); // the convolution's
    ASSERT_EQ(l.weight_count, 3u * 24u);
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < 24; i++) EXPECT_EQ(l.weight[k * 24 + i], i / 4 % 3 == k ? 5.0f / 8 : 0.0f);
    weft_model_destroy(&model);
    expect_network_error(head + "layers:\n  - conv: {filters: 5, kernel: 1}\n  - vote: {classes: 10}\n", {1, 2, 2},
                         ":6:21: layers.1.vote.classes: 10 does not divide the 5 channels voting");
}

TEST_F(RecipeTest, WhiteningErrors) {
    weft_shape image = {2, 8, 8};
    expect_network_error(head + "layers:\n  - conv: {filters: 37, kernel: 3, init: whitening}\n" +
                             "  - dense: {units: 10}\n",
                         image, ":5:21: layers.0.conv.filters: a patch of 18 values has at most 36 whitening filters");
    expect_network_error(head + "layers:\n  - relu\n  - conv: {filters: 8, kernel: 3, init: whitening}\n"
                                "  - dense: {units: 10}\n",
                         image, ":6:41: layers.1.conv.init: whitening is for a layer that reads the network's input");
    expect_network_error(
        head + "layers:\n  - conv: {filters: 8, kernel: 13, init: whitening}\n  - dense: {units: 10}\n", {2, 16, 16},
        ":5:32: layers.0.conv.kernel: a patch of 338 values is above the whitening's limit "
        "of 300");
    expect_network_error(
        head + "layers:\n  - conv: {filters: 8, kernel: 7, init: whitening}\n  - dense: {units: 10}\n", {2, 6, 6},
        ":5:32: layers.0.conv.kernel: whitening needs whole patches, but the images have 6 x 6 pixels");
}

TEST_F(RecipeTest, BoundGrowsAtItsSteps) {
    Recipe recipe(write(head + tail + "clip: 4.5\nclip_growth: {at: [5000, 10000, 15000]}\n"));
    ASSERT_EQ(recipe.status, WEFT_OK) << recipe.message();
    EXPECT_DOUBLE_EQ(weft_recipe_clip(&recipe.r, 0), 4.5);
    EXPECT_DOUBLE_EQ(weft_recipe_clip(&recipe.r, 4999), 4.5);
    EXPECT_DOUBLE_EQ(weft_recipe_clip(&recipe.r, 5000), 4.5 * 1.4);
    EXPECT_DOUBLE_EQ(weft_recipe_clip(&recipe.r, 14999), 4.5 * 1.4 * 1.4);
    EXPECT_DOUBLE_EQ(weft_recipe_clip(&recipe.r, 1000000), 4.5 * 1.4 * 1.4 * 1.4);
}

struct Model {
    weft_model m;
    Model(const Recipe &recipe, weft_shape input) {
        weft_error err = {};
        EXPECT_EQ(weft_model_create(&m, &recipe.r, input, 10, &err), WEFT_OK) << err.text;
    }
    ~Model() { weft_model_destroy(&m); }
};

// Which arrays are trained, at which rate, within which bound, and how the average's window grows.
TEST_F(RecipeTest, ParametersOfTheModel) {
    Recipe recipe(write(head +
                        "layers:\n  - conv: {filters: 2, kernel: 3, frozen: true, bias: true}\n"
                        "  - batch_norm: {gamma: fixed}\n  - batch_norm\n  - dense: {units: 10, bias: true}\n"
                        "bias_rate: 3\nnorm_rate: 0.25\nema: 0.9\nclip: 2\nclip_growth: {factor: 3, at: [4]}\n"));
    ASSERT_EQ(recipe.status, WEFT_OK) << recipe.message();
    Model model(recipe, {1, 2, 2});
    const weft_slot_kind kinds[] = {WEFT_SLOT_BETA, WEFT_SLOT_GAMMA, WEFT_SLOT_BETA, WEFT_SLOT_WEIGHT, WEFT_SLOT_BIAS};
    const int layers[] = {1, 2, 2, 3, 3};
    const double rates[] = {0.25, 0.25, 0.25, 1, 3}, sigma = std::sqrt(2.0 / 18);
    ASSERT_EQ(model.m.parameter_count, 5);
    for (int i = 0; i < 5; i++) {
        EXPECT_EQ(model.m.slots[i].kind, kinds[i]) << i;
        EXPECT_EQ(model.m.slots[i].layer, layers[i]) << i;
        EXPECT_EQ(model.m.parameters[i].rate, rates[i]) << i;
        EXPECT_NE(model.m.parameters[i].average, nullptr) << i;
        EXPECT_EQ(model.m.parameters[i].decayed, kinds[i] == WEFT_SLOT_WEIGHT) << i;
    }
    const struct {
        size_t step;
        double gain, clip;
    } cases[] = {{0, 1, 2}, {1, 0.9, 2}, {3, 0.75, 2}, {4, 9.0 / 13, 6}, {81, 0.1, 6}, {1000, 0.1, 6}};
    for (auto &c : cases) {
        weft_model_schedule(&model.m, &recipe.r, c.step);
        for (int i = 0; i < 5; i++) {
            const weft_parameter &p = model.m.parameters[i];
            EXPECT_FLOAT_EQ(p.average_gain, static_cast<float>(c.gain)) << c.step;
            if (kinds[i] == WEFT_SLOT_WEIGHT) {
                EXPECT_FLOAT_EQ(p.bound, static_cast<float>(c.clip * sigma)) << c.step;
            } else {
                EXPECT_EQ(p.bound, INFINITY) << i;
            }
        }
    }
}

TEST_F(RecipeTest, SwappingAveragesTwiceChangesNothing) {
    Recipe recipe(write(head + tail + "ema: 0.5\n"));
    Model model(recipe, {1, 2, 2});
    weft_parameter &p = model.m.parameters[0];
    std::vector<float> value(p.value, p.value + p.count), average = random_values(p.count, 4);
    std::copy(average.begin(), average.end(), p.average);
    weft_model_swap_averages(&model.m);
    EXPECT_TRUE(std::equal(value.begin(), value.end(), p.average));
    EXPECT_TRUE(std::equal(average.begin(), average.end(), p.value));
    weft_model_swap_averages(&model.m);
    EXPECT_TRUE(std::equal(value.begin(), value.end(), p.value));
    EXPECT_TRUE(std::equal(average.begin(), average.end(), p.average));
}

TEST_F(RecipeTest, NetworkErrors) {
    weft_shape image = {1, 8, 8};
    expect_network_error(
        head + "layers:\n  - conv: {filters: 4, kernel: 9, pad: valid}\n  - dense: {units: 10}\n", image,
        ":5:5: layer \"conv1\": a 9 x 9 kernel (dilation 1 x 1) does not fit its 8 x 8 input with padding 0, 0, 0, "
        "0 (top, left, bottom, right)");
    expect_network_error(head + "layers:\n  - dense: {units: 9}\n", image,
                         ":5:5: the last layer has 9 outputs, but mnist has 10 classes");
    expect_network_error(head + tail + "preprocess: {mean: [0, 0], std: [1, 1]}\n", image,
                         ":6:13: preprocess: 2 channels, but the images of mnist have 1");
}

TEST_F(RecipeTest, NetworkShapesAndNames) {
    Recipe recipe(
        write(head + "layers:\n  - conv: {filters: 4, kernel: 3}\n  - conv: {filters: 6, kernel: [2, 4], stride: 2}\n"
                     "  - batch_norm: {epsilon: 0.5}\n  - max_pool: {size: 3, stride: 2}\n"
                     "  - average_pool: {size: 2, pad: same}\n  - flatten\n  - dense: {units: 10, bias: true}\n"
                     "preprocess: {mean: [0.25], std: [0.5]}\n"));
    ASSERT_EQ(recipe.status, WEFT_OK) << recipe.message();
    weft_network *raw = nullptr;
    ASSERT_EQ(weft_recipe_network(&raw, &recipe.r, {1, 13, 12}, 10, &recipe.err), WEFT_OK) << recipe.message();
    Network net(raw);
    ASSERT_EQ(net->layer_count, 7);
    const weft_layer *l = net->layers;
    EXPECT_STREQ(l[0].name, "conv1");
    EXPECT_STREQ(l[1].name, "conv2");
    EXPECT_STREQ(l[6].name, "dense1");
    EXPECT_EQ(l[0].out.height, 13);
    EXPECT_EQ(l[1].out.height, 7); // 13 rows, stride 2: one row of zeros below
    EXPECT_EQ(l[1].out.width, 6);
    EXPECT_EQ(l[1].window.pad_top, 0);
    EXPECT_EQ(l[1].window.pad_bottom, 1);
    EXPECT_EQ(l[1].window.pad_left, 1);
    EXPECT_EQ(l[1].window.pad_right, 1);
    EXPECT_EQ(l[2].epsilon, 0.5f);
    EXPECT_EQ(l[3].out.height, 3);
    EXPECT_EQ(l[3].out.width, 2);
    EXPECT_EQ(l[4].out.height, 2);
    EXPECT_EQ(l[4].window.pad_bottom, 1);
    EXPECT_EQ(l[6].weight_count, 120u);
    EXPECT_NE(l[6].bias, nullptr);
    EXPECT_EQ(l[0].bias, nullptr);
    EXPECT_EQ(net->preprocess.channels, 1);
    EXPECT_EQ(net->preprocess.std[0], 0.5f);
}

TEST_F(RecipeTest, ProjectionOfOneLayer) {
    Recipe recipe(write(head + "layers:\n  - dense: {units: 10, projection: none}\n  - relu\n  - dense: {units: 10}\n"
                               "projection: sign\n"));
    weft_transform_chain chain;
    ASSERT_EQ(weft_recipe_projection(&chain, &recipe.r, 0, nullptr), WEFT_OK);
    EXPECT_EQ(chain.count, 0);
    ASSERT_EQ(weft_recipe_projection(&chain, &recipe.r, 2, nullptr), WEFT_OK);
    ASSERT_EQ(chain.count, 1);
    EXPECT_STREQ(chain.items[0].op->name, "sign");
}

TEST(RecipeFile, UnknownNameNamesThePlaces) {
    Recipe recipe("no-such-recipe");
    EXPECT_EQ(recipe.status, WEFT_E_IO);
    EXPECT_NE(recipe.message().find("no-such-recipe"), std::string::npos);
}

} // namespace
