// Do other programs accept what weft writes: the ONNX project's own checker, and onnxruntime with the right numbers?
#include "core/onnx.h"

#include <cstdlib>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>

#include "tests/network_samples.h"
#include "tests/support/naive_network.h"

using namespace samples;

namespace {

int run(const std::string &command) {
    int status = system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void write_onnx(const Network &net, const std::string &path) {
    weft_error err = {};
    ASSERT_EQ(weft_onnx_write(net.get(), path.c_str(), &err), WEFT_OK) << err.text;
}

/* Full check: with shape inference, whose shape must be the one that the file declares. */
void expect_accepted(const Network &net, bool latent) {
    Folder folder;
    const std::string path = folder / "net.onnx";
    write_onnx(net, path);
    std::string script = "import onnx; path = \"" + path + "\"; onnx.checker.check_model(path, full_check=True); " +
                         "model = onnx.shape_inference.infer_shapes(onnx.load(path), strict_mode=True); " +
                         "shape = model.graph.output[0].type.tensor_type.shape.dim; " +
                         "assert shape[0].dim_param == \"batch\" and shape[1].dim_value == 5; " +
                         "assert model.opset_import[0].version == 13 and model.ir_version == 7; " +
                         "assert len(model.training_info) == " + (latent ? "1" : "0");
    EXPECT_EQ(run("/usr/bin/python3 -c '" + script + "'"), 0);
}

TEST(OnnxChecker, AcceptsEveryKindOfLayer) {
    if (run("/usr/bin/python3 -c 'import onnx' 2>/dev/null") != 0) GTEST_SKIP() << "python3-onnx is not installed";
    for (bool latent : {false, true}) expect_accepted(every_kind(7, latent), latent);
}

TEST(OnnxChecker, AcceptsBranchesQuantisationAndSpikes) {
    if (run("/usr/bin/python3 -c 'import onnx' 2>/dev/null") != 0) GTEST_SKIP() << "python3-onnx is not installed";
    for (bool latent : {false, true}) expect_accepted(residual(8, latent), latent);
}

// conv 1x1 (-2 x + 1, 3 x) -> batch norm (halves, +1 on the second channel) -> ReLU -> 2 x 2 max pool -> dense.
Network hand_computed() {
    Network net = create({1, 2, 2});
    weft_layer &c = add(net.get(), conv(2, 1), "conv", true);
    c.weight[0] = -2.0f, c.weight[1] = 3.0f, c.bias[0] = 1.0f;
    c.latent = static_cast<float *>(weft_aligned_alloc(2, sizeof(float)));
    c.latent[0] = 100.0f; /* would give other numbers if a runtime took it for the weight */
    weft_layer &b = add(net.get(), batch_norm(0.0f), "bn");
    b.variance[0] = b.variance[1] = 4.0f, b.beta[1] = 1.0f;
    add(net.get(), plain(WEFT_LAYER_RELU), "relu");
    add(net.get(), pool(WEFT_LAYER_MAX_POOL, 2, 2), "pool");
    weft_layer &d = add(net.get(), dense(3), "fc", true);
    const float weight[6] = {1, 0, 0, 1, -1, 2}, bias[3] = {0, 0, 0.5f};
    memcpy(d.weight, weight, sizeof weight);
    memcpy(d.bias, bias, sizeof bias);
    return net;
}

TEST(OnnxRuntime, ComputesTheHandComputedNetwork) {
    Folder folder;
    const float images[2][4] = {{-3, 0, 1, 2}, {1, 1, 1, 4}};
    /* first: channel 0 max(7, 1, -1, -3) / 2 = 3.5, channel 1 max(-9, 0, 3, 6) / 2 + 1 = 4
     * second: channel 0 max(-1, -7) / 2 < 0 gives 0, channel 1 12 / 2 + 1 = 7 */
    const float expected[2][3] = {{3.5f, 4, 5}, {0, 7, 14.5f}};
    write_onnx(hand_computed(), folder / "net.onnx");
    write_file(folder / "x.f32", std::string(reinterpret_cast<const char *>(images), sizeof images));
    int code = run("node " WEFT_SOURCE_FOLDER "/tests/e2e/onnxruntime_run.js " + (folder / "net.onnx") + " " +
                   (folder / "x.f32") + " 2 1 2 2 " + (folder / "y.f32"));
    if (code == 77 || code == 127) GTEST_SKIP() << "onnxruntime-node is not installed (scripts/setup --tests)";
    ASSERT_EQ(code, 0);
    std::string logits = read_file(folder / "y.f32");
    ASSERT_EQ(logits.size(), sizeof expected);
    float got[2][3];
    memcpy(got, logits.data(), sizeof got);
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 3; k++) EXPECT_FLOAT_EQ(got[i][k], expected[i][k]) << i << ", " << k;
}

/* Half of the values are multiples of 1/16, so that some lie on thresholds and halfway between steps. */
std::vector<float> images_for(const Network &net, size_t count) {
    const weft_rng rng = {31, 0, 0, WEFT_PURPOSE_TEST};
    std::vector<float> x(count * weft_shape_size(net->input));
    for (size_t i = 0; i < x.size(); i++) {
        x[i] = 0.5f * weft_rng_normal(&rng, i);
        if (i % 2) x[i] = std::round(x[i] * 16) / 16;
    }
    return x;
}

void expect_runtime_agrees(const Network &net) {
    constexpr size_t images = 64, classes = 5;
    Folder folder;
    const weft_shape in = net->input;
    const std::vector<float> x = images_for(net, images);
    write_onnx(net, folder / "net.onnx");
    write_file(folder / "x.f32", std::string(reinterpret_cast<const char *>(x.data()), x.size() * sizeof(float)));
    int code = run("node " WEFT_SOURCE_FOLDER "/tests/e2e/onnxruntime_run.js " + (folder / "net.onnx") + " " +
                   (folder / "x.f32") + " " + std::to_string(images) + " " + std::to_string(in.channels) + " " +
                   std::to_string(in.height) + " " + std::to_string(in.width) + " " + (folder / "y.f32"));
    if (code == 77 || code == 127) GTEST_SKIP() << "onnxruntime-node is not installed (scripts/setup --tests)";
    ASSERT_EQ(code, 0);
    const std::string bytes = read_file(folder / "y.f32");
    std::vector<float> got(images * classes);
    ASSERT_EQ(bytes.size(), got.size() * sizeof(float));
    memcpy(got.data(), bytes.data(), bytes.size());
    const naive::Values expected = naive::run(net.get(), x, images, false);
    std::vector<int> winners(classes);
    for (size_t i = 0; i < images; i++) {
        const float *theirs = got.data() + i * classes;
        const double *ours = expected.data() + i * classes;
        EXPECT_EQ(std::max_element(theirs, theirs + classes) - theirs, std::max_element(ours, ours + classes) - ours);
        for (size_t k = 0; k < classes; k++) EXPECT_NEAR(static_cast<double>(theirs[k]), ours[k], 1e-4) << i;
        winners[static_cast<size_t>(std::max_element(ours, ours + classes) - ours)]++;
    }
    EXPECT_LT(*std::max_element(winners.begin(), winners.end()), static_cast<int>(images)); // not always the same class
}

TEST(OnnxRuntime, AgreesOnBranchesQuantisationAndSpikes) { expect_runtime_agrees(residual(9, false)); }

/* Steps that are powers of two: on which side an edge lies does not depend on rounding. */
TEST(OnnxRuntime, AgreesOnEachActivationAlone) {
    for (const weft_layer &activation : {clip(-0.25f, 0.75f), quantise(0.0f, 1.5f, 3),
                                         quantise(-127.0f / 256, 127.0f / 256, 127), quantise(0.0f, 255.0f / 256, 255),
                                         quantise(-1.0f, 1.0f, 1), threshold(0.25f, false), threshold(0.5f, true)}) {
        Network net = create({2, 4, 4});
        add(net.get(), activation, "activation");
        add(net.get(), dense(5), "fc");
        randomise(net.get(), 10, false);
        expect_runtime_agrees(net);
    }
}

} // namespace
