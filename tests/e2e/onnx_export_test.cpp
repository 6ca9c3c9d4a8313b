// Do other programs accept what weft writes: the ONNX project's own checker, and onnxruntime with the right numbers?
#include "core/onnx.h"

#include <cstdlib>
#include <sys/wait.h>

#include "tests/network_samples.h"

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

TEST(OnnxChecker, AcceptsEveryKindOfLayer) {
    if (run("/usr/bin/python3 -c 'import onnx' 2>/dev/null") != 0) GTEST_SKIP() << "python3-onnx is not installed";
    Folder folder;
    for (bool latent : {false, true}) {
        const std::string path = folder / "net.onnx";
        write_onnx(every_kind(7, latent), path);
        /* Full check: with shape inference, whose shape must be the one that the file declares. */
        std::string script = "import onnx; path = \"" + path + "\"; onnx.checker.check_model(path, full_check=True); " +
                             "model = onnx.shape_inference.infer_shapes(onnx.load(path), strict_mode=True); " +
                             "shape = model.graph.output[0].type.tensor_type.shape.dim; " +
                             "assert shape[0].dim_param == \"batch\" and shape[1].dim_value == 5; " +
                             "assert model.opset_import[0].version == 13 and model.ir_version == 7; " +
                             "assert len(model.training_info) == " + (latent ? "1" : "0");
        EXPECT_EQ(run("/usr/bin/python3 -c '" + script + "'"), 0);
    }
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

} // namespace
