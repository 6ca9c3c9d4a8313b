// Models in bytes, and what is expected of reading them.
#ifndef WEFT_TESTS_ONNX_FIXTURE_H
#define WEFT_TESTS_ONNX_FIXTURE_H

#include "core/onnx.h"

#include "tests/network_samples.h"
#include "tests/onnx_bytes.h"

namespace onnx_fixture {

using namespace samples;
using namespace onnx_bytes;

inline Network parse(const std::string &data) {
    weft_network *net = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_onnx_parse(&net, data.data(), data.size(), "m.onnx", &err), WEFT_OK) << err.text;
    return Network(net);
}

inline void expect_failure(const std::string &data, weft_status status, const std::string &text) {
    weft_network *net = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_onnx_parse(&net, data.data(), data.size(), "m.onnx", &err), status);
    EXPECT_EQ(std::string(err.text), text);
    EXPECT_EQ(std::string(err.file), "m.onnx");
    EXPECT_EQ(net, nullptr);
}

inline void expect_failure(const Model &model, weft_status status, const std::string &text) {
    expect_failure(model.str(), status, text);
}

inline std::vector<float> counting(size_t count, float first = 0.0f) {
    std::vector<float> out(count);
    for (size_t i = 0; i < count; i++) out[i] = first + static_cast<float>(i);
    return out;
}

inline void expect_values(const float *values, const std::vector<float> &expected) {
    ASSERT_NE(values, nullptr);
    for (size_t i = 0; i < expected.size(); i++) EXPECT_EQ(values[i], expected[i]) << i;
}

inline void expect_window(const weft_window &w, const std::vector<int> &kernel_stride_dilation,
                          const std::vector<int> &pads) {
    EXPECT_EQ((std::vector<int>{w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w}),
              kernel_stride_dilation);
    EXPECT_EQ((std::vector<int>{w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}), pads);
}

inline Model map_model() { return Model({-1, 1, 2, 2}); }

} // namespace onnx_fixture

#endif
