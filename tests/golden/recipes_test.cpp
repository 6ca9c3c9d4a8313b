// Does every shipped recipe load and make a network, and is the schema of recipes up to date?
#include <dirent.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tests/support/golden.h"
#include "tests/support/trainer_fixture.h"
#include "trainer/session.h"

using namespace fixture;

namespace {

const std::string source = WEFT_SOURCE_FOLDER;

std::vector<std::string> shipped() {
    std::vector<std::string> names;
    DIR *folder = opendir((source + "/trainer/recipes").c_str());
    while (struct dirent *entry = folder ? readdir(folder) : nullptr) {
        std::string name = entry->d_name;
        if (name.size() > 5 && name.substr(name.size() - 5) == ".yaml")
            names.push_back(name.substr(0, name.size() - 5));
    }
    if (folder) closedir(folder);
    std::sort(names.begin(), names.end());
    return names;
}

// Multiply-accumulates of one image, and weights, of every recipe: what a change of a network must be deliberate about.
struct Size {
    uint64_t macs;
    size_t weights;
};
const std::map<std::string, Size> sizes = {
    {"cifar10-all-sign", {85821952, 1164640}},
    {"cifar10-binaryconnect", {616966144, 14022016}},
    {"cifar10-eedn", {24165248, 546920}},
    {"cifar10-fast-sign", {80513536, 1159456}},
    {"cifar10-merolla", {532031488, 11662720}}, // the paper's 11,662,720 weights
    {"cifar10-merolla-fast", {33917440, 731488}},
    {"cifar10-merolla-half", {133895168, 2919104}},
    {"cifar10-resnet20", {40813184, 270896}},
    {"fashion-cnn-none", {4643840, 824096}},
    {"fashion-cnn-sign", {4643840, 824096}},
    {"fashion-eedn", {11127296, 257312}},
    {"fashion-lenet-sign", {416520, 61470}},
    {"fashion-mlp-sign", {668672, 668672}},
    {"fashion-relu", {383872, 102856}},
    {"mnist-eedn", {4886656, 257824}},
    {"mnist-eedn-small", {1013312, 99728}},
    {"mnist-lenet-sign", {416520, 61470}},
    {"mnist-mlp-sign", {668672, 668672}},
};

TEST(Recipes, EachLoadsAndMakesItsNetwork) {
    ASSERT_EQ(shipped().size(), sizes.size());
    for (const std::string &name : shipped()) {
        SCOPED_TRACE(name);
        weft_recipe recipe;
        weft_error err = {};
        ASSERT_EQ(weft_recipe_load(&recipe, name.c_str(), nullptr, 0, nullptr, &err), WEFT_OK) << err.text;
        EXPECT_EQ(recipe.name, name);
        EXPECT_STRNE(recipe.description, "");
        weft_shape shape = std::string(recipe.dataset) == "cifar10" ? weft_shape{3, 32, 32} : weft_shape{1, 28, 28};
        weft_network *raw = nullptr;
        ASSERT_EQ(weft_recipe_network(&raw, &recipe, shape, 10, &err), WEFT_OK) << err.text;
        Network net(raw);
        Size size = {0, 0};
        for (int i = 0; i < net->layer_count; i++) {
            size.macs += weft_layer_macs(&net->layers[i]);
            size.weights += net->layers[i].weight_count;
        }
        ASSERT_EQ(sizes.count(name), 1u);
        EXPECT_EQ(size.macs, sizes.at(name).macs);
        EXPECT_EQ(size.weights, sizes.at(name).weights);
        weft_recipe_destroy(&recipe);
    }
}

// Behind the host's first layer no neuron has more than 128 inputs: an axon each for weights of 1 and of -1, of a
// core's 256.
TEST(Recipes, EednNeuronsFitTheAxonsOfACore) {
    int found = 0;
    for (const std::string &name : shipped()) {
        if (name.find("-eedn") == std::string::npos) continue;
        SCOPED_TRACE(name);
        weft_recipe recipe;
        weft_error err = {};
        ASSERT_EQ(weft_recipe_load(&recipe, name.c_str(), nullptr, 0, nullptr, &err), WEFT_OK) << err.text;
        weft_shape shape = std::string(recipe.dataset) == "cifar10" ? weft_shape{3, 32, 32} : weft_shape{1, 28, 28};
        weft_network *raw = nullptr;
        ASSERT_EQ(weft_recipe_network(&raw, &recipe, shape, 10, &err), WEFT_OK) << err.text;
        Network net(raw);
        for (int i = 1; i < net->layer_count; i++) {
            const weft_layer &l = net->layers[i];
            if (l.kind != WEFT_LAYER_CONV) continue;
            EXPECT_LE(l.weight_count / static_cast<size_t>(l.out.channels), 128u) << l.name;
            found++;
        }
        weft_recipe_destroy(&recipe);
    }
    EXPECT_EQ(found, 6 + 6 + 7 + 4);
}

// CIFAR-10's binary form, or IDX, with `images` images of noise in each training batch and in the test set.
void make_set(const std::string &folder, bool colour, unsigned images) {
    std::mt19937 generator(5);
    auto noise = [&](size_t bytes) {
        std::string text;
        while (text.size() < bytes) text += static_cast<char>(generator() % 256);
        return text;
    };
    for (int part = 0; part < 6 && colour; part++) {
        std::string records;
        for (unsigned i = 0; i < images; i++) records += static_cast<char>(i % 10) + noise(3072);
        write_file(folder + (part ? "/data_batch_" + std::to_string(part) : std::string("/test_batch")) + ".bin",
                   records);
    }
    for (const char *split : {"train", "t10k"}) {
        if (colour) break;
        unsigned count = split[1] == 'r' ? 5 * images : images;
        std::string labels = word(0x801) + word(count);
        for (unsigned i = 0; i < count; i++) labels += static_cast<char>(i % 10);
        write_file(folder + "/" + split + "-images-idx3-ubyte",
                   word(0x803) + word(count) + word(28) + word(28) + noise(count * 784));
        write_file(folder + "/" + split + "-labels-idx1-ubyte", labels);
    }
}

// On noise, without GCN and ZCA (their fit on so few images says nothing and takes long), in small minibatches.
TEST(Recipes, EachTakesThreeSteps) {
    char name[] = "/tmp/weft-recipes-XXXXXX";
    std::string folder = mkdtemp(name), colour = folder + "/colour", grey = folder + "/grey";
    ASSERT_EQ(std::system(("mkdir " + colour + " " + grey).c_str()), 0);
    make_set(colour, true, 12);
    make_set(grey, false, 12);
    for (const std::string &recipe : shipped()) {
        SCOPED_TRACE(recipe);
        std::string set = recipe.rfind("cifar10", 0) == 0 ? colour : grey, output = folder + "/net.onnx";
        const char *overrides[] = {"preprocess={}", "batch=4"};
        weft_train_options options = {};
        options.recipe = recipe.c_str();
        options.output = output.c_str();
        options.dataset = set.c_str();
        options.overrides = overrides;
        options.override_count = 2;
        weft_session session;
        weft_error err = {};
        ASSERT_EQ(weft_session_open(&session, &options, &err), WEFT_OK) << err.text;
        for (int step = 0; step < 3; step++) ASSERT_EQ(weft_session_step(&session, &err), WEFT_OK) << err.text;
        EXPECT_GT(session.loss_sum, 0);
        for (int p = 0; p < session.model.parameter_count; p++) {
            const weft_parameter &parameter = session.model.parameters[p];
            double squares = 0; // of the second moment: every parameter has had a gradient
            for (size_t i = 0; i < parameter.count; i++) squares += static_cast<double>(parameter.second[i]);
            EXPECT_GT(squares, 0) << "parameter " << p;
            EXPECT_TRUE(std::isfinite(squares)) << "parameter " << p;
        }
        weft_session_close(&session);
    }
    EXPECT_EQ(std::system(("rm -rf " + folder).c_str()), 0);
}

TEST(Schema, RecipeIsUpToDate) {
    weft_test::expect_file(source + "/docs/schema/recipe.json", weft_test::printed([](FILE *stream) {
                               weft_error err = {};
                               EXPECT_EQ(weft_record_json_schema(&weft_recipe_record, stream, &err), WEFT_OK)
                                   << err.text;
                           }));
}

// Every key has a sentence, and every optional number a default.
void check_fields(const weft_record *record) {
    EXPECT_NE(record->doc[0], 0) << record->name;
    for (size_t i = 0; i < record->count; i++) {
        const weft_field &f = record->fields[i];
        ASSERT_NE(f.doc, nullptr) << f.key;
        EXPECT_EQ(f.doc[strlen(f.doc) - 1], '.') << record->name << "." << f.key;
        if (f.record) check_fields(f.record);
        for (int k = 0; f.variants && f.variants[k]; k++) check_fields(f.variants[k]);
    }
}
TEST(Schema, EveryKeyIsDocumented) { check_fields(&weft_recipe_record); }

} // namespace
