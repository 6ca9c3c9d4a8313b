// Are recipes read with their defaults, and refused with the place and the reason?
#include "trainer/recipe.h"

#include "tests/support/trainer_fixture.h"

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
    EXPECT_EQ(r.loss, WEFT_LOSS_SQUARE_HINGE);
    EXPECT_EQ(r.optimiser.index, WEFT_OPTIMISER_ADAM);
    EXPECT_EQ(static_cast<const weft_recipe_adam *>(r.optimiser.value)->learning_rate, 0.003);
    EXPECT_EQ(static_cast<const weft_recipe_adam *>(r.optimiser.value)->beta2, 0.999);
    EXPECT_EQ(r.schedule.index, WEFT_SCHEDULE_CONSTANT);
    EXPECT_FALSE(r.augment.flip);
    EXPECT_EQ(r.preprocess.mean.count, 0u);
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
        "quantise, clip, stoch, stochm, stochm3, addnorm, multunif");
    expect_error(head + "layers:\n  - dense: {units: 10, projection: 'addnorm:sigma=-1'}\n",
                 ":5:36: layers.0.dense.projection: transform addnorm: sigma: -1 is below 0");
    expect_error(head + "layers: []\n", ":4:9: layers: needs at least one layer");
    expect_error(head + "layers:\n  - convolution: {filters: 3}\n",
                 ":5:5: layers.0: 'convolution' is not one of conv, dense, batch_norm, relu, max_pool, average_pool, "
                 "flatten");
    expect_error(head + "layers:\n  - conv: {filters: 6, kernel: 3, groups: 4}\n",
                 ":5:43: layers.0.conv.groups: 4 does not divide the 6 filters");
    expect_error(head + tail + "label_smoothing: 0.1\n", ":6:18: label_smoothing: needs loss: cross_entropy");
    expect_error(head + tail + "preprocess: {mean: [0.5]}\n",
                 ":6:20: preprocess.mean: mean has 1 numbers and std 0; both need one a channel");
    expect_error(head + tail + "schedule: {exponential: {}}\n",
                 ":6:25: schedule.exponential.end: required key is missing");
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
