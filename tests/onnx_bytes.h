// Writes ONNX models byte by byte, independently of protobuf-c, so that tests can make any model, also a malformed one.
#ifndef WEFT_TESTS_ONNX_BYTES_H
#define WEFT_TESTS_ONNX_BYTES_H

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace onnx_bytes {

inline std::string varint(uint64_t value) {
    std::string out;
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    return out + static_cast<char>(value);
}
inline std::string number(int field, int64_t value) {
    return varint(static_cast<uint64_t>(field) << 3) + varint(static_cast<uint64_t>(value));
}
inline std::string bytes(int field, const std::string &value) {
    return varint(static_cast<uint64_t>(field) << 3 | 2) + varint(value.size()) + value;
}
inline std::string raw(const void *data, size_t size) { return std::string(static_cast<const char *>(data), size); }
inline std::string real(int field, float value) {
    return varint(static_cast<uint64_t>(field) << 3 | 5) + raw(&value, sizeof value);
}

enum Type { FLOAT = 1, UINT8 = 2, INT8 = 3, INT64 = 7, BOOL = 9, FLOAT16 = 10 };

// TensorProto with raw_data.
inline std::string tensor(const std::string &name, const std::vector<int64_t> &dims, const std::string &data,
                          int type = FLOAT) {
    std::string out;
    for (int64_t d : dims) out += number(1, d);
    return out + number(2, type) + bytes(8, name) + bytes(9, data);
}
inline std::string floats(const std::string &name, const std::vector<int64_t> &dims, const std::vector<float> &values) {
    return tensor(name, dims, raw(values.data(), values.size() * sizeof(float)));
}
// The same with packed float_data.
inline std::string listed(const std::string &name, const std::vector<int64_t> &dims, const std::vector<float> &values) {
    std::string out;
    for (int64_t d : dims) out += number(1, d);
    return out + number(2, FLOAT) + bytes(4, raw(values.data(), values.size() * sizeof(float))) + bytes(8, name);
}
inline std::string ints64(const std::string &name, const std::vector<int64_t> &values) {
    return tensor(name, {static_cast<int64_t>(values.size())}, raw(values.data(), values.size() * sizeof(int64_t)),
                  INT64);
}

// AttributeProto.
inline std::string attr(const std::string &name, int64_t value) {
    return bytes(1, name) + number(20, 2) + number(3, value);
}
inline std::string attr_float(const std::string &name, float value) {
    return bytes(1, name) + number(20, 1) + real(2, value);
}
inline std::string attr_text(const std::string &name, const std::string &value) {
    return bytes(1, name) + number(20, 3) + bytes(4, value);
}
inline std::string attr_ints(const std::string &name, const std::vector<int64_t> &values) {
    std::string out = bytes(1, name) + number(20, 7);
    for (int64_t v : values) out += number(8, v);
    return out;
}
inline std::string attr_tensor(const std::string &name, const std::string &value) {
    return bytes(1, name) + number(20, 4) + bytes(5, value);
}

// NodeProto with one output.
inline std::string node(const std::string &type, const std::string &name, const std::vector<std::string> &inputs,
                        const std::string &output, const std::vector<std::string> &attributes = {}) {
    std::string out;
    for (const auto &i : inputs) out += bytes(1, i);
    out += bytes(2, output) + bytes(3, name) + bytes(4, type);
    for (const auto &a : attributes) out += bytes(5, a);
    return out;
}

// ValueInfoProto of a float tensor; dimension -1 is symbolic.
inline std::string value(const std::string &name, const std::vector<int64_t> &dims, int type = FLOAT) {
    std::string shape;
    for (int64_t d : dims) shape += bytes(1, d < 0 ? bytes(2, "batch") : number(1, d));
    return bytes(1, name) + bytes(2, bytes(1, number(1, type) + bytes(2, shape)));
}

struct Model {
    std::vector<std::string> nodes, initializers, inputs, outputs, latents;
    std::vector<std::pair<std::string, std::string>> metadata;
    int64_t opset = 13;

    Model() = default;
    // Graph input "x" of the given dimensions, graph output "y".
    explicit Model(const std::vector<int64_t> &dims) : inputs{value("x", dims)}, outputs{value("y", {-1, 1})} {}
    Model &add(const std::string &n) { return nodes.push_back(n), *this; }
    Model &constant(const std::string &t) { return initializers.push_back(t), *this; }

    std::string graph() const {
        std::string out;
        for (const auto &n : nodes) out += bytes(1, n);
        out += bytes(2, "test");
        for (const auto &t : initializers) out += bytes(5, t);
        for (const auto &v : inputs) out += bytes(11, v);
        for (const auto &v : outputs) out += bytes(12, v);
        return out;
    }
    std::string str() const {
        std::string out = number(1, 7) + bytes(7, graph()) + bytes(8, bytes(1, "") + number(2, opset));
        for (const auto &m : metadata) out += bytes(14, bytes(1, m.first) + bytes(2, m.second));
        std::string algorithm;
        for (const auto &t : latents) algorithm += bytes(5, t);
        if (!latents.empty()) out += bytes(20, bytes(2, algorithm));
        return out;
    }
};

} // namespace onnx_bytes

#endif
