// Does training on whitened images give the same net however they get to it, and is the net usable afterwards?
#include <omp.h>

#include <algorithm>

#include "core/arena.h"
#include "core/dataset.h"
#include "tests/support/trainer_fixture.h"
#include "trainer/batch.h"

using namespace fixture;

namespace {

const std::string whitened = "projection: sign\npreprocess: {gcn_zca: {norm: 55, epsilon: 0.1}}\n";

struct SetDeleter {
    void operator()(weft_dataset *set) const { weft_dataset_destroy(set); }
};
using Set = std::unique_ptr<weft_dataset, SetDeleter>;

class Preprocess : public ::testing::Test {
  protected:
    void SetUp() override { setenv("WEFT_CACHE", folder.file("cache").c_str(), 1); }
    void TearDown() override {
        omp_set_num_threads(2);
        unsetenv("WEFT_CACHE");
    }
    std::string train_net(const std::string &name, const std::string &extra = whitened, int epochs = 2) {
        std::string out = folder.file(name + ".onnx"), recipe = folder.file(name + ".yaml");
        write_file(recipe, recipe_text(folder.path, extra, epochs));
        outcome = train(recipe, out);
        EXPECT_EQ(outcome.status, WEFT_OK) << outcome.error.text;
        return out;
    }
    Set open(const std::string &path) {
        weft_dataset *set = nullptr;
        EXPECT_EQ(weft_dataset_open(&set, path.c_str(), WEFT_SPLIT_TRAIN, &err), WEFT_OK) << err.text;
        return Set(set);
    }
    Network read(const std::string &path) {
        weft_network *net = nullptr;
        EXPECT_EQ(weft_onnx_read(&net, path.c_str(), &err), WEFT_OK) << err.text;
        return Network(net);
    }
    weft_status evaluate(const Network &net, const std::string &dataset) {
        weft_eval_options options = {};
        options.draws = 1;
        weft_evaluator *evaluator = nullptr;
        weft_status status = weft_evaluator_create(&evaluator, net.get(), dataset.c_str(), &options, &err);
        if (status == WEFT_OK) status = weft_evaluator_run(evaluator, nullptr, &result, nullptr, &err);
        weft_evaluator_destroy(evaluator);
        return status;
    }
    Folder folder;
    Outcome outcome = {};
    weft_eval_result result = {};
    weft_error err = {};
};

TEST_F(Preprocess, WhitenedTrainingLearns) {
    train_net("net", whitened, 15);
    EXPECT_LT(outcome.result.test_error_percent, 35.0); // guessing: 90
}

TEST_F(Preprocess, ThreadsAndTheCacheChangeNothing) {
    omp_set_num_threads(1);
    std::string first = read_file(train_net("a")); // fits
    omp_set_num_threads(2);
    EXPECT_EQ(read_file(train_net("b")), first); // reads the cache
    setenv("WEFT_CACHE", "/dev/null/none", 1);
    EXPECT_EQ(read_file(train_net("c")), first); // fits again
    EXPECT_NE(read_file(train_net("d", "projection: sign\n")), first);
}

// The net's own error on the test set is what an evaluation of the file finds.
TEST_F(Preprocess, EvaluationBindsTheNet) {
    Network net = read(train_net("net"));
    EXPECT_EQ(net->preprocess.zca, nullptr);
    EXPECT_EQ(evaluate(net, folder.path), WEFT_OK) << err.text;
    EXPECT_DOUBLE_EQ(result.error_percent, outcome.result.test_error_percent);

    Folder other;
    std::string pixels = read_file(other.file("train-images-idx3-ubyte"));
    pixels.back() = static_cast<char>(pixels.back() ^ 1);
    write_file(other.file("train-images-idx3-ubyte"), pixels);
    EXPECT_EQ(evaluate(net, other.path), WEFT_E_INVALID);
    EXPECT_EQ(std::string(err.text),
              "network small: its GCN and ZCA preprocessing was fitted on other training images (" + folder.path +
                  ") than those of " + other.path);
}

/* ---- minibatches ---- */

struct Batch {
    std::vector<uint8_t> pixels, labels;
    std::vector<float> x;
};
Batch batch_of(const weft_dataset *set, const weft_preprocess *p, const weft_augment &augment,
               const std::vector<uint32_t> &order) {
    size_t size = weft_shape_size(set->shape) * order.size();
    Batch b{std::vector<uint8_t>(size), std::vector<uint8_t>(order.size()), std::vector<float>(size)};
    weft_batch_source source = {set, p, &augment, 7, 3};
    weft_error err = {};
    EXPECT_EQ(weft_batch_input(&source, order.data(), order.size(), b.pixels.data(), b.labels.data(), b.x.data(), &err),
              WEFT_OK)
        << err.text;
    return b;
}

TEST_F(Preprocess, BatchesAreTheSameFromAPreparedSet) {
    Set set = open(folder.path);
    Network net = network(set->shape);
    net->preprocess.gcn_zca = true;
    net->preprocess.norm = 55;
    net->preprocess.epsilon = 0.1;
    ASSERT_EQ(weft_network_bind(net.get(), set.get(), &err), WEFT_OK) << err.text;
    const weft_preprocess *p = &net->preprocess;
    const std::vector<uint32_t> order = {239, 0, 17, 17, 100};
    const weft_augment none = {}, moved = {true, 2};
    Batch before = batch_of(set.get(), p, none, order), changed = batch_of(set.get(), p, moved, order);
    ASSERT_EQ(weft_dataset_prepare(set.get(), p, &err), WEFT_OK);
    ASSERT_TRUE(weft_dataset_is_prepared(set.get(), p));
    Batch after = batch_of(set.get(), p, none, order), changed_after = batch_of(set.get(), p, moved, order);
    EXPECT_EQ(after.x, before.x);
    EXPECT_EQ(after.labels, before.labels);
    EXPECT_EQ(after.labels, (std::vector<uint8_t>{9, 0, 7, 7, 0}));
    EXPECT_EQ(changed_after.x, changed.x);
    EXPECT_NE(changed.x, before.x);
    // Augmented in pixels, then whitened.
    std::vector<float> expected(changed.x.size());
    ASSERT_EQ(weft_preprocess_apply(p, set->shape, changed.pixels.data(), order.size(), expected.data(), &err),
              WEFT_OK);
    EXPECT_EQ(changed.x, expected);
    EXPECT_NE(memcmp(changed.pixels.data(), set->pixels + 239 * 36, 36), 0);
}

/* ---- images for batch-norm statistics ---- */

TEST_F(Preprocess, StatisticsComeFromImagesAsTheTrainingSawThem) {
    Set set = open(folder.path);
    Network net = network(set->shape);
    size_t size = weft_shape_size(set->shape), count = 240;
    std::vector<float> plain(count * size), still(plain), changed(plain), expected(plain);
    std::vector<uint8_t> pixels(count * size);
    const weft_augment none = {}, moved = {true, 2};
    ASSERT_EQ(weft_dataset_inputs(set.get(), &net->preprocess, 0, count, plain.data(), &err), WEFT_OK);
    ASSERT_EQ(weft_network_set_augment(net.get(), &none, &err), WEFT_OK);
    EXPECT_EQ(weft_network_get(net.get(), "weft.augment"), nullptr);
    ASSERT_EQ(weft_dataset_training_inputs(set.get(), net.get(), count, still.data(), &err), WEFT_OK);
    EXPECT_EQ(still, plain);

    ASSERT_EQ(weft_network_set_augment(net.get(), &moved, &err), WEFT_OK);
    EXPECT_STREQ(weft_network_get(net.get(), "weft.augment"), "flip=1 translate=2");
    ASSERT_EQ(weft_dataset_training_inputs(set.get(), net.get(), count, changed.data(), &err), WEFT_OK) << err.text;
    for (size_t i = 0; i < count; i++)
        weft_augment_image(&moved, set->shape, set->pixels + i * size, 0, 0, i, pixels.data() + i * size);
    ASSERT_EQ(weft_preprocess_apply(&net->preprocess, set->shape, pixels.data(), count, expected.data(), &err),
              WEFT_OK);
    EXPECT_EQ(changed, expected);
    // Of 240 images some 240 / 50 are neither mirrored nor moved.
    size_t same = 0;
    for (size_t i = 0; i < count; i++)
        same += std::equal(plain.begin() + static_cast<std::ptrdiff_t>(i * size),
                           plain.begin() + static_cast<std::ptrdiff_t>((i + 1) * size),
                           changed.begin() + static_cast<std::ptrdiff_t>(i * size));
    EXPECT_LT(same, 24u);
}

TEST_F(Preprocess, AugmentationInAFileIsChecked) {
    Network net = network({1, 6, 6});
    weft_augment augment = {};
    for (const char *bad : {"", "flip=1", "flip=2 translate=1", "flip=0 translate=-1", "flip=0 translate=65",
                            "flip=1 translate=2 ", "flip=1 translate=2x"}) {
        ASSERT_EQ(weft_network_set(net.get(), "weft.augment", bad, &err), WEFT_OK);
        EXPECT_EQ(weft_network_get_augment(net.get(), &augment, &err), WEFT_E_INVALID) << bad;
        EXPECT_NE(std::string(err.text).find("weft.augment"), std::string::npos) << err.text;
    }
    ASSERT_EQ(weft_network_set(net.get(), "weft.augment", "flip=0 translate=64", &err), WEFT_OK);
    ASSERT_EQ(weft_network_get_augment(net.get(), &augment, &err), WEFT_OK) << err.text;
    EXPECT_FALSE(augment.flip);
    EXPECT_EQ(augment.translate, 64);
}

} // namespace
