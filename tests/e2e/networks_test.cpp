// Networks as the world draws them, small: does weft compute what onnxruntime does? tests/networks/export_networks.py
// makes them; tests/networks/check_full does the same at full size.
#include <sys/wait.h>

#include <cmath>

#include "core/onnx.h"
#include "tests/network_samples.h"
#include "trainer/trainer.h"

using namespace samples;

namespace {

constexpr size_t images = 8;

int run(const std::string &command) {
    int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<float> random_images(weft_shape s) {
    std::vector<float> x(images * weft_shape_size(s));
    weft_rng rng = {1, 0, 0, WEFT_PURPOSE_TEST};
    weft_rng_fill_uniform(&rng, 0, x.size(), x.data());
    return x;
}

std::vector<float> weft_outputs(const weft_network *net, const std::vector<float> &x, weft_precision precision) {
    weft_error err = {};
    weft_forward *forward = nullptr;
    std::vector<float> out(images * weft_shape_size(net->layers[net->layer_count - 1].out));
    EXPECT_EQ(weft_forward_create(&forward, net, 3, precision, &err), WEFT_OK) << err.text;
    if (forward) { EXPECT_EQ(weft_forward_run(forward, x.data(), images, out.data(), &err), WEFT_OK) << err.text; }
    weft_forward_destroy(forward);
    return out;
}

float largest(const std::vector<float> &v) {
    float magnitude = 0;
    for (float value : v) magnitude = std::max(magnitude, std::fabs(value));
    return magnitude;
}

// max|a - b| / max|b|
float difference(const std::vector<float> &a, const std::vector<float> &b) {
    float magnitude = 0;
    EXPECT_EQ(a.size(), b.size());
    for (size_t k = 0; k < b.size(); k++) {
        EXPECT_TRUE(std::isfinite(a[k])) << k;
        magnitude = std::max(magnitude, std::fabs(a[k] - b[k]));
    }
    return magnitude / largest(b);
}

// How far the images' outputs are apart, as a part of the largest.
float spread(const std::vector<float> &v) {
    size_t outputs = v.size() / images;
    float most = 0;
    for (size_t k = outputs; k < v.size(); k++) most = std::max(most, std::fabs(v[k] - v[k % outputs]));
    return most / largest(v);
}

// Of the quantised one both precisions are exact but for rounding in its last dense layer: int8 takes the file's own
// steps. Where a value lies half way between two of them, runtimes may part by one, some 2e-3 here; that no value does
// is a property of these images.
struct Case {
    const char *name;
    float tolerance, int8_tolerance;
};
void PrintTo(const Case &network, std::ostream *stream) { *stream << network.name; }
constexpr Case cases[] = {{"vgg16", 1e-4f, 0.08f},       {"resnet18", 1e-4f, 0.05f},   {"resnet50", 1e-4f, 0.05f},
                          {"mobilenetv2", 1e-4f, 0.15f}, {"mobilenetv3", 1e-4f, 0.1f}, {"squeezenet", 1e-4f, 0.05f},
                          {"alexnet", 1e-4f, 0.05f},     {"quantised", 1e-4f, 1e-4f}};
class Networks : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Small, Networks, ::testing::ValuesIn(cases),
                         [](const auto &network) { return std::string(network.param.name); });

TEST_P(Networks, ComputeWhatOnnxRuntimeDoes) {
    if (run("/usr/bin/python3 -c 'import onnx, numpy' 2>/dev/null") != 0)
        GTEST_SKIP() << "python3-onnx is not installed (scripts/setup --tests)";
    Folder folder;
    const std::string path = folder / (std::string(GetParam().name) + ".onnx");
    ASSERT_EQ(run("PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 " WEFT_SOURCE_FOLDER
                  "/tests/networks/export_networks.py --small " +
                  folder.path() + " " + GetParam().name + " > /dev/null"),
              0);
    weft_network *read = nullptr;
    weft_error err = {};
    ASSERT_EQ(weft_onnx_read(&read, path.c_str(), &err), WEFT_OK) << err.text;
    Network net(read);
    const std::vector<float> x = random_images(net->input);
    const std::vector<float> ours = weft_outputs(net.get(), x, WEFT_PRECISION_FP32);
    EXPECT_GT(spread(ours), 1e-2f); // the images matter

    write_file(folder / "x.f32", std::string(reinterpret_cast<const char *>(x.data()), x.size() * sizeof(float)));
    const weft_shape in = net->input;
    int code = run("node " WEFT_SOURCE_FOLDER "/tests/e2e/onnxruntime_run.js " + path + " " + (folder / "x.f32") + " " +
                   std::to_string(images) + " " + std::to_string(in.channels) + " " + std::to_string(in.height) + " " +
                   std::to_string(in.width) + " " + (folder / "y.f32"));
    if (code == 77 || code == 127) GTEST_SKIP() << "onnxruntime-node is not installed (scripts/setup --tests)";
    ASSERT_EQ(code, 0);
    const std::string bytes = read_file(folder / "y.f32");
    std::vector<float> theirs(ours.size());
    ASSERT_EQ(bytes.size(), theirs.size() * sizeof(float));
    memcpy(theirs.data(), bytes.data(), bytes.size());
    EXPECT_LE(difference(ours, theirs), GetParam().tolerance);

    weft_forward *forward = nullptr;
    ASSERT_EQ(weft_forward_create(&forward, net.get(), 3, WEFT_PRECISION_FP32, &err), WEFT_OK) << err.text;
    EXPECT_EQ(weft_forward_reestimate(forward, net.get(), x.data(), images, false, true, &err), WEFT_OK) << err.text;
    weft_forward_destroy(forward);
    const float integer = difference(weft_outputs(net.get(), x, WEFT_PRECISION_INT8), theirs);
    EXPECT_LE(integer, GetParam().int8_tolerance);
    ::testing::Test::RecordProperty("fp32", std::to_string(difference(ours, theirs)));
    ::testing::Test::RecordProperty("int8", std::to_string(integer));
}

} // namespace
