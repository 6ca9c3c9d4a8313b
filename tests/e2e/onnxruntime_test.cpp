// Does another runtime compute the same from a trained network? weft trains a small net with each kind of projection on
// a slice of Fashion-MNIST, then onnxruntime runs the file that it wrote, and the ONNX project's checker reads it.
#include <sys/wait.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "core/dataset.h"
#include "tests/support/trainer_fixture.h"

using namespace fixture;

namespace {

constexpr size_t train_images = 3000, test_images = 1000, classes = 10;

int run(const std::string &command) {
    int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct Dataset {
    weft_dataset *set = nullptr;
    weft_error error = {};
    weft_status status;
    Dataset(const char *name, weft_split split) : status(weft_dataset_open(&set, name, split, &error)) {}
    ~Dataset() { weft_dataset_destroy(set); }
};

// The first images of one split, as IDX files in the folder.
void slice(const Dataset &from, const std::string &prefix, size_t count) {
    size_t size = weft_shape_size(from.set->shape);
    std::string head = word(static_cast<uint32_t>(count));
    write_file(prefix + "-images-idx3-ubyte",
               word(0x803) + head + word(28) + word(28) +
                   std::string(reinterpret_cast<const char *>(from.set->pixels), count * size));
    write_file(prefix + "-labels-idx1-ubyte",
               word(0x801) + head + std::string(reinterpret_cast<const char *>(from.set->labels), count));
}

// Convolutions, both pools, biases, batch norm; 75 steps.
std::string recipe(const std::string &dataset, const std::string &projection) {
    return "name: small\ndataset: " + dataset +
           "\nepochs: 1\nbatch: 40\nlayers:\n"
           "  - conv: {filters: 8, kernel: 3, bias: true}\n  - max_pool: {size: 2}\n  - batch_norm\n  - relu\n"
           "  - conv: {filters: 16, kernel: 3}\n  - batch_norm\n  - relu\n  - average_pool: {size: 2}\n"
           "  - flatten\n  - dense: {units: 10, bias: true}\n"
           "projection: " +
           projection + "\noptimiser: {adam: {learning_rate: 0.01}}\nloss: cross_entropy\nrecalibrate: 1000\n";
}

std::vector<float> logits_of(const weft_network *net, const std::vector<float> &x) {
    weft_error err = {};
    weft_forward *forward = nullptr;
    std::vector<float> logits(test_images * classes);
    EXPECT_EQ(weft_forward_create(&forward, net, 50, WEFT_PRECISION_FP32, &err), WEFT_OK) << err.text;
    EXPECT_EQ(weft_forward_run(forward, x.data(), test_images, logits.data(), &err), WEFT_OK) << err.text;
    weft_forward_destroy(forward);
    return logits;
}

size_t top(const std::vector<float> &logits, size_t image) {
    auto first = logits.begin() + static_cast<std::ptrdiff_t>(image * classes);
    return static_cast<size_t>(std::max_element(first, first + classes) - first);
}

void compare(const std::vector<float> &ours, const std::vector<float> &theirs, const uint8_t *labels) {
    float largest = 0, difference = 0;
    size_t right = 0;
    for (size_t k = 0; k < ours.size(); k++) {
        ASSERT_TRUE(std::isfinite(theirs[k])) << k;
        largest = std::max(largest, std::fabs(ours[k]));
        difference = std::max(difference, std::fabs(ours[k] - theirs[k]));
    }
    for (size_t i = 0; i < test_images; i++) {
        EXPECT_EQ(top(ours, i), top(theirs, i)) << "image " << i;
        right += top(theirs, i) == labels[i];
    }
    EXPECT_LE(difference, 1e-3f * largest);
    EXPECT_GT(largest, 1);
    EXPECT_GT(right, 500u) << "of " << test_images; // it has learned: guessing gives 100
    ::testing::Test::RecordProperty("largest_logit", std::to_string(largest));
    ::testing::Test::RecordProperty("largest_difference", std::to_string(difference));
}

// Each row of the table with its defaults; Tr-Power-C's draw of beta; and a chain.
std::vector<std::string> projections() {
    std::vector<std::string> all;
    for (int i = 0; weft_transform_table[i]; i++) all.push_back(weft_transform_table[i]->name);
    all.push_back("power:beta=0..2");
    all.push_back("sign|addnorm:sigma=0.1");
    return all;
}
class OnnxRuntime : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Projection, OnnxRuntime, ::testing::ValuesIn(projections()), [](const auto &projection) {
    std::string name = projection.param;
    for (char &c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return name;
});

TEST_P(OnnxRuntime, ComputesTheTrainedNetwork) {
    Dataset train_set("fashion-mnist", WEFT_SPLIT_TRAIN), test_set("fashion-mnist", WEFT_SPLIT_TEST);
    if (train_set.status == WEFT_E_IO) GTEST_SKIP() << train_set.error.text;
    ASSERT_EQ(train_set.status, WEFT_OK) << train_set.error.text;
    ASSERT_EQ(test_set.status, WEFT_OK) << test_set.error.text;
    Folder folder;
    weft_error err = {};
    std::string set = folder.file("set"), out = folder.file("net.onnx"), script = folder.file("recipe.yaml");
    ASSERT_EQ(run("mkdir " + set), 0);
    slice(train_set, set + "/train", train_images);
    slice(test_set, set + "/t10k", test_images);
    write_file(script, recipe(set, GetParam()));
    Outcome trained = train(script, out);
    ASSERT_EQ(trained.status, WEFT_OK) << trained.error.text;

    weft_network *read = nullptr;
    ASSERT_EQ(weft_onnx_read(&read, out.c_str(), &err), WEFT_OK) << err.text;
    Network net(read);
    std::vector<float> x(test_images * weft_shape_size(net->input)), theirs(test_images * classes);
    ASSERT_EQ(weft_preprocess_apply(&net->preprocess, net->input, test_set.set->pixels, test_images, x.data(), &err),
              WEFT_OK);
    write_file(folder.file("x.f32"), std::string(reinterpret_cast<const char *>(x.data()), x.size() * sizeof(float)));
    int code = run("node " WEFT_SOURCE_FOLDER "/tests/e2e/onnxruntime_run.js " + out + " " + folder.file("x.f32") +
                   " " + std::to_string(test_images) + " 1 28 28 " + folder.file("y.f32"));
    if (code == 77 || code == 127) GTEST_SKIP() << "onnxruntime-node is not installed (scripts/setup --tests)";
    ASSERT_EQ(code, 0);
    std::string bytes = read_file(folder.file("y.f32"));
    ASSERT_EQ(bytes.size(), theirs.size() * sizeof(float));
    std::memcpy(theirs.data(), bytes.data(), bytes.size());
    compare(logits_of(net.get(), x), theirs, test_set.set->labels);

    if (run("/usr/bin/python3 -c 'import onnx' 2>/dev/null") != 0)
        GTEST_SKIP() << "all but the ONNX checker passed: python3-onnx is not installed";
    EXPECT_EQ(run("/usr/bin/python3 -c 'import onnx; onnx.checker.check_model(\"" + out + "\", full_check=True)'"), 0);
}

} // namespace
