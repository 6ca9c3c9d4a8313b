// Does every shipped recipe load and make a network, and is the schema of recipes up to date?
#include <dirent.h>

#include <algorithm>
#include <map>

#include "tests/support/golden.h"
#include "tests/support/trainer_fixture.h"
#include "trainer/recipe.h"

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
    {"cifar10-merolla", {532031488, 11662720}}, // the paper's 11,662,720 weights
    {"fashion-cnn-none", {4643840, 824096}},    {"fashion-cnn-sign", {4643840, 824096}},
    {"fashion-mlp-sign", {668672, 668672}},     {"mnist-lenet-sign", {416520, 61470}},
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
