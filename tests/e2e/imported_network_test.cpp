// A network that another program trained: does weft read it, compute what onnxruntime does, and write it again?
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/dataset.h"
#include "core/onnx.h"
#include "tests/network_samples.h"
#include "trainer/trainer.h"

using namespace samples;

namespace {

constexpr size_t images = 1000, classes = 10;

int run(const std::string &command) {
    int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// $WEFT_NETWORKS, or shared/networks beside the source tree.
std::string network_path(const char *name) {
    const char *folder = std::getenv("WEFT_NETWORKS");
    return std::string(folder ? folder : WEFT_SOURCE_FOLDER "/../shared/networks") + "/" + name;
}

Network read_network(const std::string &path) {
    weft_network *net = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_onnx_read(&net, path.c_str(), &err), WEFT_OK) << err.text;
    return Network(net);
}

// Test images of CIFAR-10, normalised as the network was trained; empty where the data set is not installed.
struct Images {
    std::vector<float> x;
    std::vector<uint8_t> labels;
    explicit Images(weft_network *net) {
        weft_dataset *set = nullptr;
        weft_error err = {};
        const float mean[3] = {0.485f, 0.456f, 0.406f}, std[3] = {0.229f, 0.224f, 0.225f};
        net->preprocess.channels = 3;
        std::copy_n(mean, 3, net->preprocess.mean);
        std::copy_n(std, 3, net->preprocess.std);
        if (weft_dataset_open(&set, "cifar10", WEFT_SPLIT_TEST, &err) != WEFT_OK) return;
        x.resize(images * weft_shape_size(net->input));
        labels.assign(set->labels, set->labels + images);
        EXPECT_EQ(weft_dataset_inputs(set, &net->preprocess, 0, images, x.data(), &err), WEFT_OK) << err.text;
        weft_dataset_destroy(set);
    }
};

std::vector<float> weft_logits(const weft_network *net, const std::vector<float> &x) {
    weft_error err = {};
    weft_forward *forward = nullptr;
    std::vector<float> logits(images * classes);
    EXPECT_EQ(weft_forward_create(&forward, net, 50, WEFT_PRECISION_FP32, &err), WEFT_OK) << err.text;
    if (forward) { EXPECT_EQ(weft_forward_run(forward, x.data(), images, logits.data(), &err), WEFT_OK) << err.text; }
    weft_forward_destroy(forward);
    return logits;
}

// Empty when onnxruntime is not installed.
std::vector<float> runtime_logits(const std::string &path, const std::vector<float> &x) {
    Folder folder;
    std::vector<float> logits(images * classes);
    write_file(folder / "x.f32", std::string(reinterpret_cast<const char *>(x.data()), x.size() * sizeof(float)));
    int code = run("node " WEFT_SOURCE_FOLDER "/tests/e2e/onnxruntime_run.js '" + path + "' " + (folder / "x.f32") +
                   " " + std::to_string(images) + " 3 32 32 " + (folder / "y.f32"));
    if (code == 77 || code == 127) return {};
    const std::string bytes = read_file(folder / "y.f32");
    EXPECT_EQ(code, 0);
    EXPECT_EQ(bytes.size(), logits.size() * sizeof(float));
    if (bytes.size() == logits.size() * sizeof(float)) memcpy(logits.data(), bytes.data(), bytes.size());
    return logits;
}

size_t top(const std::vector<float> &logits, size_t image) {
    auto first = logits.begin() + static_cast<std::ptrdiff_t>(image * classes);
    return static_cast<size_t>(std::max_element(first, first + classes) - first);
}

void expect_same_answers(const std::vector<float> &ours, const std::vector<float> &theirs) {
    float largest = 0, difference = 0;
    for (size_t k = 0; k < ours.size(); k++) {
        ASSERT_TRUE(std::isfinite(ours[k]) && std::isfinite(theirs[k])) << k;
        largest = std::max(largest, std::fabs(ours[k]));
        difference = std::max(difference, std::fabs(ours[k] - theirs[k]));
    }
    for (size_t i = 0; i < images; i++) EXPECT_EQ(top(ours, i), top(theirs, i)) << "image " << i;
    EXPECT_LE(difference, 1e-4f * largest);
    EXPECT_GT(largest, 1);
}

TEST(ImportedNetwork, ResNet20HasItsShape) {
    const std::string path = network_path("resnet20_cifar10.onnx");
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    Network net = read_network(path);
    ASSERT_TRUE(net);
    int kinds[WEFT_LAYER_KIND_COUNT] = {};
    size_t parameters = 0;
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer &l = net->layers[i];
        kinds[l.kind]++;
        parameters += l.weight_count + (l.bias ? static_cast<size_t>(l.out.channels) : 0);
        if (l.kind == WEFT_LAYER_BATCH_NORM) parameters += 2 * static_cast<size_t>(l.out.channels);
    }
    EXPECT_EQ(kinds[WEFT_LAYER_CONV], 21);
    EXPECT_EQ(kinds[WEFT_LAYER_BATCH_NORM], 21);
    EXPECT_EQ(kinds[WEFT_LAYER_RELU], 19);
    EXPECT_EQ(kinds[WEFT_LAYER_ADD], 9);
    EXPECT_EQ(kinds[WEFT_LAYER_AVERAGE_POOL], 1);
    EXPECT_EQ(kinds[WEFT_LAYER_DENSE], 1);
    EXPECT_EQ(parameters, 272474u);
}

TEST(ImportedNetwork, ResNet20ComputesWhatOnnxRuntimeDoes) {
    const std::string path = network_path("resnet20_cifar10.onnx");
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    Network net = read_network(path);
    ASSERT_TRUE(net);
    Images set(net.get());
    if (set.x.empty()) GTEST_SKIP() << "CIFAR-10 is not installed (scripts/get-data cifar10)";
    const std::vector<float> ours = weft_logits(net.get(), set.x);
    size_t wrong = 0;
    for (size_t i = 0; i < images; i++) wrong += top(ours, i) != set.labels[i];
    EXPECT_GE(wrong, 70u); // 9.35 % of all 10,000 images; one standard deviation of 1,000 is 0.92 %
    EXPECT_LE(wrong, 120u);

    Folder folder;
    weft_error err = {};
    ASSERT_EQ(weft_onnx_write(net.get(), (folder / "again.onnx").c_str(), &err), WEFT_OK) << err.text;
    Network again = read_network(folder / "again.onnx");
    ASSERT_TRUE(again);
    EXPECT_EQ(weft_logits(again.get(), set.x), ours);
    const std::vector<float> theirs = runtime_logits(path, set.x),
                             written = runtime_logits(folder / "again.onnx", set.x);
    if (theirs.empty()) GTEST_SKIP() << "onnxruntime-node is not installed (scripts/setup --tests)";
    expect_same_answers(ours, theirs);
    expect_same_answers(ours, written);
}

} // namespace
